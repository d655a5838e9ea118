// SPDX-License-Identifier: GPL-2.0
/*
 * Pressure: for how much of the time tasks wait since a pool is short of frames.
 *
 * A task *stalls* while it reclaims or compacts, a kswapd or kcompactd likewise, and while it reads
 * a page back that is of the working set: one that had been active when it was evicted.
 *
 *	some	at least one task stalls
 *	full	of each address space that has memory of the pool one does, so that nothing gets on
 *
 *	task A    ----====------====-------
 *	task B    ------====---------------
 *	some          ******    ****
 *	full            **
 *
 * Linux knows at each moment which tasks could run, and calls it full when none of them is without
 * a stall. A module does not: a process that sleeps counts here as one that gets on. A task without
 * such memory, as kswapd or a program that uses the pool's device, counts for "some" alone.
 *
 * The averages are those of Linux, weighted exponentially, of samples 2 seconds long.
 *
 * The algorithm is that of kernel/sched/psi.c of Linux 6.12.
 */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/loadavg.h>
#include <linux/seq_file.h>

#include "base/compat.h"
#include "page/pool.h"
#include "page/pressure.h"

#define PERIOD (2 * NSEC_PER_SEC)
/* So many periods without a stall leave nothing of the longest average. */
#define MOST_MISSED 4096U

/* 1/exp(2/10), 1/exp(2/60), 1/exp(2/300), of FIXED_1. */
static const unsigned long weight[MYMM_PRESSURE_AVERAGES] = { 1677, 1981,
							      2034 };

static struct mymm_pressure *pressure_of(struct mymm_pool *pool)
{
	return &pool->reclaim.pressure;
}

static bool has_stall(const struct mymm_pressure *pressure,
		      const struct mm_struct *mm)
{
	const struct mymm_stall *stall;

	list_for_each_entry(stall, &pressure->stalls, list)
		if (stall->mm == mm)
			return true;
	return false;
}

/* Has each address space a task that stalls? What stalls for none of them does not matter. */
static bool all_stall(const struct mymm_pressure *pressure)
{
	const struct mymm_pressure_user *user;

	list_for_each_entry(user, &pressure->users, list)
		if (!has_stall(pressure, user->mm))
			return false;
	return !list_empty(&pressure->users);
}

/* Bring the totals up to date, before something changes. */
static void account(struct mymm_pressure *pressure, u64 now)
{
	u64 passed = now - pressure->since;

	lockdep_assert_held(&pressure->lock);
	pressure->since = now;
	if (list_empty(&pressure->stalls))
		return;
	pressure->total[MYMM_STALLED_SOME] += passed;
	if (all_stall(pressure))
		pressure->total[MYMM_STALLED_FULL] += passed;
}

/**
 * mymm_stall_begin() - the current task begins to wait for frames
 * @pool: of which pool
 * @stall: on the caller's stack, until mymm_stall_end()
 *
 * Context: process.
 */
void mymm_stall_begin(struct mymm_pool *pool, struct mymm_stall *stall)
{
	struct mymm_pressure *pressure = pressure_of(pool);

	stall->mm = current->mm;
	scoped_guard(raw_spinlock_irqsave, &pressure->lock)
	{
		account(pressure, ktime_get_ns());
		list_add(&stall->list, &pressure->stalls);
	}
	queue_delayed_work(system_wq, &pressure->work, 2 * HZ);
}
MYMM_EXPORT_INTERNAL(mymm_stall_begin);

/**
 * mymm_stall_end() - the current task goes on
 * @pool: of which pool
 * @stall: as it was given to mymm_stall_begin()
 *
 * Context: process.
 */
void mymm_stall_end(struct mymm_pool *pool, struct mymm_stall *stall)
{
	struct mymm_pressure *pressure = pressure_of(pool);

	guard(raw_spinlock_irqsave)(&pressure->lock);
	account(pressure, ktime_get_ns());
	list_del(&stall->list);
}
MYMM_EXPORT_INTERNAL(mymm_stall_end);

/**
 * mymm_pressure_join() - an address space gets memory of a pool
 * @pool: the pool
 * @user: the caller's, until mymm_pressure_leave()
 * @mm: the address space, which may have joined before
 *
 * Context: process.
 */
void mymm_pressure_join(struct mymm_pool *pool, struct mymm_pressure_user *user,
			const struct mm_struct *mm)
{
	struct mymm_pressure *pressure = pressure_of(pool);

	user->mm = mm;
	guard(raw_spinlock_irqsave)(&pressure->lock);
	account(pressure, ktime_get_ns());
	list_add(&user->list, &pressure->users);
}
MYMM_EXPORT_INTERNAL(mymm_pressure_join);

/**
 * mymm_pressure_leave() - it has none any more
 * @pool: of which pool
 * @user: as it was given to mymm_pressure_join()
 *
 * Context: process.
 */
