/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the CLI share.
 *
 *	mymm.c           the command line; --then and --hold
 *	mymm_args.c      options and numbers, the same for a command line and a script
 *	mymm_help.c      --help, made from the tables that the options are read by
 *	mymm_say.c       errors that name the thing; figures that a person can read
 *	mymm_session.c   the door: /dev/mymm
 *	mymm_pages.c     pages alloc, take, free
 *	mymm_cache.c     cache create, destroy, shrink
 *	mymm_object.c    obj alloc, free; kmalloc, krealloc, kfree
 *	mymm_show.c      list, info, drain
 *	mymm_caches.c    caches
 *	mymm_files.c     the files of /proc and debugfs, as texts
 *	mymm_top.c       top; its own parts are in mymm_top.h
 *	mymm_memory.c    map, touch, discard, unmap: /dev/mymem
 *	mymm_fork.c      a script's children
 *	mymm_exec.c      exec
 *	mymm_swap.c      swapon, swapoff
 *	mymm_lost.c      lost
 *	mymm_unload.c    unload
 *	mymm_json.c      what --json prints
 *	mymm_script.c    run; mymm_words.c splits its lines
 *	mymm_record.c    record; its own parts are in mymm_dat.h
 *	mymm_replay.c    replay; its own parts are in mymm_trace.h
 *	mymm_html.c      report; its data: mymm_html_data.c
 *	mymm_plot.c      plot
 *	mymm_lab.c       lab; its own parts are in mymm_lab.h
 *	mymm_malloc.c    malloc
 */
#ifndef _MYMM_CLI_H
#define _MYMM_CLI_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "mymm.h"

/* The commit that the program was built from; the Makefile knows it. */
#ifndef MYMM_VERSION
#define MYMM_VERSION "unknown"
#endif

/* Exit codes. */
#define OK 0
#define FAILED 1 /* an operation failed, or a file was refused */
#define USAGE 2 /* the command line or a script's line makes no sense */

/* A figure that nothing says. */
#define UNKNOWN UINT64_MAX

#define __printf(fmt, first) __attribute__((format(printf, fmt, first)))

/* --- mymm_say.c --- */

/* What errors begin with: the script's line, if any, and the command. */
void say_where(const char *file, unsigned long line);
void say_command(const char *name);

/* While kept, errors are not printed but remembered; say_kept() gives the last. */
void say_keep(bool keep);
const char *say_kept(void);

/* The errno of the last failure, positive; 0 if it came from no system call. */
int say_errno(void);
void say_forget(void);

/* Print an error and return what the name says. @err is a positive errno or 0. */
int failed(int err, const char *fmt, ...) __printf(2, 3);
int misused(const char *fmt, ...) __printf(1, 2);
void warn(const char *fmt, ...) __printf(1, 2);
/* To stderr, after what was printed to stdout before it. */
void say_line(const char *fmt, ...) __printf(1, 2);

const char *errno_name(int err);
int errno_number(const char *name); /* 0 if unknown */

/* Texts of figures live in a ring of buffers: good for one printf. */
const char *bytes_text(uint64_t bytes);
const char *count_text(uint64_t n); /* 12,345 */
const char *known_text(uint64_t n); /* the same; "-" for UNKNOWN */
const char *plural(uint64_t n, const char *one, const char *many);
const char *range_text(const uint32_t *handles, size_t nr); /* 1-5,7 */

void *xalloc(void *old, size_t nr, size_t size);
/* The same for something new, of zeroes that cost nothing until they are used. */
void *xzalloc(size_t nr, size_t size);

/* --- mymm_memory.c --- */

/* /dev/mymem, with that pool chosen unless it is NULL; -1, and that was said. */
int memory_open(const char *pool);

/* --- mymm_json.c --- */

/* A member of what is open: with a key in an object, with NULL in an array. */
void json_to(FILE *to); /* NULL: stdout */
/* How many bytes the character at @text has in UTF-8; 0: it is not UTF-8. */
size_t utf8_length(const unsigned char *text);
void json_open(const char *key, char bracket); /* { or [ */
void json_close(void);
void json_text(const char *key, const char *text); /* NULL: null */
void json_number(const char *key, uint64_t n);
void json_known(const char *key, uint64_t n); /* null for UNKNOWN */
void json_signed(const char *key, int64_t n);
void json_bool(const char *key, bool yes);
void json_numbers(const char *key, const __u64 *n, size_t nr);

