// SPDX-License-Identifier: GPL-2.0
/*
 * What happens below the low watermark: how far down each request gets, which shrinkers are
 * called and how often, and which requests wait for ever. kunit/lib/test_shrinker.h has the zone
 * that most cases have.
 *
 * Tests: page/slowpath.c page/reclaim.c page/watermark.c
 */
#include <linux/kthread.h>
#include <linux/sched/signal.h>

#include "lib/test_shrinker.h"
#include "page/pcp_cpu.h"
#include "pool/pool.h"

/* --- how far down ----------------------------------------------------------------- */

/*
 * Flags, and how many frames they leave of a zone whose min is 128:
 *
 *	__GFP_HIGH            half of it:                       64
 *	and it can't wait     a quarter less of that:           64 - 16 = 48
 *	__GFP_NOMEMALLOC      takes back what not to wait gives
 *	__GFP_MEMALLOC        all:                              0
 */
static const struct {
	gfp_t gfp;
	unsigned long left;
} flag_table[] = {
	{ GFP_KERNEL | __GFP_NORETRY, 128 },
	{ GFP_DIRECT, 128 },
	{ GFP_NOWAIT, 128 },
	{ 0, 128 },
	{ GFP_DIRECT | __GFP_HIGH, 64 },
	{ __GFP_HIGH | __GFP_NOMEMALLOC, 64 },
	{ GFP_ATOMIC | __GFP_NOMEMALLOC, 64 },
	{ GFP_ATOMIC, 48 },
	{ __GFP_HIGH, 48 },
	{ GFP_DIRECT | __GFP_MEMALLOC | __GFP_NOMEMALLOC, 128 },
	{ GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOMEMALLOC, 64 },
	{ GFP_DIRECT | __GFP_MEMALLOC, 0 },
	{ __GFP_MEMALLOC, 0 },
};

static void how_far_down(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(
		test, MYMM_POOL_NO_RECLAIM | MYMM_POOL_NO_MOBILITY);
	struct mymm_held_frames *held = mymm_held_frames_new(test, pool);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flag_table); i++) {
		mymm_held_frames_take(held, flag_table[i].gfp | __GFP_NOWARN,
				      0);
		KUNIT_EXPECT_EQ_MSG(test, free_frames(pool), flag_table[i].left,
				    "flags %#x",
				    (__force unsigned int)flag_table[i].gfp);
		mymm_held_frames_give(held, FRAMES);
		KUNIT_ASSERT_EQ(test, free_frames(pool), FRAMES);
	}
}

/*
 * The same for blocks of 4 frames: one is given if 3 frames less than what is free is still
 * more than the line. So a line of 128 leaves 132 - 4 = 128, and a line of 48 leaves
 * 52 - 4 = 48.
 */
static void how_far_down_blocks(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(
		test, MYMM_POOL_NO_RECLAIM | MYMM_POOL_NO_MOBILITY);
	struct mymm_frame **block;
	unsigned int nr = 0;

	block = kunit_kcalloc(test, FRAMES / 4, sizeof(*block), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, block);
	while ((block[nr] = mymm_alloc_pages(pool, GFP_PLAIN, 2)))
		nr++;
	KUNIT_EXPECT_EQ(test, free_frames(pool), 128);
	while ((block[nr] =
			mymm_alloc_pages(pool, GFP_ATOMIC | __GFP_NOWARN, 2)))
		nr++;
	KUNIT_EXPECT_EQ(test, free_frames(pool), 48);
	while (nr--)
		MYMM_EXPECT_OK(test, mymm_free_pages(pool, block[nr], 2));
}

/* Where a request that may wait fails, one that can't wait succeeds. */
static void atomic_where_kernel_fails(struct kunit *test)
{
	struct mymm_pool *pool =
		mymm_test_pool_512k(test, MYMM_POOL_NO_RECLAIM);
	struct mymm_held_frames *held = mymm_held_frames_new(test, pool);
	struct mymm_frame *frame;

	mymm_held_frames_take(held, GFP_PLAIN, 0);
	KUNIT_EXPECT_NULL(
		test,
		mymm_alloc_pages(pool,
				 GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, 0));
	frame = mymm_alloc_pages(pool, GFP_ATOMIC, 0);
	KUNIT_ASSERT_NOT_NULL(test, frame);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));
}

