// SPDX-License-Identifier: GPL-2.0
/*
 * Fork: a child shares the frames of its parent until one of them writes.
 *
 * Leaf by leaf the parent's ptes become read-only, and its slots are copied into the child's
 * table; each frame's page counts its slots. A page that a device may write to is copied at once.
 *
 * If the pool has no memory for the child's table, fork can't be refused any more. The child
 * must not read zeros where there was something, so all it gets is SIGBUS.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "process/mapped.h"
#include "process/rmap.h"
#include "process/vm.h"

/* The child has no part of what its parent has; it is counted once. */
static void break_child(struct mymm_region *child)
{
	if (child->broken)
		return;
	WRITE_ONCE(child->broken, true);
	atomic_long_inc(&child->space->vm->fork_broken);
}

/*
 * A page that a device or another process writes to can't be shared: what it writes is meant for
 * the parent. As in Linux, the child has its copy at once.
 */
static void copy_pinned(struct mymm_region *child, unsigned long addr,
			struct page *page)
{
	struct mymm_vm *vm = child->space->vm;
	struct page *copy = mymm_mapped_alloc(child->space, page->index, 0);

	if (!copy) {
		break_child(child);
		return;
	}
	mymm_mapped_copy(vm, copy, page);
	if (mymm_table_replace(&child->table, addr, 0,
			       mymm_slot_of_pfn(mymm_mapped_pfn(copy))))
		unlock_page(copy);
	else
		mymm_mapped_free(vm, copy);
}

/* Has the child got what is in the slot? Else it has a copy of its own, or there is nothing now. */
static bool share_slot(struct mymm_region *child, unsigned long addr,
		       const u64 *from, u64 *to)
{
	u64 slot = READ_ONCE(*from);
	struct page *page;
	bool shared;

	if (!slot)
		return false;
	page = mymm_slot_page(child->space->vm, slot);
	lock_page(page);
	if (folio_maybe_dma_pinned(page_folio(page))) {
		get_page(page);
		unlock_page(page);
		copy_pinned(child, addr, page);
		put_page(page);
		return false;
	}
	shared = READ_ONCE(*from) == slot;
	if (shared) {
		WRITE_ONCE(*to, slot);
		mymm_mapped_get(page);
	}
	unlock_page(page);
	return shared;
}

/*
 * The slots of one leaf, from @addr on. No leaf of the parent goes meanwhile, since nothing is
 * unmapped during a fork, nor one of the child, which does not run yet.
 *
 * The parent's ptes become read-only first: what takes a reference to a page without any lock, to
 * write to it, then either sees that, or is seen by share_slot().
 */
static void share_leaf(struct mymm_vma *parent, struct mymm_region *child,
		       unsigned long addr, unsigned long end)
{
	const u64 *from = mymm_table_leaf(&parent->region->table, addr);
	unsigned long shared = 0;
	u64 *to;

	if (mymm_table_prepare(&child->table, addr)) {
		break_child(child);
		return;
	}
	mymm_write_protect(parent->vma, addr, end - addr);
	to = mymm_table_leaf(&child->table, addr);
	for (; addr < end; addr += PAGE_SIZE)
		shared += share_slot(child, addr, from++, to++);
	mymm_table_count(&child->table, shared);
}

/**
 * mymm_fork_slots() - all that the parent has in a vma, the child has, too
 * @parent: the vma
 * @child: the child's region
 *
 * The next write to a page copies it.
 *
 * Context: process, in fork: the mmap_lock of both is held for writing.
 */
void mymm_fork_slots(struct mymm_vma *parent, struct mymm_region *child)
{
	unsigned long addr = parent->vma->vm_start, end = parent->vma->vm_end;
	unsigned long to;

	if (parent->region->broken)
		break_child(child);
	while (!child->broken &&
	       mymm_table_next(&parent->region->table, &addr, end)) {
		to = min(end,
			 ALIGN_DOWN(addr, MYMM_LEAF_SIZE) + MYMM_LEAF_SIZE);
		share_leaf(parent, child, addr, to);
		addr = to;
		cond_resched();
	}
}
