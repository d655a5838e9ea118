// SPDX-License-Identifier: GPL-2.0
/*
 * SLAB_TYPESAFE_BY_RCU: what a reader may rely on while others free, and allocate again.
 *
 * Tests: object/slab_pages.c
 */
#include <linux/rcupdate.h>

#include "lib/util.h"
#include "page/vmstat.h"

#define SIZE 1000
#define FRAMES 32 /* of the pool */

/* Of each engine that can do it. */
static const char *const engines[] = { "slub", "slab" };

static void describe(const char *const *engine, char *text)
{
	strscpy(text, *engine, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(engine, engines, describe);

static struct mymm_cache_config config_of(struct kunit *test)
{
	const char *const *engine = test->param_value;

	return (struct mymm_cache_config){
		.name = "typesafe",
		.size = SIZE,
		.flags = SLAB_TYPESAFE_BY_RCU,
		.engine = *engine,
	};
}

/* Our word is behind the object, whatever else is asked for; and there is but one. */
static void word_behind(struct kunit *test)
{
	static const struct mymm_cache_config like[] = {
		{ .name = "1", .size = 1, .flags = SLAB_TYPESAFE_BY_RCU },
		{ .name = "64", .size = 64, .flags = SLAB_TYPESAFE_BY_RCU },
		{ .name = "64-poison",
		  .size = 64,
		  .flags = SLAB_TYPESAFE_BY_RCU | SLAB_POISON },
		{ .name = "64-align",
		  .size = 64,
		  .align = 64,
		  .flags = SLAB_TYPESAFE_BY_RCU },
	};
	static const unsigned int sizes[] = { 16, 72, 72, 128 };
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:128K");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(like); i++) {
		struct mymm_cache *cache =
			mymm_test_cache_config(test, pool, &like[i]);

		KUNIT_EXPECT_EQ_MSG(test, cache->size, sizes[i], "%s",
				    like[i].name);
		KUNIT_EXPECT_GE_MSG(test, cache->offset, like[i].size, "%s",
				    like[i].name);
	}
}

/* What is freed and allocated again is as it was left: no poison, and not cleared. */
static void contents_stay(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:128K");
	struct mymm_cache_config config = config_of(test);
	struct mymm_cache *cache = mymm_test_cache_config(test, pool, &config);
	void *obj = mymm_cache_alloc(cache, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	memset(obj, 0x5a, SIZE);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	KUNIT_EXPECT_NULL(test, memchr_inv(obj, 0x5a, SIZE));
	KUNIT_EXPECT_PTR_EQ(test, mymm_cache_alloc(cache, GFP_KERNEL), obj);
	KUNIT_EXPECT_NULL(test, memchr_inv(obj, 0x5a, SIZE));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	/* __GFP_ZERO clears it. */
	KUNIT_EXPECT_PTR_EQ(
		test, mymm_cache_alloc(cache, GFP_KERNEL | __GFP_ZERO), obj);
	KUNIT_EXPECT_NULL(test, memchr_inv(obj, 0, SIZE));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
}

/* All frames that the pool has, one by one, written over; returns how many. */
static unsigned int take_all(struct mymm_pool *pool, struct mymm_frame **page)
{
	unsigned int nr = 0;

	while (nr < FRAMES) {
		page[nr] = mymm_alloc_pages(pool, GFP_ATOMIC | __GFP_NOWARN, 0);
		if (!page[nr])
			break;
		memset(mymm_frame_address(pool, page[nr]), 0xee, PAGE_SIZE);
		nr++;
	}
	return nr;
}

/*
 * While a reader looks at the objects of a slab, all of them are freed, the slab is given back,
 * and all pages of the pool are allocated and written to.
 */
static void outlives_a_reader(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:128K");
	struct mymm_cache_config config = config_of(test);
	struct mymm_cache *cache = mymm_test_cache_config(test, pool, &config);
	unsigned int nr, taken, i, intact = 0;
	unsigned long held, in_slab = 1UL << cache->order;
	struct mymm_slabinfo info;
	struct mymm_frame *page[FRAMES];
	void *objs[3];

	/* Straight from the engine: emptying a magazine may sleep, and this thread may not. */
	nr = cache->engine->alloc(cache, GFP_KERNEL, ARRAY_SIZE(objs), objs);
	KUNIT_ASSERT_EQ(test, nr, ARRAY_SIZE(objs));
	for (i = 0; i < nr; i++) {
		mymm_sanitize_open(objs[i], SIZE);
		memset(objs[i], i, SIZE);
	}

	rcu_read_lock();
	cache->engine->free(cache, nr, objs);
	cache->engine->shrink(cache, ULONG_MAX);
	cache->engine->get_slabinfo(cache, &info);
	held = mymm_pool_allocated(pool);
	taken = take_all(pool, page);
	for (i = 0; i < nr; i++)
		intact += !memchr_inv(objs[i], i, SIZE);
	rcu_read_unlock();

	KUNIT_EXPECT_EQ(test, info.num_slabs, 0);
	KUNIT_EXPECT_EQ(test, held, in_slab);
	KUNIT_EXPECT_EQ(test, taken, FRAMES - in_slab);
	KUNIT_EXPECT_EQ(test, intact, nr);
	MYMM_EXPECT_SOUND(test, pool);

	rcu_barrier();
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(pool), taken);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->rcu_slabs), 0);
	while (taken)
		MYMM_EXPECT_OK(test, mymm_free_pages(pool, page[--taken], 0));
}

/* A drain waits for the readers, and ends with a whole pool. */
static void drain_waits(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:128K");
	struct mymm_cache_config config = config_of(test);
	struct mymm_cache *cache = mymm_test_cache_config(test, pool, &config);
	void *objs[16];
	int round, nr;

	for (round = 0; round < 3; round++) {
		nr = mymm_cache_alloc_bulk(cache, GFP_KERNEL, ARRAY_SIZE(objs),
					   objs);
		KUNIT_ASSERT_EQ(test, nr, ARRAY_SIZE(objs));
		MYMM_EXPECT_OK(test, mymm_cache_free_bulk(cache, nr, objs));
		KUNIT_EXPECT_GT(test, mymm_pool_drain(pool), 0);
		KUNIT_EXPECT_EQ(test, mymm_pool_allocated(pool), 0);
		KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->rcu_slabs), 0);
	}
}

/* The cache may end before its slabs do; the end of the pool shows that it waits for them. */
static void cache_ends_first(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:128K");
	struct mymm_cache_config config = config_of(test);
	struct mymm_cache *cache = mymm_cache_create(pool, &config);
	unsigned int got;
	void *obj;

	KUNIT_ASSERT_FALSE(test, IS_ERR(cache));
	got = cache->engine->alloc(cache, GFP_KERNEL, 1, &obj);
	KUNIT_ASSERT_EQ(test, got, 1);
	cache->engine->free(cache, 1, &obj);
	MYMM_EXPECT_OK(test, mymm_cache_destroy(cache));
}

static struct kunit_case typesafe_cases[] = {
	KUNIT_CASE(word_behind),
	KUNIT_CASE_PARAM(contents_stay, engine_gen_params),
	KUNIT_CASE_PARAM(outlives_a_reader, engine_gen_params),
	KUNIT_CASE_PARAM(drain_waits, engine_gen_params),
	KUNIT_CASE_PARAM(cache_ends_first, engine_gen_params),
	{},
};

static struct kunit_suite typesafe_suite = {
	.name = "mymm_typesafe",
	.test_cases = typesafe_cases,
};

kunit_test_suite(typesafe_suite);
