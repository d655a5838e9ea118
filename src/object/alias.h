/* SPDX-License-Identifier: GPL-2.0 */
/* The names of a cache; cache/alias.c has the rule by which it has more than one. */
#ifndef _MYMM_NAME_H
#define _MYMM_NAME_H

#include <linux/list.h>
#include <linux/types.h>

#include "page/event.h"

struct dentry;
struct mymm_cache;

/**
 * struct mymm_name - a name of a cache
 * @cache: the cache; constant
 * @list: in cache->names; read under pool->lock, written under mymm_cache_names_lock, too
 * @creator: code and session that asked for it
 * @name: the text; constant
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

#endif /* _MYMM_NAME_H */
