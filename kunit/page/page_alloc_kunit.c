// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of a pool: which zone they are from, what is in them, and that no two owners
 * ever have the same.
 *
 * The rules come first, one test each. Then 10^5 random requests and frees, of all orders, from
 * all zones that flags can name. The model says for each request which zone must serve it, from a
 * block of which order, or that it must fail; and of the free lists how many blocks of each order
 * there are. Each held page is marked in memory with its owner's number, so that a page with two
 * owners, or one that the allocator wrote into, is found when it is given back.
 *
 * Tests: page/page_alloc.c page/page_free.c page/page.c page/zone.c page/gfp_zone.c
 */
#include "lib/model.h"
#include "lib/util.h"

/* --- which zone ----------------------------------------------------------- */

#define BITS(gfp) ((__force unsigned int)(gfp))

/*
 * Flags and the zones that may serve them, the first to be asked first, by hand from
 * gfp_zone() and the zonelists of a machine with each of the five zones: D is DMA, 3
 * DMA32, N Normal, H HighMem, M Movable; "" is a contradiction.
 */
static const struct {
	gfp_t gfp;
	const char *zones;
} zone_table[] = {
	{ 0, "N3D" },
	{ __GFP_DMA, "D" },
	{ __GFP_HIGHMEM, "HN3D" },
	{ __GFP_DMA | __GFP_HIGHMEM, "" },
	{ __GFP_DMA32, "3D" },
	{ __GFP_DMA | __GFP_DMA32, "" },
	{ __GFP_HIGHMEM | __GFP_DMA32, "" },
	{ __GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32, "" },
	{ __GFP_MOVABLE, "N3D" },
	{ __GFP_MOVABLE | __GFP_DMA, "D" },
	{ __GFP_MOVABLE | __GFP_HIGHMEM, "MHN3D" },
	{ __GFP_MOVABLE | __GFP_DMA | __GFP_HIGHMEM, "" },
	{ __GFP_MOVABLE | __GFP_DMA32, "3D" },
	{ __GFP_MOVABLE | __GFP_DMA | __GFP_DMA32, "" },
	{ __GFP_MOVABLE | __GFP_HIGHMEM | __GFP_DMA32, "" },
	{ __GFP_MOVABLE | __GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32, "" },
};

/* Which frame numbers are of which zone, in a pool of 16 pages a zone. */
static char zone_letter(struct mymm_pool *pool, const struct mymm_frame *frame)
{
	return "D3NHM"[mymm_frame_pfn(pool, frame) / 16];
}

/*
 * Five zones of one block of order 4 each. For each set of flags, blocks are taken until
 * there are no more: they come from the zones of the list, in its order, and from
 * no others.
 */
static void zone_by_flags(struct kunit *test)
{
	static const char zones[] =
		"Movable:64K,HighMem:64K,Normal:64K,DMA32:64K,DMA:64K";
	struct mymm_pool *pool = mymm_test_pool_none(test, zones);
	struct mymm_frame *frame[6];
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(zone_table); i++) {
		gfp_t gfp = zone_table[i].gfp | __GFP_NOWARN;
		char got[7] = "";

		if (!zone_table[i].zones[0]) {
			MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_GFP, 0,
					    mymm_alloc_pages(pool, gfp, 0));
			continue;
		}
		for (n = 0; n < 6; n++) {
			frame[n] = mymm_alloc_pages(pool, gfp, 4);
			if (!frame[n])
				break;
			got[n] = zone_letter(pool, frame[n]);
		}
		KUNIT_EXPECT_STREQ_MSG(test, got, zone_table[i].zones,
				       "flags %#x", BITS(zone_table[i].gfp));
		while (n--)
			MYMM_EXPECT_OK(test,
				       mymm_free_pages(pool, frame[n], 4));
	}
}

/*
 * A lower zone is asked only when the one before it has no block that is large enough,
 * though it may have pages. Normal has one page of two taken, so it has no block of
 * order 1:
 *
 *	DMA [1.]   Normal [P0]	an order 1 is from DMA, an order 0 from Normal
 */
static void lower_zone_last(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_none(test, "DMA:8K,Normal:8K");
	struct mymm_frame *one, *two, *three;

	one = mymm_alloc_pages(pool, GFP_KERNEL, 0);
	KUNIT_EXPECT_EQ(test, mymm_frame_pfn(pool, one), 2);
	two = mymm_alloc_pages(pool, GFP_KERNEL, 1);
	KUNIT_EXPECT_EQ(test, mymm_frame_pfn(pool, two), 0);
	three = mymm_alloc_pages(pool, GFP_KERNEL, 0);
	KUNIT_EXPECT_EQ(test, mymm_frame_pfn(pool, three), 3);
	KUNIT_EXPECT_NULL(test,
			  mymm_alloc_pages(pool, GFP_NOWAIT | __GFP_NOWARN, 0));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, two, 1));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, one, 0));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, three, 0));
}

