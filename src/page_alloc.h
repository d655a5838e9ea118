/* SPDX-License-Identifier: GPL-2.0 */
/* Pages with their owner told; mymm.h has the rest. */
#ifndef _MYMM_PAGE_ALLOC_H
#define _MYMM_PAGE_ALLOC_H

#include "pool.h"

struct mymm_frame *__mymm_alloc_pages(struct mymm_pool *pool, gfp_t gfp,
				      unsigned int order,
				      struct mymm_owner owner);
int __mymm_free_pages(struct mymm_pool *pool, struct mymm_frame *frame,
		      unsigned int order, struct mymm_owner owner);

#endif /* _MYMM_PAGE_ALLOC_H */
