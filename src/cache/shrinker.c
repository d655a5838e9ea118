// SPDX-License-Identifier: GPL-2.0
/*
 * The slab layer's shrinker: what caches have, and nobody uses.
 *
 * There are three layers of it, each more costly to do without than the one before:
 *
 *   1. empty slabs, which the engine keeps for the next allocation;
 *   2. objects in the magazines of CPUs that have not taken any since the last trim, and
 *      half of the room in the others: *trim*. What is left is the working set;
 *   3. all objects in all magazines: *drain*.
 *
 * A scan goes from one to the next only if it has not got enough frames. Frames become free
 * only where a whole slab does, so magazines may give many objects and no frame; what they
 * are said to have is how much memory it is, not how many frames it will be. When it is
 * empty there is nothing more to ask for, so nobody tries for ever.
 *
 * Locking. The locks that all of this needs are only tried, never waited for: whoever
 * allocates may hold one of them, and reclaim is what his allocation waits for.
 */
#include <linux/cpu.h>

#include "cache/shrinker.h"
#include "object/cache.h"
#include "base/compat.h"
#include "cache/magazine_drain.h"

static unsigned long slab_count(struct mymm_shrinker *shrinker,
				struct mymm_shrink_control *sc)
{
	struct mymm_pool *pool = shrinker->private_data;
	struct mymm_magazine_stats stats;
	struct mymm_cache *cache;
	u64 frames = 0, bytes = 0;

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
	return frames ?: MYMM_SHRINK_EMPTY;
}

/* Empty slabs, until @enough frames have gone back since there were @before. */
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
	/* What others gave back meanwhile is as good. */
	return atomic_long_read(&pool->reclaim.slab_freed) - before;
}

/**
 * mymm_cache_shrinker_init() - have a pool's caches give back what nobody uses
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
 * @pool: whether that was called or not
 *
 * Context: process; sleeps.
 */
void mymm_cache_shrinker_exit(struct mymm_pool *pool)
{
	if (pool->reclaim.slab.pool)
		mymm_shrinker_unregister(&pool->reclaim.slab);
}
