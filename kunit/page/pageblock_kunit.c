// SPDX-License-Identifier: GPL-2.0
/*
 * Pageblocks: from which a request is served, and which change their type.
 *
 * First the rules, one map each, drawn as drawing.c says; then all that two pageblocks of four
 * frames can be like, against a model that knows frames and types, and no lists.
 *
 * Tests: page/pageblock.c
 */
#include <linux/ctype.h>

#include "lib/drawing.h"

/* --- the rules -------------------------------------------------------------------- */

/* What a zone is like before and after a request. */
static const struct story {
	const char *types;
	const char *map;
	char request;
	unsigned int order;
	const char *types_after;
	const char *map_after;
	int extfrag; /* -1: it fails */
	const char *why;
	int contested; /* tries of a block while each other type has one */
} stories[] = {
	/* its own type first */
	{ "MU", "........u.......", 'u', 0, "MU", "3.......uu1.2...", 0,
	  "another type has a larger block" },
	{ "MU", "m.......u.......", 'm', 1, "MU", "m0M-2...u01.2...", 0,
	  "the smallest that will do" },
	/* whole pageblocks */
	{ "M", "........", 'u', 0, "U", "u01.2...", 1, "a whole pageblock" },
	{ "MMMM", "................................", 'u', 0, "UUUU",
	  "u01.2...3.......4...............", 1, "four in one block" },
	{ "UMMM", "uuuuuuuum...............m.......", 'r', 0, "UMRM",
	  "uuuuuuuum01.2...r01.2...m01.2...", 1, "the largest block" },
	/* more than half of it free or alike */
	{ "UM", "uuuuuuuummm.....", 'r', 0, "UR", "uuuuuuuummmr2...", 1,
	  "most is free" },
	{ "M", "mmmm....", 'u', 0, "U", "mmmmu01.", 1, "half is free" },
	{ "M", "mmmmm...", 'u', 0, "M", "mmmmmu1.", 1, "less is free: stolen" },
	{ "M", "uuuumm..", 'u', 0, "U", "uuuummu0", 1, "unmovable counts" },
	{ "M", "rrrrrm..", 'u', 0, "U", "rrrrrmu0", 1, "so does reclaimable" },
	{ "R", "rrrrrr..", 'u', 0, "R", "rrrrrru0", 1,
	  "but in Movable ones only" },
	{ "R", "uuuuuu..", 'u', 0, "R", "uuuuuuu0", 1,
	  "not even unmovable ones there" },
	{ "U", "rrrrrr..", 'r', 0, "U", "rrrrrrr0", 1, "nor the other way" },
	{ "R", "rrrr....", 'u', 0, "U", "rrrru01.", 1, "free ones do count" },
	/* movable ones from half of a pageblock's order on, which is 1 */
	{ "U", "mmmmmmu.", 'm', 0, "U", "mmmmmmum", 1, "too small to claim" },
	{ "U", "mmmmmm..", 'm', 1, "M", "mmmmmmM-", 1, "movable counts" },
	{ "U", "uuuuuu..", 'm', 1, "U", "uuuuuuM-", 1, "unmovable does not" },
	{ "U", "uuuu....", 'm', 0, "M", "uuuum01.", 1, "half is free again" },
	/* which other type */
	{ "MR", "mmmmm.mmrrrrr.rr", 'u', 0, "MR", "mmmmm0mmrrrrrurr", 1,
	  "unmovable: Reclaimable first", 2 },
	{ "RM", "rrrrr.rrmmmmm.mm", 'u', 0, "RM", "rrrrrurrmmmmm0mm", 1,
	  "wherever that is", 2 },
	{ "UR", "uuuuu.uurrrrr.rr", 'm', 0, "UR", "uuuuu0uurrrrrmrr", 1,
	  "movable: Reclaimable first", 1 },
	{ "UM", "uuuuu.uummmmm.mm", 'r', 0, "UM", "uuuuuruummmmm0mm", 1,
	  "reclaimable: Unmovable first", 2 },
	{ "MR", "mmmm....rrrrr.rr", 'u', 0, "UR", "mmmmu01.rrrrr0rr", 1,
	  "the largest first, to claim" },
	{ "MR", "mmmmm...rrrrr.rr", 'u', 0, "MR", "mmmmm01.rrrrrurr", 1,
	  "the smallest first, to steal", 2 },
	{ "MR", "mmmm.mmmrrrrrr..", 'u', 1, "MR", "mmmm0mmmrrrrrrU-", 1,
	  "one that is large enough" },
	/* no pageblock is claimed */
	{ "H", "h.......", 'u', 0, "H", "h01.2...", -1, "the reserve" },
	{ "HM", "h.......mmmmmm.m", 'r', 0, "HM", "h01.2...mmmmmmrm", 1,
	  "rather steal" },
	{ "MR", "m..mmmmmrr..rrrr", 'u', 2, "MR", "m00mmmmmrr1.rrrr", -1,
	  "nothing is large enough" },
};

