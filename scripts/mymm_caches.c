// SPDX-License-Identifier: GPL-2.0
/*
 * caches: what each cache of a pool has, from /proc/myslabinfo; of a pool that is not the
 * default one from debugfs mymm/pools/slabinfo, where each pool's part follows a line
 * "# pool NAME".
 */
#include <stdlib.h>
#include <unistd.h>

#include "mymm_cli.h"

#define OF_DEFAULT "/proc/myslabinfo"
#define OF_ALL "/sys/kernel/debug/mymm/pools/slabinfo"

bool cache_row_parse(struct cache_row *row, const char *line)
{
	return sscanf(line,
		      "%63s %llu %llu %llu %llu %llu : tunables %*u %*u %*u : slabdata %*u %llu",
		      row->name, &row->used, &row->objects, &row->bytes,
		      &row->per_slab, &row->frames, &row->slabs) == 7;
}

struct rows {
	struct cache_row *row;
	size_t nr, room;
};

/* Of the pool of that name, or, with NULL, of the default one. */
static int read_rows(struct rows *rows, const char *pool)
{
	char *text = pool ? file_of_pool(OF_ALL, pool) : file_text(OF_DEFAULT);
	char *at = text, *line;

	if (!text)
		return FAILED;
	while ((line = file_line(&at))) {
		struct cache_row row;

		if (!cache_row_parse(&row, line))
			continue; /* a head */
		if (rows->nr == rows->room) {
			rows->room = rows->room ? 2 * rows->room : 64;
			rows->row = xalloc(rows->row, rows->room,
					   sizeof(*rows->row));
		}
		rows->row[rows->nr++] = row;
	}
	free(text);
	return OK;
}

static void as_json(const struct rows *rows, const char *pool)
{
	json_open(NULL, '{');
	json_text("pool", pool ? pool : "default");
	json_open("caches", '[');
	for (size_t i = 0; i < rows->nr; i++) {
		const struct cache_row *row = &rows->row[i];

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
		const struct cache_row *row = &rows->row[i];

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
