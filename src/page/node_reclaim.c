// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim from the own node, before another one is asked.
 *
 * A zone is below the watermark that an allocation has to leave:
 *
 *	zone_reclaim_mode 0      the next zone of the list is asked, be it of another node
 *	                  1      what the node can easily do without goes first: pages of files that
 *	                         are clean and not mapped, and slabs
 *	                  + 2    also what is dirty: it is written
 *	                  + 4    also what is mapped
 *
 * Only the node of the CPU is reclaimed from, and nodes that have no CPU, at a distance of 30 at
 * most, by one task at a time; and only if more than min_unmapped_ratio per cent of the node are
 * such pages, or more than min_slab_ratio per cent are reclaimable slabs. It begins at priority 4,
 * where a 16th of each list is looked at, so that a request does not wait for long.
 *
 * Dirty pages are counted for all nodes, not for each: without the 2 those of other nodes are taken
 * for this one's, too, so that less is left that could go.
 *
 * The rules are those of node_reclaim() of Linux 6.12.
 */
#include <linux/bitops.h>
#include <linux/cpumask.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

#include "page/node_reclaim.h"
#include "page/page_alloc.h"
#include "page/pcp.h"
#include "page/vm_hooks.h"
#include "page/vmstat.h"

/* Where it begins. Linux: NODE_RECLAIM_PRIORITY. */
#define FIRST_PRIORITY 4
/* A node that is farther away is not reclaimed from. Linux: RECLAIM_DISTANCE. */
#define MOST_DISTANCE 30

static bool has_cpu(const struct mymm_pool *pool, const struct mymm_node *node)
{
	int cpu;

	for_each_online_cpu(cpu)
		if (per_cpu_ptr(pool->cpu, cpu)->node == node->id)
			return true;
	return false;
}

static bool is_near(const struct mymm_request *request,
		    const struct mymm_node *node)
{
	struct mymm_pool *pool = request->pool;
	int first = request->list->zone[0]->node;

	return pool->node_of[first].distance[node->id] <= MOST_DISTANCE &&
	       (node == mymm_pool_local(pool) || !has_cpu(pool, node));
}

/* So many per cent of a node. */
static unsigned long part_of(const struct mymm_node *node, int percent)
{
	unsigned long frames = 0;
	unsigned int type;

	for (type = 0; type < MYMM_NR_ZONE_TYPES; type++)
		if (node->zone[type])
			frames += mymm_zone_managed(node->zone[type]);
	return mult_frac(frames, percent, 100);
}

/* Pages of files that could go. */
static unsigned long file_pages(struct mymm_pool *pool,
				const struct mymm_node *node, int mode)
{
	const struct mymm_vm_hooks *hooks;
	unsigned long pages = 0, dirty;
	int idx;

	hooks = mymm_vm_hooks_get(pool, &idx);
	if (hooks)
		pages = hooks->file_pages(pool, node,
					  mode & MYMM_RECLAIM_UNMAP);
	mymm_vm_hooks_put(idx);
	dirty = mode & MYMM_RECLAIM_WRITE ?
			0 :
			mymm_vm_sum(pool, MYMM_NR_FILE_DIRTY);
	return pages - min(pages, dirty);
}

static bool is_worth_it(struct mymm_pool *pool, const struct mymm_node *node)
{
	const struct mymm_node_reclaim *sysctl = &pool->reclaim.node;

	return file_pages(pool, node, READ_ONCE(sysctl->mode)) >
		       part_of(node, READ_ONCE(sysctl->min_unmapped_ratio)) ||
	       mymm_node_slab_frames(node, true) >
		       part_of(node, READ_ONCE(sysctl->min_slab_ratio));
}

static bool reclaim(const struct mymm_request *request, struct mymm_node *node)
{
	struct mymm_pool *pool = request->pool;
	const int mode = READ_ONCE(pool->reclaim.node.mode);
	const unsigned long wanted = 1UL << request->order;
	struct mymm_scan scan = {
		.gfp = current_gfp_context(request->gfp),
		.priority = FIRST_PRIORITY,
		.highest = request->highest,
		.keep_dirty = !(mode & MYMM_RECLAIM_WRITE),
		.keep_mapped = !(mode & MYMM_RECLAIM_UNMAP),
		.nr_wanted = max(wanted, MYMM_RECLAIM_BATCH),
	};
	struct mymm_reclaim_task task;
	struct mymm_stall stall;

	cond_resched();
	mymm_event_reclaim_begin(pool, request->order, request->gfp);
	mymm_reclaim_enter(pool, &task);
	mymm_stall_begin(pool, &stall);
	do {
		mymm_shrink_node(pool, node, &scan);
	} while (scan.nr_reclaimed < wanted && scan.priority--);
	mymm_stall_end(pool, &stall);
	mymm_reclaim_leave(pool, &task);
	mymm_event_reclaim_end(pool, scan.nr_reclaimed);
	return scan.nr_reclaimed >= wanted;
}

/**
 * mymm_node_reclaim() - get frames of a node back, so that a request may be served there
 * @request: what is wanted
 * @zone: a zone of the node, below the watermark
 *
 * Context: any but NMI, no lock of ours held; sleeps only with %__GFP_DIRECT_RECLAIM.
 * Return: as many frames were got as are wanted; the zone has to be looked at again.
 */
bool mymm_node_reclaim(const struct mymm_request *request,
		       const struct mymm_zone *zone)
{
	struct mymm_pool *pool = request->pool;
	struct mymm_node_reclaim *sysctl = &pool->reclaim.node;
	struct mymm_node *node = &pool->node_of[zone->node];
	bool done;

	if (likely(!READ_ONCE(sysctl->mode)) ||
	    !(request->gfp & __GFP_DIRECT_RECLAIM) ||
	    pool->flags & MYMM_POOL_NO_RECLAIM || mymm_reclaiming(pool) ||
	    !is_near(request, node) || !is_worth_it(pool, node) ||
	    test_and_set_bit_lock(node->id, &sysctl->busy))
		return false;
	done = reclaim(request, node);
	clear_bit_unlock(node->id, &sysctl->busy);
	atomic_long_inc(done ? &sysctl->success : &sysctl->failed);
	return done;
}

/**
 * mymm_node_reclaim_init() - another node is asked, until a sysctl says otherwise
 * @pool: new
 *
 * Context: any; nobody else can reach the pool.
 */
void mymm_node_reclaim_init(struct mymm_pool *pool)
{
	pool->reclaim.node = (struct mymm_node_reclaim){
		.min_unmapped_ratio = 1,
		.min_slab_ratio = 5,
	};
}
