// SPDX-License-Identifier: GPL-2.0
/*
 * A recording's steps, acted out in the pool, in the order in which they were recorded.
 *
 * Steps are gathered into batches of up to 4,096. What the open batch allocates has no
 * handle yet: until the batch is sent, its life has a reference in place of one, the number
 * of the operation that allocates it. So a batch is full when it is sent, and the order is
 * the recording's.
 *
 * Every allocation is asked for without a line in the log: failures are counted here.
 * The free of something that failed is left out, and counted too.
 *
 * The pool's clock, if the replay holds it, ticks by the recording's: every two seconds there,
 * in a batch with the operations around it. A recording without seconds ticks by events. An
 * interval in which nothing happens has at most 64 ticks: by then all that is not used has
 * gone back.
 *
 * With --dry-run the same is done without a pool: all that a pool could give succeeds, and
 * takes what it took in the recorded kernel.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mymm_objects.h"
#include "mymm_trace.h"

#define BATCH 4096

struct runner {
	struct session *session; /* NULL: dry */
	struct recording *rec;
	struct outcome *out;
	struct mymm_op *ops;
	const struct step *step[BATCH];
	uint64_t event[BATCH];
	uint32_t nr;
	bool acts[LIFE_KINDS][PAGE_NOTES]; /* these lives are acted on */
	uint32_t next_handle; /* dry */
	uint64_t events;
	uint64_t next_tick; /* on the clock that it goes by */
	uint64_t next_sample; /* by what out->history goes by */
	uint64_t latest; /* time of a step */
};

static bool acted_on(enum replay_mode mode, enum life_kind kind,
		     enum page_note note)
{
	if (kind != LIFE_PAGES)
		return mode != REPLAY_PAGES;
	if (mode == REPLAY_ALL)
		return note == PAGES_OWN || note == PAGES_START;
	return mode == REPLAY_PAGES;
}

static uint64_t bytes_of(const struct life *life)
{
	return life->kind == LIFE_PAGES ? 4096ULL << life->order : life->asked;
}

/*
 * What the cache asked for: the alignment that makes an object as long as it was, if
 * there is one; else just that length.
 */
static void shape(const struct cache_kind *cache, struct mymm_cache_args *make)
{
	uint32_t align;

	make->object_size = cache->asked;
	for (align = 8; align <= 4096; align *= 2) {
		if ((cache->asked + align - 1) / align * align != cache->held)
			continue;
		make->align = align > 8 ? align : 0;
		return;
	}
	make->object_size = cache->held;
}

/* A pool has room for so many; an object may as well lie in another cache of its size. */
static void share_cache(struct runner *run, size_t nr)
{
	struct recording *rec = run->rec;
	struct cache_kind *cache = &rec->cache[nr];

	for (size_t i = 0; i < nr; i++) {
		const struct cache_kind *other = &rec->cache[i];

		if (!other->handle || other->asked != cache->asked ||
		    other->held != cache->held)
			continue;
		cache->handle = other->handle;
		cache->order = other->order;
		run->out->shared_caches++;
		return;
	}
	run->out->lost_caches++;
}

static int create_cache(struct runner *run, size_t nr)
{
	struct cache_kind *cache = &run->rec->cache[nr];
	struct mymm_cache_args make = { 0 };
	int err = 0;

	memcpy(make.name, cache->name, sizeof(make.name));
	shape(cache, &make);
	if (make.object_size > BYTES_MOST)
		return OK;
	if (run->session)
		err = cache_try(run->session, &make);
	else if (run->out->caches < CACHES_MOST)
		make.handle = ++run->next_handle;
	else
		err = ENOSPC;
	if (err == ENOSPC) {
		share_cache(run, nr);
		return OK;
	}
	if (err)
		return cache_refused(run->session, &make, err);
	cache->handle = make.handle;
	cache->order = make.slab_order;
	run->out->caches++;
	return OK;
}

static int create_caches(struct runner *run)
{
	struct recording *rec = run->rec;
	int rc = OK;

	if (run->out->mode == REPLAY_PAGES)
		return OK;
	for (size_t i = 0; !rc && i < rec->nr_caches; i++)
		if (!rec->cache[i].class)
			rc = create_cache(run, i);
	return rc;
}

