/* SPDX-License-Identifier: GPL-2.0 */
/* Lists and sums of the tracks of a cache's objects; track.c and track_site.c. */
#ifndef _MYMM_CACHE_TRACK_H
#define _MYMM_CACHE_TRACK_H

#include "object/track.h"

struct mymm_site_event;
struct seq_file;

/**
 * struct mymm_tracked - an object and its tracks
 * @pfn: frame that it begins in
 * @offset: in that frame, in bytes
 * @used: it is in use
 * @bytes: requested; for objects that are not from kmalloc the object's size
 * @track: by enum mymm_track_item
 */
struct mymm_tracked {
	u32 pfn;
	unsigned int offset;
	bool used;
	unsigned int bytes;
	struct mymm_track track[MYMM_NR_TRACKS];
};

/* A run of @nr events of one site, from index @first on: see track_site.c. */
struct mymm_site {
	size_t first;
	size_t nr;
};

/**
 * struct mymm_sites - the sites of a cache's objects in use, at one moment
 * @cache: the cache
 * @item: which track: the last alloc or the last free
 * @event: one for each object in use, sorted by site
 * @nr_events: their number
 * @room: members of @event
 * @site: the sites, the one with the most objects first
 * @nr: their number
 * @err: error while @event was filled
 */
struct mymm_sites {
	struct mymm_cache *cache;
	enum mymm_track_item item;
	struct mymm_site_event *event;
	size_t nr_events;
	size_t room;
	struct mymm_site *site;
	size_t nr;
	int err;
};

/* track_site.c */
int mymm_sites_take(struct mymm_sites *sites, struct mymm_cache *cache,
		    enum mymm_track_item item);
void mymm_sites_drop(struct mymm_sites *sites);
void mymm_site_show(struct seq_file *m, const struct mymm_sites *sites,
		    size_t nth);
void mymm_sites_report(struct mymm_cache *cache);

/* track.c */
void mymm_track_print(const char *what, const struct mymm_track *track);
int mymm_track_for_each(struct mymm_cache *cache,
			void (*fn)(const struct mymm_tracked *object,
				   void *arg),
			void *arg);

#endif /* _MYMM_CACHE_TRACK_H */
