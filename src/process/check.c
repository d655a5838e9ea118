// SPDX-License-Identifier: GPL-2.0
/*
 * The validator's part for processes: invariant I11.
 *
 * A frame that a slot points to is allocated, as a block of order 0; the struct page behind it
 * says which frame it is and belongs to the inode of the slot's region; and as many slots point to
 * it as it says. A swap slot has as many references as it says, too.
 *
 * A page of a file is at its index in its inode, and likewise (fs/cache.c).
 *
 * All but the last can be seen of one slot, under its page's lock. To count slots takes a pass over
 * all regions, and processes go on meanwhile: a fork or a fault between a pass and the look at a
 * page makes them differ. So they are wrong only if PASSES passes, one after the other, find the
 * page with the same numbers. Swap slots say when theirs change (swap_check.c).
 */
#include <linux/pagemap.h>

#include "base/finding.h"
#include "page/frame.h"
#include "process/file_page.h"
#include "process/swap.h"
#include "process/vm.h"
#include "process/mapped.h"

#define PASSES 4
#define ALL_PASSES 32 /* and then it is left at that: too much is going on */

/**
 * struct census - how many slots point to each frame
 * @vm: the pool
 * @slots: by the frame's number
 * @swap: the same of swap slots; NULL: they are not counted
 * @pfn: the first frame that has another number of slots than it says
 * @share: what it says
 */
struct census {
	struct mymm_vm *vm;
	u32 *slots;
	struct mymm_swap_census *swap;
	u32 pfn;
	u32 share;
};

/* A frame that is whole by itself. */
static bool is_page(const struct mymm_pool *pool, u32 pfn)
{
	u32 tag = READ_ONCE(pool->frame[pfn].tag);

	return mymm_tag_state(tag) == MYMM_FRAME_PAGES && !mymm_tag_order(tag);
}

static int check_page(struct mymm_region *region, unsigned long addr, u32 pfn,
		      const struct page *page, struct mymm_finding *finding)
{
	if (!is_page(region->space->vm->pool, pfn))
		return mymm_find(
			finding, 11,
			"page %lu of a process is frame %u, which is not allocated as one page",
			addr >> PAGE_SHIFT, pfn);
	if (mymm_mapped_pfn(page) != pfn || !mymm_mapped_share(page))
		return mymm_find(
			finding, 11,
			"page %lu of a process is frame %u, which says that it is frame %u with %u slots",
			addr >> PAGE_SHIFT, pfn, mymm_mapped_pfn(page),
			mymm_mapped_share(page));
	if (page->mapping != region->space->inode->i_mapping)
		return mymm_find(
			finding, 11,
			"page %lu of a process is frame %u, which is of another inode",
			addr >> PAGE_SHIFT, pfn);
	return 0;
}

/* A swap entry is of a slot that is in use. */
static int check_entry(struct census *census, struct mymm_region *region,
		       unsigned long addr, u64 slot,
		       struct mymm_finding *finding)
{
	u32 entry = mymm_slot_swap(slot);

	if (census->swap)
		mymm_swap_census_entry(census->swap, entry);
	if (mymm_swap_in_use(census->vm, entry))
		return 0;
	if (mymm_table_get(&region->table, addr) != slot)
		return 0;
	return mymm_find(
		finding, 11,
		"page %lu of a process is in swap slot %u, which is not in use",
		addr >> PAGE_SHIFT, entry);
}

/* Look at one slot, if it is still what it was. */
static int check_slot(struct census *census, struct mymm_region *region,
		      unsigned long addr, u64 slot,
		      struct mymm_finding *finding)
{
	u32 pfn = mymm_slot_pfn(slot);
	struct page *page;
	int err = 0;

	if (mymm_slot_is_swap(slot))
		return check_entry(census, region, addr, slot, finding);
	if (pfn >= census->vm->pool->nr_frames || !census->vm->page[pfn])
		return mymm_find(
			finding, 11,
			"page %lu of a process is frame %u, which is none",
			addr >> PAGE_SHIFT, pfn);
	page = census->vm->page[pfn];
	lock_page(page);
	if (mymm_table_get(&region->table, addr) == slot) {
		census->slots[pfn]++;
		err = check_page(region, addr, pfn, page, finding);
	}
	unlock_page(page);
	return err;
}

static int count_slots(struct census *census, struct mymm_finding *finding)
{
	struct mymm_region *region;
	unsigned long addr;
	u64 slot;
	int err;

	list_for_each_entry(region, &census->vm->regions, all)
		for (addr = 0; (slot = mymm_table_next(&region->table, &addr,
						       MYMM_TABLE_END));
		     addr += PAGE_SIZE) {
			err = check_slot(census, region, addr, slot, finding);
			if (err)
				return err;
			cond_resched();
		}
	return 0;
}

/* Does each frame say how many slots it has? If not, @census has the first that does not. */
static bool shares_agree(struct census *census)
{
	u32 pfn;

	for (pfn = 0; pfn < census->vm->pool->nr_frames; pfn++) {
		struct page *page = census->vm->page[pfn];
		bool agree;

		if (!census->slots[pfn])
			continue;
		lock_page(page);
		census->share = mymm_mapped_share(page);
		agree = census->share == census->slots[pfn];
		unlock_page(page);
		if (!agree) {
			census->pfn = pfn;
			return false;
		}
	}
	return true;
}

static int check_regions(struct census *census, struct mymm_finding *finding)
{
	u32 pfn = 0, share = 0, slots = 0;
	unsigned int alike = 0, passes = 0;
	int err;

	do {
		memset(census->slots, 0,
		       census->vm->pool->nr_frames * sizeof(*census->slots));
		err = count_slots(census, finding);
		if (err || shares_agree(census))
			return err;
		if (alike && (census->pfn != pfn || census->share != share ||
			      census->slots[pfn] != slots))
			alike = 0;
		pfn = census->pfn;
		share = census->share;
		slots = census->slots[pfn];
	} while (++alike < PASSES && ++passes < ALL_PASSES &&
		 !fatal_signal_pending(current));
	if (alike < PASSES)
		return 0;
	return mymm_find(finding, 11,
			 "frame %u says that it has %u slots, and has %u", pfn,
			 share, slots);
}

/* One pass is enough: what has changed meanwhile is known. */
static int check_swap(struct census *census, struct mymm_finding *finding)
{
	int err;

	census->swap = mymm_swap_census_begin(census->vm);
	if (!census->swap)
		return 0;
	err = count_slots(census, finding) ?:
		      mymm_swap_census_end(census->swap, finding);
	mymm_swap_census_free(census->swap);
	census->swap = NULL;
	return err;
}

/**
 * mymm_vm_check() - look for what is wrong with the memory of processes
 * @pool: where
 * @finding: what was found
 *
 * Context: process; sleeps. The caller holds pool->lock.
 * Return: 0, also if the kernel has no memory to count in; -EUCLEAN, and @finding says what.
 */
int mymm_vm_check(struct mymm_pool *pool, struct mymm_finding *finding)
{
	struct census census = { .vm = pool->vm };
	int err;

	census.slots =
		kvcalloc(pool->nr_frames, sizeof(*census.slots), GFP_KERNEL);
	if (!census.slots)
		return 0;
	mutex_lock(&census.vm->lock);
	err = check_regions(&census, finding) ?: check_swap(&census, finding);
	mutex_unlock(&census.vm->lock);
	kvfree(census.slots);
	return err ?: mymm_file_ops->check(pool->vm, finding);
}
