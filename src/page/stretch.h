/* SPDX-License-Identifier: GPL-2.0 */
/* Frames that follow each other in one zone, and what of their blocks can be taken. */
#ifndef _MYMM_STRETCH_H
#define _MYMM_STRETCH_H

#include "page/event.h"
#include "page/pool.h"
#include "page/zone.h"

/**
 * struct mymm_stretch - frames that follow each other in one zone
 * @zone: the zone
 * @start: the first
 * @end: one past the last
 */
struct mymm_stretch {
	struct mymm_zone *zone;
	u32 start;
	u32 end;
};

/* Of mymm_stretch_other(): no block is in another state; a frame is in no block. */
#define MYMM_NO_OTHER (-1)
#define MYMM_NO_BLOCK (-2)

struct mymm_zone *mymm_zone_around(struct mymm_pool *pool, unsigned long pfn);
int mymm_stretch_other(const struct mymm_stretch *range, unsigned long states);
u32 mymm_mark_block(struct mymm_zone *zone, u32 idx, unsigned int order,
		    u32 flags);
u32 mymm_take_of_block(struct mymm_zone *zone, u32 head, u32 idx, u32 end,
		       u32 flags, struct mymm_page_log *log);

#endif /* _MYMM_STRETCH_H */
