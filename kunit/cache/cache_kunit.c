// SPDX-License-Identifier: GPL-2.0
/*
 * Caches: what an object is like, how slabs are cut, how a cache ends.
 *
 * Geometry follows the running kernel's SLUB. The orders that are expected here were
 * worked out by hand from calculate_order() of 6.1 and of 6.12, for machines of 2 or 3
 * CPUs, where a slab is to have 4 * (fls(2) + 1) = 12 objects, as far as order 3 allows:
 *
 *	size 704	12 objects take 8448 bytes: order 2. Of its 16384 bytes 23 objects
 *			leave 192, which is at most 1/16
 *	size 2720	12 objects take 32640 bytes: order 3, which leaves 128
 *	size 5120	order 3 has room for 6, so 6 are wanted; 2048 are left, just 1/16
 *	size 12048	order 3 has room for 2, which leave 8672. That is more than the 1/4
 *			that 6.1 allows; with one object it is content, which fits into
 *			order 2. 6.8 and later allow 1/2 instead: order 3
 *
 * Tests: cache/cache.c cache/cache_config.c object/calculate_order.c
 */
#include <linux/cache.h>

#include "lib/util.h"
#include "base/compat.h"
#include "cache/cache.h"
#include "object/calculate_order.h"

/* --- geometry ----------------------------------------------------------------- */

static const struct geometry {
	unsigned int size;
	unsigned int order_6_1;
	unsigned int order_6_8;
} geometries[] = {
	{ 8, 0, 0 },	 { 16, 0, 0 },	      { 32, 0, 0 },
	{ 64, 0, 0 },	 { 96, 0, 0 },	      { 128, 0, 0 },
	{ 192, 0, 0 },	 { 256, 0, 0 },	      { 320, 0, 0 },
	{ 344, 1, 1 },	 { 384, 1, 1 },	      { 512, 1, 1 },
	{ 704, 2, 2 },	 { 1024, 2, 2 },      { 1344, 2, 2 },
	{ 2048, 3, 3 },	 { 2720, 3, 3 },      { 3072, 3, 3 },
	{ 4096, 3, 3 },	 { 5120, 3, 3 },      { 6144, 3, 3 },
	{ 8192, 3, 3 },	 { 10240, 3, 3 },     { 12048, 2, 3 },
	{ 12288, 3, 3 }, { 16384, 3, 3 },     { 20480, 3, 3 },
	{ 32768, 3, 3 }, { 40960, 4, 4 },     { 65536, 4, 4 },
	{ 65544, 5, 5 }, { 4194304, 10, 10 }, { 4194305, 11, 11 },
};

static void slab_orders(struct kunit *test)
{
	unsigned int i;

	if (num_present_cpus() < 2 || num_present_cpus() > 3)
		kunit_skip(test, "the table is for 2 or 3 CPUs");
	for (i = 0; i < ARRAY_SIZE(geometries); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    mymm_calculate_order(geometries[i].size),
				    MYMM_ORDER_RULE_6_8 ?
					    geometries[i].order_6_8 :
					    geometries[i].order_6_1,
				    "size %u", geometries[i].size);
}

static void do_nothing(void *obj)
{
}

/*
 * From one object to the next: its size in words; a word more behind it if its contents
 * must be left alone while it is free; all that aligned. A cache line is 64 bytes;
 * small objects are aligned to the part of one that several of them share.
 */
static const struct layout {
	struct mymm_cache_config config;
	unsigned int size;
	unsigned int word; /* where ours is in a free object */
} layouts[] = {
	{ { .name = "1", .size = 1 }, 8, 0 },
	{ { .name = "8", .size = 8 }, 8, 0 },
	{ { .name = "9", .size = 9 }, 16, 0 },
	{ { .name = "16", .size = 16 }, 16, 8 },
	{ { .name = "20", .size = 20 }, 24, 8 },
	{ { .name = "64", .size = 64 }, 64, 32 },
	{ { .name = "700", .size = 700 }, 704, 344 },
	{ { .name = "8-64", .size = 8, .align = 64 }, 64, 0 },
	{ { .name = "40-16", .size = 40, .align = 16 }, 48, 16 },
	{ { .name = "40-1", .size = 40, .align = 1 }, 40, 16 },
	{ { .name = "100-4k", .size = 100, .align = 4096 }, 4096, 48 },
	{ { .name = "8-hw", .size = 8, .flags = SLAB_HWCACHE_ALIGN }, 8, 0 },
	{ { .name = "24-hw", .size = 24, .flags = SLAB_HWCACHE_ALIGN }, 32, 8 },
	{ { .name = "33-hw", .size = 33, .flags = SLAB_HWCACHE_ALIGN }, 64, 16 },
	{ { .name = "100-hw", .size = 100, .flags = SLAB_HWCACHE_ALIGN },
	  128,
	  48 },
	{ { .name = "24-ctor", .size = 24, .ctor = do_nothing }, 32, 24 },
	{ { .name = "20-poison", .size = 20, .flags = SLAB_POISON }, 32, 24 },
	{ { .name = "64-both",
	    .size = 64,
	    .align = 64,
	    .flags = SLAB_POISON,
	    .ctor = do_nothing },
	  128,
	  64 },
};

