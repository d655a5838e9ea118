// SPDX-License-Identifier: GPL-2.0
/*
 * Life of caches: creation, names, the list of a pool, destruction.
 *
 * A cache has a number in its pool, which each frame of its slabs carries; so a
 * free finds with one compare that an object is from another cache, and
 * mymm_kfree() finds the cache of any object. Numbers of destroyed caches are used
 * again.
 *
 * To destroy a cache, its magazines are emptied on each CPU, then its empty slabs are given
 * back. If users hold objects, the cache stays, and the caller gets their number.
 *
 * An object that was written to after it was freed, or past its end, is quarantined (slub.c,
 * debug.c): it is not allocated again, does not count as held, and keeps its slab. A cache
 * that has only such objects left can be destroyed: its owner declares that way that no user
 * has a pointer into it. The slabs then go back to the pool as any pages that are freed; to
 * KASAN they are freed memory, so that a stale pointer is still reported.
 *
 * cache_config.c checks requests, engine.c lists the engines.
 */
#include <linux/cpu.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "base/fault_inject.h"
#include "object/cache.h"
#include "base/compat.h"
#include "cache/reaper.h"
#include "cache/debug.h"
#include "object/slab_pages.h"
#include "cache/magazine_drain.h"
#include "cache/alias.h"
#include "cache/cache.h"
#include "cache/cache_config.h"
#include "cache/engine.h"
#include "cache/magazine.h"
#include "page/pcp_drain.h"

/* Find a free number, if the name is not taken. Under pool->lock. */
static int find_place(struct mymm_pool *pool, const char *name)
{
	u32 id;

	lockdep_assert_held(&pool->lock);
	if (mymm_name_taken(pool, name))
		return -EEXIST;
	for (id = 1; id < MYMM_MAX_CACHES; id++)
		if (!rcu_access_pointer(pool->cache_by_id[id]))
			return id;
	return -ENOSPC;
}

static int register_cache(struct mymm_cache *cache)
{
	struct mymm_pool *pool = cache->pool;
	unsigned int n;
	int id;

	guard(mutex)(&pool->lock);
	if (mymm_pool_dead(pool))
		return -EIO;
	id = find_place(pool, cache->name);
	if (id < 0)
		return id;
	cache->id = id;
	cache->lists = mymm_pool_cache_list(pool, id, 0);
	for (n = 0; n < mymm_pool_lists_per_cache(pool); n++)
		mymm_list_init(pool->frame, mymm_pool_cache_list(pool, id, n));
	list_add(&cache->list, &pool->caches);
	rcu_assign_pointer(pool->cache_by_id[id], cache);
	if (!cache->careful)
		rcu_assign_pointer(pool->fast_by_id[id], cache);
	return 0;
}

static void unregister_cache(struct mymm_cache *cache)
{
	lockdep_assert_held(&cache->pool->lock);
	list_del(&cache->list);
	RCU_INIT_POINTER(cache->pool->cache_by_id[cache->id], NULL);
	RCU_INIT_POINTER(cache->pool->fast_by_id[cache->id], NULL);
}

/* Enter it into the pool and make its directory, under the lock of names. */
static int publish_cache(struct mymm_cache *cache)
{
	struct mymm_pool *pool = cache->pool;
	int err;

	guard(mutex)(&mymm_cache_names_lock);

	err = register_cache(cache);
	if (err)
		return err;
	err = mymm_cache_observer->add(cache);
	if (err) {
		mutex_lock(&pool->lock);
		unregister_cache(cache);
		mutex_unlock(&pool->lock);
		synchronize_rcu();
	}
	return err;
}

static struct mymm_cache *new_cache(struct mymm_pool *pool,
				    const struct mymm_cache_config *config,
				    const struct mymm_engine_ops *engine,
				    struct mymm_owner creator)
{
	struct mymm_cache *cache;

