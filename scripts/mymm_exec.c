// SPDX-License-Identifier: GPL-2.0
/*
 * exec: run a program whose malloc takes its memory from a pool.
 *
 * libmymalloc.so does it (see libmymalloc.c there); the dynamic linker loads it since
 * LD_PRELOAD names it. What the linker would not load it into would run as ever, without a
 * word. So such a program is refused: one without a dynamic linker, one of another machine or
 * of another libc, and one that gains privileges, for which the linker ignores the variable.
 * What such a program is, is for a script's interpreter to say, as it is to the kernel.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "mymm_cli.h"

#define LIBRARY "libmymalloc.so"
#define LINKER "ld-linux-x86-64.so" /* glibc's, for this machine */
#define POOL_VARIABLE "MYMALLOC_POOL"
/* As much as the kernel reads of a file, and how many scripts it lets run one another. */
#define HEAD_SIZE 256
#define DEPTH 5

/* --- the program ------------------------------------------------------------------- */

/* 0, or why it can't be run at all: a negative errno. */
static int check_file(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return access(path, X_OK) ? -errno : 0;
}

/* Where a command is, as execvp() has it; a negative errno if nowhere. */
static int find_program(const char *name, char path[PATH_MAX])
{
	const char *at = getenv("PATH") ?: "/bin:/usr/bin";
	int err = -ENOENT, new;

	if (strchr(name, '/'))
		return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX ?
			       check_file(path) :
			       -ENAMETOOLONG;
	for (int len; *name; at += len + 1) {
		len = strcspn(at, ":");
		if (snprintf(path, PATH_MAX, "%.*s%s%s", len, at,
			     len ? "/" : "", name) >= PATH_MAX)
			new = -ENAMETOOLONG;
		else
			new = check_file(path);
		if (!new)
			return 0;
		if (new == -EACCES)
			err = -EACCES;
		if (!at[len])
			break;
	}
	return err;
}

/* The interpreter that "#!" names, in its place, or NULL. */
static char *interpreter_of(char *head)
{
	char *at = head + 2 + strspn(head + 2, " \t");

	at[strcspn(at, " \t\n")] = 0;
	return *at ? at : NULL;
}

/* Is it one for this machine that libmymalloc.so can be loaded into? */
static int check_elf(const char *path, int fd, const Elf64_Ehdr *elf)
{
	char linker[PATH_MAX] = "";
	Elf64_Phdr segment;
	ssize_t len;

	if (elf->e_ident[EI_CLASS] != ELFCLASS64 ||
	    elf->e_machine != EM_X86_64 || elf->e_phentsize != sizeof(segment))
		return failed(ENOEXEC, "%s is a program for another machine",
			      path);
	for (int i = 0; i < elf->e_phnum; i++) {
		off_t at = elf->e_phoff + i * sizeof(segment);

		if (pread(fd, &segment, sizeof(segment), at) != sizeof(segment))
			return failed(ENOEXEC, "%s is damaged", path);
		if (segment.p_type != PT_INTERP)
			continue;
		len = pread(fd, linker, sizeof(linker) - 1, segment.p_offset);
		if (len < 0 || (size_t)len < segment.p_filesz)
			return failed(ENOEXEC, "%s is damaged", path);
		if (strstr(linker, LINKER))
			return OK;
		return failed(ENOEXEC,
			      "%s is linked by %s, which is not glibc's", path,
			      linker);
	}
	return failed(ENOEXEC, "%s is static: no library can be loaded into it",
		      path);
}

static int check_privileges(const char *path, int fd)
{
	const char *gains = NULL;
	struct stat st;

	if (fstat(fd, &st))
		return failed(errno, "%s: %s", path, strerror(errno));
	if (st.st_mode & S_ISUID)
		gains = "setuid";
	else if (st.st_mode & S_ISGID && st.st_mode & 0010)
		gains = "setgid";
	else if (fgetxattr(fd, "security.capability", NULL, 0) >= 0)
		gains = "a program with capabilities";
	if (!gains)
		return OK;
	return failed(EPERM, "%s is %s: no library is loaded into such", path,
		      gains);
}

/* Puts into @head what the kernel looks at, with a final 0; returns a descriptor. */
static int read_head(const char *path, char head[HEAD_SIZE + 1])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	memset(head, 0, HEAD_SIZE + 1);
	if (fd < 0)
		return fd;
	len = pread(fd, head, HEAD_SIZE, 0);
	if (len >= 0)
		return fd;
	close(fd);
	return -1;
}