void mymm_pressure_leave(struct mymm_pool *pool,
			 struct mymm_pressure_user *user)
{
	struct mymm_pressure *pressure = pressure_of(pool);

	guard(raw_spinlock_irqsave)(&pressure->lock);
	account(pressure, ktime_get_ns());
	list_del(&user->list);
}
MYMM_EXPORT_INTERNAL(mymm_pressure_leave);

/* --- averages --------------------------------------------------------------------- */

static void add_sample(struct mymm_pressure *pressure, enum mymm_stalled kind,
		       u64 period, unsigned int missed)
{
	unsigned long *average = pressure->average[kind], share;
	u64 stalled = pressure->total[kind] - pressure->sampled[kind];
	unsigned int i, n;

	pressure->sampled[kind] = pressure->total[kind];
	share = div64_u64(min(stalled, period) * 100, period) * FIXED_1;
	for (i = 0; i < MYMM_PRESSURE_AVERAGES; i++) {
		for (n = 0; n < missed && average[i]; n++)
			average[i] = calc_load(average[i], weight[i], 0);
		average[i] = calc_load(average[i], weight[i], share);
	}
}

/* With the lock. Is there anything that the next sample could change? */
static bool sample(struct mymm_pressure *pressure, u64 now)
{
	u64 passed = now - pressure->sampled_at, missed;
	enum mymm_stalled kind;
	unsigned int i;
	bool any = !list_empty(&pressure->stalls);

	account(pressure, now);
	if (passed < PERIOD)
		return true;
	/* Since then nothing had stalled, or this would have been called. */
	missed = div64_u64(passed, PERIOD) - 1;
	passed -= missed * PERIOD;
	pressure->sampled_at = now;
	for (kind = 0; kind < MYMM_NR_STALLED; kind++) {
		add_sample(pressure, kind, passed, min(missed, MOST_MISSED));
		for (i = 0; i < MYMM_PRESSURE_AVERAGES; i++)
			any |= pressure->average[kind][i];
	}
	return any;
}

static void run_sample(struct work_struct *work)
{
	struct mymm_pressure *pressure =
		container_of(to_delayed_work(work), struct mymm_pressure, work);
	bool again;

	scoped_guard(raw_spinlock_irqsave, &pressure->lock)
		again = sample(pressure, ktime_get_ns());
	if (again)
		queue_delayed_work(system_wq, &pressure->work, 2 * HZ);
}

/* --- the file --------------------------------------------------------------------- */

/**
 * mymm_pressure_show() - the whole file, for a pool
 * @m: where to
 * @pool: the pool
 *
 * Context: process.
 */
void mymm_pressure_show(struct seq_file *m, struct mymm_pool *pool)
{
	static const char *const name[] = { "some", "full" };
	struct mymm_pressure *pressure = pressure_of(pool);
	unsigned long average[MYMM_NR_STALLED][MYMM_PRESSURE_AVERAGES];
	u64 total[MYMM_NR_STALLED];
	enum mymm_stalled kind;

	scoped_guard(raw_spinlock_irqsave, &pressure->lock)
	{
		sample(pressure, ktime_get_ns());
		memcpy(average, pressure->average, sizeof(average));
		memcpy(total, pressure->total, sizeof(total));
	}
	for (kind = 0; kind < MYMM_NR_STALLED; kind++) {
		const unsigned long *avg = average[kind];

		seq_printf(
			m,
			"%s avg10=%lu.%02lu avg60=%lu.%02lu avg300=%lu.%02lu total=%llu\n",
			name[kind], LOAD_INT(avg[0]), LOAD_FRAC(avg[0]),
			LOAD_INT(avg[1]), LOAD_FRAC(avg[1]), LOAD_INT(avg[2]),
			LOAD_FRAC(avg[2]), div_u64(total[kind], NSEC_PER_USEC));
	}
}
MYMM_EXPORT_INTERNAL(mymm_pressure_show);

/**
 * mymm_pressure_init() - nothing has stalled yet
 * @pool: new
 *
 * Context: process; nobody else can reach the pool.
 */
void mymm_pressure_init(struct mymm_pool *pool)
{
	struct mymm_pressure *pressure = pressure_of(pool);

	raw_spin_lock_init(&pressure->lock);
	INIT_LIST_HEAD(&pressure->stalls);
	INIT_LIST_HEAD(&pressure->users);
	pressure->since = ktime_get_ns();
	pressure->sampled_at = pressure->since;
	INIT_DEFERRABLE_WORK(&pressure->work, run_sample);
}

/**
 * mymm_pressure_end() - nothing stalls any more
 * @pool: nobody uses it
 *
 * Context: process; sleeps.
 */
void mymm_pressure_end(struct mymm_pool *pool)
{
	cancel_delayed_work_sync(&pressure_of(pool)->work);
}
