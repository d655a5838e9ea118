// SPDX-License-Identifier: GPL-2.0
/*
 * What is derived from a pool's description and its knobs.
 *
 * All numbers that are expected here were reckoned by hand, from the rules that stand at the
 * beginning of tuning.c; how, stands beside each. That the rules are the kernel's is for
 * qemu/tests/watermarks to show, which compares with the live one. Knobs that are turned while
 * a pool is in use are tuning_live_kunit.c.
 *
 * Tests: page/tuning.c
 */
#include <linux/cpumask.h>

#include "lib/tuned.h"
#include "base/compat.h"
#include "page/pcp.h"

#define PAGES_OF_MIB(mib) ((mib) << (20 - PAGE_SHIFT))

static struct mymm_tuning with_min_free(long kbytes)
{
	struct mymm_tuning tuning = MYMM_TUNING_DEFAULT;

	tuning.min_free_kbytes = kbytes;
	return tuning;
}

/* --- min_free_kbytes --------------------------------------------------------------- */

/*
 * The table of the kernel's own documentation of the rule; but for 8 GiB, where that has 4
 * times the rounded root, 11584, and the code the root of 16 times as much.
 */
static const struct rule {
	unsigned int mib;
	unsigned int kib;
} rules[] = {
	{ 16, 512 },	{ 32, 724 },	 { 64, 1024 },	   { 128, 1448 },
	{ 256, 2048 },	{ 512, 2896 },	 { 1024, 4096 },   { 2048, 5792 },
	{ 4096, 8192 }, { 8192, 11585 }, { 16384, 16384 },
};

static void describe_rule(const struct rule *rule, char *text)
{
	snprintf(text, KUNIT_PARAM_DESC_SIZE, "%u MiB", rule->mib);
}

KUNIT_ARRAY_PARAM(rules, rules, describe_rule);

static void square_root(struct kunit *test)
{
	const struct rule *rule = test->param_value;
	char zones[32];

	snprintf(zones, sizeof(zones), "Normal:%uM", rule->mib);
	KUNIT_EXPECT_EQ(test,
			mymm_tuned_pool(test, zones, NULL)->min_free_kbytes,
			rule->kib);
}

/* Not less than 128 KiB, not more than 256 MiB, and in between the root, rounded down. */
static void rule_and_its_ends(struct kunit *test)
{
	unsigned long pages, kib;
	struct rnd_state random;
	unsigned int i;

	mymm_test_random(test, &random);
	KUNIT_EXPECT_EQ(test, mymm_min_free_rule(0), 128);
	KUNIT_EXPECT_EQ(test, mymm_min_free_rule(1), 128);
	/* 16 * 1024 = 128^2: this is where the root has the same. */
	KUNIT_EXPECT_EQ(test, mymm_min_free_rule(PAGES_OF_MIB(1UL)), 128);
	KUNIT_EXPECT_EQ(test, mymm_min_free_rule(PAGES_OF_MIB(2UL)), 181);
	/* 16 * 2^32 = 262144^2: 4 TiB. */
	KUNIT_EXPECT_EQ(test, mymm_min_free_rule((1UL << 30) - 1), 262143);
	KUNIT_EXPECT_EQ(test, mymm_min_free_rule(1UL << 30), 262144);
	KUNIT_EXPECT_EQ(test, mymm_min_free_rule(1UL << 31), 262144);

	for (i = 0; i < 10000; i++) {
		pages = mymm_test_below(&random, 1U << 30);
		pages >>= mymm_test_below(&random, 20);
		kib = mymm_min_free_rule(pages);
		if (kib > 128 && (kib * kib > pages * 64 ||
				  (kib + 1) * (kib + 1) <= pages * 64))
			KUNIT_FAIL(test, "%lu pages: %lu KiB", pages, kib);
	}
}

/* Frames up to Normal count, those of each node, and what is not a hole. */
static void who_counts(struct kunit *test)
{
	const struct mymm_pool_config nodes = {
		.zones = "DMA:8M,Normal:24M/Normal:32M",
		.backing = MYMM_BACKING_NONE,
		.nodes = 2,
		.flags = MYMM_TUNED,
	};
	const struct mymm_pool_config holes = {
		.zones = "Normal:64M",
		.backing = MYMM_BACKING_NONE,
		.holes = "0-8191",
		.flags = MYMM_TUNED,
	};
	const struct mymm_tuning given = with_min_free(3);
	struct mymm_pool *pool;

	pool = mymm_tuned_pool(
		test, "DMA:16M,DMA32:16M,Normal:32M,HighMem:64M,Movable:64M",
		NULL);
	KUNIT_EXPECT_EQ(test, pool->min_free_kbytes, 1024); /* of 64 MiB */
	pool = mymm_test_pool_config(test, &nodes);
	KUNIT_EXPECT_EQ(test, pool->min_free_kbytes, 1024); /* of 64 MiB */
	pool = mymm_test_pool_config(test, &holes);
	KUNIT_EXPECT_EQ(test, pool->min_free_kbytes, 724); /* of 32 MiB */
	pool = mymm_tuned_pool(test, "HighMem:64M", NULL);
	KUNIT_EXPECT_EQ(test, pool->min_free_kbytes, 128); /* of nothing */
	pool = mymm_tuned_pool(test, "Normal:64M", &given);
	KUNIT_EXPECT_EQ(test, pool->min_free_kbytes, 3);
}