/* --- direct reclaim ---------------------------------------------------------------- */

/*
 * A shrinker without frames is called once for each priority. If no shrinker has any there is no
 * second round.
 */
static void nothing_to_be_had(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(test, 0);
	struct mymm_test_shrinker *shrinker =
		mymm_test_shrinker_at_min(test, pool);
	struct mymm_reclaim_stats *stats = &pool->reclaim.stats;

	KUNIT_EXPECT_NULL(test, mymm_alloc_pages(pool, GFP_DIRECT, 0));
	KUNIT_EXPECT_EQ(test, counts(shrinker), PASSES);
	shrinker->says = MYMM_SHRINK_EMPTY;
	KUNIT_EXPECT_NULL(test, mymm_alloc_pages(pool, GFP_DIRECT, 0));
	KUNIT_EXPECT_EQ(test, counts(shrinker), 2 * PASSES);
	KUNIT_EXPECT_EQ(test, scans(shrinker), 0);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->allocstall[MYMM_ZONE_NORMAL]),
			2);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->pgscan_direct), 0);

	/* A request that can't wait calls no shrinker. */
	KUNIT_EXPECT_NULL(test, mymm_alloc_pages(pool, GFP_PLAIN, 0));
	KUNIT_EXPECT_EQ(test, counts(shrinker), 2 * PASSES);
}

/*
 * A shrinker says that it has 100 frames, and never gives one. By hand, for one reclaim
 * (p: priority, d: put off before, w: 2 * (100 >> p), t: (d >> p) + w, at most 200):
 *
 *	p    12..7   6   5   4    3    2    1    0
 *	w        0   2   6   12   24   50   100  200
 *	d        0   0   2   8    20   44   94   66
 *	t        0   2   6   12   26   61   147  200
 *
 * t is at least 100 at 1 and at 0 only, where a batch of 128 is asked for; what is left
 * is less than 100 each time. At 1: d = 94 + 100 - 128.
 */
static void promises(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(test, 0);
	struct mymm_test_shrinker *shrinker =
		mymm_test_shrinker_at_min(test, pool);
	struct mymm_reclaim_stats *stats = &pool->reclaim.stats;

	shrinker->says = 100;
	KUNIT_EXPECT_NULL(
		test, mymm_alloc_pages(pool, GFP_DIRECT | __GFP_NORETRY, 0));
	KUNIT_EXPECT_EQ(test, counts(shrinker), PASSES);
	KUNIT_EXPECT_EQ(test, scans(shrinker), 2);
	KUNIT_EXPECT_EQ(test, shrinker->wanted[0], 128);
	KUNIT_EXPECT_EQ(test, shrinker->wanted[1], 128);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->pgscan_direct), 256);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->slabs_scanned), 256);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->pgsteal_direct), 0);
}

/* MYMM_SHRINK_STOP ends a pass: one call each at priorities 1 and 0. */
static void told_to_stop(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(test, 0);
	struct mymm_test_shrinker *shrinker =
		mymm_test_shrinker_at_min(test, pool);

	shrinker->says = 100;
	shrinker->stop = true;
	KUNIT_EXPECT_NULL(
		test, mymm_alloc_pages(pool, GFP_DIRECT | __GFP_NORETRY, 0));
	KUNIT_EXPECT_EQ(test, scans(shrinker), 2);
	KUNIT_EXPECT_EQ(test, read_stat(&pool->reclaim.stats.pgscan_direct), 0);
}

/* Flags and orders, and how often they reclaim as long as there is hope, but no frame. */
static const struct {
	gfp_t gfp;
	unsigned int order;
	int rounds;
} round_table[] = {
	{ __GFP_NORETRY, 0, 1 },
	{ 0, 0, 17 },
	{ __GFP_RETRY_MAYFAIL, 0, 17 },
	{ 0, 3, 17 },
	{ 0, 4, 1 },
	{ __GFP_RETRY_MAYFAIL, 4, 17 },
	{ __GFP_RETRY_MAYFAIL | __GFP_NORETRY, 4, 1 },
	{ __GFP_NOMEMALLOC, 0, 17 },
};

