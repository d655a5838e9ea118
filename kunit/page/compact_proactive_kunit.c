// SPDX-License-Identifier: GPL-2.0
/*
 * Proactive compaction: the scores of zones and nodes, the marks, and when it begins.
 *
 * Tests: page/compact_proactive.c
 */
#include "lib/util.h"
#include "page/compact.h"
#include "page/pool.h"
#include "page/zone.h"

static void restore(void *before)
{
	mymm_compaction_proactiveness = (long)before;
}

/* Set compaction_proactiveness until the case ends. */
static void proactiveness(struct kunit *test, int value)
{
	static int before;

	before = mymm_compaction_proactiveness;
	KUNIT_ASSERT_EQ(test,
			kunit_add_action_or_reset(test, restore,
						  (void *)(long)before),
			0);
	mymm_compaction_proactiveness = value;
}

/* --- marks ------------------------------------------------------------------------ */

/* As worked out by hand from fragmentation_score_wmark(). */
static void marks(struct kunit *test)
{
	static const struct {
		int proactiveness;
		unsigned int low;
		unsigned int high;
	} expected[] = {
		{ 1, 99, 100 }, { 9, 91, 100 }, { 10, 90, 100 }, { 11, 89, 99 },
		{ 20, 80, 90 }, { 50, 50, 60 }, { 94, 6, 16 },	 { 95, 5, 15 },
		{ 96, 5, 15 },	{ 99, 5, 15 },	{ 100, 5, 15 },
	};
	unsigned int i;

	KUNIT_EXPECT_EQ(test, mymm_compaction_proactiveness, 20);
	proactiveness(test, 20);
	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		mymm_compaction_proactiveness = expected[i].proactiveness;
		KUNIT_EXPECT_EQ_MSG(test, mymm_fragmentation_mark(true),
				    expected[i].low, "proactiveness %d",
				    expected[i].proactiveness);
		KUNIT_EXPECT_EQ_MSG(test, mymm_fragmentation_mark(false),
				    expected[i].high, "proactiveness %d",
				    expected[i].proactiveness);
	}
}

/* --- scores ----------------------------------------------------------------------- */

/**
 * struct held - all frames of a pool, as single ones
 * @pool: the pool
 * @frame: the frames that are allocated; NULL: one that was freed
 */
struct held {
	struct mymm_pool *pool;
	struct mymm_frame **frame;
};

static void free_one(struct held *held, u32 pfn)
{
	if (held->frame[pfn])
		mymm_free_pages(held->pool, held->frame[pfn], 0);
	held->frame[pfn] = NULL;
}

static void free_all(void *data)
{
	struct held *held = data;
	u32 pfn;

	for (pfn = 0; pfn < held->pool->nr_frames; pfn++)
		free_one(held, pfn);
}

/* A pool of these zones, without CPUs' lists and watermarks, and all of it is allocated. */
static struct held *hold_all(struct kunit *test, const char *zones)
{
	const struct mymm_pool_config config = {
		.zones = zones,
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_POOL_BARE & ~MYMM_POOL_NO_MOBILITY,
	};
	struct held *held = kunit_kzalloc(test, sizeof(*held), GFP_KERNEL);
	struct mymm_frame *frame;

	KUNIT_ASSERT_NOT_NULL(test, held);
	held->pool = mymm_test_pool_config(test, &config);
	held->frame = kunit_kcalloc(test, held->pool->nr_frames,
				    sizeof(*held->frame), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, held->frame);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_all, held),
			0);
	while ((frame = mymm_alloc_pages(
			held->pool, GFP_HIGHUSER_MOVABLE | __GFP_NOWARN, 0)))
		held->frame[frame - held->pool->frame] = frame;
	return held;
}

/*
 * 256 frames in pageblocks of 64. Each line frees some more of them:
 *
 *	nothing                          nothing is free, so nothing is in pieces
 *	1, 3, 5, ... 127                 64 single frames
 *	128 to 191                       and a pageblock: half
 *	192                              one more that is alone: 65 of 129 are in pieces
 *	193 to 255                       and the next, and it is one block of 128: a third
 *	0, 2, ... 126                    all of it
 */
static void zones(struct kunit *test)
{
	struct held *held = hold_all(test, "Normal:1M");
	struct mymm_zone *zone = &held->pool->zone[0];
	u32 pfn;

	KUNIT_ASSERT_EQ(test, zone->buddy.block_order, 6);
	KUNIT_EXPECT_EQ(test, mymm_fragmentation_score(zone), 0);
	for (pfn = 1; pfn < 128; pfn += 2)
		free_one(held, pfn);
	KUNIT_EXPECT_EQ(test, mymm_fragmentation_score(zone), 100);
	for (pfn = 128; pfn < 192; pfn++)
		free_one(held, pfn);
	KUNIT_EXPECT_EQ(test, mymm_fragmentation_score(zone), 50);
	free_one(held, 192);
	/* The frame that is alone is in pieces, too: 65 of 129. */
	KUNIT_EXPECT_EQ(test, mymm_fragmentation_score(zone), 50);
	for (pfn = 193; pfn < 256; pfn++)
		free_one(held, pfn);
	KUNIT_EXPECT_EQ(test, mymm_fragmentation_score(zone), 33);
	for (pfn = 0; pfn < 128; pfn += 2)
		free_one(held, pfn);
	KUNIT_EXPECT_EQ(test, mymm_fragmentation_score(zone), 0);
}

