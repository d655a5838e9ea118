// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU page lists: what comes out of them, and how many blocks come into them at once.
 *
 * How many is computed by hand from nr_pcp_alloc() and nr_pcp_high() of Linux 6.12, for a
 * batch of 8, instead of the one that follows from the size of the machine. The lists are
 * checked by walking them, see lists.c. pcp_flush_kunit.c has the way back to the zone,
 * pcp_drain_kunit.c drains, pcp_race_kunit.c concurrent users.
 *
 * Tests: page/pcp.c page/pcp_cpu.c
 */
#include "lib/lists.h"
#include "page/pcp_check.h"
#include "page/pcp_cpu.h"

/* --- how often, and which ------------------------------------------------------- */

#define PAIRS 10000

struct pairs {
	struct mymm_pool *pool;
	unsigned int order;
};

static void ping_pong(struct mymm_test_thread *thread)
{
	struct pairs *pairs = thread->data;
	unsigned int i;

	for (i = 0; i < PAIRS; i++) {
		struct mymm_frame *frame =
			mymm_lists_get(pairs->pool, pairs->order);

		if (!frame || mymm_free_pages(pairs->pool, frame, pairs->order))
			mymm_test_complain(thread, "pair %u", i);
	}
}

/*
 * One block to and fro, 10000 times: the first allocation fetches a batch, and that is the
 * only time that the zone is asked. Orders that CPUs don't keep ask it each time.
 */
static void hit_rate(struct kunit *test)
{
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 64, 64);
	struct mymm_zone *zone = &pool->zone[0];
	struct mymm_pcp *pcp = mymm_lists_of(pool, zone, 0);
	unsigned long refills = 0;
	unsigned int order;

	for (order = 0; order <= MYMM_MAX_ORDER; order++) {
		struct pairs pairs = { pool, order };
		unsigned long locked = zone->allocs[order];

		if (order == pool->block_order)
			continue;
		mymm_test_on_cpu(test, 0, ping_pong, &pairs);
		if (order <= MYMM_PCP_MAX_ORDER) {
			unsigned int list = mymm_list_number(order, 0);

			KUNIT_EXPECT_EQ(test, pcp->refills, ++refills);
			KUNIT_EXPECT_EQ(test, pcp->allocs[list], PAIRS);
			KUNIT_EXPECT_EQ(test, zone->allocs[order], locked);
		} else {
			KUNIT_EXPECT_EQ(test, pcp->refills, refills);
			KUNIT_EXPECT_EQ(test, zone->allocs[order] - locked,
					PAIRS);
		}
		KUNIT_EXPECT_EQ(test, pcp->flushes, 0);
		KUNIT_EXPECT_EQ(test, pcp->lock.collisions, 0);
		MYMM_EXPECT_LISTS_SOUND(test, pool);
		MYMM_EXPECT_SOUND(test, pool);
	}
}

/* With MYMM_POOL_NO_PCP nothing stays anywhere: a freed block has merged at once. */
static void without_lists(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_none(test, "Normal:8M");
	struct mymm_zone *zone = &pool->zone[0];
	struct pairs pairs = { pool, 0 };

	mymm_test_on_cpu(test, 0, ping_pong, &pairs);
	KUNIT_EXPECT_EQ(test, mymm_lists_of(pool, zone, 0)->refills, 0);
	KUNIT_EXPECT_EQ(test, mymm_pcp_frames(pool, zone), 0);
	KUNIT_EXPECT_EQ(test, zone->allocs[0], PAIRS);
	KUNIT_EXPECT_EQ(test, zone->buddy.free, 2048);
	KUNIT_EXPECT_EQ(test, mymm_buddy_nr_free(&zone->buddy, 10), 2);
}

static void last_in_first_out(struct mymm_test_thread *thread)
{
	struct mymm_pool *pool = thread->data;
	struct mymm_frame *frames[20];
	unsigned int order;
	int i;

	for (order = 0; order <= MYMM_PCP_MAX_ORDER; order++) {
		int nr = 20 >> order;

		for (i = 0; i < nr; i++)
			frames[i] = mymm_lists_get(pool, order);
		for (i = 0; i < nr; i++)
			mymm_free_pages(pool, frames[i], order);
		for (i = nr - 1; i >= 0; i--)
			if (mymm_lists_get(pool, order) != frames[i])
				mymm_test_complain(thread,
						   "order %u, number %d", order,
						   i);
		for (i = 0; i < nr; i++)
			mymm_free_pages(pool, frames[i], order);
	}
}

