// SPDX-License-Identifier: GPL-2.0
/*
 * Pools of one zone, drawn: what they are to be like, and what they are like.
 *
 * A zone is drawn as two lines, here of three pageblocks of 8 frames, Movable, Unmovable and
 * Reclaimable: u, m and r is a single frame that is held, by what it was asked for as; a
 * free block shows its order, and the rest of it are dots, as in buddy_kunit.c:
 *
 *	M       U       R
 *	mm1.2...u01.2...rrrrrrr0
 *
 * A larger block that is held is written U, M or R and as many dashes; H is HighAtomic, the
 * reserve. A free block that is of another type than its pageblock is a !.
 */
#include <linux/ctype.h>

#include "lib/drawing.h"

#define MOST_PAGES 32

static const char letters[] = "UMRH";

/**
 * mymm_draw_type() - the migratetype that a letter stands for
 * @letter: one of U, M, R, H, or a small one
 *
 * Return: the type.
 */
enum mymm_migratetype mymm_draw_type(char letter)
{
	return strchr(letters, toupper(letter)) - letters;
}

/**
 * mymm_draw_gfp() - flags of a request for frames of a type
 * @letter: one of U, M, R, or a small one
 *
 * Return: flags of a request that may not use the reserve.
 */
gfp_t mymm_draw_gfp(char letter)
{
	static const gfp_t flags[] = { 0, __GFP_MOVABLE, __GFP_RECLAIMABLE };

	return flags[mymm_draw_type(letter)] | __GFP_DMA | __GFP_NOWARN |
	       __GFP_NOMEMALLOC;
}

/**
 * mymm_draw_pool() - a pool of a zone of some pageblocks, and nothing else
 * @test: the test
 * @blocks: how many pageblocks
 * @order: each of 2^@order frames
 *
 * Return: the pool, which ends with the test.
 */
struct mymm_pool *mymm_draw_pool(struct kunit *test, unsigned int blocks,
				 unsigned int order)
{
	char zones[20];
	const struct mymm_pool_config config = {
		.zones = zones,
		.backing = MYMM_BACKING_NONE,
		.flags = MYMM_DRAW_GROUPED,
		.block_order = order,
	};

	snprintf(zones, sizeof(zones), "DMA:%up", blocks << order);
	return mymm_test_pool_config(test, &config);
}

/**
 * mymm_draw_lay_out() - make a pool that is whole what is drawn
 * @test: the test
 * @pool: the pool
 * @types: a letter for each pageblock
 * @map: a letter for each frame that is held
 *
 * All frames are taken one by one, the pageblocks get their types, the held frames what they
 * were asked for as, and the others are freed, the lowest first.
 */
void mymm_draw_lay_out(struct kunit *test, struct mymm_pool *pool,
		       const char *types, const char *map)
{
	struct mymm_zone *zone = &pool->zone[0];
	u32 idx;

	for (idx = 0; idx < pool->nr_frames; idx++)
		if (!mymm_alloc_pages(pool, __GFP_DMA | __GFP_NOWARN, 0))
			KUNIT_FAIL(test, "no frame %u", idx);
	for (idx = 0; idx < pool->nr_frames; idx++) {
		u32 block = idx >> pool->block_order;

		zone->buddy.pageblock[block] = mymm_draw_type(types[block]);
		if (types[block] == 'H')
			zone->nr_reserved_highatomic++;
		if (isalpha(map[idx]))
			pool->frame[idx].tag =
				mymm_tag(MYMM_FRAME_PAGES, 0, 0) |
				mymm_tag_of_type(mymm_draw_type(map[idx]));
	}
	for (idx = 0; idx < pool->nr_frames; idx++)
		if (!isalpha(map[idx]) &&
		    mymm_free_pages(pool, &pool->frame[idx], 0))
			KUNIT_FAIL(test, "frame %u is not held", idx);
}

/**
 * mymm_draw() - draw a pool
 * @pool: the pool
 * @types: becomes a letter for each pageblock, and a 0
 * @map: becomes a letter for each frame, and a 0
 */
void mymm_draw(struct mymm_pool *pool, char *types, char *map)
{
	struct mymm_buddy *buddy = &pool->zone[0].buddy;
	u32 idx, end = pool->nr_frames;

	mymm_buddy_finish_split(buddy);
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

/**
 * mymm_draw_expect() - expect that a pool looks so, and is sound
 * @test: the test
 * @pool: the pool, of 32 frames at most
 * @types: a letter for each pageblock
 * @map: a letter for each frame
 * @what: a name for it
 */
void mymm_draw_expect(struct kunit *test, struct mymm_pool *pool,
		      const char *types, const char *map, const char *what)
{
	char got_types[MOST_PAGES + 1], got_map[MOST_PAGES + 1];

	mymm_draw(pool, got_types, got_map);
	KUNIT_EXPECT_STREQ_MSG(test, got_types, types, "%s: types", what);
	KUNIT_EXPECT_STREQ_MSG(test, got_map, map, "%s: map", what);
	MYMM_EXPECT_SOUND(test, pool);
}

/**
 * mymm_draw_give_back() - free all that is held of a pool
 * @test: the test
 * @pool: the pool
 */
void mymm_draw_give_back(struct kunit *test, struct mymm_pool *pool)
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
