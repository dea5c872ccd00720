/* SPDX-License-Identifier: Apache-2.0 */
/* ldap_record: a request and its responses in EVE. */
#include <stdio.h>

#include "sensor/proto/ldap.h"

/* Bytes of text in a record; behind them texts are left out, so that the record is not. */
#define TEXT_MAX 16384
#define CONTROLS_MAX 32

enum search_filter {
	FILTER_PRESENT = DER_CONTEXT(7),
};

struct writer {
	struct json *json;
	size_t left;
};

static bool
pay(struct writer *w, struct span text)
{
	if (text.len > w->left)
		return false;
	w->left -= text.len;
	return true;
}

static void
put_text(struct writer *w, const char *key, struct span text)
{
	if (pay(w, text))
		json_put_text(w->json, key, text);
}

static void
put_hex(struct writer *w, const char *key, struct span bytes)
{
	if (pay(w, bytes))
		json_put_hex(w->json, key, bytes, 0);
}

static void
put_values(struct writer *w, const char *key, struct cursor values)
{
	struct span value;
	bool is_open = false;
	while (w->left && der_expect(&values, DER_OCTET_STRING, &value)) {
		if (!is_open)
			json_open_array(w->json, key);
		is_open = true;
		put_text(w, NULL, value);
	}
	if (is_open)
		json_close(w->json);
}

/* --- Requests --- */

static void
put_bind(struct writer *w, const struct ldap_message *m)
{
	struct cursor c = cursor_span(m->body), sasl;
	int64_t version;
	struct span name, text;
	if (!der_take_int(&c, DER_INTEGER, &version) ||
	    !der_expect(&c, DER_OCTET_STRING, &name))
		return;
	json_put_int(w->json, "version", version);
	put_text(w, "name", name);
	if (!der_enter(&c, DER_CONTEXT_CONSTRUCTED(3), &sasl) ||
	    !der_expect(&sasl, DER_OCTET_STRING, &text))
		return;
	json_open_object(w->json, "sasl");
	put_text(w, "mechanism", text);
	if (der_expect(&sasl, DER_OCTET_STRING, &text))
		put_hex(w, "credentials", text);
	json_close(w->json);
}

static void
put_search(struct writer *w, const struct ldap_message *m)
{
	struct cursor c = cursor_span(m->body);
	struct span text;
	int64_t number;
	uint8_t tag;
	if (der_expect(&c, DER_OCTET_STRING, &text))
		put_text(w, "base_object", text);
	if (der_take_int(&c, DER_ENUMERATED, &number))
		json_put_int(w->json, "scope", number);
	if (der_take_int(&c, DER_ENUMERATED, &number))
		json_put_int(w->json, "deref_alias", number);
	if (der_take_int(&c, DER_INTEGER, &number))
		json_put_int(w->json, "size_limit", number);
	if (der_take_int(&c, DER_INTEGER, &number))
		json_put_int(w->json, "time_limit", number);
	if (der_expect(&c, DER_BOOLEAN, &text))
		json_put_bool(w->json, "types_only", text.len && text.p[0]);
	if (der_take(&c, &tag, &text) && tag == FILTER_PRESENT) {
		json_open_object(w->json, "filter");
		json_put_str(w->json, "type", "present");
		put_text(w, "value", text);
		json_close(w->json);
	}
	struct cursor attributes;
	if (der_enter(&c, DER_SEQUENCE, &attributes))
		put_values(w, "attributes", attributes);
}

static const char *
change_name(uint8_t change)
{
	static const char *const names[] = { "add", "delete", "replace", "increment" };
	return change < 4 ? names[change] : "unknown";
}

static void
put_changes(struct writer *w, const struct ldap_message *m)
{
	struct ldap_walk walk = ldap_walk_begin(m);
	bool is_open = false;
	for (int i = 0; i < LDAP_ATTRIBUTES_MAX && w->left && ldap_walk_next(&walk); i++) {
		if (!is_open)
			json_open_array(w->json, "changes");
		is_open = true;
		json_open_object(w->json, NULL);
		json_put_str(w->json, "operation", change_name(walk.change));
		json_open_object(w->json, "modification");
		put_text(w, "attribute_type", walk.type);
		put_values(w, "attribute_values", walk.values);
		json_close(w->json);
		json_close(w->json);
	}
	if (is_open)
		json_close(w->json);
}

/* Attributes with their values; a type goes by "name" in requests and "type" in entries. */
static void
put_attributes(struct writer *w, const struct ldap_message *m, const char *type_key)
{
	struct ldap_walk walk = ldap_walk_begin(m);
	bool is_open = false;
	for (int i = 0; i < LDAP_ATTRIBUTES_MAX && w->left && ldap_walk_next(&walk); i++) {
		if (!is_open)
			json_open_array(w->json, "attributes");
		is_open = true;
		json_open_object(w->json, NULL);
		put_text(w, type_key, walk.type);
		put_values(w, "values", walk.values);
		json_close(w->json);
	}
	if (is_open)
		json_close(w->json);
}

static void
put_mod_dn(struct writer *w, const struct ldap_message *m)
{
	struct cursor c = cursor_span(m->body);
	struct span text;
	if (der_expect(&c, DER_OCTET_STRING, &text))
		put_text(w, "entry", text);
	if (der_expect(&c, DER_OCTET_STRING, &text))
		put_text(w, "new_rdn", text);
	if (der_expect(&c, DER_BOOLEAN, &text))
		json_put_bool(w->json, "delete_old_rdn", text.len && text.p[0]);
	if (der_expect(&c, DER_CONTEXT(0), &text))
		put_text(w, "new_superior", text);
}

