/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls: SSLv2 hellos, SSL 3.0 to TLS 1.3, and TLCP (GB/T 38636): what passes before the cipher.
 *
 * A connection is one transaction, from the first byte to the end of the handshake on both
 * sides; what follows is ciphertext and leaves inspection (encryption-handling).
 *
 * The parts, in the order bytes meet them: tls_layer.c (records to handshake messages),
 * tls_handshake.c (messages to what the transaction remembers) with tls_hello.c and x509.c,
 * ja3.c, ja4.c (fingerprints), tls_field.c (what rules see), tls_record.c (EVE), tls.c (the
 * row, recognition, options).
 */
#ifndef GUAN_SENSOR_PROTO_TLS_H
#define GUAN_SENSOR_PROTO_TLS_H

#include "common/digest.h"
#include "sensor/proto/app.h"
#include "sensor/proto/ja3.h"
#include "sensor/proto/ja4.h"
#include "sensor/proto/tls_hello.h"
#include "sensor/proto/x509.h"

#define TLS_RECORD_HEADER_LEN 5
/* RFC 5246 allows 2^14 + 2048 for what is encrypted. */
#define TLS_RECORD_MAX (16384 + 2048)
/* A handshake message that is read; certificate chains stay below. */
#define TLS_MESSAGE_MAX 65536
#define TLS_CERTIFICATES_MAX 32

enum tls_record_type {
	TLS_CHANGE_CIPHER_SPEC = 20,
	TLS_ALERT = 21,
	TLS_HANDSHAKE = 22,
	TLS_APPLICATION_DATA = 23,
	TLS_HEARTBEAT = 24,
	TLS_SITE_TO_SITE = 80, /* TLCP */
};

enum tls_message {
	TLS_HELLO_REQUEST = 0,
	TLS_CLIENT_HELLO = 1,
	TLS_SERVER_HELLO = 2,
	TLS_CERTIFICATE = 11,
	TLS_SERVER_KEY_EXCHANGE = 12,
	TLS_CERTIFICATE_REQUEST = 13,
	TLS_SERVER_HELLO_DONE = 14,
	TLS_CERTIFICATE_VERIFY = 15,
	TLS_CLIENT_KEY_EXCHANGE = 16,
	TLS_FINISHED = 20,
};

/* Progress of a direction. */
enum tls_progress {
	TLS_NONE,
	TLS_HELLO,
	TLS_CERTIFICATES, /* they are there, or none will come */
	TLS_KEY_EXCHANGE,
	TLS_DONE, /* ciphertext from here on */
};

/* States that rules name; as bits of tls_side.states. */
enum tls_state {
	TLS_STATE_CLIENT_HELLO,
	TLS_STATE_SERVER_HELLO,
	TLS_STATE_CLIENT_KEYX,
	TLS_STATE_SERVER_KEYX,
	TLS_STATE_UNKNOWN,
	TLS_STATE_COUNT
};

#define TLS_EVENTS(X)                                                                         \
	X(INVALID_SSLV2_HEADER, "invalid_sslv2_header")                                       \
	X(INVALID_TLS_HEADER, "invalid_tls_header")                                           \
	X(INVALID_RECORD_VERSION, "invalid_record_version")                                   \
	X(INVALID_RECORD_TYPE, "invalid_record_type")                                         \
	X(INVALID_RECORD_LENGTH, "invalid_record_length")                                     \
	X(INVALID_HANDSHAKE_MESSAGE, "invalid_handshake_message")                             \
	X(HANDSHAKE_INVALID_LENGTH, "handshake_invalid_length")                               \
	X(HEARTBEAT_MESSAGE, "heartbeat_message")                                             \
	X(INVALID_HEARTBEAT_MESSAGE, "invalid_heartbeat_message")                             \
	X(OVERFLOW_HEARTBEAT_MESSAGE, "overflow_heartbeat_message")                           \
	X(DATALEAK_HEARTBEAT_MISMATCH, "dataleak_heartbeat_mismatch")                         \
	X(MULTIPLE_SNI_EXTENSIONS, "multiple_sni_extensions")                                 \
	X(INVALID_SNI_TYPE, "invalid_sni_type")                                               \
	X(INVALID_SNI_LENGTH, "invalid_sni_length")                                           \
	X(TOO_MANY_RECORDS_IN_PACKET, "too_many_records_in_packet")                           \
	X(INVALID_ALERT_MESSAGE, "invalid_alert_message")                                     \
	X(ERROR_MESSAGE_ENCOUNTERED, "error_message_encountered")                             \
	X(INVALID_CERTIFICATE, "invalid_certificate")                                         \
	X(CERTIFICATE_INVALID_LENGTH, "certificate_invalid_length")                           \
	X(CERTIFICATE_INVALID_VERSION, "certificate_invalid_version")                         \
	X(CERTIFICATE_INVALID_SERIAL, "certificate_invalid_serial")                           \
	X(CERTIFICATE_INVALID_ALGORITHMIDENTIFIER, "certificate_invalid_algorithmidentifier") \
	X(CERTIFICATE_INVALID_X509NAME, "certificate_invalid_x509name")                       \
	X(CERTIFICATE_INVALID_DATE, "certificate_invalid_date")                               \
	X(CERTIFICATE_INVALID_EXTENSIONS, "certificate_invalid_extensions")                   \
	X(CERTIFICATE_INVALID_DER, "certificate_invalid_der")                                 \
	X(CERTIFICATE_INVALID_SUBJECT, "certificate_invalid_subject")                         \
	X(CERTIFICATE_INVALID_ISSUER, "certificate_invalid_issuer")                           \
	X(CERTIFICATE_INVALID_VALIDITY, "certificate_invalid_validity")                       \
	X(INVALID_SSL_RECORD, "invalid_ssl_record")
