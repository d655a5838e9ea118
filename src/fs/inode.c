// SPDX-License-Identifier: GPL-2.0
/*
 * Inodes and names: all of them are those of the lower directory.
 *
 * A dentry has the lower one, and an inode has the lower one; an inode of ours is found by it, so
 * that two names of a file are one file here, too. What changes a directory is done below, and
 * what comes of it is copied: kind, mode, owner, links, times. Only the size and, as long as
 * something is to be written, the time of modification are ours: what is below follows.
 *
 * A name that was looked up and is not there has a dentry, too, and the lower one; a file is made
 * by that. A name that is removed
 * takes its dentry along, since the lower one can't be used again.
 */
#include <linux/fs_stack.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/pagemap.h>

#include "fs/compat.h"
#include "fs/fs.h"

static const struct inode_operations file_iops;
static const struct inode_operations dir_iops;
static const struct inode_operations link_iops;

/* --- from below ------------------------------------------------------------------- */

/**
 * mymm_inode_copy() - an inode is as the lower one
 * @inode: the inode
 *
 * Context: process.
 */
void mymm_inode_copy(struct inode *inode)
{
	struct mymm_inode *mi = mymm_inode_of(inode);
	struct timespec64 modified = mymm_mtime(inode);

	fsstack_copy_attr_all(inode, mi->lower);
	if (mi->written)
		mymm_set_mtime(inode, modified);
	if (!S_ISREG(inode->i_mode))
		fsstack_copy_inode_size(inode, mi->lower);
}

static int is_of(struct inode *inode, void *lower)
{
	return mymm_inode_of(inode)->lower == lower;
}

static int make(struct inode *inode, void *data)
{
	struct inode *lower = data;

	mymm_inode_of(inode)->lower = lower;
	inode->i_ino = lower->i_ino;
	inode->i_mode = lower->i_mode;
	inode->i_generation = lower->i_generation;
	mymm_inode_copy(inode);
	i_size_write(inode, i_size_read(lower));
	inode->i_op = &file_iops;
	if (S_ISREG(inode->i_mode)) {
		inode->i_fop = &mymm_file_fops;
		inode->i_mapping->a_ops = &mymm_file_aops;
	} else if (S_ISDIR(inode->i_mode)) {
		inode->i_op = &dir_iops;
		inode->i_fop = &mymm_dir_fops;
	} else if (S_ISLNK(inode->i_mode)) {
		inode->i_op = &link_iops;
	} else {
		init_special_inode(inode, inode->i_mode, lower->i_rdev);
	}
	return 0;
}

/**
 * mymm_inode_get() - the inode of a lower one
 * @sb: of the mount
 * @lower: the inode below
 *
 * Context: process; sleeps.
 * Return: it, with a reference; -ESTALE, -ENOMEM.
 */
struct inode *mymm_inode_get(struct super_block *sb, struct inode *lower)
{
	struct inode *inode;

	if (!igrab(lower))
		return ERR_PTR(-ESTALE);
	inode = iget5_locked(sb, (unsigned long)lower, is_of, make, lower);
	/* A new one has the reference. */
	if (!inode || !(inode->i_state & I_NEW))
		iput(lower);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	if (inode->i_state & I_NEW)
		unlock_new_inode(inode);
	return inode;
}

static struct dentry *lookup(struct inode *dir, struct dentry *dentry,
			     unsigned int flags)
{
	struct dentry *lower;
	struct inode *inode = NULL;

	lower = lookup_one_len_unlocked(dentry->d_name.name,
					mymm_lower(dentry->d_parent),
					dentry->d_name.len);
	if (IS_ERR(lower))
		return lower;
	dentry->d_fsdata = lower;
	if (d_really_is_positive(lower))
		inode = mymm_inode_get(dir->i_sb, d_inode(lower));
	return d_splice_alias(inode, dentry);
}

/* --- changes of a directory ------------------------------------------------------- */

/* The lower mount may be written to, and the lower directory is locked. */
static int begin(struct dentry *dentry)
{
	struct vfsmount *mnt = mymm_mount_of(dentry->d_sb)->lower.mnt;
	struct dentry *parent = mymm_lower(dentry->d_parent);
	int err = mnt_want_write(mnt);

	if (err)
		return err;
	inode_lock_nested(d_inode(parent), I_MUTEX_PARENT);
	if (mymm_lower(dentry)->d_parent == parent)
		return 0;
	inode_unlock(d_inode(parent));
	mnt_drop_write(mnt);
	return -ESTALE;
}

static void end(struct dentry *dentry)
{
	inode_unlock(d_inode(mymm_lower(dentry->d_parent)));
	mnt_drop_write(mymm_mount_of(dentry->d_sb)->lower.mnt);
}

