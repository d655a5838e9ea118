/* SPDX-License-Identifier: GPL-2.0 */
/* Zones of a pool: which there are, what is free in each, in which order to ask. */
#ifndef _MYMM_ZONE_H
#define _MYMM_ZONE_H

#include <linux/spinlock.h>

#include "page/buddy.h"
#include "page/compact.h"
#include "page/pool.h"

/* The largest order that each CPU keeps blocks of, but for pageblocks. */
#define MYMM_PCP_MAX_ORDER 3

/* How far down a zone may be used, in the field's words. */
enum mymm_watermark {
	MYMM_WMARK_MIN,
	MYMM_WMARK_LOW,
	MYMM_WMARK_HIGH,
	MYMM_WMARK_PROMO,
	MYMM_NR_WMARKS,
};

/* How an allocation may go about it; the lowest bits name a watermark. */
#define MYMM_ALLOC_WMARK 0x03U /* which watermark it has to pass */
#define MYMM_ALLOC_NO_WATERMARKS 0x04U /* it has to pass none */
#define MYMM_ALLOC_NON_BLOCK 0x10U /* it can't wait: a quarter of min more */
#define MYMM_ALLOC_MIN_RESERVE 0x20U /* __GFP_HIGH: half of min */
#define MYMM_ALLOC_NOFRAGMENT 0x100U /* rather another zone than to mix types */
#define MYMM_ALLOC_HIGHATOMIC 0x200U /* from the HighAtomic reserve first */
#define MYMM_ALLOC_KSWAPD 0x800U /* kswapd may be woken */
#define MYMM_ALLOC_RESERVES \
	(MYMM_ALLOC_NON_BLOCK | MYMM_ALLOC_MIN_RESERVE | MYMM_ALLOC_HIGHATOMIC)

/* Bits of a zone's @flags; under its lock but for reading. */
enum mymm_zone_flags {
	MYMM_ZONE_BELOW_HIGH, /* an allocation found it below its high watermark */
	MYMM_ZONE_BOOSTED, /* the watermark was boosted, and kswapd not woken yet */
	MYMM_ZONE_RECLAIM_ACTIVE, /* kswapd is at work on it */
	MYMM_ZONE_BELOW_MARK, /* it is below @mark: CPUs' fast paths lead elsewhere */
	MYMM_ZONE_DEAD, /* of a dead pool: they never lead here again */
};

/**
 * struct mymm_zone - one zone of one node
 * @lock: protects @buddy, the tags and links of the zone's free blocks, and what
 *        is below it; see pool.h for the order of locks
 * @mark: with more free frames than this a request that has this zone as its first passes
 *        every watermark; derived, see mymm_zone_set_marks()
 * @fell_below: with fewer free frames than this mymm_zone_fell() wants to be called
 * @buddy: the free blocks
 * @type: which zone it is; constant
 * @node: of which node; constant
 * @number: in the pool; constant
 * @cpu: what CPUs know of the pool, see pcp.h; constant
 * @flags: enum mymm_zone_flags
 * @watermark: frames; without @watermark_boost; all 0 in a pool without watermarks
 * @watermark_boost: what fallbacks have added for the time being
 * @boost_factor: how far that may go, in 1/10000 of the high watermark; 0: nowhere
 * @lowmem_reserve: frames that a request which could have had a higher zone leaves, by
 *                  the highest zone that it may have
 * @nr_reserved_highatomic: frames of HighAtomic pageblocks
 * @nr_free_highatomic: free frames in them
 * @pcp_batch: of its per-CPU lists; 0 if it has none
 * @pcp_high_min: bounds of what each CPU keeps
 * @pcp_high_max: the same
 * @least_free: the fewest free frames since load or the last reset
 * @allocs: blocks of each order that were taken with the lock held
 * @extfrag: times that a request mixed its type into a pageblock of another
 * @contested: times that such a block was tried, to be taken or for its pageblock to be
 *             claimed, while each other type had one of that order
 * @fits: room on its pages that slob took, and would not have by its other fit; as
 *        slob_heap.c counts it, under slob's lock
 * @failed: allocations that wanted this zone first and found nothing anywhere
 * @numa_miss: blocks that were wanted from another node
 * @numa_foreign: blocks that were wanted from here and came from another node
 * @numa_other: blocks that a CPU of another node got
 * @nr_slab: frames that are slabs; [1] of caches with SLAB_RECLAIM_ACCOUNT
 * @compact: how far compaction has come
 */
struct mymm_zone {
	raw_spinlock_t lock;
	unsigned long mark;
	unsigned long fell_below;
	struct mymm_buddy buddy;
	enum mymm_zone_type type;
	int node;
	unsigned int number;
	struct mymm_cpu __percpu *cpu;

	unsigned long flags;
	unsigned long watermark[MYMM_NR_WMARKS];
	unsigned long watermark_boost;
	unsigned long boost_factor;
	unsigned long lowmem_reserve[MYMM_NR_ZONE_TYPES];
	unsigned long nr_reserved_highatomic;
	unsigned long nr_free_highatomic;
	int pcp_batch;
	int pcp_high_min;
	int pcp_high_max;

	unsigned long least_free;
	unsigned long allocs[MYMM_NR_ORDERS];
	unsigned long extfrag;
	unsigned long contested;
	unsigned long fits;
	atomic_long_t failed;
	atomic_long_t numa_miss;
	atomic_long_t numa_foreign;
	atomic_long_t numa_other;
	atomic_long_t nr_slab[2];
	struct mymm_compact_zone compact;
} ____cacheline_aligned_in_smp;

/* A zone at one moment; what it shows belongs together. */
struct mymm_zone_snapshot {
	unsigned long free;
	unsigned long peak;
	unsigned long nr_free[MYMM_NR_ORDERS];
	unsigned long nr_free_type[MYMM_NR_MIGRATETYPES][MYMM_NR_ORDERS];
};

void mymm_zone_init(struct mymm_zone *zone, struct mymm_frame *table,
		    enum mymm_zone_type type, int node, unsigned int number,
		    u32 start, u32 end, u32 heads);
bool mymm_pool_reset(struct mymm_pool *pool);
bool mymm_zone_reset(struct mymm_zone *zone, enum mymm_migratetype type);
void mymm_zone_read(struct mymm_zone *zone, struct mymm_zone_snapshot *snap);

/* Does what a CPU may keep of it go up and down? */
static inline bool mymm_zone_tunes_high(const struct mymm_zone *zone)
{
	return READ_ONCE(zone->pcp_high_min) != READ_ONCE(zone->pcp_high_max);
}

/* Frames from the first to the last, holes among them. */
static inline unsigned long mymm_zone_frames(const struct mymm_zone *zone)
{
	return zone->buddy.end - zone->buddy.start;
}

/* Frames with something behind them. */
static inline unsigned long mymm_zone_managed(const struct mymm_zone *zone)
{
	return mymm_zone_frames(zone) - zone->buddy.holes;
}

static inline unsigned long mymm_zone_watermark(const struct mymm_zone *zone,
						enum mymm_watermark mark)
{
	return READ_ONCE(zone->watermark[mark]) +
	       READ_ONCE(zone->watermark_boost);
}

static inline struct mymm_zone *mymm_pool_zone(struct mymm_pool *pool, u32 tag)
{
	return &pool->zone[mymm_tag_zone(tag)];
}

#endif /* _MYMM_ZONE_H */
