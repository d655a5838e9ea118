// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs mymm/history, byte for byte: samples as they come, and which are left when there
 * are more than there is room for.
 *
 * Tests: ui/debugfs_history.c
 */
#include "base/fault_inject.h"
#include "lib/text.h"
#include "page/vmstat.h"
#include "ui/debugfs_history.h"

static void end_history(void *history)
{
	mymm_history_destroy(history);
}

static char *text_of(struct kunit *test,
		     void (*show)(struct seq_file *m,
				  struct mymm_history *history),
		     struct mymm_history *history)
{
	struct seq_file m = { .size = 4096 };

	m.buf = kunit_kzalloc(test, m.size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m.buf);
	show(&m, history);
	KUNIT_ASSERT_FALSE(test, seq_has_overflowed(&m));
	return m.buf;
}

static char *history_text(struct kunit *test, struct mymm_history *history)
{
	return text_of(test, mymm_history_show, history);
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

static const char *const no_samples[] = {
	"# node 0, zone DMA",	 HISTORY_HEAD, "",   "",
	"# node 0, zone Normal", HISTORY_HEAD, NULL,
};

static const char *const two_samples[] = {
	"# node 0, zone DMA",
	HISTORY_HEAD,
	"    0.000001    0     DMA      0      0      0      0      1      0      0      0      0      0      0",
	"   12.345678    0     DMA      0      0      0      0      1      0      0      0      0      0      0",
	"",
	"",
	"# node 0, zone Normal",
	HISTORY_HEAD,
	"    0.000001    0  Normal      0      0      0      0      1      0      0      0      0      0      0",
	"   12.345678    0  Normal      1      1      1      1      0      0      0      0      0      0      0",
	NULL,
};

static const char *const last_three[] = {
	"# node 0, zone DMA",
	HISTORY_HEAD,
	"   13.000000    0     DMA      0      0      0      0      1      0      0      0      0      0      0",
	"   14.000000    0     DMA      0      0      0      0      1      0      0      0      0      0      0",
	"123456.999999    0     DMA      0      0      0      0      1      0      0      0      0      0      0",
	"",
	"",
	"# node 0, zone Normal",
	HISTORY_HEAD,
	"   13.000000    0  Normal      0      0      0      0      1      0      0      0      0      0      0",
	"   14.000000    0  Normal      0      0      0      0      0      0      0      0      0      0      0",
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
	mymm_history_clear(history);
	KUNIT_EXPECT_STREQ(test, history_text(test, history),
			   mymm_test_join(test, no_samples));
}

static const char *const happened[] = {
	"#    seconds    fault    major    evict    swpin   swpout  refault  written      oom  migrate",
	"    2.000000        9        8       30        4        5       33       12       13       14",
	"    3.000000        0        0        0        0        0        0        0        0        0",
	"    4.000000        1        0        0        0        0        0        0        1        0",
	NULL,
};

static const char *const from_then_on[] = {
	"#    seconds    fault    major    evict    swpin   swpout  refault  written      oom  migrate",
	"    1.000000        2        0        0        0        0        0        0        0        0",
	NULL,
};

/*
 * What had happened before it was made does not count; nor does what has gone from the ring, or
 * was before it was cleared.
 */
static void events(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_none(test, "DMA:64K");
	struct mymm_history *history;
	int err;

	mymm_vm_count(pool, MYMM_PGFAULT, 1000);
	history = mymm_history_create(pool, 3);
	KUNIT_ASSERT_NOT_NULL(test, history);
	err = kunit_add_action_or_reset(test, end_history, history);
	KUNIT_ASSERT_EQ(test, err, 0);

	mymm_vm_count(pool, MYMM_PSWPIN, 7);
	mymm_history_sample(history, NSEC_PER_SEC);
	mymm_vm_count(pool, MYMM_PGFAULT, 9);
	mymm_vm_count(pool, MYMM_PGMAJFAULT, 8);
	mymm_vm_count(pool, MYMM_PGSTEAL_ANON, 10);
	mymm_vm_count(pool, MYMM_PGSTEAL_FILE, 20);
	mymm_vm_count(pool, MYMM_PSWPIN, 4);
	mymm_vm_count(pool, MYMM_PSWPOUT, 5);
	mymm_vm_count(pool, MYMM_WORKINGSET_REFAULT_ANON, 11);
	mymm_vm_count(pool, MYMM_WORKINGSET_REFAULT_FILE, 22);
	mymm_vm_count(pool, MYMM_NR_WRITTEN, 12);
	mymm_vm_count(pool, MYMM_OOM_KILL, 13);
	atomic_long_add(14, &pool->compact.pgmigrate_success);
	mymm_history_sample(history, 2 * NSEC_PER_SEC);
	mymm_history_sample(history, 3 * NSEC_PER_SEC);
	mymm_vm_count(pool, MYMM_PGFAULT, 1);
	mymm_vm_count(pool, MYMM_OOM_KILL, 1);
	mymm_history_sample(history, 4 * NSEC_PER_SEC);
	KUNIT_EXPECT_STREQ(test,
			   text_of(test, mymm_history_show_events, history),
			   mymm_test_join(test, happened));
	mymm_vm_count(pool, MYMM_PGFAULT, 3);
	mymm_history_clear(history);
	mymm_vm_count(pool, MYMM_PGFAULT, 2);
	mymm_history_sample(history, NSEC_PER_SEC);
	KUNIT_EXPECT_STREQ(test,
			   text_of(test, mymm_history_show_events, history),
			   mymm_test_join(test, from_then_on));
}

/* Each of its four allocations fails once; then there is no history, and no leak. */
static void history_no_memory(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_none(test, "DMA:64K");
	struct mymm_history *history = NULL;
	unsigned long nth;

	for (nth = 1; nth <= 4; nth++) {
		mymm_inject_arm(nth);
		history = mymm_history_create(pool, 3);
		KUNIT_EXPECT_EQ(test, mymm_inject_disarm(), nth);
		KUNIT_ASSERT_NULL(test, history);
	}
	mymm_inject_arm(nth);
	history = mymm_history_create(pool, 3);
	KUNIT_EXPECT_EQ(test, mymm_inject_disarm(), 4);
	KUNIT_ASSERT_NOT_NULL(test, history);
	mymm_history_destroy(history);
}

static struct kunit_case history_cases[] = {
	KUNIT_CASE(history),
	KUNIT_CASE(events),
	KUNIT_CASE(history_no_memory),
	{},
};

static struct kunit_suite history_suite = {
	.name = "mymm_history",
	.test_cases = history_cases,
};

kunit_test_suite(history_suite);
