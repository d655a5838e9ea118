// SPDX-License-Identifier: GPL-2.0
/*
 * Faults: where memory comes from.
 *
 *	slot     access   what happens                                         ->
 *	empty    read     zeros are mapped, and nothing is taken               fault
 *	empty    write    a frame is taken, filled with zeros, and mapped      fault
 *	empty    read, where userfaultfd has left a mark: the same             fault
 *	empty    write, where zeros are mapped: a frame is put into the slot,
 *	                  the zeros are unmapped, and the access faults again  pfn_mkwrite
 *	swapped  any      it is brought back first (swap_in.c)                 fault
 *	frame    read     it is mapped, read-only                              fault
 *	frame    write    it is mapped; a shared one is copied before          fault
 *	frame    write, where it is mapped read-only: it becomes writable; of a shared
 *	                  one a copy is made, and the access faults again      page_mkwrite
 *
 * The kernel maps what ->fault returns while the page is still locked, and that is what keeps
 * slot and pte together. After a fault for writing it calls ->page_mkwrite, too.
 *
 * When the pool has no frame the access is SIGBUS: VM_FAULT_OOM would only try again. So is each
 * access to what the OOM killer takes (oom.c): it must not find zeros where something was.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "process/lru.h"
#include "process/mapped.h"
#include "process/rmap.h"
#include "process/swap.h"
#include "process/trace.h"
#include "process/vm.h"

/*
 * Put a new page into a slot. If the slot is not @old any more, or its leaf is gone, the page is,
 * too, and it is -EAGAIN: look again. If the OOM killer has been here meanwhile, it may not have
 * seen it: what was there is put back, and it is -ENOMEM.
 */
static struct page *put_in_slot(struct mymm_region *region, unsigned long addr,
				u64 old, struct page *page)
{
	u64 new = mymm_slot_of_pfn(mymm_mapped_pfn(page));

	bool put = mymm_table_replace(&region->table, addr, old, new);
	bool reaped = READ_ONCE(region->reaped);

	if (put && !reaped) {
		mymm_lru_add(region->space->vm, page);
		return page;
	}
	if (put)
		mymm_table_replace(&region->table, addr, new, old);
	mymm_mapped_free(region->space->vm, page);
	return ERR_PTR(reaped ? -ENOMEM : -EAGAIN);
}

/*
 * A copy of a page, in its slot. The page comes locked, with so many references of the caller's,
 * and is unlocked; the copy is locked. -EAGAIN: look again; -ENOMEM: the pool has no frame.
 */
static struct page *copy_shared(struct vm_area_struct *vma, unsigned long addr,
				u64 slot, struct page *page, int held)
{
	struct mymm_region *region = mymm_region_of(vma);
	struct mymm_vm *vm = region->space->vm;
	struct page *copy;

	/* The pool is asked with no lock held; so that the page stays what it is, it is held. */
	get_page(page);
	unlock_page(page);
	copy = mymm_mapped_alloc(region->space, page->index, 0);
	lock_page(page);
	put_page(page);
	if (!copy) {
		copy = ERR_PTR(-ENOMEM);
	} else if (mymm_table_get(&region->table, addr) != slot ||
		   mymm_mapped_claim(vm, page, held)) {
		mymm_mapped_free(vm, copy);
		copy = ERR_PTR(-EAGAIN);
	} else {
		mymm_mapped_copy(vm, copy, page);
		/* It is a frame of ours for as long as a pte of ours may map it. */
		mymm_zap_page(vma, addr, page);
		copy = put_in_slot(region, addr, slot, copy);
		if (!IS_ERR(copy) && mymm_mapped_put(page)) {
			mymm_mapped_free(vm, page);
			return copy;
		}
	}
	unlock_page(page);
	return copy;
}

/* A page of zeros for an empty slot, in it, and locked; or an error as above. */
static struct page *fill_empty(struct mymm_region *region, unsigned long addr,
			       pgoff_t index)
{
	struct page *page;

	if (mymm_table_prepare(&region->table, addr))
		return ERR_PTR(-ENOMEM);
	page = mymm_mapped_alloc(region->space, index, __GFP_ZERO);
	return page ? put_in_slot(region, addr, 0, page) : ERR_PTR(-ENOMEM);
}

