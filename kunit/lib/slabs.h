/* SPDX-License-Identifier: GPL-2.0 */
/* Caches of the slab engine, and objects past their magazines. */
#ifndef _MYMM_KUNIT_SLABS_H
#define _MYMM_KUNIT_SLABS_H

#include "lib/util.h"

struct mymm_cache *mymm_test_slab_cache(struct kunit *test,
					struct mymm_pool *pool,
					const char *name, unsigned int size);
void mymm_test_take(struct kunit *test, struct mymm_cache *cache,
		    unsigned int nr, void **objs);

#endif /* _MYMM_KUNIT_SLABS_H */