/* A request that fails is counted by the zone that it asked first. */
static void failure_counted(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_none(test, "DMA:8K,Normal:8K");
	atomic_long_t *dma = &pool->zone[0].failed;
	atomic_long_t *normal = &pool->zone[1].failed;

	KUNIT_EXPECT_NULL(test, mymm_alloc_pages(pool, __GFP_NOWARN, 2));
	KUNIT_EXPECT_EQ(test, atomic_long_read(normal), 1);
	KUNIT_EXPECT_NULL(test, mymm_alloc_pages(pool, __GFP_HIGHMEM, 10));
	KUNIT_EXPECT_EQ(test, atomic_long_read(normal), 2);
	KUNIT_EXPECT_EQ(test, atomic_long_read(dma), 0);
	KUNIT_EXPECT_NULL(test, mymm_alloc_pages(pool, __GFP_DMA, 2));
	KUNIT_EXPECT_EQ(test, atomic_long_read(dma), 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(normal), 2);
}

/* A pool that has no zone as low as the flags want: a failure, counted for no zone. */
static void no_zone_that_low(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_none(test, "Normal:8K");

	MYMM_EXPECT_UNCHANGED(test, pool, 0,
			      mymm_alloc_pages(pool, __GFP_DMA, 0));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&pool->zone[0].failed), 0);
}

/* The peak is the most that was held at once, and begins anew with a drain. */
static void peak(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_none(test, "DMA:32K");
	struct mymm_zone_snapshot snap;
	struct mymm_frame *a, *b;

	a = mymm_alloc_pages(pool, __GFP_DMA, 1);
	b = mymm_alloc_pages(pool, __GFP_DMA, 2);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, b, 2));
	mymm_zone_read(&pool->zone[0], &snap);
	KUNIT_EXPECT_EQ(test, mymm_zone_managed(&pool->zone[0]) - snap.free, 2);
	KUNIT_EXPECT_EQ(test, snap.free, 6);
	KUNIT_EXPECT_EQ(test, snap.peak, 6);
	mymm_pool_drain(pool); /* it is not whole, so nothing happens */
	mymm_zone_read(&pool->zone[0], &snap);
	KUNIT_EXPECT_EQ(test, snap.peak, 6);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, a, 1));
	mymm_pool_drain(pool);
	mymm_zone_read(&pool->zone[0], &snap);
	KUNIT_EXPECT_EQ(test, snap.peak, 0);
}

/* --- what they are --------------------------------------------------------- */

/* Frames, numbers and addresses convert to each other; what is of no pool converts to none. */
static void frame_and_address(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:32K,Normal:32K");
	struct mymm_pool *other = mymm_test_pool(test, "DMA:32K");
	struct mymm_frame *frame = mymm_alloc_pages(pool, GFP_KERNEL, 2);
	void *addr = mymm_frame_address(pool, frame);
	struct mymm_frame *past = pool->frame + pool->nr_frames;

	KUNIT_ASSERT_NOT_NULL(test, frame);
	KUNIT_EXPECT_EQ(test, mymm_frame_pfn(pool, frame), 8);
	KUNIT_EXPECT_PTR_EQ(test, addr, pool->base + 8 * PAGE_SIZE);
	KUNIT_EXPECT_PTR_EQ(test, mymm_address_frame(addr), frame);
	KUNIT_EXPECT_PTR_EQ(test, mymm_address_frame(addr + PAGE_SIZE - 1),
			    frame);
	KUNIT_EXPECT_PTR_EQ(test, mymm_address_frame(addr + PAGE_SIZE),
			    frame + 1);

	KUNIT_EXPECT_NULL(test, mymm_address_frame(pool->base - 1));
	KUNIT_EXPECT_NULL(test, mymm_address_frame(pool->base + pool->bytes));
	KUNIT_EXPECT_NULL(test, mymm_address_frame(&addr));
	KUNIT_EXPECT_NULL(test, mymm_address_frame(NULL));
	KUNIT_EXPECT_NULL(test, mymm_frame_address(other, frame));
	KUNIT_EXPECT_NULL(test, mymm_frame_address(pool, past));
	KUNIT_EXPECT_EQ(test, mymm_frame_pfn(other, frame), ULONG_MAX);
	KUNIT_EXPECT_EQ(test, mymm_frame_pfn(pool, past), ULONG_MAX);
	KUNIT_EXPECT_EQ(test, mymm_frame_pfn(pool, NULL), ULONG_MAX);
	KUNIT_EXPECT_EQ(test, mymm_frame_pfn(pool, (void *)frame + 1),
			ULONG_MAX);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 2));
}

