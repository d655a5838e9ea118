/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mymm: private page and object allocators.
 *
 * This is what other modules may use. Everything here is exported for GPL modules.
 *
 * Functions that free return 0, or a negative errno if the argument was not what it should
 * be. Then only one of the pool's counters has changed, and a line in the log says what was
 * wrong.
 *
 * Alloc and free work in task, softirq and hardirq context with any of the kernel's
 * locks held; they sleep only with __GFP_DIRECT_RECLAIM. In NMI they refuse.
 */
#ifndef _MYMM_H
#define _MYMM_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/completion.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/types.h>

struct mymm_cache;
struct mymm_frame;
struct mymm_pool;

/**
 * enum mymm_backing - what stands behind a pool's frames
 * @MYMM_BACKING_VMALLOC: memory, contiguous in the vmalloc area
 * @MYMM_BACKING_NONE: nothing; frames can be allocated and freed, but have no address
 */
enum mymm_backing {
	MYMM_BACKING_VMALLOC,
	MYMM_BACKING_NONE,
};

/* What a pool may do without; nothing: everything that Linux does. */
/* No per-CPU page lists: frees merge at once. */
#define MYMM_POOL_NO_PCP BIT(0)
/* The last frame is anybody's. */
#define MYMM_POOL_NO_WATERMARKS BIT(1)
/* All is unmovable: pages are not grouped. */
#define MYMM_POOL_NO_MOBILITY BIT(2)
/* Nobody is asked to give anything back. */
#define MYMM_POOL_NO_RECLAIM BIT(3)
/* A buddy system and zones, and nothing that remembers: for tests and for teaching. */
#define MYMM_POOL_BARE 0x0fU
/* And what is not the default: caches that would be cut the same way are one. */
#define MYMM_POOL_MERGE 0x10U
#define MYMM_POOL_ALL 0x1fU

#define MYMM_NR_RATIOS 5 /* DMA, DMA32, Normal, HighMem, Movable */

/**
 * struct mymm_tuning - the knobs of a pool, under the names of /proc/sys/vm
 * @min_free_kbytes: KiB kept for requests that can't wait; -1: by the kernel's rule, which is
 *                   4 times the square root of the memory in KiB
 * @watermark_scale_factor: distance of the watermarks in 1/10000 of a zone, 1 to 3000
 * @watermark_boost_factor: how far a fallback raises them, in 1/10000 of high; 0: not
 * @lowmem_reserve_ratio: by zone: 1/ratio of what lies above it is kept from requests
 *                        that could have had that; 0: nothing is
 * @percpu_pagelist_high_fraction: each zone's CPUs keep 1/fraction of it; 0: by the
 *                                 watermark; else 8 and up
 */
struct mymm_tuning {
	long min_free_kbytes;
	unsigned int watermark_scale_factor;
	unsigned int watermark_boost_factor;
	unsigned int lowmem_reserve_ratio[MYMM_NR_RATIOS];
	unsigned int percpu_pagelist_high_fraction;
};

#define MYMM_TUNING_DEFAULT                                     \
	((struct mymm_tuning){                                  \
		.min_free_kbytes = -1,                          \
		.watermark_scale_factor = 10,                   \
		.watermark_boost_factor = 15000,                \
		.lowmem_reserve_ratio = { 256, 256, 32, 0, 0 }, \
	})

