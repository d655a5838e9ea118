// SPDX-License-Identifier: GPL-2.0
/*
 * The frames view: a row a zone, and below it a map of the selected one, a character for so many
 * frames. The map of states and orders is debugfs frames, in which each frame has a letter:
 *
 *	PppppS2...4...............a    what is allocated, slabs, free blocks by order
 *
 * The caller of a block's allocation, and whether it is movable, are in debugfs page_owner, while
 * owners are recorded. A character of several frames shows what most of them are. The kernel has
 * no such map, so there is none with --real.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mymm_top.h"

#define FRAMES "/sys/kernel/debug/mymm/frames"
#define OWNERS "/sys/kernel/debug/mymm/page_owner"
#define NUMBERS 12 /* columns before a line of the map */
#define BATCH_ROWS \
	32 /* lines of a zone's map where there is room for any number */
#define SITES_MAX 26

enum {
	F_NODE,
	F_NAME,
	F_FRAMES,
	F_FREE,
	F_PAGES,
	F_SLABS,
	F_LARGE,
	F_CPUS,
	F_HOLES,
};

static const struct column columns[] = {
	[F_NODE] = { "NODE", "node", 'o', FORM_COUNT, 4, 0, 0 },
	[F_NAME] = { "ZONE", "name", 'n', FORM_NAME, 7, 0, 0 },
	[F_FRAMES] = { "FRAMES", "spanned_frames", 'm', FORM_COUNT, 8, 0, 0 },
	[F_FREE] = { "FREE", "free_frames", 'f', FORM_COUNT, 8, 0, 0 },
	[F_PAGES] = { "PAGES", "pages_frames", 'p', FORM_COUNT, 8, 0, 0 },
	[F_SLABS] = { "SLAB", "slab_frames", 's', FORM_COUNT, 8, 0, 0 },
	[F_LARGE] = { "LARGE", "large_frames", 'l', FORM_COUNT, 8, 0, 0 },
	[F_CPUS] = { "BY CPU", "pcp_frames", 'c', FORM_COUNT, 8, 0, 0 },
	[F_HOLES] = { "HOLES", "hole_frames", 'e', FORM_COUNT, 8, 0, 0 },
	{ 0 },
};

/* What a letter of a state is counted in. */
static const char states[] = ".PSLC-";

enum by {
	BY_STATE,
	BY_ORDER,
	BY_TYPE,
	BY_OWNER,
	BYS,
};

static const char *const by_names[] = { "state", "order", "type", "owner" };

struct map_zone {
	unsigned int node;
	char name[16];
	uint64_t first, nr;
	size_t at; /* its first frame's, in the arrays of all frames */
};

struct site {
	char name[64];
	uint64_t frames;
	char letter;
};

static struct {
	struct map_zone *zone;
	size_t nr, room;
	char *raw; /* as in the file */
	char *shown; /* a letter for each frame, by what is asked for */
	size_t used, room_frames;
	enum by by;
	int zoom; /* a character is 2^zoom frames; -1: so that all fits */
	int zoom_now;
	uint64_t scroll, rows; /* of the map of the zone on top, in lines */
	uint32_t top;
	bool begin; /* the next map is on top */
	struct site *site;
	size_t nr_sites, room_sites;
	char error[160]; /* why there are no owners */
} map = { .zoom = -1 };

static void want_frames(size_t nr)
{
	if (nr <= map.room_frames)
		return;
	map.room_frames = 2 * nr;
	map.raw = xalloc(map.raw, map.room_frames, 1);
	map.shown = xalloc(map.shown, map.room_frames, 1);
}

static void add_zone(unsigned int node, const char *name, uint64_t first,
		     uint64_t last)
{
	struct map_zone *zone;

	if (map.nr == map.room) {
		map.room = map.room ? 2 * map.room : 8;
		map.zone = xalloc(map.zone, map.room, sizeof(*map.zone));
	}
	zone = &map.zone[map.nr++];
	zone->node = node;
	snprintf(zone->name, sizeof(zone->name), "%s", name);
	zone->first = first;
	zone->nr = last - first + 1;
	zone->at = map.used;
	map.used += zone->nr;
	want_frames(map.used);
	memset(map.raw + zone->at, '-', zone->nr);
}

/* The letters of a line, again and again up to a frame. */
static void fill(const struct map_zone *zone, uint64_t from, uint64_t to,
		 const char *letters)
{
	size_t len = strlen(letters);

	while (from < to) {
		size_t n = to - from < len ? to - from : len;

		memcpy(map.raw + zone->at + from, letters, n);
		from += n;
	}
}

