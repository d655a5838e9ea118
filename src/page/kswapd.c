// SPDX-License-Identifier: GPL-2.0
/*
 * kswapd: a thread for each node, which reclaims before an allocation has to wait for it.
 *
 *      free frames
 *        |
 *   high | - - - - - - - - - - - - - - - - - - - - - - - - - sleeps again
 *        |  \                                           /
 *   low  | - -\- - - woken - - - - - - - - - - - - - -/- -
 *        |      \                                   /
 *   min  | - - - -\- - - allocations that may - - / - - - -
 *        |          \    wait reclaim as well   /
 *      0 +------------\-----------------------/------------> time
 *
 * An allocation that finds no zone above its low watermark says what it wanted, order
 * and highest zone, and has the threads of all nodes that it could have used woken. They
 * are not woken from there: the scheduler's own tracepoints may have called us, with
 * its locks held. An irq_work does it, as soon as interrupts are on.
 *
 * A node is *balanced* when one of the zones that will do is above its high watermark,
 * and has a block of the order that was wanted. Until then the thread asks the shrinkers,
 * with a priority that falls when they looked at too little, or gave nothing. Having got
 * twice as many frames as the block has, it no longer insists on the order: then only
 * what an allocation does itself could help.
 *
 * A *boost* is what a fallback added to a zone's watermarks (pageblock.c). A run that finds
 * the node balanced but boosted reclaims as much as the boost says, with little pressure and
 * no I/O, and takes from the boost what was there when it began, whatever it got. Where there is no
 * kswapd, or none with any hope, a boost is dropped when kswapd would be woken next: in
 * Linux it would stay, but there is always something to reclaim there.
 *
 * After 16 runs in a row that gave nothing it is *hopeless*, and not woken any more
 * until an allocation's own reclaim gives something, or the pool is drained.
 *
 * Sleep comes in two steps, so that "just above high" and "at rest" are distinct: it
 * dozes a tenth of a second, and sleeps for good only if the node is still balanced then.
 *
 * While a run lasts its zones have MYMM_ZONE_RECLAIM_ACTIVE, which makes CPUs keep less
 * in their lists. What the thread itself gives back goes to the zones after each
 * pass: its own CPU's lists are the last place where it should stay.
 *
 * A block may be wanted that reclaim does not give, though enough is free: before the thread
 * dozes, it has kcompactd woken for that (kcompactd.c); and after a boost for a pageblock.
 *
 * Life. It begins when the pool is whole, is parked during an attempt to destroy the
 * pool, and ends before the frames do. In a dead pool it sleeps.
 *
 * While the pool's clock is held (pool/clock.c) the threads are parked too. What would have
 * woken one is noted, and the run is done by the task that steps the clock. So it always
 * comes at the same place between two allocations, and on the same CPU.
 *
 * The decisions are those of balance_pgdat(), kswapd_try_to_sleep() and wakeup_kswapd()
 * of Linux 6.12.
 */
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/task.h>

#include "base/compat.h"
#include "page/kcompactd.h"
#include "page/kswapd.h"
#include "page/node_thread.h"
#include "page/page_alloc.h"
#include "page/pcp.h"
#include "page/watermark.h"

/* How long it dozes before it sleeps. */
#define DOZE (HZ / 10)

/* The next zone of a node that a request for @highest may have, from type *@type on. */
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

/**
 * mymm_node_balanced() - is there enough free for an allocation not to wake kswapd?
 * @node: where
 * @order: of a block
 * @highest: the highest zone that will do
 *
 * Context: any. A guess, since nothing is locked.
 * Return: whether one of the zones is above its high watermark; a node that has none of
 * them is balanced.
 */
bool mymm_node_balanced(const struct mymm_node *node, unsigned int order,
			enum mymm_zone_type highest)
{
	const struct mymm_zone *zone;
	bool any = false;
	unsigned int i;

	for (i = 0; (zone = zone_of_node(node, highest, &i));) {
		any = true;
		if (mymm_zone_watermark_ok(
			    zone, order,
			    mymm_zone_watermark(zone, MYMM_WMARK_HIGH), highest,
			    0, READ_ONCE(zone->buddy.free)))
			return true;
	}
	return !any;
}
MYMM_EXPORT_INTERNAL(mymm_node_balanced);

/* --- boosts -------------------------------------------------------------------------- */

/* What fallbacks have added to the watermarks of each zone, and all of it. */
static unsigned long read_boosts(const struct mymm_node *node,
				 enum mymm_zone_type highest,
				 unsigned long *boost)
{
	const struct mymm_zone *zone;
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; (zone = zone_of_node(node, highest, &i));) {
		boost[zone->type] = READ_ONCE(zone->watermark_boost);
		sum += boost[zone->type];
	}
	return sum;
}

