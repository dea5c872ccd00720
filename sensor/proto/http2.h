/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http2: HTTP/2 in the clear (RFC 9113), from its first bytes or behind an upgrade.
 *
 * A stream is a transaction. So is each frame that is of the whole connection (stream 0): it is
 * complete at once, but kept until the other direction has spoken, because rules look at it
 * from both sides. Rules see an exchange by the names that HTTP/1 has (http.*), and frames by
 * http2.*.
 *
 * DNS over it (RFC 8484) makes the flow one of "doh2": the same flow, pools and structures,
 * whose transactions carry DNS messages too.
 *
 * Parts: http2.c (the rows, feeding, frames), http2_stream.c (transactions, headers, bodies),
 * http2_doh.c (DNS inside), http2_field.c (what rules see), http2_record.c (EVE).
 */
#ifndef GUAN_SENSOR_PROTO_HTTP2_H
#define GUAN_SENSOR_PROTO_HTTP2_H

#include "common/cursor.h"
#include "sensor/proto/dns.h"
#include "sensor/proto/file.h"
#include "sensor/proto/hpack.h"
#include "sensor/proto/inflate.h"

#define HTTP2_MAGIC "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define HTTP2_FRAME_HEADER_LEN 9
/* Frames other than DATA are looked at whole; peers allow 16 KiB unless they say otherwise. */
#define HTTP2_FRAME_MAX 32768
/* Header blocks over CONTINUATION frames. */
#define HTTP2_BLOCK_MAX 65536
/* Of one message: decoded text, headers, and what its frames said. */
#define HTTP2_TEXT_MAX (256u << 10)
#define HTTP2_HEADERS_MAX 1024
#define HTTP2_NOTES_MAX 512
/* Complete transactions that wait for the other direction. */
#define HTTP2_LINGER_MAX 64

enum http2_frame_type {
	HTTP2_DATA,
	HTTP2_HEADERS,
	HTTP2_PRIORITY,
	HTTP2_RST_STREAM,
	HTTP2_SETTINGS,
	HTTP2_PUSH_PROMISE,
	HTTP2_PING,
	HTTP2_GOAWAY,
	HTTP2_WINDOW_UPDATE,
	HTTP2_CONTINUATION,
};

enum http2_frame_flag {
	HTTP2_END_STREAM = 0x01,
	HTTP2_END_HEADERS = 0x04,
	HTTP2_PADDED = 0x08,
	HTTP2_HAS_PRIORITY = 0x20,
};

enum http2_progress {
	HTTP2_P_NONE,
	HTTP2_P_OPEN,    /* a frame has been seen */
	HTTP2_P_HEADERS, /* all headers of a block */
	HTTP2_P_BODY,
	HTTP2_P_DONE,
};

#define HTTP2_EVENTS(X)                                         \
	X(INVALID_FRAME_HEADER, "invalid_frame_header")         \
	X(INVALID_CLIENT_MAGIC, "invalid_client_magic")         \
	X(INVALID_FRAME_DATA, "invalid_frame_data")             \
	X(INVALID_HEADER, "invalid_header")                     \
	X(INVALID_FRAME_LENGTH, "invalid_frame_length")         \
	X(EXTRA_HEADER_DATA, "extra_header_data")               \
	X(LONG_FRAME_DATA, "long_frame_data")                   \
	X(STREAM_ID_REUSE, "stream_id_reuse")                   \
	X(INVALID_HTTP1_SETTINGS, "invalid_http1_settings")     \
	X(FAILED_DECOMPRESSION, "failed_decompression")         \
	X(INVALID_RANGE, "invalid_range")                       \
	X(HEADER_INTEGER_OVERFLOW, "header_integer_overflow")   \
	X(TOO_MANY_STREAMS, "too_many_streams")                 \
	X(AUTHORITY_HOST_MISMATCH, "authority_host_mismatch")   \
	X(USERINFO_IN_URI, "userinfo_in_uri")                   \
	X(REASSEMBLY_LIMIT_REACHED, "reassembly_limit_reached") \
	X(DNS_REQUEST_TOO_LONG, "dns_request_too_long")         \
	X(DNS_RESPONSE_TOO_LONG, "dns_response_too_long")       \
	X(DATA_STREAM_ZERO, "data_stream_zero")                 \
	X(TOO_MANY_FRAMES, "too_many_frames")                   \
	X(COMPRESSION_BOMB, "compression_bomb")
enum http2_event {
#define X(id, name) HTTP2_EVENT_##id,
	HTTP2_EVENTS(X)
#undef X
	    HTTP2_EVENT_COUNT
};

/* A number that a frame said. */
enum http2_note_kind {
	HTTP2_NOTE_SETTING,
	HTTP2_NOTE_ERROR,
	HTTP2_NOTE_PRIORITY,
	HTTP2_NOTE_WINDOW,
	HTTP2_NOTE_SIZE_UPDATE,
};

struct http2_note {
	uint8_t kind; /* enum http2_note_kind */
	uint16_t id;  /* of a setting */
	uint32_t value;
};

/* Places in the message's text. A change of the table's size stands among the headers too. */
struct http2_header {
	uint32_t name, name_len, value, value_len;
	bool is_size_update; /* value: the size */
};

