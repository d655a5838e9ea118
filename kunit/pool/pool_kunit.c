// SPDX-License-Identifier: GPL-2.0
/*
 * Pools: how they are described, what is refused, how they begin and end.
 *
 * A bad description must give its errno and leave nothing behind; a good one exactly
 * the zones that it says. A pool with anything allocated can't be destroyed and goes
 * on as before; a dead one refuses everything, and can always be destroyed.
 *
 * Tests: pool/pool.c pool/layout.c page/registry.c
 */
#include "engine/slub/slub.h"
#include "page/registry.h"
#include "pool/pool.h"
#include "ui/sysfs_cache.h"
#include "lib/util.h"

/* --- descriptions ----------------------------------------------------------- */

static const struct bad_zones {
	const char *zones;
	int error;
	const char *why;
} bad_zones[] = {
	{ NULL, -EINVAL, "none at all" },
	{ "", -EINVAL, "empty" },
	{ " ", -EINVAL, "a space" },
	{ ",", -EINVAL, "a comma" },
	{ "DMA:4M,", -EINVAL, "a comma at the end" },
	{ ",DMA:4M", -EINVAL, "a comma at the beginning" },
	{ "DMA:4M,,Normal:4M", -EINVAL, "two commas" },
	{ "DMA", -EINVAL, "no size" },
	{ "DMA:", -EINVAL, "an empty size" },
	{ ":4M", -EINVAL, "no name" },
	{ ":", -EINVAL, "neither name nor size" },
	{ "4M", -EINVAL, "a size for a name" },
	{ "dma:4M", -EINVAL, "the name in small letters" },
	{ "DMA33:4M", -EINVAL, "an unknown name" },
	{ "Norma:4M", -EINVAL, "a part of a name" },
	{ "Normal2:4M", -EINVAL, "more than a name" },
	{ "DMA :4M", -EINVAL, "a space behind the name" },
	{ "DMA: 4M", -EINVAL, "a space before the size" },
	{ "DMA=4M", -EINVAL, "no colon" },
	{ "DMA:4M:4M", -EINVAL, "two sizes" },
	{ "DMA:0", -EINVAL, "size 0" },
	{ "DMA:0K", -EINVAL, "size 0 with a suffix" },
	{ "DMA:4095", -EINVAL, "less than a page" },
	{ "DMA:3K", -EINVAL, "less than a page with a suffix" },
	{ "DMA:K", -EINVAL, "a suffix alone" },
	{ "DMA:M4", -EINVAL, "a suffix first" },
	{ "DMA:4KK", -EINVAL, "two suffixes" },
	{ "DMA:4MB", -EINVAL, "a unit" },
	{ "DMA:4P", -EINVAL, "an unknown suffix" },
	{ "DMA:-4M", -EINVAL, "a negative size" },
	{ "DMA:+4M", -EINVAL, "a sign" },
	{ "DMA:4.5M", -EINVAL, "a fraction" },
	{ "DMA:4,5M", -EINVAL, "a fraction with a comma" },
	{ "DMA:four", -EINVAL, "a word" },
	{ "DMA:0xK", -EINVAL, "a prefix alone" },
	{ "DMA:4M\n:", -EINVAL, "garbage" },
	{ "DMA:\xff\xfe", -EINVAL, "bytes that are no text" },
	{ "DMA:18446744073709551616", -EINVAL, "2^64" },
	{ "DMA:18014398509481984K", -EINVAL, "2^64 by its suffix" },
	{ "DMA:16777216T", -EINVAL, "2^64 by its suffix again" },
	{ "DMA:18014398509481988K", -EINVAL, "2^64 + 4096 by its suffix" },
	{ "DMA:17179869188G", -EINVAL, "2^64 - 4G" },
	{ "DMA:17592186044417M", -EINVAL, "2^64 + 1M by its suffix" },
	{ "DMA:99999999999999999999999999", -EINVAL, "too many digits" },
	{ "DMA:8T", -EINVAL, "2^31 frames" },
	{ "DMA:6T,Normal:6T", -EINVAL, "2^31 frames together" },
	{ "DMA:4M,DMA:4M", -EINVAL, "a zone twice" },
	{ "DMA:4M,Normal:4M,DMA:8M", -EINVAL,
	  "a zone twice, not side by side" },
	{ "Normal:7T", -ENOMEM, "more than the machine has" },
	{ "DMA:4M,Normal:1T", -ENOMEM, "more than it has together" },
};

static void describe_bad_zones(const struct bad_zones *bad, char *text)
{
	snprintf(text, KUNIT_PARAM_DESC_SIZE, "%s", bad->why);
}

