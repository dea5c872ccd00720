/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_WORKFLOW_LAW_H
#define GUAN_COLLECTOR_WORKFLOW_LAW_H

/*
 * law: the rule data under rules/law, read once and then only looked at.
 *
 * Deadlines, grading thresholds, categories and report items are data with a source, a
 * degree of confidence and days of effect. What the program knows by name is only the
 * vocabulary: which conditions, facts, grades and clock kinds exist. A file that uses a
 * word outside the vocabulary is refused with its line, since a row nobody evaluates would
 * be a duty nobody sees.
 *
 * The structs are read directly; everything belongs to the struct law and ends with it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* By gravity, so that grades compare as numbers. */
enum grade {
	GRADE_NONE,
	GRADE_GENERAL,            /* 一般 */
	GRADE_RELATIVELY_MAJOR,   /* 较大 */
	GRADE_MAJOR,              /* 重大 */
	GRADE_PARTICULARLY_MAJOR, /* 特别重大 */
	GRADES,
};

/* NULL for GRADE_NONE, so that it can be bound as NULL. */
const char *grade_name(enum grade grade);
/* GRADE_NONE when text is NULL or no grade. */
enum grade grade_from_text(const char *text);

enum condition {
	CONDITION_CII = 1 << 0,
	CONDITION_NOT_CII = 1 << 1,
	CONDITION_CENTRAL = 1 << 2,
	CONDITION_NOT_CENTRAL = 1 << 3,
	CONDITION_CRIME = 1 << 4,
	CONDITION_PROVIDER = 1 << 5,
};

/* What sets a clock going; the names in edges.yaml explain them. */
enum clock_kind {
	CLOCK_DISCOVERY,
	CLOCK_RECEIPT,
	CLOCK_CONFIRMED,
	CLOCK_RESPONDING,
	CLOCK_DISPOSAL_ENDED,
	CLOCK_KINDS,
};
const char *clock_kind_name(enum clock_kind kind);

#define LAW_PARTIES 8

struct law_edge {
	const char *id;
	bool is_enabled;
	unsigned conditions; /* all of enum condition that must hold */
	unsigned grades;     /* 1 << enum grade */
	const char *from;
	const char *to[LAW_PARTIES]; /* empty when same_as is used */
	size_t n_to;
	const char *same_as[LAW_PARTIES];
	size_t n_same_as;
	int64_t limit_s; /* -1: promptly, no number */
	enum clock_kind clock;
	const char
	    *receipt_of; /* CLOCK_RECEIPT: edge and recipient whose submission starts it */
	const char *receipt_to;
	const char *report; /* kind of report */
	bool is_internal;
	bool is_verified;
	const char *confidence;
	const char *source_note;
	const char *effective_from; /* YYYY-MM-DD, compared as text */
	const char *effective_to;   /* exclusive; NULL: open */
};

enum fact_kind {
	FACT_NUMBER,
	FACT_WORD,
};

/* The facts the grading rows may speak of. */
struct fact {
	const char *name;
	enum fact_kind kind;
	int64_t max;          /* FACT_NUMBER */
	const char *words[4]; /* FACT_WORD: allowed values, NULL-ended */
};
extern const struct fact facts[];
extern const size_t n_facts;
const struct fact *fact_find(const char *name);

struct law_grading {
	const char *row; /* G1 to G8 */
	const char *label_zh;
	const char *label_en;
	const struct fact *fact;
	enum grade grade;
	int64_t number;   /* threshold of a FACT_NUMBER */
	const char *word; /* of a FACT_WORD */
	const char *unit;
	bool needs_cii;
	const char *portal_level; /* must be that; NULL: any */
	bool is_verified;
	const char *confidence;
	const char *source_note;
	const char *effective_from;
	const char *effective_to;
};

struct law_grade {
	enum grade grade;
	const char *name_en;
};

struct law_category {
	const char *key; /* 01 or 0101 */
	const char *name_zh;
	const char *name_en;
	const char *std_code; /* NULL until read from the standard */
	const char *opens;    /* incident, hazard, alert */
};

enum report_kind {
	REPORT_INITIAL,    /* 初报 */
	REPORT_FOLLOW_UP,  /* 续报 */
	REPORT_FINAL,      /* 终报 */
	REPORT_CORRECTION, /* 更正 */
	REPORT_KINDS,
};
const char *report_kind_name(enum report_kind kind);
/* -1 when text is no kind. */
int report_kind_from_text(const char *text);

enum prefill {
	PREFILL_NONE,
	PREFILL_OPERATOR_NAME,
	PREFILL_FACILITY_BASICS,
	PREFILL_DISCOVERED_AT,
	PREFILL_PLACE,
	PREFILL_CATEGORY,
	PREFILL_GRADE,
	PREFILL_CLUES,
};

#define LAW_CATEGORIES_PER_ITEM 8

struct law_item {
	const char *key;
	unsigned kinds;        /* 1 << enum report_kind */
	unsigned required_for; /* likewise */
	int item;
	const char *label_zh;
	const char *label_en;
	enum prefill prefill;
	const char *categories[LAW_CATEGORIES_PER_ITEM]; /* none: every category */
	size_t n_categories;
};

/* A file as loaded, for the record of what was in force. */
struct law_file {
	const char *name;
	const char *version;
	char hash[65]; /* SHA-256, hex */
};

#define LAW_ALARMS 8

struct law {
	struct law_edge *edges;
	size_t n_edges;
	int alarms[LAW_ALARMS]; /* percent, growing; the last is 100 */
	size_t n_alarms;
	int due_soon_percent;
	struct law_grading *grading;
	size_t n_grading;
	struct law_grade grades[GRADES]; /* gravest first */
	size_t n_grades;
	struct law_category *categories;
	size_t n_categories;
	struct law_item *items;
	size_t n_items;
	struct law_file files[4];
	struct law_private *private; /* memory behind the texts */
};

/*
 * Reads edges.yaml, grading.yaml, categories.yaml and report-items.yaml from folder. NULL
 * and a sentence in *ret_error (to be freed) naming file, line and mistake. The caller owns
 * the result: law_free().
 */
struct law *law_load(const char *folder, char **ret_error);
void law_free(struct law *law);

/* NULL when there is no such key. */
const struct law_category *law_category(const struct law *law, const char *key);

/* The day of a moment in Asia/Shanghai, YYYY-MM-DD: the law's days are Beijing days. */
void law_day(int64_t at_us, char out[11]);

/* Whether a row with these days is in force at a moment. */
bool law_in_force(const char *from, const char *to, int64_t at_us);

#endif
