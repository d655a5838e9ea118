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
 *	report.js         what is drawn, and what answers to a hand
 *
 * mymm_html_data.c makes the data. These and the scripts are compressed, in base64.
 */
#include <errno.h>
#include <fcntl.h>
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
EMBED(html_script, "report.js");

static const char *const languages[] = { "en", "zh" };

static void put_base64(FILE *out, const struct bytes *bytes)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *at = (const uint8_t *)bytes->at;

	for (size_t i = 0; i < bytes->len; i += 3) {
		size_t left = bytes->len - i;
		uint32_t n = at[i] << 16;

		n |= left > 1 ? at[i + 1] << 8 : 0;
		n |= left > 2 ? at[i + 2] : 0;
		putc(digits[n >> 18], out);
		putc(digits[n >> 12 & 63], out);
		putc(left > 1 ? digits[n >> 6 & 63] : '=', out);
		putc(left > 2 ? digits[n & 63] : '=', out);
	}
}

static void put_page(FILE *out, const struct bytes *code,
		     const struct bytes *data)
{
	const char *at = html_page, *mark;

	for (; (mark = strchr(at, '@')); at = strchr(mark + 1, '@') + 1) {
		fwrite(at, 1, mark - at, out);
		if (mark[1] == 'S')
			fputs(html_style, out);
		else
			put_base64(out, mark[1] == 'C' ? code : data);
	}
	fputs(at, out);
}

static int pack_code(struct bytes *to)
{
	struct bytes code = { 0 };
	int rc;

	bytes_add(&code, html_script_data, strlen(html_script_data));
	bytes_add(&code, html_script_words, strlen(html_script_words));
	bytes_add(&code, html_script, strlen(html_script));
	rc = html_deflate(&code, to);
	bytes_free(&code);
	return rc;
}

/* A file that can't be written as a whole is not left behind. */
static int write_page(const char *path, const struct bytes *code,
		      const struct bytes *data, long *size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	int err = 0;

	if (!out)
		return failed(errno, "%s: %s", path, strerror(errno));
	put_page(out, code, data);
	*size = ftell(out);
	if (fflush(out) || ferror(out))
		err = errno;
	if (fclose(out) && !err)
		err = errno;
	if (!err)
		return OK;
	unlink(path);
	return failed(err, "%s: %s", path, strerror(err));
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

static int run_report(struct session *unused, const struct args *args)
{
	const char *path = args_get(args, "output");
	const char *lang = args_get(args, "lang") ?: "en";
	struct bytes code = { 0 }, data = { 0 };
	struct recording rec;
	long size = 0;
	int rc;

	(void)unused;
	if (check_language(lang))
		return USAGE;
	if (path && !strcmp(path, "-"))
		return misused("output '-': stdout takes no page; name a file");
	path = path ?: path_for(args->operand[0]);
	if (!access(path, F_OK))
		return failed(EEXIST, "%s: %s", path, strerror(EEXIST));
	rc = recording_read(&rec, args->operand[0]);
	if (!rc) {
		read_start(&rec);
		recording_settle(&rec);
		recording_infer(&rec);
		rc = html_data(&rec, lang, &data);
	}
	rc = rc ?: pack_code(&code) ?: write_page(path, &code, &data, &size);
	if (!rc)
		printf("%s: %s in %s\n", path,
		       plural(rec.kmem, "event", "events"), bytes_text(size));
	bytes_free(&code);
	bytes_free(&data);
	recording_free(&rec);
	return rc;
}

static const struct opt html_opts[] = {
	{ 'o', "output", "FILE.html", "to write; it must not be there" },
	{ 0, "lang", "en|zh", "the language of the page (en)" },
	OPTS_END,
};

static const char html_text[] =
	"RECORDING is what replay reads. The page needs no network and no other file: a map\n"
	"of the frames that the recorded kernel allocated, at each event, free blocks and\n"
	"memory over time, page blocks, caches, owners and failures. Without -o it is\n"
	"written to this folder, with the recording's name.\n";

const struct command html_commands[] = {
	{
		.name = "report",
		.brief = "write a recording as a page for a browser",
		.operands = "RECORDING | -",
		.text = html_text,
		.opts = html_opts,
		.least = 1,
		.most = 1,
		.flags = COMMAND_NO_DOOR,
		.run = run_report,
	},
	{ 0 },
};
