/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/refused.h"

#include <string.h>

#define LUA "the sensor runs no scripts"
#define SUFFIXES "the sensor has no list of public suffixes"
#define PROTO "the sensor does not parse this protocol"

/* By name; one that ends in a dot stands for all that begin with it. */
static const struct {
	const char *name, *why;
} refusals[] = {
	{ "dnp3", PROTO },
	{ "dnp3.", PROTO },
	{ "dnp3_", PROTO },
	{ "enip_", PROTO },
	{ "enip.", PROTO },
	{ "cip_service", PROTO },
	{ "cip.", PROTO },
	{ "frame", "frames are not kept apart" },
	{ "ftp.", PROTO },

	{ "ftpbounce", PROTO },
	{ "ftpdata_command", PROTO },
	{ "imap.", PROTO },
	{ "ipaddr", "not in the sensor" },
	{ "iprep", "the sensor keeps no reputation lists" },
	{ "ja3", "no such buffer in this build" },
	{ "ja4", "no such buffer in this build" },
	{ "domain", SUFFIXES },
	{ "tld", SUFFIXES },
	{ "subslice", "not in the sensor" },
	{ "flowvar", "texts are kept and not compared" },
	{ "pktvar", "texts are kept and not compared" },
	{ "flow.elephant", "flows are not sorted by size" },
	{ "lua", LUA },
	{ "luajit", LUA },
	{ "luaxform", LUA },
	{ "l3_proto", "write ip4 or ip6 as the rule's protocol" },
	{ "mdns.", PROTO },
	{ "llmnr.", PROTO },
	{ "mysql.", PROTO },
	{ "nfq_set_mark", "the sensor is not in line" },
	{ "nfs.", PROTO },
	{ "nfs_", PROTO },
	{ "nfs", PROTO },
	{ "replace", "the sensor is not in line and changes no traffic" },
	{ "ssh.", PROTO },
	{ "ssh_", PROTO },
	{ "tftp.", PROTO },
	{ "telnet.", PROTO },
	{ "pop3.", PROTO },
	{ "template.", PROTO },
};

static const char *const protocols[] = { "bittorrent-dht", "dcerpc", "dhcp", "dnp3", "enip",
	"ftp", "ftp-data", "ike", "ikev2", "imap", "irc", "jabber", "krb5", "ldap", "llmnr",
	"mdns", "mqtt", "msn", "mysql", "netflow", "nfs", "ntp", "pgsql", "pop3", "rdp", "rfb",
	"sip", "smb", "smtp", "snmp", "ssh", "telnet", "template", "tftp", "dns", "tls", "http",
	"modbus" };

const char *
keyword_refusal(struct span name)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct span known = span_str(refusals[i].name);
		char last = refusals[i].name[known.len - 1];
		bool is_prefix = last == '.' || last == '_';
		if (span_caseeq(is_prefix ? span_sub(name, 0, known.len) : name, known))
			return refusals[i].why;
	}
	return NULL;
}

bool
protocol_is_refused(struct span name)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (span_caseeq(name, span_str(protocols[i])))
			return true;
	return false;
}