/* 16 rounds that gave nothing lead to another one each, and the first comes before them. */
static void rounds(struct kunit *test)
{
	struct mymm_pool *pool =
		mymm_test_pool_512k(test, MYMM_POOL_NO_MOBILITY);
	struct mymm_test_shrinker *shrinker =
		mymm_test_shrinker_at_min(test, pool);
	long before;
	unsigned int i;

	/* What is free is one block of order 7, so a block is there. */
	shrinker->says = 100;
	for (i = 0; i < ARRAY_SIZE(round_table); i++) {
		before = read_stat(
			&pool->reclaim.stats.allocstall[MYMM_ZONE_NORMAL]);
		atomic_set(&shrinker->counts[0], 0);
		KUNIT_EXPECT_NULL(
			test,
			mymm_alloc_pages(pool, GFP_DIRECT | round_table[i].gfp,
					 round_table[i].order));
		KUNIT_EXPECT_EQ_MSG(
			test,
			read_stat(&pool->reclaim.stats
					   .allocstall[MYMM_ZONE_NORMAL]) -
				before,
			(long)round_table[i].rounds, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, counts(shrinker),
				    PASSES * round_table[i].rounds, "case %u",
				    i);
	}
}

/*
 * There is hope as long as what is free and what is promised are more than min, not low: at
 * min one frame is enough for 17 rounds, one below it there is one round.
 */
static void hope(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(test, 0);
	struct mymm_test_shrinker *shrinker =
		mymm_test_shrinker_at_min(test, pool);
	struct mymm_frame *frame;

	shrinker->says = 1;
	KUNIT_EXPECT_NULL(test, mymm_alloc_pages(pool, GFP_DIRECT, 0));
	KUNIT_EXPECT_EQ(test, counts(shrinker), 17 * PASSES);
	frame = mymm_alloc_pages(pool, GFP_PLAIN | __GFP_HIGH, 0);
	KUNIT_ASSERT_NOT_NULL(test, frame);
	KUNIT_EXPECT_NULL(test, mymm_alloc_pages(pool, GFP_DIRECT, 0));
	KUNIT_EXPECT_EQ(test, counts(shrinker), 18 * PASSES);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));
}

/*
 * A shrinker has 100 frames and gives them: as in promises(), at priority 1 it is asked for 128,
 * and has given all. Then 28 + 100 are free, which is min, and not enough. With one more it is;
 * now it is asked again at priority 1, since with what was put off, 66 frames, at priority 2 it
 * would be no more than 77.
 */
static void frames_from_a_shrinker(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(test, 0);
	struct mymm_reclaim_stats *stats = &pool->reclaim.stats;
	struct mymm_held_frames *held = mymm_held_frames_new(test, pool);
	struct mymm_test_shrinker *shrinker =
		mymm_test_shrinker_at_min(test, pool);
	struct mymm_frame *frame;

	shrinker->held = held;
	mymm_held_frames_take(held, __GFP_MEMALLOC, MIN_MARK - 100);
	KUNIT_ASSERT_EQ(test, held->nr, 100);
	atomic_set(&pool->node_of[0].kswapd.failures, 3);
	KUNIT_EXPECT_NULL(
		test, mymm_alloc_pages(pool, GFP_DIRECT | __GFP_NORETRY, 0));
	KUNIT_EXPECT_EQ(test, free_frames(pool), MIN_MARK);
	KUNIT_EXPECT_EQ(test, counts(shrinker), 12);
	KUNIT_EXPECT_EQ(test, scans(shrinker), 1);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->pgscan_direct), 128);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->pgsteal_direct), 100);
	KUNIT_EXPECT_EQ(test, atomic_read(&pool->node_of[0].kswapd.failures),
			0);

	mymm_held_frames_give(shrinker->others, 1);
	mymm_held_frames_take(held, __GFP_MEMALLOC, MIN_MARK - 100);
	KUNIT_ASSERT_EQ(test, held->nr, 101);
	frame = mymm_alloc_pages(pool, GFP_DIRECT | __GFP_NORETRY, 0);
	KUNIT_ASSERT_NOT_NULL(test, frame);
	KUNIT_EXPECT_EQ(test, free_frames(pool), MIN_MARK);
	KUNIT_EXPECT_EQ(test, counts(shrinker), 24);
	KUNIT_EXPECT_EQ(test, scans(shrinker), 2);
	KUNIT_EXPECT_EQ(test, read_stat(&stats->pgsteal_direct), 201);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));
}

