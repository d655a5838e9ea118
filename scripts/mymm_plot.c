// SPDX-License-Identifier: GPL-2.0
/*
 * plot: a picture of what was free over time, of what a recording holds, or of a map of frames.
 *
 * gnuplot draws it; what is made here is its script, with the figures inside, so that it can be
 * kept, sent and changed. Without -o the script goes to stdout. With it gnuplot is run, and draws
 * into memory, since it does not see that a disk is full; what it drew is then the file, or if that
 * can't be written as a whole, there is none.
 *
 * Memory over time is stacked: each area is drawn from 0 to the sum of its own and all below it,
 * the largest sum first. Between two samples nothing is known, so that areas have steps.
 *
 * Colours are those of viridis for orders, and those of Okabe and Ito for kinds: both can be told
 * apart without red or green, and on grey paper.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mymm_trace.h"

#define DEBUGFS "/sys/kernel/debug/mymm/"
#define AREAS MYMM_UAPI_ORDERS /* at most, in one panel */
#define LOOKS 500
#define SECONDS_MOST 18446744073.709551 /* in ns it has 64 bits */
#define MAP_WIDTH 512 /* frames: a pageblock of x86 */

/* --- stacked areas ----------------------------------------------------------------- */

struct point {
	double at;
	double value[AREAS];
};

/**
 * struct panel - one diagram
 * @title: above it
 * @nr_areas: areas, the first at the bottom
 * @point: values of each area, by time
 * @nr: points
 * @room: for so many
 */
struct panel {
	char title[64];
	int nr_areas;
	struct point *point;
	size_t nr, room;
};

static struct point *more_points(struct panel *panel)
{
	if (panel->nr == panel->room) {
		panel->room = panel->room ? 2 * panel->room : 64;
		panel->point = xalloc(panel->point, panel->room,
				      sizeof(*panel->point));
	}
	memset(&panel->point[panel->nr], 0, sizeof(*panel->point));
	return &panel->point[panel->nr++];
}

static const char *const order_colour[AREAS] = {
	"#fde725", "#bddf26", "#7ad151", "#44bf70", "#22a884", "#21918c",
	"#2a788e", "#355f8d", "#414487", "#482475", "#440154",
};

static void put_sums(FILE *out, const struct panel *panel, double at,
		     const struct point *point)
{
	double sum = 0;

	fprintf(out, "%.6f", at);
	for (int area = 0; area < panel->nr_areas; area++) {
		sum += point->value[area];
		fprintf(out, " %.4f", sum);
	}
	putc('\n', out);
}

/* Each point is what holds up to the next one. */
static void put_points(FILE *out, const struct panel *panel, int nr)
{
	const struct point *point = panel->point;

	fprintf(out, "$panel%d << END\n", nr);
	for (size_t i = 0; i < panel->nr; i++) {
		if (i)
			put_sums(out, panel, point[i].at, &point[i - 1]);
		put_sums(out, panel, point[i].at, &point[i]);
	}
	fputs("END\n", out);
}

/*
 * In single quotes gnuplot takes all as it is, but for these and the end of the line. A name may
 * have anything in it, and in double quotes it could run programs.
 */
static void put_quoted(FILE *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t len;

	putc('\'', out);
	for (; *at; at += len ? len : 1) {
		len = utf8_length(at);
		if (!len || *at < ' ' || *at == 0x7f)
			putc('?', out);
		else if (*at == '\'')
			fputs("\'\'", out);
		else
			fwrite(at, 1, len, out);
	}
	putc('\'', out);
}

static void put_panel(FILE *out, const struct panel *panel, int nr,
		      const char *const *name, const char *const *colour)
{
	fputs("set title ", out);
	put_quoted(out, panel->title);
	fputs(" noenhanced\nplot", out);
	for (int area = panel->nr_areas - 1; area >= 0; area--)
		fprintf(out,
			"%s $panel%d using 1:%d with filledcurves y=0 fillcolor \"%s\" title \"%s\"",
			area < panel->nr_areas - 1 ? "," : "", nr, area + 2,
			colour[area], name[area]);
	putc('\n', out);
}

