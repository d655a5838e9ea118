// SPDX-License-Identifier: GPL-2.0
/*
 * report: a recording as one page for a browser, which needs nothing else.
 *
 * The page's parts are files of their own beside this one, and are built into the program:
 *
 *	report.html       what is on the page, and what begins; words between two @ are replaced
 *	report.css        how it looks, on a screen and on paper
 *	report_data.js    the data read, and what memory was like at an event; no page is needed
 *	report_words.js   its texts, in each language
 *	report_pane.js    what is drawn of one recording
 *	report.js         the scrubber, and what answers to a hand
 *
 * mymm_html_data.c makes the data. These and the scripts are compressed, in base64. A comparison
 * has the data of two panes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mymm_trace.h"

/* A file of this folder, as a text that mymm_trace.h declares. */
#define EMBED(name, file)                                              \
	__asm__(".section .rodata\n" #name ":\n.incbin \"" file "\"\n" \
		".byte 0\n.previous")

EMBED(html_page, "report.html");
EMBED(html_style, "report.css");
EMBED(html_script_data, "report_data.js");
EMBED(html_script_words, "report_words.js");
EMBED(html_script_pane, "report_pane.js");
EMBED(html_script, "report.js");

/* The second one is that of a comparison. */
#define PANES 2

static const char *const languages[] = { "en", "zh" };

static void add_base64(struct bytes *to, const struct bytes *from)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *at = (const uint8_t *)from->at;

	for (size_t i = 0; i < from->len; i += 3) {
		size_t left = from->len - i;
		uint32_t n = at[i] << 16;
		char four[4];

		n |= left > 1 ? at[i + 1] << 8 : 0;
		n |= left > 2 ? at[i + 2] : 0;
		four[0] = digits[n >> 18];
		four[1] = digits[n >> 12 & 63];
		four[2] = left > 1 ? digits[n >> 6 & 63] : '=';
		four[3] = left > 2 ? digits[n & 63] : '=';
		bytes_add(to, four, sizeof(four));
	}
}

static void make_page(struct bytes *to, const struct bytes *code,
		      const struct bytes data[PANES])
{
	const char *at = html_page, *mark;

	for (; (mark = strchr(at, '@')); at = strchr(mark + 1, '@') + 1) {
		bytes_add(to, at, mark - at);
		if (mark[1] == 'S')
			bytes_add(to, html_style, strlen(html_style));
		else
			add_base64(to, mark[1] == 'C' ? code :
				       mark[1] == 'D' ? &data[0] :
							&data[1]);
	}
	bytes_add(to, at, strlen(at));
}

static int pack_code(struct bytes *to)
{
	struct bytes code = { 0 };
	int rc;

	bytes_add(&code, html_script_data, strlen(html_script_data));
	bytes_add(&code, html_script_words, strlen(html_script_words));
	bytes_add(&code, html_script_pane, strlen(html_script_pane));
	bytes_add(&code, html_script, strlen(html_script));
	rc = html_deflate(&code, to);
	bytes_free(&code);
	return rc;
}

/* "Documentation/samples/cc.trace.xz": cc.html, here; what stdin has: report.html. */
static const char *path_for(const char *recording)
{
	static char path[256];
	const char *name = strrchr(recording, '/');
	int len;

	name = name ? name + 1 : recording;
	len = strcspn(name, ".");
	if (!len || !strcmp(recording, "-"))
		return "report.html";
	snprintf(path, sizeof(path), "%.*s.html", len, name);
	return path;
}

static int check_language(const char *wanted)
{
	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
		if (!strcmp(wanted, languages[i]))
			return OK;
	return misused("language '%s' is none of en, zh", wanted);
}

/* What was free when it began, where the recording says that; a page can do without. */
static void read_start(struct recording *rec)
{
	int rc;

	if (!rec->state.len)
		return;
	say_keep(true);
	rc = start_read(rec);
	say_keep(false);
	say_forget();
	if (rc)
		warn("the page has no state at the start: %s", say_kept());
}

