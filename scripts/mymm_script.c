// SPDX-License-Identifier: GPL-2.0
/*
 * run: a script, one command a line, with the words of the command line.
 *
 * All lines share one session: what one allocates the next can free. A result can
 * be named, and $NAME stands for its handles later:
 *
 *	cache create foo 100
 *	a = obj alloc foo -n 3
 *	sh cat /proc/myslabinfo
 *	expect-fail EBUSY cache destroy foo
 *	obj free $a
 *	cache destroy foo
 *
 * The first line that fails ends the script, with its file and line; -k goes on, and
 * the exit code remembers. At the end the session is closed: all is given back.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mymm_cli.h"

struct name {
	char *name;
	char *value; /* handles, with blanks between them */
	struct name *next;
};

struct script {
	struct session *session;
	struct name *names;
	bool echo;
	bool quit;
	char part[16]; /* of $a[0] */
};

static struct name *find_name(struct script *script, const char *name,
			      size_t len)
{
	struct name *n = script->names;

	while (n && (strlen(n->name) != len || memcmp(n->name, name, len)))
		n = n->next;
	return n;
}

static const char *lookup(const char *text, void *data)
{
	struct script *script = data;
	size_t len = strcspn(text, "[");
	struct name *n = find_name(script, text, len);
	unsigned long index;
	const char *at;

	if (!n) {
		misused("$%.*s: nothing was named so", (int)len, text);
		return NULL;
	}
	if (!text[len])
		return n->value;
	index = strtoul(text + len + 1, NULL, 10);
	for (at = n->value; index && *at; index--) {
		at += strcspn(at, " ");
		at += *at == ' ';
	}
	if (!*at) {
		misused("$%s: %.*s is only: %s", text, (int)len, text,
			n->value);
		return NULL;
	}
	snprintf(script->part, sizeof(script->part), "%.*s",
		 (int)strcspn(at, " "), at);
	return script->part;
}

/* For $NAME, and in the environment for what sh runs. */
static void set_name(struct script *script, const char *name)
{
	const struct session *session = script->session;
	struct name *n = find_name(script, name, strlen(name));
	size_t len = 0;

	if (!n) {
		n = xalloc(NULL, 1, sizeof(*n));
		n->name = strcpy(xalloc(NULL, strlen(name) + 1, 1), name);
		n->value = NULL;
		n->next = script->names;
		script->names = n;
	}
	n->value = xalloc(n->value, session->nr_got + 1, 11);
	n->value[0] = 0;
	for (size_t i = 0; i < session->nr_got; i++)
		len += sprintf(n->value + len, "%s%u", i ? " " : "",
			       session->got[i]);
	/* The environment has its limits; a long list is not worth an error. */
	if (len < 100000)
		setenv(name, n->value, 1);
}

static void free_names(struct script *script)
{
	struct name *n;

	while ((n = script->names)) {
		script->names = n->next;
		free(n->name);
		free(n->value);
		free(n);
	}
}

static int run_sleep(char **argv)
{
	struct timespec ts;
	double seconds;
	char *end;

	seconds = argv[0] ? strtod(argv[0], &end) : -1;
	if (!argv[0] || *end || argv[1] || !(seconds >= 0 && seconds < 1e9))
		return misused("wants a number of seconds");
	fflush(stdout);
	ts.tv_sec = seconds;
	ts.tv_nsec = (seconds - ts.tv_sec) * 1e9;
	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
	return OK;
}

/* One quoted word is the command; else the rest of the line is, as it stands. */
static int run_shell(struct script *script, const struct words *words,
		     size_t at, const char *line)
{
	const char *command;

	if (at == words->nr)
		return misused("wants a command");
	command = at + 1 == words->nr ? words->word[at] :
					line + words->rest[at];
	return session_then(script->session, command) ? FAILED : OK;
}

static int run_command(struct script *script, int argc, char **argv)
{
	const struct command *command;
	struct args args;
	int words, rc;

	command = command_find(argc, argv, &words);
	if (!command) {
		say_command(NULL);
		return help_unknown(argc, argv);
	}
	say_command(command->name);
	if (command->flags & COMMAND_NOT_INSIDE)
		return misused("not inside a script");
	if (argc > words &&
	    (!strcmp(argv[words], "--help") || !strcmp(argv[words], "-h"))) {
		help_command(stdout, command);
		return OK;
	}
	rc = args_parse(&args, command, argc - words, argv + words);
	if (!rc && !(command->flags & COMMAND_NO_DOOR))
		rc = command->run(script->session, &args);
	else if (!rc)
		rc = command->run(NULL, &args);
	return rc;
}

