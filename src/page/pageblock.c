// SPDX-License-Identifier: GPL-2.0
/*
 * Pageblocks: keeping apart what can be moved from what can't.
 *
 * A block of a high order can only come into being where everything goes away again. So
 * frames are grouped in *pageblocks*, each with a migratetype, and a request is served
 * from pageblocks of its own type as long as there are any:
 *
 *      |  Movable  |  Movable  | Unmovable |  Movable  | Reclaimable |  Movable  |
 *      | m m . m . | . . . . . | u u . u u | m . m m . | r . . r r r | . . . . . |
 *
 * When a type has run out, it falls back, in this order:
 *
 *   1. Claim. The largest free block of another type is looked for, since where that is
 *      there is likely more. If it is a whole pageblock, or at least half of its pageblock
 *      is free or holds what is compatible, the pageblock changes its type, and with it
 *      all that is free in it. What was allocated there stays, and is now in a
 *      pageblock of the wrong type.
 *   2. Steal. Just a block, the smallest that will do; its pageblock stays what it is,
 *      and is polluted: an unmovable page in a movable pageblock keeps it from ever
 *      becoming whole.
 *
 * Movable requests claim only from large blocks (half a pageblock's order and up), as they
 * do little harm elsewhere; the others claim whenever they can. A request with
 * MYMM_ALLOC_NOFRAGMENT claims whole pageblocks only, and would rather have another
 * zone. Each fallback that leaves a pageblock mixed raises the watermark for a while, so
 * that reclaim frees more than it would.
 *
 * HighAtomic is a reserve: a request of order 1 and up that can't wait marks the
 * pageblock that it was served from, up to a hundredth of a zone, and others don't get
 * what is free there. Before an allocation fails the reserve is given up.
 *
 * Gorman and Whitcroft, "The what, the why and the where to of anti-fragmentation", OLS
 * 2006; the decisions are those of mm/page_alloc.c of Linux 6.12. One thing differs: we
 * know for each allocated block what it was asked for as (its head says so), where Linux
 * takes for movable what is on its LRU lists.
 *
 * Locking: all of this is under the zone's lock; what happened is written into a log and
 * traced when it is no longer held.
 */
#include <linux/minmax.h>

#include "base/compat.h"
#include "page/pageblock.h"
#include "page/watermark.h"

/* Where a type turns to, first to last. */
static const enum mymm_migratetype fallbacks[MYMM_PCPTYPES][MYMM_PCPTYPES - 1] = {
	[MYMM_UNMOVABLE] = { MYMM_RECLAIMABLE, MYMM_MOVABLE },
	[MYMM_MOVABLE] = { MYMM_RECLAIMABLE, MYMM_UNMOVABLE },
	[MYMM_RECLAIMABLE] = { MYMM_UNMOVABLE, MYMM_MOVABLE },
};

/**
 * mymm_count_highatomic() - free frames of HighAtomic pageblocks have become more or fewer
 * @zone: where
 * @frames: by how many
 *
 * Context: any but NMI; the caller holds the zone's lock.
 */
void mymm_count_highatomic(struct mymm_zone *zone, long frames)
{
	zone->nr_free_highatomic += frames;
	mymm_zone_set_marks(zone);
}

/* --- fallback ----------------------------------------------------------------- */

/* An allocated block's head says what it was asked for as. */
static void remember_type(struct mymm_frame *block, enum mymm_migratetype type)
{
	WRITE_ONCE(block->tag,
		   (block->tag & ~MYMM_TAG_TYPE) | mymm_tag_of_type(type));
}

/* Take the first block of a type's lists. */
static struct mymm_frame *take_smallest(struct mymm_zone *zone,
					unsigned int order,
					enum mymm_migratetype type,
					struct mymm_page_log *log)
{
	struct mymm_frame *block;
	unsigned int from;

	block = __mymm_buddy_alloc(&zone->buddy, type, order, 0, &from);
	if (block)
		mymm_log_split(log, block - zone->buddy.table, from, order);
	return block;
}

/* A type that has a block of just this order; %MYMM_NR_MIGRATETYPES if none has. */
static enum mymm_migratetype find_fallback(const struct mymm_zone *zone,
					   unsigned int order,
					   enum mymm_migratetype type)
{
	unsigned int i;

	for (i = 0; i < MYMM_PCPTYPES - 1; i++)
		if (zone->buddy.type[fallbacks[type][i]].nonempty & BIT(order))
			return fallbacks[type][i];
	return MYMM_NR_MIGRATETYPES;
}

