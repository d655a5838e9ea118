// SPDX-License-Identifier: GPL-2.0
/*
 * Debug caches: stray writes and double frees are reported, and nothing else is.
 *
 * The first cases are those of the kernel's lib/slub_kunit.c; each damage is reported an exact
 * number of times. slot_kunit.c tests the layout of slots, debug_param_kunit.c which caches are
 * checked.
 *
 * Tests: cache/debug.c cache/debug_report.c cache/debug_validate.c cache/track.c
 * Tests: engine/slub/slub_walk.c engine/slab/slab_walk.c
 */
#include <linux/poison.h>
#include <linux/rcupdate.h>

#include "lib/checked.h"
#include "cache/debug.h"
#include "cache/cache.h"

/* --- the kernel's cases ---------------------------------------------------------- */

/* The red zone behind an object in use: seen, and still there when it is freed. */
static void clobber_zone(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache =
		mymm_checked_cache(test, pool, 64, SLAB_RED_ZONE);
	u8 *p = mymm_cache_alloc(cache, GFP_KERNEL);

	mymm_test_scribble(p + 64, 0x12, 1);
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 1);
	KUNIT_EXPECT_EQ(test, mymm_checked_reports(pool), 1);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, p));
	KUNIT_EXPECT_EQ(test, mymm_checked_reports(pool), 2);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cache->quarantined), 1);
	KUNIT_EXPECT_EQ(test, mymm_cache_live(cache), 0);
	/* It is out of use now. */
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE, -EINVAL,
			    mymm_cache_free(cache, p));
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 0);
}

/*
 * The link in a free object is overwritten. It is found once, with the object; the list is whole
 * again, and the second check finds nothing.
 */
static void next_pointer(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache =
		mymm_checked_cache(test, pool, 64, SLAB_POISON);
	u8 *p = mymm_cache_alloc(cache, GFP_KERNEL);
	unsigned int i;

	MYMM_EXPECT_OK(test, mymm_cache_free(cache, p));
	mymm_test_flip(p + cache->offset, 0xff);
	mymm_test_flip(p + cache->offset + 5, 0xff);
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 1);
	KUNIT_EXPECT_EQ(test, mymm_checked_reports(pool), 1);
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cache->quarantined), 1);
	MYMM_EXPECT_SOUND(test, pool);
	for (i = 1; i < cache->num; i++)
		KUNIT_EXPECT_PTR_NE(test, mymm_cache_alloc(cache, GFP_KERNEL),
				    (void *)p);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 1);
	KUNIT_EXPECT_EQ(test, mymm_checked_reports(pool), 1);
	mymm_test_pool_release(test, pool);
}

static void write_after_free(struct kunit *test, unsigned int byte, u8 value)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache =
		mymm_checked_cache(test, pool, 64, SLAB_POISON);
	u8 *p = mymm_cache_alloc(cache, GFP_KERNEL);

	MYMM_EXPECT_OK(test, mymm_cache_free(cache, p));
	mymm_test_scribble(p + byte, value, 1);
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 1);
	KUNIT_EXPECT_EQ(test, mymm_checked_reports(pool), 1);
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 0);
	MYMM_EXPECT_SOUND(test, pool);
}

static void first_word(struct kunit *test)
{
	write_after_free(test, 0, 0x78);
}

static void clobber_50th_byte(struct kunit *test)
{
	write_after_free(test, 50, 0x9a);
}

static void clobber_redzone_free(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache =
		mymm_checked_cache(test, pool, 64, SLAB_RED_ZONE);
	u8 *p = mymm_cache_alloc(cache, GFP_KERNEL);

	MYMM_EXPECT_OK(test, mymm_cache_free(cache, p));
	mymm_test_scribble(p + 64, 0xab, 1);
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 1);
	KUNIT_EXPECT_EQ(test, mymm_checked_reports(pool), 1);
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 0);
	MYMM_EXPECT_SOUND(test, pool);
}

