// SPDX-License-Identifier: GPL-2.0
/*
 * Frames that are made allocated or free, whatever they were: each range of a zone of 32 frames, in
 * several states of it, against the model of lib/range_model.h; each part of one block; refusals;
 * and pageblocks that are made another type.
 *
 * Tests: page/force.c page/stretch.c page/pageblock.c
 */
#include "lib/range_model.h"
#include "lib/util.h"
#include "page/force.h"

#define FRAMES MYMM_RANGE_FRAMES

static long force(struct mymm_pool *pool, u32 from, u32 nr, bool allocated)
{
	return mymm_force_range(pool, mymm_range_zone(pool)->buddy.start + from,
				nr, allocated, 0);
}

/* What is free of the range is allocated, and then all of it is freed. */
static void both_ways(struct kunit *test, struct mymm_pool *pool,
		      const char *state, u32 from, u32 nr)
{
	long allocated = mymm_range_count(state, from, nr, '#');
	char now[MYMM_RANGE_MAP], when[40];
	u32 i;

	scnprintf(when, sizeof(when), "with %u frames from %u", nr, from);
	strscpy(now, state, sizeof(now));
	for (i = from; i < from + nr; i++)
		if (now[i] == '.')
			now[i] = 't';
	KUNIT_ASSERT_EQ_MSG(test, force(pool, from, nr, true), allocated,
			    "%s of %s", when, state);
	mymm_range_expect(test, pool, now, when);
	KUNIT_EXPECT_EQ(test, force(pool, from, nr, true), nr);
	MYMM_EXPECT_SOUND(test, pool);

	memset(now + from, '.', nr);
	KUNIT_ASSERT_EQ_MSG(test, force(pool, from, nr, false), 0, "%s of %s",
			    when, state);
	mymm_range_expect(test, pool, now, "freed");
	KUNIT_EXPECT_EQ(test, force(pool, from, nr, false), nr);

	/* As it was, frame by frame, since each '#' was a block. */
	for (i = from; i < from + nr; i++)
		if (state[i] == '#')
			KUNIT_EXPECT_EQ(test, force(pool, i, 1, true), 0);
	mymm_range_expect(test, pool, state, "as before");
}

static void each_range(struct kunit *test)
{
	mymm_range_try_each(test, both_ways);
}

/*
 * Each part of one large block is freed, with frames 6 to 10 of 32:
 *
 *	[0 ............................ 31]
 *	[0 .. 3][4 5](6 7)(8 9)(10)[11][12 .. 15][16 .......... 31]
 */
static void parts(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_none(test, "Normal:32p");
	char state[MYMM_RANGE_MAP] = "";
	u32 from, nr;

	for (from = 0; from < FRAMES; from++) {
		for (nr = 1; nr <= FRAMES - from; nr++) {
			MYMM_EXPECT_OK(test, mymm_alloc_range(pool, 0, FRAMES,
							      GFP_KERNEL));
			memset(state, 't', FRAMES);
			memset(state + from, '.', nr);
			KUNIT_ASSERT_EQ(test, force(pool, from, nr, false), 0);
			mymm_range_expect(test, pool, state, "in part");
			MYMM_EXPECT_SOUND(test, pool);
			/* What is left are blocks like any others. */
			if (from)
				MYMM_EXPECT_OK(test,
					       mymm_free_range(pool, 0, from));
			KUNIT_EXPECT_EQ(test, force(pool, 0, FRAMES, false),
					from + nr);
			memset(state, '.', FRAMES);
			mymm_range_expect(test, pool, state, "all of it");
		}
	}
}

