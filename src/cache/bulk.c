// SPDX-License-Identifier: GPL-2.0
/*
 * Several objects at once: the magazine's lock, and the engine's, is taken once a batch.
 *
 * Each object that is freed is checked as in mymm_free_fast(), but the geometry of a slab is
 * kept while the next object is in the same slab: its frame is read once a slab, not once an
 * object. The first object that fails a check ends the fast path; the rest is freed one by
 * one.
 */
#include <linux/mm.h>

#include "cache/nomem.h"
#include "object/cache.h"
#include "base/compat.h"
#include "cache/debug.h"
#include "cache/magazine.h"
#include "cache/magazine_fast.h"
#include "cache/double_free.h"
#include "object/transfer.h"

/**
 * struct slab_info - the slab of a batch's last object
 * @start: address of the slab
 * @bytes: its length
 * @term: constant part of mymm_cache_owns() for this slab: the rest is offset * inverse
 * @objects: its number of slots
 *
 * The slab stays while the batch, or the magazine that it has locked, holds an object of it.
 */
struct slab_info {
	unsigned long start;
	unsigned long bytes;
	u32 term;
	u32 objects;
};

/* Fill @view with the slab of an object; false if @obj is no object of this cache. */
static noinline bool get_slab_info(const struct mymm_cache *cache,
				   const void *obj, struct slab_info *view)
{
	const struct mymm_frame *frame;
	unsigned int order;
	u32 idx;

	if (!mymm_cache_owns(cache, obj))
		return false;
	idx = (obj - cache->base) >> PAGE_SHIFT;
	frame = &cache->frame[idx];
	order = mymm_tag_order(READ_ONCE(frame->tag));
	idx &= ~((1U << order) - 1);
	view->bytes = PAGE_SIZE << order;
	view->start =
		(unsigned long)cache->base + ((unsigned long)idx << PAGE_SHIFT);
	view->term = (idx << PAGE_SHIFT) * cache->inverse - frame->start;
	view->objects = frame->objects;
	return true;
}

/*
 * Copy objects into a magazine until one fails a check; returns how many. Objects of a batch
 * are often neighbours, so the slab is looked up only when it changes.
 */
static noinline size_t push_checked(struct mymm_cache *cache, size_t nr,
				    void **objs, void **to)
{
	const unsigned long offset = cache->offset;
	const u32 inverse = cache->inverse, shift = cache->shift;
	const u64 key = cache->key;
	struct slab_info view = {};
	size_t i;

	for (i = 0; i < nr; i++) {
		unsigned long obj = (unsigned long)objs[i], at;
		u64 cookie, *word;

		at = obj - view.start;
		if (unlikely(at >= view.bytes)) {
			if (!get_slab_info(cache, objs[i], &view))
				break;
			at = obj - view.start;
		}
		if (unlikely(ror32((u32)at * inverse + view.term, shift) >=
			     view.objects))
			break;
		/* As mymm_cache_looks_free() and mymm_mark_free() have it. */
		cookie = obj ^ key;
		word = (void *)obj + offset;
		if (unlikely((mymm_peek(word) ^ cookie) <= 0xffff))
			break;
		mymm_poke(word, cookie ^ MYMM_IN_MAGAZINE);
		mymm_sanitize_free(cache, (void *)obj);
		to[i] = (void *)obj;
	}
	return i;
}

/* Free the first objects, those that pass, into this CPU's magazine; returns how many. */
static size_t push_good(struct mymm_cache *cache, size_t nr, void **objs)
{
	struct mymm_magazine *mag;

	if (tracepoint_enabled(mymm_object_free))
		return 0;
	mag = mymm_magazine_get(cache);
	if (!mag)
		return 0;
	if (mag->count < cache->mag_limit)
		nr = push_checked(cache, min(nr, cache->mag_limit - mag->count),
				  objs, mag->objs + mag->count);
	else
		nr = 0;
	mag->count += nr;
	mymm_magazine_put(mag);
	return nr;
}

static void give_back(struct mymm_cache *cache, size_t nr, void **objs)
{
	size_t put = mymm_magazine_push(cache, nr, objs);

	if (put == nr)
		return;
	mymm_transfer_begin(cache);
	mymm_engine_put(cache, nr - put, objs + put);
	mymm_transfer_end(cache);
	mymm_count_free_misses(cache, nr - put);
}

/* Give a batch back and end its transfer. */
static void give_back_transfer(struct mymm_cache *cache, size_t nr, void **objs)
{
	give_back(cache, nr, objs);
	mymm_transfer_end(cache);
}

