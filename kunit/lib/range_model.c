// SPDX-License-Identifier: GPL-2.0
/*
 * A model of a zone for ranges: a character a frame, and no blocks. '.' is free, and so in the
 * largest block of free frames; '#' is allocated by itself; 't' is of the range that was taken, in
 * the largest block of it.
 */
#include "lib/range_model.h"
#include "lib/tiny.h"
#include "lib/util.h"

#define FRAMES MYMM_RANGE_FRAMES

static const char *const states[] = {
	"................................", /* whole */
	"#..............................#", /* but for its ends */
	"................#...............", /* one in the middle */
	"...............##...............", /* two that are no buddies */
	"################................", /* one half */
	".#.#.#.#.#.#.#.#.#.#.#.#.#.#.#.#", /* every other one */
	"..#...##....###.....####......##", /* gaps of each size */
	"#..##....####......########.....",
	"################################", /* nothing */
};

/**
 * mymm_range_zone() - the zone that the model is of
 * @pool: a pool whose last zone has %MYMM_RANGE_FRAMES frames
 *
 * Return: the zone.
 */
struct mymm_zone *mymm_range_zone(struct mymm_pool *pool)
{
	return &pool->zone[pool->nr_zones - 1];
}

/**
 * mymm_range_count() - how many frames of a range the model says are something
 * @state: the model
 * @from: the first, counted from the zone's
 * @nr: how many
 * @what: the character
 *
 * Return: how many of them are.
 */
u32 mymm_range_count(const char *state, u32 from, u32 nr, char what)
{
	u32 n = 0;

	for (; nr; nr--)
		n += state[from++] == what;
	return n;
}

/* Are the frames from @from up to @to all in the zone, and @what? */
static bool all(const char *state, u32 start, s64 from, s64 to, char what)
{
	for (; from < to; from++)
		if (from < start || from >= start + FRAMES ||
		    state[from - start] != what)
			return false;
	return true;
}

/* The first frame and the order of the largest aligned block around @pfn of like frames. */
static u32 largest(const char *state, u32 start, u32 pfn, unsigned int *order)
{
	char what = state[pfn - start];

	for (*order = MYMM_MAX_ORDER; *order; --*order) {
		u32 head = pfn >> *order << *order;

		if (all(state, start, head, (u64)head + (1U << *order), what))
			return head;
	}
	return pfn;
}

/* What mymm_tiny_draw() should draw. */
static void draw(const char *state, u32 start, char *map)
{
	unsigned int order;
	u32 pfn, head;

	for (pfn = start; pfn < start + FRAMES; pfn++) {
		head = largest(state, start, pfn, &order);
		if (state[pfn - start] == '.')
			*map++ = pfn == head ? "0123456789a"[order] : '.';
		else if (state[pfn - start] == '#')
			*map++ = 'P';
		else
			*map++ = pfn == head ? 'P' : 'p';
	}
	*map = 0;
}

/**
 * mymm_range_expect() - the zone is as the model says; the test stops if not
 * @test: the test
 * @pool: the pool
 * @state: the model
 * @when: for the message: after what
 */
void mymm_range_expect(struct kunit *test, struct mymm_pool *pool,
		       const char *state, const char *when)
{
	char want[MYMM_RANGE_MAP], got[MYMM_RANGE_MAP];

	draw(state, mymm_range_zone(pool)->buddy.start, want);
	mymm_tiny_draw(&mymm_range_zone(pool)->buddy, got);
	KUNIT_ASSERT_STREQ_MSG(test, got, want, "%s, the frames were %s", when,
			       state);
}

/* All frames are allocated one by one, then those that are to be free are freed. */
static void set_state(struct kunit *test, struct mymm_pool *pool,
		      const char *state)
{
	u32 start = mymm_range_zone(pool)->buddy.start, i;
	struct mymm_frame *frame;

	for (i = 0; i < FRAMES; i++)
		KUNIT_ASSERT_NOT_NULL(test,
				      mymm_alloc_pages(pool, GFP_KERNEL, 0));
	for (i = 0; i < FRAMES; i++) {
		frame = mymm_pfn_frame(pool, start + i);
		if (state[i] == '.')
			MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));
	}
	mymm_range_expect(test, pool, state, "at first");
}

static void clear_state(struct kunit *test, struct mymm_pool *pool,
			const char *state)
{
	u32 start = mymm_range_zone(pool)->buddy.start, i;
	struct mymm_frame *frame;

	for (i = 0; i < FRAMES; i++) {
		frame = mymm_pfn_frame(pool, start + i);
		if (state[i] == '#')
			MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));
	}
}

/**
 * mymm_range_try_each() - try each range, in each of several states
 * @test: the test
 * @try: tries one of @nr frames from @from of the zone, and leaves the zone as @state says
 *
 * A zone that begins at frame 5 has other borders of blocks than one that begins at 0.
 */
void mymm_range_try_each(struct kunit *test, mymm_range_try_fn *try)
{
	static const char *const zones[] = { "Normal:32p",
					     "DMA:5p,Normal:32p" };
	unsigned int tried = 0, z, s, from, nr;

	for (z = 0; z < ARRAY_SIZE(zones); z++) {
		struct mymm_pool *pool = mymm_test_pool_none(test, zones[z]);

		for (s = 0; s < ARRAY_SIZE(states); s++) {
			set_state(test, pool, states[s]);
			for (from = 0; from < FRAMES; from++) {
				for (nr = 1; nr <= FRAMES - from; nr++) {
					try(test, pool, states[s], from, nr);
					tried++;
				}
			}
			clear_state(test, pool, states[s]);
		}
	}
	KUNIT_EXPECT_EQ(test, tried, 2 * 9 * 528);
}
