// SPDX-License-Identifier: GPL-2.0
/*
 * Counters of a cache: debugfs mymm/caches/NAME/stats.
 *
 *          users            magazines                 engine              zones
 *        +-------+  pairs  +---------+    batches    +-------+   slabs   +------+
 *        | held  | <-----> | at hand | <-----------> | slabs | <-------> |      |
 *        +-------+         +---------+               +-------+           +------+
 *        \____________ out __________/                 made, given back
 *
 * Nothing is counted on the left, where it would cost each pair instructions, but in the
 * middle and on the right, once a batch or a slab. So the number of held objects is computed:
 * objects out, less those in magazines now. The high-water mark is that of objects out; it
 * exceeds the most that users ever held by the objects in magazines at that time: at most
 * limit objects a CPU, and none for caches without magazines.
 *
 * An allocation *failed* if the engine had no object and got no memory for a slab. It
 * *slept* if the task blocked while it made a slab: in reclaim, or waiting for free memory
 * or for a lock. Reclaim that does not block is not counted.
 *
 * Caches of the slob engine share pages, and have slabs of their own only if an object takes
 * a page or more.
 */
#include <linux/seq_file.h>

#include "object/cache.h"
#include "base/compat.h"
#include "cache/cache_stats.h"
#include "cache/magazine.h"

/* "NAME 98.76", in percent; or a dash if @all is 0. */
static void show_rate(struct seq_file *m, const char *name, unsigned long hits,
		      unsigned long misses)
{
	unsigned long all = hits + misses;
	unsigned int rate;

	if (!all) {
		seq_printf(m, "%s -\n", name);
		return;
	}
	rate = mul_u64_u64_div_u64(hits, 10000, all);
	seq_printf(m, "%s %u.%02u\n", name, rate / 100, rate % 100);
}

/**
 * mymm_cache_stats_show() - the whole file, for a cache
 * @m: where to
 * @cache: the cache
 *
 * Context: process.
 */
void mymm_cache_stats_show(struct seq_file *m, struct mymm_cache *cache)
{
	struct mymm_cache_stats *stats = &cache->stats;
	struct mymm_magazine_stats mags;
	long out, made, given_back;

	mymm_magazine_stats(cache, &mags);
	out = atomic_long_read(&stats->out);
	/* Read given_back first, so that the difference is never negative. */
	given_back = atomic_long_read(&stats->given_back);
	made = atomic_long_read(&stats->made);
	seq_printf(m, "objects_held %ld\n", max(0L, out - (long)mags.objects));
	seq_printf(m, "objects_at_hand %lu\n", mags.objects);
	seq_printf(m, "objects_out_peak %ld\n",
		   atomic_long_read(&stats->out_peak));
	seq_printf(m, "objects_quarantined %ld\n",
		   atomic_long_read(&cache->quarantined));
	seq_printf(m, "slabs %ld\n", made - given_back);
	seq_printf(m, "slabs_peak %ld\n", atomic_long_read(&stats->slabs_peak));
	seq_printf(m, "slabs_made %ld\n", made);
	seq_printf(m, "slabs_given_back %ld\n", given_back);
	seq_printf(m, "allocs_failed %ld\n", atomic_long_read(&stats->failed));
	seq_printf(m, "allocs_slept %ld\n", atomic_long_read(&stats->slept));
	show_rate(m, "magazine_alloc_percent", mags.alloc_hits,
		  mags.alloc_misses);
	show_rate(m, "magazine_free_percent", mags.free_hits, mags.free_misses);
}
MYMM_EXPORT_INTERNAL(mymm_cache_stats_show);
