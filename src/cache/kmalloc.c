// SPDX-License-Identifier: GPL-2.0
/*
 * kmalloc: size classes, each a cache, and page blocks for larger sizes.
 *
 * The classes are the kernel's: powers of two from 8 to 8192 bytes, and 96 and 192
 * where a power of two would waste a third. Each exists three times: kmalloc-*, for
 * most requests; dma-kmalloc-*, whose slabs are from zone DMA; kmalloc-rcl-*, whose slabs
 * count as reclaimable. A class whose size is a power of two aligns its objects to
 * it, up to a page (the vmalloc area aligns a pool to no more); 96 and 192 align theirs to
 * the largest power of two that divides them. (6.1 does not request that alignment; there it
 * follows from the size, unless the cache is a debug cache.)
 *
 *   number of the class    0   1   2   3   4   5   6   7    8    9 ...   13
 *   bytes                  -  96 192   8  16  32  64 128  256  512 ... 8192
 *
 * A larger size takes a block of pages of its own, up to the largest order. The tag of its
 * head frame is MYMM_FRAME_LARGE, by which mymm_kfree() recognizes it.
 *
 * No size is stored with an object: its frame has its cache, and that its size. Numbers and
 * names: mm/slab_common.c of 6.1.
 */
#include <linux/bitops.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "cache/debug.h"
#include "cache/magazine_fast.h"
#include "cache/kmalloc.h"
#include "page/page_alloc.h"
#include "engine/slob/slob.h"
#include "page/page_free.h"
#include "page/registry.h"
#include "cache/cache.h"
#include "cache/magazine.h"
#include "cache/double_free.h"

/*
 * The pool of this CPU's last kfree(), which the next one tries first. Before the first one,
 * and after that pool was destroyed, it is an empty pool.
 */
static struct mymm_pool no_pool;
static DEFINE_PER_CPU(struct mymm_pool *, last_pool);

static const struct {
	const char *name;
	unsigned int size;
} classes[MYMM_KMALLOC_CLASSES] = {
	[1] = { "96", 96 },    [2] = { "192", 192 },  [3] = { "8", 8 },
	[4] = { "16", 16 },    [5] = { "32", 32 },    [6] = { "64", 64 },
	[7] = { "128", 128 },  [8] = { "256", 256 },  [9] = { "512", 512 },
	[10] = { "1k", 1024 }, [11] = { "2k", 2048 }, [12] = { "4k", 4096 },
	[13] = { "8k", 8192 },
};

static const struct {
	const char *prefix;
	slab_flags_t flags;
} types[MYMM_NR_KMALLOC_TYPES] = {
	[MYMM_KMALLOC_NORMAL] = { "kmalloc", 0 },
	[MYMM_KMALLOC_DMA] = { "dma-kmalloc", SLAB_CACHE_DMA },
	[MYMM_KMALLOC_RECLAIM] = { "kmalloc-rcl", SLAB_RECLAIM_ACCOUNT },
};

/*
 * The class of each size, in steps of 8 bytes: of 1 to 8, 9 to 16, ... 8185 to 8192. One
 * lookup takes fewer instructions than find_class().
 */
static u8 class_by_size[MYMM_KMALLOC_MAX / 8] __read_mostly;

static unsigned int find_class(size_t size)
{
	if (size > 192)
		return fls(size - 1);
	if (size > 128)
		return 2;
	if (size > 64 && size <= 96)
		return 1;
	return max(fls(size - 1), 3);
}

/* The class for 1 to 8192 bytes. */
static inline unsigned int class_of(size_t size)
{
	return class_by_size[(size - 1) / 8];
}

static inline enum mymm_kmalloc_type type_of(gfp_t gfp)
{
	if (likely(!(gfp & (__GFP_DMA | __GFP_RECLAIMABLE))))
		return MYMM_KMALLOC_NORMAL;
	return gfp & __GFP_DMA ? MYMM_KMALLOC_DMA : MYMM_KMALLOC_RECLAIM;
}

