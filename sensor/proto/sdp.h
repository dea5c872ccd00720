/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sdp: what a body of application/sdp says of a session and its media.
 *
 * A description is lines of "letter=value". Those before the first "m=" are of the session,
 * those behind belong to the medium above them (RFC 8866). It is read again for each question:
 * descriptions are short, few ask, and nothing must be kept.
 */
#ifndef GUAN_SENSOR_PROTO_SDP_H
#define GUAN_SENSOR_PROTO_SDP_H

#include "common/json.h"
#include "common/span.h"

/* Lines looked at; what stands behind is not. */
#define SDP_LINES_MAX 256

/* Whether bytes begin as a description does. */
bool sdp_is(struct span body);

/* The index-th line with this letter, of the session or of its media. */
bool sdp_line(struct span body, char letter, bool is_of_media, unsigned index,
    struct span *ret);

/* The object "sdp" of an EVE record; the session alone is in it when there are no media. */
void sdp_record(struct span body, struct json *json);

#endif
