/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/record/recorder.h"

#include <stdlib.h>

#include "sensor/rule/vars.h"

struct recorder *
recorder_new(const struct record_options *options, struct recorder_sink sink)
{
	struct recorder *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->options = options;
	r->sink = sink;
	return r;
}

void
recorder_free(struct recorder *recorder)
{
	free(recorder);
}

void
recorder_packet(struct recorder *recorder, const struct packet *packet)
{
	recorder->packet = packet;
}

void
recorder_at(struct recorder *recorder, uint64_t number)
{
	recorder->at = number;
}

void
recorder_rule_thread(struct recorder *recorder, const struct rule_thread *thread)
{
	recorder->rule_thread = thread;
}

struct record_ends
record_ends_packet(const struct packet *p)
{
	return (struct record_ends){ &p->src, &p->dst, p->sport, p->dport, p->ip_version,
		p->ip_proto };
}

struct record_ends
record_ends_flow(const struct flow *flow, enum dir dir)
{
	const struct flow_key *k = &flow->key;

	if (dir == DIR_TOSERVER)
		return (struct record_ends){ &k->client, &k->server, k->client_port,
			k->server_port, k->ip_version, k->ip_proto };
	return (struct record_ends){ &k->server, &k->client, k->server_port, k->client_port,
		k->ip_version, k->ip_proto };
}

void
record_addr(struct json *json, const char *key, const struct addr *addr, uint8_t ip_version)
{
	char text[ADDR_TEXT_LEN];
	size_t len = addr_format_eve(addr, ip_version, text);

	json_put_text(json, key, span_of(text, len));
}

void
record_ip_proto(struct json *json, uint8_t ip_proto)
{
	static const struct {
		uint8_t number;
		const char *name;
	} names[] = { { IP_PROTO_TCP, "TCP" }, { IP_PROTO_UDP, "UDP" },
		{ IP_PROTO_ICMP, "ICMP" }, { IP_PROTO_ICMP6, "IPv6-ICMP" },
		{ IP_PROTO_SCTP, "SCTP" }, { IP_PROTO_ESP, "ESP" }, { IP_PROTO_GRE, "GRE" },
		{ 0, "HOPOPT" }, { 2, "IGMP" }, { IP_PROTO_IPIP, "IP-ENCAP" },
		{ IP_PROTO_IPV6, "IPv6" }, { 51, "AH" }, { 89, "OSPFIGP" }, { 103, "PIM" },
		{ 112, "VRRP" } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == ip_proto)
			return json_put_str(json, "proto", names[i].name);
	char number[4];
	size_t at = sizeof(number);
	unsigned v = ip_proto;
	do
		number[--at] = (char)('0' + v % 10);
	while ((v /= 10) && at);
	json_put_text(json, "proto", span_of(number + at, sizeof(number) - at));
}

/* A flow keeps what its first packet was; answers to what can be answered have code 0. */
static void
put_icmp_flow(struct json *json, const struct flow *flow)
{
	const struct flow_key *k = &flow->key;
	int answer = flow_icmp_counterpart(k->ip_version, (uint8_t)k->client_port);

	json_put_uint(json, "icmp_type", k->client_port);
	json_put_uint(json, "icmp_code", k->server_port);
	if (answer < 0 || flow->half[DIR_TOCLIENT].packets == 0)
		return;
	json_put_uint(json, "response_icmp_type", (unsigned)answer);
	json_put_uint(json, "response_icmp_code", 0);
}

