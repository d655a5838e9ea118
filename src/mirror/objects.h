/* SPDX-License-Identifier: GPL-2.0 */
/* Objects of the running kernel's caches; objects.c repeats them. */
#ifndef _MYMM_MIRROR_OBJECTS_H
#define _MYMM_MIRROR_OBJECTS_H

#include "mirror/mirror.h"

struct kmem_cache;

/* kernel_caches.c */
int mymm_real_caches_init(void);
const struct kmem_cache *mymm_real_cache_of(const void *object);
const char *mymm_real_cache_name(const struct kmem_cache *cache);

/* objects.c */
void mymm_objects_repeat(const struct kmem_cache *cache, const void *object,
			 bool allocated,
			 struct mymm_mirror_counts __percpu *counts);

#endif /* _MYMM_MIRROR_OBJECTS_H */
