// SPDX-License-Identifier: GPL-2.0
/*
 * A table from addresses to frames, in frames of the pool, as a page table is.
 *
 *	 47      39 38      30 29      21 20      12 11       0
 *	| root     | node     | node     | leaf     | in page  |
 *	     |          |          |          |
 *	  512 entries of 8 bytes, one unmovable frame of the pool each
 *
 * The kernel's own page tables can't be of a pool. This one has their form: one node for each
 * 512 GiB, 1 GiB and 2 MiB in which something was touched, so that it takes what they take in
 * Linux, and a process that touches a page of each 2 MiB pays for it here as there. What
 * /proc/meminfo calls PageTables are the nodes but for the root.
 *
 * Nodes come when something is put into them. A node is given back when nothing is in it and
 * what it stands for is unmapped; a page that is discarded leaves its node, as in Linux.
 *
 * Two threads of a process may be here at once, and a third may unmap the neighbour of what
 * they look at. So each look is under the table's lock; but no frame is allocated under it:
 * mymm_table_prepare() makes the nodes, and if one of them is gone again when it is wanted, the
 * caller prepares once more.
 */
#include <linux/mm.h>

#include "base/compat.h"
#include "page/pool.h"
#include "page/vmstat.h"
#include "process/table.h"

#define ENTRY(addr, level)                                    \
	((addr) >> (PAGE_SHIFT + MYMM_TABLE_BITS * (level)) & \
	 (MYMM_TABLE_ENTRIES - 1))
/* Bytes that an entry of a node of that level stands for. */
#define SPAN(level) (PAGE_SIZE << (MYMM_TABLE_BITS * (level)))

static u64 *node_of(const struct mymm_table *table, u64 entry)
{
	return mymm_pool_address(table->pool, mymm_slot_pfn(entry));
}

static u64 *alloc_node(struct mymm_pool *pool, u64 *entry)
{
	struct mymm_frame *frame;

	frame = mymm_alloc_pages(pool, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN,
				 0);
	if (!frame)
		return NULL;
	*entry = mymm_slot_of_pfn(frame - pool->frame);
	return mymm_pool_address(pool, frame - pool->frame);
}

static void free_node(struct mymm_pool *pool, const u64 *node)
{
	mymm_free_pages(pool, &pool->frame[mymm_pool_index(pool, node)], 0);
}

/* The entry that leads on, in the node of that level; NULL if there is no such node. */
static u64 *find(const struct mymm_table *table, unsigned long addr,
		 unsigned int level)
{
	unsigned int at = MYMM_TABLE_LEVELS - 1;
	u64 *node = table->root;

	if (!node || addr >= MYMM_TABLE_END)
		return NULL;
	for (; at > level; at--) {
		u64 entry = node[ENTRY(addr, at)];

		if (!entry)
			return NULL;
		node = node_of(table, entry);
	}
	return &node[ENTRY(addr, level)];
}

/**
 * mymm_table_init() - an empty table
 * @table: the table
 * @pool: what its nodes will be of
 */
void mymm_table_init(struct mymm_table *table, struct mymm_pool *pool)
{
	*table = (struct mymm_table){ .pool = pool };
	spin_lock_init(&table->lock);
}
MYMM_EXPORT_INTERNAL(mymm_table_init);

/* Put a new node where there is none; false if there is one by now. */
static bool add_node(struct mymm_table *table, unsigned long addr,
		     unsigned int level, u64 *node, u64 entry)
{
	u64 *above;

	guard(spinlock)(&table->lock);
	if (level == MYMM_TABLE_LEVELS - 1) {
		if (table->root)
			return false;
		table->root = node;
		return true;
	}
	above = find(table, addr, level + 1);
	if (!above || *above)
		return false;
	*above = entry;
	table->nr_nodes++;
	mymm_vm_count(table->pool, MYMM_NR_PAGE_TABLE_PAGES, 1);
	return true;
}

