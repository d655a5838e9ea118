// SPDX-License-Identifier: GPL-2.0
/*
 * Knobs that are turned while a pool is in use.
 *
 * An invalid value is refused, and nothing changes. After any other change the pool has what a
 * new one with these knobs would have, at once, and its users notice nothing else.
 *
 * Tests: page/tuning.c
 */
#include <linux/cpumask.h>

#include "lib/tuned.h"
#include "page/pcp_cpu.h"
#include "page/registry.h"
#include "page/pcp.h"

static const struct bad_tuning {
	struct mymm_tuning tuning;
	const char *why;
} bad_tunings[] = {
#define BAD(why_, member, ...)                        \
	{                                             \
		.why = why_, .tuning = {              \
			.min_free_kbytes = -1,        \
			.watermark_scale_factor = 10, \
			.member = __VA_ARGS__         \
		}                                     \
	}
	{ .why = "all is 0" },
	BAD("min_free_kbytes: -2", min_free_kbytes, -2),
	BAD("min_free_kbytes: 2^31", min_free_kbytes, 1L << 31),
	BAD("watermark_scale_factor: 0", watermark_scale_factor, 0),
	BAD("watermark_scale_factor: 3001", watermark_scale_factor, 3001),
	BAD("watermark_scale_factor: -1", watermark_scale_factor, -1U),
	BAD("watermark_boost_factor: -1", watermark_boost_factor, -1U),
	BAD("lowmem_reserve_ratio: -1", lowmem_reserve_ratio, { -1U }),
	BAD("lowmem_reserve_ratio: -1, the last", lowmem_reserve_ratio,
	    { 0, 0, 0, 0, -1U }),
	BAD("percpu_pagelist_high_fraction: 1", percpu_pagelist_high_fraction,
	    1),
	BAD("percpu_pagelist_high_fraction: 7", percpu_pagelist_high_fraction,
	    7),
	BAD("percpu_pagelist_high_fraction: -1", percpu_pagelist_high_fraction,
	    -1U),
#undef BAD
};

static void describe_bad(const struct bad_tuning *bad, char *text)
{
	snprintf(text, KUNIT_PARAM_DESC_SIZE, "%s", bad->why);
}

KUNIT_ARRAY_PARAM(bad_tunings, bad_tunings, describe_bad);

/* No pool is created with an invalid knob, and an existing pool does not change. */
static void bad_knobs(struct kunit *test)
{
	const struct bad_tuning *bad = test->param_value;
	const struct mymm_pool_config config = {
		.name = "bad",
		.zones = "Normal:1M",
		.backing = MYMM_BACKING_NONE,
		.tuning = &bad->tuning,
	};
	struct mymm_pool *pool =
		mymm_tuned_pool(test, "DMA:1M,Normal:7M", NULL);
	struct mymm_test_state before = mymm_test_state(pool);
	unsigned int pools = mymm_pool_count();
	struct mymm_zone *zone = kunit_kmalloc(test, sizeof(*zone), GFP_KERNEL);
	struct mymm_tuning tuning;

	KUNIT_ASSERT_NOT_NULL(test, zone);
	memcpy(zone, &pool->zone[1], sizeof(*zone));
	KUNIT_EXPECT_EQ(test, mymm_tuning_check(&bad->tuning), -EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(mymm_pool_create(&config)),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, mymm_pool_count(), pools);
	KUNIT_EXPECT_EQ(test, mymm_tuning_set(pool, &bad->tuning), -EINVAL);
	mymm_test_same(test, pool, &before, -1, bad->why);
	KUNIT_EXPECT_MEMEQ(test, zone, &pool->zone[1], sizeof(*zone));
	KUNIT_EXPECT_EQ(test, mymm_tuning_get(pool, &tuning), 362);
	KUNIT_EXPECT_MEMEQ(test, &tuning, &MYMM_TUNING_DEFAULT, sizeof(tuning));
}

/* Any knobs that may be. */
static struct mymm_tuning random_tuning(struct rnd_state *random)
{
	struct mymm_tuning tuning = {
		.min_free_kbytes = mymm_test_below(random, 4096) - 1L,
		.watermark_scale_factor = 1 + mymm_test_below(random, 300),
		.watermark_boost_factor = mymm_test_below(random, 20000),
	};
	unsigned int i;

