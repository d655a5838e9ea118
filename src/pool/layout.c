// SPDX-License-Identifier: GPL-2.0
/*
 * Layouts: how a private machine is described, and where in its frames what lies.
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
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "base/compat.h"
#include "base/fault_inject.h"
#include "page/pcp_cpu.h"
#include "page/sanitize_pages.h"
#include "pool/layout.h"
#include "page/pool.h"
#include "page/pcp.h"

/* --- the description ------------------------------------------------------ */

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
static int parse_nodes(char *rest, struct mymm_layout *layout)
{
	unsigned int nr = 0;
	char *item;
	int err = 0;

	while (!err && (item = strsep(&rest, "/"))) {
		if (nr == layout->nr_nodes) {
			pr_err("zones: there are more descriptions than nodes, which are %u\n",
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

static void sum_up(struct mymm_layout *layout)
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

static int parse_zones(const char *zones, struct mymm_layout *layout)
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

static int parse_distance(const char *text, struct mymm_layout *layout)
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
		pr_err("distance: \"%s\" is too much where the nodes are %u\n",
		       text, nodes);
		return -EINVAL;
	}
	return 0;
}

/**
 * mymm_layout_parse() - understand what a pool is to consist of
 * @config: zones, nodes and distances of it
 * @layout: is filled
 *
 * Context: process; sleeps.
 * Return: 0; -EINVAL with a line in the log that names what makes no sense; -ENOMEM.
 */
int mymm_layout_parse(const struct mymm_pool_config *config,
		      struct mymm_layout *layout)
{
	int err;

	*layout = (struct mymm_layout){ .nr_nodes = config->nodes ?: 1 };
	err = parse_zones(config->zones, layout);
	return err ?: parse_distance(config->distance, layout);
}

/* --- memory ----------------------------------------------------------------- */

/* List heads for each zone: of its buddy system, and of its per-CPU lists. */
static unsigned int heads_per_zone(const struct mymm_pool *pool)
{
	return MYMM_BUDDY_LISTS + (pool->flags & MYMM_POOL_NO_PCP ?
					   0 :
					   MYMM_PCP_LISTS * nr_cpu_ids);
}

/* Frames of the table: those of the zones, filling, list heads. */
static unsigned long table_length(const struct mymm_pool *pool,
				  const struct mymm_layout *layout)
{
	return ALIGN(layout->total, 1UL << MYMM_MAX_ORDER) + MYMM_PCP_LISTS +
	       (unsigned long)layout->nr_zones * heads_per_zone(pool) +
	       MYMM_MAX_CACHES * mymm_pool_lists_per_cache(pool) +
	       MYMM_SHARED_LISTS;
}

/* Each node's frames from the machine's node of that number, if there is one. */
static int get_arena(struct mymm_pool *pool, const struct mymm_layout *layout)
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

static int get_memory(struct mymm_pool *pool, const struct mymm_layout *layout,
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
	mymm_sanitize_drop_pages(pool, 0, pool->nr_frames);
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
static unsigned int choose_pageblock_order(const struct mymm_layout *layout)
{
	unsigned int order = min(9U, MYMM_MAX_ORDER);

	while (order > 3 && layout->smallest >> order < 4)
		order--;
	return order;
}

static int lay_out_zones(struct mymm_pool *pool,
			 const struct mymm_layout *layout)
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

/**
 * mymm_layout_apply() - give a new pool its memory, zones and nodes
 * @pool: new; its flags and engine are settled
 * @layout: from mymm_layout_parse()
 * @config: the same again
 *
 * Context: process; sleeps, for as long as it takes to get that many pages.
 * Return: 0; -ENOMEM or -EINVAL with a line in the log, or -EINTR; the pool is to be freed
 * with what it has got so far.
 */
int mymm_layout_apply(struct mymm_pool *pool, const struct mymm_layout *layout,
		      const struct mymm_pool_config *config)
{
	int err;

	pool->block_order = config->block_order ?:
						  choose_pageblock_order(layout);
	/* Small pageblocks have the lists of their order. */
	pool->pcp_block = pool->block_order > MYMM_PCP_MAX_ORDER &&
					  pool->pcp_orders ?
				  pool->block_order :
				  ~0U;
	if (!mymm_inject_fail())
		pool->zone = kcalloc(layout->nr_zones, sizeof(*pool->zone),
				     GFP_KERNEL);
	if (pool->zone && !mymm_inject_fail())
		pool->node_of = kcalloc(layout->nr_nodes,
					sizeof(*pool->node_of), GFP_KERNEL);
	if (!pool->node_of)
		return -ENOMEM;
	err = get_memory(pool, layout, config->backing);
	if (!err)
		err = mymm_pcp_create(pool, layout->nr_zones);
	if (!err)
		err = lay_out_zones(pool, layout);
	return err ?: dig_holes(pool, config->holes);
}
