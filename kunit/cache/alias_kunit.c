// SPDX-License-Identifier: GPL-2.0
/*
 * Merging: which caches are merged, and what happens to their names.
 *
 * The default engine of these pools is slob, so that there are no size classes that a cache
 * could be merged into before it meets the other one.
 *
 * Tests: cache/alias.c
 */
#include "base/fault_inject.h"
#include "lib/text.h"
#include "pool/pool.h"
#include "cache/alias.h"
#include "cache/cache.h"

static struct mymm_pool *merging_pool(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "DMA:512K",
		.engine = "slob",
		.flags = MYMM_POOL_MERGE,
	};

	return mymm_test_pool_config(test, &config);
}

static struct mymm_cache *make(struct kunit *test, struct mymm_pool *pool,
			       const char *name, unsigned int size)
{
	const struct mymm_cache_config config = {
		.name = name,
		.size = size,
		.engine = mymm_test_engine(test),
	};

	return mymm_test_cache_config(test, pool, &config);
}

static void do_nothing(void *obj)
{
}

/* --- the rule -------------------------------------------------------------------- */

/*
 * Slots, worked out by hand: the size in words, aligned. A cache line has 64 bytes; without
 * anything else objects are aligned to 8.
 */
static const struct {
	struct mymm_cache_config first, second;
	bool slub, slab;
} rules[] = {
	/* The same slots. */
	{ { .size = 60 }, { .size = 62 }, true, true },
	{ { .size = 57 }, { .size = 64 }, true, true },
	{ { .size = 64 }, { .size = 57 }, true, true },
	/* A whole word would be left over; there is no room. */
	{ { .size = 64 }, { .size = 56 }, false, false },
	{ { .size = 56 }, { .size = 64 }, false, false },
	/* Slots of 64 are aligned to 64, if their slab is; SLAB coloured its slabs. */
	{ { .size = 64 },
	  { .size = 64, .flags = SLAB_HWCACHE_ALIGN },
	  true,
	  false },
	{ { .size = 64, .flags = SLAB_HWCACHE_ALIGN },
	  { .size = 64 },
	  true,
	  true },
	{ { .size = 96 }, { .size = 90, .align = 32 }, true, false },
	{ { .size = 96, .align = 32 }, { .size = 90, .align = 16 }, true, true },
	/* 104 is no multiple of 32: slots of 128. */
	{ { .size = 100 }, { .size = 100, .align = 32 }, false, false },
	/* Zone and mobility. */
	{ { .size = 64, .flags = SLAB_CACHE_DMA },
	  { .size = 64 },
	  false,
	  false },
	{ { .size = 64, .flags = SLAB_CACHE_DMA },
	  { .size = 64, .flags = SLAB_CACHE_DMA },
	  true,
	  true },
	{ { .size = 64 },
	  { .size = 64, .flags = SLAB_RECLAIM_ACCOUNT },
	  false,
	  false },
	{ { .size = 64, .flags = SLAB_RECLAIM_ACCOUNT },
	  { .size = 64, .flags = SLAB_RECLAIM_ACCOUNT },
	  true,
	  true },
	/* Those that are always by themselves. */
	{ { .size = 64, .flags = SLAB_TYPESAFE_BY_RCU },
	  { .size = 64, .flags = SLAB_TYPESAFE_BY_RCU },
	  false,
	  false },
	{ { .size = 64, .flags = SLAB_POISON },
	  { .size = 64, .flags = SLAB_POISON },
	  false,
	  false },
	{ { .size = 64, .ctor = do_nothing },
	  { .size = 64, .ctor = do_nothing },
	  false,
	  false },
	{ { .size = 64 }, { .size = 64, .ctor = do_nothing }, false, false },
	{ { .size = 64, .flags = SLAB_NO_MERGE }, { .size = 64 }, false, false },
	{ { .size = 64 }, { .size = 64, .flags = SLAB_NO_MERGE }, false, false },
};

static void rule(struct kunit *test)
{
	const char *engine = mymm_test_engine(test);
	bool slab = !strcmp(engine, "slab");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		struct mymm_cache_config first = rules[i].first;
		struct mymm_cache_config second = rules[i].second;
		struct mymm_pool *pool = merging_pool(test);
		struct mymm_cache *a, *b;

		first.engine = engine;
		second.engine = engine;
		first.name = "first";
		second.name = "second";
		a = mymm_test_cache_config(test, pool, &first);
		b = mymm_test_cache_config(test, pool, &second);
		KUNIT_EXPECT_EQ_MSG(test, a == b,
				    slab ? rules[i].slab : rules[i].slub,
				    "number %u", i);
	}
}

