/* SPDX-License-Identifier: GPL-2.0 */
/* Caches, used by handle or by name. */
#ifndef _MYMM_OBJECTS_H
#define _MYMM_OBJECTS_H

#include "mymm_cli.h"

/* The handle that @text is, or the handle of this session's cache of that name. */
int cache_handle(struct session *session, const char *text, uint32_t *handle);
/* @make is filled in but for its size; errors name the cache. */
int cache_create(struct session *session, struct mymm_cache_args *make);
/* The same in two: gives 0 or a positive errno; says why it was refused. */
int cache_try(struct session *session, struct mymm_cache_args *make);
int cache_refused(const struct session *session,
		  const struct mymm_cache_args *make, int err);

#endif /* _MYMM_OBJECTS_H */
