// SPDX-License-Identifier: GPL-2.0
/*
 * Exact placement: frames that are named, instead of any that will do. For reservations,
 * and to lay out a zone frame by frame as another one is.
 *
 * A *range* is any number of frames that follow each other in one zone. It is to be had
 * if each of its frames is free. Blocks that reach over an end of it are cut there, and
 * what lies outside goes back to the lists:
 *
 *      pfn    0       4   6   8  10  12      16
 *             +-------------------------------+
 *      before |         free, order 4         |
 *             +-------+---+---+---+-+-+-------+    frames 6 to 10 are taken
 *      after  | free  |fr.| P | P |P|f| free  |
 *      order  |   2   | 1 | 1 | 1 |0|0|   2   |
 *             +-------+---+---+---+-+-+-------+
 *
 * What is taken becomes blocks, the largest that fit between the ends and in what was one
 * free block: here of orders 1, 1 and 0, at frames 6, 8 and 10. Each is a block like any
 * other, and its own: mymm_free_pages() takes it back, as mymm_free_range() takes back any
 * range that blocks of pages fill exactly, however they were allocated. No pieces of what was
 * cut can merge: the buddy of each contains a frame of the range.
 *
 * All or nothing. Both look at the whole range first: the one under the zone's lock, the
 * other by claiming one block after the other, as mymm_free_pages() does (page_alloc.c);
 * when it meets something else it gives its claims up again.
 *
 * Cost. Free blocks merge, so a range that is free consists of few of them: two an order
 * and one for each largest block. Whatever else is met ends the search. So the lock is
 * held for O(orders + frames / 2^largest order) steps.
 *
 * Limits. A place is a place: neither watermarks nor reserves nor the zone flags of gfp
 * have a say, nothing is reclaimed for it, and nothing in use is moved away. Blocks in
 * per-CPU lists are not in use: a caller that may sleep has the lists drained and looks again.
 * An empty slab counts as used; mymm_pool_drain() gives those back.
 *
 * alloc_contig_range() of mm/page_alloc.c has the same shape, and moves what is movable.
 */
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "base/compat.h"
#include "page/page_alloc.h"
#include "page/contig.h"
#include "page/pageblock.h"
#include "page/pcp_drain.h"
#include "page/sanitize_pages.h"
#include "page/stretch.h"
#include "page/watermark.h"

/* Blocks that are given back with the lock held. */
#define BATCH 64

/* Is it one, of a pool that answers? @what begins the message if not. */
static int find_range(struct mymm_pool *pool, unsigned long pfn,
		      unsigned long nr, const char *what,
		      struct mymm_stretch *range)
{
	if (in_nmi()) {
		mymm_refuse(pool, MYMM_REFUSED_NMI, "%s of a range in NMI",
			    what);
		return -EPERM;
	}
	if (mymm_pool_dead(pool)) {
		mymm_refuse(pool, MYMM_REFUSED_DEAD, "the pool is dead");
		return -EIO;
	}
	range->zone = mymm_zone_around(pool, pfn);
	if (!range->zone) {
		mymm_refuse(
			pool, MYMM_REFUSED_RANGE,
			"%s of %lu frames from %lu: frame numbers are 0 to %u",
			what, nr, pfn, pool->nr_frames - 1);
		return -EINVAL;
	}
	if (!nr || nr > range->zone->buddy.end - pfn) {
		mymm_refuse(
			pool, MYMM_REFUSED_RANGE,
			"%s of %lu frames from %lu: zone %s of node %d has %lu from there on",
			what, nr, pfn, mymm_zone_name(range->zone->type),
			range->zone->node, range->zone->buddy.end - pfn);
		return -EINVAL;
	}
	range->start = pfn;
	range->end = pfn + nr;
	return 0;
}

/* --- taking ------------------------------------------------------------------- */

