/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dcerpc: remote procedure calls (C706; MS-RPCE), wherever they are carried: TCP and UDP
 * (dcerpc.c), named pipes of SMB (smb_pipe.c).
 *
 * A client binds to interfaces and gives each a context id; a request names the context and the
 * operation in it, and carries stub data, in one or more fragments; the answer bears the call's
 * id. Here are the pieces that all carriers share: the header of a PDU (dcerpc_pdu.c), the
 * interfaces of a connection (dcerpc_binding.c), and a call with both its sides
 * (dcerpc_call.c), which a transaction of the carrier contains.
 */
#ifndef GUAN_SENSOR_PROTO_DCERPC_H
#define GUAN_SENSOR_PROTO_DCERPC_H

#include "common/cursor.h"
#include "sensor/proto/app.h"

#define DCERPC_HEADER_LEN 16
#define DCERPC_UUID_LEN 16
/* Of one connection; Windows clients offer a dozen at most. */
#define DCERPC_INTERFACES_MAX 256
/* What is kept of the stub data of one side of a call, unless configured. */
#define DCERPC_STUB_MAX (1u << 20)

/* name, number, as in C706 section 12.6.4.1 and chapter 12.5 (datagrams) */
#define DCERPC_TYPES(X)           \
	X(REQUEST, 0)             \
	X(PING, 1)                \
	X(RESPONSE, 2)            \
	X(FAULT, 3)               \
	X(WORKING, 4)             \
	X(NOCALL, 5)              \
	X(REJECT, 6)              \
	X(ACK, 7)                 \
	X(CL_CANCEL, 8)           \
	X(FACK, 9)                \
	X(CANCEL_ACK, 10)         \
	X(BIND, 11)               \
	X(BINDACK, 12)            \
	X(BINDNAK, 13)            \
	X(ALTER_CONTEXT, 14)      \
	X(ALTER_CONTEXT_RESP, 15) \
	X(AUTH3, 16)              \
	X(SHUTDOWN, 17)           \
	X(CO_CANCEL, 18)          \
	X(ORPHANED, 19)           \
	X(RTS, 20)
enum dcerpc_type {
#define X(name, number) DCERPC_##name = number,
	DCERPC_TYPES(X)
#undef X
};

enum dcerpc_flag {
	DCERPC_FIRST_FRAG = 1 << 0,
	DCERPC_LAST_FRAG = 1 << 1,
	DCERPC_OBJECT_UUID = 1 << 7,
};

/* The header that every PDU of a connection begins with. */
struct dcerpc_pdu {
	uint8_t minor, type, flags;
	bool is_little; /* numbers of the whole PDU */
	uint16_t len;   /* with this header */
	uint16_t auth_len;
	uint32_t call_id;
};

/* False: fewer than DCERPC_HEADER_LEN bytes, or no such header. */
bool dcerpc_pdu_read(struct span bytes, struct dcerpc_pdu *ret);

/* What a client sends: BIND, ALTER_CONTEXT, AUTH3, REQUEST, CO_CANCEL, ORPHANED. */
bool dcerpc_is_request(uint8_t type);

uint16_t dcerpc_u16(struct cursor *c, bool is_little);
uint32_t dcerpc_u32(struct cursor *c, bool is_little);

/* As text has it: the first three fields in big endian. */
void dcerpc_uuid(struct cursor *c, bool is_little, uint8_t ret[DCERPC_UUID_LEN]);

/* "REQUEST", or "UNKNOWN". */
const char *dcerpc_type_name(uint8_t type);

/* Puts "367abb81-9844-35f1-ad32-98f038001003". */
void dcerpc_put_uuid(struct json *json, const char *key, const uint8_t uuid[DCERPC_UUID_LEN]);

/* --- Interfaces --- */

struct dcerpc_interface {
	uint8_t uuid[DCERPC_UUID_LEN];
	uint16_t context;
	uint16_t version, minor;
	uint16_t result, reason; /* of the server, when is_acked: 0 is accepted */
	uint32_t call_id;        /* of the bind that offered it */
	bool is_acked;
};

struct dcerpc_binding {
	struct dcerpc_interface *interfaces;
	uint16_t count, room;
};

