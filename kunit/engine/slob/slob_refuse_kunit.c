// SPDX-License-Identifier: GPL-2.0
/*
 * The slob engine: what a free is refused for, what it can't detect, and what follows from a
 * write to a freed object.
 *
 * Tests: engine/slob/slob.c engine/slob/slob_kmalloc.c
 */
#include "lib/place.h"
#include "page/vmstat.h"
#include "pool/pool.h"

/* --- what is refused ------------------------------------------------------------------- */

#define REFUSED(why, call) \
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_##why, -EINVAL, call)

/*
 *	0       64      128     192
 *	| o0    | o1    | o2    |........          and a cache of 24 bytes with no object
 */
static void exact_refusals(struct kunit *test)
{
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:64K", "first");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "64", 64);
	struct mymm_cache *none = mymm_test_cache(test, pool, "none", 24);
	struct mymm_frame *page = mymm_alloc_pages(pool, GFP_KERNEL, 0);
	void *o[3], *start;
	unsigned int i;

	for (i = 0; i < 3; i++)
		o[i] = mymm_cache_alloc(cache, GFP_KERNEL);
	start = o[0];
	REFUSED(FOREIGN, mymm_cache_free(cache, &i));
	REFUSED(FOREIGN, mymm_cache_free(cache, NULL));
	REFUSED(WRONG_KIND,
		mymm_cache_free(cache, mymm_frame_address(pool, page)));
	REFUSED(WRONG_KIND, mymm_cache_free(cache, pool->base + 8 * PAGE_SIZE));
	/* Not aligned; no room before the end of the page; free, and partly free. */
	for (i = 1; i < 8; i++)
		REFUSED(NOT_START, mymm_cache_free(cache, o[1] + i));
	for (i = 8; i < 64; i += 8)
		REFUSED(NOT_START, mymm_cache_free(cache, start + 4096 - i));
	for (i = 192; i <= 4096 - 64; i += 8)
		REFUSED(DOUBLE_FREE, mymm_cache_free(cache, start + i));
	for (i = 136; i < 192; i += 8)
		REFUSED(NOT_START, mymm_cache_free(cache, start + i));
	REFUSED(WRONG_CACHE, mymm_cache_free(none, o[0]));

	MYMM_EXPECT_OK(test, mymm_cache_free(cache, o[1]));
	REFUSED(DOUBLE_FREE, mymm_cache_free(cache, o[1]));
	REFUSED(DOUBLE_FREE, mymm_cache_free_bulk(cache, 1, &o[1]));
	for (i = 8; i < 64; i += 8)
		REFUSED(NOT_START, mymm_cache_free(cache, o[0] + i));
	/* Whatever was written to it meanwhile: cookies are not checked. */
	mymm_test_scribble(o[1] + 8, 'A', 56);
	REFUSED(DOUBLE_FREE, mymm_cache_free(cache, o[1]));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, o[0]));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, o[2]));
	/* The page has gone, and its objects with it. */
	REFUSED(WRONG_KIND, mymm_cache_free(cache, o[2]));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, page, 0));
}

static void exact_refusals_of_bytes(struct kunit *test)
{
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:64K", "first");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "64", 64);
	void *obj = mymm_cache_alloc(cache, GFP_KERNEL);
	u8 *bytes = mymm_kmalloc(pool, 40, GFP_KERNEL);
	u8 *behind = mymm_kmalloc(pool, 40, GFP_KERNEL);
	unsigned int i;

	/* An object of a cache has no header, so kfree() does not know what it is. */
	REFUSED(NOT_START, mymm_kfree(obj));
	for (i = 1; i < 40; i++)
		REFUSED(NOT_START, mymm_kfree(bytes + i));
	/* Each byte of the header is looked at. */
	for (i = 1; i <= 8; i++) {
		mymm_test_flip(bytes - i, 0x10);
		REFUSED(NOT_START, mymm_kfree(bytes));
		REFUSED(FOREIGN,
			PTR_ERR_OR_ZERO(mymm_krealloc(pool, bytes, 80, GFP_KERNEL)) ?:
				-EINVAL);
		KUNIT_EXPECT_EQ(test, mymm_ksize(bytes), 0);
		mymm_test_flip(bytes - i, 0x10);
	}
	MYMM_EXPECT_OK(test, mymm_kfree(bytes));
	REFUSED(DOUBLE_FREE, mymm_kfree(bytes));
	REFUSED(DOUBLE_FREE, mymm_kfree(bytes + 8));
	REFUSED(FOREIGN,
		PTR_ERR_OR_ZERO(mymm_krealloc(pool, bytes, 80, GFP_KERNEL)) ?:
			-EINVAL);
	/* A copy of a header is none: the address is part of its mark. */
	for (i = 0; i < 8; i++)
		behind[i] = mymm_test_peek(behind - 8 + i);
	REFUSED(NOT_START, mymm_kfree(behind + 8));
	MYMM_EXPECT_OK(test, mymm_kfree(behind));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
}

