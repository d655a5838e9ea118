// SPDX-License-Identifier: GPL-2.0
/*
 * libmymalloc - has a program's anonymous memory come from /dev/mymem; for LD_PRELOAD, which
 * "mymm exec" sets.
 *
 * malloc stays glibc's own. It calls sbrk, mmap, mremap and madvise inside of libc, where a
 * function of the same name in another library is never seen. So the first instructions of
 * libc's functions are replaced by a jump to those here, which do the same with memory of the
 * device:
 *
 *	sbrk, brk   the heap begins at the real break, and is a mapping that grows there
 *	mmap        a private anonymous mapping is one of the device. The kernel's stay: stacks,
 *		    huge pages, what is to be locked, and what is to be executed
 *	mremap      the kernel's; but the device is asked before a mapping grows, since it can't
 *		    refuse later except by SIGBUS
 *	madvise     MADV_DONTNEED and MADV_FREE discard, at once. On memory of the device the
 *		    kernel's own MADV_DONTNEED leaves contents as they are, and MADV_FREE, which
 *		    may be lazy but need not, fails
 *
 * munmap and mprotect are the kernel's. So is all that does not go by these functions: system
 * calls that a program makes itself, and what the dynamic linker maps.
 *
 * All this runs inside of malloc, in signal handlers, between fork and exec: there is no call
 * to libc here, and errno is what libc would make it.
 *
 * If the device can't be opened, nothing is replaced, and memory is the machine's. So it is
 * from then on if a program closes our descriptor and the device can't be opened again.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mymem.h"

#ifndef __x86_64__
#error "what is written over libc's functions is for x86-64"
#endif

#define DEVICE "/dev/mymem"
#define POOL "MYMALLOC_POOL="
#define PG 4096UL
#define UP(n) (((uintptr_t)(n) + PG - 1) & ~(PG - 1))
/* Where a program does not expect descriptors of its own. */
#define HIGH_FD 1000

/* --- system calls ------------------------------------------------------------------ */

/* The result, or a negative errno. */
static long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 asm("r10") = d;
	register long r8 asm("r8") = e;
	register long r9 asm("r9") = f;

	asm volatile("syscall"
		     : "+a"(nr)
		     : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return nr;
}

static long call3(long nr, long a, long b, long c)
{
	return call6(nr, a, b, c, 0, 0, 0);
}

static bool is_error(long result)
{
	return (unsigned long)result > -PG;
}

/* As libc's functions return it. */
static long as_libc(long result)
{
	if (!is_error(result))
		return result;
	errno = -result;
	return -1;
}

/* --- the device -------------------------------------------------------------------- */

static int device_fd = -1;
static dev_t device_number;
static struct mymem_pool pool = { .size = sizeof(pool) };

static bool is_device(int fd)
{
	struct stat st;

	return !call3(SYS_fstat, fd, (long)&st, 0) && S_ISCHR(st.st_mode) &&
	       st.st_rdev == device_number;
}

/* As high as the limit of descriptors allows. */
static int move_up(int fd)
{
	long high = -EINVAL;

	for (int least = HIGH_FD; least > fd && is_error(high); least /= 2)
		high = call3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, least);
	if (is_error(high))
		return fd;
	call3(SYS_close, fd, 0, 0);
	return high;
}

/* A descriptor, or a negative errno. */
static int open_device(void)
{
	struct stat st;
	long fd = call6(SYS_openat, AT_FDCWD, (long)DEVICE, O_RDWR | O_CLOEXEC,
			0, 0, 0);
	long err = 0;

	if (is_error(fd))
		return fd;
	if (pool.name[0])
		err = call3(SYS_ioctl, fd, MYMEM_IOC_POOL, (long)&pool);
	if (!err)
		err = call3(SYS_fstat, fd, (long)&st, 0);
	if (err) {
		call3(SYS_close, fd, 0, 0);
		return err;
	}
	__atomic_store_n(&device_number, st.st_rdev, __ATOMIC_RELEASE);
	return move_up(fd);
}

/*
 * Our descriptor, or a negative errno. A program may have closed it, as it closes all that it
 * does not know; its number may be another file's now.
 */
