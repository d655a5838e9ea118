/* SPDX-License-Identifier: GPL-2.0 */
/* Magazines: exits of the fast paths, life, counters; magazine.c. */
#ifndef _MYMM_CACHE_MAGAZINE_H
#define _MYMM_CACHE_MAGAZINE_H

#include "object/cache.h"

struct mymm_magazine __percpu *mymm_magazine_alloc(unsigned int limit);
int mymm_magazine_create(struct mymm_cache *cache);
void mymm_magazine_destroy(struct mymm_cache *cache);
void *mymm_alloc_from_engine(struct mymm_cache *cache, gfp_t gfp);
void mymm_free_to_engine(struct mymm_cache *cache, void *obj);
size_t mymm_magazine_pop(struct mymm_cache *cache, size_t nr, void **objs);
size_t mymm_magazine_push(struct mymm_cache *cache, size_t nr, void **objs);
void *mymm_alloc_finish(struct mymm_cache *cache, void *obj, gfp_t gfp,
			struct mymm_owner owner);
void mymm_magazine_stats(struct mymm_cache *cache,
			 struct mymm_magazine_stats *stats);
void *__mymm_cache_alloc(struct mymm_cache *cache, gfp_t gfp,
			 struct mymm_owner owner);
int __mymm_cache_free(struct mymm_cache *cache, void *obj,
		      struct mymm_owner owner);
void *mymm_cache_alloc_unchecked(struct mymm_cache *cache, gfp_t gfp);
void mymm_cache_free_unchecked(struct mymm_cache *cache, void *obj);

#endif /* _MYMM_CACHE_MAGAZINE_H */
