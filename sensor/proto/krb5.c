/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krb5: Kerberos 5 between clients and the key distribution centre, a message a transaction.
 *
 *   AS-REQ, TGS-REQ  [APPLICATION 10, 12] SEQUENCE { [1] 5, [2] type, [3] padata,
 *       [4] SEQUENCE { [0] options, [1] cname, [2] realm, [3] sname, ... } }
 *   AS-REP, TGS-REP  [APPLICATION 11, 13] SEQUENCE { [0] 5, [1] type, [2] padata, [3] crealm,
 *       [4] cname, [5] Ticket, [6] EncryptedData }
 *   Ticket           [APPLICATION 1] SEQUENCE { [0] 5, [1] realm, [2] sname, [3] EncryptedData
 * } KRB-ERROR        [APPLICATION 30] SEQUENCE { [0] 5, [1] type, ..., [6] error, [7] crealm,
 *       [8] cname, [9] realm, [10] sname, ... }
 *
 * Over TCP four bytes of length stand before each message. Source: RFC 4120.
 */
#include "sensor/proto/krb5.h"

#include <stdio.h>

#include "sensor/proto/app.h"
#include "sensor/proto/der.h"

#define LENGTH_BYTES 4
#define VERSION 5
/* Tickets with many groups in them come near this, and no further. */
#define MESSAGE_MAX 65535
#define NAME_MAX_BYTES 2048

#define KRB5_EVENTS(X)                      \
	X(MALFORMED_DATA, "malformed_data") \
	X(WEAK_ENCRYPTION, "weak_encryption")
enum krb5_event {
#define X(id, name) KRB5_EVENT_##id,
	KRB5_EVENTS(X)
#undef X
	    KRB5_EVENT_COUNT
};

enum krb5_type {
	KRB5_AS_REQ = 10,
	KRB5_AS_REP = 11,
	KRB5_TGS_REQ = 12,
	KRB5_TGS_REP = 13,
	KRB5_AP_REQ = 14,
	KRB5_AP_REP = 15,
	KRB5_ERROR = 30,
};

static const struct field_name type_names[] = {
	{ "AS_REQ", KRB5_AS_REQ },
	{ "AS_REP", KRB5_AS_REP },
	{ "TGS_REQ", KRB5_TGS_REQ },
	{ "TGS_REP", KRB5_TGS_REP },
	{ "AP_REQ", KRB5_AP_REQ },
	{ "AP_REP", KRB5_AP_REP },
	{ "ERROR", KRB5_ERROR },
	{ NULL, 0 },
};

/* RFC 3961 section 8, and what has come since; negative ones are private to Windows. */
const struct field_name krb5_encryption_names[] = {
	{ "des-cbc-crc", 1 },
	{ "des-cbc-md4", 2 },
	{ "des-cbc-md5", 3 },
	{ "des3-cbc-md5", 5 },
	{ "des3-cbc-sha1", 7 },
	{ "dsaWithSHA1-CmsOID", 9 },
	{ "md5WithRSAEncryption-CmsOID", 10 },
	{ "sha1WithRSAEncryption-CmsOID", 11 },
	{ "rc2CBC-EnvOID", 12 },
	{ "rsaEncryption-EnvOID", 13 },
	{ "rsaES-OAEP-ENV-OID", 14 },
	{ "des-ede3-cbc-Env-OID", 15 },
	{ "des3-cbc-sha1-kd", 16 },
	{ "aes128-cts-hmac-sha1-96", 17 },
	{ "aes256-cts-hmac-sha1-96", 18 },
	{ "aes128-cts-hmac-sha256-128", 19 },
	{ "aes256-cts-hmac-sha384-192", 20 },
	{ "rc4-hmac", 23 },
	{ "rc4-hmac-exp", 24 },
	{ "camellia128-cts-cmac", 25 },
	{ "camellia256-cts-cmac", 26 },
	{ "subkey-keymaterial", 65 },
	{ "rc4-md4", (uint64_t)-128 },
	{ "rc4-plain2", (uint64_t)-129 },
	{ "rc4-lm", (uint64_t)-130 },
	{ "rc4-sha", (uint64_t)-131 },
	{ "des-plain", (uint64_t)-132 },
	{ "rc4-hmac-OLD", (uint64_t)-133 },
	{ "rc4-plain-OLD", (uint64_t)-134 },
	{ "rc4-hmac-OLD-exp", (uint64_t)-135 },
	{ "rc4-plain-OLD-exp", (uint64_t)-136 },
	{ "rc4-plain", (uint64_t)-140 },
	{ "rc4-plain-exp", (uint64_t)-141 },
	{ NULL, 0 },
};

