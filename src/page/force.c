// SPDX-License-Identifier: GPL-2.0
/*
 * Forced frames: allocated, or free, whatever they were. A pool that copies another allocator is
 * told what became of frames, not how their blocks were cut. A free block is cut as for exact
 * placement (contig.c), and so is an allocated one, so that a part of it can be freed:
 *
 *      before |         P, order 4            |
 *             +-------+---+---+---+-+-+-------+    frames 6 to 10 become free
 *      after  | P, 2  |P 1|fr.|fr.|f|P| P, 2  |
 */
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/preempt.h>

#include "base/compat.h"
#include "page/force.h"
#include "page/pageblock.h"
#include "page/stretch.h"

static long refuse_force(struct mymm_pool *pool, enum mymm_refusal why, int err)
{
	atomic_long_inc(&pool->refused[why]);
	return err;
}

/* Blocks of frames that were in an allocated one, which was larger. */
static void cut_allocated(struct mymm_zone *zone, u32 idx, u32 end, u32 flags)
{
	while (idx < end)
		idx += mymm_mark_block(
			zone, idx, mymm_buddy_forced_order(idx, end), flags);
}

/* Cut the block around @idx in two there, if it does not begin there; it is allocated then. */
static void cut_at(struct mymm_zone *zone, u32 idx)
{
	u32 head = mymm_frame_find_head(zone->buddy.table, idx), tag, flags;

	if (head == idx || head == MYMM_NO_FRAME)
		return;
	tag = zone->buddy.table[head].tag;
	flags = tag & (MYMM_TAG_COMP | MYMM_TAG_TYPE);
	cut_allocated(zone, head, idx, flags);
	cut_allocated(zone, idx, head + (1U << mymm_tag_order(tag)), flags);
}

/**
 * mymm_split_range() - cut allocated blocks, so that mymm_free_range() can free a part of them
 * @pool: whose they are
 * @pfn: number of the part's first frame
 * @nr_frames: how many; of one zone
 *
 * As split_page() of mm/page_alloc.c, but only at the two ends of the part. The owner of the pieces
 * is not recorded.
 *
 * Context: any but NMI. The caller owns the blocks: nobody else frees them meanwhile.
 * Return: 0; -EINVAL: the frames are not in one zone, or one of them is not allocated as pages;
 * nothing has changed then.
 */
int mymm_split_range(struct mymm_pool *pool, unsigned long pfn,
		     unsigned long nr_frames)
{
	struct mymm_stretch range = { .zone = mymm_zone_around(pool, pfn) };

	if (!range.zone || !nr_frames ||
	    nr_frames > range.zone->buddy.end - pfn)
		return -EINVAL;
	range.start = pfn;
	range.end = pfn + nr_frames;

	guard(raw_spinlock_irqsave)(&range.zone->lock);
	mymm_buddy_finish_split(&range.zone->buddy);
	if (mymm_stretch_other(&range, BIT(MYMM_FRAME_PAGES)) != MYMM_NO_OTHER)
		return -EINVAL;
	cut_at(range.zone, range.start);
	if (range.end < range.zone->buddy.end)
		cut_at(range.zone, range.end);
	return 0;
}
MYMM_EXPORT_INTERNAL(mymm_split_range);

/* Free what the allocated block at @head has of the frames from @idx to @end. */
static void free_of_block(struct mymm_zone *zone, u32 head, u32 idx, u32 end,
			  struct mymm_page_log *log)
{
	u32 behind = head + (1U << mymm_tag_order(zone->buddy.table[head].tag));
	unsigned int order;

	if (idx > head)
		cut_at(zone, idx);
	if (end < behind)
		cut_at(zone, end);
	for (; idx < end; idx += 1U << order) {
		order = mymm_tag_order(zone->buddy.table[idx].tag);
		mymm_free_one(zone, idx, order, log);
	}
}

