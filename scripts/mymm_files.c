// SPDX-License-Identifier: GPL-2.0
/*
 * The files of the module, and the kernel's own, as texts.
 *
 * What such a file says is made while it is read, and has no size before, so it is read to its
 * end. Those in debugfs mymm/pools have a part for each pool, after a line "# pool NAME".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mymm_cli.h"

static char *read_all(const char *path, size_t *nr)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	size_t room = 1 << 14, len = 0;
	char *text;
	ssize_t got;

	if (fd < 0)
		return NULL;
	text = xalloc(NULL, room, 1);
	while ((got = read(fd, text + len, room - len - 1)) > 0) {
		len += got;
		if (len > room / 2) {
			room *= 2;
			text = xalloc(text, room, 1);
		}
	}
	err = errno;
	close(fd);
	if (got < 0) {
		free(text);
		errno = err;
		return NULL;
	}
	text[len] = 0;
	*nr = len;
	return text;
}

char *file_try(const char *path)
{
	size_t len;

	return read_all(path, &len);
}

/* What may help, by how the path begins. */
static const char *hint(const char *path, int err)
{
	static const struct {
		int err;
		const char *path, *text;
	} hints[] = {
		{ EACCES, "/", "only root may read it" },
		{ ENOENT, "/proc/mymm_tasks", "is mymm_vm loaded?" },
		{ ENOENT, "/proc/my", "is the module loaded?" },
		{ ENOENT, "/sys/kernel/debug/mymm",
		  "is the module loaded, and debugfs mounted?" },
		{ ENODATA, "/sys/kernel/debug/mymm/page_owner",
		  "write 1 to page_owner_on there to record them" },
		{ ENOENT, "/proc/allocinfo",
		  "the kernel wants CONFIG_MEM_ALLOC_PROFILING, from 6.10 on" },
	};

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (err == hints[i].err &&
		    !strncmp(path, hints[i].path, strlen(hints[i].path)))
			return hints[i].text;
	return NULL;
}

char *file_bytes(const char *path, size_t *len)
{
	char *text = read_all(path, len);

	if (!text) {
		const char *help = hint(path, errno);

		failed(errno, "%s: %s%s%s", path, strerror(errno),
		       help ? ": " : "", help ? help : "");
	}
	return text;
}

char *file_text(const char *path)
{
	size_t len;

	return file_bytes(path, &len);
}

char *file_of_pool(const char *path, const char *pool)
{
	char *text = file_text(path), *at = text, *to = text, *line;
	bool here = false, found = false;

	while (text && (line = file_line(&at))) {
		size_t len = strlen(line);

		if (!strncmp(line, "# pool ", 7)) {
			here = !found && !strcmp(line + 7, pool);
			found |= here;
		} else if (here) {
			memmove(to, line, len);
			to[len] = '\n';
			to += len + 1;
		}
	}
	if (text && !found) {
		free(text);
		failed(ENODEV, "there is no pool '%s'; see %s", pool,
		       "/sys/kernel/debug/mymm/pools/list");
		return NULL;
	}
	if (text)
		*to = 0;
	return text;
}

char *file_line(char **at)
{
	char *line = *at, *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	if (end)
		*end++ = 0;
	*at = end;
	return line;
}
