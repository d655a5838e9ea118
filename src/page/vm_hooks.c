// SPDX-License-Identifier: GPL-2.0
/*
 * What the memory of processes does for the pool that its frames are of.
 *
 * Reclaim needs the LRU lists, which are a matter of process/, above this storey, and of another
 * module. So process/ leaves its functions with the pool. They sleep, and process/ must not go
 * while one of them runs: what calls them is a reader of SRCU.
 */
#include <linux/mutex.h>
#include <linux/srcu.h>

#include "base/compat.h"
#include "page/pool.h"
#include "page/vm_hooks.h"

DEFINE_STATIC_SRCU(in_use);

/**
 * mymm_vm_hooks_set() - leave functions with a pool, or take them back
 * @pool: the pool
 * @hooks: the functions; NULL: none. When this returns, none of the former ones runs
 *
 * Context: process; sleeps; takes pool->lock.
 */
void mymm_vm_hooks_set(struct mymm_pool *pool,
		       const struct mymm_vm_hooks *hooks)
{
	scoped_guard(mutex, &pool->lock)
		rcu_assign_pointer(pool->vm_hooks, hooks);
	if (!hooks)
		synchronize_srcu(&in_use);
}
MYMM_EXPORT_INTERNAL(mymm_vm_hooks_set);

/**
 * mymm_vm_hooks_get() - the functions of a pool, which stay until mymm_vm_hooks_put()
 * @pool: the pool
 * @idx: is for mymm_vm_hooks_put(), which is due in any case
 *
 * Context: process.
 * Return: the functions; NULL: there are none.
 */
const struct mymm_vm_hooks *mymm_vm_hooks_get(struct mymm_pool *pool, int *idx)
{
	*idx = srcu_read_lock(&in_use);
	return srcu_dereference(pool->vm_hooks, &in_use);
}

/**
 * mymm_vm_hooks_put() - the functions are not used any more
 * @idx: from mymm_vm_hooks_get()
 *
 * Context: process.
 */
void mymm_vm_hooks_put(int idx)
{
	srcu_read_unlock(&in_use, idx);
}
