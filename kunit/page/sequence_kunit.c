// SPDX-License-Identifier: GPL-2.0
/*
 * Everything that eight pages can go through: each sequence of a few operations, right
 * ones and wrong ones, with the whole state compared to the model after each.
 *
 * The sequences are walked as a tree: what an operation changed is put back when all that
 * may follow it has been tried, so each state is made once. An operation that
 * must be refused is a step like any other, which must change nothing; so every step has
 * the same number of ways to go on, and how many states there are is known beforehand.
 *
 * Tests: page/buddy.c page/page_alloc.c page/page_free.c
 */
#include "lib/model.h"
#include "lib/tiny.h"
#include "lib/util.h"

/* What an operation changes, so that it can be undone. */
#define PAGES 8
#define FLAGS (__GFP_DMA | __GFP_NOWARN)

struct saved {
	struct mymm_frame frame[PAGES];
	struct mymm_frame heads[MYMM_BUDDY_LISTS];
	struct mymm_zone zone;
};

#define DEPTH 5
struct walk {
	struct kunit *test;
	struct mymm_pool *pool;
	struct mymm_model *model;
	unsigned int nr_steps;
	unsigned int max_depth;
	bool any_order;
	unsigned int depth;
	unsigned int step[DEPTH]; /* which operation, for the message */
	struct saved saved[DEPTH];
	struct saved
		*looked; /* while one is looked at: the state to go on with */
	unsigned long cases;
	unsigned long bad;
};

static void save(struct mymm_pool *pool, struct saved *saved)
{
	memcpy(saved->frame, pool->frame, sizeof(saved->frame));
	memcpy(saved->heads, pool->frame + pool->zone[0].buddy.heads,
	       sizeof(saved->heads));
	mymm_test_copy_zone(&saved->zone, &pool->zone[0]);
}

static void restore(struct mymm_pool *pool, const struct saved *saved)
{
	memcpy(pool->frame, saved->frame, sizeof(saved->frame));
	memcpy(pool->frame + pool->zone[0].buddy.heads, saved->heads,
	       sizeof(saved->heads));
	mymm_test_copy_zone(&pool->zone[0], &saved->zone);
}

/* The state that page @page must have: the tag is all that there is to say. */
static u32 expected_tag(struct mymm_model *model, u32 page)
{
	int free = mymm_model_order_at(model, page);
	struct mymm_model_block *block;

	if (free >= 0)
		return page & ((1U << free) - 1) ?
			       0 :
			       mymm_tag(MYMM_FRAME_FREE, free, 0);
	block = mymm_model_block_at(model, page);
	return block ? mymm_tag(MYMM_FRAME_PAGES, block->order, 0) : 0;
}

/* Walk each list both ways; each free block must be on the list of its order. */
static bool lists_match(const struct mymm_buddy *buddy,
			const struct mymm_model *model)
{
	const struct mymm_frame *table = buddy->table;
	unsigned int order;

	for (order = 0; order < MYMM_NR_ORDERS; order++) {
		u32 head = buddy->heads + order, prev = head, idx;
		unsigned long nr = mymm_model_nr_free(model, 0, order);

		if (buddy->type[0].order[order].nr_free != nr ||
		    !(buddy->type[0].nonempty & BIT(order)) != !nr)
			return false;
		for (idx = table[head].next; idx != head;
		     prev = idx, idx = table[idx].next)
			if (idx >= PAGES || table[idx].prev != prev || !nr-- ||
			    table[idx].tag !=
				    mymm_tag(MYMM_FRAME_FREE, order, 0))
				return false;
		if (nr || table[head].prev != prev)
			return false;
	}
	return true;
}

static bool settled_matches(const struct walk *walk)
{
	struct mymm_zone *zone = &walk->pool->zone[0];
	struct mymm_zone_snapshot snap;
	u32 page;

	mymm_zone_read(zone, &snap);
	for (page = 0; page < PAGES; page++)
		if (walk->pool->frame[page].tag !=
		    expected_tag(walk->model, page))
			return false;
	return snap.free == PAGES - walk->model->nr_held &&
	       lists_match(&zone->buddy, walk->model);
}

/*
 * The check finishes a split that an allocation has left pending, so the state is put back
 * afterwards. Otherwise no step would ever begin with a pending split.
 */
static bool matches(const struct walk *walk)
{
	bool same;

	save(walk->pool, walk->looked);
	same = settled_matches(walk);
	restore(walk->pool, walk->looked);
	return same;
}

static void found_bad(struct walk *walk, const char *why)
{
	char map[PAGES + 1];

	if (walk->bad++)
		return;
	mymm_tiny_draw(&walk->pool->zone[0].buddy, map);
	KUNIT_FAIL(walk->test, "the first %u of steps %u %u %u %u %u: %s: %s",
		   walk->depth, walk->step[0], walk->step[1], walk->step[2],
		   walk->step[3], walk->step[4], why, map);
}

static void walk_on(struct walk *walk);

