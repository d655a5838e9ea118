// SPDX-License-Identifier: GPL-2.0
/*
 * Pools and caches that end by themselves.
 *
 * What a test makes here is given back by an action of KUnit, which also runs when the test
 * stopped at an ASSERT. It is checked then: that is the last part of each test. A pool that can't
 * be destroyed as it should fails the test, and is then released whatever is in it, so that the
 * next test finds nothing of it.
 */
#include <kunit/test-bug.h>
#include <linux/fs.h>

#include "base/compat.h"
#include "engine/slob/slob.h"
#include "lib/model.h"
#include "lib/util.h"
#include "page/pcp_cpu.h"
#include "page/registry.h"
#include "page/vmstat.h"
#include "pool/pool.h"

/* --- pools ------------------------------------------------------------- */

/**
 * mymm_test_sound() - expect that no invariant is broken
 * @test: the test
 * @pool: where
 * @where: in the test
 */
void mymm_test_sound(struct kunit *test, struct mymm_pool *pool,
		     const char *where)
{
	struct mymm_finding finding;

	if (mymm_check(pool, &finding))
		KUNIT_FAIL(test, "%s: I%u is broken: %s", where,
			   finding.invariant, finding.text);
}
MYMM_EXPORT_INTERNAL(mymm_test_sound);

/**
 * mymm_test_finds() - expect that the validator finds something
 * @test: the test
 * @pool: where
 * @invariant: which is broken
 * @words: that are in what it says
 */
void mymm_test_finds(struct kunit *test, struct mymm_pool *pool,
		     unsigned int invariant, const char *words)
{
	struct mymm_finding finding = {};

	KUNIT_EXPECT_EQ(test, mymm_check(pool, &finding), -EUCLEAN);
	KUNIT_EXPECT_EQ(test, finding.invariant, invariant);
	KUNIT_EXPECT_PTR_NE_MSG(test, strstr(finding.text, words), NULL,
				"it says: %s", finding.text);
}
MYMM_EXPORT_INTERNAL(mymm_test_finds);

/* The free blocks that the borders of a zone and of its holes force when it is empty. */
static void count_forced(struct mymm_pool *pool, const struct mymm_zone *zone,
			 unsigned long *forced)
{
	u32 start = zone->buddy.start, end = start;
	unsigned long nr[MYMM_NR_ORDERS];
	unsigned int order;

	memset(forced, 0, MYMM_NR_ORDERS * sizeof(*forced));
	for (; start < zone->buddy.end; start = end + 1) {
		for (end = start;
		     end < zone->buddy.end &&
		     mymm_tag_state(pool->frame[end].tag) != MYMM_FRAME_HOLE;)
			end++;
		mymm_model_forced(start, end, nr);
		for (order = 0; order < MYMM_NR_ORDERS; order++)
			forced[order] += nr[order];
	}
}

/*
 * Nothing allocated, nothing in a CPU's list, nothing reserved, and only the blocks that the
 * zone's size forces, all of them of the type that it began with.
 */
static void expect_whole(struct kunit *test, struct mymm_pool *pool)
{
	enum mymm_migratetype first = mymm_pool_first_type(pool);
	unsigned long forced[MYMM_NR_ORDERS];
	struct mymm_zone_snapshot snap;
	unsigned int i, order;

	for (i = 0; i < pool->nr_zones; i++) {
		struct mymm_zone *zone = &pool->zone[i];
		const char *name = mymm_zone_name(zone->type);

		mymm_zone_read(zone, &snap);
		KUNIT_EXPECT_EQ_MSG(test, mymm_zone_allocated(pool, zone), 0,
				    "zone %s is not empty at the end", name);
		KUNIT_EXPECT_EQ_MSG(test, mymm_pcp_frames(pool, zone), 0,
				    "zone %s at the end, frames of CPUs", name);
		KUNIT_EXPECT_EQ_MSG(test, zone->nr_reserved_highatomic, 0,
				    "zone %s at the end, reserved", name);
		count_forced(pool, zone, forced);
		for (order = 0; order < MYMM_NR_ORDERS; order++)
			KUNIT_EXPECT_EQ_MSG(test,
					    snap.nr_free_type[first][order],
					    forced[order],
					    "zone %s at the end, order %u",
					    name, order);
	}
}

/* Has it slabs that it keeps since objects in them are out of use? */
static bool keeps_damage(const struct mymm_pool *pool)
{
	const struct mymm_cache *cache;

	list_for_each_entry(cache, &pool->caches, list)
		if (atomic_long_read(&cache->quarantined))
			return true;
	return pool->slob && pool->slob->nr_broken;
}