static bool allocates(const struct mymm_op *op)
{
	return op->op == MYMM_OP_PAGES_ALLOC || op->op == MYMM_OP_KMALLOC ||
	       op->op == MYMM_OP_OBJ_ALLOC;
}

static void count_failure(struct runner *run, const struct life *life,
			  uint32_t reason, uint32_t i)
{
	struct outcome *out = run->out;
	unsigned int order = 0;

	if (!out->first_failed)
		out->first_failed = run->event[i];
	out->failed_for[reason <= MYMM_REASON_WATERMARK ? reason : 0]++;
	if (life->kind == LIFE_PAGES) {
		order = life->order;
	} else if (life->kind == LIFE_KMALLOC && life->asked > 8192) {
		while (4096ULL << order < life->asked)
			order++;
	} else {
		order = SLAB_FAILS;
	}
	out->failed[order < SLAB_FAILS ? order : SLAB_FAILS]++;
	if (life->cache != NONE)
		run->rec->cache[life->cache].failed++;
}

/* What no pool of ours can give, and so is not asked for. */
static bool out_of_reach(struct runner *run, const struct life *life)
{
	struct outcome *out = run->out;
	struct cache_kind *cache = NULL;
	bool large = life->asked > BYTES_MOST;

	if (life->kind == LIFE_PAGES) {
		large = life->order >= MYMM_UAPI_ORDERS;
	} else if (life->kind == LIFE_OBJECT) {
		cache = &run->rec->cache[life->cache];
		large = cache->held > BYTES_MOST;
		if (!cache->handle && !large)
			out->homeless++;
	}
	out->too_large[life->kind] += large;
	if (cache && !cache->handle)
		cache->failed++;
	return large || (cache && !cache->handle);
}

static uint64_t time_of(const struct runner *run, const struct step *step)
{
	return run->rec->entry[step->entry].time;
}

static void begins(struct runner *run, const struct mymm_op *op,
		   struct life *life, uint32_t i)
{
	struct outcome *out = run->out;
	struct usage *total = &out->total[life->kind];
	struct usage *now = &out->now[life->kind];
	uint64_t bytes = bytes_of(life);

	life->handle = op->handle;
	life->taken = op->bytes;
	life->pfn = op->pfn;
	total->nr++;
	total->asked += bytes;
	total->held += op->bytes;
	now->nr++;
	now->asked += bytes;
	now->held += op->bytes;
	if (life->cache != NONE) {
		struct cache_kind *cache = &run->rec->cache[life->cache];

		cache->allocs++;
		if (++cache->live > cache->peak)
			cache->peak = cache->live;
	}
	bytes = out->now[0].held + out->now[1].held + out->now[2].held;
	if (bytes > out->peak_bytes) {
		out->peak_bytes = bytes;
		out->peak_event = run->event[i];
		out->peak_time = time_of(run, run->step[i]);
		memcpy(out->peak, out->now, sizeof(out->peak));
	}
}

static void ends(struct runner *run, struct life *life)
{
	struct usage *now = &run->out->now[life->kind];

	life->handle = 0;
	if (life->note == PAGES_START) {
		run->out->start_frames -= 1ULL << life->order;
		return;
	}
	now->nr--;
	now->asked -= bytes_of(life);
	now->held -= life->taken;
	if (life->cache != NONE) {
		run->rec->cache[life->cache].frees++;
		run->rec->cache[life->cache].live--;
	}
}

static void refused(struct runner *run, const struct mymm_op *op, uint32_t i)
{
	struct outcome *out = run->out;

	if (out->refused++)
		return;
	snprintf(out->first_refused, sizeof(out->first_refused),
		 "event %llu: %s", (unsigned long long)run->event[i],
		 op_why(op));
}

