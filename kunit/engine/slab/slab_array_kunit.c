// SPDX-License-Identifier: GPL-2.0
/*
 * The arrays before the slab engine's slabs: how objects move through them, what the reaper
 * takes from them, and the tunables, which say how much they hold.
 *
 * Pools are bare, so that the reaper leaves them alone and comes only when it is called.
 *
 * Tests: engine/slab/slab_array.c cache/reaper.c object/refill.c
 */
#include "base/fault_inject.h"
#include "lib/slabs.h"
#include "ui/proc.h"
#include "engine/slab/slab.h"
#include "page/pcp.h"
#include "cache/magazine.h"

/* --- arrays ------------------------------------------------------------------------- */

/*
 * Limit 10, batchcount 5, shared 2: room for 10 in the shared array. What comes back goes
 * there first, and then into the slabs; and is fetched from there first.
 */
static void shared_array(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache =
		mymm_test_slab_cache(test, pool, "shared", 64);
	char line[] = "shared 10 5 2";
	void *objs[20], *again[20];
	unsigned int i;

	MYMM_EXPECT_OK(test, mymm_slabinfo_set(pool, line));
	mymm_test_take(test, cache, 20, objs);
	KUNIT_EXPECT_EQ(test, mymm_test_slabinfo(cache).active_objs, 20);
	KUNIT_EXPECT_EQ(test, mymm_test_slabinfo(cache).shared_avail, 0);
	cache->engine->free(cache, 14, objs);
	KUNIT_EXPECT_EQ(test, mymm_test_slabinfo(cache).shared_avail, 10);
	KUNIT_EXPECT_EQ(test, mymm_test_slabinfo(cache).active_objs, 16);
	KUNIT_EXPECT_EQ(test, cache->engine->alloc(cache, GFP_KERNEL, 4, again),
			4);
	KUNIT_EXPECT_EQ(test, mymm_test_slabinfo(cache).shared_avail, 6);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_PTR_EQ(test, again[i], objs[6 + i]);
	/* Not more than the array has, even if more is wanted. */
	KUNIT_EXPECT_EQ(test,
			cache->engine->alloc(cache, GFP_KERNEL, 20, again + 4),
			6);
	MYMM_EXPECT_SOUND(test, pool);
	cache->engine->free(cache, 10, again);
	cache->engine->free(cache, 6, objs + 14);
	KUNIT_EXPECT_EQ(test, mymm_test_slabinfo(cache).shared_avail, 10);
	KUNIT_EXPECT_EQ(test, mymm_cache_shrink(cache), 1);
	KUNIT_EXPECT_EQ(test, mymm_test_slabinfo(cache).shared_avail, 0);
}

static void reap(struct mymm_cache *cache)
{
	guard(mutex)(&cache->pool->lock);
	mymm_slab_reap(cache);
}

/*
 * The reaper looks at shared arrays every second time. One that was taken from is spared
 * once; then a fifth of its room goes, here 2 of 10, and the next time 2 more; of one that
 * has less than a fifth, half. A slab put to use is spared once, too.
 */
static void reaper(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_slab_cache(test, pool, "reap", 64);
	static const unsigned int left[] = { 10, 10, 10, 10, 8, 8, 6,
					     6,	 4,  4,	 2,  2, 0, 0 };
	char line[] = "reap 10 5 2";
	void *objs[12];
	unsigned int i;

	MYMM_EXPECT_OK(test, mymm_slabinfo_set(pool, line));
	mymm_test_take(test, cache, 12, objs);
	cache->engine->free(cache, 12, objs);
	mymm_test_take(test, cache, 1, objs);
	cache->engine->free(cache, 1, objs);
	for (i = 0; i < ARRAY_SIZE(left); i++) {
		KUNIT_EXPECT_EQ_MSG(test,
				    mymm_test_slabinfo(cache).shared_avail,
				    left[i], "after %u times", i);
		reap(cache);
		MYMM_EXPECT_SOUND(test, pool);
	}
	/* The slab is free since the twelfth time; it was put to use at the very beginning. */
	KUNIT_EXPECT_EQ(test, mymm_test_slabinfo(cache).num_slabs, 0);
}

/*
 * Two nodes. Objects of node 1 that are freed by a CPU of node 0 wait in its alien array,
 * up to @limit of them, and then all of them go home.
 */
