/* SPDX-License-Identifier: GPL-2.0 */
/* One hook an operation: counters, tracepoints. */
#ifndef _MYMM_EVENT_H
#define _MYMM_EVENT_H

#include <linux/gfp.h>
#include <linux/tracepoint-defs.h>

struct mymm_pool;

/**
 * struct mymm_owner - on whose behalf something is allocated or freed
 * @caller: the address in the code that asked
 * @session: the number of the session, 0 for the kernel
 */
struct mymm_owner {
	unsigned long caller;
	u32 session;
};

/* The caller of the public function that this stands in. */
#define MYMM_CALLER ((struct mymm_owner){ .caller = _RET_IP_ })

/*
 * To know its caller costs a function some instructions. So the public functions with a
 * fast path pass NULL on, and an exit from it finds out when it is needed: it was
 * reached by a tail call, so it returns to that caller too.
 */
static inline struct mymm_owner mymm_owner_or(const struct mymm_owner *owner,
					      unsigned long caller)
{
	return owner ? *owner : (struct mymm_owner){ .caller = caller };
}

/* Why something was refused; event.c has the names. */
enum mymm_refusal {
	MYMM_REFUSED_NMI,
	MYMM_REFUSED_DEAD,
	MYMM_REFUSED_ORDER,
	MYMM_REFUSED_GFP,
	MYMM_REFUSED_SIZE,
	MYMM_REFUSED_RANGE,
	MYMM_REFUSED_FOREIGN,
	MYMM_REFUSED_TAIL,
	MYMM_REFUSED_DOUBLE_FREE,
	MYMM_REFUSED_WRONG_ORDER,
	MYMM_REFUSED_WRONG_KIND,
	MYMM_REFUSED_WRONG_CACHE,
	MYMM_REFUSED_NOT_START,
	MYMM_REFUSED_OVERWRITTEN,
	MYMM_REFUSED_OVERRUN,
	MYMM_NR_REFUSALS,
};

extern const char *const mymm_refusal_names[MYMM_NR_REFUSALS];

__printf(3, 4) void mymm_refuse(struct mymm_pool *pool, enum mymm_refusal why,
				const char *fmt, ...);

DECLARE_TRACEPOINT(mymm_page_alloc);
DECLARE_TRACEPOINT(mymm_page_free);
DECLARE_TRACEPOINT(mymm_object_alloc);
DECLARE_TRACEPOINT(mymm_object_free);

void __mymm_event_page_alloc(struct mymm_pool *pool, u32 pfn,
			     unsigned int order, gfp_t gfp,
			     struct mymm_owner owner);
void __mymm_event_page_free(struct mymm_pool *pool, u32 pfn, unsigned int order,
			    struct mymm_owner owner);
void __mymm_event_object_alloc(struct mymm_pool *pool, const char *cache,
			       const void *obj, gfp_t gfp,
			       struct mymm_owner owner);
void __mymm_event_object_free(struct mymm_pool *pool, const char *cache,
			      const void *obj, struct mymm_owner owner);

/* Each is a no-op of five bytes until its tracepoint is on. Never under a lock. */
static __always_inline void mymm_event_page_alloc(struct mymm_pool *pool,
						  u32 pfn, unsigned int order,
						  gfp_t gfp,
						  struct mymm_owner owner)
{
	if (tracepoint_enabled(mymm_page_alloc))
		__mymm_event_page_alloc(pool, pfn, order, gfp, owner);
}

static __always_inline void mymm_event_page_free(struct mymm_pool *pool,
						 u32 pfn, unsigned int order,
						 struct mymm_owner owner)
{
	if (tracepoint_enabled(mymm_page_free))
		__mymm_event_page_free(pool, pfn, order, owner);
}

static __always_inline void mymm_event_object_alloc(struct mymm_pool *pool,
						    const char *cache,
						    const void *obj, gfp_t gfp,
						    struct mymm_owner owner)
{
	if (tracepoint_enabled(mymm_object_alloc))
		__mymm_event_object_alloc(pool, cache, obj, gfp, owner);
}

static __always_inline void mymm_event_object_free(struct mymm_pool *pool,
						   const char *cache,
						   const void *obj,
						   struct mymm_owner owner)
{
	if (tracepoint_enabled(mymm_object_free))
		__mymm_event_object_free(pool, cache, obj, owner);
}

DECLARE_TRACEPOINT(mymm_page_split);
DECLARE_TRACEPOINT(mymm_page_merge);
DECLARE_TRACEPOINT(mymm_page_alloc_extfrag);

