// SPDX-License-Identifier: GPL-2.0
/*
 * The slab engine's slabs: SLAB's numbers, reckoned by hand, the lists on which slabs are, and
 * what is refused.
 *
 * Pools are bare, so that the reaper leaves them alone. What stands before the slabs is in
 * slab_array_kunit.c; here arrays are as small as can be.
 *
 * Tests: engine/slab/slab.c engine/slab/slab_geometry.c engine/slab/slab_grow.c
 * Tests: engine/slab/slab_record.c engine/slab/slab_is_free.c engine/slab/slab_cache.c
 * Tests: engine/slab/slab_count.c
 */
#include <linux/cpu.h>

#include "lib/slabs.h"
#include "ui/proc.h"
#include "engine/slab/slab.h"
#include "cache/magazine_drain.h"
#include "cache/double_free.h"

/* --- geometry ------------------------------------------------------------------ */

/*
 * What SLAB makes of a size, by its rule and a pencil, with pages of 4096 bytes, cache lines
 * of 64 and more than 32 MiB of memory. In an object: num <= size. Off the slab: the size
 * class for num bytes is at most half of an object, and less is left over than the array
 * needs. Colours: what is left over, in cache lines.
 *
 *     8   is 16. 4096/16 = 256 > 255: not in an object. On the slab: 4096/17 = 240, 16 left
 *    32   128 > 32; class 128 > 16; 4096/33 = 124, 4 left
 *    40   102 > 40; class 128 > 20; 4096/41 = 99, 37 left
 *    64   64 <= 64: in an object, 0 left
 *   192   21 <= 192: 64 left: one colour
 *   700   704: 5, 576 left, over an eighth (512). Order 1: 8192/704 = 11, 448 left: 7
 *  1200   3, 496 left: 7 colours
 *  3000   1, 1096 left: over an eighth. Order 1: 2, 2192 left: the last order: 34 colours
 *  5000   order 1: 1, 3192 left: 49 colours
 * 10000   order 2: 1, 6384 left; 2 is beyond 1, so that is it: 99 colours
 *
 * With a constructor a word is added, and nothing may be in an object:
 *  ctor 248: 256: 16; class 32 <= 128; 0 left < 16: off the slab
 *  ctor 696: 704: 11 of order 1; class 32 <= 352, but 448 left >= 11: on the slab. There
 *            4096/705 = 5, 571 left: too much; 8192/705 = 11, 437 left: 6 colours
 */
static const struct cut {
	unsigned int size;
	bool ctor;
	slab_flags_t flags;
	unsigned int slot, num, order, colours;
	enum mymm_slab_place place, ours;
} cuts[] = {
	{ 8, false, 0, 16, 240, 0, 0, MYMM_INDEX_ON_SLAB, MYMM_INDEX_ON_SLAB },
	{ 32, false, 0, 32, 124, 0, 0, MYMM_INDEX_ON_SLAB, MYMM_INDEX_ON_SLAB },
	{ 40, false, 0, 40, 99, 0, 0, MYMM_INDEX_ON_SLAB, MYMM_INDEX_ON_SLAB },
	{ 64, false, 0, 64, 64, 0, 0, MYMM_INDEX_IN_OBJECT,
	  MYMM_INDEX_OFF_SLAB },
	{ 192, false, 0, 192, 21, 0, 1, MYMM_INDEX_IN_OBJECT,
	  MYMM_INDEX_IN_OBJECT },
	{ 700, false, 0, 704, 11, 1, 7, MYMM_INDEX_IN_OBJECT,
	  MYMM_INDEX_IN_OBJECT },
	{ 700, false, SLAB_RECLAIM_ACCOUNT, 704, 5, 0, 9, MYMM_INDEX_IN_OBJECT,
	  MYMM_INDEX_IN_OBJECT },
	{ 1200, false, 0, 1200, 3, 0, 7, MYMM_INDEX_IN_OBJECT,
	  MYMM_INDEX_IN_OBJECT },
	{ 3000, false, 0, 3000, 2, 1, 34, MYMM_INDEX_IN_OBJECT,
	  MYMM_INDEX_IN_OBJECT },
	{ 5000, false, 0, 5000, 1, 1, 49, MYMM_INDEX_IN_OBJECT,
	  MYMM_INDEX_IN_OBJECT },
	{ 10000, false, 0, 10000, 1, 2, 99, MYMM_INDEX_IN_OBJECT,
	  MYMM_INDEX_IN_OBJECT },
	{ 248, true, 0, 256, 16, 0, 0, MYMM_INDEX_OFF_SLAB,
	  MYMM_INDEX_OFF_SLAB },
	{ 696, true, 0, 704, 11, 1, 6, MYMM_INDEX_ON_SLAB, MYMM_INDEX_ON_SLAB },
};