/* The page of a slot that has something, locked; or an error as above. */
static struct page *page_of_slot(struct mymm_region *region, unsigned long addr,
				 u64 slot, pgoff_t index, bool *major)
{
	if (mymm_slot_is_frame(slot))
		return mymm_slot_lock(region, addr, slot) ?: ERR_PTR(-EAGAIN);
	return mymm_swap_in(region, addr, slot, index, 0, major);
}

/*
 * The page that an access is to have, locked; NULL: zeros; or an error as above. *@major becomes
 * true if it was read from a swap area.
 */
static struct page *page_for(struct vm_area_struct *vma, unsigned long addr,
			     pgoff_t index, bool write, bool *major)
{
	struct mymm_region *region = mymm_region_of(vma);
	u64 slot = mymm_table_get(&region->table, addr);
	struct page *page;

	if (!slot)
		return write ? fill_empty(region, addr, index) : NULL;
	page = page_of_slot(region, addr, slot, index, major);
	if (IS_ERR(page))
		return page;
	slot = mymm_slot_of_pfn(mymm_mapped_pfn(page));
	if (write && !mymm_mapped_claim(region->space->vm, page, 0))
		return copy_shared(vma, addr, slot, page, 0);
	return page;
}

static bool refused(struct mymm_region *region, struct vm_area_struct *vma)
{
	return READ_ONCE(region->broken) || READ_ONCE(region->reaped) ||
	       fatal_signal_pending(current) || mymm_vma_settle(vma);
}

/*
 * Newer kernels let userfaultfd protect any mapping. Its mark stands in the pte where nothing is,
 * and the page of zeros can't be put there, but a frame.
 */
static bool is_marked(const struct vm_fault *vmf)
{
	return vmf->flags & FAULT_FLAG_ORIG_PTE_VALID &&
	       !pte_none(vmf->orig_pte);
}

/*
 * To lock writable memory is to have it at once: mlock() writes to each page of a private
 * mapping, but only reads from a shared one.
 */
static bool is_locked(const struct vm_area_struct *vma)
{
	const unsigned long lock = VM_WRITE | VM_LOCKED;

	return (vma->vm_flags & (lock | VM_LOCKONFAULT)) == lock;
}

static vm_fault_t fault(struct vm_fault *vmf)
{
	struct mymm_region *region = mymm_region_of(vmf->vma);
	unsigned long addr = vmf->address & PAGE_MASK;
	bool frame = vmf->flags & FAULT_FLAG_WRITE || is_marked(vmf) ||
		     is_locked(vmf->vma);
	struct mymm_pool *pool = region->space->vm->pool;
	bool major = false;
	struct page *page;

	mymm_vm_count(pool, MYMM_PGFAULT, 1);
	if (refused(region, vmf->vma))
		return VM_FAULT_SIGBUS;
	do {
		page = page_for(vmf->vma, addr, vmf->pgoff, frame, &major);
	} while (page == ERR_PTR(-EAGAIN));
	if (!IS_ERR_OR_NULL(page))
		trace_mymm_fault(pool->name, addr, mymm_mapped_pfn(page), frame,
				 major);
	/* Nothing may be there because the OOM killer has just taken it. */
	if (!page && !READ_ONCE(region->reaped))
		return mymm_map_zero(vmf);
	if (IS_ERR_OR_NULL(page))
		return VM_FAULT_SIGBUS;
	get_page(page);
	vmf->page = page;
	if (!major)
		return VM_FAULT_LOCKED;
	mymm_vm_count(pool, MYMM_PGMAJFAULT, 1);
	return VM_FAULT_LOCKED | VM_FAULT_MAJOR;
}

