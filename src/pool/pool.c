// SPDX-License-Identifier: GPL-2.0
/*
 * Pools: how a private machine is put together, found and ended. layout.c knows how it is
 * described, and what lies where in its frames.
 *
 * Life. A pool is made with one reference, the creator's, and one for each of its size
 * classes. Each further cache, each session and each mymm_pool_get_default() holds one.
 * mymm_pool_destroy() wants only the first kind to be left, and all frames back, but for
 * slabs in which nothing but objects out of use is left (cache.c). A pool with a broken
 * invariant is *dead*: it refuses everything, and may be destroyed as it is. Whatever is
 * allocated, mymm_pool_release() ends a pool; both report what was in it.
 *
 * A pool of another module holds a reference to this one, since the pool has threads, and
 * its creator may go without having ended it.
 */
#include <linux/cpu.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "base/fault_inject.h"
#include "cache/shrinker.h"
#include "object/cache.h"
#include "base/compat.h"
#include "cache/debug.h"
#include "cache/kmalloc.h"
#include "page/kswapd.h"
#include "page/pcp_cpu.h"
#include "page/vmstat.h"
#include "pool/layout.h"
#include "page/page_owner.h"
#include "page/pool.h"
#include "page/registry.h"
#include "pool/pool.h"
#include "cache/reaper.h"
#include "object/sanitize.h"
#include "object/slab_pages.h"
#include "page/tuning.h"
#include "cache/cache.h"
#include "cache/engine.h"

static struct mymm_pool *default_pool; /* under mymm_pools_lock */

static int check_config(const struct mymm_pool_config *config)
{
	if (config->nodes > MYMM_MAX_NODES) {
		pr_err("nodes: %u is out of range 1 to %d\n", config->nodes,
		       MYMM_MAX_NODES);
		return -EINVAL;
	}
	if (config->flags & ~MYMM_POOL_ALL) {
		pr_err("flags: %#x are unknown\n",
		       config->flags & ~MYMM_POOL_ALL);
		return -EINVAL;
	}
	if (config->block_order > MYMM_MAX_ORDER) {
		pr_err("pageblock_order: %u is out of range 1 to %d\n",
		       config->block_order, MYMM_MAX_ORDER);
		return -EINVAL;
	}
	if (!mymm_engine_find(config->engine)) {
		pr_err("engine: there is no engine \"%s\": expected slub, slab or slob\n",
		       config->engine);
		return -EINVAL;
	}
	if (config->slob_fit && strcmp(config->slob_fit, "first") &&
	    strcmp(config->slob_fit, "best")) {
		pr_err("slob_fit: \"%s\" is neither first nor best\n",
		       config->slob_fit);
		return -EINVAL;
	}
	if (mymm_debug_check_text(config->debug))
		return -EINVAL;
	if (config->debug && *config->debug &&
	    !mymm_engine_find(config->engine)->walk) {
		pr_err("debug: engine %s has no room for what debugging needs\n",
		       config->engine);
		return -EINVAL;
	}
	if (config->debug && *config->debug &&
	    config->backing == MYMM_BACKING_NONE) {
		pr_err("debug: it needs memory (backing=none)\n");
		return -EINVAL;
	}
	if (config->backing != MYMM_BACKING_VMALLOC &&
	    config->backing != MYMM_BACKING_NONE) {
		pr_err("backing: %d is neither vmalloc nor none\n",
		       config->backing);
		return -EINVAL;
	}
	return 0;
}

/* --- making ------------------------------------------------------------------ */

static struct mymm_pool *new_pool(const struct mymm_pool_config *config)
{
	struct mymm_pool *pool;

	if (mymm_inject_fail())
		return NULL;
	pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	if (!pool)
		return NULL;
	mutex_init(&pool->lock);
	INIT_LIST_HEAD(&pool->caches);
	INIT_LIST_HEAD(&pool->node);
	mymm_reclaim_init(pool);
	refcount_set(&pool->users, 1);
	pool->engine = mymm_engine_find(config->engine);
	pool->flags = config->flags;
	pool->nr_nodes = config->nodes ?: 1;
	pool->type_mask = config->flags & MYMM_POOL_NO_MOBILITY ?
				  0 :
				  MYMM_NR_MIGRATETYPES - 1;
	pool->tuning = config->tuning ? *config->tuning : MYMM_TUNING_DEFAULT;
	pool->inverse_of_3 = 0xaaaaaaaaaaaaaaabULL;
	pool->pcp_orders =
		config->flags & MYMM_POOL_NO_PCP ? 0 : MYMM_PCP_MAX_ORDER + 1;
	pool->key = get_random_u64() & ~0xffffULL;
	strscpy(pool->name, config->name ?: "unnamed", sizeof(pool->name));
	if (config->debug && *config->debug) {
		pool->debug = mymm_inject_fail() ?
				      NULL :
				      kstrdup(config->debug, GFP_KERNEL);
		if (!pool->debug) {
			kfree(pool);
			return NULL;
		}
	}
	return pool;
}

