// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs mymm/regions: what each process has of the default pool, drawn as a map.
 *
 *	fork_over_limit 0
 *	fork_broken 0
 *	limbo 0
 *
 *	312 mymem: 16 pages, 16 charged, 10 frames, 0 swapped, 3 tables
 *	7f31c2a00000-7f31c2a10000 rw-s 1 aaaaaassss......
 *
 * At the head are the mappings that a fork copied over the limit of overcommit, the children that
 * got no memory for their tables, and the frames that are out of use but that something still has
 * a reference to. Then there is a paragraph for each process and open file of the device; "-" is
 * one that is just ending. A line is a vma: its addresses, what is allowed, how many pages a
 * letter stands for, a power of two, so that there are at most 64 of them, and the letters:
 *
 *	.	nothing is there
 *	:	fewer than half of these pages have a frame, or are swapped out
 *	w	half of them or more; more are swapped out than have a frame
 *	a	half of them or more; most of the frames are this process's own
 *	s	half of them or more; at least half of the frames are shared since a fork
 *
 * Nothing is stopped while this is drawn. A page that is shared by a slot at this moment may be
 * its own at the next.
 */
#include <linux/debugfs.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/seq_file.h>

#include "base/compat.h"
#include "process/files.h"
#include "process/mapped.h"
#include "process/rmap.h"
#include "process/usage.h"
#include "process/vm.h"

#define MOST_LETTERS 64

static struct dentry *file;

/* Slots of a part of a region. */
struct counts {
	unsigned long frames;
	unsigned long shared; /* those of them whose frame others have, too */
	unsigned long swapped;
};

static struct counts count_slots(struct mymm_region *region,
				 unsigned long start, unsigned long end)
{
	struct mymm_vm *vm = region->space->vm;
	struct counts nr = {};
	unsigned long addr;
	u64 slot;

	for (addr = start; (slot = mymm_table_next(&region->table, &addr, end));
	     addr += PAGE_SIZE) {
		if (mymm_slot_is_swap(slot)) {
			nr.swapped++;
			continue;
		}
		nr.frames++;
		nr.shared += mymm_mapped_share(mymm_slot_page(vm, slot)) > 1;
	}
	return nr;
}

static char letter(unsigned long pages, struct counts nr)
{
	if (!nr.frames && !nr.swapped)
		return '.';
	if (2 * (nr.frames + nr.swapped) < pages)
		return ':';
	if (nr.swapped > nr.frames)
		return 'w';
	return 2 * nr.shared >= nr.frames ? 's' : 'a';
}

struct drawing {
	struct seq_file *m;
	struct mymm_region *region;
};

static void draw_vma(struct vm_area_struct *vma, void *data)
{
	const struct drawing *drawing = data;
	struct mymm_region *region = drawing->region;
	struct seq_file *m = drawing->m;
	unsigned long at, end = vma->vm_end;
	unsigned long group =
		roundup_pow_of_two(DIV_ROUND_UP(vma_pages(vma), MOST_LETTERS));

	if (vma->vm_mm != region->mm)
		return;
	seq_printf(m, "%lx-%lx %c%c%c%c %lu ", vma->vm_start, end,
		   vma->vm_flags & VM_READ ? 'r' : '-',
		   vma->vm_flags & VM_WRITE ? 'w' : '-',
		   vma->vm_flags & VM_EXEC ? 'x' : '-',
		   vma->vm_flags & VM_SHARED ? 's' : 'p', group);
	for (at = vma->vm_start; at < end; at += group << PAGE_SHIFT) {
		unsigned long to = min(at + (group << PAGE_SHIFT), end);

		seq_putc(m, letter((to - at) >> PAGE_SHIFT,
				   count_slots(region, at, to)));
		cond_resched();
	}
	seq_putc(m, '\n');
}

static void draw_region(struct seq_file *m, struct mymm_region *region)
{
	struct drawing drawing = { m, region };
	struct mymm_task task;

	if (mymm_task_of(region->mm, &init_pid_ns, &task))
		seq_printf(m, "\n%d %s: ", task.pid, task.comm);
	else
		seq_puts(m, "\n-: ");
	seq_printf(
		m,
		"%ld pages, %ld charged, %lu frames, %lu swapped, %lu tables\n",
		atomic_long_read(&region->pages),
		atomic_long_read(&region->charged),
		READ_ONCE(region->table.nr_frames),
		READ_ONCE(region->table.nr_swapped),
		READ_ONCE(region->table.nr_nodes));
	mymm_rmap_walk(region->space->inode->i_mapping, draw_vma, &drawing);
}

static int regions_show(struct seq_file *m, void *v)
{
	struct mymm_vm *vm = mymm_vm_default();
	struct mymm_region *region;

	seq_printf(m, "fork_over_limit %ld\nfork_broken %ld\nlimbo %lu\n",
		   atomic_long_read(&vm->fork_over_limit),
		   atomic_long_read(&vm->fork_broken), READ_ONCE(vm->nr_limbo));
	guard(mutex)(&vm->lock);
	list_for_each_entry(region, &vm->regions, all)
		draw_region(m, region);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(regions);

/**
 * mymm_regions_init() - put the file into the folder that mymm has made
 *
 * debugfs is for looking: without it everything else works, so nothing is returned.
 */
void mymm_regions_init(void)
{
	struct dentry *dir = debugfs_lookup("mymm", NULL);

	file = debugfs_create_file("regions", 0400, dir, NULL, &regions_fops);
	dput(dir);
}

/** mymm_regions_exit() - take the file away; waits for its readers */
void mymm_regions_exit(void)
{
	debugfs_remove(file);
}
