// SPDX-License-Identifier: GPL-2.0
/*
 * Emptying magazines, which only their own CPU may touch.
 *
 * On an online CPU a work item does it, bound to the CPU, in task context, where the token
 * is never found taken. Whoever wants it done holds the hotplug lock, so CPUs neither come
 * nor go meanwhile, queues an item on each, and waits for all of them.
 *
 * To trim is less: what a CPU did not take from since the last time loses everything, the
 * others keep half of what they have room for, and lose what is oldest. That is what SLAB
 * did every other second; here somebody has to ask for it, a person or a shrinker.
 *
 * The work items have a workqueue of their own, with a thread in reserve: whoever reclaims
 * memory, ours or the kernel's, may wait for them.
 *
 * A CPU that has died is emptied by a callback that runs on another one, after nothing can
 * run on it any more: that is later than its teardown, during which it still allocates.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>

#include "base/compat.h"
#include "object/transfer.h"
#include "page/registry.h"

/* The work items; one drain at a time. Innermost mutex, which protects the job. */
static DEFINE_MUTEX(drain_lock);
static struct work_struct __percpu *drain_works;
static struct workqueue_struct *drain_wq;
static int cpu_dead_state;

/**
 * struct job - what each CPU is to do
 * @run: does it
 * @pool: to which pool
 * @cache: and to which cache, for magazines; NULL: to all of the pool
 * @left: the magazines that it had
 */
static struct job {
	void (*run)(struct mymm_pool *pool, struct mymm_cache *cache);
	struct mymm_pool *pool;
	struct mymm_cache *cache;
	struct mymm_magazine __percpu *left;
} job;

/* What was not taken from lately goes; of the others half stays. */
static unsigned long trimmed(const struct mymm_cache *cache,
			     struct mymm_magazine *mag)
{
	bool idle = mag->alloc_hits == mag->trim_hits;

	mag->trim_hits = mag->alloc_hits;
	return idle ? 0 : cache->mag_limit / 2;
}

/*
 * Give what a magazine has to the engine, but for @keep objects. It is this CPU's, or a
 * dead one's. In a dead pool the engine's lists can't be trusted: there it is only
 * forgotten.
 */
static void empty_magazine(struct mymm_cache *cache, struct mymm_magazine *mag,
			   unsigned long keep)
{
	void *objs[MYMM_BATCH_OBJECTS];
	unsigned long nr;

	do {
		mymm_transfer_begin(cache);
		preempt_disable();
		if (WARN_ON_ONCE(!mymm_local_trylock(&mag->lock))) {
			mymm_local_contended(&mag->lock);
			preempt_enable();
			mymm_transfer_end(cache);
			return;
		}
		nr = mag->count - min(mag->count, keep);
		nr = min(nr, MYMM_BATCH_OBJECTS);
		mag->count -= nr;
		mag->moved -= nr;
		if (keep) {
			memcpy(objs, mag->objs, nr * sizeof(objs[0]));
			memmove(mag->objs, mag->objs + nr,
				mag->count * sizeof(objs[0]));
		} else {
			memcpy(objs, mag->objs + mag->count,
			       nr * sizeof(objs[0]));
		}
		mymm_forget_objects(mag->objs + mag->count, nr);
		mymm_magazine_put(mag);
		if (nr && !mymm_pool_dead(cache->pool))
			mymm_engine_put(cache, nr, objs);
		mymm_transfer_end(cache);
	} while (nr);
}

static void drain_magazine(struct mymm_cache *cache, struct mymm_magazine *mag)
{
	empty_magazine(cache, mag, 0);
}

/* What the engine has set aside for a CPU. */
static void drain_slabs(struct mymm_cache *cache, int cpu)
{
	if (cache->engine->drain_cpu && !mymm_pool_dead(cache->pool))
		cache->engine->drain_cpu(cache, cpu);
}

/* This CPU's magazines; the drainer holds pool->lock for us. */
static void drain_magazines(struct mymm_pool *pool, struct mymm_cache *cache)
{
	if (cache) {
		drain_magazine(cache, this_cpu_ptr(cache->mag));
		return;
	}
	list_for_each_entry(cache, &pool->caches, list)
		drain_magazine(cache, this_cpu_ptr(cache->mag));
}

static void trim_magazines(struct mymm_pool *pool, struct mymm_cache *none)
{
	struct mymm_cache *cache;

	list_for_each_entry(cache, &pool->caches, list) {
		struct mymm_magazine *mag = this_cpu_ptr(cache->mag);
		unsigned long keep = trimmed(cache, mag);

		empty_magazine(cache, mag, keep);
		if (!keep)
			drain_slabs(cache, smp_processor_id());
	}
}

