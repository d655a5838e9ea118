// SPDX-License-Identifier: GPL-2.0
/*
 * lab: exercises with numbers of one's own.
 *
 *	mymm lab start 2 --student ana	writes lab-02-ana.txt, an answer sheet, and lab-02-ana.sh
 *	mymm lab check 2		grades the sheets of lab 2 that are in this folder
 *
 * The student reads the sheet, predicts, writes numbers into it, and runs the script in the
 * virtual machine to see what the module does. Grading needs no module, and no network.
 *
 * The numbers follow from the student's name: the same name gives the same numbers, on any
 * machine; another name gives others. So a sheet can be graded anywhere, and answers can't be
 * copied.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mymm_lab.h"

/*
 * The documents, in one language after the other, and what each script begins with: a file, and in
 * the table its address.
 */
#define DOCUMENT(file)                                                 \
	".pushsection .rodata\n1:\n.incbin \"Documentation/labs/" file \
	"\"\n.byte 0\n.popsection\n.quad 1b\n"

/* clang-format off */
__asm__(".pushsection .data.rel.ro.lab,\"aw\",@progbits\n"
	".balign 8\n"
	"lab_documents:\n"
	DOCUMENT("01-buddyinfo.md")
	DOCUMENT("02-split-merge.md")
	DOCUMENT("03-fragmentation.md")
	DOCUMENT("04-pageblocks.md")
	DOCUMENT("05-slab-geometry.md")
	DOCUMENT("06-engines.md")
	DOCUMENT("07-pcp.md")
	DOCUMENT("08-watermarks.md")
	DOCUMENT("09-rss.md")
	DOCUMENT("10-overcommit.md")
	DOCUMENT("11-malloc.md")
	DOCUMENT("12-swap.md")
	DOCUMENT("13-oom.md")
	DOCUMENT("14-numa.md")
	DOCUMENT("zh/01-buddyinfo.md")
	DOCUMENT("zh/02-split-merge.md")
	DOCUMENT("zh/03-fragmentation.md")
	DOCUMENT("zh/04-pageblocks.md")
	DOCUMENT("zh/05-slab-geometry.md")
	DOCUMENT("zh/06-engines.md")
	DOCUMENT("zh/07-pcp.md")
	DOCUMENT("zh/08-watermarks.md")
	DOCUMENT("zh/09-rss.md")
	DOCUMENT("zh/10-overcommit.md")
	DOCUMENT("zh/11-malloc.md")
	DOCUMENT("zh/12-swap.md")
	DOCUMENT("zh/13-oom.md")
	DOCUMENT("zh/14-numa.md")
	"lab_library:\n"
	DOCUMENT("lib.sh")
	".popsection");
/* clang-format on */

static const struct lab all_labs[] = {
	{ 1, lab_buddyinfo },
	{ 2, lab_split_merge },
	{ 3, lab_fragmentation },
	{ 4, lab_pageblocks },
	{ 5, lab_geometry },
	{ 6, lab_engines },
	{ 7, lab_pcp },
	{ 8, lab_watermarks },
	{ 9, lab_rss },
	{ 10, lab_overcommit },
	{ 11, lab_malloc },
	{ 12, lab_swap },
	{ 13, lab_oom },
	{ 14, lab_numa },
	{ 0 },
};

static_assert(sizeof(all_labs) / sizeof(all_labs[0]) == LAB_DOCUMENTS + 1,
	      "each lab has a document");

const struct lab *lab_find(uint64_t number)
{
	for (const struct lab *lab = all_labs; lab->number; lab++)
		if (lab->number == number)
			return lab;
	return NULL;
}

const char *lab_text(const struct lab *lab, enum lab_language language)
{
	return lab_documents[language][lab->number - 1];
}

/* --- the numbers of a student ------------------------------------------------------------ */

/* splitmix64: Steele, Lea and Flood, 2014. */
static uint64_t next_random(struct lab_run *run)
{
	uint64_t z = run->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

int64_t lab_draw(struct lab_run *run, int64_t least, int64_t most)
{
	return least + (int64_t)(next_random(run) % (most - least + 1));
}

static size_t new_value(struct lab_run *run, const char *name)
{
	if (run->nr == LAB_VALUES)
		abort();
	snprintf(run->value[run->nr].name, LAB_NAME_LEN, "%s", name);
	return run->nr++;
}

int64_t lab_set(struct lab_run *run, const char *name, int64_t n)
{
	run->value[new_value(run, name)].n = n;
	return n;
}

void lab_set_text(struct lab_run *run, const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&run->value[new_value(run, name)].text, fmt, ap) < 0)
		abort();
	va_end(ap);
}

