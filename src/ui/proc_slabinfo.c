// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/myslabinfo: objects and slabs, cache by cache, the newest first.
 *
 *   name             active_objs num_objs objsize objperslab pagesperslab
 *        : tunables limit batchcount sharedfactor
 *        : slabdata active_slabs num_slabs sharedavail
 *
 * Byte for byte the shape of /proc/slabinfo, version 2.1: two header lines, even with
 * no cache, then a line a cache with no space at its end. The numbers mean what they
 * mean there for the cache's engine. For slub: objsize is the size with everything of
 * the allocator's in it; objects at hand for a CPU count as active; tunables are 0. For slab:
 * tunables are real, active slabs are those with an object in use, and sharedavail counts the
 * objects in the nodes' shared arrays, which are active too.
 *
 * As SLAB's the file can be written to, which is why it has mode 0600:
 *
 *   echo "NAME LIMIT BATCHCOUNT SHAREDFACTOR" > /proc/myslabinfo
 *
 * One line of up to 128 bytes a write. What makes no sense is -EINVAL, as it was with SLAB; but
 * that took a limit below 1, or a batchcount above the limit, without a word, and did nothing.
 *
 * The list of caches can't change while the file is read on (pool->lock); a line is one
 * moment of its cache.
 */
#include <linux/cpu.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "object/cache.h"
#include "base/compat.h"
#include "ui/proc.h"
#include "cache/tunables.h"

