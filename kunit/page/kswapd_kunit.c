// SPDX-License-Identifier: GPL-2.0
/*
 * kswapd: what wakes it, how much it does, when it gives up; how a pool ends while it runs. And
 * the slab layer's shrinker, which it usually calls. kunit/lib/test_shrinker.h has the zone that
 * most cases have.
 *
 * Tests: page/kswapd.c page/node_thread.c page/watermark.c cache/shrinker.c
 */
#include "lib/test_shrinker.h"
#include "pool/clock.h"
#include "page/kswapd.h"
#include "page/vmstat.h"
#include "pool/pool.h"
#include "cache/magazine.h"

/* --- kswapd ------------------------------------------------------------------------- */

/*
 * From low to high. A shrinker has 3500 frames, others hold 436: 160 are free, which is
 * low. The next allocation wakes kswapd, and takes one. By hand, as in promises():
 *
 *	p    12  11  10   9    8    7    6    5
 *	w    0   2   6    12   26   54   108  218
 *	d    0   0   2    8    20   46   100  208
 *	t    0   2   6    12   26   54   109  224
 *
 * So at priority 5 it is asked for a batch of 128; the other 96 are put off. Then
 * 159 + 128 = 287 are free, and that is more than high.
 */
static void low_to_high(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(test, 0);
	struct mymm_reclaim_stats *stats = &pool->reclaim.stats;
	struct mymm_held_frames *held = mymm_held_frames_new(test, pool);
	struct mymm_test_shrinker *shrinker =
		mymm_test_shrinker_new(test, pool);
	struct mymm_held_frames *others = mymm_held_frames_new(test, pool);

	shrinker->held = held;
	mymm_held_frames_take(shrinker->held, GFP_PLAIN, FRAMES - 3500);
	mymm_held_frames_take(others, GFP_PLAIN, LOW_MARK);
	KUNIT_ASSERT_EQ(test, shrinker->held->nr, 3500);
	KUNIT_ASSERT_EQ(test, others->nr, 436);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->kswapd_wake), 0);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->pageoutrun), 0);

	/* One more, whatever kswapd has given back by the time that we look. */
	others->frame[others->nr] = mymm_alloc_pages(pool, GFP_NOWAIT, 0);
	KUNIT_ASSERT_NOT_NULL(test, others->frame[others->nr++]);
	WAIT_UNTIL(test, asleep(pool, 2));
	KUNIT_EXPECT_EQ(test, free_frames(pool), 287);
	KUNIT_EXPECT_EQ(test, counts(shrinker), 8);
	KUNIT_EXPECT_EQ(test, scans(shrinker), 1);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->kswapd_wake), 1);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->pageoutrun), 1);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->pgscan_kswapd), 128);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->pgsteal_kswapd), 128);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->kswapd_low_wmark_hit_quickly),
			0);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->kswapd_high_wmark_hit_quickly),
			0);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->allocstall[MYMM_ZONE_NORMAL]),
			0);
	KUNIT_EXPECT_EQ(test, pool->zone[0].flags, 0);
	KUNIT_EXPECT_EQ(test, scans(shrinker), 1);
}

/*
 * A run ends above high, not above low. As in low_to_high(), but the shrinker gives batches
 * of 16: one at priority 8, and 159 + 16 = 175 are more than low; three at priority 7, and
 * 223 are more than high.
 */
static void runs_until_high(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(test, 0);
	struct mymm_held_frames *held = mymm_held_frames_new(test, pool);
	struct mymm_test_shrinker *shrinker =
		mymm_test_shrinker_new(test, pool);
	struct mymm_held_frames *others = mymm_held_frames_new(test, pool);

	shrinker->shrinker.batch = 16;
	shrinker->held = held;
	mymm_held_frames_take(shrinker->held, GFP_PLAIN, FRAMES - 3500);
	mymm_held_frames_take(others, GFP_PLAIN, LOW_MARK);
	others->frame[others->nr] = mymm_alloc_pages(pool, GFP_NOWAIT, 0);
	KUNIT_ASSERT_NOT_NULL(test, others->frame[others->nr++]);
	WAIT_UNTIL(test, asleep(pool, 2));
	KUNIT_EXPECT_EQ(test, scans(shrinker), 1 + 3);
	KUNIT_EXPECT_EQ(test, free_frames(pool), 223);
	KUNIT_EXPECT_EQ(test, read_stat(&pool->reclaim.stats.pageoutrun), 1);
}

