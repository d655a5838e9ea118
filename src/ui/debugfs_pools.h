/* SPDX-License-Identifier: GPL-2.0 */
/* debugfs mymm/pools/; see debugfs_pools.c. */
#ifndef _MYMM_DEBUGFS_POOLS_H
#define _MYMM_DEBUGFS_POOLS_H

struct dentry;
struct seq_file;

void mymm_pools_show(struct seq_file *m, const char *name);
void mymm_debugfs_pools_init(struct dentry *parent);

#endif /* _MYMM_DEBUGFS_POOLS_H */
