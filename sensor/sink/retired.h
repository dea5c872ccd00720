/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retired: rules that were replaced, kept until no record can name one of them.
 *
 * A ticket points at its rule and holds no reference: counting one for each alert would have
 * all workers write to one place. So who replaces the rules hands over the old ones here, and
 * the writer lets go of them once nobody else holds them (every worker has swapped, no new
 * ticket comes), the rings have been drained since, and no alert that came before still waits
 * for its turn.
 */
#ifndef GUAN_SENSOR_SINK_RETIRED_H
#define GUAN_SENSOR_SINK_RETIRED_H

#include "sensor/sink/order.h"

struct retired;

struct retired *retired_new(void);
void retired_free(struct retired *retired); /* with all that is left */

/* From any thread. Takes over the caller's reference. */
void retired_add(struct retired *retired, struct detect_engine *engine);

/*
 * The writer's three steps of a round: before it looks how far the rings are, when it has
 * drained them that far, and when it has decided what was due.
 */
void retired_begin(struct retired *retired);
void retired_drained(struct retired *retired, const struct order *order);
void retired_end(struct retired *retired, const struct order *order);

#endif
