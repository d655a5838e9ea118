// SPDX-License-Identifier: GPL-2.0
/*
 * The zones view: a row a zone, and of each zone what its free blocks are, by order.
 *
 *	buddyinfo	free blocks by order
 *	zoneinfo	frames, watermarks, what is in the lists of CPUs
 *	vmstat		what kswapd did, and tasks that had to reclaim for themselves
 *	debugfs zones	peak and failures; the kernel has no such file
 *
 * They are read one after the other, so that they may be of different moments.
 *
 * For each order there are the two figures of fragmentation of debugfs extfrag, worked out here
 * from the free blocks, with the kernel's rules, since that directory is not everywhere:
 *
 *	unusable	the share of free memory that is in blocks too small for the order
 *	index		why an allocation would fail: 0 for lack of memory, 1 because of
 *			fragmentation; a dash if it would not
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mymm_top.h"

#define ORDERS_MAX 16
#define OF_DEPTH "/sys/kernel/debug/mymm/zones"

struct cpu_lists {
	unsigned int cpu;
	uint64_t count, high, batch;
};

struct zone {
	unsigned int node;
	char name[16];
	int orders;
	uint64_t blocks[ORDERS_MAX];
	uint64_t managed, free, boost, min, low, high;
	struct cpu_lists *cpu;
	size_t nr_cpus, room_cpus;
};

static struct {
	struct zone *zone;
	size_t nr, room;
} zones;

/* What happened in all, since boot or load. */
static struct event {
	const char *name, *key;
	uint64_t n;
} events[] = {
	{ "pageoutrun", "kswapd_runs", 0 },
	{ "pgscan_kswapd", "kswapd_scanned_frames", 0 },
	{ "pgsteal_kswapd", "kswapd_reclaimed_frames", 0 },
	{ "allocstall", "direct_stalls", 0 },
	{ "pgscan_direct", "direct_scanned_frames", 0 },
	{ "pgsteal_direct", "direct_reclaimed_frames", 0 },
};

#define EVENTS (sizeof(events) / sizeof(events[0]))

enum {
	Z_NODE,
	Z_NAME,
	Z_FRAMES,
	Z_FREE,
	Z_SHARE,
	Z_CPUS,
	Z_MIN,
	Z_LOW,
	Z_HIGH,
	Z_PEAK,
	Z_FAILED,
};

static const struct column columns[] = {
	[Z_NODE] = { "NODE", "node", 'o', FORM_COUNT, 4, 0, 0 },
	[Z_NAME] = { "ZONE", "name", 'n', FORM_NAME, 7, 0, 0 },
	[Z_FRAMES] = { "FRAMES", "managed_frames", 'm', FORM_COUNT, 8, 0, 0 },
	[Z_FREE] = { "FREE", "free_frames", 'f', FORM_COUNT, 8, 0, 0 },
	[Z_SHARE] = { "FREE%", "free_permille", '%', FORM_PERMILLE, 5, 0, 0 },
	[Z_CPUS] = { "BY CPU", "pcp_frames", 'c', FORM_COUNT, 6, 0, 0 },
	[Z_MIN] = { "MIN", "min_frames", 0, FORM_COUNT, 6, 0, 0 },
	[Z_LOW] = { "LOW", "low_frames", 0, FORM_COUNT, 6, 0, 0 },
	[Z_HIGH] = { "HIGH", "high_frames", 'w', FORM_COUNT, 6, 0, 0 },
	[Z_PEAK] = { "PEAK", "peak_frames", 'k', FORM_COUNT, 8, 1, 0 },
	[Z_FAILED] = { "FAILED", "failed", 'e', FORM_COUNT, 6, 1, 0 },
	{ 0 },
};

static struct zone *find_zone(unsigned int node, const char *name)
{
	for (size_t i = 0; i < zones.nr; i++)
		if (zones.zone[i].node == node &&
		    !strcmp(zones.zone[i].name, name))
			return &zones.zone[i];
	return NULL;
}

