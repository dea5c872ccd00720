/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_INGEST_RECORD_H
#define GUAN_COLLECTOR_INGEST_RECORD_H

/*
 * record: one EVE JSON line, read.
 *
 * Only what the collector decides by is taken out; the line itself is stored as it came. The
 * texts belong to the record and end with record_done().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/workflow/case.h"
#include "common/span.h"

#define RECORD_BYTES_MAX (1u << 20)

struct record {
	void *json; /* jansson's tree, which owns the texts */
	const char *type;
	int64_t ts;    /* microseconds */
	bool is_ahead; /* of our clock, see record_hold_clock() */
	bool has_flow_id;
	int64_t flow_id;
	const char *id;      /* guan.id, or NULL */
	const char *zone;    /* guan.zone, or NULL */
	const char *version; /* guan.version: the sensor program's, or NULL */
	struct case_address src;
	struct case_address dest;
	int src_port; /* -1: none */
	int dest_port;
	int vlan; /* outermost, -1: none */
	const char *proto;
	const char *app_proto;
	const char *names[4]; /* server names: TLS SNI, HTTP host, DNS query */
	bool server_is_src;   /* the record is about the answer of the server */

	bool is_alert; /* the rest is set then only */
	int64_t gid;
	int64_t sid;
	int64_t rev;
	const char *signature;
	const char *category;
	const char *category_key;
	int severity; /* 1 to 4 */
	const char *action;
	struct case_address target; /* the end the rule calls the target, or none */
};

/*
 * Reads a line. 0, or -EINVAL with a reason in words for the dead letter; -ENOMEM. Numbers
 * that are out of any range a sensor writes are refused, so that nothing odd enters the store.
 */
int record_read(struct span line, struct record *ret_record, char *reason, size_t reason_size);

/*
 * A broken or hostile clock: what claims to come from more than ten minutes after now gets now,
 * the moment of its arrival, as its time. It would stand first in every list for years.
 */
void record_hold_clock(struct record *record, int64_t now);

void record_done(struct record *record);

#endif
