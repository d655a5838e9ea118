// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/myzoneinfo: each zone's watermarks, counters and per-CPU lists.
 *
 *   Node 0, zone      DMA
 *     per-node stats                     the first populated zone of a node only
 *         nr_inactive_anon 0
 *         ...
 *     pages free     1024
 *           boost    0
 *           min      64
 *           low      80
 *           ...
 *           protection: (0, 12, 60, 60, 60)
 *         nr_free_pages 1024             here the zones without frames have ended
 *         ...
 *     pagesets
 *       cpu: 0
 *                 count: 0
 *                 high:  28
 *                 batch: 7
 *     vm stats threshold: 0
 *     node_unreclaimable:  0
 *     start_pfn:           0
 *
 * Byte for byte the shape of the running kernel's /proc/zoneinfo: the same lines in the same
 * order. Which statistics there are, and in which order, the kernel's own enums say, from
 * the headers that we are built with; here are only their names. Free pages, slabs and what is
 * on the LRU lists are counted by node or zone; the others are 0: what of them a pool counts, it
 * counts as a whole, for myvmstat. Zones are ours: all five of each node, populated or not.
 *
 * The vm stats threshold is by how much a CPU's share of a counter may lag behind: ours
 * don't.
 */
#include <linux/cpumask.h>
#include <linux/mmzone.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>

#include "base/compat.h"
#include "page/pcp_cpu.h"
#include "page/pool.h"
#include "page/vm_hooks.h"
#include "ui/proc.h"
#include "page/tuning.h"
#include "page/vmstat.h"
#include "page/pcp.h"

static const char *const zone_stats[NR_VM_ZONE_STAT_ITEMS] = {
	[NR_FREE_PAGES] = "nr_free_pages",
	[NR_ZONE_INACTIVE_ANON] = "nr_zone_inactive_anon",
	[NR_ZONE_ACTIVE_ANON] = "nr_zone_active_anon",
	[NR_ZONE_INACTIVE_FILE] = "nr_zone_inactive_file",
	[NR_ZONE_ACTIVE_FILE] = "nr_zone_active_file",
	[NR_ZONE_UNEVICTABLE] = "nr_zone_unevictable",
	[NR_ZONE_WRITE_PENDING] = "nr_zone_write_pending",
	[NR_MLOCK] = "nr_mlock",
	[NR_BOUNCE] = "nr_bounce",
#if IS_ENABLED(CONFIG_ZSMALLOC)
	[NR_ZSPAGES] = "nr_zspages",
#endif
	[NR_FREE_CMA_PAGES] = "nr_free_cma",
#ifdef CONFIG_UNACCEPTED_MEMORY
	[NR_UNACCEPTED] = "nr_unaccepted",
#endif
};

static const char *const node_stats[NR_VM_NODE_STAT_ITEMS] = {
	[NR_INACTIVE_ANON] = "nr_inactive_anon",
	[NR_ACTIVE_ANON] = "nr_active_anon",
	[NR_INACTIVE_FILE] = "nr_inactive_file",
	[NR_ACTIVE_FILE] = "nr_active_file",
	[NR_UNEVICTABLE] = "nr_unevictable",
	[NR_SLAB_RECLAIMABLE_B] = "nr_slab_reclaimable",
	[NR_SLAB_UNRECLAIMABLE_B] = "nr_slab_unreclaimable",
	[NR_ISOLATED_ANON] = "nr_isolated_anon",
	[NR_ISOLATED_FILE] = "nr_isolated_file",
	[WORKINGSET_NODES] = "workingset_nodes",
	[WORKINGSET_REFAULT_ANON] = "workingset_refault_anon",
	[WORKINGSET_REFAULT_FILE] = "workingset_refault_file",
	[WORKINGSET_ACTIVATE_ANON] = "workingset_activate_anon",
	[WORKINGSET_ACTIVATE_FILE] = "workingset_activate_file",
	[WORKINGSET_RESTORE_ANON] = "workingset_restore_anon",
	[WORKINGSET_RESTORE_FILE] = "workingset_restore_file",
	[WORKINGSET_NODERECLAIM] = "workingset_nodereclaim",
	[NR_ANON_MAPPED] = "nr_anon_pages",
	[NR_FILE_MAPPED] = "nr_mapped",
	[NR_FILE_PAGES] = "nr_file_pages",
	[NR_FILE_DIRTY] = "nr_dirty",
	[NR_WRITEBACK] = "nr_writeback",
	[NR_WRITEBACK_TEMP] = "nr_writeback_temp",
	[NR_SHMEM] = "nr_shmem",
	[NR_SHMEM_THPS] = "nr_shmem_hugepages",
	[NR_SHMEM_PMDMAPPED] = "nr_shmem_pmdmapped",
	[NR_FILE_THPS] = "nr_file_hugepages",
	[NR_FILE_PMDMAPPED] = "nr_file_pmdmapped",
	[NR_ANON_THPS] = "nr_anon_transparent_hugepages",
	[NR_VMSCAN_WRITE] = "nr_vmscan_write",
	[NR_VMSCAN_IMMEDIATE] = "nr_vmscan_immediate_reclaim",
	[NR_DIRTIED] = "nr_dirtied",
	[NR_WRITTEN] = "nr_written",
	[NR_THROTTLED_WRITTEN] = "nr_throttled_written",
	[NR_KERNEL_MISC_RECLAIMABLE] = "nr_kernel_misc_reclaimable",
	[NR_FOLL_PIN_ACQUIRED] = "nr_foll_pin_acquired",
	[NR_FOLL_PIN_RELEASED] = "nr_foll_pin_released",
	[NR_KERNEL_STACK_KB] = "nr_kernel_stack",
#if IS_ENABLED(CONFIG_SHADOW_CALL_STACK)
	[NR_KERNEL_SCS_KB] = "nr_shadow_call_stack",
#endif
	[NR_PAGETABLE] = "nr_page_table_pages",
	[NR_SECONDARY_PAGETABLE] = "nr_sec_page_table_pages",
#if MYMM_ZONEINFO_6_12 && defined(CONFIG_IOMMU_SUPPORT)
	[NR_IOMMU_PAGES] = "nr_iommu_pages",
#endif
#ifdef CONFIG_SWAP
	[NR_SWAPCACHE] = "nr_swapcached",
#endif
#ifdef CONFIG_NUMA_BALANCING
	[PGPROMOTE_SUCCESS] = "pgpromote_success",
	[PGPROMOTE_CANDIDATE] = "pgpromote_candidate",
#endif
#if MYMM_ZONEINFO_6_12
	[PGDEMOTE_KSWAPD] = "pgdemote_kswapd",
	[PGDEMOTE_DIRECT] = "pgdemote_direct",
	[PGDEMOTE_KHUGEPAGED] = "pgdemote_khugepaged",
#endif
};

