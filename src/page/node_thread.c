// SPDX-License-Identifier: GPL-2.0
/* Threads of which a pool has one for each node. */
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/nodemask.h>
#include <linux/sched.h>
#include <linux/sched/task.h>

#include "base/fault_inject.h"
#include "page/node_thread.h"
#include "page/pool.h"
#include "page/zone.h"

/**
 * mymm_node_thread_run() - start a thread for a node
 * @pool: has the node
 * @node: if it is one of several, and the machine has a node of that number, the thread's memory
 *	is there
 * @main: what the thread does, until kthread_should_stop()
 * @data: is given to @main
 * @name: the thread is "mymm-NAMEn/POOL"
 *
 * Context: process; sleeps.
 * Return: the thread, with a reference for the caller; or ERR_PTR(-ENOMEM) or another errno.
 */
struct task_struct *mymm_node_thread_run(const struct mymm_pool *pool,
					 const struct mymm_node *node,
					 int (*main)(void *data), void *data,
					 const char *name)
{
	struct task_struct *task;
	int nid = NUMA_NO_NODE;

	if (pool->nr_nodes > 1 && node->id < MAX_NUMNODES &&
	    node_state(node->id, N_MEMORY))
		nid = node->id;
	if (mymm_inject_fail())
		return ERR_PTR(-ENOMEM);
	task = kthread_create_on_node(main, data, nid, "mymm-%s%d/%s", name,
				      node->id, pool->name);
	if (IS_ERR(task))
		return task;
	get_task_struct(task);
	wake_up_process(task);
	return task;
}
