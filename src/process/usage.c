// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that have memory of a pool: which these are, how much they have, and how much the
 * OOM killer would find that.
 *
 * A region knows an mm and not a process: threads share one, and what a vfork() has made does for
 * a while. So the process is looked for when somebody asks: it is the oldest whose mm that is.
 * While a process ends there is a moment when its mm is nobody's any more.
 */
#include <linux/mm.h>
#include <linux/oom.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "base/compat.h"
#include "process/usage.h"
#include "process/vm.h"

/**
 * mymm_usage_of() - what an mm has of a pool, in all its open files
 * @vm: the pool
 * @mm: the mm
 * @usage: is filled
 *
 * Context: vm->lock held. Exact while the process does nothing.
 */
void mymm_usage_of(const struct mymm_vm *vm, const struct mm_struct *mm,
		   struct mymm_usage *usage)
{
	struct mymm_region *region;

	*usage = (struct mymm_usage){};
	list_for_each_entry(region, &vm->regions, all) {
		if (region->mm != mm)
			continue;
		usage->vss += atomic_long_read(&region->pages);
		usage->rss += READ_ONCE(region->table.nr_frames);
		usage->tables += READ_ONCE(region->table.nr_nodes);
	}
}

/* Does a thread of a process have that mm? Its first may have ended before the others. */
static bool has_mm(struct task_struct *process, const struct mm_struct *mm)
{
	struct task_struct *thread;
	bool has = false;

	if (process->flags & PF_KTHREAD)
		return false;
	for_each_thread(process, thread) {
		task_lock(thread);
		has = thread->mm == mm;
		task_unlock(thread);
		if (has)
			break;
	}
	return has;
}

/**
 * mymm_task_of() - the process of an mm
 * @mm: the mm; only looked for, so it may be gone
 * @ns: whose numbers processes are to have
 * @task: is filled
 *
 * Context: process; does not sleep.
 * Return: false: there is none, or none that @ns can see.
 */
bool mymm_task_of(const struct mm_struct *mm, struct pid_namespace *ns,
		  struct mymm_task *task)
{
	struct task_struct *process;

	guard(rcu)();
	for_each_process(process) {
		if (!has_mm(process, mm))
			continue;
		task->pid = task_tgid_nr_ns(process, ns);
		task->adj = READ_ONCE(process->signal->oom_score_adj);
		task->init = is_global_init(process);
		strscpy(task->comm, process->comm, sizeof(task->comm));
		return task->pid;
	}
	return false;
}

/**
 * mymm_badness() - how much the OOM killer finds that
 * @usage: what a process has
 * @task: the process
 * @total: pages of all memory
 *
 * Follows oom_badness() of Linux 6.12.
 *
 * Context: any.
 * Return: points, in pages; the process with the most is taken. MYMM_BADNESS_NEVER: not this one.
 */
long mymm_badness(const struct mymm_usage *usage, const struct mymm_task *task,
		  unsigned long total)
{
	if (task->init || task->adj == OOM_SCORE_ADJ_MIN)
		return MYMM_BADNESS_NEVER;
	return usage->rss + usage->swapped + usage->tables +
	       task->adj * (long)(total / 1000);
}
