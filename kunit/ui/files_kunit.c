// SPDX-License-Identifier: GPL-2.0
/*
 * The views of the page layer, byte for byte, for pools that are small enough to be drawn.
 *
 * format_kunit.c has the older files; zoneinfo and history have a file each. What the lines
 * look like comes from the formats of the real files, and the numbers from the maps that
 * stand above the tests. That the lines are those of the running kernel is what the test
 * qemu/tests/files looks at.
 *
 * Tests: ui/proc_pagetypeinfo.c ui/proc_vmstat.c ui/debugfs.c page/vmstat.c
 */
#include <linux/cpumask.h>

#include "lib/text.h"
#include "ui/debugfs.h"
#include "page/vmstat.h"
#include "page/pcp.h"

/* Pages that are grouped, in pageblocks of 16, and nothing else that Linux does. */
static struct mymm_pool *grouped_pool(struct kunit *test, const char *zones)
{
	const struct mymm_pool_config config = {
		.zones = zones,
		.backing = MYMM_BACKING_NONE,
		.block_order = 4,
		.flags = MYMM_POOL_BARE & ~MYMM_POOL_NO_MOBILITY,
	};

	return mymm_test_pool_config(test, &config);
}

/* Ends with the test, whatever came of it. */
struct held {
	struct mymm_pool *pool;
	struct mymm_frame *frame;
	unsigned int order;
};

static void end_block(void *data)
{
	struct held *held = data;

	if (held->frame)
		mymm_free_pages(held->pool, held->frame, held->order);
}

static struct held *hold(struct kunit *test, struct mymm_pool *pool, gfp_t gfp,
			 unsigned int order)
{
	struct held *held = kunit_kzalloc(test, sizeof(*held), GFP_KERNEL);
	int err;

	KUNIT_ASSERT_NOT_NULL(test, held);
	held->pool = pool;
	held->order = order;
	held->frame = mymm_alloc_pages(pool, gfp, order);
	KUNIT_ASSERT_NOT_NULL(test, held->frame);
	err = kunit_add_action_or_reset(test, end_block, held);
	KUNIT_ASSERT_EQ(test, err, 0);
	return held;
}

static void let_go(struct kunit *test, struct held *held)
{
	MYMM_EXPECT_OK(test,
		       mymm_free_pages(held->pool, held->frame, held->order));
	held->frame = NULL;
}

/* --- pagetypeinfo ---------------------------------------------------------------- */

/* Migratetypes that the kernel has and we don't are columns of 0 and rows of 0. */
#ifdef CONFIG_CMA
#define CMA_NAME "         CMA "
#define CMA_COUNT "           0 "
#else
#define CMA_NAME
#define CMA_COUNT
#endif
#ifdef CONFIG_MEMORY_ISOLATION
#define ISOLATE_NAME "     Isolate "
#define ISOLATE_COUNT "           0 "
#else
#define ISOLATE_NAME
#define ISOLATE_COUNT
#endif

#define ORDERS                                                              \
	"Free pages count per migrate type at order       0      1      2 " \
	"     3      4      5      6      7      8      9     10 "
#define BLOCKS                                                             \
	"Number of blocks type     Unmovable      Movable  Reclaimable   " \
	"HighAtomic " CMA_NAME ISOLATE_NAME

