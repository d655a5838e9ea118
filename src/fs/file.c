// SPDX-License-Identifier: GPL-2.0
/*
 * Open files: read, write, mmap, fsync.
 *
 * The lower file is opened once for an inode, by what has mounted, when the first one opens it; and
 * once more when the first one opens it for writing: what is dirty outlives the file that it was
 * written by. Permissions were looked at by then (inode.c).
 *
 * A page is copied to a caller with a reference, but not locked: the caller's memory may be the
 * same page. It is copied from one with the page locked, but with faults off; if the memory is not
 * there, it is tried again once it is.
 */
#include <linux/cred.h>
#include <linux/falloc.h>
#include <linux/file.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/uio.h>

#include "fs/compat.h"
#include "fs/fs.h"
#include "page/pool.h"
#include "page/vmstat.h"
#include "process/file_page.h"
#include "process/lru.h"
#include "process/mapped.h"
#include "process/trace.h"
#include "process/vm.h"

/* --- open and close --------------------------------------------------------------- */

static struct file *open_lower(const struct file *file, int flags)
{
	struct mymm_mount *mount = mymm_mount_of(file_inode(file)->i_sb);
	struct path lower = {
		.mnt = mount->lower.mnt,
		.dentry = mymm_lower(file->f_path.dentry),
	};

	return dentry_open(&lower, flags | O_LARGEFILE, mount->cred);
}

/* Open it if nobody has done so. */
static int have_lower(const struct file *file, struct file **which, int flags)
{
	struct file *lower;

	if (READ_ONCE(*which))
		return 0;
	lower = open_lower(file, flags);
	if (IS_ERR(lower))
		return PTR_ERR(lower);
	/* The machine is to read what we ask for, and no more: we read ahead. */
	spin_lock(&lower->f_lock);
	lower->f_mode |= FMODE_RANDOM;
	spin_unlock(&lower->f_lock);
	if (cmpxchg(which, NULL, lower))
		fput(lower);
	return 0;
}

static int file_open(struct inode *inode, struct file *file)
{
	struct mymm_inode *mi = mymm_inode_of(inode);
	int err = have_lower(file, &mi->reader, O_RDONLY);

	if (!err && file->f_mode & FMODE_WRITE)
		err = have_lower(file, &mi->writer, O_RDWR);
	if (err)
		return err;
	file->private_data =
		kzalloc(sizeof(struct mymm_ahead), GFP_KERNEL_ACCOUNT);
	if (!file->private_data)
		return -ENOMEM;
	atomic_inc(&mi->opens);
	return 0;
}

static int file_release(struct inode *inode, struct file *file)
{
	struct mymm_inode *mi = mymm_inode_of(inode);

	kfree(file->private_data);
	if (atomic_dec_and_test(&mi->opens))
		mymm_inode_forget(mi);
	return 0;
}

/* --- read ------------------------------------------------------------------------- */

/* Reading a page in pieces is to use it once. */
static void note_use(struct mymm_inode *mi, struct mymm_ahead *ahead,
		     struct page *page)
{
	pgoff_t behind = page->index + 1;

	if (READ_ONCE(ahead->last) != behind)
		mymm_lru_mark_accessed(mymm_inode_vm(mi), page);
	WRITE_ONCE(ahead->last, behind);
}

/* What of a page is in the file, from a position on, and no more than wanted. */
static size_t bytes_at(const struct inode *inode, loff_t pos, size_t wanted)
{
	size_t bytes = min(wanted, PAGE_SIZE - offset_in_page(pos));

	return clamp_t(loff_t, i_size_read(inode) - pos, 0, bytes);
}

/* From one page. Returns the bytes, or a negative errno. */
static ssize_t read_page(struct kiocb *iocb, struct iov_iter *to)
{
	struct mymm_ahead *ahead = iocb->ki_filp->private_data;
	struct inode *inode = file_inode(iocb->ki_filp);
	struct mymm_inode *mi = mymm_inode_of(inode);
	size_t bytes = bytes_at(inode, iocb->ki_pos, iov_iter_count(to));
	unsigned int offset = offset_in_page(iocb->ki_pos);
	struct page *page;
	size_t copied;

	if (!bytes)
		return 0;
	page = mymm_cache_get(
		mi, iocb->ki_pos >> PAGE_SHIFT, ahead,
		DIV_ROUND_UP(offset + iov_iter_count(to), PAGE_SIZE), NULL);
	if (IS_ERR(page))
		return PTR_ERR(page);
	/* It may have been cut off meanwhile. */
	bytes = bytes_at(inode, iocb->ki_pos, iov_iter_count(to));
	note_use(mi, ahead, page);
	get_page(page);
	unlock_page(page);
	copied = copy_page_to_iter(page, offset, bytes, to);
	put_page(page);
	iocb->ki_pos += copied;
	return copied || !bytes ? copied : -EFAULT;
}

static ssize_t file_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	ssize_t done = 0, nr;

	while (iov_iter_count(to)) {
		nr = fatal_signal_pending(current) ? -EINTR :
						     read_page(iocb, to);
		if (nr <= 0)
			return done ?: nr;
		done += nr;
		cond_resched();
	}
	return done;
}

