/* SPDX-License-Identifier: GPL-2.0 */
/* Have a page that was moved mapped again; remap.c has the theory. */
#ifndef _MYMM_PROCESS_REMAP_H
#define _MYMM_PROCESS_REMAP_H

#include <linux/types.h>

struct address_space;
struct mm_struct;
struct page;

/* More processes than that get it back by a fault of their own. */
#define MYMM_MOST_PTES 8

/**
 * struct mymm_pte_note - a pte that a page had
 * @mm: whose; a reference to its memory is held
 * @addr: where
 * @write: it could be written to
 * @young: it was used since that was looked at last
 */
struct mymm_pte_note {
	struct mm_struct *mm;
	unsigned long addr;
	bool write;
	bool young;
};

/**
 * struct mymm_ptes - the ptes of a page
 * @page: the page
 * @mapping: of which inode
 * @index: its place there
 * @nr: how many are noted
 * @missed: there was a used one for which there was no room
 * @note: they
 */
struct mymm_ptes {
	struct page *page;
	struct address_space *mapping;
	unsigned long index;
	unsigned int nr;
	bool missed;
	struct mymm_pte_note note[MYMM_MOST_PTES];
};

void mymm_ptes_note(struct mymm_ptes *ptes, struct page *page);
void mymm_ptes_restore(struct mymm_ptes *ptes);

#endif /* _MYMM_PROCESS_REMAP_H */
