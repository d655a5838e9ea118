// SPDX-License-Identifier: GPL-2.0
/*
 * kmalloc() of the slob engine, without size classes.
 *
 * An object takes the requested bytes, and a header before them with that number. The header
 * is as long as the smallest alignment that kmalloc() guarantees, 8 bytes, so that both are
 * aligned to it; an object whose size is a power of two is aligned to its size. The space left
 * before a header stays free for other objects:
 *
 *      kmalloc(5)       kmalloc(64)                  kmalloc(64) after another one
 *      +---+-----+--+   +---+---- ---------+  +-------- free ---------+---+---- -------+
 *      | 5 | ... |  |   |64 |    ...       |  | for smaller ones      |64 |    ...     |
 *      +---+-----+--+   +---+---- ---------+  +-----------------------+---+---- -------+
 *      0   8    14     56   64            128 128                    184 192          256
 *
 * The size takes 4 of the 8 bytes. The others are a mark, a hash of the object's address and
 * size under the pool's key. It is cleared when the object is freed. So kfree() recognizes an
 * object from kmalloc(), with an error of one in 2^32; Linux's could not.
 *
 * An object that does not fit on a page with its header has a block of pages: kmalloc.c.
 *
 * The objects are counted by the cache kmalloc-units, from which nothing can be allocated: its
 * objects are units of two bytes, so that its line in /proc/myslabinfo shows the bytes in use,
 * including headers.
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
 * mymm_slob_kmalloc_begin() - set the cache that counts the units of kmalloc()
 * @pool: new; its default engine is slob
 * @cache: a cache of it, with objects of %MYMM_SLOB_UNIT bytes
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

/* Clear the mark. The links of a free block take its first two units only. */
static mymm_unseen void forget_head(struct mymm_slob_head *head)
{
	WRITE_ONCE(head->mark, 0);
}

/**
 * mymm_slob_kmalloc() - allocate bytes with a header before them
 * @pool: its default engine is slob
 * @size: bytes; with the header less than a page
 * @gfp: as for mymm_kmalloc()
 * @owner: the calling code and its session
 *
 * A size that is a power of two is aligned to itself, another one to the header's size.
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

/* The header of an object from kmalloc(), or NULL if there is none; under the lock. */
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

/* The reason to refuse an address without a header: a double free, or no object. */
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

/* Trace the free before the memory can be allocated again. */
static void trace_free(struct mymm_pool *pool, const void *ptr)
{
	mymm_sanitize_gone(ptr);
	if (MYMM_KASAN)
		mymm_sanitize_freed((void *)ptr, mymm_slob_ksize(pool, ptr));
}

/**
 * mymm_slob_kfree() - free an object from kmalloc()
 * @pool: the pool
 * @ptr: an address of it, in a frame with %MYMM_SHARED
 * @owner: the calling code and its session
 *
 * Context: any but NMI.
 * Return: 0; -EINVAL: not from kmalloc(), or free already; -EIO: the pool is dead.
 */
int mymm_slob_kfree(struct mymm_pool *pool, const void *ptr,
		    struct mymm_owner owner)
{
	struct mymm_cache *cache = pool->slob->bytes;
	enum mymm_refusal why;

	/* Without that cache there are no headers. */
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
 * mymm_slob_ksize() - usable bytes of an object from kmalloc()
 * @pool: the pool
 * @ptr: an address of it, in a frame with %MYMM_SHARED
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
