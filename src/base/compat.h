/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every difference between kernel versions, and nothing else.
 *
 * Decisions follow 6.12 wherever kernels differ; file shapes and derived numbers
 * follow the kernel that runs, and where that needs a choice it is made here.
 */
#ifndef _MYMM_COMPAT_H
#define _MYMM_COMPAT_H

#include <linux/export.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/types.h>
#include <linux/version.h>

/* 6.13 made the namespace of an exported symbol a string. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define MYMM_NS "MYMM_INTERNAL"
#else
#define MYMM_NS MYMM_INTERNAL
#endif

/* Symbols for our own tests and bench, and for no other module. */
#define MYMM_EXPORT_INTERNAL(sym) EXPORT_SYMBOL_NS_GPL(sym, MYMM_NS)
#define MYMM_IMPORT_INTERNAL() MODULE_IMPORT_NS(MYMM_NS)

/*
 * SLUB's rule for the order of a slab changed in 6.8: it no longer lowers the
 * number of objects that it aims for before it accepts more waste.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#define MYMM_ORDER_RULE_6_8 1
#else
#define MYMM_ORDER_RULE_6_8 0
#endif

/*
 * SLUB of 6.1 and 6.12: the latter puts its free pointer behind an object whose right red
 * zone can reach into it, and keeps the size that kmalloc was asked for in a long. What is in
 * between we have not looked at.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define MYMM_WORD_BEHIND_REQUEST 1
#define MYMM_REQUEST_BYTES sizeof(unsigned long)
#else
#define MYMM_WORD_BEHIND_REQUEST 0
#define MYMM_REQUEST_BYTES sizeof(unsigned int)
#endif

/* Does kmalloc() promise to align 96 and 192 bytes? Between 6.1 and 6.12 we have not looked. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define MYMM_KMALLOC_ALIGNS_ALL 1
#else
#define MYMM_KMALLOC_ALIGNS_ALL 0
#endif

/* Put a stack into the depot, with or without new memory for it. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#define mymm_depot_save(entries, nr, gfp, may_allocate)                      \
	stack_depot_save_flags(entries, nr, gfp,                             \
			       (may_allocate) ? STACK_DEPOT_FLAG_CAN_ALLOC : \
						0)
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define mymm_depot_save(entries, nr, gfp, may_allocate) \
	__stack_depot_save(entries, nr, gfp, may_allocate)
#else
#define mymm_depot_save(entries, nr, gfp, may_allocate) \
	__stack_depot_save(entries, nr, 0, gfp, may_allocate)
#endif

/* 6.5 brought a flag for caches that want to be by themselves. */
#ifndef SLAB_NO_MERGE
#define SLAB_NO_MERGE ((slab_flags_t __force)0x01000000U)
#endif

/* 6.10 took the source out of __assign_str(): __string() has it already. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define mymm_assign_str(dst, src) __assign_str(dst)
#else
#define mymm_assign_str(dst, src) __assign_str(dst, src)
#endif

/*
 * Zone Movable is made of another zone's frames. In 6.1 it is a zone like that one when
 * min_free_kbytes is shared out; in 6.12 it is always one like HighMem. What is in between we
 * have not looked at.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define MYMM_MOVABLE_AS_ITS_SOURCE 0
#else
#define MYMM_MOVABLE_AS_ITS_SOURCE 1
#endif

/* Since 6.2 what an mm has, by kind, is in counters by CPU. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define MYMM_RSS_IS_PERCPU 1
#else
#define MYMM_RSS_IS_PERCPU 0
#endif

/* From 6.7 on what a CPU keeps in its page lists is tuned between two bounds. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
#define MYMM_PCP_HIGH_IS_TUNED 1
#else
#define MYMM_PCP_HIGH_IS_TUNED 0
#endif

/* 6.11 made tables of sysctls constant for their handlers, and counts their entries. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define MYMM_CTL_CONST const
#define MYMM_CTL_TABLE_END
#else
#define MYMM_CTL_CONST
#define MYMM_CTL_TABLE_END {},
#endif

/*
 * /proc/zoneinfo of 6.1 and of 6.12: the latter shows the promo watermark, and counts
 * demotions by node and the pages of IOMMU drivers. Kernels between these two were not
 * looked at, and count as 6.1.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define MYMM_ZONEINFO_6_12 1
#else
#define MYMM_ZONEINFO_6_12 0
#endif

/*
 * /proc/vmstat: 6.12 counts how often a node gave what was wanted, 6.1 does not; releases
 * in between were not checked.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define MYMM_VMSTAT_RECLAIM_SUCCESS 1
#else
#define MYMM_VMSTAT_RECLAIM_SUCCESS 0
#endif

/*
 * The file page_owner: 6.1 has the number of a frame in decimal, and the time when it was
 * freed last. 6.12 does not; releases in between were not checked.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define MYMM_PAGE_OWNER_PFN "0x%lx"
#define MYMM_PAGE_OWNER_FREE_TS 0
#else
#define MYMM_PAGE_OWNER_PFN "%lu"
#define MYMM_PAGE_OWNER_FREE_TS 1
#endif

/*
 * A variable that CONFIG_INIT_STACK_ALL_ZERO need not clear, as room for a batch of which only
 * what was filled is read. Only newer kernels have a name for it.
 */
