// SPDX-License-Identifier: GPL-2.0
/*
 * mymem_frames - what memory of /dev/mymem takes and gives back, to the frame.
 *
 *	mymem_frames SCENARIO
 *
 * Each step prints by how much VIRT, RES and the pool's frames of processes have changed, and
 * whether that is what it should be; nothing else may use the pool meanwhile. The last line is
 * "ok", or "not ok: ...".
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <sys/uio.h>
#include <time.h>

#include "scenario.h"

/* --- what is counted ---------------------------------------------------------------- */

/* A line "NAME VALUE" of a file. */
static long counter(const char *path, const char *name)
{
	FILE *file = fopen(path, "r");
	size_t len = strlen(name);
	char line[256];
	long value = -1;

	need(file, path);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, name, len) && line[len] == ' ')
			value = strtol(line + len, NULL, 10);
	fclose(file);
	return value;
}

/* Those of mappings, and those that only a pipe has. */
static long frames(void)
{
	return counter("/proc/myvmstat", "nr_anon_pages") +
	       counter("/sys/kernel/debug/mymm/regions", "limbo");
}

static long of_status(const char *name)
{
	return value_of("/proc/self/status", name);
}

/* What is resident, in kB, pte by pte: the counters in status are behind. */
static long resident(void)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	char line[256];
	long sum = 0;

	need(file, "smaps");
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, "Rss:", 4))
			sum += strtol(line + 4, NULL, 10);
	fclose(file);
	return sum;
}

static struct state {
	long size, rss, shmem, anon, frames;
} last;

