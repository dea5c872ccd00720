/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inflate: undoes content encodings, in layers, as far as the data lets it.
 *
 * Servers and evaders lie about encodings, and browsers forgive: gzip that is really deflate,
 * deflate with a zlib header, wrong checksums, cut streams, plain text under a gzip label. So a
 * layer that fails before it has given anything tries the other formats of its family on the
 * same bytes, and at last lets them through as they are. Checksums are not looked at.
 *
 * zlib, liblzma and brotli are reached through this interface only, and allocate from
 * proto_alloc(). Output is bounded: by ratio and size (a bomb ends the chain), by the sink's
 * wish, and never larger than one buffer at a time.
 */
#ifndef GUAN_SENSOR_PROTO_INFLATE_H
#define GUAN_SENSOR_PROTO_INFLATE_H

#include "sensor/proto/app.h"

enum encoding {
	ENCODING_NONE,
	ENCODING_GZIP,
	ENCODING_DEFLATE, /* RFC 1951, bare */
	ENCODING_ZLIB,    /* RFC 1950 */
	ENCODING_LZMA,
	ENCODING_BROTLI,
};

#define INFLATE_LAYERS_MAX 8

struct inflate_options {
	uint64_t bomb_bytes;    /* output below that is never a bomb */
	uint32_t bomb_ratio;    /* output to input, above it */
	uint32_t lzma_memlimit; /* 0: lzma is let through as it is */
};

enum inflate_problem {
	INFLATE_BROKEN = 1 << 0, /* a layer met data that is not its format */
	INFLATE_BOMB = 1 << 1,
	INFLATE_LZMA_MEMORY = 1 << 2,
};

struct inflate;

/* Takes decoded bytes; false: wants no more. */
typedef bool inflate_sink(void *arg, struct span bytes);

/*
 * A chain for encodings in the order they were applied by the sender (as the header lists
 * them). NULL: no memory, or none of them is an encoding.
 */
struct inflate *inflate_new(struct proto_worker *worker, const struct inflate_options *options,
    const enum encoding *encodings, unsigned count);
void inflate_free(struct inflate *chain);

void inflate_push(struct inflate *chain, struct span bytes, inflate_sink *sink, void *arg);

/* Nothing more comes: gives out what a layer still held back. */
void inflate_finish(struct inflate *chain, inflate_sink *sink, void *arg);

/* Bit set of enum inflate_problem met so far. */
unsigned inflate_problems(const struct inflate *chain);

#endif
