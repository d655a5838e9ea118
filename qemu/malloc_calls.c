// SPDX-License-Identifier: GPL-2.0
/*
 * malloc_calls - what libmymalloc.so stands in for, call by call: sbrk, brk, mmap, mremap,
 * madvise.
 *
 * It prints the same whether memory is the kernel's or, with the library, a pool's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PG 4096UL
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define UNTOUCHED 77 /* an errno that no call here gives */

/* What a call gave: @good for a success, or the errno. */
static void gave(const char *what, int good)
{
	printf("%-48s %s%s\n", what, good ? "done" : strerror(errno),
	       good && errno != UNTOUCHED ? ", but errno was changed" : "");
	errno = UNTOUCHED;
}

static char *map_flags(const char *what, void *at, size_t pages, int prot,
		       int flags)
{
	char *p = mmap(at, pages * PG, prot, flags, -1, 0);

	gave(what, p != MAP_FAILED);
	return p;
}

static char *map(size_t pages)
{
	char *p = mmap(NULL, pages * PG, RW, ANON, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return p;
}

static void holds(const char *what, const char *p, size_t pages)
{
	printf("%-48s", what);
	for (size_t i = 0; i < pages; i++)
		printf(" %d", p[i * PG]);
	printf("\n");
}

static char *number(char *p, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		p[i * PG] = i + 1;
	return p;
}

/* How many pages of it are in memory. */
static void resident(const char *what, char *p, size_t pages)
{
	uint64_t entry;
	size_t sum = 0;
	FILE *file = fopen("/proc/self/pagemap", "r");

	for (size_t i = 0; i < pages; i++) {
		fseek(file, ((uintptr_t)p / PG + i) * sizeof(entry), SEEK_SET);
		if (fread(&entry, sizeof(entry), 1, file) == 1)
			sum += entry >> 63;
	}
	fclose(file);
	printf("%-48s %zu of %zu pages\n", what, sum, pages);
	errno = UNTOUCHED;
}

/* --- the break --------------------------------------------------------------------- */

static void breaks(void)
{
	char *at = sbrk(0), *end;

	gave("sbrk(10,000)", sbrk(10000) == at);
	memset(at, 1, 10000);
	gave("sbrk(-6,000)", sbrk(-6000) == at + 10000);
	gave("sbrk(6,000)", sbrk(6000) == at + 4000);
	printf("what was given back and taken again holds %d\n", at[9999]);
	printf("of the page that stayed %d\n", at[3999]);
	gave("brk(64 KiB more)", !brk(at + 65536));
	printf("the break is there: %d\n", (char *)sbrk(0) == at + 65536);
	gave("sbrk(2^46)", sbrk(1L << 46) != (void *)-1);
	gave("sbrk(2^63 - 1)", sbrk(INTPTR_MAX) != (void *)-1);
	gave("brk(0)", !brk(NULL));
	printf("the break is where it was: %d\n",
	       (char *)sbrk(0) == at + 65536);
	/* A heap whose last page can't be written to grows by pages that can. */
	end = (char *)(((uintptr_t)sbrk(0) + PG - 1) & -PG);
	gave("mprotect(the last page, PROT_READ)",
	     !mprotect(end - PG, PG, PROT_READ));
	gave("sbrk(64 KiB)", sbrk(65536) != (void *)-1);
	*end = 1;
	gave("brk(as at first)", !brk(at));
}

/* --- mmap -------------------------------------------------------------------------- */

static void mappings(void)
{
	char *p = map_flags("mmap", NULL, 8, RW, ANON), *q;

	holds("  it is", p, 8);
	number(p, 8);
	q = map_flags("mmap(MAP_FIXED) over two pages", p + 2 * PG, 2, RW,
		      ANON | MAP_FIXED);
	printf("where it was wanted: %d\n", q == p + 2 * PG);
	holds("  it is", p, 8);
	map_flags("mmap(MAP_FIXED_NOREPLACE) there", p, 1, RW,
		  ANON | MAP_FIXED_NOREPLACE);
	gave("munmap of the middle", !munmap(p + 3 * PG, 2 * PG));
	map_flags("mmap(MAP_FIXED_NOREPLACE) into the hole", p + 3 * PG, 2, RW,
		  ANON | MAP_FIXED_NOREPLACE);
	holds("  it is", p, 8);
	p = map_flags("mmap(MAP_POPULATE)", NULL, 8, RW, ANON | MAP_POPULATE);
	resident("  it has", p, 8);
	p = map_flags("mmap(MAP_POPULATE | MAP_NONBLOCK)", NULL, 8, RW,
		      ANON | MAP_POPULATE | MAP_NONBLOCK);
	resident("  it has", p, 8);
	p = map_flags("mmap(PROT_NONE, MAP_NORESERVE)", NULL, 8, PROT_NONE,
		      ANON | MAP_NORESERVE);
	gave("mprotect of two pages", !mprotect(p + PG, 2 * PG, RW));
	number(p + PG, 2);
	p = map_flags("mmap(PROT_EXEC)", NULL, 1, RW | PROT_EXEC, ANON);
	*p = (char)0xc3; /* ret */
	((void (*)(void))p)();
	map_flags("mmap(MAP_STACK)", NULL, 8, RW, ANON | MAP_STACK);
	map_flags("mmap(MAP_LOCKED)", NULL, 8, RW, ANON | MAP_LOCKED);
	map_flags("mmap of nothing", NULL, 0, RW, ANON);
	gave("mmap at half a page of a file",
	     mmap(NULL, PG, RW, ANON, -1, PG / 2) != MAP_FAILED);
	map_flags("mmap that is neither private nor shared", NULL, 1, RW,
		  MAP_ANONYMOUS);
	gave("mmap of descriptor -1",
	     mmap(NULL, PG, RW, MAP_PRIVATE, -1, 0) != MAP_FAILED);
}

static void children(void)
{
	char *ours = number(map(4), 4);
	char *shared = map_flags("mmap(MAP_SHARED | MAP_ANONYMOUS)", NULL, 4,
				 RW, MAP_SHARED | MAP_ANONYMOUS);
	pid_t child;

	number(shared, 4);
	fflush(stdout);
	child = fork();
	if (!child) {
		ours[0] = 9;
		shared[0] = 9;
		_exit(ours[1] + shared[1]);
	}
	waitpid(child, NULL, 0);
	holds("after a child's writing, private memory is", ours, 4);
	holds("and shared", shared, 4);
	errno = UNTOUCHED;
}

/* --- mremap, madvise --------------------------------------------------------------- */

static void moves(void)
{
	char *p = number(map(8), 8), *to = map(16);

	p = mremap(p, 8 * PG, 16 * PG, MREMAP_MAYMOVE);
	gave("mremap to 16 pages", p != MAP_FAILED);
	holds("  it is", p, 16);
	p = mremap(p, 16 * PG, 8 * PG, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	gave("mremap to 8 pages elsewhere", p != MAP_FAILED);
	holds("  it is", p, 8);
	p = mremap(p, 8 * PG, 3 * PG, 0);
	gave("mremap to 3 pages", p != MAP_FAILED);
	holds("  it is", p, 3);
	gave("mremap of 8 of 3 pages",
	     mremap(p, 8 * PG, 9 * PG, MREMAP_MAYMOVE) != MAP_FAILED);
	gave("mremap to nothing", mremap(p, PG, 0, 0) != MAP_FAILED);
	gave("mprotect(PROT_READ)", !mprotect(p, 3 * PG, PROT_READ));
	p = mremap(p, 3 * PG, 6 * PG, MREMAP_MAYMOVE);
	gave("mremap to 6 pages of what is read-only", p != MAP_FAILED);
	holds("  it is", p, 6);
}

static void advice(void)
{
	char *p = number(map(8), 8), *mixed = map(12);

	gave("madvise(MADV_DONTNEED) of the middle",
	     !madvise(p + 2 * PG, 3 * PG, MADV_DONTNEED));
	holds("  it is", p, 8);
	resident("  it has", p, 2);
	gave("madvise(MADV_FREE)", !madvise(p, 2 * PG, MADV_FREE));
	printf("it is zeros or what it was: %d\n",
	       (!p[0] || p[0] == 1) && (!p[PG] || p[PG] == 2));
	gave("madvise(MADV_DONTNEED) at half a page",
	     !madvise(p + PG / 2, PG, MADV_DONTNEED));
	gave("madvise(MADV_DONTNEED) of nothing",
	     !madvise(p, 0, MADV_DONTNEED));
	gave("madvise(MADV_DONTNEED) of half a page",
	     !madvise(p + 6 * PG, PG / 2, MADV_DONTNEED));
	holds("  it is", p + 2 * PG, 6);
	gave("munmap of the third", !munmap(p + 2 * PG, PG));
	gave("madvise(MADV_DONTNEED) over a hole",
	     !madvise(p, 8 * PG, MADV_DONTNEED));
	holds("  before the hole it is", p, 2);
	holds("  behind it", p + 3 * PG, 5);
	/* Other memory than the pool's in the middle. */
	mmap(mixed + 4 * PG, 4 * PG, RW, ANON | MAP_STACK | MAP_FIXED, -1, 0);
	number(mixed, 12);
	gave("madvise(MADV_DONTNEED) over two kinds of memory",
	     !madvise(mixed + PG, 10 * PG, MADV_DONTNEED));
	holds("  it is", mixed, 12);
	gave("madvise(12,345)", !madvise(p, PG, 12345));
}

int main(void)
{
	static char buffer[BUFSIZ];

	/* So that malloc is not called while the break is looked at. */
	setvbuf(stdout, buffer, _IOLBF, sizeof(buffer));
	errno = UNTOUCHED;
	breaks();
	mappings();
	children();
	moves();
	advice();
	return 0;
}
