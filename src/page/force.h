/* SPDX-License-Identifier: GPL-2.0 */
/* Frames that become allocated, or free, whatever they were; blocks that are cut. */
#ifndef _MYMM_FORCE_H
#define _MYMM_FORCE_H

#include "page/pool.h"

int mymm_split_range(struct mymm_pool *pool, unsigned long pfn,
		     unsigned long nr_frames);
long mymm_force_range(struct mymm_pool *pool, unsigned long pfn,
		      unsigned long nr_frames, bool allocated, gfp_t gfp);
int mymm_force_type(struct mymm_pool *pool, unsigned long pfn,
		    enum mymm_migratetype type);

#endif /* _MYMM_FORCE_H */
