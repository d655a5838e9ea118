// SPDX-License-Identifier: GPL-2.0
/*
 * Tunables: how many objects a cache keeps in arrays, changed while it is in use.
 *
 *   limit         objects that each CPU's magazine has room for
 *   batchcount    how many move at once between a magazine and the shared array or the slabs
 *   shared        the shared array of a node has room for shared * batchcount
 *
 * An array is not resized but replaced: each CPU switches to its new magazine
 * (mymm_magazine_switch()), and the engine replaces the shared arrays. All memory is allocated
 * before anything changes.
 *
 * Only engines with set_tunables() have them. A debug cache (debug.c) has no magazines, and
 * none can be given to it.
 */
#include <linux/cpu.h>
#include <linux/percpu.h>

#include "object/cache.h"
#include "base/compat.h"
#include "cache/magazine_drain.h"
#include "cache/tunables.h"
#include "cache/magazine.h"

/* The largest magazine that the kernel's per-CPU allocator can give. */
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
 * mymm_cache_tune() - set the tunables of a cache
 * @cache: the cache
 * @tunables: the new values
 *
 * Context: process; sleeps. The caller holds cpus_read_lock() and pool->lock.
 * Return: 0. -EINVAL: a value is out of range, or the cache has no tunables, and a line in the
 * log says which; -ENOMEM; -EIO: the pool is dead. On an error nothing has changed.
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
