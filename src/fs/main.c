// SPDX-License-Identifier: GPL-2.0
/*
 * mymm_vm: processes whose memory is in a pool of mymm.
 */
#include <linux/module.h>

#include "base/compat.h"
#include "fs/fs.h"
#include "process/files.h"
#include "process/rmap.h"
#include "process/swap.h"
#include "process/sysctl.h"
#include "process/vm.h"
#include "process/vmalloc.h"

static ushort devmode = 0600;
module_param(devmode, ushort, 0444);
MODULE_PARM_DESC(devmode, "Permissions of /dev/mymem (0600)");

static int init_device(void)
{
	return mymm_device_init(devmode);
}

static const struct {
	int (*init)(void);
	void (*exit)(void);
} parts[] = {
	{ mymm_cache_init, mymm_cache_exit },
	{ mymm_swap_file_init, mymm_swap_file_exit },
	{ mymm_vm_init, mymm_vm_exit },
	{ mymm_rmap_init, mymm_rmap_exit },
	{ mymm_vm_sysctl_init, mymm_vm_sysctl_exit },
	{ NULL, mymm_vmalloc_exit },
	{ mymm_vm_files_init, mymm_vm_files_exit },
	{ mymm_vmallocinfo_init, mymm_vmallocinfo_exit },
	{ mymm_writeback_init, mymm_writeback_exit },
	{ mymm_flusher_init, mymm_flusher_exit },
	{ mymm_fs_sysctl_init, mymm_fs_sysctl_exit },
	{ mymm_super_init, mymm_super_exit },
	{ init_device, mymm_device_exit },
};

/* The last of them first. */
static void exit_parts(unsigned int nr)
{
	while (nr--)
		parts[nr].exit();
}

static int __init mymm_vm_module_init(void)
{
	unsigned int i;
	int err;

	if (devmode & ~0666) {
		pr_err("devmode=%#o: only 0666 and what is in it\n", devmode);
		return -EINVAL;
	}
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		err = parts[i].init ? parts[i].init() : 0;
		if (err) {
			exit_parts(i);
			return err;
		}
	}
	return 0;
}

static void __exit mymm_vm_module_exit(void)
{
	exit_parts(ARRAY_SIZE(parts));
}

module_init(mymm_vm_module_init);
module_exit(mymm_vm_module_exit);

MODULE_DESCRIPTION("Memory of processes in a pool of mymm");
MODULE_AUTHOR("The mymm founders");
MODULE_LICENSE("GPL");
MYMM_IMPORT_INTERNAL();