	if (mymm_inject_fail())
		return NULL;
	cache = kzalloc(sizeof(*cache), GFP_KERNEL);
	if (!cache)
		return NULL;
	strscpy(cache->name, config->name, sizeof(cache->name));
	cache->creator = creator;
	mymm_names_init(cache);
	cache->pool = pool;
	cache->frame = pool->frame;
	cache->base = pool->base;
	cache->has_memory = mymm_pool_has_memory(pool);
	cache->bytes = cache->has_memory ? pool->bytes : 0;
	cache->fast_bytes = cache->bytes;
	cache->careful = !cache->has_memory;
	cache->key = pool->key;
	cache->engine = engine;
	cache->ctor = config->ctor;
	cache->useroffset = config->useroffset;
	cache->usersize = config->usersize;
	cache->flags = config->flags;
	cache->gfp = mymm_cache_slab_gfp(config->flags);
	cache->object_size = config->size;
	cache->align = mymm_cache_alignment(config);
	cache->leave_gfp = !cache->has_memory || mymm_cache_clears(cache, 0) ?
				   ~(__force gfp_t)0 :
				   __GFP_ZERO;
	return cache;
}

static void exit_engine(struct mymm_cache *cache)
{
	if (cache->engine->cache_exit)
		cache->engine->cache_exit(cache);
}

struct mymm_cache *__mymm_cache_create(struct mymm_pool *pool,
				       const struct mymm_cache_config *config,
				       struct mymm_owner creator)
{
	const struct mymm_engine_ops *engine = pool->engine;
	struct mymm_cache *cache;
	struct mymm_name *alias;
	int err;

	if (mymm_pool_dead(pool)) {
		mymm_refuse(pool, MYMM_REFUSED_DEAD, "the pool is dead");
		return ERR_PTR(-EIO);
	}
	if (config->engine && *config->engine)
		engine = mymm_engine_find(config->engine);
	err = mymm_cache_check_config(pool, config, engine);
	if (err)
		return ERR_PTR(err);
	alias = mymm_alias_add(pool, config, engine, creator);
	if (alias)
		return IS_ERR(alias) ? ERR_CAST(alias) : alias->cache;

	cache = new_cache(pool, config, engine, creator);
	if (!cache)
		return ERR_PTR(-ENOMEM);
	err = mymm_debug_create(cache);
	if (err)
		goto err_cache;
	err = engine->cache_init(cache);
	if (err == -EINVAL)
		pr_err_ratelimited(
			"pool %s: cache %s: no slab can hold objects of %u bytes\n",
			pool->name, cache->name, cache->size);
	if (err)
		goto err_cache;
	if (cache->tracks_free) {
		cache->bytes = 0;
		cache->fast_bytes = 0;
		cache->leave_gfp = ~(__force gfp_t)0;
	}
	err = mymm_debug_begin(cache);
	if (!err)
		err = mymm_magazine_create(cache);
	if (err)
		goto err_engine;
	err = publish_cache(cache);
	if (err) {
		pr_err_ratelimited(
			"pool %s: cache %s: %s\n", pool->name, cache->name,
			err == -EEXIST ? "there is one of that name" :
			err == -EIO    ? "the pool is dead" :
			err == -ENOMEM ?
				      "no memory for its directory" :
				      "the pool has no room for more caches");
		goto err_magazine;
	}
	refcount_inc(&pool->users);
	if (engine->reap)
		mymm_reaper_start();
	return cache;

err_magazine:
	mymm_magazine_destroy(cache);
err_engine:
	exit_engine(cache);
err_cache:
	mymm_debug_destroy(cache);
	kfree(cache);
	return ERR_PTR(err);
}

/**
 * mymm_cache_create() - make a cache
 * @pool: the pool of its slabs
 * @config: the request; not needed afterwards
 *
 * Order and objects per slab are the engine's choice: for slub those of the running kernel's
 * SLUB for a cache of the same size, alignment, flags and constructor; for slab SLAB's. In a
 * pool with %MYMM_POOL_MERGE an existing cache may be returned: alias.c has the rule.
 *
 * Context: process; sleeps.
 * Return: the cache, or an ERR_PTR: -EINVAL: a line in the log says which part of @config
 * is invalid; -EEXIST: the name is taken; -ENOSPC: the pool has the most caches that it can
 * have; -EOPNOTSUPP: the engine needs memory and the pool has none, or it does not support
 * %SLAB_TYPESAFE_BY_RCU, or debugging; -ENOMEM; -EIO: the pool is dead.
 */
