// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/myvmallocinfo: the areas of mymm_vmalloc() in the default pool, by address.
 *
 *   0xffffa1c240131000-0xffffa1c240136000   20480 load+0x4d/0x90 [example] pages=4 vmalloc N0=4
 *
 * In the form of /proc/vmallocinfo: the addresses with the gap behind the frames, bytes with it,
 * the caller, frames; "vpages" if the list of the frames is an area, too; and how many of them are
 * of which node of the pool. As there, root alone can read it, and %pK shows an address if
 * kernel.kptr_restrict allows it.
 */
#include <linux/mm.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "base/compat.h"
#include "page/pool.h"
#include "process/vm.h"
#include "process/vmalloc.h"

#define NAME "myvmallocinfo"

/* What of all areas is to be shown, and where. */
struct view {
	struct seq_file *m;
	const struct mymm_pool *pool;
};

static unsigned long frames_of(const struct mymm_varea *area,
			       const struct mymm_node *node)
{
	const struct mymm_frame *table = area->vm->pool->frame;
	unsigned long nr = 0, i;

	for (i = 0; i < area->nr_frames; i++)
		nr += area->frame[i] >= &table[node->start] &&
		      area->frame[i] < &table[node->end];
	return nr;
}

static void show_nodes(struct seq_file *m, const struct mymm_varea *area)
{
	const struct mymm_pool *pool = area->vm->pool;
	unsigned int n;

	/* A kernel without nodes does not show them; a pool that has them does. */
	if (!IS_ENABLED(CONFIG_NUMA) && pool->nr_nodes == 1)
		return;
	for (n = 0; n < pool->nr_nodes; n++) {
		unsigned long nr = frames_of(area, &pool->node_of[n]);

		if (nr)
			seq_printf(m, " N%u=%lu", n, nr);
	}
}

static void show_area(const struct mymm_varea *area, void *data)
{
	const struct view *view = data;
	const unsigned long bytes = (area->nr_frames + 1) << PAGE_SHIFT;
	struct seq_file *m = view->m;

	if (area->vm->pool != view->pool)
		return;
	seq_printf(m, "0x%pK-0x%pK %7ld %pS pages=%lu vmalloc", area->addr,
		   area->addr + bytes, bytes, (void *)area->caller,
		   area->nr_frames);
	if (mymm_varea_is_large(area))
		seq_puts(m, " vpages");
	show_nodes(m, area);
	seq_putc(m, '\n');
}

/**
 * mymm_vmallocinfo_show() - the whole file, for a pool
 * @m: where to
 * @pool: the pool
 *
 * Context: process.
 */
void mymm_vmallocinfo_show(struct seq_file *m, struct mymm_pool *pool)
{
	struct view view = { .m = m, .pool = pool };

	mymm_vareas_for_each(show_area, &view);
}
MYMM_EXPORT_INTERNAL(mymm_vmallocinfo_show);

static int show(struct seq_file *m, void *v)
{
	mymm_vmallocinfo_show(m, mymm_vm_default()->pool);
	return 0;
}

/**
 * mymm_vmallocinfo_init() - put the file into /proc
 *
 * Return: 0 or -ENOMEM.
 */
int mymm_vmallocinfo_init(void)
{
	return proc_create_single(NAME, 0400, NULL, show) ? 0 : -ENOMEM;
}

/** mymm_vmallocinfo_exit() - take it away; waits for its readers */
void mymm_vmallocinfo_exit(void)
{
	remove_proc_entry(NAME, NULL);
}
