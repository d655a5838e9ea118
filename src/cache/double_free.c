// SPDX-License-Identifier: GPL-2.0
/*
 * Double free and other refusals: the slow part of the checks of mymm_cache_owns() and
 * mymm_cache_looks_free().
 *
 * An object is free if it is found in the magazine of a CPU or on the freelist of its slab;
 * both are searched. magazine.c describes how a batch in transfer is not missed, and which
 * double frees can't be found.
 */
#include "object/cache.h"
#include "base/compat.h"
#include "cache/debug.h"
#include "cache/double_free.h"
#include "object/transfer.h"

/**
 * mymm_magazine_has() - is an object in the magazine of any CPU?
 * @cache: the cache
 * @obj: the object
 *
 * Reads other CPUs' magazines while they are in use, so an object in transfer may be
 * missed: see @transfers.
 *
 * Return: whether it was found.
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

/* Is an object that carries the cookie of a free one free? */
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
	 * Batches move all the time, or this interrupted one. The cookie is wrong once in
	 * 2^48 times; the cost is one leaked object.
	 */
	return true;
}

/**
 * mymm_object_is_free() - is an object of a cache free?
 * @cache: its cache
 * @obj: the object
 *
 * Context: any but NMI.
 * Return: whether it is; see the head of this file for the limits.
 */
bool mymm_object_is_free(struct mymm_cache *cache, void *obj)
{
	if (cache->tracks_free)
		return cache->engine->check_free(cache, obj) ==
		       MYMM_REFUSED_DOUBLE_FREE;
	if (!cache->has_memory)
		return cache->engine->is_free(cache, obj);
	if (cache->debug)
		return !mymm_debug_in_use(cache, obj);
	return mymm_cache_looks_free(cache, obj) && confirm_free(cache, obj);
}
MYMM_EXPORT_INTERNAL(mymm_object_is_free);

/* Refuse a free for the reason that the engine found. */
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
 * mymm_free_tracked() - free an object of a cache whose engine tracks free objects
 * @cache: has @tracks_free
 * @obj: any address
 * @owner: the calling code and its session
 *
 * The engine checks and frees under one lock, so of two CPUs that free the same object one is
 * refused. If the tracepoint is on, the engine checks once before, so that the event comes
 * before the object can be allocated again.
 *
 * Context: any but NMI.
 * Return: 0 or -EINVAL.
 */
int mymm_free_tracked(struct mymm_cache *cache, void *obj,
		      struct mymm_owner owner)
{
	enum mymm_refusal why;

	if (MYMM_SANITIZED || tracepoint_enabled(mymm_object_free)) {
		why = cache->engine->check_free(cache, obj);
		if (why != MYMM_ADMITTED)
			return refuse_tracked(cache, obj, why);
		mymm_event_object_free(cache->pool, cache->name, obj, owner);
		mymm_sanitize_free(cache, obj);
	}
	this_cpu_inc(cache->mag->free_misses);
	mymm_transfer_begin(cache);
	why = cache->engine->free_checked(cache, obj);
	mymm_transfer_end(cache);
	if (why != MYMM_ADMITTED)
		return refuse_tracked(cache, obj, why);
	mymm_count_in(cache, 1);
	return 0;
}

/**
 * mymm_object_admit() - may an object be freed?
 * @cache: the cache; does not have @tracks_free
 * @obj: any address
 *
 * Context: any but NMI.
 * Return: 0, or the refusal, which has been logged.
 */
int mymm_object_admit(struct mymm_cache *cache, void *obj)
{
	if (unlikely(!mymm_cache_owns(cache, obj)))
		return mymm_refuse_object(cache, obj);
	if (unlikely(mymm_object_is_free(cache, obj)))
		return mymm_refuse_double_free(cache, obj);
	return 0;
}
