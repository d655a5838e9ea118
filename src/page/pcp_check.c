// SPDX-License-Identifier: GPL-2.0
/*
 * The validator for a CPU's page lists: I3 and I5.
 *
 * A list is consistent only for its own CPU. So this runs on each CPU, with its local lock:
 * the lists do not change then, since an interrupt finds the lock taken, and blocks that are
 * free already cannot be freed by others. Each block must be what the list says of it, and the
 * frames of all lists must be those that are counted. Where a flush has linked the oldest
 * blocks of a list back, all of them must be.
 *
 * What it can't prove: that a frame which says that it is in a list is in one. It may be on
 * its way.
 */
#include "base/finding.h"
#include "base/compat.h"
#include "page/pcp_check.h"
#include "page/pcp_cpu.h"
#include "page/pool.h"
#include "page/pcp.h"

static int check_block(const struct mymm_pool *pool, const struct mymm_pcp *pcp,
		       unsigned int order, u32 idx,
		       struct mymm_finding *finding)
{
	const struct mymm_zone *zone = pcp->zone;
	u32 tag;

	if (idx < zone->buddy.start || idx >= zone->buddy.end)
		return mymm_find(
			finding, 5,
			"zone %s: a CPU's list of order %u leads to frame %u, outside the zone",
			mymm_zone_name(zone->type), order, idx);
	tag = READ_ONCE(pool->frame[idx].tag);
	if (mymm_tag_state(tag) != MYMM_FRAME_PCP ||
	    mymm_tag_order(tag) != order || mymm_tag_zone(tag) != zone->number)
		return mymm_find(
			finding, 5,
			"zone %s: frame %u in a CPU's list of order %u is %s, of order %u",
			mymm_zone_name(zone->type), idx, order,
			mymm_frame_state_name(mymm_tag_state(tag)),
			mymm_tag_order(tag));
	if (idx & ((1U << order) - 1) || idx + (1U << order) > zone->buddy.end)
		return mymm_find(
			finding, 3,
			"zone %s: block %u of order %u in a CPU's list is not aligned or not inside",
			mymm_zone_name(zone->type), idx, order);
	return 0;
}

/* The old end of a list, which has @nr blocks: all but the newest there point back. */
static int check_tail(const struct mymm_pool *pool, const struct mymm_pcp *pcp,
		      unsigned int list, unsigned long nr,
		      struct mymm_finding *finding)
{
	const char *zone = mymm_zone_name(pcp->zone->type);
	unsigned int order = mymm_pcp_order(pcp, list);
	u32 linked = mymm_pcp_linked(pcp, list);
	u32 idx = pcp->first[list], older;

	if (!linked)
		return 0;
	if (linked > nr)
		return mymm_find(
			finding, 5,
			"zone %s: a CPU's list of order %u has %lu blocks, %u of them linked both ways",
			zone, order, nr, linked);
	for (nr -= linked; nr; nr--)
		idx = pool->frame[idx].next;
	for (; linked > 1; linked--, idx = older) {
		older = pool->frame[idx].next;
		if (pool->frame[older].prev != idx)
			return mymm_find(
				finding, 5,
				"zone %s: frame %u in a CPU's list of order %u does not point back to %u",
				zone, older, order, idx);
	}
	if (idx != pcp->tail[list].last)
		return mymm_find(
			finding, 5,
			"zone %s: a CPU's list of order %u ends with frame %u, not %u",
			zone, order, idx, pcp->tail[list].last);
	return 0;
}

/* With the local lock. */
static int check_lists(const struct mymm_pool *pool, const struct mymm_pcp *pcp,
		       struct mymm_finding *finding)
{
	const struct mymm_zone *zone = pcp->zone;
	unsigned long frames = 0;
	unsigned int list;
	int err;

	for (list = 0; list < MYMM_PCP_LISTS; list++) {
		unsigned int slot = list / MYMM_NR_MIGRATETYPES;
		unsigned int order =
			slot == MYMM_PCP_BLOCK ? pool->block_order : slot;
		u32 head = pcp->heads + list, idx;
		unsigned long nr = 0;

		for (idx = pcp->first[list]; idx != head;
		     idx = pool->frame[idx].next, nr++) {
			err = check_block(pool, pcp, order, idx, finding);
			if (err)
				return err;
			frames += 1UL << order;
			if (frames > mymm_zone_frames(zone) ||
			    list % MYMM_NR_MIGRATETYPES == MYMM_HIGHATOMIC)
				return mymm_find(
					finding, 5,
					"zone %s: a CPU's list of order %u has no end, or is one of the reserve",
					mymm_zone_name(zone->type), order);
		}
		err = check_tail(pool, pcp, list, nr, finding);
		if (err)
			return err;
	}
	if (frames != mymm_pcp_count(pcp))
		return mymm_find(
			finding, 5,
			"zone %s: a CPU has %lu frames in its lists, %d are counted",
			mymm_zone_name(zone->type), frames,
			mymm_pcp_count(pcp));
	return 0;
}

/**
 * mymm_pcp_check_local() - look for a broken invariant in this CPU's page lists
 * @pool: of which pool
 * @finding: what was found
 *
 * Takes O(blocks in them), with preemption off.
 *
 * Context: task; no zone's lock held.
 * Return: 0; -EUCLEAN, and @finding says what.
 */
int mymm_pcp_check_local(struct mymm_pool *pool, struct mymm_finding *finding)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < pool->nr_zones && !err; i++) {
		struct mymm_pcp *pcp;

		preempt_disable();
		pcp = &this_cpu_ptr(pool->cpu)->pcp[i];
		if (mymm_local_trylock(&pcp->lock)) {
			err = check_lists(pool, pcp, finding);
			mymm_local_unlock(&pcp->lock);
		} else {
			mymm_local_contended(&pcp->lock);
		}
		preempt_enable();
	}
	return err;
}
MYMM_EXPORT_INTERNAL(mymm_pcp_check_local);
