/* SPDX-License-Identifier: GPL-2.0 */
/* The LRU lists of pages that processes have. */
#ifndef _MYMM_PROCESS_LRU_H
#define _MYMM_PROCESS_LRU_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/spinlock.h>

#include "page/gfp_zone.h"

struct mymm_node;
struct mymm_pool;
struct mymm_vm;
struct page;

/**
 * enum mymm_lru - the lists
 * @MYMM_LRU_INACTIVE_ANON: anonymous memory, from whose tail reclaim takes
 * @MYMM_LRU_ACTIVE_ANON: anonymous memory that was used again
 * @MYMM_LRU_INACTIVE_FILE: the same of pages of files
 * @MYMM_LRU_ACTIVE_FILE: the same of pages of files
 * @MYMM_NR_EVICTABLE: how many reclaim scans
 * @MYMM_LRU_UNEVICTABLE: locked by mlock()
 * @MYMM_NR_LRU: how many there are
 */
enum mymm_lru {
	MYMM_LRU_INACTIVE_ANON,
	MYMM_LRU_ACTIVE_ANON,
	MYMM_LRU_INACTIVE_FILE,
	MYMM_LRU_ACTIVE_FILE,
	MYMM_NR_EVICTABLE,
	MYMM_LRU_UNEVICTABLE = MYMM_NR_EVICTABLE,
	MYMM_NR_LRU,
};

/* What a kind of memory is an index for: anonymous memory, or files. */
enum mymm_lru_kind { MYMM_ANON, MYMM_FILE, MYMM_NR_KINDS };

/* The inactive list of a kind; the active one is next. */
static inline enum mymm_lru mymm_lru_inactive(enum mymm_lru_kind kind)
{
	return 2 * kind;
}

/* How many pages are isolated at once. Linux: SWAP_CLUSTER_MAX. */
#define MYMM_LRU_BATCH 32U

/**
 * struct mymm_lruvec - the lists of a node
 * @lock: of all below but atomics; innermost
 * @list: the newest first
 * @nr: pages on each, by zone
 * @cost: of reclaim, by kind: pages that were written or had to be kept, decaying
 * @age: pages that have left the inactive lists, by eviction or by activation
 * @activated: by kind: pages that came back so soon that they became active at once
 * @activated_before: the same when reclaim last ended
 */
struct mymm_lruvec {
	spinlock_t lock; /* see vm.h */
	struct list_head list[MYMM_NR_LRU];
	unsigned long nr[MYMM_NR_LRU][MYMM_NR_ZONE_TYPES];
	unsigned long cost[MYMM_NR_KINDS];
	atomic_long_t age;
	atomic_long_t activated[MYMM_NR_KINDS];
	unsigned long activated_before[MYMM_NR_KINDS];
};

/**
 * struct mymm_lru_batch - pages that were taken off a list
 * @nr: how many
 * @page: they; a reference to each is held
 */
struct mymm_lru_batch {
	unsigned int nr;
	struct page *page[MYMM_LRU_BATCH];
};

enum mymm_lru_kind mymm_lru_kind(struct page *page);
struct mymm_lruvec *mymm_lruvec_of(const struct mymm_vm *vm,
				   const struct page *page);
unsigned long mymm_lru_size(const struct mymm_lruvec *lruvec, enum mymm_lru lru,
			    enum mymm_zone_type highest);
void mymm_lru_listed(struct mymm_pool *pool, const struct mymm_node *node,
		     enum mymm_zone_type type, unsigned long nr[MYMM_NR_LRU]);
unsigned long mymm_lru_total(const struct mymm_vm *vm, enum mymm_lru lru);
void mymm_lru_add(struct mymm_vm *vm, struct page *page);
void mymm_lru_del(struct mymm_vm *vm, struct page *page);
void mymm_lru_replace(struct mymm_vm *vm, struct page *page, struct page *by);
unsigned long mymm_lru_isolate(struct mymm_vm *vm, struct mymm_lruvec *lruvec,
			       enum mymm_lru lru, enum mymm_zone_type highest,
			       unsigned long nr, struct mymm_lru_batch *batch);
void mymm_lru_mark_accessed(struct mymm_vm *vm, struct page *page);
void mymm_lru_putback(struct mymm_vm *vm, struct page *page);
int mymm_lru_init(struct mymm_vm *vm);
void mymm_lru_exit(struct mymm_vm *vm);

bool mymm_lru_is_held(struct mymm_vm *vm, struct page *page, int known);

#endif /* _MYMM_PROCESS_LRU_H */