/* 18 bytes were asked for, so the 19th and the 20th are not the user's. */
static void kmalloc_redzone_access(struct kunit *test)
{
	struct mymm_pool *pool = mymm_checked_kmalloc(test, "UZ,kmalloc-32");
	u8 *p = mymm_kmalloc(pool, 18, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	OPTIMIZER_HIDE_VAR(p);
	mymm_test_scribble(p + 18, 0xab, 2);
	KUNIT_EXPECT_EQ(test, mymm_pool_validate(pool), 1);
	KUNIT_EXPECT_EQ(test, mymm_checked_reports(pool), 1);
	mymm_test_scribble(p + 18, SLUB_RED_ACTIVE, 2);
	KUNIT_EXPECT_EQ(test, mymm_pool_validate(pool), 0);
	MYMM_EXPECT_OK(test, mymm_kfree(p));
	KUNIT_EXPECT_EQ(test, mymm_checked_reports(pool), 1);
}

struct late {
	struct rcu_head rcu;
	struct mymm_cache *cache;
};

static void free_late(struct rcu_head *rcu)
{
	struct late *late = container_of(rcu, struct late, rcu);

	mymm_cache_free(late->cache, late);
}

/* Freed by RCU, from its callback; the cache ends after that, and nothing is wrong. */
static void freed_by_rcu(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache;
	struct late *late;

	cache = mymm_checked_cache(test, pool, sizeof(*late),
				   MYMM_FZPU | SLAB_TYPESAFE_BY_RCU);
	late = mymm_cache_alloc(cache, GFP_KERNEL);
	late->cache = cache;
	call_rcu(&late->rcu, free_late);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 0);
	MYMM_EXPECT_OK(test, mymm_test_cache_destroy(test, cache));
	KUNIT_EXPECT_EQ(test, mymm_checked_reports(pool), 0);
}

/* A cache with an object in use does not end; and goes on. */
static void leak_destroy(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache =
		mymm_checked_cache(test, pool, 64, MYMM_FZPU);
	void *obj = mymm_cache_alloc(cache, GFP_KERNEL);
	unsigned long live = 0;

	KUNIT_EXPECT_EQ(test, mymm_cache_destroy_count(cache, &live), -EBUSY);
	KUNIT_EXPECT_EQ(test, live, 1);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	KUNIT_EXPECT_EQ(test, mymm_checked_reports(pool), 0);
}

/* --- each flag ----------------------------------------------------------------------- */

static void fill(void *obj)
{
	memset(obj, 0x33, 8);
}

/* Objects that fill themselves to the last byte: none disturbs another, nothing is reported. */
static void use_cache(struct kunit *test, struct mymm_cache *cache)
{
	void *objs[40];
	unsigned int i, n = ARRAY_SIZE(objs);

	for (i = 0; i < n / 2; i++) {
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
	KUNIT_ASSERT_EQ(test,
			mymm_cache_alloc_bulk(cache, GFP_KERNEL, n / 2,
					      objs + n / 2),
			n / 2);
	for (i = 0; i < n; i++) {
		if (cache->ctor)
			KUNIT_EXPECT_NULL(test, memchr_inv(objs[i], 0x33, 8));
		else
			memset(objs[i], i, cache->object_size);
	}
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 0);
	for (i = 0; i < n / 2; i++)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[i]));
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 0);
	MYMM_EXPECT_OK(test, mymm_cache_free_bulk(cache, n / 2, objs + n / 2));
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 0);
	/* Twice, each. */
	for (i = 0; i < n; i += 3)
		KUNIT_EXPECT_EQ(test, mymm_cache_free(cache, objs[i]), -EINVAL);
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 0);
	KUNIT_EXPECT_EQ(test, mymm_cache_live(cache), 0);
	for (i = 0; i < 3; i++) {
		objs[0] = mymm_cache_alloc(cache, GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, objs[0]);
		if (!cache->ctor)
			KUNIT_EXPECT_NULL(test, memchr_inv(objs[0], 0,
							   cache->object_size));
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[0]));
	}
}

static void every_combination(struct kunit *test)
{
	static const slab_flags_t flag[] = {
		SLAB_CONSISTENCY_CHECKS,
		SLAB_RED_ZONE,
		SLAB_POISON,
		SLAB_STORE_USER,
	};
	static const unsigned int sizes[] = { 8, 20, 64, 200, 1024, 5000 };
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:4M");
	unsigned int set, i, s, kind;

	for (set = 1; set < 1U << ARRAY_SIZE(flag); set++) {
		slab_flags_t flags = 0;

		for (i = 0; i < ARRAY_SIZE(flag); i++)
			if (set & BIT(i))
				flags |= flag[i];
		for (s = 0; s < ARRAY_SIZE(sizes); s++) {
			for (kind = 0; kind < 3; kind++) {
				struct mymm_cache_config config = {
					.name = "combined",
					.size = sizes[s],
					.flags = flags,
					.ctor = kind == 1 ? fill : NULL,
				};
				struct mymm_cache *cache;

				if (kind == 2)
					config.flags |= SLAB_TYPESAFE_BY_RCU;
				cache = mymm_test_cache_config(test, pool,
							       &config);
				KUNIT_EXPECT_EQ(test, cache->mag_limit, 0);
				use_cache(test, cache);
				MYMM_EXPECT_OK(test, mymm_test_cache_destroy(
							     test, cache));
				/* Its slabs wait for a grace period. */
				if (kind == 2)
					mymm_pool_drain(pool);
				cond_resched();
			}
		}
	}
	KUNIT_EXPECT_EQ(test, mymm_checked_reports(pool), 0);
	MYMM_EXPECT_SOUND(test, pool);
}

