// SPDX-License-Identifier: GPL-2.0
/*
 * Debug caches, and the number of their reports.
 *
 * Each report is counted as one of two refusals, so a test that does exact damage knows their
 * sum.
 */
#include "lib/checked.h"
#include "pool/pool.h"

/**
 * mymm_checked_cache() - a debug cache that ends with the test
 * @test: the test
 * @pool: where
 * @size: of its objects
 * @flags: what is checked, SLAB_*
 *
 * Return: the cache; the test stops if there is none.
 */
struct mymm_cache *mymm_checked_cache(struct kunit *test,
				      struct mymm_pool *pool, unsigned int size,
				      slab_flags_t flags)
{
	struct mymm_cache_config config = {
		.name = "debug",
		.size = size,
		.flags = flags,
	};

	return mymm_test_cache_config(test, pool, &config);
}

/**
 * mymm_checked_kmalloc() - a pool whose kmalloc caches may be debug caches
 * @test: the test
 * @debug: which, as the parameter says it
 *
 * Return: the pool, which ends with the test.
 */
struct mymm_pool *mymm_checked_kmalloc(struct kunit *test, const char *debug)
{
	struct mymm_pool_config config = {
		.zones = "DMA:1M",
		.debug = debug,
	};

	return mymm_test_pool_config(test, &config);
}

/**
 * mymm_checked_reports() - reports so far
 * @pool: the pool
 *
 * Return: how many.
 */
long mymm_checked_reports(const struct mymm_pool *pool)
{
	return atomic_long_read(&pool->refused[MYMM_REFUSED_OVERWRITTEN]) +
	       atomic_long_read(&pool->refused[MYMM_REFUSED_OVERRUN]);
}
