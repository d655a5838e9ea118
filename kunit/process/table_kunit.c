// SPDX-License-Identifier: GPL-2.0
/*
 * The table of a region: each entry of each level by itself, the borders of nodes, what a full
 * pool leaves behind; then random operations against an xarray, which knows nothing of nodes.
 *
 * Tests: process/table.c
 */
#include <linux/xarray.h>

#include "lib/util.h"
#include "page/vmstat.h"
#include "process/table.h"

/* Bytes that an entry of a node of that level stands for: a page, 2 MiB, 1 GiB, 512 GiB. */
#define SPAN(level) (PAGE_SIZE << (MYMM_TABLE_BITS * (level)))
#define LAST_PAGE (MYMM_TABLE_END - PAGE_SIZE)
/* Frames that the first address takes: the root, and a node of each level below it. */
#define PATH MYMM_TABLE_LEVELS

/* A slot with a number that is easy to tell from others; no such frame is looked at. */
static u64 slot(u32 number)
{
	return mymm_slot_of_pfn(number);
}

static void end_table(void *data)
{
	struct mymm_table *table = data;
	unsigned long at = 0;
	u64 old;

	while ((old = mymm_table_next(table, &at, MYMM_TABLE_END))) {
		mymm_table_replace(table, at, old, 0);
		mymm_table_prune(table, at, at + PAGE_SIZE);
	}
	mymm_table_destroy(table);
}

static struct mymm_table *new_table(struct kunit *test, struct mymm_pool *pool)
{
	struct mymm_table *table =
		kunit_kzalloc(test, sizeof(*table), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, table);
	mymm_table_init(table, pool);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_table, table),
			0);
	return table;
}

static void put(struct kunit *test, struct mymm_table *table,
		unsigned long addr, u32 number)
{
	KUNIT_ASSERT_EQ_MSG(test, mymm_table_prepare(table, addr), 0, "%lx",
			    addr);
	KUNIT_ASSERT_TRUE_MSG(test,
			      mymm_table_replace(table, addr, 0, slot(number)),
			      "%lx", addr);
}

static void clear(struct kunit *test, struct mymm_table *table,
		  unsigned long addr)
{
	u64 old = mymm_table_get(table, addr);

	KUNIT_ASSERT_NE_MSG(test, old, 0, "%lx", addr);
	KUNIT_ASSERT_TRUE_MSG(test, mymm_table_replace(table, addr, old, 0),
			      "%lx", addr);
}

/* So many slots are in use, so many nodes but for the root; and the pool says so, too. */
static void expect_size(struct kunit *test, const struct mymm_table *table,
			unsigned long frames, unsigned long nodes,
			const char *when)
{
	KUNIT_EXPECT_EQ_MSG(test, table->nr_frames, frames, "%s", when);
	KUNIT_EXPECT_EQ_MSG(test, table->nr_nodes, nodes, "%s", when);
	KUNIT_EXPECT_EQ_MSG(test,
			    mymm_vm_sum(table->pool, MYMM_NR_PAGE_TABLE_PAGES),
			    nodes, "%s", when);
	KUNIT_EXPECT_EQ_MSG(test, mymm_pool_allocated(table->pool),
			    nodes + !!table->root, "%s", when);
}

/* From @from the next slot before @end is @number's, at @at. */
static void expect_next(struct kunit *test, struct mymm_table *table,
			unsigned long from, unsigned long end, u32 number,
			unsigned long at)
{
	unsigned long addr = from;

	KUNIT_EXPECT_EQ_MSG(test, mymm_table_next(table, &addr, end),
			    slot(number), "from %lx to %lx", from, end);
	KUNIT_EXPECT_EQ_MSG(test, addr, at, "from %lx to %lx", from, end);
}

static void expect_none(struct kunit *test, struct mymm_table *table,
			unsigned long from, unsigned long end)
{
	unsigned long addr = from;

	KUNIT_EXPECT_EQ_MSG(test, mymm_table_next(table, &addr, end), 0,
			    "from %lx to %lx", from, end);
}

