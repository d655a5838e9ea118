/* SPDX-License-Identifier: GPL-2.0 */
/* Migratetypes: from which a request is served, and when a pageblock changes its own. */
#ifndef _MYMM_PAGEBLOCK_H
#define _MYMM_PAGEBLOCK_H

#include "page/event.h"
#include "page/zone.h"

/**
 * enum mymm_rmqueue_mode - where the last block of a batch was found
 * @MYMM_RMQUEUE_NORMAL: on the lists of the type that was wanted
 * @MYMM_RMQUEUE_STEAL: these are empty, and no pageblock could be claimed
 */
enum mymm_rmqueue_mode {
	MYMM_RMQUEUE_NORMAL,
	MYMM_RMQUEUE_STEAL,
};

struct mymm_frame *mymm_rmqueue(struct mymm_zone *zone, unsigned int order,
				enum mymm_migratetype type,
				unsigned int alloc_flags,
				enum mymm_rmqueue_mode *mode,
				struct mymm_page_log *log);
bool mymm_pageblock_has(struct mymm_zone *zone, unsigned int order,
			enum mymm_migratetype type);
void mymm_free_one(struct mymm_zone *zone, u32 idx, unsigned int order,
		   struct mymm_page_log *log);
bool mymm_pageblock_set(struct mymm_zone *zone, u32 idx,
			enum mymm_migratetype type);
void mymm_count_highatomic(struct mymm_zone *zone, long frames);
void mymm_pageblock_reserve(struct mymm_zone *zone, u32 idx,
			    unsigned int order);
bool mymm_pageblock_unreserve(const struct mymm_zonelist *list,
			      enum mymm_migratetype type, bool force);

#endif /* _MYMM_PAGEBLOCK_H */
