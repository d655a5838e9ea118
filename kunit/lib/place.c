// SPDX-License-Identifier: GPL-2.0
/*
 * Places in pools of slob's.
 *
 * Addresses are worked out by hand, as bytes from the beginning of the page that an object
 * is on. Objects of caches are aligned to 8 bytes, if nothing else is said.
 */
#include "lib/place.h"

/**
 * mymm_place_pool() - a pool whose caches are slob's, and its kmalloc() too
 * @test: the test
 * @zones: what zones it has
 * @fit: which page is taken, "first" or "best"; or NULL
 *
 * Return: the pool, which ends with the test.
 */
struct mymm_pool *mymm_place_pool(struct kunit *test, const char *zones,
				  const char *fit)
{
	const struct mymm_pool_config config = {
		.zones = zones,
		.engine = "slob",
		.slob_fit = fit,
		.flags = MYMM_POOL_BARE,
	};

	return mymm_test_pool_config(test, &config);
}

/**
 * mymm_place_of() - where in its pool an object is
 * @pool: the pool
 * @obj: the object, or NULL
 *
 * Return: MYMM_PLACE() of its page and byte; ULONG_MAX: there is none.
 */
unsigned long mymm_place_of(const struct mymm_pool *pool, const void *obj)
{
	return obj ? obj - pool->base : ULONG_MAX;
}