static void describe_cut(const struct cut *cut, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u%s%s", cut->size,
		 cut->ctor ? ", constructed" : "",
		 cut->flags ? ", reclaimable" : "");
}

KUNIT_ARRAY_PARAM(cuts, cuts, describe_cut);

static void construct(void *obj)
{
	*(u64 *)obj = 0x1234;
}

static void geometry(struct kunit *test)
{
	const struct cut *cut = test->param_value;
	const struct mymm_cache_config config = {
		.name = "cut",
		.size = cut->size,
		.flags = cut->flags,
		.ctor = cut->ctor ? construct : NULL,
		.engine = "slab",
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache_config(test, pool, &config);
	struct mymm_slabs *s = mymm_slabs_of(cache);

	if (PAGE_SIZE != 4096 || cache_line_size() != 64)
		kunit_skip(test, "reckoned for other pages or cache lines");
	KUNIT_EXPECT_EQ(test, cache->size, cut->slot);
	KUNIT_EXPECT_EQ(test, cache->num, cut->num);
	KUNIT_EXPECT_EQ(test, cache->order, cut->order);
	KUNIT_EXPECT_EQ(test, s->geometry.colours, cut->colours);
	KUNIT_EXPECT_EQ(test, s->geometry.place, cut->place);
	KUNIT_EXPECT_EQ(test, s->place, cut->ours);
}

/* --- lists ------------------------------------------------------------------------ */

static unsigned int list_length(struct mymm_cache *cache, int node,
				enum mymm_slab_list list)
{
	u32 head = mymm_slab_list(cache, node, list), idx;
	unsigned int nr = 0;

	for (idx = cache->frame[head].next; idx != head;
	     idx = cache->frame[idx].next)
		nr++;
	return nr;
}

static void expect_lists(struct kunit *test, struct mymm_cache *cache,
			 unsigned int full, unsigned int partial,
			 unsigned int free)
{
	KUNIT_EXPECT_EQ(test, list_length(cache, 0, MYMM_SLABS_FULL), full);
	KUNIT_EXPECT_EQ(test, list_length(cache, 0, MYMM_SLABS_PARTIAL),
			partial);
	KUNIT_EXPECT_EQ(test, list_length(cache, 0, MYMM_SLABS_FREE), free);
	MYMM_EXPECT_SOUND(test, cache->pool);
}

/* The engine alone, without what stands before its slabs. */
static void no_shared(struct kunit *test, struct mymm_cache *cache)
{
	char line[80];

	snprintf(line, sizeof(line), "%s 1 1 0", cache->name);
	MYMM_EXPECT_OK(test, mymm_slabinfo_set(cache->pool, line));
}

/*
 * Slabs of 3: 1200 bytes. 7 objects make two full slabs and a partial one. What comes back
 * makes partial ones of the full ones, and a free one in the end. One object at a time, as
 * one CPU with a limit of 1 has it: free_limit is (1 + CPUs) * 1 + 3.
 */
static void lists(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache =
		mymm_test_slab_cache(test, pool, "lists", 1200);
	struct mymm_slab_node *n = &mymm_slabs_of(cache)->node[0];
	unsigned int limit = 1 + num_online_cpus() + 3, i;
	void *objs[7];

	no_shared(test, cache);
	KUNIT_EXPECT_EQ(test, n->free_limit, limit);
	expect_lists(test, cache, 0, 0, 0);
	mymm_test_take(test, cache, 7, objs);
	expect_lists(test, cache, 2, 1, 0);
	KUNIT_EXPECT_EQ(test, n->free_objects, 2);
	cache->engine->free(cache, 1, &objs[0]);
	expect_lists(test, cache, 1, 2, 0);
	cache->engine->free(cache, 1, &objs[3]);
	expect_lists(test, cache, 0, 3, 0);
	KUNIT_EXPECT_EQ(test, n->free_objects, 4);
	cache->engine->free(cache, 1, &objs[6]);
	/* 5 free objects, 3 of them in one slab. */
	expect_lists(test, cache, 0, 2, 1);
	for (i = 1; i < 6; i++)
		if (i != 3)
			cache->engine->free(cache, 1, &objs[i]);
	/* All 9 are free: as many slabs stay as the limit has room for. */
	expect_lists(test, cache, 0, 0, limit / 3);
	KUNIT_EXPECT_EQ(test, n->free_objects, limit / 3 * 3);
	KUNIT_EXPECT_EQ(test, mymm_cache_shrink(cache), limit / 3);
	expect_lists(test, cache, 0, 0, 0);
}

/* The last to come back is the first to go; new objects go in order of address. */
static void last_in_first_out(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	static const unsigned int sizes[] = { 32, 64, 192, 700 };
	void *objs[5], *again[5];
	unsigned int i, k;
	char name[20];

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct mymm_cache *cache;

		snprintf(name, sizeof(name), "lifo-%u", sizes[i]);
		cache = mymm_test_slab_cache(test, pool, name, sizes[i]);
		no_shared(test, cache);
		mymm_test_take(test, cache, 5, objs);
		for (k = 1; k < 5; k++)
			KUNIT_EXPECT_PTR_EQ(test, objs[k],
					    objs[k - 1] + cache->size);
		for (k = 0; k < 5; k++)
			cache->engine->free(cache, 1, &objs[k]);
		mymm_test_take(test, cache, 5, again);
		for (k = 0; k < 5; k++)
			KUNIT_EXPECT_PTR_EQ(test, again[k], objs[4 - k]);
		cache->engine->free(cache, 5, again);
	}
}

