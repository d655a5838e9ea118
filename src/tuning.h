/* SPDX-License-Identifier: GPL-2.0 */
/* The knobs of a pool, and every number that follows from them; tuning.c has the rules. */
#ifndef _MYMM_TUNING_H
#define _MYMM_TUNING_H

#include "mymm.h"

int mymm_tuning_check(const struct mymm_tuning *tuning);
int mymm_tuning_set(struct mymm_pool *pool, const struct mymm_tuning *tuning);
void mymm_tuning_apply(struct mymm_pool *pool);
unsigned long mymm_min_free_kbytes(const struct mymm_pool *pool);

#endif /* _MYMM_TUNING_H */
