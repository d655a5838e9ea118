// SPDX-License-Identifier: GPL-2.0
/*
 * Objects of a pool without memory: they have an address, and nothing behind it.
 *
 * The fast paths read and write a cookie in the object. So they are closed for a cache
 * without memory: its @leave_gfp matches all flags, and its @fast_bytes is 0. Both of them
 * end here.
 *
 * In place of the cookie the engine keeps a bit for each object, outside of it, that is set
 * while a user holds the object. It is tested and changed under a lock, so each double free
 * is found, also by two CPUs at the same time. Magazines and freelists work as in other
 * caches; the bit of an object in them is clear.
 */
#include "cache/nomem.h"
#include "object/cache.h"
#include "object/transfer.h"
#include "cache/magazine.h"

static void *pop(struct mymm_cache *cache)
{
	struct mymm_magazine *mag = mymm_magazine_get(cache);
	void *obj = NULL;

	if (!mag)
		return NULL;
	if (mag->count) {
		obj = mag->objs[--mag->count];
		mag->alloc_hits++;
	}
	mymm_magazine_put(mag);
	return obj;
}

static bool push(struct mymm_cache *cache, void *obj)
{
	struct mymm_magazine *mag = mymm_magazine_get(cache);
	bool room;

	if (!mag)
		return false;
	room = mag->count < cache->mag_limit;
	if (room)
		mag->objs[mag->count++] = obj;
	mymm_magazine_put(mag);
	return room;
}

static void give_back(struct mymm_cache *cache, void *obj)
{
	if (push(cache, obj))
		return;
	mymm_transfer_begin(cache);
	mymm_free_to_engine(cache, obj);
	mymm_transfer_end(cache);
}

/**
 * mymm_nomem_alloc() - allocate an object without memory
 * @cache: of which cache; its pool has none
 * @gfp: as for mymm_cache_alloc(); %__GFP_ZERO is refused
 * @owner: the calling code and its session
 *
 * Context: any but NMI.
 * Return: its address, not to be dereferenced; NULL if there is no frame for a slab.
 */
void *mymm_nomem_alloc(struct mymm_cache *cache, gfp_t gfp,
		       struct mymm_owner owner)
{
	void *obj;

	if (gfp & __GFP_ZERO) {
		mymm_refuse(
			cache->pool, MYMM_REFUSED_GFP,
			"cache %s: a cleared object needs memory, and the pool has none (backing=none)",
			cache->name);
		return NULL;
	}
	obj = pop(cache);
	if (!obj)
		obj = mymm_alloc_from_engine(cache, gfp);
	if (!obj)
		return NULL;
	/* Leak an object whose bit was set: a user may hold it already. */
	if (WARN_ON_ONCE(!cache->engine->claim(cache, obj, true)))
		return NULL;
	mymm_event_object_alloc(cache->pool, cache->name, obj, gfp, owner);
	return obj;
}

/**
 * mymm_nomem_free() - free an object without memory
 * @cache: the cache that it is from
 * @obj: the object
 * @owner: the calling code and its session
 *
 * Context: any but NMI.
 * Return: 0; -EINVAL: no object of this cache, or free already.
 */
int mymm_nomem_free(struct mymm_cache *cache, void *obj,
		    struct mymm_owner owner)
{
	if (!mymm_cache_has(cache, obj))
		return mymm_refuse_object(cache, obj);
	if (!cache->engine->claim(cache, obj, false))
		return mymm_refuse_double_free(cache, obj);
	mymm_event_object_free(cache->pool, cache->name, obj, owner);
	give_back(cache, obj);
	return 0;
}

/**
 * mymm_nomem_alloc_bulk() - allocate several objects without memory, or none
 * @cache: of which cache
 * @gfp: as for mymm_nomem_alloc()
 * @nr: how many
 * @objs: where to put them
 * @owner: the calling code and its session
 *
 * Context: any but NMI.
 * Return: @nr; 0 if there are not that many, and then none is taken.
 */
int mymm_nomem_alloc_bulk(struct mymm_cache *cache, gfp_t gfp, size_t nr,
			  void **objs, struct mymm_owner owner)
{
	size_t got;

	for (got = 0; got < nr; got++) {
		objs[got] = mymm_nomem_alloc(cache, gfp, owner);
		if (!objs[got])
			break;
	}
	if (got == nr)
		return nr;
	while (got--)
		mymm_nomem_free(cache, objs[got], owner);
	return 0;
}

/**
 * mymm_nomem_free_bulk() - free several objects without memory
 * @cache: the cache that they are from
 * @nr: how many
 * @objs: the objects
 * @owner: the calling code and its session
 *
 * Context: any but NMI.
 * Return: 0, or the last refusal.
 */
int mymm_nomem_free_bulk(struct mymm_cache *cache, size_t nr, void **objs,
			 struct mymm_owner owner)
{
	int err = 0, bad;
	size_t i;

	for (i = 0; i < nr; i++) {
		bad = mymm_nomem_free(cache, objs[i], owner);
		if (bad)
			err = bad;
	}
	return err;
}
