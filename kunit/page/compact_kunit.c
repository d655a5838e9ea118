// SPDX-License-Identifier: GPL-2.0
/*
 * Compaction of a zone, with frames that are moved by this suite: which are moved, and where to;
 * when it is not even tried; and how often it is put off.
 *
 * The zone has 256 frames, 4 pageblocks of 64. "Every second" is
 *
 *	mmmmmmmm...  ->  m.m.m.m.  m.m.m.m.  m.m.m.m.  m.m.m.m.     128 are free, none two together
 *
 * Tests: page/compact.c page/compact_defer.c
 */
#include "lib/util.h"
#include "page/compact.h"
#include "page/pool.h"
#include "page/vm_hooks.h"
#include "page/zone.h"

#define FRAMES 256
#define BLOCK 64
#define ORDER 5 /* what is wanted: half a pageblock */

/**
 * struct scene - the zone, and what is in it
 * @test: the test
 * @pool: the pool
 * @zone: its only zone
 * @held: which frames are allocated
 * @fixed: those of them that nobody can move
 * @busy: how often a frame is busy yet when it is to be moved
 * @moves: how many were moved
 * @up: those of them that went to a higher frame
 */
struct scene {
	struct kunit *test;
	struct mymm_pool *pool;
	struct mymm_zone *zone;
	bool held[FRAMES];
	bool fixed[FRAMES];
	unsigned int busy[FRAMES];
	unsigned int moves;
	unsigned int up;
};

static struct scene *the_scene; /* hooks have no other way to it */

static bool may_move(struct mymm_pool *pool, u32 pfn)
{
	return the_scene->held[pfn] && !the_scene->fixed[pfn];
}

static int move(struct mymm_pool *pool, u32 from, u32 to, bool wait)
{
	struct scene *scene = the_scene;

	KUNIT_EXPECT_TRUE(scene->test, may_move(pool, from));
	KUNIT_EXPECT_FALSE(scene->test, scene->held[to]);
	if (scene->busy[from]) {
		scene->busy[from]--;
		return -EAGAIN;
	}
	scene->held[from] = false;
	scene->held[to] = true;
	scene->moves++;
	scene->up += to > from;
	MYMM_EXPECT_OK(scene->test,
		       mymm_free_pages(pool, &pool->frame[from], 0));
	return 0;
}

static const struct mymm_vm_hooks hooks = {
	.may_move = may_move,
	.move = move,
};

static void give(struct scene *scene, u32 pfn)
{
	scene->held[pfn] = false;
	MYMM_EXPECT_OK(scene->test,
		       mymm_free_pages(scene->pool, &scene->pool->frame[pfn],
				       0));
}

static void end_scene(void *data)
{
	struct scene *scene = data;
	u32 pfn;

	for (pfn = 0; pfn < FRAMES; pfn++)
		if (scene->held[pfn])
			give(scene, pfn);
}

/* All frames are allocated, by what can be moved. */
static struct scene *full(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "Normal:1M",
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_POOL_BARE & ~MYMM_POOL_NO_MOBILITY,
	};
	struct scene *scene = kunit_kzalloc(test, sizeof(*scene), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, scene);
	scene->test = test;
	scene->pool = mymm_test_pool_config(test, &config);
	scene->zone = &scene->pool->zone[0];
	KUNIT_ASSERT_EQ(test, scene->zone->buddy.block_order, 6);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_scene, scene),
			0);
	the_scene = scene;
	for (i = 0; i < FRAMES; i++) {
		struct mymm_frame *frame =
			mymm_alloc_pages(scene->pool, GFP_HIGHUSER_MOVABLE, 0);

		KUNIT_ASSERT_NOT_NULL(test, frame);
		scene->held[frame - scene->pool->frame] = true;
	}
	return scene;
}

static struct scene *every_second(struct kunit *test)
{
	struct scene *scene = full(test);
	u32 pfn;

	for (pfn = 1; pfn < FRAMES; pfn += 2)
		give(scene, pfn);
	return scene;
}

static unsigned long free_blocks(const struct scene *scene, unsigned int order)
{
	struct mymm_zone_snapshot snap;
	unsigned long nr = 0;

	mymm_zone_read(scene->zone, &snap);
	for (; order < MYMM_NR_ORDERS; order++)
		nr += snap.nr_free[order];
	return nr;
}

static struct mymm_compact how_for(const struct scene *scene, int order)
{
	return (struct mymm_compact){
		.pool = scene->pool,
		.hooks = &hooks,
		.order = order,
		.type = MYMM_MOVABLE,
		.highest = MYMM_ZONE_NORMAL,
		.whole = true,
	};
}

/* --- scanners --------------------------------------------------------------------- */

