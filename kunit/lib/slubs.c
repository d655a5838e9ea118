// SPDX-License-Identifier: GPL-2.0
/*
 * Caches of the slub engine whose slabs are a page of 64 objects.
 *
 * cpu_partial is 120 then, which is four slabs if they are half full (2 * 120 / 64), and
 * min_partial is 5.
 */
#include "lib/slubs.h"

#define CPU_SLABS 4

/**
 * mymm_test_slub_cache() - a cache whose slabs are a page of 64 objects
 * @test: the test
 * @pool: where
 * @name: its name
 *
 * Return: the cache, which ends with the test.
 */
struct mymm_cache *mymm_test_slub_cache(struct kunit *test,
					struct mymm_pool *pool,
					const char *name)
{
	struct mymm_cache *cache = mymm_test_cache(test, pool, name, 64);

	KUNIT_ASSERT_EQ(test, cache->order, 0);
	KUNIT_ASSERT_EQ(test, cache->num, MYMM_IN_SLAB);
	KUNIT_ASSERT_EQ(test, mymm_slubs_of(cache)->cpu_slabs, CPU_SLABS);
	return cache;
}