	for (i = 0; i < MYMM_NR_RATIOS; i++)
		tuning.lowmem_reserve_ratio[i] = mymm_test_below(random, 300);
	if (mymm_test_below(random, 2))
		tuning.percpu_pagelist_high_fraction =
			8 + mymm_test_below(random, 200);
	return tuning;
}

static void expect_alike(struct kunit *test, const struct mymm_zone *zone,
			 const struct mymm_zone *other)
{
	KUNIT_EXPECT_MEMEQ(test, zone->watermark, other->watermark,
			   sizeof(zone->watermark));
	KUNIT_EXPECT_MEMEQ(test, zone->lowmem_reserve, other->lowmem_reserve,
			   sizeof(zone->lowmem_reserve));
	KUNIT_EXPECT_EQ(test, zone->mark, other->mark);
	KUNIT_EXPECT_EQ(test, zone->fell_below, other->fell_below);
	KUNIT_EXPECT_EQ(test, zone->flags, other->flags);
	KUNIT_EXPECT_EQ(test, zone->watermark_boost, other->watermark_boost);
	KUNIT_EXPECT_EQ(test, zone->boost_factor, other->boost_factor);
	KUNIT_EXPECT_EQ(test, zone->pcp_batch, other->pcp_batch);
	KUNIT_EXPECT_EQ(test, zone->pcp_high_min, other->pcp_high_min);
	KUNIT_EXPECT_EQ(test, zone->pcp_high_max, other->pcp_high_max);
}

/* After any number of turns a pool has what a new one with these knobs has. */
static void live_as_new(struct kunit *test)
{
	static const char zones[] = "DMA:4M,DMA32:12M,Normal:32M,Movable:16M";
	struct mymm_pool *pool = mymm_tuned_pool(test, zones, NULL), *other;
	struct mymm_tuning tuning;
	struct rnd_state random;
	unsigned int turn, i;

	mymm_test_random(test, &random);
	for (turn = 0; turn < 20; turn++) {
		tuning = random_tuning(&random);
		MYMM_EXPECT_OK(test, mymm_tuning_set(pool, &tuning));
		other = mymm_tuned_pool(test, zones, &tuning);
		KUNIT_EXPECT_EQ(test, pool->min_free_kbytes,
				other->min_free_kbytes);
		for (i = 0; i < pool->nr_zones; i++)
			expect_alike(test, &pool->zone[i], &other->zone[i]);
		MYMM_EXPECT_SOUND(test, pool);
	}
}

/* Boost is gone when the watermarks are derived anew, and only then. */
static void boost_and_knobs(struct kunit *test)
{
	struct mymm_pool *pool = mymm_tuned_pool(test, "Normal:256M", NULL);
	struct mymm_tuning tuning = MYMM_TUNING_DEFAULT;
	struct mymm_zone *zone = &pool->zone[0];
	unsigned int cpus = num_online_cpus();

	zone->watermark_boost = 512;
	tuning.watermark_boost_factor = 1;
	MYMM_EXPECT_OK(test, mymm_tuning_set(pool, &tuning));
	KUNIT_EXPECT_EQ(test, zone->boost_factor, 1);
	tuning.lowmem_reserve_ratio[0] = 1;
	MYMM_EXPECT_OK(test, mymm_tuning_set(pool, &tuning));
	KUNIT_EXPECT_EQ(test, zone->watermark_boost, 512);
	/* It is part of the low watermark that all CPUs together may keep. */
	KUNIT_EXPECT_EQ(test, zone->pcp_high_min, max((640 + 512) / cpus, 60U));
	tuning.watermark_scale_factor = 11;
	MYMM_EXPECT_OK(test, mymm_tuning_set(pool, &tuning));
	KUNIT_EXPECT_EQ(test, zone->watermark_boost, 0);
	KUNIT_EXPECT_EQ(test, zone->pcp_high_min, max(640 / cpus, 60U));
	zone->watermark_boost = 512;
	tuning.min_free_kbytes = 2048;
	MYMM_EXPECT_OK(test, mymm_tuning_set(pool, &tuning));
	KUNIT_EXPECT_EQ(test, zone->watermark_boost, 0);
}

