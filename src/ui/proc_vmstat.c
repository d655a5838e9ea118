// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/myvmstat: what the page layer has counted, by the kernel's names.
 *
 *   nr_free_pages 16384
 *   ...
 *   pgalloc_normal 120
 *   ...
 *
 * "name value", a line each, in the order of /proc/vmstat; but only what a pool can count:
 * its pages, slabs, nodes, reclaim and compaction, the memory of processes, and pages of files.
 * What has to do with huge pages is left out. pgalloc_high and allocstall_high are
 * always there, since a pool may have a zone HighMem on any machine.
 *
 * All values are read before the first one is printed, also if the file is read in small
 * pieces.
 */
#include <linux/seq_file.h>

#include "base/compat.h"
#include "page/pool.h"
#include "ui/proc.h"
#include "page/vm_hooks.h"
#include "page/vmstat.h"

static const char *const zone_suffix[MYMM_NR_ZONE_TYPES] = {
	[MYMM_ZONE_DMA] = "dma",	 [MYMM_ZONE_DMA32] = "dma32",
	[MYMM_ZONE_NORMAL] = "normal",	 [MYMM_ZONE_HIGHMEM] = "high",
	[MYMM_ZONE_MOVABLE] = "movable",
};

/**
 * struct totals - sums over a pool's zones and nodes
 * @free: frames
 * @slab: frames; [1] of those that are reclaimable
 * @pgalloc: frames that were allocated, by zone
 * @events: of all zones
 */
struct totals {
	unsigned long free;
	unsigned long slab[2];
	unsigned long pgalloc[MYMM_NR_ZONE_TYPES];
	struct mymm_zone_events events;
};

static void add_up(struct mymm_pool *pool, struct totals *all)
{
	struct mymm_zone_events events;
	unsigned int i;

	*all = (struct totals){};
	for (i = 0; i < pool->nr_zones; i++) {
		const struct mymm_zone *zone = &pool->zone[i];

		mymm_zone_events(pool, zone, &events);
		all->free += READ_ONCE(zone->buddy.free);
		all->pgalloc[zone->type] += events.allocated;
		all->events.freed += events.freed;
		all->events.numa_hit += events.numa_hit;
		all->events.numa_miss += events.numa_miss;
		all->events.numa_foreign += events.numa_foreign;
		all->events.numa_local += events.numa_local;
		all->events.numa_other += events.numa_other;
	}
	for (i = 0; i < pool->nr_nodes; i++) {
		all->slab[0] += mymm_node_slab_frames(&pool->node_of[i], false);
		all->slab[1] += mymm_node_slab_frames(&pool->node_of[i], true);
	}
}

/* The kernel has no lines for nodes if it was built for one alone. */
static bool is_numa(const struct mymm_pool *pool)
{
	return IS_ENABLED(CONFIG_NUMA) || pool->nr_nodes > 1;
}

static void show(struct seq_file *m, const char *name, unsigned long value)
{
	seq_printf(m, "%s %lu\n", name, value);
}

static void show_count(struct seq_file *m, const char *name,
		       const atomic_long_t *value)
{
	show(m, name, atomic_long_read(value));
}

static void show_numa(struct seq_file *m, const struct mymm_zone_events *events)
{
	show(m, "numa_hit", events->numa_hit);
	show(m, "numa_miss", events->numa_miss);
	show(m, "numa_foreign", events->numa_foreign);
	show(m, "numa_interleave", 0);
	show(m, "numa_local", events->numa_local);
	show(m, "numa_other", events->numa_other);
}

/* What process/ counts, in the order of the real file, as far as nothing else comes between. */
struct item {
	const char *name;
	enum mymm_vm_item what;
};

