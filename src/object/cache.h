/* SPDX-License-Identifier: GPL-2.0 */
/* A cache of objects of one size; cache/cache.c creates and destroys it. */
#ifndef _MYMM_CACHE_H
#define _MYMM_CACHE_H

#include <linux/bitops.h>
#include <linux/mm.h>

#include "object/alias.h"
#include "object/cache_stats.h"
#include "base/compat.h"
#include "object/engine.h"
#include "object/magazine.h"
#include "object/refuse.h"
#include "page/pool.h"
#include "object/sanitize.h"

/* Ends a freelist. Links are numbers of objects plus one: 0 is no link. */
#define MYMM_FREELIST_END 0xffff

/* In the frame of a slab that several caches share; no cache has this number. */
#define MYMM_SHARED MYMM_MAX_CACHES

/* The flags of a caller that apply to the allocation of a slab: how hard to try, no zones. */
#define MYMM_SLAB_GFP                                                   \
	(~(GFP_ZONEMASK | __GFP_ZERO | __GFP_COMP | __GFP_RECLAIMABLE | \
	   __GFP_WRITE | __GFP_ACCOUNT))

/* A slab can be larger than this only if one object is. */
#define MYMM_SLAB_MAX_ORDER 3

/* Those of them that make it a debug cache: see debug.c. */
#define MYMM_DEBUG_FLAGS                                         \
	(SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | \
	 SLAB_STORE_USER | SLAB_TRACE)

/* The flags of kmem_cache_create() that mean something here. */
#define MYMM_CACHE_FLAGS                                              \
	(SLAB_HWCACHE_ALIGN | SLAB_CACHE_DMA | SLAB_CACHE_DMA32 |     \
	 SLAB_RECLAIM_ACCOUNT | SLAB_TYPESAFE_BY_RCU | SLAB_KMALLOC | \
	 SLAB_NO_MERGE | MYMM_DEBUG_FLAGS)

/**
 * struct mymm_cache - objects of one size
 * @mag: the magazine of each CPU; changed as tunables.c describes
 * @mag_limit: objects that a magazine has room for, 0: none; likewise
 * @mag_batch: how many move between a magazine and the engine at once; likewise
 * @leave_gfp: flags for which an allocation leaves the fast path: those that ask for a
 *             cleared object; all of them if there is no memory, or the pool is dead
 * @id: its number in the pool; constant
 * @frame: the pool's frame table, and
 * @base: the address of its frame 0, and
 * @fast_bytes: the length of the pool's memory, copied here so that a free reads one cache
 *              line less; 0 if no free may take the fast path
 * @bytes: the same for other users; 0 if the pool is dead, so that mymm_cache_owns() nothing,
 *         and if there is no memory, so that nomem.c is called
 * @careful: there is no fast path: no memory, or a debug cache; constant
 * @tracks_free: the engine tracks which objects are free, see engine.h; constant
 * @key: of the cookies; the pool's; constant
 * @inverse: of the odd part of @size, and
 * @shift: of the even part: see mymm_cache_owns(); constant
 * @offset: of the cookie's word in a free object; constant
 * @size: bytes from one object to the next; constant
 * @object_size: bytes that the user may write; constant
 * @left: bytes from the beginning of a slot to the object; constant
 * @debug: of a debug cache, else NULL; constant
 * @pool: its pool; constant
 * @engine: its engine; constant
 * @ctor: constructor or NULL; constant
 * @flags: SLAB_*; constant
 * @gfp: flags for its slabs in addition to the caller's; constant
 * @useroffset: see struct mymm_cache_config; constant
 * @usersize: likewise
 * @align: of objects, bytes; constant
 * @order: of a slab; constant
 * @min_order: of a slab when no larger block is free; constant
 * @num: objects in a slab of @order; constant
 * @has_memory: the pool has memory; without, nothing is written into objects; constant
 * @engine_data: the engine's own; constant
 * @lists: index in the frame table of its lists of slabs: %MYMM_LISTS_PER_NODE of each node,
 *         for the engine to use; constant
 * @transfers: batches that are neither in a magazine nor with the engine at present
 * @moves: number of such batches so far
 * @quarantined: objects that were overwritten and are not allocated any more
 * @stats: counters since its creation
 * @nr_inuse: slob engine: objects in use; slob->lock
 * @list: in pool->caches; pool->lock
 * @names: list of its names, the newest first; see struct mymm_name
 * @nr_names: their number; written under mymm_cache_names_lock and pool->lock
 * @own: the first of its names
 * @dir: in /sys/kernel/mymm_slab, or NULL; mymm_cache_names_lock
 * @debug_dir: in debugfs mymm/caches, or NULL; mymm_cache_names_lock
 * @rcu: frees it
 * @creator: code and session that created it; constant
 * @name: constant
 */
