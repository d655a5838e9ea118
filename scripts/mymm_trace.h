/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of replay, from the bytes of a file to what came of it.
 *
 *	mymm_input.c      lines of a file, of whatever is compressed, of stdin
 *	mymm_process.c    mymm's own events, of what processes have
 *	mymm_head.c       what stands before an event: task, CPU, time
 *	mymm_fields.c     what stands behind its name
 *	mymm_trace.c      a line: an event, or something to pass over
 *	mymm_gfp.c        gfp words and numbers, and SLUB's own pages by them
 *	mymm_hash.c       numbers and texts to small numbers
 *	mymm_tape.c       arrays with a record for each event
 *	mymm_datread.c    a trace.dat, which has no lines
 *	mymm_unpack.c     a packed recording; mymm_pack.c writes it
 *	mymm_recording.c  all lines: events in order
 *	mymm_settle.c     events: lives and steps
 *	mymm_infer.c      which cache an object was of
 *	mymm_replay.c     the command; mymm_replay_steps.c acts the steps out
 *	mymm_summary.c    what came out; mymm_fragment.c its last part
 *	mymm_report.c     the same as JSON
 *	mymm_html_data.c  what a page for a browser needs; mymm_html.c makes it
 *	mymm_compare.c    one recording, several configurations of the pool
 *	mymm_module.c     the module loaded with each of them
 */
#ifndef _MYMM_TRACE_H
#define _MYMM_TRACE_H

#include "mymm_bytes.h"
#include "mymm_cli.h"

#define NONE UINT32_MAX

/* What is done for each event, and what is done seldom on the way there. */
#define ALWAYS_INLINE __attribute__((always_inline))
#define NEVER_INLINE __attribute__((noinline))

/* --- mymm_hash.c: neither ever shrinks --- */

struct map_slot {
	uint64_t key;
	uint32_t value; /* NONE: empty */
};

struct map {
	struct map_slot *slot;
	size_t room; /* a power of two */
	size_t used;
};

/* The slot of @key, or the empty one where it would be; the map is not empty. */
static inline size_t map_find(const struct map *map, uint64_t key)
{
	size_t mask = map->room - 1;
	size_t i = (key * 0x9E3779B97F4A7C15ULL >> 20) & mask;

	while (map->slot[i].value != NONE && map->slot[i].key != key)
		i = (i + 1) & mask;
	return i;
}

static inline uint32_t map_get(const struct map *map, uint64_t key)
{
	return map->room ? map->slot[map_find(map, key)].value : NONE;
}

void map_put(struct map *map, uint64_t key, uint32_t value);
void map_del(struct map *map, uint64_t key);
void map_free(struct map *map);

/* A piece of a longer text. */
struct piece {
	const char *at;
	size_t len;
};

uint64_t piece_hash(struct piece piece);

/* Texts, each kept once, numbered from 0. */
struct texts {
	struct map map;
	char **text;
	uint32_t *len;
	size_t nr;
	size_t room;
};

uint32_t texts_add(struct texts *texts, struct piece piece);
void texts_free(struct texts *texts);

/* --- mymm_tape.c --- */

struct tape {
	void *at;
	size_t bytes;
	int fd;
	bool in_file;
};

/* Records by which a tape grows; after so many it should be trimmed. */
#define TAPE_STEP 65536U

/* Makes room for TAPE_STEP records more; gives the first of all. */
void *tape_extend(struct tape *tape, size_t record);
/* What was written or read need not stay in memory. */
void tape_trim(const struct tape *tape);
void tape_free(struct tape *tape);

/* --- mymm_input.c --- */

enum form { FORM_TEXT, FORM_DAT, FORM_PACK };

#define PACK_MAGIC "mymmpack1\n"
#define PACK_MAGIC_LEN 10

struct input {
	const char *path;
	enum form form; /* what the content is */
	const char *tool; /* that decompresses, or NULL */
	int fd;
	int child;
	char *buf;
	size_t room;
	size_t at;
	size_t have;
	bool ended;
	bool cut; /* the last line has no end */
	unsigned long line;
};

