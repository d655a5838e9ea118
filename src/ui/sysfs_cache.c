// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/mymm_slab: a directory for each cache of the pool that the files show, with
 * the files that /sys/kernel/slab has, so that what reads those reads ours: the kernel's
 * tool slabinfo, with this bound over the real one.
 *
 *   mymm_slab/kmalloc-64/objects             "37 N0=37": of the cache, and by node
 *                        alloc_fastpath ...  what magazines did, as SLUB_STATS says it
 *                        shrink, validate    take a "1"
 *
 * With slub min_partial and cpu_partial can be written to, as SLUB's. Of an engine that has no
 * such limits no slab is a CPU's, so cpu_slabs is 0; what a CPU keeps are objects, in
 * slabs_cpu_partial, up to cpu_partial of them. How many slabs a node has, partial ones and
 * objects in these, comes from the engine (count_slabs); without that function all are shown
 * on node 0, and none partial.
 * A name is a directory's with "!" for "/"; what can't be one, or is there already, has none.
 * Where caches are merged (alias.c), those that could be have a directory that says what they
 * are like, as SLUB's do, and each name is a link to it:
 *
 *   mymm_slab/:0000064/            slots of 64 bytes
 *             inode -> :0000064
 *
 * Life. A directory exists exactly as long as its cache. mymm_cache_names_lock is taken
 * before a cache gets its name, and held until the directory exists, and likewise while both
 * are removed; otherwise a new cache could find the directory of an old one of its name.
 * Removing a directory waits for readers of its files, which may take all locks from the
 * hotplug lock on: so none of these is held then, and the cache is freed afterwards. The
 * kobject is allocated and freed by the kernel's code, so the module can be unloaded while a
 * reference is left.
 */
#include <linux/kernfs.h>
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "base/fault_inject.h"
#include "object/cache.h"
#include "pool/check.h"
#include "base/compat.h"
#include "cache/debug.h"
#include "pool/pool.h"
#include "ui/sysfs_cache.h"
#include "cache/alias.h"
#include "cache/magazine.h"

static struct mymm_pool
	*shown; /* the pool of the caches; under mymm_cache_names_lock */
static struct kobject *root;

/**
 * struct slab_attr - one file of each directory
 * @attr: as sysfs wants it
 * @show: what it says; the number of bytes
 * @store: what it does with what is written to it; NULL: nothing can be
 * @offset: of the member that it shows
 * @flag: that it shows
 */
struct slab_attr {
	struct kobj_attribute attr;
	int (*show)(struct mymm_cache *cache, const struct slab_attr *attr,
		    char *buf);
	int (*store)(struct mymm_cache *cache, const char *buf);
	size_t offset;
	slab_flags_t flag;
};

/* --- what the files say ----------------------------------------------------------- */

static int show_member(struct mymm_cache *cache, const struct slab_attr *attr,
		       char *buf)
{
	unsigned int *member = (void *)cache + attr->offset;

	return sysfs_emit(buf, "%u\n", *member);
}

static int show_flag(struct mymm_cache *cache, const struct slab_attr *attr,
		     char *buf)
{
	return sysfs_emit(buf, "%d\n", !!(cache->flags & attr->flag));
}

/* How many others there are besides one. */
static int show_aliases(struct mymm_cache *cache, const struct slab_attr *attr,
			char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(cache->nr_names) - 1);
}

/* What can only be written to is empty. */
static int show_nothing(struct mymm_cache *cache, const struct slab_attr *attr,
			char *buf)
{
	return 0;
}

static int show_ctor(struct mymm_cache *cache, const struct slab_attr *attr,
		     char *buf)
{
	return cache->ctor ? sysfs_emit(buf, "%pS\n", cache->ctor) : 0;
}

static void get_limits(struct mymm_cache *cache,
		       struct mymm_cache_limits *limits)
{
	*limits = (struct mymm_cache_limits){
		.cpu_partial = cache->mag_limit,
	};
	if (cache->engine->get_limits)
		cache->engine->get_limits(cache, limits);
}

