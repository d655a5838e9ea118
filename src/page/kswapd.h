/* SPDX-License-Identifier: GPL-2.0 */
/* A thread for each node that reclaims; struct mymm_kswapd is in reclaim.h. */
#ifndef _MYMM_KSWAPD_H
#define _MYMM_KSWAPD_H

#include "page/gfp_zone.h"

struct mymm_node;
struct mymm_pool;
struct mymm_zone;

int mymm_kswapd_run(struct mymm_pool *pool);
void mymm_kswapd_stop(struct mymm_pool *pool);
void mymm_kswapd_park(struct mymm_pool *pool);
void mymm_kswapd_unpark(struct mymm_pool *pool);
void mymm_kswapd_hold(struct mymm_pool *pool);
void mymm_kswapd_release(struct mymm_pool *pool);
void mymm_kswapd_step(struct mymm_pool *pool);
void mymm_kswapd_want(struct mymm_node *node, unsigned int order,
		      enum mymm_zone_type highest);
bool mymm_node_balanced(const struct mymm_node *node, unsigned int order,
			enum mymm_zone_type highest);
void mymm_wake_boosted(struct mymm_pool *pool, struct mymm_zone *zone);

#endif /* _MYMM_KSWAPD_H */
