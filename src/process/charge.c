// SPDX-License-Identifier: GPL-2.0
/*
 * What the vmas of a region are charged for; overcommit.c says what may be charged at all.
 *
 * A charge is kept for each vma, and for all that can be written to or once could. mremap()
 * makes a vma longer without a word, and mprotect() may move the border of two vmas; what is
 * missing then is charged at the next fault, or refused by SIGBUS. What was charged before its
 * vma is known, by mprotect() and MYMEM_IOC_RESERVE, waits in region->spare, where that fault
 * looks first.
 */
#include <linux/mm.h>

#include "base/compat.h"
#include "process/vm.h"

static void set_pages(struct mymm_vma *m, unsigned long pages)
{
	atomic_long_add(pages - m->pages, &m->region->pages);
	m->pages = pages;
}

/* Pages of a range that mremap() took along. */
static unsigned long moved_of(const struct mymm_vma *m, unsigned long start,
			      unsigned long end)
{
	start = max(start, m->moved_start);
	end = min(end, m->moved_end);
	return start < end ? (end - start) >> PAGE_SHIFT : 0;
}

/* The vma has, or will have, these addresses only. */
static void clip_moved(struct mymm_vma *m, unsigned long start,
		       unsigned long end)
{
	m->moved_start = max(start, m->moved_start);
	m->moved_end = max(m->moved_start, min(end, m->moved_end));
}

static void forget_moved(struct mymm_vma *m)
{
	m->moved_start = 0;
	m->moved_end = 0;
}

/* How many of its pages are to be charged, if they are at all? */
static unsigned long chargeable(const struct mymm_vma *m)
{
	return vma_pages(m->vma) -
	       moved_of(m, m->vma->vm_start, m->vma->vm_end);
}

/* Is each of these charged? */
static bool fully_charged(const struct mymm_vma *m)
{
	return m->charged && m->charged >= chargeable(m);
}

/* Is each of its pages to be charged? */
static bool wants_charge(const struct mymm_vma *m)
{
	return !m->noreserve && m->vma->vm_flags & VM_WRITE;
}

/* Take up to so many pages of what was charged to no vma yet. */
static unsigned long take_spare(struct mymm_region *region, unsigned long pages)
{
	long spare = atomic_long_read(&region->spare), taken;

	do {
		taken = min_t(long, spare, pages);
	} while (!atomic_long_try_cmpxchg(&region->spare, &spare,
					  spare - taken));
	return taken;
}

/* Charge for a vma: what is spare comes first. */
static int charge(struct mymm_region *region, unsigned long pages)
{
	unsigned long taken = take_spare(region, pages);

	if (!mymm_commit_charge(region, pages - taken))
		return 0;
	atomic_long_add(taken, &region->spare);
	return -ENOMEM;
}

/* Charge for a vma that is larger than it was: what waits for it comes first. */
static int charge_more(struct mymm_vma *m, unsigned long pages)
{
	if (charge(m->region, pages))
		return -ENOMEM;
	WRITE_ONCE(m->charged, m->charged + pages);
	m->reserved -= min(m->reserved, pages);
	return 0;
}

/* With vm->lock: have as many pages charged as the vma has now. */
static int settle(struct mymm_vma *m, unsigned long pages)
{
	if (m->charged > pages) {
		atomic_long_add(m->charged - pages, &m->region->spare);
		WRITE_ONCE(m->charged, pages);
	} else if (wants_charge(m) && m->charged < pages &&
		   charge_more(m, pages - m->charged)) {
		return -ENOMEM;
	}
	forget_moved(m);
	set_pages(m, pages);
	return 0;
}

/* Have so many charged pages wait for a vma, those that do already among them. */
static int put_aside(struct mymm_vma *m, unsigned long pages)
{
	if (pages <= m->reserved)
		return 0;
	if (mymm_commit_charge(m->region, pages - m->reserved))
		return -ENOMEM;
	atomic_long_add(pages - m->reserved, &m->region->spare);
	m->reserved = pages;
	return 0;
}

/* --- as a vma comes, changes and goes ---------------------------------------------- */

/**
 * mymm_charge_new() - charge for a new vma
 * @m: the vma, in its region; nothing is charged to it
 *
 * Context: process, with the mmap_lock held for writing.
 * Return: 0; -ENOMEM: it was refused, and nothing is charged.
 */
int mymm_charge_new(struct mymm_vma *m)
{
	unsigned long pages = vma_pages(m->vma);

	m->noreserve = m->vma->vm_flags & VM_NORESERVE &&
		       !mymm_commit_never_reserves();
	if (wants_charge(m)) {
		if (mymm_commit_charge(m->region, pages))
			return -ENOMEM;
		m->charged = pages;
	}
	set_pages(m, pages);
	return 0;
}

/**
 * mymm_charge_forked() - charge for a child's copy of a vma, whatever the limit is
 * @old: the parent's
 * @m: the child's, in its region
 *
 * Context: process, in fork: the mmap_lock of both is held for writing.
 */
void mymm_charge_forked(const struct mymm_vma *old, struct mymm_vma *m)
{
	set_pages(m, vma_pages(m->vma));
	m->charged = old->charged;
	mymm_commit_force(m->region, m->charged);
}

/**
 * mymm_charge_split() - a part of a vma becomes one of its own, with its part of the charge
 * @old: the vma, which still has its old size
 * @m: the part
 *
 * Context: process, with the mmap_lock held for writing.
 */