static void read_buddyinfo(char *at)
{
	char *line;

	zones.nr = 0;
	while ((line = file_line(&at))) {
		struct zone *zone, head = { 0 };
		struct cpu_lists *cpu;
		int used = 0;

		if (sscanf(line, "Node %u, zone %15s%n", &head.node, head.name,
			   &used) != 2)
			continue;
		if (zones.nr == zones.room) {
			zones.room = zones.room ? 2 * zones.room : 8;
			zones.zone = xalloc(zones.zone, zones.room,
					    sizeof(*zones.zone));
			memset(zones.zone + zones.nr, 0,
			       (zones.room - zones.nr) * sizeof(*zones.zone));
		}
		zone = &zones.zone[zones.nr++];
		cpu = zone->cpu;
		head.room_cpus = zone->room_cpus;
		*zone = head;
		zone->cpu = cpu;
		for (line += used; zone->orders < ORDERS_MAX; zone->orders++) {
			char *end;
			uint64_t n = strtoull(line, &end, 10);

			if (end == line)
				break;
			zone->blocks[zone->orders] = n;
			zone->free += n << zone->orders;
			line = end;
		}
	}
}

static struct cpu_lists *add_cpu(struct zone *zone, unsigned int cpu)
{
	struct cpu_lists *lists;

	if (zone->nr_cpus == zone->room_cpus) {
		zone->room_cpus = zone->room_cpus ? 2 * zone->room_cpus : 4;
		zone->cpu =
			xalloc(zone->cpu, zone->room_cpus, sizeof(*zone->cpu));
	}
	lists = &zone->cpu[zone->nr_cpus++];
	memset(lists, 0, sizeof(*lists));
	lists->cpu = cpu;
	return lists;
}

/* "high     24" is a watermark, "high:  27" a limit of a CPU's lists. */
static void read_zoneinfo(char *at)
{
	struct cpu_lists *cpu = NULL;
	struct zone *zone = NULL;
	char *line;

	while ((line = file_line(&at))) {
		unsigned long long n;
		unsigned int node;
		char name[16];

		if (sscanf(line, "Node %u, zone %15s", &node, name) == 2) {
			zone = find_zone(node, name);
			cpu = NULL;
			continue;
		}
		line += strspn(line, " ");
		if (!zone || !strchr("pbmlhc", *line))
			continue;
		if (sscanf(line, "cpu: %llu", &n) == 1)
			cpu = add_cpu(zone, n);
		else if (sscanf(line, "boost %llu", &n) == 1)
			zone->boost = n;
		else if (sscanf(line, "min %llu", &n) == 1)
			zone->min = n;
		else if (sscanf(line, "low %llu", &n) == 1)
			zone->low = n;
		else if (sscanf(line, "managed %llu", &n) == 1)
			zone->managed = n;
		else if (sscanf(line, "high: %llu", &n) == 1 && cpu)
			cpu->high = n;
		else if (sscanf(line, "high %llu", &n) == 1)
			zone->high = n;
		else if (sscanf(line, "count: %llu", &n) == 1 && cpu)
			cpu->count = n;
		else if (sscanf(line, "batch: %llu", &n) == 1 && cpu)
			cpu->batch = n;
	}
}

/* Those of zones, as allocstall_normal, are summed up. */
static void read_vmstat(char *at)
{
	char *line;

	for (size_t i = 0; i < EVENTS; i++)
		events[i].n = 0;
	while ((line = file_line(&at))) {
		char *value = strchr(line, ' ');

		for (size_t i = 0; value && i < EVENTS; i++) {
			size_t len = strlen(events[i].name);

			if (!strncmp(line, events[i].name, len) &&
			    (line[len] == ' ' || events[i].name[0] == 'a'))
				events[i].n += strtoull(value, NULL, 10);
		}
	}
}