bool lab_get(const struct lab_run *run, const char *name, int64_t *n)
{
	for (size_t i = 0; i < run->nr; i++) {
		if (strcmp(run->value[i].name, name) || run->value[i].text)
			continue;
		*n = run->value[i].n;
		return true;
	}
	return false;
}

void lab_run_free(struct lab_run *run)
{
	for (size_t i = 0; i < run->nr; i++)
		free(run->value[i].text);
	run->nr = 0;
}

void lab_begin(struct lab_run *run, const struct lab *lab, const char *student)
{
	*run = (struct lab_run){ .state = 0xcbf29ce484222325 ^ lab->number };
	/* FNV-1a. */
	for (; *student; student++)
		run->state =
			(run->state ^ (unsigned char)*student) * 0x100000001b3;
	lab->model(run);
}

/* --- the commands ------------------------------------------------------------------------ */

static int language_of(const struct args *args, enum lab_language *language)
{
	const char *lang = args_get(args, "lang") ?: "en";

	*language = strcmp(lang, "zh") ? LAB_EN : LAB_ZH;
	if (*language == LAB_EN && strcmp(lang, "en"))
		return misused("language '%s' is none of en, zh", lang);
	return OK;
}

static int run_list(struct session *unused, const struct args *args)
{
	enum lab_language language;

	(void)unused;
	if (language_of(args, &language))
		return USAGE;
	for (const struct lab *lab = all_labs; lab->number; lab++) {
		struct bytes title = { 0 };

		lab_title(&title, lab_text(lab, language));
		printf("%3u  %s\n", lab->number, title.at);
		bytes_free(&title);
	}
	return OK;
}

static const struct lab *lab_of(const char *word)
{
	uint64_t n;

	if (parse_number(word, "lab", 0, UINT32_MAX, &n))
		return NULL;
	if (!lab_find(n))
		misused("there is no lab %s; see mymm lab list", word);
	return lab_find(n);
}

/* The blanks, and behind each of them a place for the answer. */
static void add_blanks(struct bytes *to, char *text)
{
	char *line, open = 0;

	while ((line = file_line(&text))) {
		struct lab_blank blank;
		const char *at = line;
		bool item = lab_next_blank(&at, &blank);

		if (open && (item || !*line)) {
			bytes_print(to, "\n%c =\n\n", open);
			open = 0;
		}
		if (item)
			open = blank.name;
		if (*line || !to->len || to->at[to->len - 2] != '\n')
			bytes_print(to, "%s\n", line);
	}
	if (open)
		bytes_print(to, "\n%c =\n", open);
}

static int make_sheet(struct bytes *to, const struct lab *lab,
		      enum lab_language language, const char *student,
		      const struct lab_run *run)
{
	static const char *const hint[] = {
		"Write a number behind each =, and run: mymm lab check FILE",
		"在每个 = 后面写一个数，然后运行：mymm lab check --lang zh 文件",
	};
	const char *text = lab_text(lab, language);
	struct bytes blanks = { 0 };
	int rc;

	bytes_print(to, "lab: %u\nstudent: %s\n\n%s\n\n", lab->number, student,
		    hint[language]);
	rc = lab_section(to, text, LAB_THEORY, run)	      ?:
		     lab_section(to, text, LAB_QUESTION, run) ?:
		     lab_section(&blanks, text, LAB_BLANKS, run);
	if (!rc)
		add_blanks(to, blanks.at);
	bytes_free(&blanks);
	return rc;
}

/* The same in each language: it is in the English document alone. */
static int make_script(struct bytes *to, const struct lab *lab,
		       const char *student, const struct lab_run *run)
{
	bytes_print(
		to,
		"#!/bin/sh\n# Lab %u, for %s: run it in the machine, as root.\n",
		lab->number, student);
	bytes_add(to, lab_library[0], strlen(lab_library[0]));
	bytes_add(to, "\n", 1);
	return lab_script(to, lab_text(lab, LAB_EN), run);
}