static void put_panels(FILE *out, const struct panel *panel, int nr,
		       const char *unit, const char *const *name,
		       const char *const *colour)
{
	for (int i = 0; i < nr; i++)
		put_points(out, &panel[i], i);
	fprintf(out,
		"set style fill solid noborder\n"
		"set key outside right top reverse Left\n"
		"set xlabel \"%s\"\nset ylabel \"MiB\"\n"
		"set xrange [*:*] noextend\nset yrange [0:*]\n"
		"set tics out nomirror\n",
		unit);
	if (nr > 1)
		fprintf(out, "set multiplot layout %d,1\n", nr);
	for (int i = 0; i < nr; i++)
		put_panel(out, &panel[i], i, name, colour);
	if (nr > 1)
		fputs("unset multiplot\n", out);
}

/* --- history ----------------------------------------------------------------------- */

struct source {
	const char *path; /* NULL: what the module says now */
	int panels;
	void (*put)(FILE *out, struct source *source);
	struct panel panel[MYMM_UAPI_ZONES];
	char *map;
	size_t nr_frames;
	const char *unit;
};

static bool parse_sample(const char *line, struct panel *panel)
{
	unsigned long nr[MYMM_UAPI_ORDERS];
	char rest[2];
	struct point *point;
	double at;

	if (sscanf(line,
		   "%lf %*d %*s %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu%1s",
		   &at, &nr[0], &nr[1], &nr[2], &nr[3], &nr[4], &nr[5], &nr[6],
		   &nr[7], &nr[8], &nr[9], &nr[10], rest) != 12 ||
	    !(at >= 0 && at <= SECONDS_MOST))
		return false;
	for (int order = 0; order < MYMM_UAPI_ORDERS; order++)
		if (nr[order] > UINT32_MAX)
			return false;
	if (panel->nr && at < panel->point[panel->nr - 1].at)
		return false;
	point = more_points(panel);
	point->at = at;
	for (int order = 0; order < MYMM_UAPI_ORDERS; order++)
		point->value[MYMM_UAPI_ORDERS - 1 - order] =
			(double)(nr[order] << order) * 4096 / (1 << 20);
	return true;
}

static bool begin_zone(struct source *source, const char *line)
{
	struct panel *panel = &source->panel[source->panels];
	char zone[16];
	int node;

	if (source->panels == MYMM_UAPI_ZONES ||
	    sscanf(line, "# node %d, zone %15s", &node, zone) != 2)
		return false;
	snprintf(panel->title, sizeof(panel->title),
		 "free blocks of node %d, zone %s", node, zone);
	panel->nr_areas = MYMM_UAPI_ORDERS;
	source->panels++;
	return true;
}

static void put_history(FILE *out, struct source *source)
{
	static const char *const sizes[AREAS] = { "4M",	  "2M",	  "1M",	 "512K",
						  "256K", "128K", "64K", "32K",
						  "16K",  "8K",	  "4K" };
	const char *colour[AREAS];

	for (int i = 0; i < AREAS; i++)
		colour[i] = order_colour[AREAS - 1 - i];
	put_panels(out, source->panel, source->panels, source->unit, sizes,
		   colour);
}

static int read_history(struct source *source)
{
	const char *path = source->path ?: DEBUGFS "history";
	size_t len, nr = 0, samples = 0;
	char *text = file_bytes(path, &len), *at = text, *line;

	if (!text)
		return FAILED;
	if (strlen(text) < len) {
		int rc = failed(0, "%s: byte %zu is no text", path,
				strlen(text));

		free(text);
		return rc;
	}
	source->put = put_history;
	source->unit = "seconds";
	while ((line = file_line(&at))) {
		nr++;
		if (!line[strspn(line, " ")] ||
		    !strncmp(line, "#    seconds node", 17))
			continue;
		if (source->panels && *line != '#' &&
		    parse_sample(line, &source->panel[source->panels - 1]))
			samples++;
		else if (*line != '#' || !begin_zone(source, line))
			break;
	}
	free(text);
	if (line)
		return failed(
			0,
			"%s:%zu: no line of debugfs mymm/history, or time goes back",
			path, nr);
	if (!samples)
		return failed(
			0,
			"%s: no samples: write to history_ms, or replay with --history",
			path);
	return OK;
}

