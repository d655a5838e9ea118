// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/sys/mymm: what fs/ adds to it: limits of what is dirty (flusher.c), and drop_caches.
 *
 *	1	pages of files that are clean, and not in use
 *	2	what shrinkers give back: slabs, and others' caches
 *	3	both
 *
 * As in Linux, what is dirty stays: sync first. Pages go in all pools, and slabs of the default
 * one.
 */
#include <linux/mm.h>
#include <linux/sysctl.h>

#include "base/compat.h"
#include "fs/fs.h"
#include "page/pool.h"
#include "page/vmstat.h"
#include "process/vm.h"

struct mymm_fs_sysctl mymm_fs_sysctl = {
	.dirty_ratio = 20,
	.dirty_background_ratio = 10,
	.dirty_expire_centisecs = 3000,
	.dirty_writeback_centisecs = 500,
};

static int drop_caches;

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

/* As in Linux, to set a limit in bytes sets that in per cent to 0, and the other way round. */
static int set_ratio(MYMM_CTL_CONST struct ctl_table *table, int write,
		     void *buffer, size_t *length, loff_t *pos)
{
	const bool background = table->data ==
				&mymm_fs_sysctl.dirty_background_ratio;
	const int before = mymm_fs_sysctl.dirty_ratio;
	int err = proc_dointvec_minmax(table, write, buffer, length, pos);

	if (err || !write)
		return err;
	if (background)
		WRITE_ONCE(mymm_fs_sysctl.dirty_background_bytes, 0);
	else if (mymm_fs_sysctl.dirty_ratio != before)
		WRITE_ONCE(mymm_fs_sysctl.dirty_bytes, 0);
	return 0;
}

static int set_bytes(MYMM_CTL_CONST struct ctl_table *table, int write,
		     void *buffer, size_t *length, loff_t *pos)
{
	const bool background = table->data ==
				&mymm_fs_sysctl.dirty_background_bytes;
	const unsigned long before = mymm_fs_sysctl.dirty_bytes;
	int err = proc_doulongvec_minmax(table, write, buffer, length, pos);

	if (err || !write)
		return err;
	if (background)
		WRITE_ONCE(mymm_fs_sysctl.dirty_background_ratio, 0);
	else if (mymm_fs_sysctl.dirty_bytes != before)
		WRITE_ONCE(mymm_fs_sysctl.dirty_ratio, 0);
	return 0;
}

/* A new interval begins at once. */
static int set_interval(MYMM_CTL_CONST struct ctl_table *table, int write,
			void *buffer, size_t *length, loff_t *pos)
{
	int err = proc_dointvec_minmax(table, write, buffer, length, pos);

	if (!err && write)
		mymm_flush_wake(NULL);
	return err;
}

#define ENTRY(name, variable, permissions, handler, least, most)   \
	{                                                          \
		.procname = (name), .data = &(variable),           \
		.maxlen = sizeof(variable), .mode = (permissions), \
		.proc_handler = (handler), .extra1 = (least),      \
		.extra2 = (most),                                  \
	}
#define KNOB(name, handler, least, most) \
	ENTRY(#name, mymm_fs_sysctl.name, 0644, handler, least, most)

static int hundred = 100, three = 3;
static unsigned long one_byte = 1, two_pages = 2 * PAGE_SIZE;

static struct ctl_table entries[] = {
	KNOB(dirty_ratio, set_ratio, SYSCTL_ZERO, &hundred),
	KNOB(dirty_background_ratio, set_ratio, SYSCTL_ZERO, &hundred),
	KNOB(dirty_bytes, set_bytes, &two_pages, NULL),
	KNOB(dirty_background_bytes, set_bytes, &one_byte, NULL),
	KNOB(dirty_expire_centisecs, set_interval, SYSCTL_ZERO, NULL),
	KNOB(dirty_writeback_centisecs, set_interval, SYSCTL_ZERO, NULL),
	ENTRY("drop_caches", drop_caches, 0200, set_drop, SYSCTL_ONE, &three),
	MYMM_CTL_TABLE_END
};

static struct ctl_table_header *header;

/**
 * mymm_fs_sysctl_init() - make the files
 *
 * Return: 0 or -ENOMEM.
 */
int mymm_fs_sysctl_init(void)
{
	if (!IS_ENABLED(CONFIG_PROC_SYSCTL))
		return 0;
	header = register_sysctl("mymm", entries);
	return header ? 0 : -ENOMEM;
}

/** mymm_fs_sysctl_exit() - take the files away */
void mymm_fs_sysctl_exit(void)
{
	unregister_sysctl_table(header);
}
