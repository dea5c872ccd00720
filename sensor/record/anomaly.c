/* SPDX-License-Identifier: Apache-2.0 */
/* anomaly: what was wrong with packets, streams and application data. */
#include <stdio.h>

#include "sensor/record/recorder.h"

static void
put_anomaly(struct recorder *r, const struct packet *packet, const struct flow *flow,
    const char *type, const char *prefix, const char *event, const char *layer,
    const struct tx *tx)
{
	char name[128];
	struct json json;
	struct record_ends ends = record_ends_packet(packet);
	struct record_head head = { .class = RECORD_ANOMALY,
		.type = "anomaly",
		.ts = packet->ts,
		.number = packet->number };

	if (!record_begin(r, &json, &head, flow, packet, &ends))
		return;
	snprintf(name, sizeof(name), "%s%s", prefix, event);
	if (tx)
		json_put_uint(&json, "tx_id", tx->id);
	json_open_object(&json, "anomaly");
	/* As Suricata: in here, and nothing but what the flow was taken for. */
	if (layer && flow && flow->app && flow->app->id != PROTO_ID_NONE)
		json_put_str(&json, "app_proto", proto_name(flow->app->id));
	json_put_str(&json, "type", type);
	json_put_str(&json, "event", name);
	if (layer)
		json_put_str(&json, "layer", layer);
	json_close(&json);
	record_guan(r, &json);
	record_end(r, &json, &head);
}

void
recorder_packet_anomalies(struct recorder *r, const struct packet *p)
{
	if (!r->options->anomaly)
		return;
	for (unsigned e = 0;
	     r->options->anomaly_decode && p->events.count && e < DECODE_EVENT_COUNT; e++)
		if (decode_events_has(&p->events, e))
			put_anomaly(r, p, p->flow, "decode", "decoder.", decode_event_name(e),
			    NULL, NULL);
	for (unsigned e = 0;
	     r->options->anomaly_stream && p->stream_events && e < STREAM_EVENT_COUNT; e++)
		if (p->stream_events >> e & 1)
			put_anomaly(r, p, p->flow, "stream", "stream.", stream_event_name(e),
			    NULL, NULL);
}

static void
upper_case(const char *name, char *out, size_t size)
{
	size_t i = 0;

	for (; name[i] && i + 1 < size; i++)
		out[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 32) : name[i];
	out[i] = '\0';
}

void
recorder_app_anomalies(struct recorder *r, struct app *app, const struct packet *p)
{
	char name[96];

	if (!r->options->anomaly || !r->options->anomaly_app)
		return;
	uint64_t fresh = app->events & ~app->events_told;
	for (unsigned e = 0; fresh && e < APP_EVENT_COUNT; e++) {
		if (!(fresh >> e & 1))
			continue;
		upper_case(app_event_name(e), name, sizeof(name));
		put_anomaly(r, p, app->flow, "applayer", "", name, "proto_detect", NULL);
	}
	app->events_told = app->events;
	const char *const *names = app->proto ? app->proto->events : NULL;
	struct tx *tx;
	TAILQ_FOREACH (tx, &app->txs, link) {
		fresh = tx->events & ~tx->events_told;
		if (!fresh || !names)
			continue;
		for (unsigned e = 0; names[e]; e++)
			if (fresh >> e & 1)
				put_anomaly(r, p, app->flow, "applayer", "", names[e],
				    "proto_parser", tx);
		tx->events_told = tx->events;
	}
}
