// SPDX-License-Identifier: GPL-2.0
/*
 * The struct page behind a frame that processes have.
 *
 * A pool's frames are pages that mymm got from the kernel one by one. One that is mapped to a
 * process is made to look like a page of shmem:
 *
 *	page->mapping	the space's, for futexes, and for the kernel's walk of the rmap
 *	page->index	where in it
 *	page->private	the frame's number, and how many slots point to it (mapped.h)
 *	page->lru	on a list of ours (lru.c), or in limbo
 *	swapbacked	which has the kernel count it as RssShmem
 *	uptodate
 *
 * A page of a file (fs/) is of that file's inode, and not swapbacked, so that it counts as RssFile;
 * it is up to date once it was filled, and what its private has for slots is 1.
 *
 * It is on no list of the kernel's, so nothing of the kernel's reclaims or moves it; active and
 * unevictable say which list of ours it is on. All of this
 * is taken away again before the frame goes back to its pool.
 *
 * Limbo. A page that was unmapped may still be in use: in a pipe, as the target of a direct
 * read, in a CPU's batch of pages to be unlocked. Nothing says when that reference goes, and
 * until then the frame must not be given to anybody else. Such pages wait on a list that is
 * looked through each tick. The module can't be unloaded meanwhile.
 */
#include <linux/highmem.h>
#include <linux/module.h>
#include <linux/pagemap.h>

#include "base/compat.h"
#include "process/lru.h"
#include "process/mapped.h"
#include "process/swap.h"
#include "process/vm.h"

/* Give the frame of a page that nothing knows any more back to its pool. */
static void give_back(struct mymm_vm *vm, struct page *page)
{
	u32 pfn = mymm_mapped_pfn(page);

	set_page_private(page, 0);
	mymm_free_pages(vm->pool, &vm->pool->frame[pfn], 0);
}

/* What a page belongs to that was read ahead: to nobody yet. It is never looked at. */
static struct address_space unowned;

/* A page that is of no kind yet, locked. */
static struct page *take(struct mymm_vm *vm, struct address_space *mapping,
			 pgoff_t index, u32 share, gfp_t gfp)
{
	bool clear = gfp & __GFP_ZERO && !want_init_on_alloc(0);
	struct mymm_frame *frame;
	struct page *page;
	u32 pfn;

	/* The pool's fast path clears nothing. */
	gfp = GFP_HIGHUSER_MOVABLE | __GFP_NOWARN | (gfp & ~__GFP_ZERO);
	frame = mymm_alloc_pages(vm->pool, gfp, 0);
	if (!frame)
		return NULL;
	pfn = frame - vm->pool->frame;
	if (clear)
		clear_page(mymm_pool_address(vm->pool, pfn));
	page = vm->page[pfn];
	/* What looked at a slot of its last owner may have it locked: it sees that it is late. */
	lock_page(page);
	page->mapping = mapping;
	page->index = index;
	set_page_private(page, (unsigned long)pfn << MYMM_SHARE_BITS | share);
	INIT_LIST_HEAD(&page->lru);
	return page;
}

static struct page *alloc(struct mymm_vm *vm, struct address_space *mapping,
			  pgoff_t index, u32 share, gfp_t gfp)
{
	struct page *page = take(vm, mapping, index, share, gfp);

	if (!page)
		return NULL;
	SetPageUptodate(page);
	folio_set_swapbacked(page_folio(page));
	mymm_vm_count(vm->pool, MYMM_NR_ANON_PAGES, 1);
	return page;
}

/**
 * mymm_mapped_alloc() - a frame for a process
 * @space: whose inode's page it will be
 * @index: the place in it
 * @gfp: __GFP_ZERO, or nothing if the caller fills it
 *
 * Context: process; sleeps; with no lock of ours held.
 * Return: the page behind the frame, locked, with one slot that is to point to it; NULL: the
 * pool has no frame.
 */
struct page *mymm_mapped_alloc(struct mymm_space *space, pgoff_t index,
			       gfp_t gfp)
{
	return alloc(space->vm, space->inode->i_mapping, index, 1, gfp);
}

/**
 * mymm_mapped_alloc_unowned() - a frame for what is read ahead
 * @vm: the pool
 * @gfp: as of mymm_mapped_alloc()
 *
 * Context: process; sleeps; with no lock of ours held.
 * Return: as of mymm_mapped_alloc(), but that no slot is to point to it before mymm_mapped_own().
 */
