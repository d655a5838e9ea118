/* SPDX-License-Identifier: GPL-2.0 */
/* Single frames of a pool, in a row of addresses. */
#ifndef _MYMM_PROCESS_VMALLOC_H
#define _MYMM_PROCESS_VMALLOC_H

#include <linux/types.h>

struct mymm_frame;
struct mymm_pool;
struct mymm_vm;
struct seq_file;

/**
 * struct mymm_varea - what one call of mymm_vmalloc() has got
 * @vm: the pool; a reference is held
 * @addr: where it is mapped
 * @nr_frames: how many frames, without the gap behind them
 * @frame: these, in the order of their addresses
 * @caller: return address in the caller of mymm_vmalloc()
 * @of_area: it is @frame of another area
 *
 * Constant from the moment when it is among the others.
 */
struct mymm_varea {
	struct mymm_vm *vm;
	void *addr;
	unsigned long nr_frames;
	struct mymm_frame **frame;
	unsigned long caller;
	bool of_area;
};

bool mymm_varea_is_large(const struct mymm_varea *area);
void mymm_vareas_for_each(void (*call)(const struct mymm_varea *area,
				       void *data),
			  void *data);
unsigned long mymm_vmalloc_used(void);
void mymm_vmalloc_exit(void);

/* proc_vmallocinfo.c */
void mymm_vmallocinfo_show(struct seq_file *m, struct mymm_pool *pool);
int mymm_vmallocinfo_init(void);
void mymm_vmallocinfo_exit(void);

#endif /* _MYMM_PROCESS_VMALLOC_H */
