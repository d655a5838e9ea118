// SPDX-License-Identifier: GPL-2.0
/*
 * The screen of top, and its keys.
 *
 * It draws the page that -b prints, with the selected row in sight, and a line of keys below.
 * ncurses sends what has changed only. When a sample is due, a key comes, or the size changes,
 * the page is laid out anew.
 */
#include <curses.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#undef OK /* ours is 0, too */
#include "mymm_top.h"

#define LEAST_LINES 24
#define LEAST_COLUMNS 80

#define KEY_ESCAPE 27
#define ESCAPE_MS 25 /* after which nothing belongs to it any more */

static int attributes[HUES] = {
	[HUE_HEAD] = A_BOLD,
	[HUE_WARN] = A_BOLD,
	[HUE_BAD] = A_BOLD,
	[HUE_SELECTED] = A_REVERSE,
};

static void use_colours(void)
{
	static const struct {
		enum hue hue;
		short colour;
	} used[] = {
		{ HUE_HEAD, COLOR_CYAN },
		{ HUE_BAR, COLOR_GREEN },
		{ HUE_WARN, COLOR_YELLOW },
		{ HUE_BAD, COLOR_RED },
	};

	if (!has_colors() || start_color() == ERR)
		return;
	use_default_colors();
	for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++) {
		init_pair(i + 1, used[i].colour, -1);
		attributes[used[i].hue] |= COLOR_PAIR(i + 1);
	}
}

static void draw_line(int y, const struct page_line *line, int cells)
{
	for (int x = 0; x < line->len && x < cells; x++) {
		attrset(attributes[line->hue[x]]);
		mvaddch(y, x, (unsigned char)line->text[x]);
	}
	attrset(A_NORMAL);
}

/* The line of keys: a key stands out from what it does. */
static void lay_keys(struct page *page)
{
	static const char *const keys[][2] = {
		{ "h", "help" },
		{ "<>", "sort" },
		{ "I", "turn" },
		{ "q", "quit" },
	};

	page_line(page);
	for (int i = 0; views[i]; i++) {
		page_put(page, HUE_HEAD, "%d", i + 1);
		page_put(page, HUE_PLAIN, " %s ", views[i]->name);
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		page_put(page, HUE_HEAD, " %s", keys[i][0]);
		page_put(page, HUE_PLAIN, " %s", keys[i][1]);
	}
}

static void lay_help(const struct top *top, struct page *page)
{
	static const char *const keys[][2] = {
		{ "Tab, Shift-Tab", "the next view, the one before" },
		{ "Up, Down", "select a row; it stays selected" },
		{ "PgUp, PgDn, Home, End", "select one further away" },
		{ "<, >", "sort by the column before, the next one" },
		{ "I", "turn the order round" },
		{ "d", "set the delay between two samples" },
		{ "Space", "take a sample now" },
		{ "h, ?, F1", "this help; any key leaves it" },
		{ "q, F10", "quit" },
	};
	const struct table *table = &top->table[top->view];
	const struct column *column = table->columns;

	page_line(page);
	page_put(page, HUE_HEAD, "mymm top: keys");
	page_line(page);
	for (int i = 0; views[i]; i++) {
		page_line(page);
		page_put(page, HUE_HEAD, "  %-22d", i + 1);
		page_put(page, HUE_PLAIN, "%s: %s", views[i]->name,
			 views[i]->brief);
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		page_line(page);
		page_put(page, HUE_HEAD, "  %-22s", keys[i][0]);
		page_put(page, HUE_PLAIN, "%s", keys[i][1]);
	}
	page_line(page);
	page_line(page);
	page_put(page, HUE_PLAIN, "Sort %s by:", views[top->view]->name);
	for (int i = 0; column && column[i].head; i++) {
		if (!column[i].letter || !(table->has & 1U << i))
			continue;
		if (page->line[page->nr - 1].len + 14 > page->width) {
			page_line(page);
			page_to(page, 4);
		}
		page_put(page, HUE_HEAD, "  %c", column[i].letter);
		page_put(page, HUE_PLAIN, " %s", column[i].head);
	}
}

