// SPDX-License-Identifier: GPL-2.0
/*
 * scatter - memory of a process lies in the way of a large block, in patterns that a seed decides.
 *
 *	scatter layouts N SEED PAGES FREE ORDER [movable] [forked] [unmovable] [pinned] [same]
 *	scatter daemon SEED PAGES FREE ORDER
 *	scatter holds SEED PAGES FREE ORDER [unmovable]
 *
 * For each layout PAGES pages are written, and random ones discarded until FREE frames of the pool
 * are free. No block of ORDER is there then: a request that can't wait has to fail. Then one that
 * may wait is made, and given back, and each page is looked at.
 *
 *	movable		it is for something movable
 *	forked		a child shares all of it, and looks at it, too
 *	unmovable	in each block of ORDER a frame is allocated that nobody can move
 *	pinned		every 8th page is in a pipe, where it is looked at, too
 *	same		there is one layout, for all requests
 *	locked		mlock() has locked it
 *	file=FILE	every fourth page is one of FILE, on mymmfs, and stays; in every second
 *			layout these are clean, and in one of four nobody has them mapped
 *
 * The pool's clock is held meanwhile, so that kswapd and kcompactd do their part after a request,
 * and not before it.
 *
 * "daemon" makes only requests that can't wait, until one succeeds, ten seconds at most. "holds"
 * waits for a signal, and then looks.
 *
 * The last lines are how many requests succeeded, and "ok" if each page had what it was given.
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
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mymem.h"
#include "mymm.h"

#define PAGE 4096UL
#define WORDS (PAGE / sizeof(uint64_t))
#define MARKS 16 /* words of a page that say what it is */
#define PIN_EVERY 8
#define PINS_OF_A_PIPE 16 /* what each pipe takes by default */
#define MAX_PIPES 1024

static int memory_fd, door;
static uint64_t *memory;
static uint32_t *version; /* 0: the page was discarded */
static unsigned long pages, target, wrong;
static unsigned int order;
static uint64_t state;
static bool movable, forked, unmovable, pinned, same, locked;
static int file = -1;
static uint64_t *of_file; /* its pages, in the places that they have in @memory */
static int pipes[MAX_PIPES][2];
static unsigned long in_pipe[MAX_PIPES][PINS_OF_A_PIPE];
static unsigned int nr_pipes;

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

/* --- pages ------------------------------------------------------------------------ */

static uint64_t contents(unsigned long page, unsigned long word)
{
	return version[page] ?
		       (uint64_t)version[page] << 40 | page << 10 | word :
		       0;
}

/* Spread over the page, elsewhere in each. */
static unsigned long mark(unsigned long page, unsigned long n)
{
	return (n * WORDS / MARKS + page) % WORDS;
}

static bool is_filed(unsigned long page)
{
	return of_file && page % 4 == 1;
}

static uint64_t *place(unsigned long page)
{
	return (is_filed(page) ? of_file : memory) + page * WORDS;
}

static void put(unsigned long page)
{
	uint64_t *at = place(page);

	version[page]++;
	for (unsigned long n = 0; n < MARKS; n++)
		at[mark(page, n)] = contents(page, mark(page, n));
}

static void look(unsigned long page, const uint64_t *at)
{
	for (unsigned long n = 0; n < MARKS; n++)
		wrong += at[mark(page, n)] != contents(page, mark(page, n));
}

static void look_at_all(void)
{
	for (unsigned long page = 0; page < pages; page++)
		look(page, place(page));
}

static void discard(unsigned long page, unsigned long nr)
{
	struct mymem_range range = {
		.size = sizeof(range),
		.addr = (uintptr_t)(memory + page * WORDS),
		.len = nr * PAGE,
	};

	if (ioctl(memory_fd, MYMEM_IOC_DISCARD, &range))
		die("discard");
	for (; nr--; page++)
		if (!is_filed(page))
			version[page] = 0;
}

/* --- the pool --------------------------------------------------------------------- */

/* Free frames, with what CPUs had at hand. */
static unsigned long count_free(void)
{
	struct mymm_drain_args args = { .size = sizeof(args) };

	if (ioctl(door, MYMM_IOC_DRAIN, &args))
		die("drain");
	return args.frames_after;
}

