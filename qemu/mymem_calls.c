// SPDX-License-Identifier: GPL-2.0
/*
 * mymem_calls - system calls on memory of /dev/mymem or of the kernel, and their answers; of the
 * kernel's anonymous memory ("kernel"), or its shared one ("shmem").
 *
 * Each group makes calls that a process may make on its memory, also wrong ones, and prints a
 * line for each: what it returned, and what the memory is then. A qemu/tests script compares the
 * lines of both kinds of memory.
 *
 * Memory is shown page by page: its first byte, 0 for zeros, - where nothing is mapped; and
 * whether it may be read (r), written to (w), or neither (n).
 */
#define _GNU_SOURCE
#include <linux/mempolicy.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "scenario.h"

/* Far from all else, so that nothing merges with it. */
#define BASE ((char *)0x200000000000)
#define OTHER (BASE + (1UL << 30))
#define MOST 64 /* pages that are shown */

/* --- what is seen ------------------------------------------------------------------ */

/* A call's result: a number, or the name of its error. */
static void say(const char *what, long result)
{
	if (result == -1)
		printf("%s: %s\n", what, strerrorname_np(errno));
	else
		printf("%s: %ld\n", what, result);
	fflush(stdout);
}

/* Pages with letters, from A on. */
static char *letters(char *at, size_t pages)
{
	char *p = map_kind(at, pages * PG, RW, MAP_FIXED);

	need(p == at, "mmap at an address");
	if (!ours)
		madvise(p, pages * PG, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < pages; i++)
		p[i * PG] = 'A' + i;
	return p;
}

/* What may be done with each page. */
static void get_rights(char *rights, const char *p, size_t pages)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];

	memset(rights, '-', pages);
	while (fgets(line, sizeof(line), maps)) {
		unsigned long start, end;
		char r, w;

		if (sscanf(line, "%lx-%lx %c%c", &start, &end, &r, &w) != 4)
			continue;
		for (size_t i = 0; i < pages; i++) {
			unsigned long at = (unsigned long)p + i * PG;

			if (at >= start && at < end)
				rights[i] = w == 'w' ? 'w' :
					    r == 'r' ? 'r' :
						       'n';
		}
	}
	fclose(maps);
}

static void show(const char *what, char *p, size_t pages)
{
	int mem = open("/proc/self/mem", O_RDONLY);
	char bytes[MOST + 1] = "", rights[MOST + 1] = "";

	for (size_t i = 0; i < pages; i++) {
		char byte;

		if (pread(mem, &byte, 1, (off_t)(p + i * PG)) != 1)
			byte = '-';
		bytes[i] = byte ?: '0';
	}
	close(mem);
	get_rights(rights, p, pages);
	printf("  %s: %s %s\n", what, bytes, rights);
	fflush(stdout);
}

static void gone(char *p, size_t pages)
{
	munmap(p, pages * PG);
}

/* The same of the mapping at an address, from its part of smaps. */
static long value_at(const char *at, const char *name)
{
	char line[512];
	FILE *file = fopen("/proc/self/smaps", "r");
	size_t len = strlen(name);
	unsigned long start = 0, end = 0;
	long value = -1;

	while (fgets(line, sizeof(line), file)) {
		unsigned long from, to;
		char dash;

		if (sscanf(line, "%lx%c%lx ", &from, &dash, &to) == 3 &&
		    dash == '-') {
			start = from;
			end = to;
			continue;
		}
		if ((unsigned long)at >= start && (unsigned long)at < end &&
		    !strncmp(line, name, len) && line[len] == ':')
			value = strtol(line + len + 1, NULL, 10);
	}
	fclose(file);
	return value;
}

static int discard(void *addr, size_t len, int advice)
{
	struct mymem_range range = {
		.size = sizeof(range),
		.flags = advice == MADV_DONTNEED_LOCKED ? MYMEM_DISCARD_LOCKED :
							  0,
		.addr = (unsigned long)addr,
		.len = len,
	};

	if (!ours)
		return madvise(addr, len, advice);
	return ioctl(fd, MYMEM_IOC_DISCARD, &range);
}

static void write_to(const char *path, const char *text)
{
	int file = open(path, O_WRONLY);

	need(file >= 0, path);
	need(write(file, text, strlen(text)) == (ssize_t)strlen(text), path);
	close(file);
}

/* --- mmap, munmap, mprotect -------------------------------------------------------- */

static void unmaps(void)
{
	char *p = letters(BASE, 8);

	say("munmap of two in the middle", munmap(p + 3 * PG, 2 * PG));
	show("left", p, 8);
	say("munmap of what is not mapped", munmap(p + 3 * PG, 2 * PG));
	say("munmap of no length", munmap(p, 0));
	say("munmap of no page", munmap(p + 1, PG));
	say("munmap past the end", munmap((void *)(-2 * PG), PG));
	say("munmap over the hole", munmap(p + 2 * PG, 4 * PG));
	show("left", p, 8);
	gone(p, 8);
	say("mmap of no length", (long)map_kind(NULL, 0, RW, 0));
	say("mmap of all addresses", (long)map_kind(NULL, -PG, RW, 0));
	say("mmap of no page", (long)map_kind(BASE + 1, PG, RW, MAP_FIXED));
}

static void fixed(void)
{
	char *p = letters(BASE, 8);

	need(map_kind(p + 2 * PG, 3 * PG, RW, MAP_FIXED) == p + 2 * PG, "mmap");
	show("mapped over", p, 8);
	p[3 * PG] = 'x';
	need(map_kind(p, PG, PROT_READ, MAP_FIXED) == p, "mmap of the first");
	show("again", p, 8);
	say("MAP_FIXED_NOREPLACE of what is there",
	    (long)map_kind(p + PG, PG, RW, MAP_FIXED_NOREPLACE));
	say("MAP_FIXED_NOREPLACE, partly there",
	    (long)map_kind(p + 7 * PG, 2 * PG, RW, MAP_FIXED_NOREPLACE));
	say("MAP_FIXED_NOREPLACE beside it",
	    (char *)map_kind(p + 8 * PG, PG, RW, MAP_FIXED_NOREPLACE) - p);
	show("with one more", p, 9);
	gone(p, 9);
}

static void rights(void)
{
	char *p = letters(BASE, 8);

	say("mprotect of the first", mprotect(p, PG, PROT_READ));
	say("mprotect of the last", mprotect(p + 7 * PG, PG, PROT_NONE));
	say("mprotect of the middle", mprotect(p + 3 * PG, 2 * PG, PROT_NONE));
	show("split", p, 8);
	say("mprotect of no page", mprotect(p + 1, PG, PROT_READ));
	say("mprotect of no length", mprotect(p, 0, PROT_NONE));
	say("mprotect with an unknown right", mprotect(p, PG, 1 << 20));
	say("mprotect that grows down", mprotect(p, PG, RW | PROT_GROWSDOWN));
	say("mprotect of all", mprotect(p, 8 * PG, RW));
	show("whole", p, 8);
	p[3 * PG] = 'x';
	munmap(p + 5 * PG, PG);
	say("mprotect over a hole", mprotect(p, 8 * PG, PROT_READ));
	show("up to the hole", p, 8);
	gone(p, 8);
}

