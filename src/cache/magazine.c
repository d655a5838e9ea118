// SPDX-License-Identifier: GPL-2.0
/*
 * Magazines: an array of free objects for each CPU, in front of any engine.
 *
 *        alloc  ^     | free
 *               |     v
 *             +---------+       refill: one batch, one lock       +--------+
 *      CPU 0  | o o o o | <-------------------------------------- |        |
 *             +---------+ --------------------------------------> | engine |
 *             +---------+       flush: the oldest batch           |        |
 *      CPU 1  | o o     | <-------------------------------------> |        |
 *             +---------+                                         +--------+
 *
 * It is SLAB's array_cache, and what SLUB came back to as sheaves: most pairs of
 * alloc and free need no lock, no atomic operation and no masked interrupt, and get
 * the object that was used last, which is warm.
 *
 * The protocol. Only its own CPU touches a magazine: with preemption off, so no other
 * task of this CPU is in between; an interrupt may be. Hence @lock, which is 1 while
 * nobody is at it:
 *
 *      task                                   interrupt on the same CPU
 *      if (--token) -> slow way
 *      pop or push          <--- may land --- --token is -1, ++token: straight to
 *      token = 1                              the engine
 *
 * Interrupts nest: one that lands before the token is taken, or after it is back, has
 * finished with the magazine and restored the token when the task goes on, so the task
 * sees a whole array; one that lands in between finds it gone. That is all: no
 * barrier but the compiler's, and counting down need not be atomic, since whatever
 * comes in between puts back what it found. The token is back before any slow path, so
 * it is held for a few instructions and for copying a batch.
 *
 * Several objects at once are bulk.c's.
 *
 * The fast paths are leaves: each exit from them, rare as it is, is a tail call, so
 * that nothing is saved on the way in that only the exits need. That is most of
 * the difference between 140 and 80 instructions for a pair.
 *
 * Emptying the magazines of all CPUs (shrink, destroy, drain) is done by a work item
 * on each online CPU, in task context, where the token is never found taken. The
 * magazine of a CPU that has died is emptied from a callback that runs when it can
 * no longer run anything, which is later than its teardown: it allocates until then.
 *
 * Refusals on the way in, in this order: is it where an object of this cache begins
 * (exact: mymm_cache_owns()); does it carry a free object's cookie. If it does, it is
 * looked for in all magazines and on its slab's freelist, and only if it is there is it
 * a double free: a user may have written that very value. Three things this can't see:
 * an object freed twice after its cookie was overwritten in between; two CPUs that
 * free the same object in the same few instructions; and one freed twice with an
 * allocation by somebody else in between, which no allocator can. Of two CPUs' frees
 * the engine tells the second, when it comes back there, if nobody got the object twice
 * meanwhile: see slub_free().
 *
 * A batch on its way is neither in a magazine nor on a freelist. @transfers counts these
 * and @moves never falls, so that a search knows whether it may have missed one.
 *
 * Bonwick and Adams, "Magazines and Vmem", USENIX 2001; the array_cache of mm/slab.c,
 * 6.1; the numbers it began with are the engine's default_tunables().
 */
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

#include "base/fault_inject.h"
#include "cache/nomem.h"
#include "object/cache.h"
#include "base/compat.h"
#include "cache/debug.h"
#include "cache/magazine_fast.h"
#include "object/transfer.h"

/* --- the slow paths ------------------------------------------------------- */

static unsigned long batch_of(const struct mymm_cache *cache)
{
	return min(cache->mag_batch, MYMM_BATCH_OBJECTS);
}

/**
 * mymm_magazine_pop() - take free objects out of this CPU's magazine
 * @cache: the cache
 * @nr: how many at most
 * @objs: where to put them; they carry the cookie no more
 *
 * Context: any but NMI.
 * Return: how many it had; 0 if we interrupted somebody who is at it.
 */
