// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim: frames of a pool are given back that their owners can do without.
 *
 * As in Linux, pages of processes come first, which are on LRU lists (process/vmscan.c): if there
 * are any, and a swap area to write them to. *Shrinkers* come on top of that. One is the slab
 * layer's (shrinker.c); other modules may add more. Since most pools have no processes, a shrinker
 * counts here in frames, and what it gives back counts as what reclaim has achieved.
 *
 * Two ask them: kswapd (kswapd.c), in the background, until a node is above its high
 * watermarks; and an allocation that may sleep, just before it would fail: *direct reclaim*,
 * below.
 *
 * How much is asked for follows from the *priority*, which begins at 12 and falls by one
 * each time that a pass over all shrinkers was not enough. A shrinker that has f frames
 * to give, with the usual cost (seeks) of 2, is asked for
 *
 *      2 * f >> priority       1/2048 of them at first, ... all of them, and at 0
 *                              twice as many, so that each is looked at in any case
 *
 * but in batches of 128, or not at all: if it is less than a batch, and less than f,
 * it is put off (nr_deferred) and comes on top the next time. So with f = 100:
 *
 *      priority   12 ... 6   5    4    3    2    1     0
 *      2 * (f>>p)    0...2   6   12   24   50  100   200
 *      asked for                              100
 *
 * which is at priority 1, where 100 >= f.
 *
 * A task that reclaims is on the pool's list of such tasks meanwhile. If it allocates, in a
 * shrinker, it passes every watermark, and does not reclaim again.
 *
 * Locking. Shrinkers are on a list for RCU, and called without any lock; a count of
 * users keeps one from going away while it is called. The list's own lock is a leaf.
 *
 * Formulas and bounds: do_shrink_slab(), try_to_free_pages() of Linux 6.12.
 */
#include <linux/minmax.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

#include "base/compat.h"
#include "page/node_reclaim.h"
#include "page/page_alloc.h"
#include "page/reclaim_map.h"
#include "page/vm_hooks.h"

/* Frames that a shrinker is asked to look at in one call. */
#define SHRINK_BATCH 128UL

/* --- shrinkers -------------------------------------------------------------------- */

/**
 * mymm_shrinker_register() - have a shrinker asked when a pool is short of frames
 * @pool: the pool; it can't be destroyed before the shrinker is unregistered
 * @shrinker: the caller's, with all that is not private filled in
 *
 * A pool made with %MYMM_POOL_NO_RECLAIM asks nobody.
 *
 * Context: any but NMI.
 * Return: 0. -EINVAL: it lacks a function, or asks for a negative batch or cost; -EIO: the
 * pool is dead.
 */
int mymm_shrinker_register(struct mymm_pool *pool,
			   struct mymm_shrinker *shrinker)
{
	unsigned int i;

	if (!shrinker->count || !shrinker->scan || shrinker->batch < 0 ||
	    shrinker->seeks < 0) {
		pr_err("pool %s: a shrinker is not registered: count and scan must be there, batch and seeks not negative\n",
		       pool->name);
		return -EINVAL;
	}
	if (mymm_pool_dead(pool)) {
		mymm_refuse(pool, MYMM_REFUSED_DEAD, "the pool is dead");
		return -EIO;
	}
	shrinker->pool = pool;
	refcount_set(&shrinker->users, 1);
	init_completion(&shrinker->gone);
	for (i = 0; i < MYMM_MAX_NODES; i++)
		atomic_long_set(&shrinker->nr_deferred[i], 0);
	refcount_inc(&pool->users);

	guard(raw_spinlock_irqsave)(&pool->reclaim.lock);
	list_add_tail_rcu(&shrinker->list, &pool->reclaim.shrinkers);
	return 0;
}
EXPORT_SYMBOL_GPL(mymm_shrinker_register);

static void put_shrinker(struct mymm_shrinker *shrinker)
{
	if (refcount_dec_and_test(&shrinker->users))
		complete(&shrinker->gone);
}

