/* SPDX-License-Identifier: GPL-2.0 */
/* Patterns in and around the objects of debug caches; poison.c has the theory. */
#ifndef _MYMM_POISON_H
#define _MYMM_POISON_H

#include <linux/bits.h>
#include <linux/spinlock.h>

#include "object/cache.h"
#include "object/track.h"

/**
 * struct mymm_debug - the additional part of a debug cache
 * @lock: protects the contents of free objects, and everything around objects; the locks of
 *        an engine are taken inside it, nothing else is
 * @right_end: end of the right red zone, or of the object rounded up to a word
 * @tracks: place of the tracks; 0: there are none
 * @request: place of the size that kmalloc was asked for; 0: it is not stored
 * @padding: place of the padding, which extends to the next slot
 * @free: room for mymm_walk.free; @lock
 * @report_lost: see mymm_refuse_lost(); constant
 *
 * Places are offsets from the object's address in bytes, and constant.
 */
struct mymm_debug {
	raw_spinlock_t lock; /* see above */
	unsigned int right_end;
	unsigned int tracks;
	unsigned int request;
	unsigned int padding;
	unsigned long *free;
	void (*report_lost)(struct mymm_cache *cache, unsigned int lost);
};

/* Bytes of a damaged object that are shown, and those of them before the first wrong one. */
#define MYMM_DAMAGE_BYTES 32
#define MYMM_DAMAGE_BEFORE 8

/**
 * enum mymm_part - the damaged part of an object or slab
 * @MYMM_INTACT: none
 * @MYMM_LEFT_ZONE: the red zone before the object
 * @MYMM_RIGHT_ZONE: the one behind it
 * @MYMM_REQUEST_ZONE: the one in the object, behind the bytes that kmalloc was asked for
 * @MYMM_FREE_OBJECT: the object, while it was free
 * @MYMM_WORD: the cookie's word
 * @MYMM_TRACKS: the tracks
 * @MYMM_PADDING: padding of the object, or of the slot
 * @MYMM_SLAB_PADDING: the padding behind the last object of the slab
 */
enum mymm_part {
	MYMM_INTACT,
	MYMM_LEFT_ZONE,
	MYMM_RIGHT_ZONE,
	MYMM_REQUEST_ZONE,
	MYMM_FREE_OBJECT,
	MYMM_WORD,
	MYMM_TRACKS,
	MYMM_PADDING,
	MYMM_SLAB_PADDING,
};

/**
 * struct mymm_damage - a finding, recorded under the lock and reported after it
 * @part: the damaged part
 * @used: the object was in use
 * @kept: the object stays in use
 * @pfn: frame that the object begins in; of slab padding: first frame of the slab
 * @offset: in that frame, in bytes
 * @at: the first wrong byte, counted from the object's address, or the slab's
 * @nr: wrong bytes, from the first to the last
 * @expected: the value that byte should have
 * @found: the value it has
 * @from: the first byte that is shown, counted as @at
 * @nr_bytes: how many are shown
 * @bytes: their values
 * @request: requested bytes of the object
 * @track: by enum mymm_track_item; all 0 without SLAB_STORE_USER, or if overwritten
 */
struct mymm_damage {
	enum mymm_part part;
	bool used;
	bool kept;
	u32 pfn;
	unsigned int offset;
	long at;
	unsigned int nr;
	u8 expected;
	u8 found;
	long from;
	unsigned int nr_bytes;
	u8 bytes[MYMM_DAMAGE_BYTES];
	unsigned int request;
	struct mymm_track track[MYMM_NR_TRACKS];
};

/* Does the cache store the size that kmalloc was asked for? */
static inline bool mymm_cache_keeps_request(const struct mymm_cache *cache)
{
	return (cache->flags & SLAB_KMALLOC) &&
	       (cache->flags & SLAB_STORE_USER);
}

/* Are there patterns in free objects? */
static inline bool mymm_cache_poisons(const struct mymm_cache *cache)
{
	return (cache->flags & SLAB_POISON) &&
	       !(cache->flags & SLAB_TYPESAFE_BY_RCU) && !cache->ctor;
}

static inline struct mymm_track *
mymm_object_tracks(const struct mymm_cache *cache, void *obj)
{
	return obj + cache->debug->tracks;
}

void mymm_debug_slab(const struct mymm_cache *cache,
		     struct mymm_slab_area slab);
void mymm_debug_mark(const struct mymm_cache *cache, void *obj, bool used,
		     unsigned int bytes);
bool mymm_debug_intact(const struct mymm_cache *cache, void *obj, bool used,
		       struct mymm_damage *damage);
bool mymm_debug_tail_intact(const struct mymm_cache *cache,
			    const struct mymm_slab_area *slab,
			    struct mymm_damage *damage);
void mymm_debug_describe(const struct mymm_cache *cache, void *obj,
			 enum mymm_part part, bool used,
			 struct mymm_damage *damage);
unsigned int mymm_debug_request(const struct mymm_cache *cache,
				const void *obj);
void mymm_debug_shorten(const struct mymm_cache *cache, void *obj,
			unsigned int bytes);
bool mymm_debug_says_used(const struct mymm_cache *cache, void *obj);

#endif /* _MYMM_POISON_H */
