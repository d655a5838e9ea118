// SPDX-License-Identifier: GPL-2.0
/*
 * The pages of a file: which frames have them, and how they are filled.
 *
 * An inode has an xarray of its own. It does not have the kernel's page cache: that one's pages the
 * kernel would reclaim, and count.
 *
 *	nothing          the page was never read, or was cut off
 *	a value          it was evicted; the value is its shadow (process/workingset.c). There are
 *	                 no more than twice as many as the pool has frames, for these are memory of
 *	                 the machine
 *	a page           it is there. Is it not up to date, it is locked, and being filled
 *
 * What is not there is read from the lower file, straight into the frame, together with what
 * follows: the window of read-ahead, which doubles as long as reading goes on where the last window
 * ended, and is a page alone where it does not. What the machine's own page cache kept of it is
 * dropped, so that there are not two copies.
 *
 * A lookup takes no reference before it has the page's lock: frames are never given to the kernel,
 * so a page can be locked at any time, and is looked at again then.
 */
#include <linux/bvec.h>
#include <linux/completion.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/uio.h>
#include <linux/workqueue.h>

#include "fs/compat.h"
#include "fs/fs.h"
#include "page/pool.h"
#include "page/vmstat.h"
#include "process/lru.h"
#include "process/mapped.h"
#include "process/trace.h"
#include "process/vm.h"
#include "process/workingset.h"

/* What a window begins with. */
#define FIRST_WINDOW 4U

static struct workqueue_struct *readers;

/* --- what is there ---------------------------------------------------------------- */

static bool is_at(const struct mymm_inode *mi, pgoff_t index,
		  const struct page *page)
{
	return page->mapping == mi->inode.i_mapping && page->index == index;
}

/**
 * mymm_cache_find() - the page at an index, if it is there
 * @mi: the file
 * @index: where
 *
 * Context: process; sleeps while it is being filled.
 * Return: the page, locked and up to date; NULL: it is not there.
 */
struct page *mymm_cache_find(struct mymm_inode *mi, pgoff_t index)
{
	struct page *page;

	for (;;) {
		page = xa_load(&mi->pages, index);
		if (!page || xa_is_value(page))
			return NULL;
		lock_page(page);
		if (is_at(mi, index, page))
			return page;
		unlock_page(page);
	}
}

/* A shadow has its lowest bit set, which a value of an xarray has room for. */
static void *value_of_shadow(u64 shadow)
{
	return xa_mk_value(shadow >> 1 & LONG_MAX);
}

static u64 shadow_of_value(const void *entry)
{
	return xa_is_value(entry) ? (u64)xa_to_value(entry) << 1 | 1 : 0;
}

static void drop_shadow(struct mymm_inode *mi, unsigned long index,
			void *shadow)
{
	if (xa_cmpxchg(&mi->pages, index, shadow, NULL, GFP_NOFS) == shadow)
		atomic_long_dec(&mi->nr_shadows);
}

/* How many of a file are worth their memory: what was evicted before these is not recent. */
static unsigned long most_shadows(struct mymm_inode *mi)
{
	return 2 * mymm_inode_vm(mi)->total;
}

/* Room for another one: the hand goes round, and the next goes. */
static void make_room(struct mymm_inode *mi)
{
	unsigned long index = READ_ONCE(mi->hand);
	void *entry = xa_find(&mi->pages, &index, ULONG_MAX, XA_PRESENT);

	if (entry && xa_is_value(entry))
		drop_shadow(mi, index, entry);
	WRITE_ONCE(mi->hand, entry ? index + 1 : 0);
}

/*
 * A new page, in the xarray, locked, and not up to date. -EEXIST: somebody else was faster;
 * -ENOMEM.
 */
static struct page *insert(struct mymm_inode *mi, pgoff_t index, gfp_t gfp)
{
	struct mymm_vm *vm = mymm_inode_vm(mi);
	struct page *page;
	void *old, *was;

	page = mymm_file_alloc(vm, mi->inode.i_mapping, index, gfp);
	if (!page)
		return ERR_PTR(-ENOMEM);
	old = xa_load(&mi->pages, index);
	if (!old || xa_is_value(old)) {
		was = xa_cmpxchg(&mi->pages, index, old, page, GFP_NOFS);
		if (was == old) {
			if (old)
				atomic_long_dec(&mi->nr_shadows);
			mymm_workingset_refault(vm, page, shadow_of_value(old));
			return page;
		}
		old = was;
	}
	mymm_mapped_free(vm, page);
	return ERR_PTR(xa_is_err(old) ? -ENOMEM : -EEXIST);
}

