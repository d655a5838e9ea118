/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A token: how a CPU's own things are kept from an interrupt on that CPU without masking
 * it. magazine.c explains the protocol; magazines and per-CPU page lists live by it.
 */
#ifndef _MYMM_LOCAL_TRYLOCK_H
#define _MYMM_LOCAL_TRYLOCK_H

#include <linux/compiler.h>
#include <linux/types.h>

/**
 * struct mymm_local_lock - says whether somebody on this CPU is at it
 * @left: 1 while nobody is. Taking it is counting it down; who finds that it is not 0
 *        then counts it up again and goes the slow way
 * @collisions: times that somebody found it taken
 */
struct mymm_local_lock {
	long left;
	unsigned long collisions;
};

#define MYMM_LOCAL_LOCK_INIT ((struct mymm_local_lock){ .left = 1 })

/* With preemption off: may we go on? If not, we interrupted who does. */
static __always_inline bool mymm_local_trylock(struct mymm_local_lock *lock)
{
	/* No barrier before the branch, or it costs a compare of its own. */
	if (unlikely(--lock->left))
		return false;
	barrier();
	return true;
}

static __always_inline void mymm_local_unlock(struct mymm_local_lock *lock)
{
	barrier();
	lock->left = 1;
}

/* After mymm_local_trylock(), whatever came of it. */
static inline void mymm_local_contended(struct mymm_local_lock *lock)
{
	barrier();
	if (++lock->left != 1)
		lock->collisions++;
}

#endif /* _MYMM_LOCAL_TRYLOCK_H */
