/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smb_login: who logs in, from the security blob of a session setup.
 *
 * The blob is SPNEGO (RFC 4178) around NTLMSSP or a Kerberos ticket, or NTLMSSP alone. Of the
 * wrapping nothing matters here, so the token inside is looked for by what it begins with.
 *
 *   NTLMSSP, message 3 (MS-NLMP section 2.2.1.3), every field a length(2) room(2) offset(4)
 *   0 "NTLMSSP\0"  8 type(4)  12 LM  20 NT  28 domain  36 user  44 workstation  52 key
 *   60 flags(4)  64 version: major(1) minor(1) build(2) -(3) revision(1)
 *
 *   Kerberos: an object identifier, 01 00, then AP-REQ (RFC 4120 section 5.5.1), of which the
 *   ticket's realm and the service's name are not encrypted.
 */
#include "sensor/proto/smb.h"

#define NTLMSSP SPAN("NTLMSSP\0")
#define NTLMSSP_AUTHENTICATE 3
#define NTLMSSP_UNICODE (1u << 0)
#define NTLMSSP_VERSION (1u << 25)
/* 1.2.840.113554.1.2.2 with its tag, and the token id of AP-REQ behind it. */
#define KERBEROS_AP_REQ SPAN("\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\0")

struct smb_login *
smb_login_new(struct app *app)
{
	struct smb_login *login = proto_alloc(app->worker, sizeof(*login));
	if (login)
		*login = (struct smb_login){ 0 };
	return login;
}

void
smb_login_free(struct app *app, struct smb_login *login)
{
	struct proto_worker *worker = app->worker;
	if (!login)
		return;
	proto_buf_free(worker, &login->ntlmssp.domain);
	proto_buf_free(worker, &login->ntlmssp.user);
	proto_buf_free(worker, &login->ntlmssp.host);
	proto_buf_free(worker, &login->realm);
	for (int i = 0; i < SMB_SNAMES_MAX; i++)
		proto_buf_free(worker, &login->snames[i]);
	for (int dir = 0; dir < 2; dir++) {
		proto_buf_free(worker, &login->native_os[dir]);
		proto_buf_free(worker, &login->native_lm[dir]);
	}
	proto_dealloc(worker, login, sizeof(*login));
}

/* --- NTLMSSP --- */

/* A field's bytes; false: it points outside the message. */
static bool
field_read(struct cursor *c, struct span message, struct span *ret)
{
	uint16_t len = cursor_le16(c);
	cursor_skip(c, 2);
	uint32_t at = cursor_le32(c);
	*ret = span_sub(message, at, len);
	return !c->is_short && ret->len == len;
}

static bool
ntlmssp_read(struct app *app, struct smb_ntlmssp *to, struct span message)
{
	struct cursor c = cursor_span(message);
	struct span domain, user, host, key;
	cursor_skip(&c, 28);
	if (!field_read(&c, message, &domain) || !field_read(&c, message, &user) ||
	    !field_read(&c, message, &host) || !field_read(&c, message, &key))
		return false;
	uint32_t flags = cursor_le32(&c);
	if (c.is_short)
		return false;
	bool is_unicode = flags & NTLMSSP_UNICODE;
	smb_text_add(app, &to->domain, domain, is_unicode);
	smb_text_add(app, &to->user, user, is_unicode);
	smb_text_add(app, &to->host, host, is_unicode);
	if (!(flags & NTLMSSP_VERSION))
		return true;
	to->major = cursor_u8(&c);
	to->minor = cursor_u8(&c);
	to->build = cursor_le16(&c);
	cursor_skip(&c, 3);
	to->revision = cursor_u8(&c);
	to->has_version = !c.is_short;
	return true;
}

/* --- Kerberos --- */

/* The content of the next element, when it bears the tag. */
static bool
der_take(struct cursor *c, uint8_t tag, struct cursor *ret)
{
	struct cursor at = *c;
	uint8_t found = cursor_u8(&at);
	size_t len = cursor_u8(&at);
	if (len & 0x80) {
		unsigned bytes = len & 0x7f;
		if (bytes == 0 || bytes > 3)
			return false;
		for (len = 0; bytes; bytes--)
			len = len << 8 | cursor_u8(&at);
	}
	if (at.is_short || found != tag)
		return false;
	*ret = cursor_sub(&at, len);
	*c = at;
	return !at.is_short;
}

/* Passes elements by until one bears the tag. */
static bool
der_find(struct cursor *c, uint8_t tag, struct cursor *ret)
{
	struct cursor skipped;
	while (cursor_left(c)) {
		if (der_take(c, tag, ret))
			return true;
		if (!der_take(c, cursor_rest(c).p[0], &skipped))
			return false;
	}
	return false;
}

enum kerberos_tag {
	DER_STRING = 0x1b,
	DER_SEQUENCE = 0x30,
	DER_TICKET = 0x61, /* application 1 */
	DER_AP_REQ = 0x6e, /* application 14 */
	DER_1 = 0xa1,      /* the fields of a sequence, by their numbers */
	DER_2 = 0xa2,
	DER_3 = 0xa3,
};

static void
kerberos_read(struct app *app, struct smb_login *login, struct span token)
{
	struct cursor c = cursor_span(token), request, fields, ticket, realm, name;
	if (!der_take(&c, DER_AP_REQ, &request) || !der_take(&request, DER_SEQUENCE, &fields) ||
	    !der_find(&fields, DER_3, &c) || !der_take(&c, DER_TICKET, &ticket) ||
	    !der_take(&ticket, DER_SEQUENCE, &fields) || !der_find(&fields, DER_1, &c) ||
	    !der_take(&c, DER_STRING, &realm))
		return;
	login->has_kerberos = true;
	smb_text_add(app, &login->realm, cursor_rest(&realm), false);
	if (!der_find(&fields, DER_2, &c) || !der_take(&c, DER_SEQUENCE, &fields) ||
	    !der_find(&fields, DER_1, &c) || !der_take(&c, DER_SEQUENCE, &fields))
		return;
	for (int i = 0; i < SMB_SNAMES_MAX && der_take(&fields, DER_STRING, &name); i++)
		smb_text_add(app, &login->snames[i], cursor_rest(&name), false);
}

void
smb_login_read(struct smb_unit *unit, struct smb_tx *tx, struct span blob)
{
	ptrdiff_t at = span_find(blob, NTLMSSP);
	if (!tx->login)
		return;
	if (at < 0) {
		at = span_find(blob, KERBEROS_AP_REQ);
		if (at >= 0)
			kerberos_read(unit->app, tx->login,
			    span_from(blob, (size_t)at + KERBEROS_AP_REQ.len));
		return;
	}
	struct span message = span_from(blob, (size_t)at);
	struct cursor c = cursor_span(span_from(message, NTLMSSP.len));
	if (cursor_le32(&c) != NTLMSSP_AUTHENTICATE)
		return;
	tx->login->has_ntlmssp = ntlmssp_read(unit->app, &tx->login->ntlmssp, message);
	if (!tx->login->has_ntlmssp)
		tx_event(&tx->tx, SMB_EVENT_MALFORMED_NTLMSSP_REQUEST);
}
