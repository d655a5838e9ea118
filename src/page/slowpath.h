/* SPDX-License-Identifier: GPL-2.0 */
/* What an allocation does when no zone is above its low watermark. */
#ifndef _MYMM_SLOWPATH_H
#define _MYMM_SLOWPATH_H

/* Larger blocks are not to be had by freeing single frames. Linux: PAGE_ALLOC_COSTLY_ORDER. */
#define MYMM_COSTLY_ORDER 3

struct mymm_frame;
struct mymm_request;

unsigned int mymm_slowpath_flags(const struct mymm_request *request);
struct mymm_frame *mymm_alloc_slowpath(const struct mymm_request *request);

#endif /* _MYMM_SLOWPATH_H */
