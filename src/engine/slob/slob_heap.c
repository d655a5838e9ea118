// SPDX-License-Identifier: GPL-2.0
/*
 * The heap of the slob engine: the pages of a pool, on three lists, and where on them
 * something is to be.
 *
 * slob_page.c says what one page is like. Pages are on one of three lists: of objects
 * below 256 bytes, below 1024, and the rest, so that small ones don't nibble at what
 * large ones need; a page stays on its list for life. One with nothing free is on no list,
 * one with nothing on it goes back to the pool at once.
 *
 *      small   -> [##.#..#.] -> [.#######] ->            what is searched, from the left
 *      medium  -> [#####...] ->
 *      large   ->
 *              [########] [########]                     full: on no list
 *
 * A list is searched page by page:
 *
 *   first fit, slob_fit=first: the first page that has room, and there the first block.
 *          The list is then turned so that the next search begins with that page: next
 *          fit, as far as pages go, without which the pages at the front would be full of
 *          scraps that each search has to pass.
 *   best fit, slob_fit=best: the block of which least is left, of all blocks of all pages;
 *          a block that fits exactly ends the search.
 *
 * A page is only looked at if it is of a zone that the request may have, and if the units
 * that are free on it are enough together. (SLOB did not ask for the zone: who wanted
 * memory for DMA got any.)
 *
 * A page of which a free block was overwritten is out of use as a whole, since what is
 * free on it can't be known any more. What is freed there is taken back and not given out
 * again.
 *
 * For the pool: the units in use on all pages are those of the objects that caches and
 * kmalloc() have handed out, and those lost (I7).
 *
 * Locking. One lock a pool, for lists, pages, their frames, and the counts of the caches.
 * Pages are allocated, and given back, with no lock held, and belong to whoever handles
 * them meanwhile.
 *
 * Lists, limits and rotation: mm/slob.c of 6.1, the last kernel but three that had it;
 * Mackall, 2003. Next fit: Knuth, The Art of Computer Programming 1, 2.5.
 */
#include <linux/mm.h>

#include "page/page_alloc.h"
#include "engine/slob/slob.h"

/* The limits of the lists, in bytes. */
#define SMALL 256
#define MEDIUM 1024

static u32 list_for(unsigned int units)
{
	unsigned int bytes = units * MYMM_SLOB_UNIT;

	return bytes < SMALL ? 0 : bytes < MEDIUM ? 1 : 2;
}

/* --- pages: under the lock ------------------------------------------------- */

static void put_on_list(struct mymm_pool *pool, u32 idx)
{
	struct mymm_frame *table = pool->frame;

	mymm_list_add(table, idx, pool->slob->list[table[idx].start]);
}

/* Somebody wrote over a free block: what is free on this page is anybody's guess. */
static void put_out_of_use(struct mymm_pool *pool, u32 idx,
			   struct mymm_slob_chores *chores)
{
	struct mymm_frame *page = &pool->frame[idx];
	struct mymm_slob *slob = pool->slob;

	mymm_list_del(pool->frame, idx);
	slob->free_units -= page->objects;
	slob->lost_units += page->objects;
	slob->nr_broken++;
	page->objects = 0;
	page->free = MYMM_SLOB_END;
	page->inuse = 1;
	/* It is on no list any more, and stays. */
	page->next = chores->broken;
	chores->broken = idx;
}

/* A page that is ours from now on, all of it free, and found first. */
static void add_page(struct mymm_pool *pool, struct mymm_frame *page, u32 list)
{
	struct mymm_slob *slob = pool->slob;
	u32 idx = page - pool->frame;
	s16 *units = mymm_pool_address(pool, idx);

	units[0] = MYMM_SLOB_UNITS;
	units[1] = MYMM_SLOB_END;
	mymm_sanitize_shut(units, 0, PAGE_SIZE);
	page->free = 0;
	page->objects = MYMM_SLOB_UNITS;
	page->start = list;
	page->inuse = 0;
	WRITE_ONCE(page->tag, (page->tag & ~MYMM_TAG_STATE) | MYMM_FRAME_SLAB);
	WRITE_ONCE(page->cache, MYMM_SHARED);
	put_on_list(pool, idx);
	slob->nr_pages++;
	slob->free_units += MYMM_SLOB_UNITS;
}

