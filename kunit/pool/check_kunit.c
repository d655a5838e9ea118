// SPDX-License-Identifier: GPL-2.0
/*
 * The validator, where pages are concerned: I1 to I5, I10, and of I9 that a free frame is
 * of no cache.
 *
 * Each thing that can be wrong with free lists, counts and frames is made wrong, at the
 * first, a middle and the last element of a list, at several orders, in two zones. The
 * validator must find exactly the invariant that is meant, and nothing after the
 * repair.
 *
 * In the corrupt each of the orders 0 to 8 has in each zone at least five free blocks
 * whose buddies are held, and one pair of which both are held:
 *
 *	PF PF PF PF PF PP	of order 8, then of order 7, ... of order 0
 *
 * Tests: pool/check.c page/pcp_check.c base/finding.c
 */
#include "lib/corrupt.h"

#define SPOT_ORDERS 9
#define PAIRS 6

/* Where something is to be broken. */
struct spot {
	struct mymm_pool *pool;
	struct mymm_zone *zone;
	struct mymm_buddy *buddy;
	struct mymm_frame *table;
	unsigned int order;
	unsigned int which; /* 0: the first, 1: a middle one, 2: the last */
	u32 free; /* a free block of that order */
	u32 held; /* its buddy, which is held */
	u32 pair; /* a held block with a held buddy */
};

/* --- what can be broken ------------------------------------------------------ */

static void unlink_block(struct spot *spot, u32 idx, unsigned int order)
{
	mymm_list_del(spot->table, idx);
	if (!--spot->buddy->type[0].order[order].nr_free)
		spot->buddy->type[0].nonempty &= ~BIT(order);
}

static void link_block(struct spot *spot, u32 idx, unsigned int order)
{
	spot->table[idx].tag =
		mymm_tag(MYMM_FRAME_FREE, order, spot->buddy->zone);
	mymm_list_add(spot->table, idx, spot->buddy->heads + order);
	spot->buddy->type[0].order[order].nr_free++;
	spot->buddy->type[0].nonempty |= BIT(order);
}

static void set_state(struct spot *spot, u32 idx, enum mymm_frame_state state)
{
	spot->table[idx].tag &= ~MYMM_TAG_STATE;
	spot->table[idx].tag |= state;
}

static void set_order(struct spot *spot, u32 idx, unsigned int order)
{
	spot->table[idx].tag &= ~MYMM_TAG_ORDER;
	spot->table[idx].tag |= order << MYMM_TAG_ORDER_SHIFT;
}

/* A tail of a block: its second frame, one in the middle, or the last. */
static u32 tail_of(const struct spot *spot, u32 idx)
{
	u32 size = 1U << spot->order;

	return idx + (spot->which == 0 ? 1 :
		      spot->which == 1 ? size / 2 :
					 size - 1);
}

static void free_pages_too_many(struct spot *spot)
{
	spot->buddy->free += 1UL << spot->order;
}

static void free_pages_too_few(struct spot *spot)
{
	spot->buddy->free--;
}

/* A held block whose head is erased: its frames are in no block. */
static void held_head_forgotten(struct spot *spot)
{
	spot->table[spot->held].tag = 0;
}

/* A held block that says it is half as large: the other half is in none. */
static void held_block_halved(struct spot *spot)
{
	set_order(spot, spot->held, spot->order - 1);
}

static void held_head_garbage(struct spot *spot)
{
	set_state(spot, spot->held, MYMM_FRAME_LIST);
}

/* A held block that is too large for where it is. */
static void held_block_misaligned(struct spot *spot)
{
	set_order(spot, spot->held | 1U << spot->order, 10);
	set_state(spot, spot->held | 1U << spot->order, MYMM_FRAME_PAGES);
	/* So that the list does not notice first. */
	if (spot->free == (spot->held | 1U << spot->order)) {
		unlink_block(spot, spot->free, spot->order);
		spot->buddy->free -= 1UL << spot->order;
	}
}

