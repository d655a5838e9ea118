/* SPDX-License-Identifier: GPL-2.0 */
/* What a file shows, as text. */
#ifndef _MYMM_KUNIT_TEXT_H
#define _MYMM_KUNIT_TEXT_H

#include <linux/seq_file.h>

#include "lib/util.h"
#include "ui/proc.h"

typedef void mymm_show_fn(struct seq_file *m, struct mymm_pool *pool);

char *mymm_test_text(struct kunit *test, mymm_show_fn *show,
		     struct mymm_pool *pool, size_t size);
char *mymm_test_join(struct kunit *test, const char *const *lines);
void mymm_test_lines(struct kunit *test, mymm_show_fn *show,
		     struct mymm_pool *pool, const char *const *lines);
void mymm_test_piece(struct kunit *test, const char *text, const char *piece);
void mymm_test_small_buffer(struct kunit *test, mymm_show_fn *show,
			    struct mymm_pool *pool);

#endif /* _MYMM_KUNIT_TEXT_H */
