/* SPDX-License-Identifier: GPL-2.0 */
/* Creation and destruction of caches; cache.c. */
#ifndef _MYMM_CACHE_CACHE_H
#define _MYMM_CACHE_CACHE_H

#include "object/cache.h"

struct mymm_cache *__mymm_cache_create(struct mymm_pool *pool,
				       const struct mymm_cache_config *config,
				       struct mymm_owner creator);
int mymm_name_close(struct mymm_name *name, unsigned long *live);
int mymm_cache_destroy_count(struct mymm_cache *cache, unsigned long *live);
unsigned long mymm_cache_live(struct mymm_cache *cache);
void mymm_cache_report(struct mymm_cache *cache, const char *what);
void mymm_caches_wait(void);
void mymm_cache_kill_all(struct mymm_pool *pool);
void mymm_cache_release_all(struct mymm_pool *pool);

#endif /* _MYMM_CACHE_CACHE_H */
