// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/mybuddyinfo: free blocks of each order, zone by zone.
 *
 *   Node 0, zone      DMA      0      0      0 ...      1
 *
 * Byte for byte the shape of /proc/buddyinfo: "Node %d, zone %8s ", "%6lu " for each
 * order, so there is a space at the end of the line; populated zones only. Tools count
 * on each of these. A line is one moment of its zone, taken under its lock and printed
 * after it.
 */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "compat.h"
#include "pool.h"
#include "proc.h"

static void show_zone(struct seq_file *m, struct mymm_zone *zone)
{
	struct mymm_zone_snapshot snap;
	unsigned int order;

	mymm_zone_read(zone, &snap);
	seq_printf(m, "Node %d, zone %8s ", zone->node,
		   mymm_zone_name(zone->type));
	for (order = 0; order < MYMM_NR_ORDERS; order++)
		seq_printf(m, "%6lu ", snap.nr_free[order]);
	seq_putc(m, '\n');
}

/**
 * mymm_buddyinfo_show() - the whole file, for a pool
 * @m: where to
 * @pool: the pool
 *
 * Context: process.
 */
void mymm_buddyinfo_show(struct seq_file *m, struct mymm_pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++)
		show_zone(m, &pool->zone[i]);
}
MYMM_EXPORT_INTERNAL(mymm_buddyinfo_show);

static struct mymm_pool *pool_of(struct seq_file *m)
{
	return pde_data(file_inode(m->file));
}

static void *buddyinfo_start(struct seq_file *m, loff_t *pos)
{
	struct mymm_pool *pool = pool_of(m);

	return *pos < pool->nr_zones ? &pool->zone[*pos] : NULL;
}

static void *buddyinfo_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return buddyinfo_start(m, pos);
}

static void buddyinfo_stop(struct seq_file *m, void *v)
{
}

static int buddyinfo_show(struct seq_file *m, void *v)
{
	show_zone(m, v);
	return 0;
}

static const struct seq_operations buddyinfo_ops = {
	.start = buddyinfo_start,
	.next = buddyinfo_next,
	.stop = buddyinfo_stop,
	.show = buddyinfo_show,
};

/**
 * mymm_buddyinfo_init() - put the file into /proc
 * @pool: the pool that it shows
 *
 * Return: 0 or -ENOMEM.
 */
int mymm_buddyinfo_init(struct mymm_pool *pool)
{
	return proc_create_seq_data("mybuddyinfo", 0444, NULL, &buddyinfo_ops,
				    pool) ?
		       0 :
		       -ENOMEM;
}

/** mymm_buddyinfo_exit() - take the file away; waits for its readers */
void mymm_buddyinfo_exit(void)
{
	remove_proc_entry("mybuddyinfo", NULL);
}
