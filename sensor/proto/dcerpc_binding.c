/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dcerpc_binding: the interfaces that a connection may call.
 *
 *   BIND, ALTER_CONTEXT   header(16) max_send(2) max_receive(2) group(4) count(1) -(3), then
 *                         count times: context(2) syntaxes(1) -(1) uuid(16) version(2) minor(2)
 *                         and the transfer syntaxes, 20 bytes each       C706 section 12.6.4.3
 *   ..._ACK, ..._RESP     header(16) max_send(2) max_receive(2) group(4) length(2) address,
 *                         padding to 4, count(1) -(3), then count times: result(2) reason(2)
 *                         and one transfer syntax. Results stand in the order of the offers.
 */
#include "sensor/proto/dcerpc.h"

#define BIND_FIXED_LEN 8
#define SYNTAX_LEN 20

/* A context that is offered anew means the new interface from now on. */
static void
context_forget(struct dcerpc_binding *binding, uint16_t context, uint32_t call_id)
{
	for (unsigned i = 0; i < binding->count; i++) {
		struct dcerpc_interface *at = &binding->interfaces[i];
		if (at->context != context || at->call_id == call_id)
			continue;
		binding->count--;
		memmove(at, at + 1, (binding->count - i) * sizeof(*at));
		return;
	}
}

static struct dcerpc_interface *
interface_new(struct proto_worker *worker, struct dcerpc_binding *binding)
{
	if (binding->count == binding->room) {
		if (binding->room >= DCERPC_INTERFACES_MAX)
			return NULL;
		uint16_t room = (uint16_t)(binding->room ? 2 * binding->room : 4);
		const size_t each = sizeof(*binding->interfaces);
		struct dcerpc_interface *grown = proto_realloc(worker, binding->interfaces,
		    binding->room * each, room * each);
		if (!grown)
			return NULL;
		binding->interfaces = grown;
		binding->room = room;
	}
	return &binding->interfaces[binding->count++];
}

void
dcerpc_bind(struct proto_worker *worker, struct dcerpc_binding *binding,
    const struct dcerpc_pdu *pdu, struct span whole)
{
	struct cursor c = cursor_span(span_from(whole, DCERPC_HEADER_LEN));
	cursor_skip(&c, BIND_FIXED_LEN);
	unsigned count = cursor_u8(&c);
	cursor_skip(&c, 3);
	while (count--) {
		struct dcerpc_interface offer = { .call_id = pdu->call_id };
		offer.context = dcerpc_u16(&c, pdu->is_little);
		unsigned syntaxes = cursor_u8(&c);
		cursor_skip(&c, 1);
		dcerpc_uuid(&c, pdu->is_little, offer.uuid);
		offer.version = dcerpc_u16(&c, pdu->is_little);
		offer.minor = dcerpc_u16(&c, pdu->is_little);
		if (c.is_short)
			return;
		context_forget(binding, offer.context, pdu->call_id);
		struct dcerpc_interface *to = interface_new(worker, binding);
		if (!to)
			return;
		*to = offer;
		cursor_skip(&c, syntaxes * (size_t)SYNTAX_LEN);
	}
}

void
dcerpc_bind_ack(struct dcerpc_binding *binding, const struct dcerpc_pdu *pdu, struct span whole)
{
	struct cursor c = cursor_span(whole);
	cursor_skip(&c, DCERPC_HEADER_LEN + BIND_FIXED_LEN);
	cursor_skip(&c, dcerpc_u16(&c, pdu->is_little));
	cursor_skip(&c, -cursor_pos(&c) & 3);
	unsigned count = cursor_u8(&c);
	cursor_skip(&c, 3);
	for (unsigned i = 0; i < binding->count && count; i++) {
		struct dcerpc_interface *offer = &binding->interfaces[i];
		if (offer->call_id != pdu->call_id || offer->is_acked)
			continue;
		uint16_t result = dcerpc_u16(&c, pdu->is_little);
		uint16_t reason = dcerpc_u16(&c, pdu->is_little);
		cursor_skip(&c, SYNTAX_LEN);
		if (c.is_short)
			return;
		offer->result = result;
		offer->reason = reason;
		offer->is_acked = true;
		count--;
	}
}

void
dcerpc_binding_free(struct proto_worker *worker, struct dcerpc_binding *binding)
{
	proto_dealloc(worker, binding->interfaces,
	    binding->room * sizeof(*binding->interfaces));
	*binding = (struct dcerpc_binding){ 0 };
}
