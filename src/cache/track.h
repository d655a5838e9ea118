/* SPDX-License-Identifier: GPL-2.0 */
/* The tracks of a cache's objects, listed and counted; track.c and track_site.c. */
#ifndef _MYMM_CACHE_TRACK_H
#define _MYMM_CACHE_TRACK_H

#include "object/track.h"

struct mymm_site_event;
struct seq_file;

/**
 * struct mymm_tracked - an object, and what is known of its users
 * @pfn: frame that it begins in
 * @offset: where in it
 * @used: does a user hold it?
 * @bytes: that its user asked for; of what is not from kmalloc the object's size
 * @track: by enum mymm_track_item
 */
struct mymm_tracked {
	u32 pfn;
	unsigned int offset;
	bool used;
	unsigned int bytes;
	struct mymm_track track[MYMM_NR_TRACKS];
};

/* Those of the events that are one: see track_site.c. */
struct mymm_site {
	size_t first;
	size_t nr;
};

/**
 * struct mymm_sites - who holds the objects of a cache, at one moment
 * @cache: the cache
 * @item: by who allocated or by who freed them
 * @event: of each object that is held; those of a site are neighbours
 * @nr_events: how many
 * @room: members of @event
 * @site: the sites, the one with the most objects first
 * @nr: how many
 * @err: what went wrong
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
