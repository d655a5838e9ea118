// SPDX-License-Identifier: GPL-2.0
/*
 * The data of a report's page: events of pages each by itself, objects as samples.
 *
 * It is one stream of zlib: the length of each column, then the columns, one behind the other.
 * Numbers are as in a packed recording (mymm_pack.h): 7 bits a byte, signed ones marked so below.
 *
 *	text	JSON: what the file is, the names that numbers stand for, totals
 *	what	of a record: what it is, by its number in "whats"
 *	event	of the recording: how many after that of the record before
 *	time	since the record before; signed
 *	by	of what allocates or fails, the task and CPU: 0: as before; else one more than
 *		their number in "by"
 *	frame	the first one: after the end of the record's before; signed. Of a failure its bytes
 *	sample	at some 250 moments of the recording: bytes that objects asked for and hold, and
 *		the objects of each of some caches; each the difference to the one before, signed.
 *		Of a pool also of before it: frames in use, of these in lists of CPUs, and free
 *		blocks of each order
 *	process	at some 250 moments of mymm's own events of processes: the event and the time,
 *		as differences to the moment before, and how many pages each kind of event
 *		was about since then; empty if there are none
 *	start	of each page block that a record is in, by rising numbers: how many frames are
 *		free from the start to the end of the recording, held, free ..., up to its size;
 *		empty if the recording does not say
 *
 * A record is what changes a frame, and what fails. Blocks end as a replay has them end
 * (mymm_settle.c), but a block that was freed in parts has a record for each part.
 *
 * Of a pool the frames are those that it gave, and the failures its own. A block that was freed
 * in parts is freed as a whole there, with the last part.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "mymm_trace.h"

enum column {
	C_TEXT,
	C_WHAT,
	C_EVENT,
	C_TIME,
	C_BY,
	C_FRAME,
	C_SAMPLE,
	C_START,
	C_PROCESS,
	COLUMNS
};

enum record { RECORD_ALLOC, RECORD_FREE, RECORD_FAILURE };

/* What a block is for: by mobility, or the kernel's allocator of objects. */
enum use {
	USE_UNMOVABLE,
	USE_MOVABLE,
	USE_RECLAIMABLE,
	USE_SLAB,
	USE_LARGE,
	USE_OBJECT
};

#define SAMPLES 250
#define CACHES_SHOWN 12
#define SITES_SHOWN 15
#define PAGEBLOCK_ORDER 9
/* A frame's number has 32 bits, as elsewhere. */
#define FRAMES_MOST (1ULL << 32)

/* What was allocated at a call site; bytes: held by it. */
struct site {
	uint32_t nr;
	uint64_t allocs;
	uint64_t bytes;
	uint64_t peak;
};

/* Of a pool: frames in use, those in lists of CPUs, free blocks of each order. */
enum pool_sample {
	POOL_USED,
	POOL_LISTED,
	POOL_FREE,
	POOL_SAMPLE = POOL_FREE + MYMM_UAPI_ORDERS
};

struct sheet {
	struct watch watch; /* the first member */
	struct recording *rec;
	const struct pane *pane;
	struct outcome out;
	struct bytes column[COLUMNS];
	struct map whats, whos, blocks;
	struct bytes what, who; /* arrays of __u64 */
	uint32_t nr_whats, nr_whos, nr_records, nr_samples;
	uint32_t last_who;
	uint64_t event, time, frame; /* of the record before */
	uint64_t *sample; /* of each look: asked, held, objects of each cache; or POOL_SAMPLE */
	size_t width; /* of a sample */
	struct site *site;
	uint64_t too_large;
};

/* --- objects ----------------------------------------------------------------------- */

static uint64_t *next_sample(struct sheet *sheet)
{
	sheet->sample = xalloc(sheet->sample, sheet->nr_samples + 1,
			       sheet->width * sizeof(*sheet->sample));
	return sheet->sample + sheet->nr_samples++ * sheet->width;
}

static int take_sample(struct watch *watch, struct session *session,
		       const struct outcome *out, uint64_t time)
{
	struct sheet *sheet = (struct sheet *)watch;
	const struct recording *rec = sheet->rec;
	uint64_t *sample = next_sample(sheet);

	(void)session;
	(void)time;
	sample[0] = out->now[LIFE_KMALLOC].asked + out->now[LIFE_OBJECT].asked;
	sample[1] = out->now[LIFE_KMALLOC].held + out->now[LIFE_OBJECT].held;
	for (size_t i = 0; i < rec->nr_caches; i++)
		sample[2 + i] = rec->cache[i].live;
	return OK;
}

