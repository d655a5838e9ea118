// SPDX-License-Identifier: GPL-2.0
/*
 * Refill: memory from the kernel, for engines that can't allocate it in the context where
 * they need it.
 *
 * An engine may run out of its own memory (the slab engine's index records) in an interrupt,
 * inside the kernel's allocator, or inside the scheduler. So it queues an irq_work, which is
 * allowed in any context; this schedules a work item, which calls @refill of the engine of
 * each cache, where it may sleep:
 *
 *      mymm_refill()  --->  irq_work  --->  work item  --->  engine->refill(cache)
 *      any context          interrupt       process          of all caches of all pools
 */
#include <linux/irq_work.h>
#include <linux/workqueue.h>

#include "object/cache.h"
#include "object/refill.h"
#include "page/registry.h"

static void refill(struct work_struct *work);
static void schedule_refill(struct irq_work *work);

static DECLARE_WORK(refill_work, refill);
static DEFINE_IRQ_WORK(refill_irq_work, schedule_refill);

static void refill(struct work_struct *work)
{
	struct mymm_cache *cache;
	struct mymm_pool *pool;

	mutex_lock(&mymm_pools_lock);
	list_for_each_entry(pool, &mymm_pools, node) {
		mutex_lock(&pool->lock);
		list_for_each_entry(cache, &pool->caches, list)
			if (cache->engine->refill)
				cache->engine->refill(cache);
		mutex_unlock(&pool->lock);
	}
	mutex_unlock(&mymm_pools_lock);
}

static void schedule_refill(struct irq_work *work)
{
	schedule_work(&refill_work);
}

/**
 * mymm_refill() - schedule a refill of the caches of all pools
 *
 * Context: any.
 */
void mymm_refill(void)
{
	irq_work_queue(&refill_irq_work);
}

/**
 * mymm_refill_wait() - wait until a scheduled refill is done
 *
 * Context: process; sleeps, no lock of this module held.
 */
void mymm_refill_wait(void)
{
	irq_work_sync(&refill_irq_work);
	flush_work(&refill_work);
}

/**
 * mymm_refill_exit() - cancel a scheduled refill
 *
 * Context: process; sleeps. No cache is made, and none allocated from, any more.
 */
void mymm_refill_exit(void)
{
	irq_work_sync(&refill_irq_work);
	cancel_work_sync(&refill_work);
}