/* Holes never change, so no lock is needed to see them. */
static int refuse_hole(struct mymm_pool *pool, const struct mymm_stretch *range)
{
	u32 idx;

	if (!range->zone->buddy.holes)
		return 0;
	for (idx = range->start; idx < range->end; idx++) {
		if (mymm_tag_state(READ_ONCE(pool->frame[idx].tag)) !=
		    MYMM_FRAME_HOLE)
			continue;
		mymm_refuse(pool, MYMM_REFUSED_RANGE,
			    "alloc of frames %u to %u: frame %u is a hole",
			    range->start, range->end - 1, idx);
		return -ENXIO;
	}
	return 0;
}

/* -EAGAIN: a CPU has something of it at hand. */
static int all_free(const struct mymm_stretch *range)
{
	switch (mymm_stretch_other(range, BIT(MYMM_FRAME_FREE))) {
	case MYMM_NO_OTHER:
		return 0;
	case MYMM_FRAME_PCP:
		return -EAGAIN;
	default:
		return -EBUSY;
	}
}

static int try_range(struct mymm_pool *pool, const struct mymm_stretch *range,
		     u32 flags)
{
	struct mymm_zone *zone = range->zone;
	struct mymm_page_log log MYMM_UNCLEARED;
	unsigned long irqflags;
	u32 idx = range->start;
	int err;

	log.nr = 0;
	raw_spin_lock_irqsave(&zone->lock, irqflags);
	mymm_buddy_finish_split(&zone->buddy);
	err = all_free(range);
	if (!err) {
		while (idx < range->end)
			idx = mymm_take_of_block(
				zone,
				mymm_frame_find_head(zone->buddy.table, idx),
				idx, range->end, flags, &log);
		zone->least_free = min(zone->least_free, zone->buddy.free);
		/* The HighAtomic reserve may have less that is free. */
		mymm_zone_set_marks(zone);
	}
	raw_spin_unlock_irqrestore(&zone->lock, irqflags);
	mymm_log_trace(pool, &log);
	return err;
}

static int take_range(struct mymm_pool *pool, const struct mymm_stretch *range,
		      gfp_t gfp)
{
	u32 flags = mymm_tag_of_type(mymm_gfp_type(pool, gfp));
	int err;

	if (gfp & __GFP_COMP)
		flags |= MYMM_TAG_COMP;
	err = try_range(pool, range, flags);
	if (err == -EAGAIN && gfpflags_allow_blocking(gfp)) {
		mymm_pcp_try_drain_all(pool);
		err = try_range(pool, range, flags);
	}
	return err == -EAGAIN ? -EBUSY : err;
}

static void clear_range(struct mymm_pool *pool,
			const struct mymm_stretch *range, gfp_t gfp)
{
	u32 idx;

	for (idx = range->start; idx < range->end; idx++) {
		clear_page(mymm_pool_address(pool, idx));
		if (gfpflags_allow_blocking(gfp))
			cond_resched();
	}
}

static int refuse_gfp(struct mymm_pool *pool, gfp_t gfp)
{
	if (mymm_gfp_type(pool, gfp) == MYMM_PCPTYPES)
		mymm_refuse(pool, MYMM_REFUSED_GFP,
			    "a range both movable and reclaimable: gfp %pGg",
			    &gfp);
	else if ((gfp & __GFP_ZERO) && !mymm_pool_has_memory(pool))
		mymm_refuse(pool, MYMM_REFUSED_GFP,
			    "a zeroed range from a pool without memory");
	else
		return 0;
	return -EINVAL;
}

int __mymm_alloc_range(struct mymm_pool *pool, unsigned long pfn,
		       unsigned long nr_frames, gfp_t gfp,
		       struct mymm_owner owner)
{
	struct mymm_stretch range;
	unsigned int order;
	u32 idx;
	int err;

