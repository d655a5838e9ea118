// SPDX-License-Identifier: GPL-2.0
/*
 * The call sites that hold the objects of a cache: alloc_traces and free_traces, made by two
 * functions here, whose names must be in the lines, with as many objects as they allocated or
 * freed.
 *
 * Tests: cache/track_site.c object/track.c
 */
#include "base/fault_inject.h"
#include "lib/text.h"
#include "cache/debug.h"

static struct mymm_cache *user_cache(struct kunit *test, unsigned int size)
{
	const struct mymm_cache_config config = {
		.name = "users",
		.size = size,
		.flags = SLAB_STORE_USER,
	};

	return mymm_test_cache_config(test, mymm_test_pool(test, "DMA:512K"),
				      &config);
}

/* Different functions to the compiler, too; and what they call is no tail call. */
static noinline void many_by_one(struct mymm_cache *cache, void **objs, int nr)
{
	while (nr--)
		objs[nr] = mymm_cache_alloc(cache, GFP_KERNEL);
}

static noinline void few_by_another(struct mymm_cache *cache, void **objs,
				    int nr)
{
	while (nr--)
		objs[nr] = mymm_cache_alloc(cache, GFP_NOWAIT);
}

static noinline int freed_here(struct mymm_cache *cache, void **objs, int nr)
{
	int err = 0;

	while (nr--)
		err |= mymm_cache_free(cache, objs[nr]);
	return err;
}

/* The whole file. */
static char *traces(struct kunit *test, struct mymm_cache *cache,
		    enum mymm_track_item item)
{
	struct seq_file m = { .size = 16384 };
	struct mymm_sites sites;
	size_t i;

	m.buf = kunit_kzalloc(test, m.size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m.buf);
	KUNIT_EXPECT_EQ(test, mymm_sites_take(&sites, cache, item), 0);
	for (i = 0; i < max_t(size_t, sites.nr, 1); i++)
		mymm_site_show(&m, &sites, i);
	mymm_sites_drop(&sites);
	KUNIT_ASSERT_FALSE(test, seq_has_overflowed(&m));
	return m.buf;
}

/* The first words of the @nth site's first line: "COUNT SYMBOL+". */
static void expect_site(struct kunit *test, const char *text, unsigned int nth,
			unsigned int count, const char *symbol)
{
	char want[80], *copy = kunit_kzalloc(test, 16384, GFP_KERNEL), *line;
	size_t len = scnprintf(want, sizeof(want), "%7u %s", count, symbol);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	strscpy(copy, text, 16384);
	while ((line = strsep(&copy, "\n")))
		/* Lines of stacks begin with 8 spaces, and then no digit. */
		if (strspn(line, " ") < 8 && *line && !nth--)
			break;
	KUNIT_ASSERT_NOT_NULL_MSG(test, line, "in:\n%s", text);
	KUNIT_EXPECT_TRUE_MSG(test, !strncmp(line, want, len),
			      "\"%s\" does not begin with \"%s\"", line, want);
	KUNIT_EXPECT_TRUE_MSG(test, strstr(line, " age="), "%s", line);
	KUNIT_EXPECT_TRUE_MSG(test, strstr(line, " pid="), "%s", line);
}

/*
 * Seven objects by one function, three by another; the site with the most objects comes first.
 * Two of the seven are freed, and allocated anew: by the other function, but with another stack,
 * since it was called from another place. An object that was never freed before has no site of a
 * free.
 */
static void two_functions(struct kunit *test)
{
	struct mymm_cache *cache = user_cache(test, 100);
	void *objs[10] = {};
	char *text;

	mymm_test_needs_callers(test);
	KUNIT_EXPECT_STREQ(test, traces(test, cache, MYMM_TRACK_ALLOC),
			   "No data\n");
	many_by_one(cache, objs, 7);
	few_by_another(cache, objs + 7, 3);
	text = traces(test, cache, MYMM_TRACK_ALLOC);
	expect_site(test, text, 0, 7, "many_by_one+0x");
	expect_site(test, text, 1, 3, "few_by_another+0x");
	text = traces(test, cache, MYMM_TRACK_FREE);
	expect_site(test, text, 0, 10, "<not-available>");

	MYMM_EXPECT_OK(test, freed_here(cache, objs, 2));
	text = traces(test, cache, MYMM_TRACK_ALLOC);
	expect_site(test, text, 0, 5, "many_by_one+0x");
	few_by_another(cache, objs, 2);
	text = traces(test, cache, MYMM_TRACK_ALLOC);
	expect_site(test, text, 0, 5, "many_by_one+0x");
	expect_site(test, text, 1, 3, "few_by_another+0x");
	expect_site(test, text, 2, 2, "few_by_another+0x");
	text = traces(test, cache, MYMM_TRACK_FREE);
	expect_site(test, text, 0, 8, "<not-available>");
	expect_site(test, text, 1, 2, "freed_here+0x");
	MYMM_EXPECT_OK(test, freed_here(cache, objs, 10));
	KUNIT_EXPECT_STREQ(test, traces(test, cache, MYMM_TRACK_ALLOC),
			   "No data\n");
}

/* A stack stands below its line. */
static void with_stacks(struct kunit *test)
{
	struct mymm_cache *cache = user_cache(test, 64);
	char *text, *below;
	void *obj = NULL;

	if (!IS_ENABLED(CONFIG_STACKDEPOT))
		kunit_skip(test, "there is no stack depot");
	many_by_one(cache, &obj, 1);
	text = traces(test, cache, MYMM_TRACK_ALLOC);
	below = strchr(text, '\n');
	KUNIT_ASSERT_NOT_NULL(test, below);
	KUNIT_EXPECT_EQ_MSG(test, strspn(below + 1, " "), 8, "%s", text);
	KUNIT_EXPECT_TRUE_MSG(test, strstr(below, "        many_by_one+0x"),
			      "%s", text);

	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
}

/* More objects than there is room for at first; and no memory at each step. */
static void many_objects(struct kunit *test)
{
	struct mymm_cache *cache = user_cache(test, 32);
	struct mymm_sites sites;
	unsigned long nth = 0;
	void **objs;
	int err;

	objs = kunit_kcalloc(test, 1000, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	many_by_one(cache, objs, 1000);
	do {
		mymm_inject_arm(++nth);
		err = mymm_sites_take(&sites, cache, MYMM_TRACK_ALLOC);
		KUNIT_EXPECT_EQ(test, err,
				mymm_inject_disarm() < nth ? 0 : -ENOMEM);
		if (!err)
			KUNIT_EXPECT_EQ(test, sites.site[0].nr, 1000);
		mymm_sites_drop(&sites);
	} while (err && nth < 100);
	KUNIT_EXPECT_GT(test, nth, 4);
	MYMM_EXPECT_OK(test, mymm_cache_free_bulk(cache, 1000, objs));
}

/* A cache that does not store users has no sites. */
static void without_users(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "none", 64);
	struct mymm_sites sites;

	KUNIT_EXPECT_EQ(test, mymm_sites_take(&sites, cache, MYMM_TRACK_ALLOC),
			-ENOENT);
	mymm_sites_drop(&sites);
}

static struct kunit_case track_site_cases[] = {
	MYMM_CASE_COOKIES(two_functions),
	MYMM_CASE_COOKIES(with_stacks),
	MYMM_CASE_COOKIES(many_objects),
	MYMM_CASE_ENGINES(without_users),
	{},
};

static struct kunit_suite track_site_suite = {
	.name = "mymm_track_site",
	.test_cases = track_site_cases,
};

kunit_test_suite(track_site_suite);
