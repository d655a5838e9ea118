// SPDX-License-Identifier: GPL-2.0
/*
 * How long slob's search for room is, and what happens while it has released the lock.
 *
 * No clock: pages whose free blocks are read, and pauses, are counted by the engine.
 *
 * Tests: engine/slob/slob_heap.c
 */
#include "lib/place.h"

/*
 * Bytes from kmalloc(1), 256 on a page, leave scraps of 6 bytes into which nothing fits that
 * has a header:
 *
 *	0      10   16     26   32
 *	| 8, 2 |free| 8, 2 |free| ...
 *
 * Each allocation reads one page; one in 256 reads the page that has just run out of room,
 * too. None reads the scraps of the pages before it.
 */
static void scraps_are_read_once(struct kunit *test)
{
	enum { PAGES = 40, EACH = 256 };
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:256K", "first");
	void **objs =
		kunit_kcalloc(test, PAGES * EACH, sizeof(*objs), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < PAGES * EACH; i++) {
		objs[i] = mymm_kmalloc(pool, 1, GFP_KERNEL);
		KUNIT_ASSERT_EQ(test, mymm_place_of(pool, objs[i]),
				MYMM_PLACE(i / EACH, i % EACH * 16 + 8));
	}
	KUNIT_EXPECT_EQ(test, pool->slob->nr_walked, PAGES * EACH + PAGES - 1);
	for (i = 0; i < PAGES; i++)
		KUNIT_EXPECT_EQ_MSG(test, pool->frame[i].inuse,
				    i < PAGES - 1 ? 3 : 768, "page %u", i);
	MYMM_EXPECT_SOUND(test, pool);

	/* A free makes room for something with a header: the page is read again. */
	MYMM_EXPECT_OK(test, mymm_kfree(objs[0]));
	KUNIT_EXPECT_EQ(test, pool->frame[0].inuse, 8);
	objs[0] = mymm_kmalloc(pool, 2000, GFP_KERNEL);
	MYMM_EXPECT_OK(test, mymm_kfree(objs[PAGES * EACH - 1]));
	objs[PAGES * EACH - 1] = mymm_kmalloc(pool, 2, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mymm_place_of(pool, objs[PAGES * EACH - 1]),
			MYMM_PLACE(PAGES - 1, 255 * 16 + 8));
	for (i = 0; i < PAGES * EACH; i++)
		MYMM_EXPECT_OK(test, mymm_kfree(objs[i]));
}

/* Allocate as many objects as take so many pages. */
static void fill(struct kunit *test, struct mymm_cache *cache,
		 unsigned int pages, unsigned int each, void **objs)
{
	unsigned int i;

	for (i = 0; i < pages * each; i++) {
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
	KUNIT_ASSERT_EQ(test, cache->pool->slob->nr_pages, pages);
}

/* A search that passes 2,500 pages releases the lock twice, after 1,024 of them each. */
static void long_search_pauses(struct kunit *test)
{
	enum { PAGES = 2500 };
	struct mymm_pool *pool = mymm_place_pool(test, "DMA32:16M", "first");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "4090", 4090);
	struct mymm_cache *other = mymm_test_cache(test, pool, "1024", 1024);
	void **objs = kunit_kcalloc(test, PAGES, sizeof(*objs), GFP_KERNEL);
	struct mymm_slob *slob = pool->slob;
	unsigned long pauses, walked;
	void *obj;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	fill(test, cache, PAGES, 1, objs);
	pauses = slob->nr_pauses;
	walked = slob->nr_walked;
	obj = mymm_cache_alloc(other, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, slob->nr_pauses - pauses, PAGES / MYMM_SLOB_HOLD);
	KUNIT_EXPECT_EQ(test, slob->nr_walked - walked, 1);
	MYMM_EXPECT_OK(test, mymm_cache_free(other, obj));
	MYMM_EXPECT_OK(test, mymm_cache_free_bulk(cache, PAGES, objs));
}

/*
 * Where alignment decides, the bound does not help, and each page is read: 33 steps.
 *
 *	page   | 1026 |             3070 free             |
 *	                       ^ 2048: no room for 2050 from here, nor before
 *
 * So 100 pages take three pauses, 32 pages each.
 */
