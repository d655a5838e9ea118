/* SPDX-License-Identifier: GPL-2.0 */
/* The struct page behind a frame that processes have. */
#ifndef _MYMM_PROCESS_MAPPED_H
#define _MYMM_PROCESS_MAPPED_H

#include <linux/bits.h>
#include <linux/mm.h>

struct address_space;
struct mymm_space;
struct mymm_vm;

/*
 * What page_private() holds: the number of the frame; has a fork shared it, since it was known to
 * be of one process alone; was it active once (workingset.c); and how many slots point to it.
 */
#define MYMM_SHARE_BITS 32
#define MYMM_FORKED BIT(MYMM_SHARE_BITS - 1)
#define MYMM_WORKINGSET BIT(MYMM_SHARE_BITS - 2)

static inline u32 mymm_mapped_pfn(const struct page *page)
{
	return page_private(page) >> MYMM_SHARE_BITS;
}

/* With the page's lock, as all that follows. */
static inline u32 mymm_mapped_share(const struct page *page)
{
	return page_private(page) & (MYMM_WORKINGSET - 1);
}

static inline void mymm_mapped_get(struct page *page)
{
	set_page_private(page, (page_private(page) + 1) | MYMM_FORKED);
}

static inline bool mymm_mapped_workingset(const struct page *page)
{
	return page_private(page) & MYMM_WORKINGSET;
}

static inline void mymm_mapped_set_workingset(struct page *page)
{
	set_page_private(page, page_private(page) | MYMM_WORKINGSET);
}

/* A slot that pointed to another page, points to this one. */
static inline void mymm_mapped_take_slot(struct page *page)
{
	set_page_private(page, page_private(page) + 1);
}

/* Was that the last slot? Then the caller calls mymm_mapped_free(). */
static inline bool mymm_mapped_put(struct page *page)
{
	set_page_private(page, page_private(page) - 1);
	return !mymm_mapped_share(page);
}

struct page *mymm_mapped_alloc(struct mymm_space *space, pgoff_t index,
			       gfp_t gfp);
struct page *mymm_mapped_alloc_unowned(struct mymm_vm *vm, gfp_t gfp);
struct page *mymm_file_alloc(struct mymm_vm *vm, struct address_space *mapping,
			     pgoff_t index, gfp_t gfp);
void mymm_mapped_own(struct page *page, struct mymm_space *space,
		     pgoff_t index);
void mymm_mapped_like(struct mymm_vm *vm, struct page *page, u32 pfn,
		      struct page *like);
void mymm_mapped_free(struct mymm_vm *vm, struct page *page);
bool mymm_mapped_claim(struct mymm_vm *vm, struct page *page, int held);
void mymm_mapped_copy(struct mymm_vm *vm, struct page *to, struct page *from);
bool mymm_limbo_hurry(struct mymm_vm *vm);
void mymm_limbo_run(struct work_struct *work);

#endif /* _MYMM_PROCESS_MAPPED_H */
