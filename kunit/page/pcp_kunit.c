// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU page lists: what comes out of them, how many go in and out at once, and that all
 * of them go back to their zone, when somebody says so or the CPU goes away.
 *
 * How much moves is reckoned by hand from nr_pcp_alloc(), nr_pcp_high() and nr_pcp_free() of
 * Linux 6.12, for a batch of 8, instead of what the size of the machine would make it. What
 * a test says of a list it sees by walking it, see lists.c. Who else would like to have what
 * is in a list comes in pcp_race_kunit.c.
 *
 * Tests: page/pcp.c page/pcp_cpu.c page/pcp_drain.c base/percpu_work.c
 */
#include <linux/cpu.h>

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

#define MOST_FRAMES 1024

/* What a thread did, for the test to look at. */
struct record {
	struct mymm_pool *pool;
	unsigned int order;
	unsigned int nr;
	struct mymm_frame *frame[MOST_FRAMES];
	unsigned int nr_batches;
	int batch[16];
	int high[16];
};

/* Allocate @nr blocks and note how large each batch was, and what the limit became. */
static void take_many(struct mymm_test_thread *thread)
{
	struct record *record = thread->data;
	struct mymm_pcp *pcp = mymm_lists_of(
		record->pool, &record->pool->zone[0], thread->cpu);
	unsigned int i;

	record->nr_batches = 0;
	for (i = 0; i < record->nr; i++) {
		int before = mymm_pcp_count(pcp);

		record->frame[i] = mymm_lists_get(record->pool, record->order);
		if (!record->frame[i]) {
			mymm_test_complain(thread, "number %u", i);
			record->nr = i;
			return;
		}
		if (mymm_pcp_count(pcp) < before || !before) {
			if (before || record->nr_batches == 16)
				continue;
			/* That one, and what came into the list with it. */
			record->batch[record->nr_batches] =
				1 + (mymm_pcp_count(pcp) >> record->order);
			record->high[record->nr_batches++] = pcp->high;
		}
	}
}

static void give_many(struct mymm_test_thread *thread)
{
	struct record *record = thread->data;
	unsigned int i;

	for (i = 0; i < record->nr; i++)
		if (mymm_free_pages(record->pool, record->frame[i],
				    record->order))
			mymm_test_complain(thread, "number %u", i);
}

static struct record *new_record(struct kunit *test, struct mymm_pool *pool,
				 unsigned int order, unsigned int nr)
{
	struct record *record =
		kunit_kzalloc(test, sizeof(*record), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, record);
	record->pool = pool;
	record->order = order;
	record->nr = nr;
	return record;
}

static void expect_batches(struct kunit *test, const struct record *record,
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
 * Who only allocates gets twice as much each time, up to what there is room for: a batch
 * of 8, then 16, 32; 64 is more than the limit less a batch, 64 - 8, so it is 56 from then
 * on: 8 + 16 + 32 + 56 + 56 = 168.
 */
static void batches_double(struct kunit *test)
{
	static const int expected[] = { 8, 16, 32, 56, 56 };
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 64, 64);
	struct record *record = new_record(test, pool, 0, 168);

	mymm_test_on_cpu(test, 0, take_many, record);
	expect_batches(test, record, ARRAY_SIZE(expected), expected, NULL);
	KUNIT_EXPECT_EQ(test, mymm_pcp_frames(pool, &pool->zone[0]), 0);
	mymm_test_on_cpu(test, 0, give_many, record);
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
	struct record *record = new_record(test, pool, 0, 496);

	mymm_test_on_cpu(test, 0, take_many, record);
	expect_batches(test, record, ARRAY_SIZE(batch), batch, high);
	mymm_test_on_cpu(test, 0, give_many, record);
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
		struct record *record =
			new_record(test, pool, order, 3 * expected[order][0]);

		mymm_test_on_cpu(test, 0, take_many, record);
		expect_batches(test, record, 3, expected[order], NULL);
		mymm_test_on_cpu(test, 0, give_many, record);
		mymm_pool_drain(pool);
	}
}

