// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/myslabinfo: objects and slabs, cache by cache, the newest first.
 *
 *   name             active_objs num_objs objsize objperslab pagesperslab
 *        : tunables limit batchcount sharedfactor
 *        : slabdata active_slabs num_slabs sharedavail
 *
 * Byte for byte the shape of /proc/slabinfo, version 2.1: two header lines, even with
 * no cache, then a line a cache with no space at its end. The numbers mean what they
 * mean there for the cache's engine. For slub: objsize is the size with everything of
 * the allocator's in it; objects at hand for a CPU count as active; tunables are 0.
 *
 * The list of caches can't change while the file is read on (pool->lock); a line is one
 * moment of its cache.
 */
#include <linux/seq_file.h>

#include "cache.h"
#include "compat.h"
#include "proc.h"

static void show_header(struct seq_file *m)
{
	seq_puts(m, "slabinfo - version: 2.1\n");
	seq_puts(
		m,
		"# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>");
	seq_puts(m, " : tunables <limit> <batchcount> <sharedfactor>");
	seq_puts(m, " : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
}

static void show_cache(struct seq_file *m, struct mymm_cache *cache)
{
	struct mymm_slabinfo info;

	cache->engine->get_slabinfo(cache, &info);
	seq_printf(m, "%-17s %6lu %6lu %6u %4u %4d", cache->name,
		   info.active_objs, info.num_objs, cache->size, cache->num,
		   1 << cache->order);
	seq_printf(m, " : tunables %4u %4u %4u", info.tunables.limit,
		   info.tunables.batchcount, info.tunables.shared);
	seq_printf(m, " : slabdata %6lu %6lu %6lu", info.active_slabs,
		   info.num_slabs, info.shared_avail);
	seq_putc(m, '\n');
}

/**
 * mymm_slabinfo_show_all() - the whole file, for a pool
 * @m: where to
 * @pool: the pool
 *
 * Context: process; sleeps.
 */
void mymm_slabinfo_show_all(struct seq_file *m, struct mymm_pool *pool)
{
	struct mymm_cache *cache;

	show_header(m);
	guard(mutex)(&pool->lock);
	list_for_each_entry(cache, &pool->caches, list)
		show_cache(m, cache);
}
MYMM_EXPORT_INTERNAL(mymm_slabinfo_show_all);

/* Position 0 is the header; seq_list_start_head() counts the list's head so too. */
static void *slabinfo_start(struct seq_file *m, loff_t *pos)
{
	struct mymm_pool *pool = mymm_seq_pool(m);

	mutex_lock(&pool->lock);
	return seq_list_start_head(&pool->caches, *pos);
}

static void *slabinfo_next(struct seq_file *m, void *v, loff_t *pos)
{
	return seq_list_next(v, &mymm_seq_pool(m)->caches, pos);
}

static void slabinfo_stop(struct seq_file *m, void *v)
{
	mutex_unlock(&mymm_seq_pool(m)->lock);
}

static int slabinfo_show(struct seq_file *m, void *v)
{
	if (v == &mymm_seq_pool(m)->caches)
		show_header(m);
	else
		show_cache(m, list_entry(v, struct mymm_cache, list));
	return 0;
}

const struct seq_operations mymm_slabinfo_ops = {
	.start = slabinfo_start,
	.next = slabinfo_next,
	.stop = slabinfo_stop,
	.show = slabinfo_show,
};
