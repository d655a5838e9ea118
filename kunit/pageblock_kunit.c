// SPDX-License-Identifier: GPL-2.0
/*
 * Pageblocks: from which a request is served, which change their type, and which are kept.
 *
 * A zone is drawn as two lines, here of three pageblocks of 8 frames, Movable, Unmovable and
 * Reclaimable: u, m and r is a single frame that is held, by what it was asked for as; a
 * free block shows its order, and the rest of it are dots, as in buddy_kunit.c:
 *
 *	M       U       R
 *	mm1.2...u01.2...rrrrrrr0
 *
 * A larger block that is held is written U, M or R and as many dashes. First the rules, one
 * map each; then all that two pageblocks of four frames can be like, against a model
 * that knows frames and types, and no lists.
 */
#include <linux/ctype.h>

#include "util.h"
#include "../src/pageblock.h"

#define GROUPED (MYMM_POOL_BARE & ~MYMM_POOL_NO_MOBILITY)
#define MOST_PAGES 32

static const char letters[] = "UMRH";

static enum mymm_migratetype type_of_letter(char letter)
{
	return strchr(letters, toupper(letter)) - letters;
}

static gfp_t gfp_of_letter(char letter)
{
	static const gfp_t flags[] = { 0, __GFP_MOVABLE, __GFP_RECLAIMABLE };

	/* Not one of those for whom the reserve is kept. */
	return flags[type_of_letter(letter)] | __GFP_DMA | __GFP_NOWARN |
	       __GFP_NOMEMALLOC;
}

/* --- drawing ------------------------------------------------------------------- */

/* A zone of so many pageblocks of 2^@order frames, and nothing else. */
static struct mymm_pool *new_pool(struct kunit *test, unsigned int blocks,
				  unsigned int order)
{
	char zones[20];
	const struct mymm_pool_config config = {
		.zones = zones,
		.backing = MYMM_BACKING_NONE,
		.flags = GROUPED,
		.block_order = order,
	};

	snprintf(zones, sizeof(zones), "DMA:%up", blocks << order);
	return mymm_test_pool_config(test, &config);
}

/*
 * Make a pool that is whole what is drawn: all frames are taken one by one, the pageblocks
 * get their types, the held frames what they were asked for as, and the others are freed,
 * the lowest first.
 */
static void lay_out(struct kunit *test, struct mymm_pool *pool,
		    const char *types, const char *map)
{
	struct mymm_zone *zone = &pool->zone[0];
	u32 idx;

	for (idx = 0; idx < pool->nr_frames; idx++)
		if (!mymm_alloc_pages(pool, __GFP_DMA | __GFP_NOWARN, 0))
			KUNIT_FAIL(test, "no frame %u", idx);
	for (idx = 0; idx < pool->nr_frames; idx++) {
		u32 block = idx >> pool->block_order;

		zone->buddy.pageblock[block] = type_of_letter(types[block]);
		if (types[block] == 'H')
			zone->nr_reserved_highatomic++;
		if (isalpha(map[idx]))
			pool->frame[idx].tag =
				mymm_tag(MYMM_FRAME_PAGES, 0, 0) |
				mymm_tag_of_type(type_of_letter(map[idx]));
	}
	for (idx = 0; idx < pool->nr_frames; idx++)
		if (!isalpha(map[idx]) &&
		    mymm_free_pages(pool, &pool->frame[idx], 0))
			KUNIT_FAIL(test, "frame %u is not held", idx);
}

