// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/myzoneinfo, piece by piece, for pools that are small enough to be drawn.
 *
 * What the lines look like comes from the format of the real file, and the numbers from what
 * stands above the tests. That the lines are those of the running kernel is what the test
 * qemu/tests/files looks at.
 *
 * Tests: ui/proc_zoneinfo.c
 */
#include <linux/cpumask.h>

#include "lib/text.h"
#include "base/compat.h"
#include "page/vmstat.h"
#include "page/pcp.h"

/* Pages that are grouped, in pageblocks of 16, and nothing else that Linux does. */
#define GROUPED (MYMM_POOL_BARE & ~MYMM_POOL_NO_MOBILITY)

static unsigned int count_pieces(const char *text, const char *piece)
{
	unsigned int nr = 0;

	for (; (text = strstr(text, piece)); text += strlen(piece))
		nr++;
	return nr;
}

#if MYMM_ZONEINFO_6_12
#define PROMO_21 "        promo    21\n"
#define PROMO_0 "        promo    0\n"
#else
#define PROMO_21
#define PROMO_0
#endif

static const char zone_head[] = "Node 0, zone   Normal\n"
				"  pages free     118\n"
				"        boost    5\n"
				"        min      15\n"
				"        low      17\n"
				"        high     19\n" PROMO_21
				"        spanned  128\n"
				"        present  118\n"
				"        managed  118\n"
				"        cma      0\n"
				"        protection: (0, 0, 0, 3, 4)\n"
				"      nr_free_pages 118\n"
				"      nr_zone_inactive_anon 0\n";

static const char zone_empty[] = "Node 0, zone  HighMem\n"
				 "  pages free     0\n"
				 "        boost    0\n"
				 "        min      0\n"
				 "        low      0\n"
				 "        high     0\n" PROMO_0
				 "        spanned  0\n"
				 "        present  0\n"
				 "        managed  0\n"
				 "        cma      0\n"
				 "        protection: (0, 0, 0, 0, 0)\n"
				 "Node 0, zone  Movable\n"
				 "  pages free     0\n";

/* The end of zone Normal: of each CPU what it keeps; 5 frames, and the others none. */
static char *end_of_normal(struct kunit *test, int with)
{
	const size_t size = 4096;
	char *text = kunit_kzalloc(test, size, GFP_KERNEL);
	size_t len;
	int cpu;

	KUNIT_ASSERT_NOT_NULL(test, text);
	len = scnprintf(text, size, "  pagesets\n");
	for_each_online_cpu(cpu) {
		len += scnprintf(text + len, size - len,
				 "    cpu: %d\n"
				 "              count: %d\n"
				 "              high:  %d\n"
				 "              batch: 7\n",
				 cpu, cpu == with ? 5 : 0,
				 cpu == with ? 30 : 28);
		if (IS_ENABLED(CONFIG_SMP))
			len += scnprintf(text + len, size - len,
					 "  vm stats threshold: 0\n");
	}
	scnprintf(text + len, size - len,
		  "  node_unreclaimable:  0\n"
		  "  start_pfn:           64\n"
		  "Node 0, zone  HighMem\n");
	return text;
}

static void *copy(struct kunit *test, const void *from, size_t size)
{
	void *to = kunit_kzalloc(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, to);
	return memcpy(to, from, size);
}

/*
 * Zone Normal has 128 frames, from frame 64, ten of them holes. What else a zone can show
 * is written into it, shown, and taken back.
 */
