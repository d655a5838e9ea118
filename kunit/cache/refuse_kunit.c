// SPDX-License-Identifier: GPL-2.0
/*
 * Refusals: whatever is freed or asked for wrongly gives its errno, is counted once by
 * its reason, and changes nothing.
 *
 * "Nothing has changed" is checked by a hash over all that belongs to the pool, its memory
 * included; see mymm_test_same().
 *
 * A non-maskable interrupt can't be made here. A count in preempt_count distinguishes an NMI from
 * other contexts, so a test raises that, with interrupts off, around a call that must check it
 * before it does anything else.
 *
 * Tests: cache/double_free.c object/refuse.c page/page_free.c cache/nomem.c
 */
#include <linux/preempt.h>

#include "lib/util.h"

#define REFUSED(why, error, call) \
	MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_##why, error, call)

/* --- pages ------------------------------------------------------------------ */

/* Requests that make no sense. */
static void bad_requests(struct kunit *test)
{
	static const unsigned int orders[] = {
		11, 12, 31, 32, 63, 64, 255, 256, 1U << 24, 1U << 31, ~0U,
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:128K");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(orders); i++)
		REFUSED(ORDER, 0,
			mymm_alloc_pages(pool, GFP_KERNEL, orders[i]));
	REFUSED(GFP, 0, mymm_alloc_pages(pool, __GFP_DMA | __GFP_HIGHMEM, 0));
	REFUSED(GFP, 0,
		mymm_alloc_pages(pool, GFP_KERNEL | GFP_DMA | GFP_DMA32, 3));
}

/*
 * Each frame of a pool, freed by each order, where exactly one of the pairs is right:
 *
 *	Pp01.3.......			a block of order 1 of 16 pages
 *
 * Frame 0 by another order is "wrong order", frame 1 a tail, the others are free, as
 * heads or inside a free block.
 */
static void each_frame_by_each_order(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:64K");
	struct mymm_frame *frame = mymm_alloc_pages(pool, GFP_KERNEL, 1);
	unsigned int pfn, order;

	KUNIT_ASSERT_PTR_EQ(test, frame, pool->frame);
	for (pfn = 0; pfn < 16; pfn++) {
		for (order = 0; order <= 10; order++) {
			enum mymm_refusal why = MYMM_REFUSED_DOUBLE_FREE;

			if (!pfn && order == 1)
				continue;
			if (pfn == 0)
				why = MYMM_REFUSED_WRONG_ORDER;
			if (pfn == 1)
				why = MYMM_REFUSED_TAIL;
			MYMM_EXPECT_REFUSED(test, pool, why, -EINVAL,
					    mymm_free_pages(pool, frame + pfn,
							    order));
		}
	}
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 1));
	REFUSED(DOUBLE_FREE, -EINVAL, mymm_free_pages(pool, frame, 1));
}

/* Orders out of range, of a block that is held: shifts must not wrap to a match. */
static void free_by_bad_order(struct kunit *test)
{
	static const unsigned int orders[] = {
		11, 32, 255, 256, 257, 1U << 16, 1U << 24, 1U << 31, ~0U,
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:64K");
	struct mymm_frame *frame = mymm_alloc_pages(pool, GFP_KERNEL, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(orders); i++)
		REFUSED(ORDER, -EINVAL,
			mymm_free_pages(pool, frame, orders[i]));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));
}

/* What is no frame of the pool: another pool's, before, behind, between, nothing. */
static void foreign_frames(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:64K");
	struct mymm_pool *other = mymm_test_pool(test, "DMA:64K");
	struct mymm_frame *theirs = mymm_alloc_pages(other, GFP_KERNEL, 0);
	struct mymm_frame on_stack = pool->frame[0];
	void *const foreign[] = {
		theirs,
		NULL,
		&on_stack,
		pool->frame - 1,
		pool->frame + pool->nr_frames,
		/* the heads of its lists are in the table too */
		pool->frame + pool->zone[0].buddy.heads,
		(void *)pool->frame + 1,
		(void *)pool->frame + 8,
		(void *)(pool->frame + 1) + 16,
		pool->base,
		(void *)~0UL,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(foreign); i++)
		REFUSED(FOREIGN, -EINVAL, mymm_free_pages(pool, foreign[i], 0));
	MYMM_EXPECT_OK(test, mymm_free_pages(other, theirs, 0));
}

