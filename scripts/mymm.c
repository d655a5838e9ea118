// SPDX-License-Identifier: GPL-2.0
/*
 * mymm - use the pool of the mymm module from the command line.
 *
 * What a command allocates belongs to its session: this program's open /dev/mymm.
 * When the program ends, whatever ends it, the kernel takes all of it back. So a
 * single command that allocates is of use only while something looks:
 *
 *	mymm pages alloc -o 3 --then 'cat /proc/mybuddyinfo'
 *	mymm pages alloc -o 3 --hold
 *
 * and anything longer is a script (mymm run).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mymm_cli.h"

/*
 * Until a signal comes, or stdin ends where it is a terminal or a pipe. Else stdin
 * says nothing: a job in the background has /dev/null there.
 */
static int hold(void)
{
	struct pollfd wait[2] = { { .events = POLLIN }, { .events = POLLIN } };
	bool listen = isatty(0);
	struct signalfd_siginfo got;
	struct stat st;
	char text[256];
	sigset_t set;

	if (!fstat(0, &st))
		listen |= S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	wait[0].fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (wait[0].fd < 0)
		return failed(errno, "can not wait for a signal: %s",
			      strerror(errno));
	say_line("mymm: holding; %s ends it\n",
		 isatty(0) ? "^C" :
		 listen	   ? "a signal or the end of stdin" :
			     "a signal");
	wait[1].fd = listen ? 0 : -1;
	while (poll(wait, 2, -1) >= 0 && !wait[0].revents)
		if (wait[1].revents && read(0, text, sizeof(text)) <= 0)
			break;
	/* A signal is consumed here, so that it does not end us before we have reported. */
	if (wait[0].revents && read(wait[0].fd, &got, sizeof(got)) < 0)
		warn("cannot tell which signal came");
	close(wait[0].fd);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return OK;
}

/* What the session held is given back; look at the pool with another one. */
static void given_back(struct session *session, uint64_t held)
{
	uint64_t frames, managed;

	session_close(session);
	if (!held || session_open(session))
		return;
	frames = session_frames(session, &managed);
	printf("given back: %s; ", plural(held, "handle", "handles"));
	if (session->info.flags & MYMM_INFO_WHOLE)
		puts("the pool is whole again");
	else
		printf("%s of %s are free\n", count_text(frames),
		       plural(managed, "frame", "frames"));
}

struct after {
	const char *then;
	bool hold;
};

/* Takes --then CMD and --hold out of the words; they are the same for all commands. */
static int take_after(struct after *after, int *argc, char **argv)
{
	int nr = 0;

	for (int i = 0; i < *argc; i++) {
		if (!strcmp(argv[i], "--")) {
			while (i < *argc)
				argv[nr++] = argv[i++];
			break;
		}
		if (!strcmp(argv[i], "--hold")) {
			after->hold = true;
		} else if (!strncmp(argv[i], "--then=", 7)) {
			after->then = argv[i] + 7;
		} else if (!strcmp(argv[i], "--then")) {
			if (i + 1 == *argc)
				return misused("--then wants a command");
			after->then = argv[++i];
		} else {
			argv[nr++] = argv[i];
		}
	}
	argv[nr] = NULL;
	*argc = nr;
	return OK;
}

/* The option that a command may have several times. */
static const struct {
	const char *command, *word, *option;
} repeated[] = {
	{ "run", "-e", "--expression=" },
	{ "replay", "--config", "--config=" },
	{ "report", "--config", "--config=" },
};