/* Gives one frame at each call, however many it was asked to look at. */
static unsigned long give_one(struct mymm_shrinker *registered,
			      struct mymm_shrink_control *sc)
{
	struct mymm_test_shrinker *shrinker = registered->private_data;

	atomic_inc(&shrinker->scans);
	mymm_held_frames_give(shrinker->others, 1);
	return 1;
}

/*
 * Pressure grows until a pass has looked at as many frames as high says, not low. A shrinker
 * says that it has 2720 frames and takes 170 a call, of which it gives one. 162 are put off
 * at priorities 12 to 6. At 5 it is called once: 170 are fewer than high, 192, and more than
 * low. At 4 it is called twice in each pass, which is enough. 159 frames are free at first;
 * 1 + 17 * 2 are given until more than 192 are.
 */
static void pressure_by_high(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(test, 0);
	struct mymm_held_frames *others = mymm_held_frames_new(test, pool);
	struct mymm_test_shrinker *shrinker =
		mymm_test_shrinker_new(test, pool);
	struct mymm_frame *frame;

	shrinker->says = 2720;
	shrinker->others = others;
	shrinker->shrinker.batch = 170;
	shrinker->shrinker.scan = give_one;
	/* On another CPU the thread could begin before the frame is taken. */
	KUNIT_ASSERT_EQ(test, mymm_clock_hold(pool), 0);
	mymm_held_frames_take(others, GFP_PLAIN, LOW_MARK);
	frame = mymm_alloc_pages(pool, GFP_NOWAIT, 0);
	KUNIT_EXPECT_NOT_NULL(test, frame);
	mymm_clock_settle(pool);
	mymm_clock_release(pool);
	KUNIT_EXPECT_EQ(test, free_frames(pool), 159 + 1 + 17 * 2);
	KUNIT_EXPECT_EQ(test, scans(shrinker), 1 + 17 * 2);
	KUNIT_EXPECT_EQ(test, counts(shrinker), 8 + 17);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));
}

/* A node is balanced when it has more free frames than high, boost included. */
static void balanced_above_high(struct kunit *test)
{
	struct mymm_pool *pool =
		mymm_test_pool_512k(test, MYMM_POOL_NO_RECLAIM);
	struct mymm_held_frames *held = mymm_held_frames_new(test, pool);
	struct mymm_node *node = &pool->node_of[0];

	KUNIT_EXPECT_TRUE(test, mymm_node_balanced(node, 0, MYMM_ZONE_NORMAL));
	mymm_held_frames_take(held, GFP_PLAIN, HIGH_MARK);
	KUNIT_EXPECT_FALSE(test, mymm_node_balanced(node, 0, MYMM_ZONE_NORMAL));
	mymm_held_frames_give(held, 1);
	KUNIT_EXPECT_TRUE(test, mymm_node_balanced(node, 0, MYMM_ZONE_NORMAL));
	/* A block of 4 has 3 frames more to leave. */
	KUNIT_EXPECT_FALSE(test, mymm_node_balanced(node, 2, MYMM_ZONE_NORMAL));
	mymm_held_frames_give(held, 3);
	KUNIT_EXPECT_TRUE(test, mymm_node_balanced(node, 2, MYMM_ZONE_NORMAL));
	pool->zone[0].watermark_boost = 4;
	KUNIT_EXPECT_FALSE(test, mymm_node_balanced(node, 0, MYMM_ZONE_NORMAL));
	mymm_held_frames_give(held, 1);
	KUNIT_EXPECT_TRUE(test, mymm_node_balanced(node, 0, MYMM_ZONE_NORMAL));
	pool->zone[0].watermark_boost = 0;
	/* It has no zone up to DMA32, so there is nothing to be done for them. */
	KUNIT_EXPECT_TRUE(test, mymm_node_balanced(node, 0, MYMM_ZONE_DMA32));
}

/*
 * That a zone fell to high is noted by the next allocation, and forgotten when it is above
 * high again, not above low. Fast paths end at high, with a block of order 3, and once that is
 * noted at low.
 */
