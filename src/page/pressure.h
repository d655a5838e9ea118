/* SPDX-License-Identifier: GPL-2.0 */
/* How long tasks wait since a pool is short of frames. */
#ifndef _MYMM_PRESSURE_H
#define _MYMM_PRESSURE_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct mm_struct;
struct mymm_pool;
struct seq_file;

/* What is measured: one of those that want frames stalls, or all of them. */
enum mymm_stalled { MYMM_STALLED_SOME, MYMM_STALLED_FULL, MYMM_NR_STALLED };

/* The averages: over so many seconds. */
#define MYMM_PRESSURE_AVERAGES 3

/**
 * struct mymm_stall - a task stalls; on its stack
 * @list: in pressure.stalls
 * @mm: the task's memory; only to be compared
 */
struct mymm_stall {
	struct list_head list;
	const struct mm_struct *mm;
};

/**
 * struct mymm_pressure_user - an address space that has memory of the pool; it may be several
 * @list: in pressure.users
 * @mm: the address space; only to be compared
 */
struct mymm_pressure_user {
	struct list_head list;
	const struct mm_struct *mm;
};

/**
 * struct mymm_pressure - how long tasks have stalled for frames of a pool
 * @lock: of all below; a leaf
 * @stalls: the tasks that do now
 * @users: address spaces that have memory of the pool
 * @since: when @total was brought up to date, in ns
 * @total: how long it was so, in ns
 * @sampled_at: when @average was, in ns
 * @sampled: @total then
 * @average: shares of time, of the last 10, 60 and 300 seconds, in per cent and of FIXED_1
 * @work: brings @average up to date, as long as there is something to it
 */
struct mymm_pressure {
	raw_spinlock_t lock;
	struct list_head stalls;
	struct list_head users;
	u64 since;
	u64 total[MYMM_NR_STALLED];
	u64 sampled_at;
	u64 sampled[MYMM_NR_STALLED];
	unsigned long average[MYMM_NR_STALLED][MYMM_PRESSURE_AVERAGES];
	struct delayed_work work;
};

void mymm_stall_begin(struct mymm_pool *pool, struct mymm_stall *stall);
void mymm_stall_end(struct mymm_pool *pool, struct mymm_stall *stall);
void mymm_pressure_join(struct mymm_pool *pool, struct mymm_pressure_user *user,
			const struct mm_struct *mm);
void mymm_pressure_leave(struct mymm_pool *pool,
			 struct mymm_pressure_user *user);
void mymm_pressure_show(struct seq_file *m, struct mymm_pool *pool);
void mymm_pressure_init(struct mymm_pool *pool);
void mymm_pressure_end(struct mymm_pool *pool);

#endif /* _MYMM_PRESSURE_H */
