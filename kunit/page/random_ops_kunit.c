// SPDX-License-Identifier: GPL-2.0
/*
 * Everything at once: page lists, migratetypes, watermarks, nodes, holes, knobs that turn.
 *
 * There is one CPU, so that each run is the same, and a map that says of each frame whether it is
 * held, and nothing else. An allocated block must be free in the map, all of it, aligned, no
 * hole, of a zone and a node that will do. Whether a request may fail follows from the rule
 * (mymm_zone_watermark_ok()), zone by zone: if one passes the min watermark without any
 * privilege, the request must be served; if none would even with what CPUs have in their lists,
 * and the request has no privilege, it must not.
 *
 * With all CPUs see hotplug_kunit.c.
 *
 * Tests: page/page_alloc.c page/page_free.c page/pageblock.c page/watermark.c
 */
#include "lib/random_args.h"
#include "lib/lists.h"
#include "page/pageblock.h"
#include "page/pcp_cpu.h"
#include "page/vmstat.h"
#include "page/watermark.h"

#define OPERATIONS 10000
#define MOST_BLOCKS 2000

/* Each page of a block carries its number and the block's, at its first and last word. */
static void stamp(struct mymm_pool *pool, u32 first, unsigned int order, u32 id)
{
	u32 i;

	for (i = 0; i < 1U << order; i++) {
		u64 *page = mymm_pool_address(pool, first + i);

		page[0] = (u64)id << 32 | i;
		page[PAGE_SIZE / sizeof(u64) - 1] = ~page[0];
	}
}

static bool is_stamped(struct mymm_pool *pool, u32 first, unsigned int order,
		       u32 id)
{
	u32 i;

	for (i = 0; i < 1U << order; i++) {
		u64 *page = mymm_pool_address(pool, first + i);

		if (page[0] != ((u64)id << 32 | i) ||
		    page[PAGE_SIZE / sizeof(u64) - 1] != ~page[0])
			return false;
	}
	return true;
}

static const struct layout {
	const char *name;
	const char *zones;
	unsigned int nodes;
	const char *distance;
	const char *holes;
	unsigned int block_order;
	unsigned int flags;
} layouts[] = {
	{ .name = "one zone, no power of two", .zones = "Normal:7777K" },
	{ .name = "five zones with holes",
	  .zones = "DMA:1000K,DMA32:3M,Normal:5M,HighMem:1M,Movable:3M",
	  .holes = "100-120,700-1023,1500-1500,2501-2502" },
	{ .name = "three unlike nodes",
	  .zones = "DMA:1M,Normal:5M/Normal:3001K/DMA32:2M,Movable:2M",
	  .nodes = 3,
	  .distance = "10,30,20,30,10,20,20,20,10" },
	{ .name = "small pageblocks",
	  .zones = "DMA32:4M,Normal:6M",
	  .block_order = 2 },
	{ .name = "pageblocks of the largest order",
	  .zones = "DMA32:9M,Normal:13M",
	  .block_order = 10 },
	{ .name = "without page lists",
	  .zones = "DMA:1M,Normal:9M",
	  .block_order = 5,
	  .flags = MYMM_POOL_NO_PCP },
	{ .name = "without watermarks",
	  .zones = "DMA:1M,DMA32:2M,Normal:6M",
	  .flags = MYMM_POOL_NO_WATERMARKS },
};

static void describe_layout(const struct layout *layout, char *text)
{
	snprintf(text, KUNIT_PARAM_DESC_SIZE, "%s", layout->name);
}

KUNIT_ARRAY_PARAM(layouts, layouts, describe_layout);

struct block {
	u32 first;
	u32 order;
	u32 id;
};

struct ops {
	struct kunit *test;
	struct mymm_pool *pool;
	struct rnd_state random;
	u8 *held; /* of each frame: is it? */
	struct block block[MOST_BLOCKS];
	unsigned int nr_blocks;
	u32 next_id;
	unsigned long op;
	unsigned long served;
	unsigned long failed;
	unsigned long ranges;
	bool bad;
};