/* A call of shared mappings, which would put other memory there. */
static void remaps(void)
{
	char *p = letters(BASE, 8);

	say("remap_file_pages", remap_file_pages(p, 2 * PG, 0, 4, 0));
	say("remap_file_pages to where it is",
	    remap_file_pages(p + 4 * PG, PG, 0, (uintptr_t)p / PG + 4, 0));
	show("as it was", p, 8);
	gone(p, 8);
}

static void edges(void)
{
	unmaps();
	fixed();
	rights();
	remaps();
}

/* --- mremap ------------------------------------------------------------------------ */

static long offset(const char *p, const char *from)
{
	return p == MAP_FAILED ? -1 : p - from;
}

static void resizes(void)
{
	char *p = letters(BASE, 8), *q;

	say("mremap to shrink", offset(mremap(p, 8 * PG, 5 * PG, 0), p));
	show("shrunk", p, 8);
	say("mremap to grow again", offset(mremap(p, 5 * PG, 7 * PG, 0), p));
	show("grown", p, 8);
	letters(p + 7 * PG, 1);
	say("mremap where there is no room",
	    offset(mremap(p, 7 * PG, 9 * PG, 0), p));
	q = mremap(p, 7 * PG, 9 * PG, MREMAP_MAYMOVE);
	need(q != MAP_FAILED, "mremap to move");
	show("moved", q, 9);
	show("where it was", p, 8);
	gone(q, 9);
	gone(p, 8);
}

static void refused_moves(void)
{
	char *p = letters(BASE, 8);
	const int to = MREMAP_MAYMOVE | MREMAP_FIXED;

	say("mremap to no length", offset(mremap(p, PG, 0, 0), p));
	say("mremap of no page", offset(mremap(p + 1, PG, PG, 0), p));
	say("mremap of no length", offset(mremap(p, 0, PG, MREMAP_MAYMOVE), p));
	say("mremap of what is not mapped",
	    offset(mremap(OTHER, PG, 2 * PG, 0), p));
	say("mremap past its end",
	    offset(mremap(p, 9 * PG, 10 * PG, MREMAP_MAYMOVE), p));
	say("mremap into itself",
	    offset(mremap(p, 4 * PG, 4 * PG, to, p + PG), p));
	say("mremap to an address, not to move",
	    offset(mremap(p, PG, PG, MREMAP_FIXED, OTHER), p));
	say("mremap to no page", offset(mremap(p, PG, PG, to, OTHER + 1), p));
	say("MREMAP_DONTUNMAP, not to move",
	    offset(mremap(p, PG, PG, MREMAP_DONTUNMAP), p));
	say("MREMAP_DONTUNMAP with another length",
	    offset(mremap(p, PG, 2 * PG, MREMAP_MAYMOVE | MREMAP_DONTUNMAP),
		   p));
	mprotect(p + 4 * PG, 4 * PG, PROT_READ);
	say("mremap of two mappings",
	    offset(mremap(p, 8 * PG, 8 * PG, to, OTHER), p));
	show("as it was", p, 8);
	gone(p, 8);
}

static void moves(void)
{
	const int to = MREMAP_MAYMOVE | MREMAP_FIXED;
	char *p, *q;

	resizes();
	refused_moves();
	p = letters(BASE, 6);
	q = letters(OTHER, 6);
	say("mremap over another",
	    offset(mremap(p + PG, 3 * PG, 3 * PG, to, q + 2 * PG), q));
	show("what it left", p, 6);
	show("where it is", q, 6);
	say("mremap back, shorter",
	    offset(mremap(q + 2 * PG, 3 * PG, PG, to, p + 2 * PG), p));
	show("there", p, 6);
	show("where it was", q, 6);
	mprotect(p + 4 * PG, 2 * PG, PROT_NONE);
	say("mremap of what can't be read",
	    offset(mremap(p + 4 * PG, 2 * PG, 4 * PG, to, q), q));
	show("there", q, 6);
	if (!spawn()) {
		need(mremap(p + 2 * PG, PG, PG, to, OTHER + MB) != MAP_FAILED,
		     "mremap by the child");
		show("the child's", OTHER + MB, 1);
		_exit(0);
	}
	wait(NULL);
	show("the parent's", p, 6);
	gone(p, 6);
	gone(q, 6);
	p = letters(BASE, 2);
	say("MREMAP_DONTUNMAP",
	    offset(mremap(p, 2 * PG, 2 * PG, to | MREMAP_DONTUNMAP, OTHER),
		   OTHER));
	show("what is left", p, 2);
	show("what was moved", OTHER, 2);
	gone(p, 2);
	gone(OTHER, 2);
	/* As much as a page table has, which the kernel moves by one entry. */
	p = letters(BASE, 1024);
	say("mremap of 4 MiB", offset(mremap(p, 4 * MB, 4 * MB, to, OTHER), p));
	show("its end", OTHER + 1020 * PG, 4);
	munmap(OTHER, 4 * MB);
}

/* --- signals ----------------------------------------------------------------------- */

static sigjmp_buf back;
static siginfo_t fault;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	fault = *info;
	siglongjmp(back, 1);
}

static void read_at(volatile char *at)
{
	(void)*at;
}

static void write_at(volatile char *at)
{
	*at = 'x';
}

static void jump_to(volatile char *at)
{
	((void (*)(void))at)();
}

static void provoke(const char *what, void (*access)(volatile char *at),
		    char *at)
{
	if (!sigsetjmp(back, 1)) {
		access(at);
		printf("%s: nothing\n", what);
		return;
	}
	printf("%s: signal %d, code %d, at %+ld\n", what, fault.si_signo,
	       fault.si_code, (char *)fault.si_addr - at);
}

static void signals(void)
{
	struct sigaction action = { .sa_sigaction = on_fault,
				    .sa_flags = SA_SIGINFO };
	char *p = letters(BASE, 8), *from = letters(OTHER, 2);
	int pipes[2];

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	mprotect(p + PG, PG, PROT_READ);
	mprotect(p + 2 * PG, PG, PROT_NONE);
	munmap(p + 3 * PG, PG);
	provoke("a write to what is read-only", write_at, p + PG + 7);
	provoke("a read of what can't be read", read_at, p + 2 * PG + 7);
	provoke("a write to what can't be read", write_at, p + 2 * PG + 7);
	provoke("a write to a hole", write_at, p + 3 * PG + 7);
	provoke("a read behind the end", read_at, p + 8 * PG);
	provoke("a jump to what can't be executed", jump_to, p);
	provoke("a write to what can be written to", write_at, p + 4 * PG);
	show("then", p, 8);
	need(!pipe(pipes), "pipe");
	need(write(pipes[1], from, 2 * PG) == 2 * PG, "write to a pipe");
	say("read() to what is read-only", read(pipes[0], p + PG, PG));
	say("read() into a hole", read(pipes[0], p + 2 * PG, 2 * PG));
	say("read() that ends at what is read-only",
	    read(pipes[0], p + PG / 2, PG));
	say("write() from what can't be read", write(pipes[1], p + 2 * PG, 9));
	say("write() from a hole", write(pipes[1], p + 3 * PG, 9));
	gone(p, 8);
	gone(from, 2);
}

