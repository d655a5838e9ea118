// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs mymm/pools/: a pool that another module made is in its files as long as it lives.
 *
 * Tests: ui/debugfs_pools.c page/registry.c
 */
#include "lib/text.h"
#include "lib/util.h"
#include "page/pool.h"
#include "page/registry.h"
#include "ui/debugfs_pools.h"

/* Which file; its pools are all. */
static const char *shown;

static void show(struct seq_file *m, struct mymm_pool *unused)
{
	mymm_pools_show(m, shown);
}

static const char *read_pools(struct kunit *test, const char *name)
{
	shown = name;
	return mymm_test_text(test, show, NULL, 1 << 16);
}

/* A test's pool has the test's name until then. */
static struct mymm_pool *make(struct kunit *test, const char *name)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");

	strscpy(pool->name, name, sizeof(pool->name));
	return pool;
}

/* What is said of the pool, up to the next one's. */
static const char *part_of(struct kunit *test, const char *file,
			   const char *pool)
{
	const char *text = read_pools(test, file);
	const char *at;
	char head[48];

	snprintf(head, sizeof(head), "# pool %s\n", pool);
	at = strstr(text, head);
	return at ? at + strlen(head) : NULL;
}

static bool begins(const char *text, const char *with)
{
	return text && !strncmp(text, with, strlen(with));
}

static void shown_while_it_lives(struct kunit *test)
{
	struct mymm_pool *pool = make(test, "shown");

	KUNIT_EXPECT_NOT_NULL(test,
			      strstr(read_pools(test, "list"),
				     "\nshown                       256"));
	KUNIT_EXPECT_TRUE(test, begins(part_of(test, "buddyinfo", "shown"),
				       "Node 0, zone      DMA "));
	KUNIT_EXPECT_TRUE(test, begins(part_of(test, "pagetypeinfo", "shown"),
				       "Page block order: "));
	KUNIT_EXPECT_TRUE(test, begins(part_of(test, "zoneinfo", "shown"),
				       "Node 0, zone      DMA\n"));
	KUNIT_EXPECT_TRUE(test, begins(part_of(test, "vmstat", "shown"),
				       "nr_free_pages "));
	KUNIT_EXPECT_TRUE(test, begins(part_of(test, "slabinfo", "shown"),
				       "slabinfo - version: 2.1\n"));
	KUNIT_EXPECT_TRUE(test,
			  begins(part_of(test, "check", "shown"), "ok\n"));
	KUNIT_EXPECT_TRUE(test,
			  begins(part_of(test, "check", "default"), "ok\n"));
	mymm_test_pool_release(test, pool);
	KUNIT_EXPECT_NULL(test, part_of(test, "buddyinfo", "shown"));
	KUNIT_EXPECT_NULL(test, strstr(read_pools(test, "list"), "\nshown "));
}

static struct mymm_pool *named(const char *name)
{
	guard(mutex)(&mymm_pools_lock);
	return mymm_pool_named(name);
}

/* Of two pools of one name the oldest is found, and then the other. */
static void found_by_name(struct kunit *test)
{
	struct mymm_pool *first, *second;

	KUNIT_EXPECT_NULL(test, named("twin"));
	first = make(test, "twin");
	second = make(test, "twin");
	KUNIT_EXPECT_PTR_EQ(test, named("twin"), first);
	mymm_test_pool_release(test, first);
	KUNIT_EXPECT_PTR_EQ(test, named("twin"), second);
	mymm_test_pool_release(test, second);
	KUNIT_EXPECT_NULL(test, named("twin"));
	KUNIT_EXPECT_NULL(test, named(""));
}

static struct kunit_case debugfs_pools_cases[] = {
	KUNIT_CASE(found_by_name),
	KUNIT_CASE(shown_while_it_lives),
	{},
};

static struct kunit_suite debugfs_pools_suite = {
	.name = "mymm_debugfs_pools",
	.test_cases = debugfs_pools_cases,
};

kunit_test_suite(debugfs_pools_suite);