/* Peak and failures: root's, and ours only. */
static void read_depth(struct table *table)
{
	char *text = file_try(OF_DEPTH), *at = text, *line;

	while (text && (line = file_line(&at))) {
		unsigned long long peak, failed;
		unsigned int node;
		char name[16];

		if (sscanf(line, "%u %15s %*u %*u %llu %llu", &node, name,
			   &peak, &failed) != 4)
			continue;
		for (size_t i = 0; i < table->nr; i++) {
			struct row *row = &table->row[i];

			if (row->id != node || strcmp(row->name, name))
				continue;
			row->cell[Z_PEAK] = peak;
			row->cell[Z_FAILED] = failed;
		}
	}
	free(text);
}

static int read_each(bool real)
{
	static const struct {
		const char *of_real, *ours;
		void (*read)(char *at);
	} files[] = {
		{ "/proc/buddyinfo", "/proc/mybuddyinfo", read_buddyinfo },
		{ "/proc/zoneinfo", "/proc/myzoneinfo", read_zoneinfo },
		{ "/proc/vmstat", "/proc/myvmstat", read_vmstat },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *text = file_text(real ? files[i].of_real : files[i].ours);

		if (!text)
			return FAILED;
		files[i].read(text);
		free(text);
	}
	return OK;
}

static int read_zones(struct table *table, bool real)
{
	if (read_each(real))
		return FAILED;
	table->has = (1U << Z_PEAK) - 1;
	for (size_t i = 0; i < zones.nr; i++) {
		const struct zone *zone = &zones.zone[i];
		struct row *row = table_add(table, zone->name, zone->node);
		uint64_t by_cpus = 0;

		for (size_t c = 0; c < zone->nr_cpus; c++)
			by_cpus += zone->cpu[c].count;
		row->cell[Z_NODE] = zone->node;
		row->cell[Z_FRAMES] = zone->managed;
		row->cell[Z_FREE] = zone->free;
		if (zone->managed)
			row->cell[Z_SHARE] = zone->free * 1000 / zone->managed;
		row->cell[Z_CPUS] = by_cpus;
		row->cell[Z_MIN] = zone->min;
		row->cell[Z_LOW] = zone->low;
		row->cell[Z_HIGH] = zone->high;
	}
	if (!real) {
		table->has |= 1U << Z_PEAK | 1U << Z_FAILED;
		read_depth(table);
	}
	return OK;
}

/* In thousandths. */
static unsigned int unusable(const struct zone *zone, int order)
{
	uint64_t usable = 0;

	for (int i = order; i < zone->orders; i++)
		usable += zone->blocks[i] << i;
	return zone->free ? (zone->free - usable) * 1000 / zone->free : 1000;
}

#define WOULD_NOT_FAIL -1000

/* In thousandths, as the kernel does it: below 0 where even less memory is free than is wanted. */
static int extfrag(const struct zone *zone, int order)
{
	uint64_t blocks = 0;

	for (int i = 0; i < zone->orders; i++) {
		blocks += zone->blocks[i];
		if (i >= order && zone->blocks[i])
			return WOULD_NOT_FAIL;
	}
	if (!blocks)
		return 0;
	return 1000 -
	       (int)((1000 + zone->free * 1000 / (1ULL << order)) / blocks);
}

static void head_lay(struct page *page, const struct table *unused)
{
	const char *text[EVENTS];

	(void)unused;
	for (size_t i = 0; i < EVENTS; i++)
		text[i] = short_text(events[i].n, 7, FORM_COUNT);
	page_put(
		page, HUE_PLAIN,
		"kswapd: %s runs, %s of %s frames; direct: %s stalls, %s of %s frames",
		text[0], text[2], text[1], text[3], text[5], text[4]);
}

static void state_lay(struct page *page, const struct zone *zone)
{
	if (!zone->high)
		page_put(page, HUE_PLAIN, "no watermarks");
	else if (zone->free <= zone->min)
		page_put(page, HUE_BAD, "not above min");
	else if (zone->free <= zone->low)
		page_put(page, HUE_WARN, "between min and low");
	else if (zone->free <= zone->high)
		page_put(page, HUE_WARN, "between low and high");
	else
		page_put(page, HUE_PLAIN, "above high");
	if (zone->boost)
		page_put(page, HUE_WARN, ", boost %llu",
			 (unsigned long long)zone->boost);
}

