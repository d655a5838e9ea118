/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The buddy system itself; buddy.c has the theory. Taking and giving back stand here, to
 * become one with whatever holds the lock: calls would be a fifth of their cost.
 */
#ifndef _MYMM_BUDDY_H
#define _MYMM_BUDDY_H

#include <linux/bitops.h>

#include "frame.h"

/**
 * struct mymm_buddy_order - what one order's blocks and their list have in common
 * @head: the list's head
 * @head_links: what a block that is alone on the list has for links
 * @nr_free: blocks on the list
 * @size: frames of a block
 * @size_links: @size as mymm_links() has it
 * @step: bytes that its frames take in the table
 * @tag: what the head of a free one carries
 *
 * All but @nr_free are constant: they spare the loops over orders what these would
 * compute.
 */
struct mymm_buddy_order {
	struct mymm_frame *head;
	u64 head_links;
	unsigned long nr_free;
	unsigned long size;
	u64 size_links;
	unsigned long step;
	u32 tag;
};

/**
 * struct mymm_buddy - the free blocks of one stretch of frames
 * @table: the pool's frame table
 * @start: first frame
 * @end: one past the last frame
 * @heads: index of the list head of order 0; order n's is @heads + n
 * @zone: the number that its frames carry in their tags
 * @order: of each order
 * @nonempty: bit n is set if and only if the list of order n has a block
 * @free: free frames: the sum of nr_free << n over the orders (I1)
 *
 * The caller's lock protects what is not constant.
 */
struct mymm_buddy {
	struct mymm_frame *table;
	u32 start;
	u32 end;
	u32 heads;
	u32 zone;
	struct mymm_buddy_order order[MYMM_NR_ORDERS];
	u32 nonempty;
	unsigned long free;
};

void __mymm_buddy_split(struct mymm_buddy *buddy, u32 idx, unsigned int low,
			unsigned int high);

/* Take a block: mymm_buddy_alloc(), with flags for its tag; the head or NULL. */
static __always_inline struct mymm_frame *
__mymm_buddy_alloc(struct mymm_buddy *buddy, unsigned int order, u32 flags)
{
	u32 fitting = buddy->nonempty >> order << order;
	struct mymm_frame *block;
	struct mymm_buddy_order *o;
	unsigned long found;
	u32 idx;

	if (unlikely(!fitting))
		return NULL;

	found = __ffs(fitting);
	o = &buddy->order[found];
	idx = o->head->next;
	block = &buddy->table[idx];
	mymm_list_del(buddy->table, idx);
	if (!--o->nr_free)
		buddy->nonempty -= o->size;
	if (found != order)
		__mymm_buddy_split(buddy, idx, order, found);
	buddy->free -= buddy->order[order].size;
	WRITE_ONCE(block->tag, buddy->order[order].tag + flags +
				       (MYMM_FRAME_PAGES - MYMM_FRAME_FREE));
	return block;
}

/*
 * Would the block that @idx of order @order is half of find its own buddy free?
 * Then it is worth waiting for the other half. The two largest orders don't wait:
 * there is nothing, or only one step, to win.
 */
static inline bool __mymm_buddy_merge_likely(const struct mymm_buddy *buddy,
					     u32 idx, unsigned int order)
{
	u32 parent = idx & ~(1U << order);

	return buddy->table[parent ^ (2U << order)].tag ==
	       buddy->order[order + 1].tag;
}

/* Give a block back: mymm_buddy_free(). */
static __always_inline void __mymm_buddy_free(struct mymm_buddy *buddy,
					      unsigned long idx,
					      unsigned int order)
{
	struct mymm_buddy_order *o = &buddy->order[order];
	struct mymm_frame *table = buddy->table;
	unsigned long size = o->size;
	u32 nonempty = buddy->nonempty;
	u32 tag = o->tag;

	buddy->free += size;
	/* Whichever frame turns out to be the head gets its tag at the end. */
	WRITE_ONCE(table[idx].tag, 0);
	while (size < 1U << MYMM_MAX_ORDER) {
		unsigned long other = idx ^ size;

		if (table[other].tag != tag)
			break;
		WRITE_ONCE(table[other].tag, 0);
		if (--o->nr_free) {
			mymm_list_del(table, other);
		} else {
			/* It was the only one: its list is empty now. */
			o->head->links = o->head_links;
			nonempty -= size;
		}
		idx &= other;
		o++;
		size <<= 1;
		tag = o->tag;
	}
	WRITE_ONCE(table[idx].tag, tag);
	o->nr_free++;
	buddy->nonempty = nonempty | size;

	if (size < 1U << (MYMM_MAX_ORDER - 1) &&
	    __mymm_buddy_merge_likely(buddy, idx, o - buddy->order))
		mymm_list_add_tail(table, idx, (u32)o->head_links);
	else
		mymm_list_add(table, idx, (u32)o->head_links);
}

u32 mymm_buddy_alloc(struct mymm_buddy *buddy, unsigned int order);
void mymm_buddy_free(struct mymm_buddy *buddy, u32 idx, unsigned int order);
void mymm_buddy_init(struct mymm_buddy *buddy, struct mymm_frame *table,
		     u32 start, u32 end, u32 heads, unsigned int zone);
void mymm_buddy_reset(struct mymm_buddy *buddy);
unsigned int mymm_buddy_forced_order(u32 idx, u32 end);

#endif /* _MYMM_BUDDY_H */