struct mymm_cache {
	struct mymm_magazine __percpu *mag;
	unsigned long mag_limit;
	unsigned long mag_batch;
	gfp_t leave_gfp;
	struct mymm_frame *frame;
	void *base;
	unsigned long fast_bytes;
	u64 key;
	u16 id;
	bool tracks_free;
	bool careful;
	u32 inverse;
	u32 shift;
	unsigned int offset;

	unsigned long bytes;
	unsigned int size;
	unsigned int object_size;
	unsigned int left;
	struct mymm_debug *debug;
	struct mymm_pool *pool;
	const struct mymm_engine_ops *engine;
	void (*ctor)(void *obj);
	slab_flags_t flags;
	gfp_t gfp;
	unsigned int useroffset;
	unsigned int usersize;
	unsigned int align;
	unsigned int order;
	unsigned int min_order;
	unsigned int num;
	bool has_memory;
	void *engine_data;
	u32 lists;

	atomic_t transfers;
	atomic_t moves;
	atomic_long_t quarantined;
	struct mymm_cache_stats stats;

	unsigned long nr_inuse;

	struct list_head list;
	struct list_head names;
	unsigned int nr_names;
	struct mymm_name own;
	struct kobject *dir;
	struct dentry *debug_dir;
	struct rcu_head rcu;
	struct mymm_owner creator;
	char name[MYMM_NAME_MAX];
};

/*
 * Is an object to be cleared? With init_on_alloc=1 for any flags, except where a constructor
 * has written to it, or an RCU reader may still use it; and poison is kept visible.
 */
static inline bool mymm_cache_clears(const struct mymm_cache *cache, gfp_t gfp)
{
	if (cache->ctor || !cache->has_memory)
		return false;
	if (cache->flags & (SLAB_POISON | SLAB_TYPESAFE_BY_RCU))
		return gfp & __GFP_ZERO;
	return want_init_on_alloc(gfp);
}

/* Is the cookie's word behind the object, not in it? */
static inline bool mymm_cache_word_outside(const struct mymm_cache *cache)
{
	return cache->offset >= cache->object_size;
}

/*
 * The word in a free object: a cookie, which is the object's address under the pool's key;
 * its low 16 bits are 0 in a magazine, on a freelist one more than the number of the next
 * object or %MYMM_FREELIST_END, and %MYMM_QUARANTINED after damage.
 */
#define MYMM_IN_MAGAZINE 0
#define MYMM_QUARANTINED 0xfffe

static __always_inline u64 *mymm_cache_word(const struct mymm_cache *cache,
					    void *obj)
{
	return obj + cache->offset;
}

static __always_inline u64 mymm_word(const struct mymm_cache *cache, void *obj)
{
	return mymm_peek(mymm_cache_word(cache, obj));
}

static __always_inline void mymm_set_word(const struct mymm_cache *cache,
					  void *obj, u64 value)
{
	mymm_poke(mymm_cache_word(cache, obj), value);
}

