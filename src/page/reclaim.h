/* SPDX-License-Identifier: GPL-2.0 */
/* Getting frames back from shrinkers; reclaim.c has the theory. */
#ifndef _MYMM_RECLAIM_H
#define _MYMM_RECLAIM_H

#include <linux/atomic.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/spinlock.h>

#include "mymm.h"
#include "page/gfp_zone.h"
#include "page/pressure.h"

struct mymm_node;
struct mymm_pool;
struct mymm_request;
struct task_struct;

/* How often reclaim that gives nothing is tried in a row; so in Linux. */
#define MYMM_MAX_RECLAIM_RETRIES 16
/* Where it begins: 1/4096 of what could be given back is asked for, then twice that. */
#define MYMM_DEF_PRIORITY 12
/* Frames that an allocation reclaims at once. */
#define MYMM_RECLAIM_BATCH 32UL

/**
 * struct mymm_reclaim_stats - what reclaim did, under the names of /proc/vmstat
 * @allocstall: allocations that reclaimed themselves, by the highest zone that would do
 * @pgscan_kswapd: frames that kswapd had shrinkers look at
 * @pgscan_direct: the same, by allocations
 * @pgsteal_kswapd: frames that shrinkers gave back to kswapd
 * @pgsteal_direct: the same, to allocations
 * @slabs_scanned: all that shrinkers looked at
 * @pageoutrun: times that kswapd began to balance a node
 * @kswapd_low_wmark_hit_quickly: times that it was woken while it only dozed
 * @kswapd_high_wmark_hit_quickly: times that a node was unbalanced again before it slept
 * @kswapd_wake: times that an allocation asked for kswapd
 * @kswapd_sleep: times that a kswapd went to sleep
 * @drop_slab: times that the pool was drained on request
 */
struct mymm_reclaim_stats {
	atomic_long_t allocstall[MYMM_NR_ZONE_TYPES];
	atomic_long_t pgscan_kswapd;
	atomic_long_t pgscan_direct;
	atomic_long_t pgsteal_kswapd;
	atomic_long_t pgsteal_direct;
	atomic_long_t slabs_scanned;
	atomic_long_t pageoutrun;
	atomic_long_t kswapd_low_wmark_hit_quickly;
	atomic_long_t kswapd_high_wmark_hit_quickly;
	atomic_long_t kswapd_wake;
	atomic_long_t kswapd_sleep;
	atomic_long_t drop_slab;
};

/**
 * struct mymm_node_reclaim - reclaim from the own node, see node_reclaim.c
 * @mode: zone_reclaim_mode; the sysctls may be written at any time
 * @min_unmapped_ratio: per cent of a node
 * @min_slab_ratio: per cent of a node
 * @busy: a bit for each node that is being reclaimed from
 * @success: times that as much was got as was wanted; zone_reclaim_success
 * @failed: times that it was not
 */
struct mymm_node_reclaim {
	int mode;
	int min_unmapped_ratio;
	int min_slab_ratio;
	unsigned long busy;
	atomic_long_t success;
	atomic_long_t failed;
};

/**
 * struct mymm_reclaim - a pool's way to get frames back
 * @lock: protects @shrinkers against others that change it, and @tasks
 * @shrinkers: in the order in which they came; RCU for readers
 * @tasks: tasks that reclaim at this moment
 * @slab: the slab layer's shrinker
 * @slab_freed: frames of slabs that ever went back
 * @vfs_cache_pressure: per cent of what caches have to give that @slab says they have
 * @stats: what was done
 * @node: of the own node, before another is asked
 * @pressure: how long tasks have waited for it
 */
struct mymm_reclaim {
	raw_spinlock_t lock;
	struct list_head shrinkers;
	struct list_head tasks;
	struct mymm_shrinker slab;
	atomic_long_t slab_freed;
	int vfs_cache_pressure;
	struct mymm_reclaim_stats stats;
	struct mymm_node_reclaim node;
	struct mymm_pressure pressure;
};

