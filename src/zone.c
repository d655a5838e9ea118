// SPDX-License-Identifier: GPL-2.0
/*
 * A zone: a buddy system with a lock, a name and counters; and the rule by which
 * gfp flags choose one.
 *
 * The flags' two lowest ideas are combined: __GFP_DMA, __GFP_DMA32 and __GFP_HIGHMEM
 * name a zone, so at most one of them may be given; __GFP_MOVABLE is a promise
 * about the contents that, together with __GFP_HIGHMEM, opens zone Movable.
 * Without any it is Normal. That is gfp_zone() of include/linux/gfp.h with each of
 * the five zones configured, which no real kernel has at once.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "compat.h"
#include "zone.h"

static const char *const zone_names[] = {
	[MYMM_ZONE_DMA] = "DMA",	 [MYMM_ZONE_DMA32] = "DMA32",
	[MYMM_ZONE_NORMAL] = "Normal",	 [MYMM_ZONE_HIGHMEM] = "HighMem",
	[MYMM_ZONE_MOVABLE] = "Movable",
};
static_assert(ARRAY_SIZE(zone_names) == MYMM_NR_ZONE_TYPES,
	      "each zone has a name");

/* The zone flags are gfp's four lowest bits in every kernel that we know. */
#define ZONE_BITS(gfp)	((__force unsigned int)((gfp) & GFP_ZONEMASK))
static_assert((__force unsigned int)GFP_ZONEMASK == 0xf,
	      "the zone flags of gfp have moved");

/**
 * mymm_gfp_zone() - the highest zone that a request may be served from
 * @gfp: the request's flags
 *
 * Return: the zone, or %MYMM_ZONE_NONE if the flags contradict each other.
 */
enum mymm_zone_type mymm_gfp_zone(gfp_t gfp)
{
	switch (ZONE_BITS(gfp)) {
	case 0:
	case ZONE_BITS(__GFP_MOVABLE):
		return MYMM_ZONE_NORMAL;
	case ZONE_BITS(__GFP_DMA):
	case ZONE_BITS(__GFP_DMA | __GFP_MOVABLE):
		return MYMM_ZONE_DMA;
	case ZONE_BITS(__GFP_DMA32):
	case ZONE_BITS(__GFP_DMA32 | __GFP_MOVABLE):
		return MYMM_ZONE_DMA32;
	case ZONE_BITS(__GFP_HIGHMEM):
		return MYMM_ZONE_HIGHMEM;
	case ZONE_BITS(__GFP_HIGHMEM | __GFP_MOVABLE):
		return MYMM_ZONE_MOVABLE;
	default:
		return MYMM_ZONE_NONE;
	}
}
MYMM_EXPORT_INTERNAL(mymm_gfp_zone);

/**
 * mymm_zone_name() - what the files call a zone
 * @type: the zone
 *
 * Return: its name.
 */
const char *mymm_zone_name(enum mymm_zone_type type)
{
	return type < MYMM_NR_ZONE_TYPES ? zone_names[type] : "?";
}
MYMM_EXPORT_INTERNAL(mymm_zone_name);

/**
 * mymm_zone_type_by_name() - the zone that a person means
 * @name: as in the files; upper and lower case matter as they do there
 *
 * Return: the zone, or %MYMM_ZONE_NONE.
 */
enum mymm_zone_type mymm_zone_type_by_name(const char *name)
{
	int type = match_string(zone_names, ARRAY_SIZE(zone_names), name);

	return type < 0 ? MYMM_ZONE_NONE : type;
}

/**
 * mymm_zone_init() - begin with every frame free
 * @zone: to be filled
 * @table: the pool's frame table
 * @type: which zone it is
 * @node: its node
 * @number: its number in the pool
 * @start: first frame
 * @end: one past the last
 * @heads: index of %MYMM_NR_ORDERS list heads in @table
 */