/*
 * 1200 bytes have 7 colours. SLAB counts before it looks, so the first slab has colour 1:
 * its objects begin 64 bytes from its beginning; the seventh has none again.
 */
static void colours(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache =
		mymm_test_slab_cache(test, pool, "colours", 1200);
	void *objs[3 * 15];
	unsigned int i;

	no_shared(test, cache);
	mymm_test_take(test, cache, ARRAY_SIZE(objs), objs);
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		KUNIT_EXPECT_EQ(test, offset_in_page(objs[i]),
				(1 + i / 3) % 7 * 64 + i % 3 * 1200);
	cache->engine->free(cache, ARRAY_SIZE(objs), objs);
}

/* --- what is refused ------------------------------------------------------------------ */

/* With memory and without, in magazines, in the shared array, and on slabs. */
static void refuse(struct kunit *test, struct mymm_pool *pool)
{
	struct mymm_cache *cache =
		mymm_test_slab_cache(test, pool, "cache", 1200);
	struct mymm_cache *other =
		mymm_test_slab_cache(test, pool, "other", 1200);
	void *obj = mymm_cache_alloc(cache, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	/* The first slab has colour 1: its beginning is no object. */
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_NOT_START, -EINVAL,
			    mymm_cache_free(cache, obj - 64));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_NOT_START, -EINVAL,
			    mymm_cache_free(cache, obj + 8));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_NOT_START, -EINVAL,
			    mymm_cache_free(cache, obj + 3 * 1200));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_WRONG_CACHE, -EINVAL,
			    mymm_cache_free(other, obj));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_FOREIGN, -EINVAL,
			    mymm_cache_free(cache, test));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE, -EINVAL,
			    mymm_cache_free(cache, obj));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE, -EINVAL,
			    mymm_kfree(obj));

	/* In the shared array. */
	cpus_read_lock();
	mutex_lock(&pool->lock);
	mymm_magazine_drain(cache);
	mutex_unlock(&pool->lock);
	cpus_read_unlock();
	KUNIT_EXPECT_GT(test, mymm_test_slabinfo(cache).shared_avail, 0);
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE, -EINVAL,
			    mymm_cache_free(cache, obj));
	/* On its slab. */
	mymm_slab_drain_arrays(cache);
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE, -EINVAL,
			    mymm_cache_free(cache, obj));
	/* Without its slab. */
	mymm_cache_shrink(cache);
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_WRONG_KIND, -EINVAL,
			    mymm_cache_free(cache, obj));
}

