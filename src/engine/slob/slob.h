/* SPDX-License-Identifier: GPL-2.0 */
/* The slob engine's part of a pool; slob.c has the theory. */
#ifndef _MYMM_SLOB_H
#define _MYMM_SLOB_H

#include "object/cache.h"
#include "engine/slob/slob_page.h"

struct mymm_finding;

#define MYMM_SLOB_LISTS 3
#define MYMM_SLOB_BROKEN \
	MYMM_SLOB_LISTS /* number of the list of quarantined pages, which are on none */

/* Bytes of the header before an object from kmalloc(), and its least alignment. */
#define MYMM_SLOB_HEADER \
	max_t(unsigned int, ARCH_KMALLOC_MINALIGN, arch_slab_minalign())

/**
 * struct mymm_slob_head - beginning of the header
 * @size: requested bytes
 * @mark: hash of address and size under the pool's key; 0 after the free
 */
struct mymm_slob_head {
	u32 size;
	u32 mark;
};

/**
 * struct mymm_slob - the slob engine's part of a pool
 * @best: best fit, not first fit; constant
 * @bytes: for kmalloc(): a cache whose objects are units; NULL if the pool's default
 *         is another engine; constant
 * @lock: protects the fields below, the pages and their frames, and the counts of all slob
 *        caches of the pool; see pool.h
 * @list: heads of the lists of pages with free units, by the size of their objects
 * @nr_pages: pages, including quarantined ones
 * @free_units: free units of all pages, without quarantined ones
 * @lost_units: units of quarantined pages that are not in use
 * @nr_broken: quarantined pages
 * @paused: searches that have released the lock before their end, see struct
 *          mymm_slob_search
 * @nr_pauses: number of such pauses so far
 * @nr_walked: pages whose free blocks a search has read, so far
 *
 * In a frame of such a page, which has @cache %MYMM_SHARED: @free is its first free unit,
 * @objects the number of free units, @start the number of its list, or %MYMM_SLOB_BROKEN
 * after it was quarantined, and @inuse an upper bound for the units of its free blocks.
 */
struct mymm_slob {
	bool best;
	struct mymm_cache *bytes;

	raw_spinlock_t lock ____cacheline_aligned_in_smp;
	u32 list[MYMM_SLOB_LISTS];
	unsigned long nr_pages;
	unsigned long free_units;
	unsigned long lost_units;
	unsigned long nr_broken;
	struct list_head paused;
	unsigned long nr_pauses;
	unsigned long nr_walked;
};

/* Units of an object of a cache; 0 if each object has pages of its own. */
static inline unsigned int
mymm_slob_object_units(const struct mymm_cache *cache)
{
	return cache->size < PAGE_SIZE ? mymm_slob_units(cache->size) : 0;
}

static inline u32 mymm_slob_mark(const struct mymm_pool *pool,
				 const struct mymm_slob_head *head, u32 size)
{
	u64 mark = ((unsigned long)head ^ pool->key) * GOLDEN_RATIO_64;

	return (u32)(mark >> 32) ^ size;
}

/**
 * struct mymm_slob_chores - work that is deferred until the lock is released
 * @empty: an unused block to give back; %MYMM_NO_FRAME: none
 * @broken: list of overwritten pages to report, linked by @next; %MYMM_NO_FRAME: none
 */
struct mymm_slob_chores {
	u32 empty;
	u32 broken;
};

#define MYMM_NO_CHORES \
	((struct mymm_slob_chores){ MYMM_NO_FRAME, MYMM_NO_FRAME })

/* Does slob serve kmalloc() of this pool? Then it has no size classes. */
static inline bool mymm_pool_has_slob_kmalloc(const struct mymm_pool *pool)
{
	return pool->slob && pool->slob->bytes;
}

/*
 * How long a search holds the lock, in steps: a page counts 1, and MYMM_SLOB_WALK more if its
 * free blocks are read.
 */
#define MYMM_SLOB_HOLD 1024
#define MYMM_SLOB_WALK 32

/**
 * struct mymm_slob_search - a search for room on the pages of a list
 * @pool: the pool
 * @want: the request
 * @list: number of the list
 * @highest: highest zone that a page may be from
 * @next: the next page to search, or the head of the list; slob's lock, as all below
 * @end: where the search ends: the head, or the page that was first when it began
 * @found: the page with the best room so far; %MYMM_NO_FRAME: none
 * @place: the room on @found
 * @lost: the room on @found was taken while the lock was released
 * @steps: since the lock was taken
 * @flags: interrupt flags of the lock
 * @chores: work for after the lock
 * @node: on slob->paused while the lock is released. A page that leaves its list advances
 *        @next and @end if they refer to it, so that both are always on the list
 */
struct mymm_slob_search {
	struct mymm_pool *pool;
	const struct mymm_slob_want *want;
	u32 list;
	enum mymm_zone_type highest;
	u32 next;
	u32 end;
	u32 found;
	struct mymm_slob_place place;
	bool lost;
	unsigned int steps;
	unsigned long flags;
	struct mymm_slob_chores chores;
	struct list_head node;
};

/* slob_heap.c */
unsigned int mymm_slob_get(struct mymm_cache *cache, gfp_t gfp,
			   const struct mymm_slob_want *want,
			   unsigned int counts, unsigned int nr, void **objs);
enum mymm_refusal mymm_slob_put(struct mymm_pool *pool, u32 idx,
				unsigned int at, unsigned int nr, bool now,
				struct mymm_slob_chores *chores);
struct mymm_frame *mymm_slob_new_block(struct mymm_cache *cache, gfp_t gfp,
				       unsigned int order);
void mymm_slob_do_chores(struct mymm_pool *pool,
			 const struct mymm_slob_chores *chores);

/* slob_kmalloc.c */
void mymm_slob_kmalloc_begin(struct mymm_pool *pool, struct mymm_cache *cache);
void *mymm_slob_kmalloc(struct mymm_pool *pool, size_t size, gfp_t gfp,
			struct mymm_owner owner);
int mymm_slob_kfree(struct mymm_pool *pool, const void *ptr,
		    struct mymm_owner owner);
size_t mymm_slob_ksize(struct mymm_pool *pool, const void *ptr);

/* slob_check.c */
int mymm_slob_check(struct mymm_cache *cache, struct mymm_finding *finding);
int mymm_slob_check_pool(struct mymm_pool *pool, unsigned long *slabs,
			 struct mymm_finding *finding);

#endif /* _MYMM_SLOB_H */
