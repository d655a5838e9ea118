// SPDX-License-Identifier: GPL-2.0
/*
 * The OOM killer: when the pool has no frame and reclaim got none, a process has to go.
 *
 *	which	the one with the most points (usage.c): frames, what is swapped, tables, and
 *		oom_score_adj thousandths of the pool. Only what has memory of the pool is
 *		looked at. Process 1 and those with -1000 are never taken, nor is what shares
 *		their memory
 *	how	SIGKILL, to it and to each process that shares its memory. Then its memory is
 *		taken at once, by the task that is out of memory; its exit is not waited for
 *
 * A process that is dying anyway, whatever has killed it, is not killed or reported again, but
 * its memory is taken. One that has been through this is not looked at any more. If nobody is left
 * that may be killed, the allocation fails, and the fault that made it is SIGBUS.
 *
 * Taking the memory. The process may be stopped, asleep for long, or just in mmap(), and its
 * mmap_lock can't be waited for: the task that is out of memory may hold it itself. So it is done
 * as reclaim by the rmap would do it, region by region:
 *
 *	1. region->reaped is set. From now on an access is SIGBUS, also one of the kernel's
 *	2. all ptes go, vma by vma, under the i_mmap_rwsem
 *	3. slot by slot: with the lock of its page, so that it is not mapped any more, what a fault
 *	   has mapped since (2) is taken out; the slot becomes empty; and if it was the last one
 *	   of its frame, the frame goes back. A frame that a relative has, too, stays
 *
 * and (3) again until nothing is left. What it may meet, and why it does no harm:
 *
 *	a fault		that had looked at region->reaped before (1) puts its page into a slot and
 *			looks again (put_in_slot()); so either it sees (1), or (3) sees the slot
 *	munmap, exit	they take slots out just so, each with its page's lock. A vma leaves the
 *			rmap before its page tables go, and waits for the i_mmap_rwsem to do so.
 *			The region stays as long as vm->lock is held
 *	mremap		moves ptes first, to a vma that comes behind the old one in the rmap, or
 *			with the i_mmap_rwsem; so (2) finds them in one of the two, and (3) looks
 *			in both (mymm_page_unmap_from()). A slot that it moves to where (3) has been
 *			is found by the next pass
 *	fork		holds a page's lock while it shares it: the child has it, or finds nothing.
 *			The signal was sent before (1), so a fork that is not done yet fails, and
 *			that child never runs. Leaves stay: no node is given back here
 *	madvise, zap	nothing to them: a pte goes once
 *	a pipe		has a reference, so that the frame goes to limbo, and back when it is read
 *
 * What is in limbo for a moment only, since a CPU has not let go of it, is waited for before the
 * next process is killed (on_its_way()); what is in no use any more comes back first.
 *
 * The log has the report that the kernel's own OOM killer writes, in the form of the running
 * kernel. Its figures are those of the pool.
 *
 * The order of things follows mm/oom_kill.c of Linux 6.12.
 */
#include <linux/mm.h>
#include <linux/oom.h>
#include <linux/pagemap.h>
#include <linux/ratelimit.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "base/compat.h"
#include "page/event.h"
#include "page/page_alloc.h"
#include "page/show_mem.h"
#include "pool/pool.h"
#include "process/mapped.h"
#include "process/rmap.h"
#include "process/slots.h"
#include "process/swap.h"
#include "process/sysctl.h"
#include "process/usage.h"
#include "process/vm.h"

#define KB(pages) ((pages) << (PAGE_SHIFT - 10))

/* How long what is in limbo after a kill is waited for before the next one. */
#define LIMBO_GRACE (HZ / 10 ?: 1)

/* --- taking the memory -------------------------------------------------------------- */

static void zap_vma(struct vm_area_struct *vma, void *data)
{
	const struct mymm_region *region = data;

	if (vma->vm_mm == region->mm)
		mymm_zap(vma, vma->vm_start, vma->vm_end - vma->vm_start);
}

static void unmap_from_mm(struct page *page, unsigned long addr, void *mm)
{
	mymm_page_unmap_from(page, mm);
}

static void reap_region(struct mymm_region *region)
{
	WRITE_ONCE(region->reaped, true);
	mymm_rmap_walk(region->space->inode->i_mapping, zap_vma, region);
	/* A slot that is swapped in meanwhile has one or the other at each moment. */
	while (READ_ONCE(region->table.nr_frames) ||
	       READ_ONCE(region->table.nr_swapped))
		mymm_slots_empty(region, 0, MYMM_TABLE_END, unmap_from_mm,
				 region->mm);
}

/* Take all that an mm has of the pool. */
static void reap(struct mymm_vm *vm, const struct mm_struct *mm)
{
	struct mymm_region *region;

	guard(mutex)(&vm->lock);
	list_for_each_entry(region, &vm->regions, all)
		if (region->mm == mm)
			reap_region(region);
	WRITE_ONCE(vm->reaped, jiffies);
}

