// SPDX-License-Identifier: GPL-2.0
/*
 * What a zone keeps back: pageblocks of type HighAtomic, for requests that can't wait, and the
 * frames below its watermarks, which are raised for a while when pageblocks get mixed.
 *
 * Zones are drawn as drawing.c says.
 *
 * Tests: page/watermark.c page/pageblock.c page/slowpath.c
 */
#include "lib/drawing.h"
#include "lib/test_shrinker.h"
#include "page/pageblock.h"
#include "page/watermark.h"

/* --- the reserve ----------------------------------------------------------------------- */

/* What HighAtomic pageblocks there are, and how much of them is free. */
static void expect_reserve(struct kunit *test, struct mymm_zone *zone,
			   unsigned long frames, unsigned long free)
{
	KUNIT_EXPECT_EQ(test, zone->nr_reserved_highatomic, frames);
	KUNIT_EXPECT_EQ(test, zone->nr_free_highatomic, free);
}

static struct mymm_frame *rmqueue(struct mymm_zone *zone, unsigned int order,
				  enum mymm_migratetype type,
				  unsigned int alloc_flags)
{
	enum mymm_rmqueue_mode mode = MYMM_RMQUEUE_NORMAL;
	struct mymm_page_log log = {};

	guard(raw_spinlock_irqsave)(&zone->lock);
	return mymm_rmqueue(zone, order, type, alloc_flags, &mode, &log);
}

/*
 * 1600 frames in pageblocks of 8: a hundredth is 16, two pageblocks. The first is that of a
 * block of order 1, so 6 frames of it are free; the second is all held. A third is too much.
 */
static void reserve(struct kunit *test)
{
	struct mymm_pool *pool = mymm_draw_pool(test, 200, 3);
	struct mymm_zone *zone = &pool->zone[0];
	struct mymm_frame *pair, *whole, *one, *last;
	unsigned int nr = 0;
	u32 first;

	pair = mymm_alloc_pages(pool, mymm_draw_gfp('u'), 1);
	first = pair - pool->frame;
	mymm_pageblock_reserve(zone, first, 1);
	expect_reserve(test, zone, 8, 6);
	KUNIT_EXPECT_EQ(test, mymm_buddy_type(&zone->buddy, first),
			MYMM_HIGHATOMIC);
	MYMM_EXPECT_SOUND(test, pool);
	mymm_pageblock_reserve(zone, first, 1); /* it is already */
	expect_reserve(test, zone, 8, 6);
	whole = mymm_alloc_pages(pool, mymm_draw_gfp('m'), 3);
	mymm_pageblock_reserve(zone, whole - pool->frame, 3);
	expect_reserve(test, zone, 16, 6);
	one = mymm_alloc_pages(pool, mymm_draw_gfp('r'), 0);
	mymm_pageblock_reserve(zone, one - pool->frame, 0);
	expect_reserve(test, zone, 16, 6);
	MYMM_EXPECT_SOUND(test, pool);

	/* No other request gets it: 1600 - 2 - 8 - 1 - 6 are left for them. */
	while (mymm_alloc_pages(pool, mymm_draw_gfp('m'), 0))
		nr++;
	KUNIT_EXPECT_EQ(test, nr, 1583);
	expect_reserve(test, zone, 16, 6);
	/* A request that can't wait gets it when nothing else is left; a HIGHATOMIC one, first. */
	last = rmqueue(zone, 0, MYMM_MOVABLE, MYMM_ALLOC_NON_BLOCK);
	KUNIT_ASSERT_NOT_NULL(test, last);
	KUNIT_EXPECT_EQ(test, (last - pool->frame) / 8, first / 8);
	expect_reserve(test, zone, 16, 5);
	KUNIT_EXPECT_EQ(test, mymm_tag_type(last->tag), MYMM_MOVABLE);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, last, 0));
	expect_reserve(test, zone, 16, 6);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, one, 0));
	last = rmqueue(zone, 1, MYMM_UNMOVABLE, MYMM_ALLOC_HIGHATOMIC);
	KUNIT_EXPECT_EQ(test, (last - pool->frame) / 8, first / 8);
	expect_reserve(test, zone, 16, 4);
	MYMM_EXPECT_SOUND(test, pool);
	mymm_draw_give_back(test, pool);
	expect_reserve(test, zone, 0, 0);
}

/* A zone of which a hundredth is less than a pageblock has no reserve. */
static void no_reserve_in_small_zones(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "DMA:799p",
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_DRAW_GROUPED,
		.block_order = 3,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct mymm_frame *frame =
		mymm_alloc_pages(pool, mymm_draw_gfp('u'), 1);

	mymm_pageblock_reserve(&pool->zone[0], frame - pool->frame, 1);
	expect_reserve(test, &pool->zone[0], 0, 0);
	mymm_draw_give_back(test, pool);
}

/*
 * It is given up one pageblock at a time, the last only by force, and only one with something
 * free in it. What becomes whole by that merges with what is beside it, as anything else.
 */
