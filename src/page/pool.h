/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A pool: one private machine. And the order of our locks.
 *
 * Locks, outermost first. None but the first is held across a call of ours that
 * may run a caller's code.
 *
 *   0. owners_lock (mutex, page_owner.c)    which pools record the owners of their pages;
 *      switch_lock (mutex, debugfs_history.c)  whether free blocks are sampled;
 *      sysctl_lock (mutex, sysctl.c)     one write to a sysctl at a time; each of
 *                                      them is taken with none of the others held
 *   1. session->lock (mutex)           the handles of one session
 *   1a. mymm_cache_names_lock (mutex)    which caches have names and directories; while
 *                                      one is removed its readers are waited for, and
 *                                      these take locks from 2 on
 *   2. cpu_hotplug_lock (the kernel's) which CPUs there are, while magazines are
 *                                      drained on each of them
 *   3. mymm_pools_lock (mutex)         the registry of pools
 *   4. pool->lock (mutex)              the pool's caches: which there are, and that
 *                                      only one drain or destroy is under way
 *   4a. debug->lock (raw, debug.h)     what is in and around the objects of a debug cache
 *   4b. copying (raw, mirror/policy.c) while the policies are copied: events of the kernel's
 *                                      frames, and the copying of them
 *   5. cpu->lock, in it node->lock     (raw, slub.h) a cache's slabs: those of one CPU,
 *                                      those of one node; never two of a kind, but that
 *                                      of all nodes one in another, with no CPU's
 *      slob->lock (raw)                for caches of the slob engine all of the pool's;
 *      node, alien and records->lock   (raw, slab.h) for caches of the slab engine, none
 *                                      of them inside another
 *   6. zone->lock (raw)                the zone's free blocks and counters
 *
 * 4a to 6 are taken with interrupts off, from any context but NMI, and 5 and 6
 * are not nested: what moves between a slab and a zone is in nobody's list in between.
 * Under them: no allocation from the kernel, no printk, no wakeup, no tracepoint.
 * So a tracepoint probe in the middle of the kernel's own allocator may call us.
 *
 * The fast path of a magazine takes no lock: magazine.c says why that is enough.
 */
#ifndef _MYMM_POOL_H
#define _MYMM_POOL_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/refcount.h>

#include "base/backing.h"
#include "page/event.h"
#include "mymm.h"
#include "page/compact.h"
#include "page/gfp_zone.h"
#include "page/reclaim.h"

struct mymm_cpu;
struct mymm_engine_ops;
struct mymm_finding;
struct mymm_owners;
struct mymm_pcp_tail;
struct mymm_slob;
struct mymm_vm;
struct mymm_vm_counts;
struct mymm_vm_hooks;
struct mymm_zone;

#define MYMM_NAME_MAX 32 /* names, with their final NUL */
static_assert(MYMM_MAX_ZONES / MYMM_NR_ZONE_TYPES == MYMM_MAX_NODES,
	      "each node may have each zone");
/* Caches of a pool; number 0 stands for "none". */
#define MYMM_MAX_CACHES 512
#define MYMM_LISTS_PER_NODE 3 /* of a cache: partial, full, free */
#define MYMM_SHARED_LISTS 3 /* those of the slob engine */

/* Size classes: kmalloc-8 is number 3; 96 and 192 are numbers 1 and 2. */
#define MYMM_KMALLOC_CLASSES 14
#define MYMM_KMALLOC_MAX 8192
enum mymm_kmalloc_type {
	MYMM_KMALLOC_NORMAL,
	MYMM_KMALLOC_DMA,
	MYMM_KMALLOC_RECLAIM,
	MYMM_NR_KMALLOC_TYPES,
};

/**
 * struct mymm_zonelist - zones in the order in which a request asks them
 * @nr: how many
 * @zone: the zones
 */
struct mymm_zonelist {
	unsigned int nr;
	struct mymm_zone *zone[MYMM_MAX_ZONES];
};

/**
 * struct mymm_node - one node: its zones, and in which order it asks those of others
 * @id: its number
 * @start: first frame
 * @end: one past the last
 * @zone: by type; NULL if it has none; constant
 * @zonelist: by the highest zone that a request may have: which to ask; constant
 * @distance: to each node; constant
 * @kswapd: its reclaimer
 * @kcompactd: its compactor
 */
struct mymm_node {
	int id;
	u32 start;
	u32 end;
	struct mymm_zone *zone[MYMM_NR_ZONE_TYPES];
	struct mymm_zonelist zonelist[MYMM_NR_ZONE_TYPES];
	unsigned int distance[MYMM_MAX_NODES];
	struct mymm_kswapd kswapd;
	struct mymm_kcompactd kcompactd;
};

/**
 * struct mymm_pool - one private machine: frames, zones, caches
 * @frame: the frame table; constant
 * @base: address of frame 0; without memory one that no memory can have; constant
 * @bytes: from there to the end of the last frame; constant
 * @nr_frames: how many frames; constant
 * @dead: an invariant was found broken: everything is refused from then on
 * @key: of the cookies in free objects, see magazine.h; low 16 bits are 0; constant
 * @nr_zones: members of @zone in use; constant
 * @zone: the populated zones, lowest first frame first
 * @cpu: what each CPU knows, its page lists among it
 * @tails: the old ends of these lists; see struct mymm_pcp
 * @live_frames: @nr_frames, or 0 once the pool is dead
 * @inverse_of_3: modulo 2^64, see frame_number(); shorter from here than as a constant
 * @pcp_orders: blocks below this order are in per-CPU lists; 0 if none are; constant
 * @pcp_block: and those of this one; ~0 if none are; constant
 * @type_mask: of the migratetype in a request's flags: 0 if all is unmovable; constant
 * @flags: MYMM_POOL_*; constant
 * @nr_nodes: members of @node_of; constant
 * @node_of: by number; constant
 * @pageblock: the pageblocks of one zone after the other; see struct mymm_buddy
 * @block_order: of a pageblock; constant
 * @cache_lists: index in the frame table of the first cache's lists; constant
 * @shared_lists: the same of lists of slabs that belong to no cache alone; constant
 * @tuning: the sysctls; under @lock
 * @min_free_kbytes: what is kept, by the rule or by the sysctl; under @lock
 * @kmalloc_fast: up to so many bytes the fast path knows its way; 0 without memory, or if one
 *                of @kmalloc is a debug cache; constant
 * @kmalloc_max: bytes of the largest of them; 0 without memory; constant
 * @kmalloc: the size classes; all NULL without memory; constant
 * @cache_by_id: written under @lock, read under RCU
 * @fast_by_id: those of them that objects are freed to by the fast path; likewise
 * @lock: see above
 * @caches: under @lock; the newest first, as in /proc/slabinfo
 * @engine: default for caches; constant
 * @freelist_random: new slabs of the slub engine have their objects in no order; constant
 * @freelist_seed: what that depends on; constant
 * @debug: which caches are debug caches, see debug_param.c; NULL: none; constant
 * @slob: what the slob engine has; NULL without memory; constant
 * @users: references
 * @own_users: those of the creator and of the size classes; with no others the pool
 *             may be destroyed; constant
 * @ending: nobody is to take a reference any more; under mymm_pools_lock
 * @holds_module: it holds a reference to this module; constant
 * @clock_held: a session steps its clock, see pool/clock.c; written under mymm_pools_lock
 * @refused: count of each kind of refusal
 * @rcu_slabs: slabs that wait for a grace period; slab_pages.c
 * @reclaim: shrinkers, and how often they were needed
 * @vm_counts: what process/ counts, see vmstat.h
 * @vm: the memory of processes, see process/vm.h; NULL: none has any; under @lock
 * @vm_hooks: what it does for the pool; NULL: none has any; see vm_hooks.h
 * @compact: what compaction has done
 * @arena: the memory behind the frames
 * @table: the memory of the frame table
 * @owners: owners of pages; NULL: not recorded; page_owner.c
 * @node: in the registry; mymm_pools_lock, and RCU for readers
 * @name: for messages
 */
struct mymm_pool {
	/* What each operation reads. */
	struct mymm_frame *frame;
	void *base;
	unsigned long bytes;
	struct mymm_cpu __percpu *cpu;
	u32 nr_frames;
	unsigned long live_frames;
	u64 inverse_of_3;
	unsigned int pcp_orders;
	unsigned int pcp_block;
	u32 type_mask;
	bool dead;
	u64 key;
	unsigned int nr_zones;
	struct mymm_zone *zone;

	unsigned int flags;
	unsigned int nr_nodes;
	struct mymm_node *node_of;
	u8 *pageblock;
	unsigned int block_order;
	u32 cache_lists;
	u32 shared_lists;
	struct mymm_tuning tuning;
	unsigned long min_free_kbytes;

	unsigned long kmalloc_fast;
	unsigned long kmalloc_max;
	struct mymm_cache *kmalloc[MYMM_NR_KMALLOC_TYPES][MYMM_KMALLOC_CLASSES];
	struct mymm_cache __rcu *cache_by_id[MYMM_MAX_CACHES];
	struct mymm_cache __rcu *fast_by_id[MYMM_MAX_CACHES];

	struct mutex lock; /* see the order of locks above */
	struct list_head caches;
	const struct mymm_engine_ops *engine;
	bool freelist_random;
	u32 freelist_seed;
	char *debug;
	struct mymm_slob *slob;
	refcount_t users;
	unsigned int own_users;
	bool ending;
	bool holds_module;
	bool clock_held;
	atomic_long_t refused[MYMM_NR_REFUSALS];
	atomic_long_t rcu_slabs;
	struct mymm_reclaim reclaim;

	struct mymm_pcp_tail __percpu *tails;
	struct mymm_vm_counts __percpu *vm_counts;
	struct mymm_vm *vm;
	const struct mymm_vm_hooks __rcu *vm_hooks;
	struct mymm_compact_stats compact;
	struct mymm_area arena;
	struct mymm_area table;
	struct mymm_owners __rcu *owners;
	struct list_head node;
	char name[MYMM_NAME_MAX];
};

/* How many lists of slabs each cache has. */
static inline unsigned int
mymm_pool_lists_per_cache(const struct mymm_pool *pool)
{
	return pool->nr_nodes * MYMM_LISTS_PER_NODE;
}

/* Index in the frame table of a cache's @n-th list of slabs. */
static inline u32 mymm_pool_cache_list(const struct mymm_pool *pool, u32 id,
				       unsigned int n)
{
	return pool->cache_lists + id * mymm_pool_lists_per_cache(pool) + n;
}

static inline bool mymm_pool_dead(const struct mymm_pool *pool)
{
	return unlikely(READ_ONCE(pool->dead));
}

static inline bool mymm_pool_has_memory(const struct mymm_pool *pool)
{
	return pool->arena.addr;
}

/* Is this an address of one of the pool's frames? */
static inline bool mymm_pool_contains(const struct mymm_pool *pool,
				      const void *addr)
{
	return (unsigned long)addr - (unsigned long)pool->base < pool->bytes;
}

/* The frame's number of an address that mymm_pool_contains(). */
static inline u32 mymm_pool_index(const struct mymm_pool *pool,
				  const void *addr)
{
	return (addr - pool->base) >> PAGE_SHIFT;
}

static inline void *mymm_pool_address(const struct mymm_pool *pool, u32 idx)
{
	return pool->base + ((unsigned long)idx << PAGE_SHIFT);
}

/* The migratetype of what a request is for; both mobility flags: none, which is refused. */
static __always_inline u32 mymm_gfp_type(const struct mymm_pool *pool,
					 gfp_t gfp)
{
	return (__force u32)gfp >> MYMM_GFP_MOBILITY_SHIFT & pool->type_mask;
}

/* The migratetype of pageblocks that nobody has changed. */
static inline enum mymm_migratetype
mymm_pool_first_type(const struct mymm_pool *pool)
{
	return pool->type_mask ? MYMM_MOVABLE : MYMM_UNMOVABLE;
}

#endif /* _MYMM_POOL_H */
