/* SPDX-License-Identifier: GPL-2.0 */
/* What the page layer has counted, put together from where it is counted. */
#ifndef _MYMM_VMSTAT_H
#define _MYMM_VMSTAT_H

#include <linux/percpu.h>

#include "page/zone.h"

struct mymm_node;
struct mymm_pool;

/**
 * struct mymm_zone_events - what has happened in a zone since load
 * @allocated: frames that were allocated
 * @freed: frames that were freed
 * @numa_hit: blocks that were wanted from this node, and came from here
 * @numa_miss: blocks that were wanted from another node
 * @numa_foreign: blocks that were wanted from here and came from another node
 * @numa_local: blocks that a CPU of this node got
 * @numa_other: blocks that a CPU of another node got
 */
struct mymm_zone_events {
	unsigned long allocated;
	unsigned long freed;
	unsigned long numa_hit;
	unsigned long numa_miss;
	unsigned long numa_foreign;
	unsigned long numa_local;
	unsigned long numa_other;
};

/* What process/ counts of a pool. */
enum mymm_vm_item {
	MYMM_NR_ANON_PAGES, /* frames that processes have */
	MYMM_NR_FILE_PAGES, /* frames that have pages of files */
	MYMM_NR_FILE_DIRTY, /* those of them that are to be written */
	MYMM_NR_WRITEBACK, /* those that are being written */
	MYMM_NR_DIRTIED, /* pages that ever became dirty */
	MYMM_NR_WRITTEN, /* pages that were written */
	MYMM_PGPGIN, /* KiB that were read from files below */
	MYMM_PGPGOUT, /* KiB that were written to them */
	MYMM_DROP_PAGECACHE, /* times that clean pages of files were dropped on request */
	MYMM_NR_PAGE_TABLE_PAGES, /* frames that are their tables, but for the roots */
	MYMM_NR_SWAPCACHED, /* those of them whose contents a swap slot has, too */
	MYMM_PSWPIN, /* pages read from swap areas */
	MYMM_PSWPOUT, /* pages written to swap areas */
	MYMM_PGACTIVATE, /* pages that became active when reclaim found them used */
	MYMM_PGDEACTIVATE, /* active pages that became inactive */
	MYMM_PGFAULT, /* faults on such memory */
	MYMM_OOM_KILL, /* processes that the OOM killer has killed */
	MYMM_PGMAJFAULT, /* those of them that read a page */
	MYMM_PGREFILL, /* active pages that reclaim looked at */
	MYMM_PGSCAN_ANON, /* inactive pages that it looked at */
	MYMM_PGSCAN_FILE,
	MYMM_PGSTEAL_ANON, /* those of them that it got */
	MYMM_PGSTEAL_FILE,
	MYMM_SWAP_RA, /* pages that were read ahead from swap areas */
	MYMM_SWAP_RA_HIT, /* those of them that were used */
	MYMM_UNEVICTABLE_PGS_CULLED, /* pages that it found locked */
	MYMM_UNEVICTABLE_PGS_RESCUED, /* those of them that were unlocked since */
	MYMM_WORKINGSET_REFAULT_ANON, /* pages that came back */
	MYMM_WORKINGSET_REFAULT_FILE,
	MYMM_WORKINGSET_ACTIVATE_ANON, /* those of them that became active at once */
	MYMM_WORKINGSET_ACTIVATE_FILE,
	MYMM_WORKINGSET_RESTORE_ANON, /* and that had been active before */
	MYMM_WORKINGSET_RESTORE_FILE,
	MYMM_NR_VM_ITEMS,
};

/* What one CPU has counted; only the sum of all means something. */
struct mymm_vm_counts {
	long item[MYMM_NR_VM_ITEMS];
};

#define mymm_vm_count(pool, what, nr) \
	this_cpu_add((pool)->vm_counts->item[what], nr)

unsigned long mymm_vm_sum(const struct mymm_pool *pool, enum mymm_vm_item what);
void mymm_zone_events(struct mymm_pool *pool, const struct mymm_zone *zone,
		      struct mymm_zone_events *events);
unsigned long mymm_zone_allocated(struct mymm_pool *pool,
				  const struct mymm_zone *zone);
unsigned long mymm_pool_allocated(struct mymm_pool *pool);
unsigned long mymm_node_slab_frames(const struct mymm_node *node,
				    bool reclaimable);

#endif /* _MYMM_VMSTAT_H */
