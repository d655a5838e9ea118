/* SPDX-License-Identifier: GPL-2.0 */
/* Bytes that grow: mymm_state.c. */
#ifndef _MYMM_BYTES_H
#define _MYMM_BYTES_H

#include "mymm_cli.h"

struct bytes {
	char *at;
	size_t len;
	size_t room;
};

void bytes_add(struct bytes *bytes, const void *from, size_t len);
/* 7 bits of a number a byte, the lowest first; a signed one has its sign in the lowest bit. */
void bytes_number(struct bytes *bytes, uint64_t n);
void bytes_signed(struct bytes *bytes, uint64_t n);
void bytes_print(struct bytes *bytes, const char *fmt, ...) __printf(2, 3);
/* A file's content added; a positive errno if it can't be read. */
int bytes_file(struct bytes *bytes, const char *path);
/* A new file of them; what can't be written as a whole was said, and is not left behind. */
int bytes_to_file(const struct bytes *bytes, const char *path,
		  unsigned int mode);
void bytes_free(struct bytes *bytes);

#endif /* _MYMM_BYTES_H */