/* Sorts by the column before, or by the next one, of those that there are. */
static void next_column(struct table *table, int step)
{
	int nr = 0, at = table->sort;

	while (table->columns[nr].head)
		nr++;
	for (int i = 0; i < nr; i++) {
		at = (at + step + nr) % nr;
		if (table->has & 1U << at)
			break;
	}
	table->sort = at;
	table_sort(table);
}

/* Asks in the last line; what makes no sense is said there until a key comes. */
static void ask_delay(struct top *top)
{
	char text[32] = "";
	double seconds;
	char *end;

	timeout(-1);
	mvprintw(LINES - 1, 0,
		 "Seconds between two samples (%g): ", top->delay / 1e6);
	clrtoeol();
	echo();
	curs_set(1);
	getnstr(text, sizeof(text) - 1);
	curs_set(0);
	noecho();
	if (!text[0])
		return;
	seconds = strtod(text, &end);
	if (*end || !(seconds >= 0.1 && seconds <= 3600)) {
		move(LINES - 1, 0);
		clrtoeol();
		printw("'%s' is no number of 0.1 to 3600; any key", text);
		getch();
		return;
	}
	top->delay = seconds * 1e6 + 0.5;
}

enum answer { GO_ON, SAMPLE, QUIT };

static enum answer view_is(struct top *top, int view)
{
	top->view = view;
	return SAMPLE;
}

static enum answer key(struct top *top, int c, bool *help)
{
	struct table *table = &top->table[top->view];
	int nr = 0, column;
	char name[2] = { 0 };

	while (views[nr])
		nr++;
	if (*help && c != KEY_RESIZE) {
		*help = false;
		return c == 'q' || c == KEY_F(10) ? QUIT : GO_ON;
	}
	if (views[top->view]->key) {
		switch (views[top->view]->key(c == KEY_PPAGE ? VIEW_PAGE_UP :
					      c == KEY_NPAGE ? VIEW_PAGE_DOWN :
							       c)) {
		case VIEW_KEY_DONE:
			return GO_ON;
		case VIEW_KEY_SAMPLE:
			return SAMPLE;
		default:
			break;
		}
	}
	if (c > '0' && c <= '0' + nr)
		return view_is(top, c - '1');
	switch (c) {
	case 'q':
	case KEY_F(10):
		return QUIT;
	case 'h':
	case '?':
	case KEY_F(1):
		*help = true;
		return GO_ON;
	case '\t':
		return view_is(top, (top->view + 1) % nr);
	case KEY_BTAB:
		return view_is(top, (top->view + nr - 1) % nr);
	case KEY_UP:
		table_move(table, -1);
		return GO_ON;
	case KEY_DOWN:
		table_move(table, 1);
		return GO_ON;
	case KEY_PPAGE:
		table_move(table, -(LINES - 5));
		return GO_ON;
	case KEY_NPAGE:
		table_move(table, LINES - 5);
		return GO_ON;
	case KEY_HOME:
		table_move(table, -(long)table->nr);
		return GO_ON;
	case KEY_END:
		table_move(table, table->nr);
		return GO_ON;
	case '<':
	case KEY_LEFT:
		next_column(table, -1);
		return GO_ON;
	case '>':
	case KEY_RIGHT:
		next_column(table, 1);
		return GO_ON;
	case 'I':
		table->reversed = !table->reversed;
		table_sort(table);
		return GO_ON;
	case 'd':
		ask_delay(top);
		return SAMPLE;
	case ' ':
		return SAMPLE;
	}
	if (c <= ' ' || c > '~')
		return GO_ON;
	name[0] = c;
	column = table_column(table, name);
	if (column >= 0 && table->has & 1U << column) {
		table->sort = column;
		table_sort(table);
	}
	return GO_ON;
}

