// SPDX-License-Identifier: GPL-2.0
/*
 * malloc: where glibc's malloc puts what it is asked for.
 *
 * A request comes from the heap, which the break ends, or has a mapping of its own. mallinfo2()
 * counts the mappings, and malloc_usable_size() says how long a block is: a block of the heap has
 * one word more, in front of it, and a mapping has two. The program's own malloc is looked at; it
 * is glibc's, though the program is static.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "mymm_cli.h"

#define WORD sizeof(size_t)
#define REQUEST_MOST (1ULL << 40)

/*
 * What is free at the end of the heap is up to 128 KiB and more each time that it has grown, and a
 * request that fits is taken from there, whatever the threshold. So it is kept short.
 */
#define TOP_MOST (64 << 10)
#define FILLING (32 << 10)

static void fill_top(void)
{
	while (mallinfo2().keepcost > TOP_MOST && malloc(FILLING))
		;
}

static int run_malloc(struct session *unused, const struct args *args)
{
	void **block = xzalloc(args->nr, sizeof(*block));
	size_t nr = 0;
	int rc = OK;

	(void)unused;
	fill_top();
	for (int i = 0; i < args->nr && !rc; i++) {
		const char *word = args->operand[i];
		size_t before = mallinfo2().hblks, usable;
		uint64_t n;

		if (!strncmp(word, "free=", 5)) {
			rc = parse_number(word + 5, "free", 1, nr, &n);
			if (!rc && !block[n - 1])
				rc = misused("block %llu is free already",
					     (unsigned long long)n);
			if (rc)
				break;
			printf("free(block %llu)\n", (unsigned long long)n);
			free(block[n - 1]);
			block[n - 1] = NULL;
			continue;
		}
		rc = parse_size(word, "size", 0, REQUEST_MOST, &n);
		if (rc)
			break;
		block[nr] = malloc(n);
		if (!block[nr]) {
			rc = failed(ENOMEM, "malloc(%llu) returned NULL",
				    (unsigned long long)n);
			break;
		}
		usable = malloc_usable_size(block[nr++]);
		printf("block %zu: malloc(%llu): ", nr, (unsigned long long)n);
		if (mallinfo2().hblks > before)
			printf("a mapping of %zu bytes\n", usable + 2 * WORD);
		else
			printf("%zu bytes of the heap\n", usable + WORD);
		fill_top();
	}
	free(block);
	return rc;
}

static const char malloc_text[] =
	"SIZE is requested, and kept; free=N frees what the N-th SIZE was given. Memory is that of\n"
	"the machine, not of a pool; no module is needed.\n";

const struct command malloc_commands[] = {
	{
		.name = "malloc",
		.brief = "show where malloc puts what it is asked for",
		.operands = "SIZE | free=N ...",
		.text = malloc_text,
		.least = 1,
		.most = -1,
		.flags = COMMAND_NO_DOOR,
		.run = run_malloc,
	},
	{ 0 },
};