static void not_done(struct runner *run, const struct mymm_op *op,
		     struct life *life, uint32_t i)
{
	if (allocates(op))
		life->handle = 0; /* no reference any more */
	if (op->result == -ENOMEM && allocates(op))
		count_failure(run, life, op->reason, i);
	else if (op->result == -ECANCELED)
		run->out->free_of_failed++;
	else
		refused(run, op, i);
}

static int send_batch(struct runner *run)
{
	uint32_t done = run->nr;
	int err = 0;

	if (!run->nr)
		return OK;
	if (run->session) {
		double started = seconds_now();

		err = session_batch(run->session, run->ops, run->nr,
				    MYMM_BATCH_REFS, &done);
		run->out->in_pool += seconds_now() - started;
	}
	if (err || done != run->nr)
		return failed(err,
			      "the pool refused a batch of %u operations: %s",
			      run->nr, err ? strerror(err) : "interrupted");
	for (uint32_t i = 0; i < run->nr; i++) {
		const struct mymm_op *op = &run->ops[i];
		struct life *life;

		if (op->op == MYMM_OP_TICK || op->op == MYMM_OP_SAMPLE) {
			if (op->result)
				refused(run, op, i);
			continue;
		}
		life = &run->rec->life[run->step[i]->life];
		if (op->result)
			not_done(run, op, life, i);
		else if (allocates(op))
			begins(run, op, life, i);
		else
			ends(run, life);
	}
	run->nr = 0;
	run->out->batches++;
	return OK;
}

static uint32_t flags_for(const struct runner *run, const struct life *life)
{
	uint32_t flags = life->flags;

	if (life->kind != LIFE_PAGES)
		flags &= ~(MYMM_GFP_COMP | MYMM_GFP_MOVABLE | MYMM_GFP_HIGHMEM |
			   MYMM_GFP_DMA32);
	if (life->kind == LIFE_OBJECT)
		flags &= ~(MYMM_GFP_DMA | MYMM_GFP_RECLAIMABLE);
	/* Frames without memory can not be zeroed. */
	if (run->session && !(run->session->info.flags & MYMM_INFO_MEMORY))
		flags &= ~MYMM_GFP_ZERO;
	return flags;
}

/* The batch's next operation, to be filled. */
static struct mymm_op *next_op(struct runner *run, const struct step *step)
{
	struct mymm_op *op = &run->ops[run->nr];

	*op = (struct mymm_op){ 0 };
	run->step[run->nr] = step;
	run->event[run->nr] = run->events;
	return op;
}

static int add_op(struct runner *run)
{
	return ++run->nr == BATCH ? send_batch(run) : OK;
}

/* What the pool's clock goes by, and how much of it a tick is. */
static uint64_t clock_of(const struct runner *run, const struct step *step,
			 uint64_t *tick)
{
	bool seconds = run->rec->clock == CLOCK_SECONDS;

	*tick = seconds ? TICK_USECS : TICK_EVENTS;
	return seconds ? time_of(run, step) : run->events;
}

/*
 * Note down what is free, at @at by what out->history goes by; the time that stands beside it is
 * the recording's, or an event for a second if nothing says when it was.
 */
static int sample(struct runner *run, const struct step *step, uint64_t at)
{
	const struct recording *rec = run->rec;
	struct mymm_op *op = next_op(run, step);

	if (rec->clock != CLOCK_SECONDS)
		at *= 1000000;
	else if (run->out->history_by_events)
		at = run->latest - rec->first;
	op->op = MYMM_OP_SAMPLE;
	op->arg = at < UINT64_MAX / 1000 ? at * 1000 : UINT64_MAX;
	run->out->samples++;
	return add_op(run);
}

/*
 * The samples at times before a step; of a time in which nothing happens the first and the last,
 * between which all are the same.
 */
static int sample_before(struct runner *run, const struct step *step)
{
	uint64_t every = run->out->history, now;
	int rc;

	if (time_of(run, step) > run->latest)
		run->latest = time_of(run, step);
	now = run->latest - run->rec->first;
	if (run->out->history_by_events || now < run->next_sample)
		return OK;
	rc = sample(run, step, run->next_sample);
	if (!rc && now - run->next_sample >= every)
		rc = sample(run, step, now - now % every);
	run->next_sample = now - now % every + every;
	return rc;
}

