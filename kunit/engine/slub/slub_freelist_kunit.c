// SPDX-License-Identifier: GPL-2.0
/*
 * The freelist of the slub engine's slabs: its order, and what becomes of a forged link.
 *
 * As in slub_cpu_kunit.c the engine is asked itself. A slab has 64 objects of 64 bytes.
 *
 * Tests: engine/slub/slub.c
 */
#include "engine/slub/slub.h"
#include "lib/util.h"
#include "pool/pool.h"

#define IN_SLAB 64

/* The numbers of a new slab's objects, in the order in which they are handed out. */
static void order_of(struct kunit *test, struct mymm_cache *cache, u8 *order)
{
	void *objs[IN_SLAB];
	unsigned int i;

	KUNIT_ASSERT_EQ(test, cache->num, IN_SLAB);
	KUNIT_ASSERT_EQ(test,
			cache->engine->alloc(cache, GFP_KERNEL, IN_SLAB, objs),
			IN_SLAB);
	for (i = 0; i < IN_SLAB; i++)
		order[i] = mymm_slub_object_number(
			cache, mymm_slub_slab_of(cache, objs[i]), objs[i]);
	cache->engine->free(cache, IN_SLAB, objs);
	KUNIT_EXPECT_EQ(test, mymm_cache_shrink(cache), 1);
}

static struct mymm_cache *cache_with(struct kunit *test, const char *freelist,
				     const char *name)
{
	struct mymm_pool_config config = {
		.zones = "DMA:256K",
		.flags = MYMM_POOL_BARE,
		.freelist = freelist,
	};

	return mymm_test_cache(test, mymm_test_pool_config(test, &config), name,
			       64);
}

static void ordered(struct kunit *test)
{
	static const char *const texts[] = { NULL, "ordered" };
	unsigned int i, n;
	u8 order[IN_SLAB];

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		order_of(test, cache_with(test, texts[i], "ordered"), order);
		for (n = 0; n < IN_SLAB; n++)
			KUNIT_EXPECT_EQ(test, order[n], n);
	}
}

/* Of each slab all objects, each once, and not in order. */
static void shuffled(struct kunit *test)
{
	static const char *const texts[] = { "random", "random:7" };
	DECLARE_BITMAP(seen, IN_SLAB);
	unsigned int i, n, after;
	u8 order[IN_SLAB];

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		order_of(test, cache_with(test, texts[i], "shuffled"), order);
		bitmap_zero(seen, IN_SLAB);
		after = 0;
		for (n = 0; n < IN_SLAB; n++) {
			KUNIT_EXPECT_FALSE(test,
					   __test_and_set_bit(order[n], seen));
			after += n && order[n] == order[n - 1] + 1;
		}
		/* One is expected; ten once in some millions of times. */
		KUNIT_EXPECT_LT_MSG(test, after, 10, "%s", texts[i]);
	}
}

/* The same seed and the same name: the same order; but not of all slabs. */
static void seeded(struct kunit *test)
{
	u8 one[IN_SLAB], two[IN_SLAB], objs_of[2][IN_SLAB];
	struct mymm_cache *cache;
	void *objs[2 * IN_SLAB];
	unsigned int i;

	order_of(test, cache_with(test, "random:0x1234", "seeded"), one);
	cache = cache_with(test, "random:4660", "seeded");
	order_of(test, cache, two);
	KUNIT_EXPECT_EQ(test, memcmp(one, two, IN_SLAB), 0);
	order_of(test, cache, two);
	KUNIT_EXPECT_EQ(test, memcmp(one, two, IN_SLAB), 0);
	order_of(test, cache_with(test, "random:4660", "other"), two);
	KUNIT_EXPECT_NE(test, memcmp(one, two, IN_SLAB), 0);
	order_of(test, cache_with(test, "random:4661", "seeded"), two);
	KUNIT_EXPECT_NE(test, memcmp(one, two, IN_SLAB), 0);

	migrate_disable();
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test,
				cache->engine->alloc(cache, GFP_NOWAIT, IN_SLAB,
						     objs + i * IN_SLAB),
				IN_SLAB);
	for (i = 0; i < 2 * IN_SLAB; i++)
		objs_of[i / IN_SLAB][i % IN_SLAB] = mymm_slub_object_number(
			cache, mymm_slub_slab_of(cache, objs[i]), objs[i]);
	cache->engine->free(cache, 2 * IN_SLAB, objs);
	migrate_enable();
	KUNIT_EXPECT_NE(test, memcmp(objs_of[0], objs_of[1], IN_SLAB), 0);
}