/* With __GFP_ZERO all bytes of the block are zero, however dirty they were. */
static void zeroed(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:64K");
	struct mymm_frame *frame;
	unsigned int order;
	void *dirty;

	mymm_test_scribble(pool->base, 0xa5, pool->bytes);
	for (order = 0; order <= 4; order++) {
		frame = mymm_alloc_pages(pool, __GFP_DMA | __GFP_ZERO, order);
		KUNIT_ASSERT_NOT_NULL(test, frame);
		dirty = memchr_inv(mymm_frame_address(pool, frame), 0,
				   PAGE_SIZE << order);
		KUNIT_EXPECT_NULL_MSG(test, dirty, "order %u", order);
		if (order < 4) /* and not one byte more */
			KUNIT_EXPECT_EQ(test,
					mymm_test_peek(pool->base +
						       (PAGE_SIZE << order)),
					0xa5);
		mymm_test_scribble(pool->base, 0xa5, pool->bytes);
		MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, order));
	}
}

/*
 * A compound block: each frame leads to the head, and only the head has the order. A
 * block without __GFP_COMP, and a free one, is so many frames that stand for themselves:
 *
 *	Pppp	Pppp	P01.2...
 *	comp	plain	single, with __GFP_COMP, which means nothing there
 */
static void compound(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_none(test, "DMA:64K");
	struct mymm_frame *comp, *plain, *single;
	unsigned int i;

	comp = mymm_alloc_pages(pool, __GFP_DMA | __GFP_COMP, 2);
	plain = mymm_alloc_pages(pool, __GFP_DMA, 2);
	single = mymm_alloc_pages(pool, __GFP_DMA | __GFP_COMP, 0);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_PTR_EQ(test, mymm_compound_head(pool, comp + i),
				    comp);
		KUNIT_EXPECT_EQ(test, mymm_compound_order(pool, comp + i),
				i ? 0 : 2);
		KUNIT_EXPECT_PTR_EQ(test, mymm_compound_head(pool, plain + i),
				    plain + i);
		KUNIT_EXPECT_EQ(test, mymm_compound_order(pool, plain + i), 0);
	}
	KUNIT_EXPECT_PTR_EQ(test, mymm_compound_head(pool, single), single);
	KUNIT_EXPECT_EQ(test, mymm_compound_order(pool, single), 0);

	MYMM_EXPECT_OK(test, mymm_free_pages(pool, comp, 2));
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_PTR_EQ(test, mymm_compound_head(pool, comp + i),
				    comp + i);
	KUNIT_EXPECT_EQ(test, mymm_compound_order(pool, comp), 0);
	/* The next owner of the same block has not asked for it. */
	comp = mymm_alloc_pages(pool, __GFP_DMA, 2);
	KUNIT_EXPECT_EQ(test, mymm_compound_order(pool, comp), 0);
	KUNIT_EXPECT_PTR_EQ(test, mymm_compound_head(pool, comp + 1), comp + 1);

	KUNIT_EXPECT_NULL(test, mymm_compound_head(pool, NULL));
	KUNIT_EXPECT_EQ(test, mymm_compound_order(pool, NULL), 0);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, comp, 2));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, plain, 2));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, single, 0));
}

/* Without memory: frames of all orders, but nothing that needs an address. */
static void no_memory(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_none(test, "Normal:2G");
	const struct mymm_cache_config config = { .name = "none", .size = 8 };
	struct mymm_frame *frame;

	KUNIT_EXPECT_EQ(test, pool->zone[0].buddy.type[0].order[10].nr_free,
			512);
	frame = mymm_alloc_pages(pool, GFP_KERNEL, 10);
	KUNIT_ASSERT_NOT_NULL(test, frame);
	KUNIT_EXPECT_NULL(test, mymm_frame_address(pool, frame));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_GFP, 0,
			    mymm_alloc_pages(pool, __GFP_ZERO, 0));
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_GFP, 0,
			    mymm_kmalloc(pool, 8, GFP_KERNEL));
	MYMM_EXPECT_UNCHANGED(test, pool, -EOPNOTSUPP,
			      PTR_ERR(mymm_cache_create(pool, &config)));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 10));
}