size_t mymm_magazine_pop(struct mymm_cache *cache, size_t nr, void **objs)
{
	struct mymm_magazine *mag = mymm_magazine_get(cache);
	const unsigned long offset = cache->offset;
	void **from;
	size_t i;

	if (!mag)
		return 0;
	nr = min(nr, mag->count);
	mag->count -= nr;
	mag->alloc_hits += nr;
	from = mag->objs + mag->count;
	for (i = 0; i < nr; i++) {
		void *obj = from[i];

		objs[i] = obj;
		mymm_poke(obj + offset, 0); /* mymm_cache_word() */
	}
	mymm_forget_objects(from, nr);
	mymm_magazine_put(mag);
	return nr;
}

/**
 * mymm_magazine_push() - put objects into this CPU's magazine
 * @cache: the cache
 * @nr: how many
 * @objs: marked free, and admitted
 *
 * Context: any but NMI.
 * Return: for how many there was room; 0 if we interrupted somebody who is at it.
 */
size_t mymm_magazine_push(struct mymm_cache *cache, size_t nr, void **objs)
{
	struct mymm_magazine *mag = mymm_magazine_get(cache);
	size_t put = 0;

	if (!mag)
		return 0;
	while (put < nr && mag->count < cache->mag_limit)
		mag->objs[mag->count++] = objs[put++];
	mymm_magazine_put(mag);
	return put;
}

/* Put a batch into the magazine, first to come out first; what's left goes back. */
static void stash(struct mymm_cache *cache, unsigned int nr, void **objs)
{
	struct mymm_magazine *mag = mymm_magazine_get(cache);

	if (mag) {
		unsigned long room = cache->mag_limit - mag->count;
		void **to = mag->objs + mag->count;

		if (mag->count >= cache->mag_limit)
			room = 0;
		room = min_t(unsigned long, room, nr);
		mag->count += room;
		mag->moved += room;
		nr -= room;
		mymm_copy_objects_reversed(to, objs + nr, room);
		mymm_magazine_put(mag);
	}
	if (nr)
		mymm_engine_put(cache, nr, objs);
}

/* One object, and a batch for the magazine with it. */
void *mymm_alloc_from_engine(struct mymm_cache *cache, gfp_t gfp)
{
	void *objs[MYMM_BATCH_OBJECTS] MYMM_UNCLEARED;
	unsigned int got;

	if (mymm_refuse_now(cache))
		return NULL;
	mymm_count_alloc_misses(cache, 1);

	mymm_transfer_begin(cache);
	got = mymm_engine_get(cache, gfp,
			      cache->mag_limit ? batch_of(cache) : 1, objs);
	if (got > 1)
		stash(cache, got - 1, objs + 1);
	mymm_transfer_end(cache);
	return got ? objs[0] : NULL;
}

/* Into the magazine, whose oldest batch makes room; or past it. It is in flight. */
void mymm_free_to_engine(struct mymm_cache *cache, void *obj)
{
	void *objs[MYMM_BATCH_OBJECTS] MYMM_UNCLEARED;
	struct mymm_magazine *mag = NULL;
	unsigned long nr = 0;

	mymm_count_free_misses(cache, 1);
	if (cache->mag_limit)
		mag = mymm_magazine_get(cache);
	if (mag) {
		if (mag->count >= cache->mag_limit) {
			nr = min(batch_of(cache), mag->count);
			mag->count -= nr;
			mag->moved -= nr;
			mymm_copy_objects(objs, mag->objs, nr);
			mymm_copy_objects(mag->objs, mag->objs + nr,
					  mag->count);
			mymm_forget_objects(mag->objs + mag->count, nr);
		}
		mag->objs[mag->count++] = obj;
		mag->moved++;
		mymm_magazine_put(mag);
	} else {
		objs[nr++] = obj;
	}
	if (nr)
		mymm_engine_put(cache, nr, objs);
}

