/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order: alerts whose thresholds are to be decided in capture order.
 *
 * An alert with a ticket waits here until every worker has passed its packet; then the
 * thresholds are asked, oldest packet first. With one worker nothing ever waits. Bounded: at
 * the limit the oldest is decided early (counted), which can only happen when workers drift far
 * apart. Live, a worker without traffic passes no packet, so there one also is decided when it
 * has waited long enough.
 */
#ifndef GUAN_SENSOR_SINK_ORDER_H
#define GUAN_SENSOR_SINK_ORDER_H

#include "sensor/record/record.h"

struct order;

struct order *order_new(size_t max_waiting, size_t max_bytes);
void order_free(struct order *order);

/* Takes a copy of the record, which came at now. False: out of memory, or the limit is reached
 * (take one first). */
bool order_add(struct order *order, const struct record_head *head, struct span json,
    nsec_t now);

/* The waiting record with the lowest packet number, if that is at most number, or it came at or
 * before stale, or the limit is reached. Valid until order_pop(). */
bool order_peek(struct order *order, uint64_t number, nsec_t stale,
    struct record_head *ret_head, struct span *ret_json);
void order_pop(struct order *order);

bool order_is_full(const struct order *order);

/* How many records were ever added, and whether one of the first n still waits (looks at all
 * that wait). */
uint64_t order_arrivals(const struct order *order);
bool order_holds_before(const struct order *order, uint64_t n);

/* How many were decided before their turn, because the limit was reached. */
uint64_t order_early(const struct order *order);

#endif