static void draw(struct mymm_pool *pool, char *types, char *map)
{
	struct mymm_buddy *buddy = &pool->zone[0].buddy;
	u32 idx, end = pool->nr_frames;

	mymm_buddy_settle(buddy);
	for (idx = 0; idx < end; idx += 1U << pool->block_order)
		*types++ = letters[mymm_buddy_type(buddy, idx)];
	*types = 0;
	for (idx = 0; idx < end;) {
		u32 tag = pool->frame[idx].tag,
		    size = 1U << mymm_tag_order(tag);
		bool free = mymm_tag_state(tag) == MYMM_FRAME_FREE;
		char letter = letters[mymm_tag_type(tag)];

		if (free)
			map[idx] = "0123456789a"[mymm_tag_order(tag)];
		else if (mymm_tag_state(tag) == MYMM_FRAME_PAGES)
			map[idx] = size > 1 ? letter : tolower(letter);
		else
			map[idx] = '?';
		if (free && letter != letters[mymm_buddy_type(buddy, idx)])
			map[idx] = '!';
		memset(map + idx + 1, free ? '.' : '-',
		       min(size, end - idx) - 1);
		idx += size;
	}
	map[end] = 0;
}

static void expect_drawn(struct kunit *test, struct mymm_pool *pool,
			 const char *types, const char *map, const char *what)
{
	char got_types[MOST_PAGES + 1], got_map[MOST_PAGES + 1];

	draw(pool, got_types, got_map);
	KUNIT_EXPECT_STREQ_MSG(test, got_types, types, "%s: types", what);
	KUNIT_EXPECT_STREQ_MSG(test, got_map, map, "%s: map", what);
	MYMM_EXPECT_SOUND(test, pool);
}

static void give_all_back(struct kunit *test, struct mymm_pool *pool)
{
	u32 idx = 0;

	while (idx < pool->nr_frames) {
		u32 tag = pool->frame[idx].tag;

		if (mymm_tag_state(tag) == MYMM_FRAME_PAGES)
			MYMM_EXPECT_OK(test,
				       mymm_free_pages(pool, &pool->frame[idx],
						       mymm_tag_order(tag)));
		idx++;
	}
	mymm_pool_drain(pool);
}

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
	  "unmovable: Reclaimable first" },
	{ "RM", "rrrrr.rrmmmmm.mm", 'u', 0, "RM", "rrrrrurrmmmmm0mm", 1,
	  "wherever that is" },
	{ "UR", "uuuuu.uurrrrr.rr", 'm', 0, "UR", "uuuuu0uurrrrrmrr", 1,
	  "movable: Reclaimable first" },
	{ "UM", "uuuuu.uummmmm.mm", 'r', 0, "UM", "uuuuuruummmmm0mm", 1,
	  "reclaimable: Unmovable first" },
	{ "MR", "mmmm....rrrrr.rr", 'u', 0, "UR", "mmmmu01.rrrrr0rr", 1,
	  "the largest first, to claim" },
	{ "MR", "mmmmm...rrrrr.rr", 'u', 0, "MR", "mmmmm01.rrrrrurr", 1,
	  "the smallest first, to steal" },
	{ "MR", "mmmm.mmmrrrrrr..", 'u', 1, "MR", "mmmm0mmmrrrrrrU-", 1,
	  "one that is large enough" },
	/* nobody's */
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
	struct mymm_pool *pool = new_pool(test, strlen(story->types), 3);
	struct mymm_frame *frame;
	unsigned long extfrag;

	lay_out(test, pool, story->types, story->map);
	MYMM_EXPECT_SOUND(test, pool);
	extfrag = pool->zone[0].extfrag;
	frame = mymm_alloc_pages(pool, gfp_of_letter(story->request),
				 story->order);
	KUNIT_EXPECT_EQ(test, !frame, story->extfrag < 0);
	expect_drawn(test, pool, story->types_after, story->map_after,
		     story->why);
	KUNIT_EXPECT_EQ(test, pool->zone[0].extfrag - extfrag,
			story->extfrag < 0 ? 0 : story->extfrag);
	give_all_back(test, pool);
}

/* --- all that two pageblocks can be like ------------------------------------------ */

/* Two pageblocks of four frames. */
#define BLOCK_ORDER 2
#define BLOCK 4
#define FRAMES (2 * BLOCK)
#define STATES (9 * 6561) /* 3 * 3 types, 3^8 maps */

