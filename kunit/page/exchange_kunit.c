// SPDX-License-Identifier: GPL-2.0
/*
 * The records of owners, while blocks change hands.
 *
 * All CPUs exchange blocks, so that nearly each is freed elsewhere than it was allocated. An
 * allocation notes in a table of the test what the record must say, and a free strikes it out. In
 * the end the records are compared with that table, frame by frame; and on the way each record
 * that a reader finds is checked, see records.c.
 *
 * Tests: page/page_owner.c
 */
#include "lib/records.h"

#define FRAMES 2048
#define SLOTS 64
#define MOVES 40000

/**
 * struct fair - blocks change hands
 * @pool: the pool
 * @slot: first frames of blocks, which all threads exchange
 * @wanted: what the record of each frame must say; its holder's to write
 * @done: recording was switched off and on
 */
struct fair {
	struct mymm_pool *pool;
	struct mymm_frame *slot[SLOTS];
	struct {
		bool held;
		u8 order;
		u32 session;
		pid_t pid;
	} wanted[FRAMES];
	bool done;
};

static void give(struct mymm_test_thread *thread, struct fair *fair,
		 struct mymm_frame *frame)
{
	unsigned int order;
	unsigned long pfn;
	int err;

	if (!frame)
		return;
	pfn = mymm_frame_pfn(fair->pool, frame);
	order = fair->wanted[pfn].order;
	fair->wanted[pfn].held = false;
	err = mymm_free_pages(fair->pool, frame, order);
	if (err)
		mymm_test_complain(thread, "free of frame %lu, order %u: %d",
				   pfn, order, err);
}

static struct mymm_frame *take(struct mymm_test_thread *thread,
			       struct fair *fair)
{
	/* Mostly small ones, as of those there are most. */
	unsigned int order = mymm_test_below(
		&thread->random,
		1 + mymm_test_below(&thread->random, MYMM_MAX_ORDER));
	u32 session = 1 + mymm_test_below(&thread->random, 200);
	struct mymm_frame *frame = mymm_records_get(
		fair->pool, GFP_ATOMIC | __GFP_NOWARN, order, session);
	unsigned long pfn;

	if (!frame)
		return NULL;
	pfn = mymm_frame_pfn(fair->pool, frame);
	if (fair->wanted[pfn].held)
		mymm_test_complain(thread, "frame %lu has two owners", pfn);
	fair->wanted[pfn].order = order;
	fair->wanted[pfn].session = session;
	fair->wanted[pfn].pid = current->pid;
	fair->wanted[pfn].held = true;
	return frame;
}

/* Whatever a record says, it is one record. */
static void look(struct mymm_test_thread *thread, struct fair *fair)
{
	struct mymm_owner_record record;
	u32 pfn;

	for (pfn = 0; mymm_owner_next(fair->pool, &pfn, &record); pfn++)
		if (record.caller !=
			    mymm_records_caller(record.order, record.session) ||
		    strncmp(record.comm, "mymm_test/", 10) || !record.pid)
			mymm_test_complain(
				thread,
				"a mixture at frame %u: order %u, session %u, caller %lx",
				pfn, record.order, record.session,
				record.caller);
}

static void exchange_one(struct mymm_test_thread *thread, struct fair *fair)
{
	u32 slot = mymm_test_below(&thread->random, SLOTS);
	struct mymm_frame *frame = NULL;

	if (mymm_test_below(&thread->random, 4))
		frame = take(thread, fair);
	give(thread, fair, xchg(&fair->slot[slot], frame));
}

static void visit(struct mymm_test_thread *thread)
{
	struct fair *fair = thread->data;
	unsigned int i;

	for (i = 0; i < MOVES; i++) {
		exchange_one(thread, fair);
		if (i % 512 == 0)
			look(thread, fair);
		if (i % 64 == 0)
			cond_resched();
	}
}

