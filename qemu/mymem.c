// SPDX-License-Identifier: GPL-2.0
/*
 * mymem - a process that uses memory, of /dev/mymem or of the kernel, and says what it sees.
 *
 * Each scenario runs on either kind of memory, and prints the same lines if both behave alike; a
 * qemu/tests script runs both and compares. A line "ok" or "not ok" ends it.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include "scenario.h"

static char *map_flags(size_t len, int prot, int flags)
{
	char *p = map_kind(NULL, len, prot, flags);

	if (p != MAP_FAILED && !ours)
		madvise(p, len, MADV_NOHUGEPAGE);
	return p;
}

static char *map(size_t len)
{
	char *p = map_flags(len, PROT_READ | PROT_WRITE, 0);

	need(p != MAP_FAILED, "mmap");
	return p;
}

static int discard(void *addr, size_t len)
{
	if (!ours)
		return madvise(addr, len, MADV_DONTNEED);
	return call(MYMEM_IOC_DISCARD, addr, len);
}

static long vm_size(void)
{
	return value_of("/proc/self/status", "VmSize");
}

/*
 * What is resident, counted pte by pte: VmRSS is behind by what threads have not handed in, and
 * smaps_rollup of 6.1 leaves a mapping out when another task, as khugepaged, waits for the
 * mmap_lock.
 */
static long rss(void)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	char line[256];
	long value = 0;

	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, "Rss:", 4))
			value += strtol(line + 4, NULL, 10);
	fclose(file);
	return value;
}

static long minflt(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

static long last_size, last_rss;

/* By how much both have changed since the last step. */
static void step(const char *what)
{
	long size = vm_size(), resident = rss();

	printf("%-40s VmSize %+ld kB, resident %+ld kB\n", what,
	       size - last_size, resident - last_rss);
	last_size = size;
	last_rss = resident;
	fflush(stdout);
}

static void begin(void)
{
	/* The first look faults in what it needs itself. */
	rss();
	last_size = vm_size();
	last_rss = rss();
}

static void fill(char *p, size_t len, unsigned long salt)
{
	for (size_t i = 0; i < len; i += PG) {
		*(unsigned long *)(p + i) = i / PG + salt;
		*(unsigned long *)(p + i + PG - 8) = i / PG + salt;
	}
}

static void expect(const char *p, size_t len, unsigned long salt,
		   const char *when)
{
	for (size_t i = 0; i < len; i += PG) {
		unsigned long want = i / PG + salt;

		if (*(unsigned long *)(p + i) != want ||
		    *(unsigned long *)(p + i + PG - 8) != want)
			die("%s: page %zu has %lu, should have %lu", when,
			    i / PG, *(unsigned long *)(p + i), want);
	}
}

static void expect_zeros(const char *p, size_t len, const char *when)
{
	for (size_t i = 0; i < len; i += 8)
		if (*(unsigned long *)(p + i))
			die("%s: not zero at page %zu", when, i / PG);
}

static volatile char sink;

static void touch(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i += PG)
		sink = p[i];
}

static void set_adj(const char *adj)
{
	int file = open("/proc/self/oom_score_adj", O_WRONLY);

	need(file >= 0 && write(file, adj, strlen(adj)) > 0, "oom_score_adj");
	close(file);
}

/* --- scenarios -------------------------------------------------------------------- */

static void lazy(void)
{
	size_t len = 100 * MB;
	char *p;

	begin();
	p = map(len);
	step("100 MiB are mapped");
	touch(p, len);
	step("all is read");
	fill(p, len / 2, 1);
	step("half is written");
	expect(p, len / 2, 1, "written");
	expect_zeros(p + len / 2, len / 2, "not written");
	munmap(p + 8 * MB, 4 * MB);
	step("4 MiB in the middle are unmapped");
	need(!discard(p, 4 * MB), "discard");
	step("4 MiB are discarded");
	expect_zeros(p, 4 * MB, "discarded");
	expect(p + 4 * MB, 4 * MB, 1 + 4 * MB / PG, "beside the hole");
	munmap(p, len);
	step("all is unmapped");
}

