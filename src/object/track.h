/* SPDX-License-Identifier: GPL-2.0 */
/* Tracks: records of an object's last alloc and free (SLAB_STORE_USER); see track.c. */
#ifndef _MYMM_TRACK_H
#define _MYMM_TRACK_H

#include <linux/stackdepot.h>
#include <linux/types.h>

/**
 * struct mymm_track - one event in the life of an object
 * @addr: of the calling code; 0: no event yet
 * @handle: of the stack in the stack depot; 0: unknown
 * @cpu: CPU that did it
 * @pid: of the task
 * @sum: of the other members, to find overwrites; without stack depot there is no room for it
 * @when: in jiffies
 *
 * As large as SLUB has it, since it is part of a slot.
 */
struct mymm_track {
	unsigned long addr;
#ifdef CONFIG_STACKDEPOT
	depot_stack_handle_t handle;
#endif
	int cpu;
	int pid;
#ifdef CONFIG_STACKDEPOT
	u32 sum;
#endif
	unsigned long when;
};

enum mymm_track_item {
	MYMM_TRACK_ALLOC,
	MYMM_TRACK_FREE,
	MYMM_NR_TRACKS,
};

/* The stack of an event, or 0. */
static inline depot_stack_handle_t
mymm_track_handle(const struct mymm_track *track)
{
#ifdef CONFIG_STACKDEPOT
	return track->handle;
#else
	return 0;
#endif
}

void mymm_track_set(struct mymm_track *track, unsigned long addr,
		    depot_stack_handle_t stack);
bool mymm_track_is_whole(const struct mymm_track *track);

#endif /* _MYMM_TRACK_H */
