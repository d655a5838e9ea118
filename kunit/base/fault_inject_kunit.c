// SPDX-License-Identifier: GPL-2.0
/*
 * Out of memory in the kernel: our own injector makes each of our allocations from it fail once.
 *
 * A test lets the first allocation fail, then the second, ... until the function succeeds. Each
 * failure must give -ENOMEM and leave nothing behind. The number of failures must be the number
 * of allocations that the function is known to make; otherwise some were never tried.
 *
 * Tests: base/backing.c base/fault_inject.c page/event.c
 */
#include "base/fault_inject.h"
#include "lib/util.h"
#include "page/registry.h"

/* What a pool asks for before its table: its description, itself, its zones and nodes. */
#define BEFORE 4

/*
 * Pages that describe a pool of so many pages in one zone: its frames; 4 types' lists of 11
 * orders; the lists of 512 caches, 3 of each node, and 3 of the slob engine; those of
 * page lists that stay empty, and of each CPU's, 4 types of 5 orders each.
 */
static unsigned int table_pages(unsigned int pages, unsigned int flags)
{
	unsigned int frames = ALIGN(pages, 1024) + 4 * 11 + 512 * 3 + 3 + 20;

	if (!(flags & MYMM_POOL_NO_PCP))
		frames += 20 * nr_cpu_ids;
	return DIV_ROUND_UP(frames * 24, PAGE_SIZE);
}

/* The pool is created in the end, and each failure before left nothing behind. */
static void create_in_the_end(struct kunit *test,
			      const struct mymm_pool_config *config,
			      unsigned long expected)
{
	unsigned long held = mymm_area_held();
	unsigned int pools = mymm_pool_count();
	unsigned long nth, seen;
	struct mymm_pool *pool;

	for (nth = 1; nth < 1000; nth++) {
		mymm_inject_arm(nth);
		pool = mymm_pool_create(config);
		seen = mymm_inject_disarm();
		if (!IS_ERR(pool))
			break;
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR(pool), -ENOMEM,
				    "allocation %lu failed", nth);
		KUNIT_EXPECT_EQ_MSG(test, seen, nth,
				    "it went on after allocation %lu", nth);
		KUNIT_EXPECT_EQ(test, mymm_pool_count(), pools);
		KUNIT_EXPECT_EQ_MSG(test, mymm_area_held(), held,
				    "pages after allocation %lu failed", nth);
	}
	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	KUNIT_EXPECT_EQ(test, nth, seen + 1);
	KUNIT_EXPECT_EQ(test, seen, expected);
	MYMM_EXPECT_SOUND(test, pool);
	MYMM_EXPECT_OK(test, mymm_pool_destroy(pool));
	KUNIT_EXPECT_EQ(test, mymm_pool_count(), pools);
}

/*
 * A pool of 8 pages asks for what stands BEFORE its table; for the table an array, its
 * pages and a mapping; for its memory the same; for what each CPU knows, for the old ends of
 * its page lists, for what it counts of processes, and for its pageblocks; for what the slob
 * engine has; for each of 39 size classes the cache, what the slub engine knows of it, and of
 * each CPU, and its magazines.
 */
static void pool_create(struct kunit *test)
{
	static const struct mymm_pool_config config = {
		.name = "inject",
		.zones = "DMA:32K",
		.flags = MYMM_POOL_BARE,
	};

	KUNIT_ASSERT_EQ(test, table_pages(8, MYMM_POOL_BARE), 16);
	create_in_the_end(test, &config,
			  BEFORE + (1 + 16 + 1) + (1 + 8 + 1) + 4 + 1 + 4 * 39);
}

/*
 * With everything that a pool may have: two nodes, holes, page lists; and in the end a
 * thread for each node, kswapd.
 */
