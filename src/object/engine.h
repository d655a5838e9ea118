/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an engine is: a way to cut pages into objects. Add one by writing one file
 * with a struct mymm_engine_ops and naming it in mymm_engines[] (engine.c).
 */
#ifndef _MYMM_ENGINE_H
#define _MYMM_ENGINE_H

#include <linux/gfp.h>
#include <linux/types.h>

#include "page/event.h"

struct mymm_cache;
struct mymm_finding;
struct mymm_pool;
struct mymm_pool_config;

/* Nothing speaks against it. */
#define MYMM_ADMITTED MYMM_NR_REFUSALS

/* What a magazine is like: SLAB's tunables, and our own. */
struct mymm_tunables {
	unsigned int limit;
	unsigned int batchcount;
	unsigned int shared;
};

/* A line of /proc/myslabinfo, in the words of /proc/slabinfo. */
struct mymm_slabinfo {
	unsigned long active_objs;
	unsigned long num_objs;
	unsigned long active_slabs;
	unsigned long num_slabs;
	unsigned long shared_avail;
	struct mymm_tunables tunables;
};

/**
 * struct mymm_cache_slabs - the slabs that a cache has on one node
 * @slabs: all of them
 * @partial: those that have free objects, and are no CPU's
 * @cpu_slabs: those that are a CPU's
 * @objects: objects in use
 * @objects_partial: those of them that are in partial slabs
 * @total_objects: objects that there is room for
 */
struct mymm_cache_slabs {
	unsigned long slabs;
	unsigned long partial;
	unsigned long cpu_slabs;
	unsigned long objects;
	unsigned long objects_partial;
	unsigned long total_objects;
};

/**
 * struct mymm_slab_area - a slab, to who looks at it from the outside
 * @start: its first byte
 * @bytes: how many of them are not the engine's
 * @first: its first object
 * @objects: how many
 */
struct mymm_slab_area {
	void *start;
	size_t bytes;
	void *first;
	unsigned int objects;
};

/**
 * struct mymm_walk - somebody looks at the slabs of a debug cache
 * @fn: is called for each slab; returns whether it took free objects out of use, which it
 *       does by writing %MYMM_QUARANTINED into their word
 * @free: room for a bit for each object of a slab: when @fn is called, those that are set
 *        are on the freelist
 * @lost: objects that the engine found to be on no freelist any more, since a link of it was
 *        overwritten; it took them out of use
 */
struct mymm_walk {
	bool (*fn)(struct mymm_walk *walk, struct mymm_cache *cache,
		   const struct mymm_slab_area *slab);
	unsigned long *free;
	unsigned int lost;
};

/**
 * struct mymm_cache_limits - which slabs a cache keeps; SLUB's tunables
 * @min_partial: empty ones are kept on a node while it has fewer partial ones
 * @cpu_partial: for about so many free objects each CPU has partial slabs of its own
 */
struct mymm_cache_limits {
	unsigned long min_partial;
	unsigned int cpu_partial;
};

/**
 * struct mymm_engine_ops - one way to cut pages into objects
 * @name: what people call it
 * @needs_memory: it writes into the objects, so the pool must have memory
 * @typesafe: it can do %SLAB_TYPESAFE_BY_RCU: leaves objects as they are while they are free,
 *            and gives slabs back with mymm_cache_free_pages()
 * @pool_init: make what the engine needs in a new pool; may be NULL
 * @pool_exit: undo that, after the last cache, or if it failed or never was; may be NULL
 * @cache_init: settle the geometry of a new cache; -EINVAL if there is none, -ENOMEM;
 *              may sleep
 * @cache_exit: give back what @cache_init got; any context but hardirq; NULL: nothing
 * @alloc: get up to @nr objects; any context but NMI; returns how many, 0 only if
 *         there is no memory. They carry a magazine's cookie
 * @free: take @nr objects back that mymm_cache_owns() and that are not free; any
 *        context but NMI
 * @check_free: for caches that track what is free: what speaks against freeing @obj, any
 *         address, to this cache? %MYMM_ADMITTED: nothing. Changes nothing. Any context but NMI
 * @free_checked: the same, and %MYMM_ADMITTED means that the object is free now
 * @is_free: is @obj, which mymm_cache_owns(), on a freelist of the engine? Exact. In a
 *           pool without memory: is it held by no user?
 * @claim: where there is no memory for a cookie: note that @obj is held by a user, or is
 *         not any more; false, and nothing has changed, if it was so already or is no
 *         object; NULL if @needs_memory
 * @shrink: give empty slabs back, as many as wanted at most; returns how many
 * @discard: give all slabs back; no user holds an object, and what is not free is out of
 *           use; returns how many. NULL: no object of it is ever out of use
 * @empty: frames of empty slabs, which shrink could give back; about
 * @drain_cpu: a CPU is dead, or idle: its slabs are anybody's; NULL: no slab is a CPU's
 * @default_tunables: of the magazines of a new cache
 * @set_tunables: make shared arrays of another size; sleeps; -ENOMEM, and then nothing has
 *                changed; NULL if there is nothing to tune
 * @get_limits: which slabs it keeps; NULL: it has no such limits
 * @set_limits: change that, one caller at a time; -EINVAL with a line in the log
 * @cpu_partial: partial slabs that a CPU has
 * @reap: give back what was not used lately; every other second; NULL: never
 * @refill: get from the kernel what @alloc may not; sleeps; NULL: nothing
 * @get_slabinfo: one consistent moment
 * @count_slabs: the same by node, into %MYMM_MAX_NODES of them that are 0; NULL: it can't tell
 * @slab_area: what of the slab with this first frame is not the engine's; NULL: as @walk
 * @walk: show all slabs on lists, each under the lock of its freelist, which is made anew
 *         where it is broken; the caller has the lock of the debug cache. NULL: there can't
 *         be debug caches
 * @check: the first broken invariant of the cache's slabs, if any; -EUCLEAN then
 * @check_pool: the same for what belongs to no cache alone; adds the slabs of all caches of
 *              this engine to @slabs. NULL: get_slabinfo() counts each slab once
 *
 * An *exact* cache, which cache_init() says it is (@tracks_free), has no magazines, and no
 * cookies in its objects: each operation is the engine's at once, and so is the
 * judgement of what is freed; @is_free may be NULL then. Where the caches of an engine
 * share slabs, their frames carry %MYMM_SHARED.
 */
