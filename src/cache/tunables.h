/* SPDX-License-Identifier: GPL-2.0 */
/* Tunables of caches; tunables.c. */
#ifndef _MYMM_CACHE_TUNABLES_H
#define _MYMM_CACHE_TUNABLES_H

#include "object/cache.h"

int mymm_cache_tune(struct mymm_cache *cache,
		    const struct mymm_tunables *tunables);

#endif /* _MYMM_CACHE_TUNABLES_H */
