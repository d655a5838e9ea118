// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/mymem: memory of a pool for processes. uapi/mymem.h says what a program may ask for.
 *
 * Each open file has an inode of its own, on a file system that is mounted nowhere, and what is
 * mapped are this inode's pages: the device's own inode is one for all.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/mman.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>
#include <linux/sched/mm.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/syscall.h>
#include <asm/unistd.h>

#include "base/compat.h"
#include "process/vm.h"
#include "uapi/mymem.h"

#define FS_MAGIC 0x6d796d6d /* "mymm" */
/* No argument is larger; a larger size is garbage. */
#define MAX_ARG_SIZE (64 * 1024U)

static_assert(MYMEM_NAME_LEN == MYMM_NAME_MAX, "names fit");

static struct vfsmount *mount;

/* --- files ------------------------------------------------------------------------ */

static int space_open(struct inode *inode, struct file *file)
{
	struct mymm_space *space = kzalloc(sizeof(*space), GFP_KERNEL_ACCOUNT);
	int err = -ENOMEM;

	if (!space)
		return -ENOMEM;
	refcount_set(&space->users, 1);
	mutex_init(&space->choice);
	spin_lock_init(&space->lock);
	INIT_LIST_HEAD(&space->regions);
	space->vm = mymm_vm_get(NULL);
	if (IS_ERR(space->vm)) {
		err = PTR_ERR(space->vm);
		goto err_free;
	}
	space->inode = alloc_anon_inode(mount->mnt_sb);
	if (IS_ERR(space->inode)) {
		err = PTR_ERR(space->inode);
		goto err_put;
	}
	file->f_mapping = space->inode->i_mapping;
	file->private_data = space;
	return 0;

err_put:
	mymm_vm_put(space->vm);
err_free:
	kfree(space);
	return err;
}

/**
 * mymm_space_put() - a user of a space leaves
 * @space: with the last, it goes
 *
 * Context: process; sleeps.
 */
void mymm_space_put(struct mymm_space *space)
{
	if (!refcount_dec_and_test(&space->users))
		return;
	iput(space->inode);
	mymm_vm_put(space->vm);
	kfree(space);
}

/* A vma has a reference to its file, so there are none. */
static int space_release(struct inode *inode, struct file *file)
{
	mymm_space_put(file->private_data);
	return 0;
}

/* remap_file_pages() wants another part of the file; but each mapping has memory of its own. */
static bool in_remap_file_pages(void)
{
	long nr = syscall_get_nr(current, task_pt_regs(current));

#ifdef in_ia32_syscall
	if (in_ia32_syscall())
		return nr == __NR_ia32_remap_file_pages;
#endif
	return nr == __NR_remap_file_pages;
}

/*
 * Where a mapping is to be. What is refused here has not yet unmapped what is there. The kernel
 * would put copies of a private mapping into its own memory.
 */
static unsigned long space_area(struct file *file, unsigned long addr,
				unsigned long len, unsigned long pgoff,
				unsigned long flags)
{
	if ((flags & MAP_TYPE) == MAP_PRIVATE || in_remap_file_pages())
		return -EINVAL;
#if MYMM_HAS_MM_AREA
	return mm_get_unmapped_area(current->mm, file, addr, len, pgoff, flags);
#else
	return current->mm->get_unmapped_area(file, addr, len, pgoff, flags);
#endif
}

static int space_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct mymm_space *space = file->private_data;

	/* Shared, of a file that was not opened for writing. */
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	scoped_guard(mutex, &space->choice) space->mapped = true;
	return mymm_region_mmap(space, vma);
}

/* --- calls ------------------------------------------------------------------------ */

static long call_discard(struct mymm_space *space, void *arg)
{
	const struct mymem_range *range = arg;

	return mymm_region_discard(range->addr, range->len,
				   range->flags & MYMEM_DISCARD_LOCKED);
}

static long call_reserve(struct mymm_space *space, void *arg)
{
	const struct mymem_range *range = arg;

	return mymm_charge_reserve(range->addr, range->len);
}

static long call_pool(struct mymm_space *space, void *arg)
{
	struct mymem_pool *choice = arg;
	struct mymm_vm *vm;

	if (strnlen(choice->name, sizeof(choice->name)) == sizeof(choice->name))
		return -EINVAL;
	guard(mutex)(&space->choice);
	if (space->mapped)
		return -EBUSY;
	vm = mymm_vm_get(choice->name);
	if (IS_ERR(vm))
		return PTR_ERR(vm);
	swap(space->vm, vm);
	mymm_vm_put(vm);
	return 0;
}

static int check_swap(const struct mymem_swap *swap)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (offset_in_page(swap->bytes) ||
	    strnlen(swap->name, sizeof(swap->name)) == sizeof(swap->name))
		return -EINVAL;
	return 0;
}

