// SPDX-License-Identifier: GPL-2.0
/*
 * Who holds frames, and who gives them back when asked.
 *
 * A *hoard* is a number of frames; a *keeper* is a shrinker that has one, or says so, and
 * counts how often it is asked. Both end with the test. A pool that is made here *rests*:
 * its kswapds have gone to sleep, so that what they do then has a cause in the test.
 */
#include "keeper.h"

const struct mymm_tuning mymm_tuning_512k = {
	.min_free_kbytes = 512,
	.watermark_scale_factor = 10,
	.watermark_boost_factor = 15000,
};

/* All kswapds of the pool have gone to sleep. */
struct mymm_pool *mymm_test_pool_rest(struct kunit *test,
				      const struct mymm_pool_config *config)
{
	struct mymm_pool *pool = mymm_test_pool_config(test, config);

	if (kswapd_of(pool)->task)
		WAIT_UNTIL(test, asleep(pool, pool->nr_nodes));
	return pool;
}

struct mymm_pool *mymm_test_pool_512k(struct kunit *test, unsigned int flags)
{
	const struct mymm_pool_config config = {
		.zones = "Normal:16M",
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_POOL_NO_PCP | flags,
		.tuning = &mymm_tuning_512k,
	};
	struct mymm_pool *pool = mymm_test_pool_rest(test, &config);
	const struct mymm_zone *zone = &pool->zone[0];

	KUNIT_ASSERT_EQ(test, zone->buddy.free, FRAMES);
	KUNIT_ASSERT_EQ(test, zone->watermark[MYMM_WMARK_MIN], MIN_MARK);
	KUNIT_ASSERT_EQ(test, zone->watermark[MYMM_WMARK_LOW], LOW_MARK);
	KUNIT_ASSERT_EQ(test, zone->watermark[MYMM_WMARK_HIGH], HIGH_MARK);
	return pool;
}

/* --- what a test holds ---------------------------------------------------------- */

void mymm_hoard_give(struct mymm_hoard *hoard, unsigned int nr)
{
	while (nr-- && hoard->nr)
		mymm_free_pages(hoard->pool, hoard->frame[--hoard->nr], 0);
}

static void end_hoard(void *hoard)
{
	mymm_hoard_give(hoard, FRAMES);
}

struct mymm_hoard *mymm_hoard_new(struct kunit *test, struct mymm_pool *pool)
{
	struct mymm_hoard *hoard =
		kunit_kzalloc(test, sizeof(*hoard), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, hoard);
	hoard->pool = pool;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_hoard, hoard),
			0);
	return hoard;
}

/* Frames one by one, until there is none or so many are left. */
void mymm_hoard_take(struct mymm_hoard *hoard, gfp_t gfp, unsigned long left)
{
	while (hoard->nr < FRAMES && free_frames(hoard->pool) > left) {
		struct mymm_frame *frame =
			mymm_alloc_pages(hoard->pool, gfp, 0);

		if (!frame)
			break;
		hoard->frame[hoard->nr++] = frame;
	}
}

/* --- a shrinker ------------------------------------------------------------------ */

static unsigned long keeper_count(struct mymm_shrinker *shrinker,
				  struct mymm_shrink_control *sc)
{
	struct mymm_keeper *keeper = shrinker->private_data;

	atomic_inc(&keeper->counts[sc->nid]);
	return keeper->hoard ? keeper->hoard->nr : keeper->says;
}

static unsigned long keeper_scan(struct mymm_shrinker *shrinker,
				 struct mymm_shrink_control *sc)
{
	struct mymm_keeper *keeper = shrinker->private_data;
	int nth = atomic_inc_return(&keeper->scans) - 1;
	unsigned long before;

	if (nth < ARRAY_SIZE(keeper->wanted))
		keeper->wanted[nth] = sc->nr_to_scan;
	if (keeper->stop)
		return MYMM_SHRINK_STOP;
	if (keeper->recurse) {
		struct mymm_frame *frame;

		keeper->depth =
			max(keeper->depth, atomic_inc_return(&keeper->inside));
		frame = mymm_alloc_pages(shrinker->pool, keeper->recurse, 0);
		if (frame) {
			keeper->got++;
			mymm_free_pages(shrinker->pool, frame, 0);
		}
		atomic_dec(&keeper->inside);
	}
	if (!keeper->hoard)
		return 0;
	before = keeper->hoard->nr;
	mymm_hoard_give(keeper->hoard, sc->nr_to_scan);
	return before - keeper->hoard->nr;
}

static void end_keeper(void *keeper)
{
	mymm_shrinker_unregister(&((struct mymm_keeper *)keeper)->shrinker);
}

struct mymm_keeper *mymm_keeper_new(struct kunit *test, struct mymm_pool *pool)
{
	struct mymm_keeper *keeper =
		kunit_kzalloc(test, sizeof(*keeper), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, keeper);
	keeper->shrinker = (struct mymm_shrinker){
		.count = keeper_count,
		.scan = keeper_scan,
		.seeks = MYMM_DEFAULT_SEEKS,
		.private_data = keeper,
	};
	KUNIT_ASSERT_EQ(test, mymm_shrinker_register(pool, &keeper->shrinker),
			0);
	KUNIT_ASSERT_EQ(test,
			kunit_add_action_or_reset(test, end_keeper, keeper), 0);
	return keeper;
}

/* A zone at min, and somebody who may be asked. */
struct mymm_keeper *mymm_keeper_at_min(struct kunit *test,
				       struct mymm_pool *pool)
{
	struct mymm_hoard *hoard = mymm_hoard_new(test, pool);
	struct mymm_keeper *keeper = mymm_keeper_new(test, pool);

	mymm_hoard_take(hoard, GFP_PLAIN, 0);
	KUNIT_ASSERT_EQ(test, free_frames(pool), MIN_MARK);
	keeper->others = hoard;
	return keeper;
}