static const char *const types_mixed[] = {
	"Page block order: 4",
	"Pages per block:  16",
	"",
	ORDERS,
	"Node    0, zone      DMA, type    Unmovable      0      0      0      0      0      0      0      0      0      0      0 ",
	"Node    0, zone      DMA, type      Movable      0      0      0      0      0      0      1      0      0      0      0 ",
	"Node    0, zone      DMA, type  Reclaimable      0      0      0      0      0      0      0      0      0      0      0 ",
	"Node    0, zone      DMA, type   HighAtomic      0      0      0      0      0      0      0      0      0      0      0 ",
#ifdef CONFIG_CMA
	"Node    0, zone      DMA, type          CMA      0      0      0      0      0      0      0      0      0      0      0 ",
#endif
#ifdef CONFIG_MEMORY_ISOLATION
	"Node    0, zone      DMA, type      Isolate      0      0      0      0      0      0      0      0      0      0      0 ",
#endif
	"Node    0, zone   Normal, type    Unmovable      1      1      1      1      1      1      0      0      0      0      0 ",
	"Node    0, zone   Normal, type      Movable      0      0      0      0      0      0      1      0      0      0      0 ",
	"Node    0, zone   Normal, type  Reclaimable      0      0      0      0      0      0      0      0      0      0      0 ",
	"Node    0, zone   Normal, type   HighAtomic      0      0      0      0      0      0      0      0      0      0      0 ",
#ifdef CONFIG_CMA
	"Node    0, zone   Normal, type          CMA      0      0      0      0      0      0      0      0      0      0      0 ",
#endif
#ifdef CONFIG_MEMORY_ISOLATION
	"Node    0, zone   Normal, type      Isolate      0      0      0      0      0      0      0      0      0      0      0 ",
#endif
	"",
	BLOCKS,
	"Node 0, zone      DMA            0            4            0            0 " CMA_COUNT
		ISOLATE_COUNT,
	"Node 0, zone   Normal            4            4            0            0 " CMA_COUNT
		ISOLATE_COUNT,
	NULL,
};

/*
 * Zone Normal is two blocks of 64 frames, all Movable; a page that is not takes one, of
 * which each of the four pageblocks becomes Unmovable:
 *
 *	DMA   0 M M M M 63   Normal   64 U U U U 127   128 M M M M 191
 */
static void pagetypeinfo(struct kunit *test)
{
	struct mymm_pool *pool = grouped_pool(test, "DMA:256K,Normal:512K");
	struct held *page = hold(test, pool, GFP_KERNEL, 0);

	mymm_test_lines(test, mymm_pagetypeinfo_show, pool, types_mixed);
	let_go(test, page);
}

/* No more than 100000 blocks are shown. */
static void pagetypeinfo_capped(struct kunit *test)
{
	struct mymm_pool *pool = grouped_pool(test, "DMA:256K");
	struct mymm_buddy_order *o =
		&pool->zone[0].buddy.type[MYMM_MOVABLE].order[0];
	static const struct {
		unsigned long nr;
		const char *shown;
	} counts[] = {
		{ 99999, "type      Movable  99999      0 " },
		{ 100000, "type      Movable >100000      0 " },
		{ 12345678, "type      Movable >100000      0 " },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		char *text;

		o->nr_free = counts[i].nr;
		text = mymm_test_text(test, mymm_pagetypeinfo_show, pool, 4096);
		KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(text, counts[i].shown),
					  "%lu blocks: %s", counts[i].nr, text);
	}
	o->nr_free = 0;
}

/* Add the eleven numbers that stand between @start and the end of the line. */
static bool add_row(const char *text, const char *start, unsigned long *sum)
{
	const char *at = strstr(text, start);
	unsigned int order;

	if (!at)
		return false;
	at += strlen(start);
	for (order = 0; order < MYMM_NR_ORDERS; order++) {
		unsigned long nr;
		int len;

		if (sscanf(at, "%lu%n", &nr, &len) != 1)
			return false;
		sum[order] += nr;
		at += len;
	}
	return at[0] == ' ' && at[1] == '\n';
}