/* The highest level at which a node is missing; -1: there is a leaf. */
static int missing(struct mymm_table *table, unsigned long addr)
{
	int level = MYMM_TABLE_LEVELS - 1;

	guard(spinlock)(&table->lock);
	if (find(table, addr, 0))
		return -1;
	while (level >= 0 && find(table, addr, level))
		level--;
	return level;
}

/**
 * mymm_table_prepare() - have all nodes that an address needs
 * @table: the table
 * @addr: the address
 *
 * Nothing is in them yet, so another thread's mymm_table_prune() may take them away again.
 *
 * Context: process; sleeps.
 * Return: 0; -ENOMEM: the pool has no frame, or a table can't have such an address.
 */
int mymm_table_prepare(struct mymm_table *table, unsigned long addr)
{
	int level;

	if (addr >= MYMM_TABLE_END)
		return -ENOMEM;
	while ((level = missing(table, addr)) >= 0) {
		u64 entry, *node = alloc_node(table->pool, &entry);

		if (!node)
			return -ENOMEM;
		if (!add_node(table, addr, level, node, entry))
			free_node(table->pool, node);
	}
	return 0;
}
MYMM_EXPORT_INTERNAL(mymm_table_prepare);

/**
 * mymm_table_get() - the slot of an address
 * @table: the table
 * @addr: the address
 *
 * Context: any but interrupts.
 * Return: the slot; 0: there is nothing.
 */
u64 mymm_table_get(struct mymm_table *table, unsigned long addr)
{
	u64 *slot;

	guard(spinlock)(&table->lock);
	slot = find(table, addr, 0);
	return slot ? *slot : 0;
}
MYMM_EXPORT_INTERNAL(mymm_table_get);

/* What the kernel shows as VmSwap. */
static void add_swap_entries(struct mm_struct *mm, long nr)
{
#if MYMM_RSS_IS_PERCPU
	percpu_counter_add(&mm->rss_stat[MM_SWAPENTS], nr);
#else
	atomic_long_add(nr, &mm->rss_stat.count[MM_SWAPENTS]);
#endif
}

/*
 * With the table's lock. The mm is there: a slot is emptied before the last vma of the mm goes,
 * and what empties it takes the lock.
 */
static void count(struct mymm_table *table, long frames, long swapped)
{
	table->nr_frames += frames;
	table->nr_swapped += swapped;
	if (swapped && table->mm)
		add_swap_entries(table->mm, swapped);
}

/**
 * mymm_table_replace() - change a slot, if it is still what it was
 * @table: the table
 * @addr: the address
 * @old: what it should be; if that is a frame, with the lock of its page held
 * @new: what it becomes
 *
 * Context: any but interrupts.
 * Return: was it changed? If not, it is something else, or there is no leaf.
 */
bool mymm_table_replace(struct mymm_table *table, unsigned long addr, u64 old,
			u64 new)
{
	u64 *slot;

	guard(spinlock)(&table->lock);
	slot = find(table, addr, 0);
	if (!slot || *slot != old)
		return false;
	*slot = new;
	count(table, mymm_slot_is_frame(new) - mymm_slot_is_frame(old),
	      mymm_slot_is_swap(new) - mymm_slot_is_swap(old));
	return true;
}
MYMM_EXPORT_INTERNAL(mymm_table_replace);

/**
 * mymm_table_leaf() - where the slot of an address is
 * @table: the table; no leaf of it is given back meanwhile
 * @addr: the address
 *
 * For what goes through many slots. Those of the same leaf are one behind the other.
 *
 * Context: any but interrupts.
 * Return: the slot's place; NULL: there is no leaf.
 */
u64 *mymm_table_leaf(struct mymm_table *table, unsigned long addr)
{
	guard(spinlock)(&table->lock);
	return find(table, addr, 0);
}
MYMM_EXPORT_INTERNAL(mymm_table_leaf);