static void unreserve(struct kunit *test)
{
	struct mymm_pool *pool = mymm_draw_pool(test, 256, 3);
	const struct mymm_zonelist *list =
		&pool->node_of[0].zonelist[MYMM_ZONE_DMA];
	struct mymm_zone *zone = &pool->zone[0];
	struct mymm_frame *frame[2];
	unsigned int i;

	frame[0] = mymm_alloc_pages(pool, mymm_draw_gfp('m'), 1);
	mymm_pageblock_reserve(zone, frame[0] - pool->frame, 1);
	frame[1] = mymm_alloc_pages(pool, mymm_draw_gfp('m'), 3);
	mymm_pageblock_reserve(zone, frame[1] - pool->frame, 3);
	expect_reserve(test, zone, 16, 6);

	KUNIT_EXPECT_TRUE(test, mymm_pageblock_unreserve(list, MYMM_RECLAIMABLE,
							 false));
	expect_reserve(test, zone, 8, 0);
	KUNIT_EXPECT_EQ(test,
			mymm_buddy_type(&zone->buddy, frame[0] - pool->frame),
			MYMM_RECLAIMABLE);
	MYMM_EXPECT_SOUND(test, pool);
	KUNIT_EXPECT_FALSE(test,
			   mymm_pageblock_unreserve(list, MYMM_MOVABLE, false));
	KUNIT_EXPECT_FALSE(test,
			   mymm_pageblock_unreserve(list, MYMM_MOVABLE, true));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame[1], 3));
	expect_reserve(test, zone, 8, 8);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame[0], 1));
	/* All is free, but the reserve keeps it apart. */
	KUNIT_EXPECT_EQ(test, mymm_buddy_nr_free(&zone->buddy, 10), 1);
	KUNIT_EXPECT_FALSE(test,
			   mymm_pageblock_unreserve(list, MYMM_MOVABLE, false));
	KUNIT_EXPECT_TRUE(test,
			  mymm_pageblock_unreserve(list, MYMM_MOVABLE, true));
	expect_reserve(test, zone, 0, 0);
	MYMM_EXPECT_SOUND(test, pool);
	KUNIT_EXPECT_EQ(test, mymm_buddy_nr_free(&zone->buddy, 10), 2);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_FALSE(
			test, mymm_pageblock_unreserve(list, MYMM_MOVABLE, i));
}

/* An invalid request is refused, though the reserve has free blocks of a high order. */
static void both_mobilities_refused(struct kunit *test)
{
	struct mymm_pool *pool = mymm_draw_pool(test, 200, 5);
	struct mymm_zone *zone = &pool->zone[0];
	struct mymm_frame *frame;
	unsigned int order;

	frame = mymm_alloc_pages(pool, mymm_draw_gfp('u'), 4);
	mymm_pageblock_reserve(zone, frame - pool->frame, 4);
	expect_reserve(test, zone, 32, 16);
	for (order = 0; order <= MYMM_MAX_ORDER; order++)
		MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_GFP, 0,
				    mymm_alloc_pages(pool,
						     __GFP_DMA | __GFP_MOVABLE |
							     __GFP_RECLAIMABLE,
						     order));
	mymm_draw_give_back(test, pool);
}

/* --- watermarks ------------------------------------------------------------------------- */

/*
 * Each pageblock that is claimed though it is not whole raises the watermark by its frames,
 * up to 150 % of high: of 20 that is 30. Eight pageblocks like this one:
 *
 *	m01.2...	an unmovable request of order 2 claims one each time
 */
static void boost(struct kunit *test)
{
	static const unsigned long expected[] = { 8, 16, 24, 30, 30 };
	struct mymm_pool *pool = mymm_draw_pool(test, 8, 3);
	struct mymm_zone *zone = &pool->zone[0];
	char map[8 * 8 + 1];
	unsigned int i;

	for (i = 0; i < 8; i++)
		strscpy(map + 8 * i, "m.......", 9);
	mymm_draw_lay_out(test, pool, "MMMMMMMM", map);
	zone->watermark[MYMM_WMARK_HIGH] = 20;
	zone->boost_factor = 15000;
	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		KUNIT_EXPECT_NOT_NULL(test,
				      rmqueue(zone, 2, MYMM_UNMOVABLE, 0));
		KUNIT_EXPECT_EQ(test, zone->watermark_boost, expected[i]);
	}
	KUNIT_EXPECT_FALSE(test, zone->flags & BIT(MYMM_ZONE_BOOSTED));
	KUNIT_EXPECT_NOT_NULL(test, rmqueue(zone, 2, MYMM_UNMOVABLE,
					    MYMM_ALLOC_KSWAPD));
	KUNIT_EXPECT_TRUE(test, zone->flags & BIT(MYMM_ZONE_BOOSTED));
	zone->watermark[MYMM_WMARK_HIGH] = 0;
	mymm_draw_give_back(test, pool);
	KUNIT_EXPECT_EQ(test, zone->watermark_boost, 0);
}

/*
 * Nothing is raised by a pageblock that is claimed whole; in a zone of less than four; by
 * factor 0; nor before there are watermarks.
 */