/* I8, in what is read: the rows of each type together are the zone's line. */
static void expect_rows_add_up(struct kunit *test, struct mymm_pool *pool)
{
	char *types = mymm_test_text(test, mymm_pagetypeinfo_show, pool, 16384);
	char *blocks = mymm_test_text(test, mymm_buddyinfo_show, pool, 4096);
	unsigned int i, type;

	for (i = 0; i < pool->nr_zones; i++) {
		unsigned long sum[MYMM_NR_ORDERS] = {};
		unsigned long line[MYMM_NR_ORDERS] = {};
		const char *zone = mymm_zone_name(pool->zone[i].type);
		char start[64];

		for (type = 0; type < MYMM_NR_MIGRATETYPES; type++) {
			snprintf(start, sizeof(start),
				 "Node    0, zone %8s, type %12s ", zone,
				 mymm_migratetype_names[type]);
			KUNIT_EXPECT_TRUE(test, add_row(types, start, sum));
		}
		snprintf(start, sizeof(start), "Node 0, zone %8s ", zone);
		KUNIT_EXPECT_TRUE(test, add_row(blocks, start, line));
		KUNIT_EXPECT_MEMEQ(test, sum, line, sizeof(sum));
	}
	kunit_kfree(test, types);
	kunit_kfree(test, blocks);
}

#define BLOCKS_HELD 64

/* While blocks of any order and type come and go. */
static void rows_add_up(struct kunit *test)
{
	static const gfp_t gfps[] = { GFP_KERNEL, GFP_KERNEL | __GFP_MOVABLE,
				      GFP_KERNEL | __GFP_RECLAIMABLE };
	struct mymm_pool *pool = grouped_pool(test, "DMA:1M,Normal:2M");
	struct mymm_frame *held[BLOCKS_HELD] = {};
	unsigned int order[BLOCKS_HELD], i, n;
	unsigned int mixed = 0;
	struct rnd_state random;

	mymm_test_random(test, &random);
	for (n = 0; n < 2000; n++) {
		i = mymm_test_below(&random, BLOCKS_HELD);
		if (held[i]) {
			MYMM_EXPECT_OK(test, mymm_free_pages(pool, held[i],
							     order[i]));
			held[i] = NULL;
		} else {
			order[i] = mymm_test_below(&random, 7);
			held[i] = mymm_alloc_pages(
				pool,
				__GFP_NOWARN |
					gfps[mymm_test_below(&random, 3)],
				order[i]);
		}
		if (n % 50 == 0)
			expect_rows_add_up(test, pool);
		mixed += pool->zone[1].extfrag > 0;
	}
	KUNIT_EXPECT_GT(test, mixed, 0);
	for (i = 0; i < BLOCKS_HELD; i++)
		if (held[i])
			MYMM_EXPECT_OK(test, mymm_free_pages(pool, held[i],
							     order[i]));
	expect_rows_add_up(test, pool);
}

/* --- vmstat ---------------------------------------------------------------------- */

#define ALLOCSTALL                                                       \
	"allocstall_dma 0", "allocstall_dma32 0", "allocstall_normal 7", \
		"allocstall_high 0", "allocstall_movable 0"
#if defined(CONFIG_NUMA) && MYMM_VMSTAT_RECLAIM_SUCCESS
#define OF_NODES "zone_reclaim_success 61", "zone_reclaim_failed 62",
#elif defined(CONFIG_NUMA)
#define OF_NODES "zone_reclaim_failed 62",
#else
#define OF_NODES
#endif
#define RECLAIMED                                                             \
	"pgsteal_kswapd 1", "pgsteal_direct 2", "pgscan_kswapd 3",            \
		"pgscan_direct 4", "pgscan_anon 31", "pgscan_file 32",        \
		"pgsteal_anon 33", "pgsteal_file 34",                         \
		OF_NODES "slabs_scanned 5", "kswapd_low_wmark_hit_quickly 6", \
		"kswapd_high_wmark_hit_quickly 8", "pageoutrun 9",            \
		"drop_pagecache 49", "drop_slab 10"

#define COMPACTED                                                             \
	"pgmigrate_success 50", "pgmigrate_fail 51",                          \
		"compact_migrate_scanned 52", "compact_free_scanned 53",      \
		"compact_isolated 54", "compact_stall 55", "compact_fail 56", \
		"compact_success 57", "compact_daemon_wake 58",               \
		"compact_daemon_migrate_scanned 59",                          \
		"compact_daemon_free_scanned 60"

