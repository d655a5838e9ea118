// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel itself says of its memory, before and after a recording.
 *
 * No recorder keeps that, and without it nobody can say what the recorded kernel made of the
 * same events. It is text, behind the last byte of a trace.dat that trace-cmd looks at:
 *
 *	== before /proc/buddyinfo
 *	Node 0, zone      DMA      1      0 ...
 *	...
 *	== page size
 *	4096
 *	== free frames
 *	4096 1024
 *	...
 *	== lost
 *	cpu 0: 0
 *	mymm-state-1 000000000000d3a1
 *
 * The last line has the length of what stands before it, in hexadecimal digits, so that
 * it is found from the end of the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mymm_dat.h"

#define END_LEN (sizeof(STATE_MAGIC) - 1 + 1 + 16 + 1)

static const char *const files[] = {
	"/proc/buddyinfo", "/proc/pagetypeinfo", "/proc/slabinfo",
	"/proc/zoneinfo",  "/proc/vmstat",
};

static void make_room(struct bytes *bytes, size_t more)
{
	while (bytes->room - bytes->len < more) {
		bytes->room = bytes->room ? 2 * bytes->room : 65536;
		bytes->at = xalloc(bytes->at, bytes->room, 1);
	}
}

void bytes_add(struct bytes *bytes, const void *from, size_t len)
{
	make_room(bytes, len + 1);
	memcpy(bytes->at + bytes->len, from, len);
	bytes->len += len;
	bytes->at[bytes->len] = 0;
}

void bytes_number(struct bytes *bytes, uint64_t n)
{
	uint8_t byte[10];
	int len = 0;

	do
		byte[len++] = (n & 127) | (n > 127) << 7;
	while (n >>= 7);
	bytes_add(bytes, byte, len);
}

void bytes_signed(struct bytes *bytes, uint64_t n)
{
	bytes_number(bytes, n << 1 ^ -(n >> 63));
}

void bytes_print(struct bytes *bytes, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	bytes_add(bytes, text, strlen(text));
}

int bytes_file(struct bytes *bytes, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	ssize_t got = 1;

	if (fd < 0)
		return errno;
	while (!err && got) {
		make_room(bytes, 65536);
		got = read(fd, bytes->at + bytes->len, 65535);
		if (got > 0)
			bytes->len += got;
		else if (got < 0 && errno == EINTR)
			continue;
		else if (got < 0)
			err = errno;
	}
	bytes->at[bytes->len] = 0;
	close(fd);
	return err;
}

int bytes_to_file(const struct bytes *bytes, const char *path,
		  unsigned int mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	ssize_t done = 0;
	int err = 0;

	if (fd < 0)
		return failed(errno, "%s: %s", path, strerror(errno));
	for (size_t at = 0; !err && at < bytes->len; at += done) {
		done = write(fd, bytes->at + at, bytes->len - at);
		if (done < 0)
			err = errno;
	}
	if (close(fd) && !err)
		err = errno;
	if (!err)
		return OK;
	unlink(path);
	return failed(err, "%s: %s", path, strerror(err));
}

void bytes_free(struct bytes *bytes)
{
	free(bytes->at);
	memset(bytes, 0, sizeof(*bytes));
}

void state_take(struct bytes *state, const char *when)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int err;

		bytes_print(state, "== %s %s\n", when, files[i]);
		err = bytes_file(state, files[i]);
		if (err)
			bytes_print(state, "# not to be read: %s\n",
				    strerror(err));
	}
}

/* Set in /proc/kpageflags for each frame of a block that the buddy allocator has. */
#define KPF_BUDDY (1ULL << 10)

/* Adds a run that ends, if there is one. */
static void end_run(struct bytes *state, uint64_t from, uint64_t end)
{
	if (from < end)
		bytes_print(state, "%llu %llu\n", (unsigned long long)from,
			    (unsigned long long)(end - from));
}

int state_take_free(struct bytes *state, int (*meanwhile)(void *), void *data)
{
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	uint64_t flags[4096], pfn = 0, from = 0;
	int err = fd < 0 ? errno : 0;
	ssize_t got = !err;
	int rc = OK;

	bytes_print(state, "== page size\n%d\n", getpagesize());
	bytes_print(state, "== free frames\n");
	while (got > 0 && !rc) {
		got = pread(fd, flags, sizeof(flags), pfn * sizeof(*flags));
		for (ssize_t i = 0; i < got / (ssize_t)sizeof(*flags); i++) {
			if (flags[i] & KPF_BUDDY)
				continue;
			end_run(state, from, pfn + i);
			from = pfn + i + 1;
		}
		if (got < 0)
			err = errno;
		else
			pfn += got / sizeof(*flags);
		rc = meanwhile(data);
	}
	end_run(state, from, pfn);
	if (err)
		bytes_print(state, "# not to be read: %s\n", strerror(err));
	if (fd >= 0)
		close(fd);
	return rc;
}

void state_end(struct bytes *state)
{
	bytes_print(state, STATE_MAGIC " %016llx\n",
		    (unsigned long long)state->len);
}

bool state_find(const char *file, uint64_t size, struct bytes *state)
{
	const char *end = file + size - END_LEN;
	uint64_t len = 0;

	if (size < END_LEN || memcmp(end, STATE_MAGIC " ", sizeof(STATE_MAGIC)))
		return false;
	for (int i = 0; i < 16; i++) {
		char digit = end[sizeof(STATE_MAGIC) + i];

		if (digit < '0' || digit > 'f' || (digit > '9' && digit < 'a'))
			return false;
		len = len << 4 |
		      (digit <= '9' ? digit - '0' : digit - 'a' + 10);
	}
	if (len > size - END_LEN)
		return false;
	bytes_add(state, end - len, len);
	return true;
}

int state_read(const char *path, struct bytes *state)
{
	struct bytes file = { 0 };
	int err = bytes_file(&file, path), rc = OK;

	if (err)
		rc = failed(err, "%s: %s", path, strerror(err));
	else if (!state_find(file.at, file.len, state))
		rc = failed(0, "%s: has no state: mymm record writes it", path);
	bytes_free(&file);
	return rc;
}
