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
 * Laziness. An allocation by the zone's fast path leaves its traces for later (struct
 * mymm_pending_split): if the next thing that happens in the zone is that the block comes back, as
 * it often is, neither the split nor the merge were ever needed. Everything else settles
 * first, so nobody ever sees the difference.
 *
 * Migratetypes. Frames are grouped in *pageblocks* of one type each, and a free block is
 * on the lists of its pageblock's type, always: so below the order of a pageblock a
 * block and its buddy agree, and the tags that are compared have the type in them.
 * From that order up two neighbours may differ; merging then gives both the type of
 * the one that was freed last, unless one is a reserve. Which type a request is served
 * from, and when a pageblock changes its own, is policy: pageblock.c.
 *
 * The buddy rule: Knowlton, "A fast storage allocator", CACM 8(10), 1965; placing
 * and merging as in mm/page_alloc.c of Linux 6.12.
 */
#include <linux/bitops.h>
#include <linux/minmax.h>

#include "page/buddy.h"
#include "base/compat.h"

/* A free block leaves its list; its tag stays. */
static void unlist(struct mymm_buddy *buddy, u32 idx)
{
	u32 tag = buddy->table[idx].tag;
	struct mymm_buddy_type *list = &buddy->type[mymm_tag_type(tag)];
	struct mymm_buddy_order *o = &list->order[mymm_tag_order(tag)];

	mymm_list_del(buddy->table, idx);
	if (!--o->nr_free)
		list->nonempty -= o->size;
}

/* A block that is on no list becomes a free one, at the list's front or end. */
static void enlist(struct mymm_buddy *buddy, u32 idx, unsigned int order,
		   enum mymm_migratetype type, bool tail)
{
	struct mymm_buddy_type *list = &buddy->type[type];
	struct mymm_buddy_order *o = &list->order[order];

	WRITE_ONCE(buddy->table[idx].tag, o->tag);
	if (tail)
		mymm_list_add_tail(buddy->table, idx, (u32)o->head_links);
	else
		mymm_list_add(buddy->table, idx, (u32)o->head_links);
	o->nr_free++;
	list->nonempty |= o->size;
}

/*
 * Cut a block of order @high down to @low: at each order the upper half goes to its
 * list. Every list from @low up to @high is empty, or the caller would not have come so
 * far up.
 */