struct mymm_cache *mymm_cache_create(struct mymm_pool *pool,
				     const struct mymm_cache_config *config)
{
	return __mymm_cache_create(pool, config, MYMM_CALLER);
}
EXPORT_SYMBOL_GPL(mymm_cache_create);

static void free_cache_rcu(struct rcu_head *rcu)
{
	struct mymm_cache *cache = container_of(rcu, struct mymm_cache, rcu);

	mymm_magazine_destroy(cache);
	exit_engine(cache);
	mymm_debug_destroy(cache);
	mymm_names_free(cache);
	kfree(cache);
}

/**
 * mymm_caches_wait() - wait until RCU's callbacks have freed the destroyed caches
 *
 * Context: process; sleeps; after the last cache.
 */
void mymm_caches_wait(void)
{
	rcu_barrier();
}

/* After a grace period: a double mymm_kfree() may still search the magazines. */
static void free_cache(struct mymm_cache *cache)
{
	refcount_dec(&cache->pool->users);
	call_rcu(&cache->rcu, free_cache_rcu);
}

/* Empty its magazines and give its empty slabs back; the lists of a dead pool are not followed. */
static unsigned long shrink(struct mymm_cache *cache)
{
	if (mymm_pool_dead(cache->pool))
		return 0;
	mymm_magazine_drain(cache);
	return cache->engine->shrink(cache, ULONG_MAX);
}

/**
 * mymm_cache_live() - objects that users hold
 * @cache: the cache
 *
 * Objects in magazines count too, unless they were just emptied.
 *
 * Context: any but NMI.
 * Return: how many.
 */
unsigned long mymm_cache_live(struct mymm_cache *cache)
{
	unsigned long lost = atomic_long_read(&cache->quarantined);
	struct mymm_slabinfo info;

	cache->engine->get_slabinfo(cache, &info);
	return info.active_objs > lost ? info.active_objs - lost : 0;
}
MYMM_EXPORT_INTERNAL(mymm_cache_live);

/**
 * mymm_cache_report() - log which objects a cache still has
 * @cache: the cache
 * @what: the operation that failed, or went on, because of them
 *
 * Context: process.
 */
void mymm_cache_report(struct mymm_cache *cache, const char *what)
{
	pr_err_ratelimited(
		"pool %s: cache %s %s: %lu of its objects are held, %ld are out of use; it was made by %pS\n",
		cache->pool->name, cache->name, what, mymm_cache_live(cache),
		atomic_long_read(&cache->quarantined),
		(void *)cache->creator.caller);
}

/*
 * Has it given all of its slabs back? If it has only quarantined objects left, their slabs are
 * given back now.
 */
static bool is_empty(struct mymm_cache *cache, unsigned long live)
{
	struct mymm_slabinfo info;

	cache->engine->get_slabinfo(cache, &info);
	if (!info.num_slabs)
		return true;
	if (live || !atomic_long_read(&cache->quarantined) ||
	    !cache->engine->discard)
		return false;
	mymm_cache_report(cache, "ends");
	cache->engine->discard(cache);
	return true;
}

static int end_cache(struct mymm_cache *cache, unsigned long *live)
{
	struct mymm_pool *pool = cache->pool;
	bool ends;

	lockdep_assert_held(&mymm_cache_names_lock);
	cpus_read_lock();
	mutex_lock(&pool->lock);
	shrink(cache);
	*live = mymm_cache_live(cache);
	ends = mymm_pool_dead(pool) || is_empty(cache, *live);
	if (ends)
		unregister_cache(cache);
	mutex_unlock(&pool->lock);
	cpus_read_unlock();

	if (!ends)
		return -EBUSY;
	mymm_cache_observer->remove(cache);
	free_cache(cache);
	return 0;
}

