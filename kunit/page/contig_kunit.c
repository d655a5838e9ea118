// SPDX-License-Identifier: GPL-2.0
/*
 * Frames that are named: each range of a zone of 32 frames, in several states of it,
 * against the model of lib/range_model.h; then what stands in the way of a range, and several
 * CPUs at once.
 *
 * Tests: page/contig.c page/force.c page/stretch.c
 */
#include "lib/range_model.h"
#include "lib/tiny.h"
#include "lib/util.h"
#include "page/contig.h"
#include "page/force.h"
#include "page/pcp_cpu.h"

#define FRAMES MYMM_RANGE_FRAMES

/* --- every range -------------------------------------------------------------- */

static void try_range(struct kunit *test, struct mymm_pool *pool,
		      const char *state, u32 from, u32 nr)
{
	u32 start = mymm_range_zone(pool)->buddy.start;
	bool free = mymm_range_count(state, from, nr, '.') == nr;
	char taken[MYMM_RANGE_MAP], when[40];

	scnprintf(when, sizeof(when), "with %u frames from %u", nr, from);
	strscpy(taken, state, sizeof(taken));
	if (free)
		memset(taken + from, 't', nr);
	KUNIT_ASSERT_EQ_MSG(
		test, mymm_alloc_range(pool, start + from, nr, GFP_KERNEL),
		free ? 0 : -EBUSY, "%s of %s", when, state);
	mymm_range_expect(test, pool, taken, when);
	if (!free)
		return;
	MYMM_EXPECT_SOUND(test, pool);
	KUNIT_ASSERT_EQ_MSG(test, mymm_free_range(pool, start + from, nr), 0,
			    "%s of %s", when, state);
	mymm_range_expect(test, pool, state, "given back");
}

static void each_range(struct kunit *test)
{
	mymm_range_try_each(test, try_range);
}

/*
 * Blocks of many orders, one of them free:
 *
 *	[0 .. 7][8..11][12 13][14][15][16 ...... 23][free .... 31]
 *
 * A range can be given back if blocks fill it, and all of them are allocated.
 */
static void each_free(struct kunit *test)
{
	static const u8 block[] = { 3, 2, 1, 0, 0, 3 };
	static const char id[] = "00000000111122345555555566666666";
	struct mymm_pool *pool = mymm_test_pool_none(test, "Normal:32p");
	unsigned int from, nr, i, freed = 0;
	u32 start;

	for (from = 0; from < FRAMES; from++) {
		for (nr = 1; nr <= FRAMES - from; nr++) {
			u32 end = from + nr;
			bool fits = end <= 24 &&
				    (!from || id[from] != id[from - 1]) &&
				    id[end] != id[end - 1];

			for (i = 0, start = 0; i < 6; start += 1U << block[i++])
				MYMM_EXPECT_OK(test,
					       mymm_alloc_range(pool, start,
								1U << block[i],
								GFP_KERNEL));
			KUNIT_EXPECT_EQ_MSG(test,
					    mymm_free_range(pool, from, nr),
					    fits ? 0 : -EINVAL,
					    "%u frames from %u", nr, from);
			freed += fits;
			for (i = 0, start = 0; i < 6; start += 1U << block[i++])
				if (!fits || start < from || start >= end)
					MYMM_EXPECT_OK(
						test,
						mymm_free_pages(
							pool,
							mymm_pfn_frame(pool,
								       start),
							block[i]));
			KUNIT_ASSERT_EQ(test, mymm_range_zone(pool)->buddy.free,
					FRAMES);
		}
	}
	/* Pairs of a first and a last block, out of six. */
	KUNIT_EXPECT_EQ(test, freed, 21);
}

/* Are the frames of 16 that are not in the part allocated, and all others free? */
static void expect_free(struct kunit *test, struct mymm_pool *pool, u32 from,
			u32 nr)
{
	char map[MYMM_RANGE_MAP];
	u32 idx;

	mymm_tiny_draw(&mymm_range_zone(pool)->buddy, map);
	for (idx = 0; idx < FRAMES; idx++) {
		bool free = idx >= 16 || (idx >= from && idx < from + nr);

		KUNIT_ASSERT_EQ_MSG(test, free, !strchr("Pp", map[idx]),
				    "frame %u, %u frames from %u: %s", idx, nr,
				    from, map);
	}
}