/* An empty table has no frame, and finds nothing; nor does it take what it can't address. */
static void nothing(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");
	struct mymm_table *table = new_table(test, pool);

	KUNIT_EXPECT_EQ(test, mymm_table_get(table, 0), 0);
	KUNIT_EXPECT_EQ(test, mymm_table_get(table, LAST_PAGE), 0);
	KUNIT_EXPECT_FALSE(test, mymm_table_replace(table, 0, 0, slot(1)));
	expect_none(test, table, 0, MYMM_TABLE_END);
	mymm_table_prune(table, 0, MYMM_TABLE_END);
	KUNIT_EXPECT_EQ(test, mymm_table_prepare(table, MYMM_TABLE_END),
			-ENOMEM);
	KUNIT_EXPECT_EQ(test, mymm_table_prepare(table, ULONG_MAX), -ENOMEM);
	expect_size(test, table, 0, 0, "of an empty table");

	put(test, table, LAST_PAGE, 1);
	KUNIT_EXPECT_EQ(test, mymm_table_get(table, MYMM_TABLE_END), 0);
	KUNIT_EXPECT_FALSE(test, mymm_table_replace(table, MYMM_TABLE_END, 0,
						    slot(2)));
	expect_none(test, table, MYMM_TABLE_END, ULONG_MAX);
	expect_next(test, table, 0, ULONG_MAX, 1, LAST_PAGE);
}

/*
 * What the next page costs: nothing in the same 2 MiB, else a leaf; in another 1 GiB the node
 * above it, too; in another 512 GiB one more.
 */
static void cost(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");
	struct mymm_table *table = new_table(test, pool);

	put(test, table, 0, 1);
	expect_size(test, table, 1, PATH - 1, "with the first page");
	put(test, table, SPAN(1) - PAGE_SIZE, 2);
	expect_size(test, table, 2, PATH - 1, "with the leaf's last page");
	put(test, table, SPAN(1), 3);
	expect_size(test, table, 3, PATH, "with the next leaf");
	put(test, table, SPAN(2) - PAGE_SIZE, 4);
	expect_size(test, table, 4, PATH + 1, "with the last leaf of 1 GiB");
	put(test, table, SPAN(2), 5);
	expect_size(test, table, 5, PATH + 3, "with the next 1 GiB");
	put(test, table, SPAN(3), 6);
	expect_size(test, table, 6, PATH + 6, "with the next 512 GiB");
	put(test, table, LAST_PAGE, 7);
	expect_size(test, table, 7, PATH + 9, "with the last page");
	KUNIT_EXPECT_EQ(test, mymm_table_prepare(table, PAGE_SIZE), 0);
	expect_size(test, table, 7, PATH + 9, "with what is there already");
}

/* Each of the 512 entries of a node, level by level: it has its own slot, and no other has it. */
static void each_entry(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:8M");
	struct mymm_table *table = new_table(test, pool);
	unsigned int level, i;

	for (level = 0; level < MYMM_TABLE_LEVELS; level++) {
		unsigned long at = 0;

		for (i = 0; i < MYMM_TABLE_ENTRIES; i++)
			put(test, table, i * SPAN(level), i + 1);
		/* A node below each entry but the first, which shares the path of entry 0. */
		expect_size(test, table, MYMM_TABLE_ENTRIES,
			    PATH - 1 + (MYMM_TABLE_ENTRIES - 1) * level,
			    "with each entry");
		for (i = 0; i < MYMM_TABLE_ENTRIES; i++) {
			expect_next(test, table, at, MYMM_TABLE_END, i + 1,
				    i * SPAN(level));
			at = i * SPAN(level) + PAGE_SIZE;
		}
		expect_none(test, table, at, MYMM_TABLE_END);
		for (i = 0; i < MYMM_TABLE_ENTRIES; i++) {
			at = i * SPAN(level);
			clear(test, table, at);
			mymm_table_prune(table, at, at + PAGE_SIZE);
			KUNIT_ASSERT_EQ(test, mymm_table_get(table, at), 0);
		}
		expect_size(test, table, 0, 0, "without any");
	}
}

