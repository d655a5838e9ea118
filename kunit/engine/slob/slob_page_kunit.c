// SPDX-License-Identifier: GPL-2.0
/*
 * A page of the slob engine as a heap: first fit, best fit, and merging.
 *
 * A map is drawn from the page's own list of free blocks:
 *
 *	##<..##<##<.....
 *
 * # is in use, < the first unit of a free block, and . its others; so that two free
 * blocks side by side would be seen, as would one that is on no list. Only the first units
 * of the page are drawn, what is behind them is in use.
 *
 * Tests: engine/slob/slob_page.c
 */
#include "lib/util.h"
#include "engine/slob/slob_page.h"

#define DRAWN 16

/**
 * struct heap - a page with nothing around it
 * @page: its units
 * @first: its first free block
 * @map: what it looks like
 */
struct heap {
	s16 *page;
	unsigned int first;
	char map[DRAWN + 1];
};

static void give(struct kunit *test, struct heap *heap, unsigned int at,
		 unsigned int units)
{
	struct mymm_slob_place place;

	KUNIT_ASSERT_EQ_MSG(test,
			    mymm_slob_locate(heap->page, heap->first, at, units,
					     &place),
			    0, "%u units from %u", units, at);
	heap->first = mymm_slob_give(heap->page, heap->first, &place, units);
}

/* A page on which all is in use but what is . in the map, from unit @base on. */
static void lay_out(struct kunit *test, struct heap *heap, unsigned int base,
		    const char *map)
{
	unsigned int i;

	heap->first = MYMM_SLOB_END;
	memset(heap->page, 0x6b, PAGE_SIZE);
	for (i = 0; map[i]; i++)
		if (map[i] == '.')
			give(test, heap, base + i, 1);
}

static struct heap *new_heap(struct kunit *test, const char *map)
{
	struct heap *heap = kunit_kzalloc(test, sizeof(*heap), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, heap);
	heap->page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, heap->page);
	lay_out(test, heap, 0, map);
	return heap;
}

static const char *draw(struct kunit *test, struct heap *heap)
{
	struct mymm_slob_block block;
	unsigned int i;
	int err;

	memset(heap->map, '#', DRAWN);
	for (err = mymm_slob_first(heap->page, heap->first, &block);
	     !err && block.at < DRAWN; err = mymm_slob_next(heap->page, &block))
		for (i = 0; i < block.units && block.at + i < DRAWN; i++)
			heap->map[block.at + i] = i ? '.' : '<';
	KUNIT_EXPECT_EQ(test, err, 0);
	return heap->map;
}

/* Where the block is found, and taken; or a negative errno. */
static int take(struct heap *heap, const struct mymm_slob_want *want)
{
	struct mymm_slob_place place;
	int err = mymm_slob_find(heap->page, heap->first, want, &place);

	if (err)
		return err;
	heap->first =
		mymm_slob_take(heap->page, heap->first, &place, want->units);
	return place.at;
}

/* --- by hand -------------------------------------------------------------------- */

/* The bytes of the picture in slob_page.c. */
static void bytes_of_a_page(struct kunit *test)
{
	struct heap *heap = new_heap(test, "##...##.##......");

	KUNIT_EXPECT_STREQ(test, draw(test, heap), "##<..##<##<.....");
	KUNIT_EXPECT_EQ(test, heap->first, 2);
	KUNIT_EXPECT_EQ(test, heap->page[2], 3);
	KUNIT_EXPECT_EQ(test, heap->page[3], 7);
	KUNIT_EXPECT_EQ(test, heap->page[7], -10);
	KUNIT_EXPECT_EQ(test, heap->page[10], 6);
	KUNIT_EXPECT_EQ(test, heap->page[11], 2048);
	/* B of the picture goes. */
	give(test, heap, 5, 2);
	KUNIT_EXPECT_STREQ(test, draw(test, heap), "##<.....##<.....");
	KUNIT_EXPECT_EQ(test, heap->page[2], 6);
	KUNIT_EXPECT_EQ(test, heap->page[3], 10);
}

/*
 * Of a page with 4, 2 and 3 units free: where each fit puts what, and the map then.
 */