static void below_high_until_above(struct kunit *test)
{
	struct mymm_pool *pool =
		mymm_test_pool_512k(test, MYMM_POOL_NO_RECLAIM);
	struct mymm_held_frames *held = mymm_held_frames_new(test, pool);
	struct mymm_zone *zone = &pool->zone[0];

	mymm_held_frames_take(held, GFP_PLAIN, HIGH_MARK);
	KUNIT_EXPECT_FALSE(test, zone->flags & BIT(MYMM_ZONE_BELOW_HIGH));
	KUNIT_EXPECT_EQ(test, zone->mark, HIGH_MARK + 7);
	mymm_held_frames_take(held, GFP_PLAIN, HIGH_MARK - 1);
	KUNIT_EXPECT_TRUE(test, zone->flags & BIT(MYMM_ZONE_BELOW_HIGH));
	KUNIT_EXPECT_EQ(test, zone->mark, LOW_MARK + 7);
	mymm_held_frames_take(held, GFP_PLAIN, MIN_MARK);
	KUNIT_EXPECT_TRUE(test, zone->flags & BIT(MYMM_ZONE_BELOW_HIGH));
	mymm_held_frames_give(held, HIGH_MARK - MIN_MARK);
	KUNIT_EXPECT_EQ(test, free_frames(pool), HIGH_MARK);
	KUNIT_EXPECT_TRUE(test, zone->flags & BIT(MYMM_ZONE_BELOW_HIGH));
	mymm_held_frames_give(held, 1);
	KUNIT_EXPECT_FALSE(test, zone->flags & BIT(MYMM_ZONE_BELOW_HIGH));
	KUNIT_EXPECT_EQ(test, zone->mark, HIGH_MARK + 7);
}

/* kswapd is not woken above low, nor without __GFP_KSWAPD_RECLAIM. */
static void not_woken(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(test, 0);
	struct mymm_held_frames *held = mymm_held_frames_new(test, pool);

	mymm_held_frames_take(held, GFP_NOWAIT, LOW_MARK);
	KUNIT_EXPECT_EQ(test, free_frames(pool), LOW_MARK);
	mymm_held_frames_take(held, GFP_PLAIN, 0);
	KUNIT_EXPECT_EQ(test, free_frames(pool), MIN_MARK);
	KUNIT_EXPECT_EQ(test, read_stat(&pool->reclaim.stats.kswapd_wake), 0);
	KUNIT_EXPECT_EQ(test, read_stat(&pool->reclaim.stats.pageoutrun), 0);
}

/*
 * When nothing can be reclaimed kswapd gives up after 16 runs, each of which calls the shrinker
 * 12 times, and is not woken any more; but it is, once an allocation's own reclaim has got
 * something.
 */
static void hopeless(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(test, 0);
	struct mymm_reclaim_stats *stats = &pool->reclaim.stats;
	struct mymm_held_frames *held = mymm_held_frames_new(test, pool);
	struct mymm_test_shrinker *shrinker =
		mymm_test_shrinker_at_min(test, pool);

	KUNIT_EXPECT_NULL(test,
			  mymm_alloc_pages(pool, GFP_NOWAIT | __GFP_NOWARN, 0));
	WAIT_UNTIL(test, mymm_kswapd_hopeless(kswapd_of(pool)) &&
				 READ_ONCE(kswapd_of(pool)->asleep));
	KUNIT_EXPECT_EQ(test, read_stat(&stats->pageoutrun), 16);
	KUNIT_EXPECT_EQ(test, counts(shrinker), 16 * 12);
	KUNIT_EXPECT_NULL(test,
			  mymm_alloc_pages(pool, GFP_NOWAIT | __GFP_NOWARN, 0));
	WAIT_UNTIL(test, asleep(pool, 2));
	KUNIT_EXPECT_EQ(test, read_stat(&stats->pageoutrun), 16);

	shrinker->held = held;
	mymm_held_frames_take(held, __GFP_MEMALLOC, MIN_MARK - 100);
	KUNIT_EXPECT_NULL(
		test, mymm_alloc_pages(pool, GFP_DIRECT | __GFP_NORETRY, 0));
	KUNIT_EXPECT_FALSE(test, mymm_kswapd_hopeless(kswapd_of(pool)));
	KUNIT_EXPECT_NULL(test,
			  mymm_alloc_pages(pool, GFP_NOWAIT | __GFP_NOWARN, 0));
	WAIT_UNTIL(test, read_stat(&stats->pageoutrun) > 16);
}