/* A name that a newer kernel has, and we don't know, is left out. */
static void show_stat(struct seq_file *m, const char *name, unsigned long value)
{
	if (name)
		seq_printf(m, "\n      %-12s %lu", name, value);
}

static_assert(NR_UNEVICTABLE - NR_INACTIVE_ANON + 1 == MYMM_NR_LISTED,
	      "the kernel has the same lists");
static_assert(NR_ZONE_UNEVICTABLE - NR_ZONE_INACTIVE_ANON + 1 == MYMM_NR_LISTED,
	      "also of a zone");

static void show_node_stats(struct seq_file *m, struct mymm_pool *pool,
			    const struct mymm_node *node)
{
	unsigned long listed[MYMM_NR_LISTED];
	unsigned int i;

	mymm_vm_listed(pool, node, MYMM_NR_ZONE_TYPES, listed);

	seq_puts(m, "\n  per-node stats");
	for (i = 0; i < NR_VM_NODE_STAT_ITEMS; i++) {
		unsigned long value = 0;

		if (i == NR_SLAB_RECLAIMABLE_B)
			value = mymm_node_slab_frames(node, true);
		else if (i == NR_SLAB_UNRECLAIMABLE_B)
			value = mymm_node_slab_frames(node, false);
		else if (i >= NR_INACTIVE_ANON && i <= NR_UNEVICTABLE)
			value = listed[i - NR_INACTIVE_ANON];
		show_stat(m, node_stats[i], value);
	}
}

/**
 * struct state - what belongs together of a zone
 * @free: frames
 * @boost: frames
 * @watermark: frames, with the boost
 * @spanned: frames, with holes
 * @managed: frames, without
 * @reserve: frames, by zone
 */
struct state {
	unsigned long free;
	unsigned long boost;
	unsigned long watermark[MYMM_NR_WMARKS];
	unsigned long spanned;
	unsigned long managed;
	unsigned long reserve[MYMM_NR_ZONE_TYPES];
};

static struct state read_state(struct mymm_zone *zone)
{
	struct state state;
	unsigned int i;

	guard(raw_spinlock_irqsave)(&zone->lock);

	state.free = zone->buddy.free;
	state.boost = zone->watermark_boost;
	for (i = 0; i < MYMM_NR_WMARKS; i++)
		state.watermark[i] = mymm_zone_watermark(zone, i);
	state.spanned = mymm_zone_frames(zone);
	state.managed = mymm_zone_managed(zone);
	for (i = 0; i < MYMM_NR_ZONE_TYPES; i++)
		state.reserve[i] = READ_ONCE(zone->lowmem_reserve[i]);
	return state;
}

static struct state state_of_empty(const struct mymm_pool *pool,
				   enum mymm_zone_type type)
{
	struct state state = {};
	unsigned int i;

	for (i = 0; i < MYMM_NR_WMARKS; i++)
		state.watermark[i] = mymm_empty_watermark(pool, type);
	return state;
}

