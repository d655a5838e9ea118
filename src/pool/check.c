// SPDX-License-Identifier: GPL-2.0
/*
 * The validator: reads everything, changes nothing, returns the first finding.
 *
 * The invariants, by the numbers that code, tests and documents use:
 *
 *   I1  the sum over orders of nr_free << order is the zone's free frames
 *   I2  free and allocated frames together are the zone's; each frame is in exactly
 *       one block
 *   I3  a block is aligned to its size and lies inside its zone
 *   I4  below the largest order, no free block's buddy is free at the same order, but for
 *       what the HighAtomic reserve keeps apart
 *   I5  lists, counts, bits and tags agree, in both directions
 *   I6  a slab's free objects and its used ones equal its capacity; its freelist has no
 *       cycle and stays in the slab
 *   I7  a cache's slabs and objects are the sums over its lists; active <= num
 *   I8  the rows of a zone in /proc/mypagetypeinfo add up to its line in /proc/mybuddyinfo
 *   I9  a frame that belongs to a slab is allocated, its cache knows it, and all frames
 *       of a slab say the same; a free frame belongs to no cache
 *   I10 a frame that is not the first of a block is a tail
 *   I11 a frame that a slot of a process points to is allocated, counts its slots, and knows
 *       its inode; process/check.c has it
 *
 * I8 can't be broken by what is in memory: both files show what mymm_zone_read() makes
 * of the lists' counts, once by migratetype and once their sum; and I5 says that these
 * are right. The tests look at the text of the files.
 *
 * I1 to I5 and I10 are looked at zone by zone, each under its lock, twice over: along
 * the lists, and along the frames from first to last. CPUs' page lists are looked at by
 * each CPU itself, see pcp_check.c. I6, I7 and I9 are the engine's to
 * state; it looks at one cache at a time, under its lock.
 *
 * A zone of 64 GiB takes 65 ms, too long for interrupts to be off. So its lock is let go after
 * each SLICE of frames. If the zone has changed when it is taken again, all of the zone is
 * looked at from the beginning; after RESTARTS of that, and to confirm a finding, in one go.
 *
 * Between zone and list a slab is known only to the code that creates it or gives it back.
 * So the number of slabs by frames is compared with that by lists only if no slab was created
 * or given back meanwhile.
 *
 * What it can't prove: that the right user holds a block; that an object in a magazine
 * or in use carries the right contents; that a free object whose cookie is whole was
 * not written to elsewhere (poison shows that).
 */
#include <linux/cpu.h>
#include <linux/errno.h>
#include <linux/kernel.h>

#include "object/cache.h"
#include "page/pcp_drain.h"
#include "page/vm_hooks.h"
#include "page/zone.h"
#include "pool/check.h"
#include "base/compat.h"
#include "cache/engine.h"

#define SLICE \
	4096 /* frames, or blocks on a list, that are looked at in one go */
#define RESTARTS 8

/**
 * struct pass - one look at a zone, under its lock
 * @zone: the zone
 * @irqflags: from before the lock was taken
 * @whole: the lock is not let go
 * @looked: at so many frames since the lock was taken
 * @longest: the most that @looked ever was
 * @taken: blocks that were ever taken from the zone, when the lock was let go
 * @free: frames that were free then
 * @reserved: frames of HighAtomic pageblocks then
 */
struct pass {
	struct mymm_zone *zone;
	unsigned long irqflags;
	bool whole;
	unsigned long looked;
	unsigned long longest;
	unsigned long taken;
	unsigned long free;
	unsigned long reserved;
};

static unsigned long blocks_taken(const struct mymm_zone *zone)
{
	unsigned long taken = 0;
	unsigned int order;

	for (order = 0; order < MYMM_NR_ORDERS; order++)
		taken += zone->allocs[order];
	return taken;
}

static void lock_zone(struct pass *pass)
{
	raw_spin_lock_irqsave(&pass->zone->lock, pass->irqflags);
	mymm_buddy_finish_split(&pass->zone->buddy);
	pass->looked = 0;
}

static void unlock_zone(struct pass *pass)
{
	raw_spin_unlock_irqrestore(&pass->zone->lock, pass->irqflags);
}

/*
 * @frames more were looked at. Lets the lock go if these make a slice; -EAGAIN if the zone
 * has changed afterwards. Blocks that page lists took and gave back meanwhile may go unseen, as
 * fast paths count nothing for this: what is found then is confirmed, or not, in one go.
 */
