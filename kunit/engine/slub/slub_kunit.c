// SPDX-License-Identifier: GPL-2.0
/*
 * The slub engine: where slabs are from, which is used first, when one goes back.
 *
 * Caches with poison have no magazines, so there each allocation and each free is the
 * engine's at once; and no slab stays a CPU's. For what does see slub_cpu_kunit.c.
 *
 * Tests: engine/slub/slub.c engine/slub/slub_grow.c engine/slub/slub_cache.c
 */
#include "engine/slub/slub.h"
#include "lib/util.h"
#include "page/vmstat.h"
#include "page/pcp.h"

/* Slabs are from the zone that the cache's flags name, or a lower one. */
static void slabs_by_zone(struct kunit *test)
{
	static const struct mymm_cache_config configs[] = {
		{ .name = "dma", .size = 64, .flags = SLAB_CACHE_DMA },
		{ .name = "dma32", .size = 64, .flags = SLAB_CACHE_DMA32 },
		{ .name = "normal", .size = 64 },
		{ .name = "reclaim", .size = 64, .flags = SLAB_RECLAIM_ACCOUNT },
	};
	static const unsigned int zone[] = { 0, 1, 2, 2 };
	struct mymm_pool *pool =
		mymm_test_pool(test, "DMA:64K,DMA32:64K,Normal:64K");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(configs); i++) {
		struct mymm_cache *cache =
			mymm_test_cache_config(test, pool, &configs[i]);
		/* The caller's zone is not for it to choose. */
		void *obj = mymm_cache_alloc(cache, GFP_HIGHUSER_MOVABLE);

		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_EXPECT_EQ_MSG(test, mymm_pool_index(pool, obj) / 16,
				    zone[i], "%s", configs[i].name);
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	}
}

/*
 * Slabs for objects of 2048 bytes are of order 3, with 16 of them. In a zone that has
 * only single pages left, they are of order 0, with 2:
 *
 *	P0P0P0P0...
 */
static void falls_back_to_least_order(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:128K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "2048", 2048);
	struct mymm_frame *page[32];
	unsigned int i, nr;
	void *objs[33];

	if (cache->order != 3)
		kunit_skip(test, "slabs are of order %u", cache->order);
	for (i = 0; i < 32; i++)
		page[i] = mymm_alloc_pages(pool, GFP_KERNEL, 0);
	for (i = 1; i < 32; i += 2)
		MYMM_EXPECT_OK(test, mymm_free_pages(pool, page[i], 0));

	for (nr = 0; nr < 33; nr++) {
		objs[nr] = mymm_cache_alloc(cache, GFP_NOWAIT | __GFP_NOWARN);
		if (!objs[nr])
			break;
	}
	KUNIT_EXPECT_EQ(test, nr, 32);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 16);
	KUNIT_EXPECT_EQ(test, mymm_test_objects(cache), 32);
	MYMM_EXPECT_SOUND(test, pool);

	/* With room again, the next slab is a large one beside the small ones. */
	for (i = 0; i < 32; i += 2)
		MYMM_EXPECT_OK(test, mymm_free_pages(pool, page[i], 0));
	while (nr)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[--nr]));
	mymm_cache_shrink(cache);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 0);
	objs[0] = mymm_cache_alloc(cache, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mymm_test_objects(cache), 16);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[0]));
}

/*
 * Objects of four slabs, all given back. Shrinking empties the magazines, then gives
 * the slabs back: four, and none the second time.
 */
static void shrink_gives_slabs_back(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "shrink", 1024);
	unsigned int per_slab = (PAGE_SIZE << cache->order) / 1024, i;
	void *objs[4 * 16];

	KUNIT_ASSERT_LE(test, per_slab, 16);
	for (i = 0; i < 4 * per_slab; i++)
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 4);
	KUNIT_EXPECT_EQ(test, mymm_cache_shrink(cache), 0);
	for (i = 0; i < 4 * per_slab; i++)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[i]));
	mymm_cache_shrink(cache);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 0);
	KUNIT_EXPECT_EQ(test, mymm_test_objects(cache), 0);
	KUNIT_EXPECT_EQ(test, mymm_cache_shrink(cache), 0);
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(pool), 0);
}

#define MOST_OBJS (8 * 64)

static void **new_objs(struct kunit *test)
{
	void **objs = kunit_kcalloc(test, MOST_OBJS, sizeof(*objs), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, objs);
	return objs;
}

/* Slabs full of objects, in the order of their addresses; there are no magazines. */
static unsigned int fill_slabs(struct mymm_cache *cache, unsigned int slabs,
			       void **objs)
{
	unsigned int nr = slabs * ((PAGE_SIZE << cache->order) / cache->size),
		     i;

	for (i = 0; i < nr; i++)
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
	return nr / slabs;
}

/*
 * An empty slab goes back if the partial list has min_partial slabs, itself among them;
 * for objects of 72 bytes these are 5. So of eight slabs that become empty one after the
 * other the first four are kept.
 */