/* A slab and a large kmalloc are not pages, whatever order is right. */
static void wrong_kind(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "cache", 700);
	void *obj = mymm_cache_alloc(cache, GFP_KERNEL);
	void *large = mymm_kmalloc(pool, 10000, GFP_KERNEL);
	struct mymm_frame *slab = mymm_address_frame(obj);
	struct mymm_frame *block = mymm_address_frame(large);

	KUNIT_ASSERT_GT(test, cache->order, 0);
	REFUSED(WRONG_KIND, -EINVAL, mymm_free_pages(pool, slab, cache->order));
	REFUSED(WRONG_KIND, -EINVAL, mymm_free_pages(pool, slab + 1, 0));
	REFUSED(WRONG_KIND, -EINVAL, mymm_free_pages(pool, block, 2));
	REFUSED(TAIL, -EINVAL, mymm_free_pages(pool, block + 1, 0));
	MYMM_EXPECT_OK(test, mymm_kfree(large));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
}

/* --- objects ----------------------------------------------------------------- */

static void wrong_objects(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:512K");
	struct mymm_pool *far = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "cache", 96);
	struct mymm_cache *other = mymm_test_cache(test, pool, "other", 96);
	struct mymm_cache *farther = mymm_test_cache(test, far, "far", 96);
	struct mymm_frame *frame = mymm_alloc_pages(pool, GFP_KERNEL, 0);
	void *page = mymm_frame_address(pool, frame);
	void *obj = mymm_cache_alloc(cache, GFP_KERNEL);
	void *theirs = mymm_cache_alloc(other, GFP_KERNEL);
	void *foreign = mymm_cache_alloc(farther, GFP_KERNEL);
	u32 slab_pfn = mymm_pool_index(pool, obj);
	void *slab = mymm_pool_address(pool, slab_pfn);
	atomic_long_t *count = &pool->refused[MYMM_REFUSED_NOT_START];
	unsigned int i;

	KUNIT_ASSERT_TRUE(test, page && obj && theirs && foreign);
	/* Every address of the slab at which no object begins, and its waste. */
	for (i = 0; i < PAGE_SIZE; i++)
		if (i % cache->size ||
		    i / cache->size >= PAGE_SIZE / cache->size)
			if (mymm_cache_free(cache, slab + i) != -EINVAL)
				KUNIT_FAIL(test, "%u bytes into a slab", i);
	KUNIT_EXPECT_EQ(test, atomic_long_read(count),
			PAGE_SIZE - PAGE_SIZE / cache->size);
	REFUSED(NOT_START, -EINVAL, mymm_cache_free(cache, obj + 8));
	REFUSED(WRONG_CACHE, -EINVAL, mymm_cache_free(cache, theirs));
	REFUSED(WRONG_CACHE, -EINVAL, mymm_cache_free(other, obj));
	REFUSED(FOREIGN, -EINVAL, mymm_cache_free(cache, foreign));
	REFUSED(FOREIGN, -EINVAL, mymm_cache_free(cache, NULL));
	REFUSED(FOREIGN, -EINVAL, mymm_cache_free(cache, &obj));
	REFUSED(FOREIGN, -EINVAL, mymm_cache_free(cache, pool->base - 96));
	REFUSED(FOREIGN, -EINVAL,
		mymm_cache_free(cache, pool->base + pool->bytes));
	REFUSED(WRONG_KIND, -EINVAL, mymm_cache_free(cache, page));
	/* A free page, at the end of the pool. */
	REFUSED(WRONG_KIND, -EINVAL,
		mymm_cache_free(cache, pool->base + pool->bytes - PAGE_SIZE));

	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	MYMM_EXPECT_OK(test, mymm_cache_free(other, theirs));
	MYMM_EXPECT_OK(test, mymm_cache_free(farther, foreign));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));
}

