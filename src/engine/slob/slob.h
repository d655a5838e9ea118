/* SPDX-License-Identifier: GPL-2.0 */
/* The slob engine's share of a pool; slob.c has the theory. */
#ifndef _MYMM_SLOB_H
#define _MYMM_SLOB_H

#include "object/cache.h"
#include "engine/slob/slob_page.h"

struct mymm_finding;

#define MYMM_SLOB_LISTS 3
#define MYMM_SLOB_BROKEN \
	MYMM_SLOB_LISTS /* the list of pages that are out of use: none */

/* What stands in bytes before a kmalloc()ed object, and aligns it at least. */
#define MYMM_SLOB_HEADER \
	max_t(unsigned int, ARCH_KMALLOC_MINALIGN, arch_slab_minalign())

/**
 * struct mymm_slob_head - what the header begins with
 * @size: bytes that were asked for
 * @mark: of that address and size under the pool's key; 0 once it is free
 */
struct mymm_slob_head {
	u32 size;
	u32 mark;
};

/**
 * struct mymm_slob - the slob engine's share of a pool
 * @best: best fit, not first fit; constant
 * @bytes: for kmalloc(): a cache whose objects are units; NULL if the pool's default
 *         is another engine; constant
 * @lock: protects what is below, the pages and their frames, and the counts of all slob
 *        caches of the pool; see pool.h
 * @list: heads of the lists of pages with free units, by the size of what is on them
 * @nr_pages: pages
 * @free_units: of all pages
 * @lost_units: of pages that are out of use
 * @nr_broken: how many these are
 * @paused: searches that have released the lock and are not over, see struct
 *          mymm_slob_search
 * @nr_pauses: how often a search has released it
 * @nr_walked: pages of which a search has read the free blocks
 *
 * In a frame of such a page, which has @cache %MYMM_SHARED: @free is its first free unit,
 * @objects counts those that are free, @start is the number of its list, or
 * %MYMM_SLOB_BROKEN once it is out of use. No free block has more units than @inuse says.
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

/* Units that one of its objects takes on a page; 0 if each has pages of its own. */
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
 * struct mymm_slob_chores - what is to be done once the lock is not held any more
 * @empty: a block that is nobody's now; %MYMM_NO_FRAME: none
 * @broken: pages that were found overwritten, strung up by @next; the same
 */
struct mymm_slob_chores {
	u32 empty;
	u32 broken;
};

#define MYMM_NO_CHORES \
	((struct mymm_slob_chores){ MYMM_NO_FRAME, MYMM_NO_FRAME })

/* Is kmalloc() of this pool slob's? Then it has no size classes. */
static inline bool mymm_pool_has_slob_kmalloc(const struct mymm_pool *pool)
{
	return pool->slob && pool->slob->bytes;
}

/*
 * How long a search holds the lock: in steps, of which a page that is passed by its frame is
 * one, and a page of which the free blocks are read is MYMM_SLOB_WALK more.
 */
#define MYMM_SLOB_HOLD 1024
#define MYMM_SLOB_WALK 32

/**
 * struct mymm_slob_search - a search for room on the pages of a list
 * @pool: of which pool
 * @want: for what
 * @list: number of the list
 * @highest: no page of a zone above this one
 * @next: the page to look at next, or the head of the list; slob's lock, as all below
 * @end: where the search ends: the head, or the page that was first after it
 * @found: the page with the best room so far; %MYMM_NO_FRAME: none
 * @place: where on it
 * @lost: a page was @found, and its room went while the lock was released
 * @steps: since the lock was taken
 * @flags: of the interrupts, for the lock
 * @chores: what is to be done without the lock
 * @node: while the lock is released: on slob->paused. A page that leaves its list moves
 *        @next and @end on if they are at it, so that both are on the list at any time
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
