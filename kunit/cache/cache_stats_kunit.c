// SPDX-License-Identifier: GPL-2.0
/*
 * The statistics of a cache in debugfs mymm/caches/NAME/stats, against counts made by hand.
 *
 * A poisoned cache of slub or slab has no magazines, so that each allocation and each free is
 * the engine's, and what is out is what is held.
 *
 * Tests: cache/cache_stats.c
 */
#include <linux/delay.h>

#include "cache/magazine_fast.h"
#include "lib/test_shrinker.h"
#include "lib/text.h"
#include "object/transfer.h"
#include "cache/cache_stats.h"

/* The whole file. */
static char *stats_of(struct kunit *test, struct mymm_cache *cache)
{
	struct seq_file m = { .size = 1024 };

	m.buf = kunit_kzalloc(test, m.size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m.buf);
	mymm_cache_stats_show(&m, cache);
	KUNIT_ASSERT_FALSE(test, seq_has_overflowed(&m));
	return m.buf;
}

/* What it says under one name. */
static void expect_stat(struct kunit *test, struct mymm_cache *cache,
			const char *name, const char *value)
{
	char *text = stats_of(test, cache), *line;
	size_t len = strlen(name);

	while ((line = strsep(&text, "\n")))
		if (!strncmp(line, name, len) && line[len] == ' ')
			break;
	KUNIT_ASSERT_NOT_NULL_MSG(test, line, "no line of %s", name);
	KUNIT_EXPECT_STREQ_MSG(test, line + len + 1, value, "%s", name);
}

static void expect_number(struct kunit *test, struct mymm_cache *cache,
			  const char *name, unsigned long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lu", value);
	expect_stat(test, cache, name, text);
}

/* The names, in their order; and a cache that has done nothing. */
static void nothing_yet(struct kunit *test)
{
	static const char *const lines[] = {
		"objects_held 0",
		"objects_at_hand 0",
		"objects_out_peak 0",
		"objects_quarantined 0",
		"slabs 0",
		"slabs_peak 0",
		"slabs_made 0",
		"slabs_given_back 0",
		"allocs_failed 0",
		"allocs_slept 0",
		"magazine_alloc_percent -",
		"magazine_free_percent -",
		NULL,
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "new", 64);

	KUNIT_EXPECT_STREQ(test, stats_of(test, cache),
			   mymm_test_join(test, lines));
}

/*
 * 100 objects out, 40 back, 20 out again: at most 100 were held, and 80 are. All that is
 * back is with the engine.
 */
