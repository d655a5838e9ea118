// SPDX-License-Identifier: GPL-2.0
/*
 * The lines of a file, plain or compressed, or of stdin.
 *
 * How a file is compressed is determined by its first bytes, not by its name. The tool that
 * undoes it runs as a child, reading the file and writing a pipe, and what it returns at the end
 * counts: a recording that it found damaged is refused.
 *
 * Compressed stdin can not be handed on, its first bytes being read already, so it
 * is spooled into memory: as it came, hence small.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mymm_dat.h"
#include "mymm_trace.h"

#define LINE_MOST 65536
#define READ_SIZE (1U << 20)

static const struct {
	const char *tool;
	const char *package;
	size_t len;
	const char *magic;
} packers[] = {
	{ "xz", "xz-utils", 6, "\xFD\x37zXZ" },
	{ "gzip", "gzip", 2, "\x1F\x8B" },
	{ "zstd", "zstd", 4, "\x28\xB5\x2F\xFD" },
	{ "bzip2", "bzip2", 3, "BZh" },
};

static const struct {
	const char *magic;
	size_t len;
	const char *what;
} binaries[] = {
	{ "PERFILE2", 8, "a perf.data: replay what perf script prints of it" },
	{ "\177ELF", 4, "a program" },
	{ "PK\3\4", 4, "a zip: unzip it first" },
	{ "\x04\x22\x4D\x18", 4, "compressed with lz4: decompress it first" },
	{ "7z\xBC\xAF\x27\x1C", 6, "compressed with 7z: decompress it first" },
	{ "LZIP", 4, "compressed with lzip: decompress it first" },
	{ "\x1F\x9D", 2, "compressed with compress: decompress it first" },
};

static ssize_t read_some(int fd, void *to, size_t size)
{
	ssize_t got;

	do
		got = read(fd, to, size);
	while (got < 0 && errno == EINTR);
	return got;
}

/* What is in the buffer and the rest of the file, in memory that can be read again. */
static int spool(struct input *input)
{
	int fd = memfd_create("mymm", MFD_CLOEXEC);
	ssize_t got = input->have;

	while (fd >= 0 && got > 0) {
		for (ssize_t at = 0, put; at < got; at += put) {
			put = write(fd, input->buf + at, got - at);
			if (put < 0)
				goto bad;
		}
		got = read_some(input->fd, input->buf, input->room);
	}
	if (fd < 0 || got < 0)
		goto bad;
	close(input->fd);
	input->fd = fd;
	input->ended = true;
	return OK;
bad:
	failed(errno, "%s: cannot keep it in memory: %s", input->path,
	       strerror(errno));
	if (fd >= 0)
		close(fd);
	return FAILED;
}

static void run_tool(const char *tool, int from, int to, int report)
{
	if (dup2(from, 0) < 0 || dup2(to, 1) < 0)
		_exit(127);
	execlp(tool, tool, "-dc", NULL);
	execlp("busybox", "busybox", tool, "-dc", NULL);
	/* Closed by a successful exec; a byte in it says that there was none. */
	if (write(report, "!", 1) != 1)
		_exit(126);
	_exit(127);
}

static int start_tool(struct input *input, const char *tool,
		      const char *package)
{
	int out[2] = { -1, -1 }, report[2] = { -1, -1 };
	char byte;

	if (lseek(input->fd, 0, SEEK_SET) < 0 &&
	    (spool(input) || lseek(input->fd, 0, SEEK_SET) < 0))
		return FAILED;
	if (pipe2(out, O_CLOEXEC) || pipe2(report, O_CLOEXEC))
		return failed(errno, "%s: %s", input->path, strerror(errno));
	fflush(stdout);
	input->child = fork();
	if (input->child < 0)
		return failed(errno, "%s: %s", input->path, strerror(errno));
	if (!input->child)
		run_tool(tool, input->fd, out[1], report[1]);
	close(out[1]);
	close(report[1]);
	close(input->fd);
	input->fd = out[0];
	input->tool = tool;
	input->have = 0;
	byte = read_some(report[0], &byte, 1) == 1;
	close(report[0]);
	if (byte)
		return failed(ENOENT,
			      "%s: wants %s, which is not installed (%s)",
			      input->path, tool, package);
	return OK;
}

