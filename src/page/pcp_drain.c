// SPDX-License-Identifier: GPL-2.0
/*
 * The per-CPU page lists of all CPUs: emptied, given new limits, checked. Only its own CPU
 * touches a list, so each CPU does its part itself (base/percpu_work.c).
 */
#include <linux/cpu.h>
#include <linux/errno.h>
#include <linux/spinlock.h>

#include "base/finding.h"
#include "base/percpu_work.h"
#include "page/pcp.h"
#include "page/pcp_check.h"
#include "page/pcp_cpu.h"
#include "page/pcp_drain.h"
#include "page/pool.h"

static void drain_local(void *pool)
{
	mymm_pcp_drain_local(pool);
}

/**
 * mymm_pcp_drain_all() - give what all CPUs have in their page lists to the zones
 * @pool: of which pool
 *
 * Context: process; sleeps. The caller holds cpus_read_lock().
 */
void mymm_pcp_drain_all(struct mymm_pool *pool)
{
	mymm_on_each_cpu(drain_local, pool);
}

static bool has_pages(int cpu, void *arg)
{
	struct mymm_pool *pool = arg;
	unsigned int n;

	for (n = 0; n < pool->nr_zones; n++)
		if (mymm_pcp_count(&per_cpu_ptr(pool->cpu, cpu)->pcp[n]) > 0)
			return true;
	return false;
}

/**
 * mymm_pcp_try_drain_all() - mymm_pcp_drain_all() for callers that must not wait long
 * @pool: of which pool
 *
 * While CPUs come or go, or other work for all CPUs is under way, only this CPU's lists are
 * emptied. A CPU whose lists are empty is not woken, as in __drain_all_pages() of mm/page_alloc.c.
 *
 * Context: process; sleeps.
 */
void mymm_pcp_try_drain_all(struct mymm_pool *pool)
{
	bool all = cpus_read_trylock();

	if (!all || !mymm_try_on_cpus(has_pages, drain_local, pool))
		mymm_pcp_drain_local(pool);
	if (all)
		cpus_read_unlock();
}

static void retune_local(void *pool)
{
	mymm_pcp_retune_local(pool);
}

/**
 * mymm_pcp_retune_all() - apply new limits to the page lists of all CPUs
 * @pool: of which pool
 *
 * Context: process; sleeps. The caller holds cpus_read_lock().
 */
void mymm_pcp_retune_all(struct mymm_pool *pool)
{
	mymm_on_each_cpu(retune_local, pool);
}

/* A check by all CPUs; the first finding is kept. */
struct check {
	struct mymm_pool *pool;
	spinlock_t lock; /* protects *@finding */
	struct mymm_finding *finding;
};

static void check_local(void *arg)
{
	struct mymm_finding mine = {};
	struct check *check = arg;

	if (!mymm_pcp_check_local(check->pool, &mine))
		return;
	guard(spinlock)(&check->lock);
	if (!check->finding->invariant)
		*check->finding = mine;
}

/**
 * mymm_pcp_check_all() - look for a broken invariant in the page lists of all CPUs
 * @pool: of which pool
 * @finding: what was found; empty on entry
 *
 * Context: process; sleeps. The caller holds cpus_read_lock().
 * Return: 0; -EUCLEAN, and @finding says what.
 */
int mymm_pcp_check_all(struct mymm_pool *pool, struct mymm_finding *finding)
{
	struct check check = { .pool = pool, .finding = finding };

	spin_lock_init(&check.lock);
	mymm_on_each_cpu(check_local, &check);
	return finding->invariant ? -EUCLEAN : 0;
}
