// SPDX-License-Identifier: GPL-2.0
/*
 * The owners view: which code holds most, and which grows. Of the pool it is debugfs
 * page_owner_sites, by call site and session; of the kernel /proc/allocinfo, by line of the
 * source, which few kernels have.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mymm_top.h"

#define SITES "/sys/kernel/debug/mymm/page_owner_sites"
#define ALLOCINFO "/proc/allocinfo"

enum {
	O_MEMORY,
	O_FRAMES,
	O_BLOCKS,
	O_GROWTH,
	O_SESSION,
	O_NAME,
};

static const struct column columns[] = {
	[O_MEMORY] = { "MEMORY", "memory_bytes", 'm', FORM_BYTES, 8, 0, 0 },
	[O_FRAMES] = { "FRAMES", "frames", 'f', FORM_COUNT, 8, 0, 0 },
	[O_BLOCKS] = { "BLOCKS", "blocks", 'b', FORM_COUNT, 8, 0, 0 },
	[O_GROWTH] = { "GROW/S", NULL, 'g', FORM_BYTES_RATE, 7, 0, O_MEMORY },
	[O_SESSION] = { "SESSION", "session", 's', FORM_COUNT, 7, 0, 0 },
	[O_NAME] = { "CALL SITE", "call_site", 'n', FORM_NAME, 20, 0, 0 },
	{ 0 },
};

static int read_owners(struct table *table, bool real)
{
	char *text = file_text(real ? ALLOCINFO : SITES), *at = text, *line;

	if (!text)
		return FAILED;
	table->has = (1U << (O_NAME + 1)) - 1;
	if (real)
		table->has &= ~(1U << O_FRAMES | 1U << O_SESSION);
	while ((line = file_line(&at))) {
		unsigned long long size = 0, blocks = 0, session = 0;
		struct row *row;
		int used = 0;

		if (real)
			sscanf(line, "%llu %llu %n", &size, &blocks, &used);
		else
			sscanf(line, "%llu %llu %llu %n", &size, &blocks,
			       &session, &used);
		if (!used || !blocks)
			continue; /* a head, or what holds nothing */
		row = table_add(table, line + used, session);
		row->cell[O_BLOCKS] = blocks;
		row->cell[O_MEMORY] = real ? size :
					     size * sysconf(_SC_PAGESIZE);
		if (real)
			continue;
		row->cell[O_FRAMES] = size;
		row->cell[O_SESSION] = session;
	}
	free(text);
	return OK;
}

static void head_lay(struct page *page, const struct table *table)
{
	uint64_t bytes = 0, blocks = 0;

	for (size_t i = 0; i < table->nr; i++) {
		bytes += table->row[i].cell[O_MEMORY];
		blocks += table->row[i].cell[O_BLOCKS];
	}
	page_put(page, HUE_PLAIN, "%s: %s in %s",
		 plural(table->nr, "owner", "owners"), bytes_text(bytes),
		 plural(blocks, "block", "blocks"));
}

const struct view owners_view = {
	.name = "owners",
	.brief = "which code holds most, and which grows",
	.columns = columns,
	.sort = O_MEMORY,
	.read = read_owners,
	.head = head_lay,
};
