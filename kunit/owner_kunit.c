// SPDX-License-Identifier: GPL-2.0
/*
 * Who holds pages: that each record tells the truth, and that there is one for each block
 * that was allocated since recording began, and none for others.
 *
 * The rules come first, one test each. Then all CPUs exchange blocks, so that nearly each
 * is freed elsewhere than it was allocated. Whoever allocates notes in a table of the
 * test what the record must say, and whoever frees strikes it out. In the end the
 * records are compared with that table, frame by frame; and on the way each record that
 * a reader finds is looked at: a test's callers are no code but numbers, made of order
 * and session, so that a mixture of two records can't be mistaken for one.
 */
#include <linux/sched/clock.h>

#include "util.h"
#include "../src/compat.h"
#include "../src/owner.h"
#include "../src/trace.h"

#define FRAMES 2048
#define SLOTS 64
#define MOVES 40000

/* What stands for the code that asked, see above. */
static unsigned long caller_of(unsigned int order, u32 session)
{
	return 0x5000 + order * 0x100 + session;
}

static struct mymm_frame *get(struct mymm_pool *pool, gfp_t gfp,
			      unsigned int order, u32 session)
{
	const struct mymm_owner owner = {
		.caller = caller_of(order, session),
		.session = session,
	};

	return __mymm_alloc_pages(pool, gfp, order, owner);
}

static void stop_recording(void *pool)
{
	mymm_owners_stop(pool);
}

/* A pool that records: per-CPU lists and migratetypes, but the last frame is anybody's. */
static struct mymm_pool *new_pool(struct kunit *test, const char *zones)
{
	const struct mymm_pool_config config = {
		.zones = zones,
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_POOL_NO_WATERMARKS | MYMM_POOL_NO_RECLAIM,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);

	KUNIT_ASSERT_EQ(test, mymm_owners_start(pool), 0);
	KUNIT_ASSERT_EQ(
		test, kunit_add_action_or_reset(test, stop_recording, pool), 0);
	return pool;
}

/* The record of just this block. */
static bool record_of(struct mymm_pool *pool, struct mymm_frame *frame,
		      struct mymm_owner_record *record)
{
	u32 pfn = mymm_frame_pfn(pool, frame), found = pfn;

	return mymm_owner_next(pool, &found, record) && found == pfn;
}

static unsigned int count_records(struct mymm_pool *pool)
{
	struct mymm_owner_record record;
	unsigned int nr = 0;
	u32 pfn;

	for (pfn = 0; mymm_owner_next(pool, &pfn, &record); pfn++)
		nr++;
	return nr;
}

/* --- one after the other ---------------------------------------------------- */

