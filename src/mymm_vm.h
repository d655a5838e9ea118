/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mymm_vm: memory of pools of mymm that is mapped somewhere else.
 *
 * This is what other modules may use of mymm_vm.ko. Everything here is exported for GPL modules;
 * mymm.h has the pools.
 */
#ifndef _MYMM_VM_H
#define _MYMM_VM_H

#include <mymm.h>

/* Many frames in a row */
void *mymm_vmalloc(struct mymm_pool *pool, unsigned long size);
void *mymm_vzalloc(struct mymm_pool *pool, unsigned long size);
int mymm_vfree(const void *addr);

#endif /* _MYMM_VM_H */