static void high_water(struct kunit *test)
{
	const struct mymm_cache_config config = {
		.name = "water",
		.size = 100,
		.flags = mymm_test_no_magazines(test),
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache_config(test, pool, &config);
	void *objs[100];
	unsigned int i;

	for (i = 0; i < 100; i++) {
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
	MYMM_EXPECT_OK(test, mymm_cache_free_bulk(cache, 40, objs));
	KUNIT_ASSERT_EQ(test,
			mymm_cache_alloc_bulk(cache, GFP_KERNEL, 20, objs), 20);
	expect_number(test, cache, "objects_held", 80);
	expect_number(test, cache, "objects_at_hand", 0);
	expect_number(test, cache, "objects_out_peak", 100);
	/* A free that is refused is none. */
	KUNIT_EXPECT_EQ(test, mymm_cache_free(cache, objs[99] + 1), -EINVAL);
	expect_number(test, cache, "objects_held", 80);
	MYMM_EXPECT_OK(test, mymm_cache_free_bulk(cache, 20, objs));
	MYMM_EXPECT_OK(test, mymm_cache_free_bulk(cache, 60, objs + 40));
	expect_number(test, cache, "objects_held", 0);
	expect_number(test, cache, "objects_out_peak", 100);
}

/*
 * Two slabs and one object more are three slabs. When all but the first object are back two
 * slabs are empty, and are given back; one object more is in the third again.
 */
static void growth(struct kunit *test)
{
	const struct mymm_cache_config config = {
		.name = "growth",
		.size = 1000,
		.flags = SLAB_POISON,
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache_config(test, pool, &config);
	unsigned int nr = 2 * cache->num + 1;
	void *objs[60];

	KUNIT_ASSERT_LE(test, nr, ARRAY_SIZE(objs));
	KUNIT_ASSERT_EQ(test,
			mymm_cache_alloc_bulk(cache, GFP_KERNEL, nr, objs), nr);
	expect_number(test, cache, "slabs_made", 3);
	MYMM_EXPECT_OK(test, mymm_cache_free_bulk(cache, nr - 1, objs + 1));
	mymm_cache_shrink(cache);
	expect_number(test, cache, "slabs", 1);
	expect_number(test, cache, "slabs_given_back", 2);
	expect_number(test, cache, "slabs", mymm_test_slabs(cache));
	KUNIT_ASSERT_EQ(test,
			mymm_cache_alloc_bulk(cache, GFP_KERNEL, cache->num,
					      objs + 1),
			cache->num);
	expect_number(test, cache, "slabs", 2);
	expect_number(test, cache, "slabs_peak", 3);
	expect_number(test, cache, "slabs_made", 4);
	MYMM_EXPECT_OK(test, mymm_cache_free_bulk(cache, cache->num + 1, objs));
}

/* In slob each object larger than a page is a slab of its own. */
static void large_of_slob(struct kunit *test)
{
	const struct mymm_cache_config config = {
		.name = "large",
		.size = 5000,
		.engine = "slob",
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache_config(test, pool, &config);
	void *objs[3];

	KUNIT_ASSERT_EQ(test, mymm_cache_alloc_bulk(cache, GFP_KERNEL, 3, objs),
			3);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[0]));
	expect_number(test, cache, "objects_held", 2);
	expect_number(test, cache, "objects_out_peak", 3);
	expect_number(test, cache, "slabs", 2);
	expect_number(test, cache, "slabs_made", 3);
	expect_number(test, cache, "slabs_given_back", 1);
	MYMM_EXPECT_OK(test, mymm_cache_free_bulk(cache, 2, objs + 1));
}

/*
 * Two CPUs free an object at the same time, and both get past the checks. When the second free
 * is found, behind all arrays, it is refused, and counts as none: the other object is held.
 */
static void freed_at_once(struct kunit *test)
{
	static const struct mymm_pool_config config = {
		.zones = "DMA:256K",
		.nodes = 2,
		.flags = MYMM_POOL_BARE,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct mymm_cache *cache = mymm_test_cache(test, pool, "once", 64);
	void *objs[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
	mymm_cache_shrink(cache);
	expect_number(test, cache, "objects_held", 2);

	mymm_transfer_begin(cache);
	mymm_mark_free(cache, objs[0]);
	mymm_engine_put(cache, 1, &objs[0]);
	mymm_engine_put(cache, 1, &objs[0]);
	mymm_transfer_end(cache);
	mymm_cache_shrink(cache);
	KUNIT_EXPECT_EQ(
		test,
		atomic_long_read(&pool->refused[MYMM_REFUSED_DOUBLE_FREE]), 1);
	expect_number(test, cache, "objects_held", 1);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[1]));
	mymm_cache_shrink(cache);
	expect_number(test, cache, "objects_held", 0);
}

static void pairs(struct mymm_test_thread *thread)
{
	struct mymm_cache *cache = thread->data;
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		void *obj = mymm_cache_alloc(cache, GFP_KERNEL);

		if (!obj || mymm_cache_free(cache, obj))
			mymm_test_complain(thread, "pair %u", i);
	}
}

/*
 * A thousand pairs: the first allocation brings a batch, 999 of 1000 are served from the
 * magazine, and all frees end there. The rest of the batch counts as at hand.
 */
static void hit_rate(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "rate", 1000);

	mymm_test_on_cpu(test, 0, pairs, cache);
	expect_stat(test, cache, "magazine_alloc_percent", "99.90");
	expect_stat(test, cache, "magazine_free_percent", "100.00");
	expect_number(test, cache, "objects_held", 0);
	expect_number(test, cache, "objects_at_hand", mymm_test_active(cache));
	expect_number(test, cache, "objects_out_peak", mymm_test_active(cache));
	mymm_cache_shrink(cache);
	expect_number(test, cache, "objects_at_hand", 0);
}

