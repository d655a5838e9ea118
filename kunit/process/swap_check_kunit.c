// SPDX-License-Identifier: GPL-2.0
/*
 * The references of swap slots, as the validator counts them: it sees each count that is wrong, and
 * nothing that only looks so because somebody is at it.
 *
 *	slot of area     1           2           3
 *	in the table     once        twice       not
 *	a page cached    no          no          yes
 *	references       1           2           1
 *
 * Tests: process/swap_check.c process/check.c process/swap.c
 */
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "base/compat.h"
#include "base/finding.h"
#include "lib/util.h"
#include "page/frame.h"
#include "pool/check.h"
#include "process/mapped.h"
#include "process/vm.h"

#define SLOTS 8

/**
 * struct swapped - a pool with a swap area, and a region that has entries of it
 * @pool: the pool
 * @vm: the same, for processes
 * @space: of @region
 * @region: a region of nobody's
 * @page: the page that is cached
 * @entry: the entries, by their slots
 */
struct swapped {
	struct mymm_pool *pool;
	struct mymm_vm *vm;
	struct mymm_space space;
	struct mymm_region region;
	struct page *page;
	u32 entry[4];
};

/* A slot whose page is gone, with so many slots of the table from an address on. */
static u32 swap_out(struct kunit *test, struct swapped *s, unsigned long addr,
		    unsigned int nr)
{
	struct page *page = mymm_mapped_alloc_unowned(s->vm, 0);
	u32 entry;

	KUNIT_ASSERT_NOT_NULL(test, page);
	entry = mymm_swap_alloc(s->vm, page);
	KUNIT_ASSERT_NE(test, entry, 0);
	for (; nr--; addr += PAGE_SIZE) {
		KUNIT_ASSERT_TRUE(test, mymm_swap_get(s->vm, entry));
		KUNIT_ASSERT_EQ(test,
				mymm_table_prepare(&s->region.table, addr), 0);
		KUNIT_ASSERT_TRUE(test,
				  mymm_table_replace(&s->region.table, addr, 0,
						     mymm_slot_of_swap(entry)));
		mymm_swap_keep(s->vm, entry);
	}
	if (s->page)
		mymm_mapped_free(s->vm, page);
	else
		s->page = page;
	return entry;
}

static void end(void *data)
{
	struct swapped *s = data;
	unsigned long addr = 0;
	u64 slot;

	while ((slot = mymm_table_next(&s->region.table, &addr,
				       MYMM_TABLE_END))) {
		mymm_swap_get(s->vm, mymm_slot_swap(slot));
		mymm_table_replace(&s->region.table, addr, slot, 0);
		mymm_swap_undup(s->vm, mymm_slot_swap(slot));
		mymm_swap_put(s->vm, mymm_slot_swap(slot));
	}
	if (s->page)
		mymm_mapped_free(s->vm, s->page);
	mymm_table_prune(&s->region.table, 0, MYMM_TABLE_END);
	mymm_table_destroy(&s->region.table);
	scoped_guard(mutex, &s->vm->lock) list_del(&s->region.all);
	mymm_swapoff(s->vm, "ram0", -1);
	mymm_vm_put(s->vm);
	mymm_pool_destroy(s->pool);
}

static struct swapped *begin(struct kunit *test)
{
	const struct mymm_pool_config config = {
		.name = "swapped",
		.zones = "Normal:1M",
	};
	struct swapped *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->pool = mymm_pool_create(&config);
	KUNIT_ASSERT_FALSE(test, IS_ERR(s->pool));
	s->vm = mymm_vm_get("swapped");
	KUNIT_ASSERT_FALSE(test, IS_ERR(s->vm));
	s->space.vm = s->vm;
	s->region.space = &s->space;
	mymm_table_init(&s->region.table, s->pool);
	scoped_guard(mutex, &s->vm->lock)
		list_add(&s->region.all, &s->vm->regions);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end, s), 0);
	KUNIT_ASSERT_EQ(test, mymm_swapon_memory(s->vm, SLOTS, -1), 0);
	s->entry[3] = swap_out(test, s, 0, 0);
	s->entry[1] = swap_out(test, s, PAGE_SIZE, 1);
	s->entry[2] = swap_out(test, s, 8 * PAGE_SIZE, 2);
	MYMM_EXPECT_SOUND(test, s->pool);
	return s;
}

