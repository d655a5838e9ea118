/* SPDX-License-Identifier: GPL-2.0 */
/* What differs for files that the kernel reads and writes between its versions. */
#ifndef _MYMM_FILE_COMPAT_H
#define _MYMM_FILE_COMPAT_H

#include <linux/fs.h>
#include <linux/uio.h>
#include <linux/version.h>

/* Since 6.8 a write by an iterator waits by itself while the file system is frozen. */
static inline ssize_t mymm_iter_write(struct file *file, struct iov_iter *from,
				      loff_t *pos)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	return vfs_iter_write(file, from, pos, 0);
#else
	ssize_t nr;

	file_start_write(file);
	nr = vfs_iter_write(file, from, pos, 0);
	file_end_write(file);
	return nr;
#endif
}

#endif /* _MYMM_FILE_COMPAT_H */
