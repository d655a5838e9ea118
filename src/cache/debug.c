// SPDX-License-Identifier: GPL-2.0
/*
 * Debug caches: each object is checked when it is allocated and when it is freed.
 *
 * A cache is one if its flags have one of SLUB's letters:
 *
 *   F  SLAB_CONSISTENCY_CHECKS  a free searches the freelist, and does not trust the object's
 *                               word alone; the padding at the end of slabs is checked
 *   Z  SLAB_RED_ZONE            patterns before and behind each object
 *   P  SLAB_POISON              patterns in free objects, and in all padding
 *   U  SLAB_STORE_USER          records of the last alloc and free, with stacks: track.c
 *   T  SLAB_TRACE               a line in the log for each alloc and free
 *
 * This is a layer over the engines, which cut slabs into larger slots (slot.c) and otherwise
 * work as for other caches. There are no magazines, since an object in one could not be
 * checked; and all fast paths are closed: @careful, @leave_gfp, @fast_bytes of the cache, and
 * its entry in the pool's fast_by_id, which mymm_kfree() reads.
 *
 *      alloc:  stack -> engine -> [ check, mark as used, set the track ] -> trace event
 *      free:   stack -> [ used? check, set the track, mark as free ] -> trace event -> engine
 *
 * The part in brackets is done under the lock of the debug cache. So under that lock each
 * object is in one of four states, and its memory agrees with it:
 *
 *   used          its word is neither the magazine's cookie nor that of quarantine
 *   in transfer   its word is the magazine's cookie: marked as free, not on a freelist
 *   free          on a freelist
 *   quarantined   its word says so
 *
 * Where the word is behind the object (with P; see slot.c) it also marks an object as used,
 * and of two CPUs that free it at the same time one is refused. Where it is inside the
 * object, the freelist is searched for an object whose word says that it is free; with F for
 * each one.
 *
 * Damage is recorded under the lock and reported after it: debug_report.c. The object is then
 * quarantined: it is counted, a free of it succeeds, and the cache remains usable. Its slab
 * stays until the cache is destroyed (cache.c).
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "base/fault_inject.h"
#include "cache/debug.h"
#include "object/transfer.h"
#include "object/slot.h"
#include "base/stack.h"

/* --- life ------------------------------------------------------------------------ */

/* Add the flags of the pool's parameter, where engine and pool support them. */
static void add_flags(struct mymm_cache *cache)
{
	const slab_flags_t metadata = SLAB_RED_ZONE | SLAB_POISON |
				      SLAB_STORE_USER;
	bool spare_order = false;

	if (!cache->engine->walk || !cache->has_memory)
		return;
	cache->flags |= mymm_debug_flags_of(cache->pool->debug, cache->name,
					    &spare_order);
	if (spare_order &&
	    get_order(mymm_slot_layout(cache)) > get_order(cache->object_size))
		cache->flags &= ~metadata;
}

/**
 * mymm_debug_create() - make a cache a debug cache, if its flags or its pool's say so
 * @cache: new; its flags are set, its layout is not
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int mymm_debug_create(struct mymm_cache *cache)
{
	struct mymm_debug *debug;

	add_flags(cache);
	if (!(cache->flags & MYMM_DEBUG_FLAGS))
		return 0;
	debug = mymm_inject_fail() ? NULL : kzalloc(sizeof(*debug), GFP_KERNEL);
	if (!debug)
		return -ENOMEM;
	raw_spin_lock_init(&debug->lock);
	debug->report_lost = mymm_debug_report_lost;
	cache->debug = debug;
	return cache->flags & SLAB_STORE_USER ? mymm_stack_init() : 0;
}

/**
 * mymm_debug_begin() - close the fast paths of a debug cache
 * @cache: new; its geometry is set
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int mymm_debug_begin(struct mymm_cache *cache)
{
	struct mymm_debug *debug = cache->debug;

	if (!debug)
		return 0;
	debug->free = mymm_inject_fail() ? NULL :
					   bitmap_alloc(cache->num, GFP_KERNEL);
	if (!debug->free)
		return -ENOMEM;
	cache->careful = true;
	cache->leave_gfp = ~(__force gfp_t)0;
	cache->fast_bytes = 0;
	return 0;
}

/**
 * mymm_debug_destroy() - undo mymm_debug_create() and mymm_debug_begin()
 * @cache: unreachable
 *
 * Context: task or softirq.
 */
void mymm_debug_destroy(struct mymm_cache *cache)
{
	if (cache->debug)
		bitmap_free(cache->debug->free);
	kfree(cache->debug);
	cache->debug = NULL;
}

/* --- one object --------------------------------------------------------------------- */

static bool stores_user(const struct mymm_cache *cache)
{
	return cache->flags & SLAB_STORE_USER;
}

static void put_out_of_use(struct mymm_cache *cache, void *obj)
{
	mymm_set_word(cache, obj,
		      mymm_cache_cookie(cache, obj) ^ MYMM_QUARANTINED);
	atomic_long_inc(&cache->quarantined);
}

