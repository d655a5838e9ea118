// SPDX-License-Identifier: GPL-2.0
/*
 * The caches view: slabinfo, and, of ours, what debugfs knows beside it: the peak, failures, and
 * how many allocations a magazine served. The kernel has none of that unless it was built to
 * count it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mymm_top.h"

#define MAGAZINES "/sys/kernel/debug/mymm/magazines"
#define STATS "/sys/kernel/debug/mymm/caches/%s/stats"

enum {
	C_NAME,
	C_USED,
	C_PEAK,
	C_OBJECTS,
	C_SHARE,
	C_BYTES,
	C_PER_SLAB,
	C_FRAMES,
	C_SLABS,
	C_MEMORY,
	C_FAILED,
	C_MAGAZINE,
	C_GROWTH,
};

static const struct column columns[] = {
	[C_NAME] = { "NAME", "name", 'n', FORM_NAME, 16, 0, 0 },
	[C_USED] = { "IN USE", "objects_in_use", 'a', FORM_COUNT, 7, 0, 0 },
	[C_PEAK] = { "PEAK", "objects_peak", 'k', FORM_COUNT, 7, 0, 0 },
	[C_OBJECTS] = { "OBJECTS", "objects", 'o', FORM_COUNT, 7, 0, 0 },
	[C_SHARE] = { "USE%", "use_permille", 'u', FORM_PERMILLE, 5, 1, 0 },
	[C_BYTES] = { "SIZE", "slot_bytes", 's', FORM_COUNT, 5, 0, 0 },
	[C_PER_SLAB] = { "A SLAB", "slab_objects", 'b', FORM_COUNT, 6, 3, 0 },
	[C_FRAMES] = { "FRAMES", "slab_frames", 'p', FORM_COUNT, 6, 3, 0 },
	[C_SLABS] = { "SLABS", "slabs", 'l', FORM_COUNT, 6, 2, 0 },
	[C_MEMORY] = { "MEMORY", "memory_bytes", 'c', FORM_BYTES, 7, 0, 0 },
	[C_FAILED] = { "FAIL", "allocs_failed", 'f', FORM_COUNT, 5, 0, 0 },
	[C_MAGAZINE] = { "MAG%", "magazine_permille", 'm', FORM_PERMILLE, 5, 0,
			 0 },
	[C_GROWTH] = { "GROW/S", NULL, 'g', FORM_RATE, 7, 0, C_USED },
	{ 0 },
};

/* A name is a directory's, in which / is !. */
static void read_stats(struct row *row)
{
	char path[sizeof(STATS) + sizeof(row->name)], name[sizeof(row->name)];
	char *text, *at, *line;

	strcpy(name, row->name);
	for (at = name; *at; at++)
		if (*at == '/')
			*at = '!';
	snprintf(path, sizeof(path), STATS, name);
	text = file_try(path);
	at = text;
	while (text && (line = file_line(&at))) {
		unsigned long long n;

		if (sscanf(line, "objects_out_peak %llu", &n) == 1)
			row->cell[C_PEAK] = n;
		else if (sscanf(line, "allocs_failed %llu", &n) == 1)
			row->cell[C_FAILED] = n;
	}
	free(text);
}

/* The caches are in the order of slabinfo, mostly. */
static void read_magazines(struct table *table)
{
	char *text = file_try(MAGAZINES), *at = text, *line;
	size_t from = 0;

	while (text && (line = file_line(&at))) {
		unsigned long long hits, misses;
		char name[64];

		if (sscanf(line, "%63s %*u %*u %*u : %llu %llu", name, &hits,
			   &misses) != 3 ||
		    !(hits + misses))
			continue;
		for (size_t i = 0; i < table->nr; i++) {
			struct row *row = &table->row[(from + i) % table->nr];

			if (strcmp(row->name, name))
				continue;
			row->cell[C_MAGAZINE] = hits * 1000 / (hits + misses);
			from += i + 1;
			break;
		}
	}
	free(text);
}

static int read_caches(struct table *table, bool real)
{
	char *text = file_text(real ? "/proc/slabinfo" : "/proc/myslabinfo");
	char *at = text, *line;

	if (!text)
		return FAILED;
	table->has = (1U << (C_GROWTH + 1)) - 1;
	if (real)
		table->has &=
			~(1U << C_PEAK | 1U << C_FAILED | 1U << C_MAGAZINE);
	while ((line = file_line(&at))) {
		struct cache_row cache;
		struct row *row;

		if (!cache_row_parse(&cache, line))
			continue; /* a head */
		row = table_add(table, cache.name, 0);
		row->cell[C_USED] = cache.used;
		row->cell[C_OBJECTS] = cache.objects;
		if (cache.objects)
			row->cell[C_SHARE] = cache.used * 1000 / cache.objects;
		row->cell[C_BYTES] = cache.bytes;
		row->cell[C_PER_SLAB] = cache.per_slab;
		row->cell[C_FRAMES] = cache.frames;
		row->cell[C_SLABS] = cache.slabs;
		row->cell[C_MEMORY] =
			cache.slabs * cache.frames * sysconf(_SC_PAGESIZE);
		if (!real)
			read_stats(row);
	}
	free(text);
	if (!real)
		read_magazines(table);
	return OK;
}

static void head_lay(struct page *page, const struct table *table)
{
	uint64_t used = 0, objects = 0, slabs = 0, bytes = 0;

	for (size_t i = 0; i < table->nr; i++) {
		used += table->row[i].cell[C_USED];
		objects += table->row[i].cell[C_OBJECTS];
		slabs += table->row[i].cell[C_SLABS];
		bytes += table->row[i].cell[C_MEMORY];
	}
	page_put(page, HUE_PLAIN, "%s: %s of %s objects in use; %s, %s",
		 plural(table->nr, "cache", "caches"), count_text(used),
		 count_text(objects), plural(slabs, "slab", "slabs"),
		 bytes_text(bytes));
}

const struct view caches_view = {
	.name = "caches",
	.brief = "objects, peaks, failures, magazines, growth",
	.columns = columns,
	.sort = C_MEMORY,
	.read = read_caches,
	.head = head_lay,
};
