// SPDX-License-Identifier: GPL-2.0
/*
 * The validator, where migratetypes, the reserve, holes and CPUs' page lists are concerned;
 * check_kunit.c has the rest of I1 to I5.
 *
 * In the corrupt there are two zones of 1600 frames in pageblocks of 8. In each the first
 * pageblock is the reserve's, with a pair of frames held; four frames in the middle are
 * holes; some blocks are held, in pageblocks of each type; and each CPU has blocks of orders
 * 0 to 3 in its lists. Each thing is made wrong in both zones, and what belongs to a CPU for
 * each CPU; the validator must find the invariant that is meant, and nothing after the
 * repair.
 *
 * Tests: pool/check.c page/pcp_check.c
 */
#include "lib/lists.h"
#include "lib/corrupt.h"
#include "page/pageblock.h"

#define HOLE 1000

/* Where something is to be broken. */
struct spot {
	struct mymm_pool *pool;
	struct mymm_zone *zone;
	struct mymm_buddy *buddy;
	struct mymm_frame *table;
	struct mymm_pcp *pcp;
	u32 reserved; /* a frame of the reserve */
	u32 hole;
	u32 held; /* a single one */
};

/* A free block of an order, of whatever type. */
static u32 free_block(struct spot *spot, unsigned int order)
{
	enum mymm_migratetype type;
	u32 idx = MYMM_NO_FRAME;

	for (type = 0; type < MYMM_PCPTYPES && idx == MYMM_NO_FRAME; type++)
		idx = mymm_buddy_first(spot->buddy, type, order);
	return idx;
}

static u32 some_free_block(struct spot *spot)
{
	u32 idx = MYMM_NO_FRAME;
	unsigned int order;

	for (order = 0; order <= MYMM_MAX_ORDER && idx == MYMM_NO_FRAME;
	     order++)
		idx = free_block(spot, order);
	return idx;
}

static u8 *pageblock_of(struct spot *spot, u32 idx)
{
	return &spot->buddy->pageblock[idx >> spot->buddy->block_order];
}

/* --- types ------------------------------------------------------------------------ */

static void pageblock_of_other_type(struct spot *spot)
{
	u8 *type = pageblock_of(spot, some_free_block(spot));

	*type = (*type + 1) % MYMM_PCPTYPES;
}

static void pageblock_of_no_type(struct spot *spot)
{
	*pageblock_of(spot, some_free_block(spot)) = MYMM_NR_MIGRATETYPES;
}

static void last_pageblock_garbage(struct spot *spot)
{
	*pageblock_of(spot, spot->buddy->end - 1) = 0xff;
}

static void listed_as_other_type(struct spot *spot)
{
	spot->table[some_free_block(spot)].tag ^=
		mymm_tag_of_type(MYMM_UNMOVABLE) ^
		mymm_tag_of_type(MYMM_MOVABLE);
}

/* Two halves of a large block, each whole pageblocks: of one type, and of two. */
static void halve(struct spot *spot, enum mymm_migratetype upper)
{
	unsigned int order = MYMM_MAX_ORDER;
	enum mymm_migratetype type;
	u32 idx, half;

	while (free_block(spot, order) == MYMM_NO_FRAME)
		order--;
	idx = free_block(spot, order--);
	half = idx + (1U << order);
	type = mymm_buddy_type(spot->buddy, idx);
	mymm_buddy_take(spot->buddy, idx);
	mymm_buddy_put(spot->buddy, idx, order, type);
	mymm_buddy_put(spot->buddy, half, order, type);
	mymm_buddy_retype(spot->buddy, half, half + (1U << order), upper);
}

static void neighbours_of_two_types(struct spot *spot)
{
	halve(spot, MYMM_RECLAIMABLE);
}

static void neighbours_of_one_type(struct spot *spot)
{
	halve(spot, MYMM_MOVABLE);
}

/* --- the reserve ------------------------------------------------------------------- */

static void reserve_has_more_free(struct spot *spot)
{
	spot->zone->nr_free_highatomic++;
}

static void reserve_has_less_free(struct spot *spot)
{
	spot->zone->nr_free_highatomic--;
}

static void reserve_is_larger(struct spot *spot)
{
	spot->zone->nr_reserved_highatomic += 8;
}