static int run_words(struct script *script, struct words *words, size_t at,
		     const char *line);
static int run_line(struct script *script, const char *line);

static int run_line_of(void *script, const char *line)
{
	return run_line(script, line);
}

/* fork NAME, in NAME COMMAND, end NAME */
static int run_child(struct script *script, struct words *words, size_t at,
		     const char *line)
{
	const char *verb = words->word[at];
	size_t nr = words->nr - at;

	if (!strcmp(verb, "in")) {
		if (nr < 3)
			return misused("wants a child's name and a command");
		return child_run(words->word[at + 1],
				 line + words->rest[at + 2]);
	}
	if (nr != 2)
		return misused("wants a name for the child");
	if (!strcmp(verb, "end"))
		return child_end(words->word[at + 1]);
	return child_fork(words->word[at + 1], run_line_of, script);
}

static int expect_fail(struct script *script, struct words *words, size_t at,
		       const char *line)
{
	const char *want = NULL;
	int rc, number;

	if (at < words->nr && words->word[at][0] == 'E' &&
	    words->word[at][strspn(words->word[at],
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")] ==
		    0)
		want = words->word[at++];
	number = want ? errno_number(want) : 0;
	if (want && !number)
		return misused("errno %s is not known", want);
	if (at == words->nr)
		return misused("wants a command");
	say_keep(true);
	rc = run_words(script, words, at, line);
	say_keep(false);
	say_command("expect-fail");
	if (!rc)
		return failed(0, "it did not fail");
	if (number && say_errno() != number)
		return failed(0, "failed with %s, not %s: %s",
			      say_errno() ? errno_name(say_errno()) :
					    "no errno",
			      want, say_kept());
	printf("failed as expected: %s\n", say_kept());
	return OK;
}

static int run_words(struct script *script, struct words *words, size_t at,
		     const char *line)
{
	char **argv = words->word + at;
	int argc = words->nr - at;

	say_command(argv[0]);
	if (!strcmp(argv[0], "expect-fail"))
		return expect_fail(script, words, at + 1, line);
	if (!strcmp(argv[0], "sh"))
		return run_shell(script, words, at + 1, line);
	if (!strcmp(argv[0], "fork") || !strcmp(argv[0], "in") ||
	    !strcmp(argv[0], "end"))
		return run_child(script, words, at, line);
	if (!strcmp(argv[0], "sleep"))
		return run_sleep(argv + 1);
	if (!strcmp(argv[0], "help"))
		return help_words(argc - 1, argv + 1);
	if (!strcmp(argv[0], "quit") || !strcmp(argv[0], "exit")) {
		script->quit = true;
		return OK;
	}
	if (!strcmp(argv[0], "echo")) {
		for (int i = 1; i < argc; i++)
			printf("%s%s", i > 1 ? " " : "", argv[i]);
		putchar('\n');
		return OK;
	}
	return run_command(script, argc, argv);
}

static bool is_name(const char *text)
{
	if (!isalpha((unsigned char)*text) && *text != '_')
		return false;
	while (isalnum((unsigned char)*text) || *text == '_')
		text++;
	return !*text;
}

/* "sh ...", or with "expect-fail [ERRNO]" or "in NAME" before it. */
static bool is_shell(const char *line)
{
	bool expected = false;
	size_t len;

	for (;; line += len) {
		line += strspn(line, " \t");
		len = strcspn(line, " \t");
		if (len == 2 && !memcmp(line, "sh", 2))
			return true;
		if (len == 2 && !memcmp(line, "in", 2)) {
			line += len + strspn(line + len, " \t");
			len = strcspn(line, " \t");
			continue;
		}
		if (len == 11 && !expected && !memcmp(line, "expect-fail", 11))
			expected = true;
		else if (!expected || *line != 'E')
			return false;
	}
}

static int run_line(struct script *script, const char *line)
{
	struct session *session = script->session;
	/* What the shell is to run, it expands itself. */
	const struct words_names names = { is_shell(line) ? NULL : lookup,
					   script };
	const char *name = NULL;
	struct words words;
	int rc;

	say_command(NULL);
	say_forget();
	rc = words_split(&words, line, &names);
	if (rc)
		return rc;
	if (!words.nr)
		goto out;
	session->nr_got = 0;
	if (words.nr > 1 && !strcmp(words.word[1], "=")) {
		name = words.word[0];
		if (!is_name(name))
			rc = misused("'%s' is no name: letters, digits, _",
				     name);
		else if (words.nr == 2)
			rc = misused("%s = wants a command behind it", name);
		if (rc)
			goto out;
	}
	if (script->echo) {
		printf("> %s\n", line + strspn(line, " \t"));
		fflush(stdout);
	}
	rc = run_words(script, &words, name ? 2 : 0, line);
	if (name && !rc && !session->nr_got)
		rc = misused("gave nothing that %s could name", name);
	if (name && session->nr_got)
		set_name(script, name);
out:
	words_free(&words);
	fflush(stdout);
	return rc;
}

/* A line without its end, or NULL. A backslash at its end joins the next. */
static char *read_line(FILE *in, unsigned long *nr)
{
	char *line = NULL, *all = NULL;
	size_t room = 0, len = 0;
	ssize_t got;

	while ((got = getline(&line, &room, in)) >= 0) {
		++*nr;
		while (got && (line[got - 1] == '\n' || line[got - 1] == '\r'))
			line[--got] = 0;
		all = xalloc(all, len + got + 1, 1);
		memcpy(all + len, line, got + 1);
		len += got;
		if (!got || all[len - 1] != '\\')
			break;
		all[--len] = 0;
	}
	free(line);
	return all;
}

static int run_file(struct script *script, const char *path, bool go_on)
{
	bool talk = !strcmp(path, "-") && isatty(0);
	FILE *in = strcmp(path, "-") ? fopen(path, "re") : stdin;
	unsigned long nr = 0;
	int rc = OK, one;
	char *line;

	if (!in)
		return failed(errno, "%s: %s", path, strerror(errno));
	for (;;) {
		if (talk) {
			fputs("mymm> ", stdout);
			fflush(stdout);
		}
		line = read_line(in, &nr);
		if (!line || script->quit) {
			free(line);
			break;
		}
		if (!talk)
			say_where(in == stdin ? "stdin" : path, nr);
		one = run_line(script, line);
		free(line);
		rc = one && !talk ? one : rc;
		if (script->quit || (one && !go_on && !talk))
			break;
	}
	if (ferror(in))
		rc = failed(errno, "%s: %s", path, strerror(errno));
	say_where(NULL, 0);
	if (in != stdin)
		fclose(in);
	if (talk)
		puts("all is given back");
	return rc;
}

static int run_script(struct session *session, const struct args *args)
{
	struct script script = {
		.session = session,
		.echo = args_get(args, "verbose"),
	};
	bool go_on = args_get(args, "keep-going");
	int rc = OK;

	if (args_get(args, "expression")) {
		/* Each -e is one line; args_parse() joined them with newlines. */
		char *all = strdup(args_get(args, "expression")), *line,
		     *at = all;
		unsigned long nr = 0;

		if (args->nr)
			rc = misused("either -e or a file");
		while (all && !script.quit && (line = strsep(&at, "\n")) &&
		       (!rc || go_on)) {
			int one;

			say_where("-e", ++nr);
			one = run_line(&script, line);
			rc = one ? one : rc;
		}
		free(all);
		say_where(NULL, 0);
	} else {
		rc = run_file(&script, args->nr ? args->operand[0] : "-",
			      go_on);
	}
	child_end_all();
	free_names(&script);
	return rc;
}

static const struct opt run_opts[] = {
	{ 'e', "expression", "LINE",
	  "run LINE instead of a file; may be repeated" },
	{ 'k', "keep-going", NULL,
	  "go on after an error; the exit code tells" },
	{ 'v', "verbose", NULL, "show each line before it is run" },
	OPTS_END,
};

static const char run_text[] =
	"One command a line, with the words of the command line. And:\n\n"
	"  NAME = COMMAND           $NAME is what it gave: all handles, $NAME[0] the first\n"
	"  sh CMD                   run CMD with the shell, while all is held\n"
	"  fork NAME                a child, with a copy of all memory; in NAME COMMAND runs\n"
	"                           COMMAND there, end NAME ends it\n"
	"  expect-fail [ERRNO] ...  an error if the command does not fail (so)\n"
	"  echo, sleep SECONDS, help, quit, # a comment, 'quotes', \"quotes with $NAME\"\n\n"
	"Without FILE, or with -, it is read from stdin; at a terminal, with a prompt.\n"
	"The first error ends it, with its line. At the end all is given back.\n";

const struct command script_commands[] = {
	{
		.name = "run",
		.brief = "run a script of these commands in one session",
		.operands = "[FILE | -]",
		.text = run_text,
		.opts = run_opts,
		.most = 1,
		.flags = COMMAND_HOLDS | COMMAND_NOT_INSIDE,
		.run = run_script,
	},
	{ 0 },
};