/* --- madvise ----------------------------------------------------------------------- */

/* But for MADV_WILLNEED, which a kernel without swap refuses for anonymous memory. */
static const struct {
	const char *name;
	int advice;
} advices[] = {
	{ "MADV_NORMAL", MADV_NORMAL },
	{ "MADV_RANDOM", MADV_RANDOM },
	{ "MADV_SEQUENTIAL", MADV_SEQUENTIAL },
	{ "MADV_DONTFORK", MADV_DONTFORK },
	{ "MADV_DOFORK", MADV_DOFORK },
	{ "MADV_MERGEABLE", MADV_MERGEABLE },
	{ "MADV_UNMERGEABLE", MADV_UNMERGEABLE },
	{ "MADV_HUGEPAGE", MADV_HUGEPAGE },
	{ "MADV_NOHUGEPAGE", MADV_NOHUGEPAGE },
	{ "MADV_DONTDUMP", MADV_DONTDUMP },
	{ "MADV_DODUMP", MADV_DODUMP },
	{ "MADV_KEEPONFORK", MADV_KEEPONFORK },
	{ "MADV_COLD", MADV_COLD },
	{ "MADV_PAGEOUT", MADV_PAGEOUT },
	{ "MADV_POPULATE_READ", MADV_POPULATE_READ },
	{ "MADV_POPULATE_WRITE", MADV_POPULATE_WRITE },
	{ "MADV_COLLAPSE", 25 },
	{ "MADV_WIPEONFORK", MADV_WIPEONFORK },
	{ "MADV_REMOVE", MADV_REMOVE },
	{ "MADV_FREE", MADV_FREE },
	{ "an unknown advice", 1234 },
};

static void discards(void)
{
	char *p = letters(BASE, 8);

	say("a discard", discard(p + PG, PG, MADV_DONTNEED));
	mprotect(p + 2 * PG, PG, PROT_READ);
	say("a discard of what is read-only",
	    discard(p + 2 * PG, PG, MADV_DONTNEED));
	mprotect(p + 3 * PG, PG, PROT_NONE);
	say("a discard of what can't be read",
	    discard(p + 3 * PG, PG, MADV_DONTNEED));
	say("a discard of no length", discard(p, 0, MADV_DONTNEED));
	say("a discard of no page", discard(p + 1, PG, MADV_DONTNEED));
	show("left", p, 8);
	need(!mlock(p + 5 * PG, PG), "mlock");
	say("a discard up to what is locked",
	    discard(p + 4 * PG, 4 * PG, MADV_DONTNEED));
	show("left", p, 8);
	say("a discard of what is locked, too",
	    discard(p + 4 * PG, 4 * PG, MADV_DONTNEED_LOCKED));
	show("left", p, 8);
	p = letters(BASE, 8);
	munmap(p + 4 * PG, PG);
	say("a discard over a hole", discard(p, 8 * PG, MADV_DONTNEED));
	show("left", p, 8);
	gone(p, 8);
}

/* Newer kernels have a call to seal a mapping for good. */
static void seals(void)
{
	const long mseal = 462;
	char *p = letters(OTHER + MB, 4);

	mprotect(p + 2 * PG, 2 * PG, PROT_READ);
	say("mseal", syscall(mseal, p, 4 * PG, 0));
	if (!errno) {
		say("a discard of what is sealed",
		    discard(p, 2 * PG, MADV_DONTNEED));
		say("a discard of what is sealed and read-only",
		    discard(p + 2 * PG, PG, MADV_DONTNEED));
		say("munmap of what is sealed", munmap(p, PG));
		say("mprotect of what is sealed", mprotect(p, PG, PROT_READ));
		show("left", p, 4);
	}
}

/* What a child has of memory that its parent gave an advice for. */
static void heritage(void)
{
	char *p = letters(BASE, 4);
	pid_t pid;

	need(!madvise(p + PG, PG, MADV_DONTFORK), "MADV_DONTFORK");
	pid = spawn();
	if (!pid) {
		show("the child's", p, 4);
		letters(p + PG, 1);
		show("with one of its own", p, 4);
		_exit(0);
	}
	need(!end_of(pid), "the child");
	need(!madvise(p + PG, PG, MADV_DOFORK), "MADV_DOFORK");
	pid = spawn();
	if (!pid) {
		show("the child's", p, 4);
		_exit(0);
	}
	need(!end_of(pid), "the child");
	show("the parent's", p, 4);
	gone(p, 4);
}

static void advice_for_another(void)
{
	char *p = letters(BASE, 4);
	struct iovec range = { p, 4 * PG };
	int self = syscall(SYS_pidfd_open, getpid(), 0);

	say("process_madvise MADV_COLD",
	    syscall(SYS_process_madvise, self, &range, 1, MADV_COLD, 0));
	say("process_madvise MADV_PAGEOUT",
	    syscall(SYS_process_madvise, self, &range, 1, MADV_PAGEOUT, 0));
	show("then", p, 4);
	close(self);
	gone(p, 4);
}

static void give_advice(void)
{
	char *p;

	for (size_t i = 0; i < sizeof(advices) / sizeof(*advices); i++) {
		p = letters(BASE, 4);
		say(advices[i].name, madvise(p, 3 * PG, advices[i].advice));
		if (advices[i].advice != MADV_FREE)
			show("then", p, 4);
	}
	munmap(p + 2 * PG, PG);
	say("advice over a hole", madvise(p, 4 * PG, MADV_RANDOM));
	say("advice for no page", madvise(p + 1, PG, MADV_NORMAL));
	say("advice for no length", madvise(p, 0, MADV_NORMAL));
	say("to populate over a hole", madvise(p, 4 * PG, MADV_POPULATE_WRITE));
	mprotect(p, PG, PROT_READ);
	say("to populate what is read-only",
	    madvise(p, PG, MADV_POPULATE_WRITE));
	gone(p, 4);
	discards();
	heritage();
	advice_for_another();
	errno = 0;
	seals();
}

/* --- mlock ------------------------------------------------------------------------- */