/* Where the limit is below a batch, or a batch is 1, one block comes at a time. */
static void no_batches(struct kunit *test)
{
	static const int ones[] = { 1, 1, 1, 1 };
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 4, 4);
	struct record *record = new_record(test, pool, 0, 4);

	mymm_test_on_cpu(test, 0, take_many, record);
	expect_batches(test, record, 4, ones, NULL);
	mymm_test_on_cpu(test, 0, give_many, record);
	mymm_lists_limit(pool, 1, 4, 4);
	record->order = 3;
	mymm_test_on_cpu(test, 0, take_many, record);
	expect_batches(test, record, 4, ones, NULL);
	mymm_test_on_cpu(test, 0, give_many, record);
}

/* With a limit of 0 nothing stays: each free is given on at once. */
static void limit_of_nothing(struct kunit *test)
{
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 0, 0);
	struct record *record = new_record(test, pool, 0, 100);

	mymm_test_on_cpu(test, 0, take_many, record);
	mymm_test_on_cpu(test, 0, give_many, record);
	KUNIT_EXPECT_EQ(test, mymm_pcp_frames(pool, &pool->zone[0]), 0);
	KUNIT_EXPECT_EQ(test, pool->zone[0].buddy.free, 2048);
	MYMM_EXPECT_SOUND(test, pool);
}

/* --- and back --------------------------------------------------------------------- */

static void give_and_look(struct mymm_test_thread *thread)
{
	struct record *record = thread->data;
	struct mymm_pcp *pcp = mymm_lists_of(
		record->pool, &record->pool->zone[0], thread->cpu);
	unsigned int i;

	for (i = 0; i < record->nr; i++) {
		int before = mymm_pcp_count(pcp);

		if (mymm_free_pages(record->pool, record->frame[i],
				    record->order))
			mymm_test_complain(thread, "number %u", i);
		if (mymm_pcp_count(pcp) <= before && record->nr_batches < 16) {
			record->high[record->nr_batches] = i + 1;
			record->batch[record->nr_batches++] =
				(before >> record->order) + 1 -
				(mymm_pcp_count(pcp) >> record->order);
		}
	}
}

/*
 * Nothing is given to the zone until the limit is reached: 64 frees. 64 frames were freed in
 * a row then, a batch of at least 8 is to stay, so 56 go; and the next 56 frees later again.
 * They are the oldest: what is left are the last that were freed, the newest first.
 */
static void oldest_go_first(struct kunit *test)
{
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 64, 64);
	struct mymm_pcp *pcp = mymm_lists_of(pool, &pool->zone[0], 0);
	struct record *record = new_record(test, pool, 0, 64 + 56 + 3);
	unsigned long flushes;
	unsigned int nr, i;
	u32 left[64];

	mymm_test_on_cpu(test, 0, take_many, record);
	mymm_pool_drain(pool);
	record->nr_batches = 0;
	flushes = pcp->flushes;
	mymm_test_on_cpu(test, 0, give_and_look, record);
	KUNIT_ASSERT_EQ(test, record->nr_batches, 2);
	KUNIT_EXPECT_EQ(test, record->high[0], 64);
	KUNIT_EXPECT_EQ(test, record->batch[0], 56);
	KUNIT_EXPECT_EQ(test, record->high[1], 64 + 56);
	KUNIT_EXPECT_EQ(test, record->batch[1], 56);
	KUNIT_EXPECT_EQ(test, pcp->flushes, flushes + 2);

	nr = mymm_lists_read(pool, pcp, 0, left, ARRAY_SIZE(left));
	KUNIT_ASSERT_EQ(test, nr, 8 + 3);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ_MSG(test, left[i],
				    mymm_frame_pfn(pool,
						   record->frame[122 - i]),
				    "number %u", i);
	MYMM_EXPECT_LISTS_SOUND(test, pool);
	MYMM_EXPECT_SOUND(test, pool);
}

/*
 * A flush takes the oldest without looking at the others. With a batch of 4 and a limit of
 * 512 it takes 128, 32 batches: at 512 frees, at 640 and at 768. The first links the list
 * back, so that the others find 384 and 256 of the oldest at hand: what was freed since the
 * first is as it was. The third to come finds 128, no more than it takes, and links again.
 */
