// SPDX-License-Identifier: GPL-2.0
/*
 * Emptying magazines. Only its own CPU touches a magazine, so each CPU empties its own
 * (base/percpu_work.c): in task context, where the local trylock is never found taken.
 *
 * To trim does less: a magazine from which nothing was taken since the last trim loses all
 * objects; the others keep half of what they have room for, and lose the oldest. SLAB did
 * that every other second; here it happens on request, of a user or of a shrinker.
 *
 * The magazines of a dead CPU are emptied by another one (pool/hotplug.c), after nothing can
 * run on the dead CPU any more: later than its teardown, during which it still allocates.
 */
#include <linux/cpu.h>
#include <linux/percpu.h>

#include "base/compat.h"
#include "base/percpu_work.h"
#include "cache/magazine_drain.h"
#include "object/transfer.h"
#include "page/registry.h"
#include "page/pcp.h"

/* Objects to keep: none if nothing was allocated since the last trim, else half of the room. */
static unsigned long trimmed(const struct mymm_cache *cache,
			     struct mymm_magazine *mag)
{
	bool idle = mag->alloc_hits == mag->trim_hits;

	mag->trim_hits = mag->alloc_hits;
	return idle ? 0 : cache->mag_limit / 2;
}

/*
 * Give the objects of a magazine to the engine, except the newest @keep. The magazine is of
 * this CPU or of a dead one. In a dead pool the lists of the engine can't be trusted: there
 * the objects are dropped.
 */
static void empty_magazine(struct mymm_cache *cache, struct mymm_magazine *mag,
			   unsigned long keep)
{
	void *objs[MYMM_BATCH_OBJECTS];
	unsigned long nr;

	do {
		mymm_transfer_begin(cache);
		preempt_disable();
		if (WARN_ON_ONCE(!mymm_local_trylock(&mag->lock))) {
			mymm_local_contended(&mag->lock);
			preempt_enable();
			mymm_transfer_end(cache);
			return;
		}
		nr = mag->count - min(mag->count, keep);
		nr = min(nr, MYMM_BATCH_OBJECTS);
		mag->count -= nr;
		mag->moved -= nr;
		if (keep) {
			memcpy(objs, mag->objs, nr * sizeof(objs[0]));
			memmove(mag->objs, mag->objs + nr,
				mag->count * sizeof(objs[0]));
		} else {
			memcpy(objs, mag->objs + mag->count,
			       nr * sizeof(objs[0]));
		}
		mymm_forget_objects(mag->objs + mag->count, nr);
		mymm_magazine_put(mag);
		if (nr && !mymm_pool_dead(cache->pool))
			mymm_engine_put(cache, nr, objs);
		mymm_transfer_end(cache);
	} while (nr);
}

/* What follows does not depend on when it was last trimmed or reaped. */
static void drain_magazine(struct mymm_cache *cache, struct mymm_magazine *mag)
{
	empty_magazine(cache, mag, 0);
	mag->trim_hits = mag->alloc_hits;
	mag->reap_hits = mag->alloc_hits;
}

/* Give back the slabs that the engine keeps for a CPU. */
static void drain_slabs(struct mymm_cache *cache, int cpu)
{
	if (cache->engine->drain_cpu && !mymm_pool_dead(cache->pool))
		cache->engine->drain_cpu(cache, cpu);
}

/* The next functions run on each CPU; the caller holds pool->lock. */

static void drain_local(void *arg)
{
	struct mymm_cache *cache = arg;

	drain_magazine(cache, this_cpu_ptr(cache->mag));
}

static void drain_pool_local(void *arg)
{
	struct mymm_pool *pool = arg;
	struct mymm_cache *cache;

	list_for_each_entry(cache, &pool->caches, list)
		drain_local(cache);
}

static void trim_local(void *arg)
{
	struct mymm_pool *pool = arg;
	struct mymm_cache *cache;

	list_for_each_entry(cache, &pool->caches, list) {
		struct mymm_magazine *mag = this_cpu_ptr(cache->mag);
		unsigned long keep = trimmed(cache, mag);

		empty_magazine(cache, mag, keep);
		if (!keep)
			drain_slabs(cache, smp_processor_id());
	}
}

