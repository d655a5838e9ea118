/* SPDX-License-Identifier: GPL-2.0 */
/* Sizes of slabs and magazines; calculate_order.c. */
#ifndef _MYMM_OBJECT_CALCULATE_ORDER_H
#define _MYMM_OBJECT_CALCULATE_ORDER_H

#include "object/cache.h"

unsigned int mymm_calculate_order(unsigned int size);
u32 mymm_inverse_of_odd(u32 odd);
struct mymm_tunables mymm_cache_default_tunables(const struct mymm_cache *cache,
						 unsigned int small);

#endif /* _MYMM_OBJECT_CALCULATE_ORDER_H */
