// SPDX-License-Identifier: GPL-2.0
/*
 * Looking at all objects of a debug cache at once, whether somebody uses them or not.
 *
 * The engine shows its slabs one by one; each object is in one of the states of debug.c, which
 * tells what should be in and around it. A free one that was written to is taken out of use.
 * One in use is its user's: it is told of, each time anew, and goes out of use when he frees
 * it.
 *
 * An engine that finds a link of a freelist broken makes the list anew from those objects whose
 * word is whole. Which others were on it is to be found out here: with a word behind the
 * object those that don't say that they are used, but have a free one's pattern; with red
 * zones those whose zone is a free one's. Of the rest no more than their number is known.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/poison.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "cache/debug.h"

/* So many damaged objects are told of at once; the others are counted. */
#define MOST_TOLD 16

/**
 * struct inspection - what was found so far
 * @walk: what the engine knows
 * @damage: what is to be told
 * @room: members of that
 * @found: damages, told or not
 * @known: of the objects that the engine lost: those that were found
 */
struct inspection {
	struct mymm_walk walk;
	struct mymm_damage *damage;
	unsigned int room;
	unsigned long found;
	unsigned int known;
};

/* Room for the next damage; the last place is for those that nobody will hear of. */
static struct mymm_damage *next_damage(struct inspection *in)
{
	struct mymm_damage *damage =
		&in->damage[min_t(unsigned long, in->found, in->room)];

	memset(damage, 0, sizeof(*damage));
	return damage;
}

static void found(struct inspection *in, struct mymm_cache *cache,
		  const struct mymm_damage *damage)
{
	mymm_debug_count(cache, damage);
	in->found++;
}

/* It is on no freelist, and does not say that it is used. Was it free, by all that we know? */
static bool was_free(const struct inspection *in,
		     const struct mymm_cache *cache, u8 *obj)
{
	const u8 *zone = obj - cache->left;

	guard(mymm_unwatched)();

	if (in->known >= in->walk.lost)
		return false;
	if (cache->flags & SLAB_RED_ZONE)
		return !memchr_inv(zone, SLUB_RED_INACTIVE, cache->left);
	if (mymm_cache_poisons(cache))
		return obj[cache->object_size - 1] == POISON_END;
	return mymm_cache_word_outside(cache);
}

/* Under the locks. Returns whether it was free until now. */
static bool see_object(struct inspection *in, struct mymm_cache *cache,
		       void *obj, bool is_free)
{
	u64 cookie = mymm_cache_cookie(cache, obj);
	u64 link = mymm_word(cache, obj) ^ cookie;
	struct mymm_damage *damage = next_damage(in);

	if (is_free) {
		if (mymm_debug_intact(cache, obj, false, damage))
			return false;
		mymm_set_word(cache, obj, cookie ^ MYMM_QUARANTINED);
		found(in, cache, damage);
		return true;
	}
	/* On its way, where it was or will be looked at; or known to be damaged. */
	if (link == MYMM_IN_MAGAZINE || link == MYMM_QUARANTINED)
		return false;
	if (!(mymm_cache_word_outside(cache) &&
	      mymm_debug_says_used(cache, obj)) &&
	    was_free(in, cache, obj)) {
		mymm_debug_describe(cache, obj, MYMM_WORD, false, damage);
		mymm_set_word(cache, obj, cookie ^ MYMM_QUARANTINED);
		in->known++;
		found(in, cache, damage);
		return false;
	}
	if (!mymm_debug_intact(cache, obj, true, damage)) {
		damage->kept = true;
		found(in, cache, damage);
	}
	return false;
}

static bool see_slab(struct mymm_walk *walk, struct mymm_cache *cache,
		     const struct mymm_slab_area *slab)
{
	struct inspection *in = container_of(walk, struct inspection, walk);
	struct mymm_damage *damage;
	void *obj = slab->first;
	bool gone = false;
	unsigned int i;

	for (i = 0; i < slab->objects; i++, obj += cache->size)
		gone |= see_object(in, cache, obj, test_bit(i, walk->free));
	damage = next_damage(in);
	if (!mymm_debug_tail_intact(cache, slab, damage))
		found(in, cache, damage);
	return gone;
}

static unsigned long inspect(struct mymm_cache *cache, unsigned int lost,
			     struct mymm_damage *damage, unsigned int room)
{
	struct inspection in = {
		.walk = { .fn = see_slab,
			  .free = cache->debug->free,
			  .lost = lost },
		.damage = damage,
		.room = room - 1,
	};
	unsigned long i, told;

	scoped_guard(raw_spinlock_irqsave, &cache->debug->lock)
		cache->engine->walk(cache, &in.walk);

	told = min_t(unsigned long, in.found, in.room);
	for (i = 0; i < told; i++)
		mymm_debug_report(cache, &damage[i]);
	if (in.found > told)
		pr_err_ratelimited(
			"pool %s: cache %s: %lu more objects are damaged\n",
			cache->pool->name, cache->name, in.found - told);
	lost = in.walk.lost - in.known;
	if (lost)
		mymm_refuse(
			cache->pool, MYMM_REFUSED_OVERWRITTEN,
			"cache %s: %u objects were written to after they were freed; they are not used any more",
			cache->name, lost);
	return in.found + lost;
}

/**
 * mymm_debug_report_lost() - look at a debug cache of which objects are on no freelist any more
 * @cache: a debug cache
 * @lost: how many; they are out of use
 *
 * Context: any but NMI, no lock of ours held.
 */
void mymm_debug_report_lost(struct mymm_cache *cache, unsigned int lost)
{
	struct mymm_damage damage[2];

	inspect(cache, lost, damage, ARRAY_SIZE(damage));
}

/**
 * mymm_cache_validate() - look at all objects of a cache
 * @cache: any cache; of one that is no debug cache there is nothing to be seen
 *
 * What is found is told in the log. Free objects that are damaged are taken out of use.
 *
 * Context: process; sleeps.
 * Return: damages found.
 */
unsigned long mymm_cache_validate(struct mymm_cache *cache)
{
	struct mymm_damage *damage, two[2];
	unsigned long found;

	if (!cache->debug || mymm_pool_dead(cache->pool))
		return 0;
	damage = kmalloc_array(MOST_TOLD + 1, sizeof(*damage), GFP_KERNEL);
	if (!damage)
		return inspect(cache, 0, two, ARRAY_SIZE(two));
	found = inspect(cache, 0, damage, MOST_TOLD + 1);
	kfree(damage);
	return found;
}
MYMM_EXPORT_INTERNAL(mymm_cache_validate);

/**
 * mymm_pool_validate() - look at all objects of a pool's debug caches
 * @pool: the pool
 *
 * Context: process; sleeps.
 * Return: damages found.
 */
unsigned long mymm_pool_validate(struct mymm_pool *pool)
{
	struct mymm_cache *cache;
	unsigned long found = 0;

	guard(mutex)(&pool->lock);
	list_for_each_entry(cache, &pool->caches, list)
		found += mymm_cache_validate(cache);
	return found;
}
MYMM_EXPORT_INTERNAL(mymm_pool_validate);