/* Links of several free objects are overwritten: each is reported once, the rest are allocated. */
static void several_links(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache =
		mymm_checked_cache(test, pool, 64, MYMM_FZPU);
	unsigned int nr = cache->num, i, bad = 0;
	u8 *objs[64];

	KUNIT_ASSERT_LE(test, nr, ARRAY_SIZE(objs));
	for (i = 0; i < nr; i++)
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
	KUNIT_ASSERT_EQ(test, mymm_test_slabs(cache), 1);
	for (i = 0; i < nr; i++)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[i]));
	for (i = 2; i < nr; i += 7, bad++)
		mymm_test_scribble(objs[i] + cache->offset, 'A', 8);
	for (i = 0; i < nr - bad; i++)
		KUNIT_EXPECT_NOT_NULL(test,
				      mymm_cache_alloc(cache, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 1);
	KUNIT_EXPECT_EQ(test, mymm_checked_reports(pool), bad);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cache->quarantined), bad);
	KUNIT_EXPECT_EQ(test, mymm_cache_live(cache), nr - bad);
	MYMM_EXPECT_SOUND(test, pool);
	mymm_test_pool_release(test, pool);
}

/* --- double frees ---------------------------------------------------------------------- */

static const slab_flags_t freed_flags[] = {
	SLAB_CONSISTENCY_CHECKS, SLAB_RED_ZONE, SLAB_POISON,
	SLAB_STORE_USER,	 MYMM_FZPU,
};

static void freed_twice(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(freed_flags); i++) {
		struct mymm_cache *cache =
			mymm_checked_cache(test, pool, 64, freed_flags[i]);
		void *obj = mymm_cache_alloc(cache, GFP_KERNEL);
		void *other = mymm_cache_alloc(cache, GFP_KERNEL);

		MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
		MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE,
				    -EINVAL, mymm_cache_free(cache, obj));
		MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE,
				    -EINVAL,
				    mymm_cache_free_bulk(cache, 1, &obj));
		MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE,
				    -EINVAL, mymm_kfree(obj));
		MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_NOT_START, -EINVAL,
				    mymm_cache_free(cache, other + 8));
		MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_NOT_START, -EINVAL,
				    mymm_cache_free(cache,
						    other - cache->size / 2));
		MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_FOREIGN, -EINVAL,
				    mymm_cache_free(cache, &i));
		MYMM_EXPECT_OK(test, mymm_kfree(other));
		MYMM_EXPECT_OK(test, mymm_test_cache_destroy(test, cache));
	}
	KUNIT_EXPECT_EQ(test, mymm_checked_reports(pool), 0);
}

/* With F a second free is seen even if our word in the object was overwritten in between. */
static void freed_twice_overwritten(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache =
		mymm_checked_cache(test, pool, 64, SLAB_CONSISTENCY_CHECKS);
	void *obj = mymm_cache_alloc(cache, GFP_KERNEL);

	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	mymm_test_scribble(obj, 0, 64);
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE, -EINVAL,
			    mymm_cache_free(cache, obj));
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 1);
}

/* --- kmalloc ------------------------------------------------------------------------------ */