/* A task of 6.1 hands in what it has counted after 64 faults. */
static void hand_in(void)
{
	const size_t len = 128 * PG;
	char *p = mmap(NULL, len, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	need(p != MAP_FAILED, "mmap");
	for (size_t i = 0; i < len; i += PG)
		p[i] = 1;
	munmap(p, len);
}

static struct state now(void)
{
	hand_in();
	return (struct state){
		.size = of_status("VmSize"),
		.rss = resident(),
		.shmem = of_status("RssShmem"),
		.anon = of_status("RssAnon"),
		.frames = frames(),
	};
}

static void start(void)
{
	/* The first look faults in what it needs itself. */
	last = now();
	last = now();
}

static bool about(long value, long want, long most)
{
	return labs(value - want) <= most;
}

/* In kB: what a task or a CPU has counted, and not yet handed in, before and after. */
#define BEHIND 512

/* VIRT and RES in kB, and frames; all of RES is RssShmem. */
static void took(const char *what, long size, long rss, long nr)
{
	struct state s = now();

	printf("%-40s VIRT %+ld kB, RES %+ld kB, frames %+ld\n", what,
	       s.size - last.size, s.rss - last.rss, s.frames - last.frames);
	if (s.size - last.size != size)
		die("VIRT should have changed by %+ld kB", size);
	/* Of the program itself a page or two may come. */
	if (!about(s.rss - last.rss, rss, 64))
		die("RES should have changed by %+ld kB", rss);
	if (!about(s.shmem - last.shmem, rss, BEHIND) ||
	    !about(s.anon, last.anon, BEHIND))
		die("RssShmem changed by %+ld kB, RssAnon by %+ld kB",
		    s.shmem - last.shmem, s.anon - last.anon);
	if (s.frames - last.frames != nr)
		die("frames should have changed by %+ld", nr);
	last = s;
}

/* --- memory ---------------------------------------------------------------------------- */

static char *map(size_t len)
{
	char *p = map_kind(NULL, len, RW, 0);

	need(p != MAP_FAILED, "mmap");
	return p;
}

static void expect_zeros(const char *p, size_t len, const char *when)
{
	for (size_t i = 0; i < len; i += 8)
		if (*(unsigned long *)(p + i))
			die("%s: word %zu is not zero", when, i / 8);
}

/* The machine's frame of a page, which is there; for root. */
static uint64_t page_at(const char *p)
{
	int file = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	need(pread(file, &entry, 8, (uintptr_t)p / PG * 8) == 8, "pagemap");
	close(file);
	need(entry >> 63, "the page is there");
	return entry & ((1ULL << 55) - 1);
}

/* --- a process alone -------------------------------------------------------------------- */

static void lazy(void)
{
	size_t len = 100 * MB;
	volatile char sum = 0;
	char *p;

	start();
	p = map(len);
	took("100 MiB are mapped", 102400, 0, 0);
	for (size_t i = 0; i < len; i += PG)
		sum += p[i];
	need(!sum, "zeros");
	took("all is read", 0, 0, 0);
	fill_words(p, len / 2, 1);
	took("half is written", 0, 51200, 12800);
	munmap(p + 8 * MB, 4 * MB);
	took("4 MiB in the middle are unmapped", -4096, -4096, -1024);
	need(!call(MYMEM_IOC_DISCARD, p, 4 * MB), "DISCARD");
	took("4 MiB are discarded", 0, -4096, -1024);
	expect_zeros(p, 4 * MB, "discarded");
	took("and read", 0, 0, 0);
	expect_words(p + 4 * MB, 4 * MB, 1 + 4 * MB, "beside it");
	need(!madvise(p + 4 * MB, 4 * MB, MADV_DONTNEED), "madvise");
	took("madvise(MADV_DONTNEED): only ptes go", 0, -4096, 0);
	expect_words(p + 4 * MB, 4 * MB, 1 + 4 * MB, "after madvise");
	took("and come back", 0, 4096, 0);
	expect_words(p + 12 * MB, 38 * MB, 1 + 12 * MB, "behind the hole");
	expect_zeros(p + 50 * MB, 50 * MB, "not written");
	munmap(p, len);
	took("all is unmapped", -98304, -43008, -10752);
}

/* How long until no frame is held; -1: longer than 100 ms. */
static long freed_after(void)
{
	for (long ms = 0; ms <= 100; ms++) {
		if (!frames() &&
		    !counter("/proc/myvmstat", "nr_page_table_pages"))
			return ms;
		usleep(1000);
	}
	return -1;
}

/* Killed wherever it is: in its first faults, in a discard, while it is unmapping. */
static void killed(void)
{
	long longest = 0, most = 0;

	for (int i = 0; i < 40; i++) {
		pid_t pid = spawn();
		long ms, held;

		if (!pid) {
			fd = -1;
			for (;;) {
				char *p = map(16 * MB);

				for (size_t at = 0; at < 16 * MB; at += PG)
					p[at] = 1;
				call(MYMEM_IOC_DISCARD, p, 8 * MB);
				munmap(p + 12 * MB, 4 * MB);
				munmap(p, 12 * MB);
			}
		}
		/* However slow it is, it has so many at one moment. */
		for (int tries = 0;
		     (held = frames()) < i * 80 && tries < 100000; tries++)
			usleep(100);
		if (held > most)
			most = held;
		usleep(i % 8 * 500);
		kill(pid, SIGKILL);
		need(end_of(pid) == 128 + SIGKILL, "its end by a signal");
		ms = freed_after();
		need(ms >= 0, "no frame is held 100 ms later");
		if (ms > longest)
			longest = ms;
	}
	need(most > 1000, "it had frames");
	printf("40 had up to %ld frames, all back after %ld ms at most\n", most,
	       longest);
}

/* Pages in a pipe keep their frames until the pipe is closed. */
static void pinned(void)
{
	size_t len = 8 * PG;
	char *p, *other, bytes[PG];
	struct iovec iov = { .iov_len = len };
	int tube[2];

	need(!pipe(tube), "pipe");
	start();
	p = map(len);
	fill_words(p, len, 1);
	iov.iov_base = p;
	need(vmsplice(tube[1], &iov, 1, 0) == (ssize_t)len, "vmsplice");
	took("8 pages are written, and in a pipe", 32, 32, 8);
	munmap(p, len);
	took("they are unmapped", -32, -32, 0);
	/* All that is left of the pool, which has 96 MiB, but for some. */
	other = map(80 * MB);
	memset(other, 'y', 80 * MB);
	need(read(tube[0], bytes, PG) == PG, "read");
	expect_words(bytes, PG, 1, "the first in the pipe");
	need(read(tube[0], bytes, PG) == PG, "read");
	expect_words(bytes, PG, 1 + PG, "the second");
	munmap(other, 80 * MB);
	close(tube[0]);
	close(tube[1]);
	for (int tries = 0; frames() != last.frames - 8; tries++) {
		need(tries < 200, "they are back two seconds later");
		usleep(10000);
	}
	took("the pipe is closed", 0, 0, -8);
}

/* --- parent and child -------------------------------------------------------------------- */

static int to_child[2], to_parent[2];

static void open_pipes(void)
{
	need(!pipe(to_child) && !pipe(to_parent), "pipe");
}

static void forked(void)
{
	size_t len = 8 * MB;
	char *p = map(len);
	pid_t pid;

	open_pipes();
	fill_words(p, len, 1);
	start();
	pid = spawn_peer();
	if (!pid) {
		long anon = of_status("RssAnon");

		expect_words(p, len, 1, "the child at first");
		tell(to_parent);
		await(to_child);
		fill_words(p, len / 2, 2);
		expect_words(p, len / 2, 2, "the child's half");
		expect_words(p + len / 2, len / 2, 1 + len / 2,
			     "the other half");
		need(about(of_status("RssAnon"), anon, BEHIND),
		     "RssAnon is what it was");
		tell(to_parent);
		await(to_child);
		_exit(0);
	}
	await(to_parent);
	took("a child has read all", 0, 0, 0);
	tell(to_child);
	await(to_parent);
	took("and written half", 0, 0, len / PG / 2);
	expect_words(p, len, 1, "the parent");
	tell(to_child);
	need(!end_of(pid), "the child");
	took("and has ended", 0, 0, -(long)(len / PG / 2));
	expect_words(p, len, 1, "the parent at the end");
	took("the parent has read all", 0, 0, 0);
}

/* A child that writes to the same pages twice, and ends, when it is told so. */
static void writer(char *p, size_t len, unsigned long salt, int go[2])
{
	need(!pipe(go), "pipe");
	if (spawn_peer())
		return;
	await(go);
	fill_words(p, len, salt);
	fill_words(p, len, salt + 1);
	expect_words(p, len, salt + 1, "a child");
	tell(to_parent);
	await(go);
	expect_words(p, len, salt + 1, "a child at its end");
	_exit(0);
}

static void copies(void)
{
	const size_t nr = 64, len = nr * PG;
	char *p = map(len);
	int one[2], two[2];
	uint64_t first;

	open_pipes();
	fill_words(p, len, 1);
	first = page_at(p);
	start();
	writer(p, len, 10, one);
	writer(p, len, 20, two);
	took("two children", 0, 0, 0);
	tell(one);
	await(to_parent);
	took("one wrote to 64 pages, twice", 0, 0, nr);
	tell(two);
	await(to_parent);
	took("and the other", 0, 0, nr);
	fill_words(p, len, 2);
	took("and the last owner, which needs no copy", 0, 0, 0);
	need(page_at(p) == first, "it has its frames still");
	tell(one);
	tell(two);
	need(!end_of(-1) && !end_of(-1), "the children");
	took("the children have ended", 0, 0, -2 * (long)nr);
	expect_words(p, len, 2, "the parent");

	if (!spawn_peer()) {
		await(to_child);
		fill_words(p, len, 3);
		_exit(page_at(p) != first);
	}
	fill_words(p, len, 4);
	took("a parent writes first", 0, 0, nr);
	need(page_at(p) != first, "it has a copy");
	tell(to_child);
	need(!end_of(-1), "the child has the frames that were its parent's");
	took("the child wrote without a copy, and ended", 0, 0, -(long)nr);
	expect_words(p, len, 4, "the parent");

	/* The reader has gone before anybody writes. */
	first = page_at(p);
	if (!spawn_peer()) {
		expect_words(p, len, 4, "a child");
		_exit(0);
	}
	need(!end_of(-1), "a child that reads");
	fill_words(p, len, 5);
	took("a child has read and gone; no copy", 0, 0, 0);
	need(page_at(p) == first, "the same frames");
}

/* Nothing is taken of the machine's anonymous memory. */
static void no_other_memory(void)
{
	size_t len = 32 * MB;
	char *p = map(len);
	long before, after;
	pid_t pid;

	open_pipes();
	fill_words(p, len, 1);
	before = value_of("/proc/meminfo", "AnonPages");
	for (int generation = 1; generation <= 3; generation++) {
		pid = spawn_peer();
		if (pid) {
			if (generation == 1)
				break;
			await(to_child);
			_exit(end_of(pid));
		}
		fill_words(p, len / 4 * generation, generation + 1);
		if (generation == 3)
			tell(to_parent);
	}
	if (!pid) {
		/* The last one stays until all has been looked at. */
		await(to_child);
		expect_words(p, len / 4 * 3, 4, "the third generation");
		expect_words(p + len / 4 * 3, len / 4, 1 + len / 4 * 3,
			     "the rest");
		_exit(0);
	}
	await(to_parent);
	after = value_of("/proc/meminfo", "AnonPages");
	printf("frames: %ld; the machine's AnonPages: %+ld kB\n", frames(),
	       after - before);
	/* The quarters have 4, 3, 2 and 1 versions. */
	need(frames() == (long)((4 + 3 + 2 + 1) * len / 4 / PG), "frames");
	/* Each process has some pages of its own. */
	need(after - before < 2048, "the machine has given nothing");
	for (int i = 0; i < 3; i++)
		tell(to_child);
	need(!end_of(-1), "the children");
	expect_words(p, len, 1, "the first one");
}

static const struct scenario scenarios[] = {
	{ "lazy", .run = lazy },     { "killed", .run = killed },
	{ "pinned", .run = pinned }, { "fork", .run = forked },
	{ "copies", .run = copies }, { "machine", .run = no_other_memory },
};

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: mymem_frames SCENARIO\n");
		return 2;
	}
	return run_scenario(scenarios, sizeof(scenarios) / sizeof(*scenarios),
			    argv + 1);
}
