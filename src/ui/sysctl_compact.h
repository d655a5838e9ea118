/* SPDX-License-Identifier: GPL-2.0 */
/* What of /proc/sys/mymm has to do with compaction. */
#ifndef _MYMM_SYSCTL_COMPACT_H
#define _MYMM_SYSCTL_COMPACT_H

struct mymm_pool;

int mymm_sysctl_compact_init(struct mymm_pool *pool);
void mymm_sysctl_compact_exit(void);

#endif /* _MYMM_SYSCTL_COMPACT_H */