/**
 * mymm_shrinker_unregister() - have a shrinker asked no more
 * @shrinker: is registered; it may be freed or registered again when this returns
 *
 * Waits until nobody is in its functions, so it must not be called from there.
 *
 * Context: process; sleeps.
 */
void mymm_shrinker_unregister(struct mymm_shrinker *shrinker)
{
	struct mymm_pool *pool = shrinker->pool;

	put_shrinker(shrinker);
	/* Until then it stays on the list: a walk that is in it goes on from there. */
	wait_for_completion(&shrinker->gone);
	scoped_guard(raw_spinlock_irqsave, &pool->reclaim.lock)
		list_del_rcu(&shrinker->list);
	synchronize_rcu();
	refcount_dec(&pool->users);
}
EXPORT_SYMBOL_GPL(mymm_shrinker_unregister);

/* Ask one shrinker, as hard as the priority says. */
static void shrink_one(struct mymm_shrinker *shrinker, struct mymm_node *node,
		       struct mymm_scan *scan)
{
	const bool aware = shrinker->flags & MYMM_SHRINKER_NUMA_AWARE;
	const unsigned long batch = shrinker->batch ?: SHRINK_BATCH;
	struct mymm_shrink_control sc = { .gfp = scan->gfp, .nid = node->id };
	unsigned long count, put_off, wanted, todo, seen = 0, freed = 0, got;
	atomic_long_t *deferred = &shrinker->nr_deferred[aware ? sc.nid : 0];

	count = shrinker->count(shrinker, &sc);
	if (!count || count == MYMM_SHRINK_EMPTY)
		return;
	/* Another task that comes here meanwhile does not do the same again. */
	put_off = atomic_long_xchg(deferred, 0);
	if (shrinker->seeks)
		wanted = (count >> scan->priority) * 4 / shrinker->seeks;
	else
		wanted = count / 2;
	todo = min((put_off >> scan->priority) + wanted, 2 * count);

	while (todo >= batch || todo >= count) {
		sc.nr_to_scan = min(batch, todo);
		sc.nr_scanned = sc.nr_to_scan;
		got = shrinker->scan(shrinker, &sc);
		if (got == MYMM_SHRINK_STOP || !sc.nr_scanned)
			break;
		freed += got;
		seen += sc.nr_scanned;
		todo -= min(todo, sc.nr_scanned);
		cond_resched();
	}
	wanted += put_off;
	atomic_long_add(min(wanted - min(wanted, seen), 2 * count), deferred);

	scan->nr_scanned += seen;
	scan->nr_reclaimed += freed;
	scan->left[sc.nid] += count - min(count, freed);
}

/* What processes have on the LRU lists comes first. */
static void shrink_lists(struct mymm_pool *pool, struct mymm_node *node,
			 struct mymm_scan *scan)
{
	const struct mymm_vm_hooks *hooks;
	int idx;

	hooks = mymm_vm_hooks_get(pool, &idx);
	if (hooks && !mymm_pool_dead(pool))
		hooks->shrink(pool, node, scan);
	mymm_vm_hooks_put(idx);
}

/**
 * mymm_reclaim_end() - nothing more is wanted of a node for now
 * @pool: the pool
 * @node: which
 *
 * Context: process; sleeps.
 */
void mymm_reclaim_end(struct mymm_pool *pool, struct mymm_node *node)
{
	const struct mymm_vm_hooks *hooks;
	int idx;

	hooks = mymm_vm_hooks_get(pool, &idx);
	if (hooks)
		hooks->reclaim_end(pool, node);
	mymm_vm_hooks_put(idx);
}

static void shrink_slabs(struct mymm_pool *pool, struct mymm_node *node,
			 struct mymm_scan *scan)
{
	unsigned long scanned = scan->nr_scanned;
	struct mymm_shrinker *shrinker;

