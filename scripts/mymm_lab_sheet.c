// SPDX-License-Identifier: GPL-2.0
/*
 * An answer sheet, read and graded.
 *
 * mymm lab start has written it, and a student has put a number behind the = of each blank:
 *
 *	lab: 2
 *	student: ana
 *	...
 *	a = 4,096
 *	b = 0x1000
 *	c = 4 KiB
 *
 * Nothing else in it is looked at, so it may be edited at will. The numbers of the lab are
 * computed again from the student's name: what else the sheet says is not believed. Words behind a
 * number are no part of it, but for units of memory. Full-width digits and signs, as an
 * input method for Chinese writes them, are as good.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mymm_lab.h"

/* U+FF01 to U+FF5E are ASCII's 0x21 to 0x7e in full width, U+3000 is a blank. */
static char *half_width(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	char *half = xalloc(NULL, strlen(text) + 1, 1), *to = half;

	while (*at) {
		if (at[0] == 0xef && at[1] == 0xbc && at[2] >= 0x81) {
			*to++ = at[2] - 0x81 + 0x21;
			at += 3;
		} else if (at[0] == 0xef && at[1] == 0xbd && at[2] >= 0x80 &&
			   at[2] <= 0x9e) {
			*to++ = at[2] - 0x80 + 0x60;
			at += 3;
		} else if (at[0] == 0xe3 && at[1] == 0x80 && at[2] == 0x80) {
			*to++ = ' ';
			at += 3;
		} else {
			*to++ = *at++;
		}
	}
	*to = 0;
	return half;
}

/* The bytes of a unit of memory that @text begins with; 0: it is another word, or none. */
static uint64_t unit_of(const char *text)
{
	static const char letters[] = "KMGT";
	const char *letter;
	size_t len = 0;

	while (isalpha((unsigned char)text[len]))
		len++;
	if ((len == 1 && (*text == 'B' || *text == 'b')) ||
	    ((len == 4 || len == 5) && !strncasecmp(text, "bytes", len)))
		return 1;
	letter = len ? strchr(letters, toupper((unsigned char)*text)) : NULL;
	if (!letter || !(len == 1 || (len == 2 && !strcasecmp(text + 1, "B")) ||
			 (len == 3 && !strncasecmp(text + 1, "iB", 2))))
		return 0;
	return 1ULL << (10 * (letter + 1 - letters));
}

/* Digits without the commas, blanks and underscores between three of them. */
static size_t take_digits(char *to, size_t room, const char *text)
{
	const char *at = text;
	size_t len = 0;

	while (len + 1 < room) {
		if (isalnum((unsigned char)*at) || *at == '.' ||
		    (!len && (*at == '-' || *at == '+')))
			to[len++] = *at++;
		else if (len && strchr(",_'", *at ?: 'x') &&
			 isdigit((unsigned char)at[1]) &&
			 isdigit((unsigned char)at[2]) &&
			 isdigit((unsigned char)at[3]) &&
			 !isdigit((unsigned char)at[4]))
			at++;
		else
			break;
	}
	to[len] = 0;
	return at - text;
}

bool lab_number(const char *text, uint64_t unit, int64_t *n)
{
	char digits[64], *end;
	double value;
	uint64_t bytes;
	size_t taken;

	while (isspace((unsigned char)*text) || *text == '=')
		text++;
	taken = take_digits(digits, sizeof(digits), text);
	if (!isdigit((unsigned char)digits[strspn(digits, "+-")]))
		return false;
	value = strtod(digits, &end);
	/* What stands at once behind the digits: 4K, 4KiB; or after a blank: 4 KiB. */
	if (*end) {
		bytes = unit_of(end);
		if (!bytes)
			return false;
	} else {
		text += taken;
		while (isspace((unsigned char)*text))
			text++;
		bytes = unit_of(text);
		/* Two numbers are none. */
		if (text[strcspn(text, "0123456789")])
			return false;
	}
	/* A count may be in K; what is asked for in KiB may be said in MiB or in bytes. */
	if (bytes)
		value = value * bytes / unit;
	if (value < -9e15 || value > 9e15 || value != (int64_t)value)
		return false;
	*n = value;
	return true;
}

static char *trimmed(const char *from, size_t len)
{
	while (len && isspace((unsigned char)*from)) {
		from++;
		len--;
	}
	while (len && isspace((unsigned char)from[len - 1]))
		len--;
	return len ? strndup(from, len) : NULL;
}

