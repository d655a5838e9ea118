// SPDX-License-Identifier: GPL-2.0
/*
 * filework - what a program can do to a file, on mymmfs or on any other file system.
 *
 *	filework work FILE MIB N         N accesses to its pages: read(), write(), mappings
 *	filework edges FILE              the end of a file, and private mappings
 *	filework logs FILE               write a record, fsync(), say its number; until killed
 *	filework grow FILE N             write N records at its end, many at once, while another
 *	                                 process has it written to what is below
 *	filework records FILE N          are the records up to number N there?
 *	filework fails FILE MIB [MAPPED] write MIB, which fails: what three fsync() return
 *	filework stays FILE STREAM N read|run
 *	                                 use each page of a mapping of FILE once, and read STREAM
 *	                                 N times: how many of them are there still?
 *	filework storm FOLDER N SECONDS  N processes do that to files of their own and to one
 *
 * It ends with "ok", or with "not ok".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL
#define WORDS (PAGE / sizeof(uint64_t))
#define MIB (1UL << 20)
#define MOST_PROCESSES 64

static uint64_t state = 88172645463325252ULL;
static unsigned long pages, wrong;
static uint32_t *
	version; /* of each page of the file: what it was given last; 0: zeros */
static uint64_t *memory; /* the file, mapped */
static int file = -1;

static void die(const char *what)
{
	printf("not ok: %s (%s)\n", what, strerror(errno));
	exit(1);
}

static void expect(bool right, const char *what)
{
	if (right)
		return;
	printf("wrong: %s\n", what);
	wrong++;
}

static uint64_t number(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* --- pages with a pattern --------------------------------------------------------- */

static uint64_t word(unsigned long page, unsigned int at)
{
	if (!version[page])
		return 0;
	return (uint64_t)version[page] << 32 ^ page << 12 ^ at;
}

static void look_at(const uint64_t *data, unsigned long page, const char *how)
{
	for (unsigned int at = 0; at < WORDS; at++)
		if (data[at] != word(page, at)) {
			if (++wrong < 10)
				printf("wrong: word %u of page %lu, by %s\n",
				       at, page, how);
			return;
		}
}

static void compose(uint64_t *data, unsigned long page)
{
	for (unsigned int at = 0; at < WORDS; at++)
		data[at] = word(page, at);
}

static void read_page(unsigned long page)
{
	uint64_t data[WORDS];

	if (pread(file, data, PAGE, page * PAGE) != PAGE)
		die("pread");
	look_at(data, page, "read()");
}

static void write_page(unsigned long page)
{
	uint64_t data[WORDS];

	version[page]++;
	compose(data, page);
	if (pwrite(file, data, PAGE, page * PAGE) != PAGE)
		die("pwrite");
}

static void access_page(unsigned long page)
{
	switch (number() % 4) {
	case 0:
		read_page(page);
		break;
	case 1:
		look_at(memory + page * WORDS, page, "a mapping");
		break;
	case 2:
		write_page(page);
		break;
	case 3:
		version[page]++;
		compose(memory + page * WORDS, page);
		break;
	}
}

static void open_pages(const char *path, unsigned long nr)
{
	pages = nr;
	version = calloc(pages, sizeof(*version));
	file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (!version || file < 0 || ftruncate(file, pages * PAGE))
		die(path);
	memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      file, 0);
	if (memory == MAP_FAILED)
		die("mmap");
}

static void close_pages(void)
{
	munmap(memory, pages * PAGE);
	close(file);
	free(version);
}

static void work(const char *path, unsigned long mib, unsigned long nr)
{
	open_pages(path, mib * MIB / PAGE);
	for (unsigned long page = 0; page < pages; page++)
		write_page(page);
	while (nr--)
		access_page(number() % pages);
	for (unsigned long page = 0; page < pages; page++) {
		read_page(page);
		look_at(memory + page * WORDS, page, "a mapping");
	}
	if (fsync(file))
		die("fsync");
	close_pages();
}

/* --- edges ------------------------------------------------------------------------ */

