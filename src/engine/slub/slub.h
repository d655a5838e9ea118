/* SPDX-License-Identifier: GPL-2.0 */
/* A cache of the slub engine: nodes, CPUs, slabs and objects; slub.c has the picture. */
#ifndef _MYMM_SLUB_H
#define _MYMM_SLUB_H

#include <linux/percpu.h>
#include <linux/spinlock.h>

#include "object/cache.h"
#include "page/zone.h"

struct mymm_finding;

/* The lists of a node's slabs, in the order that cache.c has them. */
enum mymm_slub_list {
	MYMM_SLUB_PARTIAL,
	MYMM_SLUB_FULL,
	MYMM_NR_SLUB_LISTS,
};

static_assert((int)MYMM_NR_SLUB_LISTS <= MYMM_LISTS_PER_NODE,
	      "the frame table has the heads of a cache's lists");

/*
 * The owner of a slab, in @prev of its first frame: this bit and the number of a CPU; or
 * MYMM_SLUB_UNOWNED; or the number of a frame or list head, if it is on a list of its node.
 */
#define MYMM_SLUB_CPU 0x80000000U
#define MYMM_SLUB_UNOWNED (~0U)

/**
 * struct mymm_slub_node - what a cache has on one node
 * @lock: protects the rest, and the slabs on the node's lists
 * @nr_slabs: slabs of this node, including those of CPUs
 * @nr_objects: slots in them
 * @nr_frozen: those of @nr_slabs that belong to CPUs
 * @frozen_objects: slots in these
 * @nr_partial: slabs on the partial list
 * @nr_empty: of these, slabs with no object in use
 * @nr_inuse: objects in use in slabs on both lists
 */
struct mymm_slub_node {
	raw_spinlock_t lock ____cacheline_aligned_in_smp;
	unsigned long nr_slabs;
	unsigned long nr_objects;
	unsigned long nr_frozen;
	unsigned long frozen_objects;
	unsigned long nr_partial;
	unsigned long nr_empty;
	unsigned long nr_inuse;
};

/**
 * struct mymm_slub_cpu - the slabs of one CPU
 * @lock: protects the rest, and these slabs
 * @active: the slab that it allocates from, or %MYMM_NO_FRAME
 * @partial: first of a list of partial slabs, linked by @next; or %MYMM_NO_FRAME
 * @nr_partial: length of that list
 * @nr_slabs: @nr_partial, and the active one; changes under the lock of the slab's node, too
 * @nr_empty: of @nr_slabs, those with no object in use
 * @nr_inuse: objects in use in all of them. When a slab comes or leaves, this changes under
 *            the lock of its node, too
 */
struct mymm_slub_cpu {
	raw_spinlock_t lock;
	u32 active;
	u32 partial;
	unsigned int nr_partial;
	unsigned long nr_slabs;
	unsigned long nr_empty;
	unsigned long nr_inuse;
};

/**
 * struct mymm_slubs - the slub engine's part of a cache
 * @limits: how many slabs it keeps; as last set
 * @cpu_slabs: limits.cpu_partial as a number of slabs
 * @seed: for the place in @sequence where a slab begins; constant
 * @sequence: order in which a slab's objects are allocated; NULL: by address; constant
 * @cpu: by CPU
 * @nr_nodes: members of @node; constant
 * @node: by number
 */
struct mymm_slubs {
	struct mymm_cache_limits limits;
	unsigned int cpu_slabs;
	u32 seed;
	u16 *sequence;
	struct mymm_slub_cpu __percpu *cpu;
	unsigned int nr_nodes;
	struct mymm_slub_node node[];
};

static inline struct mymm_slubs *mymm_slubs_of(const struct mymm_cache *cache)
{
	return cache->engine_data;
}

/* The head of a list. */
static inline u32 mymm_slub_list(const struct mymm_cache *cache, int node,
				 enum mymm_slub_list list)
{
	return cache->lists + node * MYMM_LISTS_PER_NODE + list;
}

/* The node that an allocated block is on. */
static inline int mymm_slub_node_of(const struct mymm_cache *cache,
				    const struct mymm_frame *slab)
{
	return mymm_pool_zone(cache->pool, READ_ONCE(slab->tag))->node;
}

static inline struct mymm_frame *
mymm_slub_slab_of(const struct mymm_cache *cache, const void *obj)
{
	u32 idx = (obj - cache->base) >> PAGE_SHIFT;
	unsigned int order = mymm_tag_order(READ_ONCE(cache->frame[idx].tag));

	/* A slab is a block, so it is aligned to its size. */
	return &cache->frame[idx & ~((1U << order) - 1)];
}

