// SPDX-License-Identifier: GPL-2.0
/*
 * Bytes from the slob engine: kmalloc() without size classes.
 *
 * An object takes what was asked for, and a header before it that says how much that is. The
 * header is as long as the smallest alignment that kmalloc() promises, 8 bytes, so that
 * what is behind it is aligned if it is; and what has a power of two as its size is aligned
 * to that. The space that is left before a header stays free, for others:
 *
 *      kmalloc(5)       kmalloc(64)                  kmalloc(64) after another one
 *      +---+-----+--+   +---+---- ---------+  +-------- free ---------+---+---- -------+
 *      | 5 | ... |  |   |64 |    ...       |  | for smaller ones      |64 |    ...     |
 *      +---+-----+--+   +---+---- ---------+  +-----------------------+---+---- -------+
 *      0   8    14     56   64            128 128                    184 192          256
 *
 * Of the 8 bytes the size needs 4. The others are a mark, which only an object from kmalloc()
 * at this address and of this size has, under the pool's key; but for one time in
 * 2^32. It goes when the object is freed. So kfree() knows what it may free, which
 * Linux's did not.
 *
 * What does not fit on a page with its header has a block of pages of its own: kmalloc.c.
 *
 * The objects are counted by a cache that nobody can allocate from, kmalloc-units: its
 * objects are units of two bytes, so that its line in /proc/myslabinfo tells the bytes that
 * are held with all headers.
 *
 * Headers and alignment: mm/slob.c of 6.1.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "object/transfer.h"
#include "engine/slob/slob.h"

static_assert(sizeof(struct mymm_slob_head) <= ARCH_KMALLOC_MINALIGN,
	      "a header has room for size and mark");

/* --- kmalloc ------------------------------------------------------------------------ */

/**
 * mymm_slob_kmalloc_begin() - have a cache count what kmalloc() gives
 * @pool: new; its default engine is slob
 * @cache: of it; its objects have %MYMM_SLOB_UNIT bytes
 *
 * Context: process.
 */
void mymm_slob_kmalloc_begin(struct mymm_pool *pool, struct mymm_cache *cache)
{
	cache->num = MYMM_SLOB_UNITS;
	pool->slob->bytes = cache;
}

static mymm_unseen void write_head(struct mymm_pool *pool,
				   struct mymm_slob_head *head, u32 size)
{
	WRITE_ONCE(head->size, size);
	WRITE_ONCE(head->mark, mymm_slob_mark(pool, head, size));
}

static mymm_unseen u32 size_in(const struct mymm_slob_head *head)
{
	return mymm_load(head->size);
}

/* The list of free blocks needs no more than two units of it. */
static mymm_unseen void forget_head(struct mymm_slob_head *head)
{
	WRITE_ONCE(head->mark, 0);
}

/**
 * mymm_slob_kmalloc() - bytes with their size before them
 * @pool: its default engine is slob
 * @size: how many; less than a page and a header
 * @gfp: as for mymm_kmalloc()
 * @owner: on whose behalf
 *
 * What has a power of two as its size is aligned to that, other things to the header.
 *
 * Context: any; in NMI it refuses.
 * Return: their address, or NULL.
 */
void *mymm_slob_kmalloc(struct mymm_pool *pool, size_t size, gfp_t gfp,
			struct mymm_owner owner)
{
	unsigned int align =
		max_t(size_t, MYMM_SLOB_HEADER, is_power_of_2(size) ? size : 0);
	const struct mymm_slob_want want = {
		.units = mymm_slob_units(size + MYMM_SLOB_HEADER),
		.align = mymm_slob_units(align),
		.offset = mymm_slob_units(MYMM_SLOB_HEADER),
		.best = pool->slob->best,
	};
	struct mymm_cache *cache = pool->slob->bytes;
	gfp_t page_gfp = (gfp & MYMM_SLAB_GFP) | (gfp & __GFP_DMA);
	void *obj;

	if (mymm_refuse_now(cache))
		return NULL;
	this_cpu_inc(cache->mag->alloc_misses);
	mymm_transfer_begin(cache);
	if (!mymm_slob_get(cache, page_gfp, &want, want.units, 1, &obj))
		obj = NULL;
	mymm_transfer_end(cache);
	if (!obj) {
		atomic_long_inc(&cache->stats.failed);
		return NULL;
	}
	mymm_count_out(cache, want.units);
	write_head(pool, obj, size);
	obj += MYMM_SLOB_HEADER;
	mymm_sanitize_open(obj, size);
	mymm_sanitize_born(obj, size, gfp);
	if (want_init_on_alloc(gfp))
		memset(obj, 0, size);
	mymm_event_object_alloc(pool, cache->name, obj, gfp, owner);
	return obj;
}

