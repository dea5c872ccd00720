/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hpack: header blocks of HTTP/2 into names and values (RFC 7541).
 *
 * A table for each direction of a connection remembers headers that later blocks name by their
 * place, counted from the newest: so a table that keeps more than the sender's is as good, and
 * one block that cannot be read is told and spoils no memory.
 */
#ifndef GUAN_SENSOR_PROTO_HPACK_H
#define GUAN_SENSOR_PROTO_HPACK_H

#include "sensor/proto/app.h"

/* RFC 9113 section 6.5.2; peers may allow more, and we remember no more than the other. */
#define HPACK_TABLE_DEFAULT 4096
#define HPACK_TABLE_MAX 65536
/* Names and values: what comes from one block's bytes at most, decoded. */
#define HPACK_STRING_MAX 65536

enum hpack_fault {
	HPACK_BAD_INDEX = 1 << 0,
	HPACK_BAD_STRING = 1 << 1,
	HPACK_OVERFLOW = 1 << 2, /* a number beyond all use */
	HPACK_CUT = 1 << 3,      /* the block ends inside of something */
	HPACK_NO_MEMORY = 1 << 4,
};

struct hpack_entry {
	uint8_t *bytes; /* name, then value */
	uint32_t name_len, value_len;
};

struct hpack {
	struct hpack_entry *ring;
	uint32_t room, first, count;  /* first: the oldest */
	uint32_t size, max;           /* as the RFC counts: 32 more for each entry */
	struct proto_buf name, value; /* being decoded */
};

/* A header, or (name empty, p NULL) a change of the table's size. */
struct hpack_item {
	struct span name, value;
	bool is_size_update;
	uint64_t size;
};

typedef void hpack_sink(void *arg, const struct hpack_item *item);

/* Hands out what the block says, in its order; the rest of a block that cannot be read is
 * left. Returns a bit set of enum hpack_fault. */
unsigned hpack_decode(struct proto_worker *worker, struct hpack *table, struct span block,
    hpack_sink *sink, void *arg);

/* The peer allows the sender a table of that size. */
void hpack_allow(struct hpack *table, uint32_t max);

void hpack_free(struct proto_worker *worker, struct hpack *table);

#endif
