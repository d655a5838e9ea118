// SPDX-License-Identifier: GPL-2.0
/*
 * The heap of the slob engine: the pages of a pool, on three lists, and the search for room
 * on them.
 *
 * slob_page.c describes one page. There are three lists of pages: for objects below 256 bytes,
 * below 1024, and larger ones, so that small objects do not fragment the pages of large ones.
 * A page never changes its list. A full page is on no list; an empty one is given back to the
 * pool at once.
 *
 *      small   -> [##.#..#.] -> [.#######] ->            searched from the left
 *      medium  -> [#####...] ->
 *      large   ->
 *              [########] [########]                     full: on no list
 *
 * A list is searched page by page:
 *
 *   first fit, slob_fit=first: the first page that has room, and there the first block.
 *          The list is then rotated so that the next search begins with that page: next
 *          fit with respect to pages. Otherwise the pages at the front would fill up with
 *          small free blocks that each search has to pass.
 *   best fit, slob_fit=best: of all blocks of all pages the one that leaves the fewest units;
 *          a block that fits exactly ends the search.
 *
 * The free blocks of a page are read only if the page is in a zone that the request allows,
 * and if its largest free block may be large enough. (SLOB did not check the zone: a
 * request for DMA got any. It compared the sum of the page's free units with the request.)
 * The frame has an upper bound of the largest block: a free raises it to the block that it
 * makes; a search that has read all blocks in vain lowers it to the largest one. So the small
 * free blocks of a page, which is on its list while it has any, are read once and not by
 * every search:
 *
 *      kmalloc(1)     | 8, 2 |  6  | 8, 2 |  6  |      header and object; no object with a
 *                                                       header fits into the blocks of 6
 *
 * A search holds the lock for a bounded number of steps (MYMM_SLOB_HOLD), then it pauses:
 * it releases the lock, takes it again, and continues. It is on slob->paused meanwhile; a
 * page that leaves the list advances the searches that have paused at it. A search ends before
 * the page that was first when it began, even if the list is rotated. Without concurrent
 * operations a pause changes nothing. With them, a search misses pages that join the list, or
 * get more room, behind its position; best fit verifies its result after each pause, and
 * starts again if that was taken and there is no other.
 *
 * While a pool's clock is held, which is by a replay, a zone counts how often the other fit
 * would have taken other room, so that "it makes no difference" can be told from "there was no
 * choice". That takes a second search, so it is not done at other times. It does not pause: it
 * ends after MYMM_SLOB_HOLD steps, and what it would have found behind them is not counted.
 *
 * A page with an overwritten free block is quarantined as a whole, since its free blocks
 * can't be known any more. Objects freed there are accepted but not allocated again.
 *
 * For the pool: the units in use on all pages are those of the objects that caches and
 * kmalloc() have allocated, and those lost (I7).
 *
 * Locking. One lock a pool, for lists, pages, their frames, the counts of the caches, and
 * paused searches. Pages are allocated, and given back, with no lock held; no other CPU can
 * reach them then.
 *
 * Lists, limits and rotation: mm/slob.c of 6.1, the last kernel but three that had it;
 * Mackall, 2003. Next fit: Knuth, The Art of Computer Programming 1, 2.5.
 */
#include <linux/mm.h>

#include "object/slab_pages.h"
#include "page/page_alloc.h"
#include "engine/slob/slob.h"
#include "page/page_free.h"

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

/* Advance searches that have paused at @idx. That may be the head, when the list is rotated. */
static void take_off_list(struct mymm_pool *pool, u32 idx)
{
	u32 next = pool->frame[idx].next;
	struct mymm_slob_search *search;

	list_for_each_entry(search, &pool->slob->paused, node) {
		if (search->next == idx)
			search->next = next;
		if (search->end == idx)
			search->end = next;
		if (search->found == idx) {
			search->found = MYMM_NO_FRAME;
			search->lost = true;
		}
	}
	mymm_list_del(pool->frame, idx);
}

/* Quarantine a page of which a free block was overwritten. */
static void put_out_of_use(struct mymm_pool *pool, u32 idx,
			   struct mymm_slob_chores *chores)
{
	struct mymm_frame *page = &pool->frame[idx];
	struct mymm_slob *slob = pool->slob;

	take_off_list(pool, idx);
	slob->free_units -= page->objects;
	slob->lost_units += page->objects;
	slob->nr_broken++;
	page->objects = 0;
	page->inuse = 0;
	page->free = MYMM_SLOB_END;
	page->start = MYMM_SLOB_BROKEN;
	/* It is on no list any more, and is never given back, so @next can link it. */
	page->next = chores->broken;
	chores->broken = idx;
}

