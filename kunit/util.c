// SPDX-License-Identifier: GPL-2.0
/*
 * Pools and caches that end by themselves, states to compare, threads on CPUs.
 *
 * What a test makes here is given back by an action of KUnit, which also runs when
 * the test stopped at an ASSERT. And it is looked at then: that is the last part of each
 * test. A pool that can't be destroyed as it should fails the test, and is
 * then released whatever is in it, so that the next test finds nothing of it.
 *
 * "Nothing has changed" is said with a state: hashes over everything that belongs to a
 * pool, taken before and after. It costs O(bytes of the pool), so such tests use small
 * ones.
 *
 * Threads are bound to a CPU each and begin together, when all of them are there. They
 * count what they find wrong, and whoever started them waits for all and tells: a thread
 * that KUNIT_ASSERT() ended could not be waited for.
 */
#include <kunit/test-bug.h>
#include <linux/cpu.h>
#include <linux/fs.h>
#include <linux/jhash.h>
#include <linux/kthread.h>

#include "../src/slub.h"
#include "model.h"
#include "util.h"

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
		expect_whole(test, pool);
	}
	err = mymm_pool_destroy(pool);
	KUNIT_EXPECT_EQ_MSG(test, err, 0, "the pool can't be destroyed");
	if (err) {
		mymm_pool_kill(pool, "its test left something behind");
		mymm_pool_release(pool);
	}
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

/* --- use after free ----------------------------------------------------- */

/**
 * mymm_test_scribble() - write to memory that is free, and don't have KASAN tell
 * @at: where
 * @byte: what
 * @bytes: how many
 */
void mymm_test_scribble(void *at, u8 byte, size_t bytes)
{
	mymm_sanitize_pause();
	memset(at, byte, bytes);
	mymm_sanitize_resume();
}

/**
 * mymm_test_peek() - look at memory that is free, the same way
 * @at: where
 *
 * Return: the byte.
 */
u8 mymm_test_peek(const void *at)
{
	u8 byte;

	mymm_sanitize_pause();
	byte = *(const u8 *)at;
	mymm_sanitize_resume();
	return byte;
}

/**
 * mymm_test_flip() - change bits of a byte that is free, or ours, the same way
 * @at: where
 * @bits: which
 */
void mymm_test_flip(void *at, u8 bits)
{
	mymm_test_scribble(at, mymm_test_peek(at) ^ bits, 1);
}

static void see_again(void *unused)
{
	WRITE_ONCE(mymm_sanitize_blind, false);
}

/**
 * mymm_test_unwatched() - let KASAN and kmemleak not see what this test does from now on
 * @test: the test
 */
void mymm_test_unwatched(struct kunit *test)
{
	mymm_sanitize_pause(); /* it ends with the thread, of which each case has one */
	WRITE_ONCE(mymm_sanitize_blind, true);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, see_again, NULL),
			0);
}

/* --- states ------------------------------------------------------------ */

/* Each CPU's, but for how often an interrupt found it at them. */
static u32 hash_lists(struct mymm_pool *pool, const struct mymm_zone *zone,
		      u32 hash)
{
	const size_t skip = offsetof(struct mymm_pcp, zone);
	const struct mymm_pcp *pcp;
	int cpu;

	for_each_possible_cpu(cpu) {
		pcp = per_cpu_ptr(pool->cpu, cpu)->by_zone[zone->number];
		hash = jhash((void *)pcp + skip, sizeof(*pcp) - skip, hash);
	}
	return hash;
}

static u32 hash_zones(struct mymm_pool *pool)
{
	u32 hash = 0;
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++) {
		const struct mymm_zone *zone = &pool->zone[i];
		const struct mymm_buddy *buddy = &zone->buddy;
		const size_t skip = offsetof(struct mymm_zone, buddy);
		u32 first = buddy->start >> buddy->block_order;
		u32 last = (buddy->end - 1) >> buddy->block_order;

		/* Neither the lock and what follows from the rest, nor statistics. */
		hash = jhash((void *)zone + skip,
			     offsetof(struct mymm_zone, allocs) - skip, hash);
		hash = jhash(buddy->pageblock + first, last - first + 1, hash);
		hash = hash_lists(pool, zone, hash);
	}
	return hash;
}

