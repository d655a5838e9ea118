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

#include "process/lru.h"
#include "process/mapped.h"
#include "process/rmap.h"
#include "process/swap.h"
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
			       mymm_slot_of_pfn(mymm_mapped_pfn(copy)))) {
		mymm_lru_add(vm, copy);
		unlock_page(copy);
	} else {
		mymm_mapped_free(vm, copy);
	}
}

/**
 * struct sharing - a leaf is shared
 * @parent: whose
 * @child: the region that it is shared with
 * @frames: slots of the child's that have got a frame
 * @swapped: those that have got a swap entry
 */
struct sharing {
	const struct mm_struct *parent;
	struct mymm_region *child;
	unsigned long frames;
	unsigned long swapped;
};

/* What is swapped out, both have the entry of. False: it is not swapped out any more. */
static bool share_swapped(struct sharing *s, const u64 *from, u64 slot, u64 *to)
{
	if (!mymm_swap_get(s->child->space->vm, mymm_slot_swap(slot)))
		return false;
	/* The slot may have been freed meanwhile, and be in use again for another page. */
	if (READ_ONCE(*from) != slot) {
		mymm_swap_drop(s->child->space->vm, mymm_slot_swap(slot));
		return false;
	}
	WRITE_ONCE(*to, slot);
	mymm_swap_keep(s->child->space->vm, mymm_slot_swap(slot));
	s->swapped++;
	return true;
}

/*
 * May a device write to a page? A page that is pinned looks like one with very many references.
 * So, as in Linux, only a process that has ever pinned something is believed to have done so.
 */
static bool is_pinned(const struct sharing *s, struct page *page)
{
	return test_bit(MMF_HAS_PINNED, &s->parent->flags) &&
	       folio_maybe_dma_pinned(page_folio(page));
}

/* False: the slot has something else by now. */
static bool share_frame(struct sharing *s, unsigned long addr, const u64 *from,
			u64 slot, u64 *to)
{
	struct page *page = mymm_slot_page(s->child->space->vm, slot);

	lock_page(page);
	if (READ_ONCE(*from) != slot) {
		unlock_page(page);
		return false;
	}
	if (is_pinned(s, page)) {
		get_page(page);
		unlock_page(page);
		copy_pinned(s->child, addr, page);
		put_page(page);
		return true;
	}
	WRITE_ONCE(*to, slot);
	mymm_mapped_get(page);
	unlock_page(page);
	s->frames++;
	return true;
}

/*
 * Nothing is written to or unmapped meanwhile; but reclaim may swap a page out at this moment, and
 * swapoff may bring it back.
 */
static void share_slot(struct sharing *s, unsigned long addr, const u64 *from,
		       u64 *to)
{
	bool done = false;
	u64 slot;

	while (!done && (slot = READ_ONCE(*from)))
		done = mymm_slot_is_swap(slot) ?
			       share_swapped(s, from, slot, to) :
			       share_frame(s, addr, from, slot, to);
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
	struct sharing s = { .parent = parent->region->mm, .child = child };
	u64 *to;

	if (mymm_table_prepare(&child->table, addr)) {
		break_child(child);
		return;
	}
	mymm_write_protect(parent->vma, addr, end - addr);
	to = mymm_table_leaf(&child->table, addr);
	for (; addr < end; addr += PAGE_SIZE)
		share_slot(&s, addr, from++, to++);
	mymm_table_count(&child->table, s.frames, s.swapped);
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
