/* SPDX-License-Identifier: GPL-2.0 */
/* Patterns in free objects, for any engine. */
#ifndef _MYMM_POISON_H
#define _MYMM_POISON_H

#include <linux/types.h>

struct mymm_cache;

void mymm_poison(const struct mymm_cache *cache, void *obj);
bool mymm_poison_intact(struct mymm_cache *cache, void *obj);

#endif /* _MYMM_POISON_H */
