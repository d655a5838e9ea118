// SPDX-License-Identifier: GPL-2.0
/*
 * The registry of pools: which there are, and whose memory an address is in.
 *
 * A list for RCU: an address is looked up in any context. pool/pool.c adds a pool when it is
 * whole, and waits for a grace period after it took one out.
 */
#include <linux/rculist.h>

#include "base/compat.h"
#include "page/pool.h"
#include "page/registry.h"

/* Protects the list; see pool.h for the order of locks. */
DEFINE_MUTEX(mymm_pools_lock);
MYMM_EXPORT_INTERNAL(mymm_pools_lock);
LIST_HEAD(mymm_pools);

/**
 * mymm_pool_of() - the pool whose memory an address is in
 * @addr: any address
 *
 * Context: any, under rcu_read_lock().
 * Return: the pool or NULL.
 */
struct mymm_pool *mymm_pool_of(const void *addr)
{
	struct mymm_pool *pool;

	list_for_each_entry_rcu(pool, &mymm_pools, node)
		if (mymm_pool_contains(pool, addr))
			return pool;
	return NULL;
}

/**
 * mymm_pool_named() - the pool of a name
 * @name: of several pools with it the oldest one
 *
 * Context: process; with mymm_pools_lock, as long as the pool is used.
 * Return: the pool or NULL.
 */
struct mymm_pool *mymm_pool_named(const char *name)
{
	struct mymm_pool *pool;

	lockdep_assert_held(&mymm_pools_lock);
	list_for_each_entry(pool, &mymm_pools, node)
		if (!strcmp(pool->name, name))
			return pool;
	return NULL;
}
MYMM_EXPORT_INTERNAL(mymm_pool_named);

/**
 * mymm_pool_get_named() - a reference to the pool of a name
 * @name: of several pools with it the oldest one
 *
 * Context: process; sleeps.
 * Return: the pool, to be given to mymm_pool_put(); NULL if there is none, or if it is about to
 * end.
 */
struct mymm_pool *mymm_pool_get_named(const char *name)
{
	struct mymm_pool *pool;

	guard(mutex)(&mymm_pools_lock);
	pool = mymm_pool_named(name);
	if (!pool || pool->ending)
		return NULL;
	refcount_inc(&pool->users);
	return pool;
}
MYMM_EXPORT_INTERNAL(mymm_pool_get_named);

/**
 * mymm_pool_count() - how many pools there are
 *
 * Context: process; sleeps.
 * Return: how many.
 */
unsigned int mymm_pool_count(void)
{
	struct mymm_pool *pool;
	unsigned int nr = 0;

	guard(mutex)(&mymm_pools_lock);
	list_for_each_entry(pool, &mymm_pools, node)
		nr++;
	return nr;
}
MYMM_EXPORT_INTERNAL(mymm_pool_count);
