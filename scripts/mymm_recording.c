// SPDX-License-Identifier: GPL-2.0
/*
 * A whole recording: read once, and gone through twice in memory.
 *
 * The first time, each allocation becomes a *life*, and each event a *step*: the life
 * begins, the life ends, or nothing. A free finds its life by the frame number or the
 * pointer, in maps of what is alive. So everything that a recording leaves open is
 * settled before anything is allocated:
 *
 *	an alloc of what is alive        its free was missed: implied, and counted
 *	a free of what is not alive      it was allocated before the recording: skipped
 *	kfree(NULL)                      skipped
 *	mm_page_free_batched             its mm_page_free came before: skipped, unless
 *	                                 the frame is still alive
 *	a free of a part of a block      the block ends with its last part
 *	pages that SLUB took             noted: objects make slabs of their own
 *	pages of a large kmalloc         noted: the kmalloc counts
 *
 * A large kmalloc first allocates its pages and then tells of itself, the same task on
 * the same CPU, the same bytes, the same gfp words but for __GFP_COMP. Before its pages
 * are freed, its kfree is told of.
 *
 * mymm_infer.c then settles which cache an object was of; mymm_run.c goes through the
 * steps the second time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mymm_trace.h"

#define CPUS 1024
#define LARGE_FROM 8192 /* the largest class of kmalloc */

struct reader {
	struct recording *rec;
	struct map frames; /* first frame of a live block: life */
	struct map pointers; /* live object: life */
	uint32_t last_page[CPUS]; /* life of the last pages allocated there */
	uint64_t last_task[CPUS];
	struct gfp last_gfp[CPUS];
};

static struct life *new_life(struct recording *rec, enum life_kind kind,
			     const struct trace_event *event)
{
	struct life *life;

	if (rec->nr_lives == rec->room_lives) {
		rec->room_lives = rec->room_lives ? 2 * rec->room_lives : 4096;
		rec->life =
			xalloc(rec->life, rec->room_lives, sizeof(*rec->life));
	}
	life = &rec->life[rec->nr_lives++];
	memset(life, 0, sizeof(*life));
	life->kind = kind;
	life->flags = event->gfp.flags;
	life->asked = event->asked;
	life->held = event->held;
	life->site = NONE;
	life->name = NONE;
	life->cache = NONE;
	if (event->gfp.unknown) {
		rec->unknown_gfp++;
		texts_add(&rec->gfps, event->gfp.first_unknown);
	}
	return life;
}

static void add_step(struct recording *rec, uint64_t time, enum step_what what,
		     uint32_t life, bool event)
{
	struct step *step;

	if (rec->nr_steps == rec->room_steps) {
		rec->room_steps = rec->room_steps ? 2 * rec->room_steps : 4096;
		rec->step =
			xalloc(rec->step, rec->room_steps, sizeof(*rec->step));
	}
	step = &rec->step[rec->nr_steps++];
	step->time = time;
	step->life = life;
	step->what = what;
	step->event = event;
}

/* The live block that has this frame in it, not as its first. */
static uint32_t block_around(const struct reader *reader, uint64_t pfn,
			     uint64_t *first)
{
	const struct recording *rec = reader->rec;

	for (int order = 1; order < MYMM_UAPI_ORDERS; order++) {
		uint64_t head = pfn & ~((1ULL << order) - 1);
		uint32_t life;

		if (head == pfn)
			continue;
		life = map_get(&reader->frames, head);
		if (life != NONE &&
		    head + (1ULL << rec->life[life].order) > pfn) {
			*first = head;
			return life;
		}
	}
	return NONE;
}

static void imply_free(struct reader *reader, const struct trace_event *event,
		       uint64_t pfn, uint32_t life)
{
	map_del(&reader->frames, pfn);
	add_step(reader->rec, event->time, STEP_FREE, life, false);
	reader->rec->implied_pages++;
}

