/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Support for KASAN and kmemleak; sanitize.c has the theory. In a kernel without both, all
 * of this compiles to nothing.
 */
#ifndef _MYMM_SANITIZE_H
#define _MYMM_SANITIZE_H

#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/gfp.h>
#include <linux/kasan.h>
#include <linux/string.h>
#include <linux/types.h>

#include "base/compat.h"

struct mymm_cache;
struct mymm_pool;

#define MYMM_KMEMLEAK IS_ENABLED(CONFIG_DEBUG_KMEMLEAK)

/* Does the kernel have one of them? */
#define MYMM_SANITIZED (MYMM_KASAN || MYMM_KMEMLEAK)

/* Not inlined into instrumented callers, which the compiler would reject or instrument. */
#if MYMM_KASAN
#define mymm_load(x) READ_ONCE(x)
#else
#define mymm_load(x) (x)
#endif

/*
 * Read and write the module's own word in free memory, not seen by KASAN. Each function that
 * accesses such memory is one of these, or is mymm_unseen.
 */
static __no_kasan_or_inline u64 mymm_peek(const u64 *word)
{
	return mymm_load(*word);
}

static __no_kasan_or_inline void mymm_poke(u64 *word, u64 value)
{
	*word = value;
}

/* A function whose own loads and stores KASAN does not see; its callees' are seen. */
#if MYMM_KASAN
#define mymm_unseen __no_sanitize_address
#else
#define mymm_unseen
#endif

/* Until mymm_sanitize_resume(), accesses to such memory by kernel functions are not reported. */
static inline void mymm_sanitize_pause(void)
{
	if (MYMM_KASAN)
		kasan_disable_current();
}

static inline void mymm_sanitize_resume(void)
{
	if (MYMM_KASAN)
		kasan_enable_current();
}

DEFINE_LOCK_GUARD_0(mymm_unwatched, mymm_sanitize_pause(),
		    mymm_sanitize_resume())

/* Clear array entries that were taken, so that kmemleak does not find stale references. */
static __always_inline void mymm_forget_objects(void **objs, unsigned long nr)
{
	if (MYMM_KMEMLEAK)
		memset(objs, 0, nr * sizeof(*objs));
}

extern bool mymm_sanitize_blind;

void __mymm_sanitize_open(void *at, size_t bytes);
void __mymm_sanitize_shut(void *at, size_t from, size_t to);
void __mymm_sanitize_freed(void *at, size_t bytes);
void __mymm_sanitize_alloc(const struct mymm_cache *cache, void *obj,
			   gfp_t gfp);
void __mymm_sanitize_free(const struct mymm_cache *cache, void *obj);
void __mymm_sanitize_born(const void *ptr, size_t size, gfp_t gfp);
void __mymm_sanitize_gone(const void *ptr);
void __mymm_sanitize_held(const void *ptr);
void __mymm_sanitize_forget(struct mymm_pool *pool);

/* Unpoison the bytes from @at on, which is aligned to 8. */
static __always_inline void mymm_sanitize_open(void *at, size_t bytes)
{
	if (MYMM_KASAN)
		__mymm_sanitize_open(at, bytes);
}

/* Poison [@from, @to). */
static __always_inline void mymm_sanitize_shut(void *at, size_t from, size_t to)
{
	if (MYMM_KASAN)
		__mymm_sanitize_shut(at, from, to);
}

/* Poison all, as freed. */
static __always_inline void mymm_sanitize_freed(void *at, size_t bytes)
{
	if (MYMM_KASAN)
		__mymm_sanitize_freed(at, bytes);
}

/* Register an object of a cache that is being allocated. */
static __always_inline void mymm_sanitize_alloc(const struct mymm_cache *cache,
						void *obj, gfp_t gfp)
{
	if (MYMM_SANITIZED)
		__mymm_sanitize_alloc(cache, obj, gfp);
}

/* Remove an object that is being freed, before another CPU can allocate it. */
static __always_inline void mymm_sanitize_free(const struct mymm_cache *cache,
					       void *obj)
{
	if (MYMM_SANITIZED)
		__mymm_sanitize_free(cache, obj);
}

/* Register with kmemleak alone what belongs to no cache. */
static __always_inline void mymm_sanitize_born(const void *ptr, size_t size,
					       gfp_t gfp)
{
	if (MYMM_KMEMLEAK)
		__mymm_sanitize_born(ptr, size, gfp);
}

static __always_inline void mymm_sanitize_gone(const void *ptr)
{
	if (MYMM_KMEMLEAK)
		__mymm_sanitize_gone(ptr);
}

/* No leak: its holder knows it by a handle, not by its address. */
static __always_inline void mymm_sanitize_held(const void *ptr)
{
	if (MYMM_KMEMLEAK)
		__mymm_sanitize_held(ptr);
}

/* A pool is destroyed, with all that is allocated in it. */
static inline void mymm_sanitize_forget(struct mymm_pool *pool)
{
	if (MYMM_KMEMLEAK)
		__mymm_sanitize_forget(pool);
}

#endif /* _MYMM_SANITIZE_H */