/**
 * mymm_cache_filled() - a new page has its contents
 * @mi: the file
 * @page: the page, locked
 *
 * Context: process.
 */
void mymm_cache_filled(struct mymm_inode *mi, struct page *page)
{
	SetPageUptodate(page);
	mymm_lru_add(mymm_inode_vm(mi), page);
}

/**
 * mymm_cache_remove() - take a page out, and give its frame back
 * @mi: the file
 * @page: the page: locked, and unlocked after it; mapped nowhere
 *
 * Context: process.
 */
void mymm_cache_remove(struct mymm_inode *mi, struct page *page)
{
	mymm_page_clean(mi, page);
	xa_erase(&mi->pages, page->index);
	mymm_mapped_free(mymm_inode_vm(mi), page);
}

/**
 * mymm_cache_new() - a page that its caller will fill
 * @mi: the file
 * @index: where
 *
 * Context: process; sleeps.
 * Return: the page, locked, for mymm_cache_filled(); -EEXIST: there is one; -ENOMEM.
 */
struct page *mymm_cache_new(struct mymm_inode *mi, pgoff_t index)
{
	return insert(mi, index, 0);
}

/* --- reading ---------------------------------------------------------------------- */

/**
 * struct fill - pages that are being read; on the stack of its caller
 * @work: of the worker
 * @done: it has ended
 * @mi: the file
 * @nr: how many
 * @page: they follow one another; locked
 * @bvec: the same, for the lower file
 * @good: how many of them were read
 * @err: what came of the next one: 0 or a negative errno
 */
struct fill {
	struct work_struct work;
	struct completion done;
	struct mymm_inode *mi;
	unsigned int nr;
	struct page *page[MYMM_IO_PAGES];
	struct bio_vec bvec[MYMM_IO_PAGES];
	unsigned int good;
	int err;
};

/* Behind the end of the lower file there are zeros. */
static void zero_from(struct fill *fill, size_t from)
{
	unsigned int i;

	for (i = from >> PAGE_SHIFT; i < fill->nr; i++) {
		unsigned int start =
			i == from >> PAGE_SHIFT ? offset_in_page(from) : 0;

		zero_user_segment(fill->page[i], start, PAGE_SIZE);
	}
}

/* What can't be read is no error of the pages before it. */
static void read_lower(struct fill *fill)
{
	size_t length = (size_t)fill->nr << PAGE_SHIFT, got = 0;
	loff_t start = (loff_t)fill->page[0]->index << PAGE_SHIFT;
	loff_t pos = start;
	struct iov_iter iter;
	unsigned int i;
	ssize_t nr = 0;

	for (i = 0; i < fill->nr; i++) {
		fill->bvec[i].bv_page = fill->page[i];
		fill->bvec[i].bv_offset = 0;
		fill->bvec[i].bv_len = PAGE_SIZE;
	}
	iov_iter_bvec(&iter, ITER_DEST, fill->bvec, fill->nr, length);
	while (got < length) {
		nr = vfs_iter_read(fill->mi->reader, &iter, &pos, 0);
		if (nr <= 0)
			break;
		got += nr;
	}
	fill->err = nr < 0 ? nr : 0;
	fill->good = nr < 0 ? got >> PAGE_SHIFT : fill->nr;
	if (nr >= 0)
		zero_from(fill, got);
	mymm_vm_count(mymm_inode_vm(fill->mi)->pool, MYMM_PGPGIN,
		      DIV_ROUND_UP(got, 1024));
	mymm_cache_forget_lower(fill->mi->reader, start, start + length - 1);
}

static void run_fill(struct work_struct *work)
{
	struct fill *fill = container_of(work, struct fill, work);

	read_lower(fill);
	complete(&fill->done);
}

/*
 * In a fault, which has the mmap_lock, a worker reads. It is waited for by a completion: lockdep
 * would take it for what has the locks of the lower file (see process/swap_file.c).
 */
