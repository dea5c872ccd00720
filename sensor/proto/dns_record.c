/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns_record: the EVE object "dns", in the form of version 3, or 2 where that is asked for.
 *
 * A message can be longer than a record: records of it are told while ELEMENT_ROOM is left.
 */
#include <stdio.h>

#include "sensor/decode/decode.h"
#include "sensor/proto/dns.h"

/* More than any one record takes: two escaped names, or DATA_MAX escaped bytes. */
#define ELEMENT_ROOM 16384
#define DATA_MAX 1024

static bool
has_room(const struct json *json)
{
	return json->cap - json->len > ELEMENT_ROOM;
}

static void
put_code(struct json *json, const char *key, const char *name, unsigned number)
{
	char text[12];
	snprintf(text, sizeof(text), "%u", number);
	json_put_str(json, key, name ? name : text);
}

static void
put_name(struct json *json, const char *key, const struct dns_message *message, uint32_t at)
{
	uint8_t buf[DNS_NAME_MAX];
	uint64_t events = 0;
	ptrdiff_t len = dns_name_read(message->bytes, at, buf, NULL, &events);
	if (len >= 0)
		json_put_text(json, key, span_of(buf, (size_t)len));
}

static void
put_addr(struct json *json, const char *key, struct span data, uint8_t ip_version)
{
	struct addr addr = { 0 };
	char text[ADDR_TEXT_LEN];
	if (data.len)
		memcpy(addr.b, data.p, data.len);
	size_t len = addr_format_eve(&addr, ip_version, text);
	json_put_text(json, key, span_of(text, len));
}

static struct span
data_of(const struct dns_message *message, const struct dns_rr *rr)
{
	return span_sub(message->bytes, rr->data, rr->data_len);
}

static void
put_soa(struct json *json, const char *key, const struct dns_message *message,
    const struct dns_rr *rr)
{
	static const char *const numbers[] = { "serial", "refresh", "retry", "expire",
		"minimum" };
	uint8_t buf[DNS_NAME_MAX];
	uint64_t events = 0;
	uint32_t second, end;
	if (dns_name_read(message->bytes, rr->data, buf, &second, &events) < 0 ||
	    dns_name_read(message->bytes, second, buf, &end, &events) < 0)
		return;
	struct cursor c = cursor_span(
	    span_sub(message->bytes, end, sizeof(numbers) / sizeof(numbers[0]) * 4));
	json_open_object(json, key);
	put_name(json, "mname", message, rr->data);
	put_name(json, "rname", message, second);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		uint32_t number = cursor_be32(&c);
		if (!c.is_short)
			json_put_uint(json, numbers[i], number);
	}
	json_close(json);
}

static void
put_srv(struct json *json, const char *key, const struct dns_message *message,
    const struct dns_rr *rr)
{
	struct cursor c = cursor_span(data_of(message, rr));
	uint16_t priority = cursor_be16(&c);
	uint16_t weight = cursor_be16(&c);
	uint16_t port = cursor_be16(&c);
	if (c.is_short)
		return;
	json_open_object(json, key);
	json_put_uint(json, "priority", priority);
	json_put_uint(json, "weight", weight);
	json_put_uint(json, "port", port);
	put_name(json, "name", message, rr->data + 6);
	json_close(json);
}

static void
put_sshfp(struct json *json, const char *key, const struct dns_message *message,
    const struct dns_rr *rr)
{
	struct cursor c = cursor_span(data_of(message, rr));
	uint8_t algo = cursor_u8(&c);
	uint8_t type = cursor_u8(&c);
	if (c.is_short)
		return;
	json_open_object(json, key);
	json_put_hex(json, "fingerprint", span_sub(cursor_rest(&c), 0, DATA_MAX), ':');
	json_put_uint(json, "algo", algo);
	json_put_uint(json, "type", type);
	json_close(json);
}

static void
put_opt(struct json *json, const struct dns_message *message, const struct dns_rr *rr)
{
	struct cursor c = cursor_span(data_of(message, rr));
	json_open_array(json, "opt");
	while (cursor_left(&c) && has_room(json)) {
		uint16_t code = cursor_be16(&c);
		struct span value = cursor_bytes(&c, cursor_be16(&c));
		if (c.is_short)
			break;
		json_open_object(json, NULL);
		json_put_uint(json, "code", code);
		json_put_hex(json, "data", span_sub(value, 0, DATA_MAX), 0);
		json_close(json);
	}
	json_close(json);
}

/* What a record says, under key (NULL: as an element); for types that have one value. */
static void
put_data(struct json *json, const char *key, const struct dns_message *message,
    const struct dns_rr *rr)
{
	struct span data = data_of(message, rr);
	uint32_t at;
	switch (rr->type) {
	case DNS_TYPE_A:
	case DNS_TYPE_AAAA:
		/* An address of another length is no address; empty ones occur in updates. */
		if (data.len == (rr->type == DNS_TYPE_A ? 4u : 16u))
			put_addr(json, key, data, rr->type == DNS_TYPE_A ? 4 : 6);
		else if (data.len == 0)
			json_put_str(json, key, "");
		break;
	case DNS_TYPE_SOA:
		put_soa(json, key && strcmp(key, "rdata") == 0 ? "soa" : key, message, rr);
		break;
	case DNS_TYPE_SRV:
		put_srv(json, key && strcmp(key, "rdata") == 0 ? "srv" : key, message, rr);
		break;
	case DNS_TYPE_SSHFP:
		put_sshfp(json, key && strcmp(key, "rdata") == 0 ? "sshfp" : key, message, rr);
		break;
	case DNS_TYPE_NULL:
		json_put_text(json, key, span_sub(data, 0, DATA_MAX));
		break;
	default:
		if (dns_data_name(rr, &at))
			put_name(json, key, message, at);
	}
}

