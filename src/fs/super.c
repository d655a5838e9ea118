// SPDX-License-Identifier: GPL-2.0
/*
 * Mounts of mymmfs.
 *
 *	mount -t mymmfs -o lower=DIR[,pool=NAME] none /mnt
 *
 * shows the files of a directory, whose contents are in frames of a pool while they are used. What
 * is done to the directory otherwise meanwhile is not noticed, as with overlayfs.
 *
 * Locking of a mount's end: it leaves the list of mounts first, so that nobody looks for its inodes
 * any more; then it is written; then the kernel evicts all inodes.
 */
#include <linux/cred.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/pagemap.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/statfs.h>

#include "fs/compat.h"
#include "fs/fs.h"
#include "process/vm.h"

#define MAGIC 0x6d796673 /* "myfs" */

LIST_HEAD(mymm_mounts); /* RCU for readers that do not sleep */
DEFINE_MUTEX(mymm_mounts_lock);

static struct kmem_cache *inodes;
static struct file_system_type type;

/* --- inodes ----------------------------------------------------------------------- */

static void init_once(void *object)
{
	struct mymm_inode *mi = object;

	inode_init_once(&mi->inode);
}

static struct inode *alloc_inode(struct super_block *sb)
{
	struct mymm_inode *mi = alloc_inode_sb(sb, inodes, GFP_KERNEL);

	if (!mi)
		return NULL;
	mi->lower = NULL;
	xa_init(&mi->pages);
	atomic_long_set(&mi->nr_shadows, 0);
	mi->hand = 0;
	mutex_init(&mi->writing);
	mi->reader = NULL;
	mi->writer = NULL;
	atomic_set(&mi->opens, 0);
	atomic_long_set(&mi->nr_dirty, 0);
	INIT_LIST_HEAD(&mi->dirty);
	mi->pass = 0;
	mi->listed = false;
	mi->written = false;
	return &mi->inode;
}

static void free_inode(struct inode *inode)
{
	kmem_cache_free(inodes, mymm_inode_of(inode));
}

static void evict_inode(struct inode *inode)
{
	struct mymm_inode *mi = mymm_inode_of(inode);

	truncate_inode_pages_final(&inode->i_data);
	mymm_cache_truncate(mi, 0);
	xa_destroy(&mi->pages);
	clear_inode(inode);
	if (mi->reader)
		fput(mi->reader);
	if (mi->writer)
		fput(mi->writer);
	iput(mi->lower);
}

/**
 * mymm_mount_next_inode() - walk over the inodes of a mount
 * @mount: the mount
 * @inode: the last one, whose reference is given back; NULL: begin
 *
 * Context: process; sleeps; with mymm_mounts_lock, so that the mount stays.
 * Return: the next, with a reference; NULL: that was the last.
 */
struct inode *mymm_mount_next_inode(struct mymm_mount *mount,
				    struct inode *inode)
{
	struct super_block *sb = mount->sb;
	struct inode *next, *found = NULL;

	spin_lock(&sb->s_inode_list_lock);
	next = inode ? list_next_entry(inode, i_sb_list) :
		       list_first_entry(&sb->s_inodes, struct inode, i_sb_list);
	list_for_each_entry_from(next, &sb->s_inodes, i_sb_list) {
		found = igrab(next);
		if (found)
			break;
	}
	spin_unlock(&sb->s_inode_list_lock);
	iput(inode);
	return found;
}

/* --- the super block -------------------------------------------------------------- */

static int statfs(struct dentry *dentry, struct kstatfs *buf)
{
	struct path lower = {
		.mnt = mymm_mount_of(dentry->d_sb)->lower.mnt,
		.dentry = mymm_lower(dentry),
	};
	int err = vfs_statfs(&lower, buf);

	buf->f_type = MAGIC;
	return err;
}

static int sync_fs(struct super_block *sb, int wait)
{
	return wait ? mymm_mount_write(mymm_mount_of(sb), true) : 0;
}

static int show_options(struct seq_file *m, struct dentry *root)
{
	const struct mymm_mount *mount = mymm_mount_of(root->d_sb);

	seq_puts(m, ",lower=");
	seq_path(m, &mount->lower, ", \t\n\\");
	seq_show_option(m, "pool", mount->vm->pool->name);
	return 0;
}

static const struct super_operations super_ops = {
	.alloc_inode = alloc_inode,
	.free_inode = free_inode,
	.drop_inode = generic_drop_inode,
	.evict_inode = evict_inode,
	.statfs = statfs,
	.sync_fs = sync_fs,
	.show_options = show_options,
};

static void release_dentry(struct dentry *dentry)
{
	dput(mymm_lower(dentry));
}

static const struct dentry_operations dentry_ops = {
	.d_release = release_dentry,
};

static void free_mount(struct mymm_mount *mount)
{
	path_put(&mount->lower);
	if (mount->cred)
		put_cred(mount->cred);
	if (!IS_ERR_OR_NULL(mount->vm))
		mymm_vm_put(mount->vm);
	kfree(mount);
}

static void kill_sb(struct super_block *sb)
{
	struct mymm_mount *mount = mymm_mount_of(sb);

	if (mount) {
		scoped_guard(mutex, &mymm_mounts_lock)
			list_del_rcu(&mount->list);
		synchronize_rcu();
		mymm_flush_end(mount);
	}
	kill_anon_super(sb);
	if (mount)
		free_mount(mount);
}