/* --- the exits of the fast paths, magazine_fast.h, ------------------------------------------- */

/**
 * mymm_alloc_finish() - do with an object what its flags ask for, and tell of it
 * @cache: the cache
 * @obj: the object, just taken
 * @gfp: as for mymm_cache_alloc()
 * @owner: on whose behalf
 *
 * Context: any but NMI.
 * Return: @obj.
 */
void *mymm_alloc_finish(struct mymm_cache *cache, void *obj, gfp_t gfp,
			struct mymm_owner owner)
{
	mymm_sanitize_alloc(cache, obj, gfp);
	if (mymm_cache_clears(cache, gfp))
		memset(obj, 0, cache->object_size);
	mymm_event_object_alloc(cache->pool, cache->name, obj, gfp, owner);
	return obj;
}

/* Whatever it takes. */
static noinline void *slow_alloc(struct mymm_cache *cache, gfp_t gfp,
				 const struct mymm_owner *owner)
{
	const struct mymm_owner who = mymm_owner_or(owner, _RET_IP_);
	void *obj = NULL;

	if (mymm_refuse_now(cache))
		return NULL;
	if (unlikely(!cache->has_memory))
		return mymm_nomem_alloc(cache, gfp, who);
	if (cache->debug)
		return mymm_debug_alloc(cache, gfp, cache->object_size, who);
	if (!mymm_magazine_pop(cache, 1, &obj))
		obj = mymm_alloc_from_engine(cache, gfp);
	if (!obj)
		return NULL;
	if (!cache->tracks_free)
		mymm_set_word(cache, obj, 0);
	return mymm_alloc_finish(cache, obj, gfp, who);
}

/* Not from the fast path: the pool is dead, an NMI, or there is more to be done. */
noinline void *mymm_alloc_slow(struct mymm_cache *cache, gfp_t gfp,
			       const struct mymm_owner *owner)
{
	const struct mymm_owner who = mymm_owner_or(owner, _RET_IP_);

	preempt_enable();
	return slow_alloc(cache, gfp, &who);
}

/* The magazine is empty, or the token is not ours. */
noinline void *mymm_alloc_contended(struct mymm_cache *cache, gfp_t gfp,
				    const struct mymm_owner *owner,
				    struct mymm_magazine *mag)
{
	const struct mymm_owner who = mymm_owner_or(owner, _RET_IP_);

	mymm_local_contended(&mag->lock);
	preempt_enable();
	return slow_alloc(cache, gfp, &who);
}

/* In a kernel with KASAN or kmemleak, which may sleep, each leaves here. */
noinline void *mymm_alloc_trace(struct mymm_cache *cache, gfp_t gfp, void *obj)
{
	preempt_enable();
	mymm_sanitize_alloc(cache, obj, gfp);
	return obj;
}

noinline void *mymm_alloc_resched(void *obj)
{
	mymm_preempt_enable_resched();
	return obj;
}

/* The magazine is full, or the token is not ours. */
noinline int mymm_free_contended(struct mymm_cache *cache, void *obj,
				 struct mymm_magazine *mag)
{
	mymm_local_contended(&mag->lock);
	/* It is marked, and nowhere: say so before anybody else can run here. */
	mymm_transfer_begin(cache);
	preempt_enable();
	mymm_free_to_engine(cache, obj);
	mymm_transfer_end(cache);
	return 0;
}

noinline int mymm_free_resched(void)
{
	mymm_preempt_enable_resched();
	return 0;
}