/* --- recording --------------------------------------------------------------------- */

struct holder {
	struct watch watch;
	struct panel *panel;
	const struct recording *rec;
};

/* Times that do not rise, or none, are no axis. */
static bool along_time(const struct recording *rec)
{
	return rec->clock != CLOCK_NONE && rec->back_in_time != TIMES_KEPT &&
	       rec->first < rec->last;
}

static int note_held(struct watch *watch, struct session *session,
		     const struct outcome *out, uint64_t time)
{
	struct holder *holder = (struct holder *)watch;
	const struct recording *rec = holder->rec;
	struct point *point = more_points(holder->panel);
	double events = (double)holder->panel->nr * watch->every;

	(void)session;
	point->at = !along_time(rec) ?
			    (events < rec->kmem ? events : rec->kmem) :
		    rec->clock == CLOCK_SECONDS ? (time - rec->first) / 1e6 :
						  time - rec->first;
	for (int kind = 0; kind < 3; kind++)
		point->value[kind] = out->now[kind].held / 1048576.0;
	return OK;
}

static void put_held(FILE *out, struct source *source)
{
	static const char *const kinds[] = { "pages", "kmalloc", "objects" };
	static const char *const colours[] = { "#0072b2", "#e69f00",
					       "#009e73" };

	put_panels(out, source->panel, 1, source->unit, kinds, colours);
}

static int read_recording(struct source *source)
{
	struct outcome *out = xzalloc(1, sizeof(*out));
	struct panel *panel = source->panel;
	struct recording rec;
	struct holder holder = {
		.watch.look = note_held,
		.panel = panel,
		.rec = &rec,
	};
	const char *name = strrchr(source->path, '/');
	int rc = recording_read(&rec, source->path);

	if (!rc) {
		recording_settle(&rec);
		recording_infer(&rec);
		holder.watch.every = rec.kmem / LOOKS + 1;
		out->dry = true;
		out->watch = &holder.watch;
		rc = replay_run(NULL, &rec, out, 0);
		if (!rc && rec.kmem % holder.watch.every)
			note_held(&holder.watch, NULL, out, rec.last);
	}
	if (!rc && !panel->nr)
		rc = failed(0, "%s: no events that hold memory", source->path);
	source->unit = !along_time(&rec)	  ? "events" :
		       rec.clock == CLOCK_SECONDS ? "seconds" :
						    "ticks of its clock";
	snprintf(panel->title, sizeof(panel->title), "memory held, %.40s",
		 name ? name + 1 : source->path);
	panel->nr_areas = 3;
	source->panels = 1;
	source->put = put_held;
	recording_free(&rec);
	free(out);
	return rc;
}

/* --- frames ------------------------------------------------------------------------ */

static const struct {
	const char *letters, *name, *colour;
} states[] = {
	{ "-", "hole", "#ffffff" },
	{ "0123456789a.", "free", "#dddddd" },
	{ "Pp", "pages", "#0072b2" },
	{ "Ss", "slab", "#e69f00" },
	{ "Ll", "large kmalloc", "#009e73" },
	{ "Cc", "in a CPU's list", "#cc79a7" },
	{ "?", "unknown", "#000000" },
};

#define STATES (sizeof(states) / sizeof(states[0]))

static int state_of(char c)
{
	for (size_t i = 0; i < STATES; i++)
		if (c && strchr(states[i].letters, c))
			return i;
	return -1;
}