static void move(void)
{
	size_t len = 4 * MB;
	char *p = map(len), *q, *other;

	fill(p, len, 7);
	begin();
	q = mremap(p, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, p + 256 * MB);
	need(q == p + 256 * MB, "mremap to an address");
	step("4 MiB are moved");
	expect(q, len, 7, "moved");
	other = map_kind(p, len, RW, MAP_FIXED);
	need(other == p, "mmap where it was");
	expect_zeros(other, len, "where it was");
	fill(other, len, 1000);
	expect(q, len, 7, "moved, and there is another");
	expect(other, len, 1000, "the other");
	step("other 4 MiB are written where they were");
	q = mremap(q, len, 2 * len, MREMAP_MAYMOVE);
	need(q != MAP_FAILED, "mremap to grow");
	step("8 MiB");
	expect(q, len, 7, "grown");
	expect_zeros(q + len, len, "the new part");
	fill(q + len, len, 70);
	step("the new part is written");
	/* A part out of the middle, and the rest grows to where it was. */
	other = mremap(q + len, len, len, MREMAP_MAYMOVE | MREMAP_FIXED,
		       q + 512 * MB);
	need(other == q + 512 * MB, "mremap of a part");
	q = mremap(q, len, 2 * len, 0);
	need(q != MAP_FAILED, "mremap in place");
	expect_zeros(q + len, len, "grown to where a part was");
	fill(q + len, len, 5000);
	expect(other, len, 70, "the part that was moved");
	expect(q, len, 7, "the part that stayed");
	step("a part is moved, and the rest has grown to where it was");
	q = mremap(q, 2 * len, len, MREMAP_MAYMOVE | MREMAP_FIXED,
		   q + 1024 * MB);
	need(q != MAP_FAILED, "mremap to shrink elsewhere");
	step("and shrinks again");
	expect(q, len, 7, "shrunk");
	other = mremap(q, len, len, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	need(other != MAP_FAILED, "MREMAP_DONTUNMAP");
	expect(other, len, 7, "what was moved out of a mapping");
	expect_zeros(q, len, "the mapping that it left");
	step("moved away from a mapping that stays");
}

/* Page tables in kB: the kernel's of this process, or the pool's of all. */
static long tables(void)
{
	return ours ? value_of("/proc/mymeminfo", "PageTables") :
		      value_of("/proc/self/status", "VmPTE");
}

static char *map_at(unsigned long addr, size_t len)
{
	char *p = map_kind((void *)addr, len, RW,
			   MAP_FIXED_NOREPLACE | MAP_NORESERVE);

	need(p == (char *)addr, "mmap at an address");
	if (!ours)
		madvise(p, len, MADV_NOHUGEPAGE);
	return p;
}

/* The tables of the same layout, far from everything else, take the same. */
static void layout(void)
{
	static const struct {
		unsigned long addr, len, stride;
	} parts[] = {
		{ 0x100000000000, 64 * MB, PG },
		{ 0x110000000000, 1024 * MB, 2 * MB },
		{ 0x120000000000 - 4 * MB, 8 * MB, MB },
		{ 0x130000000000, 600UL << 30, 64UL << 30 },
		{ 0x140000001000, 3 * PG, PG },
	};

	munmap(map(PG), PG);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		long before = tables();
		char *p = map_at(parts[i].addr, parts[i].len);

		printf("part %zu: mapped %+ld kB", i, tables() - before);
		for (size_t at = 0; at < parts[i].len; at += parts[i].stride)
			p[at] = 1;
		printf(", written %+ld kB", tables() - before);
		munmap(p, parts[i].len);
		printf(", unmapped %+ld kB\n", tables() - before);
	}
}

static void protect(void)
{
	size_t len = 4 * MB;
	char *p;

	begin();
	p = map_flags(64 * MB, PROT_NONE, MAP_NORESERVE);
	need(p != MAP_FAILED, "mmap PROT_NONE");
	step("64 MiB without access");
	need(!mprotect(p, len, PROT_READ | PROT_WRITE), "mprotect");
	fill(p, len, 3);
	step("4 MiB of it can be written, and are");
	need(!mprotect(p, len, PROT_READ), "mprotect to read");
	expect(p, len, 3, "read-only");
	if (!spawn()) {
		p[0] = 1;
		_exit(0);
	}
	printf("a write to what is read-only ends with %d\n", end_of(-1));
	need(!mprotect(p, len, PROT_READ | PROT_WRITE), "mprotect again");
	fill(p, len, 4);
	expect(p, len, 4, "written again");
	step("it is written again");
}

