/* SPDX-License-Identifier: GPL-2.0 */
/* Magazines: a few free objects for each CPU; magazine.c has the protocol. */
#ifndef _MYMM_MAGAZINE_H
#define _MYMM_MAGAZINE_H

#include <linux/cpumask.h>
#include <linux/types.h>

#include "page/event.h"
#include "base/local_trylock.h"

struct mymm_cache;
struct mymm_tunables;
struct mymm_pool;

/* The most objects of a transfer between a magazine and the engine. */
#define MYMM_BATCH_OBJECTS 64UL

/**
 * struct mymm_magazine - free objects of one CPU
 * @lock: local trylock, held while it is in use
 * @count: objects in @objs
 * @alloc_hits: allocations served from here
 * @alloc_misses: allocations that went on to the engine
 * @free_misses: frees that went on to the engine
 * @moved: objects that came from the engine, less those that went there; the number of
 *         frees into the magazine follows from this and the others, without a counter
 * @trim_hits: @alloc_hits at the last trim
 * @reap_hits: @alloc_hits at the reaper's last run
 * @objs: the objects, the most recently freed last
 *
 * Only its own CPU touches it, with preemption off; counters may be read by all.
 */
struct mymm_magazine {
	struct mymm_local_lock lock;
	unsigned long count;
	unsigned long alloc_hits;
	unsigned long alloc_misses;
	unsigned long free_misses;
	unsigned long moved;
	unsigned long trim_hits;
	unsigned long reap_hits;
	void *objs[];
};

/* The counters of all CPUs together. */
struct mymm_magazine_stats {
	unsigned long objects;
	unsigned long alloc_hits;
	unsigned long alloc_misses;
	unsigned long free_hits;
	unsigned long free_misses;
	unsigned long collisions;
};

/* magazine.c */
struct mymm_magazine __percpu *mymm_magazine_alloc(unsigned int limit);
int mymm_magazine_create(struct mymm_cache *cache);
void mymm_magazine_destroy(struct mymm_cache *cache);
void *mymm_alloc_from_engine(struct mymm_cache *cache, gfp_t gfp);
void mymm_free_to_engine(struct mymm_cache *cache, void *obj);
size_t mymm_magazine_pop(struct mymm_cache *cache, size_t nr, void **objs);
size_t mymm_magazine_push(struct mymm_cache *cache, size_t nr, void **objs);
void *mymm_alloc_finish(struct mymm_cache *cache, void *obj, gfp_t gfp,
			struct mymm_owner owner);
void mymm_magazine_stats(struct mymm_cache *cache,
			 struct mymm_magazine_stats *stats);
void *__mymm_cache_alloc(struct mymm_cache *cache, gfp_t gfp,
			 struct mymm_owner owner);
int __mymm_cache_free(struct mymm_cache *cache, void *obj,
		      struct mymm_owner owner);
void *mymm_cache_alloc_unchecked(struct mymm_cache *cache, gfp_t gfp);
void mymm_cache_free_unchecked(struct mymm_cache *cache, void *obj);

/* object.c */
bool mymm_magazine_has(struct mymm_cache *cache, const void *obj);
int mymm_free_tracked(struct mymm_cache *cache, void *obj,
		      struct mymm_owner owner);
int mymm_object_admit(struct mymm_cache *cache, void *obj);
bool mymm_object_is_free(struct mymm_cache *cache, void *obj);

#endif /* _MYMM_MAGAZINE_H */
