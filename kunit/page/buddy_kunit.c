// SPDX-License-Identifier: GPL-2.0
/*
 * The buddy system, on tables of a few frames.
 *
 * A test draws what it expects, a character a frame, as debugfs mymm/frames does: the
 * first frame of a free block shows its order and the others follow as dots; that of an
 * allocated block is P and its others are p. So an 8-page zone of which one page is
 * taken reads
 *
 *	P01.2...
 *
 * The rules one by one; sequence_kunit.c tries what can come of them.
 *
 * Tests: page/buddy.c page/frame.c
 */
#include "lib/model.h"
#include "lib/tiny.h"
#include "lib/util.h"

#define ORDERS MYMM_NR_ORDERS

static void expect_map(struct kunit *test, const struct mymm_buddy *buddy,
		       const char *expected)
{
	char *map =
		kunit_kmalloc(test, buddy->end - buddy->start + 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, map);
	mymm_tiny_draw(buddy, map);
	KUNIT_EXPECT_STREQ(test, map, expected);
}

/* The blocks of one list, the first one first. */
static void expect_list(struct kunit *test, const struct mymm_buddy *buddy,
			unsigned int order, const char *expected)
{
	u32 head = buddy->heads + order, idx;
	char text[80] = "";
	int len = 0;

	for (idx = buddy->table[head].next; idx != head && len < 70;
	     idx = buddy->table[idx].next)
		len += scnprintf(text + len, sizeof(text) - len, "%s%u",
				 len ? " " : "", idx);
	KUNIT_EXPECT_STREQ_MSG(test, text, expected, "list of order %u", order);
}

/* --- the rules ----------------------------------------------------------- */

/*
 * A zone of eight pages is one block of order 3. Taking one page splits it three
 * times; the lower half goes on each time:
 *
 *	3.......  =>  P01.2...
 *
 * The next page of order 0 is the upper half of the last split, then the list of
 * order 1 has to give one.
 */
static void split(struct kunit *test)
{
	struct mymm_buddy *buddy = &mymm_tiny_new(test, 0, 8)->zone[0].buddy;

	expect_map(test, buddy, "3.......");
	KUNIT_EXPECT_EQ(test, mymm_buddy_alloc(buddy, 0), 0);
	expect_map(test, buddy, "P01.2...");
	KUNIT_EXPECT_EQ(test, buddy->type[0].nonempty, 0b0111);
	KUNIT_EXPECT_EQ(test, mymm_buddy_alloc(buddy, 0), 1);
	expect_map(test, buddy, "PP1.2...");
	KUNIT_EXPECT_EQ(test, mymm_buddy_alloc(buddy, 0), 2);
	expect_map(test, buddy, "PPP02...");
	KUNIT_EXPECT_EQ(test, mymm_buddy_alloc(buddy, 2), 4);
	expect_map(test, buddy, "PPP0Pppp");
	KUNIT_EXPECT_EQ(test, buddy->type[0].nonempty, 0b0001);
	KUNIT_EXPECT_EQ(test, buddy->free, 1);
	KUNIT_EXPECT_EQ(test, mymm_buddy_alloc(buddy, 1), MYMM_NO_FRAME);
	expect_map(test, buddy, "PPP0Pppp");
}

/*
 * Eight single pages. A freed page merges with its buddy if that is free, and the
 * block with its buddy, and so on; nothing else merges, however near it is:
 *
 *	PPPPPPPP - 3 - 4 =>  PPP00PPP		neighbours, not buddies
 *	         - 5     =>  PPP01.PP
 *	         - 2     =>  PP1.1.PP		neighbours of order 1, not buddies
 *	         - 0 - 1 =>  2...1.PP
 *	         - 7 - 6 =>  3.......
 */
