// SPDX-License-Identifier: GPL-2.0
/*
 * Batches whose operations name each other: what an operation made, freed once, never twice,
 * and each reference that can't be meant refused with an error of its own.
 *
 * Tests: ui/operation.c ui/handle.c
 */
#include "cache/alias.h"
#include "lib/util.h"
#include "ui/operation.h"

#define OPS 16

/**
 * struct batch - a session, and a batch of it under way
 * @session: the session
 * @made: what its operations made
 */
struct batch {
	struct mymm_session session;
	struct mymm_made *made;
};

static void end_session(void *session)
{
	mymm_session_end(session);
}

static struct batch *begin_in(struct kunit *test, struct mymm_pool *pool,
			      u32 nr)
{
	struct batch *batch = kunit_kzalloc(test, sizeof(*batch), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, batch);
	batch->made = kunit_kzalloc(test, struct_size(batch->made, handle, nr),
				    GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, batch->made);
	batch->made->nr = nr;
	mymm_session_begin(&batch->session, pool, (struct mymm_owner){ 0 });
	KUNIT_ASSERT_EQ(test,
			kunit_add_action_or_reset(test, end_session,
						  &batch->session),
			0);
	return batch;
}

static struct batch *begin(struct kunit *test, u32 nr)
{
	return begin_in(test, mymm_test_pool(test, "Normal:1M"), nr);
}

static int run(struct batch *batch, struct mymm_op *op)
{
	guard(mutex)(&batch->session.lock);
	return mymm_session_run(&batch->session, batch->made, op);
}

static int kmalloc_op(struct batch *batch, u64 bytes)
{
	struct mymm_op op = { .op = MYMM_OP_KMALLOC, .arg = bytes };

	return run(batch, &op);
}

static int kfree_op(struct batch *batch, u32 handle)
{
	struct mymm_op op = { .op = MYMM_OP_KFREE, .handle = handle };

	return run(batch, &op);
}

/* What an operation made can be resized and freed by the operation's number. */
static void refs(struct kunit *test)
{
	struct batch *batch = begin(test, 5);
	struct mymm_op resize = { .op = MYMM_OP_KREALLOC,
				  .handle = MYMM_REF(0),
				  .arg = 5000 };
	struct mymm_op pages = { .op = MYMM_OP_PAGES_ALLOC, .arg = 2 };
	struct mymm_op end = { .op = MYMM_OP_PAGES_FREE,
			       .handle = MYMM_REF(2),
			       .arg = 2 };

	MYMM_EXPECT_OK(test, kmalloc_op(batch, 100));
	MYMM_EXPECT_OK(test, run(batch, &resize));
	KUNIT_EXPECT_EQ_MSG(test, resize.handle, 1, "the handle is told");
	KUNIT_EXPECT_EQ(test, resize.bytes, 8192);
	MYMM_EXPECT_OK(test, run(batch, &pages));
	MYMM_EXPECT_OK(test, run(batch, &end));
	KUNIT_EXPECT_EQ(test, end.handle, pages.handle);
	MYMM_EXPECT_OK(test, kfree_op(batch, MYMM_REF(0)));
	KUNIT_EXPECT_EQ(test, batch->session.held, 0);
}

/* Each reference that names no handle has its own error, and changes nothing. */
static void bad_refs(struct kunit *test)
{
	struct batch *batch = begin(test, OPS);
	struct mymm_pool *pool = batch->session.pool;
	struct mymm_op alloc = { .op = MYMM_OP_KMALLOC,
				 .handle = MYMM_REF(0),
				 .arg = 100 };

	MYMM_EXPECT_OK(test, kmalloc_op(batch, 100)); /* operation 0 */
	KUNIT_EXPECT_EQ(test, kmalloc_op(batch, 0), -EINVAL); /* 1 */
	MYMM_EXPECT_UNCHANGED(test, pool, -ERANGE,
			      kfree_op(batch, MYMM_REF(OPS)));
	MYMM_EXPECT_UNCHANGED(test, pool, -ERANGE, kfree_op(batch, U32_MAX));
	MYMM_EXPECT_UNCHANGED(test, pool, -ENODATA,
			      kfree_op(batch, MYMM_REF(OPS - 1)));
	MYMM_EXPECT_UNCHANGED(test, pool, -ENODATA,
			      kfree_op(batch, MYMM_REF(5))); /* itself */
	MYMM_EXPECT_UNCHANGED(test, pool, -ECANCELED,
			      kfree_op(batch, MYMM_REF(1)));
	MYMM_EXPECT_UNCHANGED(test, pool, -EINVAL, run(batch, &alloc));
	MYMM_EXPECT_OK(test, kfree_op(batch, MYMM_REF(0))); /* 8 */
	MYMM_EXPECT_UNCHANGED(test, pool, -ESTALE,
			      kfree_op(batch, MYMM_REF(0)));
	MYMM_EXPECT_UNCHANGED(test, pool, -ECANCELED,
			      kfree_op(batch, MYMM_REF(8)));
	KUNIT_EXPECT_EQ(test, batch->session.held, 0);
}

