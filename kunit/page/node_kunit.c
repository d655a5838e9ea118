// SPDX-License-Identifier: GPL-2.0
/*
 * Nodes, and holes: which zones a request asks, in which order, what is counted of that, and
 * that what is not there is never given.
 *
 * A zone is written by its letter, D for DMA, N for Normal, M for Movable, and the number of
 * its node; so N0D0N1D1 is the order in which a request of node 0 asks. It is seen by taking
 * everything, block by block, until there is no more.
 *
 * Tests: page/zone.c pool/layout.c
 */
#include "lib/model.h"
#include "lib/util.h"
#include "page/vmstat.h"
#include "page/pcp.h"

static struct mymm_pool *new_pool(struct kunit *test, const char *zones,
				  unsigned int nodes, const char *distance,
				  const char *holes)
{
	const struct mymm_pool_config config = {
		.zones = zones,
		.nodes = nodes,
		.distance = distance,
		.holes = holes,
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_POOL_BARE,
	};

	return mymm_test_pool_config(test, &config);
}

static const struct mymm_zone *zone_at(struct mymm_pool *pool,
				       const struct mymm_frame *frame)
{
	return &pool->zone[mymm_tag_zone(frame->tag)];
}

#define MOST 64

/* Take all that a request of a node gets, in blocks of order 4, and write down whence. */
static void take_all(struct kunit *test, struct mymm_pool *pool, int node,
		     gfp_t gfp, char *got)
{
	struct mymm_frame *frame[MOST];
	unsigned int nr = 0;
	int len = 0;

	got[0] = 0;
	while (nr < MOST) {
		const struct mymm_zone *zone;

		frame[nr] = mymm_alloc_pages_node(pool, node,
						  gfp | __GFP_NOWARN, 4);
		if (!frame[nr])
			break;
		zone = zone_at(pool, frame[nr++]);
		len += sprintf(got + len, "%c%d", mymm_zone_name(zone->type)[0],
			       zone->node);
	}
	while (nr--)
		MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame[nr], 4));
}

/* --- in which order --------------------------------------------------------------- */

static const struct order {
	const char *zones;
	unsigned int nodes;
	const char *distance;
	int node;
	gfp_t gfp;
	const char *got;
	const char *why;
} orders[] = {
	{ "DMA:64K,Normal:64K", 1, NULL, 0, 0, "N0D0", "one node" },
	{ "DMA:64K,Normal:64K", 2, NULL, 0, 0, "N0D0N1D1",
	  "all of its own first" },
	{ "DMA:64K,Normal:64K", 2, NULL, 1, 0, "N1D1N0D0", "and of the other" },
	{ "DMA:64K,Normal:64K", 2, NULL, 1, __GFP_DMA, "D1D0",
	  "only the zones that will do" },
	{ "Normal:64K", 4, NULL, 0, 0, "N0N1N2N3", "equally far: by number" },
	{ "Normal:64K", 4, NULL, 2, 0, "N2N3N0N1", "from its own on" },
	{ "Normal:64K", 3, "10,30,20,30,10,20,20,20,10", 0, 0, "N0N2N1",
	  "the nearest first" },
	{ "Normal:64K", 3, "10,30,20,30,10,20,20,20,10", 1, 0, "N1N2N0",
	  "the nearest first, of node 1" },
	{ "Normal:64K", 3, "10,30,20,30,10,20,20,20,10", 2, 0, "N2N0N1",
	  "both equally far" },
	{ "Normal:64K", 3, "10,11,255,255,10,11,11,255,10", 2, 0, "N2N0N1",
	  "there and back differ" },
	{ "Normal:64K", 8, NULL, 5, 0, "N5N6N7N0N1N2N3N4", "eight of them" },
	{ "DMA:64K,Normal:64K/Normal:64K", 2, NULL, 1, 0, "N1N0D0",
	  "a node without DMA" },
	{ "DMA:64K,Normal:64K/Normal:64K", 2, NULL, 1, __GFP_DMA, "D0",
	  "which asks another's" },
	{ "DMA:64K/Normal:64K", 2, NULL, 0, 0, "D0N1", "near before high" },
	{ "Normal:64K/Movable:64K", 2, NULL, 0, __GFP_HIGHMEM | __GFP_MOVABLE,
	  "N0M1", "Movable elsewhere" },
	{ "Normal:64K/Movable:64K", 2, NULL, 1, 0, "N0", "nothing of its own" },
	{ "DMA:64K,Normal:64K", 3, NULL, 1, __GFP_THISNODE, "N1D1",
	  "THISNODE: its own" },
	{ "Normal:64K/Movable:64K", 2, NULL, 1, __GFP_THISNODE, "",
	  "THISNODE: it has none" },
};