/* One pageblock is emptied to the other end, which is enough: 32 are moved, and all of them up. */
static void one_block(struct kunit *test)
{
	struct scene *scene = every_second(test);
	struct mymm_compact how = how_for(scene, ORDER);
	u32 pfn;

	KUNIT_ASSERT_EQ(test, free_blocks(scene, 1), 0);
	KUNIT_EXPECT_EQ(test, mymm_compact_zone(&how, scene->zone),
			MYMM_COMPACT_SUCCESS);
	KUNIT_EXPECT_GE(test, free_blocks(scene, ORDER), 1);
	KUNIT_EXPECT_EQ(test, scene->moves, BLOCK / 2);
	KUNIT_EXPECT_EQ(test, scene->up, scene->moves);
	for (pfn = 0; pfn < BLOCK; pfn++)
		KUNIT_EXPECT_FALSE_MSG(test, scene->held[pfn], "frame %u", pfn);
	for (pfn = FRAMES - BLOCK; pfn < FRAMES; pfn++)
		KUNIT_EXPECT_TRUE_MSG(test, scene->held[pfn], "frame %u", pfn);
	KUNIT_EXPECT_EQ(
		test, atomic_long_read(&scene->pool->compact.pgmigrate_success),
		BLOCK / 2);
	MYMM_EXPECT_SOUND(test, scene->pool);
}

/* The scanners meet in the middle: what is used is above, and what is free is one block below. */
static void all_of_it(struct kunit *test)
{
	struct scene *scene = every_second(test);
	struct mymm_compact how = how_for(scene, MYMM_COMPACT_ALL);
	u32 pfn;

	KUNIT_EXPECT_EQ(test, mymm_compact_zone(&how, scene->zone),
			MYMM_COMPACT_COMPLETE);
	for (pfn = 0; pfn < FRAMES; pfn++)
		KUNIT_EXPECT_EQ_MSG(test, scene->held[pfn], pfn >= FRAMES / 2,
				    "frame %u", pfn);
	KUNIT_EXPECT_EQ(test, free_blocks(scene, 7), 1);
	KUNIT_EXPECT_EQ(test, scene->moves, FRAMES / 4);
	MYMM_EXPECT_SOUND(test, scene->pool);
}

/* A frame that nobody can move in each stretch of what is wanted: nothing is moved for it. */
static void in_the_way(struct kunit *test)
{
	struct scene *scene = every_second(test);
	struct mymm_compact how = how_for(scene, ORDER);
	u32 pfn;

	for (pfn = 0; pfn < FRAMES; pfn += 1U << ORDER)
		scene->fixed[pfn + 2 * (pfn >> ORDER)] = true;
	KUNIT_EXPECT_EQ(test, mymm_compact_zone(&how, scene->zone),
			MYMM_COMPACT_COMPLETE);
	KUNIT_EXPECT_EQ(test, scene->moves, 0);
	KUNIT_EXPECT_LE(test, how.migrate_scanned, FRAMES);
	MYMM_EXPECT_SOUND(test, scene->pool);
}

/* In all stretches but one: that one. */
static void around_it(struct kunit *test)
{
	struct scene *scene = every_second(test);
	struct mymm_compact how = how_for(scene, ORDER);
	u32 pfn;

	for (pfn = 0; pfn < FRAMES; pfn += 1U << ORDER)
		scene->fixed[pfn] = pfn != BLOCK;
	KUNIT_EXPECT_EQ(test, mymm_compact_zone(&how, scene->zone),
			MYMM_COMPACT_SUCCESS);
	for (pfn = BLOCK; pfn < BLOCK + (1U << ORDER); pfn++)
		KUNIT_EXPECT_FALSE_MSG(test, scene->held[pfn], "frame %u", pfn);
	KUNIT_EXPECT_EQ(test, scene->moves, 1U << (ORDER - 1));
	MYMM_EXPECT_SOUND(test, scene->pool);
}

/*
 * A frame that is busy is tried again, ten times, but not by what is asynchronous. One that stays
 * busy is left; the next stretch has a block.
 */
static void busy(struct kunit *test)
{
	struct scene *scene = every_second(test);
	struct mymm_compact how = how_for(scene, ORDER);

	scene->busy[0] = 9;
	KUNIT_EXPECT_EQ(test, mymm_compact_zone(&how, scene->zone),
			MYMM_COMPACT_SUCCESS);
	KUNIT_EXPECT_EQ(test, scene->busy[0], 0);
	KUNIT_EXPECT_FALSE(test, scene->held[0]);
	KUNIT_EXPECT_EQ(test,
			atomic_long_read(&scene->pool->compact.pgmigrate_fail),
			9);
}

static void busy_once(struct kunit *test)
{
	struct scene *scene = every_second(test);
	struct mymm_compact how = how_for(scene, ORDER);

	how.async = true;
	scene->busy[0] = 9;
	KUNIT_EXPECT_EQ(test, mymm_compact_zone(&how, scene->zone),
			MYMM_COMPACT_SUCCESS);
	KUNIT_EXPECT_EQ(test, scene->busy[0], 8);
	KUNIT_EXPECT_TRUE(test, scene->held[0]);
	MYMM_EXPECT_SOUND(test, scene->pool);
}

