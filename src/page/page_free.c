// SPDX-License-Identifier: GPL-2.0
/*
 * Giving pages back, and what is refused then.
 *
 * The frame's tag says exactly what it is (see frame.c), so a double free, a tail, a block
 * of another order and a frame of another pool are distinct refusals, and change nothing.
 *
 * A free first *claims* the block: one compare and exchange of its tag, from "allocated" to
 * "in a CPU's list". So of two frees of a block at the same moment one succeeds.
 *
 * A small block, or a pageblock, goes to this CPU's lists (pcp.c); others to the zone, where
 * the block that was taken last is put back as if it had never been taken (buddy.c).
 */
#include <linux/kernel.h>
#include <linux/preempt.h>

#include "base/compat.h"
#include "base/irqlock.h"
#include "page/page_alloc.h"
#include "page/page_free.h"
#include "page/pcp.h"
#include "page/sanitize_pages.h"
#include "page/watermark.h"

/* Say what is wrong with freeing frame @idx, whose tag is @tag, as a block of @order. */
static void refuse_block(struct mymm_pool *pool, u32 idx, unsigned int order,
			 u32 tag)
{
	enum mymm_frame_state state = mymm_tag_state(tag);
	u32 head, head_tag;

	switch (state) {
	case MYMM_FRAME_PAGES:
		mymm_refuse(
			pool, MYMM_REFUSED_WRONG_ORDER,
			"free of frame %u as order %u: the block has order %u",
			idx, order, mymm_tag_order(tag));
		break;
	case MYMM_FRAME_FREE:
	case MYMM_FRAME_PCP:
		mymm_refuse(
			pool, MYMM_REFUSED_DOUBLE_FREE,
			"double free of frame %u, order %u: it is free already",
			idx, order);
		break;
	case MYMM_FRAME_TAIL:
		head = mymm_frame_find_head(pool->frame, idx);
		/* In no block: another CPU merges it at this moment. */
		if (head == MYMM_NO_FRAME) {
			mymm_refuse(
				pool, MYMM_REFUSED_DOUBLE_FREE,
				"double free of frame %u, order %u: it is about to merge",
				idx, order);
			break;
		}
		head_tag = READ_ONCE(pool->frame[head].tag);
		if (mymm_tag_state(head_tag) == MYMM_FRAME_FREE ||
		    mymm_tag_state(head_tag) == MYMM_FRAME_PCP)
			mymm_refuse(
				pool, MYMM_REFUSED_DOUBLE_FREE,
				"double free of frame %u, order %u: it is inside free block %u of order %u",
				idx, order, head, mymm_tag_order(head_tag));
		else
			mymm_refuse(
				pool, MYMM_REFUSED_TAIL,
				"free of frame %u, order %u: it is a tail of the block at frame %u",
				idx, order, head);
		break;
	default:
		mymm_refuse(pool, MYMM_REFUSED_WRONG_KIND,
			    "free of frame %u, order %u, as pages: it is %s",
			    idx, order, mymm_frame_state_name(state));
		break;
	}
}

/* @tag is what the frame was found to be, if it is one. */
static noinline int refuse_free(struct mymm_pool *pool,
				const struct mymm_frame *frame,
				unsigned int order, u32 tag)
{
	unsigned long idx = mymm_frame_number(pool, frame);

	if (in_nmi()) {
		mymm_refuse(pool, MYMM_REFUSED_NMI, "free of pages in NMI");
		return -EPERM;
	}
	if (mymm_pool_dead(pool)) {
		mymm_refuse(pool, MYMM_REFUSED_DEAD, "the pool is dead");
		return -EIO;
	}
	if (idx >= pool->nr_frames)
		mymm_refuse(pool, MYMM_REFUSED_FOREIGN,
			    "free of a frame that is not of this pool");
	else if (order > MYMM_MAX_ORDER)
		mymm_refuse(pool, MYMM_REFUSED_ORDER,
			    "free of frame %lu as order %u: orders are 0 to %d",
			    idx, order, MYMM_MAX_ORDER);
	else
		refuse_block(pool, idx, order, tag);
	return -EINVAL;
}

static noinline void trace_free(struct mymm_pool *pool, u32 idx,
				unsigned int order,
				const struct mymm_owner *owner)
{
	mymm_event_page_free(pool, idx, order, mymm_owner_or(owner, _RET_IP_));
}

/* Does the tag say that it is an allocated block of this order? */
static __always_inline bool tag_is_block(u32 tag, unsigned int order)
{
	return (u8)tag == MYMM_FRAME_PAGES && mymm_tag_order(tag) == order;
}

/*
 * Claim a block by its tag: of two frees at the same time one succeeds, and *@tag becomes
 * what the other one finds.
 */
