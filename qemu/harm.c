// SPDX-License-Identifier: GPL-2.0
/*
 * harm - a program that may open /dev/mymem and means harm.
 *
 *   harm SCENARIO [ARGUMENT]...
 *
 * What the device refuses must be refused, what it grants must be right, and the kernel must not
 * find anything wrong: that is for the test that runs this to see. A scenario ends with a line
 * "ok", "not ok: ...", or "skip: ..." if the kernel has not what it needs.
 */
#define _GNU_SOURCE
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include "scenario.h"

static char *map_of(int of, void *at, size_t len, int prot)
{
	char *p = mmap(at, len, prot, MAP_SHARED | (at ? MAP_FIXED : 0), of, 0);

	need(p != MAP_FAILED, "mmap");
	return p;
}

static char *map(size_t len)
{
	return map_of(fd, NULL, len, PROT_READ | PROT_WRITE);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* A line of /proc/mymeminfo, in kB, also where no more memory can be mapped. */
static long meminfo(const char *name)
{
	static char text[8192];
	int file = open("/proc/mymeminfo", O_RDONLY);
	ssize_t got = read(file, text, sizeof(text) - 1);
	char *line;

	close(file);
	need(got > 0, "/proc/mymeminfo");
	text[got] = 0;
	line = strstr(text, name);
	need(line, name);
	return strtol(line + strlen(name) + 1, NULL, 10);
}

/* --- arguments that are not what they seem -------------------------------------------- */

#if defined(__x86_64__)
static long call_32(long nr, unsigned long a, unsigned long b, unsigned long c,
		    unsigned long d, unsigned long e)
{
	long ret;

	asm volatile("int $0x80"
		     : "=a"(ret)
		     : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static void no_call_32(int signal)
{
	(void)signal;
	skip("this kernel has no calls of 32 bits");
}

/*
 * A program of 64 bits makes a call of 32 bits: what is in the upper halves of registers is not
 * what the kernel moves, though a mapping may be there.
 */
static void upper_halves(void)
{
	const unsigned long upper = 1UL << 32, low = 0x10000000,
			    to = 0x20000000;
	const long mremap_32 = 163;
	char *a = map_of(fd, (void *)low, 4 * PG, PROT_READ | PROT_WRITE);
	char *b = map_of(fd, (void *)(low | upper), 4 * PG,
			 PROT_READ | PROT_WRITE);
	char *moved = (char *)to;

	signal(SIGSEGV, no_call_32);
	memset(a, 'a', 4 * PG);
	memset(b, 'b', 4 * PG);
	need(call_32(mremap_32, low | upper, upper | 4 * PG, upper | 4 * PG,
		     MREMAP_MAYMOVE | MREMAP_FIXED, to) == (long)to,
	     "mremap by a call of 32 bits");
	for (size_t i = 0; i < 4 * PG; i += PG)
		if (moved[i] != 'a' || b[i] != 'b')
			die("%c was moved and %c stayed", moved[i], b[i]);
	if (!spawn()) {
		moved[0] = 'c';
		_exit(b[0] != 'b' || moved[PG] != 'a');
	}
	need(!end_of(-1) && moved[0] == 'a', "a child has its own");
	munmap(moved, 4 * PG);
}
#else
static void upper_halves(void)
{
	skip("this machine has no calls of 32 bits");
}
#endif

/* Lengths and addresses from the edges. */
static void edges(void)
{
	static const unsigned long edge[] = {
		0,
		1,
		PG - 1,
		PG,
		PG + 1,
		1UL << 31,
		1UL << 32,
		1UL << 46,
		(1UL << 47) - PG,
		(1UL << 47) - 1,
		1UL << 47,
		1UL << 56,
		1UL << 63,
		-2 * PG,
		-PG,
		-PG + 1,
		-1UL,
	};
	const size_t nr = sizeof(edge) / sizeof(*edge);
	char *p = map(4 * PG);

	for (size_t i = 0; i < nr; i++)
		for (size_t j = 0; j < nr; j++) {
			call(MYMEM_IOC_DISCARD, (void *)edge[i], edge[j]);
			call(MYMEM_IOC_RESERVE, (void *)edge[i], edge[j]);
		}
	*p = 1;
	need(call(MYMEM_IOC_DISCARD, p, -1) < 0 && errno == EINVAL,
	     "a length that wraps when it is rounded up");
	need(*p == 1, "nothing was discarded");
	need(!call(MYMEM_IOC_DISCARD, p, 1) && !*p, "one byte is a page");
}

/* --- charges -------------------------------------------------------------------------- */

/* What is asked for again and again, and never used, is charged once, and goes with its mapping. */
static void charges(void)
{
	const size_t len = 16 * MB;
	long before = meminfo("Committed_AS:");
	char *p = map(len), *none = map_of(fd, NULL, len, PROT_NONE);
	char *at = p;

	for (int i = 0; i < 20; i++) {
		char *to = p + (i % 2 ? 0 : 1UL << 32);

		need(!call(MYMEM_IOC_RESERVE, at, len), "RESERVE");
		at = mremap(at, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to);
		need(at == to, "mremap");
	}
	if (meminfo("Committed_AS:") - before > 2 * (long)len / 1024)
		die("RESERVE charged %ld kB",
		    meminfo("Committed_AS:") - before);
	need(!munmap(at, len), "munmap");
	/* So many mappings that mprotect() can't split another one. */
	while (mmap(NULL, PG, PROT_NONE, MAP_SHARED, fd, 0) != MAP_FAILED)
		;
	for (int i = 0; i < 20; i++)
		need(mprotect(none + PG, len / 2, PROT_READ | PROT_WRITE) < 0,
		     "mprotect fails");
	if (meminfo("Committed_AS:") - before > (long)len / 1024)
		die("mprotect() charged %ld kB",
		    meminfo("Committed_AS:") - before);
	need(!munmap(none, len), "munmap");
	if (meminfo("Committed_AS:") != before)
		die("%ld kB are left", meminfo("Committed_AS:") - before);
}

static void expect_charged(long before, size_t bytes, const char *when)
{
	long is = meminfo("Committed_AS:") - before;

	if (is != (long)(bytes / 1024))
		die("%s %ld kB are charged, and not %zu", when, is,
		    bytes / 1024);
}

/* Two mappings that ask at once have a charge each; when they grow there is no other. */
static void two_reserve(void)
{
	const size_t len = MB;
	long before = meminfo("Committed_AS:");
	char *p = map(len), *q = map(len);

	need(!call(MYMEM_IOC_RESERVE, p, len), "RESERVE of one");
	expect_charged(before, 3 * len, "after one asked");
	need(!call(MYMEM_IOC_RESERVE, q, len), "RESERVE of the other");
	expect_charged(before, 4 * len, "after both asked");
	p = mremap(p, len, 2 * len, MREMAP_MAYMOVE);
	need(p != MAP_FAILED, "mremap of one");
	p[len] = 1;
	expect_charged(before, 4 * len, "after one grew");
	q = mremap(q, len, 2 * len, MREMAP_MAYMOVE);
	need(q != MAP_FAILED, "mremap of the other");
	q[len] = 1;
	expect_charged(before, 4 * len, "after both grew");
	munmap(p, 2 * len);
	expect_charged(before, 2 * len, "after the end of one");
	munmap(q, 2 * len);
	expect_charged(before, 0, "after the end of both");
}

static char *volatile touched;
static volatile bool over;
#define TOUCHED 64

static void *touch(void *seed)
{
	unsigned int random = (unsigned long)seed;

	while (!over)
		*(volatile char *)(touched + rand_r(&random) % TOUCHED * PG);
	return NULL;
}

/* Faults of two threads, while mprotect() makes and moves borders. */
static void borders(void)
{
	long before = meminfo("Committed_AS:");
	unsigned int random = 1;
	pthread_t thread[2];

	touched = map(TOUCHED * PG);
	for (size_t i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, touch, (void *)i);
	for (int i = 0; i < 10000; i++) {
		size_t at = rand_r(&random) % TOUCHED;
		size_t nr = 1 + rand_r(&random) % (TOUCHED - at);

		mprotect(touched + at * PG, nr * PG,
			 PROT_READ | (rand_r(&random) & PROT_WRITE));
		if (!(i % 64))
			call(MYMEM_IOC_DISCARD, touched, TOUCHED * PG);
	}
	over = true;
	for (size_t i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	need(!munmap(touched, TOUCHED * PG), "munmap");
	if (meminfo("Committed_AS:") != before)
		die("%ld kB are left", meminfo("Committed_AS:") - before);
}

/* --- frames --------------------------------------------------------------------------- */

static volatile bool wrong;

/* Write to a page and discard it, again and again. */
static void *take_and_give(void *page)
{
	volatile unsigned long *word = page;

	while (!over) {
		unsigned long is = *word;

		if (is && is != (unsigned long)word)
			wrong = true;
		*word = (unsigned long)word;
		call(MYMEM_IOC_DISCARD, page, PG);
	}
	return NULL;
}

/*
 * Threads write to a page and discard it under one another, and others take its frame at once: what
 * comes too late to a slot finds its frame with another owner.
 */
static void late(void)
{
	const double seconds = 3;
	double until = now() + seconds;
	char *p = map(4 * PG);
	pthread_t thread[6];
	size_t nr = sizeof(thread) / sizeof(*thread);

	for (size_t i = 0; i < nr; i++)
		need(!pthread_create(&thread[i], NULL, take_and_give,
				     p + i / 3 * PG),
		     "pthread_create");
	while (now() < until)
		usleep(10000);
	over = true;
	for (size_t i = 0; i < nr; i++)
		pthread_join(thread[i], NULL);
	need(!wrong, "a page has what another one had");
	munmap(p, 4 * PG);
}

static sigjmp_buf out;

static void on_bus(int signal)
{
	(void)signal;
	siglongjmp(out, 1);
}

/* A child that finds all its memory, or none: how it ends. */
enum { WHOLE, BROKEN, MIXED, WRONG };

/* A page of each leaf of a table: so many nodes does a child need. */
#define LEAF (2 * MB)

static void mark(char *p, size_t len)
{
	for (size_t i = 0; i < len; i += LEAF)
		*(size_t *)(p + i) = i + 1;
}

static bool is_marked(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i += LEAF)
		if (*(volatile size_t *)(p + i) != i + 1)
			return false;
	return true;
}

/* What the child of a parent with that memory has of it. */
static int look(char *p, size_t len)
{
	volatile size_t i = 0, refused = 0;
	int ends[2];

	signal(SIGBUS, on_bus);
	for (; i < len; i += LEAF) {
		if (sigsetjmp(out, 1))
			refused++;
		else if (*(volatile size_t *)(p + i) != i + 1)
			return WRONG;
	}
	if (!refused)
		return WHOLE;
	need(!pipe(ends), "pipe");
	if (write(ends[1], p, 1) != -1 || errno != EFAULT)
		return MIXED;
	return refused == len / LEAF ? BROKEN : MIXED;
}

/* Until the pool has no more. */
static size_t fill_up(char *p, size_t len)
{
	size_t at = 0;

	while (at < len && !madvise(p + at, PG, MADV_POPULATE_WRITE))
		at += PG;
	return at;
}

static void expect_frames(long kb, size_t left)
{
	for (double until = now() + 10; now() < until; usleep(1000))
		if (meminfo("AnonPages:") == kb)
			return;
	die("with %zu frames left, a child took %ld kB with it", left,
	    kb - meminfo("AnonPages:"));
}

/*
 * The pool has so few frames left that fork gets no table for the child, or only some nodes of it:
 * some frames more each time, until it gets all. A child has everything, or SIGBUS. It needs more
 * nodes than CPUs may have in their lists.
 */
static void half_forked(void)
{
	const size_t len = 256 * LEAF, rest = 64 * MB, more = 8;
	char *p =
		map_of(fd, (void *)0x300000000000, len, PROT_READ | PROT_WRITE);
	char *filler = map_of(fd, (void *)0x310000000000, rest,
			      PROT_READ | PROT_WRITE);
	long frames, tables;
	size_t end, broken = 0, left;
	int how;

	mark(p, len);
	end = fill_up(filler, rest);
	need(end && end < rest, "the pool is full");
	frames = meminfo("AnonPages:");
	tables = meminfo("PageTables:");
	for (left = 0; left < len / LEAF * 2; left += more) {
		pid_t pid = spawn();

		if (!pid) {
			int first = look(p, len);

			/* So is a child of its own. */
			if (first == BROKEN && !spawn())
				_exit(look(p, len));
			_exit(first == BROKEN ? end_of(-1) : first);
		}
		how = end_of(pid);
		if (how != WHOLE && how != BROKEN)
			die("with %zu frames left a child ends with %d", left,
			    how);
		need(is_marked(p, len), "the parent has what it had");
		expect_frames(frames, left);
		need(meminfo("PageTables:") == tables, "PageTables");
		if (how == WHOLE)
			break;
		broken++;
		end -= more * PG;
		frames -= more * PG / 1024;
		need(!call(MYMEM_IOC_DISCARD, filler + end, more * PG),
		     "DISCARD");
	}
	need(how == WHOLE, "a child with its memory");
	need(broken > 1, "a fork that fails half-way");
	munmap(p, len);
	munmap(filler, rest);
	printf("%zu children had SIGBUS\n", broken);
}

/* --- other files, other processes ----------------------------------------------------- */

static void send_fd(int to, int what)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &what, sizeof(int));
	need(sendmsg(to, &msg, 0) == 1, "sendmsg");
}

static int receive_fd(int from)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	int got;

	need(recvmsg(from, &msg, 0) == 1 && CMSG_FIRSTHDR(&msg), "recvmsg");
	memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	return got;
}

