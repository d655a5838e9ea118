// SPDX-License-Identifier: GPL-2.0
/*
 * What a cache has gone through: debugfs mymm/caches/NAME/stats.
 *
 *          users            magazines                 engine              zones
 *        +-------+  pairs  +---------+    batches    +-------+   slabs   +------+
 *        | held  | <-----> | at hand | <-----------> | slabs | <-------> |      |
 *        +-------+         +---------+               +-------+           +------+
 *        \____________ out __________/                 made, given back
 *
 * Nothing is counted on the left, where it would cost each pair something; but in the
 * middle and on the right, where an operation is a batch's or a slab's. So what is known of
 * users is what is out less what magazines have now, and the high-water mark is one of all
 * that is out. It is more than users ever held by what was at hand then: at most limit
 * objects a CPU, and none for caches without magazines.
 *
 * An allocation *failed* if the engine had no object and got no memory for a slab. It
 * *slept* if the task that made a slab was scheduled away by itself meanwhile: it waited for
 * reclaim, or for somebody to give something back, or for a lock of theirs. To reclaim
 * without a wait is not to sleep.
 *
 * Caches of the slob engine share pages, and have slabs of their own only if an object takes
 * a page or more.
 */
#include <linux/seq_file.h>

#include "object/cache.h"
#include "base/compat.h"

/* "NAME 98.76", in percent; or a dash if nothing has happened. */
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
	/* In this order, so that there are never less than none. */
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
