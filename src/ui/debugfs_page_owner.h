/* SPDX-License-Identifier: GPL-2.0 */
/* The files of page_owner. */
#ifndef _MYMM_DEBUGFS_PAGE_OWNER_H
#define _MYMM_DEBUGFS_PAGE_OWNER_H

#include <linux/types.h>

struct dentry;
struct mymm_owner_record;
struct mymm_pool;

void mymm_page_owner_init(struct dentry *dir, struct mymm_pool *pool);
int mymm_page_owner_print(struct mymm_pool *pool, u32 pfn,
			  const struct mymm_owner_record *record, char *buf,
			  size_t size);

#endif /* _MYMM_DEBUGFS_PAGE_OWNER_H */