static void
put_record_head(struct json *json, const struct dns_message *message, const struct dns_rr *rr)
{
	put_name(json, "rrname", message, rr->name);
	put_code(json, "rrtype", dns_type_name(rr->type), rr->type);
}

static void
put_record(struct json *json, const struct dns_message *message, const struct dns_rr *rr)
{
	if (rr->type == DNS_TYPE_TXT) {
		/* Each string of a text stands by itself. */
		struct cursor c = cursor_span(data_of(message, rr));
		do {
			struct span text = cursor_bytes(&c, cursor_u8(&c));
			json_open_object(json, NULL);
			put_record_head(json, message, rr);
			json_put_uint(json, "ttl", rr->ttl);
			json_put_text(json, "rdata", text);
			json_close(json);
		} while (!c.is_short && cursor_left(&c) && has_room(json));
		return;
	}
	json_open_object(json, NULL);
	put_record_head(json, message, rr);
	json_put_uint(json, "ttl", rr->ttl);
	if (rr->type == DNS_TYPE_OPT)
		put_opt(json, message, rr);
	else
		put_data(json, "rdata", message, rr);
	json_close(json);
}

static void
put_section(struct json *json, const char *key, const struct dns_message *message,
    enum dns_section section)
{
	if (dns_count(message, section) == 0)
		return;
	json_open_array(json, key);
	for (uint32_t i = message->first[section]; i < message->first[section + 1]; i++) {
		if (!has_room(json))
			break;
		put_record(json, message, &message->records[i]);
	}
	json_close(json);
}

static void
put_queries(struct json *json, const struct dns_message *message)
{
	json_open_array(json, "queries");
	for (uint32_t i = 0; i < dns_count(message, DNS_QUERIES) && has_room(json); i++) {
		json_open_object(json, NULL);
		put_record_head(json, message, &message->records[i]);
		json_close(json);
	}
	json_close(json);
}

/* Answers' data by type. */
static void
put_grouped(struct json *json, const struct dns_message *message)
{
	static const uint16_t types[] = { DNS_TYPE_A, DNS_TYPE_AAAA, DNS_TYPE_CNAME,
		DNS_TYPE_MX, DNS_TYPE_NS, DNS_TYPE_PTR, DNS_TYPE_TXT, DNS_TYPE_NULL,
		DNS_TYPE_SOA, DNS_TYPE_SRV, DNS_TYPE_SSHFP };
	json_open_object(json, "grouped");
	for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
		bool is_open = false;
		for (uint32_t i = 0; i < dns_count(message, DNS_ANSWERS); i++) {
			const struct dns_rr *rr = dns_record_at(message, DNS_ANSWERS, i);
			if (rr->type != types[t] || !has_room(json))
				continue;
			if (!is_open)
				json_open_array(json, dns_type_name(rr->type));
			is_open = true;
			if (rr->type != DNS_TYPE_TXT) {
				put_data(json, NULL, message, rr);
				continue;
			}
			struct cursor c = cursor_span(data_of(message, rr));
			do {
				json_put_text(json, NULL, cursor_bytes(&c, cursor_u8(&c)));
			} while (!c.is_short && cursor_left(&c) && has_room(json));
		}
		if (is_open)
			json_close(json);
	}
	json_close(json);
}

static void
put_flags(struct json *json, uint16_t flags)
{
	char text[8];
	snprintf(text, sizeof(text), "%x", flags);
	json_put_str(json, "flags", text);
	if (flags & DNS_QR)
		json_put_bool(json, "qr", true);
	if (flags & DNS_AA)
		json_put_bool(json, "aa", true);
	if (flags & DNS_TC)
		json_put_bool(json, "tc", true);
	if (flags & DNS_RD)
		json_put_bool(json, "rd", true);
	if (flags & DNS_RA)
		json_put_bool(json, "ra", true);
	if (flags & DNS_Z)
		json_put_bool(json, "z", true);
}

static void
put_answers(struct json *json, const struct dns_config *config,
    const struct dns_message *message)
{
	if (config->is_detailed)
		put_section(json, "answers", message, DNS_ANSWERS);
	if (config->is_grouped && dns_count(message, DNS_ANSWERS))
		put_grouped(json, message);
	put_section(json, "authorities", message, DNS_AUTHORITIES);
	put_section(json, "additionals", message, DNS_ADDITIONALS);
}

