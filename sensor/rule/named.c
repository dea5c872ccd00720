/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/named.h"

#include "sensor/dpi/dpi.h"

#define NAMES_MAX 3
#define PORTS_MAX 5

struct named_protocol {
	const char *name;
	uint32_t layers;
	const char *ndpi[NAMES_MAX];
	uint16_t ports[PORTS_MAX]; /* of the server; 0 ends */
};

static const struct named_protocol protocols[] = {
	{ "bittorrent-dht", LAYER_UDP, { "BitTorrent" }, { 0 } },
	{ "dhcp", LAYER_UDP, { "DHCP", "DHCPV6" }, { 67, 68, 546, 547 } },
	{ "dnp3", LAYER_TCP, { "DNP3" }, { 20000 } },
	{ "enip", LAYER_TCP | LAYER_UDP, { "EthernetIP" }, { 44818 } },
	{ "ftp", LAYER_TCP, { "FTP_CONTROL" }, { 21 } },
	{ "ftp-data", LAYER_TCP, { "FTP_DATA" }, { 20 } },
	{ "ike", LAYER_UDP, { "IPsec" }, { 500, 4500 } },
	{ "imap", LAYER_TCP, { "IMAP" }, { 143 } },
	{ "irc", LAYER_TCP, { "IRC" }, { 6667 } },
	{ "jabber", LAYER_TCP, { "Jabber" }, { 5222 } },
	{ "llmnr", LAYER_UDP, { "LLMNR" }, { 5355 } },
	{ "mdns", LAYER_UDP, { "MDNS" }, { 5353 } },
	{ "mqtt", LAYER_TCP, { "MQTT" }, { 1883 } },
	{ "mysql", LAYER_TCP, { "MySQL" }, { 3306 } },
	{ "nfs", LAYER_TCP | LAYER_UDP, { "NFS" }, { 2049 } },
	{ "ntp", LAYER_UDP, { "NTP" }, { 123 } },
	{ "pop3", LAYER_TCP, { "POP3" }, { 110 } },
	{ "rdp", LAYER_TCP, { "RDP" }, { 3389 } },
	{ "rfb", LAYER_TCP, { "VNC" }, { 5900 } },
	{ "smtp", LAYER_TCP, { "SMTP" }, { 25, 587, 2525 } },
	{ "telnet", LAYER_TCP, { "Telnet" }, { 23 } },
	{ "tftp", LAYER_UDP, { "TFTP" }, { 69 } },
};

struct named_test {
	const struct named_protocol *protocol;
	uint16_t ids[NAMES_MAX]; /* nDPI's; 0 none */
};

static bool
named_match(const struct match *match, const struct match_context *ctx)
{
	const struct named_test *t = match->data;
	const struct flow *flow = ctx->flow;
	if (!flow)
		return false;
	struct dpi_verdict verdict = { 0 };
	if (flow->dpi)
		verdict = dpi_flow_verdict(flow);
	if (!verdict.is_guess && (verdict.app || verdict.master)) {
		for (int i = 0; i < NAMES_MAX; i++)
			if (t->ids[i] &&
			    (verdict.app == t->ids[i] || verdict.master == t->ids[i]))
				return true;
		return false;
	}
	for (int i = 0; i < PORTS_MAX && t->protocol->ports[i]; i++)
		if (flow->key.server_port == t->protocol->ports[i])
			return true;
	return false;
}

static const struct keyword keyword_named = {
	.name = "named",
	.help = "the flow is of a protocol that nDPI names",
	.match_packet = named_match,
};

bool
named_protocol_select(struct rule_parser *parser, struct span name)
{
	const struct named_protocol *p = NULL;
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]) && !p; i++)
		if (args_is_nocase(name, protocols[i].name))
			p = &protocols[i];
	if (!p)
		return false;
	struct named_test *test = rule_alloc(parser, sizeof(*test));
	test->protocol = p;
	dpi_names_init();
	for (int i = 0; i < NAMES_MAX && p->ndpi[i]; i++) {
		int id = dpi_protocol_find(p->ndpi[i]);
		test->ids[i] = id > 0 ? (uint16_t)id : 0;
	}
	parser->rule->layers = p->layers;
	parser->named = p->name;
	rule_add_packet(parser, &keyword_named, test);
	return true;
}