/* What frames are, by somebody who knows no lists. */
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
	u32 idx = mymm_buddy_first(&pool->zone[0].buddy, type_of_letter(type),
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

/* What draw() must show. */
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
		buddy->pageblock[idx] = type_of_letter(model->types[idx]);
	for (idx = 0; idx < FRAMES; idx++) {
		if (model->map[idx] == '.')
			mymm_buddy_free(buddy, idx, 0);
		else
			pool->frame[idx].tag =
				mymm_tag(MYMM_FRAME_PAGES, 0, 0) |
				mymm_tag_of_type(
					type_of_letter(model->map[idx]));
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
	frame = mymm_alloc_pages(pool, gfp_of_letter(type), order);
	draw(pool, types, map);
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
	struct mymm_pool *pool = new_pool(test, 2, BLOCK_ORDER);
	unsigned int cases = 0, skipped = 0, bad = 0, nr, i;

	for (nr = 0; nr < STATES && bad < 5; nr++) {
		struct model model = {};
		unsigned int rest = nr;

		for (i = 0; i < FRAMES; i++, rest /= 3)
			model.map[i] = ".um"[rest % 3];
		for (i = 0; i < 2; i++, rest /= 3)
			model.types[i] = letters[rest % 3];
		if (!strcmp(model.map, "........") &&
		    model.types[0] != model.types[1]) {
			skipped++;
			continue;
		}
		/* The frames are in the lowest digits: mix, or it is always the same. */
		rest = nr * 2654435761U >> 16;
		bad += !try_request(test, pool, &model, letters[rest % 3],
				    rest / 3 % 4);
		cases++;
		if (cases % 1024 == 0) {
			MYMM_EXPECT_SOUND(test, pool);
			cond_resched();
		}
	}
	KUNIT_EXPECT_EQ(test, skipped, 6);
	KUNIT_EXPECT_EQ(test, cases, 9 * 6561 - 6);
	give_all_back(test, pool);
}

/* --- two zones --------------------------------------------------------------------- */

/* A zone's frames, all movable, but for the first of each pageblock given back. */
static void hold_first_frames(struct kunit *test, struct mymm_pool *pool,
			      gfp_t gfp, unsigned int nr)
{
	struct mymm_frame *frame, *first = NULL;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		frame = mymm_alloc_pages(pool, gfp | __GFP_MOVABLE, 0);
		KUNIT_ASSERT_NOT_NULL(test, frame);
		if (!first || frame < first)
			first = frame;
	}
	for (i = 0; i < nr; i++)
		if (i % 8)
			MYMM_EXPECT_OK(test,
				       mymm_free_pages(pool, first + i, 0));
}

/*
 * With DMA32 below it, Normal is not mixed as long as there is a whole pageblock there:
 *
 *	DMA32   MM               Normal  MM
 *	        4............... <=      m01.2...m01.2...
 *
 * when there is none, both being mixed, Normal is, where something was freed last.
 */
static void rather_another_zone(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "DMA32:16p,Normal:16p",
		.backing = MYMM_BACKING_NONE,
		.flags = GROUPED,
		.block_order = 3,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct mymm_frame *frame;

	hold_first_frames(test, pool, 0, 16);
	frame = mymm_alloc_pages(pool, GFP_NOWAIT, 0);
	KUNIT_EXPECT_EQ(test, mymm_frame_pfn(pool, frame), 0);
	KUNIT_EXPECT_EQ(test, mymm_buddy_type(&pool->zone[0].buddy, 0),
			MYMM_UNMOVABLE);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));

	hold_first_frames(test, pool, __GFP_DMA32, 16);
	frame = mymm_alloc_pages(pool, GFP_NOWAIT, 0);
	KUNIT_EXPECT_EQ(test, mymm_frame_pfn(pool, frame), 25);
	KUNIT_EXPECT_EQ(test, mymm_buddy_type(&pool->zone[1].buddy, 24),
			MYMM_UNMOVABLE);
	MYMM_EXPECT_SOUND(test, pool);
	give_all_back(test, pool);
}