static int check_head(const char *path, int fd, const char *head)
{
	Elf64_Ehdr elf;

	memcpy(&elf, head, sizeof(elf));
	if (memcmp(elf.e_ident, ELFMAG, SELFMAG))
		return failed(ENOEXEC,
			      "%s is neither a program nor a script with #!",
			      path);
	return check_privileges(path, fd) ?: check_elf(path, fd, &elf);
}

/* Says why a program, or what interprets it, can't be run so. */
static int check_program(const char *command)
{
	const char *path = command;
	char head[HEAD_SIZE + 1], script[PATH_MAX];
	const char *next;
	int err, fd, rc;

	for (int depth = 0; depth <= DEPTH; depth++) {
		err = check_file(path);
		fd = err ? -1 : read_head(path, head);
		if (fd < 0) {
			err = err ? -err : errno;
			return failed(err, "%s: %s", path, strerror(err));
		}
		if (memcmp(head, "#!", 2)) {
			rc = check_head(path, fd, head);
			close(fd);
			return rc;
		}
		close(fd);
		next = interpreter_of(head);
		if (!next)
			return failed(ENOEXEC, "%s names no interpreter", path);
		path = strcpy(script, next);
	}
	return failed(ELOOP, "%s: too many scripts run one another", command);
}

/* --- the library, the device and the pool ------------------------------------------ */

/* Beside this program, or in lib/mymm beside its folder. */
static int find_library(char path[PATH_MAX])
{
	static const char *const places[] = { "", "../lib/mymm/" };
	char own[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", own, sizeof(own) - 1);

	if (len < 0)
		return failed(errno, "/proc/self/exe: %s", strerror(errno));
	own[len] = 0;
	*strrchr(own, '/') = 0;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (snprintf(path, PATH_MAX, "%s/%s" LIBRARY, own, places[i]) >=
			    PATH_MAX ||
		    access(path, R_OK))
			continue;
		if (!strpbrk(path, " :"))
			return OK;
		return failed(
			EINVAL,
			"%s: LD_PRELOAD takes no blank and no colon in a name",
			path);
	}
	return failed(ENOENT, "there is no " LIBRARY " in %s or %s/../lib/mymm",
		      own, own);
}

/* --- the command ------------------------------------------------------------------- */

static void set_environment(const char *library, const char *pool)
{
	const char *others = getenv("LD_PRELOAD");
	char *all;

	if (pool)
		setenv(POOL_VARIABLE, pool, 1);
	else
		unsetenv(POOL_VARIABLE);
	if (!others || !*others) {
		setenv("LD_PRELOAD", library, 1);
		return;
	}
	all = xalloc(NULL, strlen(library) + strlen(others) + 2, 1);
	sprintf(all, "%s:%s", library, others);
	setenv("LD_PRELOAD", all, 1);
	free(all);
}

static int run_exec(struct session *session, const struct args *args)
{
	const char *pool = args_get(args, "pool"), *name = args->operand[0];
	char path[PATH_MAX], library[PATH_MAX];
	char **argv;
	int err, fd;

	(void)session;
	err = -find_program(name, path);
	if (err)
		return failed(err, "%s: %s", name,
			      err == ENOENT ? "there is no such program" :
					      strerror(err));
	if (check_program(path) || find_library(library))
		return FAILED;
	fd = memory_open(pool);
	if (fd < 0)
		return FAILED;
	close(fd);
	set_environment(library, pool);
	argv = xalloc(NULL, args->nr + 1, sizeof(*argv));
	memcpy(argv, args->operand, args->nr * sizeof(*argv));
	argv[args->nr] = NULL;
	execv(path, argv);
	err = errno;
	free(argv);
	return failed(err, "%s: %s", path, strerror(err));
}

static const struct opt exec_opts[] = {
	{ 'p', "pool", "NAME", "with memory of that pool" },
	OPTS_END,
};

const struct command exec_commands[] = {
	{
		.name = "exec",
		.brief =
			"run a program whose malloc takes memory from the pool",
		.operands = "-- COMMAND [ARGUMENT]...",
		.text = "The program is not changed, and malloc is glibc's own: what it asks the\n"
			"kernel for, it gets from /dev/mymem. So do the programs that it runs, but\n"
			"for those that are refused here: static ones, setuid ones, ones with\n"
			"capabilities, and ones of another libc. Without -- the program's options\n"
			"would be taken for ours.\n",
		.opts = exec_opts,
		.least = 1,
		.most = -1,
		.flags = COMMAND_NO_DOOR | COMMAND_NOT_INSIDE,
		.run = run_exec,
	},
	{ 0 },
};