static void held_order_out_of_range(struct spot *spot)
{
	set_order(spot, spot->held, 11 + spot->which);
}

/* The list holds a block that does not begin at a multiple of its size. */
static void free_block_misaligned(struct spot *spot)
{
	struct mymm_frame *table = spot->table;
	u32 idx = tail_of(spot, spot->free);

	table[idx] = table[spot->free];
	table[table[idx].next].prev = idx;
	table[table[idx].prev].next = idx;
	table[spot->free].tag = 0;
}

/* Both halves of a block are on the list of their order. */
static void buddies_not_merged(struct spot *spot)
{
	unlink_block(spot, spot->free, spot->order);
	link_block(spot, spot->free, spot->order - 1);
	link_block(spot, spot->free | 1U << (spot->order - 1), spot->order - 1);
}

static void one_counted_too_many(struct spot *spot)
{
	spot->buddy->type[0].order[spot->order].nr_free++;
}

static void one_counted_too_few(struct spot *spot)
{
	spot->buddy->type[0].order[spot->order].nr_free--;
}

static void bit_wrong(struct spot *spot)
{
	spot->buddy->type[0].nonempty ^= BIT(spot->order);
}

static void prev_wrong(struct spot *spot)
{
	spot->table[spot->free].prev = spot->held;
}

static void next_outside_zone(struct spot *spot)
{
	spot->table[spot->free].next = spot->buddy->end;
}

static void next_wild(struct spot *spot)
{
	spot->table[spot->free].next = ~0U - spot->which;
}

static void next_is_itself(struct spot *spot)
{
	spot->table[spot->free].next = spot->free;
}

static void skipped_forwards(struct spot *spot)
{
	struct mymm_frame *block = &spot->table[spot->free];

	spot->table[block->prev].next = block->next;
}

static void skipped_backwards(struct spot *spot)
{
	struct mymm_frame *block = &spot->table[spot->free];

	spot->table[block->next].prev = block->prev;
}

static void skipped_both_ways(struct spot *spot)
{
	mymm_list_del(spot->table, spot->free);
}

/* Its list and the counts know nothing of it, but its tag says that it is free. */
static void free_but_not_listed(struct spot *spot)
{
	unlink_block(spot, spot->free, spot->order);
	spot->buddy->free -= 1UL << spot->order;
}

static void listed_but_held(struct spot *spot)
{
	set_state(spot, spot->free, MYMM_FRAME_PAGES);
}

static void listed_but_tail(struct spot *spot)
{
	spot->table[spot->free].tag = 0;
}

static void listed_by_wrong_order(struct spot *spot)
{
	set_order(spot, spot->free, spot->order ? spot->order - 1 : 1);
}

static void listed_of_other_zone(struct spot *spot)
{
	spot->table[spot->free].tag ^= 1U << MYMM_TAG_ZONE_SHIFT;
}

static void held_of_other_zone(struct spot *spot)
{
	spot->table[spot->held].tag ^= 1U << MYMM_TAG_ZONE_SHIFT;
}

static void held_says_free(struct spot *spot)
{
	set_state(spot, spot->pair, MYMM_FRAME_FREE);
}

static void head_of_list_wrong(struct spot *spot)
{
	spot->table[spot->buddy->heads + spot->order].prev = spot->free;
	if (spot->which == 2) /* that would be right */
		spot->table[spot->buddy->heads + spot->order].prev =
			spot->buddy->heads + spot->order;
}

static void tail_of_free_is_head(struct spot *spot)
{
	spot->table[tail_of(spot, spot->free)].tag =
		mymm_tag(MYMM_FRAME_PAGES, 0, spot->buddy->zone);
}

static void tail_of_free_is_slab(struct spot *spot)
{
	spot->table[tail_of(spot, spot->free)].tag = MYMM_FRAME_SLAB_TAIL;
}

