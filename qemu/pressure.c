// SPDX-License-Identifier: GPL-2.0
/*
 * pressure - a process that uses more memory than there is, of /dev/mymem or of the kernel.
 *
 *	pressure ours|kernel fill MIB             write all pages, then read all
 *	pressure ours|kernel work MIB PATTERN N   N accesses to MIB, a third of them writes;
 *	                                          MIB may be a number of KiB, as 300K
 *	pressure ours|kernel hot HOT COLD N       N times, read HOT MIB between parts of COLD
 *	pressure ours|kernel grow HOT MIB         write all, and read HOT MIB after 16 pages each
 *	pressure ours|kernel hold MIB             write all, say "holds", and wait for a signal
 *	pressure ours|kernel lock MIB             write all, mlock() it, say "locked 1"; at each
 *	                                          SIGUSR1 munlock() it, or mlock() it again, and say
 *	                                          "locked 0" or "locked 1"; at SIGUSR2 read all
 *	pressure ours|kernel fork MIB             write all; children read all, and write a half
 *	pressure ours|kernel storm MIB N SECONDS  N processes with MIB each do all of that at once
 *	pressure ours append FILE                 have a swap area in FILE, open with O_APPEND
 *
 * PATTERN is sequential, looped, random or skewed (nine of ten accesses to a tenth of it). It says
 * how many major faults that took, and ends with "ok" if each page had what was written to it
 * last, and else with "not ok".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mymem.h"

#define PAGE 4096UL
#define MIB (1UL << 20)

static bool ours;
static int device = -1;
static uint64_t
	*memory; /* of so many pages, with what each of them was given last */
static uint32_t *version;
static unsigned long pages, wrong;
static uint64_t state = 88172645463325252ULL;

static void die(const char *what)
{
	printf("not ok: %s (%s)\n", what, strerror(errno));
	exit(1);
}

