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
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/ratelimit.h>

#include "compat.h"
#include "page_alloc.h"

/* --- allocation ----------------------------------------------------------- */

/* Is there anything wrong with a request? */
static bool refuse_request(struct mymm_pool *pool, gfp_t gfp,
			   unsigned int order)
{
	if (in_nmi())
		mymm_refuse(pool, MYMM_REFUSED_NMI, "pages in NMI");
	else if (mymm_pool_dead(pool))
		mymm_refuse(pool, MYMM_REFUSED_DEAD, "the pool is dead");
	else if (order > MYMM_MAX_ORDER)
		mymm_refuse(pool, MYMM_REFUSED_ORDER,
			    "pages of order %u: orders are 0 to %d", order,
			    MYMM_MAX_ORDER);
	else if (mymm_gfp_zone(gfp) == MYMM_ZONE_NONE)
		mymm_refuse(pool, MYMM_REFUSED_GFP,
			    "pages from contradicting zones: gfp %pGg", &gfp);
	else if ((gfp & __GFP_ZERO) && !mymm_pool_has_memory(pool))
		mymm_refuse(pool, MYMM_REFUSED_GFP,
			    "zeroed pages from a pool without memory");
	else
		return false;
	return true;
}

static void report_failure(struct mymm_pool *pool, gfp_t gfp,
			   unsigned int order)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);
	enum mymm_zone_type type = mymm_gfp_zone(gfp);

	if (pool->zonelist[type].nr)
		atomic_long_inc(&pool->zonelist[type].zone[0]->failed);
	if (!(gfp & __GFP_NOWARN) && __ratelimit(&limit))
		pr_warn("pool %s: page allocation failure: order:%u, zone %s and below, mode:%#x(%pGg)\n",
			pool->name, order, mymm_zone_name(type),
			(__force unsigned int)gfp, &gfp);
}

/* What gfp says about the head's tag. */
static __always_inline u32 tag_flags(gfp_t gfp)
{
	return gfp & __GFP_COMP ? MYMM_TAG_COMP : 0;
}

/* Take a block of a zone. */
static __always_inline struct mymm_frame *
take_block(struct mymm_zone *zone, unsigned int order, u32 flags)
{
	struct mymm_frame *block;
	unsigned long irqflags;

	raw_spin_lock_irqsave(&zone->lock, irqflags);
	block = __mymm_buddy_alloc(&zone->buddy, order, flags);
	if (unlikely(zone->buddy.free < zone->least_free))
		zone->least_free = zone->buddy.free;
	raw_spin_unlock_irqrestore(&zone->lock, irqflags);
	return block;
}

/* Page by page: the machine has a better way to clear one than memset(). */
static void clear_pages_at(void *at, unsigned int order)
{
	unsigned int i;

	for (i = 0; i < 1U << order; i++)
		clear_page(at + i * PAGE_SIZE);
}

/* Whatever it takes. */
static noinline struct mymm_frame *alloc_careful(struct mymm_pool *pool,
						 gfp_t gfp, unsigned int order,
						 const struct mymm_owner *owner)
{
	const struct mymm_owner who = mymm_owner_or(owner, _RET_IP_);
	const struct mymm_zonelist *list;
	struct mymm_frame *block = NULL;
	unsigned int i;
	u32 idx;

	if (refuse_request(pool, gfp, order))
		return NULL;
	list = &pool->zonelist[mymm_gfp_zone(gfp)];
	for (i = 0; i < list->nr && !block; i++)
		block = take_block(list->zone[i], order, tag_flags(gfp));
	if (!block) {
		report_failure(pool, gfp, order);
		return NULL;
	}
	idx = block - pool->frame;
	if (want_init_on_alloc(gfp) && mymm_pool_has_memory(pool))
		clear_pages_at(mymm_pool_address(pool, idx), order);
	mymm_event_page_alloc(pool, idx, order, gfp, who);
	return block;
}

/*
 * The usual case: nothing is wrong, nothing is to be cleared or told, and the first
 * zone has a block. It leaves by a tail call, as magazines do.
 */
static __always_inline struct mymm_frame *
alloc_fast(struct mymm_pool *pool, gfp_t gfp, unsigned int order,
	   const struct mymm_owner *owner)
{
	struct mymm_zone *zone = pool->first_zone[MYMM_ZONE_BITS(gfp)];
	struct mymm_frame *block;

	if (unlikely(in_nmi() || !zone || order > MYMM_MAX_ORDER ||
		     mymm_gfp_leaves(gfp, pool->leave_gfp)) ||
	    tracepoint_enabled(mymm_page_alloc))
		return alloc_careful(pool, gfp, order, owner);
	block = take_block(zone, order, tag_flags(gfp));
	if (unlikely(!block))
		return alloc_careful(pool, gfp, order, owner);
	return block;
}

