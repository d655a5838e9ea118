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
#include "lock.h"
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
	else if (mymm_gfp_type(pool, gfp) == MYMM_PCPTYPES)
		mymm_refuse(pool, MYMM_REFUSED_GFP,
			    "pages both movable and reclaimable: gfp %pGg",
			    &gfp);
	else if ((gfp & __GFP_ZERO) && !mymm_pool_has_memory(pool))
		mymm_refuse(pool, MYMM_REFUSED_GFP,
			    "zeroed pages from a pool without memory");
	else
		return false;
	return true;
}

/* What gfp says about the head's tag. */
static __always_inline u32 tag_flags(gfp_t gfp)
{
	/* Without a branch: both are powers of two. */
	return (u32)((__force u32)gfp & (__force u32)__GFP_COMP) *
	       (u32)(MYMM_TAG_COMP / (__force u32)__GFP_COMP);
}

static_assert(MYMM_TAG_COMP % (__force u32)__GFP_COMP == 0,
	      "gfp's compound flag has moved");

/* Page by page: the machine has a better way to clear one than memset(). */
static void clear_pages_at(void *at, unsigned int order)
{
	unsigned int i;

	for (i = 0; i < 1U << order; i++)
		clear_page(at + i * PAGE_SIZE);
}

/* --- any zone ------------------------------------------------------------------- */

/* Take a block from the zone itself. */
static struct mymm_frame *take_from_zone(const struct mymm_request *request,
					 struct mymm_zone *zone,
					 unsigned int alloc_flags)
{
	enum mymm_rmqueue_mode mode = MYMM_RMQUEUE_NORMAL;
	struct mymm_page_log log = {};
	struct mymm_frame *block;
	unsigned long flags;

	raw_spin_lock_irqsave(&zone->lock, flags);
	block = mymm_rmqueue(zone, request->order, request->type, alloc_flags,
			     &mode, &log);
	if (block)
		zone->allocs[request->order]++;
	if (zone->buddy.free < zone->alarm)
		mymm_zone_alarm(zone);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
	mymm_log_tell(request->pool, &log);
	return block;
}

/* Free frames are seen without the lock: a watermark is no promise. */
static bool above(const struct mymm_request *request,
		  const struct mymm_zone *zone, enum mymm_watermark mark,
		  unsigned int alloc_flags)
{
	unsigned long free = READ_ONCE(zone->buddy.free);

	if (mymm_zone_watermark_ok(zone, request->order,
				   mymm_zone_watermark(zone, mark),
				   request->highest, alloc_flags, free))
		return true;
	/* Who may use the reserve need not heed what only asks for more reclaim. */
	return !request->order && mark == MYMM_WMARK_MIN &&
	       alloc_flags & MYMM_ALLOC_MIN_RESERVE &&
	       READ_ONCE(zone->watermark_boost) &&
	       mymm_zone_watermark_ok(zone, 0, READ_ONCE(zone->watermark[mark]),
				      request->highest, alloc_flags, free);
}

/* May the request be served from this zone? */
static bool zone_will_do(const struct mymm_request *request,
			 struct mymm_zone *zone, unsigned int alloc_flags)
{
	if (!zone->watermark[MYMM_WMARK_HIGH])
		return true;
	if (!(READ_ONCE(zone->flags) & BIT(MYMM_ZONE_BELOW_HIGH))) {
		if (above(request, zone, MYMM_WMARK_HIGH, alloc_flags))
			return true;
		guard(raw_spinlock_irqsave)(&zone->lock);
		zone->flags |= BIT(MYMM_ZONE_BELOW_HIGH);
		mymm_zone_set_marks(zone);
	}
	return above(request, zone, alloc_flags & MYMM_ALLOC_WMARK,
		     alloc_flags) ||
	       alloc_flags & MYMM_ALLOC_NO_WATERMARKS;
}