static void
record_3(struct json *json, const struct dns_config *config, const struct tx *tx,
    const struct dns_message *message, bool is_answer)
{
	uint16_t flags = message->header.flags;
	json_put_uint(json, "version", 3);
	json_put_str(json, "type", is_answer ? "response" : "request");
	json_put_uint(json, "tx_id", tx->id);
	json_put_uint(json, "id", message->header.id);
	put_flags(json, flags);
	json_put_uint(json, "opcode", dns_opcode(flags));
	put_code(json, "rcode", dns_rcode_name(flags & 15), flags & 15);
	if (dns_count(message, DNS_QUERIES))
		put_queries(json, message);
	put_answers(json, config, message);
}

static void
record_2(struct json *json, const struct dns_config *config, const struct tx *tx,
    const struct dns_message *message, bool is_answer)
{
	uint16_t flags = message->header.flags;
	const struct dns_rr *query = dns_record_at(message, DNS_QUERIES, 0);
	if (is_answer)
		json_put_uint(json, "version", 2);
	json_put_str(json, "type", is_answer ? "answer" : "query");
	json_put_uint(json, "id", message->header.id);
	if (is_answer)
		put_flags(json, flags);
	if (query)
		put_record_head(json, message, query);
	if (!is_answer)
		json_put_uint(json, "tx_id", tx->id);
	json_put_uint(json, "opcode", dns_opcode(flags));
	if (is_answer) {
		put_code(json, "rcode", dns_rcode_name(flags & 15), flags & 15);
		put_answers(json, config, message);
	}
}

/* Whether one of the types asked for is one that is told. */
static bool
is_type_wanted(const struct dns_config *config, const struct dns_message *message)
{
	if (!config->has_types)
		return true;
	for (uint32_t i = 0; i < dns_count(message, DNS_QUERIES); i++) {
		uint16_t type = message->records[i].type;
		if (config->types[type / 8] >> type % 8 & 1)
			return true;
	}
	return false;
}

bool
dns_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct dns_tx *dns = (const struct dns_tx *)tx;
	const struct dns_config *config = app->worker->options->config[PROTO_ID_dns];
	const struct dns_message *message = &dns->message;
	if (!dns->is_readable || !is_type_wanted(config, message))
		return false;
	bool is_answer = message->header.flags & DNS_QR;
	if (!(is_answer ? config->has_responses : config->has_requests))
		return false;
	if (config->version == 2)
		record_2(json, config, tx, message, is_answer);
	else
		record_3(json, config, tx, message, is_answer);
	return true;
}

/* --- Options --- */

static const char *
wrong(struct arena *arena, const struct conf_node *node, const char *expected)
{
	char where[256];
	return arena_printf(arena, "%s: %s: expected %s",
	    conf_where(node, where, sizeof(where)), node->key ? node->key : "value", expected);
}

static const char *
read_types(struct arena *arena, const struct conf_node *list, struct dns_config *config)
{
	for (const struct conf_node *n = list ? list->first : NULL; n; n = n->next) {
		uint16_t type;
		if (n->kind != CONF_SCALAR || !dns_type_find(span_str(n->value), &type))
			return wrong(arena, n, "the name of a record type, like aaaa");
		config->types[type / 8] |= (uint8_t)(1 << type % 8);
		config->has_types = true;
	}
	return NULL;
}

static const char *
read_formats(struct arena *arena, const struct conf_node *list, struct dns_config *config)
{
	if (!list || list->kind != CONF_LIST || !list->first)
		return NULL;
	config->is_detailed = config->is_grouped = false;
	for (const struct conf_node *n = list->first; n; n = n->next) {
		const char *format = n->kind == CONF_SCALAR ? n->value : "";
		if (strcmp(format, "detailed") == 0)
			config->is_detailed = true;
		else if (strcmp(format, "grouped") == 0)
			config->is_grouped = true;
		else
			return wrong(arena, n, "detailed or grouped");
	}
	return NULL;
}

void *
dns_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error)
{
	struct dns_config *config = arena_zalloc(arena, sizeof(*config));
	if (!config)
		return NULL;
	config->is_detailed = config->is_grouped = true;
	config->has_requests = config->has_responses = true;
	config->version = 3;
	bool is_map = eve_options && eve_options->kind == CONF_MAP;
	const struct conf_node *requests = is_map ? conf_child(eve_options, "requests") : NULL;
	const struct conf_node *responses =
	    is_map ? conf_child(eve_options, "responses") : NULL;
	const struct conf_node *version = is_map ? conf_child(eve_options, "version") : NULL;
	uint64_t number;
	const char *error = NULL;
	if (!conf_bool(requests, true, &config->has_requests))
		error = wrong(arena, requests, "yes or no");
	else if (!conf_bool(responses, true, &config->has_responses))
		error = wrong(arena, responses, "yes or no");
	else if (!conf_uint(version, 3, &number) || number < 2 || number > 3)
		error = wrong(arena, version, "2 or 3");
	else
		config->version = (uint8_t)number;
	if (!error && is_map)
		error = read_types(arena, conf_child(eve_options, "types"), config);
	if (!error && is_map)
		error = read_formats(arena, conf_child(eve_options, "formats"), config);
	if (error) {
		*ret_error = error;
		return NULL;
	}
	return config;
}
