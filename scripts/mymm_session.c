// SPDX-License-Identifier: GPL-2.0
/*
 * A session: an open /dev/mymm, and what is said to it.
 *
 * The file is closed on exec, so that a command run with --then or sh can not
 * keep the session alive after us. That command finds the session's number in
 * MYMM_SESSION.
 *
 * The kernel gives an errno; a user wants to know which thing, and why. op_why() turns one into
 * the other, with what INFO says about the pool.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mymm_cli.h"

int session_ioctl(struct session *session, unsigned long request, void *arg)
{
	int rc;

	do
		rc = ioctl(session->fd, request, arg);
	while (rc < 0 && errno == EINTR);
	return rc < 0 ? errno : 0;
}

int session_info(struct session *session)
{
	int err;

	memset(&session->info, 0, sizeof(session->info));
	session->info.size = sizeof(session->info);
	memcpy(session->info.pool, session->pool, sizeof(session->pool));
	err = session_ioctl(session, MYMM_IOC_INFO, &session->info);
	if (err == ENOENT)
		return failed(ENODEV, "there is no pool '%s'; see %s",
			      session->pool,
			      "/sys/kernel/debug/mymm/pools/list");
	if (err)
		return failed(err, "%s: cannot ask about the pool: %s", DOOR,
			      strerror(err));
	if (session->info.nr_zones > MYMM_UAPI_ZONES)
		session->info.nr_zones = MYMM_UAPI_ZONES;
	return OK;
}

int session_open(struct session *session)
{
	int err;

	memset(session, 0, sizeof(*session));
	session->fd = open(DOOR, O_RDWR | O_CLOEXEC);
	if (session->fd < 0) {
		err = errno;
		if (err == ENOENT || err == ENXIO || err == ENODEV)
			return failed(err, "%s: no such device: %s", DOOR,
				      "is the module loaded? insmod mymm.ko");
		if (err == EACCES || err == EPERM)
			return failed(err, "%s: it is for root", DOOR);
		return failed(err, DOOR ": %s", strerror(err));
	}
	if (session_info(session)) {
		close(session->fd);
		session->fd = -1;
		return FAILED;
	}
	if (session->info.abi != MYMM_ABI)
		warn("the module speaks version %u of the interface, this program %u",
		     session->info.abi, MYMM_ABI);
	return OK;
}

void session_close(struct session *session)
{
	if (session->fd >= 0)
		close(session->fd);
	session->fd = -1;
	free(session->got);
	session->got = NULL;
	session->nr_got = 0;
	session->room_got = 0;
}

void session_got(struct session *session, uint32_t handle)
{
	if (session->nr_got == session->room_got) {
		session->room_got = session->room_got ? 2 * session->room_got :
							64;
		session->got = xalloc(session->got, session->room_got,
				      sizeof(*session->got));
	}
	session->got[session->nr_got++] = handle;
}

int session_batch(struct session *session, struct mymm_op *ops, uint32_t nr,
		  uint32_t flags, uint32_t *done)
{
	struct mymm_batch batch = {
		.size = sizeof(batch),
		.flags = flags,
		.op_size = sizeof(*ops),
		.nr = nr,
		.ops = (uint64_t)(uintptr_t)ops,
	};
	int err = session_ioctl(session, MYMM_IOC_BATCH, &batch);

	*done = batch.done;
	return err;
}

int session_list(struct session *session, struct mymm_holding **list,
		 size_t *nr)
{
	enum { STEP = 4096 };
	struct mymm_list ask = { .size = sizeof(ask) };
	size_t room = 0;
	int err;

	*list = NULL;
	*nr = 0;
	do {
		if (room - *nr < STEP) {
			room = room ? 2 * room : STEP;
			*list = xalloc(*list, room, sizeof(**list));
		}
		ask.nr = STEP;
		ask.holdings = (uint64_t)(uintptr_t)(*list + *nr);
		err = session_ioctl(session, MYMM_IOC_LIST, &ask);
		if (err) {
			free(*list);
			*list = NULL;
			return failed(err,
				      "cannot list what the session holds: %s",
				      strerror(err));
		}
		*nr += ask.nr;
	} while (ask.nr);
	return OK;
}

const struct mymm_zone_info *session_zone(const struct session *session,
					  uint64_t pfn)
{
	for (uint32_t i = 0; i < session->info.nr_zones; i++) {
		const struct mymm_zone_info *zone = &session->info.zones[i];

		if (pfn >= zone->start_pfn &&
		    pfn - zone->start_pfn < zone->spanned)
			return zone;
	}
	return NULL;
}

int session_zone_args(struct session *session, uint32_t nr,
		      struct mymm_zone_args *zone)
{
	/* With a member that is not 0, the kernel refuses a size that it does not know. */
	static const uint32_t sizes[] = {
		sizeof(*zone),
		offsetof(struct mymm_zone_args, contested_lists),
		offsetof(struct mymm_zone_args, contested),
	};
	int err = E2BIG;

	for (size_t i = 0; err == E2BIG && i < sizeof(sizes) / sizeof(sizes[0]);
	     i++) {
		memset(zone, 0, sizeof(*zone));
		zone->size = sizes[i];
		zone->zone = nr;
		memcpy(zone->pool, session->pool, sizeof(zone->pool));
		zone->contested = UNKNOWN;
		zone->contested_lists = UNKNOWN;
		zone->contested_fits = UNKNOWN;
		err = session_ioctl(session, MYMM_IOC_ZONE, zone);
	}
	if (err)
		return failed(err, "%s: cannot ask about zone %s: %s", DOOR,
			      session->info.zones[nr].name, strerror(err));
	return OK;
}

