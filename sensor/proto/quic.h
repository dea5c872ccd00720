/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quic: the packets of a QUIC connection that anyone can read: those with long headers, and
 * inside the Initial ones the TLS hellos.
 *
 * Initial packets are sealed with keys that follow from the version and the client's first
 * connection id; they protect against accidents and not against us. A hello comes in CRYPTO
 * frames of any order over any number of packets. Google's QUIC before IETF's (Q039 ... Q046)
 * is not sealed, and has tags instead of TLS.
 *
 * Sources: RFC 8999 (what all versions share), 9000, 9001 (keys), 9369 (version 2), drafts 23
 * to 34; for Google's the public "QUIC Crypto" and "QUIC Wire Layout" texts. Parts:
 * quic_packet.c (headers and keys), quic_frame.c (frames to hellos and tags), quic_record.c
 * (what rules see, EVE, options), quic.c (the row, feeding).
 */
#ifndef GUAN_SENSOR_PROTO_QUIC_H
#define GUAN_SENSOR_PROTO_QUIC_H

#include "common/cipher.h"
#include "sensor/proto/app.h"
#include "sensor/proto/ja3.h"
#include "sensor/proto/ja4.h"
#include "sensor/proto/tls_hello.h"

/* RFC 9000 section 17.2; what is longer belongs to versions of the future. */
#define QUIC_ID_MAX 20
/* A hello over all its frames. With keys that resist quantum computers a client's has 2 KiB. */
#define QUIC_CRYPTO_MAX 65535
/* Pieces of a hello with holes between them: clients shuffle a dozen or so on purpose. */
#define QUIC_RANGES_MAX 32
/* Frames of Google's with tags, in one packet. */
#define QUIC_CYU_MAX 4
#define QUIC_CYU_TEXT_MAX 2048
#define QUIC_TAGS_MAX 256
#define QUIC_VALUE_MAX 1024

enum quic_type {
	QUIC_INITIAL,
	QUIC_ZERO_RTT,
	QUIC_HANDSHAKE,
	QUIC_RETRY,
	QUIC_NEGOTIATION,
	QUIC_SHORT,
};

enum quic_version {
	QUIC_VERSION_NEGOTIATION = 0,
	QUIC_VERSION_1 = 1,
	QUIC_VERSION_2 = 0x6b3343cf,
	QUIC_VERSION_Q039 = 0x51303339,
	QUIC_VERSION_Q043 = 0x51303433,
	QUIC_VERSION_Q044 = 0x51303434,
	QUIC_VERSION_Q045 = 0x51303435,
	QUIC_VERSION_Q046 = 0x51303436,
	QUIC_VERSION_Q050 = 0x51303530,
};

#define QUIC_EVENTS(X)                      \
	X(FAILED_DECRYPT, "failed_decrypt") \
	X(ERROR_ON_DATA, "error_on_data")   \
	X(CRYPTO_FRAG_TOO_LONG, "crypto_frag_too_long")
enum quic_event {
#define X(id, name) QUIC_EVENT_##id,
	QUIC_EVENTS(X)
#undef X
	    QUIC_EVENT_COUNT
};

/* One packet of a datagram. */
struct quic_header {
	uint8_t type; /* enum quic_type */
	bool has_version;
	uint32_t version;
	struct span dcid;
	size_t len;         /* up to the packet number, or the payload of Google's */
	size_t payload_len; /* behind that */
};

struct quic_keys {
	uint8_t key[CIPHER_KEY_BYTES];
	uint8_t nonce[CIPHER_NONCE_BYTES];
	uint8_t mask[CIPHER_KEY_BYTES]; /* of the header */
};

/* A direction's CRYPTO stream as far as it is there. */
struct quic_crypto {
	uint8_t *p;
	uint32_t cap;
	uint8_t count;
	struct {
		uint16_t from, to;
	} ranges[QUIC_RANGES_MAX]; /* neither overlapping nor touching, in no order */
};

struct quic_flow {
	bool has_keys;
	bool has_retried;
	bool has_hello[2]; /* by enum dir */
	struct quic_keys keys[2];
	struct quic_crypto crypto[2];
};

struct quic_cyu {
	struct proto_buf text;
	char hash[JA3_HASH_LEN];
};

/* A packet; its direction alone has progress. */
struct quic_tx {
	struct tx tx;
	uint8_t dir;
	bool has_version;
	uint32_t version;
	uint8_t version_bytes[4];
	bool has_hello;
	struct tls_hello hello; /* points into hello_bytes */
	uint8_t *hello_bytes;
	uint32_t hello_cap;
	char ja3_hash[JA3_HASH_LEN]; /* empty: none */
	char ja4[JA4_LEN];
	bool has_sni, has_ua;
	struct proto_buf sni, ua; /* by tags; of TLS the name stands in hello */
	uint8_t cyu_count;
	struct quic_cyu cyu[QUIC_CYU_MAX];
};

struct quic_config {
	bool has_ja3, has_ja4;               /* made */
	bool has_ja3_record, has_ja4_record; /* and written */
};

static inline const struct quic_config *
quic_config(const struct app *app)
{
	return app->worker->options->config[app->proto->id];
}

/* --- quic_packet.c --- */

/* The header of the packet at the start of bytes. False: none. */
bool quic_header_read(struct span bytes, struct quic_header *ret);

static inline bool
quic_is_google(uint32_t version)
{
	return version == QUIC_VERSION_Q039 ||
	       (version >= QUIC_VERSION_Q043 && version <= QUIC_VERSION_Q046);
}

/* Whether we know more of the version than that it is one. */
bool quic_version_is_known(uint32_t version);

/* The keys of both directions. False: of that version we do not know how. */
bool quic_keys_make(uint32_t version, struct span dcid, struct quic_keys keys[2]);

/* Opens a packet into room, which is as long as the packet. False: not with these keys. */
bool quic_packet_open(const struct quic_keys *keys, const struct quic_header *header,
    struct span packet, uint8_t *room, struct span *ret_payload);

/* --- quic_frame.c --- */

/* Reads a payload's frames into the transaction and the flow's CRYPTO streams. */
void quic_frames_read(struct app *app, struct quic_tx *tx, struct span payload);
void quic_crypto_free(struct proto_worker *worker, struct quic_crypto *crypto);

/* --- quic_record.c --- */

extern const struct field quic_fields[];
bool quic_record(const struct app *app, const struct tx *tx, struct json *json);
void *quic_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error);

#endif
