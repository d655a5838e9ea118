// SPDX-License-Identifier: GPL-2.0
/*
 * Why an allocation fails: a pool for each reason, and all reasons against what allocations
 * really do.
 *
 *	frame   0                16       32                48
 *	        +----------------+--------+-----------------+
 *	        | DMA            | Normal                   |
 *	        +----------------+--------+-----------------+
 *
 * Pageblocks have 8 frames. As in show_mem_kunit.c the watermarks are 1 frame for DMA and 2
 * for Normal, and DMA keeps 4 from requests that can have Normal. Nothing is reclaimed.
 *
 * Tests: page/alloc_failure.c
 */
#include "lib/drawing.h"
#include "page/alloc_failure.h"

#define QUIET(gfp) ((gfp) | __GFP_NOWARN)

static struct mymm_pool *new_pool(struct kunit *test, const char *zones,
				  unsigned int flags)
{
	const struct mymm_tuning tuning = {
		.min_free_kbytes = 16,
		.watermark_scale_factor = 10,
		.lowmem_reserve_ratio = { 8 },
	};
	const struct mymm_pool_config config = {
		.zones = zones,
		.backing = MYMM_BACKING_NONE,
		.flags = flags,
		.block_order = 3,
		.tuning = &tuning,
	};

	return mymm_test_pool_config(test, &config);
}

static const char *reason(struct mymm_pool *pool, gfp_t gfp, unsigned int order)
{
	return mymm_alloc_failure_names[mymm_alloc_failure_reason(
		pool, NUMA_NO_NODE, gfp, order)];
}

static unsigned int take_all(struct mymm_pool *pool, gfp_t gfp)
{
	unsigned int nr = 0;

	while (mymm_alloc_pages(pool, QUIET(gfp), 0))
		nr++;
	return nr;
}

#define EXPECT_REASON(test, pool, gfp, order, word) \
	KUNIT_EXPECT_STREQ(test, reason(pool, gfp, order), word)

/* Without watermarks a zone gives what it has; 16 frames have no block of 32. */
static void empty_or_fragmented(struct kunit *test)
{
	struct mymm_pool *pool = new_pool(test, "Normal:64K", MYMM_POOL_BARE);
	u32 idx;

	EXPECT_REASON(test, pool, GFP_KERNEL, 4, "none");
	EXPECT_REASON(test, pool, GFP_KERNEL, 5, "empty");
	KUNIT_EXPECT_EQ(test, take_all(pool, GFP_KERNEL), 16);
	EXPECT_REASON(test, pool, GFP_KERNEL, 0, "empty");
	for (idx = 0; idx < 16; idx += 2)
		MYMM_EXPECT_OK(test,
			       mymm_free_pages(pool, &pool->frame[idx], 0));
	EXPECT_REASON(test, pool, GFP_KERNEL, 0, "none");
	EXPECT_REASON(test, pool, GFP_KERNEL, 1, "fragmented");
	EXPECT_REASON(test, pool, GFP_KERNEL, 3, "fragmented");
	EXPECT_REASON(test, pool, GFP_KERNEL, 4, "empty");
	mymm_draw_give_back(test, pool);
}

