/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fragments are held as pieces that do not overlap, sorted by offset; where a new one covers a
 * held one, the policy decides byte range by byte range, so that the pieces always are what the
 * host would have. A datagram is whole when its last fragment is known and no hole is left.
 *
 * Datagrams under reassembly stand in a hash index, in a list by age and in one by age of their
 * sender. The oldest gives way when there are too many of them or too many pieces; who holds
 * more than a share of all loses his own oldest. Senders are told apart by a hash with a secret
 * in it: a few share a place, and nobody can choose with whom.
 *
 * In IPv6 the datagram is remade without the fragment header: the header before it takes over
 * its next-header field (RFC 8200 section 4.5).
 */
#include "sensor/flow/defrag.h"

#include <stdlib.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "common/cursor.h"
#include "common/hash.h"
#include "common/slab.h"

#define PIECE_BYTES 1504
/* Of one datagram. A list of them is walked when a fragment comes out of order: bounds that. No
 * link in use cuts 64 KiB into so many. */
#define PIECES_MAX 1024
/* What one sender may hold, as a part of all; and of pieces no less than one datagram takes. */
#define SOURCE_PART 4
#define SOURCE_PIECES_MIN 64
#define SOURCES 1024
#define HEADER_MAX 1024 /* unfragmentable part: far beyond what hosts accept */
#define DATAGRAM_MAX 65535
#define WHOLE_BYTES (DECODE_LINK_MAX + HEADER_MAX + DATAGRAM_MAX)
#define IPV6_HEADER 40
#define FRAGMENT_HEADER 8
#define IPV6_FRAGMENT 44
#define IPV6_AH 51

struct piece {
	struct piece *next;
	uint32_t offset;
	/* Of the fragment that brought it: policies compare whole fragments. */
	uint32_t whole_start, whole_end;
	uint16_t len;
	uint8_t data[PIECE_BYTES];
};

struct datagram_key {
	struct addr src, dst;
	uint32_t id;
	uint16_t vlan[PACKET_VLAN_MAX];
	uint8_t proto;
	uint8_t ip_version;
	uint8_t depth;
	uint8_t zero[7];
};

TAILQ_HEAD(datagram_list, datagram);

/* The datagrams of a sender, the oldest first. */
struct source {
	struct datagram_list by_age;
	size_t datagrams, pieces;
};

struct datagram {
	struct datagram_key key;
	uint64_t hash;
	LIST_ENTRY(datagram) bucket;
	TAILQ_ENTRY(datagram) age, source_age;
	struct source *source;
	nsec_t first_ns;
	struct piece *pieces, *last;
	uint32_t count; /* of pieces */
	uint32_t total; /* of the fragmentable part; 0: the last fragment has not come */
	uint32_t held;  /* of its bytes; before total is known, of all bytes */
	uint16_t header_len;
	uint16_t
	    next_header_at;  /* IPv6: where the next-header field stands that said "fragment" */
	uint8_t next_header; /* and what stands there without the fragment header */
	bool has_header;     /* the first fragment has come */
	uint8_t header[HEADER_MAX];
};

LIST_HEAD(bucket, datagram);

struct defrag {
	struct defrag_options options;
	struct defrag_counters counters;
	uint64_t seed;
	struct bucket *buckets;
	size_t mask;
	struct datagram_list by_age;
	struct source sources[SOURCES];
	size_t source_datagrams, source_pieces; /* at most, each */
	struct slab *datagrams;
	struct slab *pieces;
	/* What was assembled, by depth of tunnels: a datagram in use may bring fragments of an
	 * inner one. WHOLE_BYTES each, made when first needed. */
	uint8_t *whole[DECODE_DEPTH_MAX + 2];
};

struct defrag_options
defrag_options_default(void)
{
	return (struct defrag_options){
		.max_datagrams = 16384,
		.max_fragments = 65535,
		.max_bytes = 32u << 20,
		.timeout_ns = 60 * NSEC_PER_SEC,
		.policy = OVERLAP_BSD,
		.use_vlan = true,
	};
}

static size_t
share_of(size_t all, size_t least)
{
	return all / SOURCE_PART > least ? all / SOURCE_PART : least;
}

