/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Our tracepoints, in the words of the kernel's kmem events. Places are given as
 * frame numbers and offsets in the pool: a kernel address is nobody's business.
 * Allocations and frees of pages bring their pool, for probes of ours (page_owner.c).
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mymm

#if !defined(_MYMM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _MYMM_TRACE_H

#include <linux/tracepoint.h>
#include <trace/events/mmflags.h>

#include "base/compat.h"
#include "page/pool.h"

TRACE_EVENT(mymm_page_alloc,

	TP_PROTO(struct mymm_pool *pool, u32 pfn, unsigned int order, gfp_t gfp,
		 unsigned long caller, u32 session),

	TP_ARGS(pool, pfn, order, gfp, caller, session),

	TP_STRUCT__entry(
		__string(pool, pool->name)
		__field(u32, pfn)
		__field(unsigned int, order)
		__field(unsigned long, gfp)
		__field(unsigned long, caller)
		__field(u32, session)
	),

	TP_fast_assign(
		mymm_assign_str(pool, pool->name);
		__entry->pfn = pfn;
		__entry->order = order;
		__entry->gfp = (__force unsigned long)gfp;
		__entry->caller = caller;
		__entry->session = session;
	),

	TP_printk("pool=%s pfn=0x%x order=%u gfp_flags=%s call_site=%pS session=%u",
		  __get_str(pool), __entry->pfn, __entry->order,
		  show_gfp_flags(__entry->gfp), (void *)__entry->caller,
		  __entry->session)
);

TRACE_EVENT(mymm_page_free,

	TP_PROTO(struct mymm_pool *pool, u32 pfn, unsigned int order,
		 unsigned long caller, u32 session),

	TP_ARGS(pool, pfn, order, caller, session),

	TP_STRUCT__entry(
		__string(pool, pool->name)
		__field(u32, pfn)
		__field(unsigned int, order)
		__field(unsigned long, caller)
		__field(u32, session)
	),

	TP_fast_assign(
		mymm_assign_str(pool, pool->name);
		__entry->pfn = pfn;
		__entry->order = order;
		__entry->caller = caller;
		__entry->session = session;
	),

	TP_printk("pool=%s pfn=0x%x order=%u call_site=%pS session=%u",
		  __get_str(pool), __entry->pfn, __entry->order,
		  (void *)__entry->caller, __entry->session)
);

/* A block becomes part of a larger one, or the other way round. */
DECLARE_EVENT_CLASS(mymm_page_order,

	TP_PROTO(const char *pool, u32 pfn, unsigned int from, unsigned int to),

	TP_ARGS(pool, pfn, from, to),

	TP_STRUCT__entry(
		__string(pool, pool)
		__field(u32, pfn)
		__field(unsigned int, from)
		__field(unsigned int, to)
	),

	TP_fast_assign(
		mymm_assign_str(pool, pool);
		__entry->pfn = pfn;
		__entry->from = from;
		__entry->to = to;
	),

	TP_printk("pool=%s pfn=0x%x from_order=%u to_order=%u",
		  __get_str(pool), __entry->pfn, __entry->from, __entry->to)
);

DEFINE_EVENT(mymm_page_order, mymm_page_split,
	TP_PROTO(const char *pool, u32 pfn, unsigned int from, unsigned int to),
	TP_ARGS(pool, pfn, from, to)
);

DEFINE_EVENT(mymm_page_order, mymm_page_merge,
	TP_PROTO(const char *pool, u32 pfn, unsigned int from, unsigned int to),
	TP_ARGS(pool, pfn, from, to)
);

TRACE_EVENT(mymm_page_alloc_extfrag,

	TP_PROTO(const char *pool, u32 pfn, int alloc_order, int fallback_order,
		 int block_order, int alloc_migratetype,
		 int fallback_migratetype, int change_ownership),

	TP_ARGS(pool, pfn, alloc_order, fallback_order, block_order,
		alloc_migratetype, fallback_migratetype, change_ownership),

	TP_STRUCT__entry(
		__string(pool, pool)
		__field(u32, pfn)
		__field(int, alloc_order)
		__field(int, fallback_order)
		__field(int, block_order)
		__field(int, alloc_migratetype)
		__field(int, fallback_migratetype)
		__field(int, change_ownership)
	),

	TP_fast_assign(
		mymm_assign_str(pool, pool);
		__entry->pfn = pfn;
		__entry->alloc_order = alloc_order;
		__entry->fallback_order = fallback_order;
		__entry->block_order = block_order;
		__entry->alloc_migratetype = alloc_migratetype;
		__entry->fallback_migratetype = fallback_migratetype;
		__entry->change_ownership = change_ownership;
	),

	TP_printk("pool=%s pfn=0x%x alloc_order=%d fallback_order=%d pageblock_order=%d alloc_migratetype=%d fallback_migratetype=%d fragmenting=%d change_ownership=%d",
		  __get_str(pool), __entry->pfn, __entry->alloc_order,
		  __entry->fallback_order, __entry->block_order,
		  __entry->alloc_migratetype, __entry->fallback_migratetype,
		  __entry->fallback_order < __entry->block_order,
		  __entry->change_ownership)
);

TRACE_EVENT(mymm_kswapd_wake,

	TP_PROTO(const char *pool, int nid, int zid, int order),

	TP_ARGS(pool, nid, zid, order),

	TP_STRUCT__entry(
		__string(pool, pool)
		__field(int, nid)
		__field(int, zid)
		__field(int, order)
	),

	TP_fast_assign(
		mymm_assign_str(pool, pool);
		__entry->nid = nid;
		__entry->zid = zid;
		__entry->order = order;
	),

	TP_printk("pool=%s nid=%d order=%d", __get_str(pool), __entry->nid,
		  __entry->order)
);

