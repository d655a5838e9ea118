// SPDX-License-Identifier: GPL-2.0
/*
 * kmalloc: which size class serves a size, what ksize() returns for it, and how it grows.
 *
 * Tests: cache/kmalloc.c
 */
#include <linux/mm.h>

#include "lib/util.h"

/* The class that a size must be from, by hand: powers of two, and 96 and 192. */
static unsigned int class_size(unsigned int size)
{
	static const unsigned int sizes[] = { 8,    16,	  32,  64,  96,
					      128,  192,  256, 512, 1024,
					      2048, 4096, 8192 };
	unsigned int i = 0;

	while (sizes[i] < size)
		i++;
	return sizes[i];
}

static const char *class_name(unsigned int size)
{
	switch (size) {
	case 1024:
		return "1k";
	case 2048:
		return "2k";
	case 4096:
		return "4k";
	case 8192:
		return "8k";
	default:
		return NULL;
	}
}

static void expect_class(struct kunit *test, struct mymm_pool *pool, void *ptr,
			 const char *prefix, unsigned int size)
{
	struct mymm_cache *cache;
	char name[32];

	if (class_name(size))
		snprintf(name, sizeof(name), "%s-%s", prefix, class_name(size));
	else
		snprintf(name, sizeof(name), "%s-%u", prefix, size);
	rcu_read_lock();
	cache = mymm_cache_of(pool, ptr);
	rcu_read_unlock();
	KUNIT_ASSERT_NOT_NULL(test, cache);
	KUNIT_EXPECT_STREQ(test, cache->name, name);
}

/*
 * Each size from 1 to 8192: it is from the smallest class that has room, aligned to
 * the power of two that divides the class, and its ksize is the whole object.
 */
static void each_size(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");
	/* SLAB had no smaller slots, for the sake of index arrays of bytes. */
	unsigned int least = strcmp(mymm_test_engine(test), "slab") ? 8 : 16;
	unsigned int size;

	for (size = 1; size <= 8192; size++) {
		unsigned int class = max(class_size(size), least);
		void *ptr = mymm_kmalloc(pool, size, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, ptr);
		KUNIT_EXPECT_EQ_MSG(test, mymm_ksize(ptr), class, "size %u",
				    size);
		KUNIT_EXPECT_EQ(test,
				(unsigned long)ptr % min(class & -class, 4096U),
				0);
		memset(ptr, size, class);
		MYMM_EXPECT_OK(test, mymm_kfree(ptr));
	}
}

/* The kinds: which caches they are, and from which zone their slabs. */
static void kinds(struct kunit *test)
{
	static const struct {
		gfp_t gfp;
		const char *prefix;
		bool dma;
	} table[] = {
		{ GFP_KERNEL, "kmalloc", false },
		{ GFP_ATOMIC, "kmalloc", false },
		{ GFP_KERNEL | __GFP_RECLAIMABLE, "kmalloc-rcl", false },
		{ GFP_KERNEL | __GFP_DMA, "dma-kmalloc", true },
		{ GFP_KERNEL | __GFP_DMA | __GFP_RECLAIMABLE, "dma-kmalloc",
		  true },
	};
	static const unsigned int sizes[] = { 8,    16,	  32,  64,  96,
					      128,  192,  256, 512, 1024,
					      2048, 4096, 8192 };
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M,Normal:1M");
	unsigned int i, s;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		for (s = 0; s < ARRAY_SIZE(sizes); s++) {
			void *ptr = mymm_kmalloc(pool, sizes[s], table[i].gfp);

			KUNIT_ASSERT_NOT_NULL(test, ptr);
			expect_class(test, pool, ptr, table[i].prefix,
				     sizes[s]);
			KUNIT_EXPECT_EQ(test, ptr < pool->base + SZ_1M,
					table[i].dma);
			MYMM_EXPECT_OK(test, mymm_kfree(ptr));
		}
	}
}

/* What is too large for a class gets pages: the least order that has room. */
static void large(struct kunit *test)
{
	static const struct {
		unsigned int size;
		unsigned int order;
	} table[] = {
		{ 8193, 2 },  { 16384, 2 },   { 16385, 3 },    { 65536, 4 },
		{ 65537, 5 }, { 1048577, 9 }, { 2097153, 10 }, { 4194304, 10 },
	};
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:4M");
	struct mymm_zone_snapshot snap;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		void *ptr = mymm_kmalloc(pool, table[i].size, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, ptr);
		KUNIT_EXPECT_EQ(test, mymm_ksize(ptr),
				PAGE_SIZE << table[i].order);
		mymm_zone_read(&pool->zone[0], &snap);
		KUNIT_EXPECT_EQ(test,
				mymm_zone_managed(&pool->zone[0]) - snap.free,
				1UL << table[i].order);
		KUNIT_EXPECT_EQ(test, mymm_ksize(ptr + PAGE_SIZE), 0);
		MYMM_EXPECT_SOUND(test, pool);
		MYMM_EXPECT_OK(test, mymm_kfree(ptr));
		mymm_zone_read(&pool->zone[0], &snap);
		KUNIT_EXPECT_EQ(
			test, mymm_zone_managed(&pool->zone[0]) - snap.free, 0);
	}
}

/* Size 0, and addresses that are no object. */
static void nothing(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:256K");
	struct mymm_frame *frame = mymm_alloc_pages(pool, GFP_KERNEL, 0);
	void *ptr;

	KUNIT_EXPECT_PTR_EQ(test, mymm_kmalloc(pool, 0, GFP_KERNEL),
			    ZERO_SIZE_PTR);
	KUNIT_EXPECT_EQ(test, mymm_ksize(NULL), 0);
	KUNIT_EXPECT_EQ(test, mymm_ksize(ZERO_SIZE_PTR), 0);
	KUNIT_EXPECT_EQ(test, mymm_ksize(&ptr), 0);
	KUNIT_EXPECT_EQ(test, mymm_ksize(mymm_frame_address(pool, frame)), 0);
	KUNIT_EXPECT_EQ(test, mymm_ksize(pool->base + pool->bytes), 0);
	ptr = mymm_kmalloc(pool, 100, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mymm_ksize(ptr + 1), 0);
	MYMM_EXPECT_OK(test, mymm_kfree(ptr));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));
}

