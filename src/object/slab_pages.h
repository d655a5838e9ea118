/* SPDX-License-Identifier: GPL-2.0 */
/* Slabs that are given back after a grace period. */
#ifndef _MYMM_SLAB_PAGES_H
#define _MYMM_SLAB_PAGES_H

#include <linux/types.h>

struct mymm_cache;
struct mymm_frame;
struct mymm_pool;

void mymm_cache_free_pages(struct mymm_cache *cache, struct mymm_frame *slab);
bool mymm_slabs_wait(struct mymm_pool *pool);

#endif /* _MYMM_SLAB_PAGES_H */