static void pages_read_count_more(struct kunit *test)
{
	enum { PAGES = 100 };
	const struct mymm_cache_config config = { .name = "aligned",
						  .size = 2050,
						  .align = 2048 };
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:1M", "first");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "1026", 1026);
	struct mymm_cache *aligned =
		mymm_test_cache_config(test, pool, &config);
	void **objs = kunit_kcalloc(test, 3 * PAGES, sizeof(*objs), GFP_KERNEL);
	struct mymm_slob *slob = pool->slob;
	unsigned long pauses, walked;
	unsigned int i;
	void *obj;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	fill(test, cache, PAGES, 3, objs);
	for (i = 0; i < 3 * PAGES; i++)
		if (i % 3)
			MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[i]));
	pauses = slob->nr_pauses;
	walked = slob->nr_walked;
	obj = mymm_cache_alloc(aligned, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, mymm_place_of(pool, obj), MYMM_PLACE(PAGES, 0));
	KUNIT_EXPECT_EQ(test, slob->nr_walked - walked, PAGES + 1);
	KUNIT_EXPECT_EQ(test, slob->nr_pauses - pauses, 3);
	MYMM_EXPECT_SOUND(test, pool);
	MYMM_EXPECT_OK(test, mymm_cache_free(aligned, obj));
	for (i = 0; i < 3 * PAGES; i += 3)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[i]));
}

/* --- what happens in a pause -------------------------------------------------------- */

/*
 * Pages 0 to 4, with one object each, on the list as 4 -> 3 -> 2 -> 1 -> 0, and a search that
 * has paused before page 2, having found page 3.
 */
struct paused {
	struct mymm_pool *pool;
	struct mymm_cache *cache;
	u32 head;
	void *objs[5];
	struct mymm_slob_search search;
};

static void resume(void *data)
{
	struct paused *paused = data;
	unsigned int i;

	list_del(&paused->search.node);
	for (i = 0; i < ARRAY_SIZE(paused->objs); i++)
		if (paused->objs[i])
			mymm_cache_free(paused->cache, paused->objs[i]);
}

static struct paused *pause_search(struct kunit *test)
{
	struct paused *paused =
		kunit_kzalloc(test, sizeof(*paused), GFP_KERNEL);
	struct mymm_pool *pool = mymm_place_pool(test, "DMA:64K", "first");

	KUNIT_ASSERT_NOT_NULL(test, paused);
	paused->pool = pool;
	paused->head = pool->slob->list[2];
	paused->cache = mymm_test_cache(test, pool, "3000", 3000);
	fill(test, paused->cache, ARRAY_SIZE(paused->objs), 1, paused->objs);
	paused->search = (struct mymm_slob_search){
		.pool = pool,
		.list = 2,
		.next = 2,
		.end = paused->head,
		.found = 3,
	};
	list_add(&paused->search.node, &pool->slob->paused);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, resume, paused),
			0);
	MYMM_EXPECT_SOUND(test, pool);
	return paused;
}

static void give_back(struct kunit *test, struct paused *paused, u32 page)
{
	MYMM_EXPECT_OK(test,
		       mymm_cache_free(paused->cache, paused->objs[page]));
	paused->objs[page] = NULL;
	MYMM_EXPECT_SOUND(test, paused->pool);
}

/* The page that is next goes back to the pool, then the one after it, until there is none. */
static void next_page_goes(struct kunit *test)
{
	struct paused *paused = pause_search(test);
	struct mymm_slob_search *search = &paused->search;

	give_back(test, paused, 1);
	KUNIT_EXPECT_EQ(test, search->next, 2);
	give_back(test, paused, 2);
	KUNIT_EXPECT_EQ(test, search->next, 0);
	KUNIT_EXPECT_EQ(test, search->end, paused->head);
	KUNIT_EXPECT_FALSE(test, search->lost);
	give_back(test, paused, 0);
	KUNIT_EXPECT_EQ(test, search->next, paused->head);
}

/* Page 3, which was found, goes: the search knows. */
static void found_page_goes(struct kunit *test)
{
	struct paused *paused = pause_search(test);

	give_back(test, paused, 3);
	KUNIT_EXPECT_EQ(test, paused->search.found, MYMM_NO_FRAME);
	KUNIT_EXPECT_TRUE(test, paused->search.lost);
	KUNIT_EXPECT_EQ(test, paused->search.next, 2);
}

/*
 * Objects of 1024 bytes go to pages 4, 3, 2 and 1, and the list is turned each time:
 * 1 -> 0 -> 4 -> 3 -> 2 in the end. The search has 2, 1 and 0 before it still, and ends before
 * page 4, which was first; or before page 3, once 4 has gone.
 */
