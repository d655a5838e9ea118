// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs mymm/mirror/: what is reported to the mirror, and whether it is right.
 *
 *   status    the pool, the hooks, what came of each one's events
 *   compare   stops the machine for a moment; the blocks of each order of each zone, in the kernel
 *             and in the mirror, and how many frames differ; with placement=policy a line for each
 *             of those pools
 *   objects   with objects=1: a line for each cache of the kernel that had an event; a "1" written
 *             to it shrinks the caches here, as shrink of /sys/kernel/slab does the kernel's
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "mirror/mirror.h"

static struct dentry *folder;

/* One look at a time. */
static DEFINE_MUTEX(looking);

static int status_show(struct seq_file *m, void *v)
{
	mymm_mirror_show_head(m);
	mymm_hooks_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(status);

static void show_orders(struct seq_file *m, const struct mymm_mirror_zone *zone,
			unsigned int side, const char *name)
{
	unsigned int order;

	seq_printf(m, "Node %d, zone %8s %-6s", zone->node, zone->name, name);
	for (order = 0; order < MYMM_NR_ORDERS; order++)
		seq_printf(m, " %6lu", zone->nr_free[side][order]);
	seq_putc(m, '\n');
}

static int compare_show(struct seq_file *m, void *v)
{
	struct mymm_mirror_look *look;
	unsigned int i;

	guard(mutex)(&looking);
	look = mymm_mirror_look();
	if (IS_ERR(look))
		return PTR_ERR(look);
	for (i = 0; i < look->nr_zones; i++) {
		show_orders(m, &look->zone[i], 0, "kernel");
		show_orders(m, &look->zone[i], 1, "mirror");
	}
	seq_printf(m, "free kernel %lu pcp %lu mirror %lu\n", look->buddy,
		   look->pcp, look->mirror);
	seq_printf(m, "frames that differ: %lu",
		   look->free_here + look->free_there);
	if (look->free_here + look->free_there)
		seq_printf(
			m,
			" (free in the mirror only %lu, in the kernel only %lu; the first is %lu)",
			look->free_here, look->free_there, look->first);
	seq_printf(m, "\nstopped_us %llu\n", div_u64(look->stopped, 1000));
	mymm_policies_show(m);
	kfree(look);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(compare);

static int objects_show(struct seq_file *m, void *v)
{
	mymm_objects_show(m);
	return 0;
}

static int objects_open(struct inode *inode, struct file *file)
{
	return single_open(file, objects_show, NULL);
}

static ssize_t objects_write(struct file *file, const char __user *text,
			     size_t size, loff_t *at)
{
	bool shrink;
	int err = kstrtobool_from_user(text, size, &shrink);

	if (!err && !shrink)
		err = -EINVAL;
	if (err)
		return err;
	mymm_objects_shrink();
	return size;
}

static const struct file_operations objects_fops = {
	.owner = THIS_MODULE,
	.open = objects_open,
	.read = seq_read,
	.write = objects_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/**
 * mymm_mirror_files_init() - make the files
 *
 * debugfs is for looking: without it everything else works, so nothing is returned.
 *
 * Context: process; sleeps.
 */
void mymm_mirror_files_init(void)
{
	struct dentry *dir = debugfs_lookup("mymm", NULL);

	folder = debugfs_create_dir("mirror", dir);
	dput(dir);
	debugfs_create_file("status", 0400, folder, NULL, &status_fops);
	debugfs_create_file("compare", 0400, folder, NULL, &compare_fops);
	if (mymm_objects_on())
		debugfs_create_file("objects", 0600, folder, NULL,
				    &objects_fops);
}

/** mymm_mirror_files_exit() - take the files away; waits for their readers */
void mymm_mirror_files_exit(void)
{
	debugfs_remove(folder);
}