KUNIT_ARRAY_PARAM(bad_zones, bad_zones, describe_bad_zones);

static void zones_refused(struct kunit *test)
{
	const struct bad_zones *bad = test->param_value;
	struct mymm_pool_config config = { .name = "bad", .zones = bad->zones };
	unsigned int pools = mymm_pool_count();
	struct mymm_pool *pool;

	pool = mymm_pool_create(&config);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(pool), bad->error);
	if (!IS_ERR(pool))
		MYMM_EXPECT_OK(test, mymm_pool_destroy(pool));
	/* Without memory behind it the same, but for what is just too large. */
	config.backing = MYMM_BACKING_NONE;
	pool = mymm_pool_create(&config);
	if (IS_ERR(pool) || bad->error != -ENOMEM)
		KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(pool), bad->error);
	if (!IS_ERR(pool))
		MYMM_EXPECT_OK(test, mymm_pool_destroy(pool));
	KUNIT_EXPECT_EQ(test, mymm_pool_count(), pools);
}

static const struct good_zones {
	const char *zones;
	unsigned int nr;
	struct {
		const char *name;
		unsigned long pages;
	} zone[5];
	const char *why;
} good_zones[] = {
	{ "DMA:4K", 1, { { "DMA", 1 } }, "one page" },
	{ "DMA:4096", 1, { { "DMA", 1 } }, "bytes" },
	{ "DMA:8191", 1, { { "DMA", 1 } }, "rounded down to pages" },
	{ "DMA:0x4000", 1, { { "DMA", 4 } }, "hexadecimal" },
	{ "Normal:5k", 1, { { "Normal", 1 } }, "a small letter" },
	{ "Normal:1m", 1, { { "Normal", 256 } }, "another" },
	{ "Normal:1g", 1, { { "Normal", 262144 } }, "and another" },
	{ "Movable:7777K", 1, { { "Movable", 1944 } }, "no power of two" },
	{ "Normal:1M,DMA:1M",
	  2,
	  { { "DMA", 256 }, { "Normal", 256 } },
	  "in the field's order, whatever is written" },
	{ " DMA:4K , Normal:8K ",
	  2,
	  { { "DMA", 1 }, { "Normal", 2 } },
	  "spaces around" },
	{ "Movable:20K,HighMem:16K,Normal:12K,DMA32:8K,DMA:4K",
	  5,
	  { { "DMA", 1 },
	    { "DMA32", 2 },
	    { "Normal", 3 },
	    { "HighMem", 4 },
	    { "Movable", 5 } },
	  "all of them" },
};

static void describe_good_zones(const struct good_zones *good, char *text)
{
	snprintf(text, KUNIT_PARAM_DESC_SIZE, "%s", good->why);
}

KUNIT_ARRAY_PARAM(good_zones, good_zones, describe_good_zones);

/* Zones lie one behind the other, from frame 0 on; all of their frames are free. */
static void zones_understood(struct kunit *test)
{
	const struct good_zones *good = test->param_value;
	struct mymm_pool *pool = mymm_test_pool_none(test, good->zones);
	struct mymm_zone_snapshot snap;
	unsigned long start = 0;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, pool->nr_zones, good->nr);
	for (i = 0; i < good->nr; i++) {
		struct mymm_zone *zone = &pool->zone[i];

		KUNIT_EXPECT_STREQ(test, mymm_zone_name(zone->type),
				   good->zone[i].name);
		KUNIT_EXPECT_EQ(test, zone->node, 0);
		KUNIT_EXPECT_EQ(test, zone->buddy.start, start);
		start += good->zone[i].pages;
		KUNIT_EXPECT_EQ(test, zone->buddy.end, start);
		mymm_zone_read(zone, &snap);
		KUNIT_EXPECT_EQ(test, snap.free, good->zone[i].pages);
	}
	KUNIT_EXPECT_EQ(test, pool->nr_frames, start);
}

