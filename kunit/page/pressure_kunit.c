// SPDX-License-Identifier: GPL-2.0
/*
 * Pressure: when all that have memory of a pool stall, and when only some do.
 *
 * The task of a case stalls. It has no address space of its own, so that NULL stands for it; there
 * is another, which never stalls.
 *
 * Tests: page/pressure.c
 */
#include <linux/delay.h>

#include "base/compat.h"
#include "lib/util.h"
#include "page/pool.h"
#include "page/pressure.h"

static const struct mm_struct *const other = (const struct mm_struct *)1;

/* Stall for a moment: something does, in any case; do all? */
static bool all_stalled(struct kunit *test, struct mymm_pool *pool)
{
	const u64 *total = pool->reclaim.pressure.total;
	u64 some = total[MYMM_STALLED_SOME], full = total[MYMM_STALLED_FULL];
	struct mymm_stall stall;

	mymm_stall_begin(pool, &stall);
	usleep_range(100, 200);
	mymm_stall_end(pool, &stall);
	some = total[MYMM_STALLED_SOME] - some;
	full = total[MYMM_STALLED_FULL] - full;
	KUNIT_EXPECT_GT(test, some, 0);
	KUNIT_EXPECT_TRUE(test, !full || full == some);
	return full;
}

/* A pool without users: a stall is never full. */
static void nobody_has_any(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");

	KUNIT_EXPECT_FALSE(test, all_stalled(test, pool));
}

/* A task that has none does not stand for one that has. */
static void stranger_counts_for_some(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");
	struct mymm_pressure_user user;

	mymm_pressure_join(pool, &user, other);
	KUNIT_EXPECT_FALSE(test, all_stalled(test, pool));
	mymm_pressure_leave(pool, &user);
}

/* One that has it by two open files is one; with a second that gets on, not all stall. */
static void counts_address_spaces(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");
	struct mymm_pressure_user first, second, third;

	mymm_pressure_join(pool, &first, NULL);
	KUNIT_EXPECT_TRUE(test, all_stalled(test, pool));
	mymm_pressure_join(pool, &second, NULL);
	KUNIT_EXPECT_TRUE(test, all_stalled(test, pool));
	mymm_pressure_join(pool, &third, other);
	KUNIT_EXPECT_FALSE(test, all_stalled(test, pool));
	mymm_pressure_leave(pool, &third);
	KUNIT_EXPECT_TRUE(test, all_stalled(test, pool));
	mymm_pressure_leave(pool, &first);
	mymm_pressure_leave(pool, &second);
	KUNIT_EXPECT_FALSE(test, all_stalled(test, pool));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(nobody_has_any),
	KUNIT_CASE(stranger_counts_for_some),
	KUNIT_CASE(counts_address_spaces),
	{},
};

static struct kunit_suite suite = {
	.name = "mymm_pressure",
	.test_cases = cases,
};

kunit_test_suite(suite);
