// SPDX-License-Identifier: GPL-2.0
/*
 * Options and numbers: the same rules for a command line and a script's line.
 *
 * Options may stand anywhere among the operands: -n 5, -n5, --count 5, --count=5.
 * "--" ends them. A long name may be shortened as long as it is unique. What is
 * known of an option stands in the command's table, which --help prints too.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mymm_cli.h"

static int find_long(const struct opt *opts, const char *name, size_t len)
{
	int found = -1;

	for (int i = 0; opts && opts[i].name; i++) {
		if (strncmp(opts[i].name, name, len))
			continue;
		if (!opts[i].name[len])
			return i;
		found = found == -1 ? i : -2;
	}
	return found;
}

static int find_letter(const struct opt *opts, char letter)
{
	for (int i = 0; opts && opts[i].name; i++)
		if (opts[i].letter == letter)
			return i;
	return -1;
}

/* A bundle of letters; the last may have an argument, joined or as the next word. */
static int parse_letters(struct args *args, const char *word, char *next,
			 bool *took)
{
	const struct opt *opts = args->command->opts;

	for (const char *at = word; *at; at++) {
		int i = find_letter(opts, *at);

		if (i < 0)
			return misused("no option -%c; see mymm %s --help", *at,
				       args->command->name);
		if (!opts[i].arg) {
			args->value[i] = "";
			continue;
		}
		if (at[1]) {
			args->value[i] = at + 1;
		} else if (next) {
			args->value[i] = next;
			*took = true;
		} else {
			return misused("-%c wants %s after it", *at,
				       opts[i].arg);
		}
		break;
	}
	return OK;
}

static int parse_long(struct args *args, const char *word, char *next,
		      bool *took)
{
	const struct opt *opts = args->command->opts;
	size_t len = strcspn(word, "=");
	int i = find_long(opts, word, len);

	if (i == -2)
		return misused("--%.*s could be several options; write it out",
			       (int)len, word);
	if (i < 0)
		return misused("no option --%.*s; see mymm %s --help", (int)len,
			       word, args->command->name);
	if (!opts[i].arg) {
		if (word[len])
			return misused("--%s takes nothing after it",
				       opts[i].name);
		args->value[i] = "";
	} else if (word[len]) {
		args->value[i] = word + len + 1;
	} else if (next) {
		args->value[i] = next;
		*took = true;
	} else {
		return misused("--%s wants %s after it", opts[i].name,
			       opts[i].arg);
	}
	return OK;
}

int args_parse(struct args *args, const struct command *command, int argc,
	       char **argv)
{
	int i, rc, nr = 0;
	bool only = false;

	memset(args, 0, sizeof(*args));
	args->command = command;
	for (i = 0; i < argc; i++) {
		char *word = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
		bool took = false;

		if (only || argv[i][0] != '-' || !argv[i][1]) {
			/* argv is reordered, so its owner still frees each word once. */
			argv[i] = argv[nr];
			argv[nr++] = word;
			continue;
		}
		if (!strcmp(argv[i], "--")) {
			only = true;
			continue;
		}
		if (argv[i][1] == '-')
			rc = parse_long(args, argv[i] + 2, next, &took);
		else
			rc = parse_letters(args, argv[i] + 1, next, &took);
		if (rc)
			return rc;
		i += took;
	}
	args->nr = nr;
	args->operand = argv;
	if (nr < command->least)
		return misused("wants %s; see mymm %s --help",
			       command->operands, command->name);
	if (command->most >= 0 && nr > command->most)
		return misused("'%s' is one word too many; see mymm %s --help",
			       argv[command->most], command->name);
	return OK;
}

const char *args_get(const struct args *args, const char *name)
{
	const struct opt *opts = args->command->opts;

	for (int i = 0; opts && opts[i].name; i++)
		if (!strcmp(opts[i].name, name))
			return args->value[i];
	return NULL;
}

/* Digits, decimal or 0x; what follows them is the caller's. */
static int digits(const char *text, char **end, uint64_t *value)
{
	if (!isdigit((unsigned char)text[0]))
		return -1;
	errno = 0;
	*value = strtoull(text, end,
			  text[0] == '0' && (text[1] | 0x20) == 'x' ? 16 : 10);
	return errno ? -1 : 0;
}

static int within(const char *text, const char *what, uint64_t least,
		  uint64_t most, uint64_t value)
{
	if (value >= least && value <= most)
		return OK;
	if (most >= UINT32_MAX && value < least)
		return misused("%s %s is too small: %llu is the least", what,
			       text, (unsigned long long)least);
	if (most == UINT32_MAX)
		return misused("%s %s is too large", what, text);
	return misused("%s %s is out of range %llu..%llu", what, text,
		       (unsigned long long)least, (unsigned long long)most);
}

