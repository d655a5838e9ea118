/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What KASAN and kmemleak are told of the memory that we hand out; sanitize.c has the
 * theory. In a kernel that has neither all of this is nothing.
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

/* Is anybody told anything? */
#define MYMM_SANITIZED (MYMM_KASAN || MYMM_KMEMLEAK)

/* Where it is, and not in the caller, as the compiler would rather have it. */
#if MYMM_KASAN
#define mymm_load(x) READ_ONCE(x)
#else
#define mymm_load(x) (x)
#endif

/*
 * Our own word in memory that is nobody's, which KASAN need not be asked about. Each
 * function that reads or writes such memory is one of these, or is mymm_unseen.
 */
static __no_kasan_or_inline u64 mymm_peek(const u64 *word)
{
	return mymm_load(*word);
}

static __no_kasan_or_inline void mymm_poke(u64 *word, u64 value)
{
	*word = value;
}

/* A function whose loads and stores KASAN does not see; those of what it calls it does. */
#if MYMM_KASAN
#define mymm_unseen __no_sanitize_address
#else
#define mymm_unseen
#endif

/* Until the other one, what the kernel's functions do to such memory for us is not reported. */
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

/* What was taken out of an array must not look as if the array still referred to it. */
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

/* The bytes from @at on may be used. It is aligned to 8. */
static __always_inline void mymm_sanitize_open(void *at, size_t bytes)
{
	if (MYMM_KASAN)
		__mymm_sanitize_open(at, bytes);
}

/* Of those up to @to the ones from @from on may not. */
static __always_inline void mymm_sanitize_shut(void *at, size_t from, size_t to)
{
	if (MYMM_KASAN)
		__mymm_sanitize_shut(at, from, to);
}

/* None may, since they were freed. */
static __always_inline void mymm_sanitize_freed(void *at, size_t bytes)
{
	if (MYMM_KASAN)
		__mymm_sanitize_freed(at, bytes);
}

/* An object of a cache is a user's from now on. */
static __always_inline void mymm_sanitize_alloc(const struct mymm_cache *cache,
						void *obj, gfp_t gfp)
{
	if (MYMM_SANITIZED)
		__mymm_sanitize_alloc(cache, obj, gfp);
}

/* It is not, before anybody else can have it. */
static __always_inline void mymm_sanitize_free(const struct mymm_cache *cache,
					       void *obj)
{
	if (MYMM_SANITIZED)
		__mymm_sanitize_free(cache, obj);
}

/* The same to kmemleak alone, of what is no cache's. */
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

/* Somebody has it who remembers it otherwise than by its address. */
static __always_inline void mymm_sanitize_held(const void *ptr)
{
	if (MYMM_KMEMLEAK)
		__mymm_sanitize_held(ptr);
}

/* A pool goes, with whatever is allocated in it. */
static inline void mymm_sanitize_forget(struct mymm_pool *pool)
{
	if (MYMM_KMEMLEAK)
		__mymm_sanitize_forget(pool);
}

#endif /* _MYMM_SANITIZE_H */
