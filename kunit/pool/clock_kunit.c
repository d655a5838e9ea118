// SPDX-License-Identifier: GPL-2.0
/*
 * A clock that is held: what a pool does by itself happens when the holder says so, and then
 * at once; one session can have it, and it goes with the session. And what follows a drain is
 * the same whatever was before it.
 *
 * Tests: pool/clock.c pool/drain.c
 */
#include "cache/magazine.h"
#include "cache/reaper.h"
#include "lib/test_shrinker.h"
#include "pool/clock.h"
#include "ui/operation.h"

static void release_clock(void *pool)
{
	mymm_clock_release(pool);
}

static void hold_clock(struct kunit *test, struct mymm_pool *pool)
{
	KUNIT_ASSERT_EQ(test, mymm_clock_hold(pool), 0);
	KUNIT_ASSERT_EQ(
		test, kunit_add_action_or_reset(test, release_clock, pool), 0);
}

/*
 * As low_to_high() of kswapd_kunit.c: an allocation finds 160 free frames, which is low, and
 * takes one; a shrinker gives 128 to kswapd, so that 287 are free. But not before the clock
 * is stepped, and by this task; then in that call.
 */
static void kswapd_waits(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(test, 0);
	struct mymm_reclaim_stats *stats = &pool->reclaim.stats;
	struct mymm_held_frames *held = mymm_held_frames_new(test, pool);
	struct mymm_test_shrinker *shrinker =
		mymm_test_shrinker_new(test, pool);
	struct mymm_held_frames *others = mymm_held_frames_new(test, pool);

	hold_clock(test, pool);
	shrinker->held = held;
	mymm_held_frames_take(held, GFP_PLAIN, FRAMES - 3500);
	mymm_held_frames_take(others, GFP_PLAIN, LOW_MARK);
	mymm_clock_settle(pool);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->pageoutrun), 0);

	others->frame[others->nr] = mymm_alloc_pages(pool, GFP_NOWAIT, 0);
	KUNIT_ASSERT_NOT_NULL(test, others->frame[others->nr++]);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->kswapd_wake), 1);
	KUNIT_EXPECT_EQ(test, kswapd_of(pool)->task->__state, TASK_PARKED);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->pageoutrun), 0);
	KUNIT_EXPECT_EQ(test, free_frames(pool), LOW_MARK - 1);

	mymm_clock_settle(pool);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->pageoutrun), 1);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->pgsteal_kswapd), 128);
	KUNIT_EXPECT_EQ(test, free_frames(pool), 287);
	mymm_clock_settle(pool);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->pageoutrun), 1);
	/* What was put off, 208 + 218 - 128 by that table, is not after a drain. */
	KUNIT_EXPECT_EQ(test,
			atomic_long_read(&shrinker->shrinker.nr_deferred[0]),
			298);
	mymm_pool_drain(pool);
	KUNIT_EXPECT_EQ(
		test, atomic_long_read(&shrinker->shrinker.nr_deferred[0]), 0);
}

/* In vain: it ends after as many runs as the thread would do. */
static void kswapd_gives_up(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(test, 0);
	struct mymm_test_shrinker *shrinker =
		mymm_test_shrinker_at_min(test, pool);

	hold_clock(test, pool);
	KUNIT_EXPECT_NULL(test,
			  mymm_alloc_pages(pool, GFP_NOWAIT | __GFP_NOWARN, 0));
	mymm_clock_settle(pool);
	KUNIT_EXPECT_TRUE(test, mymm_kswapd_hopeless(kswapd_of(pool)));
	KUNIT_EXPECT_EQ(test, counts(shrinker),
			MYMM_MAX_RECLAIM_RETRIES * MYMM_DEF_PRIORITY);
	mymm_pool_drain(pool);
	KUNIT_EXPECT_FALSE(test, mymm_kswapd_hopeless(kswapd_of(pool)));
}

