/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/buffer.h"

#include <stdlib.h>

#include "common/log.h"

/* More names than all protocols have fields; the table is checked against it at start. */
#define BUFFER_MAX 512

static struct buffer buffers[BUFFER_MAX];
static unsigned buffer_total;

static bool
buffer_some(struct span bytes, struct span *ret)
{
	*ret = bytes;
	return bytes.len > 0;
}

static bool
get_l4_header(const struct packet *packet, struct span *ret)
{
	return buffer_some(packet->l4_header, ret);
}

static bool
get_ip_header(const struct packet *packet, struct span *ret)
{
	return buffer_some(packet->ip_header, ret);
}

/* Suricata's icmpv4.hdr and icmpv6.hdr hold the whole message for types that carry one. */
static bool
get_l4(const struct packet *packet, struct span *ret)
{
	return buffer_some(packet->l4, ret);
}

static bool
get_payload(const struct packet *packet, struct span *ret)
{
	return buffer_some(packet->payload, ret);
}

static bool
get_address(const struct addr *addr, const struct packet *packet, struct span *ret)
{
	*ret = span_of(addr->b, packet->ip_version == 4 ? 4 : 16);
	return packet->ip_version != 0;
}

static bool
get_src(const struct packet *packet, struct span *ret)
{
	return get_address(&packet->src, packet, ret);
}

static bool
get_dst(const struct packet *packet, struct span *ret)
{
	return get_address(&packet->dst, packet, ret);
}

static const struct buffer packet_buffers[] = {
	{ .name = "icmpv4.hdr",
	    .help = "ICMPv4 header",
	    .needs = LAYER_ICMP4,
	    .get_packet = get_l4_header },
	{ .name = "icmpv6.hdr",
	    .help = "ICMPv6 message from its header on",
	    .needs = LAYER_ICMP6,
	    .get_packet = get_l4 },
	{ .name = "ip.dst",
	    .help = "destination address, 4 or 16 bytes",
	    .needs = LAYER_IP,
	    .get_packet = get_dst },
	{ .name = "ip.src",
	    .help = "source address, 4 or 16 bytes",
	    .needs = LAYER_IP,
	    .get_packet = get_src },
	{ .name = "ipv4.hdr",
	    .help = "IPv4 header with options",
	    .needs = LAYER_IPV4,
	    .get_packet = get_ip_header },
	{ .name = "ipv6.hdr",
	    .help = "IPv6 header with extension headers",
	    .needs = LAYER_IPV6,
	    .get_packet = get_ip_header },
	{ .name = "tcp.hdr",
	    .help = "TCP header with options",
	    .needs = LAYER_TCP,
	    .get_packet = get_l4_header },
	{ .name = "udp.hdr",
	    .help = "UDP header",
	    .needs = LAYER_UDP,
	    .get_packet = get_l4_header },
};

static struct buffer *
buffer_add(const char *name)
{
	if (buffer_total == BUFFER_MAX)
		log_fatal("more than %d rule buffers: enlarge BUFFER_MAX", BUFFER_MAX);
	struct buffer *buffer = &buffers[buffer_total];
	buffer->name = name;
	buffer->id = (uint16_t)buffer_total++;
	return buffer;
}

static struct buffer *
buffer_by_name(const char *name)
{
	for (unsigned i = 0; i < buffer_total; i++)
		if (strcmp(buffers[i].name, name) == 0)
			return &buffers[i];
	return NULL;
}

static void
buffer_add_field(enum proto_id id, const struct field *field)
{
	struct buffer *buffer = buffer_by_name(field->name);
	if (!buffer) {
		buffer = buffer_add(field->name);
		buffer->scope = BUFFER_TX;
		buffer->kind = (uint8_t)field->kind;
	}
	if (!buffer->help) {
		buffer->help = field->help;
		buffer->example = field->example;
	}
	buffer->is_multi |= field->kind == FIELD_MULTI || field->is_multi;
	buffer->is_stream |= field->kind == FIELD_STREAM;
	buffer->dirs |= field->dirs;
	if (field->alias)
		buffer->alias = field->alias;
	if (field->modifier)
		buffer->modifier = field->modifier;
	buffer->fields[id] = field;
}

void
buffer_table_init(void)
{
	if (buffer_total)
		return;
	struct buffer *payload = buffer_add("payload");
	payload->scope = BUFFER_PAYLOAD;
	payload->help = "payload of a packet, or bytes of a stream";
	payload->get_packet = get_payload;
	payload->dirs = DIR_BOTH;
	for (size_t i = 0; i < sizeof(packet_buffers) / sizeof(packet_buffers[0]); i++) {
		struct buffer *buffer = buffer_add(packet_buffers[i].name);
		uint16_t id = buffer->id;
		*buffer = packet_buffers[i];
		buffer->id = id;
		buffer->scope = BUFFER_PACKET;
		buffer->dirs = DIR_BOTH;
	}
	for (int id = PROTO_ID_FAILED + 1; id < PROTO_ID_COUNT; id++) {
		const struct proto *proto = proto_get((enum proto_id)id);
		for (const struct field *f = proto ? proto->fields : NULL; f && f->name; f++)
			buffer_add_field((enum proto_id)id, f);
	}
}

unsigned
buffer_count(void)
{
	return buffer_total;
}

const struct buffer *
buffer_get(unsigned id)
{
	return id < buffer_total ? &buffers[id] : NULL;
}

const struct buffer *
buffer_payload(void)
{
	return &buffers[0];
}

static bool
name_is(const char *known, struct span name)
{
	return known && span_caseeq(span_str(known), name);
}

const struct buffer *
buffer_find(struct span name)
{
	for (unsigned i = 1; i < buffer_total; i++)
		if (name_is(buffers[i].name, name) || name_is(buffers[i].alias, name))
			return &buffers[i];
	return NULL;
}

const struct buffer *
buffer_find_modifier(struct span name)
{
	for (unsigned i = 1; i < buffer_total; i++)
		if (name_is(buffers[i].modifier, name))
			return &buffers[i];
	return NULL;
}