static void show_locked(const char *what, char *p)
{
	printf("  %s: VmLck %ld kB, here %ld kB, resident %ld kB\n", what,
	       value_of("/proc/self/status", "VmLck"), value_at(p, "Locked"),
	       value_at(p, "Rss"));
}

/* Without root's rights, with a limit of 64 KiB. */
static void locked_by_a_user(void)
{
	const struct rlimit limit = { 64 * 1024, 64 * 1024 };
	char *p = letters(BASE, 20);

	need(!setrlimit(RLIMIT_MEMLOCK, &limit), "setrlimit");
	need(!setuid(65534), "setuid");
	say("mlock of more than is allowed", mlock(p, 20 * PG));
	say("mlock of what is allowed", mlock(p, 16 * PG));
	say("mremap to more",
	    offset(mremap(p, 16 * PG, 17 * PG, MREMAP_MAYMOVE), p));
	say("mlock of one more", mlock(p + 16 * PG, PG));
	say("MAP_LOCKED of one more", (long)map_kind(NULL, PG, RW, MAP_LOCKED));
	say("mlockall", mlockall(MCL_CURRENT));
	munlock(p, 20 * PG);
	show_locked("unlocked", p);
}

/* All is locked; a child has its own, not locked, and locks that. */
static void locked_with_all(int how)
{
	char *p = letters(BASE, 8), *q;
	pid_t pid;

	say("mlockall", mlockall(how));
	q = map_kind(OTHER, 8 * PG, RW, MAP_FIXED);
	printf("  locked: %ld kB, and %ld kB of what came later\n",
	       value_at(p, "Locked"), value_at(q, "Locked"));
	pid = spawn();
	if (!pid) {
		printf("  a child's: %ld kB\n", value_at(p, "Locked"));
		p[0] = 'c';
		q[0] = 'c';
		say("mlockall by a child", mlockall(MCL_CURRENT));
		printf("  locked: %ld kB\n", value_at(p, "Locked"));
		p[PG] = 'c';
		show("the child's", p, 8);
		show("and", q, 8);
		_exit(0);
	}
	p[2 * PG] = 'x';
	end_of(pid);
	show("the parent's", p, 8);
	show("and", q, 8);
	q = mremap(q, 8 * PG, 12 * PG, MREMAP_MAYMOVE);
	need(q != MAP_FAILED, "mremap");
	printf("  grown: %ld kB\n", value_at(q, "Locked"));
	munlockall();
	show_locked("unlocked", p);
	gone(p, 8);
	gone(q, 12);
}

static void locks(void)
{
	char *p = map_kind(BASE, 8 * PG, RW, MAP_FIXED), *q;
	pid_t pid;

	say("mlock of what was not touched", mlock(p, 8 * PG));
	show_locked("locked", p);
	pid = spawn();
	if (!pid) {
		show_locked("a child's", p);
		_exit(0);
	}
	end_of(pid);
	say("munlock", munlock(p, 8 * PG));
	show_locked("unlocked", p);
	munmap(p + 3 * PG, PG);
	say("mlock over a hole", mlock(p, 8 * PG));
	show_locked("up to the hole", p);
	show_locked("behind the hole", p + 4 * PG);
	say("munlock of a part", munlock(p + PG, PG));
	show_locked("the first", p);
	gone(p, 8);
	p = map_kind(BASE, 8 * PG, PROT_READ, MAP_FIXED);
	say("mlock of what can be read only", mlock(p, 8 * PG));
	show_locked("locked", p);
	gone(p, 8);
	p = map_kind(BASE, 8 * PG, PROT_NONE, MAP_FIXED);
	say("mlock of what can't be read", mlock(p, 8 * PG));
	gone(p, 8);
	p = map_kind(BASE, 8 * PG, RW, MAP_FIXED);
	say("mlock2 MLOCK_ONFAULT", mlock2(p, 8 * PG, MLOCK_ONFAULT));
	show_locked("locked", p);
	p[PG] = 1;
	show_locked("one was written to", p);
	gone(p, 8);
	p = map_kind(BASE, 8 * PG, RW, MAP_FIXED | MAP_LOCKED);
	show_locked("MAP_LOCKED", p);
	q = mremap(p, 8 * PG, 16 * PG, MREMAP_MAYMOVE);
	need(q != MAP_FAILED, "mremap of what is locked");
	show_locked("and grown", q);
	gone(q, 16);
	need(!mlockall(MCL_FUTURE), "mlockall");
	p = map_kind(BASE, 8 * PG, RW, MAP_FIXED);
	show_locked("mapped after mlockall(MCL_FUTURE)", p);
	munlockall();
	show_locked("munlockall", p);
	gone(p, 8);
	locked_with_all(MCL_CURRENT);
	locked_with_all(MCL_CURRENT | MCL_FUTURE);
	locked_with_all(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
	pid = spawn();
	if (!pid) {
		locked_by_a_user();
		_exit(0);
	}
	end_of(pid);
}

/* --- limits ------------------------------------------------------------------------ */

static long committed(void)
{
	return value_of("/proc/mymeminfo", "Committed_AS");
}

static void at_most_mapped(void)
{
	struct rlimit limit = { 0, RLIM_INFINITY };
	size_t size = value_of("/proc/self/status", "VmSize") * 1024;
	char *p;

	limit.rlim_cur = size + 8 * PG;
	need(!setrlimit(RLIMIT_AS, &limit), "setrlimit");
	say("RLIMIT_AS: 9 pages of 8", (long)map_kind(NULL, 9 * PG, RW, 0));
	p = letters(BASE, 6);
	say("mremap to 9", offset(mremap(p, 6 * PG, 9 * PG, 0), p));
	say("mremap to 8", offset(mremap(p, 6 * PG, 8 * PG, 0), p));
	say("one more", (long)map_kind(NULL, PG, RW, 0));
	say("one more, over it",
	    offset(map_kind(p, PG, PROT_READ, MAP_FIXED), p));
	show("then", p, 8);
	gone(p, 8);
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_AS, &limit);
}

/* With no mapping more: what splits one fails, and changes nothing. */
static void at_most_mappings(void)
{
	const char *most = "/proc/sys/vm/max_map_count";
	char *p = letters(BASE, 8), before[32] = "";
	int file = open(most, O_RDONLY);
	size_t nr = 0;
	long promised;

	need(read(file, before, sizeof(before) - 1) > 0, most);
	close(file);
	write_to(most, "100");
	promised = committed();
	while (map_kind(OTHER + nr * 2 * PG, PG, RW, MAP_FIXED) != MAP_FAILED)
		nr++;
	say("mmap beyond max_map_count",
	    (long)map_kind(OTHER + nr * 2 * PG, PG, RW, 0));
	say("munmap in the middle", munmap(p + 2 * PG, PG));
	say("mprotect in the middle", mprotect(p + 2 * PG, PG, PROT_READ));
	say("mremap out of the middle",
	    offset(mremap(p + 2 * PG, PG, PG, MREMAP_MAYMOVE), p));
	say("mlock in the middle", mlock(p + 2 * PG, PG));
	say("madvise in the middle", madvise(p + 2 * PG, PG, MADV_RANDOM));
	say("mmap over the middle",
	    (long)map_kind(p + 2 * PG, PG, PROT_READ, MAP_FIXED));
	show("as it was", p, 8);
	say("munmap at the end", munmap(p + 7 * PG, PG));
	say("mremap to its old length",
	    offset(mremap(p, 7 * PG, 8 * PG, 0), p));
	p[7 * PG] = 'x';
	write_to(most, before);
	munmap(OTHER, nr * 2 * PG);
	promised = committed() - promised;
	say("kB more that are promised", promised);
	show("then", p, 8);
	gone(p, 8);
}