static void merge(struct kunit *test)
{
	struct mymm_buddy *buddy = &mymm_tiny_new(test, 0, 8)->zone[0].buddy;
	unsigned int i;

	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, mymm_buddy_alloc(buddy, 0), i);
	expect_map(test, buddy, "PPPPPPPP");
	KUNIT_EXPECT_EQ(test, buddy->type[0].nonempty, 0);
	mymm_buddy_free(buddy, 3, 0);
	mymm_buddy_free(buddy, 4, 0);
	expect_map(test, buddy, "PPP00PPP");
	mymm_buddy_free(buddy, 5, 0);
	expect_map(test, buddy, "PPP01.PP");
	mymm_buddy_free(buddy, 2, 0);
	expect_map(test, buddy, "PP1.1.PP");
	mymm_buddy_free(buddy, 0, 0);
	expect_map(test, buddy, "0P1.1.PP");
	mymm_buddy_free(buddy, 1, 0);
	expect_map(test, buddy, "2...1.PP");
	mymm_buddy_free(buddy, 7, 0);
	expect_map(test, buddy, "2...1.P0");
	mymm_buddy_free(buddy, 6, 0);
	expect_map(test, buddy, "3.......");
	KUNIT_EXPECT_EQ(test, buddy->type[0].nonempty, 0b1000);
}

/*
 * A freed block goes to the front of its list, to be used again while it is warm;
 * to the end if the block that it is half of has a free buddy, as then it will
 * soon merge:
 *
 *	PPPPPPPPPPPPPPPP - 0 - 6      =>  front: 6 0
 *	                 - 10 - 11    =>  a free block of order 1 at 10
 *	                 - 9          =>  half of block 8, whose buddy 10 is free: end
 */
static void placing(struct kunit *test)
{
	struct mymm_buddy *buddy = &mymm_tiny_new(test, 0, 16)->zone[0].buddy;
	unsigned int i;

	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_EQ(test, mymm_buddy_alloc(buddy, 0), i);
	mymm_buddy_free(buddy, 0, 0);
	mymm_buddy_free(buddy, 6, 0);
	expect_list(test, buddy, 0, "6 0");
	mymm_buddy_free(buddy, 10, 0);
	mymm_buddy_free(buddy, 11, 0);
	expect_list(test, buddy, 1, "10");
	mymm_buddy_free(buddy, 9, 0);
	expect_map(test, buddy, "0PPPPP0PP01.PPPP");
	expect_list(test, buddy, 0, "6 0 9");
	/* The last freed is the first to be used; the one at the end the last. */
	KUNIT_EXPECT_EQ(test, mymm_buddy_alloc(buddy, 0), 6);
	KUNIT_EXPECT_EQ(test, mymm_buddy_alloc(buddy, 0), 0);
	KUNIT_EXPECT_EQ(test, mymm_buddy_alloc(buddy, 0), 9);
	/* Only two of all these had others on the list. */
	KUNIT_EXPECT_EQ(test, buddy->choices, 2);
}

/*
 * A zone that is neither aligned nor a power of two has the blocks that its borders
 * force, and the lowest is the first of its list. Pages 3 to 20, and what merging
 * makes of them after each was taken alone:
 *
 *	 3 4       8               16      20
 *	[0 2...    3.......        2...    0]
 */
static void odd_borders(struct kunit *test)
{
	struct mymm_buddy *buddy = &mymm_tiny_new(test, 3, 21)->zone[0].buddy;
	u32 taken[18];
	unsigned int i;

	expect_map(test, buddy, "02...3.......2...0");
	expect_list(test, buddy, 0, "3 20");
	expect_list(test, buddy, 2, "4 16");
	for (i = 0; i < 18; i++)
		taken[i] = mymm_buddy_alloc(buddy, 0);
	expect_map(test, buddy, "PPPPPPPPPPPPPPPPPP");
	KUNIT_EXPECT_EQ(test, mymm_buddy_alloc(buddy, 0), MYMM_NO_FRAME);
	for (i = 0; i < 18; i++)
		mymm_buddy_free(buddy, taken[i], 0);
	expect_map(test, buddy, "02...3.......2...0");
	KUNIT_EXPECT_EQ(test, buddy->free, 18);
}

