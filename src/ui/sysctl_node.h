/* SPDX-License-Identifier: GPL-2.0 */
/* /proc/sys/mymm: reclaim from the own node. */
#ifndef _MYMM_SYSCTL_NODE_H
#define _MYMM_SYSCTL_NODE_H

struct mymm_pool;

int mymm_sysctl_node_init(struct mymm_pool *pool);
void mymm_sysctl_node_exit(void);

#endif /* _MYMM_SYSCTL_NODE_H */
