// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/sys/mymm: what processes and their memory have of it. Names, ranges and defaults are those
 * of the files in /proc/sys/vm. What a value does, the file says that reads it.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sysctl.h>

#include "base/compat.h"
#include "process/sysctl.h"
#include "process/vm.h"

struct mymm_vm_sysctl mymm_vm_sysctl = {
	.overcommit_ratio = 50,
	.swappiness = 60,
	.page_cluster = 3,
	.oom_dump_tasks = 1,
	.compact_unevictable_allowed = 1,
};
MYMM_EXPORT_INTERNAL(mymm_vm_sysctl);

static int zero, one = 1, two = 2;
static int most_swappiness = MYMM_MAX_SWAPPINESS;
static int most_cluster =
	5; /* Linux: 31, which reads more than a list of 32 pages */

static struct ctl_table_header *header;

/* As in Linux, to set one of the two sets the other to 0. */
static int set_limit(MYMM_CTL_CONST struct ctl_table *table, int write,
		     void *buffer, size_t *length, loff_t *pos)
{
	int err;

	if (table->data == &mymm_vm_sysctl.overcommit_ratio) {
		err = proc_dointvec_minmax(table, write, buffer, length, pos);
		if (!err && write)
			WRITE_ONCE(mymm_vm_sysctl.overcommit_kbytes, 0);
	} else {
		err = proc_doulongvec_minmax(table, write, buffer, length, pos);
		if (!err && write)
			WRITE_ONCE(mymm_vm_sysctl.overcommit_ratio, 0);
	}
	return err;
}

#define ENTRY(name, value, handler, least, most)                      \
	{                                                             \
		.procname = (name), .data = &mymm_vm_sysctl.value,    \
		.maxlen = sizeof(mymm_vm_sysctl.value), .mode = 0644, \
		.proc_handler = (handler), .extra1 = (least),         \
		.extra2 = (most),                                     \
	}

#define NUMBER(value, least, most) \
	ENTRY(#value, value, proc_dointvec_minmax, least, most)
#define KBYTES(value) ENTRY(#value, value, proc_doulongvec_minmax, NULL, NULL)

static struct ctl_table entries[] = {
	NUMBER(overcommit_memory, &zero, &two),
	ENTRY("overcommit_ratio", overcommit_ratio, set_limit, &zero, NULL),
	ENTRY("overcommit_kbytes", overcommit_kbytes, set_limit, NULL, NULL),
	KBYTES(admin_reserve_kbytes),
	KBYTES(user_reserve_kbytes),
	NUMBER(swappiness, &zero, &most_swappiness),
	ENTRY("page-cluster", page_cluster, proc_dointvec_minmax, &zero,
	      &most_cluster),
	NUMBER(oom_kill_allocating_task, NULL, NULL),
	NUMBER(oom_dump_tasks, NULL, NULL),
	NUMBER(panic_on_oom, &zero, &two),
	NUMBER(compact_unevictable_allowed, &zero, &one),
	MYMM_CTL_TABLE_END
};

/**
 * mymm_vm_sysctl_init() - set the reserves by the kernel's rule, and make the files
 *
 * Return: 0 or -ENOMEM.
 */
int mymm_vm_sysctl_init(void)
{
	unsigned long kb = mymm_vm_default()->total << (PAGE_SHIFT - 10);

	mymm_vm_sysctl.admin_reserve_kbytes = min(kb / 32, 1UL << 13);
	mymm_vm_sysctl.user_reserve_kbytes = min(kb / 32, 1UL << 17);
	if (!IS_ENABLED(CONFIG_PROC_SYSCTL))
		return 0;
	header = register_sysctl("mymm", entries);
	return header ? 0 : -ENOMEM;
}

/** mymm_vm_sysctl_exit() - take the files away */
void mymm_vm_sysctl_exit(void)
{
	unregister_sysctl_table(header);
}