/* No merging without the pool's flag, with another engine, or with slob. */
static void who_does_not(struct kunit *test)
{
	struct mymm_pool *plain = mymm_test_pool(test, "DMA:256K");
	struct mymm_pool *pool = merging_pool(test);
	static const char *const engines[] = { "slub", "slab", "slob", "slob" };
	struct mymm_cache *cache[4];
	unsigned int i, k;
	char name[8];

	KUNIT_EXPECT_PTR_NE(test, mymm_test_cache(test, plain, "a", 64),
			    mymm_test_cache(test, plain, "b", 64));
	for (i = 0; i < 4; i++) {
		const struct mymm_cache_config config = {
			.name = name,
			.size = 64,
			.engine = engines[i],
		};

		snprintf(name, sizeof(name), "e%u", i);
		cache[i] = mymm_test_cache_config(test, pool, &config);
		for (k = 0; k < i; k++)
			KUNIT_EXPECT_PTR_NE(test, cache[i], cache[k]);
	}
}

/* A size class has a usersize, so no cache is merged into it, as in the kernel. */
static void not_with_a_class(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "DMA:512K",
		.flags = MYMM_POOL_MERGE,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	unsigned int users = refcount_read(&pool->users);
	struct mymm_cache *cache = mymm_test_cache(test, pool, "mine", 64);
	struct mymm_cache *other = mymm_test_cache(test, pool, "another", 60);

	KUNIT_EXPECT_PTR_NE(test, cache, pool->kmalloc[0][6]);
	KUNIT_EXPECT_PTR_EQ(test, cache, other);
	/* Each name holds a reference to the pool, and destroying it drops just that one. */
	KUNIT_EXPECT_EQ(test, refcount_read(&pool->users), users + 2);
	MYMM_EXPECT_OK(test, mymm_test_cache_destroy(test, cache));
	KUNIT_EXPECT_EQ(test, refcount_read(&pool->users), users + 1);
}

/* --- names ------------------------------------------------------------------------- */

static unsigned int lines_with(struct kunit *test, struct mymm_pool *pool,
			       const char *name)
{
	char *text = mymm_test_text(test, mymm_slabinfo_show_all, pool, 4096);
	size_t len = strlen(name);
	unsigned int nr = 0;
	char *line;

	while ((line = strsep(&text, "\n")))
		nr += !strncmp(line, name, len) && line[len] == ' ';
	return nr;
}

/*
 * Three names of one cache: objects have room for the largest, whichever name allocates or frees.
 * The cache has one line, under its first name, and ends with its last name, if no object is
 * held; only then held objects are counted.
 */
static void one_for_three(struct kunit *test)
{
	struct mymm_pool *pool = merging_pool(test);
	struct mymm_cache *cache = make(test, pool, "one", 58);
	void *obj = mymm_cache_alloc(cache, GFP_KERNEL);
	unsigned long live;

	KUNIT_EXPECT_PTR_EQ(test, make(test, pool, "two", 63), cache);
	KUNIT_EXPECT_PTR_EQ(test, make(test, pool, "three", 60), cache);
	KUNIT_EXPECT_EQ(test, cache->object_size, 63);
	KUNIT_EXPECT_EQ(test, cache->nr_names, 3);
	KUNIT_EXPECT_EQ(test, lines_with(test, pool, "one"), 1);
	KUNIT_EXPECT_EQ(test, lines_with(test, pool, "two"), 0);
	/* To KASAN it has the 58 bytes that it was allocated with. */
	mymm_test_scribble(obj, 0xff, 63);
	MYMM_EXPECT_SOUND(test, pool);

	MYMM_EXPECT_OK(test, mymm_test_cache_destroy(test, cache));
	MYMM_EXPECT_OK(test, mymm_test_cache_destroy(test, cache));
	KUNIT_EXPECT_EQ(test, lines_with(test, pool, "one"), 1);
	KUNIT_EXPECT_EQ(test, mymm_cache_destroy_count(cache, &live), -EBUSY);
	KUNIT_EXPECT_EQ(test, live, 1);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	MYMM_EXPECT_OK(test, mymm_test_cache_destroy(test, cache));
	KUNIT_EXPECT_EQ(test, lines_with(test, pool, "one"), 0);
}

static int error_of(struct kunit *test, struct mymm_pool *pool,
		    const char *name, unsigned int size)
{
	const struct mymm_cache_config config = {
		.name = name,
		.size = size,
		.engine = mymm_test_engine(test),
	};

	return PTR_ERR_OR_ZERO(mymm_cache_create(pool, &config));
}

