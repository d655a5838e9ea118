// SPDX-License-Identifier: GPL-2.0
/*
 * Allocating pages: which zone a request is served from, and what is refused. page_free.c
 * has the way back.
 *
 * A request names the highest zone that will do (mymm_gfp_zone()). If that has no
 * block, the next lower one is asked, down to DMA: what can live in Normal can
 * live in DMA, but not the other way round. The first zone with a large enough
 * block wins, even if it must split its last.
 *
 * __GFP_COMP makes the block compound: mymm_compound_head() of any of its frames is
 * then its first, and mymm_compound_order() its order. Without it each frame stands
 * for itself, as with the kernel's pages. Nothing is written to the tails for
 * that; the head is searched on demand.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/preempt.h>

#include "base/compat.h"
#include "base/irqlock.h"
#include "page/kswapd.h"
#include "page/node_reclaim.h"
#include "page/page_alloc.h"
#include "page/pcp.h"
#include "page/reclaim_map.h"
#include "page/sanitize_pages.h"
#include "page/slowpath.h"
#include "page/watermark.h"

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
	struct mymm_page_log log MYMM_UNCLEARED;
	struct mymm_frame *block;
	unsigned long flags;

	log.nr = 0;
	raw_spin_lock_irqsave(&zone->lock, flags);
	block = mymm_rmqueue(zone, request->order, request->type, alloc_flags,
			     &mode, &log);
	if (block)
		zone->allocs[request->order]++;
	if (zone->buddy.free < zone->fell_below)
		mymm_zone_fell(zone);
	raw_spin_unlock_irqrestore(&zone->lock, flags);
	mymm_log_trace(request->pool, &log);
	return block;
}

static bool above(const struct mymm_request *request,
		  const struct mymm_zone *zone, enum mymm_watermark mark,
		  unsigned int alloc_flags, unsigned long free)
{
	if (mymm_zone_watermark_ok(zone, request->order,
				   mymm_zone_watermark(zone, mark),
				   request->highest, alloc_flags, free))
		return true;
	/* A boost only asks for more reclaim: the reserve is given in spite of it. */
	return !request->order && mark == MYMM_WMARK_MIN &&
	       alloc_flags & MYMM_ALLOC_MIN_RESERVE &&
	       READ_ONCE(zone->watermark_boost) &&
	       mymm_zone_watermark_ok(zone, 0, READ_ONCE(zone->watermark[mark]),
				      request->highest, alloc_flags, free);
}

/**
 * mymm_zone_serves() - may a request have a block of a zone, if there is one?
 * @request: what is wanted
 * @zone: one of the zones that it may have
 * @alloc_flags: which watermark the zone must be above, or none
 * @free: free frames of the zone, or what there would be
 *
 * Context: any. Without the zone's lock the answer is a guess.
 * Return: whether it may.
 */
bool mymm_zone_serves(const struct mymm_request *request,
		      const struct mymm_zone *zone, unsigned int alloc_flags,
		      unsigned long free)
{
	return alloc_flags & MYMM_ALLOC_NO_WATERMARKS ||
	       !zone->watermark[MYMM_WMARK_HIGH] ||
	       above(request, zone, alloc_flags & MYMM_ALLOC_WMARK, alloc_flags,
		     free);
}

/* May the request be served from this zone? Notes if it is below its high watermark. */
static bool zone_will_do(const struct mymm_request *request,
			 struct mymm_zone *zone, unsigned int alloc_flags)
{
	if (!zone->watermark[MYMM_WMARK_HIGH])
		return true;
	if (!(READ_ONCE(zone->flags) & BIT(MYMM_ZONE_BELOW_HIGH))) {
		if (above(request, zone, MYMM_WMARK_HIGH, alloc_flags,
			  READ_ONCE(zone->buddy.free)))
			return true;
		guard(raw_spinlock_irqsave)(&zone->lock);
		zone->flags |= BIT(MYMM_ZONE_BELOW_HIGH);
		mymm_zone_set_marks(zone);
	}
	return mymm_zone_serves(request, zone, alloc_flags,
				READ_ONCE(zone->buddy.free));
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
 * Context: any but NMI, no lock of ours held; sleeps only with %__GFP_DIRECT_RECLAIM, and that only
 * with zone_reclaim_mode.
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
		if (!zone_will_do(request, zone, alloc_flags) &&
		    !(mymm_node_reclaim(request, zone) &&
		      zone_will_do(request, zone, alloc_flags)))
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
					 struct mymm_owner caller)
{
	struct mymm_request request;
	struct mymm_frame *block;
	u32 idx;