static void
put_compare(struct writer *w, const struct ldap_message *m)
{
	struct ldap_walk walk = ldap_walk_begin(m);
	struct span text;
	if (!ldap_walk_next(&walk))
		return;
	json_open_object(w->json, "attribute_value_assertion");
	put_text(w, "description", walk.type);
	if (der_expect(&walk.values, DER_OCTET_STRING, &text))
		put_text(w, "value", text);
	json_close(w->json);
}

/* Name and value of extended operations; their tags differ. */
static void
put_extended(struct writer *w, struct cursor c, uint8_t name_tag, uint8_t value_tag)
{
	struct span text;
	if (der_expect(&c, name_tag, &text))
		put_text(w, "name", text);
	if (der_expect(&c, value_tag, &text))
		put_text(w, "value", text);
}

static void
put_dn(struct writer *w, const char *key, const struct ldap_message *m)
{
	struct span dn;
	if (ldap_dn(m, &dn))
		put_text(w, key, dn);
}

/* --- Responses --- */

static void
put_result(struct writer *w, const struct ldap_message *m)
{
	struct ldap_result r;
	struct span text;
	char number[24];
	if (!ldap_result_read(m, &r))
		return;
	const char *name = ldap_name(ldap_code_names, (uint64_t)r.code);
	snprintf(number, sizeof(number), "%lld", (long long)r.code);
	json_put_str(w->json, "result_code", name ? name : number);
	put_text(w, "matched_dn", r.matched_dn);
	put_text(w, "message", r.message);
	if (m->op == LDAP_BIND_RESPONSE && der_expect(&r.rest, DER_CONTEXT(7), &text))
		put_hex(w, "server_sasl_creds", text);
	if (m->op == LDAP_EXTENDED_RESPONSE)
		put_extended(w, r.rest, DER_CONTEXT(10), DER_CONTEXT(11));
}

/* The object that has the operation's name; some operations have none. */
static void
put_operation(struct writer *w, const struct ldap_message *m)
{
	if (m->op == LDAP_UNBIND_REQUEST || m->op == LDAP_ABANDON_REQUEST ||
	    m->op == LDAP_SEARCH_RESULT_REFERENCE)
		return;
	json_open_object(w->json, ldap_name(ldap_op_names, m->op));
	switch (m->op) {
	case LDAP_BIND_REQUEST:
		put_bind(w, m);
		break;
	case LDAP_SEARCH_REQUEST:
		put_search(w, m);
		break;
	case LDAP_MODIFY_REQUEST:
		put_dn(w, "object", m);
		put_changes(w, m);
		break;
	case LDAP_ADD_REQUEST:
		put_dn(w, "entry", m);
		put_attributes(w, m, "name");
		break;
	case LDAP_DEL_REQUEST:
		put_dn(w, "dn", m);
		break;
	case LDAP_MOD_DN_REQUEST:
		put_mod_dn(w, m);
		break;
	case LDAP_COMPARE_REQUEST:
		put_dn(w, "entry", m);
		put_compare(w, m);
		break;
	case LDAP_EXTENDED_REQUEST:
	case LDAP_INTERMEDIATE_RESPONSE:
		put_extended(w, cursor_span(m->body), DER_CONTEXT(0), DER_CONTEXT(1));
		break;
	case LDAP_SEARCH_RESULT_ENTRY:
		put_dn(w, "base_object", m);
		put_attributes(w, m, "type");
		break;
	default:
		put_result(w, m);
	}
	json_close(w->json);
}

/* Control ::= SEQUENCE { type, criticality DEFAULT FALSE, value OPTIONAL } */
static void
put_controls(struct writer *w, const struct ldap_message *m)
{
	struct cursor c = cursor_span(m->controls), in;
	struct span type, text;
	if (!m->controls.p)
		return;
	json_open_array(w->json, "controls");
	for (int i = 0; i < CONTROLS_MAX && der_enter(&c, DER_SEQUENCE, &in); i++) {
		if (!der_expect(&in, DER_OCTET_STRING, &type))
			break;
		bool is_critical = der_expect(&in, DER_BOOLEAN, &text) && text.len && text.p[0];
		json_open_object(w->json, NULL);
		put_text(w, "control_type", type);
		json_put_bool(w->json, "criticality", is_critical);
		if (der_expect(&in, DER_OCTET_STRING, &text))
			put_hex(w, "control_value", text);
		json_close(w->json);
	}
	json_close(w->json);
}

bool
ldap_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct ldap_tx *ldap = (const struct ldap_tx *)tx;
	struct writer w = { .json = json, .left = TEXT_MAX };
	struct ldap_message m;
	(void)app;
	if (!ldap->has_request && ldap->response_count == 0)
		return false;
	if (ldap->has_request) {
		bool is_there = ldap_request(tx, &m);
		json_open_object(json, "request");
		json_put_int(json, "message_id", ldap->id);
		json_put_str(json, "operation", ldap_name(ldap_op_names, ldap->op));
		if (is_there) {
			put_operation(&w, &m);
			put_controls(&w, &m);
		}
		json_close(json);
	}
	if (ldap->response_count == 0)
		return true;
	json_open_array(json, "responses");
	for (unsigned i = 0; i < ldap->response_count; i++) {
		bool is_there = ldap_response(tx, i, &m);
		json_open_object(json, NULL);
		json_put_str(json, "operation", ldap_name(ldap_op_names, m.op));
		if (!ldap->has_request)
			json_put_int(json, "message_id", m.id);
		if (is_there && w.left) {
			put_operation(&w, &m);
			put_controls(&w, &m);
		}
		json_close(json);
	}
	json_close(json);
	return true;
}
