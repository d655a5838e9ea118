/* SPDX-License-Identifier: GPL-2.0 */
/* /sys/kernel/mymm_slab: a directory for each cache, as /sys/kernel/slab has them. */
#ifndef _MYMM_SYSFS_CACHE_H
#define _MYMM_SYSFS_CACHE_H

#include <linux/types.h>

struct dentry;
struct mymm_cache;
struct mymm_name;
struct mymm_pool;
struct mymm_cache_slabs;

/* sysfs_cache.c */
bool mymm_sysfs_dir_name(const char *cache, char *name);
int mymm_sysfs_dir_add(struct mymm_cache *cache);
void mymm_sysfs_dir_remove(struct mymm_cache *cache);
int mymm_sysfs_link_add(struct mymm_name *name);
void mymm_sysfs_link_remove(struct mymm_name *name);
int mymm_sysfs_init(struct mymm_pool *pool);
void mymm_sysfs_exit(void);
int mymm_cache_count_slabs(struct mymm_cache *cache,
			   struct mymm_cache_slabs *node);

/* debugfs_cache.c */
void mymm_cache_dir_add(struct mymm_cache *cache);
void mymm_cache_dir_remove(struct mymm_cache *cache);
void mymm_cache_link_add(struct mymm_name *name);
void mymm_cache_link_remove(struct mymm_name *name);
void mymm_cache_dirs_init(struct dentry *dir, struct mymm_pool *pool);
void mymm_cache_dirs_exit(void);

#endif /* _MYMM_SYSFS_CACHE_H */