/* What else a description may say, wrongly; and nothing of it is left. */
static void config_refused(struct kunit *test)
{
	static const struct mymm_pool_config bad[] = {
		{ .name = "bad", .zones = "DMA:4K", .nodes = 9 },
		{ .name = "bad", .zones = "DMA:4K", .nodes = ~0U },
		/* descriptions for more nodes than there are, or for some of them */
		{ .name = "bad", .zones = "DMA:4K/DMA:4K" },
		{ .name = "bad", .zones = "DMA:4K/DMA:4K/DMA:4K", .nodes = 2 },
		{ .name = "bad", .zones = "DMA:4K/DMA:4K", .nodes = 3 },
		{ .name = "bad", .zones = "DMA:4K/", .nodes = 2 },
		{ .name = "bad", .zones = "/DMA:4K", .nodes = 2 },
		{ .name = "bad", .zones = "DMA:6T", .nodes = 2 },
		/* distances: a row too few, one too many, to itself, too near, too far */
		{ .name = "bad", .zones = "DMA:4K", .distance = "" },
		{ .name = "bad", .zones = "DMA:4K", .distance = "9" },
		{ .name = "bad", .zones = "DMA:4K", .distance = "20" },
		{ .name = "bad", .zones = "DMA:4K", .distance = "10,10" },
		{ .name = "bad", .zones = "DMA:4K", .distance = "ten" },
		{ .name = "bad", .zones = "DMA:4K", .distance = "4294967306" },
		{ .name = "bad",
		  .zones = "DMA:4K",
		  .nodes = 2,
		  .distance = "10,20,20" },
		{ .name = "bad",
		  .zones = "DMA:4K",
		  .nodes = 2,
		  .distance = "10,10,10,10" },
		{ .name = "bad",
		  .zones = "DMA:4K",
		  .nodes = 2,
		  .distance = "10,256,256,10" },
		{ .name = "bad",
		  .zones = "DMA:4K",
		  .nodes = 2,
		  .distance = "10;20;20;10" },
		/* holes: no range, backwards, outside, all there is */
		{ .name = "bad", .zones = "DMA:40K", .holes = "3" },
		{ .name = "bad", .zones = "DMA:40K", .holes = "3-" },
		{ .name = "bad", .zones = "DMA:40K", .holes = "-3" },
		{ .name = "bad", .zones = "DMA:40K", .holes = "4-3" },
		{ .name = "bad", .zones = "DMA:40K", .holes = "9-10" },
		{ .name = "bad", .zones = "DMA:40K", .holes = "3-4;5-6" },
		{ .name = "bad", .zones = "DMA:40K", .holes = "3-4,five" },
		{ .name = "bad", .zones = "DMA:40K", .holes = "0-9" },
		{ .name = "bad",
		  .zones = "DMA:8K,Normal:8K",
		  .holes = "2-2,3-3" },
		{ .name = "bad", .zones = "DMA:4K", .block_order = 11 },
		{ .name = "bad", .zones = "DMA:4K", .block_order = ~0U },
		{ .name = "bad", .zones = "DMA:4K", .flags = 0x20 },
		{ .name = "bad", .zones = "DMA:4K", .flags = 1U << 31 },
		{ .name = "bad", .zones = "DMA:4K", .engine = "slup" },
		{ .name = "bad", .zones = "DMA:4K", .engine = "SLUB" },
		{ .name = "bad", .zones = "DMA:4K", .backing = 2 },
		{ .name = "bad", .zones = "DMA:4K", .backing = -1 },
	};
	unsigned int pools = mymm_pool_count(), i;
	struct mymm_pool *pool;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		pool = mymm_pool_create(&bad[i]);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(pool), -EINVAL,
				    "number %u: zones %s, nodes %u, holes %s",
				    i, bad[i].zones, bad[i].nodes,
				    bad[i].holes);
		if (!IS_ERR(pool))
			MYMM_EXPECT_OK(test, mymm_pool_destroy(pool));
	}
	KUNIT_EXPECT_EQ(test, mymm_pool_count(), pools);
}

/* What may be left out; and a name that is too long is cut. */
static void config_defaults(struct kunit *test)
{
	static const struct mymm_pool_config good[] = {
		{ .zones = "DMA:4K" },
		{ .zones = "DMA:4K", .nodes = 1, .engine = "" },
		{ .zones = "DMA:4K", .nodes = 1, .engine = "slub" },
		{ .zones = "DMA:4K",
		  .name = "a name that is longer than thirty-one characters" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		struct mymm_pool *pool = mymm_pool_create(&good[i]);

		KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(pool), "number %u", i);
		KUNIT_EXPECT_STREQ(test, pool->name,
				   good[i].name ?
					   "a name that is longer than thir" :
					   "unnamed");
		KUNIT_EXPECT_STREQ(test, pool->engine->name, "slub");
		MYMM_EXPECT_OK(test, mymm_pool_destroy(pool));
	}
}

/* --- ending -------------------------------------------------------------------- */

