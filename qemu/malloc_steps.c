// SPDX-License-Identifier: GPL-2.0
/*
 * malloc_steps - what glibc's malloc asks the kernel for, step by step.
 *
 * Each line is the same whether memory comes from the kernel or, with libmymalloc.so, from a
 * pool; a test compares them. So there is no address in it, and all figures but sizes of blocks
 * count from the start: the size of the address space (VIRT), what is in use of heap and
 * anonymous mappings (their part of RES), and the break.
 *
 * With the argument "refused" it takes what it can get until malloc and realloc say no, which
 * is what a charge is for: memory that was got can be written to. With "promised" it asks for
 * 1 GiB, again and again, and does not use it.
 *
 * RES is summed up over smaps, which counts pages; the counters that status shows lag behind.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define KB 1024
#define BLOCKS 20000
#define MMAPPED 2 /* a bit of the size word */

static char text[1 << 20];
static char *block[BLOCKS];
static long size_at_start, used_at_start;
static char *break_at_start;

/* --- what the kernel says ---------------------------------------------------------- */

/* A file of /proc in @text, read without malloc, which is what is looked at. */
static void read_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	size_t len = 0;
	ssize_t got;

	while ((got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += got;
	close(fd);
	if (got < 0 || len == sizeof(text) - 1) {
		printf("not ok: %s can't be read\n", path);
		exit(1);
	}
	text[len] = 0;
}

static long size_kb(void)
{
	const char *line;

	read_file("/proc/self/status");
	line = strstr(text, "VmSize:");
	return line ? strtol(line + strlen("VmSize:"), NULL, 10) : 0;
}

/* Does the line begin a mapping, "5581c0e00000-5581c0e21000 rw-p ..."? */
static bool begins_mapping(const char *line)
{
	size_t digits = strspn(line, "0123456789abcdef");

	return digits && line[digits] == '-';
}

/* Is it one that malloc may have made? Its name is the sixth word, or there is none. */
static bool is_memory(const char *line)
{
	for (int i = 0; i < 5; i++) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return !*line || !strcmp(line, "[heap]") || !strcmp(line, "/dev/mymem");
}

static long used_kb(void)
{
	bool counts = false;
	char *at = text;
	char *line;
	long sum = 0;

	read_file("/proc/self/smaps");
	while ((line = strsep(&at, "\n"))) {
		if (begins_mapping(line))
			counts = is_memory(line);
		else if (counts && !strncmp(line, "Rss:", 4))
			sum += strtol(line + 4, NULL, 10);
	}
	return sum;
}

static void look(const char *what)
{
	long size = size_kb(), used = used_kb();

	printf("%-40s VIRT %+7ld kB, in use %+6ld kB, break %+6ld kB\n", what,
	       size - size_at_start, used - used_at_start,
	       (long)((char *)sbrk(0) - break_at_start) / KB);
}

static void begin(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	/* A huge page would be in use as a whole after the first touch. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	/* What is touched only here does not come later. */
	memset(text, 1, sizeof(text));
	memset(block, 1, sizeof(block));
	used_kb();
	break_at_start = sbrk(0);
	size_at_start = size_kb();
	used_at_start = used_kb();
	look("start");
}

/* --- the lesson -------------------------------------------------------------------- */

/* Not inlined: where it is known that malloc gave @p, compilers have nothing before it. */
static __attribute__((noinline)) size_t size_word(const void *p)
{
	return ((const size_t *)p)[-1];
}

static void describe(const char *what, void *p)
{
	printf("    %s: size word %#zx, usable %zu, %s\n", what, size_word(p),
	       malloc_usable_size(p),
	       size_word(p) & MMAPPED ? "by mmap" : "of the heap");
}

/* The first byte: 132 KiB of addresses, and two words before each block. */
static void small_blocks(void)
{
	char *one = malloc(1), *two = malloc(24), *three = malloc(25);

	look("malloc(1), malloc(24), malloc(25)");
	describe("1 byte", one);
	describe("24 bytes", two);
	describe("25 bytes", three);
	printf("    from the first to the second: %td bytes, to the third: %td\n",
	       two - one, three - two);
	free(three);
	free(two);
	free(one);
}

/* From 128 KiB on a block is a mapping of its own, until one was freed. */
static void mapped_blocks(void)
{
	char *small = malloc(127 * KB), *large;

	look("malloc(127 KiB)");
	describe("127 KiB", small);
	large = malloc(128 * KB);
	look("malloc(128 KiB)");
	describe("128 KiB", large);
	memset(large, 1, 128 * KB);
	look("  filled");
	free(large);
	look("  freed: it all goes back");
	large = malloc(128 * KB);
	look("malloc(128 KiB) again");
	describe("128 KiB, as the threshold has moved", large);
	free(large);
	free(small);
}

static void fill(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		block[i] = malloc(1000);
		memset(block[i], 1, 1000);
	}
}