/* SLAB's measure: a fifth of the room, or half of what there is. */
static void reap_magazines(struct mymm_pool *pool, struct mymm_cache *none)
{
	struct mymm_cache *cache;

	list_for_each_entry(cache, &pool->caches, list) {
		struct mymm_magazine *mag = this_cpu_ptr(cache->mag);
		unsigned long count = mag->count, fifth;
		bool idle = mag->alloc_hits == mag->reap_hits;

		mag->reap_hits = mag->alloc_hits;
		if (!cache->engine->reap || !idle || !count)
			continue;
		fifth = (cache->mag_limit + 4) / 5;
		if (fifth > count)
			fifth = (count + 1) / 2;
		empty_magazine(cache, mag, count - fifth);
	}
}

static void reap_cpu(struct mymm_pool *pool, struct mymm_cache *none)
{
	reap_magazines(pool, none);
	mymm_pcp_decay_local(pool);
}

/*
 * Both of one CPU; nobody is at the old one any more. What was counted goes on; interrupts
 * are counting in the new one.
 */
static void inherit(struct mymm_magazine *mag, const struct mymm_magazine *old)
{
	unsigned long flags;

	local_irq_save(flags);
	mag->alloc_hits += old->alloc_hits;
	mag->alloc_misses += old->alloc_misses;
	mag->free_misses += old->free_misses;
	mag->moved += old->moved;
	mag->lock.collisions += old->lock.collisions;
	local_irq_restore(flags);
}

/* The old magazine of this CPU, which has a new one already, is left. */
static void leave_magazine(struct mymm_pool *pool, struct mymm_cache *cache)
{
	struct mymm_magazine *old = this_cpu_ptr(job.left);

	drain_magazine(cache, old);
	preempt_disable();
	inherit(this_cpu_ptr(cache->mag), old);
	preempt_enable();
}

static void see_limit(struct mymm_pool *pool, struct mymm_cache *cache)
{
	/* To have been here is enough: what began before has ended. */
}

static void drain_work(struct work_struct *work)
{
	/* Bound to its CPU: this is a worker of that CPU. */
	job.run(job.pool, job.cache);
}

/* With drain_lock, and CPUs neither coming nor going. */
static void run_on_all_cpus(struct job todo)
{
	int cpu;

	lockdep_assert_held(&drain_lock);
	job = todo;
	for_each_online_cpu(cpu)
		queue_work_on(cpu, drain_wq, per_cpu_ptr(drain_works, cpu));
	for_each_online_cpu(cpu)
		flush_work(per_cpu_ptr(drain_works, cpu));
	job = (struct job){};
}

static void drain_all_cpus(struct mymm_pool *pool, struct mymm_cache *cache)
{
	lockdep_assert_held(&pool->lock);

	guard(mutex)(&drain_lock);
	run_on_all_cpus((struct job){ drain_magazines, pool, cache });
}

/**
 * mymm_magazine_drain() - empty the magazines of a cache on all CPUs
 * @cache: the cache
 *
 * Context: process; sleeps. The caller holds cpus_read_lock() and pool->lock.
 */
void mymm_magazine_drain(struct mymm_cache *cache)
{
	if (cache->mag_limit)
		drain_all_cpus(cache->pool, cache);
}
MYMM_EXPORT_INTERNAL(mymm_magazine_drain);

/**
 * mymm_magazine_drain_pool() - empty the magazines of all caches on all CPUs
 * @pool: whose caches
 *
 * Context: process; sleeps. The caller holds cpus_read_lock() and pool->lock.
 */
void mymm_magazine_drain_pool(struct mymm_pool *pool)
{
	drain_all_cpus(pool, NULL);
}

/**
 * mymm_magazine_trim_pool() - empty the magazines that nobody uses, and halve the others
 * @pool: whose caches
 *
 * Context: process; sleeps. The caller holds cpus_read_lock() and pool->lock.
 */
void mymm_magazine_trim_pool(struct mymm_pool *pool)
{
	lockdep_assert_held(&pool->lock);

	guard(mutex)(&drain_lock);
	run_on_all_cpus((struct job){ trim_magazines, pool });
}

static bool try_on_all_cpus(struct job todo)
{
	if (!mutex_trylock(&drain_lock))
		return false;
	run_on_all_cpus(todo);
	mutex_unlock(&drain_lock);
	return true;
}

/**
 * mymm_magazine_try_drain_pool() - mymm_magazine_drain_pool() for who must not wait long
 * @pool: whose caches
 *
 * Context: process; sleeps. The caller holds cpus_read_lock() and pool->lock.
 * Return: whether it was done: not if somebody else drains.
 */
bool mymm_magazine_try_drain_pool(struct mymm_pool *pool)
{
	return try_on_all_cpus((struct job){ drain_magazines, pool });
}

