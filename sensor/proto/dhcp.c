/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dhcp: who asked for an address, and which one was given. RFC 2131, options RFC 2132.
 *
 *   op(1) htype(1) hlen(1) hops(1) xid(4) secs(2) flags(2) client(4) your(4) server(4) relay(4)
 *   hardware address(16) name(64) file(128) cookie(4) options: code(1) length(1) ...
 *
 * Each message is a transaction, at once complete.
 */
#include <stdio.h>

#include "common/cursor.h"
#include "sensor/proto/app.h"

#define SERVER_PORT 67
#define CLIENT_PORT 68
#define COOKIE 0x63825363
#define MAC_MAX 16
#define LEAST_LEN 236 /* up to the cookie: all that BOOTP has */

enum dhcp_option {
	OPTION_PAD = 0,
	OPTION_SUBNET_MASK = 1,
	OPTION_ROUTERS = 3,
	OPTION_DNS_SERVERS = 6,
	OPTION_HOSTNAME = 12,
	OPTION_REQUESTED_IP = 50,
	OPTION_LEASE_TIME = 51,
	OPTION_TYPE = 53,
	OPTION_PARAMETERS = 55,
	OPTION_RENEWAL_TIME = 58,
	OPTION_REBINDING_TIME = 59,
	OPTION_VENDOR_CLASS = 60,
	OPTION_CLIENT_ID = 61,
	OPTION_END = 255,
};

enum dhcp_op {
	DHCP_REQUEST = 1,
	DHCP_REPLY = 2,
};

#define DHCP_ACK 5

#define DHCP_EVENTS(X)                            \
	X(TRUNCATED_OPTIONS, "truncated_options") \
	X(MALFORMED_OPTIONS, "malformed_options")
enum dhcp_event {
#define X(id, name) DHCP_EVENT_##id,
	DHCP_EVENTS(X)
#undef X
};

struct dhcp_tx {
	struct tx tx;
	uint8_t dir; /* enum dir */
	uint8_t op, mac_len;
	uint8_t mac[MAC_MAX];
	uint32_t xid, client, your, server, relay;
	struct proto_buf options; /* behind the cookie */
};

struct dhcp_config {
	bool is_extended;
};

/* --- Recognition --- */

static enum proto_verdict
dhcp_probe(const struct proto_probe *probe)
{
	const struct flow *flow = probe->flow;
	struct cursor c = cursor_span(probe->data);
	uint16_t a = flow->key.client_port, b = flow->key.server_port;
	if (a != SERVER_PORT && b != SERVER_PORT && a != CLIENT_PORT && b != CLIENT_PORT)
		return PROTO_NO;
	uint8_t op = cursor_u8(&c);
	cursor_skip(&c, 1);
	uint8_t mac_len = cursor_u8(&c);
	cursor_skip(&c, LEAST_LEN - 3);
	if (c.is_short || (op != DHCP_REQUEST && op != DHCP_REPLY) || mac_len > MAC_MAX)
		return PROTO_NO;
	return cursor_be32(&c) == COOKIE ? PROTO_YES : PROTO_NO;
}

/* --- Messages --- */

/* Takes the next option, no padding. False: the end, or cut off (cursor is short). */
static bool
option_next(struct cursor *c, uint8_t *ret_code, struct span *ret_value)
{
	uint8_t code;
	do
		code = cursor_u8(c);
	while (code == OPTION_PAD && !c->is_short);
	if (c->is_short || code == OPTION_END)
		return false;
	struct span value = cursor_bytes(c, cursor_u8(c));
	if (c->is_short)
		return false;
	*ret_code = code;
	*ret_value = value;
	return true;
}

static bool
option_find(const struct dhcp_tx *tx, uint8_t wanted, struct span *ret)
{
	struct cursor c = cursor_span(proto_buf_span(&tx->options));
	uint8_t code;
	while (option_next(&c, &code, ret))
		if (code == wanted)
			return true;
	return false;
}

static bool
option_number(const struct dhcp_tx *tx, uint8_t code, uint32_t *ret)
{
	struct span value;
	if (!option_find(tx, code, &value) || value.len != 4)
		return false;
	struct cursor c = cursor_span(value);
	*ret = cursor_be32(&c);
	return true;
}

static uint8_t
type_of(const struct dhcp_tx *tx)
{
	struct span value;
	return option_find(tx, OPTION_TYPE, &value) && value.len ? value.p[0] : 0;
}

static bool
is_length_right(uint8_t code, size_t len)
{
	switch ((enum dhcp_option)code) {
	case OPTION_LEASE_TIME:
	case OPTION_RENEWAL_TIME:
	case OPTION_REBINDING_TIME:
	case OPTION_REQUESTED_IP:
	case OPTION_SUBNET_MASK:
		return len == 4;
	case OPTION_TYPE:
		return len == 1;
	case OPTION_CLIENT_ID:
		return len >= 1;
	case OPTION_ROUTERS:
	case OPTION_DNS_SERVERS:
		return len % 4 == 0;
	default:
		return true;
	}
}

