// SPDX-License-Identifier: GPL-2.0
/*
 * What an allocation does when no zone is above its low watermark.
 *
 * It has kswapd woken, and then goes as far down as its flags let it. Of a zone with
 * the watermark min = 128 this much is left untouched:
 *
 *      128 |- - - - - - -  GFP_KERNEL, GFP_NOWAIT | __GFP_NOMEMALLOC
 *          |
 *       64 |- - - - - - -  __GFP_HIGH, __GFP_NOFAIL at the last, real-time tasks
 *       48 |- - - - - - -  GFP_ATOMIC
 *          |
 *        0 +- - - - - - -  __GFP_MEMALLOC, tasks that reclaim from the pool
 *
 * A block of one frame is given as long as more than that is free. On top of it comes
 * lowmem_reserve, for requests that could have had a higher zone. A request that cannot wait
 * may also have what is free of the HighAtomic reserve, rather than fail; GFP_NOWAIT no more
 * than that.
 *
 * A request that may wait reclaims then (reclaim.c), and tries again if that gave something,
 * or as long as it could give enough:
 *
 *      order 0 to 3   until 16 attempts in a row gave nothing
 *      larger         once; with __GFP_RETRY_MAYFAIL 16 times, for what comes back need
 *                     not be next to each other
 *      __GFP_NORETRY  once
 *      __GFP_NOFAIL   for ever. It sleeps a little between the attempts, until something
 *                     is freed. Only a signal that kills its task ends that, or the
 *                     pool's end of service
 *
 * A task that is reclaiming already does not reclaim once more: it gets what there is, or
 * nothing. Before a failure per-CPU lists are drained: of all CPUs if the request may wait,
 * else of this one; and before a request that may wait fails, what is left of the
 * HighAtomic reserve is given up.
 *
 * If processes have memory of the pool, their frames can be moved (compact.c). A request for more
 * than one frame, that may wait and has __GFP_IO, compacts before it reclaims: if it is of order 4
 * or more, or not movable itself; and in any case after it has reclaimed. It tries again as long
 * as reclaim gives something, harder each time. With __GFP_NORETRY, order 4 or more does not even
 * reclaim if compaction was out of the question.
 *
 * If processes have memory of the pool, the OOM killer comes next (process/oom.c), and each time
 * that it has got something back all begins anew. One task at a time is in it, of whichever pool;
 * others wait for a tick, for they will have what it gets. It is not for what can do without:
 * __GFP_NORETRY, __GFP_RETRY_MAYFAIL, __GFP_THISNODE, orders from 4 up, zones below Normal, and a
 * task that dumps core or is to die itself. Nor is it for a request without __GFP_FS: Linux lets
 * that try for ever, here it fails. And a pool that reclaims nothing kills nothing.
 *
 * What is not there of Linux's way: cpusets.
 *
 * The order of things is that of __alloc_pages_slowpath() of Linux 6.12.
 */
#include <linux/mm.h>
#include <linux/ratelimit.h>
#include <linux/sched/rt.h>
#include <linux/sched/signal.h>

#include "base/compat.h"
#include "page/compact.h"
#include "page/kswapd.h"
#include "page/page_alloc.h"
#include "page/pcp.h"
#include "page/pcp_drain.h"
#include "page/show_mem.h"
#include "page/slowpath.h"
#include "page/vm_hooks.h"
#include "page/watermark.h"

/* How long __GFP_NOFAIL sleeps at most before it looks again. */
#define NOFAIL_NAP (HZ / 10 ?: 1)

/* One task at a time has processes killed. It is only tried, so it has no place in the order. */
static DEFINE_MUTEX(oom_lock);

