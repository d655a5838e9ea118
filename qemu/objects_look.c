// SPDX-License-Identifier: GPL-2.0
/*
 * objects_look - how many objects each cache has, in the kernel and by the mirror's count.
 *
 *   objects_look DIR	for each cache: name, active objects, the mirror's change, and how
 *			many objects the slabs that CPUs keep could have; into a file in
 *			DIR, at each line of standard input (its name)
 *
 * To look is to allocate: an open file, a path, a buffer. So all files are opened, and read once,
 * before. Then caches are shrunk, so that active objects in slabinfo are those that have a user,
 * and nothing but reads of open files follows until all numbers are in memory. If CPUs have taken
 * slabs of more than two caches again by then, it is done once more.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_CACHES 512
#define TEXT (1 << 18)

/* Of a cache's folder in /sys/kernel/slab; -1: it has none. */
static struct folder {
	char name[256];
	int shrink, cpu_slabs, num;
} folders[MAX_CACHES];
static int nr_folders;

static int slabinfo, objects;
static char slabinfo_text[TEXT], objects_text[TEXT];

static void open_folders(void)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *entry;

	if (!dir)
		err(1, "/sys/kernel/slab");
	while ((entry = readdir(dir)) && nr_folders < MAX_CACHES) {
		struct folder *folder = &folders[nr_folders];
		int here;

		/* An alias is a link. */
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		here = openat(dirfd(dir), entry->d_name,
			      O_RDONLY | O_DIRECTORY);
		if (here < 0)
			continue;
		strcpy(folder->name, entry->d_name);
		folder->shrink = openat(here, "shrink", O_WRONLY);
		folder->cpu_slabs = openat(here, "cpu_slabs", O_RDONLY);
		folder->num = openat(here, "objs_per_slab", O_RDONLY);
		close(here);
		nr_folders++;
	}
	closedir(dir);
}

static void read_all(int file, char *text)
{
	size_t length = 0;
	ssize_t got;

	if (lseek(file, 0, SEEK_SET) < 0)
		err(1, "lseek");
	while (length < TEXT - 1 &&
	       (got = read(file, text + length, TEXT - 1 - length)) > 0)
		length += got;
	text[length] = 0;
}

/* The first number of a file; "5 N0=5" has one. */
static long number_in(int file)
{
	char text[256] = "";

	return pread(file, text, sizeof(text) - 1, 0) > 0 ?
		       strtol(text, NULL, 10) :
		       0;
}

static void shrink_one(const struct folder *folder)
{
	if (folder->shrink >= 0 && pwrite(folder->shrink, "1", 1, 0) < 0)
		warn("%s/shrink", folder->name);
}

/* A write takes a buffer of a small kmalloc cache: so those come again, and last. */
static void shrink_all(void)
{
	int i;

	if (write(objects, "1", 1) < 0)
		warn("objects");
	for (i = 0; i < nr_folders; i++)
		shrink_one(&folders[i]);
	for (i = 0; i < nr_folders; i++)
		if (!strncmp(folders[i].name, "kmalloc-", 8) &&
		    strcmp(folders[i].name, "kmalloc-8"))
			shrink_one(&folders[i]);
	for (i = 0; i < nr_folders; i++)
		if (!strcmp(folders[i].name, "kmalloc-8"))
			shrink_one(&folders[i]);
}

/* Objects that slabs of CPUs could have: the kernel counts all of them as active. */
static long in_cpus(const char *name)
{
	int i;

	for (i = 0; i < nr_folders; i++)
		if (!strcmp(folders[i].name, name))
			return number_in(folders[i].cpu_slabs) *
			       number_in(folders[i].num);
	return 0;
}

/* Caches that CPUs have slabs of. */
static int nr_in_cpus(void)
{
	int nr = 0, i;

	for (i = 0; i < nr_folders; i++)
		nr += number_in(folders[i].cpu_slabs) > 0;
	return nr;
}

/* The change of a cache by the mirror, of all its twins of that name. */
static int change_of(const char *name, long *change)
{
	char *line, *next, found[64];
	int known = 0;

	*change = 0;
	for (line = objects_text; line && *line; line = next) {
		long this;

		next = strchr(line, '\n');
		if (next)
			next++;
		if (sscanf(line, "%63s %*s %*s %*s %ld", found, &this) == 2 &&
		    !strcmp(found, name)) {
			*change += this;
			known = 1;
		}
	}
	return known;
}

static void look(const char *dir, const char *name)
{
	char path[512], *line, *next;
	FILE *out;
	int try;

	/* The rest of the machine works, too: a moment in which it does little will come. */
	for (try = 0; try < 50; try++) {
		shrink_all();
		read_all(slabinfo, slabinfo_text);
		read_all(objects, objects_text);
		if (nr_in_cpus() <= 2)
			break;
		usleep(20000);
	}

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	out = fopen(path, "w");
	if (!out)
		err(1, "%s", path);
	for (line = slabinfo_text; line && *line; line = next) {
		char cache[64];
		long active, change;

		next = strchr(line, '\n');
		if (next)
			next++;
		if (sscanf(line, "%63s %ld", cache, &active) != 2 ||
		    !change_of(cache, &change))
			continue;
		fprintf(out, "%s %ld %ld %ld\n", cache, active, change,
			in_cpus(cache));
	}
	if (fclose(out))
		err(1, "%s", path);
}

int main(int argc, char **argv)
{
	char name[64];

	if (argc != 2)
		errx(2, "usage: objects_look DIR");
	open_folders();
	slabinfo = open("/proc/slabinfo", O_RDONLY);
	objects = open("/sys/kernel/debug/mymm/mirror/objects", O_RDWR);
	if (slabinfo < 0 || objects < 0)
		err(1, "/proc/slabinfo, or mymm/mirror/objects");
	read_all(slabinfo, slabinfo_text);
	read_all(objects, objects_text);
	while (fgets(name, sizeof(name), stdin)) {
		name[strcspn(name, "\n")] = 0;
		look(argv[1], name);
		printf("%s\n", name);
		fflush(stdout);
	}
	return 0;
}