static int device(void)
{
	int fd = __atomic_load_n(&device_fd, __ATOMIC_ACQUIRE), again;

	if (is_device(fd))
		return fd;
	again = open_device();
	if (again < 0 ||
	    __atomic_compare_exchange_n(&device_fd, &fd, again, false,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return again;
	/* Another thread was faster. */
	call3(SYS_close, again, 0, 0);
	return fd;
}

static long ask(unsigned long request, int flags, uintptr_t addr, size_t len)
{
	struct mymem_range range = {
		.size = sizeof(range),
		.flags = flags,
		.addr = addr,
		.len = len,
	};
	int fd = device();

	return fd < 0 ? -EBADF : call3(SYS_ioctl, fd, request, (long)&range);
}

/* --- mappings ---------------------------------------------------------------------- */

static bool is_anonymous(int prot, int flags)
{
	const int kernels = MAP_STACK | MAP_GROWSDOWN | MAP_HUGETLB |
			    MAP_LOCKED;

	return (flags & MAP_TYPE) == MAP_PRIVATE && flags & MAP_ANONYMOUS &&
	       !(flags & kernels) && !(prot & PROT_EXEC);
}

static long map(int fd, uintptr_t addr, size_t len, int prot, int flags)
{
	/* To populate a shared mapping is to read it, which would take no memory. */
	bool fill = (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE &&
		    prot & PROT_WRITE;
	long result;

	flags &= ~(MAP_TYPE | MAP_ANONYMOUS | (fill ? MAP_POPULATE : 0));
	result = call6(SYS_mmap, addr, len, prot, flags | MAP_SHARED, fd, 0);
	/* If there is not enough, mmap succeeds nevertheless. */
	if (fill && !is_error(result))
		call3(SYS_madvise, result, len, MADV_POPULATE_WRITE);
	return result;
}

static void *our_mmap(void *addr, size_t len, int prot, int flags, int fd,
		      off_t offset)
{
	int ours = -1;

	if (offset & (PG - 1))
		return (void *)as_libc(-EINVAL);
	if (is_anonymous(prot, flags))
		ours = device();
	if (ours < 0)
		return (void *)as_libc(call6(SYS_mmap, (long)addr, len, prot,
					     flags, fd, offset));
	return (void *)as_libc(map(ours, (uintptr_t)addr, len, prot, flags));
}

/* libc's has "..." for the last argument, which is passed in the same way. */
static void *our_mremap(void *old, size_t old_len, size_t len, int flags,
			void *to)
{
	size_t before = UP(old_len), after = UP(len);
	long err = 0, result;

	/* Other errors say that the mapping is not ours, or that there is nothing to charge. */
	if (before && after > before)
		err = ask(MYMEM_IOC_RESERVE, 0, (uintptr_t)old, after - before);
	if (err == -ENOMEM)
		return (void *)as_libc(-ENOMEM);
	result = call6(SYS_mremap, (long)old, old_len, len, flags, (long)to, 0);
	return (void *)as_libc(result);
}

static int our_madvise(void *addr, size_t len, int advice)
{
	long err;

	switch (advice) {
	case MADV_DONTNEED:
	case MADV_FREE:
	case MADV_DONTNEED_LOCKED:
		err = ask(MYMEM_IOC_DISCARD,
			  advice == MADV_DONTNEED_LOCKED ?
				  MYMEM_DISCARD_LOCKED :
				  0,
			  (uintptr_t)addr, len);
		if (!err)
			return 0;
		/* The kernel would say that it has done it, but contents would stay. */
		if (err == -EBADF)
			return as_libc(-EAGAIN);
		/* A part of it, or all, is not ours; or locked, which the kernel refuses, too. */
	}
	return as_libc(call3(SYS_madvise, (long)addr, len, advice));
}

/* --- the heap ---------------------------------------------------------------------- */

/*
 * What was taken by the real break before us stays below @start. @end is the break, and
 * @mapped where our mapping ends. Like libc's, sbrk() is not for two threads at once.
 */
static struct {
	uintptr_t start;
	uintptr_t end;
	uintptr_t mapped;
} heap;

static bool grow_in_place(uintptr_t to)
{
	uintptr_t last = heap.mapped - PG;

	/* Of the last page, as the program may have split what is before it by mprotect(). */
	return !is_error(call6(SYS_mremap, last, PG, to - last, 0, 0, 0));
}

static bool grow_heap(uintptr_t to)
{
	long err = -ENXIO;
	int fd;

	if (heap.mapped > heap.start)
		err = ask(MYMEM_IOC_RESERVE, 0, heap.mapped - PG,
			  to - heap.mapped);
	if (err == -ENOMEM)
		return false;
	if (!err && grow_in_place(to))
		return true;
	fd = device();
	return fd >= 0 &&
	       map(fd, heap.mapped, to - heap.mapped, PROT_READ | PROT_WRITE,
		   MAP_FIXED_NOREPLACE) == (long)heap.mapped;
}

/* As the kernel: the break that there is then. */
static uintptr_t move_break(uintptr_t want)
{
	uintptr_t to = UP(want);

	if (want < heap.start || to < want)
		return heap.end;
	if (to > heap.mapped && !grow_heap(to))
		return heap.end;
	if (to < heap.mapped)
		call3(SYS_munmap, to, heap.mapped - to, 0);
	heap.mapped = to;
	heap.end = want;
	return want;
}

static int our_brk(void *want)
{
	if (move_break((uintptr_t)want) >= (uintptr_t)want)
		return 0;
	return as_libc(-ENOMEM);
}

static void *our_sbrk(intptr_t more)
{
	uintptr_t before = heap.end, want = before + more;

	if (!more)
		return (void *)before;
	if ((more > 0 ? want < before : want > before) || our_brk((void *)want))
		return (void *)as_libc(-ENOMEM);
	return (void *)before;
}

static void begin_heap(void)
{
	heap.end = call3(SYS_brk, 0, 0, 0);
	heap.start = UP(heap.end);
	heap.mapped = heap.start;
}

/* --- detours ----------------------------------------------------------------------- */

/* endbr64, which a CPU may want to see where it jumps to. */
static const unsigned char landing[] = { 0xf3, 0x0f, 0x1e, 0xfa };
/* movabs $0, %rax; jmp *%rax */
static const unsigned char jump[] = { 0x48, 0xb8, 0, 0, 0,    0,
				      0,    0,	  0, 0, 0xff, 0xe0 };

static struct detour {
	const char *name;
	void *to;
	unsigned char *entry;
	int prot;
} detours[] = {
	{ .name = "mmap", .to = our_mmap },
	{ .name = "mmap64", .to = our_mmap },
	{ .name = "mremap", .to = our_mremap },
	{ .name = "madvise", .to = our_madvise },
	{ .name = "brk", .to = our_brk },
	{ .name = "sbrk", .to = our_sbrk },
	{ 0 },
};

/* Its address, if it is libc's and large enough; another library may have one of that name. */
static unsigned char *in_libc(void *symbol)
{
	const Elf64_Sym *size;
	Dl_info libc, found;

	if (!symbol || !dladdr(gnu_get_libc_version, &libc) ||
	    !dladdr1(symbol, &found, (void **)&size, RTLD_DL_SYMENT) ||
	    found.dli_fbase != libc.dli_fbase || !size ||
	    size->st_size < sizeof(landing) + sizeof(jump))
		return NULL;
	return symbol;
}

static unsigned char *find(const char *name)
{
	unsigned char *entry = in_libc(dlsym(RTLD_NEXT, name));
	void *libc;

	if (entry)
		return entry;
	/* dlopen() calls malloc, so that the heap would not be wholly ours. */
	libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	return libc ? in_libc(dlsym(libc, name)) : NULL;
}

static int segment_of(struct dl_phdr_info *info, size_t size, void *data)
{
	struct detour *detour = data;
	uintptr_t at = (uintptr_t)detour->entry - info->dlpi_addr;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const Elf64_Phdr *segment = &info->dlpi_phdr[i];

		if (segment->p_type != PT_LOAD ||
		    at - segment->p_vaddr >= segment->p_memsz)
			continue;
		detour->prot = (segment->p_flags & PF_R ? PROT_READ : 0) |
			       (segment->p_flags & PF_W ? PROT_WRITE : 0) |
			       (segment->p_flags & PF_X ? PROT_EXEC : 0);
		return 1;
	}
	return 0;
}

static bool protect(const struct detour *detour, int prot)
{
	uintptr_t start = (uintptr_t)detour->entry & ~(PG - 1);
	uintptr_t end = UP(detour->entry + sizeof(landing) + sizeof(jump));

	return !call3(SYS_mprotect, start, end - start, prot);
}

static void write_jump(const struct detour *detour)
{
	unsigned char *at = detour->entry;

	if (!memcmp(at, landing, sizeof(landing)))
		at += sizeof(landing);
	memcpy(at, jump, sizeof(jump));
	memcpy(at + 2, &detour->to, sizeof(detour->to));
}

/* All or none: memory of the device must not meet the kernel's own madvise(). */
static bool make_detours(void)
{
	bool ok = true;
	struct detour *d;

	for (d = detours; d->name; d++) {
		d->entry = find(d->name);
		if (!d->entry || !dl_iterate_phdr(segment_of, d))
			return false;
	}
	for (d = detours; d->name; d++)
		/* It stays executable, since memcpy() may be in the same page. */
		ok = ok && protect(d, PROT_READ | PROT_WRITE | PROT_EXEC);
	for (d = detours; ok && d->name; d++)
		write_jump(d);
	for (d = detours; d->name; d++)
		protect(d, d->prot);
	return ok;
}

/* libc has not set its environment yet. */
static void choose_pool(char **envp)
{
	const size_t len = strlen(POOL);

	for (; *envp; envp++)
		if (!strncmp(*envp, POOL, len))
			strncpy(pool.name, *envp + len, sizeof(pool.name) - 1);
}

/* Linked with -z initfirst, so that there is no other thread, and malloc was never called. */
__attribute__((constructor)) static void begin(int argc, char **argv,
					       char **envp)
{
	static const char complaint[] =
		"libmymalloc: can't change this libc; memory is the machine's\n";

	(void)argc;
	(void)argv;
	choose_pool(envp);
	device_fd = open_device();
	if (device_fd < 0)
		return;
	begin_heap();
	if (make_detours())
		return;
	call3(SYS_close, device_fd, 0, 0);
	call3(SYS_write, 2, (long)complaint, sizeof(complaint) - 1);
}
