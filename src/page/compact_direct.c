// SPDX-License-Identifier: GPL-2.0
/*
 * Direct compaction: an allocation that would fail compacts the zones that it may have, one after
 * the other, until one of them has a block.
 *
 * How hard it tries is its priority: asynchronous at first, and harder each time that it was in
 * vain, as long as reclaim gives something. It never waits for the lock of a page: its caller may
 * have the memory of a process locked, for which what has the page's lock waits.
 *
 * The order of things is that of try_to_compact_pages() and should_compact_retry() of Linux 6.12.
 * One thing differs: what was deferred is no stall, and so no failure either.
 */
#include <linux/sched/signal.h>

#include "base/compat.h"
#include "page/compact.h"
#include "page/page_alloc.h"
#include "page/pcp_drain.h"
#include "page/slowpath.h"
#include "page/vm_hooks.h"

/* Times in a row that a block which was there may be gone. Linux: MAX_COMPACT_RETRIES. */
#define MAX_RETRIES 16

/**
 * mymm_compact_allowed() - may an allocation compact?
 * @request: what is wanted
 *
 * Context: any.
 * Return: it may: there is something that can be moved, and its caller can wait for it.
 */
bool mymm_compact_allowed(const struct mymm_request *request)
{
	const gfp_t needs = __GFP_DIRECT_RECLAIM | __GFP_IO;

	return request->order && (request->gfp & needs) == needs &&
	       rcu_access_pointer(request->pool->vm_hooks) &&
	       !(request->pool->flags & MYMM_POOL_NO_RECLAIM) &&
	       !mymm_pool_dead(request->pool);
}

/* One zone. */
static enum mymm_compact_result try_zone(const struct mymm_request *request,
					 const struct mymm_vm_hooks *hooks,
					 struct mymm_zone *zone,
					 unsigned int alloc_flags,
					 enum mymm_compact_priority priority)
{
	struct mymm_compact how = {
		.pool = request->pool,
		.hooks = hooks,
		.order = request->order,
		.type = request->type,
		.highest = request->highest,
		.alloc_flags = alloc_flags,
		.async = priority == MYMM_COMPACT_ASYNC,
		.direct = true,
		.whole = priority == MYMM_COMPACT_SYNC_FULL,
		.any_target = priority == MYMM_COMPACT_SYNC_FULL,
	};
	enum mymm_compact_result result;

	if (priority > MYMM_COMPACT_SYNC_FULL &&
	    mymm_compact_deferred(zone, request->order))
		return MYMM_COMPACT_DEFERRED;
	result = mymm_compact_zone(&how, zone);
	if (result == MYMM_COMPACT_SUCCESS)
		mymm_compact_defer_reset(zone, request->order, false);
	else if (priority != MYMM_COMPACT_ASYNC &&
		 (result == MYMM_COMPACT_COMPLETE ||
		  result == MYMM_COMPACT_PARTIAL))
		mymm_compact_defer(zone, request->order);
	return result;
}

static enum mymm_compact_result try_zones(const struct mymm_request *request,
					  const struct mymm_vm_hooks *hooks,
					  unsigned int alloc_flags,
					  enum mymm_compact_priority priority)
{
	enum mymm_compact_result best = MYMM_COMPACT_SKIPPED, result;
	struct mymm_zone *zone;
	unsigned int i;

	for (i = 0; (zone = mymm_next_zone(request, &i));) {
		result = try_zone(request, hooks, zone, alloc_flags, priority);
		best = max(best, result);
		if (result == MYMM_COMPACT_SUCCESS ||
		    fatal_signal_pending(current) ||
		    (priority == MYMM_COMPACT_ASYNC && need_resched()))
			break;
	}
	return best;
}

/**
 * mymm_compact_direct() - compact on behalf of an allocation
 * @request: what is wanted
 * @alloc_flags: how far down zones may be used
 * @compaction: how hard; what came of it is put there
 *
 * Context: process; sleeps. With no lock of ours held.
 * Return: the block; NULL: there is none.
 */
struct mymm_frame *mymm_compact_direct(const struct mymm_request *request,
				       unsigned int alloc_flags,
				       struct mymm_compaction *compaction)
{
	struct mymm_compact_stats *stats = &request->pool->compact;
	const struct mymm_vm_hooks *hooks;
	struct mymm_frame *block;
	struct mymm_stall stall;
	int idx;

	compaction->result = MYMM_COMPACT_SKIPPED;
	if (!mymm_compact_allowed(request))
		return NULL;
	mymm_stall_begin(request->pool, &stall);
	hooks = mymm_vm_hooks_get(request->pool, &idx);
	if (hooks)
		compaction->result = try_zones(request, hooks, alloc_flags,
					       compaction->priority);
	mymm_vm_hooks_put(idx);
	mymm_stall_end(request->pool, &stall);
	if (compaction->result <= MYMM_COMPACT_DEFERRED)
		return NULL;
	atomic_long_inc(&stats->stall);
	block = mymm_get_block(request, alloc_flags);
	if (!block) {
		atomic_long_inc(&stats->fail);
		cond_resched();
		return NULL;
	}
	atomic_long_inc(&stats->success);
	mymm_compact_defer_reset(mymm_pool_zone(request->pool,
						READ_ONCE(block->tag)),
				 request->order, true);
	return block;
}

/* Would a zone be worth it, if some of what reclaim has left came back? */
static bool could_suit(const struct mymm_request *request,
		       const unsigned long *left)
{
	struct mymm_zone *zone;
	unsigned int i;

	for (i = 0; (zone = mymm_next_zone(request, &i));)
		if (mymm_compact_would_suit(
			    zone, request->order, request->highest,
			    READ_ONCE(zone->buddy.free) +
				    left[zone->node] / request->order))
			return true;
	return false;
}

/**
 * mymm_compact_again() - is it worth to compact once more?
 * @request: what is wanted
 * @left: by node: what could still be reclaimed
 * @compaction: what was tried; how hard it is to be tried next
 *
 * Context: process.
 * Return: it is.
 */
bool mymm_compact_again(const struct mymm_request *request,
			const unsigned long *left,
			struct mymm_compaction *compaction)
{
	const bool costly = request->order > MYMM_COSTLY_ORDER;

	if (!mymm_compact_allowed(request) || fatal_signal_pending(current))
		return false;
	if (compaction->result == MYMM_COMPACT_SKIPPED)
		return could_suit(request, left);
	if (compaction->result == MYMM_COMPACT_SUCCESS &&
	    ++compaction->retries <= (costly ? MAX_RETRIES / 4 : MAX_RETRIES))
		return true;
	if (compaction->priority <=
	    (costly ? MYMM_COMPACT_SYNC_LIGHT : MYMM_COMPACT_SYNC_FULL))
		return false;
	compaction->priority--;
	compaction->retries = 0;
	return true;
}
