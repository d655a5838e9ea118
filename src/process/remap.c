// SPDX-License-Identifier: GPL-2.0
/*
 * After a page was moved, it is mapped again where it was.
 *
 * Linux leaves a migration entry in a pte meanwhile, and no access gets past it. A module can make
 * neither such an entry nor a pte. But it can have an access fault on behalf of another process:
 * fixup_user_fault(), which is there for futexes. So what ptes a page had is noted before they go,
 * and when it has its new frame each address faults, for writing if it is anonymous memory that
 * could be written to. A pte that had not been used is not to look used then.
 *
 * The lock of the process's memory is only tried, since the caller may be in a fault itself, and
 * what frees that memory may wait for the caller. Where it can't be had, or there were more ptes
 * than can be noted, the process maps the page with its next access: RES is less until then.
 *
 * Such a fault counts as one of the task that moves, and in pgfault of the pool.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>

#include "process/lru.h"
#include "process/remap.h"
#include "process/rmap.h"

static void note(struct vm_area_struct *vma, unsigned long addr, void *data)
{
	struct mymm_ptes *ptes = data;
	struct mymm_pte_note *to = &ptes->note[ptes->nr];
	bool write, young;

	if (!mymm_pte_of(vma, addr, ptes->page, &write, &young))
		return;
	if (ptes->nr == MYMM_MOST_PTES || !mmget_not_zero(vma->vm_mm)) {
		ptes->missed |= young;
		return;
	}
	/* A file's owner may have what writes to it wait, and not us. */
	write &= mymm_lru_kind(ptes->page) == MYMM_ANON;
	*to = (struct mymm_pte_note){ vma->vm_mm, addr, write, young };
	ptes->nr++;
}

/**
 * mymm_ptes_note() - note the ptes that a page has
 * @ptes: is filled; each has to be restored
 * @page: the page, locked
 *
 * None of them is young any more.
 *
 * Context: process; sleeps.
 */
void mymm_ptes_note(struct mymm_ptes *ptes, struct page *page)
{
	ptes->page = page;
	ptes->mapping = page->mapping;
	ptes->index = page->index;
	ptes->nr = 0;
	ptes->missed = false;
	if (page_mapped(page))
		mymm_rmap_walk_at(page->mapping, page->index, note, ptes);
}

/* Is what has the address still what had it? With the mmap_lock. */
static struct vm_area_struct *vma_of(const struct mymm_ptes *ptes,
				     const struct mymm_pte_note *note)
{
	struct vm_area_struct *vma = find_vma(note->mm, note->addr);

	if (vma && vma->vm_start <= note->addr && vma->vm_file &&
	    vma->vm_file->f_mapping == ptes->mapping &&
	    linear_page_index(vma, note->addr) == ptes->index)
		return vma;
	return NULL;
}

static void restore(const struct mymm_ptes *ptes,
		    const struct mymm_pte_note *note)
{
	const unsigned int flags = FAULT_FLAG_REMOTE |
				   (note->write ? FAULT_FLAG_WRITE : 0);
	struct vm_area_struct *vma = vma_of(ptes, note);

	if (vma && !fixup_user_fault(note->mm, note->addr, flags, NULL) &&
	    !note->young)
		mymm_take_young(vma, note->addr);
}

/**
 * mymm_ptes_restore() - have what was noted mapped again, wherever its contents are now
 * @ptes: from mymm_ptes_note(); is empty then
 *
 * Context: process; sleeps; with no lock of ours, and no page locked.
 */
void mymm_ptes_restore(struct mymm_ptes *ptes)
{
	while (ptes->nr) {
		const struct mymm_pte_note *note = &ptes->note[--ptes->nr];

		if (mmap_read_trylock(note->mm)) {
			restore(ptes, note);
			mmap_read_unlock(note->mm);
		}
		/* If that was the last, its memory goes elsewhere: here that could wait for us. */
		mmput_async(note->mm);
	}
}
