// SPDX-License-Identifier: GPL-2.0
/*
 * Draining a pool: what no user holds goes back to the zones. Objects go from magazines into
 * slabs, empty slabs into page lists, and these into the zones; so in this order.
 */
#include <linux/cpu.h>

#include "cache/magazine_drain.h"
#include "object/cache.h"
#include "object/slab_pages.h"
#include "page/pcp_drain.h"
#include "page/pool.h"
#include "page/pcp.h"

static unsigned long drain(struct mymm_pool *pool)
{
	struct mymm_cache *cache;
	unsigned long slabs = 0;

	cpus_read_lock();
	mutex_lock(&pool->lock);
	if (!mymm_pool_dead(pool)) {
		mymm_magazine_drain_pool(pool);
		list_for_each_entry(cache, &pool->caches, list)
			slabs += cache->engine->shrink(cache, ULONG_MAX);
		mymm_pcp_drain_all(pool);
		mymm_pool_reset(pool);
		mymm_reclaim_forget(pool);
	}
	mutex_unlock(&pool->lock);
	cpus_read_unlock();
	return slabs;
}

/**
 * mymm_pool_drain() - give back to the zones whatever no user holds
 * @pool: the pool
 *
 * Empties all magazines on all CPUs, gives all empty slabs back, and empties all per-CPU
 * page lists. Zones that are whole then get their free lists in the order that they had
 * at load, so that what follows depends on nothing that came before. Waits for slabs that
 * wait for a grace period.
 *
 * Context: process; sleeps.
 * Return: slabs given back.
 */
unsigned long mymm_pool_drain(struct mymm_pool *pool)
{
	unsigned long slabs = drain(pool);

	atomic_long_inc(&pool->reclaim.stats.drop_slab);
	/* What waited for readers is in the lists of CPUs now. */
	if (mymm_slabs_wait(pool))
		drain(pool);
	return slabs;
}
EXPORT_SYMBOL_GPL(mymm_pool_drain);

/**
 * mymm_pool_trim() - give back to the zones what was not used lately
 * @pool: the pool
 *
 * CPUs that have not taken an object of a cache since the last trim lose all that they
 * have at hand of it; others keep up to half of what they have room for. Slabs that become
 * empty go back, but for the few that each cache keeps. Then what is left is what the
 * pool's users live on; see mymm_pool_drain() for giving back everything.
 *
 * Context: process; sleeps.
 * Return: frames given back.
 */
unsigned long mymm_pool_trim(struct mymm_pool *pool)
{
	long before;

	cpus_read_lock();
	mutex_lock(&pool->lock);
	before = atomic_long_read(&pool->reclaim.slab_freed);
	if (!mymm_pool_dead(pool))
		mymm_magazine_trim_pool(pool);
	mutex_unlock(&pool->lock);
	cpus_read_unlock();
	return atomic_long_read(&pool->reclaim.slab_freed) - before;
}
EXPORT_SYMBOL_GPL(mymm_pool_trim);
