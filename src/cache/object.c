// SPDX-License-Identifier: GPL-2.0
/*
 * What an address is, when somebody wants to free it: the slow side of the refusals whose
 * fast side is mymm_cache_owns() and mymm_cache_looks_free().
 *
 * Whether an object is free is exact: it is looked for in the magazines of all CPUs and on
 * its slab's freelist. magazine.c says how a batch on its way is not missed, and what can't
 * be seen at all.
 */
#include "object/cache.h"
#include "base/compat.h"
#include "object/debug.h"
#include "object/transfer.h"

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
 * mymm_magazine_has() - is an object in the magazine of any CPU?
 * @cache: the cache
 * @obj: the object
 *
 * Reads other CPUs' magazines while they are in use, so an object on its way may be
 * missed: see @transfers.
 *
 * Return: whether it was seen.
 */
bool mymm_magazine_has(struct mymm_cache *cache, const void *obj)
{
	struct mymm_magazine __percpu *mags;
	unsigned long i;
	int cpu;

	guard(rcu)();
	mags = READ_ONCE(cache->mag);
	for_each_possible_cpu(cpu) {
		const struct mymm_magazine *mag = per_cpu_ptr(mags, cpu);
		unsigned long count = READ_ONCE(mag->count);

		for (i = 0; i < count; i++)
			if (READ_ONCE(mag->objs[i]) == obj)
				return true;
	}
	return false;
}
MYMM_EXPORT_INTERNAL(mymm_magazine_has);

/* An object carries the cookie of a free one. Is it free? */
static bool confirm_free(struct mymm_cache *cache, void *obj)
{
	unsigned int tries = 1000;

	while (tries--) {
		int moves = atomic_read(&cache->moves);

		smp_rmb(); /* pairs with mymm_transfer_begin() and mymm_transfer_end() */
		if (!atomic_read(&cache->transfers)) {
			if (mymm_magazine_has(cache, obj) ||
			    cache->engine->is_free(cache, obj))
				return true;
			smp_rmb(); /* as above */
			if (moves == atomic_read(&cache->moves))
				return false;
		}
		cpu_relax();
	}
	/*
	 * Batches are moving all the time, or we interrupted one. To believe the
	 * cookie is wrong once in 2^48 times; an object is lost then, nothing worse.
	 */
	return true;
}

/**
 * mymm_object_is_free() - is an object of a cache free?
 * @cache: its cache
 * @obj: the object
 *
 * Context: any but NMI.
 * Return: whether it is; see the head of this file for what can't be seen.
 */
bool mymm_object_is_free(struct mymm_cache *cache, void *obj)
{
	if (cache->tracks_free)
		return cache->engine->check_free(cache, obj, false) ==
		       MYMM_REFUSED_DOUBLE_FREE;
	if (!cache->has_memory)
		return cache->engine->is_free(cache, obj);
	if (cache->debug)
		return !mymm_debug_in_use(cache, obj);
	return mymm_cache_looks_free(cache, obj) && confirm_free(cache, obj);
}
MYMM_EXPORT_INTERNAL(mymm_object_is_free);

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

/* What the engine of an exact cache has to say, in words. */
static int refuse_tracked(struct mymm_cache *cache, void *obj,
			  enum mymm_refusal why)
{
	switch (why) {
	case MYMM_REFUSED_DOUBLE_FREE:
		return mymm_refuse_double_free(cache, obj);
	case MYMM_REFUSED_NOT_START:
		mymm_refuse(
			cache->pool, why,
			"free to cache %s of frame %u+%lu, where no object of it can be",
			cache->name, mymm_pool_index(cache->pool, obj),
			offset_in_page(obj));
		return -EINVAL;
	case MYMM_REFUSED_WRONG_CACHE:
		mymm_refuse(
			cache->pool, why,
			"free to cache %s of frame %u+%lu, which is another's",
			cache->name, mymm_pool_index(cache->pool, obj),
			offset_in_page(obj));
		return -EINVAL;
	default:
		return mymm_refuse_object(cache, obj);
	}
}

/**
 * mymm_free_tracked() - free an object of a cache whose engine knows what is free
 * @cache: an exact one
 * @obj: any address
 * @owner: on whose behalf
 *
 * The engine judges and takes back at once, so of two that free the same object one is
 * refused. Only if somebody listens is it asked beforehand, so that a free is told of
 * before somebody else can get the object.
 *
 * Context: any but NMI.
 * Return: 0 or -EINVAL.
 */
int mymm_free_tracked(struct mymm_cache *cache, void *obj,
		      struct mymm_owner owner)
{
	enum mymm_refusal why;

	if (MYMM_SANITIZED || tracepoint_enabled(mymm_object_free)) {
		why = cache->engine->check_free(cache, obj, false);
		if (why != MYMM_ADMITTED)
			return refuse_tracked(cache, obj, why);
		mymm_event_object_free(cache->pool, cache->name, obj, owner);
		mymm_sanitize_free(cache, obj);
	}
	this_cpu_inc(cache->mag->free_misses);
	mymm_transfer_begin(cache);
	why = cache->engine->check_free(cache, obj, true);
	mymm_transfer_end(cache);
	if (why != MYMM_ADMITTED)
		return refuse_tracked(cache, obj, why);
	mymm_count_in(cache, 1);
	return 0;
}

/**
 * mymm_object_admit() - may an object be freed?
 * @cache: to which cache, which is not exact
 * @obj: any address
 *
 * Context: any but NMI.
 * Return: 0, or the refusal, which has been told.
 */
int mymm_object_admit(struct mymm_cache *cache, void *obj)
{
	if (unlikely(!mymm_cache_owns(cache, obj)))
		return mymm_refuse_object(cache, obj);
	if (unlikely(mymm_object_is_free(cache, obj)))
		return mymm_refuse_double_free(cache, obj);
	return 0;
}
