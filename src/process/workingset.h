/* SPDX-License-Identifier: GPL-2.0 */
/* Pages that come back soon after they were evicted. */
#ifndef _MYMM_PROCESS_WORKINGSET_H
#define _MYMM_PROCESS_WORKINGSET_H

#include <linux/types.h>

struct mymm_vm;
struct page;

u64 mymm_workingset_eviction(struct mymm_vm *vm, struct page *page);
bool mymm_workingset_stalls(u64 shadow);
void mymm_workingset_refault(struct mymm_vm *vm, struct page *page, u64 shadow);

#endif /* _MYMM_PROCESS_WORKINGSET_H */
