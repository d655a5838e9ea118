/* SPDX-License-Identifier: GPL-2.0 */
/* What gfp flags say: the zone and the migratetype of a request. */
#ifndef _MYMM_GFP_ZONE_H
#define _MYMM_GFP_ZONE_H

#include <linux/gfp.h>

#include "page/frame.h"

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

/* The zone flags are gfp's four lowest bits in every kernel that we know. */
#define MYMM_ZONE_BITS(gfp) ((__force unsigned int)(GFP_ZONEMASK & (gfp)))
static_assert((__force unsigned int)GFP_ZONEMASK == 0xf,
	      "the zone flags of gfp have moved");

#define MYMM_MAX_ZONES 40 /* of a pool */

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

/* The mobility flags are numbered as migratetypes are. */
#define MYMM_GFP_MOBILITY_SHIFT 3
static_assert((__force unsigned int)(__GFP_MOVABLE) ==
			      MYMM_MOVABLE << MYMM_GFP_MOBILITY_SHIFT &&
		      (__force unsigned int)__GFP_RECLAIMABLE ==
			      MYMM_RECLAIMABLE << MYMM_GFP_MOBILITY_SHIFT,
	      "the mobility flags of gfp have moved");

/* A bit that no request has; one that is to be added to each, so that 0 is one too. */
#define MYMM_GFP_ANY ((u32)BIT(30))

static_assert(__GFP_BITS_SHIFT <= 30, "gfp has more flags than we know");

/**
 * mymm_gfp_slow() - is a request one of those that leave a fast path?
 * @gfp: the request's flags
 * @leave: flags that leave it; all bits set: each request does, whatever its flags
 *
 * Return: whether it is.
 */
static __always_inline bool mymm_gfp_slow(gfp_t gfp, gfp_t leave)
{
	return ((__force u32)gfp + MYMM_GFP_ANY) & (__force u32)leave;
}

extern const char *const mymm_migratetype_names[MYMM_NR_MIGRATETYPES];

const char *mymm_zone_name(enum mymm_zone_type type);
enum mymm_zone_type mymm_zone_type_by_name(const char *name);

#endif /* _MYMM_GFP_ZONE_H */