/* A slot changes only if it is what the caller says, and is counted once. */
static void replace(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");
	struct mymm_table *table = new_table(test, pool);
	unsigned long addr = SPAN(2) + 3 * PAGE_SIZE;

	put(test, table, addr, 5);
	KUNIT_EXPECT_FALSE(test, mymm_table_replace(table, addr, 0, slot(6)));
	KUNIT_EXPECT_FALSE(test,
			   mymm_table_replace(table, addr, slot(6), slot(7)));
	KUNIT_EXPECT_FALSE(test, mymm_table_replace(table, addr, slot(6), 0));
	KUNIT_EXPECT_EQ(test, mymm_table_get(table, addr), slot(5));
	expect_size(test, table, 1, PATH - 1, "after what was refused");
	KUNIT_EXPECT_TRUE(test,
			  mymm_table_replace(table, addr, slot(5), slot(6)));
	KUNIT_EXPECT_EQ(test, mymm_table_get(table, addr), slot(6));
	expect_size(test, table, 1, PATH - 1, "with another");
	KUNIT_EXPECT_TRUE(test, mymm_table_replace(table, addr, slot(6), 0));
	expect_size(test, table, 0, PATH - 1,
		    "with none, in a leaf that stays");
	KUNIT_EXPECT_EQ(test, mymm_table_get(table, addr - PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, mymm_table_get(table, addr + PAGE_SIZE), 0);
	mymm_table_prune(table, addr, addr + PAGE_SIZE);
	expect_size(test, table, 0, 0, "without the leaf");
}

/* What is put into the place of a slot, and counted, is as if a replace had put it there. */
static void leaf(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");
	struct mymm_table *table = new_table(test, pool);
	unsigned long addr = SPAN(2) + SPAN(1);
	u64 *place;

	KUNIT_EXPECT_NULL(test, mymm_table_leaf(table, addr));
	put(test, table, addr, 1);
	place = mymm_table_leaf(table, addr);
	KUNIT_ASSERT_NOT_NULL(test, place);
	KUNIT_EXPECT_EQ(test, *place, slot(1));
	KUNIT_EXPECT_PTR_EQ(test,
			    mymm_table_leaf(table, addr + SPAN(1) - PAGE_SIZE),
			    place + MYMM_TABLE_ENTRIES - 1);
	KUNIT_EXPECT_NULL(test, mymm_table_leaf(table, addr - PAGE_SIZE));
	KUNIT_EXPECT_NULL(test, mymm_table_leaf(table, addr + SPAN(1)));
	KUNIT_EXPECT_NULL(test, mymm_table_leaf(table, MYMM_TABLE_END));
	place[1] = slot(2);
	place[7] = slot(3);
	mymm_table_count(table, 2, 0);
	expect_size(test, table, 3, PATH - 1, "with two more");
	expect_next(test, table, addr + 2 * PAGE_SIZE, MYMM_TABLE_END, 3,
		    addr + 7 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, mymm_table_get(table, addr + PAGE_SIZE), slot(2));
}

/* The end is not looked at, also if it is in the middle of a leaf, or of a node. */
static void next_ends(struct kunit *test)
{
	static const unsigned long borders[] = {
		PAGE_SIZE, SPAN(1), 5 * SPAN(1) + 7 * PAGE_SIZE,
		SPAN(2),   SPAN(3), 3 * SPAN(3) + SPAN(2) + SPAN(1),
	};
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");
	struct mymm_table *table = new_table(test, pool);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(borders); i++) {
		unsigned long at = borders[i];

		put(test, table, at - PAGE_SIZE, 1);
		put(test, table, at, 2);
		expect_none(test, table, 0, 0);
		expect_none(test, table, 0, at - PAGE_SIZE);
		expect_next(test, table, 0, at, 1, at - PAGE_SIZE);
		expect_none(test, table, at, at);
		expect_next(test, table, at, at + PAGE_SIZE, 2, at);
		expect_none(test, table, at + PAGE_SIZE, MYMM_TABLE_END);
		clear(test, table, at - PAGE_SIZE);
		expect_none(test, table, 0, at);
		expect_next(test, table, 0, MYMM_TABLE_END, 2, at);
		clear(test, table, at);
		mymm_table_prune(table, at - PAGE_SIZE, at + PAGE_SIZE);
		expect_size(test, table, 0, 0, "in between");
	}
}

/*
 * Nodes go when they are empty and in the range, from the leaf up; what holds something stays, and
 * so does what is outside.
 */