static void describe_story(const struct story *story, char *text)
{
	snprintf(text, KUNIT_PARAM_DESC_SIZE, "%s", story->why);
}

KUNIT_ARRAY_PARAM(stories, stories, describe_story);

static void request_by_rule(struct kunit *test)
{
	const struct story *story = test->param_value;
	struct mymm_pool *pool = mymm_draw_pool(test, strlen(story->types), 3);
	struct mymm_frame *frame;
	unsigned long extfrag, contested;

	mymm_draw_lay_out(test, pool, story->types, story->map);
	MYMM_EXPECT_SOUND(test, pool);
	extfrag = pool->zone[0].extfrag;
	contested = pool->zone[0].contested;
	frame = mymm_alloc_pages(pool, mymm_draw_gfp(story->request),
				 story->order);
	KUNIT_EXPECT_EQ(test, !frame, story->extfrag < 0);
	mymm_draw_expect(test, pool, story->types_after, story->map_after,
			 story->why);
	KUNIT_EXPECT_EQ(test, pool->zone[0].extfrag - extfrag,
			story->extfrag < 0 ? 0 : story->extfrag);
	KUNIT_EXPECT_EQ(test, pool->zone[0].contested - contested,
			story->contested);
	mymm_draw_give_back(test, pool);
}

/* Without grouping there is one type, whatever is asked for. */
static void no_grouping(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_none(test, "DMA:128K");
	static const gfp_t flags[] = { 0, __GFP_MOVABLE, __GFP_RECLAIMABLE,
				       __GFP_MOVABLE | __GFP_RECLAIMABLE };
	struct mymm_zone *zone = &pool->zone[0];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct mymm_frame *frame =
			mymm_alloc_pages(pool, GFP_DMA | flags[i], 0);

		KUNIT_ASSERT_NOT_NULL(test, frame);
		KUNIT_EXPECT_EQ(test, mymm_tag_type(frame->tag),
				MYMM_UNMOVABLE);
		KUNIT_EXPECT_EQ(test, mymm_buddy_type(&zone->buddy, 0),
				MYMM_UNMOVABLE);
		MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));
	}
	KUNIT_EXPECT_EQ(test, zone->extfrag, 0);
}

/* --- all that two pageblocks can be like ------------------------------------------ */

/* Two pageblocks of four frames. */
#define BLOCK_ORDER 2
#define BLOCK 4
#define FRAMES (2 * BLOCK)
#define STATES (9 * 6561) /* 3 * 3 types, 3^8 maps */

/* The model of the frames, which has no lists. */
struct model {
	char types[2 + 1];
	char map[FRAMES + 1]; /* . u m r, one for each frame */
};

/* Is an aligned block free, all of it, and of one type? */
static bool is_free(const struct model *model, u32 idx, unsigned int order)
{
	u32 i;

	for (i = 0; i < 1U << order; i++)
		if (model->map[idx + i] != '.' ||
		    model->types[(idx + i) / BLOCK] !=
			    model->types[idx / BLOCK])
			return false;
	return true;
}

/* The order of the free block that begins at a frame; -1: none does. */
static int block_at(const struct model *model, u32 idx)
{
	int order = 3;

	while (order >= 0 &&
	       (idx & ((1U << order) - 1) || !is_free(model, idx, order)))
		order--;
	if (order >= 0 && order < 3 &&
	    is_free(model, idx & ~((2U << order) - 1), order + 1))
		return -1;
	return order;
}