static void flush_looks_at_few(struct kunit *test)
{
	struct mymm_pool *pool = mymm_lists_pool(test, 4, 512, 512);
	struct mymm_pcp *pcp = mymm_lists_of(pool, &pool->zone[0], 0);
	struct record *record = new_record(test, pool, 0, 896);
	unsigned long flushes;
	unsigned int i;

	mymm_test_on_cpu(test, 0, take_many, record);
	mymm_pool_drain(pool);
	for (i = 0; i < 896; i++)
		record->frame[i]->prev = MYMM_NO_FRAME;
	flushes = pcp->flushes;
	record->nr = 800;
	mymm_test_on_cpu(test, 0, give_many, record);
	KUNIT_EXPECT_EQ(test, pcp->flushes, flushes + 3);
	KUNIT_EXPECT_EQ(test, mymm_pcp_linked(pcp, 0), 128);
	for (i = 512; i < 800; i++)
		KUNIT_EXPECT_EQ_MSG(test, record->frame[i]->prev, MYMM_NO_FRAME,
				    "number %u", i);
	MYMM_EXPECT_SOUND(test, pool);

	memmove(record->frame, record->frame + 800,
		96 * sizeof(record->frame[0]));
	record->nr = 96;
	KUNIT_EXPECT_EQ(test, mymm_pcp_count(pcp), 800 - 3 * 128);
	mymm_test_on_cpu(test, 0, give_many, record);
	KUNIT_EXPECT_EQ(test, pcp->flushes, flushes + 4);
	KUNIT_EXPECT_EQ(test, mymm_pcp_linked(pcp, 0), 512 - 128);
	MYMM_EXPECT_LISTS_SOUND(test, pool);
	MYMM_EXPECT_SOUND(test, pool);
}

/* The list of order 0 beside a stack that was written to as the test did to the list. */
struct stack_model {
	struct mymm_pool *pool;
	struct mymm_pcp *pcp;
	unsigned int nr;
	u32 block[MOST_FRAMES]; /* the newest last */
	u32 read[MOST_FRAMES];
	unsigned int nr_held;
	struct mymm_frame *held[MOST_FRAMES];
};

/* What a refill or a flush did: the list is what it was but for its oldest, or was empty. */
static void compare_stack(struct mymm_test_thread *thread,
			  struct stack_model *model)
{
	unsigned int nr = mymm_lists_read(model->pool, model->pcp, 0,
					  model->read, MOST_FRAMES);
	unsigned int i;

	if (!model->nr) {
		for (i = 0; i < nr; i++)
			model->block[nr - 1 - i] = model->read[i];
		model->nr = nr;
	}
	if (nr > model->nr) {
		mymm_test_complain(thread, "%u blocks, not %u", nr, model->nr);
		return;
	}
	for (i = 0; i < nr; i++)
		if (model->read[i] != model->block[model->nr - 1 - i])
			mymm_test_complain(thread, "number %u of %u", i, nr);
	memmove(model->block, model->block + model->nr - nr,
		nr * sizeof(model->block[0]));
	model->nr = nr;
}

static void get_from_stack(struct mymm_test_thread *thread,
			   struct stack_model *model)
{
	struct mymm_frame *frame = mymm_lists_get(model->pool, 0);

	if (!frame) {
		mymm_test_complain(thread, "no frame");
		return;
	}
	model->held[model->nr_held++] = frame;
	if (model->nr &&
	    model->block[--model->nr] != mymm_frame_pfn(model->pool, frame))
		mymm_test_complain(thread, "not the newest");
}

static void put_on_stack(struct mymm_test_thread *thread,
			 struct stack_model *model, unsigned int n)
{
	struct mymm_frame *frame = model->held[n];

	model->held[n] = model->held[--model->nr_held];
	model->block[model->nr++] = mymm_frame_pfn(model->pool, frame);
	if (mymm_free_pages(model->pool, frame, 0))
		mymm_test_complain(thread, "refused");
}

