// SPDX-License-Identifier: GPL-2.0
/*
 * The slob engine: all objects of all caches share the same pages, packed as densely as
 * possible.
 *
 * An object of a cache takes the least number of units of two bytes that hold it: there is
 * no header, no rounding up to a class, and no page that belongs to a cache.
 * Two caches and a kmalloc() on a page:
 *
 *             kmalloc(5)        cache a, 6 bytes     cache b, 40 bytes
 *        +---------+------+---+--------+---+------------------------------+------
 *        | 5, mark | .... |   |        |   |                              | free
 *        +---------+------+---+--------+---+------------------------------+------
 *        0         8     14  16       22  24                             64
 *
 * So little memory is wasted, and time is the price: each operation takes the pool's one lock
 * and walks lists. slob_heap.c has the pages and the search over them, slob_page.c the free
 * blocks of one page, slob_kmalloc.c the objects that store their size. An object of a page
 * or more has a slab of its own, which is marked in its frames.
 *
 * There are no magazines: their objects carry a cookie of eight bytes, and an object may
 * have two bytes. A constructor runs at each allocation, since free memory keeps no contents.
 * Poison is ignored, as it was by SLOB.
 *
 * Refused frees. A page records its free blocks, but not which objects are in use. So these
 * are always found:
 *
 *   - an address outside the pool, or on a page that is not slob's;
 *   - a double free, until the memory is allocated again: the address is inside a free
 *     block, or its page has been given back; of two CPUs that free the same object, one;
 *   - an address that is not aligned as the cache's objects are, or so near to the end of
 *     the page that no object of this size has room there;
 *   - an address where some of the object's units would be free ones;
 *   - an object of a cache that has none in use;
 *   - for objects of a page or more: any bad free.
 *
 * These are not found: an object freed to the wrong cache, if both are slob's; an address
 * in the middle of an object or of several, if it is aligned and as many units behind it
 * are in use. Then the memory of other objects is freed, and their own free may be refused as
 * a double free. But all of it is inside the page, and counts and lists stay consistent (I6,
 * I7), so the allocator continues to work.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "base/fault_inject.h"
#include "page/page_alloc.h"
#include "engine/slob/slob.h"

/* --- objects of a page and more ------------------------------------------------ */

/* Allocate a slab for one object, and put it on the cache's list of full slabs. */
static void *get_block(struct mymm_cache *cache, gfp_t gfp)
{
	struct mymm_pool *pool = cache->pool;
	struct mymm_frame *block =
		mymm_slob_new_block(cache, gfp, cache->order);
	unsigned int i;

	if (!block)
		return NULL;
	mymm_count_slab_made(&cache->stats);
	for (i = 0; i < 1U << cache->order; i++) {
		/* With no objects, mymm_cache_begins() is false for each address. */
		block[i].objects = 0;
		if (i)
			WRITE_ONCE(block[i].tag, mymm_tag(MYMM_FRAME_SLAB_TAIL,
							  cache->order, 0));
		WRITE_ONCE(block[i].cache, cache->id);
	}
	mymm_sanitize_shut(mymm_frame_address(pool, block), 0,
			   PAGE_SIZE << cache->order);

	guard(raw_spinlock_irqsave)(&pool->slob->lock);
	/* Under the lock, so that a bad free sees no slab, or one that is on the list. */
	WRITE_ONCE(block->tag,
		   (block->tag & ~MYMM_TAG_STATE) | MYMM_FRAME_SLAB);
	mymm_list_add(pool->frame, block - pool->frame, cache->lists);
	cache->nr_inuse++;
	return mymm_frame_address(pool, block);
}

static enum mymm_refusal free_block(struct mymm_cache *cache, const void *obj,
				    bool now)
{
	struct mymm_pool *pool = cache->pool;
	u32 idx = mymm_pool_index(pool, obj);
	struct mymm_frame *block = &pool->frame[idx];
	struct mymm_slob_chores chores = MYMM_NO_CHORES;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&pool->slob->lock, flags);
	if (block->cache != cache->id ||
	    mymm_tag_state(block->tag) != MYMM_FRAME_SLAB ||
	    offset_in_page(obj)) {
		raw_spin_unlock_irqrestore(&pool->slob->lock, flags);
		return MYMM_REFUSED_NOT_START;
	}
	if (now) {
		mymm_list_del(pool->frame, idx);
		cache->nr_inuse--;
		atomic_long_inc(&cache->stats.given_back);
		for (i = 0; i < 1U << cache->order; i++) {
			WRITE_ONCE(block[i].cache, 0);
			if (i)
				WRITE_ONCE(block[i].tag, 0);
		}
		WRITE_ONCE(block->tag,
			   (block->tag & ~MYMM_TAG_STATE) | MYMM_FRAME_PAGES);
		chores.empty = idx;
	}
	raw_spin_unlock_irqrestore(&pool->slob->lock, flags);
	mymm_slob_do_chores(pool, &chores);
	return MYMM_ADMITTED;
}

/* --- objects of caches ----------------------------------------------------------- */

/* Run the constructor on a new object, which no other CPU can reach yet. */
static void construct(struct mymm_cache *cache, void *obj)
{
	mymm_sanitize_open(obj, cache->object_size);
	cache->ctor(obj);
	mymm_sanitize_shut(obj, 0, cache->object_size);
}

static unsigned int slob_alloc(struct mymm_cache *cache, gfp_t gfp,
			       unsigned int nr, void **objs)
{
	const struct mymm_slob_want want = {
		.units = mymm_slob_object_units(cache),
		.align = mymm_slob_units(cache->align),
		.best = cache->pool->slob->best,
	};
	unsigned int got, i;

	gfp = (gfp & MYMM_SLAB_GFP) | cache->gfp;
	if (want.units) {
		got = mymm_slob_get(cache, gfp, &want, 1, nr, objs);
	} else {
		objs[0] = get_block(cache, gfp);
		got = !!objs[0];
	}
	if (cache->ctor)
		for (i = 0; i < got; i++)
			construct(cache, objs[i]);
	return got;
}