/* Above DMA alone Normal is mixed at once: DMA is too small to be spent on that. */
static void not_dma(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "DMA:16p,Normal:16p",
		.backing = MYMM_BACKING_NONE,
		.flags = GROUPED,
		.block_order = 3,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);

	hold_first_frames(test, pool, 0, 16);
	KUNIT_EXPECT_EQ(test,
			mymm_frame_pfn(pool,
				       mymm_alloc_pages(pool, GFP_NOWAIT, 0)),
			25);
	give_all_back(test, pool);
}

/* Nor for another node, however whole its pageblocks are. */
static void not_another_node(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "DMA32:16p,Normal:16p",
		.nodes = 2,
		.backing = MYMM_BACKING_NONE,
		.flags = GROUPED,
		.block_order = 3,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct mymm_frame *frame;
	unsigned int i;

	for (i = 0; i < 32; i++)
		KUNIT_ASSERT_NOT_NULL(
			test, mymm_alloc_pages_node(pool, 0, __GFP_MOVABLE, 0));
	for (i = 0; i < 32; i++)
		if (i % 8)
			MYMM_EXPECT_OK(test, mymm_free_pages(
						     pool, &pool->frame[i], 0));
	frame = mymm_alloc_pages_node(pool, 0, GFP_NOWAIT, 0);
	KUNIT_EXPECT_EQ(test, mymm_frame_pfn(pool, frame), 25);
	give_all_back(test, pool);
}

/*
 * A pageblock that reaches over the end of a zone is never claimed, though all of it in this
 * zone is free: what is beyond is not ours to decide. It is stolen from.
 *
 *	DMA  M       M           Normal  M
 *	     mmmmmmmm2...                2...
 */
static void not_over_a_border(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "DMA:12p,Normal:4p",
		.backing = MYMM_BACKING_NONE,
		.flags = GROUPED,
		.block_order = 3,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct mymm_frame *frame;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test,
			      mymm_alloc_pages(pool, gfp_of_letter('m'), 3));
	frame = mymm_alloc_pages(pool, gfp_of_letter('u'), 0);
	KUNIT_ASSERT_NOT_NULL(test, frame);
	for (i = 0; i < 12; i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    mymm_buddy_type(&pool->zone[0].buddy, i),
				    MYMM_MOVABLE, "frame %u", i);
	KUNIT_EXPECT_EQ(test, mymm_buddy_type(&pool->zone[1].buddy, 12),
			MYMM_MOVABLE);
	MYMM_EXPECT_SOUND(test, pool);
	give_all_back(test, pool);
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

/* --- the reserve ----------------------------------------------------------------------- */

/* What HighAtomic pageblocks there are, and how much of them is free. */
static void expect_reserve(struct kunit *test, struct mymm_zone *zone,
			   unsigned long frames, unsigned long free)
{
	KUNIT_EXPECT_EQ(test, zone->nr_reserved_highatomic, frames);
	KUNIT_EXPECT_EQ(test, zone->nr_free_highatomic, free);
}

static struct mymm_frame *rmqueue(struct mymm_zone *zone, unsigned int order,
				  enum mymm_migratetype type,
				  unsigned int alloc_flags)
{
	enum mymm_rmqueue_mode mode = MYMM_RMQUEUE_NORMAL;
	struct mymm_page_log log = {};

	guard(raw_spinlock_irqsave)(&zone->lock);
	return mymm_rmqueue(zone, order, type, alloc_flags, &mode, &log);
}

/*
 * 1600 frames in pageblocks of 8: a hundredth is 16, two pageblocks. The first is that of a
 * block of order 1, so 6 frames of it are free; the second is all held. A third is too much.
 */
