/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alerts: what fired on a packet, put in order when the packet is through.
 *
 * Rules fire in several looks (packet, stream, transactions); only at the end is it known
 * whether a pass rule is among them. Their actions (flow bits) happen at once all the same,
 * since later rules of the packet may ask for them.
 */
#include <stdlib.h>

#include "sensor/detect/detector.h"

/* Of the stream, how much an alert shows. */
#define STREAM_SHOWN_MAX 65536

/*
 * Whether a pass concerns the flow or only the packet ("Action Scope" in the documentation of
 * Suricata's rule types).
 */
static bool
is_flow_wide(const struct plan *plan, const struct span *stream)
{
	switch (plan->kind) {
	case RULE_KIND_IP_ONLY:
	case RULE_KIND_PROTO_ONLY:
	case RULE_KIND_APP:
	case RULE_KIND_TX:
		return true;
	default:
		return stream != NULL;
	}
}

void
alert_fire(struct detector *detector, uint32_t order, const struct match_context *ctx,
    const struct span *stream)
{
	const struct plan *plan = &detector->engine->plans[order];
	const struct rule *rule = plan->rule;
	detector->counters.matches++;
	if (!ctx->tx)
		detector->fired[order] = detector->serial;
	rule_fire(ctx);
	if (rule->action == RULE_CONFIG || (rule->is_noalert && rule->action != RULE_PASS))
		return;
	if (detector->queue_count == detector->queue_cap) {
		detector->counters.alerts_over_max++;
		return;
	}
	/* The stream's bytes are gone when the alert is told, at the end of the packet. */
	struct span shown = SPAN_NONE;
	if (stream && stream->len) {
		shown = span_sub(*stream, 0, STREAM_SHOWN_MAX);
		const void *copy = arena_copy(detector->thread->scratch, shown.p, shown.len);
		shown = copy ? span_of(copy, shown.len) : SPAN_NONE;
	}
	struct queued *queued = &detector->queue[detector->queue_count++];
	*queued = (struct queued){
		.order = order,
		.is_flow_wide = is_flow_wide(plan, stream),
		.alert = {
			.rule = rule,
			.packet = ctx->packet,
			.flow = ctx->flow,
			.app = ctx->tx ? ctx->app : NULL,
			.tx = ctx->tx,
			.is_stream = stream != NULL,
			.stream = shown,
			.hit_count = detector->found.count,
		},
	};
	memcpy(queued->alert.hits, detector->found.hits,
	    detector->found.count * sizeof(queued->alert.hits[0]));
}

static int
queued_cmp(const void *va, const void *vb)
{
	const struct queued *a = va, *b = vb;
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	uint64_t ta = a->alert.tx ? a->alert.tx->id : 0;
	uint64_t tb = b->alert.tx ? b->alert.tx->id : 0;
	if (ta != tb)
		return ta < tb ? -1 : 1;
	return a->alert.is_stream - b->alert.is_stream;
}

static void
alert_deliver(struct detector *detector, const struct alert *alert)
{
	detector->counters.alerts++;
	if (alert->flow)
		alert->flow->has_alert = true;
	if (alert->tx)
		alert->tx->has_alert = true;
	if (detector->on_alert)
		detector->on_alert(alert, detector->arg);
}

void
alert_flush(struct detector *detector, unsigned first)
{
	unsigned count = detector->queue_count - first;
	struct queued *queue = &detector->queue[first];
	detector->queue_count = first;
	if (count > 1)
		qsort(queue, count, sizeof(*queue), queued_cmp);
	for (unsigned i = 0; i < count; i++) {
		const struct queued *queued = &queue[i];
		if (detector->is_passed) {
			detector->counters.passed++;
		} else if (queued->alert.rule->action == RULE_PASS) {
			detector->is_passed = true;
			if (queued->is_flow_wide && queued->alert.flow)
				queued->alert.flow->no_packet_inspection = true;
		} else if (detector->told == detector->engine->alert_max) {
			detector->counters.alerts_over_max++;
		} else {
			alert_deliver(detector, &queued->alert);
			detector->told++;
		}
	}
}