/**
 * struct maker - of a page
 * @args: of the command line
 * @path: of the page
 * @lang: its language
 * @data: of each pane
 * @nr: how many there are
 * @events: of the recordings
 * @rec: the one that was read last
 * @config: them
 * @code: of the command that was run
 */
struct maker {
	const struct args *args;
	const char *path;
	const char *lang;
	struct bytes data[PANES];
	size_t nr;
	uint64_t events;
	struct recording *rec;
	struct config config[PANES];
	int code;
};

static int add_config(void *data, size_t i)
{
	struct maker *make = data;
	const struct pane pane = {
		.title = make->config[i].parameters,
		.lang = make->lang,
		.pool = true,
	};

	return html_data(make->rec, &pane, &make->data[make->nr++]);
}

/* What is above a pane of a recording: its name, or the command. */
static void put_title(struct bytes *title, const struct args *args,
		      const char *path)
{
	const char *name = strrchr(path, '/');

	if (!args_get(args, "live"))
		bytes_print(title, "%s", name ? name + 1 : path);
	for (int i = 0; args_get(args, "live") && i < args->nr; i++)
		bytes_print(title, "%s%s", i ? " " : "", args->operand[i]);
}

static int add_recorded(struct maker *make, size_t nr, const char *path)
{
	struct bytes title = { 0 };
	struct pane pane = { .lang = make->lang };
	int rc;

	put_title(&title, make->args, path);
	pane.title = title.at;
	rc = html_data(make->rec, &pane, &make->data[nr]);
	bytes_free(&title);
	return rc;
}

/* The recorded kernel is beside one configuration; of two there is no room for it. */
static int add_configs(struct maker *make, const char *path)
{
	char *configs = strdup(args_get(make->args, "config"));
	const char *parameters[PANES];
	size_t nr = configs ? split(configs, '\n', parameters, PANES) : 0;
	int rc;

	for (size_t i = 0; i < nr; i++)
		make->config[i] = (struct config){
			parameters[i],
			args_get(make->args, "ko") ?: module_path(),
		};
	make->nr = PANES - nr;
	rc = with_configs(make->config, nr, add_config, make);
	if (!rc && nr < PANES)
		rc = add_recorded(make, 0, path);
	free(configs);
	return rc;
}

/* The recording has no name, so that whatever happens none stays. */
static int read_live(struct recording *rec, struct maker *make)
{
	int fd = open_nameless(make->path), rc;
	char name[32];

	memset(rec, 0, sizeof(*rec));
	if (fd < 0)
		return failed(errno, "%s: %s", make->path, strerror(errno));
	rc = record_command(make->path, fd, make->args, &make->code);
	if (!rc) {
		snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
		rc = recording_read(rec, name);
	}
	close(fd);
	return rc;
}

static int read_recording(struct maker *make, const char *path)
{
	struct recording rec;
	int rc = args_get(make->args, "live") ? read_live(&rec, make) :
						recording_read(&rec, path);

	if (!rc) {
		read_start(&rec);
		recording_settle(&rec);
		recording_infer(&rec);
		make->events += rec.kmem;
		make->rec = &rec;
		rc = args_get(make->args, "config") ?
			     add_configs(make, path) :
			     add_recorded(make, make->nr++, path);
	}
	recording_free(&rec);
	return rc;
}

/* Where to write to. */
static int choose_path(const struct args *args, const char **path)
{
	*path = args_get(args, "output");
	if (*path && !strcmp(*path, "-"))
		return misused("output '-': stdout takes no page; name a file");
	*path = *path ?: path_for(args->operand[0]);
	return access(*path, F_OK) ?
		       OK :
		       failed(EEXIST, "%s: %s", *path, strerror(EEXIST));
}

