// SPDX-License-Identifier: GPL-2.0
/*
 * What a checker found: the number of the first broken invariant, and a line that says
 * where. Each folder checks its own structures; pool/check.c lists the invariants and runs
 * all checks.
 */
#include <linux/errno.h>
#include <linux/kernel.h>

#include "base/compat.h"
#include "base/finding.h"

/**
 * mymm_find() - note a broken invariant
 * @finding: where to
 * @invariant: its number
 * @fmt: which thing, what was expected and what was found
 *
 * Context: any.
 * Return: -EUCLEAN.
 */
int mymm_find(struct mymm_finding *finding, unsigned int invariant,
	      const char *fmt, ...)
{
	va_list args;

	finding->invariant = invariant;
	va_start(args, fmt);
	vsnprintf(finding->text, sizeof(finding->text), fmt, args);
	va_end(args);
	return -EUCLEAN;
}
MYMM_EXPORT_INTERNAL(mymm_find);
