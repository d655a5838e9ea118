// SPDX-License-Identifier: GPL-2.0
/*
 * kcompactd: a thread for each node, which compacts before an allocation has to wait for it.
 *
 *	an allocation finds no          kswapd has reclaimed,        kcompactd compacts each
 *	block of order n, and wakes --> or has no hope, and    --->  zone that this suits, until
 *	kswapd for it                   is about to sleep            it has such a block
 *
 * (If kswapd has no hope, and sleeps, the allocation has kcompactd woken itself.)
 *
 * It is woken where it has something to do: one of the zones is short of such blocks, and suits
 * (compact_defer.c). It waits for the lock of a page, as an allocation does not. What was in vain
 * it defers, for itself and for allocations.
 *
 * Life. A pool has the threads for as long as it has vm_hooks. What wakes one has these, so the
 * thread stays meanwhile. In a dead pool they sleep.
 *
 * While the pool's clock is held (pool/clock.c) they are parked, as kswapd is, and what was wanted
 * is done by the task that steps the clock, after kswapd's work.
 *
 * Twice a second it looks whether its node is in pieces, and compacts it then, though nobody has
 * asked for a block (compact_proactive.c); not while the clock is held.
 *
 * The decisions are those of kcompactd(), kcompactd_do_work() and wakeup_kcompactd() of Linux 6.12.
 */
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/task.h>

#include "base/compat.h"
#include "page/compact.h"
#include "page/kcompactd.h"
#include "page/node_thread.h"
#include "page/pcp_drain.h"
#include "page/pool.h"
#include "page/registry.h"
#include "page/vm_hooks.h"
#include "page/zone.h"

/* How often it looks whether the node is in pieces; and after it was compacted in vain. */
#define LOOK_INTERVAL (HZ / 2)
#define LOOK_LATER (LOOK_INTERVAL << 6)

/* The next zone of a node, up to the highest that will do, from type *@type on. */
static struct mymm_zone *zone_of_node(const struct mymm_node *node,
				      enum mymm_zone_type highest,
				      unsigned int *type)
{
	while (*type <= min_t(unsigned int, highest, MYMM_NR_ZONE_TYPES - 1)) {
		struct mymm_zone *zone = node->zone[(*type)++];

		if (zone)
			return zone;
	}
	return NULL;
}

/* --- work ------------------------------------------------------------------------- */

static void count(const struct mymm_compact *how)
{
	struct mymm_compact_stats *stats = &how->pool->compact;

	atomic_long_add(how->migrate_scanned, &stats->daemon_migrate_scanned);
	atomic_long_add(how->free_scanned, &stats->daemon_free_scanned);
}

/* A zone, if that is worth it. */
static void compact_zone(struct mymm_compact *how, struct mymm_zone *zone)
{
	enum mymm_compact_result result;

	if (mymm_compact_deferred(zone, how->order))
		return;
	how->highest = zone->type;
	result = mymm_compact_zone(how, zone);
	if (result == MYMM_COMPACT_SUCCESS) {
		mymm_compact_defer_reset(zone, how->order, false);
	} else if (result == MYMM_COMPACT_COMPLETE ||
		   result == MYMM_COMPACT_PARTIAL) {
		/* Blocks may lie in the lists of other CPUs. */
		mymm_pcp_try_drain_all(how->pool);
		mymm_compact_defer(zone, how->order);
	}
	count(how);
}

static void compact_node(struct mymm_kcompactd *kcompactd,
			 const struct mymm_vm_hooks *hooks, unsigned int order)
{
	struct mymm_compact how = {
		.pool = kcompactd->pool,
		.hooks = hooks,
		.order = order,
		.type = MYMM_UNMOVABLE,
		.alloc_flags = MYMM_WMARK_MIN,
		.thread = current == kcompactd->task,
	};
	const enum mymm_zone_type highest = READ_ONCE(kcompactd->highest);
	struct mymm_zone *zone;
	unsigned int i;

	for (i = 0; (zone = zone_of_node(kcompactd->node, highest, &i));) {
		if (how.thread &&
		    (kthread_should_stop() || kthread_should_park()))
			return;
		compact_zone(&how, zone);
	}
}

/* What was wanted since it last looked. */
static void work(struct mymm_kcompactd *kcompactd)
{
	struct mymm_pool *pool = kcompactd->pool;
	const struct mymm_vm_hooks *hooks;
	unsigned int order = xchg(&kcompactd->order, 0);
	struct mymm_stall stall;
	int idx;

	if (!order || mymm_pool_dead(pool))
		return;
	atomic_long_inc(&pool->compact.daemon_wake);
	hooks = mymm_vm_hooks_get(pool, &idx);
	mymm_stall_begin(pool, &stall);
	if (hooks)
		compact_node(kcompactd, hooks, order);
	mymm_stall_end(pool, &stall);
	mymm_vm_hooks_put(idx);
}