void mymm_charge_split(struct mymm_vma *old, struct mymm_vma *m)
{
	struct vm_area_struct *part = m->vma, *whole = old->vma;
	const bool is_end = part->vm_end == whole->vm_end;
	const unsigned long pages = vma_pages(part);
	unsigned long charged = 0;

	if (fully_charged(old))
		charged = pages - moved_of(old, part->vm_start, part->vm_end);
	set_pages(m, pages);
	set_pages(old, vma_pages(whole) - pages);
	m->charged = charged;
	old->charged -= charged;
	m->moved_start = old->moved_start;
	m->moved_end = old->moved_end;
	clip_moved(m, part->vm_start, part->vm_end);
	if (is_end)
		clip_moved(old, whole->vm_start, part->vm_start);
	else
		clip_moved(old, part->vm_end, whole->vm_end);
	if (!wants_charge(old)) {
		/* mprotect() splits it; which part becomes writable is not known here. */
		old->reserved = 0;
	} else if (is_end) {
		/* A vma grows at its end. */
		m->reserved = old->reserved;
		old->reserved = 0;
	}
}

/**
 * mymm_charge_moved() - charge for a vma that pages of another one are moved to
 * @m: the vma
 * @from: the other, which still has them
 * @addr: where they begin there
 * @len: bytes
 * @stays: @from stays mapped, and charged, for what is empty then
 *
 * Context: mremap(), with the mmap_lock held for writing.
 * Return: 0; -ENOMEM: it was refused, and all is as it was.
 */
int mymm_charge_moved(struct mymm_vma *m, struct mymm_vma *from,
		      unsigned long addr, unsigned long len, bool stays)
{
	unsigned long taken =
		fully_charged(from) && !stays ? len >> PAGE_SHIFT : 0;
	unsigned long charged = m->charged + taken, waiting = from->reserved;
	unsigned long wanted = vma_pages(m->vma);

	if (wants_charge(m) && charged < wanted) {
		if (charge(m->region, wanted - charged))
			return -ENOMEM;
		waiting -= min(waiting, wanted - charged);
		charged = wanted;
	}
	from->charged -= taken;
	from->reserved = 0;
	from->moved_start = taken ? addr : 0;
	from->moved_end = taken ? addr + len : 0;
	m->charged = charged;
	m->reserved += waiting;
	forget_moved(m);
	set_pages(m, wanted);
	return 0;
}

/**
 * mymm_charge_end() - give back what a vma that goes was charged for
 * @m: the vma, in its region for the last time
 *
 * Context: process, with the mmap_lock held, or of an mm that nobody has any more.
 */
void mymm_charge_end(struct mymm_vma *m)
{
	struct mymm_region *region = m->region;
	unsigned long waiting = m->reserved;

	/* It may have grown, or become writable, and nothing has touched it since. */
	if (wants_charge(m) && m->charged < chargeable(m))
		waiting = max(waiting, chargeable(m) - m->charged);
	mymm_commit_release(region, m->charged + take_spare(region, waiting));
	set_pages(m, 0);
}

/**
 * mymm_vma_settle() - charge for a vma that has changed unseen
 * @vma: the vma
 *
 * Context: process, with the mmap_lock held, perhaps for reading.
 * Return: 0; -ENOMEM: they were refused.
 */
int mymm_vma_settle(struct vm_area_struct *vma)
{
	struct mymm_vma *m = vma->vm_private_data;
	unsigned long pages = vma_pages(vma);

	if (likely(READ_ONCE(m->pages) == pages &&
		   (READ_ONCE(m->charged) == pages || !wants_charge(m))))
		return 0;
	guard(mutex)(&m->region->space->vm->lock);
	return settle(m, pages);
}

/**
 * mymm_vma_mprotect() - vm_ops->mprotect: what becomes writable has to be charged
 * @vma: the vma
 * @start: the first address of the part of it
 * @end: one past the last
 * @flags: its flags to be
 *
 * Which vma this part will belong to is not known yet; the charge waits in region->spare. If
 * the kernel then fails to make that vma, the next attempt finds it there.
 *
 * Context: process, with the mmap_lock held for writing.
 * Return: 0; -ENOMEM: it was refused.
 */
int mymm_vma_mprotect(struct vm_area_struct *vma, unsigned long start,
		      unsigned long end, unsigned long flags)
{
	struct mymm_vma *m = vma->vm_private_data;
	unsigned long missing, pages = (end - start) >> PAGE_SHIFT;

	/* What waits for this vma is taken before it can't be written to any more. */
	if (mymm_vma_settle(vma))
		return -ENOMEM;
	if (wants_charge(m) || m->noreserve || !(flags & VM_WRITE))
		return 0;
	missing = vma_pages(vma) - min(m->charged, vma_pages(vma));
	return put_aside(m, min(pages, missing));
}

/* --- before it changes -------------------------------------------------------------- */

/* Charge for a vma that is to have so many pages more. */
static int reserve(struct vm_area_struct *vma, unsigned long more)
{
	struct mymm_vma *m = vma->vm_private_data;

	if (!(vma->vm_flags & VM_WRITE))
		return -EACCES;
	if (m->noreserve)
		return 0;
	if (mymm_vma_settle(vma))
		return -ENOMEM;
	/* Asked for twice, since it did not grow then, it is charged once. */
	return put_aside(m, more);
}

/**
 * mymm_charge_reserve() - charge before a vma is made longer
 * @addr: an address of the vma
 * @len: bytes that it is to grow by
 *
 * Context: process; sleeps.
 * Return: 0; -ENOMEM: no; -ENXIO: @addr is none of ours; -EACCES: the vma is not writable, so
 * that nothing is charged; -EINTR.
 */
int mymm_charge_reserve(unsigned long addr, unsigned long len)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int err = -ENXIO;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	vma = find_vma(mm, addr);
	if (vma && vma->vm_start <= addr && vma->vm_ops == &mymm_vm_ops)
		err = reserve(vma, len >> PAGE_SHIFT);
	mmap_write_unlock(mm);
	return err;
}
