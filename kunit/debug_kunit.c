// SPDX-License-Identifier: GPL-2.0
/*
 * Debug caches: what a slot looks like, and what is found when somebody writes where he
 * should not. The first cases are those of the kernel's lib/slub_kunit.c; each damage is
 * reported an exact number of times.
 */
#include <linux/poison.h>
#include <linux/rcupdate.h>

#include "../src/compat.h"
#include "../src/debug.h"
#include "util.h"

#define FZPU                                                     \
	(SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | \
	 SLAB_STORE_USER)

/* Reports so far: each is counted as one of these. */
static long reports(const struct mymm_pool *pool)
{
	return atomic_long_read(&pool->refused[MYMM_REFUSED_OVERWRITTEN]) +
	       atomic_long_read(&pool->refused[MYMM_REFUSED_OVERRUN]);
}

static struct mymm_cache *debug_cache(struct kunit *test,
				      struct mymm_pool *pool, unsigned int size,
				      slab_flags_t flags)
{
	struct mymm_cache_config config = {
		.name = "debug",
		.size = size,
		.flags = flags,
	};

	return mymm_test_cache_config(test, pool, &config);
}

/* The pool can't be ended in another way: objects that are out of use keep their slab. */
static void give_up(struct mymm_pool *pool)
{
	mymm_pool_kill(pool, "it has objects that are out of use");
}

/* --- the kernel's cases ---------------------------------------------------------- */

/* The red zone behind an object in use: seen, and still there when it is freed. */
static void clobber_zone(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = debug_cache(test, pool, 64, SLAB_RED_ZONE);
	u8 *p = mymm_cache_alloc(cache, GFP_KERNEL);

	mymm_test_scribble(p + 64, 0x12, 1);
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 1);
	KUNIT_EXPECT_EQ(test, reports(pool), 1);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, p));
	KUNIT_EXPECT_EQ(test, reports(pool), 2);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cache->quarantined), 1);
	KUNIT_EXPECT_EQ(test, mymm_cache_live(cache), 0);
	/* It is nobody's now. */
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE, -EINVAL,
			    mymm_cache_free(cache, p));
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 0);
	give_up(pool);
}

/*
 * The link in a free object. It is found once, with the object; the list is whole again, and
 * the second look finds nothing.
 */
static void next_pointer(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = debug_cache(test, pool, 64, SLAB_POISON);
	u8 *p = mymm_cache_alloc(cache, GFP_KERNEL);
	unsigned int i;

	MYMM_EXPECT_OK(test, mymm_cache_free(cache, p));
	mymm_test_flip(p + cache->offset, 0xff);
	mymm_test_flip(p + cache->offset + 5, 0xff);
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 1);
	KUNIT_EXPECT_EQ(test, reports(pool), 1);
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cache->quarantined), 1);
	MYMM_EXPECT_SOUND(test, pool);
	for (i = 1; i < cache->num; i++)
		KUNIT_EXPECT_PTR_NE(test, mymm_cache_alloc(cache, GFP_KERNEL),
				    (void *)p);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 1);
	KUNIT_EXPECT_EQ(test, reports(pool), 1);
	give_up(pool);
}

static void write_after_free(struct kunit *test, unsigned int byte, u8 value)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = debug_cache(test, pool, 64, SLAB_POISON);
	u8 *p = mymm_cache_alloc(cache, GFP_KERNEL);

	MYMM_EXPECT_OK(test, mymm_cache_free(cache, p));
	mymm_test_scribble(p + byte, value, 1);
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 1);
	KUNIT_EXPECT_EQ(test, reports(pool), 1);
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 0);
	MYMM_EXPECT_SOUND(test, pool);
	give_up(pool);
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
	struct mymm_cache *cache = debug_cache(test, pool, 64, SLAB_RED_ZONE);
	u8 *p = mymm_cache_alloc(cache, GFP_KERNEL);

	MYMM_EXPECT_OK(test, mymm_cache_free(cache, p));
	mymm_test_scribble(p + 64, 0xab, 1);
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 1);
	KUNIT_EXPECT_EQ(test, reports(pool), 1);
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 0);
	MYMM_EXPECT_SOUND(test, pool);
	give_up(pool);
}

