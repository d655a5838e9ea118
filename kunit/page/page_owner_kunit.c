// SPDX-License-Identifier: GPL-2.0
/*
 * The owners of pages: each record is right, and there is one for each block that was allocated
 * since recording began, and none for others.
 *
 * A rule each, by one thread that knows what it did; all CPUs at once are exchange_kunit.c.
 *
 * Tests: page/page_owner.c base/stack.c
 */
#include <linux/sched/clock.h>

#include "base/fault_inject.h"
#include "lib/records.h"
#include "base/compat.h"
#include "page/trace.h"
#include "page/vmstat.h"
#include "ui/debugfs_page_owner.h"

/* The record of just this block. */
static bool record_of(struct mymm_pool *pool, struct mymm_frame *frame,
		      struct mymm_owner_record *record)
{
	u32 pfn = mymm_frame_pfn(pool, frame), found = pfn;

	return mymm_owner_next(pool, &found, record) && found == pfn;
}

/* --- one after the other ---------------------------------------------------- */

/* Each block's record has all fields of its owner; a free removes the record. */
static void attribution(struct kunit *test)
{
	struct mymm_pool *pool = mymm_records_pool(test, "Normal:16M");
	struct mymm_frame *one, *two, *three;
	struct mymm_owner_record record;
	u64 before = local_clock();

	one = mymm_records_get(pool, GFP_KERNEL, 0, 0);
	two = mymm_records_get(pool, GFP_KERNEL | __GFP_MOVABLE | __GFP_COMP, 4,
			       3);
	three = mymm_records_get(pool, GFP_ATOMIC, 10, 70000);
	KUNIT_ASSERT_TRUE(test, one && two && three);
	KUNIT_EXPECT_EQ(test, mymm_records_count(pool), 3);

	KUNIT_ASSERT_TRUE(test, record_of(pool, one, &record));
	KUNIT_EXPECT_EQ(test, record.caller, mymm_records_caller(0, 0));
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
	KUNIT_EXPECT_EQ(test, record.caller, mymm_records_caller(4, 3));
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
	KUNIT_ASSERT_PTR_EQ(test, mymm_records_get(pool, __GFP_MOVABLE, 4, 5),
			    two);
	KUNIT_ASSERT_TRUE(test, record_of(pool, two, &record));
	KUNIT_EXPECT_EQ(test, record.session, 5);
	KUNIT_EXPECT_GE(test, record.free_ts, before);
	KUNIT_EXPECT_LE(test, record.free_ts, record.ts);

	MYMM_EXPECT_OK(test, mymm_free_pages(pool, one, 0));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, two, 4));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, three, 10));
	KUNIT_EXPECT_EQ(test, mymm_records_count(pool), 0);
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

/* The public functions record their caller, for small blocks and for large ones. */
static void call_sites(struct kunit *test)
{
	struct mymm_pool *pool = mymm_records_pool(test, "Normal:8M");
	struct mymm_frame *frame;
	unsigned int order;

	mymm_test_needs_callers(test);
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
	struct mymm_pool *pool = mymm_records_pool(test, "Normal:8M");
	struct mymm_frame *frame = mymm_records_get(pool, GFP_KERNEL, 3, 1);
	struct mymm_owner_record record;

	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_WRONG_ORDER, -EINVAL,
			    mymm_free_pages(pool, frame, 2));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_TAIL, -EINVAL,
			    mymm_free_pages(pool, frame + 1, 0));
	KUNIT_EXPECT_TRUE(test, record_of(pool, frame, &record));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 3));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE, -EINVAL,
			    mymm_free_pages(pool, frame, 3));
	KUNIT_EXPECT_EQ(test, mymm_records_count(pool), 0);
}

/*
 * Slabs and large kmallocs are blocks as well. The slab layer holds a slab for as long as it
 * likes, whatever becomes of its objects.
 */
static void slabs(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:4M");
	struct mymm_cache *cache;
	struct mymm_frame *frame;
	void *large, *obj;
	struct mymm_owner_record record;

	mymm_test_needs_callers(test);
	KUNIT_ASSERT_EQ(test, mymm_owners_start(pool), 0);
	cache = mymm_test_cache(test, pool, "owned", 100);
	obj = mymm_cache_alloc(cache, GFP_KERNEL);
	large = mymm_kmalloc(pool, 20000, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, obj && large);
	KUNIT_EXPECT_EQ(test, mymm_records_count(pool), 2);

	frame = mymm_address_frame(large);
	KUNIT_ASSERT_TRUE(test, record_of(pool, frame, &record));
	KUNIT_EXPECT_EQ(test, record.order, 3);
	expect_caller(test, pool, frame, __func__);

	MYMM_EXPECT_OK(test, mymm_kfree(large));
	KUNIT_EXPECT_FALSE(test, record_of(pool, frame, &record));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	KUNIT_EXPECT_EQ(test, mymm_records_count(pool), 1);
	mymm_cache_shrink(cache);
	KUNIT_EXPECT_EQ(test, mymm_records_count(pool), 0);
	/* The pool ends while it records. */
}

