// SPDX-License-Identifier: GPL-2.0
/*
 * Names of caches, and merging: one cache serves several that have the same geometry.
 *
 * In a pool with %MYMM_POOL_MERGE, mymm_cache_create() returns an existing cache and gives it
 * another name, if the rule allows:
 *
 *   - neither has a constructor, a usersize (as kmalloc's classes have), a debug flag
 *     (also by the parameter debug=), %SLAB_TYPESAFE_BY_RCU, %SLAB_NO_MERGE;
 *   - both have the same engine, zone flags and mobility;
 *   - with its alignment the new object fits into the slot of the old, which is a multiple of
 *     that alignment, and less than a word is left over. For engine slab the old alignment
 *     must be a multiple of the new one, too.
 *
 *        "task", 60 bytes  --+
 *                            +-->  cache "task": slots of 64, objects of up to 62
 *        "inode", 62 bytes --+
 *
 * The oldest such cache is taken. From then on the names have their objects, counts, limits
 * and refusals in common. An engine whose caches share their pages anyway (slob) merges
 * nothing. It is SLUB's rule, find_mergeable() of mm/slab_common.c.
 *
 * A cache lives as long as it has a name. /proc/myslabinfo and messages show its first name,
 * also after that name has been given up (SLUB never gives one up). Until the cache ends, a
 * new cache can have that name only by being merged into this one.
 */
#include <linux/slab.h>

#include "cache/alias.h"
#include "cache/cache_config.h"
#include "base/fault_inject.h"
#include "object/cache.h"
#include "base/compat.h"
#include "cache/debug.h"

/* Protects the names of caches and their directories; see pool.h for the order of locks. */
DEFINE_MUTEX(mymm_cache_names_lock);

static int add_nothing(struct mymm_cache *cache)
{
	return 0;
}

static void remove_nothing(struct mymm_cache *cache)
{
}

static int link_nothing(struct mymm_name *name)
{
	return 0;
}

static void unlink_nothing(struct mymm_name *name)
{
}

static const struct mymm_cache_observer no_observer = {
	.add = add_nothing,
	.remove = remove_nothing,
	.link_add = link_nothing,
	.link_remove = unlink_nothing,
};

const struct mymm_cache_observer *mymm_cache_observer = &no_observer;

/**
 * mymm_cache_observe() - set what is called when a cache or a name begins or ends
 * @observer: the functions; stays valid
 *
 * Context: process; sleeps. Before the first pool.
 */
void mymm_cache_observe(const struct mymm_cache_observer *observer)
{
	guard(mutex)(&mymm_cache_names_lock);
	mymm_cache_observer = observer;
}

/* A cache with one of these is never merged. */
#define NEVER_MERGE (MYMM_DEBUG_FLAGS | SLAB_TYPESAFE_BY_RCU | SLAB_NO_MERGE)

/* Both must have the same of these. */
#define MERGE_SAME (SLAB_RECLAIM_ACCOUNT | SLAB_CACHE_DMA | SLAB_CACHE_DMA32)

static bool may_merge(const struct mymm_pool *pool,
		      const struct mymm_engine_ops *engine, slab_flags_t flags,
		      bool special)
{
	return pool->flags & MYMM_POOL_MERGE && !engine->check_free &&
	       !special && !(flags & NEVER_MERGE);
}

/**
 * mymm_cache_mergeable() - may others be merged into a cache?
 * @cache: the cache
 *
 * Return: whether they may.
 */
bool mymm_cache_mergeable(const struct mymm_cache *cache)
{
	return may_merge(cache->pool, cache->engine, cache->flags,
			 cache->ctor || cache->usersize);
}

static bool fits(const struct mymm_cache *cache, unsigned int size,
		 unsigned int align)
{
	if (size > cache->size || cache->size - size >= sizeof(void *) ||
	    cache->size & (align - 1))
		return false;
	return cache->engine != &mymm_slab_ops || cache->align % align == 0;
}

static struct mymm_cache *find_mergeable(struct mymm_pool *pool,
					 const struct mymm_cache_config *config,
					 const struct mymm_engine_ops *engine)
{
	unsigned int align = mymm_cache_alignment(config);
	unsigned int size = ALIGN(ALIGN(config->size, sizeof(void *)), align);
	struct mymm_cache *cache;

	lockdep_assert_held(&pool->lock);
	list_for_each_entry_reverse(cache, &pool->caches, list)
		if (cache->engine == engine && mymm_cache_mergeable(cache) &&
		    !((cache->flags ^ config->flags) & MERGE_SAME) &&
		    fits(cache, size, align))
			return cache;
	return NULL;
}

/* --- names ------------------------------------------------------------------- */

/**
 * mymm_names_init() - give a new cache its first name
 * @cache: the cache
 */
void mymm_names_init(struct mymm_cache *cache)
{
	INIT_LIST_HEAD(&cache->names);
	cache->own = (struct mymm_name){
		.cache = cache,
		.creator = cache->creator,
		.name = cache->name,
	};
	list_add(&cache->own.list, &cache->names);
	cache->nr_names = 1;
}

static void free_name(struct mymm_name *name)
{
	if (name != &name->cache->own)
		kfree(name);
}

/**
 * mymm_names_free() - free the names of a cache
 * @cache: unreachable
 *
 * Context: task or softirq.
 */
void mymm_names_free(struct mymm_cache *cache)
{
	struct mymm_name *name, *next;

	list_for_each_entry_safe(name, next, &cache->names, list)
		free_name(name);
}