/* Zones that are in pieces. */
static void compact_fragmented(struct mymm_kcompactd *kcompactd)
{
	struct mymm_compact how = {
		.pool = kcompactd->pool,
		.order = MYMM_COMPACT_ALL,
		.type = MYMM_UNMOVABLE,
		.proactive = kcompactd->node,
		.thread = true,
		.whole = true,
	};
	struct mymm_zone *zone;
	unsigned int i = 0;
	int idx;

	how.hooks = mymm_vm_hooks_get(kcompactd->pool, &idx);
	while (how.hooks && !kthread_should_stop() && !kthread_should_park() &&
	       (zone = zone_of_node(kcompactd->node, MYMM_NR_ZONE_TYPES, &i))) {
		mymm_compact_zone(&how, zone);
		count(&how);
	}
	mymm_vm_hooks_put(idx);
}

/* What nobody has asked for. Returns how long until the node is looked at again. */
static long look_at_node(struct mymm_kcompactd *kcompactd)
{
	const struct mymm_node *node = kcompactd->node;
	unsigned int before;

	WRITE_ONCE(kcompactd->look, false);
	/* A thread that came while the clock was held is not parked. */
	if (READ_ONCE(kcompactd->pool->clock_held) ||
	    mymm_pool_dead(kcompactd->pool) || !mymm_node_is_fragmented(node))
		return LOOK_INTERVAL;
	before = mymm_node_fragmentation(node);
	compact_fragmented(kcompactd);
	return mymm_node_fragmentation(node) < before ? LOOK_INTERVAL :
							LOOK_LATER;
}

/* Until something is wanted of it, or for as long as that. */
static void wait(const struct mymm_kcompactd *kcompactd, long ticks)
{
	if (!READ_ONCE(mymm_compaction_proactiveness))
		ticks = MAX_SCHEDULE_TIMEOUT;
	for (; ticks; ticks = schedule_timeout(ticks)) {
		set_current_state(TASK_IDLE);
		if (READ_ONCE(kcompactd->order) || READ_ONCE(kcompactd->look) ||
		    kthread_should_stop() || kthread_should_park())
			break;
	}
	__set_current_state(TASK_RUNNING);
}

static int kcompactd_main(void *data)
{
	struct mymm_kcompactd *kcompactd = data;
	long ticks = LOOK_INTERVAL;

	while (!kthread_should_stop()) {
		if (kthread_should_park()) {
			kthread_parkme();
			continue;
		}
		wait(kcompactd, ticks);
		if (kthread_should_stop() || kthread_should_park())
			continue;
		if (READ_ONCE(kcompactd->order) &&
		    !READ_ONCE(kcompactd->look)) {
			work(kcompactd);
			ticks = LOOK_INTERVAL;
		} else {
			ticks = look_at_node(kcompactd);
		}
	}
	return 0;
}

/* --- waking ----------------------------------------------------------------------- */

static void wake(struct irq_work *work)
{
	struct mymm_kcompactd *kcompactd =
		container_of(work, struct mymm_kcompactd, wake);

	wake_up_process(kcompactd->task);
}

/* Is there a zone that is short of blocks, and worth it? */
static bool has_work(const struct mymm_kcompactd *kcompactd)
{
	const enum mymm_zone_type highest = READ_ONCE(kcompactd->highest);
	struct mymm_zone *zone;
	unsigned int i;

	for (i = 0; (zone = zone_of_node(kcompactd->node, highest, &i));)
		if (mymm_compact_suits(zone, READ_ONCE(kcompactd->order),
				       highest,
				       MYMM_WMARK_MIN) == MYMM_COMPACT_CONTINUE)
			return true;
	return false;
}

/**
 * mymm_kcompactd_want() - kswapd can do nothing more for a block
 * @node: on which node
 * @order: of the block; 0: there is nothing to be done
 * @highest: the highest zone that would have done
 *
 * Context: any but NMI, none of our locks held, any of the kernel's.
 */
void mymm_kcompactd_want(struct mymm_node *node, unsigned int order,
			 enum mymm_zone_type highest)
{
	struct mymm_kcompactd *kcompactd = &node->kcompactd;
	struct mymm_pool *pool = node->kswapd.pool;
	int idx;