static __always_inline u64 mymm_cache_cookie(const struct mymm_cache *cache,
					     const void *obj)
{
	return (u64)(unsigned long)obj ^ cache->key;
}

/* Does the object carry a cookie? An object in use does by chance, once in 2^48. */
static __always_inline bool
mymm_cache_looks_free(const struct mymm_cache *cache, void *obj)
{
	return (mymm_word(cache, obj) ^ mymm_cache_cookie(cache, obj)) <=
	       0xffff;
}

/* Does one of the cache's objects begin at @at of the pool, in a slab with this frame? */
static __always_inline bool mymm_cache_begins(const struct mymm_cache *cache,
					      const struct mymm_frame *frame,
					      unsigned long at)
{
	return likely(ror32((u32)at * cache->inverse - frame->start,
			    cache->shift) < frame->objects);
}

static __always_inline bool mymm_cache_owns_in(const struct mymm_cache *cache,
					       const void *obj,
					       unsigned long bytes)
{
	unsigned long at = (unsigned long)obj - (unsigned long)cache->base;
	const struct mymm_frame *frame;

	if (unlikely(at >= bytes))
		return false;
	frame = &cache->frame[at >> PAGE_SHIFT];
	if (unlikely(READ_ONCE(frame->cache) != cache->id))
		return false;
	return mymm_cache_begins(cache, frame, at);
}

/**
 * mymm_cache_owns() - does an object of this cache begin at this address?
 * @cache: the cache
 * @obj: any address
 *
 * Reads one frame. For the last step: with the size taken apart into an odd
 * factor and 2^@shift, an offset is a multiple of the size if and only if offset
 * times the inverse of the odd factor (modulo 2^32), rotated right by the shift, is
 * at most (2^32-1)/size; and then that is the quotient. The quotient must be below
 * the slab's number of objects, which is less, so one compare checks both. (Granlund
 * and Montgomery, "Division by invariant integers using multiplication", 1994, 9.)
 *
 * The offset in the slab is the difference of two addresses, and a difference may be
 * multiplied term by term: the slab's term stands in its frames, as @start.
 *
 * Return: whether it is; free or not.
 */
static __always_inline bool mymm_cache_owns(const struct mymm_cache *cache,
					    const void *obj)
{
	return mymm_cache_owns_in(cache, obj, cache->bytes);
}

/* The same for the fast path of a free; false if the free may not take that. */
static __always_inline bool mymm_cache_owns_fast(const struct mymm_cache *cache,
						 const void *obj)
{
	return mymm_cache_owns_in(cache, obj, cache->fast_bytes);
}

/* The same for a pool that may be dead, or have no memory. */
static inline bool mymm_cache_has(const struct mymm_cache *cache,
				  const void *obj)
{
	unsigned long at = (unsigned long)obj - (unsigned long)cache->base;
	const struct mymm_frame *frame;

	if (at >= cache->pool->bytes)
		return false;
	frame = &cache->frame[at >> PAGE_SHIFT];
	return READ_ONCE(frame->cache) == cache->id &&
	       ror32((u32)at * cache->inverse - READ_ONCE(frame->start),
		     cache->shift) < READ_ONCE(frame->objects);
}

/**
 * mymm_cache_of() - the cache that an address's frame belongs to
 * @pool: mymm_pool_contains() the address
 * @obj: the address
 *
 * Context: any; under rcu_read_lock(), as long as which the cache stays.
 * Return: the cache, or NULL if the frame is not of a slab.
 */
static inline struct mymm_cache *mymm_cache_of(struct mymm_pool *pool,
					       const void *obj)
{
	u32 id = READ_ONCE(pool->frame[mymm_pool_index(pool, obj)].cache);

	return id && id < MYMM_MAX_CACHES ?
		       rcu_dereference(pool->cache_by_id[id]) :
		       NULL;
}

#endif /* _MYMM_CACHE_H */
