// SPDX-License-Identifier: GPL-2.0
/*
 * Pages: lines of cells, laid out once and then printed (top -b) or drawn (the screen), so that
 * both show the same. A cell is one printable ASCII character, as a serial line has it.
 */
#include <stdlib.h>
#include <string.h>

#include "mymm_top.h"

void page_begin(struct page *page, int width, int height)
{
	page->width = width;
	page->height = height;
	page->nr = 0;
	page->full = false;
}

bool page_line(struct page *page)
{
	struct page_line *line;

	page->full = page->height && page->nr >= page->height;
	if (page->full)
		return false;
	if (page->nr == page->room) {
		page->room = page->room ? 2 * page->room : 64;
		page->line =
			xalloc(page->line, page->room, sizeof(*page->line));
		memset(page->line + page->nr, 0,
		       (page->room - page->nr) * sizeof(*page->line));
	}
	line = &page->line[page->nr++];
	if (line->width < page->width) {
		line->width = page->width;
		line->text = xalloc(line->text, line->width, 1);
		line->hue = xalloc(line->hue, line->width, 1);
	}
	line->len = 0;
	return true;
}

int page_left(const struct page *page)
{
	if (!page->height)
		return INT32_MAX;
	return page->nr < page->height ? page->height - page->nr : 0;
}

static void put_cell(struct page *page, enum hue hue, char c)
{
	struct page_line *line = &page->line[page->nr - 1];

	if (page->full || line->len == page->width)
		return;
	line->text[line->len] = c < ' ' || c > '~' ? '?' : c;
	line->hue[line->len++] = hue;
}

void page_put(struct page *page, enum hue hue, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (const char *at = text; *at; at++)
		put_cell(page, hue, *at);
}

void page_to(struct page *page, int column)
{
	const struct page_line *line = &page->line[page->nr - 1];

	while (!page->full && line->len < column && line->len < page->width)
		put_cell(page, HUE_PLAIN, ' ');
}

void page_bar(struct page *page, int cells, uint64_t part, uint64_t whole)
{
	int inner = cells - 2, filled = 0;

	if (inner < 1)
		return;
	if (whole)
		filled = (part * inner + whole / 2) / whole;
	if (part && !filled)
		filled = 1;
	if (part < whole && filled >= inner)
		filled = inner - 1;
	put_cell(page, HUE_PLAIN, '[');
	for (int i = 0; i < inner; i++)
		put_cell(page, i < filled ? HUE_BAR : HUE_REST,
			 i < filled ? '#' : '.');
	put_cell(page, HUE_PLAIN, ']');
}

void page_mark(struct page *page, enum hue hue)
{
	struct page_line *line = &page->line[page->nr - 1];

	page_to(page, page->width);
	if (!page->full)
		memset(line->hue, hue, line->len);
}

void page_print(const struct page *page)
{
	for (int i = 0; i < page->nr; i++) {
		const struct page_line *line = &page->line[i];
		int len = line->len;

		while (len && line->text[len - 1] == ' ')
			len--;
		printf("%.*s\n", len, line->text);
	}
}

void page_free(struct page *page)
{
	for (int i = 0; i < page->room; i++) {
		free(page->line[i].text);
		free(page->line[i].hue);
	}
	free(page->line);
	memset(page, 0, sizeof(*page));
}
