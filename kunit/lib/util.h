/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests are written with: pools and caches that end by themselves. */
#ifndef _MYMM_KUNIT_UTIL_H
#define _MYMM_KUNIT_UTIL_H

#include <kunit/test.h>
#include <linux/prandom.h>

#include "object/cache.h"
#include "pool/check.h"
#include "cache/kmalloc.h"
#include "page/page_alloc.h"
#include "page/pool.h"

/* Pools and caches: what is made here is looked at and ended after the test. */
struct mymm_pool *mymm_test_pool(struct kunit *test, const char *zones);
struct mymm_pool *mymm_test_pool_none(struct kunit *test, const char *zones);
struct mymm_pool *mymm_test_pool_config(struct kunit *test,
					const struct mymm_pool_config *config);
struct mymm_cache *mymm_test_cache(struct kunit *test, struct mymm_pool *pool,
				   const char *name, unsigned int size);
struct mymm_cache *
mymm_test_cache_config(struct kunit *test, struct mymm_pool *pool,
		       const struct mymm_cache_config *config);
int mymm_test_cache_destroy(struct kunit *test, struct mymm_cache *cache);
void mymm_test_pool_release(struct kunit *test, struct mymm_pool *pool);

/*
 * Engines as a parameter of a test: all of them, or those whose free objects carry cookies.
 * A pool that the test makes has the engine as its default, if it does not say another.
 */
#define MYMM_CASE_ENGINES(test) KUNIT_CASE_PARAM(test, mymm_test_engines)
#define MYMM_CASE_COOKIES(test) KUNIT_CASE_PARAM(test, mymm_test_cookie_engines)
const void *mymm_test_engines(const void *prev, char *desc);
const void *mymm_test_cookie_engines(const void *prev, char *desc);
const char *mymm_test_engine(struct kunit *test);
slab_flags_t mymm_test_no_magazines(struct kunit *test);

/* What /proc/myslabinfo says of a cache, whatever its engine. */
struct mymm_slabinfo mymm_test_slabinfo(struct mymm_cache *cache);
unsigned long mymm_test_active(struct mymm_cache *cache);
unsigned long mymm_test_objects(struct mymm_cache *cache);
unsigned long mymm_test_slabs(struct mymm_cache *cache);

/* It succeeds. */
#define MYMM_EXPECT_OK(test, call) KUNIT_EXPECT_EQ(test, call, 0)

/* No invariant is broken. */
void mymm_test_sound(struct kunit *test, struct mymm_pool *pool,
		     const char *where);
#define MYMM_EXPECT_SOUND(test, pool) \
	mymm_test_sound(test, pool, __FILE__ ":" __stringify(__LINE__))
void mymm_test_finds(struct kunit *test, struct mymm_pool *pool,
		     unsigned int invariant, const char *words);

/* Random numbers that the seed and the case's name decide, and nothing else. */
void mymm_test_seed(struct kunit *test, struct rnd_state *state);
void mymm_test_random(struct kunit *test, struct rnd_state *state);

static inline u32 mymm_test_below(struct rnd_state *state, u32 end)
{
	return (u64)prandom_u32_state(state) * end >> 32;
}

/**
 * struct mymm_test_state - a pool at one moment, to see that nothing changed
 * @frames: hash of the frame table, list heads included
 * @zones: of what the zones count, their limits and pageblocks, and of each CPU's lists
 * @caches: of what the caches count, and of what is in their magazines
 * @memory: of the pool's memory
 * @refused: the counters of refusals
 */
struct mymm_test_state {
	u32 frames;
	u32 zones;
	u32 caches;
	u32 memory;
	long refused[MYMM_NR_REFUSALS];
};

struct mymm_test_state mymm_test_state(struct mymm_pool *pool);
u8 mymm_test_peek(const void *at);
void mymm_test_flip(void *at, u8 bits);
/*
 * Skip a case that looks at the address of a caller. The exits of fast paths are tail calls, so
 * that the caller is that of the public function; gcc makes plain calls of them where
 * functions have KASAN's stack frames and the code model is that of user-mode Linux.
 */
static inline void mymm_test_needs_callers(struct kunit *test)
{
	if (IS_ENABLED(CONFIG_UML) && IS_ENABLED(CONFIG_KASAN))
		kunit_skip(test, "no tail calls in this kernel");
}

void mymm_test_unwatched(void);
void mymm_test_scribble(void *at, u8 byte, size_t bytes);
void mymm_test_same(struct kunit *test, struct mymm_pool *pool,
		    const struct mymm_test_state *before, int refusal,
		    const char *where);

/* @call gives @error, one refusal of the kind @why is counted, nothing changes. */
#define MYMM_EXPECT_REFUSED(test, pool, why, error, call)                  \
	do {                                                               \
		struct kunit *__test = (test);                             \
		struct mymm_pool *__pool = (pool);                         \
		struct mymm_test_state __before = mymm_test_state(__pool); \
		long __error = (long)(call);                               \
		KUNIT_EXPECT_EQ(__test, __error, (long)(error));           \
		mymm_test_same(__test, __pool, &__before, why,             \
			       __FILE__ ":" __stringify(__LINE__));        \
	} while (0)

/* @call gives @value, and neither a counter nor anything else changes. */
#define MYMM_EXPECT_UNCHANGED(test, pool, value, call) \
	MYMM_EXPECT_REFUSED(test, pool, -1, value, call)

/* A zone without its lock: to put a state back, or to break it and repair it. */
static inline void mymm_test_copy_zone(struct mymm_zone *to,
				       const struct mymm_zone *from)
{
	const size_t skip = offsetof(struct mymm_zone, buddy);

	memcpy((void *)to + skip, (void *)from + skip, sizeof(*to) - skip);
}

/**
 * struct mymm_test_thread - one of the threads of mymm_test_on_each_cpu()
 * @cpu: it is bound to this one
 * @number: 0, 1, ... in the order of the CPUs
 * @of: how many there are
 * @random: for its choices
 * @data: what the test gave
 * @failures: what it found wrong; KUNIT_ASSERT() is not for threads
 * @what: the first of these
 */
struct mymm_test_thread {
	unsigned int cpu;
	unsigned int number;
	unsigned int of;
	struct rnd_state random;
	void *data;
	unsigned long failures;
	char what[120];

	/* private: */
	void (*run)(struct mymm_test_thread *thread);
	struct task_struct *task;
	struct completion *go;
	struct completion done;
};

__printf(2, 3) void mymm_test_complain(struct mymm_test_thread *thread,
				       const char *fmt, ...);
void mymm_test_on_each_cpu(struct kunit *test,
			   void (*run)(struct mymm_test_thread *thread),
			   void *data);
void mymm_test_on_cpu(struct kunit *test, unsigned int cpu,
		      void (*run)(struct mymm_test_thread *thread), void *data);

char *mymm_test_read_file(struct kunit *test, const char *path, size_t piece,
			  umode_t mode);

#endif /* _MYMM_KUNIT_UTIL_H */
