// SPDX-License-Identifier: GPL-2.0
/*
 * The slub engine: objects of one size, one after the other, in slabs of 2^order
 * pages; free ones linked through a word of their own.
 *
 * A slab and what its first frame says of it (here with 5 objects, 2 of them free):
 *
 *      frame: cache, objects = 5, inuse = 3, free = link to 1
 *                                          |
 *        +---------+---------+---------+---------+---------+----+
 *        | 0  used | 1  free | 2  used | 3  used | 4  free |    |   rest is waste
 *        +---------+---------+---------+---------+---------+----+
 *                       |  link to 4                 |  END
 *
 * The link is not an address but the number of the next object, in the low 16 bits
 * of a word that is otherwise a cookie: the object's address under the pool's key.
 * Whoever writes to an object after freeing it destroys the cookie, and the engine
 * sees that before it follows the link. It then gathers the list anew from the
 * objects whose cookie is whole, takes the others out of use, says so, and goes on.
 * (A clever enough overwrite keeps the upper 48 bits. Then the link leads to an object
 * without a cookie, or to one that was just handed out and says so.)
 *
 * Where the word stands is SLUB's rule: in the middle of the object, or behind it if
 * the object must keep its contents while it is free (constructor, poison, RCU). So are
 * size and order, and with them what /proc/myslabinfo shows: the running kernel's
 * own numbers for a cache of the same size, alignment and flags.
 *
 * Slabs with free objects are on the partial list, the others on the full list.
 * Allocation takes from the first partial slab; freeing into a full slab puts it at
 * the end, so that slabs have time to become empty. An empty slab goes back to the
 * pool if the list has min_partial slabs, itself among them.
 *
 * New slabs are allocated, and empty ones given back, with no lock held; in between
 * they are on no list and belong to whoever handles them.
 *
 * Each slab's numbers: inuse + length of the freelist = objects (I6). For the cache:
 * the sum of objects is nr_objects and the sum of inuse is nr_inuse (I7).
 *
 * Geometry, partial list and min_partial: mm/slub.c of 6.1 and 6.12, after Bonwick,
 * "The Slab Allocator", USENIX Summer 1994.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "compat.h"
#include "debug.h"
#include "slot.h"
#include "page_alloc.h"
#include "slab_rcu.h"
#include "slub.h"

/* What a caller's flags may say about getting a slab: how hard to try, no more. */
#define SLAB_GFP                                                        \
	(~(GFP_ZONEMASK | __GFP_ZERO | __GFP_COMP | __GFP_RECLAIMABLE | \
	   __GFP_WRITE | __GFP_ACCOUNT))

/* --- slabs ------------------------------------------------------------- */

/*
 * There may be something smaller yet: then a failure is nobody's news, and nobody need be
 * asked to give anything back.
 */
static gfp_t try_gfp(gfp_t gfp)
{
	if (gfp & __GFP_DIRECT_RECLAIM)
		gfp = (gfp | __GFP_NOMEMALLOC) & ~__GFP_RECLAIM;
	return (gfp | __GFP_NOWARN | __GFP_NORETRY) & ~__GFP_NOFAIL;
}

static struct mymm_frame *alloc_slab_pages(struct mymm_cache *cache, gfp_t gfp)
{
	struct mymm_frame *slab;

	gfp = (gfp & SLAB_GFP) | cache->gfp;
	if (cache->order > cache->min_order) {
		slab = mymm_slab_get_pages(cache, NUMA_NO_NODE, try_gfp(gfp),
					   cache->order);
		if (slab)
			return slab;
	}
	return mymm_slab_get_pages(cache, NUMA_NO_NODE, gfp, cache->min_order);
}

static struct mymm_extent slub_extent(const struct mymm_cache *cache, u32 head)
{
	const struct mymm_frame *slab = &cache->frame[head];

	return (struct mymm_extent){
		.start = slab_address(cache, slab),
		.bytes = PAGE_SIZE << mymm_tag_order(slab->tag),
		.first = slab_objects(cache, slab),
		.objects = slab->objects,
	};
}

/* A slab on no list, all of its objects free and linked in order of address. */
static struct mymm_frame *make_slab(struct mymm_cache *cache, gfp_t gfp)
{
	struct mymm_frame *slab = alloc_slab_pages(cache, gfp);
	unsigned int i, order;
	void *obj;
	u32 start;

	if (!slab)
		return NULL;
	order = mymm_tag_order(slab->tag);
	mymm_slab_count_pages(cache, slab, 1);
	slab->objects = (PAGE_SIZE << order) / cache->size;
	slab->inuse = 0;
	slab->free = 1;