/* lab-02-ana.txt; a character that a name of a file should not have becomes _. */
static void path_of(char *path, size_t room, const struct lab *lab,
		    const char *student, const char *suffix)
{
	int len = snprintf(path, room, "lab-%02u-%s", lab->number, student);

	if ((size_t)len > room - 8)
		len = room - 8;
	for (char *at = path; at < path + len; at++)
		if (*at > 0 && !isalnum(*at) && !strchr("-_.@+", *at))
			*at = '_';
	strcpy(path + len, suffix);
}

static int run_start(struct session *unused, const struct args *args)
{
	const struct lab *lab = lab_of(args->operand[0]);
	char *student = lab_student(args_get(args, "student") ?:
					    (getenv("USER") ?: "student"));
	struct bytes sheet = { 0 }, script = { 0 };
	char sheet_path[128], script_path[128];
	enum lab_language language;
	struct lab_run run;
	int rc;

	(void)unused;
	if (!student)
		misused("student: a name is wanted, in one line");
	if (!lab || !student || language_of(args, &language)) {
		free(student);
		return USAGE;
	}
	lab_begin(&run, lab, student);
	path_of(sheet_path, sizeof(sheet_path), lab, student, ".txt");
	path_of(script_path, sizeof(script_path), lab, student, ".sh");
	rc = make_sheet(&sheet, lab, language, student, &run) ?:
		     make_script(&script, lab, student, &run) ?:
		     bytes_to_file(&sheet, sheet_path, 0644);
	if (!rc) {
		rc = bytes_to_file(&script, script_path, 0755);
		if (rc)
			unlink(sheet_path);
	}
	if (!rc)
		printf("%s: write your answers into it\n"
		       "%s: shows what the module does\n",
		       sheet_path, script_path);
	lab_run_free(&run);
	bytes_free(&sheet);
	bytes_free(&script);
	free(student);
	return rc;
}

/* A student's sheet of a lab that was in another file before: that path, or NULL. */
static const char *same_as(const struct lab_sheet *sheets, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (sheets[i].lab && sheets[i].lab == sheets[nr].lab &&
		    !strcmp(sheets[i].student, sheets[nr].student))
			return sheets[i].path;
	return NULL;
}

static void print_sheet(const struct lab_sheet *sheet, const char *same,
			bool answers)
{
	printf("%s: lab %u, %s: %zu of %zu right\n", sheet->path,
	       sheet->lab->number, sheet->student, sheet->points, sheet->nr);
	for (size_t i = 0; i < sheet->nr; i++) {
		const struct lab_answer *answer = &sheet->answer[i];
		char name = answer->blank.name;

		if (!answer->right)
			printf("  %c = %s%s%s\n", name, answer->given ?: "?",
			       answer->given ? ": " : "  (no answer)",
			       answer->reason.at ?: "");
		if (answers)
			printf("  %c is %s%s\n", name,
			       answer->expected < 0 ? "-" : "",
			       count_text(llabs(answer->expected)));
	}
	if (same)
		printf("  %s is a sheet of the same student\n", same);
}

static void print_json(const struct lab_sheet *sheet, const char *same,
		       bool answers)
{
	struct bytes title = { 0 };

	json_number("lab", sheet->lab->number);
	lab_title(&title, lab_text(sheet->lab, LAB_EN));
	json_text("title", title.at);
	bytes_free(&title);
	json_text("student", sheet->student);
	json_text("same_student_as", same);
	json_number("points", sheet->points);
	json_number("of", sheet->nr);
	json_open("blanks", '[');
	for (size_t i = 0; i < sheet->nr; i++) {
		const struct lab_answer *answer = &sheet->answer[i];

		json_open(NULL, '{');
		json_text("blank", (char[]){ answer->blank.name, 0 });
		json_text("given", answer->given);
		json_bool("right", answer->right);
		json_text("reason", answer->reason.at);
		if (answers)
			json_signed("answer", answer->expected);
		json_close();
	}
	json_close();
}

struct sheets {
	struct lab_sheet *sheet;
	size_t nr;
};

static void add_sheet(struct sheets *sheets, const char *path)
{
	sheets->sheet =
		xalloc(sheets->sheet, sheets->nr + 1, sizeof(*sheets->sheet));
	sheets->sheet[sheets->nr++] =
		(struct lab_sheet){ .path = strdup(path) };
}