/* Of a block of 16 frames each part is freed by itself; the rest stays, to the frame. */
static void each_part(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_config(
		test, &(struct mymm_pool_config){ .zones = "Normal:32p",
						  .backing = MYMM_BACKING_NONE,
						  .flags = MYMM_POOL_BARE });
	u32 from, nr;

	for (from = 0; from < 16; from++) {
		for (nr = 1; nr <= 16 - from; nr++) {
			MYMM_EXPECT_OK(test, mymm_alloc_range(pool, 0, 16,
							      GFP_KERNEL));
			MYMM_EXPECT_OK(test, mymm_split_range(pool, from, nr));
			expect_free(test, pool, 0, 0);
			MYMM_EXPECT_SOUND(test, pool);
			MYMM_EXPECT_OK(test, mymm_free_range(pool, from, nr));
			expect_free(test, pool, from, nr);
			MYMM_EXPECT_SOUND(test, pool);
			/* What is free is no part that could be cut off. */
			KUNIT_EXPECT_EQ(test, mymm_split_range(pool, 0, 16),
					-EINVAL);
			if (from)
				MYMM_EXPECT_OK(test,
					       mymm_free_range(pool, 0, from));
			if (from + nr < 16)
				MYMM_EXPECT_OK(test,
					       mymm_free_range(pool, from + nr,
							       16 - from - nr));
			KUNIT_ASSERT_EQ(test, mymm_range_zone(pool)->buddy.free,
					FRAMES);
		}
	}
	KUNIT_EXPECT_EQ(test, mymm_split_range(pool, 31, 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, mymm_split_range(pool, 32, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, mymm_split_range(pool, 0, 0), -EINVAL);
}

/* --- what stands in the way ----------------------------------------------------- */

/* Frames that do not exist, are of two zones, or are none: said, counted, nothing done. */
static void refused(struct kunit *test)
{
	struct mymm_pool *pool =
		mymm_test_pool_none(test, "DMA:16p,Normal:16p");
	static const struct {
		unsigned long pfn;
		unsigned long nr;
	} bad[] = {
		{ 0, 0 },	   { 0, 17 },	     { 15, 2 },
		{ 32, 1 },	   { 31, 2 },	     { 0, ULONG_MAX },
		{ 16, 17 },	   { ULONG_MAX, 1 }, { 17, ULONG_MAX - 16 },
		{ 1, 1ULL << 32 },
	};
	const gfp_t both = GFP_KERNEL | __GFP_MOVABLE | __GFP_RECLAIMABLE;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_RANGE, -EINVAL,
				    mymm_alloc_range(pool, bad[i].pfn,
						     bad[i].nr, GFP_KERNEL));
		MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_RANGE, -EINVAL,
				    mymm_free_range(pool, bad[i].pfn,
						    bad[i].nr));
	}
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_GFP, -EINVAL,
			    mymm_alloc_range(pool, 0, 1,
					     GFP_KERNEL | __GFP_ZERO));
	KUNIT_EXPECT_NULL(test, mymm_pfn_frame(pool, 32));
	KUNIT_EXPECT_PTR_EQ(test, mymm_pfn_frame(pool, 31), &pool->frame[31]);

	pool = mymm_test_pool_config(test, &(struct mymm_pool_config){
						   .zones = "Normal:1M",
						   .flags = MYMM_POOL_NO_PCP,
					   });
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_GFP, -EINVAL,
			    mymm_alloc_range(pool, 0, 1, both));
}

