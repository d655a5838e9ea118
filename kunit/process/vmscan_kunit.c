// SPDX-License-Identifier: GPL-2.0
/*
 * Reclaim of pages that processes have: what it leaves alone, and what it counts as a cost.
 *
 * Most pages here are nobody's, as those that were read ahead: no slot points to one, and no pte
 * was used, so that reclaim takes them as they come. The pool's clock is held: kswapd runs when a
 * case says so.
 *
 *	high                    boost                       free
 *	  |---------------------->|                           |     balanced: only for the boost
 *	  |-------------------------------------------------->|     not balanced
 *
 * Tests: process/vmscan.c page/kswapd.c
 */
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pagemap.h>
#include <linux/uaccess.h>

#include "base/compat.h"
#include "lib/util.h"
#include "page/kswapd.h"
#include "page/reclaim.h"
#include "page/vmstat.h"
#include "page/zone.h"
#include "pool/clock.h"
#include "process/file_page.h"
#include "process/mapped.h"
#include "process/sysctl.h"
#include "process/vm.h"
#include "process/vmscan.h"

/* The fewest of which the lowest pressure, a 4096th, looks at one. */
#define PAGES 4096
#define BOOST 512

/**
 * struct scene - a pool with pages on an inactive list
 * @pool: of 8192 frames
 * @vm: the same, for processes
 * @mapping: of pages of files
 * @page: the pages; reclaim may have freed some
 * @swappiness: as it was before
 * @file_ops: as they were before
 */
struct scene {
	struct mymm_pool *pool;
	struct mymm_vm *vm;
	struct address_space mapping;
	struct page *page[PAGES];
	int swappiness;
	const struct mymm_file_ops *file_ops;
};

static void end(void *data)
{
	struct scene *s = data;
	unsigned int i;

	mymm_clock_release(s->pool);
	for (i = 0; i < PAGES && s->page[i]; i++) {
		lock_page(s->page[i]);
		if (s->page[i]->mapping)
			mymm_mapped_free(s->vm, s->page[i]);
		else
			unlock_page(s->page[i]);
	}
	mymm_swapoff(s->vm, "ram0", -1);
	mymm_file_ops = s->file_ops;
	mymm_vm_sysctl.swappiness = s->swappiness;
	mymm_vm_put(s->vm);
}

/* Half of the pool's frames have pages of that kind. */
static struct scene *begin(struct kunit *test, enum mymm_lru_kind kind)
{
	const struct mymm_pool_config config = { .zones = "Normal:32M" };
	struct scene *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct page *page;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->pool = mymm_test_pool_config(test, &config);
	s->vm = mymm_vm_get(test->name);
	KUNIT_ASSERT_FALSE(test, IS_ERR(s->vm));
	s->swappiness = mymm_vm_sysctl.swappiness;
	s->file_ops = mymm_file_ops;
	address_space_init_once(&s->mapping);
	KUNIT_ASSERT_EQ(test, mymm_clock_hold(s->pool), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end, s), 0);
	for (i = 0; i < PAGES; i++) {
		page = kind == MYMM_ANON ?
			       mymm_mapped_alloc_unowned(s->vm, 0) :
			       mymm_file_alloc(s->vm, &s->mapping, i, 0);
		KUNIT_ASSERT_NOT_NULL(test, page);
		mymm_lru_add(s->vm, page);
		unlock_page(page);
		s->page[i] = page;
	}
	return s;
}

/* A fallback has raised the watermarks of the zone so far; and what kswapd does for that. */
static void boost(struct scene *s, unsigned long frames)
{
	struct mymm_zone *zone = &s->pool->zone[0];

	scoped_guard(raw_spinlock_irqsave, &zone->lock)
		zone->watermark_boost = frames;
	mymm_wake_boosted(s->pool, zone);
	mymm_clock_settle(s->pool);
}

/* So far that this many frames have to be reclaimed. */
static unsigned long beyond(const struct scene *s, unsigned long frames)
{
	const struct mymm_zone *zone = &s->pool->zone[0];

	return zone->buddy.free - zone->watermark[MYMM_WMARK_HIGH] + frames;
}

static long runs(const struct scene *s)
{
	return atomic_long_read(&s->pool->reclaim.stats.pageoutrun);
}

/*
 * A node is balanced, and boosted, and has nothing but anonymous memory: none of that is swapped,
 * or looked at, and the boost ends. If the boost leaves too little it is like any other shortage.
 */
static void boost_swaps_nothing(struct kunit *test)
{
	struct scene *s = begin(test, MYMM_ANON);
	struct mymm_node *node = &s->pool->node_of[0];

	KUNIT_ASSERT_EQ(test, mymm_swapon_memory(s->vm, PAGES, -1), 0);
	mymm_vm_sysctl.swappiness = MYMM_MAX_SWAPPINESS;
	KUNIT_ASSERT_LT(test, BOOST, beyond(s, 0));
	boost(s, BOOST);
	KUNIT_EXPECT_EQ(test, runs(s), 1);
	KUNIT_EXPECT_EQ(test, s->pool->zone[0].watermark_boost, 0);
	KUNIT_EXPECT_EQ(test, mymm_vm_sum(s->pool, MYMM_PSWPOUT), 0);
	KUNIT_EXPECT_EQ(test, mymm_vm_sum(s->pool, MYMM_PGSCAN_ANON), 0);

	boost(s, beyond(s, 64));
	KUNIT_EXPECT_EQ(test, runs(s), 2);
	KUNIT_EXPECT_GT(test, mymm_vm_sum(s->pool, MYMM_PSWPOUT), 64);
	KUNIT_EXPECT_TRUE(test, mymm_node_balanced(node, 0, MYMM_ZONE_NORMAL));
	MYMM_EXPECT_SOUND(test, s->pool);
}