/* The pool of a file, which may choose another one meanwhile; to be given back. */
static struct mymm_vm *get_vm(struct mymm_space *space)
{
	guard(mutex)(&space->choice);
	return mymm_vm_get_of(space->vm->pool);
}

static long call_swapon(struct mymm_space *space, void *arg)
{
	const struct mymem_swap *swap = arg;
	int err = check_swap(swap);
	struct mymm_vm *vm;

	if (err || swap->name[0])
		return err ?: -EINVAL;
	vm = get_vm(space);
	if (swap->flags & MYMEM_SWAP_FILE)
		err = mymm_swapon_file(vm, swap->fd, swap->priority);
	else
		err = mymm_swapon_memory(vm, swap->bytes >> PAGE_SHIFT,
					 swap->priority);
	mymm_vm_put(vm);
	return err;
}

static long call_swapoff(struct mymm_space *space, void *arg)
{
	const struct mymem_swap *swap = arg;
	int err = check_swap(swap);
	struct mymm_vm *vm;

	if (err)
		return err;
	vm = get_vm(space);
	err = mymm_swapoff(vm, swap->name,
			   swap->flags & MYMEM_SWAP_FILE ? swap->fd : -1);
	mymm_vm_put(vm);
	return err;
}

/* A range of whole pages, which does not wrap. */
static int check_range(struct mymem_range *range)
{
	if (offset_in_page(range->addr) || range->addr > TASK_SIZE_MAX ||
	    range->len > TASK_SIZE_MAX - range->addr)
		return -EINVAL;
	range->len = PAGE_ALIGN(range->len);
	return 0;
}

static const struct {
	unsigned int cmd;
	bool range;
	u32 flags; /* that it knows */
	long (*call)(struct mymm_space *space, void *arg);
} calls[] = {
	{ MYMEM_IOC_DISCARD, true, MYMEM_DISCARD_LOCKED, call_discard },
	{ MYMEM_IOC_RESERVE, true, 0, call_reserve },
	{ MYMEM_IOC_POOL, false, 0, call_pool },
	{ MYMEM_IOC_SWAPON, false, MYMEM_SWAP_FILE, call_swapon },
	{ MYMEM_IOC_SWAPOFF, false, MYMEM_SWAP_FILE, call_swapoff },
};

union args {
	u32 flags[2]; /* the size is the first member of each, flags the second */
	struct mymem_range range;
	struct mymem_pool pool;
	struct mymem_swap swap;
};

static int fetch(union args *args, unsigned int cmd, u32 flags,
		 void __user *from)
{
	u32 size;
	int err;

	if (get_user(size, (u32 __user *)from))
		return -EFAULT;
	if (size < _IOC_SIZE(cmd))
		return -EINVAL;
	if (size > MAX_ARG_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(args, _IOC_SIZE(cmd), from, size);
	if (err)
		return err;
	return args->flags[1] & ~flags ? -EINVAL : 0;
}

static long space_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	union args args;
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].cmd == cmd)
			break;
	if (i == ARRAY_SIZE(calls))
		return -ENOTTY;
	err = fetch(&args, cmd, calls[i].flags, (void __user *)arg);
	if (!err && calls[i].range)
		err = check_range(&args.range);
	return err ?: calls[i].call(file->private_data, &args);
}

static const struct file_operations space_fops = {
	.owner = THIS_MODULE,
	.open = space_open,
	.release = space_release,
	.get_unmapped_area = space_area,
	.mmap = space_mmap,
	.unlocked_ioctl = space_ioctl,
	.fsync = noop_fsync, /* for msync(): there is nothing to be written */
	.llseek = noop_llseek,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mymem",
	.fops = &space_fops,
};

/* --- the file system -------------------------------------------------------------- */

static int init_context(struct fs_context *fc)
{
	return init_pseudo(fc, FS_MAGIC) ? 0 : -ENOMEM;
}

static struct file_system_type fs_type = {
	.name = "mymem",
	.init_fs_context = init_context,
	.kill_sb = kill_anon_super,
};

/**
 * mymm_device_init() - make /dev/mymem
 * @mode: permissions of its node
 *
 * Return: 0 or a negative errno.
 */
int mymm_device_init(umode_t mode)
{
	int err;

	mount = kern_mount(&fs_type);
	if (IS_ERR(mount))
		return PTR_ERR(mount);
	device.mode = mode;
	err = misc_register(&device);
	if (err)
		kern_unmount(mount);
	return err;
}

/** mymm_device_exit() - take it away; no file is open */
void mymm_device_exit(void)
{
	misc_deregister(&device);
	kern_unmount(mount);
}
