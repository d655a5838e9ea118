/* SPDX-License-Identifier: GPL-2.0 */
/* Emptying magazines, or giving a cache others. */
#ifndef _MYMM_MAGAZINE_DRAIN_H
#define _MYMM_MAGAZINE_DRAIN_H

#include "object/cache.h"

void mymm_magazine_drain(struct mymm_cache *cache);
void mymm_magazine_drain_pool(struct mymm_pool *pool);
bool mymm_magazine_try_drain_pool(struct mymm_pool *pool);
void mymm_magazine_drain_dead(struct mymm_pool *pool, unsigned int cpu);
void mymm_magazine_trim_pool(struct mymm_pool *pool);
bool mymm_magazine_try_trim_pool(struct mymm_pool *pool);
void mymm_magazine_reap_pool(struct mymm_pool *pool);
bool mymm_magazine_try_reap_pool(struct mymm_pool *pool);
void mymm_magazine_switch(struct mymm_cache *cache,
			  struct mymm_magazine __percpu *mag,
			  const struct mymm_tunables *tunables);

#endif /* _MYMM_MAGAZINE_DRAIN_H */
