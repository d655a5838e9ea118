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
 * task of this CPU is in between; an interrupt may be. Hence @token, which is 1 while
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
 * A batch on its way is neither in a magazine nor on a freelist. @flights counts these
 * and @moves never falls, so that a search knows whether it may have missed one.
 *
 * Bonwick and Adams, "Magazines and Vmem", USENIX 2001; the array_cache of mm/slab.c,
 * 6.1; the numbers it began with are the engine's default_tunables().
 */
#include <linux/cpuhotplug.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/workqueue.h>

#include "cache.h"
#include "compat.h"

/* The work items that empty magazines; one drain at a time. Innermost mutex. */
static DEFINE_MUTEX(drain_lock);
static struct work_struct __percpu *drain_works;
static struct mymm_pool *drain_pool; /* under drain_lock */
static struct mymm_cache
	*drain_cache; /* under drain_lock; NULL: all of the pool */
static int cpu_dead_state;

/* --- the token ----------------------------------------------------------- */

/* With preemption off: may we use this magazine? If not, we interrupted who does. */
static __always_inline bool take_token(struct mymm_magazine *mag)
{
	/* No barrier before the branch, or it costs a compare of its own. */
	if (unlikely(--mag->token))
		return false;
	barrier();
	return true;
}

static __always_inline void return_token(struct mymm_magazine *mag)
{
	barrier();
	mag->token = 1;
}

/* After take_token(), whatever came of it. */
static void undo_token(struct mymm_magazine *mag)
{
	barrier();
	if (++mag->token != 1)
		mag->collisions++;
}

/* Begin to use this CPU's magazine; NULL if we interrupted somebody who does. */
static struct mymm_magazine *magazine_get(struct mymm_cache *cache)
{
	struct mymm_magazine *mag;

	preempt_disable();
	mag = this_cpu_ptr(cache->mag);
	if (take_token(mag))
		return mag;
	undo_token(mag);
	preempt_enable();
	return NULL;
}

static void magazine_put(struct mymm_magazine *mag)
{
	return_token(mag);
	preempt_enable();
}

/* --- the slow paths ------------------------------------------------------- */

static void flight_begin(struct mymm_cache *cache)
{
	atomic_inc(&cache->flights);
	atomic_inc(&cache->moves);
	smp_mb__after_atomic(); /* pairs with the reads in confirm_free() */
}

static void flight_end(struct mymm_cache *cache)
{
	smp_mb__before_atomic(); /* pairs with the reads in confirm_free() */
	atomic_dec(&cache->flights);
}

static unsigned long batch_of(const struct mymm_cache *cache)
{
	return min(cache->mag_batch, MYMM_BATCH_OBJECTS);
}

/* As many as the magazine has, up to @nr. */
static size_t pop_many(struct mymm_cache *cache, size_t nr, void **objs)
{
	struct mymm_magazine *mag = magazine_get(cache);
	size_t got = 0;

	if (!mag)
		return 0;
	while (got < nr && mag->count)
		objs[got++] = mag->objs[--mag->count];
	mag->alloc_hits += got;
	magazine_put(mag);
	return got;
}

/* As many as there is room for; returns how many that was. */
static size_t push_many(struct mymm_cache *cache, size_t nr, void **objs)
{
	struct mymm_magazine *mag = magazine_get(cache);
	size_t put = 0;

	if (!mag)
		return 0;
	while (put < nr && mag->count < cache->mag_limit)
		mag->objs[mag->count++] = objs[put++];
	magazine_put(mag);
	return put;
}

/* Put a batch into the magazine, first to come out first; what's left goes back. */
static void stash(struct mymm_cache *cache, unsigned int nr, void **objs)
{
	struct mymm_magazine *mag = magazine_get(cache);

	if (mag) {
		while (nr && mag->count < cache->mag_limit) {
			mag->objs[mag->count++] = objs[--nr];
			mag->moved++;
		}
		magazine_put(mag);
	}
	if (nr)
		cache->engine->free(cache, nr, objs);
}

static bool refuse_now(struct mymm_cache *cache)
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

