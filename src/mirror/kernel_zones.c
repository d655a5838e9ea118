// SPDX-License-Identifier: GPL-2.0
/*
 * The running kernel's zones, and what is free in them.
 *
 * A frame of the mirror has the number of the frame that it stands for. So the pool's zones
 * begin where the kernel's do, or before: what lies between two of them, as the hole for PCI
 * devices, belongs to the higher one, and is never free.
 *
 *   kernel    |DMA  |DMA32        |   hole   |Normal            |
 *   mirror    |DMA  |DMA32        |Normal                       |
 *
 * The lists are read where they stand: free_area[] by order and migratetype, and the lists of
 * each CPU, whose index tells the order (order_to_pindex() of mm/page_alloc.c). All of them are
 * public structs of <linux/mmzone.h>. Nothing keeps them from changing but a machine that stands
 * still: the callers are in stop_machine().
 */
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/pageblock-flags.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "mirror/compat.h"
#include "mirror/mirror.h"

/* "DMA32:4294967295p," and a slash. */
#define ZONE_TEXT 24

static struct {
	struct zone **zone;
	unsigned int nr_zones;
	unsigned int nr_nodes;
	unsigned long nr_frames;
	char *layout;
	u8 node_of[MAX_NUMNODES];
} real;

static unsigned int count_zones(void)
{
	unsigned int nr = 0;
	int node, i;

	for_each_online_node(node)
		for (i = 0; i < MAX_NR_ZONES; i++)
			nr += managed_zone(&NODE_DATA(node)->node_zones[i]);
	return nr;
}

/* Add a zone, which lies above all that were added; @text is what comes before its name. */
static int add_zone(struct zone *zone, const char *text, unsigned int most)
{
	unsigned long end = zone_end_pfn(zone);
	size_t at = strlen(real.layout);

	if (zone->zone_start_pfn < real.nr_frames) {
		pr_err("zone %s of node %d begins below the end of another one\n",
		       zone->name, zone_to_nid(zone));
		return -EOPNOTSUPP;
	}
	if (real.nr_zones == most) {
		pr_err("a zone came online meanwhile\n");
		return -EAGAIN;
	}
	snprintf(real.layout + at, ZONE_TEXT, "%s%s:%lup", text, zone->name,
		 end - real.nr_frames);
	real.nr_frames = end;
	real.zone[real.nr_zones++] = zone;
	return 0;
}

static int add_node(int node, unsigned int most)
{
	const char *text = real.nr_nodes ? "/" : "";
	int i, err;

	for (i = 0; i < MAX_NR_ZONES; i++) {
		struct zone *zone = &NODE_DATA(node)->node_zones[i];

		if (!managed_zone(zone))
			continue;
		err = add_zone(zone, text, most);
		if (err)
			return err;
		text = ",";
	}
	real.node_of[node] = real.nr_nodes;
	/* A node without memory has no part in this. */
	real.nr_nodes += *text == ',';
	return 0;
}

/**
 * mymm_real_init() - find the zones that have memory
 *
 * Context: process; sleeps.
 * Return: 0. -EOPNOTSUPP: their addresses do not rise from node to node and from zone to zone, its
 * largest blocks have another order than a pool's, or a zone's lock may sleep, so that a machine
 * that stands still may hold one; -EAGAIN: a zone came online meanwhile; -ENOMEM.
 */
int mymm_real_init(void)
{
	unsigned int nr = count_zones();
	int node, err = 0;

	if (IS_ENABLED(CONFIG_PREEMPT_RT)) {
		pr_err("the kernel is PREEMPT_RT, whose zones can't be read\n");
		return -EOPNOTSUPP;
	}
	if (ARRAY_SIZE(((struct zone *)NULL)->free_area) != MYMM_NR_ORDERS) {
		pr_err("the kernel's largest blocks are not of order %d\n",
		       MYMM_MAX_ORDER);
		return -EOPNOTSUPP;
	}

	real.zone = kcalloc(nr, sizeof(*real.zone), GFP_KERNEL);
	real.layout = kzalloc(nr * ZONE_TEXT + 1, GFP_KERNEL);
	if (!real.zone || !real.layout)
		err = -ENOMEM;
	if (!err)
		for_each_online_node(node) {
			err = add_node(node, nr);
			if (err)
				break;
		}
	if (err)
		mymm_real_exit();
	return err;
}

