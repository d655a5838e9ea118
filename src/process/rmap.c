// SPDX-License-Identifier: GPL-2.0
/*
 * All that touches the page tables of a process, with what the kernel exports for it.
 *
 * What was never written to reads as zeros, and takes no frame: a *special* pte maps a page of
 * zeros, which the kernel does not count. Before 6.10 that is the kernel's own, and everything
 * works with it. Newer kernels keep theirs out of shared mappings, so there it is a page of this
 * module's; what looks up the struct page behind an address to read from it, as
 * process_vm_readv(), fails on such a page until it was written to.
 */
#include <linux/fs.h>
#include <linux/interval_tree_generic.h>
#include <linux/mm.h>
#include <linux/pagevec.h>
#include <linux/pfn_t.h>
#include <linux/pgtable.h>
#include <linux/smp.h>

#ifdef CONFIG_X86
#include <asm/tlbflush.h>
#endif

#include "base/compat.h"
#include "process/rmap.h"

static unsigned long first_of(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff;
}

static unsigned long last_of(struct vm_area_struct *vma)
{
	return vma->vm_pgoff + vma_pages(vma) - 1;
}

/* The kernel's tree of the vmas of a mapping, whose functions are not exported. */
INTERVAL_TREE_DEFINE(struct vm_area_struct, shared.rb, unsigned long,
		     shared.rb_subtree_last, first_of, last_of,
		     static __maybe_unused, vmas)

/* Zeros that are not the kernel's; NULL: the kernel's will do. */
static struct page *zero_page;

/**
 * mymm_map_zero() - have an address read as zeros
 * @vmf: the fault, for reading
 *
 * Context: a fault.
 * Return: what the fault returns.
 */
vm_fault_t mymm_map_zero(struct vm_fault *vmf)
{
	pfn_t pfn = zero_page ? __pfn_to_pfn_t(page_to_pfn(zero_page),
					       PFN_SPECIAL) :
				pfn_to_pfn_t(my_zero_pfn(vmf->address));

	return vmf_insert_mixed(vmf->vma, vmf->address, pfn);
}

/**
 * mymm_no_special_page() - vm_ops->find_special_page
 * @vma: the vma
 * @addr: an address that has a special pte
 *
 * Return: NULL: there is no struct page to be used, as behind the kernel's page of zeros.
 */
struct page *mymm_no_special_page(struct vm_area_struct *vma,
				  unsigned long addr)
{
	return NULL;
}

/**
 * mymm_zap() - take ptes out, and flush them
 * @vma: the vma
 * @addr: the first address
 * @len: bytes
 *
 * Context: process, with the mmap_lock.
 */
void mymm_zap(struct vm_area_struct *vma, unsigned long addr, unsigned long len)
{
#if MYMM_HAS_ZAP_SINGLE
	zap_page_range_single(vma, addr, len, NULL);
#else
	zap_page_range(vma, addr, len);
#endif
}

static int look(pte_t *pte, unsigned long addr, void *mapped)
{
	*(bool *)mapped |= pte_present(READ_ONCE(*pte));
	return 0;
}

/**
 * mymm_zap_page() - take out the pte of a page, if there is one
 * @vma: the vma
 * @addr: where the page is in it
 * @page: the page, locked, so that it is not mapped there again
 *
 * Context: as mymm_zap().
 */
void mymm_zap_page(struct vm_area_struct *vma, unsigned long addr,
		   struct page *page)
{
	bool mapped = false;

	/* By anybody at all? */
	if (atomic_read(&page->_mapcount) < 0)
		return;
	apply_to_existing_page_range(vma->vm_mm, addr, PAGE_SIZE, look,
				     &mapped);
	if (mapped)
		mymm_zap(vma, addr, PAGE_SIZE);
}

/*
 * A page that is dirty in a pte may be made writable there by the kernel, without a word to us: by
 * mprotect(), and when NUMA balancing looks at it. So a pte that must ask before it is written to
 * is clean, too, and its page has what it knew. Zeros stay: they are never writable.
 */
