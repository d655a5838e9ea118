// SPDX-License-Identifier: GPL-2.0
/*
 * The slub engine's walk over the slabs of a debug cache; see struct mymm_walk. A debug cache
 * leaves no slab with a CPU, so all are on lists.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>

#include "engine/slub/slub.h"

/**
 * mymm_slub_area() - the part of a slab that the engine does not use itself; see engine.h
 * @cache: the cache
 * @head: the slab's first frame
 *
 * Context: any.
 * Return: the whole slab.
 */
struct mymm_slab_area mymm_slub_area(const struct mymm_cache *cache, u32 head)
{
	const struct mymm_frame *slab = &cache->frame[head];

	return (struct mymm_slab_area){
		.start = mymm_slub_slab_address(cache, slab),
		.bytes = PAGE_SIZE << mymm_tag_order(slab->tag),
		.first = mymm_slub_slab_objects(cache, slab),
		.objects = slab->objects,
	};
}

/* Set a bit for each object on a slab's freelist; false if the list is broken. */
static bool map_freelist(const struct mymm_cache *cache,
			 const struct mymm_frame *slab, unsigned long *map)
{
	u64 link = slab->free;

	bitmap_zero(map, slab->objects);
	while (link != MYMM_FREELIST_END) {
		void *obj = mymm_slub_follow(cache, slab, link);

		if (!obj || __test_and_set_bit(link - 1, map))
			return false;
		link = mymm_slub_get_link(cache, obj);
	}
	return true;
}

static void walk_slab(struct mymm_cache *cache, struct mymm_slub_node *n,
		      struct mymm_frame *slab, struct mymm_walk *walk)
{
	const struct mymm_slab_area area =
		mymm_slub_area(cache, mymm_slub_frame_index(cache, slab));
	unsigned int inuse = slab->inuse;

	if (!map_freelist(cache, slab, walk->free)) {
		walk->lost += mymm_slub_rebuild_freelist(cache, slab);
		map_freelist(cache, slab, walk->free);
	}
	if (walk->fn(walk, cache, &area))
		mymm_slub_rebuild_freelist(cache, slab);
	n->nr_inuse += slab->inuse - inuse;
	n->nr_empty -= !inuse && slab->inuse;
}

static void walk_node(struct mymm_cache *cache, int node,
		      struct mymm_walk *walk)
{
	struct mymm_slub_node *n = &mymm_slubs_of(cache)->node[node];
	u32 partial = mymm_slub_list(cache, node, MYMM_SLUB_PARTIAL);
	u32 full = mymm_slub_list(cache, node, MYMM_SLUB_FULL);
	struct mymm_frame *table = cache->frame;
	u32 idx, next;

	guard(raw_spinlock_irqsave)(&n->lock);

	for (idx = table[full].next; idx != full; idx = table[idx].next)
		walk_slab(cache, n, &table[idx], walk);
	for (idx = table[partial].next; idx != partial; idx = next) {
		next = table[idx].next;
		walk_slab(cache, n, &table[idx], walk);
		if (table[idx].free == MYMM_FREELIST_END) {
			mymm_list_del(table, idx);
			mymm_list_add(table, idx, full);
			n->nr_partial--;
		}
	}
}

/**
 * mymm_slub_walk() - call a function for each slab; see engine.h
 * @cache: a debug cache; its lock is held
 * @walk: the function, and its state
 *
 * Context: any but NMI.
 */
void mymm_slub_walk(struct mymm_cache *cache, struct mymm_walk *walk)
{
	unsigned int node;

	for (node = 0; node < mymm_slubs_of(cache)->nr_nodes; node++)
		walk_node(cache, node, walk);
}