/*
 * A block that find_fallback() gave is tried. If each other type has one, another order of
 * types would try another: as long as none is counted, the order makes no difference.
 */
static void count_contested(struct mymm_zone *zone, unsigned int order,
			    enum mymm_migratetype type)
{
	unsigned int i;

	for (i = 0; i < MYMM_PCPTYPES - 1; i++)
		if (!(zone->buddy.type[fallbacks[type][i]].nonempty &
		      BIT(order)))
			return;
	zone->contested++;
}

static bool may_claim(const struct mymm_zone *zone, unsigned int order,
		      enum mymm_migratetype type)
{
	return order >= zone->buddy.block_order / 2 || type != MYMM_MOVABLE;
}

/* The pageblock around a frame, if it is whole in this zone. */
static bool pageblock_around(const struct mymm_zone *zone, u32 idx, u32 *start,
			     u32 *end)
{
	u32 size = 1U << zone->buddy.block_order;

	*start = idx & ~(size - 1);
	*end = *start + size;
	return *start >= zone->buddy.start && *end <= zone->buddy.end;
}

/* How many of these frames are free, and how many are allocated as movable. */
static void count_frames(const struct mymm_zone *zone, u32 idx, u32 end,
			 unsigned int *free, unsigned int *movable)
{
	*free = *movable = 0;
	while (idx < end) {
		u32 tag = READ_ONCE(zone->buddy.table[idx].tag);
		unsigned int order = mymm_tag_order(tag), nr = 1U << order;

		switch (mymm_tag_state(tag)) {
		case MYMM_FRAME_FREE:
			*free += nr;
			break;
		case MYMM_FRAME_PAGES:
			if (mymm_tag_type(tag) == MYMM_MOVABLE)
				*movable += nr;
			break;
		case MYMM_FRAME_SLAB:
		case MYMM_FRAME_LARGE:
		case MYMM_FRAME_PCP:
			break;
		default: /* a hole, a tail, or on its way */
			nr = 1;
			break;
		}
		idx += nr;
	}
}

/*
 * Does the pageblock that a free block is in suit the type well enough to become one of
 * it? Then all that is free in it has become so too.
 */
static bool claim_pageblock(struct mymm_zone *zone, u32 idx,
			    enum mymm_migratetype type,
			    enum mymm_migratetype was)
{
	unsigned int free, movable, alike = 0;
	u32 start, end;

	if (!pageblock_around(zone, idx, &start, &end))
		return false;
	count_frames(zone, start, end, &free, &movable);
	if (type == MYMM_MOVABLE)
		alike = movable;
	else if (was == MYMM_MOVABLE)
		alike = end - start - (free + movable);
	if (free + alike < 1U << (zone->buddy.block_order - 1))
		return false;
	mymm_buddy_retype(&zone->buddy, start, end, type);
	return true;
}

static struct mymm_frame *claim(struct mymm_zone *zone, unsigned int order,
				enum mymm_migratetype type,
				unsigned int alloc_flags,
				struct mymm_page_log *log)
{
	struct mymm_buddy *buddy = &zone->buddy;
	const unsigned int whole = buddy->block_order;
	int lowest = order, from;

	if (order < whole && alloc_flags & MYMM_ALLOC_NOFRAGMENT)
		lowest = whole;

	for (from = MYMM_MAX_ORDER; from >= lowest; from--) {
		enum mymm_migratetype was = find_fallback(zone, from, type);
		struct mymm_frame *block;
		u32 idx;

		if (was == MYMM_NR_MIGRATETYPES)
			continue;
		if (!may_claim(zone, from, type))
			break;
		count_contested(zone, from, type);
		idx = mymm_buddy_first(buddy, was, from);
		if (from >= whole) {
			mymm_buddy_retype(buddy, idx, idx + (1U << from), type);
		} else {
			mymm_zone_boost(zone, alloc_flags);
			if (!claim_pageblock(zone, idx, type, was))
				continue;
		}
		block = take_smallest(zone, order, type, log);
		zone->extfrag++;
		mymm_log_extfrag(log, idx, order, from, type, was, true);
		return block;
	}
	return NULL;
}

static struct mymm_frame *steal(struct mymm_zone *zone, unsigned int order,
				enum mymm_migratetype type,
				struct mymm_page_log *log)
{
	unsigned int from;

	for (from = order; from < MYMM_NR_ORDERS; from++) {
		enum mymm_migratetype was = find_fallback(zone, from, type);
		struct mymm_frame *block;

		if (was == MYMM_NR_MIGRATETYPES)
			continue;
		count_contested(zone, from, type);
		block = take_smallest(zone, order, was, log);
		remember_type(block, type);
		zone->extfrag++;
		mymm_log_extfrag(log, block - zone->buddy.table, order, from,
				 type, was, false);
		return block;
	}
	return NULL;
}