/* What was there when the run began has had its effect; what came since has not. */
static void take_boosts(struct mymm_node *node, enum mymm_zone_type highest,
			const unsigned long *boost)
{
	struct mymm_zone *zone;
	unsigned int i;

	for (i = 0; (zone = zone_of_node(node, highest, &i));) {
		if (!boost[zone->type])
			continue;
		guard(raw_spinlock_irqsave)(&zone->lock);
		zone->watermark_boost -=
			min(zone->watermark_boost, boost[zone->type]);
		mymm_zone_set_marks(zone);
		mymm_zone_rose(zone);
	}
}

/* With no kswapd to answer it, a boost only holds frames back. */
static void forget_boosts(struct mymm_node *node, enum mymm_zone_type highest)
{
	unsigned long boost[MYMM_NR_ZONE_TYPES] = {};

	if (read_boosts(node, highest, boost))
		take_boosts(node, highest, boost);
}

/* --- waking -------------------------------------------------------------------------- */

static void wake(struct irq_work *work)
{
	struct mymm_kswapd *kswapd =
		container_of(work, struct mymm_kswapd, wake);

	wake_up_process(kswapd->task);
}

/* What is wanted is at least this. Two at once may lose one: it will be back. */
static void remember(struct mymm_kswapd *kswapd, unsigned int order,
		     enum mymm_zone_type highest)
{
	enum mymm_zone_type was = READ_ONCE(kswapd->highest);

	if (was == MYMM_ZONE_NONE || was < highest)
		WRITE_ONCE(kswapd->highest, highest);
	if (READ_ONCE(kswapd->order) < order)
		WRITE_ONCE(kswapd->order, order);
}

/**
 * mymm_kswapd_want() - an allocation wants more free frames on a node
 * @node: where
 * @order: what it could not get
 * @highest: the highest zone that would have done
 *
 * Context: any but NMI, none of our locks held, any of the kernel's.
 */
void mymm_kswapd_want(struct mymm_node *node, unsigned int order,
		      enum mymm_zone_type highest)
{
	unsigned long boost[MYMM_NR_ZONE_TYPES] = {};
	struct mymm_kswapd *kswapd = &node->kswapd;

	if (!kswapd->task || mymm_kswapd_hopeless(kswapd)) {
		forget_boosts(node, highest);
		mymm_kcompactd_want(node, order, highest);
		return;
	}
	remember(kswapd, order, highest);
	if (!READ_ONCE(kswapd->asleep) || mymm_pool_dead(kswapd->pool))
		return;
	if (mymm_node_balanced(node, order, highest) &&
	    !read_boosts(node, highest, boost))
		return;
	atomic_long_inc(&kswapd->pool->reclaim.stats.kswapd_wake);
	if (READ_ONCE(kswapd->held))
		WRITE_ONCE(kswapd->due, true);
	else
		irq_work_queue(&kswapd->wake);
}

/**
 * mymm_wake_boosted() - let kswapd know that a fallback has raised a watermark
 * @pool: whose
 * @zone: in which zone
 *
 * Context: any but NMI, no lock of ours held.
 */
void mymm_wake_boosted(struct mymm_pool *pool, struct mymm_zone *zone)
{
	scoped_guard(raw_spinlock_irqsave, &zone->lock)
		zone->flags &= ~BIT(MYMM_ZONE_BOOSTED);
	mymm_kswapd_want(&pool->node_of[zone->node], 0, zone->type);
}
MYMM_EXPORT_INTERNAL(mymm_wake_boosted);

/* --- balancing ------------------------------------------------------------------------ */

static void set_active(struct mymm_node *node, enum mymm_zone_type highest,
		       bool active)
{
	struct mymm_zone *zone;
	unsigned int i;

	for (i = 0; (zone = zone_of_node(node, highest, &i));) {
		guard(raw_spinlock_irqsave)(&zone->lock);
		if (active)
			zone->flags |= BIT(MYMM_ZONE_RECLAIM_ACTIVE);
		else
			zone->flags &= ~BIT(MYMM_ZONE_RECLAIM_ACTIVE);
	}
}

/* One pass over the shrinkers; returns whether they looked at enough. */
static bool shrink(struct mymm_node *node, unsigned int *order,
		   enum mymm_zone_type highest, struct mymm_scan *scan)
{
	unsigned long before = scan->nr_reclaimed, enough = 0;
	struct mymm_zone *zone;
	unsigned int i;