/* A star stands for lines like the one before, up to the next one or the end of the zone. */
static void read_map(char *at)
{
	char *line, letters[80] = "-";
	bool star = false;
	uint64_t next = 0; /* the frame of the zone after the last line */

	map.nr = 0;
	map.used = 0;
	for (;;) {
		const struct map_zone *zone = map.nr ? &map.zone[map.nr - 1] :
						       NULL;
		unsigned long long first, last;
		unsigned int node;
		char name[16];

		line = file_line(&at);
		if (!line ||
		    sscanf(line, "Node %u, zone %15[^,], frames %llu to %llu",
			   &node, name, &first, &last) == 4) {
			if (zone && star)
				fill(zone, next, zone->nr, letters);
			if (!line)
				break;
			add_zone(node, name, first, last);
			next = 0;
			star = false;
			continue;
		}
		if (!zone)
			continue; /* the legend */
		if (!strcmp(line + strspn(line, " "), "*")) {
			star = true;
			continue;
		}
		if (sscanf(line, " %llu", &first) != 1 || first < zone->first ||
		    first - zone->first >= zone->nr)
			continue;
		first -= zone->first;
		if (star)
			fill(zone, next, first, letters);
		star = false;
		if (sscanf(line, " %*u %79s", letters) != 1)
			continue;
		last = first + strlen(letters);
		next = last < zone->nr ? last : zone->nr;
		fill(zone, first, next, letters);
	}
}

static char state_of(char raw)
{
	if (strchr("PSLCpslc", raw))
		return toupper((unsigned char)raw);
	return raw == '-' ? '-' : '.';
}

/* A free block says its order; one that is allocated ends where the next one begins. */
static void show_orders(const struct map_zone *zone)
{
	const char *raw = map.raw + zone->at;
	char *shown = map.shown + zone->at;

	for (uint64_t from = 0, to; from < zone->nr; from = to) {
		int order = 0;

		to = from + 1;
		if (raw[from] == '-') {
			shown[from] = '-';
			continue;
		}
		if (isdigit((unsigned char)raw[from]) || raw[from] == 'a') {
			order = raw[from] == 'a' ? 10 : raw[from] - '0';
			to = from + (1ULL << order);
			to = to < zone->nr ? to : zone->nr;
		}
		while (to < zone->nr && strchr("pslc", raw[to]))
			to++;
		while (1ULL << order < to - from)
			order++;
		memset(shown + from,
		       order < 10 ? '0' + order : 'a' + order - 10, to - from);
	}
}

/* Frames of a recorded block, which may lie in any zone. */
static void show_block(uint64_t frame, unsigned int order, char letter)
{
	for (size_t i = 0; i < map.nr; i++) {
		const struct map_zone *zone = &map.zone[i];
		uint64_t at = frame - zone->first, nr = 1ULL << order;

		if (frame < zone->first || at >= zone->nr)
			continue;
		if (nr > zone->nr - at)
			nr = zone->nr - at;
		memset(map.shown + zone->at + at, letter, nr);
	}
}

static struct site *find_site(const char *name)
{
	struct site *site;

	for (size_t i = 0; i < map.nr_sites; i++)
		if (!strcmp(map.site[i].name, name))
			return &map.site[i];
	if (map.nr_sites == map.room_sites) {
		map.room_sites = map.room_sites ? 2 * map.room_sites : 16;
		map.site = xalloc(map.site, map.room_sites, sizeof(*map.site));
	}
	site = &map.site[map.nr_sites++];
	snprintf(site->name, sizeof(site->name), "%s", name);
	site->frames = 0;
	site->letter = '?';
	return site;
}

/*
 * Calls @each for each block of page_owner, which is three lines: the order, the frame and the
 * type of the request, the call site.
 */
static void each_block(char *text,
		       void (*each)(uint64_t frame, unsigned int order,
				    const char *type, const char *site))
{
	unsigned long long frame = 0;
	char *line, type[24] = "";
	unsigned int order = 0;
	bool here = false;

	while ((line = file_line(&text))) {
		/* Hexadecimal, or decimal on 6.1. */
		if (sscanf(line, "Page allocated via order %u", &order) == 1) {
			here = false;
		} else if (!strncmp(line, "PFN ", 4)) {
			char *end;

			frame = strtoull(line + 4, &end, 0);
			here = sscanf(end, " type %23s", type) == 1;
		} else if (here && line[0] == ' ') {
			each(frame, order, type, line + 1);
			here = false;
		}
	}
}