static void try_alloc(struct walk *walk, unsigned int order)
{
	struct mymm_frame *frame = mymm_alloc_pages(walk->pool, FLAGS, order);
	u32 page = frame ? frame - walk->pool->frame : 0;
	bool possible = mymm_model_source(walk->model, 0, order) >= 0;
	const char *why = NULL;

	if (frame)
		why = mymm_model_take(walk->model, 0, page, order);
	else if (possible)
		why = "it was refused";
	if (why)
		found_bad(walk, why);
	else
		walk_on(walk);
	if (frame && !why)
		mymm_model_give(walk->model,
				mymm_model_block_at(walk->model, page));
}

/* What a free of something that is no such block must be counted as. */
static enum mymm_refusal expected_refusal(struct walk *walk, u32 page)
{
	if (mymm_model_order_at(walk->model, page) >= 0)
		return MYMM_REFUSED_DOUBLE_FREE;
	return mymm_model_block_at(walk->model, page) ?
		       MYMM_REFUSED_WRONG_ORDER :
		       MYMM_REFUSED_TAIL;
}

static void try_free(struct walk *walk, u32 page, unsigned int order)
{
	atomic_long_t *count =
		&walk->pool->refused[expected_refusal(walk, page)];
	struct mymm_model_block *block = mymm_model_block_at(walk->model, page);
	bool right = block && block->order == order;
	struct mymm_model_block gone = {};
	long before = atomic_long_read(count);
	int err;

	err = mymm_free_pages(walk->pool, &walk->pool->frame[page], order);
	if (err != (right ? 0 : -EINVAL)) {
		found_bad(walk, "the free's result");
		return;
	}
	if (atomic_long_read(count) != before + !right)
		found_bad(walk, "the reason for refusing");
	if (right) {
		gone = *block;
		mymm_model_give(walk->model, block);
	}
	walk_on(walk);
	if (right)
		mymm_model_hold(walk->model, gone.first, gone.order, gone.id);
}

#define ALLOCS 4U /* of orders 0 to 3 */

/*
 * The steps: allocate a block of order 0 to 3; free page 0 to 7, by the order that
 * it has if a block begins there, or by each order from 0 to 3.
 */
static void do_step(struct walk *walk, unsigned int step)
{
	struct mymm_model_block *block;

	if (step < ALLOCS) {
		try_alloc(walk, step);
		return;
	}
	step -= ALLOCS;
	if (walk->any_order) {
		try_free(walk, step / 4, step % 4);
		return;
	}
	block = mymm_model_block_at(walk->model, step);
	try_free(walk, step, block ? block->order : 0);
}

/* Look at the state that the last step led to, and try all that may follow. */
static void walk_on(struct walk *walk)
{
	unsigned int depth = walk->depth, step;

	walk->cases++;
	if (!matches(walk))
		found_bad(walk, "the state is not what it should be");
	if (depth == walk->max_depth || walk->bad)
		return;
	save(walk->pool, &walk->saved[depth]);
	for (step = 0; step < walk->nr_steps; step++) {
		walk->step[depth] = step;
		walk->depth = depth + 1;
		do_step(walk, step);
		walk->depth = depth;
		restore(walk->pool, &walk->saved[depth]);
	}
}

static unsigned long walk_all(struct kunit *test, unsigned int nr_steps,
			      unsigned int max_depth, bool any_order)
{
	const u32 pages = PAGES;
	struct walk *walk;

	walk = kunit_kzalloc(test, sizeof(*walk), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, walk);
	walk->looked = kunit_kzalloc(test, sizeof(*walk->looked), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, walk->looked);
	walk->test = test;
	walk->pool = mymm_test_pool_none(test, "DMA:32K");
	walk->model = mymm_model_new(test, &pages, 1);
	walk->nr_steps = nr_steps;
	walk->max_depth = max_depth;
	walk->any_order = any_order;
	walk_on(walk);
	KUNIT_EXPECT_EQ(test, walk->bad, 0);
	return walk->cases;
}

/*
 * Eight pages, five steps: allocate order 0, 1, 2 or 3, or free page 0, 1, ... or 7.
 * That a free makes no sense does not end a sequence: it must be refused, and change
 * nothing. So each step has 12 ways to go on, and there are
 *
 *	1 + 12 + 12^2 + 12^3 + 12^4 + 12^5 = (12^6 - 1) / 11 = 271453
 *
 * states to look at.
 */
static void each_sequence(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, walk_all(test, ALLOCS + PAGES, 5, false), 271453);
}

/*
 * The same with each page freed by each order, as a caller would that knows
 * neither: 4 + 8 * 4 = 36 ways to go on, three steps deep,
 *
 *	1 + 36 + 36^2 + 36^3 = (36^4 - 1) / 35 = 47989
 */
static void each_wrong_order(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, walk_all(test, ALLOCS + PAGES * 4, 3, true),
			47989);
}

static struct kunit_case sequence_cases[] = {
	KUNIT_CASE(each_sequence),
	KUNIT_CASE(each_wrong_order),
	{},
};

static struct kunit_suite sequence_suite = {
	.name = "mymm_sequence",
	.test_cases = sequence_cases,
};

kunit_test_suite(sequence_suite);