static int check_words(const struct args *args)
{
	const char *config = args_get(args, "config");
	bool live = args_get(args, "live");
	int most = args_get(args, "compare") && !config ? PANES : 1;

	if (live && !args->nr)
		return misused(
			"--live wants a command: -- COMMAND [ARGUMENT]...");
	if (!args->nr)
		return misused("wants %s; see mymm report --help",
			       args->command->operands);
	if (!live && args->nr > most)
		return misused(
			"'%s' is one word too many; see mymm report --help",
			args->operand[most]);
	if (!live && args_get(args, "buffer"))
		return misused("--buffer goes with --live");
	if (!live && args_get(args, "process"))
		return misused("--process goes with --live");
	if (!args_get(args, "compare"))
		return config || args_get(args, "ko") ?
			       misused("--config and --ko go with --compare") :
			       OK;
	if (!config && (live || args->nr < PANES))
		return misused(
			"--compare wants two recordings, or --config PARAMETERS");
	if (!config && args_get(args, "ko"))
		return misused("--ko goes with --config");
	if (config && strchr(config, '\n') != strrchr(config, '\n'))
		return misused("more than two configurations");
	return OK;
}

static int run_report(struct session *unused, const struct args *args)
{
	struct maker make = {
		.args = args,
		.lang = args_get(args, "lang") ?: "en",
	};
	struct bytes code = { 0 }, page = { 0 };
	int rc;

	(void)unused;
	rc = check_words(args)		       ?:
		     check_language(make.lang) ?:
						 choose_path(args, &make.path);
	for (int i = 0; !rc && i < (args_get(args, "live") ? 1 : args->nr); i++)
		rc = read_recording(&make, args->operand[i]);
	rc = rc ?: pack_code(&code);
	if (!rc) {
		make_page(&page, &code, make.data);
		rc = bytes_to_file(&page, make.path, 0644);
	}
	if (!rc)
		printf("%s: %s in %s\n", make.path,
		       plural(make.events, "event", "events"),
		       bytes_text(page.len));
	bytes_free(&page);
	bytes_free(&code);
	for (int i = 0; i < PANES; i++)
		bytes_free(&make.data[i]);
	return rc ?: make.code;
}

static const struct opt html_opts[] = {
	{ 'o', "output", "FILE.html", "to write; it must not be there" },
	{ 0, "lang", "en|zh", "the language of the page (en)" },
	{ 0, "live", NULL, "of the kernel that runs here, while COMMAND runs" },
	{ 'b', "buffer", "KIB", "with --live: for events, of each CPU (8192)" },
	{ 0, "process", NULL, "with --live: also faults, reclaim and swap" },
	{ 0, "compare", NULL,
	  "two recordings, or configurations, side by side" },
	{ 0, "config", "PARAMETERS", "one of these: parameters of the module" },
	{ 0, "ko", "FILE", "the module" },
	OPTS_END,
};

static const char html_text[] =
	"RECORDING is what replay reads. The page needs no network and no other file: a map\n"
	"of the frames that the recorded kernel allocated, at each event, free blocks and\n"
	"memory over time, page blocks, caches, owners and failures. Without -o it is\n"
	"written to this folder, with the recording's name.\n\n"
	"With --live COMMAND is run, and what record would keep meanwhile becomes the page,\n"
	"by default with COMMAND's name; the exit code is COMMAND's. It takes root.\n\n"
	"With --compare the page has two panes and one scrubber: of two recordings, of one\n"
	"recording and of what a pool with --config does with its events of pages, or of what\n"
	"two pools do (two times --config). The module is loaded anew for that, as replay\n"
	"--compare does.\n";

const struct command html_commands[] = {
	{
		.name = "report",
		.brief = "write a recording as a page for a browser",
		.operands = "RECORDING [RECORDING] | - | --live -- COMMAND...",
		.text = html_text,
		.opts = html_opts,
		.least = 0,
		.most = -1,
		.flags = COMMAND_NO_DOOR | COMMAND_NOT_INSIDE,
		.run = run_report,
	},
	{ 0 },
};
