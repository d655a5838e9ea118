// SPDX-License-Identifier: GPL-2.0
/*
 * What a CPU may keep of a zone's frames falls with time, where it was raised: by a quarter
 * each time, but never below the least, and never so far that more than a large batch, 32
 * times the batch, has to go at once.
 *
 * The reaper leaves these pools alone (MYMM_POOL_NO_RECLAIM), so nothing decays but by these
 * tests' own hand.
 *
 * Tests: page/pcp.c page/pcp_cpu.c
 */
#include "lib/lists.h"
#include "page/pcp_cpu.h"

#define HIGH 256
#define KEPT (HIGH - 1)

/* Have as many frames in this CPU's lists as its limit allows. */
static void fill(struct mymm_test_thread *thread)
{
	struct mymm_pool *pool = thread->data;
	static struct mymm_frame *frame[KEPT]; /* of one thread at a time */
	unsigned int i;

	for (i = 0; i < KEPT; i++)
		frame[i] = mymm_alloc_pages(pool, GFP_KERNEL, 0);
	mymm_pcp_drain_local(pool); /* what the last batch had too many */
	for (i = 0; i < KEPT; i++)
		if (!frame[i] || mymm_free_pages(pool, frame[i], 0))
			mymm_test_complain(thread, "frame %u", i);
}

static void decay(struct mymm_test_thread *thread)
{
	mymm_pcp_decay_local(thread->data);
}

/* CPU 0 of a new pool has all that it may keep, and now might have to keep less. */
static struct mymm_pool *filled_pool(struct kunit *test, int batch, int least)
{
	struct mymm_pool *pool = mymm_lists_pool(test, batch, HIGH, HIGH);

	mymm_test_on_cpu(test, 0, fill, pool);
	WRITE_ONCE(pool->zone[0].pcp_high_min, least);
	return pool;
}

/* The limit after each decay, and one frame less than that in the lists. */
static void expect_decay(struct kunit *test, struct mymm_pool *pool,
			 const int *high, unsigned int nr)
{
	struct mymm_zone *zone = &pool->zone[0];
	struct mymm_pcp *pcp = mymm_lists_of(pool, zone, 0);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, pcp->high, HIGH);
	KUNIT_ASSERT_EQ(test, mymm_pcp_count(pcp), KEPT);
	for (i = 0; i < nr; i++) {
		mymm_test_on_cpu(test, 0, decay, pool);
		KUNIT_EXPECT_EQ_MSG(test, pcp->high, high[i], "decay %u", i);
		KUNIT_EXPECT_EQ_MSG(test, mymm_pcp_count(pcp), high[i] - 1,
				    "decay %u", i);
		KUNIT_EXPECT_EQ(test, zone->buddy.free, 2048 - (high[i] - 1));
		MYMM_EXPECT_LISTS_SOUND(test, pool);
	}
	MYMM_EXPECT_SOUND(test, pool);
}

/* A large batch is 256 frames: only the quarter counts. 35 - 35 / 4 is below the least. */
static void by_a_quarter(struct kunit *test)
{
	static const int high[] = { 192, 144, 108, 81, 61, 46, 35, 32, 32 };

	expect_decay(test, filled_pool(test, 8, 32), high, ARRAY_SIZE(high));
}

/*
 * A large batch is 32 frames: of 255, 223 may stay the first time, then 222 - 32 = 190,
 * 157 and 124; from there a quarter is less than that.
 */
static void not_more_than_a_batch(struct kunit *test)
{
	static const int high[] = { 223, 190, 157, 124, 93, 70, 53, 40, 32 };

	expect_decay(test, filled_pool(test, 1, 32), high, ARRAY_SIZE(high));
}

/* Where both bounds are the same, as before 6.7, nothing falls. */
static void not_without_tuning(struct kunit *test)
{
	static const int high[] = { HIGH, HIGH };

	expect_decay(test, filled_pool(test, 8, HIGH), high, ARRAY_SIZE(high));
}

static struct kunit_case pcp_decay_cases[] = {
	KUNIT_CASE(by_a_quarter),
	KUNIT_CASE(not_more_than_a_batch),
	KUNIT_CASE(not_without_tuning),
	{},
};

static struct kunit_suite pcp_decay_suite = {
	.name = "mymm_pcp_decay",
	.test_cases = pcp_decay_cases,
};

kunit_test_suite(pcp_decay_suite);
