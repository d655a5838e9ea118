// SPDX-License-Identifier: GPL-2.0
/*
 * Dirty pages, and how they are written to the lower file.
 *
 * A page becomes dirty by write(), or by the first write to a mapping, which faults; each
 * write-back protects mappings again. Its inode is on its mount's list then. It is written
 *
 *	by fsync(), sync, umount   at once
 *	by the flusher             when there is too much, or it has been dirty for long (flusher.c)
 *
 * To write is to hand pages, 32 at most, to the lower file, have the machine write these to what is
 * below, and drop its own copies. Meanwhile a page may be read, mapped, and become dirty again; it
 * can't be evicted, since what would be read again may be old. What the lower file refuses is
 * reported to each open file by its next fsync(), and not tried again, as in Linux.
 *
 * An inode's size and what of it is being written change under inode->writing.
 */
#include <linux/bvec.h>
#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <linux/wait.h>

#include "base/compat.h"
#include "base/file_compat.h"
#include "fs/compat.h"
#include "fs/fs.h"
#include "page/pool.h"
#include "page/vmstat.h"
#include "process/lru.h"
#include "process/trace.h"
#include "process/vm.h"

/* Not the flushers' own, since one of these waits for what writes the same file. */
static struct workqueue_struct *writers;
/* Somebody waits for pages to be written: how many batches were, and that one more was. */
static atomic_long_t batches;
static DECLARE_WAIT_QUEUE_HEAD(progress);

/* --- one page --------------------------------------------------------------------- */

/* The inode has a dirty page. */
static void enlist(struct mymm_inode *mi)
{
	struct mymm_mount *mount = mymm_mount_of(mi->inode.i_sb);

	guard(spinlock)(&mount->lock);
	/* One that is just being evicted is not used any more; a device may have had a page. */
	if (mi->listed || mount->ended || !igrab(&mi->inode))
		return;
	mi->listed = true;
	mi->since = jiffies;
	list_add_tail(&mi->dirty, &mount->dirty);
}

/**
 * mymm_dirty_folio() - a page was written to
 * @mapping: of the inode
 * @folio: the page: locked, or mapped, with a pte's lock
 *
 * Context: process; does not sleep.
 * Return: was it clean?
 */
bool mymm_dirty_folio(struct address_space *mapping, struct folio *folio)
{
	struct mymm_inode *mi = mymm_inode_of(mapping->host);
	const struct mymm_pool *pool = mymm_inode_vm(mi)->pool;

	scoped_guard(spinlock, &mi->pages.xa_lock)
	{
		if (folio_test_set_dirty(folio))
			return false;
		__xa_set_mark(&mi->pages, folio->index, MYMM_DIRTY);
		atomic_long_inc(&mi->nr_dirty);
	}
	mymm_vm_count(pool, MYMM_NR_FILE_DIRTY, 1);
	mymm_vm_count(pool, MYMM_NR_DIRTIED, 1);
	enlist(mi);
	return true;
}

/**
 * mymm_page_dirty() - a page was written to by a call
 * @mi: the file
 * @page: the page, locked
 *
 * Context: process.
 */
void mymm_page_dirty(struct mymm_inode *mi, struct page *page)
{
	mymm_dirty_folio(mi->inode.i_mapping, page_folio(page));
}

static bool clean(struct mymm_inode *mi, struct page *page, bool writing)
{
	scoped_guard(spinlock, &mi->pages.xa_lock)
	{
		if (!folio_test_clear_dirty(page_folio(page)))
			return false;
		__xa_clear_mark(&mi->pages, page->index, MYMM_DIRTY);
		if (writing)
			__xa_set_mark(&mi->pages, page->index, MYMM_WRITING);
		atomic_long_dec(&mi->nr_dirty);
	}
	mymm_vm_count(mymm_inode_vm(mi)->pool, MYMM_NR_FILE_DIRTY, -1);
	return true;
}

/**
 * mymm_page_clean() - a page need not be written
 * @mi: the file
 * @page: the page, locked
 *
 * Context: process.
 */
void mymm_page_clean(struct mymm_inode *mi, struct page *page)
{
	clean(mi, page, false);
}

