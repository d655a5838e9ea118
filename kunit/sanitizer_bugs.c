// SPDX-License-Identifier: GPL-2.0
/*
 * Bugs, planted in memory of ours for KASAN, kmemleak and lockdep to find.
 *
 *   insmod mymm_sanitizer_bugs.ko engine=slab
 *   echo read_freed >/sys/module/mymm_sanitizer_bugs/parameters/bug
 *
 * Each name is a case of the table below, which runs in a pool of its own, in a thread of
 * its own, so that nothing of one is left to the next. How many reports each is to make is
 * the business of qemu/tests/sanitizers, which counts them. All accesses are in two
 * functions, look() and touch(): these are what a report must name.
 *
 * "inverted" is a lock that reclaim and an allocation take in different orders, for lockdep;
 * "in_order" and "told" are two that it is to let pass.
 *
 * "lose" and what follows it leave objects behind that nothing points to; they are
 * remembered in a way that kmemleak can't read, until "find" gives them back.
 *
 * Not part of the product: the module is built for kernels that have KASAN or kmemleak, and
 * make install leaves it out.
 */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "mymm.h"
#include "object/sanitize.h"

static char *engine = "slub";
module_param(engine, charp, 0444);
MODULE_PARM_DESC(engine,
		 "which one the objects are of: slub (default), slab or slob");

#define SIZE 20

static struct mymm_pool *pool;
static struct mymm_cache *cache;

/* --- the accesses ------------------------------------------------------------------ */

static noinline void look(const u8 *at)
{
	(void)READ_ONCE(*at);
}

static noinline void touch(u8 *at)
{
	WRITE_ONCE(*at, 0x42);
}

static struct mymm_cache *new_cache(const char *name, unsigned int size,
				    slab_flags_t flags, void (*ctor)(void *))
{
	const struct mymm_cache_config config = {
		.name = name,
		.size = size,
		.flags = flags,
		.ctor = ctor,
	};

	return mymm_cache_create(pool, &config);
}

static u8 *alloc(void)
{
	return mymm_cache_alloc(cache, GFP_KERNEL);
}

static void give_back(void *obj)
{
	WARN_ON(mymm_cache_free(cache, obj));
}

/* --- objects: KASAN ---------------------------------------------------------------- */

static void read_freed(void)
{
	u8 *obj = alloc();

	give_back(obj);
	look(obj);
}

static void write_freed(void)
{
	u8 *obj = alloc();

	give_back(obj);
	touch(obj + SIZE - 1);
}

/* No multiple of 8: the last granule is an object's in part. */
static void overrun(void)
{
	u8 *obj = alloc();

	touch(obj + SIZE);
	look(obj + SIZE);
	give_back(obj);
}

/* The second of two, so that there is something before it. */
static void underrun(void)
{
	u8 *first = alloc(), *obj = alloc();

	look(max(first, obj) - 1);
	give_back(obj);
	give_back(first);
}

/* Allowed accesses are not reported: each byte of each object, time and again. */
static void allowed(void)
{
	u8 *obj[50];
	int i, n, round;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(obj); i++) {
			obj[i] = alloc();
			for (n = 0; n < SIZE; n++)
				touch(obj[i] + n);
		}
		for (i = 0; i < ARRAY_SIZE(obj); i++)
			give_back(obj[i]);
	}
}

#define NEIGHBOURS 64

/*
 * Objects that fill their slots, with nothing between them: the byte behind an object whose
 * neighbour is held, or free. They are allocated in any order.
 */
static void neighbour(bool is_free)
{
	struct mymm_cache *full = new_cache("full", 64, 0, NULL);
	u8 *obj[NEIGHBOURS];
	int i, n = 0;

	for (i = 0; i < NEIGHBOURS; i++)
		obj[i] = mymm_cache_alloc(full, GFP_KERNEL);
	for (i = 1; obj[i] != obj[n] + 64;)
		if (++i == NEIGHBOURS)
			i = 0, n++;
	if (is_free)
		mymm_cache_free(full, obj[i]);
	look(obj[n] + 64);
	for (n = 0; n < NEIGHBOURS; n++)
		if (n != i || !is_free)
			mymm_cache_free(full, obj[n]);
	mymm_cache_destroy(full);
}

static void neighbour_held(void)
{
	neighbour(false);
}

static void neighbour_free(void)
{
	neighbour(true);
}

static void twice(void)
{
	u8 *obj = alloc();

	give_back(obj);
	WARN_ON(mymm_cache_free(cache, obj) != -EINVAL);
}

static void slab_gone(void)
{
	u8 *obj = alloc();

	give_back(obj);
	mymm_cache_shrink(cache);
	look(obj);
}