static void at_most_data(void)
{
	const struct rlimit limit = { 0, 0 };
	pid_t pid = spawn();

	if (!pid) {
		need(!setrlimit(RLIMIT_DATA, &limit), "setrlimit");
		say("RLIMIT_DATA: mmap",
		    offset(map_kind(BASE, PG, RW, MAP_FIXED), BASE));
		say("RLIMIT_DATA: mmap of what can be read",
		    offset(map_kind(BASE, PG, PROT_READ, MAP_FIXED), BASE));
		_exit(0);
	}
	end_of(pid);
}

static void limits(void)
{
	at_most_mapped();
	at_most_mappings();
	at_most_data();
}

/* --- debuggers --------------------------------------------------------------------- */

static void debugger(void)
{
	char *p = letters(BASE, 8), bytes[2 * PG];
	struct iovec local = { bytes, PG }, remote = { p + PG, PG };
	int mem = open("/proc/self/mem", O_RDWR);
	pid_t pid;

	mprotect(p + PG, PG, PROT_READ);
	mprotect(p + 2 * PG, PG, PROT_NONE);
	munmap(p + 3 * PG, PG);
	map_kind(p + 4 * PG, 2 * PG, PROT_READ, MAP_FIXED);
	read_at(p + 4 * PG);
	say("a write by /proc/self/mem", pwrite(mem, "a", 1, (off_t)p));
	say("to what is read-only", pwrite(mem, "b", 1, (off_t)(p + PG)));
	say("to what can't be read", pwrite(mem, "c", 1, (off_t)(p + 2 * PG)));
	say("to a hole", pwrite(mem, "d", 1, (off_t)(p + 3 * PG)));
	say("to zeros that are read-only",
	    pwrite(mem, "e", 1, (off_t)(p + 4 * PG)));
	say("to what was never read", pwrite(mem, "f", 1, (off_t)(p + 5 * PG)));
	show("then", p, 8);
	printf("it sees %c%c%c\n", p[PG], p[4 * PG], p[5 * PG]);
	memset(bytes, 'x', sizeof(bytes));
	say("over the border of two",
	    pwrite(mem, bytes, PG, (off_t)(p + 6 * PG + PG / 2)));
	printf("it sees %c%c%c\n", p[6 * PG], p[7 * PG - 1], p[7 * PG]);
	say("process_vm_writev to what is read-only",
	    process_vm_writev(getpid(), &local, 1, &remote, 1, 0));
	pid = spawn();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(p[PG]);
	}
	waitpid(pid, NULL, 0);
	say("a poke to what a child shares, and can only read",
	    ptrace(PTRACE_POKEDATA, pid, p + PG, (long)'z'));
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	say("what the child sees", end_of(pid));
	show("the parent's", p, 8);
	close(mem);
	gone(p, 8);
}

/* --- what is told of memory --------------------------------------------------------- */

/* A bit of each page's entry in pagemap. */
static void show_bits(const char *what, char *p, size_t pages, int bit)
{
	int file = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entries[MOST];
	char bits[MOST + 1] = "";

	need(pread(file, entries, pages * 8, (off_t)p / PG * 8) ==
		     (ssize_t)pages * 8,
	     "pagemap");
	close(file);
	for (size_t i = 0; i < pages; i++)
		bits[i] = entries[i] >> bit & 1 ? '1' : '0';
	printf("  %s: %s\n", what, bits);
}

static void show_core(const char *what, char *p, size_t pages)
{
	unsigned char in_core[MOST];
	char bits[MOST + 1] = "";
	int err = mincore(p, pages * PG, in_core);

	for (size_t i = 0; !err && i < pages; i++)
		bits[i] = in_core[i] & 1 ? '1' : '0';
	printf("  %s: %s\n", what, err ? strerrorname_np(errno) : bits);
}

static bool is_in_file(const char *path, const char *text)
{
	size_t len = strlen(text), have = 0;
	FILE *file = fopen(path, "r");
	int c;

	while (file && have < len && (c = getc(file)) != EOF)
		have = c == text[have] ? have + 1 : c == text[0];
	if (file)
		fclose(file);
	return have == len;
}

/* Is memory in a core dump? */
static void dump_core(const char *filter)
{
	const struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	char word[] = "-mnemonic-";
	pid_t pid = spawn();

	if (!pid) {
		char *p = letters(BASE, 1);

		/* Only there is it written so. */
		for (size_t i = 0; i < sizeof(word); i++)
			p[i] = word[i] == '-' ? '#' : word[i];
		write_to("/proc/self/coredump_filter", filter);
		setrlimit(RLIMIT_CORE, &limit);
		abort();
	}
	end_of(pid);
	for (size_t i = 0; i < sizeof(word); i++)
		word[i] = word[i] == '-' ? '#' : word[i];
	printf("a core dump with filter %s has it: %d\n", filter,
	       is_in_file("core", word));
	unlink("core");
}

static void looks(void)
{
	char *p = map_kind(BASE, 8 * PG, RW, MAP_FIXED);

	p[PG] = 'A';
	read_at(p + 2 * PG);
	show_core("mincore", p, 8);
	show_core("mincore over the end", p, 9);
	show_bits("present", p, 8, 63);
	write_to("/proc/self/clear_refs", "4");
	p[3 * PG] = 'B';
	show_bits("dirty since", p, 8, 55);
	p[PG] = 'C';
	show_bits("dirty since", p, 8, 55);
	write_to("/proc/self/clear_refs", "1");
	say("kB that were looked at since", value_at(p, "Referenced"));
	show("then", p, 8);
	say("msync", msync(p, 8 * PG, MS_SYNC));
	say("msync that does not wait", msync(p, 8 * PG, MS_ASYNC));
	say("msync to forget", msync(p, 8 * PG, MS_INVALIDATE | MS_SYNC));
	say("msync with both", msync(p, 8 * PG, MS_SYNC | MS_ASYNC));
	say("msync over the end", msync(p, 9 * PG, MS_SYNC));
	mlock(p, PG);
	say("msync to forget what is locked", msync(p, PG, MS_INVALIDATE));
	show("then", p, 8);
	gone(p, 8);
}

