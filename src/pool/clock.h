/* SPDX-License-Identifier: GPL-2.0 */
/* A pool's clock, and how it is held; clock.c. */
#ifndef _MYMM_CLOCK_H
#define _MYMM_CLOCK_H

struct mymm_pool;

int mymm_clock_hold(struct mymm_pool *pool);
void mymm_clock_release(struct mymm_pool *pool);
void mymm_clock_tick(struct mymm_pool *pool);
void mymm_clock_settle(struct mymm_pool *pool);

#endif /* _MYMM_CLOCK_H */
