// SPDX-License-Identifier: GPL-2.0
/*
 * Support for KASAN and kmemleak.
 *
 * For both a pool is one allocation of the kernel's, all of it in use. The functions here
 * register what is allocated in it.
 *
 * KASAN has a byte of *shadow* for each granule of 8 bytes, and checks it before each load
 * and store of the kernel's: 0 if all 8 bytes may be used, 1 to 7 if that many may, and a
 * negative number, the reason, if none may. An object of 20 bytes in a slot of 32:
 *
 *      bytes     0        8        16       24       32
 *               +--------+--------+----+---+--------+
 *      in use   | object ................  |        |     shadow  00 00 04 fc
 *      free     |                          |        |             fb fb fb fc
 *               +--------+--------+----+---+--------+
 *
 * A write to byte 20, or to byte 3 after the free, is reported where it happens.
 *
 *      0xff   a free frame, in a zone or in a CPU's list
 *      0xfc   allocated, but not usable: bytes behind the object, the cookie's word behind an
 *             object, an object that was never allocated
 *      0xfb   an object that was freed, and is in a magazine, an array or a slab
 *
 * These are the numbers, and the words in the report, of the kernel's own allocators. An
 * object of a SLAB_TYPESAFE_BY_RCU cache stays usable after its first allocation until its
 * slab is given back, since readers may still use it.
 *
 * A freed object may be allocated again at once; KASAN's quarantine is for the kernel's
 * objects only. And the geometry of a slab is the same as without KASAN, so objects that
 * fill their slots are adjacent: an overrun into the next object is found if that is free. A
 * cache with red zones has room between any two.
 *
 * The module's own words in free memory are read and written by functions that KASAN does not
 * instrument, see sanitize.h: a word in a free object (mymm_word() and mymm_set_word()), the
 * index arrays of the slab engine, the free blocks and headers of slob. Patterns around
 * objects, which the kernel's memset() and memchr_inv() write and read, are under
 * guard(mymm_unwatched).
 *
 * kmemleak knows objects, not pages: live objects of all caches, of kmalloc(), and large ones.
 * It scans them for addresses, as it scans the kernel's, so that an object is a leak if no
 * live object points to it. The module's own pointers do not hide a leak: a freelist has no
 * addresses, a magazine clears the entries that it gives out, and other arrays are not
 * scanned. An object that a session holds is known by a handle, which kmemleak can't see; it
 * is registered as no leak.
 *
 * One object is never reported: the one at the beginning of the pool, since the pool, its
 * caches and the kernel's list of areas contain the same address.
 *
 * kmemleak allocates for each object, from the kernel and with the caller's flags. So nothing
 * here is called under a lock of this module; and an object that is allocated in a hardirq is
 * not registered, since the kernel's allocator may not be called there (on a kernel that is
 * preemptible there, and lockdep asks as if each were).
 */
#include <linux/kmemleak.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include "base/shadow.h"
#include "object/cache.h"
#include "object/sanitize.h"

/* Unpoison the bytes before @end in the granule of @end, and poison the others. */
static void end_within(void *at, size_t end)
{
	if (end % MYMM_SHADOW_GRANULE)
		mymm_set_shadow(at + round_down(end, MYMM_SHADOW_GRANULE),
				MYMM_SHADOW_GRANULE, end % MYMM_SHADOW_GRANULE);
}

static void shut(void *at, size_t from, size_t to, u8 value)
{
	size_t whole = round_up(from, MYMM_SHADOW_GRANULE);

	to = round_up(to, MYMM_SHADOW_GRANULE);
	end_within(at, from);
	if (whole < to)
		mymm_set_shadow(at + whole, to - whole, value);
}

void __mymm_sanitize_open(void *at, size_t bytes)
{
	mymm_set_shadow(at, round_down(bytes, MYMM_SHADOW_GRANULE),
			MYMM_SHADOW_OPEN);
	end_within(at, bytes);
}
MYMM_EXPORT_INTERNAL(__mymm_sanitize_open);

void __mymm_sanitize_shut(void *at, size_t from, size_t to)
{
	shut(at, from, to, MYMM_SHADOW_NO_OBJECT);
}

void __mymm_sanitize_freed(void *at, size_t bytes)
{
	shut(at, 0, bytes, MYMM_SHADOW_FREED_OBJECT);
}

/* --- objects -------------------------------------------------------------------- */

/* Set by tests of other things, to switch kmemleak off. */
bool mymm_sanitize_blind;
MYMM_EXPORT_INTERNAL(mymm_sanitize_blind);

void __mymm_sanitize_born(const void *ptr, size_t size, gfp_t gfp)
{
	if (!in_hardirq() && !READ_ONCE(mymm_sanitize_blind))
		kmemleak_alloc(ptr, size, 1, gfp);
}

void __mymm_sanitize_gone(const void *ptr)
{
	kmemleak_free(ptr);
}

void __mymm_sanitize_held(const void *ptr)
{
	if (!READ_ONCE(mymm_sanitize_blind))
		kmemleak_not_leak(ptr);
}

void __mymm_sanitize_alloc(const struct mymm_cache *cache, void *obj, gfp_t gfp)
{
	if (!cache->has_memory)
		return;
	mymm_sanitize_open(obj, cache->object_size);
	/* The padding may have been made usable by mymm_ksize(). */
	if (!cache->tracks_free && !cache->debug)
		mymm_sanitize_shut(obj, cache->object_size, cache->size);
	mymm_sanitize_born(obj, cache->object_size, gfp);
}

void __mymm_sanitize_free(const struct mymm_cache *cache, void *obj)
{
	if (!cache->has_memory)
		return;
	mymm_sanitize_gone(obj);
	if (!(cache->flags & SLAB_TYPESAFE_BY_RCU))
		mymm_sanitize_freed(obj, cache->object_size);
}

/* --- pages ----------------------------------------------------------------------- */

/* Remove from kmemleak any object that begins on this page, or before it. */
static void forget_page(void *page)
{
	size_t at;

	for (at = 0; at < PAGE_SIZE; at += MYMM_SHADOW_GRANULE)
		kmemleak_free_part(page + at, PAGE_SIZE - at);
}

void __mymm_sanitize_forget(struct mymm_pool *pool)
{
	u32 idx;

	if (!mymm_pool_has_memory(pool) || !pool->base)
		return;
	for (idx = 0; idx < pool->nr_frames; idx++) {
		if (pool->frame[idx].cache)
			forget_page(mymm_pool_address(pool, idx));
		else if (mymm_tag_state(pool->frame[idx].tag) ==
			 MYMM_FRAME_LARGE)
			kmemleak_free(mymm_pool_address(pool, idx));
	}
}