/* Is what the last victim had about to come back? */
static bool on_its_way(const struct mymm_vm *vm)
{
	return READ_ONCE(vm->nr_limbo) &&
	       time_before(jiffies, READ_ONCE(vm->reaped) + LIMBO_GRACE);
}

/* --- the report --------------------------------------------------------------------- */

static void dump_task(const struct mymm_user *user)
{
	const struct mymm_usage *usage = &user->usage;
	const struct mymm_task *task = &user->task;
	uid_t uid = from_kuid(&init_user_ns, task->uid);

	/* The process 1 and what has ended are not shown by the kernel either. */
	if (!task->pid || task->init)
		return;
#if MYMM_OOM_RSS_BY_KIND
	pr_info("[%7d] %5d %5d %8lu %8lu %8lu %8lu %9lu %8ld %8lu         %5hd %s\n",
		task->pid, uid, task->pid, usage->vss, usage->rss, usage->rss,
		0UL, 0UL, usage->tables * PAGE_SIZE, usage->swapped, task->adj,
		task->comm);
#else
	pr_info("[%7d] %5d %5d %8lu %8lu %8ld %8lu         %5hd %s\n",
		task->pid, uid, task->pid, usage->vss, usage->rss,
		usage->tables * PAGE_SIZE, usage->swapped, task->adj,
		task->comm);
#endif
}

static void dump_tasks(const struct mymm_user *user, unsigned int nr)
{
	unsigned int i;

	pr_info("Tasks state (memory values in pages):\n");
#if MYMM_OOM_RSS_BY_KIND
	pr_info("[  pid  ]   uid  tgid total_vm      rss rss_anon rss_file rss_shmem pgtables_bytes swapents oom_score_adj name\n");
#else
	pr_info("[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n");
#endif
	for (i = 0; i < nr; i++)
		dump_task(&user[i]);
}

/* All but the last line; nothing if there was much of it just now. */
static bool report(const struct mymm_request *request,
		   const struct mymm_user *user, unsigned int nr)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);

	if (!__ratelimit(&limit))
		return false;
	mymm_show_oom(request);
	if (READ_ONCE(mymm_vm_sysctl.oom_dump_tasks))
		dump_tasks(user, nr);
	return true;
}

static void report_victim(const struct mymm_request *request,
			  const struct mymm_task *task)
{
	pr_info("oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),pool=%s,global_oom,task=%s,pid=%d,uid=%d\n",
		request->pool->name, task->comm, task->pid,
		from_kuid(&init_user_ns, task->uid));
}

static void report_kill(struct mymm_pool *pool, const struct mymm_user *user,
			const char *message)
{
	const struct mymm_victim victim = {
		.pid = user->task.pid,
		.comm = user->task.comm,
		.total_vm = KB(user->usage.vss),
		.anon_rss = KB(user->usage.rss),
		.uid = from_kuid(&init_user_ns, user->task.uid),
		.pgtables = KB(user->usage.tables),
		.adj = user->task.adj,
	};

	mymm_event_mark_victim(pool, &victim);
	pr_err("%s: Killed process %d (%s) total-vm:%lukB, anon-rss:%lukB, file-rss:%lukB, shmem-rss:%lukB, UID:%u pgtables:%lukB oom_score_adj:%d\n",
	       message, victim.pid, victim.comm, victim.total_vm,
	       victim.anon_rss, 0UL, 0UL, victim.uid, victim.pgtables,
	       victim.adj);
}

/* --- processes of an mm ------------------------------------------------------------- */

/* Does it end soon, without us? One that dumps core may take long. */
static bool is_dying(struct task_struct *process)
{
	const struct signal_struct *signal = process->signal;

	if (signal->core_state)
		return false;
	return signal->flags & SIGNAL_GROUP_EXIT ||
	       (thread_group_empty(process) && process->flags & PF_EXITING);
}

/* Do all of them? Also if there is none any more. */
static bool all_dying(const struct mm_struct *mm)
{
	struct task_struct *process;

	guard(rcu)();
	for_each_process(process)
		if (mymm_mm_of(process) == mm && !is_dying(process))
			return false;
	return true;
}

/* Is one of them not to be killed? What vfork() has made, has the mm for a moment only. */
static bool is_spared(const struct mm_struct *mm)
{
	struct task_struct *process;

	guard(rcu)();
	for_each_process(process)
		if (mymm_mm_of(process) == mm &&
		    (is_global_init(process) ||
		     (READ_ONCE(process->signal->oom_score_adj) ==
			      OOM_SCORE_ADJ_MIN &&
		      !in_vfork(process))))
			return true;
	return false;
}

static void kill_all(const struct mm_struct *mm)
{
	struct task_struct *process;

	guard(rcu)();
	for_each_process(process)
		if (mymm_mm_of(process) == mm)
			kill_pid(task_tgid(process), SIGKILL, 1);
}

/* What oom_score_adj is a share of. */
static unsigned long total_of(const struct mymm_vm *vm)
{
	return vm->total + mymm_swap_total(vm);
}

/* --- which one ---------------------------------------------------------------------- */

