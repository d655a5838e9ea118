// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that have memory of a pool: which these are, how much they have, and how much the
 * OOM killer would find that.
 *
 * A region knows an mm and not a process: threads share one, and what a vfork() has made does for
 * a while. So the process is looked for when somebody asks: it is the oldest whose mm that is.
 * While a process ends there is a moment when its mm is nobody's any more.
 */
#include <linux/bsearch.h>
#include <linux/mm.h>
#include <linux/oom.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "base/compat.h"
#include "process/usage.h"
#include "process/vm.h"

/**
 * mymm_mm_of() - the mm of a process
 * @process: the first of its threads, which may have ended before the others
 *
 * Context: under RCU.
 * Return: what its threads have; NULL: nothing, or it is a thread of the kernel's.
 */
const struct mm_struct *mymm_mm_of(struct task_struct *process)
{
	const struct mm_struct *mm = NULL;
	struct task_struct *thread;

	if (process->flags & PF_KTHREAD)
		return NULL;
	for_each_thread(process, thread) {
		task_lock(thread);
		mm = thread->mm;
		task_unlock(thread);
		if (mm)
			break;
	}
	return mm;
}

static void describe(struct task_struct *process, struct pid_namespace *ns,
		     struct mymm_task *task)
{
	task->pid = task_tgid_nr_ns(process, ns);
	task->adj = READ_ONCE(process->signal->oom_score_adj);
	task->uid = task_uid(process);
	task->init = is_global_init(process);
	strscpy(task->comm, process->comm, sizeof(task->comm));
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
		if (mymm_mm_of(process) != mm)
			continue;
		describe(process, ns, task);
		return task->pid;
	}
	return false;
}

/* --- all of them ------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
	const struct mymm_user *one = a, *two = b;

	return one->mm < two->mm ? -1 : one->mm > two->mm;
}

/* An mm's address is nobody's business, nor is which of two is lower. */
static int compare_pids(const void *a, const void *b)
{
	const struct mymm_user *one = a, *two = b;

	return one->task.pid - two->task.pid;
}

/* An entry for each region. While it has vmas, and so while it is listed, its mm is there. */
static unsigned int list_regions(const struct mymm_vm *vm,
				 struct mymm_user *user)
{
	struct mymm_region *region;
	unsigned int nr = 0;

	list_for_each_entry(region, &vm->regions, all)
		user[nr++] = (struct mymm_user){
			.mm = region->mm,
			.usage = {
				.vss = atomic_long_read(&region->pages),
				.rss = READ_ONCE(region->table.nr_frames),
				.swapped = READ_ONCE(region->table.nr_swapped),
				.tables = READ_ONCE(region->table.nr_nodes),
				.reaped = READ_ONCE(region->reaped),
				.ending = !atomic_read(&region->mm->mm_users),
			},
		};
	return nr;
}

/* Of a sorted list, make one entry of those with the same mm. */
static unsigned int merge(struct mymm_user *user, unsigned int nr)
{
	unsigned int last = 0, i;

	for (i = 1; i < nr; i++) {
		if (user[i].mm != user[last].mm) {
			user[++last] = user[i];
			continue;
		}
		user[last].usage.vss += user[i].usage.vss;
		user[last].usage.rss += user[i].usage.rss;
		user[last].usage.swapped += user[i].usage.swapped;
		user[last].usage.tables += user[i].usage.tables;
		user[last].usage.reaped |= user[i].usage.reaped;
	}
	return nr ? last + 1 : 0;
}

/* Whose these are: one pass over all processes, the oldest first. */
static void find_tasks(struct mymm_user *user, unsigned int nr,
		       struct pid_namespace *ns)
{
	struct task_struct *process;

	guard(rcu)();
	for_each_process(process) {
		const struct mymm_user key = {
			.mm = (struct mm_struct *)mymm_mm_of(process),
		};
		struct mymm_user *found;

		found = bsearch(&key, user, nr, sizeof(*user), compare);
		if (found && !found->task.pid)
			describe(process, ns, &found->task);
	}
}

/* With vm->lock. */
static struct mymm_user *list_users(struct mymm_vm *vm,
				    struct pid_namespace *ns, unsigned int *nr)
{
	struct mymm_user *user;

	user = kvmalloc_array(list_count_nodes(&vm->regions) + 1, sizeof(*user),
			      GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!user)
		return NULL;
	*nr = list_regions(vm, user);
	sort(user, *nr, sizeof(*user), compare, NULL);
	*nr = merge(user, *nr);
	find_tasks(user, *nr, ns);
	sort(user, *nr, sizeof(*user), compare_pids, NULL);
	return user;
}

/**
 * mymm_users_of() - the processes that have memory of a pool, and how much, in all open files
 * @vm: the pool
 * @ns: whose numbers processes are to have
 * @nr: becomes how many there are
 *
 * Anybody may ask, and open as many files as they like; so this looks at each region, and at each
 * process, once.
 *
 * Context: process; sleeps. Exact of a process that does nothing.
 * Return: a list by pid, for kvfree(); a task whose pid is 0 is none, or none that @ns can see;
 * NULL: the kernel has no memory.
 */
struct mymm_user *mymm_users_of(struct mymm_vm *vm, struct pid_namespace *ns,
				unsigned int *nr)
{
	guard(mutex)(&vm->lock);
	return list_users(vm, ns, nr);
}

/**
 * mymm_users_hold() - the same, of all the machine; and no mm goes until mymm_users_drop()
 * @vm: the pool
 * @nr: becomes how many there are
 *
 * An mm that is compared with those of processes later must not have gone meanwhile, or another
 * one may be in its place. What is held is the structure; the memory may go.
 *
 * Context: process; sleeps.
 * Return: as mymm_users_of().
 */
struct mymm_user *mymm_users_hold(struct mymm_vm *vm, unsigned int *nr)
{
	struct mymm_user *user;
	unsigned int i;

	guard(mutex)(&vm->lock);
	user = list_users(vm, &init_pid_ns, nr);
	for (i = 0; user && i < *nr; i++)
		mmgrab(user[i].mm);
	return user;
}

/**
 * mymm_users_drop() - free a list from mymm_users_hold()
 * @user: the list
 * @nr: how many are in it
 *
 * Context: process; sleeps.
 */
void mymm_users_drop(struct mymm_user *user, unsigned int nr)
{
	while (nr--)
		mmdrop(user[nr].mm);
	kvfree(user);
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
 * Return: points, in pages; the process with the most is taken. MYMM_BADNESS_NEVER: not this one,
 * or there is nothing left to be taken.
 */
long mymm_badness(const struct mymm_usage *usage, const struct mymm_task *task,
		  unsigned long total)
{
	if (task->init || task->adj == OOM_SCORE_ADJ_MIN || usage->reaped)
		return MYMM_BADNESS_NEVER;
	return usage->rss + usage->swapped + usage->tables +
	       task->adj * (long)(total / 1000);
}