/* --- pages of files that are all dirty ----------------------------------------------- */

static unsigned int writes, waits;

static bool busy(const struct page *page)
{
	return true;
}

static void count_write(struct mymm_vm *vm)
{
	writes++;
}

static void count_wait(struct mymm_vm *vm)
{
	waits++;
}

static int find_nothing(struct mymm_vm *vm, struct mymm_finding *finding)
{
	return 0;
}

static const struct mymm_file_ops all_dirty = {
	.busy = busy,
	.write = count_write,
	.wait = count_wait,
	.check = find_nothing,
};

/* Nor is anything written for it, as it is if there is too little. */
static void boost_writes_nothing(struct kunit *test)
{
	struct scene *s = begin(test, MYMM_FILE);

	writes = 0;
	waits = 0;
	mymm_file_ops = &all_dirty;
	boost(s, BOOST);
	KUNIT_EXPECT_EQ(test, runs(s), 1);
	KUNIT_EXPECT_EQ(test, writes, 0);
	KUNIT_EXPECT_EQ(test, waits, 0);

	boost(s, beyond(s, 64));
	KUNIT_EXPECT_GT(test, writes, 0);
	KUNIT_EXPECT_GT(test, waits, 0);
}

/* --- pages of a program -------------------------------------------------------------- */

#ifdef MYMM_HAS_KUNIT_VM
#define MAPPED 64
#define ACTIVE 8

/* Have pages of a list on another one, as if they were of that kind. */
static void relist(struct mymm_vm *vm, enum mymm_lru from, enum mymm_lru to,
		   unsigned int nr)
{
	struct mymm_lru_batch batch;
	unsigned int i;

	mymm_lru_isolate(vm, &vm->lruvec[0], from, MYMM_NR_ZONE_TYPES - 1, nr,
			 &batch);
	for (i = 0; i < batch.nr; i++) {
		struct folio *folio = page_folio(batch.page[i]);

		if (to == MYMM_LRU_ACTIVE_FILE) {
			folio_clear_swapbacked(folio);
			folio_set_active(folio);
		} else {
			folio_set_swapbacked(folio);
			folio_clear_active(folio);
		}
		mymm_lru_putback(vm, batch.page[i]);
	}
}

/*
 * Eight active pages of a file that were used, in a mapping with that protection, are looked at
 * when pages of the list are to become inactive. Returns the cost of pages of files then.
 */
static unsigned long cost_of_active(struct kunit *test, unsigned long prot)
{
	struct file *file = filp_open("/dev/mymem", O_RDWR, 0);
	struct mymm_scan scan = {
		.gfp = GFP_KERNEL,
		.highest = MYMM_NR_ZONE_TYPES - 1,
		.deactivate = true,
	};
	struct mymm_vm *vm = mymm_vm_get(NULL);
	unsigned long at, i, cost;

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	KUNIT_ASSERT_FALSE(test, IS_ERR(vm));
	at = vm_mmap(file, 0, MAPPED * PAGE_SIZE, PROT_READ | PROT_WRITE | prot,
		     MAP_SHARED, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(at));
	for (i = 0; i < MAPPED; i++)
		KUNIT_EXPECT_EQ(test,
				put_user(1, (int __user *)(at + i * PAGE_SIZE)),
				0);
	relist(vm, MYMM_LRU_INACTIVE_ANON, MYMM_LRU_ACTIVE_FILE, ACTIVE);
	memset(vm->lruvec[0].cost, 0, sizeof(vm->lruvec[0].cost));
	mymm_vmscan_node(vm->pool, &vm->pool->node_of[0], &scan);
	cost = vm->lruvec[0].cost[MYMM_FILE];
	relist(vm, MYMM_LRU_ACTIVE_FILE, MYMM_LRU_INACTIVE_ANON, ACTIVE);
	relist(vm, MYMM_LRU_INACTIVE_FILE, MYMM_LRU_INACTIVE_ANON, ACTIVE);

	KUNIT_EXPECT_EQ(test, vm_munmap(at, MAPPED * PAGE_SIZE), 0);
	fput(file);
	flush_delayed_fput();
	mymm_vm_put(vm);
	return cost;
}

/* A page that is run stays active, and each that does counts. What is only read does not stay. */
static void program_costs(struct kunit *test)
{
	/* Which gives the test a memory of its own. */
	kunit_vm_mmap(test, NULL, 0, PAGE_SIZE, PROT_READ,
		      MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_EXPECT_EQ(test, cost_of_active(test, 0), 0);
	KUNIT_EXPECT_EQ(test, cost_of_active(test, PROT_EXEC), ACTIVE);
}
#else
static void program_costs(struct kunit *test)
{
	kunit_skip(test, "this kernel has no memory of a user for tests");
}
#endif

static struct kunit_case cases[] = {
	KUNIT_CASE(boost_swaps_nothing),
	KUNIT_CASE(boost_writes_nothing),
	KUNIT_CASE(program_costs),
	{},
};

static struct kunit_suite suite = {
	.name = "mymm_vmscan",
	.test_cases = cases,
};

kunit_test_suite(suite);
