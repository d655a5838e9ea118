/* SPDX-License-Identifier: GPL-2.0 */
/* What is in and around the objects of debug caches; poison.c has the theory. */
#ifndef _MYMM_POISON_H
#define _MYMM_POISON_H

#include <linux/bits.h>
#include <linux/spinlock.h>

#include "object/cache.h"
#include "object/track.h"

/**
 * struct mymm_debug - what a debug cache has beside the rest
 * @lock: protects the contents of free objects, and everything around objects; the locks of
 *        an engine are taken inside it, nothing else is
 * @right_end: where the right red zone, or what pads the object to a word, ends
 * @tracks: where the tracks are; 0: there are none
 * @request: where the size that kmalloc was asked for is; 0: nowhere
 * @padding: where the padding begins; it ends where the next slot does
 * @free: room for mymm_walk.free; @lock
 * @report_lost: see mymm_refuse_lost(); constant
 *
 * Places are counted from the object's address, and are constant.
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

/* How many bytes of a damaged object are shown, and what is shown of them before. */
#define MYMM_DAMAGE_BYTES 32
#define MYMM_DAMAGE_BEFORE 8

/**
 * enum mymm_part - what was written to, or that nothing was
 * @MYMM_INTACT: nothing
 * @MYMM_LEFT_ZONE: the red zone before the object
 * @MYMM_RIGHT_ZONE: the one behind it
 * @MYMM_REQUEST_ZONE: in the object, behind what kmalloc was asked for
 * @MYMM_FREE_OBJECT: the object, while it was free
 * @MYMM_WORD: our word
 * @MYMM_TRACKS: what is known of its users
 * @MYMM_PADDING: what pads the object, or the slot
 * @MYMM_SLAB_PADDING: what is left of the slab behind its last object
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
 * struct mymm_damage - what was found at an object, to be told when no lock is held
 * @part: what was written to
 * @used: was a user holding the object?
 * @kept: the object stays in use
 * @pfn: frame that the object begins in; of slab padding: first frame of the slab
 * @offset: where in it
 * @at: the first wrong byte, counted from the object's address, or the slab's
 * @nr: wrong bytes, from the first to the last
 * @expected: what that byte should have been
 * @found: what it is
 * @from: the first byte that is shown, counted as @at
 * @nr_bytes: how many are
 * @bytes: those
 * @request: bytes that the user asked for
 * @track: by enum mymm_track_item; all 0 without SLAB_STORE_USER, or if somebody wrote there
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

/* Is it known what kmalloc was asked for? */
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
