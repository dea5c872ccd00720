/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ldap: LDAP version 3 over TCP and UDP.
 *
 * A request opens a transaction, the responses with its message number belong to it, and the
 * last of them ends it. What has no request (notices of the server, flows picked up late) is a
 * transaction of its own. Messages are kept as they came, up to a cap; what rules or the record
 * ask for is read again from there.
 *
 *   LDAPMessage ::= SEQUENCE { messageID, protocolOp [APPLICATION n], [0] controls }
 *
 * Source: RFC 4511. Parts: ldap.c (the row, transactions), ldap_message.c (one message),
 * ldap_field.c (what rules see), ldap_record.c (EVE), ldap_code.c (names of numbers).
 */
#ifndef GUAN_SENSOR_PROTO_LDAP_H
#define GUAN_SENSOR_PROTO_LDAP_H

#include "sensor/proto/app.h"
#include "sensor/proto/der.h"

/* What a message may be to be read as a whole; of a longer one only the kind is told. */
#define LDAP_MESSAGE_MAX 65536
/* Responses of one request that are told apart, and the bytes of them that are kept. */
#define LDAP_RESPONSES_MAX 256
#define LDAP_RESPONSE_BYTES_MAX (256u << 10)
/* Attributes that rules look at in one transaction and direction. */
#define LDAP_ATTRIBUTES_MAX 512

#define LDAP_EVENTS(X)                                    \
	X(TOO_MANY_TRANSACTIONS, "too_many_transactions") \
	X(INVALID_DATA, "invalid_data")                   \
	X(REQUEST_NOT_FOUND, "request_not_found")         \
	X(INCOMPLETE_DATA, "incomplete_data")             \
	X(TOO_MANY_RESPONSES, "too_many_responses")
enum ldap_event {
#define X(id, name) LDAP_EVENT_##id,
	LDAP_EVENTS(X)
#undef X
	    LDAP_EVENT_COUNT
};

/* RFC 4511 section 4.2 and following: the numbers are those of the tags. */
enum ldap_op {
	LDAP_BIND_REQUEST = 0,
	LDAP_BIND_RESPONSE = 1,
	LDAP_UNBIND_REQUEST = 2,
	LDAP_SEARCH_REQUEST = 3,
	LDAP_SEARCH_RESULT_ENTRY = 4,
	LDAP_SEARCH_RESULT_DONE = 5,
	LDAP_MODIFY_REQUEST = 6,
	LDAP_MODIFY_RESPONSE = 7,
	LDAP_ADD_REQUEST = 8,
	LDAP_ADD_RESPONSE = 9,
	LDAP_DEL_REQUEST = 10,
	LDAP_DEL_RESPONSE = 11,
	LDAP_MOD_DN_REQUEST = 12,
	LDAP_MOD_DN_RESPONSE = 13,
	LDAP_COMPARE_REQUEST = 14,
	LDAP_COMPARE_RESPONSE = 15,
	LDAP_ABANDON_REQUEST = 16,
	LDAP_SEARCH_RESULT_REFERENCE = 19,
	LDAP_EXTENDED_REQUEST = 23,
	LDAP_EXTENDED_RESPONSE = 24,
	LDAP_INTERMEDIATE_RESPONSE = 25,
};

/* One message: its number and kind, and where the rest of it stands. */
struct ldap_message {
	int64_t id;
	uint8_t op;           /* enum ldap_op */
	struct span body;     /* of the operation; cut where the message was */
	struct span controls; /* inside of [0]; p NULL: none */
};

/* What most responses begin with. */
struct ldap_result {
	int64_t code;
	struct span matched_dn, message;
	struct cursor rest; /* what an operation adds */
};

/* Where a response stands in the kept bytes; len 0: it was not kept. */
struct ldap_response {
	uint32_t at, len;
	uint8_t op;
};

struct ldap_tx {
	struct tx tx;
	bool has_request;
	uint8_t op; /* of the request */
	int64_t id;
	uint32_t response_count;
	uint32_t response_room;
	struct ldap_response *responses; /* owned */
	struct proto_buf request, bytes; /* of the request; of all responses */
};

/* --- ldap_message.c --- */

/* Reads what is there of a message; its end may be missing. False: not one. */
bool ldap_message_read(struct span bytes, struct ldap_message *ret);

/* Whether bytes begin like a message whose whole length is at most the one given (0: any). */
enum proto_verdict ldap_message_probe(struct span bytes, uint64_t whole, uint8_t *ret_op);

bool ldap_op_is_known(uint8_t op);
bool ldap_op_is_request(uint8_t op);
/* Whether nothing more answers the request behind it. */
bool ldap_op_is_last(uint8_t op);

bool ldap_result_read(const struct ldap_message *m, struct ldap_result *ret);

/* The distinguished name that an operation is about; false where it has none. */
bool ldap_dn(const struct ldap_message *m, struct span *ret);

/*
 * A walk over the attributes of an operation: types alone (searches), types with values. With
 * each step type is the next one and values holds its values, if it has some.
 */
struct ldap_walk {
	struct cursor c;
	uint8_t op;
	bool is_over;
	uint8_t change; /* of a modify request: add, delete, replace, increment */
	struct span type;
	struct cursor values; /* OCTET STRINGs */
};
struct ldap_walk ldap_walk_begin(const struct ldap_message *m);
bool ldap_walk_next(struct ldap_walk *w);

/* --- For fields, records and keywords --- */

bool ldap_request(const struct tx *tx, struct ldap_message *ret);
unsigned ldap_response_count(const struct tx *tx);
/* The index-th response; only its op is told when it was not kept (then false). */
bool ldap_response(const struct tx *tx, unsigned index, struct ldap_message *ret);
/* Its result code; false where it has none. */
bool ldap_response_code(const struct tx *tx, unsigned index, int64_t *ret);

/* ldap_code.c; ended by name NULL */
extern const struct field_name ldap_op_names[];
extern const struct field_name ldap_code_names[];
const char *ldap_name(const struct field_name *names, uint64_t value); /* or NULL */

/* ldap_field.c, ldap_record.c */
extern const struct field ldap_fields[];
bool ldap_record(const struct app *app, const struct tx *tx, struct json *json);

#endif