static struct mymm_pool *kmalloc_pool(struct kunit *test, const char *debug)
{
	struct mymm_pool_config config = {
		.zones = "DMA:1M",
		.debug = debug,
	};

	return mymm_test_pool_config(test, &config);
}

/* 18 bytes were asked for, so the 19th and the 20th are not the user's. */
static void kmalloc_redzone_access(struct kunit *test)
{
	struct mymm_pool *pool = kmalloc_pool(test, "UZ,kmalloc-32");
	u8 *p = mymm_kmalloc(pool, 18, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	OPTIMIZER_HIDE_VAR(p);
	mymm_test_scribble(p + 18, 0xab, 2);
	KUNIT_EXPECT_EQ(test, mymm_pool_validate(pool), 1);
	KUNIT_EXPECT_EQ(test, reports(pool), 1);
	mymm_test_scribble(p + 18, SLUB_RED_ACTIVE, 2);
	KUNIT_EXPECT_EQ(test, mymm_pool_validate(pool), 0);
	MYMM_EXPECT_OK(test, mymm_kfree(p));
	KUNIT_EXPECT_EQ(test, reports(pool), 1);
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

	cache = debug_cache(test, pool, sizeof(*late),
			    FZPU | SLAB_TYPESAFE_BY_RCU);
	late = mymm_cache_alloc(cache, GFP_KERNEL);
	late->cache = cache;
	call_rcu(&late->rcu, free_late);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 0);
	MYMM_EXPECT_OK(test, mymm_test_cache_destroy(test, cache));
	KUNIT_EXPECT_EQ(test, reports(pool), 0);
}

/* A cache with an object in use does not end; and goes on. */
static void leak_destroy(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = debug_cache(test, pool, 64, FZPU);
	void *obj = mymm_cache_alloc(cache, GFP_KERNEL);
	unsigned long live = 0;

	KUNIT_EXPECT_EQ(test, mymm_cache_destroy_count(cache, &live), -EBUSY);
	KUNIT_EXPECT_EQ(test, live, 1);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	KUNIT_EXPECT_EQ(test, reports(pool), 0);
}

/* --- the slot ---------------------------------------------------------------------- */

/*
 * By hand, in bytes. Z: a word behind the object unless it pads to one anyway (right), a word
 * of padding, and a word before it, or its alignment (left). P: our word behind the object,
 * as for objects smaller than it with Z. U: two tracks of 32.
 */
static const struct slot {
	const char *what;
	unsigned int size;
	unsigned int align;
	slab_flags_t flags;
	unsigned int left;
	unsigned int right_end;
	unsigned int word;
	unsigned int tracks;
	unsigned int padding;
	unsigned int bytes;
} slots[] = {
	{ "F", 64, 0, SLAB_CONSISTENCY_CHECKS, 0, 64, 32, 0, 64, 64 },
	{ "T", 20, 0, SLAB_TRACE, 0, 24, 8, 0, 24, 24 },
	{ "Z", 64, 0, SLAB_RED_ZONE, 8, 72, 32, 0, 72, 88 },
	{ "Z, odd", 60, 0, SLAB_RED_ZONE, 8, 64, 24, 0, 64, 80 },
	{ "Z, tiny", 4, 0, SLAB_RED_ZONE, 8, 8, 8, 0, 16, 32 },
	{ "Z, aligned", 64, 64, SLAB_RED_ZONE, 64, 72, 32, 0, 72, 192 },
	{ "P", 64, 0, SLAB_POISON, 0, 64, 64, 0, 72, 72 },
	{ "U", 64, 0, SLAB_STORE_USER, 0, 64, 32, 64, 128, 128 },
	{ "FZPU", 64, 0, FZPU, 8, 72, 72, 80, 144, 160 },
	{ "FZPU, RCU", 64, 0, FZPU | SLAB_TYPESAFE_BY_RCU, 8, 72, 72, 80, 144,
	  160 },
#if MYMM_WORD_BEHIND_REQUEST
	{ "ZU, kmalloc", 32, 0, SLAB_KMALLOC | SLAB_RED_ZONE | SLAB_STORE_USER,
	  8, 40, 40, 48, 120, 136 },
	{ "FZPU, kmalloc", 96, 32, SLAB_KMALLOC | FZPU, 32, 104, 104, 112, 184,
	  224 },
#else
	{ "ZU, kmalloc", 32, 0, SLAB_KMALLOC | SLAB_RED_ZONE | SLAB_STORE_USER,
	  8, 40, 16, 40, 108, 128 },
	{ "FZPU, kmalloc", 96, 32, SLAB_KMALLOC | FZPU, 32, 104, 104, 112, 180,
	  224 },
#endif
};