/* The sample after an event. */
static int sample_after(struct runner *run, const struct step *step)
{
	const struct outcome *out = run->out;

	return out->history_by_events && !(run->events % out->history) ?
		       sample(run, step, run->events) :
		       OK;
}

/* One at the beginning; that at time 0 is taken with the others. */
static int first_sample(struct runner *run)
{
	const struct recording *rec = run->rec;

	if (!run->out->history_by_events || !rec->nr_steps)
		return OK;
	return sample(run, &rec->step[0], 0);
}

/* And one at the end, so that what then is held is in the history. */
static int last_sample(struct runner *run)
{
	const struct recording *rec = run->rec;

	if (!run->out->history || !rec->nr_steps)
		return OK;
	return sample(run, &rec->step[rec->nr_steps - 1],
		      run->out->history_by_events ? run->events :
						    run->latest - rec->first);
}

/* The ticks before a step. */
static int pass_time(struct runner *run, const struct step *step)
{
	uint64_t tick, now;
	int rc = OK;

	if (!run->session || run->out->clock_error)
		return OK;
	now = clock_of(run, step, &tick);
	if (!run->next_tick)
		run->next_tick = now + tick;
	if (now >= run->next_tick &&
	    (now - run->next_tick) / tick >= TICKS_MOST)
		run->next_tick = now - (TICKS_MOST - 1) * tick;
	while (!rc && now >= run->next_tick) {
		next_op(run, step)->op = MYMM_OP_TICK;
		run->out->ticks++;
		run->next_tick += tick;
		rc = add_op(run);
	}
	return rc;
}

static int do_step(struct runner *run, const struct step *step)
{
	static const uint32_t alloc_op[] = { MYMM_OP_PAGES_ALLOC,
					     MYMM_OP_KMALLOC,
					     MYMM_OP_OBJ_ALLOC };
	static const uint32_t free_op[] = { MYMM_OP_PAGES_FREE, MYMM_OP_KFREE,
					    MYMM_OP_OBJ_FREE };
	struct life *life = &run->rec->life[step->life];
	const struct cache_kind *cache = NULL;
	struct mymm_op *op;

	if (!run->acts[life->kind][life->note] ||
	    (life->note == PAGES_START && !run->session))
		return OK;
	if (life->kind == LIFE_OBJECT)
		cache = &run->rec->cache[life->cache];
	if (step->what == STEP_ALLOC && out_of_reach(run, life))
		return OK;
	if (step->what == STEP_FREE && !life->handle) {
		run->out->free_of_failed++;
		return OK;
	}
	op = next_op(run, step);
	op->cache = cache ? cache->handle : 0;
	if (step->what == STEP_ALLOC) {
		op->op = alloc_op[life->kind];
		op->flags = flags_for(run, life);
		op->arg = life->kind == LIFE_PAGES   ? life->order :
			  life->kind == LIFE_KMALLOC ? life->asked :
						       0;
		/* What a pool without refusals would say. */
		if (!run->session) {
			op->handle = ++run->next_handle;
			op->bytes = life->kind == LIFE_PAGES ?
					    4096ULL << life->order :
					    life->held;
		}
		life->handle = MYMM_REF(run->nr);
	} else {
		op->op = free_op[life->kind];
		op->handle = life->handle;
		op->arg = life->note == PAGES_START ? MYMM_ANY :
			  life->kind == LIFE_PAGES  ? life->order :
						      0;
	}
	return add_op(run);
}