static void
put_ends(struct json *json, const struct record_ends *e, const struct packet *packet,
    const struct flow *flow)
{
	bool is_icmp = e->ip_proto == IP_PROTO_ICMP || e->ip_proto == IP_PROTO_ICMP6;
	bool is_esp = e->ip_proto == IP_PROTO_ESP;
	bool has_ports = !is_icmp && !is_esp && (e->sport || e->dport);

	record_addr(json, "src_ip", e->src, e->ip_version);
	if (has_ports)
		json_put_uint(json, "src_port", e->sport);
	record_addr(json, "dest_ip", e->dst, e->ip_version);
	if (has_ports)
		json_put_uint(json, "dest_port", e->dport);
	record_ip_proto(json, e->ip_proto);
	if (is_esp && flow)
		json_put_uint(json, "spi", flow_esp_spi(flow));
	if (is_icmp && packet && packet->layers & LAYER_ICMP) {
		json_put_uint(json, "icmp_type", packet->icmp.type);
		json_put_uint(json, "icmp_code", packet->icmp.code);
	} else if (is_icmp && !packet && flow) {
		put_icmp_flow(json, flow);
	}
	json_put_uint(json, "ip_v", e->ip_version);
}

/* A key that rules name goes out bare: what could end it early is replaced. */
const char *
record_key(const char *name, char *out, size_t size)
{
	bool is_text = utf8_is_valid(span_of(name, strlen(name)));
	size_t i = 0;

	for (; name[i] && i + 1 < size; i++) {
		unsigned char c = (unsigned char)name[i];
		bool is_plain = c >= ' ' && c != '"' && c != '\\' && c != 127;
		out[i] = is_plain && (c < 128 || is_text) ? (char)c : '_';
	}
	/* Cut at its end, it must not end within a letter. */
	if (name[i])
		while (i && ((unsigned char)out[i - 1] & 0x80))
			i--;
	out[i] = '\0';
	return out;
}

static void
put_vlans(struct json *json, const struct packet *packet, const struct flow *flow)
{
	unsigned count = packet ? packet->vlan_count : flow ? flow->vlan_count : 0;
	const uint16_t *ids = packet ? packet->vlan : flow ? flow->vlan : NULL;

	if (!count)
		return;
	json_open_array(json, "vlan");
	for (unsigned i = 0; i < count; i++)
		json_put_uint(json, NULL, ids[i]);
	json_close(json);
}

const char *
record_packet_source(const struct packet *p)
{
	if (p->layers & LAYER_PSEUDO)
		return "stream (flow timeout)";
	if (p->layers & LAYER_REASSEMBLED)
		return "defrag";
	switch (p->depth ? p->tunnel : TUNNEL_NONE) {
	case TUNNEL_GRE:
		return "gre tunnel";
	case TUNNEL_ERSPAN:
		return "gre erspan tunnel";
	case TUNNEL_VXLAN:
		return "vxlan encapsulation";
	case TUNNEL_GENEVE:
		return "geneve encapsulation";
	case TUNNEL_TEREDO:
		return "teredo tunnel";
	case TUNNEL_IPIP:
		return "ipv4 tunnel";
	case TUNNEL_6IN4:
		return "ipv6 tunnel";
	case TUNNEL_4IN6:
		return "ipv6 tunnel";
	default:
		return "wire/pcap";
	}
}

static void
put_mac(struct json *json, const char *key, const uint8_t *mac)
{
	json_put_hex(json, key, span_of(mac, 6), ':');
}

static void
put_mac_list(struct json *json, const char *key, const uint8_t *mac)
{
	json_open_array(json, key);
	put_mac(json, NULL, mac);
	json_close(json);
}

static bool
is_from(const struct record_ends *e, const struct addr *addr, uint16_t port)
{
	return addr_eq(e->src, addr) && e->sport == port;
}