/* All zones together; @listed: frames in lists of CPUs. */
static void put_pool_sample(struct sheet *sheet, const struct mymm_info *info,
			    uint64_t listed)
{
	uint64_t *sample = next_sample(sheet);

	memset(sample, 0, POOL_SAMPLE * sizeof(*sample));
	sample[POOL_LISTED] = listed;
	for (uint32_t i = 0; i < info->nr_zones; i++) {
		const struct mymm_zone_info *zone = &info->zones[i];

		sample[POOL_USED] += zone->managed - zone->free;
		for (int order = 0; order < MYMM_UAPI_ORDERS; order++)
			sample[POOL_FREE + order] += zone->nr_free[order];
	}
	sample[POOL_USED] -= listed;
}

static int take_pool_sample(struct watch *watch, struct session *session,
			    const struct outcome *out, uint64_t time)
{
	struct mymm_zone_args depth;
	uint64_t listed = 0;

	(void)out;
	(void)time;
	if (session_info(session))
		return FAILED;
	for (uint32_t i = 0; i < session->info.nr_zones; i++) {
		if (session_zone_args(session, i, &depth))
			return FAILED;
		listed += depth.pcp;
	}
	put_pool_sample((struct sheet *)watch, &session->info, listed);
	return OK;
}

/* Of each sample these columns, as differences. */
static void put_samples(struct sheet *sheet, const size_t *column, size_t nr)
{
	uint64_t before[2 + CACHES_SHOWN > POOL_SAMPLE ? 2 + CACHES_SHOWN :
							 POOL_SAMPLE] = { 0 };

	json_number("sample_width", nr);
	for (uint32_t s = 0; s < sheet->nr_samples; s++) {
		const uint64_t *sample = sheet->sample + s * sheet->width;

		for (size_t i = 0; i < nr; i++) {
			uint64_t n = sample[column[i]];

			bytes_signed(&sheet->column[C_SAMPLE], n - before[i]);
			before[i] = n;
		}
	}
}

static int more_peak_bytes(const void *a, const void *b)
{
	const struct cache_kind *const *x = a, *const *y = b;
	uint64_t bytes_x = (*x)->peak * (*x)->held;
	uint64_t bytes_y = (*y)->peak * (*y)->held;

	return (bytes_x < bytes_y) - (bytes_x > bytes_y);
}

/* The caches with most memory, at their peaks, and the samples of these. */
static void put_caches(struct sheet *sheet)
{
	const struct recording *rec = sheet->rec;
	size_t column[2 + CACHES_SHOWN] = { 0, 1 }, nr;
	const struct cache_kind **by = busiest_caches(rec, &nr);

	if (nr)
		qsort(by, nr, sizeof(*by), more_peak_bytes);
	json_number("caches_all", nr);
	if (nr > CACHES_SHOWN)
		nr = CACHES_SHOWN;
	json_open("caches", '[');
	for (size_t i = 0; i < nr; i++) {
		json_open(NULL, '{');
		json_text("name", by[i]->name);
		json_number("bytes", by[i]->held);
		json_number("allocs", by[i]->allocs);
		json_number("peak", by[i]->peak);
		json_close();
		column[2 + i] = 2 + (by[i] - rec->cache);
	}
	json_close();
	put_samples(sheet, column, 2 + nr);
	free(by);
}

/* Its zones, and all of its samples; it has no caches. */
static void put_pool(struct sheet *sheet)
{
	const struct mymm_info *info = &sheet->out.start;
	size_t column[POOL_SAMPLE];

	json_number("caches_all", 0);
	json_open("caches", '[');
	json_close();
	json_open("zones", '[');
	for (uint32_t i = 0; i < info->nr_zones; i++) {
		const struct mymm_zone_info *zone = &info->zones[i];

		json_open(NULL, '{');
		json_text("name", zone->name);
		json_number("node", zone->node);
		json_number("start", zone->start_pfn);
		json_number("frames", zone->spanned);
		json_number("managed", zone->managed);
		json_close();
	}
	json_close();
	for (size_t i = 0; i < POOL_SAMPLE; i++)
		column[i] = i;
	put_samples(sheet, column, POOL_SAMPLE);
}