static void refused(struct kunit *test)
{
	refuse(test, mymm_test_pool(test, "DMA:256K"));
}

static void refused_without_memory(struct kunit *test)
{
	refuse(test, mymm_test_pool_none(test, "DMA:256K"));
}

/* When an index array is overwritten, the words in the objects decide. */
static void index_overwritten(struct kunit *test)
{
	static const unsigned int sizes[] = { 32, 192 };
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_slab_info view;
	unsigned int i, k, num;
	char name[20];

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct mymm_cache *cache;
		struct mymm_frame *table;
		void **objs;
		long before;

		snprintf(name, sizeof(name), "over-%u", sizes[i]);
		cache = mymm_test_slab_cache(test, pool, name, sizes[i]);
		num = cache->num;
		table = cache->frame;
		no_shared(test, cache);
		objs = kunit_kcalloc(test, num, sizeof(*objs), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs);
		mymm_test_take(test, cache, num, objs);
		for (k = 0; k < num - 1; k++)
			cache->engine->free(cache, 1, &objs[k]);
		mymm_slab_get_info(
			cache,
			table[mymm_slab_list(cache, 0, MYMM_SLABS_PARTIAL)].next,
			&view);
		mymm_test_scribble(view.index, 0xff, num * sizeof(*view.index));
		before = atomic_long_read(
			&pool->refused[MYMM_REFUSED_OVERWRITTEN]);
		mymm_test_take(test, cache, num - 1, objs);
		MYMM_EXPECT_SOUND(test, pool);
		/* No object was damaged, so none is lost, and nothing is reported. */
		KUNIT_EXPECT_EQ(test, atomic_long_read(&cache->quarantined), 0);
		KUNIT_EXPECT_EQ(
			test,
			atomic_long_read(
				&pool->refused[MYMM_REFUSED_OVERWRITTEN]),
			before);
		cache->engine->free(cache, num, objs);
	}
}

/* --- without memory -------------------------------------------------------------------- */

/*
 * Two CPUs free an object at the same time. The second free comes while its slab is on no list:
 * about to be put on one, which the lists don't know of, or about to be freed.
 */
