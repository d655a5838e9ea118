// SPDX-License-Identifier: GPL-2.0
/*
 * What a process has of an open /dev/mymem, and how it follows the process's vmas.
 *
 * The table of a region goes by address, as page tables do. So what the kernel does to vmas
 * without a word to us, to merge and to grow them, changes nothing here. What it does tell:
 *
 *	mmap            ->mmap                    the first vma of a process makes its region
 *	munmap, exit    ->close                   the slots in the vma's range go; ptes are gone
 *	a split         ->open of the new half    nothing moves
 *	mremap, moved   ->open, ->mremap, ->close slots move in ->mremap, as ptes did before it
 *	fork            ->open, with another mm   slots are shared, and ptes become read-only
 *
 * vma->vm_pgoff, which is a place in the file elsewhere, says here where the memory was when it
 * was mapped, as for anonymous memory, so that the kernel's rmap finds its way. Two vmas of a
 * process never begin with the same place, but after a move they may come to have one in
 * common; what tells them apart then is the slot.
 */
#include <linux/mman.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/userfaultfd_k.h>
#include <asm/syscall.h>

#include "base/compat.h"
#include "process/mapped.h"
#include "process/rmap.h"
#include "process/swap.h"
#include "process/vm.h"

/* --- regions ---------------------------------------------------------------------- */

static struct mymm_region *find_region(struct mymm_space *space,
				       const struct mm_struct *mm)
{
	struct mymm_region *region;

	guard(spinlock)(&space->lock);
	list_for_each_entry(region, &space->regions, list)
		if (region->mm == mm)
			return region;
	return NULL;
}

static struct mymm_region *make_region(struct mymm_space *space,
				       struct mm_struct *mm, gfp_t gfp)
{
	struct mymm_region *region = kzalloc(sizeof(*region), gfp);

	if (!region)
		return NULL;
	region->space = space;
	region->mm = mm;
	mymm_table_init(&region->table, space->vm->pool);
	region->table.mm = mm;
	list_add_tail(&region->all, &space->vm->regions);
	mymm_pressure_join(space->vm->pool, &region->pressure, mm);
	guard(spinlock)(&space->lock);
	list_add(&region->list, &space->regions);
	return region;
}

/* The region of a process, with one vma more. */
static struct mymm_region *join_region(struct mymm_space *space,
				       struct mm_struct *mm, gfp_t gfp)
{
	struct mymm_region *region;

	guard(mutex)(&space->vm->lock);
	region = find_region(space, mm) ?: make_region(space, mm, gfp);
	if (region)
		region->nr_vmas++;
	return region;
}

static void leave_region(struct mymm_region *region)
{
	struct mymm_space *space = region->space;

	guard(mutex)(&space->vm->lock);
	if (--region->nr_vmas)
		return;
	list_del(&region->all);
	mymm_pressure_leave(space->vm->pool, &region->pressure);
	spin_lock(&space->lock);
	list_del(&region->list);
	spin_unlock(&space->lock);
	mymm_table_destroy(&region->table);
	mymm_commit_release(region, atomic_long_read(&region->spare));
	kfree(region);
}

/* With vm->lock. Its mm and its space stay with it, also when its last vma goes. */
static void get_region(struct mymm_region *region)
{
	region->nr_vmas++;
	mmgrab(region->mm);
	refcount_inc(&region->space->users);
}

/**
 * mymm_region_next() - go through all regions, with no lock held in between
 * @vm: the pool
 * @region: the last one, whose reference goes; NULL: begin
 *
 * A region has a reference for each of its vmas. One that comes meanwhile is visited, too.
 *
 * Context: process; sleeps.
 * Return: the next one, with a reference; NULL: that was the last.
 */
struct mymm_region *mymm_region_next(struct mymm_vm *vm,
				     struct mymm_region *region)
{
	struct mymm_region *next;

	scoped_guard(mutex, &vm->lock)
	{
		next = list_prepare_entry(region, &vm->regions, all);
		next = list_next_entry(next, all);
		if (list_entry_is_head(next, &vm->regions, all))
			next = NULL;
		else
			get_region(next);
	}
	if (region)
		mymm_region_put(region);
	return next;
}

/** mymm_region_put() - stop before the last; @region's reference goes */
void mymm_region_put(struct mymm_region *region)
{
	struct mymm_space *space = region->space;
	struct mm_struct *mm = region->mm;

	leave_region(region);
	mymm_space_put(space);
	mmdrop(mm);
}

