/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sip: the Session Initiation Protocol, a message a transaction.
 *
 * Requests and answers are not paired: over UDP both ends send both, answers come several to a
 * request, and rules look at messages. The start line and the headers of a message are kept as
 * they came, with a table of where those stand that rules can ask for; of its body only a
 * session description is kept.
 *
 * Sources: RFC 3261 sections 7, 18.3, 20. Parts: sip.c (the row, framing), sip_message.c (one
 * message), sip_field.c (what rules see, EVE), sdp.c (the body).
 */
#ifndef GUAN_SENSOR_PROTO_SIP_H
#define GUAN_SENSOR_PROTO_SIP_H

#include "sensor/proto/app.h"

/* Start line and headers. A message over it is none: real ones stay below 4 KiB. */
#define SIP_HEAD_MAX 16384
#define SIP_METHOD_MAX 32
#define SIP_SDP_MAX 16384
/* Headers of those names that are kept; Via grows by one with each proxy passed. */
#define SIP_HEADERS_MAX 48

#define SIP_EVENTS(X)                         \
	X(INCOMPLETE_DATA, "incomplete_data") \
	X(INVALID_DATA, "invalid_data")
enum sip_event {
#define X(id, name) SIP_EVENT_##id,
	SIP_EVENTS(X)
#undef X
	    SIP_EVENT_COUNT
};

enum sip_name {
	SIP_FROM,
	SIP_TO,
	SIP_VIA,
	SIP_USER_AGENT,
	SIP_CONTENT_TYPE,
	SIP_CONTENT_LENGTH,
	SIP_NAME_COUNT
};

/* A piece of the kept text. */
struct sip_piece {
	uint16_t at, len;
};

struct sip_header {
	struct sip_piece value;
	uint8_t name; /* enum sip_name */
};

enum sip_kind {
	SIP_NONE, /* not a message: only events are here */
	SIP_REQUEST,
	SIP_RESPONSE,
};

struct sip_tx {
	struct tx tx;
	uint8_t dir;
	uint8_t kind; /* enum sip_kind */
	bool has_sdp; /* Content-Type says so */
	uint8_t header_count;
	struct sip_piece line;    /* without its end */
	struct sip_piece part[3]; /* method, URI, version; or version, code, reason */
	struct sip_header headers[SIP_HEADERS_MAX];
	struct proto_buf text;
	struct proto_buf body; /* of the session description */
};

/* --- sip_message.c --- */

/* Whether bytes begin like a message; PROTO_MORE while the first line may still become one. */
enum proto_verdict sip_line_probe(struct span bytes, bool *ret_is_response);

/*
 * Where the head of a message ends (behind its empty line), or 0: not yet. *scanned remembers
 * how far an earlier look came; 0 at first.
 */
size_t sip_head_end(struct span bytes, size_t *scanned);

/* Takes tx->text apart. False: not a message. */
bool sip_head_read(struct sip_tx *tx);

/* The body's length as the head tells it. False: it lies, or is no number. */
bool sip_body_length(const struct sip_tx *tx, uint64_t *ret);

static inline struct span
sip_span(const struct sip_tx *tx, struct sip_piece piece)
{
	return span_sub(proto_buf_span(&tx->text), piece.at, piece.len);
}

/* The index-th header of that name. */
bool sip_header_get(const struct sip_tx *tx, enum sip_name name, unsigned index,
    struct span *ret);

/* sip_field.c */
extern const struct field sip_fields[];
bool sip_record(const struct app *app, const struct tx *tx, struct json *json);

#endif
