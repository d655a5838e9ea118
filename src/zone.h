/* SPDX-License-Identifier: GPL-2.0 */
/* Zones of a pool: which there are, what is free in each, in which order to ask. */
#ifndef _MYMM_ZONE_H
#define _MYMM_ZONE_H

#include <linux/gfp.h>
#include <linux/spinlock.h>

#include "buddy.h"

/* The field's zones, in the field's order, whatever the kernel was built with. */
enum mymm_zone_type {
	MYMM_ZONE_DMA,
	MYMM_ZONE_DMA32,
	MYMM_ZONE_NORMAL,
	MYMM_ZONE_HIGHMEM,
	MYMM_ZONE_MOVABLE,
	MYMM_NR_ZONE_TYPES,
	MYMM_ZONE_NONE = MYMM_NR_ZONE_TYPES,
};

#define MYMM_MAX_ZONES 64

/**
 * struct mymm_zone - one zone of one node
 * @lock: protects @buddy, the tags and links of the zone's free blocks, and what
 *        is below it; see pool.h for the order of locks
 * @buddy: the free blocks
 * @type: which zone it is; constant
 * @node: of which node; constant
 * @least_free: the fewest free frames since load or the last reset
 * @failed: allocations that wanted this zone first and found nothing anywhere
 */
struct mymm_zone {
	raw_spinlock_t lock;
	struct mymm_buddy buddy;
	enum mymm_zone_type type;
	int node;

	unsigned long least_free;
	atomic_long_t failed;
} ____cacheline_aligned_in_smp;

/**
 * struct mymm_zonelist - zones in the order in which a request asks them
 * @nr: how many
 * @zone: the zones
 */
struct mymm_zonelist {
	unsigned int nr;
	struct mymm_zone *zone[MYMM_MAX_ZONES];
};

/* A zone at one moment; what it shows belongs together. */
struct mymm_zone_snapshot {
	unsigned long free;
	unsigned long allocated;
	unsigned long peak;
	unsigned long nr_free[MYMM_NR_ORDERS];
};

/* The zone flags are gfp's four lowest bits in every kernel that we know. */
#define MYMM_ZONE_BITS(gfp) ((__force unsigned int)(GFP_ZONEMASK & (gfp)))
static_assert((__force unsigned int)GFP_ZONEMASK == 0xf,
	      "the zone flags of gfp have moved");

extern const u8 mymm_gfp_zones[16];

/**
 * mymm_gfp_zone() - the highest zone that a request may be served from
 * @gfp: the request's flags
 *
 * Return: the zone, or %MYMM_ZONE_NONE if the flags contradict each other.
 */
static inline enum mymm_zone_type mymm_gfp_zone(gfp_t gfp)
{
	return mymm_gfp_zones[MYMM_ZONE_BITS(gfp)];
}

/* A bit that no request has; one that is to be added to each, so that 0 is one too. */
#define MYMM_GFP_ANY ((u32)BIT(30))

static_assert(__GFP_BITS_SHIFT <= 30, "gfp has more flags than we know");

/**
 * mymm_gfp_leaves() - is a request one of those that leave a fast path?
 * @gfp: the request's flags
 * @leave: flags that leave it; all bits set: each request does, whatever its flags
 *
 * Return: whether it is.
 */
static __always_inline bool mymm_gfp_leaves(gfp_t gfp, gfp_t leave)
{
	return ((__force u32)gfp + MYMM_GFP_ANY) & (__force u32)leave;
}

const char *mymm_zone_name(enum mymm_zone_type type);
enum mymm_zone_type mymm_zone_type_by_name(const char *name);

void mymm_zone_init(struct mymm_zone *zone, struct mymm_frame *table,
		    enum mymm_zone_type type, int node, unsigned int number,
		    u32 start, u32 end, u32 heads);
bool mymm_zone_reset(struct mymm_zone *zone);
void mymm_zone_read(struct mymm_zone *zone, struct mymm_zone_snapshot *snap);

static inline unsigned long mymm_zone_frames(const struct mymm_zone *zone)
{
	return zone->buddy.end - zone->buddy.start;
}

/* Frames handed out. */
static inline unsigned long mymm_zone_allocated(const struct mymm_zone *zone)
{
	return mymm_zone_frames(zone) - READ_ONCE(zone->buddy.free);
}

#endif /* _MYMM_ZONE_H */
