// SPDX-License-Identifier: GPL-2.0
/*
 * The slob engine: where objects lie, and what is shown and checked of it.
 *
 * Addresses are worked out by hand, see place.c. slob_refuse_kunit.c has what a free is refused
 * for, and what it can't detect.
 *
 * Tests: engine/slob/slob.c engine/slob/slob_heap.c engine/slob/slob_kmalloc.c
 * Tests: engine/slob/slob_check.c
 */
#include "lib/place.h"
#include "lib/text.h"
#include "page/vmstat.h"
#include "pool/clock.h"

/* --- where things go --------------------------------------------------------------- */

/*
 * Two caches and kmalloc on a page, the picture in slob.c, and what fills the gaps:
 *
 *	0     8    14   16    22   24              64   72   78
 *	| 5   |.... |   | a0  |    | b0             | 5  |....|
 *	                                            free from 13 of the first to 16: no
 *	                                            room for the header's alignment
 */
static void caches_share_a_page(struct kunit *test)
{
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:64K", "first");
	struct mymm_cache *a = mymm_test_cache(test, pool, "a", 6);
	struct mymm_cache *b = mymm_test_cache(test, pool, "b", 40);
	void *bytes = mymm_kmalloc(pool, 5, GFP_KERNEL);
	void *a0 = mymm_cache_alloc(a, GFP_KERNEL);
	void *b0 = mymm_cache_alloc(b, GFP_KERNEL);
	void *more = mymm_kmalloc(pool, 5, GFP_KERNEL);

	KUNIT_EXPECT_EQ(test, mymm_place_of(pool, bytes), MYMM_PLACE(0, 8));
	KUNIT_EXPECT_EQ(test, mymm_place_of(pool, a0), MYMM_PLACE(0, 16));
	KUNIT_EXPECT_EQ(test, mymm_place_of(pool, b0), MYMM_PLACE(0, 24));
	KUNIT_EXPECT_EQ(test, mymm_place_of(pool, more), MYMM_PLACE(0, 72));
	KUNIT_EXPECT_EQ(test, mymm_test_peek(bytes - 8), 5);
	KUNIT_EXPECT_EQ(test, mymm_ksize(bytes), 6);
	KUNIT_EXPECT_EQ(test, pool->slob->nr_pages, 1);
	/* 7 units, 3, 20, and 7. */
	KUNIT_EXPECT_EQ(test, pool->slob->free_units, 2048 - 37);
	KUNIT_EXPECT_EQ(test, pool->slob->bytes->nr_inuse, 14);
	MYMM_EXPECT_SOUND(test, pool);

	/* A page goes back with the last thing on it. */
	MYMM_EXPECT_OK(test, mymm_cache_free(b, b0));
	MYMM_EXPECT_OK(test, mymm_kfree(bytes));
	MYMM_EXPECT_OK(test, mymm_kfree(more));
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(pool), 1);
	MYMM_EXPECT_OK(test, mymm_cache_free(a, a0));
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(pool), 0);
	KUNIT_EXPECT_EQ(test, pool->slob->nr_pages, 0);
}

/* Sizes below 256, below 1024, and above are on pages of their own. */
static void three_lists(struct kunit *test)
{
	static const struct {
		unsigned int size, list;
	} sizes[] = {
		{ 1, 0 },   { 254, 0 },	 { 255, 1 },  { 256, 1 },
		{ 600, 1 }, { 1022, 1 }, { 1024, 2 }, { 4094, 2 },
	};
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:64K", "first");
	void *objs[ARRAY_SIZE(sizes)];
	struct mymm_cache *cache[ARRAY_SIZE(sizes)];
	char name[16];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		snprintf(name, sizeof(name), "list-%u", i);
		cache[i] = mymm_test_cache(test, pool, name, sizes[i].size);
		objs[i] = mymm_cache_alloc(cache[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
		KUNIT_EXPECT_EQ_MSG(
			test, pool->frame[mymm_pool_index(pool, objs[i])].start,
			sizes[i].list, "size %u", sizes[i].size);
	}
	/* 1024 and 4094 together are more than a page; each has one of its own. */
	KUNIT_EXPECT_EQ(test, pool->slob->nr_pages, 4);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache[i], objs[i]));
}

/*
 * Four objects of 1000 bytes fill page 0 but for 96 bytes, the fifth is on page 1:
 *
 *	page 0   | 0  | 1  | 2  | 3  |.     page 1   | 4  |............
 *
 * Object 1 goes. The next one is put where the last one was, on page 1, by first fit, since
 * its search begins there; and into the gap by best fit, which leaves nothing. So this choice
 * is counted, and no other, while the clock is held.
 */
