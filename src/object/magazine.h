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

#endif /* _MYMM_MAGAZINE_H */
