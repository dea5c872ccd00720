/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http: HTTP/1, as what clients and servers really send and evaders hope we cannot read.
 *
 * The parts, in the order bytes meet them: http_parse.c (requests and responses as two state
 * machines over a flow), http_line.c (first lines and header blocks out of bytes),
 * http_header.c (the table of a message's headers), http_uri.c (addresses, normalised),
 * http_body.c (encodings off, bytes to windows and files), http_multipart.c (forms),
 * http_field.c (what rules see), http_record.c (EVE), http_config.c, http.c (the row).
 *
 * The reference for what is tolerated is Suricata's libhtp: where the RFC would refuse, we read
 * what a browser or a server would and raise an event. Nothing here is included by other
 * folders.
 */
#ifndef GUAN_SENSOR_PROTO_HTTP_H
#define GUAN_SENSOR_PROTO_HTTP_H

#include "sensor/proto/app.h"
#include "sensor/proto/file.h"
#include "sensor/proto/http_event.h"
#include "sensor/proto/inflate.h"

/* A first line or one header with its folds: what real servers take at most, and libhtp's
 * limit. */
#define HTTP_FIELD_MAX 18000
/* Headers of a message; what a message's first line and headers may take in all. */
#define HTTP_HEADERS_MAX 1024
#define HTTP_TEXT_MAX (256u << 10)
/* How often headers of one message may repeat others. */
#define HTTP_REPEATS_MAX 64
#define HTTP_BOUNDARY_MAX 200

enum http_progress {
	HTTP_NONE,
	HTTP_LINE,    /* the first line is there */
	HTTP_HEADERS, /* all headers are */
	HTTP_BODY,    /* the body has begun */
	HTTP_DONE,
};

enum http_method {
	HTTP_METHOD_UNKNOWN, /* none of the names we know */
	HTTP_METHOD_GET,
	HTTP_METHOD_HEAD,
	HTTP_METHOD_POST,
	HTTP_METHOD_PUT,
	HTTP_METHOD_CONNECT,
	HTTP_METHOD_OTHER, /* a known one that changes nothing for us */
};

enum http_version {
	HTTP_VERSION_INVALID,
	HTTP_VERSION_0_9,
	HTTP_VERSION_1_0,
	HTTP_VERSION_1_1,
};

/* A place in a message's text; the text moves as it grows. */
struct http_ref {
	uint32_t off, len;
	bool is_set;
};

struct http_header {
	struct http_ref name, value;
	uint32_t name_hash; /* without regard to case */
	bool is_repeated;
};

struct http_message {
	bool carries_file;     /* its body is a file, begun with its first byte */
	struct proto_buf text; /* the bytes of all http_refs */
	struct proto_buf raw;  /* the header block as it came */
	struct http_header *headers;
	uint16_t count, room;
	uint16_t repeats;
	struct http_ref line, protocol;
	uint8_t version; /* enum http_version */
	struct body body;
	struct file *file; /* the body as a file; NULL: it is none, or of no byte yet */
	struct inflate *inflate;
	uint64_t wire_bytes;   /* of the body, as sent */
	uint64_t entity_bytes; /* decoded */
	bool is_undecodable;   /* a gap ended the decoding */
	bool is_cut_short;     /* the connection ended before the body did */
};

struct http_multipart; /* http_multipart.c */

struct http_tx {
	struct tx tx;
	struct http_message message[2]; /* by enum dir */
	struct http_ref method, uri;
	struct proto_buf uri_norm; /* path, query, fragment */
	struct proto_buf host;     /* lower case, without port */
	struct http_ref host_raw;
	uint32_t path_len; /* of uri_norm */
	uint32_t port;     /* named by the request, 0: none */
	uint8_t method_id; /* enum http_method */
	struct http_ref status_text, status_message;
	uint16_t status; /* 0: no valid one */
	bool is_0_9;
	bool is_request_seen;
	bool is_response_begun;
	bool has_100;
	struct http_multipart *multipart;
};

enum http_state_id {
	HTTP_S_IDLE,
	HTTP_S_LINE,
	HTTP_S_PROTOCOL, /* no protocol in the line: HTTP/0.9, or only sloppy? */
	HTTP_S_HEADERS,
	HTTP_S_MAYBE,  /* an answer that should have no body announces one */
	HTTP_S_LENGTH, /* body of known length */
	HTTP_S_CLOSE,  /* body until the connection closes */
	HTTP_S_CHUNK_LENGTH,
	HTTP_S_CHUNK,
	HTTP_S_CHUNK_END,
	HTTP_S_TRAILER,
	HTTP_S_TAIL,    /* behind the last announced byte of a body */
	HTTP_S_CONNECT, /* waits for the answer */
	HTTP_S_IGNORE,  /* nothing of interest comes any more */
};

struct http_side {
	uint8_t state;      /* enum http_state_id */
	bool is_lost;       /* a gap hides where the next message begins */
	uint32_t count;     /* messages begun */
	uint64_t left;      /* of a body or chunk */
	struct http_tx *tx; /* NULL also when it had to go before its end */
};

struct http_flow {
	struct http_side side[2];
};

enum http_dump {
	HTTP_DUMP_NONE = 0,
	HTTP_DUMP_REQUEST = 1,
	HTTP_DUMP_RESPONSE = 2,
	HTTP_DUMP_BOTH = 3,
};

#define HTTP_CUSTOM_MAX 64

struct http_config {
	struct body_options body[2]; /* by enum dir */
	struct inflate_options inflate;
	uint32_t max_layers; /* of content encoding */
	uint32_t max_lzma_layers;
	bool double_decode_path, double_decode_query;
	bool uri_include_all;
	bool plusspace_decode;
	uint32_t field_limit;
	uint32_t headers_limit;
	/* EVE */
	bool is_extended;
	uint8_t dump; /* enum http_dump */
	const char *custom[HTTP_CUSTOM_MAX];
	unsigned custom_count;
};

static inline const struct http_config *
http_config(const struct app *app)
{
	return app->worker->options->config[app->proto->id];
}

static inline struct span
http_text(const struct http_message *message, struct http_ref ref)
{
	return ref.is_set ? span_of(message->text.p + ref.off, ref.len) : SPAN_NONE;
}

/* http_config.c */
void *http_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error);

