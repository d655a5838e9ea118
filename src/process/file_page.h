/* SPDX-License-Identifier: GPL-2.0 */
/* Pages of files, as reclaim and the rmap see them. */
#ifndef _MYMM_PROCESS_FILE_PAGE_H
#define _MYMM_PROCESS_FILE_PAGE_H

#include <linux/types.h>

struct address_space;
struct mymm_finding;
struct mymm_pool;
struct mymm_vm;
struct mymm_vm_figures;
struct page;

/**
 * struct mymm_file_ops - what the owner of the pages of files does for what stands below it
 * @busy: is a page dirty, or being written? With the page's lock
 * @evict: a page is about to be freed; it is clean, mapped nowhere, and locked. @shadow is left in
 *         its place
 * @move: another page is at its place from now on, and as dirty; both are locked, have the same
 *	  contents, and are mapped nowhere
 * @write: have dirty pages written, in the background
 * @wait: wait until some have been written, but not for long
 * @limits: how many pages may be dirty before what dirties them waits, and before they are written
 * @check: look for what is wrong with the pages of files; see mymm_vm_check()
 */
struct mymm_file_ops {
	bool (*busy)(const struct page *page);
	void (*evict)(struct page *page, u64 shadow);
	void (*move)(struct page *page, struct page *to);
	void (*write)(struct mymm_vm *vm);
	void (*wait)(struct mymm_vm *vm);
	void (*limits)(const struct mymm_vm *vm, unsigned long *dirty,
		       unsigned long *background);
	int (*check)(struct mymm_vm *vm, struct mymm_finding *finding);
};

/* Set while the module is being loaded, before there is a page of a file. */
extern const struct mymm_file_ops *mymm_file_ops;

unsigned int mymm_file_referenced(struct page *page, bool *program);
bool mymm_file_unmap(struct page *page);
void mymm_file_maps(struct mymm_vm *vm, const struct page *page);
unsigned long mymm_file_mapped(struct mymm_vm *vm, u32 from, u32 to);
void mymm_file_figures(struct mymm_pool *pool, struct mymm_vm_figures *figures);

#endif /* _MYMM_PROCESS_FILE_PAGE_H */
