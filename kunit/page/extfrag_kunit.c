// SPDX-License-Identifier: GPL-2.0
/*
 * The fragmentation indexes, against values worked out by hand from the formulas of
 * extfrag.c. The maps show a zone of 16 pages: P in use, anything else free.
 *
 * Tests: page/extfrag.c
 */
#include <kunit/test.h>

#include "base/compat.h"
#include "page/extfrag.h"

/* A zone with so many free blocks of orders 0 to 4. */
static struct mymm_zone_snapshot zone_with(unsigned long n0, unsigned long n1,
					   unsigned long n2, unsigned long n3,
					   unsigned long n4)
{
	return (struct mymm_zone_snapshot){
		.free = n0 + 2 * n1 + 4 * n2 + 8 * n3 + 16 * n4,
		.nr_free = { n0, n1, n2, n3, n4 },
	};
}

/* PPPPPPPPPPPPPPPP: what is not there is neither usable nor in pieces. */
static void nothing_free(struct kunit *test)
{
	struct mymm_zone_snapshot snap = zone_with(0, 0, 0, 0, 0);
	unsigned int order;

	for (order = 0; order < MYMM_NR_ORDERS; order++) {
		KUNIT_EXPECT_EQ(test, mymm_unusable_index(&snap, order), 1000);
		KUNIT_EXPECT_EQ(test, mymm_fragmentation_index(&snap, order),
				0);
	}
}

/* 4...............: usable up to order 4; order 5 fails for lack of memory. */
static void one_block(struct kunit *test)
{
	struct mymm_zone_snapshot snap = zone_with(0, 0, 0, 0, 1);
	unsigned int order;

	for (order = 0; order <= 4; order++) {
		KUNIT_EXPECT_EQ(test, mymm_unusable_index(&snap, order), 0);
		KUNIT_EXPECT_EQ(test, mymm_fragmentation_index(&snap, order),
				-1000);
	}
	KUNIT_EXPECT_EQ(test, mymm_unusable_index(&snap, 5), 1000);
	/* 1000 - (1000 + 16000/32) / 1 */
	KUNIT_EXPECT_EQ(test, mymm_fragmentation_index(&snap, 5), -500);
}

/* 0P0P0P0P0P0P0P0P: half is free, and of no use for two pages together. */
static void each_second_page(struct kunit *test)
{
	struct mymm_zone_snapshot snap = zone_with(8, 0, 0, 0, 0);

	KUNIT_EXPECT_EQ(test, mymm_unusable_index(&snap, 0), 0);
	KUNIT_EXPECT_EQ(test, mymm_unusable_index(&snap, 1), 1000);
	KUNIT_EXPECT_EQ(test, mymm_fragmentation_index(&snap, 0), -1000);
	/* 1000 - (1000 + 8000/2) / 8 */
	KUNIT_EXPECT_EQ(test, mymm_fragmentation_index(&snap, 1), 375);
	/* 1000 - (1000 + 8000/8) / 8 */
	KUNIT_EXPECT_EQ(test, mymm_fragmentation_index(&snap, 3), 750);
}

/* 2...0P1.0PPPPPPP: 4 of 8 free pages are in a block of order 2. */
static void mixed(struct kunit *test)
{
	struct mymm_zone_snapshot snap = zone_with(2, 1, 1, 0, 0);

	KUNIT_EXPECT_EQ(test, mymm_unusable_index(&snap, 0), 0);
	KUNIT_EXPECT_EQ(test, mymm_unusable_index(&snap, 1), 250);
	KUNIT_EXPECT_EQ(test, mymm_unusable_index(&snap, 2), 500);
	KUNIT_EXPECT_EQ(test, mymm_unusable_index(&snap, 3), 1000);
	KUNIT_EXPECT_EQ(test, mymm_fragmentation_index(&snap, 2), -1000);
	/* 1000 - (1000 + 8000/8) / 4 */
	KUNIT_EXPECT_EQ(test, mymm_fragmentation_index(&snap, 3), 500);
	/* 1000 - (1000 + 8000/16) / 4 */
	KUNIT_EXPECT_EQ(test, mymm_fragmentation_index(&snap, 4), 625);
}

static struct kunit_case extfrag_cases[] = { KUNIT_CASE(nothing_free),
					     KUNIT_CASE(one_block),
					     KUNIT_CASE(each_second_page),
					     KUNIT_CASE(mixed),
					     {} };

static struct kunit_suite extfrag_suite = {
	.name = "mymm_extfrag",
	.test_cases = extfrag_cases,
};

kunit_test_suite(extfrag_suite);