/* Each block is its owner's, with all that is known of him; a free takes the record away. */
static void attribution(struct kunit *test)
{
	struct mymm_pool *pool = new_pool(test, "Normal:16M");
	struct mymm_frame *one, *two, *three;
	struct mymm_owner_record record;
	u64 before = local_clock();

	one = get(pool, GFP_KERNEL, 0, 0);
	two = get(pool, GFP_KERNEL | __GFP_MOVABLE | __GFP_COMP, 4, 3);
	three = get(pool, GFP_ATOMIC, 10, 70000);
	KUNIT_ASSERT_TRUE(test, one && two && three);
	KUNIT_EXPECT_EQ(test, count_records(pool), 3);

	KUNIT_ASSERT_TRUE(test, record_of(pool, one, &record));
	KUNIT_EXPECT_EQ(test, record.caller, caller_of(0, 0));
	KUNIT_EXPECT_EQ(test, record.session, 0);
	KUNIT_EXPECT_EQ(test, record.order, 0);
	KUNIT_EXPECT_EQ(test, (__force u32)record.gfp, (__force u32)GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, record.pid, current->pid);
	KUNIT_EXPECT_EQ(test, record.tgid, current->tgid);
	KUNIT_EXPECT_STREQ(test, record.comm, current->comm);
	KUNIT_EXPECT_GE(test, record.ts, before);
	KUNIT_EXPECT_LE(test, record.ts, local_clock());
	KUNIT_EXPECT_EQ(test, record.free_ts, 0);

	KUNIT_ASSERT_TRUE(test, record_of(pool, two, &record));
	KUNIT_EXPECT_EQ(test, record.caller, caller_of(4, 3));
	KUNIT_EXPECT_EQ(test, record.session, 3);
	KUNIT_EXPECT_EQ(test, record.order, 4);
	KUNIT_EXPECT_EQ(test, (__force u32)record.gfp,
			(__force u32)(GFP_KERNEL | __GFP_MOVABLE | __GFP_COMP));

	KUNIT_ASSERT_TRUE(test, record_of(pool, three, &record));
	KUNIT_EXPECT_EQ(test, record.session, 70000);
	KUNIT_EXPECT_EQ(test, record.order, 10);

	MYMM_EXPECT_OK(test, mymm_free_pages(pool, two, 4));
	KUNIT_EXPECT_FALSE(test, record_of(pool, two, &record));
	KUNIT_EXPECT_TRUE(test, record_of(pool, one, &record));
	KUNIT_EXPECT_TRUE(test, record_of(pool, three, &record));

	/* The same frame has another owner now, and says when the one before left. */
	KUNIT_ASSERT_PTR_EQ(test, get(pool, __GFP_MOVABLE, 4, 5), two);
	KUNIT_ASSERT_TRUE(test, record_of(pool, two, &record));
	KUNIT_EXPECT_EQ(test, record.session, 5);
	KUNIT_EXPECT_GE(test, record.free_ts, before);
	KUNIT_EXPECT_LE(test, record.free_ts, record.ts);

	MYMM_EXPECT_OK(test, mymm_free_pages(pool, one, 0));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, two, 4));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, three, 10));
	KUNIT_EXPECT_EQ(test, count_records(pool), 0);
	KUNIT_EXPECT_EQ(test, mymm_owners_lost(pool), 0);
}

static noinline struct mymm_frame *somebody(struct mymm_pool *pool,
					    unsigned int order)
{
	struct mymm_frame *frame = mymm_alloc_pages(pool, GFP_KERNEL, order);

	barrier(); /* no tail call */
	return frame;
}

static noinline struct mymm_frame *somebody_else(struct mymm_pool *pool)
{
	struct mymm_frame *frame =
		mymm_alloc_pages_node(pool, 0, GFP_KERNEL, 1);

	barrier();
	return frame;
}

static void expect_caller(struct kunit *test, struct mymm_pool *pool,
			  struct mymm_frame *frame, const char *who)
{
	struct mymm_owner_record record;
	char name[80];

	KUNIT_ASSERT_TRUE(test, record_of(pool, frame, &record));
	snprintf(name, sizeof(name), "%ps", (void *)record.caller);
	KUNIT_EXPECT_EQ_MSG(test, strncmp(name, who, strlen(who)), 0,
			    "%s instead of %s", name, who);
	KUNIT_EXPECT_EQ(test, record.session, 0);
}

/* The public functions know who called them, of small blocks and of large ones. */
static void call_sites(struct kunit *test)
{
	struct mymm_pool *pool = new_pool(test, "Normal:8M");
	struct mymm_frame *frame;
	unsigned int order;

	for (order = 0; order <= MYMM_MAX_ORDER; order++) {
		frame = somebody(pool, order);
		expect_caller(test, pool, frame, "somebody [");
		MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, order));
	}
	frame = somebody_else(pool);
	expect_caller(test, pool, frame, "somebody_else [");
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 1));
}

