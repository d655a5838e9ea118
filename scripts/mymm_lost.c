// SPDX-License-Identifier: GPL-2.0
/*
 * lost: run a command, and draw which pages processes lost meanwhile, and why.
 *
 * The module's tracepoints say it: mymm_evict when a page goes, mymm_fault when one is read back.
 * They are recorded in an instance of ftrace of our own, which nobody else's tracing disturbs.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mymm_cli.h"

#define PAGE 4096ULL
/* Two pages that are so far apart are of two ranges. */
#define GAP (512 * PAGE)
#define COLUMNS 64
#define MOST_ROWS 4
#define COMM 16

enum why { BY_KSWAPD, BY_ITSELF, BY_ANOTHER, NR_WHY };

/* The letter of each: a capital where some of it came back. */
static const char letter[NR_WHY] = { 'k', 's', 'o' };

/**
 * struct move - a page goes, or is back
 * @pid: whose
 * @address: which
 * @why: what took it; meaningless if it is @back
 * @back: it was read back
 */
struct move {
	uint32_t pid;
	uint64_t address;
	enum why why;
	bool back;
};

/**
 * struct process - what a process lost
 * @pid: which
 * @comm: its name
 * @lost: pages, by reason
 * @back: those that were read back
 */
struct process {
	uint32_t pid;
	char comm[COMM];
	uint64_t lost[NR_WHY];
	uint64_t back;
};

/**
 * struct record - all that was recorded
 * @move: by process and address
 * @nr_moves: how many
 * @room: for how many there is memory
 * @process: by number
 * @nr_processes: how many
 * @missed: events that did not fit into the buffer
 */
struct record {
	struct move *move;
	size_t nr_moves;
	size_t room;
	struct process *process;
	size_t nr_processes;
	uint64_t missed;
};

/* --- ftrace ------------------------------------------------------------------------ */

static char instance[128];

static FILE *open_file(const char *name, const char *mode)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", instance, name);
	return fopen(path, mode);
}

/* 0, or a positive errno. */
static int put(const char *name, const char *text)
{
	FILE *file = open_file(name, "w");
	int err = 0;

	if (!file)
		return errno;
	if (fputs(text, file) < 0)
		err = errno;
	if (fclose(file) && !err)
		err = errno;
	return err;
}

static int make_instance(void)
{
	static const char *const places[] = { "/sys/kernel/tracing",
					      "/sys/kernel/debug/tracing" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(instance, sizeof(instance), "%s/instances/mymm-%d",
			 places[i], getpid());
		if (!mkdir(instance, 0700))
			return OK;
		if (errno != ENOENT)
			break;
	}
	return failed(errno, "an instance of ftrace: %s",
		      errno == ENOENT ?
			      "tracefs is not mounted, or the kernel has none" :
			      strerror(errno));
}

/* A filter for a pool, and one more condition. */
static int follow(const char *event, const char *pool, const char *more)
{
	char name[64], filter[128] = "";
	int err = 0;

	if (pool)
		snprintf(filter, sizeof(filter), "pool == \"%s\"%s%s", pool,
			 *more ? " && " : "", more);
	else
		snprintf(filter, sizeof(filter), "%s", more);
	snprintf(name, sizeof(name), "events/mymm/%s/filter", event);
	if (*filter)
		err = put(name, filter);
	snprintf(name, sizeof(name), "events/mymm/%s/enable", event);
	if (!err)
		err = put(name, "1");
	if (!err)
		return OK;
	return failed(err, "the event %s: %s", event,
		      err == ENOENT ? "mymm_vm is not loaded" : strerror(err));
}

static int begin(const char *pool, const char *kib)
{
	uint64_t size = 8192;
	char text[32];
	int err, fd, rc = OK;

	if (kib)
		rc = parse_number(kib, "--buffer", 8, 1 << 20, &size);
	if (rc)
		return rc;
	fd = memory_open(pool);
	if (fd < 0)
		return FAILED;
	close(fd);
	rc = make_instance();
	if (rc)
		return rc;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)size);
	err = put("buffer_size_kb", text);
	if (err)
		rc = failed(err, "a buffer of %s KiB: %s", text, strerror(err));
	if (!rc)
		rc = follow("mymm_evict", pool, "");
	if (!rc)
		rc = follow("mymm_fault", pool, "major == 1");
	if (rc)
		rmdir(instance);
	return rc;
}

/* --- what was recorded ------------------------------------------------------------- */

static struct process *process_of(struct record *record, uint32_t pid)
{
	struct process *process = record->process;

