// SPDX-License-Identifier: GPL-2.0
/*
 * External fragmentation: two indexes for each order, in thousandths.
 *
 * The *unusable free space index* says which part of the free memory is of no use for a
 * block of this order, because it lies in smaller pieces:
 *
 *                free - usable        free:   free frames
 *     unusable = -------------        usable: those in blocks that are large enough
 *                    free             1 if nothing is free
 *
 * The *fragmentation index* says why an allocation would fail, if it would: towards 0
 * for lack of memory, towards 1 because it is in pieces. It is -1 if the allocation
 * would succeed, so that the question does not arise, and 0 if nothing is free.
 *
 *                           1 + free / wanted      wanted: 2^order frames
 *     fragmentation = 1  -  -----------------      blocks: free blocks of all orders
 *                                blocks
 *
 *   8 free frames, each alone, order 3 wanted:  unusable 1, fragmentation 1 - 2/8
 *   8 free frames as one block, order 3:        unusable 0, fragmentation -1
 *   1 free frame, order 3:                      unusable 1, fragmentation 1 - 1.125/1
 *
 * Gorman and Whitcroft, "Measuring the Impact of the Linux Memory Manager", 2005, and
 * mm/vmstat.c, whose rounding this has.
 */
#include <linux/math64.h>

#include "base/compat.h"
#include "page/extfrag.h"

/* Blocks of @order that could be cut out of what is free. */
static unsigned long usable_blocks(const struct mymm_zone_snapshot *snap,
				   unsigned int order)
{
	unsigned long blocks = 0;
	unsigned int o;

	for (o = order; o < MYMM_NR_ORDERS; o++)
		blocks += snap->nr_free[o] << (o - order);
	return blocks;
}

/**
 * mymm_unusable_index() - which part of the free memory is in too small pieces
 * @snap: the zone at one moment
 * @order: of the wanted block, 0 to 10
 *
 * Context: any.
 * Return: 0 to 1000.
 */
int mymm_unusable_index(const struct mymm_zone_snapshot *snap,
			unsigned int order)
{
	unsigned long usable = usable_blocks(snap, order) << order;

	if (!snap->free)
		return 1000;
	return div64_u64((snap->free - usable) * 1000ULL, snap->free);
}
MYMM_EXPORT_INTERNAL(mymm_unusable_index);

/**
 * mymm_fragmentation_index() - is it for pieces or for lack of memory that it fails?
 * @snap: the zone at one moment
 * @order: of the wanted block, 0 to 10
 *
 * Context: any.
 * Return: -1000 if it does not fail; 0 if nothing is free; else up to 1000, which may
 * be below 0 when there is much less than was wanted.
 */
int mymm_fragmentation_index(const struct mymm_zone_snapshot *snap,
			     unsigned int order)
{
	unsigned long blocks = 0;
	unsigned int o;

	for (o = 0; o < MYMM_NR_ORDERS; o++)
		blocks += snap->nr_free[o];
	if (!blocks)
		return 0;
	if (usable_blocks(snap, order))
		return -1000;
	return 1000 -
	       (int)div64_u64(1000 + (snap->free * 1000ULL >> order), blocks);
}
MYMM_EXPORT_INTERNAL(mymm_fragmentation_index);
