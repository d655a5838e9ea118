// SPDX-License-Identifier: GPL-2.0
/*
 * What a recording's events mean: which of them belong together.
 *
 * Each allocation becomes a *life*, and each event a *step*: the life begins, the life
 * ends, or nothing. A free finds its life by the frame number or the pointer, in maps of
 * what is alive. So everything that a recording leaves open is settled before anything is
 * allocated:
 *
 *	an alloc of what is alive        its free was missed: implied, and counted
 *	a free of what is not alive      it was allocated before the recording: skipped, unless
 *	                                 the replay begins as the recording (mymm_start.c)
 *	kfree(NULL)                      skipped
 *	mm_page_free_batched             its mm_page_free came before: skipped, unless
 *	                                 the frame is still alive
 *	a free of a part of a block      the block ends with its last part
 *	pages that SLUB took             noted: objects make slabs of their own
 *	pages of a large kmalloc         noted: the kmalloc counts
 *
 * A large kmalloc first allocates its pages and is then traced itself, by the same task on
 * the same CPU, with the same bytes and the same gfp words but for __GFP_COMP. Before its
 * pages are freed, its kfree is traced.
 *
 * mymm_infer.c then settles which cache an object was of; mymm_replay_steps.c acts the steps out.
 */
#include <stdlib.h>
#include <string.h>

#include "mymm_trace.h"

#define LARGE_FROM 8192 /* the largest class of kmalloc */

struct settler {
	struct recording *rec;
	const struct gfp *gfp; /* of each text */
	struct map frames; /* first frame of a live block: life */
	struct map pointers; /* live object: life */
	/* The last pages allocated on a CPU: their life, task and flags. */
	uint32_t last_page[ENTRY_CPUS];
	uint32_t last_task[ENTRY_CPUS];
	uint32_t last_gfp[ENTRY_CPUS];
	uint32_t at; /* the entry */
	uint64_t live[MYMM_UAPI_ORDERS]; /* blocks of each order */
	uint32_t orders; /* those of which there are any */
	bool crooked; /* a block began where none of its order does */
};

static inline ALWAYS_INLINE struct life *add_life(struct recording *rec)
{
	if (!(rec->nr_lives % TAPE_STEP))
		rec->life = tape_extend(&rec->lives, sizeof(*rec->life));
	return &rec->life[rec->nr_lives++];
}

static inline ALWAYS_INLINE struct life *new_life(struct settler *settler,
						  enum life_kind kind,
						  const struct entry *entry)
{
	const struct gfp *gfp = &settler->gfp[entry->gfp];
	struct recording *rec = settler->rec;
	struct life *life = add_life(rec);

	*life = (struct life){
		.kind = kind,
		.flags = gfp->flags,
		.asked = entry->asked,
		.held = entry->held,
		.site = entry->site,
		.name = entry->name,
		.told = entry->name != NONE,
		.cache = NONE,
	};
	if (gfp->unknown && !rec->unknown_gfp++)
		rec->first_unknown = gfp->first;
	return life;
}

static inline ALWAYS_INLINE void add_step(struct settler *settler,
					  enum step_what what, uint32_t life,
					  bool event)
{
	struct recording *rec = settler->rec;

	if (!(rec->nr_steps % TAPE_STEP))
		rec->step = tape_extend(&rec->steps, sizeof(*rec->step));
	rec->step[rec->nr_steps++] = (struct step){
		.entry = settler->at,
		.life = life,
		.what = what,
		.event = event,
	};
}

/* The live block that has this frame in it, not as its first. */
static uint32_t block_around(const struct settler *settler, uint64_t pfn,
			     uint64_t *first)
{
	const struct recording *rec = settler->rec;

	uint32_t orders = settler->crooked ? (1U << MYMM_UAPI_ORDERS) - 1 :
					     settler->orders;

	/* Each of them but order 0. */
	for (orders &= ~1U; orders; orders &= orders - 1) {
		int order = __builtin_ctz(orders);
		uint64_t head = pfn & ~((1ULL << order) - 1);
		uint32_t life;

		if (head == pfn || (!settler->live[order] && !settler->crooked))
			continue;
		life = map_get(&settler->frames, head);
		if (life != NONE &&
		    head + (1ULL << rec->life[life].order) > pfn) {
			*first = head;
			return life;
		}
	}
	return NONE;
}

