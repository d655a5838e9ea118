/* SPDX-License-Identifier: GPL-2.0 */
/* The numbered invariants; check.c lists them. */
#ifndef _MYMM_CHECK_H
#define _MYMM_CHECK_H

#include <linux/compiler_attributes.h>
#include <linux/types.h>

struct mymm_pool;

/**
 * struct mymm_finding - the first broken invariant
 * @invariant: its number: 3 for I3; 0 if nothing was found
 * @text: which thing, what was expected and what was found
 */
struct mymm_finding {
	unsigned int invariant;
	char text[160];
};

__printf(3, 4) int mymm_find(struct mymm_finding *finding,
			     unsigned int invariant, const char *fmt, ...);
int mymm_check(struct mymm_pool *pool, struct mymm_finding *finding);

#endif /* _MYMM_CHECK_H */
