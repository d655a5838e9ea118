/* SPDX-License-Identifier: GPL-2.0 */
/* The slab layer's shrinker. */
#ifndef _MYMM_SHRINKER_H
#define _MYMM_SHRINKER_H

struct mymm_pool;

int mymm_cache_shrinker_init(struct mymm_pool *pool);
void mymm_cache_shrinker_exit(struct mymm_pool *pool);

#endif /* _MYMM_SHRINKER_H */