/* All that can be wrong, or is to be told. */
static noinline int slow_free(struct mymm_cache *cache, void *obj,
			      const struct mymm_owner *owner)
{
	const struct mymm_owner who = mymm_owner_or(owner, _RET_IP_);
	int err;

	if (mymm_refuse_now(cache))
		return in_nmi() ? -EPERM : -EIO;
	if (cache->tracks_free)
		return mymm_free_tracked(cache, obj, who);
	if (unlikely(!cache->has_memory))
		return mymm_nomem_free(cache, obj, who);
	if (cache->debug)
		return mymm_debug_free(cache, obj, who);
	err = mymm_object_admit(cache, obj);
	if (err)
		return err;
	mymm_event_object_free(cache->pool, cache->name, obj, who);
	mymm_transfer_begin(cache);
	mymm_mark_free(cache, obj);
	mymm_sanitize_free(cache, obj);
	if (!mymm_magazine_push(cache, 1, &obj))
		mymm_free_to_engine(cache, obj);
	mymm_transfer_end(cache);
	return 0;
}

/* Not by the fast path: something is wrong, or to be told. */
noinline int mymm_free_slow(struct mymm_cache *cache, void *obj,
			    const struct mymm_owner *owner)
{
	const struct mymm_owner who = mymm_owner_or(owner, _RET_IP_);

	preempt_enable();
	return slow_free(cache, obj, &who);
}

/**
 * mymm_cache_alloc() - allocate an object
 * @cache: of which cache
 * @gfp: how hard to try for a new slab, if one is needed; %__GFP_ZERO for a zeroed
 *       object. Zones are the cache's business
 *
 * Context: any; in NMI it refuses.
 * Return: the object, or NULL if there is no memory for a slab.
 */
void *mymm_cache_alloc(struct mymm_cache *cache, gfp_t gfp)
{
	return mymm_alloc_fast(cache, gfp, NULL);
}
EXPORT_SYMBOL_GPL(mymm_cache_alloc);

void *__mymm_cache_alloc(struct mymm_cache *cache, gfp_t gfp,
			 struct mymm_owner owner)
{
	return mymm_alloc_fast(cache, gfp, &owner);
}

/**
 * mymm_cache_free() - give an object back
 * @cache: the cache that it is from
 * @obj: the object
 *
 * Context: any; in NMI it refuses.
 * Return: 0. -EINVAL: not where an object of this cache begins, or free already;
 * -EPERM: in NMI; -EIO: the pool is dead. Nothing has changed then but a counter.
 */
int mymm_cache_free(struct mymm_cache *cache, void *obj)
{
	return mymm_free_fast(cache, obj, NULL);
}
EXPORT_SYMBOL_GPL(mymm_cache_free);

int __mymm_cache_free(struct mymm_cache *cache, void *obj,
		      struct mymm_owner owner)
{
	return mymm_free_fast(cache, obj, &owner);
}

/**
 * mymm_cache_alloc_unchecked() - the bare magazine, to be measured
 * @cache: of which cache
 * @gfp: as for mymm_cache_alloc(), without %__GFP_ZERO
 *
 * What the bench calls to tell what refusals cost. Not for use.
 *
 * Context: any but NMI.
 * Return: an object or NULL.
 */
void *mymm_cache_alloc_unchecked(struct mymm_cache *cache, gfp_t gfp)
{
	struct mymm_magazine *mag;
	void *obj = NULL;

	preempt_disable();
	mag = this_cpu_ptr(cache->mag);
	if (unlikely(!mymm_local_trylock(&mag->lock)))
		return mymm_alloc_contended(cache, gfp, NULL, mag);
	if (unlikely(!mag->count))
		return mymm_alloc_contended(cache, gfp, NULL, mag);
	obj = mag->objs[--mag->count];
	mymm_forget_objects(&mag->objs[mag->count], 1);
	mymm_local_unlock(&mag->lock);
	if (MYMM_SANITIZED)
		return mymm_alloc_trace(cache, gfp, obj);
	if (mymm_preempt_enable_begin())
		return mymm_alloc_resched(obj);
	return obj;
}
MYMM_EXPORT_INTERNAL(mymm_cache_alloc_unchecked);