/**
 * struct mymm_kswapd - the reclaimer of a node
 * @pool: whose; constant
 * @node: which; constant
 * @task: NULL in a pool that has none; constant
 * @wake: wakes @task from where nothing may be woken
 * @asleep: it waits to be woken
 * @held: it runs only where the pool's clock is stepped; see pool/clock.c
 * @due: and would have been woken
 * @order: the largest block that was wanted since it last looked
 * @to_compact: the one that it was last to balance the node for
 * @highest: the highest zone that would have done; %MYMM_ZONE_NONE: nothing was wanted
 * @failures: runs in a row that gave nothing; after %MYMM_MAX_RECLAIM_RETRIES it stays
 *            asleep until an allocation's own reclaim gives something
 */
struct mymm_kswapd {
	struct mymm_pool *pool;
	struct mymm_node *node;
	struct task_struct *task;
	struct irq_work wake;
	bool asleep;
	bool held;
	bool due;
	unsigned int order;
	unsigned int to_compact;
	enum mymm_zone_type highest;
	atomic_t failures;
};

/* Has kswapd given up on a node? "node_unreclaimable" of /proc/zoneinfo. */
static inline bool mymm_kswapd_hopeless(const struct mymm_kswapd *kswapd)
{
	return atomic_read(&kswapd->failures) >= MYMM_MAX_RECLAIM_RETRIES;
}

/**
 * struct mymm_reclaim_task - a task that reclaims; on its stack
 * @list: in the pool's @tasks
 * @task: the task
 */
struct mymm_reclaim_task {
	struct list_head list;
	struct task_struct *task;
};

/**
 * struct mymm_scan - one pass over the LRU lists and the shrinkers, and what came of it
 * @gfp: for the shrinkers
 * @kswapd: on whose behalf: kswapd, or an allocation
 * @priority: this is asked for: what can be given back, divided by 2^@priority
 * @highest: frames of higher zones are of no use
 * @keep_dirty: nothing is to be written
 * @keep_mapped: nothing that is mapped is to be taken
 * @keep_anon: no anonymous memory is to be taken
 * @deactivate: pages of the active lists become inactive, whatever the lists' lengths
 * @share: pages of files do not go first, however many there are
 * @skipped_active: an active list was left as it was
 * @trimmed_in_vain: pages of files were to go first, but no page of the lists could be reclaimed
 * @nr_wanted: frames that would do
 * @nr_scanned: frames that shrinkers looked at
 * @nr_reclaimed: frames that they gave back
 * @left: by node: what they said they had, less what they gave, when last asked
 */
struct mymm_scan {
	gfp_t gfp;
	bool kswapd;
	int priority;
	enum mymm_zone_type highest;
	bool keep_dirty;
	bool keep_mapped;
	bool keep_anon;
	bool deactivate;
	bool share;
	bool skipped_active;
	bool trimmed_in_vain;
	unsigned long nr_wanted;
	unsigned long nr_scanned;
	unsigned long nr_reclaimed;
	unsigned long left[MYMM_MAX_NODES];
};

void mymm_reclaim_init(struct mymm_pool *pool);
void mymm_reclaim_forget(struct mymm_pool *pool);
void mymm_reclaim_enter(struct mymm_pool *pool, struct mymm_reclaim_task *task);
void mymm_reclaim_leave(struct mymm_pool *pool, struct mymm_reclaim_task *task);
bool mymm_reclaiming(struct mymm_pool *pool);
void mymm_reclaim_end(struct mymm_pool *pool, struct mymm_node *node);
void mymm_shrink_node(struct mymm_pool *pool, struct mymm_node *node,
		      struct mymm_scan *scan);
unsigned long mymm_reclaim_direct(const struct mymm_request *request,
				  struct mymm_scan *scan);

#endif /* _MYMM_RECLAIM_H */
