// SPDX-License-Identifier: GPL-2.0
/*
 * fork, in, end: children of a script, to see how memory is shared.
 *
 *	map a 8M
 *	touch a
 *	fork kid
 *	in kid touch a 4M
 *	end kid
 *
 * A child is a copy of the whole program, as fork() makes it. It waits for lines, runs each as the
 * script would, and says how it went. It ends with "end", or with the script.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mymm_cli.h"

#define LINE_MOST 4096

struct child {
	char *name;
	pid_t pid;
	int line; /* packets: lines there, exit codes back */
	struct child *next;
};

static struct child *children;

static struct child **find(const char *name)
{
	struct child **at = &children;

	while (*at && strcmp((*at)->name, name))
		at = &(*at)->next;
	return at;
}

/* A child's life. What its parent has as children are none of its. */
static void serve(int line, int (*run)(void *script, const char *line),
		  void *script)
{
	char text[LINE_MOST];
	ssize_t got;
	unsigned char rc;

	for (; children; children = children->next)
		close(children->line);
	while ((got = recv(line, text, sizeof(text) - 1, 0)) > 0) {
		text[got] = 0;
		rc = run(script, text);
		fflush(stdout);
		if (send(line, &rc, 1, MSG_NOSIGNAL) != 1)
			break;
	}
	/* Its own children end first. */
	child_end_all();
	_exit(0);
}

int child_fork(const char *name, int (*run)(void *script, const char *line),
	       void *script)
{
	struct child *child;
	int line[2];
	pid_t pid;

	if (*find(name))
		return failed(EEXIST, "there is a child '%s'", name);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line))
		return failed(errno, "socketpair: %s", strerror(errno));
	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		int err = errno;

		close(line[0]);
		close(line[1]);
		return failed(err, "fork: %s", strerror(err));
	}
	if (!pid) {
		close(line[0]);
		serve(line[1], run, script);
	}
	close(line[1]);
	child = xalloc(NULL, 1, sizeof(*child));
	*child = (struct child){ strdup(name), pid, line[0], children };
	children = child;
	return OK;
}

int child_run(const char *name, const char *text)
{
	struct child *child = *find(name);
	unsigned char rc;
	size_t len = strlen(text);

	if (!child)
		return failed(ENOENT, "there is no child '%s'", name);
	if (len >= LINE_MOST)
		return misused("the line is too long");
	fflush(stdout);
	if (send(child->line, text, len, MSG_NOSIGNAL) != (ssize_t)len ||
	    recv(child->line, &rc, 1, 0) != 1)
		return failed(ECHILD, "the child '%s' has ended", name);
	return rc;
}

/* Closing its line ends a child. */
static int end(struct child **at)
{
	struct child *child = *at;
	int status = 0, rc = OK;

	*at = child->next;
	close(child->line);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		rc = failed(0, "the child '%s' was ended by signal %d",
			    child->name, WTERMSIG(status));
	free(child->name);
	free(child);
	return rc;
}

int child_end(const char *name)
{
	struct child **at = find(name);

	return *at ? end(at) : failed(ENOENT, "there is no child '%s'", name);
}

void child_end_all(void)
{
	while (children)
		end(&children);
}