/* What a request's flags say about how far it may go. */
static unsigned int slow_flags(gfp_t gfp, unsigned int order)
{
	unsigned int flags = MYMM_WMARK_MIN;

	if (gfp & __GFP_HIGH)
		flags |= MYMM_ALLOC_MIN_RESERVE;
	if (gfp & __GFP_KSWAPD_RECLAIM)
		flags |= MYMM_ALLOC_KSWAPD;
	if (!(gfp & (__GFP_DIRECT_RECLAIM | __GFP_NOMEMALLOC))) {
		flags |= MYMM_ALLOC_NON_BLOCK;
		if (order && gfp & __GFP_HIGH)
			flags |= MYMM_ALLOC_HIGHATOMIC;
	}
	/* Real-time tasks may use the reserve. */
	if (gfp & __GFP_DIRECT_RECLAIM && in_task() &&
	    current->prio < MAX_RT_PRIO)
		flags |= MYMM_ALLOC_MIN_RESERVE;
	return flags;
}

/* May it use what watermarks keep, all of it? */
static bool uses_reserves(const struct mymm_request *request, bool reclaiming)
{
	return !(request->gfp & __GFP_NOMEMALLOC) &&
	       (request->gfp & __GFP_MEMALLOC || reclaiming);
}

/**
 * mymm_slowpath_flags() - how far down a request may go at the last
 * @request: what is wanted
 *
 * Context: any.
 * Return: MYMM_ALLOC_*: a watermark, or that there is none, and what lets it past.
 */
unsigned int mymm_slowpath_flags(const struct mymm_request *request)
{
	unsigned int flags = slow_flags(request->gfp, request->order);

	if (uses_reserves(request, mymm_reclaiming(request->pool)))
		return MYMM_ALLOC_NO_WATERMARKS | (flags & MYMM_ALLOC_KSWAPD);
	return flags;
}

/* Each node that could have served the request. */
static void wake_kswapds(const struct mymm_request *request)
{
	unsigned long done = 0;
	struct mymm_zone *zone;
	unsigned int i;

	for (i = 0; (zone = mymm_next_zone(request, &i));) {
		if (done & BIT(zone->node))
			continue;
		done |= BIT(zone->node);
		mymm_kswapd_want(&request->pool->node_of[zone->node],
				 request->order, request->highest);
	}
}

/* Blocks that were freed may be in lists, where this request does not look. */
static void drain_pcplists(const struct mymm_request *request)
{
	struct mymm_pool *pool = request->pool;

	if (pool->flags & MYMM_POOL_NO_PCP)
		return;
	if (request->gfp & __GFP_DIRECT_RECLAIM)
		mymm_pcp_try_drain_all(pool);
	else
		mymm_pcp_drain_local(pool);
}

static struct mymm_frame *reclaim_and_get(const struct mymm_request *request,
					  unsigned int alloc_flags,
					  struct mymm_scan *scan)
{
	struct mymm_frame *block;

	if (!mymm_reclaim_direct(request, scan))
		return NULL;
	block = mymm_get_block(request, alloc_flags);
	if (block)
		return block;
	mymm_pageblock_unreserve(request->list, request->type, false);
	drain_pcplists(request);
	return mymm_get_block(request, alloc_flags);
}

/* Would there be enough if shrinkers gave all that they say they have? */
static bool could_be_had(const struct mymm_request *request,
			 unsigned int alloc_flags, const struct mymm_scan *scan)
{
	struct mymm_zone *zone;
	unsigned int i;

	for (i = 0; (zone = mymm_next_zone(request, &i));) {
		unsigned long free = READ_ONCE(zone->buddy.free);

		if (mymm_zone_watermark_ok(zone, request->order,
					   mymm_zone_watermark(zone,
							       MYMM_WMARK_MIN),
					   request->highest, alloc_flags,
					   free + scan->left[zone->node]))
			return true;
	}
	return false;
}

/* Is another round worth its while? @rounds counts those that gave nothing. */
static bool try_again(const struct mymm_request *request,
		      unsigned int alloc_flags, const struct mymm_scan *scan,
		      struct mymm_compaction *compaction, unsigned int *rounds)
{
	const bool costly = request->order > MYMM_COSTLY_ORDER;

