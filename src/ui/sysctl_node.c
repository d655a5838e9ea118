// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/sys/mymm: what reclaim of the default pool takes from a node. zone_reclaim_mode,
 * min_unmapped_ratio and min_slab_ratio are of page/node_reclaim.c, vfs_cache_pressure is of
 * cache/shrinker.c. Names, ranges and defaults are those of /proc/sys/vm, where a kernel has the
 * first three if it was built for NUMA.
 */
#include <linux/sysctl.h>

#include "base/compat.h"
#include "base/fault_inject.h"
#include "page/pool.h"
#include "ui/sysctl_node.h"

static struct ctl_table_header *header;

#define ENTRY(name, most)                                                    \
	{                                                                    \
		.procname = (name), .maxlen = sizeof(int), .mode = 0644,     \
		.proc_handler = proc_dointvec_minmax, .extra1 = SYSCTL_ZERO, \
		.extra2 = (most),                                            \
	}

static struct ctl_table entries[] = {
	ENTRY("zone_reclaim_mode", NULL),
	ENTRY("min_unmapped_ratio", SYSCTL_ONE_HUNDRED),
	ENTRY("min_slab_ratio", SYSCTL_ONE_HUNDRED),
	ENTRY("vfs_cache_pressure", NULL), MYMM_CTL_TABLE_END
};

/**
 * mymm_sysctl_node_init() - make the files
 * @pool: the pool; stays until mymm_sysctl_node_exit()
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM. A kernel without sysctls has none of ours either.
 */
int mymm_sysctl_node_init(struct mymm_pool *pool)
{
	if (!IS_ENABLED(CONFIG_PROC_SYSCTL))
		return 0;
	entries[0].data = &pool->reclaim.node.mode;
	entries[1].data = &pool->reclaim.node.min_unmapped_ratio;
	entries[2].data = &pool->reclaim.node.min_slab_ratio;
	entries[3].data = &pool->reclaim.vfs_cache_pressure;
	if (!mymm_inject_fail())
		header = register_sysctl("mymm", entries);
	return header ? 0 : -ENOMEM;
}

/**
 * mymm_sysctl_node_exit() - take them away
 *
 * Context: process; sleeps until nobody is at one.
 */
void mymm_sysctl_node_exit(void)
{
	unregister_sysctl_table(header);
	header = NULL;
}