struct http2_message {
	uint32_t frame_types; /* bit per type; bit 31: another one */
	struct proto_buf text;
	struct proto_buf headers; /* of struct http2_header */
	struct proto_buf notes;   /* of struct http2_note */
	bool has_headers;         /* a block has been read */
	bool is_encoding_known;
	struct inflate *inflate;
	struct file *file;
	bool is_dns; /* its body is a DNS message */
	struct proto_buf dns_bytes;
	struct dns_tx *dns; /* read */
};

struct http2_tx {
	struct tx tx;
	uint32_t stream;
	bool is_global;
	bool is_mimic; /* the request was HTTP/1's, before the upgrade */
	uint8_t dir;   /* of a global one's frame */
	struct http2_message message[2];
};

struct http2_side {
	bool is_lost;       /* a gap hides where frames begin */
	bool has_magic;     /* of the client */
	uint32_t skip;      /* of a frame that is not looked at */
	uint32_t data_left; /* of a DATA frame */
	uint32_t data_pad;  /* behind that */
	uint32_t data_stream;
	bool data_ends;   /* the stream, with this frame */
	bool is_in_block; /* HEADERS without END_HEADERS */
	bool block_ends;  /* the stream, with the block */
	uint32_t block_stream;
	struct proto_buf block;
	struct hpack hpack;
	uint32_t last_stream; /* the highest that this side has opened */
};

struct http2_flow {
	struct http2_side side[2];
	struct http2_tx *last; /* the one found last; a hint */
	unsigned lingering;
};

struct http2_config {
	struct body_options body;
	struct inflate_options inflate;
};

/* What one call of parse() works on. */
struct http2_feed {
	struct app *app;
	struct http2_flow *flow;
	struct http2_side *side;
	enum dir dir;
	nsec_t ts;
};

struct http2_frame {
	uint8_t type, flags;
	uint32_t stream;
	struct span payload;
};

static inline const struct http2_config *
http2_config(const struct app *app)
{
	return app->worker->options->config[PROTO_ID_http2];
}

/* --- http2_stream.c --- */

/* The transaction of a frame, made when missing; NULL: no memory. */
struct http2_tx *http2_tx_of(struct http2_feed *feed, const struct http2_frame *frame,
    uint32_t stream);
struct http2_tx *http2_tx_find(struct http2_feed *feed, uint32_t stream);
struct http2_tx *http2_tx_add(struct http2_feed *feed, uint32_t stream);

/* A frame of the connection, or of a stream that is no more: complete at once. */
void http2_tx_complete(struct http2_feed *feed, struct http2_tx *tx);

void http2_note(struct http2_feed *feed, struct http2_tx *tx, enum http2_note_kind kind,
    uint16_t id, uint32_t value);
void http2_block_read(struct http2_feed *feed, struct http2_tx *tx, struct span block);
void http2_header_put(struct http2_feed *feed, struct http2_tx *tx, struct span name,
    struct span value);
void http2_headers_done(struct http2_feed *feed, struct http2_tx *tx);
void http2_body_push(struct http2_feed *feed, struct http2_tx *tx, struct span bytes);
void http2_body_gap(struct http2_feed *feed, struct http2_tx *tx, uint64_t bytes);
/* This side of the stream has ended. */
void http2_side_end(struct http2_feed *feed, struct http2_tx *tx);
void http2_tx_free(struct app *app, struct tx *tx);

bool http2_header_at(const struct http2_message *message, unsigned index,
    struct http2_header *ret);
static inline struct span
http2_header_name(const struct http2_message *message, const struct http2_header *header)
{
	return span_sub(proto_buf_span(&message->text), header->name, header->name_len);
}
static inline struct span
http2_header_value(const struct http2_message *message, const struct http2_header *header)
{
	return span_sub(proto_buf_span(&message->text), header->value, header->value_len);
}
/* The first header of that name (in lower case, as HTTP/2 demands). */
bool http2_header_find(const struct http2_message *message, const char *name, struct span *ret);
/* The index-th note of a kind. */
bool http2_note_at(const struct http2_message *message, enum http2_note_kind kind,
    unsigned index, struct http2_note *ret);

/* --- http2.c --- */

/* The settings of a payload, or of the HTTP2-Settings header of an upgrade. False: cut. */
bool http2_settings_read(struct http2_feed *feed, struct http2_tx *tx, struct span payload);

/* Puts a header of an HTTP/1 request into the seed of a flow that changes to HTTP/2. */
bool http2_seed_add(struct proto_worker *worker, struct proto_buf *seed, struct span name,
    struct span value);

/* --- http2_doh.c --- */

/* After headers: whether it is DNS, also in the address of a GET. */
void http2_doh_headers(struct http2_feed *feed, struct http2_tx *tx);
void http2_doh_push(struct http2_feed *feed, struct http2_tx *tx, struct span bytes);
void http2_doh_end(struct http2_feed *feed, struct http2_tx *tx);
void http2_doh_free(struct app *app, struct http2_message *message);
/* The message of a direction, or NULL. */
const struct dns_tx *http2_dns_tx(const struct tx *tx, enum dir dir);
/* The answer, or the request, that a transaction carries; or NULL. */
const struct tx *http2_doh_tx(const struct tx *tx);

/* --- http2_field.c, http2_record.c --- */

extern const struct field http2_fields[], doh2_fields[];
extern const struct field_name http2_setting_names[];
bool http2_record(const struct app *app, const struct tx *tx, struct json *json);

#endif
