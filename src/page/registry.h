/* SPDX-License-Identifier: GPL-2.0 */
/* The registry of pools. */
#ifndef _MYMM_REGISTRY_H
#define _MYMM_REGISTRY_H

#include <linux/list.h>
#include <linux/mutex.h>

struct mymm_pool;

extern struct mutex mymm_pools_lock; /* writers, and readers that sleep */
/* Of struct mymm_pool, by @node; RCU for readers. */
extern struct list_head mymm_pools;

struct mymm_pool *mymm_pool_of(const void *addr);
struct mymm_pool *mymm_pool_named(const char *name);
struct mymm_pool *mymm_pool_get_named(const char *name);
unsigned int mymm_pool_count(void);

#endif /* _MYMM_REGISTRY_H */
