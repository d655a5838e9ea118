// SPDX-License-Identifier: GPL-2.0
/*
 * Pages: which zone a request is served from, what it gets, and what is refused.
 *
 * A request names the highest zone that will do (mymm_gfp_zone()). If that has no
 * block, the next lower one is asked, down to DMA: what can live in Normal can
 * live in DMA, but not the other way round. The first zone with a large enough
 * block wins, even if it must split its last.
 *
 * Freeing asks the frame. Its tag says exactly what it is (see frame.c), so a
 * double free, a tail, a block of another order and a frame of somebody else are
 * each told apart, and refused with nothing changed.
 *
 * __GFP_COMP makes the block compound: mymm_compound_head() of any of its frames is
 * then its first, and mymm_compound_order() its order. Without it each frame stands
 * for itself, as with the kernel's pages. Nothing is written to the tails for
 * that; the head is found when somebody asks.
 *
 * A pool's frames are contiguous by number and by address, not in the machine's
 * physical memory; see Documentation/design.md.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/ratelimit.h>

#include "compat.h"
#include "page_alloc.h"

static bool refuse_request(struct mymm_pool *pool, gfp_t gfp,
			   unsigned int order)
{
	if (in_nmi()) {
		mymm_refuse(pool, MYMM_REFUSED_NMI, "pages in NMI");
		return true;
	}
	if (mymm_pool_dead(pool)) {
		mymm_refuse(pool, MYMM_REFUSED_DEAD, "the pool is dead");
		return true;
	}
	if (order > MYMM_MAX_ORDER) {
		mymm_refuse(pool, MYMM_REFUSED_ORDER,
			    "pages of order %u: orders are 0 to %d", order,
			    MYMM_MAX_ORDER);
		return true;
	}
	if (mymm_gfp_zone(gfp) == MYMM_ZONE_NONE) {
		mymm_refuse(pool, MYMM_REFUSED_GFP,
			    "pages from contradicting zones: gfp %pGg", &gfp);
		return true;
	}
	if ((gfp & __GFP_ZERO) && !mymm_pool_has_memory(pool)) {
		mymm_refuse(pool, MYMM_REFUSED_GFP,
			    "zeroed pages from a pool without memory");
		return true;
	}
	return false;
}

static void report_failure(struct mymm_pool *pool, gfp_t gfp,
			   unsigned int order)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);
	enum mymm_zone_type type = mymm_gfp_zone(gfp);

	if (pool->zonelist[type].nr)
		atomic_long_inc(&pool->zone[pool->zonelist[type].zone[0]].failed);
	if (!(gfp & __GFP_NOWARN) && __ratelimit(&limit))
		pr_warn("pool %s: page allocation failure: order:%u, zone %s and below, mode:%#x(%pGg)\n",
			pool->name, order, mymm_zone_name(type),
			(__force unsigned int)gfp, &gfp);
}

struct mymm_frame *__mymm_alloc_pages(struct mymm_pool *pool, gfp_t gfp,
				      unsigned int order,
				      struct mymm_owner owner)
{
	const struct mymm_zonelist *list;
	u32 flags = gfp & __GFP_COMP && order ? MYMM_TAG_COMP : 0;
	u32 idx = MYMM_NO_FRAME;
	unsigned int i;

	if (unlikely(refuse_request(pool, gfp, order)))
		return NULL;

	list = &pool->zonelist[mymm_gfp_zone(gfp)];
	for (i = 0; i < list->nr && idx == MYMM_NO_FRAME; i++)
		idx = mymm_zone_alloc(&pool->zone[list->zone[i]], order, flags);
	if (unlikely(idx == MYMM_NO_FRAME)) {
		report_failure(pool, gfp, order);
		return NULL;
	}
	if (mymm_pool_has_memory(pool) && want_init_on_alloc(gfp))
		memset(mymm_pool_address(pool, idx), 0, PAGE_SIZE << order);
	mymm_event_page_alloc(pool, idx, order, gfp, owner);
	return &pool->frame[idx];
}

/**
 * mymm_alloc_pages() - allocate a block of pages
 * @pool: where from
 * @gfp: as for alloc_pages(): zone modifiers, %__GFP_ZERO, %__GFP_COMP,
 *       %__GFP_NOWARN; what else it says changes nothing yet
 * @order: of the block: 2^@order pages, 0 to 10
 *
 * Takes O(@order of the largest block) steps, whatever the size of the zone, plus
 * the zeroing if that is asked for.
 *
 * Context: any; in NMI it refuses.
 * Return: the block's first frame; NULL if no zone that would do has a block, or if
 * the request makes no sense, which is counted and told.
 */