/* Which node's wish was fulfilled by which, if they are not the same. */
static void count_node(const struct mymm_request *request,
		       struct mymm_zone *zone)
{
	/* A node that has no such zone wishes for what is first on its list. */
	if (zone->node != request->list->zone[0]->node) {
		atomic_long_inc(&zone->numa_miss);
		atomic_long_inc(&request->list->zone[0]->numa_foreign);
	}
	if (zone->node != mymm_pool_local(request->pool)->id)
		atomic_long_inc(&zone->numa_other);
}

static struct mymm_frame *take_block(const struct mymm_request *request,
				     struct mymm_zone *zone,
				     unsigned int alloc_flags)
{
	struct mymm_frame *block;

	block = mymm_pcp_alloc(request->pool, zone, request->order,
			       request->type, alloc_flags);
	if (!block)
		block = take_from_zone(request, zone, alloc_flags);
	if (!block)
		return NULL;
	if (request->pool->nr_nodes > 1)
		count_node(request, zone);
	if (unlikely(READ_ONCE(zone->flags) & BIT(MYMM_ZONE_BOOSTED)))
		mymm_wake_boosted(request->pool, zone);
	if (alloc_flags & MYMM_ALLOC_HIGHATOMIC)
		mymm_pageblock_reserve(zone, block - request->pool->frame,
				       request->order);
	return block;
}

/**
 * mymm_get_block() - ask the zones of a request, one after the other
 * @request: what is wanted
 * @alloc_flags: which watermark a zone must be above, and what else is allowed
 *
 * Context: any but NMI, no lock of ours held.
 * Return: the block's head; NULL if no zone will do.
 */
struct mymm_frame *mymm_get_block(const struct mymm_request *request,
				  unsigned int alloc_flags)
{
	struct mymm_frame *block;
	struct mymm_zone *zone;
	unsigned int i;

again:
	for (i = 0; (zone = mymm_next_zone(request, &i));) {
		/* Rather mix types than go to another node. */
		if (alloc_flags & MYMM_ALLOC_NOFRAGMENT &&
		    zone->node != request->node->id)
			break;
		if (!zone_will_do(request, zone, alloc_flags))
			continue;
		block = take_block(request, zone, alloc_flags);
		if (block)
			return block;
	}
	if (alloc_flags & MYMM_ALLOC_NOFRAGMENT) {
		alloc_flags &= ~MYMM_ALLOC_NOFRAGMENT;
		goto again;
	}
	return NULL;
}

/* With DMA32 below it, Normal need not mix types as long as there is room there. */
static unsigned int first_flags(const struct mymm_request *request)
{
	const struct mymm_zonelist *list = request->list;
	unsigned int flags = MYMM_WMARK_LOW;

	if (request->gfp & __GFP_KSWAPD_RECLAIM)
		flags |= MYMM_ALLOC_KSWAPD;
	if (list->nr > 1 && list->zone[0]->type == MYMM_ZONE_NORMAL &&
	    list->zone[1]->type == MYMM_ZONE_DMA32)
		flags |= MYMM_ALLOC_NOFRAGMENT;
	return flags;
}

static struct mymm_frame *alloc_anywhere(struct mymm_pool *pool,
					 struct mymm_node *node, gfp_t gfp,
					 unsigned int order,
					 struct mymm_owner who)
{
	struct mymm_request request;
	struct mymm_frame *block;
	u32 idx;

	if (refuse_request(pool, gfp, order))
		return NULL;
	request = (struct mymm_request){
		.pool = pool,
		.gfp = gfp,
		.order = order,
		.type = mymm_gfp_type(pool, gfp),
		.highest = mymm_gfp_zone(gfp),
		.node = node,
		.list = &node->zonelist[mymm_gfp_zone(gfp)],
		.thisnode = gfp & __GFP_THISNODE,
	};
	block = mymm_get_block(&request, first_flags(&request));
	if (!block)
		block = mymm_alloc_slowpath(&request);
	if (!block)
		return NULL;
	idx = block - pool->frame;
	if (gfp & __GFP_COMP)
		WRITE_ONCE(block->tag, block->tag | MYMM_TAG_COMP);
	if (want_init_on_alloc(gfp) && mymm_pool_has_memory(pool))
		clear_pages_at(mymm_pool_address(pool, idx), order);
	mymm_event_page_alloc(pool, idx, order, gfp, who);
	return block;
}

