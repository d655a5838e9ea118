// SPDX-License-Identifier: GPL-2.0
/*
 * Which objects of the slab engine are free, exactly.
 *
 * In a pool with memory an object is free if it is in a shared or an alien array, or if its
 * number is in the index array of its slab. (One in a magazine is object.c's to find.) In a
 * pool without memory a bit in the slab's record says whether a user holds it, wherever it
 * is; nothing else is asked.
 *
 * Whoever asks may be wrong about the slab: it may have gone back, and its record may be
 * another slab's. A record says whose it is, and changes that under the lock of the slab's
 * node only. A frame's node never changes.
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
 * The record of the slab that an object is in, under the lock of its node; NULL if there is
 * no such slab any more. Its number may be an old one.
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

/* In a pool without memory: is it an object, and does a user hold it? And from now on? */
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
 * mymm_slab_claim() - note that a user holds an object, or does not any more; see engine.h
 * @cache: the cache; its pool has no memory
 * @obj: an address of the pool
 * @held: which of both
 *
 * Context: any but NMI.
 * Return: false, and nothing has changed, if it was so already or is no object.
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
	/* Its slab went back since the caller looked: then all of it was free. */
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