/*
 * In a slab of the least order there are fewer objects than in the sequence: 2 of 2048 bytes
 * in a page, of 16. All of these can be had.
 */
static void shuffled_small_slab(struct kunit *test)
{
	struct mymm_pool_config config = {
		.zones = "DMA:4K",
		.flags = MYMM_POOL_BARE,
		.freelist = "random:1",
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct mymm_cache *cache = mymm_test_cache(test, pool, "2048", 2048);
	void *objs[2];

	if (cache->order != 3)
		kunit_skip(test, "slabs are of order %u", cache->order);
	KUNIT_ASSERT_EQ(test,
			cache->engine->alloc(cache, GFP_NOWAIT | __GFP_NOWARN,
					     2, objs),
			2);
	KUNIT_EXPECT_PTR_NE(test, objs[0], objs[1]);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 1);
	MYMM_EXPECT_SOUND(test, pool);
	cache->engine->free(cache, 2, objs);
}

static void texts_refused(struct kunit *test)
{
	static const char *const texts[] = {
		"",	     "shuffled",	  "random:",  "random:x",
		"random:-1", "random:4294967296", "randomly",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		struct mymm_pool_config config = {
			.name = "refused",
			.zones = "DMA:64K",
			.freelist = texts[i],
		};
		struct mymm_pool *pool = mymm_pool_create(&config);

		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(pool), -EINVAL,
				    "\"%s\"", texts[i]);
		if (!IS_ERR(pool))
			mymm_pool_destroy(pool);
	}
}

/* --- forged links --------------------------------------------------------------- */

/**
 * struct forgery - a slab with three free objects; the link of the first is forged
 * @cache: the cache
 * @objs: its objects; the last three are free, and linked: 63, 62, 61
 * @word: what is written into the first's word
 * @lost: objects that are out of use then
 */
struct forgery {
	struct mymm_cache *cache;
	void *objs[IN_SLAB];
	u64 word;
	unsigned int lost;
};

/*
 * The objects that are then allocated are free objects of this slab, each once; those out of use
 * are counted and reported; and the next slab is as good as any.
 */
static void forge(struct kunit *test, struct forgery *f)
{
	struct mymm_pool *pool = f->cache->pool;
	atomic_long_t *told = &pool->refused[MYMM_REFUSED_OVERWRITTEN];
	long lost = atomic_long_read(&f->cache->quarantined);
	long before = atomic_long_read(told);
	unsigned int got = 0, nr, i, seen = 0;
	void *objs[3];

	mymm_set_word(f->cache, f->objs[IN_SLAB - 1], f->word);
	while (got < 3 - f->lost) {
		nr = f->cache->engine->alloc(f->cache, GFP_NOWAIT, 1, objs);
		KUNIT_ASSERT_EQ_MSG(test, nr, 1, "word %#llx", f->word);
		for (i = IN_SLAB - 3; i < IN_SLAB && f->objs[i] != objs[0]; i++)
			;
		KUNIT_ASSERT_LT_MSG(test, i, IN_SLAB,
				    "word %#llx: object %u was not free",
				    f->word, got);
		KUNIT_EXPECT_FALSE_MSG(test, seen & BIT(i - IN_SLAB + 3),
				       "word %#llx: number %u twice", f->word,
				       i);
		seen |= BIT(i - IN_SLAB + 3);
		got++;
	}
	KUNIT_EXPECT_EQ_MSG(test,
			    atomic_long_read(&f->cache->quarantined) - lost,
			    f->lost, "word %#llx", f->word);
	KUNIT_EXPECT_EQ_MSG(test, atomic_long_read(told) - before, !!f->lost,
			    "word %#llx", f->word);
	MYMM_EXPECT_SOUND(test, pool);
}