static void page_alloc(struct reader *reader, const struct trace_event *event)
{
	struct recording *rec = reader->rec;
	uint64_t frames = 1ULL << event->order, first;
	uint32_t old, cpu = event->cpu % CPUS;
	struct life *life;

	if (!event->key) {
		rec->failed++;
		add_step(rec, event->time, STEP_NOTHING, NONE, true);
		return;
	}
	old = block_around(reader, event->key, &first);
	if (old != NONE)
		imply_free(reader, event, first, old);
	for (uint64_t i = 0; i < frames && i < 1U << 10; i++) {
		old = map_get(&reader->frames, event->key + i);
		if (old != NONE)
			imply_free(reader, event, event->key + i, old);
	}
	life = new_life(rec, LIFE_PAGES, event);
	life->order = event->order;
	life->left = frames;
	/* The type tells what a word that is not known would have. */
	if (event->gfp.unknown) {
		life->flags &= ~(MYMM_GFP_MOVABLE | MYMM_GFP_RECLAIMABLE);
		if (event->type == TYPE_MOVABLE)
			life->flags |= MYMM_GFP_MOVABLE;
		else if (event->type == TYPE_RECLAIMABLE)
			life->flags |= MYMM_GFP_RECLAIMABLE;
	}
	if (gfp_is_slab(&event->gfp, event->order) &&
	    event->type != TYPE_MOVABLE)
		life->note = PAGES_SLAB;
	map_put(&reader->frames, event->key, life - rec->life);
	add_step(rec, event->time, STEP_ALLOC, life - rec->life, true);
	reader->last_page[cpu] = life - rec->life;
	reader->last_task[cpu] = event->task;
	reader->last_gfp[cpu] = event->gfp;
}

static void page_free(struct reader *reader, const struct trace_event *event)
{
	struct recording *rec = reader->rec;
	uint32_t nr = map_get(&reader->frames, event->key);
	uint64_t first = event->key;
	struct life *life;

	if (event->kind == TRACE_PAGE_FREE_BATCHED) {
		if (nr == NONE) {
			rec->batched++;
			add_step(rec, event->time, STEP_NOTHING, NONE, true);
			return;
		}
		rec->batched_alone++;
	}
	if (nr == NONE)
		nr = block_around(reader, event->key, &first);
	if (nr == NONE) {
		rec->unseen_pages++;
		add_step(rec, event->time, STEP_NOTHING, NONE, true);
		return;
	}
	life = &rec->life[nr];
	if (event->order > life->order)
		rec->order_differs++;
	if (event->kind == TRACE_PAGE_FREE && event->order < life->order) {
		/* The recorded kernel had split the block, and frees it in parts. */
		rec->split_blocks += life->left == 1U << life->order;
		life->left -= life->left < 1U << event->order ?
				      life->left :
				      1U << event->order;
	} else {
		life->left = 0;
	}
	if (!life->left)
		map_del(&reader->frames, first);
	add_step(rec, event->time, life->left ? STEP_NOTHING : STEP_FREE, nr,
		 true);
}

/* The pages just before a large kmalloc are its own. */
static void pair_large(struct reader *reader, const struct trace_event *event)
{
	struct recording *rec = reader->rec;
	uint32_t cpu = event->cpu % CPUS, nr = reader->last_page[cpu];
	struct life *pages;

	if (nr == NONE || reader->last_task[cpu] != event->task)
		return;
	pages = &rec->life[nr];
	if (event->held != 4096ULL << pages->order ||
	    !gfp_is_large(&reader->last_gfp[cpu], &event->gfp))
		return;
	pages->note = PAGES_LARGE;
	rec->large++;
	reader->last_page[cpu] = NONE;
}

static void object_alloc(struct reader *reader, const struct trace_event *event)
{
	struct recording *rec = reader->rec;
	enum life_kind kind;
	struct life *life;
	uint32_t old;

	if (event->blind || !event->key || !event->asked) {
		*(event->blind ? &rec->blind : &rec->failed) += 1;
		add_step(rec, event->time, STEP_NOTHING, NONE, true);
		return;
	}
	old = map_get(&reader->pointers, event->key);
	if (old != NONE) {
		add_step(rec, event->time, STEP_FREE, old, false);
		rec->implied_objects++;
	}
	if (event->kind == TRACE_KMALLOC && event->held > LARGE_FROM)
		pair_large(reader, event);
	kind = event->kind == TRACE_KMALLOC ? LIFE_KMALLOC : LIFE_OBJECT;
	life = new_life(rec, kind, event);
	if (event->site.len)
		life->site = texts_add(&rec->sites, event->site);
	map_put(&reader->pointers, event->key, life - rec->life);
	add_step(rec, event->time, STEP_ALLOC, life - rec->life, true);
}