	if (cache->debug)
		mymm_debug_slab(cache,
				slub_extent(cache, frame_index(cache, slab)));
	obj = slab_objects(cache, slab);
	start = (u32)(obj - cache->base) * cache->inverse;
	for (i = 0; i < slab->objects; i++, obj += cache->size) {
		if (cache->ctor)
			cache->ctor(obj);
		set_link(cache, obj,
			 i + 1 < slab->objects ? i + 2 : MYMM_FREELIST_END);
	}

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

static void give_slab_back(struct mymm_cache *cache, struct mymm_frame *slab)
{
	unsigned int order = mymm_tag_order(slab->tag);
	unsigned int i;

	mymm_slab_count_pages(cache, slab, -1);
	for (i = 0; i < 1U << order; i++) {
		WRITE_ONCE(slab[i].cache, 0);
		if (i)
			WRITE_ONCE(slab[i].tag, 0);
	}
	WRITE_ONCE(slab->tag, (slab->tag & ~MYMM_TAG_STATE) | MYMM_FRAME_PAGES);
	mymm_slab_free_pages(cache, slab);
}

/* Slabs that left their list, strung up by their links: no lock protects them. */
static unsigned long give_slabs_back(struct mymm_cache *cache, u32 first)
{
	unsigned long nr = 0;

	while (first != MYMM_NO_FRAME) {
		struct mymm_frame *slab = &cache->frame[first];

		first = slab->next;
		give_slab_back(cache, slab);
		nr++;
	}
	return nr;
}

static void add_partial(struct mymm_cache *cache, struct mymm_frame *slab,
			bool tail)
{
	lockdep_assert_held(&cache->list_lock);
	if (tail)
		mymm_list_add_tail(cache->frame, frame_index(cache, slab),
				   cache->partial);
	else
		mymm_list_add(cache->frame, frame_index(cache, slab),
			      cache->partial);
	cache->nr_partial++;
}

static void del_partial(struct mymm_cache *cache, struct mymm_frame *slab)
{
	lockdep_assert_held(&cache->list_lock);
	mymm_list_del(cache->frame, frame_index(cache, slab));
	cache->nr_partial--;
}

/* Take an empty slab off its list, and string it up before @first. */
static u32 unlist_empty(struct mymm_cache *cache, struct mymm_frame *slab,
			u32 first)
{
	del_partial(cache, slab);
	cache->nr_slabs--;
	cache->nr_objects -= slab->objects;
	slab->next = first;
	return frame_index(cache, slab);
}

/* --- freelists ---------------------------------------------------------- */

/*
 * A link of the slab's freelist is broken. What is on the list is known without it:
 * the objects whose cookie is whole and does not say that they are in a magazine.
 * Returns how many are lost; they count as used from now on.
 */
static unsigned int gather_freelist(struct mymm_cache *cache,
				    struct mymm_frame *slab)
{
	void *obj = slab_objects(cache, slab) + slab->objects * cache->size;
	unsigned int free = 0, lost, i = slab->objects;

