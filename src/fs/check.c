// SPDX-License-Identifier: GPL-2.0
/*
 * The validator of pages of files, and what else process/ calls of us.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "base/finding.h"
#include "fs/fs.h"
#include "page/frame.h"
#include "page/pool.h"
#include "process/file_page.h"
#include "process/mapped.h"
#include "process/vm.h"

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

static const struct mymm_file_ops ops = {
	.busy = mymm_page_busy,
	.evict = mymm_cache_evict,
	.move = mymm_cache_move,
	.write = mymm_flush_press,
	.wait = mymm_flush_wait,
	.limits = mymm_dirty_limits,
	.check = check,
};

/** mymm_fs_attach() - let process/ call us; before there is a pool */
void mymm_fs_attach(void)
{
	mymm_file_ops = &ops;
}
