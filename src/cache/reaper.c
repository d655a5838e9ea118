// SPDX-License-Identifier: GPL-2.0
/*
 * The reaper: comes every other second, and has caches give back what was not used lately.
 *
 * It goes through the caches of all pools whose engine wants it; today that is slab. Of
 * magazines that were not allocated from since it was here last a fifth of their room goes
 * back, on each CPU; the engine does the rest. On the same occasion what CPUs may keep of
 * pages falls, where the kernel that runs tunes it: Linux has its vmstat worker do that. A
 * pool that asked to be left alone (MYMM_POOL_NO_RECLAIM) is. Locks that are not to be had
 * at once are left for the next time, as in SLAB's cache_reap().
 *
 * It begins with the first cache or pool that has use for it, and ends at unload; as long as
 * nothing else happens it does not wake an idle CPU.
 */
#include <linux/cpu.h>
#include <linux/workqueue.h>

#include "object/cache.h"
#include "cache/reaper.h"
#include "page/registry.h"
#include "cache/magazine_drain.h"
#include "object/refill.h"

#define REAP_INTERVAL (2 * HZ)

static void reap(struct work_struct *work);

static DECLARE_DEFERRABLE_WORK(reap_work, reap);

/**
 * mymm_reaper_wanted() - does a pool's zones' tuning want the reaper?
 * @pool: the pool
 *
 * Context: any.
 * Return: whether a zone's lists have a limit that moves.
 */
bool mymm_reaper_wanted(const struct mymm_pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++)
		if (mymm_zone_tunes_high(&pool->zone[i]))
			return true;
	return false;
}

static void reap_pool(struct mymm_pool *pool)
{
	bool any = mymm_reaper_wanted(pool);
	struct mymm_cache *cache;

	lockdep_assert_held(&pool->lock);
	if (mymm_pool_dead(pool) || (pool->flags & MYMM_POOL_NO_RECLAIM))
		return;
	list_for_each_entry(cache, &pool->caches, list) {
		if (!cache->engine->reap)
			continue;
		any = true;
		cache->engine->reap(cache);
	}
	if (any)
		mymm_magazine_try_reap_pool(pool);
}

static void reap(struct work_struct *work)
{
	struct mymm_pool *pool;

	if (!cpus_read_trylock())
		goto again;
	if (!mutex_trylock(&mymm_pools_lock))
		goto unlock;
	list_for_each_entry(pool, &mymm_pools, node) {
		if (!mutex_trylock(&pool->lock))
			continue;
		reap_pool(pool);
		mutex_unlock(&pool->lock);
	}
	mutex_unlock(&mymm_pools_lock);
unlock:
	cpus_read_unlock();
again:
	schedule_delayed_work(&reap_work,
			      round_jiffies_relative(REAP_INTERVAL));
}

/**
 * mymm_reaper_start() - there is a cache or a pool that has use for the reaper
 *
 * Context: any.
 */
void mymm_reaper_start(void)
{
	schedule_delayed_work(&reap_work,
			      round_jiffies_relative(REAP_INTERVAL));
}

/**
 * mymm_reaper_exit() - let nothing of it happen any more
 *
 * Context: process; sleeps. Nobody makes caches, or allocates from them, any more.
 */
void mymm_reaper_exit(void)
{
	cancel_delayed_work_sync(&reap_work);
	mymm_refill_exit();
}