	if (request->gfp & __GFP_NORETRY ||
	    (costly && !(request->gfp & __GFP_RETRY_MAYFAIL)))
		return false;
	/* With a costly order it need not help that something was given back. */
	if (scan->nr_reclaimed && !costly)
		*rounds = 0;
	else
		++*rounds;
	if (*rounds <= MYMM_MAX_RECLAIM_RETRIES &&
	    could_be_had(request, alloc_flags, scan)) {
		/* Other work of a workqueue waits until this sleeps. */
		if (current->flags & PF_WQ_WORKER)
			schedule_timeout_uninterruptible(1);
		else
			cond_resched();
		return true;
	}
	return mymm_pageblock_unreserve(request->list, request->type, true) ||
	       (scan->nr_reclaimed &&
		mymm_compact_again(request, scan->left, compaction));
}

/* Reclaim, compact, and try again, as long as that is worth it. */
static struct mymm_frame *try_hard(const struct mymm_request *request,
				   unsigned int alloc_flags,
				   struct mymm_compaction *compaction)
{
	struct mymm_scan scan = {};
	struct mymm_frame *block;
	unsigned int rounds = 0;

	do {
		if (alloc_flags & MYMM_ALLOC_KSWAPD)
			wake_kswapds(request);
		block = mymm_get_block(request, alloc_flags);
		if (!block)
			block = reclaim_and_get(request, alloc_flags, &scan);
		if (!block)
			block = mymm_compact_direct(request, alloc_flags,
						    compaction);
	} while (!block && !mymm_pool_dead(request->pool) &&
		 try_again(request, alloc_flags, &scan, compaction, &rounds));
	return block;
}

/*
 * There are likely frames enough, in pieces: then there is no need to reclaim. And what can't be
 * moved is best kept together.
 */
static bool compacts_first(const struct mymm_request *request)
{
	return request->order > MYMM_COSTLY_ORDER ||
	       request->type != mymm_pool_first_type(request->pool);
}

/*
 * Compact before anything is reclaimed. True: that was all, with __GFP_NORETRY: then reclaim is too
 * dear, or, on one node alone, not wanted.
 */
static bool compact_first(const struct mymm_request *request,
			  unsigned int alloc_flags,
			  struct mymm_compaction *compaction,
			  struct mymm_frame **block)
{
	const bool easy = request->order > MYMM_COSTLY_ORDER &&
			  request->gfp & __GFP_NORETRY;

	if (!mymm_compact_allowed(request) || !compacts_first(request) ||
	    uses_reserves(request, mymm_reclaiming(request->pool)))
		return false;
	compaction->priority = MYMM_COMPACT_ASYNC;
	*block = mymm_compact_direct(request, alloc_flags, compaction);
	if (!easy)
		compaction->priority = MYMM_COMPACT_SYNC_LIGHT;
	return !*block && easy &&
	       (compaction->result <= MYMM_COMPACT_DEFERRED ||
		request->gfp & __GFP_THISNODE);
}

/*
 * Is it really to wait as long as it takes? A caller that can't wait can't insist; nor
 * can one for what no zone will ever have.
 */
static bool insists(const struct mymm_request *request)
{
	if (!(request->gfp & __GFP_NOFAIL) || !request->list->nr)
		return false;
	if (request->gfp & __GFP_DIRECT_RECLAIM) {
		if (request->order > 1)
			pr_warn_ratelimited(
				"pool %s: __GFP_NOFAIL with order %u may have to wait for ever: expected order 0 or 1\n",
				request->pool->name, request->order);
		return true;
	}
	pr_warn_ratelimited(
		"pool %s: __GFP_NOFAIL without __GFP_DIRECT_RECLAIM may fail: who can't wait can't insist\n",
		request->pool->name);
	return false;
}

/* Sleep a little, longer each time; false: there is no point in going on. */
static bool nap(const struct mymm_request *request, long *length)
{
	if (mymm_pool_dead(request->pool) || fatal_signal_pending(current))
		return false;
	schedule_timeout_killable(*length);
	*length = min_t(long, *length * 2, NOFAIL_NAP);
	return true;
}

