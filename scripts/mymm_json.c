// SPDX-License-Identifier: GPL-2.0
/*
 * JSON, for programs: what --json prints.
 *
 * A document is written as it goes along, to stdout, or to what json_to() names:
 *
 *	json_open(NULL, '{')		{
 *	json_number("session", 3)	  "session": 3,
 *	json_open("zones", '[')		  "zones": [
 *	json_open(NULL, '{')		    {
 *	json_text("name", "DMA")	      "name": "DMA"
 *	json_close() three times	    }
 *					  ]
 *					}
 *
 * A member of an object has a key, one of an array has NULL for it. The writer knows what is
 * open, so commas, indents and ends are always right.
 *
 * A text must be UTF-8 in JSON, while names and paths are any bytes: a byte that is not part
 * of UTF-8 becomes U+FFFD. Numbers are whole; those above 2^53 are written
 * as they are, which a reader that has only doubles rounds.
 */
#include <stdlib.h>
#include <string.h>

#include "mymm_cli.h"

#define DEEPEST 8

static struct {
	FILE *to; /* NULL: stdout */
	char end[DEEPEST]; /* what closes each that is open */
	unsigned int depth;
	bool more; /* something stands before the next member */
} json;

static FILE *out(void)
{
	return json.to ? json.to : stdout;
}

void json_to(FILE *to)
{
	json.to = to;
}

size_t utf8_length(const unsigned char *text)
{
	/* The least that a sequence of so many bytes may stand for. */
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = text[0] < 0x80 ? 1 :
		     text[0] < 0xc2 ? 0 :
		     text[0] < 0xe0 ? 2 :
		     text[0] < 0xf0 ? 3 :
		     text[0] < 0xf5 ? 4 :
				      0;
	uint32_t code;

	if (len < 2)
		return len;
	code = text[0] & (0xff >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return 0;
	return len;
}

static void quoted(const char *string)
{
	const unsigned char *at = (const unsigned char *)string;
	size_t len;

	putc('"', out());
	for (; *at; at += len ? len : 1) {
		len = utf8_length(at);
		if (!len)
			fputs("\\ufffd", out());
		else if (*at == '"' || *at == '\\')
			fprintf(out(), "\\%c", *at);
		else if (*at < 0x20 || *at == 0x7f)
			fprintf(out(), "\\u%04x", *at);
		else
			fwrite(at, 1, len, out());
	}
	putc('"', out());
}

static void indent(void)
{
	fprintf(out(), "\n%*s", 2 * (int)json.depth, "");
}

/* What stands before a value. */
static void member(const char *key)
{
	if (json.more)
		putc(',', out());
	if (json.depth)
		indent();
	json.more = true;
	if (key) {
		quoted(key);
		fputs(": ", out());
	}
}

void json_open(const char *key, char bracket)
{
	if (json.depth == DEEPEST)
		abort();
	member(key);
	putc(bracket, out());
	json.end[json.depth++] = bracket == '{' ? '}' : ']';
	json.more = false;
}

void json_close(void)
{
	char end = json.end[--json.depth];

	if (json.more)
		indent();
	putc(end, out());
	json.more = json.depth;
	if (!json.depth)
		putc('\n', out());
}

void json_text(const char *key, const char *text)
{
	member(key);
	if (text)
		quoted(text);
	else
		fputs("null", out());
}

void json_number(const char *key, uint64_t n)
{
	member(key);
	fprintf(out(), "%llu", (unsigned long long)n);
}

void json_known(const char *key, uint64_t n)
{
	if (n == UNKNOWN)
		json_text(key, NULL);
	else
		json_number(key, n);
}

void json_signed(const char *key, int64_t n)
{
	member(key);
	fprintf(out(), "%lld", (long long)n);
}

void json_bool(const char *key, bool yes)
{
	member(key);
	fputs(yes ? "true" : "false", out());
}

void json_numbers(const char *key, const __u64 *n, size_t nr)
{
	member(key);
	for (size_t i = 0; i < nr; i++)
		fprintf(out(), "%s%llu", i ? ", " : "[",
			(unsigned long long)n[i]);
	fputs(nr ? "]" : "[]", out());
}
