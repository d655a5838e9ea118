/* SPDX-License-Identifier: GPL-2.0 */
/* Reclaim, as a lock that lockdep knows; reclaim_map.c has the theory. */
#ifndef _MYMM_RECLAIM_MAP_H
#define _MYMM_RECLAIM_MAP_H

#include <linux/types.h>

struct mymm_pool;

#ifdef CONFIG_LOCKDEP
void mymm_reclaim_acquire(void);
void mymm_reclaim_release(void);
void mymm_might_reclaim(struct mymm_pool *pool, gfp_t gfp);
#else
static inline void mymm_reclaim_acquire(void)
{
}

static inline void mymm_reclaim_release(void)
{
}

static inline void mymm_might_reclaim(struct mymm_pool *pool, gfp_t gfp)
{
}
#endif

#endif /* _MYMM_RECLAIM_MAP_H */
