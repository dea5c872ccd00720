/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ike_message: payloads, proposals, attributes.
 *
 *   header     initiator's SPI(8) responder's SPI(8) next(1) version(1) exchange(1) flags(1)
 *              message(4) length(4)
 *   payload    next(1) flags(1) length(2) body
 *
 * IKE 1: RFC 2408 section 3, RFC 2409; its SA holds a proposal with transforms, each a whole
 * suite made of attributes. IKE 2: RFC 7296 section 3; its transforms are one algorithm each.
 */
#include "sensor/proto/ike.h"

bool
ike_header_read(struct span bytes, struct ike_header *ret)
{
	struct cursor c = cursor_span(bytes);
	struct ike_header h;
	h.init_spi = cursor_bytes(&c, 8);
	h.resp_spi = cursor_bytes(&c, 8);
	h.next = cursor_u8(&c);
	uint8_t version = cursor_u8(&c);
	h.major = version >> 4;
	h.minor = version & 15;
	h.exchange = cursor_u8(&c);
	h.flags = cursor_u8(&c);
	h.message_id = cursor_be32(&c);
	h.length = cursor_be32(&c);
	if (c.is_short)
		return false;
	*ret = h;
	return true;
}

bool
ike_payloads_read(struct ike_tx *tx)
{
	struct cursor c = cursor_span(span_from(proto_buf_span(&tx->bytes), IKE_HEADER_LEN));
	uint8_t next = tx->header.next;
	if (tx->header.major == 1 && tx->header.flags & IKE1_ENCRYPTED) {
		tx->is_encrypted = true;
		return true;
	}
	while (next && tx->payload_count < IKE_PAYLOADS_MAX) {
		uint8_t type = next;
		next = cursor_u8(&c);
		cursor_skip(&c, 1);
		uint16_t len = cursor_be16(&c);
		struct span body = cursor_bytes(&c, len < 4 ? cursor_left(&c) + 1 : len - 4u);
		if (c.is_short)
			return false;
		tx->payloads[tx->payload_count++] = (struct ike_payload){ type, body };
		if (tx->header.major == 2 &&
		    (type == IKE2_ENCRYPTED || type == IKE2_FRAGMENT)) {
			tx->is_encrypted = true; /* its next is inside of it */
			return true;
		}
	}
	if (!next && cursor_left(&c))
		tx_event(&tx->tx, IKE_EVENT_PAYLOAD_EXTRA_DATA);
	return true;
}

const struct ike_payload *
ike_payload_find(const struct ike_tx *tx, uint8_t type)
{
	for (unsigned i = 0; i < tx->payload_count; i++)
		if (tx->payloads[i].type == type)
			return &tx->payloads[i];
	return NULL;
}

bool
ike_key(const struct ike_tx *tx, struct span *ret)
{
	bool is_old = tx->header.major == 1;
	const struct ike_payload *p =
	    ike_payload_find(tx, is_old ? IKE1_KEY_EXCHANGE : IKE2_KEY_EXCHANGE);
	if (p)
		*ret = span_from(p->body, is_old ? 0 : 4);
	return p;
}

bool
ike_nonce(const struct ike_tx *tx, struct span *ret)
{
	const struct ike_payload *p =
	    ike_payload_find(tx, tx->header.major == 1 ? IKE1_NONCE : IKE2_NONCE);
	if (p)
		*ret = p->body;
	return p;
}

/* --- Proposals --- */

static struct ike_attribute
attribute_read(struct cursor *c)
{
	uint16_t type = cursor_be16(c);
	struct ike_attribute a = { .type = type & 0x7fff, .value = cursor_be16(c) };
	if (type & 0x8000) {
		a.is_number = true;
		a.number = a.value;
		return a;
	}
	a.bytes = cursor_bytes(c, a.value);
	if (a.value == 4) {
		struct cursor number = cursor_span(a.bytes);
		a.is_number = true;
		a.number = cursor_be32(&number);
	}
	return a;
}

static void
attribute_add(struct ike_proposal *proposal, struct ike_attribute a)
{
	if (proposal->count < IKE_ATTRIBUTES_MAX)
		proposal->attributes[proposal->count++] = a;
}

