/* SPDX-License-Identifier: GPL-2.0 */
/* Pools as a whole: how they end, and which is the default; mymm.h has the rest. */
#ifndef _MYMM_POOL_POOL_H
#define _MYMM_POOL_POOL_H

struct mymm_pool;

int mymm_pool_kill(struct mymm_pool *pool, const char *why);
void mymm_pool_set_default(struct mymm_pool *pool);
void mymm_pool_release(struct mymm_pool *pool);

#endif /* _MYMM_POOL_POOL_H */