/* --- watermarks -------------------------------------------------------------------- */

#define MOVABLE(as_its_source, as_highmem) \
	(MYMM_MOVABLE_AS_ITS_SOURCE ? (as_its_source) : (as_highmem))

static const struct layout {
	const char *zones;
	unsigned int nodes;
	long min_free;
	unsigned int scale;
	struct {
		unsigned long min, step;
	} zone[4];
	const char *why;
} layouts[] = {
	/* 2048 KiB are 512 frames; 4096 of 65536 have 32 of them. 8 > 4; 120 > 61. */
	{ "DMA:16M,Normal:240M",
	  1,
	  -1,
	  10,
	  { { 32, 8 }, { 480, 120 } },
	  "a quarter of its part" },
	/* 4096 * 1000 / 10000 = 409; 61440 / 10 = 6144 */
	{ "DMA:16M,Normal:240M",
	  1,
	  -1,
	  1000,
	  { { 32, 409 }, { 480, 6144 } },
	  "a tenth of the zone" },
	/* 3000 is the most: 65536 * 3 / 10 */
	{ "Normal:256M", 1, -1, 3000, { { 512, 19660 } }, "three tenths" },
	/* 16384 * 10 / 10000 = 16 */
	{ "Normal:64M", 1, 0, 10, { { 0, 16 } }, "nothing is kept" },
	/* 999 * 10 / 10000 = 0 */
	{ "Normal:999p", 1, 0, 10, { { 0, 0 } }, "nothing at all" },
	/* More than there is: 25600 frames of 16384. */
	{ "Normal:64M",
	  1,
	  102400,
	  10,
	  { { 25600, 6400 } },
	  "more than there is" },
	/* 3 KiB are no frame. */
	{ "Normal:64M", 1, 3, 10, { { 0, 16 } }, "less than a frame" },
	/* 65536 / 1024 = 64. Its part would be 512. */
	{ "Normal:256M,HighMem:256M",
	  1,
	  -1,
	  10,
	  { { 512, 128 }, { 64, 128 } },
	  "HighMem: a 1024th" },
	/* Part: 512 * 1024 / 65536 = 8. */
	{ "Normal:256M,HighMem:4M",
	  1,
	  -1,
	  10,
	  { { 512, 128 }, { 32, 2 } },
	  "HighMem: 32 at least" },
	/* Part: 2048; 512 > 262. */
	{ "Normal:256M,HighMem:1G",
	  1,
	  -1,
	  10,
	  { { 512, 128 }, { 128, 512 } },
	  "HighMem: 128 at most" },
	{ "HighMem:64M",
	  1,
	  1024,
	  10,
	  { { 32, 16 } },
	  "HighMem alone has no part" },
	/*
	 * Before: Movable counts as Normal does, so these have 49152 and 16384 of 65536.
	 * Now: Normal has all of the 512 frames, the part of Movable is 170.
	 */
	{ "Normal:192M,Movable:64M",
	  1,
	  2048,
	  10,
	  { { MOVABLE(384, 512), MOVABLE(96, 128) },
	    { MOVABLE(128, 32), MOVABLE(32, 42) } },
	  "Movable" },
	/* With HighMem it is always one like that. Part: 512 * 16384 / 49152 = 170. */
	{ "Normal:192M,HighMem:64M,Movable:64M",
	  1,
	  2048,
	  10,
	  { { 512, 128 }, { 32, 42 }, { 32, 42 } },
	  "Movable beside HighMem" },
	/* 128 MiB: 1448 KiB are 362 frames; of 32768: 4096, 12288, 16384. */
	{ "DMA:16M,Normal:48M/Normal:64M",
	  2,
	  -1,
	  10,
	  { { 45, 11 }, { 135, 33 }, { 181, 45 } },
	  "two nodes share" },
};

static void describe_layout(const struct layout *layout, char *text)
{
	snprintf(text, KUNIT_PARAM_DESC_SIZE, "%s", layout->why);
}

KUNIT_ARRAY_PARAM(layouts, layouts, describe_layout);