static void reserve(struct kunit *test)
{
	struct mymm_pool *pool = new_pool(test, 200, 3);
	struct mymm_zone *zone = &pool->zone[0];
	struct mymm_frame *pair, *whole, *one, *last;
	unsigned int nr = 0;
	u32 first;

	pair = mymm_alloc_pages(pool, gfp_of_letter('u'), 1);
	first = pair - pool->frame;
	mymm_pageblock_reserve(zone, first, 1);
	expect_reserve(test, zone, 8, 6);
	KUNIT_EXPECT_EQ(test, mymm_buddy_type(&zone->buddy, first),
			MYMM_HIGHATOMIC);
	MYMM_EXPECT_SOUND(test, pool);
	mymm_pageblock_reserve(zone, first, 1); /* it is already */
	expect_reserve(test, zone, 8, 6);
	whole = mymm_alloc_pages(pool, gfp_of_letter('m'), 3);
	mymm_pageblock_reserve(zone, whole - pool->frame, 3);
	expect_reserve(test, zone, 16, 6);
	one = mymm_alloc_pages(pool, gfp_of_letter('r'), 0);
	mymm_pageblock_reserve(zone, one - pool->frame, 0);
	expect_reserve(test, zone, 16, 6);
	MYMM_EXPECT_SOUND(test, pool);

	/* Nobody else gets it: 1600 - 2 - 8 - 1 - 6 are left for them. */
	while (mymm_alloc_pages(pool, gfp_of_letter('m'), 0))
		nr++;
	KUNIT_EXPECT_EQ(test, nr, 1583);
	expect_reserve(test, zone, 16, 6);
	/* Who can't wait does, when nothing else is left; who may use it, first. */
	last = rmqueue(zone, 0, MYMM_MOVABLE, MYMM_ALLOC_NON_BLOCK);
	KUNIT_ASSERT_NOT_NULL(test, last);
	KUNIT_EXPECT_EQ(test, (last - pool->frame) / 8, first / 8);
	expect_reserve(test, zone, 16, 5);
	KUNIT_EXPECT_EQ(test, mymm_tag_type(last->tag), MYMM_MOVABLE);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, last, 0));
	expect_reserve(test, zone, 16, 6);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, one, 0));
	last = rmqueue(zone, 1, MYMM_UNMOVABLE, MYMM_ALLOC_HIGHATOMIC);
	KUNIT_EXPECT_EQ(test, (last - pool->frame) / 8, first / 8);
	expect_reserve(test, zone, 16, 4);
	MYMM_EXPECT_SOUND(test, pool);
	give_all_back(test, pool);
	expect_reserve(test, zone, 0, 0);
}

/* A zone of which a hundredth is less than a pageblock has no reserve. */
static void no_reserve_in_small_zones(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "DMA:799p",
		.backing = MYMM_BACKING_NONE,
		.flags = GROUPED,
		.block_order = 3,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct mymm_frame *frame =
		mymm_alloc_pages(pool, gfp_of_letter('u'), 1);

	mymm_pageblock_reserve(&pool->zone[0], frame - pool->frame, 1);
	expect_reserve(test, &pool->zone[0], 0, 0);
	give_all_back(test, pool);
}

/*
 * It is given up one pageblock at a time, the last only by force, and only one with something
 * free in it. What becomes whole by that merges with what is beside it, as anything else.
 */