/* --- mymm_files.c --- */

/* What the file says, which the caller frees; NULL, and errno says why. */
char *file_try(const char *path);
/* The same, and a failure was said. */
char *file_text(const char *path);
/* The same, with its length, for what may have bytes of 0 in it. */
char *file_bytes(const char *path, size_t *len);
/* Of a file of debugfs mymm/pools the part of one pool. */
char *file_of_pool(const char *path, const char *pool);
/* The next line of a text, which is cut off there; NULL after the last. */
char *file_line(char **at);

/* --- mymm_caches.c --- */

/* A cache, as a line of slabinfo has it. */
struct cache_row {
	char name[64];
	unsigned long long used, objects, bytes, per_slab, frames, slabs;
};

/* False for a head. */
bool cache_row_parse(struct cache_row *row, const char *line);

/* --- mymm_args.c --- */

struct opt {
	char letter; /* 0: none */
	const char *name;
	const char *arg; /* NULL: a switch */
	const char *help;
};

#define OPTS_MAX 16

struct session;
struct args;

/**
 * struct command - a command of the command line
 * @name: one or two words
 * @operands: as --help shows them
 * @brief: a line for the overview
 * @text: what --help adds
 * @opts: ends with a zeroed member; NULL: none
 * @least: operands that it wants, at least
 * @most: and at most; -1: any number
 * @flags: COMMAND_*
 * @run: returns an exit code
 */
struct command {
	const char *name;
	const char *operands;
	const char *brief;
	const char *text;
	const struct opt *opts;
	int least;
	int most;
	unsigned int flags;
	int (*run)(struct session *session, const struct args *args);
};

#define COMMAND_NO_DOOR (1U << 0) /* works without a session */
#define COMMAND_HOLDS (1U << 1) /* leaves the session with more than before */
#define COMMAND_OWN_THEN (1U << 2) /* has a --then of its own */
#define COMMAND_NOT_INSIDE (1U << 3) /* not inside a script */

/**
 * struct args - a command's words, taken apart
 * @command: whose
 * @value: one for each of its options: its argument, "" for a switch, NULL if absent
 * @nr: operands
 * @operand: them
 */
struct args {
	const struct command *command;
	const char *value[OPTS_MAX];
	int nr;
	char **operand;
};

/* The words after the command's name. Operands point into @argv, which is reordered. */
int args_parse(struct args *args, const struct command *command, int argc,
	       char **argv);
/* The value of the option of that name, or NULL. */
const char *args_get(const struct args *args, const char *name);

/* Numbers; misused() with @what's name when they are none or not within the bounds. */
int parse_number(const char *text, const char *what, uint64_t least,
		 uint64_t most, uint64_t *value);
int parse_size(const char *text, const char *what, uint64_t least,
	       uint64_t most, uint64_t *value);

/* --- mymm_help.c --- */
extern const struct command *const command_tables[];
/* The command that @argv begins with and how many words name it. */
const struct command *command_find(int argc, char **argv, int *words);
void help_overview(FILE *out);
void help_command(FILE *out, const struct command *command);
int help_words(int argc, char **argv);
/* Says that there is no such command, and which begin with its first word. */
int help_unknown(int argc, char **argv);

/* --- mymm_session.c --- */

/**
 * struct session - an open door
 * @fd: of /dev/mymm, closed on exec
 * @info: as it was when last asked for
 * @pool: what to look at, if not the session's own pool: its name
 * @got: handles that the running command was given, for a script's names
 */
struct session {
	int fd;
	struct mymm_info info;
	char pool[MYMM_NAME_LEN];
	uint32_t *got;
	size_t nr_got;
	size_t room_got;
};

int session_open(struct session *session);
void session_close(struct session *session);
int session_info(struct session *session);
void session_got(struct session *session, uint32_t handle);
/* Runs @ops; gives 0 or a positive errno of the call itself. */
int session_batch(struct session *session, struct mymm_op *ops, uint32_t nr,
		  uint32_t flags, uint32_t *done);
int session_ioctl(struct session *session, unsigned long request, void *arg);
/* Everything that the session holds, in one array that the caller frees. */
int session_list(struct session *session, struct mymm_holding **list,
		 size_t *nr);
