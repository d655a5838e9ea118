/* SPDX-License-Identifier: GPL-2.0 */
/* Per-CPU data of a pool: its life, its counters, where fast paths lead. */
#ifndef _MYMM_PCP_CPU_H
#define _MYMM_PCP_CPU_H

#include <linux/types.h>

struct mymm_pcp;
struct mymm_pool;
struct mymm_zone;

unsigned long mymm_pcp_allocated(const struct mymm_pcp *pcp);
int mymm_pcp_count(const struct mymm_pcp *pcp);
unsigned long mymm_pcp_frames(struct mymm_pool *pool,
			      const struct mymm_zone *zone);
unsigned long mymm_pcp_allocs(struct mymm_pool *pool,
			      const struct mymm_zone *zone,
			      unsigned long *blocks);
int mymm_pcp_create(struct mymm_pool *pool, unsigned int nr_zones);
void mymm_pcp_destroy(struct mymm_pool *pool);
void mymm_pcp_lists_init(struct mymm_pool *pool, u32 heads);
void mymm_pcp_kill(struct mymm_pool *pool);
void mymm_pcp_set_below_mark(struct mymm_zone *zone, bool below_mark);

#endif /* _MYMM_PCP_CPU_H */