static void ops_fail(struct ops *ops, const char *what, unsigned long idx,
		     unsigned int order)
{
	ops->bad = true;
	KUNIT_FAIL(ops->test, "operation %lu, frame %lu, order %u: %s", ops->op,
		   idx, order, what);
}

static bool is_hole(const struct ops *ops, u32 idx)
{
	return mymm_tag_state(ops->pool->frame[idx].tag) == MYMM_FRAME_HOLE;
}

static const struct mymm_zone *zone_of(const struct ops *ops, u32 idx)
{
	unsigned int i = 0;

	while (idx >= ops->pool->zone[i].buddy.end)
		i++;
	return &ops->pool->zone[i];
}

/* A request, and what the rules say of it. */
struct wish {
	gfp_t gfp;
	unsigned int order;
	int node;
	bool possible; /* a zone passes the watermark without any privilege */
	bool conceivable; /* it would if CPUs gave it what they have in their lists */
	bool privileged; /* it might be served even so */
};

static bool will_do(const struct ops *ops, const struct wish *wish,
		    const struct mymm_zone *zone)
{
	int node = wish->node == NUMA_NO_NODE ?
			   per_cpu_ptr(ops->pool->cpu, 0)->node :
			   wish->node;

	return zone->type <= mymm_gfp_zone(wish->gfp) &&
	       (!(wish->gfp & __GFP_THISNODE) || zone->node == node);
}

static void random_wish(struct ops *ops, struct wish *wish)
{
	static const gfp_t urgency[] = {
		__GFP_NOMEMALLOC, GFP_NOWAIT | __GFP_NOMEMALLOC,
		GFP_NOWAIT,	  GFP_ATOMIC,
		GFP_KERNEL,	  __GFP_MEMALLOC | GFP_NOWAIT,
	};
	struct rnd_state *random = &ops->random;
	enum mymm_zone_type highest;
	unsigned int i;

	*wish = (struct wish){
		.order = mymm_random_order(random),
		.node = mymm_test_below(random, ops->pool->nr_nodes + 1) - 1,
	};
	i = mymm_test_below(random, ARRAY_SIZE(urgency));
	wish->privileged = i > 1;
	wish->gfp = urgency[i] | __GFP_NOWARN | __GFP_NORETRY |
		    mymm_random_where(random);
	if (!mymm_test_below(random, 8))
		wish->gfp |= __GFP_ZERO;
	if (!mymm_test_below(random, 4))
		wish->gfp |= __GFP_COMP;
	if (!mymm_test_below(random, 8))
		wish->gfp |= __GFP_THISNODE;

	highest = mymm_gfp_zone(wish->gfp);
	for (i = 0; i < ops->pool->nr_zones; i++) {
		struct mymm_zone *zone = &ops->pool->zone[i];
		unsigned long min;

		if (!will_do(ops, wish, zone))
			continue;
		mymm_buddy_finish_split(&zone->buddy);
		wish->possible |= mymm_zone_watermark_ok(
			zone, wish->order,
			mymm_zone_watermark(zone, MYMM_WMARK_MIN), highest, 0,
			zone->buddy.free);
		/* There is no kswapd: a request that would wake it drops the boosts. */
		min = wish->gfp & __GFP_KSWAPD_RECLAIM ?
			      zone->watermark[MYMM_WMARK_MIN] :
			      mymm_zone_watermark(zone, MYMM_WMARK_MIN);
		wish->conceivable |=
			zone->buddy.free + mymm_pcp_frames(ops->pool, zone) +
				1 >
			(1UL << wish->order) + zone->nr_free_highatomic + min +
				zone->lowmem_reserve[highest];
	}
}

