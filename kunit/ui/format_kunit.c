// SPDX-License-Identifier: GPL-2.0
/*
 * The files, byte for byte.
 *
 * What is expected is written out here, from the formats of the real files:
 *
 *	buddyinfo   "Node %d, zone %8s ", "%6lu " for each order, and a newline: so there is
 *	            a space at the end of the line
 *	slabinfo    two header lines, then "%-17s %6lu %6lu %6u %4u %4d : tunables %4u %4u
 *	            %4u : slabdata %6lu %6lu %6lu": no space at the end
 *
 * The text is taken as a reader of the file would get it, from a seq_file; also one
 * with too small a buffer, and through the file system in small pieces, with hundreds of
 * caches.
 *
 * Tests: ui/proc_buddyinfo.c ui/proc_slabinfo.c ui/proc.c
 */
#include "lib/text.h"
#include "ui/debugfs.h"

static unsigned int count_lines(const char *text)
{
	unsigned int lines = 0;

	while ((text = strchr(text, '\n'))) {
		lines++;
		text++;
	}
	return lines;
}

/* --- buddyinfo ------------------------------------------------------------------- */

static const char *const fresh[] = {
	"Node 0, zone      DMA      0      1      0      1      1      1      1      1      0      0      0 ",
	"Node 0, zone   Normal      0      2      1      1      1      1      1      1      1      1      0 ",
	NULL,
};

static const char *const one_page_taken[] = {
	"Node 0, zone      DMA      0      1      0      1      1      1      1      1      0      0      0 ",
	"Node 0, zone   Normal      1      1      1      1      1      1      1      1      1      1      0 ",
	NULL,
};

static const char *const many_digits[] = {
	"Node 0, zone      DMA 12345678      1      0      1      1      1      1      1      0      0      0 ",
	"Node 0, zone   Normal      0      2      1      1      1      1      1      1      1      1      0 ",
	NULL,
};

/*
 * 250 pages from page 0 are blocks of 128, 64, 32, 16, 8 and 2. The 1024 pages behind them
 * begin at 250: blocks of 2 and 4 lead to 256, then 256, 512, and at the end 128, 64,
 * 32, 16, 8 and 2 again.
 */
static void buddyinfo(struct kunit *test)
{
	struct mymm_pool *pool =
		mymm_test_pool_none(test, "DMA:1000K,Normal:4M");
	struct mymm_frame *frame;
	unsigned long *count;

	mymm_test_lines(test, mymm_buddyinfo_show, pool, fresh);

	/* One page of Normal is from a block of 2. */
	frame = mymm_alloc_pages(pool, GFP_KERNEL, 0);
	mymm_test_lines(test, mymm_buddyinfo_show, pool, one_page_taken);
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 0));

	/* More than six digits push the rest to the right. */
	count = &pool->zone[0].buddy.type[0].order[0].nr_free;
	*count = 12345678;
	mymm_test_lines(test, mymm_buddyinfo_show, pool, many_digits);
	*count = 0;
}

static const char *const three_zones[] = {
	"Node 0, zone    DMA32      0      0      0      0      0      0      0      0      0      0      1 ",
	"Node 0, zone  HighMem      0      0      0      0      0      0      0      0      0      0      2 ",
	"Node 0, zone  Movable      0      0      0      0      0      0      0      0      0      0      1 ",
	NULL,
};

/* Each zone by its name, in the field's order; those that are not there have no line. */
static void buddyinfo_zones(struct kunit *test)
{
	struct mymm_pool *pool =
		mymm_test_pool_none(test, "Movable:4M,DMA32:4M,HighMem:8M");

	mymm_test_lines(test, mymm_buddyinfo_show, pool, three_zones);
}

/* --- slabinfo -------------------------------------------------------------------- */