/* A handle is used again: a reference to its former owner does not free the new one's. */
static void reused(struct kunit *test)
{
	struct batch *batch = begin(test, OPS);
	struct mymm_pool *pool = batch->session.pool;

	MYMM_EXPECT_OK(test,
		       kmalloc_op(batch, 100)); /* operation 0: handle 1 */
	MYMM_EXPECT_OK(test, kfree_op(batch, 1));
	MYMM_EXPECT_OK(test, kmalloc_op(batch, 100)); /* 2: handle 1 again */
	KUNIT_ASSERT_EQ(test, batch->made->handle[2], 1);
	MYMM_EXPECT_OK(test, kmalloc_op(batch, 100));
	MYMM_EXPECT_UNCHANGED(test, pool, -ESTALE,
			      kfree_op(batch, MYMM_REF(0)));
	MYMM_EXPECT_OK(test, kfree_op(batch, MYMM_REF(2)));
	MYMM_EXPECT_OK(test, kfree_op(batch, MYMM_REF(3)));
	KUNIT_EXPECT_EQ(test, batch->session.held, 0);
}

/* Without MYMM_BATCH_REFS a reference is a number that no handle has. */
static void not_asked_for(struct kunit *test)
{
	struct batch *batch = begin(test, OPS);
	struct mymm_made *made = batch->made;

	MYMM_EXPECT_OK(test, kmalloc_op(batch, 100));
	batch->made = NULL;
	MYMM_EXPECT_UNCHANGED(test, batch->session.pool, -ENOENT,
			      kfree_op(batch, MYMM_REF(0)));
	batch->made = made;
	MYMM_EXPECT_OK(test, kfree_op(batch, MYMM_REF(0)));
}

/* The operation finds no memory; returns the reason that it reports. */
static u32 reason_of(struct kunit *test, struct batch *batch, struct mymm_op op,
		     u32 order)
{
	op.flags |= MYMM_GFP_NOWARN;
	op.reason = 99;
	op.order = 99;
	KUNIT_EXPECT_EQ(test, run(batch, &op), -ENOMEM);
	KUNIT_EXPECT_EQ(test, op.order, order);
	return op.reason;
}

/*
 * A zone of 256 frames that are one block. There is no block of 512; that of 256 must stay,
 * since some frames must; each frame is held, so none is free; each second one is freed,
 * so no two are. A kmalloc has the same reasons for its block.
 */