/* RFC 4120 section 7.5.9; RFC 4556 section 3.1.3. */
static const struct field_name error_names[] = {
	{ "KDC_ERR_NONE", 0 },
	{ "KDC_ERR_NAME_EXP", 1 },
	{ "KDC_ERR_SERVICE_EXP", 2 },
	{ "KDC_ERR_BAD_PVNO", 3 },
	{ "KDC_ERR_C_OLD_MAST_KVNO", 4 },
	{ "KDC_ERR_S_OLD_MAST_KVNO", 5 },
	{ "KDC_ERR_C_PRINCIPAL_UNKNOWN", 6 },
	{ "KDC_ERR_S_PRINCIPAL_UNKNOWN", 7 },
	{ "KDC_ERR_PRINCIPAL_NOT_UNIQUE", 8 },
	{ "KDC_ERR_NULL_KEY", 9 },
	{ "KDC_ERR_CANNOT_POSTDATE", 10 },
	{ "KDC_ERR_NEVER_VALID", 11 },
	{ "KDC_ERR_POLICY", 12 },
	{ "KDC_ERR_BADOPTION", 13 },
	{ "KDC_ERR_ETYPE_NOSUPP", 14 },
	{ "KDC_ERR_SUMTYPE_NOSUPP", 15 },
	{ "KDC_ERR_PADATA_TYPE_NOSUPP", 16 },
	{ "KDC_ERR_TRTYPE_NOSUPP", 17 },
	{ "KDC_ERR_CLIENT_REVOKED", 18 },
	{ "KDC_ERR_SERVICE_REVOKED", 19 },
	{ "KDC_ERR_TGT_REVOKED", 20 },
	{ "KDC_ERR_CLIENT_NOTYET", 21 },
	{ "KDC_ERR_SERVICE_NOTYET", 22 },
	{ "KDC_ERR_KEY_EXPIRED", 23 },
	{ "KDC_ERR_PREAUTH_FAILED", 24 },
	{ "KDC_ERR_PREAUTH_REQUIRED", 25 },
	{ "KDC_ERR_SERVER_NOMATCH", 26 },
	{ "KDC_ERR_MUST_USE_USER2USER", 27 },
	{ "KDC_ERR_PATH_NOT_ACCEPTED", 28 },
	{ "KDC_ERR_SVC_UNAVAILABLE", 29 },
	{ "KRB_AP_ERR_BAD_INTEGRITY", 31 },
	{ "KRB_AP_ERR_TKT_EXPIRED", 32 },
	{ "KRB_AP_ERR_TKT_NYV", 33 },
	{ "KRB_AP_ERR_REPEAT", 34 },
	{ "KRB_AP_ERR_NOT_US", 35 },
	{ "KRB_AP_ERR_BADMATCH", 36 },
	{ "KRB_AP_ERR_SKEW", 37 },
	{ "KRB_AP_ERR_BADADDR", 38 },
	{ "KRB_AP_ERR_BADVERSION", 39 },
	{ "KRB_AP_ERR_MSG_TYPE", 40 },
	{ "KRB_AP_ERR_MODIFIED", 41 },
	{ "KRB_AP_ERR_BADORDER", 42 },
	{ "KRB_AP_ERR_BADKEYVER", 44 },
	{ "KRB_AP_ERR_NOKEY", 45 },
	{ "KRB_AP_ERR_MUT_FAIL", 46 },
	{ "KRB_AP_ERR_BADDIRECTION", 47 },
	{ "KRB_AP_ERR_METHOD", 48 },
	{ "KRB_AP_ERR_BADSEQ", 49 },
	{ "KRB_AP_ERR_INAPP_CKSUM", 50 },
	{ "KRB_AP_PATH_NOT_ACCEPTED", 51 },
	{ "KRB_ERR_RESPONSE_TOO_BIG", 52 },
	{ "KRB_ERR_GENERIC", 60 },
	{ "KRB_ERR_FIELD_TOOLONG", 61 },
	{ "KDC_ERROR_CLIENT_NOT_TRUSTED", 62 },
	{ "KDC_ERROR_KDC_NOT_TRUSTED", 63 },
	{ "KDC_ERROR_INVALID_SIG", 64 },
	{ "KDC_ERR_KEY_TOO_WEAK", 65 },
	{ "KDC_ERR_CERTIFICATE_MISMATCH", 66 },
	{ "KRB_AP_ERR_NO_TGT", 67 },
	{ "KDC_ERR_WRONG_REALM", 68 },
	{ "KRB_AP_ERR_USER_TO_USER_REQUIRED", 69 },
	{ "KDC_ERR_CANT_VERIFY_CERTIFICATE", 70 },
	{ "KDC_ERR_INVALID_CERTIFICATE", 71 },
	{ "KDC_ERR_REVOKED_CERTIFICATE", 72 },
	{ "KDC_ERR_REVOCATION_STATUS_UNKNOWN", 73 },
	{ "KDC_ERR_REVOCATION_STATUS_UNAVAILABLE", 74 },
	{ "KDC_ERR_CLIENT_NAME_MISMATCH", 75 },
	{ "KDC_ERR_KDC_NAME_MISMATCH", 76 },
	{ NULL, 0 },
};