static void which_page(struct kunit *test, const char *fit,
		       unsigned long expected, bool held, unsigned int fits)
{
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:64K", fit);
	struct mymm_cache *cache = mymm_test_cache(test, pool, "1000", 1000);
	void *objs[5];
	unsigned int i;

	if (held)
		KUNIT_ASSERT_EQ(test, mymm_clock_hold(pool), 0);
	for (i = 0; i < 5; i++) {
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
		KUNIT_EXPECT_EQ(test, mymm_place_of(pool, objs[i]),
				MYMM_PLACE(i / 4, i % 4 * 1000));
	}
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[1]));
	objs[1] = mymm_cache_alloc(cache, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mymm_place_of(pool, objs[1]), expected);
	KUNIT_EXPECT_EQ(test, pool->zone[0].fits, fits);
	MYMM_EXPECT_SOUND(test, pool);
	if (held)
		mymm_clock_release(pool);
	for (i = 0; i < 5; i++)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[i]));
}

static void first_fit_goes_on(struct kunit *test)
{
	which_page(test, "first", MYMM_PLACE(1, 1000), true, 1);
	which_page(test, "first", MYMM_PLACE(1, 1000), false, 0);
}

static void best_fit_looks_everywhere(struct kunit *test)
{
	which_page(test, "best", MYMM_PLACE(0, 1000), true, 1);
	which_page(test, "best", MYMM_PLACE(0, 1000), false, 0);
}

/*
 * First fit comes around: page 1 fills up, leaves its list, and the gap on page 0 is next.
 */
static void next_fit_comes_around(struct kunit *test)
{
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:64K", NULL);
	struct mymm_cache *cache = mymm_test_cache(test, pool, "1024", 1024);
	static const unsigned long places[] = {
		MYMM_PLACE(1, 1024), MYMM_PLACE(1, 2048), MYMM_PLACE(1, 3072),
		MYMM_PLACE(0, 1024), MYMM_PLACE(2, 0),
	};
	void *objs[5 + ARRAY_SIZE(places)];
	unsigned int i;

	for (i = 0; i < 5; i++)
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[1]));
	objs[1] = NULL;
	/* The page that was full is the first of the list now; the other comes after it. */
	KUNIT_EXPECT_EQ(test, pool->frame[pool->slob->list[2]].next, 0);
	KUNIT_EXPECT_EQ(test, pool->frame[0].next, 1);
	objs[1] = mymm_cache_alloc(cache, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mymm_place_of(pool, objs[1]),
			MYMM_PLACE(0, 1024));
	for (i = 0; i < 3; i++) {
		objs[5 + i] = mymm_cache_alloc(cache, GFP_KERNEL);
		KUNIT_EXPECT_EQ(test, mymm_place_of(pool, objs[5 + i]),
				places[i]);
	}
	objs[8] = mymm_cache_alloc(cache, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mymm_place_of(pool, objs[8]), MYMM_PLACE(2, 0));
	for (i = 0; i < 9; i++)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[i]));
}

/*
 * Bytes, the picture in slob_kmalloc.c: what has a power of two is aligned to it, and the
 * space before it is used by something smaller.
 *
 *	8..13    64..128 with its header from 56    192..256 with its header from 184
 *	16 bytes: a header from 24, since 32 is the first multiple of 16 behind one
 *	7 and 1: neither 16 to 24 nor 48 to 56 have room, so at 128, and at 144
 */
static void bytes_by_hand(struct kunit *test)
{
	static const struct {
		unsigned int size;
		unsigned long place;
		unsigned int ksize;
	} cases[] = {
		{ 5, MYMM_PLACE(0, 8), 6 },
		{ 64, MYMM_PLACE(0, 64), 64 },
		{ 64, MYMM_PLACE(0, 192), 64 },
		{ 16, MYMM_PLACE(0, 32), 16 },
		{ 7, MYMM_PLACE(0, 136), 8 },
		{ 1, MYMM_PLACE(0, 152), 2 },
		{ 2048, MYMM_PLACE(1, 2048), 2048 },
		{ 2000, MYMM_PLACE(1, 8), 2000 },
	};
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:64K", "first");
	void *objs[ARRAY_SIZE(cases)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		objs[i] = mymm_kmalloc(pool, cases[i].size, GFP_KERNEL);
		KUNIT_EXPECT_EQ_MSG(test, mymm_place_of(pool, objs[i]),
				    cases[i].place, "number %u", i);
		KUNIT_EXPECT_EQ_MSG(test, mymm_ksize(objs[i]), cases[i].ksize,
				    "number %u", i);
		memset(objs[i], 0xff, cases[i].size);
	}
	MYMM_EXPECT_SOUND(test, pool);
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		MYMM_EXPECT_OK(test, mymm_kfree(objs[i]));
}