static inline u32 mymm_slub_frame_index(const struct mymm_cache *cache,
					const struct mymm_frame *slab)
{
	return slab - cache->frame;
}

static inline void *mymm_slub_slab_address(const struct mymm_cache *cache,
					   const struct mymm_frame *slab)
{
	return cache->base + ((unsigned long)mymm_slub_frame_index(cache, slab)
			      << PAGE_SHIFT);
}

/* The first object of a slab; in a debug cache a red zone precedes it. */
static inline void *mymm_slub_slab_objects(const struct mymm_cache *cache,
					   const struct mymm_frame *slab)
{
	return mymm_slub_slab_address(cache, slab) + cache->left;
}

/* The number in its slab of an object that mymm_cache_owns(). */
static inline u32 mymm_slub_object_number(const struct mymm_cache *cache,
					  const struct mymm_frame *slab,
					  const void *obj)
{
	u32 at = obj - cache->base;

	return ror32(at * cache->inverse - slab->start, cache->shift);
}

static inline void mymm_slub_set_link(const struct mymm_cache *cache, void *obj,
				      u64 link)
{
	mymm_set_word(cache, obj, mymm_cache_cookie(cache, obj) ^ link);
}

/* More than 16 bits if the object was written to. */
static inline u64 mymm_slub_get_link(const struct mymm_cache *cache, void *obj)
{
	return mymm_word(cache, obj) ^ mymm_cache_cookie(cache, obj);
}

/* The object that a link leads to; NULL if the link is none of this slab. */
static inline void *mymm_slub_follow(const struct mymm_cache *cache,
				     const struct mymm_frame *slab, u64 link)
{
	if (link - 1 >= slab->objects)
		return NULL;
	return mymm_slub_slab_objects(cache, slab) + (link - 1) * cache->size;
}

/* slub.c */
unsigned int mymm_slub_rebuild_freelist(struct mymm_cache *cache,
					struct mymm_frame *slab);
unsigned int mymm_slub_alloc(struct mymm_cache *cache, gfp_t gfp,
			     unsigned int nr, void **objs);
void mymm_slub_free(struct mymm_cache *cache, unsigned int nr, void **objs);
bool mymm_slub_is_free(struct mymm_cache *cache, void *obj);

/* slub_grow.c */
struct mymm_frame *mymm_slub_make(struct mymm_cache *cache, gfp_t gfp);
unsigned long mymm_slub_give_back(struct mymm_cache *cache, u32 first);
struct mymm_slab_area mymm_slub_area(const struct mymm_cache *cache, u32 head);

/* slub_cpu.c */
void mymm_slub_adopt(struct mymm_cache *cache, struct mymm_slub_cpu *c,
		     struct mymm_frame *slab);
bool mymm_slub_next(struct mymm_cache *cache, struct mymm_slub_cpu *c,
		    gfp_t gfp, bool any);
void mymm_slub_retire(struct mymm_cache *cache, struct mymm_slub_cpu *c);
void mymm_slub_freeze(struct mymm_cache *cache, struct mymm_slub_cpu *c,
		      struct mymm_slub_node *n, struct mymm_frame *slab);
void mymm_slub_push(struct mymm_cache *cache, struct mymm_slub_cpu *c,
		    struct mymm_frame *slab);
u32 mymm_slub_unfreeze(struct mymm_cache *cache, struct mymm_slub_cpu *c,
		       u32 first, bool keep, u32 empty);
u32 mymm_slub_drop(struct mymm_cache *cache, struct mymm_slub_node *n,
		   struct mymm_frame *slab, u32 empty);
u32 mymm_slub_unfreeze_cpu(struct mymm_cache *cache, int cpu, bool keep);
void mymm_slub_drain_cpu(struct mymm_cache *cache, int cpu);

/* slub_walk.c */
void mymm_slub_walk(struct mymm_cache *cache, struct mymm_walk *walk);

/* slub_count.c */
unsigned long mymm_slub_lock_nodes(struct mymm_slubs *s);
void mymm_slub_unlock_nodes(struct mymm_slubs *s, unsigned long flags);
void mymm_slub_slabinfo(struct mymm_cache *cache, struct mymm_slabinfo *info);
void mymm_slub_count(struct mymm_cache *cache, struct mymm_cache_slabs *node);

/* slub_check.c */
int mymm_slub_check(struct mymm_cache *cache, struct mymm_finding *finding);

#endif /* _MYMM_SLUB_H */
