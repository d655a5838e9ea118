// SPDX-License-Identifier: GPL-2.0
/*
 * Which cache an object of a recording was of.
 *
 * kmem_cache_free says it, kmem_cache_alloc only in newer kernels. So an object's cache is known
 *
 *	by its own allocation, if that says it;
 *	by its own free, if the recording has that: nine in ten do;
 *	else by its call site, if each object of a known cache that was allocated
 *	there was of one and the same cache, with the same size;
 *	else it is not known, and the object goes to a cache named size-N.
 *
 * Each way is counted, so that the summary shows what was a guess.
 *
 * A cache is a name together with its sizes. If the recording has two of one name (a
 * module loaded twice), the later ones are NAME:SIZE, since names in the pool are
 * unique. A name that is too long for the pool ends in ~ and a number, and what a name can't
 * have there, such as a # in front, becomes _.
 *
 * An object that a free says to be of kmalloc-96 is a kmalloc of 96 bytes.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "mymm_trace.h"

#define MANY (NONE - 1) /* a call site that meant several caches */

static bool name_taken(const struct recording *rec, const char *name)
{
	for (size_t i = 0; i < rec->nr_caches; i++)
		if (!strcmp(rec->cache[i].name, name))
			return true;
	return false;
}

static void choose_name(const struct recording *rec, struct cache_kind *cache,
			const char *name)
{
	char full[512];

	snprintf(full, sizeof(full), "%s", name);
	for (char *c = full; *c; c++)
		if (!isgraph((unsigned char)*c) || (c == full && *c == '#'))
			*c = '_';
	if (name_taken(rec, full))
		snprintf(full, sizeof(full), "%.480s:%u", name, cache->asked);
	if (strlen(full) < MYMM_NAME_LEN && !name_taken(rec, full)) {
		strcpy(cache->name, full);
		return;
	}
	for (unsigned int i = 1;
	     !cache->name[0] || name_taken(rec, cache->name); i++)
		snprintf(cache->name, MYMM_NAME_LEN, "%.23s~%u", full, i);
}

/* The cache of that name and those sizes, made if it is new. */
static uint32_t cache_of(struct recording *rec, const char *name,
			 uint32_t asked, uint32_t held, bool class)
{
	struct cache_kind *cache;
	char id[512];
	uint32_t nr;

	/* Caches are numbered like these texts. */
	nr = texts_add(&rec->cache_ids,
		       (struct piece){ id, snprintf(id, sizeof(id),
						    "%d %u %u %.400s", class,
						    asked, held, name) });
	if (nr < rec->nr_caches)
		return nr;
	if (rec->nr_caches == rec->room_caches) {
		rec->room_caches = rec->room_caches ? 2 * rec->room_caches : 64;
		rec->cache = xalloc(rec->cache, rec->room_caches,
				    sizeof(*rec->cache));
	}
	cache = &rec->cache[rec->nr_caches];
	memset(cache, 0, sizeof(*cache));
	cache->asked = asked;
	cache->held = held;
	cache->class = class;
	choose_name(rec, cache, name);
	rec->nr_caches++;
	return nr;
}

/* Objects of one name mostly have one size: the cache that the last one had. */
struct last {
	uint32_t asked;
	uint32_t held;
	uint32_t cache; /* NONE: there was none, or it is a class of kmalloc */
	bool kmalloc;
};

static bool of_kmalloc(const char *name)
{
	return !strncmp(name, "kmalloc-", 8) ||
	       !strncmp(name, "dma-kmalloc-", 12);
}

/* The cache of each size class of each family, once it is known. */
struct classes {
	uint32_t cache[3][16];
};

/* The size class that the pool will take it from, as kmalloc_slab() chooses. */
static void set_class(struct recording *rec, struct life *life,
		      struct classes *classes)
{
	static const char *const families[] = { "kmalloc", "kmalloc-rcl",
						"dma-kmalloc" };
	int family = life->flags & MYMM_GFP_DMA		? 2 :
		     life->flags & MYMM_GFP_RECLAIMABLE ? 1 :
							  0;
	uint32_t size = 8, nr = 3, *known;
	char name[32];

