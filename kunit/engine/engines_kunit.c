// SPDX-License-Identifier: GPL-2.0
/*
 * What holds for each engine: the same tests for all of them. Suites of a noun run with each
 * engine where it matters, too (MYMM_CASE_ENGINES() and MYMM_CASE_COOKIES() in util.h); here is
 * what belongs to none of them.
 *
 * Tests: cache/engine.c
 */
#include <linux/sort.h>

#include "lib/util.h"

#define OBJECTS 300

static int by_address(const void *a, const void *b)
{
	const void *const *x = a, *const *y = b;

	return *x < *y ? -1 : *x > *y;
}

/*
 * Objects of every size are in the pool, aligned, apart from each other, and all theirs to
 * write to; and when they are back nothing of the cache is left.
 */
static void apart(struct kunit *test)
{
	static const unsigned int sizes[] = { 1,   8,	24,   64,   100,
					      192, 512, 1000, 3000, 9000 };
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:8M");
	void **objs = kunit_kcalloc(test, OBJECTS, sizeof(*objs), GFP_KERNEL);
	unsigned int s, i;
	char name[20];

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct mymm_cache *cache;

		snprintf(name, sizeof(name), "neighbours-%u", sizes[s]);
		cache = mymm_test_cache(test, pool, name, sizes[s]);
		KUNIT_EXPECT_STREQ(test, cache->engine->name,
				   mymm_test_engine(test));
		for (i = 0; i < OBJECTS; i++) {
			objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, objs[i]);
			memset(objs[i], i, sizes[s]);
		}
		MYMM_EXPECT_SOUND(test, pool);
		for (i = 0; i < OBJECTS; i++)
			KUNIT_ASSERT_NULL_MSG(
				test, memchr_inv(objs[i], (u8)i, sizes[s]),
				"object %u of %u bytes", i, sizes[s]);
		sort(objs, OBJECTS, sizeof(*objs), by_address, NULL);
		for (i = 1; i < OBJECTS; i++)
			KUNIT_ASSERT_GE(test, objs[i] - objs[i - 1],
					(long)sizes[s]);
		for (i = 0; i < OBJECTS; i++)
			MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[i]));
		mymm_cache_shrink(cache);
		KUNIT_EXPECT_EQ(test, mymm_test_active(cache), 0);
		KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 0);
	}
}

static void construct(void *obj)
{
	memset(obj, 0xc7, 48);
}

/* What a constructor made is there when an object is handed out, the first time and again. */
static void constructed(struct kunit *test)
{
	static const struct mymm_cache_config config = {
		.name = "constructed",
		.size = 48,
		.ctor = construct,
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");
	struct mymm_cache *cache = mymm_test_cache_config(test, pool, &config);
	void *objs[100];
	unsigned int round, i;

	for (round = 0; round < 3; round++) {
		KUNIT_ASSERT_EQ(test,
				mymm_cache_alloc_bulk(cache, GFP_KERNEL, 100,
						      objs),
				100);
		for (i = 0; i < 100; i++)
			KUNIT_EXPECT_NULL(test, memchr_inv(objs[i], 0xc7, 48));
		MYMM_EXPECT_OK(test, mymm_cache_free_bulk(cache, 100, objs));
		if (round == 1)
			mymm_cache_shrink(cache);
	}
}

/* A cleared object is clear, whatever was in it. */
static void cleared(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "cleared", 100);
	unsigned int round;
	void *obj;

	for (round = 0; round < 200; round++) {
		obj = mymm_cache_alloc(cache, GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_EXPECT_NULL(test, memchr_inv(obj, 0, 100));
		memset(obj, 0xff, 100);
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	}
}

/* When there is no frame left an allocation fails, and goes on when there is one again. */
static void used_up(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:64K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "up", 1000);
	void *objs[65];
	unsigned int nr;

	for (nr = 0; nr < 65; nr++) {
		objs[nr] = mymm_cache_alloc(cache, GFP_NOWAIT | __GFP_NOWARN);
		if (!objs[nr])
			break;
	}
	KUNIT_EXPECT_GE(test, nr, 48);
	KUNIT_EXPECT_LE(test, nr, 64);
	MYMM_EXPECT_SOUND(test, pool);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[--nr]));
	objs[nr] = mymm_cache_alloc(cache, GFP_NOWAIT | __GFP_NOWARN);
	KUNIT_EXPECT_NOT_NULL(test, objs[nr]);
	nr += !!objs[nr];
	while (nr--)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[nr]));
}

/* A cache with an object in use stays; and a cache of another engine beside it knows nothing. */
static void side_by_side(struct kunit *test)
{
	static const char *const all[] = { "slub", "slab", "slob" };
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");
	struct mymm_cache *cache[3];
	unsigned int i, k;
	void *obj[3];

	for (i = 0; i < 3; i++) {
		const struct mymm_cache_config config = {
			.name = all[i],
			.size = 128,
			.engine = all[i],
		};

		cache[i] = mymm_test_cache_config(test, pool, &config);
		obj[i] = mymm_cache_alloc(cache[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj[i]);
	}
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, mymm_cache_destroy(cache[i]), -EBUSY);
		for (k = 0; k < 3; k++)
			if (k != i)
				KUNIT_EXPECT_EQ_MSG(
					test, mymm_cache_free(cache[i], obj[k]),
					-EINVAL, "an object of %s to %s",
					all[k], all[i]);
	}
	for (i = 0; i < 3; i++)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache[i], obj[i]));
	MYMM_EXPECT_SOUND(test, pool);
}

static struct kunit_case engines_cases[] = {
	MYMM_CASE_ENGINES(apart),	 MYMM_CASE_ENGINES(constructed),
	MYMM_CASE_ENGINES(cleared),	 MYMM_CASE_ENGINES(used_up),
	MYMM_CASE_ENGINES(side_by_side), {}
};

static struct kunit_suite engines_suite = {
	.name = "mymm_engines",
	.test_cases = engines_cases,
};

kunit_test_suite(engines_suite);