/* A message's pieces; names are the inside of SEQUENCE OF GeneralString. */
struct krb5_message {
	uint8_t type; /* enum krb5_type */
	bool has_cname, has_realm, has_sname, has_encryption, has_ticket;
	struct span cname, realm, sname;
	int32_t encryption, ticket_encryption;
	int32_t error;
};

struct krb5_tx {
	struct tx tx;
	bool is_readable;
	uint8_t asked; /* of an error: the request's type, 0 when it was not seen */
	struct krb5_message message;
	struct proto_buf names; /* what the message points into */
};

struct krb5_flow {
	uint8_t asked; /* type of the request that waits for its answer */
	bool is_lost[2];
};

bool
krb5_is_weak(int32_t encryption)
{
	return !(
	    (encryption >= 17 && encryption <= 20) || encryption == 25 || encryption == 26);
}

/* --- Reading --- */

/* Takes [n] and enters it. */
static bool
enter(struct cursor *c, unsigned n, struct cursor *ret)
{
	return der_enter(c, (uint8_t)DER_CONTEXT_CONSTRUCTED(n), ret);
}

/* Passes over what stands before [n]. */
static bool
find(struct cursor *c, unsigned n, struct cursor *ret)
{
	uint8_t tag;
	struct span value;
	while (!enter(c, n, ret)) {
		struct cursor next = *c;
		if (!der_take(&next, &tag, &value) || DER_NUMBER(tag) > n)
			return false;
		*c = next;
	}
	return true;
}

static bool
int32_read(struct cursor *c, int32_t *ret)
{
	int64_t number;
	if (!der_take_int(c, DER_INTEGER, &number) || number < INT32_MIN || number > INT32_MAX)
		return false;
	*ret = (int32_t)number;
	return true;
}

/* PrincipalName ::= SEQUENCE { [0] type, [1] SEQUENCE OF GeneralString } */
static bool
name_read(struct cursor c, struct span *ret)
{
	struct cursor in, part;
	return der_enter(&c, DER_SEQUENCE, &in) && find(&in, 1, &part) &&
	       der_expect(&part, DER_SEQUENCE, ret);
}

static bool
realm_read(struct cursor c, struct span *ret)
{
	return der_expect(&c, DER_GENERAL_STRING, ret);
}

/* EncryptedData ::= SEQUENCE { [0] etype, [1] kvno, [2] cipher } */
static bool
encryption_read(struct cursor c, int32_t *ret)
{
	struct cursor in, part;
	return der_enter(&c, DER_SEQUENCE, &in) && enter(&in, 0, &part) &&
	       int32_read(&part, ret);
}