/**
 * mymm_kmalloc_begin() - fill the tables of kmalloc
 *
 * Context: process; before the first pool. (A module's per-CPU variables can't begin with
 * an address: the loader does not relocate them.)
 */
void mymm_kmalloc_begin(void)
{
	unsigned int i;
	int cpu;

	for (i = 0; i < ARRAY_SIZE(class_by_size); i++)
		class_by_size[i] = find_class(8 * i + 8);
	for_each_possible_cpu(cpu)
		per_cpu(last_pool, cpu) = &no_pool;
}

/**
 * mymm_kmalloc_forget() - remove a pool from each CPU's last_pool
 * @pool: already removed from the registry
 *
 * A kfree() that had found the pool in the registry before may set last_pool once more during
 * the first grace period; so this is done twice.
 *
 * Context: process; sleeps until no RCU reader uses the pool.
 */
void mymm_kmalloc_forget(struct mymm_pool *pool)
{
	int cpu, twice;

	for (twice = 0; twice < 2; twice++) {
		for_each_possible_cpu(cpu)
			cmpxchg(per_cpu_ptr(&last_pool, cpu), pool, &no_pool);
		synchronize_rcu();
	}
}

static unsigned int alignment(unsigned int size)
{
	if (!MYMM_KMALLOC_ALIGNS_ALL && !is_power_of_2(size))
		return 0;
	return min_t(unsigned int, PAGE_SIZE, 1U << __ffs(size));
}

/* The slob engine has a kmalloc of its own; one cache counts its units. */
static int init_slob(struct mymm_pool *pool, struct mymm_owner owner)
{
	const struct mymm_cache_config config = {
		.name = "kmalloc-units",
		.size = MYMM_SLOB_UNIT,
	};
	struct mymm_cache *cache = __mymm_cache_create(pool, &config, owner);

	if (IS_ERR(cache))
		return PTR_ERR(cache);
	mymm_slob_kmalloc_begin(pool, cache);
	return 0;
}

/**
 * mymm_kmalloc_init() - make the size classes of a pool
 * @pool: new, with zones
 *
 * A pool without memory gets none; one whose default engine is slob gets the cache of
 * init_slob().
 *
 * Context: process; sleeps.
 * Return: 0, or an error of mymm_cache_create(). Caches made so far end with the pool.
 */
int mymm_kmalloc_init(struct mymm_pool *pool)
{
	const struct mymm_owner owner = { .caller = _RET_IP_ };
	char name[MYMM_NAME_MAX];
	unsigned int type, i;
	bool debug = false;

	if (!mymm_pool_has_memory(pool))
		return 0;
	if (pool->engine == &mymm_slob_ops)
		return init_slob(pool, owner);
	for (type = 0; type < MYMM_NR_KMALLOC_TYPES; type++) {
		for (i = 1; i < MYMM_KMALLOC_CLASSES; i++) {
			unsigned int size = classes[i].size;
			struct mymm_cache_config config = {
				.name = name,
				.size = size,
				.usersize = size,
				.align = alignment(size),
				.flags = types[type].flags | SLAB_KMALLOC,
			};
			struct mymm_cache *cache;

			snprintf(name, sizeof(name), "%s-%s",
				 types[type].prefix, classes[i].name);
			cache = __mymm_cache_create(pool, &config, owner);
			if (IS_ERR(cache))
				return PTR_ERR(cache);
			pool->kmalloc[type][i] = cache;
			debug |= !!cache->debug;
		}
	}
	pool->kmalloc_max = MYMM_KMALLOC_MAX;
	pool->kmalloc_fast = debug ? 0 : MYMM_KMALLOC_MAX;
	return 0;
}

