// SPDX-License-Identifier: GPL-2.0
/*
 * Tracks: records of the last alloc and the last free of an object (caller, stack, CPU, task
 * and time), behind each object of a cache with SLAB_STORE_USER.
 *
 * A stack is stored as a handle of four bytes, which stack.c makes before the object is
 * checked, with no lock of this module held.
 */
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "base/fault_inject.h"
#include "cache/debug.h"
#include "cache/track.h"

/**
 * mymm_track_print() - log a track
 * @what: "allocated" or "freed"
 * @track: the track; nothing is logged if it is empty
 *
 * Context: any but NMI, no lock of this module held.
 */
void mymm_track_print(const char *what, const struct mymm_track *track)
{
	if (!track->addr)
		return;
	pr_err("  %s by %pS age=%lu cpu=%d pid=%d\n", what, (void *)track->addr,
	       jiffies - track->when, track->cpu, track->pid);
#ifdef CONFIG_STACKDEPOT
	if (track->handle)
		stack_depot_print(track->handle);
	else
		pr_err("  its stack is not known\n");
#endif
}

/* --- all of a cache -------------------------------------------------------------- */

/**
 * struct collection - the objects of a cache that have a track
 * @walk: the engine's walk over the slabs
 * @object: copies of the objects' tracks
 * @room: members of @object
 * @nr: objects found, also those for which there was no room
 */
struct collection {
	struct mymm_walk walk;
	struct mymm_tracked *object;
	size_t room;
	size_t nr;
};

static void collect_object(struct collection *c, struct mymm_cache *cache,
			   void *obj, bool is_free)
{
	const struct mymm_track *track = mymm_object_tracks(cache, obj);
	u64 link = mymm_word(cache, obj) ^ mymm_cache_cookie(cache, obj);
	struct mymm_tracked *to = c->object + c->nr;

	guard(mymm_unwatched)();

	/* A quarantined object has no user, and its tracks may be damaged. */
	if (link == MYMM_QUARANTINED || !track[MYMM_TRACK_ALLOC].addr ||
	    !mymm_track_is_whole(&track[MYMM_TRACK_ALLOC]) ||
	    !mymm_track_is_whole(&track[MYMM_TRACK_FREE]))
		return;
	if (c->nr++ >= c->room)
		return;
	*to = (struct mymm_tracked){
		.pfn = mymm_pool_index(cache->pool, obj),
		.offset = offset_in_page(obj),
		.used = !is_free && link != MYMM_IN_MAGAZINE,
		.bytes = mymm_debug_request(cache, obj),
	};
	memcpy(to->track, track, sizeof(to->track));
}

static bool collect_slab(struct mymm_walk *walk, struct mymm_cache *cache,
			 const struct mymm_slab_area *slab)
{
	struct collection *c = container_of(walk, struct collection, walk);
	void *obj = slab->first;
	unsigned int i;

	for (i = 0; i < slab->objects; i++, obj += cache->size)
		collect_object(c, cache, obj, test_bit(i, walk->free));
	return false;
}

/* Copy all at one moment; repeated with more room if their number has grown. */
static int collect(struct mymm_cache *cache, struct collection *c)
{
	struct mymm_slabinfo info;
	unsigned int lost;

	cache->engine->get_slabinfo(cache, &info);
	c->room = info.num_objs;
	do {
		kvfree(c->object);
		c->room += c->room / 8 + 16;
		c->object = mymm_inject_fail() ?
				    NULL :
				    kvmalloc_array(c->room, sizeof(*c->object),
						   GFP_KERNEL | __GFP_NOWARN);
		if (!c->object)
			return -ENOMEM;
		c->nr = 0;
		c->walk.lost = 0;
		scoped_guard(raw_spinlock_irqsave, &cache->debug->lock)
			cache->engine->walk(cache, &c->walk);
		lost = c->walk.lost;
		if (lost)
			mymm_refuse_lost(cache, lost);
	} while (c->nr > c->room);
	return 0;
}

/**
 * mymm_track_for_each() - call a function with the tracks of each object of a cache
 * @cache: the cache
 * @fn: called for each object that was allocated at least once, also if it is free now,
 *      with no lock of this module held; the tracks are a copy of one moment
 * @arg: passed to @fn
 *
 * Context: process; sleeps. The caller keeps the cache alive.
 * Return: 0; -ENOENT: the cache has no SLAB_STORE_USER; -EIO: the pool is dead; -ENOMEM.
 */
int mymm_track_for_each(struct mymm_cache *cache,
			void (*fn)(const struct mymm_tracked *object,
				   void *arg),
			void *arg)
{
	struct collection c = { .walk.fn = collect_slab };
	size_t i;
	int err;

	if (!cache->debug || !cache->debug->tracks)
		return -ENOENT;
	if (mymm_pool_dead(cache->pool))
		return -EIO;
	c.walk.free = cache->debug->free;
	err = collect(cache, &c);
	for (i = 0; !err && i < c.nr; i++)
		fn(&c.object[i], arg);
	kvfree(c.object);
	return err;
}
MYMM_EXPORT_INTERNAL(mymm_track_for_each);