/* One object, and a batch for the magazine with it. */
static void *alloc_from_engine(struct mymm_cache *cache, gfp_t gfp)
{
	void *objs[MYMM_BATCH_OBJECTS];
	unsigned int got;

	if (refuse_now(cache))
		return NULL;
	this_cpu_inc(cache->mag->alloc_misses);

	flight_begin(cache);
	got = cache->engine->alloc(
		cache, gfp, cache->mag_limit ? batch_of(cache) : 1, objs);
	if (got > 1)
		stash(cache, got - 1, objs + 1);
	flight_end(cache);
	return got ? objs[0] : NULL;
}

/* Into the magazine, whose oldest batch makes room; or past it. It is in flight. */
static void free_to_engine(struct mymm_cache *cache, void *obj)
{
	void *objs[MYMM_BATCH_OBJECTS];
	struct mymm_magazine *mag = NULL;
	unsigned long nr = 0;

	this_cpu_inc(cache->mag->free_misses);
	if (cache->mag_limit)
		mag = magazine_get(cache);
	if (mag) {
		if (mag->count >= cache->mag_limit) {
			nr = min(batch_of(cache), mag->count);
			mag->count -= nr;
			mag->moved -= nr;
			memcpy(objs, mag->objs, nr * sizeof(obj));
			memmove(mag->objs, mag->objs + nr,
				mag->count * sizeof(obj));
		}
		mag->objs[mag->count++] = obj;
		mag->moved++;
		magazine_put(mag);
	} else {
		objs[nr++] = obj;
	}
	if (nr)
		cache->engine->free(cache, nr, objs);
}

/* --- refusals --------------------------------------------------------------- */

/**
 * mymm_magazine_has() - is an object in the magazine of any CPU?
 * @cache: the cache
 * @obj: the object
 *
 * Reads other CPUs' magazines while they are in use, so an object on its way may be
 * missed: see @flights.
 *
 * Return: whether it was seen.
 */
