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
 * With several nodes each has its zones, and the next node's follow: the description of
 * one node stands for all of them, or there is one for each, with a slash in between.
 * With holes= frames are left out: they are in their zone, and never free.
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
#include <linux/cpu.h>
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
#include "owner.h"
#include "pool.h"
#include "slab_rcu.h"
#include "tuning.h"

/* The registry's; see pool.h for the order of locks. */
DEFINE_MUTEX(mymm_pools_lock);
LIST_HEAD(mymm_pools);
static struct mymm_pool *default_pool; /* under mymm_pools_lock */

/* --- the description ------------------------------------------------------ */

/* What a description asks for: pages of each zone of each node. */
struct layout {
	unsigned long pages[MYMM_MAX_NODES][MYMM_NR_ZONE_TYPES];
	unsigned int distance[MYMM_MAX_NODES][MYMM_MAX_NODES];
	unsigned int nr_nodes;
	unsigned long total;
	unsigned long smallest;
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

	if (len && text[len - 1] == 'p') {
		shift = PAGE_SHIFT;
		len--;
	}
	suffix = len && !shift ? strchr(suffixes, tolower(text[len - 1])) :
				 NULL;
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
static int parse_zone(char *item, unsigned long *pages)
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
		pr_err("zones: %s has the size \"%s\": expected a number with K, M, G, T or p, as in %s:16M\n",
		       name, item, name);
		return -EINVAL;
	}
	if (pages[type]) {
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
	pages[type] = bytes >> PAGE_SHIFT;
	return 0;
}

/* The zones of one node. */
static int parse_node(char *zones, unsigned long *pages)
{
	char *item;
	int err = 0;

	while (!err && (item = strsep(&zones, ",")))
		err = parse_zone(strim(item), pages);
	return err;
}

/* Of one node, for all of them; or of each. */
static int parse_nodes(char *rest, struct layout *layout)
{
	unsigned int nr = 0;
	char *item;
	int err = 0;

	while (!err && (item = strsep(&rest, "/"))) {
		if (nr == layout->nr_nodes) {
			pr_err("zones: there are more descriptions than the %u nodes\n",
			       layout->nr_nodes);
			return -EINVAL;
		}
		err = parse_node(item, layout->pages[nr++]);
	}
	if (err)
		return err;
	if (nr != 1 && nr != layout->nr_nodes) {
		pr_err("zones: there are %u descriptions for %u nodes: expected one, or one for each\n",
		       nr, layout->nr_nodes);
		return -EINVAL;
	}
	for (; nr < layout->nr_nodes; nr++)
		memcpy(layout->pages[nr], layout->pages[0],
		       sizeof(layout->pages[0]));
	return 0;
}

static void sum_up(struct layout *layout)
{
	unsigned int node, type;

	layout->smallest = ULONG_MAX;
	for (node = 0; node < layout->nr_nodes; node++) {
		for (type = 0; type < MYMM_NR_ZONE_TYPES; type++) {
			unsigned long pages = layout->pages[node][type];

			if (!pages)
				continue;
			layout->total += pages;
			layout->smallest = min(layout->smallest, pages);
			layout->nr_zones++;
		}
	}
}

