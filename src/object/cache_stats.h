/* SPDX-License-Identifier: GPL-2.0 */
/* Counters of a cache; cache/cache_stats.c shows them. */
#ifndef _MYMM_CACHE_STATS_H
#define _MYMM_CACHE_STATS_H

#include <linux/atomic.h>

struct mymm_cache;
struct seq_file;

/**
 * struct mymm_cache_stats - counters of a cache since its creation
 * @out: objects outside the engine, with users or in magazines
 * @out_peak: the most that @out has been
 * @failed: allocations, of one object or of several at once, for which there was no memory
 * @slept: attempts to create a slab that slept, including failed ones
 * @made: slabs created
 * @given_back: slabs given back
 * @slabs_peak: the most slabs at once
 *
 * They are counted when the engine is called, or a slab is created or given back; the fast
 * paths of magazines do not count.
 */
struct mymm_cache_stats {
	atomic_long_t out;
	atomic_long_t out_peak;
	atomic_long_t failed;
	atomic_long_t slept;
	atomic_long_t made;
	atomic_long_t given_back;
	atomic_long_t slabs_peak;
};

static inline void mymm_raise_peak(atomic_long_t *peak, long value)
{
	long was = atomic_long_read(peak);

	while (unlikely(value > was) &&
	       !atomic_long_try_cmpxchg(peak, &was, value))
		;
}

static inline void mymm_count_slab_made(struct mymm_cache_stats *stats)
{
	long made = atomic_long_inc_return(&stats->made);

	mymm_raise_peak(&stats->slabs_peak,
			made - atomic_long_read(&stats->given_back));
}

#endif /* _MYMM_CACHE_STATS_H */
