/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snmp: SNMP versions 1, 2c and 3 over UDP, a datagram a transaction.
 *
 *   SEQUENCE { version 0, community, PDU }          1        RFC 1157
 *   SEQUENCE { version 1, community, PDU }          2c       RFC 1901, 3416
 *   SEQUENCE { version 3, header, security parameters,       RFC 3412, 3414
 *              SEQUENCE { engine, name, PDU } | OCTET STRING (encrypted) }
 *
 * The message is kept as it came; what is asked for are pieces of it.
 */
#include <stdio.h>

#include "sensor/proto/app.h"
#include "sensor/proto/der.h"

#define MESSAGE_MAX 65535
/* Variables told in a record; bulk answers have hundreds. */
#define VARS_MAX 512
#define OID_TEXT_MAX 512
#define SECURITY_USM 3
#define FLAG_ENCRYPTED 2

#define SNMP_EVENTS(X)                                      \
	X(MALFORMED_DATA, "malformed_data")                 \
	X(UNKNOWN_SECURITY_MODEL, "unknown_security_model") \
	X(VERSION_MISMATCH, "version_mismatch")
enum snmp_event {
#define X(id, name) SNMP_EVENT_##id,
	SNMP_EVENTS(X)
#undef X
	    SNMP_EVENT_COUNT
};

enum snmp_pdu {
	SNMP_GET_REQUEST,
	SNMP_GET_NEXT_REQUEST,
	SNMP_RESPONSE,
	SNMP_SET_REQUEST,
	SNMP_TRAP_V1,
	SNMP_GET_BULK_REQUEST,
	SNMP_INFORM_REQUEST,
	SNMP_TRAP_V2,
	SNMP_REPORT,
	SNMP_PDU_COUNT
};

static const struct field_name pdu_names[] = {
	{ "get_request", SNMP_GET_REQUEST },
	{ "get_next_request", SNMP_GET_NEXT_REQUEST },
	{ "response", SNMP_RESPONSE },
	{ "set_request", SNMP_SET_REQUEST },
	{ "trap_v1", SNMP_TRAP_V1 },
	{ "get_bulk_request", SNMP_GET_BULK_REQUEST },
	{ "inform_request", SNMP_INFORM_REQUEST },
	{ "trap_v2", SNMP_TRAP_V2 },
	{ "report", SNMP_REPORT },
	{ NULL, 0 },
};

/* RFC 3416 section 3, error-status; RFC 1157 section 4.1.6, generic-trap. */
static const char *const error_names[] = { "NoError", "TooBig", "NoSuchName", "BadValue",
	"ReadOnly", "GenErr", "NoAccess", "WrongType", "WrongLength", "WrongEncoding",
	"WrongValue", "NoCreation", "InconsistentValue", "ResourceUnavailable", "CommitFailed",
	"UndoFailed", "AuthorizationError", "NotWritable", "InconsistentName" };
static const char *const trap_names[] = { "ColdStart", "WarmStart", "LinkDown", "LinkUp",
	"AuthenticationFailure", "EgpNeighborLoss", "EnterpriseSpecific" };

struct snmp_message {
	uint8_t version; /* 1, 2 (for 2c), 3 */
	bool is_encrypted;
	bool has_pdu, has_community, has_usm, is_usm_unknown;
	uint8_t pdu; /* enum snmp_pdu */
	int64_t error;
	struct span community, usm;
	struct span vars; /* elements SEQUENCE { OID, value } */
	bool has_trap;
	int64_t trap;
	struct span trap_oid, trap_address;
};

struct snmp_tx {
	struct tx tx;
	bool is_readable; /* else only events are here */
	struct snmp_message message;
	struct proto_buf bytes; /* what its pieces point into */
};

struct snmp_flow {
	uint8_t version; /* of the first message; 0 before */
};

/* --- A message --- */

static bool
pdu_read(struct cursor *c, struct snmp_message *m)
{
	uint8_t tag;
	struct span value;
	if (!der_take(c, &tag, &value) || (tag & 0xe0) != DER_CONTEXT_CONSTRUCTED(0) ||
	    DER_NUMBER(tag) >= SNMP_PDU_COUNT)
		return false;
	struct cursor in = cursor_span(value);
	int64_t number;
	m->pdu = DER_NUMBER(tag);
	if (m->pdu == SNMP_TRAP_V1) {
		struct cursor at = in;
		uint8_t address_tag;
		m->has_trap = der_expect(&at, DER_OID, &m->trap_oid) &&
			      der_take(&at, &address_tag, &m->trap_address) &&
			      der_take_int(&at, DER_INTEGER, &m->trap) &&
			      der_take_int(&at, DER_INTEGER, &number) &&
			      der_take(&at, &tag, &value); /* time */
		if (!m->has_trap)
			return false;
		in = at;
	} else {
		int64_t error;
		if (!der_take_int(&in, DER_INTEGER, &number) ||
		    !der_take_int(&in, DER_INTEGER, &error) ||
		    !der_take_int(&in, DER_INTEGER, &number))
			return false;
		/* A bulk request has other numbers in these places. */
		m->error = m->pdu == SNMP_GET_BULK_REQUEST ? 0 : error;
	}
	m->has_pdu = der_expect(&in, DER_SEQUENCE, &m->vars);
	return m->has_pdu;
}

