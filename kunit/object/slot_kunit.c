// SPDX-License-Identifier: GPL-2.0
/*
 * Slots of debug caches: their layout, and that each byte is checked.
 *
 * Layouts are reckoned by hand. Then each byte of a slot is changed, one after the other,
 * while its object is in use and while it is free; each is reported once, but for those that
 * are its user's.
 *
 * Tests: object/slot.c object/poison.c
 */
#include <linux/poison.h>

#include "lib/checked.h"
#include "base/compat.h"
#include "cache/debug.h"
#include "cache/cache.h"

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
	{ "FZPU", 64, 0, MYMM_FZPU, 8, 72, 72, 80, 144, 160 },
	{ "FZPU, RCU", 64, 0, MYMM_FZPU | SLAB_TYPESAFE_BY_RCU, 8, 72, 72, 80,
	  144, 160 },
#if MYMM_WORD_BEHIND_REQUEST
	{ "ZU, kmalloc", 32, 0, SLAB_KMALLOC | SLAB_RED_ZONE | SLAB_STORE_USER,
	  8, 40, 40, 48, 120, 136 },
	{ "FZPU, kmalloc", 96, 32, SLAB_KMALLOC | MYMM_FZPU, 32, 104, 104, 112,
	  184, 224 },
#else
	{ "ZU, kmalloc", 32, 0, SLAB_KMALLOC | SLAB_RED_ZONE | SLAB_STORE_USER,
	  8, 40, 16, 40, 108, 128 },
	{ "FZPU, kmalloc", 96, 32, SLAB_KMALLOC | MYMM_FZPU, 32, 104, 104, 112,
	  180, 224 },
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
	struct mymm_cache *cache =
		mymm_checked_cache(test, pool, 20, MYMM_FZPU);
	long expected = 0;
	int byte;

	for (byte = -(int)cache->left; byte < (int)(cache->size - cache->left);
	     byte++) {
		u8 *obj = mymm_cache_alloc(cache, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, obj);
		mymm_test_flip(obj + byte, 0x40);
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
		expected += !is_object(cache, byte);
		KUNIT_ASSERT_EQ_MSG(test, mymm_checked_reports(pool), expected,
				    "byte %d", byte);
	}
	KUNIT_EXPECT_EQ(test, expected, cache->size - 20);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cache->quarantined), expected);
	KUNIT_EXPECT_EQ(test, mymm_cache_live(cache), 0);
	MYMM_EXPECT_SOUND(test, pool);
}

/*
 * The same while it is free: each byte is reported, its own among them. But for the link of
 * slub, in the two low bytes of the word: if it leads nowhere the list is made anew, and the
 * object is on it, since the rest of its word is whole.
 */
static void each_byte_free(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache =
		mymm_checked_cache(test, pool, 20, MYMM_FZPU);
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
		KUNIT_ASSERT_EQ_MSG(test, mymm_checked_reports(pool), expected,
				    "byte %d", byte);
		if (again)
			MYMM_EXPECT_OK(test, mymm_cache_free(cache, again));
	}
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cache->quarantined), expected);
	KUNIT_EXPECT_EQ(test, mymm_cache_live(cache), 0);
	MYMM_EXPECT_SOUND(test, pool);
}

/* A write behind the last object of a slab: reported once, and no object is lost. */
static void slab_padding(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_checked_cache(
		test, pool, 1000, SLAB_POISON | SLAB_CONSISTENCY_CHECKS);
	void *obj = mymm_cache_alloc(cache, GFP_KERNEL);
	struct mymm_slab_area slab = cache->engine->slab_area(
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
	KUNIT_EXPECT_EQ(test, mymm_checked_reports(pool), 2);
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&cache->quarantined), 0);
}

/* A free object's contents, with each kind of cache: poison, or as its user left it. */
static void contents_while_free(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache =
		mymm_checked_cache(test, pool, 33, MYMM_FZPU);
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

	cache = mymm_checked_cache(test, pool, 33,
				   MYMM_FZPU | SLAB_TYPESAFE_BY_RCU);
	obj = mymm_cache_alloc(cache, GFP_KERNEL);
	memset(obj, 1, 33);
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	KUNIT_EXPECT_NULL(test, memchr_inv(obj, 1, 33));
	KUNIT_EXPECT_EQ(test, mymm_cache_validate(cache), 0);
}

static struct kunit_case slot_cases[] = {
	MYMM_CASE_COOKIES(layout_of_slots),
	MYMM_CASE_COOKIES(each_byte_in_use),
	MYMM_CASE_COOKIES(each_byte_free),
	MYMM_CASE_COOKIES(slab_padding),
	MYMM_CASE_COOKIES(contents_while_free),
	{},
};

static struct kunit_suite slot_suite = {
	.name = "mymm_slot",
	.test_cases = slot_cases,
};

kunit_test_suite(slot_suite);
