// SPDX-License-Identifier: GPL-2.0
/*
 * The slab layer's shrinker: gives back memory that caches hold and no user needs.
 *
 * There are three stages, each more costly than the one before:
 *
 *   1. empty slabs, which the engine keeps for the next allocation;
 *   2. objects in the magazines of CPUs that have not taken any since the last trim, and
 *      half of the room in the others: *trim*. What is left is the working set;
 *   3. all objects in all magazines: *drain*.
 *
 * A scan goes to the next stage only if it has not freed enough frames. A frame becomes free
 * only with its whole slab, so magazines may give many objects and no frame: the count for
 * magazines is the size of their objects, an upper bound of the frames. When all magazines
 * are empty the count is 0, so reclaim does not retry for ever.
 *
 * vfs_cache_pressure says how many per cent of that are counted, and so how hard caches are asked
 * beside other shrinkers: at 0 not at all, and above 100 more than they have. In Linux it is the
 * shrinkers of dentries and inodes that count so (vfs_pressure_ratio() of 6.12).
 *
 * Locking. The locks are only tried, never waited for: the allocation that waits for reclaim
 * may hold one of them.
 */
#include <linux/cpu.h>
#include <linux/math.h>

#include "cache/shrinker.h"
#include "object/cache.h"
#include "base/compat.h"
#include "cache/magazine_drain.h"
#include "cache/magazine.h"

static unsigned long slab_count(struct mymm_shrinker *shrinker,
				struct mymm_shrink_control *sc)
{
	struct mymm_pool *pool = shrinker->private_data;
	struct mymm_magazine_stats stats;
	struct mymm_cache *cache;
	u64 frames = 0, bytes = 0;
	unsigned long count;

	if (!mutex_trylock(&pool->lock))
		return 0;
	list_for_each_entry(cache, &pool->caches, list) {
		frames += cache->engine->empty(cache);
		if (!cache->mag_limit)
			continue;
		mymm_magazine_stats(cache, &stats);
		bytes += (u64)stats.objects * cache->size;
	}
	mutex_unlock(&pool->lock);
	frames += DIV_ROUND_UP_ULL(bytes, PAGE_SIZE);
	count = mult_frac((unsigned long)frames,
			  READ_ONCE(pool->reclaim.vfs_cache_pressure), 100);
	return count ?: MYMM_SHRINK_EMPTY;
}

/* Give back empty slabs until the count of freed frames is @enough above @before. */
static bool give_empty(struct mymm_pool *pool, long before, long enough)
{
	struct mymm_cache *cache;

	list_for_each_entry(cache, &pool->caches, list) {
		long left =
			enough -
			(atomic_long_read(&pool->reclaim.slab_freed) - before);

		if (left <= 0)
			return true;
		if (cache->engine->empty(cache))
			cache->engine->shrink(
				cache, DIV_ROUND_UP(left, 1L << cache->order));
	}
	return atomic_long_read(&pool->reclaim.slab_freed) - before >= enough;
}

static unsigned long slab_scan(struct mymm_shrinker *shrinker,
			       struct mymm_shrink_control *sc)
{
	struct mymm_pool *pool = shrinker->private_data;
	long before = atomic_long_read(&pool->reclaim.slab_freed);
	long enough = sc->nr_to_scan;

	if (!cpus_read_trylock())
		return MYMM_SHRINK_STOP;
	if (!mutex_trylock(&pool->lock)) {
		cpus_read_unlock();
		return MYMM_SHRINK_STOP;
	}
	if (!mymm_pool_dead(pool) && !give_empty(pool, before, enough) &&
	    mymm_magazine_try_trim_pool(pool) &&
	    !give_empty(pool, before, enough) &&
	    mymm_magazine_try_drain_pool(pool))
		give_empty(pool, before, enough);
	mutex_unlock(&pool->lock);
	cpus_read_unlock();
	/* Frames that other CPUs freed meanwhile count, too. */
	return atomic_long_read(&pool->reclaim.slab_freed) - before;
}

/**
 * mymm_cache_shrinker_init() - register the shrinker of a pool's caches
 * @pool: new
 *
 * Context: process.
 * Return: 0 or a negative errno.
 */
int mymm_cache_shrinker_init(struct mymm_pool *pool)
{
	struct mymm_shrinker *slab = &pool->reclaim.slab;

	if (pool->flags & MYMM_POOL_NO_RECLAIM)
		return 0;
	slab->count = slab_count;
	slab->scan = slab_scan;
	slab->seeks = MYMM_DEFAULT_SEEKS;
	slab->private_data = pool;
	return mymm_shrinker_register(pool, slab);
}

/**
 * mymm_cache_shrinker_exit() - undo mymm_cache_shrinker_init()
 * @pool: the pool; mymm_cache_shrinker_init() may have failed, or not been called
 *
 * Context: process; sleeps.
 */
void mymm_cache_shrinker_exit(struct mymm_pool *pool)
{
	if (pool->reclaim.slab.pool)
		mymm_shrinker_unregister(&pool->reclaim.slab);
}