int input_open(struct input *input, const char *path);
/* 1: a line, ended by NUL instead of newline, good until the next call; 0: no more; -1: error */
int input_line(struct input *input, char **line, size_t *len);
/* The next bytes of what has no lines; false: there are fewer. */
bool input_bytes(struct input *input, void *to, size_t len);
/* Makes @input->fd a file that can be mapped; no line can be read any more. */
int input_file(struct input *input);
/* FAILED if what decompressed was not content. */
int input_close(struct input *input);

/* --- mymm_gfp.c --- */

/**
 * struct gfp - what gfp words, or a number, say
 * @words: the set of words, compounds taken apart; bits of our own
 * @flags: MYMM_GFP_*
 * @unknown: a part has a meaning that is not known
 * @first: the first of those
 */
struct gfp {
	uint32_t words;
	uint32_t flags;
	bool unknown;
	struct piece first;
};

/* What the bits of numbers mean was not the same in all kernels. */
enum gfp_numbers {
	GFP_NO_NUMBERS,
	GFP_NUMBERS_READ,
	GFP_NUMBERS_UNKNOWN, /* their layout is unknown */
};

/* All texts of a recording, together, since each helps to interpret the others. */
struct gfp *gfp_parse_all(const struct texts *texts, enum gfp_numbers *numbers);
/* Is a block of that order one that SLUB took for itself? */
bool gfp_is_slab(const struct gfp *gfp, uint32_t order);
/* Could the pages of @pages be those of a large kmalloc of @bytes? */
bool gfp_is_large(const struct gfp *pages, const struct gfp *bytes);

/* --- mymm_trace.c --- */

enum trace_kind {
	TRACE_PAGE_ALLOC,
	TRACE_PAGE_FREE,
	TRACE_PAGE_FREE_BATCHED,
	TRACE_KMALLOC,
	TRACE_KFREE,
	TRACE_CACHE_ALLOC,
	TRACE_CACHE_FREE,
	TRACE_KMEM, /* others of kmem, that are not acted on */
	TRACE_NAMESAKE, /* a name of kmem's, but not kmem's */
	TRACE_OTHER, /* others */
	TRACE_KINDS,
};

extern const char *const trace_names[TRACE_KINDS];

/* By the name that @at begins with, and that ends at @end. */
enum trace_kind kind_of_event(const char *at, const char **end);

/**
 * struct name - an event's name, and where its fields begin
 * @ours: it is kmem's, so it must have its fields
 * @opens_text: further lines may be its text
 * @own: its name, if it may be one of mymm's
 */
struct name {
	enum trace_kind kind;
	bool ours;
	bool opens_text;
	struct piece own;
	const char *fields;
};

/* False if @at is no name with a colon. */
bool name_parse(const char *at, struct name *name);

#define TYPE_MOVABLE 1
#define TYPE_RECLAIMABLE 2

enum clock { CLOCK_NONE, CLOCK_SECONDS, CLOCK_COUNTS };

/**
 * struct trace_event - one line, taken apart
 * @kind: enum trace_kind
 * @clock: of @time
 * @cpu: it ran there, or NONE
 * @order: of pages
 * @type: the migratetype that the recorded kernel gave these pages
 * @blind: the pointer was not shown
 * @graph: it stands among the calls of function_graph
 * @opens_text: further lines may be its text
 * @time: in microseconds of the recording's own clock, or what that counts
 * @key: the frame's number, or the pointer; 0 is NULL
 * @task: a number that stands for the task
 * @comm: what is shown of it, name and pid
 * @asked: bytes_req
 * @held: bytes_alloc
 * @gfp: gfp_flags
 * @site: call_site
 * @name: of the cache, if shown
 * @own: the event's name, if it may be one of mymm's; @fields: what follows it
 */
struct trace_event {
	enum trace_kind kind;
	enum clock clock;
	uint32_t cpu;
	uint32_t task;
	uint8_t order;
	uint8_t type;
	bool blind;
	bool graph;
	bool opens_text;
	uint64_t time;
	uint64_t key;
	uint64_t asked;
	uint64_t held;
	struct piece comm;
	struct piece gfp;
	struct piece site;
	struct piece name;
	struct piece own;
	const char *fields;
};

