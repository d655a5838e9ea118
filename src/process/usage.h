/* SPDX-License-Identifier: GPL-2.0 */
/* Processes that have memory of a pool, and how much. */
#ifndef _MYMM_PROCESS_USAGE_H
#define _MYMM_PROCESS_USAGE_H

#include <linux/limits.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct mymm_vm;

/**
 * struct mymm_usage - what a process has of a pool, in pages
 * @vss: of addresses
 * @rss: frames; a shared one counts for each process
 * @swapped: what was swapped out
 * @tables: nodes of its tables, but for the roots
 * @reaped: the OOM killer has taken what there was
 * @ending: nobody uses the mm any more, and all of it is about to come back
 */
struct mymm_usage {
	unsigned long vss;
	unsigned long rss;
	unsigned long swapped;
	unsigned long tables;
	bool reaped;
	bool ending;
};

/* A process that the OOM killer never takes. */
#define MYMM_BADNESS_NEVER LONG_MIN

/**
 * struct mymm_task - the process of an mm
 * @pid: in the namespace that was asked for
 * @adj: its oom_score_adj
 * @uid: whose it is
 * @init: it is the machine's first process
 * @comm: its name
 */
struct mymm_task {
	pid_t pid;
	short adj;
	kuid_t uid;
	bool init;
	char comm[TASK_COMM_LEN];
};

/**
 * struct mymm_user - an mm that has memory of a pool
 * @mm: it; only to be compared, unless it is from mymm_users_hold()
 * @usage: what it has
 * @task: the process
 */
struct mymm_user {
	struct mm_struct *mm;
	struct mymm_usage usage;
	struct mymm_task task;
};

struct mymm_user *mymm_users_of(struct mymm_vm *vm, struct pid_namespace *ns,
				unsigned int *nr);
struct mymm_user *mymm_users_hold(struct mymm_vm *vm, unsigned int *nr);
void mymm_users_drop(struct mymm_user *user, unsigned int nr);
const struct mm_struct *mymm_mm_of(struct task_struct *process);
bool mymm_task_of(const struct mm_struct *mm, struct pid_namespace *ns,
		  struct mymm_task *task);
long mymm_badness(const struct mymm_usage *usage, const struct mymm_task *task,
		  unsigned long total);

#endif /* _MYMM_PROCESS_USAGE_H */
