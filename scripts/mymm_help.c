// SPDX-License-Identifier: GPL-2.0
/*
 * --help: made from the tables that commands and options are read by, so that it
 * can not promise what is not there.
 *
 * A command's name is one word or two (info; pages alloc). The first word alone
 * of a two-word name shows the family.
 */
#include <ctype.h>
#include <string.h>

#include "mymm_cli.h"

/* It would put several in a line. */
/* clang-format off */
const struct command *const command_tables[] = {
	pages_commands,
	cache_commands,
	object_commands,
	show_commands,
	caches_commands,
	top_commands,
	memory_commands,
	script_commands,
	replay_commands,
	exec_commands,
	swap_commands,
	lost_commands,
	record_commands,
	pack_commands,
	html_commands,
	plot_commands,
	lab_commands,
	malloc_commands,
	unload_commands,
	NULL,
};

/* clang-format on */

/* Does the command's name consist of exactly the first @nr words? */
static bool named(const struct command *command, char **argv, int nr)
{
	const char *at = command->name;

	for (int i = 0; i < nr; i++) {
		size_t len = strcspn(at, " ");

		if (strlen(argv[i]) != len || strncmp(argv[i], at, len))
			return false;
		at += len;
		if (*at == ' ')
			at++;
	}
	return !*at;
}

const struct command *command_find(int argc, char **argv, int *words)
{
	for (*words = argc < 2 ? argc : 2; *words; --*words)
		for (int t = 0; command_tables[t]; t++)
			for (const struct command *c = command_tables[t];
			     c->name; c++)
				if (named(c, argv, *words))
					return c;
	return NULL;
}

static void overview_line(FILE *out, const struct command *c)
{
	fprintf(out, "  %-14s %s\n", c->name, c->brief);
}

void help_overview(FILE *out)
{
	fputs("usage: mymm COMMAND [ARGUMENT]... [--then CMD | --hold]\n\n"
	      "Use the pool of the mymm module through " DOOR
	      ". What a command allocates\n"
	      "is held by its session and given back when that ends: after CMD with --then,\n"
	      "at ^C with --hold, at the end of a script, when mymm is killed.\n\n",
	      out);
	for (int t = 0; command_tables[t]; t++)
		for (const struct command *c = command_tables[t]; c->name; c++)
			overview_line(out, c);
	fputs("  help [COMMAND] this, or what one command takes; also COMMAND --help\n"
	      "  --version      which version this is\n\n"
	      "Exit codes: 0 done; 1 an operation failed, or a file was refused; 2 the command\n"
	      "line makes no sense; 128+N --then's command or mymm ended by signal N.\n\n"
	      "  mymm pages alloc -o 3 -z Normal --then 'cat /proc/mybuddyinfo'\n"
	      "  mymm run -e 'cache create foo 100' -e 'obj alloc foo -n 50' -e list\n"
	      "  mymm replay cc.trace.xz --then 'cat /proc/mybuddyinfo /proc/myslabinfo'\n",
	      out);
}

void help_command(FILE *out, const struct command *c)
{
	fprintf(out, "usage: mymm %s%s%s%s\n\n%c%s.\n", c->name,
		c->opts ? " [OPTION]..." : "", *c->operands ? " " : "",
		c->operands, toupper((unsigned char)c->brief[0]), c->brief + 1);
	if (c->text)
		fprintf(out, "%s", c->text);
	if (c->opts || (c->flags & COMMAND_HOLDS))
		fputc('\n', out);
	for (const struct opt *o = c->opts; o && o->name; o++) {
		char name[48];

		snprintf(name, sizeof(name), "%c%c%s--%s%s%s",
			 o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
			 o->letter ? ", " : "  ", o->name, o->arg ? " " : "",
			 o->arg ? o->arg : "");
		fprintf(out, "  %-22s  %s\n", name, o->help);
	}
	if ((c->flags & COMMAND_HOLDS) && !(c->flags & COMMAND_OWN_THEN))
		fputs("      --then CMD          run CMD with the shell while it is all held\n"
		      "      --hold              hold it until ^C, or until a piped stdin ends\n",
		      out);
}

/* Commands of two words whose first is @word; returns whether there are any. */
static bool help_family(FILE *out, const char *word)
{
	size_t len = strlen(word);
	bool any = false;

	for (int t = 0; command_tables[t]; t++) {
		for (const struct command *c = command_tables[t]; c->name;
		     c++) {
			if (strncmp(c->name, word, len) || c->name[len] != ' ')
				continue;
			overview_line(out, c);
			any = true;
		}
	}
	return any;
}

int help_unknown(int argc, char **argv)
{
	int rc = misused("no command '%s%s%s'; mymm help lists them", argv[0],
			 argc > 1 ? " " : "", argc > 1 ? argv[1] : "");

	help_family(stderr, argv[0]);
	return rc;
}

int help_words(int argc, char **argv)
{
	const struct command *c;
	int words;

	if (!argc) {
		help_overview(stdout);
		return OK;
	}
	c = command_find(argc, argv, &words);
	if (c && words == argc) {
		help_command(stdout, c);
		return OK;
	}
	if (argc == 1 && help_family(stdout, argv[0]))
		return OK;
	return help_unknown(argc, argv);
}
