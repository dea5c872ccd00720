/* SPDX-License-Identifier: Apache-2.0 */
/* dns_field: what rules see of a message. Names are text, without the last dot. */
#include "sensor/proto/http2.h"

#define GETTER(function)                                                              \
	bool dns_##function(const struct app *app, const struct tx *tx, enum dir dir, \
	    unsigned index, struct arena *scratch, struct field_value *ret)

static const struct dns_message *
message_of(const struct app *app, const struct tx *tx, enum dir dir)
{
	const struct dns_tx *dns =
	    app->id == PROTO_ID_dns ? (const struct dns_tx *)tx : http2_dns_tx(tx, dir);
	return dns && dns->is_readable && dns->dir == dir ? &dns->message : NULL;
}

static bool
give_name(const struct dns_message *message, uint32_t at, struct arena *scratch,
    struct field_value *ret)
{
	uint8_t buf[DNS_NAME_MAX];
	uint64_t events = 0;
	ptrdiff_t len = dns_name_read(message->bytes, at, buf, NULL, &events);
	if (len < 0)
		return false;
	const uint8_t *copy = len ? arena_copy(scratch, buf, (size_t)len) : NULL;
	if (len && !copy)
		return false;
	ret->bytes = span_of(copy, (size_t)len);
	return true;
}

static bool
give_section(const struct app *app, const struct tx *tx, enum dir dir, enum dns_section section,
    unsigned index, struct arena *scratch, struct field_value *ret)
{
	const struct dns_message *message = message_of(app, tx, dir);
	const struct dns_rr *rr = message ? dns_record_at(message, section, index) : NULL;
	return rr && give_name(message, rr->name, scratch, ret);
}

GETTER(get_queries)
{
	return give_section(app, tx, dir, DNS_QUERIES, index, scratch, ret);
}

GETTER(get_answers)
{
	return give_section(app, tx, dir, DNS_ANSWERS, index, scratch, ret);
}

GETTER(get_authorities)
{
	return give_section(app, tx, dir, DNS_AUTHORITIES, index, scratch, ret);
}

GETTER(get_additionals)
{
	return give_section(app, tx, dir, DNS_ADDITIONALS, index, scratch, ret);
}

/* All names of an answer: instance 2n is record n's own name, 2n + 1 the one in its data. Where
 * that one is missing the record's own is given again: instances end at the first false. */
GETTER(get_response)
{
	const struct dns_message *message = message_of(app, tx, dir);
	uint32_t all = message ? message->first[DNS_SECTION_COUNT] : 0;
	if (index / 2 >= all)
		return false;
	const struct dns_rr *rr = &message->records[index / 2];
	uint32_t at;
	if (index % 2 && dns_data_name(rr, &at) && give_name(message, at, scratch, ret))
		return true;
	return give_name(message, rr->name, scratch, ret);
}

GETTER(get_opcode)
{
	const struct dns_message *message = message_of(app, tx, dir);
	ret->number = message ? dns_opcode(message->header.flags) : 0;
	return message;
}

GETTER(get_rcode)
{
	const struct dns_message *message = message_of(app, tx, dir);
	ret->number = message ? message->header.flags & 15 : 0;
	return message;
}

/* The types asked for, then those answered. */
GETTER(get_rrtype)
{
	const struct dns_message *message = message_of(app, tx, dir);
	if (!message || index >= message->first[DNS_ANSWERS + 1])
		return false;
	ret->number = message->records[index].type;
	return true;
}

const struct field dns_fields[] = { DNS_FIELDS(1), { 0 } };
