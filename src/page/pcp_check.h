/* SPDX-License-Identifier: GPL-2.0 */
/* The validator for a CPU's page lists. */
#ifndef _MYMM_PCP_CHECK_H
#define _MYMM_PCP_CHECK_H

struct mymm_finding;
struct mymm_pool;

int mymm_pcp_check_local(struct mymm_pool *pool, struct mymm_finding *finding);

#endif /* _MYMM_PCP_CHECK_H */