#if __has_attribute(__uninitialized__)
#define MYMM_UNCLEARED __attribute__((__uninitialized__))
#else
#define MYMM_UNCLEARED
#endif

/*
 * KASAN's shadow of the vmalloc area, where our memory is, is there to be written to. The
 * kernel exports the function that writes it, and has no header for it.
 */
#if defined(CONFIG_KASAN_GENERIC) && defined(CONFIG_KASAN_VMALLOC)
#define MYMM_KASAN 1
void kasan_poison(const void *addr, size_t size, u8 value, bool init);
#else
#define MYMM_KASAN 0
#endif

/* 6.3 renamed what takes ptes out of one vma. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define MYMM_HAS_ZAP_SINGLE 1
#else
#define MYMM_HAS_ZAP_SINGLE 0
#endif

/* 6.5 named batches of pages after folios. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define mymm_batch folio_batch
#define mymm_batch_init folio_batch_init
#define mymm_batch_release __folio_batch_release
#else
#define mymm_batch pagevec
#define mymm_batch_init pagevec_init
#define mymm_batch_release __pagevec_release
#endif

/* From 6.10 on the kernel's page of zeros can't be in a shared mapping of a driver. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define MYMM_SHARES_ZERO_PAGE 0
#else
#define MYMM_SHARES_ZERO_PAGE 1
#endif

/*
 * The OOM killer's table of tasks: 6.12 has frames by kind, too, 6.1 has not; what is in between
 * we have not looked at.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define MYMM_OOM_RSS_BY_KIND 1
#else
#define MYMM_OOM_RSS_BY_KIND 0
#endif

/* 6.11 brought kunit_vm_mmap(); user-mode Linux runs no case in a process of its own. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0) && !defined(CONFIG_UML)
#define MYMM_HAS_KUNIT_VM
#endif

/* 6.10 brought mseal(). */
#ifdef VM_SEALED
#define MYMM_VM_SEALED VM_SEALED
#else
#define MYMM_VM_SEALED 0
#endif

/*
 * in_nmi(), where it is asked once an operation: one instruction that tests the count in
 * its place. The count was a variable of its own until 6.2, and is again since 6.15.
 */
#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0) && \
	LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
#define MYMM_PREEMPT_COUNT pcpu_hot.preempt_count
#else
#define MYMM_PREEMPT_COUNT __preempt_count
#endif
/* Named address spaces have the variable bring its own prefix. */
#ifndef __my_cpu_var
#define __my_cpu_var(var) (var)
#endif
static __always_inline bool mymm_in_nmi(void)
{
	bool nmi;

	asm("testl %[mask], " __percpu_arg([count]) CC_SET(nz)
	    : CC_OUT(nz)(nmi)
	    : [count] "m"(__my_cpu_var(MYMM_PREEMPT_COUNT)), [mask] "i"(
								     NMI_MASK));
	return nmi;
}
#else
#define mymm_in_nmi() in_nmi()
#endif

/*
 * preempt_enable() in two halves. The second calls the scheduler, and the kernel's
 * way of calling it makes any function that contains it set up a frame first; as a
 * tail call in a function of its own it costs the usual way nothing.
 */
#ifdef CONFIG_PREEMPTION
#define mymm_preempt_enable_begin()                     \
	({                                              \
		barrier();                              \
		unlikely(preempt_count_dec_and_test()); \
	})
#define mymm_preempt_enable_resched() __preempt_schedule()
#else
#define mymm_preempt_enable_begin() \
	({                          \
		preempt_enable();   \
		false;              \
	})
#define mymm_preempt_enable_resched() \
	do {                          \
	} while (0)
#endif

/* 6.10 has a function for what was a pointer of the mm: where the kernel maps a file. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define MYMM_HAS_MM_AREA 1
#else
#define MYMM_HAS_MM_AREA 0
#endif

#endif /* _MYMM_COMPAT_H */
