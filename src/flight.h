/* SPDX-License-Identifier: GPL-2.0 */
/* Batches between magazines and engines: what magazine.c and drain.c share. */
#ifndef _MYMM_FLIGHT_H
#define _MYMM_FLIGHT_H

#include <linux/percpu.h>
#include <linux/preempt.h>

#include "cache.h"

/* Begin to use this CPU's magazine; NULL if we interrupted somebody who does. */
static inline struct mymm_magazine *mymm_magazine_get(struct mymm_cache *cache)
{
	struct mymm_magazine *mag;

	preempt_disable();
	mag = this_cpu_ptr(cache->mag);
	if (mymm_token_take(&mag->token))
		return mag;
	mymm_token_undo(&mag->token);
	preempt_enable();
	return NULL;
}

static inline void mymm_magazine_put(struct mymm_magazine *mag)
{
	mymm_token_return(&mag->token);
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

#endif /* _MYMM_FLIGHT_H */