/* ksize() is the requested size, also after krealloc() to less and to more. */
static void kmalloc_sizes(struct kunit *test)
{
	struct mymm_pool *pool = mymm_checked_kmalloc(test, "FZPU,kmalloc-*");
	size_t size;
	u8 *p;

	KUNIT_EXPECT_EQ(test, pool->kmalloc_fast, 0);
	for (size = 1; size <= 8192; size += size / 3 + 1) {
		p = mymm_kmalloc(pool, size, GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_EQ(test, mymm_ksize(p), size);
		KUNIT_EXPECT_NULL(test, memchr_inv(p, 0, size));
		memset(p, 0xff, size);
		MYMM_EXPECT_OK(test, mymm_kfree(p));
		MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE,
				    -EINVAL, mymm_kfree(p));
	}
	p = mymm_kmalloc(pool, 100, GFP_KERNEL);
	memset(p, 7, 100);
	KUNIT_EXPECT_PTR_EQ(test,
			    mymm_krealloc(pool, p, 40, GFP_KERNEL | __GFP_ZERO),
			    (void *)p);
	KUNIT_EXPECT_EQ(test, mymm_ksize(p), 40);
	p = mymm_krealloc(pool, p, 120, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_EQ(test, mymm_ksize(p), 120);
	KUNIT_EXPECT_NULL(test, memchr_inv(p, 7, 40));
	KUNIT_EXPECT_EQ(test, mymm_pool_validate(pool), 0);
	KUNIT_EXPECT_EQ(test, mymm_checked_reports(pool), 0);
	OPTIMIZER_HIDE_VAR(p);
	mymm_test_scribble(p + 120, 0, 1);
	MYMM_EXPECT_OK(test, mymm_kfree(p));
	KUNIT_EXPECT_EQ(test, mymm_checked_reports(pool), 1);
}

/* --- users ------------------------------------------------------------------------------- */

struct seen {
	struct kunit *test;
	unsigned int used;
	unsigned int free;
};

static void see(const struct mymm_tracked *object, void *arg)
{
	const struct mymm_track *alloc = &object->track[MYMM_TRACK_ALLOC];
	const struct mymm_track *free = &object->track[MYMM_TRACK_FREE];
	struct seen *seen = arg;
	struct kunit *test = seen->test;

	KUNIT_EXPECT_EQ(test, alloc->pid, current->pid);
	KUNIT_EXPECT_TRUE(test, within_module(alloc->addr, THIS_MODULE));
	KUNIT_EXPECT_EQ(test, object->bytes, 64);
	if (IS_ENABLED(CONFIG_STACKDEPOT)) {
		unsigned long *entry;

		KUNIT_ASSERT_NE(test, mymm_track_handle(alloc), 0);
		KUNIT_ASSERT_GT(
			test,
			stack_depot_fetch(mymm_track_handle(alloc), &entry), 1);
		KUNIT_EXPECT_EQ(test, entry[0], alloc->addr);
	}
	if (object->used) {
		KUNIT_EXPECT_EQ(test, free->addr, 0);
		seen->used++;
	} else {
		KUNIT_EXPECT_TRUE(test, within_module(free->addr, THIS_MODULE));
		KUNIT_EXPECT_NE(test, free->addr, alloc->addr);
		seen->free++;
	}
}

static void users(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache =
		mymm_checked_cache(test, pool, 64, SLAB_STORE_USER);
	struct seen seen = { test };
	void *objs[100];
	unsigned int i;

	mymm_test_needs_callers(test);
	for (i = 0; i < 100; i++)
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
	for (i = 0; i < 100; i += 4)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[i]));
	MYMM_EXPECT_OK(test, mymm_track_for_each(cache, see, &seen));
	KUNIT_EXPECT_EQ(test, seen.used, 75);
	KUNIT_EXPECT_EQ(test, seen.free, 25);
	for (i = 0; i < 100; i++)
		if (i % 4)
			mymm_cache_free(cache, objs[i]);
	MYMM_EXPECT_OK(test, mymm_test_cache_destroy(test, cache));
	cache = mymm_checked_cache(test, pool, 64, SLAB_POISON);
	KUNIT_EXPECT_EQ(test, mymm_track_for_each(cache, see, &seen), -ENOENT);
}

static struct kunit_case debug_cases[] = {
	MYMM_CASE_COOKIES(clobber_zone),
	MYMM_CASE_COOKIES(next_pointer),
	MYMM_CASE_COOKIES(first_word),
	MYMM_CASE_COOKIES(clobber_50th_byte),
	MYMM_CASE_COOKIES(clobber_redzone_free),
	MYMM_CASE_COOKIES(kmalloc_redzone_access),
	MYMM_CASE_COOKIES(freed_by_rcu),
	MYMM_CASE_COOKIES(leak_destroy),
	MYMM_CASE_COOKIES(every_combination),
	MYMM_CASE_COOKIES(several_links),
	MYMM_CASE_COOKIES(freed_twice),
	MYMM_CASE_COOKIES(freed_twice_overwritten),
	MYMM_CASE_COOKIES(kmalloc_sizes),
	MYMM_CASE_COOKIES(users),
	{},
};

static struct kunit_suite debug_suite = {
	.name = "mymm_debug",
	.test_cases = debug_cases,
};

kunit_test_suite(debug_suite);