/* What has room on a page with its header, and what has not. */
static void bytes_near_a_page(struct kunit *test)
{
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:256K", "first");
	size_t size;
	void *obj;

	for (size = PAGE_SIZE - 16; size <= PAGE_SIZE + 1; size++) {
		obj = mymm_kmalloc(pool, size, GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_EXPECT_EQ_MSG(test, pool->slob->nr_pages,
				    size < PAGE_SIZE - 8, "%zu bytes", size);
		KUNIT_EXPECT_GE(test, mymm_ksize(obj), size);
		KUNIT_EXPECT_NULL(test, memchr_inv(obj, 0, size));
		memset(obj, 0xff, size);
		MYMM_EXPECT_OK(test, mymm_kfree(obj));
		KUNIT_EXPECT_EQ(test, mymm_pool_allocated(pool), 0);
	}
	/* There are no classes, so nothing else is a limit. */
	obj = mymm_kmalloc(pool, 8192, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mymm_ksize(obj), 8192);
	MYMM_EXPECT_OK(test, mymm_kfree(obj));
	KUNIT_EXPECT_PTR_EQ(test, mymm_kmalloc(pool, 0, GFP_KERNEL),
			    ZERO_SIZE_PTR);
}

static void bytes_grow(struct kunit *test)
{
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:64K", "first");
	u8 *obj = mymm_kmalloc(pool, 99, GFP_KERNEL);
	size_t i;

	for (i = 0; i < 99; i++)
		obj[i] = i;
	/* 99 bytes are 50 units, so there is one more. */
	KUNIT_EXPECT_PTR_EQ(test, mymm_krealloc(pool, obj, 100, GFP_KERNEL),
			    (void *)obj);
	obj = mymm_krealloc(pool, obj, 101, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mymm_place_of(pool, obj), MYMM_PLACE(0, 120));
	for (i = 0; i < 99; i++)
		KUNIT_EXPECT_EQ(test, obj[i], i);
	obj = mymm_krealloc(pool, obj, 9000, GFP_KERNEL);
	for (i = 0; i < 99; i++)
		KUNIT_EXPECT_EQ(test, obj[i], i);
	KUNIT_EXPECT_EQ(test, pool->slob->nr_pages, 0);
	KUNIT_EXPECT_PTR_EQ(test, mymm_krealloc(pool, obj, 0, GFP_KERNEL),
			    ZERO_SIZE_PTR);
}

/* A page of a zone that a request may not have is not looked at. */
static void zones_are_kept(struct kunit *test)
{
	struct mymm_pool *pool =
		mymm_place_pool(test, "DMA:32K,Normal:32K", "first");
	void *normal = mymm_kmalloc(pool, 64, GFP_KERNEL);
	void *dma = mymm_kmalloc(pool, 64, GFP_KERNEL | __GFP_DMA);
	void *lower = mymm_kmalloc(pool, 64, GFP_KERNEL);

	KUNIT_EXPECT_EQ(test, mymm_place_of(pool, normal), MYMM_PLACE(8, 64));
	KUNIT_EXPECT_EQ(test, mymm_place_of(pool, dma), MYMM_PLACE(0, 64));
	/* A request that may use Normal may use DMA, and that page is the first now. */
	KUNIT_EXPECT_EQ(test, mymm_place_of(pool, lower), MYMM_PLACE(0, 192));
	MYMM_EXPECT_OK(test, mymm_kfree(normal));
	MYMM_EXPECT_OK(test, mymm_kfree(dma));
	MYMM_EXPECT_OK(test, mymm_kfree(lower));
}

/* From a page on, an object has a slab that is its alone. */
static void large_objects(struct kunit *test)
{
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:128K", "first");
	struct mymm_cache *page = mymm_test_cache(test, pool, "4095", 4095);
	struct mymm_cache *more = mymm_test_cache(test, pool, "5000", 5000);
	void *one = mymm_cache_alloc(page, GFP_KERNEL);
	void *two = mymm_cache_alloc(more, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, one);
	KUNIT_ASSERT_NOT_NULL(test, two);
	KUNIT_EXPECT_EQ(test, pool->slob->nr_pages, 0);
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(pool), 3);
	KUNIT_EXPECT_EQ(test, mymm_ksize(two), 8192);
	MYMM_EXPECT_SOUND(test, pool);
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_NOT_START, -EINVAL,
			    mymm_cache_free(page, two));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_NOT_START, -EINVAL,
			    mymm_cache_free(more, two + PAGE_SIZE));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_NOT_START, -EINVAL,
			    mymm_kfree(two + 8));
	/* Its frames record its cache, so kfree() finds it, too. */
	MYMM_EXPECT_OK(test, mymm_kfree(one));
	MYMM_EXPECT_OK(test, mymm_cache_free(more, two));
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(pool), 0);
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_NOT_START, -EINVAL,
			    mymm_cache_free(more, two));
}