static const struct fit {
	unsigned int units, align, offset;
	int first;
	const char *first_map;
	int best;
	const char *best_map;
} fits[] = {
	/*             #<...##<.#<..### */
	{ 1, 1, 0, 1, "##<..##<.#<..###", 7, "#<...###<#<..###" },
	{ 2, 1, 0, 1, "###<.##<.#<..###", 7, "#<...#####<..###" },
	{ 3, 1, 0, 1, "####<##<.#<..###", 10, "#<...##<.#######" },
	{ 4, 1, 0, 1, "#######<.#<..###", 1, "#######<.#<..###" },
	/* From a multiple of 4 on: 4, 8 and 12 are free, each with nothing behind it. */
	{ 1, 4, 0, 4, "#<..###<.#<..###", 8, "#<...##<##<..###" },
	/* From a multiple of 2 on: 2, 8, 10 and 12. */
	{ 2, 2, 0, 2, "#<##<##<.#<..###", 10, "#<...##<.###<###" },
	/* With one unit before a multiple of 4: at 3, at 7, at 11. */
	{ 2, 4, 1, 3, "#<.####<.#<..###", 7, "#<...#####<..###" },
	{ 1, 4, 1, 3, "#<.#<##<.#<..###", 7, "#<...###<#<..###" },
};

static void fits_by_hand(struct kunit *test)
{
	struct heap *heap = new_heap(test, "");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fits); i++) {
		const struct fit *fit = &fits[i];
		struct mymm_slob_want want = { fit->units, fit->align,
					       fit->offset };

		lay_out(test, heap, 0, "#....##..#...###");
		KUNIT_EXPECT_STREQ(test, draw(test, heap), "#<...##<.#<..###");
		KUNIT_EXPECT_EQ_MSG(test, take(heap, &want), fit->first,
				    "first fit, number %u", i);
		KUNIT_EXPECT_STREQ_MSG(test, draw(test, heap), fit->first_map,
				       "first fit, number %u", i);

		lay_out(test, heap, 0, "#....##..#...###");
		want.best = true;
		KUNIT_EXPECT_EQ_MSG(test, take(heap, &want), fit->best,
				    "best fit, number %u", i);
		KUNIT_EXPECT_STREQ_MSG(test, draw(test, heap), fit->best_map,
				       "best fit, number %u", i);
	}
}

/* Five units fit nowhere; with one unit before a multiple of 4, three don't either. */
static void does_not_fit(struct kunit *test)
{
	static const struct mymm_slob_want wants[] = {
		{ 5, 1, 0 },
		{ 2, 4, 0 },
		{ 3, 4, 1 },
		{ 2048, 1, 0 },
	};
	struct heap *heap = new_heap(test, "#....##..#...###");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wants); i++)
		KUNIT_EXPECT_EQ_MSG(test, take(heap, &wants[i]), -ENOSPC,
				    "number %u", i);
	KUNIT_EXPECT_STREQ(test, draw(test, heap), "#<...##<.#<..###");
	lay_out(test, heap, 0, "");
	KUNIT_EXPECT_EQ(test, take(heap, &wants[0]), -ENOSPC);
}

/* A freed block merges with the free block before it, behind it, and with both. */
static void comes_together(struct kunit *test)
{
	static const struct {
		const char *before;
		unsigned int at, units;
		const char *after;
	} cases[] = {
		{ "################", 5, 3, "#####<..########" },
		{ "#..#############", 5, 3, "#<.##<..########" },
		{ "#########.#.####", 5, 3, "#####<..#<#<####" },
		{ "###..###########", 5, 3, "###<....########" },
		{ "########..######", 5, 3, "#####<....######" },
		{ "###..###..######", 5, 3, "###<......######" },
		{ "#.#..###..#.####", 5, 3, "#<#<......#<####" },
		{ "####.#.#########", 5, 1, "####<..#########" },
		{ "################", 0, 16, "<..............." },
		{ "#...............", 0, 1, "<..............." },
	};
	struct heap *heap = new_heap(test, "");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		lay_out(test, heap, 0, cases[i].before);
		give(test, heap, cases[i].at, cases[i].units);
		KUNIT_EXPECT_STREQ_MSG(test, draw(test, heap), cases[i].after,
				       "number %u", i);
	}
}

