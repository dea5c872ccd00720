/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buffer: everything a rule's contents can be looked for in.
 *
 * The table is made at start from three sources: the payload itself, buffers of the packet's
 * headers (tcp.hdr, ...: rows of PACKET_BUFFERS), and the fields of all protocols (proto.h),
 * where fields of equal name are one buffer ("file.data" of several protocols).
 */
#ifndef GUAN_SENSOR_RULE_BUFFER_H
#define GUAN_SENSOR_RULE_BUFFER_H

#include "sensor/proto/proto.h"

enum buffer_scope {
	BUFFER_PAYLOAD, /* packet payload and raw stream */
	BUFFER_PACKET,  /* made from the packet's headers */
	BUFFER_TX,      /* of a transaction */
};

struct buffer {
	const char *name;
	const char *help;
	uint16_t id;   /* dense, from 0: index of the engine's tables */
	uint8_t scope; /* enum buffer_scope */
	uint8_t kind;  /* enum field_kind, BUFFER_TX: FIELD_UINT and FIELD_ENUM hold no bytes */
	uint8_t dirs;  /* DIR_BIT()s in which it exists, over all protocols */
	const char *example;
	const char *alias;    /* older sticky name, or NULL */
	const char *modifier; /* legacy content modifier, or NULL */
	bool is_multi, is_stream;
	uint32_t needs; /* enum layer, BUFFER_PACKET */
	bool (*get_packet)(const struct packet *packet, struct span *ret);
	const struct field
	    *fields[PROTO_ID_COUNT]; /* BUFFER_TX; NULL where a protocol has none */
};

void buffer_table_init(void); /* once, at start; before any rule is read */
unsigned buffer_count(void);
const struct buffer *buffer_get(unsigned id);
const struct buffer *buffer_payload(void);

/* By sticky-buffer name or its alias ("tls_sni"); NULL. */
const struct buffer *buffer_find(struct span name);

/* By legacy content modifier ("http_uri"); NULL. */
const struct buffer *buffer_find_modifier(struct span name);

#endif
