// SPDX-License-Identifier: GPL-2.0
/*
 * Pageblocks where zones meet: another zone is asked before a pageblock is mixed, if that
 * is one of the same node and not too small; and none is claimed that reaches over the end
 * of its zone.
 *
 * Tests: page/pageblock.c page/page_alloc.c
 */
#include "lib/drawing.h"

/* A zone's frames, all movable, but for the first of each pageblock given back. */
static void hold_first_frames(struct kunit *test, struct mymm_pool *pool,
			      gfp_t gfp, unsigned int nr)
{
	struct mymm_frame *frame, *first = NULL;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		frame = mymm_alloc_pages(pool, gfp | __GFP_MOVABLE, 0);
		KUNIT_ASSERT_NOT_NULL(test, frame);
		if (!first || frame < first)
			first = frame;
	}
	for (i = 0; i < nr; i++)
		if (i % 8)
			MYMM_EXPECT_OK(test,
				       mymm_free_pages(pool, first + i, 0));
}

/*
 * With DMA32 below it, Normal is not mixed as long as there is a whole pageblock there:
 *
 *	DMA32   MM               Normal  MM
 *	        4............... <=      m01.2...m01.2...
 *
 * when there is none, both being mixed, Normal is, where something was freed last.
 */
static void rather_another_zone(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "DMA32:16p,Normal:16p",
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_DRAW_GROUPED,
		.block_order = 3,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct mymm_frame *frame;

	hold_first_frames(test, pool, 0, 16);
	frame = mymm_alloc_pages(pool, GFP_NOWAIT, 0);
	KUNIT_EXPECT_EQ(test, mymm_frame_pfn(pool, frame), 0);
	KUNIT_EXPECT_EQ(test, mymm_buddy_type(&pool->zone[0].buddy, 0),
			MYMM_UNMOVABLE);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));

	hold_first_frames(test, pool, __GFP_DMA32, 16);
	frame = mymm_alloc_pages(pool, GFP_NOWAIT, 0);
	KUNIT_EXPECT_EQ(test, mymm_frame_pfn(pool, frame), 25);
	KUNIT_EXPECT_EQ(test, mymm_buddy_type(&pool->zone[1].buddy, 24),
			MYMM_UNMOVABLE);
	MYMM_EXPECT_SOUND(test, pool);
	mymm_draw_give_back(test, pool);
}

/* Above DMA alone Normal is mixed at once: DMA is too small to be spent on that. */
static void not_dma(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "DMA:16p,Normal:16p",
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_DRAW_GROUPED,
		.block_order = 3,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);

	hold_first_frames(test, pool, 0, 16);
	KUNIT_EXPECT_EQ(test,
			mymm_frame_pfn(pool,
				       mymm_alloc_pages(pool, GFP_NOWAIT, 0)),
			25);
	mymm_draw_give_back(test, pool);
}

/* Nor for another node, however whole its pageblocks are. */
static void not_another_node(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "DMA32:16p,Normal:16p",
		.nodes = 2,
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_DRAW_GROUPED,
		.block_order = 3,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct mymm_frame *frame;
	unsigned int i;

	for (i = 0; i < 32; i++)
		KUNIT_ASSERT_NOT_NULL(
			test, mymm_alloc_pages_node(pool, 0, __GFP_MOVABLE, 0));
	for (i = 0; i < 32; i++)
		if (i % 8)
			MYMM_EXPECT_OK(test, mymm_free_pages(
						     pool, &pool->frame[i], 0));
	frame = mymm_alloc_pages_node(pool, 0, GFP_NOWAIT, 0);
	KUNIT_EXPECT_EQ(test, mymm_frame_pfn(pool, frame), 25);
	mymm_draw_give_back(test, pool);
}

/*
 * A pageblock that reaches over the end of a zone is never claimed, though all of it in this
 * zone is free: what is beyond is not ours to decide. It is stolen from.
 *
 *	DMA  M       M           Normal  M
 *	     mmmmmmmm2...                2...
 */
static void not_over_a_border(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "DMA:12p,Normal:4p",
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_DRAW_GROUPED,
		.block_order = 3,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct mymm_frame *frame;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test,
			      mymm_alloc_pages(pool, mymm_draw_gfp('m'), 3));
	frame = mymm_alloc_pages(pool, mymm_draw_gfp('u'), 0);
	KUNIT_ASSERT_NOT_NULL(test, frame);
	for (i = 0; i < 12; i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    mymm_buddy_type(&pool->zone[0].buddy, i),
				    MYMM_MOVABLE, "frame %u", i);
	KUNIT_EXPECT_EQ(test, mymm_buddy_type(&pool->zone[1].buddy, 12),
			MYMM_MOVABLE);
	MYMM_EXPECT_SOUND(test, pool);
	mymm_draw_give_back(test, pool);
}

static struct kunit_case pageblock_zones_cases[] = {
	KUNIT_CASE(rather_another_zone),
	KUNIT_CASE(not_dma),
	KUNIT_CASE(not_another_node),
	KUNIT_CASE(not_over_a_border),
	{},
};

static struct kunit_suite pageblock_zones_suite = {
	.name = "mymm_pageblock_zones",
	.test_cases = pageblock_zones_cases,
};

kunit_test_suite(pageblock_zones_suite);