/* A range with a frame of no allocated block is refused, with a reason for each kind of frame. */
static void free_refused(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");
	void *large, *small;

	MYMM_EXPECT_OK(test, mymm_alloc_range(pool, 200, 7, GFP_KERNEL));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE, -EINVAL,
			    mymm_free_range(pool, 200, 8));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_DOUBLE_FREE, -EINVAL,
			    mymm_free_range(pool, 199, 8));
	/* Blocks: 200 of order 2, 204 of order 1, 206. */
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_TAIL, -EINVAL,
			    mymm_free_range(pool, 201, 6));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_WRONG_ORDER, -EINVAL,
			    mymm_free_range(pool, 200, 5));
	large = mymm_kmalloc(pool, 16384, GFP_KERNEL);
	small = mymm_kmalloc(pool, 64, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, large);
	KUNIT_ASSERT_NOT_NULL(test, small);
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_WRONG_KIND, -EINVAL,
			    mymm_free_range(pool, mymm_pool_index(pool, large),
					    4));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_WRONG_KIND, -EINVAL,
			    mymm_free_range(pool, mymm_pool_index(pool, small),
					    1));
	KUNIT_EXPECT_EQ(test,
			mymm_alloc_range(pool, mymm_pool_index(pool, small), 1,
					 GFP_KERNEL),
			-EBUSY);
	MYMM_EXPECT_OK(test, mymm_kfree(large));
	MYMM_EXPECT_OK(test, mymm_kfree(small));
	MYMM_EXPECT_OK(test, mymm_free_range(pool, 200, 7));
}

/* Where there is a hole there is no range: frames 8 to 11 of 32 are one. */
static void holes(struct kunit *test)
{
	struct mymm_pool *pool =
		mymm_test_pool_config(test, &(struct mymm_pool_config){
						    .zones = "Normal:32p",
						    .holes = "8-11",
						    .flags = MYMM_POOL_BARE,
					    });
	u32 from, nr;

	for (from = 0; from < FRAMES; from++) {
		for (nr = 1; nr <= FRAMES - from; nr++) {
			bool hole = from < 12 && from + nr > 8;

			KUNIT_EXPECT_EQ_MSG(test,
					    mymm_alloc_range(pool, from, nr,
							     GFP_KERNEL),
					    hole ? -ENXIO : 0,
					    "%u frames from %u", nr, from);
			if (!hole)
				MYMM_EXPECT_OK(test,
					       mymm_free_range(pool, from, nr));
			KUNIT_ASSERT_EQ(test, mymm_range_zone(pool)->buddy.free,
					28);
		}
	}
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_WRONG_KIND, -EINVAL,
			    mymm_free_range(pool, 8, 4));
	MYMM_EXPECT_SOUND(test, pool);
}

/*
 * A frame that was freed a moment ago is in a CPU's list. A request by number that can't sleep
 * fails; one that can makes the CPUs give it back.
 */
static void in_a_cpus_list(struct kunit *test)
{
	struct mymm_pool *pool =
		mymm_test_pool_config(test, &(struct mymm_pool_config){
						    .zones = "Normal:1M",
					    });
	struct mymm_frame *frame = mymm_alloc_pages(pool, GFP_KERNEL, 0);
	unsigned long pfn;

	KUNIT_ASSERT_NOT_NULL(test, frame);
	pfn = mymm_frame_pfn(pool, frame);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));
	KUNIT_ASSERT_EQ(test, mymm_tag_state(frame->tag), MYMM_FRAME_PCP);
	KUNIT_EXPECT_EQ(test, mymm_alloc_range(pool, pfn, 1, GFP_ATOMIC),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, mymm_tag_state(frame->tag), MYMM_FRAME_PCP);
	MYMM_EXPECT_OK(test, mymm_alloc_range(pool, pfn, 1, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, mymm_pcp_frames(pool, mymm_range_zone(pool)), 0);
	/* A held frame is refused, and nothing is drained for it in vain. */
	KUNIT_EXPECT_EQ(test, mymm_alloc_range(pool, pfn, 1, GFP_KERNEL),
			-EBUSY);
	MYMM_EXPECT_OK(test, mymm_free_range(pool, pfn, 1));
	MYMM_EXPECT_SOUND(test, pool);
}

/* --- what a block of a range is --------------------------------------------------- */