/* As much as SLAB's drain_array(): a fifth of the room, or half of the objects if that is less. */
static void reap_magazines(struct mymm_pool *pool)
{
	struct mymm_cache *cache;

	list_for_each_entry(cache, &pool->caches, list) {
		struct mymm_magazine *mag = this_cpu_ptr(cache->mag);
		unsigned long count = mag->count, fifth;
		bool idle = mag->alloc_hits == mag->reap_hits;

		mag->reap_hits = mag->alloc_hits;
		if (!cache->engine->reap || !idle || !count)
			continue;
		fifth = (cache->mag_limit + 4) / 5;
		if (fifth > count)
			fifth = (count + 1) / 2;
		empty_magazine(cache, mag, count - fifth);
	}
}

static void reap_local(void *pool)
{
	reap_magazines(pool);
	mymm_pcp_decay_local(pool);
}

/*
 * Add the counters of the old magazine of a CPU, which is not used any more, to those of the
 * new one, in which interrupts already count.
 */
static void inherit(struct mymm_magazine *mag, const struct mymm_magazine *old)
{
	unsigned long flags;

	local_irq_save(flags);
	mag->alloc_hits += old->alloc_hits;
	mag->alloc_misses += old->alloc_misses;
	mag->free_misses += old->free_misses;
	mag->moved += old->moved;
	mag->lock.collisions += old->lock.collisions;
	local_irq_restore(flags);
}

/* A cache that has new magazines, and its old ones. */
struct replaced {
	struct mymm_cache *cache;
	struct mymm_magazine __percpu *old;
};

static void switch_local(void *arg)
{
	const struct replaced *replaced = arg;
	struct mymm_magazine *old = this_cpu_ptr(replaced->old);

	drain_magazine(replaced->cache, old);
	preempt_disable();
	inherit(this_cpu_ptr(replaced->cache->mag), old);
	preempt_enable();
}

static void nop_local(void *cache)
{
	/* Running here is enough: each use that began before on this CPU has ended. */
}

/**
 * mymm_magazine_drain() - empty the magazines of a cache on all CPUs
 * @cache: the cache
 *
 * Context: process; sleeps. The caller holds cpus_read_lock() and pool->lock.
 */
void mymm_magazine_drain(struct mymm_cache *cache)
{
	lockdep_assert_held(&cache->pool->lock);
	if (cache->mag_limit)
		mymm_on_each_cpu(drain_local, cache);
}
MYMM_EXPORT_INTERNAL(mymm_magazine_drain);

/**
 * mymm_magazine_drain_pool() - empty the magazines of all caches on all CPUs
 * @pool: the pool
 *
 * Context: process; sleeps. The caller holds cpus_read_lock() and pool->lock.
 */
void mymm_magazine_drain_pool(struct mymm_pool *pool)
{
	lockdep_assert_held(&pool->lock);
	mymm_on_each_cpu(drain_pool_local, pool);
}

/**
 * mymm_magazine_trim_pool() - empty the idle magazines, and halve the others
 * @pool: the pool
 *
 * Context: process; sleeps. The caller holds cpus_read_lock() and pool->lock.
 */
void mymm_magazine_trim_pool(struct mymm_pool *pool)
{
	lockdep_assert_held(&pool->lock);
	mymm_on_each_cpu(trim_local, pool);
}

/**
 * mymm_magazine_try_drain_pool() - mymm_magazine_drain_pool() for callers that must not wait long
 * @pool: the pool
 *
 * Context: process; sleeps. The caller holds cpus_read_lock() and pool->lock.
 * Return: whether it was done: not while other work for all CPUs is under way.
 */
bool mymm_magazine_try_drain_pool(struct mymm_pool *pool)
{
	return mymm_try_on_each_cpu(drain_pool_local, pool);
}

