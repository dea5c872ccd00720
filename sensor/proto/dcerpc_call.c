/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dcerpc_call: a call from its fragments.
 *
 *   REQUEST   header(16) hint(4) context(2) operation(2) [object(16)] stub [padding, verifier]
 *   RESPONSE  header(16) hint(4) context(2) cancels(1) -(1) stub [padding, verifier]
 *
 * C706 section 12.6.4.9. Object and verifier stay in the stub data, and over TCP the eight
 * bytes before that of an answer do, too: rules, and whoever compares sizes in records, expect
 * it so.
 */
#include "sensor/proto/dcerpc.h"

#define CALL_FIXED_LEN 8

void
dcerpc_stub_add(struct proto_worker *worker, struct dcerpc_side *side, struct span stub,
    uint32_t stub_max)
{
	(void)proto_buf_append(worker, &side->stub, stub, stub_max);
}

static void
stub_take(struct proto_worker *worker, struct dcerpc_call *call, enum dir dir,
    const struct dcerpc_pdu *pdu, struct span whole, uint32_t stub_max)
{
	struct cursor c = cursor_span(span_from(whole, DCERPC_HEADER_LEN));
	struct dcerpc_side *side = &call->side[dir];
	cursor_skip(&c, 4);
	uint16_t context = dcerpc_u16(&c, pdu->is_little);
	uint16_t opnum = dcerpc_u16(&c, pdu->is_little);
	if (pdu->type == DCERPC_REQUEST && side->frag_count == 1) {
		call->context = context;
		call->opnum = opnum;
	}
	bool is_fixed_part_in = pdu->type == DCERPC_RESPONSE && !call->is_piped;
	size_t from = DCERPC_HEADER_LEN + (is_fixed_part_in ? 0 : CALL_FIXED_LEN);
	dcerpc_stub_add(worker, side, span_from(whole, from), stub_max);
}

void
dcerpc_call_take(struct proto_worker *worker, struct dcerpc_call *call, enum dir dir,
    const struct dcerpc_pdu *pdu, struct span whole, uint32_t stub_max)
{
	struct dcerpc_side *side = &call->side[dir];
	if (!side->is_there) {
		side->is_there = true;
		side->is_little = pdu->is_little;
		call->minor = pdu->minor;
	}
	side->type = pdu->type;
	if (pdu->flags & DCERPC_FIRST_FRAG)
		side->has_first = true;
	if (side->frag_count < UINT16_MAX)
		side->frag_count++;
	if (pdu->type == DCERPC_REQUEST || pdu->type == DCERPC_RESPONSE)
		stub_take(worker, call, dir, pdu, whole, stub_max);
	if (pdu->flags & DCERPC_LAST_FRAG ||
	    (pdu->type != DCERPC_REQUEST && pdu->type != DCERPC_RESPONSE))
		side->is_whole = true;
}

void
dcerpc_call_free(struct proto_worker *worker, struct dcerpc_call *call)
{
	for (int dir = 0; dir < 2; dir++)
		proto_buf_free(worker, &call->side[dir].stub);
}
