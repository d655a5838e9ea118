/* SPDX-License-Identifier: GPL-2.0 */
/* A table from addresses to frames, in frames of the pool, as a page table is. */
#ifndef _MYMM_PROCESS_TABLE_H
#define _MYMM_PROCESS_TABLE_H

#include <linux/bits.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct mm_struct;
struct mymm_pool;

#define MYMM_TABLE_BITS 9 /* of an address, that each level looks at */
#define MYMM_TABLE_ENTRIES BIT(MYMM_TABLE_BITS)
#define MYMM_TABLE_LEVELS 4
/* Of the addresses that a table can have. */
#define MYMM_TABLE_END \
	(1UL << (PAGE_SHIFT + MYMM_TABLE_LEVELS * MYMM_TABLE_BITS))
#define MYMM_LEAF_SIZE (PAGE_SIZE << MYMM_TABLE_BITS)

/*
 * An entry is 0, or the number of a frame: of the next node, or in a leaf, where it is called a
 * slot, of what a process has at that address. A slot may also be a swap entry (swap.h): where
 * what the process has was written to.
 */
#define MYMM_SLOT_FRAME 1UL
#define MYMM_SLOT_SWAP 2UL

/**
 * struct mymm_table - the table of one region
 * @pool: what its nodes are of
 * @mm: whose counter of swap entries follows @nr_swapped; NULL: none does
 * @lock: see vm.h; protects all below, but for slots, which the lock of a page does
 * @root: the first node; NULL before there is anything
 * @nr_nodes: other nodes
 * @nr_frames: slots that have a frame
 * @nr_swapped: slots that have a swap entry
 */
struct mymm_table {
	struct mymm_pool *pool;
	struct mm_struct *mm;
	spinlock_t lock; /* see vm.h */
	u64 *root;
	unsigned long nr_nodes;
	unsigned long nr_frames;
	unsigned long nr_swapped;
};

static inline u64 mymm_slot_of_pfn(u32 pfn)
{
	return (u64)pfn << PAGE_SHIFT | MYMM_SLOT_FRAME;
}

static inline u32 mymm_slot_pfn(u64 slot)
{
	return slot >> PAGE_SHIFT;
}

static inline bool mymm_slot_is_frame(u64 slot)
{
	return slot & MYMM_SLOT_FRAME;
}

static inline u64 mymm_slot_of_swap(u32 entry)
{
	return (u64)entry << PAGE_SHIFT | MYMM_SLOT_SWAP;
}

static inline u32 mymm_slot_swap(u64 slot)
{
	return slot >> PAGE_SHIFT;
}

static inline bool mymm_slot_is_swap(u64 slot)
{
	return slot & MYMM_SLOT_SWAP;
}

void mymm_table_init(struct mymm_table *table, struct mymm_pool *pool);
int mymm_table_prepare(struct mymm_table *table, unsigned long addr);
u64 mymm_table_get(struct mymm_table *table, unsigned long addr);
bool mymm_table_replace(struct mymm_table *table, unsigned long addr, u64 old,
			u64 new);
u64 *mymm_table_leaf(struct mymm_table *table, unsigned long addr);
void mymm_table_count(struct mymm_table *table, unsigned long frames,
		      unsigned long swapped);
u64 mymm_table_next(struct mymm_table *table, unsigned long *addr,
		    unsigned long end);
void mymm_table_prune(struct mymm_table *table, unsigned long start,
		      unsigned long end);
void mymm_table_destroy(struct mymm_table *table);

#endif /* _MYMM_PROCESS_TABLE_H */