#define STACK_ROUNDS 300

static void beside_a_stack(struct mymm_test_thread *thread)
{
	struct stack_model *model = thread->data;
	struct mymm_finding finding = {};
	unsigned int round, n;

	for (round = 0; round < STACK_ROUNDS; round++) {
		bool get = prandom_u32_state(&thread->random) & 1;

		for (n = mymm_test_below(&thread->random, 60); n; n--) {
			if (get ? model->nr_held == 900 : !model->nr_held)
				break;
			if (get)
				get_from_stack(thread, model);
			else
				put_on_stack(thread, model,
					     mymm_test_below(&thread->random,
							     model->nr_held));
			compare_stack(thread, model);
		}
		if (mymm_pcp_check_local(model->pool, &finding))
			mymm_test_complain(thread, "round %u: %s", round,
					   finding.text);
	}
	while (model->nr_held) {
		put_on_stack(thread, model, 0);
		compare_stack(thread, model);
	}
}

/* Whatever came and went, the newest comes first and the oldest is flushed. */
static void list_is_a_stack(struct kunit *test)
{
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 100, 100);
	struct stack_model *model =
		kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, model);
	model->pool = pool;
	model->pcp = mymm_lists_of(pool, &pool->zone[0], 0);
	mymm_test_on_cpu(test, 0, beside_a_stack, model);
	KUNIT_EXPECT_GT(test, model->pcp->flushes, 20);
	KUNIT_EXPECT_GT(test, model->pcp->refills, 20);
	MYMM_EXPECT_LISTS_SOUND(test, pool);
	MYMM_EXPECT_SOUND(test, pool);
}

/*
 * The list that was freed to gives way first, then the next ones. Four blocks of order 2 are
 * in the lists, 16 frames; with 48 single ones the limit of 64 is reached, and 56 of the 64
 * that were freed in a row go: 48 and two blocks of order 2. 52 more come after that.
 */
static void other_lists_last(struct kunit *test)
{
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 64, 64);
	struct mymm_pcp *pcp = mymm_lists_of(pool, &pool->zone[0], 0);
	struct record *large = new_record(test, pool, 2, 4);
	struct record *small = new_record(test, pool, 0, 100);
	u32 left[2];

	mymm_test_on_cpu(test, 0, take_many, large);
	mymm_test_on_cpu(test, 0, take_many, small);
	mymm_pool_drain(pool);
	mymm_test_on_cpu(test, 0, give_many, large);
	KUNIT_EXPECT_EQ(test, mymm_pcp_count(pcp), 16);
	mymm_test_on_cpu(test, 0, give_many, small);
	KUNIT_EXPECT_EQ(test, mymm_lists_read(pool, pcp, 0, NULL, 0), 52);
	KUNIT_EXPECT_EQ(test, mymm_lists_read(pool, pcp, 8, left, 2), 2);
	KUNIT_EXPECT_EQ(test, left[0], mymm_frame_pfn(pool, large->frame[3]));
	KUNIT_EXPECT_EQ(test, left[1], mymm_frame_pfn(pool, large->frame[2]));
	MYMM_EXPECT_LISTS_SOUND(test, pool);
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

/* --- draining ----------------------------------------------------------------------- */

static void drain_mine(struct mymm_test_thread *thread)
{
	mymm_pcp_drain_local(thread->data);
}

