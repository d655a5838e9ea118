/* SPDX-License-Identifier: GPL-2.0 */
/* Pages for a given owner, and what fast and slow paths share; mymm.h has the rest. */
#ifndef _MYMM_PAGE_ALLOC_H
#define _MYMM_PAGE_ALLOC_H

#include <linux/bitops.h>

#include "page/pageblock.h"
#include "page/pool.h"

/**
 * struct mymm_request - an allocation on its way
 * @pool: where from
 * @gfp: how
 * @order: what
 * @type: for what
 * @highest: the highest zone that will do
 * @node: the node to begin with
 * @list: the zones to ask, in order
 * @thisnode: zones of other nodes won't do
 */
struct mymm_request {
	struct mymm_pool *pool;
	gfp_t gfp;
	unsigned int order;
	enum mymm_migratetype type;
	enum mymm_zone_type highest;
	struct mymm_node *node;
	const struct mymm_zonelist *list;
	bool thisnode;
};

/* What is wanted by flags that do not contradict each other. */
static inline struct mymm_request mymm_request(struct mymm_pool *pool,
					       struct mymm_node *node,
					       gfp_t gfp, unsigned int order)
{
	return (struct mymm_request){
		.pool = pool,
		.gfp = gfp,
		.order = order,
		.type = mymm_gfp_type(pool, gfp),
		.highest = mymm_gfp_zone(gfp),
		.node = node,
		.list = &node->zonelist[mymm_gfp_zone(gfp)],
		.thisnode = gfp & __GFP_THISNODE,
	};
}

/* The next zone that a request may have, from the one with number *@i in its list on. */
static inline struct mymm_zone *
mymm_next_zone(const struct mymm_request *request, unsigned int *i)
{
	while (*i < request->list->nr) {
		struct mymm_zone *zone = request->list->zone[(*i)++];

		if (!request->thisnode || zone->node == request->node->id)
			return zone;
	}
	return NULL;
}

/*
 * The number of a frame of this pool; at least nr_frames if it is none, or one of the
 * list heads behind them, or no descriptor's beginning. A descriptor has 3 * 8 bytes,
 * so a multiplication and a rotation divide and test: see mymm_cache_owns().
 */
static __always_inline unsigned long
mymm_frame_number(const struct mymm_pool *pool, const struct mymm_frame *frame)
{
	u64 at = (unsigned long)frame - (unsigned long)pool->frame;

	return ror64(at * pool->inverse_of_3, 3);
}

static inline bool mymm_is_frame_of(const struct mymm_pool *pool,
				    const struct mymm_frame *frame)
{
	return mymm_frame_number(pool, frame) < pool->nr_frames;
}

struct mymm_frame *__mymm_alloc_pages(struct mymm_pool *pool, gfp_t gfp,
				      unsigned int order,
				      struct mymm_owner owner);
struct mymm_frame *__mymm_alloc_pages_node(struct mymm_pool *pool, int node,
					   gfp_t gfp, unsigned int order,
					   struct mymm_owner owner);
struct mymm_frame *mymm_get_block(const struct mymm_request *request,
				  unsigned int alloc_flags);
bool mymm_zone_serves(const struct mymm_request *request,
		      const struct mymm_zone *zone, unsigned int alloc_flags,
		      unsigned long free);

#endif /* _MYMM_PAGE_ALLOC_H */