/* What the fast path of small blocks leaves to others. */
#define LEAVE_GFP (__GFP_ZERO | __GFP_THISNODE | __GFP_COMP)

/* --- the usual case ------------------------------------------------------------------ */

/* Whatever it takes. */
static noinline struct mymm_frame *alloc_careful(struct mymm_pool *pool,
						 gfp_t gfp, unsigned int order,
						 const struct mymm_owner *owner)
{
	return alloc_anywhere(pool, mymm_pool_local(pool), gfp, order,
			      mymm_owner_or(owner, _RET_IP_));
}

/* Not from the fast path: the pool is dead, an NMI, or there is more to be done. */
static noinline struct mymm_frame *alloc_leave(struct mymm_pool *pool,
					       gfp_t gfp, unsigned int order,
					       const struct mymm_owner *owner)
{
	const struct mymm_owner who = mymm_owner_or(owner, _RET_IP_);

	preempt_enable();
	return alloc_careful(pool, gfp, order, &who);
}

/* The list is empty, or the token is not ours. */
static noinline struct mymm_frame *alloc_undo(struct mymm_pool *pool, gfp_t gfp,
					      unsigned int order,
					      const struct mymm_owner *owner,
					      struct mymm_pcp *pcp)
{
	const struct mymm_owner who = mymm_owner_or(owner, _RET_IP_);

	mymm_token_undo(&pcp->token);
	preempt_enable();
	return alloc_careful(pool, gfp, order, &who);
}

static noinline struct mymm_frame *alloc_resched(struct mymm_frame *block)
{
	mymm_preempt_enable_resched();
	return block;
}

/*
 * Orders that each CPU has at hand: nothing is wrong, nothing is to be cleared or told,
 * the zone is above its mark, and the list has a block. It leaves by a tail call, as
 * magazines do.
 */
static __always_inline struct mymm_frame *
alloc_small(struct mymm_pool *pool, gfp_t gfp, unsigned int order,
	    const struct mymm_owner *owner, unsigned int slot)
{
	struct mymm_frame *block;
	struct mymm_pcp *pcp;
	unsigned long list;
	u32 idx;

	preempt_disable();
	if (unlikely((gfp & LEAVE_GFP) || mymm_in_nmi()) ||
	    tracepoint_enabled(mymm_page_alloc))
		return alloc_leave(pool, gfp, order, owner);
	pcp = raw_cpu_read(pool->cpu->by_gfp[MYMM_ZONE_BITS(gfp)]);
	list = slot * MYMM_NR_MIGRATETYPES + mymm_gfp_type(pool, gfp);
	if (unlikely(!mymm_token_take(&pcp->token)))
		return alloc_undo(pool, gfp, order, owner, pcp);
	idx = pcp->first[list];
	block = &pool->frame[idx];
	/* The head of an empty list has another state. */
	if (unlikely(mymm_frame_byte(block, 0) != MYMM_FRAME_PCP))
		return alloc_undo(pool, gfp, order, owner, pcp);
	pcp->first[list] = block->next;
	pcp->left[list]++;
	pcp->allocs[list]++;
	WRITE_ONCE(block->tag, pcp->tag[list]);
	mymm_token_return(&pcp->token);
	if (mymm_preempt_enable_begin())
		return alloc_resched(block);
	return block;
}

/* Pageblocks, which each CPU has at hand too. */
static noinline struct mymm_frame *alloc_block(struct mymm_pool *pool,
					       gfp_t gfp, unsigned int order,
					       const struct mymm_owner *owner)
{
	return alloc_small(pool, gfp, order, owner, MYMM_PCP_BLOCK);
}

/*
 * Larger blocks, from the first zone, if that has one of the type. Reached by a tail call,
 * too, for the sake of the small ones.
 */
