/* SPDX-License-Identifier: GPL-2.0 */
/* Migratetypes: from which a request is served, and when a pageblock changes its own. */
#ifndef _MYMM_PAGEBLOCK_H
#define _MYMM_PAGEBLOCK_H

#include "event.h"
#include "zone.h"

/* How an allocation may go about it; the lowest bits name a watermark. */
#define MYMM_ALLOC_WMARK 0x03U /* which watermark it has to pass */
#define MYMM_ALLOC_NO_WATERMARKS 0x04U /* it has to pass none */
#define MYMM_ALLOC_NON_BLOCK 0x10U /* it can't wait: a quarter of min more */
#define MYMM_ALLOC_MIN_RESERVE 0x20U /* __GFP_HIGH: half of min */
#define MYMM_ALLOC_NOFRAGMENT 0x100U /* rather another zone than to mix types */
#define MYMM_ALLOC_HIGHATOMIC 0x200U /* from the HighAtomic reserve first */
#define MYMM_ALLOC_KSWAPD 0x800U /* kswapd may be woken */
#define MYMM_ALLOC_RESERVES \
	(MYMM_ALLOC_NON_BLOCK | MYMM_ALLOC_MIN_RESERVE | MYMM_ALLOC_HIGHATOMIC)

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
void mymm_free_one(struct mymm_zone *zone, u32 idx, unsigned int order,
		   struct mymm_page_log *log);
void mymm_pageblock_reserve(struct mymm_zone *zone, u32 idx,
			    unsigned int order);
bool mymm_pageblock_unreserve(const struct mymm_zonelist *list,
			      enum mymm_migratetype type, bool force);
bool mymm_zone_watermark_ok(const struct mymm_zone *zone, unsigned int order,
			    unsigned long mark, enum mymm_zone_type highest,
			    unsigned int alloc_flags, long free);
void mymm_zone_recover(struct mymm_zone *zone);

#endif /* _MYMM_PAGEBLOCK_H */