void mymm_zone_init(struct mymm_zone *zone, struct mymm_frame *table,
		    enum mymm_zone_type type, int node, unsigned int number,
		    u32 start, u32 end, u32 heads)
{
	raw_spin_lock_init(&zone->lock);
	zone->type = type;
	zone->node = node;
	zone->allocated = 0;
	zone->peak = 0;
	atomic_long_set(&zone->failed, 0);
	mymm_buddy_init(&zone->buddy, table, start, end, heads, number);
}
MYMM_EXPORT_INTERNAL(mymm_zone_init);

/**
 * mymm_zone_alloc() - take a block of a zone
 * @zone: the zone
 * @order: its size
 * @flags: bits above the zone's for the tag of its head
 *
 * Context: any but NMI.
 * Return: the head's index, or %MYMM_NO_FRAME.
 */
u32 mymm_zone_alloc(struct mymm_zone *zone, unsigned int order, u32 flags)
{
	unsigned long irqflags;
	u32 idx;

	raw_spin_lock_irqsave(&zone->lock, irqflags);
	idx = mymm_buddy_alloc(&zone->buddy, order);
	if (likely(idx != MYMM_NO_FRAME)) {
		if (flags)
			zone->buddy.table[idx].tag |= flags;
		zone->allocated += 1UL << order;
		if (zone->allocated > zone->peak)
			zone->peak = zone->allocated;
	}
	raw_spin_unlock_irqrestore(&zone->lock, irqflags);
	return idx;
}
MYMM_EXPORT_INTERNAL(mymm_zone_alloc);

/**
 * mymm_zone_free() - give a block back, if that is what it is
 * @zone: the zone that the frame's tag names
 * @idx: the frame
 * @order: the order that it is said to have
 * @found: the tag that the frame has, where it is refused
 *
 * The question and the answer are under one lock, so of two that free the same
 * block at the same time exactly one succeeds.
 *
 * Context: any but NMI.
 * Return: 0, or -EINVAL if the frame is not the head of an allocated block of
 * that order; nothing has changed then.
 */
int mymm_zone_free(struct mymm_zone *zone, u32 idx, unsigned int order,
		   u32 *found)
{
	struct mymm_buddy *buddy = &zone->buddy;
	unsigned long irqflags;
	int err = 0;
	u32 tag;

	raw_spin_lock_irqsave(&zone->lock, irqflags);
	tag = buddy->table[idx].tag;
	if (likely((tag & ~MYMM_TAG_COMP) ==
		   mymm_tag(MYMM_FRAME_PAGES, order, buddy->zone))) {
		mymm_buddy_free(buddy, idx, order);
		zone->allocated -= 1UL << order;
	} else {
		*found = tag;
		err = -EINVAL;
	}
	raw_spin_unlock_irqrestore(&zone->lock, irqflags);
	return err;
}
MYMM_EXPORT_INTERNAL(mymm_zone_free);

/**
 * mymm_zone_reset() - bring a zone that is whole into the order it had at load
 * @zone: the zone
 *
 * The free lists and the peak become what they were, so that the same requests
 * get the same frames again.
 *
 * Context: any but NMI.
 * Return: whether it was whole; nothing has changed if not.
 */
bool mymm_zone_reset(struct mymm_zone *zone)
{
	guard(raw_spinlock_irqsave)(&zone->lock);

	if (zone->allocated)
		return false;
	mymm_buddy_reset(&zone->buddy);
	zone->peak = 0;
	return true;
}

/**
 * mymm_zone_read() - what is free at one moment
 * @zone: the zone
 * @snap: is filled
 *
 * Context: any but NMI.
 */
void mymm_zone_read(struct mymm_zone *zone, struct mymm_zone_snapshot *snap)
{
	guard(raw_spinlock_irqsave)(&zone->lock);

	snap->free = zone->buddy.free;
	snap->allocated = zone->allocated;
	snap->peak = zone->peak;
	memcpy(snap->nr_free, zone->buddy.nr_free, sizeof(snap->nr_free));
}
MYMM_EXPORT_INTERNAL(mymm_zone_read);