/* What /proc/PID/clear_refs clears: 2 of anonymous memory, 3 of mappings of files. */
static void clears(const char *how)
{
	char *p = letters(BASE, 8), *q;
	pid_t pid;

	printf("clear_refs %s\n", how);
	read_at(p + 3 * PG);
	write_to("/proc/self/clear_refs", how);
	printf("  kB that were looked at since: %ld\n",
	       value_at(p, "Referenced"));
	p[PG] = 'x';
	show_bits("dirty since", p, 8, 55);
	pid = spawn();
	if (!pid) {
		p[PG] = 'c';
		p[2 * PG] = 'c';
		write_to("/proc/self/clear_refs", how);
		p[3 * PG] = 'c';
		show("the child's", p, 8);
		_exit(0);
	}
	end_of(pid);
	p[2 * PG] = 'x';
	show_bits("dirty since", p, 8, 55);
	q = mremap(p, 8 * PG, 8 * PG, MREMAP_MAYMOVE | MREMAP_FIXED, OTHER);
	need(q != MAP_FAILED, "mremap");
	show_bits("moved, dirty since", q, 8, 55);
	discard(q, 2 * PG, MADV_DONTNEED);
	read_at(q);
	q[PG] = 'y';
	show("then", q, 8);
	gone(q, 8);
}

static void all_cleared(void)
{
	static const char *const hows[] = { "1", "2", "3", "4", "5" };

	for (size_t i = 0; i < sizeof(hows) / sizeof(*hows); i++)
		clears(hows[i]);
}

static void dumps(void)
{
	dump_core("0x33");
	dump_core("0x3f");
}

/* --- nodes ------------------------------------------------------------------------- */

static void nodes(void)
{
	char *p = letters(BASE, 8);
	unsigned long node = 1;
	void *pages[] = { p, p + 3 * PG, p + 8 * PG };
	int status[3] = { 0 }, to[3] = { 0 }, mode = -1;

	say("mbind to node 0",
	    syscall(SYS_mbind, p + 2 * PG, 2 * PG, MPOL_BIND, &node, 8, 0));
	say("mbind, and move", syscall(SYS_mbind, p, 8 * PG, MPOL_BIND, &node,
				       8, MPOL_MF_MOVE | MPOL_MF_STRICT));
	say("get_mempolicy",
	    syscall(SYS_get_mempolicy, &mode, NULL, 0, p, MPOL_F_ADDR));
	say("its mode", mode);
	say("get_mempolicy, the node of a page",
	    syscall(SYS_get_mempolicy, &mode, NULL, 0, p,
		    MPOL_F_ADDR | MPOL_F_NODE));
	say("move_pages, to ask",
	    syscall(SYS_move_pages, 0, 3, pages, NULL, status, 0));
	printf("  they are at %d, %d, %d\n", status[0], status[1], status[2]);
	say("move_pages, to where they are",
	    syscall(SYS_move_pages, 0, 3, pages, to, status, MPOL_MF_MOVE));
	printf("  that gave %d, %d, %d\n", status[0], status[1], status[2]);
	say("migrate_pages, to where they are",
	    syscall(SYS_migrate_pages, 0, 8, &node, &node));
	show("then", p, 8);
	gone(p, 8);
}

/* --- others with the same memory ---------------------------------------------------- */

static int write_one(void *p)
{
	*(char *)p = 'x';
	return 0;
}

static void relatives(void)
{
	char *p = letters(BASE, 4);
	static char stack[16 * PG];
	pid_t pid;

	fflush(stdout);
	pid = vfork();
	if (!pid) {
		p[0] = 'v';
		_exit(0);
	}
	end_of(pid);
	pid = clone(write_one, stack + sizeof(stack), CLONE_VM | SIGCHLD,
		    p + PG);
	say("a clone with the same memory", end_of(pid));
	show("what both wrote", p, 4);
	pid = spawn();
	if (!pid) {
		p[2 * PG] = 'y';
		execl("/proc/self/exe", "mymem_calls", ours ? "ours" : "kernel",
		      "nodes", NULL);
		_exit(99);
	}
	say("one that executes another program", end_of(pid));
	show("what is left", p, 4);
	gone(p, 4);
}

/* Memory of a process that was killed, and can't end yet, since it is traced. */
static void released(void)
{
	const long mrelease = 448;
	char *p = letters(BASE, 64);
	int self = syscall(SYS_pidfd_open, getpid(), 0), tube[2], status;
	pid_t pid;
	int of;

	need(!pipe(tube), "pipe");
	say("process_mrelease of one that lives", syscall(mrelease, self, 0));
	pid = spawn_peer();
	if (!pid) {
		for (size_t i = 0; i < 32; i++)
			p[i * PG] = 'c';
		tell(tube);
		for (;;)
			pause();
	}
	await(tube);
	of = syscall(SYS_pidfd_open, pid, 0);
	need(!ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXIT), "PTRACE_SEIZE");
	kill(pid, SIGKILL);
	need(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status), "a stop");
	say("process_mrelease of one that was killed",
	    syscall(mrelease, of, 0));
	show("the parent's", p, 8);
	ptrace(PTRACE_CONT, pid, 0, 0);
	say("its end", end_of(pid));
	show("the parent's", p, 8);
	close(of);
	close(self);
	gone(p, 64);
}

/* Put a page into a pipe as it is, without a copy. */
static void put(int into, char *p)
{
	struct iovec page = { p, PG };

	need(vmsplice(into, &page, 1, 0) == PG, "vmsplice");
}

static char take(int from)
{
	char bytes[PG];

	need(read(from, bytes, PG) == PG, "read from a pipe");
	return bytes[0];
}

/*
 * What a relative put into a pipe, and unmapped, is not to change any more; what a process put
 * there itself does.
 */
static void pipes(void)
{
	char *p = letters(BASE, 2);
	int ends[2], go[2];
	pid_t pid;

	need(!pipe(ends) && !pipe(go), "pipe");
	pid = spawn_peer();
	if (!pid) {
		put(ends[1], p);
		gone(p, 2);
		tell(go);
		/* Its end would tell nothing more. */
		pause();
	}
	await(go);
	p[0] = 'x';
	printf("put by a child, and written to by the parent: %c\n",
	       take(ends[0]));
	kill(pid, SIGKILL);
	end_of(pid);
	put(ends[1], p + PG);
	pid = spawn_peer();
	if (!pid) {
		await(go);
		p[PG] = 'x';
		_exit(0);
	}
	gone(p, 2);
	tell(go);
	end_of(pid);
	printf("put by the parent, and written to by a child: %c\n",
	       take(ends[0]));
	p = letters(BASE, 1);
	put(ends[1], p);
	p[0] = 'x';
	printf("put and written to by the same: %c\n", take(ends[0]));
	gone(p, 1);
}