static unsigned int constructed;

static void construct(void *obj)
{
	memset(obj, 0x42, 24);
	constructed++;
}

/* What is free keeps nothing, so a constructor runs for each allocation. */
static void constructor_each_time(struct kunit *test)
{
	const struct mymm_cache_config config = { .name = "ctor",
						  .size = 24,
						  .ctor = construct };
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:64K", "first");
	struct mymm_cache *cache = mymm_test_cache_config(test, pool, &config);
	void *objs[8];
	unsigned int i, n;

	constructed = 0;
	for (n = 0; n < 3; n++) {
		KUNIT_EXPECT_EQ(
			test, mymm_cache_alloc_bulk(cache, GFP_KERNEL, 8, objs),
			8);
		for (i = 0; i < 8; i++)
			KUNIT_EXPECT_NULL(test, memchr_inv(objs[i], 0x42, 24));
		MYMM_EXPECT_OK(test, mymm_cache_free_bulk(cache, 8, objs));
	}
	KUNIT_EXPECT_EQ(test, constructed, 24);
}

/* All or nothing, also here: 16 pages have 16 times 2 objects of 2000 bytes. */
static void bulk_all_or_nothing(struct kunit *test)
{
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:64K", "first");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "bulk", 2000);
	const gfp_t gfp = GFP_NOWAIT | __GFP_NOWARN;
	void *objs[33];

	KUNIT_EXPECT_EQ(test, mymm_cache_alloc_bulk(cache, gfp, 33, objs), 0);
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(pool), 0);
	KUNIT_EXPECT_EQ(test, cache->nr_inuse, 0);
	KUNIT_EXPECT_EQ(test, mymm_cache_alloc_bulk(cache, gfp, 32, objs), 32);
	KUNIT_EXPECT_NULL(test, mymm_cache_alloc(cache, gfp));
	KUNIT_EXPECT_EQ(test, pool->slob->nr_pages, 16);
	MYMM_EXPECT_OK(test, mymm_cache_free_bulk(cache, 32, objs));
}

/* Two engines in one pool don't touch each other's slabs. */
static void beside_slub(struct kunit *test)
{
	const struct mymm_cache_config config = { .name = "slob",
						  .size = 100,
						  .engine = "slob" };
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:64K");
	struct mymm_cache *slub = mymm_test_cache(test, pool, "slub", 100);
	struct mymm_cache *slob = mymm_test_cache_config(test, pool, &config);
	void *a = mymm_cache_alloc(slub, GFP_KERNEL);
	void *b = mymm_cache_alloc(slob, GFP_KERNEL);

	KUNIT_EXPECT_NULL(test, pool->slob->bytes);
	MYMM_EXPECT_SOUND(test, pool);
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_WRONG_CACHE, -EINVAL,
			    mymm_cache_free(slob, a));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_WRONG_KIND, -EINVAL,
			    mymm_cache_free(slub, b));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_NOT_START, -EINVAL,
			    mymm_kfree(b));
	MYMM_EXPECT_OK(test, mymm_kfree(a));
	MYMM_EXPECT_OK(test, mymm_cache_free(slob, b));
}

/* --- what is shown -------------------------------------------------------------------- */

/*
 * objsize is what an object takes, in units; objperslab as many as a page has room for, if
 * it has no others; slabs the pages that so many would fill. kmalloc()'s line counts
 * units: 5 bytes with their header are 7, 100 are 54.
 */