struct page *mymm_mapped_alloc_unowned(struct mymm_vm *vm, gfp_t gfp)
{
	return alloc(vm, &unowned, 0, 0, gfp);
}
MYMM_EXPORT_INTERNAL(mymm_mapped_alloc_unowned);

/**
 * mymm_file_alloc() - a frame for a page of a file
 * @vm: the pool
 * @mapping: of the file's inode
 * @index: the place in it
 * @gfp: __GFP_ZERO, __GFP_NORETRY, or nothing
 *
 * Context: process; sleeps; with no lock of ours held.
 * Return: the page behind the frame, locked, and not up to date; NULL: the pool has no frame.
 */
struct page *mymm_file_alloc(struct mymm_vm *vm, struct address_space *mapping,
			     pgoff_t index, gfp_t gfp)
{
	struct page *page = take(vm, mapping, index, 1, gfp);

	if (page)
		mymm_vm_count(vm->pool, MYMM_NR_FILE_PAGES, 1);
	return page;
}
MYMM_EXPORT_INTERNAL(mymm_file_alloc);

/**
 * mymm_mapped_own() - a page is of a process, if it was of none
 * @page: the page, locked
 * @space: of the process
 * @index: its place there
 *
 * Context: process.
 */
void mymm_mapped_own(struct page *page, struct mymm_space *space, pgoff_t index)
{
	if (mymm_mapped_share(page))
		return;
	WRITE_ONCE(page->mapping, space->inode->i_mapping);
	page->index = index;
}

/**
 * mymm_mapped_like() - make the page behind a frame like another one, for its contents
 * @vm: whose frames they are
 * @page: the page, locked, and nobody's
 * @pfn: its frame
 * @like: the other one, locked, and mapped nowhere
 *
 * No slot points to it, nor its inode, and it is on no list; these come next. So does that a page
 * of a file is dirty.
 *
 * Context: process.
 */
void mymm_mapped_like(struct mymm_vm *vm, struct page *page, u32 pfn,
		      struct page *like)
{
	struct folio *folio = page_folio(page), *other = page_folio(like);

	page->mapping = like->mapping;
	page->index = like->index;
	set_page_private(page, (unsigned long)pfn << MYMM_SHARE_BITS |
				       (page_private(like) &
					(MYMM_FORKED | MYMM_WORKINGSET)));
	SetPageUptodate(page);
	if (mymm_lru_kind(like) == MYMM_ANON) {
		folio_set_swapbacked(folio);
		if (folio_test_dirty(other))
			SetPageDirty(page);
		mymm_vm_count(vm->pool, MYMM_NR_ANON_PAGES, 1);
	} else {
		mymm_mapped_take_slot(page);
		mymm_vm_count(vm->pool, MYMM_NR_FILE_PAGES, 1);
	}
	if (folio_test_active(other))
		folio_set_active(folio);
	if (folio_test_unevictable(other))
		folio_set_unevictable(folio);
	if (folio_test_referenced(other))
		folio_set_referenced(folio);
	if (folio_test_readahead(other))
		folio_set_readahead(folio);
	INIT_LIST_HEAD(&page->lru);
}

/**
 * mymm_mapped_free() - give back a frame that no slot points to
 * @vm: whose frame it is
 * @page: the page behind it: locked, and unlocked after it; not mapped
 *
 * Context: process.
 */
void mymm_mapped_free(struct mymm_vm *vm, struct page *page)
{
	struct folio *folio = page_folio(page);

	mymm_vm_count(vm->pool,
		      mymm_lru_kind(page) == MYMM_ANON ? MYMM_NR_ANON_PAGES :
							 MYMM_NR_FILE_PAGES,
		      -1);
	mymm_swap_cache_del(vm, page);
	/* In this order: reclaim puts back what has a mapping. */
	WRITE_ONCE(page->mapping, NULL);
	mymm_lru_del(vm, page);
	page->index = 0;
	folio_clear_active(folio);
	folio_clear_unevictable(folio);
	folio_clear_readahead(folio);
	folio_clear_uptodate(folio);
	folio_clear_swapbacked(folio);
	folio_clear_referenced(folio);
	folio_clear_dirty(folio);
	unlock_page(page);
	if (page_count(page) == 1) {
		give_back(vm, page);
		return;
	}
	__module_get(THIS_MODULE);
	spin_lock(&vm->limbo_lock);
	list_add_tail(&page->lru, &vm->limbo);
	vm->nr_limbo++;
	vm->limbo_delay = 1;
	spin_unlock(&vm->limbo_lock);
	mod_delayed_work(system_wq, &vm->limbo_work, 1);
}
MYMM_EXPORT_INTERNAL(mymm_mapped_free);

