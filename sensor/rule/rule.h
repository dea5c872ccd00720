/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule: one rule of Suricata's language, read and checked, ready for the engine.
 *
 * A rule is a header (who talks to whom), tests on the packet and its flow, and sections: each
 * section names a buffer and holds the matches that must all hold inside it, in the order of
 * the text. A rule fires when everything holds at once; sections on transactions must hold in
 * the same transaction. All memory is the rule set's arena; nothing changes after loading.
 */
#ifndef GUAN_SENSOR_RULE_RULE_H
#define GUAN_SENSOR_RULE_RULE_H

#include "common/arena.h"
#include "sensor/proto/proto.h"

enum rule_action {
	RULE_ALERT,
	RULE_PASS,
	RULE_DROP,   /* alerts only: the sensor is not in line; said at load */
	RULE_REJECT, /* the same */
	RULE_CONFIG,
};

/*
 * What decides when a rule is looked at (Suricata's signature types, "Rule Types and
 * Categorization" in its documentation).
 */
enum rule_kind {
	RULE_KIND_IP_ONLY,       /* addresses only: first packet of each direction of a flow */
	RULE_KIND_DECODE_EVENT,  /* decode-event: packets with events */
	RULE_KIND_PROTO_ONLY,    /* app-layer-protocol: when the protocol becomes known */
	RULE_KIND_PACKET,        /* tests and payload of packets */
	RULE_KIND_STREAM,        /* raw stream, and packets without one */
	RULE_KIND_PACKET_STREAM, /* both: contents with offset or depth look at both */
	RULE_KIND_APP,           /* app protocol or app state, no transaction */
	RULE_KIND_TX,            /* sections on transactions */
};

struct match;
struct keyword;
struct buffer;
struct transform;

/* One keyword's test inside a list, in the order of the text. */
struct match {
	const struct keyword *keyword;
	const void *data; /* what parse() made of the arguments */
	struct match *next;
};

struct match_list {
	struct match *first;
	struct match *last;
	unsigned count;
};

/*
 * A buffer and what must hold in it. Payload (no sticky buffer) is a section too. A buffer with
 * several instances (is_multi) holds when one instance satisfies the whole section.
 */
struct rule_section {
	const struct buffer *buffer;
	/* Applied to the bytes first, in order, or NULL. Equal chains of a rule set are one
	 * pointer, so (buffer, transforms) is a key for caching. */
	const struct transform *transforms;
	struct match_list matches;
	uint8_t dirs;      /* DIR_BIT()s in which it is looked at */
	bool is_absent_ok; /* "absent": holds when the buffer is not there (see
			      inspect_absent()) */
	bool is_raw_only;  /* a payload section that needs packet bytes (offset, depth, tcp-pkt)
			    */
	struct rule_section *next;
};

struct addr_set; /* rule/address.h: prefixes and negations, compiled */
struct port_set; /* rule/port.h */

struct rule_reference {
	const char *system; /* "cve" */
	const char *id;
	struct rule_reference *next;
};

struct rule_metadata {
	const char *key;
	const char *value;
	struct rule_metadata *next;
};

/* The literal that makes the engine look at the rule at all. */
struct fast_pattern {
	const struct rule_section
	    *section;              /* NULL: the rule has none, and is looked at always */
	const struct match *match; /* the content it came from */
	struct span bytes;         /* the part given to the prefilter */
	bool is_nocase;
	bool is_only; /* fast_pattern:only, or the whole content without position: no second
			 look */
	uint16_t depth, offset; /* of the content it came from; 0xffff none: for groupings */
};

struct rule {
	uint32_t num; /* position in the rule set, from 0 */
	uint32_t sid, gid, rev;
	uint8_t action;   /* enum rule_action */
	uint8_t kind;     /* enum rule_kind */
	uint8_t priority; /* 1 highest */
	bool is_noalert;
	const char *msg;
	const char *class_name; /* "web-application-attack", or NULL */
	const char *class_text; /* "Web Application Attack": alert.category */
	struct rule_reference *references;
	struct rule_metadata *metadata;
	uint8_t target;   /* 0 none, 1 source, 2 destination */
	const char *text; /* the rule as written */
	const char *file;
	unsigned line;

	/* Header */
	uint32_t
	    layers; /* enum layer: all of LAYER_TCP ... that the protocol word allows; 0 any */
	uint8_t ip_proto;         /* for ip_proto-less words such as "sctp"; 0 any */
	uint8_t app_id;           /* enum proto_id the protocol word names, or PROTO_ID_NONE */
	bool is_app_exact;        /* that one alone, not its kin: http1 */
	bool is_bidirectional;    /* <> */
	bool is_tx_bidirectional; /* =>: sections of both directions of one transaction */
	bool is_packet_only;      /* tcp-pkt */
	bool is_stream_only;      /* tcp-stream */
	const struct addr_set *src, *dst; /* NULL any */
	const struct port_set *sport, *dport;

	/* flow keyword, compiled into bits the engine tests first */
	uint32_t flow_needs; /* enum rule_flow */
	uint8_t dirs;        /* DIR_BIT()s in which it can match at all */

	struct match_list packet;    /* header and flow tests: match_packet() */
	struct match_list tx;        /* tests on a transaction that are no buffer: match_tx() */
	struct match_list fire;      /* what happens when it fires: flowbits:set, tag, ... */
	struct match_list threshold; /* threshold, detection_filter: decided after all else */
	struct rule_section *sections; /* in the order of the text */
	struct fast_pattern fast;
	void *engine; /* detect/'s own */
};

enum rule_flow {
	RULE_FLOW_ESTABLISHED = 1 << 0,
	RULE_FLOW_NOT_ESTABLISHED = 1 << 1,
	RULE_FLOW_STATELESS = 1 << 2,
	RULE_FLOW_ONLY_STREAM = 1 << 3,
	RULE_FLOW_NO_STREAM = 1 << 4,
	RULE_FLOW_ONLY_FRAG = 1 << 5,
	RULE_FLOW_NO_FRAG = 1 << 6,
	RULE_FLOW_DIRECTION = 1 << 7, /* to_server or to_client was said: needs a flow */
};

#endif
