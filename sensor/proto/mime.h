/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mime: a message (RFC 5322, RFC 2045 to 2047) from its first header to its last part.
 *
 * Bytes come in any split; what is made of them: the headers of the message, unfolded; its
 * attachments as files of the transaction (file.h), encodings off; the URLs in its texts and
 * attachments; the MD5 of its body. The parts: mime.c (lines, boundaries, parts), mime_header.c
 * (headers and their parameters), mime_decode.c (base64, quoted-printable), mime_url.c.
 *
 * Nested multiparts are followed to a depth. Where the standard leaves a choice, or mail clients
 * do not keep to it, the reading is that of Suricata 8.
 */
#ifndef GUAN_SENSOR_PROTO_MIME_H
#define GUAN_SENSOR_PROTO_MIME_H

#include "sensor/proto/file.h"
#include "sensor/proto/file_digest.h"

/* A line that is longer is looked at in pieces of this length. */
#define MIME_LINE_MAX 8192
#define MIME_HEADERS_MAX 256
#define MIME_TEXT_MAX (256u << 10) /* names and values of a message's headers */
#define MIME_VALUE_MAX 65536       /* header-value-depth 0 */
#define MIME_URLS_MAX 256
#define MIME_LEVELS_MAX 8
#define MIME_BOUNDARY_MAX 254
#define MIME_SCHEMES_MAX 16

#define MIME_EVENTS(X)                                      \
	X(PARSE_FAILED, "MIME_PARSE_FAILED")                \
	X(MALFORMED_MSG, "MIME_MALFORMED_MSG")              \
	X(INVALID_BASE64, "MIME_INVALID_BASE64")            \
	X(INVALID_QP, "MIME_INVALID_QP")                    \
	X(LONG_LINE, "MIME_LONG_LINE")                      \
	X(LONG_ENC_LINE, "MIME_LONG_ENC_LINE")              \
	X(LONG_HEADER_NAME, "MIME_LONG_HEADER_NAME")        \
	X(LONG_HEADER_VALUE, "MIME_LONG_HEADER_VALUE")      \
	X(LONG_BOUNDARY, "MIME_LONG_BOUNDARY")              \
	X(LONG_FILENAME, "MIME_LONG_FILENAME")
enum mime_event {
#define X(id, name) MIME_EVENT_##id,
	MIME_EVENTS(X)
#undef X
	MIME_EVENT_COUNT
};

struct mime_config {
	bool decode_base64, decode_quoted_printable;
	bool extract_urls, log_url_scheme;
	bool body_md5;
	uint32_t header_value_depth; /* bytes kept of a value; 0: MIME_VALUE_MAX */
	struct span schemes[MIME_SCHEMES_MAX]; /* "http://" */
	unsigned scheme_count;
	struct body_options body; /* of attachments */
};

/* Texts one behind the other. */
struct mime_list {
	struct proto_buf text;
	struct proto_buf ends; /* uint32_t each */
};
bool mime_list_add(struct proto_worker *worker, struct mime_list *list, struct span item,
    unsigned max);
bool mime_list_at(const struct mime_list *list, unsigned index, struct span *ret);
void mime_list_free(struct proto_worker *worker, struct mime_list *list);

struct mime_header {
	uint32_t name_off, name_len, value_off, value_len; /* in mime->text */
};

enum mime_encoding { MIME_PLAIN, MIME_BASE64, MIME_QUOTED_PRINTABLE };

enum mime_state {
	MIME_HEADERS,
	MIME_BODY,
	MIME_EPILOGUE, /* behind the last boundary */
};

struct mime_level {
	uint16_t len;
	uint8_t boundary[2 + MIME_BOUNDARY_MAX]; /* with its two dashes */
};

struct mime {
	struct app *app;
	struct tx *tx;
	enum dir dir;
	const struct mime_config *config;
	unsigned events; /* bit per enum mime_event */
	uint8_t state;   /* enum mime_state */
	bool has_headers;      /* those of the message are complete */
	bool is_in_line;       /* a piece of a line that is not at its end was read */
	bool is_header_cut;    /* the header at hand was not kept: nor are its folds */
	bool is_text;          /* the part at hand is looked through for URLs */
	uint8_t encoding;      /* of the part at hand */
	bool is_stuffed;       /* a dot at the start of a line was doubled on the way */
	uint8_t eol_len;       /* a line's end, which may be the boundary's */
	uint8_t eol[2];
	uint8_t quad_len; /* base64: characters waiting for company */
	uint8_t quad[4];
	unsigned level_count;
	struct mime_level levels[MIME_LEVELS_MAX]; /* outermost first */
	struct proto_buf held;                     /* of a line without its end */
	struct proto_buf text, headers;            /* headers: struct mime_header each */
	unsigned main_count;                       /* headers of the message itself */
	uint32_t main_text;
	struct mime_list attachments, urls;
	struct proto_buf url_line; /* decoded, up to where it ends */
	struct file *file;         /* the attachment at hand, or NULL */
	bool has_file;
	bool has_md5;
	uint8_t md5[16];
	struct file_digest *digest;
};

/* NULL: no memory. */
struct mime *mime_new(struct app *app, struct tx *tx, enum dir dir,
    const struct mime_config *config);
void mime_free(struct proto_worker *worker, struct mime *mime);

void mime_push(struct mime *mime, struct span bytes);
/* Bytes that were lost: the line at hand and what was encoded around them is gone too. */
void mime_gap(struct mime *mime, uint64_t bytes);
/* Nothing more comes. */
void mime_end(struct mime *mime, bool is_whole);

/* The index-th header of the message of that name (lower case). */
bool mime_header_at(const struct mime *mime, struct span name, unsigned index,
    struct span *ret);

/* --- mime_header.c --- */

void mime_header_line(struct mime *mime, struct span line);
/* After the blank line: what the part is. */
void mime_headers_end(struct mime *mime);
void mime_headers_forget(struct mime *mime); /* those of a part */

/*
 * A parameter of a header value, its RFC 2231 pieces put together, cut at size. *ret_is_long:
 * it was cut. 0: none, or empty.
 */
size_t mime_parameter(struct span value, const char *name, uint8_t *out, size_t size,
    bool *ret_is_long);

/* --- mime_decode.c --- */

/* Text and line end of a body line, through the part's encoding, to mime_decoded(). */
void mime_decode_line(struct mime *mime, struct span line, struct span eol);
void mime_decode_end(struct mime *mime);

/* mime.c: bytes of the part at hand, encodings off. */
void mime_decoded(struct mime *mime, struct span bytes);

/* --- mime_url.c --- */

void mime_url_push(struct mime *mime, struct span bytes);
void mime_url_end(struct mime *mime);

static inline void
mime_event(struct mime *mime, enum mime_event event)
{
	mime->events |= 1u << event;
}

#endif