static void unreserve(struct kunit *test)
{
	struct mymm_pool *pool = new_pool(test, 256, 3);
	const struct mymm_zonelist *list =
		&pool->node_of[0].zonelist[MYMM_ZONE_DMA];
	struct mymm_zone *zone = &pool->zone[0];
	struct mymm_frame *frame[2];
	unsigned int i;

	frame[0] = mymm_alloc_pages(pool, gfp_of_letter('m'), 1);
	mymm_pageblock_reserve(zone, frame[0] - pool->frame, 1);
	frame[1] = mymm_alloc_pages(pool, gfp_of_letter('m'), 3);
	mymm_pageblock_reserve(zone, frame[1] - pool->frame, 3);
	expect_reserve(test, zone, 16, 6);

	KUNIT_EXPECT_TRUE(test, mymm_pageblock_unreserve(list, MYMM_RECLAIMABLE,
							 false));
	expect_reserve(test, zone, 8, 0);
	KUNIT_EXPECT_EQ(test,
			mymm_buddy_type(&zone->buddy, frame[0] - pool->frame),
			MYMM_RECLAIMABLE);
	MYMM_EXPECT_SOUND(test, pool);
	KUNIT_EXPECT_FALSE(test,
			   mymm_pageblock_unreserve(list, MYMM_MOVABLE, false));
	KUNIT_EXPECT_FALSE(test,
			   mymm_pageblock_unreserve(list, MYMM_MOVABLE, true));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame[1], 3));
	expect_reserve(test, zone, 8, 8);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame[0], 1));
	/* All is free, but the reserve keeps it apart. */
	KUNIT_EXPECT_EQ(test, mymm_buddy_nr_free(&zone->buddy, 10), 1);
	KUNIT_EXPECT_FALSE(test,
			   mymm_pageblock_unreserve(list, MYMM_MOVABLE, false));
	KUNIT_EXPECT_TRUE(test,
			  mymm_pageblock_unreserve(list, MYMM_MOVABLE, true));
	expect_reserve(test, zone, 0, 0);
	MYMM_EXPECT_SOUND(test, pool);
	KUNIT_EXPECT_EQ(test, mymm_buddy_nr_free(&zone->buddy, 10), 2);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_FALSE(
			test, mymm_pageblock_unreserve(list, MYMM_MOVABLE, i));
}

/* The reserve's free blocks of a high order are no way around what a request may not be. */
static void both_mobilities_refused(struct kunit *test)
{
	struct mymm_pool *pool = new_pool(test, 200, 5);
	struct mymm_zone *zone = &pool->zone[0];
	struct mymm_frame *frame;
	unsigned int order;

	frame = mymm_alloc_pages(pool, gfp_of_letter('u'), 4);
	mymm_pageblock_reserve(zone, frame - pool->frame, 4);
	expect_reserve(test, zone, 32, 16);
	for (order = 0; order <= MYMM_MAX_ORDER; order++)
		MYMM_EXPECT_REFUSED(test, pool, MYMM_REFUSED_GFP, 0,
				    mymm_alloc_pages(pool,
						     __GFP_DMA | __GFP_MOVABLE |
							     __GFP_RECLAIMABLE,
						     order));
	give_all_back(test, pool);
}

/* --- watermarks ------------------------------------------------------------------------- */

/*
 * Each pageblock that is claimed though it is not whole raises the watermark by its frames,
 * up to 150 % of high: of 20 that is 30. Eight pageblocks like this one:
 *
 *	m01.2...	an unmovable request of order 2 claims one each time
 */
static void boost(struct kunit *test)
{
	static const unsigned long expected[] = { 8, 16, 24, 30, 30 };
	struct mymm_pool *pool = new_pool(test, 8, 3);
	struct mymm_zone *zone = &pool->zone[0];
	char map[8 * 8 + 1];
	unsigned int i;

	for (i = 0; i < 8; i++)
		strscpy(map + 8 * i, "m.......", 9);
	lay_out(test, pool, "MMMMMMMM", map);
	zone->watermark[MYMM_WMARK_HIGH] = 20;
	zone->boost_factor = 15000;
	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		KUNIT_EXPECT_NOT_NULL(test,
				      rmqueue(zone, 2, MYMM_UNMOVABLE, 0));
		KUNIT_EXPECT_EQ(test, zone->watermark_boost, expected[i]);
	}
	KUNIT_EXPECT_FALSE(test, zone->flags & BIT(MYMM_ZONE_BOOSTED));
	KUNIT_EXPECT_NOT_NULL(test, rmqueue(zone, 2, MYMM_UNMOVABLE,
					    MYMM_ALLOC_KSWAPD));
	KUNIT_EXPECT_TRUE(test, zone->flags & BIT(MYMM_ZONE_BOOSTED));
	zone->watermark[MYMM_WMARK_HIGH] = 0;
	give_all_back(test, pool);
	KUNIT_EXPECT_EQ(test, zone->watermark_boost, 0);
}

/*
 * Nothing is raised by a pageblock that is claimed whole; in a zone of less than four; by
 * factor 0; nor before there are watermarks.
 */
