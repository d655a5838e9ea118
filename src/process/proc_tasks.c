// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/mymm_tasks: the processes that have memory of the default pool.
 *
 *	    PID      VSS kB      RSS kB  SWAPPED kB   TABLES kB   ADJ       SCORE COMM
 *	    312       16384        8192           0          28     0        2055 mymem
 *
 * A line for each process, however many files of the device it has open. SCORE is what the OOM
 * killer compares, in pages: RSS, swapped and tables, and ADJ thousandths of the pool; "never" of
 * a process that it does not take. The name is the last, since it may have blanks in it.
 *
 * VSS is as it was when the process was seen last: what mremap() has grown counts from the next
 * fault in it on. A process of another pid namespace than the reader's mount of proc is left out.
 */
#include <linux/mm.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "base/compat.h"
#include "process/files.h"
#include "process/swap.h"
#include "process/usage.h"
#include "process/vm.h"

#define KB(pages) ((pages) << (PAGE_SHIFT - 10))

static void show_process(struct seq_file *m, const struct mymm_task *task,
			 const struct mymm_usage *usage, unsigned long total)
{
	long score = mymm_badness(usage, task, total);

	seq_printf(m, "%7d %11lu %11lu %11lu %11lu %5d ", task->pid,
		   KB(usage->vss), KB(usage->rss), KB(usage->swapped),
		   KB(usage->tables), task->adj);
	if (score == MYMM_BADNESS_NEVER)
		seq_printf(m, "%11s ", "never");
	else
		seq_printf(m, "%11ld ", score);
	seq_escape(m, task->comm, "\n\\");
	seq_putc(m, '\n');
}

/**
 * mymm_tasks_show() - the whole file
 * @m: where to
 * @v: nothing
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int mymm_tasks_show(struct seq_file *m, void *v)
{
	struct mymm_vm *vm = mymm_vm_default();
	struct mymm_user *user;
	unsigned int nr, i;

	user = mymm_users_of(vm, proc_pid_ns(file_inode(m->file)->i_sb), &nr);
	if (!user)
		return -ENOMEM;
	seq_puts(
		m,
		"    PID      VSS kB      RSS kB  SWAPPED kB   TABLES kB   ADJ       SCORE COMM\n");
	for (i = 0; i < nr; i++)
		if (user[i].task.pid)
			show_process(m, &user[i].task, &user[i].usage,
				     vm->total + mymm_swap_total(vm));
	kvfree(user);
	return 0;
}