/* The header of what kmalloc() gave, or NULL if there is none; under the lock. */
static mymm_unseen struct mymm_slob_head *head_of(struct mymm_pool *pool,
						  const void *ptr)
{
	struct mymm_slob_head *head = (void *)ptr - MYMM_SLOB_HEADER;
	u32 size;

	if (pool->frame[mymm_pool_index(pool, ptr)].cache != MYMM_SHARED ||
	    offset_in_page(ptr) & (MYMM_SLOB_HEADER - 1) ||
	    offset_in_page(ptr) < MYMM_SLOB_HEADER)
		return NULL;
	size = READ_ONCE(head->size);
	if (READ_ONCE(head->mark) != mymm_slob_mark(pool, head, size) ||
	    !size || offset_in_page(ptr) + size > PAGE_SIZE)
		return NULL;
	return head;
}

/* There is no header. Was there one? */
static enum mymm_refusal check_free_headless(struct mymm_pool *pool,
					     const void *ptr)
{
	u32 idx = mymm_pool_index(pool, ptr);
	struct mymm_slob_place place;

	if (pool->frame[idx].cache != MYMM_SHARED)
		return MYMM_REFUSED_WRONG_KIND;
	if (mymm_slob_locate(mymm_pool_address(pool, idx),
			     pool->frame[idx].free,
			     offset_in_page(ptr) / MYMM_SLOB_UNIT, 1,
			     &place) == -EALREADY)
		return MYMM_REFUSED_DOUBLE_FREE;
	return MYMM_REFUSED_NOT_START;
}

static enum mymm_refusal check_free_bytes(struct mymm_pool *pool,
					  const void *ptr, bool now)
{
	struct mymm_slob_chores chores = MYMM_NO_CHORES;
	struct mymm_slob_head *head;
	enum mymm_refusal why;
	unsigned long flags;

	raw_spin_lock_irqsave(&pool->slob->lock, flags);
	head = head_of(pool, ptr);
	if (likely(head)) {
		unsigned int units =
			mymm_slob_units(size_in(head) + MYMM_SLOB_HEADER);

		why = mymm_slob_put(pool, mymm_pool_index(pool, ptr),
				    offset_in_page(head) / MYMM_SLOB_UNIT,
				    units, now, &chores);
		if (why == MYMM_ADMITTED && now) {
			forget_head(head);
			pool->slob->bytes->nr_inuse -= units;
			mymm_count_in(pool->slob->bytes, units);
		}
	} else {
		why = check_free_headless(pool, ptr);
	}
	raw_spin_unlock_irqrestore(&pool->slob->lock, flags);

	mymm_slob_do_chores(pool, &chores);
	return why;
}

static int refuse_bytes(struct mymm_pool *pool, const void *ptr,
			enum mymm_refusal why)
{
	const char *what = "no object from kmalloc begins";

	if (why == MYMM_REFUSED_DOUBLE_FREE)
		what = "all is free already";
	mymm_refuse(pool, why, "kfree of frame %u+%lu, where %s",
		    mymm_pool_index(pool, ptr), offset_in_page(ptr), what);
	return -EINVAL;
}

/* Before anybody else can have it. */
static void trace_free(struct mymm_pool *pool, const void *ptr)
{
	mymm_sanitize_gone(ptr);
	if (MYMM_KASAN)
		mymm_sanitize_freed((void *)ptr, mymm_slob_ksize(pool, ptr));
}

/**
 * mymm_slob_kfree() - give bytes back
 * @pool: its frame says %MYMM_SHARED
 * @ptr: is in it
 * @owner: on whose behalf
 *
 * Context: any but NMI.
 * Return: 0; -EINVAL: not from kmalloc(), or free already; -EIO: the pool is dead.
 */
int mymm_slob_kfree(struct mymm_pool *pool, const void *ptr,
		    struct mymm_owner owner)
{
	struct mymm_cache *cache = pool->slob->bytes;
	enum mymm_refusal why;

	/* Without that cache there are no headers either. */
	if (!cache)
		return refuse_bytes(pool, ptr, MYMM_REFUSED_NOT_START);
	if (mymm_refuse_now(cache))
		return -EIO;
	if (MYMM_SANITIZED || tracepoint_enabled(mymm_object_free)) {
		why = check_free_bytes(pool, ptr, false);
		if (why != MYMM_ADMITTED)
			return refuse_bytes(pool, ptr, why);
		mymm_event_object_free(pool, cache->name, ptr, owner);
		trace_free(pool, ptr);
	}
	this_cpu_inc(cache->mag->free_misses);
	mymm_transfer_begin(cache);
	why = check_free_bytes(pool, ptr, true);
	mymm_transfer_end(cache);
	return why == MYMM_ADMITTED ? 0 : refuse_bytes(pool, ptr, why);
}

/**
 * mymm_slob_ksize() - how many bytes of the user's an object from kmalloc() has
 * @pool: its frame says %MYMM_SHARED
 * @ptr: is in it
 *
 * Context: any but NMI.
 * Return: bytes, rounded up to units; 0 if it is none.
 */
size_t mymm_slob_ksize(struct mymm_pool *pool, const void *ptr)
{
	struct mymm_slob_head *head;

	guard(raw_spinlock_irqsave)(&pool->slob->lock);
	head = head_of(pool, ptr);
	return head ? ALIGN(size_in(head), MYMM_SLOB_UNIT) : 0;
}