	slab->free = MYMM_FREELIST_END;
	while (i--) {
		u64 link;

		obj -= cache->size;
		link = get_link(cache, obj);
		if (link > 0xffff || link == MYMM_IN_MAGAZINE ||
		    link == MYMM_QUARANTINED)
			continue;
		set_link(cache, obj, slab->free);
		slab->free = i + 1;
		free++;
	}
	lost = slab->objects - slab->inuse - free;
	slab->inuse += lost;
	cache->nr_inuse += lost;
	atomic_long_add(lost, &cache->quarantined);
	return lost;
}

/*
 * Up to @nr objects of a slab on the partial list. @lost grows by those that were
 * found overwritten.
 */
static unsigned int take_objects(struct mymm_cache *cache,
				 struct mymm_frame *slab, unsigned int nr,
				 void **objs, unsigned int *lost)
{
	unsigned int got = 0;
	u64 link = slab->free;

	lockdep_assert_held(&cache->list_lock);
	cache->nr_empty -= !slab->inuse;
	while (got < nr && link != MYMM_FREELIST_END) {
		void *obj = follow(cache, slab, link);
		u64 next = get_link(cache, obj);

		if (unlikely(next != MYMM_FREELIST_END &&
			     !follow(cache, slab, next))) {
			slab->inuse += got;
			cache->nr_inuse += got;
			*lost += gather_freelist(cache, slab);
			cache->nr_empty += !slab->inuse;
			return got;
		}
		set_link(cache, obj, MYMM_IN_MAGAZINE);
		objs[got++] = obj;
		link = next;
	}
	slab->free = link;
	slab->inuse += got;
	cache->nr_inuse += got;
	return got;
}

static unsigned int take_from_partial(struct mymm_cache *cache, unsigned int nr,
				      void **objs, unsigned int *lost)
{
	struct mymm_frame *table = cache->frame;
	unsigned int got = 0;

	while (got < nr && !mymm_list_empty(table, cache->partial)) {
		struct mymm_frame *slab = &table[table[cache->partial].next];

		got += take_objects(cache, slab, nr - got, objs + got, lost);
		if (slab->free == MYMM_FREELIST_END) {
			del_partial(cache, slab);
			mymm_list_add(table, frame_index(cache, slab),
				      cache->full);
		}
	}
	return got;
}

static unsigned int slub_alloc(struct mymm_cache *cache, gfp_t gfp,
			       unsigned int nr, void **objs)
{
	struct mymm_frame *slab = NULL;
	unsigned int got, lost = 0;
	unsigned long flags;

	do {
		raw_spin_lock_irqsave(&cache->list_lock, flags);
		if (slab) {
			add_partial(cache, slab, false);
			cache->nr_empty++;
			cache->nr_slabs++;
			cache->nr_objects += slab->objects;
		}
		got = take_from_partial(cache, nr, objs, &lost);
		raw_spin_unlock_irqrestore(&cache->list_lock, flags);
		if (got)
			break;
		slab = make_slab(cache, gfp);
	} while (slab);

	if (unlikely(lost))
		mymm_debug_lost(cache, lost);
	return got;
}

/*
 * Is an object that comes back here already? Two CPUs that free it at the same
 * time may both be let in (see magazine.c); the second to come finds the first
 * one's link in it, or the slab gone.
 */
static bool came_before(struct mymm_cache *cache, void *obj)
{
	return !mymm_cache_owns(cache, obj) ||
	       get_link(cache, obj) - 1 < MYMM_FREELIST_END;
}

static void slub_free(struct mymm_cache *cache, unsigned int nr, void **objs)
{
	u32 empty = MYMM_NO_FRAME;
	unsigned int i, twice = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&cache->list_lock, flags);
	for (i = 0; i < nr; i++) {
		struct mymm_frame *slab;

		if (unlikely(came_before(cache, objs[i]))) {
			twice++;
			continue;
		}
		slab = slab_of(cache, objs[i]);
		if (slab->free == MYMM_FREELIST_END) {
			mymm_list_del(cache->frame, frame_index(cache, slab));
			add_partial(cache, slab, true);
		}
		set_link(cache, objs[i], slab->free);
		slab->free = object_number(cache, slab, objs[i]) + 1;
		slab->inuse--;
		if (slab->inuse)
			continue;
		if (cache->nr_partial >= cache->min_partial)
			empty = unlist_empty(cache, slab, empty);
		else
			cache->nr_empty++;
	}
	cache->nr_inuse -= nr - twice;
	raw_spin_unlock_irqrestore(&cache->list_lock, flags);

	if (unlikely(twice))
		mymm_refuse(
			cache->pool, MYMM_REFUSED_DOUBLE_FREE,
			"cache %s: %u objects were freed twice at the same time",
			cache->name, twice);
	give_slabs_back(cache, empty);
}

static bool slub_is_free(struct mymm_cache *cache, void *obj)
{
	struct mymm_frame *slab;
	unsigned int steps;
	void *at;

	guard(raw_spinlock_irqsave)(&cache->list_lock);

	/* Its slab went back since the caller looked: then all of it was free. */
	if (!mymm_cache_owns(cache, obj))
		return true;
	slab = slab_of(cache, obj);
	at = follow(cache, slab, slab->free);
	/* And so it may right now, under no lock: don't be led out of the pool. */
	for (steps = 0;
	     at && mymm_cache_owns(cache, at) && steps < slab->objects;
	     steps++) {
		if (at == obj)
			return true;
		at = follow(cache, slab, get_link(cache, at));
	}
	return !mymm_cache_owns(cache, obj);
}

static unsigned long slub_empty(const struct mymm_cache *cache)
{
	return READ_ONCE(cache->nr_empty) << cache->order;
}

static unsigned long slub_shrink(struct mymm_cache *cache, unsigned long slabs)
{
	struct mymm_frame *table = cache->frame;
	u32 empty = MYMM_NO_FRAME;
	unsigned long flags;
	u32 idx, next;

	raw_spin_lock_irqsave(&cache->list_lock, flags);
	for (idx = table[cache->partial].next; idx != cache->partial && slabs;
	     idx = next) {
		next = table[idx].next;
		if (table[idx].inuse)
			continue;
		empty = unlist_empty(cache, &table[idx], empty);
		cache->nr_empty--;
		slabs--;
	}
	raw_spin_unlock_irqrestore(&cache->list_lock, flags);

	return give_slabs_back(cache, empty);
}