/*
 * After everything has come back and a drain, the same requests get the same frames
 * again, whatever was in between.
 */
static void drained_is_as_new(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_none(test, "DMA:1000K");
	static const u8 orders[] = { 3, 0, 0, 5, 1, 0, 7, 2, 0, 4 };
	struct mymm_frame *first[ARRAY_SIZE(orders)], *again;
	unsigned int i, round;

	for (i = 0; i < ARRAY_SIZE(orders); i++)
		first[i] = mymm_alloc_pages(pool, __GFP_DMA, orders[i]);
	for (round = 0; round < 3; round++) {
		/* Each time given back in another order. */
		for (i = 0; i < ARRAY_SIZE(orders); i++) {
			unsigned int n = (i * 3 + round) % ARRAY_SIZE(orders);

			MYMM_EXPECT_OK(test, mymm_free_pages(pool, first[n],
							     orders[n]));
		}
		mymm_pool_drain(pool);
		for (i = 0; i < ARRAY_SIZE(orders); i++) {
			again = mymm_alloc_pages(pool, __GFP_DMA, orders[i]);
			KUNIT_EXPECT_PTR_EQ(test, again, first[i]);
		}
	}
	for (i = 0; i < ARRAY_SIZE(orders); i++)
		MYMM_EXPECT_OK(test,
			       mymm_free_pages(pool, first[i], orders[i]));
}

/* --- many ------------------------------------------------------------------- */

#define OPERATIONS 100000
#define MAX_HELD 2000

struct ops {
	struct kunit *test;
	struct mymm_pool *pool;
	struct mymm_model *model;
	struct rnd_state random;
	unsigned long op;
	unsigned long failed;
	unsigned long fell_back;
	bool bad;
};

/* Flags, and the zones to be asked as numbers of the pool DMA, DMA32, Normal, Movable. */
static const struct {
	gfp_t gfp;
	unsigned int nr;
	u8 zone[4];
} requests[] = {
	{ GFP_KERNEL, 3, { 2, 1, 0 } },
	{ GFP_ATOMIC, 3, { 2, 1, 0 } },
	{ GFP_KERNEL | __GFP_COMP, 3, { 2, 1, 0 } },
	{ __GFP_HIGHMEM, 3, { 2, 1, 0 } },
	{ GFP_DMA, 1, { 0 } },
	{ GFP_DMA32, 2, { 1, 0 } },
	{ GFP_HIGHUSER_MOVABLE, 4, { 3, 2, 1, 0 } },
	{ GFP_HIGHUSER_MOVABLE | __GFP_ZERO, 4, { 3, 2, 1, 0 } },
};

static void ops_fail(struct ops *ops, const char *what, unsigned long pfn,
		     unsigned int order)
{
	ops->bad = true;
	KUNIT_FAIL(ops->test, "operation %lu, frame %lu, order %u: %s", ops->op,
		   pfn, order, what);
}

/* The first and the last word of each page say whose it is. */
static void mark(struct ops *ops, const struct mymm_model_block *block)
{
	u32 i;

	for (i = 0; i < 1U << block->order; i++) {
		u64 *page = ops->pool->base +
			    ((unsigned long)(block->first + i) << PAGE_SHIFT);

		page[0] = (u64)block->id << 32 | i;
		page[PAGE_SIZE / sizeof(u64) - 1] = ~page[0];
	}
}

static bool is_marked(struct ops *ops, const struct mymm_model_block *block)
{
	u32 i;

	for (i = 0; i < 1U << block->order; i++) {
		u64 *page = ops->pool->base +
			    ((unsigned long)(block->first + i) << PAGE_SHIFT);

		if (page[0] != ((u64)block->id << 32 | i) ||
		    page[PAGE_SIZE / sizeof(u64) - 1] != ~page[0])
			return false;
	}
	return true;
}

/* Orders as they are asked for: each half as often as the one below it. */
static unsigned int random_order(struct ops *ops)
{
	return __ffs(prandom_u32_state(&ops->random) | 1U << 10);
}