static bool
request_read(struct cursor *c, struct krb5_message *m)
{
	struct cursor body, in, part;
	if (!find(c, 4, &body) || !der_enter(&body, DER_SEQUENCE, &in))
		return false;
	if (find(&in, 1, &part))
		m->has_cname = name_read(part, &m->cname);
	if (find(&in, 2, &part))
		m->has_realm = realm_read(part, &m->realm);
	if (find(&in, 3, &part))
		m->has_sname = name_read(part, &m->sname);
	return m->has_realm;
}

static bool
answer_read(struct cursor *c, struct krb5_message *m)
{
	struct cursor part, ticket, in;
	if (!find(c, 3, &part) || !realm_read(part, &m->realm))
		return false;
	m->has_realm = true;
	if (!find(c, 4, &part) || !name_read(part, &m->cname))
		return false;
	m->has_cname = true;
	if (!find(c, 5, &part) || !der_enter(&part, DER_APPLICATION_CONSTRUCTED(1), &ticket) ||
	    !der_enter(&ticket, DER_SEQUENCE, &in))
		return false;
	if (find(&in, 2, &part))
		m->has_sname = name_read(part, &m->sname);
	if (find(&in, 3, &part))
		m->has_ticket = encryption_read(part, &m->ticket_encryption);
	if (!m->has_sname || !m->has_ticket || !find(c, 6, &part))
		return false;
	m->has_encryption = encryption_read(part, &m->encryption);
	return m->has_encryption;
}

static bool
error_read(struct cursor *c, struct krb5_message *m)
{
	struct cursor part;
	if (!find(c, 6, &part) || !int32_read(&part, &m->error))
		return false;
	if (find(c, 7, &part))
		m->has_realm = realm_read(part, &m->realm);
	if (find(c, 8, &part))
		m->has_cname = name_read(part, &m->cname);
	if (find(c, 10, &part))
		m->has_sname = name_read(part, &m->sname);
	return m->has_sname;
}

/* The type of what is a message by its first bytes, or 0. */
static uint8_t
message_type(struct span bytes)
{
	struct cursor c = cursor_span(bytes), in;
	uint8_t tag = cursor_u8(&c);
	struct span value;
	static const uint8_t types[] = { KRB5_AS_REQ, KRB5_AS_REP, KRB5_TGS_REQ, KRB5_TGS_REP,
		KRB5_AP_REQ, KRB5_AP_REP, KRB5_ERROR };
	if ((tag & 0xe0) != DER_APPLICATION_CONSTRUCTED(0) ||
	    !memchr(types, DER_NUMBER(tag), sizeof(types)))
		return 0;
	c = cursor_span(bytes);
	uint8_t type = DER_NUMBER(tag);
	if (!der_take(&c, &tag, &value))
		return 0;
	in = cursor_span(value);
	struct cursor sequence, part;
	int32_t number;
	bool is_request = type == KRB5_AS_REQ || type == KRB5_TGS_REQ;
	if (!der_enter(&in, DER_SEQUENCE, &sequence) ||
	    !enter(&sequence, is_request ? 1 : 0, &part) || !int32_read(&part, &number) ||
	    number != VERSION)
		return 0;
	return type;
}

static bool
message_read(struct span bytes, struct krb5_message *m)
{
	struct cursor c = cursor_span(bytes), outer, in;
	m->type = message_type(bytes);
	if (!m->type || !der_enter(&c, (uint8_t)DER_APPLICATION_CONSTRUCTED(m->type), &outer) ||
	    !der_enter(&outer, DER_SEQUENCE, &in))
		return false;
	switch (m->type) {
	case KRB5_AS_REQ:
	case KRB5_TGS_REQ:
		return request_read(&in, m);
	case KRB5_AS_REP:
	case KRB5_TGS_REP:
		return answer_read(&in, m);
	case KRB5_ERROR:
		return error_read(&in, m);
	default:
		return true;
	}
}

/* --- Recognition --- */

