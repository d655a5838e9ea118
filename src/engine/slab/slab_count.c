// SPDX-License-Identifier: GPL-2.0
/*
 * The slab engine's numbers of slabs and objects by node.
 *
 * All slabs have the same number of slots, and full ones have none free. So only the list of
 * partial slabs, which is short, is walked; the rest follows from the counts.
 */
#include "engine/slab/slab.h"

/**
 * mymm_cache_slabs() - count a cache's slabs and objects, node by node
 * @cache: the cache
 * @node: by node, %MYMM_MAX_NODES; all 0
 *
 * Free slabs count as partial ones with no object in use, as with SLUB.
 *
 * Context: any but NMI.
 */
void mymm_cache_slabs(struct mymm_cache *cache, struct mymm_cache_slabs *node)
{
	const struct mymm_frame *table = cache->frame;
	struct mymm_slabs *s = mymm_slabs_of(cache);
	unsigned int i;

	for (i = 0; i < s->nr_nodes; i++) {
		u32 head = mymm_slab_list(cache, i, MYMM_SLABS_PARTIAL), idx;
		struct mymm_slab_node *n = &s->node[i];
		unsigned long partial, flags;

		raw_spin_lock_irqsave(&n->lock, flags);
		partial = n->nr_free_slabs;
		for (idx = table[head].next; idx != head; idx = table[idx].next)
			partial++;
		node[i].slabs = n->nr_slabs;
		node[i].partial = partial;
		node[i].total_objects = n->nr_slabs * cache->num;
		node[i].objects = node[i].total_objects - n->free_objects;
		node[i].objects_partial =
			partial * cache->num - n->free_objects;
		raw_spin_unlock_irqrestore(&n->lock, flags);
	}
}
