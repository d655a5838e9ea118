// SPDX-License-Identifier: GPL-2.0
/*
 * Whether compaction of a zone is worth its while.
 *
 * It *suits* a zone that has so much free that frames can be taken for copies: more than a
 * watermark and twice the block. For orders from 4 up it must be for pieces, too, and not for lack
 * of memory, that an allocation would fail: the fragmentation index (extfrag.c) is above
 * extfrag_threshold, or less than 0. Smaller ones have no other way but to kill a process.
 *
 * It is *deferred* after it was in vain: for orders from that one up, first one attempt in two is
 * made, then one in four, at last one in 64. An allocation that has got such a block ends that.
 *
 *	in vain        shift   attempts that are left out next
 *	once           1       1
 *	twice          2       3
 *	...
 *	6 times        6       63
 *
 * The decisions are those of mm/compaction.c of Linux 6.12.
 */
#include <linux/minmax.h>

#include "base/compat.h"
#include "page/compact.h"
#include "page/extfrag.h"
#include "page/slowpath.h"
#include "page/watermark.h"

#define MAX_DEFER_SHIFT 6U

/* Up to this index, in thousandths, it is for lack of memory that an allocation fails. */
int mymm_extfrag_threshold = 500;
MYMM_EXPORT_INTERNAL(mymm_extfrag_threshold);

/**
 * mymm_compact_forget() - nothing is remembered of a zone
 * @zone: new, or whole again
 *
 * Context: any.
 */
void mymm_compact_forget(struct mymm_zone *zone)
{
	zone->compact = (struct mymm_compact_zone){
		.migrate = { zone->buddy.start, zone->buddy.start },
		.free = zone->buddy.end,
	};
}

/**
 * mymm_compact_would_suit() - is there enough free in a zone, to move something?
 * @zone: the zone
 * @order: of the block that is wanted
 * @highest: the highest zone that will do
 * @free: free frames of the zone, or what there would be
 *
 * Context: any. A guess, since nothing is locked.
 * Return: there is.
 */
bool mymm_compact_would_suit(const struct mymm_zone *zone, unsigned int order,
			     enum mymm_zone_type highest, unsigned long free)
{
	unsigned long mark = mymm_zone_watermark(
		zone,
		order > MYMM_COSTLY_ORDER ? MYMM_WMARK_LOW : MYMM_WMARK_MIN);

	return mymm_zone_watermark_ok(zone, 0, mark + (2UL << order), highest,
				      0, free);
}

/**
 * mymm_compact_suits() - is a zone to be compacted?
 * @zone: the zone
 * @order: of the block that is wanted
 * @highest: the highest zone that will do
 * @alloc_flags: the watermark that the allocation has to pass
 *
 * Context: any but NMI. A guess.
 * Return: %MYMM_COMPACT_SUCCESS: there is such a block; %MYMM_COMPACT_SKIPPED: it would be in vain;
 * %MYMM_COMPACT_CONTINUE: it is.
 */
enum mymm_compact_result mymm_compact_suits(const struct mymm_zone *zone,
					    unsigned int order,
					    enum mymm_zone_type highest,
					    unsigned int alloc_flags)
{
	unsigned long free = READ_ONCE(zone->buddy.free);
	struct mymm_zone_snapshot snap;
	int index;

	if (!(alloc_flags & MYMM_ALLOC_NO_WATERMARKS) &&
	    mymm_zone_watermark_ok(
		    zone, order,
		    mymm_zone_watermark(zone, alloc_flags & MYMM_ALLOC_WMARK),
		    highest, alloc_flags, free))
		return MYMM_COMPACT_SUCCESS;
	if (!mymm_compact_would_suit(zone, order, highest, free))
		return MYMM_COMPACT_SKIPPED;
	if (order <= MYMM_COSTLY_ORDER)
		return MYMM_COMPACT_CONTINUE;
	mymm_zone_read((struct mymm_zone *)zone, &snap);
	index = mymm_fragmentation_index(&snap, order);
	return index >= 0 && index <= READ_ONCE(mymm_extfrag_threshold) ?
		       MYMM_COMPACT_SKIPPED :
		       MYMM_COMPACT_CONTINUE;
}
MYMM_EXPORT_INTERNAL(mymm_compact_suits);

/**
 * mymm_compact_deferred() - is an attempt to be left out?
 * @zone: of compaction of this zone
 * @order: of the block that is wanted
 *
 * Context: process. Counts the attempt.
 * Return: it is.
 */
bool mymm_compact_deferred(struct mymm_zone *zone, int order)
{
	struct mymm_compact_zone *c = &zone->compact;
	unsigned int limit = 1U << READ_ONCE(c->defer_shift);
	unsigned int considered = READ_ONCE(c->considered) + 1;

	if (order < READ_ONCE(c->order_failed))
		return false;
	WRITE_ONCE(c->considered, min(considered, limit));
	return considered < limit;
}
MYMM_EXPORT_INTERNAL(mymm_compact_deferred);

/**
 * mymm_compact_defer() - it was in vain
 * @zone: to compact this zone
 * @order: for a block of this order
 *
 * Context: process.
 */
void mymm_compact_defer(struct mymm_zone *zone, int order)
{
	struct mymm_compact_zone *c = &zone->compact;

	WRITE_ONCE(c->considered, 0);
	WRITE_ONCE(c->defer_shift,
		   min(READ_ONCE(c->defer_shift) + 1, MAX_DEFER_SHIFT));
	if (order < READ_ONCE(c->order_failed))
		WRITE_ONCE(c->order_failed, order);
}
MYMM_EXPORT_INTERNAL(mymm_compact_defer);

/**
 * mymm_compact_defer_reset() - it was not in vain
 * @zone: to compact this zone
 * @order: for a block of this order
 * @allocated: and an allocation has it; else it is expected to have it
 *
 * Context: process.
 */
void mymm_compact_defer_reset(struct mymm_zone *zone, int order, bool allocated)
{
	struct mymm_compact_zone *c = &zone->compact;

	if (allocated) {
		WRITE_ONCE(c->considered, 0);
		WRITE_ONCE(c->defer_shift, 0);
	}
	if (order >= READ_ONCE(c->order_failed))
		WRITE_ONCE(c->order_failed, order + 1);
}
MYMM_EXPORT_INTERNAL(mymm_compact_defer_reset);