static void bulk(void)
{
	void *objs[16];
	int i;

	if (!mymm_cache_alloc_bulk(cache, GFP_KERNEL, ARRAY_SIZE(objs), objs))
		return;
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		touch(objs[i] + SIZE - 1);
	WARN_ON(mymm_cache_free_bulk(cache, ARRAY_SIZE(objs), objs));
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		look(objs[i]);
}

static void fill(void *obj)
{
	memset(obj, 0x5c, SIZE);
}

/* What the constructor wrote is there, and a free object is free all the same. */
static void constructed(void)
{
	struct mymm_cache *made = new_cache("made", SIZE, 0, fill);
	u8 *obj = mymm_cache_alloc(made, GFP_KERNEL);

	WARN_ON(memchr_inv(obj, 0x5c, SIZE));
	mymm_cache_free(made, obj);
	look(obj);
	mymm_cache_destroy(made);
}

/* Red zones, poison and tracks are ours: behind it, before it, and once it is freed. */
static void debugged(void)
{
	struct mymm_cache *debug =
		new_cache("debug", SIZE,
			  SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE |
				  SLAB_POISON | SLAB_STORE_USER,
			  NULL);
	u8 *obj;

	if (IS_ERR(debug))
		return;
	obj = mymm_cache_alloc(debug, GFP_KERNEL);
	touch(obj);
	touch(obj + SIZE - 1);
	look(obj + SIZE);
	look(obj - 1);
	mymm_cache_free(debug, obj);
	look(obj);
	mymm_cache_destroy(debug);
}

/* A reader may look at it until its slab has gone. */
static void typesafe(void)
{
	struct mymm_cache *safe =
		new_cache("safe", SIZE, SLAB_TYPESAFE_BY_RCU, NULL);
	u8 *obj;

	if (IS_ERR(safe))
		return;
	obj = mymm_cache_alloc(safe, GFP_KERNEL);
	mymm_cache_free(safe, obj);
	look(obj);
	mymm_cache_destroy(safe);
	mymm_pool_drain(pool);
	look(obj);
}

struct late_free {
	struct irq_work work;
	void *obj;
};

static void free_late(struct irq_work *work)
{
	give_back(container_of(work, struct late_free, work)->obj);
}

static void freed_in_interrupt(void)
{
	struct late_free late = { .work = IRQ_WORK_INIT_HARD(free_late) };

	late.obj = alloc();
	irq_work_queue(&late.work);
	irq_work_sync(&late.work);
	look(late.obj);
}

/* --- bytes: KASAN ------------------------------------------------------------------ */

static void bytes_beyond(void)
{
	u8 *ptr = mymm_kmalloc(pool, 33, GFP_KERNEL);

	touch(ptr + 32);
	touch(ptr + 33);
	mymm_kfree(ptr);
}

static void bytes_freed(void)
{
	u8 *ptr = mymm_kmalloc(pool, 33, GFP_KERNEL);

	mymm_kfree(ptr);
	look(ptr + 32);
}

static void bytes_ksize(void)
{
	u8 *ptr = mymm_kmalloc(pool, 33, GFP_KERNEL);

	touch(ptr + mymm_ksize(ptr) - 1);
	mymm_kfree(ptr);
}

static void bytes_less(void)
{
	u8 *ptr = mymm_kmalloc(pool, 64, GFP_KERNEL);

	ptr = mymm_krealloc(pool, ptr, 21, GFP_KERNEL);
	touch(ptr + 20);
	touch(ptr + 21);
	mymm_kfree(ptr);
}

/* A block of 16 KiB. */
static void large_beyond(void)
{
	u8 *ptr = mymm_kmalloc(pool, 10001, GFP_KERNEL);

	touch(ptr + 10000);
	touch(ptr + 10001);
	touch(ptr + SZ_16K - 1);
	mymm_kfree(ptr);
}

static void large_freed(void)
{
	u8 *ptr = mymm_kmalloc(pool, 10001, GFP_KERNEL);

	mymm_kfree(ptr);
	look(ptr);
}

/* --- pages: KASAN ------------------------------------------------------------------- */

static void pages_freed(void)
{
	unsigned int order;

	for (order = 0; order <= 5; order++) {
		struct mymm_frame *frame =
			mymm_alloc_pages(pool, GFP_KERNEL, order);
		u8 *last = mymm_frame_address(pool, frame) +
			   (PAGE_SIZE << order) - 1;

		touch(last);
		mymm_free_pages(pool, frame, order);
		look(last);
	}
}

static void range(void)
{
	u8 *at;

	if (mymm_alloc_range(pool, 9, 2, GFP_KERNEL))
		return;
	at = mymm_frame_address(pool, mymm_pfn_frame(pool, 9));
	touch(at);
	touch(at + 2 * PAGE_SIZE - 1);
	look(at - 1);
	look(at + 2 * PAGE_SIZE);
	mymm_free_range(pool, 9, 2);
	look(at);
}