static int show_min_partial(struct mymm_cache *cache,
			    const struct slab_attr *attr, char *buf)
{
	struct mymm_cache_limits limits;

	get_limits(cache, &limits);
	return sysfs_emit(buf, "%lu\n", limits.min_partial);
}

static int show_cpu_partial(struct mymm_cache *cache,
			    const struct slab_attr *attr, char *buf)
{
	struct mymm_cache_limits limits;

	get_limits(cache, &limits);
	return sysfs_emit(buf, "%u\n", limits.cpu_partial);
}

/* "OBJECTS(SLABS) C0=OBJECTS(SLABS)": free objects, if the slabs are half full, as SLUB has it. */
static int show_slabs_cpu_partial(struct mymm_cache *cache,
				  const struct slab_attr *attr, char *buf)
{
	struct mymm_magazine_stats stats;
	unsigned int slabs = 0, nr;
	int cpu, len;

	if (!cache->engine->cpu_partial) {
		mymm_magazine_stats(cache, &stats);
		return sysfs_emit(buf, "%lu(0)\n", stats.objects);
	}
	for_each_online_cpu(cpu)
		slabs += cache->engine->cpu_partial(cache, cpu);
	len = sysfs_emit(buf, "%u(%u)", slabs * cache->num / 2, slabs);
	for_each_online_cpu(cpu) {
		nr = cache->engine->cpu_partial(cache, cpu);
		if (nr)
			len += sysfs_emit_at(buf, len, " C%d=%u(%u)", cpu,
					     nr * cache->num / 2, nr);
	}
	return len + sysfs_emit_at(buf, len, "\n");
}

static int show_stat(struct mymm_cache *cache, const struct slab_attr *attr,
		     char *buf)
{
	struct mymm_magazine_stats stats;
	unsigned long *member = (void *)&stats + attr->offset;

	mymm_magazine_stats(cache, &stats);
	return sysfs_emit(buf, "%lu\n", *member);
}

/**
 * mymm_cache_count_slabs() - count a cache's slabs and objects, node by node
 * @cache: the cache
 * @node: by node, %MYMM_MAX_NODES; is filled
 *
 * Engines walk their lists for it, which those of a dead pool are not fit for.
 *
 * Context: any but NMI.
 * Return: 0; -EIO: the pool is dead.
 */
int mymm_cache_count_slabs(struct mymm_cache *cache,
			   struct mymm_cache_slabs *node)
{
	struct mymm_slabinfo info;

	memset(node, 0, MYMM_MAX_NODES * sizeof(*node));
	if (mymm_pool_dead(cache->pool))
		return -EIO;
	if (cache->engine->count_slabs) {
		cache->engine->count_slabs(cache, node);
		return 0;
	}
	cache->engine->get_slabinfo(cache, &info);
	node[0].slabs = info.num_slabs;
	node[0].total_objects = info.num_objs;
	node[0].objects = info.active_objs;
	return 0;
}
MYMM_EXPORT_INTERNAL(mymm_cache_count_slabs);

/* "TOTAL N0=PART N1=PART", nodes with none left out. */
static int show_count(struct mymm_cache *cache, const struct slab_attr *attr,
		      char *buf)
{
	struct mymm_cache_slabs node[MYMM_MAX_NODES];
	unsigned long total = 0, part[MYMM_MAX_NODES];
	unsigned int n;
	int len, err;

	err = mymm_cache_count_slabs(cache, node);
	if (err)
		return err;
	for (n = 0; n < MYMM_MAX_NODES; n++) {
		part[n] = *(unsigned long *)((void *)&node[n] + attr->offset);
		total += part[n];
	}
	len = sysfs_emit(buf, "%lu", total);
	for (n = 0; n < MYMM_MAX_NODES; n++)
		if (part[n])
			len += sysfs_emit_at(buf, len, " N%u=%lu", n, part[n]);
	return len + sysfs_emit_at(buf, len, "\n");
}

