// SPDX-License-Identifier: GPL-2.0
/*
 * top: the pool at a glance, again and again; or, with --real, the kernel.
 *
 * On a terminal it is a screen with keys; -b prints the same pages one after the other, and
 * --json the figures.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mymm_top.h"

#define LEAST_DELAY 100000 /* microseconds */
#define MOST_DELAY 3600000000ULL

/* 3, 0.5 */
static int parse_delay(const char *text, uint64_t *us)
{
	char *end;
	double seconds = strtod(text, &end);

	if (!strchr(".0123456789", *text) || end == text || *end)
		return misused("delay '%s' is no number of seconds", text);
	if (!(seconds >= LEAST_DELAY / 1e6 && seconds <= MOST_DELAY / 1e6))
		return misused("delay %s is out of range 0.1..3600", text);
	*us = seconds * 1e6 + 0.5;
	return OK;
}

static int parse_view(const char *name, int *view)
{
	char names[128] = "";

	for (int i = 0; views[i]; i++) {
		if (!strcmp(views[i]->name, name)) {
			*view = i;
			return OK;
		}
		snprintf(names + strlen(names), sizeof(names) - strlen(names),
			 "%s%s", i ? ", " : "", views[i]->name);
	}
	return misused("view '%s' is none of %s", name, names);
}

static int parse_sort(const char *name, struct table *table)
{
	char names[256] = "";

	table->sort = table_column(table, name);
	if (table->sort >= 0)
		return OK;
	for (int i = 0; table->columns[i].head; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names),
			 "%s%s", i ? ", " : "", table->columns[i].head);
	return misused("column '%s' is none of %s", name, names);
}

/* The next moment of a sample is reckoned from the last, so that they do not drift. */
static void wait_until(uint64_t us)
{
	struct timespec at = { us / 1000000, us % 1000000 * 1000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) ==
	       EINTR)
		;
}

static int in_batch(struct top *top, uint64_t samples, int width, bool json)
{
	struct page page = { 0 };
	uint64_t next = top_now();
	int rc = OK;

	for (uint64_t i = 0; !samples || i < samples; i++) {
		if (i) {
			next += top->delay;
			if (next < top_now())
				next = top_now(); /* it was stopped */
			wait_until(next);
			if (top_sample(top)) {
				rc = failed(0, "%s", top->error);
				break;
			}
			if (!json)
				putchar('\n');
		}
		if (json) {
			top_json(top);
		} else {
			page_begin(&page, width, 0);
			top_lay(top, &page, false);
			page_print(&page);
		}
		if (fflush(stdout)) {
			rc = failed(errno, "stdout: %s", strerror(errno));
			break;
		}
	}
	page_free(&page);
	return rc;
}

static int run_top(struct session *unused, const struct args *args)
{
	bool json = args_get(args, "json"), batch = args_get(args, "batch");
	struct top top = { .delay = 3000000, .real = args_get(args, "real") };
	const char *delay = args_get(args, "delay");
	const char *view = args_get(args, "view");
	const char *sort = args_get(args, "sort");
	const char *by = args_get(args, "by");
	const char *number = args_get(args, "number");
	const char *columns = args_get(args, "width");
	uint64_t samples = json ? 1 : 0, width = 80;
	int rc = OK;

	(void)unused;
	if (delay)
		rc = parse_delay(delay, &top.delay);
	if (!rc && view)
		rc = parse_view(view, &top.view);
	if (!rc && by)
		rc = frames_by(by);
	if (!rc && number)
		rc = parse_number(number, "number", 1, UINT32_MAX, &samples);
	if (!rc && columns)
		rc = parse_number(columns, "width", 80, 500, &width);
	if (!rc && columns && (json || !batch))
		rc = misused("--width is for -b");
	if (rc)
		return rc;
	top_start(&top);
	if (sort)
		rc = parse_sort(sort, &top.table[top.view]);
	if (!rc && !batch && !json && !isatty(1))
		rc = misused(
			"stdout is no terminal: -b prints pages, --json documents");
	if (!rc && !batch && !json && !isatty(0))
		rc = misused(
			"stdin is no terminal, which has the keys: -b prints pages without");
	if (!rc && top_sample(&top))
		rc = failed(0, "%s", top.error);
	if (!rc && (batch || json))
		rc = in_batch(&top, samples, width, json);
	else if (!rc)
		rc = top_screen(&top, samples);
	top_end(&top);
	return rc;
}

static const struct opt top_opts[] = {
	{ 'd', "delay", "SECONDS", "between two samples, 0.1 to 3600; 3" },
	{ 'n', "number", "N", "end after N samples; with --json 1" },
	{ 'b', "batch", NULL, "print pages, for no terminal" },
	{ 'w', "width", "N", "of pages with -b, from 80; 80" },
	OPT_JSON,
	{ 'r', "real", NULL, "the kernel's own files: /proc/buddyinfo, ..." },
	{ 'v', "view", "VIEW",
	  "begin with it: zones, caches, processes, owners, frames" },
	{ 's', "sort", "COLUMN",
	  "by it: its head, or the letter that is its key" },
	{ 0, "by", "WHAT", "the map of frames: state, order, type, owner" },
	OPTS_END,
};

const struct command top_commands[] = {
	{
		.name = "top",
		.brief = "the pool at a glance, on a screen; or the kernel",
		.operands = "",
		.text = "Keys: digits, Tab choose the view, up and down select, < and > choose\n"
			"the column to sort by, I turns the order round, d sets the delay, q ends,\n"
			"h shows all keys. K, M, G are 1024 of bytes, 1000 of a count that is too\n"
			"long.\n",
		.opts = top_opts,
		.flags = COMMAND_NO_DOOR | COMMAND_NOT_INSIDE,
		.run = run_top,
	},
	{ 0 },
};
