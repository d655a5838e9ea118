// SPDX-License-Identifier: GPL-2.0
/*
 * replay: a recording of a real kernel's allocations, acted out in the pool.
 *
 * The file is read and understood as a whole before the pool is touched: one that is
 * cut off, damaged or foreign is refused with its line, and leaves nothing behind.
 *
 * The same file gives the same state each time, if the pool begins in the same state:
 * so the process stays on one CPU, holds the pool's clock, drains the pool, and if that is
 * not pristine even then, since others hold something, the summary says so. The clock ticks
 * by the recording (mymm_replay_steps.c); it is held until all is given back.
 *
 * Replay has a session of its own. Closing it gives everything back, and a new one
 * looks whether the pool is whole.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "mymm_trace.h"

static int drain(struct session *session)
{
	struct mymm_drain_args args = { .size = sizeof(args) };
	int err = session_ioctl(session, MYMM_IOC_DRAIN, &args);

	if (err)
		return failed(err, "the pool can not be drained: %s (%s)",
			      strerror(err), errno_name(err));
	return session_info(session);
}

/* On one CPU, since each has magazines of its own. */
static int pin(const char *wanted, int *cpu)
{
	cpu_set_t set;
	uint64_t n;
	int i = 0;

	if (wanted) {
		if (parse_number(wanted, "cpu", 0, CPU_SETSIZE - 1, &n))
			return USAGE;
		i = n;
	} else if (!sched_getaffinity(0, sizeof(set), &set)) {
		while (i < CPU_SETSIZE - 1 && !CPU_ISSET(i, &set))
			i++;
	}
	CPU_ZERO(&set);
	CPU_SET(i, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return failed(errno, "cpu %d: cannot stay there: %s", i,
			      strerror(errno));
	*cpu = i;
	return OK;
}

static const char *in_use(uint64_t frames)
{
	static char text[80];

	snprintf(text, sizeof(text), "%s are in use, by others",
		 plural(frames, "frame", "frames"));
	return text;
}

static int hold_clock(struct session *session)
{
	struct mymm_clock_args args = { .size = sizeof(args),
					.flags = MYMM_CLOCK_HOLD };

	return session_ioctl(session, MYMM_IOC_CLOCK, &args);
}

/* With a new session: is the pool as it was? */
static int look_after(struct outcome *out, bool quiet)
{
	struct session session;
	uint64_t frames, managed;
	const char *text;
	int rc;

	if (session_open(&session))
		return FAILED;
	rc = drain(&session);
	out->after = session.info;
	frames = session_frames(&session, &managed);
	session_close(&session);
	if (rc)
		return rc;
	if (session.info.flags & MYMM_INFO_PRISTINE)
		text = "drained, the pool is as it was at load";
	else if (session.info.flags & MYMM_INFO_WHOLE)
		text = "drained, the pool is whole";
	else if (!out->pristine)
		text = in_use(managed - frames);
	else
		return failed(0, "all was given back, but %s not free",
			      plural(managed - frames, "frame is",
				     "frames are"));
	if (!quiet)
		printf("All given back; %s.\n", text);
	return OK;
}

static int modes(const struct args *args, enum replay_mode *mode)
{
	bool all = args_get(args, "all"), pages = args_get(args, "pages");
	bool objects = args_get(args, "objects");

	if (all + pages + objects > 1)
		return misused("one of --pages, --objects and --all");
	*mode = pages ? REPLAY_PAGES : objects ? REPLAY_OBJECTS : REPLAY_ALL;
	return OK;
}

/* A number of events, or a time: 100ms, 2s. */
static int parse_history(const char *text, struct outcome *out)
{
	size_t digits = strspn(text, "0123456789");
	const char *unit = text + digits;
	char number[24];
	uint64_t scale = !strcmp(unit, "s")  ? 1000000 :
			 !strcmp(unit, "ms") ? 1000 :
			 !strcmp(unit, "us") ? 1 :
					       0;

	out->history_by_events = !scale;
	if ((!scale && *unit) || !digits || digits >= sizeof(number))
		return misused(
			"history '%s' is neither a number of events nor a time: 100ms, 2s",
			text);
	snprintf(number, sizeof(number), "%.*s", (int)digits, text);
	if (!scale)
		scale = 1;
	if (parse_number(number, "history", 1, UINT64_MAX / 4 / scale,
			 &out->history))
		return USAGE;
	out->history *= scale;
	return OK;
}

int replay_quietly(struct recording *rec, const char *cpu, struct outcome *out)
{
	struct session session;
	int rc = pin(cpu, &out->cpu);

	if (rc)
		return rc;
	if (session_open(&session))
		return FAILED;
	out->clock_error = hold_clock(&session);
	rc = drain(&session);
	out->pristine = session.info.flags & MYMM_INFO_PRISTINE;
	out->start = session.info;
	if (!rc && (!out->pristine || out->clock_error))
		rc = failed(
			out->clock_error,
			"the pool has another user: it would not be the same again");
	if (!rc)
		rc = replay_run(&session, rec, out, 0);
	session_close(&session);
	if (!rc)
		rc = look_after(out, true);
	if (!rc && out->refused)
		rc = failed(0, "%s refused, the first at %s",
			    plural(out->refused, "operation was",
				   "operations were"),
			    out->first_refused);
	return rc;
}

static int replay_in_pool(struct recording *rec, const struct args *args,
			  struct outcome *out, uint64_t every)
{
	const char *then = args_get(args, "then");
	bool json = args_get(args, "json");
	struct session session;
	int rc, rc_then = OK;
	bool done;

	rc = pin(args_get(args, "cpu"), &out->cpu);
	if (rc)
		return rc;
	if (session_open(&session))
		return FAILED;
	out->was_pristine = session.info.flags & MYMM_INFO_PRISTINE;
	out->clock_error = hold_clock(&session);
	rc = drain(&session);
	out->pristine = session.info.flags & MYMM_INFO_PRISTINE;
	out->start = session.info;
	if (!rc && !out->pristine)
		warn("the pool is not pristine: what comes depends on what others hold");
	if (!rc && out->clock_error && out->history)
		rc = failed(
			out->clock_error,
			"the pool's clock can't be held, by which --history goes: %s",
			strerror(out->clock_error));
	if (!rc && out->clock_error)
		warn("the pool's clock can't be held: what comes depends on time: %s",
		     strerror(out->clock_error));
	if (!rc)
		rc = replay_run(&session, rec, out, every);
	if (!rc && !json)
		summary(rec, out);
	if (!rc && then) {
		if (then[0] && !json)
			putchar('\n');
		rc_then = session_then(&session, then);
	}
	session_close(&session);
	if (!rc && !json)
		putchar('\n');
	done = !rc;
	if (look_after(out, json))
		rc = FAILED;
	if (done && json)
		report(rec, out);
	if (!rc && out->refused)
		rc = failed(0, "%s refused, the first at %s",
			    plural(out->refused, "operation was",
				   "operations were"),
			    out->first_refused);
	return rc ? rc : rc_then;
}

static int run_replay(struct session *unused, const struct args *args)
{
	struct outcome out = { .dry = args_get(args, "dry-run") };
	struct recording rec;
	uint64_t every = 0;
	int rc;

	(void)unused;
	rc = modes(args, &out.mode);
	if (!rc && args_get(args, "every"))
		rc = parse_number(args_get(args, "every"), "every", 1,
				  UINT64_MAX, &every);
	if (!rc && args_get(args, "history"))
		rc = parse_history(args_get(args, "history"), &out);
	if (!rc && out.dry && out.history)
		rc = misused("--dry-run has no pool for --history to sample");
	if (!rc && out.dry && args_get(args, "then"))
		rc = misused("--dry-run holds nothing for --then to see");
	if (!rc && args_get(args, "start") && out.mode == REPLAY_OBJECTS)
		rc = misused("--start is about pages: not with --objects");
	if (!rc && args_get(args, "compare") &&
	    (out.dry || every || out.history || args_get(args, "then")))
		rc = misused(
			"--compare goes with none of --dry-run, --every, --history and --then");
	if (!rc && !args_get(args, "compare") &&
	    (args_get(args, "config") || args_get(args, "ko") ||
	     args_get(args, "time")))
		rc = misused("--config, --ko and --time go with --compare");
	if (!rc && every && args_get(args, "json"))
		rc = misused("either --json or --every");
	if (rc)
		return rc;
	rc = recording_read(&rec, args->operand[0]);
	if (!rc && out.history && !out.history_by_events &&
	    rec.clock != CLOCK_SECONDS)
		rc = failed(
			0,
			"%s says of no event when it was: --history can only be a number of events",
			rec.path);
	if (!rc && args_get(args, "start"))
		rc = start_read(&rec);
	if (!rc) {
		recording_settle(&rec);
		recording_infer(&rec);
		if (args_get(args, "compare")) {
			rc = compare(&rec, out.mode, args);
		} else if (out.dry) {
			rc = replay_run(NULL, &rec, &out, every);
			if (!rc && args_get(args, "json"))
				report(&rec, &out);
			else if (!rc)
				summary(&rec, &out);
		} else {
			rc = replay_in_pool(&rec, args, &out, every);
		}
	}
	recording_free(&rec);
	return rc;
}

static const struct opt replay_opts[] = {
	{ 0, "all", NULL, "pages and objects (the default)" },
	{ 0, "pages", NULL, "events of pages only, as they were recorded" },
	{ 0, "objects", NULL, "events of objects and of kmalloc only" },
	{ 0, "start", NULL,
	  "begin with the frames that the recording began with" },
	{ 0, "every", "N", "a line on the pool each N events" },
	{ 0, "history", "EVERY",
	  "a sample of debugfs mymm/history each EVERY events, or 100ms" },
	{ 0, "then", "CMD", "run CMD with the shell while it is all held" },
	{ 0, "cpu", "N", "stay on CPU N instead of the first" },
	{ 0, "dry-run", NULL, "read, infer and count, without a pool" },
	{ 0, "compare", NULL,
	  "through several configurations, beside each other" },
	{ 0, "config", "PARAMETERS", "one of these: parameters of the module" },
	{ 0, "ko", "FILE[,FILE]...", "the module, or several builds of it" },
	{ 0, "time", NULL, "also how long the pool took, which varies" },
	{ 'j', "json", NULL, "the summary as JSON, for programs, at the end" },
	OPTS_END,
};

static const char replay_text[] =
	"FILE is a trace.dat, a packed one, or what ftrace, trace-cmd report or perf script\n"
	"print, plain or compressed (xz, gz, zst, bz2); - is stdin. It is read as a whole\n"
	"first: one that is cut off, or has an event of kmem that can't be read, is refused\n"
	"with its line. The pool is drained, the recording acted out on one CPU; then all is\n"
	"given back.\n\n"
	"With --all, what the recorded kernel took for its own slabs is left out, since\n"
	"objects make their own; a large kmalloc counts once. --pages keeps both.\n"
	"\n"
	"With --start the pool begins with all frames held that were not free when the\n"
	"recording began; it must have the recorded machine's zones. mymm record keeps what\n"
	"that takes.\n"
	"\n"
	"With --compare the module is loaded anew for each --config, with these parameters,\n"
	"and a table shows what came of each.\n";

const struct command replay_commands[] = {
	{
		.name = "replay",
		.brief = "act a recording of kmem events out in the pool",
		.operands = "FILE | -",
		.text = replay_text,
		.opts = replay_opts,
		.least = 1,
		.most = 1,
		.flags = COMMAND_NO_DOOR | COMMAND_HOLDS | COMMAND_OWN_THEN,
		.run = run_replay,
	},
	{ 0 },
};
