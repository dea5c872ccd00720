/* SPDX-License-Identifier: Apache-2.0 */
/* threshold_args: "type limit, track by_src, count 1, seconds 60" of rules and
 * threshold.config. */
#ifndef GUAN_SENSOR_RULE_KEYWORD_THRESHOLD_ARGS_H
#define GUAN_SENSOR_RULE_KEYWORD_THRESHOLD_ARGS_H

#include "sensor/rule/args.h"
#include "sensor/rule/threshold_data.h"

/* What was given; the caller says what must be. */
enum threshold_given {
	THRESHOLD_GIVEN_TYPE = 1 << 0,
	THRESHOLD_GIVEN_TRACK = 1 << 1,
	THRESHOLD_GIVEN_COUNT = 1 << 2,
	THRESHOLD_GIVEN_SECONDS = 1 << 3,
	THRESHOLD_GIVEN_MULTIPLIER = 1 << 4,
	THRESHOLD_GIVEN_NEW_ACTION = 1 << 5,
	THRESHOLD_GIVEN_TIMEOUT = 1 << 6,
	THRESHOLD_GIVEN_IP = 1 << 7,
	THRESHOLD_GIVEN_GEN = 1 << 8,
	THRESHOLD_GIVEN_SIG = 1 << 9,
};

struct threshold_args {
	struct threshold_data data;
	unsigned given; /* enum threshold_given */
	uint32_t gen_id, sig_id;
	struct span ip; /* suppress */
};

/* Reads the list; on a mistake *ret_at points at it and the reason is returned, else NULL. */
const char *threshold_args_parse(struct span args, struct threshold_args *ret,
    const void **ret_at);

#endif