bool mymm_magazine_has(struct mymm_cache *cache, const void *obj)
{
	unsigned long i;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct mymm_magazine *mag = per_cpu_ptr(cache->mag, cpu);
		unsigned long count = READ_ONCE(mag->count);

		for (i = 0; i < min(count, cache->mag_limit); i++)
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

		smp_rmb(); /* pairs with flight_begin() and flight_end() */
		if (!atomic_read(&cache->flights)) {
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
 * mymm_object_is_free() - is an object that mymm_cache_owns() free?
 * @cache: its cache
 * @obj: the object
 *
 * Context: any but NMI.
 * Return: whether it is; see the head of this file for what can't be seen.
 */
bool mymm_object_is_free(struct mymm_cache *cache, void *obj)
{
	return mymm_cache_looks_free(cache, obj) && confirm_free(cache, obj);
}

static noinline int refuse_double_free(struct mymm_cache *cache, void *obj)
{
	mymm_refuse(cache->pool, MYMM_REFUSED_DOUBLE_FREE,
		    "double free of an object of cache %s at frame %u+%lu",
		    cache->name, mymm_pool_index(cache->pool, obj),
		    offset_in_page(obj));
	return -EINVAL;
}

/* Say why mymm_cache_owns() denied it. */
static noinline int refuse_free(struct mymm_cache *cache, const void *obj)
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

/* May it be freed? */
static __always_inline int admit(struct mymm_cache *cache, void *obj)
{
	if (unlikely(!mymm_cache_owns(cache, obj)))
		return refuse_free(cache, obj);
	if (unlikely(mymm_object_is_free(cache, obj)))
		return refuse_double_free(cache, obj);
	return 0;
}

/* It carries the cookie from now on. */
static __always_inline void mark_free(struct mymm_cache *cache, void *obj)
{
	*mymm_cache_word(cache, obj) = mymm_cache_cookie(cache, obj) ^
				       MYMM_IN_MAGAZINE;
}

/* --- the fast paths and their exits ------------------------------------------- */

static noinline void *alloc_finish(struct mymm_cache *cache, void *obj,
				   gfp_t gfp, struct mymm_owner owner)
{
	if (mymm_cache_clears(cache, gfp))
		memset(obj, 0, cache->object_size);
	mymm_event_object_alloc(cache->pool, cache->name, obj, gfp, owner);
	return obj;
}

/* Whatever it takes. */
static noinline void *alloc_careful(struct mymm_cache *cache, gfp_t gfp,
				    const struct mymm_owner *owner)
{
	const struct mymm_owner who = mymm_owner_or(owner, _RET_IP_);
	void *obj = NULL;

	if (refuse_now(cache))
		return NULL;
	if (!pop_many(cache, 1, &obj))
		obj = alloc_from_engine(cache, gfp);
	if (!obj)
		return NULL;
	*mymm_cache_word(cache, obj) = 0;
	return alloc_finish(cache, obj, gfp, who);
}

/* Not from the fast path: the pool is dead, an NMI, or there is more to be done. */
static noinline void *alloc_leave(struct mymm_cache *cache, gfp_t gfp,
				  const struct mymm_owner *owner)
{
	const struct mymm_owner who = mymm_owner_or(owner, _RET_IP_);

	preempt_enable();
	return alloc_careful(cache, gfp, &who);
}

/* The magazine is empty, or the token is not ours. */
static noinline void *alloc_undo(struct mymm_cache *cache, gfp_t gfp,
				 const struct mymm_owner *owner,
				 struct mymm_magazine *mag)
{
	const struct mymm_owner who = mymm_owner_or(owner, _RET_IP_);

	undo_token(mag);
	preempt_enable();
	return alloc_careful(cache, gfp, &who);
}

static noinline void *alloc_resched(void *obj)
{
	mymm_preempt_enable_resched();
	return obj;
}

static __always_inline void *cache_alloc(struct mymm_cache *cache, gfp_t gfp,
					 const struct mymm_owner *owner)
{
	struct mymm_magazine *mag;
	unsigned long count;
	void *obj;

	preempt_disable();
	if (unlikely(mymm_gfp_leaves(gfp, cache->leave_gfp) || in_nmi()) ||
	    tracepoint_enabled(mymm_object_alloc))
		return alloc_leave(cache, gfp, owner);
	mag = this_cpu_ptr(cache->mag);
	if (unlikely(!take_token(mag)))
		return alloc_undo(cache, gfp, owner, mag);
	/* Below 0 is empty: the borrow saves a compare. */
	if (unlikely(__builtin_sub_overflow(mag->count, 1, &count)))
		return alloc_undo(cache, gfp, owner, mag);
	mag->count = count;
	obj = mag->objs[count];
	mag->alloc_hits++;
	return_token(mag);

	*mymm_cache_word(cache, obj) = 0;
	if (mymm_preempt_enable_begin())
		return alloc_resched(obj);
	return obj;
}

/* The magazine is full, or the token is not ours. */
static noinline int free_undo(struct mymm_cache *cache, void *obj,
			      struct mymm_magazine *mag)
{
	undo_token(mag);
	/* It is marked, and nowhere: say so before anybody else can run here. */
	flight_begin(cache);
	preempt_enable();
	free_to_engine(cache, obj);
	flight_end(cache);
	return 0;
}

static noinline int free_resched(void)
{
	mymm_preempt_enable_resched();
	return 0;
}

/* All that can be wrong, or is to be told. */
static noinline int free_careful(struct mymm_cache *cache, void *obj,
				 const struct mymm_owner *owner)
{
	const struct mymm_owner who = mymm_owner_or(owner, _RET_IP_);
	int err;

	if (refuse_now(cache))
		return in_nmi() ? -EPERM : -EIO;
	err = admit(cache, obj);
	if (err)
		return err;
	mymm_event_object_free(cache->pool, cache->name, obj, who);
	flight_begin(cache);
	mark_free(cache, obj);
	if (!push_many(cache, 1, &obj))
		free_to_engine(cache, obj);
	flight_end(cache);
	return 0;
}

/* Not by the fast path: something is wrong, or to be told. */
static noinline int free_leave(struct mymm_cache *cache, void *obj,
			       const struct mymm_owner *owner)
{
	const struct mymm_owner who = mymm_owner_or(owner, _RET_IP_);

	preempt_enable();
	return free_careful(cache, obj, &who);
}

static __always_inline int cache_free(struct mymm_cache *cache, void *obj,
				      const struct mymm_owner *owner)
{
	struct mymm_magazine *mag;
	unsigned long count;

	preempt_disable();
	if (unlikely(in_nmi() || !mymm_cache_owns(cache, obj) ||
		     mymm_cache_looks_free(cache, obj)) ||
	    tracepoint_enabled(mymm_object_free))
		return free_leave(cache, obj, owner);
	mark_free(cache, obj);
	mag = this_cpu_ptr(cache->mag);
	if (unlikely(!take_token(mag)))
		return free_undo(cache, obj, mag);
	count = mag->count;
	if (unlikely(count >= cache->mag_limit))
		return free_undo(cache, obj, mag);
	mag->count = count + 1;
	mag->objs[count] = obj;
	return_token(mag);
	if (mymm_preempt_enable_begin())
		return free_resched();
	return 0;
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
	return cache_alloc(cache, gfp, NULL);
}
EXPORT_SYMBOL_GPL(mymm_cache_alloc);

void *__mymm_cache_alloc(struct mymm_cache *cache, gfp_t gfp,
			 struct mymm_owner owner)
{
	return cache_alloc(cache, gfp, &owner);
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
	return cache_free(cache, obj, NULL);
}
EXPORT_SYMBOL_GPL(mymm_cache_free);

int __mymm_cache_free(struct mymm_cache *cache, void *obj,
		      struct mymm_owner owner)
{
	return cache_free(cache, obj, &owner);
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
	if (unlikely(!take_token(mag)))
		return alloc_undo(cache, gfp, NULL, mag);
	if (unlikely(!mag->count))
		return alloc_undo(cache, gfp, NULL, mag);
	obj = mag->objs[--mag->count];
	return_token(mag);
	if (mymm_preempt_enable_begin())
		return alloc_resched(obj);
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
	mag = this_cpu_ptr(cache->mag);
	if (unlikely(!take_token(mag))) {
		free_undo(cache, obj, mag);
		return;
	}
	if (unlikely(mag->count >= cache->mag_limit)) {
		free_undo(cache, obj, mag);
		return;
	}
	mag->objs[mag->count++] = obj;
	return_token(mag);
	if (mymm_preempt_enable_begin())
		free_resched();
}
MYMM_EXPORT_INTERNAL(mymm_cache_free_unchecked);

static void give_back(struct mymm_cache *cache, size_t nr, void **objs)
{
	size_t put = push_many(cache, nr, objs);

	if (put == nr)
		return;
	flight_begin(cache);
	cache->engine->free(cache, nr - put, objs + put);
	flight_end(cache);
	this_cpu_add(cache->mag->free_misses, nr - put);
}

/* The end of a batch's way that began with flight_begin(). */
static void give_back_flight(struct mymm_cache *cache, size_t nr, void **objs)
{
	give_back(cache, nr, objs);
	flight_end(cache);
}

/**
 * mymm_cache_alloc_bulk() - allocate several objects, or none
 * @cache: of which cache
 * @gfp: as for mymm_cache_alloc()
 * @nr: how many
 * @objs: where to put them
 *
 * Context: any; in NMI it refuses.
 * Return: @nr; 0 if there are not that many, and then none is taken.
 */
int mymm_cache_alloc_bulk(struct mymm_cache *cache, gfp_t gfp, size_t nr,
			  void **objs)
{
	size_t got, i;

	if (unlikely(refuse_now(cache)))
		return 0;
	got = pop_many(cache, nr, objs);
	if (got < nr) {
		flight_begin(cache);
		while (got < nr) {
			size_t some = min_t(size_t, nr - got, 256);
			unsigned int more;

			more = cache->engine->alloc(cache, gfp, some,
						    objs + got);
			if (!more)
				break;
			this_cpu_add(cache->mag->alloc_misses, more);
			got += more;
		}
		flight_end(cache);
	}
	if (unlikely(got < nr)) {
		give_back(cache, got, objs);
		return 0;
	}
	for (i = 0; i < nr; i++)
		*mymm_cache_word(cache, objs[i]) = 0;
	if (mymm_cache_clears(cache, gfp) ||
	    tracepoint_enabled(mymm_object_alloc))
		for (i = 0; i < nr; i++)
			alloc_finish(cache, objs[i], gfp, MYMM_CALLER);
	return nr;
}
EXPORT_SYMBOL_GPL(mymm_cache_alloc_bulk);

/**
 * mymm_cache_free_bulk() - give several objects back
 * @cache: the cache that they are from
 * @nr: how many
 * @objs: the objects
 *
 * Each is judged for itself: those that mymm_cache_free() would refuse are refused,
 * the others are freed.
 *
 * Context: any; in NMI it refuses.
 * Return: 0, or the last refusal.
 */
int mymm_cache_free_bulk(struct mymm_cache *cache, size_t nr, void **objs)
{
	void *good[MYMM_BATCH_OBJECTS];
	unsigned int n = 0;
	int err = 0;
	size_t i;

	if (unlikely(refuse_now(cache)))
		return in_nmi() ? -EPERM : -EIO;
	for (i = 0; i < nr; i++) {
		int bad;

		/* A search for it must find those that came before. */
		if (n && mymm_cache_owns(cache, objs[i]) &&
		    mymm_cache_looks_free(cache, objs[i])) {
			give_back_flight(cache, n, good);
			n = 0;
		}
		bad = admit(cache, objs[i]);
		if (unlikely(bad)) {
			err = bad;
			continue;
		}
		mymm_event_object_free(cache->pool, cache->name, objs[i],
				       MYMM_CALLER);
		if (!n)
			flight_begin(cache);
		mark_free(cache, objs[i]);
		good[n++] = objs[i];
		if (n == ARRAY_SIZE(good)) {
			give_back_flight(cache, n, good);
			n = 0;
		}
	}
	if (n)
		give_back_flight(cache, n, good);
	return err;
}
EXPORT_SYMBOL_GPL(mymm_cache_free_bulk);

/* --- emptying ------------------------------------------------------------------ */

/*
 * Give what a magazine has to the engine. It is this CPU's, or a dead one's. In a dead
 * pool the engine's lists can't be trusted: there it is only forgotten.
 */
static void drain_magazine(struct mymm_cache *cache, struct mymm_magazine *mag)
{
	void *objs[MYMM_BATCH_OBJECTS];
	unsigned long nr;

	do {
		flight_begin(cache);
		preempt_disable();
		if (WARN_ON_ONCE(!take_token(mag))) {
			undo_token(mag);
			preempt_enable();
			flight_end(cache);
			return;
		}
		nr = min(mag->count, MYMM_BATCH_OBJECTS);
		mag->count -= nr;
		mag->moved -= nr;
		memcpy(objs, mag->objs + mag->count, nr * sizeof(objs[0]));
		magazine_put(mag);
		if (nr && !mymm_pool_dead(cache->pool))
			cache->engine->free(cache, nr, objs);
		flight_end(cache);
	} while (nr);
}

static void drain_work(struct work_struct *work)
{
	struct mymm_cache *cache = READ_ONCE(drain_cache);

	/* Bound to its CPU: this is a worker of that CPU. */
	if (cache) {
		drain_magazine(cache, this_cpu_ptr(cache->mag));
		return;
	}
	/* The drainer holds pool->lock for us. */
	list_for_each_entry(cache, &drain_pool->caches, list)
		drain_magazine(cache, this_cpu_ptr(cache->mag));
}

static void drain_all_cpus(struct mymm_pool *pool, struct mymm_cache *cache)
{
	int cpu;

	lockdep_assert_held(&pool->lock);

	guard(mutex)(&drain_lock);
	drain_pool = pool;
	WRITE_ONCE(drain_cache, cache);
	for_each_online_cpu(cpu)
		queue_work_on(cpu, system_wq, per_cpu_ptr(drain_works, cpu));
	for_each_online_cpu(cpu)
		flush_work(per_cpu_ptr(drain_works, cpu));
	drain_pool = NULL;
	WRITE_ONCE(drain_cache, NULL);
}

/**
 * mymm_magazine_drain() - empty the magazines of a cache on all CPUs
 * @cache: the cache
 *
 * Context: process; sleeps. The caller holds cpus_read_lock() and pool->lock.
 */
void mymm_magazine_drain(struct mymm_cache *cache)
{
	if (cache->mag_limit)
		drain_all_cpus(cache->pool, cache);
}

/**
 * mymm_magazine_drain_pool() - empty the magazines of all caches on all CPUs
 * @pool: whose caches
 *
 * Context: process; sleeps. The caller holds cpus_read_lock() and pool->lock.
 */
void mymm_magazine_drain_pool(struct mymm_pool *pool)
{
	drain_all_cpus(pool, NULL);
}

/* The CPU is dead: nobody can be at its magazines any more. */
static int cpu_dead(unsigned int cpu)
{
	struct mymm_pool *pool;
	struct mymm_cache *cache;

	mutex_lock(&mymm_pools_lock);
	list_for_each_entry(pool, &mymm_pools, node) {
		mutex_lock(&pool->lock);
		list_for_each_entry(cache, &pool->caches, list)
			drain_magazine(cache, per_cpu_ptr(cache->mag, cpu));
		mutex_unlock(&pool->lock);
	}
	mutex_unlock(&mymm_pools_lock);
	return 0;
}

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
	int cpu;

	*stats = (struct mymm_magazine_stats){};
	for_each_possible_cpu(cpu) {
		const struct mymm_magazine *mag = per_cpu_ptr(cache->mag, cpu);

		stats->objects += READ_ONCE(mag->count);
		stats->alloc_hits += READ_ONCE(mag->alloc_hits);
		stats->alloc_misses += READ_ONCE(mag->alloc_misses);
		/* What came in and did not come from the engine was freed. */
		stats->free_hits += READ_ONCE(mag->alloc_hits) +
				    READ_ONCE(mag->count) -
				    READ_ONCE(mag->moved);
		stats->free_misses += READ_ONCE(mag->free_misses);
		stats->collisions += READ_ONCE(mag->collisions);
	}
}
MYMM_EXPORT_INTERNAL(mymm_magazine_stats);

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
	struct mymm_magazine __percpu *mag;
	int cpu;

	cache->engine->default_tunables(cache, &tunables);
	if (mymm_inject_fail())
		return -ENOMEM;
	mag = __alloc_percpu(struct_size_t(struct mymm_magazine, objs,
					   tunables.limit),
			     L1_CACHE_BYTES);
	if (!mag)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		per_cpu_ptr(mag, cpu)->token = 1;
	cache->mag = mag;
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

/**
 * mymm_magazine_init() - be ready to empty magazines
 *
 * Context: process; sleeps; before the first cache.
 * Return: 0 or a negative errno.
 */
int mymm_magazine_init(void)
{
	int cpu;

	drain_works = alloc_percpu(struct work_struct);
	if (!drain_works)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		INIT_WORK(per_cpu_ptr(drain_works, cpu), drain_work);

	cpu_dead_state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN,
						   "mymm:dead", NULL, cpu_dead);
	if (cpu_dead_state < 0) {
		free_percpu(drain_works);
		return cpu_dead_state;
	}
	return 0;
}

/**
 * mymm_magazine_exit() - undo mymm_magazine_init()
 *
 * Context: process; sleeps; after the last cache.
 */
void mymm_magazine_exit(void)
{
	/* Caches that ended free their magazines from RCU's callbacks: our code. */
	rcu_barrier();
	cpuhp_remove_state_nocalls(cpu_dead_state);
	free_percpu(drain_works);
}
