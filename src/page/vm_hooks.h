/* SPDX-License-Identifier: GPL-2.0 */
/* What the memory of processes does for the pool that its frames are of. */
#ifndef _MYMM_VM_HOOKS_H
#define _MYMM_VM_HOOKS_H

#include <linux/types.h>

#include "page/gfp_zone.h"

struct mymm_finding;
struct mymm_node;
struct mymm_pool;
struct mymm_request;
struct mymm_scan;

/**
 * struct mymm_vm_figures - figures of vmstat that nothing counts, in pages
 * @mapped: pages of files that are mapped
 * @dirty_threshold: with more that are dirty, what dirties pages waits
 * @dirty_background_threshold: with more flushers write
 */
struct mymm_vm_figures {
	unsigned long mapped;
	unsigned long dirty_threshold;
	unsigned long dirty_background_threshold;
};

/* The LRU lists of a node, in the order of the kernel's enum lru_list. */
#define MYMM_NR_LISTED 5

/**
 * struct mymm_vm_hooks - what the page layer calls of process/
 * @check: look for what is wrong with the memory of processes; see mymm_vm_check(). The caller
 *         holds pool->lock
 * @shrink: get frames of a node back from the LRU lists; adds what came of it to the scan, as
 *          mymm_shrink_node() does. Process context, no lock of ours held
 * @reclaim_end: nothing more is wanted of a node for now; likewise
 * @file_pages: how many pages of files a node has; without @mapped, only those that are not mapped.
 *		Process context, no lock of ours held
 * @figures: what is found out rather than counted as it happens. Likewise
 * @listed: how many pages of a node, and of one type of zone or of all (MYMM_NR_ZONE_TYPES), are on
 *          each LRU list; a guess. Any context
 * @swap_slots: how many slots of swap areas there are, and how many of them are free. Any context
 * @out_of_memory: have a process give back what it has; see mymm_out_of_memory(). No other task is
 *                 in it; false: there is no point in trying again
 * @may_move: is an allocated frame one that can be moved at this moment? A guess
 * @move: move what is in a frame to another, which is allocated and nobody's. With @wait it waits
 *        for what has the frame's page locked. 0: the other is in use now, and the frame is free,
 *        or will be soon; -EAGAIN: busy; -EBUSY: pinned, or locked in memory; -ENOENT: not to be
 *        moved. Process context, no lock of ours held
 */
struct mymm_vm_hooks {
	int (*check)(struct mymm_pool *pool, struct mymm_finding *finding);
	void (*shrink)(struct mymm_pool *pool, struct mymm_node *node,
		       struct mymm_scan *scan);
	void (*reclaim_end)(struct mymm_pool *pool, struct mymm_node *node);
	unsigned long (*file_pages)(struct mymm_pool *pool,
				    const struct mymm_node *node, bool mapped);
	void (*figures)(struct mymm_pool *pool,
			struct mymm_vm_figures *figures);
	void (*listed)(struct mymm_pool *pool, const struct mymm_node *node,
		       enum mymm_zone_type type,
		       unsigned long nr[MYMM_NR_LISTED]);
	void (*swap_slots)(struct mymm_pool *pool, unsigned long *total,
			   unsigned long *free);
	bool (*out_of_memory)(const struct mymm_request *request);
	bool (*may_move)(struct mymm_pool *pool, u32 pfn);
	int (*move)(struct mymm_pool *pool, u32 from, u32 to, bool wait);
};

int mymm_vm_hooks_set(struct mymm_pool *pool,
		      const struct mymm_vm_hooks *hooks);
const struct mymm_vm_hooks *mymm_vm_hooks_get(struct mymm_pool *pool, int *idx);
void mymm_vm_hooks_put(int idx);
void mymm_vm_listed(struct mymm_pool *pool, const struct mymm_node *node,
		    enum mymm_zone_type type, unsigned long nr[MYMM_NR_LISTED]);

#endif /* _MYMM_VM_HOOKS_H */