/**
 * mymm_mapped_claim() - may one process write to a page as it is?
 * @vm: whose page
 * @page: the page, locked
 * @held: references that the caller knows of, beside the pool's, reclaim's and those of ptes
 *
 * With one slot, and no swap entry that somebody else has, it is of one process; what it had in
 * a swap slot is not its contents any more. But a pipe, say, that a relative had put it into before
 * it unmapped it, is not to show what that process writes from now on; so a page with such a
 * reference stays as it is, and the process gets a copy. References that were taken since it was
 * known to be of that process alone are its own, and see what it writes.
 *
 * Return: it may.
 */
bool mymm_mapped_claim(struct mymm_vm *vm, struct page *page, int held)
{
	int ptes = atomic_read(&page->_mapcount) + 1;
	u32 entry = mymm_swap_cached(vm, page);

	if (mymm_mapped_share(page) > 1 ||
	    (entry && mymm_swap_count(vm, entry) > 1))
		return false;
	if (page_private(page) & MYMM_FORKED &&
	    mymm_lru_is_held(vm, page, 1 + ptes + held))
		return false;
	mymm_swap_cache_del(vm, page);
	set_page_private(page, page_private(page) & ~MYMM_FORKED);
	return true;
}

/**
 * mymm_mapped_copy() - copy the contents of a frame
 * @vm: whose frames they are
 * @to: the page behind one
 * @from: the page behind the other
 */
void mymm_mapped_copy(struct mymm_vm *vm, struct page *to, struct page *from)
{
	copy_page(mymm_pool_address(vm->pool, mymm_mapped_pfn(to)),
		  mymm_pool_address(vm->pool, mymm_mapped_pfn(from)));
}

/* Give back what has no reference but the pool's. Returns whether that was anything. */
static bool look_through_limbo(struct mymm_vm *vm)
{
	struct page *page, *next;
	LIST_HEAD(done);
	bool any;

	spin_lock(&vm->limbo_lock);
	list_for_each_entry_safe(page, next, &vm->limbo, lru) {
		if (page_count(page) != 1)
			continue;
		list_move(&page->lru, &done);
		vm->nr_limbo--;
	}
	any = !list_empty(&done);
	spin_unlock(&vm->limbo_lock);
	list_for_each_entry_safe(page, next, &done, lru) {
		list_del(&page->lru);
		give_back(vm, page);
		module_put(THIS_MODULE);
	}
	return any;
}

/**
 * mymm_limbo_hurry() - give back what is in no use any more, now
 * @vm: the pool, which the caller uses
 *
 * What stays for long is looked at once a second, and may have been free for most of that.
 *
 * Context: process.
 * Return: whether that was anything.
 */
bool mymm_limbo_hurry(struct mymm_vm *vm)
{
	if (!READ_ONCE(vm->nr_limbo) || !look_through_limbo(vm))
		return false;
	/* If that was all, the work finds it out. */
	mod_delayed_work(system_wq, &vm->limbo_work, 1);
	return true;
}

/**
 * mymm_limbo_run() - give back what is in no use any more
 * @work: the work of struct mymm_vm
 */
void mymm_limbo_run(struct work_struct *work)
{
	struct mymm_vm *vm =
		container_of(to_delayed_work(work), struct mymm_vm, limbo_work);
	bool any = look_through_limbo(vm);

	/* What stays for long is looked at less often. */
	vm->limbo_delay = any ? 1 : min(2 * vm->limbo_delay, (unsigned long)HZ);
	if (READ_ONCE(vm->nr_limbo))
		schedule_delayed_work(&vm->limbo_work, vm->limbo_delay);
	else
		mymm_vm_left();
}
