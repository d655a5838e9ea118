/* SPDX-License-Identifier: GPL-2.0 */
/* Names of caches, and the observer of caches and names; alias.c. */
#ifndef _MYMM_ALIAS_H
#define _MYMM_ALIAS_H

#include <linux/mutex.h>

#include "object/cache.h"

/**
 * struct mymm_cache_observer - files that show caches, see ui/cache_dirs.c
 * @add: a new cache is in the pool's list; on -ENOMEM its creation fails
 * @remove: a cache ends; returns when the last reader has left its files
 * @link_add: a cache gets another name; on -ENOMEM it does not
 * @link_remove: a name is given up
 *
 * Called with mymm_cache_names_lock and none of the locks of pool.h.
 */
struct mymm_cache_observer {
	int (*add)(struct mymm_cache *cache);
	void (*remove)(struct mymm_cache *cache);
	int (*link_add)(struct mymm_name *name);
	void (*link_remove)(struct mymm_name *name);
};

extern struct mutex mymm_cache_names_lock;
extern const struct mymm_cache_observer *mymm_cache_observer;

void mymm_cache_observe(const struct mymm_cache_observer *observer);
bool mymm_cache_mergeable(const struct mymm_cache *cache);
void mymm_names_init(struct mymm_cache *cache);
void mymm_names_free(struct mymm_cache *cache);
bool mymm_name_taken(struct mymm_pool *pool, const char *name);
struct mymm_name *mymm_alias_add(struct mymm_pool *pool,
				 const struct mymm_cache_config *config,
				 const struct mymm_engine_ops *engine,
				 struct mymm_owner creator);
bool mymm_alias_drop(struct mymm_name *name);
struct mymm_name *mymm_name_of(struct mymm_cache *cache, const char *text);
struct mymm_name *mymm_name_of_kernel(struct mymm_cache *cache);

#endif /* _MYMM_ALIAS_H */