enum line_kind {
	LINE_EVENT,
	LINE_ENTRIES, /* ftrace's count: @event.asked of @held are there, of @cpu CPUs */
	LINE_LOST, /* @event.asked events were lost, 0: it does not say */
	LINE_COMMENT,
	LINE_STACK,
	LINE_CALL, /* of function_graph */
	LINE_TEXT, /* any other */
	LINE_FOREIGN, /* it can't be passed over */
	LINE_KINDS,
};

/*
 * @in_text: further lines of an event's text may follow. @why is set for LINE_FOREIGN. The
 * pieces of @event are pieces of @line, whose end is cut back to its last character.
 */
enum line_kind trace_line(char *line, size_t len, bool in_text,
			  struct trace_event *event, const char **why);

/* --- mymm_head.c --- */

/**
 * struct head - what stands before an event
 * @comm: the text that @task stands for
 * @sure: it stands where a head stands, and not just anywhere
 * @graph: the event stands among the calls of function_graph
 * @rest: what follows it
 */
struct head {
	uint32_t task;
	uint32_t cpu;
	enum clock clock;
	bool sure;
	bool graph;
	uint64_t time;
	struct piece comm;
	const char *rest;
};

bool head_parse(const char *line, bool in_text, struct head *head);

/* --- mymm_fields.c --- */

/* Fills in what an event of kmem has; gives what is wrong with it, or NULL. */
const char *fields_parse(const char *text, struct trace_event *event);

/* --- mymm_process.c --- */

enum process_what {
	PROCESS_FAULT,
	PROCESS_FAULT_MAJOR,
	PROCESS_EVICT_KSWAPD,
	PROCESS_EVICT_ITSELF,
	PROCESS_EVICT_OTHER,
	PROCESS_EVICT_FILE,
	PROCESS_SWAP_OUT,
	PROCESS_SWAP_IN,
	PROCESS_WRITEBACK,
	PROCESS_REFAULT,
	PROCESS_MIGRATE,
	PROCESS_KILL,
	PROCESS_WHATS
};

/**
 * struct process_event - what happened to pages of processes
 * @time: when
 * @event: how many events of kmem were before it
 * @count: of pages; of a kill, the number of the victim's name
 * @what: enum process_what
 */
struct process_event {
	uint64_t time;
	uint64_t event;
	uint32_t count;
	uint8_t what;
};

enum process_field {
	PROCESS_PID,
	PROCESS_BY,
	PROCESS_KSWAPD,
	PROCESS_MAJOR,
	PROCESS_NR,
	PROCESS_RESULT,
	PROCESS_COMM,
	PROCESS_FIELDS
};

struct process_values {
	int64_t number[PROCESS_FIELDS];
	struct piece comm;
};

/* Where a field is in a record; @size: 0: it has none. */
struct process_place {
	uint16_t offset;
	uint8_t size;
	bool is_signed;
};

struct process_format {
	int event;
	struct process_place place[PROCESS_FIELDS];
};

struct recording;

/* An event of that name and its fields, as a text; what is none of mymm's is passed over. */
void process_line(struct recording *rec, struct piece name, const char *fields,
		  uint64_t time);
/* By the text of a format; NULL: none that is wanted, or it is damaged. The caller frees it. */
struct process_format *process_format(const char *name, const char *format);
/* An event that has it. */
void process_record(struct recording *rec, const struct process_format *format,
		    const uint8_t *data, uint32_t size, bool swap,
		    uint64_t time);
/* By their times, among the entries, which are so. */
void process_sort(struct recording *rec);

/* --- mymm_recording.c, mymm_settle.c, mymm_infer.c --- */

/**
 * struct entry - an event that is acted on, kept until all are read
 * @cpu: modulo ENTRY_CPUS
 * @gfp: number of its text, or NONE; likewise @site and @name
 * The others: as in struct trace_event.
 */
struct entry {
	uint64_t time;
	uint64_t key;
	uint32_t task;
	uint32_t asked;
	uint32_t held;
	uint32_t gfp;
	uint32_t site;
	uint32_t name;
	uint16_t cpu;
	uint8_t kind;
	uint8_t order;
	uint8_t type;
	bool blind;
};

