/* SPDX-License-Identifier: GPL-2.0 */
/* What a cache has gone through; cache_stats.c has the file. */
#ifndef _MYMM_CACHE_STATS_H
#define _MYMM_CACHE_STATS_H

#include <linux/atomic.h>

struct mymm_cache;
struct seq_file;

/**
 * struct mymm_cache_stats - what a cache has gone through since it was made
 * @out: objects that left the engine: users and magazines have them
 * @out_peak: the most that @out has been
 * @failed: allocations, of one object or of several at once, for which there was no memory
 * @slept: slabs whose making had to sleep, whether it succeeded or not
 * @made: slabs
 * @given_back: of them
 * @slabs_peak: the most that there were at once
 *
 * All of it is counted when the engine is asked or a slab comes or goes: the fast paths of
 * magazines don't know it.
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

void mymm_cache_stats_show(struct seq_file *m, struct mymm_cache *cache);

#endif /* _MYMM_CACHE_STATS_H */
