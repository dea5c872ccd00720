/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/flow/stream_event.h"

#include <string.h>

static const char *const names[STREAM_EVENT_COUNT] = {
#define X(id, name) [STREAM_EVENT_##id] = name,
	STREAM_EVENTS(X)
#undef X
};

const char *
stream_event_name(enum stream_event event)
{
	return (unsigned)event < STREAM_EVENT_COUNT ? names[event] : "unknown";
}

/* Conditions of another engine's insides, which rules may name but which cannot come up here:
 * they load as the one event of our own list that is never raised. */
static const char *const never[] = {
	"reassembly_no_segment",
	"reassembly_urgent_oob_limit_reached",
	"reassembly_insert_limit",
	"reassembly_insert_memcap",
	"reassembly_insert_invalid",
};

int
stream_event_find(const char *name, unsigned len)
{
	for (unsigned i = 0; i < STREAM_EVENT_COUNT; i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return (int)i;
	for (unsigned i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (strlen(never[i]) == len && memcmp(never[i], name, len) == 0)
			return STREAM_EVENT_WRONG_THREAD;
	return -1;
}
