// SPDX-License-Identifier: GPL-2.0
/*
 * The sysctls of a pool, and every number that follows from them.
 *
 * They are those of /proc/sys/vm, and the numbers come out as the kernel that runs
 * would have them for zones of these sizes and as many CPUs: a line of /proc/myzoneinfo can
 * be laid beside one of /proc/zoneinfo. Where kernels differ compat.h says which rule is
 * whose.
 *
 *    zone, managed frames                  sysctls                      derived
 *    --------------------------------------------------------------------------------------
 *    those for the kernel's data  -------> square-root rule ----------> min_free_kbytes
 *                                                                            |
 *                     its share  <------------------------------------------ +
 *                                                                            v
 *    +------------------------------------------------------------+   0     min
 *    |     free      |  kswapd works  | only what can't wait      |    \   / low  = min + step
 *    +------------------------------------------------------------+     +-+  high = low + step
 *                   high    low      min                          0      \   promo= high+ step
 *
 * min_free_kbytes. Unless it is given: 4 times the square root of the KiB that the kernel
 * could use for itself, from 128 KiB to 256 MiB. More memory needs more, but not in
 * proportion, since what must be served without waiting grows with the speed of devices.
 *
 *      64 MiB: 1024     256 MiB: 2048     1 GiB: 4096     16 GiB: 16384
 *
 * The kernel counts nr_free_buffer_pages(): managed pages of zones up to Normal, of all
 * nodes, *less their high watermarks*. At boot these are 0 still. When it applies the rule
 * again later, for hotplugged memory or khugepaged, they are not, and the result is a little
 * smaller. Ours is always the one of boot: it depends on the pool's description alone.
 *
 * Watermarks. Each zone that may hold the kernel's own data has a part of min_free_kbytes
 * as large as its part of these zones' frames. The others, HighMem and Movable, have a
 * 1024th of themselves, from 32 to 128 frames. The step to the next watermark is a quarter
 * of the part, or watermark_scale_factor ten thousandths of the zone, whichever is more; it
 * is not capped anywhere, as it only says when kswapd works.
 *
 * Worked example, 6.12: DMA:16M,Normal:240M, all sysctls at their defaults. 256 MiB:
 * min_free_kbytes is 2048, 512 frames. DMA has 4096 of 65536 frames: min 32; step
 * max(8, 4) = 8: low 40, high 48. Normal: min 480, step max(120, 61) = 120: low 600, high 720.
 *
 * Protection. A request that could have had a higher zone leaves lowmem_reserve frames in
 * each lower one: the managed frames of all zones above, up to that which it could have, of
 * the same node, divided by the lower zone's lowmem_reserve_ratio. A ratio of 0 protects
 * nothing.
 *
 * Per-CPU lists. A batch is a 4096th of the zone, at most 64 frames, times one and a half,
 * down to one less than a power of two; at least 1. All CPUs together keep as much as the
 * low watermark has, at least four batches each: full lists alone do not wake kswapd. From
 * 6.7 on that is the least, and an eighth of the zone the most, and pcp.c tunes in between.
 * With percpu_pagelist_high_fraction it is that fraction of the zone, and nothing is tuned.
 * "All CPUs" are those of the zone's node; if it has none, all of the machine.
 *
 * When. For a new pool everything; when a sysctl is written what depends on it; when a CPU has
 * come, or is about to go, the limits of per-CPU lists. As in the kernel, watermarks that
 * are derived anew have lost their boost, and limits derived at another time see it as part
 * of the low watermark.
 *
 * Limits. Nothing refuses a min_free_kbytes that is more than the pool has; nor does the
 * kernel. Only requests that may pass the watermarks succeed then.
 *
 * Locking. pool->lock for the sysctls, and cpu_hotplug_lock, since CPUs are counted. What is
 * derived is read without a lock, or is part of what the zone's lock protects: it is
 * written with that lock held.
 *
 * mm/page_alloc.c has the originals: calculate_min_free_kbytes(),
 * __setup_per_zone_wmarks(), setup_per_zone_lowmem_reserve(), zone_batchsize(),
 * zone_highsize().
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sizes.h>

#include "base/compat.h"
#include "page/pageblock.h"
#include "page/pcp.h"
#include "page/pcp_drain.h"
#include "page/pool.h"
#include "page/registry.h"
#include "page/tuning.h"
#include "page/watermark.h"

/* By the rule: not less, not more, in KiB. */
#define MIN_FREE_LEAST 128UL
#define MIN_FREE_MOST 262144UL

