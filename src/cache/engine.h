/* SPDX-License-Identifier: GPL-2.0 */
/* The list of engines; engine.c. */
#ifndef _MYMM_CACHE_ENGINE_H
#define _MYMM_CACHE_ENGINE_H

#include "object/engine.h"

int mymm_engines_begin(struct mymm_pool *pool,
		       const struct mymm_pool_config *config);
void mymm_engines_end(struct mymm_pool *pool);
int mymm_engines_check(struct mymm_pool *pool, unsigned long *slabs,
		       struct mymm_finding *finding);
const struct mymm_engine_ops *mymm_engine_find(const char *name);

#endif /* _MYMM_CACHE_ENGINE_H */
