// SPDX-License-Identifier: GPL-2.0
/*
 * The rule by which gfp flags choose a zone, and the names of zones and migratetypes.
 *
 * __GFP_DMA, __GFP_DMA32 and __GFP_HIGHMEM name a zone, so at most one of them may be given;
 * __GFP_MOVABLE is a promise about the contents that, together with __GFP_HIGHMEM, opens
 * zone Movable. Without any it is Normal. That is gfp_zone() of include/linux/gfp.h with
 * each of the five zones configured, which no real kernel has at once.
 */
#include <linux/string.h>

#include "base/compat.h"
#include "page/gfp_zone.h"

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