static void forked(void)
{
	size_t len = 8 * MB;
	char *p = map(len);
	int pipes[2], back[2];
	pid_t pid;

	need(!pipe(pipes) && !pipe(back), "pipe");
	fill(p, len, 1);
	pid = spawn_peer();
	if (!pid) {
		expect(p, len, 1, "the child at first");
		fill(p, len / 2, 2);
		tell(back);
		await(pipes);
		expect(p, len / 2, 2, "the child's half");
		expect(p + len / 2, len / 2, 1 + len / 2 / PG,
		       "what the child did not write");
		_exit(0);
	}
	await(back);
	expect(p, len, 1, "the parent after the child's writes");
	fill(p + len / 4, len / 2, 3);
	tell(pipes);
	printf("the child ends with %d\n", end_of(pid));
	expect(p, len / 4, 1, "the parent's first quarter");
	expect(p + len / 4, len / 2, 3, "the parent's middle");
	expect(p + 3 * len / 4, len / 4, 1 + 3 * len / 4 / PG,
	       "the parent's last quarter");
	for (int generation = 0; generation < 3; generation++) {
		pid = spawn();
		if (pid)
			_exit(end_of(pid));
		fill(p + generation * MB, MB, 100 * (generation + 1));
	}
	for (int generation = 0; generation < 3; generation++)
		expect(p + generation * MB, MB, 100 * (generation + 1),
		       "three generations");
	expect(p + 6 * MB, 2 * MB, 1 + 6 * MB / PG, "the first one's");
	printf("three generations are right\n");
}

/* What makes a page writable again by itself must not do so to a shared one. */
static void reprotect(void)
{
	size_t len = MB;
	char *p = map(len);
	int pipes[2];
	pid_t pid;

	need(!pipe(pipes), "pipe");
	fill(p, len, 1);
	need(!mprotect(p, len / 2, PROT_READ), "mprotect before");
	pid = spawn_peer();
	if (!pid) {
		await(pipes);
		expect(p, len, 1, "the child, after the parent's writes");
		_exit(0);
	}
	need(!mprotect(p, len, PROT_READ), "mprotect to read");
	need(!mprotect(p, len, PROT_READ | PROT_WRITE), "mprotect to write");
	fill(p, len, 2);
	tell(pipes);
	printf("the child ends with %d\n", end_of(pid));
	expect(p, len, 2, "the parent");
}

static uint64_t pagemap_of(const void *p)
{
	int file = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	need(pread(file, &entry, sizeof(entry),
		   (uintptr_t)p / PG * sizeof(entry)) == sizeof(entry),
	     "pagemap");
	close(file);
	return entry;
}

static bool is_present(const void *p)
{
	return pagemap_of(p) >> 63;
}

/* The frame of the machine that an address has; for root. */
static uint64_t frame_of(const void *p)
{
	need(is_present(p), "it is there");
	return pagemap_of(p) & ((1ULL << 55) - 1);
}

/* A pipe has a page so often that the count of its references looks as if it were pinned. */
static void referenced(void)
{
	char *p = map(PG);
	struct iovec iov = { p, PG };
	uint64_t before;
	int pipes[2];
	pid_t pid;

	memset(p, 'x', PG);
	need(!pipe(pipes), "pipe");
	need(fcntl(pipes[1], F_SETPIPE_SZ, 2048 * PG) > 0, "a large pipe");
	for (int i = 0; i < 1100; i++)
		need(vmsplice(pipes[1], &iov, 1, 0) == PG, "vmsplice");
	before = frame_of(p);
	pid = fork();
	need(pid >= 0, "fork");
	if (!pid)
		_exit(p[0] != 'x' || frame_of(p) != before);
	printf("the child has the same frame: %s\n",
	       end_of(pid) ? "no" : "yes");
}

static void pinned(void)
{
	char *p = map(MB), *a = mmap(NULL, MB, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec local = { a, PG }, remote = { p, PG };
	int pipes[2], file;
	char buffer[PG], *q;

	need(!pipe(pipes), "pipe");
	p[0] = 7;
	/* A kernel may be built without. */
	if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == PG) {
		need(a[0] == 7, "what was read");
		remote.iov_base = p + 2 * PG;
		need(process_vm_writev(getpid(), &local, 1, &remote, 1, 0) ==
			     PG,
		     "process_vm_writev to what was not touched");
		need(p[2 * PG] == 7, "what was written");
	} else {
		need(errno == ENOSYS, "process_vm_readv");
	}
	remote.iov_base = p;
	memset(p, 'x', PG);
	need(vmsplice(pipes[1], &remote, 1, 0) == PG, "vmsplice");
	munmap(p, MB);
	/* Whatever takes the frame now may not change what is in the pipe. */
	p = map(4 * MB);
	memset(p, 'y', 4 * MB);
	need(read(pipes[0], buffer, PG) == PG, "read from the pipe");
	for (size_t i = 0; i < PG; i++)
		need(buffer[i] == 'x', "what was in the pipe");
	printf("what is in a pipe stays\n");
	file = open("file", O_RDWR | O_CREAT, 0600);
	need(file >= 0, "a file");
	need(write(file, p, MB) == MB, "write");
	q = map(MB);
	need(pread(file, q, MB, 0) == MB, "read to what was not touched");
	need(!memcmp(p, q, MB), "what was read");
	close(file);
	unlink("file");
}