/* In a bulk free each object is checked by itself: the good ones are freed, the others counted. */
static void wrong_among_many(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "cache", 96);
	atomic_long_t *count = pool->refused;
	void *objs[8];

	KUNIT_ASSERT_EQ(test, mymm_cache_alloc_bulk(cache, GFP_KERNEL, 5, objs),
			5);
	objs[5] = objs[0];
	objs[6] = objs[1] + 8;
	objs[7] = NULL;
	KUNIT_EXPECT_EQ(test, mymm_cache_free_bulk(cache, 8, objs), -EINVAL);
	KUNIT_EXPECT_EQ(test,
			atomic_long_read(&count[MYMM_REFUSED_DOUBLE_FREE]), 1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&count[MYMM_REFUSED_NOT_START]),
			1);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&count[MYMM_REFUSED_FOREIGN]),
			1);
	mymm_cache_shrink(cache);
	KUNIT_EXPECT_EQ(test, mymm_test_active(cache), 0);
	MYMM_EXPECT_UNCHANGED(test, pool, 0,
			      mymm_cache_free_bulk(cache, 0, objs));
	MYMM_EXPECT_UNCHANGED(test, pool, 0,
			      mymm_cache_alloc_bulk(cache, GFP_KERNEL, 0,
						    objs));
}

/* Caches that can't be; nothing of them is left. */
static void bad_caches(struct kunit *test)
{
	static const struct {
		struct mymm_cache_config config;
		int error;
	} bad[] = {
		{ { .name = NULL, .size = 8 }, -EINVAL },
		{ { .name = "", .size = 8 }, -EINVAL },
		{ { .name = "a b", .size = 8 }, -EINVAL },
		{ { .name = "a\tb", .size = 8 }, -EINVAL },
		{ { .name = "a\nb", .size = 8 }, -EINVAL },
		{ { .name = "caf\xc3\xa9", .size = 8 }, -EINVAL },
		{ { .name = "#name", .size = 8 }, -EINVAL },
		{ { .name = "a-name-that-has-32-characters---", .size = 8 },
		  -EINVAL },
		{ { .name = "kmalloc-8", .size = 8 }, -EEXIST },
		{ { .name = "ok", .size = 0 }, -EINVAL },
		{ { .name = "ok", .size = (4 << 20) + 1 }, -EINVAL },
		{ { .name = "ok", .size = ~0U }, -EINVAL },
		{ { .name = "user", .size = 64, .usersize = 65 }, -EINVAL },
		{ { .name = "user",
		    .size = 64,
		    .useroffset = 33,
		    .usersize = 32 },
		  -EINVAL },
		{ { .name = "user", .size = 64, .useroffset = ~0U }, -EINVAL },
		{ { .name = "ok", .size = 4 << 20, .flags = SLAB_POISON },
		  -EINVAL },
		{ { .name = "ok", .size = 8, .align = 3 }, -EINVAL },
		{ { .name = "ok", .size = 8, .align = 24 }, -EINVAL },
		{ { .name = "ok", .size = 8, .align = 8192 }, -EINVAL },
		{ { .name = "ok", .size = 8, .align = 1U << 31 }, -EINVAL },
		{ { .name = "ok", .size = 8, .flags = SLAB_PANIC }, -EINVAL },
		{ { .name = "ok",
		    .size = 8,
		    .flags = SLAB_TYPESAFE_BY_RCU,
		    .engine = "slob" },
		  -EOPNOTSUPP },
		{ { .name = "ok",
		    .size = 8,
		    .flags = SLAB_CACHE_DMA | SLAB_CACHE_DMA32 },
		  -EINVAL },
		{ { .name = "ok", .size = 8, .engine = "slup" }, -EINVAL },
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:128K");
	unsigned int users = refcount_read(&pool->users), i;
	struct mymm_cache *cache;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct mymm_test_state before = mymm_test_state(pool);

		cache = mymm_cache_create(pool, &bad[i].config);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(cache), bad[i].error,
				    "number %u", i);
		mymm_test_same(test, pool, &before, -1, "a bad cache");
	}
	KUNIT_EXPECT_EQ(test, refcount_read(&pool->users), users);
}