static void no_boost(struct kunit *test)
{
	static const struct {
		unsigned int blocks;
		const char *map;
		unsigned long high;
		unsigned long factor;
	} table[] = {
		{ 4, "................................", 20, 15000 },
		{ 3, "m.......m.......m.......", 20, 15000 },
		{ 4, "m.......m.......m.......m.......", 20, 0 },
		{ 4, "m.......m.......m.......m.......", 0, 15000 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct mymm_pool *pool = new_pool(test, table[i].blocks, 3);
		struct mymm_zone *zone = &pool->zone[0];

		lay_out(test, pool, "MMMM", table[i].map);
		zone->watermark[MYMM_WMARK_HIGH] = table[i].high;
		zone->boost_factor = table[i].factor;
		KUNIT_EXPECT_NOT_NULL(test, rmqueue(zone, 2, MYMM_UNMOVABLE,
						    MYMM_ALLOC_KSWAPD));
		KUNIT_EXPECT_EQ_MSG(test, zone->watermark_boost, 0, "number %u",
				    i);
		KUNIT_EXPECT_FALSE(test, zone->flags & BIT(MYMM_ZONE_BOOSTED));
		zone->watermark[MYMM_WMARK_HIGH] = 0;
		give_all_back(test, pool);
	}
}

/*
 * However large a block is: nobody who has to heed it gets it past the min watermark. As many
 * as there are of each order; before each the rule says whether it is to be had.
 */
static void large_blocks_heed_watermarks(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "DMA:12M",
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_POOL_BARE & ~MYMM_POOL_NO_WATERMARKS,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct mymm_zone *zone = &pool->zone[0];
	unsigned int order, odd, taken = 0;

	KUNIT_ASSERT_GT(test, zone->watermark[MYMM_WMARK_MIN], 20);
	for (order = 0; order <= MYMM_MAX_ORDER; order++) {
		/* Some frames before, so that free frames are no multiple of the order. */
		for (odd = 0; odd < 4; odd++) {
			struct mymm_frame *frame;
			unsigned int i;
			bool ok;

			for (i = 0; i < odd * 5; i++)
				mymm_alloc_pages(pool, gfp_of_letter('u'), 0);
			do {
				ok = mymm_zone_watermark_ok(
					zone, order,
					mymm_zone_watermark(zone,
							    MYMM_WMARK_MIN),
					MYMM_ZONE_DMA, 0, zone->buddy.free);
				frame = mymm_alloc_pages(
					pool, gfp_of_letter('u'), order);
				KUNIT_EXPECT_EQ_MSG(
					test, !frame, !ok,
					"order %u, %lu frames are free, min is %lu",
					order,
					zone->buddy.free +
						(frame ? 1UL << order : 0),
					zone->watermark[MYMM_WMARK_MIN]);
				taken++;
			} while (frame);
			KUNIT_EXPECT_GE(test, zone->buddy.free,
					zone->watermark[MYMM_WMARK_MIN]);
			give_all_back(test, pool);
		}
	}
	KUNIT_EXPECT_GT(test, taken, 1000);
}

static struct kunit_case pageblock_cases[] = {
	KUNIT_CASE_PARAM(request_by_rule, stories_gen_params),
	KUNIT_CASE(each_small_zone),
	KUNIT_CASE(rather_another_zone),
	KUNIT_CASE(not_dma),
	KUNIT_CASE(not_another_node),
	KUNIT_CASE(not_over_a_border),
	KUNIT_CASE(no_grouping),
	KUNIT_CASE(reserve),
	KUNIT_CASE(no_reserve_in_small_zones),
	KUNIT_CASE(unreserve),
	KUNIT_CASE(both_mobilities_refused),
	KUNIT_CASE(boost),
	KUNIT_CASE(no_boost),
	KUNIT_CASE(large_blocks_heed_watermarks),
	{},
};

static struct kunit_suite pageblock_suite = {
	.name = "mymm_pageblock",
	.test_cases = pageblock_cases,
};

kunit_test_suite(pageblock_suite);