enum tls_event {
#define X(id, name) TLS_EVENT_##id,
	TLS_EVENTS(X)
#undef X
	    TLS_EVENT_COUNT
};

/* What one end has said. */
struct tls_side {
	uint8_t *hello_bytes; /* behind hello's spans */
	uint32_t hello_len;
	bool has_hello;
	struct tls_hello hello;

	uint8_t *chain; /* certificates, each behind its length of three bytes */
	uint32_t chain_len;
	uint32_t certificate_count;
	bool has_certificate;    /* certificate could be read */
	struct x509 certificate; /* the first */
	uint8_t fingerprint[DIGEST_MAX];
	uint8_t fingerprint_len;

	uint8_t states; /* bit set of enum tls_state */
};

struct tls_tx {
	struct tx tx;
	struct tls_side side[2]; /* by enum dir */
	bool is_resumed;
	bool is_key_exchanged;          /* by the server */
	char ja3_hash[2][JA3_HASH_LEN]; /* JA3, JA3S; empty: none */
	char ja4[JA4_LEN];
};

/* Reading of one direction. */
struct tls_stream {
	bool is_in_record;
	uint8_t type;
	uint16_t left; /* of the record's body */
	uint16_t body_len;
	uint32_t skip;            /* of a handshake message nobody reads */
	struct proto_buf message; /* what came of a handshake message, with its header */
	bool is_begun;
	bool is_v2;             /* SSLv2 framing so far */
	bool is_encrypted;      /* ciphertext from here on */
	bool is_lost;           /* a gap hides where records begin */
	uint16_t heartbeat_len; /* of the peer's last request; 0: none */
};

struct tls_flow {
	struct tls_stream stream[2];
	struct tls_tx *tx;
	bool is_tx_made;
};

enum tls_encryption {
	TLS_ENCRYPTION_TRACK_ONLY, /* no inspection of ciphertext */
	TLS_ENCRYPTION_BYPASS,     /* the flow is bypassed */
	TLS_ENCRYPTION_FULL,       /* inspected as if it were text */
};

enum tls_custom {
	TLS_CUSTOM_SUBJECT,
	TLS_CUSTOM_ISSUER,
	TLS_CUSTOM_SESSION_RESUMED,
	TLS_CUSTOM_SERIAL,
	TLS_CUSTOM_FINGERPRINT,
	TLS_CUSTOM_SNI,
	TLS_CUSTOM_VERSION,
	TLS_CUSTOM_NOT_BEFORE,
	TLS_CUSTOM_NOT_AFTER,
	TLS_CUSTOM_CERTIFICATE,
	TLS_CUSTOM_CHAIN,
	TLS_CUSTOM_JA3,
	TLS_CUSTOM_JA3S,
	TLS_CUSTOM_JA4,
	TLS_CUSTOM_SUBJECTALTNAME,
	TLS_CUSTOM_CLIENT,
	TLS_CUSTOM_CLIENT_CERTIFICATE,
	TLS_CUSTOM_CLIENT_CHAIN,
	TLS_CUSTOM_CLIENT_ALPNS,
	TLS_CUSTOM_SERVER_ALPNS,
	TLS_CUSTOM_CLIENT_HANDSHAKE,
	TLS_CUSTOM_SERVER_HANDSHAKE,
	TLS_CUSTOM_COUNT
};

struct tls_config {
	bool has_ja3, has_ja4;
	uint8_t encryption; /* enum tls_encryption */
	uint32_t members;   /* bit set of enum tls_custom */
};

static inline const struct tls_config *
tls_config(const struct app *app)
{
	return app->worker->options->config[app->proto->id];
}

static inline const struct tls_tx *
tls_of(const struct tx *tx)
{
	return (const struct tls_tx *)tx;
}

/* tls_layer.c */
ptrdiff_t tls_parse(struct app *app, const struct proto_input *in);

/* tls_handshake.c */
struct tls_feed {
	struct app *app;
	struct tls_flow *flow;
	struct tls_stream *stream;
	enum dir dir;
	nsec_t ts;
};
void tls_event(struct tls_feed *feed, enum tls_event event);
void tls_moved(struct tls_feed *feed, enum tls_progress progress);
/* Whether a message of that type has to be there whole. */
bool tls_message_is_read(uint8_t type);
/* A message has begun; of those that are not read this is all. */
void tls_message_begin(struct tls_feed *feed, uint8_t type, uint32_t len);
void tls_message_take(struct tls_feed *feed, uint8_t type, struct span body);
void tls_hello_take_v2(struct tls_feed *feed, struct span message);
/* Ciphertext begins in this direction. */
void tls_encrypted(struct tls_feed *feed);
void tls_side_free(struct proto_worker *worker, struct tls_side *side);

/* The certificate of that index in a side's chain. */
bool tls_certificate_at(const struct tls_side *side, unsigned index, struct span *ret);

/* tls_field.c, tls_record.c */
extern const struct field tls_fields[];
bool tls_record(const struct app *app, const struct tx *tx, struct json *json);

/* tls_config.c */
void *tls_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error);

#endif
