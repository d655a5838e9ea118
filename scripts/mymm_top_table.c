// SPDX-License-Identifier: GPL-2.0
/*
 * Tables: what most views are. A view adds the rows of a sample; the rest is the same for all:
 * how much a row has grown since the sample before, the order, which columns fit, and which row
 * is selected.
 *
 * A row is known by its name and its id, so the selection stays with it whatever the order
 * becomes, and, as far as there are rows enough, in its line of the screen.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mymm_top.h"

static bool is_rate(const struct column *column)
{
	return column->form == FORM_RATE || column->form == FORM_BYTES_RATE;
}

void table_begin(struct table *table)
{
	struct row *row = table->old;
	size_t room = table->room_old;

	table->old = table->row;
	table->nr_old = table->nr;
	table->room_old = table->room;
	table->row = row;
	table->nr = 0;
	table->room = room;
}

struct row *table_add(struct table *table, const char *name, uint64_t id)
{
	struct row *row;

	if (table->nr == table->room) {
		table->room = table->room ? 2 * table->room : 64;
		table->row =
			xalloc(table->row, table->room, sizeof(*table->row));
	}
	row = &table->row[table->nr];
	snprintf(row->name, sizeof(row->name), "%s", name);
	row->id = id;
	row->nr = table->nr++;
	for (int i = 0; i < CELLS_MAX; i++)
		row->cell[i] = CELL_NONE;
	return row;
}

static bool same(const struct row *row, const char *name, uint64_t id)
{
	return row->id == id && !strcmp(row->name, name);
}

static int by_number(const void *a, const void *b)
{
	const struct row *one = a, *two = b;

	return one->nr < two->nr ? -1 : one->nr > two->nr;
}

/* Most rows stand where they stood, or near it: the search begins behind the last one found. */
static const struct row *find_old(const struct table *table,
				  const struct row *row, size_t *at)
{
	for (size_t i = 0; i < table->nr_old; i++) {
		const struct row *old = &table->old[(*at + i) % table->nr_old];

		if (!same(old, row->name, row->id))
			continue;
		*at = (*at + i + 1) % table->nr_old;
		return old;
	}
	return NULL;
}

static void grow(struct table *table, int rate, uint64_t us)
{
	int of = table->columns[rate].of;
	size_t at = 0;

	for (size_t i = 0; i < table->nr; i++) {
		struct row *row = &table->row[i];
		const struct row *old = find_old(table, row, &at);

		/* A row that was not there had nothing. */
		row->cell[rate] = (row->cell[of] - (old ? old->cell[of] : 0)) *
				  1000000 / (int64_t)us;
	}
}

void table_end(struct table *table, uint64_t now)
{
	if (table->nr_old)
		qsort(table->old, table->nr_old, sizeof(*table->old),
		      by_number);
	for (int i = 0; table->columns[i].head; i++)
		if (is_rate(&table->columns[i]) && table->taken &&
		    now > table->taken)
			grow(table, i, now - table->taken);
	table->taken = now;
	table_sort(table);
}

static int compare(const void *a, const void *b, void *data)
{
	const struct row *one = a, *two = b;
	const struct table *table = data;
	int diff = 0, at = table->sort;

	if (at >= 0 && table->columns[at].form == FORM_NAME)
		diff = strcmp(one->name, two->name);
	else if (at >= 0)
		diff = one->cell[at] > two->cell[at] ?
			       -1 :
			       one->cell[at] < two->cell[at];
	if (!diff)
		diff = by_number(one, two);
	return table->reversed ? -diff : diff;
}

static void select_row(struct table *table, size_t at)
{
	table->selected = at;
	table->selected_name[0] = 0;
	if (at >= table->nr)
		return;
	strcpy(table->selected_name, table->row[at].name);
	table->selected_id = table->row[at].id;
}

void table_sort(struct table *table)
{
	size_t at;

	if (table->nr)
		qsort_r(table->row, table->nr, sizeof(*table->row), compare,
			table);
	for (at = 0; at < table->nr; at++)
		if (same(&table->row[at], table->selected_name,
			 table->selected_id))
			break;
	if (at < table->nr) {
		/* Its line stays; table_lay() sees to the ends. */
		size_t line = table->selected - table->first;

		table->first = at > line ? at - line : 0;
	} else {
		at = table->selected < table->nr ? table->selected :
		     table->nr			 ? table->nr - 1 :
						   0;
	}
	select_row(table, at);
}

void table_move(struct table *table, long rows)
{
	long at = (long)table->selected + rows;

	if (at >= (long)table->nr)
		at = (long)table->nr - 1;
	select_row(table, at < 0 ? 0 : at);
}

int table_column(const struct table *table, const char *name)
{
	for (int i = 0; table->columns[i].head; i++) {
		const struct column *column = &table->columns[i];

		if ((name[0] == column->letter && !name[1]) ||
		    !strcasecmp(name, column->head))
			return i;
	}
	return -1;
}