static int fill(struct input *input)
{
	ssize_t got;

	if (input->at) {
		memmove(input->buf, input->buf + input->at,
			input->have - input->at);
		input->have -= input->at;
		input->at = 0;
	}
	got = read_some(input->fd, input->buf + input->have,
			input->room - input->have);
	if (got < 0)
		return failed(errno, "%s:%lu: %s", input->path, input->line + 1,
			      strerror(errno));
	input->ended = !got;
	input->have += got;
	return OK;
}

static int fill_head(struct input *input)
{
	while (input->have < 16 && !input->ended)
		if (fill(input))
			return FAILED;
	return OK;
}

static bool begins(const struct input *input, const char *magic, size_t len)
{
	return input->have >= len && !memcmp(input->buf, magic, len);
}

int input_open(struct input *input, const char *path)
{
	memset(input, 0, sizeof(*input));
	input->path = strcmp(path, "-") ? path : "stdin";
	input->child = -1;
	input->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) :
					dup(0);
	if (input->fd < 0)
		return failed(errno, "%s: %s", path, strerror(errno));
	input->room = READ_SIZE + LINE_MOST;
	input->buf = xalloc(NULL, input->room + 1, 1);
	if (fill_head(input))
		return FAILED;
	for (size_t i = 0; i < sizeof(packers) / sizeof(packers[0]); i++) {
		if (!begins(input, packers[i].magic, packers[i].len))
			continue;
		input->ended = false;
		if (start_tool(input, packers[i].tool, packers[i].package) ||
		    fill_head(input))
			return FAILED;
		break;
	}
	for (size_t i = 0; i < sizeof(binaries) / sizeof(binaries[0]); i++)
		if (begins(input, binaries[i].magic, binaries[i].len))
			return failed(0, "%s:1: this is %s", input->path,
				      binaries[i].what);
	if (begins(input, DAT_MAGIC, DAT_MAGIC_LEN))
		input->form = FORM_DAT;
	else if (begins(input, PACK_MAGIC, PACK_MAGIC_LEN))
		input->form = FORM_PACK;
	return OK;
}

int input_file(struct input *input)
{
	struct stat st;

	if (!fstat(input->fd, &st) && S_ISREG(st.st_mode))
		return OK;
	return spool(input);
}

bool input_bytes(struct input *input, void *to, size_t len)
{
	char *at = to;

	while (len) {
		size_t some = input->have - input->at;

		if (!some && (input->ended || fill(input)))
			return false;
		if (some > len)
			some = len;
		memcpy(at, input->buf + input->at, some);
		input->at += some;
		at += some;
		len -= some;
	}
	return true;
}

int input_line(struct input *input, char **line, size_t *len)
{
	char *end;

	for (;;) {
		end = memchr(input->buf + input->at, '\n',
			     input->have - input->at);
		if (end || input->ended)
			break;
		if (input->have - input->at > LINE_MOST) {
			failed(0,
			       "%s:%lu: this line is longer than %d bytes: no recording has such",
			       input->path, input->line + 1, LINE_MOST);
			return -1;
		}
		if (fill(input))
			return -1;
	}
	if (!end) {
		if (input->at == input->have)
			return 0;
		input->cut = true;
		end = input->buf + input->have;
	}
	input->line++;
	*line = input->buf + input->at;
	*len = end - *line;
	*end = 0;
	input->at += *len + !input->cut;
	if (input->cut)
		input->at = input->have;
	return 1;
}

int input_close(struct input *input)
{
	int rc = OK, status = 0;

	if (input->fd >= 0)
		close(input->fd);
	free(input->buf);
	if (input->child > 0) {
		while (waitpid(input->child, &status, 0) < 0 && errno == EINTR)
			;
		/* One that we stopped listening to is none of a reader's business. */
		if (status && input->ended)
			rc = failed(0,
				    "%s:%lu: damaged or cut off here, says %s",
				    input->path, input->line + 1, input->tool);
	}
	input->buf = NULL;
	input->fd = -1;
	input->child = -1;
	return rc;
}
