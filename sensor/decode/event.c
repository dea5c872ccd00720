/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/decode/event.h"

#include <string.h>

static const char *const event_names[DECODE_EVENT_COUNT] = {
#define X(id, name) [DECODE_EVENT_##id] = name,
	DECODE_EVENTS(X)
#undef X
};

_Static_assert(DECODE_EVENT_COUNT <= 256, "a packet's list keeps events in bytes");

const char *
decode_event_name(enum decode_event event)
{
	return (unsigned)event < DECODE_EVENT_COUNT ? event_names[event] : "unknown";
}

int
decode_event_find(const char *name, unsigned len)
{
	for (unsigned i = 0; i < DECODE_EVENT_COUNT; i++)
		if (strlen(event_names[i]) == len && memcmp(event_names[i], name, len) == 0)
			return (int)i;
	return -1;
}