static const char *const counted[] = {
	"nr_free_pages 180",
#ifdef CONFIG_NUMA
	"numa_hit 5",
	"numa_miss 0",
	"numa_foreign 0",
	"numa_interleave 0",
	"numa_local 5",
	"numa_other 0",
#endif
	"nr_slab_reclaimable 0",
	"nr_slab_unreclaimable 0",
	"workingset_refault_anon 20",
	"workingset_refault_file 21",
	"workingset_activate_anon 22",
	"workingset_activate_file 23",
	"workingset_restore_anon 24",
	"workingset_restore_file 25",
	"nr_anon_pages 11",
	"nr_mapped 0",
	"nr_file_pages 42",
	"nr_dirty 43",
	"nr_writeback 44",
	"nr_dirtied 45",
	"nr_written 46",
	"nr_page_table_pages 12",
	"nr_swapcached 26",
	"nr_dirty_threshold 0",
	"nr_dirty_background_threshold 0",
	"pgpgin 47",
	"pgpgout 48",
	"pswpin 27",
	"pswpout 28",
	"pgalloc_dma 1",
	"pgalloc_dma32 0",
	"pgalloc_normal 0",
	"pgalloc_high 0",
	"pgalloc_movable 24",
	ALLOCSTALL,
	"pgfree 13",
	"pgactivate 29",
	"pgdeactivate 30",
	"pgfault 14",
	"pgmajfault 35",
	"pgrefill 36",
	RECLAIMED,
	"oom_kill 37",
	COMPACTED,
	"unevictable_pgs_culled 38",
	"unevictable_pgs_rescued 39",
	"swap_ra 40",
	"swap_ra_hit 41",
	NULL,
};

/* What process/ and fs/ count, from 20 on; three others are counted below. */
static const enum mymm_vm_item others[] = {
	MYMM_WORKINGSET_REFAULT_ANON,
	MYMM_WORKINGSET_REFAULT_FILE,
	MYMM_WORKINGSET_ACTIVATE_ANON,
	MYMM_WORKINGSET_ACTIVATE_FILE,
	MYMM_WORKINGSET_RESTORE_ANON,
	MYMM_WORKINGSET_RESTORE_FILE,
	MYMM_NR_SWAPCACHED,
	MYMM_PSWPIN,
	MYMM_PSWPOUT,
	MYMM_PGACTIVATE,
	MYMM_PGDEACTIVATE,
	MYMM_PGSCAN_ANON,
	MYMM_PGSCAN_FILE,
	MYMM_PGSTEAL_ANON,
	MYMM_PGSTEAL_FILE,
	MYMM_PGMAJFAULT,
	MYMM_PGREFILL,
	MYMM_OOM_KILL,
	MYMM_UNEVICTABLE_PGS_CULLED,
	MYMM_UNEVICTABLE_PGS_RESCUED,
	MYMM_SWAP_RA,
	MYMM_SWAP_RA_HIT,
	MYMM_NR_FILE_PAGES,
	MYMM_NR_FILE_DIRTY,
	MYMM_NR_WRITEBACK,
	MYMM_NR_DIRTIED,
	MYMM_NR_WRITTEN,
	MYMM_PGPGIN,
	MYMM_PGPGOUT,
	MYMM_DROP_PAGECACHE,
};

static void count_compaction(struct mymm_compact_stats *stats)
{
	atomic_long_set(&stats->pgmigrate_success, 50);
	atomic_long_set(&stats->pgmigrate_fail, 51);
	atomic_long_set(&stats->migrate_scanned, 52);
	atomic_long_set(&stats->free_scanned, 53);
	atomic_long_set(&stats->isolated, 54);
	atomic_long_set(&stats->stall, 55);
	atomic_long_set(&stats->fail, 56);
	atomic_long_set(&stats->success, 57);
	atomic_long_set(&stats->daemon_wake, 58);
	atomic_long_set(&stats->daemon_migrate_scanned, 59);
	atomic_long_set(&stats->daemon_free_scanned, 60);
}