/* --- bytes -------------------------------------------------------------------- */

static void wrong_kfrees(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_frame *frame = mymm_alloc_pages(pool, GFP_KERNEL, 1);
	void *page = mymm_frame_address(pool, frame);
	void *small = mymm_kmalloc(pool, 100, GFP_KERNEL);
	void *large = mymm_kmalloc(pool, 12000, GFP_KERNEL);
	char on_stack[8];

	KUNIT_ASSERT_TRUE(test, page && small && large);
	MYMM_EXPECT_UNCHANGED(test, pool, 0, mymm_kfree(NULL));
	MYMM_EXPECT_UNCHANGED(test, pool, 0, mymm_kfree(ZERO_SIZE_PTR));
	/* In no pool: no pool can count these. */
	MYMM_EXPECT_UNCHANGED(test, pool, -EINVAL, mymm_kfree(on_stack));
	MYMM_EXPECT_UNCHANGED(test, pool, -EINVAL, mymm_kfree(test));
	MYMM_EXPECT_UNCHANGED(test, pool, -EINVAL, mymm_kfree((void *)~0UL));
	MYMM_EXPECT_UNCHANGED(test, pool, -EINVAL,
			      mymm_kfree(pool->base + pool->bytes));

	REFUSED(NOT_START, -EINVAL, mymm_kfree(small + 1));
	REFUSED(WRONG_KIND, -EINVAL, mymm_kfree(page));
	REFUSED(WRONG_KIND, -EINVAL, mymm_kfree(large + 8));
	REFUSED(WRONG_KIND, -EINVAL, mymm_kfree(large + PAGE_SIZE));
	MYMM_EXPECT_OK(test, mymm_kfree(small));
	REFUSED(DOUBLE_FREE, -EINVAL, mymm_kfree(small));
	MYMM_EXPECT_OK(test, mymm_kfree(large));
	REFUSED(DOUBLE_FREE, -EINVAL, mymm_kfree(large));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 1));
}

/*
 * A large kmalloc freed twice, when its frame has become the inside of a larger free
 * block:	L... l...  =>  4...............
 */
static void double_kfree_inside_block(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:64K");
	void *low = mymm_kmalloc(pool, 16384, GFP_KERNEL);
	void *high = mymm_kmalloc(pool, 16384, GFP_KERNEL);

	KUNIT_ASSERT_PTR_EQ(test, high, low + 16384);
	MYMM_EXPECT_OK(test, mymm_kfree(high));
	MYMM_EXPECT_OK(test, mymm_kfree(low));
	KUNIT_EXPECT_EQ(test, pool->zone[0].buddy.type[0].nonempty, BIT(4));
	REFUSED(DOUBLE_FREE, -EINVAL, mymm_kfree(high));
	REFUSED(DOUBLE_FREE, -EINVAL, mymm_kfree(low));
}

static void wrong_sizes(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_pool *other = mymm_test_pool(test, "DMA:256K");
	void *theirs = mymm_kmalloc(other, 64, GFP_KERNEL);
	void *ours = mymm_kmalloc(pool, 64, GFP_KERNEL);
	char on_stack[8];

	REFUSED(SIZE, 0, mymm_kmalloc(pool, (4 << 20) + 1, GFP_KERNEL));
	REFUSED(SIZE, 0, mymm_kmalloc(pool, ~0UL, GFP_KERNEL));
	REFUSED(SIZE, 0, mymm_krealloc(pool, ours, ~0UL, GFP_KERNEL));
	REFUSED(FOREIGN, 0, mymm_krealloc(pool, theirs, 100, GFP_KERNEL));
	REFUSED(FOREIGN, 0, mymm_krealloc(pool, on_stack, 100, GFP_KERNEL));
	REFUSED(FOREIGN, 0, mymm_krealloc(pool, on_stack, 0, GFP_KERNEL));
	REFUSED(FOREIGN, 0, mymm_krealloc(pool, theirs, 0, GFP_KERNEL));
	REFUSED(FOREIGN, 0, mymm_krealloc(pool, ours + 8, 100, GFP_KERNEL));
	MYMM_EXPECT_OK(test, mymm_kfree(ours));
	REFUSED(DOUBLE_FREE, 0, mymm_krealloc(pool, ours, 10, GFP_KERNEL));
	REFUSED(DOUBLE_FREE, 0, mymm_krealloc(pool, ours, 1000, GFP_KERNEL));
	REFUSED(DOUBLE_FREE, 0, mymm_krealloc(pool, ours, 0, GFP_KERNEL));
	MYMM_EXPECT_OK(test, mymm_kfree(theirs));
}