static void lines_in_slabinfo(struct kunit *test)
{
	static const char *const lines[] = {
		"slabinfo - version: 2.1",
		"# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>",
		"5000                   1      1   8192    1    2 : tunables    0    0    0 : slabdata      1      1      0",
		"100                   40     40    100   39    1 : tunables    0    0    0 : slabdata      2      2      0",
		"13                     1      1     14  256    1 : tunables    0    0    0 : slabdata      1      1      0",
		"kmalloc-units         61     61      2 2048    1 : tunables    0    0    0 : slabdata      1      1      0",
		NULL,
	};
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:64K", "first");
	struct mymm_cache *cache[] = {
		mymm_test_cache(test, pool, "13", 13),
		mymm_test_cache(test, pool, "100", 100),
		mymm_test_cache(test, pool, "5000", 5000),
	};
	void *objs[3][40], *bytes[2];
	unsigned int i, nr;

	for (i = 0; i < 3; i++) {
		nr = i == 1 ? 40 : 1;
		KUNIT_ASSERT_EQ(test,
				mymm_cache_alloc_bulk(cache[i], GFP_KERNEL, nr,
						      objs[i]),
				nr);
	}
	bytes[0] = mymm_kmalloc(pool, 5, GFP_KERNEL);
	bytes[1] = mymm_kmalloc(pool, 100, GFP_KERNEL);
	mymm_test_lines(test, mymm_slabinfo_show_all, pool, lines);
	for (i = 0; i < 2; i++)
		MYMM_EXPECT_OK(test, mymm_kfree(bytes[i]));
	for (i = 0; i < 3; i++)
		MYMM_EXPECT_OK(test,
			       mymm_cache_free_bulk(cache[i], i == 1 ? 40 : 1,
						    objs[i]));
}

/* --- the checker ----------------------------------------------------------------------- */

/* Break one number, expect it to be found, and mend it. */
#define BREAK(invariant_, what, value)                                     \
	do {                                                               \
		typeof(what) *where = &(what), saved = *where;             \
		struct mymm_finding finding;                               \
		*where = (value);                                          \
		KUNIT_EXPECT_EQ_MSG(test, mymm_check(pool, &finding),      \
				    -EUCLEAN, #what);                      \
		KUNIT_EXPECT_EQ_MSG(test, finding.invariant, (invariant_), \
				    "%s: %s", #what, finding.text);        \
		*where = saved;                                            \
		MYMM_EXPECT_SOUND(test, pool);                             \
	} while (0)

/*
 *	page 0, list 0   | o0 (64) |< 64     | o2 (64) |< the rest, from unit 96
 *	page 1, list 2   | 3000                 |< ...
 *	page 2           full: on no list
 *	pages 4 and 5    an object of two pages
 */
static void checker_tells(struct kunit *test)
{
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:64K", "first");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "64", 64);
	struct mymm_cache *medium = mymm_test_cache(test, pool, "3000", 3000);
	struct mymm_cache *full = mymm_test_cache(test, pool, "2048", 2048);
	struct mymm_cache *large = mymm_test_cache(test, pool, "5000", 5000);
	struct mymm_frame *frame = pool->frame, *block;
	struct mymm_slob *slob = pool->slob;
	void *o[3], *m, *f[2], *l;
	unsigned int i;
	s16 *units;

	for (i = 0; i < 3; i++)
		o[i] = mymm_cache_alloc(cache, GFP_KERNEL);
	m = mymm_cache_alloc(medium, GFP_KERNEL);
	for (i = 0; i < 2; i++)
		f[i] = mymm_cache_alloc(full, GFP_KERNEL);
	l = mymm_cache_alloc(large, GFP_KERNEL);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, o[1]));
	KUNIT_ASSERT_EQ(test, mymm_place_of(pool, o[0]), MYMM_PLACE(0, 0));
	KUNIT_ASSERT_EQ(test, mymm_place_of(pool, m), MYMM_PLACE(1, 0));
	KUNIT_ASSERT_EQ(test, mymm_place_of(pool, f[0]), MYMM_PLACE(2, 0));
	MYMM_EXPECT_SOUND(test, pool);

	units = o[0];
	mymm_test_unwatched();
	BREAK(6, units[32], 0);
	BREAK(6, units[32], 33);
	BREAK(6, units[32], 64);
	BREAK(6, units[33], 64);
	BREAK(6, units[33], 2048);
	BREAK(6, units[96], 1951);
	BREAK(6, units[97], 96);
	BREAK(6, frame[0].free, 96);
	BREAK(6, frame[0].free, 31);
	BREAK(6, frame[0].objects, 1);
	BREAK(6, frame[2].objects, 1);
	BREAK(5, frame[0].objects, 0);
	BREAK(5, frame[0].start, 1);
	BREAK(5, frame[0].start, MYMM_SLOB_BROKEN);
	BREAK(7, frame[2].start, MYMM_SLOB_BROKEN);
	BREAK(9, frame[2].start, MYMM_SLOB_BROKEN + 1);
	/* Its largest free block has 1952 units, all of them have 1984. */
	BREAK(6, frame[0].inuse, 1951);
	BREAK(6, frame[0].inuse, 1985);
	BREAK(6, frame[2].inuse, 1);
	BREAK(5, frame[0].next, 1);
	BREAK(5, frame[0].prev, 1);
	BREAK(5, frame[slob->list[0]].prev, 1);
	BREAK(5, frame[slob->list[0]].next, slob->list[0]);
	BREAK(5, frame[0].cache, 0);
	BREAK(7, frame[2].cache, 0);
	BREAK(7, slob->nr_pages, 4);
	BREAK(7, slob->nr_pages, 1);
	BREAK(7, slob->free_units, slob->free_units + 1);
	BREAK(7, slob->lost_units, 1);
	BREAK(7, slob->nr_broken, 1);
	BREAK(7, cache->nr_inuse, 3);
	BREAK(7, slob->bytes->nr_inuse, 1);
	block = &frame[mymm_pool_index(pool, l)];
	slob->nr_broken = 1;
	frame[2].start = MYMM_SLOB_BROKEN;
	BREAK(9, frame[2].objects, 1);
	slob->nr_broken = 0;
	frame[2].start = 2;
	BREAK(7, large->nr_inuse, 2);
	BREAK(7, large->nr_inuse, 0);
	BREAK(9, block[1].cache, 0);
	BREAK(9, block[0].cache, cache->id);
	BREAK(9, block[1].tag, mymm_tag(MYMM_FRAME_SLAB_TAIL, 2, 0));

	for (i = 0; i < 3; i += 2)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, o[i]));
	for (i = 0; i < 2; i++)
		MYMM_EXPECT_OK(test, mymm_cache_free(full, f[i]));
	MYMM_EXPECT_OK(test, mymm_cache_free(medium, m));
	MYMM_EXPECT_OK(test, mymm_cache_free(large, l));
}

