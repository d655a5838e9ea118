// SPDX-License-Identifier: GPL-2.0
/*
 * Overcommit: how much memory may be committed.
 *
 * A mapping takes nothing, and what is mapped is seldom used up; so a machine commits more than
 * it has. How much more, /proc/sys/mymm/overcommit_memory says, with Linux's three modes
 * (Documentation/mm/overcommit-accounting.rst):
 *
 *	0	one mapping may not be larger than all memory
 *	1	everything is granted
 *	2	all that is committed stays below the limit: overcommit_ratio per cent of memory,
 *		or overcommit_kbytes if that is not 0. Of it, admin_reserve_kbytes are kept for
 *		CAP_SYS_ADMIN, and user_reserve_kbytes, or 1/32 of the process's VmSize, for
 *		others than the process. What reaches the limit is refused, too
 *
 * What was charged is released with the mapping. A mapping that was never writable, and one
 * with MAP_NORESERVE in the modes 0 and 1, is charged nothing. (The kernel looks at
 * MAP_NORESERVE before this module can; if its own vm.overcommit_memory is 2, the flag is lost.)
 *
 * Charged are mappings. A frame that has none any more, since it waits in limbo for a pipe or a
 * device, is charged to nobody, as in Linux; debugfs mymm/regions counts these.
 *
 * The kernel's mode 2 reads a counter that may be off by what CPUs have not handed in; here it is
 * the exact sum, so that the last page before the limit is granted, and no other.
 */
#include <linux/capability.h>
#include <linux/mm.h>

#include "process/sysctl.h"
#include "process/vm.h"

#define KB_TO_PAGES(kb) ((kb) >> (PAGE_SHIFT - 10))

enum { HEURISTIC, ALWAYS, NEVER };

/**
 * mymm_committed() - what has been committed
 * @vm: the pool
 *
 * Context: any. Exact while nothing is mapped or unmapped.
 * Return: pages.
 */
unsigned long mymm_committed(struct mymm_vm *vm)
{
	return percpu_counter_sum_positive(&vm->committed);
}

/**
 * mymm_commit_limit() - what may be committed in mode 2
 * @vm: the pool
 *
 * Return: pages.
 */
unsigned long mymm_commit_limit(const struct mymm_vm *vm)
{
	unsigned long kbytes = READ_ONCE(mymm_vm_sysctl.overcommit_kbytes);

	if (kbytes)
		return KB_TO_PAGES(kbytes) + mymm_swap_total(vm);
	return mult_frac(vm->total, READ_ONCE(mymm_vm_sysctl.overcommit_ratio),
			 100) +
	       mymm_swap_total(vm);
}

/**
 * mymm_commit_never_reserves() - is it mode 2, which charges MAP_NORESERVE, too?
 *
 * Return: so.
 */
bool mymm_commit_never_reserves(void)
{
	return READ_ONCE(mymm_vm_sysctl.overcommit_memory) == NEVER;
}

/* What a process that is not the administrator's, and each process, leaves of the limit. */
static long reserved(const struct mm_struct *mm)
{
	unsigned long user = READ_ONCE(mymm_vm_sysctl.user_reserve_kbytes);
	unsigned long admin = READ_ONCE(mymm_vm_sysctl.admin_reserve_kbytes);

	if (has_capability_noaudit(current, CAP_SYS_ADMIN))
		admin = 0;
	return KB_TO_PAGES(admin) +
	       min(READ_ONCE(mm->total_vm) / 32, KB_TO_PAGES(user));
}

/* Are these pages, which were added to what is committed, within the mode's limit? */
static bool within_limit(const struct mymm_region *region, unsigned long pages)
{
	struct mymm_vm *vm = region->space->vm;
	long allowed;

	switch (READ_ONCE(mymm_vm_sysctl.overcommit_memory)) {
	case ALWAYS:
		return true;
	case HEURISTIC:
		return pages <= vm->total + mymm_swap_total(vm);
	}
	allowed = mymm_commit_limit(vm) - reserved(region->mm);
	return (long)mymm_committed(vm) < allowed;
}

/**
 * mymm_commit_force() - charge whatever the limit is
 * @region: whose it will be
 * @pages: how many pages
 *
 * A fork can't be refused any more when it comes to us; where Linux would refuse it, it is
 * counted.
 */
void mymm_commit_force(struct mymm_region *region, unsigned long pages)
{
	struct mymm_vm *vm = region->space->vm;

	percpu_counter_add(&vm->committed, pages);
	atomic_long_add(pages, &region->charged);
	if (pages && !within_limit(region, pages))
		atomic_long_inc(&vm->fork_over_limit);
}

/**
 * mymm_commit_charge() - charge, if that is allowed
 * @region: whose it will be
 * @pages: how many pages
 *
 * Follows __vm_enough_memory() of Linux 6.12. A charge of 0 pages always succeeds: what is
 * charged already is not looked at again when the limit was lowered.
 *
 * Context: process; @region is the caller's.
 * Return: 0 or -ENOMEM.
 */
int mymm_commit_charge(struct mymm_region *region, unsigned long pages)
{
	struct mymm_vm *vm = region->space->vm;

	if (!pages)
		return 0;

	percpu_counter_add(&vm->committed, pages);
	if (within_limit(region, pages)) {
		atomic_long_add(pages, &region->charged);
		return 0;
	}
	percpu_counter_sub(&vm->committed, pages);
	return -ENOMEM;
}

/**
 * mymm_commit_release() - take a charge back
 * @region: whose it was
 * @pages: how many pages
 */
void mymm_commit_release(struct mymm_region *region, unsigned long pages)
{
	percpu_counter_sub(&region->space->vm->committed, pages);
	atomic_long_sub(pages, &region->charged);
}
