// SPDX-License-Identifier: GPL-2.0
/*
 * One page as a heap: its free blocks, first fit and best fit.
 *
 * A page is an array of 2048 *units* of two bytes. The free units form *blocks*, linked in
 * order of address. The links are in the free memory itself, so they take no extra space: the
 * first unit of a block is its length, the second the number of the unit where the next one
 * begins. A block of one unit has no room for both: its unit is the beginning of the next one
 * as a negative number, which distinguishes it from a length. The last block points behind
 * the page. Here a page of 16 units, whose first free block is at 2:
 *
 *      unit   0   1   2   3   4   5   6   7   8   9  10  11  12  13  14  15
 *           +---+---+---+---+---+---+---+---+---+---+---+---+---+---+---+---+
 *           | A   A | 3   7   . | B   B |-10| C   C | 6  16   .   .   .   . |
 *           +---+---+---+---+---+---+---+---+---+---+---+---+---+---+---+---+
 *                     |   `-------------^ |           |   `-------------------^
 *                     3 units             1 unit      6 units, the last block
 *
 * Two units for D: *first fit* takes them from the block at 2, and leaves one unit there;
 * *best fit* reads all blocks and takes the one that leaves the fewest units: the block at 2
 * as well, which leaves one and not four. Three units: both take 2 to 4. If D has to begin at
 * a multiple of four, both take 12, since the blocks at 2 and 7 have no room for it then; the
 * two units before it and the two behind remain free blocks. Then B is freed: it is merged
 * with the free blocks on either side, and the page is
 *
 *           | A   A | 6  10   .   .   .   . | C   C | 2  14 | D   D | 2  16 |
 *
 * So two free blocks are never adjacent, and the list is sorted by address. Therefore a free
 * can check that all units of an object are in use, which SLOB did not check.
 *
 * A write to free memory may overwrite a link. Each step along the list is checked: it must
 * lead behind the end of the block by at least one unit, and not out of the page. So a walk
 * ends whatever the bytes are, and an overwritten link is found unless it is a valid one.
 *
 * No locks are taken here, and nothing here depends on lists of pages, caches or headers: see
 * slob.c. Knuth, The Art of Computer Programming 1, 2.5, algorithms A and B; the format is
 * that of mm/slob.c, 6.1, which is Kernighan and Ritchie's in 16 bits.
 */
#include <linux/errno.h>
#include <linux/kernel.h>

#include "base/compat.h"
#include "object/sanitize.h"
#include "engine/slob/slob_page.h"

/* Read the free block at @at; -EUCLEAN if its values are invalid. */
static mymm_unseen int read_block(const s16 *page, unsigned int at,
				  struct mymm_slob_block *block)
{
	int units = READ_ONCE(page[at]), next;

	if (units < 0) {
		next = -units;
		units = 1;
	} else {
		next = at + 1 < MYMM_SLOB_UNITS ? READ_ONCE(page[at + 1]) : 0;
	}
	*block = (struct mymm_slob_block){ at, units, next };
	if (unlikely(!units || next <= 0 || next > (int)MYMM_SLOB_END))
		return -EUCLEAN;
	/* The unit behind it is in use, or the end of the page. */
	if (next < (int)MYMM_SLOB_END)
		next--;
	return at + units <= next ? 0 : -EUCLEAN;
}

static mymm_unseen void write_block(s16 *page, unsigned int at,
				    unsigned int units, unsigned int next)
{
	if (units > 1) {
		WRITE_ONCE(page[at], units);
		WRITE_ONCE(page[at + 1], next);
	} else {
		WRITE_ONCE(page[at], -(int)next);
	}
}

static const struct mymm_slob_block no_block = { .at = MYMM_SLOB_END };

/**
 * mymm_slob_first() - the first free block of a page
 * @page: the page
 * @first: its first unit, or %MYMM_SLOB_END
 * @block: filled with it
 *
 * Return: 0, also if there is none; -EUCLEAN: it was overwritten.
 */
int mymm_slob_first(const s16 *page, unsigned int first,
		    struct mymm_slob_block *block)
{
	*block = no_block;
	return first >= MYMM_SLOB_END ? 0 : read_block(page, first, block);
}
MYMM_EXPORT_INTERNAL(mymm_slob_first);

/**
 * mymm_slob_next() - the next free block
 * @page: the page
 * @block: a free block; replaced by the next one
 *
 * Return: as mymm_slob_first().
 */
int mymm_slob_next(const s16 *page, struct mymm_slob_block *block)
{
	return mymm_slob_first(page, block->next, block);
}
MYMM_EXPORT_INTERNAL(mymm_slob_next);

/* Does the request fit into @block, and from which unit on? */
static bool fits(const struct mymm_slob_want *want,
		 const struct mymm_slob_block *block, unsigned int *at)
{
	*at = ALIGN(block->at + want->offset, want->align) - want->offset;
	return *at + want->units <= block->at + block->units;
}