static void is_empty(const char *p, size_t len, const char *what)
{
	for (size_t i = 0; i < len; i++)
		if (p[i])
			die("%s: byte %zu is %d", what, i, p[i]);
}

/* A file that another process has, and had before it died, gives nothing of its memory. */
static void passed_on(void)
{
	char *const at = (char *)0x700000000000;
	int pair[2], got, again;
	char path[64], *p;
	pid_t pid;

	need(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	pid = spawn();
	if (!pid) {
		char *mine;

		fd = open_device();
		mine = map_of(fd, at, 64 * PG, PROT_READ | PROT_WRITE);
		memset(mine, 's', 64 * PG);
		send_fd(pair[1], fd);
		need(read(pair[1], path, 1) == 1, "read");
		for (size_t i = 0; i < 64 * PG; i++)
			if (mine[i] != 's')
				_exit(1);
		_exit(0);
	}
	got = receive_fd(pair[0]);
	p = map_of(got, at, 64 * PG, PROT_READ | PROT_WRITE);
	is_empty(p, 64 * PG, "a file from another process");
	memset(p, 'x', 32 * PG);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", got);
	again = open(path, O_RDWR);
	need(again >= 0, "to open it again");
	is_empty(map_of(again, NULL, 64 * PG, PROT_READ), 64 * PG,
		 "opened again");
	need(write(pair[0], path, 1) == 1, "write");
	need(!end_of(pid), "the other has its own");
	is_empty(p + 32 * PG, 32 * PG, "after its end");
	is_empty(map_of(got, NULL, 64 * PG, PROT_READ), 64 * PG, "mapped anew");
}

/* Frames that others had are empty. */
static void fresh(void)
{
	for (int round = 0; round < 4; round++) {
		char *p = map(8 * MB);

		for (size_t i = 0; i < 8 * MB; i += PG) {
			p[i] = 0;
			is_empty(p + i, PG, "a frame that others had");
			memset(p + i, 'x', PG);
		}
		if (round % 2)
			need(!call(MYMEM_IOC_DISCARD, p, 8 * MB), "DISCARD");
		munmap(p, 8 * MB);
	}
}

/* An open that fails late, and what the device can't do. */
static void odd_files(void)
{
	for (int i = 0; i < 100; i++)
		need(open("/dev/mymem", O_RDWR | O_DIRECT) < 0,
		     "an open with O_DIRECT fails");
	need(errno == EINVAL, "with EINVAL");
	need(ftruncate(fd, MB) < 0 && fallocate(fd, 0, 0, MB) < 0,
	     "ftruncate() and fallocate() fail");
	need(!fsync(fd), "fsync() has nothing to do");
	need(write(fd, "", 1) < 0 && read(fd, &(char){ 0 }, 1) < 0,
	     "read(), write() fail");
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	readahead(fd, 0, MB);
	sync_file_range(fd, 0, 0, 7);
}

/* --- the kernel's other ways to memory ------------------------------------------------ */

/* A range that userfaultfd protects, where kernels can: its ptes are marked where nothing is. */
static void write_protected(void)
{
	/* Names of newer kernels. */
	const unsigned long unpopulated = 1 << 13, async = 1 << 15;
	struct uffdio_api api = { .api = UFFD_API,
				  .features = unpopulated | async |
					      UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_WP };
	struct uffdio_writeprotect protect = {
		.mode = UFFDIO_WRITEPROTECT_MODE_WP
	};
	int uffd = syscall(SYS_userfaultfd,
			   O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
	char *p = map(16 * PG);

	reg.range.start = (unsigned long)p;
	reg.range.len = 16 * PG;
	protect.range = reg.range;
	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) ||
	    ioctl(uffd, UFFDIO_REGISTER, &reg))
		skip("this kernel's userfaultfd can't do that");
	p[0] = 1;
	(void)*(volatile char *)(p + PG);
	need(!ioctl(uffd, UFFDIO_WRITEPROTECT, &protect), "WRITEPROTECT");
	alarm(20);
	need(!*(volatile char *)(p + PG) && !*(volatile char *)(p + 2 * PG),
	     "zeros are read");
	p[0] = 2;
	p[PG] = 2;
	p[2 * PG] = 2;
	p[3 * PG] = 2;
	need(!ioctl(uffd, UFFDIO_WRITEPROTECT, &protect), "WRITEPROTECT");
	if (!spawn()) {
		for (size_t i = 0; i < 4; i++)
			p[i * PG]++;
		_exit(p[0] != 3 || p[4 * PG]);
	}
	need(!end_of(-1) && p[0] == 2 && p[PG] == 2, "a child has its own");
	need(!call(MYMEM_IOC_DISCARD, p, 16 * PG), "DISCARD");
	is_empty(p, 16 * PG, "after a discard");
}