/* Add a page, all of it free, at the front of its list. */
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
	page->inuse = MYMM_SLOB_UNITS;
	page->start = list;
	WRITE_ONCE(page->tag, (page->tag & ~MYMM_TAG_STATE) | MYMM_FRAME_SLAB);
	WRITE_ONCE(page->cache, MYMM_SHARED);
	put_on_list(pool, idx);
	slob->nr_pages++;
	slob->free_units += MYMM_SLOB_UNITS;
}

/* Remove a page that has become empty. */
static void remove_page(struct mymm_pool *pool, u32 idx,
			struct mymm_slob_chores *chores)
{
	struct mymm_frame *page = &pool->frame[idx];
	struct mymm_slob *slob = pool->slob;

	if (page->objects)
		take_off_list(pool, idx);
	slob->nr_pages--;
	slob->free_units -= page->objects;
	WRITE_ONCE(page->cache, 0);
	WRITE_ONCE(page->tag, (page->tag & ~MYMM_TAG_STATE) | MYMM_FRAME_PAGES);
	chores->empty = idx;
}

/* --- the search: under the lock, but for its pauses ------------------------ */

static void lock_for(struct mymm_slob_search *search)
	__acquires(&search->pool->slob->lock)
{
	raw_spin_lock_irqsave(&search->pool->slob->lock, search->flags);
	search->steps = 0;
}

static void unlock_for(struct mymm_slob_search *search)
	__releases(&search->pool->slob->lock)
{
	raw_spin_unlock_irqrestore(&search->pool->slob->lock, search->flags);
}

static int find_on(const struct mymm_slob_search *search, u32 idx,
		   struct mymm_slob_place *place)
{
	return mymm_slob_find(mymm_pool_address(search->pool, idx),
			      search->pool->frame[idx].free, search->want,
			      place);
}

/* Release the lock for a moment, with interrupts on. */
static void pause(struct mymm_slob_search *search)
	__releases(&search->pool->slob->lock)
		__acquires(&search->pool->slob->lock)
{
	struct mymm_slob *slob = search->pool->slob;

	list_add(&search->node, &slob->paused);
	slob->nr_pauses++;
	unlock_for(search);
	cpu_relax();
	lock_for(search);
	list_del(&search->node);
	if (search->found != MYMM_NO_FRAME &&
	    find_on(search, search->found, &search->place)) {
		search->found = MYMM_NO_FRAME;
		search->lost = true;
	}
}

/* Is it worth reading the free blocks of a page? */
static bool may_have_room(const struct mymm_slob_search *search, u32 idx)
{
	struct mymm_pool *pool = search->pool;
	const struct mymm_frame *page = &pool->frame[idx];

	return idx != pool->slob->list[search->list] &&
	       page->inuse >= search->want->units &&
	       mymm_pool_zone(pool, page->tag)->type <= search->highest;
}

/* Search the next page. Returns whether the search is over. */
static bool look_at_next(struct mymm_slob_search *search)
{
	const struct mymm_slob_want *want = search->want;
	struct mymm_pool *pool = search->pool;
	u32 idx = search->next;
	struct mymm_frame *page = &pool->frame[idx];
	struct mymm_slob_place place;
	int err;

	search->next = page->next;
	search->steps++;
	if (!may_have_room(search, idx))
		return false;
	search->steps += MYMM_SLOB_WALK;
	pool->slob->nr_walked++;
	err = find_on(search, idx, &place);
	if (unlikely(err == -EUCLEAN))
		put_out_of_use(pool, idx, &search->chores);
	else if (err)
		page->inuse = place.largest;
	if (err || (search->found != MYMM_NO_FRAME &&
		    place.left >= search->place.left))
		return false;
	search->found = idx;
	search->place = place;
	return !want->best || !place.left;
}

/* Search the pages of the list; again if the room that was found was taken in a pause. */
static bool find_room(struct mymm_slob_search *search)
{
	struct mymm_pool *pool = search->pool;

	do {
		search->found = MYMM_NO_FRAME;
		search->lost = false;
		search->end = pool->slob->list[search->list];
		search->next = pool->frame[search->end].next;
		while (search->next != search->end && !look_at_next(search))
			if (search->steps >= MYMM_SLOB_HOLD)
				pause(search);
	} while (search->found == MYMM_NO_FRAME && search->lost);
	return search->found != MYMM_NO_FRAME;
}

/*
 * Would the other fit, with the list as it is, take other room than what was found? False, too,
 * if that is not known after MYMM_SLOB_HOLD steps.
 */
