// SPDX-License-Identifier: GPL-2.0
/*
 * Pools that are what their description and their knobs say, and nothing else.
 *
 * Most have no memory behind them: 16 GiB of it would not fit. Nothing is reclaimed in them,
 * and pages are not grouped, as both would only be in the way.
 */
#include <linux/cpumask.h>

#include "lib/tuned.h"
#include "base/compat.h"
#include "page/pcp.h"

/**
 * mymm_tuned_pool() - a pool with these knobs
 * @test: the test
 * @zones: what zones it has
 * @tuning: its knobs, or NULL: as they are by default
 *
 * Return: the pool, which ends with the test.
 */
struct mymm_pool *mymm_tuned_pool(struct kunit *test, const char *zones,
				  const struct mymm_tuning *tuning)
{
	const struct mymm_pool_config config = {
		.zones = zones,
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_TUNED,
		.tuning = tuning,
	};

	return mymm_test_pool_config(test, &config);
}

/**
 * mymm_tuned_expect_high() - expect how many frames of a zone CPUs may keep
 * @test: the test
 * @pool: the pool, whose lists are empty
 * @nr: the number of the zone
 * @least: what a CPU may keep at first
 * @most: and what that may become, where a kernel has two limits
 */
void mymm_tuned_expect_high(struct kunit *test, const struct mymm_pool *pool,
			    unsigned int nr, int least, int most)
{
	const struct mymm_zone *zone = &pool->zone[nr];
	int cpu;

	KUNIT_EXPECT_EQ_MSG(test, zone->pcp_high_min, least, "zone %u", nr);
	KUNIT_EXPECT_EQ_MSG(test, zone->pcp_high_max,
			    MYMM_PCP_HIGH_IS_TUNED ? most : least, "zone %u",
			    nr);
	for_each_possible_cpu(cpu)
		KUNIT_EXPECT_EQ_MSG(test,
				    per_cpu_ptr(pool->cpu, cpu)->pcp[nr].high,
				    least, "zone %u, CPU %d", nr, cpu);
}
