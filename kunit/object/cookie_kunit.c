// SPDX-License-Identifier: GPL-2.0
/*
 * Cookies and poison: what a free object carries, and how a double free or a late write is found.
 *
 * A free object is in one of four places, and a second free must be refused in each:
 *
 *	this CPU's magazine     the object's slab's freelist
 *	another CPU's magazine  nowhere, when its slab went back to the pool
 *
 * A write to a free object is found when the object is to be used again: by its cookie, if the
 * write hits that, else by its poison, if the cache has any. Such an object is out of use for
 * good; the others go on.
 *
 * Tests: cache/double_free.c cache/magazine.c
 */
#include "lib/util.h"
#include "page/vmstat.h"
#include "pool/pool.h"
#include "cache/cache.h"
#include "cache/double_free.h"

static long refused(const struct mymm_pool *pool, enum mymm_refusal why)
{
	return atomic_long_read(&pool->refused[why]);
}

/* --- freed twice --------------------------------------------------------------- */

static void twice_in_own_magazine(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "twice", 64);
	void *obj = mymm_cache_alloc(cache, GFP_KERNEL);

	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	KUNIT_EXPECT_TRUE(test, mymm_magazine_has(cache, obj));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE, -EINVAL,
			    mymm_cache_free(cache, obj));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE, -EINVAL,
			    mymm_cache_free_bulk(cache, 1, &obj));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE, -EINVAL,
			    mymm_kfree(obj));
}

struct handover {
	struct mymm_cache *cache;
	void *objs[40];
	unsigned int nr;
};

static void free_here(struct mymm_test_thread *thread)
{
	struct handover *handover = thread->data;
	unsigned int i;

	for (i = 0; i < handover->nr; i++)
		if (mymm_cache_free(handover->cache, handover->objs[i]))
			mymm_test_complain(thread, "free of number %u", i);
}

static void free_here_again(struct mymm_test_thread *thread)
{
	struct handover *handover = thread->data;
	unsigned int i;

	for (i = 0; i < handover->nr; i++)
		if (mymm_cache_free(handover->cache, handover->objs[i]) !=
		    -EINVAL)
			mymm_test_complain(thread, "second free of number %u",
					   i);
}

/* Freed on the last CPU, again on the first, and on all others at once. */
static void twice_in_other_magazine(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	unsigned int last = cpumask_last(cpu_online_mask);
	struct mymm_test_state before;
	struct handover handover = {
		.cache = mymm_test_cache(test, pool, "twice", 64),
		.nr = 40,
	};
	unsigned int i;

	for (i = 0; i < handover.nr; i++)
		handover.objs[i] = mymm_cache_alloc(handover.cache, GFP_KERNEL);
	mymm_test_on_cpu(test, last, free_here, &handover);
	before = mymm_test_state(pool);
	mymm_test_on_cpu(test, cpumask_first(cpu_online_mask), free_here_again,
			 &handover);
	mymm_test_on_each_cpu(test, free_here_again, &handover);
	before.refused[MYMM_REFUSED_DOUBLE_FREE] +=
		handover.nr * (1 + num_online_cpus());
	mymm_test_same(test, pool, &before, -1, "freed on other CPUs");
}

/* On the freelist: as a slab's first, some middle and last free object. */
static void twice_on_freelist(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "twice", 64);
	void *objs[10];
	unsigned int i;

	for (i = 0; i < 10; i++)
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
	for (i = 0; i < 9; i++)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[i]));
	mymm_cache_shrink(cache); /* one is held, so the slab stays */
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 1);
	KUNIT_EXPECT_EQ(test, mymm_test_active(cache), 1);
	for (i = 0; i < 9; i++)
		MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE,
				    -EINVAL, mymm_cache_free(cache, objs[i]));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[9]));
}

/* When its slab is gone an object is no object any more: a page, a free one. */
static void twice_without_slab(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "twice", 64);
	void *obj = mymm_cache_alloc(cache, GFP_KERNEL);

	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	KUNIT_EXPECT_EQ(test, mymm_cache_shrink(cache), 1);
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_WRONG_KIND, -EINVAL,
			    mymm_cache_free(cache, obj));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE, -EINVAL,
			    mymm_kfree(obj));
}

/* In caches that have no magazine, with and without a word behind the object. */
static void twice_without_magazine(struct kunit *test)
{
	static const struct mymm_cache_config config = {
		.name = "poison",
		.size = 64,
		.flags = SLAB_POISON,
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache_config(test, pool, &config);
	void *objs[2];
	unsigned int i;

	KUNIT_EXPECT_EQ(test, cache->mag_limit, 0);
	for (i = 0; i < 2; i++)
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[0]));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE, -EINVAL,
			    mymm_cache_free(cache, objs[0]));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[1]));
}