static bool
v3_read(struct cursor *c, struct snmp_message *m)
{
	struct cursor header, parameters, usm, scoped;
	struct span flags, part;
	int64_t number, model;
	if (!der_enter(c, DER_SEQUENCE, &header) ||
	    !der_take_int(&header, DER_INTEGER, &number) ||
	    !der_take_int(&header, DER_INTEGER, &number) ||
	    !der_expect(&header, DER_OCTET_STRING, &flags) || flags.len != 1 ||
	    !der_take_int(&header, DER_INTEGER, &model) ||
	    !der_enter(c, DER_OCTET_STRING, &parameters))
		return false;
	m->is_usm_unknown = model != SECURITY_USM;
	if (!m->is_usm_unknown) {
		m->has_usm = der_enter(&parameters, DER_SEQUENCE, &usm) &&
			     der_expect(&usm, DER_OCTET_STRING, &part) &&
			     der_take_int(&usm, DER_INTEGER, &number) &&
			     der_take_int(&usm, DER_INTEGER, &number) &&
			     der_expect(&usm, DER_OCTET_STRING, &m->usm);
		if (!m->has_usm)
			return false;
	}
	m->is_encrypted = flags.p[0] & FLAG_ENCRYPTED;
	if (m->is_encrypted)
		return der_expect(c, DER_OCTET_STRING, &part);
	return der_enter(c, DER_SEQUENCE, &scoped) &&
	       der_expect(&scoped, DER_OCTET_STRING, &part) &&
	       der_expect(&scoped, DER_OCTET_STRING, &part) && pdu_read(&scoped, m);
}

static bool
message_read(struct span bytes, struct snmp_message *ret)
{
	struct cursor outer = cursor_span(bytes), c;
	struct snmp_message m = { 0 };
	int64_t version;
	bool is_good = der_enter(&outer, DER_SEQUENCE, &c) &&
		       der_take_int(&c, DER_INTEGER, &version) &&
		       (version == 0 || version == 1 || version == 3);
	if (is_good) {
		m.version = version == 3 ? 3 : (uint8_t)(version + 1);
		if (m.version == 3) {
			is_good = v3_read(&c, &m);
		} else {
			m.has_community = der_expect(&c, DER_OCTET_STRING, &m.community);
			is_good = m.has_community && pdu_read(&c, &m);
		}
	}
	*ret = m;
	return is_good;
}

/* Scanners ask for SNMP on the ports of other services, which then answer in their own way. */
static bool
is_port_of_another(const struct flow *flow)
{
	uint16_t port = flow->key.server_port, other = flow->key.client_port;
	bool is_usual = port == 161 || port == 162 || other == 161 || other == 162;
	return port < 1024 && !is_usual;
}

/* The whole datagram must be one message: its port alone makes nothing SNMP. */
static enum proto_verdict
snmp_probe(const struct proto_probe *probe)
{
	struct snmp_message m;
	uint8_t tag;
	uint64_t size;
	if (is_port_of_another(probe->flow))
		return PROTO_NO;
	if (probe->data.len < 12 || probe->data.p[0] != DER_SEQUENCE ||
	    der_head(probe->data, &tag, &size) != 1 || size != probe->data.len ||
	    !message_read(probe->data, &m))
		return PROTO_NO;
	bool is_answer = m.has_pdu && m.pdu == SNMP_RESPONSE;
	bool is_first = !probe->flow->app || !probe->flow->app->proto;
	return is_answer && is_first && probe->dir == DIR_TOSERVER ? PROTO_YES_REVERSED
								   : PROTO_YES;
}

/* --- Transactions --- */

static void
snmp_tx_free(struct app *app, struct tx *tx)
{
	proto_buf_free(app->worker, &((struct snmp_tx *)tx)->bytes);
}

static ptrdiff_t
snmp_parse(struct app *app, const struct proto_input *in)
{
	struct snmp_flow *flow = app->state;
	if (in->data.len == 0)
		return 0;
	struct snmp_tx *snmp = (struct snmp_tx *)app_tx_new(app, in->ts);
	if (!snmp)
		return 0;
	struct tx *tx = &snmp->tx;
	tx->is_answer = in->dir == DIR_TOCLIENT;
	if (proto_buf_append(app->worker, &snmp->bytes, in->data, MESSAGE_MAX)) {
		struct snmp_message *m = &snmp->message;
		snmp->is_readable = message_read(proto_buf_span(&snmp->bytes), m);
		if (!snmp->is_readable)
			tx_event(tx, SNMP_EVENT_MALFORMED_DATA);
		if (m->is_usm_unknown)
			tx_event(tx, SNMP_EVENT_UNKNOWN_SECURITY_MODEL);
		if (flow->version && m->version && m->version != flow->version)
			tx_event(tx, SNMP_EVENT_VERSION_MISMATCH);
		if (!flow->version)
			flow->version = m->version;
	}
	tx_moved(tx, in->dir, 1, in->ts);
	tx_done(tx, DIR_TOSERVER, in->ts);
	tx_done(tx, DIR_TOCLIENT, in->ts);
	return (ptrdiff_t)in->data.len;
}