/* The source's address comes from the source, whichever way the packet at hand went. */
static void
put_ether(struct json *json, const struct packet *packet, const struct flow *flow,
    const struct record_ends *e, bool is_flow)
{
	if (packet && packet->mac_src && packet->mac_dst) {
		bool is_back = e && e->ip_version && is_from(e, &packet->dst, packet->dport) &&
			       !is_from(e, &packet->src, packet->sport);
		json_open_object(json, "ether");
		json_put_uint(json, "ether_type", packet->ether_type);
		put_mac(json, "src_mac", is_back ? packet->mac_dst : packet->mac_src);
		put_mac(json, "dest_mac", is_back ? packet->mac_src : packet->mac_dst);
		json_close(json);
	} else if (!packet && flow && flow->has_mac) {
		/* Those of the first packet: a flow remembers no others. */
		bool is_back = e && e->src == &flow->key.server;
		const uint8_t *dst = is_back ? flow->mac_src : flow->mac_dst;
		const uint8_t *src = is_back ? flow->mac_dst : flow->mac_src;
		json_open_object(json, "ether");
		if (is_flow) {
			put_mac_list(json, "dest_macs", dst);
			put_mac_list(json, "src_macs", src);
		} else {
			put_mac(json, "src_mac", src);
			put_mac(json, "dest_mac", dst);
		}
		json_close(json);
	}
}

bool
record_begin(struct recorder *r, struct json *json, const struct record_head *head,
    const struct flow *flow, const struct packet *packet, const struct record_ends *ends)
{
	char *room = r->sink.reserve(r->sink.arg, RECORD_BYTES_MAX);

	if (!room) {
		r->sink.lose(r->sink.arg, head->class);
		return false;
	}
	json_init(json, room, RECORD_BYTES_MAX);
	json_open_object(json, NULL);
	json_put_time_eve(json, "timestamp", head->ts);
	if (flow)
		json_put_uint(json, "flow_id", flow->id);
	if (packet && packet->number)
		json_put_uint(json, "pcap_cnt", packet->number);
	json_put_str(json, "event_type", head->type);
	put_vlans(json, packet, flow);
	if (ends && ends->ip_version)
		put_ends(json, ends, packet, flow);
	if (packet)
		json_put_str(json, "pkt_src", record_packet_source(packet));
	if (r->options->has_ethernet)
		put_ether(json, packet, flow, ends, head->class == RECORD_FLOW);
	if (flow && r->options->has_community_id) {
		char id[COMMUNITY_ID_LEN];
		flow_community_id(&flow->key, r->options->community_seed, id);
		json_put_str(json, "community_id", id);
	}
	/* Asked for to tell who wrote a record: that is us, in Suricata's place. */
	if (r->options->has_suricata_version)
		json_put_str(json, "suricata_version", "guan " GUAN_VERSION);
	return true;
}

void
record_guan(struct recorder *r, struct json *json)
{
	json_open_object(json, "guan");
	json_put_str(json, "zone", r->options->zone);
}

void
record_end(struct recorder *r, struct json *json, const struct record_head *head)
{
	/* Two levels stay open: "guan" and the record itself. */
	if (json->is_full || json->depth != 2) {
		r->too_large++;
		r->sink.lose(r->sink.arg, head->class);
		r->sink.commit(r->sink.arg, head, 0);
		return;
	}
	r->sink.commit(r->sink.arg, head, json->len);
}

/* A direction that looked like something else than the flow was taken for. */
static void
put_mismatch(struct json *json, const char *key, const struct app *app, enum dir dir)
{
	uint8_t id = app->id_dir[dir];

	if (id != PROTO_ID_NONE && id != app->id)
		json_put_str(json, key, proto_name(id));
}

void
record_app_proto(struct json *json, const struct flow *flow)
{
	const struct app *app = flow->app;
	uint8_t id = app ? app->id : PROTO_ID_NONE;

	/* Each datagram is a first one: those that nobody knew are all there is to be known. */
	if (app && id == PROTO_ID_NONE && !flow_is_tcp(flow))
		id = PROTO_ID_FAILED;
	if (id == PROTO_ID_NONE)
		return;
	json_put_str(json, "app_proto", proto_name(id));
	if (id != PROTO_ID_FAILED) {
		put_mismatch(json, "app_proto_ts", app, DIR_TOSERVER);
		put_mismatch(json, "app_proto_tc", app, DIR_TOCLIENT);
	}
	if (app->old_id)
		json_put_str(json, "app_proto_orig", proto_name(app->old_id));
}