struct mymm_frame *__mymm_alloc_pages(struct mymm_pool *pool, gfp_t gfp,
				      unsigned int order,
				      struct mymm_owner owner)
{
	return alloc_fast(pool, gfp, order, &owner);
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
	return alloc_fast(pool, gfp, order, NULL);
}
EXPORT_SYMBOL_GPL(mymm_alloc_pages);

/* --- freeing ----------------------------------------------------------------- */

/*
 * The number of a frame of this pool; at least nr_frames if it is none, or one of the
 * list heads behind them, or no descriptor's beginning. A descriptor has 3 * 8 bytes,
 * so a multiplication and a rotation divide and test: see mymm_cache_owns().
 */
static __always_inline unsigned long
frame_number(const struct mymm_pool *pool, const struct mymm_frame *frame)
{
	const u64 inverse_of_3 = 0xaaaaaaaaaaaaaaabULL;
	u64 at = (unsigned long)frame - (unsigned long)pool->frame;

	return ror64(at * inverse_of_3, 3);
}

static bool is_frame_of(const struct mymm_pool *pool,
			const struct mymm_frame *frame)
{
	return frame_number(pool, frame) < pool->nr_frames;
}

/* Say what is wrong with freeing frame @idx, whose tag is @tag, as a block of @order. */
static void refuse_block(struct mymm_pool *pool, u32 idx, unsigned int order,
			 u32 tag)
{
	enum mymm_frame_state state = mymm_tag_state(tag);
	u32 head, head_tag = 0;

	switch (state) {
	case MYMM_FRAME_PAGES:
		mymm_refuse(
			pool, MYMM_REFUSED_WRONG_ORDER,
			"free of frame %u as order %u: the block has order %u",
			idx, order, mymm_tag_order(tag));
		break;
	case MYMM_FRAME_FREE:
		mymm_refuse(
			pool, MYMM_REFUSED_DOUBLE_FREE,
			"double free of frame %u, order %u: it is free already",
			idx, order);
		break;
	case MYMM_FRAME_TAIL:
		head = mymm_frame_find_head(pool->frame, idx);
		if (head != MYMM_NO_FRAME)
			head_tag = READ_ONCE(pool->frame[head].tag);
		if (mymm_tag_state(head_tag) == MYMM_FRAME_FREE)
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
	unsigned long idx = frame_number(pool, frame);

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

/*
 * Give a block back, if it still is what @tag says. The question and the answer are
 * under one lock, so of two that free a block at the same time one succeeds.
 */
static __always_inline bool return_block(struct mymm_zone *zone, u32 idx,
					 unsigned int order, u32 *tag)
{
	struct mymm_buddy *buddy = &zone->buddy;
	unsigned long irqflags;
	bool same;

	raw_spin_lock_irqsave(&zone->lock, irqflags);
	same = buddy->table[idx].tag == *tag;
	if (likely(same))
		__mymm_buddy_free(buddy, idx, order);
	else
		*tag = buddy->table[idx].tag;
	raw_spin_unlock_irqrestore(&zone->lock, irqflags);
	return same;
}

static noinline void tell_free(struct mymm_pool *pool, u32 idx,
			       unsigned int order,
			       const struct mymm_owner *owner)
{
	mymm_event_page_free(pool, idx, order, mymm_owner_or(owner, _RET_IP_));
}

static __always_inline int free_fast(struct mymm_pool *pool,
				     struct mymm_frame *frame,
				     unsigned int order,
				     const struct mymm_owner *owner)
{
	unsigned long idx = frame_number(pool, frame);
	u32 tag;

	if (unlikely(in_nmi() || pool->dead || idx >= pool->nr_frames))
		return refuse_free(pool, frame, order, 0);
	tag = READ_ONCE(frame->tag);
	/* The tag is taken apart: an order may be anything, and not be shifted. */
	if (unlikely(mymm_tag_state(tag) != MYMM_FRAME_PAGES ||
		     mymm_tag_order(tag) != order))
		return refuse_free(pool, frame, order, tag);
	/*
	 * Told before it happens, or somebody else's allocation of the same frame
	 * could be told first.
	 */
	if (tracepoint_enabled(mymm_page_free))
		tell_free(pool, idx, order, owner);
	if (unlikely(
		    !return_block(mymm_pool_zone(pool, tag), idx, order, &tag)))
		return refuse_free(pool, frame, order, tag);
	return 0;
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

/* --- frames ---------------------------------------------------------------------- */

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