static int store_min_partial(struct mymm_cache *cache, const char *buf)
{
	struct mymm_cache_limits limits;
	int err;

	if (!cache->engine->set_limits)
		return -EINVAL;
	/* A concurrent write to the other limit must not undo this one. */
	guard(mutex)(&cache->pool->lock);
	get_limits(cache, &limits);
	err = kstrtoul(buf, 10, &limits.min_partial);
	return err ?: cache->engine->set_limits(cache, &limits);
}

static int store_cpu_partial(struct mymm_cache *cache, const char *buf)
{
	struct mymm_cache_limits limits;
	int err;

	if (!cache->engine->set_limits)
		return -EINVAL;
	guard(mutex)(&cache->pool->lock);
	get_limits(cache, &limits);
	err = kstrtouint(buf, 10, &limits.cpu_partial);
	return err ?: cache->engine->set_limits(cache, &limits);
}

static int store_shrink(struct mymm_cache *cache, const char *buf)
{
	if (!sysfs_streq(buf, "1"))
		return -EINVAL;
	mymm_cache_shrink(cache);
	return 0;
}

static int store_validate(struct mymm_cache *cache, const char *buf)
{
	struct mymm_finding finding = {};
	int err;

	if (!sysfs_streq(buf, "1"))
		return -EINVAL;
	mymm_cache_validate(cache);
	err = cache->engine->check(cache, &finding);
	if (err)
		mymm_pool_kill(cache->pool, finding.text);
	return err;
}

/* --- the files -------------------------------------------------------------------- */

/*
 * The cache of a directory. It stays while one of its files is read or written:
 * mymm_sysfs_dir_remove() waits for that.
 */
static struct mymm_cache *cache_of(const struct kobject *dir)
{
	struct mymm_pool *pool = READ_ONCE(shown);
	struct mymm_cache *cache;

	guard(mutex)(&pool->lock);
	list_for_each_entry(cache, &pool->caches, list)
		if (READ_ONCE(cache->dir) == dir)
			return cache;
	return NULL;
}

static ssize_t show(struct kobject *dir, struct kobj_attribute *attr, char *buf)
{
	struct slab_attr *a = container_of(attr, struct slab_attr, attr);
	struct mymm_cache *cache = cache_of(dir);

	return cache ? a->show(cache, a, buf) : -ENODEV;
}

static ssize_t store(struct kobject *dir, struct kobj_attribute *attr,
		     const char *buf, size_t count)
{
	struct slab_attr *a = container_of(attr, struct slab_attr, attr);
	struct mymm_cache *cache = cache_of(dir);
	int err;

	if (!cache)
		return -ENODEV;
	if (mymm_pool_dead(cache->pool))
		return -EIO;
	err = a->store(cache, buf);
	return err ? err : count;
}

#define FILE(_name, _show, ...)                                         \
	{                                                               \
		.attr = __ATTR(_name, 0400, show, NULL), .show = _show, \
		##__VA_ARGS__                                           \
	}
#define COMMAND(_name, _store)                            \
	{                                                 \
		.attr = __ATTR(_name, 0600, show, store), \
		.show = show_nothing, .store = _store,    \
	}
#define LIMIT(_name)                                          \
	{                                                     \
		.attr = __ATTR(_name, 0600, show, store),     \
		.show = show_##_name, .store = store_##_name, \
	}
#define MEMBER(_name, _member) \
	FILE(_name, show_member, .offset = offsetof(struct mymm_cache, _member))
#define FLAG(_name, _flag) FILE(_name, show_flag, .flag = _flag)
#define COUNT(_name)            \
	FILE(_name, show_count, \
	     .offset = offsetof(struct mymm_cache_slabs, _name))
#define STAT(_name, _member)   \
	FILE(_name, show_stat, \
	     .offset = offsetof(struct mymm_magazine_stats, _member))

