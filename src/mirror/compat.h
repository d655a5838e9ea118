/* SPDX-License-Identifier: GPL-2.0 */
/* What differs from kernel to kernel in what is probed and read. */
#ifndef _MYMM_MIRROR_COMPAT_H
#define _MYMM_MIRROR_COMPAT_H

#include <linux/mmzone.h>
#include <linux/version.h>

/* The word with a pageblock's bits; @bit: the first of them. NULL: the pageblock has none. */
static inline const unsigned long *mymm_pageblock_bits(const struct zone *zone,
						       unsigned long pfn,
						       unsigned int *bit)
{
	const unsigned long *words;

#ifdef CONFIG_SPARSEMEM
	struct mem_section *section = __pfn_to_section(pfn);

	if (!valid_section(section))
		return NULL;
	words = section->usage->pageblock_flags;
	pfn &= PAGES_PER_SECTION - 1;
#else
	words = zone->pageblock_flags;
	pfn -= round_down(zone->zone_start_pfn, 1UL << pageblock_order);
#endif
	*bit = (pfn >> pageblock_order) * NR_PAGEBLOCK_BITS;
	words += *bit / BITS_PER_LONG;
	*bit %= BITS_PER_LONG;
	return words;
}

/* The bulk allocator's list went away in 6.14, and so its array came one argument earlier. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 14, 0)
#define MYMM_BULK_LIST(regs) NULL
#define MYMM_BULK_ARRAY(regs) \
	((struct page **)regs_get_kernel_argument(regs, 4))
#else
#define MYMM_BULK_LIST(regs) \
	((struct list_head *)regs_get_kernel_argument(regs, 4))
#define MYMM_BULK_ARRAY(regs) \
	((struct page **)regs_get_kernel_argument(regs, 5))
#endif

#endif /* _MYMM_MIRROR_COMPAT_H */
