// SPDX-License-Identifier: GPL-2.0
/*
 * What the CLI says: errors, and figures that a person can read.
 *
 * An error names the thing and where it stands:
 *
 *	mymm: pages alloc: order 11 is out of range 0..10
 *	mymm: demo.mymm:7: pages free: handle 9 is not held by this session
 *
 * and goes to stderr after what was printed before it went to stdout. A script's
 * expect-fail keeps errors back, since there they are what was hoped for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mymm_cli.h"

static struct {
	const char *file;
	unsigned long line;
	const char *command;
	bool keep;
	int err;
	char kept[1024];
} say;

void say_where(const char *file, unsigned long line)
{
	say.file = file;
	say.line = line;
}

void say_command(const char *name)
{
	say.command = name;
}

void say_keep(bool keep)
{
	say.keep = keep;
	if (keep)
		say.kept[0] = 0;
}

const char *say_kept(void)
{
	return say.kept;
}

int say_errno(void)
{
	return say.err;
}

void say_forget(void)
{
	say.err = 0;
}

/* One write, so that what others print meanwhile does not come in between. */
static void speak(const char *fmt, va_list ap)
{
	char line[2048];
	int len;

	if (say.keep) {
		vsnprintf(say.kept, sizeof(say.kept), fmt, ap);
		return;
	}
	len = snprintf(line, sizeof(line), "mymm: ");
	if (say.file)
		len += snprintf(line + len, sizeof(line) - len,
				"%.256s:%lu: ", say.file, say.line);
	if (say.command)
		len += snprintf(line + len, sizeof(line) - len,
				"%.64s: ", say.command);
	vsnprintf(line + len, sizeof(line) - len, fmt, ap);
	say_line("%s\n", line);
}

void say_line(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
}

int failed(int err, const char *fmt, ...)
{
	va_list ap;

	say.err = err;
	va_start(ap, fmt);
	speak(fmt, ap);
	va_end(ap);
	return FAILED;
}

int misused(const char *fmt, ...)
{
	va_list ap;

	say.err = 0;
	va_start(ap, fmt);
	speak(fmt, ap);
	va_end(ap);
	return USAGE;
}

void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	speak(fmt, ap);
	va_end(ap);
}

static const struct {
	int number;
	const char *name;
} errnos[] = {
	{ EPERM, "EPERM" },	      { ENOENT, "ENOENT" },
	{ EINTR, "EINTR" },	      { EIO, "EIO" },
	{ E2BIG, "E2BIG" },	      { EBADF, "EBADF" },
	{ EAGAIN, "EAGAIN" },	      { ENOMEM, "ENOMEM" },
	{ EACCES, "EACCES" },	      { EFAULT, "EFAULT" },
	{ EBUSY, "EBUSY" },	      { EEXIST, "EEXIST" },
	{ ENODEV, "ENODEV" },	      { EINVAL, "EINVAL" },
	{ ENOTTY, "ENOTTY" },	      { ENOSPC, "ENOSPC" },
	{ ERANGE, "ERANGE" },	      { ENAMETOOLONG, "ENAMETOOLONG" },
	{ EPROTO, "EPROTO" },	      { ENXIO, "ENXIO" },
	{ EOPNOTSUPP, "EOPNOTSUPP" }, { EALREADY, "EALREADY" },
	{ EBADSLT, "EBADSLT" },
};

const char *errno_name(int err)
{
	static char text[24];

	for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
		if (errnos[i].number == err)
			return errnos[i].name;
	snprintf(text, sizeof(text), "errno %d", err);
	return text;
}

int errno_number(const char *name)
{
	for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
		if (!strcmp(errnos[i].name, name))
			return errnos[i].number;
	return 0;
}

/* One printf may show several figures; each call takes the next buffer. */
static char *scratch(void)
{
	static char ring[32][64];
	static unsigned int next;

	return ring[next++ % 32];
}

const char *bytes_text(uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB",
					     "TiB" };
	double value = (double)bytes;
	char *text = scratch();
	unsigned int unit = 0;

	while (value >= 1024 && unit < 4) {
		value /= 1024;
		unit++;
	}
	if (!unit || value == (double)(uint64_t)value)
		snprintf(text, 64, "%.0f %s", value,
			 unit || bytes != 1 ? units[unit] : "byte");
	else
		snprintf(text, 64, "%.1f %s", value, units[unit]);
	return text;
}

const char *count_text(uint64_t n)
{
	char digits[24], *text = scratch(), *to = text;
	int len =
		snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);

	for (int i = 0; i < len; i++) {
		if (i && !((len - i) % 3))
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = 0;
	return text;
}

const char *known_text(uint64_t n)
{
	return n == UNKNOWN ? "-" : count_text(n);
}

const char *plural(uint64_t n, const char *one, const char *many)
{
	char *text = scratch();

	snprintf(text, 64, "%s %s", count_text(n), n == 1 ? one : many);
	return text;
}

const char *range_text(const uint32_t *handles, size_t nr)
{
	static char text[128];
	size_t used = 0;

	text[0] = 0;
	for (size_t i = 0, j; i < nr; i = j) {
		char part[32];

		for (j = i + 1; j < nr && handles[j] == handles[j - 1] + 1; j++)
			;
		if (j == i + 1)
			snprintf(part, sizeof(part), "%s%u", i ? "," : "",
				 handles[i]);
		else
			snprintf(part, sizeof(part), "%s%u-%u", i ? "," : "",
				 handles[i], handles[j - 1]);
		if (used + strlen(part) + 4 >= sizeof(text)) {
			strcpy(text + used, "...");
			break;
		}
		strcpy(text + used, part);
		used += strlen(part);
	}
	return text;
}

void *xzalloc(size_t nr, size_t size)
{
	void *new = calloc(nr, size);

	if (!new) {
		say_line("mymm: out of memory\n");
		exit(FAILED);
	}
	return new;
}

void *xalloc(void *old, size_t nr, size_t size)
{
	void *new = reallocarray(old, nr ? nr : 1, size);

	if (!new) {
		say_line("mymm: out of memory\n");
		exit(FAILED);
	}
	return new;
}