static uint64_t number(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void *map(unsigned long len)
{
	void *at;

	device = ours ? open("/dev/mymem", O_RDWR | O_CLOEXEC) : -1;
	if (ours && device < 0)
		die("/dev/mymem can't be opened");
	at = mmap(NULL, len, PROT_READ | PROT_WRITE,
		  ours ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, device, 0);
	if (at == MAP_FAILED)
		die("mmap");
	if (!ours)
		madvise(at, len, MADV_NOHUGEPAGE);
	return at;
}

static void prepare(const char *size)
{
	char *end;

	pages = strtoul(size, &end, 10);
	pages = *end == 'K' ? pages * 1024 / PAGE : pages * MIB / PAGE;
	memory = map(pages * PAGE);
	version = mmap(NULL, pages * sizeof(*version), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (version == MAP_FAILED || mlock(version, pages * sizeof(*version)))
		die("the versions");
}

static uint64_t *word(unsigned long page, unsigned int n)
{
	return &memory[page * PAGE / sizeof(*memory) +
		       (n * 73 + page) % (PAGE / sizeof(*memory))];
}

static uint64_t contents(unsigned long page, unsigned int n)
{
	return ((uint64_t)version[page] << 40 | page << 4 | n) + 1;
}

static void put(unsigned long page)
{
	version[page]++;
	for (unsigned int n = 0; n < 4; n++)
		*word(page, n) = contents(page, n);
}

static void look(unsigned long page)
{
	for (unsigned int n = 0; n < 4; n++) {
		uint64_t is = *word(page, n);

		wrong += is != (version[page] ? contents(page, n) : 0);
	}
}

static long major_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_majflt;
}

static void look_at_all(void)
{
	for (unsigned long page = 0; page < pages; page++)
		look(page);
}

static void fill(void)
{
	for (unsigned long page = 0; page < pages; page++)
		put(page);
}

static unsigned long next_page(const char *pattern, unsigned long i)
{
	if (!strcmp(pattern, "sequential") || !strcmp(pattern, "looped"))
		return i % pages;
	if (!strcmp(pattern, "random") || number() % 10 == 0)
		return number() % pages;
	return number() % (pages / 10);
}

static void work(const char *pattern, unsigned long nr)
{
	long before;

	fill();
	before = major_faults();
	for (unsigned long i = 0; i < nr; i++) {
		unsigned long page = next_page(pattern, i);

		/* What is read once, from the first page to the last, is not written to. */
		if (strcmp(pattern, "sequential") && number() % 3 == 0)
			put(page);
		else
			look(page);
	}
	printf("%s: %ld major faults in %lu accesses\n", pattern,
	       major_faults() - before, nr);
}

static void use_often(unsigned long hot_mib, unsigned long nr)
{
	unsigned long first = hot_mib * MIB / PAGE, at = first;
	long before, hot = 0, all = major_faults();

	fill();
	for (unsigned long i = 0; i < nr; i++) {
		before = major_faults();
		for (unsigned long page = 0; page < first; page++)
			look(page);
		hot += major_faults() - before;
		for (unsigned long page = 0; page < first / 2; page++) {
			look(at++);
			if (at == pages)
				at = first;
		}
	}
	printf("often: %ld major faults, %ld of them in the %lu pages that are hot\n",
	       major_faults() - all, hot, first);
}

static void grow(unsigned long hot_mib)
{
	unsigned long hot = hot_mib * MIB / PAGE;
	long before;

	for (unsigned long page = 0; page < pages; page++) {
		put(page);
		if (page % 16 == 0)
			for (unsigned long i = 0; i < hot && i < page; i++)
				look(i);
	}
	before = major_faults();
	for (unsigned long i = 0; i < hot; i++)
		look(i);
	printf("grown: %ld major faults, and then %ld in the %lu pages that are hot\n",
	       before, major_faults() - before, hot);
}

static void discard(unsigned long page, unsigned long nr)
{
	struct mymem_range range = {
		.size = sizeof(range),
		.addr = (uintptr_t)memory + page * PAGE,
		.len = nr * PAGE,
	};

	if (ours ? ioctl(device, MYMEM_IOC_DISCARD, &range) :
		   madvise((char *)memory + page * PAGE, nr * PAGE,
			   MADV_DONTNEED))
		die("discard");
	memset(version + page, 0, nr * sizeof(*version));
}

/* To another address, and what was there before is nothing then. */
static void move(void)
{
	void *to = mmap(NULL, pages * PAGE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (to == MAP_FAILED)
		die("mmap");
	to = mremap(memory, pages * PAGE, pages * PAGE,
		    MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (to == MAP_FAILED)
		die("mremap");
	memory = to;
}

static void lock(void)
{
	bool locked = false;
	sigset_t signals;
	int which;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGUSR2);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fill();
	do {
		locked = !locked;
		if (locked ? mlock(memory, pages * PAGE) :
			     munlock(memory, pages * PAGE))
			die("mlock");
		printf("locked %d\n", locked);
	} while (!sigwait(&signals, &which) && which == SIGUSR1);
	look_at_all();
}

/* Ends with the exit code: is a word wrong? */
static void child(void)
{
	look_at_all();
	for (unsigned long i = 0; i < pages / 2; i++)
		put(number() % pages);
	look_at_all();
	_exit(wrong > 0);
}

static pid_t start(void (*run)(void))
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		run();
	return pid;
}

/* Its exit code, or that of what killed it. */
static void join(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		printf("a child was ended by signal %d\n", WTERMSIG(status));
	wrong += WIFSIGNALED(status) ? WTERMSIG(status) != SIGKILL :
				       WEXITSTATUS(status);
}

static void forks(void)
{
	pid_t pid[3];

	fill();
	for (unsigned int i = 0; i < 3; i++) {
		number();
		pid[i] = start(child);
	}
	for (unsigned long i = 0; i < pages / 2; i++)
		put(number() % pages);
	for (unsigned int i = 0; i < 3; i++)
		join(pid[i]);
	look_at_all();
}

static time_t until;

static void storm_of(void)
{
	pid_t pid = 0;

	number();
	while (time(NULL) < until) {
		unsigned long page = number() % pages;

		switch (number() % 400) {
		case 0:
			discard(page, 1 + number() % 64 % (pages - page));
			break;
		case 1:
			if (pid)
				join(pid);
			pid = start(child);
			break;
		case 2:
			if (pid)
				kill(pid, SIGKILL);
			break;
		case 3:
			move();
			break;
		case 4:
			look_at_all();
			break;
		default:
			if (number() % 3)
				look(page);
			else
				put(page);
		}
	}
	if (pid)
		join(pid);
	look_at_all();
	_exit(wrong > 0);
}

static void storm(unsigned int nr)
{
	pid_t pid[64];

	for (unsigned int i = 0; i < nr; i++) {
		state += 2 * i + 1;
		pid[i] = start(storm_of);
	}
	for (unsigned int i = 0; i < nr; i++)
		join(pid[i]);
}

static void append(const char *path)
{
	struct mymem_swap swap = {
		.size = sizeof(swap),
		.flags = MYMEM_SWAP_FILE,
		.priority = -1,
		.fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC),
	};

	device = open("/dev/mymem", O_RDWR | O_CLOEXEC);
	if (swap.fd < 0 || device < 0)
		die("it can't be opened");
	if (ioctl(device, MYMEM_IOC_SWAPON, &swap))
		die("swapon");
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 4 || (strcmp(argv[1], "ours") && strcmp(argv[1], "kernel")))
		die("usage: pressure ours|kernel fill|work|hot|grow|hold|lock MIB ...");
	ours = !strcmp(argv[1], "ours");
	if (!strcmp(argv[2], "fill")) {
		prepare(argv[3]);
		fill();
		look_at_all();
		printf("fill: %ld major faults\n", major_faults());
	} else if (!strcmp(argv[2], "work") && argc == 6) {
		prepare(argv[3]);
		work(argv[4], strtoul(argv[5], NULL, 10));
		look_at_all();
	} else if (!strcmp(argv[2], "hot") && argc == 6) {
		prepare(argv[4]);
		use_often(strtoul(argv[3], NULL, 10),
			  strtoul(argv[5], NULL, 10));
	} else if (!strcmp(argv[2], "grow") && argc == 5) {
		prepare(argv[4]);
		grow(strtoul(argv[3], NULL, 10));
	} else if (!strcmp(argv[2], "hold")) {
		prepare(argv[3]);
		fill();
		puts("holds");
		pause();
	} else if (!strcmp(argv[2], "lock")) {
		prepare(argv[3]);
		lock();
	} else if (!strcmp(argv[2], "fork")) {
		prepare(argv[3]);
		forks();
	} else if (!strcmp(argv[2], "storm") && argc == 6 &&
		   atoi(argv[4]) <= 64) {
		prepare(argv[3]);
		until = time(NULL) + atoi(argv[5]);
		storm(atoi(argv[4]));
	} else if (!strcmp(argv[2], "append")) {
		append(argv[3]);
	} else {
		die("there is no such scenario");
	}
	if (wrong)
		printf("not ok: %lu words are wrong\n", wrong);
	else
		puts("ok");
	return wrong > 0;
}