static void *wake(void *word)
{
	__atomic_store_n((int *)word, 1, __ATOMIC_SEQ_CST);
	while (syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0) < 1)
		;
	return NULL;
}

static void futexes(void)
{
	int *word = (int *)map(PG);
	pthread_t thread;

	*word = 0;
	need(!pthread_create(&thread, NULL, wake, word), "pthread_create");
	syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL, NULL, 0);
	*word = 1;
	/* The thread goes on until it has woken somebody. */
	while (pthread_tryjoin_np(thread, NULL)) {
		struct timespec soon = { .tv_nsec = 1000000 };

		syscall(SYS_futex, word, FUTEX_WAIT, 1, &soon, NULL, 0);
	}
	printf("a shared futex wakes\n");
}

static void traced(void)
{
	char *p = map(MB);
	pid_t pid;
	long value;

	p[0] = 9;
	sink = p[5 * PG];
	pid = spawn();
	if (!pid) {
		sink = p[5 * PG];
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(*(long *)(p + 6 * PG) == 1234 ? 0 : 1);
	}
	waitpid(pid, NULL, 0);
	errno = 0;
	value = ptrace(PTRACE_PEEKDATA, pid, p, NULL);
	need(value == 9 && !errno, "a peek at what was written");
	value = ptrace(PTRACE_PEEKDATA, pid, p + 5 * PG, NULL);
	need(value == 0 && !errno, "a peek at zeros");
	need(!ptrace(PTRACE_POKEDATA, pid, p + 6 * PG, 1234L), "a poke");
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	need(end_of(pid) == 0, "the child saw what was poked");
	printf("a debugger can look and write\n");
}

static void advise(void)
{
	char *p = map(4 * MB);

	begin();
	need(!madvise(p, 4 * MB, MADV_POPULATE_WRITE), "MADV_POPULATE_WRITE");
	step("4 MiB are populated");
	need(!mlock(p, MB), "mlock");
	munlock(p, MB);
	munmap(p, 4 * MB);
	step("unmapped");
	p = map_flags(4 * MB, PROT_READ | PROT_WRITE, MAP_POPULATE);
	need(p != MAP_FAILED, "MAP_POPULATE");
	expect_zeros(p, 4 * MB, "populated");
}

static void faults(void)
{
	char *p = map(16 * MB);
	long before = minflt();

	fill(p, 16 * MB, 1);
	printf("4096 writes fault %ld times\n", minflt() - before);
}

static void killed(void)
{
	for (int i = 0; i < 20; i++) {
		pid_t pid = spawn();

		if (!pid) {
			char *p = map(32 * MB);

			for (;;) {
				fill(p, 32 * MB, 1);
				discard(p, 16 * MB);
			}
		}
		usleep(20000);
		kill(pid, SIGKILL);
		need(end_of(pid) == 128 + SIGKILL, "its end by a signal");
	}
	printf("20 have ended so\n");
}

static void set(unsigned long *word, unsigned long *want, unsigned long value)
{
	word[0] = value;
	word[100] = value;
	*want = value;
}

