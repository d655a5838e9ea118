// SPDX-License-Identifier: GPL-2.0
/*
 * Threads on CPUs.
 *
 * Threads are bound to a CPU each and begin together, when all of them are there. They count what
 * they find wrong, and the thread that started them waits for all and reports it: a thread that
 * KUNIT_ASSERT() ended could not be waited for.
 */
#include <linux/cpu.h>
#include <linux/kthread.h>

#include "lib/util.h"

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
	kthread_complete_and_exit(&thread->done, 0);
}

/* Start threads on the CPUs of @cpus, wait for them, report what they found. */
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
