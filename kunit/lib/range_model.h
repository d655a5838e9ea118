/* SPDX-License-Identifier: GPL-2.0 */
/* A model of a zone of 32 frames, for the tests of ranges; range_model.c has its characters. */
#ifndef _MYMM_KUNIT_RANGE_MODEL_H
#define _MYMM_KUNIT_RANGE_MODEL_H

#include <kunit/test.h>

#include "page/pool.h"

#define MYMM_RANGE_FRAMES 32
#define MYMM_RANGE_MAP (MYMM_RANGE_FRAMES + 1)

typedef void mymm_range_try_fn(struct kunit *test, struct mymm_pool *pool,
			       const char *state, u32 from, u32 nr);

struct mymm_zone *mymm_range_zone(struct mymm_pool *pool);
u32 mymm_range_count(const char *state, u32 from, u32 nr, char what);
void mymm_range_expect(struct kunit *test, struct mymm_pool *pool,
		       const char *state, const char *when);
void mymm_range_try_each(struct kunit *test, mymm_range_try_fn *try);

#endif /* _MYMM_KUNIT_RANGE_MODEL_H */