static noinline void *alloc_large(struct mymm_pool *pool, size_t size,
				  gfp_t gfp, struct mymm_owner owner)
{
	struct mymm_frame *frame;
	void *addr;

	if (size > PAGE_SIZE << MYMM_MAX_ORDER) {
		mymm_refuse(pool, MYMM_REFUSED_SIZE,
			    "kmalloc of %zu bytes: at most %lu", size,
			    PAGE_SIZE << MYMM_MAX_ORDER);
		return NULL;
	}
	frame = __mymm_alloc_pages(pool, gfp | __GFP_COMP, get_order(size),
				   owner);
	if (!frame)
		return NULL;
	WRITE_ONCE(frame->tag,
		   (frame->tag & ~MYMM_TAG_STATE) | MYMM_FRAME_LARGE);
	addr = mymm_frame_address(pool, frame);
	mymm_sanitize_shut(addr, size, PAGE_SIZE << get_order(size));
	mymm_sanitize_born(addr, size, gfp);
	return addr;
}

/* Is it on a page of the slob engine? */
static bool is_shared(struct mymm_pool *pool, const void *ptr)
{
	return READ_ONCE(pool->frame[mymm_pool_index(pool, ptr)].cache) ==
	       MYMM_SHARED;
}

static bool in_free_block(const struct mymm_pool *pool, u32 idx)
{
	u32 head = mymm_frame_find_head(pool->frame, idx);

	return head != MYMM_NO_FRAME &&
	       mymm_tag_state(READ_ONCE(pool->frame[head].tag)) ==
		       MYMM_FRAME_FREE;
}

static int free_large(struct mymm_pool *pool, const void *ptr,
		      struct mymm_owner owner)
{
	u32 idx = mymm_pool_index(pool, ptr);
	struct mymm_frame *frame = &pool->frame[idx];
	u32 tag = READ_ONCE(frame->tag);
	u32 pages = (tag & ~MYMM_TAG_STATE) | MYMM_FRAME_PAGES;

	if (mymm_pool_dead(pool)) {
		mymm_refuse(pool, MYMM_REFUSED_DEAD, "the pool is dead");
		return -EIO;
	}
	if (mymm_tag_state(tag) != MYMM_FRAME_LARGE || offset_in_page(ptr)) {
		mymm_refuse(pool,
			    in_free_block(pool, idx) ?
				    MYMM_REFUSED_DOUBLE_FREE :
				    MYMM_REFUSED_WRONG_KIND,
			    "kfree of frame %u+%lu: the frame is %s", idx,
			    offset_in_page(ptr),
			    mymm_frame_state_name(mymm_tag_state(tag)));
		return -EINVAL;
	}
	/* Of two concurrent frees, one succeeds to turn it into pages. */
	if (cmpxchg(&frame->tag, tag, pages) != tag) {
		mymm_refuse(pool, MYMM_REFUSED_DOUBLE_FREE,
			    "double kfree of frame %u", idx);
		return -EINVAL;
	}
	mymm_sanitize_gone(ptr);
	return __mymm_free_pages(pool, frame, mymm_tag_order(tag), owner);
}

static void *kmalloc_debug(struct mymm_cache *cache, size_t size, gfp_t gfp,
			   struct mymm_owner owner)
{
	return mymm_refuse_now(cache) ?
		       NULL :
		       mymm_debug_alloc(cache, gfp, size, owner);
}

/* Poison the bytes of an object past the requested size. */
static __always_inline void *only(const struct mymm_cache *cache, void *obj,
				  size_t size)
{
	if (MYMM_KASAN && obj)
		mymm_sanitize_shut(obj, size, cache->object_size);
	return obj;
}

void *__mymm_kmalloc(struct mymm_pool *pool, size_t size, gfp_t gfp,
		     struct mymm_owner owner)
{
	struct mymm_cache *cache;

	if (unlikely(!size))
		return ZERO_SIZE_PTR;
	if (unlikely(!mymm_pool_has_memory(pool))) {
		mymm_refuse(pool, MYMM_REFUSED_GFP,
			    "kmalloc from a pool without memory");
		return NULL;
	}
	if (mymm_pool_has_slob_kmalloc(pool) &&
	    size < PAGE_SIZE - MYMM_SLOB_HEADER)
		return mymm_slob_kmalloc(pool, size, gfp, owner);
	if (unlikely(size > pool->kmalloc_max))
		return alloc_large(pool, size, gfp, owner);
	cache = pool->kmalloc[type_of(gfp)][class_of(size)];
	if (unlikely(cache->debug))
		return kmalloc_debug(cache, size, gfp, owner);
	return only(cache, __mymm_cache_alloc(cache, gfp, owner), size);
}

