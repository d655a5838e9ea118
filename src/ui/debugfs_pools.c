// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs mymm/pools/: each pool that there is, those of other modules too.
 *
 *   list          a line a pool
 *   buddyinfo, pagetypeinfo, zoneinfo, vmstat, slabinfo
 *                 what /proc/my* show of the default pool, of each; "# pool NAME" before it
 *   check         the first broken invariant of each, or "ok"; no pool is taken out of service
 *
 * A file for all pools, and not a folder for each: names need not differ, and nothing has to
 * come and go with a pool.
 *
 * Locking: the registry's lock is held while a file is put together, so no pool that is
 * shown can end meanwhile: to end is to leave the registry first. The files take pool->lock
 * inside of it; the check has each CPU look at its lists, and so CPUs must stay.
 */
#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "base/compat.h"
#include "object/engine.h"
#include "page/pool.h"
#include "page/registry.h"
#include "page/zone.h"
#include "pool/check.h"
#include "ui/debugfs_pools.h"
#include "ui/proc.h"

static void show_line(struct seq_file *m, struct mymm_pool *pool)
{
	struct mymm_zone_snapshot snap;
	unsigned long free = 0;
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++) {
		mymm_zone_read(&pool->zone[i], &snap);
		free += snap.free;
	}
	seq_printf(m, "%-20s %10u %10lu %6u %6s %7s %5s\n", pool->name,
		   pool->nr_frames, free, pool->nr_nodes, pool->engine->name,
		   mymm_pool_has_memory(pool) ? "vmalloc" : "none",
		   mymm_pool_dead(pool) ? "dead" : "live");
}

static void show_check(struct seq_file *m, struct mymm_pool *pool)
{
	struct mymm_finding finding;

	if (mymm_check_cpus_locked(pool, &finding))
		seq_printf(m, "I%u: %s\n", finding.invariant, finding.text);
	else
		seq_puts(m, "ok\n");
}

static const struct {
	const char *name;
	void (*show)(struct seq_file *m, struct mymm_pool *pool);
} files[] = {
	{ "list", show_line }, /* the first */
	{ "buddyinfo", mymm_buddyinfo_show },
	{ "pagetypeinfo", mymm_pagetypeinfo_show },
	{ "zoneinfo", mymm_zoneinfo_show },
	{ "vmstat", mymm_vmstat_show },
	{ "slabinfo", mymm_slabinfo_show_all },
	{ "check", show_check },
};

/**
 * mymm_pools_show() - one of the files
 * @m: where to
 * @name: its name
 *
 * Context: process; sleeps.
 */
void mymm_pools_show(struct seq_file *m, const char *name)
{
	struct mymm_pool *pool;
	unsigned int i = 0;

	while (strcmp(files[i].name, name))
		if (++i == ARRAY_SIZE(files))
			return;
	if (!i)
		seq_printf(m, "%-20s %10s %10s %6s %6s %7s %5s\n", "# name",
			   "<frames>", "<free>", "<nodes>", "engine", "backing",
			   "state");
	cpus_read_lock();
	mutex_lock(&mymm_pools_lock);
	list_for_each_entry(pool, &mymm_pools, node) {
		if (i)
			seq_printf(m, "# pool %s\n", pool->name);
		files[i].show(m, pool);
	}
	mutex_unlock(&mymm_pools_lock);
	cpus_read_unlock();
}
MYMM_EXPORT_INTERNAL(mymm_pools_show);

static int pools_show(struct seq_file *m, void *v)
{
	mymm_pools_show(m, m->private);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(pools);

/**
 * mymm_debugfs_pools_init() - make the files
 * @parent: debugfs mymm/
 *
 * Context: process; sleeps. They go with @parent.
 */
void mymm_debugfs_pools_init(struct dentry *parent)
{
	struct dentry *dir = debugfs_create_dir("pools", parent);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		debugfs_create_file(files[i].name, 0400, dir,
				    (void *)files[i].name, &pools_fops);
}