/* The heap ends where its last block does: one block can keep 20 MB. */
static void heap(void)
{
	fill();
	look("20,000 times malloc(1000), filled");
	for (int i = 0; i < BLOCKS - 1; i++)
		free(block[i]);
	look("  all freed but the last");
	free(block[BLOCKS - 1]);
	look("  and the last: trimmed");
}

static void grow(void)
{
	char *large = malloc(8 << 20);

	memset(large, 1, 8 << 20);
	look("malloc(8 MiB), filled");
	large = realloc(large, 32 << 20);
	look("  realloc to 32 MiB: mremap");
	printf("    contents are %s\n",
	       large[0] == 1 && large[(8 << 20) - 1] == 1 && !large[8 << 20] ?
		       "kept" :
		       "lost");
	large = realloc(large, 4 << 20);
	look("  realloc to 4 MiB");
	free(large);
	look("  freed");
}

static void *in_thread(void *unused)
{
	char *p = malloc(1);

	(void)unused;
	look("malloc(1) in a thread: an arena");
	describe("1 byte", p);
	free(p);
	for (int i = 0; i < 1000; i++) {
		block[i] = malloc(KB);
		memset(block[i], 1, KB);
	}
	look("  1,000 times malloc(1 KiB), filled");
	for (int i = 0; i < 1000; i++)
		free(block[i]);
	look("  freed");
	return NULL;
}

static void threads(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, in_thread, NULL))
		return;
	pthread_join(thread, NULL);
}

static void options(void)
{
	char *p;

	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	fill();
	for (int i = 0; i < BLOCKS; i++)
		free(block[i]);
	look("the same with M_TRIM_THRESHOLD 1 GiB");
	malloc_trim(0);
	look("malloc_trim(0)");
	mallopt(M_MMAP_THRESHOLD, 64 * KB);
	p = malloc(64 * KB);
	look("malloc(64 KiB), M_MMAP_THRESHOLD 64 KiB");
	describe("64 KiB", p);
	free(p);
	mallopt(M_MMAP_MAX, 0);
	p = malloc(1 << 20);
	look("malloc(1 MiB), M_MMAP_MAX 0");
	describe("1 MiB", p);
	free(p);
}

static void statistics(void)
{
	struct mallinfo2 info = mallinfo2();

	printf("mallinfo2: arena %zu, ordblks %zu, smblks %zu, hblks %zu, hblkhd %zu\n",
	       info.arena, info.ordblks, info.smblks, info.hblks, info.hblkhd);
	printf("    fsmblks %zu, uordblks %zu, fordblks %zu, keepcost %zu\n",
	       info.fsmblks, info.uordblks, info.fordblks, info.keepcost);
	dup2(1, 2);
	malloc_stats();
}

/* --- the end of memory ------------------------------------------------------------- */

static void until_refused(void)
{
	static const size_t size = 100 * KB;
	char *all = NULL, *one, *larger;
	size_t nr, large = 1 << 20;

	mallopt(M_MMAP_MAX, 0);
	for (nr = 0; (one = malloc(size)); nr++) {
		memset(one, 1, size);
		*(char **)one = all;
		all = one;
	}
	printf("malloc refused after %zu MiB of heap\n", nr * size >> 20);
	while ((one = all)) {
		all = *(char **)one;
		free(one);
	}
	malloc_trim(0);
	mallopt(M_MMAP_MAX, 10);
	mallopt(M_MMAP_THRESHOLD, size);
	one = malloc(large);
	while ((larger = realloc(one, large))) {
		one = larger;
		memset(one, 1, large);
		large += 1 << 20;
	}
	printf("realloc refused to make it %zu MiB\n", large >> 20);
	free(one);
}

/* Each block is a mapping of its own, of which one page is used: for the words before it. */
static void promises(void)
{
	char *volatile block; /* so that malloc is called though nobody uses it */
	size_t nr = 0;

	while ((block = malloc(1 << 30)))
		nr++;
	printf("1 GiB was promised %zu times\n", nr);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "promised")) {
		promises();
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "refused")) {
		until_refused();
		return 0;
	}
	begin();
	small_blocks();
	mapped_blocks();
	heap();
	grow();
	threads();
	options();
	statistics();
	return 0;
}
