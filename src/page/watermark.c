// SPDX-License-Identifier: GPL-2.0
/*
 * Watermarks: how far down a zone may be used, and by which requests.
 *
 *     free frames
 *        |
 *      high -+-  kswapd has done enough, and sleeps
 *        |
 *      low --+-  the last that a request takes without asking: from here on it wakes kswapd
 *        |
 *      min --+-  the last that GFP_KERNEL gets: from here on it reclaims for itself
 *     1/2 ---+-  ... that __GFP_HIGH gets
 *     3/8 ---+-  ... that GFP_ATOMIC gets, which has that and can't wait
 *        |
 *        0 --+-  __GFP_MEMALLOC, which frees more than it takes
 *
 * Added to each: the boost, which grows when migratetypes are mixed and goes away when
 * kswapd has answered it; and the reserve that a zone keeps from requests that could have
 * had a higher one (lowmem_reserve). Free frames of the HighAtomic reserve count only for
 * requests that may have them. Where the numbers come from: tuning.c.
 *
 * The fast paths ask none of this. They reach a zone by a pointer that each CPU has for
 * each kind of request. Below the zone's @mark that pointer leads to lists that are always
 * empty, so that requests take the slow path. It changes when the zone falls to the mark
 * (mymm_zone_fell()), and back when the zone is some way above it again (mymm_zone_rose()),
 * so that it does not alternate.
 *
 * Decisions as in mm/page_alloc.c of Linux 6.12: __zone_watermark_ok(),
 * boost_watermark().
 */
#include <linux/math.h>
#include <linux/minmax.h>

#include "base/compat.h"
#include "page/pcp_cpu.h"
#include "page/watermark.h"
#include "page/zone.h"

/* How far above the mark fast paths lead to a zone again. */
#define SLACK(zone) ((unsigned long)max((zone)->pcp_batch, 32))

/**
 * mymm_zone_watermark_ok() - would an allocation leave enough?
 * @zone: from which
 * @order: of what size
 * @mark: the watermark, frames
 * @highest: the highest zone that the request may have
 * @alloc_flags: what lets it past the watermark
 * @free: free frames of the zone, or what there would be
 *
 * Context: any. Without the zone's lock the answer is a guess.
 * Return: whether it would, and a block is there.
 */
bool mymm_zone_watermark_ok(const struct mymm_zone *zone, unsigned int order,
			    unsigned long mark, enum mymm_zone_type highest,
			    unsigned int alloc_flags, long free)
{
	long min = mark;
	u32 nonempty;

	free -= (1L << order) - 1;
	if (!(alloc_flags & MYMM_ALLOC_RESERVES))
		free -= READ_ONCE(zone->nr_free_highatomic);
	if (alloc_flags & MYMM_ALLOC_MIN_RESERVE) {
		min -= min / 2;
		if (alloc_flags & MYMM_ALLOC_NON_BLOCK)
			min -= min / 4;
	}
	if (free <= min + (long)READ_ONCE(zone->lowmem_reserve[highest]))
		return false;
	if (!order)
		return true;
	nonempty = READ_ONCE(zone->buddy.type[MYMM_UNMOVABLE].nonempty) |
		   READ_ONCE(zone->buddy.type[MYMM_MOVABLE].nonempty) |
		   READ_ONCE(zone->buddy.type[MYMM_RECLAIMABLE].nonempty);
	if (alloc_flags & MYMM_ALLOC_HIGHATOMIC)
		nonempty |=
			READ_ONCE(zone->buddy.type[MYMM_HIGHATOMIC].nonempty);
	return nonempty >> order;
}
MYMM_EXPORT_INTERNAL(mymm_zone_watermark_ok);

/**
 * mymm_zone_set_marks() - derive the mark above which nothing need be asked
 * @zone: whose watermarks, boost, flags or HighAtomic frames have changed
 *
 * A request above it passes the watermark that an allocation looks at first: high, so
 * that @flags can say when the zone fell below it, and low from then on; whatever its
 * order up to 3, and with nothing of the HighAtomic reserve counted. A request's first
 * zone is the highest that it may have, so lowmem_reserve adds nothing.
 *
 * Context: any but NMI; the caller holds the zone's lock, or nobody can reach the zone.
 */
