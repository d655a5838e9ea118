/* SPDX-License-Identifier: GPL-2.0 */
/* The slob engine's share of a pool; slob.c has the theory. */
#ifndef _MYMM_SLOB_H
#define _MYMM_SLOB_H

#include "object/cache.h"
#include "engine/slob/slob_page.h"

struct mymm_finding;

#define MYMM_SLOB_LISTS 3

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
 *
 * In a frame of such a page, which has @cache %MYMM_SHARED: @free is its first free unit,
 * @objects counts those that are free, @start is the number of its list, @inuse is set once
 * it is out of use.
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
int mymm_slob_kmalloc_init(struct mymm_pool *pool);
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