static void reserve_is_smaller(struct spot *spot)
{
	spot->zone->nr_reserved_highatomic -= 8;
}

static void reserve_is_given_up_silently(struct spot *spot)
{
	u32 start = spot->reserved & ~7U;

	mymm_buddy_retype(spot->buddy, start, start + 8, MYMM_MOVABLE);
}

static void reserve_has_grown_silently(struct spot *spot)
{
	u32 start = spot->held & ~7U;

	mymm_buddy_retype(spot->buddy, start, start + 8, MYMM_HIGHATOMIC);
}

/* --- holes -------------------------------------------------------------------------- */

static void hole_is_filled(struct spot *spot)
{
	spot->table[spot->hole].tag = 0;
}

static void hole_is_held(struct spot *spot)
{
	spot->table[spot->hole].tag =
		mymm_tag(MYMM_FRAME_PAGES, 0, spot->buddy->zone);
}

static void held_is_hole(struct spot *spot)
{
	spot->table[spot->held].tag =
		mymm_tag(MYMM_FRAME_HOLE, 0, spot->buddy->zone);
}

static void free_is_hole(struct spot *spot)
{
	spot->table[some_free_block(spot)].tag =
		mymm_tag(MYMM_FRAME_HOLE, 0, spot->buddy->zone);
}

static void one_hole_more(struct spot *spot)
{
	spot->buddy->holes++;
}

static void hole_of_other_zone(struct spot *spot)
{
	spot->table[spot->hole].tag ^= 1U << MYMM_TAG_ZONE_SHIFT;
}

/* --- CPUs' lists -------------------------------------------------------------------- */

static unsigned int list_of(struct spot *spot, unsigned int order)
{
	unsigned int list = order * MYMM_NR_MIGRATETYPES;

	while (spot->pcp->first[list] == spot->pcp->heads + list)
		list++;
	return list;
}

static u32 listed(struct spot *spot, unsigned int order)
{
	return spot->pcp->first[list_of(spot, order)];
}

static void set_state(struct spot *spot, u32 idx, enum mymm_frame_state state)
{
	spot->table[idx].tag &= ~MYMM_TAG_STATE;
	spot->table[idx].tag |= state;
}

static void listed_is_held(struct spot *spot)
{
	set_state(spot, listed(spot, 2), MYMM_FRAME_PAGES);
}

static void listed_is_free(struct spot *spot)
{
	set_state(spot, listed(spot, 2), MYMM_FRAME_FREE);
}

static void listed_is_no_block(struct spot *spot)
{
	spot->table[listed(spot, 0)].tag = 0;
}

static void listed_is_smaller(struct spot *spot)
{
	u32 idx = listed(spot, 1);

	spot->table[idx].tag = mymm_tag(MYMM_FRAME_PCP, 0, spot->buddy->zone);
	spot->table[idx + 1].tag =
		mymm_tag(MYMM_FRAME_PAGES, 0, spot->buddy->zone);
}

static void listed_of_other_zone(struct spot *spot)
{
	spot->table[listed(spot, 0)].tag ^= 1U << MYMM_TAG_ZONE_SHIFT;
}

static void listed_has_a_head_inside(struct spot *spot)
{
	spot->table[listed(spot, 3) + 5].tag =
		mymm_tag(MYMM_FRAME_PAGES, 0, spot->buddy->zone);
}

static void list_skips_one(struct spot *spot)
{
	unsigned int list = list_of(spot, 0);

	spot->pcp->first[list] = spot->table[spot->pcp->first[list]].next;
}

static void list_is_forgotten(struct spot *spot)
{
	unsigned int list = list_of(spot, 3);

	spot->pcp->first[list] = spot->pcp->heads + list;
}

static void list_has_a_cycle(struct spot *spot)
{
	u32 idx = listed(spot, 1);

	spot->table[spot->table[idx].next].next = idx;
}

static void list_leads_out(struct spot *spot)
{
	spot->table[listed(spot, 0)].next = spot->buddy->end;
}

static void list_leads_into_the_wild(struct spot *spot)
{
	spot->table[listed(spot, 0)].next = ~0U;
}

static void list_leads_to_another(struct spot *spot)
{
	spot->table[listed(spot, 0)].next = listed(spot, 1);
}

