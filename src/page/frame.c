// SPDX-License-Identifier: GPL-2.0
/*
 * The frame table: what each page of a pool is at this moment.
 *
 * Terms. A *frame* is one page of a pool; its number (pfn) counts from the pool's
 * first frame and is its index in the table. A *block* is 2^order frames that
 * begin at a multiple of 2^order; its first frame is the *head*, the others are
 * *tails*. The kernel spends 64 bytes on a struct page; we spend 24:
 *
 *            0    1     2    3     4     6       8      12     16      20    22
 *           +-----+-----+----+-----+-----+-------+------+------+-------+-----+----+
 *   FREE    |state|order|zone|flags|  0  |       | next | prev |                  |
 *   PAGES   |state|order|zone|flags|  0  |       |                                |
 *   LARGE   |state|order|zone|flags|  0  |       |                                |
 *   SLAB    |state|order|zone|flags|cache|objects| next | prev | start |inuse|free|
 *   SL_TAIL |state|order|          |cache|objects|             | start |          |
 *   PCP     |state|order|zone|flags|  0  |       | next | prev |                  |
 *   HOLE    |state|  0  |zone|  0  |  0  |       |                                |
 *   TAIL    |  0                   |  0  |       |                                |
 *           +-----+-----+----+-----+-----+-------+------+------+-------+-----+----+
 *
 * The rule everything rests on: a frame that is not the head of a block is
 * %MYMM_FRAME_TAIL, always. A table of zeroes keeps it; splitting a block makes one
 * tail a head, merging two makes one head a tail, and nothing else touches a
 * tail's tag but a slab, which marks its own frames when it takes them and
 * clears them before it gives them back. So the state of a frame is exact, at the
 * cost of a word for each split and merge, and nobody walks the 2^order frames of
 * a block to learn or to say what they are.
 *
 * The head of a tail is then found by looking where a block that contains it
 * could begin, one order after the other:
 *
 *   frame 13 = 0b1101   order 1 would begin at 12 = 0b1100
 *                       order 2 would begin at 12 = 0b1100
 *                       order 3 would begin at  8 = 0b1000
 *   if 8 is the head of a block of order 3, 13 is its tail.
 *
 * Links are indices of 32 bits, half the size of pointers. The table is longer
 * than the pool: behind its last frame come filling up to the next multiple of the
 * largest block, so that the buddy of a block can be looked at without asking
 * whether there is one, and then the heads of all lists.
 *
 * Locking: see pool.h.
 */
#include <linux/kernel.h>

#include "page/frame.h"

const u32 mymm_order_size[MYMM_NR_ORDERS] = { 1,  2,   4,   8,	 16,  32,
					      64, 128, 256, 512, 1024 };

/**
 * mymm_list_init() - make an empty list
 * @table: the frame table
 * @head: index of the member of it that is to be the list's head
 */
void mymm_list_init(struct mymm_frame *table, u32 head)
{
	table[head].tag = mymm_tag(MYMM_FRAME_LIST, 0, 0);
	table[head].next = head;
	table[head].prev = head;
}

/**
 * mymm_frame_find_head() - find the head of the block that a frame belongs to
 * @table: the frame table
 * @idx: any frame of the pool
 *
 * Looks at no more than one frame an order. The answer is stable only as long
 * as the caller owns the block or holds its zone's lock.
 *
 * Return: the index of the head, @idx itself if it is one; %MYMM_NO_FRAME if no
 * block contains the frame.
 */
u32 mymm_frame_find_head(const struct mymm_frame *table, u32 idx)
{
	unsigned int order;

	for (order = 0; order <= MYMM_MAX_ORDER; order++) {
		u32 head = idx & ~((1U << order) - 1);
		u32 tag = READ_ONCE(table[head].tag);

		switch (mymm_tag_state(tag)) {
		case MYMM_FRAME_TAIL:
		case MYMM_FRAME_SLAB_TAIL:
			break;
		default:
			if (mymm_tag_order(tag) >= order)
				return head;
			return MYMM_NO_FRAME;
		}
	}
	return MYMM_NO_FRAME;
}

/**
 * mymm_frame_state_name() - a state in words, for messages
 * @state: the state
 *
 * Return: a phrase that fits behind "the frame is".
 */
const char *mymm_frame_state_name(enum mymm_frame_state state)
{
	static const char *const names[] = {
		[MYMM_FRAME_TAIL] = "inside a block, not its first",
		[MYMM_FRAME_FREE] = "free already",
		[MYMM_FRAME_PAGES] = "an allocated block",
		[MYMM_FRAME_LARGE] = "a large kmalloc",
		[MYMM_FRAME_SLAB] = "a slab",
		[MYMM_FRAME_SLAB_TAIL] = "inside a slab",
		[MYMM_FRAME_PCP] = "free already, in a CPU's list",
		[MYMM_FRAME_HOLE] = "a hole",
		[MYMM_FRAME_LIST] = "no frame",
	};

	static_assert(ARRAY_SIZE(names) == MYMM_NR_FRAME_STATES,
		      "each state has a name");
	return state < MYMM_NR_FRAME_STATES ? names[state] :
					      "in no known state";
}
