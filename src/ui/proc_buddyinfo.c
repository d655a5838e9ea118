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
#include <linux/seq_file.h>

#include "base/compat.h"
#include "page/pool.h"
#include "page/zone.h"
#include "ui/proc.h"

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

static void show_node(struct seq_file *m, const struct mymm_node *node)
{
	unsigned int type;

	for (type = 0; type < MYMM_NR_ZONE_TYPES; type++)
		if (node->zone[type])
			show_zone(m, node->zone[type]);
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
	unsigned int n;

	for (n = 0; n < pool->nr_nodes; n++)
		show_node(m, &pool->node_of[n]);
}
MYMM_EXPORT_INTERNAL(mymm_buddyinfo_show);

static int buddyinfo_show(struct seq_file *m, void *v)
{
	show_node(m, v);
	return 0;
}

const struct seq_operations mymm_buddyinfo_ops = {
	.start = mymm_seq_node_start,
	.next = mymm_seq_node_next,
	.stop = mymm_seq_node_stop,
	.show = buddyinfo_show,
};