static void end_pool(void *data)
{
	struct kunit *test = kunit_get_current_test();
	unsigned int pools = mymm_pool_count();
	struct mymm_pool *pool = data;
	int err;

	if (!mymm_pool_dead(pool)) {
		MYMM_EXPECT_SOUND(test, pool);
		mymm_pool_drain(pool);
		MYMM_EXPECT_SOUND(test, pool);
		if (!keeps_damage(pool))
			expect_whole(test, pool);
	}
	err = mymm_pool_destroy(pool);
	KUNIT_EXPECT_EQ_MSG(test, err, 0, "the pool can't be destroyed");
	if (err)
		mymm_pool_release(pool);
	KUNIT_EXPECT_EQ(test, mymm_pool_count(), pools - 1);
}

/* --- engines ----------------------------------------------------------- */

/* Those with cookies first. */
static const char *const engines[] = { "slub", "slab", "slob" };
#define COOKIE_ENGINES 2

static const void *next_engine(const void *prev, char *desc, unsigned int nr)
{
	const char *const *engine = prev ? (const char *const *)prev + 1 :
					   engines;

	if (engine == engines + nr)
		return NULL;
	strscpy(desc, *engine, KUNIT_PARAM_DESC_SIZE);
	return engine;
}

/**
 * mymm_test_engines() - each engine is a parameter
 * @prev: the one before; NULL for the first
 * @desc: becomes its name
 *
 * Return: the parameter; NULL after the last.
 */
const void *mymm_test_engines(const void *prev, char *desc)
{
	return next_engine(prev, desc, ARRAY_SIZE(engines));
}

/**
 * mymm_test_cookie_engines() - each engine whose free objects carry cookies is a parameter
 * @prev: the one before; NULL for the first
 * @desc: becomes its name
 *
 * Return: the parameter; NULL after the last.
 */
const void *mymm_test_cookie_engines(const void *prev, char *desc)
{
	return next_engine(prev, desc, COOKIE_ENGINES);
}

/**
 * mymm_test_engine() - the engine that a test runs with
 * @test: the test
 *
 * Return: its name; NULL if the test has no such parameter.
 */
const char *mymm_test_engine(struct kunit *test)
{
	const char *const *engine = test->param_value;

	if (engine >= engines && engine < engines + ARRAY_SIZE(engines))
		return *engine;
	return NULL;
}

/**
 * mymm_test_no_magazines() - flags of a cache that is to have none, whatever its engine
 * @test: the test
 *
 * Return: SLAB_*: what makes it a debug cache, but for slob, which has none of either.
 */
slab_flags_t mymm_test_no_magazines(struct kunit *test)
{
	return strcmp(mymm_test_engine(test), "slob") ? SLAB_POISON : 0;
}

/**
 * mymm_test_slabinfo() - what /proc/myslabinfo says of a cache
 * @cache: the cache
 *
 * Return: all of it.
 */
struct mymm_slabinfo mymm_test_slabinfo(struct mymm_cache *cache)
{
	struct mymm_slabinfo info;

	cache->engine->get_slabinfo(cache, &info);
	return info;
}

/**
 * mymm_test_active() - objects of a cache that left their slabs
 * @cache: the cache
 *
 * Return: how many.
 */
unsigned long mymm_test_active(struct mymm_cache *cache)
{
	return mymm_test_slabinfo(cache).active_objs;
}

/**
 * mymm_test_objects() - objects that a cache has room for
 * @cache: the cache
 *
 * Return: how many.
 */
unsigned long mymm_test_objects(struct mymm_cache *cache)
{
	return mymm_test_slabinfo(cache).num_objs;
}

/**
 * mymm_test_slabs() - slabs that a cache has
 * @cache: the cache
 *
 * Return: how many.
 */
unsigned long mymm_test_slabs(struct mymm_cache *cache)
{
	return mymm_test_slabinfo(cache).num_slabs;
}

/* --- pools ------------------------------------------------------------- */

/**
 * mymm_test_pool_config() - a pool for a test, like none of the usual ones
 * @test: the test
 * @config: what it is to be like; its name is the test's
 *
 * Return: the pool; the test stops if there is none.
 */
struct mymm_pool *mymm_test_pool_config(struct kunit *test,
					const struct mymm_pool_config *config)
{
	struct mymm_pool_config named = *config;
	struct mymm_pool *pool;

	named.name = test->name;
	named.engine = config->engine ?: mymm_test_engine(test);
	pool = mymm_pool_create(&named);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(pool), "no pool of %s: %ld",
			       config->zones, PTR_ERR(pool));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_pool, pool),
			0);
	return pool;
}
MYMM_EXPORT_INTERNAL(mymm_test_pool_config);

static struct mymm_pool *bare_pool(struct kunit *test, const char *zones,
				   enum mymm_backing backing)
{
	const struct mymm_pool_config config = {
		.zones = zones,
		.backing = backing,
		.flags = MYMM_POOL_BARE,
	};

