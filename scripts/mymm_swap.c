// SPDX-License-Identifier: GPL-2.0
/*
 * swapon, swapoff: swap areas of a pool, made by /dev/mymem.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mymem.h"
#include "mymm_cli.h"

#define PAGE 4096ULL
/* Slots of an area, less one that is none. */
#define SIZE_MOST (((1ULL << 27) - 1) * PAGE)
#define PRIORITY_MOST 32767

/* Do it; -1, and errno says why not. */
static int call(const char *pool, unsigned long request,
		struct mymem_swap *swap)
{
	int fd = memory_open(pool), rc;

	if (fd < 0)
		return FAILED;
	rc = ioctl(fd, request, swap) ? errno : 0;
	close(fd);
	if (rc == EPERM)
		return failed(rc, "a swap area is for root to change");
	if (rc == ENOSPC)
		return failed(rc, "there are as many areas as can be");
	errno = rc;
	return rc ? -1 : OK;
}

/* The file of an area; -1 after an error. */
static int open_file(const char *path, int mode)
{
	int fd = open(path, mode | O_CLOEXEC);

	if (fd < 0)
		failed(errno, "%s: %s", path, strerror(errno));
	return fd;
}

static int run_on_file(const char *path, const char *pool,
		       struct mymem_swap *swap)
{
	int rc, err;

	swap->flags = MYMEM_SWAP_FILE;
	swap->fd = open_file(path, O_RDWR);
	if (swap->fd < 0)
		return FAILED;
	rc = call(pool, MYMEM_IOC_SWAPON, swap);
	err = errno;
	close(swap->fd);
	if (rc >= 0)
		return rc;
	if (err == EINVAL)
		return failed(err, "%s: it was not prepared by mkswap", path);
	if (err == ETXTBSY || err == EBUSY)
		return failed(
			err,
			"%s: another program may write to it, or it is a swap area already",
			path);
	return failed(err, "%s: %s", path, strerror(err));
}

static int run_on_memory(const char *size, const char *pool,
			 struct mymem_swap *swap)
{
	uint64_t bytes;
	int rc = parse_size(size, "--ram", PAGE, SIZE_MOST, &bytes);

	if (rc)
		return rc;
	swap->bytes = (bytes + PAGE - 1) / PAGE * PAGE;
	rc = call(pool, MYMEM_IOC_SWAPON, swap);
	if (rc >= 0)
		return rc;
	if (errno == ENOMEM)
		return failed(errno, "the machine does not have %s",
			      bytes_text(bytes));
	return failed(errno, "%s", strerror(errno));
}

static int run_swapon(struct session *session, const struct args *args)
{
	struct mymem_swap swap = { .size = sizeof(swap), .priority = -1 };
	const char *size = args_get(args, "ram");
	const char *priority = args_get(args, "priority");
	const char *pool = args_get(args, "pool");
	uint64_t number;
	int rc;

	(void)session;
	if (!size == !args->nr)
		return misused("it wants a file, or --ram SIZE");
	if (priority) {
		rc = parse_number(priority, "--priority", 0, PRIORITY_MOST,
				  &number);
		if (rc)
			return rc;
		swap.priority = number;
	}
	return size ? run_on_memory(size, pool, &swap) :
		      run_on_file(args->operand[0], pool, &swap);
}

/* A name with a slash is a file's. */
static int run_swapoff(struct session *session, const struct args *args)
{
	struct mymem_swap swap = { .size = sizeof(swap), .fd = -1 };
	const char *name = args->operand[0];
	int rc = -1, err = EINVAL;

	(void)session;
	if (strchr(name, '/')) {
		swap.flags = MYMEM_SWAP_FILE;
		swap.fd = open_file(name, O_RDONLY);
		if (swap.fd < 0)
			return FAILED;
	} else if (strlen(name) < sizeof(swap.name)) {
		strcpy(swap.name, name);
	}
	if (swap.fd >= 0 || swap.name[0]) {
		rc = call(args_get(args, "pool"), MYMEM_IOC_SWAPOFF, &swap);
		err = errno;
	}
	if (swap.fd >= 0)
		close(swap.fd);
	if (rc >= 0)
		return rc;
	if (err == EINVAL)
		return failed(err, "there is no swap area '%s'", name);
	if (err == ENOMEM)
		return failed(
			err,
			"what is in '%s' does not fit into the pool; it stays",
			name);
	return failed(err, "'%s': %s; it stays", name, strerror(err));
}

static const struct opt swapon_opts[] = {
	{ 0, "ram", "SIZE",
	  "in memory of the machine, which is taken at once" },
	{ 0, "priority", "N",
	  "used before those with a lower one (lower than all others)" },
	{ 'p', "pool", "NAME", "of that pool" },
	OPTS_END,
};

static const struct opt swapoff_opts[] = {
	{ 'p', "pool", "NAME", "of that pool" },
	OPTS_END,
};

const struct command swap_commands[] = {
	{
		.name = "swapon",
		.brief = "have a swap area for memory of processes",
		.operands = "[FILE]",
		.text = "FILE, or a block device, is one that mkswap has prepared; nobody else\n"
			"can write to it as long as it is an area. /proc/myswaps lists the\n"
			"areas of the default pool.\n",
		.opts = swapon_opts,
		.most = 1,
		.flags = COMMAND_NO_DOOR,
		.run = run_swapon,
	},
	{
		.name = "swapoff",
		.brief = "bring back what is in a swap area, and take it away",
		.operands = "NAME",
		.text = "NAME is the first word of its line in /proc/myswaps, or a path to the\n"
			"same file.\n",
		.opts = swapoff_opts,
		.least = 1,
		.most = 1,
		.flags = COMMAND_NO_DOOR,
		.run = run_swapoff,
	},
	{ 0 },
};