static void layout_of_slots(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	unsigned int i;

	KUNIT_ASSERT_EQ(test, sizeof(struct mymm_track), 32);
	for (i = 0; i < ARRAY_SIZE(slots); i++) {
		const struct slot *slot = &slots[i];
		struct mymm_cache_config config = {
			.size = slot->size,
			.align = slot->align,
			.flags = slot->flags,
		};
		struct mymm_cache *cache;
		char name[20];
		void *obj;

		snprintf(name, sizeof(name), "slot-%u", i);
		config.name = name;
		cache = mymm_test_cache_config(test, pool, &config);
		KUNIT_EXPECT_EQ_MSG(test, cache->left, slot->left, "%s",
				    slot->what);
		KUNIT_EXPECT_EQ_MSG(test, cache->debug->right_end,
				    slot->right_end, "%s", slot->what);
		KUNIT_EXPECT_EQ_MSG(test, cache->offset, slot->word, "%s",
				    slot->what);
		KUNIT_EXPECT_EQ_MSG(test, cache->debug->tracks, slot->tracks,
				    "%s", slot->what);
		KUNIT_EXPECT_EQ_MSG(test, cache->debug->padding, slot->padding,
				    "%s", slot->what);
		KUNIT_EXPECT_EQ_MSG(test, cache->size, slot->bytes, "%s",
				    slot->what);
		obj = mymm_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_EXPECT_EQ(test, (unsigned long)obj % (slot->align ?: 8),
				0);
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
		MYMM_EXPECT_OK(test, mymm_test_cache_destroy(test, cache));
	}
}

static bool is_object(const struct mymm_cache *cache, int byte)
{
	return byte >= 0 && byte < (int)cache->object_size;
}

/*
 * Each byte of a slot, one after the other, changed while the object is in use: those around
 * it are each reported once when it is freed, its own never.
 */
static void each_byte_in_use(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = debug_cache(test, pool, 20, FZPU);
	long expected = 0;
	int byte;

	for (byte = -(int)cache->left; byte < (int)(cache->size - cache->left);
	     byte++) {
		u8 *obj = mymm_cache_alloc(cache, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, obj);
		mymm_test_flip(obj + byte, 0x40);
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
		expected += !is_object(cache, byte);
		KUNIT_ASSERT_EQ_MSG(test, reports(pool), expected, "byte %d",
				    byte);
	}
	KUNIT_EXPECT_EQ(test, expected, cache->size - 20);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cache->quarantined), expected);
	KUNIT_EXPECT_EQ(test, mymm_cache_live(cache), 0);
	MYMM_EXPECT_SOUND(test, pool);
	give_up(pool);
}

/*
 * The same while it is free: each byte is reported, its own among them. But for the link of
 * slub, in the two low bytes of the word: if it leads nowhere the list is made anew, and the
 * object is on it, since the rest of its word is whole.
 */