static int parse_zones(const char *zones, struct layout *layout)
{
	char *copy;
	int err;

	if (!zones || !*zones) {
		pr_err("zones: empty: expected as in DMA:4M,DMA32:12M,Normal:48M\n");
		return -EINVAL;
	}
	if (mymm_inject_fail())
		return -ENOMEM;
	copy = kstrdup(zones, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	err = parse_nodes(copy, layout);
	kfree(copy);
	if (err)
		return err;
	sum_up(layout);
	if (layout->total > S32_MAX) {
		pr_err("zones: %lu frames together, more than %d\n",
		       layout->total, S32_MAX);
		return -EINVAL;
	}
	return 0;
}

/* The next number of a list, and what stands behind it. */
static bool parse_number(const char **text, unsigned int *number)
{
	size_t len = strspn(*text, "0123456789");
	char digits[12];

	if (!len || len >= sizeof(digits))
		return false;
	memcpy(digits, *text, len);
	digits[len] = 0;
	if (kstrtouint(digits, 10, number))
		return false;
	*text += len;
	return true;
}

static bool good_distance(unsigned int from, unsigned int to,
			  unsigned int distance)
{
	if (from == to)
		return distance == 10;
	return distance > 10 && distance <= 255;
}

static int parse_distance(const char *text, struct layout *layout)
{
	unsigned int nodes = layout->nr_nodes, from, to, *distance;

	for (from = 0; from < nodes; from++) {
		for (to = 0; to < nodes; to++) {
			distance = &layout->distance[from][to];
			*distance = from == to ? 10 : 20;
			if (!text)
				continue;
			if (!parse_number(&text, distance) ||
			    !good_distance(from, to, *distance)) {
				pr_err("distance: from node %u to %u: expected 10 to itself, else 11 to 255\n",
				       from, to);
				return -EINVAL;
			}
			if (*text == ',' && isdigit(text[1]))
				text++;
		}
	}
	if (text && *text) {
		pr_err("distance: \"%s\" is too much for %u nodes\n", text,
		       nodes);
		return -EINVAL;
	}
	return 0;
}

static int check_config(const struct mymm_pool_config *config)
{
	if (config->nodes > MYMM_MAX_NODES) {
		pr_err("nodes: %u is out of range 1 to %d\n", config->nodes,
		       MYMM_MAX_NODES);
		return -EINVAL;
	}
	if (config->flags & ~MYMM_POOL_BARE) {
		pr_err("flags: %#x are unknown\n",
		       config->flags & ~MYMM_POOL_BARE);
		return -EINVAL;
	}
	if (config->block_order > MYMM_MAX_ORDER) {
		pr_err("pageblock_order: %u is out of range 1 to %d\n",
		       config->block_order, MYMM_MAX_ORDER);
		return -EINVAL;
	}
	if (!mymm_engine_find(config->engine)) {
		pr_err("engine: there is no engine \"%s\": expected slub, slab or slob\n",
		       config->engine);
		return -EINVAL;
	}
	if (config->slob_fit && strcmp(config->slob_fit, "first") &&
	    strcmp(config->slob_fit, "best")) {
		pr_err("slob_fit: \"%s\" is neither first nor best\n",
		       config->slob_fit);
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

/* List heads for each zone: of its buddy system, and of its per-CPU lists. */
static unsigned int heads_per_zone(const struct mymm_pool *pool)
{
	return MYMM_BUDDY_LISTS + (pool->flags & MYMM_POOL_NO_PCP ?
					   0 :
					   MYMM_PCP_LISTS * nr_cpu_ids);
}

/* Frames of the table: those of the zones, filling, list heads. */
static unsigned long table_length(const struct mymm_pool *pool,
				  const struct layout *layout)
{
	return ALIGN(layout->total, 1UL << MYMM_MAX_ORDER) + MYMM_PCP_LISTS +
	       (unsigned long)layout->nr_zones * heads_per_zone(pool) +
	       MYMM_MAX_CACHES * mymm_pool_lists_per_cache(pool) +
	       MYMM_SHARED_LISTS;
}

/* Each node's frames from the machine's node of that number, if there is one. */
static int get_arena(struct mymm_pool *pool, const struct layout *layout)
{
	struct mymm_area_part part[MYMM_MAX_NODES];
	unsigned int node, type;

	for (node = 0; node < layout->nr_nodes; node++) {
		part[node].pages = 0;
		for (type = 0; type < MYMM_NR_ZONE_TYPES; type++)
			part[node].pages += layout->pages[node][type];
		part[node].node = layout->nr_nodes > 1 && node < MAX_NUMNODES &&
						  node_state(node, N_MEMORY) ?
					  node :
					  NUMA_NO_NODE;
	}
	return mymm_area_alloc_parts(&pool->arena, part, layout->nr_nodes);
}

static int get_memory(struct mymm_pool *pool, const struct layout *layout,
		      enum mymm_backing backing)
{
	unsigned long table = DIV_ROUND_UP(table_length(pool, layout) *
						   sizeof(struct mymm_frame),
					   PAGE_SIZE);
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
		err = get_arena(pool, layout);
	if (err) {
		pr_err("zones: no memory for %lu MiB and %lu MiB to describe the frames\n",
		       arena >> (20 - PAGE_SHIFT), table >> (20 - PAGE_SHIFT));
		return err;
	}
	pool->frame = pool->table.addr;
	pool->nr_frames = layout->total;
	pool->bytes = layout->total << PAGE_SHIFT;
	if (arena) {
		pool->base = pool->arena.addr;
	} else {
		pool->base = mymm_void_alloc();
		if (!pool->base)
			return -ENOMEM;
	}
	pool->live_frames = layout->total;
	return 0;
}

/* --- zones and nodes ------------------------------------------------------------- */

/* A request for a zone asks that zone, then the next lower one. */
static void add_zones_of(struct mymm_node *node, const struct mymm_node *other)
{
	enum mymm_zone_type highest;
	int type;

	for (highest = 0; highest < MYMM_NR_ZONE_TYPES; highest++) {
		struct mymm_zonelist *list = &node->zonelist[highest];

		for (type = highest; type >= 0; type--)
			if (other->zone[type])
				list->zone[list->nr++] = other->zone[type];
	}
}

/*
 * A node asks itself first, then the others, the nearest first; of equally near ones the
 * next by number, so that not all nodes lean on the same one.
 */
static void build_zonelists(struct mymm_pool *pool, struct mymm_node *node)
{
	unsigned long done = 0;
	unsigned int step, n;

	for (step = 0; step < pool->nr_nodes; step++) {
		struct mymm_node *best = NULL;

		for (n = 0; n < pool->nr_nodes; n++) {
			struct mymm_node *other =
				&pool->node_of[(node->id + n) % pool->nr_nodes];

			if (!(done & BIT(other->id)) &&
			    (!best || node->distance[other->id] <
					      node->distance[best->id]))
				best = other;
		}
		done |= BIT(best->id);
		add_zones_of(node, best);
	}
}

/* Four pageblocks in the smallest zone, if they can have an order that says anything. */
static unsigned int choose_pageblock_order(const struct layout *layout)
{
	unsigned int order = min(9U, MYMM_MAX_ORDER);

	while (order > 3 && layout->smallest >> order < 4)
		order--;
	return order;
}

static int lay_out_zones(struct mymm_pool *pool, const struct layout *layout)
{
	u32 heads = ALIGN(pool->nr_frames, 1U << MYMM_MAX_ORDER);
	unsigned int nr = 0, n, type;
	u32 start = 0;
	u8 *pageblock;

	/* A pageblock on a border belongs to each of its zones. */
	pageblock = mymm_inject_fail() ?
			    NULL :
			    kvzalloc((pool->nr_frames >> pool->block_order) +
					     2 * layout->nr_zones,
				     GFP_KERNEL);
	if (!pageblock)
		return -ENOMEM;
	pool->pageblock = pageblock;
	pool->nr_zones = layout->nr_zones;
	for (n = 0; n < pool->nr_nodes; n++) {
		struct mymm_node *node = &pool->node_of[n];

		node->id = n;
		node->start = start;
		memcpy(node->distance, layout->distance[n],
		       sizeof(node->distance));
		for (type = 0; type < MYMM_NR_ZONE_TYPES; type++) {
			struct mymm_zone *zone = &pool->zone[nr];
			u32 pages = layout->pages[n][type];
			u32 first = start >> pool->block_order;

			if (!pages)
				continue;
			node->zone[type] = zone;
			mymm_zone_init(zone, pool->frame, type, n, nr, start,
				       start + pages, heads);
			mymm_buddy_set_pageblocks(&zone->buddy,
						  pool->block_order,
						  pageblock - first,
						  mymm_pool_first_type(pool));
			start += pages;
			heads += MYMM_BUDDY_LISTS;
			pageblock +=
				((start - 1) >> pool->block_order) - first + 1;
			nr++;
		}
		node->end = start;
	}
	for (n = 0; n < pool->nr_nodes; n++)
		build_zonelists(pool, &pool->node_of[n]);
	mymm_pcp_lists_init(pool, heads);
	pool->cache_lists = ALIGN(pool->nr_frames, 1U << MYMM_MAX_ORDER) +
			    MYMM_PCP_LISTS + nr * heads_per_zone(pool);
	pool->shared_lists = mymm_pool_cache_list(pool, MYMM_MAX_CACHES, 0);
	return 0;
}

/* The zone that a frame is in. */
static struct mymm_zone *zone_at(struct mymm_pool *pool, u32 idx)
{
	unsigned int i = 0;

	while (idx >= pool->zone[i].buddy.end)
		i++;
	return &pool->zone[i];
}

/* "A-B,C-D": the frames from A to B are holes, and so on. */
static int dig_holes(struct mymm_pool *pool, const char *text)
{
	unsigned int from, to, i;
	struct mymm_zone *zone;

	while (text && *text) {
		if (!parse_number(&text, &from) || *text++ != '-' ||
		    !parse_number(&text, &to) || from > to ||
		    to >= pool->nr_frames || (*text && *text != ',')) {
			pr_err("holes: expected FROM-TO,FROM-TO with frame numbers of 0 to %u, the smaller one first\n",
			       pool->nr_frames - 1);
			return -EINVAL;
		}
		if (*text && isdigit(text[1]))
			text++;
		for (; from <= to; from++) {
			zone = zone_at(pool, from);
			if (mymm_tag_state(pool->frame[from].tag) ==
			    MYMM_FRAME_HOLE)
				continue;
			pool->frame[from].tag =
				mymm_tag(MYMM_FRAME_HOLE, 0, zone->number);
			zone->buddy.holes++;
		}
	}
	for (i = 0; i < pool->nr_zones; i++) {
		zone = &pool->zone[i];
		mymm_buddy_reset(&zone->buddy, mymm_pool_first_type(pool));
		zone->least_free = zone->buddy.free;
		if (!zone->buddy.free) {
			pr_err("holes: nothing is left of zone %s of node %d\n",
			       mymm_zone_name(zone->type), zone->node);
			return -EINVAL;
		}
	}
	return 0;
}

/* --- making ------------------------------------------------------------------ */

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
	mymm_reclaim_init(pool);
	refcount_set(&pool->users, 1);
	pool->engine = mymm_engine_find(config->engine);
	pool->flags = config->flags;
	pool->nr_nodes = config->nodes ?: 1;
	pool->type_mask = config->flags & MYMM_POOL_NO_MOBILITY ?
				  0 :
				  MYMM_NR_MIGRATETYPES - 1;
	pool->tuning = config->tuning ? *config->tuning : MYMM_TUNING_DEFAULT;
	pool->inverse_of_3 = 0xaaaaaaaaaaaaaaabULL;
	pool->pcp_orders =
		config->flags & MYMM_POOL_NO_PCP ? 0 : MYMM_PCP_MAX_ORDER + 1;
	pool->key = get_random_u64() & ~0xffffULL;
	strscpy(pool->name, config->name ?: "unnamed", sizeof(pool->name));
	return pool;
}

/* Free a pool that nobody can reach: what is in it goes as a whole. */
static void free_pool(struct mymm_pool *pool)
{
	mymm_kswapd_stop(pool);
	mymm_slab_shrinker_exit(pool);
	mymm_owners_stop(pool);
	mymm_cache_release_all(pool);
	mymm_engines_end(pool);
	mymm_slabs_wait(pool);
	mymm_pcp_destroy(pool);
	if (pool->base && !mymm_pool_has_memory(pool))
		mymm_void_free(pool->base);
	mymm_area_free(&pool->arena);
	mymm_area_free(&pool->table);
	kvfree(pool->pageblock);
	kfree(pool->node_of);
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
	struct layout layout = { .nr_nodes = config->nodes ?: 1 };
	struct mymm_pool *pool;
	int err;

	err = check_config(config);
	if (!err && config->tuning)
		err = mymm_tuning_check(config->tuning);
	if (!err)
		err = parse_zones(config->zones, &layout);
	if (!err)
		err = parse_distance(config->distance, &layout);
	if (err)
		return ERR_PTR(err);
	pool = new_pool(config);
	if (!pool)
		return ERR_PTR(-ENOMEM);
	pool->block_order = config->block_order ?:
						  choose_pageblock_order(&layout);
	/* Small pageblocks have the lists of their order. */
	pool->pcp_block = pool->block_order > MYMM_PCP_MAX_ORDER &&
					  pool->pcp_orders ?
				  pool->block_order :
				  ~0U;

	err = -ENOMEM;
	if (!mymm_inject_fail())
		pool->zone = kcalloc(layout.nr_zones, sizeof(*pool->zone),
				     GFP_KERNEL);
	if (pool->zone && !mymm_inject_fail())
		pool->node_of = kcalloc(layout.nr_nodes, sizeof(*pool->node_of),
					GFP_KERNEL);
	if (!pool->node_of)
		goto err_pool;
	err = get_memory(pool, &layout, config->backing);
	if (!err)
		err = mymm_pcp_create(pool, layout.nr_zones);
	if (!err)
		err = lay_out_zones(pool, &layout);
	if (!err)
		err = dig_holes(pool, config->holes);
	if (err)
		goto err_pool;
	err = mymm_engines_begin(pool, config);
	if (!err)
		err = mymm_kmalloc_init(pool);
	if (!err)
		err = mymm_slab_shrinker_init(pool);
	if (!err)
		err = mymm_kswapd_run(pool);
	if (err)
		goto err_pool;

	pool->own_users = refcount_read(&pool->users);
	/* What is derived from the number of CPUs follows it from then on. */
	cpus_read_lock();
	mymm_tuning_begin(pool);
	mutex_lock(&mymm_pools_lock);
	list_add_tail_rcu(&pool->node, &mymm_pools);
	mutex_unlock(&mymm_pools_lock);
	cpus_read_unlock();
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
		whole &= mymm_zone_reset(&pool->zone[i],
					 mymm_pool_first_type(pool));
	return whole;
}

/**
 * mymm_zone_allocated() - frames of a zone that somebody holds
 * @pool: the pool
 * @zone: one of its zones
 *
 * Context: any. Exact while nobody allocates or frees.
 * Return: how many.
 */
unsigned long mymm_zone_allocated(struct mymm_pool *pool,
				  const struct mymm_zone *zone)
{
	return mymm_zone_managed(zone) - READ_ONCE(zone->buddy.free) -
	       mymm_pcp_frames(pool, zone);
}
MYMM_EXPORT_INTERNAL(mymm_zone_allocated);

/**
 * mymm_pool_allocated() - frames that somebody holds
 * @pool: the pool
 *
 * Exact while nobody allocates or frees: what CPUs have in their lists is not held.
 *
 * Context: any.
 * Return: how many.
 */
unsigned long mymm_pool_allocated(struct mymm_pool *pool)
{
	unsigned long held = 0;
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++)
		held += mymm_zone_allocated(pool, &pool->zone[i]);
	return held;
}
MYMM_EXPORT_INTERNAL(mymm_pool_allocated);

/* Out of the registry, and wait until nobody sees it there. */
static void unlink_pool(struct mymm_pool *pool)
{
	mutex_lock(&mymm_pools_lock);
	list_del_rcu(&pool->node);
	if (default_pool == pool)
		default_pool = NULL;
	mutex_unlock(&mymm_pools_lock);
	mymm_kmalloc_forget(pool);
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

	mymm_kswapd_park(pool);
	if (!mymm_pool_dead(pool)) {
		mymm_pool_drain(pool);
		held = mymm_pool_allocated(pool);
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
	/* What it is about to give back is neither free nor allocated. */
	mymm_kswapd_park(pool);
	if (!mymm_pool_dead(pool)) {
		unsigned long held;

		mymm_pool_drain(pool);
		held = mymm_pool_allocated(pool);
		if (held) {
			pr_err("pool %s is not destroyed: %lu of its frames are allocated\n",
			       pool->name, held);
			mymm_kswapd_unpark(pool);
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
	if (xchg(&pool->dead, true))
		return -EALREADY;
	WRITE_ONCE(pool->live_frames, 0);
	mymm_pcp_kill(pool);
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
