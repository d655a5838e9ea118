// SPDX-License-Identifier: GPL-2.0
/*
 * Validation: check all objects of a debug cache at once, used and free.
 *
 * The engine walks its slabs; each object is in one of the states of debug.c, and the state
 * determines the patterns in and around it. A damaged free object is quarantined. A damaged
 * object in use is reported at each validation, and quarantined when its user frees it.
 *
 * An engine that finds a broken link in a freelist rebuilds the list from the objects whose
 * word is intact. The other objects of the list are searched here: where the word is behind
 * the object, those that are not marked as used and have the pattern of a free object; with
 * red zones, those whose red zone is that of a free object. Of any others only the number is
 * known.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/poison.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "cache/debug.h"

/* Damaged objects that are reported at once; the others are counted. */
#define MOST_REPORTED 16

/**
 * struct inspection - the findings so far
 * @walk: the engine's walk over the slabs
 * @damage: findings to report
 * @room: members of @damage
 * @found: number of findings, reported or not
 * @known: how many of the objects that the engine lost were found
 */
struct inspection {
	struct mymm_walk walk;
	struct mymm_damage *damage;
	unsigned int room;
	unsigned long found;
	unsigned int known;
};

/* The place for the next finding; those past MOST_REPORTED share one and are not reported. */
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

/* An object is on no freelist, and not marked as used: do its patterns say that it was free? */
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

/* Check one object, under the locks. Returns whether it was free and is quarantined now. */
static bool check_object(struct inspection *in, struct mymm_cache *cache,
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
	/* In transfer, so it is checked on that path; or known to be damaged. */
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
		gone |= check_object(in, cache, obj, test_bit(i, walk->free));
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
	unsigned long i, reported;

	scoped_guard(raw_spinlock_irqsave, &cache->debug->lock)
		cache->engine->walk(cache, &in.walk);

	reported = min_t(unsigned long, in.found, in.room);
	for (i = 0; i < reported; i++)
		mymm_debug_report(cache, &damage[i]);
	if (in.found > reported)
		pr_err_ratelimited(
			"pool %s: cache %s: %lu more objects are damaged\n",
			cache->pool->name, cache->name, in.found - reported);
	lost = in.walk.lost - in.known;
	if (lost)
		mymm_refuse(
			cache->pool, MYMM_REFUSED_OVERWRITTEN,
			"cache %s: %u objects were written to after they were freed; they are not used any more",
			cache->name, lost);
	return in.found + lost;
}

/**
 * mymm_debug_report_lost() - find and report the objects that a rebuilt freelist has lost
 * @cache: a debug cache
 * @lost: how many; they count as quarantined
 *
 * Context: any but NMI, no lock of this module held.
 */
void mymm_debug_report_lost(struct mymm_cache *cache, unsigned int lost)
{
	struct mymm_damage damage[2];

	inspect(cache, lost, damage, ARRAY_SIZE(damage));
}

/**
 * mymm_cache_validate() - check all objects of a cache
 * @cache: any cache; only a debug cache has anything to check
 *
 * Findings are logged. Damaged free objects are quarantined.
 *
 * Context: process; sleeps.
 * Return: number of findings.
 */
unsigned long mymm_cache_validate(struct mymm_cache *cache)
{
	struct mymm_damage *damage, two[2];
	unsigned long found;

	if (!cache->debug || mymm_pool_dead(cache->pool))
		return 0;
	damage = kmalloc_array(MOST_REPORTED + 1, sizeof(*damage), GFP_KERNEL);
	if (!damage)
		return inspect(cache, 0, two, ARRAY_SIZE(two));
	found = inspect(cache, 0, damage, MOST_REPORTED + 1);
	kfree(damage);
	return found;
}
MYMM_EXPORT_INTERNAL(mymm_cache_validate);

/**
 * mymm_pool_validate() - check all objects of a pool's debug caches
 * @pool: the pool
 *
 * Context: process; sleeps.
 * Return: number of findings.
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