/* --- http_parse.c: the two state machines' common part --- */

/* What one call of parse() works on. */
struct http_feed {
	struct app *app;
	struct http_flow *flow;
	struct http_side *side; /* of this direction */
	enum dir dir;
	struct span rest; /* not consumed yet */
	bool is_last;     /* nothing comes behind rest */
	nsec_t ts;
};

enum http_step {
	HTTP_STEP_GO,   /* something moved: step again */
	HTTP_STEP_WAIT, /* for more bytes, or for the other side */
	HTTP_STEP_BROKEN,
};

ptrdiff_t http_parse(struct app *app, const struct proto_input *in);

/* http_request.c, http_response.c: IDLE, LINE and what follows the headers. */
enum http_step http_request_step(struct http_feed *feed);
enum http_step http_request_headers_done(struct http_feed *feed);
enum http_step http_response_step(struct http_feed *feed);
enum http_step http_response_headers_done(struct http_feed *feed);

/* Whether bytes begin as a status line may: white space and NULs, then "http". 1, 0, -1: more.
 */
int http_looks_like_status(struct span bytes);

void http_consume(struct http_feed *feed, size_t bytes);
/* The message of this side is complete. */
void http_message_done(struct app *app, struct http_side *side, enum dir dir, nsec_t ts);
/* A span inside the line that ref names, as a ref. */
struct http_ref http_ref_in(struct http_ref ref, struct span line, struct span part);
/* Body bytes from here on; HTTP_BODY progress. */
void http_body_enter(struct http_feed *feed, enum http_state_id state, uint64_t left);

/* --- http_line.c: bytes to pieces. Nothing here keeps state. --- */

/* Where a first line ends. */
enum http_need {
	HTTP_FOUND,
	HTTP_NEEDS_MORE,
	HTTP_ABSENT,
};

struct http_request_line {
	struct span method, uri, protocol;
	bool has_leading_space, is_method_delim_odd, is_uri_delim_odd;
};

struct http_status_line {
	struct span protocol, status, message;
};

struct http_request_line http_request_line(struct span line);
struct http_status_line http_status_line(struct span line);
enum http_version http_version(struct span protocol);
enum http_method http_method(struct span method);
bool http_is_method_start(struct span bytes, bool *ret_more);

