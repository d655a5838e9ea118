// SPDX-License-Identifier: GPL-2.0
/*
 * The files of /proc: which there are, and what they have in common.
 *
 * Each shows the pool that was given when they were made. The real ones can be read node
 * by node; so can ours, and what is shown of a node is put together without a lock of the
 * pool, since nodes and zones are there as long as the pool.
 */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "base/compat.h"
#include "page/pool.h"
#include "ui/proc.h"

/* The modes of the real ones; those of slabinfo that SLAB had. */
static const struct {
	const char *name;
	umode_t mode;
	const struct seq_operations *ops;
	const struct proc_ops *file;
} files[] = {
	{ "mybuddyinfo", 0444, &mymm_buddyinfo_ops },
	{ "mypagetypeinfo", 0400, &mymm_pagetypeinfo_ops },
	{ "myzoneinfo", 0444, &mymm_zoneinfo_ops },
	{ "myvmstat", 0444, &mymm_vmstat_ops },
	{ "mypressure", 0444, &mymm_pressure_ops },
	{ "myslabinfo", 0600, .file = &mymm_slabinfo_file },
};

/**
 * mymm_seq_pool() - the pool that a file shows
 * @m: the file, opened
 *
 * Return: the pool.
 */
struct mymm_pool *mymm_seq_pool(struct seq_file *m)
{
	return pde_data(file_inode(m->file));
}

/**
 * mymm_seq_node_start() - the node to go on with
 * @m: the file
 * @pos: number of the node
 *
 * Return: the node; NULL after the last.
 */
void *mymm_seq_node_start(struct seq_file *m, loff_t *pos)
{
	struct mymm_pool *pool = mymm_seq_pool(m);

	return *pos < pool->nr_nodes ? &pool->node_of[*pos] : NULL;
}

/**
 * mymm_seq_node_next() - the next node
 * @m: the file
 * @v: the node before it
 * @pos: number of that; becomes the one of the next
 *
 * Return: the node; NULL after the last.
 */
void *mymm_seq_node_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return mymm_seq_node_start(m, pos);
}

/**
 * mymm_seq_node_stop() - nothing is held between nodes
 * @m: the file
 * @v: the last node
 */
void mymm_seq_node_stop(struct seq_file *m, void *v)
{
}

static struct proc_dir_entry *make_file(unsigned int i, struct mymm_pool *pool)
{
	if (files[i].file)
		return proc_create_data(files[i].name, files[i].mode, NULL,
					files[i].file, pool);
	return proc_create_seq_data(files[i].name, files[i].mode, NULL,
				    files[i].ops, pool);
}

static void remove_files(unsigned int nr)
{
	while (nr--)
		remove_proc_entry(files[nr].name, NULL);
}

/**
 * mymm_proc_init() - put the files into /proc
 * @pool: the pool that they show
 *
 * Return: 0; -ENOMEM, and there are none.
 */
int mymm_proc_init(struct mymm_pool *pool)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		if (make_file(i, pool))
			continue;
		pr_err("/proc/%s could not be made\n", files[i].name);
		remove_files(i);
		return -ENOMEM;
	}
	return 0;
}

/** mymm_proc_exit() - take the files away; waits for their readers */
void mymm_proc_exit(void)
{
	remove_files(ARRAY_SIZE(files));
}