static void count_site(uint64_t frame, unsigned int order, const char *type,
		       const char *site)
{
	(void)frame;
	(void)type;
	find_site(site)->frames += 1ULL << order;
}

static void show_owner(uint64_t frame, unsigned int order, const char *type,
		       const char *site)
{
	(void)type;
	show_block(frame, order, find_site(site)->letter);
}

static void show_type(uint64_t frame, unsigned int order, const char *type,
		      const char *site)
{
	(void)site;
	show_block(frame, order, type[0]);
}

static int by_frames(const void *a, const void *b)
{
	const struct site *one = a, *two = b;

	return one->frames > two->frames ? -1 : one->frames < two->frames;
}

/* What is allocated but not recorded is a question mark. */
static void show_owners(void)
{
	char *text, *copy;

	for (size_t i = 0; i < map.used; i++)
		map.shown[i] = strchr("PSL", map.shown[i]) ? '?' :
			       map.shown[i] == '-'	   ? '-' :
							     '.';
	/* Errors are kept here, see top_sample(). */
	text = file_text(OWNERS);
	map.error[0] = 0;
	if (!text)
		snprintf(map.error, sizeof(map.error), "%s", say_kept());
	map.nr_sites = 0;
	if (text && map.by == BY_TYPE) {
		each_block(text, show_type);
	} else if (text) {
		/* Lines are cut off in what is read. */
		copy = xalloc(NULL, strlen(text) + 1, 1);
		strcpy(copy, text);
		each_block(copy, count_site);
		free(copy);
		if (map.nr_sites)
			qsort(map.site, map.nr_sites, sizeof(*map.site),
			      by_frames);
		for (size_t i = 0; i < map.nr_sites && i < SITES_MAX; i++)
			map.site[i].letter = (char)('a' + i);
		each_block(text, show_owner);
	}
	free(text);
}

static int read_frames(struct table *table, bool real)
{
	char *text;

	if (real)
		return failed(
			0,
			"the kernel has no map of its frames: no frames with --real");
	text = file_text(FRAMES);
	if (!text)
		return FAILED;
	read_map(text);
	free(text);
	table->has = (1U << (F_HOLES + 1)) - 1;
	for (size_t i = 0; i < map.used; i++)
		map.shown[i] = state_of(map.raw[i]);
	for (size_t i = 0; i < map.nr; i++) {
		const struct map_zone *zone = &map.zone[i];
		struct row *row = table_add(table, zone->name, zone->node);

		row->cell[F_NODE] = zone->node;
		row->cell[F_FRAMES] = zone->nr;
		for (int cell = F_FREE; cell <= F_HOLES; cell++)
			row->cell[cell] = 0;
		for (uint64_t f = 0; f < zone->nr; f++) {
			char state = map.shown[zone->at + f];

			row->cell[F_FREE + (strchr(states, state) - states)]++;
		}
		if (map.by == BY_ORDER)
			show_orders(zone);
	}
	if (map.by == BY_TYPE || map.by == BY_OWNER)
		show_owners();
	return OK;
}

static void head_lay(struct page *page, const struct table *unused)
{
	(void)unused;
	map.begin = true;
	page_put(page, HUE_HEAD, "by %s: ", by_names[map.by]);
	switch (map.by) {
	case BY_STATE:
		page_put(
			page, HUE_PLAIN,
			". free, P pages, S slab, L large kmalloc, C in CPU lists, - hole");
		break;
	case BY_ORDER:
		page_put(page, HUE_PLAIN, "of the block, free or not; a is 10");
		break;
	default:
		if (map.error[0])
			page_put(page, HUE_BAD, "%s", map.error);
		else if (map.by == BY_TYPE)
			page_put(
				page, HUE_PLAIN,
				"Unmovable, Movable, Reclaimable, HighAtomic, ? not recorded");
		for (size_t i = 0; i < map.nr_sites && i < SITES_MAX; i++)
			page_put(page, HUE_PLAIN, "%s%c %.*s", i ? ", " : "",
				 map.site[i].letter,
				 (int)strcspn(map.site[i].name, "+"),
				 map.site[i].name);
	}
}