static void freed_to_unlisted(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");
	struct mymm_cache *cache =
		mymm_test_slab_cache(test, pool, "late", 512);
	struct mymm_slabs *s = mymm_slabs_of(cache);
	struct mymm_frame *slab;
	void *obj;

	no_shared(test, cache);
	slab = mymm_slab_make(cache, GFP_KERNEL, 0);
	KUNIT_ASSERT_NOT_NULL(test, slab);
	obj = mymm_slab_objects(cache, s, mymm_slab_head(cache, slab));
	cache->engine->free(cache, 1, &obj);
	KUNIT_EXPECT_EQ(test, s->node[0].nr_slabs, 0);
	KUNIT_EXPECT_EQ(test, s->node[0].nr_free_slabs, 0);
	KUNIT_EXPECT_EQ(
		test,
		atomic_long_read(&pool->refused[MYMM_REFUSED_DOUBLE_FREE]), 1);
	slab->next = MYMM_NO_FRAME;
	KUNIT_EXPECT_EQ(
		test, mymm_slabs_give_back(cache, mymm_slab_head(cache, slab)),
		1);
	MYMM_EXPECT_SOUND(test, pool);
}

/* 64 GiB, as if: objects have addresses, and what they need memory for is refused. */
static void without_memory(struct kunit *test)
{
	static const struct mymm_cache_config constructed = {
		.name = "constructed",
		.size = 64,
		.ctor = construct,
		.engine = "slab",
	};
	static const struct mymm_cache_config poisoned = {
		.name = "poisoned",
		.size = 64,
		.flags = SLAB_POISON,
		.engine = "slab",
	};
	struct mymm_pool *pool = mymm_test_pool_none(test, "Normal:64M");
	struct mymm_cache *cache = mymm_test_slab_cache(test, pool, "none", 64);
	void **objs = kunit_kcalloc(test, 4000, sizeof(*objs), GFP_KERNEL);
	unsigned int i, nr;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	KUNIT_EXPECT_EQ(test, PTR_ERR(mymm_cache_create(pool, &constructed)),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, PTR_ERR(mymm_cache_create(pool, &poisoned)),
			-EOPNOTSUPP);
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_GFP, 0,
			    mymm_cache_alloc(cache, GFP_KERNEL | __GFP_ZERO));
	for (nr = 0; nr < 4000; nr++) {
		objs[nr] = mymm_cache_alloc(cache, GFP_KERNEL);
		if (!objs[nr])
			break;
		KUNIT_EXPECT_TRUE(test, mymm_pool_contains(pool, objs[nr]));
		KUNIT_EXPECT_FALSE(test, virt_addr_valid(objs[nr]));
		KUNIT_EXPECT_FALSE(test, is_vmalloc_addr(objs[nr]));
	}
	KUNIT_EXPECT_GT(test, nr, 3900);
	MYMM_EXPECT_SOUND(test, pool);
	KUNIT_EXPECT_EQ(test, mymm_ksize(objs[0]), 64);
	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_FALSE(test, mymm_object_is_free(cache, objs[i]));
		MYMM_EXPECT_OK(test, i % 2 ? mymm_kfree(objs[i]) :
					     mymm_cache_free(cache, objs[i]));
		KUNIT_EXPECT_TRUE(test, mymm_object_is_free(cache, objs[i]));
	}
	KUNIT_EXPECT_EQ(
		test, mymm_cache_alloc_bulk(cache, GFP_KERNEL, 200, objs), 200);
	MYMM_EXPECT_OK(test, mymm_cache_free_bulk(cache, 200, objs));
	KUNIT_EXPECT_EQ(test, mymm_cache_free_bulk(cache, 1, objs), -EINVAL);
	MYMM_EXPECT_SOUND(test, pool);
}

static struct kunit_case slab_cases[] = {
	KUNIT_CASE_PARAM(geometry, cuts_gen_params),
	KUNIT_CASE(lists),
	KUNIT_CASE(last_in_first_out),
	KUNIT_CASE(colours),
	KUNIT_CASE(refused),
	KUNIT_CASE(refused_without_memory),
	KUNIT_CASE(index_overwritten),
	KUNIT_CASE(freed_to_unlisted),
	KUNIT_CASE(without_memory),
	{},
};

static struct kunit_suite slab_suite = {
	.name = "mymm_slab",
	.test_cases = slab_cases,
};

kunit_test_suite(slab_suite);