/* Let go of, it is a thread again. */
static void kswapd_goes_on(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(test, 0);
	struct mymm_held_frames *held = mymm_held_frames_new(test, pool);

	KUNIT_ASSERT_EQ(test, mymm_clock_hold(pool), 0);
	mymm_clock_release(pool);
	mymm_held_frames_take(held, GFP_PLAIN, LOW_MARK);
	mymm_held_frames_take(held, GFP_NOWAIT | __GFP_NOWARN, LOW_MARK - 1);
	WAIT_UNTIL(test, read_stat(&pool->reclaim.stats.pageoutrun) > 0);
}

#define OBJS 200
#define TICKS 8

/* Allocate and free so many objects. */
static void use(struct kunit *test, struct mymm_cache *cache, unsigned int nr)
{
	void *objs[OBJS];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
	for (i = 0; i < nr; i++)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[i]));
}

static struct mymm_pool *slab_pool(struct kunit *test)
{
	static const struct mymm_pool_config config = {
		.zones = "Normal:16M",
		.engine = "slab",
	};

	return mymm_test_pool_rest(test, &config);
}

static unsigned long in_magazines(struct mymm_cache *cache)
{
	struct mymm_magazine_stats stats;

	mymm_magazine_stats(cache, &stats);
	return stats.objects;
}

/* The reaper leaves the pool alone, however often it comes, and comes with a tick. */
static void reaper_waits(struct kunit *test)
{
	struct mymm_pool *pool = slab_pool(test);
	struct mymm_cache *cache = mymm_test_cache(test, pool, "kept", 64);
	unsigned long kept;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, mymm_clock_hold(pool), 0);
	use(test, cache, OBJS);
	kept = in_magazines(cache);
	KUNIT_EXPECT_GT(test, kept, 0);
	for (i = 0; i < TICKS; i++)
		mymm_reap_all();
	KUNIT_EXPECT_EQ(test, in_magazines(cache), kept);
	/* Spared once, since they were in use. */
	mymm_clock_tick(pool);
	KUNIT_EXPECT_EQ(test, in_magazines(cache), kept);
	mymm_clock_tick(pool);
	KUNIT_EXPECT_LT(test, in_magazines(cache), kept);

	kept = in_magazines(cache);
	mymm_clock_release(pool);
	while (in_magazines(cache) == kept && i++ < 1000)
		mymm_reap_all();
	KUNIT_EXPECT_LT(test, in_magazines(cache), kept);
}

/* What is kept after so much use, and after each tick. */
struct course {
	struct {
		unsigned long in_magazines;
		unsigned long shared;
		unsigned long slabs;
	} after[TICKS];
};

static void run_course(struct kunit *test, struct mymm_cache *cache,
		       unsigned int nr, struct course *course)
{
	unsigned int i;

	use(test, cache, nr);
	for (i = 0; i < TICKS; i++) {
		struct mymm_slabinfo info = mymm_test_slabinfo(cache);

		course->after[i].in_magazines = in_magazines(cache);
		course->after[i].shared = info.shared_avail;
		course->after[i].slabs = info.num_slabs;
		mymm_clock_tick(cache->pool);
	}
}

/* After a drain everything takes the course that it took in a new cache. */
static void drained_is_new(struct kunit *test)
{
	static const unsigned int nr[] = { 1, 130, OBJS };
	struct mymm_pool *pool = slab_pool(test);
	struct mymm_cache *cache = mymm_test_cache(test, pool, "course", 64);
	struct course new, again;
	unsigned int i;

	migrate_disable();
	hold_clock(test, pool);
	for (i = 0; i < ARRAY_SIZE(nr); i++) {
		mymm_pool_drain(pool);
		run_course(test, cache, nr[i], &new);
		/* It ends in the middle of something. */
		use(test, cache, OBJS);
		mymm_clock_tick(pool);
		use(test, cache, 60);
		mymm_pool_drain(pool);
		run_course(test, cache, nr[i], &again);
		KUNIT_EXPECT_MEMEQ(test, &again, &new, sizeof(new));
	}
	migrate_enable();
}

