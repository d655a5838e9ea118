/* SPDX-License-Identifier: GPL-2.0 */
/* /proc/sys/mymm; sysctl.c has the differences to /proc/sys/vm. */
#ifndef _MYMM_SYSCTL_H
#define _MYMM_SYSCTL_H

struct mymm_pool;

int mymm_sysctl_init(struct mymm_pool *pool);
void mymm_sysctl_exit(void);

#endif /* _MYMM_SYSCTL_H */
