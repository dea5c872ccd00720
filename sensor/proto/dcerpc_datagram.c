/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dcerpc_datagram: calls over UDP, without a connection (C706 chapter 12.5).
 *
 *     0         1         2         3         4                        7
 *   +---------+---------+---------+---------+------------------------+---------+
 *   | version | type    | flags   | flags 2 | representation         | serial  |
 *   | 4       |         |         |         |                        |         |
 *   +---------+---------+---------+---------+------------------------+---------+
 *   8 object(16) interface(16) activity(16) boot(4) version(4) sequence(4) operation(2)
 *   70 hints(4) length(2) fragment(2) authentication(1) serial(1), then the stub data
 *
 * A call is told by its activity and sequence number; each datagram names the interface.
 */
#include "sensor/proto/dcerpc.h"

#define HEADER_LEN 80
#define VERSION 4
#define TYPE_MAX DCERPC_CANCEL_ACK

enum datagram_flag {
	DATAGRAM_LAST_FRAG = 1 << 1,
	DATAGRAM_FRAG = 1 << 2,
};

struct datagram {
	uint8_t type, flags;
	bool is_little;
	struct dcerpc_interface interface;
	uint8_t activity[DCERPC_UUID_LEN];
	uint32_t sequence;
	uint16_t opnum, len, fragment;
	struct span stub;
};

static bool
datagram_read(struct span bytes, struct datagram *ret)
{
	struct cursor c = cursor_span(bytes);
	struct datagram d = { 0 };
	uint8_t object[DCERPC_UUID_LEN];
	uint8_t version = cursor_u8(&c);
	d.type = cursor_u8(&c);
	d.flags = cursor_u8(&c);
	uint8_t flags2 = cursor_u8(&c);
	uint8_t order = cursor_u8(&c);
	uint8_t floats = cursor_u8(&c);
	d.is_little = order & 0x10;
	cursor_skip(&c, 2);
	dcerpc_uuid(&c, d.is_little, object);
	dcerpc_uuid(&c, d.is_little, d.interface.uuid);
	dcerpc_uuid(&c, d.is_little, d.activity);
	(void)dcerpc_u32(&c, d.is_little);
	uint32_t interface_version = dcerpc_u32(&c, d.is_little);
	d.interface.version = (uint16_t)interface_version;
	d.interface.minor = (uint16_t)(interface_version >> 16);
	d.sequence = dcerpc_u32(&c, d.is_little);
	d.opnum = dcerpc_u16(&c, d.is_little);
	cursor_skip(&c, 4);
	d.len = dcerpc_u16(&c, d.is_little);
	d.fragment = dcerpc_u16(&c, d.is_little);
	cursor_skip(&c, 2);
	if (c.is_short || version != VERSION || d.type > TYPE_MAX || (flags2 & 0xfc) ||
	    (order & 0xee) || floats > 3)
		return false;
	d.stub = span_sub(cursor_rest(&c), 0, d.len);
	*ret = d;
	return d.stub.len == d.len;
}

static bool
is_request(uint8_t type)
{
	return type == DCERPC_REQUEST || type == DCERPC_PING || type == DCERPC_ACK ||
	       type == DCERPC_CL_CANCEL;
}

enum proto_verdict
dcerpc_datagram_probe(const struct proto_probe *probe)
{
	struct datagram d;
	if (!datagram_read(probe->data, &d))
		return PROTO_NO;
	bool is_first = !probe->flow->app || !probe->flow->app->proto;
	return is_first && !is_request(d.type) && probe->dir == DIR_TOSERVER
		   ? PROTO_YES_REVERSED
		   : PROTO_YES;
}

static struct dcerpc_tx *
call_find(struct app *app, enum dir dir, const struct datagram *d)
{
	struct tx *tx;
	TAILQ_FOREACH (tx, &app->txs, link) {
		struct dcerpc_tx *mine = (struct dcerpc_tx *)tx;
		if (mine->sequence == d->sequence && !tx->is_done[dir] &&
		    memcmp(mine->activity, d->activity, DCERPC_UUID_LEN) == 0)
			return mine;
	}
	return NULL;
}

void
dcerpc_datagram_take(struct app *app, const struct proto_input *in)
{
	struct datagram d;
	if (!datagram_read(in->data, &d))
		return;
	/* Pings, acknowledgements and the like say nothing about a call. */
	if (d.type != DCERPC_REQUEST && d.type != DCERPC_RESPONSE && d.type != DCERPC_FAULT &&
	    d.type != DCERPC_REJECT)
		return;
	if (is_request(d.type) != (in->dir == DIR_TOSERVER))
		return;
	struct dcerpc_tx *tx = call_find(app, in->dir, &d);
	if (!tx) {
		tx = dcerpc_tx_new(app, in->ts);
		if (!tx)
			return;
		tx->sequence = d.sequence;
		tx->interface = d.interface;
		memcpy(tx->activity, d.activity, DCERPC_UUID_LEN);
	}
	struct dcerpc_side *side = &tx->call.side[in->dir];
	tx->call.opnum = d.opnum;
	side->is_there = true;
	side->has_first |= d.fragment == 0;
	side->type = d.type;
	side->is_little = d.is_little;
	side->frag_count++;
	side->is_whole = !(d.flags & DATAGRAM_FRAG) || (d.flags & DATAGRAM_LAST_FRAG);
	if (d.type == DCERPC_REQUEST || d.type == DCERPC_RESPONSE)
		dcerpc_stub_add(app->worker, side, d.stub, dcerpc_config_of(app)->stub_max);
	dcerpc_tx_update(app, tx, in->dir, in->ts);
}
