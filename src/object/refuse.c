// SPDX-License-Identifier: GPL-2.0
/*
 * Refusals of objects: what was wrong, in the log and in the pool's counters.
 *
 * The checks are elsewhere: mymm_cache_owns() and mymm_cache_looks_free() on the fast path,
 * object.c on the slow one, and the engines' own. What they refuse comes here, once it is
 * known that it is refused; nothing has changed then.
 */
#include "base/compat.h"
#include "object/cache.h"
#include "object/poison.h"
#include "object/refuse.h"

/**
 * mymm_refuse_now() - refuse everything, if this is no time for anything
 * @cache: the cache
 *
 * Context: any.
 * Return: whether it is: in NMI, or when the pool is dead.
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
 * mymm_refuse_double_free() - say that an object is free already
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
 * mymm_refuse_object() - say why mymm_cache_owns() denied an address
 * @cache: the cache that it was to be freed to
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
 * mymm_refuse_lost() - say that objects are on no freelist any more
 * @cache: any cache
 * @lost: how many; a link of a freelist was overwritten, and they are out of use
 *
 * Of a debug cache the log says which, as far as that can be known.
 *
 * Context: any but NMI, no lock of ours held.
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