/* Random reads, writes, discards, forks, moves; each checks what is its. */
static void storm_one(unsigned int seed, size_t pages, long rounds)
{
	unsigned long *want = calloc(pages, sizeof(*want));
	char *p = map(pages * PG);
	bool whole = true; /* one vma: mremap() wants that */

	for (long round = 1; round <= rounds; round++) {
		size_t at = rand_r(&seed) % pages;
		unsigned long *word = (unsigned long *)(p + at * PG);
		unsigned int what = rand_r(&seed) % 256;
		pid_t pid;

		if (word[0] != want[at] || word[100] != want[at])
			die("page %zu has %lu, should have %lu", at, word[0],
			    want[at]);
		if (what < 160) {
			set(word, &want[at], round);
		} else if (what < 180) {
			size_t nr = 1 + rand_r(&seed) % 8;

			if (nr > pages - at)
				nr = pages - at;
			need(!discard(word, nr * PG), "discard");
			memset(&want[at], 0, nr * sizeof(*want));
		} else if (what == 180 && whole) {
			char *to = mremap(p, pages * PG, pages * PG,
					  MREMAP_MAYMOVE | MREMAP_FIXED,
					  p + (1 << 30));

			if (to == MAP_FAILED)
				to = mremap(p, pages * PG, pages * PG,
					    MREMAP_MAYMOVE | MREMAP_FIXED,
					    p - (1 << 30));
			need(to != MAP_FAILED, "mremap");
			p = to;
		} else if (what == 181 && round > rounds / 2) {
			whole = false;
			need(!mprotect(word, PG, PROT_READ), "mprotect");
			need(!mprotect(word, PG, PROT_READ | PROT_WRITE),
			     "mprotect back");
		} else if (what == 182 || what == 183) {
			pid = spawn();
			if (!pid) {
				for (int i = 0; i < 100; i++) {
					at = rand_r(&seed) % pages;
					word = (unsigned long *)(p + at * PG);
					if (word[0] != want[at] ||
					    word[100] != want[at])
						die("child: page %zu has %lu, should have %lu",
						    at, word[0], want[at]);
					set(word, &want[at], i);
				}
				_exit(0);
			}
			if (what == 183)
				kill(pid, SIGKILL);
			else
				for (int i = 0; i < 50; i++) {
					at = rand_r(&seed) % pages;
					word = (unsigned long *)(p + at * PG);
					if (word[0] != want[at])
						die("parent: page %zu has %lu, should have %lu",
						    at, word[0], want[at]);
					set(word, &want[at], round);
				}
			if (end_of(pid) && what == 182)
				die("a child failed");
		} else if (what == 184 && pages > 8) {
			munmap(p + (pages - 1) * PG, PG);
			need(map_kind(p + (pages - 1) * PG, PG, RW,
				      MAP_FIXED) != MAP_FAILED,
			     "mmap of the last page");
			want[pages - 1] = 0;
			/* The first pages are moved as one from now on. */
			pages--;
		}
	}
}

static void storm(char **args)
{
	int processes = atoi(args[0]), bad = 0;
	size_t pages = atol(args[1]);
	long rounds = atol(args[2]);

	for (int i = 0; i < processes; i++)
		if (!spawn()) {
			fd = -1;
			storm_one(i + 1, pages, rounds);
			_exit(0);
		}
	for (int i = 0; i < processes; i++)
		bad += !!end_of(-1);
	if (bad)
		die("%d of %d went wrong", bad, processes);
	printf("%d processes, %ld rounds: all right\n", processes, rounds);
}

/* --- what the device refuses ---------------------------------------------------- */

static void refused(void)
{
	char *p = map(PG);

	*p = 1;
	need(mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) ==
			     MAP_FAILED &&
		     errno == EINVAL,
	     "MAP_PRIVATE is EINVAL");
	mmap(p, PG, RW, MAP_PRIVATE | MAP_FIXED, fd, 0);
	need(*p == 1, "MAP_PRIVATE over what is there leaves that alone");
	need(ioctl(fd, 0x1234) < 0 && errno == ENOTTY, "an unknown ioctl");
	need(discard((void *)1, PG) < 0 && errno == EINVAL,
	     "a discard of no page");
	need(discard((void *)PG, PG) < 0 && errno == ENOMEM,
	     "a discard of what is not mapped");
	need(discard((void *)PG, -PG) < 0 && errno == EINVAL,
	     "a discard that wraps");
}

static void *hear(void *uffd)
{
	struct uffd_msg event;

	while (read(*(int *)uffd, &event, sizeof(event)) == sizeof(event))
		if (event.event == UFFD_EVENT_FORK)
			close(event.arg.fork.ufd);
	return NULL;
}

/*
 * Where userfaultfd is to hear of a fork, the kernel copies ptes. A child that has one of a page
 * that no slot of its own points to would keep that page when its frame has gone.
 */
static void watched(void)
{
	/* Names of newer kernels. */
	const unsigned long unpopulated = 1 << 13, async = 1 << 15;
	struct uffdio_api api = { .api = UFFD_API,
				  .features = unpopulated | async |
					      UFFD_FEATURE_EVENT_FORK };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_WP };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	size_t len = 4 * PG;
	char *p = map(len);
	pthread_t thread;

	reg.range.start = (uintptr_t)p;
	reg.range.len = len;
	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) ||
	    ioctl(uffd, UFFDIO_REGISTER, &reg))
		skip("this kernel's userfaultfd can't do that");
	fill(p, len, 1);
	need(!pthread_create(&thread, NULL, hear, &uffd), "pthread_create");
	if (!spawn()) {
		for (size_t i = 0; i < len; i += PG)
			need(!is_present(p + i), "there is no pte yet");
		expect(p, len, 1, "a child's");
		fill(p, len, 2);
		_exit(0);
	}
	need(!end_of(-1), "a child has its own ptes");
	expect(p, len, 1, "the parent's");
}

static void hold(void)
{
	fill(map(MB), MB, 1);
	pause();
}

static size_t written;

