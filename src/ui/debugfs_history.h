/* SPDX-License-Identifier: GPL-2.0 */
/* How the free blocks of a pool changed with time; debugfs_history.c has the theory. */
#ifndef _MYMM_DEBUGFS_HISTORY_H
#define _MYMM_DEBUGFS_HISTORY_H

#include <linux/mutex.h>
#include <linux/types.h>

#include "page/frame.h"

struct dentry;
struct mymm_pool;
struct seq_file;

/* What is sampled, beside what is free. */
#define MYMM_HISTORY_EVENTS 9

/**
 * struct mymm_history - the last samples of a pool
 * @pool: of which pool; constant
 * @len: samples that there is room for; constant
 * @lock: protects what follows
 * @taken: samples that were taken; number n is, or was, in place n % @len
 * @first: the first since it was cleared
 * @time: by place: when, in ns
 * @nr_free: by place and zone: free blocks of each order
 * @events: by place: what has happened since the sample before
 * @count: what had happened up to the last
 */
struct mymm_history {
	struct mymm_pool *pool;
	unsigned int len;
	struct mutex lock; /* see debugfs_history.c */
	unsigned long taken;
	unsigned long first;
	u64 *time;
	u32 (*nr_free)[MYMM_NR_ORDERS];
	unsigned long (*events)[MYMM_HISTORY_EVENTS];
	unsigned long count[MYMM_HISTORY_EVENTS];
};

struct mymm_history *mymm_history_create(struct mymm_pool *pool,
					 unsigned int len);
void mymm_history_destroy(struct mymm_history *history);
void mymm_history_sample(struct mymm_history *history, u64 ns);
void mymm_history_clear(struct mymm_history *history);
void mymm_history_show_events(struct seq_file *m, struct mymm_history *history);
void mymm_history_show(struct seq_file *m, struct mymm_history *history);

int mymm_history_init(struct mymm_pool *pool);
void mymm_history_exit(void);
int mymm_history_step(struct mymm_pool *pool, u64 ns);
void mymm_history_file(struct dentry *dir);

#endif /* _MYMM_DEBUGFS_HISTORY_H */