static void put_map(FILE *out, struct source *source)
{
	size_t rows = (source->nr_frames + MAP_WIDTH - 1) / MAP_WIDTH;

	/* Of one row gnuplot draws nothing. */
	if (rows < 2)
		rows = 2;

	fputs("$map << END\n", out);
	for (size_t i = 0; i < rows * MAP_WIDTH; i++)
		fprintf(out, "%d%c",
			i < source->nr_frames ? state_of(source->map[i]) : 0,
			(i + 1) % MAP_WIDTH ? ' ' : '\n');
	fprintf(out,
		"END\n"
		"set title \"frames, %d in a row\"\n"
		"set xrange [-0.5:%d.5]\nset yrange [%zu.5:-0.5]\n"
		"set xtics 64\nset tics out nomirror\n"
		"set ylabel \"pageblock\"\n"
		"set key outside right top reverse Left\n"
		"set cbrange [-0.5:%zu.5]\nunset colorbox\n"
		"set palette maxcolors %zu defined (",
		MAP_WIDTH, MAP_WIDTH - 1, rows - 1, STATES - 1, STATES);
	for (size_t i = 0; i < STATES; i++)
		fprintf(out, "%s%zu \"%s\"", i ? ", " : "", i,
			states[i].colour);
	fputs(")\nplot $map matrix with image notitle", out);
	for (size_t i = 1; i < STATES; i++)
		if (memchr(source->map, states[i].letters[0],
			   source->nr_frames) ||
		    i < 4)
			fprintf(out,
				", NaN with points pointtype 5 pointsize 2 linecolor rgb \"%s\" title \"%s\"",
				states[i].colour, states[i].name);
	putc('\n', out);
}

static int read_frames(struct source *source)
{
	const char *path = source->path ?: DEBUGFS "frames_raw";
	size_t nr;

	source->map = file_bytes(path, &nr);
	if (!source->map)
		return FAILED;
	source->put = put_map;
	for (size_t i = 0; i < nr; i++)
		if (state_of(source->map[i]) < 0)
			return failed(
				0,
				"%s: byte %zu is no frame of debugfs mymm/frames_raw",
				path, i);
	source->nr_frames = nr;
	return nr ? OK : failed(0, "%s: no frames", path);
}

/* --- gnuplot ----------------------------------------------------------------------- */

static const char *terminal_for(const char *path)
{
	const char *end = strrchr(path, '.');

	return !end		    ? NULL :
	       !strcmp(end, ".svg") ? "svg noenhanced" :
	       !strcmp(end, ".png") ? "pngcairo noenhanced" :
				      NULL;
}

static void put_script(FILE *out, struct source *source, const char *terminal)
{
	fputs("# made by mymm plot; for gnuplot\n", out);
	if (terminal)
		fprintf(out,
			"set terminal %s size 900,%d background \"white\"\n",
			terminal,
			source->panels > 1 ? 240 * source->panels : 360);
	source->put(out, source);
}

/*
 * A program that reads from one pipe and writes to another, and a child that writes the script to
 * the first: so this process can read what it draws while it is drawn.
 */
struct gnuplot {
	pid_t writer, pid;
	int picture; /* to be read */
};

static int start_gnuplot(struct gnuplot *gnuplot, struct source *source,
			 const char *terminal)
{
	int script[2], picture[2];

	if (pipe2(script, O_CLOEXEC) || pipe2(picture, O_CLOEXEC))
		return failed(errno, "pipe: %s", strerror(errno));
	gnuplot->pid = fork();
	if (!gnuplot->pid) {
		dup2(script[0], 0);
		dup2(picture[1], 1);
		execlp("gnuplot", "gnuplot", "-d", "-", (char *)NULL);
		_exit(127);
	}
	close(script[0]);
	close(picture[1]);
	gnuplot->picture = picture[0];
	gnuplot->writer = fork();
	if (!gnuplot->writer) {
		FILE *out = fdopen(script[1], "w");

		put_script(out, source, terminal);
		fclose(out);
		_exit(0);
	}
	close(script[1]);
	return OK;
}

