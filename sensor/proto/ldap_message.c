/* SPDX-License-Identifier: Apache-2.0 */
/* ldap_message: one message, read without trusting a length in it. */
#include "sensor/proto/ldap.h"

bool
ldap_op_is_known(uint8_t op)
{
	return op <= LDAP_ABANDON_REQUEST || op == LDAP_SEARCH_RESULT_REFERENCE ||
	       (op >= LDAP_EXTENDED_REQUEST && op <= LDAP_INTERMEDIATE_RESPONSE);
}

bool
ldap_op_is_request(uint8_t op)
{
	switch (op) {
	case LDAP_BIND_REQUEST:
	case LDAP_UNBIND_REQUEST:
	case LDAP_SEARCH_REQUEST:
	case LDAP_MODIFY_REQUEST:
	case LDAP_ADD_REQUEST:
	case LDAP_DEL_REQUEST:
	case LDAP_MOD_DN_REQUEST:
	case LDAP_COMPARE_REQUEST:
	case LDAP_ABANDON_REQUEST:
	case LDAP_EXTENDED_REQUEST:
		return true;
	default:
		return false;
	}
}

bool
ldap_op_is_last(uint8_t op)
{
	return op != LDAP_SEARCH_RESULT_ENTRY && op != LDAP_SEARCH_RESULT_REFERENCE &&
	       op != LDAP_INTERMEDIATE_RESPONSE;
}

/* Takes the head of an element, and as much of its value as is there. */
static bool
take_cut(struct cursor *c, uint8_t *ret_tag, struct span *ret)
{
	uint64_t size;
	struct span rest = cursor_rest(c);
	if (der_head(rest, ret_tag, &size) != 1)
		return false;
	size_t head = rest.p[1] & 0x80 ? 2u + (rest.p[1] & 0x7f) : 2u;
	*ret = span_sub(rest, head, (size_t)(size - head));
	cursor_skip(c, size < rest.len ? (size_t)size : rest.len);
	return true;
}

static bool
is_op_tag(uint8_t tag)
{
	if (DER_CLASS(tag) != DER_APPLICATION(0) || !ldap_op_is_known(DER_NUMBER(tag)))
		return false;
	uint8_t op = DER_NUMBER(tag);
	bool is_plain =
	    op == LDAP_UNBIND_REQUEST || op == LDAP_DEL_REQUEST || op == LDAP_ABANDON_REQUEST;
	return is_plain == !(tag & 0x20);
}

bool
ldap_message_read(struct span bytes, struct ldap_message *ret)
{
	struct cursor outer = cursor_span(bytes);
	struct ldap_message m = { 0 };
	struct span inner;
	uint8_t tag;
	if (!take_cut(&outer, &tag, &inner) || tag != DER_SEQUENCE)
		return false;
	struct cursor c = cursor_span(inner);
	if (!der_take_int(&c, DER_INTEGER, &m.id) || m.id < 0 || m.id > INT32_MAX)
		return false;
	if (!take_cut(&c, &tag, &m.body) || !is_op_tag(tag))
		return false;
	m.op = DER_NUMBER(tag);
	(void)der_expect(&c, DER_CONTEXT_CONSTRUCTED(0), &m.controls);
	*ret = m;
	return true;
}

enum proto_verdict
ldap_message_probe(struct span bytes, uint64_t whole, uint8_t *ret_op)
{
	uint8_t tag;
	uint64_t size, op_size;
	int r = der_head(bytes, &tag, &size);
	if (bytes.len && bytes.p[0] != DER_SEQUENCE)
		return PROTO_NO;
	if (r <= 0)
		return r < 0 ? PROTO_NO : PROTO_MORE;
	if (whole && size > whole)
		return PROTO_NO;
	size_t head = bytes.p[1] & 0x80 ? 2u + (bytes.p[1] & 0x7f) : 2u;
	/* A number of one to four bytes, not negative. */
	struct span in = span_from(bytes, head);
	if ((in.len > 0 && in.p[0] != DER_INTEGER) ||
	    (in.len > 1 && (in.p[1] == 0 || in.p[1] > 4)) || (in.len > 2 && in.p[2] & 0x80))
		return PROTO_NO;
	if (in.len < 3 || in.len < 2u + in.p[1])
		return PROTO_MORE;
	size_t used = head + 2u + in.p[1];
	struct span op = span_from(bytes, used);
	if (op.len && !is_op_tag(op.p[0]))
		return PROTO_NO;
	r = der_head(op, &tag, &op_size);
	if (r <= 0)
		return r < 0 ? PROTO_NO : PROTO_MORE;
	if (op_size > size - used)
		return PROTO_NO;
	*ret_op = DER_NUMBER(tag);
	return PROTO_YES;
}

