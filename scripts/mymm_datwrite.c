// SPDX-License-Identifier: GPL-2.0
/*
 * trace.dat in version 6, which each trace-cmd since 2010 reads, from an instance's buffers.
 *
 *	magic, "6", byte order, bytes of a long, of a page
 *	how a page of the buffer and how an event begins
 *	formats of ftrace's own events, of kmem's, perhaps of mymm's
 *	kernel symbols; formats of trace_printk(); names of tasks
 *	how many CPUs
 *	options: the clock, the kernel, each CPU's counts
 *	for each CPU, where its pages are; the pages
 *	what no recorder keeps (mymm_state.c), where trace-cmd does not look
 *
 * A length stands before each part; numbers are of this machine. Of the kernel's symbols, of
 * which there are 5 MB, only those are kept that an address in the pages may be in.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "mymm_dat.h"

static void add_number(struct bytes *to, uint64_t n, size_t bytes)
{
	/* Little-endian, as the only machine that this is built for. */
	bytes_add(to, &n, bytes);
}

/* A file with its length before it; a missing one is empty. */
static int add_file(struct bytes *to, const char *path, size_t width,
		    bool wanted)
{
	struct bytes file = { 0 };
	int err = bytes_file(&file, path);

	if (err && wanted)
		failed(err, "%s: %s", path, strerror(err));
	add_number(to, file.len, width);
	bytes_add(to, file.at ?: "", file.len);
	bytes_free(&file);
	return err && wanted ? FAILED : OK;
}

static int add_tracing_file(struct bytes *to, const char *name, size_t width,
			    bool wanted)
{
	char *path = tracefs_get_tracing_file(name);
	int rc = add_file(to, path, width, wanted);

	tracefs_put_tracing_file(path);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The formats of a system's events. */
static int add_formats(struct bytes *to, const char *system)
{
	char **events = tracefs_system_events(NULL, system);
	uint32_t nr = 0;
	int rc = OK;

	while (events && events[nr])
		nr++;
	if (nr)
		qsort(events, nr, sizeof(*events), by_name);
	add_number(to, nr, 4);
	for (uint32_t i = 0; i < nr && !rc; i++) {
		char name[256];

		snprintf(name, sizeof(name), "events/%s/%s/format", system,
			 events[i]);
		rc = add_tracing_file(to, name, 8, true);
	}
	tracefs_list_free(events);
	return rc;
}

/**
 * struct symbol - a function of the kernel
 * @address: where it begins
 * @line: of kallsyms
 * @len: bytes of that
 * @used: an address in it was seen
 */
struct symbol {
	uint64_t address;
	const char *line;
	size_t len;
	bool used;
};

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static struct symbol *functions(char *text, size_t *nr)
{
	struct symbol *all = NULL;
	size_t room = 0;
	char *end;

	*nr = 0;
	for (char *line = text; line && *line; line = end) {
		uint64_t address = strtoull(line, &end, 16);
		char *type = end;

		end = strchrnul(line, '\n');
		end += *end == '\n';
		/* With kptr_restrict all addresses are 0. */
		if (!address || *type != ' ' || !strchr("tTwW", type[1]))
			continue;
		if (*nr == room) {
			room = room ? 2 * room : 65536;
			all = xalloc(all, room, sizeof(*all));
		}
		all[(*nr)++] =
			(struct symbol){ address, line, end - line, false };
	}
	if (*nr)
		qsort(all, *nr, sizeof(*all), by_address);
	return all;
}

/* Several may have one address; the lookup of any of them must give what it gives with all. */
static void use(struct symbol *all, size_t nr, uint64_t address)
{
	size_t low = 0, high = nr;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (all[middle].address <= address)
			low = middle;
		else
			high = middle;
	}
	address = all[low].address;
	while (low && all[low - 1].address == address)
		low--;
	for (; low < nr && all[low].address == address; low++)
		all[low].used = true;
}

/* Whatever in the pages may be the address of a function. */
static void use_pages(struct symbol *all, size_t nr, const struct cpu_data *cpu)
{
	static uint32_t words[16384];
	ssize_t got;

	for (uint64_t at = 0; at < cpu->bytes; at += got) {
		got = pread(cpu->fd, words, sizeof(words), at);
		if (got <= 0)
			return;
		for (size_t i = 0; i + 1 < got / sizeof(*words); i++) {
			uint64_t n = words[i] | (uint64_t)words[i + 1] << 32;

			if (n >= all[0].address && n <= all[nr - 1].address)
				use(all, nr, n);
		}
	}
}