#define ENTRY_CPUS 8192

enum life_kind { LIFE_PAGES, LIFE_KMALLOC, LIFE_OBJECT, LIFE_KINDS };
/* Whose pages: their own; a slab's; a large kmalloc's; they were there before the recording. */
enum page_note { PAGES_OWN, PAGES_SLAB, PAGES_LARGE, PAGES_START, PAGE_NOTES };

/**
 * struct life - an allocation, from its event to its free
 * @kind: enum life_kind
 * @note: enum page_note, for pages
 * @order: of pages
 * @flags: MYMM_GFP_*
 * @asked: bytes
 * @held: bytes, by the recording
 * @site: number of the call site's text, or NONE
 * @name: number of the cache's name, known by its own events, or NONE
 * @told: its own allocation named the cache
 * @cache: index in @caches of the recording; NONE for pages and large kmallocs
 * @left: frames of a block that are still to be freed
 * @handle: in the pool; MYMM_REF() while its batch is open; 0: none
 * @taken: bytes that it really takes in the pool
 * @pfn: where in the pool
 */
struct life {
	uint8_t kind;
	uint8_t note;
	uint8_t order;
	bool told;
	uint32_t flags;
	uint32_t asked;
	uint32_t held;
	uint32_t site;
	uint32_t name;
	uint32_t cache;
	uint32_t left;
	uint32_t handle;
	uint32_t taken;
	uint32_t pfn;
};

enum step_what { STEP_NOTHING, STEP_ALLOC, STEP_FREE };

/* @event: 0 for a free that is implied, and stands before the event that implies it. */
struct step {
	uint32_t entry;
	uint32_t life;
	uint8_t what;
	uint8_t event;
};

/**
 * struct cache_kind - a cache of the recording, or a size class of kmalloc
 * @name: as it is called in the pool
 * @asked: bytes of an object; of a class: its size
 * @held: bytes from one to the next, by the recording
 * @handle: in the pool; 0: a class of kmalloc, or there is none
 * @order: of its slabs in the pool
 * @allocs: events; the others: what came of them
 */
struct cache_kind {
	char name[MYMM_NAME_LEN];
	uint32_t asked;
	uint32_t held;
	bool class;
	uint32_t handle;
	uint32_t order;
	uint64_t allocs;
	uint64_t frees;
	uint64_t failed;
	uint64_t live;
	uint64_t peak;
};

enum inferred { BY_ALLOC, BY_FREE, BY_SITE, BY_SIZE, INFERRED };

/* Times that go back: none; between CPUs only, so they were sorted; on one CPU, so not. */
enum back_in_time { TIMES_RISE, TIMES_SORTED, TIMES_KEPT };

struct recording {
	const char *path;
	const char *tool;
	struct entry *entry;
	struct life *life;
	struct step *step;
	size_t nr_entries, nr_lives, nr_steps;
	struct tape entries, lives, steps; /* where these are */
	struct cache_kind *cache;
	size_t nr_caches, room_caches;
	struct texts sites, names, gfps, cache_ids;
	struct texts comms; /* names of tasks */
	struct map tasks; /* of each that has one: its number there */
	struct process_event *process; /* in their order */
	size_t nr_process;
	struct texts victims; /* of these, processes that were killed */

	uint64_t events[TRACE_KINDS];
	uint64_t lines_of[LINE_KINDS];
	uint64_t kmem; /* the sum of those that are of kmem */
	uint64_t lost, lost_marks;
	uint64_t first_failed; /* event */
	uint64_t null_frees, blind, failed, unseen_objects, unseen_pages;
	uint64_t implied_objects, implied_pages, batched_alone, batched;
	uint64_t split_blocks, order_differs;
	uint64_t start_frees, start_listed, start_others;
	uint64_t slab_blocks, slab_frames, maybe_slabs, large;
	uint64_t unknown_gfp;
	struct piece first_unknown; /* of the gfp words */
	enum gfp_numbers gfp_numbers;
	uint64_t inferred[INFERRED], as_kmalloc;
	enum clock clock;
	enum back_in_time back_in_time;
	uint64_t backwards;
	unsigned long first_backwards; /* line */
	uint64_t one_cpu_of; /* events of all CPUs, where only one's are there */
	uint64_t first, last;
	struct bytes state; /* what the kernel said before and after */
	struct start *start; /* how the pool is to begin; NULL: empty */
};