static u32 hash_magazines(const struct mymm_cache *cache, u32 hash)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct mymm_magazine *mag = per_cpu_ptr(cache->mag, cpu);

		hash = jhash(mag->objs, mag->count * sizeof(mag->objs[0]),
			     hash ^ mag->count);
	}
	return hash;
}

/* Nodes and CPUs, but for their locks. */
static u32 hash_slubs(const struct mymm_cache *cache, u32 hash)
{
	const size_t node_skip = offsetofend(struct mymm_slub_node, lock);
	const size_t cpu_skip = offsetofend(struct mymm_slub_cpu, lock);
	const struct mymm_slubs *s = mymm_slubs_of(cache);
	unsigned int node;
	int cpu;

	for (node = 0; node < s->nr_nodes; node++)
		hash = jhash((void *)&s->node[node] + node_skip,
			     sizeof(s->node[0]) - node_skip, hash);
	for_each_possible_cpu(cpu)
		hash = jhash((void *)per_cpu_ptr(s->cpu, cpu) + cpu_skip,
			     sizeof(*s->cpu) - cpu_skip, hash);
	return hash;
}

static u32 hash_caches(struct mymm_pool *pool)
{
	struct mymm_cache *cache;
	u32 hash = 0;

	guard(mutex)(&pool->lock);
	list_for_each_entry(cache, &pool->caches, list) {
		const unsigned long counts[] = {
			mymm_test_slabs(cache),
			mymm_test_objects(cache),
			mymm_test_active(cache),
			atomic_long_read(&cache->quarantined),
		};

		hash = jhash(counts, sizeof(counts), hash);
		if (cache->engine == &mymm_slub_ops)
			hash = hash_slubs(cache, hash);
		hash = hash_magazines(cache, hash);
	}
	return hash;
}

/* What allocations have left for later is done, and nothing remains of it. */
static void settle(struct mymm_pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++) {
		struct mymm_zone *zone = &pool->zone[i];

		guard(raw_spinlock_irqsave)(&zone->lock);
		mymm_buddy_settle(&zone->buddy);
		zone->buddy.cut = (struct mymm_cut){ .idx = MYMM_NO_FRAME };
	}
}

/**
 * mymm_test_state() - what a pool is like
 * @pool: the pool
 *
 * Return: its state.
 */
struct mymm_test_state mymm_test_state(struct mymm_pool *pool)
{
	struct mymm_test_state state;
	unsigned int i;

	settle(pool);
	mymm_sanitize_pause(); /* free memory, too */
	state = (struct mymm_test_state){
		.frames =
			jhash(pool->frame, pool->table.pages << PAGE_SHIFT, 0),
		.zones = hash_zones(pool),
		.caches = hash_caches(pool),
		.memory = mymm_pool_has_memory(pool) ?
				  jhash(pool->base, pool->bytes, 0) :
				  0,
	};
	mymm_sanitize_resume();
	for (i = 0; i < MYMM_NR_REFUSALS; i++)
		state.refused[i] = atomic_long_read(&pool->refused[i]);
	return state;
}

/**
 * mymm_test_same() - expect that a pool is as it was
 * @test: the test
 * @pool: the pool
 * @before: what it was like
 * @refusal: which counter has grown by one, of enum mymm_refusal; -1: none
 * @where: in the test
 */
void mymm_test_same(struct kunit *test, struct mymm_pool *pool,
		    const struct mymm_test_state *before, int refusal,
		    const char *where)
{
	struct mymm_test_state after = mymm_test_state(pool);
	int i;

	KUNIT_EXPECT_EQ_MSG(test, after.frames, before->frames,
			    "%s: the frame table changed", where);
	KUNIT_EXPECT_EQ_MSG(test, after.zones, before->zones,
			    "%s: the zones' counts changed", where);
	KUNIT_EXPECT_EQ_MSG(test, after.caches, before->caches,
			    "%s: the caches changed", where);
	KUNIT_EXPECT_EQ_MSG(test, after.memory, before->memory,
			    "%s: the memory changed", where);
	for (i = 0; i < MYMM_NR_REFUSALS; i++)
		KUNIT_EXPECT_EQ_MSG(test, after.refused[i] - before->refused[i],
				    (long)(i == refusal),
				    "%s: how often refused as %s", where,
				    mymm_refusal_names[i]);
}

