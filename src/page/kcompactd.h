/* SPDX-License-Identifier: GPL-2.0 */
/* A thread for each node that compacts; struct mymm_kcompactd is in compact.h. */
#ifndef _MYMM_KCOMPACTD_H
#define _MYMM_KCOMPACTD_H

#include "page/gfp_zone.h"

struct mymm_node;
struct mymm_pool;

int mymm_kcompactd_run(struct mymm_pool *pool);
void mymm_kcompactd_stop(struct mymm_pool *pool);
void mymm_kcompactd_hold(struct mymm_pool *pool);
void mymm_kcompactd_release(struct mymm_pool *pool);
void mymm_kcompactd_step(struct mymm_pool *pool);
void mymm_kcompactd_want(struct mymm_node *node, unsigned int order,
			 enum mymm_zone_type highest);
void mymm_kcompactd_look(void);

#endif /* _MYMM_KCOMPACTD_H */
