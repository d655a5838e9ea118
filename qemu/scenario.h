/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs share that run scenarios on memory of /dev/mymem, and some on the kernel's.
 *
 * A program has a table of scenarios, and runs the one that its command line names. The last line
 * that it prints is "ok", "not ok: ...", or "skip: ..." if the kernel has not what it needs.
 */
#ifndef _QEMU_SCENARIO_H
#define _QEMU_SCENARIO_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mymem.h"

#define PG 4096UL
#define MB (1UL << 20)
#define RW (PROT_READ | PROT_WRITE)

static bool ours = true; /* memory of /dev/mymem */
static bool shmem; /* if not: shared memory of the kernel's, not private */
static int fd = -1; /* the device */
static pid_t first_peer; /* the first of those that wait for each other */

/* --- how it ends -------------------------------------------------------------------- */

static inline void end(int code, const char *word, const char *format,
		       va_list args)
{
	printf("%s: ", word);
	vprintf(format, args);
	printf("\n");
	fflush(stdout);
	/* Its children end, too: see spawn_peer(). */
	if (code && first_peer && first_peer != getpid())
		kill(first_peer, SIGKILL);
	_exit(code);
}

static inline void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end(1, "not ok", format, args);
	va_end(args);
}

static inline void skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end(0, "skip", format, args);
	va_end(args);
}

static inline void need(bool ok, const char *what)
{
	if (!ok)
		die("%s (%s)", what, strerror(errno));
}

/* --- children ------------------------------------------------------------------------- */

static inline pid_t spawn(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	need(pid >= 0, "fork");
	return pid;
}

/* A child's end: what it exited with, or 128 and a signal. */
static inline int end_of(pid_t pid)
{
	int status = 0;

	need(waitpid(pid, &status, 0) > 0, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* --- processes that wait for each other ------------------------------------------------- */

/* A child that waits for its parent, or its parent for it: when one of them fails, all end. */
static inline pid_t spawn_peer(void)
{
	pid_t parent = getpid(), pid;

	if (!first_peer)
		first_peer = parent;
	pid = spawn();
	if (!pid)
		need(!prctl(PR_SET_PDEATHSIG, SIGKILL) && getppid() == parent,
		     "the parent is there");
	return pid;
}

/* Through a pipe; one that nobody reads any more is not an error. */
static inline void tell(const int pipe[2])
{
	need(write(pipe[1], "", 1) == 1 || errno == EPIPE, "write to a pipe");
}

/* Until somebody tells. */
static inline void await(const int pipe[2])
{
	char byte;

	need(read(pipe[0], &byte, 1) == 1, "read from a pipe");
}

/* --- memory --------------------------------------------------------------------------- */

static inline int open_device(void)
{
	int new = open("/dev/mymem", O_RDWR | O_CLOEXEC);

	need(new >= 0, "/dev/mymem can't be opened");
	return new;
}

/* Memory of the kind that was chosen, as mmap() returns it. */
static inline void *map_kind(void *at, size_t len, int prot, int flags)
{
	if (ours && fd < 0)
		fd = open_device();
	if (ours)
		return mmap(at, len, prot, flags | MAP_SHARED, fd, 0);
	flags |= MAP_ANONYMOUS | (shmem ? MAP_SHARED : MAP_PRIVATE);
	return mmap(at, len, prot, flags, -1, 0);
}

/* Each word of it, so that nothing that differs is missed. */
static inline void fill_words(char *p, size_t len, unsigned long salt)
{
	for (size_t i = 0; i < len; i += 8)
		*(unsigned long *)(p + i) = i + salt;
}

static inline void expect_words(const char *p, size_t len, unsigned long salt,
				const char *when)
{
	for (size_t i = 0; i < len; i += 8)
		if (*(unsigned long *)(p + i) != i + salt)
			die("%s: word %zu is %lx", when, i / 8,
			    *(unsigned long *)(p + i));
}

/* A call of the device about a range. */
static inline int call(unsigned long cmd, const void *addr, size_t len)
{
	struct mymem_range range = { .size = sizeof(range),
				     .addr = (unsigned long)addr,
				     .len = len };

	return ioctl(fd, cmd, &range);
}

/* A value in kB of a file of /proc; -1: it has none of that name. */
static inline long value_of(const char *path, const char *name)
{
	char line[256];
	FILE *file = fopen(path, "r");
	size_t len = strlen(name);
	long value = -1;

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, len) && line[len] == ':')
			value = strtol(line + len + 1, NULL, 10);
	if (file)
		fclose(file);
	return value;
}

/* --- the table ------------------------------------------------------------------------- */

/**
 * struct scenario - one of a program's
 * @name: on the command line
 * @run: does it; or
 * @with: does it with its arguments, and a NULL behind them
 * @least: how many arguments, at least
 * @most: at most
 */
struct scenario {
	const char *name;
	void (*run)(void);
	void (*with)(char **args);
	int least, most;
};

/* Run the one that the first word names, with the others. Returns the program's exit code. */
static inline int run_scenario(const struct scenario *all, size_t nr,
			       char **words)
{
	int args = -1;
	char **word;

	for (word = words; *word; word++)
		args++;
	for (size_t i = 0; args >= 0 && i < nr; i++) {
		if (strcmp(words[0], all[i].name) || args < all[i].least ||
		    args > all[i].most)
			continue;
		if (all[i].with)
			all[i].with(words + 1);
		else
			all[i].run();
		printf("ok\n");
		return 0;
	}
	fprintf(stderr, "no scenario '%s' with %d arguments\n", words[0] ?: "",
		args < 0 ? 0 : args);
	return 2;
}

#endif /* _QEMU_SCENARIO_H */
