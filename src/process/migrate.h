/* SPDX-License-Identifier: GPL-2.0 */
/* What a process has in a frame goes to another. */
#ifndef _MYMM_PROCESS_MIGRATE_H
#define _MYMM_PROCESS_MIGRATE_H

#include <linux/types.h>

struct mymm_pool;

bool mymm_may_migrate(struct mymm_pool *pool, u32 pfn);
int mymm_migrate(struct mymm_pool *pool, u32 from, u32 to, bool wait);

#endif /* _MYMM_PROCESS_MIGRATE_H */
