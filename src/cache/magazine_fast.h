/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fast paths of objects, inlined into those of kmalloc and kfree. magazine.c has the
 * protocol and the exits.
 */
#ifndef _MYMM_MAGAZINE_FAST_H
#define _MYMM_MAGAZINE_FAST_H

#include <linux/percpu.h>
#include <linux/preempt.h>

#include "object/cache.h"
#include "base/compat.h"

void *mymm_alloc_slow(struct mymm_cache *cache, gfp_t gfp,
		      const struct mymm_owner *owner);
void *mymm_alloc_contended(struct mymm_cache *cache, gfp_t gfp,
			   const struct mymm_owner *owner,
			   struct mymm_magazine *mag);
void *mymm_alloc_resched(void *obj);
void *mymm_alloc_trace(struct mymm_cache *cache, gfp_t gfp, void *obj);
int mymm_free_slow(struct mymm_cache *cache, void *obj,
		   const struct mymm_owner *owner);
int mymm_free_contended(struct mymm_cache *cache, void *obj,
			struct mymm_magazine *mag);
int mymm_free_resched(void);

/* Give it the cookie of a free object. */
static __always_inline void mymm_mark_free(struct mymm_cache *cache, void *obj)
{
	mymm_set_word(cache, obj,
		      mymm_cache_cookie(cache, obj) ^ MYMM_IN_MAGAZINE);
}

static __always_inline void *mymm_alloc_fast(struct mymm_cache *cache,
					     gfp_t gfp,
					     const struct mymm_owner *owner)
{
	struct mymm_magazine *mag;
	unsigned long count;
	void *obj;

	preempt_disable();
	if (unlikely(mymm_gfp_slow(gfp, cache->leave_gfp) || mymm_in_nmi()) ||
	    tracepoint_enabled(mymm_object_alloc))
		return mymm_alloc_slow(cache, gfp, owner);
	mag = this_cpu_ptr(cache->mag);
	if (unlikely(!mymm_local_trylock(&mag->lock)))
		return mymm_alloc_contended(cache, gfp, owner, mag);
	/* An empty magazine underflows: the borrow saves a compare. */
	if (unlikely(__builtin_sub_overflow(mag->count, 1, &count)))
		return mymm_alloc_contended(cache, gfp, owner, mag);
	mag->count = count;
	obj = mag->objs[count];
	mymm_forget_objects(&mag->objs[count], 1);
	mag->alloc_hits++;
	mymm_local_unlock(&mag->lock);

	mymm_set_word(cache, obj, 0);
	if (MYMM_SANITIZED)
		return mymm_alloc_trace(cache, gfp, obj);
	if (mymm_preempt_enable_begin())
		return mymm_alloc_resched(obj);
	return obj;
}

/* Preemption is off, not in NMI, and mymm_cache_owns() the object. */
static __always_inline int mymm_free_owned(struct mymm_cache *cache, void *obj,
					   const struct mymm_owner *owner)
{
	struct mymm_magazine *mag;
	unsigned long count;

	if (unlikely(mymm_cache_looks_free(cache, obj)) ||
	    tracepoint_enabled(mymm_object_free))
		return mymm_free_slow(cache, obj, owner);
	mymm_mark_free(cache, obj);
	mymm_sanitize_free(cache, obj);
	mag = this_cpu_ptr(cache->mag);
	if (unlikely(!mymm_local_trylock(&mag->lock)))
		return mymm_free_contended(cache, obj, mag);
	count = mag->count;
	if (unlikely(count >= cache->mag_limit))
		return mymm_free_contended(cache, obj, mag);
	mag->count = count + 1;
	mag->objs[count] = obj;
	mymm_local_unlock(&mag->lock);
	if (mymm_preempt_enable_begin())
		return mymm_free_resched();
	return 0;
}

static __always_inline int mymm_free_fast(struct mymm_cache *cache, void *obj,
					  const struct mymm_owner *owner)
{
	preempt_disable();
	if (unlikely(mymm_in_nmi() || !mymm_cache_owns_fast(cache, obj)))
		return mymm_free_slow(cache, obj, owner);
	return mymm_free_owned(cache, obj, owner);
}

#endif /* _MYMM_MAGAZINE_FAST_H */
