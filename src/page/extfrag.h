/* SPDX-License-Identifier: GPL-2.0 */
/* How fragmented a zone is, as a number for each order; extfrag.c has the formulas. */
#ifndef _MYMM_EXTFRAG_H
#define _MYMM_EXTFRAG_H

#include "page/zone.h"

int mymm_unusable_index(const struct mymm_zone_snapshot *snap,
			unsigned int order);
int mymm_fragmentation_index(const struct mymm_zone_snapshot *snap,
			     unsigned int order);

#endif /* _MYMM_EXTFRAG_H */