/**
 * mymm_kmalloc_cache() - the size class of a kmalloc
 * @pool: the pool
 * @size: bytes, not 0
 * @gfp: the request's flags
 *
 * Context: any.
 * Return: the cache; NULL if the request takes a block of pages, or slob's lists.
 */
struct mymm_cache *mymm_kmalloc_cache(struct mymm_pool *pool, size_t size,
				      gfp_t gfp)
{
	return size > pool->kmalloc_max ?
		       NULL :
		       pool->kmalloc[type_of(gfp)][class_of(size)];
}

/* Reached by a tail call, so MYMM_CALLER is the caller of mymm_kmalloc(): see event.h. */
static noinline void *slow_kmalloc(struct mymm_pool *pool, size_t size,
				   gfp_t gfp)
{
	return __mymm_kmalloc(pool, size, gfp, MYMM_CALLER);
}

/**
 * mymm_kmalloc() - allocate bytes
 * @pool: the pool
 * @size: bytes, up to 4 MiB; for 0 the result is ZERO_SIZE_PTR
 * @gfp: as for kmalloc(): %__GFP_DMA and %__GFP_RECLAIMABLE choose the kind of class,
 *       %__GFP_ZERO zeroes
 *
 * Context: any; in NMI it refuses.
 * Return: their address, or NULL.
 */
void *mymm_kmalloc(struct mymm_pool *pool, size_t size, gfp_t gfp)
{
	struct mymm_cache *cache;

	/* 0 wraps to the largest. */
	if (unlikely(size - 1 >= pool->kmalloc_fast ||
		     gfp & (__GFP_DMA | __GFP_RECLAIMABLE)))
		return slow_kmalloc(pool, size, gfp);
	cache = pool->kmalloc[MYMM_KMALLOC_NORMAL][class_of(size)];
	return only(cache, mymm_alloc_fast(cache, gfp, NULL), size);
}
EXPORT_SYMBOL_GPL(mymm_kmalloc);

/* Under rcu_read_lock(), since a stale address may lead to a cache that is being destroyed. */
static __always_inline int free_bytes(struct mymm_pool *pool, const void *ptr,
				      struct mymm_owner owner)
{
	struct mymm_cache *cache;

	if (unlikely(in_nmi())) {
		mymm_refuse(pool, MYMM_REFUSED_NMI, "kfree in NMI");
		return -EPERM;
	}
	cache = mymm_cache_of(pool, ptr);
	if (likely(cache))
		return __mymm_cache_free(cache, (void *)ptr, owner);
	if (is_shared(pool, ptr))
		return mymm_slob_kfree(pool, ptr, owner);
	return free_large(pool, ptr, owner);
}

int __mymm_kfree(struct mymm_pool *pool, const void *ptr,
		 struct mymm_owner owner)
{
	guard(rcu)();
	return free_bytes(pool, ptr, owner);
}

/* Free any address with all checks. Reached by a tail call, as slow_kmalloc(). */
static noinline int slow_kfree(const void *ptr)
{
	struct mymm_pool *pool;
	int err;

	if (unlikely(ZERO_OR_NULL_PTR(ptr)))
		return 0;
	rcu_read_lock();
	pool = mymm_pool_of(ptr);
	if (likely(pool)) {
		/* The fast path reads the object. */
		if (mymm_pool_has_memory(pool))
			this_cpu_write(last_pool, pool);
		err = free_bytes(pool, ptr, MYMM_CALLER);
	} else {
		mymm_refuse(NULL, MYMM_REFUSED_FOREIGN,
			    "kfree of an address outside every pool");
		err = -EINVAL;
	}
	rcu_read_unlock();
	return err;
}