static void object_layout(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");
	unsigned int i;

	KUNIT_ASSERT_EQ(test, cache_line_size(), 64);
	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		const struct layout *layout = &layouts[i];
		struct mymm_cache *cache;
		struct mymm_frame *slab;
		unsigned long offset;
		void *obj;

		cache = mymm_test_cache_config(test, pool, &layout->config);
		KUNIT_EXPECT_EQ_MSG(test, cache->size, layout->size, "%s",
				    layout->config.name);
		KUNIT_EXPECT_EQ_MSG(test, cache->offset, layout->word, "%s",
				    layout->config.name);
		KUNIT_EXPECT_EQ(test, cache->object_size, layout->config.size);
		obj = mymm_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		offset = (unsigned long)obj % (layout->config.align ?: 1);
		KUNIT_EXPECT_EQ(test, offset, 0);
		slab = mymm_compound_head(pool, mymm_address_frame(obj));
		KUNIT_EXPECT_EQ(test, slab->objects,
				(PAGE_SIZE << cache->order) / cache->size);
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	}
}

static unsigned int in_sysfs(struct kunit *test, const char *cache,
			     const char *what)
{
	unsigned int value = ~0U;
	char path[80], *text;

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/%s", cache, what);
	text = mymm_test_read_file(test, path, 64, 0);
	KUNIT_EXPECT_EQ(test, kstrtouint(strim(text), 0, &value), 0);
	kunit_kfree(test, text);
	return value;
}

static void end_theirs(void *cache)
{
	kmem_cache_destroy(cache);
}

/* The same cache there and here: size, objects and order must be the same. */
static void compare_with_kernel(struct kunit *test, struct mymm_pool *pool,
				const struct mymm_cache_config *config)
{
	struct mymm_cache *ours;
	struct kmem_cache *theirs;
	int err;

	theirs = kmem_cache_create(config->name, config->size, config->align,
				   config->flags | SLAB_NO_MERGE, config->ctor);
	KUNIT_ASSERT_NOT_NULL(test, theirs);
	err = kunit_add_action_or_reset(test, end_theirs, theirs);
	KUNIT_ASSERT_EQ(test, err, 0);
	ours = mymm_test_cache_config(test, pool, config);
	KUNIT_EXPECT_EQ_MSG(test, ours->size,
			    in_sysfs(test, config->name, "slab_size"),
			    "size of %s", config->name);
	KUNIT_EXPECT_EQ_MSG(test, (PAGE_SIZE << ours->order) / ours->size,
			    in_sysfs(test, config->name, "objs_per_slab"),
			    "objects of %s", config->name);
	KUNIT_EXPECT_EQ_MSG(test, ours->order,
			    in_sysfs(test, config->name, "order"),
			    "order of %s", config->name);
	kunit_release_action(test, end_theirs, theirs);
	MYMM_EXPECT_OK(test, mymm_test_cache_destroy(test, ours));
}

/*
 * The running kernel is asked for its own opinion: caches of many sizes, as they are,
 * aligned, with poison and with a constructor.
 */
static void as_the_kernel_has_it(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:64K");
	struct mymm_cache_config config;
	unsigned int size, kind;
	char name[32];

	if (IS_ENABLED(CONFIG_KASAN))
		kunit_skip(test, "sanitized objects of the kernel are larger");
	for (size = 1; size < 50000; size += size / 3 + 5) {
		for (kind = 0; kind < 5; kind++) {
			snprintf(name, sizeof(name), "mymm-%u-%u", kind, size);
			config = (struct mymm_cache_config){
				.name = name,
				.size = size,
				.align = kind == 1 ? 32 : 0,
				.flags = kind == 2 ? SLAB_HWCACHE_ALIGN :
					 kind == 3 ? SLAB_POISON :
						     0,
				.ctor = kind == 4 ? do_nothing : NULL,
			};
			compare_with_kernel(test, pool, &config);
		}
	}
}

/*
 * Debug caches of all flags, some sizes and alignments; those and none of them for caches
 * typed by RCU, and as if they were kmalloc's. (The kernel takes 20 ms to end a cache.)
 */
