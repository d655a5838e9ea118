/* SPDX-License-Identifier: GPL-2.0 */
/* Pools as a whole: how they end, and which is the default; mymm.h has the rest. */
#ifndef _MYMM_POOL_POOL_H
#define _MYMM_POOL_POOL_H

struct mymm_pool;
struct mymm_pool_config;

struct mymm_pool *__mymm_pool_create(const struct mymm_pool_config *config);
int mymm_pool_kill(struct mymm_pool *pool, const char *why);
int mymm_pool_without(const char *text, unsigned int *flags);
void mymm_pool_set_default(struct mymm_pool *pool);

#endif /* _MYMM_POOL_POOL_H */
