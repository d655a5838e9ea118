// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU data of a pool: the page lists of each zone, and which of them a request asks
 * first.
 *
 *      by_gfp[kind of request] --+--> lists of its first zone        above the mark
 *                                |
 *                                +--> lists that are always empty    below it; no such zone;
 *                                                                    the pool is dead; or
 *                                                                    all is to be cleared
 *
 * The fast path follows the pointer and asks nothing else. Writers hold the zone's lock;
 * readers hold none, and may follow a pointer that has just changed.
 *
 * pcp.c has what is done with the lists.
 */
#include <linux/mm.h>
#include <linux/percpu.h>

#include "base/compat.h"
#include "base/fault_inject.h"
#include "page/pcp_cpu.h"
#include "page/pool.h"
#include "page/pcp.h"
#include "page/vmstat.h"

/* --- counters ------------------------------------------------------------------------ */

/**
 * mymm_pcp_allocated() - frames that a CPU's lists of a zone have given since load
 * @pcp: the lists
 *
 * Context: any.
 * Return: how many.
 */
unsigned long mymm_pcp_allocated(const struct mymm_pcp *pcp)
{
	unsigned long frames = 0;
	unsigned int list;

	for (list = 0; list < MYMM_PCP_LISTS; list++)
		frames += READ_ONCE(pcp->allocs[list])
			  << mymm_pcp_order(pcp, list);
	return frames;
}

/**
 * mymm_pcp_count() - frames that a CPU has at hand
 * @pcp: its lists of a zone
 *
 * Context: any. Exact while that CPU neither allocates nor frees.
 * Return: how many.
 */
int mymm_pcp_count(const struct mymm_pcp *pcp)
{
	int count = READ_ONCE(pcp->high) - 1 - READ_ONCE(pcp->spare);
	unsigned int list;

	for (list = 0; list < MYMM_PCP_LISTS; list++)
		count -= READ_ONCE(pcp->left[list]) *
			 (1 << mymm_pcp_order(pcp, list));
	return count;
}
MYMM_EXPORT_INTERNAL(mymm_pcp_count);

/**
 * mymm_pcp_frames() - frames of a zone that CPUs have at hand
 * @pool: of which pool
 * @zone: the zone
 *
 * Context: any. Exact while nobody allocates or frees.
 * Return: how many.
 */
unsigned long mymm_pcp_frames(struct mymm_pool *pool,
			      const struct mymm_zone *zone)
{
	long frames = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		frames += mymm_pcp_count(
			&per_cpu_ptr(pool->cpu, cpu)->pcp[zone->number]);
	return max(frames, 0L);
}
MYMM_EXPORT_INTERNAL(mymm_pcp_frames);

/**
 * mymm_pcp_allocs() - what all CPUs' lists of a zone have given
 * @pool: of which pool
 * @zone: the zone
 * @blocks: becomes how many blocks; or NULL
 *
 * Context: any.
 * Return: how many frames.
 */
unsigned long mymm_pcp_allocs(struct mymm_pool *pool,
			      const struct mymm_zone *zone,
			      unsigned long *blocks)
{
	unsigned long frames = 0, nr = 0;
	unsigned int list;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct mymm_pcp *pcp =
			&per_cpu_ptr(pool->cpu, cpu)->pcp[zone->number];

		frames += mymm_pcp_allocated(pcp);
		for (list = 0; list < MYMM_PCP_LISTS; list++)
			nr += READ_ONCE(pcp->allocs[list]);
	}
	if (blocks)
		*blocks = nr;
	return frames;
}
MYMM_EXPORT_INTERNAL(mymm_pcp_allocs);

/* --- life ---------------------------------------------------------------------------- */

/* The node of a CPU: the machine's, where it has as many; else each has its share. */
static int node_of_cpu(const struct mymm_pool *pool, int cpu)
{
	if (num_online_nodes() >= pool->nr_nodes)
		return cpu_to_node(cpu) % pool->nr_nodes;
	return cpu * pool->nr_nodes / nr_cpu_ids;
}

/**
 * mymm_pcp_create() - get what each CPU needs to know of a new pool
 * @pool: the pool
 * @nr_zones: how many zones it will have
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int mymm_pcp_create(struct mymm_pool *pool, unsigned int nr_zones)
{
	int cpu;

	if (mymm_inject_fail())
		return -ENOMEM;
	pool->cpu = __alloc_percpu(struct_size_t(struct mymm_cpu, pcp,
						 nr_zones + 1),
				   __alignof__(struct mymm_cpu));
	if (!pool->cpu)
		return -ENOMEM;
	if (!mymm_inject_fail())
		pool->tails = __alloc_percpu((nr_zones + 1) * MYMM_PCP_LISTS *
						     sizeof(*pool->tails),
					     __alignof__(*pool->tails));
	if (pool->tails && !mymm_inject_fail())
		pool->vm_counts = alloc_percpu(struct mymm_vm_counts);
	if (!pool->vm_counts) {
		mymm_pcp_destroy(pool);
		return -ENOMEM;
	}
	for_each_possible_cpu(cpu)
		per_cpu_ptr(pool->cpu, cpu)->node = node_of_cpu(pool, cpu);
	return 0;
}

/* What is there instead of a zone that a request could have: nothing passes its mark. */
static struct mymm_zone no_zone = {
	.mark = LONG_MAX, /* a block can be added to it */
};