static noinline struct mymm_frame *alloc_large(struct mymm_pool *pool,
					       gfp_t gfp, unsigned int order,
					       const struct mymm_owner *owner)
{
	struct mymm_frame *block;
	unsigned long irqflags;
	struct mymm_zone *zone;

	if (unlikely(order > MYMM_MAX_ORDER || mymm_in_nmi() ||
		     (gfp & (__GFP_ZERO | __GFP_THISNODE))) ||
	    tracepoint_enabled(mymm_page_alloc) ||
	    tracepoint_enabled(mymm_page_split))
		return alloc_careful(pool, gfp, order, owner);
	if (order == pool->pcp_block)
		return alloc_block(pool, gfp, order, owner);
	zone = raw_cpu_read(pool->cpu->by_gfp[MYMM_ZONE_BITS(gfp)])->zone;
	/*
	 * data_race: it was so a moment ago, and that is enough. The block's own frames
	 * don't count.
	 */
	if (unlikely(data_race(zone->buddy.free <
			       zone->mark + mymm_order_size[order]) ||
		     mymm_gfp_type(pool, gfp) == MYMM_PCPTYPES))
		return alloc_careful(pool, gfp, order, owner);
	mymm_lock(&zone->lock, irqflags);
	block = __mymm_buddy_alloc_lazy(&zone->buddy, mymm_gfp_type(pool, gfp),
					order, tag_flags(gfp));
	if (likely(block))
		zone->allocs[order]++;
	if (zone->buddy.free < zone->alarm)
		mymm_zone_alarm(zone);
	mymm_unlock(&zone->lock, irqflags);
	if (unlikely(!block))
		return alloc_careful(pool, gfp, order, owner);
	return block;
}

static __always_inline struct mymm_frame *
alloc_fast(struct mymm_pool *pool, gfp_t gfp, unsigned int order,
	   const struct mymm_owner *owner)
{
	if (likely(order < pool->pcp_orders))
		return alloc_small(pool, gfp, order, owner, order);
	return alloc_large(pool, gfp, order, owner);
}

struct mymm_frame *__mymm_alloc_pages(struct mymm_pool *pool, gfp_t gfp,
				      unsigned int order,
				      struct mymm_owner owner)
{
	return alloc_fast(pool, gfp, order, &owner);
}
MYMM_EXPORT_INTERNAL(__mymm_alloc_pages);

/**
 * mymm_alloc_pages() - allocate a block of pages
 * @pool: where from
 * @gfp: as for alloc_pages()
 * @order: of the block: 2^@order pages, 0 to 10
 *
 * Takes O(@order of the largest block) steps, whatever the size of the zone, plus
 * the zeroing if that is asked for.
 *
 * Context: any; in NMI it refuses. Sleeps only with %__GFP_DIRECT_RECLAIM.
 * Return: the block's first frame; NULL if no zone that would do can spare one, or if
 * the request makes no sense, which is counted and told.
 */
struct mymm_frame *mymm_alloc_pages(struct mymm_pool *pool, gfp_t gfp,
				    unsigned int order)
{
	return alloc_fast(pool, gfp, order, NULL);
}
EXPORT_SYMBOL_GPL(mymm_alloc_pages);

struct mymm_frame *__mymm_alloc_pages_node(struct mymm_pool *pool, int node,
					   gfp_t gfp, unsigned int order,
					   struct mymm_owner owner)
{
	if (node == NUMA_NO_NODE)
		return alloc_fast(pool, gfp, order, &owner);
	if (node < 0 || node >= pool->nr_nodes) {
		mymm_refuse(pool, MYMM_REFUSED_GFP,
			    "pages of node %d: nodes are 0 to %u", node,
			    pool->nr_nodes - 1);
		return NULL;
	}
	return alloc_anywhere(pool, &pool->node_of[node], gfp, order, owner);
}

