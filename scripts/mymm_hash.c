// SPDX-License-Identifier: GPL-2.0
/*
 * Maps from numbers and from texts to small numbers.
 *
 * Open addressing: a key stands at the place that its hash gives, or at the next
 * free one behind it. When a key is removed, those behind it that would no longer
 * be found move up, so that there are no tombstones and a map in which millions of
 * pointers come and go stays as quick as it was.
 */
#include <stdlib.h>
#include <string.h>

#include "mymm_trace.h"

static size_t place(const struct map *map, uint64_t key)
{
	return (key * 0x9E3779B97F4A7C15ULL >> 20) & (map->room - 1);
}

/* Seldom, so not a part of what calls it. */
static NEVER_INLINE void grow(struct map *map)
{
	struct map old = *map;

	map->room = old.room ? 2 * old.room : 1024;
	map->slot = xalloc(NULL, map->room, sizeof(*map->slot));
	for (size_t i = 0; i < map->room; i++)
		map->slot[i].value = NONE;
	for (size_t i = 0; i < old.room; i++)
		if (old.slot[i].value != NONE)
			map->slot[map_find(map, old.slot[i].key)] = old.slot[i];
	free(old.slot);
}

void map_put(struct map *map, uint64_t key, uint32_t value)
{
	size_t i;

	if (2 * (map->used + 1) > map->room)
		grow(map);
	i = map_find(map, key);
	map->used += map->slot[i].value == NONE;
	map->slot[i].key = key;
	map->slot[i].value = value;
}

void map_del(struct map *map, uint64_t key)
{
	size_t hole, i, mask = map->room - 1;

	if (!map->room)
		return;
	hole = map_find(map, key);
	if (map->slot[hole].value == NONE)
		return;
	map->used--;
	for (i = (hole + 1) & mask; map->slot[i].value != NONE;
	     i = (i + 1) & mask) {
		size_t home = place(map, map->slot[i].key);

		/* Leave it if its home lies behind the hole, as one walks. */
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		map->slot[hole] = map->slot[i];
		hole = i;
	}
	map->slot[hole].value = NONE;
}

void map_free(struct map *map)
{
	free(map->slot);
	memset(map, 0, sizeof(*map));
}

uint64_t piece_hash(struct piece piece)
{
	uint64_t h = piece.len, word = 0;
	size_t at = 0;

	for (; at + 8 < piece.len; at += 8) {
		memcpy(&word, piece.at + at, 8);
		h = (h ^ word) * 0x9E3779B97F4A7C15ULL;
		h ^= h >> 32;
	}
	/* The last eight, some of them once more. */
	if (piece.len >= 8) {
		memcpy(&word, piece.at + piece.len - 8, 8);
	} else {
		word = 0;
		memcpy(&word, piece.at, piece.len);
	}
	h = (h ^ word) * 0x9E3779B97F4A7C15ULL;
	return h ^ h >> 32;
}

uint32_t texts_add(struct texts *texts, struct piece piece)
{
	uint64_t key = piece_hash(piece);
	uint32_t nr;

	/* Two texts of one hash: the second one looks at the next number. */
	for (;; key++) {
		nr = map_get(&texts->map, key);
		if (nr == NONE)
			break;
		if (texts->len[nr] == piece.len &&
		    !memcmp(texts->text[nr], piece.at, piece.len))
			return nr;
	}
	if (texts->nr == texts->room) {
		texts->room = texts->room ? 2 * texts->room : 256;
		texts->text =
			xalloc(texts->text, texts->room, sizeof(*texts->text));
		texts->len =
			xalloc(texts->len, texts->room, sizeof(*texts->len));
	}
	nr = texts->nr++;
	texts->text[nr] = xalloc(NULL, piece.len + 1, 1);
	memcpy(texts->text[nr], piece.at, piece.len);
	texts->text[nr][piece.len] = 0;
	texts->len[nr] = piece.len;
	map_put(&texts->map, key, nr);
	return nr;
}

void texts_free(struct texts *texts)
{
	for (size_t i = 0; i < texts->nr; i++)
		free(texts->text[i]);
	free(texts->text);
	free(texts->len);
	map_free(&texts->map);
	memset(texts, 0, sizeof(*texts));
}
