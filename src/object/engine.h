/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface of an engine, which cuts pages into objects. To add one, write one file with
 * a struct mymm_engine_ops, and name it in mymm_engines[] (cache/engine.c).
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

/* Result of a check: not refused. */
#define MYMM_ADMITTED MYMM_NR_REFUSALS

/* SLAB's tunables; tunables.c describes them. */
struct mymm_tunables {
	unsigned int limit;
	unsigned int batchcount;
	unsigned int shared;
};

/* The numbers of a line of /proc/myslabinfo, named as in /proc/slabinfo. */
struct mymm_slabinfo {
	unsigned long active_objs;
	unsigned long num_objs;
	unsigned long active_slabs;
	unsigned long num_slabs;
	unsigned long shared_avail;
	struct mymm_tunables tunables;
};

/**
 * struct mymm_cache_slabs - numbers of a cache's slabs on one node
 * @slabs: all of them
 * @partial: those on the node's list that have free objects
 * @cpu_slabs: those that belong to CPUs
 * @objects: objects in use
 * @objects_partial: those of them in @partial
 * @total_objects: slots
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
 * struct mymm_slab_area - the part of a slab that holds objects and padding
 * @start: its first byte
 * @bytes: its length, without what the engine uses itself
 * @first: its first object
 * @objects: their number
 */
struct mymm_slab_area {
	void *start;
	size_t bytes;
	void *first;
	unsigned int objects;
};

/**
 * struct mymm_walk - a walk over the slabs of a debug cache
 * @fn: called for each slab; returns whether it has quarantined free objects, which it does
 *      by writing %MYMM_QUARANTINED into their word
 * @free: room for a bit for each object of a slab; at the call of @fn those on the freelist
 *        are set
 * @lost: objects that the engine found to be missing in a freelist, since a link of it was
 *        overwritten; it has quarantined them
 */
struct mymm_walk {
	bool (*fn)(struct mymm_walk *walk, struct mymm_cache *cache,
		   const struct mymm_slab_area *slab);
	unsigned long *free;
	unsigned int lost;
};

/**
 * struct mymm_cache_limits - how many slabs a cache keeps; SLUB's tunables
 * @min_partial: empty slabs are kept on a node while its list has fewer partial ones
 * @cpu_partial: free objects, approximately, in the partial slabs of each CPU
 */
struct mymm_cache_limits {
	unsigned long min_partial;
	unsigned int cpu_partial;
};

/**
 * struct mymm_engine_ops - an engine: its properties and functions
 *
 * A cache with @tracks_free, which cache_init() sets, has no magazines, and no cookies in its
 * objects: each alloc and free calls the engine, which also checks what is freed. Where the
 * caches of an engine share slabs, the frames of these carry %MYMM_SHARED.
 */
struct mymm_engine_ops {
	/** @name: in parameters and messages */
	const char *name;

	/** @needs_memory: it writes into objects, so the pool must have memory */
	bool needs_memory;

	/**
	 * @typesafe: it supports %SLAB_TYPESAFE_BY_RCU: does not write into free objects, and
	 * gives slabs back with mymm_cache_free_pages()
	 */
	bool typesafe;

	/** @pool_init: allocate what the engine needs in a new pool; may be NULL */
	int (*pool_init)(struct mymm_pool *pool,
			 const struct mymm_pool_config *config);

	/**
	 * @pool_exit: undo @pool_init, after the last cache; also if that has failed, or was
	 * not called; may be NULL
	 */
	void (*pool_exit)(struct mymm_pool *pool);

	/**
	 * @cache_init: compute the geometry of a new cache; may sleep. Returns -EINVAL if no
	 * slab can hold an object, or -ENOMEM
	 */
	int (*cache_init)(struct mymm_cache *cache);

	/** @cache_exit: undo @cache_init; any context but hardirq; NULL: nothing to undo */
	void (*cache_exit)(struct mymm_cache *cache);

	/**
	 * @alloc: allocate up to @nr objects; any context but NMI. Returns how many, 0 only if
	 * there is no memory. They carry the magazine's cookie
	 */
	unsigned int (*alloc)(struct mymm_cache *cache, gfp_t gfp,
			      unsigned int nr, void **objs);

	/**
	 * @free: free @nr objects that mymm_cache_owns() and that are in use; any context but
	 * NMI
	 */
	void (*free)(struct mymm_cache *cache, unsigned int nr, void **objs);