uint64_t session_frames(const struct session *session, uint64_t *managed)
{
	uint64_t frames = 0, all = 0;

	for (uint32_t i = 0; i < session->info.nr_zones; i++) {
		frames += session->info.zones[i].free;
		all += session->info.zones[i].managed;
	}
	if (managed)
		*managed = all;
	return frames;
}

const char *pool_state(uint32_t flags)
{
	return flags & MYMM_INFO_DEAD	  ? "dead" :
	       flags & MYMM_INFO_PRISTINE ? "pristine" :
	       flags & MYMM_INFO_WHOLE	  ? "whole" :
					    "in_use";
}

static const char *zone_wanted(uint32_t flags)
{
	if (flags & MYMM_GFP_DMA)
		return "DMA";
	if (flags & MYMM_GFP_DMA32)
		return "DMA32 or below";
	if (flags & MYMM_GFP_HIGHMEM)
		return flags & MYMM_GFP_MOVABLE ? "Movable or below" :
						  "HighMem or below";
	return "Normal or below";
}

const char *reason_text(uint32_t reason)
{
	static const char *const texts[] = {
		[MYMM_REASON_NONE] =
			"none: there is some again, or the kernel had none",
		[MYMM_REASON_NO_ZONE] = "no_zone: the pool has no such zone",
		[MYMM_REASON_EMPTY] = "empty: fewer frames are free than that",
		[MYMM_REASON_FRAGMENTED] =
			"fragmented: free frames are in smaller blocks",
		[MYMM_REASON_RESERVE] =
			"reserve: the free ones are kept for others",
		[MYMM_REASON_WATERMARK] =
			"watermark: too few frames would stay free",
	};

	return reason < sizeof(texts) / sizeof(texts[0]) ? texts[reason] :
							   "unknown";
}

