/* SPDX-License-Identifier: GPL-2.0 */
/* Reclaim of pages that processes have. */
#ifndef _MYMM_PROCESS_VMSCAN_H
#define _MYMM_PROCESS_VMSCAN_H

#include "process/lru.h"

struct mymm_node;
struct mymm_pool;
struct mymm_scan;

void mymm_vmscan_node(struct mymm_pool *pool, struct mymm_node *node,
		      struct mymm_scan *scan);
unsigned long mymm_vmscan_file_pages(struct mymm_pool *pool,
				     const struct mymm_node *node, bool mapped);
void mymm_vmscan_end(struct mymm_pool *pool, struct mymm_node *node);
void mymm_vmscan_note_cost(struct mymm_lruvec *lruvec, enum mymm_lru_kind kind,
			   unsigned long io, unsigned long kept);

#endif /* _MYMM_PROCESS_VMSCAN_H */