TRACE_EVENT(mymm_kswapd_sleep,

	TP_PROTO(const char *pool, int nid),

	TP_ARGS(pool, nid),

	TP_STRUCT__entry(
		__string(pool, pool)
		__field(int, nid)
	),

	TP_fast_assign(
		mymm_assign_str(pool, pool);
		__entry->nid = nid;
	),

	TP_printk("pool=%s nid=%d", __get_str(pool), __entry->nid)
);

TRACE_EVENT(mymm_reclaim_begin,

	TP_PROTO(const char *pool, int order, gfp_t gfp_flags),

	TP_ARGS(pool, order, gfp_flags),

	TP_STRUCT__entry(
		__string(pool, pool)
		__field(int, order)
		__field(unsigned long, gfp_flags)
	),

	TP_fast_assign(
		mymm_assign_str(pool, pool);
		__entry->order = order;
		__entry->gfp_flags = (__force unsigned long)gfp_flags;
	),

	TP_printk("pool=%s order=%d gfp_flags=%s", __get_str(pool),
		  __entry->order, show_gfp_flags(__entry->gfp_flags))
);

TRACE_EVENT(mymm_reclaim_end,

	TP_PROTO(const char *pool, unsigned long nr_reclaimed),

	TP_ARGS(pool, nr_reclaimed),

	TP_STRUCT__entry(
		__string(pool, pool)
		__field(unsigned long, nr_reclaimed)
	),

	TP_fast_assign(
		mymm_assign_str(pool, pool);
		__entry->nr_reclaimed = nr_reclaimed;
	),

	TP_printk("pool=%s nr_reclaimed=%lu", __get_str(pool),
		  __entry->nr_reclaimed)
);

TRACE_EVENT(mymm_mark_victim,

	TP_PROTO(const char *pool, const struct mymm_victim *victim),

	TP_ARGS(pool, victim),

	TP_STRUCT__entry(
		__string(pool, pool)
		__field(int, pid)
		__string(comm, victim->comm)
		__field(unsigned long, total_vm)
		__field(unsigned long, anon_rss)
		__field(uid_t, uid)
		__field(unsigned long, pgtables)
		__field(short, oom_score_adj)
	),

	TP_fast_assign(
		mymm_assign_str(pool, pool);
		__entry->pid = victim->pid;
		mymm_assign_str(comm, victim->comm);
		__entry->total_vm = victim->total_vm;
		__entry->anon_rss = victim->anon_rss;
		__entry->uid = victim->uid;
		__entry->pgtables = victim->pgtables;
		__entry->oom_score_adj = victim->adj;
	),

	TP_printk("pool=%s pid=%d comm=%s total-vm=%lukB anon-rss=%lukB file-rss:0kB shmem-rss:0kB uid=%u pgtables=%lukB oom_score_adj=%hd",
		  __get_str(pool), __entry->pid, __get_str(comm),
		  __entry->total_vm, __entry->anon_rss, __entry->uid,
		  __entry->pgtables, __entry->oom_score_adj)
);

TRACE_EVENT(mymm_migrate,

	TP_PROTO(const char *pool, u32 from, u32 to, int result),

	TP_ARGS(pool, from, to, result),

	TP_STRUCT__entry(
		__string(pool, pool)
		__field(u32, from)
		__field(u32, to)
		__field(int, result)
	),

	TP_fast_assign(
		mymm_assign_str(pool, pool);
		__entry->from = from;
		__entry->to = to;
		__entry->result = result;
	),

	TP_printk("pool=%s from=%u to=%u result=%d", __get_str(pool),
		  __entry->from, __entry->to, __entry->result)
);

TRACE_EVENT(mymm_object_alloc,

	TP_PROTO(const char *pool, const char *cache, unsigned long offset,
		 gfp_t gfp, unsigned long caller, u32 session),

	TP_ARGS(pool, cache, offset, gfp, caller, session),

	TP_STRUCT__entry(
		__string(pool, pool)
		__string(cache, cache)
		__field(unsigned long, offset)
		__field(unsigned long, gfp)
		__field(unsigned long, caller)
		__field(u32, session)
	),

	TP_fast_assign(
		mymm_assign_str(pool, pool);
		mymm_assign_str(cache, cache);
		__entry->offset = offset;
		__entry->gfp = (__force unsigned long)gfp;
		__entry->caller = caller;
		__entry->session = session;
	),

	TP_printk("pool=%s name=%s offset=0x%lx gfp_flags=%s call_site=%pS session=%u",
		  __get_str(pool), __get_str(cache), __entry->offset,
		  show_gfp_flags(__entry->gfp), (void *)__entry->caller,
		  __entry->session)
);

TRACE_EVENT(mymm_object_free,

	TP_PROTO(const char *pool, const char *cache, unsigned long offset,
		 unsigned long caller, u32 session),

	TP_ARGS(pool, cache, offset, caller, session),

	TP_STRUCT__entry(
		__string(pool, pool)
		__string(cache, cache)
		__field(unsigned long, offset)
		__field(unsigned long, caller)
		__field(u32, session)
	),

	TP_fast_assign(
		mymm_assign_str(pool, pool);
		mymm_assign_str(cache, cache);
		__entry->offset = offset;
		__entry->caller = caller;
		__entry->session = session;
	),

	TP_printk("pool=%s name=%s offset=0x%lx call_site=%pS session=%u",
		  __get_str(pool), __get_str(cache), __entry->offset,
		  (void *)__entry->caller, __entry->session)
);

#endif /* _MYMM_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH page
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