enum http_header_flag {
	HTTP_HEADER_NO_COLON = 1 << 0,
	HTTP_HEADER_NO_NAME = 1 << 1,
	HTTP_HEADER_LEADING_SPACE = 1 << 2,
	HTTP_HEADER_TRAILING_SPACE = 1 << 3,
	HTTP_HEADER_NOT_TOKEN = 1 << 4,
	HTTP_HEADER_FOLDED = 1 << 5,
	HTTP_HEADER_ODD_EOL = 1 << 6,
};

struct http_header_piece {
	struct span name; /* trimmed */
	struct span
	    value; /* unfolded and trimmed; in the bytes, or in scratch when it was folded */
	unsigned flags; /* enum http_header_flag */
	size_t used;
};

/*
 * Takes one header, with its folds, from the start of bytes. HTTP_ABSENT: the block's end
 * stands there, used says how long it is. is_last: no more bytes will come.
 */
enum http_need http_header_take(struct proto_worker *worker, struct span bytes, enum dir dir,
    bool is_last, struct proto_buf *scratch, struct http_header_piece *ret);

bool http_is_space(uint8_t c);
struct span http_trim(struct span s);

/* Content-Length: the first number in the text, as forgiving servers read it. */
bool http_length(struct span text, uint64_t *ret, bool *ret_is_clean);
/* A chunk's line. False: no number there. */
bool http_chunk_length(struct span line, uint64_t *ret, bool *ret_has_extension);
bool http_is_chunk_blank(uint8_t c);

/* --- http_header.c --- */

bool http_text_add(struct proto_worker *worker, struct http_message *message, struct span bytes,
    struct http_ref *ret);

/* Adds, or joins to one of the same name with ", " (Content-Length: the first stays). */
void http_header_add(struct app *app, struct http_tx *tx, enum dir dir,
    const struct http_header_piece *piece);

/* By name, ignoring case and NULs; NULL when there is none. */
const struct http_header *http_header_find(const struct http_message *message,
    const char *name);
/* Its value, or an empty span. *ret_found may be NULL. */
struct span http_header_value(const struct http_message *message, const char *name,
    bool *ret_found);

/* Comparisons that do not stumble over NULs, which some readers skip. */
bool http_nozero_eq(struct span text, const char *word);
bool http_nozero_has(struct span text, const char *word);

void http_message_free(struct proto_worker *worker, struct http_message *message);
void http_headers_forget(struct http_message *message);

/* --- http_uri.c --- */

struct http_uri {
	struct span scheme, user, password, host, port, path, query, fragment;
	bool has_user, has_password, has_query, has_fragment, has_port;
};

struct http_uri http_uri_split(struct span uri);

/* Host and port of an authority or Host header; false: not well-formed. */
bool http_hostport(struct span text, struct span *ret_host, struct span *ret_port);

/* Fills tx->uri_norm, path_len, host and port from tx->uri. */
void http_uri_normalise(struct app *app, struct http_tx *tx);

/* tx->host and host_raw from the Host header, and what is odd about it. */
void http_host_determine(struct app *app, struct http_tx *tx);

/* --- http_body.c --- */

/* After the headers: content encodings, form, file name. */
void http_body_begin(struct app *app, struct http_tx *tx, enum dir dir);
void http_body_push(struct app *app, struct http_tx *tx, enum dir dir, struct span bytes,
    nsec_t ts);
void http_body_gap(struct app *app, struct http_tx *tx, enum dir dir, uint64_t bytes,
    nsec_t ts);
void http_body_end(struct app *app, struct http_tx *tx, enum dir dir);

struct file *http_file_begin(struct app *app, struct http_tx *tx, enum dir dir,
    struct span name);

/* --- http_multipart.c --- */

struct http_multipart *http_multipart_new(struct app *app, struct http_tx *tx,
    struct span content_type);
void http_multipart_push(struct app *app, struct http_tx *tx, struct http_multipart *multipart,
    struct span bytes);
void http_multipart_end(struct app *app, struct http_tx *tx, struct http_multipart *multipart);
void http_multipart_free(struct proto_worker *worker, struct http_multipart *multipart);

/* The file name in a Content-Disposition value; empty when there is none. */
struct span http_disposition_name(struct span value, bool *ret_found);

/* http_field.c, http_record.c */
extern const struct field http_fields[];
bool http_record(const struct app *app, const struct tx *tx, struct json *json);

#endif