static void
options_check(struct dhcp_tx *tx)
{
	struct cursor c = cursor_span(proto_buf_span(&tx->options));
	uint8_t code;
	struct span value;
	while (option_next(&c, &code, &value))
		if (!is_length_right(code, value.len))
			tx_event(&tx->tx, DHCP_EVENT_MALFORMED_OPTIONS);
	if (c.is_short)
		tx_event(&tx->tx, DHCP_EVENT_TRUNCATED_OPTIONS);
}

static ptrdiff_t
dhcp_parse(struct app *app, const struct proto_input *in)
{
	struct cursor c = cursor_span(in->data);
	uint8_t op = cursor_u8(&c);
	cursor_skip(&c, 1);
	uint8_t mac_len = cursor_u8(&c);
	cursor_skip(&c, 1);
	uint32_t xid = cursor_be32(&c);
	cursor_skip(&c, 4);
	uint32_t addresses[4];
	for (int i = 0; i < 4; i++)
		addresses[i] = cursor_be32(&c);
	struct span mac = cursor_bytes(&c, MAC_MAX);
	cursor_skip(&c, 64 + 128);
	uint32_t cookie = cursor_be32(&c);
	if (c.is_short || cookie != COOKIE)
		return (ptrdiff_t)in->data.len; /* not every datagram there is DHCP */
	struct dhcp_tx *tx = (struct dhcp_tx *)app_tx_new(app, in->ts);
	if (!tx)
		return (ptrdiff_t)in->data.len;
	tx->dir = (uint8_t)in->dir;
	tx->tx.is_answer = in->dir == DIR_TOCLIENT;
	tx->op = op;
	tx->mac_len = mac_len < MAC_MAX ? mac_len : MAC_MAX;
	memcpy(tx->mac, mac.p, MAC_MAX);
	tx->xid = xid;
	tx->client = addresses[0];
	tx->your = addresses[1];
	tx->server = addresses[2];
	tx->relay = addresses[3];
	(void)proto_buf_append(app->worker, &tx->options, cursor_rest(&c), UINT16_MAX);
	options_check(tx);
	tx_moved(&tx->tx, in->dir, 1, in->ts);
	tx_done(&tx->tx, DIR_TOSERVER, in->ts);
	tx_done(&tx->tx, DIR_TOCLIENT, in->ts);
	return (ptrdiff_t)in->data.len;
}

static void
dhcp_tx_free(struct app *app, struct tx *tx)
{
	proto_buf_free(app->worker, &((struct dhcp_tx *)tx)->options);
}

/* --- What rules see --- */

static bool
get_time(const struct tx *tx, enum dir dir, uint8_t code, struct field_value *ret)
{
	const struct dhcp_tx *dhcp = (const struct dhcp_tx *)tx;
	uint32_t number;
	if (dhcp->dir != dir || !option_number(dhcp, code, &number))
		return false;
	ret->number = number;
	return true;
}

#define TIME_GETTER(function, code)                                                    \
	static bool function(const struct app *app, const struct tx *tx, enum dir dir, \
	    unsigned index, struct arena *scratch, struct field_value *ret)            \
	{                                                                              \
		return get_time(tx, dir, code, ret);                                   \
	}
TIME_GETTER(get_lease_time, OPTION_LEASE_TIME)
TIME_GETTER(get_rebinding_time, OPTION_REBINDING_TIME)
TIME_GETTER(get_renewal_time, OPTION_RENEWAL_TIME)

static const struct field fields[] = {
	{ .name = "dhcp.leasetime",
	    .help = "for how many seconds an address is given",
	    .example = "dhcp.leasetime:<60;",
	    .kind = FIELD_UINT,
	    .dirs = DIR_BOTH,
	    .progress = 1,
	    .get = get_lease_time },
	{ .name = "dhcp.rebinding_time",
	    .help = "seconds after which any server may be asked",
	    .example = "dhcp.rebinding_time:<60;",
	    .kind = FIELD_UINT,
	    .dirs = DIR_BOTH,
	    .progress = 1,
	    .get = get_rebinding_time },
	{ .name = "dhcp.renewal_time",
	    .help = "seconds after which the same server is asked again",
	    .example = "dhcp.renewal_time:<60;",
	    .kind = FIELD_UINT,
	    .dirs = DIR_BOTH,
	    .progress = 1,
	    .get = get_renewal_time },
	{ .name = NULL },
};

/* --- EVE --- */

static void
put_address(struct json *json, const char *key, uint32_t address)
{
	char text[16];
	snprintf(text, sizeof(text), "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
	    address >> 8 & 255, address & 255);
	json_put_str(json, key, text);
}

static void
put_addresses(struct json *json, const char *key, struct span value)
{
	struct cursor c = cursor_span(value);
	json_open_array(json, key);
	while (cursor_left(&c) >= 4)
		put_address(json, NULL, cursor_be32(&c));
	json_close(json);
}

static void
put_address_option(struct json *json, const char *key, struct span value)
{
	struct cursor c = cursor_span(value);
	uint32_t address = cursor_be32(&c);
	if (!c.is_short)
		put_address(json, key, address);
}