/**
 * struct mymm_pool_config - what a new pool is to be like
 * @name: for messages; up to 31 characters
 * @zones: zones and their sizes, "DMA:4M,DMA32:12M,Normal:48M": names as in
 *         /proc/zoneinfo, each once; sizes with K, M, G or T, rounded down to pages;
 *         or p for a number of pages. With several nodes: of each node; or of one after
 *         the other, with a slash in between
 * @engine: default engine of its caches; NULL for "slub"
 * @backing: what stands behind its frames
 * @nodes: number of nodes, up to 8; 0 means 1
 * @distance: from each node to each, row by row, "10,20,20,10"; NULL: 10 to itself, 20 to
 *            the others
 * @holes: frame numbers with nothing behind them, "100-199,300-300"; NULL: none
 * @block_order: 1 to 10; 0: 9, or less if the smallest zone would have less than four
 * @flags: any of MYMM_POOL_*
 * @tuning: NULL: MYMM_TUNING_DEFAULT
 * @slob_fit: which free memory the slob engine takes: "first" that has room, or "best", of
 *            which least is left; NULL: "first"
 * @freelist: in which order a new slab's objects are handed out by the slub engine:
 *            "ordered", by address; "random", or "random:SEED" with a number, which is the
 *            same each time; NULL: "ordered"
 * @debug: which caches are debug caches, in the language of slub_debug: "FZPU,kmalloc-64";
 *         NULL or empty: those whose own flags say so
 */
struct mymm_pool_config {
	const char *name;
	const char *zones;
	const char *engine;
	enum mymm_backing backing;
	unsigned int nodes;
	const char *distance;
	const char *holes;
	unsigned int block_order;
	unsigned int flags;
	const struct mymm_tuning *tuning;
	const char *slob_fit;
	const char *freelist;
	const char *debug;
};

/**
 * struct mymm_cache_config - what a new cache is to be like
 * @name: unique in the pool; up to 31 printable characters, no space
 * @size: bytes of an object
 * @align: bytes, a power of two up to a page; 0 for a word
 * @flags: any of SLAB_HWCACHE_ALIGN, SLAB_CACHE_DMA, SLAB_CACHE_DMA32,
 *         SLAB_RECLAIM_ACCOUNT, SLAB_TYPESAFE_BY_RCU; and with one of
 *         SLAB_CONSISTENCY_CHECKS, SLAB_RED_ZONE, SLAB_POISON, SLAB_STORE_USER, SLAB_TRACE
 *         it is a debug cache
 * @useroffset: as for kmem_cache_create_usercopy(): where in an object that begins which
 * @usersize: may be copied to and from user space, and how many bytes it has; 0: none. It is
 *            kept and shown, no more: the kernel asks its own caches only
 * @ctor: called for each object when its slab is made, or NULL
 * @engine: NULL for the pool's default
 */
struct mymm_cache_config {
	const char *name;
	unsigned int size;
	unsigned int align;
	slab_flags_t flags;
	unsigned int useroffset;
	unsigned int usersize;
	void (*ctor)(void *obj);
	const char *engine;
};

#define MYMM_MAX_NODES 8

/**
 * struct mymm_shrink_control - what is asked of a shrinker
 * @gfp: how the allocation in need was made; of kswapd %GFP_KERNEL
 * @nid: the node that is short of frames
 * @nr_to_scan: how many frames' worth to look at
 * @nr_scanned: how many were; @nr_to_scan if the shrinker does not say
 */
struct mymm_shrink_control {
	gfp_t gfp;
	int nid;
	unsigned long nr_to_scan;
	unsigned long nr_scanned;
};

/* From scan(): not now, a lock is held; from count(): there is nothing at all. */
#define MYMM_SHRINK_STOP (~0UL)
#define MYMM_SHRINK_EMPTY (~0UL - 1)

/* @count and @scan respect the node; without this their frames may be of any node. */
#define MYMM_SHRINKER_NUMA_AWARE BIT(0)

#define MYMM_DEFAULT_SEEKS 2 /* cost of objects without a better estimate */

/**
 * struct mymm_shrinker - a holder of frames of a pool that can give some back
 * @count: how many frames it could give back; 0: can't say, or not now;
 *         %MYMM_SHRINK_EMPTY: none
 * @scan: look at @nr_to_scan of them, and give back what can be spared; returns how many
 *        frames went back, or %MYMM_SHRINK_STOP if this is no good moment
 * @batch: frames to look at in one call; 0 means 128
 * @seeks: what it costs to make again what is given back: the more, the less is asked
 *         for; 0: nothing, so half of it goes at once
 * @flags: any of MYMM_SHRINKER_*
 * @private_data: the shrinker's own
 *
 * As the kernel's, but for the unit: what it counts are frames, not objects. Both may
 * sleep, and are called with no lock held, by several tasks at once. They may allocate from
 * the pool; that reclaims nothing, and may use the last frame.
 */
