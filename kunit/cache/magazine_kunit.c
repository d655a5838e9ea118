// SPDX-License-Identifier: GPL-2.0
/*
 * Magazines: how many objects they hold, which come out first, when a batch moves; and
 * that an interrupt which lands while one is in use stays away from it.
 *
 * The interrupt can be provoked for certain. A test takes the local trylock of its own CPU's
 * magazine, as a fast path does for a few instructions, and has a hardware interrupt come
 * meanwhile: by irq_work, which is an IPI to oneself, and by a timer. The interrupt allocates and
 * frees; it must get an object, must not get one of the magazine's, and must leave the magazine
 * as it is. It is left to chance as well: a timer goes off all the time while a task allocates
 * and frees, until the magazine has counted that it was found in use. How often that is tried is
 * bounded by a number of pairs, not by time.
 *
 * Tests: cache/magazine.c cache/bulk.c cache/tunables.c
 */
#include <linux/cpu.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>

#include "lib/util.h"
#include "cache/magazine.h"
#include "cache/double_free.h"

static struct mymm_magazine_stats stats_of(struct mymm_cache *cache)
{
	struct mymm_magazine_stats stats;

	mymm_magazine_stats(cache, &stats);
	return stats;
}

/* --- how many, and which -------------------------------------------------------- */

/*
 * SLAB's limits by size of an object, but of small ones what makes 32 KiB, up to 256; the
 * batch is half of it.
 */
static void limits(struct kunit *test)
{
	static const struct {
		unsigned int size;
		unsigned int limit;
		unsigned int batch;
	} table[] = {
		{ 8, 256, 128 },  { 128, 256, 128 }, { 136, 240, 120 },
		{ 256, 128, 64 }, { 264, 54, 27 },   { 1024, 54, 27 },
		{ 1032, 24, 12 }, { 4096, 24, 12 },  { 4104, 8, 4 },
		{ 131072, 8, 4 }, { 131080, 1, 1 },  { 4194304, 1, 1 },
	};
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	char name[20];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct mymm_cache *cache;

		snprintf(name, sizeof(name), "limit-%u", table[i].size);
		cache = mymm_test_cache(test, pool, name, table[i].size);
		KUNIT_EXPECT_EQ_MSG(test, cache->mag_limit, table[i].limit,
				    "%s", name);
		KUNIT_EXPECT_EQ_MSG(test, cache->mag_batch, table[i].batch,
				    "%s", name);
	}
}

#define PAIRS 10000

static void ping_pong(struct mymm_test_thread *thread)
{
	struct mymm_cache *cache = thread->data;
	unsigned int i;

	for (i = 0; i < PAIRS; i++) {
		void *obj = mymm_cache_alloc(cache, GFP_KERNEL);

		if (!obj || mymm_cache_free(cache, obj))
			mymm_test_complain(thread, "pair %u", i);
	}
}

/*
 * One object to and fro, 10000 times: the first allocation fetches a batch, and nothing
 * else leaves the magazine.
 */
static void hit_rate(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");
	static const unsigned int sizes[] = { 8, 64, 1024, 4096, 8192 };
	struct mymm_magazine_stats stats;
	struct mymm_cache *cache;
	char name[20];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		snprintf(name, sizeof(name), "hits-%u", sizes[i]);
		cache = mymm_test_cache(test, pool, name, sizes[i]);
		mymm_test_on_cpu(test, 0, ping_pong, cache);
		stats = stats_of(cache);
		KUNIT_EXPECT_EQ(test, stats.alloc_hits, PAIRS - 1);
		KUNIT_EXPECT_EQ(test, stats.alloc_misses, 1);
		KUNIT_EXPECT_EQ(test, stats.free_hits, PAIRS);
		KUNIT_EXPECT_EQ(test, stats.free_misses, 0);
		KUNIT_EXPECT_EQ(test, stats.collisions, 0);
		KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 1);
	}
}

#define DEEP 1000

static void breathe(struct mymm_test_thread *thread)
{
	struct mymm_cache *cache = thread->data;
	static void *objs[DEEP];
	unsigned int i, round;

	for (round = 0; round < 10; round++) {
		for (i = 0; i < DEEP; i++) {
			objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
			if (!objs[i])
				mymm_test_complain(thread, "alloc %u", i);
		}
		for (i = 0; i < DEEP; i++)
			if (mymm_cache_free(cache, objs[i]))
				mymm_test_complain(thread, "free %u", i);
	}
}

/*
 * A thousand out and a thousand back, ten times: far more than a magazine holds, but
 * batches of 32 keep nearly all of it in the fast paths.
 */
