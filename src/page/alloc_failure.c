// SPDX-License-Identifier: GPL-2.0
/*
 * Why an allocation of pages fails, in a word.
 *
 * A zone serves a request if a block of the order is free among those that the request may
 * have, and if enough frames stay free without it (watermark.c):
 *
 *	free frames < block                           empty
 *	no free block of the order                    fragmented
 *	free ones in the HighAtomic reserve alone     kept: "reserve"
 *	too few would stay, by lowmem_reserve or by
 *	what is free of the HighAtomic reserve        kept: "reserve"
 *	too few would stay, whatever is reserved      watermark
 *
 * The watermark is the one that the slow path tries last, before it gives up. Blocks in
 * per-CPU lists are not free; the slow path has drained them by then. What is said is of
 * now: others allocate and free meanwhile.
 */
#include "base/compat.h"
#include "page/alloc_failure.h"
#include "page/page_alloc.h"
#include "page/pcp.h"
#include "page/slowpath.h"

const char *const mymm_alloc_failure_names[MYMM_NR_FAILURES] = {
	[MYMM_FAILURE_NONE] = "none",
	[MYMM_FAILURE_NO_ZONE] = "no_zone",
	[MYMM_FAILURE_EMPTY] = "empty",
	[MYMM_FAILURE_FRAGMENTED] = "fragmented",
	[MYMM_FAILURE_RESERVE] = "reserve",
	[MYMM_FAILURE_WATERMARK] = "watermark",
};
MYMM_EXPORT_INTERNAL(mymm_alloc_failure_names);

/* Is a block of the order free, of the first @types migratetypes? */
static bool has_block(const struct mymm_zone_snapshot *snap, unsigned int order,
		      unsigned int types)
{
	unsigned int type;

	for (; order < MYMM_NR_ORDERS; order++)
		for (type = 0; type < types; type++)
			if (snap->nr_free_type[type][order])
				return true;
	return false;
}

/**
 * mymm_zone_failure_reason() - why a zone does not serve a request
 * @request: what is wanted
 * @zone: one of the zones that it may have
 *
 * Context: any but NMI, no zone's lock held.
 * Return: why; %MYMM_FAILURE_NONE if it would.
 */
enum mymm_alloc_failure
mymm_zone_failure_reason(const struct mymm_request *request,
			 struct mymm_zone *zone)
{
	const unsigned int flags = mymm_slowpath_flags(request);
	const unsigned int order = request->order;
	bool reserve = flags & (MYMM_ALLOC_HIGHATOMIC | MYMM_ALLOC_NON_BLOCK);
	struct mymm_zone_snapshot snap;
	unsigned long reserved;

	mymm_zone_read(zone, &snap);
	if (snap.free >> order == 0)
		return MYMM_FAILURE_EMPTY;
	if (!has_block(&snap, order, MYMM_NR_MIGRATETYPES))
		return MYMM_FAILURE_FRAGMENTED;
	if (!reserve && !has_block(&snap, order, MYMM_PCPTYPES))
		return MYMM_FAILURE_RESERVE;
	if (mymm_zone_serves(request, zone, flags, snap.free))
		return MYMM_FAILURE_NONE;
	reserved = READ_ONCE(zone->lowmem_reserve[request->highest]);
	if (!(flags & MYMM_ALLOC_RESERVES))
		reserved += READ_ONCE(zone->nr_free_highatomic);
	if (mymm_zone_serves(request, zone, flags, snap.free + reserved))
		return MYMM_FAILURE_RESERVE;
	return MYMM_FAILURE_WATERMARK;
}
MYMM_EXPORT_INTERNAL(mymm_zone_failure_reason);

/**
 * mymm_alloc_failure_reason() - why mymm_alloc_pages_node() fails
 * @pool: where from
 * @node: the node to begin with; %NUMA_NO_NODE: this CPU's
 * @gfp: the request's flags
 * @order: the block's order
 *
 * Of several zones the one that is nearest to serving it decides, see enum
 * mymm_alloc_failure. %__GFP_NOFAIL is not looked at.
 *
 * Context: any but NMI, no zone's lock held.
 * Return: why; %MYMM_FAILURE_NONE if it would succeed now; %MYMM_FAILURE_NO_ZONE for
 * a request that is refused, too.
 */
enum mymm_alloc_failure mymm_alloc_failure_reason(struct mymm_pool *pool,
						  int node, gfp_t gfp,
						  unsigned int order)
{
	enum mymm_alloc_failure reason = MYMM_FAILURE_NO_ZONE;
	struct mymm_request request;
	struct mymm_zone *zone;
	unsigned int i;

	if (order > MYMM_MAX_ORDER || mymm_gfp_zone(gfp) == MYMM_ZONE_NONE)
		return reason;
	request = mymm_request(pool,
			       node == NUMA_NO_NODE ? mymm_pool_local(pool) :
						      &pool->node_of[node],
			       gfp, order);
	for (i = 0; (zone = mymm_next_zone(&request, &i));) {
		enum mymm_alloc_failure here =
			mymm_zone_failure_reason(&request, zone);

		if (here == MYMM_FAILURE_NONE)
			return here;
		reason = max(reason, here);
	}
	return reason;
}
MYMM_EXPORT_INTERNAL(mymm_alloc_failure_reason);
