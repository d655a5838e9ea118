/* SPDX-License-Identifier: GPL-2.0 */
/* What the page layer has counted, put together from where it is counted. */
#ifndef _MYMM_VMSTAT_H
#define _MYMM_VMSTAT_H

#include "page/zone.h"

struct mymm_node;
struct mymm_pool;

/**
 * struct mymm_zone_events - what has happened in a zone since load
 * @allocated: frames that were allocated
 * @freed: frames that were freed
 * @numa_hit: blocks that were wanted from this node, and came from here
 * @numa_miss: blocks that were wanted from another node
 * @numa_foreign: blocks that were wanted from here and came from another node
 * @numa_local: blocks that a CPU of this node got
 * @numa_other: blocks that a CPU of another node got
 */
struct mymm_zone_events {
	unsigned long allocated;
	unsigned long freed;
	unsigned long numa_hit;
	unsigned long numa_miss;
	unsigned long numa_foreign;
	unsigned long numa_local;
	unsigned long numa_other;
};

void mymm_zone_events(struct mymm_pool *pool, const struct mymm_zone *zone,
		      struct mymm_zone_events *events);
unsigned long mymm_zone_allocated(struct mymm_pool *pool,
				  const struct mymm_zone *zone);
unsigned long mymm_pool_allocated(struct mymm_pool *pool);
unsigned long mymm_node_slab_frames(const struct mymm_node *node,
				    bool reclaimable);

#endif /* _MYMM_VMSTAT_H */
