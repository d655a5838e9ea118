// SPDX-License-Identifier: GPL-2.0
/*
 * map, touch, discard, unmap: memory of this process in the pool, /dev/mymem.
 *
 * What is mapped has a name, and goes when the program ends. Each command that changes something
 * says what the process has afterwards: VIRT and RES, as top shows them.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mymem.h"
#include "mymm_cli.h"

#define MEMORY "/dev/mymem"
#define PAGE 4096UL
#define SIZE_MOST (1ULL << 47)

struct mapping {
	char *name;
	char *at;
	size_t len;
	struct mapping *next;
};

static struct mapping *mappings;
static int memory = -1;

static struct mapping **find(const char *name)
{
	struct mapping **at = &mappings;

	while (*at && strcmp((*at)->name, name))
		at = &(*at)->next;
	return at;
}

/* The mapping of that name, or NULL after an error. */
static struct mapping *named(const char *name)
{
	struct mapping *mapping = *find(name);

	if (!mapping)
		failed(ENOENT, "nothing is mapped as '%s'", name);
	return mapping;
}

/* A figure in kB of a file of /proc/self. */
static uint64_t kib_of(const char *path, const char *key)
{
	char line[256];
	uint64_t kib = 0;
	size_t len = strlen(key);
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, len) && line[len] == ':')
			kib = strtoull(line + len + 1, NULL, 10);
	if (file)
		fclose(file);
	return kib;
}

/* RES is counted pte by pte: VmRSS may be some pages behind. */
static void say_memory(const char *what, const char *name, uint64_t bytes)
{
	char virt[32], size[32];

	snprintf(size, sizeof(size), "%s", bytes_text(bytes));
	snprintf(virt, sizeof(virt), "%s",
		 count_text(kib_of("/proc/self/status", "VmSize")));
	printf("%s: %s %s; VIRT %s kB, RES %s kB\n", name, size, what, virt,
	       count_text(kib_of("/proc/self/smaps_rollup", "Rss")));
}

static int choose_pool(int fd, const char *name)
{
	struct mymem_pool pool = { .size = sizeof(pool) };
	int err = 0;

	if (snprintf(pool.name, sizeof(pool.name), "%s", name) >=
	    (int)sizeof(pool.name))
		err = ENOENT;
	else if (ioctl(fd, MYMEM_IOC_POOL, &pool))
		err = errno;
	if (err == ENOENT)
		return failed(err, "there is no pool '%s'; see %s", name,
			      "/sys/kernel/debug/mymm/pools/list");
	if (err == EOPNOTSUPP)
		return failed(err, "pool '%s' has no memory", name);
	if (err)
		return failed(err, "pool '%s': %s", name, strerror(err));
	return OK;
}

int memory_open(const char *pool)
{
	int fd = open(MEMORY, O_RDWR | O_CLOEXEC);

	if (fd >= 0) {
		if (!pool || !choose_pool(fd, pool))
			return fd;
		close(fd);
	} else if (errno == ENOENT || errno == ENXIO || errno == ENODEV) {
		failed(errno, MEMORY ": no such device: %s",
		       "is the module loaded? insmod mymm_vm.ko");
	} else {
		failed(errno, MEMORY ": %s", strerror(errno));
	}
	return -1;
}

static int open_memory(void)
{
	if (memory < 0)
		memory = memory_open(NULL);
	return memory < 0 ? FAILED : OK;
}

static int run_map(struct session *session, const struct args *args)
{
	const char *name = args->operand[0];
	struct mapping *mapping;
	uint64_t bytes;
	char *at;
	int rc;

	(void)session;
	rc = parse_size(args->operand[1], "the size", 1, SIZE_MOST, &bytes);
	if (rc)
		return rc;
	if (*find(name))
		return failed(EEXIST, "there is a mapping '%s'", name);
	rc = open_memory();
	if (rc)
		return rc;
	at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		  MAP_SHARED |
			  (args_get(args, "noreserve") ? MAP_NORESERVE : 0),
		  memory, 0);
	if (at == MAP_FAILED)
		return failed(errno, "%s of memory: %s", bytes_text(bytes),
			      strerror(errno));
	mapping = xalloc(NULL, 1, sizeof(*mapping));
	*mapping = (struct mapping){ strdup(name), at,
				     (bytes + PAGE - 1) & -PAGE, mappings };
	mappings = mapping;
	say_memory("mapped", name, mapping->len);
	return OK;
}