static void hit_rate_of_batches(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "batch", 64);
	struct mymm_magazine_stats stats;

	mymm_test_on_cpu(test, 0, breathe, cache);
	stats = stats_of(cache);
	KUNIT_EXPECT_EQ(test, stats.alloc_hits + stats.alloc_misses, 10 * DEEP);
	KUNIT_EXPECT_EQ(test, stats.free_hits + stats.free_misses, 10 * DEEP);
	/* A batch may be cut short where a slab ends: one in 16 would be the worst. */
	KUNIT_EXPECT_LE(test, stats.alloc_misses, 10 * DEEP / 16);
	KUNIT_EXPECT_LE(test, stats.free_misses, 10 * DEEP / 32);
	KUNIT_EXPECT_EQ(test, stats.objects, mymm_test_active(cache));
}

/*
 * Another CPU's numbers are read one by one while they change: here a batch arrives after the
 * objects were counted and before the transfers are. The result is never a negative number of
 * frees, from which percentages would be computed.
 */
static void read_in_between(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "torn", 64);
	struct mymm_magazine *mag = per_cpu_ptr(cache->mag, 0);

	mag->moved += 64;
	KUNIT_EXPECT_EQ(test, stats_of(cache).free_hits, 0);
	mag->moved -= 64;
}

static void last_in_first_out(struct mymm_test_thread *thread)
{
	struct mymm_cache *cache = thread->data;
	void *objs[50];
	int i;

	for (i = 0; i < 50; i++)
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
	for (i = 0; i < 50; i++)
		mymm_cache_free(cache, objs[i]);
	for (i = 49; i >= 0; i--) {
		void *obj = mymm_cache_alloc(cache, GFP_KERNEL);

		if (obj != objs[i])
			mymm_test_complain(thread, "number %d", i);
	}
	mymm_cache_free_bulk(cache, 50, objs);
}

/* What was freed last is still warm, so it is used first. */
static void warm_first(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");

	mymm_test_on_cpu(test, 0, last_in_first_out,
			 mymm_test_cache(test, pool, "warm", 64));
}

static void overflow_by_one(struct mymm_test_thread *thread)
{
	struct mymm_cache *cache = thread->data;
	struct mymm_magazine *mag;
	void *objs[129];
	int i;

	for (i = 0; i < 129; i++)
		objs[i] = mymm_cache_alloc(cache, GFP_KERNEL);
	/* What the batches brought too much, out of the way. */
	mymm_cache_shrink(cache);
	mag = this_cpu_ptr(cache->mag); /* the thread is bound to its CPU */
	for (i = 0; i < 128; i++)
		mymm_cache_free(cache, objs[i]);
	if (mag->count != 128)
		mymm_test_complain(thread, "%lu where 128 fit",
				   (unsigned long)mag->count);
	mymm_cache_free(cache, objs[128]);
	if (mag->count != 128 - 64 + 1)
		mymm_test_complain(thread, "%lu are left",
				   (unsigned long)mag->count);
	for (i = 0; i < 129; i++) {
		bool in_magazine = i >= 64;

		if (mymm_magazine_has(cache, objs[i]) != in_magazine)
			mymm_test_complain(thread, "number %d", i);
	}
}

/* The object that does not fit makes the oldest 64 go, and is then the newest. */
static void oldest_go_first(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:256K");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "oldest", 256);

	KUNIT_ASSERT_EQ(test, cache->mag_limit, 128);
	mymm_test_on_cpu(test, 0, overflow_by_one, cache);
}

/* A drain of the pool, and a shrink of the cache, empty the magazines of all CPUs. */
static void drained_on_each_cpu(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "drain", 64);
	int cpu;

	mymm_test_on_each_cpu(test, last_in_first_out, cache);
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_GE(test, per_cpu_ptr(cache->mag, cpu)->count, 50);
	mymm_cache_shrink(cache);
	KUNIT_EXPECT_EQ(test, stats_of(cache).objects, 0);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 0);

	mymm_test_on_each_cpu(test, last_in_first_out, cache);
	KUNIT_EXPECT_GE(test, mymm_pool_drain(pool), 1);
	KUNIT_EXPECT_EQ(test, stats_of(cache).objects, 0);
	KUNIT_EXPECT_EQ(test, mymm_test_slabs(cache), 0);
}

/* --- an interrupt while it is in use ---------------------------------------------- */

/* What an interrupt does, and what it found. */
struct visit {
	struct mymm_cache *cache;
	struct irq_work work;
	struct hrtimer timer;
	ktime_t period;
	unsigned long visits;
	unsigned long failures;
	bool in_hardirq;
	bool lock_taken;
	bool had_it; /* the object that it got was in the magazine */
	bool stop;
};