/* Each stretch within the first 70 pages is cut up as its borders force. */
static void forced_orders(struct kunit *test)
{
	unsigned long forced[ORDERS];
	unsigned int cases = 0;
	struct mymm_tiny *tiny;
	u32 start, end, order;

	tiny = mymm_tiny_new(test, 0, 1);
	for (start = 0; start < 70; start++) {
		for (end = start + 1; end <= 70; end++, cases++) {
			struct mymm_buddy *buddy = &tiny->zone[0].buddy;

			memset(tiny->table, 0, 70 * sizeof(*tiny->table));
			mymm_buddy_init(buddy, tiny->table, start, end,
					tiny->heads, 0);
			mymm_model_forced(start, end, forced);
			for (order = 0; order < ORDERS; order++)
				KUNIT_EXPECT_EQ_MSG(
					test,
					buddy->type[0].order[order].nr_free,
					forced[order], "%u to %u, order %u",
					start, end, order);
			KUNIT_EXPECT_EQ(test, buddy->free, end - start);
		}
	}
	/* Pairs of borders start < end from 0 to 70: 71 * 70 / 2. */
	KUNIT_EXPECT_EQ(test, cases, 2485);
}

/*
 * Two zones meet at page 4. Pages 3 and 4 are no buddies, but blocks 0 and 4 of order 2
 * would be, if they were of one zone:
 *
 *	zone 0 [2...]   zone 1 [2...]
 */
static void zones_do_not_merge(struct kunit *test)
{
	struct mymm_tiny *tiny = mymm_tiny_new(test, 0, 4);
	struct mymm_buddy *low = &tiny->zone[0].buddy;
	struct mymm_buddy *high = &tiny->zone[1].buddy;

	mymm_zone_init(&tiny->zone[1], tiny->table, MYMM_ZONE_NORMAL, 0, 1, 4,
		       8, tiny->heads + MYMM_BUDDY_LISTS);
	KUNIT_EXPECT_EQ(test, mymm_buddy_alloc(high, 0), 4);
	expect_map(test, low, "2...");
	expect_map(test, high, "P01.");
	mymm_buddy_free(high, 4, 0);
	expect_map(test, low, "2...");
	expect_map(test, high, "2...");
	KUNIT_EXPECT_EQ(test, mymm_buddy_alloc(low, 2), 0);
	mymm_buddy_free(low, 0, 2);
	expect_map(test, low, "2...");
	expect_map(test, high, "2...");
	KUNIT_EXPECT_EQ(test, high->free, 4);
}

/*
 * The largest blocks do not merge, and the last page's buddy is outside of the zone: a zone of
 * three blocks of order 10 and one page.
 */
static void largest_order(struct kunit *test)
{
	u32 pages = 3 * 1024 + 1, at[4], i;
	struct mymm_buddy *buddy =
		&mymm_tiny_new(test, 0, pages)->zone[0].buddy;

	expect_list(test, buddy, 10, "0 1024 2048");
	expect_list(test, buddy, 0, "3072");
	for (i = 0; i < 3; i++) {
		at[i] = mymm_buddy_alloc(buddy, 10);
		KUNIT_EXPECT_EQ(test, at[i], i * 1024);
	}
	at[3] = mymm_buddy_alloc(buddy, 0);
	KUNIT_EXPECT_EQ(test, at[3], 3072);
	KUNIT_EXPECT_EQ(test, mymm_buddy_alloc(buddy, 10), MYMM_NO_FRAME);
	mymm_buddy_free(buddy, at[3], 0);
	for (i = 0; i < 3; i++)
		mymm_buddy_free(buddy, at[i], 10);
	expect_list(test, buddy, 10, "2048 1024 0");
	expect_list(test, buddy, 0, "3072");
	mymm_buddy_reset(buddy, MYMM_UNMOVABLE);
	expect_list(test, buddy, 10, "0 1024 2048");
}

/* How many frames are not what they were; and they are from now on. */
static unsigned int count_changes(const struct mymm_tiny *tiny,
				  struct mymm_frame *before)
{
	unsigned int changed = 0;
	u32 idx;