/* A watermark of 4 frames: GFP_KERNEL leaves 4, GFP_ATOMIC 2, __GFP_MEMALLOC none. */
static void watermark(struct kunit *test)
{
	struct mymm_pool *pool =
		new_pool(test, "DMA:64K",
			 MYMM_POOL_NO_PCP | MYMM_POOL_NO_RECLAIM |
				 MYMM_POOL_NO_MOBILITY);

	KUNIT_ASSERT_EQ(test, pool->zone[0].watermark[MYMM_WMARK_MIN], 4);
	EXPECT_REASON(test, pool, GFP_KERNEL | __GFP_DMA, 4, "watermark");
	EXPECT_REASON(test, pool, GFP_KERNEL | __GFP_DMA, 3, "none");
	KUNIT_EXPECT_EQ(test, take_all(pool, GFP_KERNEL | __GFP_DMA), 12);
	EXPECT_REASON(test, pool, GFP_KERNEL | __GFP_DMA, 0, "watermark");
	/* An order that is not there all the same is not the watermark's fault. */
	EXPECT_REASON(test, pool, GFP_KERNEL | __GFP_DMA, 3, "empty");
	EXPECT_REASON(test, pool, GFP_ATOMIC | __GFP_DMA, 0, "none");
	KUNIT_EXPECT_EQ(test, take_all(pool, GFP_ATOMIC | __GFP_DMA), 2);
	EXPECT_REASON(test, pool, GFP_ATOMIC | __GFP_DMA, 0, "watermark");
	EXPECT_REASON(test, pool, __GFP_MEMALLOC | __GFP_DMA, 0, "none");
	KUNIT_EXPECT_EQ(test, take_all(pool, __GFP_MEMALLOC | __GFP_DMA), 2);
	EXPECT_REASON(test, pool, __GFP_MEMALLOC | __GFP_DMA, 0, "empty");
	mymm_draw_give_back(test, pool);
}

/*
 * Normal is used up to its watermark of 2 frames, then DMA up to its own of 1 and the 4 that
 * it keeps: 30 and 11. Those 4 are for requests that can have DMA alone.
 */
static void lowmem_reserve(struct kunit *test)
{
	struct mymm_pool *pool =
		new_pool(test, "DMA:64K,Normal:128K",
			 MYMM_POOL_NO_PCP | MYMM_POOL_NO_RECLAIM |
				 MYMM_POOL_NO_MOBILITY);
	struct mymm_node *node = &pool->node_of[0];
	struct mymm_request request = mymm_request(pool, node, GFP_KERNEL, 0);

	KUNIT_EXPECT_EQ(test, take_all(pool, GFP_KERNEL), 30 + 11);
	KUNIT_EXPECT_EQ(test,
			mymm_zone_failure_reason(&request,
						 node->zone[MYMM_ZONE_NORMAL]),
			MYMM_FAILURE_WATERMARK);
	KUNIT_EXPECT_EQ(test,
			mymm_zone_failure_reason(&request,
						 node->zone[MYMM_ZONE_DMA]),
			MYMM_FAILURE_RESERVE);
	EXPECT_REASON(test, pool, GFP_KERNEL, 0, "watermark");
	EXPECT_REASON(test, pool, GFP_KERNEL | __GFP_DMA, 0, "none");
	/* Normal has nothing any more, DMA still has what it keeps. */
	while (READ_ONCE(node->zone[MYMM_ZONE_NORMAL]->buddy.free))
		KUNIT_ASSERT_NOT_NULL(
			test, mymm_alloc_pages(pool, QUIET(__GFP_MEMALLOC), 0));
	EXPECT_REASON(test, pool, GFP_KERNEL, 0, "reserve");
	KUNIT_EXPECT_EQ(test, take_all(pool, GFP_KERNEL | __GFP_DMA), 4);
	EXPECT_REASON(test, pool, GFP_KERNEL | __GFP_DMA, 0, "watermark");
	EXPECT_REASON(test, pool, GFP_KERNEL | __GFP_HIGHMEM, 5, "empty");
	mymm_draw_give_back(test, pool);
}

/* What is free of the HighAtomic reserve is there only for requests that can't wait. */
static void highatomic(struct kunit *test)
{
	struct mymm_pool *pool = mymm_draw_pool(test, 200, 3);
	struct mymm_zone *zone = &pool->zone[0];
	struct mymm_frame *pair = mymm_alloc_pages(pool, mymm_draw_gfp('u'), 1);

	mymm_pageblock_reserve(zone, pair - pool->frame, 1);
	KUNIT_ASSERT_EQ(test, zone->nr_free_highatomic, 6);
	KUNIT_EXPECT_EQ(test, take_all(pool, mymm_draw_gfp('m')), 1592);
	EXPECT_REASON(test, pool, GFP_KERNEL | __GFP_DMA, 0, "reserve");
	EXPECT_REASON(test, pool, GFP_KERNEL | __GFP_DMA, 2, "reserve");
	EXPECT_REASON(test, pool, GFP_KERNEL | __GFP_DMA, 3, "empty");
	EXPECT_REASON(test, pool, GFP_NOWAIT | __GFP_DMA, 0, "none");
	EXPECT_REASON(test, pool, GFP_ATOMIC | __GFP_DMA, 2, "none");
	mymm_draw_give_back(test, pool);
}

