/* SPDX-License-Identifier: GPL-2.0 */
/* A node gives frames back, rather than that another is asked; node_reclaim.c has the theory. */
#ifndef _MYMM_NODE_RECLAIM_H
#define _MYMM_NODE_RECLAIM_H

#include <linux/types.h>

struct mymm_pool;
struct mymm_request;
struct mymm_zone;

/* Bits of /proc/sys/mymm/zone_reclaim_mode, as in Linux. Any other bit has it reclaim, too. */
#define MYMM_RECLAIM_ZONE 1
#define MYMM_RECLAIM_WRITE 2
#define MYMM_RECLAIM_UNMAP 4

bool mymm_node_reclaim(const struct mymm_request *request,
		       const struct mymm_zone *zone);
void mymm_node_reclaim_init(struct mymm_pool *pool);

#endif /* _MYMM_NODE_RECLAIM_H */
