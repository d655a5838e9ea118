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

#include "base/compat.h"
#include "page/zone.h"

static const char *const zone_names[] = {
	[MYMM_ZONE_DMA] = "DMA",	 [MYMM_ZONE_DMA32] = "DMA32",
	[MYMM_ZONE_NORMAL] = "Normal",	 [MYMM_ZONE_HIGHMEM] = "HighMem",
	[MYMM_ZONE_MOVABLE] = "Movable",
};

static_assert(ARRAY_SIZE(zone_names) == MYMM_NR_ZONE_TYPES,
	      "each zone has a name");

/* Each combination of the zone flags. */
const u8 mymm_gfp_zones[16] = {
	[0] = MYMM_ZONE_NORMAL,
	[MYMM_ZONE_BITS(__GFP_MOVABLE)] = MYMM_ZONE_NORMAL,
	[MYMM_ZONE_BITS(__GFP_DMA)] = MYMM_ZONE_DMA,
	[MYMM_ZONE_BITS(__GFP_DMA | __GFP_MOVABLE)] = MYMM_ZONE_DMA,
	[MYMM_ZONE_BITS(__GFP_DMA32)] = MYMM_ZONE_DMA32,
	[MYMM_ZONE_BITS(__GFP_DMA32 | __GFP_MOVABLE)] = MYMM_ZONE_DMA32,
	[MYMM_ZONE_BITS(__GFP_HIGHMEM)] = MYMM_ZONE_HIGHMEM,
	[MYMM_ZONE_BITS(__GFP_HIGHMEM | __GFP_MOVABLE)] = MYMM_ZONE_MOVABLE,
	[MYMM_ZONE_BITS(__GFP_DMA | __GFP_HIGHMEM)] = MYMM_ZONE_NONE,
	[MYMM_ZONE_BITS(__GFP_DMA | __GFP_DMA32)] = MYMM_ZONE_NONE,
	[MYMM_ZONE_BITS(__GFP_DMA32 | __GFP_HIGHMEM)] = MYMM_ZONE_NONE,
	[MYMM_ZONE_BITS(__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM)] =
		MYMM_ZONE_NONE,
	[MYMM_ZONE_BITS(__GFP_MOVABLE | __GFP_DMA | __GFP_HIGHMEM)] =
		MYMM_ZONE_NONE,
	[MYMM_ZONE_BITS(__GFP_MOVABLE | __GFP_DMA | __GFP_DMA32)] =
		MYMM_ZONE_NONE,
	[MYMM_ZONE_BITS(__GFP_MOVABLE | __GFP_DMA32 | __GFP_HIGHMEM)] =
		MYMM_ZONE_NONE,
	[MYMM_ZONE_BITS(GFP_ZONEMASK)] = MYMM_ZONE_NONE,
};
MYMM_EXPORT_INTERNAL(mymm_gfp_zones);

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

const char *const mymm_migratetype_names[MYMM_NR_MIGRATETYPES] = {
	[MYMM_UNMOVABLE] = "Unmovable",
	[MYMM_MOVABLE] = "Movable",
	[MYMM_RECLAIMABLE] = "Reclaimable",
	[MYMM_HIGHATOMIC] = "HighAtomic",
};
MYMM_EXPORT_INTERNAL(mymm_migratetype_names);

/**
 * mymm_zone_init() - begin with every frame free
 * @zone: to be filled
 * @table: the pool's frame table
 * @type: which zone it is
 * @node: its node
 * @number: its number in the pool
 * @start: first frame
 * @end: one past the last
 * @heads: index of %MYMM_BUDDY_LISTS list heads in @table
 */
void mymm_zone_init(struct mymm_zone *zone, struct mymm_frame *table,
		    enum mymm_zone_type type, int node, unsigned int number,
		    u32 start, u32 end, u32 heads)
{
	raw_spin_lock_init(&zone->lock);
	zone->type = type;
	zone->node = node;
	zone->number = number;
	zone->least_free = end - start;
	zone->fell_below = zone->least_free;
	mymm_buddy_init(&zone->buddy, table, start, end, heads, number);
}
MYMM_EXPORT_INTERNAL(mymm_zone_init);

/**
 * mymm_zone_reset() - bring a zone that is whole into the order it had at load
 * @zone: the zone
 * @type: the migratetype that its pageblocks had then
 *
 * The free lists, the pageblocks and the peak become what they were, so that the same
 * requests get the same frames again.
 *
 * Context: any but NMI.
 * Return: whether it was whole; nothing has changed if not.
 */
bool mymm_zone_reset(struct mymm_zone *zone, enum mymm_migratetype type)
{
	guard(raw_spinlock_irqsave)(&zone->lock);

	if (zone->buddy.free != mymm_zone_managed(zone))
		return false;
	mymm_buddy_reset(&zone->buddy, type);
	zone->nr_reserved_highatomic = 0;
	zone->nr_free_highatomic = 0;
	zone->watermark_boost = 0;
	zone->flags &= BIT(MYMM_ZONE_BELOW_MARK) | BIT(MYMM_ZONE_DEAD);
	zone->least_free = zone->buddy.free;
	mymm_zone_set_marks(zone);
	mymm_zone_rose(zone);
	return true;
}

/**
 * mymm_zone_read() - what is free at one moment
 * @zone: the zone
 * @snap: is filled; what CPUs have in their lists is neither free nor allocated
 *
 * Context: any but NMI.
 */
void mymm_zone_read(struct mymm_zone *zone, struct mymm_zone_snapshot *snap)
{
	enum mymm_migratetype type;
	unsigned int order;

	*snap = (struct mymm_zone_snapshot){};
	guard(raw_spinlock_irqsave)(&zone->lock);

	mymm_buddy_finish_split(&zone->buddy);
	snap->free = zone->buddy.free;
	snap->peak = mymm_zone_managed(zone) - zone->least_free;
	for (type = 0; type < MYMM_NR_MIGRATETYPES; type++) {
		for (order = 0; order < MYMM_NR_ORDERS; order++) {
			unsigned long nr =
				zone->buddy.type[type].order[order].nr_free;

			snap->nr_free_type[type][order] = nr;
			snap->nr_free[order] += nr;
		}
	}
}
MYMM_EXPORT_INTERNAL(mymm_zone_read);
