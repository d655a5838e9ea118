// SPDX-License-Identifier: GPL-2.0
/*
 * The slub engine: how many slabs and objects there are on each node.
 *
 * Partial slabs are looked at one by one, and there are few. Full ones are only where there
 * are several nodes: a pool with one knows their sum.
 */
#include "slub.h"

static struct mymm_slab_count *node_of(struct mymm_cache *cache,
				       const struct mymm_frame *slab,
				       struct mymm_slab_count *node)
{
	return &node[mymm_pool_zone(cache->pool, slab->tag)->node];
}

/**
 * mymm_slub_count() - count a cache's slabs and objects, node by node
 * @cache: the cache
 * @node: by node, %MYMM_MAX_NODES; all 0
 *
 * Context: any but NMI.
 */
void mymm_slub_count(struct mymm_cache *cache, struct mymm_slab_count *node)
{
	const struct mymm_frame *table = cache->frame;
	struct mymm_slab_count *count;
	u32 idx;

	guard(raw_spinlock_irqsave)(&cache->list_lock);

	for (idx = table[cache->partial].next; idx != cache->partial;
	     idx = table[idx].next) {
		count = node_of(cache, &table[idx], node);
		count->slabs++;
		count->partial++;
		count->objects += table[idx].inuse;
		count->objects_partial += table[idx].inuse;
		count->total_objects += table[idx].objects;
	}
	if (cache->pool->nr_nodes == 1) {
		node->slabs = cache->nr_slabs;
		node->objects = cache->nr_inuse;
		node->total_objects = cache->nr_objects;
		return;
	}
	for (idx = table[cache->full].next; idx != cache->full;
	     idx = table[idx].next) {
		count = node_of(cache, &table[idx], node);
		count->slabs++;
		count->objects += table[idx].inuse;
		count->total_objects += table[idx].objects;
	}
}