const struct mymm_zone_info *session_zone(const struct session *session,
					  uint64_t pfn);
/*
 * The @nr-th zone of @session->info, in depth. What a module of an older version does not count is
 * UNKNOWN.
 */
int session_zone_args(struct session *session, uint32_t nr,
		      struct mymm_zone_args *zone);
uint64_t session_frames(const struct session *session,
			uint64_t *managed); /* free ones */
const char *pool_state(uint32_t flags); /* a word for MYMM_INFO_* */
/* A word for an enum mymm_reason, a colon, and what it means. */
const char *reason_text(uint32_t reason);
/* Why an operation failed, in words. */
const char *op_why(const struct mymm_op *op);
/* Says why the allocation after @got others failed. */
int alloc_failed(const struct mymm_op *op, uint64_t got, const char *what);
/* Runs a command of the shell while the session is held. */
int session_then(struct session *session, const char *command);

#define DOOR "/dev/mymm"

/* --- mymm_record.c --- */

/* A file without a name, in the folder of @path; -1 and errno. */
int open_nameless(const char *path);
/*
 * Runs the command of @args, and records meanwhile what then is in @fd; -1: in a file at @path.
 * From then on no signal ends this program.
 */
int record_command(const char *path, int fd, const struct args *args,
		   int *code);

/* --- the commands --- */
extern const struct command pages_commands[];
extern const struct command cache_commands[];
extern const struct command object_commands[];
extern const struct command show_commands[];
extern const struct command caches_commands[];
extern const struct command top_commands[];
extern const struct command script_commands[];
extern const struct command memory_commands[];
extern const struct command replay_commands[];
extern const struct command exec_commands[];
extern const struct command swap_commands[];
extern const struct command lost_commands[];
extern const struct command unload_commands[];
extern const struct command record_commands[];
extern const struct command pack_commands[];
extern const struct command html_commands[];
extern const struct command plot_commands[];
extern const struct command lab_commands[];
extern const struct command malloc_commands[];

/* Options of all commands that allocate, and what they mean. */
/* It takes these for blocks of code. */
/* clang-format off */
#define OPT_ZERO	{ 0, "zero", NULL, "zeroed" }
#define OPT_ATOMIC	{ 0, "atomic", NULL, "never sleep, like GFP_ATOMIC" }
#define OPT_NOWAIT	{ 0, "nowait", NULL, "never sleep, like GFP_NOWAIT" }
#define OPT_FLAGS	{ 'f', "flags", "LIST", "how, in gfp's words, as above" }
#define OPT_JSON	{ 'j', "json", NULL, "as JSON, for programs" }
#define OPT_POOL	{ 'p', "pool", "NAME", "of that pool, which another module may have made" }
#define OPTS_END	{ 0, NULL, NULL, NULL }
/* clang-format on */

/* clang-format off */
#define FLAGS_FIRST	"zero, comp, movable, reclaimable, atomic, nowait, high, memalloc, "
#define FLAGS_REST	"nomemalloc, noretry, retry_mayfail, nofail, thisnode, nokswapd, warn"
/* clang-format on */

/* What --help says of OPT_FLAGS. */
#define FLAGS_TEXT                                                         \
	"LIST, gfp's words in small letters, with commas:\n  " FLAGS_FIRST \
	"\n  " FLAGS_REST ".\n"

int how_flags(const struct args *args, uint32_t *flags);

/* --- mymm_fork.c --- */

/* A child that runs lines with @run; exit codes as of commands. */
int child_fork(const char *name, int (*run)(void *script, const char *line),
	       void *script);
int child_run(const char *name, const char *text);
int child_end(const char *name);
void child_end_all(void);

/* --- mymm_words.c --- */

/**
 * struct words - a script's line, split
 * @word: the words; argv-like, with a final NULL
 * @nr: how many
 * @rest: for each word, where in the line it begins
 */
struct words {
	char **word;
	size_t nr;
	size_t *rest;
};

/* What $NAME stands for: lookup() gives it, or NULL after an error. Without, $ is $. */
struct words_names {
	const char *(*lookup)(const char *name, void *data);
	void *data;
};

/* 0, or USAGE after an error that names what is wrong. */
int words_split(struct words *words, const char *line,
		const struct words_names *names);
void words_free(struct words *words);

#endif /* _MYMM_CLI_H */