static void tail_of_held_is_head(struct spot *spot)
{
	spot->table[tail_of(spot, spot->held)].tag =
		mymm_tag(MYMM_FRAME_PAGES, 0, spot->buddy->zone);
}

static void tail_of_held_is_free(struct spot *spot)
{
	spot->table[tail_of(spot, spot->held)].tag =
		mymm_tag(MYMM_FRAME_FREE, 10, spot->buddy->zone);
}

static void free_head_of_cache(struct spot *spot)
{
	spot->table[spot->free].cache = 1;
}

static void free_tail_of_cache(struct spot *spot)
{
	spot->table[tail_of(spot, spot->free)].cache = 511;
}

#define BREAK(invariant, fn)          \
	{                             \
		invariant, 0, #fn, fn \
	}
/* For blocks of more than one page. */
#define BREAK_LARGE(invariant, fn)    \
	{                             \
		invariant, 1, #fn, fn \
	}

static const struct breakage {
	unsigned int invariant;
	unsigned int least_order;
	const char *what;
	void (*run)(struct spot *spot);
} breakages[] = {
	BREAK(1, free_pages_too_many),
	BREAK(1, free_pages_too_few),
	BREAK(2, held_head_forgotten),
	BREAK_LARGE(2, held_block_halved),
	BREAK(2, held_head_garbage),
	BREAK(3, held_block_misaligned),
	BREAK(3, held_order_out_of_range),
	BREAK_LARGE(3, free_block_misaligned),
	BREAK_LARGE(4, buddies_not_merged),
	BREAK(5, one_counted_too_many),
	BREAK(5, one_counted_too_few),
	BREAK(5, bit_wrong),
	BREAK(5, prev_wrong),
	BREAK(5, next_outside_zone),
	BREAK(5, next_wild),
	BREAK(5, next_is_itself),
	BREAK(5, skipped_forwards),
	BREAK(5, skipped_backwards),
	BREAK(5, skipped_both_ways),
	BREAK(5, free_but_not_listed),
	BREAK(5, listed_but_held),
	BREAK(5, listed_but_tail),
	BREAK(5, listed_by_wrong_order),
	BREAK(5, listed_of_other_zone),
	BREAK(5, held_of_other_zone),
	BREAK(5, held_says_free),
	BREAK(5, head_of_list_wrong),
	BREAK(9, free_head_of_cache),
	BREAK_LARGE(9, free_tail_of_cache),
	BREAK_LARGE(10, tail_of_free_is_head),
	BREAK_LARGE(10, tail_of_free_is_slab),
	BREAK_LARGE(10, tail_of_held_is_head),
	BREAK_LARGE(10, tail_of_held_is_free),
};

/* --- the corrupt --------------------------------------------------------------- */

struct held {
	struct mymm_pool *pool;
	u32 nr;
	struct {
		u32 idx;
		u32 order;
	} block[2 * SPOT_ORDERS * 2 * PAIRS];
};

static void give_back_all(void *data)
{
	struct held *held = data;

	while (held->nr--)
		mymm_free_pages(held->pool,
				&held->pool->frame[held->block[held->nr].idx],
				held->block[held->nr].order);
}

/* The pairs of a zone: @pair[order] is the first frame of those of that order. */
static void hold_pairs(struct kunit *test, struct held *held, gfp_t gfp,
		       u32 *pair)
{
	unsigned int order = SPOT_ORDERS, i;
	struct mymm_frame *frame;
	u32 from = held->nr, kept;

	while (order--) {
		for (i = 0; i < 2 * PAIRS; i++) {
			frame = mymm_alloc_pages(held->pool, gfp, order);
			KUNIT_ASSERT_NOT_NULL(test, frame);
			held->block[held->nr].idx = frame - held->pool->frame;
			held->block[held->nr++].order = order;
			/* As the zone was whole, they are side by side. */
			if (!i)
				pair[order] = frame - held->pool->frame;
		}
	}
	for (i = kept = from; i < held->nr; i++) {
		u32 n = (i - from) % (2 * PAIRS);

		frame = &held->pool->frame[held->block[i].idx];
		order = held->block[i].order;
		if (n % 2 && n < 2 * PAIRS - 1)
			MYMM_EXPECT_OK(test, mymm_free_pages(held->pool, frame,
							     order));
		else
			held->block[kept++] = held->block[i];
	}
	held->nr = kept;
}