static void show_state(struct seq_file *m, const struct state *state)
{
	unsigned int i;

	seq_printf(m, "\n  pages free     %lu", state->free);
	seq_printf(m, "\n        boost    %lu", state->boost);
	seq_printf(m, "\n        min      %lu",
		   state->watermark[MYMM_WMARK_MIN]);
	seq_printf(m, "\n        low      %lu",
		   state->watermark[MYMM_WMARK_LOW]);
	seq_printf(m, "\n        high     %lu",
		   state->watermark[MYMM_WMARK_HIGH]);
	if (MYMM_ZONEINFO_6_12)
		seq_printf(m, "\n        promo    %lu",
			   state->watermark[MYMM_WMARK_PROMO]);
	seq_printf(m, "\n        spanned  %lu", state->spanned);
	seq_printf(m, "\n        present  %lu", state->managed);
	seq_printf(m, "\n        managed  %lu", state->managed);
	seq_puts(m, "\n        cma      0");
	for (i = 0; i < MYMM_NR_ZONE_TYPES; i++)
		seq_printf(m, "%s%ld", i ? ", " : "\n        protection: (",
			   (long)state->reserve[i]);
	seq_putc(m, ')');
}

static void show_zone_stats(struct seq_file *m, struct mymm_pool *pool,
			    const struct mymm_zone *zone, unsigned long free)
{
	unsigned long listed[MYMM_NR_LISTED];
	struct mymm_zone_events events;
	unsigned int i;

	mymm_vm_listed(pool, &pool->node_of[zone->node], zone->type, listed);
	for (i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++) {
		unsigned long value = 0;

		if (i == NR_FREE_PAGES)
			value = free;
		else if (i >= NR_ZONE_INACTIVE_ANON && i <= NR_ZONE_UNEVICTABLE)
			value = listed[i - NR_ZONE_INACTIVE_ANON];
		show_stat(m, zone_stats[i], value);
	}
	if (!IS_ENABLED(CONFIG_NUMA) && pool->nr_nodes == 1)
		return;
	mymm_zone_events(pool, zone, &events);
	show_stat(m, "numa_hit", events.numa_hit);
	show_stat(m, "numa_miss", events.numa_miss);
	show_stat(m, "numa_foreign", events.numa_foreign);
	show_stat(m, "numa_interleave", 0);
	show_stat(m, "numa_local", events.numa_local);
	show_stat(m, "numa_other", events.numa_other);
}

static void show_pagesets(struct seq_file *m, struct mymm_pool *pool,
			  const struct mymm_zone *zone)
{
	int cpu;

	seq_puts(m, "\n  pagesets");
	for_each_online_cpu(cpu) {
		const struct mymm_pcp *pcp =
			per_cpu_ptr(pool->cpu, cpu)->by_zone[zone->number];

		seq_printf(m, "\n    cpu: %i", cpu);
		/* Another CPU's, between two of its steps: it may be one short of none. */
		seq_printf(m, "\n              count: %i",
			   max(mymm_pcp_count(pcp), 0));
		/* A CPU takes new limits to heart when it next looks at its own. */
		seq_printf(m, "\n              high:  %i",
			   clamp(READ_ONCE(pcp->high),
				 READ_ONCE(zone->pcp_high_min),
				 READ_ONCE(zone->pcp_high_max)));
		seq_printf(m, "\n              batch: %i",
			   READ_ONCE(zone->pcp_batch));
		if (IS_ENABLED(CONFIG_SMP))
			seq_puts(m, "\n  vm stats threshold: 0");
	}
}

static void show_zone(struct seq_file *m, struct mymm_pool *pool,
		      const struct mymm_node *node, enum mymm_zone_type type,
		      bool first)
{
	struct mymm_zone *zone = node->zone[type];
	struct state state = zone ? read_state(zone) :
				    state_of_empty(pool, type);

	seq_printf(m, "Node %d, zone %8s", node->id, mymm_zone_name(type));
	if (first)
		show_node_stats(m, pool, node);
	show_state(m, &state);
	if (zone) {
		show_zone_stats(m, pool, zone, state.free);
		show_pagesets(m, pool, zone);
		seq_printf(m, "\n  node_unreclaimable:  %u",
			   mymm_kswapd_hopeless(&node->kswapd));
		seq_printf(m, "\n  start_pfn:           %u", zone->buddy.start);
	}
	seq_putc(m, '\n');
}

static void show_node(struct seq_file *m, struct mymm_pool *pool,
		      const struct mymm_node *node)
{
	enum mymm_zone_type type;
	bool populated = false;

	for (type = 0; type < MYMM_NR_ZONE_TYPES; type++) {
		show_zone(m, pool, node, type, node->zone[type] && !populated);
		populated |= !!node->zone[type];
	}
}

/**
 * mymm_zoneinfo_show() - the whole file, for a pool
 * @m: where to
 * @pool: the pool
 *
 * Context: process.
 */
void mymm_zoneinfo_show(struct seq_file *m, struct mymm_pool *pool)
{
	unsigned int n;

	for (n = 0; n < pool->nr_nodes; n++)
		show_node(m, pool, &pool->node_of[n]);
}
MYMM_EXPORT_INTERNAL(mymm_zoneinfo_show);

static int zoneinfo_show(struct seq_file *m, void *v)
{
	show_node(m, mymm_seq_pool(m), v);
	return 0;
}

const struct seq_operations mymm_zoneinfo_ops = {
	.start = mymm_seq_node_start,
	.next = mymm_seq_node_next,
	.stop = mymm_seq_node_stop,
	.show = zoneinfo_show,
};