/* --- no memory, and waiting for some --------------------------------------------------- */

/* A shrinker that sleeps before it frees some held frames. */
static unsigned long sleeper_count(struct mymm_shrinker *shrinker,
				   struct mymm_shrink_control *sc)
{
	struct mymm_held_frames *held = shrinker->private_data;

	return held->nr;
}

static unsigned long sleeper_scan(struct mymm_shrinker *shrinker,
				  struct mymm_shrink_control *sc)
{
	struct mymm_held_frames *held = shrinker->private_data;
	unsigned int before = held->nr;

	msleep(20);
	mymm_held_frames_give(held, 4);
	return before - held->nr;
}

static void end_shrinker(void *shrinker)
{
	mymm_shrinker_unregister(shrinker);
}

/*
 * All frames are held. A request that can't wait fails without sleeping, each time; one that can
 * wait sleeps until frames are freed. A failed bulk allocation counts as one failure.
 */
static void failed_and_slept(struct kunit *test)
{
	const struct mymm_pool_config pool_config = {
		.zones = "Normal:64K",
		.flags = MYMM_POOL_NO_PCP | MYMM_POOL_NO_WATERMARKS,
	};
	const struct mymm_cache_config config = {
		.name = "late",
		.size = 64,
		.flags = mymm_test_no_magazines(test),
	};
	static struct mymm_shrinker sleeper;
	struct mymm_pool *pool = mymm_test_pool_rest(test, &pool_config);
	struct mymm_cache *cache = mymm_test_cache_config(test, pool, &config);
	struct mymm_held_frames *held = mymm_held_frames_new(test, pool);
	void *objs[2], *obj;

	sleeper = (struct mymm_shrinker){
		.count = sleeper_count,
		.scan = sleeper_scan,
		.seeks = MYMM_DEFAULT_SEEKS,
		.private_data = held,
	};
	KUNIT_ASSERT_EQ(test, mymm_shrinker_register(pool, &sleeper), 0);
	KUNIT_ASSERT_EQ(test,
			kunit_add_action_or_reset(test, end_shrinker, &sleeper),
			0);
	mymm_held_frames_take(held, GFP_PLAIN, 0);
	KUNIT_ASSERT_EQ(test, free_frames(pool), 0);

	KUNIT_EXPECT_NULL(test, mymm_cache_alloc(cache, GFP_PLAIN));
	KUNIT_EXPECT_NULL(test, mymm_cache_alloc(cache, GFP_PLAIN));
	KUNIT_EXPECT_EQ(test, mymm_cache_alloc_bulk(cache, GFP_PLAIN, 2, objs),
			0);
	expect_number(test, cache, "allocs_failed", 3);
	expect_number(test, cache, "allocs_slept", 0);
	obj = mymm_cache_alloc(cache, GFP_DIRECT);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	expect_number(test, cache, "allocs_failed", 3);
	expect_number(test, cache, "allocs_slept", 1);
	/* That slab has room: no shrinker is called. */
	KUNIT_ASSERT_EQ(test, mymm_cache_alloc_bulk(cache, GFP_DIRECT, 2, objs),
			2);
	expect_number(test, cache, "allocs_slept", 1);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	MYMM_EXPECT_OK(test, mymm_cache_free_bulk(cache, 2, objs));
}

static struct kunit_case cache_stats_cases[] = {
	MYMM_CASE_ENGINES(nothing_yet),	     MYMM_CASE_ENGINES(high_water),
	MYMM_CASE_COOKIES(growth),	     KUNIT_CASE(large_of_slob),
	MYMM_CASE_COOKIES(freed_at_once),    MYMM_CASE_COOKIES(hit_rate),
	MYMM_CASE_ENGINES(failed_and_slept), {},
};

static struct kunit_suite cache_stats_suite = {
	.name = "mymm_cache_stats",
	.test_cases = cache_stats_cases,
};

kunit_test_suite(cache_stats_suite);