/* An allocation of a node reclaims from it; one of any, from each node of its list. */
static void which_node(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "Normal:1M",
		.backing = MYMM_BACKING_NONE,
		.nodes = 2,
		.flags = MYMM_POOL_NO_PCP,
	};
	struct mymm_pool *pool = mymm_test_pool_rest(test, &config);
	struct mymm_held_frames *held = mymm_held_frames_new(test, pool);
	struct mymm_test_shrinker *shrinker =
		mymm_test_shrinker_new(test, pool);
	struct mymm_frame *frame;

	shrinker->shrinker.flags = MYMM_SHRINKER_NUMA_AWARE;
	while ((frame = mymm_alloc_pages(pool, GFP_PLAIN, 0)))
		held->frame[held->nr++] = frame;
	KUNIT_EXPECT_NULL(
		test,
		mymm_alloc_pages_node(pool, 1, GFP_DIRECT | __GFP_THISNODE, 0));
	KUNIT_EXPECT_EQ(test, atomic_read(&shrinker->counts[0]), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&shrinker->counts[1]), PASSES);
	KUNIT_EXPECT_NULL(test, mymm_alloc_pages_node(pool, 1, GFP_DIRECT, 0));
	KUNIT_EXPECT_EQ(test, atomic_read(&shrinker->counts[0]), PASSES);
	KUNIT_EXPECT_EQ(test, atomic_read(&shrinker->counts[1]), 2 * PASSES);
}

/*
 * A shrinker that allocates gets a frame although the zone is at min, from the part left for
 * threads that reclaim. It does not cause another call of itself, even when nothing is left.
 */
static void shrinker_allocates(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(test, 0);
	struct mymm_test_shrinker *shrinker =
		mymm_test_shrinker_at_min(test, pool);
	struct mymm_held_frames *rest = mymm_held_frames_new(test, pool);

	shrinker->says = 100;
	shrinker->recurse = GFP_DIRECT;
	KUNIT_EXPECT_NULL(
		test, mymm_alloc_pages(pool, GFP_DIRECT | __GFP_NORETRY, 0));
	KUNIT_EXPECT_EQ(test, scans(shrinker), 2);
	KUNIT_EXPECT_EQ(test, shrinker->got, 2);
	KUNIT_EXPECT_EQ(test, shrinker->depth, 1);
	KUNIT_EXPECT_EQ(test, counts(shrinker), PASSES);

	mymm_held_frames_take(rest, __GFP_MEMALLOC | __GFP_NOWARN, 0);
	KUNIT_ASSERT_EQ(test, free_frames(pool), 0);
	KUNIT_EXPECT_NULL(
		test, mymm_alloc_pages(pool, GFP_DIRECT | __GFP_NORETRY, 0));
	KUNIT_EXPECT_EQ(test, shrinker->got, 2);
	KUNIT_EXPECT_EQ(test, shrinker->depth, 1);
	KUNIT_EXPECT_EQ(test, counts(shrinker), 2 * PASSES);
	KUNIT_EXPECT_FALSE(test, mymm_reclaiming(pool));
}

/* An incomplete shrinker is not registered; a registered one holds the pool. */
static void registering(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(test, 0);
	struct mymm_test_shrinker *shrinker =
		mymm_test_shrinker_new(test, pool);
	struct mymm_shrinker good = shrinker->shrinker, bad = good;

	bad.count = NULL;
	KUNIT_EXPECT_EQ(test, mymm_shrinker_register(pool, &bad), -EINVAL);
	bad = good;
	bad.scan = NULL;
	KUNIT_EXPECT_EQ(test, mymm_shrinker_register(pool, &bad), -EINVAL);
	bad = good;
	bad.batch = -1;
	KUNIT_EXPECT_EQ(test, mymm_shrinker_register(pool, &bad), -EINVAL);
	bad = good;
	bad.seeks = -1;
	KUNIT_EXPECT_EQ(test, mymm_shrinker_register(pool, &bad), -EINVAL);
	KUNIT_EXPECT_EQ(test, mymm_pool_destroy(pool), -EBUSY);
	KUNIT_EXPECT_NULL(test, mymm_alloc_pages(pool, GFP_DIRECT, 10 + 1));
	KUNIT_EXPECT_EQ(test, counts(shrinker), 0);
}

