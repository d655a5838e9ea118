/* SPDX-License-Identifier: GPL-2.0 */
/* Watermarks of a zone. */
#ifndef _MYMM_WATERMARK_H
#define _MYMM_WATERMARK_H

#include "page/zone.h"

void mymm_zone_set_marks(struct mymm_zone *zone);
void mymm_zone_fell(struct mymm_zone *zone);
void mymm_zone_rose(struct mymm_zone *zone);
void mymm_zone_boost(struct mymm_zone *zone, unsigned int alloc_flags);
bool mymm_zone_watermark_ok(const struct mymm_zone *zone, unsigned int order,
			    unsigned long mark, enum mymm_zone_type highest,
			    unsigned int alloc_flags, long free);

#endif /* _MYMM_WATERMARK_H */
