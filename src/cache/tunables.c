// SPDX-License-Identifier: GPL-2.0
/*
 * Tunables: how much a cache keeps at hand, changed while it is in use.
 *
 *   limit         objects that each CPU's magazine has room for
 *   batchcount    how many move between a magazine and what lies behind it at once
 *   shared        the shared array of a node has room for shared * batchcount
 *
 * An array is never made larger or smaller where it is. There are new magazines, and each
 * CPU leaves its old one (mymm_magazine_switch()); and there are new shared arrays, which
 * the engine puts in the place of the old ones. All memory is there before anything changes.
 *
 * Only an engine that shows tunables has them. A cache that checks each object on its way
 * (debug.c) has no magazines, and none can be given to it.
 */
#include <linux/cpu.h>
#include <linux/percpu.h>

#include "object/cache.h"
#include "base/compat.h"
#include "cache/magazine_drain.h"

/* The kernel's per-CPU allocator gives no more than this at once. */
#define MAX_LIMIT                                                             \
	((unsigned int)((PCPU_MIN_UNIT_SIZE - sizeof(struct mymm_magazine)) / \
			sizeof(void *)))
#define MAX_SHARED ((unsigned int)BIT(20))

static int check(const struct mymm_cache *cache,
		 const struct mymm_tunables *tunables)
{
	const char *pool = cache->pool->name, *name = cache->name;

	if (!cache->engine->set_tunables) {
		pr_err_ratelimited(
			"pool %s: cache %s: engine %s has no tunables\n", pool,
			name, cache->engine->name);
		return -EINVAL;
	}
	if (cache->debug) {
		pr_err_ratelimited(
			"pool %s: cache %s: it is a debug cache, so nothing may be kept at hand\n",
			pool, name);
		return -EINVAL;
	}
	if (!tunables->limit || tunables->limit > MAX_LIMIT) {
		pr_err_ratelimited(
			"pool %s: cache %s: limit %d is out of range 1 to %u\n",
			pool, name, (int)tunables->limit, MAX_LIMIT);
		return -EINVAL;
	}
	if (!tunables->batchcount || tunables->batchcount > tunables->limit) {
		pr_err_ratelimited(
			"pool %s: cache %s: batchcount %d is out of range 1 to limit, which is %u\n",
			pool, name, (int)tunables->batchcount, tunables->limit);
		return -EINVAL;
	}
	if (tunables->shared > MAX_SHARED / tunables->batchcount) {
		pr_err_ratelimited(
			"pool %s: cache %s: sharedfactor %d is out of range 0 to %u\n",
			pool, name, (int)tunables->shared,
			MAX_SHARED / tunables->batchcount);
		return -EINVAL;
	}
	return 0;
}

/**
 * mymm_cache_tune() - change what a cache keeps at hand
 * @cache: the cache
 * @tunables: as they are to be
 *
 * Context: process; sleeps. The caller holds cpus_read_lock() and pool->lock.
 * Return: 0. -EINVAL: they make no sense, or this cache has none, and a line in the log says
 * which; -ENOMEM; -EIO: the pool is dead. Nothing has changed then.
 */
int mymm_cache_tune(struct mymm_cache *cache,
		    const struct mymm_tunables *tunables)
{
	struct mymm_magazine __percpu *mag;
	int err;

	lockdep_assert_held(&cache->pool->lock);
	if (mymm_pool_dead(cache->pool))
		return -EIO;
	err = check(cache, tunables);
	if (err)
		return err;
	mag = mymm_magazine_alloc(tunables->limit);
	if (!mag)
		return -ENOMEM;
	err = cache->engine->set_tunables(cache, tunables);
	if (err) {
		free_percpu(mag);
		return err;
	}
	mymm_magazine_switch(cache, mag, tunables);
	return 0;
}
MYMM_EXPORT_INTERNAL(mymm_cache_tune);