	/* A pool that is not whole yet may be asked for something, too. */
	if (!order || !pool)
		return;
	if (mymm_vm_hooks_get(pool, &idx) && kcompactd->task) {
		WRITE_ONCE(kcompactd->order,
			   max(READ_ONCE(kcompactd->order), order));
		WRITE_ONCE(kcompactd->highest, highest);
		if (!has_work(kcompactd))
			WRITE_ONCE(kcompactd->order, 0);
		else if (!READ_ONCE(pool->clock_held))
			irq_work_queue(&kcompactd->wake);
	}
	mymm_vm_hooks_put(idx);
}

/* For each thread, which stays meanwhile. */
static void each_thread(struct mymm_pool *pool,
			void (*what)(struct mymm_kcompactd *kcompactd))
{
	unsigned int n;
	int idx;

	if (mymm_vm_hooks_get(pool, &idx))
		for (n = 0; n < pool->nr_nodes; n++)
			if (pool->node_of[n].kcompactd.task)
				what(&pool->node_of[n].kcompactd);
	mymm_vm_hooks_put(idx);
}

static void look(struct mymm_kcompactd *kcompactd)
{
	WRITE_ONCE(kcompactd->look, true);
	wake_up_process(kcompactd->task);
}

/**
 * mymm_kcompactd_look() - have all nodes of all pools looked at, whether they are in pieces
 *
 * mymm_compaction_proactiveness has changed.
 *
 * Context: process; sleeps.
 */
void mymm_kcompactd_look(void)
{
	struct mymm_pool *pool;

	guard(mutex)(&mymm_pools_lock);
	list_for_each_entry(pool, &mymm_pools, node)
		each_thread(pool, look);
}

/* --- life ------------------------------------------------------------------------- */

static int run_on(struct mymm_pool *pool, struct mymm_node *node)
{
	struct mymm_kcompactd *kcompactd = &node->kcompactd;
	struct task_struct *task;

	*kcompactd = (struct mymm_kcompactd){ .pool = pool, .node = node };
	init_irq_work(&kcompactd->wake, wake);
	task = mymm_node_thread_run(pool, node, kcompactd_main, kcompactd,
				    "kcompactd");
	if (IS_ERR(task))
		return PTR_ERR(task);
	kcompactd->task = task;
	return 0;
}

/**
 * mymm_kcompactd_run() - start the threads of a pool
 * @pool: is about to have vm_hooks
 *
 * If nothing is to be reclaimed it has none.
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno: then mymm_kcompactd_stop() is to be called all the same.
 */
int mymm_kcompactd_run(struct mymm_pool *pool)
{
	unsigned int n;
	int err = 0;

	if (pool->flags & MYMM_POOL_NO_RECLAIM)
		return 0;
	for (n = 0; n < pool->nr_nodes && !err; n++)
		err = run_on(pool, &pool->node_of[n]);
	return err;
}

/**
 * mymm_kcompactd_stop() - end the threads of a pool
 * @pool: has no vm_hooks any more
 *
 * Context: process; sleeps.
 */
void mymm_kcompactd_stop(struct mymm_pool *pool)
{
	unsigned int n;

	for (n = 0; n < pool->nr_nodes; n++) {
		struct mymm_kcompactd *kcompactd = &pool->node_of[n].kcompactd;

		if (!kcompactd->task)
			continue;
		irq_work_sync(&kcompactd->wake);
		kthread_stop(kcompactd->task);
		put_task_struct(kcompactd->task);
		kcompactd->task = NULL;
	}
}

/* --- a clock that is held --------------------------------------------------------- */

static void hold(struct mymm_kcompactd *kcompactd)
{
	kthread_park(kcompactd->task);
	WRITE_ONCE(kcompactd->order, 0);
}

/**
 * mymm_kcompactd_hold() - have kcompactd run in mymm_kcompactd_step() alone
 * @pool: the pool, whose clock is held
 *
 * What was wanted before is forgotten.
 *
 * Context: process; sleeps.
 */
void mymm_kcompactd_hold(struct mymm_pool *pool)
{
	each_thread(pool, hold);
}

static void release(struct mymm_kcompactd *kcompactd)
{
	kthread_unpark(kcompactd->task);
}

/**
 * mymm_kcompactd_release() - undo mymm_kcompactd_hold()
 * @pool: the pool
 *
 * Context: process.
 */
void mymm_kcompactd_release(struct mymm_pool *pool)
{
	each_thread(pool, release);
}

/**
 * mymm_kcompactd_step() - do what the threads of a pool would have been woken for
 * @pool: in mymm_kcompactd_hold(), by the caller
 *
 * Context: process; sleeps.
 */
void mymm_kcompactd_step(struct mymm_pool *pool)
{
	each_thread(pool, work);
}