/* next(1) reserved(1) length(2) ..., the frame of proposals and transforms. */
static struct cursor
frame_read(struct cursor *c, uint8_t *ret_next)
{
	*ret_next = cursor_u8(c);
	cursor_skip(c, 1);
	uint16_t len = cursor_be16(c);
	return cursor_sub(c, len < 4 ? cursor_left(c) + 1 : len - 4u);
}

/* number(1) kind(1) reserved(2) attributes */
static bool
transform_read_1(struct cursor t, struct ike_proposal *proposal)
{
	cursor_skip(&t, 4);
	proposal->count = 0;
	while (cursor_left(&t) >= 4)
		attribute_add(proposal, attribute_read(&t));
	return !t.is_short;
}

/* kind(1) reserved(1) algorithm(2) attributes */
static bool
transform_read_2(struct cursor t, struct ike_proposal *proposal)
{
	static const uint16_t kinds[] = { [1] = IKE_ALG_ENC,
		[2] = IKE_ALG_PRF,
		[3] = IKE_ALG_AUTH,
		[4] = IKE_ALG_DH,
		[5] = IKE_ALG_ESN };
	uint8_t kind = cursor_u8(&t);
	cursor_skip(&t, 1);
	uint16_t algorithm = cursor_be16(&t);
	if (t.is_short)
		return false;
	if (kind < 1 || kind > 5)
		return true;
	attribute_add(proposal, (struct ike_attribute){ .type = kinds[kind],
				    .value = algorithm,
				    .is_number = true,
				    .number = algorithm });
	while (kind == 1 && cursor_left(&t) >= 4) {
		struct ike_attribute a = attribute_read(&t);
		if (a.type == IKE_KEY_LENGTH && !t.is_short)
			attribute_add(proposal, a);
	}
	return !t.is_short;
}

bool
ike_proposals_read(uint8_t major, struct span sa, ike_visit_fn *visit, void *arg)
{
	struct cursor c = cursor_span(sa);
	unsigned visits = 0;
	uint8_t more = 1;
	if (major == 1)
		cursor_skip(&c, 8); /* domain of interpretation, situation */
	while (more && cursor_left(&c) && visits < IKE_PROPOSALS_MAX) {
		struct cursor p = frame_read(&c, &more);
		struct ike_proposal proposal = { 0 };
		cursor_skip(&p, 1);
		proposal.protocol = cursor_u8(&p);
		uint8_t spi_len = cursor_u8(&p);
		uint8_t transforms = cursor_u8(&p);
		cursor_skip(&p, spi_len);
		for (unsigned i = 0; i < transforms && visits < IKE_PROPOSALS_MAX; i++) {
			uint8_t next;
			struct cursor t = frame_read(&p, &next);
			bool is_right =
			    !t.is_short && (major == 1 ? transform_read_1(t, &proposal)
						       : transform_read_2(t, &proposal));
			if (!is_right)
				return false;
			if (major == 1 && (visits++, !visit(&proposal, arg)))
				return true;
		}
		if (p.is_short || c.is_short)
			return false;
		if (major == 2 && (visits++, !visit(&proposal, arg)))
			return true;
	}
	return !c.is_short;
}

struct chosen {
	uint16_t attribute;
	bool is_found;
	uint32_t number;
};

static bool
chosen_visit(const struct ike_proposal *proposal, void *arg)
{
	struct chosen *chosen = arg;
	for (unsigned i = 0; i < proposal->count && !chosen->is_found; i++) {
		const struct ike_attribute *a = &proposal->attributes[i];
		if (a->type == chosen->attribute && a->is_number) {
			chosen->is_found = true;
			chosen->number = a->number;
		}
	}
	return false; /* the first one is it */
}

bool
ike_chosen(const struct ike_tx *tx, uint16_t attribute, uint32_t *ret)
{
	uint8_t major = tx->header.major;
	const struct ike_payload *sa = ike_payload_find(tx, major == 1 ? IKE1_SA : IKE2_SA);
	struct chosen chosen = { .attribute = attribute };
	if (!sa || tx->dir != DIR_TOCLIENT)
		return false;
	(void)ike_proposals_read(major, sa->body, chosen_visit, &chosen);
	*ret = chosen.number;
	return chosen.is_found;
}
