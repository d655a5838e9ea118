/* SPDX-License-Identifier: GPL-2.0 */
/* What a checker found. */
#ifndef _MYMM_FINDING_H
#define _MYMM_FINDING_H

#include <linux/compiler_attributes.h>

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

#endif /* _MYMM_FINDING_H */
