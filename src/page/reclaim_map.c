// SPDX-License-Identifier: GPL-2.0
/*
 * What lockdep knows of reclaim.
 *
 * Reclaim takes locks: of pages, of rmaps, and those of shrinkers. A task that holds one of them
 * while it allocates may wait for itself, on the day that there is too little. So that lockdep
 * reports that on any day, reclaim is a lock to it, mymm_reclaim, which each allocation of frames
 * takes that may reclaim, if only for a moment:
 *
 *	reclaim                    takes mymm_reclaim, then a shrinker takes L
 *	an allocation, with L      takes mymm_reclaim: a possible circular locking dependency
 *
 * An allocation with __GFP_NOLOCKDEP does not: its caller knows why it may. Other than in Linux
 * __GFP_FS makes no difference, since what a pool reclaims does not depend on it.
 *
 * A shrinker may allocate from another pool, which then reclaims, too: a lock of its own, one level
 * further in. In a kernel without lockdep there is nothing of all this.
 *
 * After fs_reclaim_acquire() and might_alloc() of Linux 6.12.
 */
#include <linux/lockdep.h>
#include <linux/preempt.h>

#include "base/compat.h"
#include "page/pool.h"
#include "page/reclaim_map.h"

#ifdef CONFIG_LOCKDEP
static struct lockdep_map map = STATIC_LOCKDEP_MAP_INIT("mymm_reclaim", &map);

/**
 * mymm_reclaim_acquire() - the current task begins to reclaim
 *
 * Context: process.
 */
void mymm_reclaim_acquire(void)
{
	lock_acquire(&map, lock_is_held(&map), 0, 0, 1, NULL, _RET_IP_);
}

/**
 * mymm_reclaim_release() - it reclaims no more
 *
 * Context: process.
 */
void mymm_reclaim_release(void)
{
	lock_release(&map, _RET_IP_);
}

/**
 * mymm_might_reclaim() - an allocation may reclaim, whether it will or not
 * @pool: from which pool
 * @gfp: the allocation's
 *
 * Context: any. Nothing is done for an allocation that can't reclaim.
 */
void mymm_might_reclaim(struct mymm_pool *pool, gfp_t gfp)
{
	if (!(gfp & __GFP_DIRECT_RECLAIM) || gfp & __GFP_NOLOCKDEP ||
	    pool->flags & MYMM_POOL_NO_RECLAIM || !in_task() ||
	    mymm_reclaiming(pool))
		return;
	mymm_reclaim_acquire();
	mymm_reclaim_release();
}
#endif