/* Blocks have the type and the flags that were asked for, and are cleared. */
static void as_asked_for(struct kunit *test)
{
	struct mymm_pool *pool =
		mymm_test_pool_config(test, &(struct mymm_pool_config){
						    .zones = "Normal:1M",
						    .flags = MYMM_POOL_NO_PCP,
					    });
	struct mymm_frame *frame = mymm_pfn_frame(pool, 102);
	void *addr = mymm_frame_address(pool, frame);

	mymm_test_scribble(addr, 0xee, 6 * PAGE_SIZE);
	MYMM_EXPECT_OK(test,
		       mymm_alloc_range(pool, 102, 6,
					GFP_KERNEL | __GFP_ZERO | __GFP_COMP |
						__GFP_MOVABLE));
	KUNIT_EXPECT_NULL(test, memchr_inv(addr, 0, 6 * PAGE_SIZE));
	/* 102 of order 1, 104 of order 2. */
	KUNIT_EXPECT_EQ(test, mymm_compound_order(pool, frame), 1);
	KUNIT_EXPECT_EQ(test, mymm_compound_order(pool, frame + 2), 2);
	KUNIT_EXPECT_PTR_EQ(test, mymm_compound_head(pool, frame + 5),
			    frame + 2);
	KUNIT_EXPECT_EQ(test, mymm_tag_type(frame->tag), MYMM_MOVABLE);
	KUNIT_EXPECT_EQ(test, mymm_tag_type(frame[2].tag), MYMM_MOVABLE);
	/* A block of a range is one like any other. */
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame + 2, 2));
	MYMM_EXPECT_OK(test, mymm_free_range(pool, 102, 2));
	KUNIT_EXPECT_EQ(test, mymm_range_zone(pool)->buddy.free, 256);
}

/*
 * What is taken of the HighAtomic reserve is no longer free in it, and no block reaches
 * from a reserved pageblock into another one: they could not be freed as one.
 */