	/**
	 * @is_free: is @obj, which mymm_cache_owns(), on a freelist of the engine? In a pool
	 * without memory: is it held by no user? NULL if its caches have @tracks_free
	 */
	bool (*is_free)(struct mymm_cache *cache, void *obj);

	/**
	 * @check_free: for caches with @tracks_free: the reason to refuse a free of @obj, any
	 * address, or %MYMM_ADMITTED; changes nothing; any context but NMI
	 */
	enum mymm_refusal (*check_free)(struct mymm_cache *cache,
					const void *obj);

	/** @free_checked: the same, and free the object on %MYMM_ADMITTED */
	enum mymm_refusal (*free_checked)(struct mymm_cache *cache,
					  const void *obj);

	/**
	 * @claim: in a pool without memory: mark @obj as held by a user, or as not held.
	 * Returns false, and changes nothing, if the mark is the same already, or @obj is no
	 * object. NULL if @needs_memory
	 */
	bool (*claim)(struct mymm_cache *cache, void *obj, bool held);

	/** @shrink: give back up to @slabs empty slabs; returns how many */
	unsigned long (*shrink)(struct mymm_cache *cache, unsigned long slabs);

	/**
	 * @discard: give back all slabs, when no user holds an object and those that are not
	 * free are quarantined; returns how many. NULL: the engine never quarantines
	 */
	unsigned long (*discard)(struct mymm_cache *cache);

	/** @empty: frames of empty slabs, which @shrink could give back; approximate */
	unsigned long (*empty)(const struct mymm_cache *cache);

	/** @drain_cpu: take the slabs of a dead or idle CPU; NULL: no slab belongs to a CPU */
	void (*drain_cpu)(struct mymm_cache *cache, int cpu);

	/** @default_tunables: the tunables of a new cache */
	void (*default_tunables)(const struct mymm_cache *cache,
				 struct mymm_tunables *tunables);

	/**
	 * @set_tunables: resize the shared arrays; sleeps. Returns -ENOMEM, and then nothing
	 * has changed. NULL: there are no tunables
	 */
	int (*set_tunables)(struct mymm_cache *cache,
			    const struct mymm_tunables *tunables);

	/** @get_limits: how many slabs it keeps; NULL: it has no such limits */
	void (*get_limits)(const struct mymm_cache *cache,
			   struct mymm_cache_limits *limits);

	/** @set_limits: change these, under pool->lock; -EINVAL with a line in the log */
	int (*set_limits)(struct mymm_cache *cache,
			  const struct mymm_cache_limits *limits);

	/** @cpu_partial: number of a CPU's partial slabs */
	unsigned int (*cpu_partial)(const struct mymm_cache *cache, int cpu);

	/** @reap: every two seconds: give back what was not used lately; NULL: nothing */
	void (*reap)(struct mymm_cache *cache);

	/** @refill: allocate from the kernel what @alloc can't; sleeps; NULL: nothing */
	void (*refill)(struct mymm_cache *cache);

	/** @get_slabinfo: the numbers of one consistent moment */
	void (*get_slabinfo)(struct mymm_cache *cache,
			     struct mymm_slabinfo *info);

	/**
	 * @count_slabs: numbers by node, into %MYMM_MAX_NODES structs that are 0; NULL: they
	 * are not known
	 */
	void (*count_slabs)(struct mymm_cache *cache,
			    struct mymm_cache_slabs *node);

	/** @slab_area: the objects and padding of the slab with first frame @head; NULL as @walk */
	struct mymm_slab_area (*slab_area)(const struct mymm_cache *cache,
					   u32 head);

	/**
	 * @walk: call a function for all slabs, each under the lock of its freelist, which is
	 * rebuilt if it is broken; the caller holds the lock of the debug cache. NULL: debug
	 * caches are not supported
	 */
	void (*walk)(struct mymm_cache *cache, struct mymm_walk *walk);

	/** @check: check the invariants of the cache's slabs; -EUCLEAN at the first fault */
	int (*check)(struct mymm_cache *cache, struct mymm_finding *finding);

	/**
	 * @check_pool: the same for what belongs to no single cache; adds the slabs of all
	 * caches of this engine to @slabs. NULL: @get_slabinfo counts each slab once
	 */
	int (*check_pool)(struct mymm_pool *pool, unsigned long *slabs,
			  struct mymm_finding *finding);
};

extern const struct mymm_engine_ops mymm_slub_ops;
extern const struct mymm_engine_ops mymm_slab_ops;
extern const struct mymm_engine_ops mymm_slob_ops;

#endif /* _MYMM_ENGINE_H */