noinline void __mymm_buddy_split(struct mymm_buddy *buddy,
				 struct mymm_buddy_type *list, u32 idx,
				 unsigned int low, unsigned int high)
{
	struct mymm_buddy_order *o = &list->order[high];
	struct mymm_buddy_order *last = &list->order[low];
	void *block = &buddy->table[idx];
	u64 links = mymm_links(idx);

	/* A sum that the compiler is not to take apart, and do again each time. */
	OPTIMIZER_HIDE_VAR(block);

	list->nonempty += o->size - last->size;
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

/* What __mymm_buddy_alloc_lazy() left to be done. */
noinline void __mymm_buddy_finish_split(struct mymm_buddy *buddy)
{
	const struct mymm_pending_split cut = buddy->pending;
	struct mymm_buddy_type *list = &buddy->type[cut.type];
	struct mymm_buddy_order *o = &list->order[cut.high];

	buddy->pending.idx = MYMM_NO_FRAME;
	o->head->next = cut.next;
	buddy->table[cut.next].prev = (u32)o->head_links;
	if (!--o->nr_free)
		list->nonempty -= o->size;
	else
		buddy->choices++;
	if (cut.high != cut.low)
		__mymm_buddy_split(buddy, list, cut.idx, cut.low, cut.high);
}
MYMM_EXPORT_INTERNAL(__mymm_buddy_finish_split);

/* The pageblocks of a block that has at least the size of one get a type. */
static void set_pageblocks(struct mymm_buddy *buddy, u32 idx,
			   unsigned int order, enum mymm_migratetype type)
{
	u32 at = idx >> buddy->block_order;
	u32 end = (idx + (1U << order) - 1) >> buddy->block_order;

	for (; at <= end; at++)
		WRITE_ONCE(buddy->pageblock[at], type);
}

/*
 * Is @idx a free block of order @order, at least a pageblock, and of another type than
 * @type, so that the two may merge? Then it is off its list and its pageblocks are of
 * that type.
 */
noinline bool __mymm_buddy_adopt(struct mymm_buddy *buddy, u32 idx,
				 unsigned int order, enum mymm_migratetype type)
{
	u32 tag = buddy->table[idx].tag;

	if ((tag & ~MYMM_TAG_TYPE) !=
		    mymm_tag(MYMM_FRAME_FREE, order, buddy->zone) ||
	    type >= MYMM_PCPTYPES || mymm_tag_type(tag) >= MYMM_PCPTYPES)
		return false;
	unlist(buddy, idx);
	set_pageblocks(buddy, idx, order, type);
	return true;
}

/**
 * mymm_buddy_nr_free() - free blocks of an order, of all migratetypes
 * @buddy: where
 * @order: the order
 *
 * Context: any.
 * Return: how many.
 */
unsigned long mymm_buddy_nr_free(const struct mymm_buddy *buddy,
				 unsigned int order)
{
	enum mymm_migratetype type;
	unsigned long nr = 0;

	for (type = 0; type < MYMM_NR_MIGRATETYPES; type++)
		nr += READ_ONCE(buddy->type[type].order[order].nr_free);
	return nr;
}
MYMM_EXPORT_INTERNAL(mymm_buddy_nr_free);

/**
 * mymm_buddy_alloc() - take an unmovable block
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
	unsigned int from;
	struct mymm_frame *block;

	mymm_buddy_finish_split(buddy);
	block = __mymm_buddy_alloc(buddy, MYMM_UNMOVABLE, order, 0, &from);

	return block ? block - buddy->table : MYMM_NO_FRAME;
}
MYMM_EXPORT_INTERNAL(mymm_buddy_alloc);

/**
 * mymm_buddy_free() - give a block back, and merge it as far as it goes
 * @buddy: where to
 * @idx: the block's head
 * @order: the block's order
 *
 * The caller has checked that the block is allocated and its own.
 *
 * Context: any; the caller holds the lock that protects @buddy.
 */
void mymm_buddy_free(struct mymm_buddy *buddy, u32 idx, unsigned int order)
{
	mymm_buddy_finish_split(buddy);
	__mymm_buddy_free(buddy, idx, order, mymm_buddy_type(buddy, idx));
}
MYMM_EXPORT_INTERNAL(mymm_buddy_free);

/**
 * mymm_buddy_take() - take a free block that is named, whole
 * @buddy: where from
 * @idx: the head of a free block
 *
 * Its head becomes a tail: what it is now is the caller's to say.
 *
 * Context: any; the caller holds the lock that protects @buddy.
 */
void mymm_buddy_take(struct mymm_buddy *buddy, u32 idx)
{
	mymm_buddy_finish_split(buddy);
	unlist(buddy, idx);
	buddy->free -= 1UL << mymm_tag_order(buddy->table[idx].tag);
	WRITE_ONCE(buddy->table[idx].tag, 0);
}
MYMM_EXPORT_INTERNAL(mymm_buddy_take);

/**
 * mymm_buddy_put() - put a block on a list without merging it
 * @buddy: where to
 * @idx: first frame of a block that is on no list
 * @order: its order
 * @type: the migratetype of its pageblock
 *
 * For blocks whose buddy is known not to be free.
 *
 * Context: any; the caller holds the lock that protects @buddy.
 */
void mymm_buddy_put(struct mymm_buddy *buddy, u32 idx, unsigned int order,
		    enum mymm_migratetype type)
{
	mymm_buddy_finish_split(buddy);
	enlist(buddy, idx, order, type, false);
	buddy->free += 1UL << order;
}
MYMM_EXPORT_INTERNAL(mymm_buddy_put);

/**
 * mymm_buddy_put_rest() - put back what was cut off a free block, in the largest blocks possible
 * @buddy: where to
 * @idx: the first frame of it
 * @end: one past the last
 * @type: the migratetype of its pageblock
 *
 * What was kept of the block is on either side of it, so that no piece has a free buddy.
 *
 * Context: any; the caller holds the lock that protects @buddy.
 */
void mymm_buddy_put_rest(struct mymm_buddy *buddy, u32 idx, u32 end,
			 enum mymm_migratetype type)
{
	while (idx < end) {
		unsigned int order = mymm_buddy_forced_order(idx, end);

		mymm_buddy_put(buddy, idx, order, type);
		idx += 1U << order;
	}
}

/**
 * mymm_buddy_retype() - make pageblocks and the free blocks in them another type
 * @buddy: where
 * @start: first frame of a pageblock, or the zone's
 * @end: one past the last frame of a pageblock, or the zone's
 * @type: the new type
 *
 * No free block may reach over either end. Blocks go to the ends of their new lists.
 *
 * Context: any; the caller holds the lock that protects @buddy.
 * Return: how many free frames moved.
 */
unsigned long mymm_buddy_retype(struct mymm_buddy *buddy, u32 start, u32 end,
				enum mymm_migratetype type)
{
	unsigned long moved = 0;
	u32 idx, at;

	mymm_buddy_finish_split(buddy);
	for (idx = start; idx < end;) {
		u32 tag = READ_ONCE(buddy->table[idx].tag);
		unsigned int order = mymm_tag_order(tag);

		if (mymm_tag_state(tag) != MYMM_FRAME_FREE) {
			idx++;
			continue;
		}
		unlist(buddy, idx);
		enlist(buddy, idx, order, type, true);
		moved += 1UL << order;
		idx += 1U << order;
	}
	for (at = start >> buddy->block_order;
	     at <= (end - 1) >> buddy->block_order; at++)
		WRITE_ONCE(buddy->pageblock[at], type);
	return moved;
}
MYMM_EXPORT_INTERNAL(mymm_buddy_retype);

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

/* The first frame from @idx on that is a hole, or is none, if @hole says so. */
static u32 find_edge(const struct mymm_buddy *buddy, u32 idx, bool hole)
{
	while (idx < buddy->end && (mymm_tag_state(buddy->table[idx].tag) ==
				    MYMM_FRAME_HOLE) != hole)
		idx++;
	return idx;
}

/* What begins a free block: pageblocks that were kept apart are not to begin one again. */
static void forget_free(struct mymm_buddy *buddy)
{
	enum mymm_migratetype type;
	unsigned int order;

	for (type = 0; type < MYMM_NR_MIGRATETYPES; type++) {
		for (order = 0; order < MYMM_NR_ORDERS; order++) {
			const struct mymm_buddy_order *o =
				&buddy->type[type].order[order];
			u32 idx = o->head->next;
			unsigned long nr;

			for (nr = o->nr_free; nr; nr--) {
				struct mymm_frame *block = &buddy->table[idx];

				/* It may have become a hole. */
				if (mymm_tag_state(block->tag) ==
				    MYMM_FRAME_FREE)
					WRITE_ONCE(block->tag, 0);
				idx = block->next;
			}
		}
	}
}

/**
 * mymm_buddy_reset() - make everything that is no hole free again, lowest frame first
 * @buddy: has no allocated block, or is new
 * @type: the migratetype of all its pageblocks
 *
 * Gives the state that mymm_buddy_init() made, so that what follows does not depend
 * on what came before. Costs O(frames / 2^%MYMM_MAX_ORDER + free blocks), or O(frames)
 * with holes.
 *
 * Context: any; the caller holds the lock that protects @buddy.
 */
void mymm_buddy_reset(struct mymm_buddy *buddy, enum mymm_migratetype type)
{
	u32 idx, end = buddy->end, i;
	unsigned int order;

	forget_free(buddy);
	for (i = 0; i < MYMM_BUDDY_LISTS; i++)
		mymm_list_init(buddy->table, buddy->heads + i);
	for (i = 0; i < MYMM_NR_MIGRATETYPES; i++) {
		buddy->type[i].nonempty = 0;
		for (order = 0; order < MYMM_NR_ORDERS; order++)
			buddy->type[i].order[order].nr_free = 0;
	}
	buddy->free = 0;
	buddy->pending.idx = MYMM_NO_FRAME;
	for (i = buddy->start >> buddy->block_order;
	     i <= (buddy->end - 1) >> buddy->block_order; i++)
		WRITE_ONCE(buddy->pageblock[i], type);

	for (idx = buddy->start; idx < buddy->end; idx = end) {
		if (buddy->holes) {
			idx = find_edge(buddy, idx, false);
			end = find_edge(buddy, idx, true);
		}
		while (idx < end) {
			order = mymm_buddy_forced_order(idx, end);
			enlist(buddy, idx, order, type, true);
			buddy->free += 1UL << order;
			idx += 1U << order;
		}
	}
}
MYMM_EXPORT_INTERNAL(mymm_buddy_reset);

/* What pageblocks are where there are none: a single one. */
static u8 no_pageblocks;

/**
 * mymm_buddy_init() - begin with every frame free, in one pageblock
 * @buddy: to be filled
 * @table: the pool's frame table, zeroed, as long as frame.c says
 * @start: first frame
 * @end: one past the last; larger than @start
 * @heads: index in @table of %MYMM_BUDDY_LISTS members to be list heads
 * @zone: a number below 256 that no other stretch of this table has
 *
 * Context: any.
 */
void mymm_buddy_init(struct mymm_buddy *buddy, struct mymm_frame *table,
		     u32 start, u32 end, u32 heads, unsigned int zone)
{
	enum mymm_migratetype type;
	unsigned int order;

	*buddy = (struct mymm_buddy){
		.table = table,
		.start = start,
		.end = end,
		.heads = heads,
		.zone = zone,
		.block_order = 31,
		.pageblock = &no_pageblocks,
	};
	for (type = 0; type < MYMM_NR_MIGRATETYPES; type++) {
		for (order = 0; order < MYMM_NR_ORDERS; order++, heads++)
			buddy->type[type].order[order] =
				(struct mymm_buddy_order){
					.head = &table[heads],
					.head_links = mymm_links(heads),
					.size = 1UL << order,
					.size_links = mymm_links(1U << order),
					.step = sizeof(*table) << order,
					.tag = mymm_tag(MYMM_FRAME_FREE, order,
							zone) |
					       mymm_tag_of_type(type),
				};
	}
	mymm_buddy_reset(buddy, MYMM_UNMOVABLE);
}
MYMM_EXPORT_INTERNAL(mymm_buddy_init);

/**
 * mymm_buddy_set_pageblocks() - divide it into pageblocks
 * @buddy: has no allocated block
 * @order: of a pageblock
 * @pageblock: a byte for each, indexed by frame number >> @order
 * @type: the migratetype of all of them at first
 *
 * Context: any; nobody else can reach @buddy.
 */
void mymm_buddy_set_pageblocks(struct mymm_buddy *buddy, unsigned int order,
			       u8 *pageblock, enum mymm_migratetype type)
{
	buddy->block_order = order;
	buddy->pageblock = pageblock;
	mymm_buddy_reset(buddy, type);
}
MYMM_EXPORT_INTERNAL(mymm_buddy_set_pageblocks);