static int write_protect(pte_t *pte, unsigned long addr, void *mm)
{
	pte_t entry = READ_ONCE(*pte);

	if (!pte_present(entry) || pte_special(entry))
		return 0;
	entry = ptep_get_and_clear(mm, addr, pte);
	if (pte_dirty(entry))
		folio_set_dirty(page_folio(pte_page(entry)));
	set_pte_at(mm, addr, pte, pte_mkclean(pte_wrprotect(entry)));
	return 0;
}

/**
 * mymm_write_protect() - have the next write to a range fault, as fork does
 * @vma: the vma
 * @addr: the first address
 * @len: bytes
 *
 * TLBs are not flushed: at the end of a fork the kernel flushes all of the parent's.
 *
 * Context: fork, with the parent's mmap_lock held for writing.
 */
void mymm_write_protect(struct vm_area_struct *vma, unsigned long addr,
			unsigned long len)
{
	apply_to_existing_page_range(vma->vm_mm, addr, len, write_protect,
				     vma->vm_mm);
}

/**
 * mymm_rmap_overlaps() - do vmas of a process have a part of a mapping?
 * @mapping: the mapping
 * @mm: the process
 * @from: the first page of the part
 * @to: the last
 *
 * Context: process; with @mm's mmap_lock held for writing.
 * Return: does one?
 */
bool mymm_rmap_overlaps(struct address_space *mapping,
			const struct mm_struct *mm, pgoff_t from, pgoff_t to)
{
	struct vm_area_struct *vma;

	i_mmap_lock_read(mapping);
	for (vma = vmas_iter_first(&mapping->i_mmap, from, to); vma;
	     vma = vmas_iter_next(vma, from, to))
		if (vma->vm_mm == mm)
			break;
	i_mmap_unlock_read(mapping);
	return vma;
}

/**
 * mymm_rmap_walk() - look at each vma of a mapping
 * @mapping: the mapping
 * @look: is called for each, in the order of their places in it; may sleep
 * @data: for it
 *
 * Context: process; takes the i_mmap_rwsem for reading, so that none goes or is moved meanwhile.
 */
void mymm_rmap_walk(struct address_space *mapping,
		    void (*look)(struct vm_area_struct *vma, void *data),
		    void *data)
{
	struct vm_area_struct *vma;

	i_mmap_lock_read(mapping);
	for (vma = vmas_iter_first(&mapping->i_mmap, 0, ULONG_MAX); vma;
	     vma = vmas_iter_next(vma, 0, ULONG_MAX))
		look(vma, data);
	i_mmap_unlock_read(mapping);
}

/**
 * mymm_rmap_walk_at() - look at each vma that has a page of a mapping
 * @mapping: the mapping
 * @index: of the page
 * @look: is called for each, with the page's address; may sleep
 * @data: for it
 *
 * Context: process; takes the i_mmap_rwsem for reading. So no vma goes meanwhile, nor does the page
 * table of one: the kernel takes a vma out of the mapping before it frees its page tables.
 */
void mymm_rmap_walk_at(struct address_space *mapping, pgoff_t index,
		       void (*look)(struct vm_area_struct *vma,
				    unsigned long addr, void *data),
		       void *data)
{
	struct vm_area_struct *vma;

	i_mmap_lock_read(mapping);
	for (vma = vmas_iter_first(&mapping->i_mmap, index, index); vma;
	     vma = vmas_iter_next(vma, index, index))
		look(vma,
		     vma->vm_start + ((index - vma->vm_pgoff) << PAGE_SHIFT),
		     data);
	i_mmap_unlock_read(mapping);
}

static void look_for_lock(struct vm_area_struct *vma, unsigned long addr,
			  void *locked)
{
	*(bool *)locked |= vma->vm_flags & VM_LOCKED;
}

/**
 * mymm_rmap_locked() - has a vma that has a page of a mapping been locked by mlock()?
 * @mapping: the mapping
 * @index: of the page
 *
 * Context: as mymm_rmap_walk_at().
 * Return: it has.
 */
bool mymm_rmap_locked(struct address_space *mapping, pgoff_t index)
{
	bool locked = false;

	mymm_rmap_walk_at(mapping, index, look_for_lock, &locked);
	return locked;
}

struct use {
	struct vm_area_struct *vma;
	const struct page *page; /* NULL: any */
	bool young;
};