static void draw(struct top *top, struct page *page, bool help)
{
	erase();
	if (LINES < LEAST_LINES || COLS < LEAST_COLUMNS) {
		attrset(A_NORMAL);
		mvprintw(0, 0, "%dx%d is too small: %dx%d is the least", COLS,
			 LINES, LEAST_COLUMNS, LEAST_LINES);
		refresh();
		return;
	}
	page_begin(page, COLS, LINES - 1);
	if (help)
		lay_help(top, page);
	else
		top_lay(top, page, true);
	for (int y = 0; y < page->nr; y++)
		draw_line(y, &page->line[y], COLS);
	page_begin(page, COLS, 1);
	lay_keys(page);
	/* A character in the last cell would scroll some terminals. */
	draw_line(LINES - 1, &page->line[0], COLS - 1);
	refresh();
}

/*
 * Keys as terminals send them, for those whose TERM says less than they can: as vt100, which has
 * neither Home nor End.
 */
static void know_keys(void)
{
	static const struct {
		const char *sent;
		int key;
	} known[] = {
		{ "\033[H", KEY_HOME },	   { "\033OH", KEY_HOME },
		{ "\033[1~", KEY_HOME },   { "\033[7~", KEY_HOME },
		{ "\033[F", KEY_END },	   { "\033OF", KEY_END },
		{ "\033[4~", KEY_END },	   { "\033[8~", KEY_END },
		{ "\033[5~", KEY_PPAGE },  { "\033[6~", KEY_NPAGE },
		{ "\033[A", KEY_UP },	   { "\033[B", KEY_DOWN },
		{ "\033[C", KEY_RIGHT },   { "\033[D", KEY_LEFT },
		{ "\033[Z", KEY_BTAB },	   { "\033[11~", KEY_F(1) },
		{ "\033[21~", KEY_F(10) },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		define_key(known[i].sent, known[i].key);
}

/* What begins with Escape and is not known is dropped as a whole: its digits are no keys. */
static int read_key(void)
{
	int c = getch(), rest;

	if (c != KEY_ESCAPE)
		return c;
	timeout(ESCAPE_MS);
	rest = getch();
	if (rest == ERR)
		return c;
	if (rest == '[' || rest == 'O')
		do
			rest = getch();
		while (rest >= ' ' && rest < '@');
	return -1; /* as ERR: none */
}

static void screen_loop(struct top *top, uint64_t samples)
{
	uint64_t next = top_now() + top->delay, taken = 1;
	struct page page = { 0 };
	bool help = false;

	for (;;) {
		uint64_t now = top_now();
		enum answer answer = GO_ON;
		int c;

		draw(top, &page, help);
		timeout(now < next ? (int)((next - now + 999) / 1000) : 0);
		c = read_key();
		if (c != ERR)
			answer = key(top, c, &help);
		if (answer == QUIT)
			break;
		if (answer == SAMPLE || top_now() >= next) {
			if (samples && taken == samples)
				break;
			top_sample(top);
			taken++;
			next = top_now() + top->delay;
		}
	}
	page_free(&page);
}

int top_screen(struct top *top, uint64_t samples)
{
	SCREEN *screen = newterm(NULL, stdout, stdin);

	if (!screen)
		return failed(
			0,
			"this machine does not know the terminal TERM=%s; another may do: TERM=vt100",
			getenv("TERM") ? getenv("TERM") : "");
	/* One that only prints line after line, as "dumb". */
	if (!tigetstr("cup")) {
		endwin();
		delscreen(screen);
		return failed(
			0,
			"the terminal TERM=%s can't move its cursor: use -b, or TERM=vt100 if it can",
			getenv("TERM"));
	}
	set_escdelay(ESCAPE_MS);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, true);
	know_keys();
	curs_set(0);
	use_colours();
	screen_loop(top, samples);
	endwin();
	delscreen(screen);
	return OK;
}
