/* SPDX-License-Identifier: GPL-2.0 */
/* The files of /proc and debugfs that show processes; a .c for each. */
#ifndef _MYMM_PROCESS_FILES_H
#define _MYMM_PROCESS_FILES_H

struct seq_file;

/* proc_meminfo.c */
int mymm_meminfo_init(void);
void mymm_meminfo_exit(void);
int mymm_meminfo_show(struct seq_file *m, void *v);

/* proc_tasks.c */
int mymm_tasks_show(struct seq_file *m, void *v);

/* swapon.c */
int mymm_swaps_show(struct seq_file *m, void *v);

/* debugfs_regions.c */
void mymm_regions_init(void);
void mymm_regions_exit(void);

/* files.c */
int mymm_vm_files_init(void);
void mymm_vm_files_exit(void);

#endif /* _MYMM_PROCESS_FILES_H */