/* Free a pool that nobody can reach: what is in it goes as a whole. */
static void free_pool(struct mymm_pool *pool)
{
	bool holds_module = pool->holds_module;

	mymm_kswapd_stop(pool);
	mymm_cache_shrinker_exit(pool);
	mymm_owners_stop(pool);
	mymm_sanitize_forget(pool);
	mymm_cache_release_all(pool);
	mymm_engines_end(pool);
	mymm_slabs_wait(pool);
	mymm_pcp_destroy(pool);
	mymm_pressure_end(pool);
	if (pool->base && !mymm_pool_has_memory(pool))
		mymm_void_free(pool->base);
	mymm_area_free(&pool->arena);
	mymm_area_free(&pool->table);
	kvfree(pool->pageblock);
	kfree(pool->debug);
	kfree(pool->node_of);
	kfree(pool->zone);
	kfree(pool);
	if (holds_module)
		module_put(THIS_MODULE);
}

/**
 * __mymm_pool_create() - mymm_pool_create() for this module, which ends the pool itself
 * @config: what it is to be like; not needed afterwards
 *
 * Context: process; sleeps.
 * Return: as mymm_pool_create().
 */
struct mymm_pool *__mymm_pool_create(const struct mymm_pool_config *config)
{
	struct mymm_layout layout;
	struct mymm_pool *pool;
	int err;

	err = check_config(config);
	if (!err && config->tuning)
		err = mymm_tuning_check(config->tuning);
	if (!err)
		err = mymm_layout_parse(config, &layout);
	if (err)
		return ERR_PTR(err);
	pool = new_pool(config);
	if (!pool)
		return ERR_PTR(-ENOMEM);
	err = mymm_layout_apply(pool, &layout, config);
	if (err)
		goto err_pool;
	err = mymm_engines_begin(pool, config);
	if (!err)
		err = mymm_kmalloc_init(pool);
	if (!err)
		err = mymm_cache_shrinker_init(pool);
	if (!err)
		err = mymm_kswapd_run(pool);
	if (err)
		goto err_pool;

	pool->own_users = refcount_read(&pool->users);
	/* What is derived from the number of CPUs follows it from then on. */
	cpus_read_lock();
	mymm_tuning_begin(pool);
	if (mymm_reaper_wanted(pool))
		mymm_reaper_start();
	mutex_lock(&mymm_pools_lock);
	list_add_tail_rcu(&pool->node, &mymm_pools);
	mutex_unlock(&mymm_pools_lock);
	cpus_read_unlock();
	return pool;

err_pool:
	free_pool(pool);
	return ERR_PTR(err);
}

/**
 * mymm_pool_create() - make a pool
 * @config: what it is to be like; not needed afterwards
 *
 * As long as the pool is there, mymm can't be unloaded.
 *
 * Context: process; sleeps, for as long as it takes to get that many pages.
 * Return: the pool, or an ERR_PTR: -EINVAL with a line in the log that names the
 * member and what is wrong with it; -ENOMEM if it does not fit, with nobody killed;
 * -EINTR if a signal killed the caller.
 */
struct mymm_pool *mymm_pool_create(const struct mymm_pool_config *config)
{
	struct mymm_pool *pool = __mymm_pool_create(config);

	/* The caller is linked to this module, so it is there. */
	if (!IS_ERR(pool)) {
		__module_get(THIS_MODULE);
		pool->holds_module = true;
	}
	return pool;
}
EXPORT_SYMBOL_GPL(mymm_pool_create);

/* --- ending -------------------------------------------------------------------- */

/* Out of the registry, and wait until nobody sees it there. */
static void unlink_pool(struct mymm_pool *pool)
{
	mutex_lock(&mymm_pools_lock);
	list_del_rcu(&pool->node);
	if (default_pool == pool)
		default_pool = NULL;
	mutex_unlock(&mymm_pools_lock);
	mymm_kmalloc_forget(pool);
}

/* Report each cache that has objects in use, or out of use. Returns how many are in use. */
static unsigned long report_caches(struct mymm_pool *pool)
{
	unsigned long live = 0;
	struct mymm_cache *cache;

	guard(mutex)(&pool->lock);
	list_for_each_entry(cache, &pool->caches, list) {
		unsigned long held = mymm_cache_live(cache);

		live += held;
		if (held || atomic_long_read(&cache->quarantined))
			mymm_cache_report(cache, "of a pool that is to end");
	}
	return live;
}

static unsigned long slab_frames(const struct mymm_pool *pool)
{
	unsigned long frames = 0;
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++)
		frames += atomic_long_read(&pool->zone[i].nr_slab[0]) +
			  atomic_long_read(&pool->zone[i].nr_slab[1]);
	return frames;
}

/*
 * Report what is allocated in a pool that was drained. Returns frames that users hold: in a
 * slab that is left each object that is not held is out of use.
 */
static unsigned long report_contents(struct mymm_pool *pool)
{
	unsigned long frames = mymm_pool_allocated(pool), unused = 0;

	if (frames && !report_caches(pool))
		unused = slab_frames(pool);
	if (unused)
		pr_err("pool %s: %lu of its frames are out of use\n",
		       pool->name, unused);
	return frames - unused;
}

