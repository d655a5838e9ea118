/* SPDX-License-Identifier: GPL-2.0 */
/* All that touches the page tables of a process. */
#ifndef _MYMM_PROCESS_RMAP_H
#define _MYMM_PROCESS_RMAP_H

#include <linux/mm.h>

vm_fault_t mymm_map_zero(struct vm_fault *vmf);
void mymm_zap(struct vm_area_struct *vma, unsigned long addr,
	      unsigned long len);
void mymm_zap_page(struct vm_area_struct *vma, unsigned long addr,
		   struct page *page);
void mymm_write_protect(struct vm_area_struct *vma, unsigned long addr,
			unsigned long len);
bool mymm_rmap_overlaps(struct address_space *mapping,
			const struct mm_struct *mm, pgoff_t from, pgoff_t to);
void mymm_rmap_walk(struct address_space *mapping,
		    void (*look)(struct vm_area_struct *vma, void *data),
		    void *data);
void mymm_rmap_walk_at(struct address_space *mapping, pgoff_t index,
		       void (*look)(struct vm_area_struct *vma,
				    unsigned long addr, void *data),
		       void *data);
bool mymm_rmap_locked(struct address_space *mapping, pgoff_t index);
bool mymm_take_young(struct vm_area_struct *vma, unsigned long addr);
bool mymm_take_young_of(struct vm_area_struct *vma, unsigned long addr,
			const struct page *page);
bool mymm_pte_of(struct vm_area_struct *vma, unsigned long addr,
		 const struct page *page, bool *write, bool *young);
void mymm_drain_locked(void);
void mymm_flush_young(void);
struct page *mymm_no_special_page(struct vm_area_struct *vma,
				  unsigned long addr);
int mymm_rmap_init(void);
void mymm_rmap_exit(void);

#endif /* _MYMM_PROCESS_RMAP_H */
