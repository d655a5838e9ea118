/* SPDX-License-Identifier: GPL-2.0 */
/* The reaper of caches; reaper.c. */
#ifndef _MYMM_REAPER_H
#define _MYMM_REAPER_H

#include <linux/types.h>

struct mymm_pool;

void mymm_reap_pool(struct mymm_pool *pool);
void mymm_reap_all(void);
bool mymm_reaper_wanted(const struct mymm_pool *pool);
void mymm_reaper_start(void);
void mymm_reaper_exit(void);

#endif /* _MYMM_REAPER_H */