/* A new slab, all taken, and the last three given back. */
static void new_slab(struct kunit *test, struct forgery *f)
{
	KUNIT_ASSERT_EQ(test,
			f->cache->engine->alloc(f->cache, GFP_NOWAIT, IN_SLAB,
						f->objs),
			IN_SLAB);
	f->cache->engine->free(f->cache, 3, f->objs + IN_SLAB - 3);
}

/*
 * Any bit of the upper 48 is wrong: the object is lost, the two others are found by their words.
 * Then other common values: zero, all ones, a letter, an address, poison.
 */
static void overwritten(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:512K");
	struct forgery f = {
		.cache = mymm_test_cache(test, pool, "forged", 64),
		.lost = 1,
	};
	const u64 letters = 0x4141414141414141, poison = 0x6b6b6b6b6b6b6b6b;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, f.cache->order, 0);
	migrate_disable();
	for (i = 16; i < 64; i++) {
		new_slab(test, &f);
		f.word = mymm_word(f.cache, f.objs[IN_SLAB - 1]) ^ BIT_ULL(i);
		forge(test, &f);
	}
	for (i = 0; i < 6; i++) {
		new_slab(test, &f);
		f.word = i == 0 ? 0 :
			 i == 1 ? ~0ULL :
			 i == 2 ? letters :
			 i == 3 ? (unsigned long)f.objs[0] :
			 i == 4 ? (unsigned long)f.objs[IN_SLAB - 2] :
				  poison;
		forge(test, &f);
	}
	migrate_enable();
	mymm_test_pool_release(test, pool);
}

/*
 * The cookie is right and the link is wrong, which only knowledge of the pool's key allows: to
 * objects in use, to itself, beyond the slab. The walk stops at the first object whose word says
 * that it is not on the list; nothing is lost, since all words are right.
 */
static void forged(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:512K");
	struct forgery f = {
		.cache = mymm_test_cache(test, pool, "forged", 64),
	};
	static const u16 links[] = {
		1,	     2,	     IN_SLAB - 3, /* in use */
		IN_SLAB, /* itself */
		IN_SLAB + 1, 0x1000, 0x7fff,	  0x8000, 0xfffd, /* outside */
	};
	unsigned int i;
	u64 cookie;

	KUNIT_ASSERT_EQ(test, f.cache->order, 0);
	migrate_disable();
	for (i = 0; i < ARRAY_SIZE(links); i++) {
		new_slab(test, &f);
		cookie = mymm_cache_cookie(f.cache, f.objs[IN_SLAB - 1]);
		f.word = cookie ^ links[i];
		forge(test, &f);
		f.cache->engine->free(f.cache, IN_SLAB, f.objs);
		mymm_cache_shrink(f.cache);
		KUNIT_EXPECT_EQ(test, mymm_test_slabs(f.cache), 0);
	}
	migrate_enable();
}

static struct kunit_case freelist_cases[] = {
	KUNIT_CASE(ordered),	   KUNIT_CASE(shuffled),
	KUNIT_CASE(seeded),	   KUNIT_CASE(shuffled_small_slab),
	KUNIT_CASE(texts_refused), KUNIT_CASE(overwritten),
	KUNIT_CASE(forged),	   {},
};

static struct kunit_suite freelist_suite = {
	.name = "mymm_slubfreelist",
	.test_cases = freelist_cases,
};

kunit_test_suite(freelist_suite);