/* From the HighAtomic reserve. */
static struct mymm_frame *take_reserve(struct mymm_zone *zone,
				       unsigned int order,
				       enum mymm_migratetype type,
				       struct mymm_page_log *log)
{
	struct mymm_frame *block =
		take_smallest(zone, order, MYMM_HIGHATOMIC, log);

	if (block) {
		remember_type(block, type);
		mymm_count_highatomic(zone, -(1L << order));
	}
	return block;
}

/**
 * mymm_rmqueue() - take a block of a zone, from the pageblocks that it is best taken from
 * @zone: where from
 * @order: of the block
 * @type: what it is for
 * @alloc_flags: MYMM_ALLOC_NOFRAGMENT, MYMM_ALLOC_KSWAPD; MYMM_ALLOC_HIGHATOMIC: from the
 *               reserve first; MYMM_ALLOC_NON_BLOCK: from the reserve rather than fail
 * @mode: of a batch: begins as MYMM_RMQUEUE_NORMAL and spares the next call what this one
 *        looked for in vain
 * @log: what happened
 *
 * Context: any but NMI; the caller holds the zone's lock.
 * Return: the block's head, MYMM_FRAME_PAGES; NULL if there is none.
 */
struct mymm_frame *mymm_rmqueue(struct mymm_zone *zone, unsigned int order,
				enum mymm_migratetype type,
				unsigned int alloc_flags,
				enum mymm_rmqueue_mode *mode,
				struct mymm_page_log *log)
{
	struct mymm_frame *block = NULL;

	lockdep_assert_held(&zone->lock);
	mymm_buddy_finish_split(&zone->buddy);
	if (alloc_flags & MYMM_ALLOC_HIGHATOMIC)
		block = take_reserve(zone, order, type, log);
	if (!block && *mode == MYMM_RMQUEUE_NORMAL) {
		block = take_smallest(zone, order, type, log);
		/* After a claim the lists of its own type are filled again. */
		if (!block)
			block = claim(zone, order, type, alloc_flags, log);
	}
	if (!block && !(alloc_flags & MYMM_ALLOC_NOFRAGMENT)) {
		block = steal(zone, order, type, log);
		*mode = MYMM_RMQUEUE_STEAL;
	}
	if (!block && alloc_flags & MYMM_ALLOC_NON_BLOCK)
		block = take_reserve(zone, order, type, log);
	return block;
}
MYMM_EXPORT_INTERNAL(mymm_rmqueue);

/**
 * mymm_pageblock_has() - is there a block for a type, of its own or to be claimed?
 * @zone: where
 * @order: of the block
 * @type: what it is for
 *
 * Context: any but NMI; the caller holds the zone's lock.
 * Return: there is.
 */
bool mymm_pageblock_has(struct mymm_zone *zone, unsigned int order,
			enum mymm_migratetype type)
{
	unsigned int from;

	mymm_buddy_finish_split(&zone->buddy);
	if (zone->buddy.type[type].nonempty >> order)
		return true;
	for (from = order; from < MYMM_NR_ORDERS; from++)
		if (may_claim(zone, from, type) &&
		    find_fallback(zone, from, type) != MYMM_NR_MIGRATETYPES)
			return true;
	return false;
}

/**
 * mymm_free_one() - give a block back to its zone
 * @zone: whose it is
 * @idx: its first frame; the caller's alone
 * @order: its order
 * @log: what happened
 *
 * Context: any but NMI; the caller holds the zone's lock.
 */
void mymm_free_one(struct mymm_zone *zone, u32 idx, unsigned int order,
		   struct mymm_page_log *log)
{
	enum mymm_migratetype type = mymm_buddy_type(&zone->buddy, idx);
	unsigned int to;

	mymm_buddy_finish_split(&zone->buddy);
	to = __mymm_buddy_free(&zone->buddy, idx, order, type);
	mymm_log_merge(log, idx, order, to);
	if (unlikely(type == MYMM_HIGHATOMIC))
		mymm_count_highatomic(zone, 1L << order);
}

/**
 * mymm_pageblock_set() - have a pageblock be of a type, whatever it was
 * @zone: where
 * @idx: a frame of it
 * @type: its new type
 *
 * For a pool that copies another allocator. What is free in it moves to the lists of @type.
 *
 * Context: any but NMI; the caller holds the zone's lock.
 * Return: false: nothing has changed, as it is not all of the zone, or a free block reaches beyond
 * it.
 */