static void visit(struct visit *visit)
{
	struct mymm_cache *cache = visit->cache;
	void *obj;

	visit->in_hardirq = in_hardirq();
	visit->lock_taken = this_cpu_ptr(cache->mag)->lock.left != 1;
	obj = mymm_cache_alloc(cache, GFP_ATOMIC | __GFP_NOWARN);
	if (obj) {
		visit->had_it = mymm_magazine_has(cache, obj);
		memset(obj, 0xee, cache->object_size);
		visit->failures += mymm_cache_free(cache, obj) != 0;
	} else {
		visit->failures++;
	}
	WRITE_ONCE(visit->visits, visit->visits + 1);
}

static void visit_by_work(struct irq_work *work)
{
	visit(container_of(work, struct visit, work));
}

static enum hrtimer_restart visit_by_timer(struct hrtimer *timer)
{
	struct visit *data = container_of(timer, struct visit, timer);

	visit(data);
	if (READ_ONCE(data->stop) || !data->period)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, data->period);
	return HRTIMER_RESTART;
}

static void visit_init(struct visit *visit, struct mymm_cache *cache)
{
	*visit = (struct visit){ .cache = cache };
	init_irq_work(&visit->work, visit_by_work);
	hrtimer_init_on_stack(&visit->timer, CLOCK_MONOTONIC,
			      HRTIMER_MODE_REL_PINNED_HARD);
	visit->timer.function = visit_by_timer;
}

static void visit_end(struct visit *visit)
{
	WRITE_ONCE(visit->stop, true);
	irq_work_sync(&visit->work);
	hrtimer_cancel(&visit->timer);
	destroy_hrtimer_on_stack(&visit->timer);
}

/* Take the trylock, have @start cause an interrupt, check what it did. */
static void be_visited(struct mymm_test_thread *thread, struct visit *visit,
		       void (*start)(struct visit *visit))
{
	struct mymm_cache *cache = thread->data;
	unsigned long patience = 1UL << 30;
	unsigned long count, collisions;
	struct mymm_magazine *mag;
	void *top, *objs[20];
	bool changed;

	/* Something to be in the magazine. */
	mymm_cache_alloc_bulk(cache, GFP_KERNEL, ARRAY_SIZE(objs), objs);
	mymm_cache_free_bulk(cache, ARRAY_SIZE(objs), objs);

	preempt_disable();
	mag = this_cpu_ptr(cache->mag);
	mag->lock.left = 0;
	barrier();
	count = mag->count;
	top = mag->objs[count - 1];
	collisions = mag->lock.collisions;
	start(visit);
	while (!READ_ONCE(visit->visits) && patience--)
		cpu_relax();
	changed = mag->count != count || mag->objs[count - 1] != top ||
		  mag->lock.left != 0;
	collisions = READ_ONCE(mag->lock.collisions) - collisions;
	barrier();
	mag->lock.left = 1;
	preempt_enable();

	if (!visit->visits)
		mymm_test_complain(thread, "no interrupt came");
	if (!visit->in_hardirq || !visit->lock_taken)
		mymm_test_complain(thread, "it came at the wrong time");
	if (visit->failures)
		mymm_test_complain(thread, "it could not allocate or free");
	if (visit->had_it)
		mymm_test_complain(thread, "it got what is in the magazine");
	if (changed)
		mymm_test_complain(thread, "it changed the magazine");
	if (collisions < 2)
		mymm_test_complain(thread, "%lu collisions counted",
				   collisions);
}

static void start_work(struct visit *visit)
{
	irq_work_queue(&visit->work);
}

static void start_timer(struct visit *visit)
{
	hrtimer_start(&visit->timer, ns_to_ktime(10000),
		      HRTIMER_MODE_REL_PINNED_HARD);
}

static void be_visited_by_work(struct mymm_test_thread *thread)
{
	struct visit visit;

	visit_init(&visit, thread->data);
	be_visited(thread, &visit, start_work);
	visit_end(&visit);
}

static void be_visited_by_timer(struct mymm_test_thread *thread)
{
	struct visit visit;

	visit_init(&visit, thread->data);
	be_visited(thread, &visit, start_timer);
	visit_end(&visit);
}

static void interrupt_in_window(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "window", 64);

	mymm_test_on_each_cpu(test, be_visited_by_work, cache);
	MYMM_EXPECT_SOUND(test, pool);
}

static void timer_in_window(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "window", 64);

	mymm_test_on_each_cpu(test, be_visited_by_timer, cache);
	MYMM_EXPECT_SOUND(test, pool);
}

#define MOST_PAIRS 100000000UL
#define WANTED 3

