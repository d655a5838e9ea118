// SPDX-License-Identifier: GPL-2.0
/*
 * What the page layer has counted, put together from where it is counted.
 *
 * The fast paths count as little as they can. What a CPU's lists gave is counted there, by
 * list; what was taken with a zone's lock held is counted in the zone, by order; of nodes
 * only the exceptions are counted. The rest follows:
 *
 *	frames allocated = those from lists + those from the zone
 *	frames freed     = frames allocated - frames that are allocated now
 *	hit              = blocks - miss
 *	local            = blocks - other
 *
 * Nothing is locked. During allocations and frees a sum may miss what is on its way: as with
 * the kernel's counters, a figure is right once it is quiet, and none is ever far off. Frames
 * on their way from a zone to a CPU's list look allocated, so the frames freed may even go back
 * by a batch for a moment.
 */
#include "base/compat.h"
#include "page/pcp_cpu.h"
#include "page/pool.h"
#include "page/vmstat.h"
#include "page/pcp.h"

/* What was counted a moment apart may not go below zero. */
static unsigned long less(unsigned long all, unsigned long some)
{
	return some < all ? all - some : 0;
}

/**
 * mymm_zone_events() - what has happened in a zone
 * @pool: the pool
 * @zone: one of its zones
 * @events: is filled
 *
 * Context: any. Exact while nobody allocates or frees.
 */
void mymm_zone_events(struct mymm_pool *pool, const struct mymm_zone *zone,
		      struct mymm_zone_events *events)
{
	unsigned long allocated, blocks;
	unsigned int order;

	/* Exceptions first: each belongs to a block that has been counted before it. */
	events->numa_miss = atomic_long_read(&zone->numa_miss);
	events->numa_foreign = atomic_long_read(&zone->numa_foreign);
	events->numa_other = atomic_long_read(&zone->numa_other);

	allocated = mymm_pcp_allocs(pool, zone, &blocks);
	for (order = 0; order < MYMM_NR_ORDERS; order++) {
		unsigned long nr = READ_ONCE(zone->allocs[order]);

		allocated += nr << order;
		blocks += nr;
	}
	events->allocated = allocated;
	events->freed = less(allocated, mymm_zone_allocated(pool, zone));
	events->numa_hit = less(blocks, events->numa_miss);
	events->numa_local = less(blocks, events->numa_other);
}
MYMM_EXPORT_INTERNAL(mymm_zone_events);

/**
 * mymm_vm_sum() - what process/ has counted
 * @pool: the pool
 * @what: of what
 *
 * Context: any. Exact while nothing is counted.
 * Return: the sum of all CPUs.
 */
unsigned long mymm_vm_sum(const struct mymm_pool *pool, enum mymm_vm_item what)
{
	long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(pool->vm_counts, cpu)->item[what]);
	return max(sum, 0L);
}
MYMM_EXPORT_INTERNAL(mymm_vm_sum);

/**
 * mymm_node_slab_frames() - frames of a node that are slabs
 * @node: the node
 * @reclaimable: those of caches with SLAB_RECLAIM_ACCOUNT, or the others?
 *
 * Context: any.
 * Return: how many.
 */
unsigned long mymm_node_slab_frames(const struct mymm_node *node,
				    bool reclaimable)
{
	unsigned long frames = 0;
	unsigned int type;

	for (type = 0; type < MYMM_NR_ZONE_TYPES; type++)
		if (node->zone[type])
			frames += atomic_long_read(
				&node->zone[type]->nr_slab[reclaimable]);
	return frames;
}
MYMM_EXPORT_INTERNAL(mymm_node_slab_frames);

/**
 * mymm_zone_allocated() - allocated frames of a zone
 * @pool: the pool
 * @zone: one of its zones
 *
 * Context: any. Exact while nobody allocates or frees.
 * Return: how many.
 */
unsigned long mymm_zone_allocated(struct mymm_pool *pool,
				  const struct mymm_zone *zone)
{
	return mymm_zone_managed(zone) - READ_ONCE(zone->buddy.free) -
	       mymm_pcp_frames(pool, zone);
}
MYMM_EXPORT_INTERNAL(mymm_zone_allocated);

/**
 * mymm_pool_allocated() - allocated frames
 * @pool: the pool
 *
 * Exact while nobody allocates or frees: what CPUs have in their lists is not held.
 *
 * Context: any.
 * Return: how many.
 */
unsigned long mymm_pool_allocated(struct mymm_pool *pool)
{
	unsigned long held = 0;
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++)
		held += mymm_zone_allocated(pool, &pool->zone[i]);
	return held;
}
MYMM_EXPORT_INTERNAL(mymm_pool_allocated);