static void prune(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");
	struct mymm_table *table = new_table(test, pool);

	put(test, table, 0, 1);
	put(test, table, PAGE_SIZE, 2);
	put(test, table, SPAN(1), 3);
	put(test, table, SPAN(2), 4);
	put(test, table, SPAN(3), 5);
	expect_size(test, table, 5, PATH - 1 + 1 + 2 + 3, "at first");
	mymm_table_prune(table, 0, MYMM_TABLE_END);
	expect_size(test, table, 5, 9, "where nothing is empty");

	clear(test, table, 0);
	mymm_table_prune(table, 0, SPAN(1));
	expect_size(test, table, 4, 9, "where a page is left in the leaf");
	clear(test, table, PAGE_SIZE);
	mymm_table_prune(table, SPAN(1), SPAN(3));
	expect_size(test, table, 3, 9, "where the empty leaf is before it");
	mymm_table_prune(table, SPAN(1) - PAGE_SIZE, SPAN(1));
	expect_size(test, table, 3, 8, "without the leaf");
	clear(test, table, SPAN(1));
	mymm_table_prune(table, SPAN(1), SPAN(1) + PAGE_SIZE);
	expect_size(test, table, 2, 6, "without the first 1 GiB");
	clear(test, table, SPAN(3));
	mymm_table_prune(table, 0, SPAN(3));
	expect_size(test, table, 1, 6, "where the second 512 GiB are after it");
	mymm_table_prune(table, 0, SPAN(3) + PAGE_SIZE);
	expect_size(test, table, 1, 3, "without the second 512 GiB");
	KUNIT_EXPECT_EQ(test, mymm_table_get(table, SPAN(2)), slot(4));
	clear(test, table, SPAN(2));
	mymm_table_prune(table, SPAN(2), SPAN(2) + PAGE_SIZE);
	expect_size(test, table, 0, 0, "without anything");
}

/*
 * A full pool: nothing is changed. One that has frames for a part of the path: the nodes stay, and
 * are counted, until they are pruned.
 */
static void no_frame(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");
	unsigned long size = pool->nr_frames, i;
	struct mymm_table *table = new_table(test, pool);
	struct mymm_frame **frame =
		kunit_kcalloc(test, size, sizeof(*frame), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, frame);
	put(test, table, 0, 1);
	for (i = 0; (frame[i] = mymm_alloc_pages(pool, GFP_KERNEL, 0)); i++)
		;
	KUNIT_EXPECT_EQ(test, i, size - PATH);
	MYMM_EXPECT_UNCHANGED(test, pool, -ENOMEM,
			      mymm_table_prepare(table, SPAN(3)));
	MYMM_EXPECT_UNCHANGED(test, pool, 0,
			      mymm_table_prepare(table, PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test,
			   mymm_table_replace(table, SPAN(3), 0, slot(2)));
	KUNIT_EXPECT_EQ(test, table->nr_nodes, PATH - 1);

	for (i = 0; i < 2; i++)
		MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame[i], 0));
	KUNIT_EXPECT_EQ(test, mymm_table_prepare(table, SPAN(3)), -ENOMEM);
	KUNIT_EXPECT_EQ(test, table->nr_nodes, PATH - 1 + 2);
	expect_next(test, table, 0, MYMM_TABLE_END, 1, 0);
	expect_none(test, table, PAGE_SIZE, MYMM_TABLE_END);
	mymm_table_prune(table, SPAN(3), SPAN(3) + PAGE_SIZE);
	for (; frame[i]; i++)
		MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame[i], 0));
	expect_size(test, table, 1, PATH - 1, "at the end");
}

/* --- against an xarray -------------------------------------------------------- */

/* Close together, or far apart, so that nodes of each level become empty. */
static unsigned long random_addr(struct rnd_state *random)
{
	return mymm_test_below(random, 3) * SPAN(3) +
	       mymm_test_below(random, 3) * SPAN(2) +
	       mymm_test_below(random, 3) * SPAN(1) +
	       mymm_test_below(random, 4) * PAGE_SIZE;
}

static u64 known(struct xarray *model, unsigned long addr)
{
	void *entry = xa_load(model, addr >> PAGE_SHIFT);

	return entry ? slot(xa_to_value(entry)) : 0;
}

static void change(struct kunit *test, struct mymm_table *table,
		   struct xarray *model, unsigned long addr, u32 number)
{
	void *entry = number ? xa_mk_value(number) : NULL;

