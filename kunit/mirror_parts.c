// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks that come and go in parts, for the mirror to follow: what the page allocator's callers do
 * to a block, and what becomes of the lists for it.
 *
 * Tests: mirror/page_hooks.c mirror/mirror.c mirror/kernel_zones.c page/force.c page/pageblock.c
 *
 * insmod mymm_mirror_parts.ko what=exact    three pages of a block of four
 *                                  split    a block of 16 pages, each freed by itself
 *                                  contig   1,000 pages in a row, where others are moved away
 *                                  isolated an isolated pageblock becomes free beside a free one,
 *                                           with which it does not merge until it is none
 *                                  atomic   blocks that can't wait, until there are none; it
 *                                           gives back all but 1,000
 *
 * The module keeps them until it is unloaded.
 */
#include <linux/gfp.h>
#include <linux/kprobes.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/numa.h>
#include <linux/string.h>

static char *what = "";
module_param(what, charp, 0444);
MODULE_PARM_DESC(what, "exact, split, contig, isolated or atomic");

static LIST_HEAD(pages);

static void keep(struct page *page, unsigned int order)
{
	set_page_private(page, order);
	list_add(&page->lru, &pages);
}

/* --- exact --------------------------------------------------------------------- */

static void *exact;

static int take_exact(void)
{
	exact = alloc_pages_exact(3 * PAGE_SIZE, GFP_KERNEL);
	return exact ? 0 : -ENOMEM;
}

static void free_exact(void)
{
	free_pages_exact(exact, 3 * PAGE_SIZE);
}

/* --- split ---------------------------------------------------------------------- */

/* Each third page goes at once. */
static int take_split(void)
{
	struct page *block = alloc_pages(GFP_KERNEL, 4);
	unsigned int i;

	if (!block)
		return -ENOMEM;
	split_page(block, 4);
	for (i = 0; i < 16; i++) {
		if (i % 3)
			keep(block + i, 0);
		else
			__free_page(block + i);
	}
	return 0;
}

/* --- contig ---------------------------------------------------------------------- */

#define CONTIG_PAGES 1000

static struct page *row;

/* Modules may not call them; a probe knows where they are. */
static void *address_of(const char *name, const char *newer)
{
	struct kprobe probe = { .symbol_name = name };
	void *address;

	if (register_kprobe(&probe)) {
		probe = (struct kprobe){ .symbol_name = newer };
		if (register_kprobe(&probe))
			return NULL;
	}
	address = probe.addr;
	unregister_kprobe(&probe);
	return address;
}

static int take_contig(void)
{
	struct page *(*alloc)(unsigned long nr, gfp_t gfp, int nid,
			      nodemask_t *nodes) =
		address_of("alloc_contig_pages", "alloc_contig_pages_noprof");

	if (!alloc)
		return -ENOENT;
	row = alloc(CONTIG_PAGES, GFP_KERNEL, numa_mem_id(), NULL);
	return row ? 0 : -ENOMEM;
}

static void free_contig(void)
{
	void (*free)(unsigned long pfn, unsigned long nr) =
		address_of("free_contig_range", "free_contig_range_noprof");

	if (!WARN_ON(!free))
		free(page_to_pfn(row), CONTIG_PAGES);
}

/* --- isolated -------------------------------------------------------------------- */

static struct page *isolated;

/*
 * The two pageblocks of a largest block; the second one is isolated, as it has no page with a user
 * of its own. They go in halves, which no CPU keeps:
 *
 *	| free            | isolated        |
 *	[0      ][1      ] [2      ][3      ]
 */
static int take_isolated(void)
{
	int (*isolate)(unsigned long from, unsigned long end, int type,
		       int flags,
		       gfp_t gfp) = address_of("start_isolate_page_range", "");
	struct page *block = alloc_pages(GFP_KERNEL, pageblock_order + 1);
	unsigned long half = pageblock_nr_pages / 2, pfn;
	unsigned int i;
	int err;

	if (!block)
		return -ENOMEM;
	pfn = page_to_pfn(block) + pageblock_nr_pages;
	err = isolate ? isolate(pfn, pfn + pageblock_nr_pages, MIGRATE_MOVABLE,
				0, GFP_KERNEL) :
			-ENOENT;
	if (err) {
		__free_pages(block, pageblock_order + 1);
		return err;
	}
	for (i = 1; i < 4; i++)
		init_page_count(block + i * half);
	for (i = 0; i < 4; i++)
		__free_pages(block + i * half, pageblock_order - 1);
	isolated = pfn_to_page(pfn);
	return 0;
}

static void free_isolated(void)
{
	void (*undo)(unsigned long from, unsigned long end, int type) =
		address_of("undo_isolate_page_range", "");
	unsigned long pfn = page_to_pfn(isolated);

	if (!WARN_ON(!undo))
		undo(pfn, pfn + pageblock_nr_pages, MIGRATE_MOVABLE);
}

/* --- atomic --------------------------------------------------------------------- */

#define ATOMIC_KEPT 1000

/*
 * Each that is served below the watermark has its pageblock reserved, up to a limit. The last ones
 * stay, which are in these; the rest goes at once, or the machine would have nothing to go on with.
 */
static int take_atomic(void)
{
	struct page *page, *next;
	unsigned int nr = 0;

	while ((page = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, 2)))
		keep(page, 2);
	list_for_each_entry_safe(page, next, &pages, lru) {
		if (nr++ < ATOMIC_KEPT)
			continue;
		list_del(&page->lru);
		__free_pages(page, 2);
	}
	return 0;
}

/* ---------------------------------------------------------------------------------- */

static void free_kept(void)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &pages, lru) {
		list_del(&page->lru);
		__free_pages(page, page_private(page));
	}
}

static const struct part {
	const char *name;
	int (*take)(void);
	void (*free)(void);
} parts[] = {
	{ "exact", take_exact, free_exact },
	{ "split", take_split, free_kept },
	{ "contig", take_contig, free_contig },
	{ "isolated", take_isolated, free_isolated },
	{ "atomic", take_atomic, free_kept },
};

static const struct part *part;

static int __init mirror_parts_init(void)
{
	for (part = parts; strcmp(part->name, what);)
		if (++part == parts + ARRAY_SIZE(parts))
			return -EINVAL;
	return part->take();
}

static void __exit mirror_parts_exit(void)
{
	part->free();
}

module_init(mirror_parts_init);
module_exit(mirror_parts_exit);

MODULE_DESCRIPTION("Blocks in parts, for the test of mymm_mirror");
MODULE_AUTHOR("The mymm founders");
MODULE_LICENSE("GPL");
