/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of mymm lab share.
 *
 *	mymm_lab.c           lab list, start, check
 *	mymm_lab_text.c      a lab's document, Documentation/labs/NN-NAME.md, and its numbers
 *	mymm_lab_sheet.c     an answer sheet, read and graded
 *	mymm_lab_buddy.c     a model of the buddy system, and the labs about it
 *	mymm_lab_object.c    slab geometry, engines, malloc
 *	mymm_lab_zone.c      per-CPU lists, watermarks, nodes
 *	mymm_lab_process.c   VSS and RSS, overcommit, swap, the OOM killer
 *
 * A lab is a document and a model. The document has all words: theory, question, script, blanks
 * and reasons. The model is a function that draws the numbers of a student, and computes from
 * these what stands for a name in braces in the document, and the answers: those are the values
 * whose names are single letters. No model asks the module; that both agree is for a test to see
 * (qemu/tests/labs).
 */
#ifndef _MYMM_LAB_H
#define _MYMM_LAB_H

#include "mymm_bytes.h"
#include "mymm_cli.h"

#define LAB_VALUES 64
#define LAB_NAME_LEN 24

/**
 * struct lab_run - the numbers of a student
 * @state: of the random numbers
 * @value: what a name stands for: @text, or if that is NULL the number @n
 * @nr: how many
 */
struct lab_run {
	uint64_t state;
	struct {
		char name[LAB_NAME_LEN];
		char *text;
		int64_t n;
	} value[LAB_VALUES];
	size_t nr;
};

/* A number of the student's, from @least to @most. */
int64_t lab_draw(struct lab_run *run, int64_t least, int64_t most);
/* What {@name} stands for; the first returns @n. */
int64_t lab_set(struct lab_run *run, const char *name, int64_t n);
void lab_set_text(struct lab_run *run, const char *name, const char *fmt, ...)
	__printf(3, 4);
/* The number of that name; false if there is none. */
bool lab_get(const struct lab_run *run, const char *name, int64_t *n);
void lab_run_free(struct lab_run *run);

#define LAB_DOCUMENTS 14
enum lab_language { LAB_EN, LAB_ZH, LAB_LANGUAGES };

extern const char *const lab_documents[LAB_LANGUAGES][LAB_DOCUMENTS];
extern const char *const lab_library[1];

/**
 * struct lab - a lab
 * @number: from 1 on
 * @model: draws and computes
 */
struct lab {
	unsigned int number;
	void (*model)(struct lab_run *run);
};

const struct lab *lab_find(uint64_t number);
/* Its document. */
const char *lab_text(const struct lab *lab, enum lab_language language);
/* The numbers of @student; the caller frees @run. */
void lab_begin(struct lab_run *run, const struct lab *lab, const char *student);

/* --- mymm_lab_text.c --- */

/* The sections of a document, in their order. */
enum lab_section {
	LAB_THEORY,
	LAB_QUESTION,
	LAB_SCRIPT,
	LAB_BLANKS,
	LAB_REASONS
};

/* The title alone. */
void lab_title(struct bytes *to, const char *text);
/* A section with its heading, and what is in braces filled in; FAILED if a name has no value. */
int lab_section(struct bytes *to, const char *text, enum lab_section section,
		const struct lab_run *run);
/* The commands of the script. */
int lab_script(struct bytes *to, const char *text, const struct lab_run *run);

/**
 * struct lab_blank - an item of the list of blanks
 * @name: a letter
 * @unit: bytes of the unit that is asked for, or 1
 */
struct lab_blank {
	char name;
	uint64_t unit;
};

/* The next blank from @at on, which goes behind it; false if there is none. */
bool lab_next_blank(const char **at, struct lab_blank *blank);
/* Where the blanks of a document begin. */
const char *lab_blanks(const char *text);
/* Why @given is not the answer: what the document has for that number, or for any. */
int lab_reason(struct bytes *to, const char *text, char blank,
	       const int64_t *given, const struct lab_run *run);

/* --- mymm_lab_sheet.c --- */

/**
 * struct lab_answer - a blank of a sheet, graded
 * @blank: which
 * @given: what the student wrote, or NULL
 * @right: so
 * @expected: the answer
 * @reason: why it is not right, or empty
 */
struct lab_answer {
	struct lab_blank blank;
	char *given;
	bool right;
	int64_t expected;
	struct bytes reason;
};

#define LAB_BLANKS_MOST 26

/**
 * struct lab_sheet - an answer sheet, graded
 * @path: the file
 * @lab: of which lab; NULL: it is no sheet
 * @student: whose
 * @answer: its blanks
 * @nr: how many
 * @points: how many are right
 */
struct lab_sheet {
	char *path;
	const struct lab *lab;
	char *student;
	struct lab_answer answer[LAB_BLANKS_MOST];
	size_t nr;
	size_t points;
};

/* Fills a sheet of which the path is known. OK, also if answers are wrong; FAILED: no sheet. */
int lab_sheet_read(struct lab_sheet *sheet, enum lab_language language);
void lab_sheet_free(struct lab_sheet *sheet);
/* A student's name without blanks around it, which the caller frees; NULL: it is none. */
char *lab_student(const char *text);
/* The number that was written, in units; false if it is none. */
bool lab_number(const char *text, uint64_t unit, int64_t *n);

/* --- the models --- */
void lab_buddyinfo(struct lab_run *run);
void lab_split_merge(struct lab_run *run);
void lab_fragmentation(struct lab_run *run);
void lab_pageblocks(struct lab_run *run);
void lab_geometry(struct lab_run *run);
void lab_engines(struct lab_run *run);
void lab_pcp(struct lab_run *run);
void lab_watermarks(struct lab_run *run);
void lab_rss(struct lab_run *run);
void lab_overcommit(struct lab_run *run);
void lab_malloc(struct lab_run *run);
void lab_swap(struct lab_run *run);
void lab_oom(struct lab_run *run);
void lab_numa(struct lab_run *run);

#endif /* _MYMM_LAB_H */
