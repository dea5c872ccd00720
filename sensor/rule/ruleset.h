/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ruleset: all rules of a configuration, read, checked, and what was refused and why.
 *
 * A rule that cannot be honoured is refused by file, line, column and reason, and counted; the
 * rest load. A rule set lives in one arena and ends whole.
 */
#ifndef GUAN_SENSOR_RULE_RULESET_H
#define GUAN_SENSOR_RULE_RULESET_H

#include "sensor/rule/rule.h"

struct rule_refusal {
	const char *file;
	unsigned line, column;
	uint32_t sid;        /* 0 when it was not read that far */
	const char *keyword; /* that it failed at; "" for the header */
	const char *reason;
	bool is_warning; /* loaded all the same (drop alerts only, ...) */
	struct rule_refusal *next;
};

struct ruleset_options {
	const char *const *files; /* globs allowed, relative to dir */
	size_t file_count;
	const char *dir;      /* default-rule-path */
	const char *data_dir; /* where data sets are written; NULL: beside the rule's file */
	struct span text;     /* rules read from memory, after the files; may be empty */
	const struct conf_node
	    *vars; /* vars.address-groups, vars.port-groups; NULL: built-in */
	const char *classification_file; /* NULL: the built-in short names */
	const char *reference_file;
	const char *threshold_file;
	const struct conf_node *root; /* the whole configuration, may be NULL */
};

struct ruleset {
	struct arena *arena;
	struct rule **rules; /* by num */
	uint32_t count;
	uint32_t refused, skipped; /* skipped: requires not met, commented actions */
	struct rule_refusal *refusals;
	uint64_t content_hash; /* of all rule texts and variables */
	unsigned file_needs; /* what rules ask of files: enum proto_file_need */
	const char *dir;
	struct cleanup *cleanups;
};

/* Calls fn when the set ends: for what a library allocated (compiled expressions). */
void ruleset_at_end(struct ruleset *set, void (*fn)(void *arg), void *arg);

/* NULL with *ret_error (to be freed) only when a file cannot be read or variables are wrong. */
struct ruleset *ruleset_load(const struct ruleset_options *options, char **ret_error);
void ruleset_free(struct ruleset *set);

/* Prints the refusals, and their sum by keyword, to standard error. */
void ruleset_report(const struct ruleset *set, bool is_verbose);

#endif
