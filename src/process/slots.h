/* SPDX-License-Identifier: GPL-2.0 */
/* The slots that point to a page, and what reclaim and migration do to them. */
#ifndef _MYMM_PROCESS_SLOTS_H
#define _MYMM_PROCESS_SLOTS_H

#include <linux/types.h>

struct mm_struct;
struct mymm_vm;
struct page;

unsigned int mymm_page_referenced(struct mymm_vm *vm, struct page *page);
bool mymm_page_unmap(struct mymm_vm *vm, struct page *page);
void mymm_page_unmap_from(struct page *page, const struct mm_struct *mm);
unsigned int mymm_page_move_slots(struct mymm_vm *vm, struct page *page,
				  struct page *to);
unsigned int mymm_page_swap_slots(struct mymm_vm *vm, struct page *page,
				  u32 entry);

#endif /* _MYMM_PROCESS_SLOTS_H */