static void on_bus(int signal)
{
	(void)signal;
	printf("SIGBUS after %zu pages\n", written);
	fflush(stdout);
	_exit(0);
}

/* Until the pool has no more, and may kill nobody for it. */
static void exhaust(void)
{
	char *p = map(4096 * MB);

	signal(SIGBUS, on_bus);
	set_adj("-1000");
	for (; written < 4096 * MB / PG; written++)
		p[written * PG] = 1;
	die("the pool has no end");
}

/* --- costs ------------------------------------------------------------------------ */

static unsigned long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000UL + t.tv_nsec;
}

static size_t cost_pages;
static unsigned long cost_since;

static void cost_begin(void)
{
	cost_since = now();
}

static void cost_end(const char *what)
{
	printf("%-28s %lu\n", what, (now() - cost_since) / cost_pages);
}

static void write_all(char *p, size_t len)
{
	for (size_t i = 0; i < len; i += PG)
		p[i] = 1;
}

/* Nanoseconds a page; under -icount, instructions. */
static void cost(void)
{
	size_t len = 16 * MB;
	char *p;
	pid_t pid;

	cost_pages = len / PG;
	for (int round = 0; round < 2; round++) {
		p = map(len);
		cost_begin();
		write_all(p, len);
		cost_end("write fault");
		cost_begin();
		munmap(p, len);
		cost_end("munmap");
		p = map(len);
		cost_begin();
		touch(p, len);
		cost_end("zero read fault");
		cost_begin();
		write_all(p, len);
		cost_end("write after read");
		cost_begin();
		pid = fork();
		if (!pid)
			_exit(0);
		cost_end("fork");
		end_of(pid);
		cost_begin();
		write_all(p, len);
		cost_end("write after fork");
		cost_begin();
		discard(p, len);
		cost_end("discard");
		munmap(p, len);
	}
}

/* One of so many processes that begin together: its nanoseconds a page. */
static void touch_with_others(atomic_int *ready, int all, unsigned long *took)
{
	size_t len = 64 * MB;
	char *p = map(len);
	unsigned long since;

	atomic_fetch_add(ready, 1);
	while (atomic_load(ready) < all)
		;
	since = now();
	write_all(p, len);
	*took = (now() - since) / (len / PG);
	_exit(0);
}

