/* SPDX-License-Identifier: GPL-2.0 */
/* The pages of slabs: allocated, counted, and freed, if need be after a grace period. */
#ifndef _MYMM_SLAB_PAGES_H
#define _MYMM_SLAB_PAGES_H

#include <linux/gfp.h>
#include <linux/types.h>

struct mymm_cache;
struct mymm_frame;
struct mymm_pool;

struct mymm_frame *mymm_cache_get_pages(struct mymm_cache *cache, int node,
					gfp_t gfp, unsigned int order);
void mymm_cache_count_pages(struct mymm_cache *cache,
			    const struct mymm_frame *slab, long sign);
void mymm_cache_free_pages(struct mymm_cache *cache, struct mymm_frame *slab);
bool mymm_slabs_wait(struct mymm_pool *pool);

#endif /* _MYMM_SLAB_PAGES_H */
