// SPDX-License-Identifier: GPL-2.0
/*
 * Fault injection, for our own tests: the n-th allocation that we ask from the kernel fails,
 * so a test walks through each error path of a function by counting up until the function
 * succeeds. (The kernel's own fault injection is off in the distributions' kernels.)
 */
#include <linux/atomic.h>

#include "base/compat.h"
#include "base/fault_inject.h"

DEFINE_STATIC_KEY_FALSE(mymm_inject_key);
MYMM_EXPORT_INTERNAL(mymm_inject_key);
static atomic_long_t inject_seen;
static unsigned long inject_nth;

bool __mymm_inject_fail(void)
{
	return atomic_long_inc_return(&inject_seen) == READ_ONCE(inject_nth);
}
MYMM_EXPORT_INTERNAL(__mymm_inject_fail);

/**
 * mymm_inject_arm() - make one allocation from the kernel fail
 * @nth: which, counted from now; 1 is the next. 0: none, just count
 *
 * Context: process; sleeps. One test at a time.
 */
void mymm_inject_arm(unsigned long nth)
{
	WRITE_ONCE(inject_nth, nth);
	atomic_long_set(&inject_seen, 0);
	static_branch_enable(&mymm_inject_key);
}
MYMM_EXPORT_INTERNAL(mymm_inject_arm);

/**
 * mymm_inject_disarm() - let all allocations through again
 *
 * Context: process; sleeps.
 * Return: how many were asked for while it was armed; if that is less than the
 * number it was armed with, none failed.
 */
unsigned long mymm_inject_disarm(void)
{
	static_branch_disable(&mymm_inject_key);
	return atomic_long_read(&inject_seen);
}
MYMM_EXPORT_INTERNAL(mymm_inject_disarm);
