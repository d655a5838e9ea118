/* SPDX-License-Identifier: GPL-2.0 */
/* Fault injection; fault_inject.c says what for. */
#ifndef _MYMM_FAULT_INJECT_H
#define _MYMM_FAULT_INJECT_H

#include <linux/jump_label.h>
#include <linux/types.h>

DECLARE_STATIC_KEY_FALSE(mymm_inject_key);

bool __mymm_inject_fail(void);
void mymm_inject_arm(unsigned long nth);
unsigned long mymm_inject_disarm(void);

/* Asked before each allocation from the kernel: is this the one that fails? */
static inline bool mymm_inject_fail(void)
{
	return static_branch_unlikely(&mymm_inject_key) && __mymm_inject_fail();
}

#endif /* _MYMM_FAULT_INJECT_H */
