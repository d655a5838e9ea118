// SPDX-License-Identifier: GPL-2.0
/*
 * record: run a command, and keep the kmem events of the whole machine meanwhile.
 *
 * They come from an instance of ftrace of our own, which nobody else's tracing disturbs. Ten
 * times a second its buffers are emptied into files without a name, one a CPU, and at the
 * end these become one trace.dat (mymm_datwrite.c). What did not fit into a buffer in
 * between is lost, and ftrace counts it, event by event.
 *
 * mm_page_free_batched is left out: the mm_page_free of the same frame comes before it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mymm_dat.h"

#define DEFAULT_KIB 8192
#define DEFAULT_FILE "trace.dat"
#define LOOK_MS 100
#define LONGEST_EVENT 512
#define COMMIT_BYTES 0xFFFFF

/* Those that this kernel has. */
static const char *const wanted[] = {
	"kmalloc",	    "kmalloc_node",    "kfree",
	"kmem_cache_alloc", "kmem_cache_free", "kmem_cache_alloc_node",
	"mm_page_alloc",    "mm_page_free",
};

/* Of mymm's, what processes have: mymm_process.c. */
static const char *const wanted_of_mymm[] = {
	"mymm_fault",	 "mymm_evict",	 "mymm_file_evict",
	"mymm_swap_out", "mymm_swap_in", "mymm_writeback",
	"mymm_refault",	 "mymm_migrate", "mymm_mark_victim",
};

/**
 * struct recorder - a recording that is under way
 * @path: the file that it becomes, or what is made of it
 * @fd: that file, if it has no name; else -1
 * @process: mymm's events of processes, too
 * @instance: of ftrace
 * @name: of that
 * @cpu: for each possible CPU what it had
 * @raw: for each, its trace_pipe_raw; -1: it has none
 * @cpus: how many
 * @page: one of the buffer's
 * @page_size: its bytes
 * @child: what was started
 * @go: what it waits for
 * @state: of the kernel's memory
 */
struct recorder {
	const char *path;
	int fd;
	bool process;
	struct tracefs_instance *instance;
	char name[32];
	struct cpu_data *cpu;
	int *raw;
	uint32_t cpus;
	char *page;
	size_t page_size;
	pid_t child;
	int go;
	struct bytes state;
};

static int no_instance(int err)
{
	if (err == EACCES || err == EPERM)
		return failed(err, "an instance of ftrace: it is for root");
	return failed(err, "an instance of ftrace: %s",
		      err == ENOENT ?
			      "tracefs is not mounted, or the kernel has none" :
			      strerror(err));
}

static int make_instance(struct recorder *rec)
{
	tracefs_set_loglevel(TEP_LOG_NONE);
	if (geteuid())
		return no_instance(EACCES);
	errno = 0;
	if (!tracefs_tracing_dir())
		return no_instance(ENOENT);
	snprintf(rec->name, sizeof(rec->name), "mymm-%d", getpid());
	errno = 0;
	rec->instance = tracefs_instance_create(rec->name);
	if (!rec->instance)
		return no_instance(errno ?: ENOENT);
	return OK;
}

static int put(struct recorder *rec, const char *name, const char *text)
{
	errno = 0;
	if (tracefs_instance_file_write(rec->instance, name, text) >= 0)
		return OK;
	return failed(errno, "ftrace's %s = %s: %s", name, text,
		      strerror(errno));
}

/* How many of these there are, which are on then; -1: one could not be. */
static int choose(struct recorder *rec, const char *system,
		  const char *const *event, size_t nr)
{
	int found = 0;

	for (size_t i = 0; i < nr; i++) {
		char name[64];

		snprintf(name, sizeof(name), "events/%s/%s/enable", system,
			 event[i]);
		if (!tracefs_file_exists(rec->instance, name))
			continue;
		if (put(rec, name, "1"))
			return -1;
		found++;
	}
	return found;
}

static int choose_events(struct recorder *rec)
{
	int nr = choose(rec, "kmem", wanted, sizeof(wanted) / sizeof(*wanted));

	if (!nr)
		return failed(ENOENT, "this kernel has no events of kmem");
	if (nr > 0 && rec->process)
		nr = choose(rec, "mymm", wanted_of_mymm,
			    sizeof(wanted_of_mymm) / sizeof(*wanted_of_mymm));
	return nr < 0 ? FAILED : OK;
}

