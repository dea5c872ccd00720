/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pending: records that have their id and wait, in order, to become durable: for the write of
 * the spool, or without one for room in eve.json. A line of JSON each, in one block.
 */
#ifndef GUAN_SENSOR_SINK_PENDING_H
#define GUAN_SENSOR_SINK_PENDING_H

#include "sensor/record/record.h"

#define PENDING_BYTES (2u << 20)

struct pending;

struct pending *pending_new(void);
void pending_free(struct pending *pending);

/* Takes a copy of a line made of two parts. False: no room. */
bool pending_add(struct pending *pending, enum record_class class, const struct span parts[2]);

/* The oldest line, valid until pending_pop(). False: there is none. */
bool pending_peek(const struct pending *pending, enum record_class *ret_class,
    struct span *ret_line);
void pending_pop(struct pending *pending);

size_t pending_len(const struct pending *pending); /* bytes taken */
bool pending_has_room(const struct pending *pending, size_t line_len);

#endif
