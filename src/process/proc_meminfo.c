// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/mymeminfo: the default pool as the memory of processes, in the form of /proc/meminfo.
 *
 *	MemTotal:          65536 kB
 *	MemFree:           57204 kB
 *	...
 *
 * Which lines the real file has depends on the kernel's version, on its configuration, on the
 * CPU and on what is loaded. So the names are not written down here: the real file is read once,
 * at load, from a mount of proc of our own, which nobody can have bound anything over. Ours has
 * its lines in its order. A name that is known here is followed by the pool's value; what a pool
 * has nothing of is 0; and two values that no pool changes are the machine's.
 *
 *	MemAvailable	free frames, less what is reserved, and that part of pages of files and
 *			of reclaimable slabs that the kernel's si_mem_available() takes for free
 *	Cached		pages of files (fs/); anonymous memory is AnonPages, not Shmem
 *	Mapped		those of them that are mapped now
 *	Mlocked		what reclaim has found locked, as Unevictable: mlock() tells us nothing
 *	PageTables	the nodes of tables, but for the roots, as in Linux
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "base/compat.h"
#include "page/pool.h"
#include "page/vmstat.h"
#include "page/zone.h"
#include "process/file_page.h"
#include "process/files.h"
#include "process/lru.h"
#include "process/swap.h"
#include "process/vm.h"

/* The real file ends its numbers there, unless they are too long. */
#define NUMBER_START 16
#define NUMBER_END 24

static char *form; /* the real file, as it was at load */

/* --- values, in pages ------------------------------------------------------------- */

static unsigned long total(struct mymm_vm *vm)
{
	return vm->total;
}

static unsigned long free_frames(struct mymm_vm *vm)
{
	const struct mymm_pool *pool = vm->pool;
	unsigned long frames = 0;
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++)
		frames += READ_ONCE(pool->zone[i].buddy.free);
	return frames;
}

static unsigned long slab(const struct mymm_pool *pool, bool reclaimable)
{
	unsigned long frames = 0;
	unsigned int i;

	for (i = 0; i < pool->nr_nodes; i++)
		frames += mymm_node_slab_frames(&pool->node_of[i], reclaimable);
	return frames;
}

static unsigned long slab_reclaimable(struct mymm_vm *vm)
{
	return slab(vm->pool, true);
}

static unsigned long slab_unreclaimable(struct mymm_vm *vm)
{
	return slab(vm->pool, false);
}

static unsigned long slab_all(struct mymm_vm *vm)
{
	return slab(vm->pool, false) + slab(vm->pool, true);
}

/* What a request for memory of processes leaves in a zone, as in the kernel's own rule. */
static unsigned long zone_reserve(const struct mymm_zone *zone)
{
	unsigned long reserve = 0;
	unsigned int type;

	for (type = zone->type; type < MYMM_NR_ZONE_TYPES; type++)
		reserve = max(reserve, READ_ONCE(zone->lowmem_reserve[type]));
	reserve += READ_ONCE(zone->watermark[MYMM_WMARK_HIGH]);
	return min(reserve, mymm_zone_managed(zone));
}

static unsigned long active_file(struct mymm_vm *vm)
{
	return mymm_lru_total(vm, MYMM_LRU_ACTIVE_FILE);
}

static unsigned long inactive_file(struct mymm_vm *vm)
{
	return mymm_lru_total(vm, MYMM_LRU_INACTIVE_FILE);
}

static unsigned long available(struct mymm_vm *vm)
{
	const struct mymm_pool *pool = vm->pool;
	unsigned long reclaimable = slab(pool, true), low = 0;
	unsigned long files = active_file(vm) + inactive_file(vm);
	long pages = free_frames(vm);
	unsigned int i;

	for (i = 0; i < pool->nr_zones; i++) {
		pages -= zone_reserve(&pool->zone[i]);
		low += mymm_zone_watermark(&pool->zone[i], MYMM_WMARK_LOW);
	}
	pages += files - min(files / 2, low);
	pages += reclaimable - min(reclaimable / 2, low);
	return max(pages, 0L);
}

static unsigned long anon(struct mymm_vm *vm)
{
	return mymm_vm_sum(vm->pool, MYMM_NR_ANON_PAGES);
}

static unsigned long active_anon(struct mymm_vm *vm)
{
	return mymm_lru_total(vm, MYMM_LRU_ACTIVE_ANON);
}

static unsigned long inactive_anon(struct mymm_vm *vm)
{
	return mymm_lru_total(vm, MYMM_LRU_INACTIVE_ANON);
}

static unsigned long active(struct mymm_vm *vm)
{
	return active_anon(vm) + active_file(vm);
}

static unsigned long inactive(struct mymm_vm *vm)
{
	return inactive_anon(vm) + inactive_file(vm);
}

static unsigned long cached(struct mymm_vm *vm)
{
	return mymm_vm_sum(vm->pool, MYMM_NR_FILE_PAGES);
}

static unsigned long dirty(struct mymm_vm *vm)
{
	return mymm_vm_sum(vm->pool, MYMM_NR_FILE_DIRTY);
}

static unsigned long writeback(struct mymm_vm *vm)
{
	return mymm_vm_sum(vm->pool, MYMM_NR_WRITEBACK);
}

static unsigned long mapped(struct mymm_vm *vm)
{
	return mymm_file_mapped(vm, 0, vm->pool->nr_frames);
}

static unsigned long unevictable(struct mymm_vm *vm)
{
	return mymm_lru_total(vm, MYMM_LRU_UNEVICTABLE);
}

static unsigned long swap_cached(struct mymm_vm *vm)
{
	return mymm_vm_sum(vm->pool, MYMM_NR_SWAPCACHED);
}

