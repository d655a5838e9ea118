/* SPDX-License-Identifier: GPL-2.0 */
/* The buddy system itself; buddy.c has the theory. */
#ifndef _MYMM_BUDDY_H
#define _MYMM_BUDDY_H

#include "frame.h"

/**
 * struct mymm_buddy - the free blocks of one stretch of frames
 * @table: the pool's frame table
 * @start: first frame
 * @end: one past the last frame
 * @heads: index of the list head of order 0; order n's is @heads + n
 * @zone: the number that its frames carry in their tags
 * @nonempty: bit n is set if and only if the list of order n has a block
 * @free: free frames: the sum of @nr_free [n] << n (I1)
 * @nr_free: blocks on the list of each order
 *
 * The caller's lock protects everything behind @zone.
 */
struct mymm_buddy {
	struct mymm_frame *table;
	u32 start;
	u32 end;
	u32 heads;
	u32 zone;
	u32 nonempty;
	unsigned long free;
	unsigned long nr_free[MYMM_NR_ORDERS];
};

void mymm_buddy_init(struct mymm_buddy *buddy, struct mymm_frame *table,
		     u32 start, u32 end, u32 heads, unsigned int zone);
void mymm_buddy_reset(struct mymm_buddy *buddy);
u32 mymm_buddy_alloc(struct mymm_buddy *buddy, unsigned int order);
void mymm_buddy_free(struct mymm_buddy *buddy, u32 idx, unsigned int order);
unsigned int mymm_buddy_forced_order(u32 idx, u32 end);

#endif /* _MYMM_BUDDY_H */