static noinline int kfree_slow(const void *ptr)
{
	preempt_enable();
	return slow_kfree(ptr);
}

/**
 * mymm_kfree() - give bytes back
 * @ptr: from mymm_kmalloc() or mymm_krealloc(), or an object of any cache of any
 *       pool, except one of less than a page from engine slob, which does not record the
 *       cache of an object; or NULL or ZERO_SIZE_PTR, which are ignored
 *
 * Context: any; in NMI it refuses.
 * Return: 0. -EINVAL: no pool's, or not the beginning of something allocated;
 * -EPERM: in NMI; -EIO: the pool is dead. On an error only a counter of the pool that contains
 * the address has changed.
 */
int mymm_kfree(const void *ptr)
{
	const struct mymm_frame *frame;
	struct mymm_cache *cache;
	struct mymm_pool *pool;
	unsigned long at;

	/* RCU waits for this, so the pool and the cache stay. */
	preempt_disable();
	pool = this_cpu_read(last_pool);
	at = (unsigned long)ptr - (unsigned long)pool->base;
	if (unlikely(at >= pool->bytes || mymm_in_nmi()))
		return kfree_slow(ptr);
	frame = &pool->frame[at >> PAGE_SHIFT];
	cache = rcu_dereference_sched(
		pool->fast_by_id[READ_ONCE(frame->cache) % MYMM_MAX_CACHES]);
	if (unlikely(!cache || !mymm_cache_begins(cache, frame, at)))
		return kfree_slow(ptr);
	return mymm_free_owned(cache, (void *)ptr, NULL);
}
EXPORT_SYMBOL_GPL(mymm_kfree);

/* Usable bytes of an allocation; 0 if there is none at this address. */
static size_t size_of(struct mymm_pool *pool, const void *ptr)
{
	struct mymm_frame *frame = &pool->frame[mymm_pool_index(pool, ptr)];
	struct mymm_cache *cache;

	guard(rcu)();
	cache = mymm_cache_of(pool, ptr);
	if (!cache) {
		u32 tag = READ_ONCE(frame->tag);

		if (is_shared(pool, ptr))
			return mymm_slob_ksize(pool, ptr);
		if (mymm_tag_state(tag) != MYMM_FRAME_LARGE ||
		    offset_in_page(ptr))
			return 0;
		return PAGE_SIZE << mymm_tag_order(tag);
	}
	if (cache->tracks_free ?
		    cache->engine->check_free(cache, ptr) != MYMM_ADMITTED :
		    !mymm_cache_has(cache, ptr))
		return 0;
	/* As in the kernel, padding may be used, except in a debug cache, which checks it. */
	return cache->debug ? mymm_debug_size(cache, (void *)ptr) : cache->size;
}

/**
 * mymm_slot_size() - bytes that an allocation takes from the pool, with headers and padding
 * @pool: contains @obj
 * @obj: an object of any cache, or a large kmalloc; the caller owns it
 *
 * Context: any.
 * Return: bytes from it to the next object, or of its block.
 */
size_t mymm_slot_size(struct mymm_pool *pool, const void *obj)
{
	struct mymm_cache *cache;

	guard(rcu)();
	cache = mymm_cache_of(pool, obj);
	if (cache)
		return cache->size;
	return size_of(pool, obj) +
	       (is_shared(pool, obj) ? MYMM_SLOB_HEADER : 0);
}

/* Is it an object that was freed already? */
static bool is_free_object(struct mymm_pool *pool, const void *ptr)
{
	struct mymm_cache *cache;

	guard(rcu)();
	cache = mymm_cache_of(pool, ptr);
	return cache && mymm_object_is_free(cache, (void *)ptr);
}

/**
 * mymm_ksize() - usable bytes of an allocation
 * @ptr: from mymm_kmalloc(), or an object that mymm_kfree() takes, or NULL or ZERO_SIZE_PTR
 *
 * Context: any.
 * Return: bytes that may be used; 0 for what is not an allocation.
 */