	for (size_t i = 0; i < record->nr_processes; i++)
		if (process[i].pid == pid)
			return &process[i];
	record->process =
		xalloc(process, record->nr_processes + 1, sizeof(*process));
	process = &record->process[record->nr_processes++];
	memset(process, 0, sizeof(*process));
	process->pid = pid;
	/* Until an event names it; while a process ends its memory is nobody's. */
	strcpy(process->comm, pid ? "?" : "(ends)");
	return process;
}

static struct move *add(struct record *record)
{
	if (record->nr_moves == record->room) {
		record->room = record->room ? 2 * record->room : 1024;
		record->move = xalloc(record->move, record->room,
				      sizeof(*record->move));
	}
	return &record->move[record->nr_moves++];
}

/* The number after " NAME="; false if it is not there. */
static bool number_of(const char *line, const char *name, uint64_t *number)
{
	const char *at = strstr(line, name);

	if (!at)
		return false;
	*number = strtoull(at + strlen(name), NULL, 0);
	return true;
}

/* A name may have blanks in it, and what looks like a field. */
static void take_comm(struct process *process, const char *line)
{
	const char *from = strstr(line, " comm="), *to, *next;

	if (!from)
		return;
	from += strlen(" comm=");
	for (to = next = strstr(from, " address="); next;
	     next = strstr(next + 1, " address="))
		to = next;
	if (to && to > from && to - from < COMM)
		snprintf(process->comm, COMM, "%.*s", (int)(to - from), from);
}

static void take_line(struct record *record, const char *line)
{
	const char *evict = strstr(line, " mymm_evict: ");
	const char *fault = evict ? NULL : strstr(line, " mymm_fault: ");
	const char *fields = evict ?: fault, *tail = fields;
	uint64_t pid, address, by, kswapd;
	struct process *process;
	struct move *move;

	if (!fields || !number_of(fields, " pid=", &pid))
		return;
	/* Behind the name, in which anything may be. */
	for (const char *at = fields; (at = strstr(at, " address=")); at++)
		tail = at;
	if (!number_of(tail, " address=", &address))
		return;
	process = process_of(record, pid);
	move = add(record);
	*move = (struct move){ .pid = pid, .address = address, .back = fault };
	if (fault) {
		process->back++;
		return;
	}
	take_comm(process, fields);
	if (number_of(tail, " by=", &by) &&
	    number_of(tail, " kswapd=", &kswapd) && !kswapd)
		move->why = by == pid ? BY_ITSELF : BY_ANOTHER;
	process->lost[move->why]++;
}

/* "# entries-in-buffer/entries-written: 100/120   #P:2" */
static void take_head(struct record *record, const char *line)
{
	unsigned long long in, written;

	if (sscanf(line, "# entries-in-buffer/entries-written: %llu/%llu", &in,
		   &written) == 2)
		record->missed = written - in;
}

static int compare(const void *a, const void *b)
{
	const struct move *one = a, *two = b;

	if (one->pid != two->pid)
		return one->pid < two->pid ? -1 : 1;
	if (one->address != two->address)
		return one->address < two->address ? -1 : 1;
	return 0;
}

static int read_all(struct record *record)
{
	FILE *file = open_file("trace", "r");
	char *line = NULL;
	size_t room = 0;

	if (!file)
		return failed(errno, "%s/trace: %s", instance, strerror(errno));
	while (getline(&line, &room, file) > 0) {
		if (*line == '#')
			take_head(record, line);
		else
			take_line(record, line);
	}
	free(line);
	fclose(file);
	if (record->nr_moves)
		qsort(record->move, record->nr_moves, sizeof(*record->move),
		      compare);
	return OK;
}

/* --- the picture ------------------------------------------------------------------- */

static uint64_t lost_by(const struct process *process)
{
	uint64_t sum = 0;

	for (enum why why = 0; why < NR_WHY; why++)
		sum += process->lost[why];
	return sum;
}

static char cell_of(const uint64_t lost[NR_WHY], uint64_t back)
{
	enum why most = 0;

	for (enum why why = 1; why < NR_WHY; why++)
		if (lost[why] > lost[most])
			most = why;
	if (!lost[most])
		return back ? '+' : '.';
	return back ? letter[most] - 'a' + 'A' : letter[most];
}