static void debugged_as_the_kernel_has_it(struct kunit *test)
{
	static const slab_flags_t flag[] = {
		SLAB_CONSISTENCY_CHECKS, SLAB_RED_ZONE,	       SLAB_POISON,
		SLAB_STORE_USER,	 SLAB_TYPESAFE_BY_RCU, SLAB_KMALLOC,
	};
	const unsigned int debug = 4, all = BIT(debug) - 1;
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:64K");
	unsigned int size, set, i;
	char name[32];

	if (IS_ENABLED(CONFIG_KASAN))
		kunit_skip(test, "sanitized objects of the kernel are larger");
	for (size = 1; size < 10000; size += size * 3 / 4 + 3) {
		for (set = 1; set < 1U << ARRAY_SIZE(flag); set++) {
			struct mymm_cache_config config = {
				.name = name,
				.size = size,
				.align = size % 2 ? 0 : 32,
			};

			if (set >> debug && set & all && (set & all) != all)
				continue;
			snprintf(name, sizeof(name), "mymm-d%u-%u", set, size);
			for (i = 0; i < ARRAY_SIZE(flag); i++)
				if (set & BIT(i))
					config.flags |= flag[i];
			compare_with_kernel(test, pool, &config);
		}
	}
}

/* --- objects -------------------------------------------------------------------- */

#define MANY 300

/*
 * Many objects at once: none overlaps another, each stays in its slab, each keeps what
 * was written to all of its bytes.
 */
static void objects_are_apart(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 8, 24, 100, 700, 2048, 5000 };
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:4M");
	struct mymm_cache *cache;
	unsigned int i, s;
	char name[20];
	void **objs, *bad;

	objs = kunit_kcalloc(test, MANY, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		snprintf(name, sizeof(name), "apart-%u", sizes[s]);
		cache = mymm_test_cache(test, pool, name, sizes[s]);
		for (i = 0; i < MANY; i++) {
			objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, objs[i]);
			memset(objs[i], i % 255 + 1, sizes[s]);
		}
		for (i = 0; i < MANY; i++) {
			bad = memchr_inv(objs[i], i % 255 + 1, sizes[s]);
			KUNIT_EXPECT_NULL_MSG(test, bad, "size %u, object %u",
					      sizes[s], i);
			MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[i]));
		}
	}
}

/* With __GFP_ZERO all bytes of an object are zero, however dirty it was. */
static void zeroed(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "zero", 100);
	void *objs[20];
	unsigned int i;

	for (i = 0; i < 100; i++) {
		void *obj = mymm_cache_alloc(cache, GFP_KERNEL | __GFP_ZERO);

		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_EXPECT_NULL(test, memchr_inv(obj, 0, 100));
		memset(obj, 0xa5, 100);
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	}
	i = mymm_cache_alloc_bulk(cache, GFP_KERNEL | __GFP_ZERO, 20, objs);
	KUNIT_ASSERT_EQ(test, i, 20);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_NULL(test, memchr_inv(objs[i], 0, 100));
	MYMM_EXPECT_OK(test, mymm_cache_free_bulk(cache, 20, objs));
}

static atomic_t constructed;

static void count_and_fill(void *obj)
{
	atomic_inc(&constructed);
	memset(obj, 0x5c, 40);
}

/*
 * A constructor runs once for each object of a slab, when the slab is made; what it wrote
 * is still there when the object is used, freed and used again, whatever flags say.
 */
static void constructor(struct kunit *test)
{
	const struct mymm_cache_config config = {
		.name = "ctor",
		.size = 40,
		.ctor = count_and_fill,
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache_config(test, pool, &config);
	/* 4096 / 48; SLAB's have a byte of the index array each: 4096 / 49. */
	bool slab = !strcmp(mymm_test_engine(test), "slab");
	unsigned int per_slab = slab ? 83 : 85, i, round;
	void *objs[120];

	KUNIT_ASSERT_EQ(test, cache->size, 48);
	KUNIT_ASSERT_EQ(test, cache->order, 0);
	atomic_set(&constructed, 0);
	migrate_disable(); /* what another CPU's magazine has would be missing here */
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 120; i++) {
			gfp_t gfp = round == 2 ? __GFP_ZERO : 0;

			objs[i] = mymm_cache_alloc(cache, GFP_KERNEL | gfp);
			KUNIT_EXPECT_NOT_NULL(test, objs[i]);
			if (objs[i])
				KUNIT_EXPECT_NULL(test, memchr_inv(objs[i],
								   0x5c, 40));
		}
		KUNIT_EXPECT_EQ(test, atomic_read(&constructed), 2 * per_slab);
		for (i = 0; i < 120; i++)
			MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[i]));
	}
	migrate_enable();
}