static struct mymm_slab_area slab_of(const struct mymm_cache *cache, void *obj)
{
	u32 idx = mymm_pool_index(cache->pool, obj);
	unsigned int order = mymm_tag_order(READ_ONCE(cache->frame[idx].tag));

	return cache->engine->slab_area(cache, idx & ~((1U << order) - 1));
}

/* Is the padding at the end of an object's slab intact? The caller owns the object. */
static bool tail_intact(struct mymm_cache *cache, void *obj,
			struct mymm_damage *damage)
{
	struct mymm_slab_area slab;

	if (!(cache->flags & SLAB_CONSISTENCY_CHECKS) ||
	    !(cache->flags & SLAB_POISON))
		return true;
	slab = slab_of(cache, obj);
	return mymm_debug_tail_intact(cache, &slab, damage);
}

static noinline void report(struct mymm_cache *cache,
			    const struct mymm_damage *damage)
{
	mymm_debug_count(cache, damage);
	mymm_debug_report(cache, damage);
}

/* Check an object from the engine and mark it as used; false if it was damaged. */
static bool take(struct mymm_cache *cache, void *obj, unsigned int bytes,
		 depot_stack_handle_t stack, unsigned long caller)
{
	struct mymm_damage damage, tail;
	bool good, tail_good;

	tail.part = MYMM_INTACT;
	damage.part = MYMM_INTACT;
	scoped_guard(raw_spinlock_irqsave, &cache->debug->lock)
	{
		tail_good = tail_intact(cache, obj, &tail);
		good = mymm_debug_intact(cache, obj, false, &damage);
		if (good) {
			mymm_debug_mark(cache, obj, true, bytes);
			if (stores_user(cache))
				mymm_track_set(mymm_object_tracks(cache, obj) +
						       MYMM_TRACK_ALLOC,
					       caller, stack);
		} else {
			put_out_of_use(cache, obj);
		}
	}
	if (unlikely(!tail_good))
		report(cache, &tail);
	if (unlikely(!good))
		report(cache, &damage);
	return good;
}

/**
 * mymm_debug_alloc() - allocate an object of a debug cache
 * @cache: the cache
 * @gfp: as for mymm_cache_alloc()
 * @bytes: that kmalloc was asked for; the object's size for other callers
 * @owner: the calling code and its session
 *
 * Context: any but NMI.
 * Return: the object, or NULL if there is no memory for a slab.
 */
void *mymm_debug_alloc(struct mymm_cache *cache, gfp_t gfp, size_t bytes,
		       struct mymm_owner owner)
{
	depot_stack_handle_t stack = 0;
	unsigned int got;
	void *obj;

	if (!mymm_cache_keeps_request(cache))
		bytes = cache->object_size;
	if (stores_user(cache))
		stack = mymm_stack_save(owner.caller,
					gfpflags_allow_blocking(gfp));
	do {
		mymm_count_alloc_misses(cache, 1);
		mymm_transfer_begin(cache);
		got = mymm_engine_get(cache, gfp, 1, &obj);
		mymm_transfer_end(cache);
		if (!got)
			return NULL;
	} while (!take(cache, obj, bytes, stack, owner.caller));

	mymm_sanitize_alloc(cache, obj, gfp);
	mymm_sanitize_shut(obj, bytes, cache->object_size);
	if (mymm_cache_clears(cache, gfp))
		memset(obj, 0, bytes);
	if (cache->flags & SLAB_TRACE)
		mymm_debug_trace(cache, "alloc", obj, owner);
	mymm_event_object_alloc(cache->pool, cache->name, obj, gfp, owner);
	return obj;
}

/* Is it in use? Under the lock; @obj is where an object begins. */
static bool in_use(struct mymm_cache *cache, void *obj)
{
	u64 link = mymm_word(cache, obj) ^ mymm_cache_cookie(cache, obj);

	if (mymm_cache_word_outside(cache) && mymm_debug_says_used(cache, obj))
		return true;
	if (link <= 0xffff) {
		if (link == MYMM_IN_MAGAZINE || link == MYMM_QUARANTINED)
			return false;
		return !cache->engine->is_free(cache, obj);
	}
	if (mymm_cache_word_outside(cache) ||
	    (cache->flags & SLAB_CONSISTENCY_CHECKS))
		return !cache->engine->is_free(cache, obj);
	return true;
}

/**
 * mymm_debug_in_use() - is an object of a debug cache in use?
 * @cache: the cache
 * @obj: mymm_cache_owns() it
 *
 * Context: any but NMI.
 * Return: whether it is; certain only with SLAB_CONSISTENCY_CHECKS or SLAB_POISON.
 */
bool mymm_debug_in_use(struct mymm_cache *cache, void *obj)
{
	guard(raw_spinlock_irqsave)(&cache->debug->lock);
	return in_use(cache, obj);
}

/**
 * mymm_debug_size() - usable bytes of an object
 * @cache: a debug cache
 * @obj: an object of it in use
 *
 * Context: any.
 * Return: bytes: with SLAB_RED_ZONE those that kmalloc was asked for.
 */
