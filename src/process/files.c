// SPDX-License-Identifier: GPL-2.0
/*
 * The files that show processes, and the default pool as their memory: which there are.
 */
#include <linux/proc_fs.h>

#include "base/compat.h"
#include "process/files.h"

static const struct {
	const char *name;
	int (*show)(struct seq_file *m, void *v);
} files[] = {
	{ "mymeminfo", mymm_meminfo_show },
	{ "mymm_tasks", mymm_tasks_show },
	{ "myswaps", mymm_swaps_show },
};

static void remove_files(unsigned int nr)
{
	while (nr--)
		remove_proc_entry(files[nr].name, NULL);
}

static int make_files(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		if (proc_create_single(files[i].name, 0444, NULL,
				       files[i].show))
			continue;
		pr_err("/proc/%s could not be made\n", files[i].name);
		remove_files(i);
		return -ENOMEM;
	}
	return 0;
}

/**
 * mymm_vm_files_init() - make the files
 *
 * Return: 0 or a negative errno, and there are none.
 */
int mymm_vm_files_init(void)
{
	int err = mymm_meminfo_init();

	if (err)
		return err;
	err = make_files();
	if (err) {
		mymm_meminfo_exit();
		return err;
	}
	mymm_regions_init();
	return 0;
}

/** mymm_vm_files_exit() - take the files away; waits for their readers */
void mymm_vm_files_exit(void)
{
	mymm_regions_exit();
	remove_files(ARRAY_SIZE(files));
	mymm_meminfo_exit();
}