static void highatomic(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_config(
		test, &(struct mymm_pool_config){
			      .zones = "Normal:1M",
			      .block_order = 3,
			      .flags = MYMM_POOL_NO_PCP | MYMM_POOL_NO_RECLAIM,
		      });
	struct mymm_zone *zone = mymm_range_zone(pool);

	/* Pageblock 8 to 15 becomes reserved, as an allocation in a hurry does it. */
	MYMM_EXPECT_OK(test, mymm_alloc_range(pool, 8, 8, GFP_ATOMIC));
	scoped_guard(raw_spinlock_irqsave, &zone->lock)
	{
		mymm_buddy_retype(&zone->buddy, 8, 16, MYMM_HIGHATOMIC);
		zone->nr_reserved_highatomic = 8;
	}
	MYMM_EXPECT_OK(test, mymm_free_range(pool, 8, 8));
	KUNIT_EXPECT_EQ(test, zone->nr_free_highatomic, 8);

	MYMM_EXPECT_OK(test, mymm_alloc_range(pool, 0, 11, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, zone->nr_free_highatomic, 5);
	MYMM_EXPECT_SOUND(test, pool);
	MYMM_EXPECT_OK(test, mymm_free_range(pool, 0, 11));
	KUNIT_EXPECT_EQ(test, zone->nr_free_highatomic, 8);

	MYMM_EXPECT_OK(test, mymm_alloc_range(pool, 0, 16, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, mymm_tag_order(pool->frame[0].tag), 3);
	KUNIT_EXPECT_EQ(test, mymm_tag_order(pool->frame[8].tag), 3);
	MYMM_EXPECT_OK(test, mymm_free_range(pool, 0, 16));
	KUNIT_EXPECT_EQ(test, zone->nr_free_highatomic, 8);
	MYMM_EXPECT_SOUND(test, pool);
}

/* --- many CPUs -------------------------------------------------------------------- */

struct shared {
	struct mymm_pool *pool;
	/* Of each frame: 0, or the number of a thread and 1. */
	unsigned long *owner;
	atomic_t freed;
	u32 frames;
};

static struct shared *new_shared(struct kunit *test, struct mymm_pool *pool)
{
	struct shared *shared =
		kunit_kzalloc(test, sizeof(*shared), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, shared);
	shared->pool = pool;
	shared->frames = pool->nr_frames;
	shared->owner = kunit_kcalloc(test, shared->frames,
				      sizeof(*shared->owner), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, shared->owner);
	return shared;
}

/* Each range is freed by all threads; one of them may. */
static void free_all(struct mymm_test_thread *thread)
{
	struct shared *shared = thread->data;
	u32 pfn;

	for (pfn = 0; pfn < shared->frames; pfn += 8)
		if (!mymm_free_range(shared->pool, pfn, 7))
			atomic_inc(&shared->freed);
}

static void one_may_free(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_none(test, "Normal:4M");
	struct shared *shared = new_shared(test, pool);
	u32 pfn;

	for (pfn = 0; pfn < shared->frames; pfn += 8)
		MYMM_EXPECT_OK(test,
			       mymm_alloc_range(pool, pfn, 7, GFP_KERNEL));
	mymm_test_on_each_cpu(test, free_all, shared);
	KUNIT_EXPECT_EQ(test, atomic_read(&shared->freed), shared->frames / 8);
}

static void own(struct mymm_test_thread *thread, u32 pfn, u32 nr,
		unsigned long was, unsigned long is)
{
	struct shared *shared = thread->data;

	for (; nr; nr--, pfn++)
		if (cmpxchg(&shared->owner[pfn], was, is) != was)
			mymm_test_complain(thread, "frame %u has two owners",
					   pfn);
}

/* Ranges by name and blocks of any place, by turns. */
static void take_and_give(struct mymm_test_thread *thread)
{
	struct shared *shared = thread->data;
	unsigned long me = thread->number + 1;
	struct mymm_pool *pool = shared->pool;
	unsigned int i, order;

	for (i = 0; i < 20000; i++) {
		u32 pfn = mymm_test_below(&thread->random, shared->frames - 32);
		u32 nr = mymm_test_below(&thread->random, 32) + 1;
		struct mymm_frame *frame;

		if (!mymm_alloc_range(pool, pfn, nr, GFP_ATOMIC)) {
			own(thread, pfn, nr, 0, me);
			own(thread, pfn, nr, me, 0);
			if (mymm_free_range(pool, pfn, nr))
				mymm_test_complain(thread,
						   "%u frames from %u are lost",
						   nr, pfn);
		}
		order = mymm_test_below(&thread->random, 4);
		frame = mymm_alloc_pages(pool, GFP_NOWAIT | __GFP_NOWARN,
					 order);
		if (!frame)
			continue;
		pfn = mymm_frame_pfn(pool, frame);
		own(thread, pfn, 1U << order, 0, me);
		own(thread, pfn, 1U << order, me, 0);
		if (mymm_free_pages(pool, frame, order))
			mymm_test_complain(thread, "frame %u is lost", pfn);
	}
}

/* No frame has two owners, whether it was allocated by number or not. */
static void ops(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_config(
		test, &(struct mymm_pool_config){
			      .zones = "Normal:2M",
			      .backing = MYMM_BACKING_NONE,
		      });

	mymm_test_on_each_cpu(test, take_and_give, new_shared(test, pool));
	MYMM_EXPECT_SOUND(test, pool);
	mymm_pool_drain(pool);
	KUNIT_EXPECT_EQ(test, mymm_range_zone(pool)->buddy.free, 512);
	MYMM_EXPECT_SOUND(test, pool);
}

static struct kunit_case range_cases[] = {
	KUNIT_CASE(each_range),	    KUNIT_CASE(each_free),
	KUNIT_CASE(each_part),	    KUNIT_CASE(refused),
	KUNIT_CASE(free_refused),   KUNIT_CASE(holes),
	KUNIT_CASE(in_a_cpus_list), KUNIT_CASE(as_asked_for),
	KUNIT_CASE(highatomic),	    KUNIT_CASE(one_may_free),
	KUNIT_CASE_SLOW(ops),	    {}
};

static struct kunit_suite range_suite = {
	.name = "mymm_range",
	.test_cases = range_cases,
};

kunit_test_suite(range_suite);