#define HEADER_1 "slabinfo - version: 2.1"
#define HEADER_2                                                                           \
	"# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>" \
	" : tunables <limit> <batchcount> <sharedfactor>"                                  \
	" : slabdata <active_slabs> <num_slabs> <sharedavail>"

static const char *const no_caches[] = { HEADER_1, HEADER_2, NULL };

/* How it begins, for 2 or 3 CPUs. */
static const char *const newest_first[] = {
	HEADER_1,
	HEADER_2,
	"a-name-that-is-not-short      0      0     24  170    1 : tunables    0    0    0 : slabdata      0      0      0",
	"example               70    128     64   64    1 : tunables    0    0    0 : slabdata      2      2      0",
	"kmalloc-rcl-8k         0      0   8192    4    8 : tunables    0    0    0 : slabdata      0      0      0",
	"kmalloc-rcl-4k         0      0   4096    8    8 : tunables    0    0    0 : slabdata      0      0      0",
	NULL,
};

/* How it ends. */
static const char *const oldest_last[] = {
	"kmalloc-192            0      0    192   21    1 : tunables    0    0    0 : slabdata      0      0      0",
	"kmalloc-96             0      0     96   42    1 : tunables    0    0    0 : slabdata      0      0      0",
	NULL,
};

/* Without memory there are no size classes: both header lines all the same. */
static void slabinfo_empty(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool_none(test, "DMA:4K");

	mymm_test_lines(test, mymm_slabinfo_show_all, pool, no_caches);
}

/*
 * The newest cache first. Of 64 bytes 64 fit into a page, of 24 there are 170; a name of
 * more than 17 characters pushes the rest to the right.
 */
static void slabinfo(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "example", 64);
	struct mymm_cache *other =
		mymm_test_cache(test, pool, "a-name-that-is-not-short", 24);
	char *text, *begin, *end;
	void *objs[70];
	unsigned int i;

	for (i = 0; i < 70; i++)
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
	mymm_cache_shrink(cache); /* what the magazine has too much */
	text = mymm_test_text(test, mymm_slabinfo_show_all, pool, 16384);
	KUNIT_EXPECT_EQ(test, count_lines(text), 2 + 2 + 39);
	end = mymm_test_join(test, oldest_last);
	KUNIT_EXPECT_STREQ(test, text + strlen(text) - strlen(end), end);
	begin = mymm_test_join(test, newest_first);
	text[min(strlen(text), strlen(begin))] = 0;
	if (num_present_cpus() == 2 || num_present_cpus() == 3)
		KUNIT_EXPECT_STREQ(test, text, begin);
	for (i = 0; i < 70; i++)
		MYMM_EXPECT_OK(test, mymm_cache_free(cache, objs[i]));
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(other), 0);
}

/* --- the map ------------------------------------------------------------------------ */

#define MAP_LEGEND \
	"0-9 a: free, of that order   P: pages   S: slab   L: large kmalloc   C: in a CPU's list   . p s l c: the rest of it   -: hole"

static const char *const map_in_use[] = {
	MAP_LEGEND,
	"Node 0, zone      DMA, frames 0 to 255",
	"         0  Llll2...3.......4...............5...............................",
	"        64  6...............................................................",
	"       128  7...............................................................",
	"       192  ................................................................",
	"Node 0, zone   Normal, frames 256 to 273",
	"       256  Ssssssss3.......Pp",
	NULL,
};

static const char *const map_whole[] = {
	MAP_LEGEND,
	"Node 0, zone      DMA, frames 0 to 255",
	"         0  8...............................................................",
	"        64  ................................................................",
	"         *",
	"Node 0, zone   Normal, frames 256 to 273",
	"       256  4...............1.",
	NULL,
};

