// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs mymm/caches/: a directory for each cache of the pool that the files show, with data
 * that neither /proc/slabinfo nor /sys/kernel/slab has.
 *
 *   caches/NAME/stats    counters of the cache, see cache_stats.c
 *               alloc_traces, free_traces      callers that hold its objects, see track_site.c
 *
 * NAME is as in /sys/kernel/mymm_slab, "!" for "/"; so is the life of the directory: that of
 * the cache, under mymm_cache_names_lock. Removing it waits for readers. Where caches are
 * merged each other name is a link. An error of debugfs is ignored: a cache may have no
 * directory here.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "object/cache.h"
#include "ui/sysfs_cache.h"
#include "cache/track.h"
#include "cache/alias.h"
#include "cache/cache_stats.h"

/* The directory, and the pool that it shows; under mymm_cache_names_lock. */
static struct dentry *caches;
static struct mymm_pool *shown;

static int stats_show(struct seq_file *m, void *v)
{
	mymm_cache_stats_show(m, m->private);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/* --- traces ----------------------------------------------------------------------- */

static void *traces_start(struct seq_file *m, loff_t *pos)
{
	const struct mymm_sites *sites = m->private;

	/* Position 0 is there also if there is nothing to be shown. */
	return *pos < max_t(size_t, sites->nr, 1) ? pos : NULL;
}

static void *traces_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return traces_start(m, pos);
}

static void traces_stop(struct seq_file *m, void *v)
{
}

static int traces_show(struct seq_file *m, void *v)
{
	mymm_site_show(m, m->private, *(loff_t *)v);
	return 0;
}

static const struct seq_operations traces_ops = {
	.start = traces_start,
	.next = traces_next,
	.stop = traces_stop,
	.show = traces_show,
};

static int traces_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	mymm_sites_drop(m->private);
	return seq_release_private(inode, file);
}

static int open_traces(struct inode *inode, struct file *file,
		       enum mymm_track_item item)
{
	struct mymm_sites *sites =
		__seq_open_private(file, &traces_ops, sizeof(*sites));
	int err;

	if (!sites)
		return -ENOMEM;
	err = mymm_sites_take(sites, inode->i_private, item);
	if (err)
		traces_release(inode, file);
	return err;
}

static int alloc_traces_open(struct inode *inode, struct file *file)
{
	return open_traces(inode, file, MYMM_TRACK_ALLOC);
}

static int free_traces_open(struct inode *inode, struct file *file)
{
	return open_traces(inode, file, MYMM_TRACK_FREE);
}

static const struct file_operations alloc_traces_fops = {
	.owner = THIS_MODULE,
	.open = alloc_traces_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = traces_release,
};

static const struct file_operations free_traces_fops = {
	.owner = THIS_MODULE,
	.open = free_traces_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = traces_release,
};

/* --- directories -------------------------------------------------------------------- */

/* Is there a directory of that name? One of another cache, then. */
static bool name_is_taken(const char *name)
{
	struct dentry *other = debugfs_lookup(name, caches);

	dput(other);
	return other;
}

/**
 * mymm_cache_dir_add() - give a cache its directory in debugfs
 * @cache: has its place in the pool
 *
 * Context: process; sleeps. With mymm_cache_names_lock and none of the locks of pool.h.
 */
void mymm_cache_dir_add(struct mymm_cache *cache)
{
	char name[MYMM_NAME_MAX];

	lockdep_assert_held(&mymm_cache_names_lock);
	if (cache->pool != shown || !mymm_sysfs_dir_name(cache->name, name) ||
	    name_is_taken(name))
		return;
	cache->debug_dir = debugfs_create_dir(name, caches);
	debugfs_create_file("stats", 0400, cache->debug_dir, cache,
			    &stats_fops);
	if (!(cache->flags & SLAB_STORE_USER))
		return;
	debugfs_create_file("alloc_traces", 0400, cache->debug_dir, cache,
			    &alloc_traces_fops);
	debugfs_create_file("free_traces", 0400, cache->debug_dir, cache,
			    &free_traces_fops);
}

/**
 * mymm_cache_dir_remove() - remove a cache's directory from debugfs
 * @cache: the cache; may have none
 *
 * Waits until nobody reads its files.
 *
 * Context: process; sleeps. With mymm_cache_names_lock and none of the locks of pool.h.
 */
void mymm_cache_dir_remove(struct mymm_cache *cache)
{
	struct mymm_name *name;

	lockdep_assert_held(&mymm_cache_names_lock);
	list_for_each_entry(name, &cache->names, list)
		mymm_cache_link_remove(name);
	debugfs_remove_recursive(cache->debug_dir);
	cache->debug_dir = NULL;
}

/**
 * mymm_cache_link_add() - a link for another name of a cache
 * @name: the name
 *
 * Context: as mymm_cache_dir_add().
 */
void mymm_cache_link_add(struct mymm_name *name)
{
	char from[MYMM_NAME_MAX], to[MYMM_NAME_MAX];
	struct mymm_cache *cache = name->cache;

	lockdep_assert_held(&mymm_cache_names_lock);
	if (IS_ERR_OR_NULL(cache->debug_dir) || name == &cache->own ||
	    !mymm_sysfs_dir_name(name->name, from) || name_is_taken(from))
		return;
	mymm_sysfs_dir_name(cache->name, to);
	name->debug_link = debugfs_create_symlink(from, caches, to);
}

/**
 * mymm_cache_link_remove() - remove that
 * @name: the name; may have none
 *
 * Context: as mymm_cache_dir_remove().
 */
void mymm_cache_link_remove(struct mymm_name *name)
{
	lockdep_assert_held(&mymm_cache_names_lock);
	debugfs_remove(name->debug_link);
	name->debug_link = NULL;
}

/**
 * mymm_cache_dirs_init() - make the directories of all caches
 * @dir: where
 * @pool: the pool of the caches to show; stays until mymm_cache_dirs_exit()
 *
 * Context: process; sleeps.
 */
void mymm_cache_dirs_init(struct dentry *dir, struct mymm_pool *pool)
{
	struct mymm_cache *cache;

	guard(mutex)(&mymm_cache_names_lock);
	caches = debugfs_create_dir("caches", dir);
	if (IS_ERR(caches))
		return;
	shown = pool;
	/* The list can't change: that takes mymm_cache_names_lock first. */
	list_for_each_entry(cache, &pool->caches, list)
		mymm_cache_dir_add(cache);
}

/**
 * mymm_cache_dirs_exit() - remove them
 *
 * Context: process; sleeps.
 */
void mymm_cache_dirs_exit(void)
{
	struct mymm_cache *cache;

	guard(mutex)(&mymm_cache_names_lock);
	if (!shown)
		return;
	list_for_each_entry(cache, &shown->caches, list)
		mymm_cache_dir_remove(cache);
	shown = NULL;
}
