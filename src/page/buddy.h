/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The buddy system itself; buddy.c has the theory. Taking and giving back stand here, to
 * become one with whatever holds the lock: calls would be a fifth of their cost.
 */
#ifndef _MYMM_BUDDY_H
#define _MYMM_BUDDY_H

#include <linux/bitops.h>

#include "page/frame.h"

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
 * struct mymm_buddy_type - the free blocks of one migratetype
 * @order: of each order
 * @nonempty: bit n is set if and only if the list of order n has a block
 */
struct mymm_buddy_type {
	struct mymm_buddy_order order[MYMM_NR_ORDERS];
	u32 nonempty;
};

/**
 * struct mymm_pending_split - an allocation that has been made but for its traces
 * @idx: the block; %MYMM_NO_FRAME if there is none
 * @low: its order
 * @type: of whose lists
 * @high: the order of the block that it is to be cut from, the first of its list
 * @next: what follows that on the list
 *
 * The block has its tag, and is counted; the list still has it, and what remains of it is
 * on no list. Most blocks are freed before the lists are read: then there is nothing to
 * merge. Code that reads the lists calls mymm_buddy_finish_split() first.
 */
struct mymm_pending_split {
	u32 idx;
	u16 low;
	u16 type;
	u32 high;
	u32 next;
};

/**
 * struct mymm_buddy - the free blocks of one stretch of frames
 * @table: the pool's frame table
 * @start: first frame
 * @end: one past the last frame
 * @heads: index of the first of %MYMM_BUDDY_LISTS list heads: order 0 of type 0, order 1
 *         of type 0, ...
 * @zone: the number that its frames carry in their tags
 * @block_order: of the blocks that have a migratetype together
 * @pageblock: their migratetypes; indexed by frame number >> @block_order
 * @holes: frames with nothing behind them; constant
 * @free: free frames: the sum of nr_free << n over orders and types (I1)
 * @pending: what is still to be done
 * @type: by migratetype; a free block is on the lists of its pageblock's
 * @choices: blocks that were taken from a list with others on it; without those that were
 *           given back before anything else happened
 *
 * The caller's lock protects what is not constant.
 */
struct mymm_buddy {
	struct mymm_frame *table;
	u32 start;
	u32 end;
	u32 heads;
	u32 zone;
	unsigned int block_order;
	u8 *pageblock;
	u32 holes;
	unsigned long free;
	struct mymm_pending_split pending;
	struct mymm_buddy_type type[MYMM_NR_MIGRATETYPES];
	unsigned long choices;
};

#define MYMM_BUDDY_LISTS (MYMM_NR_MIGRATETYPES * MYMM_NR_ORDERS)

/* The migratetype of the pageblock that frame @idx is in. */
static inline enum mymm_migratetype
mymm_buddy_type(const struct mymm_buddy *buddy, u32 idx)
{
	return READ_ONCE(buddy->pageblock[idx >> buddy->block_order]);
}

void __mymm_buddy_split(struct mymm_buddy *buddy, struct mymm_buddy_type *list,
			u32 idx, unsigned int low, unsigned int high);
void __mymm_buddy_finish_split(struct mymm_buddy *buddy);
bool __mymm_buddy_adopt(struct mymm_buddy *buddy, u32 idx, unsigned int order,
			enum mymm_migratetype type);

/* Before lists, or what the frames say of free blocks, are looked at. */
static __always_inline void mymm_buddy_finish_split(struct mymm_buddy *buddy)
{
	if (buddy->pending.idx != MYMM_NO_FRAME)
		__mymm_buddy_finish_split(buddy);
}

/* Take a block as __mymm_buddy_alloc() does, and leave its traces for later. */
static __always_inline struct mymm_frame *
__mymm_buddy_alloc_lazy(struct mymm_buddy *buddy, enum mymm_migratetype type,
			unsigned int order, u32 flags)
{
	struct mymm_buddy_type *list = &buddy->type[type];
	struct mymm_buddy_order *o;
	struct mymm_frame *block;
	u32 fitting, idx;

	mymm_buddy_finish_split(buddy);
	fitting = list->nonempty >> order;
	if (unlikely(!fitting))
		return NULL;
	fitting = __ffs(fitting) + order;
	idx = list->order[fitting].head->next;
	block = &buddy->table[idx];
	buddy->pending = (struct mymm_pending_split){
		.idx = idx,
		.low = order,
		.type = type,
		.high = fitting,
		.next = block->next,
	};
	o = &list->order[order];
	buddy->free -= o->size;
	WRITE_ONCE(block->tag,
		   o->tag + flags + (MYMM_FRAME_PAGES - MYMM_FRAME_FREE));
	return block;
}

/* Is this what was taken last, with nobody looking since? Then it is as it was before. */
static __always_inline bool
__mymm_buddy_cancel_split(struct mymm_buddy *buddy, u32 idx, unsigned int order)
{
	struct mymm_pending_split *cut = &buddy->pending;
	struct mymm_buddy_order *o;

	if (cut->idx != idx || cut->low != order)
		return false;
	cut->idx = MYMM_NO_FRAME;
	o = &buddy->type[cut->type].order[cut->high];
	buddy->free += 1UL << order;
	buddy->table[idx].next = cut->next;
	buddy->table[idx].prev = (u32)o->head_links;
	WRITE_ONCE(buddy->table[idx].tag, o->tag);
	return true;
}

