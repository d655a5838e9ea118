/* SPDX-License-Identifier: GPL-2.0 */
/* Refusals of objects. */
#ifndef _MYMM_REFUSE_H
#define _MYMM_REFUSE_H

#include <linux/types.h>

struct mymm_cache;

bool mymm_refuse_now(struct mymm_cache *cache);
int mymm_refuse_double_free(struct mymm_cache *cache, void *obj);
int mymm_refuse_object(struct mymm_cache *cache, const void *obj);
void mymm_refuse_twice(struct mymm_cache *cache, unsigned int nr);
void mymm_refuse_lost(struct mymm_cache *cache, unsigned int lost);

#endif /* _MYMM_REFUSE_H */
