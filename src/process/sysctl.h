/* SPDX-License-Identifier: GPL-2.0 */
/* What /proc/sys/mymm sets for the memory of processes. */
#ifndef _MYMM_PROCESS_SYSCTL_H
#define _MYMM_PROCESS_SYSCTL_H

#define MYMM_MAX_SWAPPINESS 200

/**
 * struct mymm_vm_sysctl - the values, by the names of their files
 * @overcommit_memory: the mode of overcommit, see overcommit.c
 * @overcommit_ratio: per cent of memory that may be committed in mode 2
 * @overcommit_kbytes: the same in kB; 0: @overcommit_ratio counts
 * @admin_reserve_kbytes: what mode 2 keeps for CAP_SYS_ADMIN
 * @user_reserve_kbytes: what it keeps for others than the process that asks, at most
 * @swappiness: how much rather anonymous memory is taken than files: 100 is alike
 * @page_cluster: page-cluster: readahead reads at most 2 to the power of it
 * @oom_kill_allocating_task: the OOM killer takes what asked for memory, if it may
 * @oom_dump_tasks: its report lists all processes
 * @panic_on_oom: it takes the pool out of service instead
 * @compact_unevictable_allowed: compaction moves what mlock() has locked, too
 *
 * They may change at any time: READ_ONCE().
 */
struct mymm_vm_sysctl {
	int overcommit_memory;
	int overcommit_ratio;
	unsigned long overcommit_kbytes;
	unsigned long admin_reserve_kbytes;
	unsigned long user_reserve_kbytes;
	int swappiness;
	int page_cluster;
	int oom_kill_allocating_task;
	int oom_dump_tasks;
	int panic_on_oom;
	int compact_unevictable_allowed;
};

extern struct mymm_vm_sysctl mymm_vm_sysctl;

int mymm_vm_sysctl_init(void);
void mymm_vm_sysctl_exit(void);

#endif /* _MYMM_PROCESS_SYSCTL_H */