	for (i = 0; (zone = zone_of_node(node, highest, &i));)
		enough += max(mymm_zone_watermark(zone, MYMM_WMARK_HIGH),
			      MYMM_RECLAIM_BATCH);
	scan->nr_scanned = 0;
	scan->nr_wanted = enough;
	mymm_shrink_node(node->kswapd.pool, node, scan);
	mymm_pcp_drain_local(node->kswapd.pool);
	if (*order && scan->nr_reclaimed >= 2UL << *order)
		*order = 0;
	return max(scan->nr_scanned, scan->nr_reclaimed - before) >= enough;
}

static bool interrupted(const struct mymm_kswapd *kswapd)
{
	/* Only a thread may be asked whether it is to stop. */
	if (current == kswapd->task &&
	    (kthread_should_stop() || kthread_should_park()))
		return true;
	/* In mymm_kswapd_step() it is a caller, which a signal may end. */
	if (current != kswapd->task && fatal_signal_pending(current))
		return true;
	return mymm_pool_dead(kswapd->pool);
}

/*
 * From little pressure to nearly all of it, until the node is balanced and what is @to_boost was
 * reclaimed, too. Returns false if nothing more can be had.
 */
static bool reclaim(struct mymm_kswapd *kswapd, unsigned int *order,
		    struct mymm_scan *scan, unsigned long *to_boost)
{
	struct mymm_node *node = kswapd->node;

	set_active(node, scan->highest, true);
	scan->priority = MYMM_DEF_PRIORITY;
	while (scan->priority) {
		bool balanced = mymm_node_balanced(node, *order, scan->highest);
		unsigned long got = scan->nr_reclaimed;
		bool enough;

		/* An unbalanced node goes before a boost: start again, with little pressure. */
		if (!balanced && *to_boost) {
			*to_boost = 0;
			scan->priority = MYMM_DEF_PRIORITY;
		}
		if (balanced && !*to_boost)
			return true;
		/* A boost is worth no I/O. */
		scan->keep_anon = *to_boost;
		scan->keep_dirty = *to_boost;
		enough = shrink(node, order, scan->highest, scan);
		if (interrupted(kswapd))
			return true;
		got = scan->nr_reclaimed - got;
		*to_boost -= min(*to_boost, got);
		if (*to_boost && !got)
			break;
		/* For a boost the pressure on shrinkers stays low. */
		if (*to_boost && scan->priority == MYMM_DEF_PRIORITY - 2)
			enough = true;
		if (!enough || !got)
			scan->priority--;
	}
	return false;
}

/*
 * Reclaim until the node is balanced, or nothing more can be had. Returns the order that it
 * still had in mind at the end.
 */
static unsigned int balance(struct mymm_kswapd *kswapd, unsigned int order,
			    enum mymm_zone_type highest)
{
	unsigned long boost[MYMM_NR_ZONE_TYPES] = {}, to_boost;
	struct mymm_scan scan = {
		.gfp = GFP_KERNEL,
		.kswapd = true,
		.highest = highest,
	};
	struct mymm_node *node = kswapd->node;
	struct mymm_reclaim_task task;
	bool boosted, done;

	atomic_long_inc(&kswapd->pool->reclaim.stats.pageoutrun);
	mymm_reclaim_enter(kswapd->pool, &task);
	to_boost = read_boosts(node, highest, boost);
	boosted = to_boost;
	done = reclaim(kswapd, &order, &scan, &to_boost);
	/* Pages of files were to go first, and none could: then others as well. */
	if (!done && !scan.nr_reclaimed && !scan.priority &&
	    scan.trimmed_in_vain) {
		scan.share = true;
		done = reclaim(kswapd, &order, &scan, &to_boost);
	}
	if (!done && !scan.nr_reclaimed)
		atomic_inc(&kswapd->failures);
	set_active(node, highest, false);
	take_boosts(node, highest, boost);
	if (boosted)
		mymm_kcompactd_want(node, kswapd->pool->block_order, highest);
	mymm_reclaim_end(kswapd->pool, node);
	mymm_reclaim_leave(kswapd->pool, &task);
	return order;
}

/* --- the thread ------------------------------------------------------------------------ */

static bool may_sleep(const struct mymm_kswapd *kswapd, unsigned int order,
		      enum mymm_zone_type highest)
{
	return mymm_kswapd_hopeless(kswapd) || mymm_pool_dead(kswapd->pool) ||
	       mymm_node_balanced(kswapd->node, order, highest);
}