/* What is wrong with a block that was given; NULL: nothing. */
static const char *look_at(const struct ops *ops, const struct wish *wish,
			   u32 first)
{
	const struct mymm_zone *zone = zone_of(ops, first);
	u32 tag = ops->pool->frame[first].tag, i;

	if (!will_do(ops, wish, zone))
		return "a zone that will not do";
	if (first + (1U << wish->order) > zone->buddy.end)
		return "it reaches out of its zone";
	if (first & ((1U << wish->order) - 1))
		return "it is not aligned";
	if ((tag & ~MYMM_TAG_COMP & ~MYMM_TAG_TYPE) !=
	    mymm_tag(MYMM_FRAME_PAGES, wish->order, zone->number))
		return "its tag";
	if (!(tag & MYMM_TAG_COMP) != !(wish->gfp & __GFP_COMP))
		return "whether it is compound";
	for (i = 0; i < 1U << wish->order; i++) {
		if (is_hole(ops, first + i))
			return "there is a hole in it";
		if (ops->held[first + i])
			return "somebody holds a frame of it";
	}
	if (wish->gfp & __GFP_ZERO &&
	    memchr_inv(mymm_pool_address(ops->pool, first), 0,
		       PAGE_SIZE << wish->order))
		return "it is not zeroed";
	return NULL;
}

static void ops_alloc(struct ops *ops)
{
	struct mymm_frame *frame;
	const char *why;
	struct wish wish;
	u32 first;

	if (ops->nr_blocks == MOST_BLOCKS)
		return;
	random_wish(ops, &wish);
	frame = mymm_alloc_pages_node(ops->pool, wish.node, wish.gfp,
				      wish.order);
	if (!frame) {
		ops->failed++;
		if (wish.possible)
			ops_fail(ops, "it must be served", 0, wish.order);
		return;
	}
	ops->served++;
	first = frame - ops->pool->frame;
	why = look_at(ops, &wish, first);
	if (!why && !wish.conceivable && !wish.privileged)
		why = "it must not be served";
	if (why) {
		ops_fail(ops, why, first, wish.order);
		return;
	}
	stamp(ops->pool, first, wish.order, ++ops->next_id);
	memset(ops->held + first, 1, 1U << wish.order);
	ops->block[ops->nr_blocks++] = (struct block){
		.first = first,
		.order = wish.order,
		.id = ops->next_id,
	};
}

static void ops_free(struct ops *ops)
{
	struct block *block;

	block = &ops->block[mymm_test_below(&ops->random, ops->nr_blocks)];
	if (!is_stamped(ops->pool, block->first, block->order, block->id))
		ops_fail(ops, "somebody else wrote to it", block->first,
			 block->order);
	if (mymm_free_pages(ops->pool, &ops->pool->frame[block->first],
			    block->order))
		ops_fail(ops, "it can't be freed", block->first, block->order);
	memset(ops->held + block->first, 0, 1U << block->order);
	*block = ops->block[--ops->nr_blocks];
}

/* Allocate some frames by number, which succeeds if none is held. */
static void ops_range(struct ops *ops)
{
	u32 nr = 1 + mymm_test_below(&ops->random,
				     1 << mymm_test_below(&ops->random, 7));
	u32 first = mymm_test_below(&ops->random, ops->pool->nr_frames - nr);
	bool held = false, hole = false, apart;
	int err, expected = 0;
	u32 i;

	for (i = 0; i < nr; i++) {
		held |= ops->held[first + i];
		hole |= is_hole(ops, first + i);
	}
	apart = zone_of(ops, first) != zone_of(ops, first + nr - 1);
	if (held)
		expected = -EBUSY;
	if (hole)
		expected = -ENXIO;
	if (apart)
		expected = -EINVAL;
	err = mymm_alloc_range(ops->pool, first, nr, GFP_KERNEL);
	/* With several reasons, any of them may be returned. */
	if (!err != !expected || (held + hole + apart == 1 && err != expected))
		ops_fail(ops, "a range", first, nr);
	if (err)
		return;
	ops->ranges++;
	for (i = 0; i < nr; i++)
		stamp(ops->pool, first + i, 0, ~0U);
	if (mymm_free_range(ops->pool, first, nr))
		ops_fail(ops, "a range can't be freed", first, nr);
}