/* --- slots ------------------------------------------------------------------------ */

/**
 * mymm_slot_lock() - lock the page of a slot
 * @region: the region
 * @addr: the slot's address
 * @slot: what the slot was when it was looked at
 *
 * Context: process; sleeps; with no page's lock held.
 * Return: the page, locked; NULL: the slot is not what it was.
 */
struct page *mymm_slot_lock(struct mymm_region *region, unsigned long addr,
			    u64 slot)
{
	struct page *page = mymm_slot_page(region->space->vm, slot);

	lock_page(page);
	if (mymm_table_get(&region->table, addr) == slot)
		return page;
	unlock_page(page);
	return NULL;
}

static bool drop_entry(struct mymm_region *region, unsigned long addr, u64 slot)
{
	struct mymm_vm *vm = region->space->vm;
	u32 entry = mymm_slot_swap(slot);
	bool was_there;

	if (!mymm_swap_get(vm, entry))
		return false;
	was_there = mymm_table_replace(&region->table, addr, slot, 0);
	if (was_there)
		mymm_swap_undup(vm, entry);
	mymm_swap_drop(vm, entry);
	return was_there;
}

static bool drop_frame(struct mymm_region *region, unsigned long addr, u64 slot,
		       mymm_unmap_fn *unmap, void *data)
{
	struct mymm_vm *vm = region->space->vm;
	struct page *page = mymm_slot_page(vm, slot);

	lock_page(page);
	if (unmap && mymm_table_get(&region->table, addr) == slot)
		unmap(page, addr, data);
	if (!mymm_table_replace(&region->table, addr, slot, 0)) {
		unlock_page(page);
		return false;
	}
	if (mymm_mapped_put(page))
		mymm_mapped_free(vm, page);
	else
		unlock_page(page);
	return true;
}

/**
 * mymm_slots_empty() - empty the slots of a range
 * @region: the region
 * @start: the first address
 * @end: one past the last
 * @unmap: takes out what may map the page of a slot; NULL: its ptes are gone for good
 * @data: for it
 *
 * Context: process; sleeps; with no page's lock held.
 */
void mymm_slots_empty(struct mymm_region *region, unsigned long start,
		      unsigned long end, mymm_unmap_fn *unmap, void *data)
{
	unsigned long addr = start;
	u64 slot;

	while ((slot = mymm_table_next(&region->table, &addr, end))) {
		if (mymm_slot_is_swap(slot) ?
			    drop_entry(region, addr, slot) :
			    drop_frame(region, addr, slot, unmap, data))
			addr += PAGE_SIZE;
		cond_resched();
	}
}

/* --- vmas ------------------------------------------------------------------------- */

