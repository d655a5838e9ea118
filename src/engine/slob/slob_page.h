/* SPDX-License-Identifier: GPL-2.0 */
/* One page as a heap, for slob.c and slob_check.c; slob_page.c has the picture. */
#ifndef _MYMM_SLOB_PAGE_H
#define _MYMM_SLOB_PAGE_H

#include <linux/build_bug.h>
#include <linux/mm.h>
#include <linux/types.h>

#define MYMM_SLOB_UNIT 2U
#define MYMM_SLOB_UNITS ((unsigned int)(PAGE_SIZE / MYMM_SLOB_UNIT))
#define MYMM_SLOB_END MYMM_SLOB_UNITS /* behind the last unit: no free block */

static_assert(MYMM_SLOB_UNITS <= S16_MAX, "a block says its size in 16 bits");

/* Units that hold @bytes. */
static inline unsigned int mymm_slob_units(unsigned int bytes)
{
	return DIV_ROUND_UP(bytes, MYMM_SLOB_UNIT);
}

/**
 * struct mymm_slob_block - a free block of a page
 * @at: its first unit; %MYMM_SLOB_END: there is none
 * @units: how many
 * @next: first unit of the next one, or %MYMM_SLOB_END
 */
struct mymm_slob_block {
	unsigned int at;
	unsigned int units;
	unsigned int next;
};

/**
 * struct mymm_slob_want - a request for room on a page
 * @units: how many, contiguous; not 0
 * @align: in units, a power of two: alignment of the unit that is
 * @offset: units behind the first
 * @best: best fit, not first fit
 */
struct mymm_slob_want {
	unsigned int units;
	unsigned int align;
	unsigned int offset;
	bool best;
};

/**
 * struct mymm_slob_place - room on a page, or a range of it, and the free blocks around
 * @prev: the free block before it; its @at is %MYMM_SLOB_END if there is none
 * @block: found by mymm_slob_find(): the free block that it is in;
 *         by mymm_slob_locate(): the next one behind it, @at %MYMM_SLOB_END if none
 * @at: its first unit
 * @left: units of @block that are left over
 * @largest: by mymm_slob_find(): units of the largest free block that it has read; after
 *           -ENOSPC that is the page's largest, and no other field is filled;
 *           by mymm_slob_give(): of the resulting free block
 */
struct mymm_slob_place {
	struct mymm_slob_block prev;
	struct mymm_slob_block block;
	unsigned int at;
	unsigned int left;
	unsigned int largest;
};

int mymm_slob_first(const s16 *page, unsigned int first,
		    struct mymm_slob_block *block);
int mymm_slob_next(const s16 *page, struct mymm_slob_block *block);
int mymm_slob_find(const s16 *page, unsigned int first,
		   const struct mymm_slob_want *want,
		   struct mymm_slob_place *place);
unsigned int mymm_slob_take(s16 *page, unsigned int first,
			    const struct mymm_slob_place *place,
			    unsigned int units);
int mymm_slob_locate(const s16 *page, unsigned int first, unsigned int at,
		     unsigned int units, struct mymm_slob_place *place);
unsigned int mymm_slob_give(s16 *page, unsigned int first,
			    struct mymm_slob_place *place, unsigned int units);

#endif /* _MYMM_SLOB_PAGE_H */