/**
 * mymm_page_busy() - is a page dirty, or being written?
 * @page: the page, locked
 *
 * Context: process.
 * Return: so.
 */
bool mymm_page_busy(const struct page *page)
{
	struct mymm_inode *mi = mymm_inode_of(page->mapping->host);

	return xa_get_mark(&mi->pages, page->index, MYMM_DIRTY) ||
	       xa_get_mark(&mi->pages, page->index, MYMM_WRITING);
}

/* --- a batch ---------------------------------------------------------------------- */

/**
 * struct batch - dirty pages that follow one another
 * @mi: the file
 * @nr: how many
 * @bytes: of them that are within the file
 * @page: they; a reference to each is held
 * @bvec: the same, for the lower file
 */
struct batch {
	struct mymm_inode *mi;
	unsigned int nr;
	size_t bytes;
	struct page *page[MYMM_IO_PAGES];
	struct bio_vec bvec[MYMM_IO_PAGES];
};

/* The bytes of a page that are within the file; behind them there are to be zeros. */
static unsigned int bytes_of(struct mymm_inode *mi, struct page *page)
{
	loff_t left =
		i_size_read(&mi->inode) - ((loff_t)page->index << PAGE_SHIFT);
	unsigned int bytes = clamp_t(loff_t, left, 0, PAGE_SIZE);

	if (bytes < PAGE_SIZE)
		zero_user_segment(page, bytes, PAGE_SIZE);
	return bytes;
}

/* Add the page at an index, if it is dirty. */
static bool add_page(struct batch *batch, pgoff_t index)
{
	struct mymm_inode *mi = batch->mi;
	struct page *page = mymm_cache_find(mi, index);
	unsigned int bytes;
	bool added;

	if (!page)
		return false;
	/* A write to a mapping of it makes it dirty again from now on. */
	folio_mkclean(page_folio(page));
	added = clean(mi, page, true);
	if (added) {
		bytes = bytes_of(mi, page);
		get_page(page);
		bvec_set_page(&batch->bvec[batch->nr], page, bytes, 0);
		batch->page[batch->nr++] = page;
		batch->bytes += bytes;
		mymm_vm_count(mymm_inode_vm(mi)->pool, MYMM_NR_WRITEBACK, 1);
	}
	unlock_page(page);
	return added;
}

/*
 * Is each page of it within the file to its last byte? Else what follows would be written where
 * that one ended: since then a write may have made the file longer, and the next page dirty.
 */
static bool is_whole(const struct batch *batch)
{
	return batch->bytes == (size_t)batch->nr << PAGE_SHIFT;
}

/* The next dirty pages from *@index on; it becomes the index behind them. */
static bool gather(struct batch *batch, unsigned long *index, pgoff_t last)
{
	struct xarray *pages = &batch->mi->pages;

	batch->nr = 0;
	batch->bytes = 0;
	while (!batch->nr) {
		if (*index > last || !xa_find(pages, index, last, MYMM_DIRTY))
			return false;
		add_page(batch, *index);
		++*index;
	}
	while (batch->nr < MYMM_IO_PAGES && is_whole(batch) && *index <= last &&
	       xa_get_mark(pages, *index, MYMM_DIRTY) &&
	       add_page(batch, *index))
		++*index;
	return true;
}

static int write_lower(struct batch *batch)
{
	struct file *writer = batch->mi->writer;
	loff_t pos = (loff_t)batch->page[0]->index << PAGE_SHIFT;
	struct iov_iter iter;
	ssize_t nr = 0;

	iov_iter_bvec(&iter, ITER_SOURCE, batch->bvec, batch->nr, batch->bytes);
	while (iov_iter_count(&iter)) {
		nr = mymm_iter_write(writer, &iter, &pos);
		if (nr <= 0)
			break;
	}
	return iov_iter_count(&iter) ? (int)nr ?: -EIO : 0;
}

