/* SPDX-License-Identifier: GPL-2.0 */
/* Batches between magazines and engines: what magazine.c and magazine_drain.c share. */
#ifndef _MYMM_TRANSFER_H
#define _MYMM_TRANSFER_H

#include <linux/percpu.h>
#include <linux/preempt.h>

#include "object/cache.h"
#include "base/compat.h"

/* Lock this CPU's magazine; NULL if the interrupted code is using it. */
static inline struct mymm_magazine *mymm_magazine_get(struct mymm_cache *cache)
{
	struct mymm_magazine *mag;

	preempt_disable();
	mag = this_cpu_ptr(cache->mag);
	if (mymm_local_trylock(&mag->lock))
		return mag;
	mymm_local_contended(&mag->lock);
	preempt_enable();
	return NULL;
}

static inline void mymm_magazine_put(struct mymm_magazine *mag)
{
	mymm_local_unlock(&mag->lock);
	preempt_enable();
}

/*
 * Copy pointers, in ascending order, so that they may be moved down. Not memcpy(): on CPUs
 * with fast string instructions that is one, whose start costs more than a few dozen words.
 */
static __always_inline void mymm_copy_objects(void **to, void *const *from,
					      unsigned long nr)
{
	void *const *end = from + nr;

	/* One by one, or the compiler turns the loop into memcpy(). */
	for (; nr & 3; nr--)
		WRITE_ONCE(*to++, READ_ONCE(*from++));
	for (; from != end; from += 4, to += 4) {
		WRITE_ONCE(to[0], READ_ONCE(from[0]));
		WRITE_ONCE(to[1], READ_ONCE(from[1]));
		WRITE_ONCE(to[2], READ_ONCE(from[2]));
		WRITE_ONCE(to[3], READ_ONCE(from[3]));
	}
}

/* The same, in reverse order. */
static __always_inline void
mymm_copy_objects_reversed(void **to, void *const *from, unsigned long nr)
{
	void *const *at = from + nr;

	for (; nr & 3; nr--)
		WRITE_ONCE(*to++, READ_ONCE(*--at));
	for (; at != from; at -= 4, to += 4) {
		WRITE_ONCE(to[0], READ_ONCE(at[-1]));
		WRITE_ONCE(to[1], READ_ONCE(at[-2]));
		WRITE_ONCE(to[2], READ_ONCE(at[-3]));
		WRITE_ONCE(to[3], READ_ONCE(at[-4]));
	}
}

/*
 * Count with preemption off: otherwise the magazines may be replaced before this_cpu_add()
 * adds, see tunables.c.
 */
static inline void mymm_count_alloc_misses(struct mymm_cache *cache,
					   unsigned long nr)
{
	preempt_disable();
	this_cpu_add(cache->mag->alloc_misses, nr);
	preempt_enable();
}

static inline void mymm_count_free_misses(struct mymm_cache *cache,
					  unsigned long nr)
{
	preempt_disable();
	this_cpu_add(cache->mag->free_misses, nr);
	preempt_enable();
}

/* Count objects that leave the engine, or return to it. */
static inline void mymm_count_out(struct mymm_cache *cache, unsigned long nr)
{
	struct mymm_cache_stats *stats = &cache->stats;

	mymm_raise_peak(&stats->out_peak,
			atomic_long_add_return(nr, &stats->out));
}

static inline void mymm_count_in(struct mymm_cache *cache, unsigned long nr)
{
	atomic_long_sub(nr, &cache->stats.out);
}

/* From now on a batch may be neither in a magazine nor with the engine. */
static inline void mymm_transfer_begin(struct mymm_cache *cache)
{
	atomic_inc(&cache->transfers);
	atomic_inc(&cache->moves);
	smp_mb__after_atomic(); /* pairs with the reads in confirm_free() */
}

static inline void mymm_transfer_end(struct mymm_cache *cache)
{
	smp_mb__before_atomic(); /* pairs with the reads in confirm_free() */
	atomic_dec(&cache->transfers);
}

/* Allocate objects from the engine, within a transfer. */
static inline unsigned int mymm_engine_get(struct mymm_cache *cache, gfp_t gfp,
					   unsigned int nr, void **objs)
{
	unsigned int got = cache->engine->alloc(cache, gfp, nr, objs);

	if (likely(got))
		mymm_count_out(cache, got);
	else
		atomic_long_inc(&cache->stats.failed);
	return got;
}

/* Give objects back to the engine, within a transfer. */
static inline void mymm_engine_put(struct mymm_cache *cache, unsigned int nr,
				   void **objs)
{
	mymm_count_in(cache, nr);
	cache->engine->free(cache, nr, objs);
}

#endif /* _MYMM_TRANSFER_H */