static int looked_at(struct pass *pass, unsigned long frames)
{
	const struct mymm_zone *zone = pass->zone;

	pass->looked += frames;
	pass->longest = max(pass->longest, pass->looked);
	if (likely(pass->looked < SLICE) || pass->whole)
		return 0;
	pass->taken = blocks_taken(zone);
	pass->free = zone->buddy.free;
	pass->reserved = zone->nr_reserved_highatomic;
	unlock_zone(pass);
	cond_resched();
	lock_zone(pass);
	return pass->taken == blocks_taken(zone) &&
			       pass->free == zone->buddy.free &&
			       pass->reserved == zone->nr_reserved_highatomic ?
		       0 :
		       -EAGAIN;
}

/* Should two neighbours be one block? Tells of @tag, which is that of a free one. */
static bool should_merge(u32 tag, u32 other)
{
	return (tag & ~MYMM_TAG_TYPE) == (other & ~MYMM_TAG_TYPE) &&
	       (tag == other || (mymm_tag_type(tag) < MYMM_PCPTYPES &&
				 mymm_tag_type(other) < MYMM_PCPTYPES));
}

/* One free list against the tags of what is on it: I3, I4, I5. */
static int check_free_list(struct pass *pass, enum mymm_migratetype type,
			   unsigned int order, struct mymm_finding *finding)
{
	const struct mymm_zone *zone = pass->zone;
	const struct mymm_buddy *buddy = &zone->buddy;
	const struct mymm_buddy_type *list = &buddy->type[type];
	const struct mymm_frame *table = buddy->table;
	u32 tag = mymm_tag(MYMM_FRAME_FREE, order, buddy->zone) |
		  mymm_tag_of_type(type);
	u32 head = buddy->heads + type * MYMM_NR_ORDERS + order;
	unsigned long nr = 0;
	u32 prev = head, idx;

	for (idx = table[head].next; idx != head; idx = table[idx].next) {
		if (idx < buddy->start || idx >= buddy->end)
			return mymm_find(
				finding, 5,
				"zone %s: the list of order %u leads from frame %u to %u, outside the zone",
				mymm_zone_name(zone->type), order, prev, idx);
		if (table[idx].prev != prev)
			return mymm_find(
				finding, 5,
				"zone %s: frame %u on the list of order %u does not point back to %u",
				mymm_zone_name(zone->type), idx, order, prev);
		if (table[idx].tag != tag)
			return mymm_find(
				finding, 5,
				"zone %s: frame %u on the list of order %u is %s, of order %u",
				mymm_zone_name(zone->type), idx, order,
				mymm_frame_state_name(
					mymm_tag_state(table[idx].tag)),
				mymm_tag_order(table[idx].tag));
		if (mymm_buddy_type(buddy, idx) != type)
			return mymm_find(
				finding, 5,
				"zone %s: free block %u of order %u is on the list of %s, its pageblock is %s",
				mymm_zone_name(zone->type), idx, order,
				mymm_migratetype_names[type],
				mymm_migratetype_names[mymm_buddy_type(buddy,
								       idx)]);
		if (idx & ((1U << order) - 1) ||
		    idx + (1U << order) > buddy->end)
			return mymm_find(
				finding, 3,
				"zone %s: free block %u of order %u is not aligned or not inside",
				mymm_zone_name(zone->type), idx, order);
		if (order < MYMM_MAX_ORDER &&
		    should_merge(tag, table[idx ^ (1U << order)].tag))
			return mymm_find(
				finding, 4,
				"zone %s: free block %u and its buddy %u, both of order %u, are not merged",
				mymm_zone_name(zone->type), idx,
				idx ^ (1U << order), order);
		if (++nr > list->order[order].nr_free)
			return mymm_find(
				finding, 5,
				"zone %s: more blocks of order %u on the list than the %lu counted",
				mymm_zone_name(zone->type), order,
				list->order[order].nr_free);
		if (looked_at(pass, 1))
			return -EAGAIN;
		prev = idx;
	}
	if (table[head].prev != prev)
		return mymm_find(
			finding, 5,
			"zone %s: the list of order %u does not end where it says",
			mymm_zone_name(zone->type), order);
	if (nr != list->order[order].nr_free)
		return mymm_find(
			finding, 5,
			"zone %s: %lu blocks of order %u on the list, %lu counted",
			mymm_zone_name(zone->type), nr, order,
			list->order[order].nr_free);
	if (!nr != !(list->nonempty & (1U << order)))
		return mymm_find(
			finding, 5,
			"zone %s: the bit of order %u is wrong for %lu blocks",
			mymm_zone_name(zone->type), order, nr);
	return 0;
}