/* --- reclaim: lockdep ------------------------------------------------------------------ */

static DEFINE_MUTEX(in_shrinker);

static unsigned long count_one(struct mymm_shrinker *shrinker,
			       struct mymm_shrink_control *sc)
{
	return 1;
}

/* Takes the lock, and has nothing. */
static unsigned long scan_locked(struct mymm_shrinker *shrinker,
				 struct mymm_shrink_control *sc)
{
	mutex_lock(&in_shrinker);
	mutex_unlock(&in_shrinker);
	return MYMM_SHRINK_STOP;
}

/* Have the pool reclaim, and then allocate with the lock of a shrinker, which need not wait. */
static void reclaim_and_alloc(gfp_t gfp)
{
	const gfp_t all = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
	struct mymm_shrinker shrinker = { .count = count_one,
					  .scan = scan_locked,
					  .seeks = 2 };
	struct mymm_frame *frame;
	u32 *of, nr = 0;

	of = kcalloc(SZ_1M / PAGE_SIZE, sizeof(*of), GFP_KERNEL);
	if (!of || mymm_shrinker_register(pool, &shrinker))
		goto out;
	while ((frame = mymm_alloc_pages(pool, all, 0)))
		of[nr++] = mymm_frame_pfn(pool, frame);
	while (nr)
		mymm_free_pages(pool, mymm_pfn_frame(pool, of[--nr]), 0);

	mutex_lock(&in_shrinker);
	frame = mymm_alloc_pages(pool, gfp, 0);
	mutex_unlock(&in_shrinker);
	if (frame)
		mymm_free_pages(pool, frame, 0);
	mymm_shrinker_unregister(&shrinker);
out:
	kfree(of);
}

static void in_order(void)
{
	reclaim_and_alloc(GFP_NOWAIT);
}

static void told(void)
{
	reclaim_and_alloc(GFP_KERNEL | __GFP_NOLOCKDEP);
}

static void inverted(void)
{
	reclaim_and_alloc(GFP_KERNEL);
}

/* --- leaks ---------------------------------------------------------------------------- */

/* What was lost. The complement of an address is none. */
struct lost {
	unsigned long not_at[16];
	unsigned int nr;
};

static struct lost objects, bytes, theirs;
static void *root;

static void lose_one(struct lost *lost, void *obj)
{
	lost->not_at[lost->nr++] = ~(unsigned long)obj;
}

static void *found(struct lost *lost)
{
	return lost->nr ? (void *)~lost->not_at[--lost->nr] : NULL;
}

/* Ten objects of 20 bytes, five of 300, one of 10001, to which nothing points. */
static void lose(void)
{
	int i;

	for (i = 0; i < 10; i++)
		lose_one(&objects, alloc());
	for (i = 0; i < 5; i++)
		lose_one(&bytes, mymm_kmalloc(pool, 300, GFP_KERNEL));
	lose_one(&bytes, mymm_kmalloc(pool, 10001, GFP_KERNEL));
}

/* Objects that were lost once, and freed. */
static void lose_freed(void)
{
	void *objs[40];
	int i;

	for (i = 0; i < ARRAY_SIZE(objs); i++)
		objs[i] = alloc();
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		give_back(objs[i]);
}

/*
 * Two objects of 1000 bytes, of which the first points to the second, and that one to an object of
 * the kernel's of 3000 bytes.
 */
static void *chain(void)
{
	void **first = mymm_kmalloc(pool, 1000, GFP_KERNEL | __GFP_ZERO);
	void **second = mymm_kmalloc(pool, 1000, GFP_KERNEL | __GFP_ZERO);

	first[7] = second;
	second[9] = kzalloc(3000, GFP_KERNEL);
	lose_one(&theirs, second[9]);
	lose_one(&bytes, first);
	lose_one(&bytes, second);
	return first;
}

/* We point to the first. None is lost. */
static void keep_chain(void)
{
	WRITE_ONCE(root, chain());
}

/* Nothing points to the first: two are lost, and the kernel's one. */
static void lose_chain(void)
{
	chain();
}

/* All that was lost. */
static void find(void)
{
	void *ptr;

	root = NULL;
	while ((ptr = found(&objects)))
		give_back(ptr);
	while ((ptr = found(&bytes)))
		WARN_ON(mymm_kfree(ptr));
	while ((ptr = found(&theirs)))
		kfree(ptr);
}

/* --- the table ------------------------------------------------------------------------ */

/*
 * A pool that nobody ends. Its names are gone with this module, and its threads run on: it
 * holds mymm.ko.
 */