int parse_number(const char *text, const char *what, uint64_t least,
		 uint64_t most, uint64_t *value)
{
	char *end;

	if (digits(text, &end, value) || *end)
		return misused("%s '%s' is no number", what, text);
	return within(text, what, least, most, *value);
}

int parse_size(const char *text, const char *what, uint64_t least,
	       uint64_t most, uint64_t *value)
{
	static const char units[] = "KMGT";
	const char *unit;
	char *end;

	if (digits(text, &end, value))
		return misused("%s '%s' is no number of bytes", what, text);
	if (*end) {
		unit = strchr(units, toupper((unsigned char)*end));
		if (!unit ||
		    (end[1] && strcmp(end + 1, "iB") && strcmp(end + 1, "B")))
			return misused("%s '%s' is no number of bytes: 12K, 1M",
				       what, text);
		for (int i = 0; i <= unit - units; i++) {
			if (*value > UINT64_MAX / 1024)
				return misused("%s %s is too large", what,
					       text);
			*value *= 1024;
		}
	}
	if (*value < least)
		return misused("%s %s is too small: %s is the least", what,
			       text, bytes_text(least));
	if (*value > most)
		return misused("%s %s is too large: %s is the most", what, text,
			       bytes_text(most));
	return OK;
}

static const struct {
	const char *name;
	uint32_t flag;
} flag_names[] = {
	{ "zero", MYMM_GFP_ZERO },
	{ "comp", MYMM_GFP_COMP },
	{ "movable", MYMM_GFP_MOVABLE },
	{ "reclaimable", MYMM_GFP_RECLAIMABLE },
	{ "atomic", MYMM_GFP_ATOMIC },
	{ "nowait", MYMM_GFP_NOWAIT },
	{ "high", MYMM_GFP_HIGH },
	{ "memalloc", MYMM_GFP_MEMALLOC },
	{ "nomemalloc", MYMM_GFP_NOMEMALLOC },
	{ "noretry", MYMM_GFP_NORETRY },
	{ "retry_mayfail", MYMM_GFP_RETRY_MAYFAIL },
	{ "nofail", MYMM_GFP_NOFAIL },
	{ "thisnode", MYMM_GFP_THISNODE },
	{ "nokswapd", MYMM_GFP_NOKSWAPD },
	{ "warn", MYMM_GFP_NOWARN }, /* which is otherwise there */
};

static int one_flag(const char *name, size_t len, uint32_t *flags)
{
	for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]);
	     i++) {
		if (strlen(flag_names[i].name) != len ||
		    strncmp(flag_names[i].name, name, len))
			continue;
		if (flag_names[i].flag == MYMM_GFP_NOWARN)
			*flags &= ~MYMM_GFP_NOWARN;
		else
			*flags |= flag_names[i].flag;
		return OK;
	}
	return misused("flag '%.*s' is none of " FLAGS_FIRST FLAGS_REST,
		       (int)len, name);
}

/* More than one of these says nothing. */
static int only_one(uint32_t flags, uint32_t of, const char *names)
{
	flags &= of;
	return flags & (flags - 1) ? misused("one of %s", names) : OK;
}

int how_flags(const struct args *args, uint32_t *flags)
{
	const char *list = args_get(args, "flags");
	int rc = OK;

	*flags = MYMM_GFP_NOWARN;
	if (args_get(args, "zero"))
		*flags |= MYMM_GFP_ZERO;
	if (args_get(args, "atomic"))
		*flags |= MYMM_GFP_ATOMIC;
	if (args_get(args, "nowait"))
		*flags |= MYMM_GFP_NOWAIT;
	while (!rc && list) {
		size_t len = strcspn(list, ",");

		rc = one_flag(list, len, flags);
		list = list[len] ? list + len + 1 : NULL;
	}
	if (!rc)
		rc = only_one(*flags, MYMM_GFP_ATOMIC | MYMM_GFP_NOWAIT,
			      "--atomic and --nowait");
	if (!rc)
		rc = only_one(*flags,
			      MYMM_GFP_NORETRY | MYMM_GFP_RETRY_MAYFAIL |
				      MYMM_GFP_NOFAIL,
			      "noretry, retry_mayfail and nofail");
	if (!rc && (*flags & MYMM_GFP_NOFAIL) &&
	    (*flags & (MYMM_GFP_ATOMIC | MYMM_GFP_NOWAIT)))
		rc = misused("nofail must be able to sleep");
	return rc;
}