	for (idx = 0; idx < tiny->heads + MYMM_BUDDY_LISTS; idx++)
		changed += memcmp(&tiny->table[idx], &before[idx],
				  sizeof(*before)) != 0;
	memcpy(before, tiny->table,
	       (tiny->heads + MYMM_BUDDY_LISTS) * sizeof(*before));
	return changed;
}

/*
 * Whatever the order, and however large the zone: only the heads of the blocks that are
 * split or merged are written to, their neighbours on the lists, and the lists' heads. For
 * each of 10 steps from order 0 to 10 that is at most a block, a neighbour on either
 * side of it, and a list: 4 frames; and as many for the block itself.
 */
static void touches_heads_only(struct kunit *test)
{
	static const u32 sizes[] = { 1024, 2048, 16384 };
	const unsigned int most = 4 * 11;
	unsigned int i, order;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct mymm_tiny *tiny = mymm_tiny_new(test, 0, sizes[i]);
		struct mymm_buddy *buddy = &tiny->zone[0].buddy;
		struct mymm_frame *before;

		before = kunit_kcalloc(test, tiny->heads + MYMM_BUDDY_LISTS,
				       sizeof(*before), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, before);
		count_changes(tiny, before);
		for (order = 0; order < ORDERS; order++) {
			u32 idx = mymm_buddy_alloc(buddy, order);

			KUNIT_EXPECT_LE_MSG(test, count_changes(tiny, before),
					    most, "allocation of order %u",
					    order);
			mymm_buddy_free(buddy, idx, order);
			KUNIT_EXPECT_LE_MSG(test, count_changes(tiny, before),
					    most, "free of order %u", order);
		}
	}
}

/* --- every order of frees ---------------------------------------------------------- */

/* Steps from one order of @nr numbers to the next; false after the last. */
static bool next_permutation(u32 *numbers, unsigned int nr)
{
	unsigned int i = nr - 1, j = nr - 1;

	while (i && numbers[i - 1] >= numbers[i])
		i--;
	if (!i)
		return false;
	while (numbers[j] <= numbers[i - 1])
		j--;
	swap(numbers[i - 1], numbers[j]);
	for (j = nr - 1; i < j; i++, j--)
		swap(numbers[i], numbers[j]);
	return true;
}

/* Eight single pages, freed in each of the 8! orders: always one block again. */
static void each_order_of_frees(struct kunit *test)
{
	struct mymm_buddy *buddy = &mymm_tiny_new(test, 0, 8)->zone[0].buddy;
	u32 order[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	unsigned int cases = 0, bad = 0, i;

	do {
		for (i = 0; i < 8; i++)
			bad += mymm_buddy_alloc(buddy, 0) == MYMM_NO_FRAME;
		bad += buddy->type[0].nonempty != 0;
		for (i = 0; i < 8; i++)
			mymm_buddy_free(buddy, order[i], 0);
		bad += buddy->type[0].nonempty != 0b1000 ||
		       buddy->type[0].order[3].nr_free != 1 || buddy->free != 8;
		cases++;
	} while (next_permutation(order, 8));
	KUNIT_EXPECT_EQ(test, bad, 0);
	KUNIT_EXPECT_EQ(test, cases, 40320);
	expect_map(test, buddy, "3.......");
}

static struct kunit_case buddy_cases[] = {
	KUNIT_CASE(split),
	KUNIT_CASE(merge),
	KUNIT_CASE(placing),
	KUNIT_CASE(odd_borders),
	KUNIT_CASE(forced_orders),
	KUNIT_CASE(zones_do_not_merge),
	KUNIT_CASE(largest_order),
	KUNIT_CASE(touches_heads_only),
	KUNIT_CASE(each_order_of_frees),
	{},
};

static struct kunit_suite buddy_suite = {
	.name = "mymm_buddy",
	.test_cases = buddy_cases,
};

kunit_test_suite(buddy_suite);