static sigjmp_buf landing;

static void on_sigbus(int sig)
{
	(void)sig;
	siglongjmp(landing, 1);
}

static bool is_sigbus(volatile char *at)
{
	if (sigsetjmp(landing, 1))
		return true;
	(void)*at;
	return false;
}

static void check_mapping(int fd)
{
	char *shared =
		mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *own = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE,
			 fd, 0);
	char byte;

	if (shared == MAP_FAILED || own == MAP_FAILED)
		die("mmap");
	expect(own[0] == 'a' && own[PAGE] == 'b', "a private mapping reads");
	own[0] = 'x';
	expect(shared[0] == 'a', "its copy is its own");
	expect(pread(fd, &byte, 1, 0) == 1 && byte == 'a', "nor in the file");
	shared[PAGE] = 'c';
	expect(own[PAGE] == 'c', "what it did not write to is the file's");
	expect(pread(fd, &byte, 1, PAGE) == 1 && byte == 'c',
	       "what a mapping writes is read");
	expect(shared[PAGE + 99] == 'b' && !shared[PAGE + 100],
	       "behind the end are zeros");
	expect(is_sigbus(shared + 2 * PAGE), "and then SIGBUS");
	shared[PAGE + 100] = 'z';
	expect(!ftruncate(fd, 3 * PAGE), "it can be made longer");
	expect(pread(fd, &byte, 1, PAGE + 100) == 1 && !byte,
	       "what was written behind the end is not there");
	expect(!is_sigbus(shared + 2 * PAGE), "and is there");
	expect(!ftruncate(fd, 10), "it can be made shorter");
	expect(is_sigbus(shared + PAGE), "what was cut off is SIGBUS");
	expect(is_sigbus(own + PAGE), "in the private mapping, too");
	expect(own[0] == 'x', "which has its copy");
	expect(shared[9] == 'a' && !shared[10],
	       "the rest of the page is zeros");
	munmap(shared, 4 * PAGE);
	munmap(own, 4 * PAGE);
}

static bool byte_is(int fd, off_t at, char right)
{
	char byte;

	return pread(fd, &byte, 1, at) == 1 && byte == right;
}

static off_t size_of(int fd)
{
	struct stat now;

	return fstat(fd, &now) ? -1 : now.st_size;
}

static void check_time(int fd)
{
	struct timespec when[2] = { { .tv_sec = 1000 }, { .tv_sec = 2000 } };
	struct stat now;

	if (futimens(fd, when) || fsync(fd) || fstat(fd, &now))
		die("futimens");
	expect(now.st_mtime == 2000, "a time that was set stays");
}

static void check_calls(const char *path)
{
	const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	int fd = open(path, O_WRONLY | O_APPEND), direct;
	struct stat now;

	if (fd < 0 || write(fd, "end", 3) != 3)
		die(path);
	expect(size_of(fd) == 13, "O_APPEND appends");
	check_time(fd);
	close(fd);
	fd = open(path, O_RDWR);
	if (pwrite(fd, "far", 3, MIB) != 3)
		die("pwrite");
	expect(byte_is(fd, MIB / 2, 0), "a hole is zeros");
	direct = open(path, O_RDONLY | O_DIRECT);
	expect(direct < 0 && errno == EINVAL, "there is no O_DIRECT");
	direct = fallocate(fd, punch, 0, PAGE);
	expect(direct && errno == EOPNOTSUPP, "nor are holes punched");
	expect(!fallocate(fd, 0, 0, 2 * MIB), "but room is made");
	expect(size_of(fd) == 2 * MIB, "as much as was asked for");
	expect(!unlink(path), "its name goes");
	expect(byte_is(fd, MIB, 'f'), "it is open, and can be read");
	expect(!fstat(fd, &now) && !now.st_nlink, "it has none");
	close(fd);
}

static void edges(const char *path)
{
	char a[PAGE], b[100];
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

	memset(a, 'a', sizeof(a));
	memset(b, 'b', sizeof(b));
	signal(SIGBUS, on_sigbus);
	if (fd < 0 || write(fd, a, sizeof(a)) != sizeof(a) ||
	    write(fd, b, sizeof(b)) != sizeof(b))
		die(path);
	check_mapping(fd);
	close(fd);
	check_calls(path);
}