/*
 * A held object is filled with just what a free one would carry. It is held all the same, so its
 * free must succeed; and the next one must not.
 */
static void user_writes_cookie(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "cookie", 64);
	void *obj;
	u64 link;

	for (link = 0; link <= 0xffff; link += link < 70 ? 1 : 997) {
		obj = mymm_cache_alloc(cache, GFP_KERNEL);
		mymm_set_word(cache, obj, mymm_cache_cookie(cache, obj) ^ link);
		KUNIT_EXPECT_TRUE(test, mymm_cache_looks_free(cache, obj));
		KUNIT_EXPECT_EQ_MSG(test, mymm_cache_free(cache, obj), 0,
				    "link %llu", link);
		KUNIT_EXPECT_EQ(test, mymm_cache_free(cache, obj), -EINVAL);
	}
	KUNIT_EXPECT_GT(test, refused(pool, MYMM_REFUSED_DOUBLE_FREE), 70);
	MYMM_EXPECT_SOUND(test, pool);
}

/* An allocated object never looks free, whatever was in it before. */
static void allocated_looks_held(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "held", 64);
	void *objs[64];
	unsigned int i;

	for (i = 0; i < 32; i++)
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_EQ(test,
			mymm_cache_alloc_bulk(cache, GFP_KERNEL, 32, objs + 32),
			32);
	for (i = 0; i < 64; i++)
		KUNIT_EXPECT_FALSE(test, mymm_cache_looks_free(cache, objs[i]));
	MYMM_EXPECT_OK(test, mymm_cache_free_bulk(cache, 64, objs));
	for (i = 0; i < 64; i++)
		KUNIT_EXPECT_TRUE(test, mymm_cache_looks_free(cache, objs[i]));
}

/* --- written late ------------------------------------------------------------------ */

#define OBJECTS 64 /* in a slab of one page, of 64 bytes each */

/*
 * All objects of one slab are free, on its freelist, and some of them are written to. When
 * they are to be used again, exactly those are missing; the others come, each once.
 */
static void written_after_free(struct kunit *test, unsigned int first,
			       unsigned int step, unsigned int bad)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "late", 64);
	void *objs[OBJECTS], *keep, *obj;
	struct mymm_finding finding;
	DECLARE_BITMAP(seen, OBJECTS) = {};
	unsigned int i, n;
	unsigned long live;

	KUNIT_ASSERT_EQ(test, cache->order, 0);
	for (i = 0; i < OBJECTS; i++)
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_EQ(test, mymm_test_slabs(cache), 1);
	keep = objs[OBJECTS - 1];
	for (i = 0; i < OBJECTS - 1; i++)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[i]));
	mymm_cache_shrink(cache);
	KUNIT_ASSERT_EQ(test, mymm_test_active(cache), 1);

	for (i = 0; i < bad; i++)
		mymm_test_scribble(objs[first + i * step], 'A', 64);
	KUNIT_EXPECT_EQ(test, mymm_check(pool, &finding), -EUCLEAN);
	KUNIT_EXPECT_EQ(test, finding.invariant, 6);

	for (i = 0; i < OBJECTS - 1 - bad; i++) {
		obj = mymm_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		for (n = 0; n < OBJECTS - 1 && objs[n] != obj; n++)
			;
		KUNIT_ASSERT_LT_MSG(test, n, OBJECTS - 1,
				    "object %u is of another slab", i);
		KUNIT_EXPECT_FALSE(test, test_and_set_bit(n, seen));
	}
	/* All that were whole are back, none that was not. */
	for (i = 0; i < bad; i++)
		KUNIT_EXPECT_FALSE(test, test_bit(first + i * step, seen));
	/* The last of them are found when nothing else is left. */
	obj = mymm_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 2);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cache->quarantined), bad);
	KUNIT_EXPECT_GT(test, refused(pool, MYMM_REFUSED_OVERWRITTEN), 0);
	MYMM_EXPECT_SOUND(test, pool);

	/* Those that are out of use don't count as held. */
	KUNIT_EXPECT_EQ(test, mymm_cache_destroy_count(cache, &live), -EBUSY);
	KUNIT_EXPECT_EQ(test, live, OBJECTS - bad + 1);
	/* The cache goes on; but its slab stays until it ends. */
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, keep));
	for_each_set_bit(n, seen, OBJECTS - 1)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[n]));
	mymm_cache_shrink(cache);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 1);
	KUNIT_EXPECT_EQ(test, mymm_test_active(cache), bad);
	MYMM_EXPECT_SOUND(test, pool);
	MYMM_EXPECT_OK(test, mymm_test_cache_destroy(test, cache));
	KUNIT_EXPECT_EQ(test, mymm_pool_allocated(pool), 0);
	MYMM_EXPECT_SOUND(test, pool);
}