static const char *out_of_memory(const struct mymm_op *op)
{
	static char text[256];
	char what[64] = "", from[64] = "";
	size_t len = 0;

	if (op->reason == MYMM_REASON_NONE)
		return "out of memory: the pool has some again, or the kernel had none";
	if (op->op == MYMM_OP_OBJ_ALLOC)
		snprintf(what, sizeof(what), " for a slab");
	else if (op->op != MYMM_OP_PAGES_ALLOC)
		snprintf(what, sizeof(what), " for %llu byte%s",
			 (unsigned long long)op->arg, op->arg == 1 ? "" : "s");
	/* A cache brings its own zone. */
	if (op->op != MYMM_OP_OBJ_ALLOC)
		len = snprintf(from, sizeof(from), " in zone %s",
			       zone_wanted(op->flags));
	if (op->node)
		snprintf(from + len, sizeof(from) - len, ", from node %u on",
			 op->node - 1);
	snprintf(text, sizeof(text), "no block of order %u to be had%s%s (%s)",
		 op->order, what, from, reason_text(op->reason));
	return text;
}

static const char *is_for(uint32_t op)
{
	switch (op) {
	case MYMM_OP_PAGES_FREE:
		return "pages free";
	case MYMM_OP_KREALLOC:
	case MYMM_OP_KFREE:
		return "kfree and krealloc";
	}
	return "obj free";
}

const char *op_why(const struct mymm_op *op)
{
	static char text[256];
	int err = -op->result;

	switch (err) {
	case ENOMEM:
		return out_of_memory(op);
	case ENOENT:
		if (op->handle && op->cache)
			snprintf(text, sizeof(text),
				 "handle %u or %u is not held by this session",
				 op->handle, op->cache);
		else
			snprintf(text, sizeof(text),
				 "handle %u is not held by this session",
				 op->handle ? op->handle : op->cache);
		return text;
	case EBADSLT:
		if (op->handle && op->cache)
			snprintf(text, sizeof(text),
				 "handle %u is no object or %u no cache",
				 op->handle, op->cache);
		else if (op->cache)
			snprintf(text, sizeof(text),
				 "handle %u is no cache; see list", op->cache);
		else
			snprintf(text, sizeof(text),
				 "handle %u is not for %s; see list",
				 op->handle, is_for(op->op));
		return text;
	case EINVAL:
		if (op->op == MYMM_OP_PAGES_FREE && op->arg != MYMM_ANY)
			snprintf(text, sizeof(text),
				 "handle %u is no block of order %llu",
				 op->handle, (unsigned long long)op->arg);
		else if (op->op == MYMM_OP_OBJ_FREE && op->cache)
			snprintf(text, sizeof(text),
				 "handle %u is no object of the cache %u",
				 op->handle, op->cache);
		else
			snprintf(text, sizeof(text),
				 "refused (EINVAL); dmesg may say more");
		return text;
	case EIO:
		return "the pool is dead: an invariant broke, see dmesg";
	case EOPNOTSUPP:
		return "this pool has no memory behind its frames (backing=none)";
	}
	snprintf(text, sizeof(text), "%s (%s)", strerror(err), errno_name(err));
	return text;
}

int alloc_failed(const struct mymm_op *op, uint64_t got, const char *what)
{
	if (!got)
		return failed(-op->result, "%s", op_why(op));
	return failed(-op->result, "%s, after %s %s%s", op_why(op),
		      count_text(got), what, got == 1 ? "" : "s");
}

int session_then(struct session *session, const char *command)
{
	char number[16];
	int status;

	snprintf(number, sizeof(number), "%u", session->info.session);
	setenv("MYMM_SESSION", number, 1);
	fflush(stdout);
	status = system(command);
	if (status == -1)
		return failed(errno, "cannot run the shell: %s",
			      strerror(errno));
	if (WIFSIGNALED(status)) {
		failed(0, "'%s' was ended by signal %d", command,
		       WTERMSIG(status));
		return 128 + WTERMSIG(status);
	}
	if (WEXITSTATUS(status))
		failed(0, "'%s' returned %d", command, WEXITSTATUS(status));
	return WEXITSTATUS(status);
}