/* A range that is not all in use is refused, with the reason. */
static void tells_what_is_free(struct kunit *test)
{
	static const struct {
		unsigned int at, units;
		int told;
	} cases[] = {
		{ 1, 1, -EALREADY },  { 4, 1, -EALREADY }, { 4, 3, -EALREADY },
		{ 0, 2, -EFAULT },    { 0, 16, -EFAULT },  { 5, 3, -EFAULT },
		{ 0, 1, 0 },	      { 5, 2, 0 },	   { 6, 1, 0 },
		{ 7, 1, -EALREADY },  { 9, 1, 0 },	   { 9, 2, -EFAULT },
		{ 12, 1, -EALREADY }, { 13, 2035, 0 },	   { 2047, 1, 0 },
	};
	struct heap *heap = new_heap(test, "#....##..#...###");
	struct mymm_slob_place place;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    mymm_slob_locate(heap->page, heap->first,
						     cases[i].at,
						     cases[i].units, &place),
				    cases[i].told, "%u units from %u",
				    cases[i].units, cases[i].at);
}

/*
 * A write to a free block may break the list; but no search leaves the page or runs in a circle.
 * The block at 1 has 4 units, and the next is at 7.
 */
static void overwritten_links(struct kunit *test)
{
	static const struct {
		s16 units, next;
		int told;
	} cases[] = {
		{ 4, 7, -ENOSPC },
		{ 0, 7, -EUCLEAN },
		{ 4, 0, -EUCLEAN },
		{ 4, 1, -EUCLEAN },
		{ 4, 4, -EUCLEAN },
		{ 4, 5, -EUCLEAN },
		{ 6, 7, -EUCLEAN },
		{ 4, -7, -EUCLEAN },
		{ 4, 2049, -EUCLEAN },
		{ 2048, 2048, -EUCLEAN },
		{ -1, 0, -EUCLEAN },
		{ -2, 0, -EUCLEAN },
		{ -32768, 0, -EUCLEAN },
		{ -2049, 0, -EUCLEAN },
		{ 0x6b6b, 0x6b6b, -EUCLEAN },
		/* These can't be distinguished from right ones. */
		{ 4, 2048, -ENOSPC },
		{ -7, 0, -ENOSPC },
		{ 5, 7, -ENOSPC },
	};
	const struct mymm_slob_want want = { 2000, 1, 0, true };
	struct mymm_slob_place place;
	struct heap *heap = new_heap(test, "");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		lay_out(test, heap, 0, "#....##..#...###");
		heap->page[1] = cases[i].units;
		heap->page[2] = cases[i].next;
		KUNIT_EXPECT_EQ_MSG(test, take(heap, &want), cases[i].told,
				    "number %u", i);
		if (cases[i].told == -EUCLEAN)
			KUNIT_EXPECT_EQ_MSG(test,
					    mymm_slob_locate(heap->page,
							     heap->first, 14, 1,
							     &place),
					    -EUCLEAN, "number %u", i);
	}
	/* The last unit of a page has no room for a second word behind it. */
	lay_out(test, heap, 2047, ".");
	heap->page[2047] = 2;
	KUNIT_EXPECT_EQ(test, take(heap, &want), -EUCLEAN);
}

/* --- every case ------------------------------------------------------------------- */

#define SMALL_UNITS 8

/*
 * A page that is a map of units, and nothing else: where would this be put? One unit after
 * the other is tried.
 */
static int model_find(const u8 *free, unsigned int nr,
		      const struct mymm_slob_want *want)
{
	unsigned int start, end, at, i, least = UINT_MAX;
	int found = -ENOSPC;

	for (start = 0; start < nr; start = end + 1) {
		for (end = start; end < nr && free[end]; end++)
			;
		for (at = start; at + want->units <= end; at++)
			if ((at + want->offset) % want->align == 0)
				break;
		if (at + want->units > end || end - start >= least)
			continue;
		for (i = 0; i < want->units; i++)
			if (!free[at + i])
				return -EINVAL;
		found = at;
		if (!want->best)
			break;
		least = end - start;
	}
	return found;
}

