// SPDX-License-Identifier: GPL-2.0
/*
 * Swapping in: a slot of a table has a swap entry, and is to have a frame.
 *
 * The page is the one that is cached, or a new one that is read. No lock is held while the pool is
 * asked for a frame, so all is looked at again afterwards: the slot of the table changes only if it
 * still has the entry.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "page/vmstat.h"
#include "process/lru.h"
#include "process/mapped.h"
#include "process/swap.h"
#include "process/vm.h"
#include "process/workingset.h"

/*
 * A new page with the contents of a slot, locked. It is cached if others have the entry, or if that
 * is worth it.
 */
static struct page *read_page(struct mymm_space *space, u32 entry,
			      pgoff_t index, gfp_t gfp)
{
	struct mymm_vm *vm = space->vm;
	struct page *page = mymm_mapped_alloc(space, index, gfp);
	int err;

	if (!page)
		return ERR_PTR(-ENOMEM);
	err = mymm_swap_read(vm, entry, page);
	if (err)
		goto err_free;
	/* Two references are the table's and the caller's. */
	if (mymm_swap_count(vm, entry) == 2 && !mymm_swap_keeps(vm, entry))
		return page;
	if (mymm_swap_cache_add(vm, entry, page))
		return page;
	err = -EAGAIN;
err_free:
	mymm_mapped_free(vm, page);
	return ERR_PTR(err);
}

/* Put a page, locked, into the slot that has its entry; if it is not there any more, -EAGAIN. */
static struct page *attach(struct mymm_region *region, unsigned long addr,
			   u64 slot, struct page *page)
{
	if (mymm_table_replace(&region->table, addr, slot,
			       mymm_slot_of_pfn(mymm_mapped_pfn(page)))) {
		mymm_swap_undup(region->space->vm, mymm_slot_swap(slot));
		return page;
	}
	if (mymm_mapped_put(page))
		mymm_mapped_free(region->space->vm, page);
	else
		unlock_page(page);
	return ERR_PTR(-EAGAIN);
}

/*
 * A page that was read ahead is cached, and not for long if room is short: slots that are kept for
 * pages which have frames would fill the area, and nothing more could be evicted.
 */
static void give_up_slot(struct mymm_vm *vm, u32 entry, struct page *page)
{
	/* Two references are the cache's and the caller's. */
	if (mymm_swap_count(vm, entry) == 2 && !mymm_swap_keeps(vm, entry))
		mymm_swap_cache_del(vm, page);
}

/* The page, if its area has to be read. */
static struct page *read_for(struct mymm_space *space, u32 entry, pgoff_t index,
			     gfp_t gfp)
{
	struct mymm_vm *vm = space->vm;
	const bool stalls = mymm_workingset_stalls(mymm_swap_shadow(vm, entry));
	struct mymm_stall stall;
	struct page *page;

	if (stalls)
		mymm_stall_begin(vm->pool, &stall);
	if (mymm_swap_reads_ahead(vm, entry))
		mymm_swap_readahead(vm, entry);
	page = read_page(space, entry, index, gfp);
	if (stalls)
		mymm_stall_end(vm->pool, &stall);
	return page;
}

static struct page *get_page_for(struct mymm_region *region, unsigned long addr,
				 u64 slot, pgoff_t index, gfp_t gfp, bool *read)
{
	struct mymm_vm *vm = region->space->vm;
	u32 entry = mymm_slot_swap(slot);
	struct page *page = mymm_swap_cache_get(vm, entry);
	bool is_new = !page;

	if (page) {
		mymm_swap_readahead_used(vm, page);
		mymm_mapped_own(page, region->space, index);
		mymm_mapped_get(page);
	} else {
		*read = true;
		page = read_for(region->space, entry, index, gfp);
		if (IS_ERR(page))
			return page;
	}
	page = attach(region, addr, slot, page);
	if (IS_ERR(page))
		return page;
	if (!is_new) {
		give_up_slot(vm, entry, page);
		return page;
	}
	mymm_workingset_refault(vm, page, mymm_swap_shadow(vm, entry));
	mymm_lru_add(vm, page);
	return page;
}

/**
 * mymm_swap_drop() - be a looker no longer of a slot that nobody may want any more
 * @vm: the pool
 * @entry: which
 *
 * A page that was read ahead, and that nobody else can want, goes, too.
 *
 * Context: process; sleeps; with no lock held of a page that has been cached.
 */
void mymm_swap_drop(struct mymm_vm *vm, u32 entry)
{
	struct page *page = mymm_swap_cache_get(vm, entry);

	/* With the page's lock, so that the last that drops it sees that it is the last. */
	if (page && !mymm_mapped_share(page) &&
	    mymm_swap_count(vm, entry) == 2) {
		mymm_mapped_free(vm, page);
		page = NULL;
	}
	mymm_swap_put(vm, entry);
	if (page)
		unlock_page(page);
}

/**
 * mymm_swap_in() - bring back what a slot of a table had
 * @region: the region
 * @addr: the slot's address
 * @slot: what it was when it was looked at: a swap entry
 * @index: the page's place in the space
 * @gfp: what mymm_mapped_alloc() takes
 * @read: becomes true if the area was read; else the page was cached
 *
 * Context: process; sleeps; with no lock of ours held.
 * Return: the page, locked, in the slot; -EAGAIN: the slot is not what it was; -ENOMEM: the pool
 * has no frame; -EIO, and the like: the area can't be read.
 */
struct page *mymm_swap_in(struct mymm_region *region, unsigned long addr,
			  u64 slot, pgoff_t index, gfp_t gfp, bool *read)
{
	struct mymm_vm *vm = region->space->vm;
	u32 entry = mymm_slot_swap(slot);
	struct page *page;

	if (!mymm_swap_get(vm, entry))
		return ERR_PTR(-EAGAIN);
	page = get_page_for(region, addr, slot, index, gfp, read);
	/*
	 * Another page may have been read ahead for this entry meanwhile; nobody wants it now. Its
	 * lock is taken inside of that of a page that was just read; never the other way round.
	 */
	if (IS_ERR(page) || mymm_swap_cached(vm, page) != entry)
		mymm_swap_drop(vm, entry);
	else
		mymm_swap_put(vm, entry);
	return page;
}