/* --- pages that are shared, as smaps has them ---------------------------------------- */

static void show_shares(const char *whose, const char *p)
{
	printf("  %s: Rss %ld kB, Pss %ld, shared %ld, private %ld\n", whose,
	       value_at(p, "Rss"), value_at(p, "Pss"),
	       value_at(p, "Shared_Dirty") + value_at(p, "Shared_Clean"),
	       value_at(p, "Private_Dirty") + value_at(p, "Private_Clean"));
	fflush(stdout);
}

static void shares(void)
{
	char *p = letters(BASE, 8);
	int to[2], from[2];
	pid_t pid;

	need(!pipe(to) && !pipe(from), "pipe");
	show_shares("alone", p);
	pid = spawn_peer();
	if (!pid) {
		for (size_t i = 0; i < 8; i++)
			read_at(p + i * PG);
		show_shares("a child has read all", p);
		tell(from);
		await(to);
		for (size_t i = 0; i < 4; i++)
			p[i * PG] = 'c';
		show_shares("it wrote to half", p);
		tell(from);
		await(to);
		_exit(0);
	}
	await(from);
	show_shares("its parent", p);
	tell(to);
	await(from);
	show_shares("its parent", p);
	tell(to);
	end_of(pid);
	show_shares("alone again", p);
	gone(p, 8);
}

/* --- O_DIRECT ------------------------------------------------------------------------ */

#define DISK "/dev/ram0"

static void show_same(const char *p, const char *q, size_t len)
{
	printf("  it is the same: %d\n", !memcmp(p, q, len));
	fflush(stdout);
}

/* One reads past the page cache what both have; the other sees nothing of it. */
static void direct_to_shared(int disk, char *p)
{
	int to[2];
	pid_t pid;

	need(!pipe(to), "pipe");
	pid = spawn();
	if (!pid) {
		say("a child reads to what it shares",
		    pread(disk, p + 2 * PG, 2 * PG, 0));
		show("the child's", p, 8);
		_exit(0);
	}
	end_of(pid);
	show("the parent's", p, 8);
	pid = spawn_peer();
	if (!pid) {
		await(to);
		show("the child's", p, 8);
		say("a child writes what it shares",
		    pwrite(disk, p, 2 * PG, 32 * PG));
		_exit(0);
	}
	say("a parent reads to what it shares", pread(disk, p, 2 * PG, 4 * PG));
	tell(to);
	end_of(pid);
	show("the parent's", p, 8);
	say("what the child wrote", pread(disk, p + 6 * PG, 2 * PG, 32 * PG));
	show("is", p, 8);
}

static void direct(void)
{
	int disk = open(DISK, O_RDWR | O_DIRECT);
	char *p = letters(BASE, 16), *q;

	need(disk >= 0, DISK);
	q = map_kind(OTHER, 64 * PG, RW, MAP_FIXED);
	need(q == OTHER, "mmap");
	for (size_t i = 0; i < 16 * PG; i++)
		p[i] = i * 31 / 7 + i / PG;
	for (size_t i = 0; i < 16; i++)
		p[i * PG] = 'A' + i;
	say("write", pwrite(disk, p, 16 * PG, 0));
	say("read to what was not touched", pread(disk, q, 16 * PG, 0));
	show_same(p, q, 16 * PG);
	for (size_t i = 0; i < 4; i++)
		read_at(q + (16 + i) * PG);
	say("read to where zeros are", pread(disk, q + 16 * PG, 4 * PG, 0));
	show_same(p, q + 16 * PG, 4 * PG);
	say("read of a part of a page",
	    pread(disk, q + 20 * PG + 1024, 1024, 1024));
	show_same(p + 1024, q + 20 * PG + 1024, 1024);
	mprotect(q + 22 * PG, PG, PROT_READ);
	say("read to what is read-only", pread(disk, q + 22 * PG, PG, 0));
	mprotect(q + 22 * PG, PG, PROT_NONE);
	say("write of what can't be read", pwrite(disk, q + 22 * PG, PG, 0));
	munmap(q + 24 * PG, PG);
	say("read to a hole", pread(disk, q + 24 * PG, PG, 0));
	show("then", q + 16 * PG, 10);
	memset(p + PG, 'x', PG);
	read_at(q + 30 * PG);
	say("write of zeros that were read",
	    pwrite(disk, q + 30 * PG, PG, 16 * PG));
	say("write of what was not touched",
	    pwrite(disk, q + 32 * PG, PG, 17 * PG));
	direct_to_shared(disk, p);
	close(disk);
	gone(p, 16);
	gone(q, 64);
}

/* --- pipes and other processes --------------------------------------------------------- */

static void pieces(void)
{
	char *p = letters(BASE, 8), bytes[2 * PG] = "";
	struct iovec whole = { p, 2 * PG }, never = { p + 8 * PG, PG };
	int ends[2], more[2], null = open("/dev/null", O_WRONLY);

	need(!pipe(ends) && !pipe(more), "pipe");
	map_kind(p + 8 * PG, 8 * PG, RW, MAP_FIXED);
	say("vmsplice", vmsplice(ends[1], &whole, 1, 0));
	say("tee", tee(ends[0], more[1], 2 * PG, 0));
	gone(p, 2);
	say("splice to a file", splice(ends[0], NULL, null, NULL, PG, 0));
	say("read", read(ends[0], bytes, PG));
	printf("  it is %c\n", bytes[0]);
	say("read of what tee() has", read(more[0], bytes, 2 * PG));
	printf("  it is %c and %c\n", bytes[0], bytes[PG]);
	whole.iov_base = p + 4 * PG;
	say("SPLICE_F_GIFT", vmsplice(ends[1], &whole, 1, SPLICE_F_GIFT));
	p[4 * PG] = 'x';
	whole.iov_base = p + 10 * PG;
	say("vmsplice out of a pipe", vmsplice(ends[0], &whole, 1, 0));
	show("then", p, 16);
	whole.iov_base = p + 14 * PG;
	mprotect(p + 15 * PG, PG, PROT_NONE);
	say("vmsplice up to what can't be read",
	    vmsplice(ends[1], &whole, 1, SPLICE_F_NONBLOCK));
	need(read(ends[0], bytes, PG) > 0, "read from a pipe");
	say("vmsplice of what was not touched",
	    vmsplice(ends[1], &never, 1, SPLICE_F_NONBLOCK));
	gone(p, 16);
}