static void end_batch(struct batch *batch)
{
	const struct mymm_pool *pool = mymm_inode_vm(batch->mi)->pool;
	unsigned int i;

	for (i = 0; i < batch->nr; i++) {
		xa_clear_mark(&batch->mi->pages, batch->page[i]->index,
			      MYMM_WRITING);
		put_page(batch->page[i]);
	}
	mymm_vm_count(pool, MYMM_NR_WRITEBACK, -(long)batch->nr);
	mymm_vm_count(pool, MYMM_NR_WRITTEN, batch->nr);
	mymm_vm_count(pool, MYMM_PGPGOUT, DIV_ROUND_UP(batch->bytes, 1024));
	atomic_long_inc(&batches);
	wake_up_all(&progress);
}

/**
 * mymm_write_count() - how many batches were written?
 *
 * Return: how many, of all mounts.
 */
long mymm_write_count(void)
{
	return atomic_long_read(&batches);
}

/**
 * mymm_write_wait() - wait until one more batch was written
 * @seen: what mymm_write_count() returned
 * @ticks: but not for longer
 *
 * Context: process; sleeps. A signal that kills ends it.
 */
void mymm_write_wait(long seen, long ticks)
{
	wait_event_killable_timeout(progress, mymm_write_count() != seen,
				    ticks);
}

/* --- an inode --------------------------------------------------------------------- */

/* The lower file was modified when ours was, and not when that was written. */
static int write_time(struct mymm_inode *mi)
{
	struct dentry *lower = file_dentry(mi->writer);
	struct iattr attr = { .ia_valid = ATTR_MTIME | ATTR_MTIME_SET };
	const struct cred *old =
		override_creds(mymm_mount_of(mi->inode.i_sb)->cred);
	int err;

	/* In this order: what is modified meanwhile is written once more. */
	mi->written = false;
	attr.ia_mtime = mymm_mtime(&mi->inode);
	inode_lock(d_inode(lower));
	err = notify_change(MYMM_NOP_IDMAP, lower, &attr, NULL);
	inode_unlock(d_inode(lower));
	revert_creds(old);
	return err;
}

/* The dirty pages of a range, each once. */
static int write_pages(struct mymm_inode *mi, loff_t from, loff_t to)
{
	struct batch batch = { .mi = mi };
	unsigned long index = from >> PAGE_SHIFT;
	bool any = false;
	int err = 0, ret;

	while (gather(&batch, &index, to >> PAGE_SHIFT)) {
		ret = write_lower(&batch);
		trace_mymm_writeback(mymm_inode_vm(mi)->pool->name,
				     mi->inode.i_ino, batch.page[0]->index,
				     batch.nr, batch.bytes, ret);
		end_batch(&batch);
		if (ret)
			mapping_set_error(mi->inode.i_mapping, ret);
		err = err ?: ret;
		any = true;
		cond_resched();
	}
	if (!any)
		return 0;
	ret = write_time(mi);
	err = err ?: ret;
	ret = filemap_write_and_wait_range(mi->writer->f_mapping, from, to);
	if (ret)
		mapping_set_error(mi->inode.i_mapping, ret);
	mymm_cache_forget_lower(mi->writer, from, to);
	return err ?: ret;
}

/**
 * struct job - dirty pages of a range are to be written; on the stack of its caller
 * @work: of the worker
 * @done: it has ended
 * @mi: the file
 * @from: the first byte
 * @to: the last
 * @err: what came of it: 0 or a negative errno
 */
struct job {
	struct work_struct work;
	struct completion done;
	struct mymm_inode *mi;
	loff_t from;
	loff_t to;
	int err;
};

static void run_job(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	job->err = write_pages(job->mi, job->from, job->to);
	complete(&job->done);
}

/*
 * A worker writes: the lower file's write() would end early in a task that is killed, or that may
 * not have files so large, and what is dirty is not that task's alone.
 */
static int write_by_worker(struct mymm_inode *mi, loff_t from, loff_t to)
{
	struct job job = { .mi = mi, .from = from, .to = to };

	if (current->flags & PF_WQ_WORKER)
		return write_pages(mi, from, to);
	INIT_WORK_ONSTACK(&job.work, run_job);
	init_completion(&job.done);
	queue_work(writers, &job.work);
	wait_for_completion(&job.done);
	destroy_work_on_stack(&job.work);
	return job.err;
}