/**
 * mymm_magazine_try_trim_pool() - mymm_magazine_trim_pool() for who must not wait long
 * @pool: whose caches
 *
 * Context: process; sleeps. The caller holds cpus_read_lock() and pool->lock.
 * Return: whether it was done: not if somebody else drains.
 */
bool mymm_magazine_try_trim_pool(struct mymm_pool *pool)
{
	return try_on_all_cpus((struct job){ trim_magazines, pool });
}

/**
 * mymm_magazine_try_reap_pool() - a fifth of what was not used since the last time goes back
 * @pool: whose caches; of those whose engine has a reaper
 *
 * And what CPUs may keep of pages falls, where it was raised.
 *
 * Context: process; sleeps. The caller holds cpus_read_lock() and pool->lock.
 * Return: whether it was done: not if somebody else drains.
 */
bool mymm_magazine_try_reap_pool(struct mymm_pool *pool)
{
	return try_on_all_cpus((struct job){ reap_cpu, pool });
}

/**
 * mymm_magazine_switch() - give a cache other magazines
 * @cache: the cache
 * @mag: the new ones, empty
 * @tunables: what they have room for, and how many objects move at once
 *
 * Nobody may put more into a magazine than it has room for, and whoever is at one reads the
 * limit apart from it. So the lower of both limits holds until each CPU has been seen, then
 * the magazines change, and the higher one holds when each CPU has emptied its old one. As
 * long as all of this takes, it is one flight: a search begins anew. See magazine.c.
 *
 * Context: process; sleeps. The caller holds cpus_read_lock() and pool->lock.
 */
void mymm_magazine_switch(struct mymm_cache *cache,
			  struct mymm_magazine __percpu *mag,
			  const struct mymm_tunables *tunables)
{
	struct mymm_magazine __percpu *old = cache->mag;
	unsigned long limit = tunables->limit;
	struct job leave;
	int cpu;

	lockdep_assert_held(&cache->pool->lock);
	guard(mutex)(&drain_lock);

	mymm_transfer_begin(cache);
	WRITE_ONCE(cache->mag_limit, min(cache->mag_limit, limit));
	run_on_all_cpus((struct job){ see_limit, cache->pool, cache });
	/* Pairs with the address dependency of whoever follows cache->mag. */
	smp_store_release(&cache->mag, mag);
	leave = (struct job){ leave_magazine, cache->pool, cache, .left = old };
	run_on_all_cpus(leave);
	WRITE_ONCE(cache->mag_limit, limit);
	WRITE_ONCE(cache->mag_batch, tunables->batchcount);
	mymm_transfer_end(cache);

	/* Those of CPUs that are not there were emptied when they went. */
	for_each_possible_cpu(cpu)
		if (!cpu_online(cpu))
			inherit(per_cpu_ptr(mag, cpu), per_cpu_ptr(old, cpu));
	/* Others may still count what is in there, or look for something. */
	synchronize_rcu();
	free_percpu(old);
}

/* The CPU is dead: nobody can be at its magazines any more. */
static int cpu_dead(unsigned int cpu)
{
	struct mymm_pool *pool;
	struct mymm_cache *cache;

	mutex_lock(&mymm_pools_lock);
	list_for_each_entry(pool, &mymm_pools, node) {
		mutex_lock(&pool->lock);
		list_for_each_entry(cache, &pool->caches, list) {
			drain_magazine(cache, per_cpu_ptr(cache->mag, cpu));
			drain_slabs(cache, cpu);
		}
		mymm_pcp_drain_cpu(pool, cpu);
		mutex_unlock(&pool->lock);
	}
	mutex_unlock(&mymm_pools_lock);
	return 0;
}

/**
 * mymm_magazine_init() - be ready to empty magazines
 *
 * Context: process; sleeps; before the first cache.
 * Return: 0 or a negative errno.
 */
int mymm_magazine_init(void)
{
	int cpu;

	drain_works = alloc_percpu(struct work_struct);
	if (!drain_works)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		INIT_WORK(per_cpu_ptr(drain_works, cpu), drain_work);
	drain_wq = alloc_workqueue("mymm", WQ_MEM_RECLAIM, 0);
	if (!drain_wq) {
		free_percpu(drain_works);
		return -ENOMEM;
	}

	cpu_dead_state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN,
						   "mymm:dead", NULL, cpu_dead);
	if (cpu_dead_state < 0) {
		destroy_workqueue(drain_wq);
		free_percpu(drain_works);
		return cpu_dead_state;
	}
	return 0;
}

/**
 * mymm_magazine_exit() - undo mymm_magazine_init()
 *
 * Context: process; sleeps; after the last cache.
 */
void mymm_magazine_exit(void)
{
	/* Caches that ended free their magazines from RCU's callbacks: our code. */
	rcu_barrier();
	cpuhp_remove_state_nocalls(cpu_dead_state);
	destroy_workqueue(drain_wq);
	free_percpu(drain_works);
}