/* Several of it become one, with newlines between them; those behind -- are others' words. */
static char *join_repeated(const struct command *command, int *argc,
			   char **argv)
{
	const char *word = NULL, *option = NULL;
	char *all = NULL;
	size_t len = 0;
	int nr = 0, i = 0;

	for (size_t k = 0; k < sizeof(repeated) / sizeof(repeated[0]); k++) {
		if (strcmp(command->name, repeated[k].command))
			continue;
		word = repeated[k].word;
		option = repeated[k].option;
	}
	for (; word && i < *argc && strcmp(argv[i], "--"); i++) {
		const char *line;
		size_t more;

		if (!strcmp(argv[i], word) && i + 1 < *argc) {
			line = argv[++i];
		} else if (!strncmp(argv[i], option, strlen(option))) {
			line = argv[i] + strlen(option);
		} else {
			argv[nr++] = argv[i];
			continue;
		}
		more = strlen(line);
		all = xalloc(all, len + more + 2 + 15, 1);
		if (!len)
			len = sprintf(all, "%s", option);
		else
			all[len++] = '\n';
		memcpy(all + len, line, more + 1);
		len += more;
	}
	if (all)
		argv[nr++] = all;
	while (word && i < *argc)
		argv[nr++] = argv[i++];
	if (word)
		*argc = nr;
	return all;
}

static const char session_hint[] =
	"mymm: (what another command made went with its session: see mymm run)";

static int run(const struct command *command, int argc, char **argv)
{
	struct session session = { .fd = -1 };
	struct after after = { 0 };
	struct args args;
	int rc, then;

	if (!(command->flags & COMMAND_OWN_THEN)) {
		rc = take_after(&after, &argc, argv);
		if (rc)
			return rc;
	}
	rc = args_parse(&args, command, argc, argv);
	if (rc)
		return rc;
	if (after.then && after.hold)
		return misused("either --then or --hold");
	if ((after.then || after.hold) && !(command->flags & COMMAND_HOLDS))
		return misused("holds nothing for --then or --hold");
	if (command->flags & COMMAND_NO_DOOR)
		return command->run(NULL, &args);
	if (session_open(&session))
		return FAILED;
	rc = command->run(&session, &args);
	say_command(command->name);
	if (rc == FAILED && say_errno() == ENOENT &&
	    !(command->flags & COMMAND_NOT_INSIDE))
		say_line("%s\n", session_hint);
	if (command->flags & COMMAND_HOLDS) {
		uint64_t held = 0;

		if (!rc && after.then) {
			then = session_then(&session, after.then);
			rc = then;
		} else if (!rc && after.hold) {
			rc = hold();
		}
		if (!session_info(&session))
			held = session.info.held;
		given_back(&session, held);
		if (!rc && held && !after.then && !after.hold &&
		    strcmp(command->name, "run"))
			say_line(
				"mymm: (to look at it meanwhile: --then, --hold or a script)\n");
	}
	session_close(&session);
	return rc;
}

/* What the words ask for: help, the version, or a command. */
static int answer(int argc, char **argv)
{
	const struct command *command;
	char *expressions;
	int words, rc;

	if (argc < 2) {
		help_overview(stderr);
		return USAGE;
	}
	argc--;
	argv++;
	if (!strcmp(argv[0], "help"))
		return help_words(argc - 1, argv + 1);
	if (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h"))
		return help_words(0, NULL);
	if (!strcmp(argv[0], "--version")) {
		printf("mymm %s, interface %u\n", MYMM_VERSION, MYMM_ABI);
		return OK;
	}
	command = command_find(argc, argv, &words);
	if (!command && argc > 1 &&
	    (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return help_words(1, argv);
	if (!command)
		return help_unknown(argc, argv);
	for (int i = words; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "--then")) {
			i++;
		} else if (!strcmp(argv[i], "--help") ||
			   !strcmp(argv[i], "-h")) {
			help_command(stdout, command);
			return OK;
		}
	}
	say_command(command->name);
	argc -= words;
	argv += words;
	expressions = join_repeated(command, &argc, argv);
	rc = run(command, argc, argv);
	free(expressions);
	return rc;
}

int main(int argc, char **argv)
{
	int rc;

	/* A program that ignores the ends of children has it inherited by those that it starts. */
	signal(SIGCHLD, SIG_DFL);
	rc = answer(argc, argv);
	if (fflush(stdout) || ferror(stdout))
		rc = failed(errno, "stdout: %s", strerror(errno));
	return rc;
}
