/* SPDX-License-Identifier: GPL-2.0 */
/* The files of debugfs that show the default pool's zones and frames. */
#ifndef _MYMM_DEBUGFS_H
#define _MYMM_DEBUGFS_H

#include <linux/types.h>

struct mymm_pool;
struct seq_file;

void mymm_frames_show(struct seq_file *m, struct mymm_pool *pool);
void mymm_zones_show(struct seq_file *m, struct mymm_pool *pool);
void mymm_extfrag_show(struct seq_file *m, struct mymm_pool *pool,
		       bool unusable);
void mymm_debugfs_init(struct mymm_pool *pool);
void mymm_debugfs_exit(void);

#endif /* _MYMM_DEBUGFS_H */
