/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/mymem: memory of a process in the frames of a pool.
 *
 * Map it with mmap(MAP_SHARED), at any offset, which is not looked at: each mapping has memory
 * of its own, as an anonymous one. A mapping takes nothing; the first write to a page takes a
 * frame. A child has a copy of its parent's memory, made page by page when one of them writes.
 *
 * Arguments are structs that begin with their size, as those of <mymm.h>.
 */
#ifndef _UAPI_MYMEM_H
#define _UAPI_MYMEM_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define MYMEM_NAME_LEN 32
#define MYMEM_SWAP_NAME_LEN 64

/**
 * struct mymem_range - a range of addresses of the caller
 * @size: in: sizeof(struct mymem_range)
 * @flags: in: 0, or what the call knows
 * @addr: in: the first; of a page
 * @len: in: bytes; rounded up to pages
 */
struct mymem_range {
	__u32 size;
	__u32 flags;
	__u64 addr;
	__u64 len;
};

/**
 * struct mymem_pool - the pool that mappings are to take frames from (MYMEM_IOC_POOL)
 * @size: in: sizeof(struct mymem_pool)
 * @flags: in: 0
 * @name: in: its name
 */
struct mymem_pool {
	__u32 size;
	__u32 flags;
	char name[MYMEM_NAME_LEN];
};

/**
 * struct mymem_swap - a swap area (MYMEM_IOC_SWAPON, MYMEM_IOC_SWAPOFF)
 * @size: in: sizeof(struct mymem_swap)
 * @flags: in: MYMEM_SWAP_FILE: it is in a file, or 0: in memory of the machine
 * @bytes: in, of SWAPON in memory: how large; whole pages
 * @priority: in, of SWAPON: areas with a higher one are used first; negative: lower than
 *            all that have been made so far
 * @fd: in, of a file: its descriptor, for SWAPON open for reading and writing
 * @name: in, of SWAPOFF in memory: which, as /proc/myswaps has it; else empty
 */
struct mymem_swap {
	__u32 size;
	__u32 flags;
	__u64 bytes;
	__s32 priority;
	__s32 fd;
	char name[MYMEM_SWAP_NAME_LEN];
};

/*
 * MYMEM_IOC_DISCARD: what madvise(MADV_DONTNEED) does to anonymous memory: frames go back, and
 *	the pages read as zeros. -EINVAL: @addr is not of a page, or what follows is locked by
 *	mlock(), which MYMEM_DISCARD_LOCKED allows, as MADV_DONTNEED_LOCKED does; -EPERM: it is
 *	sealed by mseal(), and read-only; -ENOMEM: a part of the range is not of this device,
 *	and was left as it is.
 * MYMEM_IOC_RESERVE: charge @len bytes more to the mapping that has @addr, which mremap() is to
 *	make longer now, since mremap() itself can't ask. -ENOMEM: that is refused; -ENXIO: the
 *	mapping is not of this device; -EACCES: it is not writable, so nothing is charged.
 * MYMEM_IOC_POOL: choose a pool, before the first mapping. -ENOENT: none has that name; -EBUSY:
 *	there was a mapping; -EOPNOTSUPP: it has no memory.
 * MYMEM_IOC_SWAPON: have a swap area in memory of the machine, or in a file or block device that
 *	mkswap has prepared, for the pool of this file. -EINVAL: it is not prepared; -ETXTBSY:
 *	somebody else has it open for writing, which nobody can as long as it is an area.
 * MYMEM_IOC_SWAPOFF: take one away, when all that is in it was brought back. -EINVAL: there is
 *	no such area; -ENOMEM: the pool does not have that many frames, and the area stays.
 *	Both: -EPERM without CAP_SYS_ADMIN.
 */
#define MYMEM_IOC_MAGIC 0xB6
#define MYMEM_IOC_DISCARD _IOW(MYMEM_IOC_MAGIC, 0, struct mymem_range)
#define MYMEM_IOC_RESERVE _IOW(MYMEM_IOC_MAGIC, 1, struct mymem_range)
#define MYMEM_IOC_POOL _IOW(MYMEM_IOC_MAGIC, 2, struct mymem_pool)
#define MYMEM_IOC_SWAPON _IOW(MYMEM_IOC_MAGIC, 3, struct mymem_swap)
#define MYMEM_IOC_SWAPOFF _IOW(MYMEM_IOC_MAGIC, 4, struct mymem_swap)

/* A flag of MYMEM_IOC_SWAPON and MYMEM_IOC_SWAPOFF. */
#define MYMEM_SWAP_FILE (1 << 0)

/* A flag of MYMEM_IOC_DISCARD. */
#define MYMEM_DISCARD_LOCKED (1 << 0)

#endif /* _UAPI_MYMEM_H */
