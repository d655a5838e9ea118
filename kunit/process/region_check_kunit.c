// SPDX-License-Identifier: GPL-2.0
/*
 * What the validator says of frames that processes have: each way in which a slot and its frame
 * can differ is seen, and nothing else is.
 *
 *	page of the region   0      1      2 and 3
 *	frame                one    one    one, of both
 *	slots that it says   1      1      2
 *
 * Tests: process/check.c
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "base/compat.h"
#include "lib/util.h"
#include "page/frame.h"
#include "process/mapped.h"
#include "process/vm.h"

#define PAGES 3

/**
 * struct mapped - a pool, and a region that has frames of it
 * @pool: the pool
 * @vm: the same, for processes
 * @space: of @region
 * @inode: of @space
 * @mapping: of @inode
 * @region: a region of nobody's
 * @page: its pages
 */
struct mapped {
	struct mymm_pool *pool;
	struct mymm_vm *vm;
	struct mymm_space space;
	struct inode inode;
	struct address_space mapping;
	struct mymm_region region;
	struct page *page[PAGES];
};

static u64 slot_of(const struct mapped *m, unsigned int i)
{
	return mymm_slot_of_pfn(mymm_mapped_pfn(m->page[i]));
}

static void put_slot(struct kunit *test, struct mapped *m, unsigned int at,
		     u64 slot)
{
	KUNIT_ASSERT_EQ(
		test, mymm_table_prepare(&m->region.table, at * PAGE_SIZE), 0);
	KUNIT_ASSERT_TRUE(test, mymm_table_replace(&m->region.table,
						   at * PAGE_SIZE, 0, slot));
}

/* Another slot, or none, where there was one. */
static void replace(struct kunit *test, struct mapped *m, unsigned int at,
		    u64 old, u64 new)
{
	KUNIT_ASSERT_TRUE(test, mymm_table_replace(&m->region.table,
						   at * PAGE_SIZE, old, new));
}

static void end(void *data)
{
	struct mapped *m = data;
	unsigned long addr = 0;
	unsigned int i;
	u64 slot;

	while ((slot = mymm_table_next(&m->region.table, &addr,
				       MYMM_TABLE_END)))
		mymm_table_replace(&m->region.table, addr, slot, 0);
	for (i = 0; i < PAGES && m->page[i]; i++) {
		lock_page(m->page[i]);
		mymm_mapped_free(m->vm, m->page[i]);
	}
	mymm_table_prune(&m->region.table, 0, MYMM_TABLE_END);
	mymm_table_destroy(&m->region.table);
	scoped_guard(mutex, &m->vm->lock) list_del(&m->region.all);
	mymm_vm_put(m->vm);
	mymm_pool_destroy(m->pool);
}

static struct mapped *begin(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.name = "mapped",
		.zones = "Normal:1M",
	};
	struct mapped *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->pool = mymm_pool_create(&config);
	KUNIT_ASSERT_FALSE(test, IS_ERR(m->pool));
	m->vm = mymm_vm_get("mapped");
	KUNIT_ASSERT_FALSE(test, IS_ERR(m->vm));
	m->inode.i_mapping = &m->mapping;
	m->space.vm = m->vm;
	m->space.inode = &m->inode;
	m->region.space = &m->space;
	mymm_table_init(&m->region.table, m->pool);
	scoped_guard(mutex, &m->vm->lock)
		list_add(&m->region.all, &m->vm->regions);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end, m), 0);
	for (i = 0; i < PAGES; i++) {
		struct page *page = mymm_mapped_alloc_unowned(m->vm, 0);

		KUNIT_ASSERT_NOT_NULL(test, page);
		page->mapping = &m->mapping;
		mymm_mapped_take_slot(page);
		unlock_page(page);
		m->page[i] = page;
		put_slot(test, m, i, slot_of(m, i));
	}
	put_slot(test, m, PAGES, slot_of(m, PAGES - 1));
	mymm_mapped_take_slot(m->page[PAGES - 1]);
	MYMM_EXPECT_SOUND(test, m->pool);
	return m;
}

/* A frame says one slot more, or one less, than point to it. */
static void counts(struct kunit *test)
{
	struct mapped *m = begin(test);

	mymm_mapped_take_slot(m->page[0]);
	mymm_test_finds(test, m->pool, 11,
			"says that it has 2 slots, and has 1");
	mymm_mapped_put(m->page[0]);
	MYMM_EXPECT_SOUND(test, m->pool);
	mymm_mapped_put(m->page[2]);
	mymm_test_finds(test, m->pool, 11,
			"says that it has 1 slots, and has 2");
	mymm_mapped_take_slot(m->page[2]);
	MYMM_EXPECT_SOUND(test, m->pool);
	mymm_mapped_put(m->page[1]);
	mymm_test_finds(test, m->pool, 11, "with 0 slots");
	mymm_mapped_take_slot(m->page[1]);
	MYMM_EXPECT_SOUND(test, m->pool);
}

/* A slot points to a frame that does not count it, or has lost its own. */
static void points_elsewhere(struct kunit *test)
{
	struct mapped *m = begin(test);

	replace(test, m, 0, slot_of(m, 0), slot_of(m, 1));
	mymm_test_finds(test, m->pool, 11,
			"says that it has 1 slots, and has 2");
	replace(test, m, 0, slot_of(m, 1), slot_of(m, 0));
	MYMM_EXPECT_SOUND(test, m->pool);
	replace(test, m, 3, slot_of(m, 2), 0);
	mymm_test_finds(test, m->pool, 11,
			"says that it has 2 slots, and has 1");
	replace(test, m, 3, 0, slot_of(m, 2));
	MYMM_EXPECT_SOUND(test, m->pool);
}

/* What the page says of itself: its inode, and its frame. */
static void pages(struct kunit *test)
{
	struct mapped *m = begin(test);
	const unsigned long private = page_private(m->page[0]);
	struct address_space *other =
		kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, other);
	m->page[1]->mapping = other;
	mymm_test_finds(test, m->pool, 11, "which is of another inode");
	m->page[1]->mapping = &m->mapping;
	MYMM_EXPECT_SOUND(test, m->pool);
	set_page_private(m->page[0], private + BIT(MYMM_SHARE_BITS));
	mymm_test_finds(test, m->pool, 11, "which says that it is frame");
	set_page_private(m->page[0], private);
	MYMM_EXPECT_SOUND(test, m->pool);
}

/* A slot points to no frame, a free one, or a part of a block. */
static void frames(struct kunit *test)
{
	struct mapped *m = begin(test);
	struct mymm_frame *block = mymm_alloc_pages(m->pool, GFP_KERNEL, 1);
	const u64 none = mymm_slot_of_pfn(m->pool->nr_frames);
	u64 part;

	KUNIT_ASSERT_NOT_NULL(test, block);
	part = mymm_slot_of_pfn(block - m->pool->frame);
	put_slot(test, m, 7, none);
	mymm_test_finds(test, m->pool, 11, "which is none");
	replace(test, m, 7, none, part);
	mymm_test_finds(test, m->pool, 11,
			"which is not allocated as one page");
	mymm_free_pages(m->pool, block, 1);
	mymm_test_finds(test, m->pool, 11,
			"which is not allocated as one page");
	replace(test, m, 7, part, 0);
	MYMM_EXPECT_SOUND(test, m->pool);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(counts),
	KUNIT_CASE(points_elsewhere),
	KUNIT_CASE(pages),
	KUNIT_CASE(frames),
	{},
};

static struct kunit_suite suite = {
	.name = "mymm_regioncheck",
	.test_cases = cases,
};

kunit_test_suite(suite);