/* In a pool without reclaim no shrinker is called; the request fails and does not loop. */
static void nobody_asked(struct kunit *test)
{
	struct mymm_pool *pool =
		mymm_test_pool_512k(test, MYMM_POOL_NO_RECLAIM);
	struct mymm_test_shrinker *shrinker =
		mymm_test_shrinker_at_min(test, pool);

	KUNIT_EXPECT_NULL(test, mymm_alloc_pages(pool, GFP_DIRECT, 0));
	KUNIT_EXPECT_NULL(test,
			  mymm_alloc_pages(pool, GFP_KERNEL | __GFP_NOWARN, 0));
	KUNIT_EXPECT_EQ(test, counts(shrinker), 0);
	KUNIT_EXPECT_NULL(test, pool->node_of[0].kswapd.task);
	KUNIT_EXPECT_EQ(
		test,
		read_stat(&pool->reclaim.stats.allocstall[MYMM_ZONE_NORMAL]),
		0);
}

/* --- before a failure -------------------------------------------------------------- */

/* Give frames @from up to @to back, each by itself. */
static void give_frames(struct mymm_held_frames *held, u32 from, u32 to)
{
	unsigned int i, kept = 0;

	for (i = 0; i < held->nr; i++) {
		u32 pfn = mymm_frame_pfn(held->pool, held->frame[i]);

		if (pfn >= from && pfn < to)
			mymm_free_pages(held->pool, held->frame[i], 0);
		else
			held->frame[kept++] = held->frame[i];
	}
	held->nr = kept;
}

/*
 * With per-CPU lists 16 frames that were freed one by one are in a CPU's lists. A request
 * for the 16 together gets them all the same: 128 + 16 - 15 is more than min.
 */
static void drain_and_get(struct mymm_test_thread *thread)
{
	static const gfp_t gfps[] = { GFP_DIRECT, GFP_PLAIN };
	struct mymm_held_frames *held = thread->data;
	struct mymm_pool *pool = held->pool;
	struct mymm_frame *block;
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(gfps); n++) {
		mymm_held_frames_take(held, GFP_PLAIN, 0);
		if (free_frames(pool) != MIN_MARK ||
		    mymm_pcp_frames(pool, &pool->zone[0]))
			mymm_test_complain(thread, "%lu are free",
					   free_frames(pool));
		give_frames(held, 1024, 1024 + 16);
		if (mymm_pcp_frames(pool, &pool->zone[0]) != 16)
			mymm_test_complain(thread, "CPUs have %lu",
					   mymm_pcp_frames(pool,
							   &pool->zone[0]));
		block = mymm_alloc_pages(pool, gfps[n], 4);
		if (!block || mymm_frame_pfn(pool, block) != 1024)
			mymm_test_complain(thread, "no such block, case %u", n);
		if (block)
			mymm_free_pages(pool, block, 4);
	}
}

static void lists_are_drained(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "Normal:16M",
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_POOL_NO_RECLAIM | MYMM_POOL_NO_MOBILITY,
		.tuning = &mymm_tuning_512k,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);

	mymm_test_on_cpu(test, 0, drain_and_get,
			 mymm_held_frames_new(test, pool));
}

/* --- __GFP_NOFAIL ------------------------------------------------------------------- */

/**
 * struct insister - a thread that allocates with __GFP_NOFAIL
 * @pool: from which pool
 * @task: the thread
 * @frame: what it got
 * @ready: it can be killed by a signal
 * @done: its allocation has returned
 */
struct insister {
	struct mymm_pool *pool;
	struct task_struct *task;
	struct mymm_frame *frame;
	struct completion ready;
	struct completion done;
};

static int insist(void *data)
{
	struct insister *insister = data;

	allow_signal(SIGKILL);
	complete(&insister->ready);
	insister->frame =
		mymm_alloc_pages(insister->pool, GFP_DIRECT | __GFP_NOFAIL, 0);
	complete_all(&insister->done);
	while (!kthread_should_stop())
		schedule_timeout_idle(HZ);
	return 0;
}

static void end_insister(void *data)
{
	struct insister *insister = data;

	send_sig(SIGKILL, insister->task, 1);
	wait_for_completion(&insister->done);
	kthread_stop(insister->task);
}