/* A name in use is refused, whether the cache would be merged or not. */
static void names_are_unique(struct kunit *test)
{
	struct mymm_pool *pool = merging_pool(test);
	struct mymm_cache *cache = make(test, pool, "one", 64);

	make(test, pool, "two", 64);
	KUNIT_EXPECT_EQ(test, error_of(test, pool, "one", 64), -EEXIST);
	KUNIT_EXPECT_EQ(test, error_of(test, pool, "two", 64), -EEXIST);
	KUNIT_EXPECT_EQ(test, error_of(test, pool, "one", 200), -EEXIST);
	KUNIT_EXPECT_EQ(test, error_of(test, pool, "two", 200), -EEXIST);
	KUNIT_EXPECT_EQ(test, cache->nr_names, 2);
}

/*
 * Names are closed in either order; the cache is still shown under its first name. Meanwhile only
 * a cache that would be merged into it can have that name again.
 */
static void first_name_first(struct kunit *test)
{
	struct mymm_pool *pool = merging_pool(test);
	struct mymm_cache *cache = make(test, pool, "one", 64);
	unsigned long live;

	make(test, pool, "two", 64);
	MYMM_EXPECT_OK(test,
		       mymm_name_close(mymm_name_of(cache, "one"), &live));
	KUNIT_EXPECT_NULL(test, mymm_name_of(cache, "one"));
	KUNIT_EXPECT_EQ(test, lines_with(test, pool, "one"), 1);
	KUNIT_EXPECT_EQ(test, error_of(test, pool, "one", 200), -EEXIST);
	KUNIT_EXPECT_EQ(test, error_of(test, pool, "one", 64), 0);
	KUNIT_EXPECT_EQ(test, cache->nr_names, 2);
	KUNIT_EXPECT_NOT_NULL(test, mymm_name_of(cache, "one"));

	MYMM_EXPECT_OK(test,
		       mymm_name_close(mymm_name_of(cache, "two"), &live));
	KUNIT_EXPECT_EQ(test, error_of(test, pool, "two", 200), 0);
	KUNIT_EXPECT_EQ(test, lines_with(test, pool, "two"), 1);
	KUNIT_EXPECT_EQ(test, error_of(test, pool, "three", 64), 0);
	/* What the test's end gives up, twice, is kernel names, the newest first. */
	MYMM_EXPECT_OK(test,
		       mymm_name_close(mymm_name_of(cache, "one"), &live));
	KUNIT_EXPECT_EQ(test, error_of(test, pool, "one", 64), 0);
	rcu_read_lock();
	cache = rcu_dereference(pool->cache_by_id[cache->id + 1]);
	rcu_read_unlock();
	KUNIT_ASSERT_STREQ(test, cache->name, "two");
	MYMM_EXPECT_OK(test, mymm_cache_destroy(cache));
}

/* A cache of many names goes with a pool that is given up as a whole. */
static void gone_with_the_pool(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.name = "gone",
		.zones = "DMA:256K",
		.flags = MYMM_POOL_MERGE,
	};
	struct mymm_pool *pool = mymm_pool_create(&config);
	struct mymm_cache_config wanted = { .name = "a", .size = 200 };

	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	KUNIT_EXPECT_FALSE(test, IS_ERR(mymm_cache_create(pool, &wanted)));
	wanted.name = "b";
	KUNIT_EXPECT_FALSE(test, IS_ERR(mymm_cache_create(pool, &wanted)));
	KUNIT_EXPECT_EQ(test, mymm_pool_destroy(pool), -EBUSY);
	mymm_pool_release(pool);
}

/* Without memory for a name nothing has changed, and the next is given one. */
static void no_memory(struct kunit *test)
{
	struct mymm_pool *pool = merging_pool(test);
	struct mymm_cache *cache = make(test, pool, "one", 64);
	unsigned int users = refcount_read(&pool->users);

	mymm_inject_arm(1);
	KUNIT_EXPECT_EQ(test, error_of(test, pool, "two", 64), -ENOMEM);
	KUNIT_EXPECT_EQ(test, mymm_inject_disarm(), 1);
	KUNIT_EXPECT_EQ(test, cache->nr_names, 1);
	KUNIT_EXPECT_EQ(test, refcount_read(&pool->users), users);
	make(test, pool, "two", 64);
	KUNIT_EXPECT_EQ(test, cache->nr_names, 2);
}

static struct kunit_case alias_cases[] = {
	MYMM_CASE_COOKIES(rule),
	KUNIT_CASE(who_does_not),
	KUNIT_CASE(not_with_a_class),
	MYMM_CASE_COOKIES(one_for_three),
	MYMM_CASE_COOKIES(names_are_unique),
	MYMM_CASE_COOKIES(first_name_first),
	KUNIT_CASE(gone_with_the_pool),
	MYMM_CASE_COOKIES(no_memory),
	{},
};

static struct kunit_suite alias_suite = {
	.name = "mymm_alias",
	.test_cases = alias_cases,
};

kunit_test_suite(alias_suite);
