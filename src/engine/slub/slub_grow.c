// SPDX-License-Identifier: GPL-2.0
/*
 * Creation and return of slabs in the slub engine; slub.c has the picture.
 *
 * A slab is created, and given back, with no lock held, and is on no list and has no owner
 * meanwhile. Its frames are filled before the number of the cache is written, by which other
 * CPUs recognize a slab.
 *
 * The freelist of a new slab links its objects in the order of their addresses, which makes
 * the next address predictable. With freelist=random (SLUB's CONFIG_SLAB_FREELIST_RANDOM)
 * each cache has a sequence, shuffled when the cache was created, and each slab begins
 * somewhere in it:
 *
 *      sequence of the cache      3 0 4 1 2
 *      a slab that begins at 2    4 1 2 3 0
 *      with room for 4 only         1 2 3 0     numbers that it does not have are skipped
 *
 * The beginning follows from the seed and the slab's frame. So with freelist=random:SEED the
 * same requests get the same objects; without SEED the seed is random, and a user can't
 * predict from the objects that it got which address comes next.
 */
#include <linux/jhash.h>
#include <linux/mm.h>

#include "base/compat.h"
#include "object/poison.h"
#include "page/page_alloc.h"
#include "object/slab_pages.h"
#include "engine/slub/slub.h"

/* Where a smaller slab would do, the first attempt neither logs a failure nor reclaims. */
static gfp_t try_gfp(gfp_t gfp)
{
	if (gfp & __GFP_DIRECT_RECLAIM)
		gfp = (gfp | __GFP_NOMEMALLOC) & ~__GFP_RECLAIM;
	return (gfp | __GFP_NOWARN | __GFP_NORETRY) & ~__GFP_NOFAIL;
}

static struct mymm_frame *alloc_slab_pages(struct mymm_cache *cache, gfp_t gfp)
{
	struct mymm_frame *slab;

	gfp = (gfp & MYMM_SLAB_GFP) | cache->gfp;
	if (cache->order > cache->min_order) {
		slab = mymm_cache_get_pages(cache, NUMA_NO_NODE, try_gfp(gfp),
					    cache->order);
		if (slab)
			return slab;
	}
	return mymm_cache_get_pages(cache, NUMA_NO_NODE, gfp, cache->min_order);
}

static void link_in_order(struct mymm_cache *cache, struct mymm_frame *slab)
{
	void *obj = mymm_slub_slab_objects(cache, slab);
	unsigned int i;

	slab->free = 1;
	for (i = 1; i < slab->objects; i++, obj += cache->size)
		mymm_slub_set_link(cache, obj, i + 1);
	mymm_slub_set_link(cache, obj, MYMM_FREELIST_END);
}

static void link_by_sequence(struct mymm_cache *cache, struct mymm_frame *slab)
{
	const struct mymm_slubs *s = mymm_slubs_of(cache);
	unsigned int at, i = cache->num;

	at = jhash_1word(mymm_slub_frame_index(cache, slab), s->seed) %
	     cache->num;
	slab->free = MYMM_FREELIST_END;
	/* From last to first: each object links to the one before it in this loop. */
	while (i--) {
		unsigned int number = s->sequence[(at + i) % cache->num];

		if (number >= slab->objects)
			continue;
		mymm_slub_set_link(cache,
				   mymm_slub_follow(cache, slab, number + 1),
				   slab->free);
		slab->free = number + 1;
	}
}

/**
 * mymm_slub_make() - create a slab, all of its objects free
 * @cache: the cache
 * @gfp: how hard to try
 *
 * Context: any but NMI, with no lock of this module held.
 * Return: its first frame, without owner and on no list; NULL if there is no memory.
 */
struct mymm_frame *mymm_slub_make(struct mymm_cache *cache, gfp_t gfp)
{
	struct mymm_frame *slab = alloc_slab_pages(cache, gfp);
	unsigned int i, order;
	void *obj;
	u32 start;

	if (!slab)
		return NULL;
	order = mymm_tag_order(slab->tag);
	mymm_cache_count_pages(cache, slab, 1);
	slab->objects = (PAGE_SIZE << order) / cache->size;
	slab->inuse = 0;
	WRITE_ONCE(slab->prev, MYMM_SLUB_UNOWNED);

	if (cache->debug)
		mymm_debug_slab(cache,
				mymm_slub_area(cache, mymm_slub_frame_index(
							      cache, slab)));
	obj = mymm_slub_slab_objects(cache, slab);
	start = (u32)(obj - cache->base) * cache->inverse;
	if (cache->ctor)
		for (i = 0; i < slab->objects; i++)
			cache->ctor(obj + i * cache->size);
	if (mymm_slubs_of(cache)->sequence)
		link_by_sequence(cache, slab);
	else
		link_in_order(cache, slab);
	mymm_sanitize_shut(mymm_slub_slab_address(cache, slab), 0,
			   PAGE_SIZE << order);

	WRITE_ONCE(slab->tag, (slab->tag & ~MYMM_TAG_STATE) | MYMM_FRAME_SLAB);
	for (i = 0; i < 1U << order; i++) {
		struct mymm_frame *frame = slab + i;

		frame->start = start;
		frame->objects = slab->objects;
		if (i)
			WRITE_ONCE(frame->tag,
				   mymm_tag(MYMM_FRAME_SLAB_TAIL, order, 0));
		WRITE_ONCE(frame->cache, cache->id);
	}
	return slab;
}

static void give_back(struct mymm_cache *cache, struct mymm_frame *slab)
{
	unsigned int order = mymm_tag_order(slab->tag);
	unsigned int i;

	mymm_cache_count_pages(cache, slab, -1);
	for (i = 0; i < 1U << order; i++) {
		WRITE_ONCE(slab[i].cache, 0);
		if (i)
			WRITE_ONCE(slab[i].tag, 0);
	}
	WRITE_ONCE(slab->tag, (slab->tag & ~MYMM_TAG_STATE) | MYMM_FRAME_PAGES);
	mymm_cache_free_pages(cache, slab);
}

/**
 * mymm_slub_give_back() - give empty slabs to the pool
 * @cache: the cache
 * @first: first of a list of slabs without owner, or %MYMM_NO_FRAME
 *
 * Context: any but NMI, with no lock of this module held.
 * Return: how many.
 */
unsigned long mymm_slub_give_back(struct mymm_cache *cache, u32 first)
{
	unsigned long nr = 0;

	while (first != MYMM_NO_FRAME) {
		struct mymm_frame *slab = &cache->frame[first];

		first = slab->next;
		give_back(cache, slab);
		nr++;
	}
	return nr;
}
