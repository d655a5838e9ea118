/* SPDX-License-Identifier: GPL-2.0 */
/* The names of a cache; alias.c has the rule by which it has more than one. */
#ifndef _MYMM_ALIAS_H
#define _MYMM_ALIAS_H

#include <linux/list.h>
#include <linux/types.h>

#include "page/event.h"

struct dentry;
struct mymm_cache;
struct mymm_cache_config;
struct mymm_engine_ops;
struct mymm_pool;

/**
 * struct mymm_name - a name under which somebody has a cache
 * @cache: which; constant
 * @list: in cache->names; pool->lock, and mymm_cache_names_lock for who changes it
 * @creator: on whose behalf it was given
 * @name: constant
 * @linked: there is a link of this name in /sys/kernel/mymm_slab; mymm_cache_names_lock
 * @debug_link: that in debugfs mymm/caches, or NULL; mymm_cache_names_lock
 */
struct mymm_name {
	struct mymm_cache *cache;
	struct list_head list;
	struct mymm_owner creator;
	const char *name;
	bool linked;
	struct dentry *debug_link;
};

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
