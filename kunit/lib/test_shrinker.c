// SPDX-License-Identifier: GPL-2.0
/*
 * Held frames, and shrinkers that free them when they are called.
 *
 * A struct mymm_held_frames is a number of frames; a struct mymm_test_shrinker is a shrinker that
 * has some, or says so, and counts its calls. Both end with the test. A pool that is made here
 * *rests*: its kswapds have gone to sleep, so that what they do then has a cause in the test.
 */
#include "lib/test_shrinker.h"

const struct mymm_tuning mymm_tuning_512k = {
	.min_free_kbytes = 512,
	.watermark_scale_factor = 10,
	.watermark_boost_factor = 15000,
};

/* All kswapds of the pool have gone to sleep. */
struct mymm_pool *mymm_test_pool_rest(struct kunit *test,
				      const struct mymm_pool_config *config)
{
	struct mymm_pool *pool = mymm_test_pool_config(test, config);

	if (kswapd_of(pool)->task)
		WAIT_UNTIL(test, asleep(pool, pool->nr_nodes));
	return pool;
}

struct mymm_pool *mymm_test_pool_512k(struct kunit *test, unsigned int flags)
{
	const struct mymm_pool_config config = {
		.zones = "Normal:16M",
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_POOL_NO_PCP | flags,
		.tuning = &mymm_tuning_512k,
	};
	struct mymm_pool *pool = mymm_test_pool_rest(test, &config);
	const struct mymm_zone *zone = &pool->zone[0];

	KUNIT_ASSERT_EQ(test, zone->buddy.free, FRAMES);
	KUNIT_ASSERT_EQ(test, zone->watermark[MYMM_WMARK_MIN], MIN_MARK);
	KUNIT_ASSERT_EQ(test, zone->watermark[MYMM_WMARK_LOW], LOW_MARK);
	KUNIT_ASSERT_EQ(test, zone->watermark[MYMM_WMARK_HIGH], HIGH_MARK);
	return pool;
}

/* --- what a test holds ---------------------------------------------------------- */

void mymm_held_frames_give(struct mymm_held_frames *held, unsigned int nr)
{
	while (nr-- && held->nr)
		mymm_free_pages(held->pool, held->frame[--held->nr], 0);
}

static void end_held_frames(void *held)
{
	mymm_held_frames_give(held, FRAMES);
}

struct mymm_held_frames *mymm_held_frames_new(struct kunit *test,
					      struct mymm_pool *pool)
{
	struct mymm_held_frames *held =
		kunit_kzalloc(test, sizeof(*held), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, held);
	held->pool = pool;
	KUNIT_ASSERT_EQ(test,
			kunit_add_action_or_reset(test, end_held_frames, held),
			0);
	return held;
}

/* Frames one by one, until there is none or so many are left. */
void mymm_held_frames_take(struct mymm_held_frames *held, gfp_t gfp,
			   unsigned long left)
{
	while (held->nr < FRAMES && free_frames(held->pool) > left) {
		struct mymm_frame *frame = mymm_alloc_pages(held->pool, gfp, 0);

		if (!frame)
			break;
		held->frame[held->nr++] = frame;
	}
}

/* --- a shrinker ------------------------------------------------------------------ */

static unsigned long shrinker_count(struct mymm_shrinker *registered,
				    struct mymm_shrink_control *sc)
{
	struct mymm_test_shrinker *shrinker = registered->private_data;

	atomic_inc(&shrinker->counts[sc->nid]);
	return shrinker->held ? shrinker->held->nr : shrinker->says;
}

static unsigned long shrinker_scan(struct mymm_shrinker *registered,
				   struct mymm_shrink_control *sc)
{
	struct mymm_test_shrinker *shrinker = registered->private_data;
	int nth = atomic_inc_return(&shrinker->scans) - 1;
	unsigned long before;

	if (nth < ARRAY_SIZE(shrinker->wanted))
		shrinker->wanted[nth] = sc->nr_to_scan;
	if (shrinker->stop)
		return MYMM_SHRINK_STOP;
	if (shrinker->recurse) {
		struct mymm_frame *frame;

		shrinker->depth = max(shrinker->depth,
				      atomic_inc_return(&shrinker->inside));
		frame = mymm_alloc_pages(registered->pool, shrinker->recurse,
					 0);
		if (frame) {
			shrinker->got++;
			mymm_free_pages(registered->pool, frame, 0);
		}
		atomic_dec(&shrinker->inside);
	}
	if (!shrinker->held)
		return 0;
	before = shrinker->held->nr;
	mymm_held_frames_give(shrinker->held, sc->nr_to_scan);
	return before - shrinker->held->nr;
}

static void end_test_shrinker(void *test_shrinker)
{
	mymm_shrinker_unregister(
		&((struct mymm_test_shrinker *)test_shrinker)->shrinker);
}

struct mymm_test_shrinker *mymm_test_shrinker_new(struct kunit *test,
						  struct mymm_pool *pool)
{
	struct mymm_test_shrinker *shrinker =
		kunit_kzalloc(test, sizeof(*shrinker), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, shrinker);
	shrinker->shrinker = (struct mymm_shrinker){
		.count = shrinker_count,
		.scan = shrinker_scan,
		.seeks = MYMM_DEFAULT_SEEKS,
		.private_data = shrinker,
	};
	KUNIT_ASSERT_EQ(test, mymm_shrinker_register(pool, &shrinker->shrinker),
			0);
	KUNIT_ASSERT_EQ(test,
			kunit_add_action_or_reset(test, end_test_shrinker,
						  shrinker),
			0);
	return shrinker;
}

/* A zone at min, and a shrinker for it. */
struct mymm_test_shrinker *mymm_test_shrinker_at_min(struct kunit *test,
						     struct mymm_pool *pool)
{
	struct mymm_held_frames *held = mymm_held_frames_new(test, pool);
	struct mymm_test_shrinker *shrinker =
		mymm_test_shrinker_new(test, pool);

	mymm_held_frames_take(held, GFP_PLAIN, 0);
	KUNIT_ASSERT_EQ(test, free_frames(pool), MIN_MARK);
	shrinker->others = held;
	return shrinker;
}
