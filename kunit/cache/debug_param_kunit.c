// SPDX-License-Identifier: GPL-2.0
/*
 * Which caches are debug caches: the parameter, the pool's exceptions, and caches that can't be.
 *
 * Tests: cache/debug_param.c
 */
#include "lib/checked.h"
#include "cache/debug.h"

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
		{ "fzput", "a", MYMM_FZPU | SLAB_TRACE },
		{ ",a", "a", MYMM_FZPU },
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
		KUNIT_EXPECT_TRUE_MSG(
			test,
			mymm_debug_flags_of(good[i].text, good[i].name,
					    &spare) == good[i].flags,
			"%s of %s", good[i].text, good[i].name);
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
	struct mymm_pool *pool = mymm_checked_kmalloc(test, "FZPUO");

	KUNIT_EXPECT_TRUE(test, (pool->kmalloc[0][11]->flags &
				 MYMM_DEBUG_FLAGS) == SLAB_CONSISTENCY_CHECKS);
	KUNIT_EXPECT_TRUE(test, (pool->kmalloc[0][10]->flags &
				 MYMM_DEBUG_FLAGS) == MYMM_FZPU);
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

static struct kunit_case debug_param_cases[] = {
	KUNIT_CASE(parameter),
	MYMM_CASE_COOKIES(spared_order),
	KUNIT_CASE(refused),
	{},
};

static struct kunit_suite debug_param_suite = {
	.name = "mymm_debug_param",
	.test_cases = debug_param_cases,
};

kunit_test_suite(debug_param_suite);
