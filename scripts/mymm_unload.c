// SPDX-License-Identifier: GPL-2.0
/*
 * unload: take the modules away; or, if they are in use, say by what.
 *
 * The kernel refuses that by a count, and does not know whose counts these are. So each process is
 * looked at: which of the devices it has open or mapped; and each mount, and each module.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mymm_cli.h"

#define MEMORY "/dev/mymem"
#define TASKS "/proc/mymm_tasks"

/* The one that needs the other comes first. */
static const char *const modules[] = { "mymm_vm", "mymm" };

/* Is it in the list of modules? */
static bool is_loaded(const char *module)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", module);
	return !access(path, F_OK);
}

/* --- what uses them --------------------------------------------------------------- */

/* Has the process that device open? */
static bool has_open(const char *pid, const char *device)
{
	char path[sizeof("/proc//fd/") + 2 * 256], to[256];
	struct dirent *entry;
	bool found = false;
	ssize_t len;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%.32s/fd", pid);
	folder = opendir(path);
	while (folder && !found && (entry = readdir(folder))) {
		snprintf(path, sizeof(path), "/proc/%.32s/fd/%.255s", pid,
			 entry->d_name);
		len = readlink(path, to, sizeof(to) - 1);
		to[len < 0 ? 0 : len] = '\0';
		found = !strcmp(to, device);
	}
	if (folder)
		closedir(folder);
	return found;
}

/* Bytes of addresses that the process has of the pool's memory. */
static uint64_t mapped(const char *pid)
{
	unsigned long from, to;
	char line[512];
	uint64_t bytes = 0;
	FILE *maps;

	snprintf(line, sizeof(line), "/proc/%.32s/maps", pid);
	maps = fopen(line, "re");
	while (maps && fgets(line, sizeof(line), maps)) {
		char *name = strchr(line, '/');

		if (name && !strcmp(name, MEMORY "\n") &&
		    sscanf(line, "%lx-%lx", &from, &to) == 2)
			bytes += to - from;
	}
	if (maps)
		fclose(maps);
	return bytes;
}

/* KiB in frames of the default pool, as its own file has it. */
static uint64_t resident(const char *pid)
{
	unsigned long long kb = 0, at;
	bool found = false;
	char line[512];
	FILE *tasks = fopen(TASKS, "re");

	while (tasks && !found && fgets(line, sizeof(line), tasks))
		found = sscanf(line, "%llu %*u %llu", &at, &kb) == 2 &&
			at == strtoull(pid, NULL, 10);
	if (tasks)
		fclose(tasks);
	return found ? kb << 10 : 0;
}

static void tell_process(const char *pid)
{
	const bool door = has_open(pid, DOOR), memory = has_open(pid, MEMORY);
	const uint64_t bytes = mapped(pid);
	char path[64], comm[64] = "";
	FILE *file;

	if (!door && !memory && !bytes)
		return;
	snprintf(path, sizeof(path), "/proc/%.32s/comm", pid);
	file = fopen(path, "re");
	if (file && fgets(comm, sizeof(comm), file))
		comm[strcspn(comm, "\n")] = '\0';
	if (file)
		fclose(file);
	say_line("  process %s (%s):", pid, comm);
	if (bytes) {
		say_line(" %s mapped,", bytes_text(bytes));
		say_line(" %s in frames of the default pool;",
			 bytes_text(resident(pid)));
	}
	say_line("%s%s\n", memory ? " has " MEMORY " open;" : "",
		 door ? " has " DOOR " open;" : "");
}

static void tell_processes(void)
{
	struct dirent *entry;
	DIR *folder = opendir("/proc");

	while (folder && (entry = readdir(folder)))
		if (isdigit((unsigned char)entry->d_name[0]))
			tell_process(entry->d_name);
	if (folder)
		closedir(folder);
}

static void tell_mounts(void)
{
	FILE *mounts = fopen("/proc/mounts", "re");
	char line[1024], at[512], type[64];

	while (mounts && fgets(line, sizeof(line), mounts))
		if (sscanf(line, "%*s %511s %63s", at, type) == 2 &&
		    !strcmp(type, "mymmfs"))
			say_line("  mymmfs is mounted on %s\n", at);
	if (mounts)
		fclose(mounts);
}

static void tell_modules(const char *module)
{
	struct dirent *entry;
	char path[64];
	DIR *folder;

	snprintf(path, sizeof(path), "/sys/module/%s/holders", module);
	folder = opendir(path);
	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			say_line("  module %s\n", entry->d_name);
	if (folder)
		closedir(folder);
}

/* --- the command ------------------------------------------------------------------- */

static int run_unload(struct session *session, const struct args *args)
{
	int rc, err;

	(void)session;
	(void)args;
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		if (!is_loaded(modules[i]) ||
		    !syscall(SYS_delete_module, modules[i], O_NONBLOCK))
			continue;
		err = errno;
		if (err == EPERM)
			return failed(err, "to unload a module is for root");
		rc = failed(err, "%s stays: %s", modules[i],
			    err == EAGAIN ? "it is in use" : strerror(err));
		tell_processes();
		tell_mounts();
		tell_modules(modules[i]);
		return rc;
	}
	return OK;
}

const struct command unload_commands[] = {
	{
		.name = "unload",
		.operands = "",
		.brief = "unload mymm_vm and mymm, or say what uses them",
		.text = "If a module is in use it stays, and each process that has one of its\n"
			"devices open or mapped is named, each mount of mymmfs, and each module.\n",
		.flags = COMMAND_NO_DOOR | COMMAND_NOT_INSIDE,
		.run = run_unload,
	},
	{ 0 },
};