static void zoneinfo(struct kunit *test)
{
	static const struct mymm_pool_config config = {
		.zones = "DMA:256K,Normal:512K",
		.backing = MYMM_BACKING_NONE,
		.holes = "80-89",
		.block_order = 4,
		.flags = GROUPED,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	int cpu = cpumask_first(cpu_online_mask);
	struct mymm_pcp *pcp = per_cpu_ptr(pool->cpu, cpu)->by_zone[1];
	struct mymm_zone *zone = &pool->zone[1];
	struct mymm_zone *zone_before = copy(test, zone, sizeof(*zone));
	struct mymm_pcp *pcp_before = copy(test, pcp, sizeof(*pcp));
	char *text;

	zone->watermark_boost = 5;
	zone->watermark[MYMM_WMARK_MIN] = 10;
	zone->watermark[MYMM_WMARK_LOW] = 12;
	zone->watermark[MYMM_WMARK_HIGH] = 14;
	zone->watermark[MYMM_WMARK_PROMO] = 16;
	zone->lowmem_reserve[MYMM_ZONE_HIGHMEM] = 3;
	zone->lowmem_reserve[MYMM_ZONE_MOVABLE] = 4;
	zone->pcp_batch = 7;
	zone->pcp_high_min = 28;
	zone->pcp_high_max = 56;
	pcp->high = 30;
	pcp->spare = 24;
	text = mymm_test_text(test, mymm_zoneinfo_show, pool, 16384);
	mymm_test_copy_zone(zone, zone_before);
	*pcp = *pcp_before;

	mymm_test_piece(test, text, zone_head);
	mymm_test_piece(test, text, end_of_normal(test, cpu));
	mymm_test_piece(test, text, zone_empty);
	/* The first zone of the node has what is the node's. */
	KUNIT_EXPECT_EQ(test, count_pieces(text, "  per-node stats\n"), 1);
	KUNIT_EXPECT_EQ(test,
			strncmp(text,
				"Node 0, zone      DMA\n"
				"  per-node stats\n"
				"      nr_inactive_anon 0\n",
				strlen("Node 0, zone      DMA\n"
				       "  per-node stats\n"
				       "      nr_inactive_anon 0\n")),
			0);
	KUNIT_EXPECT_EQ(test, count_pieces(text, "Node 0, zone "), 5);
	KUNIT_EXPECT_EQ(test, text[strlen(text) - 1], '\n');
}

/*
 * Four blocks of 16 are all that node 0 has; the fifth that is wanted there comes from
 * node 1, which is a miss of that and foreign to node 0.
 */
static void zoneinfo_numa(struct kunit *test)
{
	static const struct mymm_pool_config config = {
		.zones = "Normal:256K",
		.backing = MYMM_BACKING_NONE,
		.nodes = 2,
		.block_order = 4,
		.flags = GROUPED,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct mymm_zone_events of[2];
	struct mymm_frame *block[5];
	char *text;
	int i;

	for (i = 0; i < 5; i++) {
		block[i] = mymm_alloc_pages_node(pool, 0, GFP_KERNEL, 4);
		KUNIT_EXPECT_NOT_NULL(test, block[i]);
	}
	for (i = 0; i < 2; i++)
		mymm_zone_events(pool, &pool->zone[i], &of[i]);
	KUNIT_EXPECT_EQ(test, of[0].numa_hit, 4);
	KUNIT_EXPECT_EQ(test, of[0].numa_miss, 0);
	KUNIT_EXPECT_EQ(test, of[0].numa_foreign, 1);
	KUNIT_EXPECT_EQ(test, of[0].numa_local + of[0].numa_other, 4);
	KUNIT_EXPECT_EQ(test, of[1].numa_hit, 0);
	KUNIT_EXPECT_EQ(test, of[1].numa_miss, 1);
	KUNIT_EXPECT_EQ(test, of[1].numa_foreign, 0);
	KUNIT_EXPECT_EQ(test, of[1].numa_local + of[1].numa_other, 1);

	text = mymm_test_text(test, mymm_zoneinfo_show, pool, 16384);
	mymm_test_piece(test, text,
			"      numa_hit     4\n"
			"      numa_miss    0\n"
			"      numa_foreign 1\n"
			"      numa_interleave 0\n");
	mymm_test_piece(test, text,
			"      numa_hit     0\n"
			"      numa_miss    1\n"
			"      numa_foreign 0\n"
			"      numa_interleave 0\n");
	KUNIT_EXPECT_EQ(test, count_pieces(text, "  per-node stats\n"), 2);
	KUNIT_EXPECT_EQ(test, count_pieces(text, "Node 1, zone "), 5);
	for (i = 0; i < 5; i++)
		if (block[i])
			MYMM_EXPECT_OK(test,
				       mymm_free_pages(pool, block[i], 4));
	for (i = 0; i < 2; i++) {
		mymm_zone_events(pool, &pool->zone[i], &of[i]);
		KUNIT_EXPECT_EQ(test, of[i].freed, of[i].allocated);
	}
}

static struct kunit_case zoneinfo_cases[] = {
	KUNIT_CASE(zoneinfo),
	KUNIT_CASE(zoneinfo_numa),
	{},
};

static struct kunit_suite zoneinfo_suite = {
	.name = "mymm_zoneinfo",
	.test_cases = zoneinfo_cases,
};

kunit_test_suite(zoneinfo_suite);