/* --- records ---------------------------------------------------------------------- */

struct record {
	uint64_t number;
	uint64_t data[99];
};

static void compose_record(struct record *record, uint64_t nr)
{
	record->number = nr;
	for (unsigned int i = 0; i < 99; i++)
		record->data[i] = nr * 0x9e3779b97f4a7c15ULL + i;
}

static void write_records(const char *path)
{
	struct record record;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0)
		die(path);
	for (uint64_t nr = 1;; nr++) {
		compose_record(&record, nr);
		if (write(fd, &record, sizeof(record)) != sizeof(record) ||
		    fsync(fd))
			die("a record");
		printf("%llu\n", (unsigned long long)nr);
	}
}

/* Pieces that end within a page, at each of its places, as long as another process fsyncs. */
static void grow(const char *path, uint64_t nr)
{
	static struct record record[64];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	unsigned int some;
	pid_t pid;

	if (fd < 0)
		die(path);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		for (;;)
			if (fsync(fd))
				_exit(1);
	for (uint64_t at = 0; at < nr; at += some) {
		some = 1 + number() % 64;
		for (unsigned int i = 0; i < some; i++)
			compose_record(&record[i], at + i + 1);
		if (write(fd, record, some * sizeof(*record)) !=
		    (ssize_t)(some * sizeof(*record)))
			die("records");
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (fsync(fd))
		die("fsync");
}

static void look_for_records(const char *path, uint64_t last)
{
	struct record record, right;
	FILE *from = fopen(path, "r");

	if (!from || !last)
		die(path);
	for (uint64_t nr = 1; nr <= last; nr++) {
		compose_record(&right, nr);
		if (fread(&record, sizeof(record), 1, from) != 1)
			die("a record is not there");
		expect(!memcmp(&record, &right, sizeof(record)), "a record");
	}
	fclose(from);
}

/* --- errors ----------------------------------------------------------------------- */

static const char *result(int ret)
{
	return ret ? strerrorname_np(errno) : "0";
}

/* Each open file is told once. */
static void fails(const char *path, unsigned long mib, bool mapped)
{
	int fd = open(path, O_RDWR | O_CREAT, 0644), other = open(path, O_RDWR);
	char *data = malloc(mib * MIB);

	if (fd < 0 || other < 0 || !data)
		die(path);
	memset(data, 'd', mib * MIB);
	if (!mapped) {
		if (write(fd, data, mib * MIB) != (ssize_t)(mib * MIB))
			die("write");
	} else {
		if (ftruncate(fd, mib * MIB))
			die("ftruncate");
		data = mmap(NULL, mib * MIB, PROT_WRITE, MAP_SHARED, fd, 0);
		if (data == MAP_FAILED)
			die("mmap");
		memset(data, 'd', mib * MIB);
	}
	printf("fsync: %s,", result(fsync(fd)));
	printf(" %s;", result(fsync(fd)));
	printf(" the other: %s\n", result(fsync(other)));
}

/* --- a storm ---------------------------------------------------------------------- */

static void use_shared(const char *folder)
{
	char path[256], data[PAGE];
	int fd;

	snprintf(path, sizeof(path), "%s/shared", folder);
	fd = open(path, O_RDWR | O_CREAT, 0644);
	if (fd < 0)
		die(path);
	switch (number() % 4) {
	case 0:
		if (ftruncate(fd, number() % (64 * PAGE)))
			die("ftruncate");
		break;
	case 1:
		memset(data, 's', sizeof(data));
		if (pwrite(fd, data, sizeof(data), number() % (64 * PAGE)) < 0)
			die("pwrite");
		break;
	case 2:
		if (pread(fd, data, sizeof(data), number() % (64 * PAGE)) < 0)
			die("pread");
		break;
	case 3:
		/* None has it mapped: what another makes shorter would be SIGBUS. */
		if (unlink(path) && errno != ENOENT)
			die("unlink");
		break;
	}
	close(fd);
}

static void one_of_storm(const char *folder, unsigned int who, time_t until)
{
	char path[256], other[256];
	unsigned long page;

	snprintf(path, sizeof(path), "%s/own%u", folder, who);
	snprintf(other, sizeof(other), "%s/moved%u", folder, who);
	while (time(NULL) < until) {
		open_pages(path, 64 + number() % 512);
		for (unsigned int i = 0; i < 600; i++)
			access_page(number() % pages);
		if (rename(path, other))
			die("rename");
		if (!(number() % 3) && fsync(file))
			die("fsync");
		for (unsigned int i = 0; i < 20; i++)
			use_shared(folder);
		for (page = 0; page < pages; page++)
			if (number() % 2)
				read_page(page);
			else
				look_at(memory + page * WORDS, page,
					"a mapping");
		if (number() % 2 && unlink(other))
			die("unlink");
		close_pages();
	}
	if (wrong)
		printf("process %u: %lu pages are wrong\n", who, wrong);
	_exit(wrong > 0);
}

static void storm(const char *folder, unsigned int nr, unsigned int seconds)
{
	const time_t until = time(NULL) + seconds;
	int status;

	for (unsigned int i = 0; i < nr; i++) {
		state += 2 * i + 1;
		number();
		if (!fork())
			one_of_storm(folder, i, until);
	}
	while (nr--) {
		if (wait(&status) < 0)
			die("wait");
		expect(!status, "a process");
	}
}

static void stays(const char *path, const char *stream, unsigned long nr,
		  bool run)
{
	char buffer[16 * PAGE];
	unsigned char *there;
	unsigned long found = 0, page;
	volatile const uint64_t *at;
	struct stat st;
	int other;

	file = open(path, O_RDONLY);
	if (file < 0 || fstat(file, &st))
		die(path);
	pages = st.st_size / PAGE;
	memory = mmap(NULL, pages * PAGE, PROT_READ | (run ? PROT_EXEC : 0),
		      MAP_SHARED, file, 0);
	there = malloc(pages);
	if (memory == MAP_FAILED || !there)
		die("mmap");
	for (page = 0, at = memory; page < pages; page++, at += WORDS)
		(void)*at;
	while (nr--) {
		other = open(stream, O_RDONLY);
		if (other < 0)
			die(stream);
		while (read(other, buffer, sizeof(buffer)) > 0)
			;
		close(other);
	}
	if (mincore(memory, pages * PAGE, there))
		die("mincore");
	for (page = 0; page < pages; page++)
		found += there[page] & 1;
	printf("%lu of %lu pages are there\n", found, pages);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 5 && !strcmp(argv[1], "work"))
		work(argv[2], strtoul(argv[3], NULL, 10),
		     strtoul(argv[4], NULL, 10));
	else if (argc == 3 && !strcmp(argv[1], "edges"))
		edges(argv[2]);
	else if (argc == 3 && !strcmp(argv[1], "logs"))
		write_records(argv[2]);
	else if (argc == 4 && !strcmp(argv[1], "grow"))
		grow(argv[2], strtoull(argv[3], NULL, 10));
	else if (argc == 4 && !strcmp(argv[1], "records"))
		look_for_records(argv[2], strtoull(argv[3], NULL, 10));
	else if (argc >= 4 && !strcmp(argv[1], "fails"))
		fails(argv[2], strtoul(argv[3], NULL, 10), argc > 4);
	else if (argc == 6 && !strcmp(argv[1], "stays"))
		stays(argv[2], argv[3], strtoul(argv[4], NULL, 10),
		      !strcmp(argv[5], "run"));
	else if (argc == 5 && !strcmp(argv[1], "storm") &&
		 atoi(argv[3]) <= MOST_PROCESSES)
		storm(argv[2], atoi(argv[3]), atoi(argv[4]));
	else
		die("there is no such scenario");
	puts(wrong ? "not ok" : "ok");
	return wrong > 0;
}