/* Whether what begins here can be a message; its length may lie beyond what is there. */
static enum proto_verdict
head_probe(struct span bytes, uint64_t whole, uint8_t *ret_type)
{
	uint8_t tag, tag_in;
	uint64_t size, size_in;
	int r = der_head(bytes, &tag, &size);
	if (r <= 0)
		return r < 0 ? PROTO_NO : PROTO_MORE;
	if ((tag & 0xe0) != DER_APPLICATION_CONSTRUCTED(0) || size != whole)
		return PROTO_NO;
	uint8_t type = DER_NUMBER(tag);
	if ((type < KRB5_AS_REQ || type > KRB5_AP_REP) && type != KRB5_ERROR)
		return PROTO_NO;
	/* The element inside is as long as the outer one allows. */
	size_t head = bytes.len > 1 && bytes.p[1] & 0x80 ? 2u + (bytes.p[1] & 0x7f) : 2u;
	struct span in = span_from(bytes, head);
	r = der_head(in, &tag_in, &size_in);
	if (r <= 0)
		return r < 0 ? PROTO_NO : PROTO_MORE;
	if (tag_in != DER_SEQUENCE || size_in + head != size)
		return PROTO_NO;
	head = in.p[1] & 0x80 ? 2u + (in.p[1] & 0x7f) : 2u;
	bool is_request = type == KRB5_AS_REQ || type == KRB5_TGS_REQ;
	const uint8_t version[] = { is_request ? 0xa1 : 0xa0, 3, DER_INTEGER, 1, VERSION };
	struct span at = span_sub(span_from(in, head), 0, sizeof(version));
	if (!span_eq(at, span_of(version, at.len)))
		return PROTO_NO;
	*ret_type = type;
	return at.len == sizeof(version) ? PROTO_YES : PROTO_MORE;
}

static enum proto_verdict
krb5_probe(const struct proto_probe *probe)
{
	struct span bytes = probe->data;
	uint64_t whole = bytes.len;
	uint8_t type = 0;
	if (flow_is_tcp(probe->flow)) {
		struct cursor c = cursor_span(bytes);
		whole = cursor_be32(&c);
		if (bytes.len && bytes.p[0])
			return PROTO_NO;
		if (c.is_short)
			return PROTO_MORE;
		if (whole > MESSAGE_MAX)
			return PROTO_NO;
		bytes = span_from(bytes, LENGTH_BYTES);
	}
	enum proto_verdict verdict = head_probe(bytes, whole, &type);
	if (verdict != PROTO_YES || (probe->flow->app && probe->flow->app->proto))
		return verdict;
	bool is_request = type == KRB5_AS_REQ || type == KRB5_TGS_REQ || type == KRB5_AP_REQ;
	return is_request == (probe->dir == DIR_TOSERVER) ? PROTO_YES : PROTO_YES_REVERSED;
}

/* --- Transactions --- */

static void
krb5_tx_free(struct app *app, struct tx *tx)
{
	proto_buf_free(app->worker, &((struct krb5_tx *)tx)->names);
}

/* Copies a piece; what it points to afterwards is only known when all are copied. */
static bool
piece_keep(struct app *app, struct proto_buf *buf, struct span *piece)
{
	size_t before = buf->len;
	bool is_kept = proto_buf_append(app->worker, buf, span_sub(*piece, 0, NAME_MAX_BYTES),
	    3 * NAME_MAX_BYTES);
	*piece = span_of(NULL, buf->len - before);
	return is_kept;
}

static void
names_keep(struct app *app, struct krb5_tx *krb5)
{
	struct krb5_message *m = &krb5->message;
	struct span *pieces[] = { &m->cname, &m->realm, &m->sname };
	for (int i = 0; i < 3; i++)
		(void)piece_keep(app, &krb5->names, pieces[i]);
	struct span all = proto_buf_span(&krb5->names);
	size_t at = 0;
	for (int i = 0; i < 3; i++) {
		size_t len = pieces[i]->len;
		*pieces[i] = span_sub(all, at, len);
		at += len;
	}
}