static void object_free(struct reader *reader, const struct trace_event *event)
{
	struct recording *rec = reader->rec;
	enum step_what what = STEP_NOTHING;
	uint32_t nr = NONE;

	if (event->blind) {
		rec->blind++;
	} else if (!event->key) {
		rec->null_frees++;
	} else {
		nr = map_get(&reader->pointers, event->key);
		if (nr == NONE) {
			rec->unseen_objects++;
		} else {
			what = STEP_FREE;
			map_del(&reader->pointers, event->key);
			if (event->name.len)
				rec->life[nr].name =
					texts_add(&rec->names, event->name);
		}
	}
	add_step(rec, event->time, what, nr, true);
}

static void take_event(struct reader *reader, const struct trace_event *event)
{
	struct recording *rec = reader->rec;

	rec->events[event->kind]++;
	if (event->kind >= TRACE_KMEM)
		return;
	if (!rec->kmem++)
		rec->first = event->time;
	rec->last = event->time;
	switch (event->kind) {
	case TRACE_PAGE_ALLOC:
		page_alloc(reader, event);
		break;
	case TRACE_PAGE_FREE:
	case TRACE_PAGE_FREE_BATCHED:
		page_free(reader, event);
		break;
	case TRACE_KMALLOC:
	case TRACE_CACHE_ALLOC:
		object_alloc(reader, event);
		break;
	default:
		object_free(reader, event);
	}
}

/* Shows what can be shown of a line that is refused. */
static const char *excerpt(const char *line)
{
	static char text[64];
	size_t i;

	for (i = 0; i < sizeof(text) - 4 && line[i]; i++)
		text[i] = line[i] >= ' ' && line[i] < 127 ? line[i] : '?';
	strcpy(text + i, line[i] ? "..." : "");
	return text;
}

static int take_line(struct reader *reader, struct input *input,
		     const char *line, size_t len)
{
	struct recording *rec = reader->rec;
	struct trace_event event;
	const char *why;

	switch (trace_line(line, len, &event, &why)) {
	case LINE_EVENT:
		take_event(reader, &event);
		break;
	case LINE_SKIP:
		break;
	case LINE_ENTRIES:
		rec->promised += event.asked;
		if (event.held > event.asked)
			rec->lost += event.held - event.asked;
		break;
	case LINE_LOST:
		rec->lost_marks++;
		rec->lost += event.asked;
		break;
	case LINE_FOREIGN:
		return failed(0, "%s:%lu: %s: '%s'", rec->path, input->line,
			      why, excerpt(line));
	}
	if (rec->nr_lives >= NONE - 1)
		return failed(0, "%s:%lu: too many allocations", rec->path,
			      input->line);
	return OK;
}

static int check_whole(const struct recording *rec, const struct input *input)
{
	uint64_t events =
		rec->kmem + rec->events[TRACE_KMEM] + rec->events[TRACE_OTHER];

	if (input->cut)
		return failed(0, "%s:%lu: cut off: this line has no end",
			      rec->path, input->line);
	if (events < rec->promised)
		return failed(0, "%s:%lu: cut off: %s of %s in its head",
			      rec->path, input->line, count_text(events),
			      plural(rec->promised, "event", "events"));
	if (!rec->kmem)
		return failed(0, "%s:%lu: it ends without an event of kmem",
			      rec->path, input->line);
	return OK;
}

int recording_read(struct recording *rec, const char *path)
{
	struct reader reader = { .rec = rec };
	struct input input;
	size_t len;
	char *line;
	int rc, more = 0;

	memset(rec, 0, sizeof(*rec));
	for (int i = 0; i < CPUS; i++)
		reader.last_page[i] = NONE;
	rc = input_open(&input, path);
	rec->path = input.path;
	rec->tool = input.tool;
	while (!rc && (more = input_line(&input, &line, &len)) > 0) {
		/* A line without its end is told of below, with what the tool says. */
		if (input.cut)
			break;
		rc = take_line(&reader, &input, line, len);
		if (!(input.line % 1024))
			progress("reading: lines", input.line, 0);
	}
	progress_end();
	rec->lines = input.line;
	if (rc || more < 0)
		input.ended = false; /* told of already */
	if (input_close(&input) || more < 0)
		rc = FAILED;
	if (!rc)
		rc = check_whole(rec, &input);
	map_free(&reader.frames);
	map_free(&reader.pointers);
	return rc;
}

void recording_free(struct recording *rec)
{
	free(rec->life);
	free(rec->step);
	free(rec->cache);
	texts_free(&rec->sites);
	texts_free(&rec->names);
	texts_free(&rec->gfps);
	texts_free(&rec->cache_ids);
	memset(rec, 0, sizeof(*rec));
}
