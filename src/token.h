/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The token of a magazine, and batches in flight: what magazine.c and drain.c share of the
 * protocol that magazine.c explains.
 */
#ifndef _MYMM_TOKEN_H
#define _MYMM_TOKEN_H

#include <linux/percpu.h>
#include <linux/preempt.h>

#include "cache.h"

/* With preemption off: may we use this magazine? If not, we interrupted who does. */
static __always_inline bool mymm_token_take(struct mymm_magazine *mag)
{
	/* No barrier before the branch, or it costs a compare of its own. */
	if (unlikely(--mag->token))
		return false;
	barrier();
	return true;
}

static __always_inline void mymm_token_return(struct mymm_magazine *mag)
{
	barrier();
	mag->token = 1;
}

/* After mymm_token_take(), whatever came of it. */
static inline void mymm_token_undo(struct mymm_magazine *mag)
{
	barrier();
	if (++mag->token != 1)
		mag->collisions++;
}

/* Begin to use this CPU's magazine; NULL if we interrupted somebody who does. */
static inline struct mymm_magazine *mymm_magazine_get(struct mymm_cache *cache)
{
	struct mymm_magazine *mag;

	preempt_disable();
	mag = this_cpu_ptr(cache->mag);
	if (mymm_token_take(mag))
		return mag;
	mymm_token_undo(mag);
	preempt_enable();
	return NULL;
}

static inline void mymm_magazine_put(struct mymm_magazine *mag)
{
	mymm_token_return(mag);
	preempt_enable();
}

/* A batch is about to be neither in a magazine nor with the engine. */
static inline void mymm_flight_begin(struct mymm_cache *cache)
{
	atomic_inc(&cache->flights);
	atomic_inc(&cache->moves);
	smp_mb__after_atomic(); /* pairs with the reads in confirm_free() */
}

static inline void mymm_flight_end(struct mymm_cache *cache)
{
	smp_mb__before_atomic(); /* pairs with the reads in confirm_free() */
	atomic_dec(&cache->flights);
}

#endif /* _MYMM_TOKEN_H */