/**
 * mymm_cache_free_unchecked() - the bare magazine, to be measured
 * @cache: the cache that it is from
 * @obj: an object from mymm_cache_alloc_unchecked() that nobody wrote to
 *
 * Context: any but NMI.
 */
void mymm_cache_free_unchecked(struct mymm_cache *cache, void *obj)
{
	struct mymm_magazine *mag;

	preempt_disable();
	mymm_sanitize_free(cache, obj);
	mag = this_cpu_ptr(cache->mag);
	if (unlikely(!mymm_local_trylock(&mag->lock))) {
		mymm_free_contended(cache, obj, mag);
		return;
	}
	if (unlikely(mag->count >= cache->mag_limit)) {
		mymm_free_contended(cache, obj, mag);
		return;
	}
	mag->objs[mag->count++] = obj;
	mymm_local_unlock(&mag->lock);
	if (mymm_preempt_enable_begin())
		mymm_free_resched();
}
MYMM_EXPORT_INTERNAL(mymm_cache_free_unchecked);

/* --- life and counters --------------------------------------------------------- */

/**
 * mymm_magazine_stats() - add the counters of all CPUs up
 * @cache: the cache
 * @stats: is filled
 *
 * Context: any.
 */
void mymm_magazine_stats(struct mymm_cache *cache,
			 struct mymm_magazine_stats *stats)
{
	struct mymm_magazine __percpu *mags;
	int cpu;

	*stats = (struct mymm_magazine_stats){};
	guard(rcu)();
	mags = READ_ONCE(cache->mag);
	for_each_possible_cpu(cpu) {
		const struct mymm_magazine *mag = per_cpu_ptr(mags, cpu);
		long freed;

		stats->objects += READ_ONCE(mag->count);
		stats->alloc_hits += READ_ONCE(mag->alloc_hits);
		stats->alloc_misses += READ_ONCE(mag->alloc_misses);
		/*
		 * What came in and did not come from the engine was freed. A batch that
		 * moves meanwhile may be missed in one of them.
		 */
		freed = READ_ONCE(mag->alloc_hits) + READ_ONCE(mag->count) -
			READ_ONCE(mag->moved);
		stats->free_hits += max(freed, 0L);
		stats->free_misses += READ_ONCE(mag->free_misses);
		stats->collisions += READ_ONCE(mag->lock.collisions);
	}
}
MYMM_EXPORT_INTERNAL(mymm_magazine_stats);

/**
 * mymm_magazine_alloc() - get magazines
 * @limit: for how many objects each
 *
 * Context: process; sleeps.
 * Return: one for each CPU, empty; NULL if there is no memory.
 */
struct mymm_magazine __percpu *mymm_magazine_alloc(unsigned int limit)
{
	struct mymm_magazine __percpu *mag;
	int cpu;

	if (mymm_inject_fail())
		return NULL;
	mag = __alloc_percpu(struct_size_t(struct mymm_magazine, objs, limit),
			     L1_CACHE_BYTES);
	if (!mag)
		return NULL;
	for_each_possible_cpu(cpu)
		per_cpu_ptr(mag, cpu)->lock = MYMM_LOCAL_LOCK_INIT;
	return mag;
}

/**
 * mymm_magazine_create() - give a new cache its magazines
 * @cache: has its engine and geometry
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int mymm_magazine_create(struct mymm_cache *cache)
{
	struct mymm_tunables tunables;

	cache->engine->default_tunables(cache, &tunables);
	cache->mag = mymm_magazine_alloc(tunables.limit);
	if (!cache->mag)
		return -ENOMEM;
	cache->mag_limit = tunables.limit;
	cache->mag_batch = tunables.batchcount;
	return 0;
}

/**
 * mymm_magazine_destroy() - free the magazines of a cache
 * @cache: nobody can reach it any more
 *
 * Context: task or softirq.
 */
void mymm_magazine_destroy(struct mymm_cache *cache)
{
	free_percpu(cache->mag);
	cache->mag = NULL;
}
