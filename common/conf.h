/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf: YAML files as a tree that remembers where each value stood.
 *
 * Used for the sensor's configuration (suricata.yaml's shape), the law's data files and the
 * registry. A node is a scalar, a list or a map. Every node carries file, line and column, so
 * that whoever reads a value can say where it was wrong and what was expected. Files are
 * limited: CONF_DEPTH levels, CONF_NODES nodes; aliases are resolved, and count.
 *
 * A tree lives in one arena and ends whole with conf_free(). Not thread-safe while changing.
 */
#ifndef GUAN_COMMON_CONF_H
#define GUAN_COMMON_CONF_H

#include "common/span.h"

#define CONF_DEPTH 64
#define CONF_NODES 2000000

enum conf_kind {
	CONF_SCALAR,
	CONF_LIST,
	CONF_MAP,
};

struct conf_node {
	enum conf_kind kind;
	const char *key;   /* inside a map, else NULL */
	const char *value; /* scalar text, NUL-terminated, never NULL for a scalar */
	bool is_quoted;    /* "yes" in quotes is a text, not a boolean */
	const char *file;
	unsigned line; /* from 1 */
	unsigned column;
	struct conf_node *first; /* children of a list or map, in order */
	struct conf_node *last;
	struct conf_node *next;
	unsigned count; /* of children */
};

struct conf;

/*
 * Reads a file (or text, named name in messages). The root of an empty file is an empty map.
 * On failure NULL, and *ret_error is a sentence with file, line and column, to be freed.
 */
struct conf *conf_read_file(const char *path, char **ret_error);
struct conf *conf_read_text(const char *name, struct span text, char **ret_error);

/* An empty tree, for settings that come by conf_set() alone. */
struct conf *conf_new(void);
void conf_free(struct conf *conf);

const struct conf_node *conf_root(const struct conf *conf);

/*
 * The node at a dotted path; a list element by its number from 0 ("outputs.1.eve-log.types"),
 * and a list of one-key maps also by that key ("outputs.eve-log"). NULL when absent.
 * Keys that hold dots are matched too ("app-layer.protocols" as one key).
 */
const struct conf_node *conf_get(const struct conf_node *from, const char *path);

/* The child of a map by its exact key. */
const struct conf_node *conf_child(const struct conf_node *map, const char *key);

/*
 * Sets a dotted path as --set does, making what is missing. -EINVAL when a scalar stands in
 * the way or the path is malformed, -ENOMEM.
 */
int conf_set(struct conf *conf, const char *path, const char *value);

/* Typed reading. Absent (node NULL): the default, true. Malformed: false, *ret untouched. */
bool conf_bool(const struct conf_node *node, bool fallback,
    bool *ret); /* yes/no true/false on/off 1/0 */
bool conf_uint(const struct conf_node *node, uint64_t fallback, uint64_t *ret);
bool conf_size(const struct conf_node *node, uint64_t fallback,
    uint64_t *ret); /* 64mb, 1 GiB, 512 */
bool conf_duration(const struct conf_node *node, uint64_t fallback_ns,
    uint64_t *ret_ns); /* 10s, 5m, 30 */
const char *conf_text(const struct conf_node *node, const char *fallback);

/* "file:line:column", into a static-free buffer of the caller. */
const char *conf_where(const struct conf_node *node, char *buf, size_t size);

#endif
