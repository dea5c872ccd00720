/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jt808: JT/T 808, vehicle terminals and their platforms, editions 2011, 2013 and 2019.
 *
 *   7E | header | body | XOR | 7E      7E is sent as 7D 02 and 7D as 7D 01 between the delimiters
 *
 *   header  id u16 | properties u16 | [2019: version u8] | phone BCD[6 or 10] | serial u16
 *           | [sub-packet: total u16, index u16]
 *   properties  bits 0-9 body length, 10-12 encryption, 13 sub-packet, 14 edition 2019
 *
 * The message id says who speaks, whoever opened the connection: 0x8000 and above is the platform.
 */
#ifndef GUAN_SENSOR_PROTO_JT808_H
#define GUAN_SENSOR_PROTO_JT808_H

#include "sensor/proto/proto.h"

/* Body 1023, the longest header 21, check: what an unescaped frame can hold. */
#define JT808_FRAME_MAX 1100

enum jt808_op {
	JT808_OP_READ,
	JT808_OP_WRITE,
	JT808_OP_CONTROL,
	JT808_OP_FIRMWARE,
	JT808_OP_CONFIG,
	JT808_OP_AUTH,
	JT808_OP_FILE,
	JT808_OP_REPORT, /* what a terminal tells by itself */
};

struct jt808_header {
	uint16_t id, properties, serial;
	uint16_t part_total, part_index; /* 0: whole */
	uint8_t version;  /* 2019: its protocol version; else 0 */
	bool is_2019;
	uint8_t encryption; /* bits 10 to 12 */
	char phone[21];     /* digits, leading zeros dropped (one stays) */
	struct span body;   /* inside the unescaped frame */
};

/*
 * Reads an unescaped frame without its delimiters, check included. False: not one of ours
 * (length, check or digits are wrong).
 */
bool jt808_header_read(struct span frame, struct jt808_header *ret);

/*
 * Unescapes what stands between two delimiters into out. The length, or 0 when it does not
 * fit; *ret_is_bad tells of an escape that is none.
 */
size_t jt808_unescape(struct span raw, uint8_t out[JT808_FRAME_MAX], bool *ret_is_bad);

/* Name of a message, or NULL; what kind of operation it is. */
const char *jt808_message_name(uint16_t id);
enum jt808_op jt808_message_op(uint16_t id);

#endif
