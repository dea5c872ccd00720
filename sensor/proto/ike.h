/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ike: what the files of the IKE parser share.
 *
 * Each message is a transaction, at once complete. ike_message.c takes its payloads apart,
 * ike.c recognises messages and remembers of a flow what was said in the clear, ike_record.c
 * writes it down.
 */
#ifndef GUAN_SENSOR_PROTO_IKE_H
#define GUAN_SENSOR_PROTO_IKE_H

#include "common/cursor.h"
#include "sensor/proto/app.h"

#define IKE_HEADER_LEN 28
/* More payloads than any implementation sends; what comes behind them is not looked at. */
#define IKE_PAYLOADS_MAX 48
/* A proposal of IKE 1, and what is chosen in IKE 2, has so many attributes at most. */
#define IKE_ATTRIBUTES_MAX 16
#define IKE_PROPOSALS_MAX 64

enum ike_flag_1 {
	IKE1_ENCRYPTED = 0x01,
};
enum ike_flag_2 {
	IKE2_INITIATOR = 0x08,
	IKE2_RESPONSE = 0x20,
};

enum ike_payload_type {
	IKE1_SA = 1,
	IKE1_PROPOSAL = 2,
	IKE1_TRANSFORM = 3,
	IKE1_KEY_EXCHANGE = 4,
	IKE1_NONCE = 10,
	IKE1_VENDOR = 13,
	IKE2_SA = 33,
	IKE2_KEY_EXCHANGE = 34,
	IKE2_NONCE = 40,
	IKE2_NOTIFY = 41,
	IKE2_VENDOR = 43,
	IKE2_ENCRYPTED = 46,
	IKE2_FRAGMENT = 53,
};

/* Attributes of IKE 1's transforms; the kinds of IKE 2's transforms are mapped to them. */
enum ike_attribute_type {
	IKE_ALG_ENC = 1,
	IKE_ALG_HASH = 2,
	IKE_ALG_AUTH = 3,
	IKE_ALG_DH = 4,
	IKE_GROUP_TYPE = 5,
	IKE_LIFE_TYPE = 11,
	IKE_LIFE_DURATION = 12,
	IKE_ALG_PRF = 13,
	IKE_KEY_LENGTH = 14,
	IKE_FIELD_SIZE = 15,
	IKE_ALG_ESN = 256, /* of IKE 2 alone */
};

#define IKE_EVENTS(X)                                 \
	X(MALFORMED_DATA, "malformed_data")           \
	X(NO_ENCRYPTION, "no_encryption")             \
	X(WEAK_CRYPTO_ENC, "weak_crypto_enc")         \
	X(WEAK_CRYPTO_PRF, "weak_crypto_prf")         \
	X(WEAK_CRYPTO_DH, "weak_crypto_dh")           \
	X(WEAK_CRYPTO_AUTH, "weak_crypto_auth")       \
	X(WEAK_CRYPTO_NO_DH, "weak_crypto_no_dh")     \
	X(WEAK_CRYPTO_NO_AUTH, "weak_crypto_no_auth") \
	X(INVALID_PROPOSAL, "invalid_proposal")       \
	X(UNKNOWN_PROPOSAL, "unknown_proposal")       \
	X(PAYLOAD_EXTRA_DATA, "payload_extra_data")   \
	X(MULTIPLE_SERVER_PROPOSAL, "multiple_server_proposal")
enum ike_event {
#define X(id, name) IKE_EVENT_##id,
	IKE_EVENTS(X)
#undef X
};

struct ike_payload {
	uint8_t type;
	struct span body;
};

struct ike_attribute {
	uint16_t type;     /* enum ike_attribute_type */
	uint16_t value;    /* or its length, when it has more than two bytes */
	struct span bytes; /* of those */
	bool is_number;
	uint32_t number;
};

struct ike_header {
	struct span init_spi, resp_spi; /* eight bytes each */
	uint8_t next, major, minor, exchange, flags;
	uint32_t message_id, length;
};

struct ike_tx {
	struct tx tx;
	uint8_t dir; /* enum dir */
	bool is_encrypted;
	uint8_t payload_count;
	struct proto_buf bytes; /* the message; spans point into it */
	struct ike_header header;
	struct ike_payload payloads[IKE_PAYLOADS_MAX];
	char init_spi[17], resp_spi[17]; /* as hexadecimal digits */
};

/* What was said in the clear, by enum dir of the speaker. */
struct ike_flow {
	struct proto_buf sa[2], key[2], nonce[2];
	uint32_t doi;
};

struct ike_config {
	bool is_extended;
};

/* False: shorter than a header. */
bool ike_header_read(struct span bytes, struct ike_header *ret);

/* Takes the payloads behind the header. False: malformed; those before stand. */
bool ike_payloads_read(struct ike_tx *tx);

/* The first payload of a type, or NULL. */
const struct ike_payload *ike_payload_find(const struct ike_tx *tx, uint8_t type);

/* Key and nonce of a message, whatever its version. */
bool ike_key(const struct ike_tx *tx, struct span *ret);
bool ike_nonce(const struct ike_tx *tx, struct span *ret);

/*
 * Proposals of an SA payload's body: each transform of IKE 1 is one. Calls visit until it says
 * false; attributes are those of one transform (IKE 1) or of one proposal (IKE 2). False: the
 * body is malformed.
 */
struct ike_proposal {
	uint8_t protocol; /* 1 IKE, 2 AH, 3 ESP */
	unsigned count;
	struct ike_attribute attributes[IKE_ATTRIBUTES_MAX];
};
typedef bool ike_visit_fn(const struct ike_proposal *proposal, void *arg);
bool ike_proposals_read(uint8_t major, struct span sa, ike_visit_fn *visit, void *arg);

/* The number of an attribute that the responder chose in this message. */
bool ike_chosen(const struct ike_tx *tx, uint16_t attribute, uint32_t *ret);

bool ike_record(const struct app *app, const struct tx *tx, struct json *json);

#endif
