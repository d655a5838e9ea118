/* SPDX-License-Identifier: GPL-2.0 */
/* The current stack, as a handle of the stack depot; see stack.c. */
#ifndef _MYMM_STACK_H
#define _MYMM_STACK_H

#include <linux/stackdepot.h>
#include <linux/types.h>

int mymm_stack_init(void);
void mymm_stack_exit(void);
depot_stack_handle_t mymm_stack_save(unsigned long caller, bool may_allocate);

#endif /* _MYMM_STACK_H */
