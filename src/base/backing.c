// SPDX-License-Identifier: GPL-2.0
/*
 * Where a pool's memory comes from: vmalloc's two halves, taken apart.
 *
 * Plain vmalloc() does not do for a large arena. It keeps allocating until the OOM killer
 * ends the task that asked (insmod), and kmemleak takes the arena for one object, into
 * which no smaller one can be registered. So the pages are allocated one by one, with flags
 * that fail instead of killing, after a look at what is available; and vmap() maps them in
 * sequence.
 *
 * The page table is the only record of the pages: vmalloc_to_page() finds them. To free them
 * they are linked by page->lru, which is ours as long as the page is.
 *
 * A pool without memory has addresses too, so that its objects are distinct and an address
 * leads to its pool: a *void*, a range that no page table can map. An access to such an
 * address faults, and harms no memory.
 */
#include <linux/gfp.h>
#include <linux/idr.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "base/backing.h"
#include "base/compat.h"
#include "base/fault_inject.h"

#define PAGE_GFP (GFP_KERNEL | __GFP_ZERO | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/* Pages that areas have got and not given back, all together. */
static atomic_long_t held;

/**
 * mymm_area_room() - how many pages could be had now
 *
 * A thirty-second of the machine's memory, at least 16 MiB, is left to everybody else.
 *
 * Context: process.
 * Return: how many.
 */
unsigned long mymm_area_room(void)
{
	long room = si_mem_available();

	room -= max_t(long, totalram_pages() / 32, SZ_16M >> PAGE_SHIFT);
	return max(room, 0L);
}

static struct page *get_page_for_area(int node)
{
	struct page *page;

	page = mymm_inject_fail() ? NULL : alloc_pages_node(node, PAGE_GFP, 0);
	if (page)
		atomic_long_inc(&held);
	return page;
}

static void put_page_of_area(struct page *page)
{
	__free_page(page);
	atomic_long_dec(&held);
}

static void free_pages_of(struct page **page, unsigned long nr)
{
	while (nr)
		put_page_of_area(page[--nr]);
}

/**
 * mymm_area_held() - pages that all areas together have
 *
 * When the module goes there must be none: kmemleak knows nothing of pages.
 *
 * Context: any.
 * Return: how many.
 */
unsigned long mymm_area_held(void)
{
	return atomic_long_read(&held);
}
MYMM_EXPORT_INTERNAL(mymm_area_held);

/**
 * mymm_area_alloc_parts() - get zeroed pages and lay them out one after the other
 * @area: is filled; @area->addr is NULL if this fails
 * @part: the parts, first to last
 * @nr_parts: how many
 *
 * Context: process; sleeps.
 * Return: 0; -ENOMEM if there is not that much, with nobody killed; -EINTR if the
 * caller was.
 */
int mymm_area_alloc_parts(struct mymm_area *area,
			  const struct mymm_area_part *part,
			  unsigned int nr_parts)
{
	unsigned long pages = 0, end;
	unsigned int i;
	struct page **page;
	unsigned long nr;
	int err = -ENOMEM;

	for (i = 0; i < nr_parts; i++)
		pages += part[i].pages;
	*area = (struct mymm_area){};
	if (pages > mymm_area_room())
		return -ENOMEM;
	if (mymm_inject_fail())
		return -ENOMEM;
	page = kvmalloc_array(pages, sizeof(*page),
			      GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL);
	if (!page)
		return -ENOMEM;

	for (nr = 0, end = part->pages; nr < pages; nr++) {
		while (nr == end)
			end += (++part)->pages;
		if (fatal_signal_pending(current)) {
			err = -EINTR;
			goto err_pages;
		}
		page[nr] = get_page_for_area(part->node);
		if (!page[nr])
			goto err_pages;
		cond_resched();
	}

	area->addr = mymm_inject_fail() ?
			     NULL :
			     vmap(page, pages, VM_MAP, PAGE_KERNEL);
	if (!area->addr)
		goto err_pages;
	area->pages = pages;
	kvfree(page);
	return 0;

err_pages:
	free_pages_of(page, nr);
	kvfree(page);
	return err;
}

/**
 * mymm_area_alloc() - the same, of one part
 * @area: is filled; @area->addr is NULL if this fails
 * @pages: how many
 * @node: the node they should be from, or NUMA_NO_NODE
 *
 * Context: process; sleeps.
 * Return: as mymm_area_alloc_parts().
 */
int mymm_area_alloc(struct mymm_area *area, unsigned long pages, int node)
{
	const struct mymm_area_part part = { .pages = pages, .node = node };

	return mymm_area_alloc_parts(area, &part, 1);
}

/**
 * mymm_area_free() - give it all back
 * @area: from mymm_area_alloc(); may be empty
 *
 * Context: process; sleeps.
 */
void mymm_area_free(struct mymm_area *area)
{
	struct page *page, *next;
	unsigned long nr;
	LIST_HEAD(list);

	if (!area->addr)
		return;
	for (nr = 0; nr < area->pages; nr++) {
		page = vmalloc_to_page(area->addr + (nr << PAGE_SHIFT));
		list_add(&page->lru, &list);
	}
	vunmap(area->addr);
	list_for_each_entry_safe(page, next, &list, lru) {
		list_del(&page->lru);
		put_page_of_area(page);
		cond_resched();
	}
	*area = (struct mymm_area){};
}

/*
 * Neither user space nor the kernel has addresses that begin with 01, whatever the number
 * of levels of the page table; each void has as much of them as the largest pool can need.
 */
#define VOID_SHIFT (31 + PAGE_SHIFT)
#define VOID_BITS (BITS_PER_LONG - 2 - VOID_SHIFT)
#define VOID_START (1UL << (BITS_PER_LONG - 2))

static DEFINE_IDA(voids);

/**
 * mymm_void_alloc() - get addresses that lead nowhere, for 2^31 frames
 *
 * Context: process; sleeps.
 * Return: the first of them; NULL if there is no memory to remember it by.
 */
void *mymm_void_alloc(void)
{
	int id = mymm_inject_fail() ?
			 -ENOMEM :
			 ida_alloc_max(&voids, (1U << VOID_BITS) - 1,
				       GFP_KERNEL);

	if (id < 0)
		return NULL;
	return (void *)(VOID_START + ((unsigned long)id << VOID_SHIFT));
}

/**
 * mymm_void_free() - give them back
 * @base: from mymm_void_alloc()
 *
 * Context: process.
 */
void mymm_void_free(void *base)
{
	ida_free(&voids, ((unsigned long)base - VOID_START) >> VOID_SHIFT);
}
