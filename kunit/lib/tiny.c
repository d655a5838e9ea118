// SPDX-License-Identifier: GPL-2.0
/*
 * A zone without a pool: a table of a few frames, and a map of it to compare.
 */
#include "lib/tiny.h"

/**
 * mymm_tiny_new() - a table with one zone of which everything is free
 * @test: the test; it stops if there is no memory
 * @start: the zone's first frame
 * @end: one past its last
 *
 * Return: the table, which ends with the test.
 */
struct mymm_tiny *mymm_tiny_new(struct kunit *test, u32 start, u32 end)
{
	u32 heads = ALIGN(end, 1U << MYMM_MAX_ORDER);
	struct mymm_tiny *tiny;

	tiny = kunit_kzalloc(test, sizeof(*tiny), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tiny);
	tiny->table = kunit_kcalloc(test, heads + 2 * MYMM_BUDDY_LISTS,
				    sizeof(*tiny->table), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tiny->table);
	tiny->heads = heads;
	mymm_zone_init(&tiny->zone[0], tiny->table, MYMM_ZONE_DMA, 0, 0, start,
		       end, heads);
	return tiny;
}

/**
 * mymm_tiny_draw() - the map of a zone in a line
 * @buddy: the zone's buddy system
 * @map: room for a character a frame, and the final NUL
 *
 * ? is a frame that no block contains, ! a tail that says it is something else.
 */
void mymm_tiny_draw(const struct mymm_buddy *buddy, char *map)
{
	u32 idx = buddy->start, i;

	while (idx < buddy->end) {
		u32 tag = buddy->table[idx].tag;
		bool free = mymm_tag_state(tag) == MYMM_FRAME_FREE;
		bool head = free || mymm_tag_state(tag) == MYMM_FRAME_PAGES;
		u32 frames = head ? 1U << mymm_tag_order(tag) : 1;

		if (!head)
			*map = '?';
		else
			*map = free ? "0123456789a"[mymm_tag_order(tag)] : 'P';
		map++;
		for (i = 1; i < frames && idx + i < buddy->end; i++)
			*map++ = buddy->table[idx + i].tag ? '!' :
				 free			   ? '.' :
							     'p';
		idx += frames;
	}
	*map = 0;
}