struct defrag *
defrag_new(const struct defrag_options *options)
{
	struct defrag *d = calloc(1, sizeof(*d));
	size_t pieces = options->max_bytes / PIECE_BYTES;
	size_t buckets = 16;

	if (pieces > options->max_fragments)
		pieces = options->max_fragments;
	if (!d)
		return NULL;
	d->options = *options;
	while (buckets < options->max_datagrams)
		buckets *= 2;
	d->mask = buckets - 1;
	TAILQ_INIT(&d->by_age);
	for (size_t i = 0; i < SOURCES; i++)
		TAILQ_INIT(&d->sources[i].by_age);
	d->source_datagrams = share_of(options->max_datagrams, 1);
	d->source_pieces = share_of(pieces, SOURCE_PIECES_MIN);
	if (getrandom(&d->seed, sizeof(d->seed), GRND_NONBLOCK) != sizeof(d->seed))
		d->seed = clock_mono_ns() ^ (uintptr_t)d;
	d->buckets = calloc(buckets, sizeof(*d->buckets));
	d->datagrams = slab_new(sizeof(struct datagram), options->max_datagrams);
	d->pieces = slab_new(sizeof(struct piece), pieces);
	d->whole[0] = malloc(WHOLE_BYTES);
	if (!d->buckets || !d->datagrams || !d->pieces || !d->whole[0]) {
		defrag_free(d);
		return NULL;
	}
	return d;
}

void
defrag_free(struct defrag *d)
{
	if (!d)
		return;
	free(d->buckets);
	slab_free(d->datagrams);
	slab_free(d->pieces);
	for (int i = 0; i < DECODE_DEPTH_MAX + 2; i++)
		free(d->whole[i]);
	free(d);
}

const struct defrag_counters *
defrag_counters(const struct defrag *d)
{
	return &d->counters;
}

static void
datagram_free(struct defrag *d, struct datagram *dg)
{
	while (dg->pieces) {
		struct piece *piece = dg->pieces;
		dg->pieces = piece->next;
		slab_put(d->pieces, piece);
	}
	dg->source->pieces -= dg->count;
	dg->source->datagrams--;
	TAILQ_REMOVE(&dg->source->by_age, dg, source_age);
	LIST_REMOVE(dg, bucket);
	TAILQ_REMOVE(&d->by_age, dg, age);
	slab_put(d->datagrams, dg);
}

/* Gives up the oldest other than keep; false when there is none. */
static bool
shed_oldest(struct defrag *d, const struct datagram *keep)
{
	struct datagram *oldest = TAILQ_FIRST(&d->by_age);

	if (oldest && oldest == keep)
		oldest = TAILQ_NEXT(oldest, age);
	if (!oldest)
		return false;
	d->counters.over_limit++;
	datagram_free(d, oldest);
	return true;
}

/* The same among one sender's. */
static bool
shed_oldest_of(struct defrag *d, struct source *source, const struct datagram *keep)
{
	struct datagram *oldest = TAILQ_FIRST(&source->by_age);

	if (oldest && oldest == keep)
		oldest = TAILQ_NEXT(oldest, source_age);
	if (!oldest)
		return false;
	d->counters.over_limit++;
	datagram_free(d, oldest);
	return true;
}

static bool
is_late(const struct defrag *d, const struct datagram *dg, nsec_t now_ns)
{
	return now_ns > dg->first_ns && now_ns - dg->first_ns > d->options.timeout_ns;
}

static void
expire(struct defrag *d, nsec_t now_ns)
{
	struct datagram *oldest;

	/* A few a packet: they cannot come faster than one a packet. */
	for (int i = 0; i < 4; i++) {
		oldest = TAILQ_FIRST(&d->by_age);
		if (!oldest || !is_late(d, oldest, now_ns))
			return;
		d->counters.timed_out++;
		datagram_free(d, oldest);
	}
}

