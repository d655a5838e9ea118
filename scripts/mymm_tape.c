// SPDX-License-Identifier: GPL-2.0
/*
 * Tapes: arrays with a record for each event, however many events there are.
 *
 * A recording of 10^8 events has gigabytes of them. They are written and read from the first to
 * the last, but for those of what is still alive. So a tape that becomes long moves to a file
 * without a name, in $TMPDIR or /var/tmp, and is mapped from there: it is an array as before,
 * and the page cache keeps of it what there is room for. A walk along a tape trims it now
 * and then: what lies behind leaves the process's memory, and comes back when it is touched.
 * Memory then grows with what is alive, not with the number of events.
 *
 * Room on the disk is allocated before it is mapped, so that a full disk is an error here and not
 * a signal later. Where no file can be made, the memory of the machine has to do.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mymm_trace.h"

/* Up to this length a tape is in memory only. */
#define MEMORY_MOST (4U << 20)

static void no_room(const char *where, int err)
{
	failed(err, "no room for a recording that long %s: %s", where,
	       strerror(err));
	exit(FAILED);
}

static int open_file(void)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];
	int fd;

	if (!dir || !*dir)
		dir = "/var/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	if (snprintf(path, sizeof(path), "%s/mymm-XXXXXX", dir) <
	    (int)sizeof(path)) {
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			unlink(path);
	}
	return fd >= 0 ? fd : memfd_create("mymm", MFD_CLOEXEC);
}

/* What is in memory goes to a file. */
static void move_to_file(struct tape *tape)
{
	size_t done = 0;

	tape->fd = open_file();
	if (tape->fd < 0)
		no_room("in memory", errno);
	while (done < tape->bytes) {
		ssize_t put = write(tape->fd, (char *)tape->at + done,
				    tape->bytes - done);

		if (put < 0)
			no_room("in $TMPDIR or /var/tmp", errno);
		done += put;
	}
	munmap(tape->at, tape->bytes);
	tape->at = mmap(NULL, tape->bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
			tape->fd, 0);
	if (tape->at == MAP_FAILED)
		no_room("in memory", errno);
	tape->in_file = true;
}

void *tape_extend(struct tape *tape, size_t record)
{
	size_t more = TAPE_STEP * record;
	int err;

	if (!tape->in_file && tape->bytes >= MEMORY_MOST)
		move_to_file(tape);
	if (tape->in_file) {
		err = posix_fallocate(tape->fd, tape->bytes, more);
		if (err)
			no_room("in $TMPDIR or /var/tmp", err);
		tape_trim(tape);
	}
	tape->at = tape->at ? mremap(tape->at, tape->bytes, tape->bytes + more,
				     MREMAP_MAYMOVE) :
			      mmap(NULL, more, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (tape->at == MAP_FAILED)
		no_room("in memory", errno);
	tape->bytes += more;
	return tape->at;
}

void tape_trim(const struct tape *tape)
{
	if (tape->in_file)
		madvise(tape->at, tape->bytes, MADV_DONTNEED);
}

void tape_free(struct tape *tape)
{
	if (tape->at)
		munmap(tape->at, tape->bytes);
	if (tape->in_file)
		close(tape->fd);
	memset(tape, 0, sizeof(*tape));
}