/* A zone with no more than half of min free, and an insister that has tried a few times. */
static struct insister *new_insister(struct kunit *test,
				     struct mymm_held_frames *held)
{
	atomic_long_t *stalls =
		&held->pool->reclaim.stats.allocstall[MYMM_ZONE_NORMAL];
	struct insister *insister;

	insister = kunit_kzalloc(test, sizeof(*insister), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, insister);
	mymm_held_frames_take(held, GFP_DIRECT | __GFP_HIGH | __GFP_NORETRY, 0);
	KUNIT_ASSERT_EQ(test, free_frames(held->pool), MIN_MARK / 2);
	insister->pool = held->pool;
	init_completion(&insister->ready);
	init_completion(&insister->done);
	insister->task = kthread_run(insist, insister, "mymm_insister");
	KUNIT_ASSERT_FALSE(test, IS_ERR(insister->task));
	KUNIT_ASSERT_EQ(test,
			kunit_add_action_or_reset(test, end_insister, insister),
			0);
	wait_for_completion(&insister->ready);
	/* Taking the last of the frames failed: that was one. */
	WAIT_UNTIL(test, read_stat(stalls) > 4);
	KUNIT_EXPECT_FALSE(test, completion_done(&insister->done));
	return insister;
}

/* It waits until a frame is freed, and gets it though the zone is below min. */
static void insisting(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(test, 0);
	struct mymm_held_frames *held = mymm_held_frames_new(test, pool);
	struct insister *insister = new_insister(test, held);

	mymm_held_frames_give(held, 1);
	wait_for_completion(&insister->done);
	KUNIT_ASSERT_NOT_NULL(test, insister->frame);
	KUNIT_EXPECT_EQ(test, free_frames(pool), MIN_MARK / 2);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, insister->frame, 0));
}

/* A killed insister gets NULL. */
static void insisting_killed(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(test, 0);
	struct insister *insister =
		new_insister(test, mymm_held_frames_new(test, pool));

	send_sig(SIGKILL, insister->task, 1);
	wait_for_completion(&insister->done);
	KUNIT_EXPECT_NULL(test, insister->frame);
}

/* So does one whose pool is dead. */
static void insisting_dead(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_512k(test, 0);
	struct insister *insister =
		new_insister(test, mymm_held_frames_new(test, pool));

	mymm_pool_kill(pool, "its test wants it");
	wait_for_completion(&insister->done);
	KUNIT_EXPECT_NULL(test, insister->frame);
}

/* A request that can't wait can't insist; and none waits for what no zone has. */
static void insisting_in_vain(struct kunit *test)
{
	struct mymm_pool *pool =
		mymm_test_pool_512k(test, MYMM_POOL_NO_RECLAIM);
	struct mymm_held_frames *held = mymm_held_frames_new(test, pool);

	mymm_held_frames_take(held, GFP_PLAIN, 0);
	KUNIT_EXPECT_NULL(test,
			  mymm_alloc_pages(pool, GFP_PLAIN | __GFP_NOFAIL, 0));
	KUNIT_EXPECT_NULL(
		test, mymm_alloc_pages(
			      pool, GFP_DIRECT | __GFP_NOFAIL | __GFP_DMA, 0));
}

static struct kunit_case reclaim_cases[] = { KUNIT_CASE(how_far_down),
					     KUNIT_CASE(how_far_down_blocks),
					     KUNIT_CASE(
						     atomic_where_kernel_fails),
					     KUNIT_CASE(nothing_to_be_had),
					     KUNIT_CASE(promises),
					     KUNIT_CASE(told_to_stop),
					     KUNIT_CASE(rounds),
					     KUNIT_CASE(hope),
					     KUNIT_CASE(frames_from_a_shrinker),
					     KUNIT_CASE(which_node),
					     KUNIT_CASE(shrinker_allocates),
					     KUNIT_CASE(registering),
					     KUNIT_CASE(nobody_asked),
					     KUNIT_CASE(lists_are_drained),
					     KUNIT_CASE(insisting),
					     KUNIT_CASE(insisting_killed),
					     KUNIT_CASE(insisting_dead),
					     KUNIT_CASE(insisting_in_vain),
					     {} };

static struct kunit_suite reclaim_suite = {
	.name = "mymm_reclaim",
	.test_cases = reclaim_cases,
};

kunit_test_suite(reclaim_suite);