static void init_lists(struct mymm_pool *pool, struct mymm_pcp *pcp,
		       struct mymm_zone *zone, u32 heads)
{
	unsigned int list;

	pcp->lock = MYMM_LOCAL_LOCK_INIT;
	pcp->zone = zone;
	pcp->spare = -1;
	pcp->pageblock = zone->buddy.pageblock;
	pcp->heads = heads;
	for (list = 0; list < MYMM_PCP_LISTS; list++) {
		mymm_list_init(pool->frame, heads + list);
		pcp->first[list] = heads + list;
		pcp->tag[list] = mymm_tag(MYMM_FRAME_PAGES,
					  mymm_pcp_order(pcp, list),
					  zone->number) |
				 mymm_tag_of_type(list % MYMM_NR_MIGRATETYPES);
	}
}

static void point_by_gfp(struct mymm_pool *pool, struct mymm_cpu *cpu)
{
	bool always_cleared = want_init_on_alloc(0);
	unsigned int bits;

	for (bits = 0; bits < ARRAY_SIZE(cpu->by_gfp); bits++) {
		enum mymm_zone_type type = mymm_gfp_zones[bits];
		const struct mymm_zonelist *list =
			&pool->node_of[cpu->node].zonelist[type];

		cpu->by_gfp[bits] = cpu->none;
		cpu->first[bits] = MYMM_MAX_ZONES;
		if (type == MYMM_ZONE_NONE || !list->nr || always_cleared)
			continue;
		/* Another node's is counted as such, which the fast paths don't. */
		if (list->zone[0]->node != cpu->node)
			continue;
		cpu->first[bits] = list->zone[0]->number;
		cpu->by_gfp[bits] = &cpu->pcp[cpu->first[bits]];
	}
}

/**
 * mymm_pcp_lists_init() - begin with empty lists
 * @pool: has its zones and zonelists
 * @heads: index in the frame table of the list heads: %MYMM_PCP_LISTS that all lists that
 *         stay empty share, then as many for each zone and CPU
 *
 * Context: any; nobody else can reach the pool.
 */
void mymm_pcp_lists_init(struct mymm_pool *pool, u32 heads)
{
	u32 none = heads;
	unsigned int i;
	int cpu;

	heads += MYMM_PCP_LISTS;
	for_each_possible_cpu(cpu) {
		struct mymm_cpu *of = per_cpu_ptr(pool->cpu, cpu);
		struct mymm_pcp_tail *tails = per_cpu_ptr(pool->tails, cpu);

		for (i = 0; i <= pool->nr_zones; i++)
			of->pcp[i].tail = tails + i * MYMM_PCP_LISTS;
		for (i = 0; i < pool->nr_zones; i++) {
			u32 own =
				heads + (i * nr_cpu_ids + cpu) * MYMM_PCP_LISTS;

			pool->zone[i].cpu = pool->cpu;
			of->by_zone[i] = &of->pcp[i];
			init_lists(pool, &of->pcp[i], &pool->zone[i],
				   pool->flags & MYMM_POOL_NO_PCP ? none : own);
		}
		init_lists(pool, &of->pcp[i], &no_zone, none);
		of->none = &of->pcp[i];
		point_by_gfp(pool, of);
	}
}

/**
 * mymm_pcp_set_below_mark() - have fast paths lead to a zone, or not
 * @zone: the zone
 * @below_mark: not
 *
 * Context: any but NMI; the caller holds the zone's lock.
 */
void mymm_pcp_set_below_mark(struct mymm_zone *zone, bool below_mark)
{
	unsigned int bits;
	int cpu;

	if (zone->flags & BIT(MYMM_ZONE_DEAD) || !zone->cpu)
		return;
	zone->flags &= ~BIT(MYMM_ZONE_BELOW_MARK);
	zone->flags |= below_mark ? BIT(MYMM_ZONE_BELOW_MARK) : 0;
	for_each_possible_cpu(cpu) {
		struct mymm_cpu *of = per_cpu_ptr(zone->cpu, cpu);

		for (bits = 0; bits < ARRAY_SIZE(of->first); bits++)
			if (of->first[bits] == zone->number)
				WRITE_ONCE(of->by_gfp[bits],
					   below_mark ? of->none :
							&of->pcp[zone->number]);
	}
}

/**
 * mymm_pcp_kill() - let no CPU allocate from its lists any more
 * @pool: is dead
 *
 * Context: any but NMI.
 */
void mymm_pcp_kill(struct mymm_pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++) {
		struct mymm_zone *zone = &pool->zone[i];

		guard(raw_spinlock_irqsave)(&zone->lock);
		mymm_pcp_set_below_mark(zone, true);
		zone->flags |= BIT(MYMM_ZONE_DEAD);
	}
}

/**
 * mymm_pcp_destroy() - free what CPUs know of a pool
 * @pool: nobody can reach it any more
 *
 * Context: process.
 */
void mymm_pcp_destroy(struct mymm_pool *pool)
{
	free_percpu(pool->vm_counts);
	pool->vm_counts = NULL;
	free_percpu(pool->tails);
	pool->tails = NULL;
	free_percpu(pool->cpu);
	pool->cpu = NULL;
}
