// SPDX-License-Identifier: GPL-2.0
/*
 * The slot of an object: what is in it, and where, for any engine that cuts slabs into
 * slots.
 *
 *   +------+-----------------+------+------+-------+------+-------+---------+
 *   | left | object          | right| word | alloc | free | bytes | padding |
 *   +------+-----------------+------+------+-------+------+-------+---------+
 *          ^ the object's address                                  to @align
 *
 *   left, right   red zones (SLAB_RED_ZONE); right: what pads the object, or a word if nothing
 *   word          our own, while the object is free; in the middle of the object where the
 *                 object need not keep what is in it
 *   alloc, free   who did so last (SLAB_STORE_USER): see track.h
 *   bytes         how many kmalloc was asked for (SLAB_STORE_USER)
 *   padding       with SLAB_RED_ZONE at least a word
 *
 * Each part is there if the cache's flags ask for it. Order and sizes are SLUB's, so that a
 * slot has the size that it has there: calculate_sizes() of mm/slub.c, in 6.1 and 6.12.
 */
#include <linux/kernel.h>
#include <linux/slab.h>

#include "object/cache.h"
#include "base/compat.h"
#include "object/poison.h"
#include "object/slot.h"

static bool word_is_behind(const struct mymm_cache *cache)
{
	if (cache->ctor || cache->flags & (SLAB_POISON | SLAB_TYPESAFE_BY_RCU))
		return true;
	if (!(cache->flags & SLAB_RED_ZONE))
		return false;
	return cache->object_size < sizeof(void *) ||
	       (MYMM_WORD_BEHIND_REQUEST && mymm_cache_keeps_request(cache));
}

/**
 * mymm_slot_layout() - settle what is where in a slot
 * @cache: new, with flags, size and alignment; @offset and @left, and what a debug cache
 *         knows of its slots, are filled
 *
 * Context: any.
 * Return: bytes from one object to the next.
 */
unsigned int mymm_slot_layout(struct mymm_cache *cache)
{
	unsigned int size = ALIGN(cache->object_size, sizeof(void *));
	struct mymm_debug where = {};

	if ((cache->flags & SLAB_RED_ZONE) && size == cache->object_size)
		size += sizeof(void *);
	where.right_end = size;

	if (word_is_behind(cache)) {
		cache->offset = size;
		size += sizeof(void *);
	} else {
		cache->offset =
			ALIGN_DOWN(cache->object_size / 2, sizeof(void *));
	}
	if (cache->flags & SLAB_STORE_USER) {
		where.tracks = size;
		size += MYMM_NR_TRACKS * sizeof(struct mymm_track);
	}
	if (mymm_cache_keeps_request(cache)) {
		where.request = size;
		size += MYMM_REQUEST_BYTES;
	}
	where.padding = size;
	cache->left = 0;
	if (cache->flags & SLAB_RED_ZONE) {
		cache->left = ALIGN(sizeof(void *), cache->align);
		size += sizeof(void *) + cache->left;
	}
	if (cache->debug) {
		cache->debug->right_end = where.right_end;
		cache->debug->tracks = where.tracks;
		cache->debug->request = where.request;
		cache->debug->padding = where.padding;
	}
	return ALIGN(size, cache->align);
}