static void open_forked(struct mymm_vma *old, struct mymm_vma *m)
{
	struct vm_area_struct *vma = m->vma;

	m->region = join_region(old->region->space, vma->vm_mm,
				GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
	mymm_charge_forked(old, m);
	/*
	 * If userfaultfd is to hear of the fork, the kernel copies the parent's ptes; but the
	 * child's slots may have other pages, or none. So there are only marks to be copied.
	 */
	if (userfaultfd_wp(vma))
		mymm_zap(old->vma, vma->vm_start, vma->vm_end - vma->vm_start);
	mymm_fork_slots(old, m->region);
}

/**
 * mymm_vma_open() - vm_ops->open: a vma was copied
 * @vma: the copy
 *
 * Context: process, with the mmap_lock held for writing.
 */
void mymm_vma_open(struct vm_area_struct *vma)
{
	struct mymm_vma *old = vma->vm_private_data;
	struct mymm_vma *m =
		kzalloc(sizeof(*m), GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);

	m->vma = vma;
	m->noreserve = old->noreserve;
	vma->vm_private_data = m;
	if (vma->vm_mm != old->region->mm) {
		open_forked(old, m);
		return;
	}
	m->region = join_region(old->region->space, vma->vm_mm,
				GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
	if (vma->vm_start >= old->vma->vm_start &&
	    vma->vm_end <= old->vma->vm_end)
		mymm_charge_split(old, m);
	/* Else it is mremap()'s, and mymm_vma_mremap() comes next. */
}

/**
 * mymm_vma_close() - vm_ops->close: a vma goes
 * @vma: the vma; its ptes are gone
 *
 * Context: process, with the mmap_lock held, or of an mm that nobody has any more.
 */
void mymm_vma_close(struct vm_area_struct *vma)
{
	struct mymm_vma *m = vma->vm_private_data;
	struct mymm_region *region = m->region;

	mymm_slots_empty(region, vma->vm_start, vma->vm_end, NULL, NULL);
	mymm_table_prune(&region->table, vma->vm_start, vma->vm_end);
	mymm_charge_end(m);
	leave_region(region);
	kfree(m);
}

/* A swap entry is at neither place for a moment: swapoff looks again as long as there is one. */
static bool move_entry(struct mymm_region *region, unsigned long from,
		       unsigned long to, u64 slot)
{
	struct mymm_vm *vm = region->space->vm;
	u32 entry = mymm_slot_swap(slot);
	bool was_there;

	if (!mymm_swap_get(vm, entry))
		return false;
	was_there = mymm_table_replace(&region->table, from, slot, 0);
	if (was_there)
		WARN_ON_ONCE(!mymm_table_replace(&region->table, to, 0, slot));
	mymm_swap_drop(vm, entry);
	return was_there;
}

static bool move_frame(struct mymm_region *region, unsigned long from,
		       unsigned long to, u64 slot)
{
	struct page *page = mymm_slot_lock(region, from, slot);

	if (!page)
		return false;
	/* With the page's lock it is what it was. */
	mymm_table_replace(&region->table, from, slot, 0);
	WARN_ON_ONCE(!mymm_table_replace(&region->table, to, 0, slot));
	unlock_page(page);
	return true;
}

/* Move slots to where there are none. The tables are there. */
static void move_slots(struct mymm_region *region, unsigned long from,
		       unsigned long to, unsigned long len)
{
	unsigned long addr = from;
	u64 slot;

	while ((slot = mymm_table_next(&region->table, &addr, from + len)))
		if (mymm_slot_is_swap(slot) ?
			    move_entry(region, addr, addr - from + to, slot) :
			    move_frame(region, addr, addr - from + to, slot))
			addr += PAGE_SIZE;
}

/* Have the tables that move_slots() needs. */
static int prepare_move(struct mymm_region *region, unsigned long from,
			unsigned long to, unsigned long len)
{
	unsigned long addr = from;

	if (to + len > MYMM_TABLE_END)
		return -ENOMEM;
	while (mymm_table_next(&region->table, &addr, from + len)) {
		if (mymm_table_prepare(&region->table, addr - from + to))
			return -ENOMEM;
		addr += PAGE_SIZE;
	}
	return 0;
}

/*
 * Arguments of the system call. One of 32 bits, which a program of 64 bits can make, too, takes
 * the lower halves of registers, whatever is in the upper ones.
 */
static void get_arguments(unsigned long args[6])
{
	syscall_get_arguments(current, task_pt_regs(current), args);
#ifdef in_ia32_syscall
	if (in_ia32_syscall())
		for (unsigned int i = 0; i < 6; i++)
			args[i] = lower_32_bits(args[i]);
#endif
}

/**
 * mymm_vma_mremap() - vm_ops->mremap: ptes were moved to another vma
 * @vma: that vma
 *
 * What was moved is known to the system call alone, so its arguments are looked up.
 *
 * Context: mremap(), with the mmap_lock held for writing.
 * Return: 0; -ENOMEM: not charged, or no table: the kernel then undoes it all; -EINVAL: the
 * memory was to be at two places at once.
 */
int mymm_vma_mremap(struct vm_area_struct *vma)
{
	struct mymm_vma *m = vma->vm_private_data, *from;
	unsigned long args[6], old_addr, len, to;
	struct vm_area_struct *old;

	get_arguments(args);
	old_addr = untagged_addr(args[0]);
	/* Of what is to be shorter, the end is unmapped by now. */
	len = min(PAGE_ALIGN(args[1]), PAGE_ALIGN(args[2]));
	old = find_vma(vma->vm_mm, old_addr);
	if (!len || !old || old->vm_ops != vma->vm_ops ||
	    old_addr < old->vm_start || len > old->vm_end - old_addr)
		return -EINVAL;
	from = old->vm_private_data;
	to = vma->vm_start + (((old->vm_pgoff - vma->vm_pgoff) << PAGE_SHIFT) +
			      old_addr - old->vm_start);
	/* If it were another one, ptes and slots would part. */
	if (from->region != m->region || to < vma->vm_start ||
	    to > vma->vm_end || len > vma->vm_end - to)
		return -EINVAL;
	if (prepare_move(m->region, old_addr, to, len))
		return -ENOMEM;
	if (mymm_charge_moved(m, from, old_addr, len,
			      args[3] & MREMAP_DONTUNMAP))
		return -ENOMEM;
	move_slots(m->region, old_addr, to, len);
	return 0;
}

/* Where in the file a new vma is: where it is in memory, unless another vma has that. */
static pgoff_t place_of(struct mymm_space *space, struct vm_area_struct *vma)
{
	pgoff_t place = vma->vm_start >> PAGE_SHIFT;

	while (mymm_rmap_overlaps(space->inode->i_mapping, vma->vm_mm, place,
				  place + vma_pages(vma) - 1))
		place += MYMM_TABLE_END >> PAGE_SHIFT;
	return place;
}

/**
 * mymm_region_mmap() - a new vma
 * @space: the file
 * @vma: the vma
 *
 * Context: process, with the mmap_lock held for writing.
 * Return: 0 or -ENOMEM.
 */
int mymm_region_mmap(struct mymm_space *space, struct vm_area_struct *vma)
{
	struct mymm_vma *m;

	if (vma->vm_end > MYMM_TABLE_END)
		return -ENOMEM;
	m = kzalloc(sizeof(*m), GFP_KERNEL_ACCOUNT);
	if (!m)
		return -ENOMEM;
	m->vma = vma;
	m->region = join_region(space, vma->vm_mm, GFP_KERNEL_ACCOUNT);
	if (!m->region)
		goto err_free;
	if (mymm_charge_new(m))
		goto err_leave;
	vma->vm_pgoff = place_of(space, vma);
	vma->vm_private_data = m;
	vma->vm_ops = &mymm_vm_ops;
	return 0;

err_leave:
	leave_region(m->region);
err_free:
	kfree(m);
	return -ENOMEM;
}

/* --- calls ------------------------------------------------------------------------ */

/*
 * A slot keeps its page for as long as a pte may map it. The ptes of a leaf are taken out at once;
 * what another thread has mapped again meanwhile, is taken out here, where the page's lock keeps it
 * from doing so once more.
 */
static void unmap_again(struct page *page, unsigned long addr, void *vma)
{
	mymm_zap_page(vma, addr, page);
}

/* Where there is no slot there are at most zeros, and they may stay. -EINTR: it is to die. */
static int discard(struct vm_area_struct *vma, unsigned long start,
		   unsigned long end)
{
	struct mymm_region *region = mymm_region_of(vma);
	unsigned long to;

	for (; mymm_table_next(&region->table, &start, end); start = to) {
		if (fatal_signal_pending(current))
			return -EINTR;
		to = min(end,
			 ALIGN_DOWN(start, MYMM_LEAF_SIZE) + MYMM_LEAF_SIZE);
		mymm_zap(vma, start, to - start);
		mymm_slots_empty(region, start, to, unmap_again, vma);
		cond_resched();
	}
	return 0;
}

/* What madvise() would not discard. */
static int may_discard(const struct vm_area_struct *vma, bool locked)
{
	if (vma->vm_flags & VM_LOCKED && !locked)
		return -EINVAL;
	if (vma->vm_flags & MYMM_VM_SEALED && !(vma->vm_flags & VM_WRITE))
		return -EPERM;
	return 0;
}

/**
 * mymm_region_discard() - take back what is in a range of the caller's memory
 * @addr: the first address
 * @len: bytes; with @addr, of whole pages
 * @locked: also what is locked by mlock()
 *
 * Context: process; sleeps.
 * Return: 0; -ENOMEM: a part of the range is not ours, and was left alone; -EINVAL, -EPERM:
 * what is locked, or sealed, was reached; -EINTR.
 */
int mymm_region_discard(unsigned long addr, unsigned long len, bool locked)
{
	struct mm_struct *mm = current->mm;
	unsigned long end = addr + len;
	struct vm_area_struct *vma;
	int err = 0, hard = 0;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	while (addr < end && !hard) {
		unsigned long to = end;

		vma = find_vma(mm, addr);
		if (!vma || vma->vm_start > addr) {
			if (vma)
				to = min(end, vma->vm_start);
			err = -ENOMEM;
		} else {
			to = min(end, vma->vm_end);
			if (vma->vm_ops != &mymm_vm_ops)
				err = -ENOMEM;
			else
				hard = may_discard(vma, locked) ?:
					       discard(vma, addr, to);
		}
		addr = to;
	}
	mmap_read_unlock(mm);
	return hard ?: err;
}
