// SPDX-License-Identifier: GPL-2.0
/*
 * A swap area in a file, or a block device, that mkswap has prepared.
 *
 * Pages are read and written by workers: a file takes its inode's lock to be written to, which is
 * outside of the mmap_lock that a fault has. So that nobody else has that lock when a fault waits
 * for a worker, nobody else may write to the file as long as it is an area: i_writecount keeps
 * them out, and keeps the file from being made shorter, as it does with a program that runs.
 *
 * What is written has to be in the file before its frame is given to something else: the kernel
 * tells nobody but fsync() of what it could not write later, and forgets it. So it goes past the
 * page cache of the machine where the file system can do that, and else is waited for.
 *
 *	page 0 of the file     what mkswap has written: version, number of the last page, bad pages,
 *	                       and in its last 10 bytes SWAPSPACE2
 *	page n                 slot n
 */
#include <linux/bvec.h>
#include <linux/completion.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/workqueue.h>

#include "base/file_compat.h"
#include "process/swap.h"
#include "process/vm.h"

#define MAGIC "SWAPSPACE2"
#define MAGIC_LENGTH 10
#define FIRST_WORD 1024 /* what is before it is for boot loaders */
#define VERSION 1

static struct workqueue_struct *workers;

/* --- reading and writing ---------------------------------------------------------- */

/**
 * struct transfer - a page to be read or written; on the stack of its caller
 * @work: of the worker
 * @done: it has ended
 * @file: which file
 * @pos: where in it
 * @page: its contents
 * @write: it is to be written
 * @err: what came of it: 0 or a negative errno
 */
struct transfer {
	struct work_struct work;
	struct completion done;
	struct file *file;
	loff_t pos;
	struct page *page;
	bool write;
	int err;
};

static int move_page(const struct transfer *t)
{
	struct bio_vec bvec = { .bv_page = t->page, .bv_len = PAGE_SIZE };
	struct iov_iter iter;
	loff_t pos = t->pos;
	ssize_t nr;

	iov_iter_bvec(&iter, t->write ? ITER_SOURCE : ITER_DEST, &bvec, 1,
		      PAGE_SIZE);
	nr = t->write ? mymm_iter_write(t->file, &iter, &pos) :
			vfs_iter_read(t->file, &iter, &pos, 0);
	if (nr != PAGE_SIZE)
		return nr < 0 ? nr : -EIO;
	if (!t->write || t->file->f_flags & O_DIRECT)
		return 0;
	return vfs_fsync_range(t->file, t->pos, pos - 1, 1);
}

static void run_transfer(struct work_struct *work)
{
	struct transfer *t = container_of(work, struct transfer, work);

	t->err = move_page(t);
	complete(&t->done);
}

/*
 * It is waited for by a completion, and not by flush_work(): lockdep would take a worker for what
 * has the lock of any inode, and see it inside of the mmap_lock.
 */
static int transfer(struct file *file, loff_t pos, struct page *page,
		    bool write)
{
	struct transfer t = {
		.file = file,
		.pos = pos,
		.page = page,
		.write = write,
	};

	INIT_WORK_ONSTACK(&t.work, run_transfer);
	init_completion(&t.done);
	queue_work(workers, &t.work);
	wait_for_completion(&t.done);
	destroy_work_on_stack(&t.work);
	return t.err;
}

static int file_read(struct mymm_swap_area *area, u32 offset, struct page *to)
{
	return transfer(area->file, (loff_t)offset << PAGE_SHIFT, to, false);
}

static int file_write(struct mymm_swap_area *area, u32 offset,
		      struct page *from)
{
	return transfer(area->file, (loff_t)offset << PAGE_SHIFT, from, true);
}

/* --- other writers ---------------------------------------------------------------- */

/*
 * The area has the file open for itself: flags like O_APPEND, which a program may set at any time,
 * are its own. So a file has two writers, this one and the caller's. A block device, whose writers
 * the kernel does not count, is opened for the area alone; see open_own().
 */
#define WRITERS 2

static int keep_others_out(struct file *file)
{
	atomic_t *writers = &file_inode(file)->i_writecount;

	if (S_ISBLK(file_inode(file)->i_mode) ||
	    atomic_cmpxchg(writers, WRITERS, -1) == WRITERS)
		return 0;
	return -ETXTBSY;
}

/* The caller's file may have gone meanwhile, and been counted. */
static void let_others_in(struct file *file)
{
	if (!S_ISBLK(file_inode(file)->i_mode))
		atomic_add(WRITERS + 1, &file_inode(file)->i_writecount);
}

static void file_end(struct mymm_swap_area *area)
{
	let_others_in(area->file);
	fput(area->file);
}

static const struct mymm_swap_io file_io = {
	.type = "file\t",
	.read = file_read,
	.write = file_write,
	.end = file_end,
};