/*
 * Of 192 frames 12 are held in the end, of 25 that were allocated in five blocks:
 *
 *	Movable   +8 +4 +4 -8 -4 +8     DMA   +1 -1
 *
 * What reclaim, compaction and the memory of processes have counted is shown as it is.
 */
static void vmstat(struct kunit *test)
{
	struct mymm_pool *pool = grouped_pool(test, "DMA:256K,Movable:512K");
	const gfp_t movable = GFP_HIGHUSER_MOVABLE;
	struct mymm_reclaim_stats *stats = &pool->reclaim.stats;
	struct held *eight, *four, *other, *page;
	unsigned int i;

	atomic_long_set(&stats->allocstall[MYMM_ZONE_NORMAL], 7);
	atomic_long_set(&stats->pgsteal_kswapd, 1);
	atomic_long_set(&stats->pgsteal_direct, 2);
	atomic_long_set(&stats->pgscan_kswapd, 3);
	atomic_long_set(&stats->pgscan_direct, 4);
	atomic_long_set(&stats->slabs_scanned, 5);
	atomic_long_set(&stats->kswapd_low_wmark_hit_quickly, 6);
	atomic_long_set(&stats->kswapd_high_wmark_hit_quickly, 8);
	atomic_long_set(&stats->pageoutrun, 9);
	atomic_long_set(&stats->drop_slab, 10);
	atomic_long_set(&pool->reclaim.node.success, 61);
	atomic_long_set(&pool->reclaim.node.failed, 62);
	count_compaction(&pool->compact);
	for (i = 0; i < ARRAY_SIZE(others); i++)
		mymm_vm_count(pool, others[i], 20 + i);
	mymm_vm_count(pool, MYMM_NR_ANON_PAGES, 11);
	mymm_vm_count(pool, MYMM_NR_PAGE_TABLE_PAGES, 12);
	mymm_vm_count(pool, MYMM_PGFAULT, 14);

	eight = hold(test, pool, movable, 3);
	four = hold(test, pool, movable, 2);
	other = hold(test, pool, movable, 2);
	let_go(test, eight);
	let_go(test, four);
	eight = hold(test, pool, movable, 3);
	page = hold(test, pool, GFP_KERNEL, 0);
	let_go(test, page);
	mymm_test_lines(test, mymm_vmstat_show, pool, counted);
	let_go(test, eight);
	let_go(test, other);
}

/* A slab counts by its cache's kind, until it goes back. */
static void slab_frames(struct kunit *test)
{
	const struct mymm_cache_config kinds[] = {
		{ .name = "unreclaimable", .size = 64 },
		{ .name = "reclaimable",
		  .size = 64,
		  .flags = SLAB_RECLAIM_ACCOUNT },
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K,Normal:1M");
	const struct mymm_node *node = &pool->node_of[0];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct mymm_cache *cache =
			mymm_test_cache_config(test, pool, &kinds[i]);
		void *obj = mymm_cache_alloc(cache, i ? GFP_DMA : GFP_KERNEL);
		unsigned long frames = 1UL << cache->order;

		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_EXPECT_EQ(test, mymm_node_slab_frames(node, i), frames);
		KUNIT_EXPECT_EQ(test, mymm_node_slab_frames(node, !i), 0);
		mymm_test_piece(test,
				mymm_test_text(test, mymm_vmstat_show, pool,
					       4096),
				i ? "nr_slab_reclaimable 1\n"
				    "nr_slab_unreclaimable 0\n" :
				    "nr_slab_reclaimable 0\n"
				    "nr_slab_unreclaimable 1\n");
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
		mymm_pool_drain(pool);
		KUNIT_EXPECT_EQ(test, mymm_node_slab_frames(node, i), 0);
	}
}

/* --- debugfs --------------------------------------------------------------------- */

static const char *const zones_lines[] = {
	"# node    zone    managed       free       peak failed extfrag highatomic  boost  refills  flushes collisions",
	"     0     DMA         64         64          0      0       0          0      0        0        0          0",
	"     0  Normal        128        127          3      1       1         16     33        4        5          6",
	NULL,
};