	if (number)
		KUNIT_ASSERT_EQ(test, mymm_table_prepare(table, addr), 0);
	else if (!known(model, addr))
		return;
	KUNIT_ASSERT_TRUE(test,
			  mymm_table_replace(table, addr, known(model, addr),
					     number ? slot(number) : 0));
	KUNIT_ASSERT_FALSE(test, xa_is_err(xa_store(model, addr >> PAGE_SHIFT,
						    entry, GFP_KERNEL)));
}

static void find_next(struct kunit *test, struct mymm_table *table,
		      struct xarray *model, unsigned long from,
		      unsigned long end)
{
	unsigned long at = from, index = from >> PAGE_SHIFT;
	void *entry = NULL;
	u64 found;

	found = mymm_table_next(table, &at, end);
	if (end > from)
		entry = xa_find(model, &index, (end >> PAGE_SHIFT) - 1,
				XA_PRESENT);
	KUNIT_ASSERT_EQ_MSG(test, found, entry ? slot(xa_to_value(entry)) : 0,
			    "from %lx to %lx", from, end);
	if (entry)
		KUNIT_ASSERT_EQ_MSG(test, at, index << PAGE_SHIFT,
				    "from %lx to %lx", from, end);
}

/* How many nodes what is in the model needs: one for each span of a level with something in it. */
static unsigned long nodes_of(struct xarray *model)
{
	unsigned long nr = 0, index;
	unsigned int level;
	void *entry;

	for (level = 1; level < MYMM_TABLE_LEVELS; level++) {
		unsigned long last = ULONG_MAX;

		xa_for_each(model, index, entry) {
			unsigned long of = index >> level * MYMM_TABLE_BITS;

			nr += of != last;
			last = of;
		}
	}
	return nr;
}

static unsigned long size_of(struct xarray *model)
{
	unsigned long nr = 0, index;
	void *entry;

	xa_for_each(model, index, entry)
		nr++;
	return nr;
}

static void random_step(struct kunit *test, struct mymm_table *table,
			struct xarray *model, struct rnd_state *random)
{
	unsigned long addr = random_addr(random);

	switch (mymm_test_below(random, 4)) {
	case 0:
		change(test, table, model, addr,
		       1 + mymm_test_below(random, 1000));
		break;
	case 1:
		change(test, table, model, addr, 0);
		break;
	case 2:
		KUNIT_ASSERT_EQ(test, mymm_table_get(table, addr),
				known(model, addr));
		break;
	case 3:
		find_next(test, table, model, addr, random_addr(random));
		break;
	}
}

/* Each address by itself: to prune all of a table looks at each 2 MiB of it. */
static void prune_all(struct mymm_table *table)
{
	unsigned int i;

	for (i = 0; i < 27; i++) {
		unsigned long at =
			i / 9 * SPAN(3) + i / 3 % 3 * SPAN(2) + i % 3 * SPAN(1);

		mymm_table_prune(table, at, at + PAGE_SIZE);
	}
}

/* Random operations; and after each hundred, when it was pruned, a table is as small as can be. */
static void random_table(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "Normal:1M");
	struct mymm_table *table = new_table(test, pool);
	struct rnd_state random;
	struct xarray model;
	unsigned int i;

	xa_init(&model);
	mymm_test_random(test, &random);
	for (i = 1; i <= 10000; i++) {
		random_step(test, table, &model, &random);
		if (i % 100)
			continue;
		/* Now and then all but a few go. */
		while (i % 500 == 0 && size_of(&model) > 5)
			change(test, table, &model, random_addr(&random), 0);
		prune_all(table);
		expect_size(test, table, size_of(&model), nodes_of(&model),
			    "as the model");
	}
	xa_destroy(&model);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(nothing),	  KUNIT_CASE(cost),
	KUNIT_CASE(each_entry),	  KUNIT_CASE(replace),
	KUNIT_CASE(leaf),	  KUNIT_CASE(next_ends),
	KUNIT_CASE(prune),	  KUNIT_CASE(no_frame),
	KUNIT_CASE(random_table), {}
};

static struct kunit_suite suite = {
	.name = "mymm_table",
	.test_cases = cases,
};

kunit_test_suite(suite);