static void pool_create_full(struct kunit *test)
{
	static const struct mymm_pool_config config = {
		.name = "inject",
		.zones = "DMA:32K",
		.nodes = 2,
		.distance = "10,30,30,10",
		.holes = "3-4",
	};
	/* The frames of both nodes are within the first 1024. */
	unsigned int table = DIV_ROUND_UP(
		(1024 + 512 * 3 * 2 + 3 + 20 + 2 * (4 * 11 + 20 * nr_cpu_ids)) *
			24,
		PAGE_SIZE);

	create_in_the_end(test, &config,
			  BEFORE + (1 + table + 1) + (1 + 16 + 1) + 4 + 1 +
				  4 * 39 + 2);
}

/*
 * A larger pool fails at its first page, in the middle, at its last page, and when its pages are
 * mapped: each time all that was allocated is freed.
 */
static void pool_create_gives_back(struct kunit *test)
{
	static const struct mymm_pool_config config = {
		.name = "inject",
		.zones = "Normal:16M",
	};
	const unsigned long first = BEFORE + 1 + table_pages(4096, 0) + 1 + 2;
	const unsigned long nths[] = { first, first + 2000, first + 4095,
				       first + 4096 };
	unsigned long held = mymm_area_held();
	struct mymm_pool *pool;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nths); i++) {
		mymm_inject_arm(nths[i]);
		pool = mymm_pool_create(&config);
		KUNIT_EXPECT_EQ(test, mymm_inject_disarm(), nths[i]);
		KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(pool), -ENOMEM);
		KUNIT_EXPECT_EQ(test, mymm_area_held(), held);
	}
}

/* A cache allocates itself and its magazines. */
static void cache_create(struct kunit *test)
{
	static const struct mymm_cache_config config = {
		.name = "inject",
		.size = 100,
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:64K");
	unsigned int users = refcount_read(&pool->users);
	struct mymm_cache *cache;
	unsigned long nth, seen;

	for (nth = 1; nth < 1000; nth++) {
		struct mymm_test_state before = mymm_test_state(pool);

		mymm_inject_arm(nth);
		cache = mymm_cache_create(pool, &config);
		seen = mymm_inject_disarm();
		if (!IS_ERR(cache))
			break;
		KUNIT_EXPECT_EQ(test, PTR_ERR(cache), -ENOMEM);
		mymm_test_same(test, pool, &before, -1, "a cache fails");
		KUNIT_EXPECT_EQ(test, refcount_read(&pool->users), users);
	}
	KUNIT_ASSERT_FALSE(test, IS_ERR(cache));
	KUNIT_EXPECT_EQ(test, seen, 4);
	MYMM_EXPECT_OK(test, mymm_cache_destroy(cache));
}

/* Allocating and freeing never allocate from the kernel, so a failure there can't fail them. */
static void no_kernel_memory_needed(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "cache", 300);
	unsigned int i, failed = 0;
	struct mymm_frame *frame;
	void *objs[100], *ptr;

	mymm_inject_arm(1);
	for (i = 0; i < 100; i++) {
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
		failed += !objs[i];
	}
	failed += mymm_cache_free_bulk(cache, 100, objs) != 0;
	frame = mymm_alloc_pages(pool, GFP_KERNEL, 4);
	failed += mymm_free_pages(pool, frame, 4) != 0;
	ptr = mymm_kmalloc(pool, 100, GFP_KERNEL);
	ptr = mymm_krealloc(pool, ptr, 20000, GFP_KERNEL);
	failed += mymm_kfree(ptr) != 0;
	mymm_cache_shrink(cache);
	mymm_pool_drain(pool);
	KUNIT_EXPECT_EQ(test, mymm_inject_disarm(), 0);
	KUNIT_EXPECT_EQ(test, failed, 0);
}

static struct kunit_case inject_cases[] = {
	KUNIT_CASE(pool_create),
	KUNIT_CASE(pool_create_full),
	KUNIT_CASE(pool_create_gives_back),
	KUNIT_CASE(cache_create),
	KUNIT_CASE(no_kernel_memory_needed),
	{},
};

static struct kunit_suite inject_suite = {
	.name = "mymm_inject",
	.test_cases = inject_cases,
};

kunit_test_suite(inject_suite);