static void
message_take(struct app *app, enum dir dir, struct span bytes, nsec_t ts)
{
	struct krb5_flow *flow = app->state;
	struct krb5_message m = { 0 };
	bool is_readable = message_read(bytes, &m);
	if (is_readable && (m.type == KRB5_AP_REQ || m.type == KRB5_AP_REP)) {
		/* They say nothing that is not encrypted. */
		flow->asked = m.type == KRB5_AP_REQ ? m.type : 0;
		return;
	}
	struct krb5_tx *krb5 = (struct krb5_tx *)app_tx_new(app, ts);
	if (!krb5)
		return;
	struct tx *tx = &krb5->tx;
	tx->is_answer = dir == DIR_TOCLIENT;
	krb5->is_readable = is_readable;
	krb5->message = m;
	names_keep(app, krb5);
	if (!is_readable)
		tx_event(tx, KRB5_EVENT_MALFORMED_DATA);
	if (is_readable && m.has_encryption && krb5_is_weak(m.encryption))
		tx_event(tx, KRB5_EVENT_WEAK_ENCRYPTION);
	if (m.type == KRB5_ERROR)
		krb5->asked = flow->asked;
	bool is_request = m.type == KRB5_AS_REQ || m.type == KRB5_TGS_REQ;
	flow->asked = is_request ? m.type : 0;
	tx_moved(tx, dir, 1, ts);
	tx_done(tx, DIR_TOSERVER, ts);
	tx_done(tx, DIR_TOCLIENT, ts);
}

static void
malformed(struct app *app, enum dir dir, nsec_t ts)
{
	struct tx *tx = app_tx_new(app, ts);
	if (!tx)
		return;
	tx->is_answer = dir == DIR_TOCLIENT;
	tx_event(tx, KRB5_EVENT_MALFORMED_DATA);
	tx_moved(tx, dir, 1, ts);
	tx_done(tx, DIR_TOSERVER, ts);
	tx_done(tx, DIR_TOCLIENT, ts);
}

/* Whether a message begins at the start of a segment. */
static bool
is_found_again(struct span data)
{
	struct cursor c = cursor_span(data);
	uint8_t type;
	uint32_t len = cursor_be32(&c);
	return head_probe(cursor_rest(&c), len, &type) == PROTO_YES;
}

static ptrdiff_t
krb5_parse(struct app *app, const struct proto_input *in)
{
	struct krb5_flow *flow = app->state;
	struct span rest = in->data;
	if (!flow_is_tcp(app->flow)) {
		if (rest.len)
			message_take(app, in->dir, rest, in->ts);
		return (ptrdiff_t)rest.len;
	}
	if (in->gap_bytes)
		flow->is_lost[in->dir] = true;
	if (flow->is_lost[in->dir] && rest.len) {
		if (!is_found_again(rest))
			return (ptrdiff_t)in->data.len;
		flow->is_lost[in->dir] = false;
	}
	while (rest.len >= LENGTH_BYTES) {
		struct cursor c = cursor_span(rest);
		uint32_t len = cursor_be32(&c);
		if (len > MESSAGE_MAX) {
			malformed(app, in->dir, in->ts);
			return -1;
		}
		struct span message = cursor_bytes(&c, len);
		if (c.is_short)
			break;
		if (len)
			message_take(app, in->dir, message, in->ts);
		rest = cursor_rest(&c);
	}
	return (ptrdiff_t)(in->data.len - rest.len);
}

/* --- What rules see --- */

#define GETTER(function)                                                               \
	static bool function(const struct app *app, const struct tx *tx, enum dir dir, \
	    unsigned index, struct arena *scratch, struct field_value *ret)

static const struct krb5_message *
message_of(const struct tx *tx)
{
	return &((const struct krb5_tx *)tx)->message;
}

bool
krb5_ticket_encryption(const struct tx *tx, int32_t *ret)
{
	*ret = message_of(tx)->ticket_encryption;
	return message_of(tx)->has_ticket;
}

static bool
name_part(struct span name, unsigned index, struct span *ret)
{
	struct cursor c = cursor_span(name);
	do {
		if (!der_expect(&c, DER_GENERAL_STRING, ret))
			return false;
	} while (index-- > 0);
	return true;
}

GETTER(get_cname)
{
	return name_part(message_of(tx)->cname, index, &ret->bytes);
}

GETTER(get_sname)
{
	return name_part(message_of(tx)->sname, index, &ret->bytes);
}

GETTER(get_msg_type)
{
	ret->number = message_of(tx)->type;
	return ret->number > 0;
}

GETTER(get_err_code)
{
	ret->number = (uint64_t)message_of(tx)->error;
	return message_of(tx)->type == KRB5_ERROR;
}

