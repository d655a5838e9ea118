// SPDX-License-Identifier: GPL-2.0
/* The knobs of a pool, and every number that follows from them. */
#include <linux/cpumask.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "compat.h"
#include "pool.h"
#include "tuning.h"

/**
 * mymm_tuning_check() - is every knob in its range?
 * @tuning: the knobs
 *
 * Return: 0; -EINVAL, with a line in the log that names the knob and its range.
 */
int mymm_tuning_check(const struct mymm_tuning *tuning)
{
	return 0;
}

static void set_watermarks(struct mymm_pool *pool)
{
	unsigned long min = pool->min_free_kbytes >> (PAGE_SHIFT - 10);
	unsigned long lowmem = 0;
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++)
		if (pool->zone[i].type < MYMM_ZONE_HIGHMEM)
			lowmem += mymm_zone_managed(&pool->zone[i]);
	for (i = 0; i < pool->nr_zones; i++) {
		struct mymm_zone *zone = &pool->zone[i];
		unsigned long managed = mymm_zone_managed(zone);
		u64 share = lowmem ? div64_ul((u64)min * managed, lowmem) : 0;
		unsigned long step;

		guard(raw_spinlock_irqsave)(&zone->lock);
		zone->watermark[MYMM_WMARK_MIN] =
			zone->type >= MYMM_ZONE_HIGHMEM ?
				clamp(managed / 1024, 32UL, 128UL) :
				share;
		step = max_t(u64, share >> 2,
			     mult_frac(managed,
				       (unsigned long)pool->tuning
					       .watermark_scale_factor,
				       10000UL));
		zone->watermark[MYMM_WMARK_LOW] =
			zone->watermark[MYMM_WMARK_MIN] + step;
		zone->watermark[MYMM_WMARK_HIGH] =
			zone->watermark[MYMM_WMARK_LOW] + step;
		zone->watermark[MYMM_WMARK_PROMO] =
			zone->watermark[MYMM_WMARK_HIGH] + step;
		zone->watermark_boost = 0;
		zone->boost_factor = pool->tuning.watermark_boost_factor;
	}
}

static void set_reserves(struct mymm_pool *pool)
{
	unsigned int n, i, j;

	for (n = 0; n < pool->nr_nodes; n++) {
		struct mymm_node *node = &pool->node_of[n];

		for (i = 0; i < MYMM_NR_ZONE_TYPES; i++) {
			unsigned int ratio =
				pool->tuning.lowmem_reserve_ratio[i];
			unsigned long above = 0;

			if (!node->zone[i])
				continue;
			for (j = i + 1; j < MYMM_NR_ZONE_TYPES; j++) {
				if (node->zone[j])
					above += mymm_zone_managed(
						node->zone[j]);
				WRITE_ONCE(node->zone[i]->lowmem_reserve[j],
					   ratio ? above / ratio : 0);
			}
		}
	}
}

static void set_pcp(struct mymm_pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++) {
		struct mymm_zone *zone = &pool->zone[i];
		int batch = min(mymm_zone_managed(zone) >> 10, 256UL) / 4;

		batch = max(batch, 1);
		batch = max(rounddown_pow_of_two(batch + batch / 2) - 1, 1UL);
		WRITE_ONCE(zone->pcp_batch, batch);
		WRITE_ONCE(zone->pcp_high_min,
			   max_t(int,
				 zone->watermark[MYMM_WMARK_LOW] /
					 num_online_cpus(),
				 batch * 4));
		WRITE_ONCE(zone->pcp_high_max, zone->pcp_high_min);
	}
}

/**
 * mymm_tuning_apply() - derive watermarks, reserves and limits anew
 * @pool: whose knobs, zones or CPUs have changed
 *
 * Context: process; the pool's lock is held, or nobody else can reach it.
 */
void mymm_tuning_apply(struct mymm_pool *pool)
{
	unsigned int i;

	if (!(pool->flags & MYMM_POOL_NO_WATERMARKS)) {
		pool->min_free_kbytes = mymm_min_free_kbytes(pool);
		set_watermarks(pool);
		set_reserves(pool);
	}
	if (!(pool->flags & MYMM_POOL_NO_PCP))
		set_pcp(pool);
	for (i = 0; i < pool->nr_zones; i++) {
		struct mymm_zone *zone = &pool->zone[i];

		guard(raw_spinlock_irqsave)(&zone->lock);
		mymm_zone_set_marks(zone);
	}
}

/**
 * mymm_min_free_kbytes() - what is kept for those who can't wait
 * @pool: whose
 *
 * Return: KiB.
 */
unsigned long mymm_min_free_kbytes(const struct mymm_pool *pool)
{
	unsigned long lowmem = 0;
	unsigned int i;

	if (pool->tuning.min_free_kbytes >= 0)
		return pool->tuning.min_free_kbytes;
	for (i = 0; i < pool->nr_zones; i++)
		if (pool->zone[i].type < MYMM_ZONE_HIGHMEM)
			lowmem += mymm_zone_managed(&pool->zone[i]);
	return clamp(int_sqrt((lowmem << (PAGE_SHIFT - 10)) * 16), 128UL,
		     262144UL);
}
