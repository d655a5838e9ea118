// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of files, as reclaim and the rmap see them.
 *
 * They differ from those of anonymous memory: no slot points to one, but its inode has it at its
 * index; each vma that has the index may have mapped it; and a private mapping may have a copy
 * there, which is the process's own, in the kernel's memory. So before a pte is touched, the frame
 * that it has is looked at, with the pte's lock held.
 *
 * Their owner, fs/, stands above, and is called by a table of functions.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "base/compat.h"
#include "page/pool.h"
#include "page/vm_hooks.h"
#include "process/file_page.h"
#include "process/lru.h"
#include "process/mapped.h"
#include "process/rmap.h"
#include "process/vm.h"

const struct mymm_file_ops *mymm_file_ops;
MYMM_EXPORT_INTERNAL(mymm_file_ops);

/**
 * struct visit - a walk over the vmas that may have mapped a page
 * @page: the page
 * @nr: in how many it was used
 * @program: one of these runs it
 */
struct visit {
	struct page *page;
	unsigned int nr;
	bool program;
};

static void take_reference(struct vm_area_struct *vma, unsigned long addr,
			   void *data)
{
	struct visit *visit = data;

	if (!mymm_take_young_of(vma, addr, visit->page))
		return;
	visit->nr++;
	visit->program |= vma->vm_flags & VM_EXEC;
}

/**
 * mymm_file_referenced() - in how many places has a page of a file been used?
 * @page: the page, locked
 * @program: becomes true if it was by what runs it
 *
 * Context: process; sleeps.
 * Return: ptes whose accessed bit was set, and is not any more.
 */
unsigned int mymm_file_referenced(struct page *page, bool *program)
{
	struct visit visit = { .page = page };

	if (atomic_read(&page->_mapcount) >= 0)
		mymm_rmap_walk_at(page->mapping, page->index, take_reference,
				  &visit);
	*program = visit.program;
	return visit.nr;
}

/**
 * mymm_file_unmap() - take out all ptes of a page of a file
 * @page: the page, locked, so that it is not mapped again
 *
 * Private copies stay.
 *
 * Context: process; sleeps.
 * Return: is it mapped nowhere now? What is just being moved or unmapped may still be.
 */
bool mymm_file_unmap(struct page *page)
{
	if (atomic_read(&page->_mapcount) >= 0)
		unmap_mapping_pages(page->mapping, page->index, 1, false);
	return atomic_read(&page->_mapcount) < 0;
}

/**
 * mymm_file_maps() - a page of a file is about to be mapped
 * @vm: the pool
 * @page: the page, locked until it is
 *
 * Context: process.
 */
void mymm_file_maps(struct mymm_vm *vm, const struct page *page)
{
	const u32 pfn = mymm_mapped_pfn(page);

	if (!test_bit(pfn, vm->file_mapped))
		set_bit(pfn, vm->file_mapped);
}

/* Is a page of a file mapped? If it is not, nor about to be, its bit goes. */
static bool is_mapped(struct mymm_vm *vm, u32 pfn)
{
	struct page *page = vm->page[pfn];

	if (trylock_page(page)) {
		if (!page->mapping || mymm_lru_kind(page) != MYMM_FILE ||
		    atomic_read(&page->_mapcount) < 0)
			clear_bit(pfn, vm->file_mapped);
		unlock_page(page);
	}
	return test_bit(pfn, vm->file_mapped);
}

/**
 * mymm_file_mapped() - how many pages of files are mapped?
 * @vm: the pool
 * @from: the first frame to look at
 * @to: one past the last
 *
 * Nothing tells when a pte goes. So what was mapped has a bit, and is looked at here.
 *
 * Context: process; sleeps. A guess while pages come and go.
 * Return: how many.
 */
unsigned long mymm_file_mapped(struct mymm_vm *vm, u32 from, u32 to)
{
	unsigned long nr = 0, pfn = from;

	for_each_set_bit_from(pfn, vm->file_mapped, to) {
		nr += is_mapped(vm, pfn);
		cond_resched();
	}
	return nr;
}

/**
 * mymm_file_figures() - what of pages of files is found out, and not counted as it happens
 * @pool: the pool
 * @figures: are filled
 *
 * Context: process; sleeps.
 */
void mymm_file_figures(struct mymm_pool *pool, struct mymm_vm_figures *figures)
{
	figures->mapped = mymm_file_mapped(pool->vm, 0, pool->nr_frames);
	mymm_file_ops->limits(pool->vm, &figures->dirty_threshold,
			      &figures->dirty_background_threshold);
}