static void frame_map(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M,Normal:72K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "map", 2048);
	struct mymm_frame *frame;
	void *obj, *large;

	if (cache->order != 3)
		kunit_skip(test, "slabs are of order %u", cache->order);
	frame = mymm_alloc_pages(pool, GFP_KERNEL, 1);
	obj = mymm_cache_alloc(cache, GFP_DMA);
	large = mymm_kmalloc(pool, 10000, GFP_DMA);
	/* Lines of 64 frames; those like the one before are a star. */
	mymm_test_lines(test, mymm_frames_show, pool, map_in_use);
	MYMM_EXPECT_OK(test, mymm_kfree(large));
	MYMM_EXPECT_OK(test, mymm_cache_free(cache, obj));
	MYMM_EXPECT_OK(test, mymm_free_pages(pool, frame, 1));
	mymm_pool_drain(pool);
	mymm_test_lines(test, mymm_frames_show, pool, map_whole);
}

/* --- as a file -------------------------------------------------------------------------- */

static void end_caches(void *data)
{
	struct mymm_cache **caches = data;

	while (*caches)
		mymm_cache_destroy(*caches++);
}

static void put_pool(void *pool)
{
	mymm_pool_put(pool);
}

#define CACHES 400

/* 400 caches in the module's own pool, so /proc/myslabinfo has 40 KiB. */
static void long_file(struct kunit *test)
{
	struct mymm_cache_config config = { .size = 64 };
	struct mymm_cache **caches;
	struct mymm_pool *pool = mymm_pool_get_default();
	static const size_t pieces[] = { 7, 113, 1024, 4096, 65536 };
	char *expected, *text, name[20];
	unsigned int i;
	int err;

	KUNIT_ASSERT_NOT_NULL(test, pool);
	err = kunit_add_action_or_reset(test, put_pool, pool);
	KUNIT_ASSERT_EQ(test, err, 0);
	caches = kunit_kcalloc(test, CACHES + 1, sizeof(*caches), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, caches);
	err = kunit_add_action(test, end_caches, caches);
	KUNIT_ASSERT_EQ(test, err, 0);
	config.name = name;
	for (i = 0; i < CACHES; i++) {
		struct mymm_cache *cache;

		snprintf(name, sizeof(name), "kunit-%u", i);
		cache = mymm_cache_create(pool, &config);
		KUNIT_ASSERT_FALSE(test, IS_ERR(cache));
		caches[i] = cache;
	}
	expected =
		mymm_test_text(test, mymm_slabinfo_show_all, pool, 128 << 10);
	KUNIT_EXPECT_EQ(test, count_lines(expected), 2 + 39 + CACHES);
	KUNIT_EXPECT_GT(test, strlen(expected), 40000);
	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		text = mymm_test_read_file(test, "/proc/myslabinfo", pieces[i],
					   0600);
		KUNIT_EXPECT_TRUE_MSG(test, !strcmp(text, expected),
				      "in pieces of %zu", pieces[i]);
		kunit_kfree(test, text);
	}

	expected = mymm_test_text(test, mymm_buddyinfo_show, pool, 4096);
	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		text = mymm_test_read_file(test, "/proc/mybuddyinfo", pieces[i],
					   0444);
		KUNIT_EXPECT_STREQ(test, text, expected);
		kunit_kfree(test, text);
	}
}

/* Too small a buffer is full then, and not a byte more is written. */
static void small_buffer(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");

	mymm_test_small_buffer(test, mymm_buddyinfo_show, pool);
	mymm_test_small_buffer(test, mymm_slabinfo_show_all, pool);
	mymm_test_small_buffer(test, mymm_frames_show, pool);
}

static struct kunit_case format_cases[] = {
	KUNIT_CASE(buddyinfo),	    KUNIT_CASE(buddyinfo_zones),
	KUNIT_CASE(slabinfo_empty), KUNIT_CASE(slabinfo),
	KUNIT_CASE(frame_map),	    KUNIT_CASE(long_file),
	KUNIT_CASE(small_buffer),   {},
};

static struct kunit_suite format_suite = {
	.name = "mymm_format",
	.test_cases = format_cases,
};

kunit_test_suite(format_suite);
