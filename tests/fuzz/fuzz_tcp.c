/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection, told what to send by the input: per segment direction, flags, small steps of
 * numbers, options and length. The bytes of a stream are a function of their offset, so what
 * the consumer sees can be checked: nothing twice, nothing out of place, ends once.
 */
#include <stdlib.h>

#include "common/cursor.h"
#include "sensor/flow/tcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct state {
	struct tcp *tcp;
	struct flow flow;
	uint64_t end[2];
	bool is_eof[2], is_depth[2];
	uint8_t keep;
};

static size_t
on_data(struct flow *flow, enum dir dir, const struct stream_view *view, struct packet *packet,
    void *arg)
{
	struct state *s = arg;
	uint64_t fresh = view->offset + view->kept;
	volatile uint8_t sum = 0;

	if (view->kept > view->data.len || s->is_eof[dir] || !packet || packet->flow != flow)
		abort();
	for (size_t i = 0; i < view->data.len; i++)
		sum = (uint8_t)(sum + view->data.p[i]);
	if (s->is_depth[dir]) {
		if (fresh < s->end[dir] || view->data.len || !(view->flags & STREAM_EOF))
			abort();
	} else if (view->flags & STREAM_GAP) {
		if (view->kept || fresh != s->end[dir] + view->gap_bytes)
			abort();
	} else if (fresh < s->end[dir] || (fresh > s->end[dir] && view->data.len)) {
		abort();
	}
	s->end[dir] = view->offset + view->data.len;
	s->is_eof[dir] = view->flags & STREAM_EOF;
	s->is_depth[dir] |= (view->flags & STREAM_DEPTH) != 0;
	if (s->keep == 255)
		tcp_flow_bypass(s->tcp, flow);
	return (size_t)s->keep * 40;
}

static void
turn(struct state *s)
{
	uint64_t end = s->end[0];
	bool is_eof = s->is_eof[0];
	bool is_depth = s->is_depth[0];

	flow_swap(&s->flow);
	s->end[0] = s->end[1];
	s->is_eof[0] = s->is_eof[1];
	s->end[1] = end;
	s->is_eof[1] = is_eof;
	s->is_depth[0] = s->is_depth[1];
	s->is_depth[1] = is_depth;
}

static void
segment(struct state *s, struct cursor *c, uint32_t base[2], nsec_t now)
{
	static uint8_t payload[256];
	uint8_t how = cursor_u8(c);
	enum dir dir = how & 1;
	struct packet p = {
		.ts = now,
		.layers = LAYER_IPV4 | LAYER_TCP,
		.ip_version = 4,
		.ip_proto = IP_PROTO_TCP,
		.flow = &s->flow,
		.dir = (uint8_t)dir,
	};

	p.tcp.flags = cursor_u8(c);
	p.tcp.seq = base[dir] + (uint32_t)(int8_t)cursor_u8(c) * (how & 2 ? 100 : 1);
	p.tcp.ack = base[!dir] + (uint32_t)(int8_t)cursor_u8(c) * (how & 4 ? 100 : 1);
	p.tcp.window = (uint16_t)(cursor_u8(c) << 8);
	p.tcp.has_wscale = how & 8;
	p.tcp.wscale = 7;
	p.tcp.has_ts = how & 16;
	p.tcp.ts_value = p.tcp.has_ts ? cursor_u8(c) : 0;
	p.tcp.urgent = how & 32 ? 3 : 0;
	p.payload = span_of(payload, cursor_u8(c));
	s->keep = cursor_u8(c);
	if (tcp_packet(s->tcp, &p) == TCP_REUSED) {
		tcp_flow_end(s->tcp, &s->flow, now);
		s->end[0] = s->end[1] = 0;
		s->is_eof[0] = s->is_eof[1] = false;
		s->is_depth[0] = s->is_depth[1] = false;
		if (tcp_packet(s->tcp, &p) != TCP_OK && !p.is_flow_new) {
			p.is_flow_new = true;
			if (tcp_packet(s->tcp, &p) != TCP_OK)
				abort();
		}
	}
	/* Follow the sender most of the time, so that conversations get somewhere. */
	if (how & 64)
		base[dir] = p.tcp.seq + (uint32_t)p.payload.len + (p.tcp.flags & 3 ? 1 : 0);
	if (how & 128 && s->flow.tcp)
		turn(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of(data, size);
	struct tcp_options options = tcp_options_default();
	struct state s = { .flow = { .key = { .ip_proto = IP_PROTO_TCP, .ip_version = 4 } } };
	uint32_t base[2] = { 1000, 0xffffff00u };
	uint8_t how = cursor_u8(&c);
	nsec_t now = NSEC_PER_SEC;

	options.max_connections = 4;
	options.max_segment_bytes = 32768;
	options.max_window_bytes = 16384;
	options.max_held_per_stream = 8192;
	options.midstream = how & 1;
	options.async_oneside = how & 2;
	options.depth = how & 4 ? 3000 : 0;
	options.urgent = how >> 3 & 3;
	options.policy = (how >> 5) % OVERLAP_COUNT;
	s.tcp = tcp_new(&options, on_data, &s);
	if (!s.tcp)
		return 0;
	while (cursor_left(&c) >= 7) {
		segment(&s, &c, base, now);
		now += NSEC_PER_MSEC;
	}
	tcp_flow_end(s.tcp, &s.flow, now);
	tcp_free(s.tcp);
	return 0;
}