/* A process reads and writes what its child has, as debuggers do. */
static void others(void)
{
	char *p = letters(BASE, 8), bytes[8 * PG] = "";
	struct iovec local = { bytes, 8 * PG }, remote = { p, 8 * PG };
	int to[2], from[2];
	pid_t pid;

	need(!pipe(to) && !pipe(from), "pipe");
	pid = spawn_peer();
	if (!pid) {
		p[PG] = 'c';
		munmap(p + 6 * PG, PG);
		map_kind(p + 8 * PG, 2 * PG, RW, MAP_FIXED);
		tell(from);
		await(to);
		show("the child's", p, 10);
		_exit(0);
	}
	await(from);
	say("process_vm_readv of a child's, up to a hole",
	    process_vm_readv(pid, &local, 1, &remote, 1, 0));
	printf("  it is %c%c%c\n", bytes[0], bytes[PG], bytes[5 * PG]);
	memset(bytes, 'w', sizeof(bytes));
	remote.iov_base = p + 2 * PG;
	remote.iov_len = 2 * PG;
	say("process_vm_writev to what is shared",
	    process_vm_writev(pid, &local, 1, &remote, 1, 0));
	remote.iov_base = p + 9 * PG;
	remote.iov_len = PG;
	say("to what was not touched",
	    process_vm_writev(pid, &local, 1, &remote, 1, 0));
	tell(to);
	end_of(pid);
	show("the parent's", p, 10);
	gone(p, 10);
}

static void moved_by_calls(void)
{
	pieces();
	others();
}

/* --- userfaultfd -------------------------------------------------------------------- */

/* Features of kernels that are newer than a distribution's headers may be. */
#define WP_UNPOPULATED (1ULL << 13)
#define WP_ASYNC (1ULL << 15)

static void watch(int uffd, unsigned long long features, int mode)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	struct uffdio_register range = {
		.range = { (unsigned long)BASE, 4 * PG },
		.mode = mode,
	};

	say("userfaultfd", ioctl(uffd, UFFDIO_API, &api));
	say("to register a range", ioctl(uffd, UFFDIO_REGISTER, &range));
}

static void watched(void)
{
	struct uffdio_writeprotect protect = {
		.range = { (unsigned long)BASE, 4 * PG },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	char *p = letters(BASE, 4);
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);

	/* A kernel may be built without. */
	if (uffd < 0)
		return;
	watch(uffd, 0, UFFDIO_REGISTER_MODE_MISSING);
	close(uffd);
	show("then", p, 4);
	/* Only to learn which pages were written to: newer kernels allow that everywhere. */
	discard(p, 2 * PG, MADV_DONTNEED);
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	watch(uffd, WP_UNPOPULATED | WP_ASYNC, UFFDIO_REGISTER_MODE_WP);
	say("to watch writes", ioctl(uffd, UFFDIO_WRITEPROTECT, &protect));
	alarm(20);
	discard(p + 2 * PG, PG, MADV_DONTNEED);
	read_at(p);
	p[PG] = 'x';
	read_at(p + 2 * PG);
	p[3 * PG] = 'x';
	show("then", p, 4);
	p[0] = 'x';
	show("then", p, 4);
	close(uffd);
	gone(p, 4);
}

/* --- at random ---------------------------------------------------------------------- */

#define ARENA 56 /* pages */

/* Write by a system call, which fails where the memory can't be written to. */
static long write_letter(const int ends[2], char *at, char letter)
{
	long result;

	need(write(ends[1], &letter, 1) == 1, "write to a pipe");
	result = read(ends[0], at, 1);
	if (result < 0)
		need(read(ends[0], &letter, 1) == 1, "read from a pipe");
	return result;
}

/* A page is moved to where others may be, and made longer. */
static long random_move(unsigned int *seed, char *from)
{
	size_t pages = 1 + rand_r(seed) % 3;
	char *to = BASE + rand_r(seed) % (ARENA - 3) * PG, *p;

	switch (rand_r(seed) % 4) {
	case 0:
		p = mremap(from, PG, pages * PG, 0);
		break;
	case 1:
		p = mremap(from, PG, PG,
			   MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
			   to);
		break;
	default:
		p = mremap(from, PG, pages * PG, MREMAP_MAYMOVE | MREMAP_FIXED,
			   to);
	}
	return offset(p, BASE);
}

static long random_call(unsigned int *seed, const int ends[2],
			unsigned int what)
{
	static const int rights[] = { RW, RW, RW,	 RW,
				      RW, RW, PROT_READ, PROT_NONE };
	size_t pages = 1 + rand_r(seed) % 8;
	char *p = BASE + rand_r(seed) % (ARENA - pages) * PG;
	int right = rights[rand_r(seed) % 8];

	switch (what) {
	case 0:
		return munmap(p, PG);
	case 1:
		return offset(map_kind(p, pages * PG, right, MAP_FIXED), BASE);
	case 2:
		return mprotect(p, pages * PG, right);
	case 3:
		return discard(p, pages * PG, MADV_DONTNEED);
	case 4:
		return mlock(p, pages * PG);
	case 5:
		return munlock(p, pages * PG);
	case 6:
		return madvise(p, pages * PG, MADV_POPULATE_WRITE);
	case 7:
	case 8:
		return random_move(seed, p);
	default:
		return write_letter(ends, p, 'A' + rand_r(seed) % 26);
	}
}

static void random_calls(unsigned int seed, const int ends[2], int rounds)
{
	for (int i = 0; i < rounds; i++) {
		unsigned int what = rand_r(&seed) % 24;
		char line[32];

		snprintf(line, sizeof(line), "call %u", what);
		if (what != 23 || rounds < 100) {
			say(line, random_call(&seed, ends, what));
		} else if (!spawn()) {
			random_calls(seed + i, ends, 50);
			_exit(0);
		} else {
			/* Both go on, and print in turn. */
			wait(NULL);
		}
		show("then", BASE, ARENA);
	}
}

static void at_random(void)
{
	int ends[2];

	need(!pipe(ends), "pipe");
	for (unsigned int seed = 1; seed <= 2; seed++)
		random_calls(seed, ends, 120);
	munmap(BASE, ARENA * PG);
}

static const struct scenario groups[] = {
	{ "edges", .run = edges },
	{ "moves", .run = moves },
	{ "signals", .run = signals },
	{ "advice", .run = give_advice },
	{ "locks", .run = locks },
	{ "limits", .run = limits },
	{ "debugger", .run = debugger },
	{ "looks", .run = looks },
	{ "dumps", .run = dumps },
	{ "nodes", .run = nodes },
	{ "relatives", .run = relatives },
	{ "pipes", .run = pipes },
	{ "watched", .run = watched },
	{ "random", .run = at_random },
	{ "released", .run = released },
	{ "cleared", .run = all_cleared },
	{ "shares", .run = shares },
	{ "direct", .run = direct },
	{ "splices", .run = moved_by_calls },
};

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: mymem_calls ours|kernel|shmem GROUP\n");
		return 2;
	}
	ours = !strcmp(argv[1], "ours");
	shmem = !strcmp(argv[1], "shmem");
	if (ours)
		fd = open_device();
	return run_scenario(groups, sizeof(groups) / sizeof(*groups), argv + 2);
}