/* --- what can't be detected -------------------------------------------------------------- */

/*
 * An object freed to another cache, of 24 bytes: 24 of its 64 are free then. The free by its
 * owner is refused; the cache counts one object less than it has.
 *
 *	| o (64)                | s (24) |...   ->   |< 24 |  in use  |  s   |...
 */
static void wrong_cache_is_not_told(struct kunit *test)
{
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:64K", "first");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "64", 64);
	struct mymm_cache *small = mymm_test_cache(test, pool, "24", 24);
	void *o, *s;

	mymm_test_unwatched();
	o = mymm_cache_alloc(cache, GFP_KERNEL);
	s = mymm_cache_alloc(small, GFP_KERNEL);
	MYMM_EXPECT_OK(test, mymm_cache_free(small, o));
	KUNIT_EXPECT_EQ(test, small->nr_inuse, 0);
	MYMM_EXPECT_SOUND(test, pool);
	REFUSED(DOUBLE_FREE, mymm_cache_free(cache, o));
	REFUSED(WRONG_CACHE, mymm_cache_free(small, s));
	/* The next allocation of the 24 bytes makes it whole again. */
	KUNIT_EXPECT_PTR_EQ(test, mymm_cache_alloc(small, GFP_KERNEL), o);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, o));
	MYMM_EXPECT_OK(test, mymm_cache_free(small, s));
}

/* Half of one object and half of the next, aligned, all of it in use. */
static void middle_is_not_told(struct kunit *test)
{
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:64K", "first");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "64", 64);
	void *o0, *o1;

	mymm_test_unwatched();
	o0 = mymm_cache_alloc(cache, GFP_KERNEL);
	o1 = mymm_cache_alloc(cache, GFP_KERNEL);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, o0 + 32));
	MYMM_EXPECT_SOUND(test, pool);
	REFUSED(NOT_START, mymm_cache_free(cache, o0));
	REFUSED(DOUBLE_FREE, mymm_cache_free(cache, o1));
	KUNIT_EXPECT_PTR_EQ(test, mymm_cache_alloc(cache, GFP_KERNEL), o0 + 32);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, o0));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, o1));
}

/* What kmalloc() gave, freed as an object of a cache: its header is left behind. */
static void bytes_as_object_is_not_told(struct kunit *test)
{
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:64K", "first");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "64", 64);
	void *o, *bytes;

	mymm_test_unwatched();
	o = mymm_cache_alloc(cache, GFP_KERNEL);
	bytes = mymm_kmalloc(pool, 70, GFP_KERNEL);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, bytes));
	MYMM_EXPECT_SOUND(test, pool);
	KUNIT_EXPECT_EQ(test, cache->nr_inuse, 0);
	REFUSED(NOT_START, mymm_kfree(bytes));
	KUNIT_EXPECT_PTR_EQ(test, mymm_cache_alloc(cache, GFP_KERNEL), bytes);
	MYMM_EXPECT_OK(test, mymm_kfree(bytes));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, o));
}

/*
 * Frees of anything anywhere, in a pool of three caches and bytes: whatever is let in and
 * whatever is refused, no invariant breaks, and nothing outside of slob's pages changes.
 */
