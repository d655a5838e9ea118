// SPDX-License-Identifier: GPL-2.0
/*
 * The invariants of the slob engine: I5 to I7 and I9 of check.c, stated for pages that many
 * caches share.
 *
 *   I5  a page with free units is on the list that its frame names, any other page on none;
 *       a paused search refers to a page of its list, or to the head
 *   I6  the free blocks of a page are in order of address, inside the page, and not adjacent;
 *       the sum of their units equals the frame's, and is less than a page; none has more
 *       than the frame's bound
 *   I7  pages and free units equal the counts of the pool's slob; the other units of all
 *       pages are those that caches and kmalloc() have allocated, and those lost
 *   I9  the frames marked as slob's are allocated pages, one each; all frames of an object of
 *       a page or more are marked so
 *
 * The pages are walked twice: along the lists, and along the frames from first to last, all
 * under the one lock, so that nothing moves in between.
 *
 * Limits: the boundaries between objects in use are not stored, so they can't be checked.
 */
#include "base/finding.h"
#include "engine/slob/slob.h"

/* I6: the free blocks of a page. */
static int check_blocks(struct mymm_pool *pool, u32 idx,
			struct mymm_finding *finding)
{
	const struct mymm_frame *page = &pool->frame[idx];
	const s16 *units = mymm_pool_address(pool, idx);
	struct mymm_slob_block block;
	unsigned int free = 0, largest = 0;
	int err;

	for (err = mymm_slob_first(units, page->free, &block);
	     !err && block.at != MYMM_SLOB_END;
	     err = mymm_slob_next(units, &block)) {
		free += block.units;
		largest = max(largest, block.units);
	}
	if (err)
		return mymm_find(
			finding, 6,
			"slob: page at frame %u: the free block at unit %u does not end before the next one",
			idx, block.at);
	if (free != page->objects)
		return mymm_find(
			finding, 6,
			"slob: page at frame %u has %u free units, it says %u",
			idx, free, page->objects);
	if (largest > page->inuse || page->inuse > free)
		return mymm_find(
			finding, 6,
			"slob: page at frame %u has a free block of %u units, and %u in all; the bound is %u",
			idx, largest, free, page->inuse);
	if (free >= MYMM_SLOB_UNITS)
		return mymm_find(
			finding, 6,
			"slob: page at frame %u has nothing on it, and was not given back",
			idx);
	return 0;
}

/* I9: the frame of a page. */
static int check_page(struct mymm_pool *pool, u32 idx,
		      struct mymm_finding *finding)
{
	const struct mymm_frame *page = &pool->frame[idx];

	if (mymm_tag_state(page->tag) != MYMM_FRAME_SLAB ||
	    mymm_tag_order(page->tag))
		return mymm_find(
			finding, 9,
			"slob: frame %u says it is a page of slob's, and is %s, of order %u",
			idx, mymm_frame_state_name(mymm_tag_state(page->tag)),
			mymm_tag_order(page->tag));
	if (page->start > MYMM_SLOB_BROKEN)
		return mymm_find(finding, 9,
				 "slob: page at frame %u is of list %u", idx,
				 page->start);
	if (page->start == MYMM_SLOB_BROKEN && page->objects)
		return mymm_find(
			finding, 9,
			"slob: page at frame %u is out of use, with %u free units",
			idx, page->objects);
	return 0;
}

/* I5 for a list of pages; adds their number to @listed. */
static int check_list(struct mymm_pool *pool, unsigned int list,
		      unsigned long *listed, struct mymm_finding *finding)
{
	const struct mymm_frame *table = pool->frame;
	u32 head = pool->slob->list[list], prev = head, idx;

	for (idx = table[head].next; idx != head; idx = table[idx].next) {
		if (idx >= pool->nr_frames || table[idx].prev != prev)
			return mymm_find(
				finding, 5,
				"slob: list %u is broken behind frame %u", list,
				prev);
		if (table[idx].cache != MYMM_SHARED ||
		    table[idx].start != list || !table[idx].objects)
			return mymm_find(
				finding, 5,
				"slob: frame %u, of cache number %u and list %u with %u free units, is on list %u",
				idx, table[idx].cache, table[idx].start,
				table[idx].objects, list);
		if (++*listed > pool->slob->nr_pages)
			return mymm_find(
				finding, 7,
				"slob: more pages on lists than the %lu that there are",
				pool->slob->nr_pages);
		prev = idx;
	}
	if (table[head].prev != prev)
		return mymm_find(finding, 5,
				 "slob: list %u does not end where it says",
				 list);
	return 0;
}

/* Is it a page of the list, or the head? Lists and frames have been checked. */
static bool is_on_list(struct mymm_pool *pool, u32 idx, u32 list)
{
	const struct mymm_frame *page = &pool->frame[idx];

	return idx == pool->slob->list[list] ||
	       (idx < pool->nr_frames && page->cache == MYMM_SHARED &&
		page->start == list && page->objects);
}

/* I5 for searches that have paused. */
static int check_paused(struct mymm_pool *pool, struct mymm_finding *finding)
{
	const struct mymm_slob_search *search;

	list_for_each_entry(search, &pool->slob->paused, node)
		if (!is_on_list(pool, search->next, search->list) ||
		    !is_on_list(pool, search->end, search->list) ||
		    (search->found != MYMM_NO_FRAME &&
		     !is_on_list(pool, search->found, search->list)))
			return mymm_find(
				finding, 5,
				"slob: a search of list %u has paused before frame %u, ends before %u, has found %u: one is not on the list",
				search->list, search->next, search->end,
				search->found);
	return 0;
}

/* Sums over the pages, by their frames. */
struct sums {
	unsigned long pages;
	unsigned long partial;
	unsigned long free;
	unsigned long broken;
};