/**
 * mymm_alloc_pages_node() - allocate a block of pages, best from a node
 * @pool: where from
 * @node: the node to ask first; %NUMA_NO_NODE: the one of this CPU
 * @gfp: as for mymm_alloc_pages(); with %__GFP_THISNODE no other node will do
 * @order: of the block: 2^@order pages, 0 to 10
 *
 * Context: any; in NMI it refuses. Sleeps only with %__GFP_DIRECT_RECLAIM.
 * Return: as mymm_alloc_pages().
 */
struct mymm_frame *mymm_alloc_pages_node(struct mymm_pool *pool, int node,
					 gfp_t gfp, unsigned int order)
{
	return __mymm_alloc_pages_node(pool, node, gfp, order, MYMM_CALLER);
}
EXPORT_SYMBOL_GPL(mymm_alloc_pages_node);

/* --- freeing ----------------------------------------------------------------- */

/*
 * The number of a frame of this pool; at least nr_frames if it is none, or one of the
 * list heads behind them, or no descriptor's beginning. A descriptor has 3 * 8 bytes,
 * so a multiplication and a rotation divide and test: see mymm_cache_owns().
 */
static __always_inline unsigned long
frame_number(const struct mymm_pool *pool, const struct mymm_frame *frame)
{
	u64 at = (unsigned long)frame - (unsigned long)pool->frame;

	return ror64(at * pool->inverse_of_3, 3);
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
		/* In no block: somebody merges it at this moment. */
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

static noinline void tell_free(struct mymm_pool *pool, u32 idx,
			       unsigned int order,
			       const struct mymm_owner *owner)
{
	mymm_event_page_free(pool, idx, order, mymm_owner_or(owner, _RET_IP_));
}

/* Is it an allocated block of this order, which is one, as far as its tag tells? */
static __always_inline bool tag_is_block(u32 tag, unsigned int order)
{
	return (u8)tag == MYMM_FRAME_PAGES && mymm_tag_order(tag) == order;
}

/*
 * Whoever changes the tag from what it was has the block: of two that free it at the same
 * time one succeeds, and the other is told what it has become.
 */
static __always_inline bool claim(struct mymm_frame *frame, u32 *tag, u32 state)
{
	return likely(
		try_cmpxchg(&frame->tag, tag, *tag + state - MYMM_FRAME_PAGES));
}

/* Give a block to its zone; it is claimed. */
static __always_inline void give_to_zone(struct mymm_pool *pool,
					 struct mymm_zone *zone, u32 idx,
					 unsigned int order)
{
	struct mymm_page_log log;
	unsigned long irqflags;

	log.nr = 0;
	raw_spin_lock_irqsave(&zone->lock, irqflags);
	mymm_free_one(zone, idx, order, &log);
	if (unlikely(zone->flags))
		mymm_zone_recover(zone);
	raw_spin_unlock_irqrestore(&zone->lock, irqflags);
	mymm_log_tell(pool, &log);
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

static noinline int free_slow(struct mymm_pool *pool, struct mymm_frame *frame,
			      unsigned int order, u32 tag)
{
	/* If somebody was faster, the tag is what he made of it. */
	if (!tag_is_block(tag, order) || !claim(frame, &tag, MYMM_FRAME_PCP))
		return refuse_free(pool, frame, order, tag);
	return free_claimed(pool, frame - pool->frame, order);
}

/* All that can be wrong, or is to be told. */
static noinline int free_careful(struct mymm_pool *pool,
				 struct mymm_frame *frame, unsigned int order,
				 const struct mymm_owner *owner)
{
	unsigned long idx = frame_number(pool, frame);
	u32 tag;

	if (in_nmi() || mymm_pool_dead(pool) || idx >= pool->nr_frames)
		return refuse_free(pool, frame, order, 0);
	tag = READ_ONCE(frame->tag);
	if (order > MYMM_MAX_ORDER || !tag_is_block(tag, order))
		return refuse_free(pool, frame, order, tag);
	/*
	 * Told when it is claimed, so that who is refused is not told of; and before
	 * anybody can have it, or his allocation could be told first. See owner.c.
	 */
	if (!claim(frame, &tag, MYMM_FRAME_PCP))
		return refuse_free(pool, frame, order, tag);
	if (tracepoint_enabled(mymm_page_free))
		tell_free(pool, idx, order, owner);
	give_back(pool, idx, order, tag);
	return 0;
}

static noinline int free_leave(struct mymm_pool *pool, struct mymm_frame *frame,
			       unsigned int order,
			       const struct mymm_owner *owner)
{
	const struct mymm_owner who = mymm_owner_or(owner, _RET_IP_);

	preempt_enable();
	return free_careful(pool, frame, order, &who);
}

/* The token is not ours, or somebody was faster. */
static noinline int free_undo(struct mymm_pool *pool, struct mymm_frame *frame,
			      unsigned int order, u32 tag, struct mymm_pcp *pcp)
{
	mymm_token_undo(&pcp->token);
	preempt_enable();
	return free_slow(pool, frame, order, tag);
}

/* The list has no room left. */
static noinline int free_full(struct mymm_pool *pool, struct mymm_frame *frame,
			      unsigned int order, struct mymm_pcp *pcp,
			      unsigned long list)
{
	pcp->left[list]++;
	mymm_token_undo(&pcp->token);
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
	unsigned long idx = frame_number(pool, frame), list;
	struct mymm_pcp *pcp;
	u32 tag;

	preempt_disable();
	/* data_race: all that can happen to it is that the pool dies. */
	if (unlikely(mymm_in_nmi() || data_race(idx >= pool->live_frames)) ||
	    tracepoint_enabled(mymm_page_free))
		return free_leave(pool, frame, order, owner);
	tag = READ_ONCE(frame->tag);
	if (unlikely(!tag_is_block(tag, order)))
		return free_leave(pool, frame, order, owner);
	/* A frame's zone does not change; if the rest of the tag does, claim() sees it. */
	pcp = raw_cpu_read(pool->cpu->by_zone[mymm_frame_byte(frame, 2)]);
	list = slot * MYMM_NR_MIGRATETYPES +
	       pcp->pageblock[idx >> pool->block_order];
	if (unlikely(!mymm_token_take(&pcp->token)))
		return free_undo(pool, frame, order, tag, pcp);
	if (unlikely(!claim(frame, &tag, MYMM_FRAME_PCP)))
		return free_undo(pool, frame, order, tag, pcp);
	if (unlikely(--pcp->left[list] < 0))
		return free_full(pool, frame, order, pcp, list);
	frame->next = pcp->first[list];
	pcp->first[list] = idx;
	mymm_token_return(&pcp->token);
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

	mymm_buddy_settle(&zone->buddy);
	__mymm_buddy_free(&zone->buddy, idx, order, type);
	if (unlikely(type == MYMM_HIGHATOMIC))
		mymm_count_highatomic(zone, 1L << order);
}

static noinline int free_large(struct mymm_pool *pool, struct mymm_frame *frame,
			       unsigned int order,
			       const struct mymm_owner *owner)
{
	unsigned long idx = frame_number(pool, frame);
	unsigned long irqflags;
	struct mymm_zone *zone;
	u32 tag;

	if (unlikely(mymm_in_nmi() || idx >= READ_ONCE(pool->live_frames) ||
		     order > MYMM_MAX_ORDER) ||
	    tracepoint_enabled(mymm_page_free) ||
	    tracepoint_enabled(mymm_page_merge))
		return free_careful(pool, frame, order, owner);
	if (order == pool->pcp_block)
		return free_block(pool, frame, order, owner);
	tag = READ_ONCE(frame->tag);
	if (unlikely(!tag_is_block(tag, order)))
		return refuse_free(pool, frame, order, tag);
	if (unlikely(!claim(frame, &tag, MYMM_FRAME_PCP)))
		return refuse_free(pool, frame, order, tag);
	zone = mymm_pool_zone(pool, tag);
	mymm_lock(&zone->lock, irqflags);
	if (unlikely(!__mymm_buddy_undo(&zone->buddy, idx, order)))
		free_merge(zone, idx, order);
	if (unlikely(zone->flags))
		mymm_zone_recover(zone);
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
