/* SPDX-License-Identifier: GPL-2.0 */
/* The files that people read; one .c for each file of /proc, one for debugfs. */
#ifndef _MYMM_PROC_H
#define _MYMM_PROC_H

struct mymm_pool;
struct seq_file;

void mymm_buddyinfo_show(struct seq_file *m, struct mymm_pool *pool);
int mymm_buddyinfo_init(struct mymm_pool *pool);
void mymm_buddyinfo_exit(void);

void mymm_slabinfo_show_all(struct seq_file *m, struct mymm_pool *pool);
int mymm_slabinfo_init(struct mymm_pool *pool);
void mymm_slabinfo_exit(void);

void mymm_frames_show(struct seq_file *m, struct mymm_pool *pool);
void mymm_extfrag_show(struct seq_file *m, struct mymm_pool *pool,
		       bool unusable);
void mymm_debugfs_init(struct mymm_pool *pool);
void mymm_debugfs_exit(void);

#endif /* _MYMM_PROC_H */