/* --- mounting --------------------------------------------------------------------- */

struct options {
	char *lower;
	char *pool;
};

enum { OPT_LOWER, OPT_POOL };

static const struct fs_parameter_spec parameters[] = {
	fsparam_string("lower", OPT_LOWER),
	fsparam_string("pool", OPT_POOL),
	{}
};

static int parse(struct fs_context *fc, struct fs_parameter *param)
{
	struct options *options = fc->fs_private;
	struct fs_parse_result result;
	int opt = fs_parse(fc, parameters, param, &result);

	if (opt < 0)
		return opt;
	swap(*(opt == OPT_LOWER ? &options->lower : &options->pool),
	     param->string);
	return 0;
}

/* All that a mount needs but its inodes. */
static struct mymm_mount *make_mount(const struct options *options)
{
	struct mymm_mount *mount = kzalloc(sizeof(*mount), GFP_KERNEL);
	int err;

	if (!mount)
		return ERR_PTR(-ENOMEM);
	err = kern_path(options->lower, LOOKUP_FOLLOW | LOOKUP_DIRECTORY,
			&mount->lower);
	if (err) {
		kfree(mount);
		return ERR_PTR(err);
	}
	mount->vm = mymm_vm_get(options->pool);
	if (IS_ERR(mount->vm)) {
		err = PTR_ERR(mount->vm);
		free_mount(mount);
		return ERR_PTR(err);
	}
	mount->cred = get_current_cred();
	return mount;
}

static void copy_limits(struct super_block *sb, const struct super_block *lower)
{
	sb->s_maxbytes = min_t(loff_t, lower->s_maxbytes, MAX_LFS_FILESIZE);
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_time_gran = lower->s_time_gran;
	sb->s_time_min = lower->s_time_min;
	sb->s_time_max = lower->s_time_max;
	sb->s_stack_depth = lower->s_stack_depth + 1;
}

static int make_root(struct super_block *sb, const struct path *lower)
{
	struct inode *inode = mymm_inode_get(sb, d_inode(lower->dentry));

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	sb->s_root = d_make_root(inode);
	if (!sb->s_root)
		return -ENOMEM;
	sb->s_root->d_fsdata = dget(lower->dentry);
	return 0;
}

static int fill_super(struct super_block *sb, struct fs_context *fc)
{
	struct mymm_mount *mount = make_mount(fc->fs_private);
	const struct super_block *lower;

	if (IS_ERR(mount))
		return PTR_ERR(mount);
	lower = mount->lower.dentry->d_sb;
	/* From here on kill_sb() takes it away. */
	mount->sb = sb;
	mymm_flush_start(mount);
	sb->s_fs_info = mount;
	scoped_guard(mutex, &mymm_mounts_lock)
		list_add_tail_rcu(&mount->list, &mymm_mounts);
	copy_limits(sb, lower);
	if (sb->s_stack_depth > FILESYSTEM_MAX_STACK_DEPTH ||
	    lower->s_type == &type)
		return invalf(fc,
			      "mymmfs: too many file systems on each other");
	/* The lower file's time of access is that of what was read below. */
	sb->s_flags |= SB_NOATIME;
	sb->s_magic = MAGIC;
	sb->s_op = &super_ops;
	sb->s_d_op = &dentry_ops;
	return make_root(sb, &mount->lower);
}

static int get_tree(struct fs_context *fc)
{
	const struct options *options = fc->fs_private;

	if (!options->lower)
		return invalf(fc, "mymmfs: lower=DIR is missing");
	return get_tree_nodev(fc, fill_super);
}

static void free_context(struct fs_context *fc)
{
	struct options *options = fc->fs_private;

	if (!options)
		return;
	kfree(options->lower);
	kfree(options->pool);
	kfree(options);
}

static const struct fs_context_operations context_ops = {
	.parse_param = parse,
	.get_tree = get_tree,
	.free = free_context,
};

static int init_context(struct fs_context *fc)
{
	struct options *options = kzalloc(sizeof(*options), GFP_KERNEL);

	if (!options)
		return -ENOMEM;
	fc->fs_private = options;
	fc->ops = &context_ops;
	return 0;
}

static struct file_system_type type = {
	.owner = THIS_MODULE,
	.name = "mymmfs",
	.init_fs_context = init_context,
	.parameters = parameters,
	.kill_sb = kill_sb,
};
MODULE_ALIAS_FS("mymmfs");

/**
 * mymm_super_init() - let it be mounted
 *
 * Return: 0 or a negative errno.
 */
int mymm_super_init(void)
{
	int err;

	inodes = kmem_cache_create("mymm_inode", sizeof(struct mymm_inode), 0,
				   SLAB_RECLAIM_ACCOUNT | SLAB_ACCOUNT,
				   init_once);
	if (!inodes)
		return -ENOMEM;
	err = register_filesystem(&type);
	if (err)
		kmem_cache_destroy(inodes);
	return err;
}

/** mymm_super_exit() - nothing is mounted */
void mymm_super_exit(void)
{
	unregister_filesystem(&type);
	/* Inodes are freed by RCU. */
	rcu_barrier();
	kmem_cache_destroy(inodes);
}