bool
ldap_result_read(const struct ldap_message *m, struct ldap_result *ret)
{
	struct ldap_result r;
	switch (m->op) {
	case LDAP_BIND_RESPONSE:
	case LDAP_SEARCH_RESULT_DONE:
	case LDAP_MODIFY_RESPONSE:
	case LDAP_ADD_RESPONSE:
	case LDAP_DEL_RESPONSE:
	case LDAP_MOD_DN_RESPONSE:
	case LDAP_COMPARE_RESPONSE:
	case LDAP_EXTENDED_RESPONSE:
		break;
	default:
		return false;
	}
	r.rest = cursor_span(m->body);
	struct span referral;
	if (!der_take_int(&r.rest, DER_ENUMERATED, &r.code) ||
	    !der_expect(&r.rest, DER_OCTET_STRING, &r.matched_dn) ||
	    !der_expect(&r.rest, DER_OCTET_STRING, &r.message))
		return false;
	(void)der_expect(&r.rest, DER_CONTEXT_CONSTRUCTED(3), &referral);
	*ret = r;
	return true;
}

bool
ldap_dn(const struct ldap_message *m, struct span *ret)
{
	struct cursor c = cursor_span(m->body);
	struct ldap_result result;
	int64_t version;
	switch (m->op) {
	case LDAP_BIND_REQUEST:
		return der_take_int(&c, DER_INTEGER, &version) &&
		       der_expect(&c, DER_OCTET_STRING, ret);
	case LDAP_SEARCH_REQUEST:
	case LDAP_MODIFY_REQUEST:
	case LDAP_ADD_REQUEST:
	case LDAP_MOD_DN_REQUEST:
	case LDAP_COMPARE_REQUEST:
	case LDAP_SEARCH_RESULT_ENTRY:
		return der_expect(&c, DER_OCTET_STRING, ret);
	case LDAP_DEL_REQUEST:
		*ret = m->body;
		return true;
	default:
		if (!ldap_result_read(m, &result))
			return false;
		*ret = result.matched_dn;
		return true;
	}
}

/* --- Attributes --- */

struct ldap_walk
ldap_walk_begin(const struct ldap_message *m)
{
	struct ldap_walk w = { .op = m->op, .is_over = true };
	struct cursor c = cursor_span(m->body);
	struct span name, part;
	uint8_t tag;
	if (!der_expect(&c, DER_OCTET_STRING, &name))
		return w;
	switch (m->op) {
	case LDAP_SEARCH_REQUEST:
		/* scope, aliases, size, time, types only, filter */
		for (int i = 0; i < 6; i++)
			if (!der_take(&c, &tag, &part))
				return w;
		break;
	case LDAP_MODIFY_REQUEST:
	case LDAP_ADD_REQUEST:
	case LDAP_COMPARE_REQUEST:
	case LDAP_SEARCH_RESULT_ENTRY:
		break;
	default:
		return w;
	}
	w.is_over = !der_enter(&c, DER_SEQUENCE, &w.c);
	return w;
}

/* SEQUENCE { type, SET OF value } */
static bool
attribute_take(struct ldap_walk *w, struct cursor *c)
{
	struct cursor in;
	if (!der_enter(c, DER_SEQUENCE, &in) || !der_expect(&in, DER_OCTET_STRING, &w->type))
		return false;
	if (!der_enter(&in, DER_SET, &w->values))
		w->values = cursor_of(NULL, 0);
	return true;
}

bool
ldap_walk_next(struct ldap_walk *w)
{
	struct cursor change;
	int64_t kind;
	if (w->is_over || cursor_left(&w->c) == 0)
		return false;
	switch (w->op) {
	case LDAP_SEARCH_REQUEST:
		w->values = cursor_of(NULL, 0);
		w->is_over = !der_expect(&w->c, DER_OCTET_STRING, &w->type);
		break;
	case LDAP_COMPARE_REQUEST:
		/* The sequence is the one pair. */
		w->is_over = !der_expect(&w->c, DER_OCTET_STRING, &w->type);
		w->values = w->c;
		w->c = cursor_of(NULL, 0);
		break;
	case LDAP_MODIFY_REQUEST:
		w->is_over = !der_enter(&w->c, DER_SEQUENCE, &change) ||
			     !der_take_int(&change, DER_ENUMERATED, &kind) || kind < 0 ||
			     kind > UINT8_MAX || !attribute_take(w, &change);
		w->change = w->is_over ? 0 : (uint8_t)kind;
		break;
	default:
		w->is_over = !attribute_take(w, &w->c);
	}
	return !w->is_over;
}