/* A free that is refused was never one: the record stays. */
static void refused(struct kunit *test)
{
	struct mymm_pool *pool = new_pool(test, "Normal:8M");
	struct mymm_frame *frame = get(pool, GFP_KERNEL, 3, 1);
	struct mymm_owner_record record;

	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_WRONG_ORDER, -EINVAL,
			    mymm_free_pages(pool, frame, 2));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_TAIL, -EINVAL,
			    mymm_free_pages(pool, frame + 1, 0));
	KUNIT_EXPECT_TRUE(test, record_of(pool, frame, &record));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 3));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE, -EINVAL,
			    mymm_free_pages(pool, frame, 3));
	KUNIT_EXPECT_EQ(test, count_records(pool), 0);
}

/*
 * Slabs and large kmallocs are blocks as well. The slab layer holds a slab for as long as
 * it likes, whoever has the objects.
 */
static void slabs(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:4M");
	struct mymm_cache *cache;
	struct mymm_frame *frame;
	void *large, *obj;
	struct mymm_owner_record record;

	KUNIT_ASSERT_EQ(test, mymm_owners_start(pool), 0);
	cache = mymm_test_cache(test, pool, "owned", 100);
	obj = mymm_cache_alloc(cache, GFP_KERNEL);
	large = mymm_kmalloc(pool, 20000, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, obj && large);
	KUNIT_EXPECT_EQ(test, count_records(pool), 2);

	frame = mymm_address_frame(large);
	KUNIT_ASSERT_TRUE(test, record_of(pool, frame, &record));
	KUNIT_EXPECT_EQ(test, record.order, 3);
	expect_caller(test, pool, frame, __func__);

	MYMM_EXPECT_OK(test, mymm_kfree(large));
	KUNIT_EXPECT_FALSE(test, record_of(pool, frame, &record));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	KUNIT_EXPECT_EQ(test, count_records(pool), 1);
	mymm_cache_shrink(cache);
	KUNIT_EXPECT_EQ(test, count_records(pool), 0);
	/* The pool ends while it records. */
}

/* What was there before is not listed, and its free does no harm; nor after the end. */
static void mid_life(struct kunit *test)
{
	struct mymm_pool *pool = new_pool(test, "Normal:8M");
	struct mymm_owner_record record;
	struct mymm_frame *before, *during, *after;
	u32 pfn = 0;

	mymm_owners_stop(pool);
	KUNIT_EXPECT_FALSE(test, mymm_owners_recording(pool));
	mymm_owners_stop(pool);
	before = get(pool, GFP_KERNEL, 2, 1);
	KUNIT_EXPECT_FALSE(test, mymm_owner_next(pool, &pfn, &record));

	KUNIT_ASSERT_EQ(test, mymm_owners_start(pool), 0);
	KUNIT_ASSERT_EQ(test, mymm_owners_start(pool), 0);
	KUNIT_EXPECT_TRUE(test, mymm_owners_recording(pool));
	KUNIT_EXPECT_EQ(test, count_records(pool), 0);
	during = get(pool, GFP_KERNEL, 2, 2);
	KUNIT_EXPECT_EQ(test, count_records(pool), 1);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, before, 2));
	KUNIT_EXPECT_EQ(test, count_records(pool), 1);
	KUNIT_EXPECT_TRUE(test, record_of(pool, during, &record));

	mymm_owners_stop(pool);
	after = get(pool, GFP_KERNEL, 2, 3);
	KUNIT_ASSERT_EQ(test, mymm_owners_start(pool), 0);
	KUNIT_EXPECT_EQ(test, count_records(pool), 0);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, during, 2));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, after, 2));
	KUNIT_EXPECT_EQ(test, count_records(pool), 0);
}

/* Two pools record, and know nothing of each other. */
static void two_pools(struct kunit *test)
{
	struct mymm_pool *one = new_pool(test, "Normal:4M");
	struct mymm_pool *two = new_pool(test, "Normal:4M");
	struct mymm_frame *mine = get(one, GFP_KERNEL, 0, 1);
	struct mymm_frame *yours = get(two, GFP_KERNEL, 0, 2);
	struct mymm_owner_record record;

	KUNIT_EXPECT_EQ(test, count_records(one), 1);
	mymm_owners_stop(one);
	KUNIT_EXPECT_TRUE(test, record_of(two, yours, &record));
	KUNIT_EXPECT_EQ(test, record.session, 2);
	MYMM_EXPECT_OK(test, mymm_free_pages(two, yours, 0));
	MYMM_EXPECT_OK(test, mymm_free_pages(one, mine, 0));
	KUNIT_EXPECT_EQ(test, count_records(two), 0);
}