/* Is what a tail says of itself right, in a block whose head says @head? */
static bool tail_is_right(u32 head, u32 tail)
{
	if (tail == 0)
		return true;
	/* Slabs turn their frames while nobody else may look: see I9. */
	return mymm_tag_state(head) != MYMM_FRAME_FREE &&
	       mymm_tag_state(tail) == MYMM_FRAME_SLAB_TAIL;
}

/* What the frames tell, from the first to the last. */
struct census {
	unsigned long nr_free[MYMM_NR_ORDERS];
	unsigned long allocated;
	unsigned long holes;
	unsigned long highatomic;
	unsigned long slabs;
};

static int check_block(const struct mymm_zone *zone, u32 idx,
		       struct mymm_finding *finding)
{
	const struct mymm_buddy *buddy = &zone->buddy;
	u32 tag = READ_ONCE(buddy->table[idx].tag);
	unsigned int order = mymm_tag_order(tag);
	u32 i;

	switch (mymm_tag_state(tag)) {
	case MYMM_FRAME_FREE:
	case MYMM_FRAME_PAGES:
	case MYMM_FRAME_LARGE:
	case MYMM_FRAME_SLAB:
	case MYMM_FRAME_PCP:
	case MYMM_FRAME_HOLE:
		break;
	default:
		return mymm_find(finding, 2,
				 "zone %s: frame %u is in no block: it is %s",
				 mymm_zone_name(zone->type), idx,
				 mymm_frame_state_name(mymm_tag_state(tag)));
	}
	if (mymm_tag_zone(tag) != buddy->zone)
		return mymm_find(
			finding, 5,
			"zone %s: frame %u says it is of zone number %u, not %u",
			mymm_zone_name(zone->type), idx, mymm_tag_zone(tag),
			buddy->zone);
	if (order > MYMM_MAX_ORDER || idx & ((1U << order) - 1) ||
	    idx + (1U << order) > buddy->end)
		return mymm_find(
			finding, 3,
			"zone %s: block %u of order %u is not aligned or not inside",
			mymm_zone_name(zone->type), idx, order);
	for (i = 0; i < 1U << order; i++) {
		u32 tail = READ_ONCE(buddy->table[idx + i].tag);

		if (mymm_tag_state(tag) == MYMM_FRAME_FREE &&
		    buddy->table[idx + i].cache)
			return mymm_find(
				finding, 9,
				"zone %s: frame %u of free block %u of order %u says it is of cache number %u",
				mymm_zone_name(zone->type), idx + i, idx, order,
				buddy->table[idx + i].cache);
		if (i && !tail_is_right(tag, tail))
			return mymm_find(
				finding, 10,
				"zone %s: frame %u inside block %u of order %u is %s",
				mymm_zone_name(zone->type), idx + i, idx, order,
				mymm_frame_state_name(mymm_tag_state(tail)));
	}
	return 0;
}

static int check_frames(struct pass *pass, struct census *census,
			struct mymm_finding *finding)
{
	const struct mymm_zone *zone = pass->zone;
	const struct mymm_buddy *buddy = &zone->buddy;
	unsigned int order;
	u32 idx, tag;
	int err;

	for (idx = buddy->start; idx < buddy->end; idx += 1U << order) {
		err = check_block(zone, idx, finding);
		if (err)
			return err;
		tag = READ_ONCE(buddy->table[idx].tag);
		order = mymm_tag_order(tag);
		if (mymm_tag_state(tag) == MYMM_FRAME_FREE) {
			census->nr_free[order]++;
			if (mymm_tag_type(tag) == MYMM_HIGHATOMIC)
				census->highatomic += 1UL << order;
		} else if (mymm_tag_state(tag) == MYMM_FRAME_HOLE) {
			census->holes++;
		} else {
			census->allocated += 1UL << order;
		}
		if (mymm_tag_state(tag) == MYMM_FRAME_SLAB)
			census->slabs++;
		if (looked_at(pass, 1UL << order))
			return -EAGAIN;
	}
	return 0;
}