/* No such zone; and what is refused has none either. */
static void no_zone(struct kunit *test)
{
	struct mymm_pool *pool = new_pool(test, "Normal:64K", MYMM_POOL_BARE);

	EXPECT_REASON(test, pool, GFP_KERNEL | __GFP_DMA, 0, "no_zone");
	EXPECT_REASON(test, pool, GFP_KERNEL | __GFP_DMA | __GFP_DMA32, 0,
		      "no_zone");
	EXPECT_REASON(test, pool, GFP_KERNEL, MYMM_MAX_ORDER + 1, "no_zone");
}

#define ROUNDS 4000

/*
 * Two zones, blocks held at random: whenever a reason is named the allocation fails, and
 * whenever none is, it succeeds. Each reason comes up.
 */
static void as_allocations_do(struct kunit *test)
{
	static const gfp_t gfps[] = { GFP_NOWAIT,
				      GFP_ATOMIC,
				      GFP_NOWAIT | __GFP_MOVABLE,
				      GFP_NOWAIT | __GFP_DMA,
				      GFP_ATOMIC | __GFP_DMA,
				      GFP_NOWAIT | __GFP_NOMEMALLOC };
	struct mymm_pool *pool =
		new_pool(test, "DMA:1M,Normal:7M",
			 MYMM_POOL_NO_PCP | MYMM_POOL_NO_RECLAIM);
	unsigned int seen[MYMM_NR_FAILURES] = {}, round, i;
	struct rnd_state random;

	mymm_test_random(test, &random);
	for (round = 0; round < ROUNDS; round++) {
		gfp_t gfp =
			QUIET(gfps[mymm_test_below(&random, ARRAY_SIZE(gfps))]);
		unsigned int order = mymm_test_below(
			&random, mymm_test_below(&random, 8) + 1);
		enum mymm_alloc_failure why = mymm_alloc_failure_reason(
			pool, NUMA_NO_NODE, gfp, order);
		struct mymm_frame *frame = mymm_alloc_pages(pool, gfp, order);
		u32 idx = mymm_test_below(&random, pool->nr_frames);

		seen[why]++;
		KUNIT_EXPECT_EQ_MSG(test, !frame, why != MYMM_FAILURE_NONE,
				    "round %u: order %u, gfp %#x: %s", round,
				    order, (__force unsigned int)gfp,
				    mymm_alloc_failure_names[why]);
		if (mymm_test_below(&random, 4) == 0 &&
		    mymm_tag_state(pool->frame[idx].tag) == MYMM_FRAME_PAGES)
			MYMM_EXPECT_OK(
				test,
				mymm_free_pages(
					pool, &pool->frame[idx],
					mymm_tag_order(pool->frame[idx].tag)));
	}
	for (i = 0; i < MYMM_NR_FAILURES; i++)
		if (i != MYMM_FAILURE_NO_ZONE)
			KUNIT_EXPECT_GT_MSG(test, seen[i], 0, "%s",
					    mymm_alloc_failure_names[i]);
	mymm_draw_give_back(test, pool);
}

static struct kunit_case alloc_failure_cases[] = {
	KUNIT_CASE(empty_or_fragmented),
	KUNIT_CASE(watermark),
	KUNIT_CASE(lowmem_reserve),
	KUNIT_CASE(highatomic),
	KUNIT_CASE(no_zone),
	KUNIT_CASE(as_allocations_do),
	{},
};

static struct kunit_suite alloc_failure_suite = {
	.name = "mymm_alloc_failure",
	.test_cases = alloc_failure_cases,
};

kunit_test_suite(alloc_failure_suite);