static void show_header(struct seq_file *m)
{
	seq_puts(m, "slabinfo - version: 2.1\n");
	seq_puts(
		m,
		"# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>");
	seq_puts(m, " : tunables <limit> <batchcount> <sharedfactor>");
	seq_puts(m, " : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
}

static void show_cache(struct seq_file *m, struct mymm_cache *cache)
{
	struct mymm_slabinfo info;

	cache->engine->get_slabinfo(cache, &info);
	seq_printf(m, "%-17s %6lu %6lu %6u %4u %4d", cache->name,
		   info.active_objs, info.num_objs, cache->size, cache->num,
		   1 << cache->order);
	seq_printf(m, " : tunables %4u %4u %4u", info.tunables.limit,
		   info.tunables.batchcount, info.tunables.shared);
	seq_printf(m, " : slabdata %6lu %6lu %6lu", info.active_slabs,
		   info.num_slabs, info.shared_avail);
	seq_putc(m, '\n');
}

/**
 * mymm_slabinfo_show_all() - the whole file, for a pool
 * @m: where to
 * @pool: the pool
 *
 * Context: process; sleeps.
 */
void mymm_slabinfo_show_all(struct seq_file *m, struct mymm_pool *pool)
{
	struct mymm_cache *cache;

	show_header(m);
	guard(mutex)(&pool->lock);
	list_for_each_entry(cache, &pool->caches, list)
		show_cache(m, cache);
}
MYMM_EXPORT_INTERNAL(mymm_slabinfo_show_all);

/* Position 0 is the header; seq_list_start_head() counts the list's head so too. */
static void *slabinfo_start(struct seq_file *m, loff_t *pos)
{
	struct mymm_pool *pool = mymm_seq_pool(m);

	mutex_lock(&pool->lock);
	return seq_list_start_head(&pool->caches, *pos);
}

static void *slabinfo_next(struct seq_file *m, void *v, loff_t *pos)
{
	return seq_list_next(v, &mymm_seq_pool(m)->caches, pos);
}

static void slabinfo_stop(struct seq_file *m, void *v)
{
	mutex_unlock(&mymm_seq_pool(m)->lock);
}

static int slabinfo_show(struct seq_file *m, void *v)
{
	if (v == &mymm_seq_pool(m)->caches)
		show_header(m);
	else
		show_cache(m, list_entry(v, struct mymm_cache, list));
	return 0;
}

static const struct seq_operations slabinfo_ops = {
	.start = slabinfo_start,
	.next = slabinfo_next,
	.stop = slabinfo_stop,
	.show = slabinfo_show,
};

/* --- writing ------------------------------------------------------------- */

/* The longest line that SLAB took. */
#define MAX_LINE 128

/*
 * Parse "NAME LIMIT BATCHCOUNT SHAREDFACTOR". Not with sscanf(), which would take 4294967416
 * for 120.
 */
static int parse_line(char *line, char **name, struct mymm_tunables *tunables)
{
	char *rest = line;
	int number[3];
	unsigned int i;

	*name = strsep(&rest, " ");
	for (i = 0; i < ARRAY_SIZE(number) && rest; i++) {
		rest = skip_spaces(rest);
		if (kstrtoint(strsep(&rest, " \t\n"), 10, &number[i]))
			return -EINVAL;
	}
	if (i < ARRAY_SIZE(number) || (rest && *skip_spaces(rest)) ||
	    strchr(*name, '\n'))
		return -EINVAL;
	*tunables = (struct mymm_tunables){
		.limit = number[0],
		.batchcount = number[1],
		.shared = number[2],
	};
	/* Anything below 0 is too much, then, and is shown as what it is. */
	return 0;
}

static int tune(struct mymm_pool *pool, const char *name,
		const struct mymm_tunables *tunables)
{
	struct mymm_cache *cache;

	list_for_each_entry(cache, &pool->caches, list)
		if (!strcmp(cache->name, name))
			return mymm_cache_tune(cache, tunables);
	pr_err_ratelimited("myslabinfo: pool %s has no cache \"%s\"\n",
			   pool->name, name);
	return -EINVAL;
}

/**
 * mymm_slabinfo_set() - what a line written to the file does
 * @pool: to the caches of which pool
 * @line: the line; is taken apart
 *
 * Context: process; sleeps.
 * Return: 0. -EINVAL: no such cache, or no such tunables, or not such a line; -ENOMEM; -EIO:
 * the pool is dead. Nothing has changed then, and a line in the log says what was wrong.
 */
int mymm_slabinfo_set(struct mymm_pool *pool, char *line)
{
	struct mymm_tunables tunables;
	char *name;
	int err;

	err = parse_line(line, &name, &tunables);
	if (err) {
		pr_err_ratelimited(
			"myslabinfo: expected a line of NAME LIMIT BATCHCOUNT SHAREDFACTOR, with numbers up to %d\n",
			INT_MAX);
		return err;
	}
	cpus_read_lock();
	mutex_lock(&pool->lock);
	err = tune(pool, name, &tunables);
	mutex_unlock(&pool->lock);
	cpus_read_unlock();
	return err;
}
MYMM_EXPORT_INTERNAL(mymm_slabinfo_set);

static ssize_t slabinfo_write(struct file *file, const char __user *buffer,
			      size_t count, loff_t *ppos)
{
	char line[MAX_LINE + 1];
	int err;

	if (count > MAX_LINE) {
		pr_err_ratelimited(
			"myslabinfo: a line of %zu bytes is longer than %d\n",
			count, MAX_LINE);
		return -EINVAL;
	}
	if (copy_from_user(line, buffer, count))
		return -EFAULT;
	line[count] = 0;
	if (memchr(line, 0, count)) {
		pr_err_ratelimited("myslabinfo: there is a NUL in the line\n");
		return -EINVAL;
	}
	err = mymm_slabinfo_set(pde_data(file_inode(file)), line);
	return err ?: count;
}

static int slabinfo_open(struct inode *inode, struct file *file)
{
	return seq_open(file, &slabinfo_ops);
}

const struct proc_ops mymm_slabinfo_file = {
	.proc_open = slabinfo_open,
	.proc_read_iter = seq_read_iter,
	.proc_write = slabinfo_write,
	.proc_lseek = seq_lseek,
	.proc_release = seq_release,
};
