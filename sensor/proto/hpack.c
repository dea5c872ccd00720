/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hpack:
 *
 *   1 index(7+)                        a header of a table
 *   01 index(6+) [name] value          a new one, to be remembered
 *   000x index(4+) [name] value        a new one
 *   001 size(5+)                       the table's size from now on
 *
 * Strings: huffman(1) length(7+) bytes. The code of appendix B is canonical, so the number of
 * codes of each length and the symbols in their order are all of it.
 */
#include "sensor/proto/hpack.h"

#include "common/cursor.h"

#define STATIC_COUNT 61
#define ENTRY_COST 32
#define RING_FIRST 16
/* Numbers of more bytes than this are not from any encoder. */
#define NUMBER_BYTES_MAX 5

/* RFC 7541 appendix A. */
static const struct {
	const char *name, *value;
} statics[STATIC_COUNT] = {
	{ ":authority", "" },
	{ ":method", "GET" },
	{ ":method", "POST" },
	{ ":path", "/" },
	{ ":path", "/index.html" },
	{ ":scheme", "http" },
	{ ":scheme", "https" },
	{ ":status", "200" },
	{ ":status", "204" },
	{ ":status", "206" },
	{ ":status", "304" },
	{ ":status", "400" },
	{ ":status", "404" },
	{ ":status", "500" },
	{ "accept-charset", "" },
	{ "accept-encoding", "gzip, deflate" },
	{ "accept-language", "" },
	{ "accept-ranges", "" },
	{ "accept", "" },
	{ "access-control-allow-origin", "" },
	{ "age", "" },
	{ "allow", "" },
	{ "authorization", "" },
	{ "cache-control", "" },
	{ "content-disposition", "" },
	{ "content-encoding", "" },
	{ "content-language", "" },
	{ "content-length", "" },
	{ "content-location", "" },
	{ "content-range", "" },
	{ "content-type", "" },
	{ "cookie", "" },
	{ "date", "" },
	{ "etag", "" },
	{ "expect", "" },
	{ "expires", "" },
	{ "from", "" },
	{ "host", "" },
	{ "if-match", "" },
	{ "if-modified-since", "" },
	{ "if-none-match", "" },
	{ "if-range", "" },
	{ "if-unmodified-since", "" },
	{ "last-modified", "" },
	{ "link", "" },
	{ "location", "" },
	{ "max-forwards", "" },
	{ "proxy-authenticate", "" },
	{ "proxy-authorization", "" },
	{ "range", "" },
	{ "referer", "" },
	{ "refresh", "" },
	{ "retry-after", "" },
	{ "server", "" },
	{ "set-cookie", "" },
	{ "strict-transport-security", "" },
	{ "transfer-encoding", "" },
	{ "user-agent", "" },
	{ "vary", "" },
	{ "via", "" },
	{ "www-authenticate", "" },
};

/* --- Huffman --- */

#define CODE_BITS_MAX 30

static const uint8_t code_counts[CODE_BITS_MAX + 1] = { 0, 0, 0, 0, 0, 10, 26, 32, 6, 0, 5, 3,
	2, 6, 2, 3, 0, 0, 0, 3, 8, 13, 26, 29, 12, 4, 15, 19, 29, 0, 3 };

static const uint8_t code_symbols[256] = { 48, 49, 50, 97, 99, 101, 105, 111, 115, 116, 32, 37,
	45, 46, 47, 51, 52, 53, 54, 55, 56, 57, 61, 65, 95, 98, 100, 102, 103, 104, 108, 109,
	110, 112, 114, 117, 58, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81,
	82, 83, 84, 85, 86, 87, 89, 106, 107, 113, 118, 119, 120, 121, 122, 38, 42, 44, 59, 88,
	90, 33, 34, 40, 41, 63, 39, 43, 124, 35, 62, 0, 36, 64, 91, 93, 126, 94, 125, 60, 96,
	123, 92, 195, 208, 128, 130, 131, 162, 184, 194, 224, 226, 153, 161, 167, 172, 176, 177,
	179, 209, 216, 217, 227, 229, 230, 129, 132, 133, 134, 136, 146, 154, 156, 160, 163,
	164, 169, 170, 173, 178, 181, 185, 186, 187, 189, 190, 196, 198, 228, 232, 233, 1, 135,
	137, 138, 139, 140, 141, 143, 147, 149, 150, 151, 152, 155, 157, 158, 165, 166, 168,
	174, 175, 180, 182, 183, 188, 191, 197, 231, 239, 9, 142, 144, 145, 148, 159, 171, 206,
	215, 225, 236, 237, 199, 207, 234, 235, 192, 193, 200, 201, 202, 205, 210, 213, 218,
	219, 238, 240, 242, 243, 255, 203, 204, 211, 212, 214, 221, 222, 223, 241, 244, 245,
	246, 247, 248, 250, 251, 252, 253, 254, 2, 3, 4, 5, 6, 7, 8, 11, 12, 14, 15, 16, 17, 18,
	19, 20, 21, 23, 24, 25, 26, 27, 28, 29, 30, 31, 127, 220, 249, 10, 13, 22 };