/**
 * mymm_slob_find() - search a page for room
 * @page: the page
 * @first: the first unit of its first free block
 * @want: the request
 * @place: filled if there is room; its @largest in any case
 *
 * Best fit takes the block that leaves the fewest units, the first of several such.
 *
 * Return: 0; -ENOSPC: there is no room; -EUCLEAN: a free block was overwritten.
 */
int mymm_slob_find(const s16 *page, unsigned int first,
		   const struct mymm_slob_want *want,
		   struct mymm_slob_place *place)
{
	struct mymm_slob_block prev = no_block, block;
	unsigned int at, largest = 0;
	int found = -ENOSPC, err;

	for (err = mymm_slob_first(page, first, &block);
	     !err && block.at != MYMM_SLOB_END;
	     err = mymm_slob_next(page, &block)) {
		unsigned int left = block.units - want->units;

		largest = max(largest, block.units);
		if (fits(want, &block, &at) && (found || left < place->left)) {
			*place = (struct mymm_slob_place){ prev, block, at,
							   left };
			found = 0;
			if (!want->best || !left)
				break;
		}
		prev = block;
	}
	place->largest = largest;
	return err ?: found;
}
MYMM_EXPORT_INTERNAL(mymm_slob_find);

/* Link the block @prev, or the page itself, to @next; returns the first free unit. */
static unsigned int link_to(s16 *page, unsigned int first,
			    const struct mymm_slob_block *prev,
			    unsigned int units, unsigned int next)
{
	if (prev->at == MYMM_SLOB_END)
		return next;
	write_block(page, prev->at, units, next);
	return first;
}

/**
 * mymm_slob_take() - take units from the room that mymm_slob_find() has found
 * @page: the page
 * @first: the first unit of its first free block
 * @place: from mymm_slob_find(), and nothing has changed since
 * @units: how many
 *
 * The rest of the block before and behind them stays free.
 *
 * Return: the first unit of the first free block from now on.
 */
unsigned int mymm_slob_take(s16 *page, unsigned int first,
			    const struct mymm_slob_place *place,
			    unsigned int units)
{
	const struct mymm_slob_block *block = &place->block;
	unsigned int before = place->at - block->at;
	unsigned int behind = block->units - before - units;
	unsigned int next = block->next;

	if (behind) {
		write_block(page, place->at + units, behind, next);
		next = place->at + units;
	}
	if (before) {
		write_block(page, block->at, before, next);
		next = block->at;
	}
	return link_to(page, first, &place->prev, place->prev.units, next);
}
MYMM_EXPORT_INTERNAL(mymm_slob_take);

/**
 * mymm_slob_locate() - check that all units of a range are in use
 * @page: the page
 * @first: the first unit of its first free block, or %MYMM_SLOB_END
 * @at: the first unit of the range
 * @units: how many; all are inside the page
 * @place: filled with the free blocks around the range
 *
 * Return: 0: they are. -EALREADY: the range begins inside a free block. -EFAULT: it reaches
 * into one. -EUCLEAN: a free block was overwritten.
 */
int mymm_slob_locate(const s16 *page, unsigned int first, unsigned int at,
		     unsigned int units, struct mymm_slob_place *place)
{
	struct mymm_slob_block prev = no_block, block;
	int err;

	for (err = mymm_slob_first(page, first, &block);
	     !err && block.at <= at && block.at != MYMM_SLOB_END;
	     err = mymm_slob_next(page, &block))
		prev = block;
	if (err)
		return err;
	*place = (struct mymm_slob_place){ prev, block, at };
	if (prev.at != MYMM_SLOB_END && at < prev.at + prev.units)
		return -EALREADY;
	return at + units > block.at ? -EFAULT : 0;
}
MYMM_EXPORT_INTERNAL(mymm_slob_locate);

/**
 * mymm_slob_give() - free units that are in use
 * @page: the page
 * @first: the first unit of its first free block, or %MYMM_SLOB_END
 * @place: from mymm_slob_locate(), and nothing has changed since; its @largest is set to the
 *         size of the resulting free block
 * @units: how many
 *
 * Merges them with the free blocks on either side.
 *
 * Return: the first unit of the first free block from now on.
 */
unsigned int mymm_slob_give(s16 *page, unsigned int first,
			    struct mymm_slob_place *place, unsigned int units)
{
	const struct mymm_slob_block *prev = &place->prev;
	unsigned int at = place->at, next = place->block.at;

	if (at + units == next && next != MYMM_SLOB_END) {
		units += place->block.units;
		next = place->block.next;
	}
	if (prev->at != MYMM_SLOB_END && prev->at + prev->units == at) {
		place->largest = prev->units + units;
		write_block(page, prev->at, place->largest, next);
		return first;
	}
	place->largest = units;
	write_block(page, at, units, next);
	return link_to(page, first, prev, prev->units, at);
}
MYMM_EXPORT_INTERNAL(mymm_slob_give);