/**
 * mymm_table_count() - count slots that were filled in their places
 * @table: the table
 * @frames: how many that were empty have a frame now
 * @swapped: how many that were empty have a swap entry now
 *
 * Context: any but interrupts.
 */
void mymm_table_count(struct mymm_table *table, unsigned long frames,
		      unsigned long swapped)
{
	guard(spinlock)(&table->lock);
	count(table, frames, swapped);
}
MYMM_EXPORT_INTERNAL(mymm_table_count);

/* The next slot with something in it, as far as the node goes that *@addr leads to. */
static u64 next_in_node(struct mymm_table *table, unsigned long *addr,
			unsigned long end)
{
	unsigned int level = MYMM_TABLE_LEVELS - 1;
	unsigned long at = *addr;
	u64 *entry;

	guard(spinlock)(&table->lock);
	if (!table->root || at >= end) {
		*addr = end;
		return 0;
	}
	entry = &table->root[ENTRY(at, level)];
	for (; *entry && level; level--)
		entry = &node_of(table, *entry)[ENTRY(at, level - 1)];
	if (*entry)
		return *entry;
	/* Nothing here; nor in what follows in this node? */
	do {
		at = ALIGN_DOWN(at, SPAN(level)) + SPAN(level);
	} while (at < end && ENTRY(at, level) && !*++entry);
	*addr = at;
	return 0;
}

/**
 * mymm_table_next() - the next slot with something in it
 * @table: the table
 * @addr: where to begin; becomes the slot's address, or is past the last if there is none
 * @end: where to end
 *
 * Context: process; sleeps.
 * Return: the slot; 0: there is no more before @end.
 */
u64 mymm_table_next(struct mymm_table *table, unsigned long *addr,
		    unsigned long end)
{
	u64 slot;

	/* The lock is let go after each node. */
	end = min(end, MYMM_TABLE_END);
	while (!(slot = next_in_node(table, addr, end)) && *addr < end)
		cond_resched();
	return slot;
}
MYMM_EXPORT_INTERNAL(mymm_table_next);

static bool empty(const u64 *node)
{
	return !memchr_inv(node, 0, PAGE_SIZE);
}

/* Take the node of that level out if nothing is in it. */
static void prune_node(struct mymm_table *table, unsigned long addr,
		       unsigned int level)
{
	u64 *above, *node;

	{
		guard(spinlock)(&table->lock);
		above = find(table, addr, level + 1);
		if (!above || !*above)
			return;
		node = node_of(table, *above);
		if (!empty(node))
			return;
		*above = 0;
		table->nr_nodes--;
	}
	mymm_vm_count(table->pool, MYMM_NR_PAGE_TABLE_PAGES, -1);
	free_node(table->pool, node);
}

/**
 * mymm_table_prune() - give back the nodes of a range that have become empty
 * @table: the table
 * @start: the first address
 * @end: one past the last
 *
 * Context: process.
 */
void mymm_table_prune(struct mymm_table *table, unsigned long start,
		      unsigned long end)
{
	unsigned long at;
	int level, lacks;

	for (level = 0; level < MYMM_TABLE_LEVELS - 1; level++)
		for (at = start; at < end;
		     at = ALIGN_DOWN(at, SPAN(lacks + 1)) + SPAN(lacks + 1)) {
			/* What has no node at all is passed over in one step. */
			lacks = missing(table, at);
			if (lacks < level) {
				prune_node(table, at, level);
				lacks = level;
			}
			cond_resched();
		}
}
MYMM_EXPORT_INTERNAL(mymm_table_prune);

/**
 * mymm_table_destroy() - give back what is left of a table
 * @table: has nothing in it
 *
 * Context: process; nobody else looks at it.
 */
void mymm_table_destroy(struct mymm_table *table)
{
	if (table->root)
		free_node(table->pool, table->root);
	table->root = NULL;
	WARN_ON_ONCE(table->nr_nodes || table->nr_frames || table->nr_swapped);
}
MYMM_EXPORT_INTERNAL(mymm_table_destroy);