/* Takes what BIND and ALTER_CONTEXT offer, and what the server says to it. */
void dcerpc_bind(struct proto_worker *worker, struct dcerpc_binding *binding,
    const struct dcerpc_pdu *pdu, struct span whole);
void dcerpc_bind_ack(struct dcerpc_binding *binding, const struct dcerpc_pdu *pdu,
    struct span whole);
void dcerpc_binding_free(struct proto_worker *worker, struct dcerpc_binding *binding);

/* --- Calls --- */

enum dcerpc_progress {
	DCERPC_NONE,
	DCERPC_BEGUN,
	DCERPC_WHOLE, /* the last fragment was seen */
};

struct dcerpc_side {
	bool is_there;
	bool has_first; /* fragment */
	bool is_whole;
	bool is_little;
	uint8_t type;
	uint16_t frag_count;
	struct proto_buf stub;
};

struct dcerpc_call {
	uint32_t id;
	uint16_t context, opnum;
	uint8_t minor;
	bool is_piped;              /* through a named pipe */
	struct dcerpc_side side[2]; /* by enum dir: the request, the answer */
};

/* Takes one whole PDU of the call's side. */
void dcerpc_call_take(struct proto_worker *worker, struct dcerpc_call *call, enum dir dir,
    const struct dcerpc_pdu *pdu, struct span whole, uint32_t stub_max);
void dcerpc_stub_add(struct proto_worker *worker, struct dcerpc_side *side, struct span stub,
    uint32_t stub_max);
void dcerpc_call_free(struct proto_worker *worker, struct dcerpc_call *call);

/* --- Of its own, over TCP and UDP --- */

struct dcerpc_tx {
	struct tx tx;
	struct dcerpc_call call;
	/* A datagram names what it calls by itself. */
	struct dcerpc_interface interface;
	uint8_t activity[DCERPC_UUID_LEN];
	uint32_t sequence;
};

struct dcerpc_stream {
	bool is_lost;  /* where the next PDU begins is not known */
	uint32_t want; /* length of the PDU that is waited for; 0: its header is */
	uint32_t skip; /* rest of one that has a hole */
};

struct dcerpc_flow {
	struct dcerpc_stream stream[2];
	struct dcerpc_binding binding;
};

struct dcerpc_config {
	uint32_t max_tx;
	uint32_t stub_max;
};

extern const struct field dcerpc_fields[];
bool dcerpc_record(const struct app *app, const struct tx *tx, struct json *json);
void *dcerpc_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error);

/* A new transaction; over the configured number of open ones the oldest is given up. */
struct dcerpc_tx *dcerpc_tx_new(struct app *app, nsec_t ts);

/* Takes what a call's side has become over to its transaction. */
void dcerpc_tx_update(struct app *app, struct dcerpc_tx *tx, enum dir dir, nsec_t ts);

enum proto_verdict dcerpc_datagram_probe(const struct proto_probe *probe);
void dcerpc_datagram_take(struct app *app, const struct proto_input *in);

static inline const struct dcerpc_config *
dcerpc_config_of(const struct app *app)
{
	return app->worker->options->config[app->proto->id];
}

/* --- What rules see, whatever carries the call --- */

/* The call of a transaction of DCERPC or SMB, or NULL. */
const struct dcerpc_call *dcerpc_call_of(const struct app *app, const struct tx *tx);

/* The index-th interface that a call may be of; NULL: there is no further one. */
const struct dcerpc_interface *dcerpc_interface_of(const struct app *app, const struct tx *tx,
    unsigned index);

/* Byte order of a side's numbers; false as long as nothing is known of it. */
bool dcerpc_is_little(const struct app *app, const struct tx *tx, enum dir dir);

bool dcerpc_get_stub(const struct app *app, const struct tx *tx, enum dir dir, unsigned index,
    struct arena *scratch, struct field_value *ret);

#define DCERPC_STUB_FIELD(progress)                                                        \
	{                                                                                  \
		"dcerpc.stub_data", "arguments or results of a call, as they are sent",    \
		    "dcerpc.stub_data; content:\"|42 42 42 42|\";", FIELD_BYTES, DIR_BOTH, \
		    progress, NULL, "dce_stub_data", NULL, dcerpc_get_stub, NULL           \
	}

#endif
