/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_REGISTRY_MODEL_H
#define GUAN_COLLECTOR_REGISTRY_MODEL_H

/*
 * model: what registry files say, before it is believed. Private to this folder.
 *
 * The readers (read_yaml.c, read_csv.c) fill it, check.c judges it, apply.c writes it. Every
 * item knows file and line, so each complaint can name its place. One arena holds it all.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "collector/registry/division.h"
#include "collector/registry/import.h"
#include "collector/registry/prefix.h"
#include "collector/registry/terms.h"
#include "collector/store/db.h"
#include "common/arena.h"

struct place {
	const char *file;
	unsigned line;
};

struct role {
	struct role *next;
	struct place at;
	const char *role;
	const char *title;
};

struct organisation {
	struct organisation *next;
	struct place at;
	const char *code, *name, *name_en, *kind, *division, *uscc, *parent;
	bool is_admin_organ;
	bool is_central_organ_unit;
	struct role *roles;
	int64_t row; /* in the store, once written */
};

struct class
{
	struct class *next;
	struct place at;
	const char *class, *name, *name_en;
};

struct zone {
	struct zone *next;
	struct place at;
	const char *code, *name, *kind;
};

struct network {
	struct network *next;
	struct place at;
	const struct facility *facility; /* NULL: from the store */
	const char *facility_code;
	const char *zone;
	const char *prefix_text;
	struct prefix prefix;
	int vlan; /* -1: any */
	const char *within;
	bool is_broken; /* complained about already */
};

struct server_name {
	struct server_name *next;
	struct place at;
	const char *facility_code;
	const char *zone;
	const char *name;
};

struct function {
	struct function *next;
	const char *name;
	bool is_main;
};

struct facility {
	struct facility *next;
	struct place at;
	const char *code, *name, *name_en, *alias, *level, *operated_by, *supervisor,
	    *assisting;
	const char *identification, *identified_by, *identified_on;
	const char *mlps_filing;
	int mlps_level;     /* 0: not said */
	int64_t population; /* -1: not said */
	char class[8];
	char division[7];
	struct role *roles;
	struct function *functions;
	struct network *networks;
	struct server_name *names;
};

struct model {
	struct arena *arena;
	struct db *db;
	const struct division *divisions;
	const struct terms *terms;
	FILE *messages;
	struct import_result *result;
	const char *file; /* being read */
	struct organisation *organisations;
	struct class *classes;
	struct zone *zones;
	struct facility *facilities;
	bool is_out_of_memory;
	int store_failure; /* the first failure of the store, 0: none */
};

/* Complaints: "FILE:LINE: ...". A warning begins with "warning: ". */
void model_error(struct model *m, struct place at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void model_warning(struct model *m, struct place at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* From the arena, zeroed; on failure says so in is_out_of_memory and gives NULL. */
void *model_alloc(struct model *m, size_t size);
const char *model_copy(struct model *m, const char *text);

/* Appends to a list whose items begin with their next pointer. */
void model_append(void *list, void *item);

/* Whether the store has a row; a failing store is noted in store_failure. */
bool model_in_store(struct model *m, const char *sql, const char *code);

void read_yaml(struct model *m, const char *path);
void read_csv(struct model *m, const char *path);
void check_model(struct model *m);
int apply_model(struct model *m, const char *who);

#endif