/*
 * Take a block of a migratetype: mymm_buddy_alloc(), with flags for its tag; the head or
 * NULL. @found becomes the order that it was cut from.
 */
static __always_inline struct mymm_frame *
__mymm_buddy_alloc(struct mymm_buddy *buddy, enum mymm_migratetype type,
		   unsigned int order, u32 flags, unsigned int *from)
{
	struct mymm_buddy_type *list = &buddy->type[type];
	u32 fitting = list->nonempty >> order << order;
	struct mymm_frame *block;
	struct mymm_buddy_order *o;
	unsigned long found;
	u32 idx;

	if (unlikely(!fitting))
		return NULL;

	found = __ffs(fitting);
	o = &list->order[found];
	idx = o->head->next;
	block = &buddy->table[idx];
	mymm_list_del(buddy->table, idx);
	if (!--o->nr_free)
		list->nonempty -= o->size;
	else
		buddy->choices++;
	if (found != order)
		__mymm_buddy_split(buddy, list, idx, order, found);
	*from = found;
	buddy->free -= list->order[order].size;
	WRITE_ONCE(block->tag, list->order[order].tag + flags +
				       (MYMM_FRAME_PAGES - MYMM_FRAME_FREE));
	return block;
}

/*
 * Would the block that @idx of order @order is half of find its own buddy free?
 * Then it is worth waiting for the other half. The two largest orders don't wait:
 * there is nothing, or only one step, to win.
 */
static inline bool __mymm_buddy_merge_likely(const struct mymm_buddy *buddy,
					     const struct mymm_buddy_type *list,
					     u32 idx, unsigned int order)
{
	u32 parent = idx & ~(1U << order);

	return buddy->table[parent ^ (2U << order)].tag ==
	       list->order[order + 1].tag;
}

/*
 * Give a block back: mymm_buddy_free(); @type is its pageblock's. Returns the order that
 * it has become part of.
 */
static __always_inline unsigned int
__mymm_buddy_free(struct mymm_buddy *buddy, unsigned long idx,
		  unsigned int order, enum mymm_migratetype type)
{
	struct mymm_buddy_type *list = &buddy->type[type];
	struct mymm_buddy_order *o = &list->order[order];
	struct mymm_frame *table = buddy->table;
	unsigned long size = o->size;
	u32 nonempty = list->nonempty;
	u32 tag = o->tag;

	buddy->free += size;
	/* Whichever frame turns out to be the head gets its tag at the end. */
	WRITE_ONCE(table[idx].tag, 0);
	while (size < 1U << MYMM_MAX_ORDER) {
		unsigned long other = idx ^ size;

		if (table[other].tag != tag) {
			/* Another pageblock may be of another type. */
			if (likely(o - list->order < buddy->block_order) ||
			    !__mymm_buddy_adopt(buddy, other, o - list->order,
						type))
				break;
		} else if (--o->nr_free) {
			mymm_list_del(table, other);
		} else {
			/* It was the only one: its list is empty now. */
			o->head->links = o->head_links;
			nonempty -= size;
		}
		WRITE_ONCE(table[other].tag, 0);
		idx &= other;
		o++;
		size <<= 1;
		tag = o->tag;
	}
	WRITE_ONCE(table[idx].tag, tag);
	o->nr_free++;
	list->nonempty = nonempty | size;

	if (size < 1U << (MYMM_MAX_ORDER - 1) &&
	    __mymm_buddy_merge_likely(buddy, list, idx, o - list->order))
		mymm_list_add_tail(table, idx, (u32)o->head_links);
	else
		mymm_list_add(table, idx, (u32)o->head_links);
	return o - list->order;
}

/* The first free block of an order and type; MYMM_NO_FRAME if there is none. */
static inline u32 mymm_buddy_first(const struct mymm_buddy *buddy,
				   enum mymm_migratetype type,
				   unsigned int order)
{
	const struct mymm_buddy_type *list = &buddy->type[type];

	return list->nonempty & 1U << order ? list->order[order].head->next :
					      MYMM_NO_FRAME;
}

unsigned long mymm_buddy_nr_free(const struct mymm_buddy *buddy,
				 unsigned int order);
u32 mymm_buddy_alloc(struct mymm_buddy *buddy, unsigned int order);
void mymm_buddy_free(struct mymm_buddy *buddy, u32 idx, unsigned int order);
void mymm_buddy_take(struct mymm_buddy *buddy, u32 idx);
void mymm_buddy_put(struct mymm_buddy *buddy, u32 idx, unsigned int order,
		    enum mymm_migratetype type);
void mymm_buddy_put_rest(struct mymm_buddy *buddy, u32 idx, u32 end,
			 enum mymm_migratetype type);
unsigned long mymm_buddy_retype(struct mymm_buddy *buddy, u32 start, u32 end,
				enum mymm_migratetype type);
void mymm_buddy_init(struct mymm_buddy *buddy, struct mymm_frame *table,
		     u32 start, u32 end, u32 heads, unsigned int zone);
void mymm_buddy_set_pageblocks(struct mymm_buddy *buddy, unsigned int order,
			       u8 *pageblock, enum mymm_migratetype type);
void mymm_buddy_reset(struct mymm_buddy *buddy, enum mymm_migratetype type);
unsigned int mymm_buddy_forced_order(u32 idx, u32 end);

#endif /* _MYMM_BUDDY_H */
