// SPDX-License-Identifier: GPL-2.0
/*
 * The reaper: a work item that every two seconds gives back what caches have not used lately.
 *
 * It walks the caches of all pools whose engine has a reap function; today that is slab. A
 * magazine that was not allocated from since the last time loses a fifth of its room, on each
 * CPU; the engine reaps its arrays and slabs. The reaper also lets the limits of per-CPU page
 * lists decay, on kernels that tune them; Linux does that in its vmstat worker. A pool with
 * MYMM_POOL_NO_RECLAIM is skipped. So is one whose clock is held (pool/clock.c): there the
 * holder calls mymm_reap_pool(). A lock that is taken is left for the next time, as in SLAB's
 * cache_reap().
 *
 * It starts with the first cache or pool that needs it, and stops at unload. Its timer is
 * deferrable: it does not wake an idle CPU.
 */
#include <linux/cpu.h>
#include <linux/workqueue.h>

#include "object/cache.h"
#include "cache/reaper.h"
#include "page/registry.h"
#include "page/zone.h"
#include "cache/magazine_drain.h"
#include "object/refill.h"

#define REAP_INTERVAL (2 * HZ)

static void reap(struct work_struct *work);

static DECLARE_DEFERRABLE_WORK(reap_work, reap);

/**
 * mymm_reaper_wanted() - does a pool need the reaper for its page lists?
 * @pool: the pool
 *
 * Context: any.
 * Return: whether the list limits of a zone are tuned at run time.
 */
bool mymm_reaper_wanted(const struct mymm_pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++)
		if (mymm_zone_tunes_high(&pool->zone[i]))
			return true;
	return false;
}

/* The engines' part. Returns whether there is something to do on each CPU. */
static bool reap_engines(struct mymm_pool *pool)
{
	bool any = mymm_reaper_wanted(pool);
	struct mymm_cache *cache;

	lockdep_assert_held(&pool->lock);
	if (mymm_pool_dead(pool) || (pool->flags & MYMM_POOL_NO_RECLAIM))
		return false;
	list_for_each_entry(cache, &pool->caches, list) {
		if (!cache->engine->reap)
			continue;
		any = true;
		cache->engine->reap(cache);
	}
	return any;
}

/**
 * mymm_reap_pool() - the reaper comes to one pool now
 * @pool: the pool
 *
 * Context: process; sleeps.
 */
void mymm_reap_pool(struct mymm_pool *pool)
{
	cpus_read_lock();
	mutex_lock(&pool->lock);
	if (reap_engines(pool))
		mymm_magazine_reap_pool(pool);
	mutex_unlock(&pool->lock);
	cpus_read_unlock();
}

/**
 * mymm_reap_all() - the reaper comes to all pools whose clock is not held
 *
 * Context: process; sleeps.
 */
void mymm_reap_all(void)
{
	struct mymm_pool *pool;

	if (!cpus_read_trylock())
		return;
	if (!mutex_trylock(&mymm_pools_lock))
		goto unlock;
	list_for_each_entry(pool, &mymm_pools, node) {
		if (pool->clock_held || !mutex_trylock(&pool->lock))
			continue;
		if (reap_engines(pool))
			mymm_magazine_try_reap_pool(pool);
		mutex_unlock(&pool->lock);
	}
	mutex_unlock(&mymm_pools_lock);
unlock:
	cpus_read_unlock();
}
MYMM_EXPORT_INTERNAL(mymm_reap_all);

static void reap(struct work_struct *work)
{
	mymm_reap_all();
	schedule_delayed_work(&reap_work,
			      round_jiffies_relative(REAP_INTERVAL));
}

/**
 * mymm_reaper_start() - start the reaper, unless it runs
 *
 * Context: any.
 */
void mymm_reaper_start(void)
{
	schedule_delayed_work(&reap_work,
			      round_jiffies_relative(REAP_INTERVAL));
}

/**
 * mymm_reaper_exit() - stop the reaper
 *
 * Context: process; sleeps. No cache is made, and none allocated from, any more.
 */
void mymm_reaper_exit(void)
{
	cancel_delayed_work_sync(&reap_work);
	mymm_refill_exit();
}
