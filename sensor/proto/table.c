/* SPDX-License-Identifier: Apache-2.0 */
/* table: the protocols that are built in, by id and by name. */
#include "sensor/proto/proto.h"

static const struct proto *const protocols[PROTO_ID_COUNT] = {
#define X(name) [PROTO_ID_##name] = &proto_##name,
	PROTOCOLS(X)
#undef X
};

const struct proto *
proto_get(enum proto_id id)
{
	return (unsigned)id < PROTO_ID_COUNT ? protocols[id] : NULL;
}

const struct proto *
proto_find(const char *name)
{
	/* Rules say http1 when they do not mean HTTP/2; HTTP/1 is all that http is here. */
	if (strcmp(name, "http1") == 0)
		name = "http";
	for (int id = 0; id < PROTO_ID_COUNT; id++) {
		if (protocols[id] && strcmp(protocols[id]->name, name) == 0)
			return protocols[id];
	}
	return NULL;
}

const char *
proto_name(enum proto_id id)
{
	if (id == PROTO_ID_FAILED)
		return "failed";
	const struct proto *proto = proto_get(id);
	return proto ? proto->name : "unknown";
}

const char *
app_event_name(enum app_event event)
{
	static const char *const names[APP_EVENT_COUNT] = {
#define X(id, name) [APP_EVENT_##id] = name,
		APP_EVENTS(X)
#undef X
	};
	return (unsigned)event < APP_EVENT_COUNT ? names[event] : NULL;
}