/**
 * mymm_magazine_try_trim_pool() - mymm_magazine_trim_pool() for callers that must not wait long
 * @pool: the pool
 *
 * Context: process; sleeps. The caller holds cpus_read_lock() and pool->lock.
 * Return: whether it was done: not while other work for all CPUs is under way.
 */
bool mymm_magazine_try_trim_pool(struct mymm_pool *pool)
{
	return mymm_try_on_each_cpu(trim_local, pool);
}

/**
 * mymm_magazine_reap_pool() - reap idle magazines, and let page list limits decay
 * @pool: the pool; its caches whose engine has a reaper
 *
 * A magazine that was not allocated from since the last call loses a fifth of its room.
 * Where the limit of a CPU's page lists was raised, it falls.
 *
 * Context: process; sleeps. The caller holds cpus_read_lock() and pool->lock.
 */
void mymm_magazine_reap_pool(struct mymm_pool *pool)
{
	lockdep_assert_held(&pool->lock);
	mymm_on_each_cpu(reap_local, pool);
}

/**
 * mymm_magazine_try_reap_pool() - mymm_magazine_reap_pool() for callers that must not wait long
 * @pool: whose caches
 *
 * Context: process; sleeps. The caller holds cpus_read_lock() and pool->lock.
 * Return: whether it was done: not while other work for all CPUs is under way.
 */
bool mymm_magazine_try_reap_pool(struct mymm_pool *pool)
{
	return mymm_try_on_each_cpu(reap_local, pool);
}

/**
 * mymm_magazine_switch() - replace the magazines of a cache
 * @cache: the cache
 * @mag: the new ones, empty
 * @tunables: their room, and how many objects move at once
 *
 * A CPU reads the limit apart from the magazine, and must never find a limit above the room.
 * So the lower of both limits is set and each CPU runs once; then the magazines are switched
 * and each CPU empties its old one; then the new limit is set. All of this is one transfer,
 * so that a search that overlaps it starts again. See magazine.c.
 *
 * Context: process; sleeps. The caller holds cpus_read_lock() and pool->lock.
 */
void mymm_magazine_switch(struct mymm_cache *cache,
			  struct mymm_magazine __percpu *mag,
			  const struct mymm_tunables *tunables)
{
	struct replaced replaced = { .cache = cache, .old = cache->mag };
	unsigned long limit = tunables->limit;
	int cpu;

	lockdep_assert_held(&cache->pool->lock);

	mymm_transfer_begin(cache);
	WRITE_ONCE(cache->mag_limit, min(cache->mag_limit, limit));
	mymm_on_each_cpu(nop_local, cache);
	/* Pairs with the address dependency of readers of cache->mag. */
	smp_store_release(&cache->mag, mag);
	mymm_on_each_cpu(switch_local, &replaced);
	WRITE_ONCE(cache->mag_limit, limit);
	WRITE_ONCE(cache->mag_batch, tunables->batchcount);
	mymm_transfer_end(cache);

	/* Magazines of offline CPUs were emptied when the CPU went offline. */
	for_each_possible_cpu(cpu)
		if (!cpu_online(cpu))
			inherit(per_cpu_ptr(mag, cpu),
				per_cpu_ptr(replaced.old, cpu));
	/* Readers may still count or search the old ones. */
	synchronize_rcu();
	free_percpu(replaced.old);
}

/**
 * mymm_magazine_drain_dead() - empty the magazines of a dead CPU
 * @pool: the pool
 * @cpu: the CPU; nothing runs on it
 *
 * Context: process; sleeps. The caller holds pool->lock.
 */
void mymm_magazine_drain_dead(struct mymm_pool *pool, unsigned int cpu)
{
	struct mymm_cache *cache;

	lockdep_assert_held(&pool->lock);
	list_for_each_entry(cache, &pool->caches, list) {
		drain_magazine(cache, per_cpu_ptr(cache->mag, cpu));
		drain_slabs(cache, cpu);
	}
}
