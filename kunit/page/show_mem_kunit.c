// SPDX-License-Identifier: GPL-2.0
/*
 * The report of a failure, as it stands in the kernel's log: line by line, from a pool small
 * enough to know each number by hand.
 *
 *	frame   0                16       32                48
 *	        +----------------+--------+-----------------+
 *	        | DMA            | Normal                   |
 *	        +----------------+--------+-----------------+
 *
 * Pageblocks have 8 frames. min_free_kbytes=16 are 4 frames: 4 * 16 / 48 = 1 for DMA, and
 * 4 * 32 / 48 = 2 for Normal; low and high are no higher, since a quarter of that is nothing.
 * With a ratio of 8 DMA keeps 32 / 8 = 4 from requests that could have had Normal.
 *
 * One unmovable frame of Normal is held. It was cut from a block of 16, which has changed its
 * type as a whole: of each order from 0 to 3 one is left, and the other block of 16 is movable
 * still.
 *
 * Tests: page/show_mem.c
 */
#include <linux/kmsg_dump.h>

#include "lib/util.h"
#include "page/show_mem.h"

/* The longest line of the log. */
#define LINE 1024

/* Lines in their order; there may be others in between. The first is made by the test. */
static const char *const report[] = {
	"Call Trace:",
	"Mem-Info:",
	"active_anon:0 inactive_anon:0 isolated_anon:0",
	" active_file:0 inactive_file:0 isolated_file:0",
	" unevictable:0 dirty:0 writeback:0",
	" slab_reclaimable:0 slab_unreclaimable:0",
	" mapped:0 shmem:0 pagetables:0",
	" sec_pagetables:0 bounce:0",
	" kernel_misc_reclaimable:0",
	" free:47 free_pcp:0 free_cma:0",
	"Node 0 active_anon:0kB inactive_anon:0kB active_file:0kB inactive_file:0kB unevictable:0kB isolated(anon):0kB isolated(file):0kB mapped:0kB dirty:0kB writeback:0kB shmem:0kB writeback_tmp:0kB kernel_stack:0kB pagetables:0kB sec_pagetables:0kB all_unreclaimable? no",
	"Node 0 DMA free:64kB boost:0kB min:4kB low:4kB high:4kB reserved_highatomic:0KB active_anon:0kB inactive_anon:0kB active_file:0kB inactive_file:0kB unevictable:0kB writepending:0kB present:64kB managed:64kB mlocked:0kB bounce:0kB free_pcp:0kB local_pcp:0kB free_cma:0kB",
	"lowmem_reserve[]: 0 0 4 4 4",
	"Node 0 Normal free:124kB boost:0kB min:8kB low:8kB high:8kB reserved_highatomic:0KB active_anon:0kB inactive_anon:0kB active_file:0kB inactive_file:0kB unevictable:0kB writepending:0kB present:128kB managed:128kB mlocked:0kB bounce:0kB free_pcp:0kB local_pcp:0kB free_cma:0kB",
	"lowmem_reserve[]: 0 0 0 0 0",
	"Node 0 DMA: 0*4kB 0*8kB 0*16kB 0*32kB 1*64kB (M) 0*128kB 0*256kB 0*512kB 0*1024kB 0*2048kB 0*4096kB = 64kB",
	"Node 0 Normal: 1*4kB (U) 1*8kB (U) 1*16kB (U) 1*32kB (U) 1*64kB (M) 0*128kB 0*256kB 0*512kB 0*1024kB 0*2048kB 0*4096kB = 124kB",
	"0 total pagecache pages",
	"0 pages in swap cache",
	"Free swap  = 0kB",
	"Total swap = 0kB",
	"48 pages RAM",
	"0 pages HighMem/MovableOnly",
	"0 pages reserved",
};

/* Up to the next line of the log that is just this, behind "mymm: ". */
static bool find_line(struct kunit *test, struct kmsg_dump_iter *iter,
		      const char *wanted)
{
	static const char prefix[] = "] mymm: ";
	char *line = kunit_kzalloc(test, LINE, GFP_KERNEL);
	size_t len;

	KUNIT_ASSERT_NOT_NULL(test, line);
	while (kmsg_dump_get_line(iter, false, line, LINE - 1, &len)) {
		char *text;

		line[len] = 0;
		text = strstr(line, prefix);
		if (!text)
			continue;
		text[strcspn(text, "\n")] = 0;
		if (!strcmp(text + strlen(prefix), wanted))
			return true;
	}
	return false;
}

static void whole_report(struct kunit *test)
{
	const struct mymm_tuning tuning = {
		.min_free_kbytes = 16,
		.watermark_scale_factor = 10,
		.lowmem_reserve_ratio = { 8 },
	};
	const struct mymm_pool_config config = {
		.zones = "DMA:64K,Normal:128K",
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_POOL_NO_PCP,
		.tuning = &tuning,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct mymm_frame *frame = mymm_alloc_pages(pool, GFP_KERNEL, 0);
	const struct mymm_request request = {
		.pool = pool,
		.gfp = GFP_KERNEL,
		.order = 5,
		.highest = MYMM_ZONE_NORMAL,
		.node = &pool->node_of[0],
		.list = &pool->node_of[0].zonelist[MYMM_ZONE_NORMAL],
	};
	struct kmsg_dump_iter iter;
	char wanted[160];
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, frame);
	mymm_show_failure(&request);
	kmsg_dump_rewind(&iter);
	scnprintf(
		wanted, sizeof(wanted),
		"%s: page allocation failure: order:5, mode:%#x(GFP_KERNEL), nodemask=(null),pool=%s",
		current->comm, (__force unsigned int)GFP_KERNEL, pool->name);
	KUNIT_ASSERT_TRUE_MSG(test, find_line(test, &iter, wanted), "%s",
			      wanted);
	for (i = 0; i < ARRAY_SIZE(report); i++)
		KUNIT_ASSERT_TRUE_MSG(test, find_line(test, &iter, report[i]),
				      "not there, or not in its place: %s",
				      report[i]);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));
}

static struct kunit_case show_mem_cases[] = { KUNIT_CASE(whole_report), {} };

static struct kunit_suite show_mem_suite = {
	.name = "mymm_show_mem",
	.test_cases = show_mem_cases,
};

kunit_test_suite(show_mem_suite);
