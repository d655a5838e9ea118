/* SPDX-License-Identifier: GPL-2.0 */
/* Giving pages back, for a given owner; mymm.h has the rest. */
#ifndef _MYMM_PAGE_FREE_H
#define _MYMM_PAGE_FREE_H

#include "page/event.h"

struct mymm_frame;
struct mymm_pool;

int __mymm_free_pages(struct mymm_pool *pool, struct mymm_frame *frame,
		      unsigned int order, struct mymm_owner owner);

#endif /* _MYMM_PAGE_FREE_H */