/* What was there before is not listed, and its free does no harm; nor after the end. */
static void mid_life(struct kunit *test)
{
	struct mymm_pool *pool = mymm_records_pool(test, "Normal:8M");
	struct mymm_owner_record record;
	struct mymm_frame *before, *during, *after;
	u32 pfn = 0;

	mymm_owners_stop(pool);
	KUNIT_EXPECT_FALSE(test, mymm_owners_recording(pool));
	mymm_owners_stop(pool);
	before = mymm_records_get(pool, GFP_KERNEL, 2, 1);
	KUNIT_EXPECT_FALSE(test, mymm_owner_next(pool, &pfn, &record));

	KUNIT_ASSERT_EQ(test, mymm_owners_start(pool), 0);
	KUNIT_ASSERT_EQ(test, mymm_owners_start(pool), 0);
	KUNIT_EXPECT_TRUE(test, mymm_owners_recording(pool));
	KUNIT_EXPECT_EQ(test, mymm_records_count(pool), 0);
	during = mymm_records_get(pool, GFP_KERNEL, 2, 2);
	KUNIT_EXPECT_EQ(test, mymm_records_count(pool), 1);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, before, 2));
	KUNIT_EXPECT_EQ(test, mymm_records_count(pool), 1);
	KUNIT_EXPECT_TRUE(test, record_of(pool, during, &record));

	mymm_owners_stop(pool);
	after = mymm_records_get(pool, GFP_KERNEL, 2, 3);
	KUNIT_ASSERT_EQ(test, mymm_owners_start(pool), 0);
	KUNIT_EXPECT_EQ(test, mymm_records_count(pool), 0);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, during, 2));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, after, 2));
	KUNIT_EXPECT_EQ(test, mymm_records_count(pool), 0);
}

/* Two pools record, each for itself. */
static void two_pools(struct kunit *test)
{
	struct mymm_pool *one = mymm_records_pool(test, "Normal:4M");
	struct mymm_pool *two = mymm_records_pool(test, "Normal:4M");
	struct mymm_frame *mine = mymm_records_get(one, GFP_KERNEL, 0, 1);
	struct mymm_frame *yours = mymm_records_get(two, GFP_KERNEL, 0, 2);
	struct mymm_owner_record record;

	KUNIT_EXPECT_EQ(test, mymm_records_count(one), 1);
	mymm_owners_stop(one);
	KUNIT_EXPECT_TRUE(test, record_of(two, yours, &record));
	KUNIT_EXPECT_EQ(test, record.session, 2);
	MYMM_EXPECT_OK(test, mymm_free_pages(two, yours, 0));
	MYMM_EXPECT_OK(test, mymm_free_pages(one, mine, 0));
	KUNIT_EXPECT_EQ(test, mymm_records_count(two), 0);
}

/* The walk begins at the given frame, and finds heads in ascending order. */
static void walk(struct kunit *test)
{
	struct mymm_pool *pool = mymm_records_pool(test, "Normal:16M");
	static const unsigned int orders[] = { 0, 0, 3, 0, 10, 5, 1 };
	struct mymm_frame *frame[ARRAY_SIZE(orders)];
	struct mymm_owner_record record;
	unsigned int i, nr = 0;
	u32 pfn, from;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		frame[i] = mymm_records_get(pool, GFP_KERNEL, orders[i], i);
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
	struct mymm_pool *pool = mymm_records_pool(test, "Normal:64M");
	unsigned long frames = 0, blocks = 0;
	struct mymm_owner_record record;
	struct mymm_owner_site *site;
	u32 n, k, pfn;
	size_t nr, i;

	for (n = 1; n <= 100; n++)
		for (k = 0; k < n; k++)
			KUNIT_ASSERT_NOT_NULL(test,
					      mymm_records_get(pool, GFP_KERNEL,
							       n % 3, n));
	site = mymm_owner_sites(pool, &nr);
	KUNIT_ASSERT_FALSE(test, IS_ERR(site));
	KUNIT_ASSERT_EQ(test, nr, 100);
	for (i = 0; i < nr; i++) {
		n = site[i].session;
		KUNIT_EXPECT_EQ(test, site[i].blocks, n);
		KUNIT_EXPECT_EQ(test, site[i].frames, n << n % 3);
		KUNIT_EXPECT_EQ(test, site[i].caller,
				mymm_records_caller(n % 3, n));
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
	KUNIT_EXPECT_EQ(test, mymm_records_count(pool), 0);
}

/* A paragraph, to the letter. */
static void paragraph(struct kunit *test)
{
	struct mymm_pool *pool = mymm_records_pool(test, "DMA:4M,Normal:4M");
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
	/* Whatever the size of the buffer, it returns the size that is needed. */
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
		frame = mymm_records_get(pool, GFP_KERNEL, 0, 0);
		MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));
	}
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_EXPECT_EQ(test, seen, 1 + (1 + 256 / 64 + 1) + 2);
	KUNIT_EXPECT_EQ(test, mymm_area_held(), held + 256 / 64);
	mymm_owners_stop(pool);
	KUNIT_EXPECT_EQ(test, mymm_area_held(), held);
}

/* --- when a free is traced ------------------------------------------------------- */

/**
 * struct meddler - a probe that frees what is just being freed
 * @pool: in this pool
 * @frame: the block
 * @order: its order
 * @told: how often this free was traced
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
 * A free is traced after the block is claimed and before it can be allocated again. So a second
 * free at this very moment is refused, is not traced, and can't remove a later record. Of each
 * order: some of them go to this CPU's lists, the others to the zone.
 */
static void told_when_claimed(struct kunit *test)
{
	struct meddler meddler = { .pool = mymm_records_pool(test,
							     "Normal:8M") };
	unsigned int order;

	KUNIT_ASSERT_EQ(test, register_trace_mymm_page_free(meddle, &meddler),
			0);
	for (order = 0; order <= MYMM_MAX_ORDER; order++) {
		meddler.frame =
			mymm_records_get(meddler.pool, GFP_KERNEL, order, 1);
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

kunit_test_suite(owner_suite);