/* --- write ------------------------------------------------------------------------ */

/* It is modified now; what is below will be when it is written. */
static void touch(struct mymm_inode *mi)
{
	struct timespec64 now = current_time(&mi->inode);

	mi->written = true;
	mymm_set_mtime(&mi->inode, now);
	mymm_set_ctime(&mi->inode, now);
}

/*
 * The page to be written to, locked. *@fresh: it has no contents yet, since all of it is to be
 * written.
 */
static struct page *page_for(struct kiocb *iocb, bool whole, bool *fresh)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	struct mymm_inode *mi = mymm_inode_of(inode);
	pgoff_t index = iocb->ki_pos >> PAGE_SHIFT;
	struct page *page;

	*fresh = false;
	/* Behind the end there is nothing to be read, either. */
	if (!whole && index < DIV_ROUND_UP(i_size_read(inode), PAGE_SIZE))
		return mymm_cache_get(mi, index, iocb->ki_filp->private_data, 1,
				      NULL);
	do {
		page = mymm_cache_find(mi, index);
		if (page)
			return page;
		page = mymm_cache_new(mi, index);
	} while (page == ERR_PTR(-EEXIST));
	*fresh = !IS_ERR(page);
	if (*fresh && !whole)
		zero_user_segment(page, 0, PAGE_SIZE);
	return page;
}

/* It was written to, up to a position. */
static void end_write(struct mymm_inode *mi, struct page *page, loff_t end)
{
	if (end > i_size_read(&mi->inode))
		i_size_write(&mi->inode, end);
	mymm_page_dirty(mi, page);
}

/* To one page. Returns the bytes, 0 to try again, not taking it for a whole one; or an error. */
static ssize_t write_page(struct kiocb *iocb, struct iov_iter *from,
			  bool may_be_whole)
{
	struct mymm_inode *mi = mymm_inode_of(file_inode(iocb->ki_filp));
	unsigned int offset = offset_in_page(iocb->ki_pos);
	size_t bytes = min(PAGE_SIZE - offset, iov_iter_count(from)), copied;
	bool whole = bytes == PAGE_SIZE && may_be_whole, fresh;
	struct page *page;

	if (fault_in_iov_iter_readable(from, bytes) == bytes)
		return -EFAULT;
	page = page_for(iocb, whole, &fresh);
	if (IS_ERR(page))
		return PTR_ERR(page);
	copied = copy_page_from_iter_atomic(page, offset, bytes, from);
	if (fresh && whole && copied < bytes) {
		iov_iter_revert(from, copied);
		mymm_cache_remove(mi, page);
		return 0;
	}
	if (fresh)
		mymm_cache_filled(mi, page);
	iocb->ki_pos += copied;
	if (copied)
		end_write(mi, page, iocb->ki_pos);
	unlock_page(page);
	return copied;
}

static ssize_t write_all(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	ssize_t done = 0, nr = 1;

	/* A mapping may have written behind the end, where zeros are to be. */
	if (iocb->ki_pos > i_size_read(inode))
		mymm_cache_zero_tail(mymm_inode_of(inode), i_size_read(inode));
	while (iov_iter_count(from)) {
		nr = fatal_signal_pending(current) ?
			     -EINTR :
			     write_page(iocb, from, nr > 0);
		if (nr < 0)
			return done ?: nr;
		done += nr;
		mymm_balance_dirty(mymm_mount_of(inode->i_sb));
		cond_resched();
	}
	return done;
}

static ssize_t file_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	ssize_t done;

	inode_lock(inode);
	done = generic_write_checks(iocb, from);
	if (done > 0)
		done = file_remove_privs(iocb->ki_filp) ?: done;
	if (done > 0) {
		touch(mymm_inode_of(inode));
		done = write_all(iocb, from);
	}
	inode_unlock(inode);
	return done > 0 ? generic_write_sync(iocb, done) : done;
}

static int file_fsync(struct file *file, loff_t from, loff_t to, int datasync)
{
	struct mymm_inode *mi = mymm_inode_of(file_inode(file));
	int err;

	/* What comes of it is noted in the mapping, for each file that is open. */
	mymm_inode_write(mi, from, to);
	err = vfs_fsync_range(mi->writer ?: mi->reader, from, to, datasync);
	if (err)
		mapping_set_error(file->f_mapping, err);
	return file_check_and_advance_wb_err(file);
}

/* Room for what will be written; nothing else, which would have to be done to our pages, too. */
static long file_fallocate(struct file *file, int mode, loff_t offset,
			   loff_t len)
{
	struct inode *inode = file_inode(file);
	struct mymm_inode *mi = mymm_inode_of(inode);
	int err;

	if (mode & ~FALLOC_FL_KEEP_SIZE)
		return -EOPNOTSUPP;
	inode_lock(inode);
	err = inode_newsize_ok(inode, offset + len) ?:
		      vfs_fallocate(mi->writer, mode, offset, len);
	if (!err && !mode && offset + len > i_size_read(inode)) {
		mymm_cache_zero_tail(mi, i_size_read(inode));
		i_size_write(inode, offset + len);
	}
	mymm_inode_copy(inode);
	inode_unlock(inode);
	return err;
}