/* Of the block at @head the frames from @idx to @end; how many were so already. */
static u32 force_block(struct mymm_zone *zone, u32 head, u32 idx, u32 end,
		       bool allocated, u32 flags)
{
	struct mymm_page_log log MYMM_UNCLEARED;

	if ((mymm_tag_state(zone->buddy.table[head].tag) == MYMM_FRAME_PAGES) ==
	    allocated)
		return end - idx;
	/* Full, so nothing is traced. */
	log.nr = MYMM_PAGE_LOG;
	if (allocated)
		mymm_take_of_block(zone, head, idx, end, flags, &log);
	else
		free_of_block(zone, head, idx, end, &log);
	return 0;
}

/* How many frames were so already; -EBUSY: one is in a block that is neither free nor pages. */
static long force_blocks(const struct mymm_stretch *range, bool allocated,
			 u32 flags)
{
	struct mymm_zone *zone = range->zone;
	const struct mymm_frame *table = zone->buddy.table;
	unsigned long states = BIT(MYMM_FRAME_FREE) | BIT(MYMM_FRAME_PAGES);
	u32 idx = range->start, head, tag, end;
	long already = 0;

	/* If all of it is in one block, that block's state is all there is to check. */
	head = mymm_frame_find_head(table, idx);
	tag = head == MYMM_NO_FRAME ? 0 : table[head].tag;
	if (likely((states & BIT(mymm_tag_state(tag))) &&
		   head + (1U << mymm_tag_order(tag)) >= range->end))
		return force_block(zone, head, idx, range->end, allocated,
				   flags);
	if (mymm_stretch_other(range, states) != MYMM_NO_OTHER)
		return -EBUSY;
	for (; idx < range->end; idx = end) {
		head = mymm_frame_find_head(table, idx);
		end = min(range->end,
			  head + (1U << mymm_tag_order(table[head].tag)));
		already += force_block(zone, head, idx, end, allocated, flags);
	}
	return already;
}

/*
 * A kprobe's breakpoint counts as NMI, where lockdep takes only a trylock for harmless. What is
 * probed is never called with this lock held, so it is some other CPU that has it.
 */
static unsigned long lock_anywhere(struct mymm_zone *zone)
{
	unsigned long irqflags;

	local_irq_save(irqflags);
	if (likely(!in_nmi())) {
		raw_spin_lock(&zone->lock);
		return irqflags;
	}
	while (!raw_spin_trylock(&zone->lock))
		cpu_relax();
	return irqflags;
}

/* Any frames, in any state. */
static noinline long force_range(struct mymm_pool *pool, unsigned long pfn,
				 unsigned long nr_frames, bool allocated,
				 gfp_t gfp)
{
	struct mymm_stretch range = { .zone = mymm_zone_around(pool, pfn) };
	u32 type = mymm_gfp_type(pool, gfp);
	unsigned long irqflags;
	long already;

	if (mymm_pool_dead(pool))
		return refuse_force(pool, MYMM_REFUSED_DEAD, -EIO);
	if (type == MYMM_PCPTYPES)
		return refuse_force(pool, MYMM_REFUSED_GFP, -EINVAL);
	if (!range.zone || !nr_frames ||
	    nr_frames > range.zone->buddy.end - pfn ||
	    !(pool->flags & MYMM_POOL_NO_PCP))
		return refuse_force(pool, MYMM_REFUSED_RANGE, -EINVAL);
	range.start = pfn;
	range.end = pfn + nr_frames;

	irqflags = lock_anywhere(range.zone);
	mymm_buddy_finish_split(&range.zone->buddy);
	already = force_blocks(&range, allocated, mymm_tag_of_type(type));
	range.zone->least_free =
		min(range.zone->least_free, range.zone->buddy.free);
	raw_spin_unlock_irqrestore(&range.zone->lock, irqflags);
	return already < 0 ?
		       refuse_force(pool, MYMM_REFUSED_WRONG_KIND, already) :
		       already;
}

