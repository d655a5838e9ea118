// SPDX-License-Identifier: GPL-2.0
/*
 * Emptying magazines and per-CPU page lists, which only their own CPU may touch.
 *
 * On an online CPU a work item does it, bound to the CPU, in task context, where the token
 * is never found taken. Whoever wants it done holds the hotplug lock, so CPUs neither come
 * nor go meanwhile, queues an item on each, and waits for all of them.
 *
 * A CPU that has died is emptied by a callback that runs on another one, after nothing can
 * run on it any more: that is later than its teardown, during which it still allocates.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>

#include "flight.h"

/* The work items; one drain at a time. Innermost mutex, which protects the job. */
static DEFINE_MUTEX(drain_lock);
static struct work_struct __percpu *drain_works;
static int cpu_dead_state;

/**
 * struct job - what each CPU is to do
 * @run: does it
 * @pool: to which pool
 * @cache: and to which cache, for magazines; NULL: to all of the pool
 */
static struct job {
	void (*run)(struct mymm_pool *pool, struct mymm_cache *cache);
	struct mymm_pool *pool;
	struct mymm_cache *cache;
} job;

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
		if (WARN_ON_ONCE(!mymm_token_take(&mag->token))) {
			mymm_token_undo(&mag->token);
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

static void drain_pages(struct mymm_pool *pool, struct mymm_cache *none)
{
	mymm_pcp_drain_local(pool);
}

static void retune_pages(struct mymm_pool *pool, struct mymm_cache *none)
{
	mymm_pcp_retune_local(pool);
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
		queue_work_on(cpu, system_wq, per_cpu_ptr(drain_works, cpu));
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
 * mymm_pcp_drain_all() - give what all CPUs have in their page lists to the zones
 * @pool: of which pool
 *
 * Context: process; sleeps. The caller holds cpus_read_lock().
 */
void mymm_pcp_drain_all(struct mymm_pool *pool)
{
	guard(mutex)(&drain_lock);
	run_on_all_cpus((struct job){ drain_pages, pool });
}

/**
 * mymm_pcp_retune_all() - have all CPUs take new limits of their page lists to heart
 * @pool: of which pool
 *
 * Context: process; sleeps. The caller holds cpus_read_lock().
 */
void mymm_pcp_retune_all(struct mymm_pool *pool)
{
	guard(mutex)(&drain_lock);
	run_on_all_cpus((struct job){ retune_pages, pool });
}

/**
 * mymm_pcp_try_drain_all() - the same as mymm_pcp_drain_all() for who must not wait long
 * @pool: of which pool
 *
 * While CPUs come or go, or somebody else drains, only this CPU's lists are emptied.
 *
 * Context: process; sleeps.
 */
void mymm_pcp_try_drain_all(struct mymm_pool *pool)
{
	bool all = cpus_read_trylock();

	if (all && mutex_trylock(&drain_lock)) {
		run_on_all_cpus((struct job){ drain_pages, pool });
		mutex_unlock(&drain_lock);
	} else {
		mymm_pcp_drain_local(pool);
	}
	if (all)
		cpus_read_unlock();
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