static struct slab_attr files[] = {
	MEMBER(slab_size, size),
	MEMBER(object_size, object_size),
	MEMBER(align, align),
	MEMBER(usersize, usersize),
	MEMBER(order, order),
	LIMIT(min_partial),
	MEMBER(objs_per_slab, num),
	FILE(ctor, show_ctor),
	FLAG(hwcache_align, SLAB_HWCACHE_ALIGN),
	FLAG(reclaim_account, SLAB_RECLAIM_ACCOUNT),
	FLAG(cache_dma, SLAB_CACHE_DMA),
	FLAG(destroy_by_rcu, SLAB_TYPESAFE_BY_RCU),
	FLAG(sanity_checks, SLAB_CONSISTENCY_CHECKS),
	FLAG(red_zone, SLAB_RED_ZONE),
	FLAG(poison, SLAB_POISON),
	FLAG(store_user, SLAB_STORE_USER),
	FLAG(trace, SLAB_TRACE),
	COUNT(slabs),
	COUNT(partial),
	COUNT(objects),
	COUNT(objects_partial),
	COUNT(total_objects),
	FILE(aliases, show_aliases),
	COUNT(cpu_slabs),
	LIMIT(cpu_partial),
	FILE(slabs_cpu_partial, show_slabs_cpu_partial),
	STAT(alloc_fastpath, alloc_hits),
	STAT(alloc_slowpath, alloc_misses),
	STAT(free_fastpath, free_hits),
	STAT(free_slowpath, free_misses),
	COMMAND(shrink, store_shrink),
	COMMAND(validate, store_validate),
};

/* --- the directories ---------------------------------------------------------------- */

/**
 * mymm_sysfs_dir_name() - what a cache's directory is called
 * @cache: the cache's name
 * @name: room for %MYMM_NAME_MAX bytes, which are filled
 *
 * Return: false if there can't be such a directory.
 */
bool mymm_sysfs_dir_name(const char *cache, char *name)
{
	strscpy(name, cache, MYMM_NAME_MAX);
	strreplace(name, '/', '!');
	return strcmp(name, ".") && strcmp(name, "..");
}

/* Is there a directory, or a link, of that name? */
static bool name_is_taken(const char *name)
{
	struct kernfs_node *other = kernfs_find_and_get(root->sd, name);

	kernfs_put(other);
	return other;
}

/*
 * What a cache is like, as far as others may be merged into it: as create_unique_id() of
 * mm/slub.c has it. Of another engine than slub it ends with that.
 */
static void unique_id(const struct mymm_cache *cache, char *name)
{
	const slab_flags_t flags = cache->flags;
	bool slub = cache->engine == &mymm_slub_ops;
	char letters[5], *p = letters;

	if (flags & SLAB_CACHE_DMA)
		*p++ = 'd';
	if (flags & SLAB_CACHE_DMA32)
		*p++ = 'D';
	if (flags & SLAB_RECLAIM_ACCOUNT)
		*p++ = 'a';
	if (p != letters)
		*p++ = '-';
	*p = 0;
	snprintf(name, MYMM_NAME_MAX, ":%s%07u%s%s", letters, cache->size,
		 slub ? "" : "-", slub ? "" : cache->engine->name);
}

/* The name of a new cache's directory; false if there can't be one. */
static bool choose_name(const struct mymm_cache *cache, char *name)
{
	if (mymm_cache_mergeable(cache)) {
		unique_id(cache, name);
		if (!name_is_taken(name))
			return true;
	}
	return mymm_sysfs_dir_name(cache->name, name) && !name_is_taken(name);
}

/**
 * mymm_sysfs_link_add() - a link for a name to the directory of its cache
 * @name: the name; needs none if it is the directory's
 *
 * Context: process; sleeps. With mymm_cache_names_lock and none of the locks of pool.h.
 * Return: 0, also if there can't be one; -ENOMEM.
 */
int mymm_sysfs_link_add(struct mymm_name *name)
{
	struct kobject *dir = name->cache->dir;
	char text[MYMM_NAME_MAX];
	int err;

	lockdep_assert_held(&mymm_cache_names_lock);
	if (!dir || !mymm_sysfs_dir_name(name->name, text) ||
	    name_is_taken(text))
		return 0;
	err = mymm_inject_fail() ? -ENOMEM : sysfs_create_link(root, dir, text);
	name->linked = !err;
	return err;
}