/* Each has a type, and the reserve is what it is said to be. */
static int check_pageblocks(struct pass *pass, struct mymm_finding *finding)
{
	const struct mymm_zone *zone = pass->zone;
	const struct mymm_buddy *buddy = &zone->buddy;
	unsigned long reserved = 0;
	u32 at;

	for (at = buddy->start >> buddy->block_order;
	     at <= (buddy->end - 1) >> buddy->block_order; at++) {
		u8 type = READ_ONCE(buddy->pageblock[at]);

		if (type >= MYMM_NR_MIGRATETYPES)
			return mymm_find(
				finding, 5,
				"zone %s: the pageblock of frame %u has type %u",
				mymm_zone_name(zone->type),
				at << buddy->block_order, type);
		if (type == MYMM_HIGHATOMIC)
			reserved += 1UL << buddy->block_order;
		if (looked_at(pass, 1))
			return -EAGAIN;
	}
	if (reserved != zone->nr_reserved_highatomic)
		return mymm_find(
			finding, 5,
			"zone %s: pageblocks of %lu frames are HighAtomic, %lu are counted",
			mymm_zone_name(zone->type), reserved,
			zone->nr_reserved_highatomic);
	return 0;
}

static int check_locked(struct pass *pass, unsigned long *slabs,
			struct mymm_finding *finding)
{
	const struct mymm_zone *zone = pass->zone;
	const struct mymm_buddy *buddy = &zone->buddy;
	struct census census = {};
	unsigned long free = 0;
	enum mymm_migratetype type;
	unsigned int order;
	int err;

	err = check_pageblocks(pass, finding);
	if (err)
		return err;
	for (type = 0; type < MYMM_NR_MIGRATETYPES; type++) {
		for (order = 0; order < MYMM_NR_ORDERS; order++) {
			err = check_free_list(pass, type, order, finding);
			if (err)
				return err;
			free += buddy->type[type].order[order].nr_free << order;
		}
	}
	if (free != buddy->free)
		return mymm_find(
			finding, 1,
			"zone %s: the blocks on its lists have %lu frames, %lu are counted",
			mymm_zone_name(zone->type), free, buddy->free);
	err = check_frames(pass, &census, finding);
	if (err)
		return err;
	for (order = 0; order < MYMM_NR_ORDERS; order++)
		if (census.nr_free[order] != mymm_buddy_nr_free(buddy, order))
			return mymm_find(
				finding, 5,
				"zone %s: %lu frames say that they begin a free block of order %u, %lu are on the list",
				mymm_zone_name(zone->type),
				census.nr_free[order], order,
				mymm_buddy_nr_free(buddy, order));
	if (census.holes != buddy->holes)
		return mymm_find(
			finding, 2,
			"zone %s: %lu frames say that they are holes, %u are",
			mymm_zone_name(zone->type), census.holes, buddy->holes);
	if (census.highatomic != zone->nr_free_highatomic)
		return mymm_find(
			finding, 1,
			"zone %s: %lu free frames are HighAtomic, %lu are counted",
			mymm_zone_name(zone->type), census.highatomic,
			zone->nr_free_highatomic);
	if (free + census.allocated != mymm_zone_managed(zone))
		return mymm_find(
			finding, 2,
			"zone %s: %lu free + %lu allocated frames are not %lu",
			mymm_zone_name(zone->type), free, census.allocated,
			mymm_zone_managed(zone));
	*slabs += census.slabs;
	return 0;
}

static int check_zone(struct mymm_zone *zone, unsigned long *slabs,
		      struct mymm_finding *finding, unsigned long *longest)
{
	struct pass pass = { .zone = zone };
	unsigned int restarts = 0;
	int err;

	for (;;) {
		lock_zone(&pass);
		err = check_locked(&pass, slabs, finding);
		unlock_zone(&pass);
		if (!err || pass.whole)
			break;
		/* What was found in slices may be of two moments. */
		*finding = (struct mymm_finding){};
		pass.whole = err != -EAGAIN || ++restarts > RESTARTS;
	}
	*longest = max(*longest, pass.longest);
	return err;
}