struct mymm_frame *mymm_alloc_pages(struct mymm_pool *pool, gfp_t gfp,
				    unsigned int order)
{
	return __mymm_alloc_pages(pool, gfp, order, MYMM_CALLER);
}
EXPORT_SYMBOL_GPL(mymm_alloc_pages);

/* Is it a frame of this pool, and not one of the list heads behind them? */
static bool is_frame_of(const struct mymm_pool *pool,
			const struct mymm_frame *frame)
{
	unsigned long offset = (unsigned long)frame - (unsigned long)pool->frame;

	return offset < pool->nr_frames * sizeof(*frame) &&
	       offset % sizeof(*frame) == 0;
}

/* Say what is wrong with freeing frame @idx as a block of @order. */
static void refuse_free(struct mymm_pool *pool, u32 idx, unsigned int order,
			u32 tag)
{
	enum mymm_frame_state state = mymm_tag_state(tag);

	switch (state) {
	case MYMM_FRAME_PAGES:
		mymm_refuse(pool, MYMM_REFUSED_WRONG_ORDER,
			    "free of frame %u as order %u: the block has order %u",
			    idx, order, mymm_tag_order(tag));
		break;
	case MYMM_FRAME_FREE:
		mymm_refuse(pool, MYMM_REFUSED_DOUBLE_FREE,
			    "double free of frame %u, order %u: it is free already",
			    idx, order);
		break;
	case MYMM_FRAME_TAIL: {
		u32 head = mymm_frame_find_head(pool->frame, idx);
		u32 htag = head == MYMM_NO_FRAME ? 0 : pool->frame[head].tag;

		if (mymm_tag_state(htag) == MYMM_FRAME_FREE)
			mymm_refuse(pool, MYMM_REFUSED_DOUBLE_FREE,
				    "double free of frame %u, order %u: it is inside free block %u of order %u",
				    idx, order, head, mymm_tag_order(htag));
		else
			mymm_refuse(pool, MYMM_REFUSED_TAIL,
				    "free of frame %u, order %u: it is a tail of the block at frame %u",
				    idx, order, head);
		break;
	}
	default:
		mymm_refuse(pool, MYMM_REFUSED_WRONG_KIND,
			    "free of frame %u, order %u, as pages: it is %s",
			    idx, order, mymm_frame_state_name(state));
		break;
	}
}

int __mymm_free_pages(struct mymm_pool *pool, struct mymm_frame *frame,
		      unsigned int order, struct mymm_owner owner)
{
	u32 idx, tag;

	if (unlikely(in_nmi())) {
		mymm_refuse(pool, MYMM_REFUSED_NMI, "free of pages in NMI");
		return -EPERM;
	}
	if (mymm_pool_dead(pool)) {
		mymm_refuse(pool, MYMM_REFUSED_DEAD, "the pool is dead");
		return -EIO;
	}
	if (unlikely(!is_frame_of(pool, frame))) {
		mymm_refuse(pool, MYMM_REFUSED_FOREIGN,
			    "free of a frame that is not of this pool");
		return -EINVAL;
	}
	idx = frame - pool->frame;
	tag = READ_ONCE(frame->tag);
	if (unlikely(order > MYMM_MAX_ORDER)) {
		mymm_refuse(pool, MYMM_REFUSED_ORDER,
			    "free of frame %u as order %u: orders are 0 to %d",
			    idx, order, MYMM_MAX_ORDER);
		return -EINVAL;
	}
	/*
	 * Told before it happens, or somebody else's allocation of the same frame
	 * could be told first.
	 */
	if (likely(mymm_tag_state(tag) == MYMM_FRAME_PAGES &&
		   mymm_tag_order(tag) == order)) {
		mymm_event_page_free(pool, idx, order, owner);
		if (likely(!mymm_zone_free(mymm_pool_zone(pool, tag), idx,
					   order, &tag)))
			return 0;
	}
	refuse_free(pool, idx, order, tag);
	return -EINVAL;
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
	return __mymm_free_pages(pool, frame, order, MYMM_CALLER);
}
EXPORT_SYMBOL_GPL(mymm_free_pages);