/* With a page, an object or a cache still held it goes on. */
static void busy(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");
	struct mymm_frame *frame;
	struct mymm_cache *cache;
	void *obj;

	frame = mymm_alloc_pages(pool, GFP_KERNEL, 3);
	KUNIT_EXPECT_EQ(test, mymm_pool_destroy(pool), -EBUSY);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 3));

	obj = mymm_kmalloc(pool, 100, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mymm_pool_destroy(pool), -EBUSY);
	MYMM_EXPECT_OK(test, mymm_kfree(obj));

	obj = mymm_kmalloc(pool, 100000, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mymm_pool_destroy(pool), -EBUSY);
	MYMM_EXPECT_OK(test, mymm_kfree(obj));

	cache = mymm_test_cache(test, pool, "busy", 100);
	KUNIT_EXPECT_EQ(test, mymm_pool_destroy(pool), -EBUSY);
	obj = mymm_cache_alloc(cache, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mymm_pool_destroy(pool), -EBUSY);
	/* It is as alive as before. */
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	obj = mymm_cache_alloc(cache, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	MYMM_EXPECT_SOUND(test, pool);
}

/* The module's own pool: it is there, it is named, and a reference is counted. */
static void default_pool(struct kunit *test)
{
	struct mymm_pool *pool = mymm_pool_get_default();
	unsigned int users;

	KUNIT_ASSERT_NOT_NULL(test, pool);
	KUNIT_EXPECT_STREQ(test, pool->name, "default");
	users = refcount_read(&pool->users);
	KUNIT_EXPECT_PTR_EQ(test, mymm_pool_get_default(), pool);
	KUNIT_EXPECT_EQ(test, refcount_read(&pool->users), users + 1);
	KUNIT_EXPECT_EQ(test, mymm_pool_destroy(pool), -EBUSY);
	mymm_pool_put(pool);
	KUNIT_EXPECT_EQ(test, refcount_read(&pool->users), users);
	mymm_pool_put(pool);
	mymm_pool_put(NULL);
}

/* An address leads to its pool among several, and to none when that is gone. */
static void several_pools(struct kunit *test)
{
	struct mymm_pool_config config = { .name = "gone", .zones = "DMA:1M" };
	struct mymm_pool *one = mymm_test_pool(test, "DMA:1M");
	struct mymm_pool *two = mymm_test_pool(test, "DMA:1M");
	struct mymm_pool *gone = mymm_pool_create(&config);
	void *a, *b, *c;

	KUNIT_ASSERT_FALSE(test, IS_ERR(gone));
	a = mymm_kmalloc(one, 32, GFP_KERNEL);
	b = mymm_kmalloc(two, 32, GFP_KERNEL);
	c = gone->base;
	KUNIT_EXPECT_PTR_EQ(test, mymm_address_frame(c), gone->frame);
	MYMM_EXPECT_OK(test, mymm_pool_destroy(gone));
	KUNIT_EXPECT_NULL(test, mymm_address_frame(c));
	KUNIT_EXPECT_EQ(test, mymm_ksize(c), 0);
	/* mymm_kfree() needs no pool. */
	MYMM_EXPECT_UNCHANGED(test, one, 0, mymm_kfree(b));
	MYMM_EXPECT_UNCHANGED(test, two, 0, mymm_kfree(a));
}

/* --- death ----------------------------------------------------------------------- */

/*
 * A dead pool refuses each function, with -EIO or NULL, and counts it. It can be destroyed with
 * pages, objects and caches still held; end_pool() does.
 */
