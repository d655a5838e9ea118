// SPDX-License-Identifier: GPL-2.0
/*
 * The invariants of the slub engine's slabs: I5 to I7 and I9 of check.c, for one cache at a
 * time, under its list lock.
 *
 * Each slab is reached over the list that it is on, and looked at from all sides: what
 * its frames say, where its freelist leads, and whether it is on the right list; the
 * sums over all of them must be what the cache has counted.
 */
#include "check.h"
#include "slub.h"

/* I9: the frames of a slab say that they are, and all of them the same. */
static int check_frames(struct mymm_cache *cache, u32 idx,
			struct mymm_finding *finding)
{
	struct mymm_frame *slab = &cache->frame[idx];
	unsigned int order = mymm_tag_order(slab->tag);
	unsigned int i;

	if (mymm_tag_state(slab->tag) != MYMM_FRAME_SLAB)
		return mymm_find(
			finding, 9,
			"cache %s: frame %u is on a list of slabs but is %s",
			cache->name, idx,
			mymm_frame_state_name(mymm_tag_state(slab->tag)));
	if (slab->start !=
	    ((u32)(idx << PAGE_SHIFT) + cache->left) * cache->inverse)
		return mymm_find(
			finding, 9,
			"cache %s: slab at frame %u says it begins at %#x",
			cache->name, idx, slab->start);
	if (order != cache->order && order != cache->min_order)
		return mymm_find(
			finding, 9,
			"cache %s: slab at frame %u has order %u, not %u or %u",
			cache->name, idx, order, cache->order,
			cache->min_order);
	for (i = 0; i < 1U << order; i++) {
		if (slab[i].cache != cache->id)
			return mymm_find(
				finding, 9,
				"cache %s: frame %u of the slab at frame %u says it is of cache number %u, not %u",
				cache->name, idx + i, idx, slab[i].cache,
				cache->id);
		if (slab[i].start != slab->start ||
		    slab[i].objects != slab->objects)
			return mymm_find(
				finding, 9,
				"cache %s: frame %u of the slab at frame %u says it has %u objects from %#x, not %u from %#x",
				cache->name, idx + i, idx, slab[i].objects,
				slab[i].start, slab->objects, slab->start);
		if (i &&
		    slab[i].tag != mymm_tag(MYMM_FRAME_SLAB_TAIL, order, 0))
			return mymm_find(
				finding, 9,
				"cache %s: frame %u of the slab at frame %u is %s, of order %u",
				cache->name, idx + i, idx,
				mymm_frame_state_name(
					mymm_tag_state(slab[i].tag)),
				mymm_tag_order(slab[i].tag));
	}
	return 0;
}

/* I6: the freelist stays in the slab, has no cycle, and the numbers add up. */
static int check_freelist(struct mymm_cache *cache, u32 idx,
			  struct mymm_finding *finding)
{
	struct mymm_frame *slab = &cache->frame[idx];
	unsigned int free = 0;
	u64 link = slab->free;

	if (slab->objects !=
	    (PAGE_SIZE << mymm_tag_order(slab->tag)) / cache->size)
		return mymm_find(
			finding, 6,
			"cache %s: slab at frame %u says it has %u objects of %u bytes",
			cache->name, idx, slab->objects, cache->size);
	while (link != MYMM_FREELIST_END) {
		void *obj = follow(cache, slab, link);

		if (!obj)
			return mymm_find(
				finding, 6,
				"cache %s: slab at frame %u: the freelist leaves the slab after %u objects",
				cache->name, idx, free);
		if (++free > slab->objects)
			return mymm_find(
				finding, 6,
				"cache %s: slab at frame %u: the freelist has a cycle",
				cache->name, idx);
		link = get_link(cache, obj);
	}
	if (free + slab->inuse != slab->objects)
		return mymm_find(
			finding, 6,
			"cache %s: slab at frame %u: %u free + %u used objects are not %u",
			cache->name, idx, free, slab->inuse, slab->objects);
	return 0;
}

/* What the lists of a cache have together. */
struct sums {
	unsigned long slabs;
	unsigned long empty;
	unsigned long objects;
	unsigned long inuse;
};

/* I5 for a list of slabs, and the sums over it. */
static int check_list(struct mymm_cache *cache, u32 head, struct sums *sums,
		      struct mymm_finding *finding)
{
	const struct mymm_frame *table = cache->frame;
	bool full = head == cache->full, ends;
	u32 prev = head, idx;
	int err;

	for (idx = table[head].next; idx != head; idx = table[idx].next) {
		if (idx >= cache->pool->nr_frames || table[idx].prev != prev)
			return mymm_find(
				finding, 5,
				"cache %s: the %s list is broken behind frame %u",
				cache->name, full ? "full" : "partial", prev);
		if (++sums->slabs > cache->nr_slabs)
			return mymm_find(
				finding, 7,
				"cache %s: more slabs on lists than the %lu that it has",
				cache->name, cache->nr_slabs);
		err = check_frames(cache, idx, finding);
		if (!err)
			err = check_freelist(cache, idx, finding);
		if (err)
			return err;
		ends = table[idx].free == MYMM_FREELIST_END;
		if (full != ends)
			return mymm_find(
				finding, 5,
				"cache %s: slab at frame %u with %u of %u objects used is on the %s list",
				cache->name, idx, table[idx].inuse,
				table[idx].objects, full ? "full" : "partial");
		sums->empty += !table[idx].inuse;
		sums->objects += table[idx].objects;
		sums->inuse += table[idx].inuse;
		prev = idx;
	}
	if (table[head].prev != prev)
		return mymm_find(
			finding, 5,
			"cache %s: the %s list does not end where it says",
			cache->name, full ? "full" : "partial");
	return 0;
}

/**
 * mymm_slub_check() - look for a broken invariant of a cache's slabs
 * @cache: the cache
 * @finding: what was found
 *
 * Context: any but NMI.
 * Return: 0; -EUCLEAN, and @finding says what.
 */
int mymm_slub_check(struct mymm_cache *cache, struct mymm_finding *finding)
{
	struct sums sums = {};
	unsigned long partial;
	int err;

	guard(raw_spinlock_irqsave)(&cache->list_lock);

	err = check_list(cache, cache->partial, &sums, finding);
	if (err)
		return err;
	partial = sums.slabs;
	err = check_list(cache, cache->full, &sums, finding);
	if (err)
		return err;
	if (sums.slabs != cache->nr_slabs || partial != cache->nr_partial)
		return mymm_find(
			finding, 7,
			"cache %s: %lu slabs on lists, %lu of them partial, not %lu and %lu",
			cache->name, sums.slabs, partial, cache->nr_slabs,
			cache->nr_partial);
	if (sums.objects != cache->nr_objects || sums.inuse != cache->nr_inuse)
		return mymm_find(
			finding, 7,
			"cache %s: %lu objects in its slabs, %lu of them used, not %lu and %lu",
			cache->name, sums.objects, sums.inuse,
			cache->nr_objects, cache->nr_inuse);
	if (sums.empty != cache->nr_empty)
		return mymm_find(
			finding, 7,
			"cache %s: %lu of its slabs are empty, not %lu",
			cache->name, sums.empty, cache->nr_empty);
	return 0;
}