static struct mymm_swap_slot *slot_of(struct swapped *s, unsigned int i)
{
	return &s->vm->swap.area[0]
			->slot[s->entry[i] & (MYMM_SWAP_MAX_SLOTS - 1)];
}

/* One more, or one less, in each kind of slot. */
static void counts(struct kunit *test)
{
	struct swapped *s = begin(test);
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(s->entry); i++) {
		slot_of(s, i)->count++;
		mymm_test_finds(test, s->pool, 11, "references, and");
		slot_of(s, i)->count--;
		MYMM_EXPECT_SOUND(test, s->pool);
	}
	slot_of(s, 2)->count--;
	mymm_test_finds(test, s->pool, 11,
			"has 1 references, and 2 slots of tables and 0 pages");
	slot_of(s, 2)->count++;
	slot_of(s, 1)->count--;
	mymm_test_finds(test, s->pool, 11, "is in swap slot");
	slot_of(s, 1)->count++;
	slot_of(s, 3)->count--;
	mymm_test_finds(test, s->pool, 11,
			"has 0 references, and is marked as used");
	slot_of(s, 3)->count++;
	MYMM_EXPECT_SOUND(test, s->pool);
}

/* A slot of the table that has an entry too many, or none where it should. */
static void entries(struct kunit *test)
{
	struct swapped *s = begin(test);
	const u64 one = mymm_slot_of_swap(s->entry[1]);

	mymm_table_replace(&s->region.table, PAGE_SIZE, one, 0);
	mymm_test_finds(test, s->pool, 11,
			"has 1 references, and 0 slots of tables and 0 pages");
	mymm_table_replace(&s->region.table, PAGE_SIZE, 0, one);
	MYMM_EXPECT_SOUND(test, s->pool);
	mymm_table_replace(&s->region.table, 2 * PAGE_SIZE, 0, one);
	mymm_test_finds(test, s->pool, 11,
			"has 1 references, and 2 slots of tables and 0 pages");
	mymm_table_replace(&s->region.table, 2 * PAGE_SIZE, one, 0);
	MYMM_EXPECT_SOUND(test, s->pool);
}

/* What an area and the cache say of a slot. */
static void marks(struct kunit *test)
{
	struct swapped *s = begin(test);
	struct mymm_swap_area *area = s->vm->swap.area[0];

	__clear_bit(s->entry[1], area->used);
	mymm_test_finds(test, s->pool, 11,
			"has 1 references, and is marked as free");
	__set_bit(s->entry[1], area->used);
	/* That of the last slot is missed by its area. */
	__clear_bit(s->entry[2], area->used);
	mymm_test_finds(test, s->pool, 11, "has 2 slots in use, and says 3");
	__set_bit(s->entry[2], area->used);
	area->nr_used++;
	mymm_test_finds(test, s->pool, 11, "has 3 slots in use, and says 4");
	area->nr_used--;
	slot_of(s, 1)->frame = mymm_mapped_pfn(s->page);
	mymm_test_finds(test, s->pool, 11, "which does not know it");
	slot_of(s, 1)->frame = s->pool->nr_frames;
	mymm_test_finds(test, s->pool, 11, "which does not know it");
	slot_of(s, 1)->frame = MYMM_NO_FRAME;
	MYMM_EXPECT_SOUND(test, s->pool);
}

