/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame: builds frames for tests, header by header, outermost first. frame_end() fills in the
 * lengths and checksums that depend on what follows.
 */
#ifndef GUAN_TESTS_FRAME_H
#define GUAN_TESTS_FRAME_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/decode/decode.h"

#define FRAME_MAX 70000
#define FRAME_LAYERS 32

enum frame_kind {
	FRAME_IPV4,
	FRAME_IPV6,
	FRAME_UDP,
	FRAME_TCP,
	FRAME_ICMP4,
	FRAME_ICMP6,
};

struct frame {
	uint8_t b[FRAME_MAX];
	size_t len;
	struct {
		enum frame_kind kind;
		size_t at;
	} layers[FRAME_LAYERS];
	int count;
};

static inline void
frame_bytes(struct frame *f, const void *p, size_t n)
{
	memcpy(f->b + f->len, p, n);
	f->len += n;
}

static inline void
frame_u8(struct frame *f, unsigned v)
{
	f->b[f->len++] = (uint8_t)v;
}

static inline void
frame_u16(struct frame *f, unsigned v)
{
	frame_u8(f, v >> 8);
	frame_u8(f, v & 0xff);
}

static inline void
frame_u32(struct frame *f, uint32_t v)
{
	frame_u16(f, v >> 16);
	frame_u16(f, v & 0xffff);
}

static inline void
frame_zeros(struct frame *f, size_t n)
{
	memset(f->b + f->len, 0, n);
	f->len += n;
}

static inline void
frame_text(struct frame *f, const char *text)
{
	frame_bytes(f, text, strlen(text));
}

static inline void
frame_layer(struct frame *f, enum frame_kind kind)
{
	f->layers[f->count].kind = kind;
	f->layers[f->count++].at = f->len;
}

static inline void
frame_eth(struct frame *f, unsigned type)
{
	frame_bytes(f, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01", 12);
	frame_u16(f, type);
}

/* flags_offset: as in the header, the offset in units of eight bytes. */
static inline void
frame_ipv4_fragment(struct frame *f, unsigned proto, uint32_t src, uint32_t dst, unsigned id,
    unsigned flags_offset)
{
	frame_layer(f, FRAME_IPV4);
	frame_u16(f, 0x4500);
	frame_u16(f, 0);
	frame_u16(f, id);
	frame_u16(f, flags_offset);
	frame_u8(f, 64);
	frame_u8(f, proto);
	frame_u16(f, 0);
	frame_u32(f, src);
	frame_u32(f, dst);
}

static inline void
frame_ipv4(struct frame *f, unsigned proto, uint32_t src, uint32_t dst)
{
	frame_ipv4_fragment(f, proto, src, dst, 1, 0);
}

/* The addresses differ in the last byte only. */
static inline void
frame_ipv6(struct frame *f, unsigned next, unsigned src, unsigned dst)
{
	static const uint8_t prefix[15] = { 0x20, 0x01, 0x0d, 0xb8 };

	frame_layer(f, FRAME_IPV6);
	frame_u32(f, 0x60000000);
	frame_u16(f, 0);
	frame_u8(f, next);
	frame_u8(f, 64);
	frame_bytes(f, prefix, 15);
	frame_u8(f, src);
	frame_bytes(f, prefix, 15);
	frame_u8(f, dst);
}

static inline void
frame_udp(struct frame *f, unsigned sport, unsigned dport)
{
	frame_layer(f, FRAME_UDP);
	frame_u16(f, sport);
	frame_u16(f, dport);
	frame_u32(f, 0);
}

static inline void
frame_tcp_options(struct frame *f, unsigned sport, unsigned dport, uint32_t seq, uint32_t ack,
    unsigned flags, unsigned window, const void *options, size_t options_len)
{
	frame_layer(f, FRAME_TCP);
	frame_u16(f, sport);
	frame_u16(f, dport);
	frame_u32(f, seq);
	frame_u32(f, ack);
	frame_u8(f, (unsigned)(5 + options_len / 4) << 4);
	frame_u8(f, flags);
	frame_u16(f, window);
	frame_u32(f, 0);
	frame_bytes(f, options, options_len);
}

static inline void
frame_tcp(struct frame *f, unsigned sport, unsigned dport, uint32_t seq, uint32_t ack,
    unsigned flags)
{
	frame_tcp_options(f, sport, dport, seq, ack, flags, 65535, "", 0);
}

static inline void
frame_icmp(struct frame *f, enum frame_kind kind, unsigned type, unsigned code, uint32_t rest)
{
	frame_layer(f, kind);
	frame_u8(f, type);
	frame_u8(f, code);
	frame_u16(f, 0);
	frame_u32(f, rest);
}

/* The plain way of RFC 1071, to hold the fast one against. */
static inline uint32_t
frame_sum(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline void
frame_put16(struct frame *f, size_t at, size_t v)
{
	f->b[at] = (uint8_t)(v >> 8);
	f->b[at + 1] = (uint8_t)v;
}

static inline void
frame_checksum(struct frame *f, int layer, unsigned proto, size_t field)
{
	size_t at = f->layers[layer].at;
	int ip = layer - 1;
	uint32_t sum = proto + (uint32_t)(f->len - at);

	while (ip >= 0 && f->layers[ip].kind != FRAME_IPV4 && f->layers[ip].kind != FRAME_IPV6)
		ip--;
	if (ip < 0)
		return;
	if (f->layers[ip].kind == FRAME_IPV4)
		sum = frame_sum(f->b + f->layers[ip].at + 12, 8, sum);
	else
		sum = frame_sum(f->b + f->layers[ip].at + 8, 32, sum);
	sum = frame_sum(f->b + at, f->len - at, sum);
	frame_put16(f, at + field, (uint16_t)~sum);
}

static inline void
frame_end(struct frame *f)
{
	for (int i = f->count - 1; i >= 0; i--) {
		size_t at = f->layers[i].at;
		size_t n = f->len - at;
		switch (f->layers[i].kind) {
		case FRAME_IPV4:
			frame_put16(f, at + 2, n);
			frame_put16(f, at + 10, 0);
			frame_put16(f, at + 10,
			    (uint16_t)~frame_sum(f->b + at, (size_t)(f->b[at] & 15) * 4, 0));
			break;
		case FRAME_IPV6:
			frame_put16(f, at + 4, n - 40);
			break;
		case FRAME_UDP:
			frame_put16(f, at + 4, n);
			frame_put16(f, at + 6, 0);
			frame_checksum(f, i, 17, 6);
			break;
		case FRAME_TCP:
			frame_put16(f, at + 16, 0);
			frame_checksum(f, i, 6, 16);
			break;
		case FRAME_ICMP4:
			frame_put16(f, at + 2, 0);
			frame_put16(f, at + 2, (uint16_t)~frame_sum(f->b + at, n, 0));
			break;
		case FRAME_ICMP6:
			frame_put16(f, at + 2, 0);
			frame_checksum(f, i, 58, 2);
			break;
		}
	}
}

/* Decodes a frame from memory of just its size, so that sanitizers see every step outside. */
static inline void
frame_decode(const struct frame *f, size_t len, uint16_t link_type, nsec_t ts,
    struct decode_counters *counters, packet_fn *fn, void *arg)
{
	struct decode_options options = decode_options_default();
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, f->b, len);
	struct packet template = {
		.ts = ts,
		.number = 1,
		.frame = span_of(copy, len),
		.wire_bytes = (uint32_t)len,
	};
	decode_frame(&options, counters, &template, link_type, fn, arg);
	free(copy);
}

#endif