/* ksize() of a cache's own objects: no more than is safe to write. */
static void ksize_of_caches(struct kunit *test)
{
	static const struct {
		struct mymm_cache_config config;
		size_t usable;
	} table[] = {
		{ { .name = "20", .size = 20 }, 24 },
		{ { .name = "20-hw", .size = 20, .flags = SLAB_HWCACHE_ALIGN },
		  32 },
		{ { .name = "20-poison", .size = 20, .flags = SLAB_POISON },
		  20 },
	};
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:256K");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct mymm_cache *cache;
		void *obj;

		cache = mymm_test_cache_config(test, pool, &table[i].config);
		obj = mymm_cache_alloc(cache, GFP_KERNEL);
		KUNIT_EXPECT_EQ_MSG(test, mymm_ksize(obj), table[i].usable,
				    "%s", cache->name);
		memset(obj, 0xff, table[i].usable);
		MYMM_EXPECT_OK(test, mymm_kfree(obj));
	}
}

static void expect_bytes(struct kunit *test, const u8 *ptr, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr && ptr[i] == (u8)(i * 7); i++)
		;
	KUNIT_EXPECT_EQ_MSG(test, i, nr, "the contents are not kept");
}

/*
 * Growing step by step, from 1 byte to 4 MiB: the contents are kept, what has room stays
 * where it is, and nothing is left behind.
 */
static void krealloc_grows(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:16M");
	size_t size = 1, known = 0, next;
	struct mymm_zone_snapshot snap;
	u8 *ptr = NULL, *new;

	for (; size <= 4 << 20; size = next) {
		bool fits = ptr && mymm_ksize(ptr) >= size;

		next = size < 300 ? size + 1 : size * 5 / 4;
		new = mymm_krealloc(pool, ptr, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, new);
		KUNIT_EXPECT_EQ(test, new == ptr, fits);
		KUNIT_EXPECT_GE(test, mymm_ksize(new), size);
		expect_bytes(test, new, known);
		ptr = new;
		for (; known < size && known < 5000; known++)
			ptr[known] = known * 7;
	}
	KUNIT_EXPECT_PTR_EQ(test, mymm_krealloc(pool, ptr, 0, GFP_KERNEL),
			    ZERO_SIZE_PTR);
	mymm_pool_drain(pool);
	mymm_zone_read(&pool->zone[0], &snap);
	KUNIT_EXPECT_EQ(test, mymm_zone_managed(&pool->zone[0]) - snap.free, 0);
}

/* krealloc() of nothing, to a smaller size, and without memory: then the object is kept. */
static void krealloc_edges(struct kunit *test)
{
	/* With init_on_alloc=1 the kernel clears the rest for any flags. */
	unsigned int kept = want_init_on_alloc(GFP_KERNEL) ? 50 : 128;
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:64K");
	u8 *ptr, *zero;

	zero = mymm_krealloc(pool, NULL, 0, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, zero, ZERO_SIZE_PTR);
	ptr = mymm_krealloc(pool, zero, 100, GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(test, ptr);
	KUNIT_EXPECT_NULL(test, memchr_inv(ptr, 0, 100));
	/* All that ksize() returns may be used, whatever size was requested. */
	KUNIT_ASSERT_EQ(test, mymm_ksize(ptr), 128);
	memset(ptr, 0xaa, 128);
	/* To less: it stays where it is, and with __GFP_ZERO the rest is cleared. */
	zero = mymm_krealloc(pool, ptr, 50, GFP_KERNEL);
	KUNIT_EXPECT_PTR_EQ(test, zero, ptr);
	KUNIT_ASSERT_EQ(test, mymm_ksize(ptr), 128);
	KUNIT_EXPECT_NULL(test, memchr_inv(ptr, 0xaa, kept));
	zero = mymm_krealloc(pool, ptr, 50, GFP_KERNEL | __GFP_ZERO);
	KUNIT_EXPECT_PTR_EQ(test, zero, ptr);
	KUNIT_EXPECT_NULL(test, memchr_inv(ptr, 0xaa, 50));
	KUNIT_ASSERT_EQ(test, mymm_ksize(ptr), 128);
	KUNIT_EXPECT_NULL(test, memchr_inv(ptr + 50, 0, 78));
	/* To more than there is: nothing changes. */
	MYMM_EXPECT_UNCHANGED(test, pool, 0,
			      mymm_krealloc(pool, ptr, 100000,
					    GFP_NOWAIT | __GFP_NOWARN));
	KUNIT_EXPECT_NULL(test, memchr_inv(ptr, 0xaa, 50));
	MYMM_EXPECT_OK(test, mymm_kfree(ptr));
}

static struct kunit_case kmalloc_cases[] = {
	MYMM_CASE_COOKIES(each_size),	    MYMM_CASE_COOKIES(kinds),
	MYMM_CASE_ENGINES(large),	    MYMM_CASE_ENGINES(nothing),
	MYMM_CASE_COOKIES(ksize_of_caches), MYMM_CASE_ENGINES(krealloc_grows),
	MYMM_CASE_COOKIES(krealloc_edges),  {},
};

static struct kunit_suite kmalloc_suite = {
	.name = "mymm_kmalloc",
	.test_cases = kmalloc_cases,
};

kunit_test_suite(kmalloc_suite);
