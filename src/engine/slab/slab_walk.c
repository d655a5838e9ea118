// SPDX-License-Identifier: GPL-2.0
/*
 * The slab engine's walk over the slabs of a debug cache: node by node, list by list, under
 * the node's lock. An invalid index array is rebuilt from the words of the objects, as in an
 * allocation: see mymm_slab_rebuild_freelist().
 */
#include <linux/bitmap.h>

#include "engine/slab/slab.h"

/* Set a bit for each object on a slab's freelist; false if the index array is invalid. */
static bool map_index(const struct mymm_cache *cache,
		      const struct mymm_slabs *s,
		      const struct mymm_slab_info *view, unsigned long *map)
{
	void *mem = mymm_slab_objects(cache, s, view->head);
	unsigned int i;

	bitmap_zero(map, cache->num);
	for (i = view->active; i < cache->num; i++) {
		unsigned int number = mymm_slab_index(view->index, i);
		void *obj = mem + number * cache->size;

		if (number >= cache->num || __test_and_set_bit(number, map) ||
		    mymm_word(cache, obj) !=
			    (mymm_cache_cookie(cache, obj) ^ MYMM_IN_SLAB))
			return false;
	}
	return true;
}

/* Walk one slab. Returns how many free objects were quarantined. */
static unsigned int walk_slab(struct mymm_cache *cache, u32 head,
			      struct mymm_walk *walk)
{
	const struct mymm_slab_area area = mymm_slab_engine_area(cache, head);
	struct mymm_slabs *s = mymm_slabs_of(cache);
	struct mymm_slab_info view;
	unsigned int lost, gone = 0;

	mymm_slab_get_info(cache, head, &view);
	if (!map_index(cache, s, &view, walk->free)) {
		lost = mymm_slab_rebuild_freelist(cache, s, &view);
		gone += lost;
		walk->lost += lost;
		map_index(cache, s, &view, walk->free);
	}
	if (walk->fn(walk, cache, &area))
		gone += mymm_slab_rebuild_freelist(cache, s, &view);
	mymm_slab_set_active(&view);
	return gone;
}

static void walk_list(struct mymm_cache *cache, int node,
		      enum mymm_slab_list list, struct mymm_walk *walk)
{
	struct mymm_slab_node *n = &mymm_slabs_of(cache)->node[node];
	u32 from = mymm_slab_list(cache, node, list), to, head, next;
	struct mymm_frame *table = cache->frame;
	unsigned int gone;

	for (head = table[from].next; head != from; head = next) {
		struct mymm_slab_info view;

		next = table[head].next;
		gone = walk_slab(cache, head, walk);
		if (!gone)
			continue;
		n->free_objects -= gone;
		n->nr_free_slabs -= list == MYMM_SLABS_FREE;
		mymm_slab_get_info(cache, head, &view);
		to = mymm_slab_list(cache, node,
				    view.active < cache->num ?
					    MYMM_SLABS_PARTIAL :
					    MYMM_SLABS_FULL);
		mymm_list_del(table, head);
		mymm_list_add(table, head, to);
	}
}

/**
 * mymm_slab_walk() - call a function for each slab of a debug cache; see engine.h
 * @cache: the cache
 * @walk: the function, and its state
 *
 * Context: any but NMI; under the lock of the debug cache.
 */
void mymm_slab_walk(struct mymm_cache *cache, struct mymm_walk *walk)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	unsigned int node;

	for (node = 0; node < s->nr_nodes; node++) {
		guard(raw_spinlock_irqsave)(&s->node[node].lock);
		walk_list(cache, node, MYMM_SLABS_FULL, walk);
		walk_list(cache, node, MYMM_SLABS_PARTIAL, walk);
		walk_list(cache, node, MYMM_SLABS_FREE, walk);
	}
}