/* --- who looks from the outside -------------------------------------------- */

/* A bit for each object on a slab's freelist; false if the list is broken. */
static bool map_freelist(const struct mymm_cache *cache,
			 const struct mymm_frame *slab, unsigned long *map)
{
	u64 link = slab->free;

	bitmap_zero(map, slab->objects);
	while (link != MYMM_FREELIST_END) {
		void *obj = follow(cache, slab, link);

		if (!obj || __test_and_set_bit(link - 1, map))
			return false;
		link = get_link(cache, obj);
	}
	return true;
}

static void visit_slab(struct mymm_cache *cache, struct mymm_frame *slab,
		       struct mymm_visit *visit)
{
	const struct mymm_extent extent =
		slub_extent(cache, frame_index(cache, slab));
	bool empty = !slab->inuse;

	if (!map_freelist(cache, slab, visit->free)) {
		visit->lost += gather_freelist(cache, slab);
		map_freelist(cache, slab, visit->free);
	}
	if (visit->see(visit, cache, &extent))
		gather_freelist(cache, slab);
	cache->nr_empty -= empty && slab->inuse;
}

static void slub_visit(struct mymm_cache *cache, struct mymm_visit *visit)
{
	struct mymm_frame *table = cache->frame;
	u32 idx, next;

	guard(raw_spinlock_irqsave)(&cache->list_lock);

	for (idx = table[cache->full].next; idx != cache->full;
	     idx = table[idx].next)
		visit_slab(cache, &table[idx], visit);
	for (idx = table[cache->partial].next; idx != cache->partial;
	     idx = next) {
		next = table[idx].next;
		visit_slab(cache, &table[idx], visit);
		if (table[idx].free == MYMM_FREELIST_END) {
			del_partial(cache, &table[idx]);
			mymm_list_add(table, idx, cache->full);
		}
	}
}

/* --- geometry ------------------------------------------------------------ */

static int slub_cache_init(struct mymm_cache *cache)
{
	unsigned int size = mymm_slot_layout(cache);

	cache->size = size;
	cache->shift = __ffs(size);
	cache->inverse = mymm_inverse_of_odd(size >> cache->shift);
	cache->order = mymm_slab_order(size);
	cache->num = (PAGE_SIZE << cache->order) / size;
	cache->min_order = get_order(size);
	cache->min_partial = clamp_t(unsigned int, ilog2(size) / 2, 5, 10);
	if (cache->order > MYMM_MAX_ORDER)
		return -EINVAL;
	return 0;
}

/*
 * SLAB's sizes of an array_cache, from enable_cpucache() of 6.1's mm/slab.c; but of small
 * objects as many as make 32 KiB, up to 256, since nothing else stands between a magazine
 * and the slabs.
 */
static void slub_default_tunables(const struct mymm_cache *cache,
				  struct mymm_tunables *tunables)
{
	unsigned int limit;

	if (cache->size > 131072)
		limit = 1;
	else if (cache->size > PAGE_SIZE)
		limit = 8;
	else if (cache->size > 1024)
		limit = 24;
	else if (cache->size > 256)
		limit = 54;
	else
		limit = min(256U, 32768 / cache->size);
	/* A magazine would hide an overwritten object from the check. */
	if (cache->debug)
		limit = 0;
	*tunables = (struct mymm_tunables){
		.limit = limit,
		.batchcount = (limit + 1) / 2,
	};
}

/* Real SLUB has no tunables and shows zeroes; so do we. */
static void slub_get_slabinfo(struct mymm_cache *cache,
			      struct mymm_slabinfo *info)
{
	guard(raw_spinlock_irqsave)(&cache->list_lock);

	*info = (struct mymm_slabinfo){
		.active_objs = cache->nr_inuse,
		.num_objs = cache->nr_objects,
		.active_slabs = cache->nr_slabs,
		.num_slabs = cache->nr_slabs,
	};
}

const struct mymm_engine_ops mymm_slub_ops = {
	.name = "slub",
	.needs_memory = true,
	.typesafe = true,
	.cache_init = slub_cache_init,
	.alloc = slub_alloc,
	.free = slub_free,
	.is_free = slub_is_free,
	.shrink = slub_shrink,
	.empty = slub_empty,
	.default_tunables = slub_default_tunables,
	.get_slabinfo = slub_get_slabinfo,
	.count_slabs = mymm_slub_count,
	.extent = slub_extent,
	.visit = slub_visit,
	.check = mymm_slub_check,
};