/* Nanoseconds for each page of 64 MiB, when so many processes write at the same time. */
static unsigned long at_once(int processes)
{
	struct {
		atomic_int ready;
		unsigned long took[2];
	} *shared = mmap(NULL, PG, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned long longest = 0;
	pid_t pids[2];

	need(shared != MAP_FAILED, "mmap");
	for (int i = 0; i < processes; i++) {
		pids[i] = fork();
		need(pids[i] >= 0, "fork");
		if (!pids[i])
			touch_with_others(&shared->ready, processes,
					  &shared->took[i]);
	}
	for (int i = 0; i < processes; i++) {
		need(!end_of(pids[i]), "its end");
		if (shared->took[i] > longest)
			longest = shared->took[i];
	}
	munmap(shared, PG);
	return longest;
}

/* Whether two processes get memory as fast as one; it wants two CPUs. */
static void scale(void)
{
	for (int round = 0; round < 5; round++)
		printf("one %lu two %lu\n", at_once(1), at_once(2));
}

/* --- to be looked at from outside -------------------------------------------------- */

static void run(const char *command)
{
	fflush(stdout);
	need(!system(command), command);
}

/* MAPPED WRITTEN COMMAND: so many MiB are mapped, and of them written, while it runs. */
static void keep(char **args)
{
	size_t written = atol(args[1]) * MB;
	char *p = map(atol(args[0]) * MB);

	fill(p, written, 1);
	run(args[2]);
	expect(p, written, 1, "at the end");
}

/* MIB COMMAND: parent and child share half of it, while the child runs the command. */
static void family(char **args)
{
	size_t len = atol(args[0]) * MB;
	char *p = map(len);
	pid_t pid;

	fill(p, len, 1);
	pid = spawn();
	if (!pid) {
		fill(p, len / 2, 2);
		run(args[1]);
		_exit(0);
	}
	need(!end_of(pid), "the child");
	expect(p, len, 1, "the parent at the end");
}

/* FILES COMMAND: so many open files, with a MiB of each written, while it runs. */
static void several(char **args)
{
	for (long nr = atol(args[0]); nr > 0; nr--) {
		fd = -1;
		fill(map(MB), MB, nr);
	}
	run(args[1]);
}

/* PAGES COMMAND: so many are in a pipe, and in no mapping any more, while it runs. */
static void in_pipe(char **args)
{
	size_t len = atol(args[0]) * PG;
	char *p = map(len);
	struct iovec iov = { p, len };
	int tube[2];

	need(!pipe(tube), "pipe");
	fill(p, len, 1);
	need(vmsplice(tube[1], &iov, 1, 0) == (ssize_t)len, "vmsplice");
	munmap(p, len);
	run(args[1]);
}

/* --- out of memory ------------------------------------------------------------------ */

/* MIB: touch so much. */
static void eat(char **args)
{
	write_all(map(atol(args[0]) * MB), atol(args[0]) * MB);
}

/* MIB ADJ COMMAND: so much of it is the same as before when the command has run. */
static void survive(char **args)
{
	size_t len = atol(args[0]) * MB;
	char *p = map(len);

	fill_words(p, len, 7);
	set_adj(args[1]);
	run(args[2]);
	expect_words(p, len, 7, "what the survivor has");
}

/* MIB COMMAND: a child that has written half is the victim; all is the same for the parent. */
static void lose_child(char **args)
{
	size_t len = atol(args[0]) * MB;
	char *p = map(len);
	int tube[2];
	pid_t pid;

	need(!pipe(tube), "pipe");
	fill_words(p, len, 7);
	pid = spawn_peer();
	if (!pid) {
		set_adj("1000");
		fill_words(p, len / 2, 9);
		tell(tube);
		pause();
	}
	await(tube);
	run(args[1]);
	printf("the child ends with %d\n", end_of(pid));
	expect_words(p, len, 7, "the parent");
}

/*
 * MIB COMMAND: a child that can't end. Its tracer, this process, hears that it was killed, and
 * leaves it where it stands while the command runs, with all that it has mapped.
 */
static void linger(char **args)
{
	size_t len = atol(args[0]) * MB;
	int status, tube[2];
	char *p = map(len);
	pid_t pid;

	need(!pipe(tube), "pipe");
	pid = spawn_peer();
	if (!pid) {
		set_adj("500");
		fill_words(p, len, 7);
		tell(tube);
		for (;;)
			pause();
	}
	await(tube);
	need(!ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXIT), "PTRACE_SEIZE");
	need(!ptrace(PTRACE_INTERRUPT, pid, 0, 0), "PTRACE_INTERRUPT");
	need(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status), "a stop");
	errno = 0;
	need(ptrace(PTRACE_PEEKDATA, pid, p, NULL) == 7 && !errno,
	     "a peek at what it has");
	run(args[1]);
	need(waitpid(pid, &status, WNOHANG) == pid, "it has stopped");
	need(WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_EXIT,
	     "it is about to end");
	errno = 0;
	ptrace(PTRACE_PEEKDATA, pid, p, NULL);
	need(errno, "what it had can't be read any more");
	ptrace(PTRACE_CONT, pid, 0, 0);
	printf("the child ends with %d\n", end_of(pid));
}

/* One that takes what there is; it checks what it has, and moves, unmaps and shares it. */
static void take(unsigned int seed)
{
	size_t len = (1 + rand_r(&seed) % 16) * MB, part = len / 4 / PG * PG;
	char *p = map(len);
	pid_t pid;

	fill_words(p, len, seed);
	expect_words(p, len, seed, "what was written");
	pid = spawn();
	if (!pid) {
		fill_words(p, part, seed + 1);
		expect_words(p, part, seed + 1, "the child's part");
		expect_words(p + part, len - part, seed + part, "the rest");
		_exit(0);
	}
	p = mremap(p, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, p + (1 << 30));
	/* There may be no frame for its tables. */
	if (p == MAP_FAILED)
		_exit(errno != ENOMEM);
	expect_words(p, len, seed, "what was moved");
	munmap(p, part);
	expect_words(p + part, len - part, seed + part, "what is left");
	if (rand_r(&seed) % 4 == 0)
		kill(pid, SIGKILL);
	need(end_of(pid) != 1, "what the child had");
}

/*
 * SECONDS PROCESSES: so many that take memory, one after the other, more than there is. They may be
 * killed, or get SIGBUS when all others are dying; what they see must be right.
 */
static void scramble(char **args)
{
	time_t until = time(NULL) + atol(args[0]);
	unsigned int seed = 1, killed = 0, ends = 0;
	int alive = 0, most = atoi(args[1]);

	while (time(NULL) < until || alive) {
		if (time(NULL) < until && alive < most) {
			seed++;
			if (!spawn()) {
				fd = -1;
				take(seed);
				_exit(0);
			}
			alive++;
			continue;
		}
		switch (end_of(-1)) {
		case 128 + SIGKILL:
			killed++;
			break;
		case 0:
		case 128 + SIGBUS:
			break;
		default:
			die("one went wrong");
		}
		ends++;
		alive--;
	}
	printf("%u have ended, %u of them killed\n", ends, killed);
	need(killed, "none was killed");
}