/* The one with the most points; of two alike the younger, as in Linux. NULL: there is none. */
static struct mymm_user *most_points(const struct mymm_vm *vm,
				     struct mymm_user *user, unsigned int nr)
{
	long most = MYMM_BADNESS_NEVER, points;
	struct mymm_user *chosen = NULL;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!user[i].task.pid)
			continue;
		points = mymm_badness(&user[i].usage, &user[i].task,
				      total_of(vm));
		if (points == MYMM_BADNESS_NEVER || points < most)
			continue;
		chosen = &user[i];
		most = points;
	}
	return chosen;
}

static struct mymm_user *choose(const struct mymm_vm *vm,
				struct mymm_user *user, unsigned int nr)
{
	struct mymm_user *chosen;

	while ((chosen = most_points(vm, user, nr)) && is_spared(chosen->mm))
		chosen->task.adj = OOM_SCORE_ADJ_MIN;
	return chosen;
}

/* The task that is out of memory, if it may be killed for it. */
static struct mymm_user *choose_current(const struct mymm_vm *vm,
					struct mymm_user *user, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (user[i].mm == current->mm &&
		    mymm_badness(&user[i].usage, &user[i].task, total_of(vm)) !=
			    MYMM_BADNESS_NEVER &&
		    !is_spared(user[i].mm))
			return &user[i];
	return NULL;
}

/* An mm whose processes have ended, and that is being taken apart. */
static struct mymm_user *find_ending(struct mymm_user *user, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (user[i].usage.ending && !user[i].usage.reaped &&
		    user[i].usage.rss)
			return &user[i];
	return NULL;
}

/* --- and what becomes of it ------------------------------------------------------------ */

static void reap_user(struct mymm_vm *vm, const struct mymm_user *user)
{
	reap(vm, user->mm);
	if (user->task.pid)
		pr_info("oom_reaper: reaped process %d (%s), now anon-rss:%lukB, file-rss:%lukB, shmem-rss:%lukB\n",
			user->task.pid, user->task.comm, 0UL, 0UL, 0UL);
}

static void kill_user(const struct mymm_request *request,
		      struct mymm_user *chosen, const struct mymm_user *user,
		      unsigned int nr, const char *message)
{
	struct mymm_vm *vm = request->pool->vm;

	if (!all_dying(chosen->mm)) {
		if (report(request, user, nr))
			report_victim(request, &chosen->task);
		mymm_vm_count(vm->pool, MYMM_OOM_KILL, 1);
		kill_all(chosen->mm);
		report_kill(vm->pool, chosen, message);
	}
	reap_user(vm, chosen);
}

/**
 * mymm_oom_retire() - take a pool out of service that was out of memory
 * @work: the work of struct mymm_vm
 */
void mymm_oom_retire(struct work_struct *work)
{
	struct mymm_vm *vm = container_of(work, struct mymm_vm, retire_work);

	mymm_pool_kill(vm->pool, mymm_vm_sysctl.panic_on_oom == 2 ?
					 "compulsory panic_on_oom is enabled" :
					 "system-wide panic_on_oom is enabled");
}

static bool kill_one(const struct mymm_request *request, struct mymm_user *user,
		     unsigned int nr)
{
	struct mymm_vm *vm = request->pool->vm;
	struct mymm_user *chosen = find_ending(user, nr);

	if (chosen) {
		reap_user(vm, chosen);
		return true;
	}
	if (READ_ONCE(mymm_vm_sysctl.panic_on_oom)) {
		report(request, user, nr);
		/* What that waits for, this task may hold. */
		schedule_work(&vm->retire_work);
		return false;
	}
	if (READ_ONCE(mymm_vm_sysctl.oom_kill_allocating_task)) {
		chosen = choose_current(vm, user, nr);
		if (chosen) {
			kill_user(request, chosen, user, nr,
				  "Out of memory (oom_kill_allocating_task)");
			return true;
		}
	}
	chosen = choose(vm, user, nr);
	if (chosen)
		kill_user(request, chosen, user, nr, "Out of memory");
	else if (report(request, user, nr))
		pr_warn("Out of memory and no killable processes...\n");
	return chosen;
}

/**
 * mymm_out_of_memory() - have a process give back what it has of a pool
 * @request: what could not be had
 *
 * Context: process; sleeps; with no lock of ours held, but perhaps the mmap_lock. One at a time.
 * Return: there is a point in trying again. If not, nobody is left to be killed, or the pool is to
 * be taken out of service.
 */
bool mymm_out_of_memory(const struct mymm_request *request)
{
	struct mymm_vm *vm = request->pool->vm;
	struct mymm_user *user;
	unsigned int nr;
	bool more;

	if (mymm_limbo_hurry(vm))
		return true;
	if (on_its_way(vm)) {
		schedule_timeout_killable(1);
		return true;
	}
	user = mymm_users_hold(vm, &nr);
	if (!user)
		return false;
	more = kill_one(request, user, nr);
	mymm_users_drop(user, nr);
	return more;
}
