// SPDX-License-Identifier: GPL-2.0
/*
 * Progress on stderr: on a terminal a line that renews itself, else a line a second,
 * and nothing at all of what takes less than that.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mymm_trace.h"

static struct {
	double next;
	bool shown;
} state;

double seconds_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* A line that is written over in place is nothing for a file, or a plain terminal. */
static bool can_redraw(void)
{
	const char *term = getenv("TERM");

	return isatty(2) && term && strcmp(term, "dumb");
}

void progress(const char *what, uint64_t nr, uint64_t all)
{
	double now = seconds_now();
	bool tty = can_redraw();
	char share[64] = "";

	if (!state.next)
		state.next = now + (tty ? 0.2 : 1);
	if (now < state.next)
		return;
	state.next = now + (tty ? 0.1 : 1);
	if (all)
		snprintf(share, sizeof(share), " of %s (%u %%)",
			 count_text(all), (unsigned int)(100.0 * nr / all));
	say_line("%s%s %s%s%s", tty ? "\r\033[K" : "mymm: ", what,
		 count_text(nr), share, tty ? "" : "\n");
	state.shown = tty;
}

void progress_end(void)
{
	if (state.shown)
		say_line("\r\033[K");
	state.shown = false;
	state.next = 0;
}
