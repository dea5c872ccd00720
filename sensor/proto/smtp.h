/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smtp: mail on its way (RFC 5321), its pipelining, chunks (RFC 3030) and content (mime.h).
 *
 * A transaction is one mail: from the greeting or the last mail's end to the server's answer to
 * its last byte, or to what ends it before (RSET, a new EHLO, STARTTLS). Commands wait in a queue
 * for their answers, each with the transaction it was part of, so that pipelined commands do not
 * end somebody else's mail.
 *
 * The parts: smtp_parse.c (commands, content, replies), smtp_field.c (what rules see, EVE),
 * smtp.c (recognition, options, the row).
 */
#ifndef GUAN_SENSOR_PROTO_SMTP_H
#define GUAN_SENSOR_PROTO_SMTP_H

#include "sensor/proto/mime.h"

/* Lines of commands and replies; what is over it is cut. RFC 5321 has 512, AUTH needs more. */
#define SMTP_LINE_MAX 4096
#define SMTP_ADDRESS_MAX 1024
#define SMTP_RCPT_MAX 1024
#define SMTP_QUEUE_MAX 128
#define SMTP_CUSTOM_MAX 32

enum smtp_progress {
	SMTP_NONE,
	SMTP_HELO, /* a command was sent; of the server: an answer */
	SMTP_MAIL,
	SMTP_RCPT,
	SMTP_CONTENT, /* the headers of the mail are complete */
	SMTP_DONE,
};

/* In capitals, as Suricata's records have them. */
#define SMTP_EVENTS(X)                                                        \
	X(INVALID_REPLY, "INVALID_REPLY")                                     \
	X(UNABLE_TO_MATCH_REPLY, "UNABLE_TO_MATCH_REPLY_WITH_REQUEST")        \
	X(MAX_COMMAND_LINE_LEN_EXCEEDED, "MAX_COMMAND_LINE_LEN_EXCEEDED")     \
	X(MAX_REPLY_LINE_LEN_EXCEEDED, "MAX_REPLY_LINE_LEN_EXCEEDED")         \
	X(INVALID_PIPELINED_SEQUENCE, "INVALID_PIPELINED_SEQUENCE")           \
	X(BDAT_CHUNK_LEN_EXCEEDED, "BDAT_CHUNK_LEN_EXCEEDED")                 \
	X(INVALID_BDAT, "INVALID_BDAT")                                       \
	X(NO_SERVER_WELCOME_MESSAGE, "NO_SERVER_WELCOME_MESSAGE")             \
	X(TLS_REJECTED, "TLS_REJECTED")                                       \
	X(DATA_COMMAND_REJECTED, "DATA_COMMAND_REJECTED")                     \
	X(FAILED_PROTOCOL_CHANGE, "FAILED_PROTOCOL_CHANGE")                   \
	X(DUPLICATE_FIELDS, "DUPLICATE_FIELDS")                               \
	X(UNPARSABLE_CONTENT, "UNPARSABLE_CONTENT")                           \
	X(TRUNCATED_LINE, "TRUNCATED_LINE")
enum smtp_event {
#define X(id, name) SMTP_EVENT_##id,
	SMTP_EVENTS(X)
#undef X
	SMTP_EVENT_COUNT, /* the events of the mail's content follow, see mime.h */
};

struct smtp_tx {
	struct tx tx;
	struct proto_buf mail_from;
	struct mime_list rcpt_to;
	struct mime *mime; /* NULL: no content yet, or content is not looked at */
	struct file *raw;  /* the content as it came, where that is asked for */
	bool has_content;
	bool has_gap;
};

enum smtp_command {
	SMTP_CMD_OTHER,
	SMTP_CMD_HELO,
	SMTP_CMD_HELO_AGAIN, /* while a mail was begun */
	SMTP_CMD_MAIL,
	SMTP_CMD_RCPT,
	SMTP_CMD_DATA,
	SMTP_CMD_CONTENT, /* what ends a mail: the last byte of its content, or RSET */
	SMTP_CMD_BDAT,
	SMTP_CMD_RSET,
	SMTP_CMD_STARTTLS,
	SMTP_CMD_AUTH,
	SMTP_CMD_QUIT,
};

struct smtp_asked {
	uint64_t tx_id;
	uint8_t command; /* enum smtp_command */
};

enum smtp_mode {
	SMTP_COMMANDS,
	SMTP_DATA, /* up to a line with nothing but a dot */
	SMTP_CHUNK,
};

struct smtp_flow {
	struct smtp_tx *tx; /* of the commands that come now; NULL: none */
	struct smtp_asked queue[SMTP_QUEUE_MAX];
	uint16_t first, count;
	bool is_unsure;        /* bytes or commands were lost: replies may not fit */
	bool has_greeted;      /* the server has said something */
	bool has_asked;        /* the client has */
	bool is_answering;     /* the client's next line is no command but goes with AUTH */
	bool is_skipping[2];   /* the rest of a line that is too long, or behind a gap */
	bool is_line_start;    /* content: here a dot means something */
	bool is_confirmed;     /* the server has said 354 */
	bool is_last_chunk;
	uint8_t mode;        /* enum smtp_mode */
	uint16_t multi_code; /* the server is within an answer of several lines; 0: no */
	uint64_t chunk_left;
	struct proto_buf helo;
};

/* A header in the record, by the names of configuration. */
struct smtp_custom {
	const char *key, *header;
};

struct smtp_config {
	bool decode_mime;
	bool raw_extraction;
	struct mime_config mime;
	uint32_t custom; /* bit per row of smtp_customs */
	bool md5_subject, md5_body;
};

extern const struct smtp_custom smtp_customs[]; /* ended by key NULL */
extern const uint32_t smtp_customs_extended;    /* rows that "extended" asks for */

static inline const struct smtp_config *
smtp_config(const struct app *app)
{
	return app->worker->options->config[app->proto->id];
}

/* --- smtp_parse.c --- */
ptrdiff_t smtp_parse(struct app *app, const struct proto_input *in);
void smtp_tx_free(struct app *app, struct tx *tx);

/* --- smtp_field.c --- */
extern const struct field smtp_fields[];
bool smtp_record(const struct app *app, const struct tx *tx, struct json *json);
void smtp_record_email(const struct app *app, const struct tx *tx, struct json *json);

#endif