/* The part of a mapping that --from and SIZE name; all of it without them. */
static int part_of(const struct mapping *mapping, const struct args *args,
		   uint64_t *from, uint64_t *len)
{
	int rc = OK;

	*from = 0;
	if (args_get(args, "from"))
		rc = parse_size(args_get(args, "from"), "--from", 0,
				mapping->len - 1, from);
	*from &= -PAGE;
	*len = mapping->len - *from;
	if (!rc && args->nr > 1)
		rc = parse_size(args->operand[1], "the size", 1, *len, len);
	*len = (*len + PAGE - 1) & -PAGE;
	return rc;
}

static sigjmp_buf no_frame;

static void on_bus(int number)
{
	siglongjmp(no_frame, number);
}

static int touch_pages(const struct mapping *mapping, uint64_t from,
		       uint64_t len, bool read_only)
{
	struct sigaction action = { .sa_handler = on_bus }, before;
	volatile uint64_t done = 0;
	int rc = OK;

	sigaction(SIGBUS, &action, &before);
	if (!sigsetjmp(no_frame, 1)) {
		for (; done < len; done += PAGE) {
			volatile char *byte = mapping->at + from + done;

			if (read_only)
				(void)*byte;
			else
				*byte = *byte + 1;
		}
	} else {
		rc = failed(
			ENOMEM,
			"the pool has no frame, or no more may be committed, after %s (SIGBUS)",
			plural(done / PAGE, "page", "pages"));
	}
	sigaction(SIGBUS, &before, NULL);
	return rc;
}

static int run_touch(struct session *session, const struct args *args)
{
	struct mapping *mapping = named(args->operand[0]);
	bool read_only = args_get(args, "read");
	uint64_t from, len;
	int rc;

	(void)session;
	if (!mapping)
		return FAILED;
	rc = part_of(mapping, args, &from, &len);
	if (!rc)
		rc = touch_pages(mapping, from, len, read_only);
	if (!rc)
		say_memory(read_only ? "read" : "written", mapping->name, len);
	return rc;
}

static int run_discard(struct session *session, const struct args *args)
{
	struct mapping *mapping = named(args->operand[0]);
	struct mymem_range range = { .size = sizeof(range) };
	uint64_t from, len;
	int rc;

	(void)session;
	if (!mapping)
		return FAILED;
	rc = part_of(mapping, args, &from, &len);
	if (rc)
		return rc;
	range.addr = (uintptr_t)mapping->at + from;
	range.len = len;
	if (ioctl(memory, MYMEM_IOC_DISCARD, &range))
		return failed(errno, "discard: %s", strerror(errno));
	say_memory("discarded", mapping->name, len);
	return OK;
}

static int run_unmap(struct session *session, const struct args *args)
{
	struct mapping **at = find(args->operand[0]), *mapping = *at;

	(void)session;
	if (!mapping)
		return named(args->operand[0]) ? OK : FAILED;
	if (munmap(mapping->at, mapping->len))
		return failed(errno, "munmap: %s", strerror(errno));
	*at = mapping->next;
	say_memory("unmapped", mapping->name, mapping->len);
	free(mapping->name);
	free(mapping);
	return OK;
}

static const struct opt map_opts[] = {
	{ 0, "noreserve", NULL, "charged nothing, like MAP_NORESERVE" },
	OPTS_END,
};

static const struct opt part_opts[] = {
	{ 0, "from", "SIZE", "from there on, instead of the beginning" },
	OPTS_END,
};

static const struct opt touch_opts[] = {
	{ 0, "from", "SIZE", "from there on, instead of the beginning" },
	{ 'r', "read", NULL, "read it, instead of writing to it" },
	OPTS_END,
};

const struct command memory_commands[] = {
	{
		.name = "map",
		.brief = "map memory of the pool into this process",
		.operands = "NAME SIZE",
		.text = "It takes addresses, and no frame until it is touched.\n",
		.opts = map_opts,
		.least = 2,
		.most = 2,
		.flags = COMMAND_HOLDS,
		.run = run_map,
	},
	{
		.name = "touch",
		.brief = "write to each page of what map has mapped",
		.operands = "NAME [SIZE]",
		.opts = touch_opts,
		.least = 1,
		.most = 2,
		.run = run_touch,
	},
	{
		.name = "discard",
		.brief =
			"give frames of a mapping back, and keep its addresses",
		.operands = "NAME [SIZE]",
		.opts = part_opts,
		.least = 1,
		.most = 2,
		.run = run_discard,
	},
	{
		.name = "unmap",
		.brief = "take a mapping away",
		.operands = "NAME",
		.least = 1,
		.most = 1,
		.run = run_unmap,
	},
	{ 0 },
};