/* Count the free blocks of a zone by type and order, from its frames. */
static void recount(struct ops *ops, struct mymm_zone *zone)
{
	unsigned long nr[MYMM_NR_MIGRATETYPES][MYMM_NR_ORDERS] = {};
	struct mymm_zone_snapshot snap;
	unsigned int type, order;
	unsigned long held = 0;
	u32 idx;

	mymm_zone_read(zone, &snap);
	for (idx = zone->buddy.start; idx < zone->buddy.end; idx++) {
		u32 tag = ops->pool->frame[idx].tag;

		held += ops->held[idx];
		if (mymm_tag_state(tag) == MYMM_FRAME_FREE)
			nr[mymm_buddy_type(&zone->buddy, idx)]
			  [mymm_tag_order(tag)]++;
	}
	for (order = 0; order < MYMM_NR_ORDERS; order++) {
		unsigned long sum = 0;

		for (type = 0; type < MYMM_NR_MIGRATETYPES; type++) {
			if (nr[type][order] != snap.nr_free_type[type][order])
				ops_fail(ops, "free blocks of a type", type,
					 order);
			sum += snap.nr_free_type[type][order];
		}
		if (sum != snap.nr_free[order])
			ops_fail(ops, "the sum over types (I8)", 0, order);
	}
	if (held != mymm_zone_allocated(ops->pool, zone))
		ops_fail(ops, "frames that are held", held, 0);
}

static void random_ops_look(struct ops *ops)
{
	unsigned int i;

	MYMM_EXPECT_SOUND(ops->test, ops->pool);
	MYMM_EXPECT_LISTS_SOUND(ops->test, ops->pool);
	for (i = 0; i < ops->pool->nr_zones; i++)
		recount(ops, &ops->pool->zone[i]);
}

static void ops_step(struct ops *ops, u32 room)
{
	struct rnd_state *random = &ops->random;
	struct mymm_tuning tuning;

	if (ops->nr_blocks &&
	    mymm_test_below(random, room) < ops->nr_blocks / 2)
		ops_free(ops);
	else
		ops_alloc(ops);
	if (!mymm_test_below(random, 64))
		ops_range(ops);
	if (!mymm_test_below(random, 500))
		mymm_pool_drain(ops->pool);
	if (!mymm_test_below(random, 500)) {
		tuning = mymm_random_tuning(random);
		if (mymm_tuning_set(ops->pool, &tuning))
			ops_fail(ops, "knobs", 0, 0);
	}
}

static void ops_run(struct mymm_test_thread *thread)
{
	struct ops *ops = thread->data;
	u32 room = MOST_BLOCKS;

	for (ops->op = 0; ops->op < OPERATIONS && !ops->bad; ops->op++) {
		if (ops->op % 500 == 0)
			room = 1 + mymm_test_below(&ops->random, MOST_BLOCKS);
		ops_step(ops, room);
		if (ops->op % 256 == 0) {
			random_ops_look(ops);
			cond_resched();
		}
	}
	while (ops->nr_blocks)
		ops_free(ops);
	random_ops_look(ops);
}

static void ops(struct kunit *test)
{
	const struct layout *layout = test->param_value;
	const struct mymm_pool_config config = {
		.zones = layout->zones,
		.nodes = layout->nodes,
		.distance = layout->distance,
		.holes = layout->holes,
		.block_order = layout->block_order,
		.flags = layout->flags | MYMM_POOL_NO_RECLAIM,
	};
	struct ops *ops;

	ops = kunit_kzalloc(test, sizeof(*ops), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ops);
	ops->test = test;
	ops->pool = mymm_test_pool_config(test, &config);
	ops->held = kunit_kzalloc(test, ops->pool->nr_frames, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ops->held);
	mymm_test_random(test, &ops->random);
	mymm_test_on_cpu(test, 0, ops_run, ops);
	kunit_info(test, "%lu were served, %lu failed, %lu ranges", ops->served,
		   ops->failed, ops->ranges);
	/* What was never tried was not tested. */
	KUNIT_EXPECT_GT(test, ops->served, 1000);
	KUNIT_EXPECT_GT(test, ops->failed, 100);
	KUNIT_EXPECT_GT(test, ops->ranges, 5);
}

static struct kunit_case ops_cases[] = {
	KUNIT_CASE_PARAM(ops, layouts_gen_params),
	{},
};

static struct kunit_suite ops_suite = {
	.name = "mymm_random_ops",
	.test_cases = ops_cases,
};

kunit_test_suite(ops_suite);
