/* SPDX-License-Identifier: GPL-2.0 */
/* Requests for caches; cache_config.c. */
#ifndef _MYMM_CACHE_CACHE_CONFIG_H
#define _MYMM_CACHE_CACHE_CONFIG_H

#include "object/cache.h"

int mymm_cache_check_config(struct mymm_pool *pool,
			    const struct mymm_cache_config *config,
			    const struct mymm_engine_ops *engine);
unsigned int mymm_cache_alignment(const struct mymm_cache_config *config);
gfp_t mymm_cache_slab_gfp(slab_flags_t flags);

#endif /* _MYMM_CACHE_CACHE_CONFIG_H */