static void each_byte_free(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = debug_cache(test, pool, 20, FZPU);
	bool slub = !strcmp(mymm_test_engine(test), "slub");
	long expected = 0;
	void *again;
	int byte;

	for (byte = -(int)cache->left; byte < (int)(cache->size - cache->left);
	     byte++) {
		u8 *obj = mymm_cache_alloc(cache, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, obj);
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
		mymm_test_flip(obj + byte, 0x40);
		again = mymm_cache_alloc(cache, GFP_KERNEL);
		if (!slub || byte < (int)cache->offset ||
		    byte > (int)cache->offset + 1) {
			KUNIT_EXPECT_PTR_NE(test, again, (void *)obj);
			expected++;
		}
		KUNIT_ASSERT_EQ_MSG(test, reports(pool), expected, "byte %d",
				    byte);
		if (again)
			MYMM_EXPECT_OK(test, mymm_cache_free(cache, again));
	}
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cache->quarantined), expected);
	KUNIT_EXPECT_EQ(test, mymm_cache_live(cache), 0);
	MYMM_EXPECT_SOUND(test, pool);
	give_up(pool);
}

/* What is behind the last object of a slab: said once, and nobody loses an object. */
static void slab_padding(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = debug_cache(
		test, pool, 1000, SLAB_POISON | SLAB_CONSISTENCY_CHECKS);
	void *obj = mymm_cache_alloc(cache, GFP_KERNEL);
	struct mymm_extent slab = cache->engine->extent(
		cache, mymm_compound_head(pool, mymm_address_frame(obj)) -
			       pool->frame);
	u8 *tail = slab.first - cache->left + slab.objects * cache->size;

	KUNIT_ASSERT_TRUE(test, (void *)tail < slab.start + slab.bytes);
	KUNIT_EXPECT_EQ(test, mymm_test_peek(tail), POISON_INUSE);
	mymm_test_scribble(tail, 0, 1);
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 1);
	KUNIT_EXPECT_EQ(test, mymm_test_peek(tail), POISON_INUSE);
	mymm_test_scribble(tail, 0, 1);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	KUNIT_EXPECT_EQ(test, reports(pool), 2);
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cache->quarantined), 0);
}

/* --- each flag ----------------------------------------------------------------------- */

static void fill(void *obj)
{
	memset(obj, 0x33, 8);
}

/* Objects that fill themselves to the last byte: none disturbs another, and none is told of. */
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
	KUNIT_EXPECT_EQ(test, reports(pool), 0);
	MYMM_EXPECT_SOUND(test, pool);
}

/* A free object's contents, with each kind of cache: poison, or as its user left it. */
static void contents_while_free(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = debug_cache(test, pool, 33, FZPU);
	u8 *obj = mymm_cache_alloc(cache, GFP_KERNEL);

	guard(mymm_unwatched)();

	KUNIT_EXPECT_NULL(test, memchr_inv(obj - 8, SLUB_RED_ACTIVE, 8));
	KUNIT_EXPECT_NULL(test, memchr_inv(obj + 33, SLUB_RED_ACTIVE, 7));
	memset(obj, 1, 33);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	KUNIT_EXPECT_NULL(test, memchr_inv(obj - 8, SLUB_RED_INACTIVE, 8));
	KUNIT_EXPECT_NULL(test, memchr_inv(obj, POISON_FREE, 32));
	KUNIT_EXPECT_EQ(test, obj[32], POISON_END);
	KUNIT_EXPECT_NULL(test, memchr_inv(obj + 33, SLUB_RED_INACTIVE, 7));
	MYMM_EXPECT_OK(test, mymm_test_cache_destroy(test, cache));

	cache = debug_cache(test, pool, 33, FZPU | SLAB_TYPESAFE_BY_RCU);
	obj = mymm_cache_alloc(cache, GFP_KERNEL);
	memset(obj, 1, 33);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	KUNIT_EXPECT_NULL(test, memchr_inv(obj, 1, 33));
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 0);
}