/* Check whether an object may be freed; with @now, free it if it may. */
static enum mymm_refusal free_object(struct mymm_cache *cache, const void *obj,
				     bool now)
{
	unsigned int units = mymm_slob_object_units(cache);
	unsigned int at = offset_in_page(obj) / MYMM_SLOB_UNIT;
	struct mymm_pool *pool = cache->pool;
	struct mymm_slob_chores chores = MYMM_NO_CHORES;
	enum mymm_refusal why;
	unsigned long flags;
	u32 idx;

	if (!mymm_pool_contains(pool, obj))
		return MYMM_REFUSED_FOREIGN;
	if (!units)
		return free_block(cache, obj, now);
	idx = mymm_pool_index(pool, obj);

	raw_spin_lock_irqsave(&pool->slob->lock, flags);
	if (pool->frame[idx].cache != MYMM_SHARED)
		why = MYMM_REFUSED_WRONG_KIND;
	else if (offset_in_page(obj) & (cache->align - 1) ||
		 at + units > MYMM_SLOB_UNITS)
		why = MYMM_REFUSED_NOT_START;
	else
		why = mymm_slob_put(pool, idx, at, units,
				    now && cache->nr_inuse, &chores);
	if (why == MYMM_ADMITTED && !cache->nr_inuse)
		why = MYMM_REFUSED_WRONG_CACHE;
	if (why == MYMM_ADMITTED && now)
		cache->nr_inuse--;
	raw_spin_unlock_irqrestore(&pool->slob->lock, flags);

	mymm_slob_do_chores(pool, &chores);
	return why;
}

static enum mymm_refusal slob_check_free(struct mymm_cache *cache,
					 const void *obj)
{
	return free_object(cache, obj, false);
}

static enum mymm_refusal slob_free_checked(struct mymm_cache *cache,
					   const void *obj)
{
	return free_object(cache, obj, true);
}

/* Free objects from slob_alloc() that were not used. */
static void slob_free(struct mymm_cache *cache, unsigned int nr, void **objs)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (slob_free_checked(cache, objs[i]) != MYMM_ADMITTED)
			mymm_refuse_object(cache, objs[i]);
}

/* --- life ------------------------------------------------------------------------------ */

static int slob_cache_init(struct mymm_cache *cache)
{
	cache->tracks_free = true;
	cache->size = ALIGN(cache->object_size, MYMM_SLOB_UNIT);
	if (mymm_slob_object_units(cache)) {
		cache->gfp &= ~(__GFP_COMP | __GFP_RECLAIMABLE);
		cache->num = (PAGE_SIZE - cache->size) /
				     ALIGN(cache->size, cache->align) +
			     1;
	} else {
		cache->order = get_order(cache->size);
		cache->size = PAGE_SIZE << cache->order;
		cache->num = 1;
	}
	cache->min_order = cache->order;
	return 0;
}

/* Pages are shared: the slabs shown are those that its objects would fill alone. */
static void slob_get_slabinfo(struct mymm_cache *cache,
			      struct mymm_slabinfo *info)
{
	unsigned long slabs;

	guard(raw_spinlock_irqsave)(&cache->pool->slob->lock);

	slabs = DIV_ROUND_UP(cache->nr_inuse, cache->num);
	*info = (struct mymm_slabinfo){
		.active_objs = cache->nr_inuse,
		.num_objs = cache->nr_inuse,
		.active_slabs = slabs,
		.num_slabs = slabs,
	};
}

/* No empty page is kept, so there is nothing to give back. */
static unsigned long slob_shrink(struct mymm_cache *cache, unsigned long slabs)
{
	return 0;
}

static unsigned long slob_empty(const struct mymm_cache *cache)
{
	return 0;
}

static void slob_default_tunables(const struct mymm_cache *cache,
				  struct mymm_tunables *tunables)
{
	*tunables = (struct mymm_tunables){};
}

static int slob_pool_init(struct mymm_pool *pool,
			  const struct mymm_pool_config *config)
{
	struct mymm_slob *slob;
	unsigned int i;

	if (!mymm_pool_has_memory(pool))
		return 0;
	if (mymm_inject_fail())
		return -ENOMEM;
	slob = kzalloc(sizeof(*slob), GFP_KERNEL);
	if (!slob)
		return -ENOMEM;
	slob->best = config->slob_fit && !strcmp(config->slob_fit, "best");
	raw_spin_lock_init(&slob->lock);
	INIT_LIST_HEAD(&slob->paused);
	for (i = 0; i < MYMM_SLOB_LISTS; i++) {
		slob->list[i] = pool->shared_lists + i;
		mymm_list_init(pool->frame, slob->list[i]);
	}
	pool->slob = slob;
	return 0;
}

static void slob_pool_exit(struct mymm_pool *pool)
{
	kfree(pool->slob);
}

const struct mymm_engine_ops mymm_slob_ops = {
	.name = "slob",
	.needs_memory = true,
	.pool_init = slob_pool_init,
	.pool_exit = slob_pool_exit,
	.cache_init = slob_cache_init,
	.alloc = slob_alloc,
	.free = slob_free,
	.check_free = slob_check_free,
	.free_checked = slob_free_checked,
	.shrink = slob_shrink,
	.empty = slob_empty,
	.default_tunables = slob_default_tunables,
	.get_slabinfo = slob_get_slabinfo,
	.check = mymm_slob_check,
	.check_pool = mymm_slob_check_pool,
};