static void aliens(struct kunit *test)
{
	static const struct mymm_pool_config config = {
		.zones = "DMA:256K",
		.nodes = 2,
		.flags = MYMM_POOL_BARE,
	};
	struct mymm_pool *pool = mymm_test_pool_config(test, &config);
	struct mymm_cache *cache =
		mymm_test_slab_cache(test, pool, "alien", 1200);
	struct mymm_slabs *s = mymm_slabs_of(cache);
	int here, there, cpu;
	struct mymm_slab_alien *alien;
	unsigned int i, limit;
	void *objs[60];

	/* CPUs' nodes are the test's to say: all are of node 0, then of node 1. */
	for_each_possible_cpu(cpu)
		per_cpu_ptr(pool->cpu, cpu)->node = 1;
	mymm_test_take(test, cache, 60, objs);
	KUNIT_EXPECT_EQ(test, s->node[1].nr_slabs, 20);
	KUNIT_EXPECT_EQ(test, s->node[0].nr_slabs, 0);
	for_each_possible_cpu(cpu)
		per_cpu_ptr(pool->cpu, cpu)->node = 0;
	here = 0;
	there = 1;
	KUNIT_EXPECT_NULL(test, s->node[here].alien[here]);
	alien = s->node[here].alien[there];
	KUNIT_ASSERT_NOT_NULL(test, alien);
	limit = alien->array.limit;
	KUNIT_EXPECT_EQ(test, limit, 24);

	for (i = 0; i < limit; i++)
		cache->engine->free(cache, 1, &objs[i]);
	KUNIT_EXPECT_EQ(test, alien->array.count, limit);
	KUNIT_EXPECT_EQ(test, s->node[there].free_objects, 0);
	KUNIT_EXPECT_EQ(test, s->node[there].shared->count, 0);
	MYMM_EXPECT_SOUND(test, pool);
	/* They are found where they wait. */
	KUNIT_EXPECT_TRUE(test, cache->engine->is_free(cache, objs[0]));
	KUNIT_EXPECT_FALSE(test, cache->engine->is_free(cache, objs[30]));

	cache->engine->free(cache, 1, &objs[limit]);
	KUNIT_EXPECT_EQ(test, alien->array.count, 1);
	KUNIT_EXPECT_EQ(test, s->node[there].shared->count, limit);
	KUNIT_EXPECT_EQ(test, s->node[here].shared->count, 0);
	/* The reaper sends the last one home, when it is that node's turn. */
	reap(cache);
	reap(cache);
	KUNIT_EXPECT_EQ(test, alien->array.count, 0);
	cache->engine->free(cache, 60 - limit - 1, objs + limit + 1);
	MYMM_EXPECT_SOUND(test, pool);
	KUNIT_EXPECT_EQ(test, mymm_test_slabinfo(cache).active_objs,
			mymm_slab_arrays_count(s));
	mymm_cache_shrink(cache);
	KUNIT_EXPECT_EQ(test, mymm_test_slabinfo(cache).num_slabs, 0);
}

/* --- tunables ----------------------------------------------------------------------- */

/* enable_cpucache()'s table; see slab.c for the shared array on one CPU. */
static void default_tunables(struct kunit *test)
{
	static const struct {
		unsigned int size, limit, batch, shared;
	} table[] = {
		{ 8, 120, 60, 8 },   { 256, 120, 60, 8 }, { 257, 54, 27, 8 },
		{ 1024, 54, 27, 8 }, { 1025, 24, 12, 8 }, { 4096, 24, 12, 8 },
		{ 4097, 8, 4, 0 },   { 131072, 8, 4, 0 }, { 131073, 1, 1, 0 },
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");
	unsigned int i;
	char name[20];

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct mymm_tunables t;

		snprintf(name, sizeof(name), "tune-%u", table[i].size);
		t = mymm_test_slabinfo(mymm_test_slab_cache(test, pool, name,
							    table[i].size))
			    .tunables;
		KUNIT_EXPECT_EQ_MSG(test, t.limit, table[i].limit, "%s", name);
		KUNIT_EXPECT_EQ_MSG(test, t.batchcount, table[i].batch, "%s",
				    name);
		KUNIT_EXPECT_EQ_MSG(test, t.shared, table[i].shared, "%s",
				    name);
	}
}