/* What is no such zone's own share: a 1024th of it, within these, in frames. */
#define MIN_CAPPED_LEAST 32UL
#define MIN_CAPPED_MOST 128UL

/* Smaller fractions would leave nothing that is not in some CPU's list. */
#define HIGH_FRACTION_LEAST 8

/* --- sysctls ------------------------------------------------------------------------- */

const struct mymm_sysctl_range mymm_sysctl_range[MYMM_NR_KNOBS] = {
	[MYMM_SYSCTL_MIN_FREE_KBYTES] = { "min_free_kbytes", 0, INT_MAX,
					  MYMM_POOL_NO_WATERMARKS },
	[MYMM_SYSCTL_SCALE_FACTOR] = { "watermark_scale_factor", 1, 3000,
				       MYMM_POOL_NO_WATERMARKS },
	[MYMM_SYSCTL_BOOST_FACTOR] = { "watermark_boost_factor", 0, INT_MAX,
				       MYMM_POOL_NO_WATERMARKS },
	[MYMM_SYSCTL_RESERVE_RATIO] = { "lowmem_reserve_ratio", 0, INT_MAX,
					MYMM_POOL_NO_WATERMARKS },
	[MYMM_SYSCTL_HIGH_FRACTION] = { "percpu_pagelist_high_fraction", 0,
					INT_MAX, MYMM_POOL_NO_PCP },
};

/**
 * mymm_sysctl_check() - may a sysctl have that value?
 * @sysctl: the sysctl
 * @value: the value; of one that has several, one of them
 *
 * Return: 0; -EINVAL, with a line in the log that names the sysctl and its range.
 */
int mymm_sysctl_check(enum mymm_sysctl sysctl, long long value)
{
	const struct mymm_sysctl_range *range = &mymm_sysctl_range[sysctl];

	if (value < range->min || value > range->max) {
		pr_err("%s: %lld is out of range %d to %d\n", range->name,
		       value, range->min, range->max);
		return -EINVAL;
	}
	if (sysctl == MYMM_SYSCTL_HIGH_FRACTION && value &&
	    value < HIGH_FRACTION_LEAST) {
		pr_err("%s: %lld is out of range: expected 0, or %d to %d\n",
		       range->name, value, HIGH_FRACTION_LEAST, range->max);
		return -EINVAL;
	}
	return 0;
}

/**
 * mymm_tuning_check() - is every sysctl in its range?
 * @tuning: the sysctls
 *
 * Return: 0; -EINVAL, with a line in the log that names the sysctl and its range.
 */
int mymm_tuning_check(const struct mymm_tuning *tuning)
{
	int err = 0;
	unsigned int i;

	if (tuning->min_free_kbytes != -1)
		err = mymm_sysctl_check(MYMM_SYSCTL_MIN_FREE_KBYTES,
					tuning->min_free_kbytes);
	if (!err)
		err = mymm_sysctl_check(MYMM_SYSCTL_SCALE_FACTOR,
					tuning->watermark_scale_factor);
	if (!err)
		err = mymm_sysctl_check(MYMM_SYSCTL_BOOST_FACTOR,
					tuning->watermark_boost_factor);
	for (i = 0; !err && i < MYMM_NR_RATIOS; i++)
		err = mymm_sysctl_check(MYMM_SYSCTL_RESERVE_RATIO,
					tuning->lowmem_reserve_ratio[i]);
	if (!err)
		err = mymm_sysctl_check(MYMM_SYSCTL_HIGH_FRACTION,
					tuning->percpu_pagelist_high_fraction);
	return err;
}
MYMM_EXPORT_INTERNAL(mymm_tuning_check);

