// SPDX-License-Identifier: GPL-2.0
/*
 * Flushes of per-CPU page lists: when, how many blocks, and which of them go to the zone.
 *
 * How many is computed by hand from nr_pcp_free() of Linux 6.12, for small batches, instead
 * of the one that follows from the size of the machine.
 *
 * Tests: page/pcp.c page/pcp_check.c
 */
#include "lib/lists.h"
#include "page/pcp_check.h"
#include "page/pcp_cpu.h"

static void give_and_look(struct mymm_test_thread *thread)
{
	struct mymm_lists_record *record = thread->data;
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
	struct mymm_lists_record *record =
		mymm_lists_record(test, pool, 0, 64 + 56 + 3);
	unsigned long flushes;
	unsigned int nr, i;
	u32 left[64];

	mymm_test_on_cpu(test, 0, mymm_lists_take, record);
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
	struct mymm_lists_record *record =
		mymm_lists_record(test, pool, 0, 896);
	unsigned long flushes;
	unsigned int i;

	mymm_test_on_cpu(test, 0, mymm_lists_take, record);
	mymm_pool_drain(pool);
	for (i = 0; i < 896; i++)
		record->frame[i]->prev = MYMM_NO_FRAME;
	flushes = pcp->flushes;
	record->nr = 800;
	mymm_test_on_cpu(test, 0, mymm_lists_give, record);
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
	mymm_test_on_cpu(test, 0, mymm_lists_give, record);
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
	u32 block[MYMM_LISTS_BLOCKS]; /* the newest last */
	u32 read[MYMM_LISTS_BLOCKS];
	unsigned int nr_held;
	struct mymm_frame *held[MYMM_LISTS_BLOCKS];
};

/* What a refill or a flush did: the list is what it was but for its oldest, or was empty. */
static void compare_stack(struct mymm_test_thread *thread,
			  struct stack_model *model)
{
	unsigned int nr = mymm_lists_read(model->pool, model->pcp, 0,
					  model->read, MYMM_LISTS_BLOCKS);
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
	struct mymm_lists_record *large = mymm_lists_record(test, pool, 2, 4);
	struct mymm_lists_record *small = mymm_lists_record(test, pool, 0, 100);
	u32 left[2];

	mymm_test_on_cpu(test, 0, mymm_lists_take, large);
	mymm_test_on_cpu(test, 0, mymm_lists_take, small);
	mymm_pool_drain(pool);
	mymm_test_on_cpu(test, 0, mymm_lists_give, large);
	KUNIT_EXPECT_EQ(test, mymm_pcp_count(pcp), 16);
	mymm_test_on_cpu(test, 0, mymm_lists_give, small);
	KUNIT_EXPECT_EQ(test, mymm_lists_read(pool, pcp, 0, NULL, 0), 52);
	KUNIT_EXPECT_EQ(test, mymm_lists_read(pool, pcp, 8, left, 2), 2);
	KUNIT_EXPECT_EQ(test, left[0], mymm_frame_pfn(pool, large->frame[3]));
	KUNIT_EXPECT_EQ(test, left[1], mymm_frame_pfn(pool, large->frame[2]));
	MYMM_EXPECT_LISTS_SOUND(test, pool);
}

static struct kunit_case pcp_flush_cases[] = {
	KUNIT_CASE(oldest_go_first),
	KUNIT_CASE(flush_looks_at_few),
	KUNIT_CASE(list_is_a_stack),
	KUNIT_CASE(other_lists_last),
	{},
};

static struct kunit_suite pcp_flush_suite = {
	.name = "mymm_pcp_flush",
	.test_cases = pcp_flush_cases,
};

kunit_test_suite(pcp_flush_suite);