static void list_is_turned(struct kunit *test)
{
	struct paused *paused = pause_search(test);
	struct mymm_pool *pool = paused->pool;
	struct mymm_slob_search *search = &paused->search;
	struct mymm_cache *rest = mymm_test_cache(test, pool, "1024", 1024);
	void *objs[4];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		objs[i] = mymm_cache_alloc(rest, GFP_KERNEL);
		KUNIT_ASSERT_EQ(test, mymm_place_of(pool, objs[i]),
				MYMM_PLACE(4 - i, 3000));
		KUNIT_EXPECT_EQ(test, pool->frame[paused->head].next, 4 - i);
		KUNIT_EXPECT_EQ(test, search->end, i ? 4 : paused->head);
		KUNIT_EXPECT_EQ(test, search->next, 2);
	}
	MYMM_EXPECT_OK(test, mymm_cache_free(rest, objs[0]));
	give_back(test, paused, 4);
	KUNIT_EXPECT_EQ(test, search->end, 3);
	MYMM_EXPECT_OK(test, mymm_cache_free_bulk(rest, 3, objs + 1));
}

/* The checker looks at paused searches. */
static void checker_sees_paused(struct kunit *test)
{
	struct paused *paused = pause_search(test);
	struct mymm_slob_search *search = &paused->search;
	u32 *const at[] = { &search->next, &search->end, &search->found };
	struct mymm_finding finding;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		u32 saved = *at[i];

		*at[i] = 5;
		KUNIT_EXPECT_EQ(test, mymm_check(paused->pool, &finding),
				-EUCLEAN);
		KUNIT_EXPECT_EQ_MSG(test, finding.invariant, 5, "%s",
				    finding.text);
		*at[i] = saved;
	}
	MYMM_EXPECT_SOUND(test, paused->pool);
}

/* --- all CPUs ------------------------------------------------------------------------------ */

#define HELD 20

static void search_at_random(struct mymm_test_thread *thread)
{
	struct mymm_pool *pool = thread->data;
	void *objs[HELD] = {};
	unsigned int i, n;

	for (n = 0; n < 300; n++) {
		i = mymm_test_below(&thread->random, HELD);
		if (objs[i]) {
			if (mymm_kfree(objs[i]))
				mymm_test_complain(thread, "free %u", n);
			objs[i] = NULL;
		} else {
			objs[i] = mymm_kmalloc(
				pool,
				1100 + mymm_test_below(&thread->random, 2900),
				GFP_KERNEL);
			if (!objs[i])
				mymm_test_complain(thread, "no room %u", n);
		}
		cond_resched();
	}
	for (i = 0; i < HELD; i++)
		if (mymm_kfree(objs[i]))
			mymm_test_complain(thread, "free at the end");
}

/* Each search of all CPUs pauses, and what it has found may go meanwhile. */
static void all_pause(struct kunit *test, const char *fit)
{
	enum { PAGES = 1100 };
	struct mymm_pool *pool = mymm_place_pool(test, "DMA32:8M", fit);
	struct mymm_cache *cache = mymm_test_cache(test, pool, "4090", 4090);
	void **objs = kunit_kcalloc(test, PAGES, sizeof(*objs), GFP_KERNEL);
	unsigned long pauses;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	fill(test, cache, PAGES, 1, objs);
	pauses = pool->slob->nr_pauses;
	mymm_test_on_each_cpu(test, search_at_random, pool);
	KUNIT_EXPECT_GT(test, pool->slob->nr_pauses - pauses, 10);
	KUNIT_EXPECT_EQ(test, pool->slob->nr_pages, PAGES);
	KUNIT_EXPECT_TRUE(test, list_empty(&pool->slob->paused));
	MYMM_EXPECT_SOUND(test, pool);
	MYMM_EXPECT_OK(test, mymm_cache_free_bulk(cache, PAGES, objs));
}

static void all_pause_first(struct kunit *test)
{
	all_pause(test, "first");
}

static void all_pause_best(struct kunit *test)
{
	all_pause(test, "best");
}

static struct kunit_case slob_search_cases[] = {
	KUNIT_CASE(scraps_are_read_once),  KUNIT_CASE(long_search_pauses),
	KUNIT_CASE(pages_read_count_more), KUNIT_CASE(next_page_goes),
	KUNIT_CASE(found_page_goes),	   KUNIT_CASE(list_is_turned),
	KUNIT_CASE(checker_sees_paused),   KUNIT_CASE(all_pause_first),
	KUNIT_CASE(all_pause_best),	   {},
};

static struct kunit_suite slob_search_suite = {
	.name = "mymm_slob_search",
	.test_cases = slob_search_cases,
};

kunit_test_suite(slob_search_suite);
