// SPDX-License-Identifier: GPL-2.0
/*
 * What goes over all files of all mounts: /proc/sys/mymm/drop_caches, and the validator.
 *
 *	1	pages of files that are clean, and not in use
 *	2	what shrinkers give back: slabs, and others' caches
 *	3	both
 *
 * As in Linux, what is dirty stays: sync first. Pages go in all pools, and slabs of the default
 * one.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sysctl.h>

#include "base/compat.h"
#include "base/finding.h"
#include "fs/fs.h"
#include "page/frame.h"
#include "page/pool.h"
#include "page/vmstat.h"
#include "process/file_page.h"
#include "process/mapped.h"
#include "process/vm.h"

static int drop_caches;

/* --- dropping --------------------------------------------------------------------- */

static void drop_pages(void)
{
	struct mymm_mount *mount;
	struct inode *inode;

	guard(mutex)(&mymm_mounts_lock);
	list_for_each_entry(mount, &mymm_mounts, list)
		for (inode = mymm_mount_next_inode(mount, NULL); inode;
		     inode = mymm_mount_next_inode(mount, inode))
			mymm_cache_drop(mymm_inode_of(inode));
}

static int set_drop(MYMM_CTL_CONST struct ctl_table *table, int write,
		    void *buffer, size_t *length, loff_t *pos)
{
	int err = proc_dointvec_minmax(table, write, buffer, length, pos);
	struct mymm_pool *pool = mymm_vm_default()->pool;

	if (err || !write)
		return err;
	if (drop_caches & 1) {
		drop_pages();
		mymm_vm_count(pool, MYMM_DROP_PAGECACHE, 1);
	}
	if (drop_caches & 2)
		mymm_pool_drain(pool);
	return 0;
}

static int all = 3;
static struct ctl_table entries[] = { {
					      .procname = "drop_caches",
					      .data = &drop_caches,
					      .maxlen = sizeof(drop_caches),
					      .mode = 0200,
					      .proc_handler = set_drop,
					      .extra1 = SYSCTL_ONE,
					      .extra2 = &all,
				      },
				      MYMM_CTL_TABLE_END };

static struct ctl_table_header *header;

/* --- the validator ---------------------------------------------------------------- */

static bool is_page(const struct mymm_pool *pool, u32 pfn)
{
	u32 tag = READ_ONCE(pool->frame[pfn].tag);

	return mymm_tag_state(tag) == MYMM_FRAME_PAGES && !mymm_tag_order(tag);
}

static int check_page(struct mymm_inode *mi, unsigned long index,
		      struct page *page, struct mymm_finding *finding)
{
	struct mymm_vm *vm = mymm_inode_vm(mi);
	u32 pfn = mymm_mapped_pfn(page);

	if (pfn >= vm->pool->nr_frames || vm->page[pfn] != page ||
	    !is_page(vm->pool, pfn))
		return mymm_find(
			finding, 11,
			"page %lu of file %lu is frame %u, which is not allocated as one page",
			index, mi->inode.i_ino, pfn);
	if (page->mapping != mi->inode.i_mapping || page->index != index)
		return mymm_find(
			finding, 11,
			"page %lu of file %lu is frame %u, which is of another place",
			index, mi->inode.i_ino, pfn);
	if (!PageUptodate(page) ||
	    !PageDirty(page) != !xa_get_mark(&mi->pages, index, MYMM_DIRTY))
		return mymm_find(
			finding, 11,
			"page %lu of file %lu is frame %u, which is not filled, or dirty in one place only",
			index, mi->inode.i_ino, pfn);
	return 0;
}

static int check_inode(struct mymm_inode *mi, struct mymm_finding *finding)
{
	unsigned long index;
	struct page *page;
	void *entry;
	int err = 0;

	xa_for_each(&mi->pages, index, entry) {
		if (xa_is_value(entry))
			continue;
		page = entry;
		lock_page(page);
		if (xa_load(&mi->pages, index) == page)
			err = check_page(mi, index, page, finding);
		unlock_page(page);
		if (err)
			break;
		cond_resched();
	}
	return err;
}

static int check(struct mymm_vm *vm, struct mymm_finding *finding)
{
	struct mymm_mount *mount;
	struct inode *inode;
	int err = 0;

	guard(mutex)(&mymm_mounts_lock);
	list_for_each_entry(mount, &mymm_mounts, list) {
		if (mount->vm != vm)
			continue;
		for (inode = mymm_mount_next_inode(mount, NULL); inode;
		     inode = mymm_mount_next_inode(mount, inode)) {
			err = check_inode(mymm_inode_of(inode), finding);
			if (err) {
				iput(inode);
				return err;
			}
		}
	}
	return 0;
}

/* --- what reclaim calls ----------------------------------------------------------- */

static const struct mymm_file_ops ops = {
	.busy = mymm_page_busy,
	.evict = mymm_cache_evict,
	.write = mymm_flush_press,
	.wait = mymm_flush_wait,
	.check = check,
};

/** mymm_drop_attach() - let process/ call us; before there is a pool */
void mymm_drop_attach(void)
{
	mymm_file_ops = &ops;
}

/**
 * mymm_drop_init() - make the sysctl
 *
 * Return: 0 or -ENOMEM.
 */
int mymm_drop_init(void)
{
	if (!IS_ENABLED(CONFIG_PROC_SYSCTL))
		return 0;
	header = register_sysctl("mymm", entries);
	return header ? 0 : -ENOMEM;
}

/** mymm_drop_exit() - take the sysctl away */
void mymm_drop_exit(void)
{
	unregister_sysctl_table(header);
}