/* The pass is over: the entries of the table are counted. */
static int end_census(struct swapped *s, struct mymm_swap_census *census)
{
	struct mymm_finding finding;
	unsigned long addr;
	u64 slot;
	int err;

	for (addr = 0;
	     (slot = mymm_table_next(&s->region.table, &addr, MYMM_TABLE_END));
	     addr += PAGE_SIZE)
		mymm_swap_census_entry(census, mymm_slot_swap(slot));
	err = mymm_swap_census_end(census, &finding);
	mymm_swap_census_free(census);
	mutex_unlock(&s->vm->lock);
	return err;
}

static struct mymm_swap_census *begin_census(struct kunit *test,
					     struct swapped *s)
{
	struct mymm_swap_census *census;

	mutex_lock(&s->vm->lock);
	census = mymm_swap_census_begin(s->vm);
	if (!census)
		mutex_unlock(&s->vm->lock);
	KUNIT_ASSERT_NOT_NULL(test, census);
	return census;
}

/*
 * Nothing is said of a slot that somebody looks at when the pass begins, or comes to look at
 * meanwhile, though its count and the table differ; of one that is left alone it is.
 */
static void lookers(struct kunit *test)
{
	struct swapped *s = begin(test);
	const u64 one = mymm_slot_of_swap(s->entry[1]);
	struct mymm_swap_census *census = begin_census(test, s);

	/* The pass comes when its entry is out of the table, and its reference is not. */
	mymm_swap_get(s->vm, s->entry[1]);
	mymm_table_replace(&s->region.table, PAGE_SIZE, one, 0);
	KUNIT_EXPECT_EQ(test, end_census(s, census), 0);

	/* And it begins then. */
	census = begin_census(test, s);
	mymm_table_replace(&s->region.table, PAGE_SIZE, 0, one);
	mymm_swap_put(s->vm, s->entry[1]);
	mymm_table_replace(&s->region.table, PAGE_SIZE, one, 0);
	KUNIT_EXPECT_EQ(test, end_census(s, census), 0);

	census = begin_census(test, s);
	KUNIT_EXPECT_EQ(test, end_census(s, census), -EUCLEAN);
	mymm_table_replace(&s->region.table, PAGE_SIZE, 0, one);

	/* A looker that stays has a reference, too. */
	mymm_swap_get(s->vm, s->entry[1]);
	MYMM_EXPECT_SOUND(test, s->pool);
	mymm_swap_put(s->vm, s->entry[1]);
	MYMM_EXPECT_SOUND(test, s->pool);
}

/* A slot that is free, and used again during the pass, is another one; so is one of a new area. */
static void reused(struct kunit *test)
{
	struct swapped *s = begin(test);
	struct mymm_swap_census *census = begin_census(test, s);
	const u64 one = mymm_slot_of_swap(s->entry[1]);

	mymm_swap_get(s->vm, s->entry[1]);
	mymm_table_replace(&s->region.table, PAGE_SIZE, one, 0);
	mymm_swap_undup(s->vm, s->entry[1]);
	mymm_swap_put(s->vm, s->entry[1]);
	s->vm->swap.area[0]->next = s->entry[1];
	KUNIT_EXPECT_EQ(test, swap_out(test, s, 32 * PAGE_SIZE, 1),
			s->entry[1]);
	mymm_swap_census_entry(census, s->entry[1]);
	KUNIT_EXPECT_EQ(test, end_census(s, census), 0);
	MYMM_EXPECT_SOUND(test, s->pool);

	census = begin_census(test, s);
	mymm_swap_census_entry(census, U32_MAX);
	mymm_swap_census_entry(census, 0);
	KUNIT_EXPECT_EQ(test, end_census(s, census), 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(counts),  KUNIT_CASE(entries), KUNIT_CASE(marks),
	KUNIT_CASE(lookers), KUNIT_CASE(reused),  {},
};

static struct kunit_suite suite = {
	.name = "mymm_swapcheck",
	.test_cases = cases,
};

kunit_test_suite(suite);
