/* SPDX-License-Identifier: GPL-2.0 */
/* Compaction: movable frames go, so that what they leave is one block; compact.c has the theory. */
#ifndef _MYMM_COMPACT_H
#define _MYMM_COMPACT_H

#include <linux/atomic.h>
#include <linux/irq_work.h>
#include <linux/types.h>

#include "page/frame.h"
#include "page/gfp_zone.h"

struct mymm_node;
struct mymm_pool;
struct mymm_request;
struct mymm_vm_hooks;
struct mymm_zone;
struct task_struct;

/* In place of an order: a zone is compacted from one end to the other. */
#define MYMM_COMPACT_ALL (-1)

/**
 * enum mymm_compact_priority - how hard an allocation tries; the lower, the harder
 * @MYMM_COMPACT_SYNC_FULL: the whole zone, deferred or not, to pageblocks of any type
 * @MYMM_COMPACT_SYNC_LIGHT: from pageblocks of any type
 * @MYMM_COMPACT_ASYNC: from pageblocks of the type that is wanted, and nothing is tried twice
 */
enum mymm_compact_priority {
	MYMM_COMPACT_SYNC_FULL,
	MYMM_COMPACT_SYNC_LIGHT,
	MYMM_COMPACT_ASYNC,
};

/**
 * enum mymm_compact_result - what came of it; of several zones the largest counts
 * @MYMM_COMPACT_SKIPPED: not tried: it would be in vain, or nothing can be moved
 * @MYMM_COMPACT_DEFERRED: not tried, since it was in vain lately
 * @MYMM_COMPACT_CONTINUE: not done yet
 * @MYMM_COMPACT_COMPLETE: all of the zone was looked at
 * @MYMM_COMPACT_PARTIAL: a part of it was
 * @MYMM_COMPACT_CONTENDED: it was given up
 * @MYMM_COMPACT_SUCCESS: there is a block
 */
enum mymm_compact_result {
	MYMM_COMPACT_SKIPPED,
	MYMM_COMPACT_DEFERRED,
	MYMM_COMPACT_CONTINUE,
	MYMM_COMPACT_COMPLETE,
	MYMM_COMPACT_PARTIAL,
	MYMM_COMPACT_CONTENDED,
	MYMM_COMPACT_SUCCESS,
};

/**
 * struct mymm_compact_stats - what a pool has counted; the names are those of /proc/vmstat
 * @pgmigrate_success: frames whose contents went to another frame
 * @pgmigrate_fail: frames that could not be emptied
 * @migrate_scanned: frames that the migrate scanner looked at
 * @free_scanned: frames that the free scanner looked at
 * @isolated: frames that were to be moved, or moved to
 * @stall: allocations that compacted
 * @fail: those of them that had no block then
 * @success: those that had one
 * @daemon_wake: times that kcompactd began to work
 * @daemon_migrate_scanned: what of @migrate_scanned it was
 * @daemon_free_scanned: what of @free_scanned it was
 */
struct mymm_compact_stats {
	atomic_long_t pgmigrate_success;
	atomic_long_t pgmigrate_fail;
	atomic_long_t migrate_scanned;
	atomic_long_t free_scanned;
	atomic_long_t isolated;
	atomic_long_t stall;
	atomic_long_t fail;
	atomic_long_t success;
	atomic_long_t daemon_wake;
	atomic_long_t daemon_migrate_scanned;
	atomic_long_t daemon_free_scanned;
};

/**
 * struct mymm_compact_zone - what is remembered of a zone; several may write it: it is a hint
 * @migrate: where the migrate scanner goes on; [1] when it is not asynchronous
 * @free: one past the pageblock in which the free scanner goes on
 * @considered: attempts since the last that was made
 * @defer_shift: 2^ this many attempts are left out after one was in vain
 * @order_failed: the smallest order for which one was
 */
struct mymm_compact_zone {
	u32 migrate[2];
	u32 free;
	unsigned int considered;
	unsigned int defer_shift;
	int order_failed;
};