/*
 * Each pageblock of 512 frames has one half of movable pages. So an unmovable request must
 * claim what is left of one, which raises the watermarks by a pageblock: the most is 1.5
 * * high = 288, but a pageblock at least.
 */
static void raise_boost(struct kunit *test, struct mymm_pool *pool)
{
	struct mymm_frame *block[16], *frame;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, pool->block_order, 9);
	for (i = 0; i < 16; i++) {
		block[i] = mymm_alloc_pages(
			pool, GFP_PLAIN | __GFP_MOVABLE | __GFP_MEMALLOC, 8);
		KUNIT_ASSERT_NOT_NULL(test, block[i]);
		KUNIT_ASSERT_EQ(test, mymm_frame_pfn(pool, block[i]), i * 256);
	}
	for (i = 0; i < 16; i += 2)
		mymm_free_pages(pool, block[i], 8);
	KUNIT_ASSERT_EQ(test, pool->zone[0].watermark_boost, 0);
	KUNIT_ASSERT_EQ(test, free_frames(pool), 2048);
	/* Without __GFP_KSWAPD_RECLAIM the wakeup is left to the next request that has it. */
	frame = mymm_alloc_pages(pool, GFP_PLAIN, 0);
	KUNIT_EXPECT_EQ(test, pool->zone[0].watermark_boost, 512);
	KUNIT_EXPECT_EQ(test, pool->zone[0].extfrag, 1);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));
	for (i = 1; i < 16; i += 2)
		MYMM_EXPECT_OK(test, mymm_free_pages(pool, block[i], 8));
	mymm_wake_boosted(pool, &pool->zone[0]);
}

/*
 * A boost ends with the run that it has caused. The node is balanced all the time, and nothing
 * can be reclaimed; one attempt is enough, but counts as a failure.
 */
static void boost_ends(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(test, 0);
	struct mymm_reclaim_stats *stats = &pool->reclaim.stats;

	raise_boost(test, pool);
	WAIT_UNTIL(test, asleep(pool, 2));
	KUNIT_EXPECT_EQ(test, read_stat(&stats->kswapd_wake), 1);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->pageoutrun), 1);
	KUNIT_EXPECT_EQ(test, pool->zone[0].watermark_boost, 0);
	KUNIT_EXPECT_EQ(test, pool->zone[0].flags, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&kswapd_of(pool)->failures), 1);
}

/* Where kswapd can't reclaim for it, a boost is dropped. */
static void boost_for_nobody(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(test, 0);
	struct mymm_pool *none =
		mymm_test_pool_512k(test, MYMM_POOL_NO_RECLAIM);

	raise_boost(test, none);
	KUNIT_EXPECT_EQ(test, none->zone[0].watermark_boost, 0);
	atomic_set(&kswapd_of(pool)->failures, MYMM_MAX_RECLAIM_RETRIES);
	raise_boost(test, pool);
	KUNIT_EXPECT_EQ(test, pool->zone[0].watermark_boost, 0);
	KUNIT_EXPECT_EQ(test, read_stat(&pool->reclaim.stats.kswapd_wake), 0);
}

/* A pool may end at any moment of kswapd's work; when it can't end, kswapd goes on. */
static void end_in_between(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.name = "ending",
		.zones = "Normal:1M",
		.backing = MYMM_BACKING_NONE,
		.nodes = 2,
	};
	struct mymm_frame **frame;
	unsigned int round, nr;

	frame = kunit_kcalloc(test, 512, sizeof(*frame), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, frame);

	for (round = 0; round < 20; round++) {
		struct mymm_pool *pool = mymm_pool_create(&config);

		KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
		for (nr = 0; nr < 512; nr++) {
			frame[nr] = mymm_alloc_pages(
				pool, GFP_NOWAIT | __GFP_NOWARN, 0);
			if (!frame[nr])
				break;
		}
		KUNIT_EXPECT_GT(test, nr, 256);
		KUNIT_EXPECT_EQ(test, mymm_pool_destroy(pool), -EBUSY);
		while (nr-- > 1)
			mymm_free_pages(pool, frame[nr], 0);
		if (round & 1)
			mymm_free_pages(pool, frame[0], 0);
		else
			mymm_pool_kill(pool, "its test wants it");
		KUNIT_ASSERT_EQ(test, mymm_pool_destroy(pool), 0);
	}
}

