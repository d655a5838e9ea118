// SPDX-License-Identifier: GPL-2.0
/*
 * The binary buddy system: free lists and arithmetic. No gfp, no zone policy, no
 * lock and no message of its own; the caller holds the zone's lock.
 *
 * Terms. A block of *order* n is 2^n frames that begin at a multiple of 2^n. Two
 * blocks of order n are *buddies* when together they make a block of order n+1;
 * so the buddy's number differs in bit n alone:
 *
 *   order 2            [0               ]
 *   order 1            [0     ] [2      ]
 *   order 0            [0] [1]  [2] [3  ]
 *
 *   buddy of block 0, order 0  =>  1
 *   buddy of block 0, order 1  =>  2
 *   buddy of block 2, order 1  =>  0
 *   block 2, order 1, and its buddy merge to block 0, order 2
 *
 * Allocation takes the first block of the smallest order that has one and is
 * large enough, and *splits* it: the lower half goes on, the upper half goes to
 * the list of its order. Taking one frame of a free block 0 of order 2:
 *
 *   [0  1  2  3]   =>   [0  1] + free [2 3]   =>   [0] + free [1] + free [2 3]
 *
 * Freeing *merges*: as long as the buddy is a free block of the same order, the
 * two become one of the next. As in Linux a freed block goes to the front of its
 * list, to be used again while it is warm, unless it looks as if it will soon
 * merge further: when the buddy of the block it would become is free already, it
 * goes to the end, where it has the longest time to do so.
 *
 * Worst case: one list operation an order (the work itself stands in buddy.h).
 * Nothing walks frames, and only heads are touched: see frame.c for how tails know
 * that they are tails.
 *
 * What keeps this short:
 *  - A bit for each order says whether its list has blocks, so the order to split
 *    is one find-first-set, and all orders that a split fills are known to be
 *    empty before it.
 *  - A tag compares state, order and zone at once. A buddy in the next zone has
 *    another zone number, and one behind the pool's end is filling of the
 *    table: neither looks free, so nothing asks about borders.
 *  - List heads are in the table, so removing needs no list.
 *
 * The buddy rule: Knowlton, "A fast storage allocator", CACM 8(10), 1965; placing
 * and merging as in mm/page_alloc.c of Linux 6.12.
 */
#include <linux/bitops.h>
#include <linux/minmax.h>

#include "buddy.h"
#include "compat.h"

/*
 * Cut a block of order @high down to @low: at each order the upper half goes to its
 * list. Every list from @low up to @high is empty, or the caller would not have come so
 * far up.
 */
noinline void __mymm_buddy_split(struct mymm_buddy *buddy, u32 idx,
				 unsigned int low, unsigned int high)
{
	struct mymm_buddy_order *o = &buddy->order[high];
	struct mymm_buddy_order *last = &buddy->order[low];
	void *block = &buddy->table[idx];
	u64 links = mymm_links(idx);

	/* A sum that the compiler is not to take apart, and do again each time. */
	OPTIMIZER_HIDE_VAR(block);

	buddy->nonempty += o->size - last->size;
	do {
		struct mymm_frame *half;

		o--;
		half = block + o->step;
		WRITE_ONCE(half->tag, o->tag);
		half->links = o->head_links;
		o->head->links = links + o->size_links;
		o->nr_free = 1;
	} while (o != last);
}

/**
 * mymm_buddy_alloc() - take a block
 * @buddy: where from
 * @order: size of the block: 2^@order frames, at most %MYMM_MAX_ORDER
 *
 * The block's head becomes %MYMM_FRAME_PAGES.
 *
 * Context: any; the caller holds the lock that protects @buddy.
 * Return: the head's index, or %MYMM_NO_FRAME if no block is large enough.
 */