	return mymm_test_pool_config(test, &config);
}

/**
 * mymm_test_pool() - a pool for a test: a buddy system and zones, and nothing that remembers
 * @test: the test
 * @zones: as for mymm_pool_create()
 *
 * Return: the pool; the test stops if there is none.
 */
struct mymm_pool *mymm_test_pool(struct kunit *test, const char *zones)
{
	return bare_pool(test, zones, MYMM_BACKING_VMALLOC);
}
MYMM_EXPORT_INTERNAL(mymm_test_pool);

/**
 * mymm_test_pool_none() - a pool without memory for a test
 * @test: the test
 * @zones: as for mymm_pool_create()
 *
 * Return: the pool; the test stops if there is none.
 */
struct mymm_pool *mymm_test_pool_none(struct kunit *test, const char *zones)
{
	return bare_pool(test, zones, MYMM_BACKING_NONE);
}
MYMM_EXPORT_INTERNAL(mymm_test_pool_none);

/* --- caches ------------------------------------------------------------ */

static void end_cache(void *cache)
{
	struct kunit *test = kunit_get_current_test();

	KUNIT_EXPECT_EQ_MSG(test, mymm_cache_destroy(cache), 0,
			    "a cache can't be destroyed");
}

/**
 * mymm_test_cache_config() - a cache for a test
 * @test: the test
 * @pool: where
 * @config: what it is to be like
 *
 * Return: the cache; the test stops if there is none.
 */
struct mymm_cache *
mymm_test_cache_config(struct kunit *test, struct mymm_pool *pool,
		       const struct mymm_cache_config *config)
{
	struct mymm_cache *cache = mymm_cache_create(pool, config);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(cache), "no cache %s: %ld",
			       config->name, PTR_ERR(cache));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_cache, cache),
			0);
	return cache;
}

/**
 * mymm_test_cache() - a cache for a test, with nothing special
 * @test: the test
 * @pool: where
 * @name: its name
 * @size: of its objects
 *
 * Return: the cache; the test stops if there is none.
 */
struct mymm_cache *mymm_test_cache(struct kunit *test, struct mymm_pool *pool,
				   const char *name, unsigned int size)
{
	const struct mymm_cache_config config = { .name = name, .size = size };

	return mymm_test_cache_config(test, pool, &config);
}

/**
 * mymm_test_cache_destroy() - end a cache before the test ends
 * @test: the test
 * @cache: from one of the above
 *
 * Return: what mymm_cache_destroy() says.
 */
int mymm_test_cache_destroy(struct kunit *test, struct mymm_cache *cache)
{
	int err = mymm_cache_destroy(cache);

	if (!err)
		kunit_remove_action(test, end_cache, cache);
	return err;
}

/**
 * mymm_test_pool_release() - end a pool of which objects are still held
 * @test: the test
 * @pool: from one of the above, and its caches
 */
void mymm_test_pool_release(struct kunit *test, struct mymm_pool *pool)
{
	struct mymm_cache *cache;

	list_for_each_entry(cache, &pool->caches, list)
		kunit_remove_action(test, end_cache, cache);
	kunit_remove_action(test, end_pool, pool);
	mymm_pool_release(pool);
}

/* --- files ------------------------------------------------------------- */

/**
 * mymm_test_read_file() - what is in a file
 * @test: the test; it stops if the file can't be opened
 * @path: where it is
 * @piece: how many bytes to read at once
 * @mode: what its permissions must be; 0 if they don't matter
 *
 * Return: the file's text, up to 128 KiB, which ends with the test.
 */
char *mymm_test_read_file(struct kunit *test, const char *path, size_t piece,
			  umode_t mode)
{
	const size_t size = 128 << 10;
	char first[16] = "";
	struct file *file;
	loff_t pos = 0;
	ssize_t got;
	char *text;

	text = kunit_kzalloc(test, size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, text);
	file = filp_open(path, O_RDONLY, 0);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(file), "%s: %ld", path,
			       PTR_ERR(file));
	if (mode)
		KUNIT_EXPECT_EQ(test, file_inode(file)->i_mode & 07777, mode);
	do
		got = kernel_read(file, text + pos,
				  min(piece, size - 1 - (size_t)pos), &pos);
	while (got > 0);
	KUNIT_EXPECT_EQ(test, got, 0);
	/* After a seek to 0 the same is read again, as slabtop does. */
	pos = 0;
	got = kernel_read(file, first, sizeof(first) - 1, &pos);
	KUNIT_EXPECT_EQ(test, got, min(sizeof(first) - 1, strlen(text)));
	KUNIT_EXPECT_MEMEQ(test, first, text, max(got, 0));
	filp_close(file, NULL);
	return text;
}
MYMM_EXPORT_INTERNAL(mymm_test_read_file);
