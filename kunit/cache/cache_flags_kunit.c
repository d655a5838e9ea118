// SPDX-License-Identifier: GPL-2.0
/*
 * What a cache's flags say of its slabs: the zone that they are from, and what pageblocks they
 * make of those that they take; and how that is counted.
 *
 * Tests: cache/cache_config.c cache/cache_stats.c
 */
#include "lib/util.h"

static struct mymm_cache *cache_with(struct kunit *test, struct mymm_pool *pool,
				     const char *name, slab_flags_t flags)
{
	const struct mymm_cache_config config = {
		.name = name,
		.size = 500,
		.flags = flags,
		.engine = mymm_test_engine(test),
	};

	return mymm_test_cache_config(test, pool, &config);
}

/*
 * 64 frames of DMA, 64 of Normal. All slabs of a DMA cache are from the first, until there is
 * none left there: then it gets nothing, though Normal is empty. A DMA32 cache may have both
 * DMA32 and DMA, and no Normal.
 */
static void zones(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "DMA:256K,Normal:256K",
		.engine = "slob", /* without size classes */
		.flags = MYMM_POOL_BARE,
	};
	static const slab_flags_t flags[] = { SLAB_CACHE_DMA,
					      SLAB_CACHE_DMA32 };
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	void **objs = kunit_kcalloc(test, 1000, sizeof(*objs), GFP_KERNEL);
	unsigned int i, nr;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct mymm_cache *cache =
			cache_with(test, pool, i ? "dma32" : "dma", flags[i]);

		for (nr = 0; nr < 1000; nr++) {
			objs[nr] = mymm_cache_alloc(cache,
						    GFP_NOWAIT | __GFP_NOWARN);
			if (!objs[nr])
				break;
			KUNIT_EXPECT_LT(test, mymm_pool_index(pool, objs[nr]),
					64);
		}
		/* 8 in a page, and what a slab has no room for. */
		KUNIT_EXPECT_LE(test, nr, 64 * 8);
		KUNIT_EXPECT_GT(test, nr, 64 * 7);
		KUNIT_EXPECT_EQ(test,
				atomic_long_read(&pool->zone[0].nr_slab[0]),
				mymm_test_slabs(cache) << cache->order);
		KUNIT_EXPECT_EQ(test,
				atomic_long_read(&pool->zone[1].nr_slab[0]), 0);
		MYMM_EXPECT_OK(test, mymm_cache_free_bulk(cache, nr, objs));
		mymm_cache_shrink(cache);
		KUNIT_EXPECT_EQ(test,
				atomic_long_read(&pool->zone[0].nr_slab[0]), 0);
	}
}

static enum mymm_migratetype type_at(struct mymm_pool *pool, const void *obj)
{
	return mymm_buddy_type(&pool->zone[0].buddy,
			       mymm_pool_index(pool, obj));
}

/*
 * In a pool where all pageblocks are movable: a cache makes the one that it takes from
 * unmovable, one with SLAB_RECLAIM_ACCOUNT makes it reclaimable; what the two of them have is
 * apart, and counted apart.
 */
static void mobility(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "Normal:2M",
		.engine = "slob",
		.block_order = 5,
		.flags = MYMM_POOL_NO_PCP | MYMM_POOL_NO_RECLAIM,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct mymm_cache *plain = cache_with(test, pool, "plain", 0);
	struct mymm_cache *reclaimable =
		cache_with(test, pool, "reclaimable", SLAB_RECLAIM_ACCOUNT);
	void *a = mymm_cache_alloc(plain, GFP_KERNEL);
	void *b = mymm_cache_alloc(reclaimable, GFP_KERNEL);

	KUNIT_ASSERT_TRUE(test, a && b);
	KUNIT_EXPECT_EQ(test, type_at(pool, a), MYMM_UNMOVABLE);
	KUNIT_EXPECT_EQ(test, type_at(pool, b), MYMM_RECLAIMABLE);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->zone[0].nr_slab[0]),
			1L << plain->order);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->zone[0].nr_slab[1]),
			1L << reclaimable->order);
	MYMM_EXPECT_OK(test, mymm_cache_free(plain, a));
	MYMM_EXPECT_OK(test, mymm_cache_free(reclaimable, b));
	mymm_cache_shrink(reclaimable);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->zone[0].nr_slab[1]), 0);
}

static struct kunit_case cache_flags_cases[] = {
	MYMM_CASE_ENGINES(zones),
	MYMM_CASE_COOKIES(mobility),
	{},
};

static struct kunit_suite cache_flags_suite = {
	.name = "mymm_cache_flags",
	.test_cases = cache_flags_cases,
};

kunit_test_suite(cache_flags_suite);