static bool has_block(const struct model *model, char type, int order)
{
	u32 idx;

	for (idx = 0; idx < FRAMES; idx++)
		if (block_at(model, idx) == order &&
		    model->types[idx / BLOCK] == type)
			return true;
	return false;
}

/*
 * The free block of an order and type that is to be taken: of several it is the first of its
 * list, which a model can't know, so that is looked up.
 */
static int first_block(struct mymm_pool *pool, const struct model *model,
		       char type, int order)
{
	u32 idx = mymm_buddy_first(&pool->zone[0].buddy, mymm_draw_type(type),
				   order);

	if (!has_block(model, type, order))
		return -1;
	if (idx >= FRAMES || block_at(model, idx) != order ||
	    model->types[idx / BLOCK] != type)
		return -1;
	return idx;
}

/* The lower end of the smallest block of a type; only in pageblock @only if that is not -1. */
static int take_own(struct mymm_pool *pool, struct model *model, char type,
		    int order, int only)
{
	int from, idx;

	for (from = order; from <= 3; from++) {
		if (only < 0) {
			idx = first_block(pool, model, type, from);
			if (idx >= 0)
				return idx;
			continue;
		}
		for (idx = only * BLOCK; idx < (only + 1) * BLOCK; idx++)
			if (block_at(model, idx) == from)
				return idx;
	}
	return -1;
}

/* Frames of a pageblock that are this. */
static unsigned int count(const struct model *model, int block, char what)
{
	unsigned int nr = 0;
	u32 i;

	for (i = 0; i < BLOCK; i++)
		nr += model->map[block * BLOCK + i] == what;
	return nr;
}

static const char *fallbacks_of(char type)
{
	return type == 'U' ? "RM" : type == 'M' ? "RU" : "UM";
}

/* The first type to turn to that has a block of just this order; 0: none. */
static char other_type(const struct model *model, char type, int order)
{
	const char *other;

	for (other = fallbacks_of(type); *other; other++)
		if (has_block(model, *other, order))
			return *other;
	return 0;
}

/* Where a request is served from, and what becomes of the pageblocks; -1: nowhere. */
static int serve(struct mymm_pool *pool, struct model *model, char type,
		 int order)
{
	int from, idx = take_own(pool, model, type, order, -1);
	char was;

	if (idx >= 0)
		return idx;
	for (from = 3; from >= order; from--) {
		int block;
		unsigned int good;

		was = other_type(model, type, from);
		if (!was)
			continue;
		if (type == 'M' && from < BLOCK_ORDER / 2)
			break;
		idx = first_block(pool, model, was, from);
		block = idx / BLOCK;
		if (from >= BLOCK_ORDER) {
			model->types[block] = type;
			if (from > BLOCK_ORDER)
				model->types[!block] = type;
			return idx;
		}
		good = count(model, block, '.');
		if (type == 'M')
			good += count(model, block, 'm');
		else if (was == 'M')
			good += count(model, block, 'u') +
				count(model, block, 'r');
		if (good < BLOCK / 2)
			continue;
		model->types[block] = type;
		return take_own(pool, model, type, order, block);
	}
	for (from = order; from <= 3; from++) {
		was = other_type(model, type, from);
		if (was)
			return first_block(pool, model, was, from);
	}
	return -1;
}

/* What mymm_draw() must show. */
static void draw_model(const struct model *model, int held, int order,
		       char *map)
{
	int idx, i;

	memcpy(map, model->map, sizeof(model->map));
	for (idx = 0; idx < FRAMES; idx++) {
		int free = block_at(model, idx);

		if (idx == held && order) {
			map[idx] = toupper(map[idx]);
			for (i = 1; i < 1 << order; i++)
				map[idx + i] = '-';
		} else if (free >= 0) {
			map[idx] = '0' + free;
		}
	}
}