/* Something was made below: it is here, too. */
static int instantiate(struct inode *dir, struct dentry *dentry)
{
	struct dentry *lower = mymm_lower(dentry);
	struct inode *inode;

	/* The lower file system may have made it, and not have said what. */
	if (d_really_is_negative(lower)) {
		d_drop(dentry);
		return 0;
	}
	inode = mymm_inode_get(dir->i_sb, d_inode(lower));
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	d_instantiate(dentry, inode);
	mymm_inode_copy(dir);
	return 0;
}

/* What was done below has ended so. */
static int finish(struct inode *dir, struct dentry *dentry, int err)
{
	if (!err)
		err = instantiate(dir, dentry);
	end(dentry);
	return err;
}

static int create(struct mymm_idmap *idmap, struct inode *dir,
		  struct dentry *dentry, umode_t mode, bool excl)
{
	struct dentry *lower = mymm_lower(dentry);
	int err = begin(dentry);

	if (err)
		return err;
	err = vfs_create(MYMM_NOP_IDMAP, d_inode(lower->d_parent), lower, mode,
			 true);
	return finish(dir, dentry, err);
}

static int mkdir(struct mymm_idmap *idmap, struct inode *dir,
		 struct dentry *dentry, umode_t mode)
{
	struct dentry *lower = mymm_lower(dentry);
	int err = begin(dentry);

	if (err)
		return err;
	err = vfs_mkdir(MYMM_NOP_IDMAP, d_inode(lower->d_parent), lower, mode);
	return finish(dir, dentry, err);
}

static int mknod(struct mymm_idmap *idmap, struct inode *dir,
		 struct dentry *dentry, umode_t mode, dev_t dev)
{
	struct dentry *lower = mymm_lower(dentry);
	int err = begin(dentry);

	if (err)
		return err;
	err = vfs_mknod(MYMM_NOP_IDMAP, d_inode(lower->d_parent), lower, mode,
			dev);
	return finish(dir, dentry, err);
}

static int symlink(struct mymm_idmap *idmap, struct inode *dir,
		   struct dentry *dentry, const char *target)
{
	struct dentry *lower = mymm_lower(dentry);
	int err = begin(dentry);

	if (err)
		return err;
	err = vfs_symlink(MYMM_NOP_IDMAP, d_inode(lower->d_parent), lower,
			  target);
	return finish(dir, dentry, err);
}

static int link(struct dentry *old, struct inode *dir, struct dentry *dentry)
{
	struct dentry *lower = mymm_lower(dentry);
	int err = begin(dentry);

	if (err)
		return err;
	err = vfs_link(mymm_lower(old), MYMM_NOP_IDMAP,
		       d_inode(lower->d_parent), lower, NULL);
	err = finish(dir, dentry, err);
	mymm_inode_copy(d_inode(old));
	return err;
}

static int remove(struct inode *dir, struct dentry *dentry, bool directory)
{
	struct inode *parent = d_inode(mymm_lower(dentry->d_parent));
	struct dentry *lower = dget(mymm_lower(dentry));
	int err = begin(dentry);

	if (!err) {
		if (d_unhashed(lower))
			err = -ESTALE;
		else if (directory)
			err = vfs_rmdir(MYMM_NOP_IDMAP, parent, lower);
		else
			err = vfs_unlink(MYMM_NOP_IDMAP, parent, lower, NULL);
		end(dentry);
	}
	dput(lower);
	if (err)
		return err;
	mymm_inode_copy(dir);
	mymm_inode_copy(d_inode(dentry));
	mymm_inode_forget(mymm_inode_of(d_inode(dentry)));
	d_drop(dentry);
	return 0;
}

static int unlink(struct inode *dir, struct dentry *dentry)
{
	return remove(dir, dentry, false);
}

static int rmdir(struct inode *dir, struct dentry *dentry)
{
	int err = remove(dir, dentry, true);

	if (!err)
		clear_nlink(d_inode(dentry));
	return err;
}

/* With the lower mount writable. */
static int rename_lower(struct dentry *old, struct dentry *new,
			unsigned int flags)
{
	struct dentry *old_parent = mymm_lower(old->d_parent);
	struct dentry *new_parent = mymm_lower(new->d_parent);
	struct dentry *old_lower = mymm_lower(old);
	struct dentry *new_lower = mymm_lower(new), *trap;
	int err = -ESTALE;

	trap = lock_rename(old_parent, new_parent);
	if (IS_ERR(trap))
		return PTR_ERR(trap);
	if (trap == old_lower || trap == new_lower)
		err = -EINVAL;
	else if (old_lower->d_parent == old_parent &&
		 new_lower->d_parent == new_parent && !d_unhashed(old_lower))
		err = mymm_vfs_rename(d_inode(old_parent), old_lower,
				      d_inode(new_parent), new_lower, flags);
	unlock_rename(old_parent, new_parent);
	return err;
}