static void describe_order(const struct order *order, char *text)
{
	snprintf(text, KUNIT_PARAM_DESC_SIZE, "%s", order->why);
}

KUNIT_ARRAY_PARAM(orders, orders, describe_order);

static void zones_in_order(struct kunit *test)
{
	const struct order *order = test->param_value;
	struct mymm_pool *pool = new_pool(test, order->zones, order->nodes,
					  order->distance, NULL);
	char got[2 * MOST + 1];

	take_all(test, pool, order->node, order->gfp, got);
	KUNIT_EXPECT_STREQ(test, got, order->got);
	MYMM_EXPECT_SOUND(test, pool);
}

/* Nodes lie one behind the other, each with its zones as in a pool of one node. */
static void laid_out(struct kunit *test)
{
	struct mymm_pool *pool = new_pool(
		test, "DMA:16K,Normal:40K/Movable:4K,DMA32:8K/Normal:12K", 3,
		NULL, NULL);
	static const struct {
		int node;
		const char *name;
		u32 start, end;
	} zones[] = {
		{ 0, "DMA", 0, 4 },	 { 0, "Normal", 4, 14 },
		{ 1, "DMA32", 14, 16 },	 { 1, "Movable", 16, 17 },
		{ 2, "Normal", 17, 20 },
	};
	static const u32 starts[] = { 0, 14, 17, 20 };
	unsigned int i;

	KUNIT_ASSERT_EQ(test, pool->nr_zones, ARRAY_SIZE(zones));
	KUNIT_ASSERT_EQ(test, pool->nr_nodes, 3);
	for (i = 0; i < ARRAY_SIZE(zones); i++) {
		const struct mymm_zone *zone = &pool->zone[i];

		KUNIT_EXPECT_EQ(test, zone->node, zones[i].node);
		KUNIT_EXPECT_STREQ(test, mymm_zone_name(zone->type),
				   zones[i].name);
		KUNIT_EXPECT_EQ(test, zone->buddy.start, zones[i].start);
		KUNIT_EXPECT_EQ(test, zone->buddy.end, zones[i].end);
	}
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, pool->node_of[i].start, starts[i]);
		KUNIT_EXPECT_EQ(test, pool->node_of[i].end, starts[i + 1]);
	}
}

/* A node that there is not. */
static void bad_nodes(struct kunit *test)
{
	struct mymm_pool *pool = new_pool(test, "Normal:64K", 2, NULL, NULL);
	static const int bad[] = { 2, 8, INT_MAX, -2, INT_MIN };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_GFP, 0,
				    mymm_alloc_pages_node(pool, bad[i], 0, 0));
}

/* --- of which CPU ----------------------------------------------------------------- */

static void take_local(struct mymm_test_thread *thread)
{
	struct mymm_pool *pool = thread->data;
	int node = per_cpu_ptr(pool->cpu, thread->cpu)->node, order;

	for (order = 0; order <= 4; order++) {
		static const gfp_t flags[] = { GFP_KERNEL,
					       GFP_KERNEL | __GFP_THISNODE };
		unsigned int i;

		for (i = 0; i < 2 * ARRAY_SIZE(flags); i++) {
			gfp_t gfp = flags[i / 2];
			struct mymm_frame *frame =
				i % 2 ? mymm_alloc_pages(pool, gfp, order) :
					mymm_alloc_pages_node(
						pool, NUMA_NO_NODE, gfp, order);

			if (!frame || zone_at(pool, frame)->node != node)
				mymm_test_complain(thread, "order %d, way %u",
						   order, i);
			mymm_free_pages(pool, frame, order);
		}
	}
}