static void written_first(struct kunit *test)
{
	written_after_free(test, 0, 1, 1);
}

static void written_middle(struct kunit *test)
{
	written_after_free(test, 30, 1, 1);
}

static void written_last(struct kunit *test)
{
	written_after_free(test, OBJECTS - 2, 1, 1);
}

static void written_every_third(struct kunit *test)
{
	written_after_free(test, 1, 3, 20);
}

static void written_all(struct kunit *test)
{
	written_after_free(test, 0, 1, OBJECTS - 1);
}

static const struct late_write {
	unsigned int byte;
	const char *why;
} late_writes[] = {
	{ 0, "the first byte" },	{ 1, "the second byte" },
	{ 50, "a byte in the middle" }, { 98, "the last but one" },
	{ 99, "the last byte" },
};

static void describe_late_write(const struct late_write *late, char *text)
{
	snprintf(text, KUNIT_PARAM_DESC_SIZE, "%s", late->why);
}

KUNIT_ARRAY_PARAM(late_writes, late_writes, describe_late_write);

/*
 * With poison each byte counts: a changed byte is found when the object is to be used again, and
 * its number and value are reported. The other objects are allocated.
 */
static void poison(struct kunit *test)
{
	static const struct mymm_cache_config config = {
		.name = "poison",
		.size = 100,
		.flags = SLAB_POISON,
	};
	const struct late_write *late = test->param_value;
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache_config(test, pool, &config);
	unsigned int per_slab = PAGE_SIZE / cache->size, i;
	void *objs[40];

	KUNIT_ASSERT_EQ(test, cache->order, 0);
	KUNIT_ASSERT_LE(test, per_slab, 40);
	for (i = 0; i < per_slab; i++) {
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
		memset(objs[i], i, 100); /* what a user may do */
	}
	for (i = 1; i < per_slab; i++)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[i]));
	mymm_test_flip(objs[5] + late->byte, 1);
	for (i = 1; i < per_slab - 1; i++) {
		void *obj = mymm_cache_alloc(cache, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_EXPECT_PTR_NE(test, obj, objs[5]);
		KUNIT_EXPECT_EQ(test, mymm_pool_index(pool, obj),
				mymm_pool_index(pool, objs[0]));
	}
	if (!refused(pool, MYMM_REFUSED_OVERWRITTEN))
		KUNIT_EXPECT_NOT_NULL(test,
				      mymm_cache_alloc(cache, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, refused(pool, MYMM_REFUSED_OVERWRITTEN), 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cache->quarantined), 1);
	MYMM_EXPECT_SOUND(test, pool);
	mymm_test_pool_release(test, pool);
}

/* Poison is what the kernel's is: 0x6b, and 0xa5 at the end. And only while free. */
static void poison_pattern(struct kunit *test)
{
	static const struct mymm_cache_config config = {
		.name = "poison",
		.size = 33,
		.flags = SLAB_POISON,
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache_config(test, pool, &config);
	u8 *obj = mymm_cache_alloc(cache, GFP_KERNEL);

	KUNIT_EXPECT_NULL(test, memchr_inv(obj, 0x6b, 32));
	KUNIT_EXPECT_EQ(test, obj[32], 0xa5);
	memset(obj, 1, 33);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	mymm_sanitize_pause();
	KUNIT_EXPECT_NULL(test, memchr_inv(obj, 0x6b, 32));
	KUNIT_EXPECT_EQ(test, obj[32], 0xa5);
	mymm_sanitize_resume();
	obj = mymm_cache_alloc(cache, GFP_KERNEL | __GFP_ZERO);
	KUNIT_EXPECT_NULL(test, memchr_inv(obj, 0, 33));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
}

static struct kunit_case cookie_cases[] = {
	MYMM_CASE_COOKIES(twice_in_own_magazine),
	MYMM_CASE_COOKIES(twice_in_other_magazine),
	MYMM_CASE_COOKIES(twice_on_freelist),
	MYMM_CASE_COOKIES(twice_without_slab),
	MYMM_CASE_COOKIES(twice_without_magazine),
	MYMM_CASE_COOKIES(user_writes_cookie),
	MYMM_CASE_COOKIES(allocated_looks_held),
	MYMM_CASE_COOKIES(written_first),
	MYMM_CASE_COOKIES(written_middle),
	MYMM_CASE_COOKIES(written_last),
	MYMM_CASE_COOKIES(written_every_third),
	MYMM_CASE_COOKIES(written_all),
	KUNIT_CASE_PARAM(poison, late_writes_gen_params),
	MYMM_CASE_COOKIES(poison_pattern),
	{},
};

static struct kunit_suite cookie_suite = {
	.name = "mymm_cookie",
	.test_cases = cookie_cases,
};

kunit_test_suite(cookie_suite);
