/* SPDX-License-Identifier: GPL-2.0 */
/* The page lists of all CPUs. */
#ifndef _MYMM_PCP_DRAIN_H
#define _MYMM_PCP_DRAIN_H

struct mymm_finding;
struct mymm_pool;

void mymm_pcp_drain_all(struct mymm_pool *pool);
void mymm_pcp_try_drain_all(struct mymm_pool *pool);
void mymm_pcp_retune_all(struct mymm_pool *pool);
int mymm_pcp_check_all(struct mymm_pool *pool, struct mymm_finding *finding);

#endif /* _MYMM_PCP_DRAIN_H */