/* The walk begins where it is told, and finds heads in ascending order. */
static void walk(struct kunit *test)
{
	struct mymm_pool *pool = new_pool(test, "Normal:16M");
	static const unsigned int orders[] = { 0, 0, 3, 0, 10, 5, 1 };
	struct mymm_frame *frame[ARRAY_SIZE(orders)];
	struct mymm_owner_record record;
	unsigned int i, nr = 0;
	u32 pfn, from;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		frame[i] = get(pool, GFP_KERNEL, orders[i], i);
		KUNIT_ASSERT_NOT_NULL(test, frame[i]);
	}
	for (from = 0; from <= pool->nr_frames; from++) {
		u32 next = U32_MAX;

		for (i = 0; i < ARRAY_SIZE(orders); i++) {
			pfn = mymm_frame_pfn(pool, frame[i]);
			if (pfn >= from)
				next = min(next, pfn);
		}
		pfn = from;
		if (next == U32_MAX) {
			KUNIT_ASSERT_FALSE(test, mymm_owner_next(pool, &pfn,
								 &record));
			continue;
		}
		KUNIT_ASSERT_TRUE(test, mymm_owner_next(pool, &pfn, &record));
		KUNIT_ASSERT_EQ(test, pfn, next);
		nr++;
	}
	KUNIT_EXPECT_GT(test, nr, 1024);
	for (i = 0; i < ARRAY_SIZE(orders); i++)
		MYMM_EXPECT_OK(test,
			       mymm_free_pages(pool, frame[i], orders[i]));
}

/*
 * By call site: 100 sessions hold blocks of order 0 to 2, session n as many as n. They come
 * ordered by frames, and add up; more of them than the first table has room for.
 */
static void sites(struct kunit *test)
{
	struct mymm_pool *pool = new_pool(test, "Normal:64M");
	unsigned long frames = 0, blocks = 0;
	struct mymm_owner_record record;
	struct mymm_owner_site *site;
	u32 n, k, pfn;
	size_t nr, i;

	for (n = 1; n <= 100; n++)
		for (k = 0; k < n; k++)
			KUNIT_ASSERT_NOT_NULL(test,
					      get(pool, GFP_KERNEL, n % 3, n));
	site = mymm_owner_sites(pool, &nr);
	KUNIT_ASSERT_FALSE(test, IS_ERR(site));
	KUNIT_ASSERT_EQ(test, nr, 100);
	for (i = 0; i < nr; i++) {
		n = site[i].session;
		KUNIT_EXPECT_EQ(test, site[i].blocks, n);
		KUNIT_EXPECT_EQ(test, site[i].frames, n << n % 3);
		KUNIT_EXPECT_EQ(test, site[i].caller, caller_of(n % 3, n));
		if (i)
			KUNIT_EXPECT_LE(test, site[i].frames,
					site[i - 1].frames);
		frames += site[i].frames;
		blocks += site[i].blocks;
	}
	/* 1 + 2 + ... + 100 */
	KUNIT_EXPECT_EQ(test, blocks, 5050);
	KUNIT_EXPECT_EQ(test, frames, mymm_pool_allocated(pool));
	kvfree(site);

	/* The table and two larger ones: 64, 128, 256 members. */
	for (i = 1; i < 100; i++) {
		mymm_inject_arm(i);
		site = mymm_owner_sites(pool, &nr);
		n = mymm_inject_disarm();
		if (!IS_ERR(site))
			break;
		KUNIT_EXPECT_EQ(test, PTR_ERR(site), -ENOMEM);
		KUNIT_EXPECT_EQ(test, n, i);
	}
	KUNIT_ASSERT_FALSE(test, IS_ERR(site));
	kvfree(site);
	KUNIT_EXPECT_EQ(test, n, 3);

	for (pfn = 0; mymm_owner_next(pool, &pfn, &record); pfn++)
		MYMM_EXPECT_OK(test, mymm_free_pages(pool, &pool->frame[pfn],
						     record.order));
	KUNIT_EXPECT_EQ(test, count_records(pool), 0);
}