/* Put the frames of a zone into the state that the model has, by hand. */
static void build(struct kunit *test, struct mymm_pool *pool,
		  const struct model *model)
{
	struct mymm_buddy *buddy = &pool->zone[0].buddy;
	u32 idx;

	for (idx = 0; idx < FRAMES; idx++) {
		u32 tag = pool->frame[idx].tag;

		if (mymm_tag_state(tag) == MYMM_FRAME_PAGES)
			mymm_buddy_free(buddy, idx, mymm_tag_order(tag));
	}
	mymm_buddy_reset(buddy, MYMM_UNMOVABLE);
	for (idx = 0; idx < FRAMES; idx++)
		mymm_buddy_alloc(buddy, 0);
	for (idx = 0; idx < 2; idx++)
		buddy->pageblock[idx] = mymm_draw_type(model->types[idx]);
	for (idx = 0; idx < FRAMES; idx++) {
		if (model->map[idx] == '.')
			mymm_buddy_free(buddy, idx, 0);
		else
			pool->frame[idx].tag =
				mymm_tag(MYMM_FRAME_PAGES, 0, 0) |
				mymm_tag_of_type(
					mymm_draw_type(model->map[idx]));
	}
}

static bool try_request(struct kunit *test, struct mymm_pool *pool,
			const struct model *before, char type, int order)
{
	struct model model = *before;
	char types[3], map[FRAMES + 1], expected[FRAMES + 1];
	struct mymm_frame *frame;
	int idx, i;

	build(test, pool, &model);
	idx = serve(pool, &model, type, order);
	for (i = 0; idx >= 0 && i < 1 << order; i++)
		model.map[idx + i] = tolower(type);
	frame = mymm_alloc_pages(pool, mymm_draw_gfp(type), order);
	mymm_draw(pool, types, map);
	draw_model(&model, idx, order, expected);
	if ((frame ? frame - pool->frame : -1) == idx &&
	    !strcmp(types, model.types) && !strcmp(map, expected))
		return true;
	KUNIT_FAIL(
		test,
		"%s %s, %c of order %d: frame %ld and %s %s, not %d and %s %s",
		before->types, before->map, type, order,
		frame ? frame - pool->frame : -1L, types, map, idx, model.types,
		expected);
	return false;
}

/*
 * Each type of each of the two, each frame free, or held as unmovable or movable, and what
 * may be asked for: 3 * 3 * 3^8 states, a request for each in turn. States in which both are
 * free and differ don't exist: they would have merged.
 */
static void each_small_zone(struct kunit *test)
{
	struct mymm_pool *pool = mymm_draw_pool(test, 2, BLOCK_ORDER);
	unsigned int cases = 0, skipped = 0, bad = 0, nr, i;

	for (nr = 0; nr < STATES && bad < 5; nr++) {
		struct model model = {};
		unsigned int rest = nr;

		for (i = 0; i < FRAMES; i++, rest /= 3)
			model.map[i] = ".um"[rest % 3];
		for (i = 0; i < 2; i++, rest /= 3)
			model.types[i] = "UMR"[rest % 3];
		if (!strcmp(model.map, "........") &&
		    model.types[0] != model.types[1]) {
			skipped++;
			continue;
		}
		/* The frames are in the lowest digits: mix, or it is always the same. */
		rest = nr * 2654435761U >> 16;
		bad += !try_request(test, pool, &model, "UMR"[rest % 3],
				    rest / 3 % 4);
		cases++;
		if (cases % 1024 == 0) {
			MYMM_EXPECT_SOUND(test, pool);
			cond_resched();
		}
	}
	KUNIT_EXPECT_EQ(test, skipped, 6);
	KUNIT_EXPECT_EQ(test, cases, 9 * 6561 - 6);
	mymm_draw_give_back(test, pool);
}

static struct kunit_case pageblock_cases[] = {
	KUNIT_CASE_PARAM(request_by_rule, stories_gen_params),
	KUNIT_CASE(no_grouping),
	KUNIT_CASE(each_small_zone),
	{},
};

static struct kunit_suite pageblock_suite = {
	.name = "mymm_pageblock",
	.test_cases = pageblock_cases,
};

kunit_test_suite(pageblock_suite);
