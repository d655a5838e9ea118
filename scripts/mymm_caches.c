// SPDX-License-Identifier: GPL-2.0
/*
 * caches: what each cache of a pool has, from /proc/myslabinfo; of a pool that is not the
 * default one from debugfs mymm/pools/slabinfo, where each pool's part follows a line
 * "# pool NAME".
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mymm_cli.h"

#define OF_DEFAULT "/proc/myslabinfo"
#define OF_ALL "/sys/kernel/debug/mymm/pools/slabinfo"

struct row {
	char name[MYMM_NAME_LEN];
	unsigned long long used, objects, bytes, per_slab, frames, slabs;
};

struct rows {
	struct row *row;
	size_t nr, room;
};

static void add_row(struct rows *rows, const char *line)
{
	struct row row;

	if (sscanf(line,
		   "%31s %llu %llu %llu %llu %llu : tunables %*u %*u %*u : slabdata %*u %llu",
		   row.name, &row.used, &row.objects, &row.bytes, &row.per_slab,
		   &row.frames, &row.slabs) != 7)
		return; /* a head */
	if (rows->nr == rows->room) {
		rows->room = rows->room ? 2 * rows->room : 64;
		rows->row = xalloc(rows->row, rows->room, sizeof(*rows->row));
	}
	rows->row[rows->nr++] = row;
}

/* Of the pool of that name, or, with NULL, of a file of one pool. */
static int read_rows(struct rows *rows, const char *pool)
{
	static const char mark[] = "# pool ";
	const char *path = pool ? OF_ALL : OF_DEFAULT;
	FILE *file = fopen(path, "re");
	bool here = !pool, found = !pool;
	char line[512];

	if (!file)
		return failed(errno, "%s: %s%s", path, strerror(errno),
			      errno != ENOENT ? "" :
			      pool	      ? ": is debugfs mounted?" :
						": is the module loaded?");
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		if (pool && !strncmp(line, mark, sizeof(mark) - 1)) {
			here = !found && !strcmp(line + sizeof(mark) - 1, pool);
			found |= here;
		} else if (here) {
			add_row(rows, line);
		}
	}
	if (ferror(file)) {
		int err = errno;

		fclose(file);
		return failed(err, "%s: %s", path, strerror(err));
	}
	fclose(file);
	return found ? OK :
		       failed(ENODEV, "there is no pool '%s'; see %s", pool,
			      "/sys/kernel/debug/mymm/pools/list");
}

static void as_json(const struct rows *rows, const char *pool)
{
	json_open(NULL, '{');
	json_text("pool", pool ? pool : "default");
	json_open("caches", '[');
	for (size_t i = 0; i < rows->nr; i++) {
		const struct row *row = &rows->row[i];

		json_open(NULL, '{');
		json_text("name", row->name);
		json_number("objects_in_use", row->used);
		json_number("objects", row->objects);
		json_number("slot_bytes", row->bytes);
		json_number("slab_objects", row->per_slab);
		json_number("slab_frames", row->frames);
		json_number("slabs", row->slabs);
		json_close();
	}
	json_close();
	json_close();
}

static void as_table(const struct rows *rows)
{
	printf("%-20s %9s %9s %7s %7s %7s %7s %9s\n", "name", "in use",
	       "objects", "bytes", "a slab", "frames", "slabs", "memory");
	for (size_t i = 0; i < rows->nr; i++) {
		const struct row *row = &rows->row[i];

		printf("%-20s %9s %9s %7llu %7llu %7llu %7s %9s\n", row->name,
		       count_text(row->used), count_text(row->objects),
		       row->bytes, row->per_slab, row->frames,
		       count_text(row->slabs),
		       bytes_text(row->slabs * row->frames *
				  sysconf(_SC_PAGESIZE)));
	}
}

static int run_caches(struct session *unused, const struct args *args)
{
	const char *pool = args_get(args, "pool");
	struct rows rows = { 0 };
	int rc = read_rows(&rows, pool);

	(void)unused;
	if (!rc && args_get(args, "json"))
		as_json(&rows, pool);
	else if (!rc)
		as_table(&rows);
	free(rows.row);
	return rc;
}

static const struct opt caches_opts[] = {
	OPT_POOL,
	OPT_JSON,
	OPTS_END,
};

const struct command caches_commands[] = {
	{
		.name = "caches",
		.brief = "the pool's caches: objects, slabs, memory",
		.operands = "",
		.text = "Bytes are those from one object to the next, frames those of a slab.\n"
			"Caches of the slob engine share their pages: only objects of a page and\n"
			"more have slabs.\n",
		.opts = caches_opts,
		.flags = COMMAND_NO_DOOR,
		.run = run_caches,
	},
	{ 0 },
};
