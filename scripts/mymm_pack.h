/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The packed form of a recording, for samples in a repository.
 *
 *	"mymmpack1\n", then blocks of up to 65,536 events:
 *	number of events; bytes of each column; bytes when compressed (32 bits each); the columns,
 *	one behind the other, compressed with zstd and a checksum
 *
 * The last block has no events, and the counts of a recording as its first column.
 * Numbers in columns are of 7 bits a byte, the lowest first; differences have their sign in the
 * lowest bit. Of each event:
 *
 *	kind	a byte: enum trace_kind, and PACK_*
 *	time	difference to the event before
 *	where	CPU and task, unless they are those of the event before: a number, with what it
 *		stands for when it first comes
 *	what	sizes, order, type, gfp flags, call site and cache, in the same way: most
 *		events have those of an earlier one, so that this is a number of one byte or two
 *	which	how many events ago this frame or object was last told of; 0: not lately
 *	new	if so: a frame's difference to the one that came here before; of an object how
 *		many it is back from the newest, where 0 is one more
 *
 * An object is a number instead of an address: a replay asks only which are the same.
 */
#ifndef _MYMM_PACK_H
#define _MYMM_PACK_H

#include "mymm_trace.h"

#define PACK_EVENTS 65536U
/* Of how many events the last ones are told by their distance. */
#define PACK_WINDOW (1U << 20)
#define PACK_MOST (64U << 20)

#define PACK_BLIND (1U << 3)
#define PACK_SAME (1U << 4) /* CPU and task */
#define PACK_NULL (1U << 5)
#define PACK_KIND 7U

enum column { P_KIND, P_TIME, P_WHERE, P_WHAT, P_WHICH, P_NEW, COLUMNS };

/* Each of the block's numbers is of 32 bits. */
#define PACK_HEAD (2 + COLUMNS)

/**
 * struct what - what an event has beside its frame or object
 * @sized: its sizes are possible
 * The others are those of struct entry.
 */
struct what {
	uint32_t asked;
	uint32_t held;
	uint32_t gfp;
	uint32_t site;
	uint32_t name;
	uint8_t order;
	uint8_t type;
	bool sized;
};

#endif /* _MYMM_PACK_H */
