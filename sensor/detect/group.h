/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group: which rules are worth a look for a packet, a stream, a transaction; what the files
 * group*.c and literal_set.c share. What they make stands in engine.h.
 *
 * Payload literals are split by transport, direction and server port. A port gets a group of
 * its own when enough rules are for little else; the rest share one. Groups with equal literals
 * and rules share a database. Splitting further was measured not to pay: small databases are no
 * faster, and each is memory and compile time.
 *
 * Reading order: group_build() in group.c, then group_packet.c and group_tx.c; literal_set.c
 * holds what both find rules by.
 *
 * Functions return 0 or -ENOMEM, or <0 with *ret_error where they take one. A group that was
 * begun is the engine's even then: group_done() gives it back.
 */
#ifndef GUAN_SENSOR_DETECT_GROUP_H
#define GUAN_SENSOR_DETECT_GROUP_H

#include "sensor/detect/engine.h"

/* --- group.c --- */

/* What can be told of a plan quickly; ports are those of the server's side, NULL any. */
struct plain plain_of(const struct plan *plan, uint32_t order, const struct port_set *ports);
int plain_list_add(struct plain_list *list, struct plain plain);

/* --- group_packet.c, group_tx.c --- */

int group_packet_build(struct detect_engine *engine, enum packet_class class, enum dir dir,
    const char *cache_dir, char **ret_error);
void group_packet_done(struct packet_groups *groups);

/* Both directions of a protocol; a direction without rules gets no group. */
int group_tx_build(struct detect_engine *engine, enum proto_id id, const char *cache_dir,
    char **ret_error);
void group_tx_done(struct tx_group *group);

/* --- literal_set.c --- */

/* A set being filled: open, add, finish (makes its databases), and close in any case. */
struct literal_target {
	struct mpm_builder *literals;
	struct tiny_literal *tiny;
	size_t tiny_count, tiny_cap;
	struct literal_set *set;
	bool takes_placed;
};

int literal_target_open(struct literal_target *target, struct literal_set *set,
    bool takes_placed);
int literal_target_add(struct literal_target *target, const struct fast_pattern *fast,
    struct plain plain);
int literal_target_finish(struct detect_engine *engine, struct literal_target *target,
    const char *cache_dir, char **ret_error);
void literal_target_close(struct literal_target *target);
void literal_set_done(struct literal_set *set);

/* Whether a rule is looked for by a literal at all, and by one in a buffer of headers. */
bool literal_rule_has(const struct detect_engine *engine, const struct rule *rule);
bool literal_is_in_headers(const struct detect_engine *engine, const struct plan *plan);

/* The literal by which a rule is found in payload; without a section when there is none. */
struct fast_pattern literal_for_payload(const struct detect_engine *engine,
    const struct rule *rule);

#endif