/* A paragraph, to the letter. */
static void paragraph(struct kunit *test)
{
	struct mymm_pool *pool = new_pool(test, "DMA:4M,Normal:4M");
	const struct mymm_owner_record record = {
		.ts = 1234567890123,
		.free_ts = 1000,
		.gfp = GFP_KERNEL | __GFP_MOVABLE,
		.session = 9,
		.pid = 42,
		.tgid = 41,
		.comm = "a (name",
		.order = 2,
		.held = true,
	};
	const unsigned int pfn = 1024 + 512 + 4;
	char buf[512], wanted[512], *at;
	int len, size;

	KUNIT_ASSERT_EQ(test, pool->block_order, 8);
	len = mymm_page_owner_print(pool, pfn, &record, buf, sizeof(buf));
	KUNIT_EXPECT_EQ(test, len, strlen(buf));
	at = strstr(buf, "\n (code that is gone)\nSession 9\n\n");
	KUNIT_EXPECT_NOT_NULL_MSG(test, at, "%s", buf);
	snprintf(
		wanted, sizeof(wanted),
		"Page allocated via order 2, mask %#x(GFP_KERNEL|__GFP_MOVABLE), pid 42, tgid 41 (a (name), ts 1234567890123 ns%s\n"
		"PFN " MYMM_PAGE_OWNER_PFN
		" type Movable Block 6 type Movable Flags 0x0(node=0|zone=2)",
		(__force u32)record.gfp,
		MYMM_PAGE_OWNER_FREE_TS ? ", free_ts 1000 ns" : "",
		(unsigned long)pfn);
	if (at)
		*at = 0;
	KUNIT_EXPECT_STREQ(test, buf, wanted);
	/* Whatever the room, it says how much it would need. */
	for (size = 1; size < sizeof(buf); size++)
		KUNIT_EXPECT_EQ(test, len,
				mymm_page_owner_print(pool, pfn, &record, buf,
						      size));
}

/*
 * Recording asks for the description, for an array, a page for each 64 frames and a
 * mapping, and for two probes. Whichever fails, nothing is left of it, and the pool goes on.
 */
static void no_memory(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_none(test, "Normal:1M");
	unsigned long held = mymm_area_held();
	unsigned long nth, seen;
	int err;

	for (nth = 1; nth < 100; nth++) {
		struct mymm_frame *frame;

		mymm_inject_arm(nth);
		err = mymm_owners_start(pool);
		seen = mymm_inject_disarm();
		if (!err)
			break;
		KUNIT_EXPECT_EQ(test, err, -ENOMEM);
		KUNIT_EXPECT_EQ(test, seen, nth);
		KUNIT_EXPECT_EQ(test, mymm_area_held(), held);
		KUNIT_EXPECT_FALSE(test, mymm_owners_recording(pool));
		frame = get(pool, GFP_KERNEL, 0, 0);
		MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));
	}
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_EXPECT_EQ(test, seen, 1 + (1 + 256 / 64 + 1) + 2);
	KUNIT_EXPECT_EQ(test, mymm_area_held(), held + 256 / 64);
	mymm_owners_stop(pool);
	KUNIT_EXPECT_EQ(test, mymm_area_held(), held);
}

/* --- when it is told ------------------------------------------------------------- */

/**
 * struct meddler - a probe that frees what is just being freed
 * @pool: in this pool
 * @frame: the block
 * @order: its order
 * @told: how often this free was told of
 * @result: what the meddler's own free gave
 */