static void wild_frees(struct kunit *test)
{
	static const unsigned int sizes[] = { 10, 64, 700 };
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:64K", "best");
	struct mymm_cache *cache[3];
	struct rnd_state random;
	unsigned long let_in = 0;
	unsigned int i, n;
	char name[16];
	void *at;

	mymm_test_random(test, &random);
	mymm_test_unwatched();
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "wild-%u", i);
		cache[i] = mymm_cache_create(
			pool, &(struct mymm_cache_config){ .name = name,
							   .size = sizes[i] });
		KUNIT_ASSERT_FALSE(test, IS_ERR(cache[i]));
	}
	for (n = 0; n < 3000; n++) {
		i = mymm_test_below(&random, 4);
		at = i < 3 ? mymm_cache_alloc(cache[i], GFP_NOWAIT) :
			     mymm_kmalloc(pool,
					  1 + mymm_test_below(&random, 300),
					  GFP_NOWAIT);
		if (at && mymm_test_below(&random, 3) == 0)
			memset(at, 0x11 * i, 10);
		at = pool->base +
		     mymm_test_below(&random, 8 * PAGE_SIZE / 8) * 8;
		i = mymm_test_below(&random, 4);
		if (!(i < 3 ? mymm_cache_free(cache[i], at) : mymm_kfree(at)))
			let_in++;
		if (n % 16 == 0)
			MYMM_EXPECT_SOUND(test, pool);
	}
	KUNIT_EXPECT_GT(test, let_in, 100);
	MYMM_EXPECT_SOUND(test, pool);
	/* What is in use can't be known any more; it goes with the pool. */
	mymm_test_pool_release(test, pool);
}

/* --- written to after it was freed ---------------------------------------------------- */

/*
 *	| o0 | o1 | o2 |....
 *
 * o1 is freed and then written to. The next search on that page detects it: the page is not used
 * any more; what is on it can be freed, and is not allocated again.
 */
static void overwritten_page(struct kunit *test)
{
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:64K", "first");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "64", 64);
	struct mymm_slob *slob = pool->slob;
	struct mymm_finding finding;
	void *o[3], *other;
	unsigned int i;

	for (i = 0; i < 3; i++)
		o[i] = mymm_cache_alloc(cache, GFP_KERNEL);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, o[1]));
	mymm_test_scribble(o[1], 'A', 64);
	KUNIT_EXPECT_EQ(test, mymm_check(pool, &finding), -EUCLEAN);
	KUNIT_EXPECT_EQ(test, finding.invariant, 6);

	other = mymm_cache_alloc(cache, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mymm_place_of(pool, other), MYMM_PLACE(1, 0));
	KUNIT_EXPECT_EQ(
		test,
		atomic_long_read(&pool->refused[MYMM_REFUSED_OVERWRITTEN]), 1);
	KUNIT_EXPECT_EQ(test, slob->nr_broken, 1);
	KUNIT_EXPECT_EQ(test, slob->lost_units, 2048 - 64);
	MYMM_EXPECT_SOUND(test, pool);

	MYMM_EXPECT_OK(test, mymm_cache_free(cache, other));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, o[0]));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, o[2]));
	KUNIT_EXPECT_EQ(test, cache->nr_inuse, 0);
	KUNIT_EXPECT_EQ(test, slob->lost_units, 2048);
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(pool), 1);
	MYMM_EXPECT_SOUND(test, pool);
	MYMM_EXPECT_OK(test, mymm_test_cache_destroy(test, cache));
}

/* It may be a free that finds it first. The object is taken back all the same. */
static void overwritten_found_by_free(struct kunit *test)
{
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:64K", "first");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "64", 64);
	void *bytes, *o[3];
	unsigned int i;

	for (i = 0; i < 3; i++)
		o[i] = mymm_cache_alloc(cache, GFP_KERNEL);
	bytes = mymm_kmalloc(pool, 10, GFP_KERNEL);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, o[0]));
	mymm_test_scribble(o[0], 'A', 64);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, o[2]));
	KUNIT_EXPECT_EQ(test, pool->slob->nr_broken, 1);
	KUNIT_EXPECT_EQ(test, cache->nr_inuse, 1);
	MYMM_EXPECT_SOUND(test, pool);
	MYMM_EXPECT_OK(test, mymm_kfree(bytes));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, o[1]));
	KUNIT_EXPECT_EQ(test, pool->slob->bytes->nr_inuse, 0);
	MYMM_EXPECT_SOUND(test, pool);
	MYMM_EXPECT_OK(test, mymm_test_cache_destroy(test, cache));
}

