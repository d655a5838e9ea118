// SPDX-License-Identifier: GPL-2.0
/*
 * CPU hotplug: a dead CPU's magazines, slabs and page lists are emptied by a callback that
 * runs on another CPU, after nothing can run on the dead one any more. That is later than its
 * teardown, during which it still allocates.
 */
#include <linux/cpuhotplug.h>

#include "cache/magazine_drain.h"
#include "page/pool.h"
#include "page/registry.h"
#include "pool/hotplug.h"
#include "page/pcp.h"

static int state;

static int cpu_dead(unsigned int cpu)
{
	struct mymm_pool *pool;

	mutex_lock(&mymm_pools_lock);
	list_for_each_entry(pool, &mymm_pools, node) {
		mutex_lock(&pool->lock);
		mymm_magazine_drain_dead(pool, cpu);
		mymm_pcp_drain_cpu(pool, cpu);
		mutex_unlock(&pool->lock);
	}
	mutex_unlock(&mymm_pools_lock);
	return 0;
}

/**
 * mymm_hotplug_init() - follow CPUs that die
 *
 * Context: process; sleeps; before the first pool.
 * Return: 0 or a negative errno.
 */
int mymm_hotplug_init(void)
{
	state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "mymm:dead",
					  NULL, cpu_dead);
	return min(state, 0);
}

/**
 * mymm_hotplug_exit() - undo mymm_hotplug_init()
 *
 * Context: process; sleeps; after the last pool.
 */
void mymm_hotplug_exit(void)
{
	cpuhp_remove_state_nocalls(state);
}