static const struct item anon_pages[] = {
	{ "workingset_refault_anon", MYMM_WORKINGSET_REFAULT_ANON },
	{ "workingset_refault_file", MYMM_WORKINGSET_REFAULT_FILE },
	{ "workingset_activate_anon", MYMM_WORKINGSET_ACTIVATE_ANON },
	{ "workingset_activate_file", MYMM_WORKINGSET_ACTIVATE_FILE },
	{ "workingset_restore_anon", MYMM_WORKINGSET_RESTORE_ANON },
	{ "workingset_restore_file", MYMM_WORKINGSET_RESTORE_FILE },
	{ "nr_anon_pages", MYMM_NR_ANON_PAGES },
};

/* Between these nr_mapped. */
static const struct item file_pages[] = {
	{ "nr_file_pages", MYMM_NR_FILE_PAGES },
	{ "nr_dirty", MYMM_NR_FILE_DIRTY },
	{ "nr_writeback", MYMM_NR_WRITEBACK },
	{ "nr_dirtied", MYMM_NR_DIRTIED },
	{ "nr_written", MYMM_NR_WRITTEN },
	{ "nr_page_table_pages", MYMM_NR_PAGE_TABLE_PAGES },
	{ "nr_swapcached", MYMM_NR_SWAPCACHED },
};

/* And between these the limits of what is dirty. */
static const struct item io[] = {
	{ "pgpgin", MYMM_PGPGIN },
	{ "pgpgout", MYMM_PGPGOUT },
	{ "pswpin", MYMM_PSWPIN },
	{ "pswpout", MYMM_PSWPOUT },
};

static const struct item faults[] = {
	{ "pgactivate", MYMM_PGACTIVATE },
	{ "pgdeactivate", MYMM_PGDEACTIVATE },
	{ "pgfault", MYMM_PGFAULT },
	{ "pgmajfault", MYMM_PGMAJFAULT },
	{ "pgrefill", MYMM_PGREFILL },
};

static const struct item scans[] = {
	{ "pgscan_anon", MYMM_PGSCAN_ANON },
	{ "pgscan_file", MYMM_PGSCAN_FILE },
	{ "pgsteal_anon", MYMM_PGSTEAL_ANON },
	{ "pgsteal_file", MYMM_PGSTEAL_FILE },
};

/* From here on to the end. */
static const struct item last[] = {
	{ "unevictable_pgs_culled", MYMM_UNEVICTABLE_PGS_CULLED },
	{ "unevictable_pgs_rescued", MYMM_UNEVICTABLE_PGS_RESCUED },
	{ "swap_ra", MYMM_SWAP_RA },
	{ "swap_ra_hit", MYMM_SWAP_RA_HIT },
};

static void show_items(struct seq_file *m, struct mymm_pool *pool,
		       const struct item *item, unsigned int nr)
{
	for (; nr--; item++)
		show(m, item->name, mymm_vm_sum(pool, item->what));
}

/* What processes have. */
static void show_pages(struct seq_file *m, struct mymm_pool *pool)
{
	const struct mymm_vm_hooks *hooks;
	struct mymm_vm_figures figures = {};
	int idx;

	hooks = mymm_vm_hooks_get(pool, &idx);
	if (hooks && !mymm_pool_dead(pool))
		hooks->figures(pool, &figures);
	mymm_vm_hooks_put(idx);
	show_items(m, pool, anon_pages, ARRAY_SIZE(anon_pages));
	show(m, "nr_mapped", figures.mapped);
	show_items(m, pool, file_pages, ARRAY_SIZE(file_pages));
	show(m, "nr_dirty_threshold", figures.dirty_threshold);
	show(m, "nr_dirty_background_threshold",
	     figures.dirty_background_threshold);
	show_items(m, pool, io, ARRAY_SIZE(io));
}

static void show_compaction(struct seq_file *m, struct mymm_pool *pool)
{
	const struct mymm_compact_stats *stats = &pool->compact;

	show_count(m, "pgmigrate_success", &stats->pgmigrate_success);
	show_count(m, "pgmigrate_fail", &stats->pgmigrate_fail);
	show_count(m, "compact_migrate_scanned", &stats->migrate_scanned);
	show_count(m, "compact_free_scanned", &stats->free_scanned);
	show_count(m, "compact_isolated", &stats->isolated);
	show_count(m, "compact_stall", &stats->stall);
	show_count(m, "compact_fail", &stats->fail);
	show_count(m, "compact_success", &stats->success);
	show_count(m, "compact_daemon_wake", &stats->daemon_wake);
	show_count(m, "compact_daemon_migrate_scanned",
		   &stats->daemon_migrate_scanned);
	show_count(m, "compact_daemon_free_scanned",
		   &stats->daemon_free_scanned);
}

