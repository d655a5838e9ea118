// SPDX-License-Identifier: GPL-2.0
/*
 * Everything at once: page lists, migratetypes, watermarks, nodes, holes, knobs that turn.
 *
 * There is one CPU, so that each run is the same, and a map that says of each frame whether
 * somebody holds it, and nothing else. A block that is given must be free in the map, all of
 * it, aligned, no hole, of a zone and a node that will do. Whether a request may fail is asked
 * of the rule (mymm_zone_watermark_ok()), zone by zone: if one passes the min watermark without
 * any privilege, the request must be served; if none would even with what CPUs have in their
 * lists, and the request has no privilege, it must not.
 *
 * With all CPUs see hotplug_kunit.c.
 */
#include "chance.h"
#include "lists.h"
#include "page/pageblock.h"

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

static const struct scenery {
	const char *name;
	const char *zones;
	unsigned int nodes;
	const char *distance;
	const char *holes;
	unsigned int block_order;
	unsigned int flags;
} sceneries[] = {
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

static void describe_scenery(const struct scenery *scenery, char *text)
{
	snprintf(text, KUNIT_PARAM_DESC_SIZE, "%s", scenery->name);
}

KUNIT_ARRAY_PARAM(sceneries, sceneries, describe_scenery);

struct block {
	u32 first;
	u32 order;
	u32 id;
};

struct storm {
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

static void storm_fail(struct storm *storm, const char *what, unsigned long idx,
		       unsigned int order)
{
	storm->bad = true;
	KUNIT_FAIL(storm->test, "operation %lu, frame %lu, order %u: %s",
		   storm->op, idx, order, what);
}

static bool is_hole(const struct storm *storm, u32 idx)
{
	return mymm_tag_state(storm->pool->frame[idx].tag) == MYMM_FRAME_HOLE;
}

static const struct mymm_zone *zone_of(const struct storm *storm, u32 idx)
{
	unsigned int i = 0;

	while (idx >= storm->pool->zone[i].buddy.end)
		i++;
	return &storm->pool->zone[i];
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

static bool will_do(const struct storm *storm, const struct wish *wish,
		    const struct mymm_zone *zone)
{
	int node = wish->node == NUMA_NO_NODE ?
			   per_cpu_ptr(storm->pool->cpu, 0)->node :
			   wish->node;

	return zone->type <= mymm_gfp_zone(wish->gfp) &&
	       (!(wish->gfp & __GFP_THISNODE) || zone->node == node);
}

static void random_wish(struct storm *storm, struct wish *wish)
{
	static const gfp_t urgency[] = {
		__GFP_NOMEMALLOC, GFP_NOWAIT | __GFP_NOMEMALLOC,
		GFP_NOWAIT,	  GFP_ATOMIC,
		GFP_KERNEL,	  __GFP_MEMALLOC | GFP_NOWAIT,
	};
	struct rnd_state *random = &storm->random;
	enum mymm_zone_type highest;
	unsigned int i;

	*wish = (struct wish){
		.order = mymm_chance_order(random),
		.node = mymm_test_below(random, storm->pool->nr_nodes + 1) - 1,
	};
	i = mymm_test_below(random, ARRAY_SIZE(urgency));
	wish->privileged = i > 1;
	wish->gfp = urgency[i] | __GFP_NOWARN | __GFP_NORETRY |
		    mymm_chance_where(random);
	if (!mymm_test_below(random, 8))
		wish->gfp |= __GFP_ZERO;
	if (!mymm_test_below(random, 4))
		wish->gfp |= __GFP_COMP;
	if (!mymm_test_below(random, 8))
		wish->gfp |= __GFP_THISNODE;

	highest = mymm_gfp_zone(wish->gfp);
	for (i = 0; i < storm->pool->nr_zones; i++) {
		struct mymm_zone *zone = &storm->pool->zone[i];
		unsigned long min;

		if (!will_do(storm, wish, zone))
			continue;
		mymm_buddy_finish_split(&zone->buddy);
		wish->possible |= mymm_zone_watermark_ok(
			zone, wish->order,
			mymm_zone_watermark(zone, MYMM_WMARK_MIN), highest, 0,
			zone->buddy.free);
		/* There is no kswapd: who wants it woken makes boosts be forgotten. */
		min = wish->gfp & __GFP_KSWAPD_RECLAIM ?
			      zone->watermark[MYMM_WMARK_MIN] :
			      mymm_zone_watermark(zone, MYMM_WMARK_MIN);
		wish->conceivable |=
			zone->buddy.free + mymm_pcp_frames(storm->pool, zone) +
				1 >
			(1UL << wish->order) + zone->nr_free_highatomic + min +
				zone->lowmem_reserve[highest];
	}
}

/* What is wrong with a block that was given; NULL: nothing. */
static const char *look_at(const struct storm *storm, const struct wish *wish,
			   u32 first)
{
	const struct mymm_zone *zone = zone_of(storm, first);
	u32 tag = storm->pool->frame[first].tag, i;

	if (!will_do(storm, wish, zone))
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
		if (is_hole(storm, first + i))
			return "there is a hole in it";
		if (storm->held[first + i])
			return "somebody holds a frame of it";
	}
	if (wish->gfp & __GFP_ZERO &&
	    memchr_inv(mymm_pool_address(storm->pool, first), 0,
		       PAGE_SIZE << wish->order))
		return "it is not zeroed";
	return NULL;
}

static void storm_alloc(struct storm *storm)
{
	struct mymm_frame *frame;
	const char *why;
	struct wish wish;
	u32 first;

	if (storm->nr_blocks == MOST_BLOCKS)
		return;
	random_wish(storm, &wish);
	frame = mymm_alloc_pages_node(storm->pool, wish.node, wish.gfp,
				      wish.order);
	if (!frame) {
		storm->failed++;
		if (wish.possible)
			storm_fail(storm, "it must be served", 0, wish.order);
		return;
	}
	storm->served++;
	first = frame - storm->pool->frame;
	why = look_at(storm, &wish, first);
	if (!why && !wish.conceivable && !wish.privileged)
		why = "it must not be served";
	if (why) {
		storm_fail(storm, why, first, wish.order);
		return;
	}
	stamp(storm->pool, first, wish.order, ++storm->next_id);
	memset(storm->held + first, 1, 1U << wish.order);
	storm->block[storm->nr_blocks++] = (struct block){
		.first = first,
		.order = wish.order,
		.id = storm->next_id,
	};
}

static void storm_free(struct storm *storm)
{
	struct block *block;

	block = &storm->block[mymm_test_below(&storm->random, storm->nr_blocks)];
	if (!is_stamped(storm->pool, block->first, block->order, block->id))
		storm_fail(storm, "somebody else wrote to it", block->first,
			   block->order);
	if (mymm_free_pages(storm->pool, &storm->pool->frame[block->first],
			    block->order))
		storm_fail(storm, "it can't be freed", block->first,
			   block->order);
	memset(storm->held + block->first, 0, 1U << block->order);
	*block = storm->block[--storm->nr_blocks];
}

/* Some frames by their numbers: they are to be had if nobody holds one. */
static void storm_range(struct storm *storm)
{
	u32 nr = 1 + mymm_test_below(&storm->random,
				     1 << mymm_test_below(&storm->random, 7));
	u32 first =
		mymm_test_below(&storm->random, storm->pool->nr_frames - nr);
	bool held = false, hole = false, apart;
	int err, expected = 0;
	u32 i;

	for (i = 0; i < nr; i++) {
		held |= storm->held[first + i];
		hole |= is_hole(storm, first + i);
	}
	apart = zone_of(storm, first) != zone_of(storm, first + nr - 1);
	if (held)
		expected = -EBUSY;
	if (hole)
		expected = -ENXIO;
	if (apart)
		expected = -EINVAL;
	err = mymm_alloc_range(storm->pool, first, nr, GFP_KERNEL);
	/* Which of several reasons is told is not our business. */
	if (!err != !expected || (held + hole + apart == 1 && err != expected))
		storm_fail(storm, "a range", first, nr);
	if (err)
		return;
	storm->ranges++;
	for (i = 0; i < nr; i++)
		stamp(storm->pool, first + i, 0, ~0U);
	if (mymm_free_range(storm->pool, first, nr))
		storm_fail(storm, "a range can't be freed", first, nr);
}

/* Free blocks of a zone by type and order, as its frames tell. */
static void recount(struct storm *storm, struct mymm_zone *zone)
{
	unsigned long nr[MYMM_NR_MIGRATETYPES][MYMM_NR_ORDERS] = {};
	struct mymm_zone_snapshot snap;
	unsigned int type, order;
	unsigned long held = 0;
	u32 idx;

	mymm_zone_read(zone, &snap);
	for (idx = zone->buddy.start; idx < zone->buddy.end; idx++) {
		u32 tag = storm->pool->frame[idx].tag;

		held += storm->held[idx];
		if (mymm_tag_state(tag) == MYMM_FRAME_FREE)
			nr[mymm_buddy_type(&zone->buddy, idx)]
			  [mymm_tag_order(tag)]++;
	}
	for (order = 0; order < MYMM_NR_ORDERS; order++) {
		unsigned long sum = 0;

		for (type = 0; type < MYMM_NR_MIGRATETYPES; type++) {
			if (nr[type][order] != snap.nr_free_type[type][order])
				storm_fail(storm, "free blocks of a type", type,
					   order);
			sum += snap.nr_free_type[type][order];
		}
		if (sum != snap.nr_free[order])
			storm_fail(storm, "the sum over types (I8)", 0, order);
	}
	if (held != mymm_zone_allocated(storm->pool, zone))
		storm_fail(storm, "frames that are held", held, 0);
}

static void storm_look(struct storm *storm)
{
	unsigned int i;

	MYMM_EXPECT_SOUND(storm->test, storm->pool);
	MYMM_EXPECT_LISTS_SOUND(storm->test, storm->pool);
	for (i = 0; i < storm->pool->nr_zones; i++)
		recount(storm, &storm->pool->zone[i]);
}

static void storm_step(struct storm *storm, u32 room)
{
	struct rnd_state *random = &storm->random;
	struct mymm_tuning tuning;

	if (storm->nr_blocks &&
	    mymm_test_below(random, room) < storm->nr_blocks / 2)
		storm_free(storm);
	else
		storm_alloc(storm);
	if (!mymm_test_below(random, 64))
		storm_range(storm);
	if (!mymm_test_below(random, 500))
		mymm_pool_drain(storm->pool);
	if (!mymm_test_below(random, 500)) {
		tuning = mymm_chance_tuning(random);
		if (mymm_tuning_set(storm->pool, &tuning))
			storm_fail(storm, "knobs", 0, 0);
	}
}

static void storm_run(struct mymm_test_thread *thread)
{
	struct storm *storm = thread->data;
	u32 room = MOST_BLOCKS;

	for (storm->op = 0; storm->op < OPERATIONS && !storm->bad;
	     storm->op++) {
		if (storm->op % 500 == 0)
			room = 1 + mymm_test_below(&storm->random, MOST_BLOCKS);
		storm_step(storm, room);
		if (storm->op % 256 == 0) {
			storm_look(storm);
			cond_resched();
		}
	}
	while (storm->nr_blocks)
		storm_free(storm);
	storm_look(storm);
}

static void storm(struct kunit *test)
{
	const struct scenery *scenery = test->param_value;
	const struct mymm_pool_config config = {
		.zones = scenery->zones,
		.nodes = scenery->nodes,
		.distance = scenery->distance,
		.holes = scenery->holes,
		.block_order = scenery->block_order,
		.flags = scenery->flags | MYMM_POOL_NO_RECLAIM,
	};
	struct storm *storm;

	storm = kunit_kzalloc(test, sizeof(*storm), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, storm);
	storm->test = test;
	storm->pool = mymm_test_pool_config(test, &config);
	storm->held = kunit_kzalloc(test, storm->pool->nr_frames, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, storm->held);
	mymm_test_random(test, &storm->random);
	mymm_test_on_cpu(test, 0, storm_run, storm);
	kunit_info(test, "%lu were served, %lu failed, %lu ranges",
		   storm->served, storm->failed, storm->ranges);
	/* What was never tried was not tested. */
	KUNIT_EXPECT_GT(test, storm->served, 1000);
	KUNIT_EXPECT_GT(test, storm->failed, 100);
	KUNIT_EXPECT_GT(test, storm->ranges, 5);
}

static struct kunit_case storm_cases[] = {
	KUNIT_CASE_PARAM(storm, sceneries_gen_params),
	{},
};

static struct kunit_suite storm_suite = {
	.name = "mymm_storm",
	.test_cases = storm_cases,
};

kunit_test_suite(storm_suite);