static int more_peak(const void *a, const void *b)
{
	const struct site *x = a, *y = b;

	return (x->peak < y->peak) - (x->peak > y->peak);
}

static void put_sites(struct sheet *sheet)
{
	const struct recording *rec = sheet->rec;

	qsort(sheet->site, rec->sites.nr, sizeof(*sheet->site), more_peak);
	json_open("sites", '[');
	for (size_t i = 0; i < rec->sites.nr && i < SITES_SHOWN; i++) {
		const struct site *site = &sheet->site[i];

		if (!site->allocs)
			break;
		json_open(NULL, '{');
		json_text("name", rec->sites.text[site->nr]);
		json_number("allocs", site->allocs);
		json_number("peak", site->peak);
		json_number("end", site->bytes);
		json_close();
	}
	json_close();
}

static void count_site(struct sheet *sheet, const struct step *step)
{
	const struct life *life = &sheet->rec->life[step->life];
	struct site *site;

	if (life->site == NONE)
		return;
	site = &sheet->site[life->site];
	if (step->what == STEP_FREE) {
		site->bytes -= life->held;
		return;
	}
	site->allocs++;
	site->bytes += life->held;
	if (site->bytes > site->peak)
		site->peak = site->bytes;
}

/* --- records ----------------------------------------------------------------------- */

/* The number of @key, which is that many @numbers in @list. */
static uint32_t number_of(struct map *map, uint32_t *nr, uint64_t key,
			  struct bytes *list, const __u64 *numbers, size_t len)
{
	uint32_t found = map_get(map, key);

	if (found != NONE)
		return found;
	bytes_add(list, numbers, len * sizeof(*numbers));
	map_put(map, key, *nr);
	return (*nr)++;
}

static void put_what(struct sheet *sheet, enum record record, uint32_t order,
		     enum use use, uint32_t gfp)
{
	uint32_t text = gfp == NONE ? 0 : gfp + 1;
	const __u64 what[] = { record, order, use, text };
	uint64_t key = record | order << 2 | use << 8 | (uint64_t)text << 16;

	bytes_number(&sheet->column[C_WHAT],
		     number_of(&sheet->whats, &sheet->nr_whats, key,
			       &sheet->what, what, 4));
}

static void put_who(struct sheet *sheet, const struct entry *entry)
{
	const __u64 who[] = { entry->task,
			      map_get(&sheet->rec->tasks, entry->task) + 1U,
			      entry->cpu };
	uint32_t nr = number_of(&sheet->whos, &sheet->nr_whos,
				(uint64_t)entry->task << 16 | entry->cpu,
				&sheet->who, who, 3);

	bytes_number(&sheet->column[C_BY],
		     nr == sheet->last_who ? 0 : nr + 1ULL);
	sheet->last_who = nr;
}

static void put_when(struct sheet *sheet, const struct entry *entry,
		     uint64_t event)
{
	bytes_number(&sheet->column[C_EVENT], event - sheet->event);
	bytes_signed(&sheet->column[C_TIME], entry->time - sheet->time);
	sheet->event = event;
	sheet->time = entry->time;
	sheet->nr_records++;
}

/* @life: NULL: the free of a block that was there before the recording. */
static void put_record(struct sheet *sheet, enum record record,
		       const struct entry *entry, uint64_t event,
		       const struct life *life, uint64_t pfn, uint32_t order)
{
	enum use use = USE_UNMOVABLE;

	if (order >= MYMM_UAPI_ORDERS || pfn >= FRAMES_MOST) {
		sheet->too_large++;
		return;
	}
	if (record == RECORD_ALLOC)
		use = life->note == PAGES_SLAB		 ? USE_SLAB :
		      life->note == PAGES_LARGE		 ? USE_LARGE :
		      life->flags & MYMM_GFP_MOVABLE	 ? USE_MOVABLE :
		      life->flags & MYMM_GFP_RECLAIMABLE ? USE_RECLAIMABLE :
							   USE_UNMOVABLE;
	put_what(sheet, record, order, use,
		 record == RECORD_ALLOC ? entry->gfp : NONE);
	put_when(sheet, entry, event);
	if (record == RECORD_ALLOC)
		put_who(sheet, entry);
	bytes_signed(&sheet->column[C_FRAME], pfn - sheet->frame);
	sheet->frame = pfn + (1ULL << order);
	for (uint64_t at = pfn >> PAGEBLOCK_ORDER;
	     at << PAGEBLOCK_ORDER < sheet->frame; at++)
		map_put(&sheet->blocks, at, 0);
}