static const struct mymm_swap_io device_io = {
	.type = "partition",
	.read = file_read,
	.write = file_write,
	.end = file_end,
};

/* --- what it has at its beginning ------------------------------------------------- */

struct header {
	__le32 version;
	__le32 last_page;
	__le32 nr_bad;
};

/* How many slots it has; 0: it is not for swap, or has what is not known here. */
static unsigned long slots_of(struct file *file, const void *page)
{
	const struct header *header = page + FIRST_WORD;
	loff_t pages = i_size_read(file->f_mapping->host) >> PAGE_SHIFT;

	if (memcmp(page + PAGE_SIZE - MAGIC_LENGTH, MAGIC, MAGIC_LENGTH) ||
	    le32_to_cpu(header->version) != VERSION ||
	    le32_to_cpu(header->nr_bad) ||
	    le32_to_cpu(header->last_page) >= pages)
		return 0;
	return le32_to_cpu(header->last_page);
}

/* A negative errno, or how many slots the file has. */
static long read_header(struct file *file)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long nr;
	int err;

	if (!page)
		return -ENOMEM;
	err = transfer(file, 0, page, false);
	nr = err ? 0 : slots_of(file, page_address(page));
	__free_page(page);
	if (err)
		return err;
	return nr && nr < MYMM_SWAP_MAX_SLOTS ? nr : -EINVAL;
}

/* To write to a file of mymmfs takes frames, which is what reclaim is short of. */
static bool is_in_frames(const struct file *file)
{
	return file_inode(file)->i_sb->s_type->owner == THIS_MODULE;
}

static int check_file(const struct file *file)
{
	const umode_t mode = file_inode(file)->i_mode;

	if ((!S_ISREG(mode) && !S_ISBLK(mode)) || is_in_frames(file))
		return -EINVAL;
	if (!(file->f_mode & FMODE_READ) || !(file->f_mode & FMODE_WRITE))
		return -EBADF;
	return 0;
}

/* A file for the area alone, of what the caller has open; past the page cache, if that can be. */
static struct file *open_own(const struct file *callers)
{
	int flags = O_RDWR | O_LARGEFILE, err = check_file(callers);

	if (S_ISBLK(file_inode(callers)->i_mode))
		flags |= O_EXCL;
	if (callers->f_mode & FMODE_CAN_ODIRECT)
		flags |= O_DIRECT;
	return err ? ERR_PTR(err) :
		     dentry_open(&callers->f_path, flags, current_cred());
}

/* Takes over the file, but for an error. */
static int make_area(struct mymm_vm *vm, struct file *file, int priority)
{
	struct mymm_swap_area *area;
	long nr = read_header(file);
	int err;

	if (nr < 0)
		return nr;
	area = mymm_swap_make_area(vm, nr);
	if (!area)
		return -ENOMEM;
	area->file = file;
	area->io = S_ISREG(file_inode(file)->i_mode) ? &file_io : &device_io;
	err = mymm_swap_open_area(vm, area, priority);
	if (err) {
		area->io = NULL;
		mymm_swap_free_area(area);
	}
	return err;
}

static int swapon_of(struct mymm_vm *vm, const struct file *callers,
		     int priority)
{
	struct file *file = open_own(callers);
	int err;

	if (IS_ERR(file))
		return PTR_ERR(file);
	err = keep_others_out(file);
	if (err)
		goto err_put;
	err = make_area(vm, file, priority);
	if (!err)
		return 0;
	let_others_in(file);
err_put:
	fput(file);
	return err;
}

/**
 * mymm_swapon_file() - have a swap area in a file, or a block device
 * @vm: the pool
 * @fd: of the file, open for both
 * @priority: as of mymm_swapon_memory()
 *
 * Context: process; sleeps.
 * Return: 0; -EBADF: it is not open for both; -EINVAL: it is no file, or one of mymmfs, or mkswap
 * has not prepared it; -ETXTBSY: somebody else may write to it, or it is an area already; -EBUSY:
 * the same of a block device, which may be mounted, too; and what mymm_swapon_memory() returns.
 */
int mymm_swapon_file(struct mymm_vm *vm, int fd, int priority)
{
	struct file *file = fget(fd);
	int err;

	if (!file)
		return -EBADF;
	err = swapon_of(vm, file, priority);
	fput(file);
	return err;
}

/**
 * mymm_swap_file_init() - have workers
 *
 * Return: 0 or -ENOMEM.
 */
int mymm_swap_file_init(void)
{
	workers = alloc_workqueue("mymm_swap",
				  WQ_UNBOUND | WQ_MEM_RECLAIM | WQ_HIGHPRI, 0);
	return workers ? 0 : -ENOMEM;
}

/** mymm_swap_file_exit() - the workers go; there is no area */
void mymm_swap_file_exit(void)
{
	destroy_workqueue(workers);
}