/* The highest zone that was wanted lately, or else the one before that. */
static enum mymm_zone_type wanted_zone(const struct mymm_kswapd *kswapd,
				       enum mymm_zone_type before)
{
	enum mymm_zone_type highest = READ_ONCE(kswapd->highest);

	return highest == MYMM_ZONE_NONE ? before : highest;
}

/* What it has reclaimed is to become a block. */
static void have_compacted(struct mymm_kswapd *kswapd,
			   enum mymm_zone_type highest)
{
	mymm_kcompactd_want(kswapd->node, kswapd->to_compact, highest);
	kswapd->to_compact = 0;
}

/* Begin to wait. A request sees @asleep, or was seen before the sleep. */
static void fall_asleep(struct mymm_kswapd *kswapd)
{
	WRITE_ONCE(kswapd->asleep, true);
	set_current_state(TASK_IDLE);
}

static void try_to_sleep(struct mymm_kswapd *kswapd, unsigned int order,
			 enum mymm_zone_type highest)
{
	struct mymm_reclaim_stats *stats = &kswapd->pool->reclaim.stats;
	long left = 0;

	fall_asleep(kswapd);
	if (kthread_should_stop() || kthread_should_park())
		goto awake;
	if (may_sleep(kswapd, order, highest)) {
		have_compacted(kswapd, highest);
		left = schedule_timeout(DOZE);
		/* Woken: what it was about to forget counts too. */
		if (left)
			remember(kswapd, order, wanted_zone(kswapd, highest));
		fall_asleep(kswapd);
	}
	if (left) {
		atomic_long_inc(&stats->kswapd_low_wmark_hit_quickly);
	} else if (may_sleep(kswapd, order, highest)) {
		atomic_long_inc(&stats->kswapd_sleep);
		mymm_event_kswapd_sleep(kswapd->pool, kswapd->node->id);
		if (!kthread_should_stop() && !kthread_should_park())
			schedule();
	} else {
		atomic_long_inc(&stats->kswapd_high_wmark_hit_quickly);
	}
awake:
	__set_current_state(TASK_RUNNING);
	WRITE_ONCE(kswapd->asleep, false);
}

/* Balance for what is wanted. Sets the order and zone at which it may sleep then. */
static void run(struct mymm_kswapd *kswapd, unsigned int *reached,
		enum mymm_zone_type *highest)
{
	unsigned int order = READ_ONCE(kswapd->order);
	struct mymm_stall stall;

	*highest = wanted_zone(kswapd, *highest);
	WRITE_ONCE(kswapd->order, 0);
	WRITE_ONCE(kswapd->highest, MYMM_ZONE_NONE);

	mymm_event_kswapd_wake(kswapd->pool, kswapd->node->id, *highest, order);
	kswapd->to_compact = order;
	mymm_stall_begin(kswapd->pool, &stall);
	*reached = balance(kswapd, order, *highest);
	mymm_stall_end(kswapd->pool, &stall);
	/* All that it could do: it may sleep at a lower order. */
	if (*reached >= order) {
		*reached = READ_ONCE(kswapd->order);
		*highest = wanted_zone(kswapd, *highest);
	}
}

static int kswapd_main(void *data)
{
	enum mymm_zone_type highest = MYMM_NR_ZONE_TYPES - 1;
	struct mymm_kswapd *kswapd = data;
	unsigned int reached = 0;

	while (!kthread_should_stop()) {
		if (kthread_should_park()) {
			kthread_parkme();
			continue;
		}
		try_to_sleep(kswapd, reached, highest);
		if (!interrupted(kswapd))
			run(kswapd, &reached, &highest);
	}
	return 0;
}

/* --- life ------------------------------------------------------------------------------ */

static int run_on(struct mymm_pool *pool, struct mymm_node *node)
{
	struct mymm_kswapd *kswapd = &node->kswapd;
	struct task_struct *task;

	task = mymm_node_thread_run(pool, node, kswapd_main, kswapd, "kswapd");
	if (IS_ERR(task))
		return PTR_ERR(task);
	kswapd->task = task;
	return 0;
}

/**
 * mymm_kswapd_run() - start the threads of a pool
 * @pool: is whole, but nobody knows it yet
 *
 * Without watermarks, or if nobody is to be asked, it has none.
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno: then mymm_kswapd_stop() is to be called all the same.
 */
int mymm_kswapd_run(struct mymm_pool *pool)
{
	unsigned int n;
	int err = 0;

	for (n = 0; n < pool->nr_nodes && !err; n++) {
		struct mymm_kswapd *kswapd = &pool->node_of[n].kswapd;

		kswapd->pool = pool;
		kswapd->node = &pool->node_of[n];
		kswapd->highest = MYMM_ZONE_NONE;
		init_irq_work(&kswapd->wake, wake);
		if (!(pool->flags &
		      (MYMM_POOL_NO_RECLAIM | MYMM_POOL_NO_WATERMARKS)))
			err = run_on(pool, kswapd->node);
	}
	return err;
}