/* Whatever is refused is counted, and changes nothing, not even the log. */
static void refused(struct kunit *test)
{
	struct mymm_pool *pool =
		mymm_test_pool_none(test, "DMA:16p,Normal:16p");
	static const struct {
		unsigned long pfn;
		unsigned long nr;
	} bad[] = {
		{ 0, 0 },
		{ 0, 17 },
		{ 15, 2 },
		{ 32, 1 },
		{ 31, 2 },
		{ 16, 17 },
		{ 17, ULONG_MAX - 16 },
		{ ULONG_MAX, 1 },
	};
	unsigned int i;
	void *small;

	for (i = 0; i < 2 * ARRAY_SIZE(bad); i++)
		MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_RANGE, -EINVAL,
				    mymm_force_range(pool, bad[i / 2].pfn,
						     bad[i / 2].nr, i % 2, 0));
	/* With per-CPU lists, frames can be in neither state. */
	pool = mymm_test_pool_config(
		test, &(struct mymm_pool_config){ .zones = "Normal:1M" });
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_RANGE, -EINVAL,
			    mymm_force_range(pool, 0, 1, true, 0));
	pool = mymm_test_pool_config(test, &(struct mymm_pool_config){
						   .zones = "Normal:1M",
						   .flags = MYMM_POOL_NO_PCP,
					   });
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_GFP, -EINVAL,
			    mymm_force_range(pool, 0, 1, true,
					     __GFP_MOVABLE |
						     __GFP_RECLAIMABLE));
	/* A slab stops both, also if it comes last. */
	small = mymm_kmalloc(pool, 64, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, small);
	for (i = 0; i < 2; i++)
		MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_WRONG_KIND, -EBUSY,
				    mymm_force_range(pool, 0, 256, i, 0));
	MYMM_EXPECT_OK(test, mymm_kfree(small));

	pool = mymm_test_pool_config(test, &(struct mymm_pool_config){
						   .zones = "Normal:32p",
						   .holes = "8-11",
						   .flags = MYMM_POOL_BARE,
					   });
	for (i = 0; i < 2; i++)
		MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_WRONG_KIND, -EBUSY,
				    mymm_force_range(pool, 7, 2, i, 0));
}

/*
 * Two pageblocks of 8 frames, each of the types. A reserve does not merge with its neighbour, until
 * it is none any more; the largest block is both, and keeps its type.
 */
static void types(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_config(
		test, &(struct mymm_pool_config){
			      .zones = "Normal:32p",
			      .block_order = 3,
			      .flags = MYMM_POOL_BARE & ~MYMM_POOL_NO_MOBILITY,
		      });
	struct mymm_zone *zone = mymm_range_zone(pool);
	enum mymm_migratetype type;

	MYMM_EXPECT_OK(test, force(pool, 0, 32, true));
	for (type = 0; type < MYMM_NR_MIGRATETYPES; type++) {
		bool apart = type == MYMM_HIGHATOMIC;

		MYMM_EXPECT_OK(test, mymm_force_type(pool, 3, type));
		MYMM_EXPECT_OK(test, mymm_force_type(pool, 8, MYMM_MOVABLE));
		MYMM_EXPECT_OK(test, force(pool, 0, 8, false));
		MYMM_EXPECT_OK(test, force(pool, 8, 8, false));
		KUNIT_EXPECT_EQ(test, mymm_buddy_nr_free(&zone->buddy, 4),
				!apart);
		KUNIT_EXPECT_EQ(test, mymm_buddy_nr_free(&zone->buddy, 3),
				apart ? 2 : 0);
		KUNIT_EXPECT_EQ(test, zone->nr_free_highatomic, apart ? 8 : 0);
		MYMM_EXPECT_SOUND(test, pool);
		if (!apart) {
			KUNIT_EXPECT_EQ(
				test, mymm_force_type(pool, 15, 0),
				mymm_buddy_type(&zone->buddy, 15) ? -EBUSY : 0);
			MYMM_EXPECT_OK(test, force(pool, 0, 16, true));
			continue;
		}
		/* What is free moves to other lists; the next free merges. */
		MYMM_EXPECT_OK(test, mymm_force_type(pool, 0, MYMM_MOVABLE));
		KUNIT_EXPECT_EQ(test, zone->nr_free_highatomic, 0);
		KUNIT_EXPECT_EQ(test, mymm_buddy_nr_free(&zone->buddy, 3), 2);
		MYMM_EXPECT_OK(test, force(pool, 0, 1, true));
		MYMM_EXPECT_OK(test, force(pool, 0, 1, false));
		KUNIT_EXPECT_EQ(test, mymm_buddy_nr_free(&zone->buddy, 4), 1);
		MYMM_EXPECT_SOUND(test, pool);
	}
	KUNIT_EXPECT_EQ(test, mymm_force_type(pool, 32, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, force(pool, 0, 32, false), 16);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_SLOW(each_range),
	KUNIT_CASE(parts),
	KUNIT_CASE(refused),
	KUNIT_CASE(types),
	{},
};

static struct kunit_suite suite = {
	.name = "mymm_force_range",
	.test_cases = cases,
};

kunit_test_suite(suite);