static struct datagram *
datagram_get(struct defrag *d, const struct packet *fragment)
{
	struct datagram_key key = {
		.src = fragment->src,
		.dst = fragment->dst,
		.id = fragment->ip_id,
		.ip_version = fragment->ip_version,
		.depth = fragment->depth,
	};
	struct datagram *dg;

	/* RFC 791 tells datagrams apart by protocol too; in IPv6 a later fragment need not
	 * know. */
	if (fragment->ip_version == 4)
		key.proto = fragment->ip_proto;
	if (d->options.use_vlan)
		memcpy(key.vlan, fragment->vlan, sizeof(key.vlan));
	uint64_t hash = hash_bytes(&key, sizeof(key), d->seed);
	struct bucket *bucket = &d->buckets[hash & d->mask];
	LIST_FOREACH (dg, bucket, bucket) {
		if (dg->hash != hash || memcmp(&dg->key, &key, sizeof(key)) != 0)
			continue;
		if (!is_late(d, dg, fragment->ts))
			return dg;
		d->counters.timed_out++;
		datagram_free(d, dg);
		break;
	}
	struct source *source =
	    &d->sources[hash_bytes(&key.src, sizeof(key.src), d->seed) % SOURCES];
	if (source->datagrams >= d->source_datagrams)
		shed_oldest_of(d, source, NULL);
	dg = slab_get(d->datagrams);
	if (!dg && shed_oldest(d, NULL))
		dg = slab_get(d->datagrams);
	if (!dg)
		return NULL;
	dg->key = key;
	dg->hash = hash;
	dg->source = source;
	source->datagrams++;
	TAILQ_INSERT_TAIL(&source->by_age, dg, source_age);
	dg->first_ns = fragment->ts;
	LIST_INSERT_HEAD(bucket, dg, bucket);
	TAILQ_INSERT_TAIL(&d->by_age, dg, age);
	return dg;
}

/* Keeps the unfragmentable part of the first fragment. False when it cannot be used. */
static bool
header_keep(struct datagram *dg, const struct packet *fragment)
{
	size_t len = fragment->ip_header.len;

	if (fragment->ip_version == 6) {
		struct cursor c = cursor_span(fragment->ip_header);
		uint8_t next;
		size_t at = 6;

		/* The fragment header ends ip_header: find who points to it. */
		cursor_skip(&c, 6);
		next = cursor_u8(&c);
		cursor_skip(&c, IPV6_HEADER - 7);
		while (next != IPV6_FRAGMENT && !c.is_short) {
			uint8_t kind = next;
			at = cursor_pos(&c);
			next = cursor_u8(&c);
			size_t n = cursor_u8(&c);
			cursor_skip(&c, kind == IPV6_AH ? n * 4 + 6 : n * 8 + 6);
		}
		if (c.is_short || len < FRAGMENT_HEADER ||
		    cursor_pos(&c) + FRAGMENT_HEADER != len)
			return false;
		len -= FRAGMENT_HEADER;
		dg->next_header_at = (uint16_t)at;
		dg->next_header = fragment->ip_header.p[len];
	}
	if (len > HEADER_MAX)
		return false;
	memcpy(dg->header, fragment->ip_header.p, len);
	dg->header_len = (uint16_t)len;
	dg->has_header = true;
	return true;
}

static struct piece *
piece_new(struct defrag *d, const struct datagram *dg)
{
	if (dg->count >= PIECES_MAX)
		return NULL;
	while (dg->source->pieces >= d->source_pieces)
		if (!shed_oldest_of(d, dg->source, dg))
			return NULL;
	struct piece *piece = slab_get(d->pieces);
	while (!piece && shed_oldest(d, dg))
		piece = slab_get(d->pieces);
	return piece;
}

/* Of n bytes at offset, those below end. */
static uint32_t
bytes_below(uint32_t offset, uint32_t n, uint32_t end)
{
	return offset >= end ? 0 : n < end - offset ? n : end - offset;
}

/* The last fragment has come: what lies behind it does not count. */
static void
total_set(struct datagram *dg, uint32_t total)
{
	dg->total = total;
	dg->held = 0;
	for (const struct piece *i = dg->pieces; i; i = i->next)
		dg->held += bytes_below(i->offset, i->len, total);
}