static void list_leads_to_what_is_free(struct spot *spot)
{
	spot->pcp->first[list_of(spot, 0)] = some_free_block(spot);
}

static void list_of_the_reserve(struct spot *spot)
{
	unsigned int list = list_of(spot, 0);

	spot->pcp->first[MYMM_HIGHATOMIC] = spot->pcp->first[list];
	spot->pcp->first[list] = spot->pcp->heads + list;
}

static void counted_too_many(struct spot *spot)
{
	spot->pcp->spare--;
}

static void counted_too_few(struct spot *spot)
{
	spot->pcp->spare++;
}

/* The old end of a list of order 0, as a flush leaves it: all point back. */
static struct mymm_pcp_tail *tail_of(struct spot *spot)
{
	unsigned int list = list_of(spot, 0);
	struct mymm_pcp_tail *tail = &spot->pcp->tail[list];
	u32 head = spot->pcp->heads + list, idx;

	tail->linked = 0;
	tail->allocs = spot->pcp->allocs[list];
	for (idx = spot->pcp->first[list]; idx != head;
	     idx = spot->table[idx].next) {
		if (tail->linked++)
			spot->table[idx].prev = tail->last;
		tail->last = idx;
	}
	return tail;
}

static void tail_too_long(struct spot *spot)
{
	tail_of(spot)->linked++;
}

static void tail_ends_elsewhere(struct spot *spot)
{
	struct mymm_pcp_tail *tail = tail_of(spot);

	tail->last = spot->table[tail->last].prev;
}

static void tail_points_astray(struct spot *spot)
{
	struct mymm_pcp_tail *tail = tail_of(spot);

	spot->table[tail->last].prev = tail->last;
}

static void tail_begins_astray(struct spot *spot)
{
	u32 first = spot->pcp->first[list_of(spot, 0)];

	tail_of(spot);
	spot->table[spot->table[first].next].prev = MYMM_NO_FRAME;
}

#define BREAK(invariant, fn)       \
	{                          \
		invariant, #fn, fn \
	}

struct breakage {
	unsigned int invariant;
	const char *what;
	void (*run)(struct spot *spot);
};

static const struct breakage of_zone[] = {
	BREAK(5, pageblock_of_other_type),
	BREAK(5, pageblock_of_no_type),
	BREAK(5, last_pageblock_garbage),
	BREAK(5, listed_as_other_type),
	BREAK(4, neighbours_of_two_types),
	BREAK(4, neighbours_of_one_type),
	BREAK(1, reserve_has_more_free),
	BREAK(1, reserve_has_less_free),
	BREAK(5, reserve_is_larger),
	BREAK(5, reserve_is_smaller),
	BREAK(5, reserve_is_given_up_silently),
	BREAK(5, reserve_has_grown_silently),
	BREAK(2, hole_is_filled),
	BREAK(2, hole_is_held),
	BREAK(2, held_is_hole),
	BREAK(5, free_is_hole),
	BREAK(2, one_hole_more),
	BREAK(5, hole_of_other_zone),
};

static const struct breakage of_cpu[] = {
	BREAK(5, listed_is_held),
	BREAK(5, listed_is_free),
	BREAK(2, listed_is_no_block),
	BREAK(5, listed_is_smaller),
	BREAK(5, listed_of_other_zone),
	BREAK(10, listed_has_a_head_inside),
	BREAK(5, list_skips_one),
	BREAK(5, list_is_forgotten),
	BREAK(5, list_has_a_cycle),
	BREAK(5, list_leads_out),
	BREAK(5, list_leads_into_the_wild),
	BREAK(5, list_leads_to_another),
	BREAK(5, list_leads_to_what_is_free),
	BREAK(5, list_of_the_reserve),
	BREAK(5, counted_too_many),
	BREAK(5, counted_too_few),
	BREAK(5, tail_too_long),
	BREAK(5, tail_ends_elsewhere),
	BREAK(5, tail_points_astray),
	BREAK(5, tail_begins_astray),
};

/* --- the corrupt ------------------------------------------------------------------------ */

static const gfp_t zone_gfp[2] = { __GFP_DMA, 0 };

