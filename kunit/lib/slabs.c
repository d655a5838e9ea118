// SPDX-License-Identifier: GPL-2.0
/*
 * Caches of the slab engine, and objects past their magazines.
 *
 * The engine gives what a shared array or its slabs have at hand, which may be fewer than
 * were asked for.
 */
#include "lib/slabs.h"

/**
 * mymm_test_slab_cache() - a cache of the slab engine, whatever the pool's is
 * @test: the test
 * @pool: where
 * @name: its name
 * @size: of its objects
 *
 * Return: the cache, which ends with the test.
 */
struct mymm_cache *mymm_test_slab_cache(struct kunit *test,
					struct mymm_pool *pool,
					const char *name, unsigned int size)
{
	const struct mymm_cache_config config = {
		.name = name,
		.size = size,
		.engine = "slab",
	};

	return mymm_test_cache_config(test, pool, &config);
}

/**
 * mymm_test_take() - so many objects of the engine itself
 * @test: the test; it stops if there are not as many
 * @cache: of which cache
 * @nr: how many
 * @objs: become them
 */
void mymm_test_take(struct kunit *test, struct mymm_cache *cache,
		    unsigned int nr, void **objs)
{
	unsigned int got = 0;

	while (got < nr) {
		unsigned int more = cache->engine->alloc(cache, GFP_KERNEL,
							 nr - got, objs + got);

		KUNIT_ASSERT_GT(test, more, 0);
		got += more;
	}
}
