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
 * task of this CPU is in between; an interrupt may be. Hence @lock, a local trylock, which
 * is 1 while the magazine is not in use:
 *
 *      task                                   interrupt on the same CPU
 *      if (--lock) -> slow path
 *      pop or push          <--- may land --- --lock is -1, ++lock: straight to
 *      lock = 1                               the engine
 *
 * Interrupts nest. One that lands before the lock is taken, or after it is released, has
 * finished with the magazine and restored the lock before the task continues, so the task
 * sees a consistent array; one that lands in between finds the lock taken. Nothing else is
 * needed: the only barrier is the compiler's, and the decrement need not be atomic, since
 * each interrupt restores the value that it found. The lock is released before any slow
 * path, so it is held for a few instructions and for copying a batch.
 *
 * bulk.c allocates and frees several objects at once.
 *
 * The fast paths are leaves: each exit from them is a tail call, so they save no register
 * that only the exits need. That is most of the difference between 140 and 80 instructions
 * for a pair.
 *
 * To empty the magazines of all CPUs (shrink, destroy, drain), a work item runs on each
 * online CPU, in task context, where the lock is always free. The magazine of a dead CPU is
 * emptied by a callback that runs after the last instruction of that CPU, thus later than
 * its teardown, during which it still allocates.
 *
 * A free is refused in this order: if the address is not where an object of this cache
 * begins (exact: mymm_cache_owns()); if the object carries the cookie of a free one. In the
 * latter case it is searched in all magazines and on the freelist of its slab, and refused as
 * a double free only if it is found there: a user may have written that very value. Three
 * faults are not found: an object freed twice after its cookie was overwritten in between;
 * two CPUs that free the same object within the same few instructions; and one freed twice
 * with another allocation of it in between, which no allocator can find. Of two CPUs' frees
 * the engine finds the second when the object returns to its slab, unless it was allocated
 * twice meanwhile: see slub_free().
 *
 * A batch in transfer is neither in a magazine nor on a freelist. @transfers counts these
 * batches and @moves only grows, so a search knows whether it may have missed one.
 *
 * Bonwick and Adams, "Magazines and Vmem", USENIX 2001; the array_cache of mm/slab.c,
 * 6.1. The initial sizes are the engine's default_tunables().
 */
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

#include "base/fault_inject.h"
#include "cache/nomem.h"
#include "object/cache.h"
#include "base/compat.h"
#include "cache/debug.h"
#include "cache/magazine.h"
#include "cache/magazine_fast.h"
#include "cache/double_free.h"
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
 * @objs: filled with them; their cookies are cleared
 *
 * Context: any but NMI.
 * Return: how many it had; 0 if the interrupted code is using the magazine.
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
 * @objs: checked, and marked free
 *
 * Context: any but NMI.
 * Return: for how many there was room; 0 if the interrupted code is using the magazine.
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

/* Put a batch into the magazine, the first on top; the rest goes back to the engine. */
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

/* Allocate one object, and fill the magazine with the rest of the batch. */
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

/*
 * Free into the magazine, after its oldest batch if it is full; or to the engine if the
 * magazine is in use. The caller has begun the transfer.
 */
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

/* --- the exits of the fast paths of magazine_fast.h ------------------------------------ */

/**
 * mymm_alloc_finish() - unpoison, clear and trace an object that was just taken
 * @cache: the cache
 * @obj: the object
 * @gfp: as for mymm_cache_alloc()
 * @owner: the calling code and its session
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

/* Allocate with all checks, and from the engine if the magazine is empty. */
static noinline void *slow_alloc(struct mymm_cache *cache, gfp_t gfp,
				 const struct mymm_owner *owner)
{
	const struct mymm_owner origin = mymm_owner_or(owner, _RET_IP_);
	void *obj = NULL;

	if (mymm_refuse_now(cache))
		return NULL;
	if (unlikely(!cache->has_memory))
		return mymm_nomem_alloc(cache, gfp, origin);
	if (cache->debug)
		return mymm_debug_alloc(cache, gfp, cache->object_size, origin);
	if (!mymm_magazine_pop(cache, 1, &obj))
		obj = mymm_alloc_from_engine(cache, gfp);
	if (!obj)
		return NULL;
	if (!cache->tracks_free)
		mymm_set_word(cache, obj, 0);
	return mymm_alloc_finish(cache, obj, gfp, origin);
}