struct mymm_shrinker {
	unsigned long (*count)(struct mymm_shrinker *shrinker,
			       struct mymm_shrink_control *sc);
	unsigned long (*scan)(struct mymm_shrinker *shrinker,
			      struct mymm_shrink_control *sc);
	long batch;
	int seeks;
	unsigned int flags;
	void *private_data;

	/* private: */
	struct mymm_pool *pool;
	struct list_head list;
	refcount_t users;
	struct completion gone;
	atomic_long_t nr_deferred[MYMM_MAX_NODES];
};

/* Pools */
struct mymm_pool *mymm_pool_create(const struct mymm_pool_config *config);
int mymm_pool_destroy(struct mymm_pool *pool);
void mymm_pool_release(struct mymm_pool *pool);
struct mymm_pool *mymm_pool_get_default(void);
void mymm_pool_put(struct mymm_pool *pool);
unsigned long mymm_pool_drain(struct mymm_pool *pool);
unsigned long mymm_pool_trim(struct mymm_pool *pool);
int mymm_shrinker_register(struct mymm_pool *pool,
			   struct mymm_shrinker *shrinker);
void mymm_shrinker_unregister(struct mymm_shrinker *shrinker);

/* Pages */
struct mymm_frame *mymm_alloc_pages(struct mymm_pool *pool, gfp_t gfp,
				    unsigned int order);
struct mymm_frame *mymm_alloc_pages_node(struct mymm_pool *pool, int node,
					 gfp_t gfp, unsigned int order);
int mymm_free_pages(struct mymm_pool *pool, struct mymm_frame *frame,
		    unsigned int order);
int mymm_alloc_range(struct mymm_pool *pool, unsigned long pfn,
		     unsigned long nr_frames, gfp_t gfp);
int mymm_free_range(struct mymm_pool *pool, unsigned long pfn,
		    unsigned long nr_frames);
struct mymm_frame *mymm_pfn_frame(struct mymm_pool *pool, unsigned long pfn);
void *mymm_frame_address(struct mymm_pool *pool,
			 const struct mymm_frame *frame);
unsigned long mymm_frame_pfn(struct mymm_pool *pool,
			     const struct mymm_frame *frame);
struct mymm_frame *mymm_address_frame(const void *addr);
struct mymm_frame *mymm_compound_head(struct mymm_pool *pool,
				      struct mymm_frame *frame);
unsigned int mymm_compound_order(struct mymm_pool *pool,
				 const struct mymm_frame *frame);

/* Objects */
struct mymm_cache *mymm_cache_create(struct mymm_pool *pool,
				     const struct mymm_cache_config *config);
int mymm_cache_destroy(struct mymm_cache *cache);
unsigned long mymm_cache_shrink(struct mymm_cache *cache);
void *mymm_cache_alloc(struct mymm_cache *cache, gfp_t gfp);
int mymm_cache_free(struct mymm_cache *cache, void *obj);
int mymm_cache_alloc_bulk(struct mymm_cache *cache, gfp_t gfp, size_t nr,
			  void **objs);
int mymm_cache_free_bulk(struct mymm_cache *cache, size_t nr, void **objs);

/* Bytes */
void *mymm_kmalloc(struct mymm_pool *pool, size_t size, gfp_t gfp);
void *mymm_krealloc(struct mymm_pool *pool, void *ptr, size_t size, gfp_t gfp);
int mymm_kfree(const void *ptr);
size_t mymm_ksize(const void *ptr);

#endif /* _MYMM_H */