/* The first CPU switches recording off and on, the others go on until that is done. */
static void visit_toggling(struct mymm_test_thread *thread)
{
	struct fair *fair = thread->data;
	unsigned int i;

	if (!thread->number) {
		mymm_owners_stop(fair->pool);
		if (mymm_owners_start(fair->pool))
			mymm_test_complain(thread, "it can't begin");
		look(thread, fair);
		WRITE_ONCE(fair->done, true);
		return;
	}
	/* Some moves more, so that there is something to be recorded. */
	for (i = 0; i < 50; i += READ_ONCE(fair->done)) {
		exchange_one(thread, fair);
		cond_resched();
	}
}

/* Each record that is there is right; how many blocks are held, and how many recorded. */
static void compare(struct kunit *test, struct fair *fair, unsigned int *held,
		    unsigned int *found)
{
	struct mymm_owner_record record;
	u32 pfn;

	*held = *found = 0;
	for (pfn = 0; pfn < FRAMES; pfn++)
		*held += fair->wanted[pfn].held;
	for (pfn = 0; mymm_owner_next(fair->pool, &pfn, &record); pfn++) {
		++*found;
		KUNIT_EXPECT_TRUE_MSG(test, fair->wanted[pfn].held,
				      "frame %u is free", pfn);
		KUNIT_EXPECT_EQ(test, record.order, fair->wanted[pfn].order);
		KUNIT_EXPECT_EQ(test, record.session,
				fair->wanted[pfn].session);
		KUNIT_EXPECT_EQ(test, record.caller,
				mymm_records_caller(record.order,
						    record.session));
		KUNIT_EXPECT_EQ(test, record.pid, fair->wanted[pfn].pid);
	}
	KUNIT_EXPECT_EQ(test, mymm_owners_lost(fair->pool), 0);
}

static struct fair *open_fair(struct kunit *test)
{
	struct fair *fair = kunit_kzalloc(test, sizeof(*fair), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fair);
	fair->pool = mymm_records_pool(test, "Normal:8M");
	KUNIT_ASSERT_EQ(test, fair->pool->nr_frames, FRAMES);
	return fair;
}

static void close_fair(struct kunit *test, struct fair *fair)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++) {
		struct mymm_frame *frame = fair->slot[i];

		if (frame)
			MYMM_EXPECT_OK(
				test,
				mymm_free_pages(
					fair->pool, frame,
					fair->wanted[frame - fair->pool->frame]
						.order));
	}
	KUNIT_EXPECT_EQ(test, mymm_records_count(fair->pool), 0);
}

/* Blocks change hands; in the end the records are what they must be, exactly. */
static void exchange(struct kunit *test)
{
	struct fair *fair = open_fair(test);
	unsigned int held, found;

	mymm_test_on_each_cpu(test, visit, fair);
	compare(test, fair, &held, &found);
	kunit_info(test, "%u blocks held, %u of them recorded", held, found);
	KUNIT_EXPECT_EQ(test, found, held);
	/* What was never there was not tested. */
	KUNIT_EXPECT_GT(test, held, SLOTS / 4);
	close_fair(test, fair);
}

/* The same while recording goes off and on: not each record is there, but no other one. */
static void exchange_toggling(struct kunit *test)
{
	struct fair *fair = open_fair(test);
	unsigned int rounds = 10, held, found, some = 0, i;

	if (num_online_cpus() < 2)
		kunit_skip(test, "wants two CPUs");
	for (i = 0; i < rounds; i++) {
		fair->done = false;
		mymm_test_on_each_cpu(test, visit_toggling, fair);
		compare(test, fair, &held, &found);
		KUNIT_EXPECT_LE(test, found, held);
		some += found && found < held;
	}
	kunit_info(
		test,
		"some blocks were recorded and others not in %u of %u rounds",
		some, rounds);
	KUNIT_EXPECT_GT(test, some, rounds / 2);
	close_fair(test, fair);
}

static struct kunit_case exchange_cases[] = {
	KUNIT_CASE(exchange),
	KUNIT_CASE(exchange_toggling),
	{},
};

static struct kunit_suite exchange_suite = {
	.name = "mymm_exchange",
	.test_cases = exchange_cases,
};

kunit_test_suite(exchange_suite);