	rcu_read_lock();
	list_for_each_entry_rcu(shrinker, &pool->reclaim.shrinkers, list) {
		if (mymm_pool_dead(pool))
			break;
		if (!refcount_inc_not_zero(&shrinker->users))
			continue;
		rcu_read_unlock();
		shrink_one(shrinker, node, scan);
		rcu_read_lock();
		put_shrinker(shrinker);
	}
	rcu_read_unlock();
	atomic_long_add(scan->nr_scanned - scanned,
			&pool->reclaim.stats.slabs_scanned);
}

/**
 * mymm_shrink_node() - scan the LRU lists of a node, and ask all shrinkers once for frames of it
 * @pool: whose
 * @node: which
 * @scan: how hard; what came of it is added
 *
 * Context: process; sleeps. The caller is on the list of tasks that reclaim.
 */
void mymm_shrink_node(struct mymm_pool *pool, struct mymm_node *node,
		      struct mymm_scan *scan)
{
	struct mymm_reclaim_stats *stats = &pool->reclaim.stats;
	unsigned long scanned = scan->nr_scanned;
	unsigned long reclaimed = scan->nr_reclaimed;

	scan->left[node->id] = 0;
	shrink_lists(pool, node, scan);
	shrink_slabs(pool, node, scan);

	scanned = scan->nr_scanned - scanned;
	reclaimed = scan->nr_reclaimed - reclaimed;
	atomic_long_add(scanned, scan->kswapd ? &stats->pgscan_kswapd :
						&stats->pgscan_direct);
	atomic_long_add(reclaimed, scan->kswapd ? &stats->pgsteal_kswapd :
						  &stats->pgsteal_direct);
	/* Something can be had after all: kswapd may be woken again. */
	if (reclaimed)
		atomic_set(&node->kswapd.failures, 0);
}

/* --- tasks that reclaim ------------------------------------------------------------ */

/**
 * mymm_reclaim_enter() - the current task begins to reclaim
 * @pool: from which pool
 * @task: on the caller's stack, until mymm_reclaim_leave()
 *
 * Context: process.
 */
void mymm_reclaim_enter(struct mymm_pool *pool, struct mymm_reclaim_task *task)
{
	task->task = current;
	mymm_reclaim_acquire();
	guard(raw_spinlock_irqsave)(&pool->reclaim.lock);
	list_add(&task->list, &pool->reclaim.tasks);
}

/**
 * mymm_reclaim_leave() - the current task reclaims no more
 * @pool: from which pool
 * @task: as it was given to mymm_reclaim_enter()
 *
 * Context: process.
 */
void mymm_reclaim_leave(struct mymm_pool *pool, struct mymm_reclaim_task *task)
{
	scoped_guard(raw_spinlock_irqsave, &pool->reclaim.lock)
		list_del(&task->list);
	mymm_reclaim_release();
}

/**
 * mymm_reclaiming() - does the current task reclaim from the pool?
 * @pool: the pool
 *
 * Context: any but NMI. In an interrupt it does not.
 * Return: whether it is.
 */
bool mymm_reclaiming(struct mymm_pool *pool)
{
	struct mymm_reclaim_task *task;

	/* If we are on it, it was not empty before we looked. */
	if (!in_task() || list_empty_careful(&pool->reclaim.tasks))
		return false;
	guard(raw_spinlock_irqsave)(&pool->reclaim.lock);
	list_for_each_entry(task, &pool->reclaim.tasks, list)
		if (task->task == current)
			return true;
	return false;
}
MYMM_EXPORT_INTERNAL(mymm_reclaiming);

/* --- direct reclaim ------------------------------------------------------------------ */

/* The next node of the request's zones that is not in @done; NULL: there is none. */
static struct mymm_node *another_node(const struct mymm_request *request,
				      unsigned long *done)
{
	struct mymm_zone *zone;
	unsigned int i;

	for (i = 0; (zone = mymm_next_zone(request, &i));) {
		if (*done & BIT(zone->node))
			continue;
		*done |= BIT(zone->node);
		return &request->pool->node_of[zone->node];
	}
	return NULL;
}