static void read_by_worker(struct fill *fill)
{
	INIT_WORK_ONSTACK(&fill->work, run_fill);
	init_completion(&fill->done);
	queue_work(readers, &fill->work);
	wait_for_completion(&fill->done);
	destroy_work_on_stack(&fill->work);
}

/**
 * mymm_cache_forget_lower() - have the machine not keep what we have
 * @lower: the lower file
 * @from: the first byte
 * @to: the last
 *
 * Context: process.
 */
void mymm_cache_forget_lower(struct file *lower, loff_t from, loff_t to)
{
	invalidate_mapping_pages(lower->f_mapping, from >> PAGE_SHIFT,
				 to >> PAGE_SHIFT);
}

/* --- read-ahead ------------------------------------------------------------------- */

/* How many pages to read at an index. */
static unsigned int window_at(struct mymm_ahead *ahead, pgoff_t index,
			      unsigned int wanted)
{
	unsigned int window = READ_ONCE(ahead->window);

	if (index && index != READ_ONCE(ahead->next))
		window = 1;
	else
		window = max(2 * window, FIRST_WINDOW);
	window = clamp(window, min(wanted, MYMM_IO_PAGES), MYMM_IO_PAGES);
	WRITE_ONCE(ahead->window, window);
	return window;
}

/* Pages that follow the first one of @fill, up to the end of the file, and to one that is there. */
static void add_window(struct fill *fill, unsigned int window)
{
	struct mymm_inode *mi = fill->mi;
	pgoff_t end = DIV_ROUND_UP(i_size_read(&mi->inode), PAGE_SIZE);
	pgoff_t index = fill->page[0]->index + 1;
	struct page *page;

	for (; fill->nr < window && index < end; index++) {
		page = insert(mi, index, __GFP_NORETRY);
		if (IS_ERR(page))
			break;
		fill->page[fill->nr++] = page;
	}
}

/* All but the first are unlocked; those that were not read go. */
static struct page *finish(struct fill *fill)
{
	unsigned int i;

	for (i = fill->nr; i--;) {
		struct page *page = fill->page[i];

		if (i >= fill->good) {
			mymm_cache_remove(fill->mi, page);
			continue;
		}
		mymm_cache_filled(fill->mi, page);
		if (i)
			unlock_page(page);
	}
	return fill->good ? fill->page[0] : ERR_PTR(fill->err);
}

/**
 * mymm_cache_get() - the page at an index
 * @mi: the file; its lower file is open
 * @index: where
 * @ahead: where it is being read
 * @wanted: how many pages from there on are wanted in any case
 * @major: for a fault: becomes true if the page was read; NULL: it is a call
 *
 * Context: process; sleeps.
 * Return: the page, locked and up to date; -ENOMEM: the pool has no frame; or what the lower file
 * returns.
 */
struct page *mymm_cache_get(struct mymm_inode *mi, pgoff_t index,
			    struct mymm_ahead *ahead, unsigned int wanted,
			    bool *major)
{
	struct fill fill = { .mi = mi, .nr = 1 };
	struct mymm_stall stall;
	struct page *page;
	bool stalls;

	do {
		page = mymm_cache_find(mi, index);
		if (page)
			return page;
		page = insert(mi, index, 0);
	} while (page == ERR_PTR(-EEXIST));
	if (IS_ERR(page))
		return page;
	fill.page[0] = page;
	add_window(&fill, window_at(ahead, index, wanted));
	WRITE_ONCE(ahead->next, index + fill.nr);
	stalls = mymm_mapped_workingset(page);
	if (stalls)
		mymm_stall_begin(mymm_inode_vm(mi)->pool, &stall);
	if (major) {
		*major = true;
		read_by_worker(&fill);
	} else {
		read_lower(&fill);
	}
	if (stalls)
		mymm_stall_end(mymm_inode_vm(mi)->pool, &stall);
	return finish(&fill);
}

/* --- taking away ------------------------------------------------------------------ */

/**
 * mymm_cache_zero_tail() - have zeros behind the end of a file, in its last page
 * @mi: the file
 * @size: its end
 *
 * Context: process; sleeps.
 */