/**
 * mymm_kswapd_stop() - end the threads of a pool
 * @pool: nobody allocates from it any more
 *
 * Context: process; sleeps.
 */
void mymm_kswapd_stop(struct mymm_pool *pool)
{
	unsigned int n;

	if (!pool->node_of)
		return;
	for (n = 0; n < pool->nr_nodes; n++)
		if (pool->node_of[n].kswapd.task)
			kthread_stop(pool->node_of[n].kswapd.task);
	/* One of them may have wanted to wake another one. */
	for (n = 0; n < pool->nr_nodes; n++) {
		struct mymm_kswapd *kswapd = &pool->node_of[n].kswapd;

		if (!kswapd->task)
			continue;
		irq_work_sync(&kswapd->wake);
		put_task_struct(kswapd->task);
		kswapd->task = NULL;
	}
}

/**
 * mymm_kswapd_park() - have the threads of a pool do nothing for a while
 * @pool: the pool
 *
 * Returns when they hold nothing of it.
 *
 * Context: process; sleeps.
 */
void mymm_kswapd_park(struct mymm_pool *pool)
{
	unsigned int n;

	for (n = 0; n < pool->nr_nodes; n++)
		if (pool->node_of[n].kswapd.task)
			kthread_park(pool->node_of[n].kswapd.task);
}

/**
 * mymm_kswapd_unpark() - undo mymm_kswapd_park()
 * @pool: the pool
 *
 * Context: process.
 */
void mymm_kswapd_unpark(struct mymm_pool *pool)
{
	unsigned int n;

	for (n = 0; n < pool->nr_nodes; n++)
		if (pool->node_of[n].kswapd.task)
			kthread_unpark(pool->node_of[n].kswapd.task);
}

/* --- a clock that is held ------------------------------------------------------------- */

/**
 * mymm_kswapd_hold() - have kswapd run in mymm_kswapd_step() alone
 * @pool: the pool, whose clock is held
 *
 * What was wanted before is forgotten.
 *
 * Context: process; sleeps.
 */
void mymm_kswapd_hold(struct mymm_pool *pool)
{
	unsigned int n;

	mymm_kswapd_park(pool);
	for (n = 0; n < pool->nr_nodes; n++) {
		struct mymm_kswapd *kswapd = &pool->node_of[n].kswapd;

		WRITE_ONCE(kswapd->order, 0);
		WRITE_ONCE(kswapd->highest, MYMM_ZONE_NONE);
		WRITE_ONCE(kswapd->due, false);
		WRITE_ONCE(kswapd->held, true);
		WRITE_ONCE(kswapd->asleep, true);
	}
}

/**
 * mymm_kswapd_release() - undo mymm_kswapd_hold()
 * @pool: the pool
 *
 * Context: process.
 */
void mymm_kswapd_release(struct mymm_pool *pool)
{
	unsigned int n;

	for (n = 0; n < pool->nr_nodes; n++)
		WRITE_ONCE(pool->node_of[n].kswapd.held, false);
	mymm_kswapd_unpark(pool);
}

/* From being woken to falling asleep. */
static void step(struct mymm_kswapd *kswapd)
{
	enum mymm_zone_type highest = MYMM_NR_ZONE_TYPES - 1;
	unsigned int reached;

	WRITE_ONCE(kswapd->asleep, false);
	WRITE_ONCE(kswapd->due, false);
	do
		run(kswapd, &reached, &highest);
	while (!may_sleep(kswapd, reached, highest) && !interrupted(kswapd));
	have_compacted(kswapd, highest);
	atomic_long_inc(&kswapd->pool->reclaim.stats.kswapd_sleep);
	mymm_event_kswapd_sleep(kswapd->pool, kswapd->node->id);
	WRITE_ONCE(kswapd->asleep, true);
}

/**
 * mymm_kswapd_step() - do what the threads of a pool would have been woken for
 * @pool: in mymm_kswapd_hold(), by the caller
 *
 * Context: process; sleeps. The current task is not reclaiming from the pool.
 */
void mymm_kswapd_step(struct mymm_pool *pool)
{
	unsigned int n;

	for (n = 0; n < pool->nr_nodes; n++)
		if (READ_ONCE(pool->node_of[n].kswapd.due))
			step(&pool->node_of[n].kswapd);
}