/**
 * mymm_frame_address() - where a frame's memory is
 * @pool: whose frame it is
 * @frame: the frame
 *
 * Context: any.
 * Return: its address, or NULL if the pool has no memory or the frame is not its.
 */
void *mymm_frame_address(struct mymm_pool *pool, const struct mymm_frame *frame)
{
	if (!mymm_pool_has_memory(pool) || !is_frame_of(pool, frame))
		return NULL;
	return mymm_pool_address(pool, frame - pool->frame);
}
EXPORT_SYMBOL_GPL(mymm_frame_address);

/**
 * mymm_frame_pfn() - the number of a frame
 * @pool: whose frame it is
 * @frame: the frame
 *
 * Context: any.
 * Return: its number, counted from the pool's first frame; ULONG_MAX if it is not
 * the pool's.
 */
unsigned long mymm_frame_pfn(struct mymm_pool *pool,
			     const struct mymm_frame *frame)
{
	return is_frame_of(pool, frame) ? frame - pool->frame : ULONG_MAX;
}
EXPORT_SYMBOL_GPL(mymm_frame_pfn);

/**
 * mymm_address_frame() - the frame behind an address
 * @addr: any address
 *
 * Looks through all pools. The frame is good for as long as the caller owns
 * something in it.
 *
 * Context: any.
 * Return: the frame, or NULL if the address is in no pool's memory.
 */
struct mymm_frame *mymm_address_frame(const void *addr)
{
	struct mymm_pool *pool;

	guard(rcu)();
	pool = mymm_pool_of(addr);
	return pool ? &pool->frame[mymm_pool_index(pool, addr)] : NULL;
}
EXPORT_SYMBOL_GPL(mymm_address_frame);

/**
 * mymm_compound_head() - the first frame of the compound block that a frame is in
 * @pool: whose frame it is
 * @frame: the frame; the caller owns the block
 *
 * Context: any.
 * Return: the head; @frame itself if it is in no block that was allocated with
 * %__GFP_COMP; NULL if it is not the pool's.
 */
struct mymm_frame *mymm_compound_head(struct mymm_pool *pool,
				      struct mymm_frame *frame)
{
	u32 head;

	if (!is_frame_of(pool, frame))
		return NULL;
	head = mymm_frame_find_head(pool->frame, frame - pool->frame);
	if (head == MYMM_NO_FRAME || !(pool->frame[head].tag & MYMM_TAG_COMP))
		return frame;
	return &pool->frame[head];
}
EXPORT_SYMBOL_GPL(mymm_compound_head);

/**
 * mymm_compound_order() - the order of a compound block
 * @pool: whose frame it is
 * @frame: the frame
 *
 * Context: any.
 * Return: the order if @frame is the head of a block that was allocated with
 * %__GFP_COMP, else 0.
 */
unsigned int mymm_compound_order(struct mymm_pool *pool,
				 const struct mymm_frame *frame)
{
	u32 tag;

	if (!is_frame_of(pool, frame))
		return 0;
	tag = READ_ONCE(frame->tag);
	return tag & MYMM_TAG_COMP ? mymm_tag_order(tag) : 0;
}
EXPORT_SYMBOL_GPL(mymm_compound_order);
