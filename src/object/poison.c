// SPDX-License-Identifier: GPL-2.0
/*
 * Poison: patterns in and around the objects of a debug cache, written and checked.
 *
 *                   while free            while in use
 *   red zones       0xbb                  0xcc; with kmalloc the right one begins behind the
 *                                         requested bytes
 *   objects         0x6b, last byte 0xa5  the user's
 *   word            of a free object      the complement of the cookie, if it is behind
 *   padding         0x5a                  0x5a
 *
 * Red zones exist with SLAB_RED_ZONE; patterns in free objects and in padding, also that at
 * the end of a slab, with SLAB_POISON. All that exist are checked.
 */
#include <linux/mm.h>
#include <linux/poison.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "object/poison.h"

/* Bytes of a damaged object that are compared one by one: as many as a report can give. */
#define FAR_END 65536L

static unsigned int *request_of(const struct mymm_cache *cache, const void *obj)
{
	return (void *)obj + cache->debug->request;
}

/**
 * mymm_debug_request() - requested bytes of an object
 * @cache: a debug cache
 * @obj: an object of it in use
 *
 * Context: any.
 * Return: bytes, 1 to the object's size.
 */
unsigned int mymm_debug_request(const struct mymm_cache *cache, const void *obj)
{
	unsigned int bytes;

	guard(mymm_unwatched)();

	if (!cache->debug->request)
		return cache->object_size;
	bytes = READ_ONCE(*request_of(cache, obj));
	return bytes && bytes <= cache->object_size ? bytes :
						      cache->object_size;
}

static u64 used_word(const struct mymm_cache *cache, const void *obj)
{
	return ~mymm_cache_cookie(cache, obj);
}

/**
 * mymm_debug_says_used() - does the word behind an object mark it as in use?
 * @cache: a debug cache, whose word is behind the object
 * @obj: an object of it
 *
 * Context: any, under the lock of the debug cache.
 * Return: whether it does.
 */
bool mymm_debug_says_used(const struct mymm_cache *cache, void *obj)
{
	return mymm_word(cache, obj) == used_word(cache, obj);
}

/**
 * mymm_debug_mark() - write the patterns of an object
 * @cache: a debug cache
 * @obj: an object of it, not in use and on no list
 * @used: as an object in use, else as a free one
 * @bytes: requested bytes
 *
 * Context: any, under the lock of the debug cache.
 */
void mymm_debug_mark(const struct mymm_cache *cache, void *obj, bool used,
		     unsigned int bytes)
{
	u8 zone = used ? SLUB_RED_ACTIVE : SLUB_RED_INACTIVE;
	u64 *word = mymm_cache_word(cache, obj);

	guard(mymm_unwatched)();

	if (!used)
		bytes = cache->object_size;
	if (cache->debug->request)
		*request_of(cache, obj) = bytes;
	if (mymm_cache_poisons(cache)) {
		/* An object that was free has the pattern already. */
		if (!used)
			memset(obj, POISON_FREE, bytes - 1);
		((u8 *)obj)[bytes - 1] = POISON_END;
	}
	if (!used)
		mymm_poke(word,
			  mymm_cache_cookie(cache, obj) ^ MYMM_IN_MAGAZINE);
	else
		mymm_poke(word, mymm_cache_word_outside(cache) ?
					used_word(cache, obj) :
					0);
	if (cache->flags & SLAB_RED_ZONE) {
		memset(obj - cache->left, zone, cache->left);
		memset(obj + bytes, zone, cache->debug->right_end - bytes);
	}
}

/**
 * mymm_debug_shorten() - reduce the requested bytes of an object
 * @cache: a debug cache that stores them
 * @obj: an object of it in use
 * @bytes: the new number, not more than the old one
 *
 * Context: any, under the lock of the debug cache.
 */
void mymm_debug_shorten(const struct mymm_cache *cache, void *obj,
			unsigned int bytes)
{
	guard(mymm_unwatched)();

	*request_of(cache, obj) = bytes;
	if (cache->flags & SLAB_RED_ZONE)
		memset(obj + bytes, SLUB_RED_ACTIVE,
		       cache->object_size - bytes);
}

