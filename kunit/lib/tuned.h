/* SPDX-License-Identifier: GPL-2.0 */
/* Pools that are what their description and their knobs say. */
#ifndef _MYMM_KUNIT_TUNED_H
#define _MYMM_KUNIT_TUNED_H

#include "lib/util.h"
#include "page/tuning.h"

/* Nothing is reclaimed, pages are not grouped. */
#define MYMM_TUNED (MYMM_POOL_NO_RECLAIM | MYMM_POOL_NO_MOBILITY)

struct mymm_pool *mymm_tuned_pool(struct kunit *test, const char *zones,
				  const struct mymm_tuning *tuning);
void mymm_tuned_expect_high(struct kunit *test, const struct mymm_pool *pool,
			    unsigned int nr, int least, int most);

#endif /* _MYMM_KUNIT_TUNED_H */