bool mymm_pageblock_set(struct mymm_zone *zone, u32 idx,
			enum mymm_migratetype type)
{
	enum mymm_migratetype was = mymm_buddy_type(&zone->buddy, idx);
	u32 start, end, head, tag;
	unsigned long free;

	lockdep_assert_held(&zone->lock);
	mymm_buddy_finish_split(&zone->buddy);
	if (!pageblock_around(zone, idx, &start, &end))
		return false;
	head = mymm_frame_find_head(zone->buddy.table, start);
	tag = head == MYMM_NO_FRAME ? 0 : zone->buddy.table[head].tag;
	if (mymm_tag_state(tag) == MYMM_FRAME_FREE &&
	    mymm_tag_order(tag) > zone->buddy.block_order)
		return false;
	free = mymm_buddy_retype(&zone->buddy, start, end, type);
	if (was == MYMM_HIGHATOMIC) {
		zone->nr_reserved_highatomic -= end - start;
		zone->nr_free_highatomic -= free;
	}
	if (type == MYMM_HIGHATOMIC) {
		zone->nr_reserved_highatomic += end - start;
		zone->nr_free_highatomic += free;
	}
	return true;
}

/* --- the reserve for requests that can't wait ---------------------------------- */

/**
 * mymm_pageblock_reserve() - keep the pageblock around a block for others of its kind
 * @zone: where
 * @idx: the block, just allocated
 * @order: its order
 *
 * Up to a hundredth of the zone is reserved, in whole pageblocks; nothing if that is less
 * than one.
 *
 * Context: any but NMI, the zone's lock not held.
 */
void mymm_pageblock_reserve(struct mymm_zone *zone, u32 idx, unsigned int order)
{
	unsigned long pageblock = 1UL << zone->buddy.block_order;
	unsigned long share = mymm_zone_managed(zone) / 100;
	u32 start, end;

	if (share < pageblock)
		return;

	guard(raw_spinlock_irqsave)(&zone->lock);

	if (zone->nr_reserved_highatomic >= ALIGN(share, pageblock) ||
	    mymm_buddy_type(&zone->buddy, idx) == MYMM_HIGHATOMIC ||
	    !pageblock_around(zone, idx, &start, &end))
		return;
	if (order > zone->buddy.block_order)
		end = start + (1U << order);
	zone->nr_reserved_highatomic += end - start;
	mymm_count_highatomic(zone, mymm_buddy_retype(&zone->buddy, start, end,
						      MYMM_HIGHATOMIC));
}
MYMM_EXPORT_INTERNAL(mymm_pageblock_reserve);

/* One pageblock with something free in it, if there is one. */
static bool unreserve(struct mymm_zone *zone, enum mymm_migratetype type,
		      bool force)
{
	unsigned long pageblock = 1UL << zone->buddy.block_order;
	unsigned int order;
	u32 idx, start, end;
	unsigned long moved;

	guard(raw_spinlock_irqsave)(&zone->lock);

	if (!force && zone->nr_reserved_highatomic <= pageblock)
		return false;
	mymm_buddy_finish_split(&zone->buddy);
	for (order = 0; order < MYMM_NR_ORDERS; order++) {
		idx = mymm_buddy_first(&zone->buddy, MYMM_HIGHATOMIC, order);
		if (idx == MYMM_NO_FRAME)
			continue;
		/* Only whole pageblocks were reserved. */
		pageblock_around(zone, idx, &start, &end);
		if (order > zone->buddy.block_order)
			end = start + (1U << order);
		moved = mymm_buddy_retype(&zone->buddy, start, end, type);
		zone->nr_reserved_highatomic -= end - start;
		mymm_count_highatomic(zone, -(long)moved);
		/* Nothing keeps a whole one apart from its neighbour any more. */
		if (order >= zone->buddy.block_order) {
			mymm_buddy_take(&zone->buddy, idx);
			mymm_buddy_free(&zone->buddy, idx, order);
		}
		return true;
	}
	return false;
}

/**
 * mymm_pageblock_unreserve() - give a reserved pageblock up
 * @list: the zones to look in
 * @type: what it is to become
 * @force: the last one of a zone too
 *
 * Context: any but NMI, no zone's lock held.
 * Return: whether one was.
 */
bool mymm_pageblock_unreserve(const struct mymm_zonelist *list,
			      enum mymm_migratetype type, bool force)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++)
		if (unreserve(list->zone[i], type, force))
			return true;
	return false;
}
MYMM_EXPORT_INTERNAL(mymm_pageblock_unreserve);
