// SPDX-License-Identifier: GPL-2.0
/*
 * A view as a page, and as a JSON document. The page is the same for -b and for the screen, but
 * that -b shows all rows, and the details of each.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mymm_top.h"

const struct view *const views[] = { &zones_view,     &caches_view,
				     &processes_view, &owners_view,
				     &frames_view,    NULL };

uint64_t top_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ULL + now.tv_nsec / 1000;
}

void top_start(struct top *top)
{
	int nr = 0;

	while (views[nr])
		nr++;
	top->table = xzalloc(nr, sizeof(*top->table));
	for (int i = 0; i < nr; i++) {
		top->table[i].columns = views[i]->columns;
		top->table[i].sort = views[i]->sort;
	}
}

void top_end(struct top *top)
{
	for (int i = 0; views[i]; i++) {
		free(top->table[i].row);
		free(top->table[i].old);
	}
	free(top->table);
}

int top_sample(struct top *top)
{
	struct table *table = &top->table[top->view];
	int rc;

	top->error[0] = 0;
	table_begin(table);
	say_keep(true);
	rc = views[top->view]->read(table, top->real);
	say_keep(false);
	if (rc) {
		snprintf(top->error, sizeof(top->error), "%s", say_kept());
		table->nr = 0;
	}
	table_end(table, rc ? 0 : top_now());
	return rc;
}

static void title(const struct top *top, struct page *page)
{
	const struct view *view = views[top->view];
	char right[64], clock[16];
	time_t now = time(NULL);

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
	snprintf(right, sizeof(right), "%s, each %g s", clock,
		 top->delay / 1e6);
	page_line(page);
	page_put(page, HUE_HEAD, "mymm top: %s of the %s", view->name,
		 top->real ? "kernel" : "pool");
	page_to(page, page->width - (int)strlen(right));
	page_put(page, HUE_PLAIN, "%s", right);
}

/* Details want room, too: a table of many rows has a third of the page, or five. */
static int table_rows(const struct view *view, const struct page *page)
{
	int left = page_left(page) - 1;

	if (!view->detail || !page->height)
		return left;
	return page->height / 3 > 5 ? page->height / 3 : 5;
}

void top_lay(struct top *top, struct page *page, bool select)
{
	const struct view *view = views[top->view];
	struct table *table = &top->table[top->view];
	size_t from = select ? table->selected : 0;

	title(top, page);
	if (top->error[0]) {
		for (size_t at = 0; at < strlen(top->error);
		     at += page->width) {
			page_line(page);
			page_put(page, HUE_BAD, "%s", top->error + at);
		}
		return;
	}
	page_line(page);
	if (view->head)
		view->head(page, table);
	table_lay(page, table, table_rows(view, page), select);
	for (size_t i = 0; view->detail && i < table->nr && page_left(page);
	     i++)
		view->detail(page, &table->row[(from + i) % table->nr]);
}

void top_json(const struct top *top)
{
	const struct view *view = views[top->view];
	const struct table *table = &top->table[top->view];

	json_open(NULL, '{');
	json_text("of", top->real ? "kernel" : "pool");
	json_number("clock_us", table->taken);
	if (view->head_json)
		view->head_json();
	json_open(view->name, '[');
	for (size_t i = 0; i < table->nr; i++) {
		json_open(NULL, '{');
		table_row_json(table, &table->row[i]);
		if (view->row_json)
			view->row_json(&table->row[i]);
		json_close();
	}
	json_close();
	json_close();
}
