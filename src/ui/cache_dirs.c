// SPDX-License-Identifier: GPL-2.0
/*
 * The directories of caches as these come and go: in /sys/kernel/mymm_slab (sysfs_cache.c), where
 * to have none is an error, and in debugfs mymm/caches (debugfs_cache.c), where it is not.
 */
#include "cache/alias.h"
#include "ui/cache_dirs.h"
#include "ui/sysfs_cache.h"

static int add(struct mymm_cache *cache)
{
	int err = mymm_sysfs_dir_add(cache);

	if (!err)
		mymm_cache_dir_add(cache);
	return err;
}

static void remove(struct mymm_cache *cache)
{
	mymm_cache_dir_remove(cache);
	mymm_sysfs_dir_remove(cache);
}

static int link_add(struct mymm_name *name)
{
	int err = mymm_sysfs_link_add(name);

	if (!err)
		mymm_cache_link_add(name);
	return err;
}

static void link_remove(struct mymm_name *name)
{
	mymm_cache_link_remove(name);
	mymm_sysfs_link_remove(name);
}

const struct mymm_cache_observer mymm_cache_dirs = {
	.add = add,
	.remove = remove,
	.link_add = link_add,
	.link_remove = link_remove,
};