/* What makes no sense is refused, and nothing has changed. */
static void tunables_refused(struct kunit *test)
{
	static const char *const lines[] = {
		"",
		"tuned",
		"tuned ",
		"tuned 10 5",
		"tuned 10 5 x",
		"tuned 10 5 2 1",
		"tuned 0 1 0",
		"tuned -1 1 0",
		"tuned 10 0 0",
		"tuned 10 -1 0",
		"tuned 10 11 0",
		"tuned 10 5 -1",
		"tuned 100000 5 1",
		"tuned 10 5 1000000000",
		"tuned 4294967306 5 1",
		"tuned 10 4294967301 1",
		"tuned 10 5 4294967297",
		"tuned 18446744073709551626 5 1",
		"tuned\n 10 5 1",
		"nobody 10 5 1",
		"slub 10 5 1",
		"poisoned 10 5 1",
	};
	static const struct mymm_cache_config poisoned = {
		.name = "poisoned",
		.size = 64,
		.flags = SLAB_POISON,
		.engine = "slab",
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache =
		mymm_test_slab_cache(test, pool, "tuned", 64);
	struct mymm_magazine __percpu *mag = cache->mag;
	unsigned int i;
	char line[130];

	mymm_test_cache(test, pool, "slub", 64);
	mymm_test_cache_config(test, pool, &poisoned);
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		struct mymm_tunables t;

		strscpy(line, lines[i], sizeof(line));
		MYMM_EXPECT_UNCHANGED(test, pool, -EINVAL,
				      mymm_slabinfo_set(pool, line));
		t = mymm_test_slabinfo(cache).tunables;
		KUNIT_EXPECT_EQ_MSG(test, t.limit, 120, "%s", lines[i]);
		KUNIT_EXPECT_EQ_MSG(test, t.batchcount, 60, "%s", lines[i]);
		KUNIT_EXPECT_EQ_MSG(test, t.shared, 8, "%s", lines[i]);
	}
	KUNIT_EXPECT_TRUE(test, cache->mag == mag);
}

/* Each allocation that a change needs fails once: nothing has changed then. */
static void tunables_without_memory(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache =
		mymm_test_slab_cache(test, pool, "memory", 64);
	unsigned long nth, seen;
	char line[30];
	int err;

	for (nth = 1; nth < 10; nth++) {
		strscpy(line, "memory 30 10 2", sizeof(line));
		mymm_inject_arm(nth);
		err = mymm_slabinfo_set(pool, line);
		seen = mymm_inject_disarm();
		if (!err)
			break;
		KUNIT_EXPECT_EQ(test, err, -ENOMEM);
		KUNIT_EXPECT_EQ(test, mymm_test_slabinfo(cache).tunables.limit,
				120);
		KUNIT_EXPECT_EQ(test, cache->mag_limit, 120);
	}
	/* The magazines and one shared array. */
	KUNIT_EXPECT_EQ(test, seen, 2);
	KUNIT_EXPECT_EQ(test, cache->mag_limit, 30);
}

static void churn(struct mymm_test_thread *thread)
{
	struct mymm_cache *cache = thread->data;
	char line[60];
	void *objs[50];
	unsigned int round, i, nr;

	for (round = 0; round < 300; round++) {
		if (thread->number == 0 && round % 3 == 0) {
			unsigned int limit =
				1 + mymm_test_below(&thread->random, 200);

			snprintf(line, sizeof(line), "%s %u %u %u", cache->name,
				 limit,
				 1 + mymm_test_below(&thread->random, limit),
				 mymm_test_below(&thread->random, 4));
			if (mymm_slabinfo_set(cache->pool, line))
				mymm_test_complain(thread, "%s", line);
		}
		nr = 1 + mymm_test_below(&thread->random, ARRAY_SIZE(objs));
		for (i = 0; i < nr; i++) {
			objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
			if (!objs[i])
				mymm_test_complain(thread, "no object");
		}
		for (i = 0; i < nr; i++)
			if (objs[i] && mymm_cache_free(cache, objs[i]))
				mymm_test_complain(thread, "number %u", i);
	}
}

/* Tunables change all the time, while every CPU allocates and frees: nothing is lost. */
static void tuned_in_use(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");
	struct mymm_cache *cache = mymm_test_slab_cache(test, pool, "live", 64);
	struct mymm_magazine_stats stats;

	mymm_test_on_each_cpu(test, churn, cache);
	MYMM_EXPECT_SOUND(test, pool);
	/* What was counted went from magazine to magazine. */
	mymm_magazine_stats(cache, &stats);
	KUNIT_EXPECT_EQ(test, stats.alloc_hits + stats.alloc_misses,
			stats.free_hits + stats.free_misses);
	mymm_cache_shrink(cache);
	KUNIT_EXPECT_EQ(test, mymm_test_slabinfo(cache).active_objs, 0);
	KUNIT_EXPECT_EQ(test, mymm_test_slabinfo(cache).num_slabs, 0);
}

static struct kunit_case slabarray_cases[] = {
	KUNIT_CASE(shared_array),     KUNIT_CASE(reaper),
	KUNIT_CASE(aliens),	      KUNIT_CASE(default_tunables),
	KUNIT_CASE(tunables_refused), KUNIT_CASE(tunables_without_memory),
	KUNIT_CASE(tuned_in_use),     {},
};

static struct kunit_suite slabarray_suite = {
	.name = "mymm_slabarray",
	.test_cases = slabarray_cases,
};

kunit_test_suite(slabarray_suite);