/*
 * 256 and 1792 frames: the smaller zone adds at most 256 * 100 / 2049 = 12, the larger one
 * 1792 * 100 / 2049 = 87, so that both have 99 together.
 */
static void nodes(struct kunit *test)
{
	struct held *held = hold_all(test, "DMA:1M,Normal:7M");
	const struct mymm_node *node = &held->pool->node_of[0];
	u32 pfn;

	KUNIT_ASSERT_EQ(test, held->pool->nr_zones, 2);
	KUNIT_EXPECT_EQ(test, mymm_node_fragmentation(node), 0);
	for (pfn = 1; pfn < 256; pfn += 2)
		free_one(held, pfn);
	KUNIT_EXPECT_EQ(test, mymm_node_fragmentation(node), 12);
	proactiveness(test, 100);
	KUNIT_EXPECT_FALSE(test, mymm_node_is_fragmented(node));
	for (; pfn < 256 + 1792; pfn += 2)
		free_one(held, pfn);
	KUNIT_EXPECT_EQ(test, mymm_node_fragmentation(node), 99);

	/* It begins above the high mark, and never with 0. */
	mymm_compaction_proactiveness = 20;
	KUNIT_EXPECT_TRUE(test, mymm_node_is_fragmented(node));
	mymm_compaction_proactiveness = 11;
	KUNIT_EXPECT_FALSE(test, mymm_node_is_fragmented(node));
	mymm_compaction_proactiveness = 12;
	KUNIT_EXPECT_TRUE(test, mymm_node_is_fragmented(node));
	mymm_compaction_proactiveness = 0;
	KUNIT_EXPECT_FALSE(test, mymm_node_is_fragmented(node));
}

/* As long as kswapd runs it neither begins nor goes on; a pool without kswapd does not wait. */
static void with_kswapd(struct kunit *test)
{
	struct held *held = hold_all(test, "Normal:1M");
	struct mymm_node *node = &held->pool->node_of[0];
	struct mymm_zone *zone = &held->pool->zone[0];
	u32 pfn;

	proactiveness(test, 20);
	for (pfn = 1; pfn < 256; pfn += 2)
		free_one(held, pfn);
	KUNIT_EXPECT_TRUE(test, mymm_node_is_fragmented(node));
	KUNIT_EXPECT_EQ(test, mymm_proactive_result(node, zone),
			MYMM_COMPACT_CONTINUE);

	KUNIT_ASSERT_NULL(test, node->kswapd.task);
	node->kswapd.task = current;
	KUNIT_EXPECT_FALSE(test, mymm_node_is_fragmented(node));
	KUNIT_EXPECT_EQ(test, mymm_proactive_result(node, zone),
			MYMM_COMPACT_PARTIAL);
	node->kswapd.asleep = true;
	KUNIT_EXPECT_TRUE(test, mymm_node_is_fragmented(node));
	KUNIT_EXPECT_EQ(test, mymm_proactive_result(node, zone),
			MYMM_COMPACT_CONTINUE);
	node->kswapd.task = NULL;
}

/* 128 single frames: one pageblock of 64 makes it 50 %, and one whole zone 0. */
static void ends(struct kunit *test)
{
	struct held *held = hold_all(test, "Normal:1M");
	struct mymm_node *node = &held->pool->node_of[0];
	struct mymm_zone *zone = &held->pool->zone[0];
	u32 pfn;

	proactiveness(test, 50);
	for (pfn = 0; pfn < 64; pfn++)
		free_one(held, pfn);
	for (; pfn < 192; pfn += 2)
		free_one(held, pfn);
	KUNIT_EXPECT_EQ(test, mymm_fragmentation_score(zone), 50);
	KUNIT_EXPECT_EQ(test, mymm_proactive_result(node, zone),
			MYMM_COMPACT_SUCCESS);
	mymm_compaction_proactiveness = 51;
	KUNIT_EXPECT_EQ(test, mymm_proactive_result(node, zone),
			MYMM_COMPACT_CONTINUE);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(marks),	 KUNIT_CASE(zones), KUNIT_CASE(nodes),
	KUNIT_CASE(with_kswapd), KUNIT_CASE(ends),  {},
};

static struct kunit_suite suite = {
	.name = "mymm_proactive",
	.test_cases = cases,
};

kunit_test_suite(suite);
