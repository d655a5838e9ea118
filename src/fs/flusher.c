// SPDX-License-Identifier: GPL-2.0
/*
 * How much may be dirty, what writes it when nobody asks, and how writers are held back.
 *
 * A mount has a flusher. It has files written (writeback.c)
 *
 *	that have been dirty for dirty_expire_centisecs, which it looks for each
 *	  dirty_writeback_centisecs
 *	when more than dirty_background_bytes are dirty; or, if that is 0, more than
 *	  dirty_background_ratio per cent of the memory that could have pages of files
 *	when reclaim finds dirty pages
 *
 * Beyond dirty_bytes, or dirty_ratio, what dirties pages waits until enough has been written.
 *
 * The limits are those of mm/page-writeback.c of Linux 6.12.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/workqueue.h>

#include "base/compat.h"
#include "fs/fs.h"
#include "page/pool.h"
#include "page/vmstat.h"
#include "page/zone.h"
#include "process/lru.h"
#include "process/vm.h"

static struct workqueue_struct *flushers;

/* --- limits ----------------------------------------------------------------------- */

/* Pages that could be those of files. */
static unsigned long dirtyable(const struct mymm_vm *vm)
{
	unsigned long pages = mymm_lru_total(vm, MYMM_LRU_INACTIVE_FILE) +
			      mymm_lru_total(vm, MYMM_LRU_ACTIVE_FILE);
	unsigned int i;

	for (i = 0; i < vm->pool->nr_zones; i++)
		pages += READ_ONCE(vm->pool->zone[i].buddy.free);
	return pages;
}

/* So many bytes, or so many per cent of what could be, in pages. */
static unsigned long limit(unsigned long pages, unsigned long bytes,
			   int percent)
{
	return bytes ? (bytes - 1) / PAGE_SIZE + 1 :
		       mult_frac(pages, percent, 100);
}

/**
 * mymm_dirty_limits() - how many pages may be dirty?
 * @vm: the pool
 * @dirty: with more, what dirties pages waits
 * @background: with more, flushers write; always less than @dirty
 *
 * Context: any. They follow what is free.
 */
void mymm_dirty_limits(const struct mymm_vm *vm, unsigned long *dirty,
		       unsigned long *background)
{
	const struct mymm_fs_sysctl *sysctl = &mymm_fs_sysctl;
	const unsigned long pages = dirtyable(vm);

	*dirty = limit(pages, READ_ONCE(sysctl->dirty_bytes),
		       READ_ONCE(sysctl->dirty_ratio));
	*background = limit(pages, READ_ONCE(sysctl->dirty_background_bytes),
			    READ_ONCE(sysctl->dirty_background_ratio));
	if (*background >= *dirty)
		*background = *dirty / 2;
}

/* Are more pages dirty than a limit? */
static bool is_above(const struct mymm_vm *vm, bool background)
{
	unsigned long pages = mymm_vm_sum(vm->pool, MYMM_NR_FILE_DIRTY) +
			      mymm_vm_sum(vm->pool, MYMM_NR_WRITEBACK);
	unsigned long limit[2];

	mymm_dirty_limits(vm, &limit[false], &limit[true]);
	return pages > limit[background];
}

/**
 * mymm_balance_dirty() - have what dirties pages wait, if there are too many
 * @mount: where it has dirtied some
 *
 * Context: process; sleeps, with no page locked.
 */
void mymm_balance_dirty(struct mymm_mount *mount)
{
	struct mymm_vm *vm = mount->vm;
	long seen;

	if (!is_above(vm, true))
		return;
	for (;;) {
		seen = mymm_write_count();
		mymm_flush_wake(vm);
		if (!is_above(vm, false) || fatal_signal_pending(current))
			return;
		/* The time only bounds how late it learns that the limit was raised. */
		mymm_write_wait(seen, HZ);
	}
}

/**
 * mymm_flush_wait() - wait for the flusher
 * @vm: the pool
 *
 * For reclaim, which has nothing better to do. What it waits for need not come: so not for long.
 *
 * Context: process; sleeps.
 */