/* Allocate and free, each object marked, until an interrupt has found the magazine in use. */
static void until_collision(struct mymm_test_thread *thread)
{
	struct mymm_cache *cache = thread->data;
	struct mymm_magazine *mag = this_cpu_ptr(cache->mag);
	unsigned long pair;
	struct visit visit;

	visit_init(&visit, cache);
	visit.period = ns_to_ktime(20000);
	hrtimer_start(&visit.timer, visit.period, HRTIMER_MODE_REL_PINNED_HARD);
	for (pair = 0; pair < MOST_PAIRS; pair++) {
		u64 *obj = mymm_cache_alloc(cache, GFP_KERNEL);

		if (!obj) {
			mymm_test_complain(thread, "no object");
			break;
		}
		obj[0] = pair;
		obj[7] = ~pair;
		barrier();
		if (READ_ONCE(obj[0]) != pair || READ_ONCE(obj[7]) != ~pair)
			mymm_test_complain(thread, "the object had two owners");
		if (mymm_cache_free(cache, obj))
			mymm_test_complain(thread, "free");
		if (READ_ONCE(mag->lock.collisions) >= WANTED)
			break;
		if (pair % 1000 == 0)
			cond_resched();
	}
	visit_end(&visit);
	if (mag->lock.collisions < WANTED)
		mymm_test_complain(thread,
				   "never in use, in %lu interrupts, %lu pairs",
				   visit.visits, pair);
	if (visit.failures)
		mymm_test_complain(thread, "%lu failures in interrupts",
				   visit.failures);
}

static void random_timer(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "chance", 64);

	mymm_test_on_each_cpu(test, until_collision, cache);
	KUNIT_EXPECT_GE(test, stats_of(cache).collisions, WANTED);
	MYMM_EXPECT_SOUND(test, pool);
	mymm_cache_shrink(cache);
	KUNIT_EXPECT_EQ(test, mymm_test_active(cache), 0);
}

/* --- a CPU goes away ------------------------------------------------------------------ */

static void cpu_back(void *data)
{
	add_cpu((unsigned long)data);
}

/*
 * The last CPU has objects in its magazine, and goes. They are on their freelists
 * then, and count as free; what it holds stays held. When it is back it allocates again.
 */
static void cpu_goes_away(struct kunit *test)
{
	struct mymm_pool *pool = mymm_test_pool(test, "DMA:1M");
	struct mymm_cache *cache = mymm_test_cache(test, pool, "cpu", 64);
	unsigned int last = cpumask_last(cpu_online_mask);
	struct mymm_magazine *mag = per_cpu_ptr(cache->mag, last);
	int err;

	if (num_online_cpus() < 2 || !cpu_is_hotpluggable(last))
		kunit_skip(test, "no CPU can go away");
	mymm_test_on_cpu(test, last, last_in_first_out, cache);
	KUNIT_EXPECT_GE(test, mag->count, 50);
	KUNIT_EXPECT_EQ(test, mymm_test_active(cache), mag->count);

	err = kunit_add_action(test, cpu_back, (void *)(unsigned long)last);
	KUNIT_ASSERT_EQ(test, err, 0);
	MYMM_EXPECT_OK(test, remove_cpu(last));
	KUNIT_EXPECT_EQ(test, mag->count, 0);
	KUNIT_EXPECT_EQ(test, mymm_test_active(cache), 0);
	MYMM_EXPECT_SOUND(test, pool);
	/* Emptying all magazines does without it. */
	KUNIT_EXPECT_EQ(test, mymm_cache_shrink(cache), 1);
	kunit_release_action(test, cpu_back, (void *)(unsigned long)last);

	mymm_test_on_cpu(test, last, ping_pong, cache);
	KUNIT_EXPECT_GT(test, mag->count, 0);
}

static struct kunit_case magazine_cases[] = {
	KUNIT_CASE(limits),
	MYMM_CASE_COOKIES(hit_rate),
	KUNIT_CASE(hit_rate_of_batches),
	KUNIT_CASE(read_in_between),
	MYMM_CASE_COOKIES(warm_first),
	KUNIT_CASE(oldest_go_first),
	MYMM_CASE_COOKIES(drained_on_each_cpu),
	MYMM_CASE_COOKIES(interrupt_in_window),
	MYMM_CASE_COOKIES(timer_in_window),
	MYMM_CASE_COOKIES(random_timer),
	KUNIT_CASE(cpu_goes_away),
	{},
};

static struct kunit_suite magazine_suite = {
	.name = "mymm_magazine",
	.test_cases = magazine_cases,
};

kunit_test_suite(magazine_suite);