/* --- overcommit ------------------------------------------------------------------- */

static long committed(void)
{
	return value_of(ours ? "/proc/mymeminfo" : "/proc/meminfo",
			"Committed_AS");
}

static long free_bytes(void)
{
	return value_of("/proc/meminfo", "MemFree") * 1024;
}

/* MIB: mappings of that size until there is no more. */
static void count(char **args)
{
	size_t len = atol(args[0]) * MB;
	long before, nr = 0;

	munmap(map(len), len);
	before = free_bytes();
	while (map_flags(len, PROT_READ | PROT_WRITE, 0) != MAP_FAILED)
		nr++;
	printf("mappings: %ld\n", nr);
	printf("bytes each: %ld\n", (before - free_bytes()) / nr);
}

static char *asked; /* the last mapping */
static size_t asked_len;

static bool ask_map(const char *what)
{
	char *end;
	size_t len = strtoul(what, &end, 10) * PG;
	char *p = map_flags(len,
			    *end == 'p' ? PROT_NONE : PROT_READ | PROT_WRITE,
			    *end == 'n' ? MAP_NORESERVE : 0);

	if (p == MAP_FAILED)
		return false;
	asked = p;
	asked_len = len;
	return true;
}

/* The middle third goes elsewhere. */
static bool ask_move(size_t third)
{
	char *to = map_flags(third, PROT_NONE, MAP_NORESERVE);

	return to != MAP_FAILED &&
	       mremap(asked + third, third, third,
		      MREMAP_MAYMOVE | MREMAP_FIXED, to) == to;
}

static bool ask_one(const char *what)
{
	switch (*what) {
	case 'w':
		return !mprotect(asked, atol(what + 1) * PG,
				 PROT_READ | PROT_WRITE);
	case 'r':
		return !mprotect(asked, atol(what + 1) * PG, PROT_READ);
	case 'u':
		return !munmap(asked, asked_len);
	case 'd':
		return !setuid(65534);
	case 'm':
		return ask_move(asked_len / 3);
	case 'l':
		return !munmap(asked, asked_len / 3);
	default:
		return ask_map(what);
	}
}

/*
 * What is granted, and what is charged for it. Words: PAGES is a mapping; PAGESn one with
 * MAP_NORESERVE, PAGESp one with PROT_NONE. wPAGES makes the first pages of the last mapping
 * writable, rPAGES read-only, u unmaps it, d drops root's capabilities, m moves its middle third
 * elsewhere, and l unmaps the left one.
 */
static void ask(char **words)
{
	for (; *words; words++) {
		long before = committed();
		bool granted = ask_one(*words);

		printf("%s: %s, %+ld kB\n", *words,
		       granted ? "granted" : "refused", committed() - before);
	}
}

static const struct scenario scenarios[] = {
	{ "lazy", .run = lazy },
	{ "move", .run = move },
	{ "layout", .run = layout },
	{ "protect", .run = protect },
	{ "fork", .run = forked },
	{ "reprotect", .run = reprotect },
	{ "pinned", .run = pinned },
	{ "referenced", .run = referenced },
	{ "futex", .run = futexes },
	{ "trace", .run = traced },
	{ "advise", .run = advise },
	{ "faults", .run = faults },
	{ "killed", .run = killed },
	{ "refused", .run = refused },
	{ "watched", .run = watched },
	{ "hold", .run = hold },
	{ "exhaust", .run = exhaust },
	{ "cost", .run = cost },
	{ "scale", .run = scale },
	{ "storm", .with = storm, 3, 3 },
	{ "keep", .with = keep, 3, 3 },
	{ "family", .with = family, 2, 2 },
	{ "several", .with = several, 2, 2 },
	{ "in_pipe", .with = in_pipe, 2, 2 },
	{ "count", .with = count, 1, 1 },
	{ "ask", .with = ask, 1, 99 },
	{ "eat", .with = eat, 1, 1 },
	{ "survive", .with = survive, 3, 3 },
	{ "lose_child", .with = lose_child, 2, 2 },
	{ "linger", .with = linger, 2, 2 },
	{ "scramble", .with = scramble, 2, 2 },
};

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: mymem ours|kernel SCENARIO [...]\n");
		return 2;
	}
	ours = !strcmp(argv[1], "ours");
	return run_scenario(scenarios, sizeof(scenarios) / sizeof(*scenarios),
			    argv + 2);
}
