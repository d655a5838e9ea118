/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A local trylock: keeps a CPU's own data from an interrupt on that CPU without masking it.
 * magazine.c explains the protocol, which magazines and per-CPU page lists share.
 */
#ifndef _MYMM_LOCAL_TRYLOCK_H
#define _MYMM_LOCAL_TRYLOCK_H

#include <linux/compiler.h>
#include <linux/types.h>

/**
 * struct mymm_local_lock - is this CPU's data in use?
 * @left: 1 if not. To take the lock is to count it down; code that finds it other than 0
 *        then, an interrupt's, counts it up again and takes the slow way
 * @collisions: times that it was found taken
 */
struct mymm_local_lock {
	long left;
	unsigned long collisions;
};

#define MYMM_LOCAL_LOCK_INIT ((struct mymm_local_lock){ .left = 1 })

/* With preemption off. False: taken by the code that we interrupted. */
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
