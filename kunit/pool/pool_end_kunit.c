// SPDX-License-Identifier: GPL-2.0
/*
 * How caches and pools end in which objects are out of use, or held: by the calls that any
 * module has.
 *
 * Tests: pool/pool.c cache/cache.c
 */
#include <linux/kernel.h>

#include "lib/util.h"
#include "page/registry.h"
#include "page/vmstat.h"

static struct mymm_pool *new_pool(struct kunit *test, const char *debug)
{
	const struct mymm_pool_config config = {
		.name = test->name,
		.zones = "Normal:4M",
		.engine = mymm_test_engine(test),
		.debug = debug,
	};
	struct mymm_pool *pool = mymm_pool_create(&config);

	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	return pool;
}

static struct mymm_cache *new_cache(struct kunit *test, struct mymm_pool *pool,
				    slab_flags_t flags)
{
	const struct mymm_cache_config config = {
		.name = "damaged",
		.size = 64,
		.flags = flags,
	};
	struct mymm_cache *cache = mymm_cache_create(pool, &config);

	KUNIT_ASSERT_FALSE(test, IS_ERR(cache));
	return cache;
}

/* One wrong byte behind an object. As long as another one is held the cache goes on. */
static void red_zone(struct kunit *test)
{
	struct mymm_pool *pool = new_pool(test, NULL);
	struct mymm_cache *cache = new_cache(test, pool, SLAB_RED_ZONE);
	void *obj = mymm_cache_alloc(cache, GFP_KERNEL);
	void *other = mymm_cache_alloc(cache, GFP_KERNEL);

	KUNIT_ASSERT_TRUE(test, obj && other);
	mymm_test_flip(obj + 64, 1);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	KUNIT_EXPECT_EQ(test, mymm_cache_destroy(cache), -EBUSY);
	KUNIT_EXPECT_EQ(test, mymm_pool_destroy(pool), -EBUSY);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, other));
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 1);

	MYMM_EXPECT_OK(test, mymm_cache_destroy(cache));
	KUNIT_EXPECT_EQ(test, mymm_pool_drain(pool), 0);
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(pool), 0);
	MYMM_EXPECT_SOUND(test, pool);
	MYMM_EXPECT_OK(test, mymm_pool_destroy(pool));
}

/*
 * A free object that was written to, in a slab with an object that is held, so that it stays:
 * its word leads nowhere, which is found when it is to be allocated.
 */
static void overwritten(struct kunit *test)
{
	struct mymm_pool *pool = new_pool(test, NULL);
	struct mymm_cache *cache = new_cache(test, pool, 0);
	void *held = mymm_cache_alloc(cache, GFP_KERNEL);
	void *obj = mymm_cache_alloc(cache, GFP_KERNEL);
	const unsigned int nr = PAGE_SIZE / 64;
	void **objs = kunit_kcalloc(test, nr, sizeof(*objs), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_TRUE(test, held && obj && objs);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	mymm_cache_shrink(cache);
	mymm_test_scribble(obj, 'A', 64);
	for (i = 0; i < nr; i++) {
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
		KUNIT_EXPECT_PTR_NE(test, objs[i], obj);
	}
	KUNIT_EXPECT_EQ(
		test,
		atomic_long_read(&pool->refused[MYMM_REFUSED_OVERWRITTEN]), 1);
	for (i = 0; i < nr; i++)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[i]));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, held));
	MYMM_EXPECT_OK(test, mymm_cache_destroy(cache));
	MYMM_EXPECT_SOUND(test, pool);
	MYMM_EXPECT_OK(test, mymm_pool_destroy(pool));
}

/*
 * In a size class, which ends with its pool. That goes on while a page is held, and
 * what is out of use then stays so.
 */
static void size_class(struct kunit *test)
{
	struct mymm_pool *pool = new_pool(test, "Z,kmalloc-64");
	struct mymm_frame *page = mymm_alloc_pages(pool, GFP_KERNEL, 0);
	void *obj = mymm_kmalloc(pool, 64, GFP_KERNEL);

	KUNIT_ASSERT_TRUE(test, obj && page);
	mymm_test_flip(obj + 64, 1);
	MYMM_EXPECT_OK(test, mymm_kfree(obj));
	KUNIT_EXPECT_EQ(test, mymm_pool_destroy(pool), -EBUSY);
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(pool), 2);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, page, 0));
	MYMM_EXPECT_OK(test, mymm_pool_destroy(pool));
}

/* Whatever is held, of whatever kind, beside what is out of use. */
static void released(struct kunit *test)
{
	struct mymm_pool *pool = new_pool(test, NULL);
	bool slob = !strcmp(mymm_test_engine(test), "slob");
	struct mymm_cache *cache =
		new_cache(test, pool, slob ? 0 : SLAB_RED_ZONE);
	unsigned int pools = mymm_pool_count();
	void *obj = mymm_cache_alloc(cache, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	if (!slob)
		mymm_test_flip(obj + 64, 1);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	KUNIT_EXPECT_NOT_NULL(test, mymm_cache_alloc(cache, GFP_KERNEL));
	KUNIT_EXPECT_NOT_NULL(test, mymm_kmalloc(pool, 100, GFP_KERNEL));
	KUNIT_EXPECT_NOT_NULL(test, mymm_kmalloc(pool, 100000, GFP_KERNEL));
	KUNIT_EXPECT_NOT_NULL(test, mymm_alloc_pages(pool, GFP_KERNEL, 3));
	KUNIT_EXPECT_EQ(test, mymm_pool_destroy(pool), -EBUSY);
	mymm_pool_release(pool);
	KUNIT_EXPECT_EQ(test, mymm_pool_count(), pools - 1);
}

static int references(struct kunit *test)
{
	char *text =
		mymm_test_read_file(test, "/sys/module/mymm/refcnt", 64, 0);
	int nr = -1;

	KUNIT_EXPECT_EQ(test, kstrtoint(strim(text), 10, &nr), 0);
	return nr;
}

/*
 * A pool has threads, and its creator may be unloaded without destroying it. So mymm can't be
 * unloaded while a pool exists.
 */
static void keeps_module(struct kunit *test)
{
	int before = references(test);
	struct mymm_pool *one = new_pool(test, NULL);
	struct mymm_pool *two = new_pool(test, NULL);

	KUNIT_EXPECT_EQ(test, references(test), before + 2);
	mymm_pool_release(two);
	KUNIT_EXPECT_EQ(test, references(test), before + 1);
	MYMM_EXPECT_OK(test, mymm_pool_destroy(one));
	KUNIT_EXPECT_EQ(test, references(test), before);
}

static struct kunit_case pool_end_cases[] = {
	MYMM_CASE_COOKIES(red_zone),   MYMM_CASE_ENGINES(overwritten),
	MYMM_CASE_COOKIES(size_class), MYMM_CASE_ENGINES(released),
	KUNIT_CASE(keeps_module),      {},
};

static struct kunit_suite pool_end_suite = {
	.name = "mymm_pool_end",
	.test_cases = pool_end_cases,
};

kunit_test_suite(pool_end_suite);