static enum hue hue_of(char letter)
{
	if (map.by == BY_STATE)
		return letter == 'S' ? HUE_BAR :
		       letter == 'L' ? HUE_WARN :
		       letter == 'C' ? HUE_BAD :
		       letter == 'P' ? HUE_HEAD :
				       HUE_REST;
	if (map.by == BY_TYPE)
		return letter == 'M' ? HUE_BAR :
		       letter == 'R' ? HUE_WARN :
		       letter == 'U' ? HUE_HEAD :
				       HUE_REST;
	return HUE_PLAIN;
}

/* What most of the frames are, of which there are @nr. */
static char most_of(const char *shown, uint64_t nr)
{
	uint64_t count[128] = { 0 };
	char most = shown[0];

	for (uint64_t i = 0; i < nr; i++)
		if (++count[shown[i] & 127] > count[(int)most])
			most = shown[i];
	return most;
}

static uint64_t rows_at(const struct map_zone *zone, int cells, int zoom)
{
	uint64_t a_row = (uint64_t)cells << zoom;

	return (zone->nr + a_row - 1) / a_row;
}

static void detail_lay(struct page *page, const struct row *row)
{
	const struct map_zone *zone = &map.zone[row->nr];
	int cells = 64, zoom = map.zoom, most;
	uint64_t rows, from = 0;

	page_line(page);
	if (!page_line(page))
		return;
	while (NUMBERS + 2 * cells <= page->width)
		cells *= 2;
	most = page->height ? page_left(page) : BATCH_ROWS;
	if (zoom < 0)
		for (zoom = 0;
		     rows_at(zone, cells, zoom) > (unsigned int)most &&
		     zoom < 30;)
			zoom++;
	rows = rows_at(zone, cells, zoom);
	if (map.begin) {
		uint64_t last = rows > (unsigned int)most ? rows - most : 0;

		if (map.top != row->nr)
			map.scroll = 0;
		map.top = row->nr;
		map.rows = most;
		map.zoom_now = zoom;
		if (map.scroll > last)
			map.scroll = last;
		from = page->height ? map.scroll : 0;
		map.begin = false;
	}
	page_put(page, HUE_HEAD, "Node %u, zone %s", zone->node, zone->name);
	page_put(page, HUE_PLAIN, ", frames %llu to %llu: a character is %s",
		 (unsigned long long)zone->first,
		 (unsigned long long)(zone->first + zone->nr - 1),
		 plural(1ULL << zoom, "frame", "frames"));
	for (; from < rows && page_line(page); from++) {
		uint64_t at = from * cells << zoom;

		page_put(page, HUE_PLAIN, "%10llu  ",
			 (unsigned long long)(zone->first + at));
		for (int i = 0; i < cells && at < zone->nr; i++) {
			uint64_t nr = 1ULL << zoom;
			char letter;

			if (nr > zone->nr - at)
				nr = zone->nr - at;
			letter = most_of(map.shown + zone->at + at, nr);
			page_put(page, hue_of(letter), "%c", letter);
			at += nr;
		}
	}
}

static enum view_key key(int c)
{
	switch (c) {
	case 'b':
		map.by = (map.by + 1) % BYS;
		return VIEW_KEY_SAMPLE;
	case '+':
	case '=':
		map.zoom = map.zoom_now ? map.zoom_now - 1 : 0;
		return VIEW_KEY_DONE;
	case '-':
		map.zoom = map.zoom_now < 30 ? map.zoom_now + 1 : 30;
		return VIEW_KEY_DONE;
	case '*':
		map.zoom = -1;
		return VIEW_KEY_DONE;
	case VIEW_PAGE_UP:
		map.scroll -= map.rows < map.scroll ? map.rows : map.scroll;
		return VIEW_KEY_DONE;
	case VIEW_PAGE_DOWN:
		map.scroll += map.rows;
		return VIEW_KEY_DONE;
	}
	return VIEW_KEY_NONE;
}

int frames_by(const char *name)
{
	for (map.by = 0; map.by < BYS; map.by++)
		if (!strcmp(by_names[map.by], name))
			return OK;
	map.by = 0;
	return misused("by '%s' is none of state, order, type, owner", name);
}

const struct view frames_view = {
	.name = "frames",
	.brief = "a map: b by what, + - * zoom, PgUp PgDn scroll",
	.columns = columns,
	.sort = -1,
	.read = read_frames,
	.head = head_lay,
	.detail = detail_lay,
	.key = key,
};
