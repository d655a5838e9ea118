// SPDX-License-Identifier: GPL-2.0
/* What an allocation does when no zone is above its low watermark. */
#include <linux/mm.h>
#include <linux/ratelimit.h>

#include "compat.h"
#include "page_alloc.h"

/* What a request's flags say about how far it may go. */
static unsigned int slow_flags(gfp_t gfp, unsigned int order)
{
	unsigned int flags = MYMM_WMARK_MIN;

	if (gfp & __GFP_HIGH)
		flags |= MYMM_ALLOC_MIN_RESERVE;
	if (gfp & __GFP_KSWAPD_RECLAIM)
		flags |= MYMM_ALLOC_KSWAPD;
	if (!(gfp & (__GFP_DIRECT_RECLAIM | __GFP_NOMEMALLOC))) {
		flags |= MYMM_ALLOC_NON_BLOCK;
		if (order && gfp & __GFP_HIGH)
			flags |= MYMM_ALLOC_HIGHATOMIC;
	}
	return flags;
}

static void report_failure(const struct mymm_request *request)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);

	if (request->list->nr)
		atomic_long_inc(&request->list->zone[0]->failed);
	if (!(request->gfp & __GFP_NOWARN) && __ratelimit(&limit))
		pr_warn("pool %s: page allocation failure: order:%u, zone %s and below, mode:%#x(%pGg)\n",
			request->pool->name, request->order,
			mymm_zone_name(request->highest),
			(__force unsigned int)request->gfp, &request->gfp);
}

/**
 * mymm_alloc_slowpath() - allocate when the first look at the zones gave nothing
 * @request: what is wanted
 *
 * Context: any but NMI; sleeps only with %__GFP_DIRECT_RECLAIM.
 * Return: the block's head, or NULL, and that has been told.
 */
struct mymm_frame *mymm_alloc_slowpath(const struct mymm_request *request)
{
	struct mymm_frame *block;

	block = mymm_get_block(request,
			       slow_flags(request->gfp, request->order));
	if (!block && request->gfp & __GFP_MEMALLOC &&
	    !(request->gfp & __GFP_NOMEMALLOC))
		block = mymm_get_block(request, MYMM_ALLOC_NO_WATERMARKS);
	if (!block)
		report_failure(request);
	return block;
}

/**
 * mymm_wake_boosted() - let kswapd know that a fallback has raised a watermark
 * @zone: whose
 *
 * Context: any but NMI, no lock of ours held.
 */
void mymm_wake_boosted(struct mymm_zone *zone)
{
	guard(raw_spinlock_irqsave)(&zone->lock);
	zone->flags &= ~BIT(MYMM_ZONE_BOOSTED);
}
