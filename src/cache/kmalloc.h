/* SPDX-License-Identifier: GPL-2.0 */
/* Size classes; kmalloc.c has the list. */
#ifndef _MYMM_KMALLOC_H
#define _MYMM_KMALLOC_H

#include "object/cache.h"

void mymm_kmalloc_begin(void);
int mymm_kmalloc_init(struct mymm_pool *pool);
void mymm_kmalloc_forget(struct mymm_pool *pool);
void *__mymm_kmalloc(struct mymm_pool *pool, size_t size, gfp_t gfp,
		     struct mymm_owner owner);
int __mymm_kfree(struct mymm_pool *pool, const void *ptr,
		 struct mymm_owner owner);
void *__mymm_krealloc(struct mymm_pool *pool, void *ptr, size_t size, gfp_t gfp,
		      struct mymm_owner owner);
struct mymm_cache *mymm_kmalloc_cache(struct mymm_pool *pool, size_t size,
				      gfp_t gfp);
size_t mymm_slot_size(struct mymm_pool *pool, const void *obj);

#endif /* _MYMM_KMALLOC_H */