/* A write where zeros are mapped. */
static vm_fault_t pfn_mkwrite(struct vm_fault *vmf)
{
	struct mymm_region *region = mymm_region_of(vmf->vma);
	unsigned long addr = vmf->address & PAGE_MASK;
	struct page *page;

	mymm_vm_count(region->space->vm->pool, MYMM_PGFAULT, 1);
	if (refused(region, vmf->vma))
		return VM_FAULT_SIGBUS;
	page = fill_empty(region, addr, vmf->pgoff);
	if (page == ERR_PTR(-ENOMEM))
		return VM_FAULT_SIGBUS;
	/* If it was another's turn, so be it: the access faults again. */
	if (!IS_ERR(page))
		unlock_page(page);
	mymm_zap(vmf->vma, addr, PAGE_SIZE);
	return VM_FAULT_NOPAGE;
}

/* Is it a fault of its own, and not the end of one for writing that came by fault()? */
static bool was_mapped(const struct vm_fault *vmf)
{
	return pte_present(vmf->orig_pte);
}

/* A write where a page is mapped, or is about to be. */
static vm_fault_t page_mkwrite(struct vm_fault *vmf)
{
	struct mymm_region *region = mymm_region_of(vmf->vma);
	unsigned long addr = vmf->address & PAGE_MASK;
	struct page *page = vmf->page, *copy;
	u64 slot;

	if (was_mapped(vmf))
		mymm_vm_count(region->space->vm->pool, MYMM_PGFAULT, 1);
	lock_page(page);
	slot = mymm_table_get(&region->table, addr);
	if (slot != mymm_slot_of_pfn(mymm_mapped_pfn(page))) {
		/* What is mapped is not what the slot has: the access faults again, for that. */
		unlock_page(page);
		mymm_zap(vmf->vma, addr, PAGE_SIZE);
		return VM_FAULT_NOPAGE;
	}
	/* The kernel holds it for this call. */
	if (mymm_mapped_claim(region->space->vm, page, 1))
		return VM_FAULT_LOCKED;
	copy = copy_shared(vmf->vma, addr, slot, page, 1);
	if (copy == ERR_PTR(-ENOMEM))
		return VM_FAULT_SIGBUS;
	if (!IS_ERR(copy))
		unlock_page(copy);
	return VM_FAULT_NOPAGE;
}

/* Write to what the process itself can't write to. */
static int poke(struct vm_area_struct *vma, unsigned long addr, const void *buf,
		int len)
{
	struct mymm_pool *pool = mymm_region_of(vma)->space->vm->pool;
	unsigned long start = addr & PAGE_MASK;
	bool major = false;
	struct page *page;

	if (!(vma->vm_flags & VM_MAYWRITE))
		return -EIO;
	do {
		page = page_for(vma, start, linear_page_index(vma, start), true,
				&major);
	} while (page == ERR_PTR(-EAGAIN));
	if (IS_ERR(page))
		return -EIO;
	memcpy(mymm_pool_address(pool, mymm_mapped_pfn(page)) +
		       offset_in_page(addr),
	       buf, len);
	unlock_page(page);
	/* If zeros were mapped, they are not what the slot has. */
	mymm_zap(vma, start, PAGE_SIZE);
	return len;
}

/*
 * ptrace and /proc/PID/mem, where the kernel finds no page that it may use: zeros are to be read,
 * or a debugger writes to what is read-only. The kernel itself forces that on private mappings
 * alone.
 */
static int access(struct vm_area_struct *vma, unsigned long addr, void *buf,
		  int len, int write)
{
	struct mymm_region *region = mymm_region_of(vma);

	len = min_t(int, len, PAGE_SIZE - offset_in_page(addr));
	if (refused(region, vma))
		return -EIO;
	if (write)
		return poke(vma, addr, buf, len);
	if (mymm_table_get(&region->table, addr) || READ_ONCE(region->reaped))
		return -EIO;
	memset(buf, 0, len);
	return len;
}

const struct vm_operations_struct mymm_vm_ops = {
	.open = mymm_vma_open,
	.close = mymm_vma_close,
	.mremap = mymm_vma_mremap,
	.mprotect = mymm_vma_mprotect,
	.fault = fault,
	.pfn_mkwrite = pfn_mkwrite,
	.page_mkwrite = page_mkwrite,
	.access = access,
	.find_special_page = mymm_no_special_page,
};