/* What was freed last is still warm, so it is used first. */
static void warm_first(struct kunit *test)
{
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 200, 200);

	mymm_test_on_cpu(test, 0, last_in_first_out, pool);
	MYMM_EXPECT_LISTS_SOUND(test, pool);
}

/* A batch comes out in the order of its frames: the first of them first. */
static void batch_in_order(struct mymm_test_thread *thread)
{
	struct mymm_pool *pool = thread->data;
	struct mymm_frame *first, *frame;
	unsigned int i;

	first = mymm_lists_get(pool, 0);
	for (i = 1; i < 8; i++) {
		frame = mymm_lists_get(pool, 0);
		if (frame != first + i)
			mymm_test_complain(thread, "number %u is %lu", i,
					   mymm_frame_pfn(pool, frame));
	}
	for (i = 0; i < 8; i++)
		mymm_free_pages(pool, first + i, 0);
}

static void batch_by_number(struct kunit *test)
{
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 64, 64);

	mymm_test_on_cpu(test, 0, batch_in_order, pool);
}

/* --- how many --------------------------------------------------------------------- */

static void expect_batches(struct kunit *test,
			   const struct mymm_lists_record *record,
			   unsigned int nr, const int *batch, const int *high)
{
	unsigned int i;

	KUNIT_ASSERT_EQ(test, record->nr_batches, nr);
	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_EQ_MSG(test, record->batch[i], batch[i],
				    "blocks of batch %u", i);
		if (high)
			KUNIT_EXPECT_EQ_MSG(test, record->high[i], high[i],
					    "high after batch %u", i);
	}
}

/*
 * A CPU that only allocates gets twice as much each time, up to what there is room for: a batch
 * of 8, then 16, 32; 64 is more than the limit less a batch, 64 - 8, so it is 56 from then on:
 * 8 + 16 + 32 + 56 + 56 = 168.
 */
static void batches_double(struct kunit *test)
{
	static const int expected[] = { 8, 16, 32, 56, 56 };
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 64, 64);
	struct mymm_lists_record *record =
		mymm_lists_record(test, pool, 0, 168);

	mymm_test_on_cpu(test, 0, mymm_lists_take, record);
	expect_batches(test, record, ARRAY_SIZE(expected), expected, NULL);
	KUNIT_EXPECT_EQ(test, mymm_pcp_frames(pool, &pool->zone[0]), 0);
	mymm_test_on_cpu(test, 0, mymm_lists_give, record);
	MYMM_EXPECT_LISTS_SOUND(test, pool);
}

/*
 * Where the limit may be raised, each batch raises it by itself first; with bounds of 32 and
 * 256:
 *
 *	batch   high                room: high - 8
 *	  8     32 +   8 =  40       32
 *	 16     40 +  16 =  56       48
 *	 32     56 +  32 =  88       80
 *	 64     88 +  64 = 152      144
 *	128    152 + 128 = 280 > 256: 256
 *	                            248
 *	256     256                 248, so it is 248; it would be doubled 5 times at most
 *
 * together 8 + 16 + 32 + 64 + 128 + 248 = 496.
 */
static void high_is_raised(struct kunit *test)
{
	static const int batch[] = { 8, 16, 32, 64, 128, 248 };
	static const int high[] = { 40, 56, 88, 152, 256, 256 };
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 32, 256);
	struct mymm_lists_record *record =
		mymm_lists_record(test, pool, 0, 496);

	mymm_test_on_cpu(test, 0, mymm_lists_take, record);
	expect_batches(test, record, ARRAY_SIZE(batch), batch, high);
	mymm_test_on_cpu(test, 0, mymm_lists_give, record);
	MYMM_EXPECT_LISTS_SOUND(test, pool);
	KUNIT_EXPECT_LE(test, mymm_lists_of(pool, &pool->zone[0], 0)->high,
			256);
}

/* A batch of larger blocks has as many frames, never less than two blocks, and is constant. */
static void batches_of_orders(struct kunit *test)
{
	static const int expected[][3] = {
		{}, { 4, 4, 4 }, { 2, 2, 2 }, { 2, 2, 2 }
	};
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 64, 64);
	unsigned int order;

	for (order = 1; order <= MYMM_PCP_MAX_ORDER; order++) {
		struct mymm_lists_record *record = mymm_lists_record(
			test, pool, order, 3 * expected[order][0]);

		mymm_test_on_cpu(test, 0, mymm_lists_take, record);
		expect_batches(test, record, 3, expected[order], NULL);
		mymm_test_on_cpu(test, 0, mymm_lists_give, record);
		mymm_pool_drain(pool);
	}
}

