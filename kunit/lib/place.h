/* SPDX-License-Identifier: GPL-2.0 */
/* Places in pools of slob's. */
#ifndef _MYMM_KUNIT_PLACE_H
#define _MYMM_KUNIT_PLACE_H

#include "lib/util.h"
#include "engine/slob/slob.h"

#define MYMM_PLACE(page, byte) ((byte) + PAGE_SIZE * (page))

struct mymm_pool *mymm_place_pool(struct kunit *test, const char *zones,
				  const char *fit);
unsigned long mymm_place_of(const struct mymm_pool *pool, const void *obj);

#endif /* _MYMM_KUNIT_PLACE_H */