/* A CPU's own lists, and those of all CPUs; free frames are then all the zone's. */
static void drained(struct kunit *test)
{
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 64, 64);
	struct mymm_zone *zone = &pool->zone[0];
	int cpu;

	mymm_test_on_each_cpu(test, mymm_lists_leave_some, pool);
	MYMM_EXPECT_LISTS_SOUND(test, pool);
	for_each_online_cpu(cpu) {
		KUNIT_EXPECT_GE(test,
				mymm_pcp_count(mymm_lists_of(pool, zone, cpu)),
				8 + 8 + 8 + 16);
		mymm_test_on_cpu(test, cpu, drain_mine, pool);
		KUNIT_EXPECT_EQ(test,
				mymm_pcp_count(mymm_lists_of(pool, zone, cpu)),
				0);
		MYMM_EXPECT_LISTS_SOUND(test, pool);
		MYMM_EXPECT_SOUND(test, pool);
	}
	KUNIT_EXPECT_EQ(test, zone->buddy.free, 2048);

	mymm_test_on_each_cpu(test, mymm_lists_leave_some, pool);
	KUNIT_EXPECT_GE(test, mymm_pcp_frames(pool, zone),
			40 * num_online_cpus());
	mymm_pool_drain(pool);
	KUNIT_EXPECT_EQ(test, mymm_pcp_frames(pool, zone), 0);
	KUNIT_EXPECT_EQ(test, zone->buddy.free, 2048);
	KUNIT_EXPECT_EQ(test, mymm_buddy_nr_free(&zone->buddy, 10), 2);
}

/* What was doubled and raised before a drain is forgotten by it. */
static void drain_forgets(struct kunit *test)
{
	static const int expected[] = { 8, 16, 32, 64, 128 };
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 32, 256);
	struct record *record = new_record(test, pool, 0, 248);
	unsigned int round;

	for (round = 0; round < 3; round++) {
		mymm_test_on_cpu(test, 0, take_many, record);
		expect_batches(test, record, ARRAY_SIZE(expected), expected,
			       NULL);
		mymm_test_on_cpu(test, 0, give_many, record);
		mymm_pool_drain(pool);
		KUNIT_EXPECT_EQ(
			test, mymm_lists_of(pool, &pool->zone[0], 0)->high, 32);
	}
}

static void cpu_back(void *data)
{
	add_cpu((unsigned long)data);
}

/* The last CPU has blocks in its lists, and goes: its zone has them back, and merged. */
static void cpu_goes_away(struct kunit *test)
{
	unsigned int last = cpumask_last(cpu_online_mask);
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 64, 64);
	struct mymm_zone *zone = &pool->zone[0];
	struct mymm_pcp *pcp = mymm_lists_of(pool, zone, last);
	struct pairs pairs = { pool, 0 };
	int err;

	if (num_online_cpus() < 2 || !cpu_is_hotpluggable(last))
		kunit_skip(test, "no CPU can go away");
	mymm_test_on_cpu(test, last, mymm_lists_leave_some, pool);
	KUNIT_EXPECT_GE(test, mymm_pcp_count(pcp), 40);

	err = kunit_add_action(test, cpu_back, (void *)(unsigned long)last);
	KUNIT_ASSERT_EQ(test, err, 0);
	MYMM_EXPECT_OK(test, remove_cpu(last));
	KUNIT_EXPECT_EQ(test, mymm_pcp_count(pcp), 0);
	KUNIT_EXPECT_EQ(test, zone->buddy.free, 2048);
	KUNIT_EXPECT_EQ(test, mymm_buddy_nr_free(&zone->buddy, 10), 2);
	MYMM_EXPECT_LISTS_SOUND(test, pool);
	MYMM_EXPECT_SOUND(test, pool);
	mymm_pool_drain(pool);
	kunit_release_action(test, cpu_back, (void *)(unsigned long)last);

	mymm_test_on_cpu(test, last, ping_pong, &pairs);
	KUNIT_EXPECT_GT(test, mymm_pcp_count(pcp), 0);
	MYMM_EXPECT_LISTS_SOUND(test, pool);
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
	KUNIT_CASE(oldest_go_first),
	KUNIT_CASE(flush_looks_at_few),
	KUNIT_CASE(list_is_a_stack),
	KUNIT_CASE(other_lists_last),
	KUNIT_CASE(pageblocks),
	KUNIT_CASE(only_those_orders),
	KUNIT_CASE(drained),
	KUNIT_CASE(drain_forgets),
	KUNIT_CASE(cpu_goes_away),
	{},
};

static struct kunit_suite pcp_suite = {
	.name = "mymm_pcp",
	.test_cases = pcp_cases,
};

kunit_test_suite(pcp_suite);