/* Is the page what the model says, each free stretch one block? */
static bool same(const struct heap *heap, const u8 *free, unsigned int nr)
{
	struct mymm_slob_block block;
	unsigned int i = 0;
	int err;

	for (err = mymm_slob_first(heap->page, heap->first, &block); !err;
	     err = mymm_slob_next(heap->page, &block)) {
		while (i < nr && i < block.at)
			if (free[i++])
				return false;
		if (block.at == MYMM_SLOB_END)
			return true;
		while (i < block.at + block.units)
			if (i >= nr || !free[i++])
				return false;
		if (i < nr && free[i])
			return false;
	}
	return false;
}

/* Some units of a page that is in use otherwise, free as the bits of @mask say. */
static void lay_out_mask(struct kunit *test, struct heap *heap, u8 *free,
			 unsigned int base, unsigned int mask)
{
	unsigned int i;

	heap->first = MYMM_SLOB_END;
	memset(free, 0, MYMM_SLOB_UNITS);
	for (i = 0; i < SMALL_UNITS; i++) {
		if (!(mask & (1U << i)))
			continue;
		free[base + i] = 1;
		give(test, heap, base + i, 1);
	}
}

/* What is to be tried: eight units from @base on, free as the bits of @mask say. */
struct corrupt {
	struct kunit *test;
	struct heap *heap;
	u8 *free;
	unsigned int base;
	unsigned int mask;
	unsigned int finds;
	unsigned int gives;
};

static void begin(struct corrupt *corrupt)
{
	lay_out_mask(corrupt->test, corrupt->heap, corrupt->free, corrupt->base,
		     corrupt->mask);
}

/* All that can be wanted: 8 sizes, 3 alignments, 3 offsets, 2 fits. */
static void every_find(struct corrupt *corrupt)
{
	unsigned int n, i;

	for (n = 0; n < SMALL_UNITS * 3 * 3 * 2; n++, corrupt->finds++) {
		const struct mymm_slob_want want = {
			.units = n % SMALL_UNITS + 1,
			.align = 1U << n / SMALL_UNITS % 3,
			.offset = n / (SMALL_UNITS * 3) % 3,
			.best = n / (SMALL_UNITS * 9),
		};
		int model, found;

		begin(corrupt);
		model = model_find(corrupt->free, MYMM_SLOB_UNITS, &want);
		found = take(corrupt->heap, &want);
		for (i = 0; found >= 0 && i < want.units; i++)
			corrupt->free[found + i] = 0;
		if (found == model &&
		    same(corrupt->heap, corrupt->free, MYMM_SLOB_UNITS))
			continue;
		KUNIT_FAIL(corrupt->test,
			   "mask %#x at %u, want %u: at %d, the model says %d",
			   corrupt->mask, corrupt->base, n, found, model);
	}
}

/* All that can be given back, and what can't. */
static void every_give(struct corrupt *corrupt)
{
	struct heap *heap = corrupt->heap;
	struct mymm_slob_place place;
	unsigned int at, units, i;
	int told, err;

	for (at = 0; at < SMALL_UNITS; at++) {
		for (units = 1; at + units <= SMALL_UNITS; units++) {
			unsigned int start = corrupt->base + at;

			begin(corrupt);
			for (i = told = 0; i < units && !told; i++)
				if (corrupt->free[start + i])
					told = i ? -EFAULT : -EALREADY;
			err = mymm_slob_locate(heap->page, heap->first, start,
					       units, &place);
			KUNIT_ASSERT_EQ_MSG(corrupt->test, err, told,
					    "mask %#x, %u units from %u",
					    corrupt->mask, units, start);
			corrupt->gives++;
			if (err)
				continue;
			heap->first = mymm_slob_give(heap->page, heap->first,
						     &place, units);
			memset(corrupt->free + start, 1, units);
			KUNIT_ASSERT_TRUE_MSG(corrupt->test,
					      same(heap, corrupt->free,
						   MYMM_SLOB_UNITS),
					      "mask %#x, %u units from %u",
					      corrupt->mask, units, start);
		}
	}
}