	err = find_range(pool, pfn, nr_frames, "alloc", &range);
	if (!err)
		err = refuse_gfp(pool, gfp);
	if (!err)
		err = refuse_hole(pool, &range);
	if (!err)
		err = take_range(pool, &range, gfp);
	if (err)
		return err;
	mymm_sanitize_use_pages(pool, range.start, nr_frames);
	if (want_init_on_alloc(gfp) && mymm_pool_has_memory(pool))
		clear_range(pool, &range, gfp);
	for (idx = range.start; idx < range.end; idx += 1U << order) {
		order = mymm_tag_order(pool->frame[idx].tag);
		mymm_event_page_alloc(pool, idx, order, gfp, owner);
	}
	return 0;
}

/**
 * mymm_alloc_range() - allocate frames that are named
 * @pool: where from
 * @pfn: number of the first, counted from the pool's first frame
 * @nr_frames: how many; all of one zone
 * @gfp: %__GFP_MOVABLE or %__GFP_RECLAIMABLE: what they are for; %__GFP_ZERO; %__GFP_COMP:
 *       each block is compound; with %__GFP_DIRECT_RECLAIM CPUs are asked for what they
 *       have of it. The rest has no meaning here
 *
 * They become the largest blocks that fit, each of which mymm_free_pages() takes, too;
 * mymm_pfn_frame() gives their frames.
 *
 * Context: any; in NMI it refuses. Sleeps only with %__GFP_DIRECT_RECLAIM.
 * Return: 0. -EBUSY: not all of them are free; -ENXIO: there is a hole; -EINVAL: they are not
 * in one zone, or @gfp makes no sense; -EPERM: in NMI; -EIO: the pool is dead. Nothing
 * has changed then; all except -EBUSY are counted and logged.
 */
int mymm_alloc_range(struct mymm_pool *pool, unsigned long pfn,
		     unsigned long nr_frames, gfp_t gfp)
{
	might_sleep_if(gfpflags_allow_blocking(gfp));
	return __mymm_alloc_range(pool, pfn, nr_frames, gfp, MYMM_CALLER);
}
EXPORT_SYMBOL_GPL(mymm_alloc_range);

/* --- giving back -------------------------------------------------------------- */

/* Say why frame @idx, whose tag is @tag, can't be freed as part of a range. */
static void refuse_block(struct mymm_pool *pool,
			 const struct mymm_stretch *range, u32 idx, u32 tag)
{
	u32 head = mymm_frame_find_head(pool->frame, idx);
	u32 start = range->start, last = range->end - 1;
	u32 head_tag = 0;

	if (head != MYMM_NO_FRAME)
		head_tag = READ_ONCE(pool->frame[head].tag);
	if (mymm_tag_state(head_tag) == MYMM_FRAME_FREE ||
	    mymm_tag_state(head_tag) == MYMM_FRAME_PCP)
		mymm_refuse(pool, MYMM_REFUSED_DOUBLE_FREE,
			    "free of frames %u to %u: frame %u is free already",
			    start, last, idx);
	else if (mymm_tag_state(tag) == MYMM_FRAME_PAGES)
		mymm_refuse(
			pool, MYMM_REFUSED_WRONG_ORDER,
			"free of frames %u to %u: the block at frame %u has order %u and reaches over the end",
			start, last, idx, mymm_tag_order(tag));
	else if (mymm_tag_state(tag) == MYMM_FRAME_TAIL)
		mymm_refuse(
			pool, MYMM_REFUSED_TAIL,
			"free of frames %u to %u: frame %u is a tail of the block at frame %u",
			start, last, idx, head);
	else
		mymm_refuse(pool, MYMM_REFUSED_WRONG_KIND,
			    "free of frames %u to %u: frame %u is %s", start,
			    last, idx,
			    mymm_frame_state_name(mymm_tag_state(tag)));
}

/* Blocks that are claimed are in the state of those on their way to a CPU's list. */
#define CLAIMED (MYMM_FRAME_PCP - MYMM_FRAME_PAGES)