static void reasons(struct kunit *test)
{
	const struct mymm_tuning tuning = { .min_free_kbytes = 32,
					    .watermark_scale_factor = 10 };
	struct mymm_pool *pool = mymm_test_pool_config(
		test,
		&(struct mymm_pool_config){
			.zones = "Normal:1M",
			.flags = MYMM_POOL_BARE & ~MYMM_POOL_NO_WATERMARKS,
			.tuning = &tuning,
		});
	struct batch *batch = begin_in(test, pool, 256 + 128 + OPS);
	struct mymm_op block = { .op = MYMM_OP_PAGES_ALLOC, .arg = 9 };
	struct mymm_op bytes = { .op = MYMM_OP_KMALLOC, .arg = 1 << 20 };
	u32 i;

	KUNIT_EXPECT_EQ(test, reason_of(test, batch, block, 9),
			MYMM_REASON_EMPTY);
	block.arg = 8;
	KUNIT_EXPECT_EQ(test, reason_of(test, batch, block, 8),
			MYMM_REASON_WATERMARK);
	KUNIT_EXPECT_EQ(test, reason_of(test, batch, bytes, 8),
			MYMM_REASON_WATERMARK);
	block.flags = MYMM_GFP_DMA;
	KUNIT_EXPECT_EQ(test, reason_of(test, batch, block, 8),
			MYMM_REASON_NO_ZONE);
	for (i = 0; i < 256; i++) {
		struct mymm_op op = { .op = MYMM_OP_PAGES_ALLOC,
				      .flags = MYMM_GFP_MEMALLOC,
				      .reason = 99,
				      .order = 99 };

		MYMM_EXPECT_OK(test, run(batch, &op));
		KUNIT_ASSERT_EQ(test, op.handle, i + 1);
		KUNIT_ASSERT_EQ(test, op.reason, 0);
		KUNIT_ASSERT_EQ(test, op.order, 0);
	}
	bytes.arg = 100;
	KUNIT_EXPECT_EQ(test, reason_of(test, batch, bytes, 0),
			MYMM_REASON_EMPTY);
	for (i = 0; i < 256; i += 2) {
		struct mymm_op op = { .op = MYMM_OP_PAGES_FREE,
				      .handle = i + 1 };

		MYMM_EXPECT_OK(test, run(batch, &op));
	}
	block.arg = 1;
	block.flags = 0;
	KUNIT_EXPECT_EQ(test, reason_of(test, batch, block, 1),
			MYMM_REASON_FRAGMENTED);
	bytes.arg = 8192 + 1;
	KUNIT_EXPECT_EQ(test, reason_of(test, batch, bytes, 2),
			MYMM_REASON_FRAGMENTED);
}

/* A cache of objects of @size bytes; its handle. */
static u32 cache_op(struct kunit *test, struct batch *batch, const char *label,
		    unsigned int size)
{
	struct mymm_session *s = &batch->session;
	struct mymm_cache *cache = mymm_cache_create(
		s->pool,
		&(struct mymm_cache_config){ .name = label, .size = size });
	u32 handle;

	KUNIT_ASSERT_FALSE(test, IS_ERR(cache));
	guard(mutex)(&s->lock);
	KUNIT_ASSERT_EQ(test,
			mymm_handle_new(s, mymm_name_of(cache, label), &handle),
			0);
	return handle;
}

/*
 * An object fails for the block of a slab: the smallest that has room for one, here a page, and
 * two. Each frame is held, so none is free; each second one is freed, so no two are.
 */
static void object_reasons(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_config(
		test, &(struct mymm_pool_config){ .zones = "Normal:1M",
						  .flags = MYMM_POOL_BARE });
	struct batch *batch = begin_in(test, pool, 256 + 128 + OPS);
	struct mymm_op small = { .op = MYMM_OP_OBJ_ALLOC,
				 .cache = cache_op(test, batch, "small", 64) };
	struct mymm_op large = { .op = MYMM_OP_OBJ_ALLOC,
				 .cache =
					 cache_op(test, batch, "large", 5000) };
	u32 handle[256], i;

	for (i = 0; i < ARRAY_SIZE(handle); i++) {
		struct mymm_op op = { .op = MYMM_OP_PAGES_ALLOC };

		MYMM_EXPECT_OK(test, run(batch, &op));
		handle[i] = op.handle;
	}
	KUNIT_EXPECT_EQ(test, reason_of(test, batch, small, 0),
			MYMM_REASON_EMPTY);
	KUNIT_EXPECT_EQ(test, reason_of(test, batch, large, 1),
			MYMM_REASON_EMPTY);
	for (i = 0; i < ARRAY_SIZE(handle); i += 2) {
		struct mymm_op op = { .op = MYMM_OP_PAGES_FREE,
				      .handle = handle[i] };

		MYMM_EXPECT_OK(test, run(batch, &op));
	}
	KUNIT_EXPECT_EQ(test, reason_of(test, batch, large, 1),
			MYMM_REASON_FRAGMENTED);
	small.reason = 99;
	small.order = 99;
	MYMM_EXPECT_OK(test, run(batch, &small));
	KUNIT_EXPECT_EQ(test, small.reason, MYMM_REASON_NONE);
	KUNIT_EXPECT_EQ(test, small.order, 0);
}

static struct kunit_case operation_cases[] = {
	KUNIT_CASE(refs),
	KUNIT_CASE(bad_refs),
	KUNIT_CASE(reused),
	KUNIT_CASE(not_asked_for),
	KUNIT_CASE(reasons),
	KUNIT_CASE(object_reasons),
	{},
};

static struct kunit_suite operation_suite = {
	.name = "mymm_operation",
	.test_cases = operation_cases,
};

kunit_test_suite(operation_suite);
