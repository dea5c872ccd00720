/* SPDX-License-Identifier: Apache-2.0 */
/* dataset_private: what a data set is, for the files that read and write it. */
#ifndef GUAN_SENSOR_RULE_DATASET_PRIVATE_H
#define GUAN_SENSOR_RULE_DATASET_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "sensor/rule/dataset.h"
#include "sensor/rule/value_set.h"

struct dataset {
	char *name;
	uint8_t type;
	uint8_t format; /* enum dataset_format of its list */
	bool is_dynamic, has_reputation;
	pthread_rwlock_t lock; /* dynamic sets only */
	struct value_set values;
	_Atomic uint64_t shed; /* not added: no room */
	char *save;            /* where it is written; NULL: nowhere */
	struct dataset *next;
};

/* What an address that is kept as 16 bytes begins with when it is one of IPv4. */
#define DATASET_MAPPED_LEN 12

/*
 * The form in which a value of the type is kept: IPv4 in a set of both as its mapped address,
 * in buf. False: no value of the type.
 */
bool dataset_value_form(const struct dataset *set, struct span value, uint8_t buf[16],
    struct span *ret);

/*
 * The value that a text in a file means, in buf, of at least DATASET_VALUE_MAX bytes, and not
 * yet in the form in which it is kept.
 */
bool dataset_value_read(const struct dataset *set, struct span text, uint8_t *buf,
    struct span *ret);

/* Opens what is to be a file; 0, or what rule_error() gives. */
int dataset_file_open(struct rule_parser *parser, const char *path, FILE **ret_file);

/* Reads a file into a set that nobody else knows yet: a value a line, or JSON. */
int dataset_file_read(struct rule_parser *parser, struct dataset *set, const char *path);
int dataset_json_read(struct rule_parser *parser, struct dataset *set, const char *path,
    const struct dataset_options *options);

/* Writes the set beside path, and moves it there whole. -errno. */
int dataset_file_write(struct dataset *set, const char *path);

#endif