struct meddler {
	struct mymm_pool *pool;
	struct mymm_frame *frame;
	unsigned int order;
	unsigned int told;
	int result;
};

static void meddle(void *data, struct mymm_pool *pool, u32 pfn,
		   unsigned int order, unsigned long caller, u32 session)
{
	struct meddler *meddler = data;

	if (pool != meddler->pool ||
	    pfn != mymm_frame_pfn(pool, meddler->frame))
		return;
	if (!meddler->told++)
		meddler->result =
			mymm_free_pages(pool, meddler->frame, meddler->order);
}

/*
 * A free is told when the block is claimed, but nobody can have it yet. So a second free at
 * this very moment is refused, is not told of, and can't take away a later record. Of each
 * order: some of them go to this CPU's lists, the others to the zone.
 */
static void told_when_claimed(struct kunit *test)
{
	struct meddler meddler = { .pool = new_pool(test, "Normal:8M") };
	unsigned int order;

	KUNIT_ASSERT_EQ(test, register_trace_mymm_page_free(meddle, &meddler),
			0);
	for (order = 0; order <= MYMM_MAX_ORDER; order++) {
		meddler.frame = get(meddler.pool, GFP_KERNEL, order, 1);
		meddler.order = order;
		meddler.told = 0;
		meddler.result = 0;
		MYMM_EXPECT_OK(test, mymm_free_pages(meddler.pool,
						     meddler.frame, order));
		KUNIT_EXPECT_EQ_MSG(test, meddler.told, 1, "order %u", order);
		KUNIT_EXPECT_EQ(test, meddler.result, -EINVAL);
	}
	unregister_trace_mymm_page_free(meddle, &meddler);
	tracepoint_synchronize_unregister();
	KUNIT_EXPECT_EQ(
		test,
		atomic_long_read(
			&meddler.pool->refused[MYMM_REFUSED_DOUBLE_FREE]),
		MYMM_NR_ORDERS);
	KUNIT_EXPECT_EQ(test, mymm_owners_lost(meddler.pool), 0);
}

/* --- all CPUs ------------------------------------------------------------------- */

/**
 * struct fair - blocks change hands
 * @pool: the pool
 * @slot: first frames of blocks that are anybody's
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
	struct mymm_frame *frame =
		get(fair->pool, GFP_ATOMIC | __GFP_NOWARN, order, session);
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
		if (record.caller != caller_of(record.order, record.session) ||
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
				caller_of(record.order, record.session));
		KUNIT_EXPECT_EQ(test, record.pid, fair->wanted[pfn].pid);
	}
	KUNIT_EXPECT_EQ(test, mymm_owners_lost(fair->pool), 0);
}

static struct fair *open_fair(struct kunit *test)
{
	struct fair *fair = kunit_kzalloc(test, sizeof(*fair), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fair);
	fair->pool = new_pool(test, "Normal:8M");
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
	KUNIT_EXPECT_EQ(test, count_records(fair->pool), 0);
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

static struct kunit_case owner_cases[] = {
	KUNIT_CASE(attribution),
	KUNIT_CASE(call_sites),
	KUNIT_CASE(refused),
	KUNIT_CASE(slabs),
	KUNIT_CASE(mid_life),
	KUNIT_CASE(two_pools),
	KUNIT_CASE(walk),
	KUNIT_CASE(sites),
	KUNIT_CASE(paragraph),
	KUNIT_CASE(no_memory),
	KUNIT_CASE(told_when_claimed),
	{},
};

static struct kunit_suite owner_suite = {
	.name = "mymm_owner",
	.test_cases = owner_cases,
};

static struct kunit_case exchange_cases[] = {
	KUNIT_CASE(exchange),
	KUNIT_CASE(exchange_toggling),
	{},
};

static struct kunit_suite exchange_suite = {
	.name = "mymm_owner_exchange",
	.test_cases = exchange_cases,
};

kunit_test_suites(&owner_suite, &exchange_suite);