/* One search reads two such pages: each is counted and reported. */
static void overwritten_pages(struct kunit *test)
{
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:64K", "first");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "64", 64);
	const unsigned int nr = 2 * PAGE_SIZE / 64;
	void **o = kunit_kcalloc(test, nr, sizeof(*o), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, o);
	for (i = 0; i < nr; i++)
		o[i] = mymm_cache_alloc(cache, GFP_KERNEL);
	for (i = 0; i < nr; i += nr / 2) {
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, o[i]));
		mymm_test_scribble(o[i], 'A', 64);
	}
	o[0] = mymm_cache_alloc(cache, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, pool->slob->nr_broken, 2);
	KUNIT_EXPECT_EQ(
		test,
		atomic_long_read(&pool->refused[MYMM_REFUSED_OVERWRITTEN]), 2);
	MYMM_EXPECT_SOUND(test, pool);
	for (i = 0; i < nr; i++)
		if (i != nr / 2)
			MYMM_EXPECT_OK(test, mymm_cache_free(cache, o[i]));
	MYMM_EXPECT_SOUND(test, pool);
	MYMM_EXPECT_OK(test, mymm_test_cache_destroy(test, cache));
}

/**
 * struct racing_free - a thread that frees another's object
 * @cache: of objects of a page
 * @at: where the only one can be
 * @held: given out, and not taken back
 * @done: it is not allocated any more
 */
struct racing_free {
	struct mymm_cache *cache;
	void *at;
	atomic_t held;
	bool done;
};

#define TUGS 30000

static void give(struct racing_free *racing_free)
{
	if (!mymm_cache_free(racing_free->cache, racing_free->at))
		atomic_dec(&racing_free->held);
}

static void racing_free(struct mymm_test_thread *thread)
{
	struct racing_free *racing_free = thread->data;
	unsigned int i;

	for (i = 0; !thread->number && i < TUGS; i++) {
		if (mymm_cache_alloc(racing_free->cache,
				     GFP_NOWAIT | __GFP_NOWARN))
			atomic_inc(&racing_free->held);
		give(racing_free);
	}
	if (!thread->number)
		WRITE_ONCE(racing_free->done, true);
	while (!READ_ONCE(racing_free->done)) {
		give(racing_free);
		cond_resched();
	}
}

/*
 * An object of a page is freed all the time, also while it is about to be given out. It is
 * either refused or taken, and then it is gone: there is one page, and one object.
 */
static void freed_while_allocated(struct kunit *test)
{
	static const struct mymm_pool_config config = {
		.name = "one",
		.zones = "DMA:4K",
		.engine = "slob",
		.flags = MYMM_POOL_BARE,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct racing_free all = {
		.cache = mymm_test_cache(test, pool, "page", PAGE_SIZE),
		.at = pool->base,
	};

	mymm_test_on_each_cpu(test, racing_free, &all);
	while (!mymm_cache_free(all.cache, all.at))
		atomic_dec(&all.held);
	KUNIT_EXPECT_EQ(test, atomic_read(&all.held), 0);
	KUNIT_EXPECT_EQ(test, all.cache->nr_inuse, 0);
	MYMM_EXPECT_SOUND(test, pool);
}

static struct kunit_case slob_refuse_cases[] = {
	KUNIT_CASE(exact_refusals),
	KUNIT_CASE(exact_refusals_of_bytes),
	KUNIT_CASE(wrong_cache_is_not_told),
	KUNIT_CASE(middle_is_not_told),
	KUNIT_CASE(bytes_as_object_is_not_told),
	KUNIT_CASE(wild_frees),
	KUNIT_CASE(overwritten_page),
	KUNIT_CASE(overwritten_found_by_free),
	KUNIT_CASE(overwritten_pages),
	KUNIT_CASE(freed_while_allocated),
	{},
};

static struct kunit_suite slob_refuse_suite = {
	.name = "mymm_slob_refuse",
	.test_cases = slob_refuse_cases,
};

kunit_test_suite(slob_refuse_suite);