static void no_boost(struct kunit *test)
{
	static const struct {
		unsigned int blocks;
		const char *map;
		unsigned long high;
		unsigned long factor;
	} table[] = {
		{ 4, "................................", 20, 15000 },
		{ 3, "m.......m.......m.......", 20, 15000 },
		{ 4, "m.......m.......m.......m.......", 20, 0 },
		{ 4, "m.......m.......m.......m.......", 0, 15000 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct mymm_pool *pool =
			mymm_draw_pool(test, table[i].blocks, 3);
		struct mymm_zone *zone = &pool->zone[0];

		mymm_draw_lay_out(test, pool, "MMMM", table[i].map);
		zone->watermark[MYMM_WMARK_HIGH] = table[i].high;
		zone->boost_factor = table[i].factor;
		KUNIT_EXPECT_NOT_NULL(test, rmqueue(zone, 2, MYMM_UNMOVABLE,
						    MYMM_ALLOC_KSWAPD));
		KUNIT_EXPECT_EQ_MSG(test, zone->watermark_boost, 0, "number %u",
				    i);
		KUNIT_EXPECT_FALSE(test, zone->flags & BIT(MYMM_ZONE_BOOSTED));
		zone->watermark[MYMM_WMARK_HIGH] = 0;
		mymm_draw_give_back(test, pool);
	}
}

/*
 * A boost asks for reclaim; what __GFP_HIGH may have of min is given in spite of it, but only
 * in single frames. Without __GFP_DIRECT_RECLAIM three eighths are left: 144 frames of min and
 * a boost of 256, more than the 128 that are free, and 48 of min alone.
 */
static void boost_leaves_reserve(struct kunit *test)
{
	struct mymm_pool *pool =
		mymm_test_pool_512k(test, MYMM_POOL_NO_RECLAIM);
	struct mymm_held_frames *held = mymm_held_frames_new(test, pool);
	struct mymm_frame *frame;

	mymm_held_frames_take(held, GFP_PLAIN, MIN_MARK);
	pool->zone[0].watermark_boost = 2 * MIN_MARK;
	KUNIT_EXPECT_NULL(test, mymm_alloc_pages(pool, GFP_PLAIN, 0));
	KUNIT_EXPECT_NULL(test,
			  mymm_alloc_pages(pool, GFP_PLAIN | __GFP_HIGH, 1));
	frame = mymm_alloc_pages(pool, GFP_PLAIN | __GFP_HIGH, 0);
	KUNIT_ASSERT_NOT_NULL(test, frame);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));
	pool->zone[0].watermark_boost = 0;
}

/*
 * No request of any order that must heed the min watermark gets past it. All blocks of each order
 * are allocated; before each the rule says whether it succeeds.
 */
static void large_blocks_heed_watermarks(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "DMA:12M",
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_POOL_BARE & ~MYMM_POOL_NO_WATERMARKS,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct mymm_zone *zone = &pool->zone[0];
	unsigned int order, odd, taken = 0;

	KUNIT_ASSERT_GT(test, zone->watermark[MYMM_WMARK_MIN], 20);
	for (order = 0; order <= MYMM_MAX_ORDER; order++) {
		/* Some frames before, so that free frames are no multiple of the order. */
		for (odd = 0; odd < 4; odd++) {
			struct mymm_frame *frame;
			unsigned int i;
			bool ok;

			for (i = 0; i < odd * 5; i++)
				mymm_alloc_pages(pool, mymm_draw_gfp('u'), 0);
			do {
				ok = mymm_zone_watermark_ok(
					zone, order,
					mymm_zone_watermark(zone,
							    MYMM_WMARK_MIN),
					MYMM_ZONE_DMA, 0, zone->buddy.free);
				frame = mymm_alloc_pages(
					pool, mymm_draw_gfp('u'), order);
				KUNIT_EXPECT_EQ_MSG(
					test, !frame, !ok,
					"order %u, %lu frames are free, min is %lu",
					order,
					zone->buddy.free +
						(frame ? 1UL << order : 0),
					zone->watermark[MYMM_WMARK_MIN]);
				taken++;
			} while (frame);
			KUNIT_EXPECT_GE(test, zone->buddy.free,
					zone->watermark[MYMM_WMARK_MIN]);
			mymm_draw_give_back(test, pool);
		}
	}
	KUNIT_EXPECT_GT(test, taken, 1000);
}

static struct kunit_case reserve_cases[] = {
	KUNIT_CASE(reserve),
	KUNIT_CASE(no_reserve_in_small_zones),
	KUNIT_CASE(unreserve),
	KUNIT_CASE(both_mobilities_refused),
	KUNIT_CASE(boost),
	KUNIT_CASE(no_boost),
	KUNIT_CASE(boost_leaves_reserve),
	KUNIT_CASE(large_blocks_heed_watermarks),
	{},
};

static struct kunit_suite reserve_suite = {
	.name = "mymm_reserve",
	.test_cases = reserve_cases,
};

kunit_test_suite(reserve_suite);