static const struct field fields[] = {
	{ "krb5.cname", "parts of the client's name", "krb5.cname; content:\"admin\";",
	    FIELD_MULTI, DIR_BOTH, 1, NULL, "krb5_cname", NULL, get_cname, NULL },
	{ "krb5.sname", "parts of the service's name", "krb5.sname; content:\"krbtgt\";",
	    FIELD_MULTI, DIR_BOTH, 1, NULL, "krb5_sname", NULL, get_sname, NULL },
	{ "krb5_err_code", "why the request failed", "krb5_err_code:6", FIELD_ENUM, DIR_BOTH, 1,
	    NULL, NULL, error_names, get_err_code, NULL },
	{ "krb5_msg_type", "type of the message", "krb5_msg_type:10", FIELD_ENUM, DIR_BOTH, 1,
	    NULL, NULL, type_names, get_msg_type, NULL },
	{ 0 },
};

/* --- EVE --- */

static void
put_enum(struct json *json, const char *key, const struct field_name *names, const char *prefix,
    int64_t number)
{
	char text[64];
	for (; names->name; names++) {
		if ((int64_t)names->value == number) {
			snprintf(text, sizeof(text), "%s%s", prefix, names->name);
			json_put_str(json, key, text);
			return;
		}
	}
	snprintf(text, sizeof(text), "%lld", (long long)number);
	json_put_str(json, key, text);
}

/* "krbtgt/EXAMPLE.COM" */
static void
put_name(struct json *json, const char *key, bool has_name, struct span name)
{
	uint8_t text[NAME_MAX_BYTES];
	struct cursor c = cursor_span(name);
	struct span part;
	size_t len = 0;
	if (!has_name) {
		json_put_str(json, key, "<empty>");
		return;
	}
	/* Parts are shorter than their elements, so that the text is than the name. */
	while (der_expect(&c, DER_GENERAL_STRING, &part) && len + part.len + 1 < sizeof(text)) {
		if (len)
			text[len++] = '/';
		if (part.len)
			memcpy(text + len, part.p, part.len);
		len += part.len;
	}
	json_put_text(json, key, span_of(text, len));
}

static bool
krb5_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct krb5_tx *krb5 = (const struct krb5_tx *)tx;
	const struct krb5_message *m = &krb5->message;
	if (!krb5->is_readable)
		return false;
	put_enum(json, "msg_type", type_names, "KRB_", m->type);
	if (m->type == KRB5_ERROR) {
		if (krb5->asked)
			put_enum(json, "failed_request", type_names, "KRB_", krb5->asked);
		else
			json_put_str(json, "failed_request", "UNKNOWN");
		put_enum(json, "error_code", error_names, "", m->error);
	}
	put_name(json, "cname", m->has_cname, m->cname);
	json_put_text(json, "realm", m->has_realm ? m->realm : SPAN("<empty>"));
	put_name(json, "sname", m->has_sname, m->sname);
	if (m->has_encryption)
		put_enum(json, "encryption", krb5_encryption_names, "", m->encryption);
	else
		json_put_str(json, "encryption", "<none>");
	json_put_bool(json, "weak_encryption",
	    m->has_encryption && krb5_is_weak(m->encryption));
	if (m->has_ticket) {
		put_enum(json, "ticket_encryption", krb5_encryption_names, "",
		    m->ticket_encryption);
		json_put_bool(json, "ticket_weak_encryption",
		    krb5_is_weak(m->ticket_encryption));
	}
	return true;
}

static const char *const event_names[] = {
#define X(id, name) name,
	KRB5_EVENTS(X)
#undef X
	    NULL,
};

const struct proto proto_krb5 = {
	.name = "krb5",
	.help = "Kerberos 5 over UDP and TCP: requests for tickets, answers, errors",
	.transports = PROTO_TCP | PROTO_UDP,
	.ports = "88",
	.id = PROTO_ID_krb5,
	.max_txs = 64, /* of one feeding; clients ask one at a time */
	.probe = krb5_probe,
	.state_bytes = sizeof(struct krb5_flow),
	.tx_bytes = sizeof(struct krb5_tx),
	.tx_free = krb5_tx_free,
	.parse = krb5_parse,
	.fields = fields,
	.events = event_names,
	.record = krb5_record,
};
