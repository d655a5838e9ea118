/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of top share. Each layer knows those above it in this list only:
 *
 *	mymm_top_page.c    lines of coloured cells
 *	mymm_top_table.c   rows and columns: growth, order, selection; as lines, as JSON
 *	mymm_top_zones.c   zones: the files, and what stands under the table
 *	mymm_top_caches.c  caches
 *	mymm_top_processes.c
 *	mymm_top_owners.c
 *	mymm_top_frames.c
 *	mymm_top_view.c    a view as a page and as a document, the same for -b and the screen
 *	mymm_top_screen.c  the screen and its keys, with ncurses
 *	mymm_top.c         the command and its options; -b and --json
 */
#ifndef _MYMM_TOP_H
#define _MYMM_TOP_H

#include "mymm_cli.h"

/* --- mymm_top_page.c --- */

enum hue {
	HUE_PLAIN,
	HUE_HEAD, /* what names things */
	HUE_BAR,
	HUE_REST, /* of a bar */
	HUE_WARN,
	HUE_BAD,
	HUE_SELECTED,
	HUES,
};

struct page_line {
	int len, width;
	char *text;
	unsigned char *hue; /* an enum hue for each cell */
};

/**
 * struct page - lines of cells, each an ASCII character and how it is coloured
 * @width: cells of a line; what does not fit is cut off
 * @height: the most lines; 0: any number
 * @nr: lines that are there
 * @room: lines that @line has buffers for
 * @full: the last page_line() found no room
 * @line: them
 */
struct page {
	int width, height;
	int nr, room;
	bool full;
	struct page_line *line;
};

void page_begin(struct page *page, int width, int height);
/* Begins a line; false, and page_put() does nothing, if there is no room for it. */
bool page_line(struct page *page);
/* Lines that there is still room for. */
int page_left(const struct page *page);
void page_put(struct page *page, enum hue hue, const char *fmt, ...)
	__printf(3, 4);
/* Moves to that column of the line. */
void page_to(struct page *page, int column);
/* [###.....]: @part of @whole, of so many cells with the brackets. */
void page_bar(struct page *page, int cells, uint64_t part, uint64_t whole);
/* Colours the whole line. */
void page_mark(struct page *page, enum hue hue);
void page_print(const struct page *page);
void page_free(struct page *page);

/* --- mymm_top_table.c --- */

#define CELLS_MAX 16
#define CELL_NONE INT64_MIN /* a dash; null in JSON */

enum form {
	FORM_NAME, /* the row's name; one column has it */
	FORM_COUNT,
	FORM_BYTES,
	FORM_PERMILLE, /* shown in per cent */
	FORM_RATE, /* a second; not in JSON */
	FORM_BYTES_RATE,
};

/**
 * struct column - of a table
 * @head: as shown
 * @key: in JSON
 * @letter: the key that sorts by it
 * @form: of its cells
 * @width: in cells; of a name the least
 * @rank: where the width is small those of the highest rank are left out; 0: never
 * @of: of a rate: the column that it is the growth of
 */
struct column {
	const char *head;
	const char *key;
	char letter;
	enum form form;
	int width;
	int rank;
	int of;
};

/**
 * struct row - of a table
 * @name: shown with ? for what is no ASCII
 * @id: with the name it says which row of the sample before is the same
 * @nr: from which the view finds the rest that it knows of it
 * @cell: by column
 */
struct row {
	char name[128];
	uint64_t id;
	uint32_t nr;
	int64_t cell[CELLS_MAX];
};

/**
 * struct table - a sample, and how it is looked at
 * @columns: ends with a zeroed member
 * @has: which columns the source of the figures has, a bit each
 * @row: sorted; @nr of them, room for @room
 * @old: of the sample before, @nr_old, in the order in which they were read
 * @taken: when the sample was taken, in microseconds of the monotonic clock; 0: there is none
 * @sort: the column; -1: as read
 * @reversed: the other way round
 * @selected: an index into @row, and the same as name and id
 * @first: the first row that is shown
 */
struct table {
	const struct column *columns;
	uint32_t has;
	struct row *row, *old;
	size_t nr, room, nr_old, room_old;
	uint64_t taken;
	int sort;
	bool reversed;
	size_t selected, first;
	char selected_name[128];
	uint64_t selected_id;
};

/* A sample is read between these two: rows are added one by one, with dashes for cells. */
void table_begin(struct table *table);
struct row *table_add(struct table *table, const char *name, uint64_t id);
/* @now: as @taken; 0 after a sample that failed, so that the next one does not grow from it. */
void table_end(struct table *table, uint64_t now);

void table_sort(struct table *table);
/* Selects the row so far below, or above; the first or the last if there is none. */
void table_move(struct table *table, long rows);
/* The column that the letter sorts by, or that has that head; -1: none. */
int table_column(const struct table *table, const char *name);
/* The head and up to so many rows. */
void table_lay(struct page *page, struct table *table, int rows, bool select);
void table_row_json(const struct table *table, const struct row *row);
/* The number in at most so many characters: 123456, 12345K. */
const char *short_text(int64_t n, int width, enum form form);

/* --- the views --- */

/* What a view did with a key. */
enum view_key {
	VIEW_KEY_NONE, /* it is not one of its own */
	VIEW_KEY_DONE,
	VIEW_KEY_SAMPLE, /* which wants another sample */
};

/* Keys that are no characters. */
#define VIEW_PAGE_UP 0x100
#define VIEW_PAGE_DOWN 0x101

/**
 * struct view - something to look at
 * @name: in the command line, and what the rows are called in JSON
 * @brief: what it shows
 * @columns: of its table
 * @sort: the column to begin with; -1: as read
 * @read: adds the rows; real: from the kernel's own files. FAILED, and that was said
 * @head: puts a line that is about all rows; may be NULL
 * @detail: lines about a row, below the table; may be NULL
 * @head_json: members of the document; may be NULL
 * @row_json: members of a row; may be NULL
 * @key: its own keys; may be NULL
 */
struct view {
	const char *name;
	const char *brief;
	const struct column *columns;
	int sort;
	int (*read)(struct table *table, bool real);
	void (*head)(struct page *page, const struct table *table);
	void (*detail)(struct page *page, const struct row *row);
	void (*head_json)(void);
	void (*row_json)(const struct row *row);
	enum view_key (*key)(int c);
};

extern const struct view zones_view, caches_view, processes_view, owners_view;
extern const struct view frames_view;

/* What the map of frames is by: state, order, type, owner. */
int frames_by(const char *name);

/* --- mymm_top_view.c --- */

/**
 * struct top - what is looked at, and how
 * @real: the kernel's own files
 * @delay: between two samples, in microseconds
 * @view: which of the views
 * @table: of each view
 * @error: why there is no sample; "" if there is one
 */
struct top {
	bool real;
	uint64_t delay;
	int view;
	struct table *table;
	char error[256];
};

extern const struct view *const views[]; /* NULL is the last */

uint64_t top_now(void); /* microseconds, monotonic */
void top_start(struct top *top);
void top_end(struct top *top);
/* Takes a sample of the view. FAILED, and top->error says why; the last one stays. */
int top_sample(struct top *top);
/* The page of the view; @select: it has a selected row, which is in sight. */
void top_lay(struct top *top, struct page *page, bool select);
void top_json(const struct top *top);

/* --- mymm_top_screen.c --- */

/* Until q, or for so many samples; 0: any number. */
int top_screen(struct top *top, uint64_t samples);

#endif /* _MYMM_TOP_H */