	if (refuse_request(pool, gfp, order))
		return NULL;
	request = mymm_request(pool, node, gfp, order);
	block = mymm_get_block(&request, first_flags(&request));
	if (!block)
		block = mymm_alloc_slowpath(&request);
	if (!block)
		return NULL;
	idx = block - pool->frame;
	if (gfp & __GFP_COMP)
		WRITE_ONCE(block->tag, block->tag | MYMM_TAG_COMP);
	mymm_sanitize_use_pages(pool, idx, 1UL << order);
	if (want_init_on_alloc(gfp) && mymm_pool_has_memory(pool))
		clear_pages_at(mymm_pool_address(pool, idx), order);
	mymm_event_page_alloc(pool, idx, order, gfp, caller);
	return block;
}

/* Flags that the fast path of small blocks leaves to the slow one. */
#define LEAVE_GFP (__GFP_ZERO | __GFP_THISNODE | __GFP_COMP)

/* --- the usual case ------------------------------------------------------------------ */

/* All flags, all zones. */
static noinline struct mymm_frame *slow_alloc(struct mymm_pool *pool, gfp_t gfp,
					      unsigned int order,
					      const struct mymm_owner *owner)
{
	return alloc_anywhere(pool, mymm_pool_local(pool), gfp, order,
			      mymm_owner_or(owner, _RET_IP_));
}

/* Not from the fast path: the pool is dead, an NMI, or there is more to be done. */
static noinline struct mymm_frame *alloc_slow(struct mymm_pool *pool, gfp_t gfp,
					      unsigned int order,
					      const struct mymm_owner *owner)
{
	const struct mymm_owner caller = mymm_owner_or(owner, _RET_IP_);

	preempt_enable();
	return slow_alloc(pool, gfp, order, &caller);
}

/* The list is empty, or its lock is taken. */
static noinline struct mymm_frame *
alloc_contended(struct mymm_pool *pool, gfp_t gfp, unsigned int order,
		const struct mymm_owner *owner, struct mymm_pcp *pcp)
{
	const struct mymm_owner caller = mymm_owner_or(owner, _RET_IP_);

	mymm_local_contended(&pcp->lock);
	preempt_enable();
	return slow_alloc(pool, gfp, order, &caller);
}

static noinline struct mymm_frame *alloc_resched(struct mymm_frame *block)
{
	mymm_preempt_enable_resched();
	return block;
}

/*
 * Orders that each CPU has at hand: nothing is wrong, nothing is to be cleared or traced,
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
		return alloc_slow(pool, gfp, order, owner);
	pcp = raw_cpu_read(pool->cpu->by_gfp[MYMM_ZONE_BITS(gfp)]);
	list = slot * MYMM_NR_MIGRATETYPES + mymm_gfp_type(pool, gfp);
	if (unlikely(!mymm_local_trylock(&pcp->lock)))
		return alloc_contended(pool, gfp, order, owner, pcp);
	idx = pcp->first[list];
	block = &pool->frame[idx];
	/* The head of an empty list has another state. */
	if (unlikely(mymm_frame_byte(block, 0) != MYMM_FRAME_PCP))
		return alloc_contended(pool, gfp, order, owner, pcp);
	pcp->first[list] = block->next;
	pcp->left[list]++;
	pcp->allocs[list]++;
	WRITE_ONCE(block->tag, pcp->tag[list]);
	mymm_local_unlock(&pcp->lock);
	mymm_sanitize_use_pages(pool, idx, 1UL << order);
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
		return slow_alloc(pool, gfp, order, owner);
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
		return slow_alloc(pool, gfp, order, owner);
	mymm_lock(&zone->lock, irqflags);
	block = __mymm_buddy_alloc_lazy(&zone->buddy, mymm_gfp_type(pool, gfp),
					order, tag_flags(gfp));
	if (likely(block))
		zone->allocs[order]++;
	if (zone->buddy.free < zone->fell_below)
		mymm_zone_fell(zone);
	mymm_unlock(&zone->lock, irqflags);
	if (unlikely(!block))
		return slow_alloc(pool, gfp, order, owner);
	mymm_sanitize_use_pages(pool, block - pool->frame, 1UL << order);
	return block;
}

static __always_inline struct mymm_frame *
alloc_fast(struct mymm_pool *pool, gfp_t gfp, unsigned int order,
	   const struct mymm_owner *owner)
{
	mymm_might_reclaim(pool, gfp);
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
 * the request makes no sense, which is counted and logged.
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
	mymm_might_reclaim(pool, gfp);
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