static __always_inline bool claim(struct mymm_pool *pool,
				  struct mymm_frame *frame, unsigned int order,
				  u32 *tag)
{
	if (unlikely(!try_cmpxchg(&frame->tag, tag,
				  *tag + MYMM_FRAME_PCP - MYMM_FRAME_PAGES)))
		return false;
	mymm_sanitize_drop_pages(pool, frame - pool->frame, 1UL << order);
	return true;
}

/* Give a block to its zone; it is claimed. */
static __always_inline void give_to_zone(struct mymm_pool *pool,
					 struct mymm_zone *zone, u32 idx,
					 unsigned int order)
{
	struct mymm_page_log log MYMM_UNCLEARED;
	unsigned long irqflags;

	log.nr = 0;
	raw_spin_lock_irqsave(&zone->lock, irqflags);
	mymm_free_one(zone, idx, order, &log);
	if (unlikely(zone->flags))
		mymm_zone_rose(zone);
	raw_spin_unlock_irqrestore(&zone->lock, irqflags);
	mymm_log_trace(pool, &log);
}

/* Give a block to this CPU, or to its zone; it is claimed. */
static void give_back(struct mymm_pool *pool, u32 idx, unsigned int order,
		      u32 tag)
{
	struct mymm_zone *zone = mymm_pool_zone(pool, tag);

	if (!mymm_pcp_free(pool, zone, idx, order))
		give_to_zone(pool, zone, idx, order);
}

/* Blocks that CPUs don't keep, or when there is no room for one more; it is claimed. */
static noinline int free_claimed(struct mymm_pool *pool, u32 idx,
				 unsigned int order)
{
	struct mymm_zone *zone = mymm_pool_zone(pool, pool->frame[idx].tag);

	if (!mymm_pcp_free(pool, zone, idx, order))
		give_to_zone(pool, zone, idx, order);
	return 0;
}

static noinline int claim_and_free(struct mymm_pool *pool,
				   struct mymm_frame *frame, unsigned int order,
				   u32 tag)
{
	/* If another free was faster, the tag is what that made of it. */
	if (!tag_is_block(tag, order) || !claim(pool, frame, order, &tag))
		return refuse_free(pool, frame, order, tag);
	return free_claimed(pool, frame - pool->frame, order);
}

/* With all checks, and the tracepoint. */
static noinline int slow_free(struct mymm_pool *pool, struct mymm_frame *frame,
			      unsigned int order,
			      const struct mymm_owner *owner)
{
	unsigned long idx = mymm_frame_number(pool, frame);
	u32 tag;

	if (in_nmi() || mymm_pool_dead(pool) || idx >= pool->nr_frames)
		return refuse_free(pool, frame, order, 0);
	tag = READ_ONCE(frame->tag);
	if (order > MYMM_MAX_ORDER || !tag_is_block(tag, order))
		return refuse_free(pool, frame, order, tag);
	/*
	 * Trace after the claim succeeds (refused frees are not traced) and before
	 * the block can be allocated again. See page_owner.c.
	 */
	if (!claim(pool, frame, order, &tag))
		return refuse_free(pool, frame, order, tag);
	if (tracepoint_enabled(mymm_page_free))
		trace_free(pool, idx, order, owner);
	give_back(pool, idx, order, tag);
	return 0;
}

static noinline int free_slow(struct mymm_pool *pool, struct mymm_frame *frame,
			      unsigned int order,
			      const struct mymm_owner *owner)
{
	const struct mymm_owner caller = mymm_owner_or(owner, _RET_IP_);

	preempt_enable();
	return slow_free(pool, frame, order, &caller);
}

/* The lock is taken, or another free was faster. */
static noinline int free_contended(struct mymm_pool *pool,
				   struct mymm_frame *frame, unsigned int order,
				   u32 tag, struct mymm_pcp *pcp)
{
	mymm_local_contended(&pcp->lock);
	preempt_enable();
	return claim_and_free(pool, frame, order, tag);
}

/* The list has no room left. */
static noinline int free_full(struct mymm_pool *pool, struct mymm_frame *frame,
			      unsigned int order, struct mymm_pcp *pcp,
			      unsigned long list)
{
	pcp->left[list]++;
	mymm_local_contended(&pcp->lock);
	preempt_enable();
	return free_claimed(pool, frame - pool->frame, order);
}

static noinline int free_resched(void)
{
	mymm_preempt_enable_resched();
	return 0;
}

