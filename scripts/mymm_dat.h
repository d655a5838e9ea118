/* SPDX-License-Identifier: GPL-2.0 */
/*
 * trace.dat: what record writes and replay reads, the file of trace-cmd and KernelShark.
 *
 *	mymm_record.c    record: the command, and an instance of ftrace
 *	mymm_state.c     what the kernel says of its memory, before and after
 *	mymm_datwrite.c  the file, from an instance's buffers
 *	mymm_datread.c   its events, as entries of a recording
 */
#ifndef _MYMM_DAT_H
#define _MYMM_DAT_H

#include <tracefs.h>

#include "mymm_bytes.h"
#include "mymm_cli.h"

#define DAT_MAGIC "\x17\x08\x44tracing"
#define DAT_MAGIC_LEN 10

enum dat_option {
	DAT_DONE,
	DAT_DATE,
	DAT_CPUSTAT,
	DAT_BUFFER,
	DAT_TRACECLOCK,
	DAT_UNAME,
};

/* --- mymm_state.c --- */

/* What stands behind the last byte that trace-cmd looks at. */
#define STATE_MAGIC "mymm-state-1"

/* Adds a section for each file: "== before /proc/buddyinfo", its lines. */
void state_take(struct bytes *state, const char *when);
/*
 * Adds a section "== free frames" with runs of them: the first one's number, and how many. Calls
 * @meanwhile again and again, until it fails; gives what that gave.
 */
int state_take_free(struct bytes *state, int (*meanwhile)(void *), void *data);
/* Adds how to find it from the file's end. */
void state_end(struct bytes *state);
/* Of a file in memory; false if it has none. */
bool state_find(const char *file, uint64_t size, struct bytes *state);
/* The text of a file's state; FAILED with a line if it has none. */
int state_read(const char *path, struct bytes *state);

/* --- mymm_datwrite.c --- */

/**
 * struct cpu_data - what one CPU's buffer held
 * @fd: of a file without a name that has its pages
 * @bytes: in it
 * @events: that were read
 * @lost: events that no room was left for
 * @stats: ftrace's own counts
 */
struct cpu_data {
	int fd;
	uint64_t bytes;
	uint64_t events;
	uint64_t lost;
	char stats[512];
};

/*
 * To a file at @path; or to @nameless, unless that is -1, and @path is what errors name.
 * @process: with the formats of mymm's events.
 */
int dat_write(const char *path, int nameless, bool process,
	      struct tracefs_instance *instance, const struct cpu_data *cpu,
	      uint32_t cpus, const struct bytes *state);

#endif /* _MYMM_DAT_H */
