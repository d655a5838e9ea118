/* SPDX-License-Identifier: GPL-2.0 */
/* The directories of caches, in sysfs and in debugfs. */
#ifndef _MYMM_CACHE_DIRS_H
#define _MYMM_CACHE_DIRS_H

struct mymm_cache_observer;

extern const struct mymm_cache_observer mymm_cache_dirs;

#endif /* _MYMM_CACHE_DIRS_H */