static int check_frames(struct mymm_pool *pool, struct sums *sums,
			struct mymm_finding *finding)
{
	const struct mymm_frame *page;
	u32 idx;
	int err;

	for (idx = 0; idx < pool->nr_frames; idx++) {
		page = &pool->frame[idx];
		if (page->cache != MYMM_SHARED)
			continue;
		err = check_page(pool, idx, finding);
		if (!err)
			err = check_blocks(pool, idx, finding);
		if (err)
			return err;
		sums->pages++;
		sums->partial += !!page->objects;
		sums->free += page->objects;
		sums->broken += page->start == MYMM_SLOB_BROKEN;
	}
	return 0;
}

/* Units in use, of slob's caches and of kmalloc. */
static unsigned long units_held(struct mymm_pool *pool)
{
	struct mymm_cache *cache;
	unsigned long units = 0;

	lockdep_assert_held(&pool->lock);
	list_for_each_entry(cache, &pool->caches, list)
		if (cache->engine == &mymm_slob_ops)
			units +=
				cache->nr_inuse * mymm_slob_object_units(cache);
	return units;
}

static int check_sums(struct mymm_pool *pool, const struct sums *sums,
		      unsigned long listed, struct mymm_finding *finding)
{
	const struct mymm_slob *slob = pool->slob;
	unsigned long used = sums->pages * MYMM_SLOB_UNITS - sums->free;
	unsigned long held = units_held(pool);

	if (sums->partial != listed)
		return mymm_find(
			finding, 5,
			"slob: %lu pages have free units, %lu are on lists",
			sums->partial, listed);
	if (sums->pages != slob->nr_pages || sums->free != slob->free_units ||
	    sums->broken != slob->nr_broken)
		return mymm_find(
			finding, 7,
			"slob: %lu pages with %lu free units, %lu of them out of use, not %lu with %lu and %lu",
			sums->pages, sums->free, sums->broken, slob->nr_pages,
			slob->free_units, slob->nr_broken);
	if (used != held + slob->lost_units)
		return mymm_find(
			finding, 7,
			"slob: %lu units are not free, %lu are handed out and %lu lost",
			used, held, slob->lost_units);
	return 0;
}

/**
 * mymm_slob_check_pool() - look for a broken invariant of slob's pages
 * @pool: the pool; its lock is held
 * @slabs: increased by the pages, and by the slabs of objects of a page or more
 * @finding: set to the first fault
 *
 * Context: process.
 * Return: 0; -EUCLEAN, and @finding says what.
 */
int mymm_slob_check_pool(struct mymm_pool *pool, unsigned long *slabs,
			 struct mymm_finding *finding)
{
	struct mymm_slob *slob = pool->slob;
	struct mymm_cache *cache;
	unsigned long listed = 0;
	struct sums sums = {};
	unsigned int list;
	int err = 0;

	if (!slob)
		return 0;

	guard(raw_spinlock_irqsave)(&slob->lock);

	for (list = 0; list < MYMM_SLOB_LISTS && !err; list++)
		err = check_list(pool, list, &listed, finding);
	if (!err)
		err = check_frames(pool, &sums, finding);
	if (!err)
		err = check_sums(pool, &sums, listed, finding);
	if (!err)
		err = check_paused(pool, finding);
	if (err)
		return err;
	*slabs += slob->nr_pages;
	list_for_each_entry(cache, &pool->caches, list)
		if (cache->engine == &mymm_slob_ops &&
		    !mymm_slob_object_units(cache))
			*slabs += cache->nr_inuse;
	return 0;
}

/* I9: the frames of an object of a page or more. */
static int check_block(struct mymm_cache *cache, u32 idx,
		       struct mymm_finding *finding)
{
	unsigned int i;

	for (i = 0; i < 1U << cache->order; i++) {
		const struct mymm_frame *frame = &cache->frame[idx + i];

		if (frame->cache != cache->id ||
		    mymm_tag_order(frame->tag) != cache->order ||
		    mymm_tag_state(frame->tag) !=
			    (i ? MYMM_FRAME_SLAB_TAIL : MYMM_FRAME_SLAB))
			return mymm_find(
				finding, 9,
				"cache %s: frame %u of the object at frame %u is %s of cache number %u, of order %u",
				cache->name, idx + i, idx,
				mymm_frame_state_name(
					mymm_tag_state(frame->tag)),
				frame->cache, mymm_tag_order(frame->tag));
	}
	return 0;
}

/**
 * mymm_slob_check() - look for a broken invariant of one of slob's caches
 * @cache: the cache
 * @finding: set to the first fault
 *
 * Only objects of a page or more have frames that belong to their cache alone.
 *
 * Context: any but NMI.
 * Return: 0; -EUCLEAN, and @finding says what.
 */
int mymm_slob_check(struct mymm_cache *cache, struct mymm_finding *finding)
{
	const struct mymm_frame *table = cache->frame;
	u32 head = cache->lists, prev = head, idx;
	unsigned long nr = 0;
	int err;

	if (mymm_slob_object_units(cache))
		return 0;

	guard(raw_spinlock_irqsave)(&cache->pool->slob->lock);

	for (idx = table[head].next; idx != head; idx = table[idx].next) {
		if (idx >= cache->pool->nr_frames || table[idx].prev != prev)
			return mymm_find(
				finding, 5,
				"cache %s: the list of its objects is broken behind frame %u",
				cache->name, prev);
		if (++nr > cache->nr_inuse)
			break;
		err = check_block(cache, idx, finding);
		if (err)
			return err;
		prev = idx;
	}
	if (nr != cache->nr_inuse)
		return mymm_find(
			finding, 7,
			"cache %s: %lu objects on its list, %lu are handed out",
			cache->name, nr, cache->nr_inuse);
	return 0;
}