static __always_inline int
free_small(struct mymm_pool *pool, struct mymm_frame *frame, unsigned int order,
	   const struct mymm_owner *owner, unsigned int slot)
{
	unsigned long idx = mymm_frame_number(pool, frame), list;
	struct mymm_pcp *pcp;
	u32 tag;

	preempt_disable();
	/* data_race: all that can happen to it is that the pool dies. */
	if (unlikely(mymm_in_nmi() || data_race(idx >= pool->live_frames)) ||
	    tracepoint_enabled(mymm_page_free))
		return free_slow(pool, frame, order, owner);
	tag = READ_ONCE(frame->tag);
	if (unlikely(!tag_is_block(tag, order)))
		return free_slow(pool, frame, order, owner);
	/* A frame's zone does not change; if the rest of the tag does, claim() sees it. */
	pcp = raw_cpu_read(pool->cpu->by_zone[mymm_frame_byte(frame, 2)]);
	list = slot * MYMM_NR_MIGRATETYPES +
	       pcp->pageblock[idx >> pool->block_order];
	if (unlikely(!mymm_local_trylock(&pcp->lock)))
		return free_contended(pool, frame, order, tag, pcp);
	if (unlikely(!claim(pool, frame, order, &tag)))
		return free_contended(pool, frame, order, tag, pcp);
	if (unlikely(--pcp->left[list] < 0))
		return free_full(pool, frame, order, pcp, list);
	frame->next = pcp->first[list];
	pcp->first[list] = idx;
	mymm_local_unlock(&pcp->lock);
	if (mymm_preempt_enable_begin())
		return free_resched();
	return 0;
}

static noinline int free_block(struct mymm_pool *pool, struct mymm_frame *frame,
			       unsigned int order,
			       const struct mymm_owner *owner)
{
	return free_small(pool, frame, order, owner, MYMM_PCP_BLOCK);
}

/* It is not what was taken last: merge it as far as it goes. */
static noinline void free_merge(struct mymm_zone *zone, u32 idx,
				unsigned int order)
{
	enum mymm_migratetype type = mymm_buddy_type(&zone->buddy, idx);

	mymm_buddy_finish_split(&zone->buddy);
	__mymm_buddy_free(&zone->buddy, idx, order, type);
	if (unlikely(type == MYMM_HIGHATOMIC))
		mymm_count_highatomic(zone, 1L << order);
}

static noinline int free_large(struct mymm_pool *pool, struct mymm_frame *frame,
			       unsigned int order,
			       const struct mymm_owner *owner)
{
	unsigned long idx = mymm_frame_number(pool, frame);
	unsigned long irqflags;
	struct mymm_zone *zone;
	u32 tag;

	if (unlikely(mymm_in_nmi() || idx >= READ_ONCE(pool->live_frames) ||
		     order > MYMM_MAX_ORDER) ||
	    tracepoint_enabled(mymm_page_free) ||
	    tracepoint_enabled(mymm_page_merge))
		return slow_free(pool, frame, order, owner);
	if (order == pool->pcp_block)
		return free_block(pool, frame, order, owner);
	tag = READ_ONCE(frame->tag);
	if (unlikely(!tag_is_block(tag, order)))
		return refuse_free(pool, frame, order, tag);
	if (unlikely(!claim(pool, frame, order, &tag)))
		return refuse_free(pool, frame, order, tag);
	zone = mymm_pool_zone(pool, tag);
	mymm_lock(&zone->lock, irqflags);
	if (unlikely(!__mymm_buddy_cancel_split(&zone->buddy, idx, order)))
		free_merge(zone, idx, order);
	if (unlikely(zone->flags))
		mymm_zone_rose(zone);
	mymm_unlock(&zone->lock, irqflags);
	return 0;
}

static __always_inline int free_fast(struct mymm_pool *pool,
				     struct mymm_frame *frame,
				     unsigned int order,
				     const struct mymm_owner *owner)
{
	if (likely(order < pool->pcp_orders))
		return free_small(pool, frame, order, owner, order);
	return free_large(pool, frame, order, owner);
}

int __mymm_free_pages(struct mymm_pool *pool, struct mymm_frame *frame,
		      unsigned int order, struct mymm_owner owner)
{
	return free_fast(pool, frame, order, &owner);
}

/**
 * mymm_free_pages() - give a block of pages back
 * @pool: whose it is
 * @frame: its first frame
 * @order: the order that it was allocated with
 *
 * Context: any; in NMI it refuses.
 * Return: 0. -EINVAL: not a frame of this pool, not the first frame of an allocated
 * block, or of another order; -EPERM: in NMI; -EIO: the pool is dead. Nothing has
 * changed then but a counter.
 */
int mymm_free_pages(struct mymm_pool *pool, struct mymm_frame *frame,
		    unsigned int order)
{
	return free_fast(pool, frame, order, NULL);
}
EXPORT_SYMBOL_GPL(mymm_free_pages);