size_t mymm_ksize(const void *ptr)
{
	struct mymm_pool *pool;
	size_t size;

	if (unlikely(ZERO_OR_NULL_PTR(ptr)))
		return 0;
	guard(rcu)();
	pool = mymm_pool_of(ptr);
	if (!pool)
		return 0;
	size = size_of(pool, ptr);
	/* All of it may be used from now on. */
	if (MYMM_KASAN && size && !is_free_object(pool, ptr))
		mymm_sanitize_open((void *)ptr, size);
	return size;
}
EXPORT_SYMBOL_GPL(mymm_ksize);

/* Refuse krealloc where @ptr is not an allocation of @pool, or the state does not allow it. */
static bool refuse_krealloc(struct mymm_pool *pool, const void *ptr)
{
	if (in_nmi())
		mymm_refuse(pool, MYMM_REFUSED_NMI, "krealloc in NMI");
	else if (mymm_pool_dead(pool))
		mymm_refuse(pool, MYMM_REFUSED_DEAD, "the pool is dead");
	else if (!mymm_pool_contains(pool, ptr) || !size_of(pool, ptr))
		mymm_refuse(pool, MYMM_REFUSED_FOREIGN,
			    "krealloc of what is no allocation of this pool");
	else if (is_free_object(pool, ptr))
		mymm_refuse(pool, MYMM_REFUSED_DOUBLE_FREE,
			    "krealloc of frame %u+%lu, which is free",
			    mymm_pool_index(pool, ptr), offset_in_page(ptr));
	else
		return false;
	return true;
}

/* Record a smaller requested size; only a debug cache stores it. */
static void keep_shorter(struct mymm_pool *pool, void *ptr, size_t size)
{
	struct mymm_cache *cache;

	guard(rcu)();
	cache = mymm_cache_of(pool, ptr);
	if (cache && cache->debug)
		mymm_debug_resize(cache, ptr, size);
}

void *__mymm_krealloc(struct mymm_pool *pool, void *ptr, size_t size, gfp_t gfp,
		      struct mymm_owner owner)
{
	size_t old;
	void *new;

	if (ZERO_OR_NULL_PTR(ptr))
		return __mymm_kmalloc(pool, size, gfp, owner);
	if (refuse_krealloc(pool, ptr))
		return NULL;
	if (!size)
		return __mymm_kfree(pool, ptr, owner) ? NULL : ZERO_SIZE_PTR;
	old = size_of(pool, ptr);
	if (old >= size) {
		mymm_sanitize_open(ptr, old);
		if (want_init_on_alloc(gfp))
			memset(ptr + size, 0, old - size);
		keep_shorter(pool, ptr, size);
		mymm_sanitize_shut(ptr, size, old);
		return ptr;
	}
	new = __mymm_kmalloc(pool, size, gfp, owner);
	if (new) {
		/* The copy includes bytes past the requested size. */
		mymm_sanitize_pause();
		memcpy(new, ptr, old);
		mymm_sanitize_resume();
		__mymm_kfree(pool, ptr, owner);
	}
	return new;
}

/**
 * mymm_krealloc() - change the size of an allocation
 * @pool: of @ptr, or to allocate from if @ptr is NULL
 * @ptr: from mymm_kmalloc() or mymm_krealloc(), or NULL or ZERO_SIZE_PTR
 * @size: how many bytes; with 0 it frees, and returns ZERO_SIZE_PTR
 * @gfp: as for mymm_kmalloc()
 *
 * The contents are kept up to the smaller of both sizes. An allocation that is large enough
 * is not moved.
 *
 * Context: any; in NMI it refuses.
 * Return: the new address; NULL, and @ptr is unchanged, if there is no memory, or @ptr is no
 * allocation of the pool.
 */
void *mymm_krealloc(struct mymm_pool *pool, void *ptr, size_t size, gfp_t gfp)
{
	return __mymm_krealloc(pool, ptr, size, gfp, MYMM_CALLER);
}
EXPORT_SYMBOL_GPL(mymm_krealloc);
