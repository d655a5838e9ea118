// SPDX-License-Identifier: GPL-2.0
/*
 * Pools: how a private machine is described, made, found and ended.
 *
 * The description is a line: "DMA:4M,DMA32:12M,Normal:48M". Whatever the order it is
 * written in, zones are laid out in the field's order, one directly behind the
 * other, frame 0 first:
 *
 *      pfn  0        1024                4096                            16384
 *           +----------+-------------------+-------------------------------+
 *           |   DMA    |      DMA32        |            Normal             |
 *           +----------+-------------------+-------------------------------+
 *
 * A zone may have any size. One that does not begin or end at a multiple of the
 * largest block has smaller blocks there, and no others, when it is free.
 *
 * Behind the frames of the table come filling and list heads, see frame.c; their
 * number is settled here, and nothing grows later.
 *
 * Life. A pool is made with one reference, the creator's, and one for each of its size
 * classes. Any other cache holds one, each session does, and whoever asked for the
 * default pool. mymm_pool_destroy() wants only its own to be left, and all frames
 * back. A pool with a broken
 * invariant is *dead*: it refuses everything, and may be destroyed as it is.
 *
 * The registry is a list for RCU: an address is looked up in any context.
 */
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cache.h"
#include "compat.h"
#include "kmalloc.h"
#include "pool.h"

/* The registry's; see pool.h for the order of locks. */
DEFINE_MUTEX(mymm_pools_lock);
LIST_HEAD(mymm_pools);
static struct mymm_pool *default_pool; /* under mymm_pools_lock */

/* --- the description ------------------------------------------------------ */

/* What a description asks for: pages of each zone. */
struct layout {
	unsigned long pages[MYMM_NR_ZONE_TYPES];
	unsigned long total;
	unsigned int nr_zones;
};

/* "12M" in bytes. Unlike memparse() it sees garbage and overflow. */
static int parse_size(const char *text, u64 *bytes)
{
	static const char suffixes[] = "kmgt";
	char digits[24];
	unsigned int shift = 0;
	size_t len = strlen(text);
	const char *suffix;

	suffix = len ? strchr(suffixes, tolower(text[len - 1])) : NULL;
	if (suffix && *suffix) {
		shift = 10 * (suffix - suffixes + 1);
		len--;
	}
	if (!len || len >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, text, len);
	digits[len] = 0;
	if (!isdigit(digits[0]) || kstrtou64(digits, 0, bytes))
		return -EINVAL;
	return check_shl_overflow(*bytes, shift, bytes) ? -EINVAL : 0;
}

/* One "NAME:SIZE". */
static int parse_zone(char *item, struct layout *layout)
{
	char *name = strsep(&item, ":");
	enum mymm_zone_type type = mymm_zone_type_by_name(name);
	u64 bytes;

	if (type == MYMM_ZONE_NONE) {
		pr_err("zones: \"%s\" is not a zone: they are DMA, DMA32, Normal, HighMem, Movable\n",
		       name);
		return -EINVAL;
	}
	if (!item) {
		pr_err("zones: %s has no size: expected one as in %s:16M\n",
		       name, name);
		return -EINVAL;
	}
	if (parse_size(item, &bytes)) {
		pr_err("zones: %s has the size \"%s\": expected a number with K, M, G or T, as in %s:16M\n",
		       name, item, name);
		return -EINVAL;
	}
	if (layout->pages[type]) {
		pr_err("zones: %s is there twice\n", name);
		return -EINVAL;
	}
	if (bytes < PAGE_SIZE) {
		pr_err("zones: %s has %llu bytes, which is less than a page\n",
		       name, bytes);
		return -EINVAL;
	}
	if (bytes >> PAGE_SHIFT > S32_MAX) {
		pr_err("zones: %s has %llu frames, more than %d\n", name,
		       bytes >> PAGE_SHIFT, S32_MAX);
		return -EINVAL;
	}
	layout->pages[type] = bytes >> PAGE_SHIFT;
	layout->total += layout->pages[type];
	layout->nr_zones++;
	return 0;
}