/* Debug caches, and those without memory, allocate and free one by one. */
static noinline int slow_alloc(struct mymm_cache *cache, gfp_t gfp, size_t nr,
			       void **objs, struct mymm_owner owner)
{
	if (cache->debug)
		return mymm_debug_alloc_bulk(cache, gfp, nr, objs, owner);
	return mymm_nomem_alloc_bulk(cache, gfp, nr, objs, owner);
}

static noinline int slow_free(struct mymm_cache *cache, size_t nr, void **objs,
			      struct mymm_owner owner)
{
	if (cache->debug)
		return mymm_debug_free_bulk(cache, nr, objs, owner);
	return mymm_nomem_free_bulk(cache, nr, objs, owner);
}

/**
 * mymm_cache_alloc_bulk() - allocate several objects, or none
 * @cache: of which cache
 * @gfp: as for mymm_cache_alloc()
 * @nr: how many
 * @objs: where to put them
 *
 * Context: any; in NMI it refuses.
 * Return: @nr; 0 if there are not that many, and then none is taken.
 */
int mymm_cache_alloc_bulk(struct mymm_cache *cache, gfp_t gfp, size_t nr,
			  void **objs)
{
	size_t got, popped, i;

	if (unlikely(mymm_refuse_now(cache)))
		return 0;
	if (unlikely(cache->careful))
		return slow_alloc(cache, gfp, nr, objs, MYMM_CALLER);
	popped = mymm_magazine_pop(cache, nr, objs);
	got = popped;
	if (got < nr) {
		mymm_transfer_begin(cache);
		while (got < nr) {
			size_t some = min_t(size_t, nr - got, 256);
			unsigned int more;

			more = mymm_engine_get(cache, gfp, some, objs + got);
			if (!more)
				break;
			mymm_count_alloc_misses(cache, more);
			got += more;
		}
		mymm_transfer_end(cache);
	}
	if (unlikely(got < nr)) {
		for (i = 0; i < popped; i++)
			mymm_mark_free(cache, objs[i]);
		give_back(cache, got, objs);
		return 0;
	}
	for (i = popped; i < nr && !cache->tracks_free; i++)
		mymm_set_word(cache, objs[i], 0);
	if (MYMM_SANITIZED || mymm_cache_clears(cache, gfp) ||
	    tracepoint_enabled(mymm_object_alloc))
		for (i = 0; i < nr; i++)
			mymm_alloc_finish(cache, objs[i], gfp, MYMM_CALLER);
	return nr;
}
EXPORT_SYMBOL_GPL(mymm_cache_alloc_bulk);

/* Free the objects that the fast path left, with all checks and trace events. */
static noinline int free_one_by_one(struct mymm_cache *cache, size_t nr,
				    void **objs, unsigned long caller)
{
	const struct mymm_owner owner = { .caller = caller };
	void *good[MYMM_BATCH_OBJECTS];
	unsigned int n = 0;
	int err = 0;
	size_t i;

	for (i = 0; i < nr; i++) {
		int bad;

		if (cache->tracks_free) {
			bad = mymm_free_tracked(cache, objs[i], owner);
			err = bad ?: err;
			continue;
		}
		/* The search for it must find the earlier objects of this batch. */
		if (n && mymm_cache_owns(cache, objs[i]) &&
		    mymm_cache_looks_free(cache, objs[i])) {
			give_back_transfer(cache, n, good);
			n = 0;
		}
		bad = mymm_object_admit(cache, objs[i]);
		if (unlikely(bad)) {
			err = bad;
			continue;
		}
		mymm_event_object_free(cache->pool, cache->name, objs[i],
				       owner);
		if (!n)
			mymm_transfer_begin(cache);
		mymm_mark_free(cache, objs[i]);
		mymm_sanitize_free(cache, objs[i]);
		good[n++] = objs[i];
		if (n == ARRAY_SIZE(good)) {
			give_back_transfer(cache, n, good);
			n = 0;
		}
	}
	if (n)
		give_back_transfer(cache, n, good);
	return err;
}

/**
 * mymm_cache_free_bulk() - give several objects back
 * @cache: the cache that they are from
 * @nr: how many
 * @objs: the objects
 *
 * Those that mymm_cache_free() would refuse are refused; the others are freed.
 *
 * Context: any; in NMI it refuses.
 * Return: 0, or the last refusal.
 */
int mymm_cache_free_bulk(struct mymm_cache *cache, size_t nr, void **objs)
{
	size_t put;

	if (unlikely(mymm_refuse_now(cache)))
		return in_nmi() ? -EPERM : -EIO;
	if (unlikely(cache->careful))
		return slow_free(cache, nr, objs, MYMM_CALLER);
	put = push_good(cache, nr, objs);
	if (likely(put == nr))
		return 0;
	return free_one_by_one(cache, nr - put, objs + put, _RET_IP_);
}
EXPORT_SYMBOL_GPL(mymm_cache_free_bulk);
