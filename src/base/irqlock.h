/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A raw spinlock with interrupts masked, taken in line. Called functions would be a third
 * of what it costs to take a block from a zone. With interrupts masked nothing preempts us,
 * so preemption need not be counted, either. With lockdep the kernel's own functions are
 * called, which report to it.
 */
#ifndef _MYMM_IRQLOCK_H
#define _MYMM_IRQLOCK_H

#include <linux/irqflags.h>
#include <linux/spinlock.h>

#if defined(CONFIG_SMP) && !defined(CONFIG_DEBUG_SPINLOCK) && \
	!defined(CONFIG_DEBUG_LOCK_ALLOC)

#define mymm_lock(lock, flags)          \
	do {                            \
		local_irq_save(flags);  \
		do_raw_spin_lock(lock); \
	} while (0)

#define mymm_unlock(lock, flags)          \
	do {                              \
		do_raw_spin_unlock(lock); \
		local_irq_restore(flags); \
	} while (0)

#else

#define mymm_lock(lock, flags) raw_spin_lock_irqsave(lock, flags)
#define mymm_unlock(lock, flags) raw_spin_unlock_irqrestore(lock, flags)

#endif

#endif /* _MYMM_IRQLOCK_H */