static void put_failure(struct sheet *sheet, const struct entry *entry,
			uint64_t event)
{
	bool pages = entry->kind == TRACE_PAGE_ALLOC;

	put_what(sheet, RECORD_FAILURE, pages ? entry->order : 0,
		 pages ? USE_UNMOVABLE : USE_OBJECT, entry->gfp);
	put_when(sheet, entry, event);
	put_who(sheet, entry);
	bytes_signed(&sheet->column[C_FRAME],
		     pages ? 4096ULL << (entry->order & 31) : entry->asked);
}

/* Which frames an event frees: all of its block, or as much as it says. */
static void put_free(struct sheet *sheet, const struct step *step,
		     const struct entry *entry, uint64_t event)
{
	struct life *life = step->life == NONE ? NULL :
						 &sheet->rec->life[step->life];
	bool part = step->event && entry->kind == TRACE_PAGE_FREE;

	if (!life && entry->kind == TRACE_PAGE_FREE_BATCHED)
		return;
	if (!life ||
	    (part && life->note != PAGES_START && entry->order < life->order))
		put_record(sheet, RECORD_FREE, entry, event, life, entry->key,
			   entry->order);
	else
		put_record(sheet, RECORD_FREE, entry, event, life, life->pfn,
			   life->order);
}

static void put_step(struct sheet *sheet, const struct step *step,
		     uint64_t event)
{
	struct recording *rec = sheet->rec;
	const struct entry *entry = &rec->entry[step->entry];
	struct life *life = step->life == NONE ? NULL : &rec->life[step->life];

	if (step->what == STEP_NOTHING && !entry->key && !entry->blind &&
	    (entry->kind == TRACE_PAGE_ALLOC || entry->kind == TRACE_KMALLOC ||
	     entry->kind == TRACE_CACHE_ALLOC)) {
		put_failure(sheet, entry, event);
	} else if (entry->kind > TRACE_PAGE_FREE_BATCHED) {
		if (life && step->what != STEP_NOTHING)
			count_site(sheet, step);
	} else if (step->what == STEP_ALLOC) {
		put_record(sheet, RECORD_ALLOC, entry, event, life, entry->key,
			   life->order);
		life->pfn = entry->key;
		if (entry->key >= FRAMES_MOST)
			life->order = UINT8_MAX; /* its free is left out, too */
	} else {
		put_free(sheet, step, entry, event);
	}
}

/* What the pool did; what it took for a life's block says whether it had one. */
static void put_pool_step(struct sheet *sheet, const struct step *step,
			  uint64_t event)
{
	struct recording *rec = sheet->rec;
	const struct entry *entry = &rec->entry[step->entry];
	const struct life *life = step->life == NONE ? NULL :
						       &rec->life[step->life];

	if (step->what == STEP_NOTHING || !life || life->kind != LIFE_PAGES ||
	    life->note == PAGES_START)
		return;
	if (life->taken || life->order >= MYMM_UAPI_ORDERS)
		put_record(sheet,
			   step->what == STEP_ALLOC ? RECORD_ALLOC :
						      RECORD_FREE,
			   entry, event, life, life->pfn, life->order);
	else if (step->what == STEP_ALLOC)
		put_failure(sheet, entry, event);
}

static void put_records(struct sheet *sheet)
{
	struct recording *rec = sheet->rec;
	uint64_t event = 0;

	sheet->last_who = NONE;
	sheet->time = rec->first;
	sheet->site = xzalloc(rec->sites.nr + 1, sizeof(*sheet->site));
	for (size_t i = 0; i < rec->sites.nr; i++)
		sheet->site[i].nr = i;
	for (size_t i = 0; i < rec->nr_steps; i++) {
		const struct step *step = &rec->step[i];

		if (!(i % TAPE_STEP))
			recording_trim(rec);
		event += step->event;
		/* What is implied happens with the event that implies it. */
		(sheet->pane->pool ? put_pool_step : put_step)(
			sheet, step, event + !step->event);
	}
}

/* --- the state at the start -------------------------------------------------------- */

