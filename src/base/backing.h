/* SPDX-License-Identifier: GPL-2.0 */
/* Memory from the kernel, for pools and what describes them. */
#ifndef _MYMM_BACKING_H
#define _MYMM_BACKING_H

#include <linux/types.h>

/**
 * struct mymm_area - a stretch of the vmalloc area with pages of ours behind it
 * @addr: where it begins; NULL if there is none
 * @pages: how many
 */
struct mymm_area {
	void *addr;
	unsigned long pages;
};

/* Pages that are to come from one node of the machine, or from any (NUMA_NO_NODE). */
struct mymm_area_part {
	unsigned long pages;
	int node;
};

int mymm_area_alloc_parts(struct mymm_area *area,
			  const struct mymm_area_part *part, unsigned int nr);
int mymm_area_alloc(struct mymm_area *area, unsigned long pages, int node);
void mymm_area_free(struct mymm_area *area);
void *mymm_void_alloc(void);
void mymm_void_free(void *base);
unsigned long mymm_area_room(void);
unsigned long mymm_area_held(void);

#endif /* _MYMM_BACKING_H */