/*
 * Most frees are of a block that was allocated as one. Its head's tag has all that is needed:
 * state, order and zone. It is read again with the zone's lock. False: it is not so, and nothing
 * has changed.
 */
static __always_inline bool free_whole_block(struct mymm_pool *pool,
					     unsigned long pfn,
					     unsigned long nr_frames)
{
	struct mymm_page_log log MYMM_UNCLEARED;
	struct mymm_zone *zone;
	unsigned long irqflags;
	bool whole;
	u32 tag;

	if (pfn >= pool->nr_frames || mymm_pool_dead(pool) ||
	    !(pool->flags & MYMM_POOL_NO_PCP))
		return false;
	tag = READ_ONCE(pool->frame[pfn].tag);
	if (mymm_tag_state(tag) != MYMM_FRAME_PAGES ||
	    nr_frames != 1UL << mymm_tag_order(tag))
		return false;
	/* Full, so nothing is traced. */
	log.nr = MYMM_PAGE_LOG;
	zone = mymm_pool_zone(pool, tag);
	irqflags = lock_anywhere(zone);
	whole = pool->frame[pfn].tag == tag;
	if (likely(whole))
		mymm_free_one(zone, pfn, mymm_tag_order(tag), &log);
	raw_spin_unlock_irqrestore(&zone->lock, irqflags);
	return whole;
}

/**
 * mymm_force_range() - make frames allocated, or free, whatever they were
 * @pool: a pool whose frames only this function allocates and frees, all without per-CPU lists
 *        and watermarks (%MYMM_POOL_BARE)
 * @pfn: number of the first, counted from the pool's first frame
 * @nr_frames: how many; all of one zone
 * @allocated: what they are to be
 * @gfp: %__GFP_MOVABLE or %__GFP_RECLAIMABLE: what they are for, if they are allocated
 *
 * For a pool that copies another allocator, whose functions may be the callers: nothing is
 * logged, traced, or recorded about owners. Refusals are counted.
 *
 * Context: any but a true NMI; also the handler of a kprobe, for which in_nmi() may be true. Takes
 * the zone's lock only.
 * Return: how many frames were so already. -EINVAL: they are not in one zone, @gfp makes no
 * sense, or the pool has per-CPU lists; -EBUSY: there is a hole, a slab or the like among them;
 * -EIO: the pool is dead. Nothing has changed then but a counter.
 */
long mymm_force_range(struct mymm_pool *pool, unsigned long pfn,
		      unsigned long nr_frames, bool allocated, gfp_t gfp)
{
	if (!allocated && likely(free_whole_block(pool, pfn, nr_frames)))
		return 0;
	return force_range(pool, pfn, nr_frames, allocated, gfp);
}
MYMM_EXPORT_INTERNAL(mymm_force_range);

/**
 * mymm_force_type() - have a pageblock be of a type, whatever it was
 * @pool: as for mymm_force_range()
 * @pfn: a frame of the pageblock
 * @type: its new type
 *
 * Context: as mymm_force_range().
 * Return: 0. -EINVAL: there is no such frame; -EBUSY: the pageblock is not all of a zone, or
 * a free block reaches beyond it; nothing has changed then.
 */
int mymm_force_type(struct mymm_pool *pool, unsigned long pfn,
		    enum mymm_migratetype type)
{
	struct mymm_zone *zone = mymm_zone_around(pool, pfn);
	unsigned long irqflags;
	bool done;

	if (!zone)
		return -EINVAL;
	if (mymm_buddy_type(&zone->buddy, pfn) == type)
		return 0;
	irqflags = lock_anywhere(zone);
	done = mymm_pageblock_set(zone, pfn, type);
	raw_spin_unlock_irqrestore(&zone->lock, irqflags);
	return done ? 0 : -EBUSY;
}
MYMM_EXPORT_INTERNAL(mymm_force_type);
