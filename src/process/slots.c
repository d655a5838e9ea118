// SPDX-License-Identifier: GPL-2.0
/*
 * From a page to the slots that point to it.
 *
 * The kernel's tree of vmas says where a page may be: at its index. After a fork a relative may
 * have another page there, and after mremap() two vmas of a process may have an index in common;
 * so what counts is the slot. With the page's lock no slot begins or ceases to point to it.
 *
 * Two kinds of vma are passed over. A child's, whose ->open has not run yet, has its parent's
 * struct mymm_vma. And one that is being unmapped is not in the tree any more, though its slots
 * are there until ->close has the page's lock: its page is found to be in use, by the number of
 * its slots.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "process/mapped.h"
#include "process/rmap.h"
#include "process/slots.h"
#include "process/swap.h"
#include "process/trace.h"
#include "process/usage.h"
#include "process/vm.h"

/**
 * struct visit - a walk over the slots of a page
 * @vm: whose page
 * @page: the page, locked
 * @slot: what points to it
 * @look: is called for each
 * @entry: for replace()
 * @to: for move()
 * @nr: ptes that were found to be used
 */
struct visit {
	struct mymm_vm *vm;
	struct page *page;
	u64 slot;
	void (*look)(struct visit *visit, struct vm_area_struct *vma,
		     unsigned long addr);
	u32 entry;
	struct page *to;
	unsigned int nr;
};

/* By any process? */
static bool is_mapped(const struct page *page)
{
	return atomic_read(&page->_mapcount) >= 0;
}

static void look_at(struct vm_area_struct *vma, unsigned long addr, void *data)
{
	const struct mymm_vma *m = READ_ONCE(vma->vm_private_data);
	struct visit *visit = data;

	if (m->vma == vma &&
	    mymm_table_get(&m->region->table, addr) == visit->slot)
		visit->look(visit, vma, addr);
}

static void each_slot(struct visit *visit)
{
	visit->slot = mymm_slot_of_pfn(mymm_mapped_pfn(visit->page));
	mymm_rmap_walk_at(visit->page->mapping, visit->page->index, look_at,
			  visit);
}

static void take_reference(struct visit *visit, struct vm_area_struct *vma,
			   unsigned long addr)
{
	visit->nr += mymm_take_young(vma, addr);
}

/**
 * mymm_page_referenced() - in how many places has a page been used?
 * @vm: whose page
 * @page: the page, locked
 *
 * Context: process; sleeps.
 * Return: ptes whose accessed bit was set, and is not any more.
 */
unsigned int mymm_page_referenced(struct mymm_vm *vm, struct page *page)
{
	struct visit visit = {
		.vm = vm,
		.page = page,
		.look = take_reference,
	};

	if (is_mapped(page))
		each_slot(&visit);
	return visit.nr;
}

static void zap(struct visit *visit, struct vm_area_struct *vma,
		unsigned long addr)
{
	mymm_zap_page(vma, addr, visit->page);
}

/**
 * mymm_page_unmap() - take out all ptes of a page, in all processes
 * @vm: whose page
 * @page: the page, locked, so that it is not mapped again
 *
 * Context: process; sleeps.
 * Return: is it mapped nowhere now? What is just being moved or unmapped may still be.
 */
bool mymm_page_unmap(struct mymm_vm *vm, struct page *page)
{
	struct visit visit = { .vm = vm, .page = page, .look = zap };

	if (is_mapped(page))
		each_slot(&visit);
	return !is_mapped(page);
}

/* A process, and its page. */
struct owner {
	const struct mm_struct *mm;
	struct page *page;
};

static void zap_owner(struct vm_area_struct *vma, unsigned long addr,
		      void *data)
{
	const struct owner *owner = data;

	if (vma->vm_mm == owner->mm)
		mymm_zap_page(vma, addr, owner->page);
}

/**
 * mymm_page_unmap_from() - take out all ptes by which one process may have a page
 * @page: the page, locked, so that it is not mapped again; a slot of the process points to it
 * @mm: the process
 *
 * For what does not hold the mmap_lock. mremap() may be moving the pte to another vma, or have
 * moved it, before the slot follows; either vma has the page's place. So slots are not asked: each
 * vma of the process that has that place is looked at, in the order in which mremap() moves. One
 * that has another page there loses that one's pte, too, which comes back by a fault.
 *
 * Context: process; sleeps.
 */
void mymm_page_unmap_from(struct page *page, const struct mm_struct *mm)
{
	struct owner owner = { .mm = mm, .page = page };

	if (is_mapped(page))
		mymm_rmap_walk_at(page->mapping, page->index, zap_owner,
				  &owner);
}

/* Which process loses its page. */
static void trace_evict(const struct visit *visit, const struct mm_struct *mm,
			unsigned long addr)
{
	struct mymm_task process = {};

	if (!trace_mymm_evict_enabled())
		return;
	mymm_task_of(mm, &init_pid_ns, &process);
	trace_mymm_evict(visit->vm->pool->name, &process, addr,
			 mymm_mapped_pfn(visit->page), visit->entry);
}

static void replace(struct visit *visit, struct vm_area_struct *vma,
		    unsigned long addr)
{
	struct mymm_region *region = mymm_region_of(vma);

	mymm_swap_dup(visit->vm, visit->entry);
	if (mymm_table_replace(&region->table, addr, visit->slot,
			       mymm_slot_of_swap(visit->entry))) {
		mymm_mapped_put(visit->page);
		trace_evict(visit, region->mm, addr);
	} else {
		mymm_swap_undup(visit->vm, visit->entry);
	}
}

/**
 * mymm_page_swap_slots() - have a swap entry where a page was
 * @vm: whose page
 * @page: the page, locked, and mapped nowhere
 * @entry: where its contents are; a reference is held
 *
 * Context: process; sleeps.
 * Return: how many slots still point to the page: those of vmas that are being unmapped.
 */
unsigned int mymm_page_swap_slots(struct mymm_vm *vm, struct page *page,
				  u32 entry)
{
	struct visit visit = {
		.vm = vm,
		.page = page,
		.look = replace,
		.entry = entry,
	};

	if (mymm_mapped_share(page) && mymm_swap_get(vm, entry)) {
		each_slot(&visit);
		mymm_swap_put(vm, entry);
	}
	return mymm_mapped_share(page);
}

static void move(struct visit *visit, struct vm_area_struct *vma,
		 unsigned long addr)
{
	struct mymm_region *region = mymm_region_of(vma);

	if (!mymm_table_replace(&region->table, addr, visit->slot,
				mymm_slot_of_pfn(mymm_mapped_pfn(visit->to))))
		return;
	mymm_mapped_take_slot(visit->to);
	mymm_mapped_put(visit->page);
}

/**
 * mymm_page_move_slots() - have another page where a page was
 * @vm: whose pages
 * @page: the page, locked, and mapped nowhere
 * @to: the other, locked, with the same contents
 *
 * Context: process; sleeps.
 * Return: how many slots still point to the page: those of vmas that are in no tree.
 */
unsigned int mymm_page_move_slots(struct mymm_vm *vm, struct page *page,
				  struct page *to)
{
	struct visit visit = {
		.vm = vm,
		.page = page,
		.look = move,
		.to = to,
	};

	if (mymm_mapped_share(page))
		each_slot(&visit);
	return mymm_mapped_share(page);
}
