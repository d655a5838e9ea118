// SPDX-License-Identifier: GPL-2.0
/*
 * Drains of per-CPU page lists: all blocks go back to their zone, on request, and when their
 * CPU goes offline.
 *
 * Tests: page/pcp_drain.c page/pcp_cpu.c base/percpu_work.c
 */
#include <linux/cpu.h>

#include "lib/lists.h"
#include "page/pcp_cpu.h"

static void drain_mine(struct mymm_test_thread *thread)
{
	mymm_pcp_drain_local(thread->data);
}

/* A CPU's own lists, and those of all CPUs; free frames are then all the zone's. */
static void drained(struct kunit *test)
{
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 64, 64);
	struct mymm_zone *zone = &pool->zone[0];
	int cpu;

	mymm_test_on_each_cpu(test, mymm_lists_leave_some, pool);
	MYMM_EXPECT_LISTS_SOUND(test, pool);
	for_each_online_cpu(cpu) {
		KUNIT_EXPECT_GE(test,
				mymm_pcp_count(mymm_lists_of(pool, zone, cpu)),
				8 + 8 + 8 + 16);
		mymm_test_on_cpu(test, cpu, drain_mine, pool);
		KUNIT_EXPECT_EQ(test,
				mymm_pcp_count(mymm_lists_of(pool, zone, cpu)),
				0);
		MYMM_EXPECT_LISTS_SOUND(test, pool);
		MYMM_EXPECT_SOUND(test, pool);
	}
	KUNIT_EXPECT_EQ(test, zone->buddy.free, 2048);

	mymm_test_on_each_cpu(test, mymm_lists_leave_some, pool);
	KUNIT_EXPECT_GE(test, mymm_pcp_frames(pool, zone),
			40 * num_online_cpus());
	mymm_pool_drain(pool);
	KUNIT_EXPECT_EQ(test, mymm_pcp_frames(pool, zone), 0);
	KUNIT_EXPECT_EQ(test, zone->buddy.free, 2048);
	KUNIT_EXPECT_EQ(test, mymm_buddy_nr_free(&zone->buddy, 10), 2);
}

static void cpu_back(void *data)
{
	add_cpu((unsigned long)data);
}

/* The last CPU has blocks in its lists, and goes offline: its zone gets them, and merges them. */
static void cpu_goes_away(struct kunit *test)
{
	unsigned int last = cpumask_last(cpu_online_mask);
	struct mymm_pool *pool = mymm_lists_pool(test, 8, 64, 64);
	struct mymm_zone *zone = &pool->zone[0];
	struct mymm_pcp *pcp = mymm_lists_of(pool, zone, last);
	int err;

	if (num_online_cpus() < 2 || !cpu_is_hotpluggable(last))
		kunit_skip(test, "no CPU can go away");
	mymm_test_on_cpu(test, last, mymm_lists_leave_some, pool);
	KUNIT_EXPECT_GE(test, mymm_pcp_count(pcp), 40);

	err = kunit_add_action(test, cpu_back, (void *)(unsigned long)last);
	KUNIT_ASSERT_EQ(test, err, 0);
	MYMM_EXPECT_OK(test, remove_cpu(last));
	KUNIT_EXPECT_EQ(test, mymm_pcp_count(pcp), 0);
	KUNIT_EXPECT_EQ(test, zone->buddy.free, 2048);
	KUNIT_EXPECT_EQ(test, mymm_buddy_nr_free(&zone->buddy, 10), 2);
	MYMM_EXPECT_LISTS_SOUND(test, pool);
	MYMM_EXPECT_SOUND(test, pool);
	mymm_pool_drain(pool);
	kunit_release_action(test, cpu_back, (void *)(unsigned long)last);

	mymm_test_on_cpu(test, last, mymm_lists_leave_some, pool);
	KUNIT_EXPECT_GT(test, mymm_pcp_count(pcp), 0);
	MYMM_EXPECT_LISTS_SOUND(test, pool);
}

static struct kunit_case pcp_drain_cases[] = {
	KUNIT_CASE(drained),
	KUNIT_CASE(cpu_goes_away),
	{},
};

static struct kunit_suite pcp_drain_suite = {
	.name = "mymm_pcp_drain",
	.test_cases = pcp_drain_cases,
};

kunit_test_suite(pcp_drain_suite);