/* A block is alive from its first frame on, or is no more. */
static inline ALWAYS_INLINE void
count_block(struct settler *settler, uint64_t pfn, uint32_t life, bool alive)
{
	uint32_t order = settler->rec->life[life].order;

	if (order >= MYMM_UAPI_ORDERS || pfn & ((1ULL << order) - 1))
		settler->crooked = true;
	else if (alive ? !settler->live[order]++ : !--settler->live[order])
		settler->orders ^= 1U << order;
	if (alive)
		map_put(&settler->frames, pfn, life);
	else
		map_del(&settler->frames, pfn);
}

static void imply_free(struct settler *settler, uint64_t pfn, uint32_t life)
{
	count_block(settler, pfn, life, false);
	add_step(settler, STEP_FREE, life, false);
	settler->rec->implied_pages++;
}

/* A block that was held when the recording began ends. */
static void end_start(struct settler *settler, uint64_t pfn, uint32_t order,
		      bool event)
{
	struct recording *rec = settler->rec;
	struct life *life = add_life(rec);

	*life = (struct life){
		.kind = LIFE_PAGES,
		.note = PAGES_START,
		.order = order,
		.site = NONE,
		.name = NONE,
		.cache = NONE,
		.pfn = pfn,
	};
	start_set_free(rec->start, pfn, 1ULL << order);
	add_step(settler, STEP_FREE, life - rec->life, event);
}

/*
 * The free of a block that was held when the recording began; false: it was not. If a part of it
 * was, since it was freed while the map was read, that part ends.
 */
static bool ends_start(struct settler *settler, const struct entry *entry)
{
	struct recording *rec = settler->rec;
	bool some = false;

	if (!rec->start || entry->order >= MYMM_UAPI_ORDERS)
		return false;
	if (start_has(rec->start, entry->key, 1ULL << entry->order)) {
		end_start(settler, entry->key, entry->order, true);
		some = true;
	} else {
		for (uint64_t i = 0; i < 1ULL << entry->order; i++) {
			if (!start_has(rec->start, entry->key + i, 1))
				continue;
			end_start(settler, entry->key + i, 0, !some);
			some = true;
		}
	}
	rec->start_frees += some;
	return some;
}

static void page_alloc(struct settler *settler, const struct entry *entry)
{
	struct recording *rec = settler->rec;
	const struct gfp *gfp = &settler->gfp[entry->gfp];
	uint64_t frames = 1ULL << entry->order, first;
	struct life *life;
	uint32_t old;

	if (!entry->key) {
		if (!rec->failed++)
			rec->first_failed = settler->at + 1ULL;
		add_step(settler, STEP_NOTHING, NONE, true);
		return;
	}
	old = block_around(settler, entry->key, &first);
	if (old != NONE)
		imply_free(settler, first, old);
	for (uint64_t i = 0; i < frames && i < 1U << 10; i++) {
		old = map_get(&settler->frames, entry->key + i);
		if (old != NONE)
			imply_free(settler, entry->key + i, old);
	}
	if (rec->start)
		rec->start_listed +=
			start_set_free(rec->start, entry->key, frames);
	life = new_life(settler, LIFE_PAGES, entry);
	life->order = entry->order;
	life->left = frames;
	/* The type shows what mobility an unknown word would have given. */
	if (gfp->unknown) {
		rec->maybe_slabs += entry->type != TYPE_MOVABLE;
		life->flags &= ~(MYMM_GFP_MOVABLE | MYMM_GFP_RECLAIMABLE);
		if (entry->type == TYPE_MOVABLE)
			life->flags |= MYMM_GFP_MOVABLE;
		else if (entry->type == TYPE_RECLAIMABLE)
			life->flags |= MYMM_GFP_RECLAIMABLE;
	}
	if (gfp_is_slab(gfp, entry->order) && entry->type != TYPE_MOVABLE)
		life->note = PAGES_SLAB;
	count_block(settler, entry->key, life - rec->life, true);
	add_step(settler, STEP_ALLOC, life - rec->life, true);
	settler->last_page[entry->cpu] = life - rec->life;
	settler->last_task[entry->cpu] = entry->task;
	settler->last_gfp[entry->cpu] = entry->gfp;
}