static int draw(struct source *source, const char *path, struct bytes *picture)
{
	struct gnuplot gnuplot = { .writer = -1, .pid = -1 };
	char part[1 << 14];
	int status = 0;
	ssize_t got;

	if (start_gnuplot(&gnuplot, source, terminal_for(path)))
		return FAILED;
	while ((got = read(gnuplot.picture, part, sizeof(part))) > 0)
		bytes_add(picture, part, got);
	close(gnuplot.picture);
	if (gnuplot.writer > 0)
		waitpid(gnuplot.writer, NULL, 0);
	if (gnuplot.writer < 0 || gnuplot.pid < 0 ||
	    waitpid(gnuplot.pid, &status, 0) != gnuplot.pid)
		return failed(errno, "gnuplot: %s", strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return failed(
			ENOENT,
			"gnuplot is not installed (gnuplot-nox); without -o the script for it goes to stdout");
	return status || !picture->len ? failed(0, "gnuplot drew no %s", path) :
					 OK;
}

static int draw_file(struct source *source, const char *path)
{
	struct bytes picture = { 0 };
	int rc = draw(source, path, &picture);

	rc = rc ?: bytes_to_file(&picture, path, 0644);
	if (!rc)
		printf("%s: %s\n", path, bytes_text(picture.len));
	bytes_free(&picture);
	return rc;
}

/* Of one moment there is no area. */
static int check_moments(const struct source *source, const char *path)
{
	for (int i = 0; i < source->panels; i++) {
		const struct panel *panel = &source->panel[i];

		if (!panel->nr ||
		    panel->point[0].at == panel->point[panel->nr - 1].at)
			return failed(
				0,
				"%s: %s: %s: a picture over time takes two moments",
				path, panel->title,
				panel->nr ? "all is of one moment" :
					    "no samples");
	}
	return OK;
}

/* --- the command ------------------------------------------------------------------- */

static int run_plot(struct session *unused, const struct args *args)
{
	static const struct {
		const char *name;
		int (*read)(struct source *source);
	} kinds[] = {
		{ "history", read_history },
		{ "frames", read_frames },
		{ "recording", read_recording },
	};
	const char *path = args_get(args, "output"), *what = args->operand[0];
	struct source *source = xzalloc(1, sizeof(*source));
	int rc = USAGE;
	size_t i = 0;

	(void)unused;
	while (i < sizeof(kinds) / sizeof(kinds[0]) &&
	       strcmp(what, kinds[i].name))
		i++;
	if (args->nr > 1)
		source->path = args->operand[1];
	if (i == sizeof(kinds) / sizeof(kinds[0]))
		misused("'%s' is none of history, frames, recording", what);
	else if (!source->path && kinds[i].read == read_recording)
		misused("recording wants a FILE");
	else if (path && !terminal_for(path))
		misused("output '%s': its name ends in neither .svg nor .png",
			path);
	else if (path && !access(path, F_OK))
		rc = failed(EEXIST, "%s: %s", path, strerror(EEXIST));
	else
		rc = kinds[i].read(source);
	if (!rc)
		rc = check_moments(source, source->path ?: DEBUGFS "history");
	if (!rc && path)
		rc = draw_file(source, path);
	else if (!rc)
		put_script(stdout, source, NULL);
	for (int zone = 0; zone < source->panels; zone++)
		free(source->panel[zone].point);
	free(source->map);
	free(source);
	return rc;
}

static const struct opt plot_opts[] = {
	{ 'o', "output", "FILE.svg|.png", "to draw; it must not be there" },
	OPTS_END,
};

static const char plot_text[] =
	"A script for gnuplot, with the figures inside; with -o gnuplot draws it.\n"
	"  history [FILE]     what is free of each zone over time, by block size; FILE is a\n"
	"                     copy of debugfs mymm/history\n"
	"  frames [FILE]      the map of frames; FILE is a copy of debugfs mymm/frames_raw\n"
	"  recording FILE     what the recorded kernel held, over its time; FILE as for replay\n";

const struct command plot_commands[] = {
	{
		.name = "plot",
		.brief = "draw history, frames or a recording, by gnuplot",
		.operands = "history|frames|recording [FILE]",
		.text = plot_text,
		.opts = plot_opts,
		.least = 1,
		.most = 2,
		.flags = COMMAND_NO_DOOR,
		.run = run_plot,
	},
	{ 0 },
};