/* Adds the text of the code to buf. False: no such code, a full byte of padding, or padding
 * that is not ones; or no memory. */
static bool
huffman_decode(struct proto_worker *worker, struct proto_buf *buf, struct span text)
{
	uint8_t out[256];
	size_t n = 0;
	uint32_t code = 0, first = 0, index = 0;
	unsigned bits = 0;
	for (size_t i = 0; i < text.len; i++) {
		for (int bit = 7; bit >= 0; bit--) {
			code = code << 1 | (text.p[i] >> bit & 1u);
			bits++;
			if (bits > CODE_BITS_MAX)
				return false;
			uint32_t count = code_counts[bits];
			first <<= 1;
			if (code - first < count) {
				out[n++] = code_symbols[index + (code - first)];
				if (n == sizeof(out)) {
					if (!proto_buf_append(worker, buf, span_of(out, n),
						HPACK_STRING_MAX))
						return false;
					n = 0;
				}
				code = first = index = 0;
				bits = 0;
				continue;
			}
			first += count;
			index += count;
		}
	}
	if (bits > 7 || code != (1u << bits) - 1)
		return false;
	return n == 0 || proto_buf_append(worker, buf, span_of(out, n), HPACK_STRING_MAX);
}

/* --- The table --- */

static void
evict(struct proto_worker *worker, struct hpack *table, uint32_t max)
{
	while (table->count && table->size > max) {
		struct hpack_entry *e = &table->ring[table->first];
		uint32_t len = e->name_len + e->value_len;
		table->size -= len + ENTRY_COST;
		if (e->bytes)
			proto_dealloc(worker, e->bytes, len);
		table->first = (table->first + 1) & (table->room - 1);
		table->count--;
	}
}

static bool
ring_grow(struct proto_worker *worker, struct hpack *table)
{
	uint32_t room = table->room ? 2 * table->room : RING_FIRST;
	struct hpack_entry *ring = proto_alloc(worker, room * sizeof(*ring));
	if (!ring)
		return false;
	for (uint32_t i = 0; i < table->count; i++)
		ring[i] = table->ring[(table->first + i) & (table->room - 1)];
	if (table->ring)
		proto_dealloc(worker, table->ring, table->room * sizeof(*ring));
	table->ring = ring;
	table->room = room;
	table->first = 0;
	return true;
}

static bool
remember(struct proto_worker *worker, struct hpack *table, struct span name, struct span value)
{
	size_t len = name.len + value.len;
	/* What is larger than the table empties it: section 4.4. */
	if (len + ENTRY_COST > table->max) {
		evict(worker, table, 0);
		return true;
	}
	/* The name may be an entry's that is about to go: copied before. */
	uint8_t *bytes = len ? proto_alloc(worker, len) : NULL;
	if (len && !bytes)
		return false;
	if (name.len)
		memcpy(bytes, name.p, name.len);
	if (value.len)
		memcpy(bytes + name.len, value.p, value.len);
	evict(worker, table, table->max - (uint32_t)len - ENTRY_COST);
	if (table->count == table->room && !ring_grow(worker, table)) {
		if (bytes)
			proto_dealloc(worker, bytes, len);
		return false;
	}
	table->ring[(table->first + table->count) & (table->room - 1)] =
	    (struct hpack_entry){ bytes, (uint32_t)name.len, (uint32_t)value.len };
	table->count++;
	table->size += (uint32_t)len + ENTRY_COST;
	return true;
}

static bool
look_up(const struct hpack *table, uint64_t index, struct span *ret_name,
    struct span *ret_value)
{
	if (index == 0)
		return false;
	if (index <= STATIC_COUNT) {
		*ret_name = span_str(statics[index - 1].name);
		*ret_value = span_str(statics[index - 1].value);
		return true;
	}
	index -= STATIC_COUNT + 1;
	if (index >= table->count)
		return false;
	uint32_t at = (uint32_t)(table->first + table->count - 1 - index) & (table->room - 1);
	const struct hpack_entry *e = &table->ring[at];
	*ret_name = span_of(e->bytes, e->name_len);
	*ret_value = span_of(e->bytes ? e->bytes + e->name_len : NULL, e->value_len);
	return true;
}