/* A bulk that the pool can't serve takes nothing. */
static void bulk_all_or_nothing(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:16K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "bulk", 1024);
	void *objs[17];
	int got;

	got = mymm_cache_alloc_bulk(cache, GFP_NOWAIT | __GFP_NOWARN, 17, objs);
	KUNIT_EXPECT_EQ(test, got, 0);
	mymm_cache_shrink(cache);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 0);
	got = mymm_cache_alloc_bulk(cache, GFP_KERNEL, 16, objs);
	KUNIT_EXPECT_EQ(test, got, 16);
	KUNIT_EXPECT_NULL(test, mymm_cache_alloc(cache, __GFP_NOWARN));
	KUNIT_EXPECT_EQ(test, mymm_test_active(cache), 16);
	MYMM_EXPECT_OK(test, mymm_cache_free_bulk(cache, 16, objs));
}

/* --- ending ------------------------------------------------------------------------ */

/* Held objects keep a cache, which says how many; those in magazines don't. */
static void destroy_counts_live(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "live", 64);
	unsigned long live = 99;
	void *objs[10];
	unsigned int i;

	i = mymm_cache_alloc_bulk(cache, GFP_KERNEL, 10, objs);
	KUNIT_ASSERT_EQ(test, i, 10);
	for (i = 0; i < 10; i++) {
		KUNIT_EXPECT_EQ(test, mymm_cache_destroy_count(cache, &live),
				-EBUSY);
		KUNIT_EXPECT_EQ(test, live, 10 - i);
		KUNIT_EXPECT_EQ(test, mymm_cache_destroy(cache), -EBUSY);
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[i]));
	}
	MYMM_EXPECT_OK(test, mymm_test_cache_destroy(test, cache));
}

/* A name can be used again when its cache is gone, not before. */
static void names(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_pool *other = mymm_test_pool(test, "DMA:256K");
	const struct mymm_cache_config config = {
		.name = "exactly-thirty-one-characters--",
		.size = 64,
	};
	struct mymm_cache *cache = mymm_test_cache_config(test, pool, &config);

	KUNIT_EXPECT_EQ(test, strlen(config.name), 31);
	KUNIT_EXPECT_STREQ(test, cache->name, config.name);
	KUNIT_EXPECT_EQ(test, PTR_ERR(mymm_cache_create(pool, &config)),
			-EEXIST);
	mymm_test_cache_config(test, other, &config);
	MYMM_EXPECT_OK(test, mymm_test_cache_destroy(test, cache));
	mymm_test_cache_config(test, pool, &config);
}

/* As many caches as there are numbers: 511, with the size classes; then one more. */
static void as_many_as_can_be(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache_config config = { .size = 64 };
	unsigned int nr, classes = 0;
	struct mymm_cache *cache, **caches;
	char name[20];

	list_for_each_entry(cache, &pool->caches, list)
		classes++;
	/* Three kinds of 13 sizes. */
	KUNIT_EXPECT_EQ(test, classes, 39);
	caches = kunit_kcalloc(test, MYMM_MAX_CACHES, sizeof(*caches),
			       GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, caches);
	config.name = name;
	for (nr = 0; nr < MYMM_MAX_CACHES; nr++) {
		snprintf(name, sizeof(name), "cache-%u", nr);
		caches[nr] = mymm_cache_create(pool, &config);
		if (IS_ERR(caches[nr]))
			break;
	}
	KUNIT_EXPECT_EQ(test, nr, 511 - 39);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(caches[nr]), -ENOSPC);
	MYMM_EXPECT_SOUND(test, pool);
	/* The number of one that is gone is given again. */
	MYMM_EXPECT_OK(test, mymm_cache_destroy(caches[100]));
	caches[100] = mymm_cache_create(pool, &config);
	KUNIT_EXPECT_FALSE(test, IS_ERR(caches[100]));
	while (nr--)
		if (!IS_ERR(caches[nr]))
			MYMM_EXPECT_OK(test, mymm_cache_destroy(caches[nr]));
}

static struct kunit_case cache_cases[] = {
	KUNIT_CASE(slab_orders),
	KUNIT_CASE(object_layout),
	KUNIT_CASE_SLOW(as_the_kernel_has_it),
	KUNIT_CASE(debugged_as_the_kernel_has_it),
	MYMM_CASE_ENGINES(objects_are_apart),
	MYMM_CASE_ENGINES(zeroed),
	MYMM_CASE_COOKIES(constructor),
	MYMM_CASE_ENGINES(bulk_all_or_nothing),
	MYMM_CASE_ENGINES(destroy_counts_live),
	MYMM_CASE_ENGINES(names),
	KUNIT_CASE_SLOW(as_many_as_can_be),
	{},
};

static struct kunit_suite cache_suite = {
	.name = "mymm_cache",
	.test_cases = cache_cases,
};

kunit_test_suite(cache_suite);