/* What takes events that are acted on, in the file's order. */
struct sink {
	int (*put)(struct sink *sink, const struct recording *rec,
		   const struct entry *entry);
};

/* What takes entries, and the clock that their times are of. */
struct keeper {
	int (*keep)(struct keeper *keeper, const struct entry *entry,
		    enum clock clock);
};

/* The events of a trace.dat, to @keeper; @fd is a file that can be mapped. */
int dat_read(struct recording *rec, int fd, struct keeper *keeper);

/* The events of a packed recording, to @keeper. */
int pack_read(struct recording *rec, struct input *input,
	      struct keeper *keeper);

int recording_read(struct recording *rec, const char *path);
/* Events go to @sink as they come, and are not kept. */
int recording_stream(struct recording *rec, const char *path,
		     struct sink *sink);
void recording_free(struct recording *rec);
/* What a task is called; the first name counts. */
void recording_name_task(struct recording *rec, uint32_t task,
			 struct piece comm);
void recording_settle(struct recording *rec);
void recording_infer(struct recording *rec);
/* To be acted out once more: nothing of it is in a pool. */
void recording_rewind(struct recording *rec);
/* What was read of it need not stay in memory. */
void recording_trim(const struct recording *rec);

/* --- mymm_start.c --- */

/* Has replay begin with what was free when the recording began. Before recording_settle(). */
int start_read(struct recording *rec);
void start_free(struct start *start);
/* Were these frames held? */
bool start_has(const struct start *start, uint64_t pfn, uint64_t nr);
/* Is a frame held from the start to the end? */
bool start_stays(const struct start *start, uint64_t pfn);
/* They were free, or are a block that a life stands for. Gives how many were held by the map. */
uint64_t start_set_free(struct start *start, uint64_t pfn, uint64_t nr);
/* Allocates in a drained pool what was held, @frames; @session's info is of then. */
int start_place(struct recording *rec, struct session *session,
		uint64_t *frames);

/* --- mymm_progress.c --- */
void progress(const char *what, uint64_t nr, uint64_t all);
void progress_end(void);
double seconds_now(void);

/* --- mymm_replay_steps.c and mymm_summary.c --- */

enum replay_mode { REPLAY_ALL, REPLAY_PAGES, REPLAY_OBJECTS };

struct usage {
	uint64_t nr;
	uint64_t asked;
	uint64_t held;
};

#define SLAB_FAILS MYMM_UAPI_ORDERS /* objects that found no slab */

struct outcome;

/* Looks at the pool after every so many events. */
struct watch {
	uint64_t every;
	int (*look)(struct watch *watch, struct session *session,
		    const struct outcome *out, uint64_t time);
};

struct outcome {
	enum replay_mode mode;
	bool dry;
	struct watch *watch; /* or NULL */
	int cpu;
	bool was_pristine; /* before anything */
	bool pristine; /* after the drain */
	int clock_error; /* errno of why the pool's clock is not ours */
	uint64_t ticks; /* of that clock */
	uint64_t history; /* between samples for debugfs mymm/history; 0: none */
	bool history_by_events; /* or by microseconds */
	uint64_t samples; /* of these */
	uint64_t start_frames; /* held since before the recording */
	uint64_t acted[TRACE_KINDS];
	uint64_t failed[MYMM_UAPI_ORDERS + 1];
	uint64_t failed_for[MYMM_REASON_WATERMARK + 1]; /* by enum mymm_reason */
	uint64_t first_failed; /* event */
	uint64_t free_of_failed;
	uint64_t too_large[3]; /* by enum life_kind */
	uint64_t homeless; /* objects of caches that the pool had no room for */
	size_t caches, shared_caches, lost_caches;
	uint64_t refused;
	char first_refused[256];
	struct usage
		total[3]; /* by enum life_kind; all that was ever allocated */
	struct usage now[3];
	struct usage peak[3];
	uint64_t peak_bytes, peak_event, peak_time;
	uint64_t batches;
	double seconds;
	double in_pool; /* of these, in batches */
	struct mymm_info start, end;
	struct mymm_info after; /* of a new session, all given back and drained */
	/* Of @end's zones; before it all, and after. */
	struct mymm_zone_args before[MYMM_UAPI_ZONES], depth[MYMM_UAPI_ZONES];
};