/* The first, a middle or the last block of a free list. */
static u32 block_of_list(const struct spot *spot)
{
	u32 head = spot->buddy->heads + spot->order;
	u32 steps =
		spot->which == 1 ?
			spot->buddy->type[0].order[spot->order].nr_free / 2 :
			0;
	u32 idx = spot->table[head].next;

	if (spot->which == 2)
		return spot->table[head].prev;
	while (steps--)
		idx = spot->table[idx].next;
	return idx;
}

static void break_all_at(struct mymm_corrupt *corrupt, struct spot *spot)
{
	static const char *const whiches[] = { "first", "middle", "last" };
	const struct breakage *breakage;
	char where[100];

	spot->free = block_of_list(spot);
	spot->held = spot->free ^ (1U << spot->order);
	KUNIT_ASSERT_EQ(corrupt->test, spot->table[spot->held].tag,
			mymm_tag(MYMM_FRAME_PAGES, spot->order,
				 spot->buddy->zone));
	snprintf(where, sizeof(where), "zone %s, order %u, %s: frame %u",
		 mymm_zone_name(spot->zone->type), spot->order,
		 whiches[spot->which], spot->free);
	for (breakage = breakages; breakage < breakages + ARRAY_SIZE(breakages);
	     breakage++) {
		if (spot->order < breakage->least_order)
			continue;
		breakage->run(spot);
		mymm_corrupt_expect(corrupt, breakage->invariant,
				    breakage->what, where);
	}
}

static void each_invariant(struct kunit *test)
{
	static const unsigned int orders[] = { 0, 1, 4, 8 };
	struct mymm_corrupt *corrupt;
	struct mymm_pool *pool;
	u32 pair[2][SPOT_ORDERS];
	unsigned int i;
	struct held *held;
	int err;

	pool = mymm_test_pool_none(test, "DMA:28M,Normal:24M");
	held = kunit_kzalloc(test, sizeof(*held), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, held);
	held->pool = pool;
	err = kunit_add_action_or_reset(test, give_back_all, held);
	KUNIT_ASSERT_EQ(test, err, 0);
	hold_pairs(test, held, __GFP_DMA, pair[0]);
	hold_pairs(test, held, GFP_KERNEL, pair[1]);
	corrupt = mymm_corrupt_new(test, pool, NULL, NULL);

	for (i = 0; i < 2 * ARRAY_SIZE(orders) * 3; i++) {
		unsigned int zone = i / 3 / ARRAY_SIZE(orders);
		struct spot spot = {
			.pool = pool,
			.zone = &pool->zone[zone],
			.buddy = &pool->zone[zone].buddy,
			.table = pool->frame,
			.order = orders[i / 3 % ARRAY_SIZE(orders)],
			.which = i % 3,
		};

		spot.pair = pair[zone][spot.order] +
			    ((2 * PAIRS - 2) << spot.order);
		break_all_at(corrupt, &spot);
	}
	/*
	 * 33 breakages, 8 of them for blocks of more than one page; 2 zones and
	 * 3 places: 6 * (3 orders * 33 + 1 order * 25).
	 */
	KUNIT_EXPECT_EQ(test, corrupt->cases, 744);
}

/*
 * A block at a multiple of its size that reaches out of its zone: pages 6144 to 7047,
 * whose last block is 7040 of order 3. As order 6 it would end at 7104.
 */