static void shrink_nodes(const struct mymm_request *request,
			 struct mymm_scan *scan)
{
	unsigned long done = 0;
	struct mymm_node *node;

	while ((node = another_node(request, &done)))
		mymm_shrink_node(request->pool, node, scan);
}

static void end_nodes(const struct mymm_request *request)
{
	unsigned long done = 0;
	struct mymm_node *node;

	while ((node = another_node(request, &done)))
		mymm_reclaim_end(request->pool, node);
}

/* From little pressure to all of it, until there is enough. */
static void reclaim(const struct mymm_request *request, struct mymm_scan *scan)
{
	atomic_long_inc(
		&request->pool->reclaim.stats.allocstall[request->highest]);
	scan->priority = MYMM_DEF_PRIORITY;
	do {
		shrink_nodes(request, scan);
	} while (scan->nr_reclaimed < MYMM_RECLAIM_BATCH && scan->priority--);
	end_nodes(request);
}

/**
 * mymm_reclaim_direct() - reclaim on behalf of an allocation
 * @request: what is wanted
 * @scan: what came of it is added
 *
 * Asks all shrinkers, harder each time, until they have given 32 frames or were asked for
 * everything. Which active lists are too long is judged by all zones of a node. For a request
 * that may have only some of these zones the judgement can be wrong. So if nothing was to be had,
 * it asks once more, and pages of all active lists become inactive.
 *
 * Context: process; sleeps. The current task is not reclaiming from the pool yet.
 * Return: how many frames it got.
 */
unsigned long mymm_reclaim_direct(const struct mymm_request *request,
				  struct mymm_scan *scan)
{
	struct mymm_pool *pool = request->pool;
	struct mymm_reclaim_task task;
	struct mymm_stall stall;

	*scan = (struct mymm_scan){
		.gfp = current_gfp_context(request->gfp),
		.highest = request->highest,
		.nr_wanted = MYMM_RECLAIM_BATCH,
	};
	cond_resched();
	mymm_event_reclaim_begin(pool, request->order, request->gfp);
	mymm_reclaim_enter(pool, &task);
	mymm_stall_begin(pool, &stall);
	reclaim(request, scan);
	if (!scan->nr_reclaimed && scan->skipped_active) {
		scan->deactivate = true;
		reclaim(request, scan);
	}
	mymm_stall_end(pool, &stall);
	mymm_reclaim_leave(pool, &task);
	mymm_event_reclaim_end(pool, scan->nr_reclaimed);
	cond_resched();
	return scan->nr_reclaimed;
}

/**
 * mymm_reclaim_forget() - nothing is put off, and no node hopeless
 * @pool: was drained, so its caches have nothing left to give
 *
 * Work that other modules' shrinkers put off is forgotten, too.
 *
 * Context: any but NMI.
 */
void mymm_reclaim_forget(struct mymm_pool *pool)
{
	struct mymm_shrinker *shrinker;
	unsigned int n;

	guard(raw_spinlock_irqsave)(&pool->reclaim.lock);
	list_for_each_entry(shrinker, &pool->reclaim.shrinkers, list)
		for (n = 0; n < MYMM_MAX_NODES; n++)
			atomic_long_set(&shrinker->nr_deferred[n], 0);
	for (n = 0; n < pool->nr_nodes; n++)
		atomic_set(&pool->node_of[n].kswapd.failures, 0);
}

/**
 * mymm_reclaim_init() - be ready for shrinkers
 * @pool: new
 *
 * Context: any; nobody else can reach the pool.
 */
void mymm_reclaim_init(struct mymm_pool *pool)
{
	raw_spin_lock_init(&pool->reclaim.lock);
	INIT_LIST_HEAD(&pool->reclaim.shrinkers);
	INIT_LIST_HEAD(&pool->reclaim.tasks);
	pool->reclaim.vfs_cache_pressure = 100;
	mymm_node_reclaim_init(pool);
	mymm_pressure_init(pool);
}
