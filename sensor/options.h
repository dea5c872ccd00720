/* SPDX-License-Identifier: Apache-2.0 */
/* options: guan-sensor's command line. */
#ifndef GUAN_SENSOR_OPTIONS_H
#define GUAN_SENSOR_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* Exit codes of the program. */
enum exit_code {
	EXIT_OK = 0,
	EXIT_RUNTIME = 1,
	EXIT_USAGE = 2,
	EXIT_CONFIG = 3, /* invalid configuration or rules, under -T */
};

enum options_action {
	ACTION_RUN,
	ACTION_TEST, /* -T */
	ACTION_HELP,
	ACTION_VERSION,
	ACTION_BUILD_INFO,
	ACTION_LIST_KEYWORDS,
	ACTION_LIST_PROTOCOLS,
};

#define OPTIONS_SETS_MAX 256
#define OPTIONS_RULES_MAX 64

struct options {
	enum options_action action;
	const char *capture_path;                   /* -r */
	const char *interface;                      /* -i */
	const char *rules_only[OPTIONS_RULES_MAX];  /* -S: exactly these */
	const char *rules_extra[OPTIONS_RULES_MAX]; /* -s: besides the configuration's */
	size_t rules_only_count, rules_extra_count;
	const char *log_dir;                /* -l */
	const char *config_path;            /* -c */
	const char *checksums;              /* -k none|all */
	const char *sets[OPTIONS_SETS_MAX]; /* --set key=value */
	size_t set_count;
	unsigned workers; /* 0: by mode */
	const char *zone;
	const char *sensor_id;
	const char *redis, *redis_password_file;
	bool move_to_now;    /* --time now */
	bool wait_for_redis; /* --drain */
	bool no_supervisor;
	bool no_prefilter;   /* for comparing: every rule is looked at everywhere */
	bool split_segments; /* --split: TCP payload a byte at a time, for tests */
	bool csv;            /* --list-keywords=csv */
	unsigned verbosity;
	char *filter; /* trailing words, joined; heap */
};

/* 0, or -1 with the mistake told on standard error. */
int options_parse(struct options *options, int argc, char **argv);
void options_done(struct options *options);
void options_usage(void);

#endif