/* --- mappings --------------------------------------------------------------------- */

static bool is_within(const struct inode *inode, pgoff_t index)
{
	return index < DIV_ROUND_UP(i_size_read(inode), PAGE_SIZE);
}

/* What a private mapping writes to the kernel copies first, into its own memory. */
static vm_fault_t fault(struct vm_fault *vmf)
{
	struct file *file = vmf->vma->vm_file;
	struct mymm_inode *mi = mymm_inode_of(file_inode(file));
	const struct mymm_pool *pool = mymm_inode_vm(mi)->pool;
	bool major = false;
	struct page *page;

	mymm_vm_count(pool, MYMM_PGFAULT, 1);
	if (!is_within(&mi->inode, vmf->pgoff) || fatal_signal_pending(current))
		return VM_FAULT_SIGBUS;
	page = mymm_cache_get(mi, vmf->pgoff, file->private_data, 1, &major);
	if (IS_ERR(page))
		return VM_FAULT_SIGBUS;
	/* It may have been cut off meanwhile. */
	if (!is_within(&mi->inode, vmf->pgoff)) {
		unlock_page(page);
		return VM_FAULT_SIGBUS;
	}
	trace_mymm_fault(pool->name, vmf->address & PAGE_MASK,
			 mymm_mapped_pfn(page), vmf->flags & FAULT_FLAG_WRITE,
			 major);
	get_page(page);
	mymm_file_maps(mymm_inode_vm(mi), page);
	vmf->page = page;
	if (!major)
		return VM_FAULT_LOCKED;
	mymm_vm_count(pool, MYMM_PGMAJFAULT, 1);
	return VM_FAULT_LOCKED | VM_FAULT_MAJOR;
}

/* The first write since it was written to what is below. */
static vm_fault_t page_mkwrite(struct vm_fault *vmf)
{
	struct inode *inode = file_inode(vmf->vma->vm_file);
	struct mymm_inode *mi = mymm_inode_of(inode);
	struct page *page = vmf->page;
	vm_fault_t ret = VM_FAULT_LOCKED;

	sb_start_pagefault(inode->i_sb);
	mymm_balance_dirty(mymm_mount_of(inode->i_sb));
	lock_page(page);
	if (page->mapping == inode->i_mapping &&
	    is_within(inode, page->index)) {
		touch(mi);
		mymm_page_dirty(mi, page);
	} else {
		unlock_page(page);
		ret = VM_FAULT_NOPAGE;
	}
	sb_end_pagefault(inode->i_sb);
	return ret;
}

static const struct vm_operations_struct file_vm_ops = {
	.fault = fault,
	.page_mkwrite = page_mkwrite,
};

static int file_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &file_vm_ops;
	return 0;
}

const struct address_space_operations mymm_file_aops = {
	.dirty_folio = mymm_dirty_folio,
};

const struct file_operations mymm_file_fops = {
	.owner = THIS_MODULE,
	.open = file_open,
	.release = file_release,
	.llseek = generic_file_llseek,
	.read_iter = file_read_iter,
	.write_iter = file_write_iter,
	.mmap = file_mmap,
	.fsync = file_fsync,
	.fallocate = file_fallocate,
	.splice_read = mymm_splice_read,
	.splice_write = iter_file_splice_write,
};

/* --- directories ------------------------------------------------------------------ */

static int dir_open(struct inode *inode, struct file *file)
{
	struct path lower = {
		.mnt = mymm_mount_of(inode->i_sb)->lower.mnt,
		.dentry = mymm_lower(file->f_path.dentry),
	};
	struct file *opened =
		dentry_open(&lower, O_RDONLY | O_DIRECTORY, current_cred());

	if (IS_ERR(opened))
		return PTR_ERR(opened);
	file->private_data = opened;
	return 0;
}

static int dir_release(struct inode *inode, struct file *file)
{
	fput(file->private_data);
	return 0;
}

static int dir_iterate(struct file *file, struct dir_context *ctx)
{
	struct file *lower = file->private_data;

	lower->f_pos = ctx->pos;
	return iterate_dir(lower, ctx);
}

static loff_t dir_llseek(struct file *file, loff_t offset, int whence)
{
	struct file *lower = file->private_data;
	loff_t pos = vfs_llseek(lower, offset, whence);

	if (pos >= 0)
		file->f_pos = pos;
	return pos;
}

static int dir_fsync(struct file *file, loff_t from, loff_t to, int datasync)
{
	return vfs_fsync_range(file->private_data, from, to, datasync);
}

const struct file_operations mymm_dir_fops = {
	.owner = THIS_MODULE,
	.open = dir_open,
	.release = dir_release,
	.iterate_shared = dir_iterate,
	.llseek = dir_llseek,
	.read = generic_read_dir,
	.fsync = dir_fsync,
};