static void
put_parameters(struct json *json, struct span value)
{
	static const struct {
		uint8_t code;
		const char *name;
	} names[] = { { 1, "subnet_mask" }, { 3, "router" }, { 6, "dns_server" },
		{ 15, "domain" }, { 35, "arp_timeout" }, { 42, "ntp_server" },
		{ 66, "tftp_server_name" }, { 150, "tftp_server_ip" } };
	json_open_array(json, "params");
	for (size_t i = 0; i < value.len; i++)
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			if (names[k].code == value.p[i])
				json_put_str(json, NULL, names[k].name);
	json_close(json);
}

static const char *
type_name(uint8_t type)
{
	static const char *const names[] = { NULL, "discover", "offer", "request", "decline",
		"ack", "nak", "release", "inform" };
	return type && type < sizeof(names) / sizeof(names[0]) ? names[type] : "unknown";
}

static void
put_time(struct json *json, const char *key, const struct dhcp_tx *tx, uint8_t code)
{
	uint32_t number;
	if (option_number(tx, code, &number))
		json_put_uint(json, key, number);
}

static void
put_extended(struct json *json, const struct dhcp_tx *tx)
{
	struct span value;
	put_time(json, "lease_time", tx, OPTION_LEASE_TIME);
	put_time(json, "rebinding_time", tx, OPTION_REBINDING_TIME);
	put_time(json, "renewal_time", tx, OPTION_RENEWAL_TIME);
	if (option_find(tx, OPTION_SUBNET_MASK, &value))
		put_address_option(json, "subnet_mask", value);
	if (option_find(tx, OPTION_HOSTNAME, &value))
		json_put_text(json, "hostname", value);
	if (option_find(tx, OPTION_REQUESTED_IP, &value))
		put_address_option(json, "requested_ip", value);
	if (option_find(tx, OPTION_PARAMETERS, &value))
		put_parameters(json, value);
	if (option_find(tx, OPTION_DNS_SERVERS, &value))
		put_addresses(json, "dns_servers", value);
	if (option_find(tx, OPTION_ROUTERS, &value))
		put_addresses(json, "routers", value);
	if (option_find(tx, OPTION_VENDOR_CLASS, &value))
		json_put_text(json, "vendor_class_identifier", value);
}

static bool
dhcp_record(const struct app *app, const struct tx *tx, struct json *json)
{
	const struct dhcp_config *config = app->worker->options->config[app->proto->id];
	const struct dhcp_tx *dhcp = (const struct dhcp_tx *)tx;
	struct span value;
	/* Enough to tell whose an address was. */
	if (!config->is_extended && type_of(dhcp) != DHCP_ACK)
		return false;
	json_put_str(json, "type",
	    dhcp->op == DHCP_REQUEST ? "request"
	    : dhcp->op == DHCP_REPLY ? "reply"
				     : "<unknown>");
	json_put_uint(json, "id", dhcp->xid);
	json_put_hex(json, "client_mac", span_of(dhcp->mac, dhcp->mac_len), ':');
	put_address(json, "assigned_ip", dhcp->your);
	if (config->is_extended) {
		put_address(json, "client_ip", dhcp->client);
		put_address(json, "relay_ip", dhcp->relay);
		put_address(json, "next_server_ip", dhcp->server);
	}
	if (option_find(dhcp, OPTION_CLIENT_ID, &value))
		json_put_hex(json, "client_id", span_from(value, 1), ':');
	if (option_find(dhcp, OPTION_TYPE, &value))
		json_put_str(json, "dhcp_type", type_name(type_of(dhcp)));
	if (config->is_extended)
		put_extended(json, dhcp);
	return true;
}

/* --- Options --- */

static void *
dhcp_configure(struct arena *arena, const struct conf_node *app_layer,
    const struct conf_node *eve_options, const char **ret_error)
{
	struct dhcp_config *config = arena_zalloc(arena, sizeof(*config));
	const struct conf_node *node = eve_options && eve_options->kind == CONF_MAP
					   ? conf_child(eve_options, "extended")
					   : NULL;
	char where[256];
	if (!config)
		return NULL;
	if (conf_bool(node, false, &config->is_extended))
		return config;
	*ret_error = arena_printf(arena, "%s: extended: expected yes or no",
	    conf_where(node, where, sizeof(where)));
	return NULL;
}

static const char *const event_names[] = {
#define X(id, name) name,
	DHCP_EVENTS(X)
#undef X
	    NULL,
};

const struct proto proto_dhcp = {
	.name = "dhcp",
	.help = "DHCP: who asked for an address, and which one was given",
	.transports = PROTO_UDP,
	.ports = "67,68",
	.id = PROTO_ID_dhcp,
	.max_txs = 64,
	.probe = dhcp_probe,
	.tx_bytes = sizeof(struct dhcp_tx),
	.tx_free = dhcp_tx_free,
	.parse = dhcp_parse,
	.fields = fields,
	.events = event_names,
	.record = dhcp_record,
	.configure = dhcp_configure,
};
