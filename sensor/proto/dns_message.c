/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns_message: the wire format.
 *
 *     0                   1
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
 *    +-------------------------------+
 *    |              id               |   RFC 1035 section 4.1
 *    |Q|opcode |A|T|R|R|Z|A|C| rcode |
 *    |R        |A|C|D|A| |D|D|       |
 *    |            queries            |   each: name, type, class
 *    |            answers            |   each: name, type, class, ttl, length, data
 *    |          authorities          |
 *    |          additionals          |
 *    +-------------------------------+
 */
#include "sensor/proto/dns.h"

#define QUERY_MIN 5
#define RECORD_MIN 11
#define OPCODE_LAST 6 /* DSO; 3 was never given out, but clients of old send it */

bool
dns_header_read(struct span bytes, struct dns_header *ret)
{
	struct cursor c = cursor_span(bytes);
	struct dns_header h;
	h.id = cursor_be16(&c);
	h.flags = cursor_be16(&c);
	for (int i = 0; i < DNS_SECTION_COUNT; i++)
		h.count[i] = cursor_be16(&c);
	if (c.is_short)
		return false;
	*ret = h;
	return true;
}

uint32_t
dns_records_most(const struct dns_header *header, size_t len)
{
	size_t claimed = 0;
	for (int i = 0; i < DNS_SECTION_COUNT; i++)
		claimed += header->count[i];
	size_t fits = len > DNS_HEADER_LEN ? (len - DNS_HEADER_LEN) / QUERY_MIN : 0;
	size_t most = claimed < fits ? claimed : fits;
	return (uint32_t)(most < DNS_RECORDS_MAX ? most : DNS_RECORDS_MAX);
}

/* The text of a name as it grows. */
struct name {
	uint8_t *buf;
	size_t len;
	unsigned labels;
	bool is_cut;
};

static void
name_add(struct name *name, struct span label)
{
	size_t dot = name->labels ? 1 : 0;
	name->labels++;
	if (name->is_cut)
		return;
	if (name->len + dot >= DNS_NAME_MAX) {
		name->is_cut = true;
		return;
	}
	if (dot)
		name->buf[name->len++] = '.';
	if (label.len > DNS_NAME_MAX - name->len) {
		label.len = DNS_NAME_MAX - name->len;
		name->is_cut = true;
	}
	memcpy(name->buf + name->len, label.p, label.len);
	name->len += label.len;
}

ptrdiff_t
dns_name_read(struct span message, uint32_t at, uint8_t *buf, uint32_t *ret_end,
    uint64_t *ret_events)
{
	struct name name = { .buf = buf };
	uint64_t events = 0;
	uint32_t end = 0; /* known with the first jump */
	unsigned jumps = 0;
	struct cursor c = cursor_span(span_from(message, at));
	for (;;) {
		uint32_t here = (uint32_t)(c.p - message.p);
		uint8_t first = cursor_u8(&c);
		if (c.is_short)
			return -1;
		if (first == 0)
			break;
		if ((first & 0xc0) == 0xc0) {
			uint32_t target = (uint32_t)(first & 0x3f) << 8 | cursor_u8(&c);
			if (c.is_short || target >= message.len)
				return -1;
			if (!end)
				end = here + 2;
			if (target == here || ++jumps > DNS_JUMPS_MAX) {
				events |= 1ull << DNS_EVENT_INFINITE_LOOP;
				break;
			}
			c = cursor_span(span_from(message, target));
			continue;
		}
		if (first & 0xc0)
			return -1;
		struct span label = cursor_bytes(&c, first);
		if (c.is_short)
			return -1;
		if (name.labels >= DNS_LABELS_MAX) {
			events |= 1ull << DNS_EVENT_TOO_MANY_LABELS;
			name.is_cut = true;
		} else {
			name_add(&name, label);
			if (name.is_cut)
				events |= 1ull << DNS_EVENT_NAME_TOO_LONG;
		}
		/* Behind a jump nothing is left to learn; before one its end still is. */
		if (name.is_cut && end)
			break;
	}
	if (ret_end)
		*ret_end = end ? end : (uint32_t)(c.p - message.p);
	*ret_events |= events;
	return (ptrdiff_t)name.len;
}

bool
dns_data_name(const struct dns_rr *rr, uint32_t *ret_at)
{
	uint16_t skip;
	switch (rr->type) {
	case DNS_TYPE_CNAME:
	case DNS_TYPE_DNAME:
	case DNS_TYPE_NS:
	case DNS_TYPE_PTR:
	case DNS_TYPE_SOA:
		skip = 0;
		break;
	case DNS_TYPE_MX:
		skip = 2;
		break;
	case DNS_TYPE_SRV:
		skip = 6;
		break;
	default:
		return false;
	}
	if (rr->data_len <= skip)
		return false;
	*ret_at = rr->data + skip;
	return true;
}