/* Links of several free objects are overwritten: each is told of once, the others come. */
static void several_links(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = debug_cache(test, pool, 64, FZPU);
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
	KUNIT_EXPECT_EQ(test, reports(pool), bad);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cache->quarantined), bad);
	KUNIT_EXPECT_EQ(test, mymm_cache_live(cache), nr - bad);
	MYMM_EXPECT_SOUND(test, pool);
	give_up(pool);
}

/* --- double frees ---------------------------------------------------------------------- */

static const slab_flags_t freed_flags[] = {
	SLAB_CONSISTENCY_CHECKS, SLAB_RED_ZONE, SLAB_POISON,
	SLAB_STORE_USER,	 FZPU,
};

static void freed_twice(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(freed_flags); i++) {
		struct mymm_cache *cache =
			debug_cache(test, pool, 64, freed_flags[i]);
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
	KUNIT_EXPECT_EQ(test, reports(pool), 0);
}

/* With F a second free is seen even if our word in the object was overwritten in between. */
static void freed_twice_overwritten(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache =
		debug_cache(test, pool, 64, SLAB_CONSISTENCY_CHECKS);
	void *obj = mymm_cache_alloc(cache, GFP_KERNEL);

	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	mymm_test_scribble(obj, 0, 64);
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE, -EINVAL,
			    mymm_cache_free(cache, obj));
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 1);
	give_up(pool);
}

/* --- kmalloc ------------------------------------------------------------------------------ */

/* What was asked for is what there is, in each direction. */
static void kmalloc_sizes(struct kunit *test)
{
	struct mymm_pool *pool = kmalloc_pool(test, "FZPU,kmalloc-*");
	size_t size;
	u8 *p;

	KUNIT_EXPECT_EQ(test, pool->kmalloc_fast, 0);
	for (size = 1; size <= 8192; size += size / 5 + 1) {
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
	KUNIT_EXPECT_EQ(test, reports(pool), 0);
	OPTIMIZER_HIDE_VAR(p);
	mymm_test_scribble(p + 120, 0, 1);
	MYMM_EXPECT_OK(test, mymm_kfree(p));
	KUNIT_EXPECT_EQ(test, reports(pool), 1);
	give_up(pool);
}

/* --- who did it -------------------------------------------------------------------------- */

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
	struct mymm_cache *cache = debug_cache(test, pool, 64, SLAB_STORE_USER);
	struct seen seen = { test };
	void *objs[100];
	unsigned int i;

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
	cache = debug_cache(test, pool, 64, SLAB_POISON);
	KUNIT_EXPECT_EQ(test, mymm_track_for_each(cache, see, &seen), -ENOENT);
}

/* --- which caches ------------------------------------------------------------------------- */

static void parameter(struct kunit *test)
{
	static const struct {
		const char *text;
		const char *name;
		slab_flags_t flags;
		bool spare;
	} good[] = {
		{ NULL, "a", 0 },
		{ "", "a", 0 },
		{ "-", "a", 0 },
		{ "FZ", "a", SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE },
		{ "fzput", "a", FZPU | SLAB_TRACE },
		{ ",a", "a", FZPU },
		{ ",a", "b", 0 },
		{ "Z,a,b", "b", SLAB_RED_ZONE },
		{ "Z,ab", "a", 0 },
		{ "Z,a", "ab", 0 },
		{ "Z,a*", "ab", SLAB_RED_ZONE },
		{ "Z,a*", "a", SLAB_RED_ZONE },
		{ "Z,*", "q", SLAB_RED_ZONE },
		{ "P,a;Z", "a", SLAB_POISON },
		{ "P,a;Z", "b", SLAB_RED_ZONE },
		{ "P;-,a", "a", 0 },
		{ "P;-,a", "b", SLAB_POISON },
		{ ";;P;", "b", SLAB_POISON },
		{ "P,a;U,a", "a", SLAB_POISON },
		{ "FO", "a", SLAB_CONSISTENCY_CHECKS, true },
	};
	static const char *const bad[] = {
		"X", "FX", "F,", "F,,a", "F,a,", "F,a*b", "F A", "A", "F;Q,a",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		bool spare = false;

		MYMM_EXPECT_OK(test, mymm_debug_check_text(good[i].text));
		KUNIT_EXPECT_EQ_MSG(
			test,
			mymm_debug_flags_of(good[i].text, good[i].name, &spare),
			good[i].flags, "%s of %s", good[i].text, good[i].name);
		KUNIT_EXPECT_EQ(test, spare, good[i].spare);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, mymm_debug_check_text(bad[i]),
				    -EINVAL, "%s", bad[i]);
}