/**
 * mymm_name_close() - give a cache's name up, and destroy the cache with its last name
 * @name: the name; invalid after success
 * @live: set to the number of held objects on -EBUSY
 *
 * A cache of a dead pool is destroyed even if objects are held.
 *
 * Context: process; sleeps.
 * Return: 0; -EBUSY.
 */
int mymm_name_close(struct mymm_name *name, unsigned long *live)
{
	guard(mutex)(&mymm_cache_names_lock);

	return mymm_alias_drop(name) ? 0 : end_cache(name->cache, live);
}
MYMM_EXPORT_INTERNAL(mymm_name_close);

/**
 * mymm_cache_destroy_count() - destroy a cache, or count the objects that prevent it
 * @cache: the cache
 * @live: set to the number of held objects on -EBUSY
 *
 * Context: process; sleeps.
 * Return: as mymm_name_close().
 */
int mymm_cache_destroy_count(struct mymm_cache *cache, unsigned long *live)
{
	guard(mutex)(&mymm_cache_names_lock);

	return mymm_alias_drop(mymm_name_of_kernel(cache)) ?
		       0 :
		       end_cache(cache, live);
}
MYMM_EXPORT_INTERNAL(mymm_cache_destroy_count);

/**
 * mymm_cache_destroy() - destroy a cache
 * @cache: the cache; invalid after success
 *
 * A merged cache lives until it was destroyed once for each of its names.
 *
 * Context: process; sleeps.
 * Return: 0; a line in the log counts the quarantined objects, if there were any. -EBUSY if
 * users hold objects, which a line in the log counts; the cache remains usable. A cache of a
 * dead pool is destroyed even if objects are held.
 */
int mymm_cache_destroy(struct mymm_cache *cache)
{
	unsigned long live;
	int err;

	err = mymm_cache_destroy_count(cache, &live);
	if (!err)
		return 0;
	mymm_cache_report(cache, "is not destroyed");
	mymm_sites_report(cache);
	return err;
}
EXPORT_SYMBOL_GPL(mymm_cache_destroy);

/**
 * mymm_cache_shrink() - give back the empty slabs of a cache
 * @cache: the cache
 *
 * Empties its magazines on all CPUs first.
 *
 * Context: process; sleeps.
 * Return: slabs given back.
 */
unsigned long mymm_cache_shrink(struct mymm_cache *cache)
{
	unsigned long slabs;

	cpus_read_lock();
	mutex_lock(&cache->pool->lock);
	slabs = shrink(cache);
	mutex_unlock(&cache->pool->lock);
	cpus_read_unlock();
	return slabs;
}
EXPORT_SYMBOL_GPL(mymm_cache_shrink);

/**
 * mymm_cache_kill_all() - close the fast paths of all caches of a dead pool
 * @pool: has been marked dead
 *
 * Afterwards mymm_cache_owns() no object, so no free succeeds; and magazines are empty, so
 * no allocation does.
 *
 * Context: process; sleeps.
 */
void mymm_cache_kill_all(struct mymm_pool *pool)
{
	struct mymm_cache *cache;

	cpus_read_lock();
	mutex_lock(&pool->lock);
	list_for_each_entry(cache, &pool->caches, list) {
		WRITE_ONCE(cache->bytes, 0);
		WRITE_ONCE(cache->fast_bytes, 0);
		WRITE_ONCE(cache->leave_gfp, ~(__force gfp_t)0);
		/* All that mymm_kfree() reads of the pool and the cache. */
		RCU_INIT_POINTER(pool->fast_by_id[cache->id], NULL);
	}
	mymm_magazine_drain_pool(pool);
	mutex_unlock(&pool->lock);
	cpus_read_unlock();
}

/**
 * mymm_cache_release_all() - free all caches of a pool that is being destroyed
 * @pool: unused; its memory is freed as a whole
 *
 * Context: process; sleeps.
 */
void mymm_cache_release_all(struct mymm_pool *pool)
{
	struct mymm_cache *cache, *next;

	list_for_each_entry_safe(cache, next, &pool->caches, list) {
		mutex_lock(&pool->lock);
		unregister_cache(cache);
		mutex_unlock(&pool->lock);
		free_cache(cache);
	}
}