static void ops_alloc(struct ops *ops)
{
	unsigned int what = mymm_test_below(&ops->random, ARRAY_SIZE(requests));
	unsigned int order = random_order(ops), i;
	struct mymm_frame *frame;
	unsigned long pfn;
	const char *why;
	bool possible;

	for (i = 0; i < requests[what].nr; i++)
		if (mymm_model_source(ops->model, requests[what].zone[i],
				      order) >= 0)
			break;
	frame = mymm_alloc_pages(ops->pool, requests[what].gfp | __GFP_NOWARN,
				 order);
	pfn = frame ? mymm_frame_pfn(ops->pool, frame) : 0;
	possible = i < requests[what].nr;
	if (!frame == possible) {
		ops_fail(ops, frame ? "it must fail" : "it must not fail", pfn,
			 order);
		return;
	}
	if (!frame) {
		ops->failed++;
		return;
	}
	ops->fell_back += i > 0;
	why = mymm_model_take(ops->model, requests[what].zone[i], pfn, order);
	if (why) {
		ops_fail(ops, why, pfn, order);
		return;
	}
	if ((requests[what].gfp & __GFP_ZERO) &&
	    memchr_inv(mymm_frame_address(ops->pool, frame), 0,
		       PAGE_SIZE << order))
		ops_fail(ops, "it is not zeroed", pfn, order);
	mark(ops, &ops->model->block[ops->model->nr_blocks - 1]);
}

static void ops_free(struct ops *ops)
{
	struct mymm_model *model = ops->model;
	struct mymm_model_block *block =
		&model->block[mymm_test_below(&ops->random, model->nr_blocks)];

	if (!is_marked(ops, block))
		ops_fail(ops, "somebody else wrote to it", block->first,
			 block->order);
	if (mymm_free_pages(ops->pool, &ops->pool->frame[block->first],
			    block->order))
		ops_fail(ops, "it can't be freed", block->first, block->order);
	mymm_model_give(model, block);
}

static void ops_compare(struct ops *ops)
{
	struct mymm_zone_snapshot snap;
	unsigned int i, order;

	for (i = 0; i < ops->model->nr_zones; i++) {
		mymm_zone_read(&ops->pool->zone[i], &snap);
		for (order = 0; order < MODEL_ORDERS; order++)
			if (snap.nr_free[order] !=
			    mymm_model_nr_free(ops->model, i, order))
				ops_fail(ops, "free blocks of that order", i,
					 order);
	}
}

/*
 * Four zones, none of them a power of two nor aligned but the first. As many blocks
 * are held as half of the memory has room for, now more and now less, so that each zone is
 * exhausted at times and all but empty at others. The validator looks after each of the
 * first 2000 operations, then after each 97th.
 */
static void random_page_ops(struct kunit *test)
{
	static const char zones[] =
		"DMA:5000K,DMA32:1332K,Normal:7777K,Movable:3111K";
	static const u32 pages[] = { 1250, 333, 1944, 777 };
	struct ops ops = { .test = test };
	u32 held = MAX_HELD;

	ops.pool = mymm_test_pool(test, zones);
	ops.model = mymm_model_new(test, pages, ARRAY_SIZE(pages));
	KUNIT_ASSERT_EQ(test, ops.pool->nr_frames, ops.model->nr_pages);
	mymm_test_random(test, &ops.random);

	for (ops.op = 0; ops.op < OPERATIONS && !ops.bad; ops.op++) {
		if (ops.op % 1000 == 0)
			held = mymm_test_below(&ops.random, MAX_HELD) + 1;
		if (ops.model->nr_blocks && mymm_test_below(&ops.random, held) <
						    ops.model->nr_blocks / 2)
			ops_free(&ops);
		else
			ops_alloc(&ops);
		ops_compare(&ops);
		if (ops.op < 2000 || ops.op % 97 == 0)
			MYMM_EXPECT_SOUND(test, ops.pool);
	}
	while (ops.model->nr_blocks)
		ops_free(&ops);
	kunit_info(test, "%lu requests failed, %lu were served by a lower zone",
		   ops.failed, ops.fell_back);
	/* What was never tried was not tested. */
	KUNIT_EXPECT_GT(test, ops.failed, 100);
	KUNIT_EXPECT_GT(test, ops.fell_back, 100);
}

static struct kunit_case pages_cases[] = {
	KUNIT_CASE(zone_by_flags),
	KUNIT_CASE(lower_zone_last),
	KUNIT_CASE(failure_counted),
	KUNIT_CASE(no_zone_that_low),
	KUNIT_CASE(peak),
	KUNIT_CASE(frame_and_address),
	KUNIT_CASE(zeroed),
	KUNIT_CASE(compound),
	KUNIT_CASE(no_memory),
	KUNIT_CASE(drained_is_as_new),
	KUNIT_CASE(random_page_ops),
	{},
};

static struct kunit_suite pages_suite = {
	.name = "mymm_pages",
	.test_cases = pages_cases,
};

kunit_test_suite(pages_suite);