/* --- all CPUs ------------------------------------------------------------------------------ */

#define SHARED 2000

struct race {
	struct mymm_cache *cache;
	void *obj[SHARED];
	atomic_t freed;
};

static void free_all(struct mymm_test_thread *thread)
{
	struct race *race = thread->data;
	unsigned int i;

	for (i = 0; i < SHARED; i++)
		if (!(i % 2 ? mymm_kfree(race->obj[i]) :
			      mymm_cache_free(race->cache, race->obj[i])))
			atomic_inc(&race->freed);
}

/* All CPUs free the same objects at the same time: each is freed once. */
static void each_freed_once(struct kunit *test)
{
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:1M", "first");
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	long refused = 0;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->cache = mymm_test_cache(test, pool, "race", 50);
	for (i = 0; i < SHARED; i++) {
		race->obj[i] =
			i % 2 ? mymm_kmalloc(pool, 50, GFP_KERNEL) :
				mymm_cache_alloc(race->cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, race->obj[i]);
	}
	mymm_test_on_each_cpu(test, free_all, race);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->freed), SHARED);
	for (i = 0; i < MYMM_NR_REFUSALS; i++)
		refused += atomic_long_read(&pool->refused[i]);
	KUNIT_EXPECT_EQ(test, refused, SHARED * (num_online_cpus() - 1));
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(pool), 0);
}

static struct kunit_case slob_cases[] = {
	KUNIT_CASE(caches_share_a_page),
	KUNIT_CASE(three_lists),
	KUNIT_CASE(first_fit_goes_on),
	KUNIT_CASE(best_fit_looks_everywhere),
	KUNIT_CASE(next_fit_comes_around),
	KUNIT_CASE(bytes_by_hand),
	KUNIT_CASE(bytes_near_a_page),
	KUNIT_CASE(bytes_grow),
	KUNIT_CASE(zones_are_kept),
	KUNIT_CASE(large_objects),
	KUNIT_CASE(constructor_each_time),
	KUNIT_CASE(bulk_all_or_nothing),
	KUNIT_CASE(beside_slub),
	KUNIT_CASE(lines_in_slabinfo),
	KUNIT_CASE(checker_tells),
	KUNIT_CASE(each_freed_once),
	{},
};

static struct kunit_suite slob_suite = {
	.name = "mymm_slob",
	.test_cases = slob_cases,
};

kunit_test_suite(slob_suite);