static int run(struct mymm_session *session, struct mymm_op op)
{
	guard(mutex)(&session->lock);
	return mymm_session_run(session, NULL, &op);
}

static int tick(struct mymm_session *session, struct mymm_op op)
{
	op.op = MYMM_OP_TICK;
	return run(session, op);
}

static int sample(struct mymm_session *session, struct mymm_op op)
{
	op.op = MYMM_OP_SAMPLE;
	return run(session, op);
}

/* One session has the clock; others are refused, until it lets go or ends. */
static void one_session(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");
	struct mymm_session *a =
		kunit_kzalloc(test, 2 * sizeof(*a), GFP_KERNEL);
	struct mymm_session *b = a + 1;

	KUNIT_ASSERT_NOT_NULL(test, a);
	mymm_session_begin(a, pool, (struct mymm_owner){ .session = 1 });
	mymm_session_begin(b, pool, (struct mymm_owner){ .session = 2 });
	KUNIT_EXPECT_EQ(test, tick(a, (struct mymm_op){}), -EPERM);
	MYMM_EXPECT_OK(test, mymm_session_hold_clock(a, true));
	MYMM_EXPECT_OK(test, mymm_session_hold_clock(a, true));
	KUNIT_EXPECT_EQ(test, mymm_session_hold_clock(b, true), -EBUSY);
	KUNIT_EXPECT_EQ(test, tick(b, (struct mymm_op){}), -EPERM);
	MYMM_EXPECT_OK(test, mymm_session_hold_clock(b, false));
	MYMM_EXPECT_OK(test, tick(a, (struct mymm_op){}));
	KUNIT_EXPECT_EQ(test, tick(a, (struct mymm_op){ .flags = 1 }), -EINVAL);
	KUNIT_EXPECT_EQ(test, tick(a, (struct mymm_op){ .handle = 1 }),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, tick(a, (struct mymm_op){ .cache = 1 }), -EINVAL);
	KUNIT_EXPECT_EQ(test, tick(a, (struct mymm_op){ .arg = 1 }), -EINVAL);
	KUNIT_EXPECT_EQ(test, tick(a, (struct mymm_op){ .node = 1 }), -EINVAL);
	/* The history is the default pool's. */
	KUNIT_EXPECT_EQ(test, sample(a, (struct mymm_op){ .arg = 1 }), -ENODEV);
	KUNIT_EXPECT_EQ(test, sample(a, (struct mymm_op){ .flags = 1 }),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, sample(a, (struct mymm_op){ .handle = 1 }),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, sample(a, (struct mymm_op){ .cache = 1 }),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, sample(b, (struct mymm_op){ .arg = 1 }), -EPERM);

	MYMM_EXPECT_OK(test, mymm_session_hold_clock(a, false));
	KUNIT_EXPECT_EQ(test, tick(a, (struct mymm_op){}), -EPERM);
	MYMM_EXPECT_OK(test, mymm_session_hold_clock(b, true));
	mymm_session_end(b);
	KUNIT_EXPECT_FALSE(test, pool->clock_held);
	MYMM_EXPECT_OK(test, mymm_session_hold_clock(a, true));
	mymm_session_end(a);
	KUNIT_EXPECT_FALSE(test, pool->clock_held);
}

static struct kunit_case clock_cases[] = {
	KUNIT_CASE(kswapd_waits),
	KUNIT_CASE(kswapd_gives_up),
	KUNIT_CASE(kswapd_goes_on),
	KUNIT_CASE(reaper_waits),
	KUNIT_CASE(drained_is_new),
	KUNIT_CASE(one_session),
	{},
};

static struct kunit_suite clock_suite = {
	.name = "mymm_clock",
	.test_cases = clock_cases,
};

kunit_test_suite(clock_suite);
