/* SPDX-License-Identifier: GPL-2.0 */
/* The files of /proc; each has a .c of its own, proc.c has what they share. */
#ifndef _MYMM_PROC_H
#define _MYMM_PROC_H

#include <linux/seq_file.h>

struct mymm_pool;

extern const struct seq_operations mymm_buddyinfo_ops;
extern const struct seq_operations mymm_pagetypeinfo_ops;
extern const struct seq_operations mymm_pressure_ops;
extern const struct proc_ops mymm_slabinfo_file;
extern const struct seq_operations mymm_vmstat_ops;
extern const struct seq_operations mymm_zoneinfo_ops;

int mymm_proc_init(struct mymm_pool *pool);
void mymm_proc_exit(void);
struct mymm_pool *mymm_seq_pool(struct seq_file *m);
void *mymm_seq_node_start(struct seq_file *m, loff_t *pos);
void *mymm_seq_node_next(struct seq_file *m, void *v, loff_t *pos);
void mymm_seq_node_stop(struct seq_file *m, void *v);

/* A whole file, for any pool. */
void mymm_buddyinfo_show(struct seq_file *m, struct mymm_pool *pool);
void mymm_pagetypeinfo_show(struct seq_file *m, struct mymm_pool *pool);
void mymm_slabinfo_show_all(struct seq_file *m, struct mymm_pool *pool);
int mymm_slabinfo_set(struct mymm_pool *pool, char *line);
void mymm_vmstat_show(struct seq_file *m, struct mymm_pool *pool);
void mymm_zoneinfo_show(struct seq_file *m, struct mymm_pool *pool);

#endif /* _MYMM_PROC_H */
