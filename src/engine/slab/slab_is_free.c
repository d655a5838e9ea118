// SPDX-License-Identifier: GPL-2.0
/*
 * Which objects of the slab engine are free.
 *
 * In a pool with memory an object is free if it is in a shared or an alien array, or if its
 * number is in the index array of its slab. (double_free.c searches the magazines.) In a pool
 * without memory only the bit in the slab's record decides: it is set while a user holds the
 * object.
 *
 * The caller's view of the slab may be stale: the slab may have been given back, and its
 * record may belong to another slab. A record has the number of its slab, which changes only
 * under the lock of the slab's node. A frame's node never changes.
 */
#include <linux/bitops.h>

#include "engine/slab/slab.h"

static bool index_has(const struct mymm_cache *cache,
		      const struct mymm_slab_info *view, u32 number)
{
	unsigned int i;

	for (i = view->active; i < cache->num; i++)
		if (mymm_slab_index(view->index, i) == number)
			return true;
	return false;
}

/*
 * The record of an object's slab, under the lock of its node; NULL if the slab is gone. The
 * number in the frame may be stale.
 */
static struct mymm_slab_record *live_record(struct mymm_cache *cache, u32 head)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	u32 nr = READ_ONCE(cache->frame[head].record);
	struct mymm_slab_record *record;

	/* Pairs with the release in add_chunk(). */
	if (nr >= smp_load_acquire(&s->records.nr))
		return NULL;
	record = mymm_slab_record(s, nr);
	return record->frame == head ? record : NULL;
}

/* In a pool without memory: test the bit of an object, and set it to @change if that is given. */
static bool held_by_user(struct mymm_cache *cache, const void *obj,
			 bool *change)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	unsigned long at = obj - cache->base;
	u32 idx = at >> PAGE_SHIFT, head = idx & s->mask;
	int node = mymm_slab_node_of(cache, head);
	struct mymm_slab_record *record;
	unsigned long *bits;
	bool held;
	u32 number;

	guard(raw_spinlock_irqsave)(&s->node[node].lock);
	record = live_record(cache, head);
	if (!record || !mymm_cache_has(cache, obj) ||
	    mymm_slab_node_of(cache, head) != node)
		return false;
	number = mymm_slab_number(cache, &cache->frame[idx], at);
	bits = mymm_slab_record_bits(s, record);
	held = test_bit(number, bits);
	if (change)
		__assign_bit(number, bits, *change);
	return held;
}

/**
 * mymm_slab_claim() - mark an object as held by a user, or as free; see engine.h
 * @cache: the cache; its pool has no memory
 * @obj: an address of the pool
 * @held: whether a user holds it from now on
 *
 * Context: any but NMI.
 * Return: false, and nothing has changed, if the mark is the same already or @obj is no
 * object.
 */
bool mymm_slab_claim(struct mymm_cache *cache, void *obj, bool held)
{
	return held_by_user(cache, obj, &held) != held;
}

/**
 * mymm_slab_is_free() - is an object free? See engine.h
 * @cache: the cache
 * @obj: the object
 *
 * Context: any but NMI.
 * Return: whether it is; in a pool with memory one that is in a magazine is not.
 */
bool mymm_slab_is_free(struct mymm_cache *cache, void *obj)
{
	struct mymm_slabs *s = mymm_slabs_of(cache);
	unsigned long at = obj - cache->base;
	u32 head = (at >> PAGE_SHIFT) & s->mask;
	int node = mymm_slab_node_of(cache, head);
	struct mymm_slab_info view;

	if (!cache->has_memory)
		return !held_by_user(cache, obj, NULL);
	if (mymm_slab_arrays_have(s, node, obj))
		return true;

	guard(raw_spinlock_irqsave)(&s->node[node].lock);
	/* Its slab was given back since the caller's check: then all of its objects were free. */
	if (!mymm_cache_owns(cache, obj))
		return true;
	if (s->place == MYMM_INDEX_OFF_SLAB && !live_record(cache, head))
		return true;
	mymm_slab_get_info(cache, head, &view);
	return view.active < cache->num &&
	       index_has(cache, &view,
			 mymm_slab_number(cache,
					  &cache->frame[at >> PAGE_SHIFT], at));
}