static bool other_fit_differs(const struct mymm_slob_search *search)
{
	struct mymm_pool *pool = search->pool;
	u32 head = pool->slob->list[search->list], idx;
	struct mymm_slob_want want = *search->want;
	struct mymm_slob_place place;
	unsigned int steps = 0;
	int err;

	want.best = !want.best;
	for (idx = pool->frame[head].next;
	     idx != head && steps < MYMM_SLOB_HOLD;
	     idx = pool->frame[idx].next) {
		steps++;
		if (!may_have_room(search, idx))
			continue;
		steps += MYMM_SLOB_WALK;
		err = mymm_slob_find(mymm_pool_address(pool, idx),
				     pool->frame[idx].free, &want, &place);
		/* What is damaged is put out of use by a search that takes room. */
		if (err && err != -EUCLEAN)
			pool->frame[idx].inuse = place.largest;
		if (err)
			continue;
		if (!want.best)
			return idx != search->found ||
			       place.block.at != search->place.block.at;
		if (place.left < search->place.left)
			return true;
	}
	return false;
}

static noinline void count_fit(const struct mymm_slob_search *search)
{
	struct mymm_pool *pool = search->pool;

	if (other_fit_differs(search))
		mymm_pool_zone(pool, pool->frame[search->found].tag)->fits++;
}

/* Rotate a list so that it begins with a page of it. */
static void begin_with(struct mymm_pool *pool, u32 head, u32 idx)
{
	if (pool->frame[head].next == idx)
		return;
	take_off_list(pool, head);
	mymm_list_add_tail(pool->frame, head, idx);
}

static void *take(struct mymm_slob_search *search)
{
	unsigned int wanted = search->want->units;
	struct mymm_pool *pool = search->pool;
	struct mymm_slob *slob = pool->slob;
	struct mymm_frame *page;
	s16 *units;

	lockdep_assert_held(&slob->lock);
	if (!find_room(search))
		return NULL;
	if (unlikely(READ_ONCE(pool->clock_held)))
		count_fit(search);
	page = &pool->frame[search->found];
	units = mymm_pool_address(pool, search->found);
	page->free = mymm_slob_take(units, page->free, &search->place, wanted);
	page->objects -= wanted;
	page->inuse = min(page->inuse, page->objects);
	slob->free_units -= wanted;
	if (!page->objects)
		take_off_list(pool, search->found);
	else if (!search->want->best)
		begin_with(pool, slob->list[search->list], search->found);
	return units + search->place.at;
}

/* --- frees: under the lock ------------------------------------------------- */

/**
 * mymm_slob_put() - make units of a page free
 * @pool: the pool; slob's lock is held
 * @idx: the page, one of slob's
 * @at: the first unit
 * @nr: how many; they are inside the page
 * @now: free them if that is allowed; false: only check
 * @chores: work for after the lock
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
	if (page->start == MYMM_SLOB_BROKEN) {
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
	page->inuse = max_t(u16, page->inuse, place.largest);
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
 * mymm_slob_new_block() - allocate pages
 * @cache: the cache of the object
 * @gfp: how to allocate
 * @order: of the block
 *
 * Context: any but NMI.
 * Return: the block, counted as a slab; or NULL.
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
 * mymm_slob_do_chores() - do the work that was deferred until slob's lock was released
 * @pool: the pool
 * @chores: the work
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
 * @cache: of the objects
 * @gfp: how to allocate a page, and from which zones
 * @want: room for one object
 * @counts: by how much one object increases the cache's count
 * @nr: how many at most
 * @objs: filled with the objects
 *
 * Takes room on existing pages; a new page is allocated only if there is none.
 *
 * Context: any but NMI.
 * Return: how many; 0 if there is no memory.
 */
unsigned int mymm_slob_get(struct mymm_cache *cache, gfp_t gfp,
			   const struct mymm_slob_want *want,
			   unsigned int counts, unsigned int nr, void **objs)
{
	struct mymm_pool *pool = cache->pool;
	struct mymm_slob_search search = {
		.pool = pool,
		.want = want,
		.list = list_for(want->units),
		.highest = mymm_gfp_zone(gfp),
	};
	struct mymm_frame *page = NULL;
	unsigned int got = 0;

	do {
		search.chores = MYMM_NO_CHORES;
		lock_for(&search);
		if (page)
			add_page(pool, page, search.list);
		for (; got < nr && (objs[got] = take(&search)); got++)
			cache->nr_inuse += counts;
		unlock_for(&search);
		mymm_slob_do_chores(pool, &search.chores);
		if (got)
			break;
		page = mymm_slob_new_block(cache, gfp, 0);
	} while (page);
	return got;
}
