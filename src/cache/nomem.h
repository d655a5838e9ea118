/* SPDX-License-Identifier: GPL-2.0 */
/* Objects of pools without memory; nomem.c. */
#ifndef _MYMM_NOMEM_H
#define _MYMM_NOMEM_H

#include "page/event.h"

struct mymm_cache;

void *mymm_nomem_alloc(struct mymm_cache *cache, gfp_t gfp,
		       struct mymm_owner owner);
int mymm_nomem_free(struct mymm_cache *cache, void *obj,
		    struct mymm_owner owner);
int mymm_nomem_alloc_bulk(struct mymm_cache *cache, gfp_t gfp, size_t nr,
			  void **objs, struct mymm_owner owner);
int mymm_nomem_free_bulk(struct mymm_cache *cache, size_t nr, void **objs,
			 struct mymm_owner owner);

#endif /* _MYMM_NOMEM_H */