/* --- min_free_kbytes ----------------------------------------------------------------- */

/**
 * mymm_min_free_rule() - what the kernel keeps for requests that can't wait
 * @pages: that it could use for itself
 *
 * Return: KiB.
 */
unsigned long mymm_min_free_rule(unsigned long pages)
{
	unsigned long kib = pages << (PAGE_SHIFT - 10);

	/* The factor inside the root loses less to rounding than 4 outside. */
	return clamp(int_sqrt(kib * 16), MIN_FREE_LEAST, MIN_FREE_MOST);
}
MYMM_EXPORT_INTERNAL(mymm_min_free_rule);

static unsigned long min_free_kbytes(const struct mymm_pool *pool)
{
	unsigned long pages = 0;
	unsigned int i;

	if (pool->tuning.min_free_kbytes >= 0)
		return pool->tuning.min_free_kbytes;
	for (i = 0; i < pool->nr_zones; i++)
		if (pool->zone[i].type <= MYMM_ZONE_NORMAL)
			pages += mymm_zone_managed(&pool->zone[i]);
	return mymm_min_free_rule(pages);
}

/* --- watermarks ---------------------------------------------------------------------- */

static bool has_highmem(const struct mymm_pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++)
		if (pool->zone[i].type == MYMM_ZONE_HIGHMEM)
			return true;
	return false;
}

/* Is it a zone that has no part of min_free_kbytes, but a small number of its own? */
static bool is_capped(const struct mymm_pool *pool, enum mymm_zone_type type)
{
	if (type == MYMM_ZONE_MOVABLE)
		return !MYMM_MOVABLE_AS_ITS_SOURCE || has_highmem(pool);
	return type == MYMM_ZONE_HIGHMEM;
}

/**
 * mymm_empty_watermark() - the watermarks of a zone without frames
 * @pool: in this pool
 * @type: the zone, which the pool does not have
 *
 * The kernel computes them for each zone that it was built with, and shows them. Only those
 * that have a number of their own for min get one.
 *
 * Context: any.
 * Return: frames, the same for each watermark.
 */
unsigned long mymm_empty_watermark(const struct mymm_pool *pool,
				   enum mymm_zone_type type)
{
	return !(pool->flags & MYMM_POOL_NO_WATERMARKS) &&
			       is_capped(pool, type) ?
		       MIN_CAPPED_LEAST :
		       0;
}

/* With the zone's lock. */
static void set_watermarks_of(struct mymm_zone *zone, unsigned long share,
			      bool capped, unsigned int scale_factor)
{
	unsigned long managed = mymm_zone_managed(zone), mark, step;
	enum mymm_watermark i;

	mark = capped ? clamp(managed / 1024, MIN_CAPPED_LEAST,
			      MIN_CAPPED_MOST) :
			share;
	step = max(share / 4,
		   mult_frac(managed, (unsigned long)scale_factor, 10000UL));
	WRITE_ONCE(zone->watermark_boost, 0);
	for (i = MYMM_WMARK_MIN; i < MYMM_NR_WMARKS; i++) {
		WRITE_ONCE(zone->watermark[i], mark);
		mark += step;
	}
}

static void set_watermarks(struct mymm_pool *pool)
{
	u64 min = pool->min_free_kbytes >> (PAGE_SHIFT - 10);
	unsigned long lowmem = 0;
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++)
		if (!is_capped(pool, pool->zone[i].type))
			lowmem += mymm_zone_managed(&pool->zone[i]);
	for (i = 0; i < pool->nr_zones; i++) {
		struct mymm_zone *zone = &pool->zone[i];
		unsigned long share =
			lowmem ? div64_ul(min * mymm_zone_managed(zone),
					  lowmem) :
				 0;

		guard(raw_spinlock_irqsave)(&zone->lock);
		set_watermarks_of(zone, share, is_capped(pool, zone->type),
				  pool->tuning.watermark_scale_factor);
	}
}

