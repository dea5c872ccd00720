/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns: one message, taken apart.
 *
 * A message is kept as it came, with a table of where its records stand; names are put together
 * only when a rule or the record asks for one, so compression cannot make a message of 64 KiB
 * into megabytes. Reading is bounded by the message, DNS_JUMPS_MAX and DNS_NAME_MAX.
 *
 * Sources: RFC 1035, 2782 (SRV), 4255 (SSHFP), 6891 (OPT), 6895 (codes). Parts: dns_message.c
 * (bytes to records), dns.c (the row, transactions), dns_field.c (what rules see),
 * dns_record.c (EVE), dns_code.c (names of codes).
 */
#ifndef GUAN_SENSOR_PROTO_DNS_H
#define GUAN_SENSOR_PROTO_DNS_H

#include "common/cursor.h"
#include "sensor/proto/app.h"

#define DNS_HEADER_LEN 12
/* A name as text. RFC 1035 allows 253; what is longer is cut here and raises an event. */
#define DNS_NAME_MAX 1025
#define DNS_LABELS_MAX 255
#define DNS_JUMPS_MAX 255
/* Records kept of one message: a zone transfer's messages stay below. */
#define DNS_RECORDS_MAX 4096

enum dns_section {
	DNS_QUERIES,
	DNS_ANSWERS,
	DNS_AUTHORITIES,
	DNS_ADDITIONALS,
	DNS_SECTION_COUNT
};

enum dns_flag {
	DNS_QR = 0x8000,
	DNS_AA = 0x0400,
	DNS_TC = 0x0200,
	DNS_RD = 0x0100,
	DNS_RA = 0x0080,
	DNS_Z = 0x0040,
};

enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_NS = 2,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_SOA = 6,
	DNS_TYPE_NULL = 10,
	DNS_TYPE_PTR = 12,
	DNS_TYPE_MX = 15,
	DNS_TYPE_TXT = 16,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_SRV = 33,
	DNS_TYPE_DNAME = 39,
	DNS_TYPE_OPT = 41,
	DNS_TYPE_SSHFP = 44,
};

#define DNS_EVENTS(X)                                 \
	X(MALFORMED_DATA, "malformed_data")           \
	X(NOT_REQUEST, "not_request")                 \
	X(NOT_RESPONSE, "not_response")               \
	X(Z_FLAG_SET, "z_flag_set")                   \
	X(INVALID_OPCODE, "invalid_opcode")           \
	X(NAME_TOO_LONG, "name_too_long")             \
	X(INFINITE_LOOP, "infinite_loop")             \
	X(TOO_MANY_LABELS, "too_many_labels")         \
	X(INVALID_ADDITIONALS, "invalid_additionals") \
	X(INVALID_AUTHORITIES, "invalid_authorities")
enum dns_event {
#define X(id, name) DNS_EVENT_##id,
	DNS_EVENTS(X)
#undef X
	    DNS_EVENT_COUNT
};

/* Where a record stands in its message. A query has no ttl and no data. */
struct dns_rr {
	uint32_t name; /* offset */
	uint32_t data;
	uint32_t ttl;
	uint16_t data_len;
	uint16_t type;
	uint16_t class;
};

struct dns_header {
	uint16_t id, flags;
	uint16_t count[DNS_SECTION_COUNT];
};

static inline unsigned
dns_opcode(uint16_t flags)
{
	return flags >> 11 & 15;
}

/* A message with its records; what it points to is the caller's. */
struct dns_message {
	struct span bytes;
	struct dns_header header;
	struct dns_rr *records; /* by section, one behind the other */
	uint32_t first[DNS_SECTION_COUNT + 1];
};

struct dns_tx {
	struct tx tx;
	struct dns_message message;
	uint8_t dir;      /* of the message; the other direction of the tx stays empty */
	bool is_readable; /* else only events are here */
	uint32_t room;    /* of records */
	uint8_t *bytes;   /* message.bytes, owned */
};

struct dns_config {
	bool has_requests, has_responses;
	bool is_detailed, is_grouped;
	uint8_t version; /* of the EVE record: 2 or 3 */
	bool has_types;
	uint8_t types[65536 / 8]; /* bit set of record types to tell */
};

/* --- dns_message.c --- */

bool dns_header_read(struct span bytes, struct dns_header *ret);

/* How many records a message of that header and length can hold at most. */
uint32_t dns_records_most(const struct dns_header *header, size_t len);

/*
 * Takes the message apart into records (room for dns_records_most()). False: malformed before
 * the end of its answers. *ret_events: bits of enum dns_event, set also on success.
 */
bool dns_message_read(struct dns_message *message, struct span bytes, struct dns_rr *records,
    uint32_t room, uint64_t *ret_events);