void mymm_flush_wait(struct mymm_vm *vm)
{
	long seen = mymm_write_count();

	if (mymm_vm_sum(vm->pool, MYMM_NR_FILE_DIRTY) ||
	    mymm_vm_sum(vm->pool, MYMM_NR_WRITEBACK))
		mymm_write_wait(seen, HZ / 10);
}

/* --- the flusher ------------------------------------------------------------------ */

static bool has_work(struct mymm_mount *mount)
{
	return READ_ONCE(mount->pressed) || is_above(mount->vm, true);
}

/* First what has been dirty for long; then, as long as there is too much, the rest. */
static void flush_pass(struct mymm_mount *mount)
{
	const unsigned long age = msecs_to_jiffies(
		10 *
		(unsigned int)READ_ONCE(mymm_fs_sysctl.dirty_expire_centisecs));
	struct mymm_inode *mi;

	guard(mutex)(&mount->round);
	scoped_guard(spinlock, &mount->lock) mount->pass++;
	while ((age && (mi = mymm_mount_next_dirty(mount, age))) ||
	       ((!age || has_work(mount)) &&
		(mi = mymm_mount_next_dirty(mount, 0)))) {
		mymm_inode_write(mi, 0, LLONG_MAX);
		iput(&mi->inode);
	}
	WRITE_ONCE(mount->pressed, false);
}

static void run_flush(struct work_struct *work)
{
	struct mymm_mount *mount =
		container_of(to_delayed_work(work), struct mymm_mount, flush);
	unsigned int centisecs =
		READ_ONCE(mymm_fs_sysctl.dirty_writeback_centisecs);

	flush_pass(mount);
	if (centisecs)
		queue_delayed_work(flushers, &mount->flush,
				   msecs_to_jiffies(10 * centisecs));
}

static void wake_all(struct mymm_vm *vm, bool press)
{
	struct mymm_mount *mount;

	rcu_read_lock();
	list_for_each_entry_rcu(mount, &mymm_mounts, list) {
		if (vm && mount->vm != vm)
			continue;
		if (press)
			WRITE_ONCE(mount->pressed, true);
		if (!vm || !list_empty(&mount->dirty))
			mod_delayed_work(flushers, &mount->flush, 0);
	}
	rcu_read_unlock();
}

/**
 * mymm_flush_wake() - there is too much that is dirty
 * @vm: the pool; NULL: look at all of them, whatever is
 *
 * Context: process.
 */
void mymm_flush_wake(struct mymm_vm *vm)
{
	wake_all(vm, false);
}

/**
 * mymm_flush_press() - reclaim has found dirty pages: all are to be written
 * @vm: the pool
 *
 * Context: process.
 */
void mymm_flush_press(struct mymm_vm *vm)
{
	wake_all(vm, true);
}

/**
 * mymm_flush_start() - a mount begins
 * @mount: the mount
 */
void mymm_flush_start(struct mymm_mount *mount)
{
	spin_lock_init(&mount->lock);
	mutex_init(&mount->round);
	INIT_LIST_HEAD(&mount->dirty);
	INIT_DELAYED_WORK(&mount->flush, run_flush);
	queue_delayed_work(flushers, &mount->flush, 0);
}

/**
 * mymm_flush_end() - a mount ends
 * @mount: the mount, which has left the list of mounts; nobody uses its files any more
 *
 * Context: process; sleeps.
 */
void mymm_flush_end(struct mymm_mount *mount)
{
	cancel_delayed_work_sync(&mount->flush);
	scoped_guard(spinlock, &mount->lock) mount->ended = true;
	if (mymm_mount_write(mount, true))
		pr_err("unmounted, but not all that was written could be kept\n");
}

/**
 * mymm_flusher_init() - have workers
 *
 * Return: 0 or -ENOMEM.
 */
int mymm_flusher_init(void)
{
	flushers =
		alloc_workqueue("mymm_flush", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return flushers ? 0 : -ENOMEM;
}

/** mymm_flusher_exit() - the workers go; nothing is mounted */
void mymm_flusher_exit(void)
{
	destroy_workqueue(flushers);
}