static void hold_clock(void)
{
	struct mymm_clock_args args = { .size = sizeof(args),
					.flags = MYMM_CLOCK_HOLD };

	if (ioctl(door, MYMM_IOC_CLOCK, &args))
		die("clock");
}

static int run_op(struct mymm_op *op)
{
	struct mymm_batch batch = {
		.size = sizeof(batch),
		.op_size = sizeof(*op),
		.nr = 1,
		.ops = (uintptr_t)op,
	};

	if (ioctl(door, MYMM_IOC_BATCH, &batch))
		die("batch");
	return op->result;
}

/* A block, given back at once. Is there one? */
static bool request(uint32_t flags)
{
	struct mymm_op op = {
		.op = MYMM_OP_PAGES_ALLOC,
		.flags = flags | MYMM_GFP_NOWARN |
			 (movable ? MYMM_GFP_MOVABLE : 0),
		.arg = order,
	};

	if (run_op(&op))
		return false;
	op = (struct mymm_op){ .op = MYMM_OP_PAGES_FREE,
			       .handle = op.handle,
			       .arg = MYMM_ANY };
	if (run_op(&op))
		die("free");
	return true;
}

/* In each block one frame, anywhere in it, that stays until the end. */
static void obstruct(void)
{
	unsigned long at;

	for (at = 0;; at += 1UL << order) {
		struct mymm_op op = {
			.op = MYMM_OP_RANGE_ALLOC,
			.pfn = at + number() % (1UL << order),
			.arg = 1,
		};

		if (run_op(&op))
			break;
	}
	if (!at)
		die("no frame can be named");
}

/* --- layouts ---------------------------------------------------------------------- */

static void lay_out(void)
{
	unsigned long nr;

	discard(0, pages);
	for (unsigned long page = 0; page < pages; page++)
		put(page);
	while ((nr = count_free()) < target) {
		for (nr = target - nr; nr; nr--)
			discard(number() % pages, 1);
	}
}

/* Some of the pages of the file are clean, and some are mapped nowhere. */
static void settle_file(unsigned long layout)
{
	if (!of_file)
		return;
	if (layout % 2 && fdatasync(file))
		die("fdatasync");
	if (layout % 4 > 1 && madvise(of_file, pages * PAGE, MADV_DONTNEED))
		die("madvise");
}

static void lock(bool on)
{
	if (!locked)
		return;
	if (on ? mlock2(memory, pages * PAGE, MLOCK_ONFAULT) :
		 munlock(memory, pages * PAGE))
		die("mlock");
}

static void fill_pipe(unsigned long *page)
{
	unsigned int nr = 0;

	if (nr_pipes == MAX_PIPES || pipe(pipes[nr_pipes]))
		die("pipe");
	for (; *page < pages && nr < PINS_OF_A_PIPE; *page += PIN_EVERY) {
		struct iovec at = { memory + *page * WORDS, PAGE };

		if (!version[*page])
			continue;
		if (vmsplice(pipes[nr_pipes][1], &at, 1, 0) != PAGE)
			die("vmsplice");
		in_pipe[nr_pipes][nr++] = *page;
	}
	while (nr < PINS_OF_A_PIPE)
		in_pipe[nr_pipes][nr++] = pages;
	nr_pipes++;
}

static void pin(void)
{
	for (unsigned long page = 0; page < pages;)
		fill_pipe(&page);
}

static void unpin(void)
{
	static uint64_t found[WORDS];

	while (nr_pipes--) {
		for (unsigned int i = 0; i < PINS_OF_A_PIPE; i++) {
			unsigned long page = in_pipe[nr_pipes][i];

			if (page == pages)
				break;
			if (read(pipes[nr_pipes][0], found, PAGE) != PAGE)
				die("read");
			look(page, found);
		}
		close(pipes[nr_pipes][0]);
		close(pipes[nr_pipes][1]);
	}
	nr_pipes = 0;
}