static int rising(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void put_start(struct sheet *sheet)
{
	const struct map *blocks = &sheet->blocks;
	const uint64_t frames = 1ULL << PAGEBLOCK_ORDER;
	uint64_t *block = xalloc(NULL, blocks->used + 1, sizeof(*block));
	size_t nr = 0;

	for (size_t i = 0; i < blocks->room; i++)
		if (blocks->slot[i].value != NONE)
			block[nr++] = blocks->slot[i].key;
	qsort(block, nr, sizeof(*block), rising);
	for (size_t i = 0; i < nr; i++) {
		bool held = false;
		uint64_t run = 0;

		for (uint64_t at = 0; at < frames; at++, run++) {
			uint64_t pfn = block[i] * frames + at;

			if (start_stays(sheet->rec->start, pfn) == held)
				continue;
			bytes_number(&sheet->column[C_START], run);
			held = !held;
			run = 0;
		}
		bytes_number(&sheet->column[C_START], run);
	}
	free(block);
}

/* --- processes --------------------------------------------------------------------- */

static void put_moment(struct sheet *sheet, const struct process_event *now,
		       const struct process_event *before,
		       const uint64_t count[PROCESS_KILL])
{
	struct bytes *to = &sheet->column[C_PROCESS];
	uint64_t time = before ? before->time : sheet->rec->first;

	bytes_number(to, now->event - (before ? before->event : 0));
	bytes_signed(to, now->time - time);
	for (int what = 0; what < PROCESS_KILL; what++)
		bytes_number(to, count[what]);
}

/* As many events each, so where much happens there are more. */
static void put_processes(struct sheet *sheet)
{
	const struct recording *rec = sheet->rec;
	const struct process_event *before = NULL;
	size_t every = (rec->nr_process + SAMPLES - 1) / SAMPLES;
	uint64_t count[PROCESS_KILL] = { 0 };
	uint32_t moments = 0;

	for (size_t i = 0; i < rec->nr_process; i++) {
		const struct process_event *now = &rec->process[i];

		if (now->what != PROCESS_KILL)
			count[now->what] += now->count;
		if ((i + 1) % every && i + 1 < rec->nr_process)
			continue;
		put_moment(sheet, now, before, count);
		memset(count, 0, sizeof(count));
		before = now;
		moments++;
	}
	json_number("moments", moments);
	json_open("kills", '[');
	for (size_t i = 0; i < rec->nr_process; i++) {
		const struct process_event *kill = &rec->process[i];

		if (kill->what != PROCESS_KILL)
			continue;
		json_open(NULL, '{');
		json_text("name", rec->victims.text[kill->count]);
		json_number("event", kill->event);
		json_signed("time", kill->time - rec->first);
		json_close();
	}
	json_close();
}

/* --- the whole --------------------------------------------------------------------- */

static void put_texts(const char *key, const struct texts *texts)
{
	json_open(key, '[');
	for (size_t i = 0; i < texts->nr; i++)
		json_text(NULL, texts->text[i]);
	json_close();
}

static void put_numbers(const char *key, const struct bytes *numbers)
{
	json_numbers(key, (const __u64 *)numbers->at,
		     numbers->len / sizeof(__u64));
}

static void put_text(struct sheet *sheet)
{
	const struct recording *rec = sheet->rec;
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	json_to(to);
	json_open(NULL, '{');
	json_text("title", sheet->pane->title);
	json_bool("pool", sheet->pane->pool);
	json_text("version", MYMM_VERSION);
	json_text("lang", sheet->pane->lang);
	json_number("events", rec->kmem);
	json_number("events_of_pages",
		    rec->events[TRACE_PAGE_ALLOC] +
			    rec->events[TRACE_PAGE_FREE] +
			    rec->events[TRACE_PAGE_FREE_BATCHED]);
	json_number("records", sheet->nr_records);
	json_number("clock", rec->clock);
	json_number("span", rec->last - rec->first);
	json_number("lost", rec->lost);
	json_number("unseen_pages", rec->unseen_pages + rec->start_frees);
	json_number("split_blocks", rec->split_blocks);
	json_number("implied", rec->implied_pages);
	json_number("too_large", sheet->too_large);
	json_number("pageblock_order", PAGEBLOCK_ORDER);
	json_bool("start", rec->start && !sheet->pane->pool);
	json_number("sample_every", sheet->watch.every);
	json_number("samples", sheet->nr_samples);
	if (!sheet->pane->pool)
		put_processes(sheet);
	(sheet->pane->pool ? put_pool : put_caches)(sheet);
	put_sites(sheet);
	put_numbers("whats", &sheet->what);
	put_numbers("by", &sheet->who);
	put_texts("gfps", &rec->gfps);
	put_texts("tasks", &rec->comms);
	json_close();
	json_to(NULL);
	fclose(to);
	bytes_add(&sheet->column[C_TEXT], text, len);
	free(text);
}

int html_deflate(const struct bytes *from, struct bytes *to)
{
	uLongf len = compressBound(from->len);
	int rc;

	to->at = xalloc(NULL, len, 1);
	rc = compress2((Bytef *)to->at, &len, (Bytef *)from->at, from->len, 9);
	to->len = len;
	return rc == Z_OK ? OK : failed(0, "zlib: %s", zError(rc));
}

static int pack(struct sheet *sheet, struct bytes *to)
{
	struct bytes all = { 0 };
	int rc;

	for (int i = 0; i < COLUMNS; i++)
		bytes_number(&all, sheet->column[i].len);
	for (int i = 0; i < COLUMNS; i++)
		bytes_add(&all, sheet->column[i].at ?: "",
			  sheet->column[i].len);
	rc = html_deflate(&all, to);
	bytes_free(&all);
	return rc;
}

static void end(struct sheet *sheet)
{
	for (int i = 0; i < COLUMNS; i++)
		bytes_free(&sheet->column[i]);
	map_free(&sheet->whats);
	map_free(&sheet->whos);
	map_free(&sheet->blocks);
	bytes_free(&sheet->what);
	bytes_free(&sheet->who);
	free(sheet->sample);
	free(sheet->site);
	free(sheet);
}

/* Objects as a replay counts them; it also says which caches there are. */
static int run_dry(struct sheet *sheet)
{
	struct recording *rec = sheet->rec;
	int rc;

	sheet->width = 2 + rec->nr_caches;
	sheet->watch.look = take_sample;
	sheet->out.dry = true;
	rc = replay_run(NULL, rec, &sheet->out, 0);
	if (!rc && rec->kmem % sheet->watch.every)
		rc = take_sample(&sheet->watch, NULL, &sheet->out, rec->last);
	return rc;
}

/* The pool begins empty, whatever the recorded kernel had. */
static int run_in_pool(struct sheet *sheet)
{
	struct recording *rec = sheet->rec;
	struct start *start = rec->start;
	uint64_t *first, listed = 0;
	int rc;

	sheet->width = POOL_SAMPLE;
	sheet->watch.look = take_pool_sample;
	sheet->out.mode = REPLAY_PAGES;
	first = next_sample(sheet);
	memset(first, 0, POOL_SAMPLE * sizeof(*first));
	rec->start = NULL;
	rc = replay_quietly(rec, NULL, &sheet->out);
	rec->start = start;
	if (rc)
		return rc;
	for (uint32_t i = 0; i < sheet->out.end.nr_zones; i++)
		listed += sheet->out.depth[i].pcp;
	if (rec->kmem % sheet->watch.every)
		put_pool_sample(sheet, &sheet->out.end, listed);
	for (uint32_t i = 0; i < sheet->out.start.nr_zones; i++) {
		const struct mymm_zone_info *zone = &sheet->out.start.zones[i];

		for (int order = 0; order < MYMM_UAPI_ORDERS; order++)
			sheet->sample[POOL_FREE + order] +=
				zone->nr_free[order];
	}
	return OK;
}

int html_data(struct recording *rec, const struct pane *pane, struct bytes *to)
{
	struct sheet *sheet = xzalloc(1, sizeof(*sheet));
	int rc;

	sheet->rec = rec;
	sheet->pane = pane;
	sheet->watch.every = (rec->kmem + SAMPLES - 1) / SAMPLES;
	sheet->out.watch = &sheet->watch;
	recording_rewind(rec);
	rc = pane->pool ? run_in_pool(sheet) : run_dry(sheet);
	if (!rc) {
		put_records(sheet);
		if (rec->start && !pane->pool)
			put_start(sheet);
		put_text(sheet);
		rc = pack(sheet, to);
	}
	end(sheet);
	return rc;
}
