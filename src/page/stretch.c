// SPDX-License-Identifier: GPL-2.0
/*
 * Stretches: frames that follow each other in one zone, and what of their blocks can be taken.
 * For exact placement (contig.c), and for frames that are forced (force.c).
 */
#include <linux/lockdep.h>
#include <linux/minmax.h>

#include "page/stretch.h"

/**
 * mymm_zone_around() - the zone of a frame
 * @pool: whose frame it is
 * @pfn: its number, counted from the pool's first frame
 *
 * Context: any.
 * Return: the zone; NULL if the pool has no frame of that number.
 */
struct mymm_zone *mymm_zone_around(struct mymm_pool *pool, unsigned long pfn)
{
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++)
		if (pfn >= pool->zone[i].buddy.start &&
		    pfn < pool->zone[i].buddy.end)
			return &pool->zone[i];
	return NULL;
}

/**
 * mymm_stretch_other() - is a block of it in another state?
 * @range: the frames
 * @states: bits of the states that are expected
 *
 * Context: any, with the lock of the zone.
 * Return: the state of the first block that is in none of @states; %MYMM_NO_OTHER: there is none;
 * %MYMM_NO_BLOCK: a frame is in no block.
 */
int mymm_stretch_other(const struct mymm_stretch *range, unsigned long states)
{
	const struct mymm_frame *table = range->zone->buddy.table;
	u32 idx = range->start;

	lockdep_assert_held(&range->zone->lock);
	while (idx < range->end) {
		u32 head = mymm_frame_find_head(table, idx), tag;

		if (head == MYMM_NO_FRAME)
			return MYMM_NO_BLOCK;
		tag = READ_ONCE(table[head].tag);
		if (!(states & BIT(mymm_tag_state(tag))))
			return mymm_tag_state(tag);
		idx = head + (1U << mymm_tag_order(tag));
	}
	return MYMM_NO_OTHER;
}

/**
 * mymm_mark_block() - frames are one allocated block
 * @zone: their zone
 * @idx: the first
 * @order: how large the block is
 * @flags: of its tag
 *
 * Context: any, with the zone's lock.
 * Return: how many frames they are.
 */
u32 mymm_mark_block(struct mymm_zone *zone, u32 idx, unsigned int order,
		    u32 flags)
{
	WRITE_ONCE(zone->buddy.table[idx].tag,
		   mymm_tag(MYMM_FRAME_PAGES, order, zone->number) | flags);
	return 1U << order;
}

/* These frames are allocated now, in the largest blocks that they can be. */
static void mark_blocks(struct mymm_zone *zone, u32 idx, u32 end, u32 flags)
{
	while (idx < end) {
		unsigned int order = mymm_buddy_forced_order(idx, end);

		zone->allocs[order]++;
		idx += mymm_mark_block(zone, idx, order, flags);
	}
}

/**
 * mymm_take_of_block() - take what a free block has of a stretch; the rest stays free
 * @zone: its zone
 * @head: the block's first frame
 * @idx: the first frame to take, which is in it
 * @end: one past the last, which may be beyond the block
 * @flags: of the tags of what is allocated
 * @log: what is to be traced
 *
 * What is taken becomes the largest blocks that it can be.
 *
 * Context: any, with the zone's lock, with no split pending.
 * Return: one past the last frame that was taken.
 */
u32 mymm_take_of_block(struct mymm_zone *zone, u32 head, u32 idx, u32 end,
		       u32 flags, struct mymm_page_log *log)
{
	struct mymm_buddy *buddy = &zone->buddy;
	u32 tag = buddy->table[head].tag;
	enum mymm_migratetype type = mymm_tag_type(tag);
	u32 behind = head + (1U << mymm_tag_order(tag));

	end = min(end, behind);
	mymm_buddy_take(buddy, head);
	mymm_buddy_put_rest(buddy, head, idx, type);
	mymm_buddy_put_rest(buddy, end, behind, type);
	mark_blocks(zone, idx, end, flags);
	mymm_log_split(log, idx, mymm_tag_order(tag),
		       mymm_buddy_forced_order(idx, end));
	if (type == MYMM_HIGHATOMIC)
		zone->nr_free_highatomic -= end - idx;
	return end;
}
