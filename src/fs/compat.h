/* SPDX-License-Identifier: GPL-2.0 */
/* What differs for file systems between versions of the kernel. */
#ifndef _MYMM_FS_COMPAT_H
#define _MYMM_FS_COMPAT_H

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/version.h>

/* 6.3 replaced the user namespace of a mount by a map of ids; nothing is mapped here. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define mymm_idmap mnt_idmap
#define MYMM_NOP_IDMAP (&nop_mnt_idmap)
#else
#define mymm_idmap user_namespace
#define MYMM_NOP_IDMAP (&init_user_ns)
#endif

static inline int mymm_vfs_rename(struct inode *old_dir,
				  struct dentry *old_dentry,
				  struct inode *new_dir,
				  struct dentry *new_dentry, unsigned int flags)
{
	struct renamedata rename = {
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
		.old_mnt_idmap = MYMM_NOP_IDMAP,
		.new_mnt_idmap = MYMM_NOP_IDMAP,
#else
		.old_mnt_userns = MYMM_NOP_IDMAP,
		.new_mnt_userns = MYMM_NOP_IDMAP,
#endif
		.old_dir = old_dir,
		.old_dentry = old_dentry,
		.new_dir = new_dir,
		.new_dentry = new_dentry,
		.flags = flags,
	};

	return vfs_rename(&rename);
}

/* 6.6 passes on what is asked for, and hides the times of an inode from 6.7 on. */
static inline void mymm_fillattr(struct inode *inode, u32 mask,
				 struct kstat *stat)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	generic_fillattr(MYMM_NOP_IDMAP, mask, inode, stat);
#else
	generic_fillattr(MYMM_NOP_IDMAP, inode, stat);
#endif
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
static inline struct timespec64 mymm_mtime(const struct inode *inode)
{
	return inode_get_mtime(inode);
}

static inline void mymm_set_mtime(struct inode *inode, struct timespec64 time)
{
	inode_set_mtime_to_ts(inode, time);
}

static inline void mymm_set_ctime(struct inode *inode, struct timespec64 time)
{
	inode_set_ctime_to_ts(inode, time);
}
#else
static inline struct timespec64 mymm_mtime(const struct inode *inode)
{
	return inode->i_mtime;
}

static inline void mymm_set_mtime(struct inode *inode, struct timespec64 time)
{
	inode->i_mtime = time;
}

static inline void mymm_set_ctime(struct inode *inode, struct timespec64 time)
{
	inode->i_ctime = time;
}
#endif

/* 6.5 renamed what reads into a pipe without the kernel's page cache. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define mymm_splice_read copy_splice_read
#else
#define mymm_splice_read generic_file_splice_read
#endif

#endif /* _MYMM_FS_COMPAT_H */
