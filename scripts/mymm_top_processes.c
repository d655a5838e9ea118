// SPDX-License-Identifier: GPL-2.0
/*
 * The processes view: those that have memory of the pool, from /proc/mymm_tasks; or those of the
 * machine, from the status and the OOM figures of each. Threads of the kernel have no memory of
 * their own, and are left out.
 *
 * The score is what the OOM killer compares: in pages for the pool, in thousandths of what may be
 * used in /proc/PID/oom_score. A dash is a process that is never killed.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mymm_top.h"

#define TASKS "/proc/mymm_tasks"

enum {
	P_PID,
	P_VSS,
	P_RSS,
	P_SWAPPED,
	P_TABLES,
	P_ADJ,
	P_SCORE,
	P_GROWTH,
	P_NAME,
};

static const struct column columns[] = {
	[P_PID] = { "PID", "pid", 'p', FORM_COUNT, 7, 0, 0 },
	[P_VSS] = { "VSS", "vss_bytes", 'v', FORM_BYTES, 7, 0, 0 },
	[P_RSS] = { "RSS", "rss_bytes", 'r', FORM_BYTES, 7, 0, 0 },
	[P_SWAPPED] = { "SWAPPED", "swapped_bytes", 'w', FORM_BYTES, 7, 0, 0 },
	[P_TABLES] = { "TABLES", "tables_bytes", 't', FORM_BYTES, 7, 0, 0 },
	[P_ADJ] = { "ADJ", "oom_score_adj", 'a', FORM_COUNT, 5, 0, 0 },
	[P_SCORE] = { "SCORE", "oom_score", 's', FORM_COUNT, 8, 0, 0 },
	[P_GROWTH] = { "GROW/S", NULL, 'g', FORM_BYTES_RATE, 7, 0, P_RSS },
	[P_NAME] = { "COMM", "comm", 'n', FORM_NAME, 10, 0, 0 },
	{ 0 },
};

static int read_pool(struct table *table)
{
	char *text = file_text(TASKS), *at = text, *line;

	if (!text)
		return FAILED;
	while ((line = file_line(&at))) {
		unsigned long long pid, kib[4];
		char score[24];
		struct row *row;
		int used = 0, adj;

		if (sscanf(line, "%llu %llu %llu %llu %llu %d %23s %n", &pid,
			   &kib[0], &kib[1], &kib[2], &kib[3], &adj, score,
			   &used) != 7)
			continue; /* the head */
		row = table_add(table, line + used, pid);
		row->cell[P_PID] = pid;
		for (int i = 0; i < 4; i++)
			row->cell[P_VSS + i] = kib[i] * 1024;
		row->cell[P_ADJ] = adj;
		if (isdigit((unsigned char)score[0]))
			row->cell[P_SCORE] = strtoull(score, NULL, 10);
	}
	free(text);
	return OK;
}

static char *of_process(const char *pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%.20s/%s", pid, name);
	return file_try(path);
}

static int64_t number_of(const char *pid, const char *name)
{
	char *text = of_process(pid, name);
	int64_t n = text ? strtoll(text, NULL, 10) : CELL_NONE;

	free(text);
	return n;
}

/* It may have ended meanwhile. */
static void read_process(struct table *table, const char *pid)
{
	static const struct {
		const char *key;
		int cell;
	} lines[] = {
		{ "VmSize:", P_VSS },
		{ "VmRSS:", P_RSS },
		{ "VmSwap:", P_SWAPPED },
		{ "VmPTE:", P_TABLES },
	};
	char *text = of_process(pid, "status"), *at = text, *line;
	struct row *row;

	if (!text)
		return;
	if (!strstr(text, "\nVmSize:") || strncmp(text, "Name:\t", 6)) {
		free(text);
		return;
	}
	row = table_add(table, file_line(&at) + 6, strtoull(pid, NULL, 10));
	row->cell[P_PID] = (int64_t)row->id;
	while ((line = file_line(&at))) {
		for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
			size_t len = strlen(lines[i].key);

			if (!strncmp(line, lines[i].key, len))
				row->cell[lines[i].cell] =
					strtoll(line + len, NULL, 10) * 1024;
		}
	}
	free(text);
	row->cell[P_ADJ] = number_of(pid, "oom_score_adj");
	row->cell[P_SCORE] = number_of(pid, "oom_score");
}

static int read_machine(struct table *table)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		return failed(errno, "/proc: %s", strerror(errno));
	while ((entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]))
			read_process(table, entry->d_name);
	closedir(proc);
	return OK;
}

static int read_processes(struct table *table, bool real)
{
	table->has = (1U << (P_NAME + 1)) - 1;
	return real ? read_machine(table) : read_pool(table);
}

static void head_lay(struct page *page, const struct table *table)
{
	uint64_t sum[4] = { 0 };

	for (size_t i = 0; i < table->nr; i++)
		for (int cell = 0; cell < 4; cell++)
			if (table->row[i].cell[P_VSS + cell] != CELL_NONE)
				sum[cell] += table->row[i].cell[P_VSS + cell];
	page_put(page, HUE_PLAIN, "%s: %s mapped, %s there, %s swapped",
		 plural(table->nr, "process", "processes"), bytes_text(sum[0]),
		 bytes_text(sum[1]), bytes_text(sum[2]));
}

const struct view processes_view = {
	.name = "processes",
	.brief = "VSS, RSS, swapped, tables, OOM score",
	.columns = columns,
	.sort = P_RSS,
	.read = read_processes,
	.head = head_lay,
};