/**
 * mymm_debug_slab() - write the patterns of a new slab
 * @cache: a debug cache
 * @slab: all of its objects are free; the engine writes words, constructors and lists
 *
 * Context: any.
 */
void mymm_debug_slab(const struct mymm_cache *cache, struct mymm_slab_area slab)
{
	void *obj = slab.first;
	unsigned int i;

	if (cache->flags & SLAB_POISON)
		memset(slab.start, POISON_INUSE, slab.bytes);
	for (i = 0; i < slab.objects; i++, obj += cache->size) {
		mymm_debug_mark(cache, obj, false, 0);
		if (cache->debug->tracks)
			memset(mymm_object_tracks(cache, obj), 0,
			       MYMM_NR_TRACKS * sizeof(struct mymm_track));
	}
}

/* --- checking ------------------------------------------------------------------ */

/* Are all bytes of [@from, @to) @value? If not, record the first and the last that are not. */
static bool whole(u8 *obj, long from, long to, u8 value, enum mymm_part part,
		  struct mymm_damage *damage)
{
	u8 *bad = from < to ? memchr_inv(obj + from, value, to - from) : NULL;
	long last = min(to, from + FAR_END) - 1;

	if (likely(!bad))
		return true;
	damage->part = part;
	damage->at = bad - obj;
	damage->expected = value;
	damage->found = *bad;
	while (last > damage->at && obj[last] == value)
		last--;
	damage->nr = max(last, damage->at) - damage->at + 1;
	return false;
}

/* Copy the bytes around the first wrong one, as far as they are in the slot. */
static void show_bytes(const struct mymm_cache *cache, const u8 *obj, long from,
		       long to, struct mymm_damage *damage)
{
	damage->from = max(damage->at - MYMM_DAMAGE_BEFORE, from);
	damage->nr_bytes = min(to - damage->from, (long)MYMM_DAMAGE_BYTES);
	memcpy(damage->bytes, obj + damage->from, damage->nr_bytes);
}

static bool tracks_whole(const struct mymm_cache *cache, void *obj)
{
	const struct mymm_track *track;
	enum mymm_track_item item;

	if (!cache->debug->tracks)
		return true;
	track = mymm_object_tracks(cache, obj);
	for (item = 0; item < MYMM_NR_TRACKS; item++)
		if (!mymm_track_is_whole(&track[item]))
			return false;
	return true;
}

/* Copy the intact ones only: stack_depot_fetch() warns on an invalid handle. */
static void copy_tracks(const struct mymm_cache *cache, void *obj,
			struct mymm_damage *damage)
{
	enum mymm_track_item item;

	memset(damage->track, 0, sizeof(damage->track));
	if (!cache->debug->tracks)
		return;
	for (item = 0; item < MYMM_NR_TRACKS; item++) {
		damage->track[item] = mymm_object_tracks(cache, obj)[item];
		if (!mymm_track_is_whole(&damage->track[item]))
			damage->track[item] = (struct mymm_track){};
	}
}

/**
 * mymm_debug_describe() - fill a report on an object
 * @cache: a debug cache
 * @obj: an object of it
 * @part: the damaged part; %MYMM_INTACT: none
 * @used: whether it is in use
 * @damage: the report; its @at, @nr, @expected and @found are set, unless @part is
 *          %MYMM_INTACT, %MYMM_WORD or %MYMM_TRACKS
 *
 * Context: any, under the lock of the debug cache.
 */
void mymm_debug_describe(const struct mymm_cache *cache, void *obj,
			 enum mymm_part part, bool used,
			 struct mymm_damage *damage)
{
	guard(mymm_unwatched)();

	damage->part = part;
	damage->used = used;
	damage->pfn = mymm_pool_index(cache->pool, obj);
	damage->offset = offset_in_page(obj);
	damage->request = mymm_debug_request(cache, obj);
	copy_tracks(cache, obj, damage);
	if (part == MYMM_WORD)
		damage->at = cache->offset;
	if (part == MYMM_TRACKS)
		damage->at = cache->debug->tracks;
	damage->nr_bytes = 0;
	/* The word and the tracks contain addresses, which must not be shown. */
	if (part == MYMM_PADDING && damage->at >= cache->debug->padding)
		show_bytes(cache, obj, cache->debug->padding,
			   cache->size - cache->left, damage);
	else if (part != MYMM_INTACT && part != MYMM_WORD &&
		 part != MYMM_TRACKS)
		show_bytes(cache, obj, -(long)cache->left,
			   cache->debug->right_end, damage);
}