/*
 * Of Normal three pages are held, then one; the first mixed types, and a block of 512
 * pages is more than there is. The rest is written into it.
 */
static void zones(struct kunit *test)
{
	struct mymm_pool *pool = grouped_pool(test, "DMA:256K,Normal:512K");
	int cpu = cpumask_first(cpu_online_mask);
	struct mymm_pcp *pcp = per_cpu_ptr(pool->cpu, cpu)->by_zone[1];
	struct held *page = hold(test, pool, GFP_KERNEL, 0);
	struct held *pair = hold(test, pool, GFP_KERNEL, 1);
	struct mymm_zone *zone = &pool->zone[1];

	let_go(test, pair);
	KUNIT_EXPECT_NULL(test,
			  mymm_alloc_pages(pool, GFP_NOWAIT | __GFP_NOWARN, 9));
	zone->nr_reserved_highatomic = 16;
	zone->watermark_boost = 33;
	pcp->refills = 4;
	pcp->flushes = 5;
	pcp->lock.collisions = 6;
	mymm_test_lines(test, mymm_zones_show, pool, zones_lines);
	zone->nr_reserved_highatomic = 0;
	zone->watermark_boost = 0;
	let_go(test, page);
}

static const char *const map_of_lists[] = {
	"0-9 a: free, of that order   P: pages   S: slab   L: large kmalloc   C: in a CPU's list   . p s l c: the rest of it   -: hole",
	"Node 0, zone   Normal, frames 0 to 63",
	"         0  C0CcPp1.--------4...............5...............................",
	NULL,
};

/*
 * Frames 8 to 15 are holes. Of the eight before them a page and a pair go into a CPU's
 * lists, and another pair is held:
 *
 *	0 page in a list   1 free   2 pair in a list   4 pair, held   6 free pair   8 holes
 */
static void map_of_cpu_lists(struct kunit *test)
{
	static const struct mymm_pool_config config = {
		.zones = "Normal:256K",
		.backing = MYMM_BACKING_NONE,
		.holes = "8-15",
		.flags = MYMM_POOL_BARE & ~MYMM_POOL_NO_PCP,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct held *page, *pair, *held;

	KUNIT_ASSERT_EQ(test, pool->zone[0].pcp_batch, 1);
	page = hold(test, pool, GFP_KERNEL, 0);
	pair = hold(test, pool, GFP_KERNEL, 1);
	KUNIT_EXPECT_EQ(test, mymm_frame_pfn(pool, page->frame), 0);
	KUNIT_EXPECT_EQ(test, mymm_frame_pfn(pool, pair->frame), 2);
	held = hold(test, pool, GFP_KERNEL, 1);
	/* The other way round the CPU would give all away, having freed twice in a row. */
	let_go(test, pair);
	let_go(test, page);
	mymm_test_lines(test, mymm_frames_show, pool, map_of_lists);
	let_go(test, held);
}

/* --- all of them ------------------------------------------------------------------ */

/* Too small a buffer is full then, and not a byte more is written. */
static void small_buffer(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_none(test, "DMA:256K");

	mymm_test_small_buffer(test, mymm_pagetypeinfo_show, pool);
	mymm_test_small_buffer(test, mymm_vmstat_show, pool);
	mymm_test_small_buffer(test, mymm_zoneinfo_show, pool);
	mymm_test_small_buffer(test, mymm_zones_show, pool);
}

static struct kunit_case files_cases[] = {
	KUNIT_CASE(pagetypeinfo),
	KUNIT_CASE(pagetypeinfo_capped),
	KUNIT_CASE(rows_add_up),
	KUNIT_CASE(vmstat),
	KUNIT_CASE(slab_frames),
	KUNIT_CASE(zones),
	KUNIT_CASE(map_of_cpu_lists),
	KUNIT_CASE(small_buffer),
	{},
};

static struct kunit_suite files_suite = {
	.name = "mymm_files",
	.test_cases = files_cases,
};

kunit_test_suite(files_suite);
