/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dataset: sets of values that buffers are looked up in (dataset, datarep).
 *
 * A set is known by its name. One that rules only read, from a file, belongs to its rule set
 * and is read again with it. One that a rule adds to or takes from lives as long as the
 * process, is shared by all workers behind a lock, and is capped in bytes (memcap): at the cap
 * nothing is added, counted. Adding allocates on the packet path, before the lock is taken; the
 * table's growing is under it.
 *
 * Files: a value a line; string base64, md5 and sha256 hexadecimal, addresses as text. With
 * reputation, a comma and a number behind it. A list (load) is read from where the rules are.
 * What is written (save; state: read at start too) lies in the data folder, and is moved there
 * whole.
 */
#ifndef GUAN_SENSOR_RULE_DATASET_H
#define GUAN_SENSOR_RULE_DATASET_H

#include "sensor/rule/parser.h"

#define DATASET_VALUE_MAX 65535

enum dataset_type {
	DATASET_NONE,
	DATASET_STRING,
	DATASET_MD5,
	DATASET_SHA256,
	DATASET_IPV4,
	DATASET_IP,
};

/* Of the list that is loaded. */
enum dataset_format {
	DATASET_CSV,
	DATASET_JSON,   /* an array of objects */
	DATASET_NDJSON, /* an object a line */
};

struct dataset;

/* What rules and configuration say of a set; empty spans: nothing. */
struct dataset_options {
	uint8_t type;   /* enum dataset_type */
	uint8_t format; /* enum dataset_format */
	struct span load, save, state;
	uint64_t memcap;                               /* bytes; 0: not said */
	struct span value_key, array_key, context_key; /* of JSON: dots between names */
	bool removes_key;                              /* value_key is left out of the note */
	bool is_dynamic, has_reputation;
};

/* The type of a name, or DATASET_NONE. */
enum dataset_type dataset_type_find(struct span name);

/*
 * The set of that name, made and loaded when new. What the rule leaves open comes from the
 * configuration (datasets.NAME). NULL: refused, reported.
 */
struct dataset *dataset_get(struct rule_parser *parser, struct span name,
    const struct dataset_options *options);

/* One option of dataset and datarep ("type string", "load file"). */
int dataset_option(struct rule_parser *parser, struct span word,
    struct dataset_options *options);

bool dataset_has(struct dataset *set, struct span value, uint16_t *ret_reputation);
/*
 * The same for a set of JSON, which no rule changes: the object that came with the value, as text; it lives as long as
 * the rule set.
 */
bool dataset_note(const struct dataset *set, struct span value, struct span *ret);
/* Whether it was added (it was not there); taken away (it was there). */
bool dataset_add(struct dataset *set, struct span value);
bool dataset_remove(struct dataset *set, struct span value);

/*
 * Writes every set that has a file to be written to; what fails is logged and counted. Any
 * thread; workers go on meanwhile.
 */
unsigned datasets_save(void);

/* Of the sets that rules change. */
struct dataset_counters {
	uint64_t sets, values, bytes;
	uint64_t shed; /* values not added, for want of room */
};
struct dataset_counters dataset_counters(void);

#endif
