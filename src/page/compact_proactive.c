// SPDX-License-Identifier: GPL-2.0
/*
 * Proactive compaction: kcompactd compacts though nobody has asked for a block, as long as what is
 * free is in pieces.
 *
 * The *score* of a zone is the part of its free frames, in per cent, that is of no use for a
 * pageblock, since it lies in smaller blocks; 0 if nothing is free. Each zone adds to the score of
 * its node by its size, so that a small one alone does not start it:
 *
 *	            frames   score
 *	DMA            256     100     100 *  256 / 4097  =   6
 *	Normal        3840      70      70 * 3840 / 4097  =  65
 *	the node                                             71
 *
 * Two marks follow from compaction_proactiveness: above *high* it begins, and it ends in each zone
 * at *low*, or when the scanners have met.
 *
 *	proactiveness    0     10     20     50     90     95    100
 *	low              -     90     80     50     10      5      5
 *	high             -    100     90     60     20     15     15
 *
 * The node is looked at twice a second; for 32 s it is not, if its score is no lower after it was
 * compacted; but at once when somebody sets compaction_proactiveness. As long as kswapd
 * runs, which frees what compaction needs, nothing is done.
 *
 * The arithmetic is that of fragmentation_score_node() and should_proactive_compact_node() in
 * mm/compaction.c of Linux 6.12, and the same as in 6.1. There the order is that of a huge page,
 * which is that of a pageblock here; a small zone has smaller ones.
 */
#include <linux/math64.h>
#include <linux/minmax.h>

#include "base/compat.h"
#include "page/compact.h"
#include "page/pool.h"
#include "page/zone.h"

/* What the marks are apart, and the least low one. */
#define DISTANCE 10U
#define LEAST_LOW 5U

int mymm_compaction_proactiveness = 20;
MYMM_EXPORT_INTERNAL(mymm_compaction_proactiveness);

/**
 * mymm_fragmentation_score() - how much of what is free in a zone is in pieces
 * @zone: the zone
 *
 * Context: any but NMI; takes the zone's lock.
 * Return: 0 to 100.
 */
unsigned int mymm_fragmentation_score(struct mymm_zone *zone)
{
	unsigned long usable = 0;
	struct mymm_zone_snapshot snap;
	unsigned int order;

	mymm_zone_read(zone, &snap);
	for (order = zone->buddy.block_order; order < MYMM_NR_ORDERS; order++)
		usable += snap.nr_free[order] << order;
	if (!snap.free)
		return 0;
	return div64_u64((snap.free - usable) * 100ULL, snap.free);
}
MYMM_EXPORT_INTERNAL(mymm_fragmentation_score);

/**
 * mymm_node_fragmentation() - the score of a node
 * @node: the node
 *
 * Context: any but NMI; takes the locks of its zones, one after the other.
 * Return: 0 to 100.
 */
unsigned int mymm_node_fragmentation(const struct mymm_node *node)
{
	unsigned long frames = 0;
	unsigned int type, score = 0;

	for (type = 0; type < MYMM_NR_ZONE_TYPES; type++)
		if (node->zone[type])
			frames += mymm_zone_managed(node->zone[type]);
	for (type = 0; type < MYMM_NR_ZONE_TYPES; type++) {
		struct mymm_zone *zone = node->zone[type];

		if (zone)
			score +=
				div64_ul(mymm_zone_managed(zone) *
						 mymm_fragmentation_score(zone),
					 frames + 1);
	}
	return score;
}
MYMM_EXPORT_INTERNAL(mymm_node_fragmentation);

/**
 * mymm_fragmentation_mark() - what a score is compared with
 * @low: where it ends; else: above which it begins
 *
 * Context: any.
 * Return: 5 to 100.
 */
unsigned int mymm_fragmentation_mark(bool low)
{
	const unsigned int wanted = READ_ONCE(mymm_compaction_proactiveness);
	const unsigned int mark = max(100 - wanted, LEAST_LOW);

	return low ? mark : min(mark + DISTANCE, 100U);
}
MYMM_EXPORT_INTERNAL(mymm_fragmentation_mark);

static bool kswapd_runs(const struct mymm_node *node)
{
	return node->kswapd.task && !READ_ONCE(node->kswapd.asleep);
}

/**
 * mymm_node_is_fragmented() - is a node to be compacted, though nobody has asked for it?
 * @node: the node
 *
 * Context: process.
 * Return: it is.
 */
bool mymm_node_is_fragmented(const struct mymm_node *node)
{
	return READ_ONCE(mymm_compaction_proactiveness) && !kswapd_runs(node) &&
	       mymm_node_fragmentation(node) > mymm_fragmentation_mark(false);
}
MYMM_EXPORT_INTERNAL(mymm_node_is_fragmented);

/**
 * mymm_proactive_result() - does proactive compaction of a zone go on?
 * @node: the node
 * @zone: a zone of it, which is being compacted; the scanners have not met
 *
 * Context: process.
 * Return: %MYMM_COMPACT_CONTINUE; %MYMM_COMPACT_SUCCESS: it is whole enough;
 * %MYMM_COMPACT_PARTIAL: kswapd has begun.
 */
enum mymm_compact_result mymm_proactive_result(const struct mymm_node *node,
					       struct mymm_zone *zone)
{
	if (kswapd_runs(node))
		return MYMM_COMPACT_PARTIAL;
	return mymm_fragmentation_score(zone) > mymm_fragmentation_mark(true) ?
		       MYMM_COMPACT_CONTINUE :
		       MYMM_COMPACT_SUCCESS;
}
MYMM_EXPORT_INTERNAL(mymm_proactive_result);
