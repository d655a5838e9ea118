/* SPDX-License-Identifier: GPL-2.0 */
/* Where objects and slabs are, for slub.c and slub_check.c. */
#ifndef _MYMM_SLUB_H
#define _MYMM_SLUB_H

#include "cache.h"

struct mymm_finding;

static inline struct mymm_frame *slab_of(const struct mymm_cache *cache,
					 const void *obj)
{
	u32 idx = (obj - cache->base) >> PAGE_SHIFT;
	unsigned int order = mymm_tag_order(READ_ONCE(cache->frame[idx].tag));

	/* A slab is a block, so it is aligned to its size. */
	return &cache->frame[idx & ~((1U << order) - 1)];
}

static inline u32 frame_index(const struct mymm_cache *cache,
			      const struct mymm_frame *slab)
{
	return slab - cache->frame;
}

static inline void *slab_address(const struct mymm_cache *cache,
				 const struct mymm_frame *slab)
{
	return cache->base +
	       ((unsigned long)frame_index(cache, slab) << PAGE_SHIFT);
}

/* Its first object; in a debug cache something comes before it. */
static inline void *slab_objects(const struct mymm_cache *cache,
				 const struct mymm_frame *slab)
{
	return slab_address(cache, slab) + cache->left;
}

/* The number in its slab of an object that mymm_cache_owns(). */
static inline u32 object_number(const struct mymm_cache *cache,
				const struct mymm_frame *slab, const void *obj)
{
	u32 at = obj - cache->base;

	return ror32(at * cache->inverse - slab->start, cache->shift);
}

static inline void set_link(const struct mymm_cache *cache, void *obj, u64 link)
{
	*mymm_cache_word(cache, obj) = mymm_cache_cookie(cache, obj) ^ link;
}

/* More than 16 bits if the object was written to. */
static inline u64 get_link(const struct mymm_cache *cache, void *obj)
{
	return *mymm_cache_word(cache, obj) ^ mymm_cache_cookie(cache, obj);
}

/* The object that a link leads to; NULL if it leads nowhere in this slab. */
static inline void *follow(const struct mymm_cache *cache,
			   const struct mymm_frame *slab, u64 link)
{
	if (link - 1 >= slab->objects)
		return NULL;
	return slab_objects(cache, slab) + (link - 1) * cache->size;
}

void mymm_slub_count(struct mymm_cache *cache, struct mymm_slab_count *node);
int mymm_slub_check(struct mymm_cache *cache, struct mymm_finding *finding);

#endif /* _MYMM_SLUB_H */