/* What was claimed from the range's start up to @end is its owner's again. */
static void unclaim(struct mymm_pool *pool, const struct mymm_stretch *range,
		    u32 end)
{
	u32 idx, tag;

	for (idx = range->start; idx < end; idx += 1U << mymm_tag_order(tag)) {
		tag = pool->frame[idx].tag - CLAIMED;
		WRITE_ONCE(pool->frame[idx].tag, tag);
	}
}

static int claim_range(struct mymm_pool *pool, const struct mymm_stretch *range)
{
	u32 idx = range->start;

	while (idx < range->end) {
		struct mymm_frame *frame = &pool->frame[idx];
		u32 tag = READ_ONCE(frame->tag);
		u32 size = 1U << mymm_tag_order(tag);

		if (mymm_tag_state(tag) != MYMM_FRAME_PAGES ||
		    size > range->end - idx ||
		    !try_cmpxchg(&frame->tag, &tag, tag + CLAIMED)) {
			unclaim(pool, range, idx);
			refuse_block(pool, range, idx, tag);
			return -EINVAL;
		}
		idx += size;
	}
	return 0;
}

/* Each block back to the zone, all claimed. */
static void give_range(struct mymm_pool *pool, const struct mymm_stretch *range)
{
	struct mymm_zone *zone = range->zone;
	u32 idx = range->start;

	while (idx < range->end) {
		struct mymm_page_log log MYMM_UNCLEARED;
		unsigned long irqflags;
		unsigned int n, order;

		log.nr = 0;
		raw_spin_lock_irqsave(&zone->lock, irqflags);
		mymm_buddy_finish_split(&zone->buddy);
		for (n = 0;
		     n < BATCH && idx < range->end && mymm_log_has_room(&log);
		     n++, idx += 1U << order) {
			order = mymm_tag_order(pool->frame[idx].tag);
			mymm_free_one(zone, idx, order, &log);
		}
		if (zone->flags)
			mymm_zone_rose(zone);
		raw_spin_unlock_irqrestore(&zone->lock, irqflags);
		mymm_log_trace(pool, &log);
	}
}

int __mymm_free_range(struct mymm_pool *pool, unsigned long pfn,
		      unsigned long nr_frames, struct mymm_owner owner)
{
	struct mymm_stretch range;
	unsigned int order;
	u32 idx;
	int err;

	err = find_range(pool, pfn, nr_frames, "free", &range);
	if (!err)
		err = claim_range(pool, &range);
	if (err)
		return err;
	/* Before it happens: see event.c. */
	for (idx = range.start; idx < range.end; idx += 1U << order) {
		order = mymm_tag_order(pool->frame[idx].tag);
		mymm_event_page_free(pool, idx, order, owner);
	}
	mymm_sanitize_drop_pages(pool, range.start, nr_frames);
	give_range(pool, &range);
	return 0;
}

/**
 * mymm_free_range() - give frames back that are named
 * @pool: whose they are
 * @pfn: number of the first
 * @nr_frames: how many; of one zone, and filled by allocated blocks of pages exactly
 *
 * Context: any; in NMI it refuses.
 * Return: 0. -EINVAL: they are not in one zone, or something among them is free, is no
 * block of pages, or reaches over an end; -EPERM: in NMI; -EIO: the pool is dead. Nothing
 * has changed then but a counter.
 */
int mymm_free_range(struct mymm_pool *pool, unsigned long pfn,
		    unsigned long nr_frames)
{
	return __mymm_free_range(pool, pfn, nr_frames, MYMM_CALLER);
}
EXPORT_SYMBOL_GPL(mymm_free_range);

/**
 * mymm_pfn_frame() - the frame of a number
 * @pool: whose
 * @pfn: the number, counted from the pool's first frame
 *
 * Context: any.
 * Return: the frame; NULL if the pool has none of that number.
 */
struct mymm_frame *mymm_pfn_frame(struct mymm_pool *pool, unsigned long pfn)
{
	return pfn < pool->nr_frames ? &pool->frame[pfn] : NULL;
}
EXPORT_SYMBOL_GPL(mymm_pfn_frame);