/* Where the limit is below a batch, or a batch is 1, one block comes at a time. */
static void no_batches(struct kunit *test)
{
	static const int ones[] = { 1, 1, 1, 1 };
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 4, 4);
	struct mymm_lists_record *record = mymm_lists_record(test, pool, 0, 4);

	mymm_test_on_cpu(test, 0, mymm_lists_take, record);
	expect_batches(test, record, 4, ones, NULL);
	mymm_test_on_cpu(test, 0, mymm_lists_give, record);
	mymm_lists_limit(pool, 1, 4, 4);
	record->order = 3;
	mymm_test_on_cpu(test, 0, mymm_lists_take, record);
	expect_batches(test, record, 4, ones, NULL);
	mymm_test_on_cpu(test, 0, mymm_lists_give, record);
}

/* With a limit of 0 nothing stays: each free is given on at once. */
static void limit_of_nothing(struct kunit *test)
{
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 0, 0);
	struct mymm_lists_record *record =
		mymm_lists_record(test, pool, 0, 100);

	mymm_test_on_cpu(test, 0, mymm_lists_take, record);
	mymm_test_on_cpu(test, 0, mymm_lists_give, record);
	KUNIT_EXPECT_EQ(test, mymm_pcp_frames(pool, &pool->zone[0]), 0);
	KUNIT_EXPECT_EQ(test, pool->zone[0].buddy.free, 2048);
	MYMM_EXPECT_SOUND(test, pool);
}

/* Each block as large as a pageblock is kept too, if the limit has room for it. */
static void pageblocks(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "Normal:8M",
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_LISTS_ONLY,
		.block_order = 5,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct mymm_zone *zone = &pool->zone[0];
	struct mymm_pcp *pcp = mymm_lists_of(pool, zone, 0);
	struct pairs pairs = { pool, 5 };

	mymm_lists_limit(pool, 8, 200, 200);
	mymm_test_on_cpu(test, 0, ping_pong, &pairs);
	KUNIT_EXPECT_EQ(test, pcp->refills, 1);
	KUNIT_EXPECT_EQ(test, pcp->flushes, 0);
	KUNIT_EXPECT_EQ(test, zone->allocs[5], 0);
	/* A batch has two blocks at least. */
	KUNIT_EXPECT_EQ(test, mymm_lists_read(pool, pcp, 4 * 4, NULL, 0), 2);
	KUNIT_EXPECT_EQ(test, mymm_pcp_count(pcp), 64);
	MYMM_EXPECT_LISTS_SOUND(test, pool);
}

/* Neither order 4 nor another that is no pageblock ever comes into a list. */
static void only_those_orders(struct kunit *test)
{
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 5000, 5000);
	unsigned int order;

	for (order = 4; order <= 10; order++) {
		struct mymm_frame *frame = mymm_lists_get(pool, order);

		MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, order));
		if (order != pool->block_order)
			KUNIT_EXPECT_EQ_MSG(test, pool->zone[0].buddy.free,
					    2048, "order %u", order);
		mymm_pool_drain(pool);
	}
}

/* What was doubled and raised before a drain is forgotten by it. */
static void drain_forgets(struct kunit *test)
{
	static const int expected[] = { 8, 16, 32, 64, 128 };
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 32, 256);
	struct mymm_lists_record *record =
		mymm_lists_record(test, pool, 0, 248);
	unsigned int round;

	for (round = 0; round < 3; round++) {
		mymm_test_on_cpu(test, 0, mymm_lists_take, record);
		expect_batches(test, record, ARRAY_SIZE(expected), expected,
			       NULL);
		mymm_test_on_cpu(test, 0, mymm_lists_give, record);
		mymm_pool_drain(pool);
		KUNIT_EXPECT_EQ(
			test, mymm_lists_of(pool, &pool->zone[0], 0)->high, 32);
	}
}

static struct kunit_case pcp_cases[] = {
	KUNIT_CASE(hit_rate),
	KUNIT_CASE(without_lists),
	KUNIT_CASE(warm_first),
	KUNIT_CASE(batch_by_number),
	KUNIT_CASE(batches_double),
	KUNIT_CASE(high_is_raised),
	KUNIT_CASE(batches_of_orders),
	KUNIT_CASE(no_batches),
	KUNIT_CASE(limit_of_nothing),
	KUNIT_CASE(pageblocks),
	KUNIT_CASE(only_those_orders),
	KUNIT_CASE(drain_forgets),
	{},
};

static struct kunit_suite pcp_suite = {
	.name = "mymm_pcp",
	.test_cases = pcp_cases,
};

kunit_test_suite(pcp_suite);