	if (life->asked > 8192)
		return;
	for (; size < life->asked; nr++)
		size *= 2;
	if (life->asked > 64 && life->asked <= 96) {
		size = 96;
		nr = 0;
	}
	if (life->asked > 128 && life->asked <= 192) {
		size = 192;
		nr = 1;
	}
	known = &classes->cache[family][nr];
	if (*known == NONE) {
		snprintf(name, sizeof(name), size < 1024 ? "%s-%u" : "%s-%uk",
			 families[family], size < 1024 ? size : size / 1024);
		*known = cache_of(rec, name, size, size, true);
	}
	life->cache = *known;
}

static bool same_cache(const struct cache_kind *cache, const struct life *life)
{
	return cache->asked == life->asked && cache->held == life->held;
}

static struct last *no_lasts(size_t nr)
{
	struct last *last = xalloc(NULL, nr, sizeof(*last));

	for (size_t i = 0; i < nr; i++)
		last[i] = (struct last){ .cache = NONE };
	return last;
}

static void note_site(uint32_t *site, const struct life *life)
{
	if (life->site == NONE)
		return;
	if (site[life->site] == NONE)
		site[life->site] = life->cache;
	else if (site[life->site] != life->cache)
		site[life->site] = MANY;
}

/* What each call site meant: a cache, MANY, or NONE if it is in no known object's life. */
static uint32_t *learn_sites(struct recording *rec)
{
	uint32_t *site = xalloc(NULL, rec->sites.nr, sizeof(*site));
	struct last *lasts = no_lasts(rec->names.nr);

	for (size_t i = 0; i < rec->sites.nr; i++)
		site[i] = NONE;
	for (size_t i = 0; i < rec->names.nr; i++)
		lasts[i].kmalloc = of_kmalloc(rec->names.text[i]);
	for (size_t i = 0; i < rec->nr_lives; i++) {
		struct life *life = &rec->life[i];
		struct last *last;

		if (!(i % TAPE_STEP))
			recording_trim(rec);
		if (life->kind != LIFE_OBJECT || life->name == NONE)
			continue;
		last = &lasts[life->name];
		rec->inferred[life->told ? BY_ALLOC : BY_FREE]++;
		if (last->kmalloc) {
			life->kind = LIFE_KMALLOC;
			rec->as_kmalloc++;
			continue;
		}
		if (last->cache == NONE || last->asked != life->asked ||
		    last->held != life->held) {
			last->asked = life->asked;
			last->held = life->held;
			last->cache = cache_of(rec, rec->names.text[life->name],
					       life->asked, life->held, false);
		}
		life->cache = last->cache;
		note_site(site, life);
	}
	free(lasts);
	return site;
}

void recording_infer(struct recording *rec)
{
	uint32_t *site = learn_sites(rec), known;
	struct classes classes;
	struct map by_size = { 0 };
	char name[MYMM_NAME_LEN];

	memset(&classes, 0xff, sizeof(classes)); /* NONE */
	for (size_t i = 0; i < rec->nr_lives; i++) {
		struct life *life = &rec->life[i];
		uint64_t sizes;

		if (!(i % TAPE_STEP))
			recording_trim(rec);
		if (life->kind == LIFE_PAGES && life->note == PAGES_SLAB) {
			rec->slab_blocks++;
			rec->slab_frames += 1ULL << life->order;
		}
		if (life->kind == LIFE_KMALLOC)
			set_class(rec, life, &classes);
		if (life->kind != LIFE_OBJECT || life->cache != NONE)
			continue;
		known = life->site == NONE ? NONE : site[life->site];
		if (known < MANY && same_cache(&rec->cache[known], life)) {
			life->cache = known;
			rec->inferred[BY_SITE]++;
			continue;
		}
		rec->inferred[BY_SIZE]++;
		sizes = (uint64_t)life->asked << 32 | life->held;
		life->cache = map_get(&by_size, sizes);
		if (life->cache != NONE)
			continue;
		snprintf(name, sizeof(name), "size-%u", life->asked);
		life->cache =
			cache_of(rec, name, life->asked, life->held, false);
		map_put(&by_size, sizes, life->cache);
	}
	map_free(&by_size);
	free(site);
}