static void dead_refuses(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");
	const struct mymm_cache_config config = { .name = "new", .size = 64 };
	struct mymm_cache *cache = mymm_test_cache(test, pool, "cache", 64);
	struct mymm_frame *frame = mymm_alloc_pages(pool, GFP_KERNEL, 2);
	void *obj = mymm_cache_alloc(cache, GFP_KERNEL);
	void *small = mymm_kmalloc(pool, 64, GFP_KERNEL);
	void *large = mymm_kmalloc(pool, 20000, GFP_KERNEL);
	void *objs[4] = { obj, obj, obj, obj };
	const int dead = MYMM_REFUSED_DEAD;

	KUNIT_ASSERT_TRUE(test, frame && obj && small && large);
	/* Something for a fast path to find. */
	MYMM_EXPECT_OK(test,
		       mymm_cache_free(cache,
				       mymm_cache_alloc(cache, GFP_KERNEL)));
	MYMM_EXPECT_OK(test, mymm_pool_kill(pool, "a test wants it so"));
	KUNIT_EXPECT_EQ(test, mymm_pool_kill(pool, "again"), -EALREADY);

	MYMM_EXPECT_REFUSED(test, pool, dead, 0,
			    mymm_alloc_pages(pool, GFP_KERNEL, 0));
	MYMM_EXPECT_REFUSED(test, pool, dead, -EIO,
			    mymm_free_pages(pool, frame, 2));
	MYMM_EXPECT_REFUSED(test, pool, dead, -EIO,
			    PTR_ERR(mymm_cache_create(pool, &config)));
	MYMM_EXPECT_REFUSED(test, pool, dead, 0,
			    mymm_cache_alloc(cache, GFP_KERNEL));
	MYMM_EXPECT_REFUSED(test, pool, dead, 0,
			    mymm_cache_alloc(cache, GFP_ATOMIC | __GFP_ZERO));
	MYMM_EXPECT_REFUSED(test, pool, dead, -EIO,
			    mymm_cache_free(cache, obj));
	MYMM_EXPECT_REFUSED(test, pool, dead, 0,
			    mymm_cache_alloc_bulk(cache, GFP_KERNEL, 4, objs));
	MYMM_EXPECT_REFUSED(test, pool, dead, -EIO,
			    mymm_cache_free_bulk(cache, 4, objs));
	MYMM_EXPECT_REFUSED(test, pool, dead, 0,
			    mymm_kmalloc(pool, 64, GFP_KERNEL));
	MYMM_EXPECT_REFUSED(test, pool, dead, 0,
			    mymm_kmalloc(pool, 20000, GFP_KERNEL));
	/* The second time this CPU knows the pool of the address. */
	migrate_disable();
	MYMM_EXPECT_REFUSED(test, pool, dead, -EIO, mymm_kfree(small));
	MYMM_EXPECT_REFUSED(test, pool, dead, -EIO, mymm_kfree(small));
	migrate_enable();
	MYMM_EXPECT_REFUSED(test, pool, dead, -EIO, mymm_kfree(large));
	MYMM_EXPECT_REFUSED(test, pool, dead, 0,
			    mymm_krealloc(pool, small, 5000, GFP_KERNEL));
	MYMM_EXPECT_REFUSED(test, pool, dead, 0,
			    mymm_krealloc(pool, NULL, 64, GFP_KERNEL));
	MYMM_EXPECT_UNCHANGED(test, pool, 0, mymm_kfree(NULL));
	MYMM_EXPECT_UNCHANGED(test, pool, 0, mymm_cache_shrink(cache));
	MYMM_EXPECT_UNCHANGED(test, pool, 0, mymm_pool_drain(pool));
}

/*
 * The lists of a dead pool may be broken: a cycle in a list of slabs, and in a free
 * list. Nothing follows them any more, so it ends all the same.
 */
static void dead_and_broken(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "cache", 16);
	struct mymm_cache_slabs node[MYMM_MAX_NODES];
	void *obj = mymm_cache_alloc(cache, GFP_KERNEL);
	struct mymm_frame *table = pool->frame;
	struct mymm_finding finding;
	u32 idx;

	KUNIT_ASSERT_NOT_NULL(test, obj);
	/* No CPU has the slab then, but the node's partial list. */
	KUNIT_EXPECT_EQ(test, mymm_cache_shrink(cache), 0);
	idx = table[mymm_slub_list(cache, 0, MYMM_SLUB_PARTIAL)].next;
	table[idx].next = idx;
	table[idx].inuse = 1;
	KUNIT_EXPECT_EQ(test, mymm_check(pool, &finding), -EUCLEAN);
	MYMM_EXPECT_OK(test, mymm_pool_kill(pool, finding.text));
	KUNIT_EXPECT_EQ(test, mymm_cache_shrink(cache), 0);
	KUNIT_EXPECT_EQ(test, mymm_pool_drain(pool), 0);
	KUNIT_EXPECT_EQ(test, mymm_cache_count_slabs(cache, node), -EIO);
	MYMM_EXPECT_OK(test, mymm_test_cache_destroy(test, cache));
}

static struct kunit_case pool_cases[] = {
	KUNIT_CASE_PARAM(zones_refused, bad_zones_gen_params),
	KUNIT_CASE_PARAM(zones_understood, good_zones_gen_params),
	KUNIT_CASE(config_refused),
	KUNIT_CASE(config_defaults),
	KUNIT_CASE(busy),
	KUNIT_CASE(default_pool),
	KUNIT_CASE(several_pools),
	KUNIT_CASE(dead_refuses),
	KUNIT_CASE(dead_and_broken),
	{},
};

static struct kunit_suite pool_suite = {
	.name = "mymm_pool",
	.test_cases = pool_cases,
};

kunit_test_suite(pool_suite);
