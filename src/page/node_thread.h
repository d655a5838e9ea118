/* SPDX-License-Identifier: GPL-2.0 */
/* Threads of which a pool has one for each node. */
#ifndef _MYMM_NODE_THREAD_H
#define _MYMM_NODE_THREAD_H

struct mymm_node;
struct mymm_pool;
struct task_struct;

struct task_struct *mymm_node_thread_run(const struct mymm_pool *pool,
					 const struct mymm_node *node,
					 int (*main)(void *data), void *data,
					 const char *name);

#endif /* _MYMM_NODE_THREAD_H */
