/* SPDX-License-Identifier: GPL-2.0 */
/* Allocating given frames, for a given owner; mymm.h has the rest. */
#ifndef _MYMM_CONTIG_H
#define _MYMM_CONTIG_H

#include "page/pool.h"

int __mymm_alloc_range(struct mymm_pool *pool, unsigned long pfn,
		       unsigned long nr_frames, gfp_t gfp,
		       struct mymm_owner owner);
int __mymm_free_range(struct mymm_pool *pool, unsigned long pfn,
		      unsigned long nr_frames, struct mymm_owner owner);

#endif /* _MYMM_CONTIG_H */