/* Nothing is on it any more. */
static void remove_page(struct mymm_pool *pool, u32 idx,
			struct mymm_slob_chores *chores)
{
	struct mymm_frame *page = &pool->frame[idx];
	struct mymm_slob *slob = pool->slob;

	if (page->objects)
		mymm_list_del(pool->frame, idx);
	slob->nr_pages--;
	slob->free_units -= page->objects;
	WRITE_ONCE(page->cache, 0);
	WRITE_ONCE(page->tag, (page->tag & ~MYMM_TAG_STATE) | MYMM_FRAME_PAGES);
	chores->empty = idx;
}

/* A page and a place on it. */
struct found {
	u32 idx;
	struct mymm_slob_place place;
};

/* Look for room on the pages of a list, of zones up to @highest. */
static bool search(struct mymm_pool *pool, u32 list,
		   const struct mymm_slob_want *want,
		   enum mymm_zone_type highest, struct found *found,
		   struct mymm_slob_chores *chores)
{
	struct mymm_frame *table = pool->frame;
	u32 head = pool->slob->list[list], idx, next;
	struct mymm_slob_place place;
	int err;

	found->idx = MYMM_NO_FRAME;
	for (idx = table[head].next; idx != head; idx = next) {
		next = table[idx].next;
		if (table[idx].objects < want->units ||
		    mymm_pool_zone(pool, table[idx].tag)->type > highest)
			continue;
		err = mymm_slob_find(mymm_pool_address(pool, idx),
				     table[idx].free, want, &place);
		if (unlikely(err == -EUCLEAN))
			put_out_of_use(pool, idx, chores);
		if (err || (found->idx != MYMM_NO_FRAME &&
			    place.left >= found->place.left))
			continue;
		*found = (struct found){ idx, place };
		if (!want->best || !place.left)
			break;
	}
	return found->idx != MYMM_NO_FRAME;
}

/* Turn a list so that it begins with a page of it. */
static void begin_with(struct mymm_frame *table, u32 head, u32 idx)
{
	if (table[head].next == idx)
		return;
	mymm_list_del(table, head);
	mymm_list_add_tail(table, head, idx);
}

static void *take(struct mymm_pool *pool, const struct mymm_slob_want *want,
		  enum mymm_zone_type highest, struct mymm_slob_chores *chores)
{
	struct mymm_slob *slob = pool->slob;
	u32 list = list_for(want->units);
	struct mymm_frame *page;
	struct found found;
	s16 *units;

	lockdep_assert_held(&slob->lock);
	if (!search(pool, list, want, highest, &found, chores))
		return NULL;
	page = &pool->frame[found.idx];
	units = mymm_pool_address(pool, found.idx);
	page->free =
		mymm_slob_take(units, page->free, &found.place, want->units);
	page->objects -= want->units;
	slob->free_units -= want->units;
	if (!page->objects)
		mymm_list_del(pool->frame, found.idx);
	else if (!want->best)
		begin_with(pool->frame, slob->list[list], found.idx);
	return units + found.place.at;
}

/**
 * mymm_slob_put() - make units of a page free
 * @pool: the pool; slob's lock is held
 * @idx: the page, one of slob's
 * @at: the first unit
 * @nr: how many; they are inside the page
 * @now: if nothing speaks against it; otherwise only look
 * @chores: what is to be done without the lock
 *
 * Return: %MYMM_ADMITTED; %MYMM_REFUSED_DOUBLE_FREE: they begin in a free block;
 * %MYMM_REFUSED_NOT_START: they reach into one.
 */
enum mymm_refusal mymm_slob_put(struct mymm_pool *pool, u32 idx,
				unsigned int at, unsigned int nr, bool now,
				struct mymm_slob_chores *chores)
{
	s16 *units = mymm_pool_address(pool, idx);
	struct mymm_frame *page = &pool->frame[idx];
	struct mymm_slob *slob = pool->slob;
	struct mymm_slob_place place;