struct mymm_engine_ops {
	const char *name;
	bool needs_memory;
	bool typesafe;
	int (*pool_init)(struct mymm_pool *pool,
			 const struct mymm_pool_config *config);
	void (*pool_exit)(struct mymm_pool *pool);
	int (*cache_init)(struct mymm_cache *cache);
	void (*cache_exit)(struct mymm_cache *cache);
	unsigned int (*alloc)(struct mymm_cache *cache, gfp_t gfp,
			      unsigned int nr, void **objs);
	void (*free)(struct mymm_cache *cache, unsigned int nr, void **objs);
	bool (*is_free)(struct mymm_cache *cache, void *obj);
	enum mymm_refusal (*check_free)(struct mymm_cache *cache,
					const void *obj);
	enum mymm_refusal (*free_checked)(struct mymm_cache *cache,
					  const void *obj);
	bool (*claim)(struct mymm_cache *cache, void *obj, bool held);
	unsigned long (*shrink)(struct mymm_cache *cache, unsigned long slabs);
	unsigned long (*discard)(struct mymm_cache *cache);
	unsigned long (*empty)(const struct mymm_cache *cache);
	void (*drain_cpu)(struct mymm_cache *cache, int cpu);
	void (*default_tunables)(const struct mymm_cache *cache,
				 struct mymm_tunables *tunables);
	int (*set_tunables)(struct mymm_cache *cache,
			    const struct mymm_tunables *tunables);
	void (*get_limits)(const struct mymm_cache *cache,
			   struct mymm_cache_limits *limits);
	int (*set_limits)(struct mymm_cache *cache,
			  const struct mymm_cache_limits *limits);
	unsigned int (*cpu_partial)(const struct mymm_cache *cache, int cpu);
	void (*reap)(struct mymm_cache *cache);
	void (*refill)(struct mymm_cache *cache);
	void (*get_slabinfo)(struct mymm_cache *cache,
			     struct mymm_slabinfo *info);
	void (*count_slabs)(struct mymm_cache *cache,
			    struct mymm_cache_slabs *node);
	struct mymm_slab_area (*slab_area)(const struct mymm_cache *cache,
					   u32 head);
	void (*walk)(struct mymm_cache *cache, struct mymm_walk *walk);
	int (*check)(struct mymm_cache *cache, struct mymm_finding *finding);
	int (*check_pool)(struct mymm_pool *pool, unsigned long *slabs,
			  struct mymm_finding *finding);
};

extern const struct mymm_engine_ops mymm_slub_ops;
extern const struct mymm_engine_ops mymm_slob_ops;

int mymm_engines_begin(struct mymm_pool *pool,
		       const struct mymm_pool_config *config);
void mymm_engines_end(struct mymm_pool *pool);
int mymm_engines_check(struct mymm_pool *pool, unsigned long *slabs,
		       struct mymm_finding *finding);
extern const struct mymm_engine_ops mymm_slab_ops;

const struct mymm_engine_ops *mymm_engine_find(const char *name);

#endif /* _MYMM_ENGINE_H */
