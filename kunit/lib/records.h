/* SPDX-License-Identifier: GPL-2.0 */
/* Pools that record the owners of their pages. */
#ifndef _MYMM_KUNIT_RECORDS_H
#define _MYMM_KUNIT_RECORDS_H

#include "lib/util.h"
#include "page/page_owner.h"

unsigned long mymm_records_caller(unsigned int order, u32 session);
struct mymm_frame *mymm_records_get(struct mymm_pool *pool, gfp_t gfp,
				    unsigned int order, u32 session);
struct mymm_pool *mymm_records_pool(struct kunit *test, const char *zones);
unsigned int mymm_records_count(struct mymm_pool *pool);

#endif /* _MYMM_KUNIT_RECORDS_H */