static void block_leaves_zone(struct kunit *test)
{
	struct mymm_pool *pool =
		mymm_test_pool_none(test, "DMA:24M,Normal:3616K");
	struct mymm_zone *zone = &pool->zone[1];
	struct mymm_corrupt *corrupt;
	struct spot spot = {
		.pool = pool,
		.zone = zone,
		.buddy = &zone->buddy,
		.table = pool->frame,
	};

	KUNIT_ASSERT_EQ(test, zone->buddy.end, 7048);
	corrupt = mymm_corrupt_new(test, pool, NULL, NULL);
	unlink_block(&spot, 7040, 3);
	link_block(&spot, 7040, 6);
	mymm_corrupt_expect(corrupt, 3, "a free block as order 6",
			    "at the end");
	unlink_block(&spot, 7040, 3);
	zone->buddy.free -= 8;
	spot.table[7040].tag = mymm_tag(MYMM_FRAME_PAGES, 6, 1);
	mymm_corrupt_expect(corrupt, 3, "a held block as order 6",
			    "at the end");
}

/* The validator changes nothing: a pool in which it finds a fault does not become dead. */
static void reads_only(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_finding finding = { .invariant = 99, .text = "x" };
	void *obj = mymm_kmalloc(pool, 100, GFP_KERNEL);

	MYMM_EXPECT_UNCHANGED(test, pool, 0, mymm_check(pool, &finding));
	KUNIT_EXPECT_EQ(test, finding.invariant, 0);
	KUNIT_EXPECT_EQ(test, finding.text[0], 0);
	pool->zone[0].buddy.free++;
	MYMM_EXPECT_UNCHANGED(test, pool, -EUCLEAN, mymm_check(pool, &finding));
	KUNIT_EXPECT_FALSE(test, mymm_pool_dead(pool));
	pool->zone[0].buddy.free--;
	MYMM_EXPECT_UNCHANGED(test, pool, 0, mymm_check(pool, &finding));
	MYMM_EXPECT_OK(test, mymm_kfree(obj));
}

/*
 * No look at a zone holds its lock for more than a slice and a block: neither along the
 * frames of an empty zone nor along a list of single ones, nor when an invariant is broken
 * but for the last look, which confirms that.
 */
static void in_slices(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:64M");
	const unsigned int nr = pool->nr_frames;
	const unsigned long most = 4096 + (1UL << MYMM_MAX_ORDER);
	struct mymm_zone *zone = &pool->zone[0];
	struct mymm_finding finding;
	unsigned long longest;
	unsigned int i;

	MYMM_EXPECT_OK(test, mymm_check_longest(pool, &finding, &longest));
	KUNIT_EXPECT_GE(test, longest, 4096);
	KUNIT_EXPECT_LE(test, longest, most);

	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_NOT_NULL(test,
				      mymm_alloc_pages(pool, GFP_KERNEL, 0));
	for (i = 0; i < nr; i += 2)
		MYMM_EXPECT_OK(test, mymm_free_pages(pool, &pool->frame[i], 0));
	KUNIT_EXPECT_EQ(test, zone->buddy.free, nr / 2);
	MYMM_EXPECT_OK(test, mymm_check_longest(pool, &finding, &longest));
	KUNIT_EXPECT_LE(test, longest, most);

	zone->buddy.free++;
	KUNIT_EXPECT_EQ(test, mymm_check_longest(pool, &finding, &longest),
			-EUCLEAN);
	KUNIT_EXPECT_EQ(test, finding.invariant, 1);
	KUNIT_EXPECT_GE(test, longest, nr / 2);
	zone->buddy.free--;
	for (i = 1; i < nr; i += 2)
		MYMM_EXPECT_OK(test, mymm_free_pages(pool, &pool->frame[i], 0));
}

static struct kunit_case check_cases[] = {
	KUNIT_CASE(in_slices),
	KUNIT_CASE(each_invariant),
	KUNIT_CASE(block_leaves_zone),
	KUNIT_CASE(reads_only),
	{},
};

static struct kunit_suite check_suite = {
	.name = "mymm_check",
	.test_cases = check_cases,
};

kunit_test_suite(check_suite);