#define KEPT 400

static void fill_lists(struct mymm_test_thread *thread)
{
	struct mymm_frame **frame;
	unsigned int i;

	frame = kcalloc(KEPT, sizeof(*frame), GFP_KERNEL);
	if (!frame) {
		mymm_test_complain(thread, "no memory for the test");
		return;
	}
	for (i = 0; i < KEPT; i++) {
		frame[i] = mymm_alloc_pages(thread->data, GFP_KERNEL, 0);
		if (!frame[i])
			mymm_test_complain(thread, "no frame %u", i);
	}
	for (i = 0; i < KEPT; i++)
		if (frame[i])
			mymm_free_pages(thread->data, frame[i], 0);
	kfree(frame);
}

/*
 * CPUs that keep hundreds of frames keep no more than they may as soon as the knob is
 * turned: 16384 frames, a hundredth for all CPUs.
 */
static void cpus_obey_at_once(struct kunit *test)
{
	struct mymm_tuning tuning = MYMM_TUNING_DEFAULT;
	struct mymm_pool *pool;
	int cpu, high;

	tuning.percpu_pagelist_high_fraction = 8;
	pool = mymm_tuned_pool(test, "Normal:64M", &tuning);
	mymm_test_on_each_cpu(test, fill_lists, pool);
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_GE(
			test,
			mymm_pcp_count(&per_cpu_ptr(pool->cpu, cpu)->pcp[0]),
			KEPT);
	tuning.percpu_pagelist_high_fraction = 100;
	MYMM_EXPECT_OK(test, mymm_tuning_set(pool, &tuning));
	high = max(163 / (int)num_online_cpus(), 12);
	mymm_tuned_expect_high(test, pool, 0, high, high);
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_LE(
			test,
			mymm_pcp_count(&per_cpu_ptr(pool->cpu, cpu)->pcp[0]),
			high);
	MYMM_EXPECT_SOUND(test, pool);
}

#define TURNS 100

static void turn_or_use(struct mymm_test_thread *thread)
{
	struct mymm_pool *pool = thread->data;
	struct mymm_frame *frame[64] = {};
	unsigned int i, nr, order;

	for (i = 0; i < TURNS; i++) {
		struct mymm_tuning tuning = random_tuning(&thread->random);

		if (mymm_test_below(&thread->random, thread->of) == 0 &&
		    mymm_tuning_set(pool, &tuning))
			mymm_test_complain(thread, "turn %u failed", i);
		order = mymm_test_below(&thread->random, 4);
		for (nr = 0; nr < ARRAY_SIZE(frame); nr++)
			frame[nr] = mymm_alloc_pages(
				pool, GFP_KERNEL | __GFP_NOWARN, order);
		for (nr = 0; nr < ARRAY_SIZE(frame); nr++)
			if (frame[nr] &&
			    mymm_free_pages(pool, frame[nr], order))
				mymm_test_complain(thread, "turn %u: free", i);
		cond_resched();
	}
}

/* All CPUs turn knobs and allocate at once. */
static void turned_in_use(struct kunit *test)
{
	struct mymm_pool *pool =
		mymm_tuned_pool(test, "DMA:4M,DMA32:12M,Normal:48M", NULL);

	mymm_test_on_each_cpu(test, turn_or_use, pool);
	MYMM_EXPECT_SOUND(test, pool);
}

static struct kunit_case tuning_live_cases[] = {
	KUNIT_CASE_PARAM(bad_knobs, bad_tunings_gen_params),
	KUNIT_CASE(live_as_new),
	KUNIT_CASE(boost_and_knobs),
	KUNIT_CASE(cpus_obey_at_once),
	KUNIT_CASE(turned_in_use),
	{},
};

static struct kunit_suite tuning_live_suite = {
	.name = "mymm_tuning_live",
	.test_cases = tuning_live_cases,
};

kunit_test_suite(tuning_live_suite);
