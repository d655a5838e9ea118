/* SPDX-License-Identifier: GPL-2.0 */
/* A zone without a pool, small enough to draw. */
#ifndef _MYMM_KUNIT_TINY_H
#define _MYMM_KUNIT_TINY_H

#include <kunit/test.h>

#include "page/zone.h"

/**
 * struct mymm_tiny - a frame table with nothing around it
 * @table: frames, filling, and the list heads of two zones
 * @heads: index of the first of these
 * @zone: the first is made by mymm_tiny_new(); the second is the test's to make
 */
struct mymm_tiny {
	struct mymm_frame *table;
	u32 heads;
	struct mymm_zone zone[2];
};

struct mymm_tiny *mymm_tiny_new(struct kunit *test, u32 start, u32 end);
void mymm_tiny_draw(const struct mymm_buddy *buddy, char *map);

#endif /* _MYMM_KUNIT_TINY_H */