/* Exit of the fast path: a dead pool, an NMI, a flag or a tracepoint to serve. */
noinline void *mymm_alloc_slow(struct mymm_cache *cache, gfp_t gfp,
			       const struct mymm_owner *owner)
{
	const struct mymm_owner origin = mymm_owner_or(owner, _RET_IP_);

	preempt_enable();
	return slow_alloc(cache, gfp, &origin);
}

/* Exit of the fast path: the magazine is empty or in use. */
noinline void *mymm_alloc_contended(struct mymm_cache *cache, gfp_t gfp,
				    const struct mymm_owner *owner,
				    struct mymm_magazine *mag)
{
	const struct mymm_owner origin = mymm_owner_or(owner, _RET_IP_);

	mymm_local_contended(&mag->lock);
	preempt_enable();
	return slow_alloc(cache, gfp, &origin);
}

/* Exit of each fast allocation in a kernel with KASAN or kmemleak: their hooks may sleep. */
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

/* Exit of the fast path: the magazine is full or in use. */
noinline int mymm_free_contended(struct mymm_cache *cache, void *obj,
				 struct mymm_magazine *mag)
{
	mymm_local_contended(&mag->lock);
	/* It is marked free, but nowhere: begin the transfer before preemption is on. */
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

/* Free with all checks and the trace event. */
static noinline int slow_free(struct mymm_cache *cache, void *obj,
			      const struct mymm_owner *owner)
{
	const struct mymm_owner origin = mymm_owner_or(owner, _RET_IP_);
	int err;

	if (mymm_refuse_now(cache))
		return in_nmi() ? -EPERM : -EIO;
	if (cache->tracks_free)
		return mymm_free_tracked(cache, obj, origin);
	if (unlikely(!cache->has_memory))
		return mymm_nomem_free(cache, obj, origin);
	if (cache->debug)
		return mymm_debug_free(cache, obj, origin);
	err = mymm_object_admit(cache, obj);
	if (err)
		return err;
	mymm_event_object_free(cache->pool, cache->name, obj, origin);
	mymm_transfer_begin(cache);
	mymm_mark_free(cache, obj);
	mymm_sanitize_free(cache, obj);
	if (!mymm_magazine_push(cache, 1, &obj))
		mymm_free_to_engine(cache, obj);
	mymm_transfer_end(cache);
	return 0;
}

/* Exit of the fast path: a check failed, or a tracepoint is on. */
noinline int mymm_free_slow(struct mymm_cache *cache, void *obj,
			    const struct mymm_owner *owner)
{
	const struct mymm_owner origin = mymm_owner_or(owner, _RET_IP_);

	preempt_enable();
	return slow_free(cache, obj, &origin);
}

/**
 * mymm_cache_alloc() - allocate an object
 * @cache: of which cache
 * @gfp: how hard to try for a new slab, if one is needed; %__GFP_ZERO for a zeroed
 *       object. The zones follow from the cache's flags
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
 * -EPERM: in NMI; -EIO: the pool is dead. On an error only a counter has changed.
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
 * mymm_cache_alloc_unchecked() - allocate without checks, for measurements
 * @cache: of which cache
 * @gfp: as for mymm_cache_alloc(), without %__GFP_ZERO
 *
 * The bench calls it to measure what the checks cost. Not for other use.
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
 * mymm_cache_free_unchecked() - free without checks, for measurements
 * @cache: the cache that it is from
 * @obj: an object from mymm_cache_alloc_unchecked() that was not written to
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
 * @stats: filled with the sums
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
		 * Objects that came in and did not come from the engine were freed. A batch
		 * that moves meanwhile may be counted in one of these and not in another.
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
 * mymm_magazine_alloc() - allocate magazines
 * @limit: room of each, in objects
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
 * @cache: its engine and geometry are set
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
 * @cache: unreachable
 *
 * Context: task or softirq.
 */
void mymm_magazine_destroy(struct mymm_cache *cache)
{
	free_percpu(cache->mag);
	cache->mag = NULL;
}