#define MYMM_PAGE_LOG 16

enum mymm_page_event_kind {
	MYMM_PAGE_SPLIT,
	MYMM_PAGE_MERGE,
	MYMM_PAGE_EXTFRAG,
};

/**
 * struct mymm_page_event - something that happened under a zone's lock
 * @kind: what
 * @order: of the block that was wanted, or freed
 * @other: of the block that it was cut from, or has become part of
 * @type: extfrag: the migratetype that was wanted
 * @was: extfrag: the one of the pageblock
 * @claimed: extfrag: has the pageblock changed its type?
 * @pfn: extfrag and split: of the block; merge: of the freed block
 */
struct mymm_page_event {
	u8 kind; /* enum mymm_page_event_kind */
	u8 order;
	u8 other;
	u8 type;
	u8 was;
	bool claimed;
	u32 pfn;
};

/**
 * struct mymm_page_log - what happened under a zone's lock, to be traced after it
 * @nr: events in it; set to 0 by the function that has it on its stack, %MYMM_UNCLEARED
 * @event: the first of them; a batch ends when it is full, so that none is lost
 */
struct mymm_page_log {
	unsigned int nr;
	struct mymm_page_event event[MYMM_PAGE_LOG];
};

/* Room for what one more block can bring? */
static inline bool mymm_log_has_room(const struct mymm_page_log *log)
{
	return log->nr + 2 <= MYMM_PAGE_LOG;
}

static __always_inline void mymm_log_split(struct mymm_page_log *log, u32 pfn,
					   unsigned int from,
					   unsigned int order)
{
	if (tracepoint_enabled(mymm_page_split) && from != order &&
	    log->nr < MYMM_PAGE_LOG)
		log->event[log->nr++] =
			(struct mymm_page_event){ .kind = MYMM_PAGE_SPLIT,
						  .order = order,
						  .other = from,
						  .pfn = pfn };
}

static __always_inline void mymm_log_merge(struct mymm_page_log *log, u32 pfn,
					   unsigned int order, unsigned int to)
{
	if (tracepoint_enabled(mymm_page_merge) && to != order &&
	    log->nr < MYMM_PAGE_LOG)
		log->event[log->nr++] =
			(struct mymm_page_event){ .kind = MYMM_PAGE_MERGE,
						  .order = order,
						  .other = to,
						  .pfn = pfn };
}

static inline void mymm_log_extfrag(struct mymm_page_log *log, u32 pfn,
				    unsigned int order, unsigned int from,
				    u8 type, u8 was, bool claimed)
{
	if (tracepoint_enabled(mymm_page_alloc_extfrag) &&
	    log->nr < MYMM_PAGE_LOG)
		log->event[log->nr++] =
			(struct mymm_page_event){ .kind = MYMM_PAGE_EXTFRAG,
						  .order = order,
						  .other = from,
						  .type = type,
						  .was = was,
						  .claimed = claimed,
						  .pfn = pfn };
}

/* Rare enough for a call, whether its tracepoint is on or not. */
void mymm_event_kswapd_wake(struct mymm_pool *pool, int nid, int zid,
			    unsigned int order);
void mymm_event_kswapd_sleep(struct mymm_pool *pool, int nid);
void mymm_event_reclaim_begin(struct mymm_pool *pool, unsigned int order,
			      gfp_t gfp);
void mymm_event_reclaim_end(struct mymm_pool *pool, unsigned long reclaimed);

void mymm_event_migrate(struct mymm_pool *pool, u32 from, u32 to, int result);

/**
 * struct mymm_victim - a process that the OOM killer has killed; sizes in KiB
 * @pid: its number in the machine
 * @comm: its name
 * @total_vm: addresses of the pool
 * @anon_rss: frames
 * @uid: whose it was
 * @pgtables: tables
 * @adj: its oom_score_adj
 */
struct mymm_victim {
	pid_t pid;
	const char *comm;
	unsigned long total_vm;
	unsigned long anon_rss;
	uid_t uid;
	unsigned long pgtables;
	short adj;
};

void mymm_event_mark_victim(struct mymm_pool *pool,
			    const struct mymm_victim *victim);

void __mymm_log_trace(struct mymm_pool *pool, const struct mymm_page_log *log);

/* With no lock of ours held. */
static __always_inline void mymm_log_trace(struct mymm_pool *pool,
					   const struct mymm_page_log *log)
{
	if (unlikely(log->nr))
		__mymm_log_trace(pool, log);
}

#endif /* _MYMM_EVENT_H */