/* Do all batches rest, and how many were there ever? */
static bool at_rest(struct mymm_pool *pool, unsigned long *moves)
{
	struct mymm_cache *cache;

	*moves = 0;
	list_for_each_entry(cache, &pool->caches, list) {
		if (atomic_read(&cache->transfers))
			return false;
		*moves += atomic_read(&cache->moves);
	}
	return true;
}

static int check_caches(struct mymm_pool *pool, unsigned long *slabs,
			struct mymm_finding *finding)
{
	struct mymm_cache *cache;
	struct mymm_slabinfo info;
	int err;

	list_for_each_entry(cache, &pool->caches, list) {
		err = cache->engine->check(cache, finding);
		if (err)
			return err;
		cache->engine->get_slabinfo(cache, &info);
		if (info.active_objs > info.num_objs)
			return mymm_find(
				finding, 7,
				"cache %s: %lu of %lu objects are active",
				cache->name, info.active_objs, info.num_objs);
		if (!cache->engine->check_pool)
			*slabs += info.num_slabs;
	}
	return mymm_engines_check(pool, slabs, finding);
}

/* The memory of processes, if any have some. */
static int check_processes(struct mymm_pool *pool, struct mymm_finding *finding)
{
	const struct mymm_vm_hooks *hooks = rcu_dereference_protected(
		pool->vm_hooks, lockdep_is_held(&pool->lock));

	return hooks ? hooks->check(pool, finding) : 0;
}

static int check_pool(struct mymm_pool *pool, struct mymm_finding *finding,
		      unsigned long *longest)
{
	unsigned long by_frames = 0, by_lists = 0, before, after;
	bool rest;
	unsigned int i;
	int err;

	lockdep_assert_held(&pool->lock);

	rest = at_rest(pool, &before);
	for (i = 0; i < pool->nr_zones; i++) {
		err = check_zone(&pool->zone[i], &by_frames, finding, longest);
		if (err)
			return err;
	}
	err = check_caches(pool, &by_lists, finding);
	if (err)
		return err;
	if (rest && at_rest(pool, &after) && before == after &&
	    by_frames != by_lists)
		return mymm_find(
			finding, 9,
			"%lu frames say that they begin a slab, %lu slabs are on lists",
			by_frames, by_lists);
	err = pool->flags & MYMM_POOL_NO_PCP ?
		      0 :
		      mymm_pcp_check_all(pool, finding);
	return err ?: check_processes(pool, finding);
}

/**
 * mymm_check_longest() - mymm_check(), and how long it held a zone's lock
 * @pool: where
 * @finding: what was found
 * @longest: frames, or blocks on lists, that it looked at without letting the lock go; the
 *           most
 *
 * Context: process; sleeps.
 * Return: as mymm_check().
 */
int mymm_check_longest(struct mymm_pool *pool, struct mymm_finding *finding,
		       unsigned long *longest)
{
	int err;

	*finding = (struct mymm_finding){};
	*longest = 0;
	cpus_read_lock();
	mutex_lock(&pool->lock);
	err = check_pool(pool, finding, longest);
	mutex_unlock(&pool->lock);
	cpus_read_unlock();
	return err;
}
MYMM_EXPORT_INTERNAL(mymm_check_longest);

/**
 * mymm_check() - look for a broken invariant
 * @pool: where
 * @finding: what was found
 *
 * Takes O(frames + objects): each zone with its lock held for some thousand frames at a time,
 * each cache with its lock held meanwhile; and has each CPU look at what it has.
 * Changes nothing; what follows from a finding is the caller's to decide.
 *
 * Context: process; sleeps.
 * Return: 0; -EUCLEAN, and @finding says what.
 */
int mymm_check(struct mymm_pool *pool, struct mymm_finding *finding)
{
	unsigned long longest;

	return mymm_check_longest(pool, finding, &longest);
}
MYMM_EXPORT_INTERNAL(mymm_check);

/**
 * mymm_check_cpus_locked() - mymm_check() inside of cpus_read_lock()
 * @pool: where
 * @finding: what was found
 *
 * Context: process; sleeps. The caller holds cpus_read_lock().
 * Return: as mymm_check().
 */
int mymm_check_cpus_locked(struct mymm_pool *pool, struct mymm_finding *finding)
{
	unsigned long longest = 0;

	*finding = (struct mymm_finding){};
	guard(mutex)(&pool->lock);
	return check_pool(pool, finding, &longest);
}