char *lab_student(const char *text)
{
	char *half = half_width(text);
	char *name = trimmed(half, strlen(half));

	free(half);
	for (const char *at = name; at && *at; at++)
		if (iscntrl((unsigned char)*at)) {
			free(name);
			return NULL;
		}
	return name;
}

/* What a line "KEY: VALUE" has for that key, or NULL. */
static char *header(const char *line, const char *key)
{
	size_t len = strlen(key);

	return !strncmp(line, key, len) && line[len] == ':' ?
		       trimmed(line + len + 1, strlen(line + len + 1)) :
		       NULL;
}

static struct lab_answer *answer_of(struct lab_sheet *sheet, const char *line)
{
	const char *at = line + 1;

	while (*at == ' ' || *at == '\t')
		at++;
	for (size_t i = 0; i < sheet->nr && *at == '='; i++)
		if (sheet->answer[i].blank.name == *line)
			return &sheet->answer[i];
	return NULL;
}

/* What is written behind the blanks; a blank that is there twice counts as it stands last. */
static void read_answers(struct lab_sheet *sheet, char *text)
{
	char *line;

	while ((line = file_line(&text))) {
		struct lab_answer *answer;

		while (isspace((unsigned char)*line))
			line++;
		answer = answer_of(sheet, line);
		if (!answer)
			continue;
		line = strchr(line, '=') + 1;
		free(answer->given);
		answer->given = trimmed(line, strlen(line));
	}
}

static int grade(struct lab_sheet *sheet, enum lab_language language)
{
	static const char *const no_number[] = { "this is not one number",
						 "这不是一个数" };
	const char *text = lab_text(sheet->lab, language);
	struct lab_run run;
	int rc = OK;

	lab_begin(&run, sheet->lab, sheet->student);
	for (size_t i = 0; i < sheet->nr && !rc; i++) {
		struct lab_answer *answer = &sheet->answer[i];
		char name[] = { answer->blank.name, 0 };
		bool number;
		int64_t n;

		if (!lab_get(&run, name, &answer->expected)) {
			rc = failed(0, "the lab's model has no %s", name);
			break;
		}
		if (!answer->given)
			continue;
		number = lab_number(answer->given, answer->blank.unit, &n);
		answer->right = number && n == answer->expected;
		sheet->points += answer->right;
		if (!number)
			bytes_print(&answer->reason, "%s", no_number[language]);
		else if (!answer->right)
			rc = lab_reason(&answer->reason, text,
					answer->blank.name, &n, &run);
	}
	lab_run_free(&run);
	return rc;
}

/* The lab and the student, which come before the first blank. */
static int read_head(struct lab_sheet *sheet, char *text)
{
	char *number = NULL, *line, *end;
	uint64_t n = 0;

	while ((line = file_line(&text))) {
		if (!number)
			number = header(line, "lab");
		if (!sheet->student)
			sheet->student = header(line, "student");
	}
	if (number)
		n = strtoull(number, &end, 10);
	sheet->lab = number && !*end ? lab_find(n) : NULL;
	if (!number || !sheet->student)
		failed(0,
		       "%s: this is no answer sheet: it has no line '%s: ...'",
		       sheet->path, number ? "student" : "lab");
	else if (!sheet->lab)
		failed(0, "%s: there is no lab '%s'", sheet->path, number);
	free(number);
	return sheet->lab && sheet->student ? OK : FAILED;
}

int lab_sheet_read(struct lab_sheet *sheet, enum lab_language language)
{
	char *text, *half, *copy;
	const char *at;
	int rc;

	text = file_try(sheet->path);
	if (!text)
		return failed(errno, "%s: %s", sheet->path, strerror(errno));
	half = half_width(text);
	free(text);
	copy = strdup(half);
	rc = read_head(sheet, copy);
	free(copy);
	if (rc) {
		sheet->lab = NULL;
	} else {
		at = lab_blanks(lab_text(sheet->lab, language));
		while (sheet->nr < LAB_BLANKS_MOST &&
		       lab_next_blank(&at, &sheet->answer[sheet->nr].blank))
			sheet->nr++;
		read_answers(sheet, half);
		rc = grade(sheet, language);
	}
	free(half);
	return rc;
}

void lab_sheet_free(struct lab_sheet *sheet)
{
	for (size_t i = 0; i < sheet->nr; i++) {
		free(sheet->answer[i].given);
		bytes_free(&sheet->answer[i].reason);
	}
	free(sheet->student);
	free(sheet->path);
}
