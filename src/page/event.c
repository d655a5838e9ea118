// SPDX-License-Identifier: GPL-2.0
/*
 * What happens beside an operation, in one place: a refusal is counted and logged, an
 * allocation or a free is traced.
 *
 * Every public operation passes here once, with none of our locks held: an allocation after
 * its work is done; a free before it is, or the next allocation of the same object could be
 * traced first. A free of pages is traced after the block is claimed (refused frees are not
 * traced) and before it can be allocated again; page_owner.c relies on that. An event has
 * its owner: the code that called, and the session. Until a tracepoint is enabled it costs
 * a five-byte no-op.
 *
 *   echo 1 > /sys/kernel/tracing/events/mymm/enable
 *
 * Refusals are for mistakes of others: a double free, a frame of nobody, an order
 * that a block does not have. Each has a counter in its pool, which debugfs
 * mymm/counters shows, and says once in a while what was wrong and with which
 * thing, in frame numbers. Nothing else happens: the state is what it was before.
 */
#include <linux/atomic.h>
#include <linux/ratelimit.h>

#include "base/compat.h"
#include "page/event.h"
#include "page/pool.h"

#define CREATE_TRACE_POINTS
#include "page/trace.h"

/* For probes in other modules, our tests among them. */
EXPORT_TRACEPOINT_SYMBOL_GPL(mymm_page_alloc);
EXPORT_TRACEPOINT_SYMBOL_GPL(mymm_page_free);

const char *const mymm_refusal_names[MYMM_NR_REFUSALS] = {
	[MYMM_REFUSED_NMI] = "in_nmi",
	[MYMM_REFUSED_DEAD] = "pool_dead",
	[MYMM_REFUSED_ORDER] = "order_out_of_range",
	[MYMM_REFUSED_GFP] = "gfp_contradiction",
	[MYMM_REFUSED_SIZE] = "size_out_of_range",
	[MYMM_REFUSED_RANGE] = "range_out_of_place",
	[MYMM_REFUSED_FOREIGN] = "foreign",
	[MYMM_REFUSED_TAIL] = "tail",
	[MYMM_REFUSED_DOUBLE_FREE] = "double_free",
	[MYMM_REFUSED_WRONG_ORDER] = "wrong_order",
	[MYMM_REFUSED_WRONG_KIND] = "wrong_kind",
	[MYMM_REFUSED_WRONG_CACHE] = "wrong_cache",
	[MYMM_REFUSED_NOT_START] = "not_an_objects_start",
	[MYMM_REFUSED_OVERWRITTEN] = "overwritten_after_free",
	[MYMM_REFUSED_OVERRUN] = "overrun",
};
MYMM_EXPORT_INTERNAL(mymm_refusal_names);

/**
 * mymm_refuse() - count a refusal, and say so once in a while
 * @pool: whose counter; NULL for what belongs to no pool
 * @why: the reason
 * @fmt: one line that names the thing, with no newline at its end
 *
 * Context: any, none of our locks held. In NMI it only counts.
 */
void mymm_refuse(struct mymm_pool *pool, enum mymm_refusal why, const char *fmt,
		 ...)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	if (pool)
		atomic_long_inc(&pool->refused[why]);
	if (in_nmi() || !__ratelimit(&limit))
		return;
	va_start(args, fmt);
	vaf.va = &args;
	pr_err("pool %s: refused: %pV\n", pool ? pool->name : "(none)", &vaf);
	va_end(args);
}

void __mymm_event_page_alloc(struct mymm_pool *pool, u32 pfn,
			     unsigned int order, gfp_t gfp,
			     struct mymm_owner owner)
{
	trace_mymm_page_alloc(pool, pfn, order, gfp, owner.caller,
			      owner.session);
}

void __mymm_event_page_free(struct mymm_pool *pool, u32 pfn, unsigned int order,
			    struct mymm_owner owner)
{
	trace_mymm_page_free(pool, pfn, order, owner.caller, owner.session);
}

void __mymm_event_object_alloc(struct mymm_pool *pool, const char *cache,
			       const void *obj, gfp_t gfp,
			       struct mymm_owner owner)
{
	trace_mymm_object_alloc(pool->name, cache, obj - pool->base, gfp,
				owner.caller, owner.session);
}

void __mymm_event_object_free(struct mymm_pool *pool, const char *cache,
			      const void *obj, struct mymm_owner owner)
{
	trace_mymm_object_free(pool->name, cache, obj - pool->base,
			       owner.caller, owner.session);
}

/**
 * mymm_event_kswapd_wake() - kswapd begins a run
 * @pool: whose
 * @nid: of which node
 * @zid: the highest zone that will do
 * @order: of the block that is wanted
 *
 * Context: any, none of our locks held.
 */
void mymm_event_kswapd_wake(struct mymm_pool *pool, int nid, int zid,
			    unsigned int order)
{
	trace_mymm_kswapd_wake(pool->name, nid, zid, order);
}

/**
 * mymm_event_kswapd_sleep() - kswapd goes to sleep
 * @pool: whose
 * @nid: of which node
 *
 * Context: any, none of our locks held.
 */
void mymm_event_kswapd_sleep(struct mymm_pool *pool, int nid)
{
	trace_mymm_kswapd_sleep(pool->name, nid);
}

/**
 * mymm_event_reclaim_begin() - an allocation begins to reclaim
 * @pool: from which pool
 * @order: of the block that is wanted
 * @gfp: its flags
 *
 * Context: any, none of our locks held.
 */
void mymm_event_reclaim_begin(struct mymm_pool *pool, unsigned int order,
			      gfp_t gfp)
{
	trace_mymm_reclaim_begin(pool->name, order, gfp);
}

/**
 * mymm_event_reclaim_end() - an allocation has reclaimed
 * @pool: from which pool
 * @reclaimed: how many frames it got
 *
 * Context: any, none of our locks held.
 */
void mymm_event_reclaim_end(struct mymm_pool *pool, unsigned long reclaimed)
{
	trace_mymm_reclaim_end(pool->name, reclaimed);
}

/**
 * mymm_event_migrate() - what is in a frame was to be moved
 * @pool: whose
 * @from: the frame
 * @to: where to
 * @result: 0 or a negative errno
 *
 * Context: process.
 */
void mymm_event_migrate(struct mymm_pool *pool, u32 from, u32 to, int result)
{
	trace_mymm_migrate(pool->name, from, to, result);
}

/**
 * mymm_event_mark_victim() - the OOM killer has killed a process
 * @pool: for whose frames
 * @victim: the process
 *
 * Context: process.
 */
void mymm_event_mark_victim(struct mymm_pool *pool,
			    const struct mymm_victim *victim)
{
	trace_mymm_mark_victim(pool->name, victim);
}
MYMM_EXPORT_INTERNAL(mymm_event_mark_victim);

/* Trace what was logged under a zone's lock, in the order in which it happened. */
void __mymm_log_trace(struct mymm_pool *pool, const struct mymm_page_log *log)
{
	const struct mymm_page_event *event;

	for (event = log->event; event < log->event + log->nr; event++) {
		switch (event->kind) {
		case MYMM_PAGE_SPLIT:
			trace_mymm_page_split(pool->name, event->pfn,
					      event->other, event->order);
			break;
		case MYMM_PAGE_MERGE:
			trace_mymm_page_merge(pool->name, event->pfn,
					      event->order, event->other);
			break;
		case MYMM_PAGE_EXTFRAG:
			trace_mymm_page_alloc_extfrag(
				pool->name, event->pfn, event->order,
				event->other, pool->block_order, event->type,
				event->was, event->claimed);
			break;
		}
	}
}