/* Whether bytes begin like a message, as far as they go; is_strict: and nothing else does. */
enum proto_verdict dns_message_probe(struct span bytes, size_t whole_len, bool is_strict);

/*
 * The name at an offset as text without the last dot, into buf[DNS_NAME_MAX]; the length, or
 * -1. *ret_end (may be NULL) is the offset behind it, *ret_events gets bits of enum dns_event.
 */
ptrdiff_t dns_name_read(struct span message, uint32_t at, uint8_t *buf, uint32_t *ret_end,
    uint64_t *ret_events);

/* The name inside a record's data, where its type has one (CNAME, MX, ... and SOA's first). */
bool dns_data_name(const struct dns_rr *rr, uint32_t *ret_at);

static inline uint32_t
dns_count(const struct dns_message *message, enum dns_section section)
{
	return message->first[section + 1] - message->first[section];
}

static inline const struct dns_rr *
dns_record_at(const struct dns_message *message, enum dns_section section, uint32_t index)
{
	return index < dns_count(message, section)
		   ? &message->records[message->first[section] + index]
		   : NULL;
}

/* --- dns_code.c --- */

/* "AAAA", "NXDOMAIN"; NULL when the number has no name. */
const char *dns_type_name(uint16_t type);
const char *dns_rcode_name(unsigned rcode);
bool dns_type_find(struct span name, uint16_t *ret);
extern const struct field_name dns_type_names[];
extern const struct field_name dns_rcode_names[];

/* What rules see of a message; also where another protocol carries it, from a step of its own.
 */
#define DNS_GETTERS(X) \
	X(additionals) \
	X(answers) X(authorities) X(opcode) X(queries) X(rcode) X(response) X(rrtype)
#define X(name)                                                                       \
	bool dns_get_##name(const struct app *app, const struct tx *tx, enum dir dir, \
	    unsigned index, struct arena *scratch, struct field_value *ret);
DNS_GETTERS(X)
#undef X

/* clang-format off */
#define DNS_FIELDS(step) \
	{ "dns.additionals.rrname", "names of the additional records", \
	    "dns.additionals.rrname; content:\"ns.example.com\";", FIELD_MULTI, DIR_BOTH, step, \
	    NULL, NULL, NULL, dns_get_additionals, NULL }, \
	{ "dns.answers.rrname", "names of the answers", "dns.answers.rrname; \
	    content:\"www.example.com\";", FIELD_MULTI, DIR_BOTH, step, NULL, "dns.answer.name", \
	    NULL, dns_get_answers, NULL }, \
	{ "dns.authorities.rrname", "names of the authority records", "dns.authorities.rrname; \
	    content:\"example.com\";", FIELD_MULTI, DIR_BOTH, step, NULL, NULL, NULL, \
	    dns_get_authorities, NULL }, \
	{ "dns.opcode", "the opcode: 0 query, 4 notify, 5 update", "dns.opcode:4;", \
	    FIELD_UINT, DIR_BOTH, step, NULL, NULL, NULL, dns_get_opcode, NULL }, \
	{ "dns.queries.rrname", "names asked for, in requests and in answers", \
	    "dns.queries.rrname; content:\"www.example.com\";", FIELD_MULTI, DIR_BOTH, step, NULL, \
	    "dns.query.name", NULL, dns_get_queries, NULL }, \
	{ "dns.query", "names asked for, in requests", "dns.query; content:\"example\"; \
	    nocase;", FIELD_MULTI, DIR_BIT(DIR_TOSERVER), step, NULL, "dns_query", NULL, \
	    dns_get_queries, NULL }, \
	{ "dns.rcode", "the answer's code", "dns.rcode:3;", FIELD_ENUM, DIR_BOTH, step, NULL, \
	    NULL, dns_rcode_names, dns_get_rcode, NULL }, \
	{ "dns.response.rrname", "all names of an answer, also those in its data", \
	    "dns.response.rrname; content:\"example.com\";", FIELD_MULTI, DIR_BIT(DIR_TOCLIENT), \
	    step, NULL, NULL, NULL, dns_get_response, NULL }, \
	{ "dns.rrtype", "the type asked for", "dns.rrtype:16;", FIELD_ENUM, DIR_BOTH, step, \
	    NULL, NULL, dns_type_names, dns_get_rrtype, NULL, true }
/* clang-format on */

/* --- dns.c: for protocols that carry DNS --- */

/* Fills a transaction that its owner has made, of zeros, and drops what it holds. */
void dns_tx_take(struct app *app, struct dns_tx *dns, enum dir dir, struct span bytes,
    nsec_t ts);
void dns_tx_drop(struct app *app, struct dns_tx *dns);

/* dns_field.c, dns_record.c */
extern const struct field dns_fields[];
bool dns_record(const struct app *app, const struct tx *tx, struct json *json);
void *dns_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error);

#endif
