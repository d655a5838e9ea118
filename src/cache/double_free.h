/* SPDX-License-Identifier: GPL-2.0 */
/* Checks of objects that are freed; the slow part; double_free.c. */
#ifndef _MYMM_DOUBLE_FREE_H
#define _MYMM_DOUBLE_FREE_H

#include "object/cache.h"

bool mymm_magazine_has(struct mymm_cache *cache, const void *obj);
int mymm_free_tracked(struct mymm_cache *cache, void *obj,
		      struct mymm_owner owner);
int mymm_object_admit(struct mymm_cache *cache, void *obj);
bool mymm_object_is_free(struct mymm_cache *cache, void *obj);

#endif /* _MYMM_DOUBLE_FREE_H */
