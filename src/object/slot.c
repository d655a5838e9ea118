// SPDX-License-Identifier: GPL-2.0
/*
 * The layout of a slot: an object, and the fields of a debug cache around it.
 *
 *   +------+-----------------+------+------+-------+------+-------+---------+
 *   | left | object          | right| word | alloc | free | bytes | padding |
 *   +------+-----------------+------+------+-------+------+-------+---------+
 *          ^ the object's address                                  to @align
 *
 *   left, right   red zones (SLAB_RED_ZONE); the right one is the padding of the object to a
 *                 word, or a word if there is none
 *   word          the cookie, while the object is free; it is in the middle of the object if
 *                 that need not keep its contents
 *   alloc, free   tracks of the last alloc and free (SLAB_STORE_USER): see track.h
 *   bytes         that kmalloc was asked for (SLAB_STORE_USER)
 *   padding       with SLAB_RED_ZONE at least a word
 *
 * Each part exists if the cache's flags ask for it. Order and sizes are SLUB's, so that a
 * slot has the same size: calculate_sizes() of mm/slub.c, in 6.1 and 6.12.
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
 * mymm_slot_layout() - compute the layout of a cache's slots
 * @cache: new; its flags, size and alignment are set. Its @offset and @left, and the places
 *         in its struct mymm_debug, are filled
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