/* A child that looks at everything when its pipe is closed. */
static pid_t have_child(int *go)
{
	int fds[2];
	pid_t pid;
	char byte;

	if (pipe(fds))
		die("pipe");
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		close(fds[1]);
		while (read(fds[0], &byte, 1) > 0)
			;
		look_at_all();
		_exit(wrong > 0);
	}
	close(fds[0]);
	*go = fds[1];
	return pid;
}

static void join(pid_t pid, int go)
{
	int status;

	close(go);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	wrong += status != 0;
}

static bool one_layout(unsigned long layout, bool again)
{
	pid_t pid = 0;
	bool got;
	int go = -1;

	if (!again)
		lay_out();
	settle_file(layout);
	lock(true);
	if (forked)
		pid = have_child(&go);
	if (pinned)
		pin();
	if (request(MYMM_GFP_NOWAIT | MYMM_GFP_NOKSWAPD))
		die("there is such a block before anything is moved");
	got = request(0);
	look_at_all();
	if (pinned)
		unpin();
	if (forked)
		join(pid, go);
	lock(false);
	return got;
}

static void layouts(unsigned long nr)
{
	unsigned long got = 0;

	hold_clock();
	if (unmovable)
		obstruct();
	for (unsigned long i = 0; i < nr; i++)
		got += one_layout(i, same && i);
	printf("%lu of %lu\n", got, nr);
}

static void daemon_of(void)
{
	const time_t until = time(NULL) + 10;
	bool got;

	lay_out();
	if (request(MYMM_GFP_NOWAIT | MYMM_GFP_NOKSWAPD))
		die("there is such a block before anything is moved");
	do {
		got = request(MYMM_GFP_NOWAIT);
		usleep(10000);
	} while (!got && time(NULL) < until);
	look_at_all();
	printf("%d of 1\n", got);
}

static void nothing(int unused __attribute__((unused)))
{
}

static void hold(void)
{
	if (unmovable)
		obstruct();
	lay_out();
	lock(true);
	signal(SIGTERM, nothing);
	puts("holds");
	pause();
	look_at_all();
}

static void map_file(const char *name)
{
	file = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (file < 0 || ftruncate(file, pages * PAGE))
		die(name);
	of_file = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		       file, 0);
	if (of_file == MAP_FAILED)
		die(name);
}

/* SEED PAGES FREE ORDER and words */
static void prepare(int argc, char **argv)
{
	if (argc < 4)
		die("what is wanted?");
	state = 88172645463325252ULL + strtoul(argv[0], NULL, 10);
	pages = strtoul(argv[1], NULL, 10);
	target = strtoul(argv[2], NULL, 10);
	order = strtoul(argv[3], NULL, 10);
	for (int i = 4; i < argc; i++) {
		movable |= !strcmp(argv[i], "movable");
		forked |= !strcmp(argv[i], "forked");
		unmovable |= !strcmp(argv[i], "unmovable");
		pinned |= !strcmp(argv[i], "pinned");
		same |= !strcmp(argv[i], "same");
		locked |= !strcmp(argv[i], "locked");
		if (!strncmp(argv[i], "file=", 5))
			map_file(argv[i] + 5);
	}
	memory_fd = open("/dev/mymem", O_RDWR | O_CLOEXEC);
	door = open("/dev/mymm", O_RDWR | O_CLOEXEC);
	if (memory_fd < 0 || door < 0)
		die("a device can't be opened");
	memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      memory_fd, 0);
	version = calloc(pages, sizeof(*version));
	if (memory == MAP_FAILED || !version)
		die("mmap");
	/* Tables now, while there is room for them in one place: they can't be moved. */
	for (unsigned long page = 0; page < pages; page += WORDS)
		put(page);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 2 && !strcmp(argv[1], "layouts")) {
		prepare(argc - 3, argv + 3);
		layouts(strtoul(argv[2], NULL, 10));
	} else if (argc > 2 && !strcmp(argv[1], "daemon")) {
		prepare(argc - 2, argv + 2);
		daemon_of();
	} else if (argc > 2 && !strcmp(argv[1], "holds")) {
		prepare(argc - 2, argv + 2);
		hold();
	} else {
		die("usage: scatter layouts|daemon|holds ...");
	}
	if (wrong)
		printf("not ok: %lu words are wrong\n", wrong);
	else
		puts("ok");
	return wrong > 0;
}