static void add_symbols(struct bytes *to, const struct cpu_data *cpu,
			uint32_t cpus)
{
	struct bytes text = { 0 }, used = { 0 };
	struct symbol *all;
	size_t nr;

	bytes_file(&text, "/proc/kallsyms");
	all = functions(text.at, &nr);
	for (uint32_t i = 0; i < cpus && nr; i++)
		use_pages(all, nr, &cpu[i]);
	for (size_t i = 0; i < nr; i++)
		if (all[i].used)
			bytes_add(&used, all[i].line, all[i].len);
	add_number(to, used.len, 4);
	bytes_add(to, used.at ?: "", used.len);
	free(all);
	bytes_free(&text);
	bytes_free(&used);
}

static void add_option(struct bytes *to, enum dat_option option,
		       const char *text)
{
	add_number(to, option, 2);
	add_number(to, strlen(text) + 1, 4);
	bytes_add(to, text, strlen(text) + 1);
}

static void add_options(struct bytes *to, struct tracefs_instance *instance,
			const struct cpu_data *cpu, uint32_t cpus)
{
	char *clock = tracefs_instance_file_read(instance, "trace_clock", NULL);
	struct utsname name;
	char text[sizeof(name)];

	bytes_add(to, "options  ", 10);
	if (clock)
		add_option(to, DAT_TRACECLOCK, clock);
	free(clock);
	uname(&name);
	snprintf(text, sizeof(text), "%s %s %s", name.sysname, name.release,
		 name.machine);
	add_option(to, DAT_UNAME, text);
	for (uint32_t i = 0; i < cpus; i++)
		add_option(to, DAT_CPUSTAT, cpu[i].stats);
	add_number(to, DAT_DONE, 2);
}

static int add_head(struct bytes *to, bool process)
{
	const uint32_t page = getpagesize();
	int rc;

	bytes_add(to, DAT_MAGIC "6", DAT_MAGIC_LEN + 2);
	add_number(to, 0, 1); /* little-endian */
	add_number(to, sizeof(long), 1);
	add_number(to, page, 4);
	bytes_add(to, "header_page", 12);
	rc = add_tracing_file(to, "events/header_page", 8, true);
	bytes_add(to, "header_event", 13);
	if (!rc)
		rc = add_tracing_file(to, "events/header_event", 8, true);
	if (!rc)
		rc = add_formats(to, "ftrace");
	add_number(to, process ? 2 : 1, 4); /* systems */
	bytes_add(to, "kmem", 5);
	if (!rc)
		rc = add_formats(to, "kmem");
	if (process)
		bytes_add(to, "mymm", 5);
	if (!rc && process)
		rc = add_formats(to, "mymm");
	return rc;
}

static int put(int fd, const void *from, size_t len)
{
	const char *at = from;
	ssize_t done;

	while (len) {
		done = write(fd, at, len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return errno;
		at += done;
		len -= done;
	}
	return 0;
}

static int put_pages(int fd, const struct cpu_data *cpu)
{
	static char page[65536];
	uint64_t at = 0;
	ssize_t got;
	int err = 0;

	while (!err && at < cpu->bytes) {
		got = pread(cpu->fd, page, sizeof(page), at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? errno : EIO;
		err = put(fd, page, got);
		at += got;
	}
	return err;
}

static uint64_t to_page(uint64_t offset)
{
	const uint64_t page = getpagesize();

	return (offset + page - 1) / page * page;
}

static int put_all(int fd, struct bytes *head, const struct cpu_data *cpu,
		   uint32_t cpus, const struct bytes *state)
{
	static const char zeros[65536];
	uint64_t from, at;
	int err;

	bytes_add(head, "flyrecord", 10);
	from = to_page(head->len + 16ULL * cpus);
	at = from;
	for (uint32_t i = 0; i < cpus; i++) {
		add_number(head, at, 8);
		add_number(head, cpu[i].bytes, 8);
		at = to_page(at + cpu[i].bytes);
	}
	err = put(fd, head->at, head->len);
	if (!err)
		err = put(fd, zeros, from - head->len);
	for (uint32_t i = 0; i < cpus && !err; i++)
		err = put_pages(fd, &cpu[i]);
	return err ?: put(fd, state->at, state->len);
}

int dat_write(const char *path, int nameless, bool process,
	      struct tracefs_instance *instance, const struct cpu_data *cpu,
	      uint32_t cpus, const struct bytes *state)
{
	struct bytes head = { 0 };
	int rc = add_head(&head, process), fd = nameless, err;

	if (!rc) {
		add_symbols(&head, cpu, cpus);
		add_tracing_file(&head, "printk_formats", 4, false);
		add_tracing_file(&head, "saved_cmdlines", 8, false);
		add_number(&head, cpus, 4);
		add_options(&head, instance, cpu, cpus);
		if (nameless < 0)
			fd = open(path,
				  O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				  0644);
		err = fd < 0 ? errno : put_all(fd, &head, cpu, cpus, state);
		if (nameless < 0 && fd >= 0 && close(fd) && !err)
			err = errno;
		if (err)
			rc = failed(err, "%s: %s", path, strerror(err));
	}
	bytes_free(&head);
	return rc;
}
