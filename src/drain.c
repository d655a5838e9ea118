// SPDX-License-Identifier: GPL-2.0
/*
 * Emptying magazines, which only their own CPU may touch.
 *
 * On an online CPU a work item does it, bound to the CPU, in task context, where the token
 * is never found taken. Whoever wants it done holds the hotplug lock, so CPUs neither come
 * nor go meanwhile, queues an item on each, and waits for all of them.
 *
 * A CPU that has died is emptied by a callback that runs on another one, after nothing can
 * run on it any more: that is later than its teardown, during which it still allocates.
 */
#include <linux/cpuhotplug.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>

#include "token.h"

/* The work items that empty magazines; one drain at a time. Innermost mutex. */
static DEFINE_MUTEX(drain_lock);
static struct work_struct __percpu *drain_works;
static struct mymm_pool *drain_pool; /* under drain_lock */
static struct mymm_cache
	*drain_cache; /* under drain_lock; NULL: all of the pool */
static int cpu_dead_state;

/*
 * Give what a magazine has to the engine. It is this CPU's, or a dead one's. In a dead
 * pool the engine's lists can't be trusted: there it is only forgotten.
 */
static void drain_magazine(struct mymm_cache *cache, struct mymm_magazine *mag)
{
	void *objs[MYMM_BATCH_OBJECTS];
	unsigned long nr;

	do {
		mymm_flight_begin(cache);
		preempt_disable();
		if (WARN_ON_ONCE(!mymm_token_take(mag))) {
			mymm_token_undo(mag);
			preempt_enable();
			mymm_flight_end(cache);
			return;
		}
		nr = min(mag->count, MYMM_BATCH_OBJECTS);
		mag->count -= nr;
		mag->moved -= nr;
		memcpy(objs, mag->objs + mag->count, nr * sizeof(objs[0]));
		mymm_magazine_put(mag);
		if (nr && !mymm_pool_dead(cache->pool))
			cache->engine->free(cache, nr, objs);
		mymm_flight_end(cache);
	} while (nr);
}

static void drain_work(struct work_struct *work)
{
	struct mymm_cache *cache = READ_ONCE(drain_cache);

	/* Bound to its CPU: this is a worker of that CPU. */
	if (cache) {
		drain_magazine(cache, this_cpu_ptr(cache->mag));
		return;
	}
	/* The drainer holds pool->lock for us. */
	list_for_each_entry(cache, &drain_pool->caches, list)
		drain_magazine(cache, this_cpu_ptr(cache->mag));
}

static void drain_all_cpus(struct mymm_pool *pool, struct mymm_cache *cache)
{
	int cpu;

	lockdep_assert_held(&pool->lock);

	guard(mutex)(&drain_lock);
	drain_pool = pool;
	WRITE_ONCE(drain_cache, cache);
	for_each_online_cpu(cpu)
		queue_work_on(cpu, system_wq, per_cpu_ptr(drain_works, cpu));
	for_each_online_cpu(cpu)
		flush_work(per_cpu_ptr(drain_works, cpu));
	drain_pool = NULL;
	WRITE_ONCE(drain_cache, NULL);
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

/* The CPU is dead: nobody can be at its magazines any more. */
static int cpu_dead(unsigned int cpu)
{
	struct mymm_pool *pool;
	struct mymm_cache *cache;

	mutex_lock(&mymm_pools_lock);
	list_for_each_entry(pool, &mymm_pools, node) {
		mutex_lock(&pool->lock);
		list_for_each_entry(cache, &pool->caches, list)
			drain_magazine(cache, per_cpu_ptr(cache->mag, cpu));
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

	cpu_dead_state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN,
						   "mymm:dead", NULL, cpu_dead);
	if (cpu_dead_state < 0) {
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
	free_percpu(drain_works);
}