/* --- NMI ----------------------------------------------------------------------- */

/* With interrupts off, since an interrupt would take itself for an NMI, too. */
static unsigned long nmi_begin(void)
{
	unsigned long flags;

	local_irq_save(flags);
	__preempt_count_add(NMI_OFFSET);
	return flags;
}

static void nmi_end(unsigned long flags)
{
	__preempt_count_sub(NMI_OFFSET);
	local_irq_restore(flags);
}

#define AS_IN_NMI(call)                              \
	({                                           \
		unsigned long __flags = nmi_begin(); \
		long __result = (long)(call);        \
		nmi_end(__flags);                    \
		__result;                            \
	})

static void nmi_refused(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "cache", 64);
	struct mymm_frame *frame = mymm_alloc_pages(pool, GFP_KERNEL, 0);
	void *obj = mymm_cache_alloc(cache, GFP_KERNEL);
	void *small = mymm_kmalloc(pool, 64, GFP_KERNEL);
	void *large = mymm_kmalloc(pool, 10000, GFP_KERNEL);
	void *objs[2] = { obj, obj };

	KUNIT_ASSERT_TRUE(test, frame && obj && small && large);
	REFUSED(NMI, 0, AS_IN_NMI(mymm_alloc_pages(pool, GFP_ATOMIC, 0)));
	REFUSED(NMI, -EPERM, AS_IN_NMI(mymm_free_pages(pool, frame, 0)));
	REFUSED(NMI, 0, AS_IN_NMI(mymm_cache_alloc(cache, GFP_ATOMIC)));
	REFUSED(NMI, -EPERM, AS_IN_NMI(mymm_cache_free(cache, obj)));
	REFUSED(NMI, 0,
		AS_IN_NMI(mymm_cache_alloc_bulk(cache, GFP_ATOMIC, 2, objs)));
	REFUSED(NMI, -EPERM, AS_IN_NMI(mymm_cache_free_bulk(cache, 2, objs)));
	REFUSED(NMI, 0, AS_IN_NMI(mymm_kmalloc(pool, 64, GFP_ATOMIC)));
	REFUSED(NMI, 0, AS_IN_NMI(mymm_kmalloc(pool, 10000, GFP_ATOMIC)));
	REFUSED(NMI, -EPERM, AS_IN_NMI(mymm_kfree(small)));
	REFUSED(NMI, -EPERM, AS_IN_NMI(mymm_kfree(large)));
	REFUSED(NMI, 0, AS_IN_NMI(mymm_krealloc(pool, small, 8, GFP_ATOMIC)));
	MYMM_EXPECT_OK(test, mymm_kfree(large));
	MYMM_EXPECT_OK(test, mymm_kfree(small));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));
}

static struct kunit_case refuse_cases[] = {
	KUNIT_CASE(bad_requests),
	KUNIT_CASE(each_frame_by_each_order),
	KUNIT_CASE(free_by_bad_order),
	KUNIT_CASE(foreign_frames),
	MYMM_CASE_COOKIES(wrong_kind),
	MYMM_CASE_COOKIES(wrong_objects),
	MYMM_CASE_COOKIES(wrong_among_many),
	KUNIT_CASE(bad_caches),
	MYMM_CASE_ENGINES(wrong_kfrees),
	MYMM_CASE_ENGINES(double_kfree_inside_block),
	MYMM_CASE_COOKIES(wrong_sizes),
	MYMM_CASE_ENGINES(nmi_refused),
	{},
};

static struct kunit_suite refuse_suite = {
	.name = "mymm_refuse",
	.test_cases = refuse_cases,
};

kunit_test_suite(refuse_suite);
