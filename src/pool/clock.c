// SPDX-License-Identifier: GPL-2.0
/*
 * The clock of a pool, which can be held: then the same operations give the same state.
 *
 * Some of what happens in a pool is done by nobody's operation, at a time that depends on
 * the machine:
 *
 *                                  by itself                while the clock is held
 *	reaper, decay of what CPUs
 *	may keep (cache/reaper.c)   every two seconds        mymm_clock_tick()
 *	kswapd (page/kswapd.c)      a thread, when woken     mymm_clock_settle()
 *	kcompactd (page/kcompactd.c) likewise, by kswapd     mymm_clock_settle()
 *	refill (object/refill.c)    a work item, when due    mymm_clock_settle() waits for it
 *	slabs of caches typesafe by RCU
 *	(object/slab_pages.c)       after a grace period     mymm_clock_settle() waits for it
 *
 * The holder settles after each of its operations, and ticks as it likes; a replay ticks by
 * the time of its recording. Direct reclaim is part of an allocation in either case, and needs
 * no clock.
 *
 * Others may use the pool meanwhile. They get no help from kswapd before the holder's next
 * operation, as in a pool that has none, and what they do is not repeated.
 */
#include <linux/errno.h>
#include <linux/mutex.h>

#include "base/compat.h"
#include "cache/reaper.h"
#include "object/refill.h"
#include "object/slab_pages.h"
#include "page/kcompactd.h"
#include "page/kswapd.h"
#include "page/pool.h"
#include "page/registry.h"
#include "pool/clock.h"

/**
 * mymm_clock_hold() - have a pool's clock stand still until it is stepped
 * @pool: the pool; it does not end before mymm_clock_release()
 *
 * When this returns, nothing of what the pool does by itself is under way.
 *
 * Context: process; sleeps.
 * Return: 0; -EBUSY: it is held.
 */
int mymm_clock_hold(struct mymm_pool *pool)
{
	scoped_guard(mutex, &mymm_pools_lock)
	{
		if (pool->clock_held)
			return -EBUSY;
		WRITE_ONCE(pool->clock_held, true);
	}
	mymm_kswapd_hold(pool);
	mymm_kcompactd_hold(pool);
	mymm_refill_wait();
	mymm_slabs_wait(pool);
	return 0;
}
MYMM_EXPORT_INTERNAL(mymm_clock_hold);

/**
 * mymm_clock_release() - undo mymm_clock_hold()
 * @pool: the pool
 *
 * Context: process; sleeps.
 */
void mymm_clock_release(struct mymm_pool *pool)
{
	mymm_kswapd_release(pool);
	scoped_guard(mutex, &mymm_pools_lock)
		WRITE_ONCE(pool->clock_held, false);
	mymm_kcompactd_release(pool);
}
MYMM_EXPORT_INTERNAL(mymm_clock_release);

/**
 * mymm_clock_tick() - two seconds pass
 * @pool: whose clock the caller holds
 *
 * Context: process; sleeps.
 */
void mymm_clock_tick(struct mymm_pool *pool)
{
	mymm_reap_pool(pool);
}
MYMM_EXPORT_INTERNAL(mymm_clock_tick);

/**
 * mymm_clock_settle() - do what the last operation has others do
 * @pool: whose clock the caller holds
 *
 * Context: process; sleeps. The current task is not reclaiming from the pool.
 */
void mymm_clock_settle(struct mymm_pool *pool)
{
	mymm_refill_wait();
	mymm_kswapd_step(pool);
	mymm_kcompactd_step(pool);
	mymm_slabs_wait(pool);
}
MYMM_EXPORT_INTERNAL(mymm_clock_settle);