/* --- the slab layer ------------------------------------------------------------------ */

static void new_objects(struct kunit *test, struct mymm_cache *cache,
			void **objs, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		objs[i] = mymm_cache_alloc(cache, GFP_NOWAIT);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
}

#define OBJS 2000

/* Slabs of which no object is in use; how many frames the pool has allocated for them. */
static unsigned long spare_slabs(struct kunit *test, struct mymm_pool *pool,
				 struct mymm_cache *cache)
{
	void **objs;
	unsigned int i;

	objs = kunit_kcalloc(test, OBJS, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	new_objects(test, cache, objs, OBJS);
	for (i = 0; i < OBJS; i++)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[i]));
	return mymm_pool_allocated(pool);
}

/*
 * What caches have and don't use is reclaimed for pages: the frames of all slabs, those whose
 * objects are in magazines too, so that none is left and the zone is at min.
 */
static void slabs_for_pages(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "Normal:16M",
		.flags = MYMM_POOL_NO_PCP,
		.tuning = &mymm_tuning_512k,
	};
	struct mymm_pool *pool = mymm_test_pool_rest(test, &config);
	struct mymm_cache *cache = mymm_test_cache(test, pool, "spare", 512);
	struct mymm_held_frames *held = mymm_held_frames_new(test, pool);
	unsigned long slabs, before;

	slabs = spare_slabs(test, pool, cache);
	KUNIT_EXPECT_GT(test, slabs, 0);
	KUNIT_EXPECT_GT(test, cache->engine->empty(cache), 0);

	before = read_stat(&pool->reclaim.slab_freed);
	mymm_held_frames_take(held, GFP_PLAIN, 0);
	KUNIT_EXPECT_EQ(test, held->nr, FRAMES - MIN_MARK - slabs);
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(pool), FRAMES - MIN_MARK);
	mymm_held_frames_take(held, GFP_DIRECT, 0);
	KUNIT_EXPECT_EQ(test, held->nr, FRAMES - MIN_MARK);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 0);
	KUNIT_EXPECT_EQ(test, cache->engine->empty(cache), 0);
	KUNIT_EXPECT_EQ(test, read_stat(&pool->reclaim.slab_freed) - before,
			slabs);
	MYMM_EXPECT_SOUND(test, pool);
}

static unsigned long slab_count(struct mymm_pool *pool, int vfs_cache_pressure)
{
	struct mymm_shrinker *slab = &pool->reclaim.slab;
	struct mymm_shrink_control sc = { .gfp = GFP_KERNEL };

	pool->reclaim.vfs_cache_pressure = vfs_cache_pressure;
	return slab->count(slab, &sc);
}

/*
 * So many per cent of what caches have are counted. At 0 none of it is: a request that reclaims
 * gets what is free, and no slab. At 100 it gets the slabs, too.
 */
static void pressure_on_slabs(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "Normal:16M",
		.flags = MYMM_POOL_NO_PCP,
		.tuning = &mymm_tuning_512k,
	};
	struct mymm_pool *pool = mymm_test_pool_rest(test, &config);
	struct mymm_cache *cache = mymm_test_cache(test, pool, "spare", 512);
	struct mymm_held_frames *held = mymm_held_frames_new(test, pool);
	unsigned long slabs, all;

	slabs = spare_slabs(test, pool, cache);

	KUNIT_EXPECT_EQ(test, pool->reclaim.vfs_cache_pressure, 100);
	all = slab_count(pool, 100);
	KUNIT_EXPECT_GT(test, all, 4);
	KUNIT_EXPECT_EQ(test, slab_count(pool, 50), all / 2);
	KUNIT_EXPECT_EQ(test, slab_count(pool, 300), 3 * all);
	KUNIT_EXPECT_EQ(test, slab_count(pool, 0), MYMM_SHRINK_EMPTY);

	mymm_held_frames_take(held, GFP_DIRECT, 0);
	KUNIT_EXPECT_EQ(test, held->nr, FRAMES - MIN_MARK - slabs);
	pool->reclaim.vfs_cache_pressure = 100;
	mymm_held_frames_take(held, GFP_DIRECT, 0);
	KUNIT_EXPECT_EQ(test, held->nr, FRAMES - MIN_MARK);
	MYMM_EXPECT_SOUND(test, pool);
}