static int rename_entry(struct mymm_idmap *idmap, struct inode *old_dir,
			struct dentry *old, struct inode *new_dir,
			struct dentry *new, unsigned int flags)
{
	struct vfsmount *mnt = mymm_mount_of(old->d_sb)->lower.mnt;
	int err;

	if (flags & ~RENAME_NOREPLACE)
		return -EINVAL;
	err = mnt_want_write(mnt);
	if (err)
		return err;
	err = rename_lower(old, new, flags);
	mnt_drop_write(mnt);
	if (err)
		return err;
	mymm_inode_copy(old_dir);
	mymm_inode_copy(new_dir);
	mymm_inode_copy(d_inode(old));
	if (d_really_is_positive(new)) {
		mymm_inode_copy(d_inode(new));
		mymm_inode_forget(mymm_inode_of(d_inode(new)));
		if (d_is_dir(new))
			clear_nlink(d_inode(new));
	}
	return 0;
}

/* --- attributes ------------------------------------------------------------------- */

static int notify_lower(struct dentry *dentry, const struct iattr *attr)
{
	struct vfsmount *mnt = mymm_mount_of(dentry->d_sb)->lower.mnt;
	struct dentry *lower = mymm_lower(dentry);
	struct iattr change = *attr;
	int err = mnt_want_write(mnt);

	if (err)
		return err;
	/* The kernel derives the mode from these, below, too. */
	if (change.ia_valid & (ATTR_KILL_SUID | ATTR_KILL_SGID))
		change.ia_valid &= ~ATTR_MODE;
	change.ia_valid &= ~(ATTR_FILE | ATTR_OPEN);
	inode_lock(d_inode(lower));
	err = notify_change(MYMM_NOP_IDMAP, lower, &change, NULL);
	inode_unlock(d_inode(lower));
	mnt_drop_write(mnt);
	return err;
}

/* What is cut off goes here first, so that nobody writes it below again. */
static int resize(struct mymm_inode *mi, struct dentry *dentry,
		  struct iattr *attr)
{
	loff_t old = i_size_read(&mi->inode);
	int err = inode_newsize_ok(&mi->inode, attr->ia_size);

	if (err)
		return err;
	mutex_lock(&mi->writing);
	err = notify_lower(dentry, attr);
	if (!err) {
		/* A mapping may have written behind the end, where zeros are to be. */
		mymm_cache_zero_tail(mi, old);
		i_size_write(&mi->inode, attr->ia_size);
		if (attr->ia_size < old)
			mymm_cache_truncate(mi, attr->ia_size);
	}
	mutex_unlock(&mi->writing);
	return err;
}

static int setattr(struct mymm_idmap *idmap, struct dentry *dentry,
		   struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	struct mymm_inode *mi = mymm_inode_of(inode);
	int err = setattr_prepare(MYMM_NOP_IDMAP, dentry, attr);

	if (err)
		return err;
	if (attr->ia_valid & ATTR_SIZE)
		err = resize(mi, dentry, attr);
	else
		err = notify_lower(dentry, attr);
	if (err)
		return err;
	if (attr->ia_valid & (ATTR_MTIME | ATTR_SIZE))
		mi->written = false;
	mymm_inode_copy(inode);
	/* What is written later is to leave that time alone. */
	if (atomic_long_read(&mi->nr_dirty))
		mi->written = true;
	return 0;
}

static int getattr(struct mymm_idmap *idmap, const struct path *path,
		   struct kstat *stat, u32 mask, unsigned int flags)
{
	struct inode *inode = d_inode(path->dentry);

	mymm_fillattr(inode, mask, stat);
	stat->blocks = mymm_inode_of(inode)->lower->i_blocks;
	return 0;
}

static int permission(struct mymm_idmap *idmap, struct inode *inode, int mask)
{
	return inode_permission(MYMM_NOP_IDMAP, mymm_inode_of(inode)->lower,
				mask);
}

static const char *get_link(struct dentry *dentry, struct inode *inode,
			    struct delayed_call *done)
{
	return dentry ? vfs_get_link(mymm_lower(dentry), done) :
			ERR_PTR(-ECHILD);
}

static const struct inode_operations file_iops = {
	.setattr = setattr,
	.getattr = getattr,
	.permission = permission,
};

static const struct inode_operations link_iops = {
	.get_link = get_link,
	.setattr = setattr,
	.getattr = getattr,
	.permission = permission,
};

static const struct inode_operations dir_iops = {
	.lookup = lookup,
	.create = create,
	.mkdir = mkdir,
	.mknod = mknod,
	.symlink = symlink,
	.link = link,
	.unlink = unlink,
	.rmdir = rmdir,
	.rename = rename_entry,
	.setattr = setattr,
	.getattr = getattr,
	.permission = permission,
};