static void page_free(struct settler *settler, const struct entry *entry)
{
	struct recording *rec = settler->rec;
	uint32_t nr = map_get(&settler->frames, entry->key);
	uint64_t first = entry->key;
	struct life *life;

	if (entry->kind == TRACE_PAGE_FREE_BATCHED) {
		if (nr == NONE) {
			rec->batched++;
			add_step(settler, STEP_NOTHING, NONE, true);
			return;
		}
		rec->batched_alone++;
	}
	if (nr == NONE)
		nr = block_around(settler, entry->key, &first);
	if (nr == NONE && ends_start(settler, entry))
		return;
	if (nr == NONE) {
		rec->unseen_pages++;
		add_step(settler, STEP_NOTHING, NONE, true);
		return;
	}
	life = &rec->life[nr];
	if (entry->order > life->order)
		rec->order_differs++;
	if (entry->kind == TRACE_PAGE_FREE && entry->order < life->order) {
		/* The recorded kernel had split the block, and frees it in parts. */
		rec->split_blocks += life->left == 1U << life->order;
		life->left -= life->left < 1U << entry->order ?
				      life->left :
				      1U << entry->order;
	} else {
		life->left = 0;
	}
	if (!life->left)
		count_block(settler, first, nr, false);
	add_step(settler, life->left ? STEP_NOTHING : STEP_FREE, nr, true);
}

/* Pages of 4, 16 or 64 KiB, by the machine. */
static bool same_size(uint32_t bytes, uint32_t order)
{
	return bytes == 4096ULL << order || bytes == 16384ULL << order ||
	       bytes == 65536ULL << order;
}

/* The pages just before a large kmalloc are its own. */
static void pair_large(struct settler *settler, const struct entry *entry)
{
	struct recording *rec = settler->rec;
	uint32_t cpu = entry->cpu, nr = settler->last_page[cpu];
	struct life *pages;

	if (nr == NONE || settler->last_task[cpu] != entry->task)
		return;
	pages = &rec->life[nr];
	if (!same_size(entry->held, pages->order) ||
	    !gfp_is_large(&settler->gfp[settler->last_gfp[cpu]],
			  &settler->gfp[entry->gfp]))
		return;
	pages->note = PAGES_LARGE;
	rec->large++;
	settler->last_page[cpu] = NONE;
}

static void object_alloc(struct settler *settler, const struct entry *entry)
{
	struct recording *rec = settler->rec;
	enum life_kind kind;
	struct life *life;
	uint32_t old;

	if (entry->blind || !entry->key || !entry->asked) {
		if (entry->blind)
			rec->blind++;
		else if (!rec->failed++)
			rec->first_failed = settler->at + 1ULL;
		add_step(settler, STEP_NOTHING, NONE, true);
		return;
	}
	old = map_get(&settler->pointers, entry->key);
	if (old != NONE) {
		add_step(settler, STEP_FREE, old, false);
		rec->implied_objects++;
	}
	if (entry->kind == TRACE_KMALLOC && entry->held > LARGE_FROM)
		pair_large(settler, entry);
	kind = entry->kind == TRACE_KMALLOC ? LIFE_KMALLOC : LIFE_OBJECT;
	life = new_life(settler, kind, entry);
	map_put(&settler->pointers, entry->key, life - rec->life);
	add_step(settler, STEP_ALLOC, life - rec->life, true);
}

static void object_free(struct settler *settler, const struct entry *entry)
{
	struct recording *rec = settler->rec;
	enum step_what what = STEP_NOTHING;
	uint32_t nr = NONE;

	if (entry->blind) {
		rec->blind++;
	} else if (!entry->key) {
		rec->null_frees++;
	} else {
		nr = map_get(&settler->pointers, entry->key);
		if (nr == NONE) {
			rec->unseen_objects++;
		} else {
			what = STEP_FREE;
			map_del(&settler->pointers, entry->key);
			if (entry->name != NONE && !rec->life[nr].told)
				rec->life[nr].name = entry->name;
		}
	}
	add_step(settler, what, nr, true);
}

static void settle(struct settler *settler, const struct entry *entry)
{
	switch (entry->kind) {
	case TRACE_PAGE_ALLOC:
		page_alloc(settler, entry);
		break;
	case TRACE_PAGE_FREE:
	case TRACE_PAGE_FREE_BATCHED:
		page_free(settler, entry);
		break;
	case TRACE_KMALLOC:
	case TRACE_CACHE_ALLOC:
		object_alloc(settler, entry);
		break;
	default:
		object_free(settler, entry);
	}
}

void recording_settle(struct recording *rec)
{
	struct settler *settler = xzalloc(1, sizeof(*settler));
	struct gfp *gfp = gfp_parse_all(&rec->gfps, &rec->gfp_numbers);

	settler->rec = rec;
	settler->gfp = gfp;
	for (int i = 0; i < ENTRY_CPUS; i++)
		settler->last_page[i] = NONE;
	for (size_t i = 0; i < rec->nr_entries; i++) {
		if (!(i % TAPE_STEP))
			recording_trim(rec);
		settler->at = i;
		settle(settler, &rec->entry[i]);
	}
	map_free(&settler->frames);
	map_free(&settler->pointers);
	free(settler);
	free(gfp);
}