static void set_reserves(struct mymm_pool *pool)
{
	unsigned int n, i, j;

	for (n = 0; n < pool->nr_nodes; n++) {
		struct mymm_zone *const *zone = pool->node_of[n].zone;

		for (i = 0; i < MYMM_NR_ZONE_TYPES; i++) {
			unsigned int ratio =
				pool->tuning.lowmem_reserve_ratio[i];
			unsigned long above = 0;

			if (!zone[i])
				continue;
			/* A request for a zone that the node does not have comes down too. */
			for (j = i + 1; j < MYMM_NR_ZONE_TYPES; j++) {
				if (zone[j])
					above += mymm_zone_managed(zone[j]);
				WRITE_ONCE(zone[i]->lowmem_reserve[j],
					   ratio ? above / ratio : 0);
			}
		}
	}
}

/* --- per-CPU lists ------------------------------------------------------------------- */

/* A power of two would have CPUs that take turns get each other's cache colours. */
static int batch_of(const struct mymm_zone *zone)
{
	unsigned long quarter = min_t(unsigned long,
				      mymm_zone_managed(zone) / 1024,
				      SZ_1M / PAGE_SIZE) /
				4;

	quarter = max(quarter, 1UL);
	return max(rounddown_pow_of_two(quarter + quarter / 2) - 1, 1UL);
}

/* How many CPUs share a node's frames, without one that is about to go. */
static unsigned int cpus_of_node(const struct mymm_pool *pool, int node,
				 int leaving)
{
	unsigned int local = 0, all = 0;
	int cpu;

	for_each_online_cpu(cpu) {
		if (cpu == leaving)
			continue;
		all++;
		if (per_cpu_ptr(pool->cpu, cpu)->node == node)
			local++;
	}
	return local ?: all;
}

/* The low watermark, or a fraction of the zone, of which each CPU has its part. */
static int high_of(const struct mymm_zone *zone, int batch, unsigned int cpus,
		   unsigned int fraction)
{
	unsigned long frames =
		fraction ? mymm_zone_managed(zone) / fraction :
			   mymm_zone_watermark(zone, MYMM_WMARK_LOW);

	return max_t(int, min_t(unsigned long, frames / cpus, INT_MAX),
		     batch * 4);
}

static void set_pcp_limits(struct mymm_pool *pool, int leaving)
{
	unsigned int fraction = pool->tuning.percpu_pagelist_high_fraction, i;

	if (pool->flags & MYMM_POOL_NO_PCP)
		return;
	for (i = 0; i < pool->nr_zones; i++) {
		struct mymm_zone *zone = &pool->zone[i];
		unsigned int cpus = cpus_of_node(pool, zone->node, leaving);
		int batch = batch_of(zone);
		int least = high_of(zone, batch, cpus, fraction), most = least;

		if (MYMM_PCP_HIGH_IS_TUNED && !fraction)
			most = high_of(zone, batch, cpus, HIGH_FRACTION_LEAST);
		WRITE_ONCE(zone->pcp_batch, batch);
		WRITE_ONCE(zone->pcp_high_min, least);
		/* Where low is more than an eighth the kernel has the most below the least. */
		WRITE_ONCE(zone->pcp_high_max, max(most, least));
	}
}

/* --- all of it ----------------------------------------------------------------------- */

/* What an allocation looks at first, from all of that. */
static void set_marks(struct mymm_pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++) {
		struct mymm_zone *zone = &pool->zone[i];

		guard(raw_spinlock_irqsave)(&zone->lock);
		if (!(pool->flags & MYMM_POOL_NO_WATERMARKS))
			zone->boost_factor =
				pool->tuning.watermark_boost_factor;
		mymm_zone_set_marks(zone);
		/* It may have been below the old high watermark only. */
		mymm_zone_rose(zone);
	}
}

static void derive(struct mymm_pool *pool, bool watermarks)
{
	if (!(pool->flags & MYMM_POOL_NO_WATERMARKS)) {
		pool->min_free_kbytes = min_free_kbytes(pool);
		if (watermarks)
			set_watermarks(pool);
		set_reserves(pool);
	}
	set_pcp_limits(pool, -1);
	set_marks(pool);
}