static int take_young(pte_t *pte, unsigned long addr, void *data)
{
	struct use *use = data;

	if (!pte_present(READ_ONCE(*pte)) || !pte_young(READ_ONCE(*pte)))
		return 0;
	if (use->page && pte_pfn(READ_ONCE(*pte)) != page_to_pfn(use->page))
		return 0;
#ifdef CONFIG_X86
	/* What the kernel's own function does, which is not exported. */
	use->young = test_and_clear_bit(_PAGE_BIT_ACCESSED,
					(unsigned long *)&pte->pte);
#else
	use->young = ptep_test_and_clear_young(use->vma, addr, pte);
#endif
	return 0;
}

/**
 * mymm_take_young() - was an address used since this was asked last?
 * @vma: the vma
 * @addr: the address
 *
 * The CPU sets the bit again when it walks the page table, so not before its TLB has lost the
 * address; see mymm_flush_young().
 *
 * Context: as mymm_zap().
 * Return: it was.
 */
bool mymm_take_young(struct vm_area_struct *vma, unsigned long addr)
{
	struct use use = { .vma = vma };

	apply_to_existing_page_range(vma->vm_mm, addr, PAGE_SIZE, take_young,
				     &use);
	return use.young;
}

/**
 * mymm_take_young_of() - the same, if a page is mapped there
 * @vma: the vma
 * @addr: the address
 * @page: the page
 *
 * Context: as mymm_zap().
 * Return: it was, and it is that page.
 */
bool mymm_take_young_of(struct vm_area_struct *vma, unsigned long addr,
			const struct page *page)
{
	struct use use = { .vma = vma, .page = page };

	apply_to_existing_page_range(vma->vm_mm, addr, PAGE_SIZE, take_young,
				     &use);
	return use.young;
}

struct state {
	const struct page *page;
	bool present;
	bool write;
};

static int look_at_state(pte_t *pte, unsigned long addr, void *data)
{
	struct state *state = data;
	pte_t entry = READ_ONCE(*pte);

	if (pte_present(entry) && pte_pfn(entry) == page_to_pfn(state->page)) {
		state->present = true;
		state->write = pte_write(entry);
	}
	return 0;
}

/**
 * mymm_pte_of() - is a page mapped at an address?
 * @vma: the vma
 * @addr: the address
 * @page: the page
 * @write: is it writable there?
 * @young: was it used since that was asked last? It is not any more
 *
 * Context: as mymm_zap().
 * Return: it is mapped there.
 */
bool mymm_pte_of(struct vm_area_struct *vma, unsigned long addr,
		 const struct page *page, bool *write, bool *young)
{
	struct state state = { .page = page };

	apply_to_existing_page_range(vma->vm_mm, addr, PAGE_SIZE, look_at_state,
				     &state);
	*write = state.write;
	*young = state.present && mymm_take_young_of(vma, addr, page);
	return state.present;
}

/**
 * mymm_drain_locked() - have this CPU give up pages that mlock() or munlock() has left in its batch
 *
 * Nothing does that by itself that a module can call. To release a batch of pages of the kernel's
 * own begins with it, also of none.
 *
 * Context: process.
 */
void mymm_drain_locked(void)
{
	struct mymm_batch none;

	mymm_batch_init(&none);
	mymm_batch_release(&none);
}

static void flush_local(void *unused)
{
#ifdef CONFIG_X86
	__flush_tlb_all();
#endif
}

/**
 * mymm_flush_young() - have all CPUs set accessed bits again
 *
 * Linux leaves that out on x86: an entry does not stay in a small TLB for long. The TLB of QEMU
 * keeps hot pages for good, so that they looked cold.
 *
 * Context: process; interrupts on.
 */
void mymm_flush_young(void)
{
	on_each_cpu(flush_local, NULL, 1);
}

/**
 * mymm_rmap_init() - have a page of zeros
 *
 * Return: 0 or -ENOMEM.
 */
int mymm_rmap_init(void)
{
	if (MYMM_SHARES_ZERO_PAGE)
		return 0;
	zero_page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	return zero_page ? 0 : -ENOMEM;
}

/** mymm_rmap_exit() - nothing is mapped any more */
void mymm_rmap_exit(void)
{
	if (zero_page)
		__free_page(zero_page);
}