void mymm_zone_set_marks(struct mymm_zone *zone)
{
	enum mymm_watermark first = zone->flags & BIT(MYMM_ZONE_BELOW_HIGH) ?
					    MYMM_WMARK_LOW :
					    MYMM_WMARK_HIGH;

	/* Without watermarks there is nothing to pass. */
	WRITE_ONCE(zone->mark, zone->watermark[MYMM_WMARK_HIGH] ?
				       mymm_zone_watermark(zone, first) +
					       zone->nr_free_highatomic +
					       (1 << MYMM_PCP_MAX_ORDER) - 1 :
				       0);
	mymm_zone_fell(zone);
}
MYMM_EXPORT_INTERNAL(mymm_zone_set_marks);

/**
 * mymm_zone_fell() - note that a zone has become emptier
 * @zone: has fewer free frames than its @fell_below, or another @mark
 *
 * Remembers the low of the zone. Below its mark fast paths don't lead to it any more:
 * see mymm_pcp_set_below_mark().
 *
 * Context: any but NMI; the caller holds the zone's lock, or nobody can reach the zone.
 */
void mymm_zone_fell(struct mymm_zone *zone)
{
	bool below_mark = zone->flags & BIT(MYMM_ZONE_BELOW_MARK);

	zone->least_free = min(zone->least_free, zone->buddy.free);
	if (zone->mark && zone->buddy.free <= zone->mark && !below_mark) {
		below_mark = true;
		mymm_pcp_set_below_mark(zone, below_mark);
	}
	zone->fell_below = below_mark || !zone->mark ?
				   zone->least_free :
				   max(zone->least_free, zone->mark + 1);
}
MYMM_EXPORT_INTERNAL(mymm_zone_fell);

/**
 * mymm_zone_rose() - note that a zone has become fuller
 * @zone: has had frames given back, and a flag is set
 *
 * Context: any but NMI; the caller holds the zone's lock.
 */
void mymm_zone_rose(struct mymm_zone *zone)
{
	lockdep_assert_held(&zone->lock);
	if (zone->flags & BIT(MYMM_ZONE_BELOW_HIGH) &&
	    mymm_zone_watermark_ok(zone, 0,
				   mymm_zone_watermark(zone, MYMM_WMARK_HIGH),
				   MYMM_ZONE_MOVABLE, 0, zone->buddy.free)) {
		zone->flags &= ~BIT(MYMM_ZONE_BELOW_HIGH);
		mymm_zone_set_marks(zone);
	}
	if (zone->flags & BIT(MYMM_ZONE_BELOW_MARK) &&
	    zone->buddy.free > zone->mark + SLACK(zone)) {
		mymm_pcp_set_below_mark(zone, false);
		mymm_zone_fell(zone);
	}
}
MYMM_EXPORT_INTERNAL(mymm_zone_rose);

/**
 * mymm_zone_boost() - ask for more reclaim than usual for as long as types are mixed
 * @zone: in which a fallback mixes a pageblock
 * @alloc_flags: MYMM_ALLOC_KSWAPD if kswapd may be woken
 *
 * Context: any but NMI; the caller holds the zone's lock.
 */
void mymm_zone_boost(struct mymm_zone *zone, unsigned int alloc_flags)
{
	unsigned long pageblock = 1UL << zone->buddy.block_order;
	unsigned long most;

	/* In a small zone it would do more harm than good. */
	if (!zone->boost_factor || pageblock * 4 > mymm_zone_managed(zone))
		return;
	most = mult_frac(zone->watermark[MYMM_WMARK_HIGH], zone->boost_factor,
			 10000UL);
	if (!most)
		return;
	zone->watermark_boost =
		min(zone->watermark_boost + pageblock, max(pageblock, most));
	if (alloc_flags & MYMM_ALLOC_KSWAPD)
		zone->flags |= BIT(MYMM_ZONE_BOOSTED);
	mymm_zone_set_marks(zone);
}
