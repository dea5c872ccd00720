/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/ingest/event_id.h"

#include <inttypes.h>
#include <stdio.h>

/* One id has one spelling, or the same record could be counted under two. */
static bool
parse_number(struct span text, int64_t *ret)
{
	if (text.len == 0 || text.len > 19 || (text.len > 1 && text.p[0] == '0'))
		return false;
	uint64_t value = 0; /* 19 digits fit */
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text.p[i] - '0');
	}
	if (value >= INT64_MAX) /* seq + 1 must stay a number */
		return false;
	*ret = (int64_t)value;
	return true;
}

bool
event_id_parse(struct span text, struct event_id *ret_id)
{
	struct event_id id;
	ptrdiff_t slash = span_chr(text, '/');
	if (slash < 0)
		return false;
	struct span sensor = span_sub(text, 0, (size_t)slash);
	struct span rest = span_from(text, (size_t)slash + 1);
	slash = span_chr(rest, '/');
	if (slash < 0 || !sensor_id_is_valid(sensor))
		return false;
	if (!parse_number(span_sub(rest, 0, (size_t)slash), &id.epoch) ||
	    !parse_number(span_from(rest, (size_t)slash + 1), &id.seq))
		return false;
	memcpy(id.sensor, sensor.p, sensor.len);
	id.sensor[sensor.len] = '\0';
	*ret_id = id;
	return true;
}

const char *
event_id_text(const struct event_id *id, char text[EVENT_ID_TEXT_MAX + 1])
{
	snprintf(text, EVENT_ID_TEXT_MAX + 1, "%s/%" PRId64 "/%" PRId64, id->sensor, id->epoch,
	    id->seq);
	return text;
}
