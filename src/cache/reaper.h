/* SPDX-License-Identifier: GPL-2.0 */
/* The reaper of caches; reaper.c. */
#ifndef _MYMM_REAPER_H
#define _MYMM_REAPER_H

struct mymm_pool;

bool mymm_reaper_wanted(const struct mymm_pool *pool);
void mymm_reaper_start(void);
void mymm_reaper_exit(void);

#endif /* _MYMM_REAPER_H */
