// SPDX-License-Identifier: GPL-2.0
/*
 * A zone: a buddy system with a lock, a name and counters.
 */
#include "base/compat.h"
#include "page/pool.h"
#include "page/watermark.h"
#include "page/zone.h"

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
	mymm_compact_forget(zone);
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
	mymm_compact_forget(zone);
	mymm_zone_set_marks(zone);
	mymm_zone_rose(zone);
	return true;
}

/**
 * mymm_pool_reset() - bring zones that are whole into the order they had at load
 * @pool: the pool
 *
 * Context: any but NMI.
 * Return: whether all of them were.
 */
bool mymm_pool_reset(struct mymm_pool *pool)
{
	bool whole = true;
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++)
		whole &= mymm_zone_reset(&pool->zone[i],
					 mymm_pool_first_type(pool));
	return whole;
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