static void leave_pool(void)
{
	const struct mymm_pool_config pool_config = {
		.name = "left",
		.zones = "Normal:1M",
		.engine = engine,
	};
	const struct mymm_cache_config cache_config = {
		.name = "left_things",
		.size = SIZE,
	};
	struct mymm_pool *left = mymm_pool_create(&pool_config);
	struct mymm_cache *things;

	if (WARN_ON(IS_ERR(left)))
		return;
	things = mymm_cache_create(left, &cache_config);
	WARN_ON(IS_ERR(things) || !mymm_cache_alloc(things, GFP_KERNEL));
}

static const struct bug {
	const char *name;
	void (*run)(void);
	bool stays;
} bugs[] = {
	{ "read_freed", read_freed },
	{ "write_freed", write_freed },
	{ "overrun", overrun },
	{ "underrun", underrun },
	{ "allowed", allowed },
	{ "neighbour_held", neighbour_held },
	{ "neighbour_free", neighbour_free },
	{ "twice", twice },
	{ "slab_gone", slab_gone },
	{ "bulk", bulk },
	{ "constructed", constructed },
	{ "debugged", debugged },
	{ "typesafe", typesafe },
	{ "freed_in_interrupt", freed_in_interrupt },
	{ "bytes_beyond", bytes_beyond },
	{ "bytes_freed", bytes_freed },
	{ "bytes_ksize", bytes_ksize },
	{ "bytes_less", bytes_less },
	{ "large_beyond", large_beyond },
	{ "large_freed", large_freed },
	{ "pages_freed", pages_freed },
	{ "range", range },
	{ "leave_pool", leave_pool },
	{ "in_order", in_order },
	{ "told", told },
	{ "inverted", inverted },
	{ "lose", lose, true },
	{ "lose_freed", lose_freed, true },
	{ "keep_chain", keep_chain, true },
	{ "lose_chain", lose_chain, true },
};

static int begin(void)
{
	const struct mymm_pool_config config = {
		.name = "planted",
		.zones = "Normal:1M",
		.engine = engine,
	};

	if (pool)
		return 0;
	pool = mymm_pool_create(&config);
	if (!IS_ERR(pool)) {
		/* An object at the pool's beginning is never lost: see sanitize.c. */
		WARN_ON(mymm_alloc_range(pool, 0, 1, GFP_KERNEL));
		cache = new_cache("plants", SIZE, 0, NULL);
		if (!IS_ERR(cache))
			return 0;
		mymm_free_range(pool, 0, 1);
		mymm_pool_destroy(pool);
	}
	pool = NULL;
	return -ENOMEM;
}

static int end(void)
{
	int err;

	if (!pool)
		return 0;
	find();
	err = mymm_cache_destroy(cache) ?: mymm_free_range(pool, 0, 1);
	if (!err)
		err = mymm_pool_destroy(pool);
	pool = NULL;
	return err;
}

/* What a thread had on its stack outlives it, and looks like a reference. */
static noinline mymm_unseen void wipe_stack(int depth)
{
	u8 room[1024];

	memset(room, 0, sizeof(room));
	barrier_data(room);
	if (depth)
		wipe_stack(depth - 1);
	barrier_data(room);
}

struct job {
	const struct bug *bug;
	struct completion done;
};

static int run(void *data)
{
	struct job *job = data;

	job->bug->run();
	wipe_stack(8);
	complete(&job->done);
	while (!kthread_should_stop())
		schedule_timeout_idle(1);
	return 0;
}

static int run_in_thread(const struct bug *bug)
{
	struct job job = { .bug = bug };
	struct task_struct *task;
	int err = begin();

	if (err)
		return err;
	init_completion(&job.done);
	task = kthread_run(run, &job, "mymm_sanitizer_bugs");
	if (IS_ERR(task))
		return PTR_ERR(task);
	wait_for_completion(&job.done);
	kthread_stop(task);
	return bug->stays ? 0 : end();
}

static int set_bug(const char *text, const struct kernel_param *param)
{
	unsigned int i;

	if (sysfs_streq(text, "find"))
		return end();
	for (i = 0; i < ARRAY_SIZE(bugs); i++)
		if (sysfs_streq(text, bugs[i].name))
			return run_in_thread(&bugs[i]);
	return -EINVAL;
}

static const struct kernel_param_ops bug_ops = { .set = set_bug };
module_param_cb(bug, &bug_ops, NULL, 0200);
MODULE_PARM_DESC(bug, "which bug to plant; find: undo what was lost");

static int __init bugs_init(void)
{
	return 0;
}

static void __exit bugs_exit(void)
{
	end();
}

module_init(bugs_init);
module_exit(bugs_exit);

MODULE_DESCRIPTION("Bugs for KASAN and kmemleak to find in mymm's memory");
MODULE_AUTHOR("The mymm founders");
MODULE_LICENSE("GPL");