/* Is what is wanted worth a process? */
static bool may_kill(const struct mymm_request *request)
{
	const gfp_t never = __GFP_NORETRY | __GFP_RETRY_MAYFAIL |
			    __GFP_THISNODE;
	const gfp_t needs = __GFP_DIRECT_RECLAIM | __GFP_FS;

	return (request->gfp & (never | needs)) == needs &&
	       request->order <= MYMM_COSTLY_ORDER &&
	       request->highest >= MYMM_ZONE_NORMAL && request->list->nr &&
	       !(request->pool->flags & MYMM_POOL_NO_RECLAIM) &&
	       !(current->flags & PF_DUMPCORE) &&
	       !fatal_signal_pending(current) && !mymm_pool_dead(request->pool);
}

/* With oom_lock. */
static bool kill_one(const struct mymm_request *request)
{
	const struct mymm_vm_hooks *hooks;
	bool more;
	int idx;

	hooks = mymm_vm_hooks_get(request->pool, &idx);
	more = hooks && hooks->out_of_memory(request);
	mymm_vm_hooks_put(idx);
	return more;
}

/* The last resort. True: there is a point in going on, and *@block may be there by now. */
static bool kill_for(const struct mymm_request *request,
		     struct mymm_frame **block)
{
	struct mymm_request quick = *request;
	bool more;

	if (!may_kill(request) || !rcu_access_pointer(request->pool->vm_hooks))
		return false;
	if (!mutex_trylock(&oom_lock)) {
		schedule_timeout_uninterruptible(1);
		return true;
	}
	/* Another task may just have got enough back; if it is not ample, a process has to go. */
	quick.gfp &= ~__GFP_DIRECT_RECLAIM;
	*block = mymm_get_block(&quick, MYMM_WMARK_HIGH);
	more = *block || kill_one(request);
	mutex_unlock(&oom_lock);
	if (more && !*block && request->gfp & __GFP_NOFAIL)
		*block = mymm_get_block(request, MYMM_ALLOC_NO_WATERMARKS);
	return more;
}

static struct mymm_frame *give_up(const struct mymm_request *request)
{
	if (request->list->nr)
		atomic_long_inc(&request->list->zone[0]->failed);
	mymm_report_failure(request);
	return NULL;
}

/**
 * mymm_alloc_slowpath() - allocate when the first look at the zones gave nothing
 * @request: what is wanted
 *
 * Context: any but NMI; sleeps only with %__GFP_DIRECT_RECLAIM.
 * Return: the block's head; NULL, and that has been reported.
 */
struct mymm_frame *mymm_alloc_slowpath(const struct mymm_request *request)
{
	const bool may_wait = request->gfp & __GFP_DIRECT_RECLAIM;
	unsigned int alloc_flags = slow_flags(request->gfp, request->order);
	struct mymm_compaction compaction = {
		.priority = MYMM_COMPACT_SYNC_LIGHT,
	};
	const bool insist = insists(request);
	struct mymm_frame *block;
	bool reclaiming;
	long length = 1;

	might_sleep_if(may_wait);
	if (alloc_flags & MYMM_ALLOC_KSWAPD)
		wake_kswapds(request);
	block = mymm_get_block(request, alloc_flags);
	if (block)
		return block;
	if (compact_first(request, alloc_flags, &compaction, &block))
		return give_up(request);
	if (block)
		return block;

	reclaiming = mymm_reclaiming(request->pool);
	alloc_flags = mymm_slowpath_flags(request);
	for (;;) {
		if (may_wait && !reclaiming &&
		    !(request->pool->flags & MYMM_POOL_NO_RECLAIM))
			block = try_hard(request, alloc_flags, &compaction);
		else
			block = mymm_get_block(request, alloc_flags);
		if (!block) {
			drain_pcplists(request);
			block = mymm_get_block(request, alloc_flags);
		}
		if (!block && !reclaiming && kill_for(request, &block) &&
		    !block)
			continue;
		if (!block && insist)
			block = mymm_get_block(request,
					       MYMM_WMARK_MIN |
						       MYMM_ALLOC_MIN_RESERVE);
		if (block)
			return block;
		if (!insist || !nap(request, &length))
			return give_up(request);
	}
}
