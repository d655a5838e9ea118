// SPDX-License-Identifier: GPL-2.0
/*
 * Run a function on each CPU: how data that only its own CPU may touch is emptied, changed
 * or checked by another.
 *
 * Each online CPU gets a work item that is bound to it. A work item runs in task context,
 * where a CPU's local trylock is never taken. The caller holds the hotplug lock, so no CPU
 * comes or goes meanwhile, and waits for all items. What an offline CPU has left is for a
 * hotplug callback (pool/).
 *
 * One call at a time: the items are static, and so the number of them that a busy system
 * can queue is bounded. Callers in a hurry use mymm_try_on_each_cpu().
 *
 * The workqueue has a rescuer (WQ_MEM_RECLAIM), since reclaim, ours or the kernel's, waits
 * for these items.
 */
#include <linux/cpu.h>
#include <linux/errno.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>

#include "base/percpu_work.h"

/* One call at a time; the innermost mutex. */
static DEFINE_MUTEX(call_lock);

/* What each CPU is to run; under call_lock, constant while items are queued. */
static struct {
	void (*fn)(void *arg);
	void *arg;
} call;

static struct work_struct __percpu *items;
static struct workqueue_struct *queue;

static void run_item(struct work_struct *item)
{
	call.fn(call.arg);
}

static void run_on(bool (*wanted)(int cpu, void *arg), void (*fn)(void *arg),
		   void *arg)
{
	int cpu;

	lockdep_assert_held(&call_lock);
	call.fn = fn;
	call.arg = arg;
	for_each_online_cpu(cpu)
		if (!wanted || wanted(cpu, arg))
			queue_work_on(cpu, queue, per_cpu_ptr(items, cpu));
	for_each_online_cpu(cpu)
		flush_work(per_cpu_ptr(items, cpu));
}

/**
 * mymm_on_each_cpu() - run a function on each online CPU, and wait until all have
 * @fn: the function; runs as a task that stays on its CPU, on several CPUs at once
 * @arg: its argument
 *
 * Context: process; sleeps. The caller holds cpus_read_lock(). Not from @fn.
 */
void mymm_on_each_cpu(void (*fn)(void *arg), void *arg)
{
	mutex_lock(&call_lock);
	run_on(NULL, fn, arg);
	mutex_unlock(&call_lock);
}

/**
 * mymm_try_on_each_cpu() - mymm_on_each_cpu() unless another call is under way
 * @fn: the function
 * @arg: its argument
 *
 * Context: process; sleeps, but for no other call. The caller holds cpus_read_lock().
 * Return: whether it ran.
 */
bool mymm_try_on_each_cpu(void (*fn)(void *arg), void *arg)
{
	return mymm_try_on_cpus(NULL, fn, arg);
}

/**
 * mymm_try_on_cpus() - mymm_try_on_each_cpu() for some CPUs
 * @wanted: is the function to run on @cpu? Called on the caller's CPU; NULL: on each
 * @fn: the function
 * @arg: the argument of both
 *
 * To wake another CPU costs far more than to find that it has nothing to do.
 *
 * Context: process; sleeps, but for no other call. The caller holds cpus_read_lock().
 * Return: whether it ran.
 */
bool mymm_try_on_cpus(bool (*wanted)(int cpu, void *arg), void (*fn)(void *arg),
		      void *arg)
{
	if (!mutex_trylock(&call_lock))
		return false;
	run_on(wanted, fn, arg);
	mutex_unlock(&call_lock);
	return true;
}

/**
 * mymm_percpu_work_init() - make the work items
 *
 * Context: process; sleeps; before the first pool.
 * Return: 0 or -ENOMEM.
 */
int mymm_percpu_work_init(void)
{
	int cpu;

	items = alloc_percpu(struct work_struct);
	if (!items)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		INIT_WORK(per_cpu_ptr(items, cpu), run_item);
	queue = alloc_workqueue("mymm", WQ_MEM_RECLAIM, 0);
	if (!queue) {
		free_percpu(items);
		return -ENOMEM;
	}
	return 0;
}

/**
 * mymm_percpu_work_exit() - undo mymm_percpu_work_init()
 *
 * Context: process; sleeps; after the last pool.
 */
void mymm_percpu_work_exit(void)
{
	destroy_workqueue(queue);
	free_percpu(items);
}