/* Eight units, all of the 256 ways in which they can be free, where a page begins and ends. */
static void every_case(struct kunit *test)
{
	struct corrupt corrupt = { .test = test, .heap = new_heap(test, "") };

	corrupt.free = kunit_kzalloc(test, MYMM_SLOB_UNITS, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, corrupt.free);
	for (corrupt.mask = 0; corrupt.mask < 1U << SMALL_UNITS;
	     corrupt.mask++) {
		corrupt.base = 0;
		every_find(&corrupt);
		every_give(&corrupt);
		corrupt.base = MYMM_SLOB_UNITS - SMALL_UNITS;
		every_find(&corrupt);
		every_give(&corrupt);
	}
	KUNIT_EXPECT_EQ(test, corrupt.finds, 2 * 256 * 8 * 3 * 3 * 2);
	KUNIT_EXPECT_EQ(test, corrupt.gives, 2 * 256 * 36);
}

/* --- many cases -------------------------------------------------------------------- */

#define HELD 200

static void many_cases(struct kunit *test, bool best)
{
	u8 *free = kunit_kzalloc(test, MYMM_SLOB_UNITS, GFP_KERNEL);
	struct held {
		unsigned int at, units;
	} *held = kunit_kcalloc(test, HELD, sizeof(*held), GFP_KERNEL);
	struct heap *heap = new_heap(test, "");
	unsigned int nr = 0, step, i, full = 0;
	struct rnd_state random;

	KUNIT_ASSERT_NOT_NULL(test, free);
	KUNIT_ASSERT_NOT_NULL(test, held);
	mymm_test_random(test, &random);
	give(test, heap, 0, MYMM_SLOB_UNITS);
	memset(free, 1, MYMM_SLOB_UNITS);
	for (step = 0; step < 6000; step++) {
		if (nr < HELD && mymm_test_below(&random, 5) < 3) {
			const struct mymm_slob_want want = {
				.units = 1 + mymm_test_below(&random, 40),
				.align = 1U << mymm_test_below(&random, 6),
				.offset = mymm_test_below(&random, 5),
				.best = best,
			};
			int model = model_find(free, MYMM_SLOB_UNITS, &want);
			int at = take(heap, &want);

			KUNIT_ASSERT_EQ_MSG(test, at, model, "step %u", step);
			if (at < 0) {
				full++;
				continue;
			}
			memset(free + at, 0, want.units);
			memset(heap->page + at, 0x5a, want.units * 2);
			held[nr++] = (struct held){ at, want.units };
		} else if (nr) {
			i = mymm_test_below(&random, nr);
			give(test, heap, held[i].at, held[i].units);
			memset(free + held[i].at, 1, held[i].units);
			held[i] = held[--nr];
		}
		if (step % 16 == 0)
			KUNIT_ASSERT_TRUE_MSG(test,
					      same(heap, free, MYMM_SLOB_UNITS),
					      "step %u", step);
	}
	/* It was full now and then, or nothing of interest happened. */
	KUNIT_EXPECT_GT(test, full, 100);
	while (nr--)
		give(test, heap, held[nr].at, held[nr].units);
	KUNIT_EXPECT_EQ(test, heap->first, 0);
	KUNIT_EXPECT_EQ(test, heap->page[0], 2048);
	KUNIT_EXPECT_EQ(test, heap->page[1], 2048);
}

static void many_first(struct kunit *test)
{
	many_cases(test, false);
}

static void many_best(struct kunit *test)
{
	many_cases(test, true);
}

static struct kunit_case slob_page_cases[] = {
	KUNIT_CASE(bytes_of_a_page),	KUNIT_CASE(fits_by_hand),
	KUNIT_CASE(does_not_fit),	KUNIT_CASE(comes_together),
	KUNIT_CASE(tells_what_is_free), KUNIT_CASE(overwritten_links),
	KUNIT_CASE_SLOW(every_case),	KUNIT_CASE(many_first),
	KUNIT_CASE(many_best),		{},
};

static struct kunit_suite slob_page_suite = {
	.name = "mymm_slob_page",
	.test_cases = slob_page_cases,
};

kunit_test_suite(slob_page_suite);
