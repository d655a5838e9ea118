/* SPDX-License-Identifier: GPL-2.0 */
/* The numbered invariants; check.c lists them. */
#ifndef _MYMM_CHECK_H
#define _MYMM_CHECK_H

#include "base/finding.h"

struct mymm_pool;

int mymm_check(struct mymm_pool *pool, struct mymm_finding *finding);
int mymm_check_cpus_locked(struct mymm_pool *pool,
			   struct mymm_finding *finding);
int mymm_check_longest(struct mymm_pool *pool, struct mymm_finding *finding,
		       unsigned long *longest);

#endif /* _MYMM_CHECK_H */