size_t mymm_debug_size(struct mymm_cache *cache, void *obj)
{
	if (cache->flags & SLAB_RED_ZONE)
		return mymm_debug_request(cache, obj);
	if (cache->flags & SLAB_POISON)
		return cache->object_size;
	return cache->debug->right_end;
}

/**
 * mymm_debug_resize() - reduce the requested size of an object from kmalloc
 * @cache: a debug cache
 * @obj: an object of it in use
 * @bytes: not more than mymm_debug_size()
 *
 * Context: any but NMI.
 */
void mymm_debug_resize(struct mymm_cache *cache, void *obj, size_t bytes)
{
	if (!mymm_cache_keeps_request(cache))
		return;
	guard(raw_spinlock_irqsave)(&cache->debug->lock);
	mymm_debug_shorten(cache, obj, bytes);
}

/* The result of claim(): freed; quarantined since it is damaged; refused. */
enum freed { FREED, DAMAGED, NOT_USED };

/* Check an object that is being freed, and mark it as free, unless it was not in use. */
static enum freed claim(struct mymm_cache *cache, void *obj,
			depot_stack_handle_t stack, unsigned long caller,
			struct mymm_damage *damage, struct mymm_damage *tail)
{
	guard(raw_spinlock_irqsave)(&cache->debug->lock);

	if (!in_use(cache, obj)) {
		mymm_debug_describe(cache, obj, MYMM_INTACT, false, damage);
		return NOT_USED;
	}
	tail_intact(cache, obj, tail);
	if (!mymm_debug_intact(cache, obj, true, damage)) {
		put_out_of_use(cache, obj);
		return DAMAGED;
	}
	if (stores_user(cache))
		mymm_track_set(mymm_object_tracks(cache, obj) + MYMM_TRACK_FREE,
			       caller, stack);
	mymm_debug_mark(cache, obj, false, 0);
	return FREED;
}

/**
 * mymm_debug_free() - give an object of a debug cache back
 * @cache: the cache
 * @obj: any address
 * @owner: the calling code and its session
 *
 * Context: any but NMI.
 * Return: 0, also if the object is quarantined now; -EINVAL: it is no object, or free
 * already, and nothing has changed.
 */
int mymm_debug_free(struct mymm_cache *cache, void *obj,
		    struct mymm_owner owner)
{
	struct mymm_damage damage, tail;
	depot_stack_handle_t stack = 0;
	enum freed freed;

	if (!mymm_cache_owns(cache, obj))
		return mymm_refuse_object(cache, obj);
	if (stores_user(cache))
		stack = mymm_stack_save(owner.caller, preemptible());
	tail.part = MYMM_INTACT;
	damage.part = MYMM_INTACT;
	mymm_transfer_begin(cache);
	freed = claim(cache, obj, stack, owner.caller, &damage, &tail);
	if (freed != NOT_USED)
		mymm_sanitize_free(cache, obj);
	if (freed == FREED) {
		if (cache->flags & SLAB_TRACE)
			mymm_debug_trace(cache, "free", obj, owner);
		mymm_event_object_free(cache->pool, cache->name, obj, owner);
		mymm_engine_put(cache, 1, &obj);
		mymm_count_free_misses(cache, 1);
	}
	mymm_transfer_end(cache);

	if (unlikely(tail.part != MYMM_INTACT))
		report(cache, &tail);
	if (unlikely(freed != FREED))
		report(cache, &damage);
	return freed == NOT_USED ? -EINVAL : 0;
}

/* --- several objects ------------------------------------------------------------------ */

/**
 * mymm_debug_free_bulk() - give several objects of a debug cache back
 * @cache: the cache
 * @nr: how many
 * @objs: any addresses
 * @owner: the calling code and its session
 *
 * Context: any but NMI.
 * Return: 0, or the last refusal.
 */
int mymm_debug_free_bulk(struct mymm_cache *cache, size_t nr, void **objs,
			 struct mymm_owner owner)
{
	int err = 0, bad;
	size_t i;

	for (i = 0; i < nr; i++) {
		bad = mymm_debug_free(cache, objs[i], owner);
		err = bad ?: err;
	}
	return err;
}

/**
 * mymm_debug_alloc_bulk() - allocate several objects of a debug cache, or none
 * @cache: the cache
 * @gfp: as for mymm_cache_alloc()
 * @nr: how many
 * @objs: where to put them
 * @owner: the calling code and its session
 *
 * Context: any but NMI.
 * Return: @nr, or 0.
 */
int mymm_debug_alloc_bulk(struct mymm_cache *cache, gfp_t gfp, size_t nr,
			  void **objs, struct mymm_owner owner)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		objs[i] =
			mymm_debug_alloc(cache, gfp, cache->object_size, owner);
		if (objs[i])
			continue;
		mymm_debug_free_bulk(cache, i, objs, owner);
		return 0;
	}
	return nr;
}