/* If it has no dirty page any more, it is not on the list. */
static void settle(struct mymm_inode *mi)
{
	struct mymm_mount *mount = mymm_mount_of(mi->inode.i_sb);
	bool leaves;

	scoped_guard(spinlock, &mount->lock)
	{
		if (!mi->listed)
			return;
		leaves = !atomic_long_read(&mi->nr_dirty);
		mi->listed = !leaves;
		if (leaves)
			list_del_init(&mi->dirty);
	}
	if (leaves)
		iput(&mi->inode);
}

/**
 * mymm_inode_write() - write the dirty pages of a file to what is below
 * @mi: the file; the caller has a reference
 * @from: the first byte
 * @to: the last
 *
 * Context: process; sleeps.
 * Return: 0, or the first error, which fsync() will return, too.
 */
int mymm_inode_write(struct mymm_inode *mi, loff_t from, loff_t to)
{
	int err;

	mutex_lock(&mi->writing);
	err = write_by_worker(mi, from, to);
	mutex_unlock(&mi->writing);
	settle(mi);
	return err;
}

/**
 * mymm_inode_forget() - a name of a file went, or an open file
 * @mi: the file; the caller has a reference
 *
 * If that was the last, nobody can read it any more, and it is not written: the list lets it go.
 *
 * Context: process; sleeps.
 */
void mymm_inode_forget(struct mymm_inode *mi)
{
	struct mymm_mount *mount = mymm_mount_of(mi->inode.i_sb);

	if (mi->inode.i_nlink || atomic_read(&mi->opens))
		return;
	scoped_guard(spinlock, &mount->lock)
	{
		if (!mi->listed)
			return;
		mi->listed = false;
		list_del_init(&mi->dirty);
	}
	iput(&mi->inode);
}

/* --- a mount ---------------------------------------------------------------------- */

/**
 * mymm_mount_next_dirty() - the next inode of a pass
 * @mount: of which mount; with mount->round
 * @age: it has been listed for so long, in jiffies; 0: any
 *
 * Context: process.
 * Return: it, with a reference; NULL: that was the last.
 */
struct mymm_inode *mymm_mount_next_dirty(struct mymm_mount *mount,
					 unsigned long age)
{
	struct mymm_inode *mi;

	guard(spinlock)(&mount->lock);
	list_for_each_entry(mi, &mount->dirty, dirty) {
		if (mi->pass == mount->pass ||
		    (age && time_before(jiffies, mi->since + age)))
			continue;
		mi->pass = mount->pass;
		/* As if it came now: if it stays dirty, another's turn is before its next. */
		mi->since = jiffies;
		list_move_tail(&mi->dirty, &mount->dirty);
		ihold(&mi->inode);
		return mi;
	}
	return NULL;
}

/**
 * mymm_mount_write() - write all that is dirty
 * @mount: of which mount
 * @sync: also have what is below keep it
 *
 * Context: process; sleeps.
 * Return: 0 or the first error.
 */
int mymm_mount_write(struct mymm_mount *mount, bool sync)
{
	struct super_block *lower = mount->lower.dentry->d_sb;
	struct mymm_inode *mi;
	int err = 0, ret;

	mutex_lock(&mount->round);
	scoped_guard(spinlock, &mount->lock) mount->pass++;
	while ((mi = mymm_mount_next_dirty(mount, 0))) {
		ret = mymm_inode_write(mi, 0, LLONG_MAX);
		iput(&mi->inode);
		err = err ?: ret;
	}
	mutex_unlock(&mount->round);
	if (!sync)
		return err;
	down_read(&lower->s_umount);
	ret = sync_filesystem(lower);
	up_read(&lower->s_umount);
	return err ?: ret;
}

/**
 * mymm_writeback_init() - have workers
 *
 * Return: 0 or -ENOMEM.
 */
int mymm_writeback_init(void)
{
	writers = alloc_workqueue("mymm_write", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return writers ? 0 : -ENOMEM;
}

/** mymm_writeback_exit() - the workers go; nothing is mounted */
void mymm_writeback_exit(void)
{
	destroy_workqueue(writers);
}
