/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mymm: private page and object allocators.
 *
 * This is what other modules may use. Everything here is exported for GPL modules.
 *
 * Functions that free tell what they made of it: 0, or a negative errno if the
 * thing was not what it was said to be. Then nothing has changed, one of the pool's
 * counters has grown, and a line in the log says what was wrong.
 *
 * Alloc and free work in task, softirq and hardirq context with any of the kernel's
 * locks held; they sleep only with __GFP_DIRECT_RECLAIM. In NMI they refuse.
 */
#ifndef _MYMM_H
#define _MYMM_H

#include <linux/gfp.h>
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

/**
 * struct mymm_pool_config - what a new pool is to be like
 * @name: for messages; up to 31 characters
 * @zones: zones and their sizes, "DMA:4M,DMA32:12M,Normal:48M": names as in
 *         /proc/zoneinfo, each once; sizes with K, M, G or T, rounded down to pages
 * @engine: default engine of its caches; NULL for "slub"
 * @backing: what stands behind its frames
 * @nodes: number of nodes; 0 means 1
 */
struct mymm_pool_config {
	const char *name;
	const char *zones;
	const char *engine;
	enum mymm_backing backing;
	unsigned int nodes;
};

/**
 * struct mymm_cache_config - what a new cache is to be like
 * @name: unique in the pool; up to 31 printable characters, no space
 * @size: bytes of an object
 * @align: bytes, a power of two up to a page; 0 for a word
 * @flags: any of SLAB_HWCACHE_ALIGN, SLAB_POISON, SLAB_CACHE_DMA,
 *         SLAB_CACHE_DMA32, SLAB_RECLAIM_ACCOUNT
 * @ctor: called for each object when its slab is made, or NULL
 * @engine: NULL for the pool's default
 */
struct mymm_cache_config {
	const char *name;
	unsigned int size;
	unsigned int align;
	slab_flags_t flags;
	void (*ctor)(void *obj);
	const char *engine;
};

/* Pools */
struct mymm_pool *mymm_pool_create(const struct mymm_pool_config *config);
int mymm_pool_destroy(struct mymm_pool *pool);
struct mymm_pool *mymm_pool_get_default(void);
void mymm_pool_put(struct mymm_pool *pool);
unsigned long mymm_pool_drain(struct mymm_pool *pool);

/* Pages */
struct mymm_frame *mymm_alloc_pages(struct mymm_pool *pool, gfp_t gfp,
				    unsigned int order);
int mymm_free_pages(struct mymm_pool *pool, struct mymm_frame *frame,
		    unsigned int order);
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