static bool zones_whole(const struct mymm_cache *cache, void *obj, bool used,
			struct mymm_damage *damage)
{
	u8 zone = used ? SLUB_RED_ACTIVE : SLUB_RED_INACTIVE;
	long end = cache->object_size, bytes = end;

	if (used)
		bytes = mymm_debug_request(cache, obj);
	return whole(obj, -(long)cache->left, 0, zone, MYMM_LEFT_ZONE,
		     damage) &&
	       whole(obj, bytes, end, zone, MYMM_REQUEST_ZONE, damage) &&
	       whole(obj, end, cache->debug->right_end, zone, MYMM_RIGHT_ZONE,
		     damage);
}

static bool patterns_whole(const struct mymm_cache *cache, void *obj, bool used,
			   struct mymm_damage *damage)
{
	long end = cache->object_size;

	if (!(cache->flags & SLAB_RED_ZONE) &&
	    !whole(obj, end, cache->debug->right_end, POISON_INUSE,
		   MYMM_PADDING, damage))
		return false;
	if (!used && mymm_cache_poisons(cache) &&
	    !(whole(obj, 0, end - 1, POISON_FREE, MYMM_FREE_OBJECT, damage) &&
	      whole(obj, end - 1, end, POISON_END, MYMM_FREE_OBJECT, damage)))
		return false;
	return whole(obj, cache->debug->padding, cache->size - cache->left,
		     POISON_INUSE, MYMM_PADDING, damage);
}

/**
 * mymm_debug_intact() - are all patterns of an object intact?
 * @cache: a debug cache
 * @obj: an object of it; the word of a free one is not checked
 * @used: whether it is in use
 * @damage: filled if they are not
 *
 * Context: any, under the lock of the debug cache.
 * Return: whether it is.
 */
bool mymm_debug_intact(const struct mymm_cache *cache, void *obj, bool used,
		       struct mymm_damage *damage)
{
	enum mymm_part part = MYMM_INTACT;

	guard(mymm_unwatched)();

	if (used && mymm_cache_word_outside(cache) &&
	    !mymm_debug_says_used(cache, obj))
		part = MYMM_WORD;
	else if (!tracks_whole(cache, obj))
		part = MYMM_TRACKS;
	/* Report red zones and patterns first: one overrun may reach word and tracks, too. */
	if (((cache->flags & SLAB_RED_ZONE) &&
	     !zones_whole(cache, obj, used, damage)) ||
	    ((cache->flags & SLAB_POISON) &&
	     !patterns_whole(cache, obj, used, damage)))
		part = damage->part;
	if (likely(part == MYMM_INTACT))
		return true;
	mymm_debug_describe(cache, obj, part, used, damage);
	return false;
}

/**
 * mymm_debug_tail_intact() - check the padding at the end of a slab, and repair it
 * @cache: a debug cache
 * @slab: the slab
 * @damage: filled if it was not intact
 *
 * Context: any, under the lock of the debug cache.
 * Return: whether it was.
 */
bool mymm_debug_tail_intact(const struct mymm_cache *cache,
			    const struct mymm_slab_area *slab,
			    struct mymm_damage *damage)
{
	long tail = slab->first - slab->start - cache->left +
		    (long)slab->objects * cache->size;

	guard(mymm_unwatched)();

	if (!(cache->flags & SLAB_POISON) ||
	    whole(slab->start, tail, slab->bytes, POISON_INUSE,
		  MYMM_SLAB_PADDING, damage))
		return true;
	damage->pfn = mymm_pool_index(cache->pool, slab->start);
	damage->offset = 0;
	damage->kept = true;
	show_bytes(cache, slab->start, tail, slab->bytes, damage);
	memset(slab->start + tail, POISON_INUSE, slab->bytes - tail);
	return false;
}