/*
 * A magazine with more than half of its 54 objects. The first trim finds that it was used
 * since the last: 27 stay; and the second, which finds it idle, empties it. Empty slabs that
 * the cache keeps are not touched by it; a drain leaves nothing.
 */
static void trim_is_not_drain(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "Normal:16M",
		.flags = MYMM_POOL_NO_PCP | MYMM_POOL_NO_RECLAIM,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct mymm_cache *cache = mymm_test_cache(test, pool, "trim", 512);
	struct mymm_magazine_stats stats;
	void *objs[54];
	unsigned int i;

	KUNIT_ASSERT_EQ(test, cache->mag_limit, ARRAY_SIZE(objs));
	/* On one CPU, since each has a magazine of its own. */
	migrate_disable();
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		objs[i] = mymm_cache_alloc(cache, GFP_NOWAIT);
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		mymm_cache_free(cache, objs[i]);
	migrate_enable();
	mymm_magazine_stats(cache, &stats);
	KUNIT_EXPECT_GT(test, stats.objects, 27);
	mymm_pool_trim(pool);
	mymm_magazine_stats(cache, &stats);
	KUNIT_EXPECT_EQ(test, stats.objects, 27);
	mymm_pool_trim(pool);
	mymm_magazine_stats(cache, &stats);
	KUNIT_EXPECT_EQ(test, stats.objects, 0);
	KUNIT_EXPECT_GT(test, mymm_test_slabs(cache), 0);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache) << cache->order,
			cache->engine->empty(cache));
	MYMM_EXPECT_SOUND(test, pool);
	mymm_pool_drain(pool);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 0);
	KUNIT_EXPECT_EQ(test, cache->engine->empty(cache), 0);
}

/* --- many at once --------------------------------------------------------------------- */

static void compete(struct mymm_test_thread *thread)
{
	struct mymm_pool *pool = thread->data;
	struct mymm_frame *mine[64] = {};
	unsigned int i, at;

	for (i = 0; i < 4000; i++) {
		at = mymm_test_below(&thread->random, ARRAY_SIZE(mine));
		if (mine[at]) {
			if (mymm_free_pages(pool, mine[at], 0))
				mymm_test_complain(thread, "a frame is lost");
			mine[at] = NULL;
			continue;
		}
		mine[at] = mymm_alloc_pages(pool,
					    i & 1 ? GFP_KERNEL | __GFP_NOWARN :
						    GFP_ATOMIC | __GFP_NOWARN,
					    0);
	}
	for (at = 0; at < ARRAY_SIZE(mine); at++)
		if (mine[at] && mymm_free_pages(pool, mine[at], 0))
			mymm_test_complain(thread, "a frame is lost");
}

/* All CPUs want the last frames, and reclaim if they may; nothing is lost. */
static void all_at_once(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "Normal:1M",
		.backing = MYMM_BACKING_NONE,
	};
	struct mymm_pool *pool = mymm_test_pool_rest(test, &config);
	struct mymm_held_frames *held = mymm_held_frames_new(test, pool);
	struct mymm_test_shrinker *shrinker =
		mymm_test_shrinker_new(test, pool);

	mymm_held_frames_take(held, GFP_NOWAIT | __GFP_NOWARN, 80);
	shrinker->says = 50;
	mymm_test_on_each_cpu(test, compete, pool);
	KUNIT_EXPECT_TRUE(test, list_empty(&pool->reclaim.tasks));
}

static struct kunit_case kswapd_cases[] = { KUNIT_CASE(low_to_high),
					    KUNIT_CASE(runs_until_high),
					    KUNIT_CASE(pressure_by_high),
					    KUNIT_CASE(balanced_above_high),
					    KUNIT_CASE(below_high_until_above),
					    KUNIT_CASE(not_woken),
					    KUNIT_CASE(hopeless),
					    KUNIT_CASE(boost_ends),
					    KUNIT_CASE(boost_for_nobody),
					    KUNIT_CASE(end_in_between),
					    KUNIT_CASE(slabs_for_pages),
					    KUNIT_CASE(pressure_on_slabs),
					    KUNIT_CASE(trim_is_not_drain),
					    KUNIT_CASE_SLOW(all_at_once),
					    {} };

static struct kunit_suite kswapd_suite = {
	.name = "mymm_kswapd",
	.test_cases = kswapd_cases,
};

kunit_test_suite(kswapd_suite);