/* A range of one process: @nr moves from @move on. */
static void draw_range(const struct move *move, size_t nr)
{
	uint64_t first = move[0].address / PAGE;
	uint64_t pages = move[nr - 1].address / PAGE - first + 1;
	uint64_t step =
		(pages + COLUMNS * MOST_ROWS - 1) / (COLUMNS * MOST_ROWS);
	size_t at = 0;

	printf("%012llx-%012llx, %s a letter\n",
	       (unsigned long long)move[0].address,
	       (unsigned long long)(move[nr - 1].address + PAGE),
	       plural(step, "page", "pages"));
	for (uint64_t cell = 0; cell * step < pages; cell++) {
		const uint64_t end = (first + (cell + 1) * step) * PAGE;
		uint64_t lost[NR_WHY] = { 0 }, back = 0;

		for (; at < nr && move[at].address < end; at++) {
			if (move[at].back)
				back++;
			else
				lost[move[at].why]++;
		}
		printf("%s%c", cell % COLUMNS ? "" : "  ", cell_of(lost, back));
		if (cell % COLUMNS == COLUMNS - 1 || (cell + 1) * step >= pages)
			putchar('\n');
	}
}

static void draw(const struct record *record, const struct process *process)
{
	size_t i = 0, from;

	while (i < record->nr_moves && record->move[i].pid != process->pid)
		i++;
	printf("\n%u %s\n", process->pid, process->comm);
	while (i < record->nr_moves && record->move[i].pid == process->pid) {
		for (from = i++; i < record->nr_moves; i++)
			if (record->move[i].pid != process->pid ||
			    record->move[i].address -
					    record->move[i - 1].address >
				    GAP)
				break;
		draw_range(&record->move[from], i - from);
	}
}

static void show(const struct record *record)
{
	const struct process *process;

	if (!record->nr_processes) {
		puts("no process lost a page");
		return;
	}
	printf("%7s  %-15s  %8s  %9s  %9s  %9s  %8s\n", "pid", "comm", "lost",
	       "by kswapd", "by itself", "by others", "came back");
	for (size_t i = 0; i < record->nr_processes; i++) {
		process = &record->process[i];
		printf("%7u  %-15s  %8llu  %9llu  %9llu  %9llu  %9llu\n",
		       process->pid, process->comm,
		       (unsigned long long)lost_by(process),
		       (unsigned long long)process->lost[BY_KSWAPD],
		       (unsigned long long)process->lost[BY_ITSELF],
		       (unsigned long long)process->lost[BY_ANOTHER],
		       (unsigned long long)process->back);
	}
	puts("\n. lost nothing   k by kswapd   s by itself   o by another process\n"
	     "K, S, O: some of it came back   +: came back, and had gone before");
	for (size_t i = 0; i < record->nr_processes; i++)
		draw(record, &record->process[i]);
	if (record->missed)
		warn("%s did not fit into the buffer; a larger one: --buffer KIB",
		     plural(record->missed, "event", "events"));
}

/* --- the command ------------------------------------------------------------------- */

/* The exit code of what was run, as a shell has it. */
static int run_program(char *const *argv)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return failed(errno, "fork: %s", strerror(errno));
	if (!pid) {
		execvp(argv[0], argv);
		failed(errno, "%s: %s", argv[0], strerror(errno));
		_exit(errno == ENOENT ? 127 : 126);
	}
	/* ^C is for the program; what it lost until then is shown. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return failed(errno, "waitpid: %s", strerror(errno));
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

static int run_lost(struct session *session, const struct args *args)
{
	struct record record = { 0 };
	char **argv;
	int rc, code;

	(void)session;
	rc = begin(args_get(args, "pool"), args_get(args, "buffer"));
	if (rc)
		return rc;
	argv = xalloc(NULL, args->nr + 1, sizeof(*argv));
	memcpy(argv, args->operand, args->nr * sizeof(*argv));
	argv[args->nr] = NULL;
	fflush(stdout);
	code = run_program(argv);
	free(argv);
	put("tracing_on", "0");
	rc = read_all(&record);
	rmdir(instance);
	if (!rc)
		show(&record);
	free(record.move);
	free(record.process);
	return rc ?: code;
}

static const struct opt lost_opts[] = {
	{ 'p', "pool", "NAME", "only of that pool" },
	{ 'b', "buffer", "KIB", "for events, of each CPU (8192)" },
	OPTS_END,
};

const struct command lost_commands[] = {
	{
		.name = "lost",
		.brief =
			"run a command, and draw which pages processes lost, and why",
		.operands = "-- COMMAND [ARGUMENT]...",
		.text = "All processes that have memory of a pool are looked at while COMMAND\n"
			"runs. A page goes to a swap area because kswapd takes it, or because a\n"
			"process has to make room: its own, or another. It comes back by a major\n"
			"fault. The exit code is COMMAND's.\n",
		.opts = lost_opts,
		.least = 1,
		.most = -1,
		.flags = COMMAND_NO_DOOR | COMMAND_NOT_INSIDE,
		.run = run_lost,
	},
	{ 0 },
};
