// SPDX-License-Identifier: GPL-2.0
/*
 * Refusals of objects: the reason goes to the log and the pool's counters.
 *
 * The checks are elsewhere: mymm_cache_owns() and mymm_cache_looks_free() on the fast path,
 * double_free.c on the slow one, and the engines' own. They call these functions after they have
 * decided to refuse, when nothing has changed.
 */
#include "base/compat.h"
#include "object/cache.h"
#include "object/poison.h"
#include "object/refuse.h"

/**
 * mymm_refuse_now() - refuse any operation in NMI, or if the pool is dead
 * @cache: the cache
 *
 * Context: any.
 * Return: whether it was refused.
 */
bool mymm_refuse_now(struct mymm_cache *cache)
{
	if (in_nmi()) {
		mymm_refuse(cache->pool, MYMM_REFUSED_NMI, "objects in NMI");
		return true;
	}
	if (mymm_pool_dead(cache->pool)) {
		mymm_refuse(cache->pool, MYMM_REFUSED_DEAD, "the pool is dead");
		return true;
	}
	return false;
}

/**
 * mymm_refuse_double_free() - report that an object is free already
 * @cache: its cache
 * @obj: the object
 *
 * Context: any but NMI.
 * Return: -EINVAL.
 */
int mymm_refuse_double_free(struct mymm_cache *cache, void *obj)
{
	mymm_refuse(cache->pool, MYMM_REFUSED_DOUBLE_FREE,
		    "double free of an object of cache %s at frame %u+%lu",
		    cache->name, mymm_pool_index(cache->pool, obj),
		    offset_in_page(obj));
	return -EINVAL;
}

/**
 * mymm_refuse_object() - report why mymm_cache_owns() is false for an address
 * @cache: the cache to which it was freed
 * @obj: the address
 *
 * Context: any but NMI.
 * Return: -EINVAL.
 */
int mymm_refuse_object(struct mymm_cache *cache, const void *obj)
{
	struct mymm_pool *pool = cache->pool;
	const struct mymm_frame *frame;
	struct mymm_cache *other;
	u32 idx;

	if (!mymm_pool_contains(pool, obj)) {
		mymm_refuse(pool, MYMM_REFUSED_FOREIGN,
			    "free to cache %s of an address outside the pool",
			    cache->name);
		return -EINVAL;
	}
	idx = mymm_pool_index(pool, obj);
	frame = &pool->frame[idx];

	guard(rcu)();
	other = mymm_cache_of(pool, obj);
	if (!other)
		mymm_refuse(pool, MYMM_REFUSED_WRONG_KIND,
			    "free to cache %s of frame %u+%lu: the frame is %s",
			    cache->name, idx, offset_in_page(obj),
			    mymm_frame_state_name(mymm_tag_state(frame->tag)));
	else if (other != cache)
		mymm_refuse(
			pool, MYMM_REFUSED_WRONG_CACHE,
			"free to cache %s of frame %u+%lu, which belongs to cache %s",
			cache->name, idx, offset_in_page(obj), other->name);
	else
		mymm_refuse(
			pool, MYMM_REFUSED_NOT_START,
			"free to cache %s of frame %u+%lu, where no object begins",
			cache->name, idx, offset_in_page(obj));
	return -EINVAL;
}

/**
 * mymm_refuse_twice() - refuse objects that the engine found to be free already
 * @cache: their cache
 * @nr: how many, of a batch that is counted as returned to the engine
 *
 * Another CPU has freed them at the same time, so the checks on the way did not see it.
 *
 * Context: any but NMI, no lock of this module held.
 */
void mymm_refuse_twice(struct mymm_cache *cache, unsigned int nr)
{
	atomic_long_add(nr, &cache->stats.out);
	mymm_refuse(cache->pool, MYMM_REFUSED_DOUBLE_FREE,
		    "cache %s: %u objects were freed twice at the same time",
		    cache->name, nr);
}

/**
 * mymm_refuse_lost() - report that objects were lost from a freelist
 * @cache: any cache
 * @lost: how many; a link of the freelist was overwritten, and they are quarantined
 *
 * For a debug cache the log says which, as far as can be found.
 *
 * Context: any but NMI, no lock of this module held.
 */
void mymm_refuse_lost(struct mymm_cache *cache, unsigned int lost)
{
	if (cache->debug)
		cache->debug->report_lost(cache, lost);
	else
		mymm_refuse(
			cache->pool, MYMM_REFUSED_OVERWRITTEN,
			"cache %s: %u objects were written to after they were freed; they are not used any more",
			cache->name, lost);
}