static void watermarks_by_hand(struct kunit *test)
{
	const struct layout *layout = test->param_value;
	struct mymm_tuning tuning = with_min_free(layout->min_free);
	const struct mymm_pool_config config = {
		.zones = layout->zones,
		.backing = MYMM_BACKING_NONE,
		.nodes = layout->nodes,
		.flags = MYMM_TUNED,
		.tuning = &tuning,
	};
	struct mymm_pool *pool;
	unsigned int i;

	tuning.watermark_scale_factor = layout->scale;
	pool = mymm_test_pool_config(test, &config);
	for (i = 0; i < pool->nr_zones; i++) {
		const unsigned long *mark = pool->zone[i].watermark;
		unsigned long min = layout->zone[i].min;
		unsigned long step = layout->zone[i].step;

		KUNIT_EXPECT_EQ_MSG(test, mark[MYMM_WMARK_MIN], min,
				    "min of zone %u", i);
		KUNIT_EXPECT_EQ_MSG(test, mark[MYMM_WMARK_LOW], min + step,
				    "low of zone %u", i);
		KUNIT_EXPECT_EQ_MSG(test, mark[MYMM_WMARK_HIGH], min + 2 * step,
				    "high of zone %u", i);
		KUNIT_EXPECT_EQ_MSG(test, mark[MYMM_WMARK_PROMO],
				    min + 3 * step, "promo of zone %u", i);
		KUNIT_EXPECT_EQ(test, pool->zone[i].watermark_boost, 0);
		KUNIT_EXPECT_EQ(test, pool->zone[i].boost_factor, 15000);
	}
}

/* --- protection -------------------------------------------------------------------- */

static void expect_reserves(struct kunit *test, const struct mymm_zone *zone,
			    const unsigned long *reserve)
{
	unsigned int i;

	for (i = 0; i < MYMM_NR_ZONE_TYPES; i++)
		KUNIT_EXPECT_EQ_MSG(test, zone->lowmem_reserve[i], reserve[i],
				    "%s of node %d from who may have %s",
				    mymm_zone_name(zone->type), zone->node,
				    mymm_zone_name(i));
}

/* In frames: DMA 4096, DMA32 262144, Normal 524288, HighMem 262144, Movable 131072. */
static void reserves_by_hand(struct kunit *test)
{
	static const unsigned long expected[][MYMM_NR_ZONE_TYPES] = {
		{ 0, 1024, 3072, 4096, 4608 }, /* 256 */
		{ 0, 0, 2048, 3072, 3584 }, /* 256 */
		{ 0, 0, 0, 8192, 12288 }, /* 32 */
		{ 0, 0, 0, 0, 0 }, /* off */
		{ 0, 0, 0, 0, 0 }, /* nothing is above */
	};
	struct mymm_pool *pool = mymm_tuned_pool(
		test, "DMA:16M,DMA32:1G,Normal:2G,HighMem:1G,Movable:512M",
		NULL);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(expected); i++)
		expect_reserves(test, &pool->zone[i], expected[i]);
}

/* A zone that is not there adds nothing, but what asks for it comes down to DMA too. */
static void reserves_with_gaps(struct kunit *test)
{
	static const unsigned long dma[] = { 0, 0, 1024, 1024, 1024 };
	static const unsigned long normal[] = { 0, 0, 0, 0, 0 };
	struct mymm_pool *pool =
		mymm_tuned_pool(test, "DMA:16M,Normal:1G", NULL);

	expect_reserves(test, &pool->zone[0], dma);
	expect_reserves(test, &pool->zone[1], normal);
}

/* What another node has is no reason: 12288 / 100, and 16384 / 100. */
static void reserves_by_node(struct kunit *test)
{
	static const unsigned long expected[][MYMM_NR_ZONE_TYPES] = {
		{ 0, 0, 122, 122, 122 },
		{ 0, 0, 0, 0, 0 },
		{ 0, 0, 163, 163, 163 },
		{ 0, 0, 0, 0, 0 },
	};
	struct mymm_tuning tuning = MYMM_TUNING_DEFAULT;
	const struct mymm_pool_config config = {
		.zones = "DMA:16M,Normal:48M/DMA32:16M,Normal:64M",
		.backing = MYMM_BACKING_NONE,
		.nodes = 2,
		.flags = MYMM_TUNED,
		.tuning = &tuning,
	};
	struct mymm_pool *pool;
	unsigned int i;

	tuning.lowmem_reserve_ratio[MYMM_ZONE_DMA] = 100;
	tuning.lowmem_reserve_ratio[MYMM_ZONE_DMA32] = 100;
	pool = mymm_test_pool_config(test, &config);
	for (i = 0; i < ARRAY_SIZE(expected); i++)
		expect_reserves(test, &pool->zone[i], expected[i]);
}