/*
 * If nobody but its creator refers to a pool, nobody begins to from now on. Returns how many others
 * do.
 */
static unsigned int begin_end(struct mymm_pool *pool)
{
	unsigned int users;

	guard(mutex)(&mymm_pools_lock);
	users = refcount_read(&pool->users);
	pool->ending = users <= pool->own_users;
	return pool->ending ? 0 : users - pool->own_users;
}

static void go_on(struct mymm_pool *pool)
{
	guard(mutex)(&mymm_pools_lock);
	pool->ending = false;
}

/**
 * mymm_pool_release() - end a pool, whatever is allocated in it
 * @pool: nobody uses it any more, nor its caches
 *
 * What was never given back is reported in the log, and is gone. Processes can't do without their
 * memory, so if they have some of the pool, that is reported, and the pool stays for good.
 *
 * Context: process; sleeps.
 */
void mymm_pool_release(struct mymm_pool *pool)
{
	unsigned long held = 0;

	if (begin_end(pool) && READ_ONCE(pool->vm)) {
		pr_err("pool %s is not released: processes have chosen it\n",
		       pool->name);
		return;
	}
	mymm_kswapd_park(pool);
	if (!mymm_pool_dead(pool)) {
		mymm_pool_drain(pool);
		held = report_contents(pool);
	}
	if (held)
		pr_err("pool %s: %lu frames were never given back\n",
		       pool->name, held);
	unlink_pool(pool);
	free_pool(pool);
}
EXPORT_SYMBOL_GPL(mymm_pool_release);

/**
 * mymm_pool_destroy() - end a pool
 * @pool: the pool; not to be used any more if this succeeds
 *
 * A dead pool ends whatever is allocated in it. mymm_pool_release() ends any.
 *
 * Context: process; sleeps.
 * Return: 0; if objects of it were out of use, lines in the log say how many. -EBUSY: pages
 * or objects of it are allocated, or there are references to it; lines in the log say how
 * many, and the pool goes on.
 */
int mymm_pool_destroy(struct mymm_pool *pool)
{
	unsigned int users = begin_end(pool);

	if (users) {
		pr_err("pool %s is not destroyed: %u caches, sessions or others refer to it\n",
		       pool->name, users);
		return -EBUSY;
	}
	/* What it is about to give back is neither free nor allocated. */
	mymm_kswapd_park(pool);
	if (!mymm_pool_dead(pool)) {
		unsigned long held;

		mymm_pool_drain(pool);
		held = report_contents(pool);
		if (held) {
			pr_err("pool %s is not destroyed: %lu of its frames are allocated\n",
			       pool->name, held);
			mymm_kswapd_unpark(pool);
			go_on(pool);
			return -EBUSY;
		}
	}
	unlink_pool(pool);
	free_pool(pool);
	return 0;
}
EXPORT_SYMBOL_GPL(mymm_pool_destroy);

/**
 * mymm_pool_kill() - take a pool out of service
 * @pool: has a broken invariant
 * @why: which
 *
 * Context: process; sleeps.
 * Return: 0; -EALREADY if it was dead before.
 */
int mymm_pool_kill(struct mymm_pool *pool, const char *why)
{
	if (xchg(&pool->dead, true))
		return -EALREADY;
	WRITE_ONCE(pool->live_frames, 0);
	mymm_pcp_kill(pool);
	mymm_cache_kill_all(pool);
	pr_err("pool %s is dead, and refuses everything from now on: %s\n",
	       pool->name, why);
	return 0;
}
MYMM_EXPORT_INTERNAL(mymm_pool_kill);

/* --- finding ---------------------------------------------------------------------- */

/**
 * mymm_pool_set_default() - name the pool that the files and the door show
 * @pool: the pool
 *
 * Context: process; sleeps.
 */
void mymm_pool_set_default(struct mymm_pool *pool)
{
	mutex_lock(&mymm_pools_lock);
	default_pool = pool;
	mutex_unlock(&mymm_pools_lock);
}

/**
 * mymm_pool_get_default() - the pool that the module made at load
 *
 * Context: process; sleeps.
 * Return: the pool, to be given to mymm_pool_put(); NULL if there is none (any more).
 */
struct mymm_pool *mymm_pool_get_default(void)
{
	struct mymm_pool *pool;

	mutex_lock(&mymm_pools_lock);
	pool = default_pool;
	if (pool)
		refcount_inc(&pool->users);
	mutex_unlock(&mymm_pools_lock);
	return pool;
}
EXPORT_SYMBOL_GPL(mymm_pool_get_default);

/**
 * mymm_pool_put() - give up a reference
 * @pool: from mymm_pool_get_default(), or NULL
 *
 * Does not destroy the pool; that is for the caller of mymm_pool_create().
 *
 * Context: any.
 */
void mymm_pool_put(struct mymm_pool *pool)
{
	if (pool)
		refcount_dec(&pool->users);
}
EXPORT_SYMBOL_GPL(mymm_pool_put);
