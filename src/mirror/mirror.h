/* SPDX-License-Identifier: GPL-2.0 */
/* The mirror: the running kernel's page allocator, repeated in a pool; mirror.c has the picture. */
#ifndef _MYMM_MIRROR_H
#define _MYMM_MIRROR_H

#include <linux/types.h>

#include "page/frame.h"

struct mymm_pool;
struct page;
struct seq_file;

/**
 * enum mymm_mirror_level - what of the kernel's allocator is repeated
 * @MYMM_MIRROR_USERS: what its users hold; frames in per-CPU lists are free
 * @MYMM_MIRROR_BUDDY: what its free lists lack; frames in per-CPU lists are allocated
 */
enum mymm_mirror_level {
	MYMM_MIRROR_USERS,
	MYMM_MIRROR_BUDDY,
};

/**
 * struct mymm_mirror_counts - what came of the events of one hook
 * @events: how many there were
 * @frames: frames that they named
 * @already: of these, frames that were in that state before the event; since the takeover
 * @refused: frames that the pool did not take
 */
struct mymm_mirror_counts {
	unsigned long events;
	unsigned long frames;
	unsigned long already;
	unsigned long refused;
};

/**
 * struct mymm_mirror_zone - a zone of the kernel and of the mirror, beside each other
 * @name: of the zone
 * @node: of the kernel
 * @nr_free: blocks on the kernel's lists, by order; [1] in the mirror
 */
struct mymm_mirror_zone {
	const char *name;
	int node;
	unsigned long nr_free[2][MYMM_NR_ORDERS];
};

/**
 * struct mymm_mirror_look - the kernel and the mirror at one moment
 * @buddy: frames on the kernel's free lists
 * @pcp: frames in its per-CPU lists
 * @mirror: frames that are free in the mirror
 * @free_here: frames that are free in the mirror only
 * @free_there: frames that are free in the kernel only
 * @first: the first frame that differs
 * @stopped: for how long the machine stood still; ns
 * @nr_zones: of @zone
 * @zone: those that have memory, by address
 */
struct mymm_mirror_look {
	unsigned long buddy;
	unsigned long pcp;
	unsigned long mirror;
	unsigned long free_here;
	unsigned long free_there;
	unsigned long first;
	u64 stopped;
	unsigned int nr_zones;
	struct mymm_mirror_zone zone[];
};

/* kernel_zones.c: the running kernel */
typedef void (*mymm_real_block)(unsigned long pfn, unsigned int order,
				void *data);

int mymm_real_init(void);
void mymm_real_exit(void);
const char *mymm_real_layout(void);
unsigned int mymm_real_nr_nodes(void);
int mymm_real_node(int nid);
unsigned int mymm_real_nr_zones(void);
unsigned long mymm_real_frames(void);
enum mymm_migratetype mymm_real_type(unsigned long pfn);
void mymm_real_name_zone(unsigned int i, struct mymm_mirror_zone *zone);
void mymm_real_each_free(unsigned int i, mymm_real_block fn, void *data);
void mymm_real_each_pcp(unsigned int i, mymm_real_block fn, void *data);

/* mirror.c: the pool */
int mymm_mirror_create(const char *name, enum mymm_mirror_level level);
void mymm_mirror_destroy(void);
void mymm_mirror_repeat(struct page *page, unsigned int order, bool allocated,
			gfp_t gfp, struct mymm_mirror_counts __percpu *counts);
void mymm_mirror_to_list(struct page *page, unsigned int order,
			 struct mymm_mirror_counts __percpu *counts);
int mymm_mirror_take_over(void);
struct mymm_mirror_look *mymm_mirror_look(void);
void mymm_mirror_show_head(struct seq_file *m);

/* policy.c: pools with frames of their own choice */
extern unsigned int mymm_nr_policies;

int mymm_policies_create(const char *list);
void mymm_policies_destroy(void);
void mymm_policies_repeat(unsigned long pfn, unsigned int order, bool allocated,
			  gfp_t gfp, int node);
void mymm_policies_take_over(struct mymm_pool *exact);
void mymm_policies_look(const unsigned long *free);
void mymm_policies_show(struct seq_file *m);

/* hook.c, page_hooks.c: the events of the kernel's allocators */
int mymm_hooks_init(const char *leave_out);
void mymm_hooks_exit(void);
void mymm_hooks_show(struct seq_file *m);
void mymm_page_hooks_attach(enum mymm_mirror_level level,
			    const char *leave_out);

/* objects.c, object_hooks.c: objects of the kernel's caches */
int mymm_objects_create(const char *name);
void mymm_objects_attach(const char *leave_out);
void mymm_objects_destroy(void);
bool mymm_objects_on(void);
void mymm_objects_shrink(void);
void mymm_objects_show(struct seq_file *m);

/* main.c */
bool mymm_mirror_name_is_good(const char *name);

/* files.c */
void mymm_mirror_files_init(void);
void mymm_mirror_files_exit(void);

#endif /* _MYMM_MIRROR_H */