/*
 * With O a cache loses what would need a larger slab, and keeps the rest. Slots of kmalloc-2k
 * are 3 times 2 KiB, since a red zone before the object is as large as its alignment; of
 * kmalloc-1k 3 KiB, which is less than a page.
 */
static void spared_order(struct kunit *test)
{
	struct mymm_pool *pool = kmalloc_pool(test, "FZPUO");

	KUNIT_EXPECT_EQ(test, pool->kmalloc[0][11]->flags & MYMM_DEBUG_FLAGS,
			SLAB_CONSISTENCY_CHECKS);
	KUNIT_EXPECT_EQ(test, pool->kmalloc[0][10]->flags & MYMM_DEBUG_FLAGS,
			FZPU);
}

static void refused(struct kunit *test)
{
	static const struct mymm_cache_config slob = {
		.name = "slob",
		.size = 64,
		.flags = SLAB_RED_ZONE,
		.engine = "slob",
	};
	static const struct mymm_cache_config bare = {
		.name = "bare",
		.size = 64,
		.flags = SLAB_STORE_USER,
		.engine = "slab",
	};
	static const struct mymm_pool_config pools[] = {
		{ .name = "bad", .zones = "DMA:64K", .debug = "Y" },
		{ .name = "bad",
		  .zones = "DMA:64K",
		  .engine = "slob",
		  .debug = "F" },
		{ .name = "bad",
		  .zones = "DMA:64K",
		  .backing = MYMM_BACKING_NONE,
		  .debug = "F" },
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:64K");
	struct mymm_pool *none = mymm_test_pool_none(test, "DMA:64K");
	unsigned int i;

	KUNIT_EXPECT_EQ(test, PTR_ERR(mymm_cache_create(pool, &slob)),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, PTR_ERR(mymm_cache_create(none, &bare)),
			-EOPNOTSUPP);
	for (i = 0; i < ARRAY_SIZE(pools); i++)
		KUNIT_EXPECT_EQ(test, PTR_ERR(mymm_pool_create(&pools[i])),
				-EINVAL);
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
	MYMM_CASE_COOKIES(layout_of_slots),
	MYMM_CASE_COOKIES(each_byte_in_use),
	MYMM_CASE_COOKIES(each_byte_free),
	MYMM_CASE_COOKIES(slab_padding),
	MYMM_CASE_COOKIES(every_combination),
	MYMM_CASE_COOKIES(contents_while_free),
	MYMM_CASE_COOKIES(several_links),
	MYMM_CASE_COOKIES(freed_twice),
	MYMM_CASE_COOKIES(freed_twice_overwritten),
	MYMM_CASE_COOKIES(kmalloc_sizes),
	MYMM_CASE_COOKIES(users),
	KUNIT_CASE(parameter),
	MYMM_CASE_COOKIES(spared_order),
	KUNIT_CASE(refused),
	{},
};

static struct kunit_suite debug_suite = {
	.name = "mymm_debug",
	.test_cases = debug_cases,
};

kunit_test_suite(debug_suite);
