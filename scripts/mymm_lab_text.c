// SPDX-License-Identifier: GPL-2.0
/*
 * The document of a lab: Documentation/labs/NN-NAME.md, of which the program has a copy.
 *
 * It is read by people, too, and has five parts, in this order:
 *
 *	# Lab 2. Split and merge
 *	the theory
 *	## Question
 *	## Script		with one block of code, ```sh
 *	## Blanks		- a (KiB): What is wanted, and in which unit
 *	## Reasons		- a: Why that is the answer
 *				- a = {kib}: what is wrong with that answer in particular
 *
 * The headings are told from each other by their order, so a translation translates them; it has
 * no code under "Script", which is the same for all. A name
 * in braces stands for a number of the student's, which the lab's model computes. A number has
 * commas, but not in the script, where braces are the shell's and awk's, too: there only what is
 * such a name is replaced.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "mymm_lab.h"

/* Where a section begins, at its heading; the theory, at the title. */
static const char *section_start(const char *text, enum lab_section section)
{
	for (; text && section > LAB_THEORY; section--) {
		text = strstr(text, "\n## ");
		text = text ? text + 1 : NULL;
	}
	return text;
}

static size_t section_length(const char *start)
{
	const char *end = strstr(start, "\n## ");

	return end ? (size_t)(end + 1 - start) : strlen(start);
}

void lab_title(struct bytes *to, const char *text)
{
	const char *dot = strstr(text, ". ");

	text = dot ? dot + 2 : text;
	bytes_add(to, text, strcspn(text, "\n"));
}

/* The length of a name in braces, with them; 0: it is none. */
static size_t name_length(const char *at, const char *end)
{
	const char *from = at++;

	if (at == end || !islower((unsigned char)*at))
		return 0;
	while (at < end && (islower((unsigned char)*at) ||
			    isdigit((unsigned char)*at) || *at == '_'))
		at++;
	return at < end && *at == '}' && at - from <= LAB_NAME_LEN ?
		       (size_t)(at + 1 - from) :
		       0;
}

/* Adds what the name in braces stands for; false if it has no value. */
static bool add_value(struct bytes *to, const char *at, size_t len,
		      const struct lab_run *run, bool plain)
{
	for (size_t i = 0; i < run->nr; i++) {
		int64_t n = run->value[i].n;

		if (strlen(run->value[i].name) != len - 2 ||
		    strncmp(run->value[i].name, at + 1, len - 2))
			continue;
		if (run->value[i].text)
			bytes_print(to, "%s", run->value[i].text);
		else if (plain)
			bytes_print(to, "%lld", (long long)n);
		else
			bytes_print(to, "%s%s", n < 0 ? "-" : "",
				    count_text(n < 0 ? -n : n));
		return true;
	}
	return false;
}

static int fill(struct bytes *to, const char *at, size_t len,
		const struct lab_run *run, bool plain)
{
	const char *end = at + len;

	while (at < end) {
		size_t name = *at == '{' ? name_length(at, end) : 0;

		if (name && add_value(to, at, name, run, plain)) {
			at += name;
			continue;
		}
		if (name && !plain)
			return failed(
				0,
				"the lab's document names %.*s, which its model has not",
				(int)name, at);
		bytes_add(to, at++, 1);
	}
	return OK;
}

int lab_section(struct bytes *to, const char *text, enum lab_section section,
		const struct lab_run *run)
{
	const char *start = section_start(text, section);

	return fill(to, start, section_length(start), run, false);
}

int lab_script(struct bytes *to, const char *text, const struct lab_run *run)
{
	const char *start = section_start(text, LAB_SCRIPT), *end;

	start = strstr(start, "\n```sh\n") + 7;
	end = strstr(start, "\n```") + 1;
	return fill(to, start, end - start, run, true);
}

const char *lab_blanks(const char *text)
{
	return section_start(text, LAB_BLANKS);
}

/* Is this line the begin of an item about a blank? */
static bool is_item(const char *line)
{
	return line[0] == '-' && line[1] == ' ' &&
	       islower((unsigned char)line[2]) &&
	       (line[3] == ' ' || line[3] == ':');
}

static const char *next_line(const char *at)
{
	at = strchr(at, '\n');
	return at ? at + 1 : NULL;
}

/* The next item from @at on, within its section; NULL if there is none. */
static const char *next_item(const char *at)
{
	while (at && !is_item(at)) {
		at = next_line(at);
		if (at && !strncmp(at, "## ", 3))
			return NULL;
	}
	return at;
}

bool lab_next_blank(const char **at, struct lab_blank *blank)
{
	static const struct {
		const char *name;
		uint64_t bytes;
	} units[] = { { "(KiB)", 1024 }, { "(MiB)", 1 << 20 } };
	const char *item = next_item(*at);

	if (!item)
		return false;
	*at = next_line(item) ?: item + strlen(item);
	blank->name = item[2];
	blank->unit = 1;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strncmp(item + 4, units[i].name, strlen(units[i].name)))
			blank->unit = units[i].bytes;
	return true;
}

/* An item without its mark, in one line. Chinese has no blank where a line ended. */
static int add_item(struct bytes *to, const char *item,
		    const struct lab_run *run)
{
	struct bytes line = { 0 };
	const char *end = next_item(next_line(item) ?: "");
	size_t len = end ? (size_t)(end - item) : section_length(item);
	int rc;

	while (len && isspace((unsigned char)item[len - 1]))
		len--;
	for (const char *at = item; at < item + len; at++) {
		if (*at != '\n') {
			bytes_add(&line, at, 1);
			continue;
		}
		while (isspace((unsigned char)at[1]))
			at++;
		if (!(line.at[line.len - 1] & 0x80 && at[1] & 0x80))
			bytes_add(&line, " ", 1);
	}
	rc = fill(to, line.at, line.len, run, false);
	bytes_free(&line);
	return rc;
}

int lab_reason(struct bytes *to, const char *text, char blank,
	       const int64_t *given, const struct lab_run *run)
{
	const char *item = next_item(section_start(text, LAB_REASONS));
	const char *found = NULL;

	for (; item; item = next_item(next_line(item) ?: "")) {
		char name[LAB_NAME_LEN];
		int64_t n;

		if (item[2] != blank)
			continue;
		if (item[3] == ':') {
			found = found ?: item + 5;
		} else if (given &&
			   sscanf(item + 3, " = {%23[a-z0-9_]}:", name) == 1 &&
			   lab_get(run, name, &n) && n == *given) {
			found = strchr(item, '}') + 3;
			break;
		}
	}
	return found ? add_item(to, found, run) :
		       failed(0, "the lab's document has no reason for %c",
			      blank);
}
