// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_replay - read recordings that are damaged at random, as replay --dry-run does.
 *
 * fuzz_replay SEED NUMBER FILE...
 *
 * Each of NUMBER recordings is one of the files, changed in a few places: a byte, a piece
 * that is removed, doubled, or taken from another file. It is meant to be compiled with the
 * sanitizers, which end it; what the recording came to is printed, so that two runs with
 * one seed can be compared.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mymm_trace.h"

#define MOST (1 << 19)

static uint64_t state;

static uint32_t below(uint32_t n)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return n ? (state >> 33) % n : 0;
}

static size_t load(const char *path, char *to)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, to, MOST / 2);

	if (fd < 0 || got < 0) {
		perror(path);
		exit(2);
	}
	close(fd);
	return got;
}

static size_t damage(char *text, size_t len, const char *other,
		     size_t other_len)
{
	static const char bytes[] =
		" \t\n\r[](){}:=|+-/#*.0123456789abcdefxGFP_\xff";
	size_t at = below(len), piece = below(24), from;

	if (at + piece > len)
		piece = len - at;
	switch (below(5)) {
	case 0: /* one byte */
		if (len)
			text[at] = bytes[below(sizeof(bytes))];
		break;
	case 1: /* any byte */
		if (len)
			text[at] = below(256);
		break;
	case 2: /* without a piece */
		memmove(text + at, text + at + piece, len - at - piece);
		len -= piece;
		break;
	case 3: /* with a piece twice */
		memmove(text + at + piece, text + at, len - at);
		len += piece;
		break;
	default: /* with a piece of another */
		from = below(other_len);
		piece = other_len - from < piece ? other_len - from : piece;
		memmove(text + at + piece, text + at, len - at);
		memcpy(text + at, other + from, piece);
		len += piece;
	}
	return len;
}

static int replay(const char *text, size_t len)
{
	struct outcome out = { .dry = true, .mode = below(3) };
	struct recording rec;
	char path[32];
	int fd = memfd_create("recording", MFD_CLOEXEC), rc;

	if (fd < 0 || write(fd, text, len) != (ssize_t)len) {
		perror("memfd");
		exit(2);
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	rc = recording_read(&rec, path);
	/* What it says of its start, if anything, may be damaged, too. */
	if (!rc && below(2))
		start_read(&rec);
	if (!rc) {
		recording_settle(&rec);
		recording_infer(&rec);
		rc = replay_run(NULL, &rec, &out, below(2));
		if (!rc)
			summary(&rec, &out);
	}
	recording_free(&rec);
	close(fd);
	return rc;
}

int main(int argc, char **argv)
{
	static char text[MOST], other[MOST];
	unsigned long nr, taken = 0;

	if (argc < 4) {
		fprintf(stderr, "usage: fuzz_replay SEED NUMBER FILE...\n");
		return 2;
	}
	state = strtoull(argv[1], NULL, 10);
	nr = strtoul(argv[2], NULL, 10);
	for (unsigned long i = 0; i < nr; i++) {
		size_t len = load(argv[3 + below(argc - 3)], text);
		size_t other_len = load(argv[3 + below(argc - 3)], other);

		for (uint32_t n = 1 + below(4); n; n--)
			len = damage(text, len, other, other_len);
		taken += !replay(text, len);
	}
	printf("%lu of %lu were taken\n", taken, nr);
	return 0;
}