/* --- per-CPU lists ----------------------------------------------------------------- */

/* A quarter of a 1024th, at most 64; times 1.5, down to a power of two; less 1. */
static const struct batch {
	unsigned int pages;
	int batch;
} batches[] = {
	{ 1, 1 },	 { 4095, 1 },	{ 8192, 1 }, /* 2 -> 3 -> 2 */
	{ 12287, 1 },	 { 12288, 3 }, /* 3 -> 4 -> 4 */
	{ 16384, 3 }, /* 4 -> 6 -> 4 */
	{ 24575, 3 },	 { 24576, 7 }, /* 6 -> 9 -> 8 */
	{ 45055, 7 },	 { 45056, 15 }, /* 11 -> 16 -> 16 */
	{ 65536, 15 }, /* 16 -> 24 -> 16 */
	{ 262143, 63 }, /* 63 -> 94 -> 64 */
	{ 262144, 63 }, /* 64 -> 96 -> 64 */
	{ 4194304, 63 }, /* no more than 64 */
};

static void batch_by_hand(struct kunit *test)
{
	char zones[32];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(batches); i++) {
		snprintf(zones, sizeof(zones), "Normal:%up", batches[i].pages);
		KUNIT_EXPECT_EQ_MSG(
			test,
			mymm_tuned_pool(test, zones, NULL)->zone[0].pcp_batch,
			batches[i].batch, "%u pages", batches[i].pages);
	}
}

/* 65536 frames: low is 512 + 128, a batch is 15, so high is at least 60. */
static void high_by_hand(struct kunit *test)
{
	struct mymm_pool_config config = {
		.zones = "Normal:256M",
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_TUNED,
	};
	struct mymm_tuning tuning = MYMM_TUNING_DEFAULT;
	int cpus = num_online_cpus(), tenth;

	mymm_tuned_expect_high(test, mymm_test_pool_config(test, &config), 0,
			       max(640 / cpus, 60), max(8192 / cpus, 60));

	config.flags |= MYMM_POOL_NO_WATERMARKS;
	mymm_tuned_expect_high(test, mymm_test_pool_config(test, &config), 0,
			       60, max(8192 / cpus, 60));

	tuning.percpu_pagelist_high_fraction = 10;
	config.tuning = &tuning;
	tenth = max(6553 / cpus, 60);
	mymm_tuned_expect_high(test, mymm_test_pool_config(test, &config), 0,
			       tenth, tenth);

	/* Low is 25600 + 6400 of 16384: more than the most would be. */
	tuning = with_min_free(102400);
	config.flags = MYMM_TUNED;
	config.zones = "Normal:64M";
	mymm_tuned_expect_high(test, mymm_test_pool_config(test, &config), 0,
			       32000 / cpus, 32000 / cpus);

	config.flags |= MYMM_POOL_NO_PCP;
	mymm_tuned_expect_high(test, mymm_test_pool_config(test, &config), 0, 0,
			       0);
}

/* A node's CPUs share what it has; if it has none, all of the machine do. */
static void high_by_node(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "Normal:256M",
		.backing = MYMM_BACKING_NONE,
		.nodes = 8,
		.flags = MYMM_TUNED,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	unsigned int node, without = 0;
	/* 2 GiB: 5792 KiB are 1448 frames; an eighth of them 181, step 65. */
	const int low = 181 + 65;
	int cpu, cpus;

	for (node = 0; node < 8; node++) {
		cpus = 0;
		for_each_online_cpu(cpu)
			cpus += per_cpu_ptr(pool->cpu, cpu)->node == node;
		without += !cpus;
		cpus = cpus ?: num_online_cpus();
		mymm_tuned_expect_high(test, pool, node, max(low / cpus, 60),
				       max(8192 / cpus, 60));
	}
	KUNIT_EXPECT_GE(test, without, 8 - min(num_online_cpus(), 8U));
}

static struct kunit_case tuning_cases[] = {
	KUNIT_CASE_PARAM(square_root, rules_gen_params),
	KUNIT_CASE(rule_and_its_ends),
	KUNIT_CASE(who_counts),
	KUNIT_CASE_PARAM(watermarks_by_hand, layouts_gen_params),
	KUNIT_CASE(reserves_by_hand),
	KUNIT_CASE(reserves_with_gaps),
	KUNIT_CASE(reserves_by_node),
	KUNIT_CASE(batch_by_hand),
	KUNIT_CASE(high_by_hand),
	KUNIT_CASE(high_by_node),
	{},
};

static struct kunit_suite tuning_suite = {
	.name = "mymm_tuning",
	.test_cases = tuning_cases,
};

kunit_test_suite(tuning_suite);