/* The sheets that the operands name: files, or a lab's number for those in this folder. */
static int find_sheets(struct sheets *sheets, const struct args *args)
{
	for (int i = 0; i < args->nr; i++) {
		const char *word = args->operand[i];
		const struct lab *lab;
		char pattern[32];
		glob_t found;

		if (word[strspn(word, "0123456789")]) {
			add_sheet(sheets, word);
			continue;
		}
		lab = lab_of(word);
		if (!lab)
			return USAGE;
		snprintf(pattern, sizeof(pattern), "lab-%02u-*.txt",
			 lab->number);
		if (glob(pattern, 0, NULL, &found))
			return failed(
				ENOENT,
				"there is no %s in this folder: mymm lab start %u writes one",
				pattern, lab->number);
		for (size_t j = 0; j < found.gl_pathc; j++)
			add_sheet(sheets, found.gl_pathv[j]);
		globfree(&found);
	}
	return OK;
}

static int check_sheet(struct sheets *sheets, size_t nr,
		       enum lab_language language, bool answers, bool json)
{
	struct lab_sheet *sheet = &sheets->sheet[nr];
	const char *same;
	int rc;

	say_keep(json);
	rc = lab_sheet_read(sheet, language);
	say_keep(false);
	same = rc ? NULL : same_as(sheets->sheet, nr);
	if (json) {
		json_open(NULL, '{');
		json_text("file", sheet->path);
		json_text("error", rc ? say_kept() : NULL);
		if (!rc)
			print_json(sheet, same, answers);
		json_close();
	} else if (!rc) {
		print_sheet(sheet, same, answers);
	}
	return rc ?: sheet->points < sheet->nr ? FAILED : OK;
}

static int run_check(struct session *unused, const struct args *args)
{
	bool json = args_get(args, "json");
	enum lab_language language;
	struct sheets sheets = { 0 };
	int rc;

	(void)unused;
	if (language_of(args, &language))
		return USAGE;
	rc = find_sheets(&sheets, args);
	if (!rc) {
		if (json) {
			json_open(NULL, '{');
			json_open("sheets", '[');
		}
		for (size_t i = 0; i < sheets.nr; i++)
			if (check_sheet(&sheets, i, language,
					args_get(args, "answers"), json))
				rc = FAILED;
		if (json) {
			json_close();
			json_close();
		}
	}
	for (size_t i = 0; i < sheets.nr; i++)
		lab_sheet_free(&sheets.sheet[i]);
	free(sheets.sheet);
	return rc;
}

/* clang-format off */
#define OPT_LANG	{ 0, "lang", "en|zh", "the language of the texts (en)" }
/* clang-format on */

static const struct opt list_opts[] = {
	OPT_LANG,
	OPTS_END,
};

static const struct opt start_opts[] = {
	{ 's', "student", "NAME", "whose numbers ($USER)" },
	OPT_LANG,
	OPTS_END,
};

static const struct opt check_opts[] = {
	{ 0, "answers", NULL, "print the answers, too" },
	OPT_LANG,
	OPT_JSON,
	OPTS_END,
};

static const char start_text[] =
	"Writes lab-NN-NAME.txt, the question with numbers of this student and a blank for\n"
	"each answer, and lab-NN-NAME.sh, a script that shows in the virtual machine what the\n"
	"module does. Neither may be there yet.\n";

static const char check_text[] =
	"FILE is an answer sheet; N stands for those of lab N in this folder. No module is\n"
	"needed. Numbers are compared, not words: 4096, 4,096, 0x1000, 4K and 4 KiB are the same.\n"
	"The exit code is 0 if all answers of all sheets are right, and 1 if not.\n";

const struct command lab_commands[] = {
	{
		.name = "lab list",
		.operands = "",
		.brief =
			"list the labs, exercises with answers that can be graded",
		.opts = list_opts,
		.flags = COMMAND_NO_DOOR,
		.run = run_list,
	},
	{
		.name = "lab start",
		.brief = "write the answer sheet and the script of a lab",
		.operands = "N",
		.text = start_text,
		.opts = start_opts,
		.least = 1,
		.most = 1,
		.flags = COMMAND_NO_DOOR,
		.run = run_start,
	},
	{
		.name = "lab check",
		.brief = "grade answer sheets",
		.operands = "N | FILE...",
		.text = check_text,
		.opts = check_opts,
		.least = 1,
		.most = -1,
		.flags = COMMAND_NO_DOOR,
		.run = run_check,
	},
	{ 0 },
};
