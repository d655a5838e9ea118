/* SPDX-License-Identifier: GPL-2.0 */
/* Debug caches, and the number of their reports. */
#ifndef _MYMM_KUNIT_CHECKED_H
#define _MYMM_KUNIT_CHECKED_H

#include "lib/util.h"

/* What ",cache" means: all but tracing. */
#define MYMM_FZPU                                                \
	(SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | \
	 SLAB_STORE_USER)

struct mymm_cache *mymm_checked_cache(struct kunit *test,
				      struct mymm_pool *pool, unsigned int size,
				      slab_flags_t flags);
struct mymm_pool *mymm_checked_kmalloc(struct kunit *test, const char *debug);
long mymm_checked_reports(const struct mymm_pool *pool);

#endif /* _MYMM_KUNIT_CHECKED_H */
