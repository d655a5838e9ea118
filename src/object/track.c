// SPDX-License-Identifier: GPL-2.0
/*
 * One track: an event in the life of an object, with a sum that shows whether it was
 * overwritten. cache/track.c lists them.
 */
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "base/compat.h"
#include "object/sanitize.h"
#include "object/track.h"

#ifdef CONFIG_STACKDEPOT
static u32 sum_of(const struct mymm_track *track)
{
	u64 mix = track->addr * GOLDEN_RATIO_64;

	mix ^= (u64)track->handle << 32 | (u32)track->pid;
	mix *= GOLDEN_RATIO_64;
	mix ^= (u64)track->cpu << 32 ^ track->when;
	/* The sum of an empty track is 0. */
	return mix * GOLDEN_RATIO_64 >> 32;
}
#endif

/**
 * mymm_track_is_whole() - is a track intact?
 * @track: the track
 *
 * Context: any.
 * Return: whether its sum is right; always true without the sum.
 */
bool mymm_track_is_whole(const struct mymm_track *track)
{
#ifdef CONFIG_STACKDEPOT
	return track->sum == sum_of(track);
#else
	return true;
#endif
}

/**
 * mymm_track_set() - record an event
 * @track: the track
 * @addr: of the calling code
 * @stack: from mymm_stack_save()
 *
 * Context: any, preemption off.
 */
void mymm_track_set(struct mymm_track *track, unsigned long addr,
		    depot_stack_handle_t stack)
{
	guard(mymm_unwatched)();

	track->addr = addr;
#ifdef CONFIG_STACKDEPOT
	track->handle = stack;
#endif
	track->cpu = smp_processor_id();
	track->pid = current->pid;
	track->when = jiffies;
#ifdef CONFIG_STACKDEPOT
	track->sum = sum_of(track);
#endif
}
