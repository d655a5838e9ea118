/* SPDX-License-Identifier: GPL-2.0 */
/* What a pool is to consist of; layout.c understands it and lays it out. */
#ifndef _MYMM_LAYOUT_H
#define _MYMM_LAYOUT_H

#include "mymm.h"
#include "page/zone.h"

struct mymm_pool;

/**
 * struct mymm_layout - what a description asks for
 * @pages: of each zone of each node
 * @distance: from each node to each
 * @nr_nodes: nodes
 * @total: pages of all zones
 * @smallest: pages of the smallest zone
 * @nr_zones: zones that have pages
 */
struct mymm_layout {
	unsigned long pages[MYMM_MAX_NODES][MYMM_NR_ZONE_TYPES];
	unsigned int distance[MYMM_MAX_NODES][MYMM_MAX_NODES];
	unsigned int nr_nodes;
	unsigned long total;
	unsigned long smallest;
	unsigned int nr_zones;
};

int mymm_layout_parse(const struct mymm_pool_config *config,
		      struct mymm_layout *layout);
int mymm_layout_apply(struct mymm_pool *pool, const struct mymm_layout *layout,
		      const struct mymm_pool_config *config);

#endif /* _MYMM_LAYOUT_H */
