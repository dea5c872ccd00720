/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pgsql: PostgreSQL's protocol version 3.
 *
 * Everything a client sends between two answers of the server is one exchange, and a
 * transaction: the start of a session, a step of its authentication, a query with its rows, a
 * copy of data. What the record tells is kept piece by piece, in order, as small texts; rows
 * and copied data are only counted.
 *
 *   first message of a client:  length (4) | code or version (4) | ...
 *   any other:                  type (1) | length (4, with itself) | ...
 *
 * Sources: PostgreSQL documentation, chapter "Frontend/Backend Protocol". Parts: pgsql.c (the
 * row, framing), pgsql_message.c (what messages say), pgsql_record.c (what rules see, EVE).
 */
#ifndef GUAN_SENSOR_PROTO_PGSQL_H
#define GUAN_SENSOR_PROTO_PGSQL_H

#include "common/cursor.h"
#include "sensor/proto/app.h"

/* What a message may be to be read; of a longer one this much is. */
#define PGSQL_MESSAGE_MAX 65536
/* The texts kept of one transaction, and how many they are. */
#define PGSQL_TEXT_MAX 65536
#define PGSQL_PIECES_MAX 128
/* A parameter's name on the wire; as a key, with room for "_" before each large letter. */
#define PGSQL_KEY_MAX 63
#define PGSQL_KEY_TEXT 128
/* The length of any message over this is a lie. */
#define PGSQL_LENGTH_MAX (1u << 30)

#define PGSQL_EVENTS(X)                             \
	X(INVALID_LENGTH, "invalid_length")         \
	X(MALFORMED_REQUEST, "malformed_request")   \
	X(MALFORMED_RESPONSE, "malformed_response") \
	X(TOO_MANY_TRANSACTIONS, "too_many_transactions")
enum pgsql_event {
#define X(id, name) PGSQL_EVENT_##id,
	PGSQL_EVENTS(X)
#undef X
	    PGSQL_EVENT_COUNT
};

enum pgsql_progress {
	PGSQL_NONE,
	PGSQL_REQUEST,  /* of a client: it is whole */
	PGSQL_RESPONSE, /* of a server: it is whole */
};

enum pgsql_piece_kind {
	PGSQL_MEMBER,    /* "key": text */
	PGSQL_NUMBER,    /* "key": number */
	PGSQL_BOOL,      /* "key": true or false */
	PGSQL_PARAMETER, /* an object of one member, its key from the wire, in a list */
};

/* One member of the record; key is ours, or (PGSQL_PARAMETER) stands before the text. */
struct pgsql_piece {
	const char *key;
	uint8_t kind;
	uint32_t at, len, key_len;
	uint64_t number;
};

struct pgsql_side {
	struct pgsql_piece *pieces; /* owned */
	uint16_t count, room;
	struct proto_buf text;
};

struct pgsql_tx {
	struct tx tx;
	struct pgsql_side side[2]; /* by enum dir */
	bool has_request, has_query, is_startup;
	bool has_rows, has_copy_in, has_copy_out;
	uint64_t rows, row_bytes;
	uint64_t copy_in_count, copy_in_bytes, copy_out_count, copy_out_bytes;
};

struct pgsql_config {
	bool has_passwords;
};

/* How a client's next message with type 'p' is to be read. */
enum pgsql_auth {
	PGSQL_AUTH_PASSWORD,
	PGSQL_AUTH_SASL_FIRST,
	PGSQL_AUTH_SASL_NEXT,
};

struct pgsql_flow {
	bool has_started;   /* the untyped messages of the beginning are over */
	bool is_ready;      /* the server has said so: authentication is over */
	bool waits_for_ssl; /* one byte, S or N, answers */
	uint8_t auth;       /* enum pgsql_auth */
	uint64_t skip[2];   /* of a message whose rest says nothing */
};

/* --- pgsql_message.c --- */

/* Adds a member, where there is room. */
void pgsql_add(struct app *app, struct pgsql_side *side, const char *key, struct span text);
void pgsql_add_number(struct app *app, struct pgsql_side *side, const char *key,
    uint64_t number);
void pgsql_add_bool(struct app *app, struct pgsql_side *side, const char *key, bool value);

/* Text up to the NUL; false: there is none. */
bool pgsql_string(struct cursor *c, struct span *ret);

/* Reads the first message of a client behind its version. False: malformed. */
bool pgsql_startup_read(struct app *app, struct pgsql_tx *tx, uint32_t version,
    struct cursor c);

/* Reads a message of the client or of the server. False: malformed. */
bool pgsql_request_read(struct app *app, struct pgsql_tx *tx, uint8_t type, struct span body,
    uint64_t length);
bool pgsql_response_read(struct app *app, struct pgsql_tx *tx, uint8_t type, struct span body,
    uint64_t length);

/* pgsql_record.c */
extern const struct field pgsql_fields[];
bool pgsql_record(const struct app *app, const struct tx *tx, struct json *json);
void *pgsql_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error);

#endif
