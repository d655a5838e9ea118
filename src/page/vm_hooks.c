// SPDX-License-Identifier: GPL-2.0
/*
 * What the memory of processes does for the pool that its frames are of.
 *
 * Reclaim needs the LRU lists, and compaction the tables of processes, which are a matter of
 * process/, above this storey, and of another module. So process/ leaves its functions with the
 * pool. They sleep, and process/ must not go while one of them runs: what calls them is a reader
 * of SRCU.
 */
#include <linux/mutex.h>
#include <linux/srcu.h>
#include <linux/string.h>

#include "base/compat.h"
#include "page/kcompactd.h"
#include "page/pool.h"
#include "page/vm_hooks.h"

DEFINE_STATIC_SRCU(in_use);

/**
 * mymm_vm_hooks_set() - leave functions with a pool, or take them back
 * @pool: the pool
 * @hooks: the functions; NULL: none. When this returns, none of the former ones runs
 *
 * A pool has kcompactd for as long as it has them: else there is nothing that it could move.
 *
 * Context: process; sleeps; takes pool->lock. For one pool never twice at the same time.
 * Return: 0; a negative errno: there is no thread to be had, and it has none. To take them back
 * does not fail.
 */
int mymm_vm_hooks_set(struct mymm_pool *pool, const struct mymm_vm_hooks *hooks)
{
	int err = hooks ? mymm_kcompactd_run(pool) : 0;

	if (!err) {
		guard(mutex)(&pool->lock);
		rcu_assign_pointer(pool->vm_hooks, hooks);
	}
	if (!hooks)
		synchronize_srcu(&in_use);
	if (!hooks || err)
		mymm_kcompactd_stop(pool);
	return err;
}
MYMM_EXPORT_INTERNAL(mymm_vm_hooks_set);

/**
 * mymm_vm_hooks_get() - the functions of a pool, which stay until mymm_vm_hooks_put()
 * @pool: the pool
 * @idx: is for mymm_vm_hooks_put(), which is due in any case
 *
 * Context: any but NMI.
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
 * Context: any but NMI.
 */
void mymm_vm_hooks_put(int idx)
{
	srcu_read_unlock(&in_use, idx);
}

/**
 * mymm_vm_listed() - how many pages of a node are on each LRU list
 * @pool: the pool
 * @node: which
 * @type: of zones of that type; MYMM_NR_ZONE_TYPES: of all
 * @nr: is filled, by enum lru_list; with zeros, if no process has memory of pools
 *
 * Context: any but NMI. A guess.
 */
void mymm_vm_listed(struct mymm_pool *pool, const struct mymm_node *node,
		    enum mymm_zone_type type, unsigned long nr[MYMM_NR_LISTED])
{
	const struct mymm_vm_hooks *hooks;
	int idx;

	memset(nr, 0, MYMM_NR_LISTED * sizeof(*nr));
	hooks = mymm_vm_hooks_get(pool, &idx);
	if (hooks)
		hooks->listed(pool, node, type, nr);
	mymm_vm_hooks_put(idx);
}
MYMM_EXPORT_INTERNAL(mymm_vm_listed);