/*
 * Each CPU gets what is its node's. Where the machine has fewer nodes than the pool, CPUs
 * are shared out among the pool's.
 */
static void local_first(struct kunit *test)
{
	static const unsigned int flags[] = {
		MYMM_POOL_BARE,
		MYMM_POOL_BARE & ~MYMM_POOL_NO_PCP,
		0,
	};
	unsigned int i;
	int cpu;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		const struct mymm_pool_config config = {
			.zones = "Normal:32M",
			.nodes = 2,
			.backing = MYMM_BACKING_NONE,
			.flags = flags[i],
		};
		struct mymm_pool *pool = mymm_test_pool_config(test, &config);

		for_each_possible_cpu(cpu) {
			int node = per_cpu_ptr(pool->cpu, cpu)->node;

			KUNIT_EXPECT_TRUE(test, node == 0 || node == 1);
			if (num_online_nodes() < 2 && nr_cpu_ids == 2)
				KUNIT_EXPECT_EQ(test, node, cpu);
		}
		mymm_test_on_each_cpu(test, take_local, pool);
	}
}

/* --- what is counted ---------------------------------------------------------------- */

static void expect_events(struct kunit *test, struct mymm_pool *pool,
			  unsigned int zone, unsigned long hit,
			  unsigned long miss, unsigned long foreign,
			  unsigned long local, unsigned long other)
{
	struct mymm_zone_events events;

	mymm_zone_events(pool, &pool->zone[zone], &events);
	KUNIT_EXPECT_EQ_MSG(test, events.numa_hit, hit, "hit of %u", zone);
	KUNIT_EXPECT_EQ_MSG(test, events.numa_miss, miss, "miss of %u", zone);
	KUNIT_EXPECT_EQ_MSG(test, events.numa_foreign, foreign, "foreign of %u",
			    zone);
	KUNIT_EXPECT_EQ_MSG(test, events.numa_local, local, "local of %u",
			    zone);
	KUNIT_EXPECT_EQ_MSG(test, events.numa_other, other, "other of %u",
			    zone);
}

/* CPU 0 wants ten frames of each node; each node has four. */
static void take_ten(struct mymm_test_thread *thread)
{
	struct mymm_pool *pool = thread->data;
	unsigned int i, n;

	for (n = 0; n < 2; n++)
		for (i = 0; i < 10; i++)
			mymm_alloc_pages_node(pool, n,
					      GFP_NOWAIT | __GFP_NOWARN, 0);
}

/*
 * Node 0 has four frames, node 1 ten. CPU 0 is of node 0 and wants ten of node 0, and ten of
 * node 1:
 *
 *	wanted of   got of 0        got of 1
 *	0           4 hit, local    6 miss, other; foreign of 0
 *	1           -               4 hit, other
 *
 * and 6 fail, which is counted elsewhere.
 */
static void counted(struct kunit *test)
{
	struct mymm_pool *pool =
		new_pool(test, "Normal:16K/Normal:40K", 2, NULL, NULL);
	u32 idx;

	if (per_cpu_ptr(pool->cpu, 0)->node)
		kunit_skip(test, "CPU 0 is not of node 0");
	mymm_test_on_cpu(test, 0, take_ten, pool);
	expect_events(test, pool, 0, 4, 0, 6, 4, 0);
	expect_events(test, pool, 1, 4, 6, 0, 0, 10);
	for (idx = 0; idx < 14; idx++)
		MYMM_EXPECT_OK(test,
			       mymm_free_pages(pool, &pool->frame[idx], 0));
}

static void take_dma(struct mymm_test_thread *thread)
{
	struct mymm_pool *pool = thread->data;
	struct mymm_frame *frame;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		frame = mymm_alloc_pages(pool, GFP_DMA, 0);
		if (!frame || mymm_free_pages(pool, frame, 0))
			mymm_test_complain(thread, "number %u", i);
		frame = mymm_alloc_pages_node(pool, 1, GFP_DMA, 0);
		if (!frame || mymm_free_pages(pool, frame, 0))
			mymm_test_complain(thread, "number %u of node 1", i);
	}
}