/** mymm_real_exit() - forget them */
void mymm_real_exit(void)
{
	kfree(real.zone);
	kfree(real.layout);
}

/** mymm_real_layout() - the zones as a pool's config has them. Return: the text */
const char *mymm_real_layout(void)
{
	return real.layout;
}

/** mymm_real_nr_nodes() - nodes that have memory. Return: how many */
unsigned int mymm_real_nr_nodes(void)
{
	return real.nr_nodes;
}

/**
 * mymm_real_node() - the pool's node for one of the kernel's
 * @nid: the kernel's number; it has memory
 *
 * Context: any.
 * Return: the pool's, whose nodes are those that have memory.
 */
int mymm_real_node(int nid)
{
	return real.node_of[nid];
}

/** mymm_real_nr_zones() - zones that have memory. Return: how many */
unsigned int mymm_real_nr_zones(void)
{
	return real.nr_zones;
}

/** mymm_real_frames() - the end of the last zone. Return: a frame number */
unsigned long mymm_real_frames(void)
{
	return real.nr_frames;
}

/**
 * mymm_real_name_zone() - which zone it is
 * @i: its place by address
 * @zone: gets its name and node
 */
void mymm_real_name_zone(unsigned int i, struct mymm_mirror_zone *zone)
{
	zone->name = real.zone[i]->name;
	zone->node = zone_to_nid(real.zone[i]);
}

/**
 * mymm_real_type() - the migratetype of the pageblock around a frame
 * @pfn: the frame
 *
 * Pageblocks that do not merge with their neighbours, as isolated ones, are HighAtomic, which is
 * the one such type of a pool.
 *
 * Context: any.
 * Return: the type.
 */
enum mymm_migratetype mymm_real_type(unsigned long pfn)
{
	unsigned int i, bit;
	const unsigned long *word;

	for (i = 0; i < real.nr_zones; i++)
		if (pfn < zone_end_pfn(real.zone[i]))
			break;
	word = i < real.nr_zones ?
		       mymm_pageblock_bits(real.zone[i], pfn, &bit) :
		       NULL;
	if (!word)
		return MYMM_MOVABLE;
	switch ((READ_ONCE(*word) >> bit) & MIGRATETYPE_MASK) {
	case MIGRATE_UNMOVABLE:
		return MYMM_UNMOVABLE;
	case MIGRATE_MOVABLE:
		return MYMM_MOVABLE;
	case MIGRATE_RECLAIMABLE:
		return MYMM_RECLAIMABLE;
	default:
		return MYMM_HIGHATOMIC;
	}
}

/* What came online after the module loaded is no part of the mirror. */
static void show_block(const struct page *page, unsigned int order,
		       mymm_real_block fn, void *data)
{
	unsigned long pfn = page_to_pfn(page);

	if (pfn + (1UL << order) <= real.nr_frames)
		fn(pfn, order, data);
}

/**
 * mymm_real_each_free() - each block on a zone's free lists
 * @i: its place by address
 * @fn: called for each
 * @data: for @fn
 *
 * Context: the machine stands still.
 */
void mymm_real_each_free(unsigned int i, mymm_real_block fn, void *data)
{
	struct zone *zone = real.zone[i];
	unsigned int order, type;
	struct page *page;

	for (order = 0; order <= MYMM_MAX_ORDER; order++)
		for (type = 0; type < MIGRATE_TYPES; type++)
			list_for_each_entry(
				page, &zone->free_area[order].free_list[type],
				buddy_list)
				show_block(page, order, fn, data);
}

/* Lists of the orders up to costly, by order and type, and then of pageblocks. */
static unsigned int order_of_list(unsigned int list)
{
	unsigned int order = list / MIGRATE_PCPTYPES;

	return order <= PAGE_ALLOC_COSTLY_ORDER ? order : pageblock_order;
}

/**
 * mymm_real_each_pcp() - each block of a zone that CPUs keep
 * @i: its place by address
 * @fn: called for each
 * @data: for @fn
 *
 * Context: the machine stands still.
 */
void mymm_real_each_pcp(unsigned int i, mymm_real_block fn, void *data)
{
	unsigned int list;
	struct page *page;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct per_cpu_pages *pcp =
			per_cpu_ptr(real.zone[i]->per_cpu_pageset, cpu);

		for (list = 0; list < NR_PCP_LISTS; list++)
			list_for_each_entry(page, &pcp->lists[list], pcp_list)
				show_block(page, order_of_list(list), fn, data);
	}
}