/* A line of the film: what is in use, and free blocks of each order in the pool. */
static int show_state(struct runner *run, const struct step *step)
{
	uint64_t frames, managed, free[MYMM_UAPI_ORDERS] = { 0 };
	uint64_t time = time_of(run, step);
	char bar[21];

	if (send_batch(run))
		return FAILED;
	if (!run->session) {
		printf("%9s %11s  %s held\n", count_text(run->events),
		       time_text(run->rec, time, 3),
		       bytes_text(run->out->now[0].held +
				  run->out->now[1].held +
				  run->out->now[2].held));
		return OK;
	}
	if (session_info(run->session))
		return FAILED;
	frames = session_frames(run->session, &managed);
	for (uint32_t i = 0; i < run->session->info.nr_zones; i++)
		for (int order = 0; order < MYMM_UAPI_ORDERS; order++)
			free[order] +=
				run->session->info.zones[i].nr_free[order];
	memset(bar, '.', 20);
	memset(bar, '#', managed ? 20 * (managed - frames) / managed : 0);
	bar[20] = 0;
	printf("%9s %10s %8s [%s]", count_text(run->events),
	       time_text(run->rec, time, 3), count_text(managed - frames), bar);
	for (int order = 0; order < MYMM_UAPI_ORDERS; order++)
		printf(" %5llu", (unsigned long long)free[order]);
	putchar('\n');
	return OK;
}

static int look(struct runner *run, const struct step *step)
{
	struct watch *watch = run->out->watch;

	if (send_batch(run))
		return FAILED;
	return watch->look(watch, run->session, run->out,
			   run->rec->clock == CLOCK_NONE ? run->events :
							   time_of(run, step));
}

static int run_steps(struct runner *run, uint64_t every)
{
	const struct recording *rec = run->rec;
	const struct watch *watch = run->out->watch;
	const bool sampled = run->out->history;
	int rc = OK;

	if (every)
		printf("%9s %10s %8s %22s  free blocks of order 0 to %d\n",
		       "event", "time", "frames", "in use",
		       MYMM_UAPI_ORDERS - 1);
	rc = first_sample(run);
	for (size_t i = 0; !rc && i < rec->nr_steps; i++) {
		const struct step *step = &rec->step[i];

		if (!(i % TAPE_STEP))
			recording_trim(rec);
		run->events += step->event;
		if (sampled)
			rc = sample_before(run, step);
		if (!rc)
			rc = pass_time(run, step);
		if (!rc && step->what != STEP_NOTHING)
			rc = do_step(run, step);
		if (rc || !step->event)
			continue;
		if (every && !(run->events % every))
			rc = show_state(run, step);
		if (watch && !rc && !(run->events % watch->every))
			rc = look(run, step);
		if (sampled && !rc)
			rc = sample_after(run, step);
		if (!(run->events % 1024))
			progress("replaying: events", run->events, rec->kmem);
	}
	if (!rc)
		rc = last_sample(run);
	if (!rc)
		rc = send_batch(run);
	progress_end();
	return rc;
}

/* Each zone in depth. */
static int look_into(struct session *session, struct mymm_zone_args *depth)
{
	int rc = OK;

	for (uint32_t i = 0; !rc && i < session->info.nr_zones; i++)
		rc = session_zone_args(session, i, &depth[i]);
	return rc;
}

int replay_run(struct session *session, struct recording *rec,
	       struct outcome *out, uint64_t every)
{
	struct runner *run = xzalloc(1, sizeof(*run));
	double start;
	int rc;

	run->ops = xalloc(NULL, BATCH, sizeof(*run->ops));
	run->session = session;
	run->rec = rec;
	run->out = out;
	run->latest = rec->first;
	for (int kind = 0; kind < LIFE_KINDS; kind++)
		for (int note = 0; note < PAGE_NOTES; note++)
			run->acts[kind][note] = acted_on(out->mode, kind, note);
	rc = session ? look_into(session, out->before) : OK;
	if (!rc && session && rec->start)
		rc = start_place(rec, session, &out->start_frames);
	if (!rc)
		rc = create_caches(run);
	start = seconds_now();
	if (!rc)
		rc = run_steps(run, every);
	out->seconds = seconds_now() - start;
	if (!rc && session) {
		rc = session_info(session);
		out->end = session->info;
		/* Those of this replay, not of all since load. */
		for (uint32_t i = 0; i < out->end.nr_zones; i++)
			out->end.zones[i].failed -= out->start.zones[i].failed;
		if (!rc)
			rc = look_into(session, out->depth);
	}
	free(run->ops);
	free(run);
	return rc;
}
