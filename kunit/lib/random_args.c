// SPDX-License-Identifier: GPL-2.0
/*
 * What is asked for by chance: blocks, where they may lie, and knobs that turn.
 *
 * What is common in Linux is common here, and each thing that is allowed comes up. The same
 * random numbers make the same requests.
 */
#include "lib/random_args.h"

/**
 * mymm_random_order() - orders as they are asked for: each half as often as the one below it
 * @random: decides
 *
 * Return: an order.
 */
unsigned int mymm_random_order(struct rnd_state *random)
{
	return __ffs(prandom_u32_state(random) | 1U << MYMM_MAX_ORDER);
}

static const gfp_t zone_flags[] = {
	0,	     0,		0, __GFP_HIGHMEM, __GFP_HIGHMEM | __GFP_MOVABLE,
	__GFP_DMA32, __GFP_DMA,
};

static const gfp_t mobilities[] = { 0, __GFP_MOVABLE, __GFP_RECLAIMABLE };

/**
 * mymm_random_where() - the flags of a request that choose zones and pageblocks
 * @random: decides
 *
 * Return: flags, of one mobility.
 */
gfp_t mymm_random_where(struct rnd_state *random)
{
	gfp_t gfp = zone_flags[mymm_test_below(random, ARRAY_SIZE(zone_flags))];

	if (!(gfp & __GFP_MOVABLE))
		gfp |= mobilities[mymm_test_below(random,
						  ARRAY_SIZE(mobilities))];
	return gfp;
}

/**
 * mymm_random_tuning() - what is in the knobs' reach: all is allowed, and it is often tight
 * @random: decides
 *
 * Return: the knobs.
 */
struct mymm_tuning mymm_random_tuning(struct rnd_state *random)
{
	struct mymm_tuning tuning = MYMM_TUNING_DEFAULT;

	if (mymm_test_below(random, 2))
		tuning.min_free_kbytes = 128 + mymm_test_below(random, 2000);
	tuning.watermark_scale_factor = 1 + mymm_test_below(random, 500);
	tuning.watermark_boost_factor = mymm_test_below(random, 2) * 15000;
	tuning.lowmem_reserve_ratio[0] = mymm_test_below(random, 2) * 32;
	tuning.lowmem_reserve_ratio[2] = mymm_test_below(random, 3) * 16;
	if (mymm_test_below(random, 2))
		tuning.percpu_pagelist_high_fraction =
			8 + mymm_test_below(random, 100);
	return tuning;
}