/**
 * mymm_tuning_begin() - derive everything for a new pool
 * @pool: has its zones and sysctls; not visible yet
 *
 * Context: process; the caller holds cpus_read_lock() until the pool is registered, so
 * that the pool knows of each CPU that comes or goes.
 */
void mymm_tuning_begin(struct mymm_pool *pool)
{
	int cpu;

	derive(pool, true);
	/* All lists are empty and this sets their limits; also those of CPUs yet to come. */
	for_each_possible_cpu(cpu)
		mymm_pcp_drain_cpu(pool, cpu);
}

/**
 * mymm_tuning_get() - read the sysctls of a pool
 * @pool: the pool
 * @tuning: is filled
 *
 * Context: process; sleeps. Takes pool->lock.
 * Return: min_free_kbytes as it is, be it by the rule or by the sysctl.
 */
unsigned long mymm_tuning_get(struct mymm_pool *pool,
			      struct mymm_tuning *tuning)
{
	guard(mutex)(&pool->lock);
	*tuning = pool->tuning;
	return pool->min_free_kbytes;
}
MYMM_EXPORT_INTERNAL(mymm_tuning_get);

/**
 * mymm_tuning_set() - set the sysctls of a pool
 * @pool: the pool
 * @tuning: how they are to stand
 *
 * What each CPU keeps follows the new limits before this returns.
 *
 * Context: process; sleeps. Takes cpus_read_lock() and pool->lock.
 * Return: 0; -EINVAL, with a line in the log that names the sysctl and its range, and
 * nothing has changed; -EIO if the pool is dead.
 */
int mymm_tuning_set(struct mymm_pool *pool, const struct mymm_tuning *tuning)
{
	const struct mymm_tuning *old = &pool->tuning;
	bool watermarks;
	int err;

	err = mymm_tuning_check(tuning);
	if (err)
		return err;
	if (mymm_pool_dead(pool))
		return -EIO;
	cpus_read_lock();
	mutex_lock(&pool->lock);
	watermarks = old->min_free_kbytes != tuning->min_free_kbytes ||
		     old->watermark_scale_factor !=
			     tuning->watermark_scale_factor;
	pool->tuning = *tuning;
	derive(pool, watermarks);
	mymm_pcp_retune_all(pool);
	mutex_unlock(&pool->lock);
	cpus_read_unlock();
	return 0;
}
MYMM_EXPORT_INTERNAL(mymm_tuning_set);

/* --- CPUs that come and go ----------------------------------------------------------- */

static int cpus_changed(int leaving)
{
	struct mymm_pool *pool;

	mutex_lock(&mymm_pools_lock);
	list_for_each_entry(pool, &mymm_pools, node) {
		mutex_lock(&pool->lock);
		if (!mymm_pool_dead(pool)) {
			set_pcp_limits(pool, leaving);
			mymm_pcp_retune_all(pool);
		}
		mutex_unlock(&pool->lock);
	}
	mutex_unlock(&mymm_pools_lock);
	return 0;
}

/* It is among those that are online already. */
static int cpu_comes(unsigned int cpu)
{
	return cpus_changed(-1);
}

/* It is still among them. If it stays after all, cpu_comes() is called. */
static int cpu_goes(unsigned int cpu)
{
	return cpus_changed(cpu);
}

static int cpu_state;

/**
 * mymm_tuning_init() - hear of CPUs that come and go
 *
 * Context: process; sleeps; before the first pool.
 * Return: 0 or a negative errno.
 */
int mymm_tuning_init(void)
{
	cpu_state = cpuhp_setup_state_nocalls(
		CPUHP_AP_ONLINE_DYN, "mymm:tuning", cpu_comes, cpu_goes);
	return min(cpu_state, 0);
}

/**
 * mymm_tuning_exit() - undo mymm_tuning_init()
 *
 * Context: process; sleeps; after the last pool.
 */
void mymm_tuning_exit(void)
{
	cpuhp_remove_state_nocalls(cpu_state);
}