/**
 * struct mymm_kcompactd - the compactor of a node
 * @pool: whose; constant
 * @node: which; constant
 * @task: NULL where nothing can be moved; constant while the pool has vm_hooks
 * @wake: wakes @task from where nothing may be woken
 * @order: the largest block that was wanted; 0: nothing was
 * @highest: the highest zone that would have done
 * @look: it is to look now whether the node is fragmented
 */
struct mymm_kcompactd {
	struct mymm_pool *pool;
	struct mymm_node *node;
	struct task_struct *task;
	struct irq_work wake;
	unsigned int order;
	enum mymm_zone_type highest;
	bool look;
};

/**
 * struct mymm_compact - how a zone is to be compacted
 * @pool: the pool
 * @hooks: move what processes have
 * @order: what is wanted, or %MYMM_COMPACT_ALL
 * @type: for what
 * @highest: the highest zone that would do
 * @alloc_flags: how far down the zone may be used
 * @async: nothing is tried twice
 * @direct: an allocation waits for it
 * @proactive: the zone's node, if nobody has asked for it: it goes on as mymm_proactive_result()
 *             says; else NULL
 * @thread: it is a thread that may have to stop, or to park
 * @whole: from one end to the other, wherever it was left
 * @any_target: to pageblocks of any type
 * @migrate_scanned: is set: frames that were looked at, to be moved
 * @free_scanned: the same, to be moved to
 */
struct mymm_compact {
	struct mymm_pool *pool;
	const struct mymm_vm_hooks *hooks;
	int order;
	enum mymm_migratetype type;
	enum mymm_zone_type highest;
	unsigned int alloc_flags;
	bool async;
	bool direct;
	const struct mymm_node *proactive;
	bool thread;
	bool whole;
	bool any_target;
	unsigned long migrate_scanned;
	unsigned long free_scanned;
};

/* /proc/sys/mymm/extfrag_threshold */
extern int mymm_extfrag_threshold;

/* compact.c */
enum mymm_compact_result mymm_compact_zone(struct mymm_compact *how,
					   struct mymm_zone *zone);
int mymm_compact_pool(struct mymm_pool *pool);

/* compact_defer.c */
void mymm_compact_forget(struct mymm_zone *zone);
enum mymm_compact_result mymm_compact_suits(const struct mymm_zone *zone,
					    unsigned int order,
					    enum mymm_zone_type highest,
					    unsigned int alloc_flags);
bool mymm_compact_would_suit(const struct mymm_zone *zone, unsigned int order,
			     enum mymm_zone_type highest, unsigned long free);
bool mymm_compact_deferred(struct mymm_zone *zone, int order);
void mymm_compact_defer(struct mymm_zone *zone, int order);
void mymm_compact_defer_reset(struct mymm_zone *zone, int order,
			      bool allocated);

/* compact_proactive.c; /proc/sys/mymm/compaction_proactiveness */
extern int mymm_compaction_proactiveness;

unsigned int mymm_fragmentation_score(struct mymm_zone *zone);
unsigned int mymm_node_fragmentation(const struct mymm_node *node);
unsigned int mymm_fragmentation_mark(bool low);
bool mymm_node_is_fragmented(const struct mymm_node *node);
enum mymm_compact_result mymm_proactive_result(const struct mymm_node *node,
					       struct mymm_zone *zone);

/* compact_direct.c */

/**
 * struct mymm_compaction - what an allocation has tried
 * @priority: how hard it is tried next
 * @result: what came of it last
 * @retries: times in a row that a block was there, and was gone
 */
struct mymm_compaction {
	enum mymm_compact_priority priority;
	enum mymm_compact_result result;
	unsigned int retries;
};

bool mymm_compact_allowed(const struct mymm_request *request);
struct mymm_frame *mymm_compact_direct(const struct mymm_request *request,
				       unsigned int alloc_flags,
				       struct mymm_compaction *compaction);
bool mymm_compact_again(const struct mymm_request *request,
			const unsigned long *left,
			struct mymm_compaction *compaction);

#endif /* _MYMM_COMPACT_H */
