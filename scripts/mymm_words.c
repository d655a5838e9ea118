// SPDX-License-Identifier: GPL-2.0
/*
 * A script's line, split into words.
 *
 * Words stand between blanks. 'single quotes' keep everything, "double quotes" keep
 * all but $name, a backslash keeps the next character, # at the start of a word
 * begins a comment. $name and ${name} stand for what was named so, $name[2] for the
 * third of several; outside quotes, several become several words:
 *
 *	a = pages alloc -o 2 -n 3      "a" is 1 2 3
 *	pages free $a[0]               pages free 1
 *	pages free $a                  pages free 1 2 3
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "mymm_cli.h"

struct splitter {
	struct words *words;
	char *text; /* the word being made */
	size_t len;
	size_t room;
	bool open; /* there is one, even if it is empty so far */
	size_t from;
};

static void put(struct splitter *s, char c)
{
	if (s->len + 1 >= s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->text = xalloc(s->text, s->room, 1);
	}
	s->text[s->len++] = c;
	s->open = true;
}

static void end_word(struct splitter *s)
{
	struct words *words = s->words;

	if (!s->open)
		return;
	words->word = xalloc(words->word, words->nr + 2, sizeof(*words->word));
	words->rest = xalloc(words->rest, words->nr + 2, sizeof(*words->rest));
	words->word[words->nr] = xalloc(NULL, s->len + 1, 1);
	if (s->len)
		memcpy(words->word[words->nr], s->text, s->len);
	words->word[words->nr][s->len] = 0;
	words->rest[words->nr] = s->from;
	words->word[++words->nr] = NULL;
	s->len = 0;
	s->open = false;
}

/* @at is behind a $. Gives where to go on, or NULL after an error. */
static const char *expand(struct splitter *s, const char *at, bool quoted,
			  const struct words_names *names)
{
	bool brace = *at == '{';
	const char *value, *start = at + brace, *end = start;
	char name[80];

	while (isalnum((unsigned char)*end) || *end == '_')
		end++;
	if (end > start && *end == '[') {
		end += 1 + strspn(end + 1, "0123456789");
		if (*end != ']')
			goto bad;
		end++;
	}
	if (end == start || (brace && *end != '}') ||
	    (size_t)(end - start) >= sizeof(name))
		goto bad;
	snprintf(name, sizeof(name), "%.*s", (int)(end - start), start);
	value = names->lookup(name, names->data);
	if (!value)
		return NULL;
	for (; *value; value++) {
		if (*value == ' ' && !quoted)
			end_word(s);
		else
			put(s, *value);
	}
	return end + brace;
bad:
	misused("'$%.*s': a name is wanted behind $, as in $a, ${a} or $a[0]",
		(int)strcspn(at, " "), at);
	return NULL;
}

int words_split(struct words *words, const char *line,
		const struct words_names *names)
{
	struct splitter s = { .words = words };
	const char *at = line;
	char quote = 0;

	memset(words, 0, sizeof(*words));
	while (at && *at) {
		if (!s.open && !quote) {
			if (*at == '#')
				break;
			s.from = at - line;
		}
		if (quote && *at == quote) {
			quote = 0;
			at++;
		} else if (!quote && (*at == '\'' || *at == '"')) {
			quote = *at++;
			s.open = true;
		} else if (*at == '$' && quote != '\'' && names->lookup) {
			at = expand(&s, at + 1, quote, names);
		} else if (*at == '\\' && quote != '\'' && at[1]) {
			put(&s, at[1]);
			at += 2;
		} else if (!quote && isspace((unsigned char)*at)) {
			end_word(&s);
			at++;
		} else {
			put(&s, *at++);
		}
	}
	if (at && quote)
		misused("the %c-quote is not closed", quote);
	if (!at || quote) {
		free(s.text);
		words_free(words);
		return USAGE;
	}
	end_word(&s);
	free(s.text);
	return OK;
}

void words_free(struct words *words)
{
	for (size_t i = 0; i < words->nr; i++)
		free(words->word[i]);
	free(words->word);
	free(words->rest);
	memset(words, 0, sizeof(*words));
}