u32 mymm_buddy_alloc(struct mymm_buddy *buddy, unsigned int order)
{
	struct mymm_frame *block = __mymm_buddy_alloc(buddy, order, 0);

	return block ? block - buddy->table : MYMM_NO_FRAME;
}
MYMM_EXPORT_INTERNAL(mymm_buddy_alloc);

/**
 * mymm_buddy_free() - give a block back, and merge it as far as it goes
 * @buddy: where to
 * @idx: the block's head
 * @order: the block's order
 *
 * Trusts its caller, who has seen that the block is allocated and its own.
 *
 * Context: any; the caller holds the lock that protects @buddy.
 */
void mymm_buddy_free(struct mymm_buddy *buddy, u32 idx, unsigned int order)
{
	__mymm_buddy_free(buddy, idx, order);
}
MYMM_EXPORT_INTERNAL(mymm_buddy_free);

/**
 * mymm_buddy_forced_order() - the largest block that can begin at a frame
 * @idx: the frame
 * @end: one past the last frame of the zone
 *
 * Return: the largest order to whose multiple @idx is aligned and whose block
 * ends at or before @end.
 */
unsigned int mymm_buddy_forced_order(u32 idx, u32 end)
{
	unsigned int order = MYMM_MAX_ORDER;

	if (idx)
		order = min_t(unsigned int, order, __ffs(idx));
	return min_t(unsigned int, order, __fls(end - idx));
}
MYMM_EXPORT_INTERNAL(mymm_buddy_forced_order);

/**
 * mymm_buddy_reset() - make everything one free stretch again, lowest frame first
 * @buddy: has no allocated block, or is new
 *
 * Gives the state that mymm_buddy_init() made, so that what follows does not depend
 * on what came before. Costs O(frames / 2^%MYMM_MAX_ORDER).
 *
 * Context: any; the caller holds the lock that protects @buddy.
 */
void mymm_buddy_reset(struct mymm_buddy *buddy)
{
	unsigned int order;
	u32 idx;

	for (order = 0; order < MYMM_NR_ORDERS; order++) {
		mymm_list_init(buddy->table, buddy->heads + order);
		buddy->order[order].nr_free = 0;
	}
	buddy->nonempty = 0;
	buddy->free = buddy->end - buddy->start;

	for (idx = buddy->start; idx < buddy->end; idx += 1U << order) {
		order = mymm_buddy_forced_order(idx, buddy->end);
		WRITE_ONCE(buddy->table[idx].tag, buddy->order[order].tag);
		buddy->order[order].nr_free++;
		buddy->nonempty |= 1U << order;
		mymm_list_add_tail(buddy->table, idx, buddy->heads + order);
	}
}
MYMM_EXPORT_INTERNAL(mymm_buddy_reset);

/**
 * mymm_buddy_init() - begin with every frame free
 * @buddy: to be filled
 * @table: the pool's frame table, zeroed, as long as frame.c says
 * @start: first frame
 * @end: one past the last; larger than @start
 * @heads: index in @table of %MYMM_NR_ORDERS members to be list heads
 * @zone: a number below 256 that no other stretch of this table has
 *
 * Context: any.
 */
void mymm_buddy_init(struct mymm_buddy *buddy, struct mymm_frame *table,
		     u32 start, u32 end, u32 heads, unsigned int zone)
{
	unsigned int order;

	*buddy = (struct mymm_buddy){
		.table = table,
		.start = start,
		.end = end,
		.heads = heads,
		.zone = zone,
	};
	for (order = 0; order < MYMM_NR_ORDERS; order++)
		buddy->order[order] = (struct mymm_buddy_order){
			.head = &table[heads + order],
			.head_links = mymm_links(heads + order),
			.size = 1UL << order,
			.size_links = mymm_links(1U << order),
			.step = sizeof(*table) << order,
			.tag = mymm_tag(MYMM_FRAME_FREE, order, zone),
		};
	mymm_buddy_reset(buddy);
}
MYMM_EXPORT_INTERNAL(mymm_buddy_init);
