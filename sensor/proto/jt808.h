/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jt808: JT/T 808, vehicle terminals and their platforms, editions 2011, 2013 and 2019.
 *
 *   7E | header | body | XOR | 7E      between: 7E is sent as 7D 02, 7D as 7D 01
 *
 *   header  id u16 | properties u16 | [2019: version u8] | phone BCD[6 or 10] | serial u16
 *           | [sub-packet: total u16, index u16]
 *   properties  bits 0-9 body length, 10-12 encryption, 13 sub-packet, 14 edition 2019
 *
 * The message id says who speaks, whoever opened the connection: the platform's are 0x8000
 * and above.
 *
 * Sources: JT/T 808-2011, -2013 and -2019 as public implementations read them. Parts:
 * jt808_frame.c (bytes to header), jt808_message.c (the messages there are), jt808_body.c
 * (what each says), jt808.c (the row, transactions), jt808_field.c (what rules see),
 * jt808_record.c (EVE).
 */
#ifndef GUAN_SENSOR_PROTO_JT808_H
#define GUAN_SENSOR_PROTO_JT808_H

#include "sensor/proto/app.h"

#define JT808_DELIMITER 0x7e

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
	uint8_t version;                 /* 2019: its protocol version; else 0 */
	bool is_2019;
	uint8_t encryption; /* bits 10 to 12 */
	char phone[21];     /* digits, leading zeros dropped (one stays) */
	struct span body;   /* inside the unescaped frame */
};

#define JT808_EVENTS(X)                       \
	X(INVALID_ESCAPE, "invalid_escape")   \
	X(INVALID_FRAME, "invalid_frame")     \
	X(OVERSIZED_FRAME, "oversized_frame") \
	X(TRUNCATED_BODY, "truncated_body")   \
	X(BAD_TEXT, "bad_text")
enum jt808_event {
#define X(id, name) JT808_EVENT_##id,
	JT808_EVENTS(X)
#undef X
};

struct jt808_param {
	uint32_t id;
	uint16_t at; /* in the body */
	uint8_t len;
};

struct jt808_text {
	uint16_t at, len; /* in texts[] */
};

struct jt808_location {
	uint32_t alarm, status, lat, lon;
	uint16_t altitude, speed, course;
	bool is_set;
};

#define JT808_PARAMS_MAX 32
#define JT808_TEXT_MAX 768

/* One message. Its direction on the wire is dir; the other direction of the tx stays empty. */
struct jt808_tx {
	struct tx tx;
	struct jt808_header header;
	uint8_t dir;
	bool has_result, has_command, is_location_skipped;
	uint8_t result, firmware_type;
	bool has_firmware_type;
	char command[4]; /* the word of 8105, decimal */
	struct jt808_text auth_code, plate, terminal_id, imei, server, url, text,
	    firmware_version;
	struct jt808_location location;
	struct jt808_param params[JT808_PARAMS_MAX];
	uint16_t param_count;
	uint16_t texts_len;
	uint16_t body_len;
	uint8_t body[1024];
	char texts[JT808_TEXT_MAX];
};

static inline struct span
jt808_text(const struct jt808_tx *m, struct jt808_text t)
{
	return span_of(m->texts + t.at, t.len);
}

/* --- jt808_frame.c --- */

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

/* --- jt808_message.c --- */

/* Name of a message, or NULL; what kind of operation it is. */
const char *jt808_message_name(uint16_t id);
enum jt808_op jt808_message_op(uint16_t id);

/* The same for a message whose body was read: a command in it may say more than its id. */
enum jt808_op jt808_op_of(const struct jt808_tx *m);
extern const struct field_name jt808_op_names[]; /* in the order of enum jt808_op */

/* --- jt808_body.c --- */

/* Reads body[] into the other members; raises events on the transaction. */
void jt808_body_read(struct jt808_tx *m);

/* jt808_field.c, jt808_record.c */
extern const struct field jt808_fields[];
bool jt808_record(const struct app *app, const struct tx *tx, struct json *json);

#endif
