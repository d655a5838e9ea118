/* SPDX-License-Identifier: GPL-2.0 */
/* Caches of the slub engine whose slabs are a page of 64 objects, asked past the magazines. */
#ifndef _MYMM_KUNIT_SLUBS_H
#define _MYMM_KUNIT_SLUBS_H

#include "lib/util.h"
#include "engine/slub/slub.h"

#define MYMM_IN_SLAB 64

struct mymm_cache *mymm_test_slub_cache(struct kunit *test,
					struct mymm_pool *pool,
					const char *name);

static inline struct mymm_slub_node *
mymm_test_slub_node(struct mymm_cache *cache, int node)
{
	return &mymm_slubs_of(cache)->node[node];
}

static inline struct mymm_slub_cpu *mymm_test_slub_cpu(struct mymm_cache *cache,
						       int cpu)
{
	return per_cpu_ptr(mymm_slubs_of(cache)->cpu, cpu);
}

static inline void mymm_test_give(struct mymm_cache *cache, unsigned int nr,
				  void **objs)
{
	cache->engine->free(cache, nr, objs);
}

/* The slab of an object, as the number of its frame. */
static inline u32 mymm_test_slab_at(struct mymm_cache *cache, const void *obj)
{
	return mymm_slub_frame_index(cache, mymm_slub_slab_of(cache, obj));
}

#endif /* _MYMM_KUNIT_SLUBS_H */
