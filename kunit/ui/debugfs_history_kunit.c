// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs mymm/history, byte for byte: samples as they come, and which are left when there
 * are more than there is room for.
 *
 * Tests: ui/debugfs_history.c
 */
#include "base/fault_inject.h"
#include "lib/text.h"
#include "ui/debugfs_history.h"

static void end_history(void *history)
{
	mymm_history_destroy(history);
}

static char *history_text(struct kunit *test, struct mymm_history *history)
{
	struct seq_file m = { .size = 4096 };

	m.buf = kunit_kzalloc(test, m.size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m.buf);
	mymm_history_show(&m, history);
	KUNIT_ASSERT_FALSE(test, seq_has_overflowed(&m));
	return m.buf;
}

static struct mymm_frame *get(struct kunit *test, struct mymm_pool *pool,
			      unsigned int order)
{
	struct mymm_frame *frame = mymm_alloc_pages(pool, GFP_KERNEL, order);

	KUNIT_ASSERT_NOT_NULL(test, frame);
	return frame;
}

#define HISTORY_HEAD \
	"#    seconds node    zone      0      1      2      3      4      5      6      7      8      9     10"

static const char *const no_samples[] = { HISTORY_HEAD, NULL };

static const char *const two_samples[] = {
	HISTORY_HEAD,
	"    0.000001    0     DMA      0      0      0      0      1      0      0      0      0      0      0",
	"    0.000001    0  Normal      0      0      0      0      1      0      0      0      0      0      0",
	"   12.345678    0     DMA      0      0      0      0      1      0      0      0      0      0      0",
	"   12.345678    0  Normal      1      1      1      1      0      0      0      0      0      0      0",
	NULL,
};

static const char *const last_three[] = {
	HISTORY_HEAD,
	"   13.000000    0     DMA      0      0      0      0      1      0      0      0      0      0      0",
	"   13.000000    0  Normal      0      0      0      0      1      0      0      0      0      0      0",
	"   14.000000    0     DMA      0      0      0      0      1      0      0      0      0      0      0",
	"   14.000000    0  Normal      0      0      0      0      0      0      0      0      0      0      0",
	"123456.999999    0     DMA      0      0      0      0      1      0      0      0      0      0      0",
	"123456.999999    0  Normal      0      0      0      0      1      0      0      0      0      0      0",
	NULL,
};

/* Two zones of 16 frames; room for three samples, of which five are taken. */
static void history(struct kunit *test)
{
	struct mymm_pool *pool =
		mymm_test_pool_none(test, "DMA:64K,Normal:64K");
	struct mymm_history *history = mymm_history_create(pool, 3);
	struct mymm_frame *frame;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, history);
	err = kunit_add_action_or_reset(test, end_history, history);
	KUNIT_ASSERT_EQ(test, err, 0);

	KUNIT_EXPECT_STREQ(test, history_text(test, history),
			   mymm_test_join(test, no_samples));
	mymm_history_sample(history, 1999);
	frame = get(test, pool, 0);
	mymm_history_sample(history, 12345678901ULL);
	KUNIT_EXPECT_STREQ(test, history_text(test, history),
			   mymm_test_join(test, two_samples));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));
	mymm_history_sample(history, 13 * NSEC_PER_SEC);
	frame = get(test, pool, 4);
	mymm_history_sample(history, 14 * NSEC_PER_SEC);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 4));
	mymm_history_sample(history, 123457 * NSEC_PER_SEC - 1);
	KUNIT_EXPECT_STREQ(test, history_text(test, history),
			   mymm_test_join(test, last_three));
}

/* Each of its three allocations fails once; then there is no history, and no leak. */
static void history_no_memory(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_none(test, "DMA:64K");
	struct mymm_history *history = NULL;
	unsigned long nth;

	for (nth = 1; nth <= 3; nth++) {
		mymm_inject_arm(nth);
		history = mymm_history_create(pool, 3);
		KUNIT_EXPECT_EQ(test, mymm_inject_disarm(), nth);
		KUNIT_ASSERT_NULL(test, history);
	}
	mymm_inject_arm(nth);
	history = mymm_history_create(pool, 3);
	KUNIT_EXPECT_EQ(test, mymm_inject_disarm(), 3);
	KUNIT_ASSERT_NOT_NULL(test, history);
	mymm_history_destroy(history);
}

static struct kunit_case history_cases[] = {
	KUNIT_CASE(history),
	KUNIT_CASE(history_no_memory),
	{},
};

static struct kunit_suite history_suite = {
	.name = "mymm_history",
	.test_cases = history_cases,
};

kunit_test_suite(history_suite);
