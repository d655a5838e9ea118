/* SPDX-License-Identifier: GPL-2.0 */
/* Held frames, and shrinkers that free them when they are called: for tests of reclaim. */
#ifndef _MYMM_KUNIT_TEST_SHRINKER_H
#define _MYMM_KUNIT_TEST_SHRINKER_H

#include <linux/delay.h>

#include "lib/util.h"

/*
 * Most tests have one zone of 4096 frames and min_free_kbytes=512, so that by hand
 *
 *	min  = 512 KiB                               = 128 frames
 *	step = max(min / 4, 4096 * 10 / 10000 = 4)   =  32
 *	low  = min + step                            = 160
 *	high = low + step                            = 192
 *
 * and no per-CPU lists, so that each frame is either free or held.
 */
#define FRAMES 4096
#define MIN_MARK 128
#define LOW_MARK 160
#define HIGH_MARK 192

/* Priorities 12 to 0: the calls of each shrinker by one direct reclaim in vain. */
#define PASSES 13

/* May wait, does not wake kswapd, does not warn. */
#define GFP_DIRECT (__GFP_DIRECT_RECLAIM | __GFP_IO | __GFP_FS | __GFP_NOWARN)
/* Goes down to min, and does not reclaim. */
#define GFP_PLAIN __GFP_NOWARN

extern const struct mymm_tuning mymm_tuning_512k;

/**
 * struct mymm_held_frames - frames that a test holds
 * @pool: of which pool
 * @nr: how many
 * @frame: which
 */
struct mymm_held_frames {
	struct mymm_pool *pool;
	unsigned int nr;
	struct mymm_frame *frame[FRAMES];
};

/**
 * struct mymm_test_shrinker - a shrinker that counts how often it is asked
 * @shrinker: what is registered
 * @held: what it gives back; NULL: nothing. Made before the shrinker, it ends after it
 * @others: what others hold, by mymm_test_shrinker_at_min()
 * @says: what count() returns if @held is NULL
 * @stop: scan() returns MYMM_SHRINK_STOP
 * @counts: calls of count(), for each node
 * @scans: calls of scan()
 * @wanted: frames that the first of them were asked for
 * @recurse: scan() allocates, like this
 * @inside: calls that have not returned
 * @depth: the most that @inside has been
 * @got: frames that scan() could allocate
 */
struct mymm_test_shrinker {
	struct mymm_shrinker shrinker;
	struct mymm_held_frames *held;
	struct mymm_held_frames *others;
	unsigned long says;
	bool stop;
	atomic_t counts[MYMM_MAX_NODES];
	atomic_t scans;
	unsigned long wanted[4];
	gfp_t recurse;
	atomic_t inside;
	int depth;
	int got;
};

struct mymm_pool *mymm_test_pool_rest(struct kunit *test,
				      const struct mymm_pool_config *config);
struct mymm_pool *mymm_test_pool_512k(struct kunit *test, unsigned int flags);
struct mymm_held_frames *mymm_held_frames_new(struct kunit *test,
					      struct mymm_pool *pool);
void mymm_held_frames_take(struct mymm_held_frames *held, gfp_t gfp,
			   unsigned long left);
void mymm_held_frames_give(struct mymm_held_frames *held, unsigned int nr);
struct mymm_test_shrinker *mymm_test_shrinker_new(struct kunit *test,
						  struct mymm_pool *pool);
struct mymm_test_shrinker *mymm_test_shrinker_at_min(struct kunit *test,
						     struct mymm_pool *pool);

static inline unsigned long free_frames(const struct mymm_pool *pool)
{
	return READ_ONCE(pool->zone[0].buddy.free);
}

static inline long read_stat(const atomic_long_t *counter)
{
	return atomic_long_read(counter);
}

/* How often it was asked what it has, and to give something. */
static inline int counts(const struct mymm_test_shrinker *shrinker)
{
	return atomic_read(&shrinker->counts[0]);
}

static inline int scans(const struct mymm_test_shrinker *shrinker)
{
	return atomic_read(&shrinker->scans);
}

static inline struct mymm_kswapd *kswapd_of(struct mymm_pool *pool)
{
	return &pool->node_of[0].kswapd;
}

/* Is it asleep, for good, for the @nth time? */
static inline bool asleep(struct mymm_pool *pool, long nth)
{
	return read_stat(&pool->reclaim.stats.kswapd_sleep) >= nth &&
	       READ_ONCE(kswapd_of(pool)->asleep);
}

/* Wait until something is so; a minute is for ever. */
#define WAIT_UNTIL(test, condition)                                           \
	do {                                                                  \
		unsigned long __end = jiffies + 60 * HZ;                      \
		while (!(condition) && time_before(jiffies, __end))           \
			fsleep(2000);                                         \
		KUNIT_ASSERT_TRUE_MSG(test, condition, "never: " #condition); \
	} while (0)

#endif /* _MYMM_KUNIT_TEST_SHRINKER_H */