const char *short_text(int64_t n, int width, enum form form)
{
	static char ring[8][32];
	static unsigned int next;
	char *text = ring[next++ % 8];
	static const char units[] = " KMGTPE";
	bool rate = form == FORM_RATE || form == FORM_BYTES_RATE;
	const char *plus = rate && n > 0 ? "+" : "";
	double value = (double)n;
	int at = 0, len;

	if (n == CELL_NONE)
		return "-";
	if (form == FORM_PERMILLE) {
		snprintf(text, 32, "%.1f", value / 10);
		return text;
	}
	if (form == FORM_BYTES || form == FORM_BYTES_RATE) {
		for (; (value >= 1024 || value <= -1024) && at < 6; at++)
			value /= 1024;
		len = snprintf(text, 32,
			       value == (double)(int64_t)value ? "%s%.0f%.*s" :
								 "%s%.1f%.*s",
			       plus, value, !!at, units + at);
		if (len > width)
			snprintf(text, 32, "%s%.0f%.*s", plus, value, !!at,
				 units + at);
		return text;
	}
	len = snprintf(text, 32, "%s%lld", plus, (long long)n);
	while (len > width && at < 6) {
		value /= 1000;
		len = snprintf(text, 32, "%s%.0f%c", plus, value, units[++at]);
	}
	return text;
}

/* Which columns there is room for: a bit each. Sets the width of the name. */
static uint32_t fitting(const struct page *page, const struct table *table,
			int *name_width)
{
	const struct column *columns = table->columns;
	int used = -1, longest = 0, name = 0, highest = 0;
	uint32_t fit = 0;

	for (int i = 0; columns[i].head; i++)
		if (columns[i].rank > highest)
			highest = columns[i].rank;
	for (int rank = 0; rank <= highest; rank++) {
		for (int i = 0; columns[i].head; i++) {
			if (columns[i].rank != rank ||
			    !(table->has & 1U << i) ||
			    (rank && used + 1 + columns[i].width > page->width))
				continue;
			fit |= 1U << i;
			used += 1 + columns[i].width;
		}
	}
	while (columns[name].form != FORM_NAME)
		name++;
	for (size_t i = 0; i < table->nr; i++) {
		int len = (int)strlen(table->row[i].name);

		longest = len > longest ? len : longest;
	}
	*name_width = columns[name].width + page->width - used;
	if (longest < *name_width)
		*name_width = longest;
	if (columns[name].width > *name_width)
		*name_width = columns[name].width;
	return fit;
}

static void lay_row(struct page *page, const struct table *table, uint32_t fit,
		    int name_width, const struct row *row)
{
	bool first = true;

	for (int i = 0; table->columns[i].head; i++) {
		const struct column *column = &table->columns[i];
		const char *text = row ? NULL : column->head;
		enum hue hue = row ? HUE_PLAIN : HUE_HEAD;
		bool name = column->form == FORM_NAME;

		if (!(fit & 1U << i))
			continue;
		if (!text)
			text = name ? row->name :
				      short_text(row->cell[i], column->width,
						 column->form);
		if (!row && i == table->sort)
			hue = HUE_SELECTED;
		page_put(page, HUE_PLAIN, first ? "" : " ");
		page_put(page, hue, name ? "%-*.*s" : "%*.*s",
			 name ? name_width : column->width,
			 name ? name_width : column->width, text);
		first = false;
	}
}

void table_lay(struct page *page, struct table *table, int rows, bool select)
{
	int name_width;
	uint32_t fit = fitting(page, table, &name_width);
	size_t nr = table->nr, most = rows > 0 ? rows : 0;

	if (!select)
		table->first = 0;
	if (most > nr)
		most = nr;
	if (select && table->selected >= table->first + most)
		table->first = table->selected - most + 1;
	if (select && table->selected < table->first)
		table->first = table->selected;
	if (table->first > nr - most)
		table->first = nr - most;
	page_line(page);
	lay_row(page, table, fit, name_width, NULL);
	for (size_t i = table->first; i < table->first + most; i++) {
		if (!page_line(page))
			break;
		lay_row(page, table, fit, name_width, &table->row[i]);
		if (select && i == table->selected)
			page_mark(page, HUE_SELECTED);
	}
}

void table_row_json(const struct table *table, const struct row *row)
{
	for (int i = 0; table->columns[i].head; i++) {
		const struct column *column = &table->columns[i];

		if (!(table->has & 1U << i) || is_rate(column))
			continue;
		if (column->form == FORM_NAME)
			json_text(column->key, row->name);
		else if (row->cell[i] == CELL_NONE)
			json_text(column->key, NULL);
		else
			json_signed(column->key, row->cell[i]);
	}
}