/*
 * Node 1 has no DMA. What is first on its list is what it wished for, so that is a hit, as
 * with the kernel; but of a CPU that is another node's.
 */
static void nothing_nearer(struct kunit *test)
{
	static const unsigned int flags[] = {
		MYMM_POOL_BARE,
		MYMM_POOL_BARE & ~MYMM_POOL_NO_PCP,
	};
	unsigned int i, last = cpumask_last(cpu_online_mask);

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		const struct mymm_pool_config config = {
			.zones = "DMA:16M/Normal:16M",
			.nodes = 2,
			.backing = MYMM_BACKING_NONE,
			.flags = flags[i],
		};
		struct mymm_pool *pool = mymm_test_pool_config(test, &config);

		if (per_cpu_ptr(pool->cpu, last)->node != 1)
			kunit_skip(test, "no CPU is of node 1");
		mymm_test_on_cpu(test, last, take_dma, pool);
		expect_events(test, pool, 0, 20, 0, 0, 0, 20);
		expect_events(test, pool, 1, 0, 0, 0, 0, 0);
	}
}

/* --- holes --------------------------------------------------------------------------- */

#define HOLEY 6

/* "0-0,3-3": each hole for itself. */
static void describe_holes(unsigned int holes, char *text)
{
	unsigned int i;
	int len = 0;

	text[0] = 0;
	for (i = 0; i < HOLEY; i++)
		if (holes & BIT(i))
			len += sprintf(text + len, "%s%u-%u", len ? "," : "", i,
				       i);
}

/* The free blocks that there must be when nothing is held. */
static void expect_all_free(struct kunit *test, struct mymm_pool *pool,
			    unsigned int holes)
{
	unsigned long expected[MODEL_ORDERS] = {}, part[MODEL_ORDERS];
	struct mymm_zone_snapshot snap;
	u32 start, end;
	int order;

	for (start = 0; start < HOLEY; start = end + 1) {
		for (end = start; end < HOLEY && !(holes & BIT(end));)
			end++;
		mymm_model_forced(start, end, part);
		for (order = 0; order < MODEL_ORDERS; order++)
			expected[order] += part[order];
	}
	mymm_zone_read(&pool->zone[0], &snap);
	for (order = 0; order < MODEL_ORDERS; order++)
		KUNIT_EXPECT_EQ_MSG(test, snap.nr_free[order], expected[order],
				    "holes %#x, order %d", holes, order);
}

/*
 * A zone of seven frames with each set of holes but all of them: every frame that is there is
 * given once, no hole ever; what comes back merges as far as the holes let it, in whichever
 * order it comes; a hole can't be freed; and a drain leaves them where they are.
 */
static void each_set_of_holes(struct kunit *test)
{
	struct mymm_frame *frame[HOLEY];
	unsigned int holes, cases = 0;
	char text[80];

	for (holes = 1; holes < BIT(HOLEY) - 1; holes++, cases++) {
		unsigned int there = HOLEY - hweight8(holes), i, step;
		struct mymm_pool *pool;
		unsigned int seen = 0;

		describe_holes(holes, text);
		pool = new_pool(test, "DMA:6p", 1, NULL, text);
		KUNIT_EXPECT_EQ(test, mymm_zone_managed(&pool->zone[0]), there);
		expect_all_free(test, pool, holes);
		for (step = 1; step <= 3; step += 2) {
			for (i = 0; i < there; i++) {
				frame[i] = mymm_alloc_pages(pool, GFP_DMA, 0);
				KUNIT_ASSERT_NOT_NULL(test, frame[i]);
				seen |= BIT(frame[i] - pool->frame);
			}
			KUNIT_EXPECT_EQ_MSG(test, seen,
					    ~holes & (BIT(HOLEY) - 1),
					    "holes %#x", holes);
			KUNIT_EXPECT_NULL(
				test, mymm_alloc_pages(
					      pool, GFP_DMA | __GFP_NOWARN, 0));
			/* Each third one, or the last first where that would repeat. */
			for (i = 0; i < there; i++) {
				unsigned int n = there % 3 ? i * step % there :
							     there - 1 - i;

				MYMM_EXPECT_OK(test,
					       mymm_free_pages(pool, frame[n],
							       0));
			}
			expect_all_free(test, pool, holes);
			MYMM_EXPECT_SOUND(test, pool);
			mymm_pool_drain(pool);
			expect_all_free(test, pool, holes);
		}
		for (i = 0; i < HOLEY; i++)
			if (holes & BIT(i))
				KUNIT_EXPECT_EQ(test,
						mymm_free_pages(pool,
								&pool->frame[i],
								0),
						-EINVAL);
		KUNIT_EXPECT_EQ(
			test,
			atomic_long_read(
				&pool->refused[MYMM_REFUSED_WRONG_KIND]),
			hweight8(holes));
	}
	KUNIT_EXPECT_EQ(test, cases, 62);
}