/* --- is it worth it? -------------------------------------------------------------- */

static void restore_threshold(void *before)
{
	mymm_extfrag_threshold = (long)before;
}

/*
 * With 128 single frames for order 5 the fragmentation index is
 *
 *	1000 - (1000 + 1000 * 128 / 32) / 128 = 961
 */
static void suits(struct kunit *test)
{
	struct scene *scene = every_second(test);
	struct mymm_compact how = how_for(scene, ORDER);
	u32 pfn;

	KUNIT_ASSERT_EQ(
		test,
		kunit_add_action_or_reset(test, restore_threshold,
					  (void *)(long)mymm_extfrag_threshold),
		0);
	mymm_extfrag_threshold = 960;
	KUNIT_EXPECT_EQ(test,
			mymm_compact_suits(scene->zone, ORDER, MYMM_ZONE_NORMAL,
					   0),
			MYMM_COMPACT_CONTINUE);
	mymm_extfrag_threshold = 961;
	KUNIT_EXPECT_EQ(test,
			mymm_compact_suits(scene->zone, ORDER, MYMM_ZONE_NORMAL,
					   0),
			MYMM_COMPACT_SKIPPED);
	KUNIT_EXPECT_EQ(test, mymm_compact_zone(&how, scene->zone),
			MYMM_COMPACT_SKIPPED);
	KUNIT_EXPECT_EQ(test, scene->moves, 0);
	/* Orders up to 3 have no index: the alternative would be to kill. */
	KUNIT_EXPECT_EQ(test,
			mymm_compact_suits(scene->zone, 3, MYMM_ZONE_NORMAL, 0),
			MYMM_COMPACT_CONTINUE);
	/* Twice the block must be free, or the scanners would take from each other. */
	KUNIT_EXPECT_EQ(test,
			mymm_compact_suits(scene->zone, 6, MYMM_ZONE_NORMAL, 0),
			MYMM_COMPACT_SKIPPED);
	mymm_extfrag_threshold = 500;
	for (pfn = 0; pfn < 1U << ORDER; pfn += 2)
		give(scene, pfn);
	KUNIT_EXPECT_EQ(test,
			mymm_compact_suits(scene->zone, ORDER, MYMM_ZONE_NORMAL,
					   0),
			MYMM_COMPACT_SUCCESS);
}

/* --- deferral --------------------------------------------------------------------- */

/* How many attempts are left out before the next is made. */
static unsigned int left_out(struct mymm_zone *zone, int order)
{
	unsigned int nr = 0;

	while (nr < 1000 && mymm_compact_deferred(zone, order))
		nr++;
	return nr;
}

/* After each failure twice as many attempts are one: 2, 4, ... 64, and no more. */
static void deferral(struct kunit *test)
{
	static const unsigned int out[] = { 1, 3, 7, 15, 31, 63, 63, 63 };
	struct mymm_pool *pool = mymm_test_pool_none(test, "Normal:1M");
	struct mymm_zone *zone = &pool->zone[0];
	unsigned int i;

	/* Nothing has failed yet; then all orders have. */
	mymm_compact_defer_reset(zone, 3, true);
	for (i = 0; i < ARRAY_SIZE(out); i++) {
		mymm_compact_defer(zone, 4);
		KUNIT_EXPECT_EQ_MSG(test, left_out(zone, 4), out[i],
				    "after %u failures", i + 1);
		/* What is smaller than what failed is always tried. */
		KUNIT_EXPECT_FALSE(test, mymm_compact_deferred(zone, 3));
	}
	/* A smaller one fails, too. */
	mymm_compact_defer(zone, 3);
	KUNIT_EXPECT_TRUE(test, mymm_compact_deferred(zone, 3));
	/* There was a block of order 4 then, but nobody has had it: larger ones stay deferred. */
	mymm_compact_defer_reset(zone, 4, false);
	KUNIT_EXPECT_FALSE(test, mymm_compact_deferred(zone, 4));
	KUNIT_EXPECT_TRUE(test, mymm_compact_deferred(zone, 5));
	/* Somebody has: all begins anew. */
	mymm_compact_defer_reset(zone, 4, true);
	KUNIT_EXPECT_EQ(test, left_out(zone, 5), 0);
}

static struct kunit_case compact_cases[] = {
	KUNIT_CASE(one_block), KUNIT_CASE(all_of_it), KUNIT_CASE(in_the_way),
	KUNIT_CASE(around_it), KUNIT_CASE(busy),      KUNIT_CASE(busy_once),
	KUNIT_CASE(suits),     KUNIT_CASE(deferral),  {},
};

static struct kunit_suite compact_suite = {
	.name = "mymm_compact",
	.test_cases = compact_cases,
};

kunit_test_suite(compact_suite);
