// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/mypagetypeinfo: free blocks by migratetype, and how many pageblocks have which.
 *
 *   Page block order: 9
 *   Pages per block:  512
 *
 *   Free pages count per migrate type at order       0      1      2 ...
 *   Node    0, zone      DMA, type    Unmovable      0      1      0 ...
 *   ...
 *
 *   Number of blocks type     Unmovable      Movable  Reclaimable ...
 *   Node 0, zone      DMA            1            7            0 ...
 *
 * Byte for byte the shape of the running kernel's /proc/pagetypeinfo, node by node; with
 * rows and columns for the types that the kernel was configured with and we don't have,
 * CMA and Isolate, which are 0. As there, a number above 100000 is shown as >100000; here
 * that saves no time.
 *
 * The rows of a zone are one moment of it, the one of its line in /proc/mybuddyinfo if
 * nothing happens in between: then they add up to that (I8). Pageblocks are counted
 * without the zone's lock, as they change one by one.
 */
#include <linux/mmzone.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "base/compat.h"
#include "page/pool.h"
#include "page/zone.h"
#include "ui/proc.h"

/* What the real file doesn't count beyond. */
#define MOST_BLOCKS 100000UL

/* The kernel's types by its own numbers, of which ours are the first. */
static const char *const other_types[MIGRATE_TYPES] = {
#ifdef CONFIG_CMA
	[MIGRATE_CMA] = "CMA",
#endif
#ifdef CONFIG_MEMORY_ISOLATION
	[MIGRATE_ISOLATE] = "Isolate",
#endif
};

static_assert((int)MYMM_HIGHATOMIC == (int)MIGRATE_HIGHATOMIC,
	      "the kernel numbers its migratetypes in another way");

static const char *type_name(unsigned int type)
{
	return type < MYMM_NR_MIGRATETYPES ? mymm_migratetype_names[type] :
					     other_types[type];
}

static void show_free(struct seq_file *m, struct mymm_zone *zone)
{
	struct mymm_zone_snapshot snap;
	unsigned int type, order;

	mymm_zone_read(zone, &snap);
	for (type = 0; type < MIGRATE_TYPES; type++) {
		seq_printf(m, "Node %4d, zone %8s, type %12s ", zone->node,
			   mymm_zone_name(zone->type), type_name(type));
		for (order = 0; order < MYMM_NR_ORDERS; order++) {
			unsigned long nr =
				type < MYMM_NR_MIGRATETYPES ?
					snap.nr_free_type[type][order] :
					0;

			seq_printf(m, "%s%6lu ", nr >= MOST_BLOCKS ? ">" : "",
				   min(nr, MOST_BLOCKS));
		}
		seq_putc(m, '\n');
	}
}

static void show_blocks(struct seq_file *m, const struct mymm_zone *zone)
{
	const struct mymm_buddy *buddy = &zone->buddy;
	unsigned long count[MIGRATE_TYPES] = {};
	u32 first = buddy->start >> buddy->block_order;
	u32 last = (buddy->end - 1) >> buddy->block_order;
	unsigned int type;
	u32 block;

	for (block = first; block <= last; block++) {
		count[mymm_buddy_type(buddy, block << buddy->block_order)]++;
		if (!(block % 65536))
			cond_resched();
	}
	seq_printf(m, "Node %d, zone %8s ", zone->node,
		   mymm_zone_name(zone->type));
	for (type = 0; type < MIGRATE_TYPES; type++)
		seq_printf(m, "%12lu ", count[type]);
	seq_putc(m, '\n');
}

static void show_node(struct seq_file *m, const struct mymm_pool *pool,
		      const struct mymm_node *node)
{
	unsigned int i;

	seq_printf(m, "Page block order: %u\n", pool->block_order);
	seq_printf(m, "Pages per block:  %lu\n", 1UL << pool->block_order);
	seq_putc(m, '\n');

	seq_printf(m, "%-43s ", "Free pages count per migrate type at order");
	for (i = 0; i < MYMM_NR_ORDERS; i++)
		seq_printf(m, "%6d ", i);
	seq_putc(m, '\n');
	for (i = 0; i < MYMM_NR_ZONE_TYPES; i++)
		if (node->zone[i])
			show_free(m, node->zone[i]);

	seq_printf(m, "\n%-23s", "Number of blocks type ");
	for (i = 0; i < MIGRATE_TYPES; i++)
		seq_printf(m, "%12s ", type_name(i));
	seq_putc(m, '\n');
	for (i = 0; i < MYMM_NR_ZONE_TYPES; i++)
		if (node->zone[i])
			show_blocks(m, node->zone[i]);
}

/**
 * mymm_pagetypeinfo_show() - the whole file, for a pool
 * @m: where to
 * @pool: the pool
 *
 * Context: process; sleeps.
 */
void mymm_pagetypeinfo_show(struct seq_file *m, struct mymm_pool *pool)
{
	unsigned int n;

	for (n = 0; n < pool->nr_nodes; n++)
		show_node(m, pool, &pool->node_of[n]);
}
MYMM_EXPORT_INTERNAL(mymm_pagetypeinfo_show);

static int pagetypeinfo_show(struct seq_file *m, void *v)
{
	show_node(m, mymm_seq_pool(m), v);
	return 0;
}

const struct seq_operations mymm_pagetypeinfo_ops = {
	.start = mymm_seq_node_start,
	.next = mymm_seq_node_next,
	.stop = mymm_seq_node_stop,
	.show = pagetypeinfo_show,
};