/* --- threads ----------------------------------------------------------- */

/**
 * mymm_test_complain() - a thread found something wrong
 * @thread: the thread
 * @fmt: what
 */
void mymm_test_complain(struct mymm_test_thread *thread, const char *fmt, ...)
{
	va_list args;

	if (thread->failures++)
		return;
	va_start(args, fmt);
	vsnprintf(thread->what, sizeof(thread->what), fmt, args);
	va_end(args);
}

static int thread_main(void *data)
{
	struct mymm_test_thread *thread = data;

	wait_for_completion(thread->go);
	if (thread->run)
		thread->run(thread);
	complete(&thread->done);
	return 0;
}

/* Start threads on the CPUs of @cpus, wait for them, tell what they found. */
static void run_threads(struct kunit *test, const struct cpumask *cpus,
			void (*run)(struct mymm_test_thread *thread),
			void *data)
{
	unsigned int of = cpumask_weight(cpus), nr = 0, cpu, i;
	DECLARE_COMPLETION_ONSTACK(go);
	struct mymm_test_thread *threads;
	struct rnd_state random;
	long err = 0;

	threads = kunit_kcalloc(test, of, sizeof(*threads), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, threads);
	mymm_test_seed(test, &random);
	for_each_cpu(cpu, cpus) {
		struct mymm_test_thread *thread = &threads[nr];

		*thread = (struct mymm_test_thread){
			.cpu = cpu,
			.number = nr,
			.of = of,
			.data = data,
			.run = run,
			.go = &go,
		};
		prandom_seed_state(&thread->random, prandom_u32_state(&random));
		init_completion(&thread->done);
		thread->task = kthread_create_on_cpu(thread_main, thread, cpu,
						     "mymm_test/%u");
		if (IS_ERR(thread->task)) {
			err = PTR_ERR(thread->task);
			break;
		}
		nr++;
	}
	for (i = 0; i < nr; i++) {
		if (err)
			threads[i].run = NULL;
		wake_up_process(threads[i].task);
	}
	complete_all(&go);
	for (i = 0; i < nr; i++) {
		wait_for_completion(&threads[i].done);
		if (threads[i].failures)
			KUNIT_FAIL(test, "CPU %u: %lu failures; the first: %s",
				   threads[i].cpu, threads[i].failures,
				   threads[i].what);
	}
	KUNIT_EXPECT_EQ_MSG(test, err, 0, "a thread can't be started");
}

/**
 * mymm_test_on_each_cpu() - run a function on all CPUs at the same time
 * @test: the test; it fails if a thread complains
 * @run: what each of the threads does
 * @data: for it
 *
 * Returns when all of them are done.
 */
void mymm_test_on_each_cpu(struct kunit *test,
			   void (*run)(struct mymm_test_thread *thread),
			   void *data)
{
	run_threads(test, cpu_online_mask, run, data);
}

/**
 * mymm_test_on_cpu() - run a function on one CPU
 * @test: the test; it fails if the thread complains
 * @cpu: which
 * @run: what the thread does
 * @data: for it
 */
void mymm_test_on_cpu(struct kunit *test, unsigned int cpu,
		      void (*run)(struct mymm_test_thread *thread), void *data)
{
	run_threads(test, cpumask_of(cpu), run, data);
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
	/* Whoever seeks to 0 reads the same again, as slabtop does. */
	pos = 0;
	got = kernel_read(file, first, sizeof(first) - 1, &pos);
	KUNIT_EXPECT_EQ(test, got, min(sizeof(first) - 1, strlen(text)));
	KUNIT_EXPECT_MEMEQ(test, first, text, max(got, 0));
	filp_close(file, NULL);
	return text;
}
