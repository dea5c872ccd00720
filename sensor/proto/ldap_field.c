/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ldap_field: what rules see.
 *
 * Responses are instances, in order; one that does not have what is asked for is an empty one,
 * so that instances keep the places of their responses.
 */
#include "sensor/proto/ldap.h"

#define GETTER(function)                                                               \
	static bool function(const struct app *app, const struct tx *tx, enum dir dir, \
	    unsigned index, struct arena *scratch, struct field_value *ret)

GETTER(get_request_operation)
{
	const struct ldap_tx *ldap = (const struct ldap_tx *)tx;
	ret->number = ldap->op;
	return ldap->has_request;
}

GETTER(get_request_dn)
{
	struct ldap_message m;
	return ldap_request(tx, &m) && ldap_dn(&m, &ret->bytes);
}

GETTER(get_count)
{
	ret->number = ldap_response_count(tx);
	return true;
}

GETTER(get_response_dn)
{
	struct ldap_message m;
	ret->bytes = SPAN_NONE;
	if (index >= ldap_response_count(tx))
		return false;
	if (ldap_response(tx, index, &m))
		(void)ldap_dn(&m, &ret->bytes);
	return true;
}

GETTER(get_response_message)
{
	struct ldap_message m;
	struct ldap_result result;
	ret->bytes = SPAN_NONE;
	if (index >= ldap_response_count(tx))
		return false;
	if (ldap_response(tx, index, &m) && ldap_result_read(&m, &result))
		ret->bytes = result.message;
	return true;
}

/* --- Attributes --- */

/* A walk over the attributes of a message, or of all responses one behind the other. */
struct walk {
	const struct tx *tx;
	enum dir dir;
	unsigned next; /* response */
	unsigned left; /* attributes that are still looked at */
	struct ldap_walk in;
};

static struct walk
walk_begin(const struct tx *tx, enum dir dir)
{
	struct walk w = { .tx = tx, .dir = dir, .left = LDAP_ATTRIBUTES_MAX };
	struct ldap_message m;
	w.in.is_over = true;
	if (dir == DIR_TOSERVER && ldap_request(tx, &m))
		w.in = ldap_walk_begin(&m);
	return w;
}

static bool
walk_next(struct walk *w)
{
	struct ldap_message m;
	while (w->left && !ldap_walk_next(&w->in)) {
		if (w->dir == DIR_TOSERVER || w->next >= ldap_response_count(w->tx))
			return false;
		if (ldap_response(w->tx, w->next++, &m))
			w->in = ldap_walk_begin(&m);
	}
	return w->left-- > 0;
}

GETTER(get_attribute_type)
{
	struct walk w = walk_begin(tx, dir);
	do {
		if (w.left == 0 || !walk_next(&w))
			return false;
	} while (index-- > 0);
	ret->bytes = w.in.type;
	return true;
}

/* "type=value" */
static bool
pair_make(struct arena *scratch, struct span type, struct span value, struct span *ret)
{
	uint8_t *text = arena_alloc(scratch, type.len + 1 + value.len);
	if (!text)
		return false;
	if (type.len)
		memcpy(text, type.p, type.len);
	text[type.len] = '=';
	if (value.len)
		memcpy(text + type.len + 1, value.p, value.len);
	*ret = span_of(text, type.len + 1 + value.len);
	return true;
}

GETTER(get_attribute)
{
	struct walk w = walk_begin(tx, dir);
	unsigned left = LDAP_ATTRIBUTES_MAX;
	struct span value;
	while (left && w.left && walk_next(&w)) {
		while (left && der_expect(&w.in.values, DER_OCTET_STRING, &value)) {
			left--;
			if (index-- == 0)
				return pair_make(scratch, w.in.type, value, &ret->bytes);
		}
	}
	return false;
}

#define CLIENT DIR_BIT(DIR_TOSERVER)
#define SERVER DIR_BIT(DIR_TOCLIENT)

#define ROW(name, help, example, kind, dirs, get)                                         \
	{                                                                                 \
		name, help, name "; content:\"" example "\";", kind, dirs, 1, NULL, NULL, \
		    NULL, get, NULL                                                       \
	}

const struct field ldap_fields[] = {
	ROW("ldap.request.attribute_type", "types of attributes in a request", "objectClass",
	    FIELD_MULTI, CLIENT, get_attribute_type),
	ROW("ldap.request.attributes", "attributes in a request, type=value",
	    "objectClass=domain", FIELD_MULTI, CLIENT, get_attribute),
	ROW("ldap.request.dn", "name that a request is about", "dc=example", FIELD_BYTES,
	    CLIENT, get_request_dn),
	{ "ldap.request.operation", "what a request asks for",
	    "ldap.request.operation:search_request", FIELD_ENUM, CLIENT, 1, NULL, NULL,
	    ldap_op_names, get_request_operation, NULL },
	ROW("ldap.responses.attribute_type", "types of attributes in entries found", "dc",
	    FIELD_MULTI, SERVER, get_attribute_type),
	ROW("ldap.responses.attributes", "attributes of entries found, type=value",
	    "dc=example", FIELD_MULTI, SERVER, get_attribute),
	{ "ldap.responses.count", "responses so far", "ldap.responses.count:>2", FIELD_UINT,
	    SERVER, 1, NULL, NULL, NULL, get_count, NULL },
	ROW("ldap.responses.dn", "names that responses are about", "dc=example", FIELD_MULTI,
	    SERVER, get_response_dn),
	ROW("ldap.responses.message", "what the server says of an error", "Size limit exceeded",
	    FIELD_MULTI, SERVER, get_response_message),
	{ 0 },
};