	lockdep_assert_held(&slob->lock);
	switch (mymm_slob_locate(units, page->free, at, nr, &place)) {
	case -EALREADY:
		return MYMM_REFUSED_DOUBLE_FREE;
	case -EFAULT:
		return MYMM_REFUSED_NOT_START;
	case -EUCLEAN:
		if (now)
			put_out_of_use(pool, idx, chores);
		break;
	}
	if (!now)
		return MYMM_ADMITTED;
	if (page->inuse) {
		slob->lost_units += nr;
		return MYMM_ADMITTED;
	}
	if (page->objects + nr == MYMM_SLOB_UNITS) {
		remove_page(pool, idx, chores);
		return MYMM_ADMITTED;
	}
	if (!page->objects)
		put_on_list(pool, idx);
	page->free = mymm_slob_give(units, page->free, &place, nr);
	page->objects += nr;
	slob->free_units += nr;
	return MYMM_ADMITTED;
}

/* --- pages: under no lock ---------------------------------------------------- */

static void count_frames(struct mymm_pool *pool, u32 idx, long frames)
{
	struct mymm_zone *zone = mymm_pool_zone(pool, pool->frame[idx].tag);

	atomic_long_add(frames, &zone->nr_slab[0]);
}

/**
 * mymm_slob_new_block() - get pages
 * @cache: for an object of which cache
 * @gfp: how
 * @order: of the block
 *
 * Context: any but NMI.
 * Return: the block, counted as slabs are; or NULL.
 */
struct mymm_frame *mymm_slob_new_block(struct mymm_cache *cache, gfp_t gfp,
				       unsigned int order)
{
	struct mymm_pool *pool = cache->pool;
	struct mymm_frame *block;

	block = mymm_cache_get_pages(cache, NUMA_NO_NODE, gfp, order);
	if (block)
		count_frames(pool, block - pool->frame, 1L << order);
	return block;
}

/**
 * mymm_slob_do_chores() - do what could not be done under slob's lock
 * @pool: the pool
 * @chores: what that is
 *
 * Context: any but NMI.
 */
void mymm_slob_do_chores(struct mymm_pool *pool,
			 const struct mymm_slob_chores *chores)
{
	const struct mymm_owner owner = { .caller = _THIS_IP_ };
	struct mymm_frame *block;
	unsigned int order;
	u32 broken;

	for (broken = chores->broken; unlikely(broken != MYMM_NO_FRAME);
	     broken = pool->frame[broken].next)
		mymm_refuse(
			pool, MYMM_REFUSED_OVERWRITTEN,
			"slob: free memory of the page at frame %u was written to; the page is not used any more",
			broken);
	if (chores->empty == MYMM_NO_FRAME)
		return;
	block = &pool->frame[chores->empty];
	order = mymm_tag_order(block->tag);
	count_frames(pool, chores->empty, -(1L << order));
	atomic_long_add(1L << order, &pool->reclaim.slab_freed);
	__mymm_free_pages(pool, block, order, owner);
}

/**
 * mymm_slob_get() - find room for objects, and take it
 * @cache: whose they are to be
 * @gfp: how to get a page, and of which zones
 * @want: what each of them needs
 * @counts: what each counts in the cache
 * @nr: how many
 * @objs: is filled
 *
 * Takes what is to be had without a new page; if that is nothing, what one page has.
 *
 * Context: any but NMI.
 * Return: how many; 0 if there is no memory.
 */
unsigned int mymm_slob_get(struct mymm_cache *cache, gfp_t gfp,
			   const struct mymm_slob_want *want,
			   unsigned int counts, unsigned int nr, void **objs)
{
	enum mymm_zone_type highest = mymm_gfp_zone(gfp);
	struct mymm_pool *pool = cache->pool;
	struct mymm_slob *slob = pool->slob;
	struct mymm_frame *page = NULL;
	unsigned int got = 0;
	unsigned long flags;

	do {
		struct mymm_slob_chores chores = MYMM_NO_CHORES;

		raw_spin_lock_irqsave(&slob->lock, flags);
		if (page)
			add_page(pool, page, list_for(want->units));
		while (got < nr &&
		       (objs[got] = take(pool, want, highest, &chores)))
			got++;
		cache->nr_inuse += got * counts;
		raw_spin_unlock_irqrestore(&slob->lock, flags);
		mymm_slob_do_chores(pool, &chores);
		if (got)
			break;
		page = mymm_slob_new_block(cache, gfp, 0);
	} while (page);
	return got;
}