/* Blocks of each order and type, and of each zone, in this CPU's lists. */
static void fill_lists(struct mymm_test_thread *thread)
{
	static const gfp_t types[] = { 0, __GFP_MOVABLE, __GFP_RECLAIMABLE };
	struct mymm_pool *pool = thread->data;
	unsigned int zone, type, order;

	for (zone = 0; zone < 2; zone++) {
		for (type = 0; type < 3; type++) {
			for (order = 0; order <= 3; order++) {
				struct mymm_frame *frame = mymm_alloc_pages(
					pool, zone_gfp[zone] | types[type],
					order);

				if (!frame ||
				    mymm_free_pages(pool, frame, order))
					mymm_test_complain(thread, "order %u",
							   order);
			}
		}
	}
}

/* What is held until the end: a block, and its order. */
struct held {
	struct mymm_pool *pool;
	struct mymm_frame *pair[2];
	struct mymm_frame *single[2];
};

static void give_back(void *data)
{
	struct held *held = data;
	unsigned int zone;

	for (zone = 0; zone < 2; zone++) {
		mymm_free_pages(held->pool, held->pair[zone], 1);
		mymm_free_pages(held->pool, held->single[zone], 0);
	}
}

static struct held *hold(struct kunit *test, struct mymm_pool *pool)
{
	struct held *held = kunit_kzalloc(test, sizeof(*held), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, held);
	held->pool = pool;
	for (i = 0; i < 2; i++) {
		struct mymm_zone *zone = &pool->zone[i];

		held->pair[i] = mymm_alloc_pages(pool, zone_gfp[i], 1);
		mymm_pageblock_reserve(zone, held->pair[i] - pool->frame, 1);
		KUNIT_ASSERT_EQ(test, zone->nr_reserved_highatomic, 8);
		held->single[i] = mymm_alloc_pages(
			pool, zone_gfp[i] | __GFP_RECLAIMABLE, 0);
	}
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, give_back, held),
			0);
	return held;
}

static void run_all(struct mymm_corrupt *corrupt, struct spot *spot,
		    const struct breakage *breakage, unsigned int nr, int cpu)
{
	char where[40];

	snprintf(where, sizeof(where), "zone %s, CPU %d",
		 mymm_zone_name(spot->zone->type), cpu);
	for (; nr--; breakage++) {
		breakage->run(spot);
		mymm_corrupt_expect(corrupt, breakage->invariant,
				    breakage->what, where);
	}
}

static void each_of_groups(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.zones = "DMA:1600p,Normal:1600p",
		.backing = MYMM_BACKING_NONE,
		.holes = "1000-1003,2600-2603",
		.block_order = 3,
		.flags = MYMM_POOL_NO_WATERMARKS | MYMM_POOL_NO_RECLAIM,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct mymm_corrupt *corrupt;
	struct held *held;
	unsigned int i;
	int cpu;

	mymm_lists_limit(pool, 8, 200, 200);
	held = hold(test, pool);
	mymm_test_on_each_cpu(test, fill_lists, pool);
	MYMM_EXPECT_LISTS_SOUND(test, pool);
	corrupt = mymm_corrupt_new(test, pool, NULL, NULL);
	for (i = 0; i < 2; i++) {
		struct spot spot = {
			.pool = pool,
			.zone = &pool->zone[i],
			.buddy = &pool->zone[i].buddy,
			.table = pool->frame,
			.reserved = held->pair[i] - pool->frame,
			.held = held->single[i] - pool->frame,
			.hole = i * 1600 + HOLE,
		};

		run_all(corrupt, &spot, of_zone, ARRAY_SIZE(of_zone), -1);
		for_each_online_cpu(cpu) {
			spot.pcp = mymm_lists_of(pool, spot.zone, cpu);
			run_all(corrupt, &spot, of_cpu, ARRAY_SIZE(of_cpu),
				cpu);
		}
	}
	KUNIT_EXPECT_EQ(test, corrupt->cases,
			2 * (18 + 20 * num_online_cpus()));
}

static struct kunit_case groups_cases[] = {
	KUNIT_CASE(each_of_groups),
	{},
};

static struct kunit_suite groups_suite = {
	.name = "mymm_check_groups",
	.test_cases = groups_cases,
};

kunit_test_suite(groups_suite);