/*
 * One frame is missing in the middle of 4096: the block around it is in pieces, and those
 * beside it are whole. Whatever comes and goes, in pieces that are as large as they can be.
 *
 *	0        1024            2048 .. 2500 .. 3071    3072
 *	[a      ][a             ][8 7 6 5  # 1 3 4 5 9   ][a
 */
static void one_hole(struct kunit *test)
{
	struct mymm_pool *pool =
		new_pool(test, "Normal:16M", 1, NULL, "2500-2500");
	struct mymm_zone *zone = &pool->zone[0];
	unsigned int order;

	KUNIT_EXPECT_EQ(test, zone->buddy.free, 4095);
	KUNIT_EXPECT_EQ(test, mymm_buddy_nr_free(&zone->buddy, 10), 3);
	for (order = 0; order < 10; order++)
		KUNIT_EXPECT_EQ_MSG(test,
				    mymm_buddy_nr_free(&zone->buddy, order), 1,
				    "order %u", order);
	KUNIT_EXPECT_PTR_EQ(test, mymm_compound_head(pool, &pool->frame[2500]),
			    &pool->frame[2500]);
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_WRONG_KIND, -EINVAL,
			    mymm_free_pages(pool, &pool->frame[2500], 0));
}

/* --- pageblocks ------------------------------------------------------------------------ */

/* Order 9, or less where the smallest zone would have less than four of them, down to 3. */
static void pageblock_order_chosen(struct kunit *test)
{
	static const struct {
		const char *zones;
		unsigned int wanted;
		unsigned int got;
	} table[] = {
		{ "Normal:2048p", 0, 9 },      { "Normal:2047p", 0, 8 },
		{ "Normal:1G", 0, 9 },	       { "DMA:1024p,Normal:1G", 0, 8 },
		{ "DMA:64p,Normal:1G", 0, 4 }, { "DMA:63p,Normal:1G", 0, 3 },
		{ "DMA:32p", 0, 3 },	       { "DMA:1p", 0, 3 },
		{ "DMA:1p", 10, 10 },	       { "Normal:2048p", 1, 1 },
		{ "Normal:2048p", 10, 10 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		const struct mymm_pool_config config = {
			.zones = table[i].zones,
			.backing = MYMM_BACKING_NONE,
			.block_order = table[i].wanted,
		};
		struct mymm_pool *pool;

		pool = mymm_test_pool_config(test, &config);
		KUNIT_EXPECT_EQ_MSG(test, pool->block_order, table[i].got, "%s",
				    table[i].zones);
		MYMM_EXPECT_SOUND(test, pool);
	}
}

static struct kunit_case node_cases[] = {
	KUNIT_CASE_PARAM(zones_in_order, orders_gen_params),
	KUNIT_CASE(laid_out),
	KUNIT_CASE(bad_nodes),
	KUNIT_CASE(local_first),
	KUNIT_CASE(counted),
	KUNIT_CASE(nothing_nearer),
	KUNIT_CASE(each_set_of_holes),
	KUNIT_CASE(one_hole),
	KUNIT_CASE(pageblock_order_chosen),
	{},
};

static struct kunit_suite node_suite = {
	.name = "mymm_node",
	.test_cases = node_cases,
};

kunit_test_suite(node_suite);