/* --- What rules see --- */

#define GETTER(function)                                                               \
	static bool function(const struct app *app, const struct tx *tx, enum dir dir, \
	    unsigned index, struct arena *scratch, struct field_value *ret)

static const struct snmp_message *
message_of(const struct tx *tx)
{
	return &((const struct snmp_tx *)tx)->message;
}

GETTER(get_version)
{
	ret->number = message_of(tx)->version;
	return ret->number > 0;
}

GETTER(get_community)
{
	ret->bytes = message_of(tx)->community;
	return message_of(tx)->has_community;
}

GETTER(get_usm)
{
	ret->bytes = message_of(tx)->usm;
	return message_of(tx)->has_usm;
}

GETTER(get_pdu_type)
{
	ret->number = message_of(tx)->pdu;
	return message_of(tx)->has_pdu;
}

static const struct field fields[] = {
	{ "snmp.community", "community of versions 1 and 2c",
	    "snmp.community; content:\"public\";", FIELD_BYTES, DIR_BOTH, 1, NULL, NULL, NULL,
	    get_community, NULL },
	{ "snmp.pdu_type", "kind of message", "snmp.pdu_type:set_request", FIELD_ENUM, DIR_BOTH,
	    1, NULL, NULL, pdu_names, get_pdu_type, NULL },
	{ "snmp.usm", "user of version 3", "snmp.usm; content:\"admin\";", FIELD_BYTES,
	    DIR_BOTH, 1, NULL, NULL, NULL, get_usm, NULL },
	{ "snmp.version", "version: 1, 2 or 3", "snmp.version:<3", FIELD_UINT, DIR_BOTH, 1,
	    NULL, NULL, NULL, get_version, NULL },
	{ 0 },
};

/* --- EVE --- */

static void
put_name(struct json *json, const char *key, const char *const *names, size_t count,
    int64_t number)
{
	char text[32];
	if (number >= 0 && (uint64_t)number < count) {
		json_put_str(json, key, names[number]);
		return;
	}
	snprintf(text, sizeof(text), "%lld", (long long)number);
	json_put_str(json, key, text);
}

static void
put_oid(struct json *json, const char *key, struct span oid)
{
	char text[OID_TEXT_MAX];
	json_put_text(json, key, span_of(text, der_oid_text(oid, text, sizeof(text))));
}

static void
put_vars(struct json *json, struct span vars)
{
	struct cursor c = cursor_span(vars), var;
	struct span oid;
	bool is_open = false;
	for (int i = 0; i < VARS_MAX && der_enter(&c, DER_SEQUENCE, &var); i++) {
		if (!der_expect(&var, DER_OID, &oid))
			continue;
		if (!is_open)
			json_open_array(json, "vars");
		is_open = true;
		put_oid(json, NULL, oid);
	}
	if (is_open)
		json_close(json);
}

static void
put_trap(struct json *json, const struct snmp_message *m)
{
	put_name(json, "trap_type", trap_names, sizeof(trap_names) / sizeof(trap_names[0]),
	    m->trap);
	put_oid(json, "trap_oid", m->trap_oid);
	if (m->trap_address.len == 4) {
		const uint8_t *p = m->trap_address.p;
		char text[16];
		snprintf(text, sizeof(text), "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
		json_put_str(json, "trap_address", text);
	}
}

static bool
snmp_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct snmp_tx *snmp = (const struct snmp_tx *)tx;
	const struct snmp_message *m = &snmp->message;
	if (!snmp->is_readable)
		return false;
	json_put_uint(json, "version", m->version);
	if (m->is_encrypted) {
		json_put_str(json, "pdu_type", "encrypted");
	} else {
		json_put_str(json, "pdu_type", pdu_names[m->pdu].name);
		if (m->error)
			put_name(json, "error", error_names,
			    sizeof(error_names) / sizeof(error_names[0]), m->error);
		if (m->has_trap)
			put_trap(json, m);
		put_vars(json, m->vars);
	}
	if (m->has_community)
		json_put_text(json, "community", m->community);
	if (m->has_usm)
		json_put_text(json, "usm", m->usm);
	return true;
}

static const char *const event_names[] = {
#define X(id, name) name,
	SNMP_EVENTS(X)
#undef X
	    NULL,
};

const struct proto proto_snmp = {
	.name = "snmp",
	.help = "SNMP 1, 2c and 3 over UDP",
	.transports = PROTO_UDP,
	.ports = "161,162",
	.id = PROTO_ID_snmp,
	.max_txs = 16, /* one a datagram */
	.probe = snmp_probe,
	.state_bytes = sizeof(struct snmp_flow),
	.tx_bytes = sizeof(struct snmp_tx),
	.tx_free = snmp_tx_free,
	.parse = snmp_parse,
	.fields = fields,
	.events = event_names,
	.record = snmp_record,
};