static int parse_zones(const char *zones, struct layout *layout)
{
	char *copy, *rest, *item;
	int err = 0;

	*layout = (struct layout){};
	if (!zones || !*zones) {
		pr_err("zones: empty: expected as in DMA:4M,DMA32:12M,Normal:48M\n");
		return -EINVAL;
	}
	if (mymm_inject_fail())
		return -ENOMEM;
	copy = kstrdup(zones, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	rest = copy;
	while (!err && (item = strsep(&rest, ",")))
		err = parse_zone(strim(item), layout);
	kfree(copy);
	if (!err && layout->total > S32_MAX) {
		pr_err("zones: %lu frames together, more than %d\n",
		       layout->total, S32_MAX);
		return -EINVAL;
	}
	return err;
}

static int check_config(const struct mymm_pool_config *config)
{
	if (config->nodes > MYMM_MAX_NODES) {
		pr_err("nodes: %u is out of range 1 to %d: several nodes are not there yet\n",
		       config->nodes, MYMM_MAX_NODES);
		return -EINVAL;
	}
	if (!mymm_engine_find(config->engine)) {
		pr_err("engine: there is no engine \"%s\": expected slub\n",
		       config->engine);
		return -EINVAL;
	}
	if (config->backing != MYMM_BACKING_VMALLOC &&
	    config->backing != MYMM_BACKING_NONE) {
		pr_err("backing: %d is neither vmalloc nor none\n",
		       config->backing);
		return -EINVAL;
	}
	return 0;
}

/* --- making ----------------------------------------------------------------- */

/* Frames of the table: those of the zones, filling, list heads. */
static unsigned long table_length(const struct layout *layout)
{
	return ALIGN(layout->total, 1UL << MYMM_MAX_ORDER) +
	       layout->nr_zones * MYMM_NR_ORDERS +
	       MYMM_MAX_CACHES * MYMM_LISTS_PER_CACHE;
}

static int get_memory(struct mymm_pool *pool, const struct layout *layout,
		      enum mymm_backing backing)
{
	unsigned long table = DIV_ROUND_UP(
		table_length(layout) * sizeof(struct mymm_frame), PAGE_SIZE);
	unsigned long arena = backing == MYMM_BACKING_NONE ? 0 : layout->total;
	int err;

	if (table + arena > mymm_area_room()) {
		pr_err("zones: %lu MiB of memory and %lu MiB to describe the frames do not fit: there is room for %lu MiB\n",
		       arena >> (20 - PAGE_SHIFT), table >> (20 - PAGE_SHIFT),
		       mymm_area_room() >> (20 - PAGE_SHIFT));
		return -ENOMEM;
	}
	err = mymm_area_alloc(&pool->table, table, NUMA_NO_NODE);
	if (!err && arena)
		err = mymm_area_alloc(&pool->arena, arena, NUMA_NO_NODE);
	if (err) {
		pr_err("zones: no memory for %lu MiB and %lu MiB to describe the frames\n",
		       arena >> (20 - PAGE_SHIFT), table >> (20 - PAGE_SHIFT));
		return err;
	}
	pool->frame = pool->table.addr;
	pool->base = pool->arena.addr;
	pool->bytes = pool->arena.pages << PAGE_SHIFT;
	pool->nr_frames = layout->total;
	return 0;
}

/* A request for a zone asks that zone, then the next lower one. */
static void build_zonelists(struct mymm_pool *pool)
{
	enum mymm_zone_type type;
	unsigned int i, bits;

	for (type = 0; type < MYMM_NR_ZONE_TYPES; type++) {
		struct mymm_zonelist *list = &pool->zonelist[type];

		for (i = pool->nr_zones; i--;)
			if (pool->zone[i].type <= type)
				list->zone[list->nr++] = &pool->zone[i];
	}
	for (bits = 0; bits < ARRAY_SIZE(pool->first_zone); bits++) {
		type = mymm_gfp_zones[bits];
		if (type != MYMM_ZONE_NONE)
			pool->first_zone[bits] = pool->zonelist[type].zone[0];
	}
}

static void lay_out_zones(struct mymm_pool *pool, const struct layout *layout)
{
	u32 heads = ALIGN(pool->nr_frames, 1U << MYMM_MAX_ORDER);
	enum mymm_zone_type type;
	unsigned int nr = 0;
	u32 start = 0;

	pool->nr_zones = layout->nr_zones;
	for (type = 0; type < MYMM_NR_ZONE_TYPES; type++) {
		u32 pages = layout->pages[type];

		if (!pages)
			continue;
		mymm_zone_init(&pool->zone[nr], pool->frame, type, 0, nr, start,
			       start + pages, heads + nr * MYMM_NR_ORDERS);
		start += pages;
		nr++;
	}
	build_zonelists(pool);
}

static struct mymm_pool *new_pool(const struct mymm_pool_config *config)
{
	struct mymm_pool *pool;

	if (mymm_inject_fail())
		return NULL;
	pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	if (!pool)
		return NULL;
	mutex_init(&pool->lock);
	INIT_LIST_HEAD(&pool->caches);
	INIT_LIST_HEAD(&pool->node);
	refcount_set(&pool->users, 1);
	pool->engine = mymm_engine_find(config->engine);
	pool->leave_gfp = want_init_on_alloc(0) ? ~(__force gfp_t)0 :
						  __GFP_ZERO;
	pool->key = get_random_u64() & ~0xffffULL;
	strscpy(pool->name, config->name ?: "unnamed", sizeof(pool->name));
	return pool;
}

/* Free a pool that nobody can reach: what is in it goes as a whole. */
static void free_pool(struct mymm_pool *pool)
{
	mymm_cache_release_all(pool);
	mymm_area_free(&pool->arena);
	mymm_area_free(&pool->table);
	kfree(pool->zone);
	kfree(pool);
}

/**
 * mymm_pool_create() - make a pool
 * @config: what it is to be like; not needed afterwards
 *
 * Context: process; sleeps, for as long as it takes to get that many pages.
 * Return: the pool, or an ERR_PTR: -EINVAL with a line in the log that names the
 * member and what is wrong with it; -ENOMEM if it does not fit, with nobody killed;
 * -EINTR if a signal killed the caller.
 */
struct mymm_pool *mymm_pool_create(const struct mymm_pool_config *config)
{
	struct mymm_pool *pool;
	struct layout layout;
	int err;

	err = check_config(config);
	if (!err)
		err = parse_zones(config->zones, &layout);
	if (err)
		return ERR_PTR(err);
	pool = new_pool(config);
	if (!pool)
		return ERR_PTR(-ENOMEM);

	err = -ENOMEM;
	if (!mymm_inject_fail())
		pool->zone = kcalloc(layout.nr_zones, sizeof(*pool->zone),
				     GFP_KERNEL);
	if (!pool->zone)
		goto err_pool;
	err = get_memory(pool, &layout, config->backing);
	if (err)
		goto err_pool;
	lay_out_zones(pool, &layout);
	err = mymm_kmalloc_init(pool);
	if (err)
		goto err_pool;

	pool->own_users = refcount_read(&pool->users);
	mutex_lock(&mymm_pools_lock);
	list_add_tail_rcu(&pool->node, &mymm_pools);
	mutex_unlock(&mymm_pools_lock);
	return pool;

err_pool:
	free_pool(pool);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_GPL(mymm_pool_create);

/* --- ending -------------------------------------------------------------------- */

/**
 * mymm_pool_reset() - bring zones that are whole into the order they had at load
 * @pool: the pool
 *
 * Context: any but NMI.
 * Return: whether all of them were.
 */
bool mymm_pool_reset(struct mymm_pool *pool)
{
	bool whole = true;
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++)
		whole &= mymm_zone_reset(&pool->zone[i]);
	return whole;
}

/* Out of the registry, and wait until nobody sees it there. */
static void unlink_pool(struct mymm_pool *pool)
{
	mutex_lock(&mymm_pools_lock);
	list_del_rcu(&pool->node);
	if (default_pool == pool)
		default_pool = NULL;
	mutex_unlock(&mymm_pools_lock);
	synchronize_rcu();
}

/**
 * mymm_pool_release() - end a pool, whatever is allocated in it
 * @pool: nobody uses it any more
 *
 * For unloading, when all who could hold something are gone. What was lost is told.
 *
 * Context: process; sleeps.
 */
void mymm_pool_release(struct mymm_pool *pool)
{
	unsigned long held = 0;
	unsigned int i;

	if (!mymm_pool_dead(pool)) {
		mymm_pool_drain(pool);
		for (i = 0; i < pool->nr_zones; i++)
			held += mymm_zone_allocated(&pool->zone[i]);
	}
	if (held)
		pr_err("pool %s: %lu frames were never given back\n",
		       pool->name, held);
	unlink_pool(pool);
	free_pool(pool);
}
MYMM_EXPORT_INTERNAL(mymm_pool_release);

/**
 * mymm_pool_destroy() - end a pool
 * @pool: the pool; not to be used any more if this succeeds
 *
 * A dead pool ends whatever is allocated in it.
 *
 * Context: process; sleeps.
 * Return: 0. -EBUSY: something of it is allocated, or somebody refers to it; a line
 * in the log says how much, and the pool goes on.
 */
int mymm_pool_destroy(struct mymm_pool *pool)
{
	unsigned int users = refcount_read(&pool->users);

	if (users > pool->own_users) {
		pr_err("pool %s is not destroyed: %u caches, sessions or others refer to it\n",
		       pool->name, users - pool->own_users);
		return -EBUSY;
	}
	if (!mymm_pool_dead(pool)) {
		unsigned long held = 0;
		unsigned int i;

		mymm_pool_drain(pool);
		for (i = 0; i < pool->nr_zones; i++)
			held += mymm_zone_allocated(&pool->zone[i]);
		if (held) {
			pr_err("pool %s is not destroyed: %lu of its frames are allocated\n",
			       pool->name, held);
			return -EBUSY;
		}
	}
	unlink_pool(pool);
	free_pool(pool);
	return 0;
}
EXPORT_SYMBOL_GPL(mymm_pool_destroy);

/**
 * mymm_pool_kill() - take a pool out of service
 * @pool: has a broken invariant
 * @why: which
 *
 * Context: process; sleeps.
 * Return: 0; -EALREADY if it was dead before.
 */
int mymm_pool_kill(struct mymm_pool *pool, const char *why)
{
	unsigned int bits;

	if (xchg(&pool->dead, true))
		return -EALREADY;
	for (bits = 0; bits < ARRAY_SIZE(pool->first_zone); bits++)
		WRITE_ONCE(pool->first_zone[bits], NULL);
	mymm_cache_kill_all(pool);
	pr_err("pool %s is dead, and refuses everything from now on: %s\n",
	       pool->name, why);
	return 0;
}
MYMM_EXPORT_INTERNAL(mymm_pool_kill);

/* --- finding ---------------------------------------------------------------------- */

/**
 * mymm_pool_of() - the pool whose memory an address is in
 * @addr: any address
 *
 * Context: any, under rcu_read_lock().
 * Return: the pool or NULL.
 */
struct mymm_pool *mymm_pool_of(const void *addr)
{
	struct mymm_pool *pool;

	list_for_each_entry_rcu(pool, &mymm_pools, node)
		if (mymm_pool_contains(pool, addr))
			return pool;
	return NULL;
}

/**
 * mymm_pool_count() - how many pools there are
 *
 * Context: process; sleeps.
 * Return: how many.
 */
unsigned int mymm_pool_count(void)
{
	struct mymm_pool *pool;
	unsigned int nr = 0;

	guard(mutex)(&mymm_pools_lock);
	list_for_each_entry(pool, &mymm_pools, node)
		nr++;
	return nr;
}
MYMM_EXPORT_INTERNAL(mymm_pool_count);

/**
 * mymm_pool_set_default() - name the pool that the files and the door show
 * @pool: the pool
 *
 * Context: process; sleeps.
 */
void mymm_pool_set_default(struct mymm_pool *pool)
{
	mutex_lock(&mymm_pools_lock);
	default_pool = pool;
	mutex_unlock(&mymm_pools_lock);
}

/**
 * mymm_pool_get_default() - the pool that the module made at load
 *
 * Context: process; sleeps.
 * Return: the pool, to be given to mymm_pool_put(); NULL if there is none (any more).
 */
struct mymm_pool *mymm_pool_get_default(void)
{
	struct mymm_pool *pool;

	mutex_lock(&mymm_pools_lock);
	pool = default_pool;
	if (pool)
		refcount_inc(&pool->users);
	mutex_unlock(&mymm_pools_lock);
	return pool;
}
EXPORT_SYMBOL_GPL(mymm_pool_get_default);

/**
 * mymm_pool_put() - give up a reference
 * @pool: from mymm_pool_get_default(), or NULL
 *
 * Does not end the pool; whoever made it does.
 *
 * Context: any.
 */
void mymm_pool_put(struct mymm_pool *pool)
{
	if (pool)
		refcount_dec(&pool->users);
}
EXPORT_SYMBOL_GPL(mymm_pool_put);