void mymm_cache_zero_tail(struct mymm_inode *mi, loff_t size)
{
	unsigned int offset = offset_in_page(size);
	struct page *page;

	page = offset ? mymm_cache_find(mi, size >> PAGE_SHIFT) : NULL;
	if (!page)
		return;
	zero_user_segment(page, offset, PAGE_SIZE);
	unlock_page(page);
}

/**
 * mymm_cache_truncate() - take away what is behind the end of a file
 * @mi: the file, whose i_size is @size already
 * @size: its end
 *
 * Context: process; sleeps; with inode->writing, or nobody uses the inode any more.
 */
void mymm_cache_truncate(struct mymm_inode *mi, loff_t size)
{
	pgoff_t first = DIV_ROUND_UP(size, PAGE_SIZE);
	unsigned long index = first;
	struct page *page;
	void *entry;

	unmap_mapping_range(mi->inode.i_mapping, (loff_t)first << PAGE_SHIFT, 0,
			    1);
	mymm_cache_zero_tail(mi, size);
	xa_for_each_start(&mi->pages, index, entry, first) {
		if (xa_is_value(entry)) {
			drop_shadow(mi, index, entry);
			continue;
		}
		page = mymm_cache_find(mi, index);
		if (!page)
			continue;
		/* A fault may have come between; another sees that it is late. */
		if (page_mapped(page))
			unmap_mapping_pages(mi->inode.i_mapping, index, 1,
					    true);
		mymm_cache_remove(mi, page);
		cond_resched();
	}
}

static bool is_in_use(struct page *page)
{
	return page_mapped(page) || mymm_page_busy(page) ||
	       page_count(page) > 1;
}

/**
 * mymm_cache_drop() - take away what can be read again
 * @mi: the file
 *
 * Context: process; sleeps.
 * Return: how many pages.
 */
unsigned long mymm_cache_drop(struct mymm_inode *mi)
{
	unsigned long index, nr = 0;
	struct page *page;
	void *entry;

	xa_for_each(&mi->pages, index, entry) {
		page = xa_is_value(entry) ? NULL : mymm_cache_find(mi, index);
		if (!page)
			continue;
		if (is_in_use(page)) {
			unlock_page(page);
		} else {
			mymm_cache_remove(mi, page);
			nr++;
		}
		cond_resched();
	}
	return nr;
}

/**
 * mymm_cache_evict() - reclaim takes a page
 * @page: the page, locked, clean, and mapped nowhere
 * @shadow: what stays in its place
 *
 * Context: process.
 */
void mymm_cache_evict(struct page *page, u64 shadow)
{
	struct mymm_inode *mi = mymm_inode_of(page->mapping->host);

	trace_mymm_file_evict(mymm_inode_vm(mi)->pool->name, mi->inode.i_ino,
			      page->index, mymm_mapped_pfn(page));
	if (atomic_long_inc_return(&mi->nr_shadows) > most_shadows(mi))
		make_room(mi);
	/* There is a place for it already, so nothing is allocated. */
	xa_store(&mi->pages, page->index, value_of_shadow(shadow), 0);
}

/**
 * mymm_cache_move() - compaction has moved a page
 * @page: the page, locked, and mapped nowhere
 * @to: what takes its place: locked, up to date, and with the same contents
 *
 * Whether it is dirty changes with the xarray's lock, and so does which of both is.
 *
 * Context: process; does not sleep.
 */
void mymm_cache_move(struct page *page, struct page *to)
{
	struct mymm_inode *mi = mymm_inode_of(page->mapping->host);

	guard(spinlock)(&mi->pages.xa_lock);
	if (folio_test_clear_dirty(page_folio(page)))
		folio_set_dirty(page_folio(to));
	/* There is a place for it already, which keeps its marks. */
	__xa_store(&mi->pages, page->index, to, 0);
}

/**
 * mymm_cache_init() - have workers, and let process/ call us; before there is a pool
 *
 * Return: 0 or -ENOMEM.
 */
int mymm_cache_init(void)
{
	mymm_fs_attach();
	readers = alloc_workqueue("mymm_read",
				  WQ_UNBOUND | WQ_MEM_RECLAIM | WQ_HIGHPRI, 0);
	return readers ? 0 : -ENOMEM;
}

/** mymm_cache_exit() - the workers go; nothing is mounted */
void mymm_cache_exit(void)
{
	destroy_workqueue(readers);
}