static void cpus_lay(struct page *page, const struct zone *zone)
{
	int at = 0;

	for (size_t i = 0; i < zone->nr_cpus; i++) {
		const struct cpu_lists *cpu = &zone->cpu[i];
		char text[64];
		int len = snprintf(text, sizeof(text), "  %u: %llu/%llu/%llu",
				   cpu->cpu, (unsigned long long)cpu->count,
				   (unsigned long long)cpu->high,
				   (unsigned long long)cpu->batch);

		if (!i || at + len > page->width) {
			if (!page_line(page))
				return;
			page_put(page, HUE_HEAD,
				 i ? "%-22s" : "CPU: count/high/batch", "");
			at = 22;
		}
		page_put(page, HUE_PLAIN, "%s", text);
		at += len;
	}
}

static void detail_lay(struct page *page, const struct row *row)
{
	const struct zone *zone = &zones.zone[row->nr];
	uint64_t frame = sysconf(_SC_PAGESIZE);
	int bar;

	page_line(page);
	page_line(page);
	page_put(page, HUE_HEAD, "Node %u, zone %s", zone->node, zone->name);
	page_put(page, HUE_PLAIN, ": %s of %s free, ",
		 bytes_text(zone->free * frame),
		 bytes_text(zone->managed * frame));
	state_lay(page, zone);
	page_line(page);
	page_put(page, HUE_HEAD,
		 "order   blocks  memory unusable  index  of what is free");
	for (int order = 0; order < zone->orders; order++) {
		uint64_t frames = zone->blocks[order] << order;
		int index = extfrag(zone, order);

		if (!page_line(page))
			return;
		page_put(page, HUE_PLAIN, "%5d %8s %7s    %u.%03u", order,
			 short_text(zone->blocks[order], 8, FORM_COUNT),
			 short_text(frames * frame, 7, FORM_BYTES),
			 unusable(zone, order) / 1000,
			 unusable(zone, order) % 1000);
		if (index == WOULD_NOT_FAIL)
			page_put(page, HUE_PLAIN, "      -  ");
		else
			page_put(page, HUE_PLAIN, " %s%d.%03d  ",
				 index < 0 ? "-" : " ", abs(index) / 1000,
				 abs(index) % 1000);
		bar = page->width - page->line[page->nr - 1].len;
		page_bar(page, bar < 102 ? bar : 102, frames, zone->free);
	}
	cpus_lay(page, zone);
}

static void head_json(void)
{
	for (size_t i = 0; i < EVENTS; i++)
		json_number(events[i].key, events[i].n);
}

static void row_json(const struct row *row)
{
	const struct zone *zone = &zones.zone[row->nr];

	json_number("boost_frames", zone->boost);
	json_open("free_blocks", '[');
	for (int order = 0; order < zone->orders; order++)
		json_number(NULL, zone->blocks[order]);
	json_close();
	json_open("unusable_permille", '[');
	for (int order = 0; order < zone->orders; order++)
		json_number(NULL, unusable(zone, order));
	json_close();
	json_open("extfrag_permille", '[');
	for (int order = 0; order < zone->orders; order++) {
		int index = extfrag(zone, order);

		if (index == WOULD_NOT_FAIL)
			json_text(NULL, NULL);
		else
			json_signed(NULL, index);
	}
	json_close();
	json_open("cpus", '[');
	for (size_t i = 0; i < zone->nr_cpus; i++) {
		json_open(NULL, '{');
		json_number("cpu", zone->cpu[i].cpu);
		json_number("frames", zone->cpu[i].count);
		json_number("high_frames", zone->cpu[i].high);
		json_number("batch_frames", zone->cpu[i].batch);
		json_close();
	}
	json_close();
}

const struct view zones_view = {
	.name = "zones",
	.brief = "free blocks, watermarks, lists of CPUs",
	.columns = columns,
	.sort = -1,
	.read = read_zones,
	.head = head_lay,
	.detail = detail_lay,
	.head_json = head_json,
	.row_json = row_json,
};
