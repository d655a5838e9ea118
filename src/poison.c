// SPDX-License-Identifier: GPL-2.0
/*
 * Poison: a pattern in free objects that tells whether somebody wrote to one.
 *
 * 0x6b in each byte but the last, and 0xa5 in that, as SLAB and SLUB have it. It is written
 * when an object comes back to its slab, and looked at when it leaves it.
 */
#include <linux/mm.h>
#include <linux/poison.h>

#include "cache.h"
#include "poison.h"

/**
 * mymm_poison() - write the pattern
 * @cache: mymm_cache_poisons()
 * @obj: a free object of it
 *
 * Context: any.
 */
void mymm_poison(const struct mymm_cache *cache, void *obj)
{
	memset(obj, POISON_FREE, cache->object_size - 1);
	((u8 *)obj)[cache->object_size - 1] = POISON_END;
}

/**
 * mymm_poison_intact() - is the pattern whole? If not, say where
 * @cache: mymm_cache_poisons()
 * @obj: an object that has left its slab; it is out of use if the answer is no
 *
 * Context: any but NMI.
 * Return: whether it is.
 */
bool mymm_poison_intact(struct mymm_cache *cache, void *obj)
{
	u8 *end = obj + cache->object_size - 1;
	u8 *bad = memchr_inv(obj, POISON_FREE, cache->object_size - 1);

	if (likely(!bad && *end == POISON_END))
		return true;
	if (!bad)
		bad = end;
	atomic_long_inc(&cache->quarantined);
	mymm_refuse(
		cache->pool, MYMM_REFUSED_OVERWRITTEN,
		"cache %s: object at frame %u+%lu was written to after it was freed: byte %ld is 0x%02x instead of 0x%02x; it is not used any more",
		cache->name, mymm_pool_index(cache->pool, obj),
		offset_in_page(obj), (long)(bad - (u8 *)obj), *bad,
		bad == end ? POISON_END : POISON_FREE);
	return false;
}