/* Puts bytes that nothing held covers between prev and its next. */
static bool
piece_insert(struct defrag *d, struct datagram *dg, struct piece **prev, uint32_t whole_start,
    uint32_t whole_end, uint32_t offset, struct span data)
{
	while (data.len) {
		size_t n = data.len < PIECE_BYTES ? data.len : PIECE_BYTES;
		struct piece *piece = piece_new(d, dg);
		if (!piece) {
			d->counters.over_limit++;
			return false;
		}
		piece->offset = offset;
		piece->whole_start = whole_start;
		piece->whole_end = whole_end;
		piece->len = (uint16_t)n;
		memcpy(piece->data, data.p, n);
		struct piece **link = *prev ? &(*prev)->next : &dg->pieces;
		piece->next = *link;
		*link = piece;
		if (!piece->next)
			dg->last = piece;
		*prev = piece;
		dg->count++;
		dg->source->pieces++;
		dg->held +=
		    bytes_below(offset, (uint32_t)n, dg->total ? dg->total : UINT32_MAX);
		offset += (uint32_t)n;
		data = span_from(data, n);
	}
	return true;
}

static int
compare(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

/* Takes in the bytes of a fragment; *ret_overlap when others held them already. */
static bool
pieces_add(struct defrag *d, struct datagram *dg, uint32_t offset, struct span data,
    bool *ret_overlap)
{
	uint32_t start = offset;
	uint32_t end = offset + (uint32_t)data.len;
	struct piece *prev = NULL;

	/* Mostly it goes to the end. */
	if (dg->last && dg->last->offset + dg->last->len <= offset)
		prev = dg->last;
	else
		for (struct piece *i = dg->pieces; i && i->offset + i->len <= offset;
		     i = i->next)
			prev = i;
	while (data.len) {
		struct piece *next = prev ? prev->next : dg->pieces;
		size_t n = data.len;

		if (next && next->offset <= offset) {
			uint32_t left = next->offset + next->len - offset;
			n = n < left ? n : left;
			*ret_overlap = true;
			if (overlap_fragment_wins(d->options.policy,
				compare(start, next->whole_start),
				compare(end, next->whole_end)))
				memcpy(next->data + (offset - next->offset), data.p, n);
			prev = next;
		} else {
			if (next && next->offset < offset + n)
				n = next->offset - offset;
			if (!piece_insert(d, dg, &prev, start, end, offset,
				span_sub(data, 0, n)))
				return false;
		}
		offset += (uint32_t)n;
		data = span_from(data, n);
	}
	return true;
}

/* Whether nothing is missing: pieces do not overlap, so their bytes can be counted. */
static bool
is_whole(const struct datagram *dg)
{
	return dg->has_header && dg->total && dg->held == dg->total;
}

/* Writes the datagram out with a header that says "whole", behind the link header of the
 * fragment that completed it. */
static struct span
assemble(const struct datagram *dg, const struct packet *fragment, uint8_t *out)
{
	size_t len = dg->header_len + (size_t)dg->total;
	size_t link = decode_link_bytes(fragment);

	if (link)
		memcpy(out, fragment->frame.p, link);
	out += link;

	memcpy(out, dg->header, dg->header_len);
	for (const struct piece *i = dg->pieces; i && i->offset < dg->total; i = i->next) {
		size_t n = i->len;
		if (n > dg->total - i->offset)
			n = dg->total - i->offset;
		memcpy(out + dg->header_len + i->offset, i->data, n);
	}
	if (dg->key.ip_version == 4) {
		uint32_t sum = 0;
		out[2] = (uint8_t)(len >> 8);
		out[3] = (uint8_t)len;
		out[6] = out[7] = 0;
		out[10] = out[11] = 0;
		for (size_t i = 0; i + 1 < dg->header_len; i += 2)
			sum += (uint32_t)(out[i] << 8 | out[i + 1]);
		while (sum >> 16)
			sum = (sum & 0xffff) + (sum >> 16);
		out[10] = (uint8_t)(~sum >> 8);
		out[11] = (uint8_t)~sum;
	} else {
		out[4] = (uint8_t)((len - IPV6_HEADER) >> 8);
		out[5] = (uint8_t)(len - IPV6_HEADER);
		out[dg->next_header_at] = dg->next_header;
	}
	return span_of(out, len);
}

static void
raise_event(struct packet *fragment, struct decode_counters *counters, enum decode_event v4,
    enum decode_event v6)
{
	decode_event_raise(fragment, counters, fragment->ip_version == 4 ? v4 : v6);
}

/* What a length field cannot say: the "ping of death". */
static bool
is_too_large(const struct packet *fragment, size_t header, size_t total)
{
	if (fragment->ip_version == 6)
		header -= IPV6_HEADER;
	return header + total > DATAGRAM_MAX;
}

static uint8_t *
whole_buffer(struct defrag *d, uint8_t depth)
{
	if (depth >= DECODE_DEPTH_MAX + 2)
		return NULL;
	if (!d->whole[depth])
		d->whole[depth] = malloc(WHOLE_BYTES);
	return d->whole[depth];
}

/* Adds the fragment's bytes to its datagram. False when it had to be left out. */
static bool
datagram_add(struct defrag *d, struct datagram *dg, struct packet *fragment, struct span data,
    struct decode_counters *counters)
{
	bool is_overlap = false;
	bool is_held = pieces_add(d, dg, fragment->frag_offset, data, &is_overlap);

	if (is_overlap) {
		d->counters.overlaps++;
		raise_event(fragment, counters, DECODE_EVENT_IPV4_FRAG_OVERLAP,
		    DECODE_EVENT_IPV6_FRAG_OVERLAP);
	}
	if (!is_held)
		raise_event(fragment, counters, DECODE_EVENT_IPV4_FRAG_IGNORED,
		    DECODE_EVENT_IPV6_FRAG_IGNORED);
	return is_held;
}

bool
defrag_add(struct defrag *d, struct packet *fragment, struct decode_counters *counters,
    struct span *ret_datagram)
{
	uint32_t offset = fragment->frag_offset;
	struct span data = fragment->payload;
	uint8_t *whole = whole_buffer(d, fragment->depth);
	size_t header = fragment->ip_header.len;

	d->counters.fragments++;
	expire(d, fragment->ts);
	if (fragment->ip_version == 6)
		header = header > FRAGMENT_HEADER ? header - FRAGMENT_HEADER : header;
	if (is_too_large(fragment, header, offset + data.len)) {
		raise_event(fragment, counters, DECODE_EVENT_IPV4_FRAG_PKT_TOO_LARGE,
		    DECODE_EVENT_IPV6_FRAG_PKT_TOO_LARGE);
		return false;
	}
	if (fragment->more_fragments)
		data = span_sub(data, 0, data.len & ~(size_t)7);
	if (data.len == 0)
		return false;
	/* A datagram made of fragments that is a fragment again, of the same packet: never
	 * honest, and a chain of them would have no end. */
	struct datagram *dg = NULL;
	if (whole && !(fragment->layers & LAYER_REASSEMBLED))
		dg = datagram_get(d, fragment);
	if (!dg) {
		d->counters.over_limit++;
		raise_event(fragment, counters, DECODE_EVENT_IPV4_FRAG_IGNORED,
		    DECODE_EVENT_IPV6_FRAG_IGNORED);
		return false;
	}
	if (!fragment->more_fragments && dg->total == 0)
		total_set(dg, offset + (uint32_t)data.len);
	if (offset == 0 && !dg->has_header && !header_keep(dg, fragment)) {
		datagram_free(d, dg);
		return false;
	}
	if (!datagram_add(d, dg, fragment, data, counters) || !is_whole(dg))
		return false;
	bool is_fit = !is_too_large(fragment, dg->header_len, dg->total);
	if (is_fit) {
		*ret_datagram = assemble(dg, fragment, whole);
		d->counters.reassembled++;
	} else {
		raise_event(fragment, counters, DECODE_EVENT_IPV4_FRAG_PKT_TOO_LARGE,
		    DECODE_EVENT_IPV6_FRAG_PKT_TOO_LARGE);
	}
	datagram_free(d, dg);
	return is_fit;
}
