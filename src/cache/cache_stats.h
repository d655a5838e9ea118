/* SPDX-License-Identifier: GPL-2.0 */
/* The file that shows the counters of a cache; cache_stats.c. */
#ifndef _MYMM_CACHE_CACHE_STATS_H
#define _MYMM_CACHE_CACHE_STATS_H

struct mymm_cache;
struct seq_file;

void mymm_cache_stats_show(struct seq_file *m, struct mymm_cache *cache);

#endif /* _MYMM_CACHE_CACHE_STATS_H */