int open_nameless(const char *path)
{
	char name[4096];
	int fd;

	if (snprintf(name, sizeof(name), "%s.XXXXXX", path) >=
	    (int)sizeof(name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	return fd;
}

static int open_buffers(struct recorder *rec)
{
	rec->cpus = sysconf(_SC_NPROCESSORS_CONF);
	rec->page_size = getpagesize();
	rec->page = xalloc(NULL, rec->page_size, 1);
	rec->cpu = xalloc(NULL, rec->cpus, sizeof(*rec->cpu));
	rec->raw = xalloc(NULL, rec->cpus, sizeof(*rec->raw));
	memset(rec->cpu, 0, rec->cpus * sizeof(*rec->cpu));
	for (uint32_t i = 0; i < rec->cpus; i++) {
		rec->raw[i] = -1;
		rec->cpu[i].fd = -1;
	}
	for (uint32_t i = 0; i < rec->cpus; i++) {
		char name[64];

		rec->cpu[i].fd = open_nameless(rec->path);
		if (rec->cpu[i].fd < 0)
			return failed(errno, "%s: %s", rec->path,
				      strerror(errno));
		snprintf(name, sizeof(name), "per_cpu/cpu%u/trace_pipe_raw", i);
		rec->raw[i] = tracefs_instance_file_open(
			rec->instance, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (rec->raw[i] < 0 && errno != ENOENT)
			return failed(errno, "ftrace's %s: %s", name,
				      strerror(errno));
	}
	return OK;
}

/* Are there events that the reader took before their page was full? */
static bool page_full(const struct recorder *rec)
{
	uint64_t commit;

	/* Behind the time: bytes in it, and above them bits of what was lost. */
	memcpy(&commit, rec->page + 8, sizeof(commit));
	return (commit & COMMIT_BYTES) + LONGEST_EVENT + 16 > rec->page_size;
}

/*
 * What its CPU has written since. To write that to a file is to allocate, so while events are
 * on it ends with the first page that is not full: else it would go on reading itself.
 */
static int empty_buffer(struct recorder *rec, uint32_t i, bool all)
{
	struct cpu_data *cpu = &rec->cpu[i];
	bool more = rec->raw[i] >= 0;
	ssize_t got;

	while (more) {
		got = read(rec->raw[i], rec->page, rec->page_size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		/* The file is made of whole pages; read() may leave the rest out. */
		memset(rec->page + got, 0, rec->page_size - got);
		if (write(cpu->fd, rec->page, rec->page_size) !=
		    (ssize_t)rec->page_size)
			return failed(errno, "%s: %s", rec->path,
				      strerror(errno));
		cpu->bytes += rec->page_size;
		more = all || page_full(rec);
	}
	return OK;
}

static int empty_buffers(struct recorder *rec, bool all)
{
	int rc = OK;

	for (uint32_t i = 0; i < rec->cpus && !rc; i++)
		rc = empty_buffer(rec, i, all);
	return rc;
}

/* While the map of free frames is read, which takes a second for 64 GiB. */
static int empty_meanwhile(void *rec)
{
	return empty_buffers(rec, false);
}

static uint64_t stat_of(const char *stats, const char *name)
{
	const char *at = strstr(stats, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static void read_stats(struct recorder *rec)
{
	for (uint32_t i = 0; i < rec->cpus; i++) {
		struct cpu_data *cpu = &rec->cpu[i];
		char name[64], *text;

		snprintf(name, sizeof(name), "per_cpu/cpu%u/stats", i);
		text = tracefs_instance_file_read(rec->instance, name, NULL);
		snprintf(cpu->stats, sizeof(cpu->stats), "CPU: %u\n%s", i,
			 text ?: "");
		free(text);
		cpu->events = stat_of(cpu->stats, "read events: ");
		/* "commit overrun: " has no newline before its second word. */
		cpu->lost = stat_of(cpu->stats, "\noverrun: ") +
			    stat_of(cpu->stats, "\ncommit overrun: ") +
			    stat_of(cpu->stats, "\ndropped events: ");
		bytes_print(&rec->state, "cpu %u: %llu\n", i,
			    (unsigned long long)cpu->lost);
	}
}

/* Forked before events are on, but run only then; @started says what exec said. */
static void child_main(int go, int started, char **argv)
{
	sigset_t none;
	char byte;
	int err;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (read(go, &byte, 1) != 1)
		_exit(126);
	execvp(argv[0], argv);
	err = errno;
	if (write(started, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(err == ENOENT ? 127 : 126);
}

static int start(struct recorder *rec, char **argv, int *started)
{
	int go[2], answer[2];

	if (pipe2(go, O_CLOEXEC) || pipe2(answer, O_CLOEXEC))
		return failed(errno, "pipe: %s", strerror(errno));
	fflush(stdout);
	rec->child = fork();
	if (rec->child < 0)
		return failed(errno, "fork: %s", strerror(errno));
	if (!rec->child) {
		close(go[1]);
		child_main(go[0], answer[1], argv);
	}
	close(go[0]);
	close(answer[1]);
	rec->go = go[1];
	*started = answer[0];
	return OK;
}

/* Until it ends; ^C is for the command, and what came until then is kept. */
static int follow(struct recorder *rec, int signals, int *status)
{
	struct signalfd_siginfo info;
	struct pollfd wait = { .fd = signals, .events = POLLIN };
	pid_t ended = 0;
	int rc = OK;

	while (!ended) {
		poll(&wait, 1, LOOK_MS);
		if (wait.revents && read(signals, &info, sizeof(info)) > 0 &&
		    (info.ssi_signo == SIGTERM || info.ssi_signo == SIGHUP))
			kill(rec->child, info.ssi_signo);
		ended = waitpid(rec->child, status, WNOHANG);
		if (!rc)
			rc = empty_buffers(rec, false);
	}
	rec->child = 0;
	return rc;
}

/* From here on no signal ends the program, which would leave an instance of ftrace behind. */
static void hold_signals(sigset_t *set)
{
	static const int held[] = { SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM };

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		sigaddset(set, held[i]);
	sigprocmask(SIG_BLOCK, set, NULL);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

static int run_command(struct recorder *rec, const sigset_t *set, char **argv,
		       int *code)
{
	int signals = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	int started = -1, status = 0, err, rc;

	rc = signals < 0 ? failed(errno, "signalfd: %s", strerror(errno)) :
			   start(rec, argv, &started);
	if (!rc) {
		state_take(&rec->state, "before");
		rc = put(rec, "tracing_on", "1") ?: choose_events(rec);
	}
	/* A frame that an event is about while this is read is as the event says, or as the map. */
	if (!rc)
		rc = state_take_free(&rec->state, empty_meanwhile, rec);
	if (!rc && write(rec->go, "!", 1) != 1)
		rc = failed(errno, "pipe: %s", strerror(errno));
	if (!rc) {
		rc = follow(rec, signals, &status);
		put(rec, "tracing_on", "0");
		rc = rc ?: empty_buffers(rec, true);
		state_take(&rec->state, "after");
		bytes_print(&rec->state, "== lost\n");
		read_stats(rec);
		state_end(&rec->state);
		*code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
					      WEXITSTATUS(status);
		if (read(started, &err, sizeof(err)) == sizeof(err))
			rc = failed(err, "%s: %s", argv[0], strerror(err));
	}
	if (rec->child > 0) {
		kill(rec->child, SIGKILL);
		waitpid(rec->child, &status, 0);
	}
	close(signals);
	return rc;
}

static void say(const struct recorder *rec)
{
	uint64_t events = 0, bytes = 0, lost = 0;
	uint32_t losers = 0;

	for (uint32_t i = 0; i < rec->cpus; i++) {
		events += rec->cpu[i].events;
		bytes += rec->cpu[i].bytes;
		lost += rec->cpu[i].lost;
	}
	say_line("mymm: %s: %s, %s in buffers, %s lost\n", rec->path,
		 plural(events, "event", "events"), bytes_text(bytes),
		 count_text(lost));
	for (uint32_t i = 0; i < rec->cpus && lost; i++) {
		if (!rec->cpu[i].lost || losers++ == 8)
			continue;
		say_line(
			"mymm: CPU %u lost %s of %s: a larger buffer: -b KIB\n",
			i, count_text(rec->cpu[i].lost),
			count_text(rec->cpu[i].events + rec->cpu[i].lost));
	}
}

static void end(struct recorder *rec)
{
	for (uint32_t i = 0; i < rec->cpus; i++) {
		if (rec->raw && rec->raw[i] >= 0)
			close(rec->raw[i]);
		if (rec->cpu && rec->cpu[i].fd >= 0)
			close(rec->cpu[i].fd);
	}
	if (rec->instance) {
		if (tracefs_instance_destroy(rec->instance))
			failed(errno, "ftrace's instance %s stays: %s",
			       rec->name, strerror(errno));
		tracefs_instance_free(rec->instance);
	}
	free(rec->raw);
	free(rec->cpu);
	free(rec->page);
	bytes_free(&rec->state);
}

/* Could it be written? What is to be recorded may take hours, and its end is late to learn that. */
static int check_path(const char *path)
{
	struct stat there;
	int err = 0;

	if (stat(path, &there))
		err = errno == ENOENT ? 0 : errno;
	else if (S_ISDIR(there.st_mode))
		err = EISDIR;
	else if (access(path, W_OK))
		err = errno;
	return err ? failed(err, "%s: %s", path, strerror(err)) : OK;
}

static int record(struct recorder *rec, uint64_t kib, char **argv, int *code)
{
	char text[32];
	sigset_t set;
	int rc;

	rc = check_path(rec->path);
	if (rc)
		return rc;
	hold_signals(&set);
	rc = make_instance(rec);
	if (rc)
		return rc;
	if (rec->process &&
	    !tracefs_file_exists(rec->instance,
				 "events/mymm/mymm_fault/enable"))
		return failed(ENOENT,
			      "the events of processes: mymm_vm is not loaded");
	snprintf(text, sizeof(text), "%llu", (unsigned long long)kib);
	rc = put(rec, "tracing_on", "0") ?: put(rec, "buffer_size_kb", text);
	if (!rc)
		rc = open_buffers(rec);
	if (!rc)
		rc = run_command(rec, &set, argv, code);
	if (!rc)
		rc = dat_write(rec->path, rec->fd, rec->process, rec->instance,
			       rec->cpu, rec->cpus, &rec->state);
	if (!rc)
		say(rec);
	return rc;
}

static int show_state(const char *path)
{
	struct bytes state = { 0 };
	int rc = state_read(path, &state);

	if (!rc)
		fwrite(state.at, 1, state.len, stdout);
	bytes_free(&state);
	return rc;
}

int record_command(const char *path, int fd, const struct args *args, int *code)
{
	const char *kib = args_get(args, "buffer");
	struct recorder rec = { .path = path,
				.fd = fd,
				.process = args_get(args, "process"),
				.go = -1 };
	uint64_t size = DEFAULT_KIB;
	char **argv;
	int rc = OK;

	if (!args->nr)
		return misused("wants a command: -- COMMAND [ARGUMENT]...");
	if (kib)
		rc = parse_number(kib, "--buffer", 4, 1 << 22, &size);
	if (rc)
		return rc;
	argv = xalloc(NULL, args->nr + 1, sizeof(*argv));
	memcpy(argv, args->operand, args->nr * sizeof(*argv));
	argv[args->nr] = NULL;
	rc = record(&rec, size, argv, code);
	end(&rec);
	free(argv);
	return rc;
}

static int run_record(struct session *session, const struct args *args)
{
	const char *state = args_get(args, "state");
	int rc, code = 0;

	(void)session;
	if (state)
		return args->nr || args_get(args, "buffer") ||
				       args_get(args, "process") ||
				       args_get(args, "output") ?
			       misused("--state FILE stands alone") :
			       show_state(state);
	rc = record_command(args_get(args, "output") ?: DEFAULT_FILE, -1, args,
			    &code);
	return rc ?: code;
}

static const struct opt record_opts[] = {
	{ 'o', "output", "FILE", "to write (" DEFAULT_FILE ")" },
	{ 'b', "buffer", "KIB", "for events, of each CPU (8192)" },
	{ 0, "process", NULL,
	  "also mymm's events of faults, reclaim and swap" },
	{ 0, "state", "FILE", "print what FILE has beside the events" },
	OPTS_END,
};

static const char record_text[] =
	"FILE is a trace.dat, for replay, trace-cmd and KernelShark. Behind what these\n"
	"read it has buddyinfo, pagetypeinfo, slabinfo, zoneinfo and vmstat, before and\n"
	"after, which frames were free at the start, and how many events each CPU lost;\n"
	"--state FILE prints that. All of the machine is recorded, not only COMMAND. The\n"
	"exit code is COMMAND's.\n";

const struct command record_commands[] = {
	{
		.name = "record",
		.brief = "run a command, and record the kernel's kmem events",
		.operands = "-- COMMAND [ARGUMENT]...",
		.text = record_text,
		.opts = record_opts,
		.least = 0,
		.most = -1,
		.flags = COMMAND_NO_DOOR | COMMAND_NOT_INSIDE,
		.run = run_record,
	},
	{ 0 },
};
