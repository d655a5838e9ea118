// SPDX-License-Identifier: GPL-2.0
/*
 * mymm_vm: processes whose memory is in a pool of mymm.
 */
#include <linux/module.h>

#include "base/compat.h"
#include "process/files.h"
#include "process/rmap.h"
#include "process/vm.h"
#include "process/vmalloc.h"
#include "process/vmscan.h"

static ushort devmode = 0600;
module_param(devmode, ushort, 0444);
MODULE_PARM_DESC(devmode, "Permissions of /dev/mymem (0600)");

static int __init mymm_vm_module_init(void)
{
	int err;

	if (devmode & ~0666) {
		pr_err("devmode=%#o: only 0666 and what is in it\n", devmode);
		return -EINVAL;
	}
	err = mymm_vm_init();
	if (err) {
		pr_err("the default pool has no memory for processes (%d)\n",
		       err);
		return err;
	}
	err = mymm_rmap_init();
	if (err)
		goto err_rmap;
	err = mymm_commit_init();
	if (err)
		goto err_commit;
	err = mymm_oom_init();
	if (err)
		goto err_oom;
	err = mymm_vmscan_init();
	if (err)
		goto err_vmscan;
	err = mymm_swap_readahead_init();
	if (err)
		goto err_readahead;
	err = mymm_swap_file_init();
	if (err)
		goto err_swap_file;
	err = mymm_vm_files_init();
	if (err)
		goto err_files;
	err = mymm_vmallocinfo_init();
	if (err)
		goto err_vmallocinfo;
	err = mymm_device_init(devmode);
	if (err)
		goto err_device;
	return 0;

err_device:
	mymm_vmallocinfo_exit();
err_vmallocinfo:
	mymm_vm_files_exit();
err_files:
	mymm_swap_file_exit();
err_swap_file:
	mymm_swap_readahead_exit();
err_readahead:
	mymm_vmscan_exit();
err_vmscan:
	mymm_oom_exit();
err_oom:
	mymm_commit_exit();
err_commit:
	mymm_rmap_exit();
err_rmap:
	mymm_vm_exit();
	return err;
}

static void __exit mymm_vm_module_exit(void)
{
	mymm_device_exit();
	mymm_vmallocinfo_exit();
	mymm_vm_files_exit();
	mymm_vmalloc_exit();
	mymm_swap_readahead_exit();
	mymm_vmscan_exit();
	mymm_oom_exit();
	mymm_commit_exit();
	mymm_rmap_exit();
	mymm_vm_exit();
	mymm_swap_file_exit();
}

module_init(mymm_vm_module_init);
module_exit(mymm_vm_module_exit);

MODULE_DESCRIPTION("Memory of processes in a pool of mymm");
MODULE_AUTHOR("The mymm founders");
MODULE_LICENSE("GPL");
MYMM_IMPORT_INTERNAL();
