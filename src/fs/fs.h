/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mymmfs: the files of a directory, in frames of a pool.
 *
 *	struct mymm_mount    a mounted directory
 *	struct mymm_inode    a file of it, and the frames that have its pages
 *
 * Locks, outermost first; those of process/vm.h that are here, too, are in brackets:
 *
 *	mounts_lock (mutex)             the list of mounts
 *	inode->i_rwsem                  the kernel's: writers of a file
 *	[mmap_lock]
 *	inode->writing (mutex)          pages of it are being written, or its size changes
 *	[the lock of a page]            whether the page is in the cache, and at which index; a page
 *	                                that is being filled is locked until it is
 *	[i_mmap_rwsem, the pte's lock]
 *	mount->lock (spinlock)          which inodes have dirty pages
 *	inode->pages (xarray's)         with it dirtiness changes
 *
 * A page is filled with its lock held, so below it are the locks of the lower file that a read
 * takes. In a fault a worker reads, since some file systems take the lower inode's i_rwsem for
 * that.
 */
#ifndef _MYMM_FS_FS_H
#define _MYMM_FS_FS_H

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/path.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

struct mymm_finding;
struct mymm_vm;

/* How a page is marked in the xarray of its inode. */
#define MYMM_DIRTY XA_MARK_0
#define MYMM_WRITING XA_MARK_1

/* Pages that are read, or written, at once. */
#define MYMM_IO_PAGES 32U

/**
 * struct mymm_mount - a mounted directory
 * @sb: its super block
 * @vm: the pool
 * @lower: the directory below
 * @cred: of what has mounted it: files below are opened by it
 * @lock: of @dirty, and of the inodes' membership
 * @dirty: inodes that have dirty pages, the longest dirty first; a reference to each is held
 * @round: one task at a time goes over @dirty
 * @pass: counts how often that was
 * @pressed: reclaim wants all of it written
 * @ended: it is written for the last time: no inode comes to @dirty any more
 * @flush: the flusher's work
 * @list: of all mounts
 */
struct mymm_mount {
	struct super_block *sb;
	struct mymm_vm *vm;
	struct path lower;
	const struct cred *cred;
	spinlock_t lock; /* see above */
	struct list_head dirty;
	struct mutex round; /* outside of inode->writing */
	unsigned long pass;
	bool pressed;
	bool ended;
	struct delayed_work flush;
	struct list_head list;
};

/**
 * struct mymm_inode - a file
 * @inode: the kernel's part
 * @lower: the inode below; a reference is held
 * @pages: by index: a page, or as a value what an evicted one has left (workingset.c)
 * @nr_shadows: of the values
 * @hand: where the next shadow is looked for that is to go
 * @writing: see above
 * @reader: the lower file, once it was opened; goes with the inode
 * @writer: the same, for writing
 * @opens: open files of it
 * @nr_dirty: dirty pages
 * @dirty: in mount->dirty, if @listed
 * @since: when it was put there, in jiffies
 * @pass: of mount->pass: when it was written last
 * @listed: it is there
 * @written: its time of modification is newer than that of the inode below
 */
struct mymm_inode {
	struct inode inode;
	struct inode *lower;
	struct xarray pages;
	atomic_long_t nr_shadows;
	unsigned long hand;
	struct mutex writing; /* see above */
	struct file *reader;
	struct file *writer;
	atomic_t opens;
	atomic_long_t nr_dirty;
	struct list_head dirty;
	unsigned long since;
	unsigned long pass;
	bool listed;
	bool written;
};

/**
 * struct mymm_ahead - where a file is being read
 * @next: the page behind those that were read last
 * @last: the page that was used last
 * @window: how many are to be read ahead
 */
struct mymm_ahead {
	pgoff_t next;
	pgoff_t last;
	unsigned int window;
};

static inline struct mymm_mount *mymm_mount_of(const struct super_block *sb)
{
	return sb->s_fs_info;
}

static inline struct mymm_inode *mymm_inode_of(struct inode *inode)
{
	return container_of(inode, struct mymm_inode, inode);
}

static inline struct mymm_vm *mymm_inode_vm(const struct mymm_inode *mi)
{
	return mymm_mount_of(mi->inode.i_sb)->vm;
}

/* The dentry below; a reference is held as long as the dentry lives. */
static inline struct dentry *mymm_lower(const struct dentry *dentry)
{
	return dentry->d_fsdata;
}

/* cache.c */
struct page *mymm_cache_find(struct mymm_inode *mi, pgoff_t index);
struct page *mymm_cache_get(struct mymm_inode *mi, pgoff_t index,
			    struct mymm_ahead *ahead, unsigned int wanted,
			    bool *major);
struct page *mymm_cache_new(struct mymm_inode *mi, pgoff_t index);
void mymm_cache_filled(struct mymm_inode *mi, struct page *page);
void mymm_cache_remove(struct mymm_inode *mi, struct page *page);
void mymm_cache_zero_tail(struct mymm_inode *mi, loff_t size);
void mymm_cache_truncate(struct mymm_inode *mi, loff_t size);
unsigned long mymm_cache_drop(struct mymm_inode *mi);
void mymm_cache_evict(struct page *page, u64 shadow);
void mymm_cache_move(struct page *page, struct page *to);
void mymm_cache_forget_lower(struct file *lower, loff_t from, loff_t to);
int mymm_cache_init(void);
void mymm_cache_exit(void);

/* check.c */
void mymm_fs_attach(void);

/* file.c */
extern const struct file_operations mymm_file_fops;
extern const struct file_operations mymm_dir_fops;
extern const struct address_space_operations mymm_file_aops;

/* inode.c */
struct inode *mymm_inode_get(struct super_block *sb, struct inode *lower);
void mymm_inode_copy(struct inode *inode);

/* super.c */
extern struct list_head mymm_mounts;
extern struct mutex mymm_mounts_lock;
struct inode *mymm_mount_next_inode(struct mymm_mount *mount,
				    struct inode *inode);
int mymm_super_init(void);
void mymm_super_exit(void);

/* flusher.c */
void mymm_dirty_limits(const struct mymm_vm *vm, unsigned long *dirty,
		       unsigned long *background);
void mymm_balance_dirty(struct mymm_mount *mount);
void mymm_flush_start(struct mymm_mount *mount);
void mymm_flush_end(struct mymm_mount *mount);
void mymm_flush_wake(struct mymm_vm *vm);
void mymm_flush_press(struct mymm_vm *vm);
void mymm_flush_wait(struct mymm_vm *vm);
int mymm_flusher_init(void);
void mymm_flusher_exit(void);

/**
 * struct mymm_fs_sysctl - what can be set in /proc/sys/mymm; the names are those of the files
 * @dirty_ratio: per cent of memory; beyond it what dirties pages waits
 * @dirty_background_ratio: per cent of memory; beyond it flushers write
 * @dirty_bytes: in place of @dirty_ratio, if not 0
 * @dirty_background_bytes: in place of @dirty_background_ratio, if not 0
 * @dirty_expire_centisecs: what has been dirty for so long is written
 * @dirty_writeback_centisecs: flushers look for that so often; 0: they do not
 */
struct mymm_fs_sysctl {
	int dirty_ratio;
	int dirty_background_ratio;
	unsigned long dirty_bytes;
	unsigned long dirty_background_bytes;
	int dirty_expire_centisecs;
	int dirty_writeback_centisecs;
};

/* sysctl.c */
extern struct mymm_fs_sysctl mymm_fs_sysctl;
int mymm_fs_sysctl_init(void);
void mymm_fs_sysctl_exit(void);

/* writeback.c */
bool mymm_dirty_folio(struct address_space *mapping, struct folio *folio);
void mymm_page_dirty(struct mymm_inode *mi, struct page *page);
void mymm_page_clean(struct mymm_inode *mi, struct page *page);
bool mymm_page_busy(const struct page *page);
long mymm_write_count(void);
void mymm_write_wait(long seen, long ticks);
int mymm_inode_write(struct mymm_inode *mi, loff_t from, loff_t to);
void mymm_inode_forget(struct mymm_inode *mi);
struct mymm_inode *mymm_mount_next_dirty(struct mymm_mount *mount,
					 unsigned long age);
int mymm_mount_write(struct mymm_mount *mount, bool sync);
int mymm_writeback_init(void);
void mymm_writeback_exit(void);

#endif /* _MYMM_FS_FS_H */
