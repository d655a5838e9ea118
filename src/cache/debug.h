/* SPDX-License-Identifier: GPL-2.0 */
/* Debug caches; debug.c has the theory. */
#ifndef _MYMM_DEBUG_H
#define _MYMM_DEBUG_H

#include "cache/track.h"
#include "object/poison.h"

/* debug.c */
int mymm_debug_create(struct mymm_cache *cache);
int mymm_debug_begin(struct mymm_cache *cache);
void mymm_debug_destroy(struct mymm_cache *cache);
void *mymm_debug_alloc(struct mymm_cache *cache, gfp_t gfp, size_t bytes,
		       struct mymm_owner owner);
int mymm_debug_free(struct mymm_cache *cache, void *obj,
		    struct mymm_owner owner);
int mymm_debug_alloc_bulk(struct mymm_cache *cache, gfp_t gfp, size_t nr,
			  void **objs, struct mymm_owner owner);
int mymm_debug_free_bulk(struct mymm_cache *cache, size_t nr, void **objs,
			 struct mymm_owner owner);
bool mymm_debug_in_use(struct mymm_cache *cache, void *obj);
size_t mymm_debug_size(struct mymm_cache *cache, void *obj);
void mymm_debug_resize(struct mymm_cache *cache, void *obj, size_t bytes);

/* debug_validate.c */
void mymm_debug_report_lost(struct mymm_cache *cache, unsigned int lost);
unsigned long mymm_cache_validate(struct mymm_cache *cache);
unsigned long mymm_pool_validate(struct mymm_pool *pool);

/* debug_report.c */
void mymm_debug_count(struct mymm_cache *cache,
		      const struct mymm_damage *damage);
void mymm_debug_report(struct mymm_cache *cache,
		       const struct mymm_damage *damage);
void mymm_debug_trace(struct mymm_cache *cache, const char *what,
		      const void *obj, struct mymm_owner owner);

/* debug_param.c */
int mymm_debug_check_text(const char *text);
slab_flags_t mymm_debug_flags_of(const char *text, const char *name,
				 bool *spare_order);

#endif /* _MYMM_DEBUG_H */