/* Reads the record at *at and moves it behind. */
static bool
record_read(struct span bytes, uint32_t *at, bool is_query, struct dns_rr *ret,
    uint64_t *ret_events)
{
	uint8_t name[DNS_NAME_MAX];
	struct dns_rr rr = { .name = *at };
	uint32_t end;
	if (dns_name_read(bytes, *at, name, &end, ret_events) < 0)
		return false;
	struct cursor c = cursor_span(bytes);
	cursor_skip(&c, end);
	rr.type = cursor_be16(&c);
	rr.class = cursor_be16(&c);
	if (!is_query) {
		rr.ttl = cursor_be32(&c);
		rr.data_len = cursor_be16(&c);
		rr.data = (uint32_t)cursor_pos(&c);
		cursor_skip(&c, rr.data_len);
	}
	if (c.is_short)
		return false;
	/* A name in the data is read once, for its events and so that it can be trusted. */
	uint32_t inner;
	if (!is_query && dns_data_name(&rr, &inner) &&
	    dns_name_read(bytes, inner, name, NULL, ret_events) < 0)
		*ret_events |= 1ull << DNS_EVENT_MALFORMED_DATA;
	*at = (uint32_t)cursor_pos(&c);
	*ret = rr;
	return true;
}

bool
dns_message_read(struct dns_message *message, struct span bytes, struct dns_rr *records,
    uint32_t room, uint64_t *ret_events)
{
	struct dns_message m = { .bytes = bytes, .records = records };
	uint32_t count = 0;
	uint32_t at = DNS_HEADER_LEN;
	bool is_whole = true;
	uint64_t events = 0;
	if (!dns_header_read(bytes, &m.header))
		return false;
	if (m.header.flags & DNS_Z)
		events |= 1ull << DNS_EVENT_Z_FLAG_SET;
	if (dns_opcode(m.header.flags) > OPCODE_LAST)
		events |= 1ull << DNS_EVENT_INVALID_OPCODE;
	for (int section = 0; section < DNS_SECTION_COUNT; section++) {
		m.first[section] = count;
		for (unsigned i = 0; is_whole && i < m.header.count[section]; i++) {
			struct dns_rr rr;
			is_whole =
			    record_read(bytes, &at, section == DNS_QUERIES, &rr, &events);
			if (is_whole && count < room)
				records[count++] = rr;
			if (is_whole)
				continue;
			if (section <= DNS_ANSWERS)
				return false;
			events |= 1ull << (section == DNS_AUTHORITIES
					       ? DNS_EVENT_INVALID_AUTHORITIES
					       : DNS_EVENT_INVALID_ADDITIONALS);
		}
	}
	m.first[DNS_SECTION_COUNT] = count;
	*message = m;
	*ret_events |= events;
	return true;
}

/* --- Recognition --- */

static bool
is_known_class(uint16_t class)
{
	return class == 1 || class == 3 || class == 4 || class == 254 || class == 255;
}

/* On a port that is not DNS's: one plain question with a name that could be one, and no more.
 */
static bool
is_surely_dns(const struct dns_header *h, struct span bytes, uint32_t name_end,
    ptrdiff_t name_len, size_t whole_len)
{
	struct cursor c = cursor_span(span_from(bytes, name_end));
	uint16_t type = cursor_be16(&c);
	uint16_t class = cursor_be16(&c);
	if (c.is_short || h->count[DNS_QUERIES] != 1 || name_len < 1 ||
	    !is_known_class(class) || !dns_type_name(type) || bytes.len < whole_len)
		return false;
	struct dns_rr scratch[64];
	struct dns_message message;
	uint64_t events = 0;
	uint32_t most = dns_records_most(h, bytes.len);
	if (most > 64)
		return false;
	return dns_message_read(&message, span_sub(bytes, 0, whole_len), scratch, 64,
		   &events) &&
	       events == 0;
}

enum proto_verdict
dns_message_probe(struct span bytes, size_t whole_len, bool is_strict)
{
	struct dns_header h;
	uint8_t name[DNS_NAME_MAX];
	uint64_t events = 0;
	uint32_t end;
	if (whole_len < DNS_HEADER_LEN)
		return PROTO_NO;
	if (!dns_header_read(bytes, &h))
		return PROTO_MORE;
	if (is_strict && (h.flags & DNS_Z || dns_opcode(h.flags) > OPCODE_LAST))
		return PROTO_NO;
	if (h.count[DNS_QUERIES] == 0) {
		/* Refusals may come without the question. */
		bool is_bare = !is_strict && h.flags & DNS_QR;
		return is_bare && dns_opcode(h.flags) <= OPCODE_LAST ? PROTO_YES : PROTO_NO;
	}
	size_t claimed = h.count[DNS_QUERIES] * (size_t)QUERY_MIN;
	for (int i = DNS_ANSWERS; i < DNS_SECTION_COUNT; i++)
		claimed += h.count[i] * (size_t)RECORD_MIN;
	if (claimed > whole_len - DNS_HEADER_LEN)
		return PROTO_NO;
	if (dns_name_read(bytes, DNS_HEADER_LEN, name, &end, &events) < 0)
		return bytes.len < whole_len ? PROTO_MORE : PROTO_NO;
	if (!is_strict)
		return PROTO_YES;
	if (bytes.len < whole_len)
		return PROTO_MORE;
	ptrdiff_t len = dns_name_read(bytes, DNS_HEADER_LEN, name, &end, &events);
	return is_surely_dns(&h, bytes, end, len, whole_len) ? PROTO_YES : PROTO_NO;
}