static void show_reclaim(struct seq_file *m, struct mymm_pool *pool)
{
	const struct mymm_reclaim_stats *stats = &pool->reclaim.stats;
	const struct mymm_node_reclaim *node = &pool->reclaim.node;

	show_count(m, "pgsteal_kswapd", &stats->pgsteal_kswapd);
	show_count(m, "pgsteal_direct", &stats->pgsteal_direct);
	show_count(m, "pgscan_kswapd", &stats->pgscan_kswapd);
	show_count(m, "pgscan_direct", &stats->pgscan_direct);
	show_items(m, pool, scans, ARRAY_SIZE(scans));
	if (is_numa(pool) && MYMM_VMSTAT_RECLAIM_SUCCESS)
		show_count(m, "zone_reclaim_success", &node->success);
	if (is_numa(pool))
		show_count(m, "zone_reclaim_failed", &node->failed);
	show_count(m, "slabs_scanned", &stats->slabs_scanned);
	show_count(m, "kswapd_low_wmark_hit_quickly",
		   &stats->kswapd_low_wmark_hit_quickly);
	show_count(m, "kswapd_high_wmark_hit_quickly",
		   &stats->kswapd_high_wmark_hit_quickly);
	show_count(m, "pageoutrun", &stats->pageoutrun);
	show(m, "drop_pagecache", mymm_vm_sum(pool, MYMM_DROP_PAGECACHE));
	show_count(m, "drop_slab", &stats->drop_slab);
	show(m, "oom_kill", mymm_vm_sum(pool, MYMM_OOM_KILL));
	show_compaction(m, pool);
	show_items(m, pool, last, ARRAY_SIZE(last));
}

/**
 * mymm_vmstat_show() - the whole file, for a pool
 * @m: where to
 * @pool: the pool
 *
 * Context: process.
 */
void mymm_vmstat_show(struct seq_file *m, struct mymm_pool *pool)
{
	const struct mymm_reclaim_stats *stats = &pool->reclaim.stats;
	struct totals all;
	unsigned int i;

	add_up(pool, &all);
	show(m, "nr_free_pages", all.free);
	if (is_numa(pool))
		show_numa(m, &all.events);
	show(m, "nr_slab_reclaimable", all.slab[1]);
	show(m, "nr_slab_unreclaimable", all.slab[0]);
	show_pages(m, pool);
	for (i = 0; i < MYMM_NR_ZONE_TYPES; i++)
		seq_printf(m, "pgalloc_%s %lu\n", zone_suffix[i],
			   all.pgalloc[i]);
	for (i = 0; i < MYMM_NR_ZONE_TYPES; i++)
		seq_printf(m, "allocstall_%s %lu\n", zone_suffix[i],
			   atomic_long_read(&stats->allocstall[i]));
	show(m, "pgfree", all.events.freed);
	show_items(m, pool, faults, ARRAY_SIZE(faults));
	show_reclaim(m, pool);
}
MYMM_EXPORT_INTERNAL(mymm_vmstat_show);

/* A single thing to show: the file. */
static void *vmstat_start(struct seq_file *m, loff_t *pos)
{
	return *pos ? NULL : SEQ_START_TOKEN;
}

static void *vmstat_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return NULL;
}

static void vmstat_stop(struct seq_file *m, void *v)
{
}

static int vmstat_show(struct seq_file *m, void *v)
{
	mymm_vmstat_show(m, mymm_seq_pool(m));
	return 0;
}

const struct seq_operations mymm_vmstat_ops = {
	.start = vmstat_start,
	.next = vmstat_next,
	.stop = vmstat_stop,
	.show = vmstat_show,
};
