// SPDX-License-Identifier: GPL-2.0
/*
 * Migration: what a process has in a frame goes to another frame, and the process does not notice.
 *
 * With the page's lock, so that no slot that points to it changes, and it is not mapped again:
 *
 *	1. all ptes go
 *	2. nothing else has a reference: a pipe, a device, what waits for the lock
 *	3. the other frame's page becomes like it, and gets its contents
 *	4. the slots of all tables that pointed to the frame point to the other one
 *	5. so does the swap slot that has the same contents, and the LRU list, at the same place
 *	6. the frame is freed
 *
 * No slot points to a page of a file: in place of 4 its inode has the other one at its index, where
 * it is as dirty as it was (fs/cache.c). What is being written has a reference, and so does what is
 * being read from by a call: they are busy.
 *
 *	7. ptes come again where there were some (remap.c)
 *
 * What waits for the lock meanwhile finds that the slot has changed, and looks again.
 *
 * A vma that is being unmapped is in no tree any more, and a child's may not yet be: the slots
 * there are not found, and keep the frame. Then there are two frames with the same contents, as if
 * one of the processes had written to it. The first comes back with those slots.
 *
 * What mlock() has locked is moved, too, unless compact_unevictable_allowed is 0. Not moved is what
 * is no page of a process or a file: tables, frames of mymm_vmalloc(), and all that is allocated by
 * others.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "process/file_page.h"
#include "process/lru.h"
#include "process/mapped.h"
#include "process/migrate.h"
#include "process/remap.h"
#include "process/rmap.h"
#include "process/slots.h"
#include "process/swap.h"
#include "process/sysctl.h"
#include "process/vm.h"

/* Is there anything but the pool and ptes that refers to it? */
static bool is_referenced(const struct page *page)
{
	return page_count(page) > 2 + atomic_read(&page->_mapcount);
}

/* Is what mlock() has locked moved, too? */
static bool moves_locked(void)
{
	return READ_ONCE(mymm_vm_sysctl.compact_unevictable_allowed);
}

/* Of a process, or of a file, and not locked there. A guess, without the page's lock. */
static bool is_movable(struct page *page)
{
	return READ_ONCE(page->mapping) && PageUptodate(page) &&
	       (moves_locked() || !folio_test_mlocked(page_folio(page)));
}

/**
 * mymm_may_migrate() - is a frame one that can be moved at this moment?
 * @pool: the pool
 * @pfn: the frame, allocated
 *
 * Context: process. A guess.
 * Return: it is.
 */
bool mymm_may_migrate(struct mymm_pool *pool, u32 pfn)
{
	struct page *page = pool->vm->page[pfn];

	return is_movable(page) && !is_referenced(page);
}

static bool lock(struct page *page, bool wait)
{
	if (wait)
		lock_page(page);
	return wait || trylock_page(page);
}

static bool unmap(struct mymm_vm *vm, struct page *page)
{
	return mymm_lru_kind(page) == MYMM_FILE ? mymm_file_unmap(page) :
						  mymm_page_unmap(vm, page);
}

/*
 * Take the page, which is locked, off its ptes, and note what they were. 0, -EAGAIN or -EBUSY.
 *
 * Of one that mlock() has locked the kernel puts a reference into a batch of this CPU when its pte
 * goes.
 */
static int isolate(struct mymm_vm *vm, struct page *page,
		   struct mymm_ptes *ptes)
{
	struct folio *folio = page_folio(page);
	const bool locked = folio_test_mlocked(folio);
	bool gone;

	if (folio_maybe_dma_pinned(folio) || (locked && !moves_locked()))
		return -EBUSY;
	if (locked)
		mymm_drain_locked();
	if (is_referenced(page))
		return -EAGAIN;
	/* Else the kernel would take note that it was used, in its own way. */
	mymm_ptes_note(ptes, page);
	if (ptes->missed)
		folio_set_referenced(folio);
	if (locked)
		migrate_disable();
	gone = unmap(vm, page);
	if (locked) {
		mymm_drain_locked();
		migrate_enable();
	}
	return gone && !is_referenced(page) ? 0 : -EAGAIN;
}

/* No slot points to the page any more, but to @to. It is freed, and unlocked. */
static void succeed(struct mymm_vm *vm, struct page *page, struct page *to)
{
	mymm_swap_cache_move(vm, page, to);
	/* In this order: reclaim puts back what has a mapping. */
	WRITE_ONCE(page->mapping, NULL);
	mymm_lru_replace(vm, page, to);
	mymm_mapped_free(vm, page);
	unlock_page(to);
}

/* Slots that were not found keep the page: then both stay, or @to goes. */
static void share(struct mymm_vm *vm, struct page *page, struct page *to)
{
	unlock_page(page);
	if (!mymm_mapped_share(to)) {
		mymm_mapped_free(vm, to);
		return;
	}
	mymm_lru_add(vm, to);
	unlock_page(to);
}

/* With both locked; they are unlocked if it is 0. */
static int move(struct mymm_vm *vm, struct page *page, struct page *to, u32 pfn,
		struct mymm_ptes *ptes)
{
	int err = isolate(vm, page, ptes);

	if (err)
		return err;
	mymm_mapped_like(vm, to, pfn, page);
	mymm_mapped_copy(vm, to, page);
	if (mymm_lru_kind(page) == MYMM_FILE) {
		mymm_file_ops->move(page, to);
		succeed(vm, page, to);
	} else if (mymm_page_move_slots(vm, page, to)) {
		share(vm, page, to);
	} else {
		succeed(vm, page, to);
	}
	return 0;
}

/**
 * mymm_migrate() - move what is in a frame to another
 * @pool: the pool
 * @from: the frame; of whomever
 * @to: the other, allocated, and nobody's; of the same zone
 * @wait: wait for the locks of their pages
 *
 * Context: process; sleeps; with no lock of ours held.
 * Return: 0: @to is somebody's, and @from is free, or will be soon. Else both are what they were:
 * -EAGAIN: it is busy; -EBUSY: it is locked or pinned; -ENOENT: it is not of this kind.
 */
int mymm_migrate(struct mymm_pool *pool, u32 from, u32 to, bool wait)
{
	struct mymm_vm *vm = pool->vm;
	struct page *page = vm->page[from], *target = vm->page[to];
	struct mymm_ptes ptes = {};
	int err = -EAGAIN;

	if (!lock(page, wait))
		return -EAGAIN;
	if (!page->mapping || !PageUptodate(page)) {
		unlock_page(page);
		return -ENOENT;
	}
	/* What looked at a slot of its last owner may have it locked for a moment. */
	if (lock(target, wait)) {
		err = move(vm, page, target, to, &ptes);
		if (err)
			unlock_page(target);
	}
	if (err)
		unlock_page(page);
	mymm_ptes_restore(&ptes);
	return err;
}