static void on_fault(int signal)
{
	(void)signal;
	_exit(0);
}

/* Any call about memory, with any arguments, on memory of the device. */
static void any_call(unsigned int *random, char *base, size_t pages)
{
	static const int advice[] = { 0,  1,  2,  3,  4,  8,  9,  10,
				      11, 12, 13, 14, 15, 16, 17, 18,
				      19, 20, 21, 22, 23, 24, 25 };
	char *at = base + rand_r(random) % pages * PG;
	size_t len = (1 + rand_r(random) % 16) * PG;
	char *to = base + rand_r(random) % pages * PG;
	struct iovec iov = { at, len };
	char byte;
	int tube[2];

	switch (rand_r(random) % 16) {
	case 0:
		mmap(at, len, rand_r(random) % 8, MAP_SHARED | MAP_FIXED, fd,
		     rand_r(random) * PG);
		break;
	case 1:
		/* Flags that mean nothing here, or something else. */
		mmap(at, len, rand_r(random) % 16,
		     (rand_r(random) & ~MAP_ANONYMOUS) | MAP_FIXED, fd,
		     rand_r(random) * PG);
		break;
	case 2:
		munmap(at, len);
		break;
	case 3:
		mprotect(at, len, rand_r(random) % 8);
		break;
	case 4:
	case 5:
		mremap(at, len, (rand_r(random) % 16) * PG,
		       (rand_r(random) % 8) &
			       ~(at + len > to && to + 16 * PG > at ?
					 MREMAP_FIXED :
					 0),
		       to);
		break;
	case 6:
		madvise(at, len,
			advice[rand_r(random) %
			       (sizeof(advice) / sizeof(*advice))]);
		break;
	case 7:
		call(MYMEM_IOC_DISCARD, at, len);
		break;
	case 8:
		call(MYMEM_IOC_RESERVE, at, len);
		break;
	case 9:
		mlock(at, len);
		break;
	case 10:
		munlock(at, len);
		break;
	case 11:
		process_vm_readv(getpid(), &(struct iovec){ &byte, 1 }, 1, &iov,
				 1, 0);
		process_vm_writev(getpid(), &(struct iovec){ "x", 1 }, 1, &iov,
				  1, 0);
		break;
	case 12:
		if (pipe(tube))
			break;
		fcntl(tube[0], F_SETPIPE_SZ, 16 * PG);
		vmsplice(tube[1], &iov, 1,
			 SPLICE_F_NONBLOCK | (rand_r(random) & SPLICE_F_GIFT));
		if (rand_r(random) % 2)
			munmap(at, len);
		close(tube[0]);
		close(tube[1]);
		break;
	case 13:
		msync(at, len, MS_SYNC | MS_INVALIDATE);
		mincore(at, PG, (unsigned char *)&byte);
		syscall(SYS_mbind, at, len, rand_r(random) % 5,
			&(unsigned long){ 1 }, 2, rand_r(random) % 8);
		break;
	case 14:
		remap_file_pages(at, len, 0, rand_r(random) % pages, 0);
		break;
	default:
		/* By the kernel, which returns EFAULT where a write is a signal. */
		if (pipe(tube))
			break;
		if (write(tube[1], "xyz", 3) == 3)
			len = read(tube[0], at, 3);
		close(tube[0]);
		close(tube[1]);
	}
}