/**
 * mymm_sysfs_link_remove() - remove the link of a name
 * @name: the name; may have none
 *
 * Context: process; sleeps. With mymm_cache_names_lock and none of the locks of pool.h.
 */
void mymm_sysfs_link_remove(struct mymm_name *name)
{
	char text[MYMM_NAME_MAX];

	lockdep_assert_held(&mymm_cache_names_lock);
	if (!name->linked || !mymm_sysfs_dir_name(name->name, text))
		return;
	sysfs_remove_link(root, text);
	name->linked = false;
}

/**
 * mymm_sysfs_dir_add() - give a new cache its directory
 * @cache: has its place in the pool
 *
 * Context: process; sleeps. With mymm_cache_names_lock and none of the locks of pool.h.
 * Return: 0, also if it needs none; -ENOMEM.
 */
int mymm_sysfs_dir_add(struct mymm_cache *cache)
{
	char name[MYMM_NAME_MAX];
	struct kobject *dir;
	unsigned int i;
	int err = 0;

	lockdep_assert_held(&mymm_cache_names_lock);
	if (cache->pool != shown || !choose_name(cache, name))
		return 0;
	dir = mymm_inject_fail() ? NULL : kobject_create_and_add(name, root);
	if (!dir)
		return -ENOMEM;
	WRITE_ONCE(cache->dir, dir);
	for (i = 0; i < ARRAY_SIZE(files) && !err; i++)
		err = sysfs_create_file(dir, &files[i].attr.attr);
	if (!err)
		err = mymm_sysfs_link_add(&cache->own);
	if (err)
		mymm_sysfs_dir_remove(cache);
	return err;
}

/**
 * mymm_sysfs_dir_remove() - remove a cache's directory
 * @cache: the cache; may have none
 *
 * Waits until nobody reads its files.
 *
 * Context: process; sleeps. With mymm_cache_names_lock and none of the locks of pool.h.
 */
void mymm_sysfs_dir_remove(struct mymm_cache *cache)
{
	struct kobject *dir = cache->dir;
	struct mymm_name *name;

	lockdep_assert_held(&mymm_cache_names_lock);
	if (!dir)
		return;
	list_for_each_entry(name, &cache->names, list)
		mymm_sysfs_link_remove(name);
	kobject_del(dir);
	WRITE_ONCE(cache->dir, NULL);
	kobject_put(dir);
}

static void remove_all(struct mymm_pool *pool)
{
	struct mymm_cache *cache;

	/* The list can't change: that takes mymm_cache_names_lock first. */
	list_for_each_entry(cache, &pool->caches, list)
		mymm_sysfs_dir_remove(cache);
}

/**
 * mymm_sysfs_init() - make the tree
 * @pool: the pool of the caches to show; stays until mymm_sysfs_exit()
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int mymm_sysfs_init(struct mymm_pool *pool)
{
	struct mymm_cache *cache;
	int err = 0;

	if (!IS_ENABLED(CONFIG_SYSFS))
		return 0;
	root = kobject_create_and_add("mymm_slab", kernel_kobj);
	if (!root)
		return -ENOMEM;
	mutex_lock(&mymm_cache_names_lock);
	WRITE_ONCE(shown, pool);
	list_for_each_entry(cache, &pool->caches, list) {
		err = mymm_sysfs_dir_add(cache);
		if (err)
			break;
	}
	mutex_unlock(&mymm_cache_names_lock);
	if (err)
		mymm_sysfs_exit();
	return err;
}

/**
 * mymm_sysfs_exit() - remove the tree
 *
 * Context: process; sleeps.
 */
void mymm_sysfs_exit(void)
{
	mutex_lock(&mymm_cache_names_lock);
	if (shown)
		remove_all(shown);
	WRITE_ONCE(shown, NULL);
	mutex_unlock(&mymm_cache_names_lock);
	kobject_put(root);
	root = NULL;
}