static void empty_slabs_kept(struct kunit *test)
{
	static const struct mymm_cache_config config = {
		.name = "kept",
		.size = 64,
		.flags = SLAB_POISON,
	};
	static const unsigned int kept[] = { 8, 8, 8, 8, 7, 6, 5, 4 };
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache_config(test, pool, &config);
	unsigned int per_slab, i, n;
	void **objs = new_objs(test);

	KUNIT_ASSERT_EQ(test, cache->order, 0);
	KUNIT_EXPECT_EQ(test, mymm_slubs_of(cache)->limits.min_partial, 5);
	per_slab = fill_slabs(cache, 8, objs);
	KUNIT_ASSERT_EQ(test, mymm_test_slabs(cache), 8);
	for (n = 0; n < 8; n++) {
		for (i = 0; i < per_slab; i++)
			mymm_cache_free(cache, objs[n * per_slab + i]);
		KUNIT_EXPECT_EQ_MSG(test, mymm_test_slabs(cache), kept[n],
				    "after %u slabs", n + 1);
	}
	KUNIT_EXPECT_EQ(test, mymm_cache_shrink(cache), 4);
}

/*
 * A full slab that gets a free object goes to the end of the partial list, so the slab
 * that has been waiting longest is used first; in it the object that was freed last.
 */
static void longest_waiting_first(struct kunit *test)
{
	static const struct mymm_cache_config config = {
		.name = "waiting",
		.size = 64,
		.flags = SLAB_POISON,
	};
	static const u8 freed[] = { 20, 21, 40, 41, 0, 1, 22 };
	static const u8 used[] = { 22, 21, 20, 41, 40, 1, 0 };
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache_config(test, pool, &config);
	unsigned int per_slab, i;
	void **objs = new_objs(test), *obj;

	/* Number 0 to 19 are of the first slab, 20 to 39 of the second, ... */
	per_slab = fill_slabs(cache, 3, objs);
	for (i = 0; i < 60; i++)
		objs[i] = objs[i / 20 * per_slab + i % 20];
	for (i = 0; i < ARRAY_SIZE(freed); i++)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[freed[i]]));
	for (i = 0; i < ARRAY_SIZE(used); i++) {
		obj = mymm_cache_alloc(cache, GFP_KERNEL);
		KUNIT_EXPECT_PTR_EQ_MSG(test, obj, objs[used[i]], "number %u",
					i);
	}
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 3);
	KUNIT_EXPECT_EQ(test, mymm_slubs_of(cache)->node[0].nr_partial, 0);
	for (i = 0; i < 3 * per_slab; i++) {
		obj = mymm_pool_address(pool, i / per_slab);
		obj += i % per_slab * cache->size;
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	}
}

/*
 * Two nodes of 16 frames. The slabs of this CPU's node are used up, and the last ten objects
 * are the other's. Its partial slabs are used only if it has more than min_partial of them,
 * which is 5; until then a new slab is made for each object, and the other four objects
 * are in these:
 *
 *	SSSSSSSSSSSSSSSS | SSSSSS..........
 */
static void counts_by_node(struct kunit *test)
{
	static const struct mymm_pool_config two = {
		.name = "two",
		.zones = "Normal:64K",
		.nodes = 2,
		.flags = MYMM_POOL_BARE,
	};
	static const struct mymm_cache_config config = {
		.name = "counted",
		.size = 64,
		.flags = SLAB_POISON,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &two);
	struct mymm_cache *cache = mymm_test_cache_config(test, pool, &config);
	struct mymm_cache_slabs node[MYMM_MAX_NODES] = {}, *here, *there;
	const unsigned int in_slab = PAGE_SIZE / 72, nr = 16 * in_slab + 10;
	void **objs = kunit_kcalloc(test, nr, sizeof(*objs), GFP_KERNEL);
	unsigned int i;
	int local;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	KUNIT_ASSERT_EQ(test, cache->order, 0);
	migrate_disable();
	local = mymm_pool_local(pool)->id;
	for (i = 0; i < nr; i++)
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
	migrate_enable();
	cache->engine->count_slabs(cache, node);

	here = &node[local];
	there = &node[!local];
	KUNIT_EXPECT_EQ(test, here->slabs, 16);
	KUNIT_EXPECT_EQ(test, here->partial, 0);
	KUNIT_EXPECT_EQ(test, here->objects, 16 * in_slab);
	KUNIT_EXPECT_EQ(test, here->objects_partial, 0);
	KUNIT_EXPECT_EQ(test, here->total_objects, 16 * in_slab);
	KUNIT_EXPECT_EQ(test, there->slabs, 6);
	KUNIT_EXPECT_EQ(test, there->partial, 6);
	KUNIT_EXPECT_EQ(test, there->objects, 10);
	KUNIT_EXPECT_EQ(test, there->objects_partial, 10);
	KUNIT_EXPECT_EQ(test, there->total_objects, 6 * in_slab);
	for (i = 2; i < MYMM_MAX_NODES; i++)
		KUNIT_EXPECT_EQ(test, node[i].slabs, 0);
	for (i = 0; i < nr; i++)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[i]));
}

static struct kunit_case slub_cases[] = {
	KUNIT_CASE(slabs_by_zone),
	KUNIT_CASE(falls_back_to_least_order),
	KUNIT_CASE(shrink_gives_slabs_back),
	KUNIT_CASE(empty_slabs_kept),
	KUNIT_CASE(longest_waiting_first),
	KUNIT_CASE(counts_by_node),
	{},
};

static struct kunit_suite slub_suite = {
	.name = "mymm_slub",
	.test_cases = slub_cases,
};

kunit_test_suite(slub_suite);