static struct mymm_name *find_name(struct mymm_cache *cache, const char *text)
{
	struct mymm_name *name;

	list_for_each_entry(name, &cache->names, list)
		if (!strcmp(name->name, text))
			return name;
	return NULL;
}

/**
 * mymm_name_taken() - is there a cache of that name?
 * @pool: in which pool; its lock is held
 * @name: the name
 *
 * Return: whether one has it, or has it as its first name.
 */
bool mymm_name_taken(struct mymm_pool *pool, const char *name)
{
	struct mymm_cache *cache;

	lockdep_assert_held(&pool->lock);
	list_for_each_entry(cache, &pool->caches, list)
		if (!strcmp(cache->name, name) || find_name(cache, name))
			return true;
	return false;
}

/**
 * mymm_name_of() - find a name of a cache
 * @cache: the cache
 * @text: the name
 *
 * Context: process; sleeps.
 * Return: the name, valid until its holder gives it up; NULL if the cache has no such name.
 */
struct mymm_name *mymm_name_of(struct mymm_cache *cache, const char *text)
{
	guard(mutex)(&cache->pool->lock);
	return find_name(cache, text);
}
MYMM_EXPORT_INTERNAL(mymm_name_of);

/**
 * mymm_name_of_kernel() - the name that a caller in the kernel gives up
 * @cache: the cache; mymm_cache_names_lock is held
 *
 * Such a caller passes the cache, not the name. Which of the names it gives up makes no
 * difference: the cache lives until all are given up.
 *
 * Return: the newest that is no session's; else the newest.
 */
struct mymm_name *mymm_name_of_kernel(struct mymm_cache *cache)
{
	struct mymm_name *name;

	lockdep_assert_held(&mymm_cache_names_lock);
	list_for_each_entry(name, &cache->names, list)
		if (!name->creator.session)
			return name;
	return list_first_entry(&cache->names, struct mymm_name, list);
}

static struct mymm_name *new_name(struct mymm_cache *cache, const char *text)
{
	struct mymm_name *name;

	if (mymm_inject_fail())
		return NULL;
	name = kzalloc(sizeof(*name) + MYMM_NAME_MAX, GFP_KERNEL);
	if (!name)
		return NULL;
	strscpy((char *)(name + 1), text, MYMM_NAME_MAX);
	name->cache = cache;
	name->name = (char *)(name + 1);
	return name;
}

/* NULL: no cache can take it, or the name is taken, which the creation of one will find. */
static struct mymm_name *add_name(struct mymm_pool *pool,
				  const struct mymm_cache_config *config,
				  const struct mymm_engine_ops *engine,
				  struct mymm_owner creator)
{
	struct mymm_cache *cache = find_mergeable(pool, config, engine);
	struct mymm_name *name;
	bool back; /* it is the first name, which was given up */

	if (!cache || cache->nr_names == MYMM_MAX_CACHES)
		return NULL;
	back = !strcmp(cache->name, config->name) &&
	       !find_name(cache, config->name);
	if (!back && mymm_name_taken(pool, config->name))
		return NULL;
	name = back ? &cache->own : new_name(cache, config->name);
	if (!name)
		return ERR_PTR(-ENOMEM);
	name->creator = creator;
	list_add(&name->list, &cache->names);
	cache->nr_names++;
	/* The bytes behind it were padding. */
	if (cache->object_size < config->size)
		WRITE_ONCE(cache->object_size, config->size);
	return name;
}

static void take_name_away(struct mymm_name *name)
{
	struct mymm_cache *cache = name->cache;

	guard(mutex)(&cache->pool->lock);
	list_del(&name->list);
	cache->nr_names--;
}

/**
 * mymm_alias_add() - merge a requested cache into an existing one
 * @pool: the pool
 * @config: the request; checked
 * @engine: its engine
 * @creator: the calling code and its session
 *
 * Context: process; sleeps.
 * Return: a new name of name->cache; NULL: a cache has to be made; or ERR_PTR(-ENOMEM).
 */
struct mymm_name *mymm_alias_add(struct mymm_pool *pool,
				 const struct mymm_cache_config *config,
				 const struct mymm_engine_ops *engine,
				 struct mymm_owner creator)
{
	slab_flags_t flags = config->flags;
	struct mymm_name *name;
	bool spare_order;
	int err;

	flags |= mymm_debug_flags_of(pool->debug, config->name, &spare_order);
	if (!may_merge(pool, engine, flags, config->ctor || config->usersize))
		return NULL;
	guard(mutex)(&mymm_cache_names_lock);
	mutex_lock(&pool->lock);
	name = add_name(pool, config, engine, creator);
	mutex_unlock(&pool->lock);
	if (IS_ERR_OR_NULL(name))
		return name;
	err = mymm_cache_observer->link_add(name);
	if (err) {
		take_name_away(name);
		free_name(name);
		return ERR_PTR(err);
	}
	refcount_inc(&pool->users);
	return name;
}

/**
 * mymm_alias_drop() - give a name up, unless it is the last of its cache
 * @name: the name
 *
 * Context: process; sleeps. With mymm_cache_names_lock and none of the locks of pool.h.
 * Return: whether it was given up; else the caller has to end the cache.
 */
bool mymm_alias_drop(struct mymm_name *name)
{
	struct mymm_cache *cache = name->cache;

	lockdep_assert_held(&mymm_cache_names_lock);
	if (cache->nr_names == 1)
		return false;
	mymm_cache_observer->link_remove(name);
	take_name_away(name);
	free_name(name);
	refcount_dec(&cache->pool->users);
	return true;
}