void
hpack_allow(struct hpack *table, uint32_t max)
{
	if (max > HPACK_TABLE_MAX)
		max = HPACK_TABLE_MAX;
	if (max > table->max)
		table->max = max;
}

void
hpack_free(struct proto_worker *worker, struct hpack *table)
{
	evict(worker, table, 0);
	if (table->ring)
		proto_dealloc(worker, table->ring, table->room * sizeof(*table->ring));
	proto_buf_free(worker, &table->name);
	proto_buf_free(worker, &table->value);
	*table = (struct hpack){ 0 };
}

/* --- Blocks --- */

struct block {
	struct proto_worker *worker;
	struct hpack *table;
	struct cursor c;
	unsigned faults;
};

static uint64_t
read_number(struct block *b, uint8_t first, unsigned bits)
{
	uint64_t max = (1u << bits) - 1;
	uint64_t value = first & max;
	if (value < max)
		return value;
	for (unsigned i = 0;; i++) {
		uint8_t byte = cursor_u8(&b->c);
		if (b->c.is_short)
			return 0;
		if (i == NUMBER_BYTES_MAX) {
			b->faults |= HPACK_OVERFLOW;
			return 0;
		}
		value += (uint64_t)(byte & 0x7f) << (7 * i);
		if (!(byte & 0x80))
			return value;
	}
}

static bool
read_string(struct block *b, struct proto_buf *buf)
{
	uint8_t first = cursor_u8(&b->c);
	uint64_t len = read_number(b, first, 7);
	if (b->c.is_short || b->faults || len > cursor_left(&b->c)) {
		b->faults |= b->faults ? 0 : HPACK_CUT;
		return false;
	}
	struct span text = cursor_bytes(&b->c, (size_t)len);
	buf->len = 0;
	bool is_ok = first & 0x80 ? huffman_decode(b->worker, buf, text)
				  : proto_buf_append(b->worker, buf, text, HPACK_STRING_MAX);
	if (!is_ok && text.len)
		b->faults |= HPACK_BAD_STRING;
	return !b->faults;
}

/* A header whose name is one of a table's, or new; is_kept: for the table. */
static bool
read_literal(struct block *b, uint64_t index, bool is_kept, struct hpack_item *ret)
{
	struct hpack *table = b->table;
	struct span name, value;
	if (index == 0) {
		if (!read_string(b, &table->name))
			return false;
		name = proto_buf_span(&table->name);
	} else if (!look_up(table, index, &name, &value)) {
		b->faults |= HPACK_BAD_INDEX;
		return false;
	}
	if (!read_string(b, &table->value))
		return false;
	ret->name = name;
	ret->value = proto_buf_span(&table->value);
	if (!is_kept)
		return true;
	if (index > STATIC_COUNT) {
		/* Its bytes may go with the entry. */
		table->name.len = 0;
		if (!proto_buf_append(b->worker, &table->name, name, HPACK_STRING_MAX) &&
		    name.len) {
			b->faults |= HPACK_NO_MEMORY;
			return false;
		}
		ret->name = proto_buf_span(&table->name);
	}
	if (!remember(b->worker, table, ret->name, ret->value))
		b->faults |= HPACK_NO_MEMORY;
	return true;
}

static bool
read_item(struct block *b, struct hpack_item *ret)
{
	uint8_t first = cursor_u8(&b->c);
	*ret = (struct hpack_item){ 0 };
	if (first & 0x80) {
		uint64_t index = read_number(b, first, 7);
		if (b->c.is_short || b->faults)
			return false;
		if (!look_up(b->table, index, &ret->name, &ret->value)) {
			b->faults |= HPACK_BAD_INDEX;
			return false;
		}
		return true;
	}
	if ((first & 0xe0) == 0x20) {
		ret->is_size_update = true;
		ret->size = read_number(b, first, 5);
		if (b->c.is_short || b->faults)
			return false;
		b->table->max =
		    ret->size < HPACK_TABLE_MAX ? (uint32_t)ret->size : HPACK_TABLE_MAX;
		evict(b->worker, b->table, b->table->max);
		return true;
	}
	bool is_kept = first & 0x40;
	uint64_t index = read_number(b, first, is_kept ? 6 : 4);
	if (b->c.is_short || b->faults)
		return false;
	return read_literal(b, index, is_kept, ret);
}

unsigned
hpack_decode(struct proto_worker *worker, struct hpack *table, struct span block,
    hpack_sink *sink, void *arg)
{
	struct block b = { .worker = worker, .table = table, .c = cursor_span(block) };
	struct hpack_item item;
	while (cursor_left(&b.c) && read_item(&b, &item))
		sink(arg, &item);
	if (b.c.is_short)
		b.faults |= HPACK_CUT;
	return b.faults;
}