static unsigned long swap_total(struct mymm_vm *vm)
{
	return mymm_swap_total(vm);
}

static unsigned long swap_free(struct mymm_vm *vm)
{
	return mymm_swap_nr_free(vm);
}

static unsigned long page_tables(struct mymm_vm *vm)
{
	return mymm_vm_sum(vm->pool, MYMM_NR_PAGE_TABLE_PAGES);
}

static unsigned long vmalloc_used(struct mymm_vm *vm)
{
	return atomic_long_read(&vm->nr_vmalloc);
}

static unsigned long commit_limit(struct mymm_vm *vm)
{
	return mymm_commit_limit(vm);
}

static const struct {
	const char *name;
	unsigned long (*pages)(struct mymm_vm *vm);
} values[] = {
	{ "MemTotal", total },
	{ "MemFree", free_frames },
	{ "MemAvailable", available },
	{ "Cached", cached },
	{ "SwapCached", swap_cached },
	{ "Active", active },
	{ "Inactive", inactive },
	{ "Active(anon)", active_anon },
	{ "Inactive(anon)", inactive_anon },
	{ "Active(file)", active_file },
	{ "Inactive(file)", inactive_file },
	{ "Unevictable", unevictable },
	{ "Mlocked", unevictable },
	{ "SwapTotal", swap_total },
	{ "SwapFree", swap_free },
	{ "Dirty", dirty },
	{ "Writeback", writeback },
	{ "AnonPages", anon },
	{ "Mapped", mapped },
	{ "KReclaimable", slab_reclaimable },
	{ "Slab", slab_all },
	{ "SReclaimable", slab_reclaimable },
	{ "SUnreclaim", slab_unreclaimable },
	{ "PageTables", page_tables },
	{ "CommitLimit", commit_limit },
	{ "Committed_AS", mymm_committed },
	{ "VmallocUsed", vmalloc_used },
};

/* The machine's, whatever a pool has: addresses for vmalloc, and the size of a huge page. */
static const char *const constants[] = { "VmallocTotal", "Hugepagesize" };

/* --- lines ------------------------------------------------------------------------ */

static bool is_name(const char *name, const char *line, int length)
{
	return strlen(name) == length && !strncmp(name, line, length);
}

static bool is_constant(const char *line, int length)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(constants); i++)
		if (is_name(constants[i], line, length))
			return true;
	return false;
}

/* The value of a name, in kB where there are pages. */
static unsigned long value_of(struct mymm_vm *vm, const char *line, int length)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values); i++)
		if (is_name(values[i].name, line, length))
			return values[i].pages(vm) << (PAGE_SHIFT - 10);
	return 0;
}

/* A line of ours for one of the real file, which ends at @end. */
static void show_line(struct seq_file *m, const char *line, const char *end)
{
	const char *colon = memchr(line, ':', end - line);
	const char *unit = end - strlen(" kB");
	int length, start;

	if (!colon)
		return;
	length = colon - line;
	if (is_constant(line, length)) {
		seq_write(m, line, end + 1 - line);
		return;
	}
	start = max(length + 1, NUMBER_START);
	seq_printf(
		m, "%-*.*s%*lu%s\n", start, length + 1, line,
		NUMBER_END - start, value_of(mymm_vm_default(), line, length),
		unit > colon && !strncmp(unit, " kB", end - unit) ? " kB" : "");
}

/**
 * mymm_meminfo_show() - the whole file
 * @m: where to
 * @v: nothing
 *
 * Context: process.
 * Return: 0.
 */
int mymm_meminfo_show(struct seq_file *m, void *v)
{
	const char *line, *end;

	for (line = form; (end = strchr(line, '\n')); line = end + 1)
		show_line(m, line, end);
	return 0;
}

/* --- the form --------------------------------------------------------------------- */

/* All of a file, as a string. */
static char *read_all(struct file *file)
{
	size_t size = PAGE_SIZE, length = 0;
	char *text = NULL, *more;
	loff_t pos = 0;
	ssize_t nr;

	for (;; size *= 2) {
		more = krealloc(text, size, GFP_KERNEL);
		if (!more)
			break;
		text = more;
		do {
			nr = kernel_read(file, text + length, size - 1 - length,
					 &pos);
			length += max_t(ssize_t, nr, 0);
		} while (nr > 0 && length < size - 1);
		if (nr < 0)
			break;
		if (!nr) {
			text[length] = '\0';
			return text;
		}
	}
	kfree(text);
	return ERR_PTR(more ? nr : -ENOMEM);
}

static char *read_meminfo(void)
{
	struct file_system_type *type = get_fs_type("proc");
	struct vfsmount *mount;
	struct file *file;
	char *text;

	if (!type)
		return ERR_PTR(-ENODEV);
	mount = kern_mount(type);
	if (IS_ERR(mount))
		return ERR_CAST(mount);
	file = file_open_root_mnt(mount, "meminfo", O_RDONLY, 0);
	if (IS_ERR(file)) {
		text = ERR_CAST(file);
	} else {
		text = read_all(file);
		filp_close(file, NULL);
	}
	kern_unmount(mount);
	return text;
}

/**
 * mymm_meminfo_init() - see what form the running kernel's file has
 *
 * Return: 0 or a negative errno.
 */
int mymm_meminfo_init(void)
{
	char *text = read_meminfo();

	if (IS_ERR(text)) {
		pr_err("the kernel's meminfo can't be read (%ld)\n",
		       PTR_ERR(text));
		return PTR_ERR(text);
	}
	form = text;
	return 0;
}

/** mymm_meminfo_exit() - forget it; the file is gone */
void mymm_meminfo_exit(void)
{
	kfree(form);
}