/* A few thousand of these, in children that fork on their way, and die when they may. */
static void any_calls(char **args)
{
	unsigned int seed = atoi(args[0]);
	long calls = atol(args[1]);
	const size_t pages = 256;

	for (int i = 0; i < 4; i++) {
		char *base;

		if (spawn())
			continue;
		signal(SIGSEGV, on_fault);
		signal(SIGBUS, on_fault);
		fd = open_device();
		base = map(pages * PG);
		seed += i;
		for (long n = 0; n < calls; n++) {
			any_call(&seed, base, pages);
			if (n % 500 == 250 && !spawn()) {
				for (n = 0; n < 100; n++)
					any_call(&seed, base, pages);
				_exit(0);
			}
		}
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
}

/* --- a storm -------------------------------------------------------------------------- */

/* Read a child's memory, word by word, and page by page, while it runs or dies. */
static void spy(pid_t pid, char *base, size_t pages, unsigned int *random)
{
	char page[PG];

	for (int i = 0; i < 8; i++) {
		char *at = base + rand_r(random) % pages * PG;

		process_vm_readv(pid, &(struct iovec){ page, PG }, 1,
				 &(struct iovec){ at, PG }, 1, 0);
	}
	if (ptrace(PTRACE_ATTACH, pid, 0, 0))
		return;
	if (waitpid(pid, NULL, __WALL) == pid) {
		for (int i = 0; i < 8; i++)
			ptrace(PTRACE_PEEKDATA, pid,
			       base + rand_r(random) % pages * PG, 0);
		ptrace(PTRACE_POKEDATA, pid, base, 0x7878787878787878);
	}
	ptrace(PTRACE_DETACH, pid, 0, 0);
}

static void storm_of(unsigned int random, double until)
{
	const size_t pages = 512;
	char *base;

	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	fd = open_device();
	base = map(pages * PG);
	while (now() < until) {
		pid_t pid = fork();

		if (!pid) {
			for (int i = 0; i < 200; i++)
				any_call(&random, base, pages);
			_exit(0);
		}
		random += 7919;
		for (int i = 0; i < 20; i++)
			any_call(&random, base, pages);
		if (pid > 0) {
			spy(pid, base, pages, &random);
			if (rand_r(&random) % 2)
				kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
		}
		/* It is whole again, now and then. */
		if (!(rand_r(&random) % 4))
			map_of(fd, base, pages * PG, PROT_READ | PROT_WRITE);
	}
	_exit(0);
}

/*
 * Processes that do all of the above until the time is over. Each is begun again when a signal
 * ended it, or one that is sent to it.
 */
static void storm(char **args)
{
	unsigned int seed = atoi(args[0]);
	const int processes = 4;
	double until = now() + atof(args[1]);
	unsigned long ended = 0;
	pid_t last = 0;

	for (int i = 0; i < processes; i++) {
		last = spawn();
		if (!last)
			storm_of(seed + i, until);
	}
	while (wait(NULL) > 0) {
		ended++;
		if (now() >= until)
			continue;
		last = spawn();
		if (!last)
			storm_of(seed + processes + ended, until);
		if (!(ended % 3))
			kill(last, SIGKILL);
	}
	printf("%lu processes ended\n", ended);
}

/* -------------------------------------------------------------------------------------- */

static const struct scenario scenarios[] = {
	{ "upper_halves", .run = upper_halves },
	{ "edges", .run = edges },
	{ "charges", .run = charges },
	{ "two_reserve", .run = two_reserve },
	{ "borders", .run = borders },
	{ "late", .run = late },
	{ "half_forked", .run = half_forked },
	{ "passed_on", .run = passed_on },
	{ "fresh", .run = fresh },
	{ "odd_files", .run = odd_files },
	{ "write_protected", .run = write_protected },
	{ "any_calls", .with = any_calls, 2, 2 },
	{ "storm", .with = storm, 2, 2 },
};

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: harm SCENARIO [ARGUMENT]...\n");
		return 2;
	}
	/* Nobody in particular. */
	need(geteuid() || (!setgid(1000) && !setuid(1000)), "setuid");
	fd = open_device();
	return run_scenario(scenarios, sizeof(scenarios) / sizeof(*scenarios),
			    argv + 1);
}