/* The largest block, so the largest kmalloc and the largest object. */
#define BYTES_MOST (4096ULL << (MYMM_UAPI_ORDERS - 1))
/* The pool's clock goes by the recording's, or by events if that has no seconds. */
#define TICK_USECS (2 * 1000 * 1000)
#define TICK_EVENTS 20000
/* After so many in which nothing happens, more change nothing. */
#define TICKS_MOST 64
/* Caches that a pool has room for, beside those that it makes itself. */
#define CACHES_MOST 480

int replay_run(struct session *session, struct recording *rec,
	       struct outcome *out, uint64_t every);
void summary(const struct recording *rec, const struct outcome *out);
/* Since the recording began, as "7.25 s", or "12,345" of a clock that only counts. */
const char *time_text(const struct recording *rec, uint64_t time, int digits);
/* Caches by allocations, the busiest first; the caller frees the array. */
const struct cache_kind **busiest_caches(const struct recording *rec,
					 size_t *nr);
unsigned int unusable_index(const struct mymm_zone_info *zone, int order);

/* --- mymm_replay.c --- */

/* Acts it out in a session of its own, and gives all back; nothing is printed. */
int replay_quietly(struct recording *rec, const char *cpu, struct outcome *out);

/* --- mymm_module.c --- */

/* Parameters of the module, and its file. */
struct config {
	const char *parameters;
	const char *ko;
};

/* Where the module is, unless that was said. */
const char *module_path(void);
/* The parts of a text, which is changed; how many there are. */
size_t split(char *text, char at, const char **part, size_t most);
/*
 * Calls @run with the module loaded with each configuration, unless one fails; then it is as it
 * was. There is at least one. Files that are not there are found before.
 */
int with_configs(const struct config *config, size_t nr,
		 int (*run)(void *data, size_t i), void *data);

/* --- mymm_compare.c --- */
int compare(struct recording *rec, enum replay_mode mode,
	    const struct args *args);

/* --- mymm_report.c --- */
void report(const struct recording *rec, const struct outcome *out);

/* --- mymm_html_data.c --- */

/**
 * struct pane - what a report shows of a recording that was settled
 * @title: above it
 * @lang: of the page
 * @pool: not what the recorded kernel did with its pages, but what the pool does now
 */
struct pane {
	const char *title;
	const char *lang;
	bool pool;
};

/* Its data, packed; see there. Of a pool, what is recorded is acted out in it. */
int html_data(struct recording *rec, const struct pane *pane, struct bytes *to);
/* A stream of zlib, which browsers can read. */
int html_deflate(const struct bytes *from, struct bytes *to);

/* --- mymm_html.c --- */

/* The files report.html, .css and .js, and report_data.js, report_words.js, report_pane.js. */
extern const char html_page[], html_style[], html_script_data[],
	html_script_words[], html_script_pane[], html_script[];

/* --- mymm_fragment.c --- */

/* What the recording holds in a pageblock; FRAGMENT_MIXED is both bits. */
enum fragment {
	FRAGMENT_NOTHING,
	FRAGMENT_MOVABLE,
	FRAGMENT_PINNED,
	FRAGMENT_MIXED,
	FRAGMENTS,
};

/* The pageblocks of each zone of @out->end; false: no memory. */
bool fragments(const struct recording *rec, const struct outcome *out,
	       uint64_t nr[][FRAGMENTS]);

/* Choices for which another policy would have had another block to take. */
struct contested {
	uint64_t types; /* of another migratetype's blocks */
	uint64_t lists; /* of a block of a list */
	uint64_t fits; /* of slob's room */
};

/* Add those of a zone. */
void add_contested(struct contested *sum, const struct outcome *out,
		   uint32_t zone);
void show_fragmentation(const struct recording *rec, const struct outcome *out);

#endif /* _MYMM_TRACE_H */
